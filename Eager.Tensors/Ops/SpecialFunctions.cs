using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>log |Γ(x)|, infinite at 0, −1, −2, …</summary>
    public Tensor LogGamma() => SpecialFunctionOps.LogGamma.Apply([this], default);

    /// <summary>ψ(x), the derivative of log Γ(x).</summary>
    public Tensor Digamma() => SpecialFunctionOps.Digamma.Apply([this], default);

    /// <summary>ψ⁽ⁿ⁾(x), the n-th derivative of the digamma function.</summary>
    /// <param name="order">n, 0 or more; 0 is <see cref="Digamma"/>.</param>
    /// <exception cref="InvalidArgumentException">The order is negative.</exception>
    public Tensor Polygamma(int order)
    {
        if (order < 0) throw new InvalidArgumentException($"Polygamma: the order {order} is negative; 0 is the digamma function.");
        return order == 0 ? Digamma() : SpecialFunctionOps.Polygamma.Apply([this], order);
    }

    /// <summary>The regularized lower incomplete gamma function P(a, x) = 1/Γ(a)·∫₀ˣ tᵃ⁻¹e⁻ᵗ dt; this tensor is a. Shapes broadcast.</summary>
    /// <param name="x">0 or more, of the same floating-point dtype.</param>
    /// <remarks>There is a gradient for x. The one for a has no closed form; asking for it is an error.</remarks>
    public Tensor GammaP(Tensor x) => SpecialFunctionOps.GammaP.Apply([this, x], default);

    /// <summary>The regularized upper incomplete gamma function Q(a, x) = 1 − P(a, x), exact for large x; this tensor is a. Shapes broadcast.</summary>
    /// <param name="x">0 or more, of the same floating-point dtype.</param>
    /// <remarks>There is a gradient for x. The one for a has no closed form; asking for it is an error.</remarks>
    public Tensor GammaQ(Tensor x) => SpecialFunctionOps.GammaQ.Apply([this, x], default);

    /// <summary>The Hurwitz zeta function Σₖ (k + q)⁻ˣ over k = 0, 1, …; this tensor is x, above 1. Shapes broadcast.</summary>
    /// <param name="q">Of the same floating-point dtype; with 1 it is Riemann's zeta function.</param>
    /// <remarks>There is a gradient for q. The one for x has no closed form; asking for it is an error. Where an argument grows without end, so that every term vanishes, it is 0.</remarks>
    public Tensor Zeta(Tensor q) => SpecialFunctionOps.Zeta.Apply([this, q], default);

    /// <summary>x·log y, and 0 where x = 0 whatever number y is; shapes broadcast.</summary>
    public Tensor XLogY(Tensor y) => SpecialFunctionOps.XLogY.Apply([this, y], default);

    /// <summary>x·log(1 + y), exact near y = 0, and 0 where x = 0 whatever number y is; shapes broadcast.</summary>
    public Tensor XLog1pY(Tensor y) => SpecialFunctionOps.XLog1pY.Apply([this, y], default);

    /// <summary>e^(x²)·erfc(x), which does not vanish for large x.</summary>
    public Tensor ErfcScaled() => SpecialFunctionOps.ErfcScaled.Apply([this], default);

    /// <summary>Φ(x), the standard normal distribution's probability of a number up to x; exact in both tails.</summary>
    public Tensor NormalCdf()
    {
        using var scope = Temporaries.Begin();
        return scope.Keep((this * -Math.Sqrt(0.5)).Erfc() * 0.5);
    }

    /// <summary>Φ⁻¹(p), the number up to which the standard normal distribution has the probability p. Infinite at 0 and 1, NaN beyond.</summary>
    public Tensor NormalCdfInverse() => SpecialFunctionOps.NormalCdfInverse.Apply([this], default);

    /// <summary>log Φ(x), which neither overflows nor rounds to 0 in the lower tail.</summary>
    public Tensor LogNormalCdf() => SpecialFunctionOps.LogNormalCdf.Apply([this], default);

    /// <summary>The modified Bessel function I₀(x).</summary>
    public Tensor BesselI0() => SpecialFunctionOps.BesselI0.Apply([this], default);

    /// <summary>e^(−|x|)·I₀(x), which does not overflow.</summary>
    public Tensor BesselI0Scaled() => SpecialFunctionOps.BesselI0Scaled.Apply([this], default);

    /// <summary>The modified Bessel function I₁(x).</summary>
    public Tensor BesselI1() => SpecialFunctionOps.BesselI1.Apply([this], default);

    /// <summary>e^(−|x|)·I₁(x), which does not overflow.</summary>
    public Tensor BesselI1Scaled() => SpecialFunctionOps.BesselI1Scaled.Apply([this], default);

    /// <summary>sin(πx)/(πx), and 1 at 0.</summary>
    /// <remarks>Derivatives of any order are exact at and near 0 too.</remarks>
    /// <exception cref="DTypeMismatchException">The dtype is not floating point.</exception>
    public Tensor Sinc()
    {
        if (!DType.IsFloatingPoint()) throw Errors.DTypeRefused("Sinc", DType, "a floating-point dtype");
        using var scope = Temporaries.Begin();
        Tensor t = Cast(DType == DType.Float64 ? DType.Float64 : DType.Float32) * Math.PI;
        Tensor isSmall = t.Abs() < 1, one = OnesLike(t);
        Tensor small = isSmall.Where(t, ZerosLike(t)).Square(), large = isSmall.Where(one, t);
        // sin(t)/t = Σₖ (−1)ᵏ t²ᵏ/(2k + 1)!, whose derivatives do not cancel as those of the quotient do; the terms left out are below 1/21! = 2e-20.
        Tensor series = one;
        for (int k = 9; k > 0; k--) series = 1 - series * small / (2 * k * (2 * k + 1));
        return scope.Keep(isSmall.Where(series, large.Sin() / large).Cast(DType));
    }
}

