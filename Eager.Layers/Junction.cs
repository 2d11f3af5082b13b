namespace Eager.Layers;

/// <summary>A layer where several tensors meet or part: it has several inputs, several outputs, or both.</summary>
/// <remarks>Override <see cref="Layer.ComputeOutputShapes"/> where the shapes are known; else a run on zeros tells them when it is applied to symbols.</remarks>
/// <example><code>
/// sealed class SumAndDifference : Junction
/// {
///     protected override IReadOnlyList&lt;Tensor&gt; ForwardAll(IReadOnlyList&lt;Tensor&gt; inputs, bool training) => [inputs[0] + inputs[1], inputs[0] - inputs[1]];
/// }
/// </code></example>
public abstract class Junction : Layer
{
    /// <summary>Sets what all layers have.</summary>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    protected Junction(string? name = null) : base(name) { }

    /// <inheritdoc/>
    public sealed override Shape ComputeOutputShape(Shape inputShape) => ComputeOutputShapes([inputShape]) switch
    {
        [var one] => one,
        var several => throw new InvalidArgumentException($"{Title} has {several.Count} outputs; use ComputeOutputShapes."),
    };

    /// <inheritdoc/>
    public override IReadOnlyList<Shape> ComputeOutputShapes(IReadOnlyList<Shape> inputShapes) => throw DoesNotTell();

    /// <inheritdoc/>
    protected sealed override Tensor Forward(Tensor x, bool training) => ForwardAll([x], training) switch
    {
        [var one] => one,
        var several => throw new InvalidArgumentException($"{Title} has {several.Count} outputs; call it by CallAll."),
    };

    /// <inheritdoc/>
    protected abstract override IReadOnlyList<Tensor> ForwardAll(IReadOnlyList<Tensor> inputs, bool training);

    /// <inheritdoc/>
    protected sealed override void CreateVariables(Shape inputShape) => CreateVariables([inputShape]);

    /// <inheritdoc/>
    protected override void CreateVariables(IReadOnlyList<Shape> inputShapes) { }
}
