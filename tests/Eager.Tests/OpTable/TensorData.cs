using System.Numerics;

namespace Eager.Tests.OpTable;

/// <summary>Between arrays of doubles and tensors of any dtype.</summary>
internal static class TensorData
{
    /// <summary>A tensor of the array's own dtype if it has one, else of the dtype under test.</summary>
    internal static Tensor Make(NArray a, DType dtype) => FromValues(a.Values, Shape.Of([.. a.Sizes.Select(static s => (Dim)s)]), a.DType ?? dtype);

    /// <summary>The same elements with another memory layout: axes in reverse order, an offset, and a gap after each element.</summary>
    internal static Tensor MakeStrided(NArray a, DType dtype)
    {
        DType own = a.DType ?? dtype;
        // A kernel that ignores the strides reads the gaps.
        double gap = own.IsFloatingPoint() ? double.NaN : own == DType.Bool ? 1 : 77;
        NArray reversed = a.Transposed();
        double[] spaced = [.. reversed.Values.SelectMany(value => new[] { gap, value })];
        Shape shape = Shape.Of([.. reversed.Sizes.Select(static s => (Dim)s)]);
        return FromValues(spaced, shape.Insert(shape.Rank, 2), own).Narrow(-1, 1, 1).Reshape(shape).Transpose();
    }

    internal static double[] Read(Tensor t) => t.DType switch
    {
        DType.Bool => Array.ConvertAll(t.ToArray<bool>(), static v => v ? 1.0 : 0),
        DType.UInt8 => Array.ConvertAll(t.ToArray<byte>(), static v => (double)v),
        DType.Int8 => Array.ConvertAll(t.ToArray<sbyte>(), static v => (double)v),
        DType.Int16 => Array.ConvertAll(t.ToArray<short>(), static v => (double)v),
        DType.Int32 => Array.ConvertAll(t.ToArray<int>(), static v => (double)v),
        DType.Int64 => Array.ConvertAll(t.ToArray<long>(), static v => (double)v),
        DType.Float16 => Array.ConvertAll(t.ToArray<Half>(), static v => (double)v),
        DType.BFloat16 => Array.ConvertAll(t.ToArray<BFloat16>(), static v => (double)(float)v),
        DType.Float32 => Array.ConvertAll(t.ToArray<float>(), static v => (double)v),
        DType.Float64 => t.ToArray<double>(),
        _ => throw new ArgumentException($"{t.DType} has no doubles."),
    };

    internal static NArray ReadArray(Tensor t) => new(Read(t), SizesOf(t.ConcreteShape));

    internal static int[] SizesOf(Shape shape) => [.. shape.Select(static d => (int)d.Value)];

    /// <summary>The distance from 1 to the next number of a floating-point dtype.</summary>
    internal static double Epsilon(DType dtype) => dtype switch
    {
        DType.Float16 => Math.ScaleB(1, -10),
        DType.BFloat16 => Math.ScaleB(1, -7),
        DType.Float32 => Math.ScaleB(1, -23),
        _ => Math.ScaleB(1, -52),
    };

    private static Tensor FromValues(double[] v, Shape shape, DType dtype) => dtype switch
    {
        DType.Bool => Tensor.From(Array.ConvertAll(v, static x => x != 0), shape),
        DType.UInt8 => Tensor.From(Array.ConvertAll(v, static x => (byte)x), shape),
        DType.Int8 => Tensor.From(Array.ConvertAll(v, static x => (sbyte)x), shape),
        DType.Int16 => Tensor.From(Array.ConvertAll(v, static x => (short)x), shape),
        DType.Int32 => Tensor.From(Array.ConvertAll(v, static x => (int)x), shape),
        DType.Int64 => Tensor.From(Array.ConvertAll(v, static x => (long)x), shape),
        DType.Float16 => Tensor.From(Array.ConvertAll(v, static x => (Half)x), shape),
        DType.BFloat16 => Tensor.From(Array.ConvertAll(v, static x => (BFloat16)(float)x), shape),
        DType.Float32 => Tensor.From(Array.ConvertAll(v, static x => (float)x), shape),
        DType.Float64 => Tensor.From(v, shape),
        DType.Complex64 => Tensor.From(Array.ConvertAll(v, static x => new Complex64((float)x, 0)), shape),
        DType.QInt8 or DType.QUInt8 or DType.QInt32 => Tensor.From(v, shape).Quantize(scale: 0.5, zeroPoint: 1, dtype),
        _ => Tensor.From(Array.ConvertAll(v, static x => new Complex(x, 0)), shape),
    };
}
