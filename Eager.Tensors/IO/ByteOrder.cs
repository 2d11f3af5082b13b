using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Eager;

/// <summary>Turns numbers of the other byte order into those of this machine.</summary>
internal static class ByteOrder
{
    /// <summary>Reverses the bytes of each number in place; of a complex number, of each of its parts.</summary>
    /// <param name="data">A whole number of numbers.</param>
    /// <param name="bytes">The size of one number: 1, 2, 4 or 8.</param>
    public static void Reverse(Span<byte> data, int bytes)
    {
        switch (bytes)
        {
            case 2:
                Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(data);
                BinaryPrimitives.ReverseEndianness(halves, halves);
                break;
            case 4:
                Span<uint> words = MemoryMarshal.Cast<byte, uint>(data);
                BinaryPrimitives.ReverseEndianness(words, words);
                break;
            case 8:
                Span<ulong> longs = MemoryMarshal.Cast<byte, ulong>(data);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
        }
    }
}
