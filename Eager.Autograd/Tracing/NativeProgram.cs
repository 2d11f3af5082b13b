using Eager.Interop;

namespace Eager.Autograd;

/// <summary>The native log of one run's kernel calls, which replays them in one call (Native/program.h).</summary>
internal sealed unsafe class NativeProgram : IDisposable
{
    private readonly int outputCount;
    private nint handle;

    private NativeProgram(nint handle, int outputCount) => (this.handle, this.outputCount) = (handle, outputCount);

    ~NativeProgram() => Free();

    /// <summary>The number of kernel calls.</summary>
    internal long Length => Native.eager_program_length(handle);

    /// <summary>Runs a function with every kernel call of this thread logged.</summary>
    internal static (NativeProgram Program, Tensor[] Outputs) Record(ReadOnlySpan<Tensor> inputs, Func<Tensor[]> function)
    {
        nint* handles = stackalloc nint[inputs.Length];
        Tensor.EnterAll(inputs, handles);
        int status = Native.eager_record_begin(new(handles, inputs.Length));
        Tensor.LeaveAll(inputs);
        Native.Check(status, "Trace");
        Tensor[] outputs;
        try
        {
            outputs = function();
        }
        catch
        {
            Native.eager_record_cancel();
            throw;
        }
        nint* results = stackalloc nint[outputs.Length];
        Tensor.EnterAll(outputs, results);
        nint program = Native.eager_record_end(new(results, outputs.Length));
        Tensor.LeaveAll(outputs);
        if (program == 0) throw Native.Error("Trace");
        return (new(program, outputs.Length), outputs);
    }

    internal Tensor[] Run(ReadOnlySpan<Tensor> inputs)
    {
        nint* given = stackalloc nint[inputs.Length];
        nint* made = stackalloc nint[outputCount];
        Tensor.EnterAll(inputs, given);
        int status = Native.eager_program_run(handle, given, made);
        Tensor.LeaveAll(inputs);
        GC.KeepAlive(this);
        if (status != 0) HostFunction.Rethrow();
        Native.Check(status, "Replay");
        return Tensor.OwnAll(new ReadOnlySpan<nint>(made, outputCount));
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        nint freed = Interlocked.Exchange(ref handle, 0);
        if (freed != 0) Native.eager_program_free(freed);
    }
}
