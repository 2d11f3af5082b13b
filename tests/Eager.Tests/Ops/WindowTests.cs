using Eager.Tests.OpTable;
using NUnit.Framework;

namespace Eager.Tests.Ops;

/// <summary>Convolutions and poolings over sequences, images and volumes through their public methods: layouts, paddings and transposes.</summary>
[Parallelizable(ParallelScope.All)]
public class WindowTests
{
    private static readonly int[][] Inner = [[7], [5, 6], [4, 5, 3]];

    /// <summary>The paddings with the frames that they make of 3-wide windows that move by 2.</summary>
    private static IEnumerable<TestCaseData> Paddings()
    {
        foreach (int axes in (int[])[1, 2, 3])
        {
            foreach (DataFormat format in Enum.GetValues<DataFormat>())
            {
                yield return new TestCaseData(axes, format, Padding.Valid);
                yield return new TestCaseData(axes, format, Padding.Same);
                yield return new TestCaseData(axes, format, Padding.Causal);
                yield return new TestCaseData(axes, format, Padding.Of((2, 0)));
                yield return new TestCaseData(axes, format, Padding.Of(1));
            }
        }
    }

    [TestCaseSource(nameof(Paddings))]
    public void A_convolution_is_the_plain_one_of_the_framed_input(int axes, DataFormat format, Padding padding)
    {
        using var scope = new TensorScope();
        Tensor x = Draw(1, [2, .. Inner[axes - 1], 4]), w = Draw(2, [.. Enumerable.Repeat(3, axes), 2, 6]), b = Draw(3, [6]);
        Tensor given = Channels(x, format);

        Tensor y = axes switch
        {
            1 => given.Conv1D(w, 2, padding, groups: 2, dataFormat: format, bias: b),
            2 => given.Conv2D(w, 2, padding, groups: 2, dataFormat: format, bias: b),
            _ => given.Conv3D(w, 2, padding, groups: 2, dataFormat: format, bias: b),
        };

        // 54 products of numbers within [−1, 1]: the order of summing changes the last digits only.
        AssertEqual(y, Convolve(x, w, b, padding, groups: 2), format, 1e-13);
    }

    [TestCaseSource(nameof(Paddings))]
    public void Poolings_take_the_largest_and_the_mean_of_what_is_inside(int axes, DataFormat format, Padding padding)
    {
        using var scope = new TensorScope();
        Tensor x = Draw(4, [2, .. Inner[axes - 1], 3]), given = Channels(x, format);

        (Tensor largest, Tensor mean) = axes switch
        {
            1 => (given.MaxPool1D(3, 2, padding, format), given.AvgPool1D(3, 2, padding, format)),
            2 => (given.MaxPool2D(3, 2, padding, format), given.AvgPool2D(3, 2, padding, format)),
            _ => (given.MaxPool3D(3, 2, padding, format), given.AvgPool3D(3, 2, padding, format)),
        };

        (Window window, int[] sizes) = Plan(First(x), [.. Enumerable.Repeat(3, axes)], padding, 3, 1);
        NArray input = First(x);
        AssertEqual(largest, NArray.Build(sizes, i => window.Seen(i, input.Sizes).Max(p => input[p])), format, 0);
        AssertEqual(mean, NArray.Build(sizes, i => window.Seen(i, input.Sizes).Average(p => input[p])), format, 1e-14);
    }

