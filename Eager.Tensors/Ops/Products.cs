namespace Eager;

public partial class Tensor
{
    /// <summary>Σ xᵢ·yᵢ of two vectors of one length, a scalar.</summary>
    public Tensor Dot(Tensor other)
    {
        if (Rank != 1 || other.Rank != 1 || ConcreteShape != other.ConcreteShape)
            throw new ShapeMismatchException($"Dot: a is {ConcreteShape}, b is {other.ConcreteShape}; both must be vectors of one length. For batches use VectorDot.");
        return MatMul(other);
    }

    /// <summary>Σ xᵢ·yᵢ over an axis; the other axes broadcast.</summary>
    public Tensor VectorDot(Tensor other, int axis = -1)
    {
        Broadcasting.RequireOneBatchRank(nameof(VectorDot), this, other, ownAxes: 1);
        using var scope = Temporaries.Begin();
        return scope.Keep((this * other).Sum(axis));
    }

    /// <summary>All products of the elements of two vectors, <c>[..., n]</c> and <c>[..., m]</c>, as <c>[..., n, m]</c>.</summary>
    public Tensor Outer(Tensor other)
    {
        if (Rank == 0 || other.Rank == 0) throw new ShapeMismatchException($"Outer: a is {ConcreteShape}, b is {other.ConcreteShape}; a scalar is no vector, use *.");
        Broadcasting.RequireOneBatchRank(nameof(Outer), this, other, ownAxes: 1);
        using var scope = Temporaries.Begin();
        return scope.Keep(ExpandDims(-1) * other.ExpandDims(-2));
    }

    /// <summary>Σ over the last axis of both: <c>[..., k]</c> and <c>[,,,, k]</c> give <c>[..., ,,,,]</c>; a scalar multiplies.</summary>
    public Tensor Inner(Tensor other) => Rank == 0 || other.Rank == 0 ? this * other : TensorDot(other, [-1], [-1]);

    /// <summary>Σ over the last axes of this tensor and the first of the other, in order.</summary>
    /// <param name="other">Its first sizes are this tensor's last.</param>
    /// <param name="axes">How many axes; 0 gives all products.</param>
    public Tensor TensorDot(Tensor other, int axes = 2)
    {
        if (axes < 0 || axes > Rank || axes > other.Rank)
            throw new ShapeMismatchException($"TensorDot: a is {ConcreteShape}, b is {other.ConcreteShape}; they do not both have {axes} axes to sum over.");
        return TensorDot(other, [.. Enumerable.Range(Rank - axes, axes)], [.. Enumerable.Range(0, axes)]);
    }

    /// <summary>Σ over pairs of axes; the rest of this tensor's axes come first in the result, then the rest of the other's.</summary>
    /// <param name="other">The other factor.</param>
    /// <param name="axes">The axes of this tensor.</param>
    /// <param name="otherAxes">For each of them the axis of the other, of the same size.</param>
    public Tensor TensorDot(Tensor other, int[] axes, int[] otherAxes)
    {
        if (axes.Length != otherAxes.Length) throw new InvalidArgumentException($"TensorDot: {axes.Length} axes of a and {otherAxes.Length} of b do not make pairs.");
        int[] summed = ShapingOps.RequireDistinct(ConcreteShape, axes, nameof(TensorDot)), with = ShapingOps.RequireDistinct(other.ConcreteShape, otherAxes, nameof(TensorDot));
        for (int i = 0; i < summed.Length; i++)
            if (ConcreteShape[summed[i]] != other.ConcreteShape[with[i]])
                throw new ShapeMismatchException($"TensorDot: a is {ConcreteShape}, b is {other.ConcreteShape}; sizes {ConcreteShape[summed[i]]} of axis {axes[i]} and {other.ConcreteShape[with[i]]} of axis {otherAxes[i]} differ.");
        int[] rows = [.. Enumerable.Range(0, Rank).Except(summed)], columns = [.. Enumerable.Range(0, other.Rank).Except(with)];
        using var scope = Temporaries.Begin();
        Tensor a = Transpose([.. rows, .. summed]), b = other.Transpose([.. with, .. columns]);
        Shape height = a.Shape[..rows.Length], inner = a.Shape[rows.Length..], width = b.Shape[with.Length..];
        Tensor product = a.Reshape([height.ElementCount, inner.ElementCount]).MatMul(b.Reshape([inner.ElementCount, width.ElementCount]));
        return scope.Keep(product.Reshape([.. height, .. width]));
    }

