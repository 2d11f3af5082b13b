namespace Eager.Train;

/// <summary>Steps scaled by the running size of earlier steps over that of the gradients, so that no learning rate is needed.</summary>
/// <remarks>
/// Zeiler, "ADADELTA: an adaptive learning rate method" (2012), algorithm 1, with PyTorch's defaults:
/// a ← ρa + (1 − ρ)g², δ = g·√(d + ε)/√(a + ε), d ← ρd + (1 − ρ)δ², x ← x − lr·δ.
/// </remarks>
public sealed class Adadelta : Optimizer
{
    internal static readonly Op<UpdateAttributes> AdadeltaUpdate = UpdateAttributes.Declare("Adadelta");

    private readonly double rho;
    private readonly double epsilon;

    /// <summary>Makes an optimizer.</summary>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="rho">How much of the mean squares stays from step to step.</param>
    /// <param name="epsilon">Keeps the division finite.</param>
    /// <param name="weightDecay">What multiple of a variable is added to its gradient (L2).</param>
    /// <exception cref="InvalidArgumentException">A setting is out of its range.</exception>
    public Adadelta(double learningRate = 1, double rho = 0.9, double epsilon = 1e-6, double weightDecay = 0)
        : base(learningRate, weightDecay, nameof(Adadelta))
    {
        this.rho = OptimizerArguments.Share(rho, "ρ", Name);
        this.epsilon = OptimizerArguments.NotNegative(epsilon, "ε", Name);
    }

    private protected override IReadOnlyList<string> SlotNames => ["accumulator", "delta"];

    private protected override Op<UpdateAttributes> Update => AdadeltaUpdate;

    private protected override UpdateRule Rule => UpdateRule.Adadelta;

    private protected override int SettingCount => 2;

    private protected override void WriteSettings(Span<double> values, long step)
    {
        values[0] = rho;
        values[1] = epsilon;
    }
}
