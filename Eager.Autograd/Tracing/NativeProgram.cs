using System.Text;
using Eager.Interop;

namespace Eager.Autograd;

/// <summary>The native log of one run's kernel calls, which replays them in one call (Native/program.h).</summary>
internal sealed unsafe class NativeProgram : IDisposable
{
    private readonly int outputCount;
    private nint handle;

    private NativeProgram(nint handle, int outputCount) => (this.handle, this.outputCount) = (handle, outputCount);

    ~NativeProgram() => Free();

    /// <summary>The number of kernel calls that were recorded.</summary>
    internal long Length => Native.eager_program_length(handle);

    /// <summary>The number of instructions that a replay runs instead (Native/program_passes.h).</summary>
    internal long QuickLength => Native.eager_program_quick_length(handle);

    /// <summary>How many graphs of a device a replay launches, how many of the calls are in them, and why there are none (Native/capture.h); empty where they may still come.</summary>
    internal (long Graphs, long Calls, string Reason) Capture
    {
        get
        {
            long graphs, calls;
            NativeText reason;
            Native.eager_program_capture(handle, &graphs, &calls, &reason);
            string text = Encoding.UTF8.GetString(reason.Data, (int)reason.Length);
            GC.KeepAlive(this);
            return (graphs, calls, text);
        }
    }

    /// <summary>Has it replayed call by call.</summary>
    internal void RefuseCapture(string reason)
    {
        byte[] text = Encoding.UTF8.GetBytes(reason);
        fixed (byte* bytes = text) Native.eager_program_refuse_capture(handle, new(bytes, text.Length));
        GC.KeepAlive(this);
    }

    /// <summary>Runs a function with every kernel call of this thread logged.</summary>
    internal static (NativeProgram Program, Tensor[] Outputs) Record(ReadOnlySpan<Tensor> inputs, Func<Tensor[]> function)
    {
        nint* handles = stackalloc nint[inputs.Length];
        Tensor.EnterAll(inputs, handles);
        int status = Native.eager_record_begin(new(handles, inputs.Length));
        Tensor.LeaveAll(inputs);
        Native.Check(status, "Trace");
        try
        {
            Tensor[] outputs = function();
            foreach (Tensor? output in outputs)
                if (output is not null) Errors.RequireUnquantized(output, "Trace");
            nint* results = stackalloc nint[outputs.Length];
            Tensor.EnterAll(outputs, results);
            nint program = Native.eager_record_end(new(results, outputs.Length));
            Tensor.LeaveAll(outputs);
            return program != 0 ? (new(program, outputs.Length), outputs) : throw Native.Error("Trace");
        }
        catch
        {
            Native.eager_record_cancel();  // the thread could trace nothing else
            throw;
        }
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
