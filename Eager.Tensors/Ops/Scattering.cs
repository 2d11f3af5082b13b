using Eager.Interop;

namespace Eager;

/// <summary>How numbers that meet in one place become one.</summary>
public enum ScatterReduction
{
    /// <summary>Their sum.</summary>
    Sum = 0,

    /// <summary>Their product.</summary>
    Product = 1,

    /// <summary>Their mean; of integers rounded down.</summary>
    Mean = 2,

    /// <summary>The largest.</summary>
    Maximum = 3,

    /// <summary>The smallest.</summary>
    Minimum = 4,
}

public partial class Tensor
{
    /// <summary>This tensor with elements replaced: each element of the source stands at the place of the axis that its index names, and on all other axes where it stood.</summary>
    /// <param name="indices">Places from 0 on, of an integer dtype; of this tensor's rank and, but for the axis, no larger.</param>
    /// <param name="source">The new elements, of the indices' shape. Of several for one place any may win, and gradients are right for distinct places only.</param>
    /// <param name="axis">The axis that the indices count along.</param>
    /// <exception cref="InvalidArgumentException">A place is not on the axis.</exception>
    public Tensor Scatter(Tensor indices, Tensor source, int axis)
    {
        ScatteringOps.RequireSource(nameof(Scatter), this, indices, source, axis);
        using var scope = Temporaries.Begin();
        return scope.Keep(GatheringOps.ApplyAlong(ScatteringOps.Scatter, [this, indices, source], axis));
    }

    /// <summary>This tensor with one number at the places of the axis that the indices name.</summary>
    /// <param name="indices">Places from 0 on, of an integer dtype; of this tensor's rank and, but for the axis, no larger.</param>
    /// <param name="value">The number.</param>
    /// <param name="axis">The axis that the indices count along.</param>
    /// <exception cref="InvalidArgumentException">A place is not on the axis.</exception>
    public Tensor Scatter(Tensor indices, Scalar value, int axis)
    {
        ScalarOperands.RequireFit(value, DType, nameof(Scatter));
        GatheringOps.RequireWithin(nameof(Scatter), indices.ConcreteShape, ConcreteShape, axis);
        int at = ConcreteShape.NormalizeAxis(axis, nameof(Scatter));
        using var scope = Temporaries.Begin();
        return scope.Keep(GatheringOps.ApplyAlong(ScatteringOps.ScatterValue, [this, indices], at, new(at, value)));
    }

    /// <summary>What becomes of each element of this tensor and all those of a source that are sent to its place.</summary>
    /// <param name="indices">Places from 0 on, of an integer dtype; of this tensor's rank and, but for the axis, no larger.</param>
    /// <param name="source">What is sent, of the indices' shape.</param>
    /// <param name="axis">The axis that the indices count along.</param>
    /// <param name="reduction">How the numbers of one place become one. Of equal largest or smallest ones each receives its share of the gradient.</param>
    /// <param name="includeSelf">False to leave this tensor's own element out wherever something is sent.</param>
    /// <exception cref="InvalidArgumentException">A place is not on the axis.</exception>
    public Tensor ScatterReduce(Tensor indices, Tensor source, int axis, ScatterReduction reduction, bool includeSelf = true)
    {
        ScatteringOps.RequireSource(nameof(ScatterReduce), this, indices, source, axis);
        if (reduction == ScatterReduction.Mean && DType == DType.Bool) throw new DTypeMismatchException("ScatterReduce: bool is not a dtype that has a mean; convert with Cast.");
        int at = ConcreteShape.NormalizeAxis(axis, nameof(ScatterReduce));
        using var scope = Temporaries.Begin();
        return scope.Keep(GatheringOps.ApplyAlong(ScatteringOps.ScatterReduce, [this, indices, source], at, new(at, reduction, includeSelf)));
    }

