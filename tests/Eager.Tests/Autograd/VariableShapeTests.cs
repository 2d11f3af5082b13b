using Eager.Autograd;
using Eager.Layers;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Autograd;

/// <summary>Variables whose assignments change the shape, and all that knew the old one.</summary>
[Parallelizable(ParallelScope.All)]
public class VariableShapeTests
{
    [Test]
    public void A_value_of_another_shape_is_taken_when_told_so()
    {
        var w = new Variable(Tensor.From([1f, 2, 3, 4, 5, 6], [2, 3]), name: "w");
        Assert.That(w.Shape, Is.EqualTo(Shape.Of(2, 3)));

        Variable given = w.Assign(Tensor.From([7f, 8, 9, 10], [4]), allowNewShape: true);

        Assert.That(given, Is.SameAs(w));
        Assert.That(w.Shape, Is.EqualTo(Shape.Of(4)));
        Assert.That((w.Rank, w.ElementCount, w.ByteCount), Is.EqualTo((1, 4L, 16L)));
        Assert.That(w.ToArray<float>(), Is.EqualTo((float[])[7, 8, 9, 10]));
        Assert.That((w * 2).ToArray<float>(), Is.EqualTo((float[])[14, 16, 18, 20]));
        w.AssignAdd(Tensor.Ones([4]));
        w[1..3] = Tensor.From(0f);
        Assert.That(w.ToArray<float>(), Is.EqualTo((float[])[8, 0, 0, 11]));
        Assert.That(w.StaticShape, Is.EqualTo(Shape.Of(4)));
    }

    [Test]
    public void The_value_may_be_computed_from_the_variable_and_is_copied()
    {
        var w = new Variable(Tensor.From([1.0, 2, 3, 4, 5, 6], [2, 3]));
        w.Assign(w.Transpose(), allowNewShape: true);
        Assert.That(w.ToArray2D<double>(), Is.EqualTo(new double[,] { { 1, 4 }, { 2, 5 }, { 3, 6 } }));
        w.Assign(w[1..], allowNewShape: true);
        Assert.That(w.ToArray2D<double>(), Is.EqualTo(new double[,] { { 2, 5 }, { 3, 6 } }));

        var source = new Variable(Tensor.From(1.0));
        w.Assign(source, allowNewShape: true);
        source.Assign(Tensor.From(9.0));
        Assert.That(w.Item(), Is.EqualTo(1));
        w.Assign(Tensor.Zeros([0, 5], DType.Float64), allowNewShape: true);
        Assert.That(w.Shape, Is.EqualTo(Shape.Of(0, 5)));
    }

