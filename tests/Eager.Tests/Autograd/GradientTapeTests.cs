using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Autograd;

/// <summary>What a tape records, and the gradients that it gives.</summary>
[Parallelizable(ParallelScope.All)]
public class GradientTapeTests
{
    [Test]
    public void A_watched_tensor_has_a_gradient()
    {
        Tensor x = Tensor.From(3.0);
        using var tape = new GradientTape();
        tape.Watch(x);

        Tensor y = x * x;

        Assert.That(tape.Gradient(y, x)!.Item(), Is.EqualTo(6));
    }

    [Test]
    public void Trainable_variables_are_watched_by_themselves_and_others_are_not()
    {
        var trained = new Variable(Tensor.From(2.0));
        var frozen = new Variable(Tensor.From(5.0), trainable: false);
        using var tape = new GradientTape();

        Tensor?[] gradients = tape.Gradient(trained * frozen, [trained, frozen]);

        Assert.That(gradients[0]!.Item(), Is.EqualTo(5));
        Assert.That(gradients[1], Is.Null);
    }

    [Test]
    public void A_tape_that_does_not_watch_variables_records_only_what_it_is_told()
    {
        var trained = new Variable(Tensor.From(2.0));
        using var tape = new GradientTape(watchVariables: false);

        _ = trained * trained;
        Assert.That(tape.OperationCount, Is.Zero);
        tape.Watch(trained);
        Assert.That(tape.Gradient(trained * trained, trained)!.Item(), Is.EqualTo(4));
    }

    [Test]
    public void Nothing_is_recorded_of_what_depends_on_no_watched_tensor()
    {
        using var tape = new GradientTape();
        Tensor x = Tensor.From(3.0), watched = Tensor.From(1.0);
        tape.Watch(watched);

        _ = (x * x).Exp();

        Assert.That(tape.OperationCount, Is.Zero);
    }

    [Test]
    public void A_persistent_tape_answers_more_than_once()
    {
        Tensor x = Tensor.From(3.0);
        using var tape = new GradientTape(persistent: true);
        tape.Watch(x);
        Tensor y = x * x, z = y * x;

        Assert.That(tape.Gradient(y, x)!.Item(), Is.EqualTo(6));
        Assert.That(tape.Gradient(z, x)!.Item(), Is.EqualTo(27));
        Assert.That(tape.Gradient(y, x)!.Item(), Is.EqualTo(6));
    }

    [Test]
    public void Nested_tapes_give_derivatives_of_any_order()
    {
        Tensor x = Tensor.From(2.0);
        using var third = new GradientTape();
        third.Watch(x);
        Tensor second;
        using (var tape2 = new GradientTape())
        {
            tape2.Watch(x);
            Tensor first;
            using (var tape1 = new GradientTape())
            {
                tape1.Watch(x);
                Tensor y = x.Pow(5);
                first = tape1.Gradient(y, x)!;
                Assert.That(first.Item(), Is.EqualTo(5 * 16));
            }
            second = tape2.Gradient(first, x)!;
            Assert.That(second.Item(), Is.EqualTo(20 * 8));
        }
        Assert.That(third.Gradient(second, x)!.Item(), Is.EqualTo(60 * 4));
    }

    [Test]
    public void A_persistent_tape_records_its_own_backward_pass()
    {
        Tensor x = Tensor.From(2.0);
        using var tape = new GradientTape(persistent: true);
        tape.Watch(x);

        Tensor first = tape.Gradient(x.Pow(4), x)!;
        Tensor second = tape.Gradient(first, x)!;

        Assert.That(second.Item(), Is.EqualTo(12 * 4));
        Assert.That(tape.Gradient(second, x)!.Item(), Is.EqualTo(24 * 2));
    }

    [Test]
    public void Nothing_is_recorded_while_recording_is_stopped()
    {
        Tensor x = Tensor.From(3.0);
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor hidden;
        using (tape.StopRecording())
        {
            using (tape.StopRecording()) hidden = x * x;
            hidden = hidden * x;
        }

        Tensor y = x * hidden;

        Assert.That(tape.OperationCount, Is.EqualTo(1));
        Assert.That(tape.Gradient(y, x)!.Item(), Is.EqualTo(27), "the hidden factor counts as a constant");
    }

    [Test]
    public void Reset_forgets_what_was_recorded_and_makes_a_spent_tape_new()
    {
        Tensor x = Tensor.From(3.0);
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor y = x * x;
        tape.Reset();
        Assert.That(tape.OperationCount, Is.Zero);
        Assert.Throws<GradientException>(() => tape.Gradient(y, x));

        tape.Watch(x);
        Assert.That(tape.Gradient(x * x, x)!.Item(), Is.EqualTo(6));
        tape.Reset();
        tape.Watch(x);
        Assert.That(tape.Gradient(x * x * x, x)!.Item(), Is.EqualTo(27));
    }

