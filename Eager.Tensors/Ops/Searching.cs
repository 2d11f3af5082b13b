using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>Where values would be put into this ascending sequence to keep it in order, int64 of the values' shape.</summary>
    /// <param name="values">What is looked up. A vector takes values of any shape; of a batch of sequences, <c>[..., n]</c>, each takes its own, <c>[..., m]</c>.</param>
    /// <param name="right">False for the first such place, before equal elements; true for the last, behind them.</param>
    /// <remarks>That the sequence ascends, and has no NaN, is not checked. A value that is NaN belongs behind all.</remarks>
    public Tensor SearchSorted(Tensor values, bool right = false)
    {
        Shape sequence = ConcreteShape, sought = values.ConcreteShape;
        if (DType == DType.Bool || DType.IsComplex()) throw new DTypeMismatchException($"SearchSorted: {DType.Name()} is not a dtype that it takes; convert with Cast.");
        bool fits = sequence.Rank == 1 || (sequence.Rank > 1 && sequence.Rank == sought.Rank && sequence[..^1] == sought[..^1]);
        if (!fits) throw new ShapeMismatchException($"SearchSorted: values of shape {sought} do not fit a sequence of shape {sequence}; it must be a vector, or of the values' shape but for the last axis.");
        return SearchingOps.SearchSorted.Apply([this, values], right);
    }

    /// <summary>The number of the interval between ascending boundaries that each element lies in, int64: 0 below the first boundary.</summary>
    /// <param name="boundaries">An ascending vector of this tensor's dtype.</param>
    /// <param name="right">False when an element equal to a boundary lies below it, true when above.</param>
    public Tensor Bucketize(Tensor boundaries, bool right = false)
    {
        if (boundaries.Rank != 1) throw new ShapeMismatchException($"Bucketize: the boundaries are {boundaries.ConcreteShape}; they need to be a vector.");
        return boundaries.SearchSorted(this, right);
    }

    /// <summary>Whether each element is one of some values: bools. NaN is none of any.</summary>
    /// <param name="values">Of this tensor's dtype and any shape.</param>
    public Tensor IsIn(Tensor values)
    {
        GatheringOps.RequireSameDType(nameof(IsIn), this, values);
        using var scope = Temporaries.Begin();
        if (values.IsEmpty) return scope.Keep(Zeros(Shape, DType.Bool, Device));
        if (DType == DType.Bool) return scope.Keep(Cast(DType.UInt8).IsIn(values.Cast(DType.UInt8)));
        Tensor sorted = values.Reshape([-1]).Sort();
        // NaN stands last, but has no order that a search could follow.
        Tensor ordered = DType.IsFloatingPoint() ? sorted.MaskedFill(sorted.IsNaN(), double.PositiveInfinity) : sorted;
        Tensor places = ordered.SearchSorted(this).Clip(0, sorted.ElementCount - 1);
        return scope.Keep(sorted.Gather(places).Equal(this));
    }

    /// <summary>The different elements in ascending order, which of them each element is, and how often each occurs.</summary>
    /// <returns>A vector of values; inverse, of this tensor's shape, and counts, both int64. NaN equals nothing, not even itself.</returns>
    /// <exception cref="TracingException">A traced function is being recorded: sizes that hang on values would be frozen in it.</exception>
    public (Tensor Values, Tensor Inverse, Tensor Counts) Unique()
    {
        ReadingValue(nameof(Unique));
        return SearchingOps.Triple(SearchingOps.Unique.ApplyMany([this], default));
    }

    /// <summary>The different slices of an axis in lexicographic order, which of them each slice is, and how often each occurs.</summary>
    /// <exception cref="TracingException">A traced function is being recorded: sizes that hang on values would be frozen in it.</exception>
    public (Tensor Values, Tensor Inverse, Tensor Counts) Unique(int axis)
    {
        ReadingValue(nameof(Unique));
        return SearchingOps.Triple(SearchingOps.UniqueSlices.ApplyMany([this], ConcreteShape.NormalizeAxis(axis, nameof(Unique))));
    }

    /// <summary>The elements in C order without those that equal the one before, which run each element is in, and how long the runs are.</summary>
    /// <exception cref="TracingException">A traced function is being recorded: sizes that hang on values would be frozen in it.</exception>
    public (Tensor Values, Tensor Inverse, Tensor Counts) UniqueConsecutive()
    {
        ReadingValue(nameof(UniqueConsecutive));
        return SearchingOps.Triple(SearchingOps.UniqueConsecutive.ApplyMany([this], default));
    }

    /// <summary>The slices of an axis without those that equal the one before, which run each slice is in, and how long the runs are.</summary>
    /// <exception cref="TracingException">A traced function is being recorded: sizes that hang on values would be frozen in it.</exception>
    public (Tensor Values, Tensor Inverse, Tensor Counts) UniqueConsecutive(int axis)
    {
        ReadingValue(nameof(UniqueConsecutive));
        return SearchingOps.Triple(SearchingOps.UniqueConsecutiveSlices.ApplyMany([this], ConcreteShape.NormalizeAxis(axis, nameof(UniqueConsecutive))));
    }

    /// <summary>How often each number from 0 on occurs among integers: a vector up to the largest of them, int64 or, of weights, their dtype.</summary>
    /// <param name="weights">What each occurrence counts, of this tensor's shape; 1 by default. Gradients flow to them.</param>
    /// <param name="minimumLength">The least length of the result.</param>
    /// <exception cref="InvalidArgumentException">An element is negative.</exception>
    /// <exception cref="TracingException">A traced function is being recorded: sizes that hang on values would be frozen in it.</exception>
    public Tensor BinCount(Tensor? weights = null, int minimumLength = 0)
    {
        GatheringOps.RequireIndices(this, nameof(BinCount));
        if (minimumLength < 0) throw new InvalidArgumentException($"BinCount: the minimum length {minimumLength} is negative.");
        using var scope = Temporaries.Begin();
        long length = minimumLength;
        if (ElementCount > 0)
        {
            if (Min().Cast(DType.Int64).Item<long>() is var least and < 0) throw new InvalidArgumentException($"BinCount: element {least} is negative; only integers from 0 on can be counted.");
            length = Math.Max(length, Max().Cast(DType.Int64).Item<long>() + 1);
        }
        return scope.Keep(SearchingOps.Count(this, weights, length, nameof(BinCount)));
    }

    /// <summary>How many elements lie in each of some bins of equal width, and the bins' edges.</summary>
    /// <param name="bins">The number of bins. Each holds its lower edge, the last one its upper edge too.</param>
    /// <param name="range">The first and the last edge; elements outside are not counted. By default the smallest and the largest element.</param>
    /// <param name="weights">What each element counts, of this tensor's shape; 1 by default. Gradients flow to them.</param>
    /// <returns>Counts, int64 or of the weights' dtype, and <paramref name="bins"/> + 1 edges, float64 or of this tensor's dtype when that is floating point.</returns>
    /// <exception cref="InvalidArgumentException">There is no bin, or the range is not finite and ascending.</exception>
    /// <exception cref="TracingException">No range is given and a traced function is being recorded.</exception>
    public (Tensor Counts, Tensor Edges) Histogram(int bins, (double Low, double High)? range = null, Tensor? weights = null)
    {
        if (bins < 1) throw new InvalidArgumentException($"Histogram: {bins} bins; give at least one.");
        using var scope = Temporaries.Begin();
        Tensor x = (DType.IsFloatingPoint() ? this : Cast(DType.Float64)).Reshape([-1]);
        (double low, double high) = range ?? (ElementCount == 0 ? (0, 1) : (x.Min().Item(), x.Max().Item()));
        if (!double.IsFinite(low) || !double.IsFinite(high) || low > high)
            throw new InvalidArgumentException($"Histogram: the range from {low} to {high} is not finite and ascending{(range is null ? "; give one, so that what is not finite can be left out" : "")}.");
        if (low == high) (low, high) = (low - 0.5, high + 0.5);
        Tensor edges = LinSpace(low, high, bins + 1, x.DType, Device);
        // Bin 0 is for what lies below and bin n + 1 for what lies above; the last edge belongs to bin n.
        Tensor bin = edges.SearchSorted(x, right: true);
        bin = x.Equal(edges.Select(0, -1)).Where(FullLike(bin, bins), bin);
        Tensor counts = SearchingOps.Count(bin, weights?.Reshape([-1]), bins + 2L, nameof(Histogram)).Narrow(0, 1, bins);
        return (scope.Keep(counts), scope.Keep(edges));
    }
}

