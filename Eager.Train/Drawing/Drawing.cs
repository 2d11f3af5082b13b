using System.Globalization;

namespace Eager.Train;

/// <summary>Draws pictures with what a model says of them.</summary>
public static class Drawing
{
    private const int Gap = 4;
    private const int LeastSide = 112;
    private const int BarHeight = Surface.CharacterHeight + 2;

    /// <summary>Pictures, each with a caption above it and, where there are probabilities, bars of the likeliest classes below.</summary>
    /// <param name="images"><c>[batch, height, width, channels]</c>, as <see cref="Summary.Image"/> takes and shows them.</param>
    /// <param name="captions">A text for each picture that is shown; what is wider than the picture is cut off.</param>
    /// <param name="probabilities">[batch, classes], from 0 to 1; no bars when null.</param>
    /// <param name="classNames">A name for each class; numbers when null.</param>
    /// <param name="maxShown">The most pictures to take from the batch's beginning.</param>
    /// <param name="bars">How many classes have a bar.</param>
    /// <returns>uint8 [shown, height, width, 3], for <see cref="Summary.Image"/>.</returns>
    /// <exception cref="ShapeMismatchException">The pictures have no such shape, or captions, probabilities or names do not fit.</exception>
    /// <exception cref="DTypeMismatchException">The pictures are neither uint8 nor floating-point.</exception>
    /// <exception cref="InvalidArgumentException"><paramref name="maxShown"/> or <paramref name="bars"/> is not positive.</exception>
    /// <example><code>
    /// Tensor drawn = Drawing.LabelledImages(images, [.. labels.Select(l => names[l])], logits.Softmax(), names);
    /// writer.Add(Summary.Image("predictions", drawn), step);
    /// </code></example>
    public static Tensor LabelledImages(
        Tensor images, IReadOnlyList<string> captions, Tensor? probabilities = null, IReadOnlyList<string>? classNames = null, int maxShown = Summary.DefaultMaxShown, int bars = 3)
    {
        ArgumentNullException.ThrowIfNull(captions);
        if (maxShown < 1 || bars < 1) throw new InvalidArgumentException($"LabelledImages: {maxShown} pictures with {bars} bars were asked for; give at least 1 of each.");
        (int shown, int height, int width, int channels, byte[] pixels) = Summary.FirstPixels(nameof(LabelledImages), images, maxShown);
        if (captions.Count < shown) throw new ShapeMismatchException($"LabelledImages: there are {captions.Count} captions for {shown} pictures; give one for each.");
        double[][] chances = Chances(probabilities, images, shown, classNames);
        int scale = Math.Max(1, (LeastSide + Math.Max(width, height) - 1) / Math.Max(width, height));
        int barCount = chances.Length == 0 ? 0 : Math.Min(bars, chances[0].Length);
        (int drawnWidth, int drawnHeight) = ((width * scale) + (2 * Gap), (height * scale) + Surface.CharacterHeight + (3 * Gap) + (barCount * BarHeight));

        var drawn = new byte[(long)shown * drawnWidth * drawnHeight * 3];
        int size = height * width * channels;
        for (int i = 0; i < shown; i++)
        {
            var surface = new RasterSurface(drawnWidth, drawnHeight);
            surface.Text(Gap, Gap, captions[i], Rgb.Black);
            int top = Surface.CharacterHeight + (2 * Gap);
            surface.Picture(pixels.AsSpan(i * size, size), width, channels, Gap, top, scale);
            if (barCount > 0) DrawBars(surface, chances[i], classNames, barCount, top + (height * scale) + Gap);
            surface.Pixels.CopyTo(drawn, (long)i * surface.Pixels.Length);
        }
        return Tensor.From(drawn, [shown, drawnHeight, drawnWidth, 3]);
    }

    // The name, the bar of as many pixels as the probability has of the whole width, and percents.
    private static void DrawBars(RasterSurface surface, double[] chances, IReadOnlyList<string>? classNames, int count, int top)
    {
        int width = surface.Width - (2 * Gap);
        foreach ((int rank, int number) in Enumerable.Range(0, chances.Length).OrderByDescending(i => chances[i]).Take(count).Index())
        {
            int y = top + (rank * BarHeight);
            double share = double.IsFinite(chances[number]) ? Math.Clamp(chances[number], 0, 1) : 0;
            surface.Rectangle(Gap, y, Math.Round(width * share), BarHeight - 1, Rgb.White.Towards(Rgb.Of(0), 0.45));
            string percent = string.Create(CultureInfo.InvariantCulture, $"{chances[number] * 100:0}%");
            surface.Text(surface.Width - Gap, y + 1, percent, Rgb.Black, Anchor.End);
            string name = classNames?[number] ?? number.ToString(CultureInfo.InvariantCulture);
            int room = (width - Surface.TextWidth(percent)) / Surface.CharacterWidth;
            surface.Text(Gap + 1, y + 1, name.Length > room ? name[..Math.Max(0, room)] : name, Rgb.Black);
        }
    }

    private static double[][] Chances(Tensor? probabilities, Tensor images, int shown, IReadOnlyList<string>? classNames)
    {
        if (probabilities is null) return [];
        if (probabilities.Rank != 2 || probabilities.ConcreteShape[0] != images.ConcreteShape[0] || probabilities.ConcreteShape[1] == 0)
            throw new ShapeMismatchException($"LabelledImages: the probabilities are {probabilities.ConcreteShape}, the pictures {images.ConcreteShape}; the probabilities need shape [batch, classes].");
        int classes = (int)probabilities.ConcreteShape[1].Value;
        if (classNames is not null && classNames.Count != classes) throw new ShapeMismatchException($"LabelledImages: there are {classNames.Count} names for {classes} classes; give one for each.");
        probabilities.ReadingValue(nameof(LabelledImages));
        using var unrecorded = Unrecorded.Begin();
        using var scope = Temporaries.Begin();
        return [.. probabilities.Narrow(0, 0, shown).Cast(DType.Float64).ToArray<double>().Chunk(classes)];
    }
}
