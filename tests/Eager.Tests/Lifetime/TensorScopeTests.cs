using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Lifetime;

[Parallelizable(ParallelScope.All)]
public class TensorScopeTests
{
    [Test]
    public void A_scope_frees_what_was_made_inside_and_not_kept()
    {
        Tensor outside = Tensor.From(1f), inside, kept;
        using (var scope = new TensorScope())
        {
            inside = outside + 1;
            kept = scope.Keep(inside * 2);
        }

        Assert.That(inside.IsDisposed, Is.True);
        Assert.That(outside.IsDisposed, Is.False);
        Assert.That(kept.Item(), Is.EqualTo(4));
    }

    [Test]
    public void What_an_inner_scope_keeps_belongs_to_the_outer_one()
    {
        Tensor passed, kept;
        using (var outer = new TensorScope())
        {
            using (var inner = new TensorScope())
            {
                passed = inner.Keep(Tensor.From(1f));
                kept = inner.Keep(Tensor.From(2f));
            }
            Assert.That(passed.IsDisposed, Is.False);
            outer.Keep(kept);
        }

        Assert.That(passed.IsDisposed, Is.True);
        Assert.That(kept.Item(), Is.EqualTo(2));
    }

    [Test]
    public void Keeping_what_an_outer_scope_made_leaves_it_to_that_scope()
    {
        Tensor x;
        using (new TensorScope())
        {
            x = Tensor.From(1f);
            using (var inner = new TensorScope()) inner.Keep(x);
            Assert.That(x.IsDisposed, Is.False);
        }
        Assert.That(x.IsDisposed, Is.True);
    }

    [Test]
    public void Temporaries_of_methods_that_are_composed_do_not_outlive_the_call()
    {
        Tensor x = Tensor.From(1f, 2f);
        using var scope = new TensorScope();
        using var count = new WrapperCount();

        Tensor y = x.Gelu();

        Assert.That(count.Beside(y), Is.Zero);
    }

    [Test]
    public void A_variable_belongs_to_no_scope()
    {
        Variable variable;
        using (new TensorScope()) variable = new Variable(Tensor.From(3f));

        Assert.That(variable.Item(), Is.EqualTo(3));
    }

    [Test]
    public void A_tensor_disposed_inside_does_not_trouble_the_end()
    {
        var scope = new TensorScope();
        Tensor x = scope.Keep(Tensor.From(1f));
        x.Dispose();
        Tensor.From(2f).Dispose();

        Assert.DoesNotThrow(scope.Dispose);
        Assert.DoesNotThrow(scope.Dispose);
    }

    [Test]
    public void Scopes_that_end_in_the_wrong_order_say_so_and_can_still_be_ended()
    {
        var outer = new TensorScope();
        var inner = new TensorScope();
        Tensor x = Tensor.From(1f);

        Assert.That(Assert.Throws<InvalidArgumentException>(outer.Dispose)!.Message, Does.Contain("inner one first"));
        Assert.That(Assert.Throws<InvalidArgumentException>(() => outer.Keep(x))!.Message, Does.Contain("inner one first"));
        Assert.That(x.IsDisposed, Is.False);
        inner.Dispose();
        outer.Dispose();
        Assert.That(x.IsDisposed, Is.True);
    }

    [Test]
    public void A_scope_that_ended_keeps_nothing()
    {
        var scope = new TensorScope();
        scope.Dispose();

        Assert.That(Assert.Throws<DisposedException>(() => scope.Keep(Tensor.From(1f)))!.Message, Does.Contain("ended"));
    }

    [Test]
    public void A_scope_belongs_to_its_thread()
    {
        using var scope = new TensorScope();
        string? message = null;
        Tensor? foreign = null;
        var thread = new Thread(() =>
        {
            foreign = Tensor.From(1f);
            message = Assert.Throws<InvalidArgumentException>(scope.Dispose)!.Message;
        });
        thread.Start();
        thread.Join();

        Assert.That(message, Does.Contain("thread").And.Contain("await"));
        scope.Dispose();
        Assert.That(foreign!.IsDisposed, Is.False, "what another thread made is not in the scope");
    }

    [Test]
    public void An_error_inside_does_not_keep_a_scope_from_freeing()
    {
        Tensor? made = null;
        Assert.Throws<ShapeMismatchException>(() =>
        {
            using var scope = new TensorScope();
            made = Tensor.From(1f, 2f);
            _ = made + Tensor.From(1f, 2f, 3f);
        });

        Assert.That(made!.IsDisposed, Is.True);
        Assert.That(ThreadContext.Current.OpenScopes, Is.Zero);
    }
}
