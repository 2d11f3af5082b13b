namespace Eager.Layers;

/// <summary>Makes one axis of all but the batch: [batch, ...] → [batch, elements].</summary>
public sealed class Flatten : Layer
{
    /// <summary>Makes a layer.</summary>
    /// <param name="inputShape">The shape of one input without the batch.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    public Flatten(Shape? inputShape = null, string? name = null) : base(name) => BuildIfKnown(inputShape);

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape)
    {
        RequireBatch(inputShape);
        return [inputShape[0], inputShape[1..].ElementCount];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        RequireBatch(x.ConcreteShape);
        return x.Rank == 1 ? x.ExpandDims(1) : x.Flatten(1);
    }

    private void RequireBatch(Shape shape)
    {
        if (shape.Rank == 0) throw new ShapeMismatchException($"{Title}: the input is {shape}; it needs the batch as its first axis.");
    }
}
