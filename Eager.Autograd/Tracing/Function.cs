namespace Eager.Autograd;

/// <summary>Makes functions of functions: their derivatives, their maps over a batch, their traces.</summary>
public static partial class Function
{
    /// <summary>Traces a function of one tensor.</summary>
    /// <inheritdoc cref="Trace(Func{IReadOnlyList{Tensor}, IReadOnlyList{Tensor}}, string, IReadOnlyList{InputSpec})"/>
    public static TracedFunction Trace(Func<Tensor, Tensor> function, string name = "function", IReadOnlyList<InputSpec>? inputSignature = null) =>
        new(x => [function(x[0])], 1, name, inputSignature);

    /// <summary>Traces a function of two tensors, such as a training step of images and labels.</summary>
    /// <inheritdoc cref="Trace(Func{IReadOnlyList{Tensor}, IReadOnlyList{Tensor}}, string, IReadOnlyList{InputSpec})"/>
    public static TracedFunction Trace(Func<Tensor, Tensor, Tensor> function, string name = "function", IReadOnlyList<InputSpec>? inputSignature = null) =>
        new(x => [function(x[0], x[1])], 2, name, inputSignature);

    /// <summary>Traces a function of any number of tensors with any number of results.</summary>
    /// <param name="function">What to trace. It runs when a new signature (dtypes and shapes) is first met; later calls replay what its tensors did.</param>
    /// <param name="name">The graph's name.</param>
    /// <param name="inputSignature">Names, dtypes and shapes that inputs must fit; sizes left unknown stay unknown in the graph.</param>
    /// <remarks>
    /// C# code inside runs only while tracing; variables, random generators and optimizers are used by reference, so each
    /// replay reads their current state and goes on changing it.
    /// </remarks>
    public static TracedFunction Trace(Func<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>> function, string name = "function", IReadOnlyList<InputSpec>? inputSignature = null) =>
        new(x => [.. function(x)], inputSignature?.Count, name, inputSignature);
}

/// <summary>What an input of a traced function must be.</summary>
/// <param name="Shape">Its shape; <c>[null, 784]</c> leaves a size open.</param>
/// <param name="DType">Its dtype.</param>
/// <param name="Name">Its name in the graph.</param>
public sealed record InputSpec(Shape Shape, DType DType = DType.Float32, string? Name = null);
