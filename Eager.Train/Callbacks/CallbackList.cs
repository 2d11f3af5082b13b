namespace Eager.Train;

/// <summary>Several callbacks as one; each is told everything, in the given order.</summary>
/// <example><code>
/// var callbacks = new CallbackList([new EarlyStopping(), new CsvLog("log.csv")]);
/// callbacks.OnTrainBegin(new TrainingContext(model, adam, epochs: 5));
/// </code></example>
public sealed class CallbackList : Callback
{
    private readonly Callback[] callbacks;

    /// <summary>Puts callbacks together.</summary>
    /// <param name="callbacks">Whom to tell; null for nobody.</param>
    /// <exception cref="InvalidArgumentException">One of them is null.</exception>
    public CallbackList(IEnumerable<Callback>? callbacks)
    {
        this.callbacks = [.. callbacks ?? []];
        int missing = Array.IndexOf(this.callbacks, null);
        if (missing >= 0) throw new InvalidArgumentException($"CallbackList: callback {missing} of {this.callbacks.Length} is null.");
    }

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext training)
    {
        base.OnTrainBegin(training);
        foreach (Callback callback in callbacks) callback.OnTrainBegin(training);
    }

    /// <inheritdoc/>
    /// <remarks>When one fails the others are told all the same; the first error is thrown in the end.</remarks>
    public override void OnTrainEnd(IReadOnlyDictionary<string, double> logs) => TellFrom(0, logs);

    /// <inheritdoc/>
    public override void OnEpochBegin(int epoch)
    {
        foreach (Callback callback in callbacks) callback.OnEpochBegin(epoch);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IReadOnlyDictionary<string, double> logs)
    {
        foreach (Callback callback in callbacks) callback.OnEpochEnd(epoch, logs);
    }

    /// <inheritdoc/>
    public override void OnBatchBegin(long step)
    {
        foreach (Callback callback in callbacks) callback.OnBatchBegin(step);
    }

    /// <inheritdoc/>
    public override void OnBatchEnd(long step, IReadOnlyDictionary<string, double> logs)
    {
        foreach (Callback callback in callbacks) callback.OnBatchEnd(step, logs);
    }

    /// <inheritdoc/>
    public override void OnEvaluationBegin()
    {
        foreach (Callback callback in callbacks) callback.OnEvaluationBegin();
    }

    /// <inheritdoc/>
    public override void OnEvaluationEnd(IReadOnlyDictionary<string, double> logs)
    {
        foreach (Callback callback in callbacks) callback.OnEvaluationEnd(logs);
    }

    private void TellFrom(int first, IReadOnlyDictionary<string, double> logs)
    {
        if (first == callbacks.Length) return;
        try
        {
            callbacks[first].OnTrainEnd(logs);
        }
        finally
        {
            TellFrom(first + 1, logs);
        }
    }
}
