using Eager.Interop;

namespace Eager;

/// <summary>The switches and figures of the library as a whole: threads, memory, versions.</summary>
public static unsafe class Runtime
{
    /// <summary>The version of the LibTorch in use, such as <c>1.13.1</c>.</summary>
    public static string LibTorchVersion
    {
        get
        {
            _ = Native.Memory;
            return Native.LibTorchVersion;
        }
    }

    /// <summary>True when this LibTorch and machine have a GPU.</summary>
    public static bool HasCuda => Device.Available.Any(static d => d.Type == DeviceType.Cuda);

    /// <summary>The threads over which one kernel other than a matrix product is spread; 1 unless set, which suits MLPs.</summary>
    public static int KernelThreads
    {
        get
        {
            _ = Native.Memory;
            return Native.eager_get_threads();
        }
    }

    /// <summary>The threads over which one matrix product is spread; all cores unless set. 0 when this LibTorch's BLAS cannot tell.</summary>
    public static int BlasThreads
    {
        get
        {
            _ = Native.Memory;
            return Native.eager_get_blas_threads();
        }
    }

    /// <summary>The bytes that CPU tensors hold now.</summary>
    public static long MemoryInUse => Volatile.Read(ref Native.Memory->Live);

    /// <summary>The most bytes that CPU tensors held at once.</summary>
    public static long PeakMemory => Volatile.Read(ref Native.Memory->Peak);

    /// <summary>The bytes kept for the next CPU tensors.</summary>
    public static long CachedMemory => Volatile.Read(ref Native.Memory->Cached);

    /// <summary>Sets how many threads kernels and matrix products use.</summary>
    /// <param name="kernels">For kernels such as convolutions and elementwise operations on large tensors.</param>
    /// <param name="blas">For matrix products; as many as for kernels when null.</param>
    /// <exception cref="InvalidArgumentException">A count is below 1.</exception>
    public static void SetThreads(int kernels, int? blas = null)
    {
        int products = blas ?? kernels;
        if (kernels < 1 || products < 1) throw new InvalidArgumentException($"SetThreads: {kernels} kernel threads and {products} BLAS threads were asked for; both must be at least 1.");
        _ = Native.Memory;
        Native.Check(Native.eager_set_threads(kernels, products), nameof(SetThreads));
    }

    /// <summary>Frees every tensor that nothing refers to, and gives cached memory back to the system.</summary>
    public static void ReleaseMemory()
    {
        _ = Native.Memory;
        Reclaimer.CollectAll();
        Native.eager_empty_cache();
    }
}
