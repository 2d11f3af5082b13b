using Eager.Autograd;

namespace Eager.Train;

/// <summary>Notes which trainable variables operations of this thread use while it is open.</summary>
internal sealed class UsedVariables : Observer, IDisposable
{
    private readonly HashSet<Variable> used = [];

    internal UsedVariables() => Attach();

    internal override bool IsRecording => false;

    /// <summary>Refuses variables that the estimator would neither train nor save.</summary>
    internal void RequireAmong(IEnumerable<Variable> known)
    {
        used.ExceptWith(known);
        if (used.FirstOrDefault() is { } stray)
            throw new InvalidArgumentException($"Estimator: the model function computes with the variable '{stray.Name}' {stray.ConcreteShape}, which would be neither trained nor saved; make it with VariableScope.GetVariable, or its layer with VariableScope.Get, or make it not trainable.");
    }

    internal override ulong Follow(Op op, ReadOnlySpan<Tensor> inputs)
    {
        foreach (Tensor input in inputs)
            if (input is Variable { Trainable: true } variable) used.Add(variable);
        return 0;
    }

    internal override void Record(Op op, object attributes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ulong followed)
    {
    }

    public void Dispose() => Detach();
}
