namespace Eager.Train;

public static partial class Dataset
{
    /// <summary>One element: the whole tensor.</summary>
    /// <param name="tensor">The element; kept, not copied, where its elements are on the CPU in C order.</param>
    public static Dataset<Tensor> FromTensor(Tensor tensor)
    {
        Tensor kept = TensorMemory.KeepPlain(tensor, "Dataset.FromTensor");
        return new StreamDataset<Tensor>($"{kept.DType.Name()} {kept.ConcreteShape}", 0, 1, false, (_, start) => start == 0 ? [kept.Alias()] : []);
    }

    /// <summary>What a function generates, anew for each epoch.</summary>
    /// <param name="generate">Starts an epoch; it must give the same elements each time for a place in it to be found again.</param>
    /// <param name="count">The number of elements, if it is known.</param>
    /// <example><code>
    /// static IEnumerable&lt;Tensor&gt; Squares() { for (int i = 0; i &lt; 10; i++) yield return Tensor.From((float)(i * i)); }
    /// var batches = Dataset.FromEnumerable(Squares).Batch(4);
    /// </code></example>
    public static Dataset<T> FromEnumerable<T>(Func<IEnumerable<T>> generate, long? count = null)
    {
        ArgumentNullException.ThrowIfNull(generate);
        return new StreamDataset<T>($"generated {typeof(T).Name}", 0, count, false, (_, start) => Sequences.Skip(Sequences.Later(generate), start));
    }

    /// <summary>The elements of a list, such as file names; the list is not copied.</summary>
    /// <param name="elements">The elements.</param>
    public static Dataset<T> FromList<T>(IReadOnlyList<T> elements)
    {
        ArgumentNullException.ThrowIfNull(elements);
        return new ListDataset<T>(elements);
    }

    /// <summary>The files of a folder whose names fit a pattern, in the order of their paths.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="pattern">A pattern with * and ?.</param>
    /// <param name="recursive">Whether folders within it count too.</param>
    /// <exception cref="MissingFileException">The folder is not there or cannot be read, or no file fits.</exception>
    public static Dataset<string> FromFiles(string folder, string pattern = "*", bool recursive = false)
    {
        string[] files;
        try
        {
            files = Directory.GetFiles(folder, pattern, recursive ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly);
        }
        catch (Exception e) when (FileErrors.IsSystemError(e))
        {
            throw FileErrors.CannotRead(folder, e);
        }
        if (files.Length == 0) throw new MissingFileException($"{folder}: holds no file that fits '{pattern}'.");
        Array.Sort(files, StringComparer.Ordinal);
        return FromList(files);
    }

    /// <summary>The lines of text files (UTF-8), one file after another.</summary>
    /// <param name="paths">The files.</param>
    /// <exception cref="MissingFileException">A file is not there or cannot be read; raised when the enumeration gets there.</exception>
    public static Dataset<string> FromTextLines(params IReadOnlyList<string> paths) =>
        new StreamDataset<string>($"lines of {paths.Count} files", 0, null, false, (_, start) => Sequences.Skip(paths.SelectMany(TextFile.Lines), start));

    /// <summary>The records of TFRecord files, one file after another; <see cref="TfExample.Parse"/> reads those of TensorFlow.</summary>
    /// <param name="paths">The files, each as it is or gzipped as a whole.</param>
    /// <exception cref="MissingFileException">A file is not there or cannot be read; raised when the enumeration gets there.</exception>
    /// <exception cref="CorruptFileException">A file is damaged; raised when the enumeration gets there.</exception>
    /// <example><code>
    /// var images = Dataset.FromTfRecords("train.tfrecord").Map(r => TfExample.Parse(r)).Map(e => Tensor.From([.. e.Floats("image")], [28, 28]));
    /// </code></example>
    public static Dataset<byte[]> FromTfRecords(params IReadOnlyList<string> paths) =>
        new StreamDataset<byte[]>($"records of {paths.Count} files", 0, null, false, (_, start) => Sequences.Skip(paths.SelectMany(path => TfRecord.Read(path)), start));

    /// <summary>The rows of a file of comma-separated values (RFC 4180), as their fields.</summary>
    /// <param name="path">The file, UTF-8.</param>
    /// <param name="hasHeader">Whether the first row names the columns and is left out.</param>
    /// <param name="separator">What stands between fields.</param>
    /// <exception cref="MissingFileException">The file is not there or cannot be read; raised when the enumeration gets there.</exception>
    /// <exception cref="CorruptFileException">A quote is not closed, or a row has another number of fields than the first; the message gives the line.</exception>
    public static Dataset<string[]> FromCsvFields(string path, bool hasHeader = true, char separator = ',') =>
        new StreamDataset<string[]>($"rows of a file, header: {hasHeader}", 0, null, false, (_, start) => Sequences.Skip(CsvFile.Rows(path, separator), start + (hasHeader ? 1 : 0)));

    /// <summary>The rows of a file of comma-separated numbers, as float32 tensors of shape [columns].</summary>
    /// <param name="path">The file, UTF-8, numbers with a decimal point.</param>
    /// <param name="hasHeader">Whether the first row names the columns and is left out.</param>
    /// <param name="separator">What stands between fields.</param>
    /// <param name="missing">What an empty field stands for; an error when null.</param>
    /// <exception cref="MissingFileException">The file is not there or cannot be read; raised when the enumeration gets there.</exception>
    /// <exception cref="CorruptFileException">A field is no number, or the rows are not all alike; raised when the enumeration gets there.</exception>
    public static Dataset<Tensor> FromCsv(string path, bool hasHeader = true, char separator = ',', float? missing = null) =>
        new StreamDataset<Tensor>($"numbers of a file, header: {hasHeader}, missing: {missing}", 0, null, false, (_, start) =>
            Sequences.Skip(CsvFile.Rows(path, separator).Select((row, i) => (row, i)), start + (hasHeader ? 1 : 0)).Select(r => CsvFile.ToTensor(r.row, r.i, path, missing)));
}

/// <summary>Elements that are in a list.</summary>
internal sealed class ListDataset<T>(IReadOnlyList<T> elements) : Dataset<T>(shuffles: 0)
{
    public override long? Count => elements.Count;

    public override string ToString() => $"{elements.Count} × {typeof(T).Name}";

    internal override Pass<T> Begin(DatasetPosition position) => new ListPass<T>(elements);
}
