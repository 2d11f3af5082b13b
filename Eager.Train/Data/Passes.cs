namespace Eager.Train;

/// <summary>One epoch of a dataset: its order is fixed.</summary>
internal abstract class Pass<T>
{
    /// <summary>The elements from a place on.</summary>
    public abstract IEnumerable<T> From(long start);
}

/// <summary>One epoch that can only be run through.</summary>
/// <param name="from">The elements from a place on.</param>
internal sealed class StreamPass<T>(Func<long, IEnumerable<T>> from) : Pass<T>
{
    public override IEnumerable<T> From(long start) => from(start);
}

/// <summary>One epoch of which any element can be had.</summary>
internal abstract class IndexedPass<T> : Pass<T>
{
    /// <summary>The number of elements.</summary>
    public abstract long Count { get; }

    /// <summary>The element at a place.</summary>
    public abstract T Element(long index);

    /// <summary>The elements at some places, each of their tensors stacked along a new first axis.</summary>
    public abstract T Gather(ReadOnlySpan<long> indices);

    public override IEnumerable<T> From(long start)
    {
        for (long i = start; i < Count; i++) yield return Element(i);
    }
}

/// <summary>Slices of tensors in their own order.</summary>
internal sealed class SlicePass<T>(Column[] columns, string[] layout) : IndexedPass<T>
{
    public override long Count => columns[0].Count;

    public override T Element(long index) => Structure.Of<T>().Pack(Array.ConvertAll(columns, column => column.Element(index)), layout);

    public override T Gather(ReadOnlySpan<long> indices)
    {
        var tensors = new Tensor[columns.Length];
        for (int i = 0; i < columns.Length; i++) tensors[i] = columns[i].Gather(indices);
        return Structure.Of<T>().Pack(tensors, layout);
    }
}

/// <summary>The elements of another pass in another order.</summary>
internal sealed class ReorderedPass<T>(IndexedPass<T> source, long[] order) : IndexedPass<T>
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
internal sealed class BatchedPass<T>(IndexedPass<T> source, int size, bool dropRemainder) : IndexedPass<T>
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
        var batches = new T[indices.Length];
        for (int i = 0; i < batches.Length; i++) batches[i] = Element(indices[i]);
        T stacked = Structure.Of<T>().Stack(batches);
        foreach (T batch in batches) Structure.Of<T>().Dispose(batch);
        return stacked;
    }
}

/// <summary>Some consecutive elements of another pass.</summary>
internal sealed class RangePass<T>(IndexedPass<T> source, long start, long count) : IndexedPass<T>
{
    public override long Count => count;

    public override T Element(long index) => source.Element(start + index);

    public override T Gather(ReadOnlySpan<long> indices)
    {
        var places = new long[indices.Length];
        for (int i = 0; i < places.Length; i++) places[i] = start + indices[i];
        return source.Gather(places);
    }
}

/// <summary>Elements that are in memory.</summary>
internal sealed class ListPass<T>(IReadOnlyList<T> elements) : IndexedPass<T>
{
    public override long Count => elements.Count;

    public override T Element(long index) => elements[(int)index];

    public override T Gather(ReadOnlySpan<long> indices)
    {
        var chosen = new T[indices.Length];
        for (int i = 0; i < chosen.Length; i++) chosen[i] = elements[(int)indices[i]];
        return Structure.Of<T>().Stack(chosen);
    }
}
