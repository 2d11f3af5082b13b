using Spectre.Console;

namespace Eager.Train;

/// <summary>Shows each epoch's progress, with loss, metrics, rate and time left, and a line with all figures when it ended; plain lines where the output is no terminal.</summary>
/// <example><code>
/// model.Fit(x, y, epochs: 5, verbose: false, callbacks: [new ProgressBar()]);
/// </code></example>
public sealed class ProgressBar : Callback
{
    private readonly IAnsiConsole console;
    private readonly TimeSpan? interval;
    private TrainingProgress? progress;

    /// <summary>Makes the callback.</summary>
    /// <param name="console">Where to show it; the process's console when null.</param>
    public ProgressBar(IAnsiConsole? console = null) : this(console ?? AnsiConsole.Console, interval: null)
    {
    }

    internal ProgressBar(IAnsiConsole console, TimeSpan? interval) => (this.console, this.interval) = (console, interval);

    /// <inheritdoc/>
    public override void OnEpochBegin(int epoch)
    {
        Close();
        progress = new TrainingProgress(Title(epoch), Training.StepsPerEpoch ?? 0, "steps", done: 0, console, interval);
    }

    /// <inheritdoc/>
    public override void OnBatchEnd(long step, IReadOnlyDictionary<string, double> logs) => progress?.Advance(1, logs);

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IReadOnlyDictionary<string, double> logs)
    {
        Close();
        console.WriteLine($"{Title(epoch)}: {TrainingProgress.Describe(logs)}");
    }

    /// <inheritdoc/>
    public override void OnTrainEnd(IReadOnlyDictionary<string, double> logs) => Close();

    private string Title(int epoch) => $"epoch {epoch + 1}/{Training.Epochs}";

    private void Close()
    {
        progress?.Dispose();
        progress = null;
    }
}
