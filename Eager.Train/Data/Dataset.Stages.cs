namespace Eager.Train;

public abstract partial class Dataset<T>
{
    /// <summary>Elements in random order, each drawn from the next few: what does not fit into memory is shuffled as well as a buffer allows.</summary>
    /// <param name="bufferSize">How many elements wait to be drawn.</param>
    /// <param name="seed">Fixes the order; without it, it follows from the iterator's seed.</param>
    /// <param name="reshuffleEachEpoch">Whether each epoch has an order of its own.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="bufferSize"/> is not positive.</exception>
    public Dataset<T> ShuffleWithin(int bufferSize, long? seed = null, bool reshuffleEachEpoch = true)
    {
        RequirePositive(bufferSize, "buffer", nameof(ShuffleWithin));
        int stage = Shuffles + 1;
        return new StreamDataset<T>($"{this}.ShuffleWithin({bufferSize}, seed: {Text(seed)}, reshuffleEachEpoch: {reshuffleEachEpoch})", stage, Count, IsEndless,
            (position, start) => Sequences.Skip(Sequences.Shuffle(Begin(position).From(0), bufferSize, ShuffledDataset<T>.OrderOf(position, seed, stage, reshuffleEachEpoch)), start));
    }

    /// <summary>Each element turned into another; the order stays, however many are computed at once.</summary>
    /// <param name="function">Computes an element; with parallelism, on any thread, so it must not share state.</param>
    /// <param name="parallelism">How many elements are computed at once, and at most so many ahead of the reader.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="parallelism"/> is not positive.</exception>
    /// <exception cref="DatasetException">The function failed; it names the element. Raised when the enumeration gets there.</exception>
    /// <example><code>var scaled = images.Map(x => x.Cast(DType.Float32) / 255.0, parallelism: 4);</code></example>
    public Dataset<TResult> Map<TResult>(Func<T, TResult> function, int parallelism = 1)
    {
        ArgumentNullException.ThrowIfNull(function);
        RequirePositive(parallelism, "parallelism", nameof(Map));
        return new MappedDataset<T, TResult>(this, function, parallelism);
    }

    /// <summary>Each element turned into another with random numbers of its own, such as a picture into a part of it: the numbers are the same at any parallelism, and after a place is restored.</summary>
    /// <param name="function">Computes an element from one and a generator; with parallelism, on any thread, so it must not share state. The generator is disposed afterwards.</param>
    /// <param name="parallelism">How many elements are computed at once, and at most so many ahead of the reader.</param>
    /// <param name="seed">Fixes the numbers; without it, they follow from the iterator's seed. Each epoch has its own.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="parallelism"/> is not positive.</exception>
    /// <exception cref="DatasetException">The function failed; it names the element. Raised when the enumeration gets there.</exception>
    /// <example><code>var noisy = signals.Map((x, generator) => x + Tensor.RandomNormal(x.Shape, generator: generator), parallelism: 2);</code></example>
    public Dataset<TResult> Map<TResult>(Func<T, Generator, TResult> function, int parallelism = 1, long? seed = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        RequirePositive(parallelism, "parallelism", nameof(Map));
        int stage = Shuffles + 1;
        return new StreamDataset<TResult>($"{this}.Map(random, seed: {Text(seed)})", stage, Count, IsEndless, (position, start) =>
        {
            ulong key = ShuffledDataset<T>.OrderOf(position, seed, stage, reshuffleEachEpoch: true).Next();
            return Sequences.Map(Begin(position).From(start), (element, index) =>
            {
                using var generator = new Generator((long)new SplitMix64(key ^ (ulong)index).Next());
                return function(element, generator);
            }, start, parallelism);
        });
    }

