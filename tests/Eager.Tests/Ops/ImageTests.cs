using NUnit.Framework;

namespace Eager.Tests.Ops;

/// <summary>Convolutions and poolings against the definition, written out as loops.</summary>
public class ImageTests
{
    private static readonly Extent[] Strides = [1, 2, (1, 2)];

    private static readonly int[][] StrideNumbers = [[1, 1], [2, 2], [1, 2]];

    [Test]
    public void A_convolution_sums_each_window_times_its_filter(
        [Values("Valid", "Same")] string frame, [Values(0, 1, 2)] int stride, [Values(1, 2)] int dilation, [Values(1, 2)] int groups, [Values] DataFormat format)
    {
        using var scope = new TensorScope();
        using var generator = new Generator(7);
        Extent strides = Strides[stride];
        Padding padding = frame == "Same" ? Padding.Same : Padding.Valid;
        Tensor x = Tensor.RandomNormal([2, 7, 6, 4], generator: generator, dtype: DType.Float64);
        Tensor w = Tensor.RandomNormal([3, 2, 4 / groups, 6], generator: generator, dtype: DType.Float64);
        Tensor b = Tensor.RandomNormal([6], generator: generator, dtype: DType.Float64);

        Tensor given = format == DataFormat.ChannelsLast ? x : x.Transpose(0, 3, 1, 2);
        Tensor y = given.Conv2D(w, strides, padding, dilation, groups, format, b);
        if (format == DataFormat.ChannelsFirst) y = y.Transpose(0, 2, 3, 1);

        double[,,,] expected = Convolve(x, w, b, StrideNumbers[stride], padding, dilation, groups);
        Assert.That(y.Shape.Select(d => d.Value), Is.EqualTo(Enumerable.Range(0, 4).Select(i => (long)expected.GetLength(i))));
        // Sums of at most 24 products of numbers near 1: the order of summing changes the last digits only.
        Assert.That(y.ToArray<double>(), Is.EqualTo(expected.Cast<double>()).Within(1e-12));
    }

    [Test]
    public void Max_pooling_takes_the_largest_and_average_pooling_the_mean_of_what_is_inside(
        [Values("Valid", "Same")] string frame, [Values(2, 3)] int window, [Values(0, 1, 2)] int stride, [Values] DataFormat format)
    {
        using var scope = new TensorScope();
        using var generator = new Generator(7);
        Extent strides = Strides[stride];
        Padding padding = frame == "Same" ? Padding.Same : Padding.Valid;
        Tensor x = Tensor.RandomNormal([2, 7, 6, 3], generator: generator, dtype: DType.Float64);
        Tensor given = format == DataFormat.ChannelsLast ? x : x.Transpose(0, 3, 1, 2);

        Tensor largest = given.MaxPool2D(window, strides, padding, format), mean = given.AvgPool2D(window, strides, padding, format);
        if (format == DataFormat.ChannelsFirst) (largest, mean) = (largest.Transpose(0, 2, 3, 1), mean.Transpose(0, 2, 3, 1));

        var (expectedLargest, expectedMean) = Pool(x, window, StrideNumbers[stride], padding);
        Assert.That(largest.ToArray<double>(), Is.EqualTo(expectedLargest));
        Assert.That(mean.ToArray<double>(), Is.EqualTo(expectedMean).Within(1e-12));
    }

    [Test]
    public void Channels_last_images_stay_dense_so_that_flattening_them_copies_nothing()
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.Ones([2, 9, 9, 3]);
        Tensor y = x.Conv2D(Tensor.Ones([3, 3, 3, 8]), 2).MaxPool2D(2);

