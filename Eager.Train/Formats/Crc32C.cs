using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Eager.Train;

/// <summary>CRC-32C (Castagnoli), the checksum of TFRecord files and of Eager's checkpoints, by the processor's own instruction.</summary>
internal static class Crc32C
{
    // The bits of the polynomial, and of the number one: the highest bit stands for x⁰.
    private const uint Polynomial = 0x82F63B78, One = 1u << 31;

    // From here on the parts of a span are worth being joined.
    private const int Long = 16 << 10;

    /// <summary>The checksum of nothing, from which <see cref="Append"/> starts.</summary>
    public const uint Empty = 0;

    /// <summary>The checksum of <paramref name="data"/>.</summary>
    public static uint Compute(ReadOnlySpan<byte> data) => Append(Empty, data);

    /// <summary>The checksum of bytes whose checksum is <paramref name="crc"/>, followed by <paramref name="data"/>.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        if (data.Length >= Long)
        {
            int part = data.Length / 3 / sizeof(ulong) * sizeof(ulong);
            crc = AppendThree(crc, data[..part], data[part..(2 * part)], data[(2 * part)..(3 * part)]);
            data = data[(3 * part)..];
        }
        crc = ~crc;
        while (data.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[sizeof(ulong)..];
        }
        foreach (byte b in data) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    /// <summary>The checksum of bytes followed by others, from the checksums of both.</summary>
    /// <remarks>Bytes are a polynomial over {0, 1}, and their checksum is its remainder: those that follow move it up by eight places each.</remarks>
    public static uint Join(uint first, uint second, long secondLength) => Multiply(first, EighthPower(secondLength)) ^ second;

    /// <summary>The rotated and offset form that TFRecord stores, so that a checksum over bytes that hold checksums stays sound.</summary>
    public static uint Mask(uint crc) => unchecked(BitOperations.RotateRight(crc, 15) + 0xA282EAD8);

    // The instruction answers after three cycles and takes new work in each: three parts at once keep it busy.
    private static uint AppendThree(uint crc, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        ReadOnlySpan<ulong> a = MemoryMarshal.Cast<byte, ulong>(first), b = MemoryMarshal.Cast<byte, ulong>(second), c = MemoryMarshal.Cast<byte, ulong>(third);
        uint crcA = ~crc, crcB = ~Empty, crcC = ~Empty;
        for (int i = 0; i < a.Length && i < b.Length && i < c.Length; i++)
        {
            crcA = BitOperations.Crc32C(crcA, a[i]);
            crcB = BitOperations.Crc32C(crcB, b[i]);
            crcC = BitOperations.Crc32C(crcC, c[i]);
        }
        uint shift = EighthPower(third.Length);
        return Multiply(Multiply(~crcA, shift) ^ ~crcB, shift) ^ ~crcC;
    }

    // x⁸ⁿ, by squaring.
    private static uint EighthPower(long n)
    {
        uint power = One, square = One >> 8;
        for (; n > 0; n >>= 1)
        {
            if ((n & 1) != 0) power = Multiply(power, square);
            square = Multiply(square, square);
        }
        return power;
    }

    // The product modulo the polynomial: b·xⁿ for each term xⁿ of a.
    private static uint Multiply(uint a, uint b)
    {
        uint product = 0;
        for (; a != 0; a <<= 1)
        {
            if ((a & One) != 0) product ^= b;
            b = (b & 1) != 0 ? (b >> 1) ^ Polynomial : b >> 1;
        }
        return product;
    }
}