internal static class SpecialFunctionOps
{
    private static readonly double RootTwoOverPi = Math.Sqrt(2 / Math.PI);
    private static readonly double RootTwoPi = Math.Sqrt(2 * Math.PI);

    // y = log |Γ(x)| ⇒ dx = g·ψ(x)
    internal static readonly Op<None> LogGamma = OpForms.Unary("LogGamma", Aten.lgamma, Keep.A, static (g, in s) => g * s.A.Digamma());

    // y = ψ(x) ⇒ dx = g·ψ′(x)
    internal static readonly Op<None> Digamma = OpForms.Unary("Digamma", Aten.digamma, Keep.A, static (g, in s) => g * s.A.Polygamma(1));

    // y = ψ⁽ⁿ⁾(x) ⇒ dx = g·ψ⁽ⁿ⁺¹⁾(x)
    internal static readonly Op<int> Polygamma = new("Polygamma", static (x, in n) => PolygammaKernel(x[0], n), static (x, in _) => x[0])
    {
        Accepts = Accepts.Floating,
        Gradients = [new(Keep.A, static (g, in s) => g * s.A.Polygamma(s.Attributes + 1))],
    };

    // y = P(a, x) ⇒ dx = g·xᵃ⁻¹e⁻ˣ/Γ(a)
    internal static readonly Op<None> GammaP = OpForms.RealBinary("GammaP", Aten.igamma,
        Gradient<None>.Missing("the derivative of the incomplete gamma function with respect to a has no closed form"),
        new(Keep.A | Keep.B, static (g, in s) => g * GammaDensity(s.A, s.B)));

    // y = Q(a, x) ⇒ dx = −g·xᵃ⁻¹e⁻ˣ/Γ(a)
    internal static readonly Op<None> GammaQ = OpForms.RealBinary("GammaQ", Aten.igammac,
        Gradient<None>.Missing("the derivative of the incomplete gamma function with respect to a has no closed form"),
        new(Keep.A | Keep.B, static (g, in s) => -(g * GammaDensity(s.A, s.B))));

    // y = ζ(x, q) ⇒ dq = −g·x·ζ(x + 1, q)
    internal static readonly Op<None> Zeta = OpForms.RealBinary("Zeta", ZetaKernel,
        Gradient<None>.Missing("the derivative of the zeta function with respect to x has no closed form"),
        new(Keep.A | Keep.B, static (g, in s) =>
        {
            // Where x is infinite too, the zeta function's 0 is the stronger one.
            Tensor next = (s.A + 1).Zeta(s.B);
            return -(g * next.Equal(0).Where(next, s.A * next));
        }));

    // y = a·log b ⇒ da = g·log b (0 where a = 0 and the logarithm is not finite), db = g·a/b
    internal static readonly Op<None> XLogY = OpForms.RealBinary("XLogY", Aten.xlogy_Tensor,
        new(Keep.A | Keep.B, static (g, in s) => (s.A.Equal(0) & s.B.LessEqual(0)).Where(Tensor.ZerosLike(g), g.XLogY(s.B))),
        new(Keep.A | Keep.B, static (g, in s) => g * s.A / s.B));

    // y = a·log(1 + b) ⇒ da = g·log(1 + b) (0 where a = 0 and the logarithm is not finite), db = g·a/(1 + b)
    internal static readonly Op<None> XLog1pY = OpForms.RealBinary("XLog1pY", Aten.special_xlog1py,
        new(Keep.A | Keep.B, static (g, in s) => (s.A.Equal(0) & s.B.LessEqual(-1)).Where(Tensor.ZerosLike(g), g.XLog1pY(s.B))),
        new(Keep.A | Keep.B, static (g, in s) => g * s.A / (s.B + 1)));

    // y = e^(x²)·erfc x ⇒ dx = g·(2x·y − 2/√π)
    internal static readonly Op<None> ErfcScaled = OpForms.Unary("ErfcScaled", Aten.special_erfcx, Keep.A | Keep.Output,
        static (g, in s) => g * (s.A * s.Output * 2 - 2 / Math.Sqrt(Math.PI)));

