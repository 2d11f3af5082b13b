using System.Buffers.Binary;

namespace Eager.Train;

/// <summary>The end of a gzip stream: a checksum, and how many bytes its content has (RFC 1952).</summary>
internal static class GzipTrailer
{
    private const int FewestBytes = 18;

    /// <summary>The decompressor takes a stream that is cut for a shorter one, without having compared the checksum; the trailer's size field tells.</summary>
    /// <param name="file">The compressed stream.</param>
    /// <param name="name">The file, for messages.</param>
    /// <param name="plainBytes">How many bytes the decompressor gave.</param>
    /// <exception cref="CorruptFileException">The stream has no trailer, or one that gives another number of bytes.</exception>
    public static void Check(Stream file, string name, long plainBytes)
    {
        Span<byte> size = stackalloc byte[sizeof(uint)];
        if (file.Length >= FewestBytes)
        {
            try
            {
                file.Position = file.Length - size.Length;
                file.ReadExactly(size);
            }
            catch (IOException e)
            {
                throw FileErrors.CannotRead(name, e);
            }
            if (BinaryPrimitives.ReadUInt32LittleEndian(size) == (uint)plainBytes) return;
        }
        throw new CorruptFileException($"{name}: the gzip trailer before offset {file.Length} does not give the {plainBytes} bytes of the stream: the file is cut off or has bytes to spare. Fetch the file again.");
    }
}
