using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.OpTable;

/// <summary>The checks that every row of the table passes; one case for each row and check, with dtypes and samples inside.</summary>
[Parallelizable(ParallelScope.All)]
public partial class OpTableTests
{
    private static IEnumerable<OpRow> Rows => OpTable.Rows;

    private static IEnumerable<OpRow> RowsWithInputs => Rows.Where(static r => r.Samples[0].Inputs.Length > 0);

    [TestCaseSource(nameof(Rows))]
    public void Values_and_dtype_are_those_of_the_reference(OpRow row) => CompareWithReference(row, TensorData.Make);

    [TestCaseSource(nameof(RowsWithInputs))]
    public void Strided_inputs_give_the_same_values(OpRow row) => CompareWithReference(row, TensorData.MakeStrided);

    [TestCaseSource(nameof(Rows))]
    public void The_shape_rule_gives_the_shapes_that_the_kernel_makes(OpRow row)
    {
        foreach (DType dtype in row.DTypes.Take(1))
            foreach (Sample sample in row.SamplesOf(dtype))
            {
                ShapeFollower follower = Follow(row, sample, dtype, Inputs(sample, dtype, TensorData.Make), batch: null).Follower;
                foreach ((Op op, Shape[] rule, Shape[] kernel) in follower.Runs)
                    Assert.That(rule, Is.EqualTo(kernel), $"{op} within {sample}");
                if (row.Op is not null) Assert.That(follower.Runs.Select(static r => r.Op), Does.Contain(row.Op), $"{sample} does not run the operation");
            }
    }

    [TestCaseSource(nameof(RowsWithInputs))]
    public void An_unknown_batch_stays_unknown_through_the_shape_rule(OpRow row)
    {
        if (row.WhyNoBatch is not null)
        {
            Assert.That(row.Batch, Is.Null, row.WhyNoBatch);
            return;
        }
        DType dtype = row.DTypes.Contains(DType.Float64) ? DType.Float64 : row.DTypes[0];
        Sample sample = row.SamplesOf(dtype).First(s => row.Batch is null ? s.Inputs[0] is { Rank: > 0 } a && a.Sizes[0] > 1 : s.Name == row.Batch);
        long size = sample.Inputs[0].Sizes[0];
        Dim batch = new(size, Dim.Unknown.Symbol);
        Tensor[] x = Inputs(sample, dtype, TensorData.Make);

        (ShapeFollower follower, Tensor[] outputs) = Follow(row, sample, dtype, x, batch);

        // An output's size depends on the batch when it changes with it: run once more with one row less.
        Tensor[] fewer = [.. x.Select(t => HasBatch(t, size) ? t.Narrow(0, 0, size - 1) : t)];
        Tensor[] changed = row.Run(sample, fewer, dtype);
        for (int i = 0; i < outputs.Length; i++)
        {
            Shape partial = follower.ShapeOf(outputs[i]), full = outputs[i].ConcreteShape;
            Assert.That(TensorData.SizesOf(partial), Is.EqualTo(TensorData.SizesOf(full)), $"sizes of output {i} of {sample}");
            for (int axis = 0; axis < partial.Rank; axis++)
            {
                bool depends = full[axis] != changed[i].ConcreteShape[axis];
                Assert.That(partial[axis].IsUnknown, Is.EqualTo(depends), $"{sample} gives {partial}: is axis {axis} unknown?");
            }
        }
    }

