using System.Collections;
using System.Text;

namespace Eager.Train;

/// <summary>A place in a dataset: the element that comes next.</summary>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="Index">How many elements of the epoch have been given out.</param>
/// <param name="Seed">What fixes the order of stages without a seed of their own.</param>
public readonly record struct DatasetPosition(long Epoch, long Index, long Seed);

/// <summary>
/// Goes through the epochs of a dataset and knows its place: <c>foreach</c> gives the rest of the current epoch and then stands at the next.
/// Kept in a checkpoint, it gives after restoring exactly the elements that would have come.
/// </summary>
/// <remarks>
/// Within the body of a <c>foreach</c> the element at hand counts as given out, so a checkpoint saved after the training step on it goes on with the next.
/// Leaving the loop early leaves the place where it is. One thread uses an iterator at a time.
/// </remarks>
/// <example><code>
/// var batches = dataset.Shuffle().Batch(128).GetIterator();
/// var checkpoint = new Checkpoint().Add("data", batches);
/// while (batches.Epoch &lt; 5)
///     foreach (var (x, y) in batches) Train(x, y);
/// </code></example>
/// <typeparam name="T">An element: a tensor, or a tuple, an array or a dictionary of tensors.</typeparam>
public sealed class DatasetIterator<T> : IEnumerable<T>, ICheckpointable
{
    private readonly Dataset<T> dataset;
    private DatasetPosition position;
    private (long Epoch, long Seed, IndexedPass<T> Pass)? open;

    internal DatasetIterator(Dataset<T> dataset, long seed)
    {
        this.dataset = dataset;
        position = new DatasetPosition(0, 0, seed);
    }

    /// <summary>The epoch that the next element belongs to, from 0.</summary>
    public long Epoch => position.Epoch;

    /// <summary>The number of elements of an epoch, null where only running through it can tell.</summary>
    public long? Count => dataset.Count;

    /// <summary>Where the next element comes from; setting it goes there.</summary>
    /// <exception cref="InvalidArgumentException">The epoch or the index is negative, or the epoch has fewer elements.</exception>
    public DatasetPosition Position
    {
        get => position;
        set
        {
            if (Misfit(value) is { } reason) throw new InvalidArgumentException($"DatasetIterator.Position: {reason}.");
            position = value;
        }
    }

    /// <summary>The next elements put together, over the end of an epoch where it comes: what is left of one, then the first of the next.</summary>
    /// <param name="size">How many elements.</param>
    /// <returns>The elements, each tensor with a new first axis.</returns>
    /// <exception cref="InvalidArgumentException">The size is not positive, the dataset is empty, or its elements can only be run through.</exception>
    /// <example><code>
    /// var digits = Mnist.LoadData(folder).Train.AsDataset([784], oneHot: true).Shuffle().GetIterator();
    /// (Tensor x, Tensor y) = digits.NextBatch(100);   // [100, 784] and [100, 10]
    /// </code></example>
    public T NextBatch(int size)
    {
        if (size < 1) throw new InvalidArgumentException($"DatasetIterator.NextBatch: the size is {size}; it must be at least 1.");
        Structure<T> structure = Structure.Of<T>();
        DatasetPosition place = position;
        var parts = new List<T>();
        for (long left = size; left > 0;)
        {
            IndexedPass<T> pass = PassOf(place);
            if (pass.Count == 0) throw new InvalidArgumentException($"DatasetIterator.NextBatch: {dataset} has no elements.");
            var indices = new long[Math.Min(left, pass.Count - place.Index)];
            for (int i = 0; i < indices.Length; i++) indices[i] = place.Index + i;
            if (indices.Length > 0) parts.Add(pass.Gather(indices));
            left -= indices.Length;
            long next = place.Index + indices.Length;
            place = next < pass.Count ? place with { Index = next } : place with { Epoch = place.Epoch + 1, Index = 0 };
        }
        T batch = parts.Count == 1 ? parts[0] : structure.Concat(parts);
        if (parts.Count > 1) parts.ForEach(structure.Dispose);
        position = place;
        return batch;
    }

    private IndexedPass<T> PassOf(DatasetPosition place)
    {
        if (open is { } pass && pass.Epoch == place.Epoch && pass.Seed == place.Seed) return pass.Pass;
        IndexedPass<T> begun = dataset.Begin(place) as IndexedPass<T>
            ?? throw new InvalidArgumentException($"DatasetIterator.NextBatch: {dataset} can only be run through; end it with Shuffle, or put its elements together with Repeat and Batch and run through those.");
        open = (place.Epoch, place.Seed, begun);
        return begun;
    }

    /// <summary>The rest of the current epoch.</summary>
    public IEnumerator<T> GetEnumerator()
    {
        DatasetPosition started = position;
        Pass<T> pass = dataset.Begin(started);
        long place = started.Index;
        IEnumerator<T> elements = pass.From(place).GetEnumerator();
        try
        {
            while (IsInPass())
            {
                // Setting the position within the epoch goes there.
                if (position.Index != place)
                {
                    elements.Dispose();
                    place = position.Index;
                    elements = pass.From(place).GetEnumerator();
                }
                if (!elements.MoveNext()) break;
                position = position with { Index = ++place };
                yield return elements.Current;
            }
        }
        finally
        {
            elements.Dispose();
        }
        if (IsInPass()) position = position with { Epoch = started.Epoch + 1, Index = 0 };

        // Setting the position to another epoch ends the loops that were under way.
        bool IsInPass() => position.Epoch == started.Epoch && position.Seed == started.Seed;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The place, and what the dataset consists of, so that a place in another one is refused.</summary>
    public IEnumerable<StateEntry> GetState()
    {
        byte[] description = Encoding.UTF8.GetBytes(dataset.ToString()!);
        return
        [
            StateEntry.Int64s("position", () => [position.Epoch, position.Index, position.Seed], values => position = FromValues(values), Shape.FromSizes(3),
                values => Misfit(FromValues(values))),
            StateEntry.Bytes("dataset", () => description, _ => { }, saved => saved.AsSpan().SequenceEqual(description) ? null
                : $"the place was saved in the dataset {Encoding.UTF8.GetString(saved)}, this one is {dataset}"),
        ];
    }

    private static DatasetPosition FromValues(long[] values) => new(values[0], values[1], values[2]);

    private string? Misfit(DatasetPosition place) =>
        place.Epoch < 0 || place.Index < 0 || place.Index > (Count ?? long.MaxValue) ? $"{place} is no place in a dataset of {Count} elements" : null;
}
