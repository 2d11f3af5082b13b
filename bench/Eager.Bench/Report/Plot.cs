using System.Globalization;
using System.Text;

namespace Eager.Bench;

/// <summary>
/// The overview as an SVG: a panel for each thread count, bars for Eager from the line where PyTorch stands, marks for
/// the other contestants, on a logarithmic axis, so that twice as quick and half as quick are equally long.
/// </summary>
internal sealed class Plot
{
    private const double LabelWidth = 170, PanelWidth = 330, PanelGap = 48, Top = 96, RowHeight = 56, Bottom = 46, BarHeight = 14;

    private static readonly (string Contestant, string Label, string Colour)[] Bars =
        [(Roster.Eager, "Eager", "#2b6cb0"), (Roster.EagerTraced, "Eager, traced", "#dd6b20")];

    private static readonly (string Contestant, string Label, char Shape)[] Marks =
        [(Roster.PyTorch, "PyTorch as it comes", '|'), (Roster.LibTorch, "LibTorch C++, backward by hand", 'o'), (Roster.NumPy, "NumPy by hand", 'd')];

    private readonly StringBuilder svg = new();
    private readonly IReadOnlyList<SpeedLine> lines;
    private readonly int[] threads;
    private readonly double low, high;

    private Plot(IReadOnlyList<SpeedLine> lines)
    {
        this.lines = lines;
        threads = [.. lines.SelectMany(line => line.Speeds.Keys).Select(key => key.Threads).Distinct().Order()];
        var shown = Bars.Select(bar => bar.Contestant).Concat(Marks.Select(mark => mark.Contestant)).ToHashSet();
        var speeds = lines.SelectMany(line => line.Speeds).Where(s => shown.Contains(s.Key.Contestant)).Select(s => s.Value).ToArray();
        low = Math.Pow(2, Math.Floor(Math.Log2(Math.Min(0.5, speeds.Min()))));
        high = Math.Pow(2, Math.Ceiling(Math.Log2(Math.Max(2, speeds.Max())) + 0.3));
    }

    private double Height => Top + lines.Count * RowHeight + Bottom;
    private double Width => LabelWidth + threads.Length * (PanelWidth + PanelGap);

    /// <summary>The plot, or null where no row was compared with PyTorch.</summary>
    public static string? Draw(Results results)
    {
        var lines = SpeedTable.Of(results);
        return lines.Count == 0 ? null : new Plot(lines).Draw();
    }

    private string Draw()
    {
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width:F0}\" height=\"{Height:F0}\" viewBox=\"0 0 {Width:F0} {Height:F0}\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\" font-size=\"12\">");
        Add($"<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
        Text(12, 24, "Speed against PyTorch with its best settings (= 1): further right is quicker", "start", 15);
        DrawLegend();
        for (var i = 0; i < lines.Count; i++)
            Text(LabelWidth - 10, RowMiddle(i) + 4, lines[i].Title, "end");
        for (var panel = 0; panel < threads.Length; panel++)
            DrawPanel(threads[panel], LabelWidth + panel * (PanelWidth + PanelGap));
        Add($"</svg>");
        return svg.ToString();
    }

    private void DrawLegend()
    {
        var x = 12.0;
        foreach (var (_, label, colour) in Bars)
        {
            Add($"<rect x=\"{x:F1}\" y=\"40\" width=\"22\" height=\"11\" fill=\"{colour}\"/>");
            Text(x + 28, 50, label, "start");
            x += 44 + 7.2 * label.Length;
        }

        foreach (var (_, label, shape) in Marks)
        {
            Mark(x + 6, 45.5, shape);
            Text(x + 18, 50, label, "start");
            x += 34 + 7.2 * label.Length;
        }
    }

    private void DrawPanel(int count, double left)
    {
        Text(left + PanelWidth / 2, Top - 16, count == 1 ? "one thread" : $"{count} threads", "middle", 13);
        for (var tick = low; tick <= high; tick *= 2)
        {
            var x = left + X(tick);
            Add($"<line x1=\"{x:F1}\" y1=\"{Top - 6:F1}\" x2=\"{x:F1}\" y2=\"{Height - Bottom + 4:F1}\" stroke=\"#ddd\"/>");
            Text(x, Height - Bottom + 20, tick.ToString("0.####", CultureInfo.InvariantCulture) + "×", "middle", 11);
        }

        for (var i = 0; i < lines.Count; i++)
            DrawRow(lines[i], count, left, RowMiddle(i));
        Add($"<line x1=\"{left + X(1):F1}\" y1=\"{Top - 6:F1}\" x2=\"{left + X(1):F1}\" y2=\"{Height - Bottom + 4:F1}\" stroke=\"#333\" stroke-width=\"1.5\"/>");
    }

    private void DrawRow(SpeedLine line, int count, double left, double middle)
    {
        var y = middle - 24;
        foreach (var (contestant, _, colour) in Bars)
        {
            if (line.Speed(contestant, count) is { } speed)
                DrawBar(left, y, speed, colour);
            y += BarHeight + 2;
        }

        foreach (var (contestant, _, shape) in Marks)
        {
            if (line.Speed(contestant, count) is { } speed)
                Mark(left + X(speed), y + 7, shape);
        }
    }

    private void DrawBar(double left, double y, double speed, string colour)
    {
        var (from, to) = speed < 1 ? (X(speed), X(1)) : (X(1), X(speed));
        Add($"<rect x=\"{left + from:F1}\" y=\"{y:F1}\" width=\"{to - from:F1}\" height=\"{BarHeight}\" fill=\"{colour}\"/>");
        var label = MarkdownReport.Digits(speed) + "×";
        if (speed < 1)
            Text(left + from - 8, y + 11, label, "end", 11);
        else
            Text(left + to + 8, y + 11, label, "start", 11);
    }

    private void Mark(double x, double y, char shape)
    {
        switch (shape)
        {
            case '|':
                Add($"<line x1=\"{x:F1}\" y1=\"{y - 6:F1}\" x2=\"{x:F1}\" y2=\"{y + 6:F1}\" stroke=\"#111\" stroke-width=\"2.5\"/>");
                break;
            case 'o':
                Add($"<circle cx=\"{x:F1}\" cy=\"{y:F1}\" r=\"5\" fill=\"white\" stroke=\"#111\" stroke-width=\"1.6\"/>");
                break;
            default:
                Add($"<path d=\"M{x:F1} {y - 6:F1} l6 6 l-6 6 l-6 -6 z\" fill=\"#4a5568\" stroke=\"white\"/>");
                break;
        }
    }

    private void Text(double x, double y, string content, string anchor, int size = 12)
        => Add($"<text x=\"{x:F1}\" y=\"{y:F1}\" text-anchor=\"{anchor}\" font-size=\"{size}\" fill=\"#111\">{content}</text>");

    private void Add(FormattableString markup) => svg.AppendLine(markup.ToString(CultureInfo.InvariantCulture));

    /// <summary>The distance of a speed from the panel's left edge.</summary>
    private double X(double speed) => PanelWidth * Math.Log2(speed / low) / Math.Log2(high / low);

    private static double RowMiddle(int row) => Top + (row + 0.5) * RowHeight;
}
