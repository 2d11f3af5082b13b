using Eager.Autograd;
using Eager.Interop;
using Eager.Layers;
using Eager.Losses;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Tracing;

/// <summary>Replays by graphs of a device, rehearsed on the CPU: the same bits, memory of their own for what leaves, and reasons where there are no graphs.</summary>
public sealed class CaptureTests
{
    // Graphs come after the trace and two replays.
    private const int Enough = 6;

    [SetUp]
    public void Begin() => Native.eager_rehearse_capture((int)Rehearsal.Whole);

    [TearDown]
    public void End() => Native.eager_rehearse_capture((int)Rehearsal.None);

    [TestCase(Rehearsal.Whole)]
    [TestCase(Rehearsal.Broken)]
    public void A_training_with_dropout_and_a_schedule_gives_the_bits_of_one_without_graphs(Rehearsal how)
    {
        (float[] Losses, float[] Weights, string Described) plain = Train(Rehearsal.None), captured = Train(how);
        Assert.That(captured.Losses, Is.EqualTo(plain.Losses));
        Assert.That(captured.Weights, Is.EqualTo(plain.Weights));
        Assert.That(plain.Losses.Distinct().Count(), Is.EqualTo(plain.Losses.Length), "every step draws and learns");
        // What is before and after the draw of the dropout, without the update.
        Assert.That(captured.Described, how == Rehearsal.Whole ? Does.Match(@"step\(float32 \[6, 4\], int64 \[6\]\): \d+ kernel calls, \d+ of them as 2 graphs") : Does.EndWith("replayed one by one: the GPU refused to record it: this rehearsal breaks here"));
    }

    [Test]
    public void What_a_call_gave_stays_when_the_next_one_runs()
    {
        using TracedFunction traced = Function.Trace(x => ((x + 1) * 2).Exp() + x);
        var given = new List<(Tensor Result, float[] Values)>();
        for (int i = 0; i < Enough; i++)
        {
            Tensor x = Tensor.From(0.1f * i, 0.2f), y = traced.Call(x);
            given.Add((y, ((x + 1) * 2).Exp().ToArray<float>().Zip(x.ToArray<float>(), (a, b) => a + b).ToArray()));
        }
        foreach ((Tensor result, float[] values) in given) Assert.That(result.ToArray<float>(), Is.EqualTo(values));
        Assert.That(traced.ToString(), Does.EndWith("as 1 graph"));
    }

    [Test]
    public void Results_that_are_variables_inputs_or_views_of_variables_stay_so()
    {
        var w = new Variable(Tensor.From(1f, 2, 3), name: "w");
        using TracedFunction traced = Function.Trace(x => [.. (IEnumerable<Tensor>)[w.Narrow(0, 1, 2), x[0], (x[0] * 2 + 1).Exp(), (x[0] * w).Sum()]], inputSignature: [new([3])]);
        Tensor[] results = [];
        for (int i = 0; i < Enough; i++) results = traced.CallAll(Tensor.From(1f, 1, 1));
        Assert.That(traced.ToString(), Does.Contain("graph"));
        w.Assign(Tensor.From(5f, 6, 7));
        Assert.That(results[0].ToArray<float>(), Is.EqualTo(new float[] { 6, 7 }), "a view of a variable sees it change");
        Assert.That(results[1].ToArray<float>(), Is.EqualTo(new float[] { 1, 1, 1 }));
        Assert.That(results[3].Item(), Is.EqualTo(6));
        Assert.That(traced.CallAll(Tensor.From(1f, 1, 1))[3].Item(), Is.EqualTo(18));
    }

    [Test]
    public void Host_functions_run_between_graphs_and_one_that_throws_leaves_the_program_whole()
    {
        bool fails = false;
        Func<Tensor[], Tensor> half = Function.Host(t => fails ? throw new InvalidOperationException("asked for") : Tensor.From(Array.ConvertAll(t[0].ToArray<float>(), static v => v / 2)));
        using TracedFunction traced = Function.Trace(x =>
        {
            Tensor before = (x * 2 + 1).Exp() - 1;
            Tensor host = half([before]);
            return (host + x) * 3 - before;
        });
        static float Expected(float x)
        {
            float before = MathF.Exp(x * 2 + 1) - 1;
            return ((before / 2) + x) * 3 - before;
        }

        for (int i = 0; i < 3 * Enough; i++)
        {
            fails = i == Enough;
            Tensor x = Tensor.From(0.01f * i, -0.02f * i);
            if (fails) Assert.That(() => traced.Call(x), Throws.InvalidOperationException);
            else Assert.That(traced.Call(x).ToArray<float>(), Is.EqualTo(new[] { Expected(0.01f * i), Expected(-0.02f * i) }).Within(1e-5), "float32 exponentials of two libraries");
        }
        Assert.That(traced.ToString(), Does.EndWith("as 2 graphs"));
    }

