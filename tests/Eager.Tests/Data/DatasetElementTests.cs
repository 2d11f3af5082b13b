using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Data;

/// <summary>What the elements of a dataset may be made of.</summary>
[TestFixture]
public class DatasetElementTests
{
    private const int StageCount = 12;

    private static Tensor A => Tensor.Range(10);

    private static Tensor B => Tensor.Range(0, 20, dtype: DType.Float32).Reshape([10, 2]);

    private static Dictionary<string, Tensor> Named => new() { ["b"] = B, ["a"] = A };

    [Test]
    public void Any_number_of_tensors_gives_arrays_of_slices()
    {
        Dataset<Tensor[]> batches = Dataset.FromTensorSlices(A, B, A + 100, B * 2).Batch(4);
        Tensor[][] all = [.. batches];

        Assert.That(batches.Count, Is.EqualTo(3));
        Assert.That(all.Select(static batch => batch.Length), Is.EqualTo(new[] { 4, 4, 4 }));
        Assert.That(all[2][1].ToArray<float>(), Is.EqualTo(new float[] { 16, 17, 18, 19 }));
        Assert.That(all[1][2].ToArray<long>(), Is.EqualTo(new long[] { 104, 105, 106, 107 }));
        Assert.That(all[1][3].ConcreteShape, Is.EqualTo(Shape.FromSizes(4, 2)));
        Tensor[] listed = [A, B];
        Assert.That(Dataset.FromTensorSlices(listed).ElementAt(3)[1].ToArray<float>(), Is.EqualTo(new float[] { 6, 7 }));
    }

    [Test]
    public void A_dictionary_gives_slices_by_name()
    {
        IReadOnlyDictionary<string, Tensor> third = Dataset.FromTensorSlices(Named).ElementAt(3);

        Assert.That(third.Keys, Is.EquivalentTo(new[] { "a", "b" }));
        Assert.That(third["a"].Item<long>(), Is.EqualTo(3));
        Assert.That(third["b"].ToArray<float>(), Is.EqualTo(new float[] { 6, 7 }));
    }

    [Test]
    public void Every_stage_carries_arrays_and_dictionaries_as_it_carries_pairs([Range(0, StageCount - 1)] int stage)
    {
        using var folder = new TempFolder();
        (Tensor, Tensor)[] expected = Twice(Through(Dataset.FromTensorSlices(A, B), stage, folder.File("pairs")));
        Tensor[][] arrays = Twice(Through(Dataset.FromTensorSlices([A, B]), stage, folder.File("arrays")));
        IReadOnlyDictionary<string, Tensor>[] named = Twice(Through(Dataset.FromTensorSlices(Named), stage, folder.File("named")));

        Assert.That(expected, Is.Not.Empty);
        Assert.That(arrays.Select(static e => Text(e[0], e[1])), Is.EqualTo(expected.Select(static e => Text(e.Item1, e.Item2))));
        Assert.That(named.Select(static e => Text(e["a"], e["b"])), Is.EqualTo(expected.Select(static e => Text(e.Item1, e.Item2))));

        static T[] Twice<T>(Dataset<T> dataset) => [.. dataset, .. dataset];
    }

    [Test]
    public void Elements_nest_and_stay_nested_through_batches_and_caches()
    {
        using var folder = new TempFolder();
        Dataset<(IReadOnlyDictionary<string, Tensor> Features, Tensor Labels)> pairs = Dataset.FromTensorSlices(Named).Zip(Dataset.FromTensorSlices(A * 10)).Batch(3).Cache(folder.File("cache"));
        for (int epoch = 0; epoch < 2; epoch++)
        {
            (IReadOnlyDictionary<string, Tensor> x, Tensor y) = pairs.Last();
            Assert.That((Text(x["a"], x["b"]), y.Item<long>()), Is.EqualTo((Text(Tensor.From([9L]), Tensor.From([[18f, 19]])), 90)), $"epoch {epoch}");
        }
        var deeper = Dataset.FromTensorSlices(A, B).Zip(Dataset.FromTensorSlices([A, A, A])).Zip(pairs).PaddedBatch(2);
        (((Tensor first, _), Tensor[] second), (IReadOnlyDictionary<string, Tensor> third, _)) = deeper.First();
        Assert.That(first.ToArray<long>(), Is.EqualTo(new long[] { 0, 1 }));
        Assert.That(second[2].ToArray<long>(), Is.EqualTo(new long[] { 0, 1 }));
        Assert.That(third["a"].ToArray2D<long>(), Is.EqualTo(new long[,] { { 0, 1, 2 }, { 3, 4, 5 } }));
    }

