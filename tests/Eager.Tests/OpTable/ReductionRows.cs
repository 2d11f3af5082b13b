namespace Eager.Tests.OpTable;

internal static class ReductionRows
{
    internal delegate Tensor Reduction(Tensor x, int[]? axes, bool keepDims);

    internal static readonly OpRow[] All =
    [
        Reduce(ReductionOps.Sum, static (x, axes, keep) => axes is null ? x.Sum() : x.Sum(axes, keep), static line => line.Sum(), Kinds.Real, emptyLines: true,
            static d => d.IsFloatingPoint() ? d : DType.Int64),
        Reduce(ReductionOps.Mean, static (x, axes, keep) => axes is null ? x.Mean() : x.Mean(axes, keep), static line => line.Sum() / line.Length, Kinds.Floats, emptyLines: true),
        Reduce(ReductionOps.Prod, static (x, axes, keep) => axes is null ? x.Prod() : x.Prod(axes, keep), static line => line.Aggregate(1.0, static (a, b) => a * b), [DType.Bool, .. Kinds.Integers, .. Kinds.Wide], emptyLines: true,
            static d => d.IsFloatingPoint() ? d : DType.Int64,
            [new("zeros", NArray.Matrix(3, 0, 2, 3, 0, 0, 2, 1, 2, 3))]),
        Reduce(StatisticsOps.Variance, static (x, axes, keep) => x.Variance(axes, keepDims: keep), static line => Variance(line, 0), Kinds.Floats, emptyLines: false, more:
        [
            new("lines without elements", NArray.Empty(3, 0)) { Smooth = false },
            new Sample("corrected", Samples.Spread(5, -3, 3, 2, 3)).With(static x => x[0].Variance(1, correction: 1), static x => x[0].Reduce([1], keepDims: false, static line => Variance(line, 1))),
        ]),
        Reduce(StatisticsOps.StandardDeviation, static (x, axes, keep) => x.StandardDeviation(axes, keepDims: keep), static line => Math.Sqrt(Variance(line, 0)), Kinds.Floats, emptyLines: false, more:
        [
            new("lines without elements", NArray.Empty(3, 0)) { Smooth = false },
            new Sample("corrected", Samples.Spread(5, -3, 3, 2, 3)).With(static x => x[0].StandardDeviation(1, correction: 1), static x => x[0].Reduce([1], keepDims: false, static line => Math.Sqrt(Variance(line, 1)))),
        ]),
        Reduce(StatisticsOps.Norm, static (x, axes, keep) => x.Norm(axes, keepDims: keep), static line => Norm(line, 2), Kinds.Floats, emptyLines: true, more:
        [
            .. new[] { 0.5, 1, 1.5, 3, -1, -2.5 }.Select(static order => new Sample($"of order {order}", Samples.Spread(6, 0.5, 3, 2, 3)).With(x => x[0].Norm(1, order), x => x[0].Reduce([1], keepDims: false, line => Norm(line, order)))),
            new Sample("largest size", NArray.Matrix(2, 1, -3, 2, 3, 0.5, 0)).With(static x => x[0].Norm(-1, double.PositiveInfinity), static x => x[0].Reduce([1], keepDims: false, static line => line.Max(Math.Abs))),
            new Sample("smallest size", NArray.Matrix(2, 1, -3, 2, 3, 0.5, -0.25)).With(static x => x[0].Norm(-1, double.NegativeInfinity), static x => x[0].Reduce([1], keepDims: false, static line => line.Min(Math.Abs))),
            new Sample("of order -1 with a zero", NArray.Matrix(2, 1, -3, 2, 3, 0, 1)) { Smooth = false }.With(static x => x[0].Norm(-1, -1), static x => x[0].Reduce([1], keepDims: false, static line => Norm(line, -1))),
            new Sample("how many", NArray.Matrix(2, 1, -3, 0, 0, 0, 0)) { Smooth = false }.With(static x => x[0].Norm(-1, 0), static x => x[0].Reduce([1], keepDims: false, static line => line.Count(static v => v != 0))),
        ]),
        Reduce("CountNonZero", static (x, axes, keep) => x.CountNonZero(axes, keep), static line => line.Count(static v => v != 0), Kinds.Real, emptyLines: true, static _ => DType.Int64),
        Reduce(ReductionOps.Max, static (x, axes, keep) => axes is null ? x.Max() : x.Max(axes, keep), static line => line.Aggregate(Math.Max), Kinds.Real, emptyLines: false),
        Reduce(ReductionOps.Min, static (x, axes, keep) => axes is null ? x.Min() : x.Min(axes, keep), static line => line.Aggregate(Math.Min), Kinds.Real, emptyLines: false),
        OneAxis(ReductionOps.LogSumExp, static (x, axis, keep) => x.LogSumExp(axis, keep), LogSumExp, Kinds.NoHalf, static d => d,
            new Sample("large numbers", NArray.Matrix(2, 1000, 999, -1000, -1001, 0.5, -0.5)) { For = Kinds.Wide, Smooth = false }),
        OneAxis(ReductionOps.ArgMax, static (x, axis, keep) => x.ArgMax(axis, keep), static line => Array.IndexOf(line, line.Max()), [.. Kinds.Integers, .. Kinds.Floats], static _ => DType.Int64,
            new Sample("ties", NArray.Matrix(2, 1, 3, 3, 2, 2, 1)) { Smooth = false, For = Kinds.Numbers }),
        OneAxis(ReductionOps.ArgMin, static (x, axis, keep) => x.ArgMin(axis, keep), static line => Array.IndexOf(line, line.Min()), [.. Kinds.Integers, .. Kinds.Floats], static _ => DType.Int64,
            new Sample("ties", NArray.Matrix(2, 3, 1, 1, 2, 2, 1)) { Smooth = false, For = Kinds.Numbers }),
        Truth(ReductionOps.Any, static x => x.Any(), static (x, axis, keep) => x.Any(axis, keep), static line => line.Any(static v => v != 0) ? 1 : 0),
        Truth(ReductionOps.All, static x => x.All(), static (x, axis, keep) => x.All(axis, keep), static line => line.All(static v => v != 0) ? 1 : 0),
    ];

