using System.Runtime.InteropServices;
using System.Text;

namespace Eager.Interop;

/// <summary>Whether there are GPUs, and what is missing where there are none, as Native/devices.cpp numbers it.</summary>
internal enum CudaState
{
    Works,
    NotInLibTorch,
    NoDriver,
    DriverTooOld,
    NoDevice,
    Fails,
}

/// <summary>A GPU's fixed properties, as Native/devices.cpp lays them out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CudaProperties
{
    public long Major;
    public long Minor;
    public long Memory;
    public long Multiprocessors;
}

/// <summary>A GPU's memory in bytes, as Native/devices.cpp lays it out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CudaMemory
{
    public long Allocated;
    public long Reserved;
    public long PeakAllocated;
    public long PeakReserved;
    public long Free;
}

/// <summary>What was found of CUDA when it was first asked for; it stays so for the life of the process.</summary>
internal static unsafe class CudaDevices
{
    private static readonly (CudaState State, int Count, string Reason) Found = Look();

    /// <summary>The number of GPUs.</summary>
    internal static int Count => Found.Count;

    /// <summary>Why there is no GPU, as the second half of a sentence, with the cure; null where there are some.</summary>
    internal static string? WhatIsMissing => Found.State switch
    {
        CudaState.Works => null,
        CudaState.NotInLibTorch => $"this LibTorch ({Runtime.LibTorchVersion}) was built without CUDA; point LIBTORCH to one that was built with it, and build Eager again",
        CudaState.NoDriver => "this LibTorch has CUDA, but the machine has no NVIDIA driver; install the driver",
        CudaState.DriverTooOld => "the machine's NVIDIA driver is too old for this LibTorch's CUDA; update the driver, or use a LibTorch for an older CUDA",
        CudaState.NoDevice => "this LibTorch has CUDA, but the NVIDIA driver shows it no GPU; see 'nvidia-smi' and the variable CUDA_VISIBLE_DEVICES",
        _ => $"this LibTorch has CUDA, but it does not start ({Found.Reason}); see 'nvidia-smi'",
    };

    /// <summary>A GPU's properties.</summary>
    internal static DeviceProperties PropertiesOf(int index)
    {
        CudaProperties found;
        byte* name;
        Native.Check(Native.eager_cuda_properties(index, &found, &name), nameof(Device.Properties));
        return new(Marshal.PtrToStringUTF8((nint)name)!, new((int)found.Major, (int)found.Minor), found.Memory, (int)found.Multiprocessors);
    }

    private static (CudaState, int, string) Look()
    {
        _ = Native.Memory;
        int count;
        byte* reason;
        long length;
        var state = (CudaState)Native.eager_cuda_state(&count, &reason, &length);
        return (state, count, Encoding.UTF8.GetString(reason, (int)length));
    }
}

internal static unsafe partial class Native
{
    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_cuda_state(int* devices, byte** reason, long* reasonLength);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_cuda_properties(int index, CudaProperties* properties, byte** name);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_cuda_memory(int index, CudaMemory* memory);

    [LibraryImport(NativeLibrary.Name)] internal static partial long eager_cuda_allocated(int index);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_cuda_reset_peaks(int index);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_cuda_empty_cache();

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_cuda_synchronize(int index);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_stream_get(int index, int isNew, int isUrgent, long* id);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_stream_exchange(int index, long id, long* before);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_stream_synchronize(int index, long id);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_stream_is_idle(int index, long id);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_stream_wait(int index, long id, int firstIndex, long first);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_stream_current(int index, long* id);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_event_record(int index, long id, nint* mark);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_event_wait(int index, long id, nint mark);

    [LibraryImport(NativeLibrary.Name)] internal static partial void eager_event_free(int index, nint mark);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_stream_uses(int index, long id, nint handle);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_is_pinned(nint handle);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_get_tf32();

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_set_tf32(int allowed);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_get_deterministic();

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_set_deterministic(int wanted);
}
