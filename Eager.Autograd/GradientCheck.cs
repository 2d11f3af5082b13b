using System.Numerics;
using System.Runtime.InteropServices;

namespace Eager.Autograd;

/// <summary>
/// Compares the gradients that a tape gives with those that small changes of the inputs show: a test for rules of one's own.
/// </summary>
/// <remarks>
/// <para>The function must be smooth at the inputs, deterministic, and must compute in the dtype of its inputs, which are
/// converted to float64, complex ones to complex128. A complex number counts as two real ones: the derivatives by the real
/// and by the imaginary part, of the real and of the imaginary part, are compared one by one.</para>
/// <para>First order compares the whole Jacobian: two runs for each input element and one backward pass for each output
/// element. Second order compares second derivatives along random directions: H·u and, through the derivative of the gradient
/// with respect to the output gradient, J·u; its cost does not grow with the number of elements.</para>
/// </remarks>
/// <example>
/// <code>
/// GradientReport report = GradientCheck.Run(x => (x * x).Sum(), Tensor.From(1.0, 2.0));
/// Console.WriteLine(report.LargestDifference);   // about 1e-11
/// </code>
/// </example>
public static class GradientCheck
{
    // A central difference (f(x + h) − f(x − h))/2h is wrong by h²·f‴/6 from its truncation and by about ε·f/h from the rounding
    // of f. The sum is least near h = ∛ε (6e-6 in float64), where both are of the order ε^(2/3) = 4e-11.
    private static readonly double Step = Math.Cbrt(double.BitIncrement(1) - 1);

    // 4e-11 grown by the four digits that values and third derivatives of ordinary functions may add, and still a
    // thousandth of the 0.1 % that a wrong rule shows at the least.
    private const double DefaultTolerance = 1e-6;

    private const int Directions = 2;

    /// <summary>Checks the gradient of a function of one tensor.</summary>
    /// <inheritdoc cref="Run(Func{Tensor[], Tensor}, IReadOnlyList{Tensor}, int, double, int, GradientMode)"/>
    public static GradientReport Run(Func<Tensor, Tensor> function, Tensor input, int order = 1, double tolerance = DefaultTolerance, int seed = 0, GradientMode mode = GradientMode.Reverse) =>
        Run(x => function(x[0]), [input], order, tolerance, seed, mode);

    /// <summary>Checks the gradients of a function of several tensors.</summary>
    /// <param name="function">Gives one tensor of any shape; it must not keep the tensors that it is given.</param>
    /// <param name="inputs">Where to check; floating-point or complex tensors of any shape.</param>
    /// <param name="order">1 for gradients, 2 for second derivatives.</param>
    /// <param name="tolerance">How far analytic and numeric values may differ, as a part of the larger of them and of 1.</param>
    /// <param name="seed">Chooses the directions of the second order.</param>
    /// <param name="mode">Which way the analytic derivatives are computed; in forward mode the second order is forward over reverse.</param>
    /// <exception cref="InvalidArgumentException">The order is neither 1 nor 2, an input has no gradient, or two runs differ.</exception>
    public static GradientReport Run(Func<Tensor[], Tensor> function, IReadOnlyList<Tensor> inputs, int order = 1, double tolerance = DefaultTolerance, int seed = 0, GradientMode mode = GradientMode.Reverse)
    {
        if (order is not (1 or 2)) throw new InvalidArgumentException($"GradientCheck: order {order} is not offered; 1 checks gradients, 2 second derivatives.");
        for (int i = 0; i < inputs.Count; i++)
            if (!inputs[i].DType.IsDifferentiable())
                throw new InvalidArgumentException($"GradientCheck: input {i} is {inputs[i].DType.Name()}; only floating-point and complex inputs have gradients to check. Let the function capture the others.");

        ThreadContext context = ThreadContext.Current;
        Observer? observer = context.Observer;
        context.Observer = null;  // the caller's tapes would record every run
        try
        {
            using var scope = new TensorScope();
            var check = new Check(function, inputs, tolerance, order, mode);
            if (order == 1) check.FirstOrder();
            else check.SecondOrder(new Random(seed), Directions);
            return check.Report;
        }
        finally
        {
            context.Observer = observer;
        }
    }

