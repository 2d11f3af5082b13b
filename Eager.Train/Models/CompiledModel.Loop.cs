using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Eager.Autograd;
using Eager.Layers;

namespace Eager.Train;

[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "a traced function frees its programs when it is collected, and a model is seldom given up before its process ends")]
public sealed partial class CompiledModel
{
    private readonly IReadOnlyList<TrainedOutput> outputs;
    private readonly Mean loss = new("loss");
    private readonly Mean regularization = new("regularization");
    private readonly bool traced;
    private bool hasPenalties;
    private readonly Dictionary<Layout, TracedFunction> tracedSteps = [];

    // What gives back the figures and the number of steps as they were before the batch at hand.
    private Action[] held = [];

    internal CompiledModel(Layer model, Optimizer optimizer, IReadOnlyList<TrainedOutput> outputs, bool traced, DType? mixedPrecision)
    {
        (Model, Optimizer, this.outputs, this.traced, MixedPrecision) = (model, optimizer, outputs, traced, mixedPrecision);
        if (mixedPrecision == DType.Float16) Scaler = new GradientScaler();
        string[] names = ["loss", "regularization", .. outputs.SelectMany(output => output.FigureNames(outputs.Count > 1))];
        if (names.GroupBy(static name => name).FirstOrDefault(static group => group.Count() > 1) is { } twice)
            throw new InvalidArgumentException($"Compile: several figures are called '{twice.Key}'; give the metric another name.");
    }

    /// <summary>How the tensors of a step are told apart.</summary>
    /// <param name="Inputs">How many inputs come first.</param>
    /// <param name="Weighted">A character for each output, which tells whether it has weights.</param>
    private readonly record struct Layout(int Inputs, string Weighted)
    {
        internal static Layout Of(Batch batch) => new(batch.Inputs.Length, string.Concat(batch.Labels.Select((_, i) => batch.WeightsOf(i) is null ? '-' : 'w')));
    }

    /// <summary>What a training is told beside its data.</summary>
    private sealed record Plan(int Epochs, int InitialEpoch, IReadOnlyDictionary<long, double>?[]? ClassWeights, int? StepsPerEpoch, int? ValidationSteps, int ValidationFrequency);

    /// <summary>The model.</summary>
    public Layer Model { get; }

    /// <summary>The optimizer, which counts the steps.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>The dtype that products are computed in, if another than that of the weights.</summary>
    public DType? MixedPrecision { get; }

    /// <summary>Scales losses and leaves out steps whose gradients are not finite; there by itself for float16, else null.</summary>
    /// <exception cref="InvalidArgumentException">Steps are traced, where what is left out cannot depend on values.</exception>
    public GradientScaler? Scaler
    {
        get;
        set => field = value is null || !traced ? value : throw new InvalidArgumentException("CompiledModel.Scaler: steps are traced, and a replay cannot leave one out; compile without traced, or compute in bfloat16, which needs no scaler.");
    }

    internal static long ExamplesOf(Tensor labels) => labels.Rank == 0 ? 1 : labels.ConcreteShape[0].Value;

    private History Run(Batches batches, Batches? validation, Plan plan, IEnumerable<Callback>? callbacks, bool verbose)
    {
        RequirePositive(plan.Epochs, "epochs", nameof(Fit));
        RequirePositive(plan.StepsPerEpoch, "stepsPerEpoch", nameof(Fit));
        RequirePositive(plan.ValidationSteps, "validationSteps", nameof(Fit));
        RequirePositive(plan.ValidationFrequency, "validationFrequency", nameof(Fit));
        if (plan.InitialEpoch < 0 || plan.InitialEpoch > plan.Epochs) throw new InvalidArgumentException($"Fit: the initial epoch is {plan.InitialEpoch}; it must be from 0 to {plan.Epochs}, the number of epochs.");
        if (batches.Count == 0) throw new InvalidArgumentException("Fit: there is no batch to train on.");

        batches = batches.Spread(plan.StepsPerEpoch, nameof(Fit)).RequireEnd(nameof(Fit), "stepsPerEpoch");
        validation = validation?.Take(plan.ValidationSteps).RequireEnd(nameof(Fit), "validationSteps");
        var history = new History();
        var context = new TrainingContext(Model, Optimizer, plan.Epochs, batches.Count);
        var told = new CallbackList(callbacks);
        Dictionary<string, double> logs = [];
        try
        {
            told.OnTrainBegin(context);
            for (int epoch = plan.InitialEpoch; epoch < plan.Epochs && !context.StopTraining; epoch++)
            {
                told.OnEpochBegin(epoch);
                logs = TrainEpoch(batches, plan.ClassWeights, epoch, context, told, verbose);
                if (validation is not null && (epoch + 1) % plan.ValidationFrequency == 0)
                    foreach ((string name, double value) in Test(validation, told, verbose: false)) logs[Callback.ValidationPrefix + name] = value;
                history.Add(epoch, logs);
                if (verbose) Console.WriteLine($"epoch {epoch + 1}/{plan.Epochs}: {string.Join(", ", logs.Select(static f => string.Create(CultureInfo.InvariantCulture, $"{f.Key} {f.Value:F4}")))}");
                told.OnEpochEnd(epoch, logs);
            }
        }
        finally
        {
            told.OnTrainEnd(logs);
        }
        return history;
    }

