using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>What the integers of a quantized tensor stand for.</summary>
    /// <exception cref="DTypeMismatchException">The tensor is not quantized.</exception>
    public Quantization Quantization => QuantizationOps.Require(this, nameof(Quantization)).Quantized;

    /// <summary>Each element as the integer nearest to x/scale + zero point, ties to even, or the first or last of the dtype where that lies beyond.</summary>
    /// <param name="scale">The distance between neighbouring numbers, finite and above 0.</param>
    /// <param name="zeroPoint">The integer that stands for 0, one of the dtype's.</param>
    /// <param name="dtype"><see cref="DType.QInt8"/>, <see cref="DType.QUInt8"/> or <see cref="DType.QInt32"/>.</param>
    /// <remarks>
    /// The quotient is taken in float64. NaN, for which no integer stands, becomes 0. What comes out can be reshaped, transposed, indexed,
    /// cloned and moved; everything else wants <see cref="Dequantize"/> or <see cref="Integers"/>. No gradient flows through, as through any
    /// integers; <see cref="FakeQuantize(double, long, long, long)"/> has one.
    /// </remarks>
    /// <exception cref="DTypeMismatchException">The dtype is not quantized, or this tensor's is not floating point.</exception>
    /// <exception cref="InvalidArgumentException">The scale is not finite and above 0, or the dtype has no such zero point.</exception>
    /// <example>
    /// <code>
    /// Tensor small = weights.Quantize(scale: 0.02, zeroPoint: 0, DType.QInt8);   // a quarter of the memory
    /// Tensor restored = small.Dequantize();
    /// </code>
    /// </example>
    public Tensor Quantize(double scale, long zeroPoint, DType dtype) => Quantize(new Quantization(scale, zeroPoint), dtype);

    /// <summary>As <see cref="Quantize(double, long, DType)"/>, with a scale and a zero point for each place of an axis.</summary>
    /// <param name="scales">The distances between neighbouring numbers, as many as the axis has places.</param>
    /// <param name="zeroPoints">The integers that stand for 0, as many.</param>
    /// <param name="axis">The axis, such as that of a kernel's output channels.</param>
    /// <param name="dtype"><see cref="DType.QInt8"/>, <see cref="DType.QUInt8"/> or <see cref="DType.QInt32"/>.</param>
    /// <exception cref="ShapeMismatchException">The axis has another number of places.</exception>
    public Tensor Quantize(ReadOnlySpan<double> scales, ReadOnlySpan<long> zeroPoints, int axis, DType dtype) => Quantize(new Quantization(scales, zeroPoints, axis), dtype);

    /// <summary>As <see cref="Quantize(double, long, DType)"/>, as another tensor is quantized.</summary>
    public Tensor Quantize(Quantization quantization, DType dtype)
    {
        if (!dtype.IsQuantized()) throw new DTypeMismatchException($"Quantize: {dtype.Name()} is not a quantized dtype; give qint8, quint8 or qint32.");
        Quantization by = quantization.For(ConcreteShape, dtype.Min().ToInt64(), dtype.Max().ToInt64(), nameof(Quantize));
        return QuantizedTensor.Wrap(QuantizationOps.Quantize.Apply([this], new(by.FromEnd(Rank), dtype.OfIntegers())), by);
    }

    /// <summary>The real numbers that a quantized tensor's integers stand for: (q − zero point)·scale, rounded once.</summary>
    /// <param name="dtype">A floating-point dtype.</param>
    /// <exception cref="DTypeMismatchException">This tensor is not quantized, or the dtype is not floating point.</exception>
    public Tensor Dequantize(DType dtype = DType.Float32)
    {
        QuantizedTensor q = QuantizationOps.Require(this, nameof(Dequantize));
        if (!dtype.IsFloatingPoint()) throw new DTypeMismatchException($"Dequantize: {dtype.Name()} is not a floating-point dtype; for the integers themselves use Integers.");
        return QuantizationOps.Dequantize.Apply([q.Holder], new(q.Quantized.FromEnd(Rank), dtype));
    }

    /// <summary>The integers behind a quantized tensor, as int8, uint8 or int32. A view.</summary>
    /// <exception cref="DTypeMismatchException">The tensor is not quantized.</exception>
    public Tensor Integers() => QuantizationOps.Require(this, nameof(Integers)).Holder.Alias();

    /// <summary>The integers of this int8, uint8 or int32 tensor as those of a quantized one: the way back from <see cref="Integers"/>. A view.</summary>
    /// <param name="quantization">What they stand for.</param>
    /// <exception cref="DTypeMismatchException">The tensor is of another dtype.</exception>
    /// <example><code>Tensor same = q.Integers().AsQuantized(q.Quantization);</code></example>
    public Tensor AsQuantized(Quantization quantization)
    {
        if (DType is not (DType.Int8 or DType.UInt8 or DType.Int32))
            throw new DTypeMismatchException($"AsQuantized: the tensor is {DType.Name()}; {(DType.IsQuantized() ? "take what Dequantize makes of it, or its Integers, first" : "give int8, uint8 or int32")}.");
        return QuantizedTensor.Wrap(Alias(), quantization.For(ConcreteShape, DType.Min().ToInt64(), DType.Max().ToInt64(), nameof(AsQuantized)));
    }

    /// <summary>What quantizing and dequantizing makes of the elements, with a gradient: (clamp(round(x/scale) + zero point) − zero point)·scale.</summary>
    /// <param name="scale">The distance between neighbouring numbers, finite and above 0.</param>
    /// <param name="zeroPoint">The integer that stands for 0.</param>
    /// <param name="lowest">The first integer, such as −128 of int8.</param>
    /// <param name="highest">The last integer, such as 127 of int8.</param>
    /// <remarks>
    /// For training with the rounding errors of the quantized model. The gradient passes straight through where x/scale rounds to one of the
    /// integers and is 0 beyond them; NaN stays. Computed in float32, for float64 in float64. Jacob et al., "Quantization and Training of
    /// Neural Networks for Efficient Integer-Arithmetic-Only Inference" (2018).
    /// </remarks>
    /// <exception cref="DTypeMismatchException">The tensor is not floating point.</exception>
    /// <exception cref="InvalidArgumentException">The scale is not finite and above 0, or the zero point is not among the integers.</exception>
    /// <example><code>Tensor y = x.MatMul(weights.FakeQuantize(0.02, 0, -128, 127));</code></example>
    public Tensor FakeQuantize(double scale, long zeroPoint, long lowest, long highest) => FakeQuantize(new Quantization(scale, zeroPoint), lowest, highest);

    /// <summary>As <see cref="FakeQuantize(double, long, long, long)"/>, with a scale and a zero point for each place of an axis.</summary>
    /// <param name="scales">The distances between neighbouring numbers, as many as the axis has places.</param>
    /// <param name="zeroPoints">The integers that stand for 0, as many.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="lowest">The first integer.</param>
    /// <param name="highest">The last integer.</param>
    /// <exception cref="ShapeMismatchException">The axis has another number of places.</exception>
    public Tensor FakeQuantize(ReadOnlySpan<double> scales, ReadOnlySpan<long> zeroPoints, int axis, long lowest, long highest) => FakeQuantize(new Quantization(scales, zeroPoints, axis), lowest, highest);

    private Tensor FakeQuantize(Quantization quantization, long lowest, long highest)
    {
        if (lowest > highest || lowest < int.MinValue || highest > int.MaxValue)
            throw new InvalidArgumentException($"FakeQuantize: there are no integers from {lowest} to {highest} that int32 holds.");
        Quantization by = quantization.For(ConcreteShape, lowest, highest, nameof(FakeQuantize));
        return QuantizationOps.FakeQuantize.Apply([this], new(by.FromEnd(Rank), lowest, highest));
    }
}

