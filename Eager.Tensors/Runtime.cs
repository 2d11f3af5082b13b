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
    public static bool HasCuda => CudaDevices.Count > 0;

    /// <summary>The threads over which one kernel other than a single matrix product is spread; 1 unless set, which suits MLPs.</summary>
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

    /// <summary>
    /// Whether GPUs may compute products and convolutions of float32 in TF32, whose factors have 10 bits of mantissa in place of 23, at several times the speed; not unless set.
    /// </summary>
    /// <remarks>It changes nothing on the CPU, and may be set where there is no GPU.</remarks>
    public static bool AllowTf32
    {
        get => IsOn(Native.eager_get_tf32);
        set => Switch(on => Native.Check(Native.eager_set_tf32(on), nameof(AllowTf32)), value);
    }

    /// <summary>
    /// Whether the same program gives the same bits on every run on a GPU: slower kernels are used where the quick ones add in any order, and an
    /// operation that has no such kernel is an error that names it. Not unless set; best before the first work on a GPU.
    /// </summary>
    /// <remarks>The CPU's kernels give the same bits anyway, for the same number of threads.</remarks>
    public static bool Deterministic
    {
        get => IsOn(Native.eager_get_deterministic);
        set => Switch(on => Native.Check(Native.eager_set_deterministic(on), nameof(Deterministic)), value);
    }

    /// <summary>
    /// Whether the replays of traced functions whose tensors are on one GPU are recorded there as CUDA graphs, which takes the launches of single
    /// kernels off the processor; yes unless set. It has not been run on a GPU yet.
    /// </summary>
    /// <remarks>
    /// Optimizers' updates, random draws and host functions stay calls of their own between the graphs, so that rates, steps and states are those of
    /// each step. Inputs are copied to where a graph reads them, and results out of where it writes them. What cannot be recorded is replayed call by
    /// call; <see cref="object.ToString"/> of the traced function says why. A graph keeps the kernels that it was recorded with, also when
    /// <see cref="AllowTf32"/> changes. It takes a LibTorch of 2.2 or later.
    /// </remarks>
    public static bool CaptureOnDevice
    {
        get => IsOn(Native.eager_get_capture);
        set => Switch(on => Native.eager_set_capture(on), value);
    }

    /// <summary>Sets how many threads kernels and matrix products use.</summary>
    /// <param name="kernels">For kernels such as convolutions, elementwise operations on large tensors and batches of small matrix products.</param>
    /// <param name="blas">For matrix products; as many as for kernels when null.</param>
    /// <exception cref="InvalidArgumentException">A count is below 1.</exception>
    public static void SetThreads(int kernels, int? blas = null)
    {
        int products = blas ?? kernels;
        if (kernels < 1 || products < 1) throw new InvalidArgumentException($"SetThreads: {kernels} kernel threads and {products} BLAS threads were asked for; both must be at least 1.");
        _ = Native.Memory;
        Native.Check(Native.eager_set_threads(kernels, products), nameof(SetThreads));
    }

    /// <summary>Frees every tensor that nothing refers to, and gives cached memory of all devices back to the system.</summary>
    public static void ReleaseMemory()
    {
        _ = Native.Memory;
        Reclaimer.CollectAll();
        Device.Cpu.ReleaseCache();
        if (HasCuda) Device.Cuda().ReleaseCache();
    }

    // The switches are the native library's, which must be there first.
    private static bool IsOn(Func<int> read)
    {
        _ = Native.Memory;
        return read() != 0;
    }

    private static void Switch(Action<int> write, bool on)
    {
        _ = Native.Memory;
        write(on ? 1 : 0);
    }
}
