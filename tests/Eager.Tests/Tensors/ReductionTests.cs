using Eager.Autograd;
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
    [TestCase(double.NegativeInfinity, 0)]
    [TestCase(-1, 0)]
    public void Norms_of_3_and_minus_4(double order, double expected)
    {
        Assert.That(Tensor.From([3.0, 0, -4]).Norm(axes: null, order).Item(), Is.EqualTo(expected));
    }

    [Test]
    public void A_norm_of_complex_numbers_or_of_no_order_is_refused()
    {
        Assert.That(() => Tensor.From(new System.Numerics.Complex(1, 2)).Norm(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("take Abs first"));
        Assert.That(() => Matrix.Norm(0, double.NaN), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("not a number"));
    }

    // As PyTorch has them: 0 at 0, equal largest or smallest share evenly, and below order 0 one zero decides alone.
    [TestCase(2, new double[] { 0, 0 }, new double[] { 0, 0 })]
    [TestCase(0.5, new double[] { 0, 0 }, new double[] { 0, 0 })]
    [TestCase(1, new double[] { 0, -3 }, new double[] { 0, -1 })]
    [TestCase(double.PositiveInfinity, new double[] { 2, -2 }, new double[] { 0.5, -0.5 })]
    [TestCase(double.NegativeInfinity, new double[] { 2, -2 }, new double[] { 0.5, -0.5 })]
    [TestCase(-1, new double[] { 2, 0 }, new double[] { 0, 0 })]
    public void Gradients_of_norms_where_they_have_corners(double order, double[] at, double[] expected)
    {
        using var tape = new GradientTape();
        Tensor x = Tensor.From(at);
        tape.Watch(x);
        Assert.That(tape.Gradient(x.Norm(axes: null, order), x)!.ToArray<double>(), Is.EqualTo(expected));
    }

    // numpy.cov and numpy.corrcoef of the same matrix.
    [Test]
    public void Variables_vary_together()
    {
        Tensor x = Tensor.From([[1.0, 2, 3, 4], [2, 4, 7, 7], [4, 3, 2, 1]]);
        Assert.That(x.Covariance().ToArray<double>(), Is.EqualTo(new[] { 5.0 / 3, 3, -5.0 / 3, 3, 6, -3, -5.0 / 3, -3, 5.0 / 3 }).Within(1e-14));
        Assert.That(x.Covariance(0)[1, 1].Item(), Is.EqualTo(4.5).Within(1e-14));
        double r = 3 / Math.Sqrt(10);
        Assert.That(x.Correlation().ToArray<double>(), Is.EqualTo(new[] { 1, r, -1, r, 1, -r, -1, -r, 1 }).Within(1e-14));
        Assert.That(x[0].Covariance().Item(), Is.EqualTo(5.0 / 3).Within(1e-14));
        Assert.That(x[0].Correlation().Item(), Is.EqualTo(1));
        Assert.That(Tensor.Stack([x, x]).Covariance().Shape, Is.EqualTo(Shape.FromSizes(2, 3, 3)));
        Assert.That(() => Tensor.From(1.0).Covariance(), Throws.TypeOf<ShapeMismatchException>());
        GradientCheck.Require(static m => m.Covariance(), x);
        GradientCheck.Require(static m => m.Correlation(), Tensor.From([[1.0, 2, 4], [2, -1, 3]]), order: 2);
    }

    // ∫ of the line through the points: exact for lines.
    [Test]
    public void The_trapezoid_rule_integrates_lines_exactly()
    {
        Tensor y = Tensor.From([[0.0, 1, 2, 3], [5, 5, 5, 5]]), x = Tensor.From([0.0, 1, 3, 4]);
        Assert.That(y.Trapezoid().ToArray<double>(), Is.EqualTo(new[] { 4.5, 15 }));
        Assert.That(y.Trapezoid(0.5).ToArray<double>(), Is.EqualTo(new[] { 2.25, 7.5 }));
        Assert.That(y.Trapezoid(x).ToArray<double>(), Is.EqualTo(new[] { 0.5 + 3 + 2.5, 20 }));
        Assert.That(y.Transpose().Trapezoid(x, axis: 0).ToArray<double>(), Is.EqualTo(new[] { 6.0, 20 }));
        Assert.That(y.Trapezoid(y).ToArray<double>(), Is.EqualTo(new[] { 4.5, 0 }));
        Assert.That(Tensor.Zeros([3, 0]).Trapezoid().ToArray<float>(), Is.EqualTo(new float[3]));
        Assert.That(() => y.Trapezoid(x[..3]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("needs [4]"));
        GradientCheck.Require(static p => p[0].Trapezoid(p[1]), [y, x], order: 2);
    }

    // As in NumPy, where axis=() reduces nothing and axis=None everything.
    [Test]
    public void No_axis_is_not_all_axes()
    {
        Tensor x = Tensor.From([[1.0, -2], [0, 4]]);
        Assert.That(x.Sum([]).ToArray<double>(), Is.EqualTo(new double[] { 1, -2, 0, 4 }));
        Assert.That(x.Sum([]).Shape, Is.EqualTo(x.Shape));
        Assert.That(x.Sum(axes: null, keepDims: true).Shape, Is.EqualTo(Shape.FromSizes(1, 1)));
        Assert.That(Tensor.From([true, false]).Sum([]).DType, Is.EqualTo(DType.Int64));
        Assert.That(x.Variance([]).ToArray<double>(), Is.EqualTo(new double[4]));
        Assert.That(x.Norm([]).ToArray<double>(), Is.EqualTo(new double[] { 1, 2, 0, 4 }));
        Assert.That(x.Any([]).ToArray<bool>(), Is.EqualTo(new[] { true, true, false, true }));
        Assert.That(x.All([]).ToArray<bool>(), Is.EqualTo(new[] { true, true, false, true }));
        Assert.That(x.CountNonZero([]).ToArray<long>(), Is.EqualTo(new long[] { 1, 1, 0, 1 }));
        Assert.That(x.Median([]).ToArray<double>(), Is.EqualTo(new double[] { 1, -2, 0, 4 }));
        Assert.That(x.Moments([]).Mean.ToArray<double>(), Is.EqualTo(new double[] { 1, -2, 0, 4 }));
    }

    // Values of numpy.quantile with the method of the same name.
    [TestCase(QuantileInterpolation.Linear, 1.9)]
    [TestCase(QuantileInterpolation.Lower, 1)]
    [TestCase(QuantileInterpolation.Higher, 4)]
    [TestCase(QuantileInterpolation.Nearest, 1)]
    [TestCase(QuantileInterpolation.Midpoint, 2.5)]
    public void A_quantile_between_two_elements_is_what_one_asks_for(QuantileInterpolation interpolation, double expected)
    {
        Assert.That(Tensor.From([9.0, 4, 1]).Quantile(0.15, interpolation: interpolation).Item(), Is.EqualTo(expected).Within(1e-14));
    }

    [Test]
    public void Several_quantiles_stand_along_a_first_axis()
    {
        Tensor x = Tensor.From([[9.0, 4, 1], [2, double.NaN, 3]]);
        Tensor y = x.Quantile([0, 0.5, 1], [1]);
        Assert.That(y.Shape, Is.EqualTo(Shape.FromSizes(3, 2)));
        Assert.That(y.ToArray<double>(), Is.EqualTo(new[] { 1, double.NaN, 4, double.NaN, 9, double.NaN }));
        Assert.That(x.NanQuantile([0.5, 1], [1]).ToArray<double>(), Is.EqualTo(new[] { 4, 2.5, 9, 3 }));
        Assert.That(Tensor.From([double.NaN]).NanMedian().Item(), Is.NaN);
        Assert.That(Tensor.From([1.0, double.PositiveInfinity]).Quantile(0).Item(), Is.EqualTo(1));
        Assert.That(() => x.Quantile(1.5), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("part 1.5"));
        Assert.That(() => x.Quantile(Array.Empty<double>()), Throws.TypeOf<InvalidArgumentException>());
        Assert.That(() => Tensor.From([1, 2]).Median(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("int32"));
        Assert.That(() => Tensor.Zeros([0]).Median(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("no elements"));
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