    [TestCaseSource(nameof(RowsWithInputs))]
    public void A_map_over_a_batch_agrees_with_a_loop(OpRow row)
    {
        DType dtype = row.DTypes.Contains(DType.Float64) ? DType.Float64 : row.DTypes[0];
        foreach (Sample sample in row.SamplesOf(dtype))
        {
            // Slices that differ, and stay within the operation's domain: the same numbers, and all a little smaller.
            Tensor[][] slices = [.. new[] { 1, 0.96875, 0.9375 }.Select(factor => sample.Inputs.Select(a =>
                TensorData.Make(a.DType is null && dtype.IsFloatingPoint() ? a.Map(v => v * factor) : a, dtype)).ToArray())];
            foreach (bool[] mapped in Choices(sample.Inputs.Length))
            {
                Tensor[] x = [.. sample.Inputs.Select((_, i) => mapped[i] ? Tensor.Stack([.. slices.Select(s => s[i])]) : slices[0][i])];
                int?[] axes = [.. mapped.Select(static m => m ? 0 : (int?)null)];
                Tensor[][] loop = [.. slices.Select(s => row.Run(sample, [.. s.Select((t, i) => mapped[i] ? t : slices[0][i])], dtype))];
                Func<Tensor[], Tensor[]> map = Eager.Autograd.Function.Vmap(s => row.Run(sample, s, dtype), axes);
                Tensor[] actual;
                try
                {
                    actual = map(x);
                }
                catch (InvalidArgumentException e) when (e.Message.Contains("depends on each slice's values"))
                {
                    Assert.That(Follow(row, sample, dtype, slices[0], batch: null).Follower.Runs.Select(static r => r.Op.Effect), Does.Contain(Effect.DynamicShape), $"{sample}");
                    continue;
                }

                for (int o = 0; o < loop[0].Length; o++)
                {
                    string where = $"output {o} of {sample}, mapped over {string.Join(", ", mapped)}";
                    Tensor expected = Tensor.Stack([.. loop.Select(y => y[o])]);
                    Assert.That(actual[o].ConcreteShape, Is.EqualTo(expected.ConcreteShape), where);
                    Assert.That(actual[o].DType, Is.EqualTo(expected.DType), where);
                    double[] right = TensorData.Read(expected);
                    // Kernels for a batch may add in another order: a few roundings of the largest number.
                    double tolerance = 64 * TensorData.Epsilon(expected.DType) * right.Where(double.IsFinite).Select(Math.Abs).Append(1).Max();
                    Assert.That(TensorData.Read(actual[o]), Is.EqualTo(right).Within(tolerance), where);
                }
            }
        }
    }

    [TestCaseSource(nameof(Rows))]
    public void Only_the_outputs_are_left_after_a_call_and_only_gradients_after_a_backward_pass(OpRow row)
    {
        foreach (DType dtype in row.DTypes)
        {
            foreach (Sample sample in row.SamplesOf(dtype))
            {
                Tensor[] x = Inputs(sample, dtype, TensorData.Make);
                using var count = new WrapperCount();
                Tensor[] y = row.Run(sample, x, dtype);
                Assert.That(count.Beside([.. x, .. y]), Is.Zero, $"left by the call: {sample} in {dtype}");
            }
        }
        foreach (Sample sample in GradientSamples(row))
        {
            Tensor[] x = Inputs(sample, DType.Float64, TensorData.Make);
            using var count = new WrapperCount();
            using var tape = new GradientTape();
            foreach (int i in row.DifferentiableInputs(sample)) tape.Watch(x[i]);
            Tensor[] y = row.Run(sample, x, DType.Float64);
            Tensor?[] gradients = tape.Gradient([.. y.Where(tape.HasRecorded)], x);
            Assert.That(count.Beside([.. x, .. y, .. gradients]), Is.Zero, $"left by the backward pass: {sample}");
        }
    }

    [TestCaseSource(nameof(RowsWithInputs))]
    public void A_dtype_that_the_row_does_not_list_is_refused_by_name(OpRow row)
    {
        Sample sample = row.Samples[0];
        if (sample.Inputs.All(static i => i.DType is not null)) return;  // its arguments are of fixed dtypes
        foreach (DType dtype in DTypes.All.Except(row.DTypes).Where(static d => !d.IsComplex() && !d.IsQuantized()))
        {
            Tensor[] x = Inputs(sample with { Inputs = [.. sample.Inputs.Select(static i => new NArray([.. i.Values.Select(Math.Abs)], i.Sizes, i.DType))] }, dtype, TensorData.Make);
            if (LibTorchVersions.IsSecond && (dtype is DType.Float16 or DType.BFloat16))
            {
                RequireRightOrRefused(row, dtype);
                continue;
            }
            string message = Assert.Catch<EagerException>(() => row.Run(sample, x, dtype), $"{dtype} is taken, so list it")!.Message;
            Assert.That(message, Does.Contain(dtype.Name()));
        }
    }

