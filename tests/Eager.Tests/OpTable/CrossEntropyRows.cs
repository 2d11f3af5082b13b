namespace Eager.Tests.OpTable;

internal static class CrossEntropyRows
{
    private static NArray Labels => new([2, 0, 3], [3], DType.Int64);

    internal static readonly OpRow[] All =
    [
        new(CrossEntropyOps.Sparse, "SparseSoftmaxCrossEntropy", static (x, _) => CrossEntropyOps.Sparse.ApplyMany([x[0], x[1]], default), static x => [Losses(x[0], x[1]), Probabilities(x[0])])
        {
            DTypes = Kinds.NoHalf,
            Scale = 4,
            Samples =
            [
                new("rows", Samples.Spread(1, -2, 2, 3, 4), Labels),
                new("no rows", NArray.Empty(0, 4), NArray.Empty(0).As(DType.Int64)),
                new("large numbers", NArray.Matrix(2, 1000, -1000, 3, -1000, 1000, 4), new([0, 0], [2], DType.Int64)) { Smooth = false, For = Kinds.Wide },
            ],
            Refusals =
            [
                Refusal.Of<InvalidArgumentException>("a label too large", static () => Tensor.SparseSoftmaxCrossEntropy(Tensor.From(0, 4), Tensor.Zeros([2, 4])), "SparseSoftmaxCrossEntropy", "label 4", "row 1"),
                Refusal.Of<InvalidArgumentException>("a negative label", static () => Tensor.SparseSoftmaxCrossEntropy(Tensor.From(-1, 0), Tensor.Zeros([2, 4], DType.Float64)), "SparseSoftmaxCrossEntropy", "label -1", "row 0"),
                Refusal.Of<DTypeMismatchException>("labels of fractions", static () => Tensor.SparseSoftmaxCrossEntropy(Tensor.From(0f), Tensor.Zeros([1, 4])), "SparseSoftmaxCrossEntropy", "float32", "integer"),
                Refusal.Of<ShapeMismatchException>("too few labels", static () => Tensor.SparseSoftmaxCrossEntropy(Tensor.From((int[])[0]), Tensor.Zeros([2, 4])), "SparseSoftmaxCrossEntropy", "[2, 4]", "[1]"),
            ],
        },
        new(CrossEntropyOps.SparseBackward, static x => CrossEntropyOps.SparseBackward.Apply([x[0], x[1], x[2]], default), Backward)
        {
            DTypes = Kinds.Numbers,
            Samples =
            [
                new("rows", Samples.Spread(1, -2, 2, 3), Samples.Spread(2, 0.1, 0.9, 3, 4), Labels),
                new("whole numbers", NArray.Vector(2, 1, 3), Samples.Whole(2, 1, 9, 3, 4), Labels) { For = Kinds.Integers },
                new("no rows", NArray.Empty(0), NArray.Empty(0, 4), NArray.Empty(0).As(DType.Int64)),
            ],
        },
        new(CrossEntropyOps.Sigmoid, static x => CrossEntropyOps.Sigmoid.Apply(x, default), static x => x[0].Zip(x[1], static (v, z) => Math.Max(v, 0) - v * z + Log1p(Math.Exp(-Math.Abs(v)))))
        {
            DTypes = Kinds.NoHalf,
            Ulps = 12,  // three terms, each rounded, and rounded again on the way in bfloat16
            Scale = 4,
            Samples =
            [
                new("scores", Samples.Spread(1, -3, 3, 3, 4), Samples.Spread(2, 0, 1, 3, 4)),
                new("far", NArray.Vector(-1000, 1000, -30, 30, 0), NArray.Vector(0, 1, 0, 1, 0.5)) { For = Kinds.Wide },
                new("empty", NArray.Empty(0, 3), NArray.Empty(0, 3)),
            ],
            Refusals = [Refusal.Of<ShapeMismatchException>("another shape", static () => Tensor.SigmoidCrossEntropy(Tensor.Zeros([2, 3]), Tensor.Zeros([3])), "SigmoidCrossEntropy", "[2, 3]", "[3]")],
        },
        new("L2Loss", static x => x[0].L2Loss(), static x => NArray.Scalar(x[0].Values.Sum(static v => v * v) / 2)) { DTypes = Kinds.Floats, Ulps = 16, WhyNoBatch = "it sums over all axes", Samples = Samples.Real(-2, 2) },
        new("SparseSoftmaxCrossEntropy of any integers", static x => Tensor.SparseSoftmaxCrossEntropy(x[1], x[0]), static x => Losses(x[0], x[1]))
        {
            DTypes = Kinds.NoHalf,
            Scale = 4,
            Samples = [new("one example", Samples.Spread(3, -2, 2, 4), new([2], [], DType.Int64)), new("sequences", Samples.Spread(4, -2, 2, 2, 3, 4), new([2, 0, 3, 1, 1, 0], [2, 3], DType.Int64)), new("labels of int32", Samples.Spread(1, -2, 2, 3, 4), Labels.As(DType.Int32)), new("labels of uint8", Samples.Spread(2, -2, 2, 3, 4), Labels.As(DType.UInt8))],
        },
        new("SoftmaxCrossEntropy", static x => Tensor.SoftmaxCrossEntropy(x[0], x[1]), static x => x[0].Zip(ActivationRows.LogSoftmax(x[1], -1), static (p, l) => -p * l).Reduce([-1], keepDims: false, static line => line.Sum()))
        {
            DTypes = Kinds.NoHalf,
            Scale = 16,
            Samples = [new("rows", Samples.Spread(1, 0.1, 0.9, 3, 4), Samples.Spread(2, -2, 2, 3, 4)), new("no rows", NArray.Empty(0, 4), NArray.Empty(0, 4))],
            Refusals = [Refusal.Of<ShapeMismatchException>("another shape", static () => Tensor.SoftmaxCrossEntropy(Tensor.Zeros([2, 3]), Tensor.Zeros([2, 4])), "SoftmaxCrossEntropy", "[2, 3]", "[2, 4]", "Sparse")],
        },
    ];

    // Exact for small x, as the C# library has no log1p.
    private static double Log1p(double x) => x < 1e-5 ? x * (1 - x / 2 + x * x / 3) : Math.Log(1 + x);

    private static NArray Losses(NArray logits, NArray labels)
    {
        NArray log = ActivationRows.LogSoftmax(logits, -1);
        return NArray.Build(labels.Sizes, i => -log[[.. i, (int)labels[i]]]);
    }

    private static NArray Probabilities(NArray logits) => ActivationRows.LogSoftmax(logits, -1).Map(Math.Exp);

    private static NArray Backward(NArray[] x) =>
        NArray.Build(x[1].Sizes, i => x[0][[i[0]]] * (x[1][i] - (x[2][[i[0]]] == i[1] ? 1 : 0)));
}
