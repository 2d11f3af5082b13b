namespace Eager.Train;

/// <summary>A table whose numbers are shown as colours, such as a confusion matrix.</summary>
/// <example><code>
/// HeatMap map = HeatMap.Of(confusion, FashionMnist.ClassNames);
/// writer.Add(Summary.Image("confusion", map.ToTensor().ExpandDims(0)), step);
/// </code></example>
public sealed class HeatMap : Figure
{
    private const int Gap = 6;
    private const int CellHeight = 24;

    private static readonly Rgb Dark = new(8, 48, 107);

    private readonly double[,] values;
    private readonly string[] rows;
    private readonly string[] columns;

    /// <summary>Makes a table.</summary>
    /// <param name="values">Its numbers; 0 is white, the largest magnitude dark.</param>
    /// <param name="rows">A name for each row; numbers when null.</param>
    /// <param name="columns">A name for each column; numbers when null.</param>
    /// <exception cref="ShapeMismatchException">There is no number, or there are not as many names.</exception>
    public HeatMap(double[,] values, IReadOnlyList<string>? rows = null, IReadOnlyList<string>? columns = null)
    {
        ArgumentNullException.ThrowIfNull(values);
        this.values = (double[,])values.Clone();
        (int height, int width) = (values.GetLength(0), values.GetLength(1));
        this.rows = [.. rows ?? Numbers(height)];
        this.columns = [.. columns ?? Numbers(width)];
        if (height == 0 || width == 0 || this.rows.Length != height || this.columns.Length != width)
            throw new ShapeMismatchException($"HeatMap: the table is [{height}, {width}], with {this.rows.Length} names of rows and {this.columns.Length} of columns; give one name for each, and at least one number.");
    }

    /// <summary>What the rows are of.</summary>
    public string RowLabel { get; init; } = "";

    /// <summary>What the columns are of.</summary>
    public string ColumnLabel { get; init; } = "";

    internal override (int Width, int Height) NaturalSize
    {
        get
        {
            int cell = columns.Select(static c => Surface.TextWidth(c)).Append(7 * Surface.CharacterWidth).Max() + Gap;
            return (RowNamesWidth + (columns.Length * cell) + (2 * Gap), HeadHeight + (rows.Length * CellHeight) + (2 * Gap));
        }
    }

    private int RowNamesWidth => rows.Append(RowLabel).Max(static name => Surface.TextWidth(name)) + (2 * Gap);

    // Title, label and names, with gaps around each and twice as much before the names.
    private static int HeadHeight => (3 * Surface.CharacterHeight) + (5 * Gap);

    /// <summary>A confusion matrix: a row for each true class, a column for each that was predicted.</summary>
    /// <param name="confusion">The counts.</param>
    /// <param name="classNames">A name for each class; numbers when null.</param>
    /// <param name="normalize">Whether each row shows shares of its sum.</param>
    /// <exception cref="ShapeMismatchException">There are not as many names as classes.</exception>
    public static HeatMap Of(ConfusionMatrix confusion, IReadOnlyList<string>? classNames = null, bool normalize = false)
    {
        ArgumentNullException.ThrowIfNull(confusion);
        var counts = new double[confusion.Classes, confusion.Classes];
        for (int i = 0; i < confusion.Classes; i++)
        {
            double sum = normalize ? Enumerable.Range(0, confusion.Classes).Sum(j => confusion[i, j]) : 1;
            for (int j = 0; j < confusion.Classes; j++) counts[i, j] = sum == 0 ? 0 : confusion[i, j] / sum;
        }
        return new HeatMap(counts, classNames, classNames) { RowLabel = "label", ColumnLabel = "predicted" };
    }

    internal override void Draw(Surface surface, double left, double top, double width, double height)
    {
        double x0 = left + RowNamesWidth, y0 = top + HeadHeight, cellWidth = (left + width - (2 * Gap) - x0) / columns.Length, cellHeight = (top + height - (2 * Gap) - y0) / rows.Length;
        if (cellWidth <= 0 || cellHeight <= 0) return;  // too small for anything to be seen
        double largest = values.Cast<double>().Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();

        surface.Text(left + (width / 2), top + Gap, Title, Rgb.Black, Anchor.Middle);
        surface.Text(x0 + (columns.Length * cellWidth / 2), top + Surface.CharacterHeight + (2 * Gap), ColumnLabel, Rgb.Grey, Anchor.Middle);
        surface.Text(x0 - Gap, y0 - Surface.CharacterHeight - Gap, RowLabel, Rgb.Grey, Anchor.End);
        for (int j = 0; j < columns.Length; j++) surface.Text(x0 + ((j + 0.5) * cellWidth), y0 - Surface.CharacterHeight - Gap, columns[j], Rgb.Black, Anchor.Middle);
        for (int i = 0; i < rows.Length; i++)
        {
            double y = y0 + (i * cellHeight), middle = y + ((cellHeight - Surface.CharacterHeight) / 2);
            surface.Text(x0 - Gap, middle, rows[i], Rgb.Black, Anchor.End);
            for (int j = 0; j < columns.Length; j++)
            {
                double share = double.IsFinite(values[i, j]) && largest > 0 ? Math.Abs(values[i, j]) / largest : 0;
                surface.Rectangle(x0 + (j * cellWidth), y, cellWidth, cellHeight, Rgb.White.Towards(Dark, share));
                string text = Short(values[i, j]);
                if (Surface.TextWidth(text) <= cellWidth && Surface.CharacterHeight <= cellHeight)
                    surface.Text(x0 + ((j + 0.5) * cellWidth), middle, text, share > 0.5 ? Rgb.White : Rgb.Black, Anchor.Middle);
            }
        }
    }

    private static IEnumerable<string> Numbers(int count) => Enumerable.Range(0, count).Select(static i => i.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
