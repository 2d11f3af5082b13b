namespace Eager.Train;

/// <summary>Curves over one axis, such as the losses of a training.</summary>
/// <example><code>
/// var plot = new LinePlot { Title = "loss", XLabel = "epoch" };
/// plot.Add("train", history["loss"]);
/// plot.Add("validation", history["val_loss"]);
/// plot.Save("loss.svg");
/// </code></example>
public sealed class LinePlot : Figure
{
    private const int Ticks = 5;
    private const int Gap = 6;
    private const double Thickness = 1.5;

    private readonly List<(string Name, double[] X, double[] Y)> curves = [];

    /// <summary>What the horizontal axis is of.</summary>
    public string XLabel { get; init; } = "";

    /// <summary>What the vertical axis is of; stands above it.</summary>
    public string YLabel { get; init; } = "";

    internal override (int Width, int Height) NaturalSize => (640, 320);

    /// <summary>Adds a curve.</summary>
    /// <param name="name">What the legend calls it.</param>
    /// <param name="y">Its values; where one is not finite, the curve has a gap.</param>
    /// <param name="x">Where they stand; 1, 2, … when null.</param>
    /// <exception cref="ShapeMismatchException">There are not as many places as values.</exception>
    /// <exception cref="InvalidArgumentException">A place is not finite.</exception>
    public void Add(string name, IReadOnlyList<double> y, IReadOnlyList<double>? x = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        double[] values = [.. y], places = x is null ? [.. Enumerable.Range(1, values.Length).Select(static i => (double)i)] : [.. x];
        if (places.Length != values.Length) throw new ShapeMismatchException($"LinePlot.Add: '{name}' has {values.Length} values at {places.Length} places; give as many.");
        if (Array.Exists(places, static p => !double.IsFinite(p))) throw new InvalidArgumentException($"LinePlot.Add: '{name}' has a value at a place that is not finite.");
        curves.Add((name, places, values));
    }

    internal override void Draw(Surface surface, double left, double top, double width, double height)
    {
        Scale across = Scale.Of(curves.SelectMany(static c => c.X)), up = Scale.Of(curves.SelectMany(static c => c.Y).Where(double.IsFinite));
        double labels = up.Marks.Select(m => Surface.TextWidth(Short(m))).DefaultIfEmpty(0).Max();
        double x0 = left + labels + (2 * Gap), x1 = left + width - (3 * Gap), y0 = top + height - Surface.CharacterHeight - (2 * Gap) - (XLabel.Length > 0 ? Surface.CharacterHeight + Gap : 0), y1 = top + (4 * Gap) + Surface.CharacterHeight;
        if (x1 <= x0 || y0 <= y1) return;  // too small for anything to be seen

        surface.Text((x0 + x1) / 2, top + Gap, Title, Rgb.Black, Anchor.Middle);
        surface.Text(left + Gap, top + Gap, YLabel, Rgb.Grey);
        surface.Text((x0 + x1) / 2, top + height - Surface.CharacterHeight - Gap, XLabel, Rgb.Grey, Anchor.Middle);
        foreach (double mark in up.Marks)
        {
            double y = up.Place(mark, y0, y1);
            surface.Polyline([(x0, y), (x1, y)], Rgb.Light, 1);
            surface.Text(x0 - Gap, y - (Surface.CharacterHeight / 2.0), Short(mark), Rgb.Grey, Anchor.End);
        }
        foreach (double mark in across.Marks)
        {
            double x = across.Place(mark, x0, x1);
            surface.Polyline([(x, y0), (x, y0 + (Gap / 2.0))], Rgb.Grey, 1);
            surface.Text(x, y0 + Gap, Short(mark), Rgb.Grey, Anchor.Middle);
        }
        surface.Polyline([(x0, y1), (x0, y0), (x1, y0)], Rgb.Grey, 1);

        for (int i = 0; i < curves.Count; i++)
        {
            foreach (List<(double X, double Y)> run in FiniteRuns(curves[i].X, curves[i].Y))
            {
                (double X, double Y)[] points = [.. run.Select(p => (across.Place(p.X, x0, x1), up.Place(p.Y, y0, y1)))];
                if (points.Length == 1) surface.Rectangle(points[0].X - 2, points[0].Y - 2, 4, 4, Rgb.Of(i));
                else surface.Polyline(points, Rgb.Of(i), Thickness);
            }
        }
        DrawLegend(surface, x1, y1 - Surface.CharacterHeight - Gap);
    }

    private void DrawLegend(Surface surface, double right, double y)
    {
        for (int i = curves.Count - 1; i >= 0; i--)
        {
            right -= Surface.TextWidth(curves[i].Name);
            surface.Text(right, y, curves[i].Name, Rgb.Black);
            surface.Rectangle(right - (2 * Gap), y + 2, (2 * Gap) - 3, 4, Rgb.Of(i));
            right -= 4 * Gap;
        }
    }

    private static IEnumerable<List<(double X, double Y)>> FiniteRuns(double[] x, double[] y)
    {
        var run = new List<(double X, double Y)>();
        for (int i = 0; i < x.Length; i++)
        {
            if (double.IsFinite(y[i])) run.Add((x[i], y[i]));
            else if (run.Count > 0)
            {
                yield return run;
                run = [];
            }
        }
        if (run.Count > 0) yield return run;
    }

    /// <summary>An axis: its ends, and round numbers to mark between them.</summary>
    private readonly record struct Scale(double Least, double Most, double[] Marks)
    {
        internal static Scale Of(IEnumerable<double> values)
        {
            double[] all = [.. values];
            if (all.Length == 0) return new(0, 1, []);
            double least = all.Min(), most = all.Max();
            // A single value stands in the middle; so do values that only their last bits, or subnormal ones, tell apart.
            if (most - least <= Math.Max(Math.Abs(most) * 1e-12, 1e-300))
            {
                double room = Math.Abs(most) < 1e-300 ? 1 : Math.Abs(most) / 2;
                (least, most) = (least - room, most + room);
            }
            double rough = (most / Ticks) - (least / Ticks), power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
            double step = power * (rough / power) switch { <= 1.5 => 1, <= 3 => 2, <= 7 => 5, _ => 10 };
            double first = Math.Ceiling(least / step);
            return new(least, most, [.. Enumerable.Range(0, (2 * Ticks) + 1).Select(i => (first + i) * step).TakeWhile(mark => mark <= most + (step * 1e-9))]);
        }

        internal double Place(double value, double from, double to) => from + (((value / 2) - (Least / 2)) / ((Most / 2) - (Least / 2)) * (to - from));
    }
}