    /// <summary>Checks the gradient of a function of one tensor and throws when it is wrong.</summary>
    /// <exception cref="GradientException">Analytic and numeric gradients differ; the message is the report.</exception>
    public static void Require(Func<Tensor, Tensor> function, Tensor input, int order = 1, double tolerance = DefaultTolerance, int seed = 0, GradientMode mode = GradientMode.Reverse) =>
        Require(x => function(x[0]), [input], order, tolerance, seed, mode);

    /// <summary>Checks the gradients of a function of several tensors and throws when one is wrong.</summary>
    /// <exception cref="GradientException">Analytic and numeric gradients differ; the message is the report.</exception>
    public static void Require(Func<Tensor[], Tensor> function, IReadOnlyList<Tensor> inputs, int order = 1, double tolerance = DefaultTolerance, int seed = 0, GradientMode mode = GradientMode.Reverse)
    {
        GradientReport report = Run(function, inputs, order, tolerance, seed, mode);
        if (!report.Passed) throw new GradientException($"GradientCheck: {report}");
    }

    private sealed class Check(Func<Tensor[], Tensor> function, IReadOnlyList<Tensor> inputs, double tolerance, int order, GradientMode mode)
    {
        // Real and imaginary parts by turns where an input is complex.
        private readonly double[][] points = [.. inputs.Select(Read)];
        private readonly bool[] isComplex = [.. inputs.Select(static x => x.DType.IsComplex())];
        private readonly Shape[] shapes = [.. inputs.Select(static x => x.ConcreteShape)];

        internal GradientReport Report { get; private set; } = new() { Order = order, Tolerance = tolerance, Mode = mode };

        internal void FirstOrder()
        {
            double[][,] analytic = mode == GradientMode.Forward ? ForwardJacobians() : AnalyticJacobians();
            for (int i = 0; i < points.Length; i++)
            {
                for (int j = 0; j < points[i].Length; j++)
                {
                    double h = Step * Math.Max(1, Math.Abs(points[i][j]));
                    double[] numeric = Difference(h, Unit(i, j), static (check, at) => check.Value(at));
                    for (int o = 0; o < numeric.Length; o++) Compare(GradientQuantity.Jacobian, i, j, o, analytic[i][o, j], numeric[o]);
                }
            }
        }

        internal void SecondOrder(Random random, int directions)
        {
            double[] value = Value(points);
            double largest = points.SelectMany(static p => p).Select(Math.Abs).Append(1).Max();
            for (int d = 0; d < directions; d++)
            {
                double[] v = Direction(random, value.Length);
                double[][] u = [.. points.Select(p => Direction(random, p.Length))];
                (double[][] hessian, double[] jacobian) = mode == GradientMode.Forward ? (ForwardHessianProduct(v, u), Tangent(u)) : AnalyticProducts(v, u);
                double[] along = Difference(Step * largest, u, (check, at) => check.Gradient(at, v));
                int start = 0;
                for (int i = 0; i < points.Length; start += points[i++].Length)
                    for (int j = 0; j < points[i].Length; j++) Compare(GradientQuantity.HessianProduct, i, j, 0, hessian[i][j], along[start + j]);
                double[] ahead = Difference(Step * largest, u, static (check, at) => check.Value(at));
                for (int o = 0; o < ahead.Length; o++) Compare(GradientQuantity.JacobianProduct, -1, 0, o, jacobian[o], ahead[o]);
            }
        }

