using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.OpTable;

/// <content>The checks of gradients: of both orders, in both modes, by dtype, and where there are none.</content>
public partial class OpTableTests
{
    private static IEnumerable<OpRow> DifferentiableRows => Rows.Where(static r => GradientSamples(r).Any());

    private static IEnumerable<OpRow> RulesWithGradients => DifferentiableRows.Where(static r => r.Op is not null);

    [TestCaseSource(nameof(DifferentiableRows))]
    public void Gradients_agree_with_differences(OpRow row)
    {
        foreach (Sample sample in GradientSamples(row)) GradientCheck.Require(Function(row, sample), Points(row, sample));
    }

    [TestCaseSource(nameof(DifferentiableRows))]
    public void Second_derivatives_agree_with_differences(OpRow row)
    {
        foreach (Sample sample in GradientSamples(row)) GradientCheck.Require(Function(row, sample), Points(row, sample), order: 2);
    }

    // ⟨u, J·t⟩ = ⟨Jᵀ·u, t⟩ for any u and t; reverse mode is held against differences above.
    [TestCaseSource(nameof(DifferentiableRows))]
    public void Forward_mode_agrees_with_reverse_mode(OpRow row)
    {
        foreach (Sample sample in GradientSamples(row))
        {
            Func<Tensor[], Tensor> function = Function(row, sample);
            Tensor[] x = Points(row, sample), t = Directions(x, 50);
            Func<Tensor[], Tensor[]> all = x => [function(x)];

            (Tensor[] values, Tensor[] tangents) = Eager.Autograd.Function.Jvp(all, x, t);
            (Tensor[] same, Func<Tensor[], Tensor[]> pullback) = Eager.Autograd.Function.Vjp(all, x);
            Tensor[] u = Directions(values, 60), gradients = pullback(u);

            Assert.That(TensorData.Read(values[0]), Is.EqualTo(TensorData.Read(same[0])), $"value of {sample}");
            if (TensorData.Read(values[0]).Any(double.IsNaN)) continue;  // the mean of nothing has no derivative
            AgreeInSum(u.Zip(tangents), t.Zip(gradients), sample);
        }
    }

    [TestCaseSource(nameof(DifferentiableRows))]
    public void Forward_over_reverse_agrees_with_reverse_over_reverse(OpRow row)
    {
        foreach (Sample sample in GradientSamples(row))
        {
            Func<Tensor[], Tensor> function = Function(row, sample);
            Tensor[] x = Points(row, sample), t = Directions(x, 70), w = Directions(x, 80);
            Func<Tensor[], Tensor> scalar = x =>
            {
                Tensor y = function(x);
                return (y * Directions([y], 90)[0]).Sum();
            };

            Tensor[] products = Eager.Autograd.Function.Hvp(scalar, x, t);
            Func<Tensor[], Tensor[]> pullback = Eager.Autograd.Function.Vjp(Eager.Autograd.Function.Grad(scalar), x).Pullback;

            AgreeInSum(products.Zip(w), pullback(w).Zip(t), sample);
        }
    }

    [TestCaseSource(nameof(RulesWithGradients))]
    public void An_error_of_a_thousandth_in_a_rule_is_noticed(OpRow row)
    {
        int[] inputs = [.. GradientSamples(row).SelectMany(row.DifferentiableInputs).Distinct()];
        foreach (int faulty in inputs)
        {
            bool noticed = false;
            BackwardPass.Fault = (op, input, g) => op == row.Op && input == faulty ? g * 1.001 : g;
            try
            {
                noticed = GradientSamples(row).Any(s => !GradientCheck.Run(Function(row, s), Points(row, s)).Passed);
            }
            finally
            {
                BackwardPass.Fault = null;
            }
            Assert.That(noticed, Is.True, $"no sample of {row} notices that the gradient of input {faulty} is too large by a thousandth");
        }
    }

