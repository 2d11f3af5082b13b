using Eager.Autograd;
using Eager.Layers;
using Eager.Losses;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Autograd;

/// <summary>Mixed precision: which operations run in which dtype, gradients, casts, other transforms and traces.</summary>
[NonParallelizable]
public class AutocastTests
{
    private const DType Low = DType.BFloat16;
    private const DType Full = DType.Float32;

    // A product of 8 terms below 4: inputs and the result are rounded to 8 bits of mantissa, each by at most 2⁻⁹ of its size.
    private const float ProductBound = 8 * 4 * 3f / 512;

    private static readonly (string Name, DType Expected, Func<Tensor, Tensor> Run)[] Operations =
    [
        ("MatMul", Low, static x => x.MatMul(x)),
        ("BatchMatMul", Low, static x => x.ExpandDims(0).MatMul(x.ExpandDims(0))),
        ("Affine", Low, static x => Tensor.Affine(x, x, x[0])),
        ("Conv2D", Low, static x => x.Reshape([1, 8, 8, 1]).Conv2D(Tensor.Ones([3, 3, 1, 2]))),
        ("Conv1D", Low, static x => x.Reshape([1, 8, 8]).Conv1D(Tensor.Ones([3, 8, 2]))),
        ("Sum", Full, static x => x.MatMul(x).Sum()),
        ("Mean", Full, static x => x.MatMul(x).Mean()),
        ("Prod", Full, static x => x.MatMul(x).Prod(0)),
        ("LogSumExp", Full, static x => x.MatMul(x).LogSumExp(0)),
        ("Variance", Full, static x => x.MatMul(x).Variance()),
        ("CumSum", Full, static x => x.MatMul(x).CumSum(0)),
        ("Softmax", Full, static x => x.MatMul(x).Softmax()),
        ("LogSoftmax", Full, static x => x.MatMul(x).LogSoftmax()),
        ("SparseSoftmaxCrossEntropy", Full, static x => Loss.SparseSoftmaxCrossEntropy(Tensor.Zeros([8], DType.Int64), x.MatMul(x))),
        ("SigmoidCrossEntropy", Full, static x => Loss.SigmoidCrossEntropy(x, x.MatMul(x))),
        ("MeanSquaredError", Full, static x => Loss.MeanSquaredError(x, x.MatMul(x))),
        ("LayerNorm", Full, static x => x.MatMul(x).LayerNorm(Tensor.Ones([8]), Tensor.Zeros([8]), -1)),
        ("BatchNorm", Full, static x => x.MatMul(x).BatchNorm(Tensor.Ones([8]), Tensor.Zeros([8]), -1).Item1),
        ("Exp", Full, static x => x.MatMul(x).Exp()),
        ("Log", Full, static x => x.MatMul(x).Log()),
        ("Pow", Full, static x => x.MatMul(x).Pow(x)),
        ("Rsqrt", Full, static x => x.MatMul(x).Rsqrt()),
        ("Relu follows its input", Low, static x => x.MatMul(x).Relu()),
        ("Relu of float32", Full, static x => x.Relu()),
        ("Reshape follows its input", Low, static x => x.MatMul(x).Reshape([64])),
        ("Add of both", Full, static x => x.MatMul(x) + x),
        ("Concat of both", Full, static x => Tensor.Concat([x.MatMul(x), x])),
        ("Add of low ones", Low, static x => x.MatMul(x) + x.MatMul(x)),
        ("a number adapts", Low, static x => x.MatMul(x) * 0.5),
        ("Cast is obeyed", Full, static x => x.MatMul(x).Cast(DType.Float32)),
        ("float64 passes", DType.Float64, static x => x.Cast(DType.Float64).MatMul(x.Cast(DType.Float64))),
        ("Conv2DTranspose has no low kernel", Full, static x => x.MatMul(x).Reshape([1, 8, 8, 1]).Conv2DTranspose(Tensor.Ones([3, 3, 1, 1]))),
    ];

