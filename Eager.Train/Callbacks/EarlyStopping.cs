using Eager.Autograd;
using Eager.Layers;

namespace Eager.Train;

/// <summary>Ends training when a figure no longer gets better; names and defaults are Keras's.</summary>
/// <remarks>A checkpoint keeps the best figure and how long it was waited, not the best weights: those of a <see cref="ModelCheckpoint"/> with <c>bestOnly</c> outlast the program.</remarks>
/// <example><code>
/// model.Fit(x, y, epochs: 100, callbacks: [new EarlyStopping(patience: 3, restoreBestWeights: true)]);
/// </code></example>
public sealed class EarlyStopping : Callback, ICheckpointable
{
    private readonly MonitoredFigure figure;
    private readonly int patience;
    private readonly int startFromEpoch;
    private readonly bool restoreBestWeights;
    private List<(Variable Weight, Variable Copy)> bestWeights = [];
    private long waited;

    /// <summary>Makes the callback.</summary>
    /// <param name="monitor">The figure to watch.</param>
    /// <param name="minDelta">By how much it must be better than the best to count.</param>
    /// <param name="patience">After how many epochs in a row without an improvement training ends; 0 ends it with the first, as 1 does.</param>
    /// <param name="mode">Which values are better.</param>
    /// <param name="baseline">The value that the first must be better than; null for none.</param>
    /// <param name="restoreBestWeights">Whether the model has the weights of the best epoch in the end, instead of those of the last.</param>
    /// <param name="startFromEpoch">The first epoch that counts.</param>
    /// <exception cref="InvalidArgumentException">An argument is out of its range.</exception>
    public EarlyStopping(string monitor = "val_loss", double minDelta = 0, int patience = 0, MonitorMode mode = MonitorMode.Auto, double? baseline = null, bool restoreBestWeights = false, int startFromEpoch = 0)
    {
        if (patience < 0 || startFromEpoch < 0) throw new InvalidArgumentException($"EarlyStopping: the patience is {patience}, the first epoch {startFromEpoch}; neither may be negative.");
        figure = new MonitoredFigure(monitor, mode, minDelta, baseline, nameof(EarlyStopping));
        (this.patience, this.startFromEpoch, this.restoreBestWeights) = (patience, startFromEpoch, restoreBestWeights);
    }

    /// <summary>The best value so far; infinite before the first.</summary>
    public double Best => figure.Best;

    /// <summary>The epoch of the best value, null before the first.</summary>
    public int? BestEpoch { get; private set; }

    /// <summary>The epoch after which training was ended, null if it was not.</summary>
    public int? StoppedEpoch { get; private set; }

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext training)
    {
        base.OnTrainBegin(training);
        StoppedEpoch = null;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidArgumentException">The figure is not among the logs.</exception>
    public override void OnEpochEnd(int epoch, IReadOnlyDictionary<string, double> logs)
    {
        if (epoch < startFromEpoch) return;
        if (figure.Improves(logs))
        {
            (waited, BestEpoch) = (0, epoch);
            if (restoreBestWeights) KeepWeights(Training.Model);
        }
        else if (++waited >= patience)
        {
            StoppedEpoch = epoch;
            Training.StopTraining = true;
        }
    }

    /// <inheritdoc/>
    public override void OnTrainEnd(IReadOnlyDictionary<string, double> logs)
    {
        foreach ((Variable weight, Variable copy) in bestWeights) weight.Assign(copy);
        ForgetWeights();
    }

    /// <summary>The best value and how many epochs passed since.</summary>
    public IEnumerable<StateEntry> GetState() =>
    [
        StateEntry.Double("best", () => figure.Best, value => figure.Best = value),
        StateEntry.Int64("waited", () => waited, value => waited = value),
    ];

    // Variables of its own, so that no scope of the training loop frees them.
    private void KeepWeights(Layer model)
    {
        ForgetWeights();
        bestWeights = [.. model.Parameters.Select(static p => (p.Variable, new Variable(p.Variable, trainable: false)))];
    }

    private void ForgetWeights()
    {
        foreach ((_, Variable copy) in bestWeights) copy.Dispose();
        bestWeights = [];
    }
}
