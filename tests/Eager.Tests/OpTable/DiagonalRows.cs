using static Eager.Tests.OpTable.ShapingRows;

namespace Eager.Tests.OpTable;

internal static class DiagonalRows
{
    internal static readonly OpRow[] All =
    [
        Moves(DiagonalOps.Tril, static x => x.Tril(), static x => Kept(x, static d => d <= 0), [
            Batch, Empty, Other("one diagonal more", static x => x.Tril(1), static x => Kept(x, static d => d <= 1)),
        ],
            Refusal.Of<ShapeMismatchException>("a vector", static () => Tensor.Zeros([3]).Tril(), "Tril", "[3]", "no matrix")),
        Moves(DiagonalOps.Triu, static x => x.Triu(), static x => Kept(x, static d => d >= 0), [
            Batch, Empty, Other("one diagonal more", static x => x.Triu(-1), static x => Kept(x, static d => d >= -1)),
        ],
            Refusal.Of<ShapeMismatchException>("a scalar", static () => Tensor.Zeros([]).Triu(), "Triu", "[]", "no matrix")),
        Moves(DiagonalOps.Diagonal, static x => x.Diagonal(), static x => Diagonal(x, 0), [
            Batch,
            Other("above", static x => x.Diagonal(1), static x => Diagonal(x, 1)),
            Other("below", static x => x.Diagonal(-1), static x => Diagonal(x, -1)),
            Other("outside", static x => x.Diagonal(5), static x => NArray.Empty(x.Sizes[0], 0)),
        ],
            Refusal.Of<ShapeMismatchException>("a vector", static () => Tensor.Zeros([3]).Diagonal(), "Diagonal", "[3]", "no matrix")),
        Moves(DiagonalOps.OnDiagonal, static x => x.Diag(), static x => OnDiagonal(x, 0), [
            ShapingRows.Matrix, Empty,
            Other("above", static x => x.Diag(2), static x => OnDiagonal(x, 2)),
            Other("below", static x => x.Diag(-1), static x => OnDiagonal(x, -1)),
        ],
            Refusal.Of<ShapeMismatchException>("a scalar", static () => Tensor.Zeros([]).Diag(), "Diag", "[]")),
    ];

    private static Sample Batch => new("a batch", Samples.Spread(1, -2, 2, 3, 2, 2));

    // Of each element the diagonal that it is on: 0 the main one, 1 the one above.
    private static NArray Kept(NArray x, Func<int, bool> kept) => NArray.Build(x.Sizes, i => kept(i[^1] - i[^2]) ? x[i] : 0);

    private static NArray Diagonal(NArray x, int above)
    {
        int row = Math.Max(-above, 0), column = Math.Max(above, 0);
        return NArray.Build([.. x.Sizes[..^2], Math.Min(x.Sizes[^2] - row, x.Sizes[^1] - column)], i => x[[.. i[..^1], i[^1] + row, i[^1] + column]]);
    }

    private static NArray OnDiagonal(NArray x, int above)
    {
        int size = x.Sizes[^1] + Math.Abs(above);
        return NArray.Build([.. x.Sizes[..^1], size, size], i => i[^1] - i[^2] == above ? x[[.. i[..^2], Math.Min(i[^1], i[^2])]] : 0);
    }
}
