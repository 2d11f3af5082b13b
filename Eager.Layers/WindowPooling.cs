namespace Eager.Layers;

/// <summary>Takes the largest element of each window of sequences: [batch, steps, channels] → [batch, steps', channels].</summary>
/// <param name="poolSize">The extent of the window; 2 along each axis when null.</param>
/// <param name="strides">How far the window moves; as far as it is wide when null.</param>
/// <param name="padding">How the window meets the edges.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class MaxPool1D(Extent? poolSize = null, Extent? strides = null, Padding padding = default, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : MaxPooling(1, poolSize, strides, padding, dataFormat, inputShape, name);

/// <summary>Takes the largest element of each window of images: [batch, height, width, channels] → [batch, height', width', channels].</summary>
/// <param name="poolSize">The extent of the window; 2 along each axis when null.</param>
/// <param name="strides">How far the window moves; as far as it is wide when null.</param>
/// <param name="padding">How the window meets the edges.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class MaxPool2D(Extent? poolSize = null, Extent? strides = null, Padding padding = default, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : MaxPooling(2, poolSize, strides, padding, dataFormat, inputShape, name);

/// <summary>Takes the largest element of each window of volumes: [batch, depth, height, width, channels] → [batch, depth', height', width', channels].</summary>
/// <param name="poolSize">The extent of the window; 2 along each axis when null.</param>
/// <param name="strides">How far the window moves; as far as it is wide when null.</param>
/// <param name="padding">How the window meets the edges.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class MaxPool3D(Extent? poolSize = null, Extent? strides = null, Padding padding = default, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : MaxPooling(3, poolSize, strides, padding, dataFormat, inputShape, name);

/// <summary>Takes the mean of each window of sequences: [batch, steps, channels] → [batch, steps', channels].</summary>
/// <param name="poolSize">The extent of the window; 2 along each axis when null.</param>
/// <param name="strides">How far the window moves; as far as it is wide when null.</param>
/// <param name="padding">How the window meets the edges.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class AvgPool1D(Extent? poolSize = null, Extent? strides = null, Padding padding = default, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : AvgPooling(1, poolSize, strides, padding, dataFormat, inputShape, name);

/// <summary>Takes the mean of each window of images: [batch, height, width, channels] → [batch, height', width', channels].</summary>
/// <param name="poolSize">The extent of the window; 2 along each axis when null.</param>
/// <param name="strides">How far the window moves; as far as it is wide when null.</param>
/// <param name="padding">How the window meets the edges.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class AvgPool2D(Extent? poolSize = null, Extent? strides = null, Padding padding = default, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : AvgPooling(2, poolSize, strides, padding, dataFormat, inputShape, name);

/// <summary>Takes the mean of each window of volumes: [batch, depth, height, width, channels] → [batch, depth', height', width', channels].</summary>
/// <param name="poolSize">The extent of the window; 2 along each axis when null.</param>
/// <param name="strides">How far the window moves; as far as it is wide when null.</param>
/// <param name="padding">How the window meets the edges.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class AvgPool3D(Extent? poolSize = null, Extent? strides = null, Padding padding = default, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : AvgPooling(3, poolSize, strides, padding, dataFormat, inputShape, name);
