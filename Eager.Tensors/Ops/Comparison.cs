using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>True where a is less; shapes broadcast.</summary>
    public static Tensor operator <(Tensor a, Tensor b) => a.Less(b);

    /// <summary>True where the element is less than a number.</summary>
    public static Tensor operator <(Tensor a, Scalar b) => a.Less(b);

    /// <summary>True where a is greater; shapes broadcast.</summary>
    public static Tensor operator >(Tensor a, Tensor b) => a.Greater(b);

    /// <summary>True where the element is greater than a number.</summary>
    public static Tensor operator >(Tensor a, Scalar b) => a.Greater(b);

    /// <summary>True where a is not greater; shapes broadcast.</summary>
    public static Tensor operator <=(Tensor a, Tensor b) => a.LessEqual(b);

    /// <summary>True where the element is not greater than a number.</summary>
    public static Tensor operator <=(Tensor a, Scalar b) => a.LessEqual(b);

    /// <summary>True where a is not less; shapes broadcast.</summary>
    public static Tensor operator >=(Tensor a, Tensor b) => a.GreaterEqual(b);

    /// <summary>True where the element is not less than a number.</summary>
    public static Tensor operator >=(Tensor a, Scalar b) => a.GreaterEqual(b);

    /// <summary>Logical and of bools, bitwise and of integers; shapes broadcast.</summary>
    public static Tensor operator &(Tensor a, Tensor b) => ComparisonOps.And.Apply([a, b], default);

    /// <summary>Logical or of bools, bitwise or of integers; shapes broadcast.</summary>
    public static Tensor operator |(Tensor a, Tensor b) => ComparisonOps.Or.Apply([a, b], default);

    /// <summary>Logical exclusive or of bools, bitwise exclusive or of integers; shapes broadcast.</summary>
    public static Tensor operator ^(Tensor a, Tensor b) => ComparisonOps.Xor.Apply([a, b], default);

    /// <summary>Logical not of bools, bitwise complement of integers.</summary>
    public static Tensor operator ~(Tensor x) => ComparisonOps.Not.Apply([x], default);

    /// <summary>Integers times 2 to the power of others; bits pushed over the end are lost. Shapes broadcast.</summary>
    /// <remarks>The amounts go from 0 to the number of bits less one; what others give is the processor's choice.</remarks>
    public static Tensor operator <<(Tensor a, Tensor b) => ComparisonOps.ShiftLeft.Apply([a, b], default);

    /// <summary>Integers times 2 to the power of a number.</summary>
    /// <exception cref="InvalidArgumentException">The number is not from 0 to the number of bits less one.</exception>
    public static Tensor operator <<(Tensor a, Scalar b) => a << ScalarOperands.For(ComparisonOps.RequireShift(a, b), a, "ShiftLeft");

    /// <summary>Integers divided by 2 to the power of others, rounding down. Shapes broadcast.</summary>
    /// <remarks>The amounts go from 0 to the number of bits less one; what others give is the processor's choice.</remarks>
    public static Tensor operator >>(Tensor a, Tensor b) => ComparisonOps.ShiftRight.Apply([a, b], default);

    /// <summary>Integers divided by 2 to the power of a number, rounding down.</summary>
    /// <exception cref="InvalidArgumentException">The number is not from 0 to the number of bits less one.</exception>
    public static Tensor operator >>(Tensor a, Scalar b) => a >> ScalarOperands.For(ComparisonOps.RequireShift(a, b), a, "ShiftRight");

    /// <summary>True where both elements are true or not zero; shapes broadcast.</summary>
    public Tensor LogicalAnd(Tensor other) => ComparisonOps.LogicalAnd.Apply([this, other], default);

    /// <summary>True where an element is true or not zero; shapes broadcast.</summary>
    public Tensor LogicalOr(Tensor other) => ComparisonOps.LogicalOr.Apply([this, other], default);

    /// <summary>True where exactly one element is true or not zero; shapes broadcast.</summary>
    public Tensor LogicalXor(Tensor other) => ComparisonOps.LogicalXor.Apply([this, other], default);

    /// <summary>True where the element is false or zero.</summary>
    public Tensor LogicalNot() => ComparisonOps.LogicalNot.Apply([this], default);

    /// <summary>True where the elements are equal; shapes broadcast. (<c>==</c> compares references.)</summary>
    public Tensor Equal(Tensor other) => ComparisonOps.Equal.Apply([this, other], default);

    /// <summary>True where the element equals a number.</summary>
    public Tensor Equal(Scalar other) => Equal(ScalarOperands.For(other, this, "Equal"));

    /// <summary>True where the elements differ; shapes broadcast.</summary>
    public Tensor NotEqual(Tensor other) => ComparisonOps.NotEqual.Apply([this, other], default);

    /// <summary>True where the element differs from a number.</summary>
    public Tensor NotEqual(Scalar other) => NotEqual(ScalarOperands.For(other, this, "NotEqual"));

    /// <summary>True where the element is less; shapes broadcast.</summary>
    public Tensor Less(Tensor other) => ComparisonOps.Less.Apply([this, other], default);

    /// <summary>True where the element is less than a number.</summary>
    public Tensor Less(Scalar other) => Less(ScalarOperands.For(other, this, "Less"));

    /// <summary>True where the element is not greater; shapes broadcast.</summary>
    public Tensor LessEqual(Tensor other) => ComparisonOps.LessEqual.Apply([this, other], default);

    /// <summary>True where the element is not greater than a number.</summary>
    public Tensor LessEqual(Scalar other) => LessEqual(ScalarOperands.For(other, this, "LessEqual"));

    /// <summary>True where the element is greater; shapes broadcast.</summary>
    public Tensor Greater(Tensor other) => ComparisonOps.Greater.Apply([this, other], default);

    /// <summary>True where the element is greater than a number.</summary>
    public Tensor Greater(Scalar other) => Greater(ScalarOperands.For(other, this, "Greater"));

    /// <summary>True where the element is not less; shapes broadcast.</summary>
    public Tensor GreaterEqual(Tensor other) => ComparisonOps.GreaterEqual.Apply([this, other], default);

    /// <summary>True where the element is not less than a number.</summary>
    public Tensor GreaterEqual(Scalar other) => GreaterEqual(ScalarOperands.For(other, this, "GreaterEqual"));

    /// <summary>With this tensor as the condition: the first where it is true, the second where not; all three broadcast.</summary>
    /// <param name="whenTrue">Taken where this bool tensor is true.</param>
    /// <param name="whenFalse">Taken where it is false; of the same dtype as the other.</param>
    public Tensor Where(Tensor whenTrue, Tensor whenFalse)
    {
        if (DType != DType.Bool) throw new DTypeMismatchException($"Where: the condition is {DType.Name()}, not bool; compare it with something first.");
        return ComparisonOps.Where.Apply([this, whenTrue, whenFalse], default);
    }
}

