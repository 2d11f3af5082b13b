namespace Eager.Train;

/// <summary>A colour of eight bits a channel.</summary>
internal readonly record struct Rgb(byte Red, byte Green, byte Blue)
{
    internal static readonly Rgb White = new(255, 255, 255), Black = new(0, 0, 0), Grey = new(110, 110, 110), Light = new(225, 225, 225);

    // The palette of Okabe and Ito (2008), which the colour-blind can tell apart; yellow, faint on white, is left out.
    private static readonly Rgb[] Palette = [new(0, 114, 178), new(213, 94, 0), new(0, 158, 115), new(204, 121, 167), new(86, 180, 233), new(230, 159, 0)];

    /// <summary>A colour for the curve of a number.</summary>
    internal static Rgb Of(int number) => Palette[number % Palette.Length];

    /// <summary>A colour on the way to another.</summary>
    internal Rgb Towards(Rgb other, double share) => new(Mix(Red, other.Red, share), Mix(Green, other.Green, share), Mix(Blue, other.Blue, share));

    private static byte Mix(byte from, byte to, double share) => (byte)Math.Round(from + ((to - from) * share));
}

/// <summary>Where a text stands with respect to its point.</summary>
internal enum Anchor
{
    Start,
    Middle,
    End,
}

/// <summary>Something to draw on, in pixels from the left upper corner.</summary>
internal abstract class Surface(int width, int height)
{
    /// <summary>The size of a character's cell at scale 1.</summary>
    internal const int CharacterWidth = 6, CharacterHeight = 8;

    internal int Width => width;

    internal int Height => height;

    /// <summary>Fills a rectangle.</summary>
    internal abstract void Rectangle(double x, double y, double rectangleWidth, double rectangleHeight, Rgb fill);

    /// <summary>Draws lines from point to point.</summary>
    internal abstract void Polyline(IReadOnlyList<(double X, double Y)> points, Rgb color, double thickness);

    /// <summary>Writes a text whose upper edge is at <paramref name="y"/>.</summary>
    internal abstract void Text(double x, double y, string text, Rgb color, Anchor anchor = Anchor.Start, int scale = 1);

    internal static int TextWidth(string text, int scale = 1) => text.Length * CharacterWidth * scale;

    private protected static double Left(double x, string text, Anchor anchor, int scale) => x - (TextWidth(text, scale) * (int)anchor / 2.0);
}
