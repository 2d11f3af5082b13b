namespace Eager.Train;

/// <summary>How the elements of a dataset are made of tensors, so that stages can put elements together without knowing their type.</summary>
internal sealed record Structure<T>(Func<Tensor[], T> Pack, Func<T, Tensor[]> Unpack);

/// <summary>One epoch of a dataset: the order is fixed, and any element of it can be had.</summary>
internal abstract class Pass<T>
{
    /// <summary>The number of elements.</summary>
    public abstract long Count { get; }

    /// <summary>The element at a place.</summary>
    public abstract T Element(long index);

    /// <summary>The elements at some places, each of their tensors stacked along a new first axis.</summary>
    public abstract T Gather(ReadOnlySpan<long> indices);
}

/// <summary>Slices of tensors in their own order.</summary>
internal sealed class SlicePass<T>(Column[] columns, Structure<T> structure) : Pass<T>
{
    public override long Count => columns[0].Count;

    public override T Element(long index) => structure.Pack(Array.ConvertAll(columns, column => column.Element(index)));

    public override T Gather(ReadOnlySpan<long> indices)
    {
        var tensors = new Tensor[columns.Length];
        for (int i = 0; i < columns.Length; i++) tensors[i] = columns[i].Gather(indices);
        return structure.Pack(tensors);
    }
}

/// <summary>The elements of another pass in another order.</summary>
internal sealed class ReorderedPass<T>(Pass<T> source, long[] order) : Pass<T>
{
    public override long Count => order.Length;

    public override T Element(long index) => source.Element(order[index]);

    public override T Gather(ReadOnlySpan<long> indices)
    {
        var places = new long[indices.Length];
        for (int i = 0; i < places.Length; i++) places[i] = order[indices[i]];
        return source.Gather(places);
    }
}

/// <summary>Consecutive elements of another pass put together.</summary>
internal sealed class BatchedPass<T>(Pass<T> source, int size, bool dropRemainder, Structure<T> structure) : Pass<T>
{
    public override long Count => dropRemainder ? source.Count / size : (source.Count + size - 1) / size;

    public override T Element(long index)
    {
        long start = index * size;
        var places = new long[Math.Min(size, source.Count - start)];
        for (int i = 0; i < places.Length; i++) places[i] = start + i;
        return source.Gather(places);
    }

    public override T Gather(ReadOnlySpan<long> indices)
    {
        var batches = new Tensor[indices.Length][];
        for (int i = 0; i < batches.Length; i++) batches[i] = structure.Unpack(Element(indices[i]));
        var stacked = new Tensor[batches[0].Length];
        for (int part = 0; part < stacked.Length; part++) stacked[part] = Tensor.Stack(Array.ConvertAll(batches, batch => batch[part]));
        foreach (Tensor tensor in batches.SelectMany(batch => batch)) tensor.Dispose();
        return structure.Pack(stacked);
    }
}
