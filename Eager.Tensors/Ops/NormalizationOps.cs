using Eager.Interop;

namespace Eager;

/// <summary>
/// y = γ·x̂ + β with x̂ = r·(x − μ) and r = 1/√(σ² + ε): operations on (x, γ, β) with outputs (y, μ, r). They differ in the elements
/// that μ and σ² are taken over and in those that share a γ, which is what a <see cref="View"/> says.
/// </summary>
internal static class NormalizationOps
{
    private static readonly long[] ToChannelsSecond = [0, 3, 1, 2], ToChannelsLast = [0, 2, 3, 1];

    /// <summary>The axis of the channels or the first axis that is normalized, and the number of groups.</summary>
    internal readonly record struct Attributes(int Axis, long Groups, double Epsilon);

    /// <summary>How formulas see an input: its shape, the axes of a mean, and the shapes with which μ and r, and γ, broadcast to it.</summary>
    private readonly record struct View(Shape Shape, int[] Over, Shape Statistics, Shape Affine, int[] AffineOver);

    private delegate View ViewRule(Shape x, in Attributes a);

    private delegate Shape StatisticsRule(Shape x, in Attributes a);

    // Channels of a batch: [c] statistics, [c] factors.
    internal static readonly Op<Attributes> BatchNormBackward = DeclareBackward("BatchNormBackward", BatchView, static (x, in a) =>
    {
        using Tensor g = ToKernel(x[0], a.Axis), input = ToKernel(x[1], a.Axis);
        using Tensor gamma = Dense(x[2]), mean = Dense(x[3]), rate = Dense(x[4]);
        Tensor?[] d = Aten.native_batch_norm_backward(g, input, gamma, null, null, mean, rate, true, a.Epsilon, 7);
        return [FromKernel(d[0]!, x[1], a.Axis), d[1]!, d[2]!];
    });

    internal static readonly Op<Attributes> BatchNorm = Declare("BatchNorm", BatchView, BatchNormBackward, static (x, in a) => [x[a.Axis]], static (x, in a) =>
    {
        using Tensor input = ToKernel(x[0], a.Axis);
        using Tensor gamma = Dense(x[1]), beta = Dense(x[2]);
        Tensor[] y = Aten.native_batch_norm(input, gamma, beta, null, null, true, 0, a.Epsilon);
        return [FromKernel(y[0], x[0], a.Axis), y[1], y[2]];
    });

    // The last axes of an example: statistics of the other axes, a factor for each of theirs.
    internal static readonly Op<Attributes> LayerNormBackward = DeclareBackward("LayerNormBackward", LayerView, static (x, in a) =>
    {
        ReadOnlySpan<long> normalized = x[1].ConcreteShape.Sizes[a.Axis..];
        using Tensor g = Dense(x[0]), input = Dense(x[1]), gamma = Dense(x[2]), mean = Dense(x[3]), rate = Dense(x[4]);
        return Aten.native_layer_norm_backward(g, input, normalized, mean, rate, gamma, gamma, 7);
    });

    internal static readonly Op<Attributes> LayerNorm = Declare("LayerNorm", LayerView, LayerNormBackward, static (x, in a) => LayerView(x, a).Statistics, static (x, in a) =>
    {
        using Tensor input = Dense(x[0]), gamma = Dense(x[1]), beta = Dense(x[2]);
        return Aten.native_layer_norm(input, x[0].ConcreteShape.Sizes[a.Axis..], gamma, beta, a.Epsilon);
    });

    // Groups of channels of an example [n, c, ...]: [n, groups] statistics, [c] factors.
    internal static readonly Op<Attributes> GroupNormBackward = DeclareBackward("GroupNormBackward", GroupView, static (x, in a) =>
    {
        using Tensor g = Dense(x[0]), input = Dense(x[1]), gamma = Dense(x[2]), mean = Dense(x[3]), rate = Dense(x[4]);
        Shape shape = x[1].ConcreteShape;
        return Aten.native_group_norm_backward(g, input, mean, rate, gamma, shape[0], shape[1], shape[2..].ElementCount, a.Groups, 7);
    });

    internal static readonly Op<Attributes> GroupNorm = Declare("GroupNorm", GroupView, GroupNormBackward, static (x, in a) => [x[0], a.Groups], static (x, in a) =>
    {
        using Tensor input = Dense(x[0]), gamma = Dense(x[1]), beta = Dense(x[2]);
        Shape shape = x[0].ConcreteShape;
        return Aten.native_group_norm(input, gamma, beta, shape[0], shape[1], shape[2..].ElementCount, a.Groups, a.Epsilon);
    });

