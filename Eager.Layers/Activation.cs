namespace Eager.Layers;

/// <summary>Applies a function to its input.</summary>
public sealed class Activation : Layer
{
    /// <summary>Makes a layer.</summary>
    /// <param name="function">The function, or its name.</param>
    /// <param name="inputShape">The shape of one input without the batch.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    public Activation(ActivationFunction function, Shape? inputShape = null, string? name = null) : base(name)
    {
        Function = function;
        BuildIfKnown(inputShape);
    }

    /// <summary>The function.</summary>
    public ActivationFunction Function { get; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape) => inputShape;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training) => Function.Apply(x);
}