    /// <summary>Zeros of a shape with updates added at places that each name several axes; the opposite of <see cref="GatherNd"/>.</summary>
    /// <param name="indices">Integers <c>[..., k]</c>: the last axis holds a place for each of the first k axes of the shape.</param>
    /// <param name="updates">What is added, <c>[..., rest of the shape]</c>; places named twice receive both.</param>
    /// <param name="shape">The result's shape.</param>
    /// <exception cref="InvalidArgumentException">A place is not on its axis.</exception>
    public static Tensor ScatterNd(Tensor indices, Tensor updates, Shape shape)
    {
        int count = GatheringOps.RequireCoordinates(indices, shape, nameof(ScatterNd));
        Shape wanted = [.. indices.ConcreteShape[..^1], .. shape[count..]];
        if (updates.ConcreteShape != wanted)
            throw new ShapeMismatchException($"ScatterNd: the updates are {updates.ConcreteShape} where indices of shape {indices.ConcreteShape} into shape {shape} need {wanted}.");
        using var scope = Temporaries.Begin();
        if (count == 0) return scope.Keep(updates.SumTo(shape));
        int[] axes = GatheringOps.FirstAxes(count);
        return scope.Keep(GatheringOps.ApplyIndex(GatheringOps.IndexBackward, [updates, .. GatheringOps.Coordinates(indices)], new(shape, axes), shape, axes, nameof(ScatterNd)));
    }

    /// <summary>This tensor with updates added at places that each name several axes, see <see cref="ScatterNd"/>.</summary>
    public Tensor ScatterNdAdd(Tensor indices, Tensor updates)
    {
        GatheringOps.RequireSameDType(nameof(ScatterNdAdd), this, updates);
        using var scope = Temporaries.Begin();
        return scope.Keep(this + ScatterNd(indices, updates, Shape));
    }

    /// <summary>This tensor with the slices of a source in place of its own at some places of an axis.</summary>
    /// <param name="indices">A vector of places from 0 on, of an integer dtype.</param>
    /// <param name="source">This tensor's shape, with the indices' number along the axis. Of several slices for one place any may win.</param>
    /// <param name="axis">The axis that the indices count along.</param>
    /// <exception cref="InvalidArgumentException">A place is not on the axis.</exception>
    public Tensor IndexCopy(Tensor indices, Tensor source, int axis = 0)
    {
        int at = GatheringOps.RequireSlices(nameof(IndexCopy), this, indices, source, axis);
        using var scope = Temporaries.Begin();
        return scope.Keep(GatheringOps.ApplyAlong(ScatteringOps.IndexCopy, [this, indices, source], at));
    }

    /// <summary>This tensor with slices of one number at some places of an axis.</summary>
    /// <param name="indices">A vector of places from 0 on, of an integer dtype.</param>
    /// <param name="value">The number.</param>
    /// <param name="axis">The axis that the indices count along.</param>
    /// <exception cref="InvalidArgumentException">A place is not on the axis.</exception>
    public Tensor IndexFill(Tensor indices, Scalar value, int axis = 0)
    {
        ScalarOperands.RequireFit(value, DType, nameof(IndexFill));
        int at = ConcreteShape.NormalizeAxis(axis, nameof(IndexFill));
        if (indices.Rank != 1) throw new ShapeMismatchException($"IndexFill: the indices are {indices.ConcreteShape}; they need to be a vector.");
        using var scope = Temporaries.Begin();
        return scope.Keep(GatheringOps.ApplyAlong(ScatteringOps.IndexFill, [this, indices], at, new(at, value)));
    }

    /// <summary>This tensor with one number where a mask is true; the mask broadcasts.</summary>
    public Tensor MaskedFill(Tensor mask, Scalar value)
    {
        if (mask.DType != DType.Bool) throw new DTypeMismatchException($"MaskedFill: the mask is {mask.DType.Name()}, not bool; compare it with something first.");
        return mask.Where(ScalarOperands.For(value, this, nameof(MaskedFill)), this);
    }

