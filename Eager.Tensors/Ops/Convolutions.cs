using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>
    /// Slides filters over images: each output channel is the sum of products of a window with one filter (a cross-correlation, as
    /// everywhere in this field).
    /// </summary>
    /// <param name="filters">[height, width, input channels / groups, output channels], of the images' dtype.</param>
    /// <param name="strides">How far the window moves.</param>
    /// <param name="padding">How the window meets the edges.</param>
    /// <param name="dilation">The distance of neighbours within the window.</param>
    /// <param name="groups">Into how many groups the channels fall; each group of output channels sees its own input channels.</param>
    /// <param name="dataFormat">Where the channels of input and output are.</param>
    /// <param name="bias">What to add to each output channel, [output channels].</param>
    /// <returns>[batch, places along height, places along width, output channels], or with the channels second.</returns>
    /// <exception cref="ShapeMismatchException">The shapes do not fit each other, or the window not the images.</exception>
    /// <exception cref="InvalidArgumentException">A stride, a dilation or the number of groups is below 1.</exception>
    public Tensor Conv2D(Tensor filters, Extent2D? strides = null, Padding padding = Padding.Valid, Extent2D? dilation = null, int groups = 1, DataFormat dataFormat = DataFormat.ChannelsLast, Tensor? bias = null)
    {
        Extent2D stride = (strides ?? 1).RequirePositive("Conv2D", "stride"), gaps = (dilation ?? 1).RequirePositive("Conv2D", "dilation");
        Windows.RequireImages(this, dataFormat, "Conv2D");
        ConvolutionOps.RequireFilters(ConcreteShape, filters.ConcreteShape, bias?.ConcreteShape, groups, dataFormat);
        var window = new Extent2D((int)filters.ConcreteShape[0].Value, (int)filters.ConcreteShape[1].Value);
        (Extent2D before, Extent2D after) = Windows.Frame(padding, ConcreteShape, dataFormat, window, stride, gaps, "Conv2D");

        using var scope = Temporaries.Begin();
        Tensor x = Windows.ChannelsFirst(this, dataFormat);
        if (before != after) (x, before) = (Windows.Pad(x, before, after, 0), 0);
        Tensor w = filters.Transpose(ConvolutionOps.FilterOrder);
        var attributes = new ConvolutionOps.Attributes(stride.ToLongs(), before.ToLongs(), gaps.ToLongs(), groups);
        Tensor y = bias is null ? ConvolutionOps.Convolution.Apply([x, w], attributes) : ConvolutionOps.Convolution.Apply([x, w, bias], attributes);
        return scope.Keep(Windows.InFormat(y, dataFormat));
    }
}

internal static class ConvolutionOps
{
    /// <summary>From [height, width, input, output] to LibTorch's [output, input, height, width].</summary>
    internal static readonly int[] FilterOrder = [3, 2, 0, 1];

    private static readonly long[] NoOutputPadding = [0, 0];

    internal readonly record struct Attributes(long[] Strides, long[] Frame, long[] Dilation, long Groups);

    /// <summary>Which gradients to compute; the outputs are those, in this order.</summary>
    internal readonly record struct BackwardAttributes(Attributes Convolution, bool ForInput, bool ForFilters, bool ForBias)
    {
        internal ulong Mask => (ForInput ? 1UL : 0) | (ForFilters ? 2UL : 0) | (ForBias ? 4UL : 0);
    }

    // y = x ∗ w + b, bilinear in x and w. x [n, c, h, w], w [o, c/groups, kh, kw], b [o]
    internal static readonly Op<Attributes> Convolution = new("Convolution",
        static (x, in a) =>
        {
            // For an empty batch LibTorch takes a flat view of the filters.
            using Tensor? flat = x[0].ElementCount == 0 ? Aten.contiguous(x[1], 0) : null;
            return Aten.convolution(x[0], flat ?? x[1], x.Length > 2 ? x[2] : null, a.Strides, a.Frame, a.Dilation, false, NoOutputPadding, a.Groups);
        },
        ConvolutionShape)
    {
        Accepts = Accepts.Differentiable,
        Forward = ConvolutionTangent,
        BatchRule = ConvolveSlices,
        JointKeeps = Keep.A | Keep.B,
        Joint = static (g, in s, dx) =>
        {
            var attributes = new BackwardAttributes(s.Attributes, s.Needs(0), s.Needs(1), s.InputCount > 2 && s.Needs(2));
            Scatter(ConvolutionBackward!.ApplyMany([g[0]!, s.A, s.B], attributes), attributes, dx);
        },
    };

    // (dx, dw, db) = the gradients of Σg·(x ∗ w + b); with h₁, h₂, h₃ their own gradients and B the backward of the
    // bilinear ∗: dg = h₁ ∗ w + x ∗ h₂ + h₃, dx = B(g, ·, h₂), dw = B(g, h₁, ·)
    internal static readonly Op<BackwardAttributes> ConvolutionBackward = new("ConvolutionBackward", RunBackward, BackwardShapes)
    {
        Accepts = Accepts.Differentiable,
        JointKeeps = Keep.A | Keep.B | Keep.C,
        Joint = static (h, in s, d) =>
        {
            Attributes a = s.Attributes.Convolution;
            Span<Tensor?> ofOutputs = [null, null, null];
            Scatter(h, s.Attributes, ofOutputs);
            (Tensor? hx, Tensor? hw, Tensor? hb) = (ofOutputs[0], ofOutputs[1], ofOutputs[2]);
            if (s.Needs(0))
            {
                d[0] = hx is null ? null : Convolution.Apply([hx, s.C], a);
                if (hw is not null) d[0] = Plus(d[0], Convolution.Apply([s.B, hw], a));
                if (hb is not null) d[0] = Plus(d[0], hb.Reshape([1, hb.Shape[0], 1, 1]).BroadcastTo(s.A.Shape));
            }
            if (s.Needs(1) && hw is not null) d[1] = ConvolutionBackward!.ApplyMany([s.A, s.B, hw], new(a, true, false, false))[0];
            if (s.Needs(2) && hx is not null) d[2] = ConvolutionBackward!.ApplyMany([s.A, hx, s.C], new(a, false, true, false))[0];
        },
    };