    internal static Sample[] Shapes(DType[] dtypes, params int[] sizes) =>
    [
        new("real numbers", Samples.Spread(1, -3, 3, sizes)) { For = Kinds.Floats },
        .. dtypes.Contains(DType.Int8) ? [new Sample("whole numbers", Samples.Whole(2, 1, 9, sizes)) { For = Kinds.Integers }] : Array.Empty<Sample>(),
        .. dtypes.Contains(DType.Bool) ? [new Sample("truth values", Samples.Truths(3, sizes)) { For = Kinds.Bools }] : Array.Empty<Sample>(),
    ];

    private static OpRow Reduce(Op op, Reduction call, Func<double[], double> line, DType[] dtypes, bool emptyLines, Func<DType, DType>? output = null, Sample[]? more = null) =>
        Reduce(op, op.Name, call, line, dtypes, emptyLines, output, more);

    internal static OpRow Reduce(string method, Reduction call, Func<double[], double> line, DType[] dtypes, bool emptyLines, Func<DType, DType>? output = null) =>
        Reduce(null, method, call, line, dtypes, emptyLines, output, null);

    private static OpRow Reduce(Op? op, string name, Reduction call, Func<double[], double> line, DType[] dtypes, bool emptyLines, Func<DType, DType>? output, Sample[]? more)
    {
        Sample Over(Sample sample, string name, int[] axes, bool keep) =>
            (sample with { Name = $"{name} of {sample.Name}" }).With(x => call(x[0], axes, keep), x => x[0].Reduce(axes, keep, line));
        return new(op, name, (x, _) => [call(x[0], null, keepDims: false)], x => [x[0].Reduce([], keepDims: false, line)])
        {
            DTypes = dtypes,
            OutputDType = output ?? (static d => d),
            Scale = 10,  // sums of numbers up to 3 may cancel
            Batch = "one axis of real numbers",
            Samples =
            [
                .. Shapes(dtypes, 3, 4),
                new("scalar", Samples.Spread(4, -3, 3)),
                .. Shapes(dtypes, 4, 3).Select(s => Over(s, "one axis", [-1], keep: false)),
                .. Shapes(dtypes, 2, 3, 2).Select(s => Over(s, "axis kept", [1], keep: true)),
                .. Shapes(dtypes, 2, 3, 2).Select(s => Over(s, "two axes", [0, -1], keep: false)),
                .. Shapes(dtypes, 2, 3, 2).Select(s => Over(s, "two axes kept", [2, 1], keep: true)),
                .. Shapes(dtypes, 2, 3).Select(s => (s with { Name = $"no axis of {s.Name}" }).With(x => call(x[0], [], keepDims: false), x => x[0].Map(v => line([v])))),
                Over(new("no lines", NArray.Empty(0, 3)), "one axis", [1], keep: false),
                .. emptyLines ? [Over(new("empty lines", NArray.Empty(3, 0)), "one axis", [1], keep: false)] : Array.Empty<Sample>(),
                .. (more ?? []).Select(s => s.Call is null ? Over(s, "one axis", [1], keep: false) : s),
                new("what is not a number", NArray.Vector(1, double.NaN, 2)) { Smooth = false },
                new("infinity", NArray.Vector(1, double.PositiveInfinity, -2)) { Smooth = false },
            ],
            Refusals = [Refusal.Of<ShapeMismatchException>("no such axis", () => call(Tensor.Zeros([2, 3]), [2], keepDims: false), name, "axis 2", "[2, 3]"),
                Refusal.Of<ShapeMismatchException>("an axis twice", () => call(Tensor.Zeros([2, 3]), [1, -1], keepDims: false), name, "[1, -1]", "twice")],
        };
    }

