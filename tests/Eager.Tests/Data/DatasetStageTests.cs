using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Data;

/// <summary>The stages of datasets that are run through: each against LINQ over the same numbers, and resumed at every place.</summary>
[TestFixture]
public class DatasetStageTests
{
    /// <summary>A pipeline, and what its first epoch must give, or null where the order is random.</summary>
    public sealed record Pipeline(string Name, Func<Dataset<Tensor>> Make, IEnumerable<long[]>? Expected)
    {
        public override string ToString() => Name;
    }

    private static readonly Pipeline[] All =
    [
        new("generator", () => Stream(5), Ones(0, 1, 2, 3, 4)),
        new("whole tensor", () => Dataset.FromTensor(Tensor.Range(3)), [[0, 1, 2]]),
        new("map", () => Stream(5).Map(x => x * 2), Ones(0, 2, 4, 6, 8)),
        new("parallel map", () => Stream(20).Map(x => x * 2, parallelism: 4), Ones([.. Enumerable.Range(0, 20).Select(i => 2L * i)])),
        new("filter", () => Stream(10).Filter(x => x.Item<long>() % 3 == 0), Ones(0, 3, 6, 9)),
        new("take and skip of slices", () => Slices(10).Skip(2).Take(5).Batch(2), [[2, 3], [4, 5], [6]]),
        new("take and skip of a stream", () => Stream(10).Skip(2).Take(5).Batch(2), [[2, 3], [4, 5], [6]]),
        new("take more than there is", () => Slices(3).Take(10).Skip(1), Ones(1, 2)),
        new("batch of a stream without a remainder", () => Stream(7).Batch(3, dropRemainder: true), [[0, 1, 2], [3, 4, 5]]),
        new("repeat", () => Slices(3).Repeat(2).Batch(4), [[0, 1, 2, 0], [1, 2]]),
        new("repeat of a stream", () => Stream(5).Filter(x => x.Item<long>() > 2).Repeat(3), Ones(3, 4, 3, 4, 3, 4)),
        new("repeat without end", () => Slices(3).Repeat().Take(7), Ones(0, 1, 2, 0, 1, 2, 0)),
        new("repeat of nothing", () => Stream(0).Filter(_ => true).Repeat(), []),
        new("concat", () => Slices(2).Concat(Stream(3)), Ones(0, 1, 0, 1, 2)),
        new("zip", () => Slices(4).Zip(Stream(3)).Map(p => (p.First * 10) + p.Second), Ones(0, 11, 22)),
        new("interleave", () => Stream(4).Interleave(x => Slices((int)x.Item<long>() + 1).Map(y => (x * 10) + y), cycleLength: 2, blockLength: 2), Ones(0, 10, 11, 20, 21, 22, 30, 31, 32, 33)),
        // The example of TensorFlow's documentation of interleave.
        new("interleave of repeats", () => Stream(6).Skip(1).Interleave(x => Dataset.FromTensor(x).Repeat(6), cycleLength: 2, blockLength: 4),
            Ones(1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5)),
        new("padded batch", () => Stream(4).Map(x => Tensor.Ones([x.Item<long>()], DType.Int64)).PaddedBatch(3, padding: -1), [[-1, -1, 1, -1, 1, 1], [1, 1, 1]]),
        new("memory cache", () => Stream(6).Cache().Batch(4), [[0, 1, 2, 3], [4, 5]]),
        new("prefetch", () => Stream(6).Prefetch(2).Batch(4), [[0, 1, 2, 3], [4, 5]]),
        new("prefetch to a device", () => Stream(3).Prefetch(device: Device.Cpu), Ones(0, 1, 2)),
        new("shuffle of a stream", () => Stream(12).Shuffle().Batch(5), null),
        new("shuffle of a map", () => Stream(6).Map(x => x * 2).Concat(Slices(6).Map(x => x * 2 + 1)).Map(x => x, parallelism: 2).Shuffle().Batch(5), null),
        new("shuffle within a buffer", () => Stream(12).ShuffleWithin(4).Batch(5), null),
        new("shuffled, repeated, mapped and read ahead", () => Slices(9).Shuffle().Repeat(2).Map(x => x + 1, parallelism: 3).ShuffleWithin(3).Batch(4).Prefetch(), null),
    ];

