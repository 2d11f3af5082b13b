using Eager.Autograd;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Tracing;

/// <summary>A traced function gives what the C# function gives, sees the current state, and describes itself; also where its replays are captured.</summary>
[TestFixture(Rehearsal.None)]
[TestFixture(Rehearsal.Whole)]
public sealed class TracedFunctionTests(Rehearsal rehearsal)
{
    [SetUp]
    public void Begin() => Interop.Native.eager_rehearse_capture((int)rehearsal);

    [TearDown]
    public void End() => Interop.Native.eager_rehearse_capture((int)Rehearsal.None);

    [Test]
    public void A_replay_gives_what_the_function_gives()
    {
        static Tensor F(Tensor a, Tensor b) => ((a * b).Sum(0) + 1).Exp().Sqrt();
        using TracedFunction traced = Function.Trace(F);
        for (int i = 0; i < 3; i++)
        {
            Tensor a = Ramp([3, 4], 0.1f * i), b = Ramp([3, 4], 0.3f);
            Assert.That(traced.Call(a, b).ToArray<float>(), Is.EqualTo(F(a, b).ToArray<float>()));
        }
        Assert.That(traced.TraceCount, Is.EqualTo(1));
    }

    [Test]
    public void A_function_runs_as_csharp_once_for_each_signature()
    {
        int runs = 0;
        using TracedFunction traced = Function.Trace(x =>
        {
            runs++;
            return x * 2;
        });
        traced.Call(Tensor.Ones([2]));
        traced.Call(Tensor.Ones([2]));
        traced.Call(Tensor.Ones([3]));
        traced.Call(Tensor.Ones([2], DType.Float64));
        Assert.That(runs, Is.EqualTo(3));
        Assert.That(traced.TraceCount, Is.EqualTo(3));
    }

    [Test]
    public void A_traced_training_step_gives_the_losses_of_the_eager_one()
    {
        float[] eager = Train(traced: false), replayed = Train(traced: true);
        Assert.That(replayed, Is.EqualTo(eager));
        Assert.That(eager[^1], Is.LessThan(eager[0]));
    }

    [Test]
    public void Variables_are_read_and_changed_by_reference()
    {
        var counter = new Variable(Tensor.From(0f), trainable: false);
        using TracedFunction count = Function.Trace(x =>
        {
            counter.AssignAdd(x);
            return counter * 1;
        });
        Tensor one = Tensor.From(1f);
        Assert.That(count.Call(one).Item(), Is.EqualTo(1));
        Assert.That(count.Call(one).Item(), Is.EqualTo(2));
        counter.Assign(Tensor.From(10f));
        Assert.That(count.Call(one).Item(), Is.EqualTo(11));
        Assert.That(counter.Item(), Is.EqualTo(11));
    }

    [Test]
    public void A_replay_that_assigns_a_variable_is_seen_by_a_tape_that_kept_its_value()
    {
        var w = new Variable(Tensor.From(2f), name: "w");
        using TracedFunction bump = Function.Trace(x =>
        {
            w.AssignAdd(x);
            return x;
        });
        bump.Call(Tensor.From(1f));
        using var tape = new GradientTape();
        Tensor y = w * w;
        using (tape.StopRecording()) bump.Call(Tensor.From(1f));
        Assert.That(() => tape.Gradient(y, w), Throws.TypeOf<GradientException>().With.Message.Contains("'w'"));
    }

    [Test]
    public void Host_numbers_are_computed_anew_before_each_replay()
    {
        HostScalars? own = null;
        double rate = 1;
        var w = new Variable(Tensor.From(0f));
        using TracedFunction step = Function.Trace(g =>
        {
            HostScalars settings = HostScalars.Computed(ref own, 4, s => s.Values[0] = rate);
            Interop.Aten.update_((long)UpdateRule.Sgd, [w], [g], [], [0], settings.Count, settings);
            return g;
        });
        step.Call(Tensor.From(-1f));
        rate = 10;
        step.Call(Tensor.From(-1f));
        Assert.That(w.Item(), Is.EqualTo(11));
    }

    [Test]
    public void Reading_a_value_inside_a_trace_is_refused_and_leaves_the_thread_usable()
    {
        using TracedFunction reads = Function.Trace(x => x * x.Item(), "reads");
        Assert.That(() => reads.Call(Tensor.From(1f)), Throws.TypeOf<TracingException>().With.Message.Contains("'reads'"));
        using TracedFunction fine = Function.Trace(x => x + 1);
        fine.Call(Tensor.From(1f));
        Assert.That(fine.Call(Tensor.From(1f)).Item(), Is.EqualTo(2));
    }