    /// <summary>Kronecker's product: each element of this tensor times the whole other, laid out as the elements are; sizes multiply. Missing leading axes count as 1.</summary>
    public Tensor Kron(Tensor other)
    {
        Broadcasting.RequireOneBatchRank(nameof(Kron), this, other, ownAxes: 0);
        using var scope = Temporaries.Begin();
        int rank = Math.Max(Rank, other.Rank);
        Tensor a = Widened(this), b = Widened(other);
        var sizes = new Dim[rank];
        for (int i = 0; i < rank; i++) sizes[i] = a.Shape[2 * i] * b.Shape[2 * i + 1];
        return scope.Keep((a * b).Reshape(Eager.Shape.Of(sizes)));

        // Each axis as two, of which the first belongs to the left factor and the second to the right one.
        Tensor Widened(Tensor x)
        {
            var wide = new Dim[2 * rank];
            Array.Fill(wide, 1);
            for (int i = 0; i < x.Rank; i++) wide[2 * (rank - x.Rank + i) + (ReferenceEquals(x, this) ? 0 : 1)] = x.Shape[i];
            return x.Reshape(Eager.Shape.Of(wide));
        }
    }

    /// <summary>The cross product of vectors of three along an axis; the other axes broadcast.</summary>
    public Tensor Cross(Tensor other, int axis = -1)
    {
        Broadcasting.RequireOneBatchRank(nameof(Cross), this, other, ownAxes: 1);
        Shape shape = LinearAlgebraOps.BroadcastBatch(nameof(Cross), ConcreteShape, other.ConcreteShape, matrixAxes: 0);
        int at = shape.NormalizeAxis(axis, nameof(Cross));
        if (shape[at].Value != 3) throw new ShapeMismatchException($"Cross: a is {ConcreteShape}, b is {other.ConcreteShape}; axis {axis} has size {shape[at]}, not 3.");
        using var scope = Temporaries.Begin();
        Shape both = Eager.Shape.Broadcast(Shape, other.Shape);
        return scope.Keep(ProductOps.Cross.Apply([BroadcastTo(both), other.BroadcastTo(both)], at));
    }

    /// <summary>The sum of the main diagonal of matrices: <c>[..., n, m]</c> to <c>[...]</c>.</summary>
    public Tensor Trace()
    {
        DiagonalOps.RequireMatrix(this, nameof(Trace));
        using var scope = Temporaries.Begin();
        return scope.Keep(Diagonal().Sum(-1));
    }

    /// <summary>The distances between the points of two sets: <c>[..., n, d]</c> and <c>[..., m, d]</c> give <c>[..., n, m]</c>.</summary>
    /// <param name="other">The other set; leading axes broadcast.</param>
    /// <param name="order">The order of the norm of the difference, see <see cref="Norm(int, double, bool)"/>. The gradient of a distance of zero is 0.</param>
    public Tensor CDist(Tensor other, double order = 2)
    {
        if (Rank < 2 || other.Rank < 2 || ConcreteShape[^1] != other.ConcreteShape[^1])
            throw new ShapeMismatchException($"CDist: a is {ConcreteShape}, b is {other.ConcreteShape}; both must be [..., points, d] with one d.");
        Broadcasting.RequireOneBatchRank(nameof(CDist), this, other, ownAxes: 2);
        using var scope = Temporaries.Begin();
        return scope.Keep((ExpandDims(-2) - other.ExpandDims(-3)).Norm(-1, order));
    }
}

internal static class ProductOps
{
    // y = a × b ⇒ da = b × g, db = g × a
    internal static readonly Op<int> Cross = new("Cross", static (x, in axis) => Interop.Aten.linalg_cross(x[0], x[1], axis), static (x, in _) => x[0])
    {
        Accepts = Accepts.Same,
        Gradients =
        [
            new(Keep.B, static (g, in s) => Cross!.Apply([s.B, g], s.Attributes)),
            new(Keep.A, static (g, in s) => Cross!.Apply([g, s.A], s.Attributes)),
        ],
    };
}
