using System.Collections;
using System.Globalization;
using Eager.Interop;

namespace Eager.Train;

/// <summary>Makes datasets.</summary>
public static partial class Dataset
{
    /// <summary>The slices of a tensor along its first axis.</summary>
    /// <param name="tensor">At least rank 1; kept, not copied, where its elements are on the CPU in C order.</param>
    /// <exception cref="ShapeMismatchException">The tensor is a scalar.</exception>
    public static Dataset<Tensor> FromTensorSlices(Tensor tensor) => Slices(tensor);

    /// <summary>Pairs of slices of two tensors along their first axes.</summary>
    /// <param name="features">At least rank 1; kept, not copied, where its elements are on the CPU in C order.</param>
    /// <param name="labels">As many slices as <paramref name="features"/>.</param>
    /// <exception cref="ShapeMismatchException">A tensor is a scalar, or the numbers of slices differ.</exception>
    /// <example><code>
    /// var batches = Dataset.FromTensorSlices(images, labels).Shuffle(seed: 1).Batch(128);
    /// foreach (var (x, y) in batches) Train(x, y);   // one epoch
    /// </code></example>
    public static Dataset<(Tensor Features, Tensor Labels)> FromTensorSlices(Tensor features, Tensor labels) => FromColumns(new PlainColumn(features), new PlainColumn(labels));

    /// <summary>Slices of any number of tensors along their first axes.</summary>
    /// <param name="tensors">At least one, each of rank 1 at least and of as many slices; kept, not copied, where their elements are on the CPU in C order.</param>
    /// <returns>Arrays of slices, in the order of the tensors.</returns>
    /// <exception cref="ShapeMismatchException">A tensor is a scalar, or the numbers of slices differ.</exception>
    /// <exception cref="InvalidArgumentException">There is no tensor.</exception>
    /// <example><code>
    /// foreach (Tensor[] batch in Dataset.FromTensorSlices(images, captions, labels).Batch(32)) training.TrainOnBatch(batch[..2], batch[2..]);
    /// </code></example>
    public static Dataset<Tensor[]> FromTensorSlices(params IReadOnlyList<Tensor> tensors) => Slices<Tensor[]>([.. tensors]);

    /// <summary>Slices of tensors along their first axes, by the tensors' names.</summary>
    /// <param name="tensors">At least one, each of rank 1 at least and of as many slices; kept, not copied, where their elements are on the CPU in C order.</param>
    /// <exception cref="ShapeMismatchException">A tensor is a scalar, or the numbers of slices differ; the message names the tensor.</exception>
    /// <exception cref="InvalidArgumentException">There is no tensor.</exception>
    /// <example><code>
    /// var people = Dataset.FromTensorSlices(new Dictionary&lt;string, Tensor&gt; { ["age"] = ages, ["income"] = incomes });
    /// foreach ((IReadOnlyDictionary&lt;string, Tensor&gt; x, Tensor y) in people.Zip(Dataset.FromTensorSlices(labels)).Batch(32)) Train(x["age"], x["income"], y);
    /// </code></example>
    public static Dataset<IReadOnlyDictionary<string, Tensor>> FromTensorSlices(IReadOnlyDictionary<string, Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return Slices(tensors);
    }

    /// <summary>The slices of an element's tensors.</summary>
    internal static Dataset<T> Slices<T>(T element)
    {
        (Tensor[] tensors, string[] layout) = Structure.Of<T>().Unpack(element);
        if (tensors.Length == 0) throw new InvalidArgumentException("Dataset.FromTensorSlices: there is no tensor to take slices of; give one at least.");
        if (Array.IndexOf(tensors, null) is >= 0 and var absent) throw new InvalidArgumentException($"Dataset.FromTensorSlices: tensor {absent} of {tensors.Length} is null.");
        Column[] columns = Array.ConvertAll(tensors, static tensor => new PlainColumn(tensor));
        int other = Array.FindIndex(columns, column => column.Count != columns[0].Count);
        if (other >= 0)
        {
            string shapes = string.Join(", ", tensors.Select(static tensor => tensor.ConcreteShape)), names = layout.Length == 0 ? "" : $" {string.Join(" ", layout)}";
            throw new ShapeMismatchException($"Dataset.FromTensorSlices: the tensors{names} are {shapes}, with {columns[0].Count} and {columns[other].Count} slices; the first axes must be of one size.");
        }
        return new SliceDataset<T>(columns, layout);
    }

