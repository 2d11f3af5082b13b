namespace Eager.Tests.OpTable;

/// <summary>Looking values up. What has a size that hangs on values is checked in <see cref="Tensors.SearchingTests"/>.</summary>
internal static class SearchingRows
{
    internal static readonly OpRow[] All =
    [
        new(SearchingOps.SearchSorted, static x => x[0].SearchSorted(x[1]), static x => x[1].Map(v => x[0].Values.Count(s => s < v)))
        {
            DTypes = Kinds.Numbers,
            OutputDType = static _ => DType.Int64,
            Samples =
            [
                new("a vector", NArray.Vector(-2, -0.5, 0.25, 1, 4), NArray.Matrix(2, -3, 0, 0.5, 2, 5, -1)),
                new("whole numbers", NArray.Vector(1, 3, 3, 7), NArray.Vector(0, 3, 4, 9)) { For = Kinds.Integers },
                new("equal ones, before", NArray.Vector(1, 3, 3, 7), NArray.Vector(1, 3, 7)) { Smooth = false },
                new Sample("equal ones, behind", NArray.Vector(1, 3, 3, 7), NArray.Vector(1, 3, 7)) { Smooth = false }
                    .With(static x => x[0].SearchSorted(x[1], right: true), static x => x[1].Map(v => x[0].Values.Count(s => s <= v))),
                new Sample("of a batch each its own", NArray.Matrix(2, 1, 2, 3, -1, -0.5, 4), NArray.Matrix(2, 1.5, 5, 0, 3.5)).With(static x => x[0].SearchSorted(x[1]),
                    static x => NArray.Build([x[1].Sizes[0], 2], i => Enumerable.Range(0, 3).Count(k => x[0][[i[0], k]] < x[1][i]))),
                new("nothing to find", NArray.Vector(1, 2), NArray.Empty(0)),
                new("nowhere to look", NArray.Empty(0), NArray.Vector(1, 2)),
            ],
            Batch = "of a batch each its own",
            Refusals =
            [
                Refusal.Of<ShapeMismatchException>("another batch", static () => Tensor.Zeros([2, 3]).SearchSorted(Tensor.Zeros([3, 3])), "SearchSorted", "[2, 3]", "[3, 3]"),
                Refusal.Of<ShapeMismatchException>("a scalar", static () => Tensor.Zeros([]).SearchSorted(Tensor.Zeros([3])), "SearchSorted", "[]", "[3]"),
            ],
        },
        new("Bucketize", static x => x[0].Bucketize(x[1]), static x => x[0].Map(v => x[1].Values.Count(s => s < v)))
        {
            DTypes = Kinds.Numbers,
            OutputDType = static _ => DType.Int64,
            Samples =
            [
                new("rows", Samples.Spread(1, -3, 3, 3, 4), NArray.Vector(-2, 0.25, 1)),
                new("whole numbers", Samples.Whole(1, 1, 9, 3, 4), NArray.Vector(2, 5)) { For = Kinds.Integers },
                new Sample("boundaries above", NArray.Vector(1, 2, 3), NArray.Vector(1, 3)) { Smooth = false }.With(static x => x[0].Bucketize(x[1], right: true), static x => x[0].Map(v => x[1].Values.Count(s => s <= v))),
            ],
            Refusals = [Refusal.Of<ShapeMismatchException>("boundaries that are no vector", static () => Tensor.Zeros([3]).Bucketize(Tensor.Zeros([1, 2])), "Bucketize", "[1, 2]", "vector")],
        },
        new("IsIn", static x => x[0].IsIn(x[1]), static x => x[0].Map(v => x[1].Values.Contains(v) && !double.IsNaN(v) ? 1 : 0))
        {
            DTypes = Kinds.Real,
            OutputDType = static _ => DType.Bool,
            Samples =
            [
                new("some numbers", NArray.Matrix(3, 1, 2, 3, -4, 5, 0.5), NArray.Matrix(2, 0.5, 3, 1, 8)) { Smooth = false },
                new("whole numbers", Samples.Whole(1, 1, 9, 3, 4), NArray.Vector(7, 2, 5)) { For = Kinds.Integers },
                new("truth values", Samples.Truths(1, 3, 4), NArray.Vector(1).As(DType.Bool)) { For = Kinds.Bools },
                new("NaN", NArray.Vector(1, double.NaN), NArray.Vector(double.NaN, 1)) { Smooth = false },
                new("none", NArray.Vector(1, 2), NArray.Empty(0)) { Smooth = false },
            ],
            Refusals = [Refusal.Of<DTypeMismatchException>("values of another dtype", static () => Tensor.Zeros([3]).IsIn(Tensor.From([1])), "IsIn", "float32", "int32")],
        },
    ];
}