        // One row of the Jacobian for each output element, by a backward pass whose output gradient is 1 there and 0 elsewhere.
        private double[][,] AnalyticJacobians()
        {
            using var scope = new TensorScope();
            using var tape = new GradientTape(persistent: true, watchVariables: false);
            Tensor[] x = Tensors(points);
            tape.Watch(x);
            Tensor y = Call(x);
            double[] value = Read(y);
            if (!value.AsSpan().SequenceEqual(Value(points)) && !value.Any(double.IsNaN))
                throw new InvalidArgumentException("GradientCheck: two runs of the function on the same inputs differ; it must be deterministic. Give random operations a seeded generator made inside it.");
            double[][,] rows = [.. points.Select(p => new double[value.Length, p.Length])];
            using IDisposable stopped = tape.StopRecording();
            for (int o = 0; o < value.Length && tape.HasRecorded(y); o++)  // no tape records a function that ignores its inputs
            {
                using var pass = new TensorScope();
                var pick = new double[value.Length];
                pick[o] = 1;
                Tensor?[] gradients = tape.Gradient(y, x, Like(y, pick));
                for (int i = 0; i < x.Length; i++)
                {
                    double[] row = Read(gradients[i], x[i]);
                    for (int j = 0; j < row.Length; j++) rows[i][o, j] = row[j];
                }
            }
            return rows;
        }

        // One column of the Jacobian for each input element, by a run whose tangent is 1 there and 0 elsewhere.
        private double[][,] ForwardJacobians()
        {
            int outputs = Value(points).Length;
            double[][,] columns = [.. points.Select(p => new double[outputs, p.Length])];
            for (int i = 0; i < points.Length; i++)
            {
                for (int j = 0; j < points[i].Length; j++)
                {
                    double[] column = Tangent(Unit(i, j));
                    for (int o = 0; o < outputs; o++) columns[i][o, j] = column[o];
                }
            }
            return columns;
        }

        // J·u by forward mode.
        private double[] Tangent(double[][] u) => Forward(u, x => [Call(x)]).Single();

        // H·u with the Hessian of Σ v·f(x), forward over reverse.
        private double[][] ForwardHessianProduct(double[] v, double[][] u) => Forward(u, x =>
        {
            using var tape = new GradientTape(watchVariables: false);
            tape.Watch(x);
            Tensor y = Call(x);
            return tape.HasRecorded(y) ? [.. tape.Gradient(y, x, Like(y, v), Unconnected.Zeros)!] : [.. x.Select(Tensor.ZerosLike)];
        });

        // The tangents of what a function gives, for a direction of the inputs.
        private double[][] Forward(double[][] u, Func<Tensor[], Tensor[]> compute)
        {
            using var scope = new TensorScope();
            using var tangents = new ForwardMode();
            Tensor[] x = Tensors(points);
            for (int i = 0; i < x.Length; i++) tangents.SetTangent(x[i], From(u[i], shapes[i], isComplex[i]));
            tangents.Attach();
            try
            {
                return Array.ConvertAll(compute(x), y => Read(tangents.TangentOf(y), y));
            }
            finally
            {
                tangents.Detach();
            }
        }

        // ∇ₓ Σ v·f(x), flat over all inputs.
        private double[] Gradient(double[][] at, double[] v)
        {
            using var scope = new TensorScope();
            using var tape = new GradientTape(watchVariables: false);
            Tensor[] x = Tensors(at);
            tape.Watch(x);
            Tensor y = Call(x);
            Tensor?[] gradients = tape.HasRecorded(y) ? tape.Gradient(y, x, Like(y, v)) : new Tensor?[x.Length];
            return [.. x.Select((input, i) => Read(gradients[i], input)).SelectMany(static g => g)];
        }

