using Eager.Layers;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Models;

/// <summary>A model compiled with products in bfloat16 learns what one in float32 learns.</summary>
[NonParallelizable]
public class MixedPrecisionTests
{
    [TestCase(false)]
    [TestCase(true)]
    public void A_model_learns_as_well_as_in_float32(bool traced)
    {
        (Tensor x, Tensor y) = Spirals();
        (CompiledModel full, CompiledModel mixed) = (Make(null, traced), Make(DType.BFloat16, traced));
        // The first steps go nearly the same way: some hundred roundings to 8 bits cancel out to well below a hundredth.
        Assert.That(mixed.TrainOnBatch(x, y)["loss"], Is.EqualTo(full.TrainOnBatch(x, y)["loss"]).Within(0.01));

        foreach (CompiledModel training in (CompiledModel[])[full, mixed]) training.Fit(x, y, batchSize: 32, epochs: 60, verbose: false);

        double accuracy = full.Evaluate(x, y)["accuracy"], mixedAccuracy = mixed.Evaluate(x, y)["accuracy"];
        Assert.That(accuracy, Is.GreaterThan(0.95));
        // Of 192 examples some at the border may fall to the other side.
        Assert.That(mixedAccuracy, Is.EqualTo(accuracy).Within(0.04));
        Assert.That(mixed.Model.Parameters.Select(static p => p.Variable.DType), Is.All.EqualTo(DType.Float32));
        Assert.That(mixed.Predict(x).DType, Is.EqualTo(DType.Float32));
    }

    [Test]
    public void Convolutions_norms_and_dropout_train_too()
    {
        Generator.SetGlobalSeed(2);
        Sequential model = [new Conv2D(4, 3, activation: "relu", inputShape: [8, 8, 1]), new BatchNorm(), new MaxPool2D(), new Dropout(0.1), new Flatten(), new Dense(2)];
        Tensor y = Tensor.From([.. Enumerable.Range(0, 32).Select(static i => (long)(i % 2))]);
        // Class 1 has brighter left halves.
        Tensor x = Tensor.RandomNormal([32, 8, 8, 1]) + y.Cast(DType.Float32).Reshape([32, 1, 1, 1]) * Tensor.LinSpace(2, -2, 8).Reshape([1, 1, 8, 1]);

        History history = model.Compile(new Adam(0.01), Eager.Losses.Loss.SparseSoftmaxCrossEntropy, [new Accuracy()], mixedPrecision: DType.BFloat16).Fit(x, y, epochs: 15, verbose: false);

        Assert.That(history["accuracy"][^1], Is.GreaterThan(0.9));
    }

    [Test]
    public void A_scaler_leaves_out_the_steps_that_would_spoil_the_weights()
    {
        (Tensor x, Tensor y) = Spirals();
        (CompiledModel plain, CompiledModel scaled) = (Make(null, traced: false), Make(null, traced: false));
        scaled.Scaler = new GradientScaler(initialScale: 1024);

        plain.TrainOnBatch(x, y);
        scaled.TrainOnBatch(x, y);
        // Scaled by a power of two and back, nothing is rounded.
        Assert.That(WeightsOf(scaled), Is.EqualTo(WeightsOf(plain)));

        float[] before = WeightsOf(scaled);
        scaled.TrainOnBatch(x / 0, y);
        Assert.That(WeightsOf(scaled), Is.EqualTo(before));
        Assert.That((scaled.Scaler.Scale, scaled.Scaler.SkippedSteps), Is.EqualTo((512d, 1L)));
        Assert.That(() => Make(null, traced: true).Scaler = new GradientScaler(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("traced"));
    }

    private static float[] WeightsOf(CompiledModel training) => [.. training.Model.Parameters.SelectMany(static p => p.Variable.ToArray<float>())];

    private static CompiledModel Make(DType? mixedPrecision, bool traced)
    {
        Generator.SetGlobalSeed(5);
        Sequential model = [new Dense(32, "relu", inputShape: [2]), new LayerNorm(), new Dense(32, "relu"), new Dense(2)];
        return model.Compile(new Adam(0.01), Eager.Losses.Loss.SparseSoftmaxCrossEntropy, [new Accuracy()], traced, mixedPrecision);
    }

    // Two arms of three quarters of a turn each.
    private static (Tensor X, Tensor Y) Spirals()
    {
        const int count = 192;
        var points = new float[count * 2];
        var kinds = new long[count];
        for (int i = 0; i < count; i++)
        {
            kinds[i] = i % 2;
            double radius = 0.2 + (i / 2 + 0.5) / (count / 2), angle = radius * 4 + kinds[i] * Math.PI;
            (points[2 * i], points[2 * i + 1]) = ((float)(radius * Math.Cos(angle)), (float)(radius * Math.Sin(angle)));
        }
        return (Tensor.From(points, [count, 2]), Tensor.From(kinds));
    }
}
