namespace Eager.Layers;

/// <summary>A depthwise convolution over sequences, then one of single places that mixes the channels: [batch, steps, channels] → [batch, steps', filters].</summary>
public sealed class SeparableConv1D : SeparableConvolution
{
    /// <summary>Makes a layer.</summary>
    /// <param name="filters">The number of output channels.</param>
    /// <param name="kernelSize">The extent of the window.</param>
    /// <param name="strides">How far the window moves; one place when null.</param>
    /// <param name="padding">How the window meets the edges.</param>
    /// <param name="depthMultiplier">How many channels the depthwise filters make of each input channel.</param>
    /// <param name="activation">What to apply to the result; nothing when null.</param>
    /// <param name="useBias">Whether a bias is added to each output channel.</param>
    /// <param name="dilation">The distance of neighbours within the window; one place when null.</param>
    /// <param name="dataFormat">Where the channels are.</param>
    /// <param name="depthwiseInitializer">How the depthwise filters' first values are made; Glorot uniform when null.</param>
    /// <param name="pointwiseInitializer">How the pointwise filters' first values are made; Glorot uniform when null.</param>
    /// <param name="biasInitializer">How the bias's first values are made; zeros when null.</param>
    /// <param name="depthwiseRegularizer">A penalty on the depthwise filters.</param>
    /// <param name="pointwiseRegularizer">A penalty on the pointwise filters.</param>
    /// <param name="biasRegularizer">A penalty on the bias.</param>
    /// <param name="activityRegularizer">A penalty on what the layer gives.</param>
    /// <param name="depthwiseConstraint">What the depthwise filters are made to be after each update.</param>
    /// <param name="pointwiseConstraint">What the pointwise filters are made to be after each update.</param>
    /// <param name="biasConstraint">What the bias is made to be after each update.</param>
    /// <param name="inputShape">The shape of one input without the batch; builds the layer at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <param name="dtype">The dtype of the weights, which inputs must have.</param>
    public SeparableConv1D(int filters, Extent kernelSize, Extent? strides = null, Padding padding = default, int depthMultiplier = 1, ActivationFunction? activation = null, bool useBias = true, Extent? dilation = null, DataFormat dataFormat = DataFormat.ChannelsLast, Initializer? depthwiseInitializer = null, Initializer? pointwiseInitializer = null, Initializer? biasInitializer = null, Regularizer? depthwiseRegularizer = null, Regularizer? pointwiseRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? depthwiseConstraint = null, Constraint? pointwiseConstraint = null, Constraint? biasConstraint = null, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32)
        : base(1, filters, kernelSize, strides, padding, depthMultiplier, activation, useBias, dilation, dataFormat, new(depthwiseInitializer, depthwiseRegularizer, depthwiseConstraint), new(pointwiseInitializer, pointwiseRegularizer, pointwiseConstraint), new(biasInitializer, biasRegularizer, biasConstraint), activityRegularizer, name, dtype) => BuildIfKnown(inputShape);
}

/// <summary>A depthwise convolution over images, then one of single places that mixes the channels: [batch, height, width, channels] → [batch, height', width', filters].</summary>
public sealed class SeparableConv2D : SeparableConvolution
{
    /// <summary>Makes a layer.</summary>
    /// <param name="filters">The number of output channels.</param>
    /// <param name="kernelSize">The extent of the window.</param>
    /// <param name="strides">How far the window moves; one place when null.</param>
    /// <param name="padding">How the window meets the edges.</param>
    /// <param name="depthMultiplier">How many channels the depthwise filters make of each input channel.</param>
    /// <param name="activation">What to apply to the result; nothing when null.</param>
    /// <param name="useBias">Whether a bias is added to each output channel.</param>
    /// <param name="dilation">The distance of neighbours within the window; one place when null.</param>
    /// <param name="dataFormat">Where the channels are.</param>
    /// <param name="depthwiseInitializer">How the depthwise filters' first values are made; Glorot uniform when null.</param>
    /// <param name="pointwiseInitializer">How the pointwise filters' first values are made; Glorot uniform when null.</param>
    /// <param name="biasInitializer">How the bias's first values are made; zeros when null.</param>
    /// <param name="depthwiseRegularizer">A penalty on the depthwise filters.</param>
    /// <param name="pointwiseRegularizer">A penalty on the pointwise filters.</param>
    /// <param name="biasRegularizer">A penalty on the bias.</param>
    /// <param name="activityRegularizer">A penalty on what the layer gives.</param>
    /// <param name="depthwiseConstraint">What the depthwise filters are made to be after each update.</param>
    /// <param name="pointwiseConstraint">What the pointwise filters are made to be after each update.</param>
    /// <param name="biasConstraint">What the bias is made to be after each update.</param>
    /// <param name="inputShape">The shape of one input without the batch; builds the layer at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <param name="dtype">The dtype of the weights, which inputs must have.</param>
    public SeparableConv2D(int filters, Extent kernelSize, Extent? strides = null, Padding padding = default, int depthMultiplier = 1, ActivationFunction? activation = null, bool useBias = true, Extent? dilation = null, DataFormat dataFormat = DataFormat.ChannelsLast, Initializer? depthwiseInitializer = null, Initializer? pointwiseInitializer = null, Initializer? biasInitializer = null, Regularizer? depthwiseRegularizer = null, Regularizer? pointwiseRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? depthwiseConstraint = null, Constraint? pointwiseConstraint = null, Constraint? biasConstraint = null, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32)
        : base(2, filters, kernelSize, strides, padding, depthMultiplier, activation, useBias, dilation, dataFormat, new(depthwiseInitializer, depthwiseRegularizer, depthwiseConstraint), new(pointwiseInitializer, pointwiseRegularizer, pointwiseConstraint), new(biasInitializer, biasRegularizer, biasConstraint), activityRegularizer, name, dtype) => BuildIfKnown(inputShape);
}