    // y = Φ⁻¹(x) ⇒ dx = g·√(2π)·e^(y²/2)
    internal static readonly Op<None> NormalCdfInverse = OpForms.Unary("NormalCdfInverse", Aten.special_ndtri, Keep.Output,
        static (g, in s) => g * (s.Output.Square() * 0.5).Exp() * RootTwoPi);

    // y = log Φ(x) ⇒ dx = g·φ(x)/Φ(x) = g·√(2/π)/erfcx(−x/√2)
    internal static readonly Op<None> LogNormalCdf = OpForms.Unary("LogNormalCdf", Aten.special_log_ndtr, Keep.A,
        static (g, in s) => g * RootTwoOverPi / (s.A * -Math.Sqrt(0.5)).ErfcScaled());

    // y = I₀(x) ⇒ dx = g·I₁(x)
    internal static readonly Op<None> BesselI0 = OpForms.Unary("BesselI0", static x => AtInfinity(x, Aten.i0(x), signed: false), Keep.A, static (g, in s) => g * s.A.BesselI1());

    // y = e^(−|x|)·I₀(x) ⇒ dx = g·(e^(−|x|)·I₁(x) − sign x·y)
    internal static readonly Op<None> BesselI0Scaled = OpForms.Unary("BesselI0Scaled", Aten.special_i0e, Keep.A | Keep.Output,
        static (g, in s) => g * (s.A.BesselI1Scaled() - s.A.Sign() * s.Output));

    // y = I₁(x) ⇒ dx = g·(I₀(x) − y/x)
    internal static readonly Op<None> BesselI1 = OpForms.Unary("BesselI1", static x => AtInfinity(x, Aten.special_i1(x), signed: true), Keep.A | Keep.Output,
        static (g, in s) => g * (s.A.BesselI0() - OverArgument(s.Output, s.A)));

    // y = e^(−|x|)·I₁(x) ⇒ dx = g·(e^(−|x|)·I₀(x) − y/x − sign x·y)
    internal static readonly Op<None> BesselI1Scaled = OpForms.Unary("BesselI1Scaled", Aten.special_i1e, Keep.A | Keep.Output,
        static (g, in s) => g * (s.A.BesselI0Scaled() - OverArgument(s.Output, s.A) - s.A.Sign() * s.Output));

    // ψ⁽ⁿ⁾(x) = (−1)ⁿ⁺¹·n!·ζ(n + 1, x). LibTorch's own kernel for n = 1 is right to nine digits only.
    private static Tensor PolygammaKernel(Tensor x, int n)
    {
        using var scope = Temporaries.Begin();
        DType precise = x.DType == DType.Float64 ? DType.Float64 : DType.Float32;
        double factor = n % 2 == 0 ? -1 : 1;
        for (int i = 2; i <= n; i++) factor *= i;
        Tensor wide = Aten._to_copy(x, (int)precise, -1, -1, default, false, -1);
        Tensor zeta = Aten.special_zeta(Aten.full_like(wide, n + 1, -1, -1, -1, default, -1), wide);
        Tensor y = Aten.mul_Tensor(zeta, Aten.full([], factor, (int)precise, -1, x.Device.Packed, default));
        return scope.Keep(Aten._to_copy(y, (int)x.DType, -1, -1, default, false, -1));
    }

    // LibTorch's series gives NaN where all its terms have become 0; the first of them, q⁻ˣ, is then the sum.
    private static Tensor ZetaKernel(Tensor x, Tensor q)
    {
        using var scope = Temporaries.Begin();
        Tensor y = Aten.special_zeta(x, q), one = Aten.full([], 1, (int)x.DType, -1, x.Device.Packed, default);
        Tensor converges = Aten.logical_and(Aten.gt_Tensor(x, one), Aten.gt_Tensor(q, one));
        return scope.Keep(Aten.where_self(Aten.logical_and(Aten.isnan(y), converges), Aten.pow_Tensor_Tensor(q, Aten.neg(x)), y));
    }

    private static Tensor GammaDensity(Tensor a, Tensor x) => ((a - 1).XLogY(x) - x - a.LogGamma()).Exp();

    // I₁(x)/x, whose limit at 0 is ½.
    private static Tensor OverArgument(Tensor y, Tensor x)
    {
        Tensor zero = x.Equal(0);
        return zero.Where(Tensor.FullLike(x, 0.5), y / zero.Where(Tensor.OnesLike(x), x));
    }

    // LibTorch computes eˣ/√x times a series, which at infinity is ∞/∞.
    private static Tensor AtInfinity(Tensor x, Tensor y, bool signed)
    {
        using Tensor finite = y, isInfinite = Aten.isinf(x);
        if (signed) return Aten.where_self(isInfinite, x, finite);
        using Tensor limit = Aten.abs(x);
        return Aten.where_self(isInfinite, limit, finite);
    }
}
