namespace Eager;

/// <summary>How much native memory of one device may be used before a collection is due.</summary>
/// <remarks>The CPU has one, each GPU has one: a GPU's memory may be nearly full while the CPU's is hardly used, and the other way round.</remarks>
internal sealed class MemoryBudget(long smallest, long smallestFull)
{
    private readonly long smallest = smallest;
    private long fullSurvivors;  // live bytes after the last full collection

    /// <summary>Live bytes above which a collection is due.</summary>
    internal long Trigger = smallest;

    /// <summary>True when a young collection is due, or a full one.</summary>
    internal bool IsSpent(long live) => live > Volatile.Read(ref Trigger);

    /// <summary>
    /// True when a full collection is due. Wrappers that outlive one young collection are out of its reach: when live bytes have grown half as
    /// much again since the last full collection, only a full one can tell what is dead.
    /// </summary>
    internal bool NeedsFull(long live) => IsSpent(live) && live > fullSurvivors + Math.Max(fullSurvivors / 2, smallestFull);

    /// <summary>Sets the next trigger from what is live after a collection.</summary>
    internal void Renew(long live, bool full = false)
    {
        if (full) fullSurvivors = live;
        Volatile.Write(ref Trigger, live + Math.Max(live / 2, smallest));
    }
}
