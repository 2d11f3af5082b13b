using NUnit.Framework;

namespace Eager.Tests.Tensors;

public class ReductionTests
{
    private static Tensor Matrix => Tensor.From([[1.0, 2.0, 3.0], [4.0, 6.0, 8.0]]);

    [Test]
    public void Prod_multiplies_all_an_axis_or_several()
    {
        Assert.That(Matrix.Prod().Item(), Is.EqualTo(1152));
        Assert.That(Matrix.Prod(1).ToArray<double>(), Is.EqualTo(new double[] { 6, 192 }));
        Assert.That(Matrix.Prod([0, -1], keepDims: true).Shape, Is.EqualTo(Shape.FromSizes(1, 1)));
        Assert.That(Tensor.From([true, false]).Prod().DType, Is.EqualTo(DType.Int64));
        Assert.That(Tensor.Zeros([0]).Prod().Item(), Is.EqualTo(1), "the product of nothing");
    }

    // Values of numpy.var and numpy.std with ddof = 0 and 1.
    [Test]
    public void Variance_and_standard_deviation_divide_by_the_count_less_the_correction()
    {
        Assert.That(Matrix.Variance().Item(), Is.EqualTo(17.0 / 3).Within(1e-14));
        Assert.That(Matrix.Variance(1, correction: 1).ToArray<double>(), Is.EqualTo(new double[] { 1, 4 }));
        Assert.That(Matrix.StandardDeviation([0], keepDims: true).ToArray2D<double>(), Is.EqualTo(new[,] { { 1.5, 2, 2.5 } }));
        (Tensor mean, Tensor variance) = Matrix.Moments([1]);
        Assert.That(mean.ToArray<double>(), Is.EqualTo(new double[] { 2, 6 }));
        Assert.That(variance.ToArray<double>(), Is.EqualTo(new[] { 2.0 / 3, 8.0 / 3 }).Within(1e-15));
    }

    [TestCase(0, 2)]
    [TestCase(1, 7)]
    [TestCase(2, 5)]
    [TestCase(double.PositiveInfinity, 4)]
    public void Norms_of_3_and_minus_4(double order, double expected)
    {
        Assert.That(Tensor.From([3.0, 0, -4]).Norm([], order).Item(), Is.EqualTo(expected));
    }

    [Test]
    public void A_norm_of_complex_numbers_or_of_a_negative_order_is_refused()
    {
        Assert.That(() => Tensor.From(new System.Numerics.Complex(1, 2)).Norm(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("take Abs first"));
        Assert.That(() => Matrix.Norm(0, -1), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("order -1"));
    }

    [Test]
    public void Counts_any_all_and_the_like_run_over_several_axes()
    {
        Tensor x = Tensor.From([[0, 1, 2], [0, 0, 3]]);
        Assert.That(x.CountNonZero().Item<long>(), Is.EqualTo(3));
        Assert.That(x.CountNonZero([0]).ToArray<long>(), Is.EqualTo(new long[] { 0, 1, 2 }));
        Assert.That((x > 1).CountNonZero().Item<long>(), Is.EqualTo(2));
        Assert.That(x.Any([0, 1]).Item<bool>(), Is.True);
        Assert.That(x.All([1], keepDims: true).Shape, Is.EqualTo(Shape.FromSizes(2, 1)));
        Assert.That(x.ArgMax().Item<long>(), Is.EqualTo(5));
        Assert.That(x.ArgMin().Item<long>(), Is.EqualTo(0));
        Assert.That(Matrix.LogSumExp().Item(), Is.EqualTo(Math.Log(new double[] { 1, 2, 3, 4, 6, 8 }.Sum(Math.Exp))).Within(1e-14));
    }

    [Test]
    public void A_cumulative_sum_adds_all_before()
    {
        Assert.That(Matrix.CumSum(1).ToArray<double>(), Is.EqualTo(new double[] { 1, 3, 6, 4, 10, 18 }));
        Assert.That(() => Matrix.CumSum(2), Throws.TypeOf<ShapeMismatchException>().With.Message.StartWith("CumSum: axis 2"));
    }

    [Test]
    public void Shifts_multiply_and_divide_by_powers_of_two()
    {
        Tensor x = Tensor.From([1, -5, 12]);
        Assert.That((x << 2).ToArray<int>(), Is.EqualTo(new[] { 4, -20, 48 }));
        Assert.That((x >> 1).ToArray<int>(), Is.EqualTo(new[] { 0, -3, 6 }));
        Assert.That((x << Tensor.From([0, 1, 2])).ToArray<int>(), Is.EqualTo(new[] { 1, -10, 48 }));
        Assert.That(() => x << 32, Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("from 0 to 31"));
        Assert.That(() => x >> -1, Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("-1"));
    }

    [Test]
    public void Logical_functions_take_any_number_for_true_but_zero()
    {
        Tensor a = Tensor.From([0, 0, 2, -1]), b = Tensor.From([0, 3, 0, 1]);
        Assert.That(a.LogicalAnd(b).ToArray<bool>(), Is.EqualTo(new[] { false, false, false, true }));
        Assert.That(a.LogicalOr(b).ToArray<bool>(), Is.EqualTo(new[] { false, true, true, true }));
        Assert.That(a.LogicalXor(b).ToArray<bool>(), Is.EqualTo(new[] { false, true, true, false }));
        Assert.That(a.LogicalNot().ToArray<bool>(), Is.EqualTo(new[] { true, true, false, false }));
    }
}