    internal static void RequireFilters(Shape x, Shape filters, Shape? bias, int groups, DataFormat format)
    {
        if (filters.Rank != 4) throw new ShapeMismatchException($"Conv2D: the filters are {filters}; they need shape [height, width, input channels, output channels].");
        if (groups < 1) throw new InvalidArgumentException($"Conv2D: there are {groups} groups; give at least 1.");
        long channels = x[Windows.ChannelAxis(format)], taken = filters[2], made = filters[3];
        if (channels != taken * groups)
            throw new ShapeMismatchException($"Conv2D: the input {x} has {channels} channels, the filters {filters} take {taken}{(groups == 1 ? "" : $" in each of {groups} groups")}; {(format == DataFormat.ChannelsLast ? "channels are last unless dataFormat says otherwise" : "dataFormat says that channels are second")}.");
        if (made % groups != 0) throw new ShapeMismatchException($"Conv2D: {made} output channels do not fall into {groups} groups.");
        if (bias is not null && (bias.Rank != 1 || bias[0] != made)) throw new ShapeMismatchException($"Conv2D: the bias is {bias}; it needs shape [{made}].");
    }

    private static Tensor[] RunBackward(ReadOnlySpan<Tensor> x, in BackwardAttributes a)
    {
        ReadOnlySpan<long> biasSizes = a.ForBias ? [x[2].ConcreteShape[0]] : [];
        Tensor?[] gradients = Aten.convolution_backward(x[0], x[1], x[2], biasSizes, a.Convolution.Strides, a.Convolution.Frame, a.Convolution.Dilation, false, NoOutputPadding, a.Convolution.Groups, a.Mask);
        return [.. gradients.OfType<Tensor>()];
    }

    // Puts the outputs of a backward convolution where the inputs are that they belong to.
    private static void Scatter(ReadOnlySpan<Tensor?> outputs, in BackwardAttributes a, Span<Tensor?> into)
    {
        int next = 0;
        if (a.ForInput) into[0] = outputs[next++];
        if (a.ForFilters) into[1] = outputs[next++];
        if (a.ForBias) into[2] = outputs[next];
    }

    // dy = dx ∗ w + x ∗ dw + db
    private static Tensor? ConvolutionTangent(ReadOnlySpan<Tensor?> t, in Saved<Attributes> s)
    {
        Tensor? dy = t[0] is null ? null : Convolution.Apply([t[0]!, s.B], s.Attributes);
        if (t[1] is not null) dy = Plus(dy, Convolution.Apply([s.A, t[1]!], s.Attributes));
        if (t.Length > 2 && t[2] is { } bias) dy = Plus(dy, bias.Reshape([1, bias.Shape[0], 1, 1]).BroadcastTo(s.Output.Shape));
        return dy;
    }

    // One filter for all slices makes them one batch of images; filters of their own make each slice a group of channels.
    private static Tensor ConvolveSlices(in Batch b, in Attributes a)
    {
        Shape x = b.Shape(0);
        Dim images = x[0];
        if (!b.Has(1) && (b.InputCount == 2 || !b.Has(2)))
        {
            Tensor[] folded = [b[0].Reshape([b.Size * images, .. x[1..]]), b[1], .. b.InputCount > 2 ? [b[2]] : (Tensor[])[]];
            Tensor together = Convolution.Apply(folded, a);
            return together.Reshape([b.Size, images, .. together.Shape[1..]]);
        }
        Shape w = b.Shape(1);
        Tensor channels = b.Full(0).SwapAxes(0, 1).Reshape([images, b.Size * x[1], .. x[2..]]), filters = b.Full(1).Reshape([b.Size * w[0], .. w[1..]]);
        Tensor[] grouped = b.InputCount > 2 ? [channels, filters, b.Full(2).Reshape([b.Size * w[0]])] : [channels, filters];
        Tensor y = Convolution.Apply(grouped, a with { Groups = a.Groups * b.Size });
        return y.Reshape([images, b.Size, w[0], .. y.Shape[2..]]).SwapAxes(0, 1);
    }

    private static Tensor Plus(Tensor? a, Tensor b) => a is null ? b : a + b;

    private static Shape ConvolutionShape(ReadOnlySpan<Shape> x, in Attributes a) =>
    [
        x[0][0], x[1][0],
        Windows.Places(x[0][2], x[1][2], a.Strides[0], a.Frame[0], a.Dilation[0]),
        Windows.Places(x[0][3], x[1][3], a.Strides[1], a.Frame[1], a.Dilation[1]),
    ];

    private static Shape[] BackwardShapes(ReadOnlySpan<Shape> x, in BackwardAttributes a)
    {
        var shapes = new List<Shape>(3);
        if (a.ForInput) shapes.Add(x[1]);
        if (a.ForFilters) shapes.Add(x[2]);
        if (a.ForBias) shapes.Add([x[2][0]]);
        return [.. shapes];
    }
}
