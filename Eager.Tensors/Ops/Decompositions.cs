using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The lower triangular L with A = L·Lᵀ of symmetric positive definite matrices <c>[..., n, n]</c>. Only the lower triangle of A is read; its gradient is symmetric.</summary>
    /// <exception cref="InvalidArgumentException">A matrix is not positive definite; the message says which.</exception>
    public Tensor Cholesky() => DecompositionOps.Cholesky.Apply([Matrices.RequireSquare(this, nameof(Cholesky))], default);

    /// <summary>A = P·L·U of matrices <c>[..., m, n]</c>: a permutation, a lower triangle with ones on its diagonal, an upper triangle.</summary>
    /// <remarks>Gradients need matrices whose first min(m, n) rows of Pᵀ·A and columns are not singular.</remarks>
    public (Tensor P, Tensor L, Tensor U) LU()
    {
        Tensor[] y = DecompositionOps.LU.ApplyMany([Matrices.Require(this, nameof(LU))], default);
        return (y[0], y[1], y[2]);
    }

    /// <summary>A = Q·R of matrices <c>[..., m, n]</c>: orthonormal columns and an upper triangle.</summary>
    /// <param name="complete">True for a square Q, whose columns beyond n complete a basis; false for min(m, n) columns.</param>
    /// <remarks>Gradients need the first min(m, n) columns to be independent; those of a complete Q with m &gt; n are not determined.</remarks>
    public (Tensor Q, Tensor R) QR(bool complete = false)
    {
        Tensor[] y = DecompositionOps.QR.ApplyMany([Matrices.Require(this, nameof(QR))], complete);
        return (y[0], y[1]);
    }

    /// <summary>A = U·diag(S)·Vᵀ of matrices <c>[..., m, n]</c>: orthonormal columns, singular values in descending order, orthonormal rows.</summary>
    /// <param name="full">True for square U and Vᵀ; false for min(m, n) columns and rows.</param>
    /// <remarks>Gradients of U and Vᵀ need distinct singular values; those of the columns beyond min(m, n) are not determined.</remarks>
    public (Tensor U, Tensor S, Tensor Vt) Svd(bool full = false)
    {
        Tensor[] y = DecompositionOps.Svd.ApplyMany([Matrices.Require(this, nameof(Svd))], full);
        return (y[0], y[1], y[2]);
    }

    /// <summary>The singular values of matrices <c>[..., m, n]</c> in descending order: <c>[..., min(m, n)]</c>.</summary>
    public Tensor SingularValues() => DecompositionOps.SingularValues.Apply([Matrices.Require(this, nameof(SingularValues))], default);

    /// <summary>A·V = V·diag(λ) of symmetric matrices <c>[..., n, n]</c>: eigenvalues in ascending order and orthonormal columns. Only the lower triangle of A is read; its gradient is symmetric.</summary>
    /// <remarks>Gradients of the eigenvectors need distinct eigenvalues.</remarks>
    public (Tensor Values, Tensor Vectors) Eigh()
    {
        Tensor[] y = DecompositionOps.Eigh.ApplyMany([Matrices.RequireSquare(this, nameof(Eigh))], default);
        return (y[0], y[1]);
    }

    /// <summary>The eigenvalues of symmetric matrices <c>[..., n, n]</c> in ascending order. Only the lower triangle is read; its gradient is symmetric.</summary>
    public Tensor Eigvalsh() => DecompositionOps.Eigvalsh.Apply([Matrices.RequireSquare(this, nameof(Eigvalsh))], default);

    /// <summary>A·V = V·diag(λ) of square matrices <c>[..., n, n]</c>: complex eigenvalues in no order and columns of length 1.</summary>
    /// <exception cref="GradientException">A gradient is asked for; of symmetric matrices use <see cref="Eigh"/>.</exception>
    public (Tensor Values, Tensor Vectors) Eig()
    {
        Matrices.RequireSquare(this, nameof(Eig));
        Tensor[] y = DecompositionOps.Eig.ApplyMany([this], default);
        return (y[0], y[1]);
    }
}

