using System.Text;

namespace FashionMnistExample;

/// <summary>Writes a confusion matrix as aligned text: a row for each class, a column for what it was taken for.</summary>
internal static class ConfusionTable
{
    private const int Column = 6;

    internal static string Of(ConfusionMatrix matrix, IReadOnlyList<string> names)
    {
        int width = names.Max(static n => n.Length);
        var text = new StringBuilder($"{"".PadLeft(width)} |{string.Concat(Enumerable.Range(0, matrix.Classes).Select(static c => $"{c,Column}"))} | recall\n");
        text.Append($"{new string('-', width)}-+{new string('-', Column * matrix.Classes)}-+-------\n");
        for (int label = 0; label < matrix.Classes; label++)
        {
            double[] row = [.. Enumerable.Range(0, matrix.Classes).Select(c => matrix[label, c])];
            text.Append($"{names[label].PadLeft(width)} |{string.Concat(row.Select(static n => n == 0 ? $"{"·",Column}" : $"{n,Column}"))} | {row[label] / Math.Max(1, row.Sum()):F3}\n");
        }
        return text.ToString();
    }
}
