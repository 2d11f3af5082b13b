namespace Eager.Train;

/// <summary>Steps scaled by the sum of all squared gradients so far.</summary>
/// <remarks>
/// Duchi, Hazan &amp; Singer, "Adaptive subgradient methods for online learning and stochastic optimization" (2011), with PyTorch's defaults:
/// a ← a + g², x ← x − lr·g / (√a + ε).
/// </remarks>
public sealed class Adagrad : Optimizer
{
    internal static readonly Op<UpdateAttributes> AdagradUpdate = UpdateAttributes.Declare("Adagrad");

    private readonly double initialAccumulator;
    private readonly double epsilon;

    /// <summary>Makes an optimizer.</summary>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="initialAccumulator">What the sum of squares starts with; Keras takes 0.1.</param>
    /// <param name="epsilon">Keeps the division finite.</param>
    /// <param name="weightDecay">What multiple of a variable is added to its gradient (L2).</param>
    /// <exception cref="InvalidArgumentException">A setting is out of its range.</exception>
    public Adagrad(double learningRate = 0.01, double initialAccumulator = 0, double epsilon = 1e-10, double weightDecay = 0)
        : base(learningRate, weightDecay, nameof(Adagrad))
    {
        this.initialAccumulator = OptimizerArguments.NotNegative(initialAccumulator, "initial accumulator", Name);
        this.epsilon = OptimizerArguments.NotNegative(epsilon, "ε", Name);
    }

    private protected override IReadOnlyList<string> SlotNames => ["accumulator"];

    private protected override Op<UpdateAttributes> Update => AdagradUpdate;

    private protected override UpdateRule Rule => UpdateRule.Adagrad;

    private protected override int SettingCount => 1;

    private protected override double StartOf(string slot) => initialAccumulator;

    private protected override void WriteSettings(Span<double> values, long step)
    {
        values[0] = epsilon;
    }
}
