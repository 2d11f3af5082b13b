namespace Eager.Train;

/// <summary>A figure that is gathered batch by batch; a checkpoint can keep what was gathered so far.</summary>
public abstract class Metric : ICheckpointable
{
    /// <summary>The name under which progress and summaries show it.</summary>
    public abstract string Name { get; }

    /// <summary>The figure over all that was seen since the last <see cref="Reset"/>; not a number before anything was.</summary>
    public abstract double Result { get; }

    /// <summary>Forgets what was seen.</summary>
    public abstract void Reset();

    /// <summary>What was gathered since the last <see cref="Reset"/>.</summary>
    public abstract IEnumerable<StateEntry> GetState();
}

/// <summary>The mean of numbers.</summary>
/// <param name="name">The name under which progress and summaries show it.</param>
public sealed class Mean(string name = "mean") : Metric
{
    private double sum;
    private double weight;

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override double Result => sum / weight;

    /// <summary>Adds a number.</summary>
    /// <param name="value">The number.</param>
    /// <param name="weight">How often it counts, such as the size of the batch that it is the mean of.</param>
    public void Update(double value, double weight = 1)
    {
        sum += value * weight;
        this.weight += weight;
    }

    /// <inheritdoc/>
    public override void Reset() => sum = weight = 0;

    /// <inheritdoc/>
    public override IEnumerable<StateEntry> GetState() =>
    [
        StateEntry.Int64("sum", () => BitConverter.DoubleToInt64Bits(sum), bits => sum = BitConverter.Int64BitsToDouble(bits)),
        StateEntry.Int64("weight", () => BitConverter.DoubleToInt64Bits(weight), bits => weight = BitConverter.Int64BitsToDouble(bits)),
    ];
}

/// <summary>The share of rows whose largest score is at the label.</summary>
/// <param name="name">The name under which progress and summaries show it.</param>
public sealed class Accuracy(string name = "accuracy") : Metric
{
    private long right;
    private long seen;

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override double Result => (double)right / seen;

    /// <summary>Adds a batch.</summary>
    /// <param name="labels">Class numbers of an integer dtype, [n].</param>
    /// <param name="scores">Logits or probabilities, [n, classes].</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    public void Update(Tensor labels, Tensor scores)
    {
        Scores.RequireFit(labels, scores, nameof(Accuracy));
        using var scope = Temporaries.Begin();
        right += scores.ArgMax(-1).Equal(labels.Cast(DType.Int64)).Sum().Item<long>();
        seen += labels.ElementCount;
    }

    /// <inheritdoc/>
    public override void Reset() => right = seen = 0;

    /// <inheritdoc/>
    public override IEnumerable<StateEntry> GetState() =>
    [
        StateEntry.Int64("right", () => right, value => right = value),
        StateEntry.Int64("seen", () => seen, value => seen = value),
    ];
}

/// <summary>How often each class was taken for each: rows are labels, columns are predictions.</summary>
/// <param name="classes">The number of classes.</param>
public sealed class ConfusionMatrix(int classes)
{
    private readonly long[,] counts = new long[classes, classes];

    /// <summary>The number of classes.</summary>
    public int Classes => classes;

    /// <summary>How often a class was taken for another.</summary>
    /// <param name="label">The class that it was.</param>
    /// <param name="prediction">The class that it was taken for.</param>
    public long this[int label, int prediction] => counts[label, prediction];

    /// <summary>Adds a batch.</summary>
    /// <param name="labels">Class numbers of an integer dtype, [n].</param>
    /// <param name="scores">Logits or probabilities, [n, classes].</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    /// <exception cref="InvalidArgumentException">A label is no class number.</exception>
    public void Update(Tensor labels, Tensor scores)
    {
        Scores.RequireFit(labels, scores, nameof(ConfusionMatrix));
        if (scores.ConcreteShape[1] != classes) throw new ShapeMismatchException($"ConfusionMatrix: the scores are {scores.ConcreteShape}, the matrix is for {classes} classes.");
        using var scope = Temporaries.Begin();
        long[] actual = labels.Cast(DType.Int64).ToArray<long>(), predicted = scores.ArgMax(-1).ToArray<long>();
        foreach (long label in actual)
            if (label < 0 || label >= classes) throw new InvalidArgumentException($"ConfusionMatrix: label {label} is not in [0, {classes}).");
        for (int i = 0; i < actual.Length; i++) counts[actual[i], predicted[i]]++;
    }

    /// <summary>Forgets what was seen.</summary>
    public void Reset() => Array.Clear(counts);
}

internal static class Scores
{
    internal static void RequireFit(Tensor labels, Tensor scores, string name)
    {
        if (labels.Rank != 1 || scores.Rank != 2 || labels.ConcreteShape[0] != scores.ConcreteShape[0])
            throw new ShapeMismatchException($"{name}: labels are {labels.ConcreteShape}, scores {scores.ConcreteShape}; they need shapes [n] and [n, classes].");
        if (!labels.DType.IsInteger()) throw new DTypeMismatchException($"{name}: the labels are {labels.DType.Name()}; give class numbers of an integer dtype.");
    }
}
