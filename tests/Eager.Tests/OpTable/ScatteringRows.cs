using static Eager.Tests.OpTable.IndexingRows;

namespace Eager.Tests.OpTable;

/// <summary>Putting elements at places.</summary>
internal static class ScatteringRows
{
    internal static readonly OpRow[] All =
    [
        Picks(ScatteringOps.Scatter, static x => x[0].Scatter(x[1], x[2], axis: 1), static x => Put(x[0], x[1], 1, i => x[2][i]), [
            new("places of each row", Samples.Spread(1, -2, 2, 3, 4), Places([3, 2], 3, 0, 1, 2, 2, 3), Samples.Spread(2, -2, 2, 3, 2)),
            new("of some rows", Samples.Spread(3, -2, 2, 3, 4), Places([2, 1], 0, 2), Samples.Spread(4, -2, 2, 2, 1)),
            new("of no rows", NArray.Empty(0, 4), Places([0, 2]), NArray.Empty(0, 2)),
        ],
            Refusal.Of<InvalidArgumentException>("a place off the axis", static () => Tensor.Zeros([2, 3]).Scatter(Tensor.From([[3]]), Tensor.Zeros([1, 1]), 1), "Scatter", "index 3", "axis 1", "[2, 3]"),
            Refusal.Of<ShapeMismatchException>("a source of another shape", static () => Tensor.Zeros([2, 3]).Scatter(Tensor.From([[0]]), Tensor.Zeros([1, 2]), 1), "Scatter", "[1, 2]", "[1, 1]"),
            Refusal.Of<DTypeMismatchException>("a source of another dtype", static () => Tensor.Zeros([2]).Scatter(Tensor.From([0]), Tensor.From([1.0]), 0), "Scatter", "float32", "float64")),
        Picks(ScatteringOps.ScatterValue, static x => x[0].Scatter(x[1], ShapingRows.DTypeFill(x[0]), axis: 1), static x => Put(x[0], x[1], 1, static _ => 1), [
            new("places of each row", Samples.Spread(1, -2, 2, 3, 4), Places([3, 2], 3, 0, 1, 1, 2, 3)),
            new("of no rows", NArray.Empty(0, 4), Places([0, 2])),
        ],
            Refusal.Of<InvalidArgumentException>("a place off the axis", static () => Tensor.Zeros([2, 3]).Scatter(Tensor.From([[-1]]), 1, 1), "Scatter", "index -1", "axis 1", "[2, 3]"),
            Refusal.Of<DTypeMismatchException>("a fraction among integers", static () => Tensor.From([1, 2]).Scatter(Tensor.From([0]), 0.5, 0), "Scatter", "0.5", "int32")),
        Picks(ScatteringOps.IndexCopy, static x => x[0].IndexCopy(x[1], x[2], axis: 1), static x => Replaced(x[0], x[1], (i, k) => x[2][NArray.Replaced(i, 1, k)]), [
            new("columns", Samples.Spread(1, -2, 2, 3, 4), Places([2], 3, 0), Samples.Spread(2, -2, 2, 3, 2)),
            new("no columns", Samples.Spread(5, -2, 2, 3, 4), Places([0]), NArray.Empty(3, 0)),
            new("of no rows", NArray.Empty(0, 4), Places([1], 2), NArray.Empty(0, 1)),
        ],
            Refusal.Of<InvalidArgumentException>("a place off the axis", static () => Tensor.Zeros([2, 3]).IndexCopy(Tensor.From([2]), Tensor.Zeros([1, 3])), "IndexCopy", "index 2", "axis 0", "[2, 3]"),
            Refusal.Of<ShapeMismatchException>("too few slices", static () => Tensor.Zeros([2, 3]).IndexCopy(Tensor.From([0]), Tensor.Zeros([2, 3])), "IndexCopy", "[1]", "[2, 3]")),
        Picks(ScatteringOps.IndexFill, static x => x[0].IndexFill(x[1], ShapingRows.DTypeFill(x[0]), axis: 1), static x => Replaced(x[0], x[1], static (_, _) => 1), [
            new("columns", Samples.Spread(1, -2, 2, 3, 4), Places([3], 3, 0, 3)),
            new("no columns", Samples.Spread(5, -2, 2, 3, 4), Places([0])),
            new("of no rows", NArray.Empty(0, 4), Places([1], 2)),
        ],
            Refusal.Of<InvalidArgumentException>("a place off the axis", static () => Tensor.Zeros([2, 3]).IndexFill(Tensor.From([2]), 1), "IndexFill", "index 2", "axis 0", "[2, 3]"),
            Refusal.Of<ShapeMismatchException>("indices that are no vector", static () => Tensor.Zeros([2, 3]).IndexFill(Tensor.From([[0]]), 1), "IndexFill", "[1, 1]", "vector")),
        Picks(ScatteringOps.ScatterReduce, "ScatterReduce", static x => Reduced(x, ScatterReduction.Sum), static x => Reduced(x, includeSelf: true, static line => line.Sum()), [
            new("one sent to a place", Samples.Spread(1, -2, 2, 3, 4), Places([3, 2], 3, 0, 1, 2, 2, 3), Samples.Spread(2, -2, 2, 3, 2)),
            Of("sums", ScatterReduction.Sum, includeSelf: true, static line => line.Sum()),
            Of("a sum of the sent alone", ScatterReduction.Sum, includeSelf: false, static line => line.Sum()),
            Of("means", ScatterReduction.Mean, includeSelf: true, static line => line.Average()),
            Of("means of the sent alone", ScatterReduction.Mean, includeSelf: false, static line => line.Average()),
            Of("products", ScatterReduction.Product, includeSelf: true, Product),
            Of("products of the sent alone", ScatterReduction.Product, includeSelf: false, Product),
            Of("the largest", ScatterReduction.Maximum, includeSelf: true, static line => line.Max()),
            Of("the largest of the sent", ScatterReduction.Maximum, includeSelf: false, static line => line.Max()),
            Of("the smallest", ScatterReduction.Minimum, includeSelf: true, static line => line.Min()),
            Of("the smallest of the sent", ScatterReduction.Minimum, includeSelf: false, static line => line.Min()),
            new Sample("products with zeros", NArray.Matrix(2, 0, 2, 3, 0, -1, 0.5), Places([2, 3], 0, 0, 1, 2, 2, 0), NArray.Matrix(2, 2, 0, -1.5, 0, 3, 0.5))
                .With(static x => Reduced(x, ScatterReduction.Product), static x => Reduced(x, includeSelf: true, Product)),
            new("of no rows", NArray.Empty(0, 4), Places([0, 2]), NArray.Empty(0, 2)),
        ],
        [
            Refusal.Of<InvalidArgumentException>("a place off the axis", static () => Tensor.Zeros([2, 3]).ScatterReduce(Tensor.From([[3]]), Tensor.Zeros([1, 1]), 1, ScatterReduction.Mean), "ScatterReduce", "index 3", "axis 1", "[2, 3]"),
            Refusal.Of<DTypeMismatchException>("a mean of truth values", static () => Tensor.From([true]).ScatterReduce(Tensor.From([0]), Tensor.From([true]), 0, ScatterReduction.Mean), "ScatterReduce", "bool"),
            Refusal.Of<ShapeMismatchException>("a source of another shape", static () => Tensor.Zeros([2, 3]).ScatterReduce(Tensor.From([[0]]), Tensor.Zeros([1, 2]), 1, ScatterReduction.Sum), "ScatterReduce", "[1, 2]", "[1, 1]"),
        ],
            Tolerances.Function, scale: 8),  // four numbers up to 2 meet, and may cancel
        Picks("ScatterNd", static x => Tensor.ScatterNd(x[1], x[0], [3, 4]), static x => NArray.Build([3, 4], i => Enumerable.Range(0, x[0].Sizes[0]).Where(k => (int)x[1][[k, 0]] == i[0] && (int)x[1][[k, 1]] == i[1]).Sum(k => x[0][[k]])), [
            new("elements, one place twice", Samples.Spread(1, -2, 2, 3), Places([3, 2], 0, 1, 2, 3, 0, 1)),
            new Sample("rows", Samples.Spread(2, -2, 2, 2, 4), Places([2, 1], 2, -3)).With(static x => Tensor.ScatterNd(x[1], x[0], [3, 4]),
                static x => NArray.Build([3, 4], i => i[0] == 2 ? x[0][[0, i[1]]] : i[0] == 0 ? x[0][[1, i[1]]] : 0)),
            new Sample("added to a tensor", Samples.Spread(3, -2, 2, 2), Places([2, 1], 0, 0), Samples.Spread(4, -2, 2, 3)).With(static x => x[2].ScatterNdAdd(x[1], x[0]),
                static x => NArray.Build([3], i => x[2][i] + (i[0] == 0 ? x[0].Values.Sum() : 0))) with { For = Kinds.Wide },
        ],
            Refusal.Of<InvalidArgumentException>("a place off its axis", static () => Tensor.ScatterNd(Tensor.From([[3]]), Tensor.Zeros([1]), [3]), "ScatterNd", "index 3", "axis 0", "[3]"),
            Refusal.Of<ShapeMismatchException>("updates of another shape", static () => Tensor.ScatterNd(Tensor.From([[0]]), Tensor.Zeros([1, 3]), [3, 4]), "ScatterNd", "[1, 3]", "[1, 4]"),
            Refusal.Of<DTypeMismatchException>("updates of another dtype", static () => Tensor.Zeros([3]).ScatterNdAdd(Tensor.From([[0]]), Tensor.From([1.0])), "ScatterNdAdd", "float32", "float64")),
        Picks("MaskedFill", static x => x[0].MaskedFill(x[1], ShapingRows.DTypeFill(x[0])), static x => x[0].Zip(x[1], static (v, m) => m != 0 ? 1 : v), [
            new("one shape", Samples.Spread(1, -2, 2, 3, 4), Samples.Truths(1, 3, 4)),
            new("a row", Samples.Spread(1, -2, 2, 3, 4), Samples.Truths(2, 4)),
            new("empty", NArray.Empty(0, 4), Samples.Truths(2, 4)),
        ],
            Refusal.Of<DTypeMismatchException>("a mask of numbers", static () => Tensor.Zeros([2]).MaskedFill(Tensor.From([1, 0]), 1), "MaskedFill", "int32", "bool")),
        Picks("MaskedScatter", static x => x[0].MaskedScatter(x[1], x[2]), static x => Filled(x[0], x[1], x[2]), [
            new("one shape", Samples.Spread(1, -2, 2, 3, 4), Samples.Truths(1, 3, 4), Samples.Spread(2, -2, 2, 7)),
            new("a row", Samples.Spread(1, -2, 2, 3, 4), Samples.Truths(2, 4), Samples.Spread(2, -2, 2, 2, 3)),
            new("nothing true", Samples.Spread(3, -2, 2, 3), NArray.Vector(0, 0, 0).As(DType.Bool), NArray.Empty(0)),
        ],
            Refusal.Of<InvalidArgumentException>("too few", static () => Tensor.Zeros([3]).MaskedScatter(Tensor.From([true, true, false]), Tensor.Zeros([1])), "MaskedScatter", "1 elements"),
            Refusal.Of<InvalidArgumentException>("none", static () => Tensor.Zeros([3]).MaskedScatter(Tensor.From([true, true, false]), Tensor.Zeros([0])), "MaskedScatter", "0 elements")),
    ];

