using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>A norm of matrices <c>[..., m, n]</c>.</summary>
    /// <param name="order">1: the largest sum of |a| over a column; infinity: over a row; 2: the largest singular value. Negative: the smallest of the same.</param>
    /// <param name="keepDims">Whether the two axes stay, with size 1.</param>
    /// <remarks>For Frobenius's norm, √Σa², use <see cref="FrobeniusNorm"/>; for the sum of the singular values <see cref="NuclearNorm"/>.</remarks>
    public Tensor MatrixNorm(double order, bool keepDims = false)
    {
        Matrices.Require(this, nameof(MatrixNorm));
        using var scope = Temporaries.Begin();
        Tensor lines = Math.Abs(order) switch
        {
            1 => Abs().Sum(-2),
            double.PositiveInfinity => Abs().Sum(-1),
            2 => SingularValues(),
            _ => throw new InvalidArgumentException($"MatrixNorm: {order} is no order of a matrix norm; use 1, 2, infinity or their negatives, FrobeniusNorm or NuclearNorm."),
        };
        Tensor y = order > 0 ? lines.Max(-1) : lines.Min(-1);
        return scope.Keep(keepDims ? Matrices.Spread(y) : y);
    }

    /// <summary>√Σa² of matrices <c>[..., m, n]</c>. The gradient at zero is 0.</summary>
    public Tensor FrobeniusNorm(bool keepDims = false) => DiagonalOps.RequireMatrix(this, nameof(FrobeniusNorm)).Norm([-2, -1], keepDims: keepDims);

    /// <summary>The sum of the singular values of matrices <c>[..., m, n]</c>.</summary>
    public Tensor NuclearNorm(bool keepDims = false)
    {
        using var scope = Temporaries.Begin();
        Tensor y = SingularValues().Sum(-1);
        return scope.Keep(keepDims ? Matrices.Spread(y) : y);
    }

    /// <summary>How many singular values of matrices <c>[..., m, n]</c> are not zero, int64.</summary>
    /// <param name="tolerance">Up to this part of the largest one they count as zero; by default max(m, n) times the dtype's epsilon.</param>
    public Tensor MatrixRank(double? tolerance = null)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(MatrixFunctions.CountAbove(SingularValues(), tolerance ?? Matrices.DefaultTolerance(this)));
    }

    /// <summary>How much solutions with a matrix may amplify errors: the norm of the matrix times that of its inverse.</summary>
    /// <param name="order">The order of the norm, see <see cref="MatrixNorm"/>; 2, the ratio of the largest to the smallest singular value, is infinite for singular matrices and takes those that are not square.</param>
    /// <exception cref="InvalidArgumentException">The order is not ±2, and a matrix is singular.</exception>
    public Tensor ConditionNumber(double order = 2)
    {
        Matrices.Require(this, nameof(ConditionNumber));
        using var scope = Temporaries.Begin();
        if (Math.Abs(order) != 2) return scope.Keep(MatrixNorm(order) * Inverse().MatrixNorm(order));
        Tensor singular = SingularValues(), largest = singular.Max(-1), smallest = singular.Min(-1);
        return scope.Keep(order > 0 ? largest / smallest : smallest / largest);
    }

    /// <summary>Square matrices <c>[..., n, n]</c> multiplied with themselves; of a negative exponent their inverses, of 0 the unit matrix.</summary>
    public Tensor MatrixPower(int exponent)
    {
        DiagonalOps.RequireMatrix(this, nameof(MatrixPower));
        if (ConcreteShape[^1] != ConcreteShape[^2]) throw new ShapeMismatchException($"MatrixPower: shape {ConcreteShape} is no square matrix; the last two sizes must be equal.");
        using var scope = Temporaries.Begin();
        if (exponent == 0) return scope.Keep(Eye(ConcreteShape[^1], dtype: DType, device: Device).BroadcastTo(Shape));
        Tensor square = exponent < 0 ? Inverse() : this;
        Tensor? power = null;
        // By the binary digits of the exponent.
        for (long rest = Math.Abs((long)exponent); ; square = square.MatMul(square))
        {
            if (rest % 2 != 0) power = power is null ? square : power.MatMul(square);
            rest /= 2;
            if (rest == 0) return scope.Keep(power!);
        }
    }

    /// <summary>Σ Aⁿ/n! of square matrices <c>[..., n, n]</c>.</summary>
    public Tensor MatrixExp() => MatrixFunctions.Exp.Apply([Matrices.RequireSquare(this, nameof(MatrixExp))], default);
}

internal static class MatrixFunctions
{
    // Y = exp A ⇒ dA = the upper right block of exp [Aᵀ g; 0 Aᵀ]
    // (Higham, "Functions of matrices", 2008, theorem 3.6, for the adjoint of the derivative)
    internal static readonly Op<None> Exp = new("MatrixExp", static (x, in _) => Aten.linalg_matrix_exp(x[0]), OpForms.SameShape)
    {
        Accepts = Accepts.Differentiable,
        Gradients =
        [
            new(Keep.A, static (g, in s) =>
            {
                Tensor a = s.A.MatrixTranspose();
                Dim n = a.Shape[^1];
                Tensor blocks = Tensor.Concat([Tensor.Concat([a, g], -1), Tensor.Concat([Tensor.ZerosLike(a), a], -1)], -2);
                return blocks.MatrixExp().Narrow(-2, 0, n).Narrow(-1, n, n);
            }),
        ],
    };

    /// <summary>How many singular values are above a part of the largest.</summary>
    internal static Tensor CountAbove(Tensor singular, double part) =>
        singular.ConcreteShape[^1].Value == 0 ? Tensor.Zeros(singular.Shape[..^1], DType.Int64, singular.Device)
        : (singular > singular.Max(-1, keepDims: true) * part).Sum(-1);
}
