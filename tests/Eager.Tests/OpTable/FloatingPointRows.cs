using static Eager.Tests.OpTable.RowForms;

namespace Eager.Tests.OpTable;

internal static class FloatingPointRows
{
    internal static readonly OpRow[] All =
    [
        new(FloatingPointOps.NextAfter, "NextAfter", static (x, _) => [x[0].NextAfter(x[1])], static x => [x[0]])
        {
            DTypes = Kinds.NoHalf,
            Ulps = 0,
            Samples =
            [
                Steps(DType.Float64, Math.BitIncrement, Math.BitDecrement), Steps(DType.Float32, Step32(MathF.BitIncrement), Step32(MathF.BitDecrement)),
                Steps(DType.BFloat16, Step16(1), Step16(-1)),
                new("column and row", Samples.Spread(1, -2, 2, 3, 1), Samples.Spread(2, -2, 2, 4))
                {
                    For = [DType.Float64],
                    Smooth = false,
                    Expect = static x => [x[0].Zip(x[1], static (a, b) => b > a ? Math.BitIncrement(a) : Math.BitDecrement(a))],
                },
            ],
        },
        Binary(FloatingPointOps.CopySign, static (a, b) => a.CopySign(b), Math.CopySign, Kinds.Floats, [.. Samples.RealPair(-3, 3, -3, 3), Samples.SpecialPair]),
        Unary(FloatingPointOps.SignBit, static x => x.SignBit(), static v => double.IsNegative(v) ? 1 : 0, Kinds.Real, [.. Samples.Real(-3, 3), Samples.Special, .. Samples.Integers, .. Samples.Bools], static _ => DType.Bool),
        new("Frac", static x => x[0].Frac(), static x => x[0].Map(static v => v - Math.Truncate(v))) { DTypes = Kinds.NoHalf, Ulps = 0, Samples = [.. Samples.Real(-3.3, 2.9)] },
        new(FloatingPointOps.Frexp, "Frexp", static (x, _) => Pair(x[0].Frexp()), static x => [x[0].Map(static v => Split(v).Mantissa), x[0].Map(static v => Split(v).Exponent).As(DType.Int32)])
        {
            DTypes = Kinds.Floats,
            Ulps = 0,
            Samples = [.. Samples.Real(-30, 30), new("zeros and small numbers", NArray.Vector(0, -0.0, 1, -1, 0.5, 1e-5, 6e4)) { Smooth = false }],
        },
        new("Ldexp", static x => x[0].Ldexp(x[1]), static x => x[0].Zip(x[1], static (v, e) => Math.ScaleB(v, (int)e)))
        {
            DTypes = Kinds.Floats,
            Ulps = Tolerances.Rounded,
            Samples =
            [
                new("matrix", Samples.Spread(1, -3, 3, 3, 4), Samples.Whole(1, -5, 5, 3, 4).As(DType.Int32)),
                new("row", Samples.Spread(1, -3, 3, 3, 1), Samples.Whole(2, -5, 5, 4).As(DType.Int64)),
                new("of which the power alone overflows", NArray.Vector(1e-30, 1e30), NArray.Vector(200, -200).As(DType.Int32)) { For = Kinds.Wide, Smooth = false },
                new("empty", NArray.Empty(0, 3), new NArray([1, 2, 3], [3], DType.Int32)),
            ],
            Refusals = [Refusal.Of<DTypeMismatchException>("fractional exponents", static () => Tensor.From(1f).Ldexp(Tensor.From(2f)), "Ldexp", "float32", "Cast")],
        },
        new(FloatingPointOps.NanToNum, "NanToNum", static (x, _) => [x[0].NanToNum(1, 100, -100)], static x => [x[0].Map(static v => double.IsNaN(v) ? 1 : double.IsInfinity(v) ? 100 * Math.Sign(v) : v)])
        {
            DTypes = Kinds.Floats,
            Ulps = 0,
            Samples =
            [
                .. Samples.Real(-3, 3), Samples.Special,
                new("largest numbers", NArray.Vector(double.NaN, double.PositiveInfinity, double.NegativeInfinity)) { Smooth = false, For = Kinds.Wide[..1], Call = static (x, _) => [x[0].NanToNum()], Expect = static _ => [NArray.Vector(0, float.MaxValue, float.MinValue)] },
            ],
        },
        new("IsPositiveInfinity", static x => x[0].IsPositiveInfinity(), static x => x[0].Map(static v => double.IsPositiveInfinity(v) ? 1 : 0)) { DTypes = Kinds.Real, OutputDType = static _ => DType.Bool, Samples = Anything },
        new("IsNegativeInfinity", static x => x[0].IsNegativeInfinity(), static x => x[0].Map(static v => double.IsNegativeInfinity(v) ? 1 : 0)) { DTypes = Kinds.Real, OutputDType = static _ => DType.Bool, Samples = Anything },
        new("IsClose", static x => x[0].IsClose(x[1], 0.5, 0.25), static x => x[0].Zip(x[1], static (a, b) => a == b || double.IsFinite(a) && Math.Abs(a - b) <= 0.25 + 0.5 * Math.Abs(b) && double.IsFinite(b) ? 1 : 0))
        {
            DTypes = Kinds.Real,
            OutputDType = static _ => DType.Bool,
            Samples = [.. Samples.RealPair(-3, 3, -3, 3), Samples.SpecialPair, .. Samples.IntegerPair, .. Samples.BoolPair],
            Refusals =
            [
                Refusal.Of<InvalidArgumentException>("a negative tolerance", static () => Tensor.From(1f).IsClose(Tensor.From(1f), -1), "IsClose", "-1"),
                Refusal.Of<DTypeMismatchException>("two dtypes", static () => Tensor.From(1f).IsClose(Tensor.From(1.0)), "IsClose", "float32", "float64", "Cast"),
            ],
        },
    ];

    private static Sample[] Anything => [.. Samples.Real(-3, 3), Samples.Special, .. Samples.Integers, .. Samples.Bools];

    private static Tensor[] Pair((Tensor Mantissa, Tensor Exponent) parts) => [parts.Mantissa, parts.Exponent];

    private static (double Mantissa, int Exponent) Split(double v)
    {
        if (v == 0) return (v, 0);
        int exponent = (int)Math.Floor(Math.Log2(Math.Abs(v))) + 1;
        return (Math.ScaleB(v, -exponent), exponent);
    }

    // Up and down from 1, from zeros into the subnormal numbers and back, out of the largest number, and from a number to itself.
    private static Sample Steps(DType dtype, Func<double, double> up, Func<double, double> down)
    {
        double largest = dtype.Max().ToDouble(), smallest = dtype.SmallestSubnormal();
        return new($"neighbours in {dtype.Name()}",
            NArray.Vector(1, 1, 0, -0.0, smallest, largest, 2, double.NaN),
            NArray.Vector(2, 0, 1, -1, 0, double.PositiveInfinity, 2, 1))
        {
            For = [dtype],
            Smooth = false,
            Expect = _ => [NArray.Vector(up(1), down(1), smallest, -smallest, 0, double.PositiveInfinity, 2, double.NaN)],
        };
    }

    private static Func<double, double> Step32(Func<float, float> step) => v => step((float)v);

    private static Func<double, double> Step16(int direction) => v => (float)new BFloat16((ushort)(((BFloat16)(float)v).Bits + direction));
}
