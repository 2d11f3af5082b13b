namespace Eager.Train;

/// <summary>Pixels in memory; lines are smoothed, everything else keeps to whole pixels.</summary>
internal sealed class RasterSurface : Surface
{
    private const int Channels = 3;

    private readonly byte[] pixels;

    internal RasterSurface(int width, int height) : base(width, height)
    {
        pixels = new byte[(long)width * height * Channels];
        Array.Fill(pixels, byte.MaxValue);
    }

    /// <summary>The pixels, row by row.</summary>
    internal byte[] Pixels => pixels;

    internal override void Rectangle(double x, double y, double rectangleWidth, double rectangleHeight, Rgb fill)
    {
        int left = Within(x, Width), right = Within(x + rectangleWidth, Width), top = Within(y, Height), bottom = Within(y + rectangleHeight, Height);
        for (int row = top; row < bottom; row++)
            for (int column = left; column < right; column++) Blend(column, row, fill, 1);
    }

    // A pixel is covered by as much as its middle is within the line; each pixel once, so that corners are no darker.
    internal override void Polyline(IReadOnlyList<(double X, double Y)> points, Rgb color, double thickness)
    {
        var covered = new Dictionary<(int X, int Y), double>();
        double reach = (thickness / 2) + 0.5;
        for (int i = 1; i < points.Count; i++)
        {
            ((double x0, double y0), (double x1, double y1)) = (points[i - 1], points[i]);
            int left = Within(Math.Min(x0, x1) - reach - 1, Width), right = Within(Math.Max(x0, x1) + reach + 1, Width), top = Within(Math.Min(y0, y1) - reach - 1, Height), bottom = Within(Math.Max(y0, y1) + reach + 1, Height);
            for (int row = top; row < bottom; row++)
            {
                for (int column = left; column < right; column++)
                {
                    double share = Math.Min(1, reach - Distance(column + 0.5, row + 0.5, x0, y0, x1, y1));
                    if (share > covered.GetValueOrDefault((column, row))) covered[(column, row)] = share;
                }
            }
        }
        foreach (((int column, int row), double share) in covered) Blend(column, row, color, share);
    }

    internal override void Text(double x, double y, string text, Rgb color, Anchor anchor = Anchor.Start, int scale = 1)
    {
        int left = (int)Math.Round(Left(x, text, anchor, scale)), top = (int)Math.Round(y);
        for (int i = 0; i < text.Length; i++)
        {
            for (int column = 0; column < PixelFont.Width; column++)
            {
                for (int row = 0; row < CharacterHeight; row++)
                {
                    if (PixelFont.IsSet(text[i], column, row))
                        Rectangle(left + (((i * CharacterWidth) + column) * scale), top + (row * scale), scale, scale, color);
                }
            }
        }
    }

    /// <summary>Puts a picture in place, each of its pixels as a square.</summary>
    /// <param name="picture">Its pixels, row by row.</param>
    /// <param name="pictureWidth">How many stand in a row.</param>
    /// <param name="channels">1 for grey, 3 for colours, 4 for colours and opacity over white.</param>
    /// <param name="left">Where its left edge comes.</param>
    /// <param name="top">Where its upper edge comes.</param>
    /// <param name="scale">The side of the squares.</param>
    internal void Picture(ReadOnlySpan<byte> picture, int pictureWidth, int channels, int left, int top, int scale)
    {
        for (int at = 0, i = 0; at < picture.Length; at += channels, i++)
        {
            ReadOnlySpan<byte> pixel = picture.Slice(at, channels);
            Rgb color = channels == 1 ? new(pixel[0], pixel[0], pixel[0]) : new(pixel[0], pixel[1], pixel[2]);
            if (channels == 4) color = Rgb.White.Towards(color, pixel[3] / 255.0);
            Rectangle(left + (i % pictureWidth * scale), top + (i / pictureWidth * scale), scale, scale, color);
        }
    }

    private static int Within(double position, int size) => (int)Math.Clamp(Math.Round(position), 0, size);

    private static double Distance(double x, double y, double x0, double y0, double x1, double y1)
    {
        double dx = x1 - x0, dy = y1 - y0, squared = (dx * dx) + (dy * dy);
        double along = squared == 0 ? 0 : Math.Clamp((((x - x0) * dx) + ((y - y0) * dy)) / squared, 0, 1);
        return double.Hypot(x - x0 - (along * dx), y - y0 - (along * dy));
    }

    private void Blend(int column, int row, Rgb color, double share)
    {
        Span<byte> pixel = pixels.AsSpan(((row * Width) + column) * Channels, Channels);
        Rgb mixed = new Rgb(pixel[0], pixel[1], pixel[2]).Towards(color, share);
        (pixel[0], pixel[1], pixel[2]) = (mixed.Red, mixed.Green, mixed.Blue);
    }
}
