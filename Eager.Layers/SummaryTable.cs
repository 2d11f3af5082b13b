using System.Globalization;
using System.Text;

namespace Eager.Layers;

/// <summary>The table that Keras 2 prints of a model.</summary>
internal static class SummaryTable
{
    private const int Width = 65;
    private static readonly int[] ColumnEnds = [29, 55, Width];  // 45 %, 85 % and all of the width

    internal static string Of(Sequential model, Shape inputShape)
    {
        var text = new StringBuilder();
        text.Append('_', Width).Append('\n');
        AddRow(text, "Layer (type)", "Output Shape", "Param #");
        text.Append('=', Width).Append('\n');
        Shape shape = inputShape;
        for (int i = 0; i < model.Count; i++)
        {
            if (i > 0) text.Append('_', Width).Append('\n');
            Layer layer = model[i];
            shape = layer.ComputeOutputShape(shape);
            AddRow(text, $"{layer.Name} ({layer.GetType().Name})", Written(shape), Count(layer.Parameters).ToString(CultureInfo.InvariantCulture));
        }
        text.Append('=', Width).Append('\n');
        long total = Count(model.Parameters), trainable = Count(model.Parameters.Where(static p => p.Trainable));
        text.Append(CultureInfo.InvariantCulture, $"Total params: {total:N0}\nTrainable params: {trainable:N0}\nNon-trainable params: {total - trainable:N0}\n");
        text.Append('_', Width).Append('\n');
        return text.ToString();
    }

    // A cell that is too long is cut off at its column's end, as Keras does.
    private static void AddRow(StringBuilder text, params ReadOnlySpan<string> cells)
    {
        var line = new StringBuilder();
        for (int i = 0; i < cells.Length; i++)
        {
            bool isLast = i == cells.Length - 1;
            line.Append(cells[i]);
            line.Length = Math.Min(line.Length, isLast ? ColumnEnds[i] : ColumnEnds[i] - 1);
            if (!isLast) line.Append(' ', ColumnEnds[i] - line.Length);
        }
        text.Append(line).Append('\n');
    }

    private static string Written(Shape shape) => $"({string.Join(", ", shape.Select(static d => d.IsUnknown ? "None" : d.ToString()))})";

    private static long Count(IEnumerable<Parameter> parameters) => parameters.Sum(static p => p.Variable.ElementCount);
}