    [Test]
    public void A_transposed_convolution_is_the_gradient_of_the_convolution_with_its_padding(
        [Values(1, 2, 3)] int axes, [Values] DataFormat format, [Values("Valid", "Same", "frame")] string frame, [Values(1, 2, 4)] int stride)
    {
        using var scope = new TensorScope();
        Padding padding = frame == "Valid" ? Padding.Valid : frame == "Same" ? Padding.Same : Padding.Of((0, 1));
        Tensor x = Draw(1, [2, .. Inner[axes - 1].Select(static n => n - 2), 4]), w = Draw(2, [.. Enumerable.Repeat(3, axes), 2, 4]);
        Tensor given = Channels(x, format);

        Tensor y = axes switch
        {
            1 => given.Conv1DTranspose(w, stride, padding, groups: 2, dataFormat: format),
            2 => given.Conv2DTranspose(w, stride, padding, groups: 2, dataFormat: format),
            _ => given.Conv3DTranspose(w, stride, padding, groups: 2, dataFormat: format),
        };

        // ⟨conv z, x⟩ = ⟨z, transposed x⟩ for every z: the convolution takes back the sizes, and the products are equal.
        Tensor z = Draw(5, [.. y.Shape.Select(static d => (int)d.Value)]);
        Tensor c = axes switch
        {
            1 => z.Conv1D(w, stride, padding, groups: 2, dataFormat: format),
            2 => z.Conv2D(w, stride, padding, groups: 2, dataFormat: format),
            _ => z.Conv3D(w, stride, padding, groups: 2, dataFormat: format),
        };
        Assert.That(c.Shape, Is.EqualTo(given.Shape));
        // Sums of up to 10,000 products near 1.
        Assert.That((c * given).Sum().Item(), Is.EqualTo((z * y).Sum().Item()).Within(1e-11));
        if (frame == "Same") Assert.That(Channels(y, format, back: true).Shape[1].Value, Is.EqualTo((x.Shape[1] * stride).Value));
    }

    [Test]
    public void Output_padding_chooses_among_the_sizes_that_a_stride_makes_equal()
    {
        using var scope = new TensorScope();
        Tensor x = Draw(1, [1, 4, 5, 2]), w = Draw(2, [3, 3, 3, 2]);

        Tensor plain = x.Conv2DTranspose(w, 2), more = x.Conv2DTranspose(w, 2, outputPadding: (1, 0));

        Assert.That(plain.Shape, Is.EqualTo(Shape.Of(1, 9, 11, 3)));
        Assert.That(more.Shape, Is.EqualTo(Shape.Of(1, 10, 11, 3)));
        Assert.That(more[.., ..9].ToArray<double>(), Is.EqualTo(plain.ToArray<double>()).Within(1e-14));
        Assert.That(more[.., 9].ToArray<double>(), Is.All.Zero);
    }

    [Test]
    public void A_depthwise_convolution_is_one_of_each_channel_alone([Values(1, 2)] int axes, [Values] DataFormat format)
    {
        using var scope = new TensorScope();
        Tensor x = Draw(1, [2, .. Inner[axes - 1], 3]), w = Draw(2, [.. Enumerable.Repeat(3, axes), 3, 2]), b = Draw(3, [6]), given = Channels(x, format);

        Tensor y = axes == 1 ? given.DepthwiseConv1D(w, 2, Padding.Same, dataFormat: format, bias: b) : given.DepthwiseConv2D(w, 2, Padding.Same, dataFormat: format, bias: b);

        NArray[] channels = [.. Enumerable.Range(0, 3).Select(c => Convolve(x.Narrow(-1, c, 1), w.Narrow(-2, c, 1), b.Narrow(0, 2 * c, 2), Padding.Same, groups: 1))];
        AssertEqual(y, NArray.Build([2, 6, .. channels[0].Sizes[2..]], i => channels[i[1] / 2][[i[0], i[1] % 2, .. i[2..]]]), format, 1e-14);
    }

    [Test]
    public void A_separable_convolution_is_a_depthwise_one_then_one_of_single_places([Values] DataFormat format)
    {
        using var scope = new TensorScope();
        Tensor images = Draw(1, [2, 5, 6, 3]), depthwise = Draw(2, [3, 3, 3, 2]), pointwise = Draw(3, [1, 1, 6, 4]), b = Draw(4, [4]);
        Tensor given = Channels(images, format);

        Tensor y = given.SeparableConv2D(depthwise, pointwise, 2, Padding.Same, dataFormat: format, bias: b);

        Tensor inner = images.DepthwiseConv2D(depthwise, 2, Padding.Same);
        double[] expected = (inner.Reshape([-1, 6]).MatMul(pointwise.Reshape([6, 4])) + b).ToArray<double>();
        Assert.That(Channels(y, format, back: true).ToArray<double>(), Is.EqualTo(expected).Within(1e-14));
        Tensor sequences = Draw(5, [2, 7, 3]);
        Assert.That(Channels(Channels(sequences, format).SeparableConv1D(Draw(6, [3, 3, 2]), Draw(7, [1, 6, 4]), dataFormat: format), format, back: true).Shape, Is.EqualTo(Shape.Of(2, 5, 4)));
    }

