using static Eager.Tests.OpTable.ShapingRows;

namespace Eager.Tests.OpTable;

/// <summary>Picking by places and by tensors of places. What the indexer makes of its entries is checked in <see cref="Tensors.IndexingTests"/>.</summary>
internal static class IndexingRows
{
    internal static readonly OpRow[] All =
    [
        Moves(SlicingOps.Select, static x => x.Select(1, -1), static x => NArray.Build([x.Sizes[0]], i => x[[i[0], 3]]), [
            Matrix, Empty, Other("a row", static x => x.Select(0, 2), static x => NArray.Build(x.Sizes[1..], i => x[[2, .. i]])),
        ],
            Refusal.Of<InvalidArgumentException>("no such place", static () => Tensor.Zeros([2, 3]).Select(1, 3), "Select", "place 3", "axis 1", "[2, 3]"),
            Refusal.Of<ShapeMismatchException>("no such axis", static () => Tensor.Zeros([2, 3]).Select(2, 0), "Select", "axis 2", "[2, 3]")),
        Moves(SlicingOps.SelectBackward, static x => SlicingOps.SelectBackward.Apply([x], new(Shape.Of(x.Shape[0], 4), new(1, 2))),
            static x => NArray.Build([x.Sizes[0], 4], i => i[1] == 2 ? x[[i[0]]] : 0), [new("vector", Samples.Spread(1, -2, 2, 3)), new("empty", NArray.Empty(0))]),
        Picks(GatheringOps.Gather, static x => x[0].Gather(x[1], axis: 1), static x => Gathered(x[0], x[1], 1), [
            new("columns", Samples.Spread(1, -2, 2, 3, 4), Places([2], 3, 0)),
            new("a column twice", Samples.Spread(2, -2, 2, 3, 4), Places([2, 2], 1, 1, 0, 1)),
            new("one column", Samples.Spread(3, -2, 2, 3, 4), Places([], 2)),
            new("no columns", Samples.Spread(4, -2, 2, 3, 4), Places([0])),
            new("no rows", NArray.Empty(0, 4), Places([2], 3, 0)),
            new Sample("rows", Samples.Spread(5, -2, 2, 4, 2), Places([3], 0, 3, 3)).With(static x => x[0].Gather(x[1]), static x => Gathered(x[0], x[1], 0)),
        ],
            Refusal.Of<InvalidArgumentException>("a place off the axis", static () => Tensor.Zeros([2, 3]).Gather(Tensor.From(0, 3), 1), "Gather", "index 3", "axis 1", "[2, 3]"),
            Refusal.Of<DTypeMismatchException>("places with fractions", static () => Tensor.Zeros([2]).Gather(Tensor.From(1f)), "Gather", "float32", "Cast"),
            Refusal.Of<ShapeMismatchException>("no such axis", static () => Tensor.Zeros([2]).Gather(Tensor.From(0), 1), "Gather", "axis 1", "[2]")),
        Picks(GatheringOps.TakeAlongAxis, static x => x[0].TakeAlongAxis(x[1], axis: 1), static x => NArray.Build(x[1].Sizes, i => x[0][NArray.Replaced(i, 1, (int)x[1][i])]), [
            new("places of each row", Samples.Spread(1, -2, 2, 3, 4), Places([3, 2], 3, 0, 1, 1, 2, 3)),
            new("of some rows", Samples.Spread(2, -2, 2, 3, 4), Places([2, 5], 0, 0, 0, 1, 2, 3, 3, 2, 1, 0)),
            new("of no rows", NArray.Empty(0, 4), Places([0, 2])),
        ],
            Refusal.Of<InvalidArgumentException>("a place off the axis", static () => Tensor.Zeros([2, 3]).TakeAlongAxis(Tensor.From([[3]]), 1), "TakeAlongAxis", "index 3", "axis 1", "[2, 3]"),
            Refusal.Of<ShapeMismatchException>("another rank", static () => Tensor.Zeros([2, 3]).TakeAlongAxis(Tensor.From([0]), 0), "TakeAlongAxis", "[1]", "[2, 3]")),
        Picks(GatheringOps.ScatterAdd, static x => x[0].ScatterAdd(x[1], x[2], axis: 1), static x => Scattered(x[0], x[1], x[2], 1), [
            new("places of each row", Samples.Spread(1, -2, 2, 3, 4), Places([3, 2], 3, 0, 1, 1, 2, 3), Samples.Spread(2, -2, 2, 3, 2)),
            new("of some rows", Samples.Spread(3, -2, 2, 3, 4), Places([2, 1], 0, 2), Samples.Spread(4, -2, 2, 2, 1)),
            new("of no rows", NArray.Empty(0, 4), Places([0, 2]), NArray.Empty(0, 2)),
        ],
            Refusal.Of<ShapeMismatchException>("a source of another shape", static () => Tensor.Zeros([2, 3]).ScatterAdd(Tensor.From([[0]]), Tensor.Zeros([1, 2]), 1), "ScatterAdd", "[1, 2]", "[1, 1]"),
            Refusal.Of<DTypeMismatchException>("a source of another dtype", static () => Tensor.Zeros([2]).ScatterAdd(Tensor.From([0]), Tensor.From([1.0]), 0), "ScatterAdd", "float32", "float64", "Cast")),
        Picks(GatheringOps.IndexAdd, static x => x[0].IndexAdd(x[1], x[2], axis: 1), static x => Added(x[0], x[1], x[2], 1), [
            new("columns", Samples.Spread(1, -2, 2, 3, 4), Places([2], 3, 0), Samples.Spread(2, -2, 2, 3, 2)),
            new("a column twice", Samples.Spread(3, -2, 2, 3, 4), Places([2], 1, 1), Samples.Spread(4, -2, 2, 3, 2)),
            new("no columns", Samples.Spread(5, -2, 2, 3, 4), Places([0]), NArray.Empty(3, 0)),
        ],
            Refusal.Of<ShapeMismatchException>("too few slices", static () => Tensor.Zeros([2, 3]).IndexAdd(Tensor.From([0]), Tensor.Zeros([2, 3])), "IndexAdd", "[1]", "[2, 3]")),
        Picks(GatheringOps.Index, static x => x[0][.., x[1]], static x => Gathered(x[0], x[1], 1), [
            new("columns", Samples.Spread(1, -2, 2, 3, 4), Places([2, 2], 3, 0, 0, 1)),
            new("no rows", NArray.Empty(0, 4), Places([2], 3, 0)),
            new Sample("two axes together", Samples.Spread(2, -2, 2, 2, 3, 4), Places([2, 1], 2, 0), Places([2], 1, 1))
                .With(static x => x[0][.., x[1], x[2]], static x => NArray.Build([2, 2, 2], i => x[0][[i[0], (int)x[1].Stretched([i[1], i[2]]), (int)x[2].Stretched([i[1], i[2]])]])),
            new Sample("two axes apart", Samples.Spread(3, -2, 2, 2, 3, 4), Places([2], 1, 1), Places([2], 0, 3))
                .With(static x => x[0][x[1], .., x[2]], static x => NArray.Build([2, 3], i => x[0][[(int)x[1][[i[0]]], i[1], (int)x[2][[i[0]]]]])),
            new Sample("the first axis", Samples.Spread(4, -2, 2, 4, 2), Places([3], -1, 0, -1))
                .With(static x => x[0][x[1]], static x => NArray.Build([3, 2], i => x[0][[((int)x[1][[i[0]]] + 4) % 4, i[1]]])),
        ],
            Refusal.Of<InvalidArgumentException>("a place off the axis", static () => _ = Tensor.Zeros([2, 3])[Tensor.From([2])], "Index", "index 2", "axis 0", "[2, 3]"),
            Refusal.Of<InvalidArgumentException>("a place off the second axis", static () => _ = Tensor.Zeros([2, 3])[Tensor.From([1]), Tensor.From([-4])], "Index", "index -4", "axis 1", "[2, 3]")),
        Picks(GatheringOps.IndexBackward, static x => GatheringOps.IndexBackward.Apply(x, new(Shape.Of(x[0].Shape[0], 4), [1])),
            static x => Added(NArray.Build([x[0].Sizes[0], 4], static _ => 0), x[1], x[0], 1), [
            new("columns", Samples.Spread(1, -2, 2, 3, 2), Places([2], 3, 0)),
            new("a column twice", Samples.Spread(2, -2, 2, 3, 2), Places([2], 1, 1)),
            new("no rows", NArray.Empty(0, 2), Places([2], 3, 0)),
        ]),
        Picks("GatherNd", static x => x[0].GatherNd(x[1]), static x => NArray.Build([2], i => x[0][[(int)x[1][[i[0], 0]], (int)x[1][[i[0], 1]]]]), [
            new("elements", Samples.Spread(1, -2, 2, 3, 4), Places([2, 2], 1, 3, 0, 2)),
            new Sample("rows", Samples.Spread(2, -2, 2, 3, 4), Places([2, 2, 1], 1, 1, 0, -1)).With(static x => x[0].GatherNd(x[1]), static x => NArray.Build([2, 2, 4], i => x[0][[((int)x[1][[i[0], i[1], 0]] + 3) % 3, i[2]]])),
            new Sample("nothing named", Samples.Spread(3, -2, 2, 3, 4), NArray.Empty(2, 0).As(DType.Int64)).With(static x => x[0].GatherNd(x[1]), static x => NArray.Build([2, 3, 4], x[0].Stretched)),
        ],
            Refusal.Of<InvalidArgumentException>("a place off its axis", static () => Tensor.Zeros([2, 3]).GatherNd(Tensor.From([[0, 3]])), "GatherNd", "index 3", "axis 1", "[2, 3]"),
            Refusal.Of<ShapeMismatchException>("too many places", static () => Tensor.Zeros([2, 3]).GatherNd(Tensor.From([[0, 1, 2]])), "GatherNd", "[1, 3]", "[2, 3]"),
            Refusal.Of<DTypeMismatchException>("places with fractions", static () => Tensor.Zeros([2]).GatherNd(Tensor.From([1f])), "GatherNd", "float32")),
        Picks("BatchGather", static x => x[0].BatchGather(x[1]), static x => NArray.Build([x[0].Sizes[0], 2, 2], i => x[0][[i[0], (int)x[1][[i[0], i[1]]], i[2]]]), [
            new("rows of each", Samples.Spread(1, -2, 2, 3, 4, 2), Places([3, 2], 3, 0, 1, 1, 0, 2)),
            new Sample("one of each", Samples.Spread(2, -2, 2, 3, 4), Places([3], 3, 0, 1)).With(static x => x[0].BatchGather(x[1]), static x => NArray.Build([x[0].Sizes[0]], i => x[0][[i[0], (int)x[1][[i[0]]]]])),
            new Sample("two batch axes", Samples.Spread(3, -2, 2, 2, 3, 2), Places([2, 3, 1], 1, 1, 0, 0, 1, 0)).With(static x => x[0].BatchGather(x[1], 2), static x => NArray.Build([2, 3, 1], i => x[0][[i[0], i[1], (int)x[1][[i[0], i[1], 0]]]])),
        ],
            Refusal.Of<ShapeMismatchException>("another batch", static () => Tensor.Zeros([2, 3]).BatchGather(Tensor.From([[0], [0], [0]])), "BatchGather", "[3, 1]", "[2, 3]"),
            Refusal.Of<InvalidArgumentException>("a place off the axis", static () => Tensor.Zeros([2, 3]).BatchGather(Tensor.From([[0], [3]])), "index 3")),
        Picks("Take", static x => x[0].Take(x[1]), static x => x[1].Map(i => x[0].Values[(int)i]), [
            new("elements", Samples.Spread(1, -2, 2, 3, 4), Places([2, 2], 5, 0, 7, 5)),
            new("of a scalar", Samples.Spread(2, -2, 2), Places([2], 0, 0)),
        ],
            Refusal.Of<InvalidArgumentException>("no such element", static () => Tensor.Zeros([2, 3]).Take(Tensor.From([6])), "index 6")),
    ];

