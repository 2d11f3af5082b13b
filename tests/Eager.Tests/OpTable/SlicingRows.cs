namespace Eager.Tests.OpTable;

internal static class SlicingRows
{
    internal static readonly OpRow[] All =
    [
        new(SlicingOps.Slice, static x => x[0].Narrow(1, 1, 2), static x => Sliced(x[0], 1, 1, 3, 1))
        {
            DTypes = Kinds.Real,
            Ulps = 0,
            Samples =
            [
                new("columns", Samples.Spread(1, -2, 2, 3, 4)),
                new("no rows", NArray.Empty(0, 4)),
                new("whole numbers", Samples.Whole(1, 1, 9, 3, 4)) { For = Kinds.Integers },
                new("truth values", Samples.Truths(1, 3, 4)) { For = Kinds.Bools },
                new Sample("every other row", Samples.Spread(2, -2, 2, 5, 2)).With(static x => SlicingOps.Slice.Apply(x, new(0, 0, 5, 2)), static x => Sliced(x[0], 0, 0, 5, 2)),
                new Sample("nothing", Samples.Spread(3, -2, 2, 3, 2)).With(static x => x[0].Narrow(0, 2, 0), static x => Sliced(x[0], 0, 2, 2, 1)),
            ],
            Refusals =
            [
                Refusal.Of<ShapeMismatchException>("past the end", static () => Tensor.Zeros([2, 3]).Narrow(1, 2, 2), "Narrow", "2 places from 2", "axis 1", "[2, 3]"),
                Refusal.Of<ShapeMismatchException>("before the start", static () => Tensor.Zeros([2, 3]).Narrow(1, -1, 2), "Narrow", "[2, 3]"),
                Refusal.Of<ShapeMismatchException>("a count that overflows", static () => Tensor.Zeros([2, 3]).Narrow(1, 2, long.MaxValue), "Narrow", "[2, 3]"),
            ],
        },
        new(SlicingOps.SliceBackward, static x => Spread(x[0], Shape.Of(x[0].Shape[0], 5), new(1, 1, 5, 2)), static x => Unsliced(x[0], [x[0].Sizes[0], 5], 1, 1, 2))
        {
            DTypes = Kinds.Real,
            Ulps = 0,
            Samples =
            [
                new("columns", Samples.Spread(1, -2, 2, 3, 2)),
                new("no rows", NArray.Empty(0, 2)),
                new("whole numbers", Samples.Whole(1, 1, 9, 3, 2)) { For = Kinds.Integers },
                new("truth values", Samples.Truths(1, 3, 2)) { For = Kinds.Bools },
            ],
        },
    ];

    private static Tensor Spread(Tensor g, Shape shape, SlicingOps.SliceAttributes slice) => SlicingOps.SliceBackward.Apply([g], new(shape, slice));

    private static NArray Sliced(NArray x, int axis, int start, int end, int step) =>
        NArray.Build(NArray.Replaced(x.Sizes, axis, (end - start + step - 1) / step), i => x[NArray.Replaced(i, axis, start + i[axis] * step)]);

    private static NArray Unsliced(NArray g, int[] sizes, int axis, int start, int step) => NArray.Build(sizes, i =>
    {
        (int place, int off) = Math.DivRem(i[axis] - start, step);
        return i[axis] < start || off != 0 || place >= g.Sizes[axis] ? 0 : g[NArray.Replaced(i, axis, place)];
    });
}