    /// <summary>The elements that a test holds for.</summary>
    /// <param name="test">Says of an element whether it stays.</param>
    /// <exception cref="DatasetException">The test failed; it names the element. Raised when the enumeration gets there.</exception>
    public Dataset<T> Filter(Func<T, bool> test)
    {
        ArgumentNullException.ThrowIfNull(test);
        return new StreamDataset<T>($"{this}.Filter()", Shuffles, null, IsEndless, (position, start) =>
            Sequences.Skip(Sequences.Map(Begin(position).From(0), (element, _) => (Element: element, Stays: test(element)), 0, 1).Where(e => e.Stays).Select(e => e.Element), start));
    }

    /// <summary>The first elements.</summary>
    /// <param name="count">How many.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="count"/> is negative.</exception>
    public Dataset<T> Take(long count)
    {
        RequireNotNegative(count, nameof(Take));
        return new RangeDataset<T>(this, $"{this}.Take({count})", 0, count);
    }

    /// <summary>All elements but the first.</summary>
    /// <param name="count">How many are left out.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="count"/> is negative.</exception>
    public Dataset<T> Skip(long count)
    {
        RequireNotNegative(count, nameof(Skip));
        return new RangeDataset<T>(this, $"{this}.Skip({count})", count, long.MaxValue - count);
    }

    /// <summary>The elements several times over, in each round as in an epoch of its own, shuffled anew where that was asked for.</summary>
    /// <param name="count">How many times; without end when null.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="count"/> is negative.</exception>
    public Dataset<T> Repeat(long? count = null)
    {
        RequireNotNegative(count ?? 0, nameof(Repeat));
        return new StreamDataset<T>($"{this}.Repeat({count})", Shuffles, Count == 0 || count == 0 ? 0 : Count * count, count != 0 && (IsEndless || (count is null && Count != 0)), (position, start) =>
            Sequences.Repeat(round => Begin(position with { Epoch = (position.Epoch * (count ?? 0)) + round }), count ?? long.MaxValue, Count, start));
    }

    /// <summary>Pairs of the elements of two datasets, until one ends.</summary>
    /// <param name="other">Where the second of each pair comes from.</param>
    public Dataset<(T First, TOther Second)> Zip<TOther>(Dataset<TOther> other)
    {
        ArgumentNullException.ThrowIfNull(other);
        long? shorter = IsEndless ? other.Count : other.IsEndless ? Count : Count is { } mine && other.Count is { } its ? Math.Min(mine, its) : null;
        return new StreamDataset<(T, TOther)>($"{this}.Zip({other})", Shuffles + other.Shuffles, shorter, IsEndless && other.IsEndless,
            (position, start) => Begin(position).From(start).Zip(other.Begin(Beside(position)).From(start)));
    }

    /// <summary>The elements of this dataset, then those of another.</summary>
    /// <param name="other">What follows.</param>
    public Dataset<T> Concat(Dataset<T> other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new StreamDataset<T>($"{this}.Concat({other})", Shuffles + other.Shuffles, Count + other.Count, IsEndless || other.IsEndless,
            (position, start) => Sequences.Skip(Begin(position).From(0).Concat(Sequences.Later(() => other.Begin(Beside(position)).From(0))), start));
    }

    /// <summary>A dataset made of each element, several of which are read in turns, some elements of each at a time.</summary>
    /// <param name="function">Makes a dataset of an element, such as the lines of a file of its name.</param>
    /// <param name="cycleLength">How many datasets are read in turns.</param>
    /// <param name="blockLength">How many elements come from one before the next has its turn.</param>
    /// <exception cref="InvalidArgumentException">A length is not positive.</exception>
    public Dataset<TResult> Interleave<TResult>(Func<T, Dataset<TResult>> function, int cycleLength = 16, int blockLength = 1)
    {
        ArgumentNullException.ThrowIfNull(function);
        RequirePositive(cycleLength, "cycle length", nameof(Interleave));
        RequirePositive(blockLength, "block length", nameof(Interleave));
        return new StreamDataset<TResult>($"{this}.Interleave({cycleLength}, {blockLength})", Shuffles + 1, null, IsEndless, (position, start) =>
            Sequences.Skip(Sequences.Interleave(Sequences.Map(Begin(position).From(0), (element, _) => function(element), 0, 1).Select(made => made.Begin(Beside(position)).From(0)), cycleLength, blockLength), start));
    }

