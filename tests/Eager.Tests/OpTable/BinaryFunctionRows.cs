using static Eager.Tests.OpTable.RowForms;

namespace Eager.Tests.OpTable;

internal static class BinaryFunctionRows
{
    private static readonly Sample[] Anywhere = [.. Samples.RealPair(-3, 3, -3, 3), Samples.SpecialPair];

    internal static readonly OpRow[] All =
    [
        Binary(BinaryFunctionOps.Atan2, static (y, x) => y.Atan2(x), Math.Atan2, Kinds.NoHalf, Anywhere, Tolerances.Function),
        Binary(BinaryFunctionOps.Hypot, static (a, b) => a.Hypot(b), Hypot, Kinds.NoHalf,
            [.. Anywhere, new("whose squares overflow or vanish", NArray.Vector(3e30, 3e-30), NArray.Vector(4e30, 4e-30)) { Smooth = false, For = Kinds.NoHalf }], Tolerances.Function),
        new(BinaryFunctionOps.LogAddExp, static x => x[0].LogAddExp(x[1]), static x => x[0].Zip(x[1], static (a, b) => LogAdd(a, b, Math.E)))
        {
            DTypes = Kinds.NoHalf,
            Scale = 1,
            Samples = [.. Anywhere, new("far", NArray.Vector(1000, -1000, 1000), NArray.Vector(1000, -1000, -1000)) { For = Kinds.Wide, Smooth = false }],
        },
        new(BinaryFunctionOps.LogAddExp2, static x => x[0].LogAddExp2(x[1]), static x => x[0].Zip(x[1], static (a, b) => LogAdd(a, b, 2)))
        {
            DTypes = Kinds.NoHalf,
            Scale = 1,
            Samples = [.. Anywhere, new("far", NArray.Vector(3000, -3000, 3000), NArray.Vector(3000, -3000, -3000)) { For = Kinds.Wide, Smooth = false }],
        },
        new(BinaryFunctionOps.Fmod, static x => x[0].Fmod(x[1]), static x => x[0].Zip(x[1], static (a, b) => a % b))
        {
            DTypes = Kinds.Numbers,
            NoGradientFor = [DType.Float16],  // truncation lacks it
            Scale = 3,
            Samples = [.. Samples.RealPair(-3, 3, 0.5, 2), Samples.SpecialPair, .. Samples.RealPair(-3, 3, -2, -0.5).Take(1).Select(static s => s with { Name = "negative divisor" }), .. Samples.IntegerPair],
            Refusals =
            [
                Refusal.Of<InvalidArgumentException>("division by zero", static () => Tensor.From(1, 2).Fmod(0), "Fmod", "divided by zero"),
                Refusal.Of<InvalidArgumentException>("overflow of int64", static () => Tensor.From(long.MinValue, 3).Fmod(-1), "Fmod", "-9223372036854775808 divided by -1"),
                Refusal.Of<InvalidArgumentException>("overflow of int32", static () => Tensor.From(int.MinValue).Fmod(Tensor.From(2, -1)), "Fmod", "-2147483648 divided by -1"),
                Refusal.Of<DTypeMismatchException>("a fraction of integers", static () => Tensor.From(1, 2).Fmod(0.5), "Fmod", "0.5", "int32"),
            ],
        },
        Binary(BinaryFunctionOps.FMax, static (a, b) => a.FMax(b), static (a, b) => double.IsNaN(a) ? b : double.IsNaN(b) ? a : Math.Max(a, b), Kinds.Real, [.. Anywhere, .. Samples.IntegerPair, .. Samples.BoolPair]),
        Binary(BinaryFunctionOps.FMin, static (a, b) => a.FMin(b), static (a, b) => double.IsNaN(a) ? b : double.IsNaN(b) ? a : Math.Min(a, b), Kinds.Real, [.. Anywhere, .. Samples.IntegerPair, .. Samples.BoolPair]),
        new(BinaryFunctionOps.Heaviside, static x => x[0].Heaviside(x[1]), static x => x[0].Zip(x[1], static (x, atZero) => x < 0 ? 0 : x == 0 ? atZero : double.IsNaN(x) ? x : 1))
        {
            DTypes = Kinds.Real,
            Ulps = 0,
            Batch = "equal shapes",
            Samples =
            [
                // The steps are of a fixed dtype, so that only the values at 0 are differentiated.
                new("zeros among others", new NArray([-2, 0, 3, 0], [4], DType.Float64), Samples.Spread(1, -1, 1, 3, 4)) { For = [DType.Float64] },
                .. Samples.RealPair(-3, 3, -3, 3).Select(static s => s with { Smooth = false }), Samples.SpecialPair, .. Samples.IntegerPair, .. Samples.BoolPair,
            ],
        },
        new(BinaryFunctionOps.Lerp, static x => x[0].Lerp(x[1], x[2]), static x => x[0].Zip(x[1], static (a, b) => b).Zip(x[2], static (b, _) => b) is var ends ? NArray.Build(ends.Sizes, i => x[0].Stretched(i) + x[2].Stretched(i) * (x[1].Stretched(i) - x[0].Stretched(i))) : null!)
        {
            DTypes = Kinds.NoHalf,
            Scale = 3,
            Samples =
            [
                new("equal shapes", Samples.Spread(1, -2, 2, 3, 4), Samples.Spread(2, -2, 2, 3, 4), Samples.Spread(3, -1, 2, 3, 4)),
                new("three shapes", Samples.Spread(1, -2, 2, 3, 1), Samples.Spread(2, -2, 2, 4), Samples.Spread(3, 0, 1)),
                new("empty", NArray.Empty(0, 3), Samples.Spread(2, -2, 2, 3), Samples.Spread(3, 0, 1)),
                // Weights below a half, for which LibTorch's formula is that of the reference also beyond the finite numbers.
                new("special", NArray.Vector(double.NaN, 1, 1, double.PositiveInfinity, 0), NArray.Vector(1, double.NaN, double.PositiveInfinity, 1, 0), NArray.Vector(0.25, 0.25, 0.25, 0.25, 0)) { Smooth = false },
            ],
        },
        new("Remainder", static x => x[0].Remainder(x[1]), static x => x[0].Zip(x[1], static (a, b) => a - b * Math.Floor(a / b)))
        {
            DTypes = Kinds.Numbers,
            Scale = 3,
            Samples = [.. Samples.RealPair(-3, 3, 0.5, 2), .. Samples.IntegerPair],
        },
        new(BinaryFunctionOps.Gcd, static x => x[0].Gcd(x[1]), static x => x[0].Zip(x[1], Gcd)) { DTypes = Kinds.Integers, Samples = [.. Divisible], Refusals = Lowest("Gcd", static (a, b) => a.Gcd(b)) },
        new(BinaryFunctionOps.Lcm, static x => x[0].Lcm(x[1]), static x => x[0].Zip(x[1], static (a, b) => a == 0 || b == 0 ? 0 : Math.Abs(a * b) / Gcd(a, b))) { DTypes = Kinds.Integers, Samples = [.. Divisible], Refusals = Lowest("Lcm", static (a, b) => a.Lcm(b)) },
    ];

