using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary><paramref name="length"/> places of an axis from <paramref name="start"/> on. A view.</summary>
    /// <exception cref="ShapeMismatchException">They are not all within the axis.</exception>
    public Tensor Narrow(int axis, Dim start, Dim length)
    {
        int at = ConcreteShape.NormalizeAxis(axis, nameof(Narrow));
        // What a graph leaves open, its runs check.
        bool open = start.IsUnknown || length.IsUnknown || ConcreteShape[at].IsUnknown;
        if (!open && (start < 0 || length < 0 || length > ConcreteShape[at] - start))
            throw new ShapeMismatchException($"Narrow: {length.Value} places from {start.Value} on are not within axis {axis} of shape {ConcreteShape}.");
        if (this is QuantizedTensor q) return q.Rearranged(nameof(Narrow), x => x.Narrow(axis, start, length));
        return SlicingOps.Slice.Apply([this], new(at, start, start + length, 1));
    }

    /// <summary>One place of an axis; the axis is gone. A view.</summary>
    /// <param name="axis">The axis; a negative one counts from the end.</param>
    /// <param name="place">The place; a negative one counts from the end.</param>
    /// <exception cref="InvalidArgumentException">The axis has no such place.</exception>
    public Tensor Select(int axis, Dim place)
    {
        int at = ConcreteShape.NormalizeAxis(axis, nameof(Select));
        Dim size = Shape[at];
        if (!place.IsUnknown && !size.IsUnknown && (place < -size || place >= size))
            throw new InvalidArgumentException($"Select: place {place.Value} is outside axis {axis} of shape {ConcreteShape}, which has {size.Value} places.");
        if (this is QuantizedTensor q) return q.Rearranged(nameof(Select), x => x.Select(axis, place));
        return SlicingOps.Select.Apply([this], new(at, place.Example < 0 ? size + place : place));
    }
}

internal static class SlicingOps
{
    /// <summary>Places start, start + step, … before end, of one axis; all within it.</summary>
    internal readonly record struct SliceAttributes(int Axis, Dim Start, Dim End, long Step);

    internal readonly record struct SliceBackwardAttributes(Shape Shape, SliceAttributes Slice);

    internal readonly record struct SelectAttributes(int Axis, Dim Place);

    internal readonly record struct SelectBackwardAttributes(Shape Shape, SelectAttributes Select);

    // y = x[start:end:step] ⇒ dx = zeros with g in those places
    internal static readonly Op<SliceAttributes> Slice = new("Slice",
        static (x, in a) => Aten.slice(x[0], a.Axis, a.Start.Value, a.End.Value, a.Step),
        static (x, in a) => x[0].With(a.Axis, (a.End - a.Start + (a.Step - 1)) / a.Step))
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in a, in _) => Behind(a),
        ComplexGradients = true,
        Effect = Effect.View,
        Gradients = [new(Keep.Shapes, static (g, in s) => SliceBackward!.Apply([g], new(s.Shape(0), s.Attributes)))],
    };

    // y = zeros with x in the places of a slice ⇒ dx = g at those places
    internal static readonly Op<SliceBackwardAttributes> SliceBackward = new("SliceBackward",
        static (x, in a) => Aten.slice_backward(x[0], a.Shape.Sizes, a.Slice.Axis, a.Slice.Start, a.Slice.End, a.Slice.Step),
        static (x, in a) => a.Shape)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in a, in b) => new(a.Shape.Insert(0, b.Size), Behind(a.Slice)),
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => Slice.Apply([g], s.Attributes.Slice))],
    };

    // y = x[…, place, …] ⇒ dx = zeros with g in that place
    internal static readonly Op<SelectAttributes> Select = new("Select",
        static (x, in a) => Aten.select_int(x[0], a.Axis, a.Place),
        static (x, in a) => x[0].Reduce([a.Axis]))
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in a, in _) => Behind(a),
        ComplexGradients = true,
        Effect = Effect.View,
        Gradients = [new(Keep.Shapes, static (g, in s) => SelectBackward!.Apply([g], new(s.Shape(0), s.Attributes)))],
    };

    // y = zeros with x in one place of an axis ⇒ dx = g at that place
    internal static readonly Op<SelectBackwardAttributes> SelectBackward = new("SelectBackward",
        static (x, in a) => Aten.select_backward(x[0], a.Shape.Sizes, a.Select.Axis, a.Select.Place),
        static (x, in a) => a.Shape)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in a, in b) => new(a.Shape.Insert(0, b.Size), Behind(a.Select)),
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => Select.Apply([g], s.Attributes.Select))],
    };

    // The same axis behind a batch that is put before it.
    private static SliceAttributes Behind(in SliceAttributes a) => a with { Axis = a.Axis + 1 };

    private static SelectAttributes Behind(in SelectAttributes a) => a with { Axis = a.Axis + 1 };

    /// <summary>A slice, or the tensor itself where that is the whole axis.</summary>
    internal static Tensor Take(Tensor x, in SliceAttributes a) =>
        a.Step == 1 && a.Start == 0 && a.End == x.Shape[a.Axis] ? x : Slice.Apply([x], a);
}
