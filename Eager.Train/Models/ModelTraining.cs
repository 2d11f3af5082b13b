using Eager.Autograd;
using Eager.Layers;
using Eager.Losses;

namespace Eager.Train;

/// <summary>Gives models the means to train: <c>model.Compile(…)</c>.</summary>
public static class ModelTraining
{
    /// <summary>Joins a model with an optimizer, a loss and metrics.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="loss">The loss, such as <c>Loss.SparseSoftmaxCrossEntropy</c>; of several outputs that of each.</param>
    /// <param name="metrics">What is reported beside the loss.</param>
    /// <param name="traced">Whether training steps are captured and replayed: <see cref="Function"/>.</param>
    /// <param name="mixedPrecision">The dtype to compute products in, such as bfloat16: <see cref="Autocast"/>.</param>
    /// <exception cref="InvalidArgumentException">Metrics are given for several outputs at once.</exception>
    public static CompiledModel Compile(this Layer model, Optimizer optimizer, LossFunction loss, IEnumerable<IPredictionMetric>? metrics = null, bool traced = false, DType? mixedPrecision = null)
    {
        IPredictionMetric[] listed = [.. metrics ?? []];
        if (model.OutputNames.Count > 1 && listed.Length > 0) throw new InvalidArgumentException($"Compile: the model has several outputs, {string.Join(", ", model.OutputNames)}; give losses and metrics in dictionaries by these names.");
        return new(model, optimizer, [.. model.OutputNames.Select(name => new TrainedOutput(name, loss, 1, listed))], traced, mixedPrecision);
    }

    /// <summary>Joins a model with an optimizer, a loss of the caller's own and metrics.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="loss">Gives losses of labels and predictions, one per example or element; they are weighted and their mean is taken.</param>
    /// <param name="metrics">What is reported beside the loss.</param>
    /// <param name="traced">Whether training steps are captured and replayed: <see cref="Function"/>.</param>
    /// <param name="mixedPrecision">The dtype to compute products in, such as bfloat16: <see cref="Autocast"/>.</param>
    /// <exception cref="InvalidArgumentException">Metrics are given for several outputs at once.</exception>
    /// <example><code>CompiledModel training = model.Compile(new Sgd(0.1), static (labels, predictions) => (labels - predictions).Abs());</code></example>
    public static CompiledModel Compile(this Layer model, Optimizer optimizer, Func<Tensor, Tensor, Tensor> loss, IEnumerable<IPredictionMetric>? metrics = null, bool traced = false, DType? mixedPrecision = null) =>
        model.Compile(optimizer, (labels, predictions, weights, reduction, _, _) => Loss.Reduce(loss(labels, predictions), weights, reduction), metrics, traced, mixedPrecision);

    /// <summary>Joins a model with an optimizer, a loss and metrics that are called by name, as in Keras.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">An optimizer with its default settings, such as <c>adam</c>.</param>
    /// <param name="loss">A loss, such as <c>sparse_softmax_cross_entropy</c> or <c>mse</c>; of several outputs that of each.</param>
    /// <param name="metrics">Metrics, such as <c>accuracy</c>, which is binary, categorical or sparse by the shapes of labels and predictions.</param>
    /// <param name="traced">Whether training steps are captured and replayed: <see cref="Function"/>.</param>
    /// <param name="mixedPrecision">The dtype to compute products in, such as bfloat16: <see cref="Autocast"/>.</param>
    /// <exception cref="InvalidArgumentException">Nothing has that name; the message lists what there is. Or metrics are given for several outputs at once.</exception>
    /// <example><code>CompiledModel training = model.Compile("adam", "sparse_softmax_cross_entropy", ["accuracy"]);</code></example>
    public static CompiledModel Compile(this Layer model, string optimizer, string loss, IEnumerable<string>? metrics = null, bool traced = false, DType? mixedPrecision = null) =>
        model.Compile(NamedParts.OptimizerOf(optimizer), NamedParts.LossOf(loss), [.. (metrics ?? []).Select(NamedParts.MetricOf)], traced, mixedPrecision);

