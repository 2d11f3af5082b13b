using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>max(x, 0); the gradient at 0 is 0.</summary>
    public Tensor Relu() => ActivationOps.Relu.Apply([this], default);

    /// <summary>log(1 + eˣ), without overflow.</summary>
    public Tensor Softplus() => ActivationOps.Softplus.Apply([this], default);

    /// <summary>x·σ(x), also called swish.</summary>
    public Tensor Silu()
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(this * Sigmoid());
    }

    /// <summary>x where it is positive, else a small multiple of it.</summary>
    public Tensor LeakyRelu(double slope = 0.01)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep((this > 0).Where(this, this * slope));
    }

    /// <summary>x where it is positive, else α(eˣ − 1); the gradient at 0 is α.</summary>
    public Tensor Elu(double alpha = 1)
    {
        using var scope = Temporaries.Begin();
        // Where the element is not needed, the exponential must not see it: it may overflow. At 0 the gradient is α.
        Tensor isPositive = this > 0, rest = isPositive.Where(ZerosLike(this), this);
        return scope.Keep(isPositive.Where(this, rest.Expm1() * alpha));
    }

    /// <summary>x·Φ(x) with the normal distribution's Φ (Hendrycks &amp; Gimpel 2016).</summary>
    public Tensor Gelu()
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(this * 0.5 * ((this * Math.Sqrt(0.5)).Erf() + 1));
    }

    /// <summary>eˣ/Σeˣ over an axis, without overflow.</summary>
    public Tensor Softmax(int axis = -1) => ActivationOps.Softmax.Apply([this], axis);

    /// <summary>log(eˣ/Σeˣ) over an axis, without overflow.</summary>
    public Tensor LogSoftmax(int axis = -1) => ActivationOps.LogSoftmax.Apply([this], axis);
}

internal static class ActivationOps
{
    // y = max(x, 0) ⇒ dx = g where y > 0
    internal static readonly Op<None> Relu = new("Relu", static (x, in _) => Aten.relu(x[0]), OpForms.SameShape)
    {
        Accepts = Accepts.Any,
        Elementwise = true,
        Gradients = [new(Keep.Output, static (g, in s) => ReluBackward!.Apply([g, s.Output], default))],
    };

    // z = x where y > 0 ⇒ dx = g where y > 0
    internal static readonly Op<None> ReluBackward = new("ReluBackward", static (x, in _) => Aten.threshold_backward(x[0], x[1], 0), OpForms.SameShape)
    {
        Elementwise = true,
        Gradients =
        [
            new(Keep.B, static (g, in s) => ReluBackward!.Apply([g, s.B], default)),
            Gradient<None>.None("it only says where the gradient passes; the derivative is zero"),
        ],
    };

    // From here on log(1 + eˣ) is x even in float64: the rest is below e⁻⁴⁰ = 4e-18.
    private const double SoftplusIsLinear = 40;

    // y = log(1 + eˣ) ⇒ dx = g·σ(x)
    internal static readonly Op<None> Softplus = OpForms.Unary("Softplus", static x => Aten.softplus(x, 1, SoftplusIsLinear), Keep.A, static (g, in s) => g * s.A.Sigmoid());

    // y = softmax x ⇒ dx = y·(g − Σg·y)
    internal static readonly Op<int> Softmax = new("Softmax", static (x, in axis) => Aten._softmax(x[0], axis, false), SameShape)
    {
        Accepts = Accepts.Differentiable,
        Forward = static (t, in s) => s.Output * (t[0]! - (t[0]! * s.Output).Sum(s.Attributes, keepDims: true)),
        Batched = static (in axis, in b) => b.Shape(0).NormalizeAxis(axis) + 1,
        Gradients = [new(Keep.Output, static (g, in s) => s.Output * (g - (g * s.Output).Sum(s.Attributes, keepDims: true)))],
    };

    // y = log softmax x ⇒ dx = g − eʸ·Σg
    internal static readonly Op<int> LogSoftmax = new("LogSoftmax", static (x, in axis) => Aten._log_softmax(x[0], axis, false), SameShape)
    {
        Accepts = Accepts.Differentiable,
        Forward = static (t, in s) => t[0]! - (s.Output.Exp() * t[0]!).Sum(s.Attributes, keepDims: true),
        Batched = static (in axis, in b) => b.Shape(0).NormalizeAxis(axis) + 1,
        Gradients = [new(Keep.Output, static (g, in s) => g - s.Output.Exp() * g.Sum(s.Attributes, keepDims: true))],
    };

    private static Shape SameShape(ReadOnlySpan<Shape> x, in int axis)
    {
        x[0].NormalizeAxis(axis);
        return x[0];
    }
}
