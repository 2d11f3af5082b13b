using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The variance of all elements, Σ(x − mean)²/n, as a scalar.</summary>
    public Tensor Variance() => Variance([]);

    /// <summary>The variance over an axis.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="correction">What is taken from n in the divisor: 1 estimates the variance of what the elements were drawn from.</param>
    /// <param name="keepDims">Whether the axis stays, with size 1.</param>
    public Tensor Variance(int axis, int correction = 0, bool keepDims = false) => Variance([axis], correction, keepDims);

    /// <summary>The variance over several axes, none listed meaning all.</summary>
    /// <inheritdoc cref="Variance(int, int, bool)"/>
    public Tensor Variance(int[] axes, int correction = 0, bool keepDims = false) => StatisticsOps.Variance.Apply([this], new(new(axes, keepDims), correction));

    /// <summary>The standard deviation of all elements, the root of the variance, as a scalar.</summary>
    public Tensor StandardDeviation() => StandardDeviation([]);

    /// <summary>The standard deviation over an axis. Where it is 0 the gradient is 0.</summary>
    /// <inheritdoc cref="Variance(int, int, bool)"/>
    public Tensor StandardDeviation(int axis, int correction = 0, bool keepDims = false) => StandardDeviation([axis], correction, keepDims);

    /// <summary>The standard deviation over several axes, none listed meaning all. Where it is 0 the gradient is 0.</summary>
    /// <inheritdoc cref="Variance(int, int, bool)"/>
    public Tensor StandardDeviation(int[] axes, int correction = 0, bool keepDims = false) =>
        StatisticsOps.StandardDeviation.Apply([this], new(new(axes, keepDims), correction));

    /// <summary>Mean and variance over several axes, none listed meaning all.</summary>
    public (Tensor Mean, Tensor Variance) Moments(int[] axes, bool keepDims = false) => (Mean(axes, keepDims), Variance(axes, keepDims: keepDims));

    /// <summary>The Euclidean norm of all elements, √Σx², as a scalar.</summary>
    public Tensor Norm() => Norm([]);

    /// <summary>A norm over an axis.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="order">The p of (Σ|x|ᵖ)^(1/p); infinity gives the largest |x|, 0 the number of elements that are not 0.</param>
    /// <param name="keepDims">Whether the axis stays, with size 1.</param>
    public Tensor Norm(int axis, double order = 2, bool keepDims = false) => Norm([axis], order, keepDims);

    /// <summary>A norm over several axes, none listed meaning all. The gradient at zero is 0.</summary>
    /// <inheritdoc cref="Norm(int, double, bool)"/>
    public Tensor Norm(int[] axes, double order = 2, bool keepDims = false)
    {
        if (double.IsNaN(order) || order < 0) throw new InvalidArgumentException($"Norm: the order {order} is not 0 or more.");
        if (DType.IsComplex()) throw new DTypeMismatchException($"Norm: {DType.Name()} is not a dtype that it takes; take Abs first.");
        return StatisticsOps.Norm.Apply([this], new(new(axes, keepDims), order));
    }

    /// <summary>The number of elements that are true or not zero, an int64 scalar.</summary>
    public Tensor CountNonZero() => CountNonZero([]);

    /// <summary>The number of elements along several axes that are true or not zero, int64; no axis listed means all.</summary>
    public Tensor CountNonZero(int[] axes, bool keepDims = false)
    {
        int[] over = ShapingOps.RequireDistinct(ConcreteShape, axes, nameof(CountNonZero));
        using var scope = Temporaries.Begin();
        return scope.Keep((DType == DType.Bool ? this : NotEqual(0)).Sum(over, keepDims));
    }
}

internal static class StatisticsOps
{
    internal readonly record struct SpreadAttributes(ReductionOps.Axes Axes, int Correction);

    internal readonly record struct NormAttributes(ReductionOps.Axes Axes, double Order);

