namespace Eager.Tests.OpTable;

/// <summary>Normalizations, in the words of their formulas: the elements that share mean and variance, and those that share a factor.</summary>
internal static class NormalizationRows
{
    private const double Epsilon = 0.1;  // so large that samples of equal elements are smooth too

    private static readonly NormalizationOps.Attributes LastChannel = new(2, 1, Epsilon), SecondChannel = new(1, 1, Epsilon), LastTwo = new(1, 1, Epsilon), Pairs = new(1, 2, Epsilon);

    internal static readonly OpRow[] All =
    [
        Forward(NormalizationOps.BatchNorm, LastChannel, i => i[2], i => i[2], static x => [x[2]], static x => [x[2]],
            More(NormalizationOps.BatchNorm, "channels second", SecondChannel, i => i[1], i => i[1], static x => [x[1]], static x => [x[1]], Samples.Spread(4, -1, 1, 2, 3, 2), Samples.Spread(5, 0.5, 1.5, 3), Samples.Spread(6, -1, 1, 3)),
            More(NormalizationOps.BatchNorm, "vectors", new(1, 1, Epsilon), i => i[1], i => i[1], static x => [x[1]], static x => [x[1]], Samples.Spread(7, -1, 1, 4, 3), Samples.Spread(8, 0.5, 1.5, 3), Samples.Spread(9, -1, 1, 3))),
        Backward(NormalizationOps.BatchNormBackward, LastChannel, i => i[2], i => i[2], static x => [x[2]], static x => [x[2]]),
        Forward(NormalizationOps.LayerNorm, LastTwo, i => i[0], i => i[1] * 2 + i[2], static x => [x[1], x[2]], static x => [x[0], 1, 1],
            More(NormalizationOps.LayerNorm, "last axis", new(2, 1, Epsilon), i => i[0] * 2 + i[1], i => i[2], static x => [x[2]], static x => [x[0], x[1], 1], Samples.Spread(4, -1, 1, 2, 2, 3), Samples.Spread(5, 0.5, 1.5, 3), Samples.Spread(6, -1, 1, 3)),
            More(NormalizationOps.LayerNorm, "all axes", new(0, 1, Epsilon), i => 0, i => i[0] * 2 + i[1], static x => [x[0], x[1]], static x => [1, 1], Samples.Spread(7, -1, 1, 3, 2), Samples.Spread(8, 0.5, 1.5, 3, 2), Samples.Spread(9, -1, 1, 3, 2))),
        Backward(NormalizationOps.LayerNormBackward, LastTwo, i => i[0], i => i[1] * 2 + i[2], static x => [x[1], x[2]], static x => [x[0], 1, 1]),
        Forward(NormalizationOps.GroupNorm, Pairs, i => i[0] * 2 + i[1] / 2, i => i[1], static x => [x[1]], static x => [x[0], 2],
            More(NormalizationOps.GroupNorm, "images", Pairs, i => i[0] * 2 + i[1] / 1, i => i[1], static x => [x[1]], static x => [x[0], 2], Samples.Spread(4, -1, 1, 2, 2, 2, 2), Samples.Spread(5, 0.5, 1.5, 2), Samples.Spread(6, -1, 1, 2))),
        Backward(NormalizationOps.GroupNormBackward, Pairs, i => i[0] * 2 + i[1] / 2, i => i[1], static x => [x[1]], static x => [x[0], 2]),
    ];

    private static int[] InputSizes(Op op) => op.Name.StartsWith("Group", StringComparison.Ordinal) ? [3, 4, 2] : [3, 2, 2];

    private static OpRow Forward(Op<NormalizationOps.Attributes> op, NormalizationOps.Attributes a, Func<int[], int> group, Func<int[], int> factor, Func<int[], int[]> affine, Func<int[], int[]> statistics, params Sample[] more)
    {
        int[] sizes = InputSizes(op);
        return new(op, op.Name, (x, _) => op.ApplyMany(x, a), x => Normalize(x, a, group, factor, statistics))
        {
            DTypes = Kinds.NoHalf,
            Ulps = 16,  // mean and variance are sums of up to 8 terms, and r multiplies their errors by up to 1/√ε
            Scale = 4,
            Samples = [new("examples", Samples.Spread(1, -1, 1, sizes), Samples.Spread(2, 0.5, 1.5, affine(sizes)), Samples.Spread(3, -1, 1, affine(sizes))), .. more],
        };
    }

