using Eager.Layers;
using Eager.Tests.OpTable;
using Weights = System.Collections.Generic.IReadOnlyDictionary<string, Eager.Tests.OpTable.NArray>;

namespace Eager.Tests.Layers;

/// <summary>Every layer, with what it computes written out in plain C#.</summary>
internal static class LayerTable
{
    private const DType F64 = DType.Float64;

    private static NArray Sequences => Samples.Spread(1, -1, 1, 2, 5, 4);

    private static NArray Images => Samples.Spread(2, -1, 1, 2, 5, 4, 4);

    private static NArray Volumes => Samples.Spread(3, -1, 1, 2, 3, 4, 3, 2);

    internal static readonly LayerRow[] All =
    [
        new("Dense", static () => new Dense(3, "tanh", dtype: F64), Sequences, ["kernel [4, 3]", "bias [3]"], static (x, w) => Affine(x, w["kernel"], w["bias"]).Map(Math.Tanh)),
        new("Dense without bias", static () => new Dense(3, useBias: false, dtype: F64), Samples.Spread(4, -1, 1, 3, 4), ["kernel [4, 3]"], static (x, w) => Affine(x, w["kernel"], null)),
        new("Conv1D", static () => new Conv1D(6, 3, 2, Padding.Same, "sigmoid", groups: 2, dtype: F64), Sequences, ["kernel [3, 2, 6]", "bias [6]"],
            static (x, w) => Last(Convolve(First(x), w["kernel"], w["bias"], [2], [1], [1], [3], 2)).Map(Sigmoid)),
        new("Conv1D, causal", static () => new Conv1D(2, 2, padding: Padding.Causal, dilation: 2, dtype: F64), Sequences, ["kernel [2, 4, 2]", "bias [2]"],
            static (x, w) => Last(Convolve(First(x), w["kernel"], w["bias"], [1], [2], [2], [5], 1))),
        new("Conv2D", static () => new Conv2D(3, (3, 2), (2, 1), dilation: (1, 2), useBias: false, dtype: F64), Images, ["kernel [3, 2, 4, 3]"],
            static (x, w) => Last(Convolve(First(x), w["kernel"], null, [2, 1], [0, 0], [1, 2], [2, 2], 1))),
        new("Conv2D, channels first, framed", static () => new Conv2D(2, 3, padding: Padding.Of((1, 0), (0, 1)), dataFormat: DataFormat.ChannelsFirst, dtype: F64), Samples.Spread(5, -1, 1, 2, 3, 4, 4), ["kernel [3, 3, 3, 2]", "bias [2]"],
            static (x, w) => Convolve(x, w["kernel"], w["bias"], [1, 1], [1, 0], [1, 1], [3, 3], 1)),
        new("Conv3D", static () => new Conv3D(2, 2, dtype: F64), Volumes, ["kernel [2, 2, 2, 2, 2]", "bias [2]"], static (x, w) => Last(Convolve(First(x), w["kernel"], w["bias"], [1, 1, 1], [0, 0, 0], [1, 1, 1], [2, 3, 2], 1))),
        new("Conv1DTranspose", static () => new Conv1DTranspose(3, 3, 2, dtype: F64), Sequences, ["kernel [3, 3, 4]", "bias [3]"], static (x, w) => Last(Transpose(First(x), w["kernel"], w["bias"], [2], [0], [11]))),
        new("Conv2DTranspose", static () => new Conv2DTranspose(3, 3, 2, Padding.Same, dtype: F64), Images, ["kernel [3, 3, 3, 4]", "bias [3]"], static (x, w) => Last(Transpose(First(x), w["kernel"], w["bias"], [2, 2], [0, 0], [10, 8]))),
        new("Conv3DTranspose", static () => new Conv3DTranspose(1, 2, 2, useBias: false, dtype: F64), Samples.Spread(6, -1, 1, 2, 2, 2, 2, 2), ["kernel [2, 2, 2, 1, 2]"], static (x, w) => Last(Transpose(First(x), w["kernel"], null, [2, 2, 2], [0, 0, 0], [4, 4, 4]))),
        new("DepthwiseConv1D", static () => new DepthwiseConv1D(3, depthMultiplier: 2, dtype: F64), Sequences, ["kernel [3, 4, 2]", "bias [8]"], static (x, w) => Last(Depthwise(First(x), w["kernel"], w["bias"], [1], [0], [3]))),
        new("DepthwiseConv2D", static () => new DepthwiseConv2D(3, 2, Padding.Same, useBias: false, dtype: F64), Images, ["kernel [3, 3, 4, 1]"], static (x, w) => Last(Depthwise(First(x), w["kernel"], null, [2, 2], [1, 0], [3, 2]))),
        new("SeparableConv1D", static () => new SeparableConv1D(3, 3, dtype: F64), Sequences, ["kernel [3, 4, 1]", "bias [3]", "pointwiseKernel [1, 4, 3]"],
            static (x, w) => Affine(Last(Depthwise(First(x), w["kernel"], null, [1], [0], [3])), w["pointwiseKernel"].Reshaped(4, 3), w["bias"])),
        new("SeparableConv2D", static () => new SeparableConv2D(3, 2, depthMultiplier: 2, dtype: F64), Images, ["kernel [2, 2, 4, 2]", "bias [3]", "pointwiseKernel [1, 1, 8, 3]"],
            static (x, w) => Affine(Last(Depthwise(First(x), w["kernel"], null, [1, 1], [0, 0], [4, 3])), w["pointwiseKernel"].Reshaped(8, 3), w["bias"])),
        Pool("MaxPool1D", static () => new MaxPool1D(), Sequences, [2], [2], [0], [2], static v => v.Max()),
        Pool("MaxPool2D", static () => new MaxPool2D(3, 2, Padding.Same), Images, [3, 3], [2, 2], [1, 0], [3, 2], static v => v.Max()),
        Pool("MaxPool3D", static () => new MaxPool3D((1, 2, 3)), Volumes, [1, 2, 3], [1, 2, 3], [0, 0, 0], [3, 2, 1], static v => v.Max()),
        Pool("AvgPool1D", static () => new AvgPool1D(3, 1), Sequences, [3], [1], [0], [3], static v => v.Average()),
        Pool("AvgPool2D", static () => new AvgPool2D(3, 2, Padding.Same), Images, [3, 3], [2, 2], [1, 0], [3, 2], static v => v.Average()),
        Pool("AvgPool3D", static () => new AvgPool3D(), Volumes, [2, 2, 2], [2, 2, 2], [0, 0, 0], [1, 2, 1], static v => v.Average()),
        Global("GlobalMaxPool1D", static () => new GlobalMaxPool1D(), Sequences, static v => v.Max()),
        Global("GlobalMaxPool2D", static () => new GlobalMaxPool2D(), Images, static v => v.Max()),
        Global("GlobalMaxPool3D", static () => new GlobalMaxPool3D(), Volumes, static v => v.Max()),
        Global("GlobalAvgPool1D", static () => new GlobalAvgPool1D(), Sequences, static v => v.Average()),
        Global("GlobalAvgPool2D", static () => new GlobalAvgPool2D(), Images, static v => v.Average()),
        Global("GlobalAvgPool3D", static () => new GlobalAvgPool3D(), Volumes, static v => v.Average()),
        Plain("Flatten", static () => new Flatten(), Images, static x => x.Reshaped(2, 80)),
        Plain("Reshape", static () => new Reshape([-1, 8]), Images, static x => x.Reshaped(2, 10, 8)),
        Plain("Permute", static () => new Permute([3, 1, 2]), Images, static x => x.Permuted(0, 3, 1, 2)),
        Plain("RepeatVector", static () => new RepeatVector(3), Samples.Spread(7, -1, 1, 2, 4), static x => NArray.Build([2, 3, 4], i => x[[i[0], i[2]]])),
        Plain("Dropout, not in training", static () => new Dropout(0.5), Images, static x => x),
        Plain("GaussianNoise, not in training", static () => new GaussianNoise(0.5), Images, static x => x),
        Plain("Activation", static () => new Activation("softsign"), Images, static x => x.Map(static v => v / (1 + Math.Abs(v)))),
        Plain("ZeroPadding1D", static () => new ZeroPadding1D((1, 2)), Sequences, static x => Framed(x, [1], [2])),
        Plain("ZeroPadding2D", static () => new ZeroPadding2D(width: (0, 2)), Images, static x => Framed(x, [1, 0], [1, 2])),
        Plain("ZeroPadding3D", static () => new ZeroPadding3D(), Volumes, static x => Framed(x, [1, 1, 1], [1, 1, 1])),
        Plain("Cropping1D", static () => new Cropping1D((2, 1)), Sequences, static x => Framed(x, [-2], [-1])),
        Plain("Cropping2D", static () => new Cropping2D(width: (0, 2)), Images, static x => Framed(x, [-1, 0], [-1, -2])),
        Plain("Cropping3D", static () => new Cropping3D((1, 0), (1, 2), (0, 0)), Volumes, static x => Framed(x, [-1, -1, 0], [0, -2, 0])),
        Plain("UpSampling1D", static () => new UpSampling1D(3), Sequences, static x => NArray.Build([2, 15, 4], i => x[[i[0], i[1] / 3, i[2]]])),
        Plain("UpSampling2D", static () => new UpSampling2D((2, 1)), Images, static x => NArray.Build([2, 10, 4, 4], i => x[[i[0], i[1] / 2, i[2], i[3]]])),
        Plain("UpSampling3D", static () => new UpSampling3D((1, 2, 2)), Volumes, static x => NArray.Build([2, 3, 8, 6, 2], i => x[[i[0], i[1], i[2] / 2, i[3] / 2, i[4]]])),
        new("BatchNorm", static () => new BatchNorm(dtype: F64), Images, ["gamma [4]", "beta [4]", "movingMean [4]", "movingVariance [4]"],
            static (x, w) => NArray.Build(x.Sizes, i => w["gamma"][[i[3]]] * (x[i] - w["movingMean"][[i[3]]]) / Math.Sqrt(w["movingVariance"][[i[3]]] + 1e-3) + w["beta"][[i[3]]])),
        new("BatchNorm in training, channels second", static () => new BatchNorm(1, epsilon: 0.1, dtype: F64), Samples.Spread(8, -1, 1, 3, 2, 4), ["gamma [2]", "beta [2]", "movingMean [2]", "movingVariance [2]"],
            static (x, w) => Normalized(x, static i => i[1], 0.1, i => w["gamma"][[i[1]]], i => w["beta"][[i[1]]])) { Training = true },
        new("LayerNorm", static () => new LayerNorm(epsilon: 0.1, dtype: F64), Sequences, ["gamma [4]", "beta [4]"],
            static (x, w) => Normalized(x, static i => i[0] * 100 + i[1], 0.1, i => w["gamma"][[i[2]]], i => w["beta"][[i[2]]])),
        new("GroupNorm", static () => new GroupNorm(2, 0.1, dtype: F64), Images, ["gamma [4]", "beta [4]"],
            static (x, w) => Normalized(x, static i => i[0] * 100 + i[3] / 2, 0.1, i => w["gamma"][[i[3]]], i => w["beta"][[i[3]]])),
        new("GroupNorm of single channels, channels first", static () => new GroupNorm(-1, 0.1, dataFormat: DataFormat.ChannelsFirst, dtype: F64), Samples.Spread(9, -1, 1, 2, 3, 4), ["gamma [3]", "beta [3]"],
            static (x, w) => Normalized(x, static i => i[0] * 100 + i[1], 0.1, i => w["gamma"][[i[1]]], i => w["beta"][[i[1]]])),
        new("Embedding", static () => new Embedding(5, 3, dtype: F64), new([4, 0, 2, 2, 1, 4], [2, 3], DType.Int32), ["embeddings [5, 3]"], static (x, w) => NArray.Build([2, 3, 3], i => w["embeddings"][[(int)x[i[..2]], i[2]]])),
        .. RecurrentRows.All,
    ];