    /// <summary>Consecutive elements put together, each of their tensors made as large as the largest of its batch.</summary>
    /// <param name="size">How many elements make a batch.</param>
    /// <param name="padding">What fills the space; the same rank is needed, and sizes may differ in any axis.</param>
    /// <param name="dropRemainder">Whether a last batch of fewer elements is left out.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="size"/> is not positive.</exception>
    public Dataset<T> PaddedBatch(int size, Scalar? padding = null, bool dropRemainder = false)
    {
        RequirePositive(size, "size", nameof(PaddedBatch));
        Scalar fill = padding ?? 0;
        return new StreamDataset<T>($"{this}.PaddedBatch({size}, {fill}, dropRemainder: {dropRemainder})", Shuffles, dropRemainder ? Count / size : (Count + size - 1) / size, IsEndless,
            (position, start) => Begin(position).From(start * size).Chunk(size).Where(chunk => !dropRemainder || chunk.Length == size).Select(chunk => Padding.Stack(chunk, fill)));
    }

    /// <summary>Elements that are computed once, in the first epoch, and kept in memory from then on, with the order and the random numbers of that epoch.</summary>
    /// <exception cref="InvalidArgumentException">There is no end of elements.</exception>
    public Dataset<T> Cache()
    {
        RequireEndToCache();
        var kept = new MemoryCache<T>();
        return new StreamDataset<T>($"{this}.Cache()", Shuffles, Count, IsEndless, (position, start) =>
            kept.From(() => Begin(position with { Epoch = 0 }).From(0), start, Shuffles > 0 ? position.Seed : 0));
    }

    /// <summary>Elements that are computed once, in the first epoch, and kept in a file from then on, also for later programs.</summary>
    /// <param name="path">The file; it is there once a whole epoch was read. Delete it when a function before this stage changes.</param>
    /// <exception cref="CorruptFileException">The file is damaged or cut off, or is the cache of other stages or elements; raised when the enumeration gets there.</exception>
    /// <exception cref="FileWriteException">The file cannot be written; raised by the enumeration.</exception>
    /// <exception cref="InvalidArgumentException">There is no end of elements.</exception>
    public Dataset<T> Cache(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        RequireEndToCache();
        return new StreamDataset<T>($"{this}.Cache(file)", Shuffles, Count, IsEndless, (position, start) =>
            FileCache.From(path, ToString()!, () => Begin(position with { Epoch = 0 }).From(0), start));
    }

    /// <summary>Elements that another thread reads ahead, and moves to a device where wanted.</summary>
    /// <param name="count">How many elements wait at most; the other thread stands still while they do.</param>
    /// <param name="device">Where the elements' tensors go; they stay where they are when null.</param>
    /// <remarks>
    /// To a GPU they go from pinned memory and on a stream of their own, so that copies run beside the GPU's work on the elements before;
    /// the stream of the thread that takes an element waits for that element's copies and no others.
    /// </remarks>
    /// <exception cref="InvalidArgumentException"><paramref name="count"/> is not positive, or elements that are not made of tensors should go to a device.</exception>
    /// <example><code>foreach (var (x, y) in images.Batch(128).Prefetch(2, Device.Cuda())) Train(x, y);</code></example>
    public Dataset<T> Prefetch(int count = 2, Device? device = null)
    {
        RequirePositive(count, "count", nameof(Prefetch));
        Structure<T>? structure = device is null ? null : Structure.Of<T>();
        return new StreamDataset<T>($"{this}", Shuffles, Count, IsEndless, (position, start) =>
        {
            if (structure is null) return Sequences.Prefetch(() => Begin(position).From(start), count);
            var uploads = new Uploads<T>(device!.Value, structure.Change);
            return Sequences.Prefetch(() => Begin(position).From(start).Select(uploads.Send), count).Select(uploads.Receive);
        });
    }

