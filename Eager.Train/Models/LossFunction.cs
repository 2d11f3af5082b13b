using Eager.Losses;

namespace Eager.Train;

/// <summary>A loss that a model can be compiled with; the losses of <see cref="Loss"/> have this form.</summary>
/// <param name="labels">What should come out.</param>
/// <param name="predictions">What the model gave.</param>
/// <param name="weights">Weights, 1 when null.</param>
/// <param name="reduction">How the losses become one number.</param>
public delegate Tensor LossFunction(Tensor labels, Tensor predictions, Tensor? weights, Reduction reduction);

/// <summary>The parts of a training that can be asked for by name; the names are those of Keras.</summary>
internal static class NamedParts
{
    private static readonly Dictionary<string, LossFunction> Losses = new()
    {
        ["sparse_softmax_cross_entropy"] = Loss.SparseSoftmaxCrossEntropy,
        ["softmax_cross_entropy"] = static (labels, predictions, weights, reduction) => Loss.SoftmaxCrossEntropy(labels, predictions, weights, 0, reduction),
        ["mean_squared_error"] = Loss.MeanSquaredError,
        ["mse"] = Loss.MeanSquaredError,
        ["mean_absolute_error"] = Loss.AbsoluteDifference,
        ["mae"] = Loss.AbsoluteDifference,
    };

    private static readonly Dictionary<string, Func<Optimizer>> Optimizers = new()
    {
        ["sgd"] = static () => new Sgd(0.01),
        ["adam"] = static () => new Adam(),
        ["adamw"] = static () => new AdamW(),
        ["adagrad"] = static () => new Adagrad(),
        ["adadelta"] = static () => new Adadelta(),
        ["adamax"] = static () => new Adamax(),
        ["nadam"] = static () => new Nadam(),
        ["rmsprop"] = static () => new RmsProp(),
        ["ftrl"] = static () => new Ftrl(),
    };

    private static readonly Dictionary<string, Func<Metric>> Metrics = new()
    {
        ["accuracy"] = static () => new Accuracy(),
        ["categorical_accuracy"] = static () => new CategoricalAccuracy(),
        ["binary_accuracy"] = static () => new BinaryAccuracy(),
        ["top_k_accuracy"] = static () => new TopKAccuracy(),
        ["mean_squared_error"] = static () => new MeanSquaredError(),
        ["mse"] = static () => new MeanSquaredError("mse"),
        ["root_mean_squared_error"] = static () => new RootMeanSquaredError(),
        ["mean_absolute_error"] = static () => new MeanAbsoluteError(),
        ["mae"] = static () => new MeanAbsoluteError("mae"),
    };

    internal static LossFunction LossOf(string name) => Of(Losses, name, "loss");

    internal static Optimizer OptimizerOf(string name) => Of(Optimizers, name, "optimizer")();

    internal static IPredictionMetric MetricOf(string name) => (IPredictionMetric)Of(Metrics, name, "metric")();

    private static T Of<T>(Dictionary<string, T> known, string name, string kind) =>
        known.TryGetValue(name, out T? found) ? found : throw new InvalidArgumentException($"Compile: no {kind} is called '{name}'; there are {string.Join(", ", known.Keys)}.");
}
