using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The slices of an axis at some places: the indices' shape stands where the axis was.</summary>
    /// <param name="indices">Places from 0 on, of any integer dtype and shape.</param>
    /// <param name="axis">The axis that they count along.</param>
    /// <exception cref="InvalidArgumentException">A place is not on the axis.</exception>
    public Tensor Gather(Tensor indices, int axis = 0)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(GatheringOps.ApplyAlong(GatheringOps.Gather, [this, indices], axis));
    }

    /// <summary>The slices at places that each name several axes: the last axis of the indices, <c>[..., k]</c>, holds a place for each of the first k axes.</summary>
    /// <param name="indices">Integers; a negative place counts from the end. The result is <c>[..., rest of this tensor's axes]</c>.</param>
    /// <exception cref="InvalidArgumentException">A place is not on its axis.</exception>
    /// <example><code>Tensor corners = x.GatherNd(Tensor.From([[0, 0], [-1, -1]]));   // of a matrix: two scalars</code></example>
    public Tensor GatherNd(Tensor indices)
    {
        int count = GatheringOps.RequireCoordinates(indices, ConcreteShape, nameof(GatherNd));
        using var scope = Temporaries.Begin();
        if (count == 0) return scope.Keep(BroadcastTo([.. indices.Shape[..^1], .. Shape]));
        return scope.Keep(GatheringOps.ApplyIndex(GatheringOps.Index, [this, .. GatheringOps.Coordinates(indices)], GatheringOps.FirstAxes(count), ConcreteShape, GatheringOps.FirstAxes(count), nameof(GatherNd)));
    }

    /// <summary>For each of a batch its own slices: <c>x[b, i]</c> for each place i in <c>indices[b]</c>.</summary>
    /// <param name="indices">Places from 0 on along the axis behind the batch, of an integer dtype: <c>[batch, ...]</c>; their shape stands where batch and axis were.</param>
    /// <param name="batchAxes">How many leading axes, equal in both, are the batch.</param>
    /// <exception cref="InvalidArgumentException">A place is not on the axis.</exception>
    public Tensor BatchGather(Tensor indices, int batchAxes = 1)
    {
        if (batchAxes < 0 || batchAxes >= Rank || batchAxes > indices.Rank || ConcreteShape[..batchAxes] != indices.ConcreteShape[..batchAxes])
            throw new ShapeMismatchException($"BatchGather: indices of shape {indices.ConcreteShape} do not fit {ConcreteShape} with {batchAxes} batch axes; those must be equal, and an axis to count along must follow them.");
        using var scope = Temporaries.Begin();
        Shape batch = Shape[..batchAxes], rest = Shape[(batchAxes + 1)..], each = indices.Shape[batchAxes..];
        Tensor lines = Reshape([.. batch, Shape[batchAxes], rest.ElementCount]);
        Tensor places = indices.Reshape([.. batch, each.ElementCount, 1]).BroadcastTo([.. batch, each.ElementCount, rest.ElementCount]);
        return scope.Keep(lines.TakeAlongAxis(places, batchAxes).Reshape([.. batch, .. each, .. rest]));
    }

    /// <summary>The elements at places that count through the whole tensor in C order, in the indices' shape.</summary>
    /// <param name="indices">Places from 0 on, of an integer dtype.</param>
    /// <exception cref="InvalidArgumentException">There is no such element.</exception>
    public Tensor Take(Tensor indices)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(Reshape([Shape.ElementCount]).Gather(indices));
    }

    /// <summary>For each index the element of this tensor at that place of the axis and, on all other axes, where the index itself stands.</summary>
    /// <param name="indices">Places from 0 on, of an integer dtype; of this tensor's rank and, but for the axis, no larger.</param>
    /// <param name="axis">The axis that they count along.</param>
    /// <exception cref="InvalidArgumentException">A place is not on the axis.</exception>
    public Tensor TakeAlongAxis(Tensor indices, int axis)
    {
        GatheringOps.RequireWithin(nameof(TakeAlongAxis), indices.ConcreteShape, ConcreteShape, axis);
        using var scope = Temporaries.Begin();
        return scope.Keep(GatheringOps.ApplyAlong(GatheringOps.TakeAlongAxis, [this, indices], axis));
    }

    /// <summary>This tensor with numbers added: each element of the source at the place of the axis that its index names, and on all other axes where it stands.</summary>
    /// <param name="indices">Places from 0 on, of an integer dtype; of this tensor's rank and, but for the axis, no larger.</param>
    /// <param name="source">What is added, of the indices' shape; places named twice receive both.</param>
    /// <param name="axis">The axis that the indices count along.</param>
    /// <exception cref="InvalidArgumentException">A place is not on the axis.</exception>
    public Tensor ScatterAdd(Tensor indices, Tensor source, int axis)
    {
        GatheringOps.RequireSameDType(nameof(ScatterAdd), this, source);
        GatheringOps.RequireWithin(nameof(ScatterAdd), indices.ConcreteShape, ConcreteShape, axis);
        if (source.ConcreteShape != indices.ConcreteShape)
            throw new ShapeMismatchException($"ScatterAdd: the source is {source.ConcreteShape}, the indices {indices.ConcreteShape}; the shapes must be equal.");
        using var scope = Temporaries.Begin();
        return scope.Keep(GatheringOps.ApplyAlong(GatheringOps.ScatterAdd, [this, indices, source], axis));
    }

    /// <summary>This tensor with the slices of a source added to its own slices at some places of an axis.</summary>
    /// <param name="indices">A vector of places from 0 on, of an integer dtype.</param>
    /// <param name="source">What is added: this tensor's shape, with the indices' number along the axis; places named twice receive both.</param>
    /// <param name="axis">The axis that the indices count along.</param>
    /// <exception cref="InvalidArgumentException">A place is not on the axis.</exception>
    public Tensor IndexAdd(Tensor indices, Tensor source, int axis = 0)
    {
        int at = GatheringOps.RequireSlices(nameof(IndexAdd), this, indices, source, axis);
        using var scope = Temporaries.Begin();
        return scope.Keep(GatheringOps.ApplyAlong(GatheringOps.IndexAdd, [this, indices, source], at));
    }

    /// <summary>The slices where a mask is true, in order: the mask's axes become one, as long as the mask has true elements.</summary>
    /// <param name="mask">Bools, of the shape of the axes from <paramref name="axis"/> on that they mask.</param>
    /// <param name="axis">The first axis that is masked.</param>
    /// <exception cref="TracingException">A traced function is being recorded: sizes that hang on values would be frozen in it.</exception>
    public Tensor BooleanMask(Tensor mask, int axis = 0)
    {
        int at = ConcreteShape.NormalizeAxis(axis, nameof(BooleanMask));
        GatheringOps.RequireMask(this, mask, at);
        using var scope = Temporaries.Begin();
        Shape shape = Shape;
        Tensor flat = mask.Rank == 1 ? this : Reshape([.. shape[..at], mask.Shape.ElementCount, .. shape[(at + mask.Rank)..]]);
        Tensor places = mask.Reshape([mask.Shape.ElementCount]).NonZero();
        return scope.Keep(flat.Gather(places.Select(1, 0), at));
    }

    /// <summary>The places of the elements that are true or not zero, in C order: int64 of shape [number of them, rank].</summary>
    /// <exception cref="TracingException">A traced function is being recorded: sizes that hang on values would be frozen in it.</exception>
    public Tensor NonZero()
    {
        ReadingValue(nameof(NonZero));
        return GatheringOps.NonZero.Apply([this], default);
    }
}

