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
    ];

    private static Sample Vectors(string name, NArray a, NArray b, int[] rows, int[] columns, int[] result) =>
        new(name, a, b) { Expect = x => [x[0].Reshaped(rows).MatMul(x[1].Reshaped(columns)).Reshaped(result)] };

    // [2, 1, 1, 2]·[3, 2, 2] → [2, 3, 1, 2]
    private static NArray Broadcast(NArray a, NArray b) =>
        NArray.Build([2, 3, 1, 2], i => Enumerable.Range(0, 2).Sum(k => a[[i[0], 0, 0, k]] * b[[i[1], k, i[3]]]));
}
