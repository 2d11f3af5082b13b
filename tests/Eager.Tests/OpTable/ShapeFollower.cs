namespace Eager.Tests.OpTable;

/// <summary>Follows partial shapes through operations as a tracer does, by the shape rules alone.</summary>
internal sealed class ShapeFollower : Observer
{
    private readonly Dictionary<long, Shape> known = [];

    /// <summary>Each operation that ran, with the shapes that its rule gave and those that its kernel made.</summary>
    internal List<(Op Op, Shape[] Rule, Shape[] Kernel)> Runs { get; } = [];

    internal void Know(Tensor tensor, Shape shape) => known[tensor.Id] = shape;

    internal Shape ShapeOf(Tensor tensor) => known.GetValueOrDefault(tensor.Id) ?? tensor.ConcreteShape;

    internal override ulong Follow(Op op, ReadOnlySpan<Tensor> inputs) => ulong.MaxValue;

    internal override void Record(Op op, object attributes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ulong followed)
    {
        var shapes = new Shape[inputs.Length];
        for (int i = 0; i < shapes.Length; i++) shapes[i] = ShapeOf(inputs[i]);
        Shape[] rule = op.InferShapes(shapes, attributes), kernel = new Shape[outputs.Length];
        for (int i = 0; i < kernel.Length; i++)
        {
            kernel[i] = outputs[i].ConcreteShape;
            Know(outputs[i], rule[i]);
        }
        Runs.Add((op, rule, kernel));
    }

    internal override Shape? SymbolicShape(Tensor tensor) => known.GetValueOrDefault(tensor.Id) ?? base.SymbolicShape(tensor);
}