    [TestCaseSource(nameof(All))]
    public void A_stage_gives_the_elements_of_its_definition(Pipeline pipeline)
    {
        if (pipeline.Expected is null)
        {
            long[] all = [.. Epoch(pipeline.Make()).SelectMany(e => e).Order()];
            Assert.That(all, Is.EqualTo(all.Length == 12 ? Enumerable.Range(0, 12).Select(i => (long)i) : Enumerable.Range(2, 18).Select(i => (long)i / 2)));
            Assert.That(Epoch(pipeline.Make()).SelectMany(e => e), Is.Not.Ordered);
            return;
        }
        Dataset<Tensor> dataset = pipeline.Make();
        for (int epoch = 0; epoch < 2; epoch++) Assert.That(Epoch(dataset), Is.EqualTo(pipeline.Expected), $"epoch {epoch}");
        Assert.That(dataset.Count, Is.Null.Or.EqualTo(pipeline.Expected.Count()));
    }

    [TestCaseSource(nameof(All))]
    public void An_iterator_restored_at_any_place_gives_exactly_what_would_have_come(Pipeline pipeline)
    {
        using var folder = new TempFolder();
        string path = folder.File("place.safetensors");
        const int epochs = 2;
        List<long[]> expected = Read(pipeline.Make().GetIterator(seed: 5), epochs, int.MaxValue);
        for (int stopAt = 0; stopAt <= expected.Count; stopAt++)
        {
            DatasetIterator<Tensor> stopped = pipeline.Make().GetIterator(seed: 5), resumed = pipeline.Make().GetIterator(seed: 9);
            List<long[]> seen = Read(stopped, epochs, stopAt);
            new Checkpoint().Add("data", stopped).Save(path, 0);
            new Checkpoint().Add("data", resumed).Restore(path);
            seen.AddRange(Read(resumed, epochs, int.MaxValue));
            Assert.That(seen, Is.EqualTo(expected), $"stopped after {stopAt}");
        }
    }

    [Test]
    public void The_order_is_the_same_at_any_parallelism()
    {
        long[] Ordered(int parallelism)
        {
            // Where two are worked on at once, each even element is done only after the odd one behind it.
            TaskCompletionSource[] done = [.. Enumerable.Range(0, 50).Select(static _ => new TaskCompletionSource())];
            return [.. Epoch(Stream(50).Map(x =>
            {
                long i = x.Item<long>();
                if (parallelism > 1 && i % 2 == 0) Assert.That(done[i + 1].Task.Wait(TimeSpan.FromSeconds(30)), Is.True);
                done[i].SetResult();
                return x * x;
            }, parallelism)).SelectMany(e => e)];
        }
        long[] one = Ordered(1);
        Assert.That(Ordered(2), Is.EqualTo(one));
        Assert.That(Ordered(8), Is.EqualTo(one));
    }

    [Test]
    public void A_parallel_map_is_parallel_and_no_further_ahead_than_it_may_be()
    {
        int started = 0;
        using var both = new Barrier(2);
        Dataset<Tensor> mapped = Dataset.FromEnumerable(() => Numbers(20).Select(x => { started++; return x; })).Map(x =>
        {
            // Two at once must meet here, or the test waits in vain.
            Assert.That(both.SignalAndWait(TimeSpan.FromSeconds(30)), Is.True);
            return x;
        }, parallelism: 2);
        using IEnumerator<Tensor> elements = mapped.Take(4).GetEnumerator();
        elements.MoveNext();
        Assert.That(started, Is.EqualTo(2));
        // The fourth element's task waits for a fifth, which is started when the third is asked for.
        elements.MoveNext();
        Assert.That(started, Is.LessThanOrEqualTo(4));
        both.RemoveParticipant();
    }

