using Eager.Interop;

namespace Eager;

/// <summary>What a quantile is that falls between two elements.</summary>
public enum QuantileInterpolation
{
    /// <summary>The point on the line between them.</summary>
    Linear = 0,

    /// <summary>The smaller one.</summary>
    Lower = 1,

    /// <summary>The larger one.</summary>
    Higher = 2,

    /// <summary>The nearer one; half way the one at the even place.</summary>
    Nearest = 3,

    /// <summary>Their mean.</summary>
    Midpoint = 4,
}

public partial class Tensor
{
    /// <summary>The largest element of an axis and where it stands, int64; NaN wins. The gradient goes to that place.</summary>
    public (Tensor Values, Tensor Indices) MaxWithIndices(int axis, bool keepDims = false) => QuantileOps.ApplyLine(QuantileOps.MaxWithIndices, this, axis, keepDims);

    /// <summary>The smallest element of an axis and where it stands, int64; NaN wins. The gradient goes to that place.</summary>
    public (Tensor Values, Tensor Indices) MinWithIndices(int axis, bool keepDims = false) => QuantileOps.ApplyLine(QuantileOps.MinWithIndices, this, axis, keepDims);

    /// <summary>The most frequent element of an axis, of several the smallest, and a place where it stands, int64. The gradient goes to that place.</summary>
    public (Tensor Values, Tensor Indices) Mode(int axis = -1, bool keepDims = false) => QuantileOps.ApplyLine(QuantileOps.Mode, this, axis, keepDims);

    /// <summary>The middle element in order, of an even number the mean of the middle two, over some axes; NaN where there is one. Null means all axes.</summary>
    public Tensor Median(int[]? axes = null, bool keepDims = false) => QuantileOps.Find(this, [0.5], axes, keepDims, QuantileInterpolation.Linear, nameof(Median))[0];

    /// <summary>The middle element in order over an axis.</summary>
    /// <inheritdoc cref="Median(int[], bool)"/>
    public Tensor Median(int axis, bool keepDims = false) => Median([axis], keepDims);

    /// <summary>The median of what is a number; NaN where nothing is. Null means all axes.</summary>
    public Tensor NanMedian(int[]? axes = null, bool keepDims = false) => QuantileOps.Find(this, [0.5], axes, keepDims, QuantileInterpolation.Linear, nameof(NanMedian), skipNaN: true)[0];

    /// <summary>The median over an axis of what is a number.</summary>
    /// <inheritdoc cref="NanMedian(int[], bool)"/>
    public Tensor NanMedian(int axis, bool keepDims = false) => NanMedian([axis], keepDims);

    /// <summary>The number below which a part of the elements lies, over some axes; NaN where there is one.</summary>
    /// <param name="part">From 0, the smallest element, to 1, the largest.</param>
    /// <param name="axes">The axes; null means all.</param>
    /// <param name="keepDims">Whether the axes stay, with size 1.</param>
    /// <param name="interpolation">What it is between two elements.</param>
    public Tensor Quantile(double part, int[]? axes = null, bool keepDims = false, QuantileInterpolation interpolation = QuantileInterpolation.Linear) =>
        QuantileOps.Find(this, [part], axes, keepDims, interpolation, nameof(Quantile))[0];

    /// <summary>Several quantiles at once, stacked along a new first axis.</summary>
    /// <param name="parts">Each from 0, the smallest element, to 1, the largest.</param>
    /// <param name="axes">The axes; null means all.</param>
    /// <param name="keepDims">Whether the axes stay, with size 1.</param>
    /// <param name="interpolation">What it is between two elements.</param>
    public Tensor Quantile(double[] parts, int[]? axes = null, bool keepDims = false, QuantileInterpolation interpolation = QuantileInterpolation.Linear)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(Stack(QuantileOps.Find(this, parts, axes, keepDims, interpolation, nameof(Quantile))));
    }

    /// <summary>The quantile of what is a number; NaN where nothing is.</summary>
    /// <inheritdoc cref="Quantile(double, int[], bool, QuantileInterpolation)"/>
    public Tensor NanQuantile(double part, int[]? axes = null, bool keepDims = false, QuantileInterpolation interpolation = QuantileInterpolation.Linear) =>
        QuantileOps.Find(this, [part], axes, keepDims, interpolation, nameof(NanQuantile), skipNaN: true)[0];

    /// <summary>Several quantiles of what is a number at once, stacked along a new first axis.</summary>
    /// <inheritdoc cref="Quantile(double[], int[], bool, QuantileInterpolation)"/>
    public Tensor NanQuantile(double[] parts, int[]? axes = null, bool keepDims = false, QuantileInterpolation interpolation = QuantileInterpolation.Linear)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(Stack(QuantileOps.Find(this, parts, axes, keepDims, interpolation, nameof(NanQuantile), skipNaN: true)));
    }
}

internal static class QuantileOps
{
    // y, i = the largest of x and where it stands ⇒ dx = zeros with g there
    internal static readonly Op<int> MaxWithIndices = OfLine("MaxWithIndices", static (x, axis) => Aten.max_dim(x, axis, true));