    [Test]
    public void A_map_may_make_dictionaries_of_lengths_that_padding_evens_out()
    {
        Dataset<Dictionary<string, Tensor>> rows = Dataset.FromTensorSlices(A).Map(static x => new Dictionary<string, Tensor> { ["ones"] = Tensor.Ones([x.Item<long>()]), ["n"] = x });
        Dictionary<string, Tensor> batch = rows.Take(3).PaddedBatch(3, padding: -1).Single();

        Assert.That(batch["ones"].ToArray2D<float>(), Is.EqualTo(new float[,] { { -1, -1 }, { 1, -1 }, { 1, 1 } }));
        Assert.That(batch["n"].ToArray<long>(), Is.EqualTo(new long[] { 0, 1, 2 }));
    }

    [Test]
    public void Names_of_any_kind_come_back_from_a_file()
    {
        using var folder = new TempFolder();
        string[] names = ["", "a/b", "'", "}", "größe", "two words", "%41"];
        Dataset<IReadOnlyDictionary<string, Tensor>> cached = Dataset.FromTensorSlices(names.Index().ToDictionary(static n => n.Item, static n => Tensor.From([(long)n.Index]))).Cache(folder.File("cache"));

        for (int epoch = 0; epoch < 2; epoch++)
            Assert.That(cached.Single().ToDictionary(static part => part.Key, static part => part.Value.Item<long>()), Is.EquivalentTo(names.Index().ToDictionary(static n => n.Item, static n => (long)n.Index)));
    }

    [Test]
    public void A_record_of_dictionaries_that_lies_is_refused()
    {
        var structure = Structure.Of<(IReadOnlyDictionary<string, Tensor>, Tensor[])>();
        byte[] valid = FileCache.Encode(FileCache.Tensors(structure, (Named, [Tensor.From(1L), Tensor.From(2L)])));
        Assert.That(FileCache.Element(structure, FileCache.Decode(valid, "cache"), "cache").Item1["b"].ToArray<float>(), Is.EqualTo(B.ToArray<float>()));

        // A checksum guards a cache's records, so a record by itself is damaged here. Most mutants lie in the numbers or cut nothing off that tells.
        Mutations.Check(valid, bytes => FileCache.Element(structure, FileCache.Decode(bytes, "cache"), "cache"), maxAllocatedBytes: 1 << 20, refusedShare: 0.2);
    }

    [Test]
    public void What_does_not_belong_together_is_refused_by_name()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Dataset.FromTensorSlices(new Dictionary<string, Tensor> { ["x"] = Tensor.Zeros([3]), ["y"] = Tensor.Zeros([4, 2]) }),
                Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'x' 'y'").And.Message.Contains("[3], [4, 2], with 3 and 4 slices"));
            Assert.That(() => Dataset.FromTensorSlices(A, B, Tensor.Zeros([9])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("10 and 9 slices"));
            Assert.That(() => Dataset.FromTensorSlices(A, B, Tensor.From(1f)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("scalar"));
            Assert.That(() => Dataset.FromTensorSlices(new Dictionary<string, Tensor>()), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("no tensor"));
            Assert.That(() => Dataset.FromTensorSlices(A, null!, B), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("tensor 1 of 3 is null"));
            Assert.That(() => Dataset.FromList([new Dictionary<string, Tensor> { ["x"] = A }, new() { ["y"] = A }]).Batch(2).First(),
                Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("{, 'x', }").And.Message.Contains("{, 'y', }"));
            Assert.That(() => Dataset.FromList<Tensor[]>([[A], [A, A]]).Batch(2).First(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("not the same tensors"));
            Assert.That(() => Dataset.FromList([("text", A)]).Batch(1).First(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("not made of tensors"));
        });
    }

    [Test]
    public void A_batch_of_a_dictionary_leaves_no_tensors_but_its_own()
    {
        DatasetIterator<IReadOnlyDictionary<string, Tensor>> iterator = Dataset.FromTensorSlices(Named).Shuffle(1).Batch(2).GetIterator();
        using var wrappers = new WrapperCount();
        Assert.That(wrappers.Beside(iterator.First().Values), Is.Zero);
    }

    private static Dataset<T> Through<T>(Dataset<T> dataset, int stage, string path) => stage switch
    {
        0 => dataset,
        1 => dataset.Map(static x => x, parallelism: 2).Batch(3),
        2 => dataset.Batch(4, dropRemainder: true),
        3 => dataset.Shuffle(seed: 3).Batch(3),
        4 => dataset.ShuffleWithin(4, seed: 3),
        5 => dataset.Zip(dataset.Skip(1)).Batch(2).Map(static pair => pair.Second),
        6 => dataset.Batch(3).Cache(),
        7 => dataset.Cache(path).Batch(3),
        8 => dataset.PaddedBatch(4),
        9 => dataset.Prefetch(device: Device.Cpu).Repeat(2).Batch(7),
        10 => dataset.Batch(2).Batch(2),
        _ => dataset.Concat(dataset.Take(1)).Interleave(x => Dataset.FromList([x, x]), cycleLength: 2),
    };

    private static string Text(Tensor a, Tensor b) => $"{a.ConcreteShape} {string.Join(" ", a.ToArray<long>())}; {b.ConcreteShape} {string.Join(" ", b.ToArray<float>())}";
}
