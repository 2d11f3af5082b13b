using Eager.Autograd;
using Eager.Layers;

namespace Eager.Train;

/// <summary>A model with an optimizer, losses and metrics: it fits itself to data, is evaluated, and predicts.</summary>
/// <remarks>
/// Made by <see cref="ModelTraining.Compile(Layer, Optimizer, LossFunction, IEnumerable{IPredictionMetric}, bool, DType?)"/>. The loss is that of the output, or
/// the weighted sum over several outputs, and the penalties of <see cref="Layer.Losses"/>. With several outputs each one's figures
/// go by its name: <c>kind_loss</c>, <c>kind_accuracy</c>; penalties, where there are any, are reported as <c>regularization</c>.
/// </remarks>
/// <example><code>
/// Sequential model = [new Dense(32, "relu"), new Dense(3)];
/// CompiledModel training = model.Compile("adam", "sparse_softmax_cross_entropy", ["accuracy"]);
/// History history = training.Fit(x, labels, batchSize: 32, epochs: 5, validationSplit: 0.2);
/// Tensor logits = training.Predict(x);
/// </code></example>
public sealed partial class CompiledModel
{
    /// <summary>Trains on tensors.</summary>
    /// <param name="x">Examples along the first axis.</param>
    /// <param name="y">A label for each.</param>
    /// <param name="batchSize">How many examples a step sees.</param>
    /// <param name="epochs">The epoch to stop before; <paramref name="initialEpoch"/> counts in.</param>
    /// <param name="validationSplit">The share of examples, the last ones, that is kept for validation.</param>
    /// <param name="validationData">Examples and labels for validation, instead of a split.</param>
    /// <param name="sampleWeights">A weight for each example.</param>
    /// <param name="classWeights">A weight for each class number; 1 for those not listed.</param>
    /// <param name="shuffle">Whether each epoch has an order of its own.</param>
    /// <param name="initialEpoch">The first epoch, from 0, for a training that goes on.</param>
    /// <param name="callbacks">Told of every epoch and batch.</param>
    /// <param name="verbose">Whether progress and a line for each epoch are printed.</param>
    /// <param name="stepsPerEpoch">How many batches make an epoch, each going on where the one before ended; all of the data when null.</param>
    /// <param name="validationSteps">How many batches a validation looks at, at the most; all when null.</param>
    /// <param name="validationFrequency">After every how many epochs there is a validation; others have no such figures, and in the history not-a-number.</param>
    /// <param name="validationWeights">A weight for each example of <paramref name="validationData"/>; a split has those of its examples.</param>
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples.</exception>
    /// <exception cref="InvalidArgumentException">A number is out of its range.</exception>
    public History Fit(
        Tensor x, Tensor y, int batchSize = 32, int epochs = 1, double validationSplit = 0, (Tensor X, Tensor Y)? validationData = null,
        Tensor? sampleWeights = null, IReadOnlyDictionary<long, double>? classWeights = null, bool shuffle = true, int initialEpoch = 0,
        IEnumerable<Callback>? callbacks = null, bool verbose = true, int? stepsPerEpoch = null, int? validationSteps = null, int validationFrequency = 1, Tensor? validationWeights = null) =>
        Fit([x], [y], batchSize, epochs, validationSplit, validationData is { } given ? ([given.X], [given.Y]) : null, sampleWeights, Known(classWeights), shuffle, initialEpoch, callbacks, verbose, stepsPerEpoch, validationSteps, validationFrequency, validationWeights);

