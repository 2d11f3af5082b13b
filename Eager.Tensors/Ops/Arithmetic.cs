using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>Sum, elementwise; shapes broadcast. The dtypes must be equal.</summary>
    public static Tensor operator +(Tensor a, Tensor b) => ArithmeticOps.Add.Apply([a, b], default);

    /// <summary>Sum with a number, which takes the tensor's dtype.</summary>
    public static Tensor operator +(Tensor a, Scalar b) => a + ScalarOperands.For(b, a, "Add");

    /// <summary>Sum with a number, which takes the tensor's dtype.</summary>
    public static Tensor operator +(Scalar a, Tensor b) => ScalarOperands.For(a, b, "Add") + b;

    /// <summary>Difference, elementwise; shapes broadcast. The dtypes must be equal.</summary>
    public static Tensor operator -(Tensor a, Tensor b) => ArithmeticOps.Subtract.Apply([a, b], default);

    /// <summary>Difference with a number, which takes the tensor's dtype.</summary>
    public static Tensor operator -(Tensor a, Scalar b) => a - ScalarOperands.For(b, a, "Subtract");

    /// <summary>Difference with a number, which takes the tensor's dtype.</summary>
    public static Tensor operator -(Scalar a, Tensor b) => ScalarOperands.For(a, b, "Subtract") - b;

    /// <summary>Product, elementwise; shapes broadcast. The dtypes must be equal. The matrix product is <see cref="MatMul"/>.</summary>
    public static Tensor operator *(Tensor a, Tensor b) => ArithmeticOps.Multiply.Apply([a, b], default);

    /// <summary>Product with a number, which takes the tensor's dtype.</summary>
    public static Tensor operator *(Tensor a, Scalar b) => a * ScalarOperands.For(b, a, "Multiply");

    /// <summary>Product with a number, which takes the tensor's dtype.</summary>
    public static Tensor operator *(Scalar a, Tensor b) => ScalarOperands.For(a, b, "Multiply") * b;

    /// <summary>Quotient, elementwise; shapes broadcast. The dtypes must be equal. Integers are divided rounding down.</summary>
    public static Tensor operator /(Tensor a, Tensor b) =>
        a.DType.IsInteger() ? a.FloorDivide(b) : ArithmeticOps.Divide.Apply([a, b], default);

    /// <summary>Quotient with a number, which takes the tensor's dtype.</summary>
    public static Tensor operator /(Tensor a, Scalar b) => a / ScalarOperands.For(b, a, "Divide");

    /// <summary>Quotient with a number, which takes the tensor's dtype.</summary>
    public static Tensor operator /(Scalar a, Tensor b) => ScalarOperands.For(a, b, "Divide") / b;

    /// <summary>Remainder of the division that rounds down: its sign is the divisor's.</summary>
    public static Tensor operator %(Tensor a, Tensor b) => ArithmeticOps.FloorMod.Apply([a, b], default);

    /// <summary>Remainder by a number, which takes the tensor's dtype.</summary>
    public static Tensor operator %(Tensor a, Scalar b) => a % ScalarOperands.For(b, a, "FloorMod");

    /// <summary>Remainder of a number, which takes the tensor's dtype.</summary>
    public static Tensor operator %(Scalar a, Tensor b) => ScalarOperands.For(a, b, "FloorMod") % b;

    /// <summary>The negative, elementwise.</summary>
    public static Tensor operator -(Tensor x) => ArithmeticOps.Negate.Apply([x], default);

    /// <summary>The tensor itself.</summary>
    public static Tensor operator +(Tensor x) => x;

    /// <summary>Quotient rounded down, elementwise; shapes broadcast.</summary>
    /// <exception cref="InvalidArgumentException">An integer is divided by zero.</exception>
    public Tensor FloorDivide(Tensor divisor) => ArithmeticOps.FloorDivide.Apply([this, divisor], default);

    /// <summary>Quotient by a number rounded down.</summary>
    public Tensor FloorDivide(Scalar divisor) => FloorDivide(ScalarOperands.For(divisor, this, "FloorDivide"));

    /// <summary>Power, elementwise; shapes broadcast.</summary>
    public Tensor Pow(Tensor exponent) => ArithmeticOps.Pow.Apply([this, exponent], default);

    /// <summary>Power with a number as exponent.</summary>
    public Tensor Pow(Scalar exponent) => Pow(ScalarOperands.For(exponent, this, "Pow"));

    /// <summary>The larger, elementwise; shapes broadcast; NaN wins. At ties each side gets half of the gradient.</summary>
    public Tensor Maximum(Tensor other) => ArithmeticOps.Maximum.Apply([this, other], default);

    /// <summary>The larger of each element and a number.</summary>
    public Tensor Maximum(Scalar other) => Maximum(ScalarOperands.For(other, this, "Maximum"));

    /// <summary>The smaller, elementwise; shapes broadcast; NaN wins. At ties each side gets half of the gradient.</summary>
    public Tensor Minimum(Tensor other) => ArithmeticOps.Minimum.Apply([this, other], default);

    /// <summary>The smaller of each element and a number.</summary>
    public Tensor Minimum(Scalar other) => Minimum(ScalarOperands.For(other, this, "Minimum"));
}