        // With q = Σ u·∇ₓ(Σ v·f(x)): ∇ₓq = H·u and ∇ᵥq = J·u.
        private (double[][] Hessian, double[] Jacobian) AnalyticProducts(double[] v, double[][] u)
        {
            using var scope = new TensorScope();
            using var outer = new GradientTape(watchVariables: false);
            Tensor[] x = Tensors(points);
            outer.Watch(x);
            Tensor? product = null, g = null;
            using (var inner = new GradientTape(watchVariables: false))
            {
                inner.Watch(x);
                Tensor y = Call(x);
                g = Like(y, v);
                outer.Watch(g);
                if (inner.HasRecorded(y))
                {
                    Tensor?[] gradients = inner.Gradient(y, x, g);
                    for (int i = 0; i < x.Length; i++)
                    {
                        if (gradients[i] is null) continue;
                        Tensor gradient = isComplex[i] ? gradients[i]!.ViewAsReal() : gradients[i]!;
                        Tensor part = (gradient * Tensor.From(u[i], gradient.ConcreteShape)).Sum();
                        product = product is null ? part : product + part;
                    }
                }
            }
            Tensor[] sources = [.. x, g];
            Tensor?[] second = product is null ? new Tensor?[sources.Length] : outer.Gradient(product, sources);
            return ([.. x.Select((input, i) => Read(second[i], input))], Read(second[^1], g));
        }

        private double[] Difference(double h, double[][] direction, Func<Check, double[][], double[]> evaluate)
        {
            double[] above = evaluate(this, Moved(h, direction)), below = evaluate(this, Moved(-h, direction));
            return [.. above.Zip(below, (a, b) => (a - b) / (2 * h))];
        }

        private double[][] Moved(double by, double[][] direction) =>
            [.. points.Select((p, i) => p.Select((value, j) => value + by * direction[i][j]).ToArray())];

        private double[][] Unit(int input, int element)
        {
            double[][] direction = [.. points.Select(static p => new double[p.Length])];
            direction[input][element] = 1;
            return direction;
        }

        // Away from zero, so that no element's error is hidden.
        private static double[] Direction(Random random, int length)
        {
            var direction = new double[length];
            for (int i = 0; i < length; i++) direction[i] = (random.Next(2) * 2 - 1) * (0.5 + random.NextDouble());
            return direction;
        }

        private double[] Value(double[][] at)
        {
            using var scope = new TensorScope();
            return Read(Call(Tensors(at)));
        }

        private Tensor Call(Tensor[] x)
        {
            Tensor y = function(x);
            return y.DType.IsDifferentiable() ? y : throw new InvalidArgumentException($"GradientCheck: the function gave {y.DType.Name()}; only floating-point and complex results have gradients.");
        }

        private Tensor[] Tensors(double[][] at) => [.. at.Select((p, i) => From(p, shapes[i], isComplex[i]))];

        private static Tensor Like(Tensor y, double[] numbers) => From(numbers, y.ConcreteShape, y.DType.IsComplex());

        private static Tensor From(double[] numbers, Shape shape, bool isComplex) =>
            isComplex ? Tensor.From(MemoryMarshal.Cast<double, Complex>(numbers), shape) : Tensor.From(numbers, shape);

        private static double[] Read(Tensor y) => y.DType.IsComplex()
            ? MemoryMarshal.Cast<Complex, double>(y.Cast(DType.Complex128).ToArray<Complex>()).ToArray()
            : y.Cast(DType.Float64).ToArray<double>();

        private static double[] Read(Tensor? gradient, Tensor source)
        {
            if (gradient is null) return new double[source.ElementCount * (source.DType.IsComplex() ? 2 : 1)];
            if (gradient.ConcreteShape != source.ConcreteShape)
                throw new GradientException($"GradientCheck: a gradient is {gradient.ConcreteShape} where its source is {source.ConcreteShape}; the rule gives a wrong shape.");
            return Read(gradient);
        }

        private void Compare(GradientQuantity quantity, int input, int element, int output, double analytic, double numeric)
        {
            double size = Math.Max(Math.Abs(analytic), Math.Abs(numeric)), difference = Math.Abs(analytic - numeric);
            if (analytic.Equals(numeric)) difference = 0;  // equal infinities
            if (double.IsNaN(difference)) difference = double.PositiveInfinity;
            double share = difference == 0 ? 0 : difference / Math.Max(1, size);
            GradientReport report = Report with
            {
                LargestDifference = Math.Max(Report.LargestDifference, difference),
                LargestRelativeDifference = Math.Max(Report.LargestRelativeDifference, difference == 0 ? 0 : difference / size),
                Compared = Report.Compared + 1,
            };
            bool worst = Report.Compared == 0 || share > Report.WorstShare || double.IsNaN(share);
            Report = !worst ? report : report with
            {
                WorstShare = double.IsNaN(share) ? double.PositiveInfinity : share,
                Quantity = quantity,
                Input = input,
                Index = input < 0 ? [] : Unravel(isComplex[input] ? element / 2 : element, shapes[input]),
                Output = output,
                Analytic = analytic,
                Numeric = numeric,
            };
        }