    internal static Tensor ByGroups(Tensor input, int? groups, Tensor? scale, Tensor? offset, double epsilon, DataFormat format, string op)
    {
        if (input.Rank < 2) throw new ShapeMismatchException($"{op}: the input is {input.ConcreteShape}; it needs a batch and channels.");
        RequireEpsilon(epsilon, op);
        Dim channels = input.Shape[Windows.ChannelAxis(format)];
        int count = groups ?? (int)channels.Value;
        if (count < 1 || channels.Value % count != 0) throw new ShapeMismatchException($"{op}: {channels.Value} channels of {input.ConcreteShape} do not fall into {count} groups.");
        using var scope = Temporaries.Begin();
        (Tensor factor, Tensor shift) = Affine(input, [channels], scale, offset, op);
        int last = input.Rank - 1;
        bool moves = format == DataFormat.ChannelsLast && last > 1;
        Tensor x = moves ? input.Transpose([0, last, .. Enumerable.Range(1, last - 1)]) : input;
        Tensor y = GroupNorm.ApplyMany([x, factor, shift], new(1, count, epsilon))[0];
        return scope.Keep(moves ? y.Transpose([0, .. Enumerable.Range(2, last - 1), 1]) : y);
    }

    /// <summary>Scale and offset, checked, or what leaves a result as it is.</summary>
    internal static (Tensor Factor, Tensor Shift) Affine(Tensor x, Shape shape, Tensor? scale, Tensor? offset, string op)
    {
        Shape sizes = Shape.FromSizes(shape.Sizes);
        RequireShape(scale, sizes, "scale", op);
        RequireShape(offset, sizes, "offset", op);
        return (scale ?? Tensor.Ones(shape, x.DType, x.Device), offset ?? Tensor.Zeros(shape, x.DType, x.Device));
    }

    internal static void RequireShape(Tensor? given, Shape shape, string name, string op)
    {
        if (given is not null && given.ConcreteShape != shape) throw new ShapeMismatchException($"{op}: the {name} is {given.ConcreteShape}; it needs shape {shape}.");
    }

    internal static int RequireChannels(Tensor x, int axis, string op)
    {
        int at = x.ConcreteShape.NormalizeAxis(axis, op);
        return x.Rank >= 2 ? at : throw new ShapeMismatchException($"{op}: the input is {x.ConcreteShape}; it needs a batch and channels.");
    }

    internal static void RequireEpsilon(double epsilon, string op)
    {
        if (!(epsilon >= 0)) throw new InvalidArgumentException($"{op}: epsilon {epsilon} is not 0 or more.");
    }

    // With u = g·γ and M the mean over the normalized elements: dx = r·(u − M(u) − x̂·M(u·x̂)), dγ = Σg·x̂, dβ = Σg, in one kernel;
    // with m and q the gradients of μ and r over n elements: dx += m/n − q·r³·(x − μ)/n
    private static Op<Attributes> Declare(string name, ViewRule view, Op<Attributes> backward, StatisticsRule statistics, ManyKernel<Attributes> kernel) =>
        new(name, kernel, (x, in a) =>
        {
            Shape shape = statistics(x[0], a);
            return [x[0], shape, shape];
        })
        {
            Accepts = Accepts.Differentiable,
            JointKeeps = Keep.A | Keep.B | Keep.Output1 | Keep.Output2,
            Joint = (g, in s, dx) =>
            {
                Tensor mean = s.Outputs(1), rate = s.Outputs(2);
                if (g[0] is not null) backward.ApplyMany([g[0]!, s.A, s.B, mean, rate], s.Attributes).CopyTo(dx);
                if (g[1] is null && g[2] is null) return;
                View v = view(s.A.Shape, s.Attributes);
                double count = (double)v.Shape.ElementCount / v.Statistics.ElementCount;
                if (g[1] is not null) dx[0] = Plus(dx[0], (g[1]!.Reshape(v.Statistics) / count).BroadcastTo(v.Shape).Reshape(s.A.Shape));
                if (g[2] is not null)
                {
                    Tensor factor = (g[2]! * rate * rate * rate / -count).Reshape(v.Statistics);
                    dx[0] = Plus(dx[0], (factor * (s.A.Reshape(v.Shape) - mean.Reshape(v.Statistics))).Reshape(s.A.Shape));
                }
            },
        };

