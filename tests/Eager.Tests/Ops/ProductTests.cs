using NUnit.Framework;

namespace Eager.Tests.Ops;

/// <summary>Products of small matrices are computed by loops, those of large ones by a BLAS that is told how they lie.</summary>
public sealed class ProductTests
{
    private Generator generator = null!;

    [SetUp]
    public void Seed() => generator = new(7);

    [TearDown]
    public void Free() => generator.Dispose();

    // From one number, and none, to sizes where the other way begins.
    [Test]
    public void Products_are_those_of_the_definition([Values(0, 1, 4, 7, 40)] int rows, [Values(DType.Float32, DType.Float64)] DType dtype)
    {
        foreach (int inner in (int[])[0, 1, 3, 8, 33])
            foreach (int columns in (int[])[0, 1, 4, 5, 16])
                foreach (Layout left in Enum.GetValues<Layout>())
                    foreach (Layout right in Enum.GetValues<Layout>())
                        Check(rows, inner, columns, dtype, left, right);
    }

    // In loops, by the BLAS and shared out between threads, and by the BLAS with threads of its own.
    [TestCase(4, 4, 4), TestCase(16, 8, 5), TestCase(1, 40, 33), TestCase(64, 64, 64), TestCase(70, 65, 66), TestCase(0, 4, 5), TestCase(4, 0, 5)]
    public void Products_of_a_batch_are_those_of_its_pairs(int rows, int inner, int columns)
    {
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
            foreach (int batch in (int[])[0, 1, 9])
                foreach (Layout left in Enum.GetValues<Layout>())
                    foreach (Layout right in Enum.GetValues<Layout>())
                    {
                        Tensor a = Normal([batch, rows, inner], dtype), b = Normal([batch, inner, columns], dtype);
                        Tensor x = Arrange(a, left), y = Arrange(b, right), got = x.MatMul(y);
                        Assert.That(got.Shape, Is.EqualTo(Shape.Of([batch, rows, columns])));
                        for (int i = 0; i < batch; i++)
                            AssertSame(got[i], x[i].MatMul(y[i]), inner, $"pair {i} of {batch}, {left}, {right}, {dtype}");
                    }
    }

    [TestCase(8000, 4), TestCase(3000, 16), TestCase(60, 64)]
    public void Threads_share_a_batch(int batch, int size)
    {
        Tensor a = Normal([batch, size, size]), b = Normal([batch, size, size]), alone = a.MatMul(b);
        (int kernels, int products) = (Runtime.KernelThreads, Runtime.BlasThreads);
        Runtime.SetThreads(3, 1);
        try
        {
            for (int run = 0; run < 20; run++) Assert.That(a.MatMul(b).ToArray<float>(), Is.EqualTo(alone.ToArray<float>()), "each product is one thread's, whoever's");
        }
        finally
        {
            Runtime.SetThreads(kernels, Math.Max(products, 1));
        }
    }

    [Test]
    public void One_matrix_meets_all_of_a_batch()
    {
        Tensor a = Normal([5, 12, 10]), one = Normal([10, 20]);
        Tensor got = a.MatMul(one.BroadcastTo([5, 10, 20]));
        for (int i = 0; i < 5; i++) AssertSame(got[i], a[i].MatMul(one), 10, $"pair {i}");
    }

    [Test]
    public void What_is_no_number_goes_through()
    {
        Tensor a = Tensor.From([[0f, 1], [0, 0]]), b = Tensor.From([[float.NaN, 1], [float.PositiveInfinity, -1]]);
        Assert.That(a.MatMul(b).ToArray<float>(), Is.EqualTo(new[] { float.NaN, -1, float.NaN, 0 }), "0·∞ is no number");
    }

    [Test]
    public void A_product_that_no_memory_holds_is_refused()
    {
        Tensor tall = Tensor.Ones([1, 1]).BroadcastTo([1L << 33, 1]).Narrow(1, 0, 0), wide = Tensor.Ones([1, 1]).BroadcastTo([1, 1L << 33]).Narrow(0, 0, 0);
        Assert.That(() => tall.MatMul(wide), Throws.InstanceOf<EagerException>());
        Assert.That(() => tall.ExpandDims(0).MatMul(wide.ExpandDims(0)), Throws.InstanceOf<EagerException>());
    }

    private enum Layout { Rows, Columns, Apart }

    private static void Check(int rows, int inner, int columns, DType dtype, Layout left, Layout right)
    {
        string what = $"{rows}×{inner} by {inner}×{columns}, {left}, {right}";
        double[,] a = Numbers(rows, inner, 1), b = Numbers(inner, columns, 2), c = Numbers(1, columns, 3);
        Tensor x = Make(a, dtype, left), y = Make(b, dtype, right), bias = Tensor.FromArray<double>(c).Squeeze(0).Cast(dtype);
        Tensor product = x.MatMul(y), affine = Tensor.Affine(x, y, bias);
        Assert.That((product.Shape, product.DType), Is.EqualTo((Shape.Of([rows, columns]), dtype)), what);
        Assert.That((affine.Shape, affine.DType), Is.EqualTo((Shape.Of([rows, columns]), dtype)), what);
        var sums = new double[rows * columns];
        for (int i = 0; i < sums.Length; i++)
            for (int k = 0; k < inner; k++) sums[i] += a[i / columns, k] * b[k, i % columns];
        // Sums of up to 33 products of numbers of at most one, whatever their order: an ε for each, and for the bias.
        double bound = (inner + 2) * (dtype == DType.Float32 ? 1.2e-7 : 2.3e-16);
        Assert.That(product.Cast(DType.Float64).ToArray<double>(), Is.EqualTo(sums).Within(bound), what);
        Assert.That(affine.Cast(DType.Float64).ToArray<double>(), Is.EqualTo(sums.Select((sum, i) => sum + c[0, i % columns])).Within(bound), what);
    }

    // A BLAS may add in another order: an ε for each product of two of these normal numbers, which are below 25.
    private static void AssertSame(Tensor got, Tensor expected, int inner, string what) =>
        Assert.That(got.Cast(DType.Float64).ToArray<double>(), Is.EqualTo(expected.Cast(DType.Float64).ToArray<double>()).Within(inner * 25 * (got.DType == DType.Float32 ? 1.2e-7 : 2.3e-16)), what);

    private Tensor Normal(Shape shape, DType dtype = DType.Float32) => Tensor.RandomNormal(shape, dtype: dtype, generator: generator);

    private static double[,] Numbers(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        var values = new double[rows, columns];
        // Multiples of 2⁻²⁰, which float32 holds.
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) values[i, j] = random.Next(-1 << 20, 1 << 20) * Math.Pow(2, -20);
        return values;
    }

    private static Tensor Make(double[,] values, DType dtype, Layout layout) => Arrange(Tensor.FromArray<double>(values).Cast(dtype), layout);

    // The same numbers, the matrices of the last two axes lying in memory in another way.
    private static Tensor Arrange(Tensor plain, Layout layout) => layout switch
    {
        Layout.Rows => plain,
        Layout.Columns => plain.MatrixTranspose().Clone().MatrixTranspose(),
        _ => Tensor.Stack([plain, plain + 1], -1).Narrow(-1, 0, 1).Squeeze(-1),
    };
}
