using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The same elements in another shape; one size may be −1 and is computed from the rest. A view where the layout allows.</summary>
    public Tensor Reshape(Shape shape) => this is QuantizedTensor q ? q.Reshaped(shape) : ShapingOps.Reshape.Apply([this], ShapingOps.Fill(Shape, shape));

    /// <summary>The axes in another order; with none given, reversed. A view.</summary>
    public Tensor Transpose(params int[] axes) => Permuted(axes.Length == 0 ? [.. Enumerable.Range(0, Rank).Reverse()] : ShapingOps.RequirePermutation(ConcreteShape, axes));

    /// <summary>Two axes exchanged. A view.</summary>
    public Tensor SwapAxes(int a, int b)
    {
        int[] axes = [.. Enumerable.Range(0, Rank)];
        int first = ConcreteShape.NormalizeAxis(a), second = ConcreteShape.NormalizeAxis(b);
        (axes[first], axes[second]) = (second, first);
        return Permuted(axes);
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

    /// <summary>Neighbouring axes made one, by groups: <c>MergeAxes([0, [1, 2]])</c> takes <c>[n, h, w]</c> to <c>[n, h·w]</c>. A view where the layout allows.</summary>
    /// <param name="groups">All axes in their order, each by itself or in a group; a negative one counts from the end, an empty group gives an axis of size 1.</param>
    /// <exception cref="ShapeMismatchException">The groups are not all axes in order; to reorder them use <see cref="Transpose"/>.</exception>
    public Tensor MergeAxes(ReadOnlySpan<AxisGroup> groups)
    {
        Shape shape = Shape;
        var sizes = new Dim[groups.Length];
        var listed = new List<int>();
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] = 1L;
            foreach (int axis in groups[i])
            {
                listed.Add(axis);
                sizes[i] *= shape[shape.NormalizeAxis(axis, nameof(MergeAxes))];
            }
        }
        if (!listed.Select(axis => axis < 0 ? axis + Rank : axis).SequenceEqual(Enumerable.Range(0, Rank)))
            throw new ShapeMismatchException($"MergeAxes: the groups list axes [{string.Join(", ", listed)}] of shape {ConcreteShape}; list each of its {Rank} axes once and in order.");
        return Reshape(Shape.Of(sizes));
    }

    /// <summary>Repeated along axes of size 1 and new leading axes, by NumPy's rules. A view.</summary>
    public Tensor BroadcastTo(Shape shape) => this is QuantizedTensor q ? q.Rearranged(nameof(BroadcastTo), x => x.BroadcastTo(shape)) : ShapingOps.BroadcastTo.Apply([this], shape);

    /// <summary>With places of one value put before and after the elements of each axis.</summary>
    /// <param name="widths">For each axis how many places before and after.</param>
    /// <param name="value">What they hold; 0 by default.</param>
    public Tensor Pad((int Before, int After)[] widths, Scalar? value = null)
    {
        if (widths.Length != Rank) throw new ShapeMismatchException($"Pad: {widths.Length} pairs of widths do not fit shape {ConcreteShape}; give one for each of its {Rank} axes.");
        foreach ((int before, int after) in widths)
            if (before < 0 || after < 0) throw new InvalidArgumentException($"Pad: the widths ({before}, {after}) are not both 0 or more; to cut, use an index.");
        ScalarOperands.RequireFit(value ?? 0, DType, nameof(Pad));
        return ShapingOps.Pad.Apply([this], new(widths, value ?? 0));
    }

    /// <summary>Some axes in reverse order; with none given, all of them.</summary>
    public Tensor Flip(params int[] axes) =>
        ShapingOps.Flip.Apply([this], axes.Length == 0 ? [.. Enumerable.Range(0, Rank)] : ShapingOps.RequireDistinct(ConcreteShape, axes, nameof(Flip)));

    /// <summary>Every element moved <paramref name="shift"/> places along an axis; those pushed over its end come in at its start.</summary>
    public Tensor Roll(long shift, int axis) => ShapingOps.Roll.Apply([this], new(shift, ConcreteShape.NormalizeAxis(axis, nameof(Roll))));

    /// <summary>With the elements in C order in memory; the tensor itself when they are.</summary>
    public Tensor Contiguous()
    {
        if (this is QuantizedTensor q) return q.Copy(static x => x.Contiguous());
        if (AllSlices is not null) return ShapingOps.Contiguous.Apply([this], default);
        bool already = Native.eager_is_contiguous(Enter()) != 0;
        Leave();
        return already ? this : ShapingOps.Contiguous.Apply([this], default);
    }

    /// <summary>The elements converted to a dtype; the tensor itself when it has that dtype already.</summary>
    /// <param name="dtype">The dtype wanted.</param>
    /// <remarks>
    /// Bools become 0 and 1, and as bools all numbers but 0 are true. To an integer dtype fractions are cut off, and of integers
    /// that do not fit the low bits stay; what becomes of NaN, infinities and real numbers that do not fit is the processor's
    /// choice. To a narrower floating-point dtype the nearest number is taken, ties to even.
    /// </remarks>
    /// <exception cref="DTypeMismatchException">Complex numbers are asked for as real ones, which would drop the imaginary part.</exception>
    public Tensor Cast(DType dtype)
    {
        if (dtype == DType) return this;
        if (DType.IsQuantized()) throw new DTypeMismatchException($"Cast: {DType.Name()} to {dtype.Name()} leaves open what the integers stand for; take Dequantize or Integers first.");
        if (dtype.IsQuantized()) throw new DTypeMismatchException($"Cast: {DType.Name()} to {dtype.Name()} needs a scale and a zero point; use Quantize.");
        if (DType.IsComplex() && !dtype.IsComplex() && dtype != DType.Bool)
            throw new DTypeMismatchException($"Cast: {DType.Name()} to {dtype.Name()} would drop the imaginary part; take Real, Imag or Abs first.");
        return ShapingOps.Cast.Apply([this], new(DType, dtype));
    }

    /// <summary>A copy with memory of its own.</summary>
    public Tensor Clone() => this is QuantizedTensor q ? q.Copy(static x => x.Clone()) : ShapingOps.Clone.Apply([this], default);

    /// <summary>The tensor on a device; the tensor itself when it is there already.</summary>
    /// <param name="device">Where it goes.</param>
    /// <param name="nonBlocking">
    /// True for a copy that may still be under way when the call returns: work on the same stream waits for it, <see cref="Device.Synchronize"/>
    /// does, and C# code that reads a tensor copied to the CPU has to call that first. It helps only from and to pinned memory (<see cref="Pin"/>).
    /// </param>
    /// <exception cref="DeviceException">There is no such device here; the message says what is missing.</exception>
    public Tensor To(Device device, bool nonBlocking = false)
    {
        device.Require();
        if (this is QuantizedTensor q) return q.Copy(x => x.To(device, nonBlocking));
        return device == Device ? this : ShapingOps.To.Apply([this], new(Device, device, nonBlocking));
    }

    /// <summary>A copy in CPU memory that the system does not move, from and to which a GPU copies at full speed and beside its other work.</summary>
    /// <exception cref="DeviceException">There is no GPU for which to pin it; the message says what is missing.</exception>
    /// <example><code>Tensor x = batch.Pin().To(Device.Cuda(), nonBlocking: true);</code></example>
    public Tensor Pin()
    {
        Device.RequireCuda(nameof(Pin));
        if (this is QuantizedTensor q) return q.Copy(static x => x.Pin());
        return IsPinned ? this : ShapingOps.To.Apply([this], new(Device, Device.Cpu, Pinned: true));
    }

    /// <summary>True when <see cref="Pin"/> made its memory.</summary>
    public bool IsPinned
    {
        get
        {
            if (Device != Device.Cpu) return false;
            if (Holder is { } holder) return holder.IsPinned;
            int pinned = Native.eager_is_pinned(Enter());
            Leave();
            Native.CheckCount(pinned, nameof(IsPinned));
            return pinned != 0;
        }
    }

    private Tensor Permuted(int[] axes) => this is QuantizedTensor q ? q.Transposed(axes) : ShapingOps.Permute.Apply([this], axes);

    /// <summary>Summed over the axes along which broadcasting stretched it, back to a shape.</summary>
    internal Tensor SumTo(Shape target)
    {
        Shape from = ConcreteShape;
        if (from == target) return this;
        using var scope = Temporaries.Begin();
        int lead = from.Rank - target.Rank;
        List<int> axes = [.. Enumerable.Range(0, lead)];
        for (int i = 0; i < target.Rank; i++)
            if (target[i].Example == 1 && from[i + lead].Example != 1) axes.Add(i + lead);
        Tensor sum = axes.Count > 0 ? Sum([.. axes]) : this;
        return scope.Keep(sum.ConcreteShape == target ? sum : sum.Reshape(target));
    }
}

