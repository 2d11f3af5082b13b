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

    private static readonly ConcurrentQueue<nint> Dead = [];
    private static int wrappers;
    private static int collecting;
    private static int collections;
    private static long survivors;      // live bytes after the last collection
    private static long fullSurvivors;  // live bytes after the last full collection

    /// <summary>Live native bytes above which the next operation looks in here.</summary>
    internal static long Trigger = SmallestBudget;

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
        long live = Native.Memory->Live;
        bool overBytes = live > Volatile.Read(ref Trigger);
        if ((overBytes || made > WrapperBudget) && Interlocked.Exchange(ref collecting, 1) == 0)
        {
            try
            {
                Collect(context, live, overBytes);
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

    private static void Collect(ThreadContext context, long live, bool overBytes)
    {
        Volatile.Write(ref wrappers, 0);
        // Wrappers that outlive one young collection are out of its reach: when live bytes have grown half as much again
        // since the last full collection, only a full one can tell what is dead.
        if (overBytes && live > fullSurvivors + Math.Max(fullSurvivors / 2, SmallestFullBudget))
        {
            CollectAll();
            fullSurvivors = Native.Memory->Live;
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
        SetTrigger();
    }

    private static void Free(List<nint> dead)
    {
        if (dead.Count == 0) return;
        fixed (nint* handles = CollectionsMarshal.AsSpan(dead)) Native.eager_free_many(handles, dead.Count);
        dead.Clear();
    }

    private static void SetTrigger()
    {
        survivors = Native.Memory->Live;
        Volatile.Write(ref Trigger, survivors + Math.Max(survivors / 2, SmallestBudget));
    }

    private static void Drain(int most)
    {
        for (; most > 0 && Dead.TryDequeue(out nint handle); most--) Native.eager_free(handle);
        if (Dead.IsEmpty) SetTrigger();
    }
}
