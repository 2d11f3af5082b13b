namespace Eager.Autograd;

/// <summary>Adds up the gradients of several small batches, so that they train as one large batch does.</summary>
/// <example>
/// <code>
/// using var accumulator = new GradientAccumulator();
/// foreach (Batch part in parts) accumulator.Add(GradientsOf(part));
/// optimizer.Apply(accumulator.Mean(), variables);
/// accumulator.Reset();
/// </code>
/// </example>
public sealed class GradientAccumulator : IDisposable
{
    private Tensor?[] sums = [];

    /// <summary>How many sets of gradients were added since the last <see cref="Reset"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Adds one set of gradients; null counts as zero.</summary>
    /// <exception cref="InvalidArgumentException">The set has another number of gradients than those before; nothing is added.</exception>
    /// <exception cref="ShapeMismatchException">A gradient has another shape than those before at its place; nothing is added.</exception>
    public void Add(IReadOnlyList<Tensor?> gradients)
    {
        if (Count > 0 && gradients.Count != sums.Length)
            throw new InvalidArgumentException($"GradientAccumulator: {gradients.Count} gradients were added to {sums.Length}; add one for each variable every time.");
        for (int i = 0; i < gradients.Count && Count > 0; i++)
            if (gradients[i] is { } gradient && sums[i] is { } sum && gradient.ConcreteShape != sum.ConcreteShape)
                throw new ShapeMismatchException($"GradientAccumulator: gradient {i} is {gradient.ConcreteShape}, those before were {sum.ConcreteShape}; the shapes must be equal.");
        if (Count == 0) sums = new Tensor?[gradients.Count];
        using var scope = Temporaries.Begin();
        for (int i = 0; i < sums.Length; i++)
        {
            if (gradients[i] is not { } gradient) continue;
            Tensor? before = sums[i];
            // Kept outside every scope: a step's scope ends before the next batch.
            sums[i] = (before is null ? gradient : before + gradient).AliasUnscoped();
            before?.Dispose();
        }
        Count++;
    }

    /// <summary>The sums; null where no gradient was added.</summary>
    public Tensor?[] Sum() => Array.ConvertAll(sums, static sum => sum?.Alias());

    /// <summary>The sums divided by the number of sets; null where no gradient was added.</summary>
    /// <exception cref="InvalidArgumentException">Nothing was added.</exception>
    public Tensor?[] Mean()
    {
        if (Count == 0) throw new InvalidArgumentException("GradientAccumulator: there is no mean before the first Add.");
        return Array.ConvertAll(sums, sum => sum is null ? null : sum / (double)Count);
    }

    /// <summary>Forgets what was added.</summary>
    public void Reset()
    {
        foreach (Tensor? sum in sums) sum?.Dispose();
        (sums, Count) = ([], 0);
    }

    /// <summary>Frees the sums.</summary>
    public void Dispose() => Reset();
}
