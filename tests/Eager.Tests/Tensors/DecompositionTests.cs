using System.Numerics;
using Eager.Autograd;
using MathNet.Numerics.LinearAlgebra;
using NUnit.Framework;

namespace Eager.Tests.Tensors;

/// <summary>Factors multiply to their matrix, agree with MathNet where they are unique, and name matrices that have none.</summary>
public class DecompositionTests
{
    // Products of numbers up to 3 over four places round a few times: some 50 epsilons of float64.
    private const double Exact = 1e-13;

    private static readonly Tensor Batch = TestMatrices(1, 2, 4, 3);

    private static Tensor TestMatrices(int seed, params int[] sizes) => OpTable.TensorData.Make(OpTable.Samples.Spread(seed, -2, 2, sizes), DType.Float64);

    private static Tensor Symmetric(int n) => TestMatrices(3, n, n) is var x ? x + x.Transpose() : x;

    private static void AreEqual(Tensor actual, Tensor expected)
    {
        Assert.That(actual.Shape, Is.EqualTo(expected.Shape));
        Assert.That(actual.ToArray<double>(), Is.EqualTo(expected.ToArray<double>()).Within(Exact));
    }

    private static Matrix<double> ToMathNet(Tensor x) => Matrix<double>.Build.DenseOfArray(x.ToArray2D<double>());

    private static Tensor Orthonormal(Tensor q) => q.SwapAxes(-1, -2).MatMul(q);