    internal static Dataset<(Tensor Features, Tensor Labels)> FromColumns(Column features, Column labels)
    {
        if (features.Count != labels.Count) throw new ShapeMismatchException($"Dataset.FromTensorSlices: {features.Count} slices of features, {labels.Count} of labels; the first axes must be of one size.");
        return new SliceDataset<(Tensor Features, Tensor Labels)>([features, labels], []);
    }

    /// <summary>A seed drawn from this thread's default generator, so that a global seed fixes it.</summary>
    internal static long DrawSeed()
    {
        using Tensor seed = TensorMemory.Empty([], DType.Int64);
        Aten.random__from(seed, 0, long.MaxValue, Generator.Default);
        return seed.Item<long>();
    }
}

/// <summary>
/// A recipe for a sequence of elements, as TensorFlow's <c>tf.data.Dataset</c>: stages make a new dataset and read nothing.
/// </summary>
/// <remarks>
/// <c>foreach</c> over a dataset is one epoch from its start, and each <c>foreach</c> is the next epoch, shuffled anew where that was asked for.
/// <see cref="GetIterator"/> gives an object that knows its place and that a checkpoint can keep.
/// </remarks>
/// <typeparam name="T">An element: a tensor, or a tuple, an array or a dictionary of tensors.</typeparam>
public abstract partial class Dataset<T> : IEnumerable<T>
{
    private readonly Lazy<long> seed;
    private long epochs;

    private protected Dataset(int shuffles)
    {
        Shuffles = shuffles;
        // Where nothing is shuffled no number is drawn, so that reading test data does not shift what training draws next.
        seed = new Lazy<long>(() => Shuffles > 0 ? Dataset.DrawSeed() : 0);
    }

    /// <summary>The number of elements of an epoch, null where only running through it can tell, or where it has no end.</summary>
    public abstract long? Count { get; }

    /// <summary>Whether an epoch has no end, as <see cref="Repeat"/> without a count makes it. Where <see cref="Count"/> is null and this is false, only running through an epoch can tell.</summary>
    /// <example><code>
    /// if (batches.IsEndless) batches = batches.Take(100);
    /// </code></example>
    public virtual bool IsEndless => false;

    /// <summary>How many stages draw random numbers, up to here.</summary>
    internal int Shuffles { get; }

    /// <summary>All elements in random order. Where they can only be run through, all are read into memory first; <see cref="ShuffleWithin"/> keeps fewer.</summary>
    /// <param name="seed">Fixes the order; without it, it follows from the iterator's seed.</param>
    /// <param name="reshuffleEachEpoch">Whether each epoch has an order of its own.</param>
    /// <exception cref="InvalidArgumentException">There is no end of elements.</exception>
    public Dataset<T> Shuffle(long? seed = null, bool reshuffleEachEpoch = true) => !IsEndless ? Reordered(seed, reshuffleEachEpoch)
        : throw new InvalidArgumentException("Dataset.Shuffle: the elements have no end, and all would be read first; put Shuffle before Repeat, or take ShuffleWithin.");

    private protected virtual Dataset<T> Reordered(long? seed, bool reshuffleEachEpoch) => new ShuffledDataset<T>(this, seed, reshuffleEachEpoch);

    /// <summary>Consecutive elements put together: each tensor gets a new first axis.</summary>
    /// <param name="size">How many elements make a batch.</param>
    /// <param name="dropRemainder">Whether a last batch of fewer elements is left out.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="size"/> is not positive.</exception>
    public Dataset<T> Batch(int size, bool dropRemainder = false) =>
        size > 0 ? new BatchedDataset<T>(this, size, dropRemainder) : throw new InvalidArgumentException($"Dataset.Batch: the size is {size}; it must be at least 1.");

