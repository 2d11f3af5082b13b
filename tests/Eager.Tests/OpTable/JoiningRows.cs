using static Eager.Tests.OpTable.ShapingRows;

namespace Eager.Tests.OpTable;

/// <summary>Taking apart and repeating; the rows of Concat and Stack stand with the shapes.</summary>
internal static class JoiningRows
{
    internal static readonly OpRow[] All =
    [
        new(JoiningOps.Split, "Split", static (x, _) => x[0].Split([1, 3], axis: 1), static x => [Part(x[0], 1, 0, 1), Part(x[0], 1, 1, 3)])
        {
            DTypes = Kinds.Real,
            Ulps = 0,
            Samples = AnyDType([Matrix, Empty,
                new("equal parts", Samples.Spread(2, -2, 2, 4, 2)) { Call = static (x, _) => x[0].Split(2), Expect = static x => [Part(x[0], 0, 0, 2), Part(x[0], 0, 2, 2)] },
                new("one part that is used", Samples.Spread(3, -2, 2, 3, 4)) { Call = static (x, _) => Only(x[0].Split(2, -1), 1), Expect = static x => [Part(x[0], 1, 2, 2)] }]),
            Refusals =
            [
                Refusal.Of<ShapeMismatchException>("no even parts", static () => Tensor.Zeros([2, 3]).Split(2, 1), "Split", "axis 1", "[2, 3]", "2 equal parts"),
                Refusal.Of<ShapeMismatchException>("sizes of another sum", static () => Tensor.Zeros([2, 3]).Split([2, 2], 1), "Split", "[2, 2]", "[2, 3]"),
                Refusal.Of<ShapeMismatchException>("no such axis", static () => Tensor.Zeros([2, 3]).Split(1, 2), "Split", "axis 2", "[2, 3]"),
            ],
        },
        new(JoiningOps.Unstack, "Unstack", static (x, _) => x[0].Unstack(1), static x => [.. Enumerable.Range(0, 4).Select(k => Part(x[0], 1, k, 1).Reshaped(x[0].Sizes[0]))])
        {
            DTypes = Kinds.Real,
            Ulps = 0,
            Samples = AnyDType([Matrix, Empty,
                new("one slice that is used", Samples.Spread(3, -2, 2, 3, 4)) { Call = static (x, _) => Only(x[0].Unstack(1), 2), Expect = static x => [Part(x[0], 1, 2, 1).Reshaped(x[0].Sizes[0])] }]),
            Refusals = [Refusal.Of<ShapeMismatchException>("no such axis", static () => Tensor.Zeros([2]).Unstack(1), "Unstack", "axis 1", "[2]")],
        },
        Moves(JoiningOps.Tile, static x => x.Tile(2, 3), static x => NArray.Build([x.Sizes[0] * 2, x.Sizes[1] * 3], i => x[[i[0] % x.Sizes[0], i[1] % x.Sizes[1]]]), [
            Matrix, Empty,
            new Sample("a scalar", Samples.Spread(2, -2, 2)).With(static x => x[0].Tile(), static x => x[0]),
            new Sample("to nothing", Samples.Spread(3, -2, 2, 3)).With(static x => x[0].Tile(0), static _ => NArray.Empty(0)),
        ],
            Refusal.Of<ShapeMismatchException>("too few multiples", static () => Tensor.Zeros([2, 3]).Tile(2), "Tile", "[2]", "[2, 3]"),
            Refusal.Of<ShapeMismatchException>("a negative multiple", static () => Tensor.Zeros([2]).Tile(-1), "Tile", "[-1]", "[2]")),
        Moves("Repeat", static x => x.Repeat(2, -1), static x => NArray.Build([x.Sizes[0], x.Sizes[1] * 2], i => x[[i[0], i[1] / 2]]), [Matrix, Empty],
            Refusal.Of<InvalidArgumentException>("less than never", static () => Tensor.Zeros([2]).Repeat(-1, 0), "Repeat", "-1")),
    ];

    private static Tensor[] Only(Tensor[] parts, int used)
    {
        for (int i = 0; i < parts.Length; i++)
            if (i != used) parts[i].Dispose();
        return [parts[used]];
    }

    private static NArray Part(NArray x, int axis, int start, int size) =>
        NArray.Build(NArray.Replaced(x.Sizes, axis, size), i => x[NArray.Replaced(i, axis, i[axis] + start)]);
}