internal static class DecompositionOps
{
    // A = L·Lᵀ ⇒ dA = the symmetric part of L⁻ᵀ·Φ·L⁻¹, Φ = the lower triangle of Lᵀ·g with half its diagonal
    // (Murray, "Differentiation of the Cholesky decomposition", 2016, eq. 10)
    internal static readonly Op<None> Cholesky = new("Cholesky",
        static (x, in _) =>
        {
            Tensor a = x[0];
            return Matrices.Only(Matrices.Checked(a, nameof(Cholesky), "is not positive definite; add a small multiple of Eye to its diagonal, or use Eigh", check => Aten.linalg_cholesky_ex(a, false, check)), 0)[0];
        },
        OpForms.SameShape)
    {
        Accepts = Accepts.Differentiable,
        Gradients =
        [
            new(Keep.Output, static (g, in s) =>
            {
                Tensor l = s.Output, product = l.MatrixTranspose().MatMul(g);
                Tensor phi = product.Tril() - (product.Diagonal() / 2).Diag();
                Tensor da = FromRight(FromLeft(l.MatrixTranspose(), phi, upper: true), l, upper: false);
                return (da + da.MatrixTranspose()) / 2;
            }),
        ],
    };

    // A = P·L·U ⇒ dA = P·L⁻ᵀ·(the strict lower triangle of Lᵀ·gL + the upper triangle of gU·Uᵀ)·U⁻ᵀ for square matrices;
    // what stands beside or below the square part is solved for first (PyTorch, linalg_lu_backward)
    internal static readonly Op<None> LU = new("LU", static (x, in _) => Aten.linalg_lu(x[0], true),
        static (x, in _) =>
        {
            Dim m = x[0][^2], n = x[0][^1], k = Shorter(m, n);
            return [[.. x[0][..^1], m], x[0].With(-1, k), x[0].With(-2, k)];
        })
    {
        Accepts = Accepts.Differentiable,
        JointKeeps = Keep.Output | Keep.Output1 | Keep.Output2,
        Joint = static (g, in s, dx) =>
        {
            Tensor p = s.Outputs(0), l = s.Outputs(1), u = s.Outputs(2);
            Tensor gl = g[1] ?? Tensor.ZerosLike(l), gu = g[2] ?? Tensor.ZerosLike(u);
            long m = l.ConcreteShape[^2], n = u.ConcreteShape[^1], k = Math.Min(m, n);
            Tensor l1 = l.Narrow(-2, 0, k), u1 = u.Narrow(-1, 0, k);
            Matrices.RequireDiagonal(u1, "LU: its gradient");
            Tensor lower = l1.MatrixTranspose().MatMul(gl.Narrow(-2, 0, k)), upper = gu.Narrow(-1, 0, k).MatMul(u1.MatrixTranspose());
            if (n > k) lower -= gu.Narrow(-1, k, n - k).MatMul(u.Narrow(-1, k, n - k).MatrixTranspose());
            if (m > k) upper -= l.Narrow(-2, k, m - k).MatrixTranspose().MatMul(gl.Narrow(-2, k, m - k));
            Tensor square = FromLeft(l1.MatrixTranspose(), FromRight(lower.Tril(-1) + upper.Triu(), u1.MatrixTranspose(), upper: false), upper: true, unitDiagonal: true);
            Tensor da = square;
            if (n > k) da = Tensor.Concat([square, FromLeft(l1.MatrixTranspose(), gu.Narrow(-1, k, n - k), upper: true, unitDiagonal: true)], -1);
            if (m > k) da = Tensor.Concat([square, FromRight(gl.Narrow(-2, k, m - k), u1.MatrixTranspose(), upper: false)], -2);
            dx[0] = p.MatMul(da);
        },
    };

