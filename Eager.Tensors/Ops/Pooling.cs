using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The largest element of each window, channel by channel; the gradient goes to the first such element.</summary>
    /// <param name="window">The window's extent.</param>
    /// <param name="strides">How far the window moves; as far as it is wide when null.</param>
    /// <param name="padding">How the window meets the edges; a frame never wins.</param>
    /// <param name="dataFormat">Where the channels of input and output are.</param>
    /// <exception cref="ShapeMismatchException">The input is no batch of images, or the window does not fit them.</exception>
    /// <exception cref="InvalidArgumentException">An extent is below 1.</exception>
    public Tensor MaxPool2D(Extent2D window, Extent2D? strides = null, Padding padding = Padding.Valid, DataFormat dataFormat = DataFormat.ChannelsLast)
    {
        var plan = new PoolingOps.Plan(this, window, strides ?? window, padding, dataFormat, "MaxPool2D");
        using var scope = Temporaries.Begin();
        Tensor x = Windows.ChannelsFirst(this, dataFormat);
        if (!plan.FrameIsEven) x = Windows.Pad(x, plan.Before, plan.After, double.NegativeInfinity);
        return scope.Keep(Windows.InFormat(PoolingOps.MaxPool.ApplyMany([x], plan.Attributes)[0], dataFormat));
    }

    /// <summary>The mean of each window, channel by channel; places of a frame do not count.</summary>
    /// <param name="window">The window's extent.</param>
    /// <param name="strides">How far the window moves; as far as it is wide when null.</param>
    /// <param name="padding">How the window meets the edges.</param>
    /// <param name="dataFormat">Where the channels of input and output are.</param>
    /// <exception cref="ShapeMismatchException">The input is no batch of images, or the window does not fit them.</exception>
    /// <exception cref="InvalidArgumentException">An extent is below 1.</exception>
    public Tensor AvgPool2D(Extent2D window, Extent2D? strides = null, Padding padding = Padding.Valid, DataFormat dataFormat = DataFormat.ChannelsLast)
    {
        var plan = new PoolingOps.Plan(this, window, strides ?? window, padding, dataFormat, "AvgPool2D");
        using var scope = Temporaries.Begin();
        Tensor x = Windows.ChannelsFirst(this, dataFormat);
        if (plan.FrameIsEven) return scope.Keep(Windows.InFormat(PoolingOps.AvgPool.Apply([x], plan.Attributes), dataFormat));
        // With an uneven frame the mean over all places is divided by the share of places that count.
        Tensor sums = PoolingOps.AvgPool.Apply([Windows.Pad(x, plan.Before, plan.After, 0)], plan.Attributes);
        Tensor inside = Ones([1, 1, x.Shape[2], x.Shape[3]], DType, Device);
        Tensor shares = PoolingOps.AvgPool.Apply([Windows.Pad(inside, plan.Before, plan.After, 0)], plan.Attributes);
        return scope.Keep(Windows.InFormat(sums / shares, dataFormat));
    }
}

internal static class PoolingOps
{
    private static readonly long[] NoDilation = [1, 1];

    internal readonly record struct Attributes(long[] Window, long[] Strides, long[] Frame);

    /// <summary>The checked arguments of a pooling; LibTorch frames evenly, other frames are padded before.</summary>
    internal readonly struct Plan
    {
        internal Plan(Tensor x, Extent2D window, Extent2D strides, Padding padding, DataFormat format, string op)
        {
            Windows.RequireImages(x, format, op);
            window.RequirePositive(op, "window");
            strides.RequirePositive(op, "stride");
            (Before, After) = Windows.Frame(padding, x.ConcreteShape, format, window, strides, 1, op);
            Attributes = new(window.ToLongs(), strides.ToLongs(), FrameIsEven ? Before.ToLongs() : [0, 0]);
        }

        internal Extent2D Before { get; }

        internal Extent2D After { get; }

        internal Attributes Attributes { get; }

        internal bool FrameIsEven => Before == After;
    }

