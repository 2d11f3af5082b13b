using Eager.Autograd;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Tracing;

/// <summary>A replay runs fewer instructions than were recorded and gives every bit that the C# function gives.</summary>
public sealed class ReplayTests
{
    [Test]
    public void What_is_the_same_in_every_run_is_computed_once()
    {
        using TracedFunction traced = Function.Trace(x => x.MatMul(Tensor.Ones([3, 3]) * 2 + Tensor.Eye(3)));
        Assert.That(Replay(traced, Ramp([2, 3])), Is.EqualTo((5, 1)), "the matrix product is left");
    }

    [Test]
    public void Equal_calls_run_once()
    {
        using TracedFunction traced = Function.Trace(x => Tensor.Concat([x.Exp(), x.Exp(), x.Exp().Log()]));
        Assert.That(Replay(traced, Ramp([4])), Is.EqualTo((5, 3)), "exp, log and the join are left");
    }

    [Test]
    public void Calls_that_nobody_reads_do_not_run()
    {
        using TracedFunction traced = Function.Trace(x =>
        {
            _ = x.Exp().Sum();
            return x.Tanh();
        });
        Assert.That(Replay(traced, Ramp([4])), Is.EqualTo((3, 1)));
    }

    [Test]
    public void Elementwise_calls_run_together()
    {
        using TracedFunction traced = Function.Trace(x => ((x * 2 + 1).Square().Sqrt() / 3 - x).Abs().Relu());
        Assert.That(Replay(traced, Ramp([4, 5])), Is.EqualTo((8, 1)));
    }

    [Test]
    public void Views_of_variables_are_made_once()
    {
        var w = new Variable(Ramp([3, 2]));
        using TracedFunction traced = Function.Trace(x => x.MatMul(w.Transpose()));
        Assert.That(Replay(traced, Ramp([4, 2])), Is.EqualTo((2, 1)));
        w.Assign(Tensor.Ones([3, 2]));
        Assert.That(traced.Call(Tensor.Ones([4, 2])).ToArray<float>(), Is.All.EqualTo(2), "the view sees what the variable holds now");
    }

    [Test]
    public void Equal_calls_on_both_sides_of_an_assignment_both_run()
    {
        var w = new Variable(Tensor.From(1f, 2), trainable: false);
        using TracedFunction traced = Function.Trace(x =>
        {
            Tensor before = w * 2;
            w.AssignAdd(x);
            return before + (w * 2);
        });
        traced.Call(Tensor.From(1f, 1));
        Assert.That(traced.Call(Tensor.From(1f, 1)).ToArray<float>(), Is.EqualTo(new[] { 10f, 14 }));
    }

    [Test]
    public void A_chain_reads_a_variable_before_it_is_assigned()
    {
        var w = new Variable(Tensor.From(1f, 2), trainable: false);
        using TracedFunction traced = Function.Trace(x =>
        {
            Tensor before = w + x;
            w.Assign(x * 10);
            return before * 3;
        });
        traced.Call(Tensor.From(1f, 1));
        Assert.That(traced.Call(Tensor.From(2f, 2)).ToArray<float>(), Is.EqualTo(new[] { 36f, 36 }));
    }

    [Test]
    public void A_call_that_refuses_its_input_does_so_though_nobody_reads_its_result()
    {
        using TracedFunction traced = Function.Trace((x, divisor) =>
        {
            _ = x.FloorDivide(divisor);
            return x + 1;
        });
        Tensor five = Tensor.From(5L);
        traced.Call(five, Tensor.From(2L));
        Assert.That(() => traced.Call(five, Tensor.From(0L)), Throws.InstanceOf<EagerException>());
        Assert.That(traced.Call(five, Tensor.From(2L)).Item<long>(), Is.EqualTo(6));
    }

    [Test]
    public void One_tensor_given_twice_is_two_inputs()
    {
        using TracedFunction traced = Function.Trace((a, b) => a - b);
        Tensor one = Tensor.From(1f), four = Tensor.From(4f);
        Assert.That(traced.Call(one, one).Item(), Is.Zero);
        Assert.That(traced.Call(four, one).Item(), Is.EqualTo(3));
    }

    [Test]
    public void A_variable_given_as_an_input_is_not_the_variable_that_is_used()
    {
        var w = new Variable(Tensor.From(2f));
        using TracedFunction traced = Function.Trace(x => x * w);
        Assert.That(traced.Call(w).Item(), Is.EqualTo(4));
        Assert.That(traced.Call(Tensor.From(5f)).Item(), Is.EqualTo(10));
    }

