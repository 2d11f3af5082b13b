namespace Eager.Tests.OpTable;

internal static class CumulativeRows
{
    private static readonly DType[] NoHalf = [DType.Bool, .. Kinds.Integers, .. Kinds.NoHalf];

    internal static readonly OpRow[] All =
    [
        Running(CumulativeOps.CumSum, static (x, axis) => x.CumSum(axis), static (a, b) => a + b, NoHalf, static d => d.IsFloatingPoint() ? d : DType.Int64),
        Running(CumulativeOps.CumProd, static (x, axis) => x.CumProd(axis), static (a, b) => a * b, NoHalf, static d => d.IsFloatingPoint() ? d : DType.Int64,
            new("one zero", NArray.Matrix(2, 2, 0, 3, -1.5, 0.5, 2, 0, 1)), new("zeros", NArray.Matrix(2, 2, 0, 3, 0, 0, 0, 4, 1)), new("a long line", Samples.Spread(5, 0.5, 1.5, 1, 7))),
        Running(CumulativeOps.LogCumSumExp, static (x, axis) => x.LogCumSumExp(axis), static (a, b) => Math.Max(a, b) + Math.Log(1 + Math.Exp(-Math.Abs(a - b))), Kinds.NoHalf, static d => d,
            new("far apart", NArray.Matrix(2, 1000, -1000, 999, 1001, -800, 800, -800, 0)) { For = Kinds.Wide, Smooth = false },
            new("apart", NArray.Matrix(2, 20, -20, 19, 21, -16, 16, -16, 0)) { For = [DType.Float64] },
            new("a long line", Samples.Spread(5, -3, 3, 1, 7))),
        Extreme(CumulativeOps.CumMax, static (x, axis) => x.CumMax(axis), static (now, best) => now >= best),
        Extreme(CumulativeOps.CumMin, static (x, axis) => x.CumMin(axis), static (now, best) => now <= best),
        new("Diff", static x => x[0].Diff(), static x => Differences(x[0]))
        {
            DTypes = Kinds.Real,
            Ulps = Tolerances.Rounded,
            Samples =
            [
                new("rows", Samples.Spread(1, -2, 2, 3, 4)),
                new("whole numbers", Samples.Whole(2, 1, 9, 3, 4)) { For = Kinds.Integers },
                new("truth values", Samples.Truths(3, 3, 4)) { For = Kinds.Bools, Expect = static x => [Differences(x[0]).Map(Math.Abs)] },
                new("no rows", NArray.Empty(0, 3)),
                new Sample("no places", NArray.Empty(3, 0)).With(static x => x[0].Diff(), static x => x[0]),
                // Rounded twice, of numbers up to 2: the second difference of float16 and bfloat16 is left out.
                new Sample("twice along columns", Samples.Spread(3, -2, 2, 4, 2)) { For = [DType.Float64] }.With(static x => x[0].Diff(2, 0), static x => Differences(Differences(x[0].Transposed())).Transposed()),
            ],
            Scale = 4,
            Refusals =
            [
                Refusal.Of<InvalidArgumentException>("a negative order", static () => Tensor.Zeros([2]).Diff(-1), "Diff", "-1"),
                Refusal.Of<ShapeMismatchException>("no such axis", static () => Tensor.Zeros([2]).Diff(1, 1), "Diff", "axis 1", "[2]"),
            ],
        },
    ];

    private static OpRow Running(Op op, Func<Tensor, int, Tensor> call, Func<double, double, double> step, DType[] dtypes, Func<DType, DType> output, params Sample[] more) =>
        new(op, x => call(x[0], 1), x => x[0].AlongAxis(1, line => Run(line, step)))
        {
            DTypes = dtypes,
            OutputDType = output,
            Scale = 10,  // sums of numbers up to 3 may cancel
            Samples =
            [
                .. ReductionRows.Shapes(dtypes, 3, 4),
                new("no lines", NArray.Empty(0, 3)),
                new("empty lines", NArray.Empty(3, 0)),
                new Sample("columns", Samples.Spread(4, -3, 3, 4, 2)).With(x => call(x[0], -2), x => x[0].AlongAxis(0, line => Run(line, step))),
                .. more,
            ],
            Refusals = [Refusal.Of<ShapeMismatchException>("no such axis", () => call(Tensor.Zeros([2, 3]), 2), op.Name, "axis 2", "[2, 3]")],
        };

    private static OpRow Extreme(Op op, Func<Tensor, int, (Tensor, Tensor)> call, Func<double, double, bool> wins) =>
        new(op, op.Name, (x, _) => SortingRows.Pair(call(x[0], 1)), x => Best(x[0], 1, wins))
        {
            DTypes = NoHalf,
            Ulps = 0,
            Samples =
            [
                .. ReductionRows.Shapes(NoHalf, 3, 4),
                new("no lines", NArray.Empty(0, 3)),
                new("ties", NArray.Matrix(2, 1, 3, 3, 2, 2, 1, 1, 2)) { Smooth = false, For = [.. Kinds.Integers, .. Kinds.NoHalf] },
                new("columns", Samples.Spread(4, -3, 3, 4, 2)) { Call = (x, _) => SortingRows.Pair(call(x[0], -2)), Expect = x => Best(x[0], 0, wins) },
            ],
            Refusals = [Refusal.Of<ShapeMismatchException>("no such axis", () => call(Tensor.Zeros([2, 3]), 2), op.Name, "axis 2", "[2, 3]")],
        };

    private static double[] Run(double[] line, Func<double, double, double> step)
    {
        var run = new double[line.Length];
        for (int i = 0; i < run.Length; i++) run[i] = i == 0 ? line[0] : step(run[i - 1], line[i]);
        return run;
    }

    private static NArray[] Best(NArray x, int axis, Func<double, double, bool> wins)
    {
        NArray places = x.AlongAxis(axis, line =>
        {
            var best = new double[line.Length];
            for (int i = 1; i < best.Length; i++) best[i] = wins(line[i], line[(int)best[i - 1]]) ? i : best[i - 1];
            return best;
        });
        return [NArray.Build(x.Sizes, i => x[NArray.Replaced(i, axis, (int)places[i])]), places.As(DType.Int64)];
    }

    private static NArray Differences(NArray x) =>
        NArray.Build(NArray.Replaced(x.Sizes, 1, x.Sizes[1] - 1), i => x[[i[0], i[1] + 1]] - x[i]);
}