    [Test]
    public void Untold_or_of_another_dtype_it_is_refused_and_nothing_changes()
    {
        var w = new Variable(Tensor.From(1f, 2f), name: "w");

        Assert.That(() => w.Assign(Tensor.Ones([3])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[3]").And.Message.Contains("[2]").And.Message.Contains("'w'").And.Message.Contains("allowNewShape"));
        Assert.That(() => w.Assign(Tensor.Ones([3], DType.Float64), allowNewShape: true), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("'w'").And.Message.Contains("Cast"));
        Assert.That(() => w.AssignAdd(Tensor.Ones([3])), Throws.TypeOf<ShapeMismatchException>());
        w.Dispose();
        Assert.That(() => w.Assign(Tensor.Ones([3]), allowNewShape: true), Throws.TypeOf<DisposedException>());
    }

    [Test]
    public void A_variable_with_unknown_sizes_takes_what_fits_them()
    {
        var y = new Variable(Tensor.Zeros([2, 10]), name: "y", shape: [null, 10]);
        Assert.That(y.StaticShape.ToString(), Is.EqualTo("[?, 10]"));
        Assert.That(y.Shape, Is.EqualTo(Shape.Of(2, 10)));

        y.Assign(Tensor.Ones([5, 10]));
        Assert.That(y.Shape, Is.EqualTo(Shape.Of(5, 10)));
        foreach (bool told in (bool[])[false, true])
            Assert.That(() => y.Assign(Tensor.Ones([5, 15]), told), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[5, 15]").And.Message.Contains("[?, 10]").And.Message.Contains("'y'"));
        Assert.That(y.Sum().Item(), Is.EqualTo(50));
        Assert.That(() => y.AssignAdd(Tensor.Ones([3, 10])), Throws.TypeOf<ShapeMismatchException>(), "a sum has one shape");

        var any = new Variable(Tensor.From(1f), shape: Shape.Unknown);
        Assert.That(any.Assign(Tensor.Ones([2, 2])).Assign(Tensor.Ones([3])).Shape, Is.EqualTo(Shape.Of(3)));
        Assert.That(() => new Variable(Tensor.Ones([5, 15]), name: "y", shape: [null, 10]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[5, 15]").And.Message.Contains("[?, 10]").And.Message.Contains("'y'"));
    }

    [Test]
    public void A_shared_variable_may_have_unknown_sizes()
    {
        using var store = VariableStore.Open();
        Variable made = VariableScope.GetVariable("memory", [null, 4], static (shape, dtype) => Tensor.Zeros([0, shape[1].Value], dtype), trainable: false);
        made.Assign(Tensor.Ones([3, 4]));

        using VariableStore again = store.Reopen(Reuse.Yes);
        Assert.That(VariableScope.GetVariable("memory", [null, 4], trainable: false), Is.SameAs(made));
        Assert.That(() => VariableScope.GetVariable("memory", [null, 5]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'memory'").And.Message.Contains("[3, 4]"));
        using VariableStore fresh = VariableStore.Open();
        Assert.That(() => VariableScope.GetVariable("m", [null, 4]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("initializer"));
        Assert.That(() => VariableScope.GetVariable("m", [null, 4], static (_, dtype) => Tensor.Zeros([3, 5], dtype)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[3, 5]"));
    }

    [Test]
    public void Views_and_pins_taken_before_keep_the_old_value()
    {
        var w = new Variable(Tensor.From([1f, 2, 3, 4], [2, 2]));
        Tensor row = w[1], turned = w.Transpose(), same = w.Reshape([2, 2]);
        using PinnedSpan<float> pinned = w.Pin<float>();

        w.Assign(Tensor.From(5f, 6, 7), allowNewShape: true);
        w.Assign(Tensor.From(8f, 9, 10));

        Assert.That(row.ToArray<float>(), Is.EqualTo((float[])[3, 4]));
        Assert.That(turned.ToArray<float>(), Is.EqualTo((float[])[1, 3, 2, 4]));
        Assert.That(same.ToArray<float>(), Is.EqualTo((float[])[1, 2, 3, 4]));
        Assert.That(pinned.Span.ToArray(), Is.EqualTo((float[])[1, 2, 3, 4]));
        Tensor view = w[1..];
        w.Assign(Tensor.From(0f, 1, 2));
        Assert.That(view.ToArray<float>(), Is.EqualTo((float[])[1, 2]), "a view taken after shows what is assigned");
    }

    [Test, NonParallelizable]
    public void The_memory_of_the_old_shape_is_freed_at_once()
    {
        var w = new Variable(Tensor.Zeros([1_000_000]));
        Runtime.ReleaseMemory();
        long before = Runtime.MemoryInUse;
        for (int size = 1_000_001; size < 1_000_020; size++)
        {
            using Tensor value = Tensor.Zeros([size]);
            w.Assign(value, allowNewShape: true);
        }
        // Each value has at most 80 bytes more than the first; 64 is the allocator's alignment.
        Assert.That(Runtime.MemoryInUse, Is.InRange(before, before + 80 + 64));
        w.Dispose();
        Assert.That(Runtime.MemoryInUse, Is.LessThan(before - 3_900_000));
    }

    [Test]
    public void A_gradient_through_a_use_before_is_refused_by_name()
    {
        var w = new Variable(Tensor.From([1.0, 2, 3], [1, 3]), name: "w");
        string kept = Message(static w => w * w), added = Message(static w => w + 1), viewed = Message(static w => w[0] * 2);
        Assert.That(kept, Does.Contain("Multiply").And.Contain("'w'").And.Contain("assigned since"));
        Assert.That(added, Does.Contain("Add").And.Contain("'w'").And.Contain("[1, 3]").And.Contain("[2, 3]"));
        Assert.That(viewed, Does.Contain("'w'").And.Contain("[1, 3]").And.Contain("[2, 3]"));
        // Broadcasting would add the two up without a word.
        Assert.That(Message(static w => w + 1, static w => w * 2), Does.Contain("Add").And.Contain("'w'"));

        using var tape = new GradientTape();
        _ = w + 1;
        w.Assign(Tensor.Ones([2, 3], DType.Float64), allowNewShape: true);
        Assert.That(tape.Gradient(w * w, w)!.ToArray2D<double>(), Is.EqualTo(new double[,] { { 2, 2, 2 }, { 2, 2, 2 } }), "what was used after counts alone where the target does not depend on what was before");

        static string Message(Func<Variable, Tensor> before, Func<Variable, Tensor>? after = null)
        {
            var w = new Variable(Tensor.From([1.0, 2, 3], [1, 3]), name: "w");
            using var tape = new GradientTape();
            Tensor y = before(w).Sum();
            w.Assign(Tensor.Ones([2, 3], DType.Float64), allowNewShape: true);
            if (after is not null) y += after(w).Sum();
            return Assert.Throws<GradientException>(() => tape.Gradient(y, w))!.Message;
        }
    }

    [Test]
    public void A_gradient_is_summed_over_the_axes_that_the_new_shape_lacks()
    {
        var w = new Variable(Tensor.Ones([2, 3]));
        w.Assign(Tensor.Ones([1, 3]), allowNewShape: true);
        using var tape = new GradientTape();
        Tensor y = w * Tensor.From([[1f, 2f, 3f], [4f, 5f, 6f]]);
        Assert.That(tape.Gradient(y, w)!.ToArray<float>(), Is.EqualTo((float[])[5, 7, 9]));
    }

    [Test]
    public void A_recomputed_function_that_used_the_old_value_is_refused()
    {
        var w = new Variable(Tensor.From(1.0, 2), name: "w");
        using var tape = new GradientTape();
        Tensor y = Function.Recompute(x => (w * w * x).Exp())(Tensor.From(1.0)).Sum();
        w.Assign(Tensor.Ones([3], DType.Float64), allowNewShape: true);
        Assert.That(() => tape.Gradient(y, w), Throws.TypeOf<GradientException>().With.Message.Contains("'w'"));
    }

    [Test]
    public void A_traced_function_notices_the_new_shape()
    {
        var w = new Variable(Tensor.From(1f, 2), name: "w");
        var other = new Variable(Tensor.From(10f));
        using TracedFunction traced = Function.Trace(x => (w * x).Sum() + other);
        Tensor one = Tensor.From(1f), two = Tensor.From([1f, 1f], [2, 1]);
        Assert.That(traced.Call(one).Item(), Is.EqualTo(13));
        Assert.That(traced.Call(two).Item(), Is.EqualTo(16));

        w.Assign(Tensor.From(1f, 2, 3), allowNewShape: true);
        Assert.That(traced.Call(one).Item(), Is.EqualTo(16));
        w.Assign(Tensor.From(4f, 5, 6));
        Assert.That(traced.Call(one).Item(), Is.EqualTo(25), "the new trace reads the variable anew");
        Assert.That(traced.Call(two).Item(), Is.EqualTo(40));
        Assert.That(traced.TraceCount, Is.EqualTo(4));

        var open = new Variable(Tensor.Ones([3]), name: "open", shape: [null]);
        using TracedFunction doubles = Function.Trace(x => open * x);
        doubles.Call(one);
        Assert.That(doubles.Graph.Outputs[0].Shape.ToString(), Is.EqualTo("[?]"), "sizes that may change are unknown in the graph");
        open.Assign(Tensor.Ones([5]));
        Assert.That(doubles.Call(one).ToArray<float>(), Is.EqualTo((float[])[1, 1, 1, 1, 1]));
        Assert.That(traced.Graph.GetTensor("w:0").Shape, Is.EqualTo(Shape.Of(3)));

        w.Assign(Tensor.From(1f, 2), allowNewShape: true).Assign(Tensor.From(1f, 2, 3), allowNewShape: true);
        Assert.That(traced.Call(one).Item(), Is.EqualTo(16), "back at a shape is other memory all the same");
    }

    [Test]
    public void A_traced_function_notices_what_only_a_custom_gradient_uses()
    {
        var w = new Variable(Tensor.From(1f, 2), name: "w");
        Func<Tensor, Tensor> scaled = Function.CustomGradient((Tensor x) => ((x * w).Sum(), g => g * w.Sum()));
        using TracedFunction traced = Function.Trace(x => scaled(x) * 2);
        Assert.That(traced.Call(Tensor.From(1f)).Item(), Is.EqualTo(6));
        w.Assign(Tensor.From(1f, 2, 3), allowNewShape: true);
        Assert.That(traced.Call(Tensor.From(1f)).Item(), Is.EqualTo(12));
    }

    [Test]
    public void Inside_a_trace_a_variable_keeps_its_shape()
    {
        var w = new Variable(Tensor.From(1f, 2), name: "w", shape: [null]);
        using TracedFunction grows = Function.Trace(x => w.Assign(Tensor.Concat([w, x])));
        using TracedFunction sets = Function.Trace(x => w.Assign(x, allowNewShape: true) * 1);

        Assert.That(() => grows.Call(Tensor.Ones([1])), Throws.TypeOf<TracingException>().With.Message.Contains("'w'").And.Message.Contains("[3]").And.Message.Contains("outside"));
        Assert.That(w.ToArray<float>(), Is.EqualTo((float[])[1, 2]));
        Assert.That(sets.Call(Tensor.From(5f, 6)).ToArray<float>(), Is.EqualTo((float[])[5, 6]), "a value of the shape it has is assigned");
        Assert.That(sets.Call(Tensor.From(7f, 8)).ToArray<float>(), Is.EqualTo((float[])[7, 8]));
        Assert.That(() => sets.Call(Tensor.From(7f, 8, 9)), Throws.TypeOf<TracingException>());
    }

    [Test]
    public void An_optimizer_asks_for_new_slots_and_gives_them()
    {
        var w = new Variable(Tensor.From(1f, 2), name: "w");
        var adam = new Adam(0.1);
        adam.Apply([Tensor.From(1f, 1)], [w]);
        w.Assign(Tensor.From(1f, 2, 3), allowNewShape: true);
        Tensor gradient = Tensor.From(1f, -1, 2);

        Assert.That(() => adam.Apply([gradient], [w]), Throws.TypeOf<ShapeMismatchException>()
            .With.Message.Contains("'w'").And.Message.Contains("'m/w'").And.Message.Contains("[2]").And.Message.Contains("[3]").And.Message.Contains("Reset"));
        Assert.That(w.ToArray<float>(), Is.EqualTo((float[])[1, 2, 3]));
        Assert.That(adam.Step, Is.EqualTo(1));

        adam.Reset([w]);
        adam.Apply([gradient], [w]);
        // m = 0.1·g, v = 0.001·g², with the bias corrections of the second step: w −= 0.1·(0.1·g/0.19)/(√(0.001·g²/0.001999) + ε).
        double step = 0.1 * (0.1 / 0.19) / Math.Sqrt(0.001 / 0.001999);
        // Three float32 roundings of numbers below 4.
        Assert.That(w.ToArray<float>(), Is.EqualTo((double[])[1 - step, 2 + step, 3 - step]).Within(1e-6));
    }

    [Test]
    public void Slots_start_anew_where_they_start_and_may_be_given_values()
    {
        var w = new Variable(Tensor.From(1f, 2), name: "w");
        var adagrad = new Adagrad(0.1, initialAccumulator: 0.25);
        adagrad.Reset([w]);
        adagrad.Apply([Tensor.From(1f, 2)], [w]);
        Assert.That(adagrad.Slot(w, "accumulator").ToArray<float>(), Is.EqualTo((float[])[1.25f, 4.25f]));

        w.Assign(Tensor.Concat([w, Tensor.Full([1], 3f)]), allowNewShape: true);
        adagrad.Slot(w, "accumulator").Assign(Tensor.Concat([adagrad.Slot(w, "accumulator"), Tensor.Full([1], 0.5f)]), allowNewShape: true);
        adagrad.Apply([Tensor.From(0f, 0, 1)], [w]);
        Assert.That(adagrad.Slot(w, "accumulator").ToArray<float>(), Is.EqualTo((float[])[1.25f, 4.25f, 1.5f]));
        adagrad.Reset([w]);
        Assert.That(adagrad.Slot(w, "accumulator").ToArray<float>(), Has.All.EqualTo(0.25f));

        Assert.That(() => adagrad.Slot(w, "m"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'m'").And.Message.Contains("accumulator"));
        Assert.That(() => adagrad.Slot(new Variable(w, name: "v"), "accumulator"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'v'").And.Message.Contains("Build"));
    }

    [Test]
    public void A_traced_step_goes_on_with_the_new_slots()
    {
        float[] eager = Train(traced: false), replayed = Train(traced: true);
        Assert.That(replayed, Is.EqualTo(eager));

        static float[] Train(bool traced)
        {
            var w = new Variable(Tensor.From(1f, 2), name: "w");
            var adam = new Adam(0.1);
            Tensor Step(Tensor scale) => adam.Minimize(() => (w * w * scale).Sum(), [w]);
            using TracedFunction step = Function.Trace(Step);
            Tensor two = Tensor.From(2f);
            var losses = new List<float>();
            for (int i = 0; i < 6; i++)
            {
                if (i == 3)
                {
                    w.Assign(Tensor.From(1f, 2, 3), allowNewShape: true);
                    adam.Reset([w]);
                }
                losses.Add((traced ? step.Call(two) : Step(two)).Item<float>());
            }
            return [.. losses, .. w.ToArray<float>()];
        }
    }

    [Test]
    public void Lbfgs_refuses_to_go_on_from_what_it_remembers()
    {
        var w = new Variable(Tensor.From([1.0, 2, 3, 4, 5, 6], [2, 3]), name: "w");
        var lbfgs = new Lbfgs(maxIterations: 2);
        Tensor Minimize() => lbfgs.Minimize(() => (w * w * w * w).Sum(), [w]);
        Minimize();
        w.Assign(w.Reshape([3, 2]), allowNewShape: true);
        double[] before = w.ToArray<double>();

        Assert.That(Minimize, Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'w'").And.Message.Contains("[3, 2]").And.Message.Contains("[2, 3]"));
        Assert.That(w.ToArray<double>(), Is.EqualTo(before));
    }

    [Test]
    public void A_constraint_does_not_change_the_shape()
    {
        var w = new Variable(Tensor.From(1f, 2), name: "w", shape: [null]) { Constraint = static w => w[..1] };
        Assert.That(() => new Sgd(0.1).Apply([Tensor.From(1f, 1)], [w]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("Constraint").And.Message.Contains("'w'"));
        Assert.That(w.Shape, Is.EqualTo(Shape.Of(2)));
    }

    [Test]
    public void A_layer_computes_with_the_new_weights()
    {
        var dense = new Dense(2);
        dense.Call(Tensor.Ones([1, 2]));
        dense.Kernel!.Assign(Tensor.From([1f, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]), allowNewShape: true);
        dense.Bias!.Assign(Tensor.From(10f, 20, 30), allowNewShape: true);

        Assert.That(dense.Call(Tensor.Ones([1, 3])).ToArray<float>(), Is.EqualTo((float[])[22, 35, 48]));
        Assert.That(dense.Parameters.Sum(static p => p.Variable.ElementCount), Is.EqualTo(12));
    }

    [Test]
    public void A_checkpoint_keeps_the_shape_and_restores_to_variables_that_allow_it()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.safetensors");
        var w = new Variable(Tensor.From([1f, 2], [1, 2]), name: "w");
        w.Assign(Tensor.From([1f, 2, 3, 4], [2, 2]), allowNewShape: true);
        var sgd = new Sgd(0.1, momentum: 0.9);
        sgd.Apply([Tensor.From([1f, 1, 2, 2], [2, 2])], [w]);
        new Checkpoint().Add([w]).Add(sgd).Save(path, 1);

        var fixedShape = new Variable(Tensor.Zeros([1, 2]), name: "w");
        Assert.That(() => Restore(fixedShape), Throws.TypeOf<CheckpointMismatchException>().With.Message.Contains("'w'").And.Message.Contains("[2, 2]").And.Message.Contains("[1, 2]"));
        Assert.That(fixedShape.ToArray<float>(), Has.All.Zero);
        var wrong = new Variable(Tensor.Zeros([1, 3]), name: "w", shape: [null, 3]);
        Assert.That(() => Restore(wrong), Throws.TypeOf<CheckpointMismatchException>().With.Message.Contains("[?, 3]"));

        var open = new Variable(Tensor.Zeros([1, 2]), name: "w", shape: [null, 2]);
        Sgd restored = Restore(open);
        Assert.That(open.ToArray2D<float>(), Is.EqualTo(w.ToArray2D<float>()));
        sgd.Apply([Tensor.Ones([2, 2])], [w]);
        restored.Apply([Tensor.Ones([2, 2])], [open]);
        Assert.That(open.ToArray2D<float>(), Is.EqualTo(w.ToArray2D<float>()), "the slot came along");

        Sgd Restore(Variable variable)
        {
            var optimizer = new Sgd(0.1, momentum: 0.9);
            optimizer.Build([variable]);
            new Checkpoint().Add([variable]).Add(optimizer).Restore(path);
            return optimizer;
        }
    }

    [Test]
    public void A_low_precision_copy_is_made_anew()
    {
        var w = new Variable(Tensor.From([1f, 2], [1, 2]));
        using Autocast autocast = Autocast.Begin(DType.BFloat16);
        Assert.That(Tensor.Ones([1, 1]).MatMul(w).Shape, Is.EqualTo(Shape.Of(1, 2)));
        w.Assign(Tensor.Ones([1, 3]), allowNewShape: true);
        Assert.That(Tensor.Ones([1, 1]).MatMul(w).Cast(DType.Float32).ToArray<float>(), Is.EqualTo((float[])[1, 1, 1]));
    }

    [Test]
    public void A_slice_of_a_mapped_batch_is_no_value_of_another_shape()
    {
        var w = new Variable(Tensor.From(1f, 2), name: "w");
        Func<Tensor, Tensor> assign = x => w.Assign(x, allowNewShape: true) * 1;
        Assert.That(() => Function.Vmap(assign)(Tensor.Ones([2, 3])), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("Vmap"));
        Assert.That(w.ToArray<float>(), Is.EqualTo((float[])[1, 2]));
    }

    [Test]
    public void Memory_that_another_thread_reads_is_not_freed_under_it()
    {
        var w = new Variable(Tensor.Ones([64]));
        using var stop = new CancellationTokenSource();
        Task<int>[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            int bad = 0;
            while (!stop.IsCancellationRequested)
            {
                using Tensor sum = w.Sum();
                if (sum.Item() is not (64 or 2 * 5000)) bad++;
            }
            return bad;
        }))];

        for (int i = 0; i < 2000; i++)
        {
            using Tensor value = i % 2 == 0 ? Tensor.Full([5000], 2f) : Tensor.Ones([64]);
            w.Assign(value, allowNewShape: true);
        }
        stop.Cancel();

        Assert.That(Task.WhenAll(readers).Result, Has.All.Zero);
    }
}
