namespace Eager.Train;

/// <summary>What an <see cref="Estimator{TFeatures, TLabels}"/> runs its model function for.</summary>
public enum EstimatorMode
{
    /// <summary>A training step: the function gives a loss and how to make it smaller.</summary>
    Train,

    /// <summary>A batch of an evaluation: the function gives a loss and metrics.</summary>
    Eval,

    /// <summary>A batch to predict for: the function gives predictions and gets no labels.</summary>
    Predict,
}

/// <summary>What a model is, as a function: run for each batch, it computes and says what the estimator is to do with what it computed.</summary>
/// <remarks>
/// It gets its variables from <see cref="Eager.Autograd.VariableScope.GetVariable(string, Shape?, Func{Shape, DType, Tensor}?, DType, bool, Func{Tensor, Tensor}?, Func{Tensor, Tensor}?)"/> and its layers from
/// <see cref="Eager.Autograd.VariableScope.Get{T}(string, Func{T})"/>: the first run makes them, later ones find them, and the estimator trains and saves them.
/// All other tensors that it makes are freed once the batch is done with.
/// </remarks>
/// <typeparam name="TFeatures">A tensor or a dictionary of tensors by name.</typeparam>
/// <typeparam name="TLabels">A tensor or a dictionary of tensors by name.</typeparam>
/// <param name="features">A batch of inputs.</param>
/// <param name="labels">What should come out; null when predicting.</param>
/// <param name="mode">What the function is run for.</param>
/// <param name="parameters">The settings that the estimator was made with.</param>
public delegate EstimatorSpec ModelFunction<TFeatures, TLabels>(TFeatures features, TLabels? labels, EstimatorMode mode, HyperParameters parameters)
    where TFeatures : class
    where TLabels : class;

/// <summary>What a model function computed for a batch, and what is to be done with it.</summary>
/// <remarks>Training needs a loss and a train operation, evaluation a loss, prediction predictions; what a mode does not need may be given all the same.</remarks>
public sealed class EstimatorSpec
{
    /// <summary>Makes a specification.</summary>
    /// <param name="mode">What the function was run for.</param>
    /// <param name="predictions">What came out, by name, the batch along each first axis.</param>
    /// <param name="loss">How wrong it is, a scalar.</param>
    /// <param name="trainOp">How to make the loss smaller.</param>
    /// <param name="evalMetricOps">The metrics of an evaluation, by name.</param>
    /// <param name="summaries">What to log of a training step beside the loss; asked for only when it is due.</param>
    public EstimatorSpec(
        EstimatorMode mode, IReadOnlyDictionary<string, Tensor>? predictions = null, Tensor? loss = null, TrainOp? trainOp = null,
        IReadOnlyDictionary<string, MetricOp>? evalMetricOps = null, Func<Summary>? summaries = null)
    {
        (Mode, Loss, TrainOp, Summaries) = (mode, loss, trainOp, summaries);
        Predictions = predictions ?? new Dictionary<string, Tensor>(StringComparer.Ordinal);
        EvalMetricOps = evalMetricOps ?? new Dictionary<string, MetricOp>(StringComparer.Ordinal);
    }

    /// <summary>What the function was run for.</summary>
    public EstimatorMode Mode { get; }

    /// <summary>What came out, by name.</summary>
    public IReadOnlyDictionary<string, Tensor> Predictions { get; }

    /// <summary>How wrong it is.</summary>
    public Tensor? Loss { get; }

    /// <summary>How to make the loss smaller.</summary>
    public TrainOp? TrainOp { get; }

    /// <summary>The metrics of an evaluation, by name.</summary>
    public IReadOnlyDictionary<string, MetricOp> EvalMetricOps { get; }

    /// <summary>What to log of a training step beside the loss.</summary>
    public Func<Summary>? Summaries { get; }
}
