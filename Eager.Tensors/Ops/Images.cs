using Eager.Interop;

namespace Eager;

/// <summary>How a resized image is computed between the places of the given one.</summary>
public enum Interpolation
{
    /// <summary>The element at or before the place.</summary>
    Nearest = 0,

    /// <summary>Linear between the two neighbours along each axis.</summary>
    Bilinear = 1,

    /// <summary>Cubic through the four neighbours along each axis, with a = −3/4 (Keys 1981).</summary>
    Bicubic = 2,
}

public partial class Tensor
{
    /// <summary>Images of another size: [batch, height, width, channels] → [batch, height', width', channels].</summary>
    /// <param name="size">The new height and width.</param>
    /// <param name="interpolation">How elements are computed.</param>
    /// <param name="alignCorners">Whether the corners' centres stay in place, not the corners; nearest takes no notice.</param>
    /// <param name="dataFormat">Where the channels of input and output are.</param>
    /// <remarks>Place i of n' lies at (i + ½)·n/n' − ½ in the given image, or with aligned corners at i·(n − 1)/(n' − 1); nearest takes ⌊i·n/n'⌋. Edges are repeated.</remarks>
    /// <exception cref="ShapeMismatchException">The input is no batch of images, or has no elements along an axis.</exception>
    /// <exception cref="InvalidArgumentException">A size is below 1.</exception>
    public Tensor Resize(Extent size, Interpolation interpolation = Interpolation.Bilinear, bool alignCorners = false, DataFormat dataFormat = DataFormat.ChannelsLast)
    {
        long[] wanted = size.Over(2, nameof(Resize), "size");
        Windows.RequireRank(ConcreteShape, 2, dataFormat, nameof(Resize));
        if (Windows.Slid(ConcreteShape, dataFormat).Any(static d => d.Value == 0)) throw new ShapeMismatchException($"Resize: the input {ConcreteShape} has nothing to compute an image from.");
        using var scope = Temporaries.Begin();
        return scope.Keep(Windows.InFormat(ImageOps.Resize.Apply([Windows.ChannelsFirst(this, dataFormat)], new(wanted, interpolation, alignCorners)), dataFormat));
    }

    /// <summary>Takes factor² channels apart into squares of places: [batch, h, w, c·f²] → [batch, h·f, w·f, c] (Shi et al. 2016).</summary>
    /// <param name="factor">f; channel c·f² + i·f + j goes to row i and column j of its square, as in PyTorch.</param>
    /// <param name="dataFormat">Where the channels of input and output are.</param>
    /// <exception cref="ShapeMismatchException">The input is no batch of images, or its channels do not fall into squares.</exception>
    public Tensor PixelShuffle(int factor, DataFormat dataFormat = DataFormat.ChannelsLast)
    {
        Windows.RequireRank(ConcreteShape, 2, dataFormat, nameof(PixelShuffle));
        int square = ImageOps.RequireFactor(factor, nameof(PixelShuffle)) * factor;
        long channels = ConcreteShape[Windows.ChannelAxis(dataFormat)];
        if (channels % square != 0) throw new ShapeMismatchException($"PixelShuffle: {channels} channels of {ConcreteShape} do not fall into squares of {factor}×{factor}.");
        using var scope = Temporaries.Begin();
        Tensor x = Windows.ChannelsFirst(this, dataFormat);
        (Dim batch, Dim made, Dim height, Dim width) = (x.Shape[0], x.Shape[1] / square, x.Shape[2], x.Shape[3]);
        Tensor y = x.Reshape([batch, made, factor, factor, height, width]).Transpose(0, 1, 4, 2, 5, 3).Reshape([batch, made, height * factor, width * factor]);
        return scope.Keep(Windows.InFormat(y, dataFormat));
    }

    /// <summary>The inverse of <see cref="PixelShuffle"/>: [batch, h·f, w·f, c] → [batch, h, w, c·f²].</summary>
    /// <param name="factor">f.</param>
    /// <param name="dataFormat">Where the channels of input and output are.</param>
    /// <exception cref="ShapeMismatchException">The input is no batch of images, or they do not fall into squares.</exception>
    public Tensor PixelUnshuffle(int factor, DataFormat dataFormat = DataFormat.ChannelsLast)
    {
        Windows.RequireRank(ConcreteShape, 2, dataFormat, nameof(PixelUnshuffle));
        ImageOps.RequireFactor(factor, nameof(PixelUnshuffle));
        if (Windows.Slid(ConcreteShape, dataFormat).Any(d => d.Value % factor != 0)) throw new ShapeMismatchException($"PixelUnshuffle: images of {ConcreteShape} do not fall into squares of {factor}×{factor}.");
        using var scope = Temporaries.Begin();
        Tensor x = Windows.ChannelsFirst(this, dataFormat);
        (Dim batch, Dim channels, Dim height, Dim width) = (x.Shape[0], x.Shape[1], x.Shape[2] / factor, x.Shape[3] / factor);
        Tensor y = x.Reshape([batch, channels, height, factor, width, factor]).Transpose(0, 1, 3, 5, 2, 4).Reshape([batch, channels * (factor * factor), height, width]);
        return scope.Keep(Windows.InFormat(y, dataFormat));
    }
}

internal static class ImageOps
{
    internal readonly record struct Attributes(long[] Size, Interpolation Interpolation, bool AlignCorners);

    internal readonly record struct BackwardAttributes(Attributes Resizing, Shape Shape);

    // y = A·x, linear with weights that hang on the sizes alone ⇒ dx = Aᵀ·g
    internal static readonly Op<Attributes> Resize = new("Resize",
        static (x, in a) => a.Interpolation switch
        {
            Interpolation.Nearest => Aten.upsample_nearest2d(x[0], a.Size, default, default),
            Interpolation.Bilinear => Aten.upsample_bilinear2d(x[0], a.Size, a.AlignCorners, default, default),
            _ => Aten.upsample_bicubic2d(x[0], a.Size, a.AlignCorners, default, default),
        },
        static (x, in a) => [x[0][0], x[0][1], a.Size[0], a.Size[1]])
    {
        Accepts = Accepts.Differentiable,
        Gradients = [new(Keep.Shapes, static (g, in s) => ResizeBackward!.Apply([g], new(s.Attributes, s.Shape(0))))],
    };

    // z = Aᵀ·g ⇒ dg = A·h
    internal static readonly Op<BackwardAttributes> ResizeBackward = new("ResizeBackward",
        static (x, in attributes) =>
        {
            Attributes a = attributes.Resizing;
            ReadOnlySpan<long> sizes = attributes.Shape.Sizes;
            return a.Interpolation switch
            {
                Interpolation.Nearest => Aten.upsample_nearest2d_backward(x[0], a.Size, sizes, default, default),
                Interpolation.Bilinear => Aten.upsample_bilinear2d_backward(x[0], a.Size, sizes, a.AlignCorners, default, default),
                _ => Aten.upsample_bicubic2d_backward(x[0], a.Size, sizes, a.AlignCorners, default, default),
            };
        },
        static (x, in a) => a.Shape)
    {
        Accepts = Accepts.Differentiable,
        Gradients = [new(Keep.Nothing, static (g, in s) => Resize.Apply([g], s.Attributes.Resizing))],
    };

    internal static int RequireFactor(int factor, string op) => factor >= 1 ? factor : throw new InvalidArgumentException($"{op}: the factor {factor} must be at least 1.");
}
