namespace Eager.Layers;

/// <summary>Gives each example another shape.</summary>
public sealed class Reshape : Layer
{
    /// <summary>Makes a layer.</summary>
    /// <param name="targetShape">The shape of one output without the batch; one size may be −1, which is computed.</param>
    /// <param name="inputShape">The shape of one input without the batch.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    public Reshape(Shape targetShape, Shape? inputShape = null, string? name = null) : base(name)
    {
        if (targetShape.Count(static d => d.Value == -1) > 1) throw new InvalidArgumentException($"Reshape: {targetShape} leaves more than one size to be computed.");
        TargetShape = targetShape;
        BuildIfKnown(inputShape);
    }

    /// <summary>The shape of one output without the batch.</summary>
    public Shape TargetShape { get; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape)
    {
        if (inputShape.Rank == 0) throw new ShapeMismatchException($"{Title}: the input is {inputShape}; it needs the batch as its first axis.");
        Dim given = inputShape[1..].ElementCount;
        long known = TargetShape.Where(static d => d.Value != -1).Aggregate(1L, static (product, d) => product * d.Value);
        bool fits = given.IsUnknown || (TargetShape.Any(static d => d.Value == -1) ? known > 0 && given.Value % known == 0 : given.Value == known);
        if (!fits) throw new ShapeMismatchException($"{Title}: {given} elements of each example of {inputShape} do not make {TargetShape}.");
        return [inputShape[0], .. TargetShape.Select(d => d.Value == -1 ? given / known : d)];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training) => x.Reshape(ComputeOutputShape(x.Shape));
}

/// <summary>Gives the axes of each example another order.</summary>
public sealed class Permute : Layer
{
    private readonly int[] order;

    /// <summary>Makes a layer.</summary>
    /// <param name="axes">The axes of an example in their new order, counted from 1 as in Keras, since axis 0 is the batch.</param>
    /// <param name="inputShape">The shape of one input without the batch.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    public Permute(int[] axes, Shape? inputShape = null, string? name = null) : base(name)
    {
        if (!axes.Order().SequenceEqual(Enumerable.Range(1, axes.Length))) throw new InvalidArgumentException($"Permute: [{string.Join(", ", axes)}] is no order of the axes from 1 to {axes.Length}.");
        order = [0, .. axes];
        BuildIfKnown(inputShape);
    }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape)
    {
        if (inputShape.Rank != order.Length) throw new ShapeMismatchException($"{Title}: the input is {inputShape}; the order given is one of {order.Length - 1} axes beside the batch.");
        return [.. order.Select(axis => inputShape[axis])];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        _ = ComputeOutputShape(x.ConcreteShape);
        return x.Transpose(order);
    }
}

/// <summary>Repeats each example along a new axis: [batch, features] → [batch, times, features].</summary>
public sealed class RepeatVector : Layer
{
    /// <summary>Makes a layer.</summary>
    /// <param name="times">How often.</param>
    /// <param name="inputShape">The shape of one input without the batch.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    public RepeatVector(int times, Shape? inputShape = null, string? name = null) : base(name)
    {
        Times = times >= 1 ? times : throw new InvalidArgumentException($"RepeatVector: {times} times were asked for; give at least 1.");
        BuildIfKnown(inputShape);
    }

    /// <summary>How often each example is repeated.</summary>
    public int Times { get; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape) =>
        inputShape.Rank == 2 ? [inputShape[0], Times, inputShape[1]] : throw new ShapeMismatchException($"{Title}: the input is {inputShape}; it needs shape [batch, features].");

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        Shape shape = ComputeOutputShape(x.Shape);
        using var scope = Temporaries.Begin();
        return scope.Keep(x.ExpandDims(1).BroadcastTo(shape));
    }
}
