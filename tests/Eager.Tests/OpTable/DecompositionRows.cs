using MathNet.Numerics.LinearAlgebra;

namespace Eager.Tests.OpTable;

/// <summary>Solutions and factors of matrices against MathNet in float64. Factors that are unique but for signs are compared after both were given the same.</summary>
internal static class DecompositionRows
{
    // LAPACK's algorithms are stable: their error is the dtype's epsilon times the condition number, up to some ten here, times
    // a small multiple of the dimension.
    private const double Stable = 100;

    internal static readonly OpRow[] All =
    [
        Row(SolvingOps.Determinant, static x => x.Determinant(), static m => NArray.Scalar(m.Determinant()), Square, []),
        Row(SolvingOps.SlogDet, static x => Pair(x.SlogDet()), static m => [NArray.Scalar(Math.Sign(m.Determinant())), NArray.Scalar(Math.Log(Math.Abs(m.Determinant())))], Square, []),
        Row(SolvingOps.Inverse, static x => x.Inverse(), static m => From(m.Inverse()), Square, []),
        Row(SolvingOps.PseudoInverse, static x => x.PseudoInverse(), static m => From(m.PseudoInverse()), [.. Square, .. Oblong,
            new("of rank 1", NArray.Matrix(2, 1, 2, 2, 4)) { Smooth = false }, new("of rank 0", NArray.Matrix(2, 0, 0, 0, 0, 0, 0)) { Smooth = false, Expect = static _ => [NArray.Matrix(3, 0, 0, 0, 0, 0, 0)] }, new("without rows", NArray.Empty(0, 2)),
            // A product of a column and a row has rank 1 wherever they move, so the rule can be checked there too.
            new Sample("of rank 1 everywhere", NArray.Matrix(3, 1, -2, 0.5)).With(static x => Scoped(() => [x[0].MatMul(x[0].Transpose()).PseudoInverse(1e-6)])[0], static x => Each(x[0].MatMul(x[0].Transposed()), static m => From(m.PseudoInverse())))], []),
        Row(DecompositionOps.Cholesky, static x => Definite(x).Cholesky(), static m => From(Definite(m).Cholesky().Factor), [.. Square, .. Oblong],
            [Refusal.Of<InvalidArgumentException>("not definite", static () => Tensor.From([[1f, 2f], [2f, 1f]]).Cholesky(), "Cholesky", "[2, 2]", "not positive definite")]),
        Row(DecompositionOps.LU, static x => x.LU() is var (p, l, u) ? [p, l, u] : [], Factored, [.. Square, .. Oblong], []),
        Row(DecompositionOps.QR, static x => Signed(x.QR()), static m => SignedQR(m), [.. Square, .. Oblong], []),
        Row(DecompositionOps.Svd, static x => Signed(x.Svd()), SignedSvd, [.. Square, .. Oblong], []),
        Row(DecompositionOps.SingularValues, static x => x.SingularValues(), static m => NArray.Vector([.. m.Svd(computeVectors: false).S]), [.. Square, .. Oblong], []),
        Row(DecompositionOps.Eigh, static x => SignedVectors(Symmetric(x).Eigh()), SignedEigen, Square, []),
        Row(DecompositionOps.Eigvalsh, static x => Symmetric(x).Eigvalsh(), static m => SignedEigen(m)[0], Square, []),
        Row(MatrixFunctions.Exp, static x => x.MatrixExp(), static m => From(Exp(m)), Square, []),
        Solves(SolvingOps.Solve, static (a, b) => a.Solve(b), static (a, b) => a.Solve(b)),
        Solves(SolvingOps.SolveTriangular, static (a, b) => a.SolveTriangular(b, upper: true), static (a, b) => a.UpperTriangle().Solve(b),
            With("lower", static x => x[0].SolveTriangular(x[1], upper: false), static (a, b) => a.LowerTriangle().Solve(b)),
            With("ones on the diagonal", static x => x[0].SolveTriangular(x[1], upper: true, unitDiagonal: true), static (a, b) => (a.StrictlyUpperTriangle() + Matrix<double>.Build.DenseIdentity(3)).Solve(b)),
            With("ones on the lower diagonal", static x => x[0].SolveTriangular(x[1], upper: false, unitDiagonal: true), static (a, b) => (a.StrictlyLowerTriangle() + Matrix<double>.Build.DenseIdentity(3)).Solve(b)),
            With("from the right", static x => Scoped(() => [SolvingOps.SolveTriangular.Apply([x[0], x[1].Transpose()], new(Upper: true, Left: false, UnitDiagonal: false))])[0], static (a, b) => a.UpperTriangle().Transpose().Solve(b).Transpose())),
        Solves("CholeskySolve", static (a, b) => a.CholeskySolve(b), static (a, b) => (a.LowerTriangle() * a.LowerTriangle().Transpose()).Solve(b)),
    ];

