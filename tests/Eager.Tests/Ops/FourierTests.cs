using System.Numerics;
using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Ops;

/// <summary>Fourier transforms against the defining sum in plain C#.</summary>
public class FourierTests
{
    private static readonly FourierNorm[] Norms = Enum.GetValues<FourierNorm>();

    [Test]
    public void A_transform_is_the_defining_sum([Values(1, 2, 3, 4, 5, 8, 12)] int size, [ValueSource(nameof(Norms))] FourierNorm norm, [Values] bool isForward)
    {
        Complex[] x = Numbers(size, 1);
        Tensor z = Tensor.From(x);
        Require(isForward ? z.Fft(norm: norm) : z.Ifft(norm: norm), Sum(x, size, isForward, norm));
        Require(isForward ? z.Cast(DType.Complex64).Fft(norm: norm) : z.Cast(DType.Complex64).Ifft(norm: norm), Sum(x, size, isForward, norm));
    }

    [Test]
    public void More_elements_than_there_are_count_as_zeros_and_others_are_cut_off([Values(3, 5, 7)] int n)
    {
        Complex[] x = Numbers(5, 2), sized = [.. Enumerable.Range(0, n).Select(i => i < 5 ? x[i] : 0)];
        Complex[] real = [.. sized.Select(static c => (Complex)c.Real)];
        Tensor z = Tensor.From(x);
        Require(z.Fft(n), Sum(sized, n, true, FourierNorm.Backward));
        Require(z.Ifft(n), Sum(sized, n, false, FourierNorm.Backward));
        Require(z.Real().Rfft(n), Sum(real, n, true, FourierNorm.Backward)[..(n / 2 + 1)]);
    }

    [Test]
    public void Real_numbers_have_half_a_transform_and_come_back_from_it([Values(1, 2, 5, 8)] int size, [ValueSource(nameof(Norms))] FourierNorm norm)
    {
        Tensor x = Tensor.From(Numbers(size, 3)).Real().Contiguous();
        Tensor half = x.Rfft(norm: norm);
        Require(half, Sum([.. x.ToArray<double>().Select(static v => (Complex)v)], size, true, norm)[..(size / 2 + 1)]);
        // A transform there and back rounds a few times for each doubling of the size.
        Assert.That(half.Irfft(size, norm: norm).ToArray<double>(), Is.EqualTo(x.ToArray<double>()).Within(1e-15 * 8));
        Assert.That(x.Cast(DType.Float32).Rfft().DType, Is.EqualTo(DType.Complex64));
        Assert.That(x.Cast(DType.Float32).Rfft().Irfft(size).DType, Is.EqualTo(DType.Float32));
    }

    // Of the first and, of an even size, the last number only the real part counts: the others stand for themselves and their conjugates.
    [Test]
    public void The_inverse_of_a_half_is_that_of_the_whole_with_its_conjugates([Values(4, 5)] int n)
    {
        Complex[] half = Numbers(3, 4);
        var whole = new Complex[n];
        for (int k = 0; k < n; k++) whole[k] = k < 3 ? half[k] : Complex.Conjugate(half[n - k]);
        whole[0] = whole[0].Real;
        if (n % 2 == 0) whole[n / 2] = whole[n / 2].Real;
        Tensor z = Tensor.From(half);
        Require(z.Irfft(n).Cast(DType.Complex128), Sum(whole, n, false, FourierNorm.Backward));
        Assert.That(z.ToArray<Complex>(), Is.EqualTo(half), "the input is not written to");
    }