    /// <summary>This tensor with the elements of a source, in C order, where a mask is true.</summary>
    /// <param name="mask">Bools that broadcast to this tensor's shape.</param>
    /// <param name="source">At least as many elements as the broadcast mask has true ones.</param>
    /// <exception cref="InvalidArgumentException">The source has fewer elements.</exception>
    public Tensor MaskedScatter(Tensor mask, Tensor source)
    {
        if (mask.DType != DType.Bool) throw new DTypeMismatchException($"MaskedScatter: the mask is {mask.DType.Name()}, not bool; compare it with something first.");
        GatheringOps.RequireSameDType(nameof(MaskedScatter), this, source);
        if (IsEmpty) return this;
        using var scope = Temporaries.Begin();
        Tensor full = mask.BroadcastTo(Shape);
        if (source.ElementCount == 0 && !Outside(static x => x.Any().Item<bool>(), full.Whole)) return this;
        // The n-th true place takes the n-th element; the others take the first, and Where drops it.
        Tensor order = full.Reshape([-1]).CumSum(0) - 1;
        try
        {
            Tensor taken = source.Take(full.Where(order.Reshape(Shape), ScalarOperands.For(0, order, nameof(MaskedScatter))));
            return scope.Keep(full.Where(taken, this));
        }
        catch (InvalidArgumentException)
        {
            throw new InvalidArgumentException($"MaskedScatter: the source has {source.ElementCount} elements, fewer than the mask has true places (of {ElementCount}); give one for each.");
        }
    }
}

internal static class ScatteringOps
{
    internal readonly record struct FillAttributes(int Axis, Scalar Value);

    internal readonly record struct ReduceAttributes(int Axis, ScatterReduction Reduction, bool IncludeSelf);

    // y = a with b at places i of the axis, elementwise ⇒ da = g, zero there, db = g at those places
    internal static readonly Op<int> Scatter = new("Scatter",
        static (x, in axis) => Aten.scatter_src(x[0], axis, x[1], x[2]),
        static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Gradients =
        [
            new(Keep.B, static (g, in s) => g.Scatter(s.B, 0, s.Attributes)),
            GatheringOps.NoIndexGradient<int>(),
            new(Keep.B, static (g, in s) => g.TakeAlongAxis(s.B, s.Attributes)),
        ],
    };

    // y = a with a number at places i of the axis, elementwise ⇒ da = g, zero there
    internal static readonly Op<FillAttributes> ScatterValue = new("ScatterValue",
        static (x, in a) => Aten.scatter_value(x[0], a.Axis, x[1], a.Value),
        static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Gradients =
        [
            new(Keep.B, static (g, in s) => g.Scatter(s.B, 0, s.Attributes.Axis)),
            GatheringOps.NoIndexGradient<FillAttributes>(),
        ],
    };

    // y = a with the slices of b at places i of the axis ⇒ da = g, zero there, db = g at those places
    internal static readonly Op<int> IndexCopy = new("IndexCopy",
        static (x, in axis) => Aten.index_copy(x[0], axis, x[1], x[2]),
        static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Gradients =
        [
            new(Keep.B, static (g, in s) => g.IndexFill(s.B, 0, s.Attributes)),
            GatheringOps.NoIndexGradient<int>(),
            new(Keep.B, static (g, in s) => g.Gather(s.B, s.Attributes)),
        ],
    };

    // y = a with slices of a number at places i of the axis ⇒ da = g, zero there
    internal static readonly Op<FillAttributes> IndexFill = new("IndexFill",
        static (x, in a) => Aten.index_fill_int_Scalar(x[0], a.Axis, x[1], a.Value),
        static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Gradients =
        [
            new(Keep.B, static (g, in s) => g.IndexFill(s.B, 0, s.Attributes.Axis)),
            GatheringOps.NoIndexGradient<FillAttributes>(),
        ],
    };

    // y = a combined with the elements of b that are sent to each place; the rules stand beside each way of combining
    internal static readonly Op<ReduceAttributes> ScatterReduce = new("ScatterReduce",
        static (x, in a) => Aten.scatter_reduce_two(x[0], a.Axis, x[1], x[2], Spelling(a.Reduction), a.IncludeSelf),
        static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Gradients =
        [
            new(Keep.A | Keep.B | Keep.C | Keep.Output, static (g, in s) =>
            {
                Tensor da = s.Attributes.Reduction switch
                {
                    ScatterReduction.Sum => g,
                    ScatterReduction.Mean => g / Met(s),
                    ScatterReduction.Product => g * StatisticsOps.OneAtZero(s.A).ScatterReduce(s.B, s.C, s.Attributes.Axis, ScatterReduction.Product) / StatisticsOps.OneAtZero(s.A),
                    _ => g / Winners(s) * SelfWins(s),
                };
                return s.Attributes.IncludeSelf ? da : da.Scatter(s.B, 0, s.Attributes.Axis);
            }),
            GatheringOps.NoIndexGradient<ReduceAttributes>(),
            new(Keep.A | Keep.B | Keep.C | Keep.Output, static (g, in s) => s.Attributes.Reduction switch
            {
                ScatterReduction.Sum => At(g, s),
                ScatterReduction.Mean => At(g / Met(s), s),
                ScatterReduction.Product => ProductOfOthers(g, s),
                _ => At(g / Winners(s), s) * SourceWins(s),
            }),
        ],
    };

