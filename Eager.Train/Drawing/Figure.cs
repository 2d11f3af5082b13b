namespace Eager.Train;

/// <summary>A drawing of numbers: shown in TensorBoard as an image, or saved as a PNG or SVG file.</summary>
/// <example><code>
/// writer.Add(Summary.Image("confusion", figure.ToTensor().ExpandDims(0)), step);
/// figure.Save("confusion.svg");
/// </code></example>
public abstract class Figure
{
    // A picture of this side takes as much memory as three tensors of a hundred million bytes.
    private const int LargestSide = 10_000;

    private protected Figure() { }

    /// <summary>What stands above it; nothing when empty.</summary>
    public string Title { get; init; } = "";

    /// <summary>The width and height, in pixels, that it has unless asked for another.</summary>
    internal abstract (int Width, int Height) NaturalSize { get; }

    /// <summary>The figure as pixels, uint8 [height, width, 3].</summary>
    /// <param name="width">The width in pixels; the figure's own when null.</param>
    /// <param name="height">The height in pixels; the figure's own when null.</param>
    /// <exception cref="InvalidArgumentException">A size is not from 1 to 10,000.</exception>
    public Tensor ToTensor(int? width = null, int? height = null)
    {
        RasterSurface surface = Rasterize(width, height);
        return Tensor.From(surface.Pixels, [surface.Height, surface.Width, 3]);
    }

    /// <summary>The figure as an SVG document.</summary>
    /// <param name="width">The width in pixels; the figure's own when null.</param>
    /// <param name="height">The height in pixels; the figure's own when null.</param>
    /// <exception cref="InvalidArgumentException">A size is not from 1 to 10,000.</exception>
    public string ToSvg(int? width = null, int? height = null)
    {
        (int w, int h) = Size(width, height);
        var surface = new SvgSurface(w, h);
        Draw(surface, 0, 0, w, h);
        return surface.ToString();
    }

    /// <summary>Writes the figure as the file's ending says: <c>.svg</c> or <c>.png</c>.</summary>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <param name="width">The width in pixels; the figure's own when null.</param>
    /// <param name="height">The height in pixels; the figure's own when null.</param>
    /// <exception cref="InvalidArgumentException">The ending is another, or a size is not from 1 to 10,000.</exception>
    /// <exception cref="FileWriteException">The file cannot be written.</exception>
    public void Save(string path, int? width = null, int? height = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        byte[] content = Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".SVG" => System.Text.Encoding.UTF8.GetBytes(ToSvg(width, height)),
            ".PNG" => Rasterize(width, height) is var surface ? Png.Encode(surface.Pixels, surface.Width, surface.Height, 3) : [],
            string ending => throw new InvalidArgumentException($"Figure.Save: '{path}' ends in '{ending}'; figures are saved as .svg or .png."),
        };
        AtomicFile.Write(path, file => file.Write(content));
    }

    /// <summary>Draws into a part of a surface.</summary>
    internal abstract void Draw(Surface surface, double left, double top, double width, double height);

    private protected static string Short(double value) => value.ToString("G4", System.Globalization.CultureInfo.InvariantCulture);

    private RasterSurface Rasterize(int? width, int? height)
    {
        (int w, int h) = Size(width, height);
        var surface = new RasterSurface(w, h);
        Draw(surface, 0, 0, w, h);
        return surface;
    }

    private (int Width, int Height) Size(int? width, int? height)
    {
        (int naturalWidth, int naturalHeight) = NaturalSize;
        (int w, int h) = (width ?? naturalWidth, height ?? naturalHeight);
        if (w is < 1 or > LargestSide || h is < 1 or > LargestSide) throw new InvalidArgumentException($"Figure: {w} by {h} pixels are no size to draw at; give from 1 to {LargestSide}.");
        return (w, h);
    }
}

/// <summary>Figures above one another.</summary>
internal sealed class FigureColumn(IReadOnlyList<Figure> parts) : Figure
{
    internal override (int Width, int Height) NaturalSize => (parts.Max(static p => p.NaturalSize.Width), parts.Sum(static p => p.NaturalSize.Height));

    internal override void Draw(Surface surface, double left, double top, double width, double height)
    {
        double each = height / parts.Count;
        for (int i = 0; i < parts.Count; i++) parts[i].Draw(surface, left, top + (i * each), width, each);
    }
}
