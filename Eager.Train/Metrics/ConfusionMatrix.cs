namespace Eager.Train;

/// <summary>How often each class was taken for each: rows are labels, columns are predictions.</summary>
public sealed class ConfusionMatrix : ICheckpointable
{
    private readonly double[] counts;

    /// <summary>Makes an empty matrix.</summary>
    /// <param name="classes">The number of classes.</param>
    /// <exception cref="InvalidArgumentException">There is no class.</exception>
    public ConfusionMatrix(int classes)
    {
        if (classes < 1) throw new InvalidArgumentException($"ConfusionMatrix: there are {classes} classes; give at least 1.");
        Classes = classes;
        counts = new double[(long)classes * classes];
    }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>How often, or with which weight, a class was taken for another.</summary>
    /// <param name="label">The class that it was.</param>
    /// <param name="prediction">The class that it was taken for.</param>
    public double this[int label, int prediction] => counts[Place(label, prediction)];

    /// <summary>Adds a batch.</summary>
    /// <param name="labels">Class numbers of an integer dtype, [n].</param>
    /// <param name="scores">Logits or probabilities, [n, classes].</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    /// <exception cref="InvalidArgumentException">A label is no class number.</exception>
    public void Update(Tensor labels, Tensor scores, Tensor? weights = null)
    {
        long[] actual = MetricInputs.ClassNumbers(labels, scores, nameof(ConfusionMatrix), Classes), predicted = MetricInputs.Largest(scores);
        double[] spread = MetricInputs.Weights(weights, labels.ConcreteShape, nameof(ConfusionMatrix));
        for (int i = 0; i < actual.Length; i++) counts[Place((int)actual[i], (int)predicted[i])] += spread[i];
    }

    /// <summary>Forgets what was seen.</summary>
    public void Reset() => Array.Clear(counts);

    /// <summary>The counts.</summary>
    public IEnumerable<StateEntry> GetState() => [StateEntry.Doubles("counts", () => counts, values => values.CopyTo(counts, 0), Shape.FromSizes(Classes, Classes))];

    private int Place(int label, int prediction)
    {
        if ((uint)label >= (uint)Classes || (uint)prediction >= (uint)Classes) throw new InvalidArgumentException($"ConfusionMatrix: [{label}, {prediction}] is no place among {Classes} classes.");
        return (label * Classes) + prediction;
    }
}
