namespace Eager.Layers;

/// <summary>Any function as a layer; it has no weights, and the variables that it uses are not found in it.</summary>
/// <remarks>Applied to symbols, it runs once on zeros, which tells the shapes that it gives.</remarks>
/// <example><code>SymbolicTensor y = new Lambda(x => x.Square().Sum(1)).Call(x);</code></example>
public sealed class Lambda : Junction
{
    private readonly Func<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>> function;
    private readonly int? inputs;

    /// <summary>Makes a layer of a function of one tensor.</summary>
    /// <param name="function">The function.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    public Lambda(Func<Tensor, Tensor> function, string? name = null) : this(x => [function(x[0])], 1, name) { }

    /// <summary>Makes a layer of a function of two tensors.</summary>
    /// <param name="function">The function.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    public Lambda(Func<Tensor, Tensor, Tensor> function, string? name = null) : this(x => [function(x[0], x[1])], 2, name) { }

    private Lambda(Func<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>> function, int? inputs, string? name) : base(name) => (this.function, this.inputs) = (function, inputs);

    /// <summary>Makes a layer of a function of any number of tensors that gives any number.</summary>
    /// <param name="function">The function.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    public static Lambda OfAll(Func<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>> function, string? name = null) => new(function, null, name);

    /// <inheritdoc/>
    protected override IReadOnlyList<Tensor> ForwardAll(IReadOnlyList<Tensor> inputs, bool training)
    {
        if (this.inputs is { } expected && inputs.Count != expected) throw new InvalidArgumentException($"{Title}: the function takes {expected} tensors; {inputs.Count} were given.");
        using var scope = Temporaries.Begin();
        return [.. function(inputs).Select(y => scope.Keep(y))];
    }
}
