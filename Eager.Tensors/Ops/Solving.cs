using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The determinants of square matrices: <c>[..., n, n]</c> to <c>[...]</c>. Gradients need matrices that are not singular.</summary>
    public Tensor Determinant() => SolvingOps.Determinant.Apply([Matrices.RequireSquare(this, nameof(Determinant))], default);

    /// <summary>Sign and log|det| of the determinants of square matrices, without overflow; 0 and −∞ of singular ones.</summary>
    public (Tensor Sign, Tensor LogAbsolute) SlogDet()
    {
        Tensor[] y = SolvingOps.SlogDet.ApplyMany([Matrices.RequireSquare(this, nameof(SlogDet))], default);
        return (y[0], y[1]);
    }

    /// <summary>The inverses of square matrices <c>[..., n, n]</c>. To multiply by an inverse, <see cref="Solve"/> is quicker and more accurate.</summary>
    /// <exception cref="InvalidArgumentException">A matrix is singular; the message says which.</exception>
    public Tensor Inverse() => SolvingOps.Inverse.Apply([Matrices.RequireSquare(this, nameof(Inverse))], default);

    /// <summary>The x of A·x = b, for this tensor as A: <c>[..., n, n]</c>; b is <c>[..., n, k]</c>, or one vector <c>[n]</c>. Leading axes broadcast.</summary>
    /// <exception cref="InvalidArgumentException">A matrix is singular; the message says which.</exception>
    public Tensor Solve(Tensor b)
    {
        Matrices.RequireSquare(this, nameof(Solve));
        Broadcasting.RequireOneBatchRank(nameof(Solve), this, b, ownAxes: 2);
        using var scope = Temporaries.Begin();
        (Tensor left, Tensor right) = Matrices.Paired(nameof(Solve), this, b);
        Tensor x = SolvingOps.Solve.Apply([left, right], default);
        return scope.Keep(b.Rank == 1 ? x.Squeeze(-1) : x);
    }

    /// <summary>The x of A·x = b, for this tensor as A, of which only one triangle is read: <c>[..., n, n]</c>; b is <c>[..., n, k]</c>, or one vector <c>[n]</c>. Leading axes broadcast.</summary>
    /// <param name="b">The right-hand sides.</param>
    /// <param name="upper">Which triangle.</param>
    /// <param name="unitDiagonal">True to take the diagonal as ones without reading it.</param>
    /// <exception cref="InvalidArgumentException">A diagonal has a zero; the message says which.</exception>
    public Tensor SolveTriangular(Tensor b, bool upper, bool unitDiagonal = false)
    {
        Matrices.RequireSquare(this, nameof(SolveTriangular));
        Broadcasting.RequireOneBatchRank(nameof(SolveTriangular), this, b, ownAxes: 2);
        using var scope = Temporaries.Begin();
        (Tensor left, Tensor right) = Matrices.Paired(nameof(SolveTriangular), this, b);
        if (!unitDiagonal) Matrices.RequireDiagonal(this, nameof(SolveTriangular));
        Tensor x = SolvingOps.SolveTriangular.Apply([left, right], new(upper, Left: true, unitDiagonal));
        return scope.Keep(b.Rank == 1 ? x.Squeeze(-1) : x);
    }

    /// <summary>The x of A·x = b from Cholesky's factor L of A = L·Lᵀ, which is this tensor.</summary>
    /// <exception cref="InvalidArgumentException">A diagonal has a zero; the message says which.</exception>
    public Tensor CholeskySolve(Tensor b)
    {
        Broadcasting.RequireOneBatchRank(nameof(CholeskySolve), this, b, ownAxes: 2);
        using var scope = Temporaries.Begin();
        if (b.Rank == 1) return scope.Keep(CholeskySolve(b.ExpandDims(-1)).Squeeze(-1));
        return scope.Keep(MatrixTranspose().SolveTriangular(SolveTriangular(b, upper: false), upper: true));
    }

    /// <summary>Moore and Penrose's inverses of matrices: <c>[..., m, n]</c> to <c>[..., n, m]</c>. The gradient is that among matrices of the same rank.</summary>
    /// <param name="tolerance">Singular values up to this part of the largest count as zero; by default max(m, n) times the dtype's epsilon.</param>
    public Tensor PseudoInverse(double? tolerance = null)
    {
        Matrices.Require(this, nameof(PseudoInverse));
        return SolvingOps.PseudoInverse.Apply([this], tolerance ?? Matrices.DefaultTolerance(this));
    }

    /// <summary>The x with the least |A·x − b|, of several the shortest, for this tensor as A: <c>[..., m, n]</c>; b is <c>[..., m, k]</c>, or one vector <c>[m]</c>.</summary>
    /// <param name="b">The right-hand sides.</param>
    /// <param name="tolerance">Singular values up to this part of the largest count as zero; by default max(m, n) times the dtype's epsilon.</param>
    /// <returns>The solution; Σ(A·x − b)² of each right-hand side; A's rank, int64; and A's singular values.</returns>
    public (Tensor Solution, Tensor Residuals, Tensor Rank, Tensor SingularValues) LeastSquares(Tensor b, double? tolerance = null)
    {
        Matrices.Require(this, nameof(LeastSquares));
        Broadcasting.RequireOneBatchRank(nameof(LeastSquares), this, b, ownAxes: 2);
        using var scope = Temporaries.Begin();
        (Tensor left, Tensor right) = Matrices.Paired(nameof(LeastSquares), this, b);
        Tensor x = left.PseudoInverse(tolerance).MatMul(right), residuals = (left.MatMul(x) - right).Square().Sum(-2), singular = SingularValues();
        Tensor rank = MatrixFunctions.CountAbove(singular, tolerance ?? Matrices.DefaultTolerance(this));
        if (b.Rank == 1) (x, residuals) = (x.Squeeze(-1), residuals.Squeeze(-1));
        return (scope.Keep(x), scope.Keep(residuals), scope.Keep(rank), scope.Keep(singular));
    }
}

