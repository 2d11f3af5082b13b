using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Eager.Interop;

namespace Eager;

/// <summary>
/// Keeps native memory bounded without any <c>using</c>: frees what collections found dead, and asks for a collection
/// when enough native bytes or wrappers were made since the last one.
/// </summary>
/// <remarks>
/// Each thread's <see cref="Ledger"/> knows which tensors collections found dead; the next operations on the thread free
/// their handles. What an undisposed tape held comes through <see cref="Enqueue"/>. The collector sees 100 bytes where
/// there are megabytes, so the budget is counted here, in native bytes.
/// </remarks>
internal static unsafe class Reclaimer
{
    /// <summary>An operation looks in here after this many wrappers.</summary>
    internal const int Interval = 64;

    private const int Batch = 64;
    private const int WrapperBudget = 2_500;
    private const int YoungPerOlder = 50;
    private const long SmallestBudget = 48L << 20;
    private const long SmallestFullBudget = 128L << 20;
    private const int ShareOfGpu = 32;  // a GPU has more memory, and most of what it makes is large

    private static readonly ConcurrentQueue<nint> Dead = [];
    private static int wrappers;
    private static int collecting;
    private static int collections;
    private static readonly MemoryBudget Processor = new(SmallestBudget, SmallestFullBudget);
    private static MemoryBudget[] gpus = [];  // empty until a GPU is used

    /// <summary>Live native bytes of the CPU above which the next operation looks in here.</summary>
    internal static long Trigger => Processor.Trigger;

    /// <summary>Counts the GPUs' bytes from now on.</summary>
    internal static void WatchGpus()
    {
        if (gpus.Length > 0) return;
        gpus = [.. Enumerable.Range(0, CudaDevices.Count).Select(static i =>
        {
            long share = CudaDevices.PropertiesOf(i).TotalMemory / ShareOfGpu;
            return new MemoryBudget(Math.Max(SmallestBudget, share), Math.Max(SmallestFullBudget, 2 * share));
        })];
    }

    /// <summary>For finalizers: the handle will be freed by a later operation.</summary>
    internal static void Enqueue(nint handle) => Dead.Enqueue(handle);

    /// <summary>Frees what is dead, and collects when a budget is spent.</summary>
    internal static void Tend(ThreadContext context)
    {
        int made = Interlocked.Add(ref wrappers, context.Undisposed);
        context.Undisposed = 0;
        context.Ledger.Sweep(context.Dead);
        Free(context.Dead);
        if (!Dead.IsEmpty) Drain(Batch);
        bool overBytes = Processor.IsSpent(Native.Memory->Live);
        for (int i = 0; i < gpus.Length && !overBytes; i++) overBytes = gpus[i].IsSpent(Native.eager_cuda_allocated(i));
        if ((overBytes || made > WrapperBudget) && Interlocked.Exchange(ref collecting, 1) == 0)
        {
            try
            {
                Collect(context);
            }
            finally
            {
                Volatile.Write(ref collecting, 0);
            }
        }
    }

    /// <summary>Frees everything that is dead now, after a full collection.</summary>
    internal static void CollectAll()
    {
        List<nint> dead = ThreadContext.Current.Dead;
        GC.Collect();
        Ledger.SweepAll(dead);
        Free(dead);
        GC.WaitForPendingFinalizers();
        Drain(int.MaxValue);
    }

    private static void Collect(ThreadContext context)
    {
        Volatile.Write(ref wrappers, 0);
        bool full = Processor.NeedsFull(Native.Memory->Live);
        for (int i = 0; i < gpus.Length; i++) full |= gpus[i].NeedsFull(Native.eager_cuda_allocated(i));
        if (full)
        {
            CollectAll();
        }
        else
        {
            // What has moved to generation 1 this program alone would seldom fill; nor would threads that are idle sweep.
            bool older = ++collections % YoungPerOlder == 0;
            GC.Collect(older ? 1 : 0, GCCollectionMode.Forced, blocking: true);
            if (older) Ledger.SweepAll(context.Dead);
            else context.Ledger.Sweep(context.Dead);
            Free(context.Dead);
        }
        Renew(full);
    }

    private static void Free(List<nint> dead)
    {
        if (dead.Count == 0) return;
        fixed (nint* handles = CollectionsMarshal.AsSpan(dead)) Native.eager_free_many(handles, dead.Count);
        dead.Clear();
    }

    private static void Renew(bool full)
    {
        Processor.Renew(Native.Memory->Live, full);
        for (int i = 0; i < gpus.Length; i++) gpus[i].Renew(Native.eager_cuda_allocated(i), full);
    }

    private static void Drain(int most)
    {
        for (; most > 0 && Dead.TryDequeue(out nint handle); most--) Native.eager_free(handle);
        if (Dead.IsEmpty) Renew(full: false);
    }
}
