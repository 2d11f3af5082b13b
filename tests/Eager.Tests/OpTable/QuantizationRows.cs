namespace Eager.Tests.OpTable;

internal static class QuantizationRows
{
    private const double Scale = 0.25;
    private const long ZeroPoint = 3;

    internal static readonly OpRow[] All =
    [
        new(QuantizationOps.Quantize, static x => Integers(x[0], new(Scale, ZeroPoint), DType.QInt8), static x => x[0].Map(static v => Step(v, Scale, ZeroPoint, sbyte.MinValue, sbyte.MaxValue)))
        {
            DTypes = Kinds.Floats,
            OutputDType = static _ => DType.Int8,
            Ulps = 0,
            Samples =
            [
                .. Samples.Real(-3.1, 2.9),
                new("ties to even", NArray.Vector(0.125, 0.375, 0.625, -0.125, -0.375, -0.625, 0)) { Smooth = false },
                new("beyond the integers", NArray.Vector(31, 31.25, 40, 6e4, double.PositiveInfinity, -32.5, -40, double.NegativeInfinity, double.NaN)) { Smooth = false },
                new Sample("unsigned", Samples.Spread(4, -3, 70, 3, 4)) { Smooth = false, Call = static (x, _) => [Integers(x[0], new(0.3, 10), DType.QUInt8)], Expect = static x => [x[0].Map(static v => Step(v, 0.3, 10, 0, 255)).As(DType.UInt8)] },
                new Sample("wide", NArray.Vector(1e9, -1e9, 3e9, -3e9, 1e300, 0.24, -0.26)) { For = Kinds.Wide[1..], Smooth = false, Call = static (x, _) => [Integers(x[0], new(0.5, -7), DType.QInt32)], Expect = static x => [x[0].Map(static v => Step(v, 0.5, -7, int.MinValue, int.MaxValue)).As(DType.Int32)] },
            ],
            Refusals =
            [
                Refusal.Of<DTypeMismatchException>("integers", static () => Tensor.From(1).Quantize(1, 0, DType.QInt8), "Quantize", "int32", "Cast"),
                Refusal.Of<DTypeMismatchException>("to plain integers", static () => Tensor.From(1f).Quantize(1, 0, DType.Int8), "Quantize", "int8", "qint8"),
                Refusal.Of<InvalidArgumentException>("no scale", static () => Tensor.From(1f).Quantize(0, 0, DType.QInt8), "Quantiz", "scale 0"),
                Refusal.Of<InvalidArgumentException>("scale NaN", static () => Tensor.From(1f).Quantize(double.NaN, 0, DType.QInt8), "Quantiz", "NaN"),
                Refusal.Of<InvalidArgumentException>("zero point too large", static () => Tensor.From(1f).Quantize(1, 128, DType.QInt8), "Quantize", "128", "127"),
                Refusal.Of<InvalidArgumentException>("zero point negative", static () => Tensor.From(1f).Quantize(1, -1, DType.QUInt8), "Quantize", "-1", "255"),
                Refusal.Of<ShapeMismatchException>("too few scales", static () => Tensor.Ones([2, 3]).Quantize([1, 2], [0, 0], 1, DType.QInt8), "Quantize", "2 scales", "[2, 3]"),
                Refusal.Of<ShapeMismatchException>("no such axis", static () => Tensor.Ones([2, 3]).Quantize([1, 2], [0, 0], 2, DType.QInt8), "Quantize", "2", "[2, 3]"),
                Refusal.Of<InvalidArgumentException>("too few zero points", static () => Tensor.Ones([2]).Quantize([1, 2], [0], 0, DType.QInt8), "2 scales", "1 zero points"),
            ],
        },
        new(QuantizationOps.Dequantize, static x => Reals(x[0], new(Scale, ZeroPoint), DType.Float64), static x => x[0].Map(static q => (q - ZeroPoint) * Scale))
        {
            DTypes = [DType.Int8, DType.UInt8, DType.Int32],
            OutputDType = static _ => DType.Float64,
            Ulps = 0,
            Samples =
            [
                new("whole numbers", Samples.Whole(1, 0, 100, 3, 4)) { For = Kinds.Integers },
                new("ends", NArray.Vector(-128, 0, 127)) { For = [DType.Int8] },
                new("far ends", NArray.Vector(int.MinValue, int.MaxValue)) { For = [DType.Int32] },
                new("no whole numbers", NArray.Empty(2, 0)) { For = Kinds.Integers },
                // Rounded to float32 once: half a unit and a little for the reference's own product.
                new Sample("float32", Samples.Whole(2, 0, 100, 5)) { For = Kinds.Integers, Call = static (x, _) => [Reals(x[0], new(0.1, ZeroPoint), DType.Float32)], Expect = static x => [x[0].Map(static q => (float)((q - ZeroPoint) * 0.1)).As(DType.Float32)] },
            ],
            Refusals =
            [
                Refusal.Of<DTypeMismatchException>("not quantized", static () => Tensor.From(1f).Dequantize(), "Dequantize", "float32", "Quantize"),
                Refusal.Of<DTypeMismatchException>("to integers", static () => Tensor.From(1f).Quantize(1, 0, DType.QInt8).Dequantize(DType.Int8), "Dequantize", "int8", "Integers"),
                Refusal.Of<DTypeMismatchException>("of int64", static () => Tensor.From(1L).AsQuantized(new(1, 0)), "AsQuantized", "int64", "int32"),
                Refusal.Of<DTypeMismatchException>("twice", static () => Tensor.From(1f).Quantize(1, 0, DType.QInt8).AsQuantized(new(1, 0)), "AsQuantized", "qint8", "Integers"),
                Refusal.Of<InvalidArgumentException>("zero point beyond uint8", static () => Tensor.From<byte>(1).AsQuantized(new(1, -1)), "AsQuantized", "-1"),
            ],
        },
        new(QuantizationOps.FakeQuantize, static x => x[0].FakeQuantize(Scale, ZeroPoint, -10, 20), static x => x[0].Map(static v => Fake(v, Scale, ZeroPoint, -10, 20)))
        {
            DTypes = Kinds.Floats,
            Samples =
            [
                .. Samples.Real(-4, 5).Select(static s => s with { Smooth = false }),
                new("ties to even", NArray.Vector(0.125, 0.375, 0.625, -0.125, -0.375, -0.625, 0)) { Smooth = false },
                new("beyond the integers", NArray.Vector(4.25, 4.5, 6e4, double.PositiveInfinity, -3.25, -3.5, double.NegativeInfinity, double.NaN)) { Smooth = false },
            ],
            Refusals =
            [
                Refusal.Of<InvalidArgumentException>("no integers", static () => Tensor.From(1f).FakeQuantize(1, 0, 1, 0), "FakeQuantize", "from 1 to 0"),
                Refusal.Of<InvalidArgumentException>("beyond int32", static () => Tensor.From(1f).FakeQuantize(1, 0, 0, 1L << 40), "FakeQuantize", "int32"),
                Refusal.Of<InvalidArgumentException>("zero point outside", static () => Tensor.From(1f).FakeQuantize(1, 8, -8, 7), "FakeQuantize", "zero point 8", "7"),
                Refusal.Of<ShapeMismatchException>("too many scales", static () => Tensor.Ones([2]).FakeQuantize([1, 1, 1], [0, 0, 0], 0, -8, 7), "FakeQuantize", "3 scales", "[2]"),
            ],
        },
    ];

    private static Tensor Integers(Tensor x, Quantization by, DType dtype)
    {
        using Tensor q = x.Quantize(by, dtype);
        return q.Integers();
    }

    private static Tensor Reals(Tensor integers, Quantization by, DType dtype)
    {
        using Tensor q = integers.AsQuantized(by);
        return q.Dequantize(dtype);
    }

    /// <summary>What stands for v: the nearest integer of the range, ties to even.</summary>
    internal static double Step(double v, double scale, long zeroPoint, long lowest, long highest) =>
        Math.Clamp((double.IsNaN(v) ? 0 : Math.Round(v / scale, MidpointRounding.ToEven)) + zeroPoint, lowest, highest);

    /// <summary>What that integer stands for.</summary>
    internal static double Fake(double v, double scale, long zeroPoint, long lowest, long highest) =>
        double.IsNaN(v) ? v : (Step(v, scale, zeroPoint, lowest, highest) - zeroPoint) * scale;
}