    internal static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>x·w + b over the last axis.</summary>
    internal static NArray Affine(NArray x, NArray w, NArray? b) => NArray.Build([.. x.Sizes[..^1], w.Sizes[1]], i => (b is null ? 0 : b[[i[^1]]]) + Enumerable.Range(0, w.Sizes[0]).Sum(k => x[[.. i[..^1], k]] * w[[k, i[^1]]]));

    private static LayerRow Plain(string name, Func<Layer> make, NArray input, Func<NArray, NArray> expect) => new(name, make, input, [], (x, _) => expect(x));

    private static LayerRow Pool(string name, Func<Layer> make, NArray input, int[] window, int[] strides, int[] before, int[] places, Func<IEnumerable<double>, double> take) => Plain(name, make, input, x =>
    {
        NArray first = First(x);
        var slid = new Window(window, strides, before, [.. window.Select(static _ => 1)]);
        return Last(NArray.Build([.. first.Sizes[..2], .. places], i => take(slid.Seen(i, first.Sizes).Select(p => first[p]))));
    });

    private static LayerRow Global(string name, Func<Layer> make, NArray input, Func<double[], double> take) => Plain(name, make, input, x => x.Reduce([.. Enumerable.Range(1, x.Rank - 2)], keepDims: false, take));

    private static NArray First(NArray x) => x.Permuted([0, x.Rank - 1, .. Enumerable.Range(1, x.Rank - 2)]);

