namespace Eager.Train;

/// <summary>The share of rows whose largest score is at the label, a class number (Keras's sparse categorical accuracy).</summary>
/// <param name="name">The name under which progress and summaries show it.</param>
public sealed class Accuracy(string name = "accuracy") : MeanMetric(name), IPredictionMetric
{
    /// <summary>Adds a batch.</summary>
    /// <param name="labels">Class numbers of an integer dtype, [...].</param>
    /// <param name="scores">Logits or probabilities, [..., classes].</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    /// <exception cref="DTypeMismatchException">The labels are not of an integer dtype.</exception>
    /// <exception cref="InvalidArgumentException">A label is no class number.</exception>
    public void Update(Tensor labels, Tensor scores, Tensor? weights = null)
    {
        AddAll(Hits(labels, scores), MetricInputs.Weights(weights, labels.ConcreteShape, nameof(Accuracy)));
    }

    /// <summary>1 for each row that is right.</summary>
    internal static double[] Hits(Tensor labels, Tensor scores)
    {
        long[] actual = MetricInputs.ClassNumbers(labels, scores, nameof(Accuracy)), predicted = MetricInputs.Largest(scores);
        return [.. actual.Zip(predicted, static (a, p) => a == p ? 1.0 : 0)];
    }
}

/// <summary>The share of rows whose largest score is where the label's row is largest, such as at the 1 of a one-hot row.</summary>
/// <param name="name">The name under which progress and summaries show it.</param>
public sealed class CategoricalAccuracy(string name = "categorical_accuracy") : MeanMetric(name), IPredictionMetric
{
    /// <summary>Adds a batch.</summary>
    /// <param name="labels">Probabilities or one-hot rows, [..., classes].</param>
    /// <param name="scores">Logits or probabilities, [..., classes].</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    public void Update(Tensor labels, Tensor scores, Tensor? weights = null)
    {
        AddAll(Hits(labels, scores), MetricInputs.Weights(weights, labels.ConcreteShape[..^1], nameof(CategoricalAccuracy)));
    }

    /// <summary>1 for each row that is right.</summary>
    internal static double[] Hits(Tensor labels, Tensor scores)
    {
        MetricInputs.RequireSameShape(labels, scores, nameof(CategoricalAccuracy));
        if (labels.Rank == 0 || labels.ConcreteShape[^1] == 0) throw new ShapeMismatchException($"CategoricalAccuracy: labels and scores are {labels.ConcreteShape}; they need shape [..., classes], with a class at least.");
        return [.. MetricInputs.Largest(labels).Zip(MetricInputs.Largest(scores), static (a, p) => a == p ? 1.0 : 0)];
    }
}

/// <summary>The share of elements whose probability is on the label's side of a threshold.</summary>
public sealed class BinaryAccuracy : MeanMetric, IPredictionMetric
{
    private readonly double threshold;

    /// <summary>Makes a metric.</summary>
    /// <param name="threshold">A probability above it stands for 1.</param>
    /// <param name="name">The name under which progress and summaries show it.</param>
    /// <exception cref="InvalidArgumentException">The threshold is not a number.</exception>
    public BinaryAccuracy(double threshold = 0.5, string name = "binary_accuracy") : base(name) =>
        this.threshold = !double.IsNaN(threshold) ? threshold : throw new InvalidArgumentException("BinaryAccuracy: the threshold is not a number.");

    /// <summary>Adds a batch.</summary>
    /// <param name="labels">0 or 1, of any dtype.</param>
    /// <param name="probabilities">Of the labels' shape; logits with a threshold of 0.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    /// <exception cref="InvalidArgumentException">A label is neither 0 nor 1.</exception>
    public void Update(Tensor labels, Tensor probabilities, Tensor? weights = null)
    {
        AddAll(Hits(labels, probabilities, threshold), MetricInputs.Weights(weights, labels.ConcreteShape, nameof(BinaryAccuracy)));
    }

    /// <summary>1 for each element that is right.</summary>
    internal static double[] Hits(Tensor labels, Tensor probabilities, double threshold)
    {
        MetricInputs.RequireSameShape(labels, probabilities, nameof(BinaryAccuracy));
        return [.. MetricInputs.ZeroOrOne(labels, nameof(BinaryAccuracy)).Zip(MetricInputs.Values(probabilities), (actual, p) => p > threshold == actual ? 1.0 : 0)];
    }
}

/// <summary>What Keras means by <c>accuracy</c>: binary where there is one probability for a label, categorical where labels are rows, sparse where they are class numbers.</summary>
internal sealed class AccuracyByShape() : MeanMetric("accuracy"), IPredictionMetric
{
    public void Update(Tensor labels, Tensor predictions, Tensor? weights = null)
    {
        bool areAlike = labels.ConcreteShape == predictions.ConcreteShape, isOne = labels.Rank < 2 || labels.ConcreteShape[^1] == 1;
        (double[] hits, Shape shape) =
            !areAlike ? (Accuracy.Hits(labels, predictions), labels.ConcreteShape)
            : isOne ? (BinaryAccuracy.Hits(labels, predictions, threshold: 0.5), labels.ConcreteShape)
            : (CategoricalAccuracy.Hits(labels, predictions), labels.ConcreteShape[..^1]);
        AddAll(hits, MetricInputs.Weights(weights, shape, nameof(Accuracy)));
    }
}

/// <summary>The share of rows where fewer than k scores are larger than the label's.</summary>
public sealed class TopKAccuracy : MeanMetric, IPredictionMetric
{
    private readonly int k;

    /// <summary>Makes a metric.</summary>
    /// <param name="k">How many of the largest scores count.</param>
    /// <param name="name">The name under which progress and summaries show it.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="k"/> is not positive.</exception>
    public TopKAccuracy(int k = 5, string name = "top_k_accuracy") : base(name) =>
        this.k = k > 0 ? k : throw new InvalidArgumentException($"TopKAccuracy: k is {k}; it must be at least 1.");

    /// <summary>Adds a batch.</summary>
    /// <param name="labels">Class numbers of an integer dtype, [...].</param>
    /// <param name="scores">Logits or probabilities, [..., classes]; a row whose score at the label is not a number is wrong.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    /// <exception cref="DTypeMismatchException">The labels are not of an integer dtype.</exception>
    /// <exception cref="InvalidArgumentException">A label is no class number.</exception>
    public void Update(Tensor labels, Tensor scores, Tensor? weights = null)
    {
        long[] actual = MetricInputs.ClassNumbers(labels, scores, nameof(TopKAccuracy));
        double[] values = MetricInputs.Values(scores), spread = MetricInputs.Weights(weights, labels.ConcreteShape, nameof(TopKAccuracy));
        int classes = (int)scores.ConcreteShape[^1].Value;
        for (int i = 0; i < actual.Length; i++)
        {
            double own = values[(i * classes) + (int)actual[i]];
            int larger = 0;
            for (int j = 0; j < classes; j++)
                if (values[(i * classes) + j] > own) larger++;
            Add(larger < k && !double.IsNaN(own) ? 1 : 0, spread[i]);
        }
    }
}
