namespace Eager.Tests.OpTable;

internal static class LinearAlgebraRows
{
    // Products of numbers up to 2, summed over at most four places.
    private const double LargestSum = 16;

    private static readonly DType[] DTypes = [.. Kinds.Integers, .. Kinds.NoHalf];

    internal static readonly OpRow[] All =
    [
        new(LinearAlgebraOps.MatMul, static x => x[0].MatMul(x[1]), static x => x[0].MatMul(x[1]))
        {
            DTypes = DTypes,
            Scale = LargestSum,
            Samples =
            [
                new("matrices", Samples.Spread(1, -2, 2, 3, 4), Samples.Spread(2, -2, 2, 4, 2)),
                new("no rows", NArray.Empty(0, 4), Samples.Spread(3, -2, 2, 4, 2)),
                new("nothing to sum", NArray.Empty(2, 0), NArray.Empty(0, 3)),
                new("whole numbers", Samples.Whole(1, 1, 3, 3, 4), Samples.Whole(2, 1, 3, 4, 2)) { For = Kinds.Integers },
                Vectors("row vector", Samples.Spread(4, -2, 2, 4), Samples.Spread(5, -2, 2, 4, 2), [1, 4], [4, 2], [2]),
                Vectors("column vector", Samples.Spread(4, -2, 2, 3, 4), Samples.Spread(5, -2, 2, 4), [3, 4], [4, 1], [3]),
                Vectors("two vectors", Samples.Spread(4, -2, 2, 4), Samples.Spread(5, -2, 2, 4), [1, 4], [4, 1], []),
                Vectors("batch times matrix", Samples.Spread(4, -2, 2, 2, 3, 2), Samples.Spread(5, -2, 2, 2, 4), [6, 2], [2, 4], [2, 3, 4]),
            ],
            Refusals =
            [
                Refusal.Of<ShapeMismatchException>("inner sizes differ", static () => Tensor.Zeros([2, 3]).MatMul(Tensor.Zeros([4, 5])), "MatMul: a is [2, 3], b is [4, 5]", "3 and 4"),
                Refusal.Of<ShapeMismatchException>("inner sizes differ in a batch", static () => Tensor.Zeros([7, 2, 3]).MatMul(Tensor.Zeros([7, 4, 5])), "MatMul: a is [7, 2, 3], b is [7, 4, 5]", "3 and 4"),
                Refusal.Of<ShapeMismatchException>("a scalar", static () => Tensor.From(2f).MatMul(Tensor.Zeros([4, 5])), "MatMul", "scalar", "*"),
                Refusal.Of<DTypeMismatchException>("two dtypes with a batch", static () => Tensor.Zeros([2, 3, 4]).MatMul(Tensor.Zeros([4, 5], DType.Float64)), "MatMul", "float32", "float64", "Cast"),
            ],
        },
        new(LinearAlgebraOps.BatchMatMul, static x => x[0].MatMul(x[1]), static x => x[0].MatMul(x[1]))
        {
            DTypes = DTypes,
            Scale = LargestSum,
            Samples =
            [
                new("equal batches", Samples.Spread(1, -2, 2, 3, 2, 2), Samples.Spread(2, -2, 2, 3, 2, 1)),
                new("empty batch", NArray.Empty(0, 2, 3), NArray.Empty(0, 3, 2)),
                new("whole numbers", Samples.Whole(1, 1, 3, 3, 2, 2), Samples.Whole(2, 1, 3, 3, 2, 2)) { For = Kinds.Integers },
                new("batches that broadcast", Samples.Spread(3, -2, 2, 2, 1, 1, 2), Samples.Spread(4, -2, 2, 3, 2, 2)) { Expect = static x => [Broadcast(x[0], x[1])] },
            ],
            Refusals = [Refusal.Of<ShapeMismatchException>("batches clash", static () => Tensor.Zeros([2, 3, 4]).MatMul(Tensor.Zeros([5, 4, 3])), "[2]", "[5]")],
        },
        new(LinearAlgebraOps.Affine, static x => Tensor.Affine(x[0], x[1], x[2]), static x => x[0].MatMul(x[1]).Zip(x[2], static (a, b) => a + b))
        {
            DTypes = DTypes,
            Scale = LargestSum,
            Samples =
            [
                new("matrices", Samples.Spread(1, -2, 2, 3, 4), Samples.Spread(2, -2, 2, 4, 2), Samples.Spread(3, -2, 2, 2)),
                new("no rows", NArray.Empty(0, 4), Samples.Spread(4, -2, 2, 4, 2), Samples.Spread(5, -2, 2, 2)),
                new("whole numbers", Samples.Whole(1, 1, 3, 3, 4), Samples.Whole(2, 1, 3, 4, 2), Samples.Whole(3, 1, 3, 2)) { For = Kinds.Integers },
            ],
            Refusals =
            [
                Refusal.Of<ShapeMismatchException>("bias too long", static () => Tensor.Affine(Tensor.Zeros([2, 3]), Tensor.Zeros([3, 4]), Tensor.Zeros([5])), "Affine", "[5]", "[4]"),
                Refusal.Of<ShapeMismatchException>("no matrix", static () => Tensor.Affine(Tensor.Zeros([2, 3, 4]), Tensor.Zeros([4, 5]), Tensor.Zeros([5])), "Affine", "[2, 3, 4]", "matrices"),
            ],
        },
        new(ProductOps.Cross, static x => x[0].Cross(x[1]), static x => Cross(x[0], x[1], 1))
        {
            DTypes = DTypes,
            Scale = LargestSum,
            Samples =
            [
                new("rows", Samples.Spread(1, -2, 2, 2, 3), Samples.Spread(2, -2, 2, 2, 3)),
                new("no rows", NArray.Empty(0, 3), NArray.Empty(0, 3)),
                new("whole numbers", Samples.Whole(1, 1, 3, 2, 3), Samples.Whole(2, 1, 3, 2, 3)) { For = Kinds.Integers },
                new("one for all", Samples.Spread(1, -2, 2, 2, 3), Samples.Spread(2, -2, 2, 3)),
                new Sample("columns", Samples.Spread(1, -2, 2, 3, 2), Samples.Spread(2, -2, 2, 3, 2)).With(static x => x[0].Cross(x[1], 0), static x => Cross(x[0], x[1], 0)),
            ],
            Refusals =
            [
                Refusal.Of<ShapeMismatchException>("not of three", static () => Tensor.Zeros([2, 2]).Cross(Tensor.Zeros([2, 2])), "Cross", "[2, 2]", "size 2, not 3"),
                Refusal.Of<ShapeMismatchException>("shapes that clash", static () => Tensor.Zeros([2, 3]).Cross(Tensor.Zeros([4, 3])), "Cross", "[2, 3]", "[4, 3]"),
            ],
        },
        Product("VectorDot", static x => x[0].VectorDot(x[1]), static x => x[0].Zip(x[1], static (a, b) => a * b).Reduce([-1], keepDims: false, static line => line.Sum()), [2, 3], [2, 3]),
        Product("Dot", static x => x[0].Dot(x[1]), static x => x[0].Zip(x[1], static (a, b) => a * b).Reduce([], keepDims: false, static line => line.Sum()), [3], [3],
            Refusal.Of<ShapeMismatchException>("matrices", static () => Tensor.Zeros([2, 2]).Dot(Tensor.Zeros([2, 2])), "Dot", "[2, 2]", "vectors")),
        Product("Outer", static x => x[0].Outer(x[1]), static x => NArray.Build([x[0].Sizes[0], 3, 4], i => x[0][[i[0], i[1]]] * x[1][[i[2]]]), [2, 3], [4],
            Refusal.Of<ShapeMismatchException>("a scalar", static () => Tensor.Zeros([]).Outer(Tensor.Zeros([2])), "Outer", "[]", "[2]")),
        Product("Inner", static x => x[0].Inner(x[1]), static x => NArray.Build([x[0].Sizes[0], 4], i => Enumerable.Range(0, 3).Sum(k => x[0][[i[0], k]] * x[1][[i[1], k]])), [2, 3], [4, 3]),
        Product("TensorDot", static x => x[0].TensorDot(x[1], [2, 1], [0, 2]), static x => NArray.Build([x[0].Sizes[0], 4], i => NArray.Indices([3, 2]).Sum(k => x[0][[i[0], k[0], k[1]]] * x[1][[k[1], i[1], k[0]]])), [5, 3, 2], [2, 4, 3],
            Refusal.Of<ShapeMismatchException>("sizes differ", static () => Tensor.Zeros([2, 3]).TensorDot(Tensor.Zeros([4, 5]), 1), "TensorDot", "[2, 3]", "[4, 5]", "sizes 3 of axis 1 and 4 of axis 0"),
            Refusal.Of<InvalidArgumentException>("no pairs", static () => Tensor.Zeros([2, 3]).TensorDot(Tensor.Zeros([4, 5]), [1], []), "TensorDot", "pairs"),
            Refusal.Of<ShapeMismatchException>("too many axes", static () => Tensor.Zeros([2]).TensorDot(Tensor.Zeros([4, 5])), "TensorDot", "[2]", "2 axes")),
        Product("Kron", static x => x[0].Kron(x[1]), static x => NArray.Build([x[0].Sizes[0], 6], i => x[0][[i[0], i[1] / 3]] * x[1][[i[1] % 3]]), [2, 2], [3]),
        new("Trace", static x => x[0].Trace(), static x => x[0].Reduced(Math.Min(x[0].Sizes[^1], x[0].Sizes[^2])))
        {
            DTypes = [DType.Bool, .. Kinds.Numbers],
            OutputDType = static d => d.IsFloatingPoint() ? d : DType.Int64,
            Scale = LargestSum,
            Samples =
            [
                new("a batch", Samples.Spread(1, -2, 2, 3, 2, 4)),
                new("whole numbers", Samples.Whole(1, 1, 9, 2, 2)) { For = Kinds.Integers },
                new("truth values", Samples.Truths(1, 2, 2)) { For = Kinds.Bools },
            ],
            Refusals = [Refusal.Of<ShapeMismatchException>("a vector", static () => Tensor.Zeros([3]).Trace(), "Trace", "[3]", "no matrix")],
        },
        new("CDist", static x => x[0].CDist(x[1]), static x => NArray.Build([.. x[0].Sizes[..^1], x[1].Sizes[^2]], i => Math.Sqrt(Enumerable.Range(0, 2).Sum(k => Math.Pow(x[0][[.. i[..^1], k]] - x[1][[i[^1], k]], 2)))))
        {
            DTypes = Kinds.Floats,
            Scale = LargestSum,
            Samples =
            [
                new("two sets", Samples.Spread(1, -2, 2, 3, 2), Samples.Spread(2, -2, 2, 4, 2)),
                new("a batch", Samples.Spread(1, -2, 2, 5, 3, 2), Samples.Spread(2, -2, 2, 4, 2)),
                new("no points", NArray.Empty(0, 2), Samples.Spread(2, -2, 2, 4, 2)),
            ],
            Refusals = [Refusal.Of<ShapeMismatchException>("points of other spaces", static () => Tensor.Zeros([2, 3]).CDist(Tensor.Zeros([2, 2])), "CDist", "[2, 3]", "[2, 2]")],
        },
    ];

