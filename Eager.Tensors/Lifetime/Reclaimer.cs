using Eager.Interop;

namespace Eager;

/// <summary>
/// Keeps native memory bounded without any <c>using</c>: frees what finalizers found dead, and asks for a collection
/// when enough native bytes or wrappers were made since the last one.
/// </summary>
/// <remarks>
/// A finalizer only queues its handle; the next operations on any thread free them in batches, on the thread that
/// allocates. The collector sees 60 bytes where there are megabytes, so the budget is counted here, in native bytes.
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

    private static readonly DeadHandles Dead = new();
    private static int wrappers;
    private static int collecting;
    private static int collections;
    private static long survivors;      // live bytes after the last collection
    private static long fullSurvivors;  // live bytes after the last full collection

    /// <summary>Live native bytes above which the next operation looks in here.</summary>
    internal static long Trigger = SmallestBudget;

    /// <summary>Called by a finalizer: the handle will be freed by a later operation.</summary>
    internal static void Enqueue(nint handle) => Dead.Add(handle);

    /// <summary>Frees a batch of what is dead, and collects when a budget is spent.</summary>
    internal static void Tend(ThreadContext context)
    {
        int made = Interlocked.Add(ref wrappers, context.Undisposed);
        context.Undisposed = 0;
        if (Dead.Any) Drain(Batch);
        long live = Native.Memory->Live;
        bool overBytes = live > Volatile.Read(ref Trigger);
        if ((overBytes || made > WrapperBudget) && Interlocked.Exchange(ref collecting, 1) == 0)
        {
            try
            {
                Collect(live, overBytes);
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
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Drain(int.MaxValue);
    }

    private static void Collect(long live, bool overBytes)
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
            // A finalized wrapper has moved to generation 1, which this program alone would seldom fill.
            int generation = ++collections % YoungPerOlder == 0 ? 1 : 0;
            GC.Collect(generation, GCCollectionMode.Forced, blocking: true);
        }
        SetTrigger();
    }

    private static void SetTrigger()
    {
        survivors = Native.Memory->Live;
        Volatile.Write(ref Trigger, survivors + Math.Max(survivors / 2, SmallestBudget));
    }

    private static void Drain(int most)
    {
        nint* handles = stackalloc nint[Batch];
        while (most > 0)
        {
            int count = Dead.Take(new Span<nint>(handles, Math.Min(Batch, most)));
            if (count == 0) return;
            Native.eager_free_many(handles, count);
            most -= count;
            if (!Dead.Any) SetTrigger();
        }
    }
}