    // Float32 has fused kernels of its own, which the float64 of the gradient check never reaches.
    [TestCaseSource(nameof(DifferentiableRows))]
    public void Gradients_of_each_dtype_agree_with_those_of_float64(OpRow row)
    {
        foreach (Sample sample in GradientSamples(row))
        {
            foreach (DType dtype in row.DTypes.Where(d => d.IsFloatingPoint() && d != DType.Float64 && sample.For.Contains(d)))
            {
                // The inputs that both take are those that the lower dtype can hold.
                if (row.NoGradientFor.Contains(dtype))
                {
                    EagerException? refusal = RefusalOf(() => Gradients(row, sample, sample.Inputs, dtype));
                    Assert.That(refusal is not null || LibTorchVersions.IsSecond, Is.True, $"{dtype} has a gradient, so do not list it");
                    if (refusal is not null)
                    {
                        Assert.That(refusal.Message, Does.Contain(dtype.Name()));
                        continue;
                    }
                }
                NArray[] rounded = [.. Inputs(sample, dtype, TensorData.Make).Zip(sample.Inputs, (t, a) => a.DType is null ? TensorData.ReadArray(t) : a)];
                Tensor?[] expected = Gradients(row, sample, rounded, DType.Float64), actual = Gradients(row, sample, rounded, dtype);
                foreach (int i in row.DifferentiableInputs(sample))
                {
                    Assert.That(actual[i] is null, Is.EqualTo(expected[i] is null), $"input {i} of {sample} in {dtype}: is it connected?");
                    if (actual[i] is not { } gradient) continue;
                    Assert.That(gradient.DType, Is.EqualTo(dtype), $"input {i} of {sample}");
                    double[] right = TensorData.Read(expected[i]!);
                    // A rule takes a handful of steps, each of which rounds by half an epsilon of the largest number involved.
                    double tolerance = 16 * TensorData.Epsilon(dtype) * right.Select(Math.Abs).Append(1).Max();
                    Assert.That(TensorData.Read(gradient), Is.EqualTo(right).Within(tolerance), $"input {i} of {sample} in {dtype}");
                }
            }
        }
    }

    [TestCaseSource(nameof(RowsWithInputs))]
    public void An_input_without_a_rule_has_no_influence_and_is_unconnected(OpRow row)
    {
        foreach (Sample sample in row.SamplesOf(DType.Float64).Where(static s => s.Smooth))
        {
            for (int i = 0; i < sample.Inputs.Length && row.Op is not null; i++)
            {
                if (sample.Inputs[i].DType is not null || row.Op.WhyNoGradient(i) is null) continue;
                using var tape = new GradientTape();
                Tensor[] x = Inputs(sample, DType.Float64, TensorData.Make);
                tape.Watch(x[i]);
                Tensor[] y = row.Run(sample, x, DType.Float64);
                Assert.That(y.Any(tape.HasRecorded), Is.False, $"input {i} of {sample}: '{row.Op.WhyNoGradient(i)}', and yet it is recorded");
                // The mark is right only where the derivative is zero: what moves the output has to have a rule.
                Tensor[] moved = [.. x];
                moved[i] = x[i] + 1e-7;
                foreach ((Tensor before, Tensor after) in y.Zip(row.Run(sample, moved, DType.Float64)))
                    Assert.That(TensorData.Read(after), Is.EqualTo(TensorData.Read(before)), $"input {i} of {sample} is marked as having no gradient, but moves the output");
            }
        }
    }

    private static IEnumerable<OpRow> RowsWithMissingGradients => RowsWithInputs.Where(static r => Enumerable.Range(0, r.Samples[0].Inputs.Length).Any(i => r.Op?.WhyGradientIsMissing(i) is not null));

    [TestCaseSource(nameof(RowsWithMissingGradients))]
    public void A_missing_gradient_is_an_error_that_names_operation_and_input(OpRow row)
    {
        Sample sample = row.Samples[0];
        for (int i = 0; i < sample.Inputs.Length; i++)
        {
            if (row.Op!.WhyGradientIsMissing(i) is not { } why) continue;
            using var tape = new GradientTape();
            Tensor[] x = Inputs(sample, DType.Float64, TensorData.Make);
            tape.Watch(x[i]);
            Tensor y = row.Run(sample, x, DType.Float64)[0];
            string message = Assert.Throws<GradientException>(() => tape.Gradient(y, x[i]))!.Message;
            Assert.That(message, Does.Contain(row.Name).And.Contain($"input {i}").And.Contain(why));
        }
    }

