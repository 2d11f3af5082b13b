using Eager.Interop;

namespace Eager;

/// <summary>Poolings of [batch, channels, height, width] and [batch, channels, depth, height, width]; a sequence is an image of height 1.</summary>
internal static class PoolingOps
{
    private static readonly long[][] Zeros = [[], [0], [0, 0], [0, 0, 0]];
    private static readonly long[][] Ones = [[], [1], [1, 1], [1, 1, 1]];

    internal readonly record struct Attributes(long[] Window, long[] Strides, long[] Frame);

    internal readonly record struct BackwardAttributes(Attributes Pooling, Shape Shape);

    internal readonly record struct AdaptiveBackwardAttributes(long[] Places, Shape Shape);

    // y = the largest of each window, i = its place in the plane ⇒ dx = zeros with g added at i
    internal static readonly Op<Attributes> MaxPool = new("MaxPool",
        static (x, in a) => a.Window.Length == 3
            ? Aten.max_pool3d_with_indices(x[0], a.Window, a.Strides, a.Frame, Ones[3], false)
            : Aten.max_pool2d_with_indices(x[0], a.Window, a.Strides, a.Frame, Ones[2], false),
        static (x, in a) => [Pooled(x[0], a), Pooled(x[0], a)])
    {
        Accepts = Accepts.Differentiable,
        FoldsBatch = true,
        JointKeeps = Keep.Output1 | Keep.Shapes,
        Joint = static (g, in s, dx) => dx[0] = MaxPoolBackward!.Apply([g[0]!, s.Outputs(1)], new(s.Attributes, s.Shape(0))),
    };