        private static long[] Unravel(long flat, Shape shape)
        {
            var index = new long[shape.Rank];
            for (int axis = shape.Rank - 1; axis >= 0; axis--) (flat, index[axis]) = Math.DivRem(flat, shape[axis].Value);
            return index;
        }
    }
}

/// <summary>Which way derivatives are computed.</summary>
public enum GradientMode
{
    /// <summary>From the outputs back, by gradient rules.</summary>
    Reverse = 0,

    /// <summary>Along with the run, by tangents.</summary>
    Forward = 1,
}

/// <summary>What a <see cref="GradientCheck"/> compared at the worst element.</summary>
public enum GradientQuantity
{
    /// <summary>The derivative of one output element with respect to one input element.</summary>
    Jacobian = 0,

    /// <summary>An element of the second derivative times a random direction.</summary>
    HessianProduct = 1,

    /// <summary>An element of the first derivative times a random direction, taken through the backward pass's own gradient.</summary>
    JacobianProduct = 2,
}

/// <summary>What a <see cref="GradientCheck"/> found.</summary>
public sealed record GradientReport
{
    /// <summary>The order of the derivatives that were compared.</summary>
    public int Order { get; init; }

    /// <summary>Which way the analytic derivatives were computed.</summary>
    public GradientMode Mode { get; init; }

    /// <summary>The largest |analytic − numeric| of all elements, infinite when one is not a number.</summary>
    public double LargestDifference { get; init; }

    /// <summary>The largest |analytic − numeric| / max(|analytic|, |numeric|); large by itself where both are nearly 0.</summary>
    public double LargestRelativeDifference { get; init; }

    /// <summary>The number of elements that were compared.</summary>
    public int Compared { get; init; }

    /// <summary>How far analytic and numeric values may differ, as a part of the larger of them and of 1.</summary>
    public double Tolerance { get; init; }

    /// <summary>What was compared at the worst element.</summary>
    public GradientQuantity Quantity { get; init; }

    /// <summary>The worst element's input; −1 when it belongs to none.</summary>
    public int Input { get; init; }

    /// <summary>The worst element's place in its input.</summary>
    public IReadOnlyList<long> Index { get; init; } = [];

    /// <summary>The worst element's place in the flat output.</summary>
    public int Output { get; init; }

    /// <summary>The worst element's value by the tape.</summary>
    public double Analytic { get; init; }

    /// <summary>The worst element's value by differences.</summary>
    public double Numeric { get; init; }

    /// <summary>True when no element differs by more than the tolerance.</summary>
    public bool Passed => WorstShare <= Tolerance;

    internal double WorstShare { get; init; }

    /// <inheritdoc/>
    public override string ToString()
    {
        string where = Quantity switch
        {
            GradientQuantity.Jacobian => $"the derivative of output element {Output} by input {Input} at [{string.Join(", ", Index)}]",
            GradientQuantity.HessianProduct => $"the second derivative along a direction, at input {Input} at [{string.Join(", ", Index)}]",
            _ => $"the derivative along a direction, through the gradient of output element {Output}",
        };
        return $"order {Order}{(Mode == GradientMode.Forward ? " in forward mode" : "")}, {Compared} elements {(Passed ? "agree" : "do not agree")} within {Tolerance:g3}; the largest difference is {LargestDifference:g3} (relative {LargestRelativeDifference:g3}); the worst is {where}: analytic {Analytic:r}, numeric {Numeric:r}";
    }
}
