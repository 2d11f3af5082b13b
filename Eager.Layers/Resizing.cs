namespace Eager.Layers;

/// <summary>Puts zeros before and after sequences, along steps.</summary>
/// <param name="steps">How many along the steps; one before and one after when null.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class ZeroPadding1D((int Before, int After)? steps = null, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : ZeroPadding(1, [steps ?? (1, 1)], dataFormat, inputShape, name);

/// <summary>Takes places away before and after sequences, along steps.</summary>
/// <param name="steps">How many along the steps; one before and one after when null.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class Cropping1D((int Before, int After)? steps = null, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : Cropping(1, [steps ?? (1, 1)], dataFormat, inputShape, name);

/// <summary>Repeats each place of sequences, along steps.</summary>
/// <param name="size">How often; twice along each axis when null.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class UpSampling1D(Extent? size = null, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : UpSampling(1, size, Interpolation.Nearest, dataFormat, inputShape, name);

/// <summary>Puts zeros before and after images, along height and width.</summary>
/// <param name="height">How many along the height; one before and one after when null.</param>
/// <param name="width">How many along the width; one before and one after when null.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class ZeroPadding2D((int Before, int After)? height = null, (int Before, int After)? width = null, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : ZeroPadding(2, [height ?? (1, 1), width ?? (1, 1)], dataFormat, inputShape, name);

/// <summary>Takes places away before and after images, along height and width.</summary>
/// <param name="height">How many along the height; one before and one after when null.</param>
/// <param name="width">How many along the width; one before and one after when null.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class Cropping2D((int Before, int After)? height = null, (int Before, int After)? width = null, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : Cropping(2, [height ?? (1, 1), width ?? (1, 1)], dataFormat, inputShape, name);

/// <summary>Repeats each place of images, along height and width.</summary>
/// <param name="size">How often; twice along each axis when null.</param>
/// <param name="interpolation">How new places are computed; they repeat the nearest unless given.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class UpSampling2D(Extent? size = null, Interpolation interpolation = Interpolation.Nearest, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : UpSampling(2, size, interpolation, dataFormat, inputShape, name);

/// <summary>Puts zeros before and after volumes, along depth, height and width.</summary>
/// <param name="depth">How many along the depth; one before and one after when null.</param>
/// <param name="height">How many along the height; one before and one after when null.</param>
/// <param name="width">How many along the width; one before and one after when null.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class ZeroPadding3D((int Before, int After)? depth = null, (int Before, int After)? height = null, (int Before, int After)? width = null, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : ZeroPadding(3, [depth ?? (1, 1), height ?? (1, 1), width ?? (1, 1)], dataFormat, inputShape, name);

/// <summary>Takes places away before and after volumes, along depth, height and width.</summary>
/// <param name="depth">How many along the depth; one before and one after when null.</param>
/// <param name="height">How many along the height; one before and one after when null.</param>
/// <param name="width">How many along the width; one before and one after when null.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class Cropping3D((int Before, int After)? depth = null, (int Before, int After)? height = null, (int Before, int After)? width = null, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : Cropping(3, [depth ?? (1, 1), height ?? (1, 1), width ?? (1, 1)], dataFormat, inputShape, name);

/// <summary>Repeats each place of volumes, along depth, height and width.</summary>
/// <param name="size">How often; twice along each axis when null.</param>
/// <param name="dataFormat">Where the channels are.</param>
/// <param name="inputShape">The shape of one input without the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class UpSampling3D(Extent? size = null, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
    : UpSampling(3, size, Interpolation.Nearest, dataFormat, inputShape, name);
