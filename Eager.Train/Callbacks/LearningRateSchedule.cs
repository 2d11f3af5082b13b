namespace Eager.Train;

/// <summary>Sets the optimizer's learning rate before each epoch; <see cref="Optimizer.Schedule"/> does so before each step.</summary>
/// <example><code>
/// var halved = new LearningRateSchedule((epoch, rate) => epoch > 0 &amp;&amp; epoch % 10 == 0 ? rate / 2 : rate);
/// </code></example>
/// <param name="rate">Gives the rate from the epoch's number, from 0, and the rate so far.</param>
public sealed class LearningRateSchedule(Func<int, double, double> rate) : Callback
{
    private readonly Func<int, double, double> rate = rate ?? throw new ArgumentNullException(nameof(rate));

    /// <inheritdoc/>
    /// <exception cref="InvalidArgumentException">The optimizer has a schedule of its own, which would set the rate again.</exception>
    public override void OnTrainBegin(TrainingContext training)
    {
        base.OnTrainBegin(training);
        if (training.Optimizer.Schedule is not null) throw new InvalidArgumentException("LearningRateSchedule: the optimizer has a schedule, which would set the rate again; take one of the two away.");
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidArgumentException">The rate is negative or not finite.</exception>
    public override void OnEpochBegin(int epoch)
    {
        Optimizer optimizer = Training.Optimizer;
        optimizer.LearningRate = rate(epoch, optimizer.LearningRate);
    }
}