    /// <summary>An object that goes through the epochs of this dataset, knows its place, and can be kept in a checkpoint.</summary>
    /// <param name="seed">Fixes the order of those stages that have no seed of their own; drawn from <see cref="Generator.Default"/> where absent.</param>
    public DatasetIterator<T> GetIterator(long? seed = null) => new(this, seed ?? (Shuffles > 0 ? Dataset.DrawSeed() : 0));

    /// <summary>The next epoch from its start.</summary>
    public IEnumerator<T> GetEnumerator()
    {
        foreach (T element in Begin(new DatasetPosition(Interlocked.Increment(ref epochs) - 1, 0, seed.Value)).From(0)) yield return element;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Fixes the order of one epoch.</summary>
    internal abstract Pass<T> Begin(DatasetPosition position);
}

/// <param name="columns">One for each tensor of an element.</param>
/// <param name="layout">What the type of the elements does not say of them.</param>
internal sealed class SliceDataset<T>(Column[] columns, string[] layout) : Dataset<T>(shuffles: 0)
{
    public override long? Count => columns[0].Count;

    public override string ToString() => $"{columns[0].Count} × ({string.Join(", ", (object[])columns)}){string.Join(" ", layout)}";

    internal override Pass<T> Begin(DatasetPosition position) => new SlicePass<T>(columns, layout);
}

internal sealed class ShuffledDataset<T>(Dataset<T> source, long? seed, bool reshuffleEachEpoch) : Dataset<T>(source.Shuffles + 1)
{
    public override long? Count => source.Count;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{source}.Shuffle(seed: {(object?)seed ?? "none"}, reshuffleEachEpoch: {reshuffleEachEpoch})");

    internal override Pass<T> Begin(DatasetPosition position)
    {
        Pass<T> pass = source.Begin(position);
        IndexedPass<T> indexed = pass as IndexedPass<T> ?? new ListPass<T>([.. pass.From(0)]);
        if (indexed.Count > Array.MaxLength) throw new InvalidArgumentException($"Dataset.Shuffle: {indexed.Count} elements are more than one array can order; shuffle in parts.");
        return new ReorderedPass<T>(indexed, OrderOf(position, seed, Shuffles, reshuffleEachEpoch).Permutation(indexed.Count));
    }

    /// <summary>The random numbers of a stage in an epoch.</summary>
    internal static SplitMix64 OrderOf(DatasetPosition position, long? seed, int stage, bool reshuffleEachEpoch)
    {
        // Each of seed, stage and epoch goes through the generator once, so that neighbouring numbers give unrelated orders.
        ulong key = new SplitMix64((ulong)(seed ?? position.Seed)).Next();
        key = new SplitMix64(key ^ (ulong)stage).Next();
        key = new SplitMix64(key ^ (ulong)(reshuffleEachEpoch ? position.Epoch : 0)).Next();
        return new SplitMix64(key);
    }
}

internal sealed class BatchedDataset<T>(Dataset<T> source, int size, bool dropRemainder) : Dataset<T>(source.Shuffles)
{
    public override long? Count => dropRemainder ? source.Count / size : (source.Count + size - 1) / size;

    public override bool IsEndless => source.IsEndless;

    public override string ToString() => $"{source}.Batch({size}, dropRemainder: {dropRemainder})";

    internal override Pass<T> Begin(DatasetPosition position)
    {
        Structure<T> structure = Structure.Of<T>();
        Pass<T> pass = source.Begin(position);
        return pass is IndexedPass<T> indexed ? new BatchedPass<T>(indexed, size, dropRemainder)
            : new StreamPass<T>(start => pass.From(start * size).Chunk(size).Where(chunk => !dropRemainder || chunk.Length == size).Select(structure.Stack));
    }
}
