using System.Collections.Concurrent;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Data;

/// <summary>What works beside the reader of a dataset: what it may start, what it leaves behind, and the random numbers that it draws.</summary>
[TestFixture]
public class DatasetWorkerTests
{
    [Test]
    public void A_loop_that_is_left_leaves_neither_work_nor_a_thread_behind([Values(1, 2, 8)] int parallelism)
    {
        int started = 0, running = 0;
        var readers = new ConcurrentBag<Thread>();
        IEnumerable<Tensor> Source()
        {
            readers.Add(Thread.CurrentThread);
            foreach (Tensor x in Numbers(10_000)) yield return x;
        }
        Dataset<Tensor> dataset = Dataset.FromEnumerable(Source).Map(x =>
        {
            Interlocked.Increment(ref started);
            Interlocked.Increment(ref running);
            Thread.Yield();
            Interlocked.Decrement(ref running);
            return x;
        }, parallelism).Prefetch(2);

        foreach (Tensor x in dataset)
            if (x.Item<long>() == 5) break;

        int atTheEnd = Volatile.Read(ref started);
        Assert.That(Volatile.Read(ref running), Is.Zero);
        Assert.That(readers.Single(), Is.Not.SameAs(Thread.CurrentThread));
        Assert.That(readers.Single().IsAlive, Is.False);
        // Six given, two waiting, one in hand, and those that a map is ahead.
        Assert.That(atTheEnd, Is.LessThanOrEqualTo(6 + 2 + 1 + parallelism));
        // What waits in the thread pool's queue has its turn before these have theirs.
        Task.WaitAll([.. Enumerable.Range(0, 4 * Environment.ProcessorCount).Select(static _ => Task.Run(static () => { }))]);
        Assert.That(Volatile.Read(ref started), Is.EqualTo(atTheEnd));
    }

    [Test]
    public void A_reader_that_fails_leaves_no_thread_behind()
    {
        Thread? reader = null;
        Dataset<Tensor> dataset = Stream(10).Map(x =>
        {
            reader = Thread.CurrentThread;
            return x.Item<long>() == 4 ? throw new InvalidOperationException("four") : x;
        }).Prefetch();

        Assert.That(() => dataset.Count(), Throws.TypeOf<DatasetException>());
        Assert.That(reader!.IsAlive, Is.False);
    }

    [Test]
    public void No_more_elements_are_in_flight_than_asked_for([Values(1, 2, 8)] int parallelism)
    {
        int taken = 0, given = 0, most = 0;
        IEnumerable<Tensor> Source()
        {
            foreach (Tensor x in Numbers(200))
            {
                most = Math.Max(most, ++taken - Volatile.Read(ref given));
                yield return x;
            }
        }

        foreach (Tensor _ in Dataset.FromEnumerable(Source).Map(x => x + 1, parallelism)) Interlocked.Increment(ref given);

        // Only this thread reads the source and takes what comes out, so nothing here depends on how quick the workers are.
        Assert.That(most, Is.EqualTo(parallelism));
    }

    [Test]
    public void Random_numbers_belong_to_their_elements_at_any_parallelism_and_after_a_place_is_restored()
    {
        Dataset<Tensor> Noisy(int parallelism) => Slices(20).Shuffle().Map((x, generator) => Tensor.RandomNormal([3], generator: generator) + x.Cast(DType.Float32), parallelism);
        float[][] Epoch(DatasetIterator<Tensor> iterator) => [.. iterator.Select(x => x.ToArray<float>())];

        DatasetIterator<Tensor> alone = Noisy(1).GetIterator(seed: 3), together = Noisy(8).GetIterator(seed: 3);
        float[][] first = Epoch(alone), second = Epoch(alone);
        Assert.That(Epoch(together), Is.EqualTo(first));
        Assert.That(Epoch(together), Is.EqualTo(second));
        Assert.That(second.SelectMany(x => x).Intersect(first.SelectMany(x => x)), Is.Empty, "each epoch has numbers of its own");
        Assert.That(first.SelectMany(x => x).Distinct().Count(), Is.EqualTo(60), "and each element");

        for (int stopAt = 0; stopAt <= 20; stopAt += 5)
        {
            DatasetIterator<Tensor> resumed = Noisy(2).GetIterator(seed: 8);
            resumed.Position = new DatasetPosition(1, stopAt, 3);
            Assert.That(Epoch(resumed), Is.EqualTo(second[stopAt..]));
        }
        Assert.That(Epoch(Slices(20).Map((_, generator) => Tensor.RandomNormal([1], generator: generator), seed: 4).GetIterator(seed: 1)),
            Is.EqualTo(Epoch(Slices(20).Map((_, generator) => Tensor.RandomNormal([1], generator: generator), seed: 4).GetIterator(seed: 2))), "a seed of its own fixes them");
    }

    [Test]
    public void What_is_shuffled_after_a_map_is_computed_only_when_its_turn_comes()
    {
        int computed = 0;
        Dataset<Tensor> shuffled = Slices(100).Map(x => { computed++; return x * 2; }).Shuffle(seed: 5);

        long[] first = shuffled.Batch(4).First().ToArray<long>();

        Assert.That(computed, Is.EqualTo(4));
        Assert.That(first, Is.EqualTo(Slices(100).Shuffle(seed: 5).Take(4).Select(x => 2 * x.Item<long>())), "in the order of the elements themselves");
        Assert.That(shuffled.Select(x => x.Item<long>()), Is.EquivalentTo(Enumerable.Range(0, 100).Select(i => 2L * i)));
    }

