using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The variance of all elements, Σ(x − mean)²/n, as a scalar.</summary>
    public Tensor Variance() => Variance(axes: null);

    /// <summary>The variance over an axis.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="correction">What is taken from n in the divisor: 1 estimates the variance of what the elements were drawn from.</param>
    /// <param name="keepDims">Whether the axis stays, with size 1.</param>
    public Tensor Variance(int axis, int correction = 0, bool keepDims = false) => Variance([axis], correction, keepDims);

    /// <summary>The variance over several axes, null meaning all and <c>[]</c> none.</summary>
    /// <inheritdoc cref="Variance(int, int, bool)"/>
    public Tensor Variance(int[]? axes, int correction = 0, bool keepDims = false) =>
        axes is { Length: 0 } ? ReductionOps.OverNone(this, x => x.Variance(-1, correction))
        : StatisticsOps.Variance.Apply([this], new(new(axes ?? [], keepDims), correction));

    /// <summary>The standard deviation of all elements, the root of the variance, as a scalar.</summary>
    public Tensor StandardDeviation() => StandardDeviation(axes: null);

    /// <summary>The standard deviation over an axis. Where it is 0 the gradient is 0.</summary>
    /// <inheritdoc cref="Variance(int, int, bool)"/>
    public Tensor StandardDeviation(int axis, int correction = 0, bool keepDims = false) => StandardDeviation([axis], correction, keepDims);

    /// <summary>The standard deviation over several axes, null meaning all and <c>[]</c> none. Where it is 0 the gradient is 0.</summary>
    /// <inheritdoc cref="Variance(int, int, bool)"/>
    public Tensor StandardDeviation(int[]? axes, int correction = 0, bool keepDims = false) =>
        axes is { Length: 0 } ? ReductionOps.OverNone(this, x => x.StandardDeviation(-1, correction))
        : StatisticsOps.StandardDeviation.Apply([this], new(new(axes ?? [], keepDims), correction));

    /// <summary>Mean and variance over several axes, null meaning all and <c>[]</c> none.</summary>
    public (Tensor Mean, Tensor Variance) Moments(int[]? axes, bool keepDims = false) => (Mean(axes, keepDims), Variance(axes, keepDims: keepDims));

    /// <summary>The Euclidean norm of all elements, √Σx², as a scalar.</summary>
    public Tensor Norm() => Norm(axes: null);

    /// <summary>A norm over an axis.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="order">The p of (Σ|x|ᵖ)^(1/p); infinity gives the largest |x|, minus infinity the smallest, 0 the number of elements that are not 0.</param>
    /// <param name="keepDims">Whether the axis stays, with size 1.</param>
    public Tensor Norm(int axis, double order = 2, bool keepDims = false) => Norm([axis], order, keepDims);

    /// <summary>A norm over several axes, null meaning all and <c>[]</c> none. The gradient at zero is 0.</summary>
    /// <inheritdoc cref="Norm(int, double, bool)"/>
    public Tensor Norm(int[]? axes, double order = 2, bool keepDims = false)
    {
        if (double.IsNaN(order)) throw new InvalidArgumentException("Norm: the order is not a number.");
        if (DType.IsComplex()) throw new DTypeMismatchException($"Norm: {DType.Name()} is not a dtype that it takes; take Abs first.");
        if (axes is { Length: 0 }) return ReductionOps.OverNone(this, x => x.Norm(-1, order));
        return StatisticsOps.Norm.Apply([this], new(new(axes ?? [], keepDims), order));
    }

    /// <summary>The number of elements that are true or not zero, an int64 scalar.</summary>
    public Tensor CountNonZero() => CountNonZero(axes: null);

    /// <summary>The number of elements along several axes that are true or not zero, int64; null means all and <c>[]</c> none.</summary>
    public Tensor CountNonZero(int[]? axes, bool keepDims = false)
    {
        int[] over = ReductionOps.AxesOf(this, axes, nameof(CountNonZero));
        using var scope = Temporaries.Begin();
        return scope.Keep((DType == DType.Bool ? this : NotEqual(0)).Sum(over, keepDims));
    }

    /// <summary>The number of elements of an axis that are true or not zero, int64.</summary>
    public Tensor CountNonZero(int axis, bool keepDims = false) => CountNonZero([axis], keepDims);

    /// <summary>The sum over several axes of what is a number; of nothing but NaN it is 0. Null means all axes.</summary>
    public Tensor NanSum(int[]? axes = null, bool keepDims = false)
    {
        StatisticsOps.RequireFloat(this, nameof(NanSum));
        axes = ReductionOps.AxesOf(this, axes, nameof(NanSum));
        using var scope = Temporaries.Begin();
        return scope.Keep(MaskedFill(IsNaN(), 0).Sum(axes, keepDims));
    }

    /// <summary>The mean over several axes of what is a number; of nothing but NaN it is NaN. Null means all axes.</summary>
    public Tensor NanMean(int[]? axes = null, bool keepDims = false)
    {
        StatisticsOps.RequireFloat(this, nameof(NanMean));
        axes = ReductionOps.AxesOf(this, axes, nameof(NanMean));
        using var scope = Temporaries.Begin();
        Tensor missing = IsNaN();
        return scope.Keep(MaskedFill(missing, 0).Sum(axes, keepDims) / (~missing).Sum(axes, keepDims).Cast(DType));
    }

    /// <summary>How variables vary together: from <c>[..., variables, observations]</c> the matrix <c>[..., variables, variables]</c> of Σ(x − mean x)(y − mean y)/(n − correction). Of a vector, one variable, a scalar.</summary>
    /// <param name="correction">What is taken from n in the divisor: 1 estimates the covariance of what the observations were drawn from.</param>
    public Tensor Covariance(int correction = 1)
    {
        if (Rank == 0) throw new ShapeMismatchException("Covariance: a scalar has no observations; give a vector, or a matrix with a row for each variable.");
        using var scope = Temporaries.Begin();
        if (Rank == 1) return scope.Keep(ExpandDims(0).Covariance(correction).Squeeze());
        Tensor deviations = this - Mean(-1, keepDims: true);
        return scope.Keep(deviations.MatMul(deviations.MatrixTranspose()) / (double)(ConcreteShape[^1].Value - correction));
    }

    /// <summary>Pearson's correlation of variables, the covariance over the product of both standard deviations: from <c>[..., variables, observations]</c> to <c>[..., variables, variables]</c>. Of a vector 1.</summary>
    public Tensor Correlation()
    {
        using var scope = Temporaries.Begin();
        Tensor covariance = Covariance(0);
        if (Rank == 1) return scope.Keep(covariance / covariance);
        Tensor deviation = covariance.Diagonal().Sqrt();
        return scope.Keep(covariance / deviation.ExpandDims(-1) / deviation.ExpandDims(-2));
    }

    /// <summary>The integral along an axis by the trapezoid rule, for evenly spaced points.</summary>
    public Tensor Trapezoid(double spacing = 1, int axis = -1)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(StatisticsOps.MiddlesOf(this, axis).Sum(axis) * spacing);
    }

    /// <summary>The integral along an axis by the trapezoid rule.</summary>
    /// <param name="points">Where the elements stand: a vector as long as the axis, or this tensor's shape.</param>
    /// <param name="axis">The axis.</param>
    public Tensor Trapezoid(Tensor points, int axis = -1)
    {
        int at = ConcreteShape.NormalizeAxis(axis, nameof(Trapezoid));
        if (points.ConcreteShape != ConcreteShape && points.ConcreteShape != Eager.Shape.Of(ConcreteShape[at]))
            throw new ShapeMismatchException($"Trapezoid: the points are {points.ConcreteShape}; axis {axis} of shape {ConcreteShape} needs [{ConcreteShape[at]}], or all of that shape.");
        using var scope = Temporaries.Begin();
        Tensor widths = points.Diff(axis: points.Rank == 1 ? 0 : at);
        if (points.Rank == 1 && Rank > 1)
        {
            Dim[] along = [.. Enumerable.Repeat((Dim)1, Rank)];
            along[at] = widths.Shape[0];
            widths = widths.Reshape(Eager.Shape.Of(along));
        }
        return scope.Keep((StatisticsOps.MiddlesOf(this, at) * widths).Sum(at));
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

    // y = (Σ|x|ᵖ)^(1/p) ⇒ dx = g·sign x·(|x|/y)^(p − 1), 0 where x = 0; for p = ±∞ the largest or smallest share g evenly
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
                if (!double.IsInfinity(p))
                {
                    Tensor dx = spread * s.A.Sign() * (OneAtZero(size) / y).Pow(p - 1);
                    // Below order 0 one zero makes y zero, whatever the others are.
                    return p > 0 ? dx : dx.MaskedFill(WithAxes(s.Output, axes, s.A).Equal(0), 0);
                }
                Tensor hits = size.Equal(WithAxes(s.Output, axes, s.A)).Cast(g.DType);
                return spread * s.A.Sign() * hits / hits.Sum(axes.OrAll, keepDims: true).Maximum(1);
            }),
        ],
    };

    internal static void RequireFloat(Tensor x, string op)
    {
        if (!x.DType.IsDifferentiable()) throw Errors.DTypeRefused(op, x.DType, "a floating-point dtype");
    }

    /// <summary>The means of neighbours along an axis.</summary>
    internal static Tensor MiddlesOf(Tensor x, int axis)
    {
        int at = x.ConcreteShape.NormalizeAxis(axis, nameof(Tensor.Trapezoid));
        if (x.ConcreteShape[at].Value == 0) return x;
        Dim rest = x.Shape[at] - 1;
        return (x.Narrow(at, 1, rest) + x.Narrow(at, 0, rest)) / 2;
    }

    private static Shape SpreadShape(ReadOnlySpan<Shape> x, in SpreadAttributes a) => x[0].Reduce(a.Axes.List, a.Axes.KeepDims);

    // (x − m)/(n − c)
    private static Tensor Deviation(in Saved<SpreadAttributes> s)
    {
        ReductionOps.Axes axes = s.Attributes.Axes;
        Tensor mean = s.A.Mean(axes.OrAll, keepDims: true);
        double count = (double)s.A.ElementCount / mean.ElementCount;
        return (s.A - mean) / (count - s.Attributes.Correction);
    }

    private static Tensor WithAxes(Tensor y, ReductionOps.Axes axes, Tensor x) =>
        axes.KeepDims || axes.AreAll ? y : y.Reshape(x.Shape.Reduce(axes.List, keepDims: true));

    // A divisor that is 0 only where what it divides is 0 too: the quotient's derivative there is taken as 0.
    internal static Tensor OneAtZero(Tensor y) => y.Equal(0).Where(Tensor.OnesLike(y), y);
}
