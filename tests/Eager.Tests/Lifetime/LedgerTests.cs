using System.Runtime.CompilerServices;
using Eager.Interop;
using NUnit.Framework;

namespace Eager.Tests.Lifetime;

/// <summary>The weak list by which handles of undisposed tensors are found: across threads, ages and resurrections.</summary>
[NonParallelizable]
public unsafe class LedgerTests
{
    private const int Count = 500;
    private const int Elements = 10_000;

    [Test]
    public void What_a_thread_left_behind_is_freed_after_its_end()
    {
        long before = LiveAfterCollection();
        var thread = new Thread(static () => Leave(Count));
        thread.Start();
        thread.Join();

        Assert.That(LiveAfterCollection(), Is.LessThanOrEqualTo(before));
    }

    [Test]
    public void What_an_idle_thread_dropped_is_freed_by_others()
    {
        long before = LiveAfterCollection();
        using var idle = new ManualResetEventSlim();
        using var done = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            Leave(Count);
            idle.Set();
            done.Wait();
        });
        thread.Start();
        idle.Wait();
        long after = LiveAfterCollection();
        done.Set();
        thread.Join();

        Assert.That(after, Is.LessThanOrEqualTo(before));
    }

    [Test]
    public void Tensors_that_grew_old_before_they_were_dropped_are_freed()
    {
        long before = LiveAfterCollection();
        Tensor[] kept = Grow();
        Assert.That(GC.GetGeneration(kept[0]), Is.EqualTo(2));
        Assert.That(Native.Memory->Live, Is.GreaterThan(before), "they are alive");
        Array.Clear(kept);

        Assert.That(LiveAfterCollection(), Is.LessThanOrEqualTo(before));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static Tensor[] Grow()
        {
            Tensor[] made = [.. Enumerable.Range(0, Count).Select(static _ => Tensor.Ones([Elements]))];
            for (int i = 0; i < 3; i++) Reclaimer.CollectAll();
            return made;
        }
    }

    [Test]
    public void Entries_of_disposed_tensors_serve_again_whoever_disposed_them()
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int round = 0; round < 200; round++)
        {
            Tensor[] made = [.. Enumerable.Range(0, Count).Select(static _ => Tensor.Ones([1]))];
            if (round % 2 == 0) Array.ForEach(made, static x => x.Dispose());
            else Parallel.ForEach(made, static x => x.Dispose());
        }

        // An entry and its weak handle take some 50 bytes; one for each of the 100,000 tensors would be 5 MB.
        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - before, Is.LessThan(1 << 20));
    }

    // The collector finalizes in any order: a tensor must outlive the finalizer of the object that holds it.
    [Test]
    public void A_finalizer_may_compute_with_the_tensors_that_it_reaches()
    {
        Holder.Sums.Clear();
        Hold();
        for (int i = 0; i < 3; i++) Reclaimer.CollectAll();

        Assert.That(Holder.Sums, Has.Count.EqualTo(Count).And.All.EqualTo(3));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Hold()
        {
            for (int i = 0; i < Count; i++) _ = new Holder(Tensor.From(1f, 2f));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Leave(int count)
    {
        for (int i = 0; i < count; i++) _ = Tensor.Ones([Elements]);
    }

    private static long LiveAfterCollection()
    {
        Reclaimer.CollectAll();
        return Native.Memory->Live;
    }

    private sealed class Holder(Tensor tensor)
    {
        internal static readonly List<double> Sums = [];

        ~Holder() => Sums.Add(tensor.Sum().Item());
    }
}
