namespace Eager.Train;

/// <summary>Something that a training loop tells what it does: when training, epochs, batches and evaluations begin and end.</summary>
/// <remarks>
/// Epochs count from 0; steps too, over all epochs. Figures go by the names of their metrics, those of validation with <see cref="ValidationPrefix"/> before them:
/// <c>loss</c>, <c>accuracy</c>, <c>val_loss</c>, <c>val_accuracy</c>. An epoch's evaluation lies between its last batch and its end.
/// </remarks>
/// <example><code>
/// sealed class StopAtAccuracy(double target) : Callback
/// {
///     public override void OnEpochEnd(int epoch, IReadOnlyDictionary&lt;string, double&gt; logs) => Training.StopTraining |= logs["val_accuracy"] >= target;
/// }
/// </code></example>
public abstract class Callback
{
    /// <summary>What stands before the names of figures of validation.</summary>
    public const string ValidationPrefix = "val_";

    private TrainingContext? training;

    /// <summary>The training that began last.</summary>
    /// <exception cref="InvalidArgumentException">None has begun.</exception>
    protected TrainingContext Training =>
        training ?? throw new InvalidArgumentException($"{GetType().Name}: no training has begun; call OnTrainBegin first, and from an override of it, base.OnTrainBegin.");

    /// <summary>Training begins; an override calls this one first.</summary>
    public virtual void OnTrainBegin(TrainingContext training)
    {
        ArgumentNullException.ThrowIfNull(training);
        this.training = training;
    }

    /// <summary>Training ended; called after an error, too, so that what is open is closed.</summary>
    /// <param name="logs">The figures of the last epoch, empty if there was none.</param>
    public virtual void OnTrainEnd(IReadOnlyDictionary<string, double> logs) { }

    /// <summary>An epoch begins.</summary>
    /// <param name="epoch">Its number, from 0.</param>
    public virtual void OnEpochBegin(int epoch) { }

    /// <summary>An epoch and its validation ended.</summary>
    /// <param name="epoch">Its number, from 0.</param>
    /// <param name="logs">The figures over the epoch, and those of its validation.</param>
    public virtual void OnEpochEnd(int epoch, IReadOnlyDictionary<string, double> logs) { }

    /// <summary>A training step begins.</summary>
    /// <param name="step">How many steps were made before it, over all epochs.</param>
    public virtual void OnBatchBegin(long step) { }

    /// <summary>A training step ended.</summary>
    /// <param name="step">How many steps were made before it, over all epochs.</param>
    /// <param name="logs">The figures over the epoch so far.</param>
    public virtual void OnBatchEnd(long step, IReadOnlyDictionary<string, double> logs) { }

    /// <summary>An evaluation begins, of an epoch or apart from any training.</summary>
    public virtual void OnEvaluationBegin() { }

    /// <summary>An evaluation ended.</summary>
    /// <param name="logs">Its figures, without a prefix.</param>
    public virtual void OnEvaluationEnd(IReadOnlyDictionary<string, double> logs) { }
}
