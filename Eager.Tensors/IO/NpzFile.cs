using System.IO.Compression;

namespace Eager;

/// <summary>
/// An open npz file, NumPy's zip of named arrays: <c>numpy.load</c> reads what is written here, and what <c>numpy.savez</c> and
/// <c>numpy.savez_compressed</c> wrote is read. As of <see cref="NpyFile"/>, nothing that a file says is trusted.
/// </summary>
/// <remarks>Reading an array checks its checksum. One thread at a time may use it.</remarks>
/// <example>
/// <code>
/// NpzFile.Write("weights.npz", new Dictionary&lt;string, Tensor&gt; { ["w"] = w, ["b"] = b });
/// using NpzFile file = NpzFile.Open("weights.npz");
/// Tensor w = file.Read("w");
/// </code>
/// </example>
public sealed class NpzFile : IDisposable
{
    private const string ArrayEnding = ".npy";

    /// <summary>The most that deflate can expand: a match of 258 bytes takes two bits at least.</summary>
    private const long LargestExpansion = 1032;

    /// <summary>The earliest date that a zip file can hold: equal tensors give equal files, whenever they are written.</summary>
    private static readonly DateTimeOffset NoDate = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string path;
    private readonly ZipArchive archive;
    private readonly Dictionary<string, ZipArchiveEntry> arrays = new(StringComparer.Ordinal);

    private NpzFile(ZipArchive archive, string path)
    {
        (this.archive, this.path) = (archive, path);
        var names = new List<string>();
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            if (!entry.FullName.EndsWith(ArrayEnding, StringComparison.Ordinal)) continue;
            string name = entry.FullName[..^ArrayEnding.Length];
            if (!arrays.TryAdd(name, entry)) throw new CorruptFileException($"{path}: the array '{name}' stands twice in the zip file.");
            names.Add(name);
        }
        Names = names;
    }

    /// <summary>The arrays' names in the order of the file.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Opens a file and reads its table of contents.</summary>
    /// <exception cref="MissingFileException">The file is not there or cannot be read.</exception>
    /// <exception cref="CorruptFileException">The file is truncated or no zip file, or a name stands twice.</exception>
    public static NpzFile Open(string path) => Open(FileErrors.OpenRead(path), path);

    /// <summary>Opens a stream that can seek; disposing the result disposes it, and so does a failure.</summary>
    internal static NpzFile Open(Stream stream, string path)
    {
        try
        {
            return Guarded(path, () => new NpzFile(new ZipArchive(stream, ZipArchiveMode.Read), path));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Reads all arrays of a file.</summary>
    /// <exception cref="MissingFileException">The file is not there or cannot be read.</exception>
    /// <exception cref="CorruptFileException">The file or one of its arrays is damaged, or of a kind that Eager does not read.</exception>
    public static Dictionary<string, Tensor> ReadAll(string path)
    {
        using NpzFile file = Open(path);
        using var scope = Temporaries.Begin();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (string name in file.Names) tensors.Add(name, file.Read(name));
        foreach (Tensor tensor in tensors.Values) scope.Keep(tensor);
        return tensors;
    }

    /// <summary>Writes tensors, replacing a file that is there only once the new one is whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors by name, in the order in which they are to stand.</param>
    /// <param name="compressed">Whether to deflate them; weights hardly shrink.</param>
    /// <exception cref="InvalidArgumentException">A name is empty or stands twice.</exception>
    /// <exception cref="DTypeMismatchException">A tensor is bfloat16, which NumPy does not have.</exception>
    /// <exception cref="FileWriteException">The file cannot be written; an old one stands.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, bool compressed = false) =>
        AtomicFile.Write(path, file => Write(file, tensors, compressed));

    internal static void Write(Stream stream, IEnumerable<KeyValuePair<string, Tensor>> tensors, bool compressed)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach ((string name, Tensor tensor) in tensors)
        {
            if (name.Length == 0 || !names.Add(name)) throw new InvalidArgumentException($"The name '{name}' is empty or stands twice among the tensors to write.");
            ZipArchiveEntry entry = zip.CreateEntry(name + ArrayEnding, compressed ? CompressionLevel.Optimal : CompressionLevel.NoCompression);
            entry.LastWriteTime = NoDate;
            using Stream array = entry.Open();
            NpyFile.Write(array, tensor);
        }
    }

    /// <summary>Reads an array into a tensor on the CPU, in C order.</summary>
    /// <exception cref="InvalidArgumentException">There is no array of that name.</exception>
    /// <exception cref="CorruptFileException">The array is damaged, or of a kind that Eager does not read.</exception>
    /// <exception cref="MissingFileException">The file can no longer be read.</exception>
    public Tensor Read(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!arrays.TryGetValue(name, out ZipArchiveEntry? entry))
            throw new InvalidArgumentException($"{path}: holds no array '{name}'; it holds {string.Join(", ", Names.Take(20))}.");
        string place = $"{path}: '{entry.FullName}'";
        return Guarded(place, () => Read(entry, place));
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => archive.Dispose();

    private static Tensor Read(ZipArchiveEntry entry, string place)
    {
        if (entry.Length / LargestExpansion > entry.CompressedLength)
            throw new CorruptFileException($"{place}: {entry.CompressedLength} bytes are said to expand to {entry.Length}, more than deflate can: the file is damaged.");
        using var stream = new Crc32Stream(entry.Open());
        using var scope = Temporaries.Begin();
        Tensor tensor = NpyFile.Read(stream, entry.Length, place);
        if (stream.ReadByte() >= 0) throw new CorruptFileException($"{place}: goes on after the {entry.Length} bytes that it is said to have: the file is damaged.");
        if (stream.Checksum != entry.Crc32) throw new CorruptFileException($"{place}: the checksum is {stream.Checksum:x8}, {entry.Crc32:x8} was written: the file has changed or is damaged.");
        return scope.Keep(tensor);
    }

    // What .NET's reader throws over damaged zip files, the exceptions of its argument checks among them.
    private static T Guarded<T>(string place, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or ArgumentException or NotSupportedException or OverflowException)
        {
            throw new CorruptFileException($"{place}: the zip file is damaged, truncated or of another kind: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw FileErrors.CannotRead(place, e);
        }
    }
}
