using Eager.Autograd;
using Eager.Layers;
using Eager.Losses;
using Eager.Train;

namespace Eager.Tests.Training.Estimators;

/// <summary>Pictures of noise in which each class brightens a part of its own, and the documents' model functions of them.</summary>
internal static class SmallDigits
{
    internal const int Side = 8;
    internal const int Classes = 10;

    /// <summary>Pictures [count, 8, 8, 1] from 0 to 1, and class numbers.</summary>
    internal static (Tensor Images, Tensor Labels) Make(int count, int seed)
    {
        var random = new Random(seed);
        float[] pixels = new float[count * Side * Side];
        long[] labels = new long[count];
        for (int i = 0; i < count; i++)
        {
            labels[i] = random.Next(Classes);
            for (int p = 0; p < Side * Side; p++) pixels[(i * Side * Side) + p] = (random.NextSingle() * 0.4f) + (p / 6 == labels[i] ? 0.6f : 0);
        }
        return (Tensor.From(pixels, [count, Side, Side, 1]), Tensor.From(labels));
    }

    /// <summary>The introduction's linear classifier with gradient descent 0.1, as a model function.</summary>
    internal static EstimatorSpec Linear(Tensor images, Tensor? labels, EstimatorMode mode, HyperParameters parameters)
    {
        Variable w = VariableScope.GetVariable("W", [Side * Side, Classes], static (shape, dtype) => Tensor.Zeros(shape, dtype)), b = VariableScope.GetVariable("b", [Classes], static (shape, dtype) => Tensor.Zeros(shape, dtype));
        return Classifier(images.Reshape([-1, Side * Side]).MatMul(w) + b, labels, mode, () => new Sgd(parameters.Get<double>("learning_rate")));
    }

    /// <summary>The introduction's <c>mlp_fn</c>.</summary>
    internal static Tensor MlpFunction(Tensor x, IReadOnlyList<long> hiddenUnits)
    {
        Tensor hidden = x;
        foreach (long units in hiddenUnits) hidden = Dense(hidden, (int)units, ActivationFunction.Sigmoid);
        return hidden;
    }

    /// <summary>The introduction's <c>cnn_fn</c>, with dropout where a rate is given.</summary>
    internal static Tensor CnnFunction(Tensor x, IReadOnlyList<long> channels, int outputs = Classes, double? dropout = null, bool isTraining = true)
    {
        Tensor hidden = x;
        foreach (long c in channels)
            hidden = VariableScope.Get(VariableScope.Current.NextName("conv2d"), () => new Conv2D((int)c, 3, strides: 2, activation: ActivationFunction.Relu)).Call(hidden);
        hidden = hidden.Reshape([hidden.ConcreteShape[0], -1]);
        if (dropout is { } rate && isTraining) hidden = hidden.Dropout(rate);
        return Dense(hidden, outputs, null);
    }

    /// <summary>What all classifiers have in common.</summary>
    internal static EstimatorSpec Classifier(Tensor logits, Tensor? labels, EstimatorMode mode, Func<Optimizer> optimizer)
    {
        var predictions = new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["class"] = logits.ArgMax(-1), ["probabilities"] = logits.Softmax() };
        if (labels is null) return new EstimatorSpec(mode, predictions);
        return new EstimatorSpec(mode, predictions, Loss.SparseSoftmaxCrossEntropy(labels, logits), TrainOp.Minimize(optimizer),
            new Dictionary<string, MetricOp>(StringComparer.Ordinal) { ["accuracy"] = MetricOp.Of(() => new Accuracy(), labels, logits) },
            () => Summary.Scalar("accuracy", logits.ArgMax(-1).Equal(labels).Cast(DType.Float32).Mean().Item()));
    }

    private static Tensor Dense(Tensor x, int units, ActivationFunction? activation) =>
        VariableScope.Get(VariableScope.Current.NextName("dense"), () => new Dense(units, activation)).Call(x);
}
