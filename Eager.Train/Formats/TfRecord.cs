using System.Buffers.Binary;
using System.IO.Compression;

namespace Eager.Train;

/// <summary>
/// TFRecord framing, shared by TensorFlow's data files and TensorBoard's event files: each record is its length (u64),
/// the masked CRC-32C of those eight bytes, the data, and the masked CRC-32C of the data, all little-endian.
/// </summary>
public static class TfRecord
{
    /// <summary>The most bytes that one record may have unless the reader is told otherwise: 1 GiB.</summary>
    public const int DefaultMaxRecordBytes = 1 << 30;

    private const int HeaderBytes = sizeof(ulong) + sizeof(uint);
    private const int ChunkBytes = 1 << 16;

    /// <summary>Appends one record to a stream.</summary>
    public static void Write(Stream stream, ReadOnlySpan<byte> data)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[sizeof(ulong)..], Crc32C.Mask(Crc32C.Compute(header[..sizeof(ulong)])));
        Span<byte> footer = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(footer, Crc32C.Mask(Crc32C.Compute(data)));
        stream.Write(header);
        stream.Write(data);
        stream.Write(footer);
    }

    /// <summary>Reads the records of a file one after another, checking both checksums of each.</summary>
    /// <param name="path">The file, as it is or gzipped as a whole; which, its first bytes tell.</param>
    /// <param name="maxRecordBytes">The most bytes that one record may have.</param>
    /// <exception cref="MissingFileException">The file is not there or cannot be read; raised by the call.</exception>
    /// <exception cref="CorruptFileException">A checksum is wrong, the last record is cut off, or a record is too long; raised when the enumeration gets there.</exception>
    public static IEnumerable<byte[]> Read(string path, int maxRecordBytes = DefaultMaxRecordBytes)
    {
        FileStream file = FileErrors.OpenRead(path);
        return ReadAndClose(file);

        IEnumerable<byte[]> ReadAndClose(FileStream opened)
        {
            using (opened)
            {
                foreach (byte[] data in ReadPacked(opened, path, maxRecordBytes)) yield return data;
            }
        }
    }

    /// <summary>Reads the records of a stream with the offset of each; a last one that is cut off is an error, or is left out.</summary>
    internal static IEnumerable<(long Offset, byte[] Data)> Read(Stream stream, string name, int maxRecordBytes = DefaultMaxRecordBytes, bool requireWholeEnd = true)
    {
        long offset = 0;
        while (ReadOne(stream, name, offset, maxRecordBytes, requireWholeEnd) is { } data)
        {
            yield return (offset, data);
            offset += HeaderBytes + data.Length + sizeof(uint);
        }
    }

    /// <summary>Reads the records of a stream that can seek, gzipped or not.</summary>
    internal static IEnumerable<byte[]> ReadPacked(Stream stream, string name, int maxRecordBytes = DefaultMaxRecordBytes)
    {
        if (!IsGzip(stream, name))
        {
            foreach ((_, byte[] data) in Read(stream, name, maxRecordBytes)) yield return data;
            yield break;
        }
        using var plain = new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true);
        long end = 0;
        foreach ((long offset, byte[] data) in Read(plain, name, maxRecordBytes))
        {
            yield return data;
            end = offset + HeaderBytes + data.Length + sizeof(uint);
        }
        // A stream that is cut between two records would else pass for a shorter one.
        GzipTrailer.Check(stream, name, end);
    }

    private static bool IsGzip(Stream stream, string name)
    {
        try
        {
            Span<byte> header = stackalloc byte[HeaderBytes];
            int read = stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false);
            stream.Position = 0;
            // A record may be so long that it begins as a gzip stream does; the checksum of its length is right then.
            return read == HeaderBytes && header[0] == 0x1F && header[1] == 0x8B && !IsWhole(header);
        }
        catch (IOException e)
        {
            throw FileErrors.CannotRead(name, e);
        }
    }

    private static bool IsWhole(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32LittleEndian(header[sizeof(ulong)..]) == Crc32C.Mask(Crc32C.Compute(header[..sizeof(ulong)]));

    private static byte[]? ReadOne(Stream stream, string name, long offset, int maxRecordBytes, bool requireWholeEnd)
    {
        try
        {
            Span<byte> header = stackalloc byte[HeaderBytes];
            int read = stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false);
            if (read == 0) return null;
            if (read < HeaderBytes) return CutOff(HeaderBytes - read, "header");

            if (!IsWhole(header))
            {
                throw new CorruptFileException($"{name}: the checksum of the record length at offset {offset} is wrong: the file is damaged there, or is no TFRecord file.");
            }
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(header);
            if (length > (ulong)maxRecordBytes)
            {
                throw new CorruptFileException($"{name}: the record at offset {offset} has {length} bytes, more than the {maxRecordBytes} that one record may have; if the file is right, raise maxRecordBytes.");
            }

            (byte[] data, int missing) = ReadData(stream, (int)length);
            if (missing > 0) return CutOff(missing, "data");
            Span<byte> footer = stackalloc byte[sizeof(uint)];
            read = stream.ReadAtLeast(footer, sizeof(uint), throwOnEndOfStream: false);
            if (read < sizeof(uint)) return CutOff(sizeof(uint) - read, "checksum");
            if (BinaryPrimitives.ReadUInt32LittleEndian(footer) != Crc32C.Mask(Crc32C.Compute(data)))
            {
                throw new CorruptFileException($"{name}: the checksum of the {length} bytes of the record at offset {offset} is wrong: the file is damaged there.");
            }
            return data;
        }
        catch (InvalidDataException e)
        {
            throw new CorruptFileException($"{name}: the compressed stream is damaged or cut off where the record at offset {offset} of its content should be: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw FileErrors.CannotRead(name, e);
        }

        byte[]? CutOff(int missing, string part) => !requireWholeEnd
            ? null
            : throw new CorruptFileException($"{name}: ends within the {part} of the record at offset {offset}, {missing} bytes short: it was cut off, or is still being written.");
    }

    /// <summary>Takes memory no faster than the stream yields bytes, for a checksum is no proof against a length made up on purpose.</summary>
    private static (byte[] Data, int Missing) ReadData(Stream stream, int length)
    {
        byte[] data = new byte[Math.Min(length, ChunkBytes)];
        int filled = 0;
        while (true)
        {
            filled += stream.ReadAtLeast(data.AsSpan(filled), data.Length - filled, throwOnEndOfStream: false);
            if (filled < data.Length || filled == length) return (data, length - filled);
            Array.Resize(ref data, (int)Math.Min(length, 2L * data.Length));
        }
    }
}
