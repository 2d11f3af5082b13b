using Eager.Losses;

namespace Eager.Train;

/// <summary>A loss that a model can be compiled with; the losses of <see cref="Loss"/> have this form.</summary>
/// <param name="labels">What should come out.</param>
/// <param name="predictions">What the model gave.</param>
/// <param name="weights">Weights, 1 when null.</param>
/// <param name="reduction">How the losses become one number.</param>
/// <param name="scope">Prefixes the names of its operations in traces.</param>
/// <param name="collection">The collection that it joins.</param>
public delegate Tensor LossFunction(Tensor labels, Tensor predictions, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null);

/// <summary>The parts of a training that can be asked for by name; the names are those of Keras.</summary>
internal static class NamedParts
{
    private static readonly Dictionary<string, LossFunction> Losses = new()
    {
        ["sparse_softmax_cross_entropy"] = Loss.SparseSoftmaxCrossEntropy,
        ["softmax_cross_entropy"] = static (y, p, w, r, scope, all) => Loss.SoftmaxCrossEntropy(y, p, w, 0, r, scope, all),
        ["sigmoid_cross_entropy"] = static (y, p, w, r, scope, all) => Loss.SigmoidCrossEntropy(y, p, w, 0, r, scope, all),
        ["sparse_categorical_crossentropy"] = Loss.SparseCategoricalCrossEntropy,
        ["categorical_crossentropy"] = static (y, p, w, r, scope, all) => Loss.CategoricalCrossEntropy(y, p, w, 0, r, scope, all),
        ["binary_crossentropy"] = static (y, p, w, r, scope, all) => Loss.BinaryCrossEntropy(y, p, w, 0, r, scope, all),
        ["mean_squared_error"] = Loss.MeanSquaredError,
        ["mse"] = Loss.MeanSquaredError,
        ["mean_absolute_error"] = Loss.MeanAbsoluteError,
        ["mae"] = Loss.MeanAbsoluteError,
        ["huber"] = static (y, p, w, r, scope, all) => Loss.Huber(y, p, w, 1, r, scope, all),
        ["log_cosh"] = Loss.LogCosh,
        ["cosine_distance"] = static (y, p, w, r, scope, all) => Loss.CosineDistance(y, p, w, -1, r, scope, all),
        ["hinge"] = Loss.Hinge,
        ["squared_hinge"] = Loss.SquaredHinge,
        ["poisson"] = Loss.Poisson,
        ["kl_divergence"] = Loss.KullbackLeibler,
        ["kullback_leibler_divergence"] = Loss.KullbackLeibler,
        ["absolute_difference"] = Loss.AbsoluteDifference,
        ["log_loss"] = static (y, p, w, r, scope, all) => Loss.LogLoss(y, p, w, 1e-7, r, scope, all),
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
        ["accuracy"] = static () => new AccuracyByShape(),
        ["sparse_categorical_accuracy"] = static () => new Accuracy("sparse_categorical_accuracy"),
        ["categorical_accuracy"] = static () => new CategoricalAccuracy(),
        ["binary_accuracy"] = static () => new BinaryAccuracy(),
        ["top_k_accuracy"] = static () => new TopKAccuracy(),
        ["precision"] = static () => new Precision(),
        ["recall"] = static () => new Recall(),
        ["f1_score"] = static () => new F1Score(),
        ["auc"] = static () => new AreaUnderCurve(),
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
