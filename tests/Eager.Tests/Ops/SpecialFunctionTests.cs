using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Ops;

public class SpecialFunctionTests
{
    [Test]
    public void Polygamma_of_order_zero_is_digamma()
    {
        Tensor x = Tensor.From(0.5, 2, 7);
        Assert.That(x.Polygamma(0).ToArray<double>(), Is.EqualTo(x.Digamma().ToArray<double>()));
    }

    // ψ(1) = −γ, Γ(½) = √π, ζ(2) = π²/6, P(1, x) = 1 − e⁻ˣ (Abramowitz & Stegun 6.3.2, 6.1.8, 23.2.24, 6.5.11); some units of float64.
    [Test]
    public void Known_values_are_met()
    {
        Assert.That(Tensor.From(1.0).Digamma().Item(), Is.EqualTo(-0.57721566490153286).Within(1e-15));
        Assert.That(Tensor.From(0.5).LogGamma().Item(), Is.EqualTo(Math.Log(Math.PI) / 2).Within(1e-15));
        Assert.That(Tensor.From(2.0).Zeta(Tensor.From(1.0)).Item(), Is.EqualTo(Math.PI * Math.PI / 6).Within(1e-15));
        Assert.That(Tensor.From(1.0).GammaP(Tensor.From(2.0)).Item(), Is.EqualTo(1 - Math.Exp(-2)).Within(1e-15));
    }

    // −x·ζ(x + 1, q) = −x·Σ (k + q)⁻ˣ⁻¹: for growing x the powers win over the factor, for q above 1 downwards and up to 1 upwards.
    [Test]
    public void The_gradient_of_the_zeta_function_has_limits_at_infinity()
    {
        Tensor x = Tensor.From(double.PositiveInfinity, 3, double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity), q = Tensor.From(2, double.PositiveInfinity, double.PositiveInfinity, 1, 0.5);
        using var tape = new GradientTape();
        tape.Watch(q);

        Assert.That(tape.Gradient(x.Zeta(q), q)!.ToArray<double>(), Is.EqualTo(new[] { 0, 0, 0, double.NegativeInfinity, double.NegativeInfinity }));
    }

    // d²/dx² sin(πx)/(πx) at 0 is −π²/3, from the series.
    [Test]
    public void The_second_derivative_of_sinc_at_zero_is_that_of_its_series()
    {
        Tensor x = Tensor.From(0.0);
        using var outer = new GradientTape();
        outer.Watch(x);
        Tensor slope;
        using (var inner = new GradientTape())
        {
            inner.Watch(x);
            slope = inner.Gradient(x.Sinc(), x)!;
        }
        Assert.That(slope.Item(), Is.Zero);
        Assert.That(outer.Gradient(slope, x)!.Item(), Is.EqualTo(-Math.PI * Math.PI / 3).Within(1e-14));
    }

    // PyTorch's answer: the branch of the exponential, whose slope at 0 is α.
    [TestCase(1)]
    [TestCase(0.7)]
    public void The_gradient_of_elu_at_zero_is_alpha(double alpha)
    {
        Tensor x = Tensor.From(0.0, -0.0);
        using var tape = new GradientTape();
        tape.Watch(x);
        Assert.That(tape.Gradient(x.Elu(alpha), x)!.ToArray<double>(), Is.All.EqualTo(alpha));
    }

    [Test]
    public void Elu_of_large_numbers_has_a_finite_gradient()
    {
        Tensor x = Tensor.From(1000.0, -1000.0);
        using var tape = new GradientTape();
        tape.Watch(x);
        Assert.That(tape.Gradient(x.Elu(), x)!.ToArray<double>(), Is.EqualTo(new double[] { 1, 0 }));
    }

    // The tie at (0, 0) has no derivative; 0 is the one of least length, as Abs takes it.
    [Test]
    public void The_gradient_of_a_hypotenuse_of_no_length_is_zero()
    {
        Tensor a = Tensor.From(0.0), b = Tensor.From(0.0);
        using var tape = new GradientTape();
        tape.Watch(a, b);
        Assert.That(tape.Gradient(a.Hypot(b), [a, b])!.Select(static g => g!.Item()), Is.All.Zero);
    }

