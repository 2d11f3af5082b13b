namespace Eager.Train;

/// <summary>The summaries of an estimator: those of training in its folder, those of evaluations in folders below it.</summary>
internal sealed class EstimatorLog(RunConfig config, HyperParameters parameters) : IDisposable
{
    private readonly Dictionary<string, FileWriter> writers = new(StringComparer.Ordinal);

    /// <summary>A training begins or goes on.</summary>
    internal void Begin(long step)
    {
        if (config.SaveSummarySteps is null || config.ModelDirectory is null || writers.ContainsKey("")) return;
        FileWriter writer = Open("")!;
        writer.AddSessionLog(SessionStatus.Start, step);
        if (parameters.Names.Count > 0) writer.Add(Summary.TrialStart(parameters.ToDictionary(static p => p.Key, static p => Shown(p.Value), StringComparer.Ordinal)), step);
    }

    /// <summary>Logs a training step.</summary>
    internal void WriteStep(EstimatorRun run, StepTimer timer)
    {
        if (Open("") is not { } writer) return;
        writer.AddScalar("loss", run.Loss, run.GlobalStep);
        if (timer.StepsPerSecond(run.Steps) is { } rate) writer.AddScalar("global_step/sec", rate, run.GlobalStep);
        if (run.Spec?.Summaries is { } more) writer.Add(more(), run.GlobalStep);
    }

    /// <summary>Logs the figures of an evaluation.</summary>
    internal void WriteEvaluation(string? name, IEnumerable<KeyValuePair<string, double>> figures, long step)
    {
        if (Open(string.IsNullOrEmpty(name) ? "eval" : $"eval_{name}") is not { } writer) return;
        foreach ((string figure, double value) in figures) writer.AddScalar(figure, value, step);
        writer.Flush();
    }

    internal void Flush()
    {
        foreach (FileWriter writer in writers.Values) writer.Flush();
    }

    public void Dispose()
    {
        foreach (FileWriter writer in writers.Values) writer.Dispose();
        writers.Clear();
    }

    private FileWriter? Open(string folder)
    {
        if (config.ModelDirectory is null || config.SaveSummarySteps is null) return null;
        if (!writers.TryGetValue(folder, out FileWriter? writer)) writers.Add(folder, writer = new FileWriter(Path.Combine(config.ModelDirectory, folder)));
        return writer;
    }

    // The dashboard knows texts, bools and doubles.
    private static object Shown(object value) => value switch
    {
        bool or double => value,
        long integer => (double)integer,
        _ => HyperParameters.Format(value),
    };
}

/// <summary>When the last checkpoint was saved, and how fast steps are made.</summary>
internal sealed class StepTimer(TimeProvider clock)
{
    private long saved = clock.GetTimestamp();
    private long asked = clock.GetTimestamp();
    private long stepsThen;

    internal double SecondsSinceSave => clock.GetElapsedTime(saved).TotalSeconds;

    internal void Saved() => saved = clock.GetTimestamp();

    /// <summary>The rate since it was last asked for; null where no time went by.</summary>
    internal double? StepsPerSecond(long steps)
    {
        double seconds = clock.GetElapsedTime(asked).TotalSeconds;
        double? rate = seconds > 0 ? (steps - stepsThen) / seconds : null;
        (asked, stepsThen) = (clock.GetTimestamp(), steps);
        return rate;
    }
}
