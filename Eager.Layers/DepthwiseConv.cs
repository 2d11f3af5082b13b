namespace Eager.Layers;

/// <summary>Slides filters of its own over each channel of sequences: [batch, steps, channels] → [batch, steps', channels · multiplier]; the kernel is [window, channels, multiplier].</summary>
public sealed class DepthwiseConv1D : DepthwiseConvolution
{
    /// <summary>Makes a layer.</summary>
    /// <param name="kernelSize">The extent of the window.</param>
    /// <param name="strides">How far the window moves; one place when null.</param>
    /// <param name="padding">How the window meets the edges.</param>
    /// <param name="depthMultiplier">How many channels the depthwise filters make of each input channel.</param>
    /// <param name="activation">What to apply to the result; nothing when null.</param>
    /// <param name="useBias">Whether a bias is added to each output channel.</param>
    /// <param name="dilation">The distance of neighbours within the window; one place when null.</param>
    /// <param name="dataFormat">Where the channels are.</param>
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
    public DepthwiseConv1D(Extent kernelSize, Extent? strides = null, Padding padding = default, int depthMultiplier = 1, ActivationFunction? activation = null, bool useBias = true, Extent? dilation = null, DataFormat dataFormat = DataFormat.ChannelsLast, Initializer? kernelInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? biasConstraint = null, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32)
        : base(1, kernelSize, strides, padding, depthMultiplier, activation, useBias, dilation, dataFormat, new(kernelInitializer, kernelRegularizer, kernelConstraint), new(biasInitializer, biasRegularizer, biasConstraint), activityRegularizer, name, dtype) => BuildIfKnown(inputShape);
}

/// <summary>Slides filters of its own over each channel of images: [batch, height, width, channels] → [batch, height', width', channels · multiplier]; the kernel is [height, width, channels, multiplier].</summary>
public sealed class DepthwiseConv2D : DepthwiseConvolution
{
    /// <summary>Makes a layer.</summary>
    /// <param name="kernelSize">The extent of the window.</param>
    /// <param name="strides">How far the window moves; one place when null.</param>
    /// <param name="padding">How the window meets the edges.</param>
    /// <param name="depthMultiplier">How many channels the depthwise filters make of each input channel.</param>
    /// <param name="activation">What to apply to the result; nothing when null.</param>
    /// <param name="useBias">Whether a bias is added to each output channel.</param>
    /// <param name="dilation">The distance of neighbours within the window; one place when null.</param>
    /// <param name="dataFormat">Where the channels are.</param>
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
    public DepthwiseConv2D(Extent kernelSize, Extent? strides = null, Padding padding = default, int depthMultiplier = 1, ActivationFunction? activation = null, bool useBias = true, Extent? dilation = null, DataFormat dataFormat = DataFormat.ChannelsLast, Initializer? kernelInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? biasConstraint = null, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32)
        : base(2, kernelSize, strides, padding, depthMultiplier, activation, useBias, dilation, dataFormat, new(kernelInitializer, kernelRegularizer, kernelConstraint), new(biasInitializer, biasRegularizer, biasConstraint), activityRegularizer, name, dtype) => BuildIfKnown(inputShape);
}
