namespace Eager.Train;

/// <summary>How the figures of several classes become one.</summary>
public enum Averaging
{
    /// <summary>The counts of all classes are added up first.</summary>
    Micro,

    /// <summary>The mean over all classes, those that never occurred as 0 among them.</summary>
    Macro,

    /// <summary>The mean over the classes, each as often as it occurred in the labels.</summary>
    Weighted,
}

/// <summary>A figure made of how often classes were meant, predicted, and both.</summary>
/// <remarks>
/// Without a number of classes, labels are 0 or 1 and scores are probabilities of the same shape, and the figure is that of 1.
/// With it, labels are class numbers [n], scores are [n, classes], and the largest score of a row is its prediction.
/// A quotient by 0 counts as 0.
/// </remarks>
public abstract class ClassificationMetric : Metric, IPredictionMetric
{
    private readonly int? classes;
    private readonly Averaging averaging;
    private readonly double threshold;
    private readonly double[] both;
    private readonly double[] predicted;
    private readonly double[] actual;

    private protected ClassificationMetric(int? classes, Averaging averaging, double threshold, string name)
    {
        if (classes < 1) throw new InvalidArgumentException($"{GetType().Name}: there are {classes} classes; give at least 1, or none for labels of 0 and 1.");
        if (double.IsNaN(threshold)) throw new InvalidArgumentException($"{GetType().Name}: the threshold is not a number.");
        Name = name;
        (this.classes, this.averaging, this.threshold) = (classes, averaging, threshold);
        (both, predicted, actual) = (new double[classes ?? 1], new double[classes ?? 1], new double[classes ?? 1]);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override double Result
    {
        get
        {
            double seen = actual.Sum();
            if (averaging == Averaging.Micro) return Figure(both.Sum(), predicted.Sum(), seen);
            double sum = 0;
            for (int i = 0; i < both.Length; i++)
                sum += Figure(both[i], predicted[i], actual[i]) * (averaging == Averaging.Macro ? 1 : actual[i]);
            return Quotient(sum, averaging == Averaging.Macro ? both.Length : seen);
        }
    }

    /// <summary>The figure of each class; of one where labels are 0 or 1.</summary>
    public double[] PerClass => [.. both.Select((b, i) => Figure(b, predicted[i], actual[i]))];

    /// <summary>Adds a batch.</summary>
    /// <param name="labels">0 or 1, or class numbers of an integer dtype, [n].</param>
    /// <param name="scores">Probabilities of the labels' shape, or scores [n, classes].</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    /// <exception cref="DTypeMismatchException">Class numbers are not of an integer dtype.</exception>
    /// <exception cref="InvalidArgumentException">A label is neither 0 nor 1, or no class number.</exception>
    public void Update(Tensor labels, Tensor scores, Tensor? weights = null)
    {
        string metric = GetType().Name;
        if (classes is null)
        {
            MetricInputs.RequireSameShape(labels, scores, metric);
            bool[] meant = MetricInputs.ZeroOrOne(labels, metric);
            double[] p = MetricInputs.Values(scores), w = MetricInputs.Weights(weights, labels.ConcreteShape, metric);
            for (int i = 0; i < meant.Length; i++) Count(meant[i] ? 0 : -1, p[i] > threshold ? 0 : -1, w[i]);
        }
        else
        {
            long[] meant = MetricInputs.ClassNumbers(labels, scores, metric, classes), taken = MetricInputs.Largest(scores);
            double[] w = MetricInputs.Weights(weights, labels.ConcreteShape, metric);
            for (int i = 0; i < meant.Length; i++) Count((int)meant[i], (int)taken[i], w[i]);
        }
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        foreach (double[] counts in new[] { both, predicted, actual }) Array.Clear(counts);
    }

    /// <inheritdoc/>
    public override IEnumerable<StateEntry> GetState() =>
    [
        StateEntry.Doubles("both", () => both, values => values.CopyTo(both, 0), Shape.FromSizes(both.Length)),
        StateEntry.Doubles("predicted", () => predicted, values => values.CopyTo(predicted, 0), Shape.FromSizes(both.Length)),
        StateEntry.Doubles("actual", () => actual, values => values.CopyTo(actual, 0), Shape.FromSizes(both.Length)),
    ];

    /// <summary>The figure of one class.</summary>
    /// <param name="both">How often it was meant and predicted.</param>
    /// <param name="predicted">How often it was predicted.</param>
    /// <param name="actual">How often it was meant.</param>
    private protected abstract double Figure(double both, double predicted, double actual);

    private protected static double Quotient(double a, double b) => b == 0 ? 0 : a / b;

    private void Count(int meant, int taken, double weight)
    {
        if (meant >= 0) actual[meant] += weight;
        if (taken >= 0) predicted[taken] += weight;
        if (meant >= 0 && meant == taken) both[meant] += weight;
    }
}

/// <summary>How much of what was predicted as a class was of it.</summary>
/// <param name="classes">The number of classes; null for labels of 0 and 1.</param>
/// <param name="averaging">How the figures of several classes become one.</param>
/// <param name="threshold">Without classes, a probability above it stands for 1.</param>
/// <param name="name">The name under which progress and summaries show it.</param>
public sealed class Precision(int? classes = null, Averaging averaging = Averaging.Macro, double threshold = 0.5, string name = "precision")
    : ClassificationMetric(classes, averaging, threshold, name)
{
    private protected override double Figure(double both, double predicted, double actual) => Quotient(both, predicted);
}

/// <summary>How much of a class was predicted as it.</summary>
/// <param name="classes">The number of classes; null for labels of 0 and 1.</param>
/// <param name="averaging">How the figures of several classes become one.</param>
/// <param name="threshold">Without classes, a probability above it stands for 1.</param>
/// <param name="name">The name under which progress and summaries show it.</param>
public sealed class Recall(int? classes = null, Averaging averaging = Averaging.Macro, double threshold = 0.5, string name = "recall")
    : ClassificationMetric(classes, averaging, threshold, name)
{
    private protected override double Figure(double both, double predicted, double actual) => Quotient(both, actual);
}

/// <summary>The harmonic mean of precision and recall.</summary>
/// <param name="classes">The number of classes; null for labels of 0 and 1.</param>
/// <param name="averaging">How the figures of several classes become one.</param>
/// <param name="threshold">Without classes, a probability above it stands for 1.</param>
/// <param name="name">The name under which progress and summaries show it.</param>
public sealed class F1Score(int? classes = null, Averaging averaging = Averaging.Macro, double threshold = 0.5, string name = "f1_score")
    : ClassificationMetric(classes, averaging, threshold, name)
{
    private protected override double Figure(double both, double predicted, double actual) => Quotient(2 * both, predicted + actual);
}
