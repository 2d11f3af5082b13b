using Eager.Autograd;
using MathNet.Numerics;
using MathNet.Numerics.LinearAlgebra;
using NUnit.Framework;
using Complex = System.Numerics.Complex;

namespace Eager.Tests.Tensors;

/// <summary>To and from C# arrays, memory and Math.NET.</summary>
public class InteropTests
{
    [Test]
    public void Arrays_of_every_rank_come_back()
    {
        float[,] matrix = { { 1, 2, 3 }, { 4, 5, 6 } };
        int[,,] cube = { { { 1, 2 }, { 3, 4 } }, { { 5, 6 }, { 7, 8 } } };
        double[,,,] four = { { { { 1 }, { 2 } } } };
        Array five = Array.CreateInstance(typeof(short), 1, 2, 1, 2, 1);
        five.SetValue((short)7, 0, 1, 0, 1, 0);

        Assert.Multiple(() =>
        {
            Assert.That(Tensor.From(matrix).ToArray2D<float>(), Is.EqualTo(matrix));
            Assert.That(Tensor.From(cube).ToArray3D<int>(), Is.EqualTo(cube));
            Assert.That(Tensor.From(four).ToArray4D<double>(), Is.EqualTo(four));
            Assert.That(Tensor.FromArray<short>(five).ToShapedArray<short>(), Is.EqualTo(five));
            Assert.That(Tensor.From(1L, 2L).ToShapedArray<long>(), Is.EqualTo(new[] { 1L, 2L }));
            Assert.That(Tensor.From(matrix).Transpose().ToShapedArray<float>(), Is.EqualTo(new float[,] { { 1, 4 }, { 2, 5 }, { 3, 6 } }));
            Assert.That(Tensor.Zeros([0, 3]).ToArray2D<float>().GetLength(1), Is.EqualTo(3));
        });
    }

    [Test]
    public void An_array_of_another_rank_is_refused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Tensor.Zeros([2, 2]).ToArray3D<float>(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("ToArray3D").And.Message.Contains("2 axes, not 3"));
            Assert.That(() => Tensor.Zeros([2, 2]).ToArray4D<float>(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("ToArray4D"));
            Assert.That(() => Tensor.From(1f).ToShapedArray<float>(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("use Item"));
            Assert.That(() => Tensor.Zeros(Shape.Of([.. Enumerable.Repeat((Dim)1L, 33)])).ToShapedArray<float>(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("33 axes"));
            Assert.That(() => Tensor.Zeros([2]).ToShapedArray<double>(), Throws.TypeOf<DTypeMismatchException>());
        });
    }

    [Test]
    public void A_pinned_span_outlives_the_disposal_of_its_tensor()
    {
        Tensor x = Tensor.From(1f, 2f, 3f);
        using PinnedSpan<float> pinned = x.Pin<float>();
        x.Dispose();
        Tensor noise = Tensor.Full([3], 9);  // would reuse the block

        Assert.That(pinned.Span.ToArray(), Is.EqualTo(new[] { 1f, 2f, 3f }));
        Assert.That(pinned.Slice(1, 2).ToArray(), Is.EqualTo(new[] { 2f, 3f }));
        Assert.That(pinned.Length, Is.EqualTo(3));
        Assert.That(noise.ToArray<float>()[0], Is.EqualTo(9));
    }

    [Test]
    public void A_pinned_span_keeps_an_unreachable_tensor()
    {
        using PinnedSpan<long> pinned = Pin();
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Tensor.Full([100], 9L, DType.Int64).Dispose();
        }

        Assert.That(pinned.Span[99], Is.EqualTo(99));

