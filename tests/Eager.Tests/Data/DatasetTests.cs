using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Data;

[TestFixture]
public class DatasetTests
{
    [Test]
    public void Batches_are_slices_in_order_and_the_last_is_smaller()
    {
        Tensor features = Tensor.From([0f, 1, 2, 3, 4, 5, 6, 7, 8, 9], [5, 2]);
        Tensor labels = Tensor.From(10L, 11, 12, 13, 14);
        Dataset<(Tensor Features, Tensor Labels)> batches = Dataset.FromTensorSlices(features, labels).Batch(2);

        var seen = batches.Select(b => (b.Features.Shape, b.Features.ToArray<float>(), b.Labels.ToArray<long>())).ToList();

        Assert.Multiple(() =>
        {
            Assert.That(batches.Count, Is.EqualTo(3));
            Assert.That(seen.Select(b => b.Shape), Is.EqualTo(new[] { Shape.FromSizes(2, 2), Shape.FromSizes(2, 2), Shape.FromSizes(1, 2) }));
            Assert.That(seen.SelectMany(b => b.Item2), Is.EqualTo(Enumerable.Range(0, 10).Select(i => (float)i)));
            Assert.That(seen.Select(b => b.Item3), Is.EqualTo(new long[][] { [10, 11], [12, 13], [14] }));
        });
    }

    [Test]
    public void A_remainder_can_be_dropped()
    {
        Dataset<Tensor> batches = Numbers(7).Batch(3, dropRemainder: true);

        Assert.That(batches.Count, Is.EqualTo(2));
        Assert.That(Epoch(batches), Is.EqualTo(new long[] { 0, 1, 2, 3, 4, 5 }));
    }

    [Test]
    public void Elements_without_batching_lack_the_first_axis()
    {
        Tensor second = Dataset.FromTensorSlices(Tensor.From([1f, 2, 3, 4], [2, 2])).ElementAt(1);

        Assert.That(second.Shape, Is.EqualTo(Shape.FromSizes(2)));
        Assert.That(second.ToArray<float>(), Is.EqualTo(new float[] { 3, 4 }));
    }

    [Test]
    public void A_tensor_of_any_layout_is_sliced_by_its_elements()
    {
        Tensor transposed = Tensor.From([1f, 2, 3, 4, 5, 6], [2, 3]).Transpose();

        Assert.That(Dataset.FromTensorSlices(transposed).Batch(3).Single().ToArray<float>(), Is.EqualTo(new float[] { 1, 4, 2, 5, 3, 6 }));
    }

    [Test]
    public void An_empty_tensor_gives_no_elements()
    {
        Assert.That(Dataset.FromTensorSlices(Tensor.Zeros([0, 3])).Shuffle(1).Batch(2), Is.Empty);
    }

    [Test]
    public void Shuffling_gives_each_element_once_and_pairs_stay_together()
    {
        Tensor x = Tensor.From([.. Enumerable.Range(0, 100).Select(i => (float)i)]);
        Tensor y = Tensor.From([.. Enumerable.Range(0, 100).Select(i => 2L * i)]);
        var seen = Dataset.FromTensorSlices(x, y).Shuffle(seed: 3).Batch(7).SelectMany(b => b.Features.ToArray<float>().Zip(b.Labels.ToArray<long>())).ToList();

        Assert.Multiple(() =>
        {
            Assert.That(seen.Select(p => p.First), Is.EquivalentTo(Enumerable.Range(0, 100).Select(i => (float)i)));
            Assert.That(seen.Select(p => p.First), Is.Not.Ordered);
            Assert.That(seen, Has.All.Matches<(float First, long Second)>(p => p.Second == 2 * p.First));
        });
    }

    [Test]
    public void The_seed_fixes_the_order_of_every_epoch_and_epochs_differ()
    {
        DatasetIterator<Tensor> a = Numbers(50).Shuffle(seed: 3).Batch(4).GetIterator();
        DatasetIterator<Tensor> b = Numbers(50).Shuffle(seed: 3).Batch(4).GetIterator();
        DatasetIterator<Tensor> c = Numbers(50).Shuffle(seed: 4).Batch(4).GetIterator();
        long[] first = Epoch(a), second = Epoch(a);

        Assert.Multiple(() =>
        {
            Assert.That(Epoch(b), Is.EqualTo(first));
            Assert.That(Epoch(b), Is.EqualTo(second));
            Assert.That(second, Is.Not.EqualTo(first));
            Assert.That(Epoch(c), Is.Not.EqualTo(first));
        });
    }

    [Test]
    public void An_order_can_stay_over_all_epochs()
    {
        DatasetIterator<Tensor> iterator = Numbers(50).Shuffle(seed: 3, reshuffleEachEpoch: false).Batch(4).GetIterator();

        long[] first = Epoch(iterator), second = Epoch(iterator);
        Assert.That(second, Is.EqualTo(first));
    }

