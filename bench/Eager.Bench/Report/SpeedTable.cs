namespace Eager.Bench;

/// <summary>One line of the overview: the speed of each contestant against the tuned PyTorch.</summary>
internal sealed record SpeedLine(string Title, IReadOnlyDictionary<(string Contestant, int Threads), double> Speeds)
{
    public double? Speed(string contestant, int threads) => Speeds.TryGetValue((contestant, threads), out var speed) ? speed : null;
}

/// <summary>The small operations as their median, and each training row whose losses agree.</summary>
internal static class SpeedTable
{
    public static IReadOnlyList<SpeedLine> Of(Results results) => [.. Operations(results), .. Trainings(results)];

    private static IEnumerable<SpeedLine> Operations(Results results)
    {
        var operations = results.Measurements.Where(m => m.Row == "W1").ToArray();
        var speeds = new Dictionary<(string, int), double>();
        foreach (var group in operations.GroupBy(m => (m.Contestant, m.Threads)))
        {
            var sameThreads = operations.Where(m => m.Threads == group.Key.Threads);
            if (MarkdownReport.MedianSpeed(sameThreads, group.Key.Contestant) is { } speed)
                speeds[group.Key] = speed;
        }

        if (speeds.Count > 0)
            yield return new SpeedLine("small operation (median)", speeds);
    }

    private static IEnumerable<SpeedLine> Trainings(Results results)
    {
        foreach (var line in results.Measurements.Where(m => m.Unit == "steps/s").GroupBy(m => m.Case))
        {
            var speeds = new Dictionary<(string, int), double>();
            foreach (var sameThreads in line.GroupBy(m => m.Threads).Where(Results.LossesAgree))
            {
                if (sameThreads.FirstOrDefault(m => m.Contestant == Roster.PyTorchTuned) is not { } reference)
                    continue;
                foreach (var m in sameThreads)
                    speeds[(m.Contestant, m.Threads)] = m.SpeedAgainst(reference);
            }

            if (speeds.Count > 0)
                yield return new SpeedLine(line.Key, speeds);
        }
    }
}