        static PinnedSpan<long> Pin() => Tensor.Range(100).Pin<long>();
    }

    [Test]
    public void A_pinned_span_refuses_what_is_not_there()
    {
        Tensor x = Tensor.From([[1f, 2f], [3f, 4f]]);
        PinnedSpan<float> pinned = x.Pin<float>();

        Assert.Multiple(() =>
        {
            Assert.That(() => pinned.Slice(3, 2).Length, Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("2 elements from 3"));
            Assert.That(() => pinned.Slice(-1, 2).Length, Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => pinned.Slice(0, -1).Length, Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => x.Transpose().Pin<float>(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("call Contiguous first"));
            Assert.That(() => x.Pin<int>(), Throws.TypeOf<DTypeMismatchException>());
        });
        pinned.Dispose();
        pinned.Dispose();
        Assert.That(() => pinned.Span.Length, Throws.TypeOf<DisposedException>());
        Assert.That(x.ToArray<float>(), Is.EqualTo(new[] { 1f, 2f, 3f, 4f }));
    }

    [Test]
    public void A_tensor_over_the_callers_memory_sees_its_changes()
    {
        float[] pixels = [1, 2, 3, 4, 5, 6];
        Tensor x = Tensor.FromMemory<float>(pixels.AsMemory(2), [2, 2]), row = x[1];

        pixels[4] = 50;

        Assert.That(x.ToArray<float>(), Is.EqualTo(new[] { 3f, 4f, 50f, 6f }));
        x.Dispose();
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        Assert.That(row.ToArray<float>(), Is.EqualTo(new[] { 50f, 6f }), "pinned as long as a view needs it");
        pixels[5] = 60;
        Assert.That(row.ToArray<float>(), Is.EqualTo(new[] { 50f, 60f }));
    }

    [Test]
    public void The_callers_memory_is_let_go_with_the_last_tensor()
    {
        WeakReference array = Use();
        for (int i = 0; i < 3 && array.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.That(array.IsAlive, Is.False);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static WeakReference Use()
        {
            var values = new int[3];
            using Tensor x = Tensor.FromMemory<int>(values, [3]);
            return new(values);
        }
    }

    [Test]
    public void Memory_that_does_not_fill_the_shape_or_cannot_be_pinned_is_refused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Tensor.FromMemory<float>(new float[3], [2, 2]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("3 elements").And.Message.Contains("[2, 2]"));
            Assert.That(() => Tensor.FromMemory<char>(new char[1], [1]), Throws.TypeOf<DTypeMismatchException>());
            Assert.That(Tensor.FromMemory<float>(Memory<float>.Empty, [0, 2]).Shape, Is.EqualTo(Shape.FromSizes(0, 2)));
        });
    }

    [Test]
    public void Matrices_of_MathNet_go_both_ways()
    {
        Assert.Multiple(() =>
        {
            Both(Matrix<double>.Build.DenseOfArray(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } }), DType.Float64);
            Both(Matrix<float>.Build.SparseOfArray(new float[,] { { 0, 2 }, { 0, 0 }, { 5, 0 } }), DType.Float32);
            Both(Matrix<Complex>.Build.DenseOfArray(new Complex[,] { { new(1, -2), new(3, 4) } }), DType.Complex128);
            Both(Matrix<Complex32>.Build.DenseOfArray(new Complex32[,] { { new(1, -2), new(3, 4) } }), DType.Complex64);
        });
        Tensor x = Matrix<double>.Build.DenseOfArray(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } }).ToTensor();
        Assert.That(x.ToArray2D<double>(), Is.EqualTo(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } }));
        Assert.That(x.Transpose().ToMatrix<double>().ToArray(), Is.EqualTo(new double[,] { { 1, 4 }, { 2, 5 }, { 3, 6 } }));
        Assert.That(Matrix<Complex32>.Build.Dense(1, 1, new Complex32(1, -2)).ToTensor().ToArray<Complex64>(), Is.EqualTo(new[] { new Complex64(1, -2) }));

        static void Both<T>(Matrix<T> matrix, DType dtype) where T : unmanaged, IEquatable<T>, IFormattable
        {
            Tensor tensor = matrix.ToTensor();
            Assert.That(tensor.DType, Is.EqualTo(dtype));
            Assert.That(tensor.Shape, Is.EqualTo(Shape.FromSizes(matrix.RowCount, matrix.ColumnCount)));
            Assert.That(tensor.ToMatrix<T>(), Is.EqualTo(matrix));
        }
    }

    [Test]
    public void Vectors_of_MathNet_go_both_ways()
    {
        Vector<double> vector = Vector<double>.Build.Dense([1, 2, 3]);
        Vector<Complex32> complex = Vector<Complex32>.Build.Dense([new(1, -2), new(0, 3)]);

        Assert.That(vector.ToTensor().ToArray<double>(), Is.EqualTo(new double[] { 1, 2, 3 }));
        Assert.That(vector.ToTensor().ToVector<double>(), Is.EqualTo(vector));
        Assert.That(complex.ToTensor().ToVector<Complex32>(), Is.EqualTo(complex));
    }

    [Test]
    public void What_MathNet_does_not_have_is_refused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Tensor.From(1.0, 2.0).ToMatrix<double>(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("1 axes, not 2"));
            Assert.That(() => Tensor.Zeros([2, 2]).ToVector<float>(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("2 axes, not 1"));
            Assert.That(() => Tensor.From(1, 2).ToVector<int>(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Int32"));
            Assert.That(() => Tensor.From(1f, 2f).ToVector<double>(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Cast"));
        });
    }

    [Test]
    public void Converting_leaves_nothing_behind_and_no_tape_sees_it()
    {
        Tensor x = Tensor.Ones([2, 3], DType.Float64);
        using var tape = new GradientTape();
        tape.Watch(x);
        using var wrappers = new WrapperCount();

        _ = x.ToMatrix<double>();
        _ = x.ToArray2D<double>();
        DLPack.Release(DLPack.Export(x));

        Assert.That(wrappers.Beside(), Is.Zero);
    }
}
