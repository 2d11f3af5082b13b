using System.Globalization;

namespace Eager;

/// <summary>
/// How the integers of a quantized tensor stand for real numbers: x = (q − zero point)·scale, with one scale and zero point for all
/// elements, or one for each place of an axis, as the channels of a kernel have.
/// </summary>
/// <example><code>Tensor small = weights.Quantize(new Quantization(0.02, 0), DType.QInt8);</code></example>
public sealed class Quantization
{
    private readonly double[] scales;
    private readonly long[] zeroPoints;

    /// <summary>One scale and zero point for all elements.</summary>
    /// <param name="scale">The distance between neighbouring numbers, finite and above 0.</param>
    /// <param name="zeroPoint">The integer that stands for 0.</param>
    /// <exception cref="InvalidArgumentException">The scale is not finite and above 0.</exception>
    public Quantization(double scale, long zeroPoint) : this([scale], [zeroPoint], null)
    {
    }

    /// <summary>A scale and a zero point for each place of an axis.</summary>
    /// <param name="scales">The distances between neighbouring numbers, finite and above 0.</param>
    /// <param name="zeroPoints">The integers that stand for 0, as many.</param>
    /// <param name="axis">The axis; a negative one counts from the end.</param>
    /// <exception cref="InvalidArgumentException">A scale is not finite and above 0, or there are not as many zero points.</exception>
    public Quantization(ReadOnlySpan<double> scales, ReadOnlySpan<long> zeroPoints, int axis) : this(scales.ToArray(), zeroPoints.ToArray(), (int?)axis)
    {
    }

    private Quantization(double[] scales, long[] zeroPoints, int? axis)
    {
        if (scales.Length != zeroPoints.Length) throw new InvalidArgumentException($"Quantization: {scales.Length} scales and {zeroPoints.Length} zero points do not make pairs.");
        foreach (double scale in scales)
            if (!(scale > 0 && double.IsFinite(scale))) throw new InvalidArgumentException($"Quantization: the scale {Text(scale)} is not a finite number above 0.");
        (this.scales, this.zeroPoints, Axis) = (scales, zeroPoints, axis);
    }

    /// <summary>The axis whose places have a scale and a zero point each; null when one serves all elements.</summary>
    public int? Axis { get; }

    /// <summary>The scales: one, or one for each place of the axis.</summary>
    public IReadOnlyList<double> Scales => scales;

    /// <summary>The zero points: one, or one for each place of the axis.</summary>
    public IReadOnlyList<long> ZeroPoints => zeroPoints;

    /// <summary>The one scale.</summary>
    /// <exception cref="InvalidArgumentException">There is one for each place of an axis.</exception>
    public double Scale => Axis is null ? scales[0] : throw new InvalidArgumentException($"Scale: there are {scales.Length} scales along axis {Axis}, not one; use Scales.");

    /// <summary>The one zero point.</summary>
    /// <exception cref="InvalidArgumentException">There is one for each place of an axis.</exception>
    public long ZeroPoint => Axis is null ? zeroPoints[0] : throw new InvalidArgumentException($"ZeroPoint: there are {zeroPoints.Length} zero points along axis {Axis}, not one; use ZeroPoints.");

    /// <summary>Scale and zero point, or those of an axis.</summary>
    public override string ToString() => Axis is null
        ? $"scale {Text(scales[0])}, zero point {zeroPoints[0]}"
        : $"scales [{Listed(scales, Text)}], zero points [{Listed(zeroPoints, static z => z.ToString(CultureInfo.InvariantCulture))}] along axis {Axis}";

    /// <summary>The same numbers for another axis.</summary>
    internal Quantization Along(int axis) => new(scales, zeroPoints, (int?)axis);

    /// <summary>The same with the axis counted from the end, so that a batch put before all axes leaves it where it is.</summary>
    internal Quantization FromEnd(int rank) => Axis is int axis ? Along(axis < 0 ? axis : axis - rank) : this;

    /// <summary>The same with the axis counted from the first, after a look at whether it fits a tensor and a range of integers.</summary>
    internal Quantization For(Shape shape, long lowest, long highest, string op)
    {
        foreach (long zeroPoint in zeroPoints)
            if (zeroPoint < lowest || zeroPoint > highest) throw new InvalidArgumentException($"{op}: the zero point {zeroPoint} is not among the integers from {lowest} to {highest}.");
        if (Axis is not int given) return this;
        int axis = shape.NormalizeAxis(given, op);
        return shape[axis].Value == scales.Length ? Along(axis) : throw new ShapeMismatchException($"{op}: {scales.Length} scales do not fit axis {given} of shape {shape}, which has {shape[axis]} places; give one for each.");
    }

    /// <summary>The scales and the zero points as tensors that broadcast against one of a rank; the axis counts from the end.</summary>
    internal (Tensor Scale, Tensor ZeroPoint) On(Tensor x, DType dtype)
    {
        Shape shape = Axis is int axis ? Shape.FromSizes([scales.Length, .. Enumerable.Repeat(1L, -axis - 1)]) : Shape.Scalar;
        return (Made(scales), Made(Array.ConvertAll(zeroPoints, static z => (double)z)));

        Tensor Made(double[] values)
        {
            Tensor made = Tensor.From(values, shape);
            return dtype == DType.Float64 && x.Device == Device.Cpu ? made : Interop.Aten._to_copy(made, (int)dtype, -1, x.Device.Packed, default, false, -1);
        }
    }

    private static string Text(double value) => value.ToString("G9", CultureInfo.InvariantCulture);

    // As many as fit a line.
    private static string Listed<T>(T[] values, Func<T, string> text)
    {
        const int edge = 3;
        return values.Length <= 2 * edge ? string.Join(", ", values.Select(text)) : $"{string.Join(", ", values[..edge].Select(text))}, ..., {string.Join(", ", values[^edge..].Select(text))}";
    }
}