    // z = zeros with g added at i ⇒ dg = the gradient at i
    internal static readonly Op<BackwardAttributes> MaxPoolBackward = new("MaxPoolBackward",
        static (x, in attributes) =>
        {
            Attributes a = attributes.Pooling;
            if (a.Window.Length == 3)
            {
                // The kernel for volumes takes gradient and places to lie in memory alike.
                using Tensor g = Aten.contiguous(x[0], 0), places = Aten.contiguous(x[1], 0);
                using Tensor plain = Windows.Blank(attributes.Shape, g);
                return Aten.max_pool3d_with_indices_backward(g, plain, a.Window, a.Strides, a.Frame, Ones[3], false, places);
            }
            using Tensor blank = Windows.Blank(attributes.Shape, x[0]);
            return Aten.max_pool2d_with_indices_backward(x[0], blank, a.Window, a.Strides, a.Frame, Ones[2], false, x[1]);
        },
        static (x, in a) => a.Shape)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        FoldsBatch = true,
        Batched = static (in a, in b) => a with { Shape = Folded(a.Shape, b) },
        Gradients =
        [
            new(Keep.B, static (g, in s) => AtPlaces(g, s.B)),
            Gradient<BackwardAttributes>.None("it holds places"),
        ],
    };

    // y = the mean of each window ⇒ dx = g/count spread over each window
    internal static readonly Op<Attributes> AvgPool = new("AvgPool",
        static (x, in a) => a.Window.Length == 3
            ? Aten.avg_pool3d(x[0], a.Window, a.Strides, a.Frame, false, false, default)
            : Aten.avg_pool2d(x[0], a.Window, a.Strides, a.Frame, false, false, default),
        static (x, in a) => Pooled(x[0], a))
    {
        Accepts = Accepts.Differentiable,
        Linear = Linearity.Jointly,
        FoldsBatch = true,
        Gradients = [new(Keep.Shapes, static (g, in s) => AvgPoolBackward!.Apply([g], new(s.Attributes, s.Shape(0))))],
    };

    // z = g/count spread over each window ⇒ dg = the mean of each window of the gradient
    internal static readonly Op<BackwardAttributes> AvgPoolBackward = new("AvgPoolBackward",
        static (x, in attributes) =>
        {
            Attributes a = attributes.Pooling;
            using Tensor blank = Windows.Blank(attributes.Shape, x[0]);
            return a.Window.Length == 3
                ? Aten.avg_pool3d_backward(x[0], blank, a.Window, a.Strides, a.Frame, false, false, default)
                : Aten.avg_pool2d_backward(x[0], blank, a.Window, a.Strides, a.Frame, false, false, default);
        },
        static (x, in a) => a.Shape)
    {
        Accepts = Accepts.Differentiable,
        Linear = Linearity.Jointly,
        FoldsBatch = true,
        Batched = static (in a, in b) => a with { Shape = Folded(a.Shape, b) },
        Gradients = [new(Keep.Nothing, static (g, in s) => AvgPool.Apply([g], s.Attributes.Pooling))],
    };

    // y = the largest of each of some shares of the planes, i = its place in the plane ⇒ dx = zeros with g added at i
    internal static readonly Op<long[]> AdaptiveMaxPool = new("AdaptiveMaxPool",
        static (x, in places) => places.Length == 3 ? Aten.adaptive_max_pool3d(x[0], places) : Aten.adaptive_max_pool2d(x[0], places),
        static (x, in places) => [Adapted(x[0], places), Adapted(x[0], places)])
    {
        Accepts = Accepts.Differentiable,
        FoldsBatch = true,
        JointKeeps = Keep.Output1 | Keep.Shapes,
        Joint = static (g, in s, dx) =>
        {
            Shape shape = s.Shape(0);
            Tensor flat = Tensor.Zeros([shape[0], shape[1], shape[2..].ElementCount], g[0]!.DType, g[0]!.Device);
            dx[0] = flat.ScatterAdd(Planes(s.Outputs(1)), Planes(g[0]!), 2).Reshape(shape);
        },
    };

    // y = the mean of each of some shares of the planes ⇒ dx = g/count spread over each share
    internal static readonly Op<long[]> AdaptiveAvgPool = new("AdaptiveAvgPool",
        static (x, in places) => places.Length == 3 ? Aten._adaptive_avg_pool3d(x[0], places) : Aten._adaptive_avg_pool2d(x[0], places),
        static (x, in places) => Adapted(x[0], places))
    {
        Accepts = Accepts.Differentiable,
        Linear = Linearity.Jointly,
        FoldsBatch = true,
        Gradients = [new(Keep.Shapes, static (g, in s) => AdaptiveAvgPoolBackward!.Apply([g], new(s.Attributes, s.Shape(0))))],
    };

    // z = g/count spread over each share ⇒ dg = the mean of each share of the gradient
    internal static readonly Op<AdaptiveBackwardAttributes> AdaptiveAvgPoolBackward = new("AdaptiveAvgPoolBackward",
        static (x, in a) =>
        {
            using Tensor blank = Windows.Blank(a.Shape, x[0]);
            return a.Places.Length == 3 ? Aten._adaptive_avg_pool3d_backward(x[0], blank) : Aten._adaptive_avg_pool2d_backward(x[0], blank);
        },
        static (x, in a) => a.Shape)
    {
        Accepts = Accepts.Differentiable,
        Linear = Linearity.Jointly,
        FoldsBatch = true,
        Batched = static (in a, in b) => a with { Shape = Folded(a.Shape, b) },
        Gradients = [new(Keep.Nothing, static (g, in s) => AdaptiveAvgPool.Apply([g], s.Attributes.Places))],
    };

    /// <summary>How a pooling's window moves, as the caller gave it.</summary>
    internal readonly record struct Movement(string Op, int Axes, Extent Window, Extent? Strides, Padding Padding, DataFormat Format);

    internal static Tensor Largest(Tensor input, in Movement movement)
    {
        var plan = new Plan(input, movement);
        using var scope = Temporaries.Begin();
        Tensor x = plan.Arrange(input);
        if (!plan.FrameIsKernels) x = Windows.Pad(x, plan.Before, plan.After, double.NegativeInfinity);
        return scope.Keep(plan.Restore(MaxPool.ApplyMany([x], plan.Attributes)[0]));
    }

    internal static Tensor Mean(Tensor input, in Movement movement)
    {
        var plan = new Plan(input, movement);
        using var scope = Temporaries.Begin();
        Tensor x = plan.Arrange(input);
        if (plan.FrameIsKernels) return scope.Keep(plan.Restore(AvgPool.Apply([x], plan.Attributes)));
        // The mean over all places is divided by the share of places that count.
        Tensor sums = AvgPool.Apply([Windows.Pad(x, plan.Before, plan.After, 0)], plan.Attributes);
        Tensor inside = Tensor.Ones([1L, 1L, .. x.Shape[2..]], x.DType, x.Device);
        Tensor shares = AvgPool.Apply([Windows.Pad(inside, plan.Before, plan.After, 0)], plan.Attributes);
        return scope.Keep(plan.Restore(sums / shares));
    }

    internal static Tensor AdaptiveLargest(Tensor input, string op, int axes, Extent places, DataFormat format)
    {
        long[] wanted = Adapt(input, op, axes, places, format);
        using var scope = Temporaries.Begin();
        return scope.Keep(FromKernel(AdaptiveMaxPool.ApplyMany([ToKernel(input, format)], wanted)[0], axes, format));
    }

    internal static Tensor AdaptiveMean(Tensor input, string op, int axes, Extent places, DataFormat format)
    {
        long[] wanted = Adapt(input, op, axes, places, format);
        using var scope = Temporaries.Begin();
        return scope.Keep(FromKernel(AdaptiveAvgPool.Apply([ToKernel(input, format)], wanted), axes, format));
    }

    /// <summary>The axes between batch and channels, of which there must be one at least.</summary>
    internal static int[] RequireInner(Tensor x, DataFormat format, string op)
    {
        if (x.Rank < 3) throw new ShapeMismatchException($"{op}: the input is {x.ConcreteShape}; it needs an axis to pool over between batch and channels, as in {Windows.Layout(2, format)}.");
        return [.. Enumerable.Range(Windows.FirstAxis(format), x.Rank - 2)];
    }

    private static long[] Adapt(Tensor input, string op, int axes, Extent places, DataFormat format)
    {
        Windows.RequireRank(input.ConcreteShape, axes, format, op);
        if (Windows.Slid(input.ConcreteShape, format).Any(static d => d.Value == 0)) throw new ShapeMismatchException($"{op}: the input {input.ConcreteShape} has nothing to pool.");
        return AsImage(places.Over(axes, op, "number of places"), 1);
    }

    // Sequences have a height of 1 in front.
    private static long[] AsImage(long[] extent, long height) => extent.Length == 1 ? [height, extent[0]] : extent;

    private static Tensor ToKernel(Tensor input, DataFormat format)
    {
        Tensor x = Windows.ChannelsFirst(input, format);
        return x.Rank == 3 ? x.ExpandDims(2) : x;
    }

    private static Tensor FromKernel(Tensor y, int axes, DataFormat format) => Windows.InFormat(axes == 1 ? y.Squeeze(2) : y, format);

    // y = x at the places i of its planes
    private static Tensor AtPlaces(Tensor x, Tensor places) => Planes(x).TakeAlongAxis(Planes(places), 2).Reshape(places.Shape);

    private static Tensor Planes(Tensor x) => x.Reshape([x.Shape[0], x.Shape[1], x.Shape[2..].ElementCount]);

    private static Shape Pooled(Shape x, in Attributes a) => Windows.Slide(x, x[1], a.Window, a.Strides, a.Frame, Ones[a.Window.Length]);

    private static Shape Folded(Shape x, in Batch b) => [b.Size * x[0], .. x[1..]];

    private static Shape Adapted(Shape x, long[] places) => [x[0], x[1], .. places.Select(static p => (Dim)p)];

    /// <summary>The checked arguments of a pooling; LibTorch frames evenly and by half a window at most, other frames are padded before.</summary>
    private readonly struct Plan
    {
        private readonly int axes;
        private readonly DataFormat format;

        internal Plan(Tensor x, in Movement movement)
        {
            (string op, axes, format) = (movement.Op, movement.Axes, movement.Format);
            Windows.RequireRank(x.ConcreteShape, axes, format, op);
            long[] window = movement.Window.Over(axes, op, "window"), strides = (movement.Strides ?? movement.Window).Over(axes, op, "stride");
            (long[] before, long[] after) = Windows.Frame(movement.Padding, Windows.Slid(x.ConcreteShape, format), window, strides, Ones[axes], op);
            for (int i = 0; i < axes; i++)
                if (before[i] >= window[i] || after[i] >= window[i])
                    throw new InvalidArgumentException($"{op}: a frame of {before[i]} places before and {after[i]} after holds whole windows of {window[i]}; make it narrower.");
            (Before, After) = (AsImage(before, 0), AsImage(after, 0));
            FrameIsKernels = before.AsSpan().SequenceEqual(after) && before.Zip(window).All(static p => 2 * p.First <= p.Second);
            Attributes = new(AsImage(window, 1), AsImage(strides, 1), FrameIsKernels ? Before : Zeros[Before.Length]);
        }

        internal long[] Before { get; }

        internal long[] After { get; }

        internal Attributes Attributes { get; }

        internal bool FrameIsKernels { get; }

        internal Tensor Arrange(Tensor input) => ToKernel(input, format);

        internal Tensor Restore(Tensor y) => FromKernel(y, axes, format);
    }
}