    private static Sample[] Divisible =>
    [
        .. Samples.IntegerPair,
        new("common factors and zeros", NArray.Vector(12, 0, 18, 0, 7), NArray.Vector(8, 5, 12, 0, 0)) { For = Kinds.Integers },
    ];

    private static double Hypot(double a, double b)
    {
        if (double.IsInfinity(a) || double.IsInfinity(b)) return double.PositiveInfinity;
        double largest = Math.Max(Math.Abs(a), Math.Abs(b));
        return largest == 0 || double.IsNaN(largest) ? largest : largest * Math.Sqrt(a / largest * (a / largest) + b / largest * (b / largest));
    }

    private static double LogAdd(double a, double b, double radix)
    {
        if (a == b && double.IsInfinity(a)) return a;
        return Math.Max(a, b) + Math.Log(1 + Math.Pow(radix, -Math.Abs(a - b)), radix);
    }

    private static double Gcd(double a, double b) => b == 0 ? Math.Abs(a) : Gcd(b, a % b);

    // The processor answers these with a signal that ends the process, or LibTorch with a negative number.
    private static Refusal[] Lowest(string op, Func<Tensor, Tensor, Tensor> call) =>
    [
        Refusal.Of<InvalidArgumentException>("the lowest int64", () => call(Tensor.From(long.MinValue), Tensor.From(7L)), op, "-9223372036854775808"),
        Refusal.Of<InvalidArgumentException>("the lowest int32", () => call(Tensor.From(7), Tensor.From(int.MinValue)), op, "-2147483648"),
        Refusal.Of<DTypeMismatchException>("fractions", () => call(Tensor.From(7f), Tensor.From(1f)), op, "float32"),
    ];
}
