namespace Eager;

public partial class Tensor
{
    /// <summary>Slides filters over sequences: [batch, steps, channels] → [batch, places, output channels].</summary>
    /// <remarks>The filters are [window, input channels / groups, output channels].</remarks>
    /// <inheritdoc cref="Conv2D(Tensor, Extent?, Padding, Extent?, int, DataFormat, Tensor?)"/>
    public Tensor Conv1D(Tensor filters, Extent? strides = null, Padding padding = default, Extent? dilation = null, int groups = 1, DataFormat dataFormat = DataFormat.ChannelsLast, Tensor? bias = null) =>
        ConvolutionOps.Convolve(nameof(Conv1D), 1, this, filters, new(strides, padding, dilation, groups, dataFormat), bias);

    /// <summary>
    /// Slides filters over images: each output channel is the sum of products of a window with one filter (a cross-correlation, as
    /// everywhere in this field).
    /// </summary>
    /// <param name="filters">[height, width, input channels / groups, output channels], of the input's dtype.</param>
    /// <param name="strides">How far the window moves; one place when null.</param>
    /// <param name="padding">How the window meets the edges.</param>
    /// <param name="dilation">The distance of neighbours within the window; one place when null.</param>
    /// <param name="groups">Into how many groups the channels fall; each group of output channels sees its own input channels.</param>
    /// <param name="dataFormat">Where the channels of input and output are.</param>
    /// <param name="bias">What to add to each output channel, [output channels].</param>
    /// <returns>[batch, places along each axis, output channels], or with the channels second.</returns>
    /// <exception cref="ShapeMismatchException">The shapes do not fit each other, or the window not the input.</exception>
    /// <exception cref="InvalidArgumentException">A stride, a dilation or the number of groups is below 1.</exception>
    public Tensor Conv2D(Tensor filters, Extent? strides = null, Padding padding = default, Extent? dilation = null, int groups = 1, DataFormat dataFormat = DataFormat.ChannelsLast, Tensor? bias = null) =>
        ConvolutionOps.Convolve(nameof(Conv2D), 2, this, filters, new(strides, padding, dilation, groups, dataFormat), bias);

    /// <summary>Slides filters over volumes: [batch, depth, height, width, channels] → [batch, places along each axis, output channels].</summary>
    /// <remarks>The filters are [depth, height, width, input channels / groups, output channels].</remarks>
    /// <inheritdoc cref="Conv2D(Tensor, Extent?, Padding, Extent?, int, DataFormat, Tensor?)"/>
    public Tensor Conv3D(Tensor filters, Extent? strides = null, Padding padding = default, Extent? dilation = null, int groups = 1, DataFormat dataFormat = DataFormat.ChannelsLast, Tensor? bias = null) =>
        ConvolutionOps.Convolve(nameof(Conv3D), 3, this, filters, new(strides, padding, dilation, groups, dataFormat), bias);

    /// <summary>The transpose of <see cref="Conv1D"/>: [batch, steps, channels] → [batch, places, output channels].</summary>
    /// <remarks>The filters are [window, output channels / groups, input channels].</remarks>
    /// <inheritdoc cref="Conv2DTranspose(Tensor, Extent?, Padding, Extent?, int, DataFormat, Tensor?, Extent?)"/>
    public Tensor Conv1DTranspose(Tensor filters, Extent? strides = null, Padding padding = default, Extent? dilation = null, int groups = 1, DataFormat dataFormat = DataFormat.ChannelsLast, Tensor? bias = null, Extent? outputPadding = null) =>
        ConvolutionOps.Transpose(nameof(Conv1DTranspose), 1, this, filters, new(strides, padding, dilation, groups, dataFormat), bias, outputPadding);

    /// <summary>The transpose of <see cref="Conv2D"/>, which is its gradient with respect to the input: each element puts a multiple of a filter into the output.</summary>
    /// <param name="filters">[height, width, output channels / groups, input channels], of the input's dtype.</param>
    /// <param name="strides">How far neighbouring elements are apart in the output; one place when null.</param>
    /// <param name="padding">
    /// The padding of the convolution that this transposes: with <see cref="Padding.Same"/> size n gives n·stride places, with
    /// <see cref="Padding.Valid"/> (n − 1)·stride + window, and a frame is taken away from that.
    /// </param>
    /// <param name="dilation">The distance of neighbours within the window; one place when null.</param>
    /// <param name="groups">Into how many groups the channels fall.</param>
    /// <param name="dataFormat">Where the channels of input and output are.</param>
    /// <param name="bias">What to add to each output channel, [output channels].</param>
    /// <param name="outputPadding">Places more at the end, below the stride or the dilation: which of the sizes that a stride makes equal.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit each other.</exception>
    /// <exception cref="InvalidArgumentException">A stride, a dilation or the number of groups is below 1, or the padding is causal.</exception>
    public Tensor Conv2DTranspose(Tensor filters, Extent? strides = null, Padding padding = default, Extent? dilation = null, int groups = 1, DataFormat dataFormat = DataFormat.ChannelsLast, Tensor? bias = null, Extent? outputPadding = null) =>
        ConvolutionOps.Transpose(nameof(Conv2DTranspose), 2, this, filters, new(strides, padding, dilation, groups, dataFormat), bias, outputPadding);