    /// <summary>Joins a model of several outputs with an optimizer, and each output with a loss and metrics.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="losses">A loss for each of <see cref="Layer.OutputNames"/>.</param>
    /// <param name="lossWeights">What losses count in their sum; 1 for those not listed.</param>
    /// <param name="metrics">What is reported of outputs beside their losses.</param>
    /// <param name="traced">Whether training steps are captured and replayed: <see cref="Function"/>.</param>
    /// <param name="mixedPrecision">The dtype to compute products in, such as bfloat16: <see cref="Autocast"/>.</param>
    /// <exception cref="InvalidArgumentException">An output has no loss, or no output has a name, or a weight is not finite.</exception>
    /// <example><code>
    /// CompiledModel training = model.Compile(new Adam(), new Dictionary&lt;string, LossFunction&gt; { ["kind"] = Loss.SparseSoftmaxCrossEntropy, ["size"] = Loss.MeanSquaredError },
    ///     lossWeights: new Dictionary&lt;string, double&gt; { ["size"] = 0.1 });
    /// </code></example>
    public static CompiledModel Compile(
        this Layer model, Optimizer optimizer, IReadOnlyDictionary<string, LossFunction> losses, IReadOnlyDictionary<string, double>? lossWeights = null,
        IReadOnlyDictionary<string, IEnumerable<IPredictionMetric>>? metrics = null, bool traced = false, DType? mixedPrecision = null)
    {
        foreach (string name in (IEnumerable<string>)[.. losses.Keys, .. lossWeights?.Keys ?? [], .. metrics?.Keys ?? []])
            if (!model.OutputNames.Contains(name)) throw new InvalidArgumentException($"Compile: no output of the model is called '{name}'; there are {string.Join(", ", model.OutputNames)}.");
        return new(model, optimizer, [.. model.OutputNames.Select(Output)], traced, mixedPrecision);

        TrainedOutput Output(string name)
        {
            LossFunction loss = losses.GetValueOrDefault(name) ?? throw new InvalidArgumentException($"Compile: the output '{name}' has no loss; give one for each of {string.Join(", ", model.OutputNames)}.");
            double weight = lossWeights?.GetValueOrDefault(name, 1) ?? 1;
            if (!double.IsFinite(weight)) throw new InvalidArgumentException($"Compile: the weight of the loss of '{name}' is {weight}; it must be finite.");
            return new(name, loss, weight, [.. metrics?.GetValueOrDefault(name) ?? []]);
        }
    }

    /// <summary>Joins a model of several outputs with an optimizer, and each output in turn with a loss and metrics.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="losses">A loss for each of <see cref="Layer.OutputNames"/>, in their order.</param>
    /// <param name="lossWeights">What each loss counts in their sum; 1 when null.</param>
    /// <param name="metrics">What is reported of each output beside its loss, null for nothing.</param>
    /// <param name="traced">Whether training steps are captured and replayed: <see cref="Function"/>.</param>
    /// <param name="mixedPrecision">The dtype to compute products in, such as bfloat16: <see cref="Autocast"/>.</param>
    /// <exception cref="InvalidArgumentException">A list is not as long as there are outputs, or a weight is not finite.</exception>
    /// <example><code>CompiledModel training = model.Compile(new Adam(), [Loss.SparseSoftmaxCrossEntropy, Loss.MeanSquaredError], lossWeights: [1, 0.1]);</code></example>
    public static CompiledModel Compile(
        this Layer model, Optimizer optimizer, IReadOnlyList<LossFunction> losses, IReadOnlyList<double>? lossWeights = null,
        IReadOnlyList<IEnumerable<IPredictionMetric>?>? metrics = null, bool traced = false, DType? mixedPrecision = null) =>
        model.Compile(optimizer, ByName(model, losses, "losses"), lossWeights is null ? null : ByName(model, lossWeights, "loss weights"),
            metrics is null ? null : ByName(model, [.. metrics.Select(static m => m ?? [])], "metrics"), traced, mixedPrecision);

