namespace Eager.Train;

/// <summary>Saves a checkpoint after each epoch or every so many steps, or only when a figure was never better.</summary>
/// <example><code>
/// // The last five epochs, and the best one of all.
/// Callback[] callbacks = [new ModelCheckpoint("runs/first"), new ModelCheckpoint("runs/first/best", bestOnly: true, maxToKeep: 1)];
/// </code></example>
public sealed class ModelCheckpoint : Callback, ICheckpointable
{
    private readonly MonitoredFigure? figure;
    private readonly long? everySteps;
    private readonly Func<TrainingContext, CheckpointManager> open;
    private CheckpointManager? manager;

    /// <summary>Saves model and optimizer into a folder.</summary>
    /// <param name="folder">The folder, made when the first checkpoint is saved.</param>
    /// <param name="monitor">The figure that says which is best; looked at only with <paramref name="bestOnly"/>.</param>
    /// <param name="bestOnly">Whether to save only when the figure is better than ever before.</param>
    /// <param name="mode">Which values are better.</param>
    /// <param name="threshold">The value that the first must be better than; null for none.</param>
    /// <param name="everySteps">After how many steps of the optimizer to save; null to save after each epoch.</param>
    /// <param name="maxToKeep">How many checkpoints stay.</param>
    /// <exception cref="InvalidArgumentException">An argument is out of its range.</exception>
    public ModelCheckpoint(string folder, string monitor = "val_loss", bool bestOnly = false, MonitorMode mode = MonitorMode.Auto, double? threshold = null, long? everySteps = null, int maxToKeep = 5)
        : this(training => new CheckpointManager(new Checkpoint().Add("model", training.Model).Add("optimizer", training.Optimizer), folder, maxToKeep), monitor, bestOnly, mode, threshold, everySteps)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (maxToKeep < 1) throw new InvalidArgumentException($"ModelCheckpoint: maxToKeep is {maxToKeep}; it must be at least 1.");
    }

    /// <summary>Saves what a manager saves.</summary>
    /// <param name="manager">What to save, and where.</param>
    /// <param name="monitor">The figure that says which is best; looked at only with <paramref name="bestOnly"/>.</param>
    /// <param name="bestOnly">Whether to save only when the figure is better than ever before.</param>
    /// <param name="mode">Which values are better.</param>
    /// <param name="threshold">The value that the first must be better than; null for none.</param>
    /// <param name="everySteps">After how many steps of the optimizer to save; null to save after each epoch.</param>
    /// <exception cref="InvalidArgumentException">An argument is out of its range.</exception>
    public ModelCheckpoint(CheckpointManager manager, string monitor = "val_loss", bool bestOnly = false, MonitorMode mode = MonitorMode.Auto, double? threshold = null, long? everySteps = null)
        : this(_ => manager, monitor, bestOnly, mode, threshold, everySteps) => ArgumentNullException.ThrowIfNull(manager);

    private ModelCheckpoint(Func<TrainingContext, CheckpointManager> open, string monitor, bool bestOnly, MonitorMode mode, double? threshold, long? everySteps)
    {
        if (everySteps < 1) throw new InvalidArgumentException($"ModelCheckpoint: everySteps is {everySteps}; it must be at least 1, or null for once an epoch.");
        if (bestOnly) figure = new MonitoredFigure(monitor, mode, minDelta: 0, threshold, nameof(ModelCheckpoint));
        (this.open, this.everySteps) = (open, everySteps);
    }

    /// <summary>The path of the checkpoint that was saved last, null if there is none.</summary>
    public string? Latest => manager?.Latest;

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext training)
    {
        base.OnTrainBegin(training);
        manager = open(training);
    }

    /// <inheritdoc/>
    /// <exception cref="FileWriteException">The checkpoint cannot be written; those before it stand.</exception>
    public override void OnBatchEnd(long step, IReadOnlyDictionary<string, double> logs)
    {
        if ((step + 1) % everySteps == 0) SaveIfBest(logs);
    }

    /// <inheritdoc/>
    /// <exception cref="FileWriteException">The checkpoint cannot be written; those before it stand.</exception>
    public override void OnEpochEnd(int epoch, IReadOnlyDictionary<string, double> logs)
    {
        if (everySteps is null) SaveIfBest(logs);
    }

    /// <summary>The best value so far, where only the best is saved; so a resumed training does not put a worse one in its place.</summary>
    public IEnumerable<StateEntry> GetState() => figure is null ? [] : [StateEntry.Double("best", () => figure.Best, value => figure.Best = value)];

    private void SaveIfBest(IReadOnlyDictionary<string, double> logs)
    {
        if (figure?.Improves(logs) != false) manager!.Save(Training.Optimizer.Step);
    }
}
