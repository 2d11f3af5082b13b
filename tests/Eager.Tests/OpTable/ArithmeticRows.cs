using static Eager.Tests.OpTable.RowForms;

namespace Eager.Tests.OpTable;

internal static class ArithmeticRows
{
    private static readonly Sample[] Anywhere = [.. Samples.RealPair(-3, 3, -3, 3), Samples.SpecialPair, .. Samples.IntegerPair];

    internal static readonly OpRow[] All =
    [
        new(ArithmeticOps.Add, static x => x[0] + x[1], static x => x[0].Zip(x[1], static (a, b) => a + b))
        {
            DTypes = Kinds.Real,
            Ulps = Tolerances.Rounded,
            Samples = [.. Anywhere, .. LogicalOr],
            Refusals =
            [
                Refusal.Of<DTypeMismatchException>("a fraction meets integers", static () => _ = Tensor.From(1, 2) + 0.5, "Add", "0.5", "int32", "Cast"),
                Refusal.Of<DTypeMismatchException>("a number meets bools", static () => _ = Tensor.From(true) + 1, "Add", "bool", "Cast"),
            ],
        },
        Binary(ArithmeticOps.Subtract, static (a, b) => a - b, static (a, b) => a - b, Kinds.Numbers, Anywhere),
        new(ArithmeticOps.Multiply, static x => x[0] * x[1], static x => x[0].Zip(x[1], static (a, b) => a * b))
        {
            DTypes = Kinds.Real,
            Ulps = Tolerances.Rounded,
            Samples = [.. Anywhere, .. Samples.BoolPair],
        },
        new(ArithmeticOps.Divide, static x => x[0] / x[1], static x => x[0].Zip(x[1], static (a, b) => a / b))
        {
            DTypes = [.. Kinds.Floats, .. Kinds.Integers, DType.Bool],
            OutputDType = static dtype => dtype == DType.Bool ? DType.Float32 : dtype,
            Ulps = Tolerances.Rounded,
            Samples =
            [
                .. Samples.RealPair(-3, 3, 0.5, 2), Samples.SpecialPair, .. Samples.BoolPair,
                .. Samples.IntegerPair.Select(static s => s with { Expect = static x => [x[0].Zip(x[1], static (a, b) => Math.Floor(a / b))] }),
            ],
        },
        new(ArithmeticOps.FloorDivide, static x => x[0].FloorDivide(x[1]), static x => x[0].Zip(x[1], static (a, b) => Math.Floor(a / b)))
        {
            DTypes = Kinds.Numbers,
            Ulps = Tolerances.Rounded,
            Samples = [.. Samples.RealPair(-3, 3, 0.5, 2), .. Samples.IntegerPair, Samples.SpecialPair with { Expect = static x => [x[0].Zip(x[1], FloorDivide)] }],
            Refusals =
            [
                .. EndOfProcess("FloorDivide", static (a, b) => a.FloorDivide(b)),
                .. EndOfProcess("FloorDivide", static (a, b) => a / b),
            ],
        },
        new(ArithmeticOps.FloorMod, static x => x[0] % x[1], static x => x[0].Zip(x[1], static (a, b) => a - b * Math.Floor(a / b)))
        {
            DTypes = Kinds.Numbers,
            Scale = 3,
            Samples = [.. Samples.RealPair(-3, 3, 0.5, 2), .. Samples.RealPair(-3, 3, -2, -0.5).Take(1).Select(static s => s with { Name = "negative divisor" }), .. Samples.IntegerPair, Samples.SpecialPair with { Expect = static x => [x[0].Zip(x[1], FloorMod)] }],
            Refusals = EndOfProcess("FloorMod", static (a, b) => a % b),
        },
        Unary(ArithmeticOps.Negate, static x => -x, static v => -v, Kinds.Numbers, [.. Samples.Real(-3, 3), Samples.Special, .. Samples.Integers[1..]]),
        new(ArithmeticOps.Pow, static x => x[0].Pow(x[1]), static x => x[0].Zip(x[1], Math.Pow))
        {
            DTypes = Kinds.Numbers,
            NoGradientFor = [DType.Float16],
            Samples = [.. Samples.RealPair(0.3, 3, -2, 2), Samples.SpecialPair, new("powers of whole numbers", Samples.Whole(1, 1, 5, 2, 3), Samples.Whole(2, 1, 3, 3)) { For = Kinds.Integers }],
        },
        Binary(ArithmeticOps.Maximum, static (a, b) => a.Maximum(b), Math.Max, Kinds.Real, [.. Anywhere, .. Samples.BoolPair]),
        Binary(ArithmeticOps.Minimum, static (a, b) => a.Minimum(b), Math.Min, Kinds.Real, [.. Anywhere, .. Samples.BoolPair]),
    ];

    private static Sample[] LogicalOr =>
        [.. Samples.BoolPair.Select(static s => s with { Expect = static x => [x[0].Zip(x[1], Math.Max)] })];

    // The processor answers these with a signal that ends the process.
    private static Refusal[] EndOfProcess(string op, Func<Tensor, Tensor, Tensor> divide) =>
    [
        Refusal.Of<InvalidArgumentException>("division by zero", () => divide(Tensor.From(1, 2), Tensor.From(1, 0)), op, "divided by zero"),
        Refusal.Of<InvalidArgumentException>("division by zero, broadcast", () => divide(Tensor.From<byte>(1, 2), Tensor.From((byte)0)), op, "divided by zero"),
        Refusal.Of<InvalidArgumentException>("overflow of int64", () => divide(Tensor.From(long.MinValue, 3), Tensor.From(-1L)), op, "-9223372036854775808 divided by -1"),
        Refusal.Of<InvalidArgumentException>("overflow of int32", () => divide(Tensor.From(int.MinValue), Tensor.From(2, -1)), op, "-2147483648 divided by -1"),
    ];

    // What ⌊a/b⌋ is beyond the finite numbers, as CPython's float_floor_div says it; C#'s % is C's fmod.
    private static double FloorDivide(double a, double b)
    {
        if (b == 0) return a / b;
        double rest = a % b, quotient = (a - rest) / b;
        if (rest != 0 && rest < 0 != b < 0) quotient--;
        if (quotient == 0) return Math.CopySign(0, a / b);
        double floor = Math.Floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    // CPython's float_rem, which is NaN for a divisor of zero instead of an error.
    private static double FloorMod(double a, double b)
    {
        double rest = a % b;
        return rest != 0 && rest < 0 != b < 0 ? rest + b : rest;
    }
}