    /// <summary>Joins a model of several outputs with an optimizer, and each output in turn with a loss and metrics, which are called by name, as in Keras.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">An optimizer with its default settings, such as <c>adam</c>.</param>
    /// <param name="losses">A loss for each of <see cref="Layer.OutputNames"/>, in their order.</param>
    /// <param name="lossWeights">What each loss counts in their sum; 1 when null.</param>
    /// <param name="metrics">What is reported of each output beside its loss, null for nothing.</param>
    /// <param name="traced">Whether training steps are captured and replayed: <see cref="Function"/>.</param>
    /// <param name="mixedPrecision">The dtype to compute products in, such as bfloat16: <see cref="Autocast"/>.</param>
    /// <exception cref="InvalidArgumentException">A list is not as long as there are outputs, nothing has a name, or a weight is not finite.</exception>
    public static CompiledModel Compile(
        this Layer model, string optimizer, IReadOnlyList<string> losses, IReadOnlyList<double>? lossWeights = null,
        IReadOnlyList<IEnumerable<string>?>? metrics = null, bool traced = false, DType? mixedPrecision = null) =>
        model.Compile(NamedParts.OptimizerOf(optimizer), [.. losses.Select(NamedParts.LossOf)], lossWeights,
            metrics is null ? null : [.. metrics.Select(static ofOutput => ofOutput?.Select(NamedParts.MetricOf).ToArray())], traced, mixedPrecision);

    /// <summary>Joins a model of several outputs with an optimizer, and each output with a loss and metrics, all by their names.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">An optimizer with its default settings, such as <c>adam</c>.</param>
    /// <param name="losses">A loss for each of <see cref="Layer.OutputNames"/>.</param>
    /// <param name="lossWeights">What losses count in their sum; 1 for those not listed.</param>
    /// <param name="metrics">What is reported of outputs beside their losses.</param>
    /// <param name="traced">Whether training steps are captured and replayed: <see cref="Function"/>.</param>
    /// <param name="mixedPrecision">The dtype to compute products in, such as bfloat16: <see cref="Autocast"/>.</param>
    /// <exception cref="InvalidArgumentException">An output has no loss, nothing has a name, or a weight is not finite.</exception>
    public static CompiledModel Compile(
        this Layer model, string optimizer, IReadOnlyDictionary<string, string> losses, IReadOnlyDictionary<string, double>? lossWeights = null,
        IReadOnlyDictionary<string, IEnumerable<string>>? metrics = null, bool traced = false, DType? mixedPrecision = null) =>
        model.Compile(NamedParts.OptimizerOf(optimizer), losses.ToDictionary(static l => l.Key, static l => NamedParts.LossOf(l.Value)), lossWeights,
            metrics?.ToDictionary(static m => m.Key, static m => (IEnumerable<IPredictionMetric>)[.. m.Value.Select(NamedParts.MetricOf)]), traced, mixedPrecision);

    /// <summary>Writes a model's weights, by their paths, into a safetensors file.</summary>
    /// <param name="model">The model; its weights must be made.</param>
    /// <param name="path">The file; one that is there is replaced only once the new one is whole.</param>
    /// <exception cref="FileWriteException">The file cannot be written; an old one stands.</exception>
    public static void SaveWeights(this Layer model, string path) => WeightsOf(model).Save(path, step: 0);

    /// <summary>Gives a model the weights of a file that <see cref="SaveWeights"/> wrote, all of them or none.</summary>
    /// <param name="model">The model; its weights must be made.</param>
    /// <param name="path">The file.</param>
    /// <param name="options">What need not fit; everything must when null.</param>
    /// <exception cref="MissingFileException">The file is not there or cannot be read.</exception>
    /// <exception cref="CorruptFileException">The file is damaged.</exception>
    /// <exception cref="CheckpointMismatchException">Weights are missing or too many, or have another dtype or shape; the message lists all.</exception>
    public static void LoadWeights(this Layer model, string path, RestoreOptions? options = null) => WeightsOf(model).Restore(path, options);

    private static Dictionary<string, T> ByName<T>(Layer model, IReadOnlyList<T> given, string what) =>
        given.Count == model.OutputNames.Count ? model.OutputNames.Zip(given).ToDictionary()
        : throw new InvalidArgumentException($"Compile: {what} for {given.Count} outputs were given; the model has {model.OutputNames.Count}, {string.Join(", ", model.OutputNames)}.");

    private static Checkpoint WeightsOf(Layer model) => new Checkpoint().Add(model.Parameters.ToDictionary(static p => p.Path, static p => p.Variable));
}
