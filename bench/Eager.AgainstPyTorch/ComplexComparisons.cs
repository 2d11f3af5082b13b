using static Eager.AgainstPyTorch.Argument;
using static Eager.AgainstPyTorch.Bound;
using static Eager.AgainstPyTorch.Comparison;

namespace Eager.AgainstPyTorch;

/// <summary>Complex numbers and Fourier transforms. What goes in and comes out are real and imaginary parts, so that gradients are compared in full.</summary>
internal static class ComplexComparisons
{
    internal static readonly Comparison[] All =
    [
        Complex("Complex", "z", static z => z, Exact),
        Complex("Conj", "z.conj().resolve_conj()", static z => z.Conj(), Exact),
        Complex("ComplexSign", "z.sgn()", static z => z.Sign()),
        Complex("Complex Exp", "z.exp()", static z => z.Exp()),
        Complex("Complex Log", "z.log()", static z => z.Log()),
        Complex("Complex Sqrt", "z.sqrt()", static z => z.Sqrt()),
        Complex("Complex Multiply", "z * z.conj() * z", static z => z * z.Conj() * z),
        Complex("Complex Divide", "z / (z + 1)", static z => z / (z + 1)),
        Complex("Complex MatMul", "z @ z.mT", static z => z.MatMul(z.Transpose())),
        Complex("Complex Sum", "z.sum(1)", static z => z.Sum(1)),
        Of("Real", "torch.complex(a, b).real + 0 * b", static x => Tensor.Complex(x[0], x[1]).Real() + 0 * x[1], Parts),
        Of("Imag", "torch.complex(a, b).imag + 0 * a", static x => Tensor.Complex(x[0], x[1]).Imag() + 0 * x[0], Parts),
        Of("Angle", "torch.complex(a, b).angle()", static x => Tensor.Complex(x[0], x[1]).Angle(), Parts, Elementwise),
        Of("Complex Abs", "torch.complex(a, b).abs()", static x => Tensor.Complex(x[0], x[1]).Abs(), Parts, Elementwise),
        Of("Polar", "torch.view_as_real(torch.polar(a, b))", static x => Tensor.Polar(x[0], x[1]).ViewAsReal(), Parts, Elementwise),
        Of("ViewAsComplex", "torch.view_as_real(torch.view_as_complex(a) * 2)", static x => (x[0].ViewAsComplex() * 2).ViewAsReal(), static r => [Real(r, -2, 2, r.Next(1, 6), 2)], Elementwise),

        Complex("FourierTransform", "torch.fft.fft(z)", static z => z.Fft()),
        Complex("Fft of more points", "torch.fft.fft(z, 11)", static z => z.Fft(11)),
        Complex("Fft of fewer points, axis 0", "torch.fft.fft(z, 2, 0, 'ortho')", static z => z.Fft(2, 0, FourierNorm.Ortho)),
        Complex("Ifft", "torch.fft.ifft(z)", static z => z.Ifft()),
        Complex("Ifft, forward norm", "torch.fft.ifft(z, norm='forward')", static z => z.Ifft(norm: FourierNorm.Forward)),
        Complex("Fft2", "torch.fft.fft2(z)", static z => z.Fft2()),
        Complex("Ifft2", "torch.fft.ifft2(z)", static z => z.Ifft2()),
        Complex("Fftn", "torch.fft.fftn(z)", static z => z.Fftn()),
        Complex("Ifftn", "torch.fft.ifftn(z)", static z => z.Ifftn()),
        Transform("RealFourierTransform", "torch.view_as_real(torch.fft.rfft(a))", static x => x.Rfft().ViewAsReal()),
        Transform("Rfft of more points", "torch.view_as_real(torch.fft.rfft(a, 9))", static x => x.Rfft(9).ViewAsReal()),
        Transform("Rfftn", "torch.view_as_real(torch.fft.rfftn(a))", static x => x.Rfftn().ViewAsReal()),
        Transform("InverseRealFourierTransform", "torch.fft.irfft(torch.fft.rfft(a) ** 2, a.shape[-1])", static x => x.Rfft().Square().Irfft(x.Shape[^1])),
        Transform("Irfftn", "torch.fft.irfftn(torch.fft.rfftn(a) ** 2, a.shape)", static x => x.Rfftn().Square().Irfftn([.. x.Shape.Select(static d => d.Value)])),
        Transform("FftFrequencies", "torch.fft.fftfreq(7, 0.5, dtype=a.dtype)", static x => Tensor.FftFrequencies(7, 0.5, x.DType)) with { Gradients = false, Bound = Elementwise },
        Transform("RfftFrequencies", "torch.fft.rfftfreq(7, 0.5, dtype=a.dtype)", static x => Tensor.RfftFrequencies(7, 0.5, x.DType)) with { Gradients = false, Bound = Elementwise },
    ];

    private static Argument[] Parts(System.Random random) => Twins(random, 0.5, 2, 2);

    private static Comparison Complex(string name, string python, Func<Tensor, Tensor> call, Bound bound = Accumulated) =>
        Of(name, $"(lambda z: torch.view_as_real({python}))(torch.complex(a, b))", x => call(Tensor.Complex(x[0], x[1])).ViewAsReal(), Parts, bound);

    private static Comparison Transform(string name, string python, Func<Tensor, Tensor> call) =>
        Of(name, python, x => call(x[0]), static r => [Real(r, -2, 2, AnySizes(r, 2))]);
}
