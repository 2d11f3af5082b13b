namespace Eager.Tests;

/// <summary>Counts the wrappers that library code made on this thread and left behind.</summary>
internal sealed class WrapperCount : IDisposable
{
    private readonly int start = ThreadContext.Current.Scoped.Count;
    private Temporaries scope = Temporaries.Begin();

    /// <summary>Those alive that are none of the given ones.</summary>
    internal int Beside(params IEnumerable<Tensor?> expected)
    {
        var allowed = expected.ToHashSet();
        return ThreadContext.Current.Scoped.Skip(start).Count(t => !t.IsDisposed && !allowed.Contains(t));
    }

    public void Dispose() => scope.Dispose();
}
