namespace Eager.Train;

/// <summary>Ends training when the loss is not a number or infinite.</summary>
/// <example><code>
/// model.Fit(x, y, epochs: 5, callbacks: [new TerminateOnNaN()]);
/// </code></example>
/// <param name="monitor">The figure to watch.</param>
public sealed class TerminateOnNaN(string monitor = "loss") : Callback
{
    /// <summary>The step whose figure was not finite, null if there was none.</summary>
    public long? Step { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="InvalidArgumentException">The figure is not among the logs.</exception>
    public override void OnBatchEnd(long step, IReadOnlyDictionary<string, double> logs)
    {
        if (double.IsFinite(MonitoredFigure.Read(logs, monitor, nameof(TerminateOnNaN)))) return;
        Step = step;
        Training.StopTraining = true;
    }
}
