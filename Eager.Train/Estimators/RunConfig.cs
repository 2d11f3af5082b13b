namespace Eager.Train;

/// <summary>How an <see cref="Estimator{TFeatures, TLabels}"/> runs: where it saves, how often, and from which seed.</summary>
/// <example><code>
/// var config = new RunConfig { ModelDirectory = "runs/first", SaveCheckpointsSteps = 500, Seed = 1 };
/// RunConfig elsewhere = config with { ModelDirectory = "runs/second" };
/// </code></example>
public sealed record RunConfig
{
    /// <summary>The folder of checkpoints and summaries; when null nothing is written, and the model lives as long as its estimator.</summary>
    public string? ModelDirectory { get; init; }

    /// <summary>What fixes initial weights, the order of shuffled data, dropout and all else that draws random numbers; drawn when null.</summary>
    public long? Seed { get; init; }

    /// <summary>After how many training steps a checkpoint is saved; null for by the clock only. One is also saved at the end of each training.</summary>
    /// <exception cref="InvalidArgumentException">The number is not positive.</exception>
    public long? SaveCheckpointsSteps { get; init => field = Positive(value, nameof(SaveCheckpointsSteps)); }

    /// <summary>After how many seconds a checkpoint is saved; null for by steps only.</summary>
    /// <exception cref="InvalidArgumentException">The number is not positive.</exception>
    public double? SaveCheckpointsSeconds
    {
        get;
        init => field = value is null or > 0 ? value : throw new InvalidArgumentException($"RunConfig.SaveCheckpointsSeconds: {value} is no time to wait; give more than 0, or null to save by steps only.");
    } = 600;

    /// <summary>How many checkpoints stay.</summary>
    /// <exception cref="InvalidArgumentException">The number is not positive.</exception>
    public int KeepCheckpointMax { get; init => field = (int)Positive(value, nameof(KeepCheckpointMax))!.Value; } = 5;

    /// <summary>One checkpoint each so many hours stays for good.</summary>
    public double KeepCheckpointEveryHours { get; init; } = 10_000;

    /// <summary>After how many training steps summaries are written; null for never.</summary>
    /// <exception cref="InvalidArgumentException">The number is not positive.</exception>
    public long? SaveSummarySteps { get; init => field = Positive(value, nameof(SaveSummarySteps)); } = 100;

    /// <summary>Where the model computes; batches are moved there.</summary>
    public Device Device { get; init; }

    /// <summary>What tells the time; the system's clock unless set.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    private static long? Positive(long? number, string name) =>
        number is null or > 0 ? number : throw new InvalidArgumentException($"RunConfig.{name}: {number} is too few; it must be at least 1.");
}
