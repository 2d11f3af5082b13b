using System.Buffers.Binary;
using System.Text;

namespace Eager.Train;

/// <summary>Keeps the elements of the first epoch that was read to its end. Readers get tensors of their own over the same memory, to dispose as they like.</summary>
internal sealed class MemoryCache<T>
{
    private sealed record Whole(List<T> Elements, long Seed);

    private Whole? whole;

    /// <param name="compute">The elements of an epoch.</param>
    /// <param name="start">The first to give.</param>
    /// <param name="seed">What their order depends on: an iterator of another seed has other elements at the same place, and they are computed anew.</param>
    internal IEnumerable<T> From(Func<IEnumerable<T>> compute, long start, long seed)
    {
        if (Volatile.Read(ref whole) is { } kept && kept.Seed == seed)
        {
            for (long i = start; i < kept.Elements.Count; i++) yield return Each(kept.Elements[(int)i], static tensor => tensor.Alias());
            yield break;
        }
        var seen = new List<T>();
        foreach (T element in compute())
        {
            seen.Add(Each(element, static tensor => TensorMemory.KeepPlain(tensor, "Dataset.Cache")));
            if (seen.Count > start) yield return element;
        }
        Volatile.Write(ref whole, new Whole(seen, seed));
    }

    private static T Each(T element, Func<Tensor, Tensor> change) => Structure.Find<T>() is { } structure ? structure.Change(element, change) : element;
}

/// <summary>
/// Keeps elements in a TFRecord file, a record each: for each tensor its dtype and rank (a byte each), its sizes (i64), and its bytes in C order,
/// all little-endian. Where the type of the elements does not say what their tensors are, the layout comes before them as a tensor of UTF-8.
/// A record before them says what they are elements of, one after them how many there are; both begin with a byte that is no dtype.
/// </summary>
internal static class FileCache
{
    private const byte Mark = byte.MaxValue;
    private const string Kind = "Eager's cache of a dataset, version 2";

    /// <param name="path">The file.</param>
    /// <param name="description">What the dataset consists of: a cache of another one is refused.</param>
    /// <param name="compute">The elements, where there is no file yet.</param>
    /// <param name="start">The first to give.</param>
    internal static IEnumerable<T> From<T>(string path, string description, Func<IEnumerable<T>> compute, long start)
    {
        Structure<T> structure = Structure.Of<T>();
        string content = $"{Kind}: {typeof(T)} of {description}";
        if (File.Exists(path))
        {
            foreach (byte[] record in Sequences.Skip(Elements(path, content), start)) yield return Element(structure, Decode(record, path), path);
            yield break;
        }
        long index = 0;
        string partial = $"{path}.{Guid.NewGuid():N}.partial";
        using FileStream file = Create(partial);
        try
        {
            Write(file, Head(content), path);
            foreach (T element in compute())
            {
                Write(file, Encode(Tensors(structure, element)), path);
                if (index++ >= start) yield return element;
            }
            Write(file, End(index), path);
            Publish(file, partial, path);
        }
        finally
        {
            file.Dispose();
            File.Delete(partial);
        }
    }

    /// <summary>What is kept of an element.</summary>
    internal static Tensor[] Tensors<T>(Structure<T> structure, T element)
    {
        (Tensor[] tensors, string[] layout) = structure.Unpack(element);
        return structure.IsFixed ? tensors : [Tensor.From(Encoding.UTF8.GetBytes(string.Join('/', layout.Select(Uri.EscapeDataString)))), .. tensors];
    }

    /// <summary>The element of a record's tensors.</summary>
    internal static T Element<T>(Structure<T> structure, Tensor[] tensors, string path)
    {
        try
        {
            if (structure.IsFixed) return structure.Pack(tensors, []);
            if (tensors is not [{ DType: DType.UInt8, Rank: 1 } layout, ..]) throw Damaged(path);
            return structure.Pack(tensors[1..], [.. Encoding.UTF8.GetString(layout.ToArray<byte>()).Split('/').Select(Uri.UnescapeDataString)]);
        }
        catch (InvalidDataException)
        {
            throw Damaged(path);
        }
    }

    private static byte[] Head(string content) => [Mark, .. Encoding.UTF8.GetBytes(content)];

