using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The elements in order along an axis. NaN counts as the largest; equal elements keep their order.</summary>
    public Tensor Sort(int axis = -1, bool descending = false)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(SortingOps.Sort.ApplyMany([this], new(ConcreteShape.NormalizeAxis(axis, nameof(Sort)), descending))[0]);
    }

    /// <summary>Where along an axis the elements stand, in their order: int64. NaN counts as the largest; equal elements keep their order.</summary>
    public Tensor ArgSort(int axis = -1, bool descending = false)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(SortingOps.Sort.ApplyMany([this], new(ConcreteShape.NormalizeAxis(axis, nameof(ArgSort)), descending))[1]);
    }

    /// <summary>The <paramref name="count"/> largest elements of an axis, the largest first, and their places, int64. NaN counts as the largest.</summary>
    /// <param name="count">How many; no more than the axis has.</param>
    /// <param name="axis">The axis that is searched.</param>
    /// <param name="largest">False for the smallest elements, the smallest first.</param>
    public (Tensor Values, Tensor Indices) TopK(int count, int axis = -1, bool largest = true)
    {
        int at = ConcreteShape.NormalizeAxis(axis, nameof(TopK));
        if (count < 0 || count > ConcreteShape[at].Value)
            throw new InvalidArgumentException($"TopK: axis {axis} of shape {ConcreteShape} has {ConcreteShape[at].Value} elements, not {count}.");
        Tensor[] found = SortingOps.TopK.ApplyMany([this], new(count, at, largest));
        return (found[0], found[1]);
    }

    /// <summary>The element of an axis that would stand at a place if it were sorted, and where it stands, int64. NaN counts as the largest.</summary>
    /// <param name="place">From 1, the smallest, to the axis's size.</param>
    /// <param name="axis">The axis that is searched.</param>
    /// <param name="keepDims">Whether the axis stays, with size 1.</param>
    public (Tensor Values, Tensor Indices) KthValue(int place, int axis = -1, bool keepDims = false)
    {
        int at = ConcreteShape.NormalizeAxis(axis, nameof(KthValue));
        if (place < 1 || place > ConcreteShape[at].Value)
            throw new InvalidArgumentException($"KthValue: axis {axis} of shape {ConcreteShape} has {ConcreteShape[at].Value} elements, so none at place {place}; places count from 1.");
        using var scope = Temporaries.Begin();
        Tensor[] found = SortingOps.KthValue.ApplyMany([this], new(place, at));
        return keepDims ? (scope.Keep(found[0]), scope.Keep(found[1])) : (scope.Keep(found[0].Squeeze(at)), scope.Keep(found[1].Squeeze(at)));
    }
}

internal static class SortingOps
{
    internal readonly record struct SortAttributes(int Axis, bool Descending);

    internal readonly record struct TopKAttributes(long Count, int Axis, bool Largest);

    internal readonly record struct KthAttributes(long Place, int Axis);

    // y, i = x in order and where it stood ⇒ dx = g put back there
    internal static readonly Op<SortAttributes> Sort = new("Sort",
        static (x, in a) => Aten.sort_stable(x[0], true, a.Axis, a.Descending),
        static (x, in _) => [x[0], x[0]])
    {
        Accepts = Accepts.Any,
        Batched = static (in a, in _) => a with { Axis = a.Axis + 1 },
        JointKeeps = Keep.Output1 | Keep.Shapes,
        Joint = static (g, in s, dx) => dx[0] = PutBack(g[0], s.Outputs(1), s.Shape(0), s.Attributes.Axis),
    };

    // y, i = the largest of x and where they stood ⇒ dx = zeros with g put back there
    internal static readonly Op<TopKAttributes> TopK = new("TopK",
        static (x, in a) => Aten.topk(x[0], a.Count, a.Axis, a.Largest, true),
        static (x, in a) => [x[0].With(a.Axis, a.Count), x[0].With(a.Axis, a.Count)])
    {
        Accepts = Accepts.Any,
        Batched = static (in a, in _) => a with { Axis = a.Axis + 1 },
        JointKeeps = Keep.Output1 | Keep.Shapes,
        Joint = static (g, in s, dx) => dx[0] = PutBack(g[0], s.Outputs(1), s.Shape(0), s.Attributes.Axis),
    };

    // y, i = the k-th smallest of x and where it stood ⇒ dx = zeros with g put back there
    internal static readonly Op<KthAttributes> KthValue = new("KthValue",
        static (x, in a) => Aten.kthvalue(x[0], a.Place, a.Axis, true),
        static (x, in a) => [x[0].With(a.Axis, 1), x[0].With(a.Axis, 1)])
    {
        Accepts = Accepts.Any,
        JointKeeps = Keep.Output1 | Keep.Shapes,
        Joint = static (g, in s, dx) => dx[0] = PutBack(g[0], s.Outputs(1), s.Shape(0), s.Attributes.Axis),
    };

    internal static Tensor? PutBack(Tensor? g, Tensor places, Shape shape, int axis) =>
        g is null ? null : Tensor.Zeros(shape, g.DType, g.Device).ScatterAdd(places, g, axis);
}
