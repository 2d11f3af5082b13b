using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The same elements as a constant: no gradient or tangent flows through. A view.</summary>
    public Tensor StopGradient() => IdentityOps.StopGradient.Apply([this], default);

    /// <summary>The same elements, with the gradient reversed and scaled on its way back. A view.</summary>
    /// <param name="scale">The λ of dx = −λ·g.</param>
    /// <remarks>For adversarial training: what follows learns a task that what stands before unlearns (Ganin &amp; Lempitsky 2015).</remarks>
    public Tensor ReverseGradient(double scale = 1) => IdentityOps.ReverseGradient.Apply([this], scale);
}

/// <summary>Operations that give what they get and differ in what they do to gradients.</summary>
internal static class IdentityOps
{
    // y = x ⇒ dx = g
    internal static readonly Op<None> Identity = new("Identity", static (x, in _) => View(x[0]), OpForms.SameShape)
    {
        Accepts = Accepts.Any,
        Effect = Effect.View,
        ComplexGradients = true,
        Linear = Linearity.Jointly,
        Elementwise = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => g)],
    };

    // y = x, held to be constant
    internal static readonly Op<None> StopGradient = new("StopGradient", static (x, in _) => View(x[0]), OpForms.SameShape)
    {
        Accepts = Accepts.Any,
        Effect = Effect.View,
        Elementwise = true,
    };

    // y = x ⇒ dx = −λ·g, by decree
    internal static readonly Op<double> ReverseGradient = new("ReverseGradient", static (x, in _) => View(x[0]), static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Effect = Effect.View,
        ComplexGradients = true,
        Elementwise = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => g * -s.Attributes)],
    };

    private static Tensor View(Tensor x) => Aten.view(x, x.ConcreteShape.Sizes);
}
