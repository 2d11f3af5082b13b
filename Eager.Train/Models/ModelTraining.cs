using Eager.Layers;
using Eager.Losses;

namespace Eager.Train;

/// <summary>Gives models the means to train: <c>model.Compile(…)</c>.</summary>
public static class ModelTraining
{
    /// <summary>Joins a model with an optimizer, a loss and metrics.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="loss">The loss, such as <c>Loss.SparseSoftmaxCrossEntropy</c>.</param>
    /// <param name="metrics">What is reported beside the loss.</param>
    /// <param name="traced">Whether training steps are captured and replayed: <see cref="Autograd.Function"/>.</param>
    public static CompiledModel Compile(this Layer model, Optimizer optimizer, LossFunction loss, IEnumerable<IPredictionMetric>? metrics = null, bool traced = false) =>
        new(model, optimizer, loss, metrics ?? [], traced);

    /// <summary>Joins a model with an optimizer, a loss of the caller's own and metrics.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="loss">Gives losses of labels and predictions, one per example or element; they are weighted and their mean is taken.</param>
    /// <param name="metrics">What is reported beside the loss.</param>
    /// <param name="traced">Whether training steps are captured and replayed: <see cref="Autograd.Function"/>.</param>
    /// <example><code>CompiledModel training = model.Compile(new Sgd(0.1), static (labels, predictions) => (labels - predictions).Abs());</code></example>
    public static CompiledModel Compile(this Layer model, Optimizer optimizer, Func<Tensor, Tensor, Tensor> loss, IEnumerable<IPredictionMetric>? metrics = null, bool traced = false) =>
        new(model, optimizer, (labels, predictions, weights, reduction, _, _) => Loss.Reduce(loss(labels, predictions), weights, reduction), metrics ?? [], traced);

    /// <summary>Joins a model with an optimizer, a loss and metrics that are called by name, as in Keras.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">An optimizer with its default settings, such as <c>adam</c>.</param>
    /// <param name="loss">A loss, such as <c>sparse_softmax_cross_entropy</c> or <c>mse</c>; cross entropies take logits.</param>
    /// <param name="metrics">Metrics, such as <c>accuracy</c>.</param>
    /// <param name="traced">Whether training steps are captured and replayed: <see cref="Autograd.Function"/>.</param>
    /// <exception cref="InvalidArgumentException">Nothing has that name; the message lists what there is.</exception>
    /// <example><code>CompiledModel training = model.Compile("adam", "sparse_softmax_cross_entropy", ["accuracy"]);</code></example>
    public static CompiledModel Compile(this Layer model, string optimizer, string loss, IEnumerable<string>? metrics = null, bool traced = false) =>
        new(model, NamedParts.OptimizerOf(optimizer), NamedParts.LossOf(loss), [.. (metrics ?? []).Select(NamedParts.MetricOf)], traced);
}