internal static class ComparisonOps
{
    internal static readonly Op<None> Equal = OpForms.BinaryWithoutGradient("Equal", Aten.eq_Tensor);

    internal static readonly Op<None> NotEqual = OpForms.BinaryWithoutGradient("NotEqual", Aten.ne_Tensor);

    internal static readonly Op<None> Less = OpForms.BinaryWithoutGradient("Less", Aten.lt_Tensor);

    internal static readonly Op<None> LessEqual = OpForms.BinaryWithoutGradient("LessEqual", Aten.le_Tensor);

    internal static readonly Op<None> Greater = OpForms.BinaryWithoutGradient("Greater", Aten.gt_Tensor);

    internal static readonly Op<None> GreaterEqual = OpForms.BinaryWithoutGradient("GreaterEqual", Aten.ge_Tensor);

    internal static readonly Op<None> And = OpForms.BinaryWithoutGradient("And", Aten.bitwise_and_Tensor, Accepts.Integral);

    internal static readonly Op<None> Or = OpForms.BinaryWithoutGradient("Or", Aten.bitwise_or_Tensor, Accepts.Integral);

    internal static readonly Op<None> Xor = OpForms.BinaryWithoutGradient("Xor", Aten.bitwise_xor_Tensor, Accepts.Integral);

    internal static readonly Op<None> Not = OpForms.UnaryWithoutGradient("Not", Aten.bitwise_not, Accepts.Integral);

    internal static readonly Op<None> ShiftLeft = OpForms.BinaryWithoutGradient("ShiftLeft", Aten.bitwise_left_shift_Tensor, Accepts.Integral);

    internal static readonly Op<None> ShiftRight = OpForms.BinaryWithoutGradient("ShiftRight", Aten.bitwise_right_shift_Tensor, Accepts.Integral);

    internal static readonly Op<None> LogicalAnd = OpForms.BinaryWithoutGradient("LogicalAnd", Aten.logical_and);

    internal static readonly Op<None> LogicalOr = OpForms.BinaryWithoutGradient("LogicalOr", Aten.logical_or);

    internal static readonly Op<None> LogicalXor = OpForms.BinaryWithoutGradient("LogicalXor", Aten.logical_xor);

    internal static readonly Op<None> LogicalNot = OpForms.UnaryWithoutGradient("LogicalNot", Aten.logical_not);

    // y = c ? a : b ⇒ da = c ? g : 0, db = c ? 0 : g
    internal static readonly Op<None> Where = new("Where", static (x, in _) =>
        {
            if (x[1].DType != x[2].DType) throw new DTypeMismatchException($"Where: the choices are {x[1].DType.Name()} and {x[2].DType.Name()}; convert one with Cast.");
            return Aten.where_self(x[0], x[1], x[2]);
        }, OpForms.BroadcastShape)
    {
        Accepts = Accepts.Any,
        ComplexGradients = true,
        Broadcasts = true,
        Gradients =
        [
            Gradient<None>.None("it is a condition"),
            new(Keep.A, static (g, in s) => s.A.Where(g, Tensor.ZerosLike(g))),
            new(Keep.A, static (g, in s) => s.A.Where(Tensor.ZerosLike(g), g)),
        ],
    };
    internal static Scalar RequireShift(Tensor x, Scalar amount)
    {
        int bits = 8 * x.DType.ByteSize();
        if (amount.IsReal || amount.ToInt64() < 0 || amount.ToInt64() >= bits)
            throw new InvalidArgumentException($"Shift: the amount {amount} is no integer from 0 to {bits - 1}, the number of bits of {x.DType.Name()} less one.");
        return amount;
    }
}
