namespace Eager.Layers;

/// <summary>The transpose of a convolution over sequences, which makes them larger: [batch, steps, channels] → [batch, steps', filters]; the kernel is [window, filters / groups, input channels].</summary>
public sealed class Conv1DTranspose : TransposedConvolution
{
    /// <summary>Makes a layer.</summary>
    /// <param name="filters">The number of output channels.</param>
    /// <param name="kernelSize">The extent of the window.</param>
    /// <param name="strides">How far the window moves; one place when null.</param>
    /// <param name="padding">How the window meets the edges.</param>
    /// <param name="activation">What to apply to the result; nothing when null.</param>
    /// <param name="useBias">Whether a bias is added to each output channel.</param>
    /// <param name="dilation">The distance of neighbours within the window; one place when null.</param>
    /// <param name="groups">Into how many groups the channels fall.</param>
    /// <param name="dataFormat">Where the channels are.</param>
    /// <param name="outputPadding">Places more at the end: which of the sizes that a stride makes equal.</param>
    /// <param name="kernelInitializer">How the kernel's first values are made; Glorot uniform when null.</param>
    /// <param name="biasInitializer">How the bias's first values are made; zeros when null.</param>
    /// <param name="kernelRegularizer">A penalty on the kernel.</param>
    /// <param name="biasRegularizer">A penalty on the bias.</param>
    /// <param name="activityRegularizer">A penalty on what the layer gives.</param>
    /// <param name="kernelConstraint">What the kernel is made to be after each update.</param>
    /// <param name="biasConstraint">What the bias is made to be after each update.</param>
    /// <param name="inputShape">The shape of one input without the batch; builds the layer at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <param name="dtype">The dtype of the weights, which inputs must have.</param>
    public Conv1DTranspose(int filters, Extent kernelSize, Extent? strides = null, Padding padding = default, ActivationFunction? activation = null, bool useBias = true, Extent? dilation = null, int groups = 1, DataFormat dataFormat = DataFormat.ChannelsLast, Extent? outputPadding = null, Initializer? kernelInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? biasConstraint = null, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32)
        : base(1, filters, kernelSize, strides, padding, activation, useBias, dilation, groups, dataFormat, new(kernelInitializer, kernelRegularizer, kernelConstraint), new(biasInitializer, biasRegularizer, biasConstraint), activityRegularizer, name, dtype, outputPadding) => BuildIfKnown(inputShape);
}

/// <summary>The transpose of a convolution over images, which makes them larger: [batch, height, width, channels] → [batch, height', width', filters]; the kernel is [height, width, filters / groups, input channels].</summary>
public sealed class Conv2DTranspose : TransposedConvolution
{
    /// <summary>Makes a layer.</summary>
    /// <param name="filters">The number of output channels.</param>
    /// <param name="kernelSize">The extent of the window.</param>
    /// <param name="strides">How far the window moves; one place when null.</param>
    /// <param name="padding">How the window meets the edges.</param>
    /// <param name="activation">What to apply to the result; nothing when null.</param>
    /// <param name="useBias">Whether a bias is added to each output channel.</param>
    /// <param name="dilation">The distance of neighbours within the window; one place when null.</param>
    /// <param name="groups">Into how many groups the channels fall.</param>
    /// <param name="dataFormat">Where the channels are.</param>
    /// <param name="outputPadding">Places more at the end: which of the sizes that a stride makes equal.</param>
    /// <param name="kernelInitializer">How the kernel's first values are made; Glorot uniform when null.</param>
    /// <param name="biasInitializer">How the bias's first values are made; zeros when null.</param>
    /// <param name="kernelRegularizer">A penalty on the kernel.</param>
    /// <param name="biasRegularizer">A penalty on the bias.</param>
    /// <param name="activityRegularizer">A penalty on what the layer gives.</param>
    /// <param name="kernelConstraint">What the kernel is made to be after each update.</param>
    /// <param name="biasConstraint">What the bias is made to be after each update.</param>
    /// <param name="inputShape">The shape of one input without the batch; builds the layer at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <param name="dtype">The dtype of the weights, which inputs must have.</param>
    public Conv2DTranspose(int filters, Extent kernelSize, Extent? strides = null, Padding padding = default, ActivationFunction? activation = null, bool useBias = true, Extent? dilation = null, int groups = 1, DataFormat dataFormat = DataFormat.ChannelsLast, Extent? outputPadding = null, Initializer? kernelInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? biasConstraint = null, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32)
        : base(2, filters, kernelSize, strides, padding, activation, useBias, dilation, groups, dataFormat, new(kernelInitializer, kernelRegularizer, kernelConstraint), new(biasInitializer, biasRegularizer, biasConstraint), activityRegularizer, name, dtype, outputPadding) => BuildIfKnown(inputShape);
}

/// <summary>The transpose of a convolution over volumes, which makes them larger: [batch, depth, height, width, channels] → [batch, depth', height', width', filters]; the kernel is [depth, height, width, filters / groups, input channels].</summary>
public sealed class Conv3DTranspose : TransposedConvolution
{
    /// <summary>Makes a layer.</summary>
    /// <param name="filters">The number of output channels.</param>
    /// <param name="kernelSize">The extent of the window.</param>
    /// <param name="strides">How far the window moves; one place when null.</param>
    /// <param name="padding">How the window meets the edges.</param>
    /// <param name="activation">What to apply to the result; nothing when null.</param>
    /// <param name="useBias">Whether a bias is added to each output channel.</param>
    /// <param name="dilation">The distance of neighbours within the window; one place when null.</param>
    /// <param name="groups">Into how many groups the channels fall.</param>
    /// <param name="dataFormat">Where the channels are.</param>
    /// <param name="outputPadding">Places more at the end: which of the sizes that a stride makes equal.</param>
    /// <param name="kernelInitializer">How the kernel's first values are made; Glorot uniform when null.</param>
    /// <param name="biasInitializer">How the bias's first values are made; zeros when null.</param>
    /// <param name="kernelRegularizer">A penalty on the kernel.</param>
    /// <param name="biasRegularizer">A penalty on the bias.</param>
    /// <param name="activityRegularizer">A penalty on what the layer gives.</param>
    /// <param name="kernelConstraint">What the kernel is made to be after each update.</param>
    /// <param name="biasConstraint">What the bias is made to be after each update.</param>
    /// <param name="inputShape">The shape of one input without the batch; builds the layer at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <param name="dtype">The dtype of the weights, which inputs must have.</param>
    public Conv3DTranspose(int filters, Extent kernelSize, Extent? strides = null, Padding padding = default, ActivationFunction? activation = null, bool useBias = true, Extent? dilation = null, int groups = 1, DataFormat dataFormat = DataFormat.ChannelsLast, Extent? outputPadding = null, Initializer? kernelInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? biasConstraint = null, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32)
        : base(3, filters, kernelSize, strides, padding, activation, useBias, dilation, groups, dataFormat, new(kernelInitializer, kernelRegularizer, kernelConstraint), new(biasInitializer, biasRegularizer, biasConstraint), activityRegularizer, name, dtype, outputPadding) => BuildIfKnown(inputShape);
}
