using System.Diagnostics.CodeAnalysis;

namespace Eager;

/// <summary>The element type of a tensor. The numbers are LibTorch's own.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "dtypes are named as in NumPy and PyTorch")]
public enum DType
{
    /// <summary>8-bit unsigned integer, C# <see cref="byte"/>.</summary>
    UInt8 = 0,

    /// <summary>8-bit signed integer, C# <see cref="sbyte"/>.</summary>
    Int8 = 1,

    /// <summary>16-bit signed integer, C# <see cref="short"/>.</summary>
    Int16 = 2,

    /// <summary>32-bit signed integer, C# <see cref="int"/>.</summary>
    Int32 = 3,

    /// <summary>64-bit signed integer, C# <see cref="long"/>.</summary>
    Int64 = 4,

    /// <summary>16-bit IEEE float, C# <see cref="Half"/>.</summary>
    Float16 = 5,

    /// <summary>32-bit IEEE float, C# <see cref="float"/>.</summary>
    Float32 = 6,

    /// <summary>64-bit IEEE float, C# <see cref="double"/>.</summary>
    Float64 = 7,

    /// <summary>Complex number of two 32-bit floats, <see cref="Eager.Complex64"/>.</summary>
    Complex64 = 9,

    /// <summary>Complex number of two 64-bit floats, C# <see cref="System.Numerics.Complex"/>.</summary>
    Complex128 = 10,

    /// <summary>Truth value of one byte, C# <see cref="bool"/>.</summary>
    Bool = 11,

    /// <summary>Real numbers that 8-bit signed integers stand for by a scale and a zero point; <see cref="Tensor.Quantize(double, long, DType)"/> makes them.</summary>
    QInt8 = 12,

    /// <summary>Real numbers that 8-bit unsigned integers stand for by a scale and a zero point; <see cref="Tensor.Quantize(double, long, DType)"/> makes them.</summary>
    QUInt8 = 13,

    /// <summary>Real numbers that 32-bit signed integers stand for by a scale and a zero point; <see cref="Tensor.Quantize(double, long, DType)"/> makes them.</summary>
    QInt32 = 14,

    /// <summary>16-bit float with the exponent range of float32, <see cref="Eager.BFloat16"/>.</summary>
    BFloat16 = 15,
}

/// <summary>What is known of a dtype: its size, its kind, the C# type of its elements.</summary>
public static class DTypes
{
    /// <summary>All dtypes, in ascending number.</summary>
    public static IReadOnlyList<DType> All { get; } = Enum.GetValues<DType>();

    /// <summary>The size of one element in bytes.</summary>
    public static int ByteSize(this DType dtype) => dtype switch
    {
        DType.UInt8 or DType.Int8 or DType.Bool or DType.QUInt8 or DType.QInt8 => 1,
        DType.Int16 or DType.Float16 or DType.BFloat16 => 2,
        DType.Int32 or DType.Float32 or DType.QInt32 => 4,
        DType.Int64 or DType.Float64 or DType.Complex64 => 8,
        DType.Complex128 => 16,
        _ => throw Unknown(dtype),
    };

    /// <summary>True for float16, bfloat16, float32 and float64.</summary>
    public static bool IsFloatingPoint(this DType dtype) => dtype is DType.Float16 or DType.BFloat16 or DType.Float32 or DType.Float64;

    /// <summary>True for complex64 and complex128.</summary>
    public static bool IsComplex(this DType dtype) => dtype is DType.Complex64 or DType.Complex128;

    /// <summary>True for the signed and unsigned integers; bool is not one of them.</summary>
    public static bool IsInteger(this DType dtype) => dtype is DType.UInt8 or DType.Int8 or DType.Int16 or DType.Int32 or DType.Int64;

    /// <summary>True for qint8, quint8 and qint32, whose integers stand for real numbers by a scale and a zero point.</summary>
    public static bool IsQuantized(this DType dtype) => dtype is DType.QInt8 or DType.QUInt8 or DType.QInt32;

    /// <summary>True for the dtypes that gradients flow through: floating point and complex.</summary>
    public static bool IsDifferentiable(this DType dtype) => dtype.IsFloatingPoint() || dtype.IsComplex();

    /// <summary>The field's name of a dtype, such as <c>float32</c>.</summary>
    public static string Name(this DType dtype) => dtype switch
    {
        DType.UInt8 => "uint8",
        DType.Int8 => "int8",
        DType.Int16 => "int16",
        DType.Int32 => "int32",
        DType.Int64 => "int64",
        DType.Float16 => "float16",
        DType.BFloat16 => "bfloat16",
        DType.Float32 => "float32",
        DType.Float64 => "float64",
        DType.Complex64 => "complex64",
        DType.Complex128 => "complex128",
        DType.Bool => "bool",
        DType.QInt8 => "qint8",
        DType.QUInt8 => "quint8",
        DType.QInt32 => "qint32",
        _ => throw Unknown(dtype),
    };

