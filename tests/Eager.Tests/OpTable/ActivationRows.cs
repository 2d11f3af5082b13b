using MathNet.Numerics;
using static Eager.Tests.OpTable.RowForms;

namespace Eager.Tests.OpTable;

internal static class ActivationRows
{
    private static readonly Sample[] Rows =
    [
        new("last axis", Samples.Spread(1, -2, 2, 3, 4)),
        new("large numbers", NArray.Matrix(2, 1000, 999, -1000, -999, 0.5, 1000)) { For = Kinds.Wide },
        new("empty", NArray.Empty(0, 3)),
    ];

    // λ = 3/2, α = 2, κ = 1/2
    private static readonly ActivationOps.EluAttributes Elu2 = new(2, 1.5, 0.5);

    private static readonly Sample[] Slopes =
    [
        new("matrix", Samples.Spread(1, -3, 3, 3, 4), Samples.Spread(2, -2, 2, 3, 4)),
        new("empty", NArray.Empty(0, 3), NArray.Empty(0, 3)),
    ];

    internal static readonly OpRow[] All =
    [
        Unary(ActivationOps.Relu, static x => x.Relu(), static v => double.IsNaN(v) ? v : Math.Max(v, 0), [.. Kinds.Integers, .. Kinds.NoHalf], [.. Samples.Real(-3, 3), Samples.Special, .. Samples.Integers]),
        new(ActivationOps.ReluBackward, static x => ActivationOps.ReluBackward.Apply(x, default), static x => x[0].Zip(x[1], static (g, y) => y > 0 ? g : 0))
        {
            DTypes = [.. Kinds.Integers, .. Kinds.NoHalf],
            Ulps = 0,
            Samples = [new("matrix", Samples.Spread(1, -3, 3, 3, 4), Samples.Spread(2, -2, 2, 3, 4)), new("empty", NArray.Empty(0, 3), NArray.Empty(0, 3)), new("whole numbers", Samples.Whole(1, 1, 9, 3, 4), Samples.Whole(2, 1, 9, 3, 4)) { For = Kinds.Integers }],
        },
        Function(ActivationOps.Softplus, static x => x.Softplus(), Softplus, -3, 3, At("far", -30, 15, 21, 35, 60)),
        new(ActivationOps.Softmax, static x => x[0].Softmax(), static x => Softmax(x[0], -1))
        {
            DTypes = Kinds.NoHalf,
            Ulps = 8,
            Samples = [.. Rows, new Sample("first axis", Samples.Spread(2, -2, 2, 4, 3)).With(static x => x[0].Softmax(0), static x => Softmax(x[0], 0))],
            Refusals = [Refusal.Of<ShapeMismatchException>("no such axis", static () => Tensor.Zeros([2, 3]).Softmax(2), "Softmax", "axis 2", "[2, 3]")],
        },
        new(ActivationOps.LogSoftmax, static x => x[0].LogSoftmax(), static x => LogSoftmax(x[0], -1))
        {
            DTypes = Kinds.NoHalf,
            Ulps = 8,
            Scale = 4,
            Samples = [.. Rows, new Sample("first axis", Samples.Spread(2, -2, 2, 4, 3)).With(static x => x[0].LogSoftmax(0), static x => LogSoftmax(x[0], 0))],
            Refusals = [Refusal.Of<ShapeMismatchException>("no such axis", static () => Tensor.Zeros([2, 3]).LogSoftmax(-3), "LogSoftmax", "axis -3", "[2, 3]")],
        },
        Function(ActivationOps.LogSigmoid, static x => x.LogSigmoid(), static v => -Softplus(-v), -3, 3, At("far", -60, -35, 15, 30)),
        Function(ActivationOps.Silu, static x => x.Silu(), static v => double.IsNegativeInfinity(v) ? double.NaN : v / (1 + Math.Exp(-v)), -3, 3),
        Backward(ActivationOps.SiluBackward, static v => Sigmoid(v) * (1 + v * (1 - Sigmoid(v)))),
        new(ActivationOps.Gelu, static x => x[0].Gelu(), static x => x[0].Map(static v => v * (1 + SpecialFunctions.Erf(v / Math.Sqrt(2))) / 2))
        {
            DTypes = Kinds.NoHalf,
            Scale = 1,  // 1 + erf cancels for negative x
            // LibTorch 2 makes no number of an infinity but in float64.
            Samples = [.. Samples.Real(-1.5, 3), Samples.Special with { For = LibTorchVersions.IsSecond ? [DType.Float64] : Kinds.Floats }],
        },
        Backward(ActivationOps.GeluBackward, static v => (1 + SpecialFunctions.Erf(v / Math.Sqrt(2))) / 2 + v * Math.Exp(-v * v / 2) / Math.Sqrt(2 * Math.PI)),
        new(ActivationOps.Mish, static x => x[0].Mish(), static x => x[0].Map(static v => v * Math.Tanh(Softplus(v)))) { DTypes = Kinds.Wide, Samples = [.. Samples.Real(-3, 3), Samples.Special] },
        Backward(ActivationOps.MishBackward, static v => Math.Tanh(Softplus(v)) is var t ? t + v * (1 - t * t) * Sigmoid(v) : 0, Kinds.Wide),
        new(ActivationOps.Elu, static x => x[0].Elu(), static x => x[0].Map(static v => Elu(v, 1, 1, 1)))
        {
            DTypes = Kinds.NoHalf,
            Samples =
            [
                .. Samples.Real(-3, 3), Samples.Special,
                new Sample("celu", Samples.Spread(4, -3, 3, 3, 4)).With(static x => x[0].Celu(2), static x => x[0].Map(static v => Elu(v, 2, 1, 0.5))),
                new Sample("selu", Samples.Spread(5, -3, 3, 3, 4)).With(static x => x[0].Selu(), static x => x[0].Map(static v => Elu(v, 1.6732632423543772, 1.0507009873554805, 1))),
            ],
            Refusals = [Refusal.Of<InvalidArgumentException>("no scale", static () => Tensor.Zeros([2]).Celu(0), "Celu", "alpha")],
        },
        new(ActivationOps.EluBackward, static x => ActivationOps.EluBackward.Apply(x, Elu2), static x => x[0].Zip(x[1], static (g, v) => g * (v > 0 ? 1.5 : 1.5 * 2 * 0.5 * Math.Exp(0.5 * v))))
        {
            DTypes = Kinds.NoHalf,
            Samples = Slopes,
        },
        Shrink(ActivationOps.SoftShrink, static x => x.SoftShrink(0.7), static v => Math.Sign(v) * Math.Max(Math.Abs(v) - 0.7, 0)),
        Shrink(ActivationOps.HardShrink, static x => x.HardShrink(0.7), static v => Math.Abs(v) > 0.7 ? v : 0),
        new("LeakyRelu", static x => x[0].LeakyRelu(), static x => x[0].Map(static v => v > 0 ? v : 0.01 * v)) { DTypes = Kinds.Floats, Samples = Samples.Real(-3, 3) },
        new("PRelu", static x => x[0].PRelu(x[1]), static x => x[0].Zip(x[1], static (v, slope) => v > 0 ? v : slope * v))
        {
            DTypes = Kinds.Floats,
            Samples = [new("a slope each", Samples.Spread(1, -3, 3, 3, 4), Samples.Spread(2, -1, 1, 4)), new("one slope", Samples.Spread(3, -3, 3, 3, 4), Samples.Spread(4, 0.1, 1))],
        },
        new("Relu6", static x => x[0].Relu6(), static x => x[0].Map(static v => Math.Clamp(v, 0, 6))) { DTypes = [.. Kinds.Integers, .. Kinds.NoHalf], Ulps = Tolerances.Rounded, Samples = [.. Samples.Real(-4, 9), .. Samples.Integers] },
        new("Softsign", static x => x[0].Softsign(), static x => x[0].Map(static v => v / (1 + Math.Abs(v)))) { DTypes = Kinds.Floats, Samples = Samples.Real(-3, 3) },
        new("HardSigmoid", static x => x[0].HardSigmoid(), static x => x[0].Map(static v => Math.Clamp(0.2 * v + 0.5, 0, 1))) { DTypes = Kinds.NoHalf, Scale = 1, Samples = Samples.Real(-4, 4) },
        Function("HardSwish", static x => x.HardSwish(), static v => v * Math.Clamp(v + 3, 0, 6) / 6, -5, 5),
        new("HardTanh", static x => x[0].HardTanh(), static x => x[0].Map(static v => Math.Clamp(v, -1, 1))) { DTypes = Kinds.NoHalf, Ulps = Tolerances.Rounded, Samples = Samples.Real(-3, 3) },
        new("Glu", static x => x[0].Glu(), static x => NArray.Build([x[0].Sizes[0], x[0].Sizes[1] / 2], i => x[0][i] * Sigmoid(x[0][[i[0], i[1] + x[0].Sizes[1] / 2]])))
        {
            DTypes = Kinds.NoHalf,
            Samples = [new("matrix", Samples.Spread(1, -2, 2, 3, 4))],
            Refusals = [Refusal.Of<ShapeMismatchException>("no halves", static () => Tensor.Zeros([2, 3]).Glu(), "Glu", "axis -1", "[2, 3]")],
        },
    ];