internal static class ShapingOps
{
    internal readonly record struct PadAttributes((int Before, int After)[] Widths, Scalar Value);

    internal readonly record struct RollAttributes(long Shift, int Axis);

    /// <summary>The dtype before and after; the tape need not keep the tensor for it.</summary>
    internal readonly record struct CastAttributes(DType From, DType To);

    /// <summary>The device before and after, and how it goes there.</summary>
    internal readonly record struct MoveAttributes(Device From, Device To, bool NonBlocking = false, bool Pinned = false);

    // y = x in another shape ⇒ dx = g in the shape of x
    internal static readonly Op<Shape> Reshape = new("Reshape", static (x, in shape) => Aten.reshape(x[0], shape.Sizes), static (x, in shape) => shape)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in shape, in b) => shape.Insert(0, b.Size),
        ComplexGradients = true,
        Effect = Effect.View,
        Gradients = [new(Keep.Shapes, static (g, in s) => g.Reshape(s.Shape(0)))],
    };

    // y = x with axes permuted ⇒ dx = g with the permutation undone
    internal static readonly Op<int[]> Permute = new("Transpose", static (x, in axes) => Aten.permute(x[0], Longs(axes)), static (x, in axes) => Permuted(x[0], axes))
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in axes, in _) => [0, .. Behind(axes)],
        ComplexGradients = true,
        Effect = Effect.View,
        Gradients = [new(Keep.Nothing, static (g, in s) => Permute!.Apply([g], Inverse(s.Attributes)))],
    };

    // y = x stretched ⇒ dx = Σg over the stretched axes
    internal static readonly Op<Shape> BroadcastTo = new("BroadcastTo", static (x, in shape) => Aten.expand(x[0], shape.Sizes, false), static (x, in shape) => Stretched(x[0], shape))
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        BatchRule = static (in b, in shape) => b.Aligned(0, shape.Rank).BroadcastTo(shape.Insert(0, b.Size)),
        ComplexGradients = true,
        Effect = Effect.View,
        Gradients = [new(Keep.Shapes, static (g, in s) => g.SumTo(s.Shape(0)))],
    };

    // y = x with a rim ⇒ dx = g without it
    internal static readonly Op<PadAttributes> Pad = new("Pad", PadKernel, static (x, in a) => [.. x[0].Zip(a.Widths, static (size, w) => size + (w.Before + w.After))])
    {
        Accepts = Accepts.Any,
        Forward = static (t, in s) => Pad!.Apply([t[0]!], s.Attributes with { Value = 0 }),
        Batched = static (in a, in _) => a with { Widths = [(0, 0), .. a.Widths] },
        ComplexGradients = true,
        Gradients =
        [
            new(Keep.Shapes, static (g, in s) =>
            {
                Shape x = s.Shape(0);
                for (int axis = 0; axis < x.Rank; axis++) g = g.Narrow(axis, s.Attributes.Widths[axis].Before, x[axis]);
                return g;
            }),
        ],
    };

    // y = x with axes reversed ⇒ dx = g with them reversed
    internal static readonly Op<int[]> Flip = new("Flip", static (x, in axes) => Aten.flip(x[0], Longs(axes)), static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in axes, in _) => Behind(axes),
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => Flip!.Apply([g], s.Attributes))],
    };

    // y = x moved along an axis ⇒ dx = g moved back
    internal static readonly Op<RollAttributes> Roll = new("Roll", static (x, in a) => Aten.roll(x[0], [a.Shift], [a.Axis]), static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in a, in _) => a with { Axis = a.Axis + 1 },
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => Roll!.Apply([g], s.Attributes with { Shift = -s.Attributes.Shift }))],
    };

    // y = x in another dtype ⇒ dx = g in the dtype of x, of a complex g the real part when x is real
    internal static readonly Op<CastAttributes> Cast = new("Cast", static (x, in a) => Aten._to_copy(x[0], (int)a.To, -1, -1, default, false, -1), static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Elementwise = true,
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => (s.Attributes.From.IsComplex() ? g : g.Real()).Cast(s.Attributes.From))],
    };

    // y = x ⇒ dx = g
    internal static readonly Op<None> Clone = new("Clone", static (x, in _) => Aten.clone(x[0], -1), OpForms.SameShape)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Elementwise = true,
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => g)],
    };

    // y = x ⇒ dx = g
    internal static readonly Op<None> Contiguous = new("Contiguous", static (x, in _) => Aten.contiguous(x[0], 0), OpForms.SameShape)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Elementwise = true,
        Effect = Effect.View,  // of a slice of a map whose batch lies in order
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => g)],
    };

    // y = x elsewhere ⇒ dx = g where x is
    internal static readonly Op<MoveAttributes> To = new("To", Move, static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Elementwise = true,
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => g.To(s.Attributes.From))],
    };

    /// <summary>The wanted shape with its −1 computed.</summary>
    internal static Shape Fill(Shape from, Shape wanted)
    {
        int open = -1;
        Dim rest = 1L;
        for (int i = 0; i < wanted.Rank; i++)
        {
            Dim size = wanted[i];
            if (size.Example >= 0) rest *= size;
            else if (open < 0) open = i;
            else throw new ShapeMismatchException($"Reshape: shape {wanted} leaves two sizes open; at most one may be -1.");
        }
        Dim count = from.ElementCount;
        bool fits = open < 0 ? rest.Example == count.Example : rest.Example > 0 && count.Example % rest.Example == 0;
        if (!fits) throw new ShapeMismatchException($"Reshape: {from} has {count.Example} elements, which do not fill {Written(wanted)}.");
        if (open < 0) return wanted;
        Dim filled = count / rest;
        // An unknown batch that stands on both sides stays the same batch.
        Dim batch = from.FirstOrDefault(static d => d.IsUnknown);
        return wanted.With(open, batch.IsUnknown && batch.Example == filled.Example ? batch : filled);
    }

    internal static Shape SqueezedShape(Shape shape, int[] axes)
    {
        if (axes.Length == 0)
        {
            foreach (Dim size in shape) _ = size.Value;  // of a size that a graph leaves open nobody knows whether it is 1
            return Shape.Of([.. shape.Where(static d => !d.Is(1))]);
        }
        foreach (int axis in axes)
            if (shape[axis].Value != 1) throw new ShapeMismatchException($"Squeeze: axis {axis} of shape {shape} has size {shape[axis]}, not 1.");
        return shape.Reduce(axes);
    }

    internal static int[] RequireDistinct(Shape shape, int[] axes, string op)
    {
        int[] normal = [.. axes.Select(axis => shape.NormalizeAxis(axis, op))];
        return normal.Distinct().Count() == normal.Length ? normal
            : throw new ShapeMismatchException($"{op}: axes [{string.Join(", ", axes)}] of shape {shape} name an axis twice.");
    }

    internal static int[] RequirePermutation(Shape shape, int[] axes)
    {
        int[] normal = [.. axes.Select(shape.NormalizeAxis)];
        if (normal.Length != shape.Rank || normal.Distinct().Count() != shape.Rank)
            throw new ShapeMismatchException($"Transpose: axes [{string.Join(", ", axes)}] are no order of the {shape.Rank} axes of shape {shape}.");
        return normal;
    }

    /// <summary>The same axes behind a batch that is put before them.</summary>
    internal static int[] Behind(int[] axes) => Array.ConvertAll(axes, static axis => axis + 1);

    internal static long[] Longs(int[] axes) => Array.ConvertAll(axes, static a => (long)a);

    // LibTorch counts the widths from the last axis on.
    private static Tensor Move(ReadOnlySpan<Tensor> x, in MoveAttributes a)
    {
        if (!a.Pinned) return Aten._to_copy(x[0], -1, -1, a.To.Packed, default, a.NonBlocking, -1);
        Tensor pinned = Aten.empty_memory_format(x[0].ConcreteShape.Sizes, (int)x[0].DType, -1, Device.Cpu.Packed, true, -1);
        Aten.copy_(pinned, x[0], false);
        return pinned;
    }

    private static Tensor PadKernel(ReadOnlySpan<Tensor> x, in PadAttributes a)
    {
        if (x[0].ElementCount == 0)
        {
            // LibTorch refuses to frame what is empty.
            long[] sizes = [.. x[0].ConcreteShape.Zip(a.Widths, static (size, w) => size.Value + w.Before + w.After)];
            return Aten.full(sizes, a.Value, (int)x[0].DType, -1, x[0].Device.Packed, default);
        }
        long[] widths = [.. a.Widths.Reverse().SelectMany(static w => (long[])[w.Before, w.After])];
        return Aten.constant_pad_nd(x[0], widths, a.Value);
    }

    private static string Written(Shape shape) => $"[{string.Join(", ", shape.Select(static d => d.Example < 0 ? "-1" : d.ToString()))}]";

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
}