        bool dense = Interop.Native.eager_is_contiguous(y.Enter()) != 0;
        y.Leave();
        Assert.That(dense, Is.True);
    }

    [Test]
    public void A_window_in_float32_gives_what_float64_gives()
    {
        using var scope = new TensorScope();
        using var generator = new Generator(7);
        Tensor x = Tensor.RandomNormal([3, 13, 11, 5], generator: generator), w = Tensor.RandomNormal([3, 3, 5, 4], generator: generator);

        float[] y = x.Conv2D(w, 2, Padding.Same).ToArray<float>();

        // 45 products of numbers near 1, each rounded to 2⁻²⁴.
        Assert.That(y, Is.EqualTo(x.Cast(DType.Float64).Conv2D(w.Cast(DType.Float64), 2, Padding.Same).ToArray<double>()).Within(1e-5));
    }

    [Test]
    public void An_empty_batch_gives_an_empty_batch()
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.Zeros([0, 9, 9, 3]);

        Assert.That(x.Conv2D(Tensor.Ones([3, 3, 3, 8]), 2).Shape, Is.EqualTo(Shape.Of(0, 4, 4, 8)));
        Assert.That(x.MaxPool2D(2).Shape, Is.EqualTo(Shape.Of(0, 4, 4, 3)));
    }

    [Test]
    public void Bad_arguments_are_refused_by_name()
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.Ones([1, 5, 5, 3]), w = Tensor.Ones([3, 3, 3, 4]);

        AssertRefused<ShapeMismatchException>(() => Tensor.Ones([5, 5, 3]).Conv2D(w), "[5, 5, 3]", "[batch, height, width, channels]");
        AssertRefused<ShapeMismatchException>(() => x.Conv2D(Tensor.Ones([3, 3, 2, 4])), "3 channels", "take 2");
        AssertRefused<ShapeMismatchException>(() => x.Conv2D(Tensor.Ones([3, 3, 3])), "[3, 3, 3]", "output channels");
        AssertRefused<ShapeMismatchException>(() => x.Conv2D(w, dataFormat: DataFormat.ChannelsFirst), "5 channels", "second");
        AssertRefused<ShapeMismatchException>(() => x.Conv2D(w, dilation: 3), "3×3", "dilation", "5×5");
        AssertRefused<ShapeMismatchException>(() => x.Conv2D(w, bias: Tensor.Ones([5])), "[5]", "[4]");
        AssertRefused<ShapeMismatchException>(() => Tensor.Ones([1, 5, 5, 9]).Conv2D(w, groups: 3), "4 output channels", "3 groups");
        AssertRefused<InvalidArgumentException>(() => x.Conv2D(w, 0), "stride", "0×0");
        AssertRefused<InvalidArgumentException>(() => x.Conv2D(w, dilation: (1, -1)), "dilation", "1×-1");
        AssertRefused<InvalidArgumentException>(() => x.Conv2D(w, groups: 0), "0 groups");
        AssertRefused<DTypeMismatchException>(() => x.Conv2D(w.Cast(DType.Float64)), "float32", "float64");
        AssertRefused<DTypeMismatchException>(() => x.Cast(DType.Int32).Conv2D(w.Cast(DType.Int32)), "int32");
        AssertRefused<ShapeMismatchException>(() => x.MaxPool2D(6), "6×6", "5×5");
        AssertRefused<InvalidArgumentException>(() => x.MaxPool2D(0), "window", "0×0");
        AssertRefused<InvalidArgumentException>(() => x.AvgPool2D(2, (0, 1)), "stride", "0×1");
        AssertRefused<ShapeMismatchException>(() => Tensor.Ones([5, 5]).AvgPool2D(2), "[5, 5]");
    }

    private static void AssertRefused<T>(Func<Tensor> action, params string[] words) where T : EagerException
    {
        T? error = Assert.Throws<T>(() => action());
        foreach (string word in words) Assert.That(error!.Message, Does.Contain(word));
    }

    // Where windows start before the image, and how many there are.
    private static (int Before, int Places) Layout(int size, int covered, int stride, Padding padding)
    {
        if (padding == Padding.Valid) return (0, (size - covered) / stride + 1);
        int places = (size + stride - 1) / stride;
        return (Math.Max(0, (places - 1) * stride + covered - size) / 2, places);
    }

    private static double[,,,] Convolve(Tensor images, Tensor filters, Tensor bias, int[] strides, Padding padding, int dilation, int groups)
    {
        double[,,,] x = Cube(images), w = Cube(filters);
        double[] b = bias.ToArray<double>();
        (int top, int rows) = Layout(x.GetLength(1), (w.GetLength(0) - 1) * dilation + 1, strides[0], padding);
        (int left, int columns) = Layout(x.GetLength(2), (w.GetLength(1) - 1) * dilation + 1, strides[1], padding);
        int taken = w.GetLength(2), made = w.GetLength(3);
        var y = new double[x.GetLength(0), rows, columns, made];
        foreach ((int n, int i, int j, int o) in Places(y))
        {
            y[n, i, j, o] = b[o];
            foreach ((int p, int q, int c, int filter) in Places(w))
            {
                if (filter != o) continue;
                int row = i * strides[0] - top + p * dilation, column = j * strides[1] - left + q * dilation;
                if (row < 0 || row >= x.GetLength(1) || column < 0 || column >= x.GetLength(2)) continue;
                y[n, i, j, o] += x[n, row, column, o / (made / groups) * taken + c] * w[p, q, c, o];
            }
        }
        return y;
    }

    private static (double[] Largest, double[] Mean) Pool(Tensor images, int window, int[] strides, Padding padding)
    {
        double[,,,] x = Cube(images);
        (int top, int rows) = Layout(x.GetLength(1), window, strides[0], padding);
        (int left, int columns) = Layout(x.GetLength(2), window, strides[1], padding);
        var largest = new List<double>();
        var mean = new List<double>();
        foreach ((int n, int i, int j, int c) in Places(new double[x.GetLength(0), rows, columns, x.GetLength(3)]))
        {
            List<double> inside = [];
            for (int row = i * strides[0] - top; row < i * strides[0] - top + window; row++)
                for (int column = j * strides[1] - left; column < j * strides[1] - left + window; column++)
                    if (row >= 0 && row < x.GetLength(1) && column >= 0 && column < x.GetLength(2)) inside.Add(x[n, row, column, c]);
            largest.Add(inside.Max());
            mean.Add(inside.Average());
        }
        return ([.. largest], [.. mean]);
    }

    private static IEnumerable<(int, int, int, int)> Places(double[,,,] x)
    {
        for (int a = 0; a < x.GetLength(0); a++)
            for (int b = 0; b < x.GetLength(1); b++)
                for (int c = 0; c < x.GetLength(2); c++)
                    for (int d = 0; d < x.GetLength(3); d++)
                        yield return (a, b, c, d);
    }

    private static double[,,,] Cube(Tensor x)
    {
        var cube = new double[x.Shape[0].Value, x.Shape[1].Value, x.Shape[2].Value, x.Shape[3].Value];
        Buffer.BlockCopy(x.ToArray<double>(), 0, cube, 0, cube.Length * sizeof(double));
        return cube;
    }
}
