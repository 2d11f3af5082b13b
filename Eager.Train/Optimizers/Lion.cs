namespace Eager.Train;

/// <summary>Steps of one size, along the sign of a mean of the gradients.</summary>
/// <remarks>
/// Chen et al., "Symbolic discovery of optimization algorithms" (2023), algorithm 2:
/// x ← x − lr·(sign(β₁m + (1 − β₁)g) + decay·x), m ← β₂m + (1 − β₂)g. The weight decay is apart from the gradient.
/// </remarks>
public sealed class Lion : Optimizer
{
    internal static readonly Op<UpdateAttributes> LionUpdate = UpdateAttributes.Declare("Lion");

    private readonly double beta1;
    private readonly double beta2;

    /// <summary>Makes an optimizer.</summary>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="beta1">How much of the mean gradient goes into the step.</param>
    /// <param name="beta2">How much of the mean gradient stays from step to step.</param>
    /// <param name="weightDecay">The share of a variable, times the learning rate, that each step takes away.</param>
    /// <exception cref="InvalidArgumentException">A setting is out of its range.</exception>
    public Lion(double learningRate = 1e-4, double beta1 = 0.9, double beta2 = 0.99, double weightDecay = 0)
        : base(learningRate, weightDecay, nameof(Lion))
    {
        this.beta1 = OptimizerArguments.Share(beta1, "β₁", Name);
        this.beta2 = OptimizerArguments.Share(beta2, "β₂", Name);
    }

    private protected override IReadOnlyList<string> SlotNames => ["m"];

    private protected override Op<UpdateAttributes> Update => LionUpdate;

    private protected override UpdateRule Rule => UpdateRule.Lion;

    private protected override int SettingCount => 2;

    private protected override bool DecaysApart => true;

    private protected override void WriteSettings(Span<double> values, long step)
    {
        values[0] = beta1;
        values[1] = beta2;
    }
}
