namespace Eager;

/// <summary>How a window that slides over an image meets its edges.</summary>
public enum Padding
{
    /// <summary>The window stays inside: an image of size n gives ⌊(n − window)/stride⌋ + 1 places.</summary>
    Valid = 0,

    /// <summary>The image is framed, evenly and at the end first, so that size n gives ⌈n/stride⌉ places.</summary>
    Same = 1,
}

/// <summary>Which axis of a batch of images holds the channels.</summary>
public enum DataFormat
{
    /// <summary>The last: [batch, height, width, channels], the quicker one on CPUs.</summary>
    ChannelsLast = 0,

    /// <summary>The second: [batch, channels, height, width], as in PyTorch.</summary>
    ChannelsFirst = 1,
}

/// <summary>A height and a width in places: of a window, a stride, a dilation. One number stands for both.</summary>
/// <param name="Height">The extent along the height.</param>
/// <param name="Width">The extent along the width.</param>
public readonly record struct Extent2D(int Height, int Width)
{
    /// <summary>One number for both.</summary>
    public static implicit operator Extent2D(int both) => new(both, both);

    /// <summary>Height and width.</summary>
    public static implicit operator Extent2D((int Height, int Width) extent) => new(extent.Height, extent.Width);

    /// <inheritdoc/>
    public override string ToString() => $"{Height}×{Width}";

    internal long[] ToLongs() => [Height, Width];

    internal Extent2D RequirePositive(string op, string what) =>
        Height > 0 && Width > 0 ? this : throw new InvalidArgumentException($"{op}: {what} {this} must be at least 1×1.");
}

/// <summary>What convolutions and poolings over images share: layouts and frames.</summary>
internal static class Windows
{
    private static readonly int[] ToChannelsFirst = [0, 3, 1, 2];
    private static readonly int[] ToChannelsLast = [0, 2, 3, 1];

    /// <summary>The images as [batch, channels, height, width]; from channels last a view, whose layout kernels keep.</summary>
    internal static Tensor ChannelsFirst(Tensor x, DataFormat format) => format == DataFormat.ChannelsLast ? x.Transpose(ToChannelsFirst) : x;

    /// <summary>Images of [batch, channels, height, width] in the layout asked for.</summary>
    internal static Tensor InFormat(Tensor x, DataFormat format) => format == DataFormat.ChannelsLast ? x.Transpose(ToChannelsLast) : x;

    internal static int HeightAxis(DataFormat format) => format == DataFormat.ChannelsLast ? 1 : 2;

    internal static int ChannelAxis(DataFormat format) => format == DataFormat.ChannelsLast ? 3 : 1;

    internal static void RequireImages(Tensor x, DataFormat format, string op)
    {
        if (x.Rank != 4)
            throw new ShapeMismatchException($"{op}: the input is {x.ConcreteShape}; images need shape {(format == DataFormat.ChannelsLast ? "[batch, height, width, channels]" : "[batch, channels, height, width]")}.");
    }

    /// <summary>The frames of an image for windows with gaps: places before and after, along height and width.</summary>
    /// <exception cref="ShapeMismatchException">The window does not fit into the image.</exception>
    internal static (Extent2D Before, Extent2D After) Frame(Padding padding, Shape shape, DataFormat format, Extent2D window, Extent2D strides, Extent2D dilation, string op)
    {
        int axis = HeightAxis(format);
        (int top, int bottom) = Frame(padding, shape[axis], window.Height, strides.Height, dilation.Height);
        (int left, int right) = Frame(padding, shape[axis + 1], window.Width, strides.Width, dilation.Width);
        if (top < 0 || left < 0)
            throw new ShapeMismatchException($"{op}: a window of {window}{(dilation == 1 ? "" : $" with dilation {dilation}")} does not fit into images of {shape[axis]}×{shape[axis + 1]}; make it smaller, or use Padding.Same.");
        return (new(top, left), new(bottom, right));
    }

    /// <summary>A frame around images of [batch, channels, height, width].</summary>
    internal static Tensor Pad(Tensor x, Extent2D before, Extent2D after, Scalar value) =>
        x.Pad([(0, 0), (0, 0), (before.Height, after.Height), (before.Width, after.Width)], value);

    // A frame below zero: the window does not fit.
    private static (int Before, int After) Frame(Padding padding, long size, int window, int stride, int dilation)
    {
        long covered = (long)(window - 1) * dilation + 1;
        if (padding == Padding.Valid) return covered <= size ? (0, 0) : (-1, -1);
        long places = (size + stride - 1) / stride;
        long total = Math.Max(0, (places - 1) * stride + covered - size);
        return ((int)(total / 2), (int)(total - total / 2));
    }

    /// <summary>The number of places of a window along one axis.</summary>
    internal static Dim Places(Dim size, long window, long stride, long frame, long dilation) => (size + (2 * frame - dilation * (window - 1) - 1)) / stride + 1;
}