    private static Sample[] Square =>
    [
        new("one matrix", Regular(1, 3, 3)),
        new("a batch", Regular(2, 3, 2, 2)),
        new("an empty batch", NArray.Empty(0, 2, 2)),
    ];

    private static Sample[] Oblong => [new("a tall matrix", Samples.Spread(1, -2, 2, 3, 2)), new("wide matrices", Samples.Spread(3, -2, 2, 2, 2, 3))];

    // Far from singular: the diagonal outweighs the rest. Not symmetric, and with distinct eigenvalues and singular values.
    private static NArray Regular(int seed, params int[] sizes) =>
        NArray.Build(sizes, i => Samples.Spread(seed, -1, 1, sizes)[i] + (i[^1] == i[^2] ? 2 + i[^1] : 0));

    private static OpRow Row(Op op, Func<Tensor, Tensor> call, Func<Matrix<double>, NArray> expect, Sample[] samples, Refusal[] refusals) =>
        Row(op, x => [call(x)], m => [expect(m)], samples, refusals);

    private static OpRow Row(Op op, Func<Tensor, Tensor[]> call, Func<Matrix<double>, NArray[]> expect, Sample[] samples, Refusal[] refusals)
    {
        bool square = samples.Length == Square.Length;
        return new(op, op.Name, (x, _) => Scoped(() => call(x[0])), x => EachOf(x[0], expect))
        {
            DTypes = Kinds.Wide,
            Ulps = Stable,
            Scale = 4,
            Batch = "a batch",
            Samples = samples,
            Refusals =
            [
                Refusal.Of<ShapeMismatchException>("a vector", () => call(Tensor.Ones([3])), "[3]"),
                .. square && op != DecompositionOps.Cholesky ? [Refusal.Of<ShapeMismatchException>("not square", () => call(Tensor.Ones([2, 3])), "[2, 3]")] : Array.Empty<Refusal>(),
                .. refusals,
            ],
        };
    }

    private static OpRow Solves(Op op, Func<Tensor, Tensor, Tensor> call, Func<Matrix<double>, Matrix<double>, Matrix<double>> expect, params Sample[] more) => Solves(op, op.Name, call, expect, more);

    private static OpRow Solves(string method, Func<Tensor, Tensor, Tensor> call, Func<Matrix<double>, Matrix<double>, Matrix<double>> expect) => Solves(null, method, call, expect, []);