    [Test]
    public void A_signature_names_the_inputs_and_keeps_sizes_unknown()
    {
        using TracedFunction traced = Function.Trace(x => x.Reshape([x.Shape[0], 2, 2]).Sum(-1).Flatten(1).Relu(), "shapes", [new([null, 4], Name: "images")]);
        traced.Call(Tensor.Ones([3, 4]));
        Assert.That(traced.Graph.Inputs[0].ToString(), Is.EqualTo("Tensor(\"images:0\", shape=(?, 4), dtype=float32)"));
        Assert.That(traced.Graph.Outputs[0].ToString(), Is.EqualTo("Tensor(\"Relu:0\", shape=(?, 2), dtype=float32)"));
        Assert.That(traced.Call(Tensor.Ones([5, 4])).Shape, Is.EqualTo(Shape.Of(5, 2)));
        Assert.That(() => traced.Call(Tensor.Ones([3, 5])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'images'"));
        Assert.That(() => traced.Call(Tensor.Ones([3, 4], DType.Float64)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float64"));
    }

    [Test]
    public void Names_carry_their_scopes_and_are_unique()
    {
        using TracedFunction traced = Function.Trace(x =>
        {
            using (NameScope.Open("prefix"))
            {
                x = x + 1;
                using (NameScope.Open("inner")) x = x + 1;
            }
            using (NameScope.Open("prefix")) x = x + 1;
            return x + 1;
        });
        traced.Call(Tensor.From(1f));
        IEnumerable<string> sums = traced.Graph.Operations.Where(o => o.Type == "Add").Select(o => o.Name);
        Assert.That(sums, Is.EqualTo(new[] { "prefix/Add", "prefix/inner/Add", "prefix_1/Add", "Add" }));
        Assert.That(traced.Graph.GetTensor("prefix/inner/Add:0").Operation.Inputs[0].Name, Is.EqualTo("prefix/Add:0"));
        Assert.That(() => traced.Graph.GetOperation("missing"), Throws.TypeOf<InvalidArgumentException>());
    }

    [Test]
    public void A_tape_sees_through_a_traced_function()
    {
        using TracedFunction cube = Function.Trace(x => x * x * x);
        Tensor three = Tensor.From(3f);
        cube.Call(three);
        using var tape = new GradientTape();
        tape.Watch(three);
        Assert.That(tape.Gradient(cube.Call(three), three)!.Item(), Is.EqualTo(27));
    }

    [Test]
    public void A_replay_leaves_no_native_memory_behind()
    {
        using TracedFunction traced = Function.Trace(x => (x * 2 + 1).Exp().Sum());
        Tensor input = Tensor.Ones([1000]);
        // Where replays are captured, the fourth call takes the memory of the graphs.
        for (int i = 0; i < 4; i++) traced.Call(input).Dispose();
        Runtime.ReleaseMemory();
        Runtime.ReleaseMemory();  // what a finalizer of another test still held
        long before = Runtime.MemoryInUse;
        for (int i = 0; i < 100; i++) traced.Call(input).Dispose();
        Runtime.ReleaseMemory();
        Assert.That(Runtime.MemoryInUse, Is.EqualTo(before));
    }

    private static Tensor Ramp(Shape shape, float step) =>
        (Tensor.Range(0, shape.ElementCount.Value, dtype: DType.Float32) * step).Reshape(shape);

    private static float[] Train(bool traced)
    {
        Variable[] p = [new(Ramp([4, 8], 0.01f)), new(Tensor.Zeros([8])), new(Ramp([8, 3], -0.02f)), new(Tensor.Zeros([3]))];
        Tensor images = Ramp([6, 4], 0.05f), labels = Tensor.From(0L, 1, 2, 0, 1, 2);
        Tensor Step(Tensor x, Tensor y)
        {
            using var tape = new GradientTape();
            Tensor hidden = (x.MatMul(p[0]) + p[1]).Relu();
            Tensor loss = Tensor.SparseSoftmaxCrossEntropy(y, hidden.MatMul(p[2]) + p[3]).Mean();
            Tensor?[] gradients = tape.Gradient(loss, p);
            for (int i = 0; i < p.Length; i++) p[i].AssignSub(gradients[i]! * 0.5);
            return loss;
        }

        using TracedFunction step = Function.Trace(Step, "step");
        var losses = new float[20];
        for (int i = 0; i < losses.Length; i++) losses[i] = (traced ? step.Call(images, labels) : Step(images, labels)).Item<float>();
        return losses;
    }
}