    [Test]
    public void The_gradient_of_an_unconnected_source_is_null_or_zeros_by_choice()
    {
        Tensor x = Tensor.From(3.0), other = Tensor.From(1f, 2f), never = Tensor.From(4.0);
        using var tape = new GradientTape(persistent: true);
        tape.Watch(x, other);
        Tensor y = x * x;

        Assert.That(tape.Gradient(y, [other, never]), Is.All.Null);
        Assert.That(tape.Gradient(y, other, unconnected: Unconnected.Zeros)!.ToArray<float>(), Is.EqualTo(new float[2]));
    }

    [Test]
    public void A_broadcast_input_gets_the_sum_over_what_it_was_stretched_to()
    {
        Tensor column = Tensor.Ones([3, 1], DType.Float64), row = Tensor.From(1.0, 2, 3, 4), scalar = Tensor.From(2.0);
        using var tape = new GradientTape();
        tape.Watch(column, row, scalar);

        Tensor?[] gradients = tape.Gradient(column * row * scalar, [column, row, scalar]);

        Assert.That(gradients[0]!.Shape.ToString(), Is.EqualTo("[3, 1]"));
        Assert.That(gradients[0]!.ToArray<double>(), Is.EqualTo((double[])[20, 20, 20]));
        Assert.That(gradients[1]!.ToArray<double>(), Is.EqualTo((double[])[6, 6, 6, 6]));
        Assert.That(gradients[2]!.Shape, Is.EqualTo(Shape.Scalar));
        Assert.That(gradients[2]!.Item(), Is.EqualTo(30));
    }

    [TestCase(1, 0, 3, 0)]
    [TestCase(2, 1, 1, 0)]
    [TestCase(1, 4, 4, 1)]
    [TestCase(0, 1, 1, 5)]
    public void Broadcast_gradients_have_the_shapes_of_their_inputs_empty_or_not(int rows, int columns, int otherRows, int otherColumns)
    {
        Tensor a = Tensor.Ones([rows, columns]), b = Tensor.Ones([otherRows, otherColumns]);
        using var tape = new GradientTape();
        tape.Watch(a, b);

        Tensor?[] gradients = tape.Gradient(a + b, [a, b]);

        Assert.That(gradients.Select(static g => g!.Shape), Is.EqualTo((Shape[])[a.Shape, b.Shape]));
    }

    [Test]
    public void Only_gradients_on_the_way_to_a_source_are_computed()
    {
        var asked = new Variable(Tensor.Ones([2, 3]));
        var unasked = new Variable(Tensor.Ones([3, 4]));
        Tensor x = Tensor.Ones([5, 2]);
        using var tape = new GradientTape(persistent: true);
        Tensor deep = unasked.Exp().Sin() * 2, y = x.MatMul(asked).MatMul(deep);

        int both = Count(() => tape.Gradient(y, [asked, unasked])), one = Count(() => tape.Gradient(y, asked)), other = Count(() => tape.Gradient(y, deep));

        // Ones for the target; a transpose and a product for each of the two matrix products; the way through deep has its own.
        Assert.That(one, Is.EqualTo(1 + 2 + 2));
        Assert.That(other, Is.EqualTo(1 + 2));
        Assert.That(both, Is.GreaterThan(one + 2));

        int Count(Action action)
        {
            using IDisposable stopped = tape.StopRecording();
            var follower = new OpTable.ShapeFollower();
            follower.Attach();
            action();
            follower.Detach();
            return follower.Runs.Count;
        }
    }

    [Test]
    public void A_tensor_used_several_times_gets_the_sum_of_its_gradients()
    {
        Tensor x = Tensor.From(3.0);
        using var tape = new GradientTape();
        tape.Watch(x);

        Tensor y = x * 2 + x * x + x;

        Assert.That(tape.Gradient(y, x)!.Item(), Is.EqualTo(2 + 6 + 1));
    }

    [Test]
    public void What_the_tape_saved_may_be_disposed()
    {
        Tensor x = Tensor.From(2.0);
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor square = x * x, y = square * x;
        square.Dispose();

        Assert.That(tape.Gradient(y, x)!.Item(), Is.EqualTo(12));
    }

    [Test]
    public void A_scope_around_a_tape_frees_all_but_the_gradient_that_it_keeps()
    {
        Tensor x = Tensor.From(2.0);
        Tensor gradient;
        using (var scope = new TensorScope())
        {
            using var tape = new GradientTape();
            tape.Watch(x);
            gradient = scope.Keep(tape.Gradient(x * x * x, x)!);
        }
        Assert.That(gradient.Item(), Is.EqualTo(12));
    }

    [Test]
    public void The_target_may_be_a_source()
    {
        Tensor x = Tensor.From(3.0);
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor y = x * x, z = y * 2;

        Tensor?[] gradients = tape.Gradient(z, [z, y, x]);

        Assert.That(gradients.Select(static g => g!.Item()), Is.EqualTo((double[])[1, 2, 12]));
    }

