using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The same elements in another shape; one size may be −1 and is computed from the rest. A view where the layout allows.</summary>
    public Tensor Reshape(Shape shape) => ShapingOps.Reshape.Apply([this], ShapingOps.Fill(Shape, shape));

    /// <summary>The axes in another order; with none given, reversed. A view.</summary>
    public Tensor Transpose(params int[] axes) =>
        ShapingOps.Permute.Apply([this], axes.Length == 0 ? [.. Enumerable.Range(0, Rank).Reverse()] : ShapingOps.RequirePermutation(ConcreteShape, axes));

    /// <summary>Two axes exchanged. A view.</summary>
    public Tensor SwapAxes(int a, int b)
    {
        int[] axes = [.. Enumerable.Range(0, Rank)];
        int first = ConcreteShape.NormalizeAxis(a), second = ConcreteShape.NormalizeAxis(b);
        (axes[first], axes[second]) = (second, first);
        return ShapingOps.Permute.Apply([this], axes);
    }

    /// <summary>Without axes of size 1: the given ones, or all of them. A view.</summary>
    public Tensor Squeeze(params int[] axes) => Reshape(ShapingOps.SqueezedShape(Shape, axes));

    /// <summary>With a new axis of size 1 at a place. A view.</summary>
    public Tensor ExpandDims(int axis) => Reshape(Shape.Insert(axis, 1L));

    /// <summary>From <paramref name="startAxis"/> on, all axes made one. A view where the layout allows.</summary>
    public Tensor Flatten(int startAxis = 0)
    {
        Shape shape = Shape;
        int start = shape.Rank == 0 ? 0 : shape.NormalizeAxis(startAxis);
        return Reshape(Shape.Of([.. shape.Take(start), shape[start..].ElementCount]));
    }

    /// <summary>Repeated along axes of size 1 and new leading axes, by NumPy's rules. A view.</summary>
    public Tensor BroadcastTo(Shape shape) => ShapingOps.BroadcastTo.Apply([this], shape);

    /// <summary>Tensors put end to end along an axis.</summary>
    public static Tensor Concat(ReadOnlySpan<Tensor> tensors, int axis = 0)
    {
        if (tensors.Length == 0) throw new InvalidArgumentException("Concat: the list of tensors is empty.");
        return ShapingOps.Concat.Apply(tensors, tensors[0].ConcreteShape.NormalizeAxis(axis));
    }

    /// <summary>Tensors of one shape put side by side along a new axis.</summary>
    public static Tensor Stack(ReadOnlySpan<Tensor> tensors, int axis = 0)
    {
        if (tensors.Length == 0) throw new InvalidArgumentException("Stack: the list of tensors is empty.");
        using var scope = Temporaries.Begin();
        var expanded = new Tensor[tensors.Length];
        for (int i = 0; i < expanded.Length; i++)
        {
            if (tensors[i].ConcreteShape != tensors[0].ConcreteShape)
                throw new ShapeMismatchException($"Stack: tensor {i} is {tensors[i].ConcreteShape}, tensor 0 is {tensors[0].ConcreteShape}; all need one shape.");
            expanded[i] = tensors[i].ExpandDims(axis);
        }
        return scope.Keep(Concat(expanded, axis < 0 ? axis + tensors[0].Rank + 1 : axis));
    }

    /// <summary>The elements converted to a dtype; the tensor itself when it has that dtype already. Bools become 0 and 1; fractions are cut off.</summary>
    public Tensor Cast(DType dtype) => dtype == DType ? this : ShapingOps.Cast.Apply([this], dtype);

    /// <summary>A copy with memory of its own.</summary>
    public Tensor Clone() => ShapingOps.Clone.Apply([this], default);

    /// <summary>The tensor on a device; the tensor itself when it is there already.</summary>
    public Tensor To(Device device)
    {
        device.Require();
        return device == Device ? this : ShapingOps.To.Apply([this], device);
    }

    /// <summary>Summed over the axes along which broadcasting stretched it, back to a shape.</summary>
    internal Tensor SumTo(Shape target)
    {
        Shape from = ConcreteShape;
        if (from == target) return this;
        using var scope = Temporaries.Begin();
        int lead = from.Rank - target.Rank;
        List<int> axes = [.. Enumerable.Range(0, lead)];
        for (int i = 0; i < target.Rank; i++)
            if (target[i].Value == 1 && from[i + lead].Value != 1) axes.Add(i + lead);
        Tensor sum = axes.Count > 0 ? Sum([.. axes]) : this;
        return scope.Keep(sum.ConcreteShape == target ? sum : sum.Reshape(target));
    }
}

internal static class ShapingOps
{
    // y = x in another shape ⇒ dx = g in the shape of x
    internal static readonly Op<Shape> Reshape = new("Reshape", static (x, in shape) => Aten.reshape(x[0], shape.Sizes), static (x, in shape) => shape)
    {
        Accepts = Accepts.Any,
        Effect = Effect.View,
        Gradients = [new(Keep.Shapes, static (g, in s) => g.Reshape(s.Shape(0)))],
    };

    // y = x with axes permuted ⇒ dx = g with the permutation undone
    internal static readonly Op<int[]> Permute = new("Transpose", static (x, in axes) => Aten.permute(x[0], Longs(axes)), static (x, in axes) => Permuted(x[0], axes))
    {
        Accepts = Accepts.Any,
        Effect = Effect.View,
        Gradients = [new(Keep.Nothing, static (g, in s) => Permute!.Apply([g], Inverse(s.Attributes)))],
    };