    internal static OpRow OneAxis(Op op, Func<Tensor, int, bool, Tensor> call, Func<double[], double> line, DType[] dtypes, Func<DType, DType> output, params Sample[] more) =>
        new(op, x => call(x[0], -1, false), x => x[0].Reduce([-1], keepDims: false, line))
        {
            DTypes = dtypes,
            OutputDType = output,
            Scale = 1,
            Samples =
            [
                .. Shapes(dtypes, 3, 4),
                new("no lines", NArray.Empty(0, 3)),
                .. more,
                .. Shapes(dtypes, 3, 2).Select(s => (s with { Name = $"axis kept of {s.Name}" }).With(x => call(x[0], 0, true), x => x[0].Reduce([0], keepDims: true, line))),
            ],
            Refusals = [Refusal.Of<ShapeMismatchException>("no such axis", () => call(Tensor.Zeros([2, 3]), -3, false), op.Name, "axis -3", "[2, 3]")],
        };

    private static OpRow Truth(Op op, Func<Tensor, Tensor> callAll, Func<Tensor, int, bool, Tensor> call, Func<double[], double> line) =>
        new(op, x => call(x[0], -1, false), x => x[0].Reduce([-1], keepDims: false, line))
        {
            DTypes = Kinds.Real,
            OutputDType = static _ => DType.Bool,
            Samples =
            [
                new("mixed rows", NArray.Matrix(3, 0, 0, 1, 0, 1, 1)) { For = Kinds.Real, Smooth = false },
                new("no lines", NArray.Empty(0, 2)) { For = Kinds.Real },
                new("empty lines", NArray.Empty(2, 0)) { For = Kinds.Real },
                new Sample("all of them", NArray.Matrix(2, 0, 0, 1, 0)) { For = Kinds.Real, Smooth = false }.With(x => callAll(x[0]), x => x[0].Reduce([], keepDims: false, line)),
                new Sample("axis kept", NArray.Matrix(2, 0, 1, 1, 1)) { For = Kinds.Real, Smooth = false }.With(x => call(x[0], 0, true), x => x[0].Reduce([0], keepDims: true, line)),
            ],
            Refusals = [Refusal.Of<ShapeMismatchException>("no such axis", () => call(Tensor.Zeros([2, 3]), 2, false), op.Name, "axis 2", "[2, 3]")],
        };

    private static double Variance(double[] line, int correction)
    {
        double mean = line.Sum() / line.Length;
        return line.Sum(v => (v - mean) * (v - mean)) / Math.Max(0, line.Length - correction);
    }

    private static double Norm(double[] line, double order) => Math.Pow(line.Sum(v => Math.Pow(Math.Abs(v), order)), 1 / order);

    private static double LogSumExp(double[] line)
    {
        double top = line.Max();
        return top + Math.Log(line.Sum(v => Math.Exp(v - top)));
    }
}