    // y = Σ(x − m)²/(n − c), m the mean ⇒ dx = 2g·(x − m)/(n − c)
    internal static readonly Op<SpreadAttributes> Variance = new("Variance",
        static (x, in a) => Aten.var_correction(x[0], a.Axes.ToLongs(x[0]), (long)a.Correction, a.Axes.KeepDims), SpreadShape)
    {
        Accepts = Accepts.Differentiable,
        BatchRule = static (in b, in a) =>
        {
            int correction = a.Correction;
            return ReductionOps.OverSlices(b, a.Axes, (x, axes) => Variance!.Apply([x], new(axes, correction)));
        },
        Gradients = [new(Keep.A, static (g, in s) => WithAxes(g, s.Attributes.Axes, s.A) * Deviation(s) * 2)],
    };

    // y = √(Σ(x − m)²/(n − c)) ⇒ dx = g/y·(x − m)/(n − c), 0 where y = 0
    internal static readonly Op<SpreadAttributes> StandardDeviation = new("StandardDeviation",
        static (x, in a) => Aten.std_correction(x[0], a.Axes.ToLongs(x[0]), (long)a.Correction, a.Axes.KeepDims), SpreadShape)
    {
        Accepts = Accepts.Differentiable,
        BatchRule = static (in b, in a) =>
        {
            int correction = a.Correction;
            return ReductionOps.OverSlices(b, a.Axes, (x, axes) => StandardDeviation!.Apply([x], new(axes, correction)));
        },
        Gradients = [new(Keep.A | Keep.Output, static (g, in s) => WithAxes(g / OneAtZero(s.Output), s.Attributes.Axes, s.A) * Deviation(s))],
    };

    // y = (Σ|x|ᵖ)^(1/p) ⇒ dx = g·sign x·(|x|/y)^(p − 1), 0 where x = 0; for p = ∞ the largest share g evenly
    internal static readonly Op<NormAttributes> Norm = new("Norm",
        static (x, in a) => Aten.linalg_vector_norm(x[0], a.Order, a.Axes.ToLongs(x[0]), a.Axes.KeepDims, -1),
        static (x, in a) => x[0].Reduce(a.Axes.List, a.Axes.KeepDims))
    {
        Accepts = Accepts.Differentiable,
        BatchRule = static (in b, in a) =>
        {
            double order = a.Order;
            return ReductionOps.OverSlices(b, a.Axes, (x, axes) => Norm!.Apply([x], new(axes, order)));
        },
        Gradients =
        [
            new(Keep.A | Keep.Output, static (g, in s) =>
            {
                ReductionOps.Axes axes = s.Attributes.Axes;
                double p = s.Attributes.Order;
                Tensor spread = WithAxes(g, axes, s.A), y = WithAxes(OneAtZero(s.Output), axes, s.A);
                if (p == 0) return Tensor.ZerosLike(s.A);
                if (p == 1) return spread * s.A.Sign();
                if (p == 2) return spread * (s.A / y);
                Tensor size = s.A.Abs();
                if (!double.IsPositiveInfinity(p)) return spread * s.A.Sign() * (OneAtZero(size) / y).Pow(p - 1);
                Tensor hits = size.Equal(y).Cast(g.DType);
                return spread * s.A.Sign() * hits / hits.Sum(axes.List, keepDims: true).Maximum(1);
            }),
        ],
    };

    private static Shape SpreadShape(ReadOnlySpan<Shape> x, in SpreadAttributes a) => x[0].Reduce(a.Axes.List, a.Axes.KeepDims);

    // (x − m)/(n − c)
    private static Tensor Deviation(in Saved<SpreadAttributes> s)
    {
        ReductionOps.Axes axes = s.Attributes.Axes;
        Tensor mean = s.A.Mean(axes.List, keepDims: true);
        double count = (double)s.A.ElementCount / mean.ElementCount;
        return (s.A - mean) / (count - s.Attributes.Correction);
    }

    private static Tensor WithAxes(Tensor y, ReductionOps.Axes axes, Tensor x) =>
        axes.KeepDims || axes.AreAll ? y : y.Reshape(x.Shape.Reduce(axes.List, keepDims: true));

    // A divisor that is 0 only where what it divides is 0 too: the quotient's derivative there is taken as 0.
    private static Tensor OneAtZero(Tensor y) => y.Equal(0).Where(Tensor.OnesLike(y), y);
}
