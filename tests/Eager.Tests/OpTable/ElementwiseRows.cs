using MathNet.Numerics;
using static Eager.Tests.OpTable.RowForms;

namespace Eager.Tests.OpTable;

internal static class ElementwiseRows
{
    private static readonly Sample[] Everything = [.. Samples.Real(-3, 3), Samples.Special, .. Samples.Integers];

    // On both sides of every half and on the halves themselves, where ties go to the even neighbour.
    private static readonly Sample[] Roundable =
    [
        new("between whole numbers", NArray.Vector(-2.75, -2.25, -0.75, -0.25, 0.25, 0.75, 1.25, 1.75)),
        new("halves", NArray.Vector(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3)) { Smooth = false },
        .. Samples.Real(-3.3, 2.9)[^2..],
        Samples.Special,
        .. Samples.Integers,
    ];

    internal static readonly OpRow[] All =
    [
        Unary(ElementwiseOps.Abs, static x => x.Abs(), Math.Abs, Kinds.Numbers, Everything),
        Unary(ElementwiseOps.Sign, static x => x.Sign(), static v => double.IsNaN(v) ? 0 : Math.Sign(v), Kinds.Real, [.. Everything, .. Samples.Bools]),
        Unary(ComplexOps.RealAngle, static x => x.Angle(), static v => double.IsNaN(v) ? v : v < 0 ? Math.PI : 0, Kinds.Floats, [.. Samples.Real(-3, 3), Samples.Special]),
        Function(ElementwiseOps.Exp, static x => x.Exp(), Math.Exp, -2, 2, At("far", -700, -90, 90, 700)),
        Function(ElementwiseOps.Expm1, static x => x.Expm1(), Expm1, -2, 2, At("near zero", -1e-3, 1e-9, 1e-20), At("far", -700, -90, 90, 700)),
        Function(ElementwiseOps.Log, static x => x.Log(), Math.Log, 0.2, 4, At("far", 1e-300, 1e-30, 1e30, 1e300)),
        Function(ElementwiseOps.Log1p, static x => x.Log1p(), Log1p, -0.8, 3, At("near zero", -1e-3, 1e-9, 1e-20)),
        Function(ElementwiseOps.Log2, static x => x.Log2(), Math.Log2, 0.2, 4, At("powers", 0.125, 1, 2, 1024)),
        Function(ElementwiseOps.Log10, static x => x.Log10(), Math.Log10, 0.2, 4, At("powers", 0.001, 1, 10, 1000)),
        new(ElementwiseOps.Exp2, static x => x[0].Exp2(), static x => x[0].Map(static v => Math.Pow(2, v))) { DTypes = Kinds.Floats, Samples = [.. Samples.Real(-3, 3), Samples.Special, At("far", -120, -1, 0, 5, 127)] },
        Function(ElementwiseOps.Sqrt, static x => x.Sqrt(), Math.Sqrt, 0.2, 4),
        Function(ElementwiseOps.Rsqrt, static x => x.Rsqrt(), static v => 1 / Math.Sqrt(v), 0.2, 4),
        Unary(ElementwiseOps.Square, static x => x.Square(), static v => v * v, Kinds.Real, [.. Everything, .. Samples.Bools], static dtype => dtype == DType.Bool ? DType.Int64 : dtype),
        Unary(ElementwiseOps.Reciprocal, static x => x.Reciprocal(), static v => 1 / v, Kinds.Floats, [.. Samples.Real(0.4, 3), Samples.Special]),
        Function(ElementwiseOps.Sin, static x => x.Sin(), Math.Sin, -3, 3, At("far", -1e3, 1e5)),
        Function(ElementwiseOps.Cos, static x => x.Cos(), Math.Cos, -3, 3, At("far", -1e3, 1e5)),
        Function(ElementwiseOps.Tan, static x => x.Tan(), Math.Tan, -1.2, 1.2),
        Function(ElementwiseOps.Asin, static x => x.Asin(), Math.Asin, -0.9, 0.9, At("ends", -1, 1, 1.5)),
        Function(ElementwiseOps.Acos, static x => x.Acos(), Math.Acos, -0.9, 0.9, At("ends", -1, 1, 1.5)),
        Function(ElementwiseOps.Atan, static x => x.Atan(), Math.Atan, -3, 3),
        Function(ElementwiseOps.Sinh, static x => x.Sinh(), Math.Sinh, -2, 2),
        Function(ElementwiseOps.Cosh, static x => x.Cosh(), Math.Cosh, -2, 2),
        Function(ElementwiseOps.Tanh, static x => x.Tanh(), Math.Tanh, -2, 2, At("far", -50, 50)),
        Function(ElementwiseOps.Asinh, static x => x.Asinh(), Math.Asinh, -3, 3, At("far", -1e10, 1e-9, 1e10)),
        Function(ElementwiseOps.Acosh, static x => x.Acosh(), Math.Acosh, 1.2, 5, At("ends", 0.5, 1)),
        Function(ElementwiseOps.Atanh, static x => x.Atanh(), Math.Atanh, -0.9, 0.9, At("ends", -1, 1, 1.5)),
        new("DegreesToRadians", static x => x[0].DegreesToRadians(), static x => x[0].Map(static v => v * Math.PI / 180)) { DTypes = Kinds.Floats, Samples = [.. Samples.Real(-200, 200), Samples.Special] },
        new("RadiansToDegrees", static x => x[0].RadiansToDegrees(), static x => x[0].Map(static v => v * 180 / Math.PI)) { DTypes = Kinds.Floats, Samples = [.. Samples.Real(-4, 4), Samples.Special] },
        Function(ElementwiseOps.Sigmoid, static x => x.Sigmoid(), static v => 1 / (1 + Math.Exp(-v)), -3, 3, At("far", -80, 50)),
        new(ElementwiseOps.Erf, static x => x[0].Erf(), static x => x[0].Map(SpecialFunctions.Erf))
        {
            DTypes = Kinds.NoHalf,
            // LibTorch 2's float32 is formula 7.1.26 of Abramowitz & Stegun, which is off by 1.5e-7 of the largest value, however small the result.
            Scale = LibTorchVersions.IsSecond ? 1 : 0,
            Samples = [.. Samples.Real(-2, 2), Samples.Special],
        },
        Function(ElementwiseOps.Erfc, static x => x.Erfc(), SpecialFunctions.Erfc, -2, 2, At("far", -5, 5, 9)),
        Function(ElementwiseOps.ErfInverse, static x => x.ErfInverse(), static v => Math.Abs(v) > 1 ? double.NaN : SpecialFunctions.ErfInv(v), -0.9, 0.9, At("ends", -1, 1, 1.5)),
        Unary(ElementwiseOps.Floor, static x => x.Floor(), Math.Floor, [.. Kinds.NoHalf, .. Kinds.Integers], Roundable),
        Unary(ElementwiseOps.Ceiling, static x => x.Ceiling(), Math.Ceiling, [.. Kinds.NoHalf, .. Kinds.Integers], Roundable),
        Unary(ElementwiseOps.Round, static x => x.Round(), static v => Math.Round(v, MidpointRounding.ToEven), [.. Kinds.NoHalf, .. Kinds.Integers], Roundable),
        Unary(ElementwiseOps.Truncate, static x => x.Truncate(), Math.Truncate, [.. Kinds.NoHalf, .. Kinds.Integers], Roundable),
        new(ElementwiseOps.Clip, static x => x[0].Clip(-1, 1), static x => x[0].Map(static v => Math.Min(Math.Max(v, -1), 1)))
        {
            DTypes = [.. Kinds.NoHalf, .. Kinds.Integers],
            Ulps = 0,
            Refusals =
            [
                Refusal.Of<DTypeMismatchException>("a fractional bound of integers", static () => Tensor.From(1, 2).Clip(0, 1.5), "Clip", "1.5", "int32", "Cast"),
                Refusal.Of<DTypeMismatchException>("bounds of bools", static () => Tensor.From(true).Clip(0, 1), "Clip", "bool", "Cast"),
            ],
            Samples =
            [
                .. Samples.Real(-3, 3), Samples.Special, Samples.Integers[1],
                new Sample("bytes", NArray.Vector(0, 1, 2, 9)) { For = [DType.UInt8] }.With(static x => x[0].Clip(1, 3), static x => x[0].Map(static v => Math.Min(Math.Max(v, 1), 3))),
                new Sample("bounds in the wrong order", NArray.Vector(-2.5, 0.25, 2.5)).With(static x => x[0].Clip(1, -1), static x => x[0].Map(static _ => -1)) with { Smooth = false },
            ],
        },
        Unary(ElementwiseOps.IsNaN, static x => x.IsNaN(), static v => double.IsNaN(v) ? 1 : 0, Kinds.Real, [.. Everything, .. Samples.Bools], static _ => DType.Bool),
        Unary(ElementwiseOps.IsInfinity, static x => x.IsInfinity(), static v => double.IsInfinity(v) ? 1 : 0, Kinds.Real, [.. Everything, .. Samples.Bools], static _ => DType.Bool),
        Unary(ElementwiseOps.IsFinite, static x => x.IsFinite(), static v => double.IsFinite(v) ? 1 : 0, Kinds.Real, [.. Everything, .. Samples.Bools], static _ => DType.Bool),
    ];

    // eˣ − 1 = 2·eˣᐟ²·sinh(x/2), which does not cancel; C# has no function of its own.
    private static double Expm1(double x) => Math.Abs(x) < 1 ? 2 * Math.Exp(x / 2) * Math.Sinh(x / 2) : Math.Exp(x) - 1;

    // x·log(1 + x)/((1 + x) − 1): the error of 1 + x cancels (Kahan).
    private static double Log1p(double x)
    {
        double sum = 1 + x;
        return sum == 1 ? x : double.IsInfinity(sum) || sum <= 0 || double.IsNaN(sum) ? Math.Log(sum) : x * Math.Log(sum) / (sum - 1);
    }
}
