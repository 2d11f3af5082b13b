namespace Eager.Tests.OpTable;

internal static class SortingRows
{
    internal static readonly OpRow[] All =
    [
        new(SortingOps.Sort, "Sort", static (x, _) => [x[0].Sort(), x[0].ArgSort()], static x => Sorted(x[0], 1, descending: false))
        {
            DTypes = Kinds.Real,
            Ulps = 0,
            Samples =
            [
                new("rows", Samples.Spread(1, -2, 2, 3, 4)),
                new("no rows", NArray.Empty(0, 3)),
                new("equal numbers", NArray.Matrix(2, 2, 1, 2, 1, 1, 2, 2, 1)) { For = Kinds.Numbers, Smooth = false },
                new("truth values", Samples.Truths(1, 3, 4)) { For = Kinds.Bools },
                new("special numbers last", NArray.Matrix(1, double.NaN, 0.0, double.PositiveInfinity, -1, double.NegativeInfinity)) { Smooth = false },
                new("columns, the largest first", Samples.Spread(2, -2, 2, 4, 2))
                {
                    Call = static (x, _) => [x[0].Sort(0, descending: true), x[0].ArgSort(0, descending: true)],
                    Expect = static x => Sorted(x[0], 0, descending: true),
                },
            ],
            Refusals = [Refusal.Of<ShapeMismatchException>("no such axis", static () => Tensor.Zeros([2, 3]).Sort(2), "Sort", "axis 2", "[2, 3]")],
        },
        new(SortingOps.TopK, "TopK", static (x, _) => Pair(x[0].TopK(2)), static x => First(x[0], 1, 2, largest: true))
        {
            DTypes = [.. Kinds.Integers, .. Kinds.NoHalf],
            Ulps = 0,
            Samples =
            [
                new("rows", Samples.Spread(1, -2, 2, 3, 4)),
                new("no rows", NArray.Empty(0, 3)),
                new("whole numbers", NArray.Matrix(2, 3, 1, 2, 9, 4, 5)) { For = Kinds.Integers },
                new("smallest of columns", Samples.Spread(2, -2, 2, 4, 2)) { Call = static (x, _) => Pair(x[0].TopK(3, 0, largest: false)), Expect = static x => First(x[0], 0, 3, largest: false) },
            ],
            Refusals =
            [
                Refusal.Of<InvalidArgumentException>("more than there are", static () => Tensor.Zeros([2, 3]).TopK(4), "TopK", "[2, 3]", "3 elements, not 4"),
                Refusal.Of<ShapeMismatchException>("no such axis", static () => Tensor.Zeros([2, 3]).TopK(1, 2), "TopK", "axis 2", "[2, 3]"),
            ],
        },
        new(SortingOps.KthValue, "KthValue", static (x, _) => Pair(x[0].KthValue(2)), static x => Kth(x[0], 1, 2, keepDims: false))
        {
            DTypes = [.. Kinds.Integers, .. Kinds.NoHalf],
            Ulps = 0,
            Samples =
            [
                new("rows", Samples.Spread(1, -2, 2, 3, 4)),
                new("no rows", NArray.Empty(0, 3)),
                new("whole numbers", NArray.Matrix(2, 3, 1, 2, 9, 4, 5)) { For = Kinds.Integers },
                new("NaN is the largest", NArray.Matrix(1, double.NaN, 2, 1)) { Smooth = false },
                new("columns", Samples.Spread(2, -2, 2, 4, 2)) { Call = static (x, _) => Pair(x[0].KthValue(4, 0, keepDims: true)), Expect = static x => Kth(x[0], 0, 4, keepDims: true) },
            ],
            Refusals =
            [
                Refusal.Of<InvalidArgumentException>("place 0", static () => Tensor.Zeros([2, 3]).KthValue(0), "KthValue", "[2, 3]", "place 0", "from 1"),
                Refusal.Of<InvalidArgumentException>("more than there are", static () => Tensor.Zeros([2, 3]).KthValue(4), "KthValue", "3 elements", "place 4"),
                Refusal.Of<ShapeMismatchException>("no such axis", static () => Tensor.Zeros([2, 3]).KthValue(1, 2), "KthValue", "axis 2", "[2, 3]"),
            ],
        },
    ];

    private static NArray[] Kth(NArray x, int axis, int place, bool keepDims) =>
        [.. Sorted(x, axis, descending: false).Select(sorted => Select(sorted, axis, place - 1, keepDims))];

    private static NArray Select(NArray x, int axis, int place, bool keepDims)
    {
        int[] kept = NArray.Replaced(x.Sizes, axis, 1);
        double[] values = [.. NArray.Indices(kept).Select(i => x[NArray.Replaced(i, axis, place)])];
        return new(values, keepDims ? kept : [.. x.Sizes.Where((_, i) => i != axis)], x.DType);
    }

    internal static Tensor[] Pair((Tensor Values, Tensor Indices) found) => [found.Values, found.Indices];

    // NaN is the largest; equal elements keep their order, as LINQ sorts.
    private static int[] Order(double[] line, bool descending)
    {
        IEnumerable<int> places = Enumerable.Range(0, line.Length);
        Comparer<int> order = Comparer<int>.Create((a, b) => double.IsNaN(line[a]) || double.IsNaN(line[b]) ? double.IsNaN(line[a]).CompareTo(double.IsNaN(line[b])) : line[a] == line[b] ? 0 : line[a].CompareTo(line[b]));
        return [.. descending ? places.OrderDescending(order) : places.Order(order)];
    }

    private static NArray[] Sorted(NArray x, int axis, bool descending) =>
    [
        x.AlongAxis(axis, line => [.. Order(line, descending).Select(i => line[i])]),
        x.AlongAxis(axis, line => [.. Order(line, descending).Select(static i => (double)i)]).As(DType.Int64),
    ];

    private static NArray[] First(NArray x, int axis, int count, bool largest) =>
        [.. Sorted(x, axis, largest).Select(sorted => new NArray(NArray.Build(NArray.Replaced(x.Sizes, axis, count), i => sorted[i]).Values, NArray.Replaced(x.Sizes, axis, count), sorted.DType))];
}
