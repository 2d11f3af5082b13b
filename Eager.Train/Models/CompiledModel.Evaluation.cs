using Eager.Autograd;

namespace Eager.Train;

/// <content>Single batches, evaluation and prediction.</content>
public sealed partial class CompiledModel
{
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
    /// <param name="sampleWeights">Weights of examples: a tensor that counts in the losses of all outputs, or one for each, in order or by name.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <returns><c>loss</c>, and the loss and each metric of each output by name.</returns>
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples.</exception>
    /// <exception cref="InvalidArgumentException">There are not as many label tensors as outputs, or weights are for an output that is not there.</exception>
    public IReadOnlyDictionary<string, double> Evaluate(IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> y, int batchSize = 32, SampleWeights? sampleWeights = null, bool verbose = false)
    {
        Tensor?[]? weights = sampleWeights?.Over(OutputNames, nameof(Evaluate));
        long count = CountOf(x, y, weights, nameof(Evaluate));
        RequirePositive(batchSize, nameof(batchSize), nameof(Evaluate));
        return Test(Batches.Of(x, y, weights, 0, count, batchSize, shuffle: false), new CallbackList(null), verbose);
    }

    /// <summary>The loss and the metrics over batches; nothing is trained.</summary>
    /// <param name="batches">One <c>foreach</c> over them is made.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <param name="steps">How many batches are looked at, at the most; all when null.</param>
    /// <returns><c>loss</c> and each metric by its name.</returns>
    /// <exception cref="InvalidArgumentException">There is no batch, no step was asked for, or there is no end of batches.</exception>
    public IReadOnlyDictionary<string, double> Evaluate(Dataset<(Tensor Features, Tensor Labels)> batches, bool verbose = false, int? steps = null) => Evaluate(Batches.Of(batches), verbose, steps);

    /// <summary>The loss and the metrics over batches with a weight for each example; nothing is trained.</summary>
    /// <param name="batches">One <c>foreach</c> over them is made; weights come after labels.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <param name="steps">How many batches are looked at, at the most; all when null.</param>
    /// <returns><c>loss</c> and each metric by its name.</returns>
    /// <exception cref="InvalidArgumentException">There is no batch, no step was asked for, or there is no end of batches.</exception>
    public IReadOnlyDictionary<string, double> Evaluate(Dataset<(Tensor Features, Tensor Labels, Tensor Weights)> batches, bool verbose = false, int? steps = null) => Evaluate(Batches.Of(batches), verbose, steps);

    /// <summary>The losses and the metrics of a model of several inputs or outputs over batches; nothing is trained.</summary>
    /// <param name="batches">One <c>foreach</c> over them is made; an element has a tensor for each input, then one for each output, then perhaps weights for each output.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <param name="steps">How many batches are looked at, at the most; all when null.</param>
    /// <param name="isWeighted">Whether elements end with a weight tensor for each output.</param>
    /// <returns><c>loss</c>, and the loss and each metric of each output by name.</returns>
    /// <exception cref="InvalidArgumentException">There is no batch, an element has too few tensors, no step was asked for, or there is no end of batches.</exception>
    public IReadOnlyDictionary<string, double> Evaluate(Dataset<Tensor[]> batches, bool verbose = false, int? steps = null, bool isWeighted = false) =>
        Evaluate(Batches.Of(batches, outputs.Count, isWeighted, nameof(Evaluate)), verbose, steps);

    /// <summary>Makes one step on one batch.</summary>
    /// <param name="x">Examples along the first axis.</param>
    /// <param name="y">A label for each.</param>
    /// <param name="sampleWeights">A weight for each example.</param>
    /// <param name="classWeights">A weight for each class number; 1 for those not listed.</param>
    /// <param name="resetFigures">Whether the figures are those of this batch alone, not over all since they were last reset.</param>
    /// <returns><c>loss</c>, from before the step, and each metric by its name.</returns>
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples, or the loss or a metric refuses what the model gives for them; no step is made then.</exception>
    public IReadOnlyDictionary<string, double> TrainOnBatch(Tensor x, Tensor y, Tensor? sampleWeights = null, IReadOnlyDictionary<long, double>? classWeights = null, bool resetFigures = true) =>
        TrainOnBatch([x], [y], sampleWeights, Known(classWeights), resetFigures);