    [Test]
    public void What_cannot_be_captured_is_replayed_call_by_call_and_says_why()
    {
        Tensor x = Tensor.From(1f, 0, 2);
        (Func<Tensor, Tensor> Function, string Reason)[] refused =
        [
            (static x => x + 1, "no 3 calls in a row run without the host"),
            (static x => { _ = (x * 2 + 1).Exp(); return x.Narrow(0, 0, 2); }, "result 0 is a view of input 0"),
        ];
        foreach ((Func<Tensor, Tensor> function, string reason) in refused)
        {
            using TracedFunction traced = Function.Trace(function, "f");
            Assert.That(traced.ToString(), Is.EqualTo("f: not traced yet"));
            for (int i = 0; i < Enough; i++) Assert.That(traced.Call(x).Cast(DType.Float64).Flatten().ToArray<double>(), Is.EqualTo(function(x).Cast(DType.Float64).Flatten().ToArray<double>()));
            Assert.That(traced.ToString(), Does.StartWith("f(float32 [3]): ").And.EndWith($" kernel calls, replayed one by one: {reason}"));
        }
        Native.eager_rehearse_capture((int)Rehearsal.None);
        using TracedFunction onCpu = Function.Trace(static x => ((x + 1) * 2).Exp(), "f");
        for (int i = 0; i < Enough; i++) onCpu.Call(x);
        Assert.That(onCpu.ToString(), Is.EqualTo("f(float32 [3]): 3 kernel calls, replayed one by one: it reads a tensor of shape [3] on cpu"));
    }

    [Test]
    [NonParallelizable]
    public void Captures_can_be_switched_off_and_on()
    {
        Tensor x = Tensor.From(1f, 0, 2);
        Assert.That(Runtime.CaptureOnDevice, Is.True);
        try
        {
            Runtime.CaptureOnDevice = false;
            using TracedFunction traced = Function.Trace(static x => ((x + 1) * 2).Exp(), "f");
            for (int i = 0; i < Enough; i++) traced.Call(x);
            Assert.That(traced.ToString(), Is.EqualTo("f(float32 [3]): 3 kernel calls"));
            Runtime.CaptureOnDevice = true;
            for (int i = 0; i < Enough; i++) traced.Call(x);
            Assert.That(traced.ToString(), Is.EqualTo("f(float32 [3]): 3 kernel calls, 3 of them as 1 graph"));
        }
        finally
        {
            Runtime.CaptureOnDevice = true;
        }
    }

    [Test]
    public void Variables_of_another_shape_are_captured_anew()
    {
        var w = new Variable(Tensor.From(1f, 2), name: "w");
        using TracedFunction traced = Function.Trace(x => ((x * w + 1) * 2).Exp().Sum());
        for (int i = 0; i < Enough; i++) traced.Call(Tensor.From(1f));
        w.Assign(Tensor.From(0f, 0, 0), allowNewShape: true);
        for (int i = 0; i < Enough; i++) Assert.That(traced.Call(Tensor.From(1f)).Item<float>(), Is.EqualTo(3 * MathF.Exp(2)).Within(1e-5f), "float32 exponentials of two libraries");
        Assert.That(traced.ToString(), Does.EndWith("as 1 graph"));
    }

    [Test]
    [NonParallelizable]
    public void Graphs_keep_no_more_memory_from_replay_to_replay_and_give_it_back()
    {
        Tensor x = Tensor.Ones([1000]);
        Runtime.ReleaseMemory();
        long before = Runtime.MemoryInUse;
        var traced = Function.Trace(x => ((x * 2 + 1).Exp() - x).Sum());
        for (int i = 0; i < Enough; i++) traced.Call(x).Dispose();
        Runtime.ReleaseMemory();
        long captured = Runtime.MemoryInUse;
        for (int i = 0; i < 100; i++) traced.Call(x).Dispose();
        Runtime.ReleaseMemory();
        Assert.That(Runtime.MemoryInUse, Is.EqualTo(captured));
        traced.Dispose();
        Runtime.ReleaseMemory();
        Assert.That(Runtime.MemoryInUse, Is.EqualTo(before));
    }

    private static (float[] Losses, float[] Weights, string Described) Train(Rehearsal how)
    {
        Native.eager_rehearse_capture((int)how);
        Variable[] p = [new(Ramp([4, 8], 0.01f)), new(Tensor.Zeros([8])), new(Ramp([8, 3], -0.02f)), new(Tensor.Zeros([3]))];
        var adam = new Adam { Schedule = static step => 0.01 / (step + 1), Clipping = GradientClipping.ByGlobalNorm(1) };
        using var generator = new Generator(7);
        Tensor Step(Tensor x, Tensor y)
        {
            using var tape = new GradientTape();
            Tensor hidden = (x.MatMul(p[0]) + p[1]).Relu().Dropout(0.5, generator: generator);
            Tensor loss = Loss.SparseSoftmaxCrossEntropy(y, hidden.MatMul(p[2]) + p[3]);
            adam.Apply(tape.Gradient(loss, p), p);
            return loss;
        }

        using TracedFunction step = Function.Trace(Step, "step");
        var losses = new float[3 * Enough];
        for (int i = 0; i < losses.Length; i++)
            losses[i] = step.Call(Ramp([6, 4], 0.05f + (0.001f * i)), Tensor.From(0L, 1, 2, 0, 1, 2)).Item<float>();
        return (losses, [.. p.SelectMany(static v => v.Flatten().ToArray<float>())], step.ToString());
    }

    private static Tensor Ramp(Shape shape, float step) => (Tensor.Range(0, shape.ElementCount.Value, dtype: DType.Float32) * step).Reshape(shape);
}