    private static OpRow Solves(Op? op, string name, Func<Tensor, Tensor, Tensor> call, Func<Matrix<double>, Matrix<double>, Matrix<double>> expect, Sample[] more) =>
        new(op, name, (x, _) => [call(x[0], x[1])], x => [Solved(x, expect)])
        {
            DTypes = Kinds.Wide,
            Ulps = Stable,
            Scale = 4,
            Batch = "a batch",
            Samples =
            [
                new("columns", Regular(1, 3, 3), Samples.Spread(2, -2, 2, 3, 2)),
                new("a batch", Regular(3, 3, 2, 2), Samples.Spread(4, -2, 2, 3, 2, 1)),
                new Sample("one vector for all", Regular(3, 2, 2, 2), Samples.Spread(5, -2, 2, 2)).With(x => call(x[0], x[1]), x => Solved([x[0], NArray.Build([2, 2, 1], i => x[1][[i[1]]])], expect).Reshaped(2, 2)),
                new Sample("one matrix for all", Regular(1, 2, 2), Samples.Spread(5, -2, 2, 3, 2, 1)).With(x => call(x[0], x[1]), x => Solved([NArray.Build([3, 2, 2], i => x[0][i[1..]]), x[1]], expect)),
                new("nothing", NArray.Empty(0, 2, 2), NArray.Empty(0, 2, 1)),
                .. more,
            ],
            Refusals =
            [
                Refusal.Of<ShapeMismatchException>("too few rows", () => call(Tensor.Eye(3), Tensor.Ones([2, 1])), "[3, 3]", "[2, 1]", "3 rows"),
                Refusal.Of<ShapeMismatchException>("not square", () => call(Tensor.Ones([2, 3]), Tensor.Ones([2])), "[2, 3]"),
                Refusal.Of<ShapeMismatchException>("batches clash", () => call(Tensor.Ones([2, 3, 3]), Tensor.Ones([4, 3, 1])), "[2, 3, 3]", "[4, 3, 1]"),
                Refusal.Of<DTypeMismatchException>("two dtypes", () => call(Tensor.Eye(3), Tensor.Ones([3, 1], DType.Float64)), "float32", "float64"),
                Refusal.Of<InvalidArgumentException>("singular", () => call(Tensor.Zeros([3, 3]), Tensor.Ones([3])), "[3, 3]", "singular"),
            ],
        };

    private static Sample With(string name, Func<Tensor[], Tensor> call, Func<Matrix<double>, Matrix<double>, Matrix<double>> expect) =>
        new Sample(name, Regular(6, 3, 3), Samples.Spread(7, -2, 2, 3, 2)).With(call, x => Solved(x, expect));

    private static NArray Solved(NArray[] x, Func<Matrix<double>, Matrix<double>, Matrix<double>> solve)
    {
        int n = x[0].Sizes[^1], k = x[1].Sizes[^1];
        double[] values = [.. x[0].Values.Chunk(n * n).Zip(x[1].Values.Chunk(n * k), (a, b) => From(solve(To(a, n), To(b, n))).Values).SelectMany(static v => v)];
        NArray first = From(solve(Matrix<double>.Build.DenseIdentity(n), Matrix<double>.Build.Dense(n, k)));
        return new(values, [.. x[1].Sizes[..^2], .. first.Sizes]);
    }

    private static NArray Each(NArray x, Func<Matrix<double>, NArray> f) => EachOf(x, m => [f(m)])[0];

    // What a function makes of each matrix of a batch; of an empty batch the shapes are those of a matrix that is not empty.
    private static NArray[] EachOf(NArray x, Func<Matrix<double>, NArray[]> f)
    {
        int m = x.Sizes[^2], n = x.Sizes[^1];
        if (m * n == 0) return [NArray.Empty(n, m)];
        NArray[][] all = [.. x.Values.Chunk(m * n).Select(values => f(To(values, m)))];
        NArray[] shapes = all.Length > 0 ? all[0] : f(Matrix<double>.Build.Dense(m, n, (i, j) => i == j ? i + 1 : 0));
        return [.. shapes.Select((shape, k) => new NArray([.. all.SelectMany(each => each[k].Values)], [.. x.Sizes[..^2], .. shape.Sizes]))];
    }

    private static Matrix<double> To(double[] values, int rows) => Matrix<double>.Build.DenseOfRows(values.Chunk(values.Length / rows));

    private static NArray From(Matrix<double> m) => new([.. m.EnumerateRows().SelectMany(static row => row)], [m.RowCount, m.ColumnCount]);

    private static Tensor[] Pair((Tensor A, Tensor B) pair) => [pair.A, pair.B];

    private static Tensor Definite(Tensor x) => x.MatMul(x.SwapAxes(-1, -2)) + Tensor.Eye(x.Shape[^2]).Cast(x.DType);

    private static Matrix<double> Definite(Matrix<double> m) => m * m.Transpose() + Matrix<double>.Build.DenseIdentity(m.RowCount);

    private static Tensor Symmetric(Tensor x) => x + x.SwapAxes(-1, -2);

    // Tests count what a call leaves, and what is made here beside the operation is not the library's.
    private static Tensor[] Scoped(Func<Tensor[]> make)
    {
        using var scope = new TensorScope();
        return [.. make().Select(scope.Keep)];
    }

