namespace Eager.Train;

/// <summary>
/// Writes each epoch's figures for TensorBoard: those of training into the run <c>train</c> of a folder, those of validation into the run <c>validation</c>,
/// under the same tags (<c>epoch_loss</c>), so that one chart shows both.
/// </summary>
/// <example><code>
/// model.Fit(x, y, epochs: 5, callbacks: [new TensorBoardLog("runs/first", everySteps: 50)]);   // then: tensorboard --logdir runs
/// </code></example>
public sealed class TensorBoardLog : Callback
{
    private readonly string folder;
    private readonly long? everySteps;
    private FileWriter? train;
    private FileWriter? validation;

    /// <summary>Makes the callback; files are made when training begins.</summary>
    /// <param name="folder">The folder of the two runs.</param>
    /// <param name="everySteps">After how many steps the figures so far are written, too, as <c>batch_loss</c>; null for never.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="everySteps"/> is not positive.</exception>
    public TensorBoardLog(string folder, long? everySteps = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (everySteps < 1) throw new InvalidArgumentException($"TensorBoardLog: everySteps is {everySteps}; it must be at least 1, or null for never.");
        (this.folder, this.everySteps) = (folder, everySteps);
    }

    /// <inheritdoc/>
    /// <exception cref="FileWriteException">The folder or the file cannot be made.</exception>
    public override void OnTrainBegin(TrainingContext training)
    {
        base.OnTrainBegin(training);
        Close();
        train = new FileWriter(Path.Combine(folder, "train"));
    }

    /// <inheritdoc/>
    public override void OnBatchEnd(long step, IReadOnlyDictionary<string, double> logs)
    {
        if ((step + 1) % everySteps != 0) return;
        foreach ((string name, double value) in logs) train!.AddScalar($"batch_{name}", value, step + 1);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IReadOnlyDictionary<string, double> logs)
    {
        foreach ((string name, double value) in logs)
        {
            if (!name.StartsWith(ValidationPrefix, StringComparison.Ordinal)) train!.AddScalar($"epoch_{name}", value, epoch);
            else (validation ??= new FileWriter(Path.Combine(folder, "validation"))).AddScalar($"epoch_{name[ValidationPrefix.Length..]}", value, epoch);
        }
        train!.AddScalar("epoch_learning_rate", Training.Optimizer.LearningRate, epoch);
        train.Flush();
        validation?.Flush();
    }

    /// <inheritdoc/>
    public override void OnTrainEnd(IReadOnlyDictionary<string, double> logs) => Close();

    private void Close()
    {
        (FileWriter? first, FileWriter? second) = (train, validation);
        (train, validation) = (null, null);
        try
        {
            first?.Dispose();
        }
        finally
        {
            second?.Dispose();
        }
    }
}