/// <summary>Determinants, inverses and solutions. The rules are those of Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation" (2008), but where another source stands.</summary>
internal static class SolvingOps
{
    internal readonly record struct TriangularAttributes(bool Upper, bool Left, bool UnitDiagonal);

    // y = |A| ⇒ dA = g·y·A⁻ᵀ
    internal static readonly Op<None> Determinant = new("Determinant", static (x, in _) => Matrices.Only(Aten._linalg_det(x[0]), 0)[0], static (x, in _) => x[0][..^2])
    {
        Accepts = Accepts.Differentiable,
        Gradients = [new(Keep.A | Keep.Output, static (g, in s) => Matrices.Spread(g * s.Output) * s.A.Inverse().MatrixTranspose())],
    };

    // y = sign |A|, z = log abs |A| ⇒ dA = dz·A⁻ᵀ; the sign is constant wherever it has a derivative
    internal static readonly Op<None> SlogDet = new("SlogDet", static (x, in _) => Matrices.Only(Aten._linalg_slogdet(x[0]), 0, 1), static (x, in _) => [x[0][..^2], x[0][..^2]])
    {
        Accepts = Accepts.Differentiable,
        JointKeeps = Keep.A,
        Joint = static (g, in s, dx) => dx[0] = g[1] is { } gz ? Matrices.Spread(gz) * s.A.Inverse().MatrixTranspose() : null,
    };

    // Y = A⁻¹ ⇒ dA = −Yᵀ·g·Yᵀ
    internal static readonly Op<None> Inverse = new("Inverse",
        static (x, in _) =>
        {
            Tensor a = x[0];
            return Matrices.Only(Matrices.Checked(a, nameof(Inverse), Matrices.Singular, check => Aten.linalg_inv_ex(a, check)), 0)[0];
        },
        OpForms.SameShape)
    {
        Accepts = Accepts.Differentiable,
        Gradients =
        [
            new(Keep.Output, static (g, in s) =>
            {
                Tensor y = s.Output.MatrixTranspose();
                return -y.MatMul(g).MatMul(y);
            }),
        ],
    };