    // A = Q·R ⇒ dA = (gQ + Q·sym M)·R⁻ᵀ with M = R·gRᵀ − gQᵀ·Q, sym M its lower triangle mirrored
    // (Walter and Lehmann, "Algorithmic differentiation of linear algebra functions", 2010, section 3; wide ones by the leading square part:
    // Roberts and Roberts, "QR and LQ decomposition matrix backpropagation algorithms", 2020)
    internal static readonly Op<bool> QR = new("QR",
        static (x, in complete) => Aten.linalg_qr(x[0], complete ? NativeText.Literal("complete"u8) : NativeText.Literal("reduced"u8)),
        static (x, in complete) =>
        {
            Dim m = x[0][^2], k = complete ? m : Shorter(m, x[0][^1]);
            return [x[0].With(-1, k), x[0].With(-2, k)];
        })
    {
        Accepts = Accepts.Differentiable,
        JointKeeps = Keep.A | Keep.Output | Keep.Output1,
        Joint = static (g, in s, dx) =>
        {
            Tensor q = s.Outputs(0), r = s.Outputs(1);
            long m = s.A.ConcreteShape[^2], n = s.A.ConcreteShape[^1];
            if (s.Attributes && m > n) throw new GradientException($"QR: a complete Q of shape {s.A.ConcreteShape} has columns that the matrix does not determine; take gradients of QR(complete: false).");
            Tensor gq = g[0] ?? Tensor.ZerosLike(q), gr = g[1] ?? Tensor.ZerosLike(r);
            if (m >= n)
            {
                dx[0] = QRGradient(q, r, gq, gr);
                return;
            }
            // Q and the first columns of R are the factors of the first columns; the rest of R is Qᵀ·A.
            Tensor rest = gr.Narrow(-1, m, n - m);
            Tensor square = QRGradient(q, r.Narrow(-1, 0, m), gq + s.A.Narrow(-1, m, n - m).MatMul(rest.MatrixTranspose()), gr.Narrow(-1, 0, m));
            dx[0] = Tensor.Concat([square, q.MatMul(rest)], -1);
        },
    };

    // A = U·S·Vᵀ ⇒ dA = U·(skew(Uᵀ·gU)/E·S + S·skew(Vᵀ·gV)/E + diag gS)·Vᵀ + (1 − U·Uᵀ)·gU·S⁻¹·Vᵀ + U·S⁻¹·gVᵀ·(1 − V·Vᵀ),
    // skew X = X − Xᵀ, Eᵢⱼ = sⱼ² − sᵢ² (Townsend, "Differentiating the singular value decomposition", 2016)
    internal static readonly Op<bool> Svd = new("Svd",
        static (x, in full) =>
        {
            (Tensor a, bool all) = (x[0], full);
            return Matrices.Converged(a, nameof(Svd), () => Aten._linalg_svd(a, all, true, NativeText.None));
        },
        static (x, in full) =>
        {
            Dim m = x[0][^2], n = x[0][^1], k = Shorter(m, n);
            return [x[0].With(-1, full ? m : k), [.. x[0][..^2], k], x[0].With(-2, full ? n : k)];
        })
    {
        Accepts = Accepts.Differentiable,
        JointKeeps = Keep.Output | Keep.Output1 | Keep.Output2,
        Joint = static (g, in s, dx) =>
        {
            Tensor u = s.Outputs(0), values = s.Outputs(1), vt = s.Outputs(2);
            long m = u.ConcreteShape[^2], n = vt.ConcreteShape[^1], k = values.ConcreteShape[^1];
            if (s.Attributes && ((m > n && g[0] is not null) || (n > m && g[2] is not null)))
                throw new GradientException($"Svd: the full factors of a matrix of {m} rows and {n} columns have {(m > n ? "columns" : "rows")} that it does not determine; take gradients of Svd(full: false).");
            u = u.Narrow(-1, 0, k);
            vt = vt.Narrow(-2, 0, k);
            Tensor row = values.ExpandDims(-2), column = values.ExpandDims(-1), ut = u.MatrixTranspose();
            Tensor core = g[1] is { } gs ? gs.Diag() : Tensor.ZerosLike(row * column);
            if (g[0] is { } gu) core += Skew(ut.MatMul(gu)) / Gaps(values.Square()) * row;
            if (g[2] is { } gvt) core += column * (Skew(vt.MatMul(gvt.MatrixTranspose())) / Gaps(values.Square()));
            Tensor da = u.MatMul(core).MatMul(vt);
            if (m > k && g[0] is { } tall) da += ((tall - u.MatMul(ut.MatMul(tall))) / row).MatMul(vt);
            if (n > k && g[2] is { } wide) da += u.MatMul((wide - wide.MatMul(vt.MatrixTranspose()).MatMul(vt)) / column);
            dx[0] = da;
        },
    };