    // y, i = the smallest of x and where it stands ⇒ dx = zeros with g there
    internal static readonly Op<int> MinWithIndices = OfLine("MinWithIndices", static (x, axis) => Aten.min_dim(x, axis, true));

    // y, i = the most frequent of x and where it stands ⇒ dx = zeros with g there
    internal static readonly Op<int> Mode = OfLine("Mode", static (x, axis) => Aten.mode(x, axis, true));

    internal static (Tensor, Tensor) ApplyLine(Op<int> op, Tensor x, int axis, bool keepDims)
    {
        int at = x.ConcreteShape.NormalizeAxis(axis, op.Name);
        RequireElements(x, [at], op.Name);
        using var scope = Temporaries.Begin();
        Tensor[] found = op.ApplyMany([x], at);
        return keepDims ? (scope.Keep(found[0]), scope.Keep(found[1])) : (scope.Keep(found[0].Squeeze(at)), scope.Keep(found[1].Squeeze(at)));
    }

    /// <summary>Quantiles over some axes, null meaning all.</summary>
    internal static Tensor[] Find(Tensor x, double[] parts, int[]? axes, bool keepDims, QuantileInterpolation interpolation, string op, bool skipNaN = false)
    {
        foreach (double part in parts)
            if (!(part >= 0 && part <= 1)) throw new InvalidArgumentException($"{op}: part {part} is not between 0 and 1.");
        if (parts.Length == 0) throw new InvalidArgumentException($"{op}: the list of parts is empty.");
        if (!Enum.IsDefined(interpolation)) throw new InvalidArgumentException($"{op}: {(int)interpolation} is no interpolation; use one of QuantileInterpolation.");
        if (!x.DType.IsFloatingPoint()) throw Errors.DTypeRefused(op, x.DType, "a floating-point dtype");
        int[] over = ReductionOps.AxesOf(x, axes, op);
        RequireElements(x, over, op);
        using var scope = Temporaries.Begin();
        Tensor sorted = Together(x, over).Sort();
        Tensor last = sorted.Narrow(-1, sorted.ConcreteShape[^1] - 1, 1);
        Tensor count = skipNaN ? (~sorted.IsNaN()).Sum(-1, keepDims: true) : Tensor.FullLike(last, sorted.ConcreteShape[^1].Value).Cast(DType.Int64);
        Shape shape = over.Length == 0 ? x.Shape : x.Shape.Reduce(over, keepDims);
        var found = new Tensor[parts.Length];
        for (int i = 0; i < found.Length; i++)
        {
            Tensor value = At(sorted, count, parts[i], interpolation);
            if (!skipNaN) value = last.IsNaN().Where(last, value);
            found[i] = scope.Keep(value.Reshape(shape));
        }
        return found;
    }

    // The element at place part·(count − 1) of each sorted line.
    private static Tensor At(Tensor sorted, Tensor count, double part, QuantileInterpolation interpolation)
    {
        Tensor place = ((count - 1).Cast(DType.Float64) * part).Maximum(0);
        if (interpolation == QuantileInterpolation.Nearest) return sorted.TakeAlongAxis(place.Round().Cast(DType.Int64), -1);
        Tensor below = place.Floor(), lower = sorted.TakeAlongAxis(below.Cast(DType.Int64), -1);
        if (interpolation == QuantileInterpolation.Lower) return lower;
        Tensor higher = sorted.TakeAlongAxis(place.Ceiling().Cast(DType.Int64), -1);
        if (interpolation == QuantileInterpolation.Higher) return higher;
        if (interpolation == QuantileInterpolation.Midpoint) return (lower + higher) / 2;
        Tensor rest = (place - below).Cast(sorted.DType);
        // Where an infinite neighbour has no weight it must not make NaN of the other.
        return rest.Equal(0).Where(lower, lower * (1 - rest) + higher * rest);
    }

    // The axes behind all others, as one.
    private static Tensor Together(Tensor x, int[] axes)
    {
        int[] rest = [.. Enumerable.Range(0, x.Rank).Except(axes)];
        Tensor last = x.Transpose([.. rest, .. axes]);
        return last.Reshape([.. last.Shape[..rest.Length], last.Shape[rest.Length..].ElementCount]);
    }

    private static void RequireElements(Tensor x, int[] axes, string op)
    {
        foreach (int axis in axes)
            if (x.ConcreteShape[axis].Value == 0) throw new ShapeMismatchException($"{op}: axis {axis} of shape {x.ConcreteShape} has no elements to choose from.");
    }

    private static Op<int> OfLine(string name, Func<Tensor, long, Tensor[]> kernel) =>
        new(name, (x, in axis) => kernel(x[0], axis), static (x, in axis) => [x[0].With(axis, 1), x[0].With(axis, 1)])
        {
            Accepts = Accepts.Any,
            JointKeeps = Keep.Output1 | Keep.Shapes,
            Joint = static (g, in s, dx) => dx[0] = SortingOps.PutBack(g[0], s.Outputs(1), s.Shape(0), s.Attributes),
        };
}
