namespace Eager.Tests.OpTable;

/// <summary>Convolutions, poolings and frames, with the definitions written out as sums over windows.</summary>
internal static class ImageRows
{
    private static readonly Window Plain = new(2, 2, Stride: 1, Frame: 0, Dilation: 1, Groups: 1), Rich = new(2, 2, Stride: 2, Frame: 1, Dilation: 2, Groups: 2);

    private static readonly Window Pool = new(2, 2, Stride: 2, Frame: 0), FramedPool = new(3, 3, Stride: 2, Frame: 1);

    private readonly record struct Window(int Height, int Width, int Stride, int Frame, int Dilation = 1, int Groups = 1)
    {
        internal ConvolutionOps.Attributes Convolution => new([Stride, Stride], [Frame, Frame], [Dilation, Dilation], Groups);

        internal PoolingOps.Attributes Pooling => new([Height, Width], [Stride, Stride], [Frame, Frame]);

        internal int Places(int size, int window) => (size + 2 * Frame - Dilation * (window - 1) - 1) / Stride + 1;

        internal int At(int place, int offset) => place * Stride - Frame + offset * Dilation;

        internal int[] Pooled(NArray x) => [x.Sizes[0], x.Sizes[1], Places(x.Sizes[2], Height), Places(x.Sizes[3], Width)];
    }

