using MathNet.Numerics;
using static Eager.Tests.OpTable.RowForms;

namespace Eager.Tests.OpTable;

internal static class SpecialFunctionRows
{
    // Cephes' expansions sum some twenty terms; each may round.
    private const double Summed = 16;

    // Against forty digits LibTorch's incomplete gamma functions are right to 18 epsilons; the reference's Γ is no better.
    private const double SummedTwice = 40;

    private static readonly Sample NaNAndZeros = new("not a number, and zeros", NArray.Vector(double.NaN, 0, -0.0)) { Smooth = false };

    internal static readonly OpRow[] All =
    [
        Special(SpecialFunctionOps.LogGamma, static x => x.LogGamma(), SpecialReferences.LogGamma, Kinds.NoHalf,
        [
            .. Samples.Real(0.3, 6), At("far", 1e-6, 30, 500),
            Exactly("poles and infinities", static x => x.LogGamma(), [0, -1, -2, double.PositiveInfinity, double.NaN], [double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity, double.NaN]),
        ], scale: 8),  // the reference subtracts numbers up to log Γ(15) = 25
        Special(SpecialFunctionOps.Digamma, static x => x.Digamma(), SpecialReferences.Digamma, Kinds.NoHalf,
        [
            .. Samples.Real(0.4, 6), At("far", 1e-3, 30, 500),
            Exactly("beyond the finite numbers", static x => x.Digamma(), [double.PositiveInfinity, double.NegativeInfinity], [double.PositiveInfinity, double.NaN]),
            Exactly("poles", static x => x.Digamma(), [0, -0.0, -1, double.NaN], [double.NegativeInfinity, double.PositiveInfinity, double.NaN, double.NaN]),
        ], scale: 1),
        new(SpecialFunctionOps.Polygamma, static x => x[0].Polygamma(1), static x => x[0].Map(static v => SpecialReferences.Polygamma(1, v)))
        {
            DTypes = Kinds.Floats,
            Ulps = Summed,
            Samples =
            [
                .. Samples.Real(0.6, 6),
                new Sample("third derivative", Samples.Spread(4, 0.8, 5, 3, 2)).With(static x => x[0].Polygamma(3), static x => x[0].Map(static v => SpecialReferences.Polygamma(3, v))),
                new Sample("even order", Samples.Spread(5, 0.8, 5, 4)).With(static x => x[0].Polygamma(2), static x => x[0].Map(static v => SpecialReferences.Polygamma(2, v))),
            ],
            Refusals = [Refusal.Of<InvalidArgumentException>("a negative order", static () => Tensor.From(1f).Polygamma(-1), "Polygamma", "-1")],
        },
        new(SpecialFunctionOps.GammaP, static x => x[0].GammaP(x[1]), static x => x[0].Zip(x[1], SpecialReferences.GammaP)) { DTypes = Kinds.Floats, NoGradientFor = [DType.Float16], Ulps = SummedTwice, Samples = [.. Samples.RealPair(0.6, 4, 0.2, 6), GammaLimits(1, 0, double.NaN, double.NaN)] },
        new(SpecialFunctionOps.GammaQ, static x => x[0].GammaQ(x[1]), static x => x[0].Zip(x[1], static (a, v) => 1 - SpecialReferences.GammaP(a, v))) { DTypes = Kinds.Floats, NoGradientFor = [DType.Float16], Ulps = SummedTwice, Scale = 1, Samples = [.. Samples.RealPair(0.6, 4, 0.2, 6), GammaLimits(0, 1, double.NaN, double.NaN)] },
        new(SpecialFunctionOps.Zeta, static x => x[0].Zeta(x[1]), static x => x[0].Zip(x[1], SpecialReferences.Zeta)) { DTypes = Kinds.Wide, Ulps = Summed, Samples = [.. Samples.RealPair(1.5, 4, 0.5, 3), ZetaLimits] },
        Binary(SpecialFunctionOps.XLogY, static (a, b) => a.XLogY(b), static (a, b) => double.IsNaN(b) ? b : a == 0 ? 0 : a * Math.Log(b), Kinds.Floats,
            [.. Samples.RealPair(-2, 2, 0.2, 3), Samples.SpecialPair], Tolerances.Function),
        Binary(SpecialFunctionOps.XLog1pY, static (a, b) => a.XLog1pY(b), static (a, b) => double.IsNaN(b) ? b : a == 0 ? 0 : a * Log1p(b), Kinds.Floats,
            [.. Samples.RealPair(-2, 2, -0.7, 3), Samples.SpecialPair, new("near zero", NArray.Vector(2, 3), NArray.Vector(1e-9, -1e-12)) { For = Kinds.Wide, Smooth = false }], Tolerances.Function),
        Special(SpecialFunctionOps.ErfcScaled, static x => x.ErfcScaled(), SpecialReferences.ErfcScaled, Kinds.Wide, [.. Samples.Real(-1.5, 2), NaNAndZeros, At("far", 20, 1e3, 1e8), Exactly("beyond the finite numbers", static x => x.ErfcScaled(), [double.PositiveInfinity, double.NegativeInfinity], [0, double.PositiveInfinity])]),
        Function("NormalCdf", static x => x.NormalCdf(), static v => SpecialFunctions.Erfc(-v / Math.Sqrt(2)) / 2, -1, 3),
        Special(SpecialFunctionOps.NormalCdfInverse, static x => x.NormalCdfInverse(), static v => v < 0 || v > 1 ? double.NaN : -Math.Sqrt(2) * SpecialFunctions.ErfcInv(2 * v), Kinds.Wide, [.. Samples.Real(0.05, 0.95), At("ends", 0, 1e-30, 1, 1.5, -0.5), Exactly("beyond the finite numbers", static x => x.NormalCdfInverse(), [double.NaN, double.PositiveInfinity, double.NegativeInfinity], [double.NaN, double.NaN, double.NaN])], scale: 1),
        Special(SpecialFunctionOps.LogNormalCdf, static x => x.LogNormalCdf(), static v => v > 0 ? Log1p(-SpecialFunctions.Erfc(v / Math.Sqrt(2)) / 2) : Math.Log(SpecialFunctions.Erfc(-v / Math.Sqrt(2)) / 2), Kinds.Wide, [.. Samples.Real(-3, 3), NaNAndZeros, At("far", -30, -10, 5), Exactly("beyond the finite numbers", static x => x.LogNormalCdf(), [double.PositiveInfinity, double.NegativeInfinity], [0, double.NegativeInfinity])]),
        Special(SpecialFunctionOps.BesselI0, static x => x.BesselI0(), static v => SpecialReferences.BesselI(0, v), Kinds.NoHalf, [.. Samples.Real(-4, 4), NaNAndZeros, At("far", -30, 20), Exactly("beyond the finite numbers", static x => x.BesselI0(), [double.PositiveInfinity, double.NegativeInfinity], [double.PositiveInfinity, double.PositiveInfinity])], NoI1),
        Special(SpecialFunctionOps.BesselI0Scaled, static x => x.BesselI0Scaled(), static v => Math.Exp(-Math.Abs(v)) * SpecialReferences.BesselI(0, v), Kinds.NoHalf, [.. Samples.Real(-4, 4), NaNAndZeros, At("far", -30, 20), Exactly("beyond the finite numbers", static x => x.BesselI0Scaled(), [double.PositiveInfinity, double.NegativeInfinity], [0, 0])], NoI1),
        Special(SpecialFunctionOps.BesselI1, static x => x.BesselI1(), static v => SpecialReferences.BesselI(1, v), Kinds.Wide, [.. Samples.Real(-4, 4), NaNAndZeros, At("far", -30, 20), new("at zero", NArray.Vector(0.0)), Exactly("beyond the finite numbers", static x => x.BesselI1(), [double.PositiveInfinity, double.NegativeInfinity], [double.PositiveInfinity, double.NegativeInfinity])]),
        Special(SpecialFunctionOps.BesselI1Scaled, static x => x.BesselI1Scaled(), static v => Math.Exp(-Math.Abs(v)) * SpecialReferences.BesselI(1, v), Kinds.Wide, [.. Samples.Real(-4, 4), NaNAndZeros, At("far", -30, 20), Exactly("beyond the finite numbers", static x => x.BesselI1Scaled(), [double.PositiveInfinity, double.NegativeInfinity], [0, 0])]),
        new("Sinc", static x => x[0].Sinc(), static x => x[0].Map(static v => v == 0 ? 1 : Math.Sin(Math.PI * v) / (Math.PI * v)))
        {
            DTypes = Kinds.Floats,
            Scale = 1,
            Samples = [.. Samples.Real(-3, 3), new("about zero and where the series ends", NArray.Vector(0, 1e-9, -0.01, 0.317, 0.3185))],
        },
    ];

