using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary><paramref name="length"/> places of an axis from <paramref name="start"/> on. A view.</summary>
    public Tensor Narrow(int axis, long start, long length)
    {
        Shape shape = ConcreteShape;
        int at = shape.NormalizeAxis(axis);
        if (start < 0 || length < 0 || length > shape[at].Value - start)
            throw new ShapeMismatchException($"Narrow: {length} places from {start} on are not within axis {axis} of shape {shape}.");
        return SlicingOps.Slice.Apply([this], new(at, start, start + length, 1));
    }
}

internal static class SlicingOps
{
    /// <summary>Places start, start + step, … before end, of one axis; all within it.</summary>
    internal readonly record struct SliceAttributes(int Axis, long Start, long End, long Step);

    internal readonly record struct SliceBackwardAttributes(Shape Shape, SliceAttributes Slice);

    // y = x[start:end:step] ⇒ dx = zeros with g in those places
    internal static readonly Op<SliceAttributes> Slice = new("Slice",
        static (x, in a) => Aten.slice_Tensor(x[0], a.Axis, a.Start, a.End, a.Step),
        static (x, in a) => x[0].With(a.Axis, (a.End - a.Start + a.Step - 1) / a.Step))
    {
        Accepts = Accepts.Any,
        Effect = Effect.View,
        Gradients = [new(Keep.Shapes, static (g, in s) => SliceBackward!.Apply([g], new(s.Shape(0), s.Attributes)))],
    };

    // y = zeros with x in the places of a slice ⇒ dx = g at those places
    internal static readonly Op<SliceBackwardAttributes> SliceBackward = new("SliceBackward",
        static (x, in a) => Aten.slice_backward(x[0], a.Shape.Sizes, a.Slice.Axis, a.Slice.Start, a.Slice.End, a.Slice.Step),
        static (x, in a) => a.Shape)
    {
        Accepts = Accepts.Any,
        Gradients = [new(Keep.Nothing, static (g, in s) => Slice.Apply([g], s.Attributes.Slice))],
    };
}
