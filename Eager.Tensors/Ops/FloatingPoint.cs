using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The next number of the dtype on the way to another, subnormal ones included; shapes broadcast.</summary>
    public Tensor NextAfter(Tensor towards) => FloatingPointOps.NextAfter.Apply([this, towards], default);

    /// <summary>The absolute value with the sign of another tensor, that of its zeros included; shapes broadcast.</summary>
    public Tensor CopySign(Tensor sign) => FloatingPointOps.CopySign.Apply([this, sign], default);

    /// <summary>True where the sign is minus, that of −0 included.</summary>
    public Tensor SignBit() => FloatingPointOps.SignBit.Apply([this], default);

    /// <summary>What <see cref="Truncate"/> cuts off, with the element's sign.</summary>
    /// <exception cref="DTypeMismatchException">The dtype is not floating point.</exception>
    public Tensor Frac()
    {
        if (!DType.IsFloatingPoint()) throw Errors.DTypeRefused("Frac", DType, "a floating-point dtype");
        using var scope = Temporaries.Begin();
        return scope.Keep(this - Truncate());
    }

    /// <summary>x = mantissa·2^exponent with a mantissa from ½ on and below 1 in absolute value; the exponent is int32. 0, infinities and NaN stay, with exponent 0.</summary>
    public (Tensor Mantissa, Tensor Exponent) Frexp()
    {
        Tensor[] parts = FloatingPointOps.Frexp.ApplyMany([this], default);
        return (parts[0], parts[1]);
    }

    /// <summary>x·2^exponent, without overflow on the way; shapes broadcast.</summary>
    /// <param name="exponent">Integers.</param>
    /// <exception cref="DTypeMismatchException">The exponents are no integers, or this tensor is not floating point.</exception>
    public Tensor Ldexp(Tensor exponent)
    {
        if (!exponent.DType.IsInteger()) throw new DTypeMismatchException($"Ldexp: the exponents are {exponent.DType.Name()}; convert them to an integer dtype with Cast.");
        if (!DType.IsFloatingPoint()) throw Errors.DTypeRefused("Ldexp", DType, "a floating-point dtype");
        using var scope = Temporaries.Begin();
        // In two steps: 2^exponent alone may overflow where the product does not. Float16 holds no exponent of the others.
        Tensor wide = exponent.Cast(DType.Int32), half = wide.FloorDivide(2);
        DType precise = DType == DType.Float64 ? DType : DType.Float32;
        Tensor scaled = Cast(precise) * half.Cast(precise).Exp2() * (wide - half).Cast(precise).Exp2();
        return scope.Keep(scaled.Cast(DType));
    }

    /// <summary>With other numbers in place of NaN and the infinities.</summary>
    /// <param name="nan">For NaN.</param>
    /// <param name="positiveInfinity">For ∞; the dtype's largest number when null.</param>
    /// <param name="negativeInfinity">For −∞; the dtype's lowest number when null.</param>
    public Tensor NanToNum(double nan = 0, double? positiveInfinity = null, double? negativeInfinity = null) =>
        FloatingPointOps.NanToNum.Apply([this], new(nan, positiveInfinity, negativeInfinity));

    /// <summary>True where the element is ∞.</summary>
    public Tensor IsPositiveInfinity() => InfinityOfSign(static x => x > 0);

    /// <summary>True where the element is −∞.</summary>
    public Tensor IsNegativeInfinity() => InfinityOfSign(static x => x < 0);

    /// <summary>True where |a − b| ≤ <paramref name="absolute"/> + <paramref name="relative"/>·|b|, or both are the same infinity; shapes broadcast.</summary>
    /// <param name="other">What to compare with, of the same dtype.</param>
    /// <param name="relative">How far they may differ as a part of the other's absolute value.</param>
    /// <param name="absolute">How far they may differ in any case.</param>
    /// <param name="equalNaN">Whether NaN is close to NaN.</param>
    /// <exception cref="InvalidArgumentException">A tolerance is negative or NaN.</exception>
    public Tensor IsClose(Tensor other, double relative = 1e-5, double absolute = 1e-8, bool equalNaN = false)
    {
        if (!(relative >= 0) || !(absolute >= 0)) throw new InvalidArgumentException($"IsClose: the tolerances {relative} (relative) and {absolute} (absolute) are not both 0 or more.");
        if (other.DType != DType) throw new DTypeMismatchException($"IsClose: the inputs are of different dtypes ({DType.Name()}, {other.DType.Name()}); convert one with Cast.");
        using var scope = Temporaries.Begin();
        // Differences of integers may overflow, and tolerances are no integers.
        bool isExact = !DType.IsDifferentiable();
        Tensor a = isExact ? Cast(DType.Float64) : this, b = isExact ? other.Cast(DType.Float64) : other;
        Tensor close = ((a - b).Abs() <= b.Abs() * relative + absolute) & a.IsFinite() & b.IsFinite() | a.Equal(b);
        return scope.Keep(equalNaN ? close | a.IsNaN() & b.IsNaN() : close);
    }

    /// <summary>Whether all elements are close; see <see cref="IsClose"/>. Reads the elements.</summary>
    public bool AllClose(Tensor other, double relative = 1e-5, double absolute = 1e-8, bool equalNaN = false)
    {
        using var scope = Temporaries.Begin();
        return IsClose(other, relative, absolute, equalNaN).All().Item<bool>();
    }

    private Tensor InfinityOfSign(Func<Tensor, Tensor> hasSign)
    {
        if (!DType.IsFloatingPoint()) return IsInfinity();
        using var scope = Temporaries.Begin();
        return scope.Keep(IsInfinity() & hasSign(this));
    }
}

internal static class FloatingPointOps
{
    internal readonly record struct NanToNumAttributes(double NaN, double? Positive, double? Negative);

    internal static readonly Op<None> NextAfter = OpForms.RealBinary("NextAfter", Aten.nextafter,
        Gradient<None>.Missing("a step between neighbouring numbers has no derivative"),
        Gradient<None>.None("it only says which way the step goes"));

    // y = |a| with the sign of b ⇒ da = g where the signs agree, −g where they do not, 0 where a = 0
    internal static readonly Op<None> CopySign = OpForms.RealBinary("CopySign", Aten.copysign_Tensor,
        new(Keep.A | Keep.Output, static (g, in s) => g * s.A.Sign() * s.Output.Sign()),
        Gradient<None>.None("only its sign matters"));

    internal static readonly Op<None> SignBit = OpForms.UnaryWithoutGradient("SignBit", Aten.signbit);

    // x = m·2ᵉ ⇒ dx = g/2ᵉ
    internal static readonly Op<None> Frexp = new("Frexp", static (x, in _) => Aten.frexp_Tensor(x[0]), static (x, in _) => [x[0], x[0]])
    {
        Accepts = Accepts.Floating,
        JointKeeps = Keep.Output1,
        Joint = static (g, in s, dx) => dx[0] = g[0]!.Ldexp(-s.Outputs(1)),
    };

    // y = x, or a number in place of what is none ⇒ dx = g where x is finite
    internal static readonly Op<NanToNumAttributes> NanToNum = new("NanToNum",
        static (x, in a) => Aten.nan_to_num(x[0], a.NaN, a.Positive is { } positive ? positive : default(MaybeDouble), a.Negative is { } negative ? negative : default(MaybeDouble)),
        static (x, in _) => x[0])
    {
        Accepts = Accepts.Floating,
        Gradients = [new(Keep.A, static (g, in s) => g * s.A.IsFinite().Cast(g.DType))],
    };
}