    internal static readonly OpRow[] All =
    [
        new(ConvolutionOps.Convolution, static x => ConvolutionOps.Convolution.Apply(x, Plain.Convolution), static x => Convolve(x, Plain))
        {
            DTypes = Kinds.NoHalf,
            Scale = 16,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 2, 3, 2), Samples.Spread(2, -1, 1, 2, 2, 2, 2), Samples.Spread(3, -1, 1, 2)),
                new("no bias", Samples.Spread(4, -1, 1, 2, 1, 3, 3), Samples.Spread(5, -1, 1, 1, 1, 2, 2)),
                new Sample("strides, frame, dilation and groups", Samples.Spread(6, -1, 1, 1, 2, 4, 3), Samples.Spread(7, -1, 1, 2, 1, 2, 2), Samples.Spread(8, -1, 1, 2))
                    .With(static x => ConvolutionOps.Convolution.Apply(x, Rich.Convolution), static x => Convolve(x, Rich)),
            ],
        },
        new(ConvolutionOps.ConvolutionBackward, "ConvolutionBackward",
            static (x, _) => ConvolutionOps.ConvolutionBackward.ApplyMany(x, new(Plain.Convolution, true, true, true)), static x => ConvolveBackward(x, Plain))
        {
            DTypes = Kinds.NoHalf,
            Scale = 16,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 2, 2, 1), Samples.Spread(2, -1, 1, 3, 2, 3, 2), Samples.Spread(3, -1, 1, 2, 2, 2, 2)),
                new("strides, frame, dilation and groups", Samples.Spread(4, -1, 1, 1, 2, 2, 2), Samples.Spread(5, -1, 1, 1, 2, 4, 3), Samples.Spread(6, -1, 1, 2, 1, 2, 2))
                {
                    Call = static (x, _) => ConvolutionOps.ConvolutionBackward.ApplyMany(x, new(Rich.Convolution, true, true, true)),
                    Expect = static x => ConvolveBackward(x, Rich),
                },
                new("filters alone", Samples.Spread(7, -1, 1, 2, 1, 2, 2), Samples.Spread(8, -1, 1, 2, 1, 3, 3), Samples.Spread(9, -1, 1, 1, 1, 2, 2))
                {
                    Call = static (x, _) => ConvolutionOps.ConvolutionBackward.ApplyMany(x, new(Plain.Convolution, false, true, false)),
                    Expect = static x => [ConvolveBackward(x, Plain)[1]],
                },
            ],
        },
        new(PoolingOps.MaxPool, "MaxPool", static (x, _) => PoolingOps.MaxPool.ApplyMany(x, Pool.Pooling), static x => Largest(x[0], Pool))
        {
            DTypes = Kinds.NoHalf,
            Ulps = 0,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 1, 4, 2)),
                new("overlapping windows in a frame", Samples.Spread(2, -1, 1, 1, 2, 3, 4)) { Call = static (x, _) => PoolingOps.MaxPool.ApplyMany(x, FramedPool.Pooling), Expect = static x => Largest(x[0], FramedPool) },
            ],
        },
        new(PoolingOps.MaxPoolBackward, static x => PoolingOps.MaxPoolBackward.Apply(x, Pool.Pooling), static x => PutBack(x[0], x[1], x[2]))
        {
            DTypes = Kinds.NoHalf,
            Samples = [new("images", Samples.Spread(1, -1, 1, 3, 1, 2, 1), Samples.Spread(2, -1, 1, 3, 1, 4, 2), new([0, 5, 3, 4, 1, 7], [3, 1, 2, 1], DType.Int64))],
        },
        new(PoolingOps.PoolAt, static x => PoolingOps.PoolAt.Apply(x, Pool.Pooling), static x => NArray.Build(x[1].Sizes, i => Plane(x[0], i, (int)x[1][i])))
        {
            DTypes = Kinds.Real,
            NoGradientFor = [DType.Float16],
            Ulps = 0,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 1, 4, 2), new([0, 5, 3, 4, 1, 7], [3, 1, 2, 1], DType.Int64)),
                new("whole numbers", Samples.Whole(1, 1, 9, 3, 1, 4, 2), new([0, 5, 3, 4, 1, 7], [3, 1, 2, 1], DType.Int64)) { For = Kinds.Integers },
                new("truth values", Samples.Truths(1, 3, 1, 4, 2), new([0, 5, 3, 4, 1, 7], [3, 1, 2, 1], DType.Int64)) { For = Kinds.Bools },
            ],
        },
        new(PoolingOps.AvgPool, static x => PoolingOps.AvgPool.Apply(x, Pool.Pooling), static x => Mean(x[0], Pool))
        {
            DTypes = Kinds.NoHalf,
            Scale = 4,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 1, 4, 2)),
                new Sample("overlapping windows in a frame", Samples.Spread(2, -1, 1, 1, 2, 3, 4)).With(static x => PoolingOps.AvgPool.Apply(x, FramedPool.Pooling), static x => Mean(x[0], FramedPool)),
            ],
        },
        new(PoolingOps.AvgPoolBackward, static x => PoolingOps.AvgPoolBackward.Apply(x, Pool.Pooling), static x => SpreadBack(x[0], x[1], Pool))
        {
            DTypes = Kinds.NoHalf,
            Scale = 4,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 1, 2, 1), Samples.Spread(2, -1, 1, 3, 1, 4, 2)),
                new Sample("overlapping windows in a frame", Samples.Spread(3, -1, 1, 1, 2, 2, 2), Samples.Spread(4, -1, 1, 1, 2, 3, 4))
                    .With(static x => PoolingOps.AvgPoolBackward.Apply(x, FramedPool.Pooling), static x => SpreadBack(x[0], x[1], FramedPool)),
            ],
        },
    ];

    // y[n, o, p, q] = b[o] + Σ x[n, c of the group, window] · w[o, c, window]
    private static NArray Convolve(NArray[] x, Window window)
    {
        (NArray images, NArray filters) = (x[0], x[1]);
        int[] sizes = [images.Sizes[0], filters.Sizes[0], window.Places(images.Sizes[2], filters.Sizes[2]), window.Places(images.Sizes[3], filters.Sizes[3])];
        return NArray.Build(sizes, y => (x.Length > 2 ? x[2][[y[1]]] : 0) + Terms(y, images, filters, window).Sum(t => images[t.Image] * filters[t.Filter]));
    }

    // Σg·y is a sum of products g·x·w and g·b: each gives its part to the gradients of x, w and b.
    private static NArray[] ConvolveBackward(NArray[] x, Window window)
    {
        (NArray g, NArray images, NArray filters) = (x[0], x[1], x[2]);
        var forImages = new Sums(images.Sizes);
        var forFilters = new Sums(filters.Sizes);
        foreach (int[] y in NArray.Indices(g.Sizes))
            foreach ((int[] image, int[] filter) in Terms(y, images, filters, window))
            {
                forImages.Add(image, g[y] * filters[filter]);
                forFilters.Add(filter, g[y] * images[image]);
            }
        return [forImages.ToArray(), forFilters.ToArray(), g.Reduce([0, 2, 3], keepDims: false, static line => line.Sum())];
    }

    // The places of x and w whose products make up one place of y.
    private static IEnumerable<(int[] Image, int[] Filter)> Terms(int[] y, NArray images, NArray filters, Window window)
    {
        int firstChannel = y[1] / (filters.Sizes[0] / window.Groups) * filters.Sizes[1];
        return from w in NArray.Indices([filters.Sizes[1], filters.Sizes[2], filters.Sizes[3]])
               let image = (int[])[y[0], firstChannel + w[0], window.At(y[2], w[1]), window.At(y[3], w[2])]
               where Inside(images, image)
               select (image, (int[])[y[1], .. w]);
    }

    private static NArray[] Largest(NArray x, Window window)
    {
        int[] sizes = window.Pooled(x);
        NArray places = NArray.Build(sizes, y => Seen(x, y, window).MaxBy(i => x[i]) is var best ? best![2] * x.Sizes[3] + best[3] : 0);
        return [NArray.Build(sizes, y => Plane(x, y, (int)places[y])), places.As(DType.Int64)];
    }

    private static NArray Mean(NArray x, Window window) => NArray.Build(window.Pooled(x), y => Seen(x, y, window).Average(i => x[i]));

    private static NArray SpreadBack(NArray g, NArray x, Window window)
    {
        var sums = new Sums(x.Sizes);
        foreach (int[] y in NArray.Indices(g.Sizes))
        {
            var seen = Seen(x, y, window).ToList();
            foreach (int[] i in seen) sums.Add(i, g[y] / seen.Count);
        }
        return sums.ToArray();
    }

    private static NArray PutBack(NArray g, NArray x, NArray places)
    {
        var sums = new Sums(x.Sizes);
        foreach (int[] y in NArray.Indices(g.Sizes)) sums.Add([y[0], y[1], (int)places[y] / x.Sizes[3], (int)places[y] % x.Sizes[3]], g[y]);
        return sums.ToArray();
    }

    // The places of x that a pooling's window sees, without those of the frame.
    private static IEnumerable<int[]> Seen(NArray x, int[] y, Window window) =>
        from w in NArray.Indices([window.Height, window.Width])
        let place = (int[])[y[0], y[1], window.At(y[2], w[0]), window.At(y[3], w[1])]
        where Inside(x, place)
        select place;

    private static double Plane(NArray x, int[] y, int place) => x[[y[0], y[1], place / x.Sizes[3], place % x.Sizes[3]]];

    private static bool Inside(NArray x, int[] i) => i[2] >= 0 && i[3] >= 0 && i[2] < x.Sizes[2] && i[3] < x.Sizes[3];

    /// <summary>An array that is added to place by place.</summary>
    private sealed class Sums(int[] sizes)
    {
        private readonly double[] values = new double[sizes.Aggregate(1, static (a, b) => a * b)];

        internal void Add(int[] index, double value)
        {
            int flat = 0;
            for (int i = 0; i < index.Length; i++) flat = flat * sizes[i] + index[i];
            values[flat] += value;
        }

        internal NArray ToArray() => new(values, sizes);
    }
}