    private static Tensor[] Signed((Tensor Q, Tensor R) factors)
    {
        Tensor sign = factors.R.Diagonal().Sign();
        return [factors.Q.Narrow(-1, 0, sign.Shape[^1]) * sign.ExpandDims(-2), factors.R * sign.ExpandDims(-1)];
    }

    private static NArray[] SignedQR(Matrix<double> m)
    {
        int k = Math.Min(m.RowCount, m.ColumnCount);
        var qr = m.SubMatrix(0, m.RowCount, 0, k).QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Thin);
        Matrix<double> q = qr.Q * Matrix<double>.Build.DenseDiagonal(k, k, i => Math.Sign(qr.R[i, i]));
        return [From(q), From(q.Transpose() * m)];
    }

    private static Tensor[] Signed((Tensor U, Tensor S, Tensor Vt) factors)
    {
        Tensor sign = factors.U.Select(-2, 0).Sign();
        return [factors.U * sign.ExpandDims(-2), factors.S, factors.Vt * sign.ExpandDims(-1)];
    }

    private static NArray[] SignedSvd(Matrix<double> m)
    {
        var svd = m.Svd();
        int k = Math.Min(m.RowCount, m.ColumnCount);
        Matrix<double> sign = Matrix<double>.Build.DenseDiagonal(k, k, i => Math.Sign(svd.U[0, i]));
        return [From(svd.U.SubMatrix(0, m.RowCount, 0, k) * sign), NArray.Vector([.. svd.S]), From(sign * svd.VT.SubMatrix(0, k, 0, m.ColumnCount))];
    }

    private static Tensor[] SignedVectors((Tensor Values, Tensor Vectors) factors) =>
        [factors.Values, factors.Vectors * factors.Vectors.Select(-2, 0).Sign().ExpandDims(-2)];

    private static NArray[] SignedEigen(Matrix<double> m)
    {
        var eigen = (m + m.Transpose()).Evd(Symmetricity.Symmetric);
        int[] order = [.. Enumerable.Range(0, m.RowCount).OrderBy(i => eigen.EigenValues[i].Real)];
        Matrix<double> vectors = Matrix<double>.Build.DenseOfColumns(order.Select(i => eigen.EigenVectors.Column(i) * Math.Sign(eigen.EigenVectors[0, i])));
        return [NArray.Vector([.. order.Select(i => eigen.EigenValues[i].Real)]), From(vectors)];
    }

    // Gauss's elimination with the largest pivot of each column.
    private static NArray[] Factored(Matrix<double> m)
    {
        int rows = m.RowCount, columns = m.ColumnCount, k = Math.Min(rows, columns);
        Matrix<double> u = m.Clone(), l = Matrix<double>.Build.DenseIdentity(rows, k), p = Matrix<double>.Build.DenseIdentity(rows);
        for (int j = 0; j < k; j++)
        {
            int pivot = Enumerable.Range(j, rows - j).MaxBy(i => Math.Abs(u[i, j]));
            foreach (Matrix<double> swapped in new[] { u, p })
                for (int c = 0; c < swapped.ColumnCount; c++) (swapped[j, c], swapped[pivot, c]) = (swapped[pivot, c], swapped[j, c]);
            for (int c = 0; c < j; c++) (l[j, c], l[pivot, c]) = (l[pivot, c], l[j, c]);
            for (int i = j + 1; i < rows; i++)
            {
                l[i, j] = u[i, j] / u[j, j];
                for (int c = j; c < columns; c++) u[i, c] -= l[i, j] * u[j, c];
            }
        }
        return [From(p.Transpose()), From(l), From(u.SubMatrix(0, k, 0, columns))];
    }

    // Taylor's series of a small part of the matrix, squared back.
    private static Matrix<double> Exp(Matrix<double> m)
    {
        Matrix<double> small = m / 16, term = Matrix<double>.Build.DenseIdentity(m.RowCount), sum = term.Clone();
        for (int n = 1; n < 30; n++) sum += term = term * small / n;
        for (int i = 0; i < 4; i++) sum *= sum;
        return sum;
    }
}