    /// <summary>Makes one step on one batch, of a model of several inputs or outputs.</summary>
    /// <param name="x">A tensor for each input, with examples along the first axis.</param>
    /// <param name="y">A tensor for each output, with a label for each example.</param>
    /// <param name="sampleWeights">Weights of examples: a tensor that counts in the losses of all outputs, or one for each, in order or by name.</param>
    /// <param name="classWeights">Weights of class numbers, by the names of outputs where there are several; 1 for those not listed.</param>
    /// <param name="resetFigures">Whether the figures are those of this batch alone, not over all since they were last reset.</param>
    /// <returns><c>loss</c>, from before the step, and the loss and each metric of each output by name.</returns>
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples.</exception>
    /// <exception cref="InvalidArgumentException">There are not as many label tensors as outputs, or weights are for an output that is not there.</exception>
    public IReadOnlyDictionary<string, double> TrainOnBatch(IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> y, SampleWeights? sampleWeights = null, ClassWeights? classWeights = null, bool resetFigures = true)
    {
        Batch batch = OneBatch(x, y, sampleWeights, nameof(TrainOnBatch));
        IReadOnlyDictionary<long, double>?[]? ofClasses = classWeights?.Over(OutputNames, nameof(TrainOnBatch));
        if (resetFigures) ResetFigures();
        using var scope = new TensorScope();
        Train(batch, ofClasses);
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
    /// <param name="x">A tensor for each input, with examples along the first axis.</param>
    /// <param name="y">A tensor for each output, with a label for each example.</param>
    /// <param name="sampleWeights">Weights of examples: a tensor that counts in the losses of all outputs, or one for each, in order or by name.</param>
    /// <param name="resetFigures">Whether the figures are those of this batch alone, not over all since they were last reset.</param>
    /// <returns><c>loss</c>, and the loss and each metric of each output by name.</returns>
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples.</exception>
    /// <exception cref="InvalidArgumentException">There are not as many label tensors as outputs, or weights are for an output that is not there.</exception>
    public IReadOnlyDictionary<string, double> TestOnBatch(IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> y, SampleWeights? sampleWeights = null, bool resetFigures = true)
    {
        Batch batch = OneBatch(x, y, sampleWeights, nameof(TestOnBatch));
        if (resetFigures) ResetFigures();
        using var scope = new TensorScope();
        Test(batch);
        return Figures();
    }

    /// <summary>What the model gives for examples, batch by batch and in their order.</summary>
    /// <param name="x">Examples along the first axis; at least one.</param>
    /// <param name="batchSize">How many examples are computed together.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <exception cref="ShapeMismatchException">There are no examples.</exception>
    /// <exception cref="InvalidArgumentException">The model has several outputs.</exception>
    public Tensor Predict(Tensor x, int batchSize = 32, bool verbose = false) => Only(PredictAll([x], batchSize, verbose));

    /// <summary>What the model gives for batches of examples, one after the other, joined.</summary>
    /// <param name="batches">One <c>foreach</c> over them is made; from batches that have labels too, <c>Map</c> takes the examples.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <param name="steps">How many batches are looked at, at the most; all when null.</param>
    /// <exception cref="InvalidArgumentException">There is no batch, no step was asked for, there is no end of batches, or the model has several outputs.</exception>
    /// <exception cref="ShapeMismatchException">What the model gives for two batches differs in more than its first axis.</exception>
    /// <example><code>Tensor logits = training.Predict(test.Map(static batch => batch.Features));</code></example>
    public Tensor Predict(Dataset<Tensor> batches, bool verbose = false, int? steps = null) => Only(Predict(() => new Batches(() => batches.Select(static x => new Batch([x], [], null)), batches.Count, batches.IsEndless), verbose, steps));

    /// <summary>What a model of several inputs or outputs gives for examples, batch by batch and in their order.</summary>
    /// <param name="x">A tensor for each input, with examples along the first axis; at least one.</param>
    /// <param name="batchSize">How many examples are computed together.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <returns>A tensor for each output.</returns>
    /// <exception cref="ShapeMismatchException">There are no examples, or not as many for each input.</exception>
    public IReadOnlyList<Tensor> PredictAll(IReadOnlyList<Tensor> x, int batchSize = 32, bool verbose = false)
    {
        if (x.Count == 0 || x.Any(t => t.Rank == 0 || t.ConcreteShape[0] == 0 || t.ConcreteShape[0] != x[0].ConcreteShape[0]))
            throw new ShapeMismatchException($"Predict: the examples are {string.Join(", ", x.Select(static t => t.ConcreteShape))}; there must be a first axis with at least one, the same for all inputs.");
        RequirePositive(batchSize, nameof(batchSize), nameof(Predict));
        return Predict(() => Batches.Of(x, [], null, 0, x[0].ConcreteShape[0].Value, batchSize, shuffle: false), verbose, steps: null);
    }

    /// <summary>What a model of several inputs or outputs gives for batches of examples, one after the other, joined.</summary>
    /// <param name="batches">One <c>foreach</c> over them is made; an element has a tensor for each input.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <param name="steps">How many batches are looked at, at the most; all when null.</param>
    /// <returns>A tensor for each output.</returns>
    /// <exception cref="InvalidArgumentException">There is no batch, no step was asked for, there is no end of batches, or the model takes another number of inputs.</exception>
    /// <exception cref="ShapeMismatchException">What the model gives for two batches differs in more than its first axis.</exception>
    public IReadOnlyList<Tensor> PredictAll(Dataset<Tensor[]> batches, bool verbose = false, int? steps = null) =>
        Predict(() => new Batches(() => batches.Select(static x => new Batch(x, [], null)), batches.Count, batches.IsEndless), verbose, steps);

    private Dictionary<string, double> Evaluate(Batches batches, bool verbose, int? steps)
    {
        RequirePositive(steps, nameof(steps), nameof(Evaluate));
        if (batches.Count == 0) throw new InvalidArgumentException("Evaluate: there is no batch to look at.");
        return Test(batches.Take(steps).RequireEnd(nameof(Evaluate), nameof(steps)), new CallbackList(null), verbose);
    }

    private IReadOnlyList<Tensor> Predict(Func<Batches> batches, bool verbose, int? steps)
    {
        RequirePositive(steps, nameof(steps), nameof(Predict));
        using var scope = new TensorScope();
        Batches taken = batches().Take(steps).RequireEnd(nameof(Predict), nameof(steps));
        using Autocast? autocast = BeginAutocast();
        using TrainingProgress? progress = verbose ? new TrainingProgress("predicting", taken.Count ?? 0) : null;
        var parts = new List<IReadOnlyList<Tensor>>();
        foreach (Batch batch in taken.Epoch())
        {
            using var inner = new TensorScope();
            IReadOnlyList<Tensor> predictions = Predictions(batch, training: false);
            parts.Add([.. predictions.Select(y => inner.Keep(y))]);
            // A model that changes nothing gives its input itself.
            foreach (Tensor input in batch.Inputs.Except(predictions)) input.Dispose();
            progress?.Advance(1);
        }
        if (parts.Count == 0) throw new InvalidArgumentException("Predict: there is no batch to look at.");
        return [.. parts[0].Select((first, i) => scope.Keep(parts.Count == 1 ? first : Tensor.Concat([.. parts.Select(part => part[i])], 0)))];
    }

    private Batch OneBatch(IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> y, SampleWeights? sampleWeights, string caller)
    {
        Tensor?[]? weights = sampleWeights?.Over(OutputNames, caller);
        _ = CountOf(x, y, weights, caller);
        return new Batch([.. x], [.. y], weights);
    }

    private static Tensor Only(IReadOnlyList<Tensor> predictions)
    {
        if (predictions is [var only]) return only;
        foreach (Tensor prediction in predictions) prediction.Dispose();
        throw new InvalidArgumentException($"Predict: the model has {predictions.Count} outputs; use PredictAll.");
    }
}
