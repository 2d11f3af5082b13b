namespace Eager;

/// <summary>Which axis of a batch holds the channels.</summary>
public enum DataFormat
{
    /// <summary>The last: [batch, height, width, channels], the quicker one on CPUs.</summary>
    ChannelsLast = 0,

    /// <summary>The second: [batch, channels, height, width], as in PyTorch.</summary>
    ChannelsFirst = 1,
}

/// <summary>Places along each axis that a window slides over: the extent of the window, of a stride, of a dilation. One number stands for all axes.</summary>
/// <example><code>Tensor y = images.Conv2D(filters, strides: 2, dilation: (1, 3));</code></example>
public readonly record struct Extent
{
    private readonly int count;  // of the numbers given
    private readonly (int First, int Second, int Third) sizes;

    private Extent(int count, int first, int second = 0, int third = 0) => (this.count, sizes) = (count, (first, second, third));

    /// <summary>One number for all axes.</summary>
    public static implicit operator Extent(int all) => new(1, all);

    /// <summary>Height and width.</summary>
    public static implicit operator Extent((int Height, int Width) extent) => new(2, extent.Height, extent.Width);

    /// <summary>Depth, height and width.</summary>
    public static implicit operator Extent((int Depth, int Height, int Width) extent) => new(3, extent.Depth, extent.Height, extent.Width);

    /// <inheritdoc/>
    public override string ToString() => Windows.Text(Over(Math.Max(1, count)));

    /// <summary>The numbers of all axes, each at least the least.</summary>
    internal long[] Over(int axes, string op, string what, int least = 1)
    {
        if (count != 1 && count != axes) throw new InvalidArgumentException($"{op}: the {what} {this} is for {count} axes; it slides along {axes}. Give one number for all, or one for each.");
        long[] extent = Over(axes);
        return Array.TrueForAll(extent, n => n >= least) ? extent : throw new InvalidArgumentException($"{op}: the {what} {Windows.Text(extent)} must be at least {least} along each axis.");
    }

    private long[] Over(int axes) => count == 1
        ? [.. Enumerable.Repeat((long)sizes.First, axes)]
        : ((long[])[sizes.First, sizes.Second, sizes.Third])[..axes];
}

/// <summary>What convolutions and poolings share: layouts and frames. Axes that a window slides along are counted without batch and channels.</summary>
internal static class Windows
{
    private static readonly int[][] ToChannelsFirst = [[0, 2, 1], [0, 3, 1, 2], [0, 4, 1, 2, 3]];
    private static readonly int[][] ToChannelsLast = [[0, 2, 1], [0, 2, 3, 1], [0, 2, 3, 4, 1]];
    private static readonly string[][] Names = [["steps"], ["height", "width"], ["depth", "height", "width"]];

    // LibTorch's numbers of memory formats.
    private const int Contiguous = 0, ChannelsLast2D = 2, ChannelsLast3D = 3;

    /// <summary>The input as [batch, channels, ...]; from channels last a view, whose layout kernels keep.</summary>
    internal static Tensor ChannelsFirst(Tensor x, DataFormat format) => format == DataFormat.ChannelsLast ? x.Transpose(ToChannelsFirst[x.Rank - 3]) : x;

    /// <summary>A result of [batch, channels, ...] in the layout asked for.</summary>
    internal static Tensor InFormat(Tensor x, DataFormat format) => format == DataFormat.ChannelsLast ? x.Transpose(ToChannelsLast[x.Rank - 3]) : x;

    /// <summary>The first axis that a window slides along.</summary>
    internal static int FirstAxis(DataFormat format) => format == DataFormat.ChannelsLast ? 1 : 2;

    internal static int ChannelAxis(DataFormat format) => format == DataFormat.ChannelsLast ? -1 : 1;

    /// <summary>The sizes along the axes that a window slides along.</summary>
    internal static Shape Slid(Shape shape, DataFormat format) => format == DataFormat.ChannelsLast ? shape[1..^1] : shape[2..];

    /// <summary>As in <c>[batch, height, width, channels]</c>.</summary>
    internal static string Layout(int axes, DataFormat format) =>
        $"[{string.Join(", ", (string[])(format == DataFormat.ChannelsLast ? ["batch", .. Names[axes - 1], "channels"] : ["batch", "channels", .. Names[axes - 1]]))}]";

    /// <summary>As in <c>3×3</c>.</summary>
    internal static string Text(IEnumerable<long> extent) => string.Join('×', extent);

    internal static void RequireRank(Shape shape, int axes, DataFormat format, string op)
    {
        if (shape.Rank != axes + 2)
            throw new ShapeMismatchException($"{op}: the input is {shape}; it needs shape {Layout(axes, format)}. Reshape the input, or add the missing axis with ExpandDims.");
    }

    /// <summary>The frame of an input for windows with gaps: places before and after, along each axis.</summary>
    /// <exception cref="ShapeMismatchException">The window does not fit into the input.</exception>
    internal static (long[] Before, long[] After) Frame(Padding padding, Shape sizes, long[] window, long[] strides, long[] dilation, string op)
    {
        var before = new long[window.Length];
        var after = new long[window.Length];
        padding.RequireAxes(window.Length, op);
        for (int i = 0; i < window.Length; i++)
        {
            long covered = (window[i] - 1) * dilation[i] + 1;
            (before[i], after[i]) = padding.Around(i, sizes[i], covered, strides[i]);
            if (covered <= before[i] + sizes[i] + after[i]) continue;
            string gaps = Array.TrueForAll(dilation, static d => d == 1) ? "" : $" with dilation {Text(dilation)}";
            throw new ShapeMismatchException($"{op}: a window of {Text(window)}{gaps} does not fit into {Text(sizes.Select(static d => d.Value))}; make it smaller, or use Padding.Same.");
        }
        return (before, after);
    }

    /// <summary>A frame around an input of [batch, channels, ...].</summary>
    internal static Tensor Pad(Tensor x, long[] before, long[] after, Scalar value) =>
        x.Pad([(0, 0), (0, 0), .. before.Zip(after, static (b, a) => ((int)b, (int)a))], value);

    /// <summary>The number of places of a window along one axis.</summary>
    internal static Dim Places(Dim size, long window, long stride, long frame, long dilation) => (size + (2 * frame - dilation * (window - 1) - 1)) / stride + 1;

    /// <summary>The sizes of [batch, channels, ...] after a window slid along the other axes.</summary>
    internal static Shape Slide(Shape x, Dim channels, ReadOnlySpan<long> window, long[] strides, long[] frame, long[] dilation)
    {
        var sizes = new Dim[x.Rank];
        (sizes[0], sizes[1]) = (x[0], channels);
        for (int i = 0; i < strides.Length; i++) sizes[i + 2] = Places(x[i + 2], window[i], strides[i], frame[i], dilation[i]);
        return Shape.Of(sizes);
    }

    /// <summary>Memory of an input's shape, of which backward kernels read no more than shape and layout; the layout is that of the gradient.</summary>
    internal static unsafe Tensor Blank(Shape shape, Tensor gradient)
    {
        bool plain = Interop.Native.eager_is_contiguous(gradient.Enter()) != 0;
        gradient.Leave();
        int layout = plain || shape.Rank < 4 ? Contiguous : shape.Rank == 4 ? ChannelsLast2D : ChannelsLast3D;
        return Interop.Aten.empty_memory_format(shape.Sizes, (int)gradient.DType, -1, gradient.Device.Packed, default, layout);
    }
}
