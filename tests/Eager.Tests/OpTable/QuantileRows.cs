namespace Eager.Tests.OpTable;

internal static class QuantileRows
{
    internal static readonly OpRow[] All =
    [
        Line(QuantileOps.MaxWithIndices, static (x, axis, keep) => x.MaxWithIndices(axis, keep), static line => Array.IndexOf(line, line.Max())),
        Line(QuantileOps.MinWithIndices, static (x, axis, keep) => x.MinWithIndices(axis, keep), static line => Array.IndexOf(line, line.Min())),
        new(QuantileOps.Mode, "Mode", static (x, _) => [ValuesOf(x[0].Mode())], static x => [x[0].Reduce([-1], keepDims: false, MostFrequent)])
        {
            DTypes = Kinds.Real,
            Ulps = 0,
            Samples =
            [
                new("distinct numbers", Samples.Spread(1, -2, 2, 3, 4)),
                new("ties", NArray.Matrix(2, 3, 1, 3, 1, 2, 5, 5, 5)) { For = Kinds.Numbers, Smooth = false },
                new("truth values", NArray.Matrix(2, 0, 1, 1, 1, 0, 0)) { For = Kinds.Bools },
                new Sample("columns kept", NArray.Matrix(3, 3, 1, 3, 2, 2, 2)) { Smooth = false }.With(static x => ValuesOf(x[0].Mode(0, keepDims: true)), static x => x[0].Reduce([0], keepDims: true, MostFrequent)),
            ],
            Refusals =
            [
                Refusal.Of<ShapeMismatchException>("no such axis", static () => Tensor.Zeros([2, 3]).Mode(2), "Mode", "axis 2", "[2, 3]"),
                Refusal.Of<ShapeMismatchException>("no elements", static () => Tensor.Zeros([2, 0]).Mode(1), "Mode", "axis 1", "[2, 0]"),
            ],
        },
        ReductionRows.Reduce("Median", static (x, axes, keep) => x.Median(axes, keep), static line => Quantile(line, 0.5), Kinds.Floats, emptyLines: false),
        ReductionRows.Reduce("NanMedian", static (x, axes, keep) => x.NanMedian(axes, keep), static line => Quantile(Known(line), 0.5), Kinds.Floats, emptyLines: false),
        ReductionRows.Reduce("Quantile", static (x, axes, keep) => x.Quantile(0.3, axes, keep), static line => Quantile(line, 0.3), Kinds.Floats, emptyLines: false),
        ReductionRows.Reduce("NanQuantile", static (x, axes, keep) => x.NanQuantile(0.7, axes, keep), static line => Quantile(Known(line), 0.7), Kinds.Floats, emptyLines: false),
        ReductionRows.Reduce("NanSum", static (x, axes, keep) => x.NanSum(axes, keep), static line => Known(line).Sum(), Kinds.Floats, emptyLines: true),
        ReductionRows.Reduce("NanMean", static (x, axes, keep) => x.NanMean(axes, keep), static line => Known(line).Sum() / Known(line).Length, Kinds.Floats, emptyLines: true),
    ];

    private static double[] Known(double[] line) => Array.FindAll(line, static v => !double.IsNaN(v));

    // The definition of numpy.quantile: the element at place q·(n − 1) in order, between two on the line that joins them.
    private static double Quantile(double[] line, double part)
    {
        if (line.Length == 0 || line.Any(double.IsNaN)) return double.NaN;
        double[] sorted = [.. line.Order()];
        double place = part * (line.Length - 1);
        int below = (int)place;
        return place == below ? sorted[below] : sorted[below] * (1 - (place - below)) + sorted[below + 1] * (place - below);
    }

    // Where the most frequent one stands is LibTorch's choice among several places.
    private static Tensor ValuesOf((Tensor Values, Tensor Indices) found)
    {
        found.Indices.Dispose();
        return found.Values;
    }

    private static double MostFrequent(double[] line) => line.GroupBy(static v => v).OrderByDescending(static g => g.Count()).ThenBy(static g => g.Key).First().Key;

    private static OpRow Line(Op op, Func<Tensor, int, bool, (Tensor, Tensor)> call, Func<double[], int> place)
    {
        NArray[] Expect(NArray x, int axis, bool keep) => [x.Reduce([axis], keep, line => line[place(line)]), x.Reduce([axis], keep, line => place(line)).As(DType.Int64)];
        return new(op, op.Name, (x, _) => SortingRows.Pair(call(x[0], -1, false)), x => Expect(x[0], -1, keep: false))
        {
            DTypes = Kinds.Real,
            Ulps = 0,
            Samples =
            [
                .. ReductionRows.Shapes(Kinds.Real, 3, 4),
                new("no lines", NArray.Empty(0, 3)),
                new("ties", NArray.Matrix(2, 1, 3, 3, 2, 2, 1, 1, 2)) { Smooth = false, For = Kinds.Numbers },
                new("columns kept", Samples.Spread(4, -3, 3, 4, 2)) { Call = (x, _) => SortingRows.Pair(call(x[0], 0, true)), Expect = x => Expect(x[0], 0, keep: true) },
            ],
            Refusals =
            [
                Refusal.Of<ShapeMismatchException>("no such axis", () => call(Tensor.Zeros([2, 3]), 2, false), op.Name, "axis 2", "[2, 3]"),
                Refusal.Of<ShapeMismatchException>("no elements", () => call(Tensor.Zeros([2, 0]), 1, false), op.Name, "axis 1", "[2, 0]"),
            ],
        };
    }
}