    internal static void RequireSource(string op, Tensor x, Tensor indices, Tensor source, int axis)
    {
        GatheringOps.RequireSameDType(op, x, source);
        GatheringOps.RequireWithin(op, indices.ConcreteShape, x.ConcreteShape, axis);
        if (source.ConcreteShape != indices.ConcreteShape)
            throw new ShapeMismatchException($"{op}: the source is {source.ConcreteShape}, the indices {indices.ConcreteShape}; the shapes must be equal.");
    }

    private static NativeText Spelling(ScatterReduction reduction) => reduction switch
    {
        ScatterReduction.Sum => NativeText.Literal("sum"u8),
        ScatterReduction.Product => NativeText.Literal("prod"u8),
        ScatterReduction.Mean => NativeText.Literal("mean"u8),
        ScatterReduction.Maximum => NativeText.Literal("amax"u8),
        ScatterReduction.Minimum => NativeText.Literal("amin"u8),
        _ => throw new InvalidArgumentException($"{(int)reduction} is no reduction; use one of ScatterReduction."),
    };

    private static Tensor At(Tensor y, in Saved<ReduceAttributes> s) => y.TakeAlongAxis(s.B, s.Attributes.Axis);

    // How many numbers met in each place, 1 where none did.
    private static Tensor Met(in Saved<ReduceAttributes> s)
    {
        Tensor own = Tensor.FullLike(s.A, s.Attributes.IncludeSelf ? 1 : 0);
        return own.ScatterAdd(s.B, Tensor.OnesLike(s.C), s.Attributes.Axis).Maximum(1);
    }

    private static Tensor SelfWins(in Saved<ReduceAttributes> s)
    {
        Tensor wins = s.A.Equal(s.Output).Cast(s.A.DType);
        return s.Attributes.IncludeSelf ? wins : wins.Scatter(s.B, 0, s.Attributes.Axis);
    }

    private static Tensor SourceWins(in Saved<ReduceAttributes> s) => s.C.Equal(At(s.Output, s)).Cast(s.C.DType);

    private static Tensor Winners(in Saved<ReduceAttributes> s) => SelfWins(s).ScatterAdd(s.B, SourceWins(s), s.Attributes.Axis);

    // The product over what else meets in the place: y/b, and where b is the only zero there, the product with 1 for b.
    private static Tensor ProductOfOthers(Tensor g, in Saved<ReduceAttributes> s)
    {
        int axis = s.Attributes.Axis;
        Tensor zero = s.C.Equal(0);
        Tensor zeros = At(Tensor.ZerosLike(s.A).ScatterAdd(s.B, zero.Cast(s.C.DType), axis), s);
        RequireSingleZeros(zeros);
        Tensor only = zero & zeros.Equal(1);
        Tensor rest = s.A.ScatterReduce(s.B, s.C.MaskedFill(only, 1), axis, ScatterReduction.Product, s.Attributes.IncludeSelf);
        return only.Where(At(g * rest, s), At(g * s.Output, s) / s.C.MaskedFill(zero, 1));
    }

    // With two zeros in one place the first derivative is 0 there, but the second one is not, and the formula would miss it.
    private static void RequireSingleZeros(Tensor zeros)
    {
        if (ThreadContext.Current.Observer is not { AnyIsRecording: true, RecordsHostEffects: false }) return;
        if (Tensor.Outside(static z => z.Cast(DType.Float64).ToArray<double>(), zeros).Any(static count => count > 1))
            throw new GradientException("ScatterReduce: second derivatives of a product are not offered where the source sends more than one zero to a place; stop recording around the first gradient, or move one of the zeros.");
    }
}
