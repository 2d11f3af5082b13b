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
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples.</exception>
    /// <exception cref="InvalidArgumentException">A number is out of its range.</exception>
    public History Fit(
        Tensor x, Tensor y, int batchSize = 32, int epochs = 1, double validationSplit = 0, (Tensor X, Tensor Y)? validationData = null,
        Tensor? sampleWeights = null, IReadOnlyDictionary<long, double>? classWeights = null, bool shuffle = true, int initialEpoch = 0,
        IEnumerable<Callback>? callbacks = null, bool verbose = true, int? stepsPerEpoch = null, int? validationSteps = null, int validationFrequency = 1) =>
        Fit([x], [y], batchSize, epochs, validationSplit, validationData is { } given ? ([given.X], [given.Y]) : null, sampleWeights, classWeights, shuffle, initialEpoch, callbacks, verbose, stepsPerEpoch, validationSteps, validationFrequency);

    /// <summary>Trains a model of several inputs or outputs on tensors.</summary>
    /// <param name="x">A tensor for each input, with examples along the first axis.</param>
    /// <param name="y">A tensor for each output, with a label for each example.</param>
    /// <param name="batchSize">How many examples a step sees.</param>
    /// <param name="epochs">The epoch to stop before; <paramref name="initialEpoch"/> counts in.</param>
    /// <param name="validationSplit">The share of examples, the last ones, that is kept for validation.</param>
    /// <param name="validationData">Examples and labels for validation, instead of a split.</param>
    /// <param name="sampleWeights">A weight for each example, which counts in the losses of all outputs.</param>
    /// <param name="classWeights">A weight for each class number, for a model of one output; 1 for those not listed.</param>
    /// <param name="shuffle">Whether each epoch has an order of its own.</param>
    /// <param name="initialEpoch">The first epoch, from 0, for a training that goes on.</param>
    /// <param name="callbacks">Told of every epoch and batch.</param>
    /// <param name="verbose">Whether progress and a line for each epoch are printed.</param>
    /// <param name="stepsPerEpoch">How many batches make an epoch, each going on where the one before ended; all of the data when null.</param>
    /// <param name="validationSteps">How many batches a validation looks at, at the most; all when null.</param>
    /// <param name="validationFrequency">After every how many epochs there is a validation; others have no such figures, and in the history not-a-number.</param>
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples.</exception>
    /// <exception cref="InvalidArgumentException">A number is out of its range, or there are not as many label tensors as outputs.</exception>
    public History Fit(
        IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> y, int batchSize = 32, int epochs = 1, double validationSplit = 0, (IReadOnlyList<Tensor> X, IReadOnlyList<Tensor> Y)? validationData = null,
        Tensor? sampleWeights = null, IReadOnlyDictionary<long, double>? classWeights = null, bool shuffle = true, int initialEpoch = 0,
        IEnumerable<Callback>? callbacks = null, bool verbose = true, int? stepsPerEpoch = null, int? validationSteps = null, int validationFrequency = 1)
    {
        long count = CountOf(x, y, sampleWeights, nameof(Fit));
        if (validationSplit is not (>= 0 and < 1)) throw new InvalidArgumentException($"Fit: the validation split is {validationSplit}; it must be at least 0 and below 1.");
        if (validationSplit > 0 && validationData is not null) throw new InvalidArgumentException("Fit: both validationSplit and validationData are given; give one of them.");
        RequirePositive(batchSize, nameof(batchSize), nameof(Fit));
        long trained = count - (long)(count * validationSplit);
        if (trained == 0) throw new InvalidArgumentException($"Fit: of {count} examples none is left to train on; make the validation split smaller than {validationSplit}.");

        Batches? validation =
            validationData is { } given ? Batches.Of(given.X, given.Y, null, 0, CountOf(given.X, given.Y, null, nameof(Fit)), batchSize, shuffle: false)
            : trained < count ? Batches.Of(x, y, sampleWeights, trained, count, batchSize, shuffle: false)
            : null;
        return Run(Batches.Of(x, y, sampleWeights, 0, trained, batchSize, shuffle), validation, new(epochs, initialEpoch, classWeights, stepsPerEpoch, validationSteps, validationFrequency), callbacks, verbose);
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
        Run(Batches.Of(batches), validation is null ? null : Batches.Of(validation), new(epochs, initialEpoch, classWeights, stepsPerEpoch, validationSteps, validationFrequency), callbacks, verbose);

    /// <summary>Trains a model of several inputs or outputs on batches.</summary>
    /// <param name="batches">Each <c>foreach</c> over them is an epoch; an element has a tensor for each input, then one for each output.</param>
    /// <param name="epochs">The epoch to stop before; <paramref name="initialEpoch"/> counts in.</param>
    /// <param name="validation">Batches for validation.</param>
    /// <param name="initialEpoch">The first epoch, from 0, for a training that goes on.</param>
    /// <param name="callbacks">Told of every epoch and batch.</param>
    /// <param name="verbose">Whether progress and a line for each epoch are printed.</param>
    /// <param name="stepsPerEpoch">How many batches make an epoch, each going on where the one before ended; a <c>foreach</c> when null.</param>
    /// <param name="validationSteps">How many batches a validation looks at, at the most; all when null.</param>
    /// <param name="validationFrequency">After every how many epochs there is a validation; others have no such figures, and in the history not-a-number.</param>
    /// <exception cref="InvalidArgumentException">A number is out of its range, or there is no batch.</exception>
    public History Fit(
        Dataset<Tensor[]> batches, int epochs = 1, Dataset<Tensor[]>? validation = null, int initialEpoch = 0, IEnumerable<Callback>? callbacks = null, bool verbose = true,
        int? stepsPerEpoch = null, int? validationSteps = null, int validationFrequency = 1) =>
        Run(Batches.Of(batches, outputs.Count, nameof(Fit)), validation is null ? null : Batches.Of(validation, outputs.Count, nameof(Fit)), new(epochs, initialEpoch, null, stepsPerEpoch, validationSteps, validationFrequency), callbacks, verbose);

    /// <summary>The loss and the metrics over tensors; nothing is trained.</summary>
    /// <param name="x">Examples along the first axis.</param>
    /// <param name="y">A label for each.</param>
    /// <param name="batchSize">How many examples are looked at together.</param>
    /// <param name="sampleWeights">A weight for each example.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <returns><c>loss</c> and each metric by its name.</returns>
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples.</exception>
    public IReadOnlyDictionary<string, double> Evaluate(Tensor x, Tensor y, int batchSize = 32, Tensor? sampleWeights = null, bool verbose = false) =>
        Evaluate([x], [y], batchSize, sampleWeights, verbose);

    /// <summary>The losses and the metrics of a model of several inputs or outputs over tensors; nothing is trained.</summary>
    /// <param name="x">A tensor for each input, with examples along the first axis.</param>
    /// <param name="y">A tensor for each output, with a label for each example.</param>
    /// <param name="batchSize">How many examples are looked at together.</param>
    /// <param name="sampleWeights">A weight for each example.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <returns><c>loss</c>, and the loss and each metric of each output by name.</returns>
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples.</exception>
    public IReadOnlyDictionary<string, double> Evaluate(IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> y, int batchSize = 32, Tensor? sampleWeights = null, bool verbose = false)
    {
        long count = CountOf(x, y, sampleWeights, nameof(Evaluate));
        RequirePositive(batchSize, nameof(batchSize), nameof(Evaluate));
        return Test(Batches.Of(x, y, sampleWeights, 0, count, batchSize, shuffle: false), new CallbackList(null), verbose);
    }

    /// <summary>The loss and the metrics over batches; nothing is trained.</summary>
    /// <param name="batches">One <c>foreach</c> over them is made.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <returns><c>loss</c> and each metric by its name.</returns>
    public IReadOnlyDictionary<string, double> Evaluate(Dataset<(Tensor Features, Tensor Labels)> batches, bool verbose = false) => Test(Batches.Of(batches), new CallbackList(null), verbose);

    /// <summary>Makes one step on one batch.</summary>
    /// <param name="x">Examples along the first axis.</param>
    /// <param name="y">A label for each.</param>
    /// <param name="sampleWeights">A weight for each example.</param>
    /// <param name="classWeights">A weight for each class number; 1 for those not listed.</param>
    /// <param name="resetFigures">Whether the figures are those of this batch alone, not over all since they were last reset.</param>
    /// <returns><c>loss</c>, from before the step, and each metric by its name.</returns>
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples.</exception>
    public IReadOnlyDictionary<string, double> TrainOnBatch(Tensor x, Tensor y, Tensor? sampleWeights = null, IReadOnlyDictionary<long, double>? classWeights = null, bool resetFigures = true) =>
        TrainOnBatch([x], [y], sampleWeights, classWeights, resetFigures);

    /// <summary>Makes one step on one batch, of a model of several inputs or outputs.</summary>
    /// <inheritdoc cref="TrainOnBatch(Tensor, Tensor, Tensor, IReadOnlyDictionary{long, double}, bool)"/>
    public IReadOnlyDictionary<string, double> TrainOnBatch(IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> y, Tensor? sampleWeights = null, IReadOnlyDictionary<long, double>? classWeights = null, bool resetFigures = true)
    {
        _ = CountOf(x, y, sampleWeights, nameof(TrainOnBatch));
        if (resetFigures) ResetFigures();
        using var scope = new TensorScope();
        Train(new Batch([.. x], [.. y], sampleWeights), classWeights);
        return Figures();
    }

    /// <summary>The loss and the metrics of one batch; nothing is trained.</summary>
    /// <param name="x">Examples along the first axis.</param>
    /// <param name="y">A label for each.</param>
    /// <param name="sampleWeights">A weight for each example.</param>
    /// <param name="resetFigures">Whether the figures are those of this batch alone, not over all since they were last reset.</param>
    /// <returns><c>loss</c> and each metric by its name.</returns>
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples.</exception>
    public IReadOnlyDictionary<string, double> TestOnBatch(Tensor x, Tensor y, Tensor? sampleWeights = null, bool resetFigures = true) => TestOnBatch([x], [y], sampleWeights, resetFigures);

    /// <summary>The losses and the metrics of one batch, of a model of several inputs or outputs; nothing is trained.</summary>
    /// <inheritdoc cref="TestOnBatch(Tensor, Tensor, Tensor, bool)"/>
    public IReadOnlyDictionary<string, double> TestOnBatch(IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> y, Tensor? sampleWeights = null, bool resetFigures = true)
    {
        _ = CountOf(x, y, sampleWeights, nameof(TestOnBatch));
        if (resetFigures) ResetFigures();
        using var scope = new TensorScope();
        Test(new Batch([.. x], [.. y], sampleWeights));
        return Figures();
    }

    /// <summary>What the model gives for examples, batch by batch and in their order.</summary>
    /// <param name="x">Examples along the first axis; at least one.</param>
    /// <param name="batchSize">How many examples are computed together.</param>
    /// <exception cref="ShapeMismatchException">There are no examples.</exception>
    public Tensor Predict(Tensor x, int batchSize = 32) => PredictAll([x], batchSize) switch
    {
        [var only] => only,
        var several => throw new InvalidArgumentException($"Predict: the model has {several.Count} outputs; use PredictAll."),
    };

    /// <summary>What a model of several inputs or outputs gives for examples, batch by batch and in their order.</summary>
    /// <param name="x">A tensor for each input, with examples along the first axis; at least one.</param>
    /// <param name="batchSize">How many examples are computed together.</param>
    /// <returns>A tensor for each output.</returns>
    /// <exception cref="ShapeMismatchException">There are no examples, or not as many for each input.</exception>
    public IReadOnlyList<Tensor> PredictAll(IReadOnlyList<Tensor> x, int batchSize = 32)
    {
        if (x.Count == 0 || x.Any(t => t.Rank == 0 || t.ConcreteShape[0] == 0 || t.ConcreteShape[0] != x[0].ConcreteShape[0]))
            throw new ShapeMismatchException($"Predict: the examples are {string.Join(", ", x.Select(static t => t.ConcreteShape))}; there must be a first axis with at least one, the same for all inputs.");
        RequirePositive(batchSize, nameof(batchSize), nameof(Predict));
        using var scope = new TensorScope();
        using Autocast? autocast = BeginAutocast();
        var parts = new List<IReadOnlyList<Tensor>>();
        foreach (Batch batch in Batches.Of(x, [], null, 0, x[0].ConcreteShape[0].Value, batchSize, shuffle: false).Epoch())
        {
            using var inner = new TensorScope();
            parts.Add([.. Predictions(batch, training: false).Select(y => inner.Keep(y))]);
            batch.Dispose();
        }
        return [.. parts[0].Select((first, i) => scope.Keep(parts.Count == 1 ? first : Tensor.Concat([.. parts.Select(part => part[i])], 0)))];
    }

    private long CountOf(IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> y, Tensor? weights, string caller)
    {
        if (x.Count == 0 || y.Count != outputs.Count) throw new InvalidArgumentException($"{caller}: {x.Count} inputs and labels for {y.Count} outputs were given; the model has {outputs.Count} outputs, {string.Join(", ", outputs.Select(static o => o.Name))}.");
        bool fits = x.Concat(y).All(t => t.Rank > 0 && t.ConcreteShape[0] == x[0].ConcreteShape[0]) && (weights is null || (weights.Rank == 1 && weights.ConcreteShape[0] == x[0].ConcreteShape[0]));
        if (!fits) throw new ShapeMismatchException($"{caller}: examples are {Shapes(x)}, labels {Shapes(y)}{(weights is null ? "" : $", weights {weights.ConcreteShape}")}; their first axes must be of one size{(weights is null ? "" : ", and weights have no other")}.");
        return x[0].ConcreteShape[0].Value;

        static string Shapes(IReadOnlyList<Tensor> tensors) => string.Join(", ", tensors.Select(static t => t.ConcreteShape));
    }

    private static void RequirePositive(int? number, string argument, string caller)
    {
        if (number < 1) throw new InvalidArgumentException($"{caller}: {argument} is {number}; it must be at least 1.");
    }
}
