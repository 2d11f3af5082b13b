using System.Globalization;
using System.Text;
using Eager.Train.Summaries.Protos;

namespace Eager.Train;

public sealed partial class Summary
{
    // Below this TensorFlow takes an image as black instead of stretching its noise.
    private const float FaintestImage = 1e-6f;

    // Pixels with a NaN or an infinity are shown in red, or white where there is one channel.
    private static readonly byte[] BadPixel = [255, 0, 0, 255];

    /// <summary>The first images of a batch.</summary>
    /// <param name="tag">The name of the row of images.</param>
    /// <param name="images">
    /// <c>[batch, height, width, channels]</c> with 1 (grey), 3 (RGB) or 4 (RGBA) channels. A uint8 tensor is shown as it is. Each image of a floating-point
    /// tensor is stretched: by 255/max if nothing is negative, else by 127/max|x| around 128; pixels that are not finite become red.
    /// </param>
    /// <param name="maxShown">The most images to take from the batch's beginning.</param>
    /// <exception cref="ShapeMismatchException">The tensor is not of that shape, or the images have no pixels.</exception>
    /// <exception cref="DTypeMismatchException">The tensor is neither uint8 nor floating-point.</exception>
    /// <exception cref="InvalidArgumentException"><paramref name="maxShown"/> is not positive or <paramref name="tag"/> is empty.</exception>
    public static Summary Image(string tag, Tensor images, int maxShown = DefaultMaxShown)
    {
        if (maxShown <= 0) throw new InvalidArgumentException($"Image: '{tag}' is to show {maxShown} images; it takes at least 1.");
        (int shown, int height, int width, int channels, byte[] pixels) = FirstPixels(tag, images, maxShown);

        var parts = new List<byte[]> { Ascii(width), Ascii(height) };
        for (int i = 0; i < shown; i++) parts.Add(Png.Encode(pixels.AsSpan(i * height * width * channels, height * width * channels), width, height, channels));
        return new(Value(nameof(Image), tag, "images", DataClass.BlobSequence, Strings([parts.Count], parts)));
    }

    /// <summary>The first images of a batch as bytes.</summary>
    internal static (int Shown, int Height, int Width, int Channels, byte[] Pixels) FirstPixels(string tag, Tensor images, int maxShown)
    {
        Shape shape = images.ConcreteShape;
        if (shape.Rank != 4 || shape[3].Value is not (1 or 3 or 4) || shape[1].Value == 0 || shape[2].Value == 0)
            throw new ShapeMismatchException($"Image: '{tag}' is {shape}; it takes [batch, height, width, channels] with 1, 3 or 4 channels and at least one pixel.");
        (int height, int width, int channels) = ((int)shape[1].Value, (int)shape[2].Value, (int)shape[3].Value);
        int shown = (int)Math.Min(maxShown, shape[0].Value);
        return (shown, height, width, channels, Pixels(tag, images, shown, height * width * channels, channels));
    }

    private static byte[] Pixels(string tag, Tensor images, int shown, int imageSize, int channels)
    {
        images.ReadingValue(nameof(Image));
        using var scope = Temporaries.Begin();
        Tensor first = Tensor.Outside(x => x[..shown], images);
        if (images.DType == DType.UInt8) return first.ToArray<byte>();
        if (!images.DType.IsFloatingPoint())
            throw new DTypeMismatchException($"Image: '{tag}' is {images.DType.Name()}; convert it with Cast to uint8, from 0 to 255, or to a floating-point dtype.");

        float[] values = Tensor.Outside(static x => x.Cast(DType.Float32), first).ToArray<float>();
        var pixels = new byte[values.Length];
        for (int at = 0; at < values.Length; at += imageSize) Stretch(values.AsSpan(at, imageSize), pixels.AsSpan(at, imageSize), channels);
        return pixels;
    }

    /// <summary>Maps one image to bytes as TensorFlow's image summary does (NormalizeFloatImage in summary_image_op.cc).</summary>
    internal static void Stretch(ReadOnlySpan<float> values, Span<byte> pixels, int channels)
    {
        float min = float.PositiveInfinity, max = float.NegativeInfinity;
        for (int at = 0; at < values.Length; at += channels)
        {
            if (!AllFinite(values.Slice(at, channels))) continue;
            foreach (float value in values.Slice(at, channels)) (min, max) = (Math.Min(min, value), Math.Max(max, value));
        }

        float limit = min < 0 ? Math.Max(-min, Math.Abs(max)) : max;
        float offset = min < 0 ? 128 : 0;
        float scale = limit < FaintestImage ? 0 : (min < 0 ? 127 : 255) / limit;
        for (int at = 0; at < values.Length; at += channels)
        {
            ReadOnlySpan<float> pixel = values.Slice(at, channels);
            if (!AllFinite(pixel)) BadPixel.AsSpan(0, channels).CopyTo(pixels[at..]);
            else for (int c = 0; c < channels; c++) pixels[at + c] = (byte)(pixel[c] * scale + offset);
        }
    }

    private static bool AllFinite(ReadOnlySpan<float> pixel)
    {
        foreach (float value in pixel)
            if (!float.IsFinite(value)) return false;
        return true;
    }

    private static byte[] Ascii(int number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
}