    private Dictionary<string, double> TrainEpoch(Batches batches, IReadOnlyDictionary<long, double>?[]? classWeights, int epoch, TrainingContext context, CallbackList told, bool verbose)
    {
        ResetFigures();
        using TrainingProgress? progress = verbose ? new TrainingProgress($"epoch {epoch + 1}/{context.Epochs}", batches.Count ?? 0) : null;
        foreach (Batch batch in batches.SentAhead(ModelDevice).Epoch())
        {
            using var scope = new TensorScope();
            long step = Optimizer.Step;
            told.OnBatchBegin(step);
            Train(batch, classWeights);
            Dictionary<string, double> figures = Figures();
            progress?.Advance(1, figures);
            told.OnBatchEnd(step, figures);
            batch.Dispose();
            if (context.StopTraining) break;
        }
        return Figures();
    }

    private Dictionary<string, double> Test(Batches batches, CallbackList told, bool verbose)
    {
        ResetFigures();
        told.OnEvaluationBegin();
        using TrainingProgress? progress = verbose ? new TrainingProgress("evaluating", batches.Count ?? 0) : null;
        foreach (Batch batch in batches.SentAhead(ModelDevice).Epoch())
        {
            using var scope = new TensorScope();
            Test(batch);
            progress?.Advance(1, Figures());
            batch.Dispose();
        }
        Dictionary<string, double> logs = Figures();
        told.OnEvaluationEnd(logs);
        return logs;
    }

    private void Train(Batch given, IReadOnlyDictionary<long, double>?[]? classWeights)
    {
        RequireLabels(given);
        Batch batch = Weighted(OnDevice(given), classWeights);
        Layout layout = Layout.Of(batch);
        Tensor[] tensors = [.. batch.Inputs, .. batch.Labels, .. (batch.Weights ?? []).OfType<Tensor>()];
        held = [.. outputs.SelectMany(static output => output.Hold()), Optimizer.HoldStep()];
        NoteLosses(batch, traced ? TracedStep(layout).CallAll(tensors) : Step(layout, tensors));
    }

    private void Test(Batch given)
    {
        RequireLabels(given);
        Batch batch = OnDevice(given);
        held = [.. outputs.SelectMany(static output => output.Hold())];
        using Autocast? autocast = BeginAutocast();
        Tensor[] results = Results(batch, Predictions(batch, training: false));
        NoteMetrics(batch, results);
        NoteLosses(batch, results);
    }

    private TracedFunction TracedStep(Layout layout)
    {
        if (!tracedSteps.TryGetValue(layout, out TracedFunction? step))
            tracedSteps[layout] = step = Function.Trace(tensors => Step(layout, [.. tensors]), "train_step");
        return step;
    }

    private Tensor[] Step(Layout layout, Tensor[] tensors)
    {
        var weights = new Queue<Tensor>(tensors.Skip(layout.Inputs + outputs.Count));
        var batch = new Batch(tensors[..layout.Inputs], tensors[layout.Inputs..(layout.Inputs + outputs.Count)], [.. layout.Weighted.Select(mark => mark == 'w' ? weights.Dequeue() : null)]);
        using Autocast? autocast = BeginAutocast();
        using var tape = new GradientTape();
        Tensor[] results = Results(batch, Predictions(batch, training: true));
        IReadOnlyList<Variable> variables = Model.TrainableVariables;
        Tensor?[] gradients = tape.Gradient(Scaler is null ? results[0] : Scaler.ScaleLoss(results[0]), variables);
        // A metric that refuses the batch does so before the step is made.
        NoteMetrics(batch, results);
        if (Scaler is null) Optimizer.Apply(gradients, variables);
        else Scaler.Apply(Optimizer, gradients, variables);
        return results;
    }