    [Test]
    public void Prefetching_reads_ahead_as_far_as_it_may_and_stops_when_the_loop_is_left()
    {
        int read = 0;
        bool closed = false;
        Thread? reader = null;
        IEnumerable<Tensor> Source()
        {
            reader = Thread.CurrentThread;
            try
            {
                foreach (Tensor x in Numbers(1000))
                {
                    Interlocked.Increment(ref read);
                    yield return x;
                }
            }
            finally
            {
                closed = true;
            }
        }

        using (IEnumerator<Tensor> elements = Dataset.FromEnumerable(Source).Prefetch(3).GetEnumerator())
        {
            elements.MoveNext();
            Assert.That(() => Volatile.Read(ref read), Is.EqualTo(5).After(10_000, 10), "one given, three waiting, one in hand");
            Assert.That(() => reader!.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Is.True.After(10_000, 10), "the reader waits for room");
            Assert.That(Volatile.Read(ref read), Is.EqualTo(5));
        }
        Assert.That(closed, Is.True);
    }

    [Test]
    public void An_element_is_sent_while_the_one_before_is_used_and_an_exception_waits_for_its_turn()
    {
        int read = 0;
        IEnumerable<Tensor> Source()
        {
            foreach (Tensor x in Numbers(3))
            {
                read++;
                yield return x;
            }
            throw new InvalidOperationException("source");
        }

        var used = new List<(long Element, int Read)>();
        var uploads = new Uploads<Tensor>(Device.Cpu, static (x, send) => send(x));
        int thread = Environment.CurrentManagedThreadId;
        Assert.That(() =>
        {
            foreach (Tensor x in Sequences.Ahead(Source(), uploads))
            {
                used.Add((x.Item<long>(), read));
                Assert.That(Environment.CurrentManagedThreadId, Is.EqualTo(thread));
            }
        }, Throws.TypeOf<InvalidOperationException>().With.Message.EqualTo("source"));
        Assert.That(used, Is.EqualTo(new[] { (0L, 2), (1L, 3), (2L, 3) }));
        Assert.That(Sequences.Ahead([], uploads), Is.Empty);
    }

    [Test]
    public void A_batch_that_is_sent_leaves_the_place_in_the_dataset_where_it_was()
    {
        DatasetIterator<Tensor> iterator = Stream(6).Prefetch(2, Device.Cpu).GetIterator();
        foreach (Tensor x in iterator)
            if (x.Item<long>() == 2) break;
        Assert.That(iterator.Position.Index, Is.EqualTo(3));
        Assert.That(iterator.Select(static x => x.Item<long>()), Is.EqualTo(new long[] { 3, 4, 5 }));
    }

    [TestCase(1)]
    [TestCase(4)]
    public void An_exception_reaches_the_caller_with_its_elements_index_after_the_elements_before_it(int parallelism)
    {
        Dataset<Tensor> failing = Stream(10).Map(x => x.Item<long>() == 6 ? throw new InvalidOperationException("six") : x, parallelism).Prefetch();
        var seen = new List<long>();
        DatasetException? e = Assert.Throws<DatasetException>(() => { foreach (Tensor x in failing) seen.Add(x.Item<long>()); });
        Assert.That(e!.Index, Is.EqualTo(6));
        Assert.That(e.Message, Does.Contain("element 6").And.Contain("six"));
        Assert.That(e.InnerException, Is.TypeOf<InvalidOperationException>());
        Assert.That(seen, Is.EqualTo(new long[] { 0, 1, 2, 3, 4, 5 }));
    }

    [Test]
    public void A_generator_that_fails_does_so_after_the_elements_before_it()
    {
        static IEnumerable<Tensor> Source()
        {
            foreach (Tensor x in Numbers(3)) yield return x;
            throw new InvalidOperationException("source");
        }

        var seen = new List<long>();
        Assert.That(() => { foreach (Tensor x in Dataset.FromEnumerable(Source).Map(x => x, 8).Prefetch()) seen.Add(x.Item<long>()); },
            Throws.TypeOf<InvalidOperationException>().With.Message.EqualTo("source"));
        Assert.That(seen, Is.EqualTo(new long[] { 0, 1, 2 }));
    }

