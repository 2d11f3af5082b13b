using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Eager.Train;

/// <summary>Takes the next bytes of something that is written in parts.</summary>
public delegate void ByteSink(ReadOnlySpan<byte> bytes);

/// <summary>One tensor to write into a safetensors file.</summary>
/// <param name="Name">Its key; not <c>__metadata__</c>.</param>
/// <param name="DType">Its dtype, any but complex128 and the quantized ones.</param>
/// <param name="Shape">Its sizes, outermost first.</param>
/// <param name="WriteTo">Hands over all its bytes, little-endian and in C order, in as many parts as it likes.</param>
public sealed record SafeTensorsSource(string Name, DType DType, Shape Shape, Action<ByteSink> WriteTo)
{
    /// <summary>A tensor whose bytes are at hand.</summary>
    public SafeTensorsSource(string name, DType dtype, Shape shape, ReadOnlyMemory<byte> data)
        : this(name, dtype, shape, sink => sink(data.Span)) { }
}

/// <summary>Writes safetensors files.</summary>
public static class SafeTensorsWriter
{
    private const int ChunkBytes = 256 << 10;  // what stays in a core's cache between checksum and writing
    private const int FlushBytes = 32 << 20;   // the disk is at work from the first of these on

    private static readonly Dictionary<string, string> NoMetadata = [];

    /// <summary>Writes a file, replacing one that is there only once the new one is whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors; their data is laid out by falling element size, so that each is aligned, and in the given order otherwise.</param>
    /// <param name="metadata">Texts to keep beside them, null for none.</param>
    /// <exception cref="InvalidArgumentException">A name stands twice or is reserved, a shape is negative, or a source hands over more or fewer bytes than its shape takes.</exception>
    /// <exception cref="DTypeMismatchException">The format has no such dtype.</exception>
    /// <exception cref="FileWriteException">The file cannot be written; an old one stands.</exception>
    public static void Write(string path, IEnumerable<SafeTensorsSource> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        AtomicFile.Write(path, file => Write(file, tensors, metadata, checksum: false));

    /// <summary>Writes to a stream from where it stands; it must be able to seek if a checksum is to be written.</summary>
    internal static void Write(Stream stream, IEnumerable<SafeTensorsSource> tensors, IReadOnlyDictionary<string, string>? metadata, bool checksum)
    {
        List<SafeTensorsSource> sources = [.. tensors.OrderByDescending(t => t.DType.ByteSize())];
        metadata ??= NoMetadata;
        if (metadata.ContainsKey(SafeTensorsHeader.ChecksumKey)) throw new InvalidArgumentException($"The metadata key '{SafeTensorsHeader.ChecksumKey}' is reserved.");
        byte[] header = SafeTensorsHeader.Build(LayOut(sources), metadata, checksum);
        if (header.Length > SafeTensorsHeader.MaxBytes) throw new InvalidArgumentException($"The header takes {header.Length} bytes, above the {SafeTensorsHeader.MaxBytes} that the format allows; write fewer tensors or less metadata.");

        long start = checksum ? stream.Position : 0;
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        stream.Write(length);
        stream.Write(header);
        uint crc = Crc32C.Append(LengthChecksum(header.Length), header);
        foreach (SafeTensorsSource source in sources) crc = WriteData(stream, source, crc, checksum);

        if (!checksum) return;
        stream.Position = start + sizeof(ulong) + SafeTensorsHeader.ChecksumPrefix.Length;
        stream.Write(Encoding.ASCII.GetBytes(Format(crc)));
    }

    /// <summary>The checksum of the eight bytes before the header.</summary>
    internal static uint LengthChecksum(long headerBytes)
    {
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)headerBytes);
        return Crc32C.Compute(length);
    }

    /// <summary>A checksum as it stands in the metadata.</summary>
    internal static string Format(uint crc) => crc.ToString("x8", CultureInfo.InvariantCulture);

    private static List<SafeTensorsEntry> LayOut(List<SafeTensorsSource> sources)
    {
        var entries = new List<SafeTensorsEntry>(sources.Count);
        var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
        long end = 0;
        foreach (SafeTensorsSource source in sources)
        {
            if (!names.Add(source.Name)) throw new InvalidArgumentException($"The name '{source.Name}' is reserved or stands twice among the tensors to write.");
            if (SafeTensorsHeader.NameOf(source.DType) is null) throw new DTypeMismatchException($"'{source.Name}' is {source.DType.Name()}, which safetensors files do not hold; {(source.DType.IsQuantized() ? "write the real numbers that Dequantize gives, or Integers with the scale and the zero point beside them" : "cast it first")}.");
            if (!source.Shape.IsFullyKnown || source.Shape.Sizes.ContainsAnyInRange(long.MinValue, -1)) throw new InvalidArgumentException($"'{source.Name}' has a negative or unknown size in its shape {source.Shape}.");
            if (SafeTensorsHeader.SizeInBytes(source.DType, source.Shape.Sizes) is not { } bytes || bytes > long.MaxValue - end) throw new InvalidArgumentException($"'{source.Name}' of shape {source.Shape} takes more bytes than a file can have.");
            entries.Add(new SafeTensorsEntry(source.Name, source.DType, source.Shape, end, end + bytes));
            end += bytes;
        }
        return entries;
    }

    private static uint WriteData(Stream stream, SafeTensorsSource source, uint crc, bool checksum)
    {
        long promised = SafeTensorsHeader.SizeInBytes(source.DType, source.Shape.Sizes)!.Value;
        long written = 0;
        source.WriteTo(bytes =>
        {
            written += bytes.Length;
            if (written > promised) throw WrongLength();
            for (; bytes.Length > 0; bytes = bytes[Math.Min(ChunkBytes, bytes.Length)..])
            {
                ReadOnlySpan<byte> chunk = bytes[..Math.Min(ChunkBytes, bytes.Length)];
                if (checksum) crc = Crc32C.Append(crc, chunk);
                stream.Write(chunk);
                if (stream is FileStream file && file.Position % FlushBytes < chunk.Length) AtomicFile.BeginFlush(file);
            }
        });
        if (written != promised) throw WrongLength();
        return crc;

        InvalidArgumentException WrongLength() =>
            new($"'{source.Name}' handed over {(written > promised ? "more than" : $"{written} of")} the {promised} bytes that {source.DType.Name()} {source.Shape} takes.");
    }
}
