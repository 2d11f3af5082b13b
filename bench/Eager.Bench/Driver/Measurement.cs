namespace Eager.Bench;

/// <summary>What one contestant did in one case: a figure for each of its turns.</summary>
/// <param name="Case">The case within the row, such as "batch 32" or "add".</param>
/// <param name="Unit">steps/s, ns or s.</param>
/// <param name="Setting">The candidate that was quickest, where there were several.</param>
internal sealed record Measurement(
    string Row, string Case, int Threads, string Contestant, string Unit, IReadOnlyList<double> Rounds, double? Loss, string Setting)
{
    public double Median { get; } = Statistics.Median(Rounds);

    /// <summary>Half the distance between the extremes, relative to the median.</summary>
    public double Spread => (Rounds.Max() - Rounds.Min()) / 2 / Median;

    /// <summary>
    /// How many times as quick as another in the same case: the median over the rounds, in each of which the two took
    /// their turns within a second or two, so that a machine that changes its pace does so to both.
    /// </summary>
    public double SpeedAgainst(Measurement other)
        => Statistics.Median(Rounds.Zip(other.Rounds, (own, others) => Unit == "steps/s" ? own / others : others / own));
}

/// <summary>A contestant's memory over a long run without care.</summary>
/// <param name="ResidentMegabytes">After each thousand steps.</param>
/// <param name="PeakMegabytes">The highest within the first thousand steps.</param>
/// <param name="Collections">Of generations 0, 1 and 2, where there is a collector.</param>
internal sealed record MemoryCourse(
    string Contestant, int Batch, double StepsPerSecond, double StartMegabytes, IReadOnlyList<double> ResidentMegabytes,
    double PeakMegabytes, double SlowestMilliseconds, string? Collections);

/// <summary>An epoch from the files of a data set: medians over its turns.</summary>
/// <param name="Waiting">The share of the epoch's time in which training waited for data.</param>
/// <param name="OpeningSeconds">From the files to what the epoch reads from; not part of the epoch.</param>
/// <param name="Loss">The mean over the epoch.</param>
internal sealed record EpochCourse(string Contestant, string Setting, double ImagesPerSecond, double Waiting, double OpeningSeconds, double Loss);

/// <summary>What files cost: medians over the turns.</summary>
/// <param name="Slowdown">How much longer training takes that writes scalars; null where the contestant has nothing to write them with.</param>
internal sealed record FileCourse(string Contestant, double SaveGigabytesPerSecond, double RestoreGigabytesPerSecond, double? Slowdown);

/// <summary>What the machine can do at best with some threads: matrix products and copying.</summary>
internal sealed record Limits(int Threads, double GemmGflops, double CopyGigabytesPerSecond);

/// <summary>All of a run.</summary>
internal sealed record Results(
    Machine Machine, IReadOnlyDictionary<string, string> Versions, IReadOnlyList<Limits> Limits,
    IReadOnlyList<Measurement> Measurements, IReadOnlyList<MemoryCourse> Memory, IReadOnlyList<EpochCourse> Epochs, IReadOnlyList<FileCourse> Files)
{
    /// <summary>
    /// Twenty float32 Adam steps whose sums are ordered differently agree to 1e-4 among the peers; a wrong rule or
    /// constant shows in the first or second digit.
    /// </summary>
    public const double LossTolerance = 1e-3;

    /// <summary>
    /// The mean loss of an epoch depends on the order of its batches, which each contestant shuffles its own way, by less than a hundredth;
    /// labels beside the wrong pictures, or pictures of another scale, show in the first digit.
    /// </summary>
    public const double EpochLossTolerance = 0.05;

    /// <summary>True when the epochs of all contestants learned alike.</summary>
    public static bool LossesAgree(IEnumerable<EpochCourse> epochs) => Agree(epochs.Select(e => e.Loss).ToArray(), EpochLossTolerance);

    /// <summary>True when all contestants of the case computed the same.</summary>
    public static bool LossesAgree(IEnumerable<Measurement> sameCase) => Agree(sameCase.Select(m => m.Loss).OfType<double>().ToArray(), LossTolerance);

    private static bool Agree(double[] losses, double tolerance) => losses.Length == 0 || losses.Max() - losses.Min() <= tolerance * Statistics.Median(losses);
}

internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