    [Test]
    public void A_function_of_real_numbers_refuses_complex_ones_by_name()
    {
        Tensor z = Tensor.From(new System.Numerics.Complex(1, 2));
        Assert.That(() => z.LogGamma(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("LogGamma").And.Message.Contains("complex128").And.Message.Contains("Abs"));
        Assert.That(() => z.Hypot(z), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Hypot"));
    }

    [Test]
    public void All_close_is_one_answer()
    {
        Tensor x = Tensor.From(1.0, double.NaN);
        Assert.That(x.AllClose(x), Is.False);
        Assert.That(x.AllClose(x, equalNaN: true), Is.True);
        Assert.That(x.AllClose(x + 1e-9, equalNaN: true), Is.True);
        Assert.That(x.AllClose(x + 1e-3, equalNaN: true), Is.False);
        Assert.That(Tensor.From(long.MaxValue).AllClose(Tensor.From(long.MinValue)), Is.False, "the difference overflows");
    }

    [Test]
    public void Subnormal_numbers_are_kept()
    {
        Tensor smallest = Tensor.From(float.Epsilon);
        Assert.That((smallest * 2).Item<float>(), Is.EqualTo(2 * float.Epsilon));
        Assert.That((smallest + smallest.Abs()).Item<float>(), Is.EqualTo(2 * float.Epsilon));
        Assert.That(Tensor.From(double.Epsilon).Square().Sqrt().Item<double>(), Is.Zero, "what is below the smallest number rounds to zero");
        Assert.That((Tensor.Full([1000], double.Epsilon, DType.Float64) * 3).ToArray<double>(), Is.All.EqualTo(3 * double.Epsilon));
    }

    [Test]
    public void The_limits_of_dtypes_are_those_of_their_numbers()
    {
        Assert.That(DType.Float32.Max().ToDouble(), Is.EqualTo(float.MaxValue));
        Assert.That(DType.Float16.Max().ToDouble(), Is.EqualTo(65504));
        Assert.That(DType.BFloat16.Max().ToDouble(), Is.EqualTo((float)new BFloat16(0x7F7F)));
        Assert.That(DType.Int64.Max().ToInt64(), Is.EqualTo(long.MaxValue));
        Assert.That(DType.Int8.Min().ToInt64(), Is.EqualTo(sbyte.MinValue));
        Assert.That(DType.Complex128.Min().ToDouble(), Is.EqualTo(double.MinValue));
        Assert.That(() => DType.Int32.Epsilon(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("int32"));
        foreach (DType dtype in DTypes.All.Where(static d => d.IsFloatingPoint()))
        {
            Tensor one = Tensor.Ones([1], dtype), zero = Tensor.Zeros([1], dtype);
            Assert.That((one + dtype.Epsilon()).Cast(DType.Float64).Item(), Is.EqualTo(1 + dtype.Epsilon()), $"{dtype} has 1 + ε");
            Assert.That((one + dtype.Epsilon() / 2).Cast(DType.Float64).Item(), Is.EqualTo(1), $"{dtype} has nothing between, ties go to even");
            Assert.That((zero + dtype.SmallestSubnormal()).Cast(DType.Float64).Item(), Is.EqualTo(dtype.SmallestSubnormal()), $"{dtype} has its smallest number");
            Assert.That((zero + dtype.SmallestSubnormal() / 2).Cast(DType.Float64).Item(), Is.Zero, $"{dtype} has none below");
            Assert.That(dtype.SmallestSubnormal() / dtype.SmallestNormal(), Is.EqualTo(dtype.Epsilon()), $"the numbers of {dtype} below the normal ones are evenly spaced");
        }
        foreach (DType dtype in DTypes.All.Where(static d => d.IsInteger()))
            Assert.That(new[] { Tensor.Full([], dtype.Min(), dtype).Item(), Tensor.Full([], dtype.Max(), dtype).Item() }, Is.EqualTo(new[] { dtype.Min().ToDouble(), dtype.Max().ToDouble() }));
    }
}