    // X = A⁻¹·B ⇒ dB = A⁻ᵀ·g, dA = −dB·Xᵀ
    internal static readonly Op<None> Solve = new("Solve",
        static (x, in _) =>
        {
            (Tensor a, Tensor b) = (x[0], x[1]);
            return Matrices.Only(Matrices.Checked(a, nameof(Solve), Matrices.Singular, check => Aten._linalg_solve_ex(a, b, true, check)), 0)[0];
        },
        static (x, in _) => x[1])
    {
        Accepts = Accepts.Differentiable,
        JointKeeps = Keep.A | Keep.Output,
        Joint = static (g, in s, dx) =>
        {
            Tensor db = Solve!.Apply([s.A.MatrixTranspose(), g[0]!], default);
            if (s.Needs(0)) dx[0] = -db.MatMul(s.Output.MatrixTranspose());
            if (s.Needs(1)) dx[1] = db;
        },
    };

    // X = T⁻¹·B ⇒ dB = T⁻ᵀ·g, dT = the triangle of −dB·Xᵀ; X = B·T⁻¹ ⇒ dB = g·T⁻ᵀ, dT = that of −Xᵀ·dB
    internal static readonly Op<TriangularAttributes> SolveTriangular = new("SolveTriangular",
        static (x, in a) => Aten.linalg_solve_triangular(x[0], x[1], a.Upper, a.Left, a.UnitDiagonal), static (x, in _) => x[1])
    {
        Accepts = Accepts.Differentiable,
        JointKeeps = Keep.A | Keep.Output,
        Joint = static (g, in s, dx) =>
        {
            TriangularAttributes a = s.Attributes;
            Tensor db = SolveTriangular!.Apply([s.A.MatrixTranspose(), g[0]!], a with { Upper = !a.Upper }), x = s.Output.MatrixTranspose();
            if (s.Needs(0))
            {
                Tensor full = -(a.Left ? db.MatMul(x) : x.MatMul(db));
                dx[0] = a.Upper ? full.Triu(a.UnitDiagonal ? 1 : 0) : full.Tril(a.UnitDiagonal ? -1 : 0);
            }
            if (s.Needs(1)) dx[1] = db;
        },
    };

    // P = A⁺ ⇒ dA = −Pᵀ·g·Pᵀ + (1 − A·P)·gᵀ·P·Pᵀ + Pᵀ·P·gᵀ·(1 − P·A), while the rank stays the same
    // (Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate", 1973, eq. 4.12)
    internal static readonly Op<double> PseudoInverse = new("PseudoInverse", PseudoInverseKernel, static (x, in _) => [.. x[0][..^2], x[0][^1], x[0][^2]])
    {
        Accepts = Accepts.Differentiable,
        Gradients =
        [
            new(Keep.A | Keep.Output, static (g, in s) =>
            {
                Tensor a = s.A, p = s.Output, pt = p.MatrixTranspose(), gt = g.MatrixTranspose();
                Tensor left = gt.MatMul(p).MatMul(pt), right = pt.MatMul(p).MatMul(gt);
                return left - a.MatMul(p.MatMul(left)) + right - right.MatMul(p).MatMul(a) - pt.MatMul(g).MatMul(pt);
            }),
        ],
    };

    private static Tensor PseudoInverseKernel(ReadOnlySpan<Tensor> x, in double tolerance)
    {
        using var scope = Temporaries.Begin();
        Tensor a = x[0];
        Shape shape = a.ConcreteShape;
        if (a.ElementCount == 0) return scope.Keep(Aten.full(Shape.Of([.. shape[..^2], shape[^1], shape[^2]]).Sizes, 0, (int)a.DType, -1, a.Device.Packed, default));
        Tensor[] factors = Matrices.Converged(a, nameof(PseudoInverse), () => Aten._linalg_svd(a, false, true, NativeText.None));
        Tensor singular = factors[1], limit = Aten.mul_Tensor(Aten.amax(singular, [-1], true), ScalarOperands.For(tolerance, singular, nameof(PseudoInverse)));
        Tensor inverse = Aten.masked_fill_Scalar(Aten.reciprocal(singular), Aten.le_Tensor(singular, limit), 0);
        Tensor v = Aten.transpose_int(factors[2], -2, -1), ut = Aten.transpose_int(factors[0], -2, -1);
        return scope.Keep(Aten.matmul(Aten.mul_Tensor(v, Aten.unsqueeze(inverse, -2)), ut));
    }
}
