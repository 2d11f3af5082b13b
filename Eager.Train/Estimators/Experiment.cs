namespace Eager.Train;

/// <summary>A training and its evaluation, all settled: what <see cref="LearnRunner"/> runs by the name of a member.</summary>
/// <remarks>Public members of a derived class that take nothing can be named on the command line, too.</remarks>
public abstract class Experiment
{
    /// <summary>Trains to the end.</summary>
    public abstract void Train();

    /// <summary>Evaluates the model as it is.</summary>
    public abstract IReadOnlyDictionary<string, double> Evaluate();

    /// <summary>Trains to the end, with evaluations in between and one at the end.</summary>
    public abstract IReadOnlyDictionary<string, double> TrainAndEvaluate();
}

/// <summary>An <see cref="Estimator{TFeatures, TLabels}"/> with the data to train and to evaluate it on.</summary>
/// <typeparam name="TFeatures">A tensor or a dictionary of tensors by name.</typeparam>
/// <typeparam name="TLabels">A tensor or a dictionary of tensors by name.</typeparam>
/// <example><code>
/// var experiment = new Experiment&lt;Tensor, Tensor&gt;(estimator, () => train.Shuffle().Batch(128).Repeat(), () => test.Batch(1000), trainSteps: 5000, evalEverySteps: 500, bestFigure: "accuracy");
/// IReadOnlyDictionary&lt;string, double&gt; figures = experiment.TrainAndEvaluate();
/// </code></example>
public class Experiment<TFeatures, TLabels> : Experiment
    where TFeatures : class
    where TLabels : class
{
    private readonly Func<IEnumerable<(TFeatures Features, TLabels Labels)>> trainInputFunction;
    private readonly Func<IEnumerable<(TFeatures Features, TLabels Labels)>> evalInputFunction;
    private readonly long? trainSteps;
    private readonly long? evalSteps;
    private readonly long evalEverySteps;
    private readonly EstimatorHook[] hooks;
    private readonly BestExport? best;

    /// <summary>Makes an experiment; nothing runs yet.</summary>
    /// <param name="estimator">The model.</param>
    /// <param name="trainInputFunction">Gives the batches to train on.</param>
    /// <param name="evalInputFunction">Gives the batches to evaluate on.</param>
    /// <param name="trainSteps">The number of steps of the model, those before a resumption included, at which training ends; null for the end of the input.</param>
    /// <param name="evalSteps">How many batches an evaluation takes at most; all when null.</param>
    /// <param name="evalEverySteps">After how many training steps <see cref="TrainAndEvaluate"/> evaluates.</param>
    /// <param name="bestFigure">The figure by whose best value <see cref="TrainAndEvaluate"/> keeps the weights in <see cref="BestCheckpoint"/>; null to keep none.</param>
    /// <param name="bestMode">Which values of that figure are better.</param>
    /// <param name="hooks">Told of every training step.</param>
    /// <exception cref="InvalidArgumentException">A number is not positive, or there is a best figure to keep and no folder.</exception>
    public Experiment(
        Estimator<TFeatures, TLabels> estimator, Func<IEnumerable<(TFeatures Features, TLabels Labels)>> trainInputFunction, Func<IEnumerable<(TFeatures Features, TLabels Labels)>> evalInputFunction,
        long? trainSteps = null, long? evalSteps = null, long evalEverySteps = 1000, string? bestFigure = null, MonitorMode bestMode = MonitorMode.Auto, IEnumerable<EstimatorHook>? hooks = null)
    {
        ArgumentNullException.ThrowIfNull(estimator);
        ArgumentNullException.ThrowIfNull(trainInputFunction);
        ArgumentNullException.ThrowIfNull(evalInputFunction);
        if (trainSteps < 1 || evalSteps < 1 || evalEverySteps < 1) throw new InvalidArgumentException($"Experiment: {trainSteps?.ToString() ?? "all"} steps of training, {evalSteps?.ToString() ?? "all"} of evaluation, one evaluation every {evalEverySteps}; each must be at least 1.");
        Estimator = estimator;
        (this.trainInputFunction, this.evalInputFunction) = (trainInputFunction, evalInputFunction);
        (this.trainSteps, this.evalSteps, this.evalEverySteps) = (trainSteps, evalSteps, evalEverySteps);
        this.hooks = [.. hooks ?? []];
        if (bestFigure is null) return;
        string folder = estimator.Config.ModelDirectory ?? throw new InvalidArgumentException($"Experiment: the weights of the best '{bestFigure}' are to be kept, but the estimator has no ModelDirectory; give it one.");
        best = new BestExport(estimator.ModelCheckpoint(), Path.Combine(folder, "export", "best"), bestFigure, bestMode);
    }

    /// <summary>The model.</summary>
    public Estimator<TFeatures, TLabels> Estimator { get; }

    /// <summary>The checkpoint of the weights with the best figure so far, in <c>export/best</c> of the model's folder; null where there is none.</summary>
    public string? BestCheckpoint => best?.Path;

    /// <inheritdoc/>
    public override void Train() => Estimator.Train(trainInputFunction, maxSteps: trainSteps, hooks: hooks);

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate() => Estimator.Evaluate(evalInputFunction, evalSteps);

    /// <inheritdoc/>
    /// <remarks>An input that ends before <c>evalEverySteps</c> is evaluated then; training goes on with it anew until <c>trainSteps</c> are reached.</remarks>
    public override IReadOnlyDictionary<string, double> TrainAndEvaluate()
    {
        IReadOnlyDictionary<string, double>? figures = null;
        while (trainSteps is null || Estimator.GlobalStep < trainSteps)
        {
            long before = Estimator.GlobalStep, next = before - (before % evalEverySteps) + evalEverySteps;
            Estimator.Train(trainInputFunction, maxSteps: Math.Min(next, trainSteps ?? next), hooks: hooks);
            figures = Evaluate();
            best?.Note(figures, Estimator.GlobalStep);
            bool ended = Estimator.GlobalStep < next;
            if (ended && (trainSteps is null || Estimator.GlobalStep == before)) break;
        }
        return figures ?? Evaluate();
    }
}

/// <summary>Keeps the weights of the best evaluation.</summary>
internal sealed class BestExport
{
    private readonly MonitoredFigure figure;
    private readonly CheckpointManager manager;

    internal BestExport(Checkpoint weights, string folder, string name, MonitorMode mode)
    {
        figure = new MonitoredFigure(name, mode, minDelta: 0, start: null, nameof(Experiment));
        string key = $"best/{name}";
        manager = new CheckpointManager(weights.Add(StateEntry.Double(key, () => figure.Best, value => figure.Best = value)), folder, maxToKeep: 1, name: "best");
        // What an earlier process kept is only replaced by better.
        if (manager.Latest is not null) manager.RestoreLatest(new RestoreOptions { Only = [key], AllowMissing = true, IgnoreUnexpected = true });
    }

    internal string? Path => manager.Latest;

    internal void Note(IReadOnlyDictionary<string, double> figures, long step)
    {
        if (figure.Improves(figures)) manager.Save(step);
    }
}