    [Test]
    public void Several_axes_are_transformed_one_after_another()
    {
        Tensor z = Tensor.From(Numbers(24, 5), [2, 3, 4]);
        Require(z.Fftn(), Flat(z.Fft(axis: 0).Fft(axis: 1).Fft(axis: 2)));
        Require(z.Ifftn(), Flat(z.Ifft(axis: 0).Ifft(axis: 1).Ifft(axis: 2)));
        Require(z.Fft2(), Flat(z.Fft(axis: 1).Fft(axis: 2)));
        Require(z.Ifft2(axes: [0, 2]), Flat(z.Ifft(axis: 0).Ifft(axis: 2)));
        Require(z.Fftn([5, 2]), Flat(z.Fft(5, axis: 1).Fft(2, axis: 2)));
        Require(z.Real().Rfftn(), Flat(z.Real().Rfft(axis: 2).Fft(axis: 0).Fft(axis: 1)));
        Require(z.Real().Rfftn(axes: [2, 0], norm: FourierNorm.Ortho), Flat(z.Real().Rfft(axis: 0, norm: FourierNorm.Ortho).Fft(axis: 2, norm: FourierNorm.Ortho)));
        Require(z.Irfftn([2, 3, 7]).Cast(DType.Complex128), Flat(z.Ifft(axis: 0).Ifft(axis: 1).Irfft(7, axis: 2).Cast(DType.Complex128)));
        Require(z.Real().Rfftn().Irfftn().Cast(DType.Complex128), Flat(z.Real().Cast(DType.Complex128)));
        Require(z.Real().Fftn(), Flat(z.Real().Cast(DType.Complex128).Fftn()));
    }

