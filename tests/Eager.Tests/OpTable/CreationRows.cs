namespace Eager.Tests.OpTable;

internal static class CreationRows
{
    private static readonly Sample[] Once = [new("as called") { For = Kinds.Real }];

    internal static readonly OpRow[] All =
    [
        new(CreationOps.Full, "Full", static (_, dtype) => [Tensor.Full([2, 3], dtype == DType.Bool ? true : 1, dtype), Tensor.Zeros([2], dtype), Tensor.Ones([0, 2], dtype)],
            static _ => [NArray.Build([2, 3], static _ => 1), NArray.Vector(0, 0), NArray.Empty(0, 2)])
        { DTypes = Kinds.Real, Ulps = 0, Samples = Once },
        new(CreationOps.FullLike, "FullLike", static (x, _) => [Tensor.ZerosLike(x[0]), Tensor.OnesLike(x[0]), Tensor.FullLike(x[0], 1)],
            static x => [x[0].Map(static _ => 0), x[0].Map(static _ => 1), x[0].Map(static _ => 1)])
        { DTypes = Kinds.Real, Ulps = 0, Samples = [.. Samples.Real(-2, 2), .. Samples.Integers, .. Samples.Bools] },
        new(CreationOps.Range, "Range", static (_, dtype) => [Tensor.Range(1, 8, 3, dtype), Tensor.Range(5, 1, -2, dtype), Tensor.Range(0, 0, dtype: dtype)],
            static _ => [NArray.Vector(1, 4, 7), NArray.Vector(5, 3), NArray.Empty(0)])
        { DTypes = [.. Kinds.Integers, .. Kinds.NoHalf], Ulps = 0, Samples = Once },
        new(CreationOps.LinSpace, "LinSpace", static (_, dtype) => [Tensor.LinSpace(-1, 1, 5, dtype), Tensor.LinSpace(2, 3, 1, dtype), Tensor.LinSpace(0, 1, 0, dtype)],
            static _ => [NArray.Vector(-1, -0.5, 0, 0.5, 1), NArray.Vector(2), NArray.Empty(0)])
        { DTypes = Kinds.Wide, Ulps = Tolerances.Rounded, Samples = Once },
        new(CreationOps.Eye, "Eye", static (_, dtype) => [Tensor.Eye(2, dtype: dtype), Tensor.Eye(1, 3, dtype), Tensor.Eye(0, dtype: dtype)],
            static _ => [NArray.Matrix(2, 1, 0, 0, 1), NArray.Matrix(1, 1, 0, 0), NArray.Empty(0, 0)])
        { DTypes = [.. Kinds.Real.Where(static dtype => dtype != DType.BFloat16)], Ulps = 0, Samples = Once },
        new(CreationOps.TrilIndices, "TrilIndices", static (_, dtype) => [In(dtype, static () => Tensor.TrilIndices(3, 3)), In(dtype, static () => Tensor.TrilIndices(2, 3, 1)), In(dtype, static () => Tensor.TrilIndices(3, 2, -1)), In(dtype, static () => Tensor.TrilIndices(2, 2, -9))],
            static _ => [Places(3, 3, static (i, j) => j <= i), Places(2, 3, static (i, j) => j <= i + 1), Places(3, 2, static (i, j) => j <= i - 1), NArray.Empty(2, 0)])
        { DTypes = [DType.Int64, DType.Float64], Ulps = 0, Samples = Once },
        new(CreationOps.TriuIndices, "TriuIndices", static (_, dtype) => [In(dtype, static () => Tensor.TriuIndices(3, 3)), In(dtype, static () => Tensor.TriuIndices(2, 3, 1)), In(dtype, static () => Tensor.TriuIndices(3, 2, -1)), In(dtype, static () => Tensor.TriuIndices(2, 2, 9))],
            static _ => [Places(3, 3, static (i, j) => j >= i), Places(2, 3, static (i, j) => j >= i + 1), Places(3, 2, static (i, j) => j >= i - 1), NArray.Empty(2, 0)])
        { DTypes = [DType.Int64, DType.Float64], Ulps = 0, Samples = Once },
        new(null, "LogSpace", static (_, dtype) => [Tensor.LogSpace(-1, 3, 5, dtype: dtype), Tensor.LogSpace(0, 4, 5, 2, dtype), Tensor.LogSpace(0.5, 1, 1, dtype: dtype), Tensor.LogSpace(0, 1, 0, dtype: dtype)],
            static _ => [NArray.Vector(0.1, 1, 10, 100, 1000), NArray.Vector(1, 2, 4, 8, 16), NArray.Vector(Math.Sqrt(10)), NArray.Empty(0)])
        { DTypes = Kinds.Floats, Samples = Once },
        new("OneHot", static x => Tensor.OneHot(x[0], 4), static x => NArray.Build([.. x[0].Sizes, 4], i => x[0][i[..^1]] == i[^1] ? 1 : 0))
        {
            DTypes = Kinds.Integers,
            OutputDType = static _ => DType.Float32,
            Samples = [new("classes", NArray.Vector(0, 3, 1)) { For = Kinds.Integers }, new("out of range", NArray.Matrix(2, 4, 9, 2, 100)) { For = Kinds.Integers }, new("none", NArray.Empty(0)) { For = Kinds.Integers }],
            Refusals = [Refusal.Of<DTypeMismatchException>("fractions", static () => Tensor.OneHot(Tensor.From(1f), 3), "OneHot", "float32", "Cast")],
        },
    ];

    private static Tensor In(DType dtype, Func<Tensor> make)
    {
        using var scope = new TensorScope();
        return scope.Keep(make().Cast(dtype));
    }

    private static NArray Places(int rows, int columns, Func<int, int, bool> isIn)
    {
        int[][] places = [.. NArray.Indices([rows, columns]).Where(p => isIn(p[0], p[1]))];
        return NArray.Matrix(2, [.. places.Select(static p => (double)p[0]), .. places.Select(static p => (double)p[1])]);
    }
}