    [Test]
    public void A_memory_cache_of_shuffled_elements_does_not_serve_an_iterator_of_another_seed()
    {
        Dataset<Tensor> cached = Slices(30).Shuffle().Cache();
        long[] Epoch(DatasetIterator<Tensor> iterator) => [.. iterator.Select(x => x.Item<long>())];
        long[] first = Epoch(cached.GetIterator(seed: 1)), other = Epoch(cached.GetIterator(seed: 2));

        Assert.That(other, Is.Not.EqualTo(first));
        Assert.That(Epoch(cached.GetIterator(seed: 1)), Is.EqualTo(first));
    }

    [Test]
    public void A_file_cache_of_other_stages_or_without_its_end_is_refused()
    {
        using var folder = new TempFolder();
        string path = folder.File("cache.tfrecord");
        Dataset<Tensor> cached = Slices(3).Cache(path);
        _ = cached.ToList();
        byte[][] records = [.. TfRecord.Read(path)];
        Assert.That(records, Has.Length.EqualTo(5), "what it is, three elements, how many");

        Assert.That(() => Slices(4).Cache(path).ToList(), Throws.TypeOf<CorruptFileException>().With.Message.Contains(path).And.Message.Contains("3 × (int64 [])").And.Message.Contains("4 × (int64 [])"));
        Assert.That(() => Slices(3).Map(x => (x, x)).Cache(path).ToList(), Throws.TypeOf<CorruptFileException>().With.Message.Contains("delete it"));
        Refused([], "another kind");
        Refused([[1, 2, 3], .. records], "another kind");
        Refused(records[..4], "ends after 3 elements");
        Refused(records[..1], "ends after 0 elements");
        Refused([records[0], records[1], records[4]], "another kind");
        Refused([.. records, records[1]], "another kind");
        Refused([records[0], [.. records[1], .. records[2]], .. records[3..]], "another kind");

        void Refused(byte[][] changed, string why)
        {
            using (FileStream file = File.Create(path))
                foreach (byte[] record in changed) TfRecord.Write(file, record);
            Assert.That(() => cached.ToList(), Throws.TypeOf<CorruptFileException>().With.Message.Contains(path).And.Message.Contains(why));
        }
    }

    [Test]
    public void Only_tensors_go_to_a_device()
    {
        Assert.That(() => Dataset.FromList<string>(["a"]).Prefetch(device: Device.Cpu), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("String"));
        Assert.That(Dataset.FromList<string>(["a"]).Prefetch(), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public void Next_batches_go_over_the_ends_of_epochs()
    {
        using var folder = new TempFolder();
        Dataset<Tensor> shuffled = Slices(10).Shuffle();
        DatasetIterator<Tensor> epochs = shuffled.GetIterator(seed: 6), batches = shuffled.GetIterator(seed: 6);
        long[] expected = [.. Enumerable.Range(0, 6).SelectMany(_ => epochs.Select(x => x.Item<long>()).ToArray())];

        var seen = new List<long>();
        foreach (int size in new[] { 4, 4, 4, 8, 1, 25, 5 })
        {
            using Tensor batch = batches.NextBatch(size);
            Assert.That(batch.ConcreteShape, Is.EqualTo(Shape.FromSizes(size)));
            seen.AddRange(batch.ToArray<long>());
            Assert.That((batches.Position.Epoch, batches.Position.Index), Is.EqualTo((seen.Count / 10, seen.Count % 10)));
            new Checkpoint().Add("data", batches).Save(folder.File("place"), 0);
            batches = shuffled.GetIterator(seed: 1);
            new Checkpoint().Add("data", batches).Restore(folder.File("place"));
        }
        Assert.That(seen, Is.EqualTo(expected[..seen.Count]));
    }

    [Test]
    public void A_next_batch_leaves_no_tensors_but_itself()
    {
        DatasetIterator<(Tensor Features, Tensor Labels)> iterator = Dataset.FromTensorSlices(Tensor.Zeros([10, 4]), Tensor.Zeros([10])).Shuffle(1).GetIterator();
        using var scope = new TensorScope();
        int before = ThreadContext.Current.Scoped.Count;

        (Tensor features, Tensor labels) = iterator.NextBatch(25);

        Assert.That(features.ConcreteShape, Is.EqualTo(Shape.FromSizes(25, 4)));
        Assert.That(ThreadContext.Current.Scoped.Skip(before).Where(t => !t.IsDisposed), Is.EquivalentTo(new[] { features, labels }));
    }

    [Test]
    public void A_next_batch_that_cannot_be_had_is_refused_and_the_place_stays()
    {
        DatasetIterator<Tensor> stream = Stream(5).GetIterator(), empty = Slices(0).GetIterator(), few = Slices(3).GetIterator();
        Assert.Multiple(() =>
        {
            Assert.That(() => stream.NextBatch(2), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("run through").And.Message.Contains("Shuffle"));
            Assert.That(() => empty.NextBatch(2), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("no elements"));
            Assert.That(() => few.NextBatch(0), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("size is 0"));
            Assert.That(few.Position.Index, Is.Zero);
            Assert.That(Stream(5).Shuffle(seed: 1).GetIterator().NextBatch(5).ToArray<long>(), Is.EquivalentTo(new long[] { 0, 1, 2, 3, 4 }));
        });
    }

    private static IEnumerable<Tensor> Numbers(int count) => Enumerable.Range(0, count).Select(i => Tensor.From((long)i));

    private static Dataset<Tensor> Stream(int count) => Dataset.FromEnumerable(() => Numbers(count));

    private static Dataset<Tensor> Slices(int count) => Dataset.FromTensorSlices(Tensor.Range(count));
}
