using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The angle of the point (x, y) in radians, from −π to π; this tensor is y. Shapes broadcast.</summary>
    /// <param name="x">The other coordinate, of the same floating-point dtype.</param>
    public Tensor Atan2(Tensor x) => BinaryFunctionOps.Atan2.Apply([this, x], default);

    /// <summary>√(a² + b²) without overflow; shapes broadcast. The gradient at (0, 0) is 0.</summary>
    public Tensor Hypot(Tensor other) => BinaryFunctionOps.Hypot.Apply([this, other], default);

    /// <summary>log(eᵃ + eᵇ) without overflow; shapes broadcast.</summary>
    public Tensor LogAddExp(Tensor other) => BinaryFunctionOps.LogAddExp.Apply([this, other], default);

    /// <summary>log₂(2ᵃ + 2ᵇ) without overflow; shapes broadcast.</summary>
    public Tensor LogAddExp2(Tensor other) => BinaryFunctionOps.LogAddExp2.Apply([this, other], default);

    /// <summary>The remainder of the division that rounds towards zero: its sign is the dividend's, as that of C#'s % of numbers. Shapes broadcast.</summary>
    /// <remarks>The operator % and <see cref="Remainder(Tensor)"/> belong to the division that rounds down.</remarks>
    /// <exception cref="InvalidArgumentException">An integer is divided by zero, or the lowest integer by −1.</exception>
    public Tensor Fmod(Tensor divisor) => BinaryFunctionOps.Fmod.Apply([this, divisor], default);

    /// <summary>The remainder of the division by a number that rounds towards zero.</summary>
    public Tensor Fmod(Scalar divisor) => Fmod(ScalarOperands.For(divisor, this, "Fmod"));

    /// <summary>The remainder of the division that rounds down, as the operator %: its sign is the divisor's. Shapes broadcast.</summary>
    public Tensor Remainder(Tensor divisor) => this % divisor;

    /// <summary>The remainder of the division by a number that rounds down, as the operator %.</summary>
    public Tensor Remainder(Scalar divisor) => this % divisor;

    /// <summary>The larger, elementwise; shapes broadcast; a number wins over NaN. At ties each side gets half of the gradient.</summary>
    public Tensor FMax(Tensor other) => BinaryFunctionOps.FMax.Apply([this, other], default);

    /// <summary>The smaller, elementwise; shapes broadcast; a number wins over NaN. At ties each side gets half of the gradient.</summary>
    public Tensor FMin(Tensor other) => BinaryFunctionOps.FMin.Apply([this, other], default);

    /// <summary>0 where the element is negative, 1 where it is positive, <paramref name="atZero"/> where it is 0; shapes broadcast.</summary>
    public Tensor Heaviside(Tensor atZero) => BinaryFunctionOps.Heaviside.Apply([this, atZero], default);

    /// <summary>a + weight·(b − a): the way from this tensor to another; all three broadcast.</summary>
    public Tensor Lerp(Tensor end, Tensor weight) => BinaryFunctionOps.Lerp.Apply([this, end, weight], default);

    /// <summary>a + weight·(b − a): the way from this tensor to another, of which 0 is the start and 1 the end.</summary>
    public Tensor Lerp(Tensor end, Scalar weight) => Lerp(end, ScalarOperands.For(weight, this, "Lerp"));

    /// <summary>The greatest common divisor of integers, 0 or more; shapes broadcast.</summary>
    /// <exception cref="InvalidArgumentException">An element is the lowest int32 or int64, whose absolute value does not fit.</exception>
    public Tensor Gcd(Tensor other) => BinaryFunctionOps.Gcd.Apply([this, other], default);

    /// <summary>The least common multiple of integers, 0 or more; shapes broadcast.</summary>
    /// <exception cref="InvalidArgumentException">An element is the lowest int32 or int64, whose absolute value does not fit.</exception>
    public Tensor Lcm(Tensor other) => BinaryFunctionOps.Lcm.Apply([this, other], default);
}

internal static class BinaryFunctionOps
{
    private static readonly double Ln2 = Math.Log(2);

    // θ = atan2(y, x) ⇒ dy = g·x/(x² + y²), dx = −g·y/(x² + y²)
    internal static readonly Op<None> Atan2 = OpForms.RealBinary("Atan2", Aten.atan2,
        new(Keep.A | Keep.B, static (g, in s) => g * s.B / (s.A.Square() + s.B.Square())),
        new(Keep.A | Keep.B, static (g, in s) => -(g * s.A / (s.A.Square() + s.B.Square()))));

    // y = √(a² + b²) ⇒ da = g·a/y, db = g·b/y, 0 where y = 0
    internal static readonly Op<None> Hypot = OpForms.RealBinary("Hypot", Aten.hypot,
        new(Keep.A | Keep.Output, static (g, in s) => g * s.A / OneForZero(s.Output)),
        new(Keep.B | Keep.Output, static (g, in s) => g * s.B / OneForZero(s.Output)));

