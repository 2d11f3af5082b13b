namespace Eager.Train;

/// <content>Inputs and outputs by their names.</content>
public sealed partial class CompiledModel
{
    /// <summary>Trains a functional model on tensors by the names of its inputs and outputs.</summary>
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
    /// <exception cref="InvalidArgumentException">A name is missing or nobody's, a number is out of its range, or the model is no functional one.</exception>
    /// <example><code>
    /// training.Fit(new Dictionary&lt;string, Tensor&gt; { ["image"] = images, ["caption"] = captions }, new Dictionary&lt;string, Tensor&gt; { ["kind"] = kinds });
    /// </code></example>
    public History Fit(
        IReadOnlyDictionary<string, Tensor> x, IReadOnlyDictionary<string, Tensor> y, int batchSize = 32, int epochs = 1, double validationSplit = 0,
        (IReadOnlyDictionary<string, Tensor> X, IReadOnlyDictionary<string, Tensor> Y)? validationData = null, SampleWeights? sampleWeights = null, ClassWeights? classWeights = null, bool shuffle = true,
        int initialEpoch = 0, IEnumerable<Callback>? callbacks = null, bool verbose = true, int? stepsPerEpoch = null, int? validationSteps = null, int validationFrequency = 1, SampleWeights? validationWeights = null) =>
        Fit(Inputs(x, nameof(Fit)), Labels(y, nameof(Fit)), batchSize, epochs, validationSplit, validationData is { } given ? (Inputs(given.X, nameof(Fit)), Labels(given.Y, nameof(Fit))) : null,
            sampleWeights, classWeights, shuffle, initialEpoch, callbacks, verbose, stepsPerEpoch, validationSteps, validationFrequency, validationWeights);

    /// <summary>The losses and the metrics of a functional model over tensors by the names of its inputs and outputs; nothing is trained.</summary>
    /// <param name="x">A tensor for each input, with examples along the first axis.</param>
    /// <param name="y">A tensor for each output, with a label for each example.</param>
    /// <param name="batchSize">How many examples are looked at together.</param>
    /// <param name="sampleWeights">Weights of examples: a tensor that counts in the losses of all outputs, or one for each, in order or by name.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <returns><c>loss</c>, and the loss and each metric of each output by name.</returns>
    /// <exception cref="ShapeMismatchException">There are not as many labels or weights as examples.</exception>
    /// <exception cref="InvalidArgumentException">A name is missing or nobody's, or the model is no functional one.</exception>
    public IReadOnlyDictionary<string, double> Evaluate(IReadOnlyDictionary<string, Tensor> x, IReadOnlyDictionary<string, Tensor> y, int batchSize = 32, SampleWeights? sampleWeights = null, bool verbose = false) =>
        Evaluate(Inputs(x, nameof(Evaluate)), Labels(y, nameof(Evaluate)), batchSize, sampleWeights, verbose);

    /// <summary>What a functional model gives for examples by the names of its inputs, batch by batch and in their order.</summary>
    /// <param name="x">A tensor for each input, with examples along the first axis; at least one.</param>
    /// <param name="batchSize">How many examples are computed together.</param>
    /// <param name="verbose">Whether progress is shown.</param>
    /// <returns>A tensor for each output, by its name.</returns>
    /// <exception cref="ShapeMismatchException">There are no examples, or not as many for each input.</exception>
    /// <exception cref="InvalidArgumentException">A name is missing or nobody's, or the model is no functional one.</exception>
    public IReadOnlyDictionary<string, Tensor> Predict(IReadOnlyDictionary<string, Tensor> x, int batchSize = 32, bool verbose = false) =>
        OutputNames.Zip(PredictAll(Inputs(x, nameof(Predict)), batchSize, verbose)).ToDictionary();

    private Tensor[] Inputs(IReadOnlyDictionary<string, Tensor> x, string caller) => Model is Layers.Model functional
        ? InOrder(x, functional.InputNames, "inputs", caller)
        : throw new InvalidArgumentException($"{caller}: inputs are given by name, but only those of a functional model have names; give a list.");

    private Tensor[] Labels(IReadOnlyDictionary<string, Tensor> y, string caller) => InOrder(y, OutputNames, "labels of outputs", caller);

    private static Tensor[] InOrder(IReadOnlyDictionary<string, Tensor> given, IReadOnlyList<string> names, string what, string caller) => given.Keys.ToHashSet().SetEquals(names)
        ? [.. names.Select(name => given[name])]
        : throw new InvalidArgumentException($"{caller}: {what} {string.Join(", ", given.Keys)} were given; the model has {string.Join(", ", names)}, and needs one for each.");
}