    [Test]
    public void Cancelling_ends_the_enumeration_at_its_place()
    {
        using var cancel = new CancellationTokenSource();
        DatasetIterator<Tensor> iterator = Stream(10).Map(x => x, 3).Prefetch().WithCancellation(cancel.Token).GetIterator();
        Assert.That(() =>
        {
            foreach (Tensor x in iterator)
                if (x.Item<long>() == 3) cancel.Cancel();
        }, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(iterator.Position.Index, Is.EqualTo(4));
    }

    [Test]
    public void A_buffer_of_all_elements_gives_every_order_alike_and_a_small_one_keeps_near()
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        Dataset<Tensor> shuffled = Stream(3).ShuffleWithin(3);
        const int each = 300;
        for (int seed = 0; seed < 6 * each; seed++)
        {
            string order = string.Join("", shuffled.GetIterator(seed).Select(x => x.Item<long>()));
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }
        // χ² with 5 degrees of freedom exceeds 20.5 once in a thousand; the seeds are fixed.
        Assert.That(counts, Has.Count.EqualTo(6));
        Assert.That(counts.Values.Sum(n => (n - each) * (double)(n - each) / each), Is.LessThan(20.5));

        long[] near = [.. Epoch(Stream(100).ShuffleWithin(5, seed: 1)).SelectMany(e => e)];
        for (int i = 0; i < near.Length; i++) Assert.That(near[i], Is.LessThan(i + 5), "an element is not given before the buffer reaches it");
    }

    [Test]
    public void A_memory_cache_computes_once_and_survives_scopes_and_disposal()
    {
        int computed = 0;
        Dataset<Tensor> cached = Stream(4).Map(x => { computed++; return x + 1; }).Cache();
        for (int epoch = 0; epoch < 3; epoch++)
        {
            using var scope = new TensorScope();
            var seen = new List<long>();
            foreach (Tensor x in cached)
            {
                seen.Add(x.Item<long>());
                x.Dispose();
            }
            Assert.That(seen, Is.EqualTo(new long[] { 1, 2, 3, 4 }));
        }
        Assert.That(computed, Is.EqualTo(4));
    }

    [Test]
    public void A_file_cache_serves_later_programs_and_is_there_only_when_whole()
    {
        using var folder = new TempFolder();
        string path = folder.File("cache.tfrecord");
        int computed = 0;
        Dataset<(Tensor, Tensor)> Make() => Stream(5).Map(x => { computed++; return (x + 1, Tensor.From([[0.5f, -1], [2, 3]])); }).Cache(path);
        using (IEnumerator<(Tensor, Tensor)> left = Make().GetEnumerator()) left.MoveNext();
        Assert.That(Directory.GetFiles(folder.Path), Is.Empty, "an epoch left early leaves nothing");
        computed = 0;
        for (int program = 0; program < 3; program++)
        {
            (Tensor, Tensor)[] all = [.. Make()];
            Assert.That(all.Select(e => e.Item1.Item<long>()), Is.EqualTo(new long[] { 1, 2, 3, 4, 5 }));
            Assert.That(all[4].Item2.ConcreteShape, Is.EqualTo(Shape.FromSizes(2, 2)));
            Assert.That(all[4].Item2.ToArray<float>(), Is.EqualTo(new[] { 0.5f, -1, 2, 3 }));
        }
        Assert.That(computed, Is.EqualTo(5));
        Assert.That(Make().Skip(3).First().Item1.Item<long>(), Is.EqualTo(4));

        byte[] valid = File.ReadAllBytes(path);
        string damaged = folder.File("damaged.tfrecord");
        Mutations.Check(valid, bytes =>
        {
            File.WriteAllBytes(damaged, bytes);
            foreach ((Tensor, Tensor) _ in Stream(0).Map(x => (x, x)).Cache(damaged)) { }
        }, maxAllocatedBytes: 4 << 20, rounds: 1_000);  // through the disk; ten thousand records get through to what lies behind the checksum below
    }

    [Test]
    public void A_record_of_a_cache_that_lies_is_refused()
    {
        byte[] valid = FileCache.Encode([Tensor.From([1f, 2, 3, 4], [2, 2]), Tensor.From(7L)]);
        // A checksum guards a cache's records, so a record by itself is damaged here. Four in five mutants lie in the floats or cut nothing off that tells.
        Mutations.Check(valid, bytes => FileCache.Decode(bytes, "cache"), maxAllocatedBytes: 1 << 20, refusedShare: 0.2);
    }