    // Parseval: Σ|x|² = Σ|y|² under the orthogonal norm.
    [Test]
    public void The_orthogonal_norm_keeps_lengths()
    {
        Tensor z = Tensor.From(Numbers(100, 6));
        Assert.That(z.Fft(norm: FourierNorm.Ortho).Abs().Square().Sum().Item(), Is.EqualTo(z.Abs().Square().Sum().Item()).Within(1e-12));
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Gradients_agree_with_differences(int order)
    {
        Tensor z = Tensor.From(Numbers(6, 7), [2, 3]), x = z.Real().Contiguous();
        foreach (FourierNorm norm in Norms)
        {
            GradientCheck.Require(t => t.Fft(norm: norm), z, order);
            GradientCheck.Require(t => t.Ifftn(norm: norm), z, order);
            GradientCheck.Require(t => t.Rfft(norm: norm), x, order);
            GradientCheck.Require(t => t.Irfft(5, norm: norm), z, order);
            GradientCheck.Require(t => t.Irfft(norm: norm), z, order);
        }
        GradientCheck.Require(static t => t.Fft(4).Abs().Log(), x, order);
        GradientCheck.Require(static t => t.Rfftn([3, 4]).Exp(), x, order);
        GradientCheck.Require(static t => t.Irfftn([3, 4]).Square(), z, order);
        GradientCheck.Require(static t => (t.FftShift() * t.IfftShift(1)).Real(), z, order);
    }

    [Test]
    public void A_rule_that_is_wrong_by_a_thousandth_is_noticed()
    {
        Tensor z = Tensor.From(Numbers(6, 7), [2, 3]);
        foreach (Op faulty in (Op[])[FourierOps.Transform, FourierOps.RealTransform, FourierOps.InverseRealTransform])
        {
            BackwardPass.Fault = (op, _, g) => op == faulty ? g * 1.001 : g;
            try
            {
                Assert.That(GradientCheck.Run(static t => t.Fft().Irfft().Rfft(), z).Passed, Is.False, faulty.Name);
            }
            finally
            {
                BackwardPass.Fault = null;
            }
        }
    }

    [Test]
    public void Frequencies_are_in_the_order_of_the_transform()
    {
        Assert.That(Tensor.FftFrequencies(5, 0.1, DType.Float64).ToArray<double>(), Is.EqualTo(new double[] { 0, 2, 4, -4, -2 }).Within(1e-15));
        Assert.That(Tensor.FftFrequencies(4, dtype: DType.Float64).ToArray<double>(), Is.EqualTo(new[] { 0, 0.25, -0.5, -0.25 }));
        Assert.That(Tensor.RfftFrequencies(4).ToArray<float>(), Is.EqualTo(new[] { 0, 0.25f, 0.5f }));
        Assert.That(Tensor.FftFrequencies(5, dtype: DType.Float64).FftShift().ToArray<double>(), Is.EqualTo(new[] { -0.4, -0.2, 0, 0.2, 0.4 }));
    }

    [Test]
    public void A_shift_and_its_inverse_cancel([Values(4, 5)] int size)
    {
        Tensor x = Tensor.Range(size * 3).Reshape([size, 3]);
        Assert.That(x.FftShift(0).ToArray<long>()[0], Is.EqualTo((size + 1) / 2 * 3));
        Assert.That(x.FftShift().IfftShift().ToArray<long>(), Is.EqualTo(x.ToArray<long>()));
    }

    [Test]
    public void An_empty_batch_has_an_empty_transform()
    {
        Assert.That(Tensor.Zeros([0, 4]).Fft().Shape, Is.EqualTo(Shape.FromSizes(0, 4)));
        Assert.That(Tensor.Zeros([0, 4]).Rfft().Shape, Is.EqualTo(Shape.FromSizes(0, 3)));
        Assert.That(Tensor.Zeros([0, 3], DType.Complex64).Irfft().Shape, Is.EqualTo(Shape.FromSizes(0, 4)));
        Assert.That(Tensor.Zeros([0, 3], DType.Complex64).Irfft().DType, Is.EqualTo(DType.Float32));
    }

    [Test]
    public void A_traced_transform_serves_every_batch()
    {
        using TracedFunction traced = Function.Trace(static x => x.Rfft().Abs());
        Tensor x = Tensor.From(Numbers(8, 8), [2, 4]).Real().Contiguous();
        for (int call = 0; call < 2; call++)
            Assert.That(traced.Call(x).ToArray<double>(), Is.EqualTo(x.Rfft().Abs().ToArray<double>()));
        using var counted = new WrapperCount();
        Tensor y = x.Fft(6, axis: 0);
        Assert.That(counted.Beside(y), Is.Zero);
    }

    [Test]
    public void What_cannot_be_transformed_is_refused_in_words()
    {
        Tensor x = Tensor.Zeros([2, 3]), z = Tensor.Zeros([2, 3], DType.Complex64);
        Assert.That(() => Tensor.From(1, 2).Fft(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Fft").And.Message.Contains("int32"));
        Assert.That(() => Tensor.From((Half)1).Fft(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float16"));
        Assert.That(() => z.Rfft(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Rfft").And.Message.Contains("complex64"));
        Assert.That(() => x.Irfft(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Irfft").And.Message.Contains("float32"));
        Assert.That(() => x.Fft(axis: 2), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("axis 2").And.Message.Contains("[2, 3]"));
        Assert.That(() => x.Fft(0), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("0 elements"));
        Assert.That(() => x.Rfft(-1), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("-1 elements"));
        Assert.That(() => Tensor.Zeros([2, 0]).Fft(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("[2, 0]"));
        Assert.That(() => Tensor.Zeros([2, 1], DType.Complex64).Irfft(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("0 numbers"));
        Assert.That(() => z.Irfft(0), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("0 numbers"));
        Assert.That(() => x.Fftn(axes: [0, -2]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("twice"));
        Assert.That(() => x.Fftn([2], [0, 1]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("1 sizes").And.Message.Contains("2 axes"));
        Assert.That(() => Tensor.From(1.0f).Sum().Fft(), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Tensor.FftFrequencies(0), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("0 points"));
        Assert.That(() => Tensor.FftFrequencies(3, dtype: DType.Int32), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("int32"));
    }

    // y[k] = Σⱼ x[j]·e^(∓2πijk/n), divided as the norm says.
    private static Complex[] Sum(Complex[] x, int n, bool isForward, FourierNorm norm)
    {
        double divisor = norm switch
        {
            FourierNorm.Ortho => Math.Sqrt(n),
            FourierNorm.Forward => isForward ? n : 1,
            _ => isForward ? 1 : n,
        };
        var y = new Complex[n];
        for (int k = 0; k < n; k++)
            for (int j = 0; j < n; j++) y[k] += x[j] * Complex.FromPolarCoordinates(1, (isForward ? -2 : 2) * Math.PI * (j * k % n) / n) / divisor;
        return y;
    }

    private static Complex[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => new Complex(random.NextDouble() * 2 - 1, random.NextDouble() * 2 - 1))];
    }

    private static Complex[] Flat(Tensor z) => z.Cast(DType.Complex128).ToArray<Complex>();

    // Each output sums as many numbers below √2 as there are points, each rounded.
    private static void Require(Tensor actual, Complex[] expected)
    {
        Complex[] values = Flat(actual);
        Assert.That(values, Has.Length.EqualTo(expected.Length));
        double tolerance = 4 * Math.Max(4, expected.Length) * actual.DType.Epsilon();
        for (int i = 0; i < values.Length; i++) Assert.That(Complex.Abs(values[i] - expected[i]), Is.LessThan(tolerance), $"element {i}: {values[i]}, not {expected[i]}");
    }
}
