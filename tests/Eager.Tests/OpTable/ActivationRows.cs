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
        Function("Silu", static x => x.Silu(), static v => v / (1 + Math.Exp(-v)), -3, 3),
        new("LeakyRelu", static x => x[0].LeakyRelu(), static x => x[0].Map(static v => v > 0 ? v : 0.01 * v)) { DTypes = Kinds.Floats, Samples = Samples.Real(-3, 3) },
        Function("Elu", static x => x.Elu(), static v => v > 0 ? v : Math.Exp(v) - 1, -3, 3),
        Function("Gelu", static x => x.Gelu(), static v => v * (1 + SpecialFunctions.Erf(v / Math.Sqrt(2))) / 2, -1.5, 3),
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

    private static double Softplus(double x)
    {
        double small = Math.Exp(-Math.Abs(x));  // log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|)
        return Math.Max(x, 0) + (small < 1e-5 ? small - small * small / 2 : Math.Log(1 + small));
    }
}