    /// <summary>Trains a model of several inputs or outputs on tensors.</summary>
    /// <param name="x">A tensor for each input, with examples along the first axis.</param>
    /// <param name="y">A tensor for each output, with a label for each example.</param>
    /// <param name="batchSize">How many examples a step sees.</param>
    /// <param name="epochs">The epoch to stop before; <paramref name="initialEpoch"/> counts in.</param>
    /// <param name="validationSplit">The share of examples, the last ones, that is kept for validation.</param>
    /// <param name="validationData">Examples and labels for validation, instead of a split.</param>
    /// <param name="sampleWeights">Weights of examples: a tensor that counts in the losses of all outputs, or one for each, in order or by name.</param>
    /// <param name="classWeights">Weights of class numbers, by the names of outputs where there are several; 1 for those not listed.</param>
    /// <param name="shuffle">Whether each epoch has an order of its own.</param>
    /// <param name="initialEpoch">The first epoch, from 0, for a training that goes on.</param>
    /// <param name="callbacks">Told of every epoch and batch.</param>
    /// <param name="verbose">Whether progress and a line for each epoch are printed.</param>
    /// <param name="stepsPerEpoch">How many batches make an epoch, each going on where the one before ended; all of the data when null.</param>
    /// <param name="validationSteps">How many batches a validation looks at, at the most; all when null.</param>
    /// <param name="validationFrequency">After every how many epochs there is a validation; others have no such figures, and in the history not-a-number.</param>
    /// <param name="validationWeights">Weights of the examples of <paramref name="validationData"/>; a split has those of its examples.</param>
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples.</exception>
    /// <exception cref="InvalidArgumentException">A number is out of its range, there are not as many label tensors as outputs, or weights are for an output that is not there.</exception>
    /// <example><code>
    /// training.Fit([image, caption], [kind, size], sampleWeights: [ofKinds, null], classWeights: new Dictionary&lt;string, Dictionary&lt;long, double&gt;&gt; { ["kind"] = new() { [2] = 5 } });
    /// </code></example>
    public History Fit(
        IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> y, int batchSize = 32, int epochs = 1, double validationSplit = 0, (IReadOnlyList<Tensor> X, IReadOnlyList<Tensor> Y)? validationData = null,
        SampleWeights? sampleWeights = null, ClassWeights? classWeights = null, bool shuffle = true, int initialEpoch = 0,
        IEnumerable<Callback>? callbacks = null, bool verbose = true, int? stepsPerEpoch = null, int? validationSteps = null, int validationFrequency = 1, SampleWeights? validationWeights = null)
    {
        Tensor?[]? weights = sampleWeights?.Over(OutputNames, nameof(Fit)), validating = validationWeights?.Over(OutputNames, nameof(Fit));
        long count = CountOf(x, y, weights, nameof(Fit));
        if (validationSplit is not (>= 0 and < 1)) throw new InvalidArgumentException($"Fit: the validation split is {validationSplit}; it must be at least 0 and below 1.");
        if (validationSplit > 0 && validationData is not null) throw new InvalidArgumentException("Fit: both validationSplit and validationData are given; give one of them.");
        if (validating is not null && validationData is null) throw new InvalidArgumentException("Fit: validationWeights are given without validationData; a split has the weights of its examples.");
        RequirePositive(batchSize, nameof(batchSize), nameof(Fit));
        long trained = count - (long)(count * validationSplit);
        if (trained == 0) throw new InvalidArgumentException($"Fit: of {count} examples none is left to train on; make the validation split smaller than {validationSplit}.");

        Batches? validation =
            validationData is { } given ? Batches.Of(given.X, given.Y, validating, 0, CountOf(given.X, given.Y, validating, nameof(Fit)), batchSize, shuffle: false)
            : trained < count ? Batches.Of(x, y, weights, trained, count, batchSize, shuffle: false)
            : null;
        Plan plan = new(epochs, initialEpoch, classWeights?.Over(OutputNames, nameof(Fit)), stepsPerEpoch, validationSteps, validationFrequency);
        return Run(Batches.Of(x, y, weights, 0, trained, batchSize, shuffle), validation, plan, callbacks, verbose);
    }

    /// <summary>Trains on batches.</summary>
    /// <param name="batches">Each <c>foreach</c> over them is an epoch.</param>
    /// <param name="epochs">The epoch to stop before; <paramref name="initialEpoch"/> counts in.</param>
    /// <param name="validation">Batches for validation.</param>
    /// <param name="classWeights">A weight for each class number; 1 for those not listed.</param>
    /// <param name="initialEpoch">The first epoch, from 0, for a training that goes on.</param>
    /// <param name="callbacks">Told of every epoch and batch.</param>
    /// <param name="verbose">Whether progress and a line for each epoch are printed.</param>
    /// <param name="stepsPerEpoch">How many batches make an epoch, each going on where the one before ended; a <c>foreach</c> when null.</param>
    /// <param name="validationSteps">How many batches a validation looks at, at the most; all when null.</param>
    /// <param name="validationFrequency">After every how many epochs there is a validation; others have no such figures, and in the history not-a-number.</param>
    /// <exception cref="InvalidArgumentException">A number is out of its range, or there is no batch.</exception>
    public History Fit(
        Dataset<(Tensor Features, Tensor Labels)> batches, int epochs = 1, Dataset<(Tensor Features, Tensor Labels)>? validation = null,
        IReadOnlyDictionary<long, double>? classWeights = null, int initialEpoch = 0, IEnumerable<Callback>? callbacks = null, bool verbose = true,
        int? stepsPerEpoch = null, int? validationSteps = null, int validationFrequency = 1) =>
        Run(Batches.Of(batches), validation is null ? null : Batches.Of(validation), new(epochs, initialEpoch, Known(classWeights)?.Over(OutputNames, nameof(Fit)), stepsPerEpoch, validationSteps, validationFrequency), callbacks, verbose);

