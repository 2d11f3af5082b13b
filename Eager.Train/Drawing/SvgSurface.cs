using System.Globalization;
using System.Security;
using System.Text;

namespace Eager.Train;

/// <summary>Writes what is drawn as a Scalable Vector Graphics document (W3C, SVG 1.1).</summary>
internal sealed class SvgSurface : Surface
{
    private const string Namespace = "http://www.w3.org/2000/svg";

    // Monospaced letters are six tenths as wide as they are high; with these they fill the cells of the pixel font.
    private const int LetterHeight = 10;

    private readonly StringBuilder body = new();

    internal SvgSurface(int width, int height) : base(width, height) => Rectangle(0, 0, width, height, Rgb.White);

    /// <summary>The document.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"<svg xmlns=\"{Namespace}\" width=\"{Width}\" height=\"{Height}\" viewBox=\"0 0 {Width} {Height}\" font-family=\"monospace\">\n{body}</svg>\n");

    internal override void Rectangle(double x, double y, double rectangleWidth, double rectangleHeight, Rgb fill) =>
        body.AppendLine(CultureInfo.InvariantCulture, $"<rect x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{rectangleWidth:0.##}\" height=\"{rectangleHeight:0.##}\" fill=\"{Hex(fill)}\"/>");

    internal override void Polyline(IReadOnlyList<(double X, double Y)> points, Rgb color, double thickness)
    {
        string places = string.Join(' ', points.Select(static p => string.Create(CultureInfo.InvariantCulture, $"{p.X:0.##},{p.Y:0.##}")));
        body.AppendLine(CultureInfo.InvariantCulture, $"<polyline points=\"{places}\" fill=\"none\" stroke=\"{Hex(color)}\" stroke-width=\"{thickness:0.##}\" stroke-linejoin=\"round\"/>");
    }

    internal override void Text(double x, double y, string text, Rgb color, Anchor anchor = Anchor.Start, int scale = 1)
    {
        string side = anchor switch { Anchor.Start => "start", Anchor.Middle => "middle", _ => "end" };
        // The document's point is on the line that letters stand on.
        double baseline = y + ((CharacterHeight - 1) * scale);
        string safe = SecurityElement.Escape(string.Concat(text.Select(static c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)));
        body.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{x:0.##}\" y=\"{baseline:0.##}\" font-size=\"{LetterHeight * scale}\" text-anchor=\"{side}\" fill=\"{Hex(color)}\">{safe}</text>");
    }

    private static string Hex(Rgb color) => $"#{color.Red:x2}{color.Green:x2}{color.Blue:x2}";
}