    /// <summary>The transpose of <see cref="Conv3D"/>: [batch, depth, height, width, channels] → [batch, places along each axis, output channels].</summary>
    /// <remarks>The filters are [depth, height, width, output channels / groups, input channels].</remarks>
    /// <inheritdoc cref="Conv2DTranspose(Tensor, Extent?, Padding, Extent?, int, DataFormat, Tensor?, Extent?)"/>
    public Tensor Conv3DTranspose(Tensor filters, Extent? strides = null, Padding padding = default, Extent? dilation = null, int groups = 1, DataFormat dataFormat = DataFormat.ChannelsLast, Tensor? bias = null, Extent? outputPadding = null) =>
        ConvolutionOps.Transpose(nameof(Conv3DTranspose), 3, this, filters, new(strides, padding, dilation, groups, dataFormat), bias, outputPadding);

    /// <summary>Slides filters of their own over each channel of sequences.</summary>
    /// <remarks>The filters are [window, channels, multiplier].</remarks>
    /// <inheritdoc cref="DepthwiseConv2D(Tensor, Extent?, Padding, Extent?, DataFormat, Tensor?)"/>
    public Tensor DepthwiseConv1D(Tensor filters, Extent? strides = null, Padding padding = default, Extent? dilation = null, DataFormat dataFormat = DataFormat.ChannelsLast, Tensor? bias = null) =>
        ConvolutionOps.Depthwise(nameof(DepthwiseConv1D), 1, this, filters, new(strides, padding, dilation, 1, dataFormat), bias);

    /// <summary>Slides filters of their own over each channel of images: channel c gives the output channels c·multiplier to (c + 1)·multiplier − 1.</summary>
    /// <param name="filters">[height, width, channels, multiplier], of the input's dtype.</param>
    /// <param name="strides">How far the window moves; one place when null.</param>
    /// <param name="padding">How the window meets the edges.</param>
    /// <param name="dilation">The distance of neighbours within the window; one place when null.</param>
    /// <param name="dataFormat">Where the channels of input and output are.</param>
    /// <param name="bias">What to add to each output channel, [channels · multiplier].</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit each other, or the window not the input.</exception>
    /// <exception cref="InvalidArgumentException">A stride or a dilation is below 1.</exception>
    public Tensor DepthwiseConv2D(Tensor filters, Extent? strides = null, Padding padding = default, Extent? dilation = null, DataFormat dataFormat = DataFormat.ChannelsLast, Tensor? bias = null) =>
        ConvolutionOps.Depthwise(nameof(DepthwiseConv2D), 2, this, filters, new(strides, padding, dilation, 1, dataFormat), bias);

    /// <summary>A depthwise convolution over sequences, then one with a window of one place.</summary>
    /// <remarks>The depthwise filters are [window, channels, multiplier], the pointwise ones [1, channels · multiplier, output channels].</remarks>
    /// <inheritdoc cref="SeparableConv2D(Tensor, Tensor, Extent?, Padding, Extent?, DataFormat, Tensor?)"/>
    public Tensor SeparableConv1D(Tensor depthwise, Tensor pointwise, Extent? strides = null, Padding padding = default, Extent? dilation = null, DataFormat dataFormat = DataFormat.ChannelsLast, Tensor? bias = null)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(DepthwiseConv1D(depthwise, strides, padding, dilation, dataFormat).Conv1D(pointwise, dataFormat: dataFormat, bias: bias));
    }

    /// <summary>A depthwise convolution over images, then one with a window of one place, which mixes the channels (Chollet 2017).</summary>
    /// <param name="depthwise">[height, width, channels, multiplier].</param>
    /// <param name="pointwise">[1, 1, channels · multiplier, output channels].</param>
    /// <param name="strides">How far the window of the first moves; one place when null.</param>
    /// <param name="padding">How the window of the first meets the edges.</param>
    /// <param name="dilation">The distance of neighbours within the window of the first; one place when null.</param>
    /// <param name="dataFormat">Where the channels of input and output are.</param>
    /// <param name="bias">What to add to each output channel, [output channels].</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit each other, or the window not the input.</exception>
    public Tensor SeparableConv2D(Tensor depthwise, Tensor pointwise, Extent? strides = null, Padding padding = default, Extent? dilation = null, DataFormat dataFormat = DataFormat.ChannelsLast, Tensor? bias = null)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(DepthwiseConv2D(depthwise, strides, padding, dilation, dataFormat).Conv2D(pointwise, dataFormat: dataFormat, bias: bias));
    }
}