internal static class GatheringOps
{
    // Inputs 1 to 7: the most that a tape keeps.
    private const Keep Indices = (Keep)0xFE;
    private const int MostIndices = 7;

    internal readonly record struct IndexBackwardAttributes(Shape Shape, int[] Axes);

    // y = x at places i of an axis ⇒ dx = zeros with g added at those places
    internal static readonly Op<int> Gather = new("Gather", GatherKernel, GatheredShape)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        BatchRule = GatherSlices,
        ComplexGradients = true,
        Gradients =
        [
            new(Keep.B | Keep.Shapes, static (g, in s) =>
            {
                Shape x = s.Shape(0);
                int axis = s.Attributes;
                Dim count = s.Shape(1).ElementCount;
                return ZerosFor(g, x).IndexAdd(s.B.Reshape([count]), g.Reshape(x.With(axis, count)), axis);
            }),
            NoIndexGradient<int>(),
        ],
    };

    // y = x at place i of the axis, elementwise ⇒ dx = zeros with g added there
    internal static readonly Op<int> TakeAlongAxis = new("TakeAlongAxis",
        static (x, in axis) => Aten.gather(x[0], axis, x[1], false),
        static (x, in _) => x[1])
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in axis, in _) => axis + 1,
        ComplexGradients = true,
        Gradients =
        [
            new(Keep.B | Keep.Shapes, static (g, in s) => ZerosFor(g, s.Shape(0)).ScatterAdd(s.B, g, s.Attributes)),
            NoIndexGradient<int>(),
        ],
    };

    // y = a + b at places i of the axis, elementwise ⇒ da = g, db = g at those places
    internal static readonly Op<int> ScatterAdd = new("ScatterAdd",
        static (x, in axis) => Aten.scatter_add(x[0], axis, x[1], x[2]),
        static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in axis, in _) => axis + 1,
        ComplexGradients = true,
        Gradients =
        [
            new(Keep.Nothing, static (g, in s) => g),
            NoIndexGradient<int>(),
            new(Keep.B, static (g, in s) => g.TakeAlongAxis(s.B, s.Attributes)),
        ],
    };

    // y = a + the slices of b at places i of the axis ⇒ da = g, db = g at those places
    internal static readonly Op<int> IndexAdd = new("IndexAdd",
        static (x, in axis) => Aten.index_add(x[0], axis, x[1], x[2], 1),
        static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        BatchRule = IndexAddSlices,
        ComplexGradients = true,
        Gradients =
        [
            new(Keep.Nothing, static (g, in s) => g),
            NoIndexGradient<int>(),
            new(Keep.B, static (g, in s) => g.Gather(s.B, s.Attributes)),
        ],
    };

    // y = x[i, j, …], each on its axis ⇒ dx = zeros with g added at those places
    internal static readonly Op<int[]> Index = new("Index",
        static (x, in axes) => Aten.index_Tensor(x[0], ByAxis(x[1..], axes)),
        IndexedShape)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        ComplexGradients = true,
        Gradients =
        [
            new(Indices | Keep.Shapes, static (g, in s) => IndexBackward!.Apply(WithIndices(g, s), new(s.Shape(0), s.Attributes))),
            NoIndexGradient<int[]>(),
        ],
    };

    // y = zeros with x added at places [i, j, …] ⇒ dx = g at those places
    internal static readonly Op<IndexBackwardAttributes> IndexBackward = new("IndexBackward",
        static (x, in a) =>
        {
            using Tensor zeros = Aten.full(a.Shape.Sizes, 0, (int)x[0].DType, -1, x[0].Device.Packed, default);
            return Aten.index_put(zeros, ByAxis(x[1..], a.Axes), x[0], true);
        },
        static (x, in a) => a.Shape)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        ComplexGradients = true,
        Gradients =
        [
            new(Indices, static (g, in s) => Index.Apply(WithIndices(g, s), s.Attributes.Axes)),
            NoIndexGradient<IndexBackwardAttributes>(),
        ],
    };

    internal static readonly Op<None> NonZero = new("NonZero",
        static (x, in _) => Aten.nonzero(x[0]),
        static (x, in _) => [Dim.Unknown, x[0].Rank])
    {
        Accepts = Accepts.Any,
        Effect = Effect.DynamicShape,
    };

    /// <summary>Runs an operation whose second input is a tensor of places along an axis; when it fails, the place that is not there is named.</summary>
    internal static Tensor ApplyAlong(Op<int> op, ReadOnlySpan<Tensor> x, int axis)
    {
        int at = x[0].ConcreteShape.NormalizeAxis(axis, op.Name);
        return ApplyAlong(op, x, at, at);
    }

    /// <summary>As <see cref="ApplyAlong(Op{int}, ReadOnlySpan{Tensor}, int)"/>, for operations with more attributes than the axis.</summary>
    internal static Tensor ApplyAlong<TAttributes>(Op<TAttributes> op, ReadOnlySpan<Tensor> x, int axis, in TAttributes attributes)
    {
        Tensor[] inputs = [.. x];
        inputs[1] = RequireIndices(x[1], op.Name).Cast(DType.Int64);
        if (AssertsOnDevice(inputs[1])) RequirePlaces(inputs[1], x[0].ConcreteShape, axis, op.Name, fromEnd: false);
        try
        {
            return op.Apply(inputs, attributes);
        }
        catch (LibTorchException)
        {
            RequirePlaces(inputs[1], x[0].ConcreteShape, axis, op.Name, fromEnd: false);
            throw;
        }
    }

    /// <summary>Runs the operation behind an index of tensors: the indexed tensor first, then places for each of the axes, negative ones from the end.</summary>
    internal static Tensor ApplyIndex(ReadOnlySpan<Tensor> x, int[] axes) => ApplyIndex(Index, x, axes, x[0].ConcreteShape, axes, Index.Name);

    /// <summary>Runs an operation whose inputs after the first are places for each of some axes of a shape.</summary>
    internal static Tensor ApplyIndex<TAttributes>(Op<TAttributes> op, ReadOnlySpan<Tensor> x, in TAttributes attributes, Shape shape, int[] axes, string caller)
    {
        if (axes.Length > MostIndices) throw new InvalidArgumentException($"{caller}: {axes.Length} axes are indexed by tensors; at most {MostIndices} can be.");
        if (AssertsOnDevice(x[^1])) RequirePlaces(x[1..], shape, axes, caller);
        try
        {
            return op.Apply(x, attributes);
        }
        catch (LibTorchException)
        {
            RequirePlaces(x[1..], shape, axes, caller);
            throw;
        }
    }

    /// <summary>Refuses indices whose last axis does not hold a place for each of the first axes of a shape; gives the number of those.</summary>
    internal static int RequireCoordinates(Tensor indices, Shape shape, string op)
    {
        RequireIndices(indices, op);
        Shape given = indices.ConcreteShape;
        if (given.Rank == 0 || given[^1].Value > shape.Rank)
            throw new ShapeMismatchException($"{op}: indices of shape {given} do not fit shape {shape}; their last axis holds a place for each of the first axes, so at most {shape.Rank}.");
        return (int)given[^1].Value;
    }

    /// <summary>The places for each axis, from indices whose last axis holds them.</summary>
    internal static Tensor[] Coordinates(Tensor indices) => indices.Cast(DType.Int64).Unstack(-1);

    internal static int[] FirstAxes(int count) => [.. Enumerable.Range(0, count)];

    /// <summary>Refuses indices that are no integers.</summary>
    internal static Tensor RequireIndices(Tensor indices, string op) =>
        indices.DType.IsInteger() ? indices : throw new DTypeMismatchException($"{op}: the indices are {indices.DType.Name()}; convert them to an integer dtype with {(indices.DType.IsQuantized() ? "Dequantize and " : "")}Cast.");

    /// <summary>Refuses a mask that is no bool tensor of the shape of the axes that it masks.</summary>
    internal static Tensor RequireMask(Tensor x, Tensor mask, int axis)
    {
        if (mask.DType != DType.Bool) throw new DTypeMismatchException($"BooleanMask: the mask is {mask.DType.Name()}, not bool; compare it with something first.");
        Shape shape = x.ConcreteShape, masked = mask.ConcreteShape;
        if (masked.Rank == 0 || axis + masked.Rank > shape.Rank || shape[axis..(axis + masked.Rank)] != masked)
            throw new ShapeMismatchException($"BooleanMask: a mask of shape {masked} does not fit shape {shape} from axis {axis} on; the sizes must be equal.");
        return mask;
    }

    internal static void RequireSameDType(string op, Tensor x, Tensor source)
    {
        if (x.DType.IsQuantized()) throw Errors.Quantized(op, x.DType);
        if (x.DType != source.DType) throw new DTypeMismatchException($"{op}: the tensor is {x.DType.Name()}, the source {source.DType.Name()}; convert one with Cast.");
    }

    /// <summary>Refuses indices that are no vector and sources that do not have a slice for each; gives the axis.</summary>
    internal static int RequireSlices(string op, Tensor x, Tensor indices, Tensor source, int axis)
    {
        RequireSameDType(op, x, source);
        int at = x.ConcreteShape.NormalizeAxis(axis, op);
        if (indices.Rank != 1 || source.ConcreteShape != x.ConcreteShape.With(at, indices.ConcreteShape[0]))
            throw new ShapeMismatchException($"{op}: indices of shape {indices.ConcreteShape} and a source of {source.ConcreteShape} do not fit axis {axis} of {x.ConcreteShape}; they need [n], and that shape with n in place of the axis.");
        return at;
    }

    /// <summary>Refuses indices that are larger than a tensor on another axis than the one that they count along.</summary>
    internal static void RequireWithin(string op, Shape indices, Shape x, int axis)
    {
        int at = x.NormalizeAxis(axis, op);
        bool fits = indices.Rank == x.Rank;
        for (int i = 0; fits && i < x.Rank; i++) fits = i == at || indices[i].IsUnknown || x[i].IsUnknown || indices[i] <= x[i];
        if (!fits) throw new ShapeMismatchException($"{op}: indices of shape {indices} do not fit {x} along axis {axis}; they need {x.Rank} axes and, but for that one, sizes no larger.");
    }

    internal static Gradient<TAttributes> NoIndexGradient<TAttributes>() => Gradient<TAttributes>.None("it is an index");

    private static Tensor ZerosFor(Tensor g, Shape shape) => Tensor.Zeros(shape, g.DType, g.Device);

    private static Tensor GatherKernel(ReadOnlySpan<Tensor> x, in int axis)
    {
        if (x[1].Rank == 1) return Aten.index_select(x[0], axis, x[1]);
        using Tensor flat = Aten.reshape(x[1], [-1]);
        using Tensor slices = Aten.index_select(x[0], axis, flat);
        return Aten.reshape(slices, Gathered(x[0].ConcreteShape, x[1].ConcreteShape, axis).Sizes);
    }

    private static Tensor GatherSlices(in Batch b, in int axis)
    {
        if (!b.Has(1)) return Gather.Apply([b[0], b[1]], axis + 1);
        if (!b.Has(0)) return BatchFirst(Gather.Apply([b[0], b[1]], axis), axis);
        // Places of each slice's own: one place for each element of what they pick, [batch, before, places, after].
        Shape x = b.Shape(0), places = b.Shape(1);
        Shape spread = [b.Size, .. Enumerable.Repeat((Dim)1, axis), places.ElementCount, .. Enumerable.Repeat((Dim)1, x.Rank - axis - 1)];
        Shape picked = x.With(axis, places.ElementCount).Insert(0, b.Size);
        Tensor y = TakeAlongAxis.Apply([b[0], b[1].Reshape(spread).BroadcastTo(picked)], axis + 1);
        return y.Reshape([b.Size, .. Gathered(x, places, axis)]);
    }

    private static Tensor IndexAddSlices(in Batch b, in int axis)
    {
        if (!b.Has(1)) return IndexAdd.Apply([b.Full(0), b[1], b.Full(2)], axis + 1);
        Shape x = b.Shape(0), source = b.Shape(2).Insert(0, b.Size);
        Shape spread = [b.Size, .. Enumerable.Repeat((Dim)1, axis), b.Shape(1)[0], .. Enumerable.Repeat((Dim)1, x.Rank - axis - 1)];
        return ScatterAdd.Apply([b.Full(0), b[1].Reshape(spread).BroadcastTo(source), b.Full(2)], axis + 1);
    }

    // An axis put before all others.
    private static Tensor BatchFirst(Tensor y, int axis) => y.Transpose([axis, .. Enumerable.Range(0, y.Rank).Where(i => i != axis)]);

    private static Shape GatheredShape(ReadOnlySpan<Shape> x, in int axis) => Gathered(x[0], x[1], axis);

    private static Shape Gathered(Shape x, Shape indices, int axis) => [.. x[..axis], .. indices, .. x[(axis + 1)..]];

    private static Shape IndexedShape(ReadOnlySpan<Shape> x, in int[] axes)
    {
        Shape picked = x[1];
        foreach (Shape other in x[2..]) picked = Shape.Broadcast(picked, other);
        bool together = axes[^1] - axes[0] == axes.Length - 1;
        int[] indexed = axes;
        IEnumerable<Dim> before = x[0].Take(together ? axes[0] : 0);
        IEnumerable<Dim> after = x[0].Select(static (size, axis) => (size, axis)).Where(d => !indexed.Contains(d.axis) && !(together && d.axis < indexed[0])).Select(static d => d.size);
        return [.. before, .. picked, .. after];
    }

    // The list that LibTorch takes: places for an axis, or none where the axis is whole.
    private static Tensor[] ByAxis(ReadOnlySpan<Tensor> places, int[] axes)
    {
        var list = new Tensor[axes[^1] + 1];
        for (int i = 0; i < axes.Length; i++) list[axes[i]] = places[i];
        return list;
    }

    private static Tensor[] WithIndices<TAttributes>(Tensor g, in Saved<TAttributes> s)
    {
        var inputs = new Tensor[s.InputCount];
        inputs[0] = g;
        for (int i = 1; i < inputs.Length; i++) inputs[i] = s.Input(i);
        return inputs;
    }

    // On a GPU a place that is not there ends the process instead of the call, so there the places are looked at first.
    private static bool AssertsOnDevice(Tensor indices) => indices.Device.Type == DeviceType.Cuda && ThreadContext.Current.Observer?.RecordsHostEffects != true;

    private static void RequirePlaces(ReadOnlySpan<Tensor> places, Shape shape, int[] axes, string op)
    {
        for (int i = 0; i < axes.Length; i++) RequirePlaces(places[i], shape, axes[i], op, fromEnd: true);
    }

    /// <summary>Names the first place that is not on an axis.</summary>
    internal static void RequirePlaces(Tensor indices, Shape shape, int axis, string op, bool fromEnd)
    {
        long size = shape[axis];
        long[] places = Tensor.Outside(static t => t.ToArray<long>(), indices);
        int bad = Array.FindIndex(places, place => place < (fromEnd ? -size : 0) || place >= size);
        if (bad >= 0) throw new InvalidArgumentException($"{op}: index {places[bad]} (number {bad} of shape {indices.ConcreteShape}) is outside axis {axis} of shape {shape}, which has {size} places.");
    }
}