    private static Sample Meeting => new("sums", Samples.Spread(1, -2, 2, 3, 4), Places([3, 3], 3, 0, 3, 1, 1, 1, 2, 0, 2), Samples.Spread(2, -2, 2, 3, 3));

    // float16 and bfloat16 round after each number that is sent, so only where one is sent is the result the nearest to the reference's.
    private static Sample Of(string name, ScatterReduction reduction, bool includeSelf, Func<double[], double> line) =>
        (Meeting with { Name = name, For = Kinds.Wide }).With(x => Reduced(x, reduction, includeSelf), x => Reduced(x, includeSelf, line));

    private static Tensor Reduced(Tensor[] x, ScatterReduction reduction, bool includeSelf = true) => x[0].ScatterReduce(x[1], x[2], 1, reduction, includeSelf);

    private static double Product(double[] line) => line.Aggregate(1.0, static (a, b) => a * b);

    private static NArray Reduced(NArray[] x, bool includeSelf, Func<double[], double> line) => NArray.Build(x[0].Sizes, i =>
    {
        double[] sent = [.. NArray.Indices(x[1].Sizes).Where(j => j[0] == i[0] && (int)x[1][j] == i[1]).Select(j => x[2][j])];
        return sent.Length == 0 ? x[0][i] : line(includeSelf ? [x[0][i], .. sent] : sent);
    });

    private static NArray Put(NArray x, NArray places, int axis, Func<int[], double> value)
    {
        var put = NArray.Indices(places.Sizes).ToLookup(i => string.Join(',', NArray.Replaced(i, axis, (int)places[i])));
        return NArray.Build(x.Sizes, i => put[string.Join(',', i)].Select(value).Append(x[i]).First());
    }

    private static NArray Replaced(NArray x, NArray places, Func<int[], int, double> value) =>
        NArray.Build(x.Sizes, i => Array.IndexOf(places.Values, i[1]) is var k and >= 0 ? value(i, k) : x[i]);

    private static NArray Filled(NArray x, NArray mask, NArray source)
    {
        int taken = 0;
        return NArray.Build(x.Sizes, i => mask.Stretched(i) != 0 ? source.Values[taken++] : x[i]);
    }
}
