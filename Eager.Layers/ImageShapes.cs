namespace Eager.Layers;

/// <summary>The shapes of batches of images, before and after a window slid over them.</summary>
internal static class ImageShapes
{
    internal static int ChannelAxis(DataFormat format) => Windows.ChannelAxis(format);

    internal static void Require(Shape shape, DataFormat format, string title)
    {
        if (shape.Rank != 4)
            throw new ShapeMismatchException($"{title}: the input is {shape}; it takes images of shape {(format == DataFormat.ChannelsLast ? "[batch, height, width, channels]" : "[batch, channels, height, width]")}. Reshape the input, or add the missing axis with ExpandDims.");
    }

    /// <summary>The shape after a window slid over images; channels stay.</summary>
    internal static Shape Slide(Shape shape, DataFormat format, Extent2D window, Extent2D strides, Padding padding, Extent2D dilation, string title)
    {
        Require(shape, format, title);
        int axis = Windows.HeightAxis(format);
        return shape.With(axis, Places(shape[axis], window.Height, strides.Height, dilation.Height))
            .With(axis + 1, Places(shape[axis + 1], window.Width, strides.Width, dilation.Width));

        Dim Places(Dim size, int extent, int stride, int gap)
        {
            if (padding == Padding.Same) return (size + (stride - 1)) / stride;
            Dim places = Windows.Places(size, extent, stride, 0, gap);
            return size.IsUnknown || size.Value >= (extent - 1) * gap + 1 ? places
                : throw new ShapeMismatchException($"{title}: a window of {window} does not fit into images of shape {shape}; make it smaller, or use Padding.Same.");
        }
    }
}
