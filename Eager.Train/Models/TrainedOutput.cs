using Eager.Autograd;
using Eager.Losses;

namespace Eager.Train;

/// <summary>What is wanted of one output of a model.</summary>
/// <param name="name">The output's name.</param>
/// <param name="loss">Its loss.</param>
/// <param name="weight">What its loss counts in the sum over all outputs.</param>
/// <param name="metrics">What is reported of it beside its loss.</param>
internal sealed class TrainedOutput(string name, LossFunction loss, double weight, IReadOnlyList<IPredictionMetric> metrics)
{
    private readonly Mean meanLoss = new("loss");

    internal string Name => name;

    /// <summary>The loss of a batch. Where a model has several outputs, errors say which one it is of.</summary>
    internal Tensor Loss(Tensor labels, Tensor predictions, Tensor? weights, bool isOneOfSeveral)
    {
        try
        {
            return loss(labels, predictions, weights, Reduction.SumOverBatchSize);
        }
        catch (ShapeMismatchException e) when (isOneOfSeveral)
        {
            throw new ShapeMismatchException($"The loss of output '{name}': {e.Message}");
        }
        catch (DTypeMismatchException e) when (isOneOfSeveral)
        {
            throw new DTypeMismatchException($"The loss of output '{name}': {e.Message}");
        }
    }

    /// <summary>Weights of examples by their classes, times those that they have.</summary>
    internal Tensor Weights(Tensor labels, Tensor? sampleWeights, IReadOnlyDictionary<long, double> classWeights)
    {
        if (labels.Rank is not (1 or 2)) throw new ShapeMismatchException($"Class weights of output '{name}' need labels of shape [n] or [n, classes], not {labels.ConcreteShape}.");
        using var scope = Temporaries.Begin();
        long[] classes = (labels.Rank == 2 ? labels.ArgMax(-1) : labels.Cast(DType.Int64)).ToArray<long>();
        Tensor ofClasses = Tensor.From(Array.ConvertAll(classes, c => (float)classWeights.GetValueOrDefault(c, 1))).To(labels.Device);
        if (sampleWeights is null) return scope.Keep(ofClasses);
        Shape perExample = Shape.Of([ofClasses.ConcreteShape[0], .. Enumerable.Repeat((Dim)1L, sampleWeights.Rank - 1)]);
        return scope.Keep(ofClasses.Reshape(perExample) * sampleWeights.Cast(DType.Float32));
    }

    /// <summary>The loss of a batch as it counts in the sum.</summary>
    internal Tensor Weighted(Tensor batchLoss) => weight == 1 ? batchLoss : batchLoss * weight;

    internal void NoteLoss(double batchLoss, long examples) => meanLoss.Update(batchLoss, examples);

    /// <summary>Shows the metrics a batch; in a traced step they are a host function, which every replay calls in its place.</summary>
    /// <param name="labels">What should come out.</param>
    /// <param name="predictions">What came out.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="isOneOfSeveral">Whether errors say which output it is.</param>
    /// <param name="undo">Called where a metric refuses the batch.</param>
    internal void NoteMetrics(Tensor labels, Tensor predictions, Tensor? weights, bool isOneOfSeveral, Action undo)
    {
        if (metrics.Count == 0) return;
        Tensor[] seen = weights is null ? [labels, predictions] : [labels, predictions, weights];
        if (ThreadContext.Current.Observer is { RecordsHostEffects: true })
        {
            Function.Looking(x => Update(x, isOneOfSeveral, undo), "metrics")(seen);
            return;
        }
        using var unrecorded = Unrecorded.Begin();
        using var scope = Temporaries.Begin();
        Update(seen, isOneOfSeveral, undo);
    }

    /// <summary>What gives back the metrics as they are now; those that no checkpoint can keep stay as they are.</summary>
    internal IEnumerable<Action> Hold() => metrics.OfType<ICheckpointable>().SelectMany(static metric => metric.GetState()).Select(static entry => entry.Hold());

    private void Update(Tensor[] seen, bool isOneOfSeveral, Action undo)
    {
        foreach (IPredictionMetric metric in metrics)
        {
            string place = $"The metric '{metric.Name}'{(isOneOfSeveral ? $" of output '{name}'" : "")}";
            try
            {
                metric.Update(seen[0], seen[1], seen.Length > 2 ? seen[2] : null);
            }
            catch (EagerException e)
            {
                undo();
                throw e switch
                {
                    ShapeMismatchException => new ShapeMismatchException($"{place}: {e.Message}"),
                    DTypeMismatchException => new DTypeMismatchException($"{place}: {e.Message}"),
                    InvalidArgumentException => new InvalidArgumentException($"{place}: {e.Message}"),
                    _ => e,
                };
            }
        }
    }

    internal void Reset()
    {
        meanLoss.Reset();
        foreach (IPredictionMetric metric in metrics) metric.Reset();
    }

    /// <summary>Adds its figures; where a model has several outputs, with the output's name before theirs.</summary>
    internal void Report(Dictionary<string, double> figures, bool isOneOfSeveral)
    {
        if (isOneOfSeveral) figures[$"{name}_loss"] = meanLoss.Result;
        foreach (IPredictionMetric metric in metrics) figures[FigureName(metric, isOneOfSeveral)] = metric.Result;
    }

    /// <summary>What <see cref="Report"/> adds.</summary>
    internal IEnumerable<string> FigureNames(bool isOneOfSeveral)
    {
        IEnumerable<string> names = metrics.Select(metric => FigureName(metric, isOneOfSeveral));
        return isOneOfSeveral ? names.Prepend($"{name}_loss") : names;
    }

    private string FigureName(IPredictionMetric metric, bool isOneOfSeveral) => isOneOfSeveral ? $"{name}_{metric.Name}" : metric.Name;
}
