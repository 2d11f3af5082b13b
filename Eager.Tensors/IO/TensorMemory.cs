using Eager.Interop;

namespace Eager;

/// <summary>The raw memory of tensors, for what files and batches are made of. No recorder sees what is done here.</summary>
internal static unsafe class TensorMemory
{
    /// <summary>A new tensor on the CPU whose elements are whatever the memory held.</summary>
    public static Tensor Empty(ReadOnlySpan<long> sizes, DType dtype)
    {
        _ = Native.Memory;
        return Aten.empty_memory_format(sizes, (int)dtype, -1, Device.Cpu.Packed, default, -1);
    }

    /// <summary>Whether the elements are on the CPU in C order.</summary>
    public static bool IsPlain(Tensor x)
    {
        bool plain = Native.eager_is_plain(x.Enter()) != 0;
        x.Leave();
        return plain && x.Device == Device.Cpu;
    }

    /// <summary>The elements on the CPU in C order: the same memory where it is so already, otherwise a copy. The caller disposes it.</summary>
    /// <exception cref="TracingException">A traced function is being recorded, where values do not exist yet.</exception>
    public static Tensor Plain(Tensor x, string how)
    {
        x.ReadingValue(how);
        Errors.RequireUnquantized(x, how);
        if (IsPlain(x)) return x.Alias();

        Tensor copy = Empty(x.ConcreteShape.Sizes, x.DType);
        using var pin = new TensorPin(copy);
        int status = Native.eager_to_host(x.Enter(), pin.Pointer, pin.ByteCount);
        x.Leave();
        Native.Check(status, how);
        return copy;
    }

    /// <summary>As <see cref="Plain"/>, for the library's own keeping: no scope frees it.</summary>
    public static Tensor KeepPlain(Tensor x, string how)
    {
        using Tensor plain = Plain(x, how);
        nint handle = plain.Enter();
        Native.eager_retain(handle);
        plain.Leave();
        return Tensor.OwnUnscoped(handle);
    }
}

/// <summary>Keeps the memory of a plain tensor in place while it is read or filled.</summary>
internal readonly unsafe ref struct TensorPin : IDisposable
{
    private const int LargestPart = 1 << 30;

    private readonly Tensor tensor;

    /// <summary>Pins a tensor that is on the CPU and in C order.</summary>
    public TensorPin(Tensor plain)
    {
        nint handle = plain.Enter();
        tensor = plain;
        Pointer = (byte*)Native.eager_data(handle);
        ByteCount = plain.ByteCount;
    }

    /// <summary>The first byte.</summary>
    public byte* Pointer { get; }

    /// <summary>The number of bytes.</summary>
    public long ByteCount { get; }

    /// <summary>Goes through the bytes in parts that a span may hold.</summary>
    public Parts GetEnumerator() => new(Pointer, ByteCount);

    /// <summary>Lets go.</summary>
    public void Dispose() => tensor.Leave();

    internal ref struct Parts(byte* pointer, long byteCount)
    {
        private long next;

        public Span<byte> Current { get; private set; }

        public bool MoveNext()
        {
            if (next >= byteCount) return false;
            Current = new(pointer + next, (int)Math.Min(byteCount - next, LargestPart));
            next += Current.Length;
            return true;
        }
    }
}
