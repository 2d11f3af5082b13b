using System.Buffers.Binary;
using System.Numerics;

namespace Eager.Train;

/// <summary>CRC-32C (Castagnoli), the checksum of TFRecord files and of Eager's checkpoints, by the processor's own instruction.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of nothing, from which <see cref="Append"/> starts.</summary>
    public const uint Empty = 0;

    /// <summary>The checksum of <paramref name="data"/>.</summary>
    public static uint Compute(ReadOnlySpan<byte> data) => Append(Empty, data);

    /// <summary>The checksum of bytes whose checksum is <paramref name="crc"/>, followed by <paramref name="data"/>.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        crc = ~crc;
        while (data.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[sizeof(ulong)..];
        }
        foreach (byte b in data) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    /// <summary>The rotated and offset form that TFRecord stores, so that a checksum over bytes that hold checksums stays sound.</summary>
    public static uint Mask(uint crc) => unchecked(BitOperations.RotateRight(crc, 15) + 0xA282EAD8);
}
