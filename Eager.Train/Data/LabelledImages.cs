namespace Eager.Train;

/// <summary>Pictures with the class of each, as MNIST and its kin have them.</summary>
/// <param name="Images">uint8 [count, height, width], 0 black to 255 white.</param>
/// <param name="Labels">int64 [count], from 0 up to, not including, the number of classes.</param>
/// <param name="ClassNames">The name of each class.</param>
public sealed record LabelledImages(Tensor Images, Tensor Labels, IReadOnlyList<string> ClassNames)
{
    /// <summary>The number of pictures.</summary>
    public long Count => Images.Shape[0];

    /// <summary>Pairs of a picture as float32 from 0 to 1 and its label; the conversion happens batch by batch, without a float copy of all pictures.</summary>
    /// <param name="imageShape">The shape of one picture, such as <c>[784]</c> or <c>[1, 28, 28]</c>; by default [height, width].</param>
    /// <param name="oneHot">Whether a label is a float32 row with 1 at its class, instead of an int64 scalar.</param>
    /// <exception cref="DTypeMismatchException">The pictures are not uint8, or labels that should be one-hot are not int64.</exception>
    /// <exception cref="ShapeMismatchException">The shape has another number of elements than a picture.</exception>
    /// <exception cref="InvalidArgumentException">A label that should be one-hot is no class number.</exception>
    public Dataset<(Tensor Features, Tensor Labels)> AsDataset(Shape? imageShape = null, bool oneHot = false) =>
        Dataset.FromColumns(Pictures(imageShape), oneHot ? new OneHotColumn(Labels, ClassNames.Count) : new PlainColumn(Labels));

    /// <summary>All pictures as rows, float32 [count, height · width] from 0 to 1.</summary>
    /// <exception cref="DTypeMismatchException">The pictures are not uint8.</exception>
    public Tensor FlatImages() => Pictures([Images.Shape[1..].ElementCount]).All();

    /// <summary>All labels as rows with 1 at the class, float32 [count, classes].</summary>
    /// <exception cref="DTypeMismatchException">The labels are not int64.</exception>
    /// <exception cref="InvalidArgumentException">A label is no class number.</exception>
    public Tensor OneHotLabels() => new OneHotColumn(Labels, ClassNames.Count).All();

    private UnitScaleColumn Pictures(Shape? imageShape)
    {
        if (Images.DType != DType.UInt8) throw new DTypeMismatchException($"LabelledImages.AsDataset: the pictures are {Images.DType.Name()}, not uint8; use Dataset.FromTensorSlices for pictures that need no scaling.");
        Shape stored = Images.Shape[1..];
        Shape shape = imageShape ?? stored;
        if (!shape.IsFullyKnown || shape.ElementCount != stored.ElementCount)
        {
            throw new ShapeMismatchException($"LabelledImages.AsDataset: a picture is {stored}, {(long)stored.ElementCount} pixels; the shape {shape} does not hold as many.");
        }
        return new UnitScaleColumn(Images, shape);
    }
}

/// <summary>Fashion-MNIST: 70,000 grey pictures of 28 × 28 pixels, ten kinds of clothing (Xiao, Rasul, Vollgraf, 2017).</summary>
public static class FashionMnist
{
    /// <summary>Where Debian's package <c>dataset-fashion-mnist</c> puts the files.</summary>
    public const string DefaultFolder = "/usr/share/datasets/fashion-mnist";

    /// <summary>The kinds of clothing, by label.</summary>
    public static IReadOnlyList<string> ClassNames { get; } = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    /// <summary>Reads the four files.</summary>
    /// <param name="folder">Where they are, gzipped or not.</param>
    /// <returns>60,000 pictures to train with and 10,000 to test with.</returns>
    /// <exception cref="MissingFileException">A file is not there; the message lists the names and the cure.</exception>
    /// <exception cref="CorruptFileException">A file is damaged, or pictures and labels do not belong together.</exception>
    public static (LabelledImages Train, LabelledImages Test) LoadData(string folder = DefaultFolder) => Mnist.Load(folder, ClassNames);
}

/// <summary>MNIST: 70,000 grey pictures of 28 × 28 pixels, handwritten digits (LeCun, Cortes, Burges, 1998).</summary>
public static class Mnist
{
    /// <summary>The digits, by label.</summary>
    public static IReadOnlyList<string> ClassNames { get; } = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    /// <summary>Reads the four files.</summary>
    /// <param name="folder">Where they are, gzipped or not.</param>
    /// <returns>60,000 pictures to train with and 10,000 to test with.</returns>
    /// <exception cref="MissingFileException">A file is not there; the message lists the names and the cure.</exception>
    /// <exception cref="CorruptFileException">A file is damaged, or pictures and labels do not belong together.</exception>
    public static (LabelledImages Train, LabelledImages Test) LoadData(string folder) => Load(folder, ClassNames);

    internal static (LabelledImages Train, LabelledImages Test) Load(string folder, IReadOnlyList<string> classNames) =>
        (LoadPart(folder, "train", classNames), LoadPart(folder, "t10k", classNames));

    private static LabelledImages LoadPart(string folder, string part, IReadOnlyList<string> classNames)
    {
        (string imagesPath, IdxFile images) = Read(folder, $"{part}-images", "idx3-ubyte", rank: 3);
        (string labelsPath, IdxFile labels) = Read(folder, $"{part}-labels", "idx1-ubyte", rank: 1);
        if (images.Shape[0] != labels.Shape[0])
        {
            throw new CorruptFileException($"{imagesPath} holds {images.Shape[0]} pictures, {labelsPath} {labels.Shape[0]} labels: the files do not belong together. Fetch both again.");
        }
        int bad = labels.Data.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)(classNames.Count - 1));
        if (bad >= 0)
        {
            throw new CorruptFileException($"{labelsPath}: label {bad} is {labels.Data[bad]}, where the classes are 0 to {classNames.Count - 1}: the file is damaged or of another data set.");
        }
        return new LabelledImages(Tensor.From(images.Data, images.Shape), Tensor.From(Array.ConvertAll(labels.Data, label => (long)label), labels.Shape), classNames);
    }

    private static (string Path, IdxFile File) Read(string folder, string name, string kind, int rank)
    {
        string[] candidates = [$"{name}-{kind}", $"{name}-{kind}.gz", $"{name}.{kind}", $"{name}.{kind}.gz"];
        string path = candidates.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists)
            ?? throw new MissingFileException($"{folder}: holds none of {string.Join(", ", candidates)}. Run './eager setup' to install Fashion-MNIST, or give the folder that holds the files with --data-dir.");
        IdxFile file = IdxFile.Read(path);
        if (file.DType != DType.UInt8 || file.Shape.Rank != rank)
        {
            throw new CorruptFileException($"{path}: holds {file.DType.Name()} {file.Shape}, expected uint8 of rank {rank}: the file is of another kind.");
        }
        return (path, file);
    }
}
