namespace Eager.Train;

/// <summary>A callback made of functions.</summary>
/// <example><code>
/// var shout = new LambdaCallback { EpochEnd = (epoch, logs) => Console.WriteLine($"epoch {epoch}: {logs["loss"]}") };
/// </code></example>
public sealed class LambdaCallback : Callback
{
    /// <summary>Called when training begins.</summary>
    public Action<TrainingContext>? TrainBegin { get; init; }

    /// <summary>Called when training ended, with the last epoch's figures.</summary>
    public Action<IReadOnlyDictionary<string, double>>? TrainEnd { get; init; }

    /// <summary>Called when an epoch begins, with its number.</summary>
    public Action<int>? EpochBegin { get; init; }

    /// <summary>Called when an epoch ended, with its number and figures.</summary>
    public Action<int, IReadOnlyDictionary<string, double>>? EpochEnd { get; init; }

    /// <summary>Called when a step begins, with its number.</summary>
    public Action<long>? BatchBegin { get; init; }

    /// <summary>Called when a step ended, with its number and the figures so far.</summary>
    public Action<long, IReadOnlyDictionary<string, double>>? BatchEnd { get; init; }

    /// <summary>Called when an evaluation begins.</summary>
    public Action? EvaluationBegin { get; init; }

    /// <summary>Called when an evaluation ended, with its figures.</summary>
    public Action<IReadOnlyDictionary<string, double>>? EvaluationEnd { get; init; }

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext training)
    {
        base.OnTrainBegin(training);
        TrainBegin?.Invoke(training);
    }

    /// <inheritdoc/>
    public override void OnTrainEnd(IReadOnlyDictionary<string, double> logs) => TrainEnd?.Invoke(logs);

    /// <inheritdoc/>
    public override void OnEpochBegin(int epoch) => EpochBegin?.Invoke(epoch);

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IReadOnlyDictionary<string, double> logs) => EpochEnd?.Invoke(epoch, logs);

    /// <inheritdoc/>
    public override void OnBatchBegin(long step) => BatchBegin?.Invoke(step);

    /// <inheritdoc/>
    public override void OnBatchEnd(long step, IReadOnlyDictionary<string, double> logs) => BatchEnd?.Invoke(step, logs);

    /// <inheritdoc/>
    public override void OnEvaluationBegin() => EvaluationBegin?.Invoke();

    /// <inheritdoc/>
    public override void OnEvaluationEnd(IReadOnlyDictionary<string, double> logs) => EvaluationEnd?.Invoke(logs);
}