    private static byte[] End(long count)
    {
        byte[] record = new byte[1 + sizeof(long)];
        record[0] = Mark;
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(1), count);
        return record;
    }

    /// <summary>The records of elements, with the first and the last record checked.</summary>
    private static IEnumerable<byte[]> Elements(string path, string content)
    {
        using IEnumerator<byte[]> records = TfRecord.Read(path).GetEnumerator();
        string kept = records.MoveNext() && records.Current is [Mark, ..] ? Encoding.UTF8.GetString(records.Current.AsSpan(1)) : "";
        if (!kept.StartsWith(Kind, StringComparison.Ordinal)) throw Damaged(path);
        if (kept != content) throw new CorruptFileException($"{path}: is '{kept}', not '{content}': it was kept by other stages; delete it to have it made anew, or name another file.");
        for (long count = 0; ; count++)
        {
            if (!records.MoveNext()) throw new CorruptFileException($"{path}: ends after {count} elements without a record that says so: it was cut off; delete it to have it made anew.");
            if (records.Current is [Mark, ..])
            {
                if (!records.Current.AsSpan().SequenceEqual(End(count)) || records.MoveNext()) throw Damaged(path);
                yield break;
            }
            yield return records.Current;
        }
    }

    internal static byte[] Encode(Tensor[] tensors)
    {
        using var bytes = new MemoryStream();
        Span<byte> size = stackalloc byte[sizeof(long)];
        foreach (Tensor tensor in tensors)
        {
            using Tensor plain = TensorMemory.Plain(tensor, "Dataset.Cache");
            bytes.WriteByte((byte)plain.DType);
            bytes.WriteByte((byte)plain.Rank);
            foreach (long length in plain.ConcreteShape.Sizes)
            {
                BinaryPrimitives.WriteInt64LittleEndian(size, length);
                bytes.Write(size);
            }
            using var pin = new TensorPin(plain);
            foreach (Span<byte> part in pin) bytes.Write(part);
        }
        return bytes.ToArray();
    }

    internal static Tensor[] Decode(byte[] record, string path)
    {
        var tensors = new List<Tensor>();
        ReadOnlySpan<byte> rest = record;
        while (rest.Length > 0)
        {
            if (rest.Length < 2 || !DTypes.All.Contains((DType)rest[0]) || ((DType)rest[0]).IsQuantized() || rest.Length < 2 + (sizeof(long) * rest[1])) throw Damaged(path);
            (var dtype, int rank) = ((DType)rest[0], rest[1]);
            rest = rest[2..];
            var sizes = new long[rank];
            long bytes = dtype.ByteSize();
            for (int axis = 0; axis < rank; axis++)
            {
                sizes[axis] = BinaryPrimitives.ReadInt64LittleEndian(rest);
                rest = rest[sizeof(long)..];
                if (sizes[axis] < 0 || (sizes[axis] > 0 && bytes > record.Length / sizes[axis])) throw Damaged(path);
                bytes *= sizes[axis];
            }
            if (bytes > rest.Length) throw Damaged(path);
            Tensor tensor = TensorMemory.Empty(sizes, dtype);
            using (var pin = new TensorPin(tensor))
            {
                foreach (Span<byte> part in pin)
                {
                    rest[..part.Length].CopyTo(part);
                    rest = rest[part.Length..];
                }
            }
            tensors.Add(tensor);
        }
        return [.. tensors];
    }

    private static FileStream Create(string path)
    {
        try
        {
            return new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        }
        catch (Exception e) when (FileErrors.IsSystemError(e))
        {
            throw FileErrors.CannotWrite(path, e);
        }
    }

    private static void Write(FileStream file, byte[] record, string path)
    {
        try
        {
            TfRecord.Write(file, record);
        }
        catch (Exception e) when (FileErrors.IsSystemError(e))
        {
            throw FileErrors.CannotWrite(path, e);
        }
    }

    private static void Publish(FileStream file, string partial, string path)
    {
        try
        {
            file.Flush(flushToDisk: true);
            file.Dispose();
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception e) when (FileErrors.IsSystemError(e))
        {
            throw FileErrors.CannotWrite(path, e);
        }
    }

    private static CorruptFileException Damaged(string path) => new($"{path}: a record is no element of a dataset's cache: the file is damaged, or of another kind; delete it to have it made anew.");
}
