using System.Runtime.InteropServices;
using Eager.Interop;

namespace Eager;

/// <summary>Tensors over memory that LibTorch did not allocate: a file's pages, a caller's array, another library's tensor.</summary>
internal static unsafe class ForeignMemory
{
    /// <summary>A tensor over memory that stays in place until <paramref name="owner"/> is disposed, which happens when no tensor needs it any more.</summary>
    /// <remarks>The owner is disposed on whichever thread frees the last tensor; null when the caller sees to it. It stays the caller's when this throws.</remarks>
    public static Tensor Wrap(void* data, ReadOnlySpan<long> sizes, ReadOnlySpan<long> strides, DType dtype, Device device, IDisposable? owner)
    {
        _ = Native.Memory;
        GCHandle held = owner is null ? default : GCHandle.Alloc(owner);
        delegate* unmanaged<void*, void> release = owner is null ? null : &Release;
        nint handle;
        fixed (long* s = sizes, t = strides)
        {
            int deviceIndex = device.Type == DeviceType.Cpu ? -1 : device.Index;
            handle = Native.eager_from_memory(data, new(s, sizes.Length), new(t, strides.Length), (int)dtype, (int)device.Type, deviceIndex, release, (void*)GCHandle.ToIntPtr(held));
        }
        if (handle == 0 && held.IsAllocated) held.Free();
        return Tensor.Own(handle, "from_memory");
    }

    /// <summary>The strides of elements in C order, in elements.</summary>
    public static long[] CStrides(ReadOnlySpan<long> sizes)
    {
        var strides = new long[sizes.Length];
        long step = 1;
        for (int i = sizes.Length - 1; i >= 0; i--)
        {
            strides[i] = step;
            step *= Math.Max(sizes[i], 1);
        }
        return strides;
    }

    [UnmanagedCallersOnly]
    private static void Release(void* owner)
    {
        GCHandle held = GCHandle.FromIntPtr((nint)owner);
        ((IDisposable)held.Target!).Dispose();
        held.Free();
    }
}
