using System.Runtime.InteropServices;
using System.Text;

namespace Eager.Interop;

/// <summary>The hand-written part of the native interface: start, errors, lifetime and fields of a tensor (Native/core.cpp).</summary>
internal static unsafe partial class Native
{
    /// <summary>The allocator's counters, read without a call.</summary>
    internal static readonly MemoryCounters* Memory = Start();

    private static MemoryCounters* Start()
    {
        NativeLibrary.Prepare();
        if (eager_abi_check() == 0)
            throw new LibTorchException("This LibTorch lays out its integers in another way than libeager_native.so was built for; rebuild Eager against it.");
        eager_quiet_errors();
        const long keptForReuse = 1L << 30;
        var counters = (MemoryCounters*)eager_install_allocator(keptForReuse);
        Check(eager_set_threads(1, Environment.ProcessorCount), "set_threads");
        return counters;
    }

    internal static void Check(int status, string kernel)
    {
        if (status != 0) throw Error(kernel);
    }

    internal static void CheckCount(long count, string kernel)
    {
        if (count < 0) throw Error(kernel);
    }

    /// <summary>The error that the native library remembers for this thread.</summary>
    internal static EagerException Error(string kernel)
    {
        byte* text;
        ErrorKind kind;
        long length = eager_last_error(&text, &kind);
        string message = FirstLine(Encoding.UTF8.GetString(text, (int)length));
        return kind switch
        {
            ErrorKind.Refusal => new InvalidArgumentException(message),
            ErrorKind.Memory => MemoryShortage.Of(message),
            _ => new LibTorchException($"{kernel}: {message}"),
        };
    }

    internal static string LibTorchVersion
    {
        get
        {
            byte* text;
            long length = eager_libtorch_version(&text);
            return Encoding.UTF8.GetString(text, (int)length);
        }
    }

    // What follows the first line is LibTorch's own stack and advice for its developers.
    private static string FirstLine(string message)
    {
        int end = message.IndexOf('\n');
        return end < 0 ? message : message[..end];
    }

    [LibraryImport(NativeLibrary.Name)] internal static partial long eager_last_error(byte** text, ErrorKind* kind);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_abi_check();

    [LibraryImport(NativeLibrary.Name)] internal static partial void eager_quiet_errors();

    [LibraryImport(NativeLibrary.Name)] internal static partial long eager_libtorch_version(byte** text);

    [LibraryImport(NativeLibrary.Name)] internal static partial nint eager_install_allocator(long cached);

    [LibraryImport(NativeLibrary.Name)] internal static partial void eager_empty_cache();

    [LibraryImport(NativeLibrary.Name)] internal static partial void eager_reset_peaks();

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_set_threads(int kernels, int blas);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_get_threads();

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_get_blas_threads();

    [LibraryImport(NativeLibrary.Name)] internal static partial void eager_update_groups_only(int only);

    [LibraryImport(NativeLibrary.Name), SuppressGCTransition] internal static partial void eager_retain(nint handle);

    [LibraryImport(NativeLibrary.Name)] internal static partial void eager_free(nint handle);

    [LibraryImport(NativeLibrary.Name)] internal static partial void eager_free_many(nint* handles, long count);

    [LibraryImport(NativeLibrary.Name), SuppressGCTransition] internal static partial long eager_describe(nint handle);

    [LibraryImport(NativeLibrary.Name), SuppressGCTransition] internal static partial long* eager_sizes(nint handle);

    [LibraryImport(NativeLibrary.Name), SuppressGCTransition] internal static partial long* eager_strides(nint handle);

    [LibraryImport(NativeLibrary.Name), SuppressGCTransition] internal static partial long eager_count(nint handle);

    [LibraryImport(NativeLibrary.Name), SuppressGCTransition] internal static partial int eager_is_contiguous(nint handle);

    [LibraryImport(NativeLibrary.Name), SuppressGCTransition] internal static partial int eager_is_resolved(nint handle);

    [LibraryImport(NativeLibrary.Name), SuppressGCTransition] internal static partial int eager_is_plain(nint handle);

    [LibraryImport(NativeLibrary.Name), SuppressGCTransition] internal static partial void* eager_data(nint handle);

    [LibraryImport(NativeLibrary.Name), SuppressGCTransition] internal static partial nint eager_storage(nint handle, long* bytes);

    [LibraryImport(NativeLibrary.Name), SuppressGCTransition] internal static partial int eager_same_storage(nint a, nint b);

    [LibraryImport(NativeLibrary.Name)] internal static partial nint eager_shallow_copy(nint handle);

    [LibraryImport(NativeLibrary.Name)] internal static partial nint eager_from_host(void* data, NativeInts shape, int dtype);

    [LibraryImport(NativeLibrary.Name)]
    internal static partial nint eager_from_memory(void* data, NativeInts sizes, NativeInts strides, int dtype, int deviceType, int deviceIndex, delegate* unmanaged<void*, void> release, void* owner);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_to_host(nint handle, void* data, long bytes);

    [LibraryImport(NativeLibrary.Name)] internal static partial nint eager_generator_new(int deviceType, int deviceIndex, ulong seed);

    [LibraryImport(NativeLibrary.Name)] internal static partial void eager_generator_free(nint handle);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_generator_seed(nint handle, ulong seed);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_record_begin(NativeTensors inputs);

    [LibraryImport(NativeLibrary.Name)] internal static partial nint eager_record_end(NativeTensors outputs);

    [LibraryImport(NativeLibrary.Name)] internal static partial void eager_record_cancel();

    [LibraryImport(NativeLibrary.Name), SuppressGCTransition] internal static partial nint eager_record_suspend();

    [LibraryImport(NativeLibrary.Name), SuppressGCTransition] internal static partial void eager_record_resume(nint recorder);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_program_run(nint program, nint* inputs, nint* outputs);

    [LibraryImport(NativeLibrary.Name), SuppressGCTransition] internal static partial void eager_record_constant(nint handle);

    [LibraryImport(NativeLibrary.Name)] internal static partial long eager_program_length(nint program);

    [LibraryImport(NativeLibrary.Name)] internal static partial long eager_program_quick_length(nint program);

    [LibraryImport(NativeLibrary.Name)] internal static partial void eager_program_refuse_capture(nint program, NativeText reason);

    [LibraryImport(NativeLibrary.Name)] internal static partial void eager_program_capture(nint program, long* graphs, long* calls, NativeText* reason);

    [LibraryImport(NativeLibrary.Name)] internal static partial int eager_get_capture();

    [LibraryImport(NativeLibrary.Name)] internal static partial void eager_set_capture(int wanted);

    [LibraryImport(NativeLibrary.Name)] internal static partial void eager_rehearse_capture(int how);

    [LibraryImport(NativeLibrary.Name)] internal static partial void eager_program_free(nint program);
}

/// <summary>The native allocator's counters in bytes, as Native/allocator.cpp lays them out; other threads change them at any time.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MemoryCounters
{
    public long Live;
    public long Cached;
    public long Peak;
    public long Cap;
    public long PeakHeld;
}

/// <summary>What kind of error the native library remembers (ErrorKind in Native/core.cpp).</summary>
internal enum ErrorKind
{
    Other,
    Refusal,
    Memory,
}