    [Test]
    public void Each_foreach_over_a_dataset_is_the_next_epoch_from_its_start()
    {
        Dataset<Tensor> dataset = Numbers(50).Shuffle(seed: 3).Batch(4);
        DatasetIterator<Tensor> epochs = dataset.GetIterator();
        long[] first = Epoch(epochs), second = Epoch(epochs), third = Epoch(epochs);

        Assert.That(Epoch(dataset), Is.EqualTo(first));
        Assert.That(dataset.First().ToArray<long>(), Is.EqualTo(second.Take(4)), "a loop left early is an epoch too");
        Assert.That(Epoch(dataset), Is.EqualTo(third));
    }

    [Test]
    public void Without_a_seed_the_global_seed_fixes_the_order()
    {
        Dataset<Tensor> dataset = Numbers(50).Shuffle().Batch(50);
        Generator.SetGlobalSeed(11);
        long[] a = Epoch(dataset.GetIterator()), b = Epoch(dataset.GetIterator());
        Generator.SetGlobalSeed(11);

        Assert.Multiple(() =>
        {
            Assert.That(Epoch(dataset.GetIterator()), Is.EqualTo(a));
            Assert.That(Epoch(dataset.GetIterator()), Is.EqualTo(b));
            Assert.That(a, Is.Not.EqualTo(b), "two iterators draw seeds of their own");
        });
    }

    [Test]
    public void Two_shuffles_of_one_pipeline_are_independent()
    {
        long[] once = Epoch(Numbers(50).Shuffle().GetIterator(seed: 1));
        long[] twice = Epoch(Numbers(50).Shuffle().Shuffle().GetIterator(seed: 1));
        long[] repeated = [.. once.Select(i => once[i])];

        Assert.That(twice, Is.Not.EqualTo(repeated).And.Not.EqualTo(once));
    }

    [Test]
    public void Batches_can_be_shuffled_and_batched_again()
    {
        Tensor all = Numbers(12).Batch(2).Shuffle(seed: 5).Batch(6).Single();

        Assert.That(all.Shape, Is.EqualTo(Shape.FromSizes(6, 2)));
        long[] flat = all.ToArray<long>();
        Assert.That(flat.Chunk(2).All(pair => pair[1] == pair[0] + 1 && pair[0] % 2 == 0), "batches stay whole");
        Assert.That(flat, Is.EquivalentTo(Enumerable.Range(0, 12).Select(i => (long)i)));
    }

    [Test]
    public void An_iterator_restored_at_any_place_gives_exactly_what_would_have_come()
    {
        using var folder = new TempFolder();
        string path = folder.File("data.safetensors");
        Dataset<Tensor> dataset = Numbers(10).Shuffle().Batch(3);
        const int epochs = 3;

        for (int stopAt = 0; stopAt <= 4 * epochs; stopAt++)
        {
            DatasetIterator<Tensor> straight = dataset.GetIterator(seed: 77);
            var expected = new List<long[]>();
            while (straight.Epoch < epochs) expected.AddRange(straight.Select(b => b.ToArray<long>()));

            DatasetIterator<Tensor> stopped = dataset.GetIterator(seed: 77);
            var seen = new List<long[]>();
            while (stopped.Epoch < epochs && seen.Count < stopAt)
            {
                foreach (Tensor batch in stopped)
                {
                    seen.Add(batch.ToArray<long>());
                    if (seen.Count == stopAt) break;
                }
            }
            new Checkpoint().Add("data", stopped).Save(path, 0);

            DatasetIterator<Tensor> resumed = Numbers(10).Shuffle().Batch(3).GetIterator(seed: 1);
            new Checkpoint().Add("data", resumed).Restore(path);
            Assert.That(resumed.Position, Is.EqualTo(stopped.Position));
            while (resumed.Epoch < epochs) seen.AddRange(resumed.Select(b => b.ToArray<long>()));

            Assert.That(seen, Is.EqualTo(expected), $"stopped after {stopAt} batches");
        }
    }

    [Test]
    public void A_loop_left_early_goes_on_where_it_was()
    {
        DatasetIterator<Tensor> iterator = Numbers(10).Batch(3).GetIterator();
        _ = iterator.First();

        Assert.That(iterator.Position, Is.EqualTo(new DatasetPosition(0, 1, iterator.Position.Seed)));
        Assert.That(Epoch(iterator), Is.EqualTo(new long[] { 3, 4, 5, 6, 7, 8, 9 }));
        Assert.That(iterator.Position, Is.EqualTo(new DatasetPosition(1, 0, iterator.Position.Seed)));
    }

