using static Eager.Tests.OpTable.RowForms;

namespace Eager.Tests.OpTable;

internal static class ComparisonRows
{
    private static readonly DType[] Integral = [DType.Bool, .. Kinds.Integers];

    internal static readonly OpRow[] All =
    [
        Comparison(ComparisonOps.Equal, static (a, b) => a.Equal(b), static (a, b) => a == b),
        Comparison(ComparisonOps.NotEqual, static (a, b) => a.NotEqual(b), static (a, b) => a != b),
        Comparison(ComparisonOps.Less, static (a, b) => a < b, static (a, b) => a < b),
        Comparison(ComparisonOps.LessEqual, static (a, b) => a <= b, static (a, b) => a <= b),
        Comparison(ComparisonOps.Greater, static (a, b) => a > b, static (a, b) => a > b),
        Comparison(ComparisonOps.GreaterEqual, static (a, b) => a >= b, static (a, b) => a >= b),
        Binary(ComparisonOps.And, static (a, b) => a & b, static (a, b) => (long)a & (long)b, Integral, [.. Samples.IntegerPair, .. Samples.BoolPair]),
        Binary(ComparisonOps.Or, static (a, b) => a | b, static (a, b) => (long)a | (long)b, Integral, [.. Samples.IntegerPair, .. Samples.BoolPair]),
        Binary(ComparisonOps.Xor, static (a, b) => a ^ b, static (a, b) => (long)a ^ (long)b, Integral, [.. Samples.IntegerPair, .. Samples.BoolPair]),
        Unary(ComparisonOps.Not, static x => ~x, static v => ~(long)v, Integral,
        [
            .. Samples.Integers[1..],
            new("bytes", NArray.Vector(0, 1, 255)) { For = [DType.UInt8], Expect = static x => [x[0].Map(static v => 255 - v)] },
            new("truth values", Samples.Truths(1, 3, 4)) { For = Kinds.Bools, Expect = static x => [x[0].Map(static v => 1 - v)] },
        ]),
        Binary(ComparisonOps.ShiftLeft, static (a, b) => a << b, static (a, b) => (long)a << (int)b, Kinds.Integers, [Samples.IntegerPair[0], Samples.IntegerPair[2], Shifted]),
        Binary(ComparisonOps.ShiftRight, static (a, b) => a >> b, static (a, b) => (long)a >> (int)b, Kinds.Integers, [Samples.IntegerPair[0], Samples.IntegerPair[2], Shifted]),
        Comparison(ComparisonOps.LogicalAnd, static (a, b) => a.LogicalAnd(b), static (a, b) => a != 0 && b != 0),
        Comparison(ComparisonOps.LogicalOr, static (a, b) => a.LogicalOr(b), static (a, b) => a != 0 || b != 0),
        Comparison(ComparisonOps.LogicalXor, static (a, b) => a.LogicalXor(b), static (a, b) => (a != 0) != (b != 0)),
        Unary(ComparisonOps.LogicalNot, static x => x.LogicalNot(), static v => v == 0 ? 1 : 0, Kinds.Real, [.. Samples.Real(-2, 2), Samples.Special, .. Samples.Integers, .. Samples.Bools], static _ => DType.Bool),
        new(ComparisonOps.Where, static x => x[0].Where(x[1], x[2]), Choose)
        {
            DTypes = Kinds.Real,
            Ulps = 0,
            Samples =
            [
                new("equal shapes", Samples.Truths(1, 3, 4), Samples.Spread(1, -2, 2, 3, 4), Samples.Spread(2, -2, 2, 3, 4)),
                new("three shapes", Samples.Truths(2, 3, 1, 4), Samples.Spread(3, -2, 2, 2, 1), Samples.Spread(4, -2, 2)),
                new("empty", Samples.Truths(3, 1), NArray.Empty(0, 3), Samples.Spread(5, -2, 2, 3)),
                new("not chosen", new NArray([1, 0], [2], DType.Bool), NArray.Vector(1, double.NaN), NArray.Vector(double.NaN, 2)) { Smooth = false },
                new("special", new NArray([1, 0, 1, 0], [4], DType.Bool), NArray.Vector(double.PositiveInfinity, 1, double.NaN, -0.0), NArray.Vector(2, double.NegativeInfinity, 1, 0)) { Smooth = false },
                new("whole numbers", Samples.Truths(4, 3, 4), Samples.Whole(1, 1, 9, 3, 4), Samples.Whole(2, 1, 9, 4)) { For = Kinds.Integers },
                new("truth values", Samples.Truths(5, 3, 4), Samples.Truths(6, 3, 4), Samples.Truths(7, 4)) { For = Kinds.Bools },
            ],
            Refusals =
            [
                Refusal.Of<DTypeMismatchException>("a condition of numbers", static () => Tensor.From(1f).Where(Tensor.From(1f), Tensor.From(2f)), "Where", "float32", "bool"),
                Refusal.Of<DTypeMismatchException>("choices of two dtypes", static () => Tensor.From(true).Where(Tensor.From(1f), Tensor.From(2.0)), "Where", "float32", "float64", "Cast"),
            ],
        },
    ];

    private static Sample Shifted => new("negative numbers by none and by all bits but one", NArray.Matrix(3, -5, 0, 3), NArray.Vector(0, 1, 7)) { For = Kinds.Signed };

    private static NArray Choose(NArray[] x) =>
        NArray.Build(NArray.BroadcastSizes(x), i => x[0].Stretched(i) != 0 ? x[1].Stretched(i) : x[2].Stretched(i));
}
