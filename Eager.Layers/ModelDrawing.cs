using System.Text;

namespace Eager.Layers;

/// <summary>A model in Graphviz's language.</summary>
internal static class ModelDrawing
{
    internal static string Of(Layer model, IReadOnlyList<SummaryRow> rows, bool showShapes)
    {
        var text = new StringBuilder($"digraph {Quoted(model.Name)} {{\n  node [shape=box, fontname=\"sans-serif\"];\n");
        foreach (SummaryRow row in rows)
        {
            string label = $"{row.Name}: {row.Kind}{(showShapes ? $"\n{row.ShapeText}" : "")}";
            text.Append($"  {Quoted(row.Name)} [label={Quoted(label)}];\n");
            // A layer that is used twice on one result has one arrow from it.
            foreach (string source in row.Sources.Select(static s => s.Name).Distinct())
                text.Append($"  {Quoted(source)} -> {Quoted(row.Name)};\n");
        }
        return text.Append("}\n").ToString();
    }

    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";
}