    // LibTorch lacks I₁ of bfloat16.
    private static DType[] NoI1 => [DType.BFloat16];

    private static OpRow Special(Op op, Func<Tensor, Tensor> call, Func<double, double> expect, DType[] dtypes, Sample[] samples, DType[]? noGradientFor = null, double scale = 0) =>
        new(op, x => call(x[0]), x => x[0].Map(expect)) { DTypes = dtypes, Samples = samples, NoGradientFor = noGradientFor ?? [], Ulps = Summed, Scale = scale };

    private static Sample Exactly(string name, Func<Tensor, Tensor> call, double[] points, double[] values) =>
        At(name, points).With(x => call(x[0]), _ => NArray.Vector(values));

    // Poles, what is no series that converges, and limits: of (k + q)⁻ˣ for growing x only a term with k + q up to 1 is left, for growing q none.
    private static Sample ZetaLimits => (new Sample("limits",
        NArray.Vector(double.NaN, 2, double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity, 2, 1.5, 1e20, 1, 0.5, 0, 3, double.NegativeInfinity),
        NArray.Vector(2, double.NaN, 2, 1, 0.5, double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity, 2, 3, 3, 2, 0, 2)) { For = Kinds.Wide, Smooth = false }).With(
        static x => x[0].Zeta(x[1]),
        static _ => NArray.Vector(double.NaN, double.NaN, 0, 1, double.PositiveInfinity, 0, 0, 0, 0, double.PositiveInfinity, double.NaN, double.NaN, double.PositiveInfinity, double.NaN));

    private static Sample GammaLimits(params double[] values) =>
        new("limits", NArray.Vector(2, 2, 2, double.NaN), NArray.Vector(double.PositiveInfinity, 0, double.NaN, 1)) { Smooth = false, For = Kinds.Wide, Expect = _ => [NArray.Vector(values)] };

    private static double Log1p(double x)
    {
        double sum = 1 + x;
        return sum == 1 ? x : double.IsInfinity(sum) || sum <= 0 || double.IsNaN(sum) ? Math.Log(sum) : x * Math.Log(sum) / (sum - 1);
    }
}
