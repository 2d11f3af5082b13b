using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Eager;

/// <summary>
/// The tensors that one thread made and the native handles that they hold, so that the handles of those that nobody
/// disposed are found and freed after a collection.
/// </summary>
/// <remarks>
/// An entry points to its tensor weakly: when the tensor is gone and the handle is still there, the handle is dead. A
/// finalizer would tell as much, but an object that has one costs several times as much to make, survives the collection
/// that finds it dead, and ties the program to the pace of one finalizer thread.
/// Entries are used again. Each is listed by age, as the collector ages tensors: a sweep of the young is short.
/// </remarks>
internal sealed class Ledger
{
    private static readonly Lock Register = new();
    private static readonly List<Ledger> All = [];
    private static readonly Stack<Ledger> Unowned = [];

    private Entry[] free = new Entry[64];
    private int freeCount;
    private Entry[] young = new Entry[64];
    private int youngCount;
    private Entry[] old = [];
    private int oldCount;
    private int youngSweep;  // the collector's count at the last sweep
    private int oldSweep;
    private int busy;        // 1 while a thread is at the lists: nearly always the owner, and never for long

    /// <summary>The list that an entry is on.</summary>
    internal enum Age : byte
    {
        Unlisted,
        Young,
        Old,
    }

    /// <summary>A ledger for a new thread: that of a thread that has ended, if there is one.</summary>
    internal static Ledger Rent()
    {
        lock (Register)
        {
            if (Unowned.TryPop(out Ledger? unowned)) return unowned;
            var ledger = new Ledger();
            All.Add(ledger);
            return ledger;
        }
    }

    /// <summary>For the end of a thread; its tensors may live on.</summary>
    internal static void Return(Ledger ledger)
    {
        lock (Register) Unowned.Push(ledger);
    }

    /// <summary>Puts the handles of all threads' dead tensors on a list.</summary>
    internal static void SweepAll(List<nint> dead)
    {
        lock (Register)
            foreach (Ledger ledger in All) ledger.Sweep(dead);
    }

    /// <summary>The tensors of all threads that are neither disposed nor collected.</summary>
    internal static List<Tensor> Alive()
    {
        List<Tensor> alive = [];
        lock (Register)
        {
            foreach (Ledger ledger in All)
            {
                ledger.Take();
                foreach (Entry entry in ledger.young.AsSpan(0, ledger.youngCount))
                    if (entry.IsAlive(out Tensor? tensor)) alive.Add(tensor);
                foreach (Entry entry in ledger.old.AsSpan(0, ledger.oldCount))
                    if (entry.IsAlive(out Tensor? tensor)) alive.Add(tensor);
                Volatile.Write(ref ledger.busy, 0);
            }
        }
        return alive;
    }

    /// <summary>Notes a tensor and its handle.</summary>
    internal Entry Add(Tensor tensor, nint handle)
    {
        Take();
        Entry entry = freeCount > 0 ? free[--freeCount] : new Entry(this);
        entry.IsFree = false;
        entry.Tensor.SetTarget(tensor);
        entry.Handle = handle;
        if (entry.Age == Age.Unlisted) List(entry, Age.Young, ref young, ref youngCount);
        Volatile.Write(ref busy, 0);
        return entry;
    }

    /// <summary>Strikes out an entry whose handle somebody is about to free.</summary>
    internal void Remove(Entry entry)
    {
        Take();
        entry.Handle = 0;
        // One on the list of the old would be swept too seldom for the next tensor.
        if (entry.Age == Age.Young) Free(entry);
        Volatile.Write(ref busy, 0);
    }

    /// <summary>Puts the handles of tensors that collections found dead on a list; does nothing when there was none.</summary>
    internal void Sweep(List<nint> dead)
    {
        if (youngSweep == GC.CollectionCount(0)) return;
        Take();
        // Counted before looking: a collection that comes during the sweep calls for another.
        int collections = GC.CollectionCount(0), older = GC.CollectionCount(1);
        if (oldSweep != older) SweepOld(dead);
        SweepYoung(dead);
        youngSweep = collections;
        oldSweep = older;
        Volatile.Write(ref busy, 0);
    }

    private static void List(Entry entry, Age age, ref Entry[] list, ref int count)
    {
        if (count == list.Length) Array.Resize(ref list, Math.Max(64, 2 * count));
        list[count++] = entry;
        entry.Age = age;
    }

    private void SweepYoung(List<nint> dead)
    {
        int kept = 0;
        for (int i = 0; i < youngCount; i++)
        {
            Entry entry = young[i];
            if (entry.IsAlive(out Tensor? tensor))
            {
                // Made after the collection: a later young one will look at it.
                if (GC.GetGeneration(tensor) == 0) young[kept++] = entry;
                else List(entry, Age.Old, ref old, ref oldCount);
            }
            else
            {
                entry.Age = Age.Unlisted;
                Recover(entry, dead);
            }
        }
        youngCount = kept;
    }

    private void SweepOld(List<nint> dead)
    {
        int kept = 0;
        for (int i = 0; i < oldCount; i++)
        {
            Entry entry = old[i];
            if (entry.IsAlive(out _))
            {
                old[kept++] = entry;
            }
            else
            {
                entry.Age = Age.Unlisted;
                Recover(entry, dead);
            }
        }
        Array.Clear(old, kept, oldCount - kept);
        oldCount = kept;
    }

    private void Recover(Entry entry, List<nint> dead)
    {
        if (entry.Handle != 0) dead.Add(entry.Handle);
        entry.Handle = 0;
        if (!entry.IsFree) Free(entry);
    }

    private void Free(Entry entry)
    {
        if (freeCount == free.Length) Array.Resize(ref free, 2 * freeCount);
        free[freeCount++] = entry;
        entry.IsFree = true;
    }

    private void Take()
    {
        var wait = default(SpinWait);
        while (Interlocked.Exchange(ref busy, 1) != 0) wait.SpinOnce();
    }

    /// <summary>One tensor's line in a ledger.</summary>
    internal sealed class Entry(Ledger ledger)
    {
        // Tracks resurrection, so that a finalizer of the user's may still compute with tensors that it reaches.
        internal WeakGCHandle<Tensor> Tensor = new(null!, trackResurrection: true);
        internal nint Handle;
        internal Age Age;
        internal bool IsFree;

        internal bool IsAlive([NotNullWhen(true)] out Tensor? tensor)
        {
            tensor = null;
            return Handle != 0 && Tensor.TryGetTarget(out tensor);
        }

        /// <summary>See <see cref="Ledger.Remove"/>.</summary>
        internal void Remove() => ledger.Remove(this);
    }
}