internal static class QuantizationOps
{
    /// <summary>What integers stand for, and the dtype that comes out.</summary>
    internal readonly record struct Attributes(Quantization By, DType To);

    internal readonly record struct FakeAttributes(Quantization By, long Lowest, long Highest);

    internal static readonly Op<Attributes> Quantize = new("Quantize", QuantizeKernel, static (x, in _) => x[0])
    {
        Accepts = Accepts.Floating,
        Elementwise = true,
    };

    internal static readonly Op<Attributes> Dequantize = new("Dequantize", DequantizeKernel, static (x, in _) => x[0])
    {
        Accepts = Accepts.Integral,
        Elementwise = true,
    };

    // y = (clamp(round(x/s) + z) − z)·s ⇒ dx = g where round(x/s) + z needs no clamp (the straight-through estimator)
    internal static readonly Op<FakeAttributes> FakeQuantize = new("FakeQuantize", FakeQuantizeKernel, static (x, in _) => x[0])
    {
        Accepts = Accepts.Floating,
        Elementwise = true,
        Gradients = [new(Keep.A, static (g, in s) => g * IsWithin(s.A, s.Attributes).Cast(g.DType))],
    };

    internal static QuantizedTensor Require(Tensor x, string op) =>
        x as QuantizedTensor ?? throw new DTypeMismatchException($"{op}: the tensor is {x.DType.Name()}, not quantized; make one with Quantize or AsQuantized.");

