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