    private IReadOnlyList<Tensor> Predictions(Batch batch, bool training)
    {
        IReadOnlyList<Tensor> given = Model.CallAll([.. batch.Inputs.Select(OnDevice)], training);
        return MixedPrecision is null ? given : [.. given.Select(y => y.DType == MixedPrecision ? y.Cast(DType.Float32) : y)];
    }

    private Autocast? BeginAutocast() => MixedPrecision is { } dtype ? Autocast.Begin(dtype) : null;

    // The loss, the losses of the outputs, the penalties, then the predictions.
    private Tensor[] Results(Batch batch, IReadOnlyList<Tensor> predictions)
    {
        if (predictions.Count != outputs.Count) throw new InvalidArgumentException($"The model gave {predictions.Count} tensors; it was compiled with losses for {outputs.Count} outputs, {string.Join(", ", outputs.Select(static o => o.Name))}.");
        Tensor[] losses = [.. outputs.Select((output, i) => output.Loss(batch.Labels[i], predictions[i], batch.WeightsOf(i), outputs.Count > 1))];
        Tensor total = outputs.Select((output, i) => output.Weighted(losses[i])).Aggregate(static (a, b) => a + b);
        IReadOnlyList<Tensor> penalties = Model.Losses;
        Tensor? penalty = penalties.Count == 0 ? null : penalties.Aggregate(static (a, b) => a + b);
        return [penalty is null ? total : total + penalty, .. losses, .. penalty is null ? (Tensor[])[] : [penalty], .. predictions];
    }

    /// <summary>Shows the metrics what they measure. Where one refuses it, nothing is noted, and the step that was begun counts for none.</summary>
    private void NoteMetrics(Batch batch, Tensor[] results)
    {
        for (int i = 0; i < outputs.Count; i++) outputs[i].NoteMetrics(batch.Labels[i], results[results.Length - outputs.Count + i], batch.WeightsOf(i), outputs.Count > 1, Undo);

        void Undo()
        {
            foreach (Action giveBack in held) giveBack();
        }
    }

    private void NoteLosses(Batch batch, Tensor[] results)
    {
        long examples = ExamplesOf(batch.Labels[0]);
        loss.Update(results[0].Item(), examples);
        for (int i = 0; i < outputs.Count; i++) outputs[i].NoteLoss(results[1 + i].Item(), ExamplesOf(batch.Labels[i]));
        hasPenalties = results.Length > 1 + 2 * outputs.Count;
        if (hasPenalties) regularization.Update(results[1 + outputs.Count].Item(), examples);
    }

    private void ResetFigures()
    {
        loss.Reset();
        regularization.Reset();
        foreach (TrainedOutput output in outputs) output.Reset();
    }

    private Dictionary<string, double> Figures()
    {
        var figures = new Dictionary<string, double> { ["loss"] = loss.Result };
        foreach (TrainedOutput output in outputs) output.Report(figures, outputs.Count > 1);
        if (hasPenalties) figures["regularization"] = regularization.Result;
        return figures;
    }

    private string[] OutputNames => [.. outputs.Select(static output => output.Name)];

    private void RequireLabels(Batch batch)
    {
        if (batch.Labels.Length != outputs.Count) throw new InvalidArgumentException($"There are {batch.Labels.Length} tensors of labels; the model has {outputs.Count} outputs, {string.Join(", ", OutputNames)}, and needs one for each; a Dataset<Tensor[]> gives several.");
    }

    // A class's weight multiplies that of its examples, as in Keras.
    private Batch Weighted(Batch batch, IReadOnlyDictionary<long, double>?[]? classWeights) => classWeights is null ? batch : batch with
    {
        Weights = [.. outputs.Select((output, i) => classWeights[i] is { } ofClasses ? output.Weights(batch.Labels[i], batch.WeightsOf(i), ofClasses) : batch.WeightsOf(i))],
    };

    private Batch OnDevice(Batch batch) => batch.Change(OnDevice);

    private Tensor OnDevice(Tensor tensor) => ModelDevice is { } device ? tensor.To(device) : tensor;

    private Device? ModelDevice => Model.IsBuilt && Model.Parameters is [var first, ..] ? first.Variable.Device : null;
}