    [Test]
    public void Adaptive_and_global_poolings_agree_with_windows_that_divide_the_input([Values(1, 2, 3)] int axes, [Values] DataFormat format)
    {
        using var scope = new TensorScope();
        Tensor x = Draw(1, [2, .. Enumerable.Repeat(6, axes), 3]), given = Channels(x, format);

        (Tensor largest, Tensor mean, Tensor windows, Tensor means) = axes switch
        {
            1 => (given.AdaptiveMaxPool1D(3, format), given.AdaptiveAvgPool1D(3, format), given.MaxPool1D(2, dataFormat: format), given.AvgPool1D(2, dataFormat: format)),
            2 => (given.AdaptiveMaxPool2D(3, format), given.AdaptiveAvgPool2D(3, format), given.MaxPool2D(2, dataFormat: format), given.AvgPool2D(2, dataFormat: format)),
            _ => (given.AdaptiveMaxPool3D(3, format), given.AdaptiveAvgPool3D(3, format), given.MaxPool3D(2, dataFormat: format), given.AvgPool3D(2, dataFormat: format)),
        };

        Assert.That(largest.ToArray<double>(), Is.EqualTo(windows.ToArray<double>()));
        Assert.That(mean.ToArray<double>(), Is.EqualTo(means.ToArray<double>()).Within(1e-15));
        NArray first = First(x);
        int[] inner = [.. Enumerable.Range(2, axes)];
        Assert.That(given.GlobalMaxPool(format).ToArray<double>(), Is.EqualTo(first.Reduce(inner, keepDims: false, static line => line.Max()).Values));
        Assert.That(given.GlobalAvgPool(format).ToArray<double>(), Is.EqualTo(first.Reduce(inner, keepDims: false, static line => line.Average()).Values).Within(1e-15));
        Assert.That(Channels(given.GlobalAvgPool(format, keepDims: true), format, back: true).Shape, Is.EqualTo(Shape.Of([2, .. Enumerable.Repeat((Dim)1, axes), 3])));
    }

    [Test]
    public void Bad_arguments_are_refused_by_name()
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.Ones([1, 5, 5, 4]), w = Tensor.Ones([3, 3, 2, 4]);

