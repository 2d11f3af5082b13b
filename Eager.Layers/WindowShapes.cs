namespace Eager.Layers;

/// <summary>The shapes of batches of sequences, images and volumes, before and after a window slid over them.</summary>
internal static class WindowShapes
{
    /// <summary>The shape after a window slid over an input; channels stay.</summary>
    internal static Shape Slide(Shape shape, DataFormat format, long[] window, long[] strides, Padding padding, long[] dilation, string title)
    {
        Windows.RequireRank(shape, window.Length, format, title);
        Shape slid = shape;
        for (int i = 0; i < window.Length; i++)
        {
            int axis = Windows.FirstAxis(format) + i;
            Dim places = padding.Places(i, shape[axis], window[i], strides[i], dilation[i]);
            if (!shape[axis].IsUnknown && places.Value < 1)
                throw new ShapeMismatchException($"{title}: a window of {Windows.Text(window)} does not fit into inputs of shape {shape}; make it smaller, or use Padding.Same.");
            slid = slid.With(axis, places);
        }
        return slid;
    }

    /// <summary>The shape with other sizes along the axes between batch and channels.</summary>
    internal static Shape Resize(Shape shape, DataFormat format, int axes, string title, Func<int, Dim, Dim> size)
    {
        Windows.RequireRank(shape, axes, format, title);
        Shape resized = shape;
        for (int i = 0; i < axes; i++)
        {
            int axis = Windows.FirstAxis(format) + i;
            resized = resized.With(axis, size(i, shape[axis]));
        }
        return resized;
    }
}
