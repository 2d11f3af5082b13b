using System.Globalization;
using System.Text;

namespace Eager.Layers;

/// <summary>What a summary says of a layer, or of an input, which is no layer.</summary>
/// <param name="Name">Its name in the model.</param>
/// <param name="Kind">The name of its type.</param>
/// <param name="Shapes">The shapes that it gives; none where they are not known, or not the same at each use.</param>
/// <param name="Layer">The layer.</param>
/// <param name="Sources">What it is connected to.</param>
internal sealed record SummaryRow(string Name, string Kind, IReadOnlyList<Shape> Shapes, Layer? Layer, IReadOnlyList<SummarySource> Sources)
{
    /// <summary>The shapes as Keras writes them.</summary>
    internal string ShapeText => Shapes switch
    {
        [] => "multiple",
        [var one] => Written(one),
        _ => $"[{string.Join(", ", Shapes.Select(Written))}]",
    };

    private static string Written(Shape shape) => $"({string.Join(", ", shape.Select(static d => d.IsUnknown ? "None" : d.ToString()))}{(shape.Rank == 1 ? "," : "")})";
}

/// <summary>An output of one use of a layer.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="Use">Which use of it, from 0.</param>
/// <param name="Output">Which output, from 0.</param>
internal readonly record struct SummarySource(string Name, int Use, int Output)
{
    /// <summary>As Keras writes it: <c>dense_1[0][0]</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}[{Use}][{Output}]");
}

/// <summary>The table that Keras 2 prints of a model.</summary>
internal static class SummaryTable
{
    private static readonly int[] ChainColumns = [29, 55, 65];            // 45 %, 85 % and all of the width
    private static readonly int[] ConnectedColumns = [32, 53, 65, 98];    // 33 %, 55 %, 67 % and all of the width

    internal static string Of(Layer model, IReadOnlyList<SummaryRow> rows)
    {
        bool isChain = IsChain(rows);
        int[] columns = isChain ? ChainColumns : ConnectedColumns;
        int width = columns[^1];
        var text = new StringBuilder();
        text.Append('_', width).Append('\n');
        AddRow(text, columns, "Layer (type)", "Output Shape", "Param #", "Connected to");
        text.Append('=', width).Append('\n');
        for (int i = 0; i < rows.Count; i++)
        {
            if (i > 0) text.Append('_', width).Append('\n');
            SummaryRow row = rows[i];
            long weights = row.Layer is null ? 0 : Count(row.Layer.Parameters);
            AddRow(text, columns, $"{row.Name} ({row.Kind})", row.ShapeText, weights.ToString(CultureInfo.InvariantCulture), row.Sources is [var first, ..] ? first.ToString() : "");
            if (isChain) continue;
            foreach (SummarySource source in row.Sources.Skip(1)) AddRow(text, columns, "", "", "", source.ToString());
        }
        text.Append('=', width).Append('\n');
        long total = Count(model.Parameters), trainable = Count(model.Parameters.Where(static p => p.Trainable));
        text.Append(CultureInfo.InvariantCulture, $"Total params: {total:N0}\nTrainable params: {trainable:N0}\nNon-trainable params: {total - trainable:N0}\n");
        text.Append('_', width).Append('\n');
        return text.ToString();
    }

    // Each layer is connected to the one above it, or nobody says what it is connected to.
    private static bool IsChain(IReadOnlyList<SummaryRow> rows)
    {
        for (int i = 0; i < rows.Count; i++)
            if (rows[i].Sources.Count > 1 || (rows[i].Sources is [var source] && (i == 0 || source.Name != rows[i - 1].Name))) return false;
        return true;
    }

    // A cell that is too long is cut off at its column's end, as Keras does.
    private static void AddRow(StringBuilder text, int[] columns, params ReadOnlySpan<string> cells)
    {
        var line = new StringBuilder();
        for (int i = 0; i < columns.Length; i++)
        {
            bool isLast = i == columns.Length - 1;
            line.Append(cells[i]);
            line.Length = Math.Min(line.Length, isLast ? columns[i] : columns[i] - 1);
            if (!isLast) line.Append(' ', columns[i] - line.Length);
        }
        text.Append(line.ToString().TrimEnd(' ')).Append('\n');
    }

    private static long Count(IEnumerable<Parameter> parameters) => parameters.Sum(static p => p.Variable.ElementCount);
}
