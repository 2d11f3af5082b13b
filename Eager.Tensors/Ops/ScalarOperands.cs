using System.Runtime.InteropServices;
using Eager.Interop;

namespace Eager;

/// <summary>Turns C# numbers into tensors of the dtype that they meet. The last few of each thread are kept, since making one takes longer than using it.</summary>
internal static class ScalarOperands
{
    private const int Slots = 64;

    [ThreadStatic] private static Entry[]? cache;

    private struct Entry
    {
        internal Scalar Value;
        internal DType DType;
        internal Tensor? Tensor;
    }

    /// <summary>The number as a scalar tensor of the other operand's dtype.</summary>
    /// <exception cref="DTypeMismatchException">A number with a fraction meets an integer tensor, or any number meets a bool one.</exception>
    /// <exception cref="InvalidArgumentException">An integer is outside the range of the tensor's integer dtype.</exception>
    internal static Tensor For(Scalar value, Tensor other, string op)
    {
        DType dtype = other.DType;
        RequireFit(value, dtype, op);
        Entry[] entries = cache ??= new Entry[Slots];
        ref Entry entry = ref entries[(uint)HashCode.Combine(value, dtype) % Slots];
        if (entry.Tensor is null || entry.DType != dtype || entry.Value != value)
            entry = new Entry { Value = value, DType = dtype, Tensor = Make(value, dtype, op) };
        if (ThreadContext.Current.Observer is { RecordsHostEffects: true }) MarkConstant(entry.Tensor);
        return entry.Tensor;
    }

    /// <summary>Refuses a number that a dtype cannot take without changing one of them.</summary>
    internal static void RequireFit(Scalar value, DType dtype, string op)
    {
        if (value.IsReal && !dtype.IsDifferentiable())
            throw dtype.IsQuantized() ? Errors.Quantized(op, dtype) : new DTypeMismatchException($"{op}: the fractional number {value} meets a tensor of {dtype.Name()}; convert the tensor with Cast, or use an integer.");
        if (dtype.IsInteger() && dtype != DType.Int64 && (value.ToInt64() < dtype.Min().ToInt64() || value.ToInt64() > dtype.Max().ToInt64()))
            throw new InvalidArgumentException($"{op}: the number {value} does not fit {dtype.Name()}, which goes from {dtype.Min()} to {dtype.Max()}; convert the tensor with Cast.");
        if (dtype == DType.Bool && !value.IsBool)
            throw new DTypeMismatchException($"{op}: the number {value} meets a tensor of bool; convert the tensor with Cast.");
    }

    // Nobody else has these tensors: a program that is being recorded may compute with them once for all runs.
    private static void MarkConstant(Tensor number)
    {
        Native.eager_record_constant(number.Enter());
        number.Leave();
    }

    private static unsafe Tensor Make(Scalar value, DType dtype, string op)
    {
        _ = Native.Memory;
        Span<byte> bytes = stackalloc byte[16];
        switch (dtype)
        {
            case DType.Bool: bytes[0] = (byte)value.ToInt64(); break;
            case DType.UInt8: bytes[0] = (byte)value.ToInt64(); break;
            case DType.Int8: Write(bytes, (sbyte)value.ToInt64()); break;
            case DType.Int16: Write(bytes, (short)value.ToInt64()); break;
            case DType.Int32: Write(bytes, (int)value.ToInt64()); break;
            case DType.Int64: Write(bytes, value.ToInt64()); break;
            case DType.Float16: Write(bytes, (Half)value.ToDouble()); break;
            case DType.BFloat16: Write(bytes, (BFloat16)(float)value.ToDouble()); break;
            case DType.Float32: Write(bytes, (float)value.ToDouble()); break;
            case DType.Float64: Write(bytes, value.ToDouble()); break;
            case DType.Complex64: Write(bytes, new Complex64((float)value.ToDouble(), 0)); break;
            case DType.QInt8 or DType.QUInt8 or DType.QInt32: throw Errors.Quantized(op, dtype);
            default: Write(bytes, new System.Numerics.Complex(value.ToDouble(), 0)); break;
        }
        fixed (byte* data = bytes) return Tensor.OwnUnscoped(Native.eager_from_host(data, new(null, 0), (int)dtype));
    }

    private static void Write<T>(Span<byte> bytes, T value) where T : unmanaged => MemoryMarshal.Write(bytes, in value);
}