internal static class ArithmeticOps
{
    // y = a + b
    internal static readonly Op<None> Add = OpForms.AnalyticBinary("Add", static (a, b) => Aten.add_Tensor(a, b, 1),
        new(Keep.Nothing, static (g, in s) => g),
        new(Keep.Nothing, static (g, in s) => g));

    // y = a − b
    internal static readonly Op<None> Subtract = OpForms.AnalyticBinary("Subtract", static (a, b) => Aten.sub_Tensor(a, b, 1),
        new(Keep.Nothing, static (g, in s) => g),
        new(Keep.Nothing, static (g, in s) => -g));

    // y = a·b ⇒ da = g·b, db = g·a
    internal static readonly Op<None> Multiply = OpForms.AnalyticBinary("Multiply", Aten.mul_Tensor,
        new(Keep.B, static (g, in s) => g * s.B.Conj()),
        new(Keep.A, static (g, in s) => g * s.A.Conj()));

    // y = a/b ⇒ da = g/b, db = −g·y/b
    internal static readonly Op<None> Divide = OpForms.AnalyticBinary("Divide", Aten.div_Tensor,
        new(Keep.B, static (g, in s) => g / s.B.Conj()),
        new(Keep.B | Keep.Output, static (g, in s) => -(g * (s.Output / s.B).Conj())));

    // y = ⌊a/b⌋, constant between jumps
    internal static readonly Op<None> FloorDivide = OpForms.BinaryWithoutGradient("FloorDivide", Aten.floor_divide);

    // y = a − b·⌊a/b⌋ ⇒ da = g, db = −g·⌊a/b⌋
    internal static readonly Op<None> FloorMod = OpForms.Binary("FloorMod", Aten.floor_mod,
        new(Keep.Nothing, static (g, in s) => g),
        new(Keep.A | Keep.B, static (g, in s) => -(g * s.A.FloorDivide(s.B))));

    // y = −x
    internal static readonly Op<None> Negate = new("Negate", static (x, in _) => Aten.neg(x[0]), OpForms.SameShape)
    {
        Accepts = Accepts.Any,
        Elementwise = true,
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => -g)],
    };

    // y = aᵇ ⇒ da = g·b·aᵇ⁻¹ (0 where b = 0), db = g·y·log a (0 where a = 0, as the limit from b > 0)
    internal static readonly Op<None> Pow = OpForms.AnalyticBinary("Pow", Aten.pow_Tensor_Tensor,
        new(Keep.A | Keep.B, static (g, in s) => s.B.Equal(0).Where(Tensor.ZerosLike(g), g * (s.B * s.A.Pow(s.B - 1)).Conj())),
        new(Keep.A | Keep.Output, static (g, in s) => s.A.Equal(0).Where(Tensor.ZerosLike(g), g * (s.Output * s.A.Log()).Conj())));

    // y = max(a, b); ties share
    internal static readonly Op<None> Maximum = OpForms.Binary("Maximum", Aten.maximum,
        new(Keep.A | Keep.B, static (g, in s) => g * BinaryFunctionOps.Share(s.A.Greater(s.B), s.A.Equal(s.B), g)),
        new(Keep.A | Keep.B, static (g, in s) => g * BinaryFunctionOps.Share(s.B.Greater(s.A), s.A.Equal(s.B), g)));

    // y = min(a, b); ties share
    internal static readonly Op<None> Minimum = OpForms.Binary("Minimum", Aten.minimum,
        new(Keep.A | Keep.B, static (g, in s) => g * BinaryFunctionOps.Share(s.A.Less(s.B), s.A.Equal(s.B), g)),
        new(Keep.A | Keep.B, static (g, in s) => g * BinaryFunctionOps.Share(s.B.Less(s.A), s.A.Equal(s.B), g)));}
