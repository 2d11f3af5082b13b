namespace Eager.Tests.OpTable;

/// <summary>Convolutions and their transposes, with the definitions written out as sums over windows.</summary>
internal static class ConvolutionRows
{
    private static readonly ConvolutionOps.Attributes
        Plain = new([1, 1], [0, 0], [1, 1], 1),
        Rich = new([2, 2], [1, 1], [2, 2], 2),
        Sequence = new([2], [1], [1], 1),
        Volume = new([1, 2, 1], [0, 1, 0], [1, 1, 1], 1),
        Transposed = new([1, 1], [0, 0], [1, 1], 1, More: [0, 0]),
        RichTransposed = new([2, 1], [1, 0], [1, 2], 2, More: [1, 0]),
        SequenceTransposed = new([2], [0], [1], 1, More: [0]),
        VolumeTransposed = new([1, 1, 2], [0, 0, 1], [1, 1, 1], 1, More: [0, 0, 0]);

    internal static readonly OpRow[] All =
    [
        new(ConvolutionOps.Convolution, static x => ConvolutionOps.Convolution.Apply(x, Plain), static x => Convolve(x, Plain))
        {
            DTypes = Kinds.NoHalf,
            Scale = 16,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 2, 3, 2), Samples.Spread(2, -1, 1, 2, 2, 2, 2), Samples.Spread(3, -1, 1, 2)),
                new("no bias", Samples.Spread(4, -1, 1, 2, 1, 3, 3), Samples.Spread(5, -1, 1, 1, 1, 2, 2)),
                Forward("strides, frame, dilation and groups", Rich, Samples.Spread(6, -1, 1, 1, 2, 4, 3), Samples.Spread(7, -1, 1, 2, 1, 2, 2), Samples.Spread(8, -1, 1, 2)),
                Forward("sequences", Sequence, Samples.Spread(9, -1, 1, 2, 2, 4), Samples.Spread(10, -1, 1, 2, 2, 3), Samples.Spread(11, -1, 1, 2)),
                Forward("volumes", Volume, Samples.Spread(12, -1, 1, 1, 2, 2, 3, 2), Samples.Spread(13, -1, 1, 1, 2, 2, 2, 1), Samples.Spread(14, -1, 1, 1)),
                Forward("transposed", Transposed, Samples.Spread(15, -1, 1, 2, 2, 2, 2), Samples.Spread(16, -1, 1, 2, 1, 2, 2), Samples.Spread(17, -1, 1, 1)),
                Forward("transposed with strides, frame, dilation and groups", RichTransposed, Samples.Spread(18, -1, 1, 1, 2, 2, 2), Samples.Spread(19, -1, 1, 2, 2, 3, 2), Samples.Spread(20, -1, 1, 4)),
                Forward("transposed sequences", SequenceTransposed, Samples.Spread(21, -1, 1, 2, 2, 3), Samples.Spread(22, -1, 1, 2, 1, 3)),
                Forward("transposed volumes", VolumeTransposed, Samples.Spread(23, -1, 1, 1, 2, 2, 1, 2), Samples.Spread(24, -1, 1, 2, 1, 1, 2, 3)),
                Forward("transposed, no examples", Transposed, NArray.Empty(0, 2, 2, 2), Samples.Spread(25, -1, 1, 2, 3, 2, 2)),
            ],
        },
        new(ConvolutionOps.ConvolutionBackward, "ConvolutionBackward",
            static (x, _) => ConvolutionOps.ConvolutionBackward.ApplyMany(x, new(Plain, true, true, true)), static x => ConvolveBackward(x, Plain))
        {
            DTypes = Kinds.NoHalf,
            Scale = 16,
            Samples =
            [
                new("images", Samples.Spread(1, -1, 1, 3, 2, 2, 1), Samples.Spread(2, -1, 1, 3, 2, 3, 2), Samples.Spread(3, -1, 1, 2, 2, 2, 2)),
                Backward("strides, frame, dilation and groups", Rich, Samples.Spread(4, -1, 1, 1, 2, 2, 2), Samples.Spread(5, -1, 1, 1, 2, 4, 3), Samples.Spread(6, -1, 1, 2, 1, 2, 2)),
                Backward("sequences", Sequence, Samples.Spread(7, -1, 1, 2, 2, 2), Samples.Spread(8, -1, 1, 2, 2, 4), Samples.Spread(9, -1, 1, 2, 2, 3)),
                Backward("volumes", Volume, Samples.Spread(10, -1, 1, 1, 1, 1, 2, 2), Samples.Spread(11, -1, 1, 1, 2, 2, 3, 2), Samples.Spread(12, -1, 1, 1, 2, 2, 2, 1)),
                Backward("transposed with strides, frame, dilation and groups", RichTransposed, Samples.Spread(13, -1, 1, 1, 4, 4, 4), Samples.Spread(14, -1, 1, 1, 2, 2, 2), Samples.Spread(15, -1, 1, 2, 2, 3, 2)),
                Backward("transposed sequences", SequenceTransposed, Samples.Spread(16, -1, 1, 2, 1, 7), Samples.Spread(17, -1, 1, 2, 2, 3), Samples.Spread(18, -1, 1, 2, 1, 3)),
                new("filters alone", Samples.Spread(19, -1, 1, 2, 1, 2, 2), Samples.Spread(20, -1, 1, 2, 1, 3, 3), Samples.Spread(21, -1, 1, 1, 1, 2, 2))
                {
                    Call = static (x, _) => ConvolutionOps.ConvolutionBackward.ApplyMany(x, new(Plain, false, true, false)),
                    Expect = static x => [ConvolveBackward(x, Plain)[1]],
                },
            ],
        },
    ];

    private static Sample Forward(string name, ConvolutionOps.Attributes a, params NArray[] inputs) =>
        (new Sample(name, inputs) { For = DTypesOf(a) }).With(x => ConvolutionOps.Convolution.Apply(x, a), x => Convolve(x, a));

    private static Sample Backward(string name, ConvolutionOps.Attributes a, params NArray[] inputs) => new(name, inputs)
    {
        For = DTypesOf(a),
        Call = (x, _) => ConvolutionOps.ConvolutionBackward.ApplyMany(x, new(a, true, true, true)),
        Expect = x => ConvolveBackward(x, a),
    };

    // LibTorch's transposes of bfloat16 fail on the CPU.
    private static DType[] DTypesOf(ConvolutionOps.Attributes a) => a.Transposed ? Kinds.Wide : Kinds.Floats;

    // y[n, o, …] = b[o] + Σ x[n, c of the group, window]·w[o, c, window]; a transpose puts x·w to where the window of x is
    private static NArray Convolve(NArray[] x, ConvolutionOps.Attributes a)
    {
        (NArray input, NArray filters) = (x[0], x[1]);
        Window window = WindowOf(filters, a);
        int[] sizes = a.Transposed
            ? [input.Sizes[0], filters.Sizes[1] * window.Groups, .. window.Size.Select((extent, i) => (input.Sizes[i + 2] - 1) * window.Strides[i] - 2 * window.Before[i] + window.Dilation[i] * (extent - 1) + (int)a.More![i] + 1)]
            : window.Slide(input.Sizes, filters.Sizes[0]);
        var y = new Sums(sizes);
        if (x.Length > 2)
            foreach (int[] i in NArray.Indices(sizes)) y.Add(i, x[2][[i[1]]]);
        foreach ((int[] small, int[] large, int[] filter) in a.Transposed ? window.Terms(input.Sizes, sizes, filters.Sizes) : window.Terms(sizes, input.Sizes, filters.Sizes))
            y.Add(a.Transposed ? large : small, input[a.Transposed ? small : large] * filters[filter]);
        return y.ToArray();
    }

    // Σg·y is a sum of products g·x·w and g·b: each gives its part to the gradients of x, w and b.
    private static NArray[] ConvolveBackward(NArray[] x, ConvolutionOps.Attributes a)
    {
        (NArray g, NArray input, NArray filters) = (x[0], x[1], x[2]);
        Window window = WindowOf(filters, a);
        var forInput = new Sums(input.Sizes);
        var forFilters = new Sums(filters.Sizes);
        foreach ((int[] small, int[] large, int[] filter) in a.Transposed ? window.Terms(input.Sizes, g.Sizes, filters.Sizes) : window.Terms(g.Sizes, input.Sizes, filters.Sizes))
        {
            (int[] ofOutput, int[] ofInput) = a.Transposed ? (large, small) : (small, large);
            forInput.Add(ofInput, g[ofOutput] * filters[filter]);
            forFilters.Add(filter, g[ofOutput] * input[ofInput]);
        }
        return [forInput.ToArray(), forFilters.ToArray(), g.Reduce([0, .. Enumerable.Range(2, g.Rank - 2)], keepDims: false, static line => line.Sum())];
    }

    private static Window WindowOf(NArray filters, ConvolutionOps.Attributes a) => new(filters.Sizes[2..], Ints(a.Strides), Ints(a.Frame), Ints(a.Dilation), (int)a.Groups);

    private static int[] Ints(long[] values) => [.. values.Select(static v => (int)v)];
}
