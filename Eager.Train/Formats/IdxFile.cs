using System.Buffers.Binary;
using System.IO.Compression;

namespace Eager.Train;

/// <summary>
/// The content of an IDX file, the format of MNIST and its kin: an array of one dtype, gzipped or not.
/// A file is trusted in nothing: its header is checked before memory is taken, and no more memory is taken than the file backs with bytes.
/// </summary>
public sealed class IdxFile
{
    private const int ChunkBytes = 1 << 20;

    private IdxFile(DType dtype, Shape shape, byte[] data)
    {
        DType = dtype;
        Shape = shape;
        Data = data;
    }

    /// <summary>The dtype of the elements: uint8, int8, int16, int32, float32 or float64.</summary>
    public DType DType { get; }

    /// <summary>The sizes of the axes, outermost first; a file of rank 0 holds one element.</summary>
    public Shape Shape { get; }

    /// <summary>The elements in C order, little-endian.</summary>
    public byte[] Data { get; }

    /// <summary>The elements as a tensor, of which <see cref="Dataset.FromTensorSlices(Tensor)"/> makes a dataset.</summary>
    /// <example><code>
    /// Dataset&lt;Tensor&gt; pictures = Dataset.FromTensorSlices(IdxFile.Read("train-images-idx3-ubyte.gz").ToTensor());
    /// </code></example>
    public Tensor ToTensor()
    {
        Tensor tensor = TensorMemory.Empty(Shape.Sizes, DType);
        using var pin = new TensorPin(tensor);
        int start = 0;
        foreach (Span<byte> part in pin)
        {
            Data.AsSpan(start, part.Length).CopyTo(part);
            start += part.Length;
        }
        return tensor;
    }

    /// <summary>Reads an IDX file; whether it is gzipped is seen from its first bytes, never from its name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">The most bytes of data to accept; never more than one array holds, 2 GiB.</param>
    /// <exception cref="MissingFileException">The file is not there or cannot be read.</exception>
    /// <exception cref="CorruptFileException">The file is no IDX file, is truncated, has bytes to spare, or promises more than <paramref name="maxBytes"/>.</exception>
    public static IdxFile Read(string path, long maxBytes = int.MaxValue)
    {
        using FileStream file = FileErrors.OpenRead(path);
        return Read(file, path, maxBytes);
    }

    /// <summary>Reads an IDX file from a stream that can seek.</summary>
    internal static IdxFile Read(Stream file, string name, long maxBytes = int.MaxValue)
    {
        try
        {
            Span<byte> magic = stackalloc byte[2];
            int read = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
            file.Position = 0;
            if (read < 2 || magic[0] != 0x1F || magic[1] != 0x8B) return Parse(file, name, maxBytes, file.Length);
            using var plain = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
            IdxFile idx = Parse(plain, name, maxBytes, length: null);
            GzipTrailer.Check(file, name, 4 + 4 * idx.Shape.Rank + idx.Data.Length);
            return idx;
        }
        catch (InvalidDataException e)
        {
            throw new CorruptFileException($"{name}: the gzip stream is damaged: {e.Message} Fetch the file again.", e);
        }
        catch (IOException e)
        {
            throw FileErrors.CannotRead(name, e);
        }
    }

    /// <param name="stream">The bytes after decompression.</param>
    /// <param name="name">The file, for messages.</param>
    /// <param name="maxBytes">The most bytes of data to accept.</param>
    /// <param name="length">How many bytes the stream holds, null if only reading it to its end can tell.</param>
    private static IdxFile Parse(Stream stream, string name, long maxBytes, long? length)
    {
        Span<byte> magic = stackalloc byte[4];
        ReadHeader(stream, magic, 0, name);
        if (magic[0] != 0 || magic[1] != 0 || DTypeOf(magic[2]) is not { } dtype)
        {
            throw new CorruptFileException(
                $"{name}: begins with {Convert.ToHexString(magic)}, an IDX file with 0000 <type> <rank>, the type being 08 (uint8), 09 (int8), 0B (int16), 0C (int32), 0D (float32) or 0E (float64): this is no IDX file.");
        }
        int rank = magic[3];
        Span<byte> sizes = stackalloc byte[4 * byte.MaxValue];
        sizes = sizes[..(4 * rank)];
        ReadHeader(stream, sizes, 4, name);

        long limit = Math.Min(maxBytes, Array.MaxLength);
        var dimensions = new long[rank];
        long bytes = dtype.ByteSize();
        for (int i = 0; i < rank; i++)
        {
            dimensions[i] = BinaryPrimitives.ReadUInt32BigEndian(sizes[(4 * i)..]);
            bytes = dimensions[i] == 0 || bytes <= limit / dimensions[i] ? bytes * dimensions[i] : long.MaxValue;
            if (bytes > limit)
            {
                throw new CorruptFileException(
                    $"{name}: the header at offset 4 promises more than {limit} bytes of {dtype.Name()} (dimension {i} is {dimensions[i]}); if the file is right, raise maxBytes (at most {Array.MaxLength}).");
            }
        }

        Shape shape = Shape.FromSizes(dimensions);
        byte[] data = ReadData(stream, name, shape, dtype, bytes, headerBytes: 4 + 4 * rank, length);
        ByteOrder.Reverse(data, dtype.ByteSize());
        return new IdxFile(dtype, shape, data);
    }

    private static void ReadHeader(Stream stream, Span<byte> into, int offset, string name)
    {
        int read = stream.ReadAtLeast(into, into.Length, throwOnEndOfStream: false);
        if (read < into.Length)
        {
            throw new CorruptFileException($"{name}: ends at offset {offset + read}, {into.Length - read} bytes before the end of the IDX header. Fetch the file again.");
        }
    }

    /// <summary>Reads exactly the promised bytes; where only reading can tell whether they exist, memory grows no faster than what has been read.</summary>
    private static byte[] ReadData(Stream stream, string name, Shape shape, DType dtype, long bytes, int headerBytes, long? length)
    {
        if (length is { } known) CheckLength(known - headerBytes);

        byte[] data = length is null ? new byte[Math.Min(bytes, ChunkBytes)] : new byte[bytes];
        int filled = 0;
        while (true)
        {
            filled += stream.ReadAtLeast(data.AsSpan(filled), data.Length - filled, throwOnEndOfStream: false);
            if (filled < data.Length || filled == bytes) break;
            Array.Resize(ref data, (int)Math.Min(bytes, 2L * data.Length));
        }
        long rest = filled == bytes && stream.ReadByte() >= 0 ? 1 : 0;
        CheckLength(filled + rest);
        return data;

        void CheckLength(long found)
        {
            string promise = $"the header promises {shape} of {dtype.Name()}, {bytes} bytes from offset {headerBytes}";
            if (found < bytes) throw new CorruptFileException($"{name}: {promise}, but the data ends at offset {headerBytes + found}: {bytes - found} bytes are missing. Fetch the file again.");
            if (found > bytes) throw new CorruptFileException($"{name}: {promise}, but the file goes on after offset {headerBytes + bytes}. Fetch the file again.");
        }
    }

    private static DType? DTypeOf(byte code) => code switch
    {
        0x08 => DType.UInt8,
        0x09 => DType.Int8,
        0x0B => DType.Int16,
        0x0C => DType.Int32,
        0x0D => DType.Float32,
        0x0E => DType.Float64,
        _ => null,
    };
}