    [Test]
    public void A_source_named_twice_gets_two_gradients_that_can_be_disposed_apart()
    {
        Tensor x = Tensor.From(3.0);
        using var tape = new GradientTape();
        tape.Watch(x);

        Tensor?[] gradients = tape.Gradient(x * x, [x, x]);
        gradients[0]!.Dispose();

        Assert.That(gradients[1]!.Item(), Is.EqualTo(6));
    }

    [Test]
    public void The_terms_of_a_sum_get_gradients_that_can_be_disposed_apart()
    {
        Tensor a = Tensor.From(1.0), b = Tensor.From(2.0);
        using var tape = new GradientTape();
        tape.Watch(a, b);

        Tensor?[] gradients = tape.Gradient(a + b, [a, b]);
        gradients[0]!.Dispose();

        Assert.That(gradients[1]!.Item(), Is.EqualTo(1));
    }

    [Test]
    public void An_output_gradient_weighs_the_targets_elements_and_stays_its_owners()
    {
        Tensor x = Tensor.From(1.0, 2.0), weights = Tensor.From(10.0, 100.0);
        using var tape = new GradientTape();
        tape.Watch(x);

        Tensor dx = tape.Gradient(x * x, x, weights)!;

        Assert.That(dx.ToArray<double>(), Is.EqualTo((double[])[20, 400]));
        Assert.That(weights.ToArray<double>(), Is.EqualTo((double[])[10, 100]));
    }

    [Test]
    public void Several_targets_are_summed_also_when_one_stands_twice()
    {
        Tensor x = Tensor.From(3.0);
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor y = x * x, z = x * 5;

        Assert.That(tape.Gradient([y, z, y], [x])[0]!.Item(), Is.EqualTo(6 + 5 + 6));
    }

    [Test]
    public void Named_sources_give_named_gradients()
    {
        var sources = new Dictionary<string, Tensor> { ["a"] = new Variable(Tensor.From(2.0)), ["b"] = new Variable(Tensor.From(3.0)) };
        using var tape = new GradientTape();

        Dictionary<string, Tensor?> gradients = tape.Gradient(sources["a"] * sources["b"], sources);

        Assert.That(gradients["a"]!.Item(), Is.EqualTo(3));
        Assert.That(gradients["b"]!.Item(), Is.EqualTo(2));
    }

    [Test]
    public void A_gradient_has_its_sources_dtype_even_behind_a_cast()
    {
        Tensor x = Tensor.From(3f);
        using var tape = new GradientTape();
        tape.Watch(x);

        Tensor dx = tape.Gradient(x.Cast(DType.Float64) * 2, x)!;

        Assert.That(dx.DType, Is.EqualTo(DType.Float32));
        Assert.That(dx.Item(), Is.EqualTo(2));
    }

    [Test]
    public void A_view_of_a_variable_leads_to_the_variables_gradient()
    {
        var w = new Variable(Tensor.From([1.0, 2, 3, 4], [2, 2]));
        using var tape = new GradientTape();
        Tensor view = w.Transpose();

        Assert.That(tape.Gradient(view * view, w)!.ToArray<double>(), Is.EqualTo((double[])[2, 4, 6, 8]));
    }

    [Test]
    public void Tapes_may_end_in_any_order()
    {
        Tensor x = Tensor.From(3.0);
        var first = new GradientTape();
        var second = new GradientTape();
        first.Watch(x);
        second.Watch(x);
        first.Dispose();

        Tensor y = x * x;

        Assert.That(second.Gradient(y, x)!.Item(), Is.EqualTo(6));
        second.Dispose();
        Assert.That(ThreadContext.Current.Observer, Is.Null);
    }

    [Test]
    public void The_backward_pass_leaves_only_the_gradients_asked_for()
    {
        var asked = new Variable(Tensor.From(2.0));
        var unasked = new Variable(Tensor.From(3.0));
        using var count = new WrapperCount();
        using var tape = new GradientTape();
        Tensor y = asked * unasked, z = y + unasked;

        Tensor?[] gradients = tape.Gradient([z, z], [asked]);

        Assert.That(gradients[0]!.Item(), Is.EqualTo(6));
        Assert.That(count.Beside(y, z, gradients[0]), Is.Zero);
    }

    [Test]
    [NonParallelizable]
    public unsafe void A_gradient_leaves_no_native_memory_behind()
    {
        var w = new Variable(Tensor.Ones([100, 100]));
        Step(w);  // what is cached on first use
        Reclaimer.CollectAll();
        long before = Interop.Native.Memory->Live;

        for (int i = 0; i < 50; i++) Step(w);
        Reclaimer.CollectAll();

        Assert.That(Interop.Native.Memory->Live, Is.LessThanOrEqualTo(before));

        static void Step(Variable w)
        {
            using var scope = new TensorScope();
            using var tape = new GradientTape();
            Tensor y = (w.MatMul(w) * 2).Tanh().Sum();
            _ = tape.Gradient(y, w);
        }
    }
}
