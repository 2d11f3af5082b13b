using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The sum of all elements, as a scalar. Bools and small integers are summed as int64.</summary>
    public Tensor Sum() => ReductionOps.Sum.Apply([this], new([], false));

    /// <summary>The sum over an axis.</summary>
    public Tensor Sum(int axis, bool keepDims = false) => ReductionOps.Sum.Apply([this], new([axis], keepDims));

    /// <summary>The sum over several axes: null means all, and <c>[]</c> none.</summary>
    public Tensor Sum(int[]? axes, bool keepDims = false) => ReductionOps.Apply(ReductionOps.Sum, this, axes, keepDims);

    /// <summary>The mean of all elements, as a scalar.</summary>
    public Tensor Mean() => ReductionOps.Mean.Apply([this], new([], false));

    /// <summary>The mean over an axis.</summary>
    public Tensor Mean(int axis, bool keepDims = false) => ReductionOps.Mean.Apply([this], new([axis], keepDims));

    /// <summary>The mean over several axes: null means all, and <c>[]</c> none.</summary>
    public Tensor Mean(int[]? axes, bool keepDims = false) => ReductionOps.Apply(ReductionOps.Mean, this, axes, keepDims);

    /// <summary>The product of all elements, as a scalar. Bools and small integers are multiplied as int64.</summary>
    public Tensor Prod()
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(Reshape([Shape.ElementCount]).Prod(0));
    }

    /// <summary>The product over an axis.</summary>
    public Tensor Prod(int axis, bool keepDims = false) => ReductionOps.Prod.Apply([this], new([ConcreteShape.NormalizeAxis(axis, nameof(Prod))], keepDims));

    /// <summary>The product over several axes: null means all, and <c>[]</c> none.</summary>
    public Tensor Prod(int[]? axes, bool keepDims = false)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(ReductionOps.OneByOne(this, axes, keepDims, nameof(Prod), static (x, axis, keep) => x.Prod(axis, keep)));
    }

    /// <summary>The largest element, as a scalar; NaN wins. Ties share the gradient evenly.</summary>
    public Tensor Max() => ReductionOps.Max.Apply([this], new([], false));

    /// <summary>The largest element over an axis.</summary>
    public Tensor Max(int axis, bool keepDims = false) => ReductionOps.Max.Apply([this], new([axis], keepDims));

    /// <summary>The largest element over several axes: null means all, and <c>[]</c> none.</summary>
    public Tensor Max(int[]? axes, bool keepDims = false) => ReductionOps.Apply(ReductionOps.Max, this, axes, keepDims);

    /// <summary>The smallest element, as a scalar; NaN wins. Ties share the gradient evenly.</summary>
    public Tensor Min() => ReductionOps.Min.Apply([this], new([], false));

    /// <summary>The smallest element over an axis.</summary>
    public Tensor Min(int axis, bool keepDims = false) => ReductionOps.Min.Apply([this], new([axis], keepDims));

    /// <summary>The smallest element over several axes: null means all, and <c>[]</c> none.</summary>
    public Tensor Min(int[]? axes, bool keepDims = false) => ReductionOps.Apply(ReductionOps.Min, this, axes, keepDims);

    /// <summary>log Σeˣ over all elements, without overflow, as a scalar.</summary>
    public Tensor LogSumExp() => ReductionOps.LogSumExp.Apply([this], new([], false));

    /// <summary>log Σeˣ over an axis, without overflow.</summary>
    public Tensor LogSumExp(int axis, bool keepDims = false) => ReductionOps.LogSumExp.Apply([this], new([axis], keepDims));

    /// <summary>log Σeˣ over several axes: null means all, and <c>[]</c> none, without overflow.</summary>
    public Tensor LogSumExp(int[]? axes, bool keepDims = false) => ReductionOps.Apply(ReductionOps.LogSumExp, this, axes, keepDims);

    /// <summary>The index of the first largest element in C order, an int64 scalar.</summary>
    public Tensor ArgMax()
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(Reshape([Shape.ElementCount]).ArgMax(0));
    }

    /// <summary>The index of the first smallest element in C order, an int64 scalar.</summary>
    public Tensor ArgMin()
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(Reshape([Shape.ElementCount]).ArgMin(0));
    }

    /// <summary>The index of the first largest element over an axis, int64.</summary>
    public Tensor ArgMax(int axis, bool keepDims = false) => ReductionOps.ArgMax.Apply([this], new([axis], keepDims));

    /// <summary>The index of the first smallest element over an axis, int64.</summary>
    public Tensor ArgMin(int axis, bool keepDims = false) => ReductionOps.ArgMin.Apply([this], new([axis], keepDims));

    /// <summary>True when any element is true or not zero.</summary>
    public Tensor Any() => ReductionOps.Any.Apply([this], new([], false));

    /// <summary>True along an axis when any element is true or not zero.</summary>
    public Tensor Any(int axis, bool keepDims = false) => ReductionOps.Any.Apply([this], new([axis], keepDims));

    /// <summary>True along several axes, null meaning all and <c>[]</c> none, when any element is true or not zero.</summary>
    public Tensor Any(int[]? axes, bool keepDims = false)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(ReductionOps.OneByOne(this, axes, keepDims, nameof(Any), static (x, axis, keep) => x.Any(axis, keep)));
    }

    /// <summary>True when all elements are true or not zero.</summary>
    public Tensor All() => ReductionOps.All.Apply([this], new([], false));

    /// <summary>True along an axis when all elements are true or not zero.</summary>
    public Tensor All(int axis, bool keepDims = false) => ReductionOps.All.Apply([this], new([axis], keepDims));

    /// <summary>True along several axes, null meaning all and <c>[]</c> none, when all elements are true or not zero.</summary>
    public Tensor All(int[]? axes, bool keepDims = false)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(ReductionOps.OneByOne(this, axes, keepDims, nameof(All), static (x, axis, keep) => x.All(axis, keep)));
    }
}

