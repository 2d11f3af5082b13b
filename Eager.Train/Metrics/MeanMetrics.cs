namespace Eager.Train;

/// <summary>A weighted mean of figures: Σw·f / Σw.</summary>
public abstract class MeanMetric : Metric
{
    private double sum;
    private double weight;

    private protected MeanMetric(string name) => Name = name;

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override double Result => sum / weight;

    /// <inheritdoc/>
    public override void Reset() => sum = weight = 0;

    /// <inheritdoc/>
    public override IEnumerable<StateEntry> GetState() =>
    [
        StateEntry.Double("sum", () => sum, value => sum = value),
        StateEntry.Double("weight", () => weight, value => weight = value),
    ];

    private protected void Add(double figure, double counts)
    {
        // A weight of 0 leaves out even what is not finite.
        if (counts == 0) return;
        sum += figure * counts;
        weight += counts;
    }

    private protected void AddAll(ReadOnlySpan<double> figures, ReadOnlySpan<double> weights)
    {
        for (int i = 0; i < figures.Length; i++) Add(figures[i], weights[i]);
    }
}

/// <summary>The mean of numbers.</summary>
/// <param name="name">The name under which progress and summaries show it.</param>
public sealed class Mean(string name = "mean") : MeanMetric(name)
{
    /// <summary>Adds a number.</summary>
    /// <param name="value">The number.</param>
    /// <param name="weight">How often it counts, such as the size of the batch that it is the mean of.</param>
    public void Update(double value, double weight = 1) => Add(value, weight);

    /// <summary>Adds all elements of a tensor.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <exception cref="ShapeMismatchException">The weights do not fit.</exception>
    public void Update(Tensor values, Tensor? weights = null) => AddAll(MetricInputs.Values(values), MetricInputs.Weights(weights, values.ConcreteShape, nameof(Mean)));
}

/// <summary>A weighted mean over the elements of labels and predictions.</summary>
public abstract class RegressionMetric : MeanMetric, IPredictionMetric
{
    private protected RegressionMetric(string name) : base(name) { }

    /// <summary>Adds a batch.</summary>
    /// <param name="labels">What should come out.</param>
    /// <param name="predictions">What came out; of the labels' shape.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    public void Update(Tensor labels, Tensor predictions, Tensor? weights = null)
    {
        MetricInputs.RequireSameShape(labels, predictions, GetType().Name);
        double[] spread = MetricInputs.Weights(weights, labels.ConcreteShape, GetType().Name), y = MetricInputs.Values(labels), p = MetricInputs.Values(predictions);
        for (int i = 0; i < y.Length; i++) Add(Figure(y[i], p[i]), spread[i]);
    }

    private protected abstract double Figure(double label, double prediction);
}

/// <summary>The mean of (label − prediction)².</summary>
/// <param name="name">The name under which progress and summaries show it.</param>
public sealed class MeanSquaredError(string name = "mean_squared_error") : RegressionMetric(name)
{
    private protected override double Figure(double label, double prediction) => (label - prediction) * (label - prediction);
}

/// <summary>The root of the mean of (label − prediction)².</summary>
/// <param name="name">The name under which progress and summaries show it.</param>
public sealed class RootMeanSquaredError(string name = "root_mean_squared_error") : RegressionMetric(name)
{
    /// <inheritdoc/>
    public override double Result => Math.Sqrt(base.Result);

    private protected override double Figure(double label, double prediction) => (label - prediction) * (label - prediction);
}

/// <summary>The mean of |label − prediction|.</summary>
/// <param name="name">The name under which progress and summaries show it.</param>
public sealed class MeanAbsoluteError(string name = "mean_absolute_error") : RegressionMetric(name)
{
    private protected override double Figure(double label, double prediction) => Math.Abs(label - prediction);
}

/// <summary>The share of the labels' variance that predictions explain, R² = 1 − Σw(y − p)² / Σw(y − ȳ)², over all elements.</summary>
/// <remarks>
/// The variance is gathered by West's update ("Updating mean and variance estimates", 1979), which does not cancel where labels are far from 0.
/// Where all labels are equal it is not a number.
/// </remarks>
/// <param name="name">The name under which progress and summaries show it.</param>
public sealed class RSquared(string name = "r_squared") : Metric, IPredictionMetric
{
    private double weight;
    private double mean;
    private double spread;
    private double missed;

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override double Result => spread == 0 ? double.NaN : 1 - (missed / spread);

    /// <summary>Adds a batch.</summary>
    /// <param name="labels">What should come out.</param>
    /// <param name="predictions">What came out; of the labels' shape.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    public void Update(Tensor labels, Tensor predictions, Tensor? weights = null)
    {
        MetricInputs.RequireSameShape(labels, predictions, nameof(RSquared));
        double[] w = MetricInputs.Weights(weights, labels.ConcreteShape, nameof(RSquared)), y = MetricInputs.Values(labels), p = MetricInputs.Values(predictions);
        for (int i = 0; i < y.Length; i++)
        {
            if (w[i] == 0) continue;
            weight += w[i];
            double off = y[i] - mean;
            mean += off * w[i] / weight;
            spread += w[i] * off * (y[i] - mean);
            missed += w[i] * (y[i] - p[i]) * (y[i] - p[i]);
        }
    }

    /// <inheritdoc/>
    public override void Reset() => weight = mean = spread = missed = 0;

    /// <inheritdoc/>
    public override IEnumerable<StateEntry> GetState() =>
    [
        StateEntry.Doubles("sums", () => [weight, mean, spread, missed], values => (weight, mean, spread, missed) = (values[0], values[1], values[2], values[3]), Shape.FromSizes(4)),
    ];
}
