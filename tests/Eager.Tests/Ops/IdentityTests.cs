using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Ops;

/// <summary>Operations that give what they get and differ in their gradients.</summary>
[Parallelizable(ParallelScope.All)]
public class IdentityTests
{
    [Test]
    public void A_stopped_gradient_makes_a_constant_of_a_value()
    {
        Tensor x = Tensor.From(3.0);

        Assert.That(Function.Grad(static x => x * x.StopGradient())(x).Item(), Is.EqualTo(3));
        Assert.That(Function.Jvp(static x => x * x.StopGradient(), x, Tensor.From(1.0)).Tangent.Item(), Is.EqualTo(3));
        Assert.That(Function.Vmap(static x => x.StopGradient())(Tensor.From(1.0, 2)).ToArray<double>(), Is.EqualTo((double[])[1, 2]));
    }

    [Test]
    public void A_reversed_gradient_has_the_other_sign_and_scale()
    {
        Tensor x = Tensor.From(3.0);

        Assert.That(x.ReverseGradient().Item(), Is.EqualTo(3));
        Assert.That(Function.Grad(static x => x.ReverseGradient(0.5).Square())(x).Item(), Is.EqualTo(-3));
        Assert.That(Function.Jvp(static x => x.ReverseGradient(0.5).Square(), x, Tensor.From(1.0)).Tangent.Item(), Is.EqualTo(-3));
    }
}