    [TestCaseSource(nameof(RowsWithInputs))]
    public void A_quantized_tensor_stays_one_or_is_refused_with_the_cure(OpRow row)
    {
        foreach (Sample sample in row.Samples.Where(static s => s.Inputs.Any(static i => i.DType is null)))
        {
            foreach (DType dtype in DTypes.All.Where(static d => d.IsQuantized()))
            {
                Tensor[] x = Inputs(sample, dtype, TensorData.Make);
                try
                {
                    // Methods that only rearrange elements take it.
                    Assert.That(row.Run(sample, x, dtype).Select(static y => y.DType), Is.All.EqualTo(dtype), sample.ToString());
                }
                catch (DTypeMismatchException e)
                {
                    Assert.That(e.Message, Does.Contain(dtype.Name()).And.Contain("Dequantize"), sample.ToString());
                }
            }
        }
    }

    [TestCaseSource(nameof(RowsWithInputs))]
    public void Bad_arguments_are_refused_in_words(OpRow row)
    {
        foreach (Refusal refusal in row.Refusals)
        {
            Exception thrown = Assert.Throws(refusal.Exception, () => refusal.Call(), refusal.Name)!;
            foreach (string fragment in refusal.Fragments) Assert.That(thrown.Message, Does.Contain(fragment), refusal.Name);
        }
        Sample sample = row.Samples[0];
        DType dtype = sample.For.Intersect(row.DTypes).First();
        for (int i = 0; i < sample.Inputs.Length; i++)
        {
            Tensor[] x = Inputs(sample, dtype, TensorData.Make);
            x[i].Dispose();
            string message = Assert.Throws<DisposedException>(() => row.Run(sample, x, dtype), $"input {i} is disposed")!.Message;
            Assert.That(message, Does.Contain($"{(sample.Inputs[i].DType ?? dtype).Name()} tensor of").And.Contain("was disposed"));
        }
    }

    private static IEnumerable<OpRow> ElementwiseRows => RowsWithInputs.Where(static r => r.Op is { Elementwise: true });

    [TestCaseSource(nameof(ElementwiseRows))]
    public void Nothing_gives_nothing_and_a_scalar_what_it_gives_among_others(OpRow row)
    {
        foreach (DType dtype in row.DTypes)
        {
            foreach (Sample sample in row.SamplesOf(dtype).Where(static s => s.Inputs[0].Values.Length > 0 && s.Inputs.All(a => a.Sizes.SequenceEqual(s.Inputs[0].Sizes))))
            {
                Tensor[] x = [.. Inputs(sample, dtype, TensorData.Make).Select(static t => t.Flatten())];
                Tensor[] among = row.Run(sample, x, dtype);
                Tensor[] none = row.Run(sample, [.. x.Select(static t => t[..0].Reshape([0, 3]))], dtype), alone = row.Run(sample, [.. x.Select(static t => t[^1])], dtype);
                for (int o = 0; o < among.Length; o++)
                {
                    Assert.That((none[o].ConcreteShape, none[o].DType), Is.EqualTo((Shape.Of(0, 3), among[o].DType)), $"{sample} in {dtype}");
                    Assert.That(alone[o].Rank, Is.Zero, $"{sample} in {dtype}");
                    // Kernels take whole registers and what is left over by different code, each within the row's tolerance.
                    double right = TensorData.Read(among[o])[^1], tolerance = among[o].DType.IsFloatingPoint() ? 2 * row.Ulps * TensorData.Epsilon(among[o].DType) * Math.Max(Math.Abs(right), row.Scale) : 0;
                    Assert.That(TensorData.Read(alone[o])[0], double.IsFinite(right) ? Is.EqualTo(right).Within(tolerance) : Is.EqualTo(right), $"{sample} in {dtype}");
                }
            }
        }
    }