    [Test]
    public void A_place_saved_in_another_dataset_is_refused()
    {
        using var folder = new TempFolder();
        string path = folder.File("data.safetensors");
        DatasetIterator<Tensor> saved = Numbers(100).Batch(2).GetIterator();
        foreach (Tensor _ in saved.Take(40)) { }
        new Checkpoint().Add("data", saved).Save(path, 0);
        DatasetIterator<Tensor> other = Numbers(100).Batch(4).GetIterator(seed: 5);
        DatasetPosition before = other.Position;

        CheckpointMismatchException? e = Assert.Throws<CheckpointMismatchException>(() => new Checkpoint().Add("data", other).Restore(path));

        Assert.That(e!.Message, Does.Contain("Batch(2").And.Contain("Batch(4").And.Contain("'data/position'"));
        Assert.That(other.Position, Is.EqualTo(before));
    }

    [Test]
    public void A_place_that_is_none_is_refused()
    {
        DatasetIterator<Tensor> iterator = Numbers(10).Batch(5).GetIterator();

        Assert.Multiple(() =>
        {
            Assert.That(() => iterator.Position = new DatasetPosition(0, 3, 0), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("2 elements"));
            Assert.That(() => iterator.Position = new DatasetPosition(-1, 0, 0), Throws.InstanceOf<InvalidArgumentException>());
            Assert.That(() => iterator.Position = new DatasetPosition(4, 2, 0), Throws.Nothing);
        });
    }

    [Test]
    public void Bad_arguments_name_themselves()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Dataset.FromTensorSlices(Tensor.From(1f)), Throws.InstanceOf<ShapeMismatchException>().With.Message.Contains("scalar"));
            Assert.That(() => Dataset.FromTensorSlices(Tensor.Zeros([3]), Tensor.Zeros([4])), Throws.InstanceOf<ShapeMismatchException>().With.Message.Contains("3 slices of features, 4 of labels"));
            Assert.That(() => Numbers(3).Batch(0), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("size is 0"));
        });
    }

    [Test]
    public void A_batch_leaves_no_tensors_but_itself()
    {
        DatasetIterator<(Tensor Features, Tensor Labels)> iterator = Dataset.FromTensorSlices(Tensor.Zeros([10, 4]), Tensor.Zeros([10])).Shuffle(1).Batch(2).GetIterator();
        using var scope = new TensorScope();
        int before = ThreadContext.Current.Scoped.Count;

        (Tensor features, Tensor labels) = iterator.First();

        Assert.That(ThreadContext.Current.Scoped.Skip(before).Where(t => !t.IsDisposed), Is.EquivalentTo(new[] { features, labels }));
    }

    [Test]
    public void A_dataset_outlives_the_scope_it_was_made_in()
    {
        Dataset<Tensor> dataset;
        using (new TensorScope()) dataset = Dataset.FromTensorSlices(Tensor.From(4L, 5, 6)).Batch(3);

        Assert.That(dataset.Single().ToArray<long>(), Is.EqualTo(new long[] { 4, 5, 6 }));
    }

    [Test]
    public void The_generator_is_SplitMix64()
    {
        // The first numbers of the reference implementation from seed 1234567.
        var generator = new SplitMix64(1234567);
        ulong[] numbers = [generator.Next(), generator.Next(), generator.Next()];

        Assert.That(numbers, Is.EqualTo(new ulong[] { 6457827717110365317, 3203168211198807973, 9817491932198370423 }));
    }

    [Test]
    public void Every_permutation_is_equally_likely()
    {
        const int each = 1000;
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int seed = 0; seed < 24 * each; seed++)
        {
            string order = string.Join("", new SplitMix64((ulong)seed * 0x9E37).Permutation(4));
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }

        // χ² with 23 degrees of freedom exceeds 49.7 once in a thousand; the seeds are fixed.
        double chi = counts.Values.Sum(n => (n - each) * (double)(n - each) / each);
        Assert.That(counts, Has.Count.EqualTo(24));
        Assert.That(chi, Is.LessThan(49.7));
    }

    [Test]
    public void Bytes_become_exact_quotients_at_every_length()
    {
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        for (int start = 0; start < 3; start++)
        {
            for (int length = 0; start + length <= 256; length++)
            {
                float[] floats = new float[length];
                UnitScaleColumn.ToUnitScale(bytes.AsSpan(start, length), floats);
                Assert.That(floats, Is.EqualTo(bytes.Skip(start).Take(length).Select(b => b / 255f)));
            }
        }
    }

    private static Dataset<Tensor> Numbers(int count) => Dataset.FromTensorSlices(Tensor.Range(count));

    private static long[] Epoch(IEnumerable<Tensor> dataset) => [.. dataset.SelectMany(b => b.ToArray<long>())];
}