    // y = log(eᵃ + eᵇ) ⇒ da = g·σ(a − b), db = g·σ(b − a)
    internal static readonly Op<None> LogAddExp = OpForms.RealBinary("LogAddExp", Aten.logaddexp,
        new(Keep.A | Keep.B, static (g, in s) => g * Apart(s.A, s.B).Sigmoid()),
        new(Keep.A | Keep.B, static (g, in s) => g * Apart(s.B, s.A).Sigmoid()));

    // y = log₂(2ᵃ + 2ᵇ) ⇒ da = g·σ((a − b)·log 2), db = g·σ((b − a)·log 2)
    internal static readonly Op<None> LogAddExp2 = OpForms.RealBinary("LogAddExp2", Aten.logaddexp2,
        new(Keep.A | Keep.B, static (g, in s) => g * (Apart(s.A, s.B) * Ln2).Sigmoid()),
        new(Keep.A | Keep.B, static (g, in s) => g * (Apart(s.B, s.A) * Ln2).Sigmoid()));

    // y = a − b·trunc(a/b) ⇒ da = g, db = −g·trunc(a/b)
    internal static readonly Op<None> Fmod = OpForms.Binary("Fmod", Aten.truncate_mod,
        new(Keep.Nothing, static (g, in s) => g),
        new(Keep.A | Keep.B, static (g, in s) => -(g * (s.A / s.B).Truncate())));

    // y = max(a, b), of a number and NaN the number; ties share
    internal static readonly Op<None> FMax = OpForms.Binary("FMax", Aten.fmax,
        new(Keep.A | Keep.B, static (g, in s) => g * Share(s.A.Greater(s.B) | s.B.IsNaN(), s.A.Equal(s.B), g)),
        new(Keep.A | Keep.B, static (g, in s) => g * Share(s.B.Greater(s.A) | s.A.IsNaN(), s.A.Equal(s.B), g)));

    // y = min(a, b), of a number and NaN the number; ties share
    internal static readonly Op<None> FMin = OpForms.Binary("FMin", Aten.fmin,
        new(Keep.A | Keep.B, static (g, in s) => g * Share(s.A.Less(s.B) | s.B.IsNaN(), s.A.Equal(s.B), g)),
        new(Keep.A | Keep.B, static (g, in s) => g * Share(s.B.Less(s.A) | s.A.IsNaN(), s.A.Equal(s.B), g)));

    // y = a < 0 ? 0 : a > 0 ? 1 : b ⇒ db = g where a = 0
    internal static readonly Op<None> Heaviside = OpForms.Binary("Heaviside", HeavisideKernel,
        Gradient<None>.None("its derivative is zero where there is one"),
        new(Keep.A, static (g, in s) => g * s.A.Equal(0).Cast(g.DType)));

    // y = a + w·(b − a) ⇒ da = g·(1 − w), db = g·w, dw = g·(b − a)
    internal static readonly Op<None> Lerp = new("Lerp", static (x, in _) => Aten.lerp_Tensor(x[0], x[1], x[2]), OpForms.BroadcastShape)
    {
        Accepts = Accepts.Floating,
        Broadcasts = true,
        Gradients =
        [
            new(Keep.C, static (g, in s) => g * (1 - s.C)),
            new(Keep.C, static (g, in s) => g * s.C),
            new(Keep.A | Keep.B, static (g, in s) => g * (s.B - s.A)),
        ],
    };

    internal static readonly Op<None> Gcd = OpForms.BinaryWithoutGradient("Gcd", Aten.gcd, Accepts.Integral);

    internal static readonly Op<None> Lcm = OpForms.BinaryWithoutGradient("Lcm", Aten.lcm, Accepts.Integral);

    internal static Tensor Share(Tensor wins, Tensor ties, Tensor g) => wins.Cast(g.DType) + ties.Cast(g.DType) * 0.5;

    // LibTorch's kernel takes NaN for a positive number.
    private static Tensor HeavisideKernel(Tensor x, Tensor atZero)
    {
        Tensor y = Aten.heaviside(x, atZero);
        if (!x.DType.IsFloatingPoint()) return y;
        using Tensor step = y, unknown = Aten.isnan(x);
        return Aten.where_self(unknown, x, step);
    }

    private static Tensor OneForZero(Tensor y) => y.Equal(0).Where(Tensor.OnesLike(y), y);

    // a − b, and 0 for two equal infinities.
    private static Tensor Apart(Tensor a, Tensor b)
    {
        Tensor difference = a - b;
        return (a.Equal(b) & a.IsInfinity()).Where(Tensor.ZerosLike(difference), difference);
    }
}
