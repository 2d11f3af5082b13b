using static Eager.AgainstPyTorch.Argument;
using static Eager.AgainstPyTorch.Bound;
using static Eager.AgainstPyTorch.Comparison;

namespace Eager.AgainstPyTorch;

/// <summary>Gathering, scattering, masks, searching.</summary>
internal static class IndexingComparisons
{
    internal static readonly Comparison[] All =
    [
        Indexed("Gather", "a.index_select(1, b)", static (x, i) => x.Gather(i, 1)),
        Indexed("Index", "a[:, b]", static (x, i) => x[.., i]),
        Indexed("Take", "torch.take(a, b)", static (x, i) => x.Take(i)),
        Indexed("IndexFill", "a.index_fill(1, b, 1.5)", static (x, i) => x.IndexFill(i, 1.5, 1)),
        Of("TakeAlongAxis", "a.gather(1, b)", static x => x[0].TakeAlongAxis(x[1], 1), static r => AnySizes(r, 2) is var s ? [Real(r, -3, 3, s), Places(r, s[1], s[0], 6)] : []),
        Of("GatherNd", "a[b[:, 0], b[:, 1]]", static x => x[0].GatherNd(x[1]), static r => AnySizes(r, 3) is var s ? [Real(r, -3, 3, s), Places(r, Math.Min(s[0], s[1]), 6, 2)] : []),
        Of("BatchGather", "torch.stack([row[i] for row, i in zip(a, b)])", static x => x[0].BatchGather(x[1]), static r => AnySizes(r, 3) is var s ? [Real(r, -3, 3, s), Places(r, s[1], s[0], 6)] : []),
        Of("BooleanMask", "a[b]", static x => x[0].BooleanMask(x[1]), static r => AnySizes(r, 2) is var s ? [Real(r, -3, 3, s), Truths(r, s)] : [], Exact),
        Of("Index by two", "a[b, :, c]", static x => x[0][x[1], .., x[2]], static r => AnySizes(r, 3) is var s ? [Real(r, -3, 3, s), Places(r, s[0], 5), Places(r, s[2], 5)] : []),
        Of("MaskedFill", "a.masked_fill(b, 1.5)", static x => x[0].MaskedFill(x[1], 1.5), static r => AnySizes(r, 3) is var s ? [Real(r, -3, 3, s), Truths(r, s[1..])] : [], Exact),
        Of("MaskedScatter", "a.masked_scatter(b, c)", static x => x[0].MaskedScatter(x[1], x[2]), static r => AnySizes(r, 2) is var s ? [Real(r, -3, 3, s), Truths(r, s), Real(r, -3, 3, s[0] * s[1])] : [], Exact),
        Of("IndexAdd", "a.index_add(0, b, c)", static x => x[0].IndexAdd(x[1], x[2]), static r => AnySizes(r, 2) is var s ? [Real(r, -3, 3, s), Places(r, s[0], 6), Real(r, -3, 3, 6, s[1])] : []),
        Of("IndexCopy", "a.index_copy(0, b, c)", static x => x[0].IndexCopy(x[1], x[2]), static r => AnySizes(r, 2) is var s ? [Real(r, -3, 3, s), DistinctPlaces(r, (int)s[0], 2), Real(r, -3, 3, 2, s[1])] : []),
        Of("Scatter", "a.scatter(1, b, c)", static x => x[0].Scatter(x[1], x[2], 1), static r => AnySizes(r, 2) is var s ? [Real(r, -3, 3, s), DistinctPlaces(r, (int)s[1], s[0], 2), Real(r, -3, 3, s[0], 2)] : []),
        Of("ScatterValue", "a.scatter(1, b, 1.5)", static x => x[0].Scatter(x[1], 1.5, 1), static r => AnySizes(r, 2) is var s ? [Real(r, -3, 3, s), Places(r, s[1], s[0], 4)] : []),
        Scattered("ScatterAdd", "a.scatter_add(1, b, c)", static x => x[0].ScatterAdd(x[1], x[2], 1)),
        Reduced("sum", ScatterReduction.Sum),
        Reduced("prod", ScatterReduction.Product),
        Reduced("mean", ScatterReduction.Mean),
        Reduced("amax", ScatterReduction.Maximum),
        Reduced("amin", ScatterReduction.Minimum),
        Scattered("ScatterReduce without self", "a.scatter_reduce(1, b, c, 'mean', include_self=False)", static x => x[0].ScatterReduce(x[1], x[2], 1, ScatterReduction.Mean, includeSelf: false)),
        Of("ScatterNd", "torch.zeros(4, 3, dtype=b.dtype).index_put((a[:, 0], a[:, 1]), b, accumulate=True)", static x => Tensor.ScatterNd(x[0], x[1], [4, 3]), static r => [Places(r, 3, 6, 2), Real(r, -3, 3, 6)]),
        Of("ScatterNdAdd", "c.index_put((a[:, 0], a[:, 1]), b, accumulate=True)", static x => x[2].ScatterNdAdd(x[0], x[1]), static r => [Places(r, 3, 6, 2), Real(r, -3, 3, 6), Real(r, -3, 3, 4, 3)]),
        Of("Embedding", "F.embedding(a, b)", static x => Tensor.Embedding(x[1], x[0]), static r => [Places(r, 6, 2, 5), Real(r, -3, 3, 6, r.Next(2, 6))]),
        Of("Embedding with padding", "F.embedding(a, b, padding_idx=2)", static x => Tensor.Embedding(x[1], x[0], paddingIndex: 2), static r => [Places(r, 6, 2, 5), Real(r, -3, 3, 6, r.Next(2, 6))]),
        Of("OneHot", "F.one_hot(a, 6).to(torch.float32)", static x => Tensor.OneHot(x[0], 6), static r => [Places(r, 6, AnySizes(r))], Exact) with { Gradients = false },
        Of("NonZero", "a.nonzero()", static x => x[0].NonZero(), static r => [Truths(r, AnySizes(r, 2))], Exact) with { Gradients = false },
        Of("SearchSorted", "torch.searchsorted(a.sort()[0], b)", static x => x[0].Sort().SearchSorted(x[1]), Boundaries, Exact) with { Gradients = false, DTypes = Numbers },
        Of("SearchSorted from the right", "torch.searchsorted(a.sort()[0], b, right=True)", static x => x[0].Sort().SearchSorted(x[1], right: true), Boundaries, Exact) with { Gradients = false, DTypes = Numbers },
        Of("Bucketize", "torch.bucketize(b, a.sort()[0])", static x => x[1].Bucketize(x[0].Sort()), Boundaries, Exact) with { Gradients = false, DTypes = Numbers },
        .. Distinct("Unique", "torch.unique({0}, return_inverse=True, return_counts=True)", static x => x.Unique()),
        .. Distinct("UniqueConsecutive", "torch.unique_consecutive({0}, return_inverse=True, return_counts=True)", static x => x.UniqueConsecutive()),
        .. Distinct("UniqueSlices", "torch.unique({0}, return_inverse=True, return_counts=True, dim=0)", static x => x.Unique(axis: 0)),
        .. Distinct("UniqueConsecutiveSlices", "torch.unique_consecutive({0}, return_inverse=True, return_counts=True, dim=0)", static x => x.UniqueConsecutive(axis: 0)),
    ];

