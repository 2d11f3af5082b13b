using System.Runtime.InteropServices;

namespace Eager;

/// <summary>
/// Numbers in native memory that a kernel reads when it runs, not when it is recorded: a learning rate, a step's bias correction.
/// A replayed program sees what they hold by then.
/// </summary>
internal sealed unsafe class HostScalars : IDisposable
{
    private double* values;

    internal HostScalars(int count)
    {
        Count = count;
        values = (double*)NativeMemory.AllocZeroed((nuint)count, sizeof(double));
    }

    ~HostScalars() => Free();

    internal int Count { get; }

    internal double* Pointer => values;

    internal Span<double> Values => new(values, Count);

    /// <summary>
    /// Numbers for one kernel call, computed now by <paramref name="compute"/> and, when the call is being traced, before every replay.
    /// </summary>
    /// <param name="own">The caller's numbers, used again and again outside traces; a traced call gets numbers of its own.</param>
    /// <param name="count">How many.</param>
    /// <param name="compute">Writes them; it may change host state such as a step counter.</param>
    /// <param name="hold">Gives the host state back as it is now.</param>
    internal static HostScalars Computed(ref HostScalars? own, int count, Action<HostScalars> compute, Func<Action>? hold = null)
    {
        HostScalars target;
        if (ThreadContext.Current.Observer is { } observer && observer.RecordsHostEffects)
        {
            target = new HostScalars(count);
            observer.HostEffect(() => compute(target));
            if (hold is not null) observer.HostState(hold);
            if (observer.DefersHostEffects) return target;
        }
        else
        {
            target = own ??= new HostScalars(count);
        }
        compute(target);
        return target;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(values);
        values = null;
    }
}
