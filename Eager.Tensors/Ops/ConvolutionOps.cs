using Eager.Interop;

namespace Eager;

internal static class ConvolutionOps
{
    private static readonly long[][] Zeros = [[], [0], [0, 0], [0, 0, 0]];

    // From [window, input, output] to LibTorch's [output, input, window]; transposed ones have output and input the other way round in both.
    private static readonly int[][] FilterOrder = [[2, 1, 0], [3, 2, 0, 1], [4, 3, 0, 1, 2]];

    /// <summary>How a window moves, as the caller gave it.</summary>
    internal readonly record struct Movement(Extent? Strides, Padding Padding, Extent? Dilation, int Groups, DataFormat Format);

    /// <summary>What the kernel takes; places that a transposed convolution makes at its end are <see cref="More"/>.</summary>
    internal readonly record struct Attributes(long[] Strides, long[] Frame, long[] Dilation, long Groups, long[]? More = null)
    {
        internal bool Transposed => More is not null;

        internal long[] OutputPadding => More ?? Zeros[Strides.Length];
    }

    /// <summary>Which gradients to compute; the outputs are those, in this order.</summary>
    internal readonly record struct BackwardAttributes(Attributes Convolution, bool ForInput, bool ForFilters, bool ForBias)
    {
        internal ulong Mask => (ForInput ? 1UL : 0) | (ForFilters ? 2UL : 0) | (ForBias ? 4UL : 0);
    }