    // x ∘ x: the two roles of one tensor must neither disturb each other nor lose a gradient.
    [TestCaseSource(nameof(DifferentiableRows))]
    public void One_tensor_in_two_places_counts_twice(OpRow row)
    {
        foreach (Sample sample in GradientSamples(row))
        {
            int[] places = row.DifferentiableInputs(sample);
            for (int k = 1; k < places.Length; k++)
            {
                (int first, int second) = (places[k - 1], places[k]);
                if (!sample.Inputs[first].Sizes.SequenceEqual(sample.Inputs[second].Sizes)) continue;
                Tensor[] apart = Inputs(sample, DType.Float64, TensorData.Make);
                apart[second] = apart[first].Clone();
                Tensor[] together = [.. apart];
                together[second] = together[first];

                double[][] values;
                Tensor?[] gradients;
                try
                {
                    (values, gradients) = Derive(apart);
                }
                catch (EagerException e)
                {
                    // What fits the first place, such as a matrix, need not fit the second, which wants a factor of one.
                    Assert.That(() => Derive(together), Throws.TypeOf(e.GetType()), $"{sample}, inputs {first} and {second}");
                    continue;
                }
                (double[][] sameValues, Tensor?[] sums) = Derive(together);

                Assert.That(sameValues, Is.EqualTo(values), $"{sample}, inputs {first} and {second}");
                if (gradients[first] is not { } a || gradients[second] is not { } b) continue;
                // The terms of the sum are added in another order.
                double[] expected = TensorData.Read(a + b);
                double largest = TensorData.Read(a).Concat(TensorData.Read(b)).Where(double.IsFinite).Select(Math.Abs).Append(1).Max();
                Assert.That(TensorData.Read(sums[first]!), Is.EqualTo(expected).Within(64 * TensorData.Epsilon(DType.Float64) * largest), $"gradient of {sample}, inputs {first} and {second}");

                (double[][] Values, Tensor?[] Gradients) Derive(Tensor[] x)
                {
                    using var tape = new GradientTape();
                    foreach (int i in places) tape.Watch(x[i]);
                    Tensor[] y = row.Run(sample, x, DType.Float64);
                    return ([.. y.Select(TensorData.Read)], tape.Gradient([.. y.Where(tape.HasRecorded)], x));
                }
            }
        }
    }

    private static EagerException? RefusalOf(Action call)
    {
        try
        {
            call();
            return null;
        }
        catch (EagerException e)
        {
            return e;
        }
    }

    private static Tensor[] Directions(Tensor[] like, int seed) =>
        [.. like.Select((t, i) => TensorData.Make(Samples.Spread(seed + i, -1.5, 1.5, TensorData.SizesOf(t.ConcreteShape)), DType.Float64))];

    // Two ways to compute one number differ by some roundings of its largest term.
    private static void AgreeInSum(IEnumerable<(Tensor, Tensor)> left, IEnumerable<(Tensor, Tensor)> right, Sample sample)
    {
        double[] a = Products(left), b = Products(right);
        double tolerance = 1e-11 * a.Concat(b).Select(Math.Abs).Append(1).Max();
        Assert.That(a.Sum(), Is.EqualTo(b.Sum()).Within(tolerance), $"{sample}");

        static double[] Products(IEnumerable<(Tensor A, Tensor B)> pairs) =>
            [.. pairs.SelectMany(static p => TensorData.Read(p.A).Zip(TensorData.Read(p.B), static (x, y) => x * y))];
    }

    internal static IEnumerable<Sample> GradientSamples(OpRow row) =>
        row.DTypes.Contains(DType.Float64) && row.OutputDType(DType.Float64).IsFloatingPoint()
            ? row.SamplesOf(DType.Float64).Where(s => s.Smooth && row.DifferentiableInputs(s).Length > 0) : [];

    private static Tensor[] Points(OpRow row, Sample sample) => [.. row.DifferentiableInputs(sample).Select(i => TensorData.Make(sample.Inputs[i], DType.Float64))];

    // The row's call as a function of its differentiable inputs, with all its outputs in one flat tensor.
    private static Func<Tensor[], Tensor> Function(OpRow row, Sample sample)
    {
        int[] places = row.DifferentiableInputs(sample);
        return points =>
        {
            Tensor[] x = Inputs(sample, DType.Float64, TensorData.Make);
            for (int i = 0; i < places.Length; i++) x[places[i]] = points[i];
            Tensor[] y = [.. row.Run(sample, x, DType.Float64).Where(static t => t.DType.IsFloatingPoint())];
            return y.Length == 1 ? y[0] : Tensor.Concat([.. y.Select(static t => t.Flatten())]);
        };
    }

    private static Tensor?[] Gradients(OpRow row, Sample sample, NArray[] inputs, DType dtype)
    {
        using var tape = new GradientTape();
        Tensor[] x = [.. inputs.Select(a => TensorData.Make(a, dtype))];
        foreach (int i in row.DifferentiableInputs(sample)) tape.Watch(x[i]);
        Tensor[] y = [.. row.Run(sample, x, dtype).Where(tape.HasRecorded)];
        Tensor[] weights = [.. y.Select((t, i) => TensorData.Make(Samples.Spread(i + 40, 0.5, 1.5, TensorData.SizesOf(t.ConcreteShape)), DType.BFloat16).Cast(dtype))];
        return tape.Gradient(y, x, weights);
    }
}
