using Eager.Autograd;
using Eager.Tests.OpTable;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Tensors;

/// <summary>Quantized tensors: what they keep, what can be done with them and what cannot.</summary>
[Parallelizable(ParallelScope.All)]
public class QuantizationTests
{
    private static readonly DType[] Quantized = [.. DTypes.All.Where(static d => d.IsQuantized())];

    private static Tensor Example => Tensor.From([[1.4f, -0.8f, -2.5f], [-1.3f, -0.9f, 0f]]).Quantize(0.1, 3, DType.QInt8);

    private static Tensor ByColumn => Tensor.From([[1f, 2f, 3f], [-4f, 5f, 6f]]).Quantize([0.5, 0.25, 1], [0, 1, 2], axis: -1, DType.QInt8);

    [Test]
    public void The_dtypes_are_known()
    {
        Assert.That(Quantized, Is.EqualTo(new[] { DType.QInt8, DType.QUInt8, DType.QInt32 }));
        Assert.That(Quantized.Select(static d => (int)d), Is.EqualTo(new[] { 12, 13, 14 }), "LibTorch's numbers");
        Assert.That(Quantized.Select(static d => (d.Name(), d.ByteSize(), d.Min().ToInt64(), d.Max().ToInt64())),
            Is.EqualTo(new[] { ("qint8", 1, -128L, 127L), ("quint8", 1, 0L, 255L), ("qint32", 4, int.MinValue, int.MaxValue) }));
        foreach (DType dtype in Quantized) Assert.That(dtype.IsInteger() || dtype.IsFloatingPoint() || dtype.IsComplex() || dtype.IsDifferentiable(), Is.False);
    }

