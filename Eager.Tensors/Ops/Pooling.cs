namespace Eager;

public partial class Tensor
{
    /// <summary>The largest element of each window of sequences [batch, steps, channels].</summary>
    /// <inheritdoc cref="MaxPool2D(Extent, Extent?, Padding, DataFormat)"/>
    public Tensor MaxPool1D(Extent window, Extent? strides = null, Padding padding = default, DataFormat dataFormat = DataFormat.ChannelsLast) =>
        PoolingOps.Largest(this, new(nameof(MaxPool1D), 1, window, strides, padding, dataFormat));

    /// <summary>The largest element of each window, channel by channel; the gradient goes to the first such element.</summary>
    /// <param name="window">The window's extent.</param>
    /// <param name="strides">How far the window moves; as far as it is wide when null.</param>
    /// <param name="padding">How the window meets the edges; a frame never wins.</param>
    /// <param name="dataFormat">Where the channels of input and output are.</param>
    /// <exception cref="ShapeMismatchException">The input is of another rank, or the window does not fit it.</exception>
    /// <exception cref="InvalidArgumentException">An extent is below 1, or a frame as wide as the window.</exception>
    public Tensor MaxPool2D(Extent window, Extent? strides = null, Padding padding = default, DataFormat dataFormat = DataFormat.ChannelsLast) =>
        PoolingOps.Largest(this, new(nameof(MaxPool2D), 2, window, strides, padding, dataFormat));

    /// <summary>The largest element of each window of volumes [batch, depth, height, width, channels].</summary>
    /// <inheritdoc cref="MaxPool2D(Extent, Extent?, Padding, DataFormat)"/>
    public Tensor MaxPool3D(Extent window, Extent? strides = null, Padding padding = default, DataFormat dataFormat = DataFormat.ChannelsLast) =>
        PoolingOps.Largest(this, new(nameof(MaxPool3D), 3, window, strides, padding, dataFormat));

    /// <summary>The mean of each window of sequences [batch, steps, channels].</summary>
    /// <inheritdoc cref="AvgPool2D(Extent, Extent?, Padding, DataFormat)"/>
    public Tensor AvgPool1D(Extent window, Extent? strides = null, Padding padding = default, DataFormat dataFormat = DataFormat.ChannelsLast) =>
        PoolingOps.Mean(this, new(nameof(AvgPool1D), 1, window, strides, padding, dataFormat));

    /// <summary>The mean of each window, channel by channel; places of a frame do not count.</summary>
    /// <param name="window">The window's extent.</param>
    /// <param name="strides">How far the window moves; as far as it is wide when null.</param>
    /// <param name="padding">How the window meets the edges.</param>
    /// <param name="dataFormat">Where the channels of input and output are.</param>
    /// <exception cref="ShapeMismatchException">The input is of another rank, or the window does not fit it.</exception>
    /// <exception cref="InvalidArgumentException">An extent is below 1, or a frame as wide as the window.</exception>
    public Tensor AvgPool2D(Extent window, Extent? strides = null, Padding padding = default, DataFormat dataFormat = DataFormat.ChannelsLast) =>
        PoolingOps.Mean(this, new(nameof(AvgPool2D), 2, window, strides, padding, dataFormat));

    /// <summary>The mean of each window of volumes [batch, depth, height, width, channels].</summary>
    /// <inheritdoc cref="AvgPool2D(Extent, Extent?, Padding, DataFormat)"/>
    public Tensor AvgPool3D(Extent window, Extent? strides = null, Padding padding = default, DataFormat dataFormat = DataFormat.ChannelsLast) =>
        PoolingOps.Mean(this, new(nameof(AvgPool3D), 3, window, strides, padding, dataFormat));