    [Test]
    public void Bad_arguments_and_elements_name_themselves()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Stream(3).Map(x => x, 0), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("parallelism is 0"));
            Assert.That(() => Stream(3).ShuffleWithin(0), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("buffer"));
            Assert.That(() => Stream(3).Take(-1), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => Stream(3).Repeat(-1), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => Stream(3).Prefetch(0), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => Stream(3).Interleave(x => Slices(1), 0), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => Stream(3).Map(x => "text").Batch(2).First(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("String"));
            Assert.That(() => Stream(2).Map(x => x.Item<long>() == 0 ? x : x.ExpandDims(0)).PaddedBatch(2).First(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("rank"));
            Assert.That(() => Stream(3).Cache("/no/such/folder/cache").First(), Throws.TypeOf<FileWriteException>());
        });
    }

    [Test]
    public void A_dataset_knows_how_many_elements_it_has_or_that_there_is_no_end()
    {
        Dataset<Tensor> endless = Slices(3).Repeat();
        Dataset<Tensor>[] withoutEnd =
        [
            endless, Stream(3).Repeat(), endless.Map(static x => x), endless.Map(static (x, _) => x), endless.Batch(2), endless.PaddedBatch(2), endless.ShuffleWithin(2), endless.Filter(static _ => true), endless.Skip(5),
            endless.Repeat(2), endless.Repeat(), Slices(2).Concat(endless), endless.Concat(Slices(2)), endless.Zip(endless).Map(static p => p.First), endless.Prefetch(), endless.WithCancellation(default),
            endless.Interleave(static x => Dataset.FromTensor(x)),
        ];
        foreach (Dataset<Tensor> dataset in withoutEnd) Assert.That((dataset.IsEndless, dataset.Count), Is.EqualTo((true, (long?)null)), $"{dataset}");

        (Dataset<Tensor> Dataset, long? Count)[] withEnd =
        [
            (Slices(3), 3), (Slices(3).Repeat(2), 6), (endless.Take(7), 7), (endless.Skip(2).Take(7).Batch(2), 4), (endless.Repeat(0), 0), (Slices(0).Repeat(), 0), (Stream(3).Repeat(0), 0),
            (endless.Zip(Slices(4)).Map(static p => p.First), 4), (Slices(4).Zip(endless).Map(static p => p.First), 4), (Slices(4).Zip(Slices(3)).Map(static p => p.First), 3),
            (Stream(3), null), (Stream(3).Repeat(2), null), (Stream(3).Take(2), null), (Stream(2).Zip(Slices(4)).Map(static p => p.First), null), (Slices(4).Zip(Stream(2)).Map(static p => p.First), null), (endless.Zip(Stream(2)).Map(static p => p.First), null),
        ];
        foreach ((Dataset<Tensor> dataset, long? count) in withEnd)
        {
            Assert.That((dataset.IsEndless, dataset.Count), Is.EqualTo((false, count)), $"{dataset}");
            if (count is not null) Assert.That(dataset.LongCount(), Is.EqualTo(count), $"{dataset}");
        }
        Assert.That(() => endless.Shuffle(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("ShuffleWithin"));
        Assert.That(() => endless.Cache(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("put Cache before Repeat"));
        Assert.That(() => endless.Cache("never-written"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("put Cache before Repeat"));
        Assert.That(Stream(0).Repeat().Take(7).Repeat(), Is.Empty, "what turns out to be empty ends, whatever was expected of it");
    }

    private static IEnumerable<Tensor> Numbers(int count) => Enumerable.Range(0, count).Select(i => Tensor.From((long)i));

    private static Dataset<Tensor> Stream(int count) => Dataset.FromEnumerable(() => Numbers(count));

    private static Dataset<Tensor> Slices(int count) => Dataset.FromTensorSlices(Tensor.Range(count));

    private static IEnumerable<long[]> Ones(params long[] values) => values.Select(v => new[] { v });

    private static List<long[]> Epoch(Dataset<Tensor> dataset) => [.. dataset.Select(x => x.ToArray<long>())];

    private static List<long[]> Read(DatasetIterator<Tensor> iterator, int epochs, int most)
    {
        var seen = new List<long[]>();
        while (iterator.Epoch < epochs && seen.Count < most)
        {
            foreach (Tensor x in iterator)
            {
                seen.Add(x.ToArray<long>());
                if (seen.Count == most) break;
            }
        }
        return seen;
    }
}