    [Test]
    public void A_quantized_tensor_tells_shape_integers_and_what_they_stand_for()
    {
        Tensor q = Example;

        Assert.That((q.DType, q.Rank, q.Device, q.ElementCount, q.ByteCount, q.IsDisposed), Is.EqualTo((DType.QInt8, 2, Device.Cpu, 6, 6, false)));
        Assert.That(q.Shape, Is.EqualTo(Shape.Of(2, 3)));
        Assert.That(q.Integers().ToArray2D<sbyte>(), Is.EqualTo(new sbyte[,] { { 17, -5, -22 }, { -10, -6, 3 } }));
        Assert.That((q.Quantization.Scale, q.Quantization.ZeroPoint, q.Quantization.Axis), Is.EqualTo((0.1, 3L, (int?)null)));
        Assert.That(ByColumn.Quantization.Scales, Is.EqualTo(new[] { 0.5, 0.25, 1 }));
        Assert.That(ByColumn.Quantization.ZeroPoints, Is.EqualTo(new[] { 0L, 1, 2 }));
        Assert.That(ByColumn.Quantization.Axis, Is.EqualTo(1), "counted from the first");
        Assert.That(() => ByColumn.Quantization.Scale, Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("3 scales").And.Message.Contains("Scales"));
        Assert.That(() => ByColumn.Quantization.ZeroPoint, Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("ZeroPoints"));
        Assert.That(() => Tensor.From(1f).Quantization, Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float32").And.Message.Contains("Quantize"));
        Assert.That(() => Tensor.From(1f).Integers(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Integers"));
    }

    [Test]
    public void What_comes_back_is_off_by_half_a_step_at_most()
    {
        double[] values = [.. Enumerable.Range(0, 1000).Select(static i => Math.Sin(i) * 10)];
        foreach (DType dtype in Quantized)
        {
            Tensor back = Tensor.From(values).Quantize(0.1, dtype == DType.QUInt8 ? 128 : 0, dtype).Dequantize(DType.Float64);
            // Half a step, and the rounding of the float64 arithmetic around it.
            foreach ((double before, double after) in values.Zip(back.ToArray<double>())) Assert.That(after, Is.EqualTo(before).Within(0.05 + 1e-12));
        }
        Assert.That(Example.Dequantize().DType, Is.EqualTo(DType.Float32));
        Assert.That(Example.Dequantize(DType.BFloat16).DType, Is.EqualTo(DType.BFloat16));
    }

    [Test]
    public void It_prints_the_numbers_and_what_the_integers_stand_for()
    {
        Assert.That(Example.ToString(), Is.EqualTo("[[ 1.4 -0.8 -2.5]\n [-1.3 -0.9  0. ]] qint8 [2, 3], scale 0.1, zero point 3"));
        Assert.That(ByColumn.ToString(), Does.EndWith("qint8 [2, 3], scales [0.5, 0.25, 1], zero points [0, 1, 2] along axis 1"));
        Tensor many = Tensor.Ones([8, 1000]).Quantize([.. Enumerable.Repeat(0.5, 8)], new long[8], 0, DType.QUInt8);
        Assert.That(many.ToString(), Does.Contain("...").And.Contain("scales [0.5, 0.5, 0.5, ..., 0.5, 0.5, 0.5]"));
        Tensor gone = Example;
        gone.Dispose();
        Assert.That(gone.ToString(), Does.Contain("qint8").And.Contain("disposed"));
    }

    [Test]
    public void Elements_are_rearranged_and_stay_what_they_are()
    {
        Tensor q = Example, x = q.Dequantize();
        (Tensor Quantized, Tensor Plain)[] pairs =
        [
            (q.Reshape([3, -1]), x.Reshape([3, -1])), (q.Transpose(), x.Transpose()), (q.SwapAxes(0, 1), x.SwapAxes(0, 1)), (q.Flatten(), x.Flatten()), (q.ExpandDims(1), x.ExpandDims(1)),
            (q[1], x[1]), (q[.., 1..], x[.., 1..]), (q[^1, 0], x[^1, 0]), (q.Narrow(1, 0, 2), x.Narrow(1, 0, 2)), (q.Select(0, 1), x.Select(0, 1)), (q[Tensor.From(1, 0, 1)], x[Tensor.From(1, 0, 1)]),
            (q.BroadcastTo([2, 2, 3]), x.BroadcastTo([2, 2, 3])), (q.Clone(), x.Clone()), (q.Transpose().Contiguous(), x.Transpose()), (q.To(Device.Cpu), x),
        ];
        foreach ((Tensor quantized, Tensor plain) in pairs)
        {
            Assert.That(quantized.DType, Is.EqualTo(DType.QInt8));
            Assert.That(quantized.Shape, Is.EqualTo(plain.Shape));
            Assert.That(quantized.Dequantize().ToArray<float>(), Is.EqualTo(plain.ToArray<float>()));
        }
        Assert.That(q.Contiguous(), Is.SameAs(q));
        Assert.That(q.Integers().AsQuantized(q.Quantization).Dequantize().ToArray<float>(), Is.EqualTo(x.ToArray<float>()));
    }

    [Test]
    public void The_axis_of_the_scales_moves_along_or_the_rearrangement_is_refused()
    {
        Tensor q = ByColumn, x = q.Dequantize();
        (Tensor Quantized, Tensor Plain, int Axis)[] pairs =
        [
            (q.Transpose(), x.Transpose(), 0), (q.Clone(), x, 1), (q.ExpandDims(0), x.ExpandDims(0), 2), (q.ExpandDims(-1), x.ExpandDims(-1), 1), (q.Reshape([2, 3, 1]), x.Reshape([2, 3, 1]), 1),
            (q.Reshape([1, 2, -1]), x.Reshape([1, 2, -1]), 2), (q.Reshape([2, 1, 3]).Squeeze(1), x, 1),
        ];
        foreach ((Tensor quantized, Tensor plain, int axis) in pairs)
        {
            Assert.That(quantized.Quantization.Axis, Is.EqualTo(axis));
            Assert.That(quantized.Shape, Is.EqualTo(plain.Shape));
            Assert.That(quantized.Dequantize().ToArray<float>(), Is.EqualTo(plain.ToArray<float>()));
        }
        foreach (Action call in (Action[])[() => q.Reshape([3, 2]), () => q.Flatten(), () => _ = q[0], () => q.Narrow(0, 0, 1), () => q.Select(1, 0), () => q.BroadcastTo([2, 2, 3])])
            Assert.That(() => call(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("qint8").And.Message.Contains("axis 1").And.Message.Contains("Dequantize"));
    }

    [Test]
    public void Everything_else_is_refused_with_the_cure()
    {
        Tensor q = Example, x = Tensor.Ones([2, 3]);
        using var tape = new GradientTape();
        using var folder = new Formats.TempFolder();
        (string Name, Action Call)[] calls =
        [
            ("Add", () => _ = q + q), ("Add", () => _ = q + x), ("Add", () => _ = x + q), ("Multiply", () => _ = q * 2), ("Multiply", () => _ = 2.5 * q), ("MatMul", () => q.MatMul(q.Transpose())), ("MatMul", () => x.MatMul(q.Transpose())),
            ("Cast", () => q.Cast(DType.Float32)), ("Concat", () => Tensor.Concat([q, q])), ("Sum", () => q.Sum()), ("Relu", () => q.Relu()), ("Equal", () => q.Equal(q)), ("Sort", () => q.Sort()),
            ("ToArray", () => q.ToArray<sbyte>()), ("ToArray", () => q.ToArray<float>()), ("Item", () => q[0, 0].Item()), ("ToArray", () => q[0, 0].Item<sbyte>()), ("AsSpan", () => _ = q.AsSpan<sbyte>().Length), ("Pin", () => q.Pin<sbyte>().Dispose()),
            ("Variable", () => _ = new Variable(q)), ("Watch", () => tape.Watch(q)), ("DLPack", () => DLPack.Export(q)), ("NumPy", () => NpyFile.Write(folder.File("q.npy"), q)),
            ("FullLike", () => Tensor.ZerosLike(q)), ("Where", () => (x > 0).Where(q, q)), ("StopGradient", () => q.StopGradient()), ("Quantize", () => q.Quantize(1, 0, DType.QInt8)), ("Assign", () => new Variable(x).Assign(q)),
            ("Gather", () => x.Gather(q)), ("Index", () => _ = x[q]), ("Embedding", () => Tensor.Embedding(x, q)),
        ];
        foreach ((string name, Action call) in calls)
            Assert.That(() => call(), Throws.TypeOf(name == "Watch" ? typeof(GradientException) : typeof(DTypeMismatchException)).With.Message.Contains(name).And.Message.Contains("qint8").And.Message.Contains("Dequantize"), name);
        Assert.That(() => x.Cast(DType.QInt8), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Quantize"));
        Assert.That(q.Cast(DType.QInt8), Is.SameAs(q));
    }

    [Test]
    public void No_tensor_is_made_of_a_quantized_dtype_without_a_scale()
    {
        foreach (DType dtype in Quantized)
        {
            Action[] calls =
            [
                () => Tensor.Zeros([2], dtype), () => Tensor.Ones([2], dtype), () => Tensor.Full([2], 1, dtype), () => Tensor.ZerosLike(Tensor.From(1f), dtype), () => Tensor.Range(0, 3, dtype: dtype), () => Tensor.LinSpace(0, 1, 3, dtype),
                () => Tensor.LogSpace(0, 1, 3, dtype: dtype), () => Tensor.Eye(2, dtype: dtype), () => Tensor.OneHot(Tensor.From(0), 2, dtype), () => Tensor.Bernoulli([2], 0.5, dtype), () => Tensor.RandomNormal([2], dtype: dtype),
                () => Tensor.RandomUniform([2], 0, 3, dtype), () => Tensor.TruncatedNormal([2], dtype: dtype), () => Tensor.RandomGamma([2], 1, dtype: dtype), () => Tensor.RandomExponential([2], dtype: dtype),
                () => Tensor.FftFrequencies(4, dtype: dtype), () => Tensor.RfftFrequencies(4, dtype: dtype),
            ];
            foreach (Action call in calls) Assert.That(() => call(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains(dtype.Name()));
        }
    }

    [Test]
    public void It_lives_as_long_as_any_tensor()
    {
        Tensor kept, made;
        using (var scope = new TensorScope())
        {
            made = Example;
            kept = scope.Keep(Example);
        }
        Assert.That(made.IsDisposed, Is.True);
        Assert.That(kept.Dequantize().ToArray<float>()[0], Is.EqualTo(1.4f));

        Tensor integers = kept.Integers();
        kept.Dispose();
        Assert.That(() => kept.Dequantize(), Throws.TypeOf<DisposedException>());
        Assert.That(() => kept.Clone(), Throws.TypeOf<DisposedException>());
        Assert.That(integers.ToArray<sbyte>()[0], Is.EqualTo((sbyte)17), "a view has its own hold on the memory");

        using var count = new WrapperCount();
        Tensor x = Tensor.From([1f, 2f]), q = x.Quantize(0.1, 0, DType.QInt8), turned = q.Transpose(0), back = turned.Dequantize();
        q.Dispose();
        turned.Dispose();
        Assert.That(count.Beside(x, back), Is.Zero);
    }

    [Test]
    public void The_gradient_of_fake_quantization_goes_straight_through_within_the_range()
    {
        // Rounded to -3, -2, ..., of which -2 to 1 are integers of two bits; 1.4 rounds to one of them, 1.6 does not.
        Tensor x = Tensor.From(-3, -2.6, -2.4, -2, 0.3, 1, 1.4, 1.6, double.PositiveInfinity, double.NaN), g = Tensor.Range(1, 11, dtype: DType.Float64);
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor y = x.FakeQuantize(1, 0, -2, 1);

        Assert.That(y.ToArray<double>(), Is.EqualTo(new[] { -2, -2, -2, -2, 0, 1, 1, 1, 1, double.NaN }));
        Assert.That(tape.Gradient(y, x, g)!.ToArray<double>(), Is.EqualTo(new double[] { 0, 0, 3, 4, 5, 6, 7, 0, 0, 0 }));
        Assert.That(Function.Jvp(static x => x.FakeQuantize(1, 0, -2, 1), x, g).Tangent.ToArray<double>(), Is.EqualTo(new double[] { 0, 0, 3, 4, 5, 6, 7, 0, 0, 0 }));
    }

    [Test]
    public void Each_channel_has_its_own_range_also_under_maps()
    {
        Tensor x = Tensor.From([[1.0, 3], [-1, -3], [0.6, 9]]);
        Tensor Fake(Tensor t) => t.FakeQuantize([0.25, 1], [0, 0], axis: -1, -8, 7);

        Assert.That(Fake(x).ToArray<double>(), Is.EqualTo(new[] { 1, 3, -1, -3, 0.5, 7 }));
        Assert.That(Function.Vmap((Func<Tensor, Tensor>)Fake)(x).ToArray<double>(), Is.EqualTo(Fake(x).ToArray<double>()));
        Assert.That(Function.Vmap(t => t.Quantize([0.25, 1], [0, 0], 0, DType.QInt8).Dequantize(DType.Float64))(x).ToArray<double>(), Is.EqualTo(new[] { 1, 3, -1, -3, 0.5, 9 }));
        Assert.That(Function.Grad(t => Fake(t).Sum())(x).ToArray<double>(), Is.EqualTo(new double[] { 1, 1, 1, 1, 1, 0 }));
    }

    [Test]
    public void Each_place_of_an_axis_is_quantized_by_its_own_scale()
    {
        double[] scales = [0.5, 0.1, 3];
        long[] zeroPoints = [1, 0, 7];
        foreach (DType dtype in Kinds.Floats)
        {
            foreach (int axis in new[] { 0, 1, 2, -1, -2 })
            {
                int at = axis < 0 ? axis + 3 : axis;
                int[] sizes = [2, 4, 5];
                sizes[at] = 3;
                NArray values = Samples.Spread(axis + 3, -30, 30, sizes);
                Tensor x = TensorData.MakeStrided(values, dtype);
                NArray read = TensorData.ReadArray(x);

                Tensor q = x.Quantize(scales, zeroPoints, axis, DType.QInt8);

                double[] Each(Func<double, double, long, double> element) => NArray.Build(sizes, i => element(read[i], scales[i[at]], zeroPoints[i[at]])).Values;
                Assert.That(TensorData.Read(q.Integers()), Is.EqualTo(Each(static (v, s, z) => QuantizationRows.Step(v, s, z, -128, 127))), $"{dtype}, axis {axis}");
                Assert.That(q.Dequantize(DType.Float64).ToArray<double>(), Is.EqualTo(Each(static (v, s, z) => QuantizationRows.Fake(v, s, z, -128, 127))), $"{dtype}, axis {axis}");
                // Float16 and bfloat16 round the result, float32 the scale and each step.
                Assert.That(TensorData.Read(x.FakeQuantize(scales, zeroPoints, axis, -8, 12)), Is.EqualTo(Each(static (v, s, z) => QuantizationRows.Fake(v, s, z, -8, 12))).Within(4 * TensorData.Epsilon(dtype) * 20), $"{dtype}, axis {axis}");
            }
        }
        Assert.That(Tensor.Zeros([3, 0]).Quantize([], [], -1, DType.QInt8).Dequantize().Shape, Is.EqualTo(Shape.Of(3, 0)));
    }

    [Test]
    public void Fake_quantization_is_quantization_there_and_back()
    {
        Tensor x = Tensor.RandomNormal([4, 50], stddev: 10, generator: new(1));

        Assert.That(x.FakeQuantize(0.125, 5, -128, 127).ToArray<float>(), Is.EqualTo(x.Quantize(0.125, 5, DType.QInt8).Dequantize().ToArray<float>()));
        double[] scales = [0.125, 0.25, 0.5, 1];
        Assert.That(x.FakeQuantize(scales, new long[4], 0, 0, 255).ToArray<float>(), Is.EqualTo(x.Quantize(scales, new long[4], 0, DType.QUInt8).Dequantize().ToArray<float>()));
    }

    [Test]
    public void A_traced_function_quantizes_inside_and_gives_what_it_gave()
    {
        using TracedFunction f = Function.Trace(static x => x.Quantize(0.5, 1, DType.QInt8).Reshape([-1]).Dequantize() + x.FakeQuantize([0.5, 2], [0, 0], 1, -8, 7).Flatten());
        foreach (double factor in new[] { 1, 3.7, -2 })
        {
            Tensor x = Tensor.From([[1.3f, -0.2f], [100f, 4.4f]]) * (float)factor;
            Tensor expected = x.Quantize(0.5, 1, DType.QInt8).Dequantize().Flatten() + x.FakeQuantize([0.5, 2], [0, 0], 1, -8, 7).Flatten();
            Assert.That(f.Call(x).ToArray<float>(), Is.EqualTo(expected.ToArray<float>()));
        }
        using TracedFunction gives = Function.Trace(static x => x.Quantize(0.5, 1, DType.QInt8));
        Assert.That(() => gives.Call(Tensor.From(1f)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Trace").And.Message.Contains("qint8").And.Message.Contains("Dequantize"));
        Assert.That(() => f.Call(Example), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Trace").And.Message.Contains("qint8"));
        Assert.That(f.Call(Tensor.From([[1f, 2f]])).Shape, Is.EqualTo(Shape.Of(2)), "the thread can trace as before");
    }

    [Test]
    public void Training_learns_weights_that_bear_quantization()
    {
        // The least squares solution among multiples of 1/4, found by gradients that pass the rounding.
        Tensor inputs = Tensor.RandomNormal([200, 3], dtype: DType.Float64, generator: new(5)), target = inputs.MatMul(Tensor.From([[0.75], [-1.5], [0.25]]));
        var w = new Variable(Tensor.Zeros([3, 1], DType.Float64), name: "w");
        var optimizer = new Sgd(0.1);
        for (int step = 0; step < 200; step++)
        {
            using var tape = new GradientTape();
            Tensor loss = (inputs.MatMul(w.FakeQuantize(0.25, 0, -8, 7)) - target).Square().Mean();
            optimizer.Apply(tape.Gradient(loss, [w]), [w]);
        }
        Assert.That(w.FakeQuantize(0.25, 0, -8, 7).ToArray<double>(), Is.EqualTo(new[] { 0.75, -1.5, 0.25 }));
    }
}
