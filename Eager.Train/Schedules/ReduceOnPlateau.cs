namespace Eager.Train;

/// <summary>Lowers an optimizer's learning rate when a figure no longer improves; Keras's rules and defaults.</summary>
/// <remarks>
/// It changes <see cref="Optimizer.LearningRate"/>, which traced steps read before each replay; the optimizer must have no schedule.
/// A checkpoint keeps what it has seen, and the optimizer's rate.
/// </remarks>
/// <example><code>
/// var plateau = new ReduceOnPlateau(adam, patience: 3);
/// if (plateau.Update(validationLoss)) Console.WriteLine($"the rate is {adam.LearningRate} now");   // once an epoch
/// </code>
/// As a callback of a training loop it updates itself: <code>model.Fit(x, y, epochs: 50, callbacks: [new ReduceOnPlateau(adam) { Monitor = "loss" }]);</code>
/// </example>
public sealed class ReduceOnPlateau : Callback, ICheckpointable
{
    private readonly Optimizer optimizer;
    private readonly double factor;
    private readonly int patience;
    private readonly double minDelta;
    private readonly int cooldown;
    private readonly double minRate;
    private readonly bool higherIsBetter;
    private double best;
    private long waited;
    private long cooling;

    /// <summary>Watches over an optimizer.</summary>
    /// <param name="optimizer">Whose rate to lower.</param>
    /// <param name="factor">What the rate is multiplied with, from 0 up to, not including, 1.</param>
    /// <param name="patience">After how many updates in a row without an improvement the rate is lowered.</param>
    /// <param name="minDelta">By how much a figure must be better than the best to count as an improvement.</param>
    /// <param name="cooldown">How many updates after lowering do not count.</param>
    /// <param name="minRate">The rate is not lowered below this.</param>
    /// <param name="higherIsBetter">Whether the figure should rise, as an accuracy, and not fall, as a loss.</param>
    /// <exception cref="InvalidArgumentException">An argument is out of its range, or the optimizer has a schedule.</exception>
    public ReduceOnPlateau(Optimizer optimizer, double factor = 0.1, int patience = 10, double minDelta = 1e-4, int cooldown = 0, double minRate = 0, bool higherIsBetter = false)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        if (factor is not (>= 0 and < 1)) throw new InvalidArgumentException($"ReduceOnPlateau: the factor is {factor}; it must be within [0, 1).");
        if (patience < 1 || cooldown < 0) throw new InvalidArgumentException($"ReduceOnPlateau: the patience is {patience} and the cooldown {cooldown}; the patience must be at least 1, the cooldown not negative.");
        if (!(minDelta >= 0) || !(minRate >= 0)) throw new InvalidArgumentException($"ReduceOnPlateau: the least improvement is {minDelta} and the least rate {minRate}; neither may be negative.");
        if (optimizer.Schedule is not null) throw new InvalidArgumentException("ReduceOnPlateau: the optimizer has a schedule, which would set the rate again; take it away first.");
        this.optimizer = optimizer;
        (this.factor, this.patience, this.minDelta, this.cooldown, this.minRate, this.higherIsBetter) = (factor, patience, minDelta, cooldown, minRate, higherIsBetter);
        best = Worst;
    }

    /// <summary>The figure that it watches as a callback.</summary>
    public string Monitor { get; init; } = "val_loss";

    private double Worst => higherIsBetter ? double.NegativeInfinity : double.PositiveInfinity;

    /// <summary>Takes a figure into account, such as an epoch's validation loss.</summary>
    /// <param name="figure">The figure; one that is not a number is no improvement.</param>
    /// <returns>Whether the rate was lowered.</returns>
    public bool Update(double figure)
    {
        if (cooling > 0)
        {
            cooling--;
            waited = 0;
        }
        if (higherIsBetter ? figure > best + minDelta : figure < best - minDelta)
        {
            best = figure;
            waited = 0;
            return false;
        }
        if (cooling > 0 || ++waited < patience || optimizer.LearningRate <= minRate) return false;
        optimizer.LearningRate = Math.Max(optimizer.LearningRate * factor, minRate);
        cooling = cooldown;
        waited = 0;
        return true;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidArgumentException">The figure is not among the logs.</exception>
    public override void OnEpochEnd(int epoch, IReadOnlyDictionary<string, double> logs) => Update(MonitoredFigure.Read(logs, Monitor, nameof(ReduceOnPlateau)));

    /// <summary>What was seen so far, and the optimizer's rate.</summary>
    public IEnumerable<StateEntry> GetState() =>
    [
        StateEntry.Double("best", () => best, value => best = value),
        StateEntry.Int64("waited", () => waited, value => waited = value),
        StateEntry.Int64("cooling", () => cooling, value => cooling = value),
        StateEntry.Double("rate", () => optimizer.LearningRate, value => optimizer.LearningRate = value, RateMisfit),
    ];

    private static string? RateMisfit(double rate) => rate >= 0 && double.IsFinite(rate) ? null : $"{rate} is no learning rate";
}