    // y = the largest of each window, i = its place in the plane ⇒ dx = zeros with g added at i
    internal static readonly Op<Attributes> MaxPool = new("MaxPool",
        static (x, in a) => Aten.max_pool2d_with_indices(x[0], a.Window, a.Strides, a.Frame, NoDilation, false),
        static (x, in a) => [Pooled(x[0], a), Pooled(x[0], a)])
    {
        Accepts = Accepts.Differentiable,
        FoldsBatch = true,
        JointKeeps = Keep.A | Keep.Output1,
        Joint = static (g, in s, dx) => dx[0] = MaxPoolBackward!.Apply([g[0]!, s.A, s.Outputs(1)], s.Attributes),
    };

    // z = zeros like x with g added at i ⇒ dg = the gradient at i
    internal static readonly Op<Attributes> MaxPoolBackward = new("MaxPoolBackward",
        static (x, in a) => Aten.max_pool2d_with_indices_backward(x[0], x[1], a.Window, a.Strides, a.Frame, NoDilation, false, x[2]),
        static (x, in _) => x[1])
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        FoldsBatch = true,
        Gradients =
        [
            new(Keep.C, static (g, in s) => PoolAt!.Apply([g, s.C], s.Attributes)),
            Gradient<Attributes>.None("it only gives the shape"),
            Gradient<Attributes>.None("it holds places"),
        ],
    };

    // y = x at the places i of its planes ⇒ dx = zeros with g added at i
    internal static readonly Op<Attributes> PoolAt = new("PoolAt",
        static (x, in _) => AtPlaces(x[0], x[1]),
        static (x, in _) => x[1])
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        FoldsBatch = true,
        Gradients =
        [
            new(Keep.A | Keep.B, static (g, in s) => MaxPoolBackward.Apply([g, s.A, s.B], s.Attributes)),
            Gradient<Attributes>.None("it holds places"),
        ],
    };

    // y = the mean of each window ⇒ dx = g/count spread over each window
    internal static readonly Op<Attributes> AvgPool = new("AvgPool",
        static (x, in a) => Aten.avg_pool2d(x[0], a.Window, a.Strides, a.Frame, false, false, default),
        static (x, in a) => Pooled(x[0], a))
    {
        Accepts = Accepts.Differentiable,
        Linear = Linearity.Jointly,
        FoldsBatch = true,
        Gradients = [new(Keep.A, static (g, in s) => AvgPoolBackward!.Apply([g, s.A], s.Attributes))],
    };

    // z = g/count spread over each window of x, linear in g ⇒ dg = the mean of each window of the gradient
    internal static readonly Op<Attributes> AvgPoolBackward = new("AvgPoolBackward",
        static (x, in a) => Aten.avg_pool2d_backward(x[0], x[1], a.Window, a.Strides, a.Frame, false, false, default),
        static (x, in _) => x[1])
    {
        Accepts = Accepts.Differentiable,
        Linear = Linearity.Jointly,
        FoldsBatch = true,
        Gradients =
        [
            new(Keep.Nothing, static (g, in s) => AvgPool.Apply([g], s.Attributes)),
            Gradient<Attributes>.None("it only gives the shape"),
        ],
    };

    private static Tensor AtPlaces(Tensor x, Tensor places)
    {
        Shape shape = places.ConcreteShape;
        using Tensor planes = Aten.reshape(x, [shape[0], shape[1], -1]);
        using Tensor flatPlaces = Aten.reshape(places, [shape[0], shape[1], -1]);
        using Tensor gathered = Aten.gather(planes, 2, flatPlaces, false);
        return Aten.reshape(gathered, shape.Sizes);
    }

    private static Shape Pooled(Shape x, in Attributes a) =>
    [
        x[0], x[1],
        Windows.Places(x[2], a.Window[0], a.Strides[0], a.Frame[0], 1),
        Windows.Places(x[3], a.Window[1], a.Strides[1], a.Frame[1], 1),
    ];
}
