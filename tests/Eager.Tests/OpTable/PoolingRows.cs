namespace Eager.Tests.OpTable;

/// <summary>Poolings, with the definitions written out over windows.</summary>
internal static class PoolingRows
{
    private static readonly PoolingOps.Attributes
        Pool = new([2, 2], [2, 2], [0, 0]),
        FramedPool = new([3, 3], [2, 2], [1, 1]),
        VolumePool = new([2, 2, 3], [1, 2, 2], [0, 0, 1]);

    private static readonly long[] Shares = [2, 3], VolumeShares = [1, 2, 2];

    internal static readonly OpRow[] All =
    [
        new(PoolingOps.MaxPool, "MaxPool", static (x, _) => PoolingOps.MaxPool.ApplyMany(x, Pool), static x => Largest(x[0], Pool))
        {
            DTypes = Kinds.NoHalf,
            Ulps = 0,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 1, 4, 2)),
                new("overlapping windows in a frame", Samples.Spread(2, -1, 1, 1, 2, 3, 4)) { Call = static (x, _) => PoolingOps.MaxPool.ApplyMany(x, FramedPool), Expect = static x => Largest(x[0], FramedPool) },
                new("volumes", Samples.Spread(3, -1, 1, 1, 2, 2, 2, 3)) { For = Kinds.Wide, Call = static (x, _) => PoolingOps.MaxPool.ApplyMany(x, VolumePool), Expect = static x => Largest(x[0], VolumePool) },
            ],
        },
        new(PoolingOps.MaxPoolBackward, static x => PoolingOps.MaxPoolBackward.Apply(x, new(Pool, [x[0].Shape[0], 1, 4, 2])), static x => PutBack(x[0], x[1], 1, 4, 2))
        {
            DTypes = Kinds.NoHalf,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 1, 2, 1), new([0, 5, 3, 4, 1, 7], [3, 1, 2, 1], DType.Int64)),
                new Sample("volumes", Samples.Spread(2, -1, 1, 2, 1, 1, 1, 2), new([0, 11, 8, 4], [2, 1, 1, 1, 2], DType.Int64)) { For = Kinds.Wide }
                    .With(static x => PoolingOps.MaxPoolBackward.Apply(x, new(VolumePool, [x[0].Shape[0], 1, 2, 2, 3])), static x => PutBack(x[0], x[1], 1, 2, 2, 3)),
            ],
        },
        new(PoolingOps.AvgPool, static x => PoolingOps.AvgPool.Apply(x, Pool), static x => Mean(x[0], Pool))
        {
            DTypes = Kinds.NoHalf,
            Scale = 4,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 1, 4, 2)),
                new Sample("overlapping windows in a frame", Samples.Spread(2, -1, 1, 1, 2, 3, 4)).With(static x => PoolingOps.AvgPool.Apply(x, FramedPool), static x => Mean(x[0], FramedPool)),
                new Sample("volumes", Samples.Spread(3, -1, 1, 1, 2, 2, 2, 3)) { For = Kinds.Wide }.With(static x => PoolingOps.AvgPool.Apply(x, VolumePool), static x => Mean(x[0], VolumePool)),
            ],
        },
        new(PoolingOps.AvgPoolBackward, static x => PoolingOps.AvgPoolBackward.Apply(x, new(Pool, [x[0].Shape[0], 1, 4, 2])), static x => SpreadBack(x[0], Pool, 1, 4, 2))
        {
            DTypes = Kinds.NoHalf,
            Scale = 4,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 1, 2, 1)),
                new Sample("overlapping windows in a frame", Samples.Spread(3, -1, 1, 1, 2, 2, 2))
                    .With(static x => PoolingOps.AvgPoolBackward.Apply(x, new(FramedPool, [x[0].Shape[0], 2, 3, 4])), static x => SpreadBack(x[0], FramedPool, 2, 3, 4)),
                new Sample("volumes", Samples.Spread(4, -1, 1, 1, 2, 1, 1, 2)) { For = Kinds.Wide }
                    .With(static x => PoolingOps.AvgPoolBackward.Apply(x, new(VolumePool, [x[0].Shape[0], 2, 2, 2, 3])), static x => SpreadBack(x[0], VolumePool, 2, 2, 2, 3)),
            ],
        },
        new(PoolingOps.AdaptiveMaxPool, "AdaptiveMaxPool", static (x, _) => PoolingOps.AdaptiveMaxPool.ApplyMany(x, Shares), static x => LargestShare(x[0], Shares))
        {
            DTypes = Kinds.NoHalf,
            Ulps = 0,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 1, 3, 4)),
                new("volumes", Samples.Spread(2, -1, 1, 1, 2, 2, 3, 2)) { For = Kinds.Wide, Call = static (x, _) => PoolingOps.AdaptiveMaxPool.ApplyMany(x, VolumeShares), Expect = static x => LargestShare(x[0], VolumeShares) },
            ],
        },
        new(PoolingOps.AdaptiveAvgPool, static x => PoolingOps.AdaptiveAvgPool.Apply(x, Shares), static x => MeanShare(x[0], Shares))
        {
            DTypes = Kinds.NoHalf,
            Scale = 4,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 1, 3, 4)),
                new Sample("volumes", Samples.Spread(2, -1, 1, 1, 2, 2, 3, 2)) { For = Kinds.Wide }.With(static x => PoolingOps.AdaptiveAvgPool.Apply(x, VolumeShares), static x => MeanShare(x[0], VolumeShares)),
            ],
        },
        new(PoolingOps.AdaptiveAvgPoolBackward, static x => PoolingOps.AdaptiveAvgPoolBackward.Apply(x, new(Shares, [x[0].Shape[0], 1, 3, 4])), static x => SpreadShares(x[0], 1, 3, 4))
        {
            DTypes = Kinds.NoHalf,
            Scale = 4,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 1, 2, 3)),
                new Sample("volumes", Samples.Spread(2, -1, 1, 1, 2, 1, 2, 2)) { For = Kinds.Wide }.With(static x => PoolingOps.AdaptiveAvgPoolBackward.Apply(x, new(VolumeShares, [x[0].Shape[0], 2, 2, 3, 2])), static x => SpreadShares(x[0], 2, 2, 3, 2)),
            ],
        },
    ];

    private static NArray[] Largest(NArray x, PoolingOps.Attributes a)
    {
        Window window = WindowOf(a);
        return LargestOf(x, window.Slide(x.Sizes, x.Sizes[1]), y => window.Seen(y, x.Sizes));
    }

    private static NArray Mean(NArray x, PoolingOps.Attributes a)
    {
        Window window = WindowOf(a);
        return NArray.Build(window.Slide(x.Sizes, x.Sizes[1]), y => window.Seen(y, x.Sizes).Average(i => x[i]));
    }

    private static NArray SpreadBack(NArray g, PoolingOps.Attributes a, params int[] plane)
    {
        Window window = WindowOf(a);
        return SpreadOver(g, [g.Sizes[0], .. plane], (y, sizes) => window.Seen(y, sizes));
    }

    private static NArray[] LargestShare(NArray x, long[] places) => LargestOf(x, Shared(x, places), y => Share(y, x.Sizes, Shared(x, places)));

    private static NArray MeanShare(NArray x, long[] places) => NArray.Build(Shared(x, places), y => Share(y, x.Sizes, Shared(x, places)).Average(i => x[i]));

    private static NArray SpreadShares(NArray g, params int[] plane) => SpreadOver(g, [g.Sizes[0], .. plane], (y, sizes) => Share(y, sizes, g.Sizes));

    private static NArray[] LargestOf(NArray x, int[] sizes, Func<int[], IEnumerable<int[]>> seen)
    {
        NArray places = NArray.Build(sizes, y => Place(seen(y).MaxBy(i => x[i])!, x.Sizes));
        return [NArray.Build(sizes, y => seen(y).Max(i => x[i])), places.As(DType.Int64)];
    }

    private static NArray SpreadOver(NArray g, int[] sizes, Func<int[], int[], IEnumerable<int[]>> seen)
    {
        var sums = new Sums(sizes);
        foreach (int[] y in NArray.Indices(g.Sizes))
        {
            var places = seen(y, sizes).ToList();
            foreach (int[] i in places) sums.Add(i, g[y] / places.Count);
        }
        return sums.ToArray();
    }

    private static NArray PutBack(NArray g, NArray places, params int[] plane)
    {
        var sums = new Sums([g.Sizes[0], plane[0], plane[1..].Aggregate(1, static (a, b) => a * b)]);
        foreach (int[] y in NArray.Indices(g.Sizes)) sums.Add([y[0], y[1], (int)places[y]], g[y]);
        return sums.ToArray().Reshaped([g.Sizes[0], .. plane]);
    }

    private static int[] Shared(NArray x, long[] places) => [x.Sizes[0], x.Sizes[1], .. places.Select(static p => (int)p)];

    // Place i of m sees the elements from ⌊i·n/m⌋ up to, not including, ⌈(i + 1)·n/m⌉ of n.
    private static IEnumerable<int[]> Share(int[] y, int[] sizes, int[] places) => NArray.Indices(sizes)
        .Where(i => i[0] == y[0] && i[1] == y[1] && Enumerable.Range(2, i.Length - 2).All(a => i[a] >= y[a] * sizes[a] / places[a] && i[a] < Math.Ceiling((y[a] + 1.0) * sizes[a] / places[a])));

    private static double Place(int[] index, int[] sizes)
    {
        int place = 0;
        for (int a = 2; a < index.Length; a++) place = place * sizes[a] + index[a];
        return place;
    }

    private static Window WindowOf(PoolingOps.Attributes a) => new(Ints(a.Window), Ints(a.Strides), Ints(a.Frame), [.. a.Window.Select(static _ => 1)]);

    private static int[] Ints(long[] values) => [.. values.Select(static v => (int)v)];
}