    /// <summary>The same elements, until a token is cancelled.</summary>
    /// <param name="cancellation">Asked before each element; then the enumeration throws an <see cref="OperationCanceledException"/>, and its place stays.</param>
    public Dataset<T> WithCancellation(CancellationToken cancellation) => new StreamDataset<T>($"{this}", Shuffles, Count, IsEndless, (position, start) => Begin(position).From(start).Select(element =>
    {
        cancellation.ThrowIfCancellationRequested();
        return element;
    }));

    // The seed of a dataset beside this one: two that are shuffled alike should not have one order.
    private static DatasetPosition Beside(DatasetPosition position) => position with { Seed = (long)new SplitMix64((ulong)position.Seed ^ 0x5851F42D4C957F2D).Next() };

    private static string Text(long? seed) => seed?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none";

    private void RequireEndToCache()
    {
        if (IsEndless) throw new InvalidArgumentException("Dataset.Cache: the elements have no end, and all would be kept; put Cache before Repeat.");
    }

    private static void RequirePositive(int value, string what, string stage)
    {
        if (value < 1) throw new InvalidArgumentException($"Dataset.{stage}: the {what} is {value}; it must be at least 1.");
    }

    private static void RequireNotNegative(long value, string stage)
    {
        if (value < 0) throw new InvalidArgumentException($"Dataset.{stage}: the count is {value}; it must not be negative.");
    }
}

/// <summary>The elements of another dataset, each turned into another.</summary>
internal sealed class MappedDataset<TSource, T>(Dataset<TSource> source, Func<TSource, T> function, int parallelism) : Dataset<T>(source.Shuffles)
{
    public override long? Count => source.Count;

    public override bool IsEndless => source.IsEndless;

    public override string ToString() => $"{source}.Map()";

    internal override Pass<T> Begin(DatasetPosition position) => new StreamPass<T>(start => Sequences.Map(source.Begin(position).From(start), (element, _) => function(element), start, parallelism));

    // What the elements are made of is shuffled, such as the names of files: it takes less memory than the elements, and can often be had in any order.
    private protected override Dataset<T> Reordered(long? seed, bool reshuffleEachEpoch) => new MappedDataset<TSource, T>(source.Shuffle(seed, reshuffleEachEpoch), function, parallelism);
}

/// <summary>A dataset that can only be run through.</summary>
/// <param name="description">What it consists of, so that a place saved in another one is refused.</param>
/// <param name="shuffles">How many stages draw random numbers, up to here.</param>
/// <param name="count">The number of elements, where it is known.</param>
/// <param name="isEndless">Whether an epoch has no end.</param>
/// <param name="from">The elements of an epoch from a place on.</param>
internal sealed class StreamDataset<T>(string description, int shuffles, long? count, bool isEndless, Func<DatasetPosition, long, IEnumerable<T>> from) : Dataset<T>(shuffles)
{
    public override long? Count => count;

    public override bool IsEndless => isEndless;

    public override string ToString() => description;

    internal override Pass<T> Begin(DatasetPosition position) => new StreamPass<T>(start => from(position, start));
}

/// <summary>Some consecutive elements of another dataset; any of them can be had where any of the other's can.</summary>
internal sealed class RangeDataset<T>(Dataset<T> source, string description, long start, long most) : Dataset<T>(source.Shuffles)
{
    public override long? Count => source.Count is { } count ? Length(count) : IsTaken && source.IsEndless ? most : null;

    public override bool IsEndless => source.IsEndless && !IsTaken;

    private bool IsTaken => most < long.MaxValue - start;

    public override string ToString() => description;

    internal override Pass<T> Begin(DatasetPosition position)
    {
        Pass<T> pass = source.Begin(position);
        return pass is IndexedPass<T> indexed ? new RangePass<T>(indexed, start, Length(indexed.Count))
            : new StreamPass<T>(from => Sequences.Take(pass.From(start + from), Math.Max(0, most - from)));
    }

    private long Length(long count) => Math.Clamp(count - start, 0, most);
}
