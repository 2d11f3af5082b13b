using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The rows of a table at some places: a table [n, width] and indices of any shape give [..indices, width].</summary>
    /// <param name="table">One row for each index.</param>
    /// <param name="indices">Rows from 0 on, of any integer dtype and shape.</param>
    /// <param name="paddingIndex">A row that no gradient flows to; none when null.</param>
    /// <exception cref="InvalidArgumentException">An index is not a row of the table; the message names it and its place.</exception>
    public static Tensor Embedding(Tensor table, Tensor indices, int? paddingIndex = null)
    {
        if (table.Rank != 2) throw new ShapeMismatchException($"Embedding: the table is {table.ConcreteShape}; it needs shape [rows, width].");
        GatheringOps.RequireIndices(indices, nameof(Embedding));
        if (paddingIndex is { } row && (uint)row >= (ulong)table.ConcreteShape[0].Value) throw new InvalidArgumentException($"Embedding: the padding index {row} is not one of the table's {table.ConcreteShape[0]} rows.");
        using var scope = Temporaries.Begin();
        Tensor places = indices.Cast(DType.Int64);
        try
        {
            return scope.Keep(EmbeddingOps.Embedding.Apply([table, places], paddingIndex ?? EmbeddingOps.NoPadding));
        }
        catch (LibTorchException)
        {
            GatheringOps.RequirePlaces(places, table.ConcreteShape, 0, nameof(Embedding), fromEnd: false);
            throw;
        }
    }
}

internal static class EmbeddingOps
{
    internal const long NoPadding = -1;

    internal readonly record struct BackwardAttributes(Dim Rows, long Padding);

    // y = x at rows i ⇒ dx = zeros with g added at those rows, but for the padding
    internal static readonly Op<long> Embedding = new("Embedding",
        static (x, in padding) => Aten.embedding(x[0], x[1], padding, false, false),
        static (x, in _) => [.. x[1], x[0][1]])
    {
        Accepts = Accepts.Any,
        Gradients =
        [
            new(Keep.B | Keep.Shapes, static (g, in s) => EmbeddingBackward!.Apply([g, s.B], new(s.Shape(0)[0], s.Attributes))),
            Gradient<long>.None("it is an index"),
        ],
    };

    // z = zeros with x added at rows i, but for the padding ⇒ dx = g at those rows, 0 for the padding
    internal static readonly Op<BackwardAttributes> EmbeddingBackward = new("EmbeddingBackward",
        static (x, in a) => Aten.embedding_dense_backward(x[0], x[1], a.Rows, a.Padding, false),
        static (x, in a) => [a.Rows, x[0][-1]])
    {
        Accepts = Accepts.Any,
        Gradients =
        [
            new(Keep.B, static (g, in s) =>
            {
                Tensor rows = Embedding.Apply([g, s.B], s.Attributes.Padding);
                return s.Attributes.Padding == NoPadding ? rows : rows * s.B.NotEqual(s.Attributes.Padding).ExpandDims(-1).Cast(g.DType);
            }),
            Gradient<BackwardAttributes>.None("it is an index"),
        ],
    };
}