    internal static NArray LogSoftmax(NArray x, int axis) => x.AlongAxis(axis, static line =>
    {
        double top = line.Max(), sum = line.Sum(v => Math.Exp(v - top));
        return [.. line.Select(v => v - top - Math.Log(sum))];
    });

    private static NArray Softmax(NArray x, int axis) => x.AlongAxis(axis, static line =>
    {
        double top = line.Max(), sum = line.Sum(v => Math.Exp(v - top));
        return [.. line.Select(v => Math.Exp(v - top) / sum)];
    });

    // Fused backward kernels compute a function of some steps, whose parts may cancel.
    private static OpRow Backward(Op<None> op, Func<double, double> derivative, DType[]? dtypes = null) =>
        new(op, x => op.Apply(x, default), x => x[0].Zip(x[1], (g, v) => g * derivative(v))) { DTypes = dtypes ?? Kinds.NoHalf, Ulps = 8, Scale = 3, Samples = Slopes };

    private static OpRow Shrink(Op<double> op, Func<Tensor, Tensor> call, Func<double, double> expect) => new(op, x => call(x[0]), x => x[0].Map(expect))
    {
        DTypes = Kinds.NoHalf,
        Scale = 1,
        Samples = [.. Samples.Real(-3, 3), Samples.Special with { Expect = static x => [x[0]] }],  // infinities less a threshold, zeros and NaN stay what they are
        Refusals = [Refusal.Of<InvalidArgumentException>("a negative threshold", () => Tensor.Zeros([2]).SoftShrink(-1), "SoftShrink", "-1")],
    };

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double Elu(double x, double alpha, double scale, double inputScale) => scale * (x > 0 ? x : alpha * (Math.Exp(inputScale * x) - 1));

    private static double Softplus(double x)
    {
        double small = Math.Exp(-Math.Abs(x));  // log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|)
        return Math.Max(x, 0) + (small < 1e-5 ? small * (1 - small / 2 + small * small / 3) : Math.Log(1 + small));
    }
}