    // In float64, in which a quotient of float32 numbers falls on a tie only when it is one.
    private static Tensor QuantizeKernel(ReadOnlySpan<Tensor> x, in Attributes a)
    {
        using var scope = Temporaries.Begin();
        (Tensor scale, Tensor zeroPoint) = a.By.On(x[0], DType.Float64);
        Tensor quotient = Aten.div_Tensor(Converted(x[0], DType.Float64), scale);
        Tensor integers = Aten.add_Tensor(Aten.round(Aten.nan_to_num(quotient, 0.0, default, default)), zeroPoint, 1);
        return scope.Keep(Converted(Aten.clamp(integers, a.To.Min(), a.To.Max()), a.To));
    }

    private static Tensor DequantizeKernel(ReadOnlySpan<Tensor> x, in Attributes a)
    {
        using var scope = Temporaries.Begin();
        (Tensor scale, Tensor zeroPoint) = a.By.On(x[0], DType.Float64);
        Tensor real = Aten.mul_Tensor(Aten.sub_Tensor(Converted(x[0], DType.Float64), zeroPoint, 1), scale);
        return scope.Keep(Converted(real, a.To));
    }

    private static Tensor FakeQuantizeKernel(ReadOnlySpan<Tensor> x, in FakeAttributes a)
    {
        using var scope = Temporaries.Begin();
        DType precise = RandomOps.Precise(x[0].DType);
        (Tensor scale, Tensor zeroPoint) = a.By.On(x[0], precise);
        Tensor integers = Aten.add_Tensor(Aten.round(Aten.div_Tensor(Converted(x[0], precise), scale)), zeroPoint, 1);
        Tensor real = Aten.mul_Tensor(Aten.sub_Tensor(Aten.clamp(integers, a.Lowest, a.Highest), zeroPoint, 1), scale);
        return scope.Keep(Converted(real, x[0].DType));
    }

    private static Tensor IsWithin(Tensor x, in FakeAttributes a)
    {
        DType precise = RandomOps.Precise(x.DType);
        (Tensor scale, Tensor zeroPoint) = a.By.On(x, precise);
        Tensor integers = (x.Cast(precise) / scale).Round() + zeroPoint;
        return (integers >= a.Lowest) & (integers <= a.Highest);
    }

    private static Tensor Converted(Tensor x, DType dtype) => x.DType == dtype ? x : Aten._to_copy(x, (int)dtype, -1, -1, default, false, -1);
}