    [Test]
    public void What_a_host_function_gives_may_lie_otherwise_in_memory_from_run_to_run()
    {
        int runs = 0;
        Tensor straight = Ramp([3, 4]), turned = Ramp([4, 3]).Transpose();
        Func<Tensor[], Tensor> host = Function.Host(_ => runs++ % 2 == 0 ? straight : turned);
        Tensor F(Tensor x) => (host([x]) * 2 + x).Reshape([12]).Sqrt();
        using TracedFunction traced = Function.Trace(F);
        Tensor input = Ramp([3, 4]);
        Tensor[] replayed = [traced.Call(input), traced.Call(input), traced.Call(input)], eager = [F(input), F(input), F(input)];
        Assert.That(Bits(replayed[2]), Is.EqualTo(Bits(eager[1])), "both with the straight one");
        Assert.That(Bits(replayed[1]), Is.EqualTo(Bits(eager[2])), "both with the turned one");
    }

    [Test]
    public void Inputs_that_lie_otherwise_in_memory_give_the_same()
    {
        static Tensor F(Tensor x) => (x.Reshape([-1]) * 2 + Tensor.OnesLike(x).Reshape([-1])).Sqrt();
        using TracedFunction traced = Function.Trace(F);
        Tensor straight = Ramp([3, 4]), turned = Ramp([4, 3]).Transpose();
        traced.Call(straight);
        Assert.That(Bits(traced.Call(turned)), Is.EqualTo(Bits(F(turned))));
        Assert.That(Bits(traced.Call(straight)), Is.EqualTo(Bits(F(straight))));
    }

    [Test]
    public void What_a_replay_returned_stays_when_the_next_one_runs()
    {
        using TracedFunction traced = Function.Trace(static x =>
        {
            Tensor chained = x[0] * 2 + 1, other = chained * chained;
            return [chained.Reshape([2, 2]), other, x[0], other, chained[1..3], other.Exp().Reshape([2, 2]).Transpose()];
        });
        var kept = new List<(Tensor[] Tensors, long[][] Bits)>();
        for (int run = 0; run < 5; run++)
        {
            Tensor[] results = traced.CallAll(Ramp([4]) + run);
            kept.Add((results, Array.ConvertAll(results, Bits)));
        }
        foreach ((Tensor[] tensors, long[][] bits) in kept) Assert.That(Array.ConvertAll(tensors, Bits), Is.EqualTo(bits));
        Assert.That(kept[2].Bits[1], Is.EqualTo(Bits((Ramp([4]) + 2) * 2 + 1).Select(static b => BitConverter.DoubleToInt64Bits((float)(BitConverter.Int64BitsToDouble(b) * BitConverter.Int64BitsToDouble(b))))));
    }