internal static class ReductionOps
{
    // y = Σx ⇒ dx = g, spread over the axes
    internal static readonly Op<Axes> Sum = new("Sum", static (x, in a) => a.AreAll && !a.KeepDims ? Aten.sum_all(x[0]) : Aten.sum_dim_IntList(x[0], a.ToLongs(x[0]), a.KeepDims, -1), Reduced)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        BatchRule = static (in b, in a) => OverSlices(b, a, static (x, axes) => Sum!.Apply([x], axes)),
        ComplexGradients = true,
        Gradients = [new(Keep.Shapes, static (g, in s) => Spread(g, s))],
    };

    // y = Σx/n ⇒ dx = g/n, spread over the axes
    internal static readonly Op<Axes> Mean = new("Mean", static (x, in a) => a.AreAll && !a.KeepDims ? Aten.mean_all(x[0]) : Aten.mean_dim(x[0], a.ToLongs(x[0]), a.KeepDims, -1), Reduced)
    {
        Accepts = Accepts.Differentiable,
        Linear = Linearity.Jointly,
        BatchRule = static (in b, in a) => OverSlices(b, a, static (x, axes) => Mean!.Apply([x], axes)),
        ComplexGradients = true,
        Gradients = [new(Keep.Shapes, static (g, in s) => Spread(g / CountRatio(s.Shape(0), g), s))],
    };

    // y = Πx ⇒ dxᵢ = g·Πⱼ≠ᵢ xⱼ, right where elements are zero too
    internal static readonly Op<Axes> Prod = new("Prod", static (x, in a) => Aten.prod_dim_int(x[0], a.Only, a.KeepDims, -1), Reduced)
    {
        Accepts = Accepts.Any,
        BatchRule = static (in b, in a) => OverSlices(b, a, static (x, axes) => Prod!.Apply([x], axes)),
        ComplexGradients = true,
        Gradients =
        [
            new(Keep.A, static (g, in s) =>
            {
                int axis = s.Attributes.Only;
                return ProductOfOthers(WithAxes(g, s).SwapAxes(axis, -1), s.A.Conj().SwapAxes(axis, -1)).SwapAxes(axis, -1);
            }),
        ],
    };

    // y = max x ⇒ dx = g where x = y, divided by the number of such x
    internal static readonly Op<Axes> Max = Extremum("Max", Aten.amax);

    // y = min x ⇒ dx = g where x = y, divided by the number of such x
    internal static readonly Op<Axes> Min = Extremum("Min", Aten.amin);

    // y = log Σeˣ ⇒ dx = g·e^(x − y)
    internal static readonly Op<Axes> LogSumExp = new("LogSumExp", static (x, in a) => Aten.logsumexp(x[0], a.ToLongs(x[0]), a.KeepDims), Reduced)
    {
        Accepts = Accepts.Differentiable,
        Forward = static (t, in s) => Sum.Apply([t[0]! * (s.A - WithAxes(s.Output, s)).Exp()], s.Attributes),
        BatchRule = static (in b, in a) => OverSlices(b, a, static (x, axes) => LogSumExp!.Apply([x], axes)),
        Gradients = [new(Keep.A | Keep.Output, static (g, in s) => WithAxes(g, s) * (s.A - WithAxes(s.Output, s)).Exp())],
    };

    internal static readonly Op<Axes> ArgMax = new("ArgMax", static (x, in a) => Aten.argmax(x[0], (long)a.Only, a.KeepDims), Reduced)
    {
        Accepts = Accepts.Any,
        BatchRule = static (in b, in a) => OverSlices(b, a, static (x, axes) => ArgMax!.Apply([x], axes)),
    };

    internal static readonly Op<Axes> ArgMin = new("ArgMin", static (x, in a) => Aten.argmin(x[0], (long)a.Only, a.KeepDims), Reduced)
    {
        Accepts = Accepts.Any,
        BatchRule = static (in b, in a) => OverSlices(b, a, static (x, axes) => ArgMin!.Apply([x], axes)),
    };

    internal static readonly Op<Axes> Any = new("Any", static (x, in a) => AsBool(a.AreAll ? Aten.any(x[0]) : Aten.any_dim(x[0], a.Only, a.KeepDims)), Reduced)
    {
        Accepts = Accepts.Any,
        BatchRule = static (in b, in a) => OverSlices(b, a, static (x, axes) => Any!.Apply([x], axes)),
    };

    internal static readonly Op<Axes> All = new("All", static (x, in a) => AsBool(a.AreAll ? Aten.all(x[0]) : Aten.all_dim(x[0], a.Only, a.KeepDims)), Reduced)
    {
        Accepts = Accepts.Any,
        BatchRule = static (in b, in a) => OverSlices(b, a, static (x, axes) => All!.Apply([x], axes)),
    };

    /// <summary>The axes that a reduction runs over; none listed means all.</summary>
    internal readonly record struct Axes(int[] List, bool KeepDims)
    {
        internal bool AreAll => List.Length == 0;

        internal int Only => List[0];

        /// <summary>The axes as public methods take them.</summary>
        internal int[]? OrAll => AreAll ? null : List;

        internal long[] ToLongs(Tensor x)
        {
            if (AreAll) return AllAxes[x.Rank];
            var axes = new long[List.Length];
            for (int i = 0; i < axes.Length; i++) axes[i] = List[i];
            return axes;
        }
    }

    // The most axes that LibTorch reduces over.
    private static readonly long[][] AllAxes = [.. Enumerable.Range(0, 65).Select(static rank => Enumerable.Range(0, rank).Select(static i => (long)i).ToArray())];

    private static Op<Axes> Extremum(string name, ExtremumKernel kernel)
    {
        Op<Axes>? self = null;
        return self = new(name, (x, in a) => kernel(x[0], a.ToLongs(x[0]), a.KeepDims), Reduced)
        {
            Accepts = Accepts.Any,
            BatchRule = (in b, in a) => OverSlices(b, a, (x, axes) => self!.Apply([x], axes)),
            Gradients = [new(Keep.A | Keep.Output, static (g, in s) => ToExtremes(g, s))],
        };
    }

    private delegate Tensor ExtremumKernel(Tensor x, ReadOnlySpan<long> axes, bool keepDims);

    // LibTorch answers in uint8 when it is asked in uint8.
    private static Tensor AsBool(Tensor y)
    {
        if (y.DType == DType.Bool) return y;
        using Tensor number = y;
        return Aten._to_copy(number, (int)DType.Bool, -1, -1, default, false, -1);
    }

    /// <summary>A reduction over some axes; null means all of them, and an empty list none, as in NumPy.</summary>
    internal static Tensor Apply(Op<Axes> op, Tensor x, int[]? axes, bool keepDims) =>
        axes is { Length: 0 } ? OverNone(x, line => op.Apply([line], new([-1], KeepDims: false))) : op.Apply([x], new(axes ?? [], keepDims));

    /// <summary>A reduction over no axis: each element becomes a line of its own, which is reduced.</summary>
    internal static Tensor OverNone(Tensor x, Func<Tensor, Tensor> reduceLast)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(reduceLast(x.ExpandDims(-1)));
    }

    /// <summary>A reduction over several axes by one that takes a single axis; null means all of them.</summary>
    internal static Tensor OneByOne(Tensor x, int[]? axes, bool keepDims, string op, Func<Tensor, int, bool, Tensor> reduce)
    {
        int[] over = AxesOf(x, axes, op);
        if (over.Length == 0) return OverNone(x, line => reduce(line, -1, false));
        // From the last axis on, so that those still to come keep their numbers.
        foreach (int axis in over.OrderDescending()) x = reduce(x, axis, keepDims);
        return x;
    }

    /// <summary>The axes meant by a list: null means all of them.</summary>
    internal static int[] AxesOf(Tensor x, int[]? axes, string op) =>
        axes is null ? [.. Enumerable.Range(0, x.Rank)] : ShapingOps.RequireDistinct(x.ConcreteShape, axes, op);

    // The products over the last axis form a tree of pairs. On the way down a pair's gradient goes to each of the two,
    // multiplied by the other, so nothing is ever divided by an element that may be zero.
    private static Tensor ProductOfOthers(Tensor g, Tensor x)
    {
        Dim count = x.Shape[-1];
        if (count.Value <= 1) return count.Value == 1 ? g : g * x;
        Tensor even = x[TensorIndex.Ellipsis, TensorIndex.Slice(0, null, 2)], odd = x[TensorIndex.Ellipsis, TensorIndex.Slice(1, null, 2)];
        if (count.Value % 2 != 0)
        {
            var rim = new (int Before, int After)[x.Rank];
            rim[^1].After = 1;
            odd = odd.Pad(rim, 1);
        }
        Tensor down = ProductOfOthers(g, even * odd);
        Tensor both = Tensor.Stack([down * odd, down * even], -1).Reshape([.. x.Shape[..^1], even.Shape[-1] * 2]);
        return both.Narrow(-1, 0, count);
    }

    /// <summary>A reduction of every slice of a batch at once.</summary>
    internal static Tensor OverSlices(in Batch b, in Axes axes, Func<Tensor, Axes, Tensor> reduce)
    {
        Shape slice = b.Shape(0);
        if (!axes.AreAll) return reduce(b[0], axes with { List = [.. axes.List.Select(axis => slice.NormalizeAxis(axis) + 1)] });
        Tensor y = reduce(b[0].Reshape([b.Size, slice.ElementCount]), new([1], false));
        return axes.KeepDims ? y.Reshape(slice.Reduce([], keepDims: true).Insert(0, b.Size)) : y;
    }

    private static Shape Reduced(ReadOnlySpan<Shape> x, in Axes a) => x[0].Reduce(a.List, a.KeepDims);

    private static Tensor ToExtremes(Tensor g, in Saved<Axes> s)
    {
        Tensor hits = s.A.Equal(WithAxes(s.Output, s)).Cast(g.DType);
        return WithAxes(g, s) * hits / (s.Attributes.AreAll ? hits.Sum() : hits.Sum(s.Attributes.List, keepDims: true));
    }

    private static Tensor Spread(Tensor g, in Saved<Axes> s) => WithAxes(g, s, s.Shape(0)).BroadcastTo(s.Shape(0));

    // The result of a reduction with the axes that it lost put back as size 1.
    private static Tensor WithAxes(Tensor y, in Saved<Axes> s) => WithAxes(y, s, s.A.Shape);

    private static Tensor WithAxes(Tensor y, in Saved<Axes> s, Shape full) =>
        s.Attributes.KeepDims || s.Attributes.AreAll ? y : y.Reshape(full.Reduce(s.Attributes.List, keepDims: true));

    private static Scalar CountRatio(Shape full, Tensor reduced) => (double)(long)full.ElementCount / reduced.ElementCount;
}
