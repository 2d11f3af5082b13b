using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>Matrices with zeros above a diagonal, over the last two axes.</summary>
    /// <param name="diagonal">The last diagonal that is kept: 0 the main one, 1 the one above it.</param>
    public Tensor Tril(long diagonal = 0) => DiagonalOps.Tril.Apply([DiagonalOps.RequireMatrix(this, nameof(Tril))], diagonal);

    /// <summary>Matrices with zeros below a diagonal, over the last two axes.</summary>
    /// <param name="diagonal">The first diagonal that is kept: 0 the main one, 1 the one above it.</param>
    public Tensor Triu(long diagonal = 0) => DiagonalOps.Triu.Apply([DiagonalOps.RequireMatrix(this, nameof(Triu))], diagonal);

    /// <summary>A diagonal of matrices, over the last two axes: <c>[..., m, n]</c> becomes <c>[..., length]</c>. A view.</summary>
    /// <param name="diagonal">Which one: 0 the main one, 1 the one above it.</param>
    public Tensor Diagonal(long diagonal = 0) => DiagonalOps.Diagonal.Apply([DiagonalOps.RequireMatrix(this, nameof(Diagonal))], diagonal);

    /// <summary>Square matrices of zeros with the last axis's elements on a diagonal: <c>[..., n]</c> becomes <c>[..., n, n]</c>.</summary>
    /// <param name="diagonal">Which one; each step away from the main one, 0, makes the matrices larger by one.</param>
    public Tensor Diag(long diagonal = 0)
    {
        if (Rank == 0) throw new ShapeMismatchException("Diag: a tensor of shape [] has no axis to put on a diagonal.");
        Dim size = Shape[^1] + Math.Abs(diagonal);
        return DiagonalOps.OnDiagonal.Apply([this], new([.. Shape[..^1], size, size], diagonal));
    }
}

internal static class DiagonalOps
{
    internal readonly record struct OnDiagonalAttributes(Shape Shape, long Diagonal);

    // y = x, zero above a diagonal ⇒ dx = g, zero there
    internal static readonly Op<long> Tril = new("Tril", static (x, in k) => Aten.tril(x[0], k), SameShape)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in k, in _) => k,
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => g.Tril(s.Attributes))],
    };

    // y = x, zero below a diagonal ⇒ dx = g, zero there
    internal static readonly Op<long> Triu = new("Triu", static (x, in k) => Aten.triu(x[0], k), SameShape)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in k, in _) => k,
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => g.Triu(s.Attributes))],
    };

    // y = a diagonal of x ⇒ dx = zeros with g on it
    internal static readonly Op<long> Diagonal = new("Diagonal", static (x, in k) => Aten.diagonal(x[0], k, -2, -1), DiagonalShape)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in k, in _) => k,
        ComplexGradients = true,
        Effect = Effect.View,
        Gradients = [new(Keep.Shapes, static (g, in s) => OnDiagonal!.Apply([g], new(s.Shape(0), s.Attributes)))],
    };

    // y = zeros with x on a diagonal ⇒ dx = that diagonal of g
    internal static readonly Op<OnDiagonalAttributes> OnDiagonal = new("Diag",
        static (x, in a) => Aten.diagonal_backward(x[0], a.Shape.Sizes, a.Diagonal, -2, -1),
        static (x, in a) => a.Shape)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in a, in b) => a with { Shape = a.Shape.Insert(0, b.Size) },
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => g.Diagonal(s.Attributes.Diagonal))],
    };

    internal static Tensor RequireMatrix(Tensor x, string op) =>
        x.Rank >= 2 ? x : throw new ShapeMismatchException($"{op}: shape {x.ConcreteShape} is no matrix; two axes are needed.");

    private static Shape SameShape(ReadOnlySpan<Shape> x, in long diagonal) => x[0];

    private static Shape DiagonalShape(ReadOnlySpan<Shape> x, in long diagonal)
    {
        Dim rows = diagonal < 0 ? x[0][^2] + diagonal : x[0][^2], columns = diagonal > 0 ? x[0][^1] - diagonal : x[0][^1];
        Dim shorter = rows.Value < columns.Value ? rows : columns;
        return [.. x[0][..^2], shorter.Value < 0 ? 0 : shorter];
    }
}
