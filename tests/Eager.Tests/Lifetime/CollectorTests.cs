using Eager.Autograd;
using Eager.Interop;
using NUnit.Framework;

namespace Eager.Tests.Lifetime;

/// <summary>Tensors that nobody disposes: the collector frees them, in time and not too early.</summary>
[NonParallelizable]
public unsafe class CollectorTests
{
    // Wrappers that die during their own kernel are the classic error of such bindings: the collecting thread hunts for them.
    [Test]
    public void Temporaries_left_to_the_collector_never_change_a_result([Range(1, 20)] int round)
    {
        const int Workers = 3, Steps = 60, Large = 2_000_000;
        using var stop = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
                Reclaimer.Tend(ThreadContext.Current);
                using Tensor other = Tensor.Full([Large], -1f);  // takes what was freed too early
            }
        });
        collector.Start();
        var wrong = new int[Workers];
        Thread[] workers = [.. Enumerable.Range(0, Workers).Select(w => new Thread(() =>
        {
            for (int i = 0; i < Steps; i++)
            {
                int size = 100 + (i + round) % 50;
                double sum = ((Tensor.Full([size], i, DType.Float64) + Tensor.Full([size], 1, DType.Float64)) * (Tensor.Ones([size], DType.Float64) + 1)).Sum().Item();
                // Now and then a copy that takes long enough for a collection to fall into it.
                float[] copy = Tensor.Full([i % 10 == 0 ? Large : size], i).ToArray<float>();
                if (sum != 2.0 * size * (i + 1) || copy.AsSpan().ContainsAnyExcept(i)) wrong[w]++;
            }
        }))];
        foreach (Thread worker in workers) worker.Start();
        foreach (Thread worker in workers) worker.Join();
        stop.Cancel();
        collector.Join();

        Assert.That(wrong, Is.All.Zero);
    }

    [Test]
    public void Memory_stays_bounded_without_any_using()
    {
        const int Steps = 300;
        const long Bound = 400L << 20;
        Reclaimer.CollectAll();
        long before = Native.Memory->Live, most = 0, made = 0;
        Tensor x = Tensor.Ones([256, 512]);
        var w1 = new Variable(Tensor.Full([512, 512], 0.01f));
        var w2 = new Variable(Tensor.Full([512, 512], 0.01f));
        for (int step = 0; step < Steps; step++)
        {
            var tape = new GradientTape();
            Tensor hidden = (x.MatMul(w1) + 1).Relu();
            Tensor loss = (hidden.MatMul(w2) - x).Square().Mean();
            Tensor?[] gradients = tape.Gradient(loss, [w1, w2]);
            w1.AssignSub(gradients[0]! * 0.01);
            w2.AssignSub(gradients[1]! * 0.01);
            made += 16 * x.ByteCount;  // fewer than a step makes
            most = Math.Max(most, Native.Memory->Live - before);
        }

        // The reclaimer lets 48 MB grow before it looks and 128 MB before it looks thoroughly, half as much again while a batch waits.
        Assert.That(most, Is.LessThan(Bound));
        Assert.That(made, Is.GreaterThan(5 * Bound), "or nothing had to be collected");
    }

    [Test]
    public void Views_that_nobody_disposes_are_collected_although_they_hold_no_memory_of_their_own()
    {
        Tensor x = Tensor.Ones([4, 4]);
        Reclaimer.CollectAll();
        long before = GC.GetTotalMemory(forceFullCollection: true);

        for (int i = 0; i < 200_000; i++) _ = x.Transpose();
        Reclaimer.CollectAll();

        // 200,000 wrappers of some 70 bytes each would be 14 MB.
        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - before, Is.LessThan(4L << 20));
        Assert.That(x.Sum().Item(), Is.EqualTo(16));
    }

    [Test]
    public void What_is_found_dead_is_freed()
    {
        Reclaimer.CollectAll();
        long before = Native.Memory->Live;
        Leave(100);
        Reclaimer.CollectAll();

        Assert.That(Native.Memory->Live, Is.LessThanOrEqualTo(before));

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Leave(int count)
        {
            for (int i = 0; i < count; i++) _ = Tensor.Ones([1000]);
        }
    }

    [Test]
    public void A_tape_that_nobody_disposes_lets_go_of_what_it_saved()
    {
        Reclaimer.CollectAll();
        long before = Native.Memory->Live;
        // On a thread of its own, whose context dies with it: an open tape is held by its thread.
        var thread = new Thread(static () =>
        {
            Tensor x = Tensor.Ones([1000]);
            var tape = new GradientTape();
            tape.Watch(x);
            _ = (x * x).Exp();
        });
        thread.Start();
        thread.Join();
        for (int i = 0; i < 3; i++) Reclaimer.CollectAll();  // the thread, its tape, what that saved

        Assert.That(Native.Memory->Live, Is.LessThanOrEqualTo(before));
    }
}