    private static Sample More(Op<NormalizationOps.Attributes> op, string name, NormalizationOps.Attributes a, Func<int[], int> group, Func<int[], int> factor, Func<int[], int[]> affine, Func<int[], int[]> statistics, params NArray[] inputs) => new(name, inputs)
    {
        Call = (x, _) => op.ApplyMany(x, a),
        Expect = x => Normalize(x, a, group, factor, statistics),
    };

    private static OpRow Backward(Op<NormalizationOps.Attributes> op, NormalizationOps.Attributes a, Func<int[], int> group, Func<int[], int> factor, Func<int[], int[]> affine, Func<int[], int[]> statistics)
    {
        int[] sizes = InputSizes(op);
        return new(op, op.Name, (x, _) => op.ApplyMany(x, a), x => NormalizeBackward(x, group, factor))
        {
            DTypes = Kinds.NoHalf,
            Ulps = 16,
            Scale = 8,
            // μ and r are any numbers here, not those of x: the operation is a function of all five.
            Samples = [new("examples", Samples.Spread(1, -1, 1, sizes), Samples.Spread(2, -1, 1, sizes), Samples.Spread(3, 0.5, 1.5, affine(sizes)), Samples.Spread(4, -0.5, 0.5, statistics(sizes)), Samples.Spread(5, 0.5, 1.5, statistics(sizes)))],
        };
    }

    private static NArray[] Normalize(NArray[] inputs, NormalizationOps.Attributes a, Func<int[], int> group, Func<int[], int> factor, Func<int[], int[]> statistics)
    {
        (NArray x, NArray gamma, NArray beta) = (inputs[0], inputs[1], inputs[2]);
        var groups = NArray.Indices(x.Sizes).GroupBy(group, i => x[i]).OrderBy(static g => g.Key);
        double[] mean = [.. groups.Select(static g => g.Average())];
        double[] rate = [.. groups.Select(g => 1 / Math.Sqrt(g.Average(v => Math.Pow(v - mean[g.Key], 2)) + a.Epsilon))];
        return
        [
            NArray.Build(x.Sizes, i => gamma.Values[factor(i)] * (x[i] - mean[group(i)]) * rate[group(i)] + beta.Values[factor(i)]),
            new(mean, statistics(x.Sizes)),
            new(rate, statistics(x.Sizes)),
        ];
    }

    // dx = r·(u − M(u) − x̂·M(u·x̂)) with u = g·γ, dγ = Σg·x̂, dβ = Σg
    private static NArray[] NormalizeBackward(NArray[] inputs, Func<int[], int> group, Func<int[], int> factor)
    {
        (NArray g, NArray x, NArray gamma, NArray mean, NArray rate) = (inputs[0], inputs[1], inputs[2], inputs[3], inputs[4]);
        double Normal(int[] i) => (x[i] - mean.Values[group(i)]) * rate.Values[group(i)];
        double U(int[] i) => g[i] * gamma.Values[factor(i)];
        var groups = NArray.Indices(x.Sizes).GroupBy(group).OrderBy(static s => s.Key);
        double[] meanU = [.. groups.Select(s => s.Average(U))], meanProduct = [.. groups.Select(s => s.Average(i => U(i) * Normal(i)))];
        double[] scale = new double[gamma.Values.Length], shift = new double[gamma.Values.Length];
        foreach (int[] i in NArray.Indices(x.Sizes))
        {
            scale[factor(i)] += g[i] * Normal(i);
            shift[factor(i)] += g[i];
        }
        return
        [
            NArray.Build(x.Sizes, i => rate.Values[group(i)] * (U(i) - meanU[group(i)] - Normal(i) * meanProduct[group(i)])),
            new(scale, gamma.Sizes),
            new(shift, gamma.Sizes),
        ];
    }
}
