namespace Eager.Layers;

/// <summary>Takes the largest element of each channel of sequences: [batch, steps, channels] → [batch, channels].</summary>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="keepDims">Whether the other axes stay, with size 1.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class GlobalMaxPool1D(DataFormat dataFormat = DataFormat.ChannelsLast, bool keepDims = false, Shape? inputShape = null, string? name = null)
    : GlobalPooling(1, Largest, dataFormat, keepDims, inputShape, name);

/// <summary>Takes the largest element of each channel of images: [batch, height, width, channels] → [batch, channels].</summary>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="keepDims">Whether the other axes stay, with size 1.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class GlobalMaxPool2D(DataFormat dataFormat = DataFormat.ChannelsLast, bool keepDims = false, Shape? inputShape = null, string? name = null)
    : GlobalPooling(2, Largest, dataFormat, keepDims, inputShape, name);

/// <summary>Takes the largest element of each channel of volumes: [batch, depth, height, width, channels] → [batch, channels].</summary>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="keepDims">Whether the other axes stay, with size 1.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class GlobalMaxPool3D(DataFormat dataFormat = DataFormat.ChannelsLast, bool keepDims = false, Shape? inputShape = null, string? name = null)
    : GlobalPooling(3, Largest, dataFormat, keepDims, inputShape, name);

/// <summary>Takes the mean of each channel of sequences: [batch, steps, channels] → [batch, channels].</summary>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="keepDims">Whether the other axes stay, with size 1.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class GlobalAvgPool1D(DataFormat dataFormat = DataFormat.ChannelsLast, bool keepDims = false, Shape? inputShape = null, string? name = null)
    : GlobalPooling(1, Average, dataFormat, keepDims, inputShape, name);

/// <summary>Takes the mean of each channel of images: [batch, height, width, channels] → [batch, channels].</summary>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="keepDims">Whether the other axes stay, with size 1.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class GlobalAvgPool2D(DataFormat dataFormat = DataFormat.ChannelsLast, bool keepDims = false, Shape? inputShape = null, string? name = null)
    : GlobalPooling(2, Average, dataFormat, keepDims, inputShape, name);

/// <summary>Takes the mean of each channel of volumes: [batch, depth, height, width, channels] → [batch, channels].</summary>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="keepDims">Whether the other axes stay, with size 1.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class GlobalAvgPool3D(DataFormat dataFormat = DataFormat.ChannelsLast, bool keepDims = false, Shape? inputShape = null, string? name = null)
    : GlobalPooling(3, Average, dataFormat, keepDims, inputShape, name);
