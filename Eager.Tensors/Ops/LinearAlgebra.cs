using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>
    /// The matrix product: [n, k]·[k, m] → [n, m]; leading axes are batches and broadcast; a vector counts as a row on the
    /// left and a column on the right.
    /// </summary>
    public Tensor MatMul(Tensor other)
    {
        if (Rank == 2 && other.Rank == 2) return LinearAlgebraOps.MatMul.Apply([this, other], default);
        LinearAlgebraOps.RequireProduct(this, other);
        Broadcasting.RequireOneBatchRank(nameof(MatMul), this, other, ownAxes: 2);
        using var scope = Temporaries.Begin();
        if (other.Rank == 1) return scope.Keep(MatMul(other.ExpandDims(1)).Squeeze(-1));
        if (Rank == 1) return scope.Keep(ExpandDims(0).MatMul(other).Squeeze(-2));
        if (other.Rank == 2)
        {
            Shape shape = Shape;
            return scope.Keep(Reshape([shape[..^1].ElementCount, shape[^1]]).MatMul(other).Reshape(shape.With(-1, other.Shape[1])));
        }
        Shape batch = Eager.Shape.Broadcast(Shape[..^2], other.Shape[..^2]);
        Tensor a = BroadcastTo(Eager.Shape.Of([.. batch, .. Shape[^2..]])).Reshape([batch.ElementCount, .. Shape[^2..]]);
        Tensor b = other.BroadcastTo(Eager.Shape.Of([.. batch, .. other.Shape[^2..]])).Reshape([batch.ElementCount, .. other.Shape[^2..]]);
        return scope.Keep(LinearAlgebraOps.BatchMatMul.Apply([a, b], default).Reshape([.. batch, Shape[^2], other.Shape[^1]]));
    }

    /// <summary>The affine map x·w + b in one kernel: [n, k]·[k, m] + [m] → [n, m].</summary>
    internal static Tensor Affine(Tensor x, Tensor w, Tensor b) => LinearAlgebraOps.Affine.Apply([x, w, b], default);

    /// <summary>The last two axes exchanged.</summary>
    internal Tensor MatrixTranspose() => SwapAxes(-2, -1);

    /// <summary>The last two axes exchanged and every element conjugated: the transpose of a real matrix.</summary>
    internal Tensor Adjoint() => MatrixTranspose().Conj();
}

internal static class LinearAlgebraOps
{
    // y = a·b ⇒ da = g·bᴴ, db = aᴴ·g
    internal static readonly Op<None> MatMul = new("MatMul", static (x, in _) => Aten.mm(x[0], x[1]), Product)
    {
        Accepts = Accepts.Same,
        Linear = Linearity.Separately,
        BatchRule = static (in b, in _) => b[0].MatMul(b[1]),
        ComplexGradients = true,
        Gradients =
        [
            new(Keep.B, static (g, in s) => g.MatMul(s.B.Adjoint())),
            new(Keep.A, static (g, in s) => s.A.Adjoint().MatMul(g)),
        ],
    };

    // y = a·b for each of a batch ⇒ da = g·bᴴ, db = aᴴ·g
    internal static readonly Op<None> BatchMatMul = new("BatchMatMul", static (x, in _) => Aten.bmm(x[0], x[1]), Product)
    {
        Accepts = Accepts.Same,
        Linear = Linearity.Separately,
        BatchRule = static (in b, in _) => b[0].MatMul(b[1]),
        ComplexGradients = true,
        Gradients =
        [
            new(Keep.B, static (g, in s) => BatchMatMul!.Apply([g, s.B.Adjoint()], default)),
            new(Keep.A, static (g, in s) => BatchMatMul!.Apply([s.A.Adjoint(), g], default)),
        ],
    };

    // y = x·w + b ⇒ dx = g·wᴴ, dw = xᴴ·g, db = Σg over rows
    internal static readonly Op<None> Affine = new("Affine", static (x, in _) => Aten.addmm(x[2], x[0], x[1], 1, 1), AffineShape)
    {
        Accepts = Accepts.Same,
        Forward = AffineTangent,
        BatchRule = static (in b, in _) => b[0].MatMul(b[1]) + (b.Has(2) ? b[2].ExpandDims(1) : b[2]),
        ComplexGradients = true,
        Gradients =
        [
            new(Keep.B, static (g, in s) => g.MatMul(s.B.Adjoint())),
            new(Keep.A, static (g, in s) => s.A.Adjoint().MatMul(g)),
            new(Keep.Nothing, static (g, in s) => g.Sum(0)),
        ],
    };

    internal static void RequireProduct(Tensor a, Tensor b)
    {
        if (a.DType.IsQuantized() || b.DType.IsQuantized()) throw Errors.Quantized("MatMul", (a.DType.IsQuantized() ? a : b).DType);
        if (a.DType != b.DType) throw new DTypeMismatchException($"MatMul: the inputs are of different dtypes ({a.DType.Name()}, {b.DType.Name()}); convert one with Cast.");
        if (a.Rank == 0 || b.Rank == 0) throw new ShapeMismatchException($"MatMul: a is {a.ConcreteShape}, b is {b.ConcreteShape}; a scalar has no matrix product, use *.");
        Dim k = a.ConcreteShape[^1], l = b.ConcreteShape[b.Rank == 1 ? -1 : -2];
        if (k != l) throw new ShapeMismatchException($"MatMul: a is {a.ConcreteShape}, b is {b.ConcreteShape}; inner sizes {k} and {l} differ.");
    }

    // dy = dx·w + x·dw + db
    private static Tensor? AffineTangent(ReadOnlySpan<Tensor?> t, in Saved<None> s)
    {
        Tensor? dy = t[0]?.MatMul(s.B);
        if (t[1] is { } dw) dy = dy is null ? s.A.MatMul(dw) : dy + s.A.MatMul(dw);
        if (t[2] is { } db) dy = dy is null ? db.BroadcastTo(s.Output.Shape) : dy + db;
        return dy;
    }

    /// <summary>The common batch of two tensors whose last axes are something else.</summary>
    internal static Shape BroadcastBatch(string op, Shape a, Shape b, int matrixAxes)
    {
        try
        {
            return Shape.Broadcast(a[..^matrixAxes], b[..^matrixAxes]);
        }
        catch (ShapeMismatchException)
        {
            throw new ShapeMismatchException($"{op}: a is {a}, b is {b}; {(matrixAxes == 0 ? "they" : "their leading axes")} do not broadcast.");
        }
    }

    private static Shape Product(ReadOnlySpan<Shape> x, in None a)
    {
        Dim k = x[0][^1], l = x[1][^2];
        if (!k.IsUnknown && !l.IsUnknown && k != l) throw new ShapeMismatchException($"MatMul: a is {x[0]}, b is {x[1]}; inner sizes {k} and {l} differ.");
        return x[0].With(-1, x[1][^1]);
    }

    private static Shape AffineShape(ReadOnlySpan<Shape> x, in None a)
    {
        foreach (Shape matrix in x[..2])
            if (matrix.Rank != 2) throw new ShapeMismatchException($"Affine: x is {x[0]}, w is {x[1]}; both must be matrices.");
        Shape y = Product(x, a);
        if (x[2].Rank != 1 || x[2][0] != y[1]) throw new ShapeMismatchException($"Affine: the bias is {x[2]} where x·w is {y}; it needs shape [{y[1]}].");
        return y;
    }
}