    // y = x ∗ w + b or its transpose, bilinear in x and w. x [n, c, …], w [o, c/groups, …] or transposed [c, o/groups, …], b [o]
    internal static readonly Op<Attributes> Convolution = new("Convolution",
        static (x, in a) =>
        {
            if (a.Transposed && x[0].DType == DType.BFloat16 && x[0].Device == Device.Cpu) throw new DTypeMismatchException("ConvTranspose: LibTorch has no transposed convolution of bfloat16 on the CPU; convert with Cast to float32.");
            // For an empty batch LibTorch takes a flat view of the filters.
            using Tensor? flat = x[0].ElementCount == 0 ? Aten.contiguous(x[1], 0) : null;
            return Aten.convolution(x[0], flat ?? x[1], x.Length > 2 ? x[2] : null, a.Strides, a.Frame, a.Dilation, a.Transposed, a.OutputPadding, a.Groups);
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
                if (hb is not null) d[0] = Plus(d[0], PerChannel(hb, a).BroadcastTo(s.A.Shape));
            }
            if (s.Needs(1) && hw is not null) d[1] = ConvolutionBackward!.ApplyMany([s.A, s.B, hw], new(a, true, false, false))[0];
            if (s.Needs(2) && hx is not null) d[2] = ConvolutionBackward!.ApplyMany([s.A, hx, s.C], new(a, false, true, false))[0];
        },
    };

    internal static Tensor Convolve(string op, int axes, Tensor input, Tensor filters, in Movement movement, Tensor? bias)
    {
        DataFormat format = movement.Format;
        Shape shape = input.ConcreteShape, filtersShape = filters.ConcreteShape;
        (long[] strides, long[] dilation, long[] window) = Plan(op, axes, shape, filtersShape, movement, "[{0}, input channels, output channels]");
        RequireChannels(op, shape, format, filtersShape, taken: filtersShape[^2] * movement.Groups, made: filtersShape[^1], movement.Groups, bias);
        (long[] before, long[] after) = Windows.Frame(movement.Padding, Windows.Slid(shape, format), window, strides, dilation, op);

        using var scope = Temporaries.Begin();
        Tensor x = Windows.ChannelsFirst(input, format);
        if (!before.AsSpan().SequenceEqual(after)) (x, before) = (Windows.Pad(x, before, after, 0), Zeros[axes]);
        return scope.Keep(Windows.InFormat(Run(x, filters, bias, new(strides, before, dilation, movement.Groups)), format));
    }

    internal static Tensor Transpose(string op, int axes, Tensor input, Tensor filters, in Movement movement, Tensor? bias, Extent? outputPadding)
    {
        DataFormat format = movement.Format;
        Shape shape = input.ConcreteShape, filtersShape = filters.ConcreteShape;
        if (movement.Padding.IsCausal) throw new InvalidArgumentException($"{op}: the transpose of a causal convolution would see what comes later; use Padding.Valid and cut the end off.");
        (long[] strides, long[] dilation, long[] window) = Plan(op, axes, shape, filtersShape, movement, "[{0}, output channels, input channels]");
        long made = filtersShape[^2] * movement.Groups;
        RequireChannels(op, shape, format, filtersShape, taken: filtersShape[^1], made, movement.Groups, bias);
        (long[] frame, long[] end, long[] more) = Crop(op, movement.Padding, strides, dilation, window, outputPadding);
        Shape slid = Windows.Slid(shape, format);
        for (int i = 0; i < axes; i++)
            if (TransposedPlaces(slid[i], window[i], strides[i], dilation[i], frame[i], more[i]) - end[i] < 1)
                throw new ShapeMismatchException($"{op}: the padding {movement.Padding} leaves nothing of an input of {shape} with a window of {Windows.Text(window)}.");

        using var scope = Temporaries.Begin();
        Tensor y = Run(Windows.ChannelsFirst(input, format), filters, bias, new(strides, frame, dilation, movement.Groups, more));
        // LibTorch takes as much away at the end as at the start; the rest is cut off after it.
        for (int i = 0; i < axes; i++)
            if (end[i] > 0) y = y.Narrow(i + 2, 0, y.Shape[i + 2] - end[i]);
        return scope.Keep(Windows.InFormat(y, format));
    }

    internal static Tensor Depthwise(string op, int axes, Tensor input, Tensor filters, in Movement movement, Tensor? bias)
    {
        Windows.RequireRank(input.ConcreteShape, axes, movement.Format, op);
        Shape shape = filters.Shape;
        long channels = input.ConcreteShape[Windows.ChannelAxis(movement.Format)];
        if (shape.Rank != axes + 2 || shape[^2].Value != channels)
            throw new ShapeMismatchException($"{op}: the filters are {shape}, the input {input.ConcreteShape} has {channels} channels; they need shape {FilterLayout(axes, $"[{{0}}, {channels}, multiplier]")}.");
        if (channels == 0) throw new ShapeMismatchException($"{op}: the input {input.ConcreteShape} has no channels.");
        using var scope = Temporaries.Begin();
        Tensor perChannel = filters.Reshape([.. shape[..^2], 1L, shape[^2] * shape[^1]]);
        return scope.Keep(Convolve(op, axes, input, perChannel, movement with { Groups = (int)channels }, bias));
    }

    /// <summary>What a transposed convolution takes away on both sides, then at the end, and what it makes more there.</summary>
    internal static (long[] Frame, long[] End, long[] More) Crop(string op, Padding padding, long[] strides, long[] dilation, long[] window, Extent? outputPadding)
    {
        int axes = strides.Length;
        padding.RequireAxes(axes, op);
        long[] more = outputPadding is { } given ? given.Over(axes, op, "output padding", least: 0) : new long[axes], frame = new long[axes], end = new long[axes];
        for (int i = 0; i < axes; i++)
        {
            long covered = (window[i] - 1) * dilation[i] + 1;
            if (more[i] >= Math.Max(strides[i], dilation[i])) throw new InvalidArgumentException($"{op}: an output padding of {more[i]} is not below the stride {strides[i]} or the dilation {dilation[i]}.");
            (long before, long after) = padding == Padding.Same ? Padding.Same.Around(i, strides[i], covered, strides[i]) : padding.Around(i, 0, covered, strides[i]);
            // With a stride wider than the window size n still gives n·stride places.
            if (padding == Padding.Same && outputPadding is null) more[i] = Math.Max(0, strides[i] - covered);
            frame[i] = Math.Min(before, after);
            end[i] = after - frame[i];
            if (before > after) throw new InvalidArgumentException($"{op}: a padding of {before} places before and {after} after is not offered; as many at least must be taken away at the end.");
        }
        return (frame, end, more);
    }

    /// <summary>The size that a transposed convolution makes of one along one axis.</summary>
    internal static Dim TransposedPlaces(Dim size, long window, long stride, long dilation, long frame, long more) =>
        (size - 1) * stride + (dilation * (window - 1) + 1 + more - 2 * frame);

    private static Tensor Run(Tensor x, Tensor filters, Tensor? bias, in Attributes attributes)
    {
        Tensor w = filters.Transpose(FilterOrder[attributes.Strides.Length - 1]);
        return bias is null ? Convolution.Apply([x, w], attributes) : Convolution.Apply([x, w, bias], attributes);
    }

    private static (long[] Strides, long[] Dilation, long[] Window) Plan(string op, int axes, Shape shape, Shape filters, in Movement movement, string layout)
    {
        long[] strides = (movement.Strides ?? 1).Over(axes, op, "stride"), dilation = (movement.Dilation ?? 1).Over(axes, op, "dilation");
        Windows.RequireRank(shape, axes, movement.Format, op);
        if (filters.Rank != axes + 2) throw new ShapeMismatchException($"{op}: the filters are {filters}; they need shape {FilterLayout(axes, layout)}.");
        if (movement.Groups < 1) throw new InvalidArgumentException($"{op}: there are {movement.Groups} groups; give at least 1.");
        long[] window = [.. filters[..axes].Select(static d => d.Value)];
        return Array.TrueForAll(window, static n => n > 0) ? (strides, dilation, window) : throw new ShapeMismatchException($"{op}: the filters are {filters}; a window needs at least one place along each axis.");
    }

    private static void RequireChannels(string op, Shape x, DataFormat format, Shape filters, long taken, long made, int groups, Tensor? bias)
    {
        long channels = x[Windows.ChannelAxis(format)];
        if (channels != taken)
            throw new ShapeMismatchException($"{op}: the input {x} has {channels} channels, the filters {filters} take {(groups == 1 ? $"{taken}" : $"{taken / groups} in each of {groups} groups")}; {(format == DataFormat.ChannelsLast ? "channels are last unless dataFormat says otherwise" : "dataFormat says that channels are second")}.");
        if (channels % groups != 0) throw new ShapeMismatchException($"{op}: {channels} input channels do not fall into {groups} groups.");
        if (made % groups != 0) throw new ShapeMismatchException($"{op}: {made} output channels do not fall into {groups} groups.");
        if (bias is not null && (bias.Rank != 1 || bias.ConcreteShape[0] != made)) throw new ShapeMismatchException($"{op}: the bias is {bias.ConcreteShape}; it needs shape [{made}].");
    }

    private static string FilterLayout(int axes, string layout) => string.Format(layout, axes switch { 1 => "window", 2 => "height, width", _ => "depth, height, width" });

    private static Tensor[] RunBackward(ReadOnlySpan<Tensor> x, in BackwardAttributes attributes)
    {
        Attributes a = attributes.Convolution;
        ReadOnlySpan<long> biasSizes = attributes.ForBias ? [x[0].ConcreteShape[1]] : [];
        Tensor?[] gradients = Aten.convolution_backward(x[0], x[1], x[2], biasSizes, a.Strides, a.Frame, a.Dilation, a.Transposed, a.OutputPadding, a.Groups, attributes.Mask);
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
        if (t.Length > 2 && t[2] is { } bias) dy = Plus(dy, PerChannel(bias, s.Attributes).BroadcastTo(s.Output.Shape));
        return dy;
    }

    // One filter for all slices makes them one batch of inputs; filters of their own make each slice a group of channels.
    private static Tensor ConvolveSlices(in Batch b, in Attributes a)
    {
        Shape x = b.Shape(0), w = b.Shape(1);
        Dim rows = x[0];
        if (!b.Has(1) && (b.InputCount == 2 || !b.Has(2)))
        {
            Tensor[] folded = [b[0].Reshape([b.Size * rows, .. x[1..]]), b[1], .. b.InputCount > 2 ? [b[2]] : (Tensor[])[]];
            Tensor together = Convolution.Apply(folded, a);
            return together.Reshape([b.Size, rows, .. together.Shape[1..]]);
        }
        Tensor channels = b.Full(0).SwapAxes(0, 1).Reshape([rows, b.Size * x[1], .. x[2..]]), filters = b.Full(1).Reshape([b.Size * w[0], .. w[1..]]);
        Tensor[] grouped = [channels, filters, .. b.InputCount > 2 ? [b.Full(2).Reshape([b.Size * b.Shape(2)[0]])] : (Tensor[])[]];
        Tensor y = Convolution.Apply(grouped, a with { Groups = a.Groups * b.Size });
        return y.Reshape([rows, b.Size, a.Transposed ? w[1] * a.Groups : w[0], .. y.Shape[2..]]).SwapAxes(0, 1);
    }

    private static Tensor PerChannel(Tensor bias, in Attributes a) => bias.Reshape([1, bias.Shape[0], .. Enumerable.Repeat((Dim)1L, a.Strides.Length)]);

    private static Tensor Plus(Tensor? a, Tensor b) => a is null ? b : a + b;

    private static Shape ConvolutionShape(ReadOnlySpan<Shape> x, in Attributes a)
    {
        ReadOnlySpan<long> window = x[1].Sizes[2..];
        if (!a.Transposed) return Windows.Slide(x[0], x[1][0], window, a.Strides, a.Frame, a.Dilation);
        var sizes = new Dim[x[0].Rank];
        (sizes[0], sizes[1]) = (x[0][0], x[1][1] * a.Groups);
        for (int i = 0; i < a.Strides.Length; i++)
            sizes[i + 2] = TransposedPlaces(x[0][i + 2], window[i], a.Strides[i], a.Dilation[i], a.Frame[i], a.OutputPadding[i]);
        return Shape.Of(sizes);
    }

    private static Shape[] BackwardShapes(ReadOnlySpan<Shape> x, in BackwardAttributes a)
    {
        var shapes = new List<Shape>(3);
        if (a.ForInput) shapes.Add(x[1]);
        if (a.ForFilters) shapes.Add(x[2]);
        if (a.ForBias) shapes.Add([x[0][1]]);
        return [.. shapes];
    }
}
