namespace Eager.Train;

/// <summary>A metric of a model function: what to gather of each batch of an evaluation.</summary>
/// <example><code>
/// evalMetricOps: new Dictionary&lt;string, MetricOp&gt; { ["accuracy"] = MetricOp.Of(() => new Accuracy(), labels, logits) }
/// </code></example>
public sealed class MetricOp
{
    private readonly Tensor labels;
    private readonly Tensor predictions;
    private readonly Tensor? weights;

    private MetricOp(Func<IPredictionMetric> metric, Tensor labels, Tensor predictions, Tensor? weights) =>
        (MakeMetric, this.labels, this.predictions, this.weights) = (metric, labels, predictions, weights);

    /// <summary>Makes what gathers.</summary>
    internal Func<IPredictionMetric> MakeMetric { get; }

    /// <summary>A metric of labels and predictions.</summary>
    /// <param name="metric">Makes the metric; called once for each evaluation.</param>
    /// <param name="labels">What should come out.</param>
    /// <param name="predictions">What the model gave.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    public static MetricOp Of(Func<IPredictionMetric> metric, Tensor labels, Tensor predictions, Tensor? weights = null)
    {
        ArgumentNullException.ThrowIfNull(metric);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(predictions);
        return new(metric, labels, predictions, weights);
    }

    /// <summary>The mean of all elements of a tensor over all batches.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    public static MetricOp Mean(Tensor values, Tensor? weights = null) => Of(static () => new MeanOfValues(), values, values, weights);

    internal void Update(IPredictionMetric metric) => metric.Update(labels, predictions, weights);

    private sealed class MeanOfValues : IPredictionMetric
    {
        private readonly Mean mean = new();

        public string Name => mean.Name;

        public double Result => mean.Result;

        public void Update(Tensor labels, Tensor predictions, Tensor? weights = null) => mean.Update(predictions, weights);

        public void Reset() => mean.Reset();
    }
}
