using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Data;

[TestFixture]
public class LabelledImagesTests
{
    [Test]
    public void Files_of_either_spelling_are_found()
    {
        using var folder = new TempFolder();
        WriteAll(folder, trainImages: "train-images.idx3-ubyte");

        (LabelledImages train, LabelledImages test) = Mnist.LoadData(folder.Path);

        Assert.Multiple(() =>
        {
            Assert.That(train.Images.Shape, Is.EqualTo(Shape.FromSizes(2, 2, 3)));
            Assert.That(train.Images.DType, Is.EqualTo(DType.UInt8));
            Assert.That(train.Images.ToArray<byte>(), Is.EqualTo(new byte[] { 0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6 }));
            Assert.That(train.Labels.ToArray<long>(), Is.EqualTo(new long[] { 9, 0 }));
            Assert.That(train.Count, Is.EqualTo(2));
            Assert.That(test.Labels.ToArray<long>(), Is.EqualTo(new long[] { 1 }));
            Assert.That(train.ClassNames, Is.EqualTo(Mnist.ClassNames));
        });
    }

    [Test]
    public void A_dataset_of_them_is_float32_from_0_to_1_in_the_shape_asked_for()
    {
        using var folder = new TempFolder();
        WriteAll(folder);
        LabelledImages train = Mnist.LoadData(folder.Path).Train;

        (Tensor picture, Tensor label) = train.AsDataset().First();
        (Tensor batch, Tensor labels) = train.AsDataset([6L]).Batch(2).First();

        Assert.Multiple(() =>
        {
            Assert.That(picture.Shape, Is.EqualTo(Shape.FromSizes(2, 3)));
            Assert.That(picture.ToArray<float>(), Is.EqualTo(new[] { 0f, 0.2f, 0.4f, 0.6f, 0.8f, 1f }));
            Assert.That(label.Item<long>(), Is.EqualTo(9));
            Assert.That(batch.Shape, Is.EqualTo(Shape.FromSizes(2, 6)));
            Assert.That(batch.ToArray<float>(), Is.EqualTo(new byte[] { 0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6 }.Select(b => b / 255f)));
            Assert.That(labels.ToArray<long>(), Is.EqualTo(new long[] { 9, 0 }));
            Assert.That(() => train.AsDataset([5L]), Throws.InstanceOf<ShapeMismatchException>().With.Message.Contains("[2, 3]").And.Message.Contains("[5]"));
            Assert.That(() => (train with { Images = Tensor.Zeros([2, 2, 3]) }).AsDataset(), Throws.InstanceOf<DTypeMismatchException>().With.Message.Contains("float32"));
        });
    }

    [Test]
    public void Pictures_are_rows_and_labels_one_hot_where_that_is_asked_for()
    {
        using var folder = new TempFolder();
        WriteAll(folder);
        LabelledImages train = Mnist.LoadData(folder.Path).Train;
        float[] flat = [.. new byte[] { 0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6 }.Select(b => b / 255f)];
        float[] rows = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];

        (Tensor x, Tensor y) = train.AsDataset([6], oneHot: true).GetIterator().NextBatch(2);

        Assert.Multiple(() =>
        {
            Assert.That(x.ToArray<float>(), Is.EqualTo(flat));
            Assert.That(y.ConcreteShape, Is.EqualTo(Shape.FromSizes(2, 10)));
            Assert.That(y.ToArray<float>(), Is.EqualTo(rows));
            Assert.That(train.AsDataset(oneHot: true).First().Labels.ConcreteShape, Is.EqualTo(Shape.FromSizes(10)));
            Assert.That(train.FlatImages().ConcreteShape, Is.EqualTo(Shape.FromSizes(2, 6)));
            Assert.That(train.FlatImages().ToArray<float>(), Is.EqualTo(flat));
            Assert.That(train.OneHotLabels().ConcreteShape, Is.EqualTo(Shape.FromSizes(2, 10)));
            Assert.That(train.OneHotLabels().ToArray<float>(), Is.EqualTo(rows));
            Assert.That(() => (train with { Labels = Tensor.From(3L, 10) }).OneHotLabels(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("label 1 is 10"));
            Assert.That(() => (train with { Labels = Tensor.From(3f, 4) }).AsDataset(oneHot: true), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float32"));
        });
    }

    [Test]
    public void An_absent_file_lists_the_names_and_the_cure()
    {
        using var folder = new TempFolder();
        WriteAll(folder);
        File.Delete(folder.File("t10k-labels-idx1-ubyte"));

        Assert.That(() => Mnist.LoadData(folder.Path), Throws.InstanceOf<MissingFileException>()
            .With.Message.Contains("t10k-labels-idx1-ubyte.gz").And.Message.Contains("./eager setup").And.Message.Contains("--data-dir"));
    }

    [Test]
    public void Files_that_do_not_belong_together_are_refused()
    {
        using var folder = new TempFolder();
        WriteAll(folder);
        File.WriteAllBytes(folder.File("t10k-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 2, 1, 1]);

        Assert.That(() => Mnist.LoadData(folder.Path), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("1 pictures").And.Message.Contains("2 labels"));
    }

    [Test]
    public void A_label_beyond_the_classes_is_refused_with_its_place()
    {
        using var folder = new TempFolder();
        WriteAll(folder);
        File.WriteAllBytes(folder.File("train-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 2, 3, 10]);

        Assert.That(() => Mnist.LoadData(folder.Path), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("label 1 is 10"));
    }

    [Test]
    public void Labels_in_the_place_of_pictures_are_refused()
    {
        using var folder = new TempFolder();
        WriteAll(folder);
        File.Copy(folder.File("train-labels-idx1-ubyte"), folder.File("train-images-idx3-ubyte"), overwrite: true);

        Assert.That(() => Mnist.LoadData(folder.Path), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("expected uint8 of rank 3"));
    }

    [Test]
    public void Fashion_MNIST_is_read_where_it_is_installed()
    {
        Assume.That(Directory.Exists(FashionMnist.DefaultFolder), "dataset-fashion-mnist is not installed");

        (LabelledImages train, LabelledImages test) = FashionMnist.LoadData();
        byte[] pixels = train.Images.ToArray<byte>();

        Assert.Multiple(() =>
        {
            Assert.That(train.Images.Shape, Is.EqualTo(Shape.FromSizes(60_000, 28, 28)));
            Assert.That(test.Images.Shape, Is.EqualTo(Shape.FromSizes(10_000, 28, 28)));
            Assert.That(train.Labels.ToArray<long>().CountBy(l => l).Select(c => c.Value), Has.Exactly(10).Items.And.All.EqualTo(6000));
            Assert.That(train.Labels.ToArray<long>().Take(10), Is.EqualTo(new long[] { 9, 0, 0, 3, 0, 2, 7, 2, 5, 5 }));
            Assert.That(pixels.Average(b => b / 255.0), Is.EqualTo(0.2860).Within(0.00005), "the mean that is published for normalizing");
        });
    }

    private static void WriteAll(TempFolder folder, string trainImages = "train-images-idx3-ubyte")
    {
        File.WriteAllBytes(folder.File(trainImages), [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6]);
        File.WriteAllBytes(folder.File("train-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 2, 9, 0]);
        File.WriteAllBytes(folder.File("t10k-images-idx3-ubyte"), [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 6, 5, 4, 3, 2, 1]);
        File.WriteAllBytes(folder.File("t10k-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 1, 1]);
    }
}
