using System.Buffers.Binary;

namespace Eager.Train;

/// <summary>Keeps the elements of the first epoch that was read to its end. Readers get tensors of their own over the same memory, to dispose as they like.</summary>
internal sealed class MemoryCache<T>
{
    private List<T>? whole;

    internal IEnumerable<T> From(Func<IEnumerable<T>> compute, long start)
    {
        if (Volatile.Read(ref whole) is { } kept)
        {
            for (long i = start; i < kept.Count; i++) yield return Each(kept[(int)i], static tensor => tensor.Alias());
            yield break;
        }
        var seen = new List<T>();
        foreach (T element in compute())
        {
            seen.Add(Each(element, static tensor => TensorMemory.KeepPlain(tensor, "Dataset.Cache")));
            if (seen.Count > start) yield return element;
        }
        Volatile.Write(ref whole, seen);
    }

    private static T Each(T element, Func<Tensor, Tensor> change) => Structure.Find<T>() is { } structure ? structure.Change(element, change) : element;
}

/// <summary>
/// Keeps elements in a TFRecord file, a record each: for each tensor its dtype and rank (a byte each), its sizes (i64), and its bytes in C order,
/// all little-endian.
/// </summary>
internal static class FileCache
{
    internal static IEnumerable<T> From<T>(string path, Func<IEnumerable<T>> compute, long start)
    {
        Structure<T> structure = Structure.Of<T>();
        if (File.Exists(path))
        {
            foreach (byte[] record in Sequences.Skip(TfRecord.Read(path), start)) yield return structure.Pack(Decode(record, path));
            yield break;
        }
        long index = 0;
        string partial = $"{path}.{Guid.NewGuid():N}.partial";
        using FileStream file = Create(partial);
        try
        {
            foreach (T element in compute())
            {
                Write(file, Encode(structure.Unpack(element)), path);
                if (index++ >= start) yield return element;
            }
            Publish(file, partial, path);
        }
        finally
        {
            file.Dispose();
            File.Delete(partial);
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
            for (long offset = 0; offset < pin.ByteCount;)
            {
                Span<byte> part = pin.From(offset);
                bytes.Write(part);
                offset += part.Length;
            }
        }
        return bytes.ToArray();
    }

    internal static Tensor[] Decode(byte[] record, string path)
    {
        var tensors = new List<Tensor>();
        ReadOnlySpan<byte> rest = record;
        while (rest.Length > 0)
        {
            if (rest.Length < 2 || !DTypes.All.Contains((DType)rest[0]) || rest.Length < 2 + (sizeof(long) * rest[1])) throw Damaged(path);
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
                if (bytes > 0) rest[..(int)bytes].CopyTo(pin.From(0));
            tensors.Add(tensor);
            rest = rest[(int)bytes..];
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