internal static class SearchingOps
{
    internal static readonly Op<bool> SearchSorted = new("SearchSorted",
        static (x, in right) => Aten.searchsorted_Tensor(x[0], x[1], false, right, NativeText.None, null),
        static (x, in _) => x[1])
    {
        Accepts = Accepts.Same,
    };

    internal static readonly Op<None> Unique = new("Unique",
        static (x, in _) => Aten._unique2(x[0], true, true, true),
        static (x, in _) => [[Dim.Unknown], x[0], [Dim.Unknown]])
    {
        Accepts = Accepts.Any,
        Effect = Effect.DynamicShape,
    };

    internal static readonly Op<int> UniqueSlices = new("UniqueSlices",
        static (x, in axis) => Aten.unique_dim(x[0], axis, true, true, true), SliceShapes)
    {
        Accepts = Accepts.Any,
        Effect = Effect.DynamicShape,
    };

    internal static readonly Op<None> UniqueConsecutive = new("UniqueConsecutive",
        static (x, in _) => Aten.unique_consecutive(x[0], true, true, default),
        static (x, in _) => [[Dim.Unknown], x[0], [Dim.Unknown]])
    {
        Accepts = Accepts.Any,
        Effect = Effect.DynamicShape,
    };

    internal static readonly Op<int> UniqueConsecutiveSlices = new("UniqueConsecutiveSlices",
        static (x, in axis) => Aten.unique_consecutive(x[0], true, true, axis), SliceShapes)
    {
        Accepts = Accepts.Any,
        Effect = Effect.DynamicShape,
    };

    internal static (Tensor, Tensor, Tensor) Triple(Tensor[] found) => (found[0], found[1], found[2]);

    /// <summary>The sum of the weights of each number from 0 to less than a length.</summary>
    internal static Tensor Count(Tensor x, Tensor? weights, long length, string op)
    {
        if (weights is not null && weights.ConcreteShape != x.ConcreteShape)
            throw new ShapeMismatchException($"{op}: the weights are {weights.ConcreteShape} where the elements are {x.ConcreteShape}; the shapes must be equal.");
        Tensor each = weights?.Reshape([-1]) ?? Tensor.Ones([x.Shape.ElementCount], DType.Int64, x.Device);
        return Tensor.Zeros([length], each.DType, x.Device).IndexAdd(x.Reshape([-1]), each);
    }

    private static Shape[] SliceShapes(ReadOnlySpan<Shape> x, in int axis) => [x[0].With(axis, Dim.Unknown), [x[0][axis]], [Dim.Unknown]];
}