    private static OpRow Product(string method, Func<Tensor[], Tensor> call, Func<NArray[], NArray> expect, int[] a, int[] b, params Refusal[] refusals) =>
        new(method, call, expect)
        {
            DTypes = method is "VectorDot" or "Outer" or "Kron" ? Kinds.Real : DTypes,
            Scale = LargestSum,
            Samples =
            [
                new("real numbers", Samples.Spread(1, -2, 2, a), Samples.Spread(2, -2, 2, b)),
                new("whole numbers", Samples.Whole(1, 1, 3, a), Samples.Whole(2, 1, 3, b)) { For = Kinds.Integers },
                new("truth values", Samples.Truths(1, a), Samples.Truths(2, b)) { For = Kinds.Bools },
            ],
            OutputDType = method is "VectorDot" ? static d => d.IsFloatingPoint() ? d : DType.Int64 : static d => d,
            WhyNoBatch = method is "Dot" ? "both vectors must be of one length, which is no batch" : null,
            Refusals = refusals,
        };

    private static NArray Cross(NArray a, NArray b, int axis) => NArray.Build(a.Sizes, i =>
    {
        int[] next = NArray.Replaced(i, axis, (i[axis] + 1) % 3), last = NArray.Replaced(i, axis, (i[axis] + 2) % 3);
        return a[next] * b.Stretched(last) - a[last] * b.Stretched(next);
    });

    private static NArray Reduced(this NArray x, int length) =>
        NArray.Build(x.Sizes[..^2], i => Enumerable.Range(0, length).Sum(k => x[[.. i, k, k]]));

    private static Sample Vectors(string name, NArray a, NArray b, int[] rows, int[] columns, int[] result) =>
        new(name, a, b) { Expect = x => [x[0].Reshaped(rows).MatMul(x[1].Reshaped(columns)).Reshaped(result)] };

    // [2, 1, 1, 2]·[3, 2, 2] → [2, 3, 1, 2]
    private static NArray Broadcast(NArray a, NArray b) =>
        NArray.Build([2, 3, 1, 2], i => Enumerable.Range(0, 2).Sum(k => a[[i[0], 0, 0, k]] * b[[i[1], k, i[3]]]));
}