    /// <summary>Max pooling of sequences [batch, steps, channels] to a number of places.</summary>
    /// <inheritdoc cref="AdaptiveMaxPool2D(Extent, DataFormat)"/>
    public Tensor AdaptiveMaxPool1D(Extent places, DataFormat dataFormat = DataFormat.ChannelsLast) => PoolingOps.AdaptiveLargest(this, nameof(AdaptiveMaxPool1D), 1, places, dataFormat);

    /// <summary>Max pooling to a number of places: of n elements, place i of m sees those from ⌊i·n/m⌋ up to, not including, ⌈(i + 1)·n/m⌉.</summary>
    /// <param name="places">How many places there are along each axis.</param>
    /// <param name="dataFormat">Where the channels of input and output are.</param>
    public Tensor AdaptiveMaxPool2D(Extent places, DataFormat dataFormat = DataFormat.ChannelsLast) => PoolingOps.AdaptiveLargest(this, nameof(AdaptiveMaxPool2D), 2, places, dataFormat);

    /// <summary>Max pooling of volumes [batch, depth, height, width, channels] to a number of places.</summary>
    /// <inheritdoc cref="AdaptiveMaxPool2D(Extent, DataFormat)"/>
    public Tensor AdaptiveMaxPool3D(Extent places, DataFormat dataFormat = DataFormat.ChannelsLast) => PoolingOps.AdaptiveLargest(this, nameof(AdaptiveMaxPool3D), 3, places, dataFormat);

    /// <summary>Average pooling of sequences [batch, steps, channels] to a number of places.</summary>
    /// <inheritdoc cref="AdaptiveAvgPool2D(Extent, DataFormat)"/>
    public Tensor AdaptiveAvgPool1D(Extent places, DataFormat dataFormat = DataFormat.ChannelsLast) => PoolingOps.AdaptiveMean(this, nameof(AdaptiveAvgPool1D), 1, places, dataFormat);

    /// <summary>Average pooling to a number of places: of n elements, place i of m sees those from ⌊i·n/m⌋ up to, not including, ⌈(i + 1)·n/m⌉.</summary>
    /// <param name="places">How many places there are along each axis.</param>
    /// <param name="dataFormat">Where the channels of input and output are.</param>
    public Tensor AdaptiveAvgPool2D(Extent places, DataFormat dataFormat = DataFormat.ChannelsLast) => PoolingOps.AdaptiveMean(this, nameof(AdaptiveAvgPool2D), 2, places, dataFormat);

    /// <summary>Average pooling of volumes [batch, depth, height, width, channels] to a number of places.</summary>
    /// <inheritdoc cref="AdaptiveAvgPool2D(Extent, DataFormat)"/>
    public Tensor AdaptiveAvgPool3D(Extent places, DataFormat dataFormat = DataFormat.ChannelsLast) => PoolingOps.AdaptiveMean(this, nameof(AdaptiveAvgPool3D), 3, places, dataFormat);

    /// <summary>The largest element of each channel: [batch, ..., channels] → [batch, channels]. Where several are largest, they share the gradient.</summary>
    /// <param name="dataFormat">Where the channels are.</param>
    /// <param name="keepDims">Whether the other axes stay, with size 1.</param>
    /// <exception cref="ShapeMismatchException">There is no axis between batch and channels.</exception>
    public Tensor GlobalMaxPool(DataFormat dataFormat = DataFormat.ChannelsLast, bool keepDims = false) => Max(PoolingOps.RequireInner(this, dataFormat, nameof(GlobalMaxPool)), keepDims);

    /// <summary>The mean of each channel: [batch, ..., channels] → [batch, channels].</summary>
    /// <param name="dataFormat">Where the channels are.</param>
    /// <param name="keepDims">Whether the other axes stay, with size 1.</param>
    /// <exception cref="ShapeMismatchException">There is no axis between batch and channels.</exception>
    public Tensor GlobalAvgPool(DataFormat dataFormat = DataFormat.ChannelsLast, bool keepDims = false) => Mean(PoolingOps.RequireInner(this, dataFormat, nameof(GlobalAvgPool)), keepDims);
}
