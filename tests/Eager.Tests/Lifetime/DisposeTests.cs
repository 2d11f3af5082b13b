using NUnit.Framework;

namespace Eager.Tests.Lifetime;

[Parallelizable(ParallelScope.All)]
public class DisposeTests
{
    [Test]
    public void Disposing_twice_is_harmless()
    {
        Tensor x = Tensor.From(1f);
        x.Dispose();

        Assert.DoesNotThrow(x.Dispose);
        Assert.That(x.IsDisposed, Is.True);
    }

    [Test]
    public void A_use_after_Dispose_names_the_operation_and_the_tensor()
    {
        Tensor x = Tensor.Zeros([2, 3]), y = Tensor.Ones([2, 3]);
        Assert.That(x.Shape.Rank, Is.EqualTo(2));
        x.Dispose();

        string message = Assert.Throws<DisposedException>(() => _ = y + x)!.Message;

        Assert.That(message, Does.Contain("Add").And.Contain("float32").And.Contain("[2, 3]").And.Contain("Keep"));
        Assert.Throws<DisposedException>(() => x.ToArray<float>());
        Assert.Throws<DisposedException>(() => _ = x.ElementCount);
        Assert.That((y + y).ToArray<float>(), Is.All.EqualTo(2), "the other argument is not held for good");
    }

    [Test]
    public void A_tensor_never_looked_at_is_named_by_dtype_and_rank()
    {
        Tensor x = Tensor.Zeros([2, 3], DType.Int16);
        x.Dispose();

        Assert.That(Assert.Throws<DisposedException>(() => _ = -x)!.Message, Does.Contain("Negate").And.Contain("int16").And.Contain("rank 2"));
    }

    [Test]
    public void A_view_lives_on_when_its_source_is_disposed()
    {
        Tensor x = Tensor.From([1f, 2f, 3f, 4f], [2, 2]), view = x.Transpose();
        x.Dispose();

        Assert.That(view.ToArray<float>(), Is.EqualTo((float[])[1, 3, 2, 4]));
    }

    [Test]
    public void A_printed_tensor_that_is_disposed_still_describes_itself()
    {
        Tensor x = Tensor.Zeros([2, 3]);
        x.Dispose();

        Assert.DoesNotThrow(() => x.ToString());
    }

    // Either the call came first and gives the right sum, or the disposal did and the call says so: never a wrong number.
    [Test]
    public void A_tensor_may_be_disposed_while_another_thread_uses_it()
    {
        const int Rounds = 3000;
        int sums = 0, refusals = 0;
        using var meet = new Barrier(2);
        Tensor? shared = null;
        var user = new Thread(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                meet.SignalAndWait();
                try
                {
                    using Tensor sum = (shared! + shared!).Sum();
                    if (sum.Item<float>() == 2000) sums++;
                }
                catch (DisposedException)
                {
                    refusals++;
                }
                meet.SignalAndWait();
            }
        });
        user.Start();
        for (int i = 0; i < Rounds; i++)
        {
            shared = Tensor.Ones([1000]);
            meet.SignalAndWait();
            Thread.SpinWait(i % 100 * 10);
            shared.Dispose();
            using Tensor reuse = Tensor.Full([1000], 7);  // takes the freed block, were it freed too early
            meet.SignalAndWait();
        }
        user.Join();
        Assert.That(sums + refusals, Is.EqualTo(Rounds), "the rest were wrong sums");
    }
}
