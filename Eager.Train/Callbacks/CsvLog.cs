using System.Globalization;
using System.Text;

namespace Eager.Train;

/// <summary>Writes a line of comma-separated figures for each epoch: its number, the learning rate, then the figures by their names.</summary>
/// <remarks>
/// The file is whole after each epoch, whatever happens to the process. A figure that comes up later gets a column at the end; where an epoch has none, the field is empty.
/// Numbers are written so that reading them gives the same bits.
/// </remarks>
/// <example><code>
/// model.Fit(x, y, epochs: 5, callbacks: [new CsvLog("runs/first/log.csv")]);
/// </code></example>
public sealed class CsvLog : Callback
{
    private const long MaxBytes = 1 << 28;

    private readonly string path;
    private readonly char separator;
    private readonly bool append;
    private readonly List<string> columns = [];
    private readonly List<string> rows = [];

    /// <summary>Makes the callback; the file is made at the end of the first epoch.</summary>
    /// <param name="path">The file; its folder is made where needed.</param>
    /// <param name="separator">What stands between fields.</param>
    /// <param name="append">Whether the lines that the file has stay; else it is replaced.</param>
    /// <exception cref="InvalidArgumentException">The separator can be part of a number or a line's end.</exception>
    public CsvLog(string path, char separator = ',', bool append = false)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (char.IsLetterOrDigit(separator) || separator is '.' or '-' or '+' or '_' or '\n' or '\r' or '"' or '∞') throw new InvalidArgumentException($"CsvLog: '{separator}' cannot separate numbers; give a comma, a semicolon or a tab.");
        (this.path, this.separator, this.append) = (path, separator, append);
    }

    /// <inheritdoc/>
    /// <exception cref="CorruptFileException">The file to append to is none of this callback's.</exception>
    /// <exception cref="MissingFileException">The file to append to cannot be read.</exception>
    public override void OnTrainBegin(TrainingContext training)
    {
        base.OnTrainBegin(training);
        columns.Clear();
        rows.Clear();
        columns.AddRange(["epoch", "learning_rate"]);
        if (append && File.Exists(path)) ReadOld();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidArgumentException">A figure's name holds the separator, a quotation mark or a line's end.</exception>
    /// <exception cref="FileWriteException">The file cannot be written; the old one stands.</exception>
    public override void OnEpochEnd(int epoch, IReadOnlyDictionary<string, double> logs)
    {
        foreach (string name in logs.Keys.Where(name => !columns.Contains(name)))
        {
            if (name.AsSpan().ContainsAny(separator, '"', '\n') || name.Contains('\r')) throw new InvalidArgumentException($"CsvLog: the figure's name '{name}' does not fit on a line of fields; choose another name or separator.");
            columns.Add(name);
        }
        IEnumerable<string> fields = columns.Skip(2).Select(name => logs.TryGetValue(name, out double value) ? Text(value) : "");
        rows.Add(string.Join(separator, [epoch.ToString(CultureInfo.InvariantCulture), Text(Training.Optimizer.LearningRate), .. fields]));
        Write();
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private void ReadOld()
    {
        using FileStream file = FileErrors.OpenRead(path);
        if (file.Length > MaxBytes) throw new CorruptFileException($"{path}: has {file.Length} bytes; that is no log of epochs. Name another file.");
        try
        {
            using var reader = new StreamReader(file);
            if (reader.ReadLine() is not { } head) return;
            string[] old = head.Split(separator);
            if (old.Distinct().Count() != old.Length || !old.AsSpan().StartsWith(columns.ToArray()))
                throw new CorruptFileException($"{path}: its first line does not begin with {string.Join(separator, columns)}, so it is no log of this kind; name another file, or let this one be replaced.");
            columns.AddRange(old[2..]);
            while (reader.ReadLine() is { } line)
            {
                if (line.Length > 0) rows.Add(line);
            }
        }
        catch (IOException e)
        {
            throw FileErrors.CannotRead(path, e);
        }
    }

    // All of it anew: a row may need more fields now, and a crash must not leave half a line.
    private void Write()
    {
        var text = new StringBuilder().AppendJoin(separator, columns).Append('\n');
        foreach (string row in rows) text.Append(row).Append(separator, columns.Count - 1 - row.AsSpan().Count(separator)).Append('\n');
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception e) when (FileErrors.IsSystemError(e))
        {
            throw FileErrors.CannotWrite(path, e);
        }
        AtomicFile.Write(path, file => file.Write(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