    // Picking takes every dtype alike; places are of a dtype of their own.
    internal static OpRow Picks(Op op, Func<Tensor[], Tensor> call, Func<NArray[], NArray> expect, Sample[] samples, params Refusal[] refusals) =>
        Picks(op, op.Name, call, expect, samples, refusals);

    internal static OpRow Picks(string method, Func<Tensor[], Tensor> call, Func<NArray[], NArray> expect, Sample[] samples, params Refusal[] refusals) =>
        Picks(null, method, call, expect, samples, refusals);

    internal static OpRow Picks(Op? op, string name, Func<Tensor[], Tensor> call, Func<NArray[], NArray> expect, Sample[] samples, Refusal[] refusals, double ulps = Tolerances.Rounded, double scale = 0)
    {
        Sample first = samples[0];
        return new(op, name, (x, _) => [call(x)], x => [expect(x)])
        {
            DTypes = Kinds.Real,
            Ulps = ulps,
            Scale = scale,
            Samples =
            [
                .. samples,
                first with { Name = "whole numbers", Inputs = [.. first.Inputs.Select(static (a, i) => a.DType is null ? Samples.Whole(i + 1, 1, 9, a.Sizes) : a)], For = Kinds.Integers },
                first with { Name = "truth values", Inputs = [.. first.Inputs.Select(static (a, i) => a.DType is null ? Samples.Truths(i + 1, a.Sizes) : a)], For = Kinds.Bools, Expect = x => [expect(x).Map(static v => v > 0 ? 1 : 0)] },
            ],
            Refusals = refusals,
        };
    }

    internal static NArray Places(int[] sizes, params double[] places) => new(places, sizes, DType.Int64);

    private static NArray Gathered(NArray x, NArray places, int axis) =>
        NArray.Build([.. x.Sizes[..axis], .. places.Sizes, .. x.Sizes[(axis + 1)..]], i =>
            x[[.. i[..axis], (int)places[i[axis..(axis + places.Rank)]], .. i[(axis + places.Rank)..]]]);

    private static NArray Scattered(NArray x, NArray places, NArray source, int axis)
    {
        ILookup<string, double> added = NArray.Indices(places.Sizes).ToLookup(i => Key(NArray.Replaced(i, axis, (int)places[i])), i => source[i]);
        return NArray.Build(x.Sizes, i => added[Key(i)].Aggregate(x[i], static (a, b) => a + b));
    }

    private static NArray Added(NArray x, NArray places, NArray source, int axis) =>
        NArray.Build(x.Sizes, i => Enumerable.Range(0, places.Values.Length).Where(k => (int)places.Values[k] == i[axis])
            .Select(k => source[NArray.Replaced(i, axis, k)]).Aggregate(x[i], static (a, b) => a + b));

    private static string Key(int[] index) => string.Join(',', index);
}