    // y = x stretched ⇒ dx = Σg over the stretched axes
    internal static readonly Op<Shape> BroadcastTo = new("BroadcastTo", static (x, in shape) => Aten.expand(x[0], shape.Sizes, false), static (x, in shape) => Stretched(x[0], shape))
    {
        Accepts = Accepts.Any,
        Effect = Effect.View,
        Gradients = [new(Keep.Shapes, static (g, in s) => g.SumTo(s.Shape(0)))],
    };

    // y = [x₀, x₁, …] ⇒ dxᵢ = the part of g that xᵢ fills
    internal static readonly Op<int> Concat = new("Concat", static (x, in axis) => Aten.cat(x, axis), ConcatShape)
    {
        Accepts = Accepts.Same,
        JointKeeps = Keep.Shapes,
        Joint = static (g, in s, dx) =>
        {
            long start = 0;
            for (int i = 0; i < dx.Length; i++)
            {
                long size = s.Shape(i)[s.Attributes];
                if (s.Needs(i)) dx[i] = g[0]!.Narrow(s.Attributes, start, size);
                start += size;
            }
        },
    };

    // y = x in another dtype ⇒ dx = g in the dtype of x
    internal static readonly Op<DType> Cast = new("Cast", static (x, in dtype) => Aten._to_copy(x[0], (int)dtype, -1, -1, default, false, -1), static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Gradients = [new(Keep.A, static (g, in s) => g.Cast(s.A.DType))],
    };

    // y = x ⇒ dx = g
    internal static readonly Op<None> Clone = new("Clone", static (x, in _) => Aten.clone(x[0], -1), OpForms.SameShape)
    {
        Accepts = Accepts.Any,
        Gradients = [new(Keep.Nothing, static (g, in s) => g)],
    };

    // y = x elsewhere ⇒ dx = g where x is
    internal static readonly Op<Device> To = new("To", static (x, in device) => Aten._to_copy(x[0], -1, -1, device.Packed, default, false, -1), static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Gradients = [new(Keep.A, static (g, in s) => g.To(s.A.Device))],
    };

    /// <summary>The wanted shape with its −1 computed.</summary>
    internal static Shape Fill(Shape from, Shape wanted)
    {
        int open = -1;
        Dim rest = 1L;
        for (int i = 0; i < wanted.Rank; i++)
        {
            Dim size = wanted[i];
            if (size.Value >= 0) rest *= size;
            else if (open < 0) open = i;
            else throw new ShapeMismatchException($"Reshape: shape {wanted} leaves two sizes open; at most one may be -1.");
        }
        Dim count = from.ElementCount;
        bool fits = open < 0 ? rest.Value == count.Value : rest.Value > 0 && count.Value % rest.Value == 0;
        if (!fits) throw new ShapeMismatchException($"Reshape: {from} has {count.Value} elements, which do not fill {Written(wanted)}.");
        if (open < 0) return wanted;
        Dim filled = count / rest;
        // An unknown batch that stands on both sides stays the same batch.
        Dim batch = from.FirstOrDefault(static d => d.IsUnknown);
        return wanted.With(open, batch.IsUnknown && batch.Value == filled.Value ? batch : filled);
    }

    internal static Shape SqueezedShape(Shape shape, int[] axes)
    {
        if (axes.Length == 0) return Shape.Of([.. shape.Where(static d => d is not { Value: 1, IsUnknown: false })]);
        foreach (int axis in axes)
            if (shape[axis].Value != 1) throw new ShapeMismatchException($"Squeeze: axis {axis} of shape {shape} has size {shape[axis]}, not 1.");
        return shape.Reduce(axes);
    }

    internal static int[] RequirePermutation(Shape shape, int[] axes)
    {
        int[] normal = [.. axes.Select(shape.NormalizeAxis)];
        if (normal.Length != shape.Rank || normal.Distinct().Count() != shape.Rank)
            throw new ShapeMismatchException($"Transpose: axes [{string.Join(", ", axes)}] are no order of the {shape.Rank} axes of shape {shape}.");
        return normal;
    }

    internal static long[] Longs(int[] axes) => Array.ConvertAll(axes, static a => (long)a);

    private static string Written(Shape shape) => $"[{string.Join(", ", shape.Select(static d => d.Value < 0 ? "-1" : d.ToString()))}]";

    private static Shape Permuted(Shape x, int[] axes) => Shape.Of([.. axes.Select(a => x[a])]);

    private static int[] Inverse(int[] axes)
    {
        var inverse = new int[axes.Length];
        for (int i = 0; i < axes.Length; i++) inverse[axes[i]] = i;
        return inverse;
    }

    private static Shape Stretched(Shape x, Shape shape)
    {
        if (x.Rank > shape.Rank || Shape.Broadcast(x, shape) != shape)
            throw new ShapeMismatchException($"BroadcastTo: {x} does not stretch to {shape}; each of its sizes must be 1 or equal to the one wanted.");
        return shape;
    }

    private static Shape ConcatShape(ReadOnlySpan<Shape> x, in int axis)
    {
        Dim total = x[0][axis];
        for (int i = 1; i < x.Length; i++)
        {
            if (x[i].Rank != x[0].Rank) throw new ShapeMismatchException($"Concat: tensor {i} is {x[i]}, tensor 0 is {x[0]}; the ranks differ.");
            for (int d = 0; d < x[0].Rank; d++)
                if (d != axis && !x[i][d].IsUnknown && !x[0][d].IsUnknown && x[i][d] != x[0][d])
                    throw new ShapeMismatchException($"Concat: tensor {i} is {x[i]}, tensor 0 is {x[0]}; they may differ along axis {axis} only.");
            total += x[i][axis];
        }
        return x[0].With(axis, total);
    }
}
