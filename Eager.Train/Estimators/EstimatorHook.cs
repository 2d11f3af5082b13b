using System.Globalization;

namespace Eager.Train;

/// <summary>Something that an estimator tells what it does, step by step.</summary>
public abstract class EstimatorHook
{
    /// <summary>A training or an evaluation begins.</summary>
    /// <param name="run">What goes on.</param>
    public virtual void OnBegin(EstimatorRun run) { }

    /// <summary>A step begins.</summary>
    /// <param name="run">What goes on; its <see cref="EstimatorRun.Spec"/> is still that of the step before.</param>
    public virtual void BeforeStep(EstimatorRun run) { }

    /// <summary>A step ended; of a training step, with its update made.</summary>
    /// <param name="run">What goes on.</param>
    public virtual void AfterStep(EstimatorRun run) { }

    /// <summary>The training or the evaluation ended, whatever ended it.</summary>
    /// <param name="run">What went on.</param>
    public virtual void OnEnd(EstimatorRun run) { }
}

/// <summary>A training or an evaluation that goes on, as hooks see it.</summary>
public sealed class EstimatorRun
{
    internal EstimatorRun(EstimatorMode mode, long globalStep) => (Mode, GlobalStep) = (mode, globalStep);

    /// <summary>Training or evaluation.</summary>
    public EstimatorMode Mode { get; }

    /// <summary>How many training steps the model has had.</summary>
    public long GlobalStep { get; internal set; }

    /// <summary>How many steps this run has had.</summary>
    public long Steps { get; internal set; }

    /// <summary>The loss of the last batch; not a number before the first.</summary>
    public double Loss { get; internal set; } = double.NaN;

    /// <summary>What the model function gave for the last batch; its tensors are freed when the step is over.</summary>
    public EstimatorSpec? Spec { get; internal set; }

    /// <summary>Whether a hook asked for the end.</summary>
    public bool StopRequested { get; private set; }

    /// <summary>Ends the run after the step at hand; what a run does at its end, such as saving, is still done.</summary>
    public void RequestStop() => StopRequested = true;
}

/// <summary>Prints the loss and how fast steps are made, every so many training steps.</summary>
public sealed class StepLog : EstimatorHook
{
    private readonly long everySteps;
    private readonly TextWriter? output;
    private readonly TimeProvider clock;
    private long started;
    private long stepsThen;

    /// <summary>Makes the hook.</summary>
    /// <param name="everySteps">After how many steps of a run a line is printed.</param>
    /// <param name="output">Where to; the console when null.</param>
    /// <param name="clock">What tells the time; the system's clock when null.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="everySteps"/> is not positive.</exception>
    public StepLog(long everySteps = 100, TextWriter? output = null, TimeProvider? clock = null)
    {
        if (everySteps < 1) throw new InvalidArgumentException($"StepLog: everySteps is {everySteps}; it must be at least 1.");
        (this.everySteps, this.output, this.clock) = (everySteps, output, clock ?? TimeProvider.System);
    }

    /// <inheritdoc/>
    public override void OnBegin(EstimatorRun run) => (started, stepsThen) = (clock.GetTimestamp(), run.Steps);

    /// <inheritdoc/>
    public override void AfterStep(EstimatorRun run)
    {
        if (run.Mode != EstimatorMode.Train || run.Steps % everySteps != 0) return;
        double seconds = clock.GetElapsedTime(started).TotalSeconds;
        string rate = seconds > 0 ? string.Create(CultureInfo.InvariantCulture, $", {(run.Steps - stepsThen) / seconds:F1} steps a second") : "";
        (output ?? Console.Out).WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {run.GlobalStep}: loss {run.Loss:G6}{rate}"));
        OnBegin(run);
    }
}
