namespace Eager.Autograd;

/// <summary>Puts a prefix before the names of the operations that are traced while it is open; scopes nest.</summary>
/// <remarks>Outside a trace it does nothing. A name that a graph has used already gets a number: <c>dense_1</c>.</remarks>
/// <example><code>using (NameScope.Open("hidden")) y = x.MatMul(w).Relu();   // hidden/MatMul, hidden/Relu</code></example>
public readonly struct NameScope : IDisposable, IEquatable<NameScope>
{
    private readonly Tracer? tracer;
    private readonly string? before;

    private NameScope(Tracer tracer, string before) => (this.tracer, this.before) = (tracer, before);

    /// <summary>Opens a scope below the one that is open.</summary>
    public static NameScope Open(string name)
    {
        if (Tracer.Current is not { } tracer) return default;
        string outer = tracer.Scope;
        tracer.EnterScope(name);
        return new(tracer, outer);
    }

    /// <summary>Goes back to the scope around.</summary>
    public void Dispose()
    {
        if (tracer is not null) tracer.Scope = before!;
    }

    /// <inheritdoc/>
    public bool Equals(NameScope other) => tracer == other.tracer && before == other.before;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is NameScope other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(tracer, before);

    /// <summary>True when both close the same scope.</summary>
    public static bool operator ==(NameScope a, NameScope b) => a.Equals(b);

    /// <summary>True when they close different scopes.</summary>
    public static bool operator !=(NameScope a, NameScope b) => !a.Equals(b);
}
