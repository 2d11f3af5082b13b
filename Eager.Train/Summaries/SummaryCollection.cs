namespace Eager.Train;

/// <summary>What a program wants to log, said once where it is made and evaluated whenever it is due.</summary>
/// <example><code>
/// var summaries = new SummaryCollection();
/// summaries.Add(() => Summary.Histogram("weights", layer.Kernel));
/// summaries.Add(() => Summary.Scalar("rate", optimizer.LearningRate));
/// …
/// if (step % 100 == 0) writer.Add(summaries.MergeAll(), step);
/// </code></example>
public sealed class SummaryCollection
{
    private readonly List<Func<Summary>> summaries = [];

    /// <summary>Adds a summary to make on each <see cref="MergeAll"/>.</summary>
    public void Add(Func<Summary> summary)
    {
        ArgumentNullException.ThrowIfNull(summary);
        summaries.Add(summary);
    }

    /// <summary>Makes all summaries now, as one.</summary>
    /// <exception cref="InvalidArgumentException">Two values have the same tag.</exception>
    public Summary MergeAll() => Summary.Merge([.. summaries.Select(static make => make())]);
}