    /// <summary>The largest finite number of a dtype: of bool, true; of a complex dtype, that of its parts; of a quantized one, that of its integers.</summary>
    public static Scalar Max(this DType dtype) => dtype switch
    {
        DType.UInt8 => byte.MaxValue,
        DType.Int8 => sbyte.MaxValue,
        DType.Int16 => short.MaxValue,
        DType.Int32 => int.MaxValue,
        DType.Int64 => long.MaxValue,
        DType.Float16 => (double)Half.MaxValue,
        DType.BFloat16 => (2 - dtype.Epsilon()) * Math.ScaleB(1, 127),
        DType.Float32 or DType.Complex64 => float.MaxValue,
        DType.Float64 or DType.Complex128 => double.MaxValue,
        DType.Bool => true,
        DType.QInt8 or DType.QUInt8 or DType.QInt32 => dtype.OfIntegers().Max(),
        _ => throw Unknown(dtype),
    };

    /// <summary>The lowest finite number of a dtype: of bool, false; of a complex dtype, that of its parts; of a quantized one, that of its integers.</summary>
    public static Scalar Min(this DType dtype) => dtype switch
    {
        DType.UInt8 => byte.MinValue,
        DType.Int8 => sbyte.MinValue,
        DType.Int16 => short.MinValue,
        DType.Int32 => int.MinValue,
        DType.Int64 => long.MinValue,
        DType.Bool => false,
        DType.QInt8 or DType.QUInt8 or DType.QInt32 => dtype.OfIntegers().Min(),
        _ => -dtype.Max().ToDouble(),
    };

    /// <summary>The distance from 1 to the next larger number of a floating-point dtype, or of a complex dtype's parts.</summary>
    /// <exception cref="DTypeMismatchException">The dtype is neither.</exception>
    public static double Epsilon(this DType dtype) => Math.ScaleB(1, -Layout(dtype, nameof(Epsilon)).FractionBits);

    /// <summary>The smallest positive number of a floating-point dtype that has its full precision.</summary>
    /// <exception cref="DTypeMismatchException">The dtype is neither floating point nor complex.</exception>
    public static double SmallestNormal(this DType dtype) => Math.ScaleB(1, Layout(dtype, nameof(SmallestNormal)).LowestExponent);

    /// <summary>The smallest positive number of a floating-point dtype. Eager keeps such numbers; it never flushes them to zero.</summary>
    /// <exception cref="DTypeMismatchException">The dtype is neither floating point nor complex.</exception>
    public static double SmallestSubnormal(this DType dtype)
    {
        (int fraction, int exponent) = Layout(dtype, nameof(SmallestSubnormal));
        return Math.ScaleB(1, exponent - fraction);
    }

    /// <summary>The dtype whose elements are of the C# type <typeparamref name="T"/>.</summary>
    /// <exception cref="DTypeMismatchException">No dtype has such elements.</exception>
    public static DType Of<T>() where T : unmanaged
    {
        if (typeof(T) == typeof(float)) return DType.Float32;
        if (typeof(T) == typeof(double)) return DType.Float64;
        if (typeof(T) == typeof(int)) return DType.Int32;
        if (typeof(T) == typeof(long)) return DType.Int64;
        if (typeof(T) == typeof(byte)) return DType.UInt8;
        if (typeof(T) == typeof(bool)) return DType.Bool;
        if (typeof(T) == typeof(sbyte)) return DType.Int8;
        if (typeof(T) == typeof(short)) return DType.Int16;
        if (typeof(T) == typeof(Half)) return DType.Float16;
        if (typeof(T) == typeof(BFloat16)) return DType.BFloat16;
        if (typeof(T) == typeof(Complex64)) return DType.Complex64;
        if (typeof(T) == typeof(System.Numerics.Complex)) return DType.Complex128;
        throw new DTypeMismatchException($"No dtype has elements of type {typeof(T).Name}; use float, double, int, long, short, sbyte, byte, bool, Half, BFloat16, Complex64 or System.Numerics.Complex.");
    }

    /// <summary>The dtype of the integers behind a quantized one.</summary>
    internal static DType OfIntegers(this DType quantized) => quantized switch
    {
        DType.QInt8 => DType.Int8,
        DType.QUInt8 => DType.UInt8,
        _ => DType.Int32,
    };

    // IEEE 754: the bits of the fraction, and the exponent of the smallest normal number.
    private static (int FractionBits, int LowestExponent) Layout(DType dtype, string what) => dtype switch
    {
        DType.Float16 => (10, -14),
        DType.BFloat16 => (7, -126),
        DType.Float32 or DType.Complex64 => (23, -126),
        DType.Float64 or DType.Complex128 => (52, -1022),
        _ => throw new DTypeMismatchException($"{what}: {dtype.Name()} is not a floating-point dtype."),
    };

    private static InvalidArgumentException Unknown(DType dtype) => new($"{(int)dtype} is no dtype that Eager knows.");
}