    // z = r·(u − M(u) − x̂·M(u·x̂)), d = Σg·x̂, b = Σg of (g, x, γ, μ, r), u = g·γ. With gradients h of z, k of d, l of b:
    // p = r·(h − M(h) − x̂·M(h·x̂)), q = k·g − r·(h·M(u·x̂) + u·M(h·x̂)) the gradient of x̂
    // ⇒ dg = γ·p + k·x̂ + l, dx = q·r, dγ = Σg·p, dμ = −r·Σq, dr = Σh·(u − M(u) − x̂·M(u·x̂)) + Σq·(x − μ)
    private static Op<Attributes> DeclareBackward(string name, ViewRule view, ManyKernel<Attributes> kernel) =>
        new(name, kernel, static (x, in _) => [x[1], x[2], x[2]])
        {
            Accepts = Accepts.Differentiable,
            JointKeeps = Keep.A | Keep.B | Keep.C | Keep.D | Keep.E,
            Joint = (given, in s, d) =>
            {
                View v = view(s.B.Shape, s.Attributes);
                Tensor g = s.A.Reshape(v.Shape), gamma = s.C.Reshape(v.Affine), rate = s.Input(4).Reshape(v.Statistics);
                Tensor centred = s.B.Reshape(v.Shape) - s.Input(3).Reshape(v.Statistics), normal = centred * rate;
                Tensor? k = given[1]?.Reshape(v.Affine), l = given[2]?.Reshape(v.Affine);
                Tensor? dg = null, q = null, dRate = null;
                if (given[0] is not null)
                {
                    Tensor h = given[0]!.Reshape(v.Shape), u = g * gamma;
                    Tensor meanU = Mean(u * normal, v), meanH = Mean(h * normal, v);
                    Tensor p = rate * (h - Mean(h, v) - normal * meanH);
                    dg = gamma * p;
                    q = -rate * (h * meanU + u * meanH);
                    dRate = (h * (u - Mean(u, v) - normal * meanU)).Sum(v.Over, keepDims: true);
                    Tensor forGamma = g * p;
                    d[2] = (v.AffineOver.Length == 0 ? forGamma : forGamma.Sum(v.AffineOver)).Reshape(s.C.Shape);
                }
                if (k is not null) (dg, q) = (Plus(dg, k * normal), Plus(q, k * g));
                if (l is not null) dg = Plus(dg, l.BroadcastTo(v.Shape));
                d[0] = dg?.Reshape(s.A.Shape);
                if (q is null) return;
                d[1] = (q * rate).Reshape(s.B.Shape);
                d[3] = (-rate * q.Sum(v.Over, keepDims: true)).Reshape(s.Input(3).Shape);
                d[4] = Plus(dRate, (q * centred).Sum(v.Over, keepDims: true)).Reshape(s.Input(4).Shape);
            },
        };

    private static Tensor Mean(Tensor x, in View v) => x.Mean(v.Over, keepDims: true);

    private static Tensor Plus(Tensor? a, Tensor b) => a is null ? b : a + b;

    private static View BatchView(Shape x, in Attributes a)
    {
        int axis = a.Axis;
        int[] others = [.. Enumerable.Range(0, x.Rank).Where(i => i != axis)];
        Shape channels = x.Reduce(others, keepDims: true);
        return new(x, others, channels, channels, others);
    }

    private static View LayerView(Shape x, in Attributes a)
    {
        int[] normalized = [.. Enumerable.Range(a.Axis, x.Rank - a.Axis)], others = [.. Enumerable.Range(0, a.Axis)];
        // Without other axes nothing is summed; an empty list would mean all.
        Shape affine = others.Length == 0 ? x : x.Reduce(others, keepDims: true);
        return new(x, normalized, x.Reduce(normalized, keepDims: true), affine, others);
    }

    private static View GroupView(Shape x, in Attributes a)
    {
        Dim channels = x[1] / a.Groups;
        return new([x[0], a.Groups, channels, x[2..].ElementCount], [2, 3], [x[0], a.Groups, 1, 1], [1, a.Groups, channels, 1], [0, 3]);
    }

    // The kernels read these as if they lay in memory in order.
    private static Tensor Dense(Tensor x) => Aten.contiguous(x, 0);

    // The kernel takes channels second. Where they are last, the other axes become the rows of one image, which stays as it is in memory.
    private static Tensor ToKernel(Tensor x, int axis)
    {
        ReadOnlySpan<long> sizes = x.ConcreteShape.Sizes;
        if (axis < sizes.Length - 1) return Aten.reshape(x, [Product(sizes[..axis]), sizes[axis], Product(sizes[(axis + 1)..])]);
        using Tensor rows = Aten.reshape(x, [1, Product(sizes[..axis]), 1, sizes[axis]]);
        return Aten.permute(rows, ToChannelsSecond);
    }

    private static Tensor FromKernel(Tensor y, Tensor like, int axis)
    {
        using Tensor made = y;
        ReadOnlySpan<long> sizes = like.ConcreteShape.Sizes;
        if (axis < sizes.Length - 1) return Aten.reshape(made, sizes);
        using Tensor rows = Aten.permute(made, ToChannelsLast);
        return Aten.reshape(rows, sizes);
    }

    private static long Product(ReadOnlySpan<long> sizes)
    {
        long product = 1;
        foreach (long size in sizes) product *= size;
        return product;
    }
}
