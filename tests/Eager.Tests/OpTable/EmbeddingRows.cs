namespace Eager.Tests.OpTable;

internal static class EmbeddingRows
{
    private static NArray Places => new([2, 0, 3, 2, 1, 2], [3, 2], DType.Int64);

    internal static readonly OpRow[] All =
    [
        new(EmbeddingOps.Embedding, static x => EmbeddingOps.Embedding.Apply(x, EmbeddingOps.NoPadding), static x => Rows(x[0], x[1]))
        {
            DTypes = Kinds.Real,
            Ulps = 0,
            WhyNoBatch = "the first axis of the table are its rows",
            Samples =
            [
                new("rows", Samples.Spread(1, -1, 1, 4, 3), Places) { For = Kinds.Floats },
                new("whole numbers", Samples.Whole(1, 1, 9, 4, 3), Places) { For = Kinds.Integers },
                new("truth values", Samples.Truths(1, 4, 3), Places) { For = Kinds.Bools },
                new("no rows", Samples.Spread(2, -1, 1, 4, 3), NArray.Empty(0, 2).As(DType.Int64)),
            ],
            Refusals =
            [
                Refusal.Of<InvalidArgumentException>("a row too many", static () => Tensor.Embedding(Tensor.Zeros([3, 2]), Tensor.From(0, 3)), "Embedding", "index 3", "3 places"),
                Refusal.Of<InvalidArgumentException>("a negative row", static () => Tensor.Embedding(Tensor.Zeros([3, 2]), Tensor.From(-1L)), "Embedding", "index -1"),
                Refusal.Of<InvalidArgumentException>("padding that is no row", static () => Tensor.Embedding(Tensor.Zeros([3, 2]), Tensor.From(0), 3), "Embedding", "padding index 3"),
                Refusal.Of<DTypeMismatchException>("fractional indices", static () => Tensor.Embedding(Tensor.Zeros([3, 2]), Tensor.From(0f)), "Embedding", "float32"),
                Refusal.Of<ShapeMismatchException>("no table", static () => Tensor.Embedding(Tensor.Zeros([3]), Tensor.From(0)), "Embedding", "[3]"),
            ],
        },
        new(EmbeddingOps.EmbeddingBackward, static x => EmbeddingOps.EmbeddingBackward.Apply(x, new(4, EmbeddingOps.NoPadding)), static x => Added(x[0], x[1], 4, padding: -1))
        {
            DTypes = Kinds.Real,
            Scale = 4,
            Samples =
            [
                new("rows", Samples.Spread(1, -1, 1, 3, 2, 3), Places),
                new("whole numbers", Samples.Whole(1, 1, 9, 3, 2, 3), Places) { For = Kinds.Integers },
                new Sample("truth values", Samples.Truths(1, 3, 2, 3), Places) { For = Kinds.Bools }
                    .With(static x => EmbeddingOps.EmbeddingBackward.Apply(x, new(4, EmbeddingOps.NoPadding)), static x => Added(x[0], x[1], 4, padding: -1).Map(static v => Math.Min(v, 1))),
                new Sample("padding", Samples.Spread(2, -1, 1, 3, 2, 3), Places).With(static x => EmbeddingOps.EmbeddingBackward.Apply(x, new(4, 2)), static x => Added(x[0], x[1], 4, padding: 2)),
            ],
        },
    ];

    private static NArray Rows(NArray table, NArray places) => NArray.Build([.. places.Sizes, table.Sizes[1]], i => table[[(int)places[i[..^1]], i[^1]]]);

    private static NArray Added(NArray g, NArray places, int rows, int padding)
    {
        var sums = new Sums([rows, g.Sizes[^1]]);
        foreach (int[] i in NArray.Indices(g.Sizes))
            if ((int)places[i[..^1]] is var row && row != padding) sums.Add([row, i[^1]], g[i]);
        return sums.ToArray();
    }
}