    // s = the singular values ⇒ dA = U·diag g·Vᵀ
    internal static readonly Op<None> SingularValues = new("SingularValues",
        static (x, in _) =>
        {
            Tensor a = x[0];
            return Matrices.Only(Matrices.Converged(a, nameof(SingularValues), () => Aten._linalg_svd(a, false, false, NativeText.None)), 1)[0];
        },
        static (x, in _) => [.. x[0][..^2], Shorter(x[0][^2], x[0][^1])])
    {
        Accepts = Accepts.Differentiable,
        Gradients =
        [
            new(Keep.A, static (g, in s) =>
            {
                (Tensor u, _, Tensor vt) = s.A.Svd();
                return (u * g.ExpandDims(-2)).MatMul(vt);
            }),
        ],
    };

    // A = V·λ·Vᵀ ⇒ dA = V·(diag gλ + skew(Vᵀ·gV)/2E)·Vᵀ, Eᵢⱼ = λⱼ − λᵢ (Giles 2008, section 3.1, for symmetric dA)
    internal static readonly Op<None> Eigh = new("Eigh",
        static (x, in _) =>
        {
            Tensor a = x[0];
            return Matrices.Converged(a, nameof(Eigh), () => Aten._linalg_eigh(a, NativeText.Literal("L"u8), true));
        },
        static (x, in _) => [x[0][..^1], x[0]])
    {
        Accepts = Accepts.Differentiable,
        JointKeeps = Keep.Output | Keep.Output1,
        Joint = static (g, in s, dx) =>
        {
            Tensor values = s.Outputs(0), v = s.Outputs(1), vt = v.MatrixTranspose();
            Tensor core = g[0] is { } gl ? gl.Diag() : Tensor.ZerosLike(v);
            if (g[1] is { } gv) core += Skew(vt.MatMul(gv)) / (Gaps(values) * 2);
            dx[0] = v.MatMul(core).MatMul(vt);
        },
    };

    // λ = the eigenvalues ⇒ dA = V·diag g·Vᵀ
    internal static readonly Op<None> Eigvalsh = new("Eigvalsh",
        static (x, in _) =>
        {
            Tensor a = x[0];
            return Matrices.Only(Matrices.Converged(a, nameof(Eigvalsh), () => Aten._linalg_eigh(a, NativeText.Literal("L"u8), false)), 0)[0];
        },
        static (x, in _) => x[0][..^1])
    {
        Accepts = Accepts.Differentiable,
        Gradients =
        [
            new(Keep.A, static (g, in s) =>
            {
                (_, Tensor v) = s.A.Eigh();
                return (v * g.ExpandDims(-2)).MatMul(v.MatrixTranspose());
            }),
        ],
    };

    internal static readonly Op<None> Eig = new("Eig",
        static (x, in _) =>
        {
            Tensor a = x[0];
            return Matrices.Converged(a, nameof(Eig), () => Aten.linalg_eig(a));
        },
        static (x, in _) => [x[0][..^1], x[0]])
    {
        Accepts = Accepts.Differentiable,
        Joint = static (_, in _, _) => throw new GradientException("Eig: its eigenvalues and eigenvectors are complex, and have no gradient rule; of symmetric matrices use Eigh."),
    };

    // The x of T·x = b, and of x·T = b.
    private static Tensor FromLeft(Tensor t, Tensor b, bool upper, bool unitDiagonal = false) => SolvingOps.SolveTriangular.Apply([t, b], new(upper, Left: true, unitDiagonal));

    private static Tensor FromRight(Tensor b, Tensor t, bool upper) => SolvingOps.SolveTriangular.Apply([t, b], new(upper, Left: false, UnitDiagonal: false));

    private static Tensor QRGradient(Tensor q, Tensor r, Tensor gq, Tensor gr)
    {
        Matrices.RequireDiagonal(r, "QR: its gradient");
        Tensor m = r.MatMul(gr.MatrixTranspose()) - gq.MatrixTranspose().MatMul(q), strict = m.Tril(-1);
        return FromRight(gq + q.MatMul(m.Tril() + strict.MatrixTranspose()), r.MatrixTranspose(), upper: false);
    }

    private static Tensor Skew(Tensor x) => x - x.MatrixTranspose();

    // eⱼ − eᵢ, and 1 on the diagonal, where what is divided by it is 0.
    private static Tensor Gaps(Tensor e) => e.ExpandDims(-2) - e.ExpandDims(-1) + Tensor.Eye(e.ConcreteShape[^1], dtype: e.DType, device: e.Device);

    private static Dim Shorter(Dim a, Dim b) => a.Value < b.Value ? a : b;
}