    private static NArray Last(NArray x) => x.Permuted([0, .. Enumerable.Range(2, x.Rank - 2), 1]);

    // [window, a, b] as [b, a, window]
    private static NArray Filters(NArray kernel) => kernel.Permuted([kernel.Rank - 1, kernel.Rank - 2, .. Enumerable.Range(0, kernel.Rank - 2)]);

    private static NArray Convolve(NArray x, NArray kernel, NArray? bias, int[] strides, int[] before, int[] dilation, int[] places, int groups)
    {
        NArray w = Filters(kernel);
        int[] sizes = [x.Sizes[0], w.Sizes[0], .. places];
        Sums y = Biased(sizes, bias);
        foreach ((int[] small, int[] large, int[] filter) in new Window(w.Sizes[2..], strides, before, dilation, groups).Terms(sizes, x.Sizes, w.Sizes)) y.Add(small, x[large] * w[filter]);
        return y.ToArray();
    }

    private static NArray Transpose(NArray x, NArray kernel, NArray? bias, int[] strides, int[] before, int[] places)
    {
        NArray w = Filters(kernel);
        int[] sizes = [x.Sizes[0], w.Sizes[1], .. places];
        Sums y = Biased(sizes, bias);
        foreach ((int[] small, int[] large, int[] filter) in new Window(w.Sizes[2..], strides, before, [.. strides.Select(static _ => 1)]).Terms(x.Sizes, sizes, w.Sizes)) y.Add(large, x[small] * w[filter]);
        return y.ToArray();
    }

