using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Autograd;

/// <summary>How a tape answers misuse.</summary>
[Parallelizable(ParallelScope.All)]
public class GradientTapeErrorTests
{
    [Test]
    public void A_tape_is_spent_by_its_first_gradient_unless_it_is_persistent()
    {
        Tensor x = Tensor.From(3.0);
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor y = x * x;
        _ = tape.Gradient(y, x);

        Assert.That(Assert.Throws<GradientException>(() => tape.Gradient(y, x))!.Message, Does.Contain("spent").And.Contain("persistent: true"));
        Assert.Throws<GradientException>(() => tape.Watch(x));
    }

    [Test]
    public void A_disposed_tape_says_so_and_may_be_disposed_again()
    {
        Tensor x = Tensor.From(3.0);
        var tape = new GradientTape();
        tape.Watch(x);
        Tensor y = x * x;
        tape.Dispose();
        tape.Dispose();

        Assert.That(Assert.Throws<DisposedException>(() => tape.Gradient(y, x))!.Message, Does.Contain("Gradient").And.Contain("disposed"));
        Assert.Throws<DisposedException>(() => tape.Watch(x));
        Assert.Throws<DisposedException>(tape.Reset);
    }

    [Test]
    public void A_variable_assigned_since_is_named_with_the_operation_that_needed_it()
    {
        var w = new Variable(Tensor.From(1f, 2f), name: "w");
        using var tape = new GradientTape();
        Tensor y = w * w;
        w.Assign(Tensor.From(5f, 6f));

        string message = Assert.Throws<GradientException>(() => tape.Gradient(y, w))!.Message;

        Assert.That(message, Does.Contain("'w'").And.Contain("[2]").And.Contain("Multiply").And.Contain("Clone"));
    }

    [Test]
    public void An_assignment_is_noticed_through_a_view_too()
    {
        var w = new Variable(Tensor.From([1.0, 2, 3, 4], [2, 2]), name: "w");
        using var tape = new GradientTape();
        Tensor view = w.Transpose(), y = view * view;
        w.AssignAdd(Tensor.Ones([2, 2], DType.Float64));

        Assert.That(Assert.Throws<GradientException>(() => tape.Gradient(y, w))!.Message, Does.Contain("'w'"));
    }

    [Test]
    public void An_assignment_does_not_matter_where_no_rule_needs_the_value_or_a_clone_kept_it()
    {
        var w = new Variable(Tensor.From(3.0));
        using var tape = new GradientTape();
        Tensor snapshot = w.Clone(), y = snapshot * snapshot + w;
        w.Assign(Tensor.From(5.0));

        Assert.That(tape.Gradient(y, w)!.Item(), Is.EqualTo(7));
    }

    [Test]
    public void An_output_gradient_that_fits_no_target_is_refused_and_spends_nothing()
    {
        Tensor x = Tensor.From(1.0, 2.0);
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor y = x * x;

        Assert.That(Assert.Throws<ShapeMismatchException>(() => tape.Gradient(y, x, Tensor.From(1.0)))!.Message, Does.Contain("[]").And.Contain("[2]"));
        Assert.That(Assert.Throws<DTypeMismatchException>(() => tape.Gradient(y, x, Tensor.From(1f, 1f)))!.Message, Does.Contain("float32").And.Contain("float64").And.Contain("Cast"));
        Assert.That(Assert.Throws<InvalidArgumentException>(() => tape.Gradient([y, y], [x], [y]))!.Message, Does.Contain("1 output gradients").And.Contain("2 targets"));
        Assert.That(tape.Gradient(y, x)!.ToArray<double>(), Is.EqualTo((double[])[2, 4]));
    }

    [Test]
    public void A_target_that_was_not_recorded_is_refused_by_shape()
    {
        Tensor x = Tensor.From(3.0);
        using var tape = new GradientTape();
        tape.Watch(x);

        string message = Assert.Throws<GradientException>(() => tape.Gradient(Tensor.Zeros([2, 3]), x))!.Message;

        Assert.That(message, Does.Contain("target 0").And.Contain("[2, 3]").And.Contain("not recorded"));
    }

    [TestCase(DType.Int32, "Cast")]
    [TestCase(DType.Bool, "Cast")]
    public void A_tensor_without_gradients_cannot_be_watched(DType dtype, string cure)
    {
        Tensor x = Tensor.Zeros([2], DType.Float64).Cast(dtype);
        using var tape = new GradientTape();

        Assert.That(Assert.Throws<GradientException>(() => tape.Watch(x))!.Message, Does.Contain(dtype.Name()).And.Contain(cure));
    }

    [Test]
    public void A_tape_refuses_other_threads()
    {
        Tensor x = Tensor.From(3.0);
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor y = x * x;

        foreach (Action use in (Action[])[() => tape.Gradient(y, x), () => tape.Watch(x), () => tape.StopRecording(), tape.Reset])
            Assert.That(OnAnotherThread(use), Is.TypeOf<GradientException>().With.Message.Contains("thread").And.Message.Contains("await"));
        Assert.That(tape.Gradient(y, x)!.Item(), Is.EqualTo(6), "its own thread may go on");
    }

    [Test]
    public void After_an_await_that_changed_the_thread_a_tape_says_why_it_refuses()
    {
        var answered = new TaskCompletionSource<Exception?>();
        async Task UseAcrossAwait(Task wait)
        {
            Tensor x = Tensor.From(3.0);
            using var tape = new GradientTape();
            tape.Watch(x);
            Tensor y = x * x;
            await wait;
            answered.SetResult(Assert.Throws<GradientException>(() => tape.Gradient(y, x)));
        }
        var waiting = new TaskCompletionSource();
        Task use = UseAcrossAwait(waiting.Task);

        Assert.That(OnAnotherThread(waiting.SetResult), Is.Null);  // the rest of the method runs on that thread
        use.Wait();

        Assert.That(answered.Task.Result!.Message, Does.Contain("await"));
    }

    [Test]
    public void What_another_thread_computes_is_not_recorded()
    {
        Tensor x = Tensor.From(3.0);
        using var tape = new GradientTape();
        tape.Watch(x);

        Assert.That(OnAnotherThread(() => _ = x * x), Is.Null);

        Assert.That(tape.OperationCount, Is.Zero);
    }

    [Test]
    public void A_tape_disposed_on_another_thread_leaves_its_own_with_the_next_operation()
    {
        Tensor x = Tensor.From(3.0);
        var tape = new GradientTape();
        tape.Watch(x);
        Assert.That(OnAnotherThread(tape.Dispose), Is.Null);
        Assert.That(ThreadContext.Current.Observer, Is.Not.Null);

        _ = x * x;

        Assert.That(tape.OperationCount, Is.Zero);
        Assert.That(ThreadContext.Current.Observer, Is.Null);
    }

    private static Exception? OnAnotherThread(Action action)
    {
        Exception? thrown = null;
        var thread = new Thread(() =>
        {
            try
            {
                action();
            }
            catch (EagerException e)
            {
                thrown = e;
            }
        });
        thread.Start();
        thread.Join();
        return thrown;
    }
}
