namespace Eager.Autograd;

/// <summary>While one is open, the operations that a graph gets wait for others, although they read nothing of theirs.</summary>
/// <remarks>In a graph that is built by hand and in a trace; elsewhere the lines of C# are the order, and it does nothing. They nest.</remarks>
/// <example><code>
/// using (ControlDependencies.On(c))
///     set = graph.Group(() => a.Assign(five));   // session.Run((set, c)): c has the former a
/// </code></example>
public readonly struct ControlDependencies : IDisposable, IEquatable<ControlDependencies>
{
    private readonly Tracer? tracer;
    private readonly int before;

    private ControlDependencies(Tracer tracer) => (this.tracer, before) = (tracer, tracer.ControlInputs.Count);

    /// <summary>Lets what is added wait for the operations that make tensors.</summary>
    public static ControlDependencies On(params ReadOnlySpan<Tensor> tensors)
    {
        if (Tracer.Current is not { } tracer) return default;
        var scope = new ControlDependencies(tracer);
        foreach (Tensor tensor in tensors) tracer.ControlInputs.Add(tracer.Find(tensor).Operation);
        return scope;
    }

    /// <summary>Lets what is added wait for operations.</summary>
    /// <exception cref="InvalidArgumentException">One belongs to another graph.</exception>
    public static ControlDependencies On(params ReadOnlySpan<Operation> operations)
    {
        if (Tracer.Current is not { } tracer) return default;
        foreach (Operation operation in operations)
            if (operation.Graph != tracer.Graph) throw new InvalidArgumentException($"ControlDependencies: '{operation.Name}' belongs to graph '{operation.Graph.Name}', not to '{tracer.Graph.Name}', which is being built.");
        var scope = new ControlDependencies(tracer);
        tracer.ControlInputs.AddRange(operations);
        return scope;
    }

    /// <summary>Lets what is added wait for no more than what was open before.</summary>
    public void Dispose() => tracer?.ControlInputs.RemoveRange(before, tracer.ControlInputs.Count - before);

    /// <inheritdoc/>
    public bool Equals(ControlDependencies other) => tracer == other.tracer && before == other.before;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ControlDependencies other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(tracer, before);

    /// <summary>True when both close the same scope.</summary>
    public static bool operator ==(ControlDependencies a, ControlDependencies b) => a.Equals(b);

    /// <summary>True when they close different scopes.</summary>
    public static bool operator !=(ControlDependencies a, ControlDependencies b) => !a.Equals(b);
}
