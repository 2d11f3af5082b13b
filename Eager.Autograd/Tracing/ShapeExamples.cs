namespace Eager.Autograd;

/// <summary>Shapes of what an operation makes where sizes are unknown, by its shape rule and several examples.</summary>
/// <remarks>
/// A rule may take an unknown size for a number. What it says of a size is believed if it says the same with other examples, which grow
/// from symbol to symbol or shrink; every other one is unknown.
/// </remarks>
internal static class ShapeExamples
{
    /// <summary>The shapes that the rule gives, where the kernel refused the examples.</summary>
    /// <exception cref="ShapeMismatchException">The rule refuses them too.</exception>
    internal static Shape[] Infer(Op op, object attributes, GraphTensor[] inputs)
    {
        Shape[] first = op.InferShapes(Array.ConvertAll(inputs, static t => t.Shape), attributes);
        Shape[]?[] others = Others(op, attributes, inputs);
        return [.. first.Select((shape, i) => Agreed(shape, others, i, [.. shape.Select(static size => Math.Max(1, size.Example))]))];
    }

    /// <summary>The shapes of what the kernel made of the examples.</summary>
    /// <exception cref="TracingException">How many tensors it makes depends on an unknown size.</exception>
    internal static Shape[] Infer(Op op, object attributes, GraphTensor[] inputs, Tensor[] made)
    {
        Shape[]? first = op.Effect == Effect.DynamicShape ? null : Try(op, Array.ConvertAll(inputs, static t => t.Shape), attributes);
        Shape[]?[] others = first is null ? [] : Others(op, attributes, inputs);
        if (first?.Length == made.Length && others.Any(shapes => shapes is not null && shapes.Length != made.Length))
            throw new TracingException($"{op.Name}: the number of tensors that it makes depends on a size that the graph leaves open; give the placeholder its size.");
        return [.. made.Select((y, i) => Agreed(ShapeOf(first, i, y.Rank), others, i, y.ConcreteShape.Sizes.ToArray()))];
    }

    private static Shape Agreed(Shape? first, Shape[]?[] others, int output, long[] examples)
    {
        var sizes = new Dim[examples.Length];
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            bool agreed = first is not null;
            for (int i = 0; i < others.Length && agreed; i++)
                agreed = ShapeOf(others[i], output, examples.Length) is { } other && Agree(first![axis], other[axis], examples[axis], grows: i == 0);
            sizes[axis] = agreed ? first![axis] : new(examples[axis], Dim.Unknown.Symbol);
        }
        return Shape.Of(sizes);
    }

    // A plain number that no example changes holds even where the kernel made less of an example that is too small; runs check it.
    private static bool Agree(Dim first, Dim other, long made, bool grows) => first.IsUnknown
        ? first.Symbol == other.Symbol && first.Symbol != Dim.Computed && first.Example == made && other.Example == OtherExample(other.Symbol, grows)
        : first == other;

    private static Shape? ShapeOf(Shape[]? shapes, int output, int rank) => shapes is not null && output < shapes.Length && shapes[output].IsRankKnown && shapes[output].Rank == rank ? shapes[output] : null;

    private static Shape[]?[] Others(Op op, object attributes, GraphTensor[] inputs) => [Other(op, attributes, inputs, grows: true), Other(op, attributes, inputs, grows: false)];

    private static Shape[]? Other(Op op, object attributes, GraphTensor[] inputs, bool grows)
    {
        return Try(op, [.. inputs.Select(t => Shape.Of([.. t.Shape.Select(Exchange)]))], GraphSizes.Exchange(attributes, Exchange));

        Dim Exchange(Dim size) => size.IsUnknown && OtherExample(size.Symbol, grows) is long other ? new(other, size.Symbol) : size;
    }

    private static Shape[]? Try(Op op, Shape[] inputs, object attributes)
    {
        try
        {
            return op.InferShapes(inputs, attributes);
        }
        catch (EagerException)
        {
            return null;
        }
    }

    // Multiples of the examples, so that what divides those divides these, by numbers that hardly meet.
    private static long? OtherExample(int symbol, bool grows) => SizeExpression.Evaluate(symbol, s => GraphBuilder.Example(1) * (grows ? 3L + (2 * (s % 97)) : 401L - (2 * (s % 97))));
}