    // A trace knows of a size perhaps only that it is some number: rules and methods must get by with that.
    [TestCaseSource(nameof(RowsWithInputs))]
    public void Sizes_that_are_all_unknown_go_through_the_shape_rules(OpRow row)
    {
        DType dtype = row.DTypes.Contains(DType.Float64) ? DType.Float64 : row.DTypes[0];
        foreach (Sample sample in row.SamplesOf(dtype))
        {
            Tensor[] x = Inputs(sample, dtype, TensorData.Make);
            var follower = new ShapeFollower();
            var symbols = new Dictionary<long, int>();  // equal sizes are one unknown, as a batch is
            foreach (Tensor t in x)
                follower.Know(t, Shape.Of([.. t.ConcreteShape.Select(size => new Dim(size.Value, symbols.TryGetValue(size.Value, out int known) ? known : symbols[size.Value] = Dim.Unknown.Symbol))]));
            follower.Attach();
            Tensor[] y;
            try
            {
                y = row.Run(sample, x, dtype);
            }
            finally
            {
                follower.Detach();
            }
            foreach ((Op op, Shape[] rule, Shape[] kernel) in follower.Runs)
                Assert.That(rule.Select(TensorData.SizesOf), Is.EqualTo(kernel.Select(TensorData.SizesOf)), $"{op} within {sample}");
            Assert.That(y.Select(follower.ShapeOf).Select(TensorData.SizesOf), Is.EqualTo(y.Select(static t => TensorData.SizesOf(t.ConcreteShape))), $"{sample}");
        }
    }

    // Who frees or changes one tensor must know which others share its memory: views, by their declaration, and no others.
    [TestCaseSource(nameof(RowsWithInputs))]
    public void Outputs_share_memory_with_an_input_only_where_a_view_is_declared(OpRow row)
    {
        DType dtype = row.DTypes.Contains(DType.Float64) ? DType.Float64 : row.DTypes[0];
        foreach (Sample sample in row.SamplesOf(dtype))
        {
            foreach (Func<NArray, DType, Tensor> make in (Func<NArray, DType, Tensor>[])[TensorData.Make, TensorData.MakeStrided])
            {
                var follower = new SharingFollower();
                follower.Attach();
                try
                {
                    row.Run(sample, Inputs(sample, dtype, make), dtype);
                }
                finally
                {
                    follower.Detach();
                }
                Assert.That(follower.Undeclared, Is.Empty, $"{sample}");
            }
        }
    }

    [TestCaseSource(nameof(RowsWithInputs))]
    public void Inputs_of_two_dtypes_never_combine(OpRow row)
    {
        if (row.Op?.Accepts is not (Accepts.Same or Accepts.Differentiable or Accepts.Integral)) return;
        Sample? sample = Array.Find(row.Samples, static s => s.Inputs.Count(static i => i.DType is null) > 1);
        if (sample is null) return;
        DType dtype = sample.For.Intersect(row.DTypes).First(), other = row.DTypes.First(d => d != dtype);
        Tensor[] x = Inputs(sample, dtype, TensorData.Make);
        x[^1] = x[^1].Cast(other);

        string message = Assert.Throws<DTypeMismatchException>(() => row.Run(sample, x, dtype))!.Message;

        Assert.That(message, Does.Contain(dtype.Name()).And.Contain(other.Name()).And.Contain("Cast"));
    }

    [TestCaseSource(nameof(RowsWithInputs))]
    public void Shapes_that_do_not_broadcast_are_refused_with_both(OpRow row)
    {
        if (row.Op is not { Broadcasts: true }) return;
        Sample sample = row.Samples[0];
        DType dtype = sample.For.Intersect(row.DTypes).First();
        NArray[] clashing = [.. sample.Inputs.Select((a, i) => new NArray(new double[i == 0 ? 3 : 4], [i == 0 ? 3 : 4], a.DType).Map(static _ => 1)).Zip(sample.Inputs, static (c, a) => new NArray(c.Values, c.Sizes, a.DType))];

        string message = Assert.Throws<ShapeMismatchException>(() => row.Run(sample, [.. clashing.Select(a => TensorData.Make(a, dtype))], dtype))!.Message;

        Assert.That(message, Does.Contain(row.Name).And.Contain("[3]").And.Contain("[4]"));
    }

    // All inputs, the first alone, the last alone.
    private static IEnumerable<bool[]> Choices(int inputs)
    {
        yield return [.. Enumerable.Repeat(true, inputs)];
        if (inputs == 1) yield break;
        yield return [.. Enumerable.Range(0, inputs).Select(static i => i == 0)];
        yield return [.. Enumerable.Range(0, inputs).Select(i => i == inputs - 1)];
    }

    // Where one LibTorch has a kernel that another lacks, it may be used, but not be wrong.
    private static void RequireRightOrRefused(OpRow row, DType dtype)
    {
        foreach (Sample sample in row.SamplesOf(dtype))
        {
            try
            {
                CompareWithReference(row, sample, dtype, TensorData.Make);
            }
            catch (EagerException e)
            {
                Assert.That(e.Message, Does.Contain(dtype.Name()), $"{sample}");
            }
        }
    }

