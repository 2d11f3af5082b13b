namespace Eager.Train;

/// <summary>Adam with the largest gradient, forgotten slowly, in place of the mean square.</summary>
/// <remarks>
/// Kingma &amp; Ba, "Adam: a method for stochastic optimization" (2015), algorithm 2, with PyTorch's defaults:
/// m ← β₁m + (1 − β₁)g, u ← max(β₂u, |g| + ε), x ← x − lr/(1 − β₁ᵗ)·m/u.
/// </remarks>
public sealed class Adamax : Optimizer
{
    internal static readonly Op<UpdateAttributes> AdamaxUpdate = UpdateAttributes.Declare("Adamax");

    private readonly double beta1;
    private readonly double beta2;
    private readonly double epsilon;

    /// <summary>Makes an optimizer.</summary>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="beta1">How much of the mean gradient stays from step to step.</param>
    /// <param name="beta2">How much of the largest gradient stays from step to step.</param>
    /// <param name="epsilon">Keeps the division finite.</param>
    /// <param name="weightDecay">What multiple of a variable is added to its gradient (L2).</param>
    /// <exception cref="InvalidArgumentException">A setting is out of its range.</exception>
    public Adamax(double learningRate = 2e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0)
        : base(learningRate, weightDecay, nameof(Adamax))
    {
        this.beta1 = OptimizerArguments.Share(beta1, "β₁", Name);
        this.beta2 = OptimizerArguments.Share(beta2, "β₂", Name);
        this.epsilon = OptimizerArguments.NotNegative(epsilon, "ε", Name);
    }

    private protected override IReadOnlyList<string> SlotNames => ["m", "u"];

    private protected override Op<UpdateAttributes> Update => AdamaxUpdate;

    private protected override UpdateRule Rule => UpdateRule.Adamax;

    private protected override int SettingCount => 4;

    private protected override void WriteSettings(Span<double> values, long step)
    {
        values[0] = beta1;
        values[1] = beta2;
        values[2] = epsilon;
        values[3] = 1 - Math.Pow(beta1, step);
    }
}
