namespace Eager.Train;

/// <summary>A figure that is gathered batch by batch; a checkpoint can keep what was gathered so far.</summary>
/// <remarks>
/// Sums are kept in double precision. Weights are a scalar, one per example (the first axis), or one per element.
/// A batch that is refused changes nothing.
/// </remarks>
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

/// <summary>Reads what metrics are given, and refuses what does not fit.</summary>
internal static class MetricInputs
{
    internal static double[] Values(Tensor tensor)
    {
        using var scope = Temporaries.Begin();
        return tensor.Cast(DType.Float64).ToArray<double>();
    }

    internal static long[] Integers(Tensor tensor)
    {
        using var scope = Temporaries.Begin();
        return tensor.Cast(DType.Int64).ToArray<long>();
    }

    /// <summary>A weight for each element of a shape.</summary>
    internal static double[] Weights(Tensor? weights, Shape shape, string metric)
    {
        var spread = new double[shape.ElementCount];
        if (weights is null)
        {
            Array.Fill(spread, 1);
            return spread;
        }
        bool each = weights.ConcreteShape == shape, perExample = shape.Rank > 0 && weights.Rank == 1 && weights.ConcreteShape[0] == shape[0];
        if (!each && !perExample && weights.Rank != 0)
            throw new ShapeMismatchException($"{metric}: the weights are {weights.ConcreteShape}, the figures {shape}; give a scalar, one weight per example, or one per element.");
        double[] given = Values(weights);
        for (int i = 0; i < spread.Length; i++) spread[i] = given[(int)((long)i * given.Length / spread.Length)];
        return spread;
    }

    internal static void RequireSameShape(Tensor labels, Tensor predictions, string metric)
    {
        if (labels.ConcreteShape != predictions.ConcreteShape)
            throw new ShapeMismatchException($"{metric}: labels are {labels.ConcreteShape}, predictions {predictions.ConcreteShape}; the shapes must be equal, so that none is stretched by mistake.");
    }

    /// <summary>Labels of shape [...] that are class numbers, for scores of shape [..., classes].</summary>
    internal static long[] ClassNumbers(Tensor labels, Tensor scores, string metric, int? classes = null)
    {
        if (scores.Rank == 0 || labels.ConcreteShape != scores.ConcreteShape[..^1])
            throw new ShapeMismatchException($"{metric}: labels are {labels.ConcreteShape}, scores {scores.ConcreteShape}; they need shapes [...] and [..., classes], as in [n] and [n, classes].");
        if (!labels.DType.IsInteger()) throw new DTypeMismatchException($"{metric}: the labels are {labels.DType.Name()}; give class numbers of an integer dtype.");
        if (classes is not null && scores.ConcreteShape[^1] != classes.Value) throw new ShapeMismatchException($"{metric}: the scores are {scores.ConcreteShape}, but there are {classes} classes.");
        long[] numbers = Integers(labels);
        foreach (long label in numbers)
            if (label < 0 || label >= scores.ConcreteShape[^1]) throw new InvalidArgumentException($"{metric}: label {label} is not in [0, {scores.ConcreteShape[^1]}).");
        return numbers;
    }

    /// <summary>Labels that are 0 or 1, as whether they are 1.</summary>
    internal static bool[] ZeroOrOne(Tensor labels, string metric) => Array.ConvertAll(Values(labels), label => label switch
    {
        0 => false,
        1 => true,
        _ => throw new InvalidArgumentException($"{metric}: label {label} is neither 0 nor 1."),
    });

    /// <summary>The place of the largest score of each row; the first of several.</summary>
    internal static long[] Largest(Tensor scores)
    {
        using var scope = Temporaries.Begin();
        return scores.ArgMax(-1).ToArray<long>();
    }
}