    private static Tensor Data => Tensor.LinSpace(0.5, 2, 64).Reshape([8, 8]);

    [Test]
    public void Each_operation_runs_in_its_dtype()
    {
        using var scope = new TensorScope();
        Tensor x = Data;
        var different = new List<string>();
        using (Autocast.Begin(Low))
        {
            foreach ((string name, DType expected, Func<Tensor, Tensor> run) in Operations)
                if (run(x).DType is var got && got != expected) different.Add($"{name}: {got.Name()}");
        }

        Assert.That(different, Is.Empty);
        Assert.That(x.MatMul(x).DType, Is.EqualTo(Full));
    }

    [Test]
    public void Gradients_come_in_the_dtype_of_the_variables_and_are_near_those_of_float32([Values] bool tapeInside, [Values] bool backwardInside)
    {
        using var scope = new TensorScope();
        var w = new Variable(Data.SwapAxes(0, 1) / 2, name: "w");
        var b = new Variable(Tensor.LinSpace(-1, 1, 8), name: "b");
        Tensor Loss(Tensor x) => (Tensor.Affine(x, w, b).Relu() + x).Sigmoid().Square().Mean();
        Tensor?[] expected, gradients;
        using (var tape = new GradientTape()) expected = tape.Gradient(Loss(Data), [w, b]);

        gradients = tapeInside ? Inside() : Outside();

        Assert.That(gradients.Select(static g => g!.DType), Is.All.EqualTo(Full));
        for (int i = 0; i < 2; i++)
        {
            float largest = expected[i]!.Abs().Max().Item<float>();
            // A handful of roundings to 8 bits on the way there and back, each below 1/256.
            Assert.That(gradients[i]!.ToArray<float>(), Is.EqualTo(expected[i]!.ToArray<float>()).Within(largest * 6 / 256));
            Assert.That(gradients[i]!.ToArray<float>(), Is.Not.EqualTo(expected[i]!.ToArray<float>()));
        }

        Tensor?[] Inside()
        {
            Autocast precision = Autocast.Begin(Low);
            using var tape = new GradientTape();
            Tensor loss = Loss(Data);
            if (!backwardInside) precision.Dispose();
            Tensor?[] got = tape.Gradient(loss, [w, b]);
            precision.Dispose();
            return got;
        }

        Tensor?[] Outside()
        {
            using var tape = new GradientTape();
            Autocast precision = Autocast.Begin(Low);
            Tensor loss = Loss(Data);
            if (!backwardInside) precision.Dispose();
            Tensor?[] got = tape.Gradient(loss, [w, b]);
            precision.Dispose();
            return got;
        }
    }

    [Test]
    public void Products_are_near_those_of_float32()
    {
        using var scope = new TensorScope();
        float[] exact = Data.MatMul(Data).ToArray<float>();
        using var precision = Autocast.Begin(Low);

        Assert.That(Data.MatMul(Data).Cast(Full).ToArray<float>(), Is.EqualTo(exact).Within(ProductBound));
    }

    [Test]
    public void A_variable_is_cast_once_until_it_changes_or_another_tape_must_see_it()
    {
        using var scope = new TensorScope();
        var w = new Variable(Data, name: "w");
        using TracedFunction twice = Function.Trace(x =>
        {
            using var precision = Autocast.Begin(Low);
            Tensor y = x.MatMul(w).Sum() + x.MatMul(w).Sum();
            w.AssignAdd(Tensor.Ones([8, 8]));
            return y + x.MatMul(w).Sum();
        });
        twice.Call(Data);
        int casts = twice.Graph.Operations.Count(static o => o is { Type: "Cast", Inputs: [{ Name: "w:0" or "AssignAdd:0" }] });
        Assert.That(casts, Is.EqualTo(2));

        using var outer = Autocast.Begin(Low);
        Data.MatMul(w);
        for (int i = 0; i < 2; i++)
        {
            using var tape = new GradientTape();
            Assert.That(tape.Gradient(Data.MatMul(w).Sum(), w), Is.Not.Null);
        }
        using var paused = new GradientTape();
        using (paused.StopRecording()) Data.MatMul(w);
        Assert.That(paused.Gradient(Data.MatMul(w).Sum(), w), Is.Not.Null);
    }

