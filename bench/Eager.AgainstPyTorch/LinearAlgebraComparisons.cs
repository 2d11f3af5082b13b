using static Eager.AgainstPyTorch.Argument;
using static Eager.AgainstPyTorch.Bound;
using static Eager.AgainstPyTorch.Comparison;

namespace Eager.AgainstPyTorch;

/// <summary>Products, solutions, decompositions, norms of matrices.</summary>
internal static class LinearAlgebraComparisons
{
    internal static readonly Comparison[] All =
    [
        Of("MatMul", "a @ b", static x => x[0].MatMul(x[1]), static r => AnySizes(r, 2) is var s ? [Real(r, -2, 2, s[0], 19), Real(r, -2, 2, 19, s[1])] : []),
        Of("MatMul of whole numbers", "a @ b", static x => x[0].MatMul(x[1]), static r => AnySizes(r, 2) is var s ? [Integers(r, -9, 9, s[0], 5), Integers(r, -9, 9, 5, s[1])] : [], Exact) with { DTypes = Whole },
        Of("MatMul with a vector", "a @ b", static x => x[0].MatMul(x[1]), static r => AnySizes(r, 2) is var s ? [Real(r, -2, 2, s), Real(r, -2, 2, s[1])] : []),
        Of("BatchMatMul", "a @ b", static x => x[0].MatMul(x[1]), static r => AnySizes(r, 4) is var s ? [Real(r, -2, 2, s[0], 1, s[1], 9), Real(r, -2, 2, s[2], 9, s[3])] : []),
        Of("Affine", "F.linear(a, b.t(), c)", static x => x[0].MatMul(x[1]) + x[2], static r => AnySizes(r, 2) is var s ? [Real(r, -2, 2, s[0], 19), Real(r, -2, 2, 19, s[1]), Real(r, -2, 2, s[1])] : []),
        // Of one sign, since a single sum may cancel to nothing.
        Of("Dot", "torch.dot(a, b)", static x => x[0].Dot(x[1]), static r => Twins(r, 0.5, 2, 1)),
        Of("VectorDot", "torch.linalg.vecdot(a, b, dim=1)", static x => x[0].VectorDot(x[1], 1), static r => Twins(r, 0.5, 2, 3)),
        Of("Outer", "torch.outer(a, b)", static x => x[0].Outer(x[1]), static r => [Real(r, -2, 2, r.Next(1, 7)), Real(r, -2, 2, r.Next(1, 7))]),
        Of("Inner", "torch.inner(a, b)", static x => x[0].Inner(x[1]), static r => AnySizes(r, 4) is var s ? [Real(r, -2, 2, s[..3]), Real(r, -2, 2, s[3], s[2])] : []),
        Of("TensorDot", "torch.tensordot(a, b, 2)", static x => x[0].TensorDot(x[1]), static r => AnySizes(r, 4) is var s ? [Real(r, -2, 2, s[..3]), Real(r, -2, 2, s[1], s[2], s[3])] : []),
        Of("TensorDot over axes", "torch.tensordot(a, b, ([0], [1]))", static x => x[0].TensorDot(x[1], [0], [1]), static r => AnySizes(r, 4) is var s ? [Real(r, -2, 2, s[..3]), Real(r, -2, 2, s[3], s[0])] : []),
        Of("Einsum", "torch.einsum('bij,bjk->bik', a, b)", static x => Tensor.Einsum("bij,bjk->bik", x), static r => AnySizes(r, 4) is var s ? [Real(r, -2, 2, s[..3]), Real(r, -2, 2, s[0], s[2], s[3])] : []),
        Of("Einsum, a diagonal", "torch.einsum('ii,ij->j', a, b)", static x => Tensor.Einsum("ii,ij->j", x), static r => AnySizes(r, 2) is var s ? [Real(r, -2, 2, s[0], s[0]), Real(r, -2, 2, s)] : []),
        Of("Kron", "torch.kron(a, b)", static x => x[0].Kron(x[1]), static r => [Real(r, -2, 2, AnySizes(r, 2)), Real(r, -2, 2, AnySizes(r, 2))]),
        Of("Cross", "torch.linalg.cross(a, b, dim=1)", static x => x[0].Cross(x[1], 1), static r => AnySizes(r, 2) is var s ? [Real(r, -2, 2, s[0], 3, s[1]), Real(r, -2, 2, s[0], 3, s[1])] : []),
        Of("CDist", "torch.cdist(a, b, compute_mode='donot_use_mm_for_euclid_dist')", static x => x[0].CDist(x[1]), Points),
        Of("CDist of order 1", "torch.cdist(a, b, 1)", static x => x[0].CDist(x[1], 1), Points),
        Of("CDist of order 3", "torch.cdist(a, b, 3)", static x => x[0].CDist(x[1], 3), Points),
        // Of matrices with more rows than columns PyTorch 1.13 puts gradients beside the diagonal.
        Of("Trace", "torch.trace(a)", static x => x[0].Trace(), static r => r.Next(2, 6) is var n ? [Real(r, -2, 2, n, n + r.Next(0, 4))] : []),

        Square("Determinant", "torch.linalg.det(a)", static x => x.Determinant()),
        Square("SlogDet", "torch.linalg.slogdet(a)[1]", static x => x.SlogDet().LogAbsolute),
        Square("SlogDet, sign", "torch.linalg.slogdet(-a)[0]", static x => (-x).SlogDet().Sign) with { Gradients = false },
        Square("Inverse", "torch.linalg.inv(a)", static x => x.Inverse()),
        Square("MatrixPower", "torch.linalg.matrix_power(a, 3)", static x => x.MatrixPower(3)),
        Square("MatrixPower below 0", "torch.linalg.matrix_power(a, -2)", static x => x.MatrixPower(-2)),
        Square("MatrixExp", "torch.linalg.matrix_exp(a)", static x => x.MatrixExp()),
        Square("Cholesky", "torch.linalg.cholesky(a + a.mT)", static x => (x + x.SwapAxes(-1, -2)).Cholesky()),
        Square("Eigh", "torch.linalg.eigh(a + a.mT)[1]", static x => (x + x.SwapAxes(-1, -2)).Eigh().Vectors),
        Square("Eigh, values", "torch.linalg.eigh(a + a.mT)[0]", static x => (x + x.SwapAxes(-1, -2)).Eigh().Values),
        Square("Eigvalsh", "torch.linalg.eigvalsh(a + a.mT)", static x => (x + x.SwapAxes(-1, -2)).Eigvalsh()),
        Square("Eig", "torch.view_as_real(torch.linalg.eig(a)[0])", static x => x.Eig().Values.ViewAsReal()) with { Gradients = false },
        Square("Eig, vectors", "torch.view_as_real(torch.linalg.eig(a)[1])", static x => x.Eig().Vectors.ViewAsReal()) with { Gradients = false },
        Square("MatrixNorm of order 1", "torch.linalg.matrix_norm(a, 1)", static x => x.MatrixNorm(1)),
        Square("MatrixNorm of order 2", "torch.linalg.matrix_norm(a, 2)", static x => x.MatrixNorm(2)),
        Square("MatrixNorm of order -2", "torch.linalg.matrix_norm(a, -2)", static x => x.MatrixNorm(-2)),
        Square("MatrixNorm of order infinity", "torch.linalg.matrix_norm(a, float('inf'))", static x => x.MatrixNorm(double.PositiveInfinity)),
        Square("FrobeniusNorm", "torch.linalg.matrix_norm(a, 'fro')", static x => x.FrobeniusNorm()),
        Square("NuclearNorm", "torch.linalg.matrix_norm(a, 'nuc')", static x => x.NuclearNorm()),
        Square("MatrixRank", "torch.linalg.matrix_rank(a)", static x => x.MatrixRank()) with { Gradients = false },
        Square("ConditionNumber", "torch.linalg.cond(a)", static x => x.ConditionNumber()),
        Square("ConditionNumber of order 1", "torch.linalg.matrix_norm(a, 1) * torch.linalg.matrix_norm(torch.linalg.inv(a), 1)", static x => x.ConditionNumber(1)),
        Tall("QR", "torch.linalg.qr(a)[0]", static x => x.QR().Q),
        Tall("QR, R", "torch.linalg.qr(a)[1]", static x => x.QR().R),
        Tall("Svd", "torch.linalg.svd(a, full_matrices=False)[0]", static x => x.Svd().U),
        Tall("Svd, values", "torch.linalg.svd(a, full_matrices=False)[1]", static x => x.Svd().S),
        Tall("Svd, rows", "torch.linalg.svd(a, full_matrices=False)[2]", static x => x.Svd().Vt),
        Tall("SingularValues", "torch.linalg.svdvals(a)", static x => x.SingularValues()),
        Tall("PseudoInverse", "torch.linalg.pinv(a)", static x => x.PseudoInverse()),
        Tall("LU", "torch.linalg.lu(a)[1]", static x => x.LU().L),
        Tall("LU, U", "torch.linalg.lu(a)[2]", static x => x.LU().U),
        Tall("LU, P", "torch.linalg.lu(a)[0]", static x => x.LU().P) with { Gradients = false },
        Systems("Solve", "torch.linalg.solve(a, b)", static x => x[0].Solve(x[1])),
        Systems("SolveTriangular", "torch.linalg.solve_triangular(a, b, upper=True)", static x => x[0].SolveTriangular(x[1], upper: true)),
        Systems("SolveTriangular, lower", "torch.linalg.solve_triangular(a, b, upper=False)", static x => x[0].SolveTriangular(x[1], upper: false)),
        Systems("SolveTriangular, unit diagonal", "torch.linalg.solve_triangular(a, b, upper=True, unitriangular=True)", static x => x[0].SolveTriangular(x[1], upper: true, unitDiagonal: true)),
        Systems("CholeskySolve", "torch.cholesky_solve(b, torch.linalg.cholesky(a + a.mT))", static x => (x[0] + x[0].SwapAxes(-1, -2)).Cholesky().CholeskySolve(x[1])),
        Of("LeastSquares", "torch.linalg.lstsq(a, b).solution", static x => x[0].LeastSquares(x[1]).Solution, static r => r.Next(2, 5) is var n ? [Matrices(r, 2, n + 2, n), Real(r, -2, 2, 2, n + 2, 3)] : [], Solved),
    ];

    private static Argument[] Points(System.Random random) => [Real(random, -2, 2, 2, random.Next(1, 6), 4), Real(random, 3, 5, 2, random.Next(1, 6), 4)];

    private static Comparison Tall(string name, string python, Func<Tensor, Tensor> call) =>
        Of(name, python, x => call(x[0]), static r => r.Next(2, 5) is var n ? [Matrices(r, r.Next(1, 4), n + r.Next(0, 3), n)] : [], Solved);

    private static Comparison Systems(string name, string python, Func<Tensor[], Tensor> call) =>
        Of(name, python, call, static r => r.Next(2, 6) is var n && r.Next(1, 4) is var batch ? [Matrices(r, batch, n, n), Real(r, -2, 2, batch, n, 3)] : [], Solved);
}
