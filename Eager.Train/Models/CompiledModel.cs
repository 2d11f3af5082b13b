using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Eager.Autograd;
using Eager.Layers;
using Eager.Losses;

namespace Eager.Train;

/// <summary>A model with an optimizer, a loss and metrics: it fits itself to data, is evaluated, and predicts.</summary>
/// <remarks>Made by <see cref="ModelTraining.Compile(Layer, Optimizer, LossFunction, IEnumerable{IPredictionMetric}, bool)"/>.</remarks>
/// <example><code>
/// Sequential model = [new Dense(32, "relu"), new Dense(3)];
/// CompiledModel training = model.Compile("adam", "sparse_softmax_cross_entropy", ["accuracy"]);
/// History history = training.Fit(x, labels, batchSize: 32, epochs: 5, validationSplit: 0.2);
/// Tensor logits = training.Predict(x);
/// </code></example>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "a traced function frees its programs when it is collected, and a model is seldom given up before its process ends")]
public sealed class CompiledModel
{
    private readonly LossFunction lossFunction;
    private readonly IReadOnlyList<IPredictionMetric> metrics;
    private readonly Mean loss = new("loss");
    private readonly TracedFunction? traced;

    internal CompiledModel(Layer model, Optimizer optimizer, LossFunction loss, IEnumerable<IPredictionMetric> metrics, bool traced)
    {
        (Model, Optimizer, lossFunction, this.metrics) = (model, optimizer, loss, [.. metrics]);
        if (this.metrics.GroupBy(static m => m.Name).FirstOrDefault(static g => g.Count() > 1 || g.Key == "loss") is { } twice)
            throw new InvalidArgumentException($"Compile: several figures are called '{twice.Key}'; give the metric another name.");
        if (traced) this.traced = Function.Trace(Step, "train_step");
    }

    /// <summary>The model.</summary>
    public Layer Model { get; }