        Refuses<InvalidArgumentException>(() => x.Conv2DTranspose(w, padding: Padding.Causal), "Conv2DTranspose", "causal");
        Refuses<InvalidArgumentException>(() => x.Conv2DTranspose(w, padding: Padding.Of((2, 1))), "2 places before", "1 after");
        Refuses<DTypeMismatchException>(() => x.Cast(DType.BFloat16).Conv2DTranspose(w.Cast(DType.BFloat16)), "bfloat16", "Cast");
        Refuses<InvalidArgumentException>(() => x.Conv2DTranspose(w, 2, outputPadding: 2), "output padding of 2", "stride 2");
        Refuses<ShapeMismatchException>(() => x.Conv2DTranspose(Tensor.Ones([3, 3, 2, 3])), "4 channels", "take 3");
        Refuses<ShapeMismatchException>(() => Tensor.Ones([1, 1, 1, 4]).Conv2DTranspose(w, padding: Padding.Of(2)), "leaves nothing");
        Refuses<ShapeMismatchException>(() => x.DepthwiseConv2D(w), "[3, 3, 2, 4]", "4 channels", "multiplier");
        Refuses<ShapeMismatchException>(() => x.Conv1D(w), "Conv1D", "[batch, steps, channels]");
        Refuses<ShapeMismatchException>(() => x.Conv3D(w), "Conv3D", "[batch, depth, height, width, channels]");
        Refuses<InvalidArgumentException>(() => x.Conv2D(w, (1, 2, 3)), "stride", "1×2×3", "3 axes");
        Refuses<InvalidArgumentException>(() => x.Conv2D(Tensor.Ones([3, 3, 4, 4]), padding: Padding.Of((1, 1), (0, 0), (0, 0))), "padding", "3 axes");
        Refuses<ShapeMismatchException>(() => x.Conv2D(Tensor.Ones([0, 3, 4, 4])), "[0, 3, 4, 4]", "at least one place");
        Refuses<InvalidArgumentException>(() => x.MaxPool2D(2, padding: Padding.Of(2)), "frame of 2", "windows of 2");
        Refuses<ShapeMismatchException>(() => Tensor.Ones([1, 0, 5, 4]).AdaptiveAvgPool2D(2), "AdaptiveAvgPool2D", "[1, 0, 5, 4]");
        Refuses<InvalidArgumentException>(() => x.AdaptiveMaxPool2D(0), "number of places", "0×0");
        Refuses<ShapeMismatchException>(() => Tensor.Ones([2, 3]).GlobalAvgPool(), "GlobalAvgPool", "[2, 3]");
        Refuses<InvalidArgumentException>(() => Padding.Of((-1, 0)), "-1");
        Refuses<InvalidArgumentException>(() => Padding.Of(), "0 pairs");
        Refuses<ShapeMismatchException>(() => x.Reshape([5, 20]).Resize(3), "Resize", "[5, 20]");
        Refuses<ShapeMismatchException>(() => x.PixelShuffle(3), "4 channels", "3×3");
        Refuses<ShapeMismatchException>(() => x.PixelUnshuffle(2), "[1, 5, 5, 4]", "2×2");
        Refuses<InvalidArgumentException>(() => x.PixelShuffle(0), "factor 0");
        Refuses<ShapeMismatchException>(() => x.GroupNorm(3), "GroupNorm", "4 channels", "3 groups");
        Refuses<ShapeMismatchException>(() => x.BatchNorm(Tensor.Ones([3])), "BatchNorm", "scale", "[3]", "[4]");
        Refuses<ShapeMismatchException>(() => Tensor.Ones([0, 4]).BatchNorm(), "BatchNorm", "[0, 4]");
        Refuses<InvalidArgumentException>(() => x.LayerNorm(epsilon: -1), "LayerNorm", "-1");
        Refuses<ShapeMismatchException>(() => x.RmsNorm(Tensor.Ones([3])), "RmsNorm", "[3]");
    }

    [Test]
    public void Resized_images_and_shuffled_pixels_have_their_channels_where_they_were([Values] DataFormat format)
    {
        using var scope = new TensorScope();
        Tensor x = Draw(1, [2, 3, 4, 8]), given = Channels(x, format);

        Tensor larger = Channels(given.Resize((6, 5), dataFormat: format), format, back: true);
        Tensor shuffled = Channels(given.PixelShuffle(2, format), format, back: true);

        Assert.That(larger.ToArray<double>(), Is.EqualTo(x.Resize((6, 5)).ToArray<double>()));
        Assert.That(larger.Shape, Is.EqualTo(Shape.Of(2, 6, 5, 8)));
        NArray flat = TensorData.ReadArray(x);
        Assert.That(shuffled.ToArray<double>(), Is.EqualTo(NArray.Build([2, 6, 8, 2], i => flat[[i[0], i[1] / 2, i[2] / 2, i[3] * 4 + i[1] % 2 * 2 + i[2] % 2]]).Values));
        Assert.That(given.PixelShuffle(2, format).PixelUnshuffle(2, format).ToArray<double>(), Is.EqualTo(given.ToArray<double>()));
    }

    [Test]
    public void Normalizations_through_their_methods_follow_their_formulas([Values] DataFormat format)
    {
        using var scope = new TensorScope();
        Tensor x = Draw(1, [4, 3, 2, 6]), scale = Draw(2, [6]), offset = Draw(3, [6]), given = Channels(x, format);
        int axis = format == DataFormat.ChannelsLast ? -1 : 1;

        (Tensor y, Tensor mean, Tensor variance) = given.BatchNorm(scale, offset, axis, 0.01);
        Tensor known = given.BatchNormInference(mean, variance, scale, offset, axis, 0.01);
        Tensor pairs = Channels(given.GroupNorm(3, scale, offset, 0.01, format), format, back: true);
        Tensor single = Channels(given.InstanceNorm(scale, offset, 0.01, format), format, back: true);

        (Tensor m, Tensor v) = x.Moments([0, 1, 2]);
        double[] expected = ((x - m) / (v + 0.01).Sqrt() * scale + offset).ToArray<double>();
        // Sums of 24 numbers near 1, in another order.
        Assert.That(Channels(y, format, back: true).ToArray<double>(), Is.EqualTo(expected).Within(1e-13));
        Assert.That(Channels(known, format, back: true).ToArray<double>(), Is.EqualTo(expected).Within(1e-13));
        Assert.That(mean.ToArray<double>(), Is.EqualTo(m.ToArray<double>()).Within(1e-15));
        Assert.That(variance.ToArray<double>(), Is.EqualTo(v.ToArray<double>()).Within(1e-14));
        Tensor grouped = x.Reshape([4, 3, 2, 3, 2]);
        (Tensor gm, Tensor gv) = grouped.Moments([1, 2, 4], keepDims: true);
        Assert.That(pairs.ToArray<double>(), Is.EqualTo((((grouped - gm) / (gv + 0.01).Sqrt()).Reshape(x.Shape) * scale + offset).ToArray<double>()).Within(1e-13));
        (Tensor im, Tensor iv) = x.Moments([1, 2], keepDims: true);
        Assert.That(single.ToArray<double>(), Is.EqualTo(((x - im) / (iv + 0.01).Sqrt() * scale + offset).ToArray<double>()).Within(1e-13));
        Assert.That(x.RmsNorm(scale, epsilon: 0.01).ToArray<double>(), Is.EqualTo((x / (x.Square().Mean(-1, keepDims: true) + 0.01).Sqrt() * scale).ToArray<double>()).Within(1e-13));
    }

    private static void Refuses<T>(Func<object> action, params string[] words) where T : EagerException
    {
        T error = Assert.Throws<T>(() => action())!;
        foreach (string word in words) Assert.That(error.Message, Does.Contain(word));
    }

    private static Tensor Draw(int seed, int[] sizes) => TensorData.Make(Samples.Spread(seed, -1, 1, sizes), DType.Float64);

    // From channels last to the layout, or back.
    private static Tensor Channels(Tensor x, DataFormat format, bool back = false)
    {
        if (format == DataFormat.ChannelsLast) return x;
        int last = x.Rank - 1;
        return back ? x.Transpose([0, .. Enumerable.Range(2, last - 1), 1]) : x.Transpose([0, last, .. Enumerable.Range(1, last - 1)]);
    }

    // The elements of a channels-last tensor as [batch, channels, ...].
    private static NArray First(Tensor x) => TensorData.ReadArray(Channels(x, DataFormat.ChannelsFirst));

    private static void AssertEqual(Tensor y, NArray channelsFirst, DataFormat format, double tolerance)
    {
        Tensor first = format == DataFormat.ChannelsLast ? Channels(y, DataFormat.ChannelsFirst) : y;
        Assert.That(TensorData.SizesOf(first.ConcreteShape), Is.EqualTo(channelsFirst.Sizes));
        Assert.That(first.ToArray<double>(), Is.EqualTo(channelsFirst.Values).Within(tolerance));
    }

    // The reference's window, and the sizes of its result; strides are 2.
    private static (Window Window, int[] Sizes) Plan(NArray x, int[] window, Padding padding, int channels, int groups)
    {
        var before = new int[window.Length];
        int[] sizes = [x.Sizes[0], channels, .. new int[window.Length]];
        for (int i = 0; i < window.Length; i++)
        {
            int size = x.Sizes[i + 2], after = 0;
            if (padding == Padding.Causal) before[i] = window[i] - 1;
            else if (padding == Padding.Of((2, 0))) before[i] = 2;
            else if (padding == Padding.Of(1)) before[i] = after = 1;
            else if (padding == Padding.Same)
            {
                int total = Math.Max(0, ((size + 1) / 2 - 1) * 2 + window[i] - size);
                (before[i], after) = (total / 2, total - total / 2);
            }
            sizes[i + 2] = (before[i] + size + after - window[i]) / 2 + 1;
        }
        return (new Window(window, [.. window.Select(static _ => 2)], before, [.. window.Select(static _ => 1)], groups), sizes);
    }

    private static NArray Convolve(Tensor images, Tensor filters, Tensor bias, Padding padding, int groups)
    {
        NArray x = First(images), w = TensorData.ReadArray(filters);
        w = w.Permuted([w.Rank - 1, w.Rank - 2, .. Enumerable.Range(0, w.Rank - 2)]);
        (Window window, int[] sizes) = Plan(x, w.Sizes[2..], padding, w.Sizes[0], groups);
        var y = new Sums(sizes);
        double[] b = bias.ToArray<double>();
        foreach (int[] i in NArray.Indices(sizes)) y.Add(i, b[i[1]]);
        foreach ((int[] small, int[] large, int[] filter) in window.Terms(sizes, x.Sizes, w.Sizes)) y.Add(small, x[large] * w[filter]);
        return y.ToArray();
    }
}