    [Test]
    public void An_assigned_variable_counts_at_once()
    {
        using var scope = new TensorScope();
        var w = new Variable(Tensor.Ones([8, 8]));
        using var precision = Autocast.Begin(Low);
        float before = Tensor.Ones([8, 8]).MatMul(w).Sum().Item<float>();

        w.Assign(Tensor.Zeros([8, 8]));

        Assert.That((before, Tensor.Ones([8, 8]).MatMul(w).Sum().Item<float>()), Is.EqualTo((512f, 0f)));
    }

    [Test]
    public void Scopes_nest_and_can_be_turned_off_within()
    {
        using var scope = new TensorScope();
        using (Autocast.Begin(Low))
        {
            using (Autocast.Begin(Full))
            {
                Assert.That(Data.MatMul(Data).DType, Is.EqualTo(Full));
                using var inner = Autocast.Begin(Low);
                Assert.That(Data.MatMul(Data).DType, Is.EqualTo(Low));
            }
            Assert.That(Data.MatMul(Data).DType, Is.EqualTo(Low));
            Assert.That(Autocast.Current!.DType, Is.EqualTo(Low));
        }
        Assert.That(Autocast.Current, Is.Null);
    }

    [Test]
    public void Forward_mode_and_maps_see_through_it()
    {
        using var scope = new TensorScope();
        Tensor x = Data, t = Tensor.Ones([8, 8]);
        (_, Tensor exact) = Function.Jvp(static v => v.MatMul(v).Sum(0), x, t);
        using var precision = Autocast.Begin(Low);

        (_, Tensor tangent) = Function.Jvp(static v => v.MatMul(v).Sum(0), x, t);
        Tensor mapped = Function.Vmap(static v => v.MatMul(v).Sum())(Tensor.Stack([x, x]));

        Assert.That(tangent.DType, Is.EqualTo(Full));
        // Sums of 8 columns of two products each, as in ProductBound.
        Assert.That(tangent.ToArray<float>(), Is.EqualTo(exact.ToArray<float>()).Within(8 * 2 * ProductBound));
        Assert.That(mapped.ToArray<float>(), Is.All.EqualTo(x.MatMul(x).Sum().Item<float>()).Within(1e-3f));
    }

    [Test]
    public void A_trace_of_one_precision_does_not_serve_another()
    {
        using var scope = new TensorScope();
        using TracedFunction f = Function.Trace(static x => x.MatMul(x));
        Tensor full = f.Call(Data), low;
        using (Autocast.Begin(Low)) low = f.Call(Data);

        Assert.That((full.DType, low.DType, f.Call(Data).DType), Is.EqualTo((Full, Low, Full)));
        Assert.That(f.TraceCount, Is.EqualTo(2));
    }

    [Test]
    public void What_cannot_be_done_is_refused()
    {
        Assert.That(() => Autocast.Begin(DType.Float64), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("float64").And.Message.Contains("bfloat16"));
        if (!Device.Available.Any(static d => d.Type == DeviceType.Cuda))
            Assert.That(() => Autocast.Begin(DType.Float16), Throws.TypeOf<DeviceException>().With.Message.Contains("float16").And.Message.Contains("cpu").And.Message.Contains("bfloat16"));
        using Autocast outer = Autocast.Begin(Low), inner = Autocast.Begin(Low);
        Assert.That(outer.Dispose, Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("innermost"));
    }

    [Test]
    public void It_leaves_nothing_behind()
    {
        var model = new Sequential(new Dense(8, "relu", inputShape: [8]), new LayerNorm(), new Dense(3));
        Tensor x = Data;
        using var count = new WrapperCount();
        Tensor y;

        using (Autocast.Begin(Low)) y = model.Call(x, training: true);

        Assert.That(count.Beside(x, y), Is.Zero);
    }
}
