using System.Globalization;
using System.Text;

namespace Eager.Train;

/// <summary>Reads text files, with the system's errors turned into the library's own.</summary>
internal static class TextFile
{
    internal static IEnumerable<string> Lines(string path)
    {
        using StreamReader reader = Open(path);
        while (Guarded(path, reader.ReadLine) is { } line) yield return line;
    }

    internal static StreamReader Open(string path) => new(FileErrors.OpenRead(path), Encoding.UTF8);

    internal static TResult Guarded<TResult>(string path, Func<TResult> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (FileErrors.IsSystemError(e))
        {
            throw FileErrors.CannotRead(path, e);
        }
    }
}

/// <summary>Comma-separated values by RFC 4180: fields in quotes may hold separators, line ends and doubled quotes.</summary>
internal static class CsvFile
{
    internal static IEnumerable<string[]> Rows(string path, char separator)
    {
        using StreamReader reader = TextFile.Open(path);
        foreach (string[] row in Rows(reader, path, separator)) yield return row;
    }

    /// <summary>The rows that a reader gives; the path is for messages.</summary>
    internal static IEnumerable<string[]> Rows(StreamReader reader, string path, char separator)
    {
        int width = -1;
        for (long line = 1; TextFile.Guarded(path, () => Row(reader, path, separator, ref line)) is { } row;)
        {
            if (width >= 0 && row.Length != width) throw new CorruptFileException($"{path}: the row that ends before line {line} has {row.Length} fields, the first row {width}.");
            width = row.Length;
            yield return row;
        }
    }

    internal static Tensor ToTensor(string[] row, int index, string path, float? missing)
    {
        var numbers = new float[row.Length];
        for (int i = 0; i < row.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(row[i]) && missing is { } value) numbers[i] = value;
            else if (!float.TryParse(row[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]))
                throw new CorruptFileException($"{path}: field {i} of row {index} is '{Shortened(row[i])}', no number; give 'missing' for empty fields, or take FromCsvFields.");
        }
        return Tensor.From(numbers);
    }

    // Blank lines are no rows; the end of the file is null.
    private static string[]? Row(StreamReader reader, string path, char separator, ref long line)
    {
        int c = reader.Read();
        while (c is '\r' or '\n')
        {
            if (c == '\n') line++;
            c = reader.Read();
        }
        if (c < 0) return null;
        var fields = new List<string>();
        var field = new StringBuilder();
        for (bool quoted = false; ; c = reader.Read())
        {
            if (quoted)
            {
                if (c < 0) throw new CorruptFileException($"{path}: ends within a quoted field, at line {line}: the quote is not closed.");
                if (c == '\n') line++;
                if (c != '"') field.Append((char)c);
                else if (reader.Peek() == '"') field.Append((char)reader.Read());
                else quoted = false;
            }
            else if (c == '"' && field.Length == 0)
            {
                quoted = true;
            }
            else if (c < 0 || c == '\n' || c == separator)
            {
                if (c != separator && field.Length > 0 && field[^1] == '\r') field.Length--;
                fields.Add(field.ToString());
                field.Clear();
                if (c == separator) continue;
                if (c == '\n') line++;
                return [.. fields];
            }
            else
            {
                field.Append((char)c);
            }
        }
    }

    private static string Shortened(string field) => field.Length <= 40 ? field : $"{field[..40]}…";
}