    [TestCase(false)]
    [TestCase(true)]
    public void QR_gives_orthonormal_columns_and_a_triangle(bool complete)
    {
        foreach (Tensor x in new[] { Batch, Batch.SwapAxes(-1, -2), TestMatrices(2, 3, 3), Tensor.Zeros([2, 0], DType.Float64) })
        {
            (Tensor q, Tensor r) = x.QR(complete);
            AreEqual(q.MatMul(r), x);
            AreEqual(r.Triu(), r);
            AreEqual(Orthonormal(q), Tensor.Eye(q.Shape[^1], dtype: DType.Float64).BroadcastTo(Orthonormal(q).Shape));
            if (complete) Assert.That(q.Shape[^1], Is.EqualTo(x.Shape[^2]));
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Svd_gives_orthonormal_factors_and_MathNets_singular_values(bool full)
    {
        foreach (Tensor x in new[] { TestMatrices(1, 4, 3), TestMatrices(1, 3, 4), TestMatrices(2, 3, 3) })
        {
            (Tensor u, Tensor s, Tensor vt) = x.Svd(full);
            Tensor middle = Tensor.Zeros([u.Shape[^1], vt.Shape[^2]], DType.Float64) + s.Diag().Pad([(0, (int)(u.Shape[^1] - s.Shape[^1])), (0, (int)(vt.Shape[^2] - s.Shape[^1]))]);
            AreEqual(u.MatMul(middle).MatMul(vt), x);
            AreEqual(Orthonormal(u), Tensor.Eye(u.Shape[^1], dtype: DType.Float64));
            AreEqual(Orthonormal(vt.Transpose()), Tensor.Eye(vt.Shape[^2], dtype: DType.Float64));
            double[] expected = [.. ToMathNet(x).Svd(computeVectors: false).S];
            Assert.That(s.ToArray<double>(), Is.EqualTo(expected).Within(Exact));
            Assert.That(x.SingularValues().ToArray<double>(), Is.EqualTo(expected).Within(Exact));
        }
    }

    [Test]
    public void LU_gives_a_permutation_and_two_triangles()
    {
        foreach (Tensor x in new[] { Batch, Batch.SwapAxes(-1, -2), TestMatrices(2, 3, 3) })
        {
            (Tensor p, Tensor l, Tensor u) = x.LU();
            AreEqual(p.MatMul(l).MatMul(u), x);
            AreEqual(l.Tril(), l);
            Assert.That(l.Diagonal().ToArray<double>(), Is.All.EqualTo(1));
            AreEqual(u.Triu(), u);
            Assert.That(p.Sum(-1).ToArray<double>(), Is.All.EqualTo(1));
        }
    }

    [Test]
    public void Symmetric_matrices_have_MathNets_eigenvalues_and_orthonormal_eigenvectors()
    {
        Tensor x = Symmetric(4);
        (Tensor values, Tensor vectors) = x.Eigh();
        AreEqual(x.MatMul(vectors), vectors * values);
        AreEqual(Orthonormal(vectors), Tensor.Eye(4, dtype: DType.Float64));
        double[] expected = [.. ToMathNet(x).Evd(Symmetricity.Symmetric).EigenValues.Select(static v => v.Real).Order()];
        Assert.That(values.ToArray<double>(), Is.EqualTo(expected).Within(Exact));
        Assert.That(x.Eigvalsh().ToArray<double>(), Is.EqualTo(expected).Within(Exact));
    }

    [Test]
    public void Eigenvalues_in_general_are_MathNets_and_complex()
    {
        Tensor x = TestMatrices(5, 4, 4);
        (Tensor values, Tensor vectors) = x.Eig();
        Assert.That(values.DType, Is.EqualTo(DType.Complex128));
        Complex[] l = values.ToArray<Complex>(), v = vectors.ToArray<Complex>();
        double[] a = x.ToArray<double>();
        for (int j = 0; j < 4; j++)
            for (int i = 0; i < 4; i++)
            {
                Complex product = Complex.Zero;
                for (int k = 0; k < 4; k++) product += a[i * 4 + k] * v[k * 4 + j];
                Assert.That((product - l[j] * v[i * 4 + j]).Magnitude, Is.LessThan(Exact));
            }
        IEnumerable<Complex> expected = ToMathNet(x).Evd(Symmetricity.Asymmetric).EigenValues;
        foreach (Complex value in expected) Assert.That(l.Min(other => (other - value).Magnitude), Is.LessThan(Exact));
    }

    [Test]
    public void A_gradient_of_general_eigenvalues_is_refused()
    {
        using var tape = new GradientTape();
        Tensor x = TestMatrices(5, 2, 2);
        tape.Watch(x);
        Assert.That(() => x.Eig().Values is var values ? tape.Gradient(values, x, Tensor.OnesLike(values)) : null, Throws.TypeOf<GradientException>().With.Message.StartsWith("Eig: "));
        Assert.That(() => x.Cast(DType.Float16).Eig(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float16"));
    }

    [Test]
    public void The_matrix_of_a_batch_that_has_no_factors_is_named()
    {
        Tensor good = Tensor.Eye(2), bad = Tensor.Zeros([2, 2]);
        Tensor batch = Tensor.Stack([good, good, good, good, bad, good]).Reshape([2, 3, 2, 2]);
        const string Second = "matrix [1, 1] of the batch of shape [2, 3, 2, 2]";
        Assert.That(() => batch.Inverse(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains($"Inverse: {Second} is singular"));
        Assert.That(() => batch.Solve(Tensor.Ones([2])), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains($"Solve: {Second} is singular"));
        Assert.That(() => batch.SolveTriangular(Tensor.Ones([2]), upper: true), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains($"SolveTriangular: {Second} is singular"));
        Assert.That(() => batch.Cholesky(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains($"Cholesky: {Second} is not positive definite"));
        Assert.That(() => bad.Inverse(), Throws.TypeOf<InvalidArgumentException>().With.Message.StartWith("Inverse: the matrix of shape [2, 2] is singular"));
        Tensor broken = Tensor.Stack([good, Tensor.Full([2, 2], double.NaN)]);
        foreach (Action<Tensor> factor in new Action<Tensor>[] { static x => x.Svd(), static x => x.SingularValues(), static x => x.Eig(), static x => x.PseudoInverse() })
            Assert.That(() => factor(broken), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("matrix [1] of the batch of shape [2, 2, 2] has elements that are NaN or infinite"));
    }

    [Test]
    public void Gradients_that_the_matrix_does_not_determine_are_refused()
    {
        Tensor tall = TestMatrices(1, 3, 2);
        Assert.That(() => GradientCheck.Run(static x => x.QR(complete: true).Q, tall), Throws.TypeOf<GradientException>().With.Message.Contains("QR(complete: false)"));
        Assert.That(() => GradientCheck.Run(static x => x.Svd(full: true).U, tall), Throws.TypeOf<GradientException>().With.Message.Contains("Svd(full: false)"));
        Assert.That(() => GradientCheck.Run(static x => x.QR().R, Tensor.Ones([3, 2], DType.Float64)), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("QR: its gradient: the matrix of shape [2, 2] is singular").Or.TypeOf<GradientException>());
        GradientCheck.Require(static x => x.Svd(full: true).S, tall);
    }

    // The x of least squares solves AᵀA·x = Aᵀb; MathNet solves the same by its own QR.
    [Test]
    public void Least_squares_agree_with_MathNet()
    {
        Tensor a = TestMatrices(1, 4, 2), b = TestMatrices(2, 4);
        (Tensor x, Tensor residuals, Tensor rank, Tensor singular) = a.LeastSquares(b);
        var expected = ToMathNet(a).QR().Solve(MathNet.Numerics.LinearAlgebra.Vector<double>.Build.DenseOfArray(b.ToArray<double>()));
        Assert.That(x.ToArray<double>(), Is.EqualTo(expected.ToArray()).Within(Exact));
        Assert.That(residuals.Item(), Is.EqualTo((a.MatMul(x) - b).Square().Sum().Item()).Within(Exact));
        Assert.That(rank.Item<long>(), Is.EqualTo(2));
        Assert.That(singular.Shape, Is.EqualTo(Shape.FromSizes(2)));
        GradientCheck.Require(static p => p[0].LeastSquares(p[1]).Solution, [a, b], order: 2);
        // Of many solutions the shortest: that of x + y = 2 is (1, 1).
        Assert.That(Tensor.From([[1.0, 1]]).LeastSquares(Tensor.From([2.0])).Solution.ToArray<double>(), Is.EqualTo(new double[] { 1, 1 }).Within(Exact));
        Assert.That(Tensor.From([[1.0, 1], [1, 1]]).LeastSquares(Tensor.From([2.0, 2])).Rank.Item<long>(), Is.EqualTo(1));
    }

    [Test]
    public void Norms_ranks_and_condition_numbers_agree_with_MathNet()
    {
        Tensor a = TestMatrices(1, 3, 3);
        Matrix<double> m = ToMathNet(a);
        Assert.That(a.MatrixNorm(1).Item(), Is.EqualTo(m.L1Norm()).Within(Exact));
        Assert.That(a.MatrixNorm(2).Item(), Is.EqualTo(m.L2Norm()).Within(Exact));
        Assert.That(a.MatrixNorm(double.PositiveInfinity).Item(), Is.EqualTo(m.InfinityNorm()).Within(Exact));
        Assert.That(a.MatrixNorm(-1).Item(), Is.EqualTo(m.ColumnNorms(1).Min()).Within(Exact));
        Assert.That(a.MatrixNorm(double.NegativeInfinity, keepDims: true).Item(), Is.EqualTo(m.RowNorms(1).Min()).Within(Exact));
        Assert.That(a.MatrixNorm(-2).Item(), Is.EqualTo(m.Svd(computeVectors: false).S[2]).Within(Exact));
        Assert.That(a.FrobeniusNorm().Item(), Is.EqualTo(m.FrobeniusNorm()).Within(Exact));
        Assert.That(a.NuclearNorm(keepDims: true).Shape, Is.EqualTo(Shape.FromSizes(1, 1)));
        Assert.That(a.NuclearNorm().Item(), Is.EqualTo(m.Svd(computeVectors: false).S.Sum()).Within(Exact));
        Assert.That(a.ConditionNumber().Item(), Is.EqualTo(m.ConditionNumber()).Within(1e-11), "a quotient by a small number");
        Assert.That(a.ConditionNumber(1).Item(), Is.EqualTo(m.L1Norm() * m.Inverse().L1Norm()).Within(1e-11));
        Assert.That(a.MatrixRank().Item<long>(), Is.EqualTo(3));
        Assert.That(Tensor.From([[1.0, 2], [2, 4]]).MatrixRank().Item<long>(), Is.EqualTo(1));
        Assert.That(Tensor.Zeros([2, 0]).MatrixRank().Item<long>(), Is.Zero);
        Assert.That(() => a.MatrixNorm(3), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("3 is no order"));
        foreach (double order in new[] { 1, 2, double.PositiveInfinity, -1, -2, double.NegativeInfinity })
            GradientCheck.Require(x => x.MatrixNorm(order), a, order: 2);
        GradientCheck.Require(static x => x.NuclearNorm() + x.FrobeniusNorm() + x.ConditionNumber(), a);
    }

    [Test]
    public void Powers_of_matrices_agree_with_MathNet()
    {
        Tensor a = TestMatrices(1, 3, 3);
        Matrix<double> m = ToMathNet(a);
        foreach (int n in new[] { 0, 1, 2, 5 })
            Assert.That(a.MatrixPower(n).ToArray2D<double>(), Is.EqualTo(m.Power(n).ToArray()).Within(1e-11), "products of numbers up to a hundred");
        AreEqual(a.MatrixPower(-2), a.Inverse().MatMul(a.Inverse()));
        GradientCheck.Require(static x => x.MatrixPower(3), a, order: 2);
        Assert.That(() => Batch.MatrixPower(2), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("no square matrix"));
    }

    [Test]
    public void Nothing_is_left_but_the_results()
    {
        Tensor a = TestMatrices(1, 3, 3), b = TestMatrices(2, 3);
        using var count = new WrapperCount();
        (Tensor x, Tensor residuals, Tensor rank, Tensor singular) = a.LeastSquares(b);
        Tensor norm = a.MatrixNorm(2), power = a.MatrixPower(-5), condition = a.ConditionNumber(1), solved = a.Solve(b);
        (Tensor sign, Tensor log) = a.SlogDet();
        Assert.That(() => Tensor.Zeros([2, 2, 2]).Inverse(), Throws.InstanceOf<EagerException>());
        Assert.That(count.Beside([a, b, x, residuals, rank, singular, norm, power, condition, solved, sign, log]), Is.LessThanOrEqualTo(1), "the zeros made here");
    }
}
