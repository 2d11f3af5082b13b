namespace Eager.Train;

/// <summary>Adam that looks ahead along its mean gradient, as Nesterov's momentum does.</summary>
/// <remarks>
/// Dozat, "Incorporating Nesterov momentum into Adam" (2016), in PyTorch's form and with its defaults: with μₜ = β₁·(1 − ½·0.96^(t·decay)),
/// x ← x − lr·((1 − μₜ)/(1 − μ₁⋯μₜ)·g + μₜ₊₁/(1 − μ₁⋯μₜ₊₁)·m) / (√v̂ + ε), where m, v and v̂ are Adam's.
/// </remarks>
public sealed class Nadam : Optimizer
{
    internal static readonly Op<UpdateAttributes> NadamUpdate = UpdateAttributes.Declare("Nadam");

    private readonly double beta1;
    private readonly double beta2;
    private readonly double epsilon;
    private readonly double momentumDecay;
    private double product = 1;
    private long productStep;

    /// <summary>Makes an optimizer.</summary>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="beta1">How much of the mean gradient stays from step to step, in the end.</param>
    /// <param name="beta2">How much of the mean square stays from step to step.</param>
    /// <param name="epsilon">Keeps the division finite.</param>
    /// <param name="momentumDecay">How soon μ reaches β₁.</param>
    /// <param name="weightDecay">What multiple of a variable is added to its gradient (L2).</param>
    /// <exception cref="InvalidArgumentException">A setting is out of its range.</exception>
    public Nadam(double learningRate = 2e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double momentumDecay = 4e-3, double weightDecay = 0)
        : base(learningRate, weightDecay, nameof(Nadam))
    {
        this.beta1 = OptimizerArguments.Share(beta1, "β₁", Name);
        this.beta2 = OptimizerArguments.Share(beta2, "β₂", Name);
        this.epsilon = OptimizerArguments.NotNegative(epsilon, "ε", Name);
        this.momentumDecay = OptimizerArguments.NotNegative(momentumDecay, "momentum decay", Name);
    }

    private protected override IReadOnlyList<string> SlotNames => ["m", "v"];

    private protected override Op<UpdateAttributes> Update => NadamUpdate;

    private protected override UpdateRule Rule => UpdateRule.Nadam;

    private protected override int SettingCount => 6;

    private protected override void WriteSettings(Span<double> values, long step)
    {
        // The product follows from the step alone, so a checkpoint need not keep it.
        if (productStep > step) (product, productStep) = (1, 0);
        while (productStep < step) product *= Momentum(++productStep);
        values[0] = beta1;
        values[1] = beta2;
        values[2] = epsilon;
        values[3] = 1 - Math.Pow(beta2, step);
        values[4] = (1 - Momentum(step)) / (1 - product);
        values[5] = Momentum(step + 1) / (1 - (product * Momentum(step + 1)));
    }

    private double Momentum(long step) => beta1 * (1 - (0.5 * Math.Pow(0.96, step * momentumDecay)));
}
