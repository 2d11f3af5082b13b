using System.Globalization;
using Eager.Autograd;

namespace Eager.Train;

/// <summary>A model as a function, with all that is around it: trained, evaluated, asked for predictions, saved as it goes and resumed where it stopped.</summary>
/// <remarks>
/// <para>With a <see cref="RunConfig.ModelDirectory"/> that holds a checkpoint the estimator goes on from it. A training on a <see cref="Dataset{T}"/> that was cut into
/// several, in one process or in many, ends with the same bits as one in one go: weights, optimizer, random numbers and the place in the data are all kept.</para>
/// <para>One thread at a time uses an estimator.</para>
/// </remarks>
/// <typeparam name="TFeatures">A tensor or a dictionary of tensors by name.</typeparam>
/// <typeparam name="TLabels">A tensor or a dictionary of tensors by name.</typeparam>
/// <example><code>
/// static EstimatorSpec Line(Tensor x, Tensor? y, EstimatorMode mode, HyperParameters parameters)
/// {
///     Variable w = VariableScope.GetVariable("w", [1, 1]), b = VariableScope.GetVariable("b", [1]);
///     Tensor line = x.MatMul(w) + b;
///     return new EstimatorSpec(mode, new Dictionary&lt;string, Tensor&gt; { ["line"] = line },
///         loss: y is null ? null : Loss.MeanSquaredError(y, line), trainOp: TrainOp.Minimize(() => new Sgd(parameters.Get&lt;double&gt;("rate"))));
/// }
///
/// using var estimator = new Estimator&lt;Tensor, Tensor&gt;(Line, new RunConfig { ModelDirectory = "runs/line" }, new HyperParameters { { "rate", 0.1 } });
/// estimator.Train(() => Dataset.FromTensorSlices(x, y).Shuffle().Batch(32).Repeat(), maxSteps: 1000);
/// double loss = estimator.Evaluate(() => Dataset.FromTensorSlices(x, y).Batch(100))["loss"];
/// </code></example>
public sealed class Estimator<TFeatures, TLabels> : IDisposable
    where TFeatures : class
    where TLabels : class
{
    /// <summary>The names of the figures that each evaluation gives.</summary>
    private const string LossName = "loss", StepName = "global_step";

    private readonly ModelFunction<TFeatures, TLabels> modelFunction;
    private readonly EstimatorState state;
    private readonly EstimatorLog log;

    /// <summary>Makes an estimator; nothing is computed yet, and nothing written.</summary>
    /// <param name="modelFunction">The model.</param>
    /// <param name="config">Where and how it runs; null for a model that is not saved.</param>
    /// <param name="parameters">Settings that the model function is given.</param>
    /// <exception cref="CorruptFileException">The latest checkpoint of the folder is damaged.</exception>
    public Estimator(ModelFunction<TFeatures, TLabels> modelFunction, RunConfig? config = null, HyperParameters? parameters = null)
    {
        ArgumentNullException.ThrowIfNull(modelFunction);
        this.modelFunction = modelFunction;
        Config = config ?? new RunConfig();
        Parameters = parameters ?? new HyperParameters();
        state = new EstimatorState(Config);
        log = new EstimatorLog(Config, Parameters);
    }

    /// <summary>Where and how it runs.</summary>
    public RunConfig Config { get; }

    /// <summary>The settings that the model function is given.</summary>
    public HyperParameters Parameters { get; }

    /// <summary>How many training steps the model has had, those before a resumption included.</summary>
    public long GlobalStep => state.GlobalStep;

    /// <summary>The checkpoint that was saved last; null where there is none.</summary>
    public string? LatestCheckpoint => state.Latest;

    /// <summary>The variables of the model by name, those of its layers included; empty before its function first ran.</summary>
    public IReadOnlyDictionary<string, Variable> Variables => state.Variables;

    /// <summary>Trains until the input ends or enough steps were made, and saves.</summary>
    /// <param name="inputFunction">Gives the batches. Of a <see cref="Dataset{T}"/> the rest of its epoch is taken; <see cref="Dataset{T}.Repeat"/> makes it endless.</param>
    /// <param name="steps">How many steps to make.</param>
    /// <param name="maxSteps">The number of steps of the model, those before a resumption included, at which to stop.</param>
    /// <param name="hooks">Told of every step.</param>
    /// <returns>This estimator.</returns>
    /// <exception cref="InvalidArgumentException">The limits are wrong, the input is empty, or the model function did not give what training needs.</exception>
    /// <exception cref="AnomalyException">The loss is not a number; the step was not made, nor was anything saved since.</exception>
    /// <exception cref="CheckpointMismatchException">The folder's checkpoint is of another model.</exception>
    public Estimator<TFeatures, TLabels> Train(
        Func<IEnumerable<(TFeatures Features, TLabels Labels)>> inputFunction, long? steps = null, long? maxSteps = null, IEnumerable<EstimatorHook>? hooks = null)
    {
        ArgumentNullException.ThrowIfNull(inputFunction);
        if (steps is not null && maxSteps is not null) throw new InvalidArgumentException($"Train: both steps ({steps}) and maxSteps ({maxSteps}) are given; steps counts from here, maxSteps from the model's first step: give one.");
        if (steps < 1 || maxSteps < 1) throw new InvalidArgumentException($"Train: {steps ?? maxSteps} steps are no training; give at least 1.");
        long last = maxSteps ?? GlobalStep + steps ?? long.MaxValue;
        if (GlobalStep >= last) return this;

        using IDisposable draws = state.BeginDraws(goesOn: true);
        if (!state.IsReadyToTrain && state.Latest is not null)
        {
            // One step makes the variables and all that optimizers keep; the checkpoint then puts everything right.
            (TFeatures features, TLabels labels) = FirstOf(inputFunction(), nameof(Train));
            using (new TensorScope()) TrainOn(features, labels, new EstimatorRun(EstimatorMode.Train, GlobalStep), isTrial: true);
            state.RestoreAll();
        }
        var run = new EstimatorRun(EstimatorMode.Train, GlobalStep);
        TrainLoop(state.Place.Continue(inputFunction(), Dataset.DrawSeed), last, run, [.. hooks ?? []]);
        return this;
    }

    /// <summary>The mean loss over some batches, and the metrics of the model function; nothing is trained.</summary>
    /// <param name="inputFunction">Gives the batches.</param>
    /// <param name="steps">How many batches to take at most; all when null.</param>
    /// <param name="checkpointPath">The checkpoint to evaluate; the weights at hand when null, which are those of the latest checkpoint where nothing was trained yet.</param>
    /// <param name="name">A name for its summaries, where several evaluations are made: they go into the folder <c>eval_name</c>.</param>
    /// <param name="hooks">Told of every batch.</param>
    /// <returns><c>loss</c>, weighted by the batches' sizes; each metric by its name; and <c>global_step</c>.</returns>
    /// <exception cref="InvalidArgumentException">There is nothing to evaluate, or the model function did not give what evaluation needs.</exception>
    public IReadOnlyDictionary<string, double> Evaluate(
        Func<IEnumerable<(TFeatures Features, TLabels Labels)>> inputFunction, long? steps = null, string? checkpointPath = null, string? name = null, IEnumerable<EstimatorHook>? hooks = null)
    {
        ArgumentNullException.ThrowIfNull(inputFunction);
        if (steps < 1) throw new InvalidArgumentException($"Evaluate: {steps} steps are no evaluation; give at least 1.");
        IEnumerable<(TFeatures Features, TLabels Labels)> input = inputFunction();
        if (steps is null && hooks is null && input is Dataset<(TFeatures Features, TLabels Labels)> { IsEndless: true })
            throw Batches.NoEnd(nameof(Evaluate), nameof(steps));
        using IDisposable draws = state.BeginDraws(goesOn: false);
        using Weights weights = LoadWeights(checkpointPath, nameof(Evaluate), () =>
        {
            (TFeatures features, TLabels labels) = FirstOf(inputFunction(), nameof(Evaluate));
            RunModel(features, labels, EstimatorMode.Eval);
        });

        var run = new EstimatorRun(EstimatorMode.Eval, weights.Step);
        EstimatorHook[] told = [.. hooks ?? []];
        var loss = new Mean();
        var metrics = new Dictionary<string, IPredictionMetric>(StringComparer.Ordinal);
        Tell(told, hook => hook.OnBegin(run));
        try
        {
            foreach ((TFeatures features, TLabels labels) in input)
            {
                using var scope = new TensorScope();
                Tell(told, hook => hook.BeforeStep(run));
                EstimatorSpec spec = RunModel(features, labels, EstimatorMode.Eval);
                run.Loss = LossOf(spec).Item();
                loss.Update(run.Loss, EstimatorBatch.Size(features));
                foreach ((string metric, MetricOp op) in spec.EvalMetricOps) op.Update(MetricOf(metric, op, metrics));
                Advance(run, spec);
                Tell(told, hook => hook.AfterStep(run));
                if (run.Steps == steps || run.StopRequested) break;
            }
        }
        finally
        {
            run.Spec = null;
            Tell(told, hook => hook.OnEnd(run));
        }
        if (run.Steps == 0) throw new InvalidArgumentException("Evaluate: the input function gave no batch; give at least one.");
        var figures = new Dictionary<string, double>(StringComparer.Ordinal) { [LossName] = loss.Result, [StepName] = weights.Step };
        foreach ((string metric, IPredictionMetric gathered) in metrics) figures.Add(metric, gathered.Result);
        log.WriteEvaluation(name, figures.Where(static f => f.Key != StepName), weights.Step);
        return figures;
    }

    /// <summary>What the model predicts, computed batch by batch as it is asked for.</summary>
    /// <param name="inputFunction">Gives the batches of features.</param>
    /// <param name="checkpointPath">The checkpoint to predict with, read for each batch, as others may train in between; the weights at hand when null, which are those of the latest checkpoint where nothing was trained yet.</param>
    /// <param name="singleExamples">Whether each example comes by itself, without the axis of the batch; else each batch as it is.</param>
    /// <returns>The predictions by name.</returns>
    /// <exception cref="InvalidArgumentException">There is nothing to predict with, or the model function gave no predictions, or with batches of different sizes.</exception>
    public IEnumerable<IReadOnlyDictionary<string, Tensor>> Predict(Func<IEnumerable<TFeatures>> inputFunction, string? checkpointPath = null, bool singleExamples = true)
    {
        ArgumentNullException.ThrowIfNull(inputFunction);
        return Predictions();

        IEnumerable<IReadOnlyDictionary<string, Tensor>> Predictions()
        {
            foreach (TFeatures features in inputFunction())
            {
                IReadOnlyDictionary<string, Tensor> batch = PredictBatch(features, checkpointPath);
                if (!singleExamples)
                {
                    yield return batch;
                    continue;
                }
                long size = EstimatorBatch.SharedSize(batch);
                for (long i = 0; i < size; i++) yield return EstimatorBatch.Example(batch, i);
                foreach (Tensor tensor in batch.Values) tensor.Dispose();
            }
        }
    }

    /// <summary>Closes the files of its summaries; what was logged is written.</summary>
    public void Dispose() => log.Dispose();

    /// <summary>The weights alone, for who saves them elsewhere.</summary>
    internal Checkpoint ModelCheckpoint() => state.ModelCheckpoint();

    private void TrainLoop(IEnumerable<(TFeatures Features, TLabels Labels)> batches, long last, EstimatorRun run, EstimatorHook[] hooks)
    {
        var timer = new StepTimer(Config.Clock);
        long saved = GlobalStep;
        log.Begin(GlobalStep);
        Tell(hooks, hook => hook.OnBegin(run));
        try
        {
            foreach ((TFeatures features, TLabels labels) in batches)
            {
                using var scope = new TensorScope();
                Tell(hooks, hook => hook.BeforeStep(run));
                EstimatorSpec spec = TrainOn(features, labels, run);
                state.IsReadyToTrain = state.IsReadyToUse = true;
                state.GlobalStep++;
                run.GlobalStep = GlobalStep;
                Advance(run, spec);
                Tell(hooks, hook => hook.AfterStep(run));
                if (GlobalStep % Config.SaveSummarySteps == 0) log.WriteStep(run, timer);
                if (GlobalStep % Config.SaveCheckpointsSteps == 0 || timer.SecondsSinceSave >= Config.SaveCheckpointsSeconds)
                {
                    state.Save();
                    saved = GlobalStep;
                    timer.Saved();
                }
                if (GlobalStep >= last || run.StopRequested) break;
            }
            if (run.Steps == 0) throw new InvalidArgumentException("Train: the input function gave no batch; give at least one.");
            if (saved != GlobalStep) state.Save();
        }
        finally
        {
            // A batch that failed was given out; a training that goes on does so with the next.
            state.Place.Stop();
            run.Spec = null;
            Tell(hooks, hook => hook.OnEnd(run));
            log.Flush();
        }
    }

    private EstimatorSpec TrainOn(TFeatures features, TLabels labels, EstimatorRun run, bool isTrial = false)
    {
        using VariableStore variables = state.OpenVariables();
        using var tape = new GradientTape();
        using var strays = run.Steps == 0 ? new UsedVariables() : null;
        EstimatorSpec spec = CallModel(features, labels, EstimatorMode.Train);
        if (spec.TrainOp is null) throw new InvalidArgumentException("Train: the model function gave no train operation; give one for EstimatorMode.Train, such as TrainOp.Minimize.");
        Tensor loss = LossOf(spec);
        strays?.RequireAmong(state.Variables.Values);
        run.Loss = loss.Item();
        if (double.IsNaN(run.Loss) && !isTrial) throw new AnomalyException(string.Create(CultureInfo.InvariantCulture, $"Train: the loss of step {run.GlobalStep + 1} is not a number; the step was not made. Lower the learning rate, or look for the first operation that gives NaN with AnomalyDetection."));
        spec.TrainOp.Run(new TrainStep(tape, loss, state.TrainableVariables));
        return spec;
    }

    private Dictionary<string, Tensor> PredictBatch(TFeatures features, string? checkpointPath)
    {
        using IDisposable draws = state.BeginDraws(goesOn: false);
        using Weights weights = LoadWeights(checkpointPath, nameof(Predict), () => RunModel(features, null, EstimatorMode.Predict));
        using var scope = new TensorScope();
        EstimatorSpec spec = RunModel(features, null, EstimatorMode.Predict);
        if (spec.Predictions.Count == 0) throw new InvalidArgumentException("Predict: the model function gave no predictions; give them for EstimatorMode.Predict.");
        // What the function handed through, such as a variable, stays its own.
        return spec.Predictions.ToDictionary(static p => p.Key, p => scope.Keep(p.Value.Clone()), StringComparer.Ordinal);
    }

    private EstimatorSpec RunModel(TFeatures features, TLabels? labels, EstimatorMode mode)
    {
        using VariableStore variables = state.OpenVariables();
        return CallModel(features, labels, mode);
    }

    private EstimatorSpec CallModel(TFeatures features, TLabels? labels, EstimatorMode mode)
    {
        using IDisposable here = Device.Use(Config.Device);
        EstimatorSpec spec = modelFunction(EstimatorBatch.To(features, Config.Device), labels is null ? null : EstimatorBatch.To(labels, Config.Device), mode, Parameters)
            ?? throw new InvalidArgumentException("Estimator: the model function gave null; give an EstimatorSpec.");
        if (spec.Mode != mode) throw new InvalidArgumentException($"Estimator: the model function was run for {mode} and gave a specification for {spec.Mode}; hand the mode on.");
        state.ModelWasMade();
        return spec;
    }

    /// <summary>Makes sure that there are weights: those at hand, those of the latest checkpoint, or for a while those of another one.</summary>
    private Weights LoadWeights(string? checkpointPath, string caller, Action makeModel)
    {
        string? path = checkpointPath ?? (state.IsReadyToUse ? null : state.Latest ?? throw new InvalidArgumentException(
            $"{caller}: nothing was trained yet{(Config.ModelDirectory is null ? "" : $", and there is no checkpoint in {Config.ModelDirectory}")}; call Train first, or name a checkpoint."));
        if (path is null) return new Weights(GlobalStep, null);
        if (!state.HasModel)
        {
            using (new TensorScope()) makeModel();
        }
        Dictionary<Variable, Tensor>? before = state.IsReadyToUse ? state.Variables.Values.Distinct().ToDictionary(static v => v, static v => v.Clone()) : null;
        long step = state.RestoreModel(path);
        if (checkpointPath is null) state.IsReadyToUse = true;
        return new Weights(step, before);
    }

    private static void Advance(EstimatorRun run, EstimatorSpec spec)
    {
        run.Steps++;
        run.Spec = spec;
    }

    private static Tensor LossOf(EstimatorSpec spec)
    {
        Tensor loss = spec.Loss ?? throw new InvalidArgumentException($"Estimator: the model function gave no loss for {spec.Mode}; give one.");
        return loss.Rank == 0 && loss.DType.IsFloatingPoint() ? loss : throw new ShapeMismatchException($"Estimator: the loss is {loss.DType.Name()} {loss.ConcreteShape}; it must be a floating-point scalar: reduce it.");
    }

    private static IPredictionMetric MetricOf(string name, MetricOp op, Dictionary<string, IPredictionMetric> metrics)
    {
        if (name is LossName or StepName) throw new InvalidArgumentException($"Evaluate: a metric is called '{name}', as a figure that there is anyway; give it another name.");
        if (!metrics.TryGetValue(name, out IPredictionMetric? metric)) metrics.Add(name, metric = op.MakeMetric());
        return metric;
    }

    private static (TFeatures Features, TLabels Labels) FirstOf(IEnumerable<(TFeatures Features, TLabels Labels)> batches, string caller)
    {
        foreach ((TFeatures Features, TLabels Labels) batch in batches) return batch;
        throw new InvalidArgumentException($"{caller}: the input function gave no batch; give at least one.");
    }

    private static void Tell(EstimatorHook[] hooks, Action<EstimatorHook> what)
    {
        foreach (EstimatorHook hook in hooks) what(hook);
    }

    /// <summary>Weights in use, and those to put back afterwards.</summary>
    private sealed record Weights(long Step, Dictionary<Variable, Tensor>? Before) : IDisposable
    {
        public void Dispose()
        {
            foreach ((Variable variable, Tensor value) in Before ?? [])
            {
                variable.Assign(value);
                value.Dispose();
            }
        }
    }
}