    /// <summary>The optimizer, which counts the steps.</summary>
    public Optimizer Optimizer { get; }

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
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples.</exception>
    /// <exception cref="InvalidArgumentException">A number is out of its range.</exception>
    public History Fit(
        Tensor x, Tensor y, int batchSize = 32, int epochs = 1, double validationSplit = 0, (Tensor X, Tensor Y)? validationData = null,
        Tensor? sampleWeights = null, IReadOnlyDictionary<long, double>? classWeights = null, bool shuffle = true, int initialEpoch = 0,
        IEnumerable<Callback>? callbacks = null, bool verbose = true)
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
        return Run(Batches.Of(x, y, sampleWeights, 0, trained, batchSize, shuffle), validation, classWeights, epochs, initialEpoch, callbacks, verbose);
    }

    /// <summary>Trains on batches.</summary>
    /// <param name="batches">Each <c>foreach</c> over them is an epoch.</param>
    /// <param name="epochs">The epoch to stop before; <paramref name="initialEpoch"/> counts in.</param>
    /// <param name="validation">Batches for validation.</param>
    /// <param name="classWeights">A weight for each class number; 1 for those not listed.</param>
    /// <param name="initialEpoch">The first epoch, from 0, for a training that goes on.</param>
    /// <param name="callbacks">Told of every epoch and batch.</param>
    /// <param name="verbose">Whether progress and a line for each epoch are printed.</param>
    /// <exception cref="InvalidArgumentException">A number is out of its range, or there is no batch.</exception>
    public History Fit(
        Dataset<(Tensor Features, Tensor Labels)> batches, int epochs = 1, Dataset<(Tensor Features, Tensor Labels)>? validation = null,
        IReadOnlyDictionary<long, double>? classWeights = null, int initialEpoch = 0, IEnumerable<Callback>? callbacks = null, bool verbose = true) =>
        Run(Batches.Of(batches), validation is null ? null : Batches.Of(validation), classWeights, epochs, initialEpoch, callbacks, verbose);

    /// <summary>The loss and the metrics over tensors; nothing is trained.</summary>
    /// <param name="x">Examples along the first axis.</param>
    /// <param name="y">A label for each.</param>
    /// <param name="batchSize">How many examples are looked at together.</param>
    /// <param name="sampleWeights">A weight for each example.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <returns><c>loss</c> and each metric by its name.</returns>
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples.</exception>
    public IReadOnlyDictionary<string, double> Evaluate(Tensor x, Tensor y, int batchSize = 32, Tensor? sampleWeights = null, bool verbose = false) =>
        Test(Batches.Of(x, y, sampleWeights, 0, CountOf(x, y, sampleWeights, nameof(Evaluate)), batchSize, shuffle: false), new CallbackList(null), verbose);

    /// <summary>The loss and the metrics over batches; nothing is trained.</summary>
    /// <param name="batches">One <c>foreach</c> over them is made.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <returns><c>loss</c> and each metric by its name.</returns>
    public IReadOnlyDictionary<string, double> Evaluate(Dataset<(Tensor Features, Tensor Labels)> batches, bool verbose = false) => Test(Batches.Of(batches), new CallbackList(null), verbose);

    /// <summary>What the model gives for examples, batch by batch.</summary>
    /// <param name="x">Examples along the first axis; at least one.</param>
    /// <param name="batchSize">How many examples are computed together.</param>
    /// <exception cref="ShapeMismatchException">There are no examples.</exception>
    public Tensor Predict(Tensor x, int batchSize = 32)
    {
        if (x.Rank == 0 || x.ConcreteShape[0] == 0) throw new ShapeMismatchException($"Predict: the examples are {x.ConcreteShape}; there must be a first axis with at least one.");
        RequirePositive(batchSize, nameof(batchSize), nameof(Predict));
        using var scope = new TensorScope();
        var parts = new List<Tensor>();
        foreach (Tensor batch in Dataset.FromTensorSlices(x).Batch(batchSize))
        {
            using var inner = new TensorScope();
            parts.Add(inner.Keep(Model.Call(OnDevice(batch))));
            batch.Dispose();
        }
        return scope.Keep(parts.Count == 1 ? parts[0] : Tensor.Concat([.. parts], 0));
    }

    private History Run(Batches batches, Batches? validation, IReadOnlyDictionary<long, double>? classWeights, int epochs, int initialEpoch, IEnumerable<Callback>? callbacks, bool verbose)
    {
        RequirePositive(epochs, nameof(epochs), nameof(Fit));
        if (initialEpoch < 0 || initialEpoch > epochs) throw new InvalidArgumentException($"Fit: the initial epoch is {initialEpoch}; it must be from 0 to {epochs}, the number of epochs.");
        if (batches.Count == 0) throw new InvalidArgumentException("Fit: there is no batch to train on.");

        var history = new History();
        var context = new TrainingContext(Model, Optimizer, epochs, batches.Count);
        var told = new CallbackList(callbacks);
        Dictionary<string, double> logs = [];
        try
        {
            told.OnTrainBegin(context);
            for (int epoch = initialEpoch; epoch < epochs && !context.StopTraining; epoch++)
            {
                told.OnEpochBegin(epoch);
                logs = TrainEpoch(batches, classWeights, epoch, context, told, verbose);
                if (validation is not null)
                    foreach ((string name, double value) in Test(validation, told, verbose: false)) logs[Callback.ValidationPrefix + name] = value;
                history.Add(epoch, logs);
                if (verbose) Console.WriteLine($"epoch {epoch + 1}/{epochs}: {string.Join(", ", logs.Select(static f => string.Create(CultureInfo.InvariantCulture, $"{f.Key} {f.Value:F4}")))}");
                told.OnEpochEnd(epoch, logs);
            }
        }
        finally
        {
            told.OnTrainEnd(logs);
        }
        return history;
    }

    private Dictionary<string, double> TrainEpoch(Batches batches, IReadOnlyDictionary<long, double>? classWeights, int epoch, TrainingContext context, CallbackList told, bool verbose)
    {
        ResetFigures();
        using TrainingProgress? progress = verbose ? new TrainingProgress($"epoch {epoch + 1}/{context.Epochs}", batches.Count ?? 0) : null;
        foreach ((Tensor x, Tensor y, Tensor? sampleWeights) in batches.Epoch())
        {
            using var scope = new TensorScope();
            Tensor examples = OnDevice(x), labels = OnDevice(y);
            Tensor? weights = Weights(labels, sampleWeights is null ? null : OnDevice(sampleWeights), classWeights);
            Tensor[] inputs = weights is null ? [examples, labels] : [examples, labels, weights];
            long step = Optimizer.Step;
            told.OnBatchBegin(step);
            Tensor[] results = traced is not null ? traced.CallAll(inputs) : [.. Step(inputs)];
            Note(labels, results[1], weights, results[0].Item());
            progress?.Advance(1, [loss, .. metrics.OfType<Metric>()]);
            told.OnBatchEnd(step, Figures());
            x.Dispose();
            y.Dispose();
            sampleWeights?.Dispose();
            if (context.StopTraining) break;
        }
        return Figures();
    }

    private Dictionary<string, double> Test(Batches batches, CallbackList told, bool verbose)
    {
        ResetFigures();
        told.OnEvaluationBegin();
        using TrainingProgress? progress = verbose ? new TrainingProgress("evaluating", batches.Count ?? 0) : null;
        foreach ((Tensor x, Tensor y, Tensor? sampleWeights) in batches.Epoch())
        {
            using var scope = new TensorScope();
            Tensor labels = OnDevice(y), predictions = Model.Call(OnDevice(x));
            Tensor? weights = sampleWeights is null ? null : OnDevice(sampleWeights);
            Note(labels, predictions, weights, lossFunction(labels, predictions, weights, Reduction.SumOverBatchSize).Item());
            progress?.Advance(1, [loss, .. metrics.OfType<Metric>()]);
            x.Dispose();
            y.Dispose();
            sampleWeights?.Dispose();
        }
        Dictionary<string, double> logs = Figures();
        told.OnEvaluationEnd(logs);
        return logs;
    }

    // Examples and labels, and weights where there are any.
    private IReadOnlyList<Tensor> Step(IReadOnlyList<Tensor> batch)
    {
        using var tape = new GradientTape();
        Tensor predictions = Model.Call(batch[0], training: true);
        Tensor value = lossFunction(batch[1], predictions, batch.Count > 2 ? batch[2] : null, Reduction.SumOverBatchSize);
        IReadOnlyList<Variable> variables = Model.TrainableVariables;
        Optimizer.Apply(tape.Gradient(value, variables), variables);
        return [value, predictions];
    }

    private void Note(Tensor labels, Tensor predictions, Tensor? weights, double batchLoss)
    {
        loss.Update(batchLoss, labels.Rank == 0 ? 1 : labels.ConcreteShape[0].Value);
        foreach (IPredictionMetric metric in metrics) metric.Update(labels, predictions, weights);
    }

    private void ResetFigures()
    {
        loss.Reset();
        foreach (IPredictionMetric metric in metrics) metric.Reset();
    }

    private Dictionary<string, double> Figures()
    {
        var figures = new Dictionary<string, double> { [loss.Name] = loss.Result };
        foreach (IPredictionMetric metric in metrics) figures[metric.Name] = metric.Result;
        return figures;
    }

    // A class's weight multiplies that of its examples, as in Keras.
    private static Tensor? Weights(Tensor labels, Tensor? sampleWeights, IReadOnlyDictionary<long, double>? classWeights)
    {
        if (classWeights is null) return sampleWeights;
        if (labels.Rank is not (1 or 2)) throw new ShapeMismatchException($"Fit: class weights need labels of shape [n] or [n, classes], not {labels.ConcreteShape}.");
        long[] classes = (labels.Rank == 2 ? labels.ArgMax(-1) : labels.Cast(DType.Int64)).ToArray<long>();
        Tensor ofClasses = Tensor.From(Array.ConvertAll(classes, c => (float)classWeights.GetValueOrDefault(c, 1))).To(labels.Device);
        return sampleWeights is null ? ofClasses : ofClasses * sampleWeights.Cast(DType.Float32);
    }

    private Tensor OnDevice(Tensor tensor) =>
        Model.IsBuilt && Model.Parameters is [var first, ..] && first.Variable.Device != tensor.Device ? tensor.To(first.Variable.Device) : tensor;

    private static long CountOf(Tensor x, Tensor y, Tensor? weights, string caller)
    {
        if (x.Rank == 0 || y.Rank == 0 || x.ConcreteShape[0] != y.ConcreteShape[0] || (weights is not null && (weights.Rank != 1 || weights.ConcreteShape[0] != x.ConcreteShape[0])))
            throw new ShapeMismatchException($"{caller}: examples are {x.ConcreteShape}, labels {y.ConcreteShape}{(weights is null ? "" : $", weights {weights.ConcreteShape}")}; their first axes must be of one size{(weights is null ? "" : ", and weights have no other")}.");
        return x.ConcreteShape[0].Value;
    }

    private static void RequirePositive(int number, string argument, string caller)
    {
        if (number < 1) throw new InvalidArgumentException($"{caller}: {argument} is {number}; it must be at least 1.");
    }
}
