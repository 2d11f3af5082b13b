using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Eager.Interop;

namespace Eager.Autograd;

/// <summary>C# code that a replayed program calls between its kernels.</summary>
/// <remarks>The program knows it by a handle and does not hold it: who holds the program holds this too.</remarks>
internal sealed unsafe class HostFunction
{
    [ThreadStatic] private static Exception? thrown;

    private readonly string name;
    private readonly Func<Tensor[], Tensor> function;
    private readonly GCHandle self;
    private (DType DType, Shape Shape)? traced;

    internal HostFunction(string name, Func<Tensor[], Tensor> function)
    {
        (this.name, this.function) = (name, function);
        self = GCHandle.Alloc(this, GCHandleType.Weak);
    }

    ~HostFunction() => self.Free();

    /// <summary>Calls it by way of the native library, which a program that is being recorded notes.</summary>
    internal Tensor Call(ReadOnlySpan<Tensor> x)
    {
        delegate* unmanaged[Cdecl]<long, nint*, long, nint*, int> entry = &CalledByProgram;
        try
        {
            return Aten.call_host((long)(nint)entry, GCHandle.ToIntPtr(self), x);
        }
        catch (LibTorchException) when (thrown is not null)
        {
            Rethrow();
            throw;
        }
        finally
        {
            GC.KeepAlive(this);
        }
    }

    /// <summary>Throws what a host function threw within the native call that just failed, if one did.</summary>
    internal static void Rethrow()
    {
        if (thrown is not { } exception) return;
        thrown = null;
        ExceptionDispatchInfo.Throw(exception);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CalledByProgram(long function, nint* inputs, long count, nint* output)
    {
        // No exception may leave for native code.
        try
        {
            var target = (HostFunction)GCHandle.FromIntPtr((nint)function).Target!;
            *output = target.Run(new(inputs, (int)count));
            return 0;
        }
        catch (Exception e)
        {
            thrown = e;
            return 1;
        }
    }

    private nint Run(ReadOnlySpan<nint> handles)
    {
        using var unrecorded = Unrecorded.Begin();
        var inputs = new Tensor[handles.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            Native.eager_retain(handles[i]);
            inputs[i] = Tensor.Own(handles[i], name);
        }
        Tensor value = function(inputs);
        traced ??= (value.DType, value.ConcreteShape);
        if (traced != (value.DType, value.ConcreteShape))
            throw new TracingException($"Host: '{name}' gave {value.DType.Name()} {value.ConcreteShape} in a replay of the traced function, and {traced.Value.DType.Name()} {traced.Value.Shape} in the trace; both must stay.");
        nint result = value.Enter();
        Native.eager_retain(result);
        value.Leave();
        return result;
    }
}