    private static Comparison Reduced(string python, ScatterReduction reduction) =>
        Scattered($"ScatterReduce, {reduction}", $"a.scatter_reduce(1, b, c, '{python}')", x => x[0].ScatterReduce(x[1], x[2], 1, reduction));

    private static Comparison Scattered(string name, string python, Func<Tensor[], Tensor> call) =>
        Of(name, python, call, static r => AnySizes(r, 2) is var s ? [Real(r, -3, 3, s), Places(r, s[1], s[0], 6), Real(r, -3, 3, s[0], 6)] : []);

    private static Argument[] Boundaries(System.Random random) => [Integers(random, 0, 9, 5), Integers(random, 0, 9, AnySizes(random))];

    // The distinct elements, where each element stands among them, and how often.
    private static IEnumerable<Comparison> Distinct(string name, string python, Func<Tensor, (Tensor Values, Tensor Inverse, Tensor Counts)> call)
    {
        yield return Part("", 0, x => call(x).Values);
        yield return Part(", places", 1, x => call(x).Inverse);
        yield return Part(", counts", 2, x => call(x).Counts);

        Comparison Part(string what, int output, Func<Tensor, Tensor> part) =>
            Of(name + what, $"{python.Replace("{0}", "a")}[{output}]", x => part(x[0]), static r => [Integers(r, 0, 3, r.Next(2, 9), 2)], Exact) with { Gradients = false, DTypes = Numbers };
    }
}
