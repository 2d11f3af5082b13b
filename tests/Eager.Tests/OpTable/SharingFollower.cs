using Eager.Interop;

namespace Eager.Tests.OpTable;

/// <summary>Lists operations whose output lies in an input's memory though they are not declared as views.</summary>
internal sealed class SharingFollower : Observer
{
    internal List<string> Undeclared { get; } = [];

    internal override ulong Follow(Op op, ReadOnlySpan<Tensor> inputs) => op.Effect is Effect.View or Effect.Mutates ? 0 : ulong.MaxValue;

    internal override void Record(Op op, object attributes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ulong followed)
    {
        foreach (Tensor output in outputs)
            foreach (Tensor input in inputs)
                if (output.ElementCount > 0 && SharesMemory(output, input)) Undeclared.Add(op.Name);
    }

    private static bool SharesMemory(Tensor a, Tensor b)
    {
        bool shares = Native.eager_same_storage(a.Enter(), b.Enter()) != 0;
        a.Leave();
        b.Leave();
        return shares;
    }
}