    private static void CompareWithReference(OpRow row, Func<NArray, DType, Tensor> make)
    {
        foreach (DType dtype in row.DTypes)
        {
            Assert.That(row.SamplesOf(dtype), Is.Not.Empty, $"no sample is for {dtype}");
            foreach (Sample sample in row.SamplesOf(dtype)) CompareWithReference(row, sample, dtype, make);
        }
    }

    private static void CompareWithReference(OpRow row, Sample sample, DType dtype, Func<NArray, DType, Tensor> make)
    {
        Tensor[] x = Inputs(sample, dtype, make);
        Tensor[] y = row.Run(sample, x, dtype);
        // The reference takes what the dtype made of the numbers, so only the operation's own error is left.
        NArray[] expected = row.Reference(sample, [.. x.Select(TensorData.ReadArray)]);
        Assert.That(y, Has.Length.EqualTo(expected.Length), $"outputs of {sample}");
        for (int i = 0; i < y.Length; i++) Compare(row, sample, dtype, i, y[i], expected[i]);
    }

    private static void Compare(OpRow row, Sample sample, DType dtype, int output, Tensor y, NArray expected)
    {
        string where = $"output {output} of {sample} in {dtype.Name()}";
        Assert.That(TensorData.SizesOf(y.ConcreteShape), Is.EqualTo(expected.Sizes), where);
        Assert.That(y.DType, Is.EqualTo(expected.DType ?? row.OutputDType(dtype)), where);
        double[] actual = TensorData.Read(y);
        double epsilon = TensorData.Epsilon(y.DType) * Tolerances.For(y.DType, row.Ulps);
        for (int j = 0; j < actual.Length; j++)
        {
            double right = Wrapped(expected.Values[j], y.DType);
            double tolerance = y.DType.IsFloatingPoint() && double.IsFinite(right) ? epsilon * Math.Max(Math.Abs(right), row.Scale) + SmallestStep(y.DType) : 0;
            bool equal = actual[j].Equals(right) || actual[j] == right || Math.Abs(actual[j] - right) <= tolerance || Overflows(right, actual[j], y.DType);
            if (!equal) Assert.Fail($"{where}, element {j}: {actual[j]:r} where the reference gives {right:r}; they may differ by {tolerance:g3}.");
        }
    }

    // Integers overflow as in C#: the low bits stay.
    private static double Wrapped(double value, DType dtype) => dtype switch
    {
        DType.UInt8 => unchecked((byte)(long)value),
        DType.Int8 => unchecked((sbyte)(long)value),
        DType.Int16 => unchecked((short)(long)value),
        _ => value,
    };

    // Numbers below the normal range are spaced evenly.
    private static double SmallestStep(DType dtype) => dtype switch
    {
        DType.Float16 => Math.ScaleB(1, -24),
        DType.BFloat16 => Math.ScaleB(1, -133),
        DType.Float32 => Math.ScaleB(1, -149),
        _ => 0,
    };

    // The reference is computed in float64, which reaches further than the dtype.
    private static bool Overflows(double right, double actual, DType dtype) =>
        double.IsInfinity(actual) && Math.Sign(right) == Math.Sign(actual) && Math.Abs(right) > (dtype == DType.Float16 ? 65504 : dtype == DType.Float64 ? double.MaxValue : float.MaxValue);

    private static (ShapeFollower Follower, Tensor[] Outputs) Follow(OpRow row, Sample sample, DType dtype, Tensor[] x, Dim? batch)
    {
        var follower = new ShapeFollower();
        if (batch is { } size)
            foreach (Tensor t in x.Where(t => HasBatch(t, size.Value))) follower.Know(t, t.ConcreteShape.With(0, size));
        follower.Attach();
        try
        {
            return (follower, row.Run(sample, x, dtype));
        }
        finally
        {
            follower.Detach();
        }
    }

    private static bool HasBatch(Tensor t, long size) => t.Rank > 0 && t.ConcreteShape[0].Value == size;

    private static Tensor[] Inputs(Sample sample, DType dtype, Func<NArray, DType, Tensor> make) => [.. sample.Inputs.Select(a => make(a, dtype))];
}
