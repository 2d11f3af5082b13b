using Eager.Interop;

namespace Eager;

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

    // y = log σ(x) ⇒ dx = g·σ(−x)
    internal static readonly Op<None> LogSigmoid = OpForms.Unary("LogSigmoid", static x =>
    {
        Tensor[] y = Aten.log_sigmoid_forward(x);
        y[1].Dispose();  // a buffer for LibTorch's own backward kernel
        return y[0];
    }, Keep.A, static (g, in s) => g * (-s.A).Sigmoid());

    // From the paper, so that mean 0 and variance 1 is a fixed point (Klambauer et al. 2017, equation 14).
    internal const double SeluAlpha = 1.6732632423543772848170429916717, SeluScale = 1.0507009873554804934193349852946;

    internal readonly record struct EluAttributes(double Alpha, double Scale, double InputScale);

    // y = λx where x > 0, else λα(e^(κx) − 1)
    internal static readonly Op<EluAttributes> Elu = new("Elu", static (x, in a) => Aten.elu(x[0], a.Alpha, a.Scale, a.InputScale), SameShape)
    {
        Accepts = Accepts.Differentiable,
        Elementwise = true,
        Gradients = [new(Keep.A, static (g, in s) => EluBackward!.Apply([g, s.A], s.Attributes))],
    };

    // z = g·f′(x) ⇒ dg = h·f′(x), dx = h·g·f″(x), f″ = λακ²e^(κx) where x ≤ 0, else 0
    internal static readonly Op<EluAttributes> EluBackward = new("EluBackward", static (x, in a) => Aten.elu_backward(x[0], a.Alpha, a.Scale, a.InputScale, false, x[1]), SameShape)
    {
        Accepts = Accepts.Differentiable,
        Elementwise = true,
        Gradients =
        [
            new(Keep.B, static (h, in s) => EluBackward!.Apply([h, s.B], s.Attributes)),
            new(Keep.A | Keep.B, static (h, in s) =>
            {
                EluAttributes a = s.Attributes;
                Tensor bend = (s.B * a.InputScale).Minimum(0).Exp() * (a.Alpha * a.Scale * a.InputScale * a.InputScale);
                return h * s.A * (s.B <= 0).Where(bend, Tensor.ZerosLike(bend));
            }),
        ],
    };

    // y = x·σ(x), f″ = σ(1 − σ)(2 + x(1 − 2σ))
    internal static readonly Op<None> SiluBackward = FusedBackward("SiluBackward", Aten.silu_backward, static x =>
    {
        Tensor sigmoid = x.Sigmoid();
        return sigmoid * (1 - sigmoid) * (x * (1 - sigmoid * 2) + 2);
    });

    internal static readonly Op<None> Silu = Fused("Silu", Aten.silu, SiluBackward);

    // y = x·Φ(x), f″ = φ(x)(2 − x²), φ = e^(−x²/2)/√2π
    internal static readonly Op<None> GeluBackward = FusedBackward("GeluBackward", static (g, x) => Aten.gelu_backward(g, x, NativeText.Literal("none"u8)), static x =>
    {
        Tensor square = x.Square();
        return (square * -0.5).Exp() * (1 / Math.Sqrt(2 * Math.PI)) * (2 - square);
    });

    internal static readonly Op<None> Gelu = Fused("Gelu", static x => Aten.gelu(x, NativeText.Literal("none"u8)), GeluBackward);

    // y = x·t, t = tanh(log(1 + eˣ)), s = σ(x), f″ = (1 − t²)s(2 + x(1 − s − 2ts))
    internal static readonly Op<None> MishBackward = FusedBackward("MishBackward", Aten.mish_backward, static x =>
    {
        Tensor t = x.Softplus().Tanh(), sigmoid = x.Sigmoid();
        return (1 - t.Square()) * sigmoid * (x * (1 - sigmoid - t * sigmoid * 2) + 2);
    });

    internal static readonly Op<None> Mish = Fused("Mish", Aten.mish, MishBackward);

    // y = 0 where |x| ≤ λ, else x ∓ λ ⇒ dx = g where |x| > λ, else 0
    internal static readonly Op<double> SoftShrink = Shrink("SoftShrink", static (x, in threshold) =>
    {
        // LibTorch makes 0 of NaN, which would hide it.
        using Tensor shrunk = Aten.softshrink(x[0], threshold), isNaN = Aten.isnan(x[0]);
        return Aten.where_self(isNaN, x[0], shrunk);
    });

    // y = 0 where |x| ≤ λ, else x ⇒ dx = g where |x| > λ, else 0
    internal static readonly Op<double> HardShrink = Shrink("HardShrink", static (x, in threshold) => Aten.hardshrink(x[0], threshold));

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

    internal static double RequireThreshold(double threshold, string op) =>
        threshold >= 0 ? threshold : throw new InvalidArgumentException($"{op}: the threshold {threshold} is not 0 or more.");

    // y = f(x) ⇒ dx = g·f′(x), in one kernel each
    private static Op<None> Fused(string name, Func<Tensor, Tensor> kernel, Op<None> backward) =>
        OpForms.Unary(name, kernel, Keep.A, (g, in s) => backward.Apply([g, s.A], default));

    // z = g·f′(x) ⇒ dg = h·f′(x), dx = h·g·f″(x)
    private static Op<None> FusedBackward(string name, Func<Tensor, Tensor, Tensor> kernel, Func<Tensor, Tensor> secondDerivative)
    {
        Op<None>? self = null;
        return self = new(name, (x, in _) => kernel(x[0], x[1]), OpForms.SameShape)
        {
            Accepts = Accepts.Differentiable,
            Elementwise = true,
            Gradients =
            [
                new(Keep.B, (h, in s) => self!.Apply([h, s.B], default)),
                new(Keep.A | Keep.B, (h, in s) => h * s.A * secondDerivative(s.B)),
            ],
        };
    }

    private static Op<double> Shrink(string name, Kernel<double> kernel) => new(name, kernel, static (x, in _) => x[0])
    {
        Accepts = Accepts.Differentiable,
        Elementwise = true,
        Gradients = [new(Keep.A, static (g, in s) => (s.A.Abs() > s.Attributes).Where(g, Tensor.ZerosLike(g)))],
    };

    private static Shape SameShape(ReadOnlySpan<Shape> x, in EluAttributes a) => x[0];

    private static Shape SameShape(ReadOnlySpan<Shape> x, in int axis)
    {
        x[0].NormalizeAxis(axis);
        return x[0];
    }
}