    /// <summary>Trains on batches with a weight for each example.</summary>
    /// <param name="batches">Each <c>foreach</c> over them is an epoch; weights come after labels.</param>
    /// <param name="epochs">The epoch to stop before; <paramref name="initialEpoch"/> counts in.</param>
    /// <param name="validation">Batches for validation.</param>
    /// <param name="classWeights">A weight for each class number, which multiplies those of its examples; 1 for those not listed.</param>
    /// <param name="initialEpoch">The first epoch, from 0, for a training that goes on.</param>
    /// <param name="callbacks">Told of every epoch and batch.</param>
    /// <param name="verbose">Whether progress and a line for each epoch are printed.</param>
    /// <param name="stepsPerEpoch">How many batches make an epoch, each going on where the one before ended; a <c>foreach</c> when null.</param>
    /// <param name="validationSteps">How many batches a validation looks at, at the most; all when null.</param>
    /// <param name="validationFrequency">After every how many epochs there is a validation; others have no such figures, and in the history not-a-number.</param>
    /// <exception cref="InvalidArgumentException">A number is out of its range, or there is no batch.</exception>
    public History Fit(
        Dataset<(Tensor Features, Tensor Labels, Tensor Weights)> batches, int epochs = 1, Dataset<(Tensor Features, Tensor Labels, Tensor Weights)>? validation = null,
        IReadOnlyDictionary<long, double>? classWeights = null, int initialEpoch = 0, IEnumerable<Callback>? callbacks = null, bool verbose = true,
        int? stepsPerEpoch = null, int? validationSteps = null, int validationFrequency = 1) =>
        Run(Batches.Of(batches), validation is null ? null : Batches.Of(validation), new(epochs, initialEpoch, Known(classWeights)?.Over(OutputNames, nameof(Fit)), stepsPerEpoch, validationSteps, validationFrequency), callbacks, verbose);

    /// <summary>Trains a model of several inputs or outputs on batches.</summary>
    /// <param name="batches">Each <c>foreach</c> over them is an epoch; an element has a tensor for each input, then one for each output, then perhaps weights for each output.</param>
    /// <param name="epochs">The epoch to stop before; <paramref name="initialEpoch"/> counts in.</param>
    /// <param name="validation">Batches for validation, whose elements are made as those of <paramref name="batches"/>.</param>
    /// <param name="initialEpoch">The first epoch, from 0, for a training that goes on.</param>
    /// <param name="callbacks">Told of every epoch and batch.</param>
    /// <param name="verbose">Whether progress and a line for each epoch are printed.</param>
    /// <param name="stepsPerEpoch">How many batches make an epoch, each going on where the one before ended; a <c>foreach</c> when null.</param>
    /// <param name="validationSteps">How many batches a validation looks at, at the most; all when null.</param>
    /// <param name="validationFrequency">After every how many epochs there is a validation; others have no such figures, and in the history not-a-number.</param>
    /// <param name="isWeighted">Whether elements end with a weight tensor for each output.</param>
    /// <param name="classWeights">Weights of class numbers, by the names of outputs where there are several; 1 for those not listed.</param>
    /// <exception cref="InvalidArgumentException">A number is out of its range, there is no batch, or class weights are for an output that is not there.</exception>
    public History Fit(
        Dataset<Tensor[]> batches, int epochs = 1, Dataset<Tensor[]>? validation = null, int initialEpoch = 0, IEnumerable<Callback>? callbacks = null, bool verbose = true,
        int? stepsPerEpoch = null, int? validationSteps = null, int validationFrequency = 1, bool isWeighted = false, ClassWeights? classWeights = null)
    {
        Plan plan = new(epochs, initialEpoch, classWeights?.Over(OutputNames, nameof(Fit)), stepsPerEpoch, validationSteps, validationFrequency);
        return Run(Batches.Of(batches, outputs.Count, isWeighted, nameof(Fit)), validation is null ? null : Batches.Of(validation, outputs.Count, isWeighted, nameof(Fit)), plan, callbacks, verbose);
    }

    private static ClassWeights? Known(IReadOnlyDictionary<long, double>? classWeights) => classWeights is null ? null : ClassWeights.Of(classWeights);

    private long CountOf(IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> y, Tensor?[]? weights, string caller)
    {
        if (x.Count == 0 || y.Count != outputs.Count) throw new InvalidArgumentException($"{caller}: {x.Count} inputs and labels for {y.Count} outputs were given; the model has {outputs.Count} outputs, {string.Join(", ", OutputNames)}.");
        if (!x.Concat(y).All(t => IsAsLong(t, x[0]))) throw new ShapeMismatchException($"{caller}: examples are {Shapes(x)}, labels {Shapes(y)}; their first axes must be of one size.");
        for (int i = 0; i < outputs.Count; i++)
            if (weights?[i] is { } ofOutput && !IsAsLong(ofOutput, x[0]))
                throw new ShapeMismatchException($"{caller}: examples are {Shapes(x)}, weights {ofOutput.ConcreteShape}{(outputs.Count > 1 ? $" of output '{outputs[i].Name}'" : "")}; there must be a weight for each example.");
        return x[0].ConcreteShape[0].Value;

        static bool IsAsLong(Tensor tensor, Tensor first) => tensor.Rank > 0 && tensor.ConcreteShape[0] == first.ConcreteShape[0];

        static string Shapes(IReadOnlyList<Tensor> tensors) => string.Join(", ", tensors.Select(static t => t.ConcreteShape));
    }

    private static void RequirePositive(int? number, string argument, string caller)
    {
        if (number < 1) throw new InvalidArgumentException($"{caller}: {argument} is {number}; it must be at least 1.");
    }
}