    // The kernel is [window, channels, multiplier].
    private static NArray Depthwise(NArray x, NArray kernel, NArray? bias, int[] strides, int[] before, int[] places)
    {
        int multiplier = kernel.Sizes[^1], channels = kernel.Sizes[^2];
        NArray joined = kernel.Reshaped([.. kernel.Sizes[..^2], 1, channels * multiplier]);
        return Convolve(x, joined, bias, strides, before, [.. strides.Select(static _ => 1)], places, channels);
    }

    private static Sums Biased(int[] sizes, NArray? bias)
    {
        var y = new Sums(sizes);
        if (bias is not null)
            foreach (int[] i in NArray.Indices(sizes)) y.Add(i, bias[[i[1]]]);
        return y;
    }

    // More places with zeros, or fewer where a number is negative.
    private static NArray Framed(NArray x, int[] before, int[] after)
    {
        int[] sizes = [x.Sizes[0], .. before.Select((b, a) => b + x.Sizes[a + 1] + after[a]), x.Sizes[^1]];
        return NArray.Build(sizes, i =>
        {
            int[] at = [i[0], .. before.Select((b, a) => i[a + 1] - b), i[^1]];
            return at.Zip(x.Sizes).All(static p => p.First >= 0 && p.First < p.Second) ? x[at] : 0;
        });
    }

    private static NArray Normalized(NArray x, Func<int[], int> group, double epsilon, Func<int[], double> gamma, Func<int[], double> beta)
    {
        var groups = NArray.Indices(x.Sizes).GroupBy(group, i => x[i]).ToDictionary(static g => g.Key, static g => (Mean: g.Average(), Variance: g.Average(v => v * v) - Math.Pow(g.Average(), 2)));
        return NArray.Build(x.Sizes, i => gamma(i) * (x[i] - groups[group(i)].Mean) / Math.Sqrt(groups[group(i)].Variance + epsilon) + beta(i));
    }
}
