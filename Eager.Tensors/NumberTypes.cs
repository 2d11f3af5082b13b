using System.Globalization;

namespace Eager;

/// <summary>A 16-bit float with float32's exponent and 7 explicit bits of mantissa; the element type of <see cref="DType.BFloat16"/>.</summary>
/// <param name="Bits">The upper half of the bits of the float32 of the same value.</param>
public readonly record struct BFloat16(ushort Bits)
{
    /// <summary>The nearest bfloat16; ties go to the even one, as IEEE 754 rounds.</summary>
    public static explicit operator BFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return new((ushort)((bits >> 16) | 0x40));
        return new((ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }

    /// <summary>The float32 of exactly the same value.</summary>
    public static implicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value.Bits << 16);

    /// <inheritdoc/>
    public override string ToString() => ((float)this).ToString(CultureInfo.InvariantCulture);
}

/// <summary>A complex number of two float32 parts; the element type of <see cref="DType.Complex64"/>.</summary>
/// <param name="Real">The real part.</param>
/// <param name="Imaginary">The imaginary part.</param>
public readonly record struct Complex64(float Real, float Imaginary)
{
    /// <summary>The complex128 number of exactly the same value.</summary>
    public static implicit operator System.Numerics.Complex(Complex64 value) => new(value.Real, value.Imaginary);

    /// <summary>The nearest complex64 number.</summary>
    public static explicit operator Complex64(System.Numerics.Complex value) => new((float)value.Real, (float)value.Imaginary);

    /// <inheritdoc/>
    public override string ToString() => ((System.Numerics.Complex)this).ToString(CultureInfo.InvariantCulture);
}
