using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;

namespace Eager.Train;

/// <summary>
/// An open safetensors file, the format in which Eager keeps weights and which Python's <c>safetensors</c> reads.
/// Opening checks the whole header against the format and the file's size, before memory is taken for any tensor.
/// </summary>
public sealed class SafeTensorsFile : IDisposable
{
    private const int RangeBytes = 4 << 20;    // what one thread sees to at a time
    private const int ChunkBytes = 256 << 10;  // what stays in a core's cache between reading and checksum

    private readonly Stream stream;
    private readonly SafeFileHandle? handle;
    private readonly byte[] header;
    private readonly Dictionary<string, SafeTensorsEntry> byName;

    private SafeTensorsFile(Stream stream, string path, byte[] header, List<SafeTensorsEntry> entries, Dictionary<string, string> metadata)
    {
        this.stream = stream;
        handle = (stream as FileStream)?.SafeFileHandle;
        this.header = header;
        byName = entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
        Path = path;
        Entries = entries;
        Metadata = metadata;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The tensors in the order of their data.</summary>
    public IReadOnlyList<SafeTensorsEntry> Entries { get; }

    /// <summary>The texts under <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensor under a name, null if there is none.</summary>
    public SafeTensorsEntry? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="MissingFileException">The file is not there or cannot be read.</exception>
    /// <exception cref="CorruptFileException">The file is truncated, or its header breaks a rule of the format; the message names it.</exception>
    public static SafeTensorsFile Open(string path)
    {
        FileStream file = FileErrors.OpenRead(path);
        try
        {
            return Open(file, path);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a stream that can seek; disposing the result disposes it.</summary>
    internal static SafeTensorsFile Open(Stream stream, string path)
    {
        try
        {
            long length = stream.Length;
            if (length < sizeof(ulong)) throw new CorruptFileException($"{path}: has {length} bytes, a safetensors file at least {sizeof(ulong)}: {sizeof(ulong) - length} are missing.");
            Span<byte> size = stackalloc byte[sizeof(ulong)];
            stream.ReadExactly(size);
            ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(size);
            if (headerBytes > SafeTensorsHeader.MaxBytes)
            {
                throw new CorruptFileException($"{path}: the header's length at offset 0 is {headerBytes}, above the {SafeTensorsHeader.MaxBytes} that the format allows: the file is damaged or no safetensors file.");
            }
            long dataBytes = length - sizeof(ulong) - (long)headerBytes;
            if (dataBytes < 0) throw new CorruptFileException($"{path}: the header of {headerBytes} bytes ends {-dataBytes} bytes after the file: the file is truncated or no safetensors file.");
            byte[] header = new byte[headerBytes];
            stream.ReadExactly(header);
            (List<SafeTensorsEntry> entries, Dictionary<string, string> metadata) = SafeTensorsHeader.Parse(header, dataBytes, path);
            return new SafeTensorsFile(stream, path, header, entries, metadata);
        }
        catch (IOException e)
        {
            throw FileErrors.CannotRead(path, e);
        }
    }

    /// <summary>Reads bytes of a tensor, little-endian and in C order.</summary>
    /// <param name="entry">The tensor, one of <see cref="Entries"/>.</param>
    /// <param name="destination">Where the bytes go; all of it is filled.</param>
    /// <param name="offset">The first byte to read, counted from the tensor's first.</param>
    /// <exception cref="InvalidArgumentException">The tensor has fewer bytes from <paramref name="offset"/> on than <paramref name="destination"/>.</exception>
    /// <exception cref="CorruptFileException">A BOOL tensor holds bytes other than 0 and 1.</exception>
    /// <exception cref="MissingFileException">The file can no longer be read.</exception>
    public void Read(SafeTensorsEntry entry, Span<byte> destination, long offset = 0)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (offset < 0 || destination.Length > entry.ByteLength - offset)
        {
            throw new InvalidArgumentException($"{Path}: '{entry.Name}' has {entry.ByteLength} bytes; {destination.Length} bytes from {offset} on are not among them.");
        }
        long position = sizeof(ulong) + header.Length + entry.Begin + offset;
        ReadAt(position, destination);
        int bad = entry.DType == DType.Bool ? destination.IndexOfAnyExceptInRange((byte)0, (byte)1) : -1;
        if (bad >= 0) throw new CorruptFileException($"{Path}: '{entry.Name}' is BOOL but holds the byte {destination[bad]} at offset {position + bad}: the file is damaged.");
    }

    /// <summary>Reads a whole tensor, little-endian and in C order.</summary>
    /// <exception cref="InvalidArgumentException">There is no such tensor, or it has more bytes than one array holds.</exception>
    public byte[] ReadBytes(string name)
    {
        SafeTensorsEntry entry = Find(name) ?? throw new InvalidArgumentException($"{Path}: holds no tensor '{name}'; it holds {string.Join(", ", Entries.Select(e => e.Name).Take(20))}.");
        if (entry.ByteLength > Array.MaxLength) throw new InvalidArgumentException($"{Path}: '{name}' has {entry.ByteLength} bytes, more than one array holds; read it in parts.");
        byte[] bytes = new byte[entry.ByteLength];
        Read(entry, bytes);
        return bytes;
    }

    /// <summary>Reads a whole tensor into another's memory, several parts at once.</summary>
    /// <param name="entry">The tensor, one of <see cref="Entries"/>.</param>
    /// <param name="destination">On the CPU, in C order, and of as many bytes.</param>
    /// <exception cref="CorruptFileException">A BOOL tensor holds bytes other than 0 and 1.</exception>
    /// <exception cref="MissingFileException">The file can no longer be read.</exception>
    internal unsafe void Read(SafeTensorsEntry entry, Tensor destination)
    {
        using var pin = new TensorPin(destination);
        byte* first = pin.Pointer;
        InRanges(pin.ByteCount, (_, offset, length) => Read(entry, new Span<byte>(first + offset, length), offset));
    }

    /// <summary>Compares the file with the checksum that Eager's checkpoints carry over header and data.</summary>
    /// <exception cref="CorruptFileException">The checksum is absent or another one: a byte of the file has changed.</exception>
    internal void VerifyChecksum()
    {
        ReadOnlySpan<byte> prefix = SafeTensorsHeader.ChecksumPrefix;
        if (!header.AsSpan().StartsWith(prefix) || !Metadata.TryGetValue(SafeTensorsHeader.ChecksumKey, out string? promised))
        {
            throw new CorruptFileException($"{Path}: carries no checksum ('{SafeTensorsHeader.ChecksumKey}' as the first metadata): it is damaged or not written as an Eager checkpoint.");
        }
        byte[] zeroed = [.. header];
        int digits = Math.Min(SafeTensorsHeader.ChecksumPlaceholder.Length, zeroed.Length - prefix.Length);
        SafeTensorsHeader.ChecksumPlaceholder[..digits].CopyTo(zeroed.AsSpan(prefix.Length));

        uint crc = Crc32C.Append(SafeTensorsWriter.LengthChecksum(zeroed.Length), zeroed);
        long start = sizeof(ulong) + header.Length, dataBytes = stream.Length - start;
        var checksums = new (uint Crc, int Length)[Ranges(dataBytes)];
        InRanges(dataBytes, (range, offset, length) => checksums[range] = (ChecksumAt(start + offset, length), length));
        foreach ((uint joined, int length) in checksums) crc = Crc32C.Join(crc, joined, length);
        string found = SafeTensorsWriter.Format(crc);
        if (found != promised) throw new CorruptFileException($"{Path}: the checksum over its {stream.Length} bytes is {found}, {promised} was written: the file has changed or is damaged.");
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => stream.Dispose();

    private uint ChecksumAt(long position, int length)
    {
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        uint crc = Crc32C.Empty;
        for (int done = 0; done < length; done += ChunkBytes)
        {
            Span<byte> part = chunk.AsSpan(0, Math.Min(ChunkBytes, length - done));
            ReadAt(position + done, part);
            crc = Crc32C.Append(crc, part);
        }
        ArrayPool<byte>.Shared.Return(chunk);
        return crc;
    }

    // Many threads may read from a file at once; from another stream they read in turns.
    private void ReadAt(long position, Span<byte> destination)
    {
        try
        {
            if (handle is null)
            {
                lock (stream)
                {
                    stream.Position = position;
                    stream.ReadExactly(destination);
                }
                return;
            }
            while (destination.Length > 0)
            {
                int read = RandomAccess.Read(handle, destination, position);
                if (read == 0) throw new EndOfStreamException($"It ended at offset {position}.");
                destination = destination[read..];
                position += read;
            }
        }
        catch (IOException e)
        {
            throw FileErrors.CannotRead(Path, e);
        }
    }

    private static int Ranges(long bytes) => (int)((bytes + RangeBytes - 1) / RangeBytes);

    // Calls for each range of some bytes with its number, offset and length, on all cores.
    private static void InRanges(long bytes, Action<int, long, int> action)
    {
        try
        {
            Parallel.For(0, Ranges(bytes), range =>
            {
                long offset = (long)range * RangeBytes;
                action(range, offset, (int)Math.Min(RangeBytes, bytes - offset));
            });
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