    // What LibTorch computes of numbers that are none, of zeros with a sign and of numbers without a leading one.
    [Test]
    public void Chains_take_every_kind_of_number([Values(DType.Float32, DType.Float64)] DType dtype)
    {
        float[] kinds = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, 0f, 1e-40f, -1e-40f, float.MaxValue, -float.MaxValue, 1f, -1f, 3f, 1f / 3, -7.5f];
        int n = kinds.Length;
        Tensor a = Tensor.From([.. kinds.SelectMany(k => Enumerable.Repeat(k, n))], [n, n]), b = Tensor.From([.. Enumerable.Repeat(kinds, n).SelectMany(static k => k)], [n, n]);
        Tensor row = Tensor.From(kinds, [n]);
        (a, b, row) = (a.Cast(dtype), b.Cast(dtype), row.Cast(dtype));
        Tensor[] F(IReadOnlyList<Tensor> x)
        {
            var (a, b, row) = (x[0], x[1], x[2]);
            using var tape = new GradientTape();
            tape.Watch(a);
            Tensor rectified = a.Relu();
            return
            [
                a + b, a - b, a * b, a / b, -a, a.Abs(), a.Relu(), a.Sqrt(), a.Square(), a.Reciprocal(), a.Rsqrt(), a + row, row - a, row / a, a * 0.1, 1 / a, (a - b) * (a + b) / row,
                tape.Gradient(rectified, a, b)!,
            ];
        }
        using TracedFunction traced = Function.Trace(F);
        traced.CallAll(b, a, row);
        Assert.That(traced.Lengths.Replayed, Is.LessThanOrEqualTo(3));
        Tensor[] replayed = traced.CallAll(a, b, row), eager = F([a, b, row]);
        for (int i = 0; i < eager.Length; i++) Assert.That(Bits(replayed[i]), Is.EqualTo(Bits(eager[i])), $"result {i}");
    }

    // Up to 8,192 elements the eager operations take short ways, up to 32,768 a replay's chains.
    [TestCase(5, 3), TestCase(40, 33), TestCase(3, 700), TestCase(2, 512), TestCase(1, 1), TestCase(0, 3), TestCase(100, 120), TestCase(130, 256)]
    public void Random_programs_give_the_bits_of_the_eager_ones(int rows, int columns)
    {
        CompareRandomPrograms(rows, columns, DType.Float32);
        CompareRandomPrograms(rows, columns, DType.Float64);
    }

    [Test]
    public void Memory_stays_flat_over_many_replays()
    {
        var w = new Variable(Ramp([8, 4]));
        var sgd = new Sgd(1e-4);
        using TracedFunction step = Function.Trace(x => sgd.Minimize(() => (x.MatMul(w).Relu() * 2 - 1).Square().Mean(), [w]));
        Tensor input = Ramp([16, 8]);
        void Run(int count)
        {
            for (int i = 0; i < count; i++) step.Call(input).Dispose();
        }

        Run(2_000);
        Runtime.ReleaseMemory();
        Runtime.ReleaseMemory();  // what a finalizer of another test still held
        long tensors = Runtime.MemoryInUse, process = Environment.WorkingSet;
        Run(20_000);
        Runtime.ReleaseMemory();
        Assert.That(Runtime.MemoryInUse, Is.EqualTo(tensors));
        // 200 bytes lost a replay would be 4 MB; the runtime's own heaps move by less than twice that.
        Assert.That(Environment.WorkingSet - process, Is.LessThan(8 << 20));
    }

    [Test]
    public void Replays_on_several_threads_beside_the_collector_give_what_one_gives()
    {
        Tensor input = Ramp([16, 16]);
        static Tensor F(Tensor x) => ((x * 0.5 + 1).Square() - x).MatMul(x).Relu().Sum();
        long expected = Bits(F(input))[0];
        const int Threads = 4, Runs = 500, RunsToACollection = 10;
        int different = 0;
        using var due = new SemaphoreSlim(0);
        var threads = Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            using TracedFunction traced = Function.Trace(F);
            for (int i = 1; i <= Runs; i++)
            {
                if (Bits(traced.Call(input))[0] != expected) Interlocked.Increment(ref different);
                if (i % RunsToACollection == 0) due.Release();
            }
        })).ToList();
        threads.ForEach(static t => t.Start());
        for (int i = 0; i < Threads * Runs / RunsToACollection; i++)
        {
            due.Wait();  // collections one upon the other would leave the threads no time to run
            GC.Collect();
        }
        threads.ForEach(static t => t.Join());
        Assert.That(different, Is.Zero);
    }

    private static void CompareRandomPrograms(int rows, int columns, DType dtype)
    {
        long recorded = 0, left = 0;
        for (int seed = 0; seed < 30; seed++)
        {
            using var eager = new RandomProgram(seed, columns, dtype);
            using var replayed = new RandomProgram(seed, columns, dtype);
            using TracedFunction traced = Function.Trace(replayed.Run);
            var kept = new List<(Tensor[] Replayed, Tensor[] Eager)>();
            for (int run = 0; run < 4; run++)
            {
                // The last run's first input lies in memory column by column.
                Tensor[] inputs = RandomProgram.Inputs(new Random((1000 * seed) + run), rows, columns, dtype, turned: run == 3);
                Tensor[] expected = eager.Run(inputs), got = traced.CallAll(inputs);
                string where = $"program {seed}, run {run}: {string.Join(' ', eager.Log)}";
                for (int i = 0; i < expected.Length; i++) Assert.That(Bits(got[i]), Is.EqualTo(Bits(expected[i])), $"result {i} of {where}");
                Assert.That(Bits(replayed.State), Is.EqualTo(Bits(eager.State)), $"the variable of {where}");
                kept.Add((got, expected));
            }
            foreach ((Tensor[] got, Tensor[] expected) in kept)
                Assert.That(Array.ConvertAll(got, Bits), Is.EqualTo(Array.ConvertAll(expected, Bits)), $"program {seed}: a later run changed what an earlier one returned");
            Assert.That(traced.TraceCount, Is.EqualTo(1));
            (recorded, left) = (recorded + traced.Lengths.Recorded, left + traced.Lengths.Replayed);
        }
        Assert.That(left, Is.LessThan(0.8 * recorded), "the passes find something to do in such programs");
    }

    private static (long Recorded, long Replayed) Replay(TracedFunction traced, Tensor x)
    {
        long[] first = Bits(traced.Call(x)), second = Bits(traced.Call(x));
        Assert.That(second, Is.EqualTo(first));
        return traced.Lengths;
    }

    // All NaNs count as one: IEEE 754 leaves open which of two operands' it is.
    private static long[] Bits(Tensor x) => Array.ConvertAll(x.Cast(DType.Float64).ToArray<double>(), static v => BitConverter.DoubleToInt64Bits(double.IsNaN(v) ? double.NaN : v));

    private static Tensor Ramp(Shape shape) => (Tensor.Range(0, shape.ElementCount.Value, dtype: DType.Float32) * 0.37f - 1).Reshape(shape);
}
