using System.Runtime.InteropServices;
using MathNet.Numerics;
using MathNet.Numerics.LinearAlgebra;

namespace Eager;

/// <summary>To and from the matrices and vectors of Math.NET Numerics. Both ways copy: Math.NET keeps matrices by columns, tensors lie in C order.</summary>
/// <example>
/// <code>
/// Tensor x = Matrix&lt;double&gt;.Build.DenseIdentity(3).ToTensor();
/// Vector&lt;double&gt; means = x.Mean([0]).ToVector&lt;double&gt;();
/// </code>
/// </example>
public static class MathNetInterop
{
    /// <summary>A tensor of rank 2 with the elements of a matrix, dense or sparse: float32, float64, complex64 or complex128 as these are.</summary>
    public static Tensor ToTensor<T>(this Matrix<T> matrix) where T : unmanaged, IEquatable<T>, IFormattable =>
        From(matrix.ToRowMajorArray(), [matrix.RowCount, matrix.ColumnCount]);

    /// <summary>A tensor of rank 1 with the elements of a vector, dense or sparse.</summary>
    public static Tensor ToTensor<T>(this Vector<T> vector) where T : unmanaged, IEquatable<T>, IFormattable =>
        From(vector.ToArray(), [vector.Count]);

    /// <summary>A dense matrix with the elements of a tensor of rank 2; <typeparamref name="T"/> is double, float, <see cref="System.Numerics.Complex"/> or <see cref="Complex32"/> as the dtype is.</summary>
    /// <exception cref="ShapeMismatchException">The tensor's rank is not 2.</exception>
    /// <exception cref="DTypeMismatchException">The dtype has elements of another type, or Math.NET has no matrices of <typeparamref name="T"/>.</exception>
    public static Matrix<T> ToMatrix<T>(this Tensor tensor) where T : unmanaged, IEquatable<T>, IFormattable
    {
        if (tensor.Rank != 2) throw new ShapeMismatchException($"ToMatrix: a tensor of shape {tensor.ConcreteShape} has {tensor.Rank} axes, not 2; use Reshape.");
        (int rows, int columns) = (checked((int)tensor.ConcreteShape[0].Value), checked((int)tensor.ConcreteShape[1].Value));
        using var scope = Temporaries.Begin();
        T[] byColumns = Tensor.Outside(static x => Elements<T>(x.Transpose(), nameof(ToMatrix)), tensor);
        return Matrix<T>.Build.Dense(rows, columns, byColumns);
    }

    /// <summary>A dense vector with the elements of a tensor of rank 1; for <typeparamref name="T"/> see <see cref="ToMatrix{T}(Tensor)"/>.</summary>
    /// <exception cref="ShapeMismatchException">The tensor's rank is not 1.</exception>
    /// <exception cref="DTypeMismatchException">The dtype has elements of another type, or Math.NET has no vectors of <typeparamref name="T"/>.</exception>
    public static Vector<T> ToVector<T>(this Tensor tensor) where T : unmanaged, IEquatable<T>, IFormattable
    {
        if (tensor.Rank != 1) throw new ShapeMismatchException($"ToVector: a tensor of shape {tensor.ConcreteShape} has {tensor.Rank} axes, not 1; use Reshape.");
        T[] elements = Elements<T>(tensor, nameof(ToVector));
        return Vector<T>.Build.Dense(elements);
    }

    // Complex32 and Complex64 are both two floats, the real part first.
    private static Tensor From<T>(T[] values, Shape shape) where T : unmanaged =>
        typeof(T) == typeof(Complex32) ? Tensor.From(MemoryMarshal.Cast<T, Complex64>(values), shape) : Tensor.From<T>(values, shape);

    private static T[] Elements<T>(Tensor tensor, string how) where T : unmanaged
    {
        if (typeof(T) == typeof(Complex32)) return MemoryMarshal.Cast<Complex64, T>(tensor.ToArray<Complex64>()).ToArray();
        if (typeof(T) == typeof(float) || typeof(T) == typeof(double) || typeof(T) == typeof(System.Numerics.Complex)) return tensor.ToArray<T>();
        throw new DTypeMismatchException($"{how}: Math.NET has no matrices of {typeof(T).Name}; cast the tensor to float32, float64, complex64 or complex128 and ask for float, double, Complex32 or Complex.");
    }
}
