namespace Eager.Train;

/// <summary>Follows the regularized leader: with an L1 penalty, weights of little use become exactly 0.</summary>
/// <remarks>
/// McMahan et al., "Ad click prediction: a view from the trenches" (2013), algorithm 1, in TensorFlow's form and with its defaults; p is the negative power:
/// a' = a + g², z ← z + g + 2·shrinkage·x − (a'ᵖ − aᵖ)/lr·x, x ← (clip(z, −l₁, l₁) − z) / ((β + a'ᵖ)/lr + 2·l₂).
/// </remarks>
public sealed class Ftrl : Optimizer
{
    internal static readonly Op<UpdateAttributes> FtrlUpdate = UpdateAttributes.Declare("Ftrl");

    private readonly double learningRatePower;
    private readonly double initialAccumulator;
    private readonly double l1;
    private readonly double l2;
    private readonly double shrinkage;
    private readonly double beta;

    /// <summary>Makes an optimizer.</summary>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="learningRatePower">How fast the rate falls with the sum of squares; not positive, 0 for a fixed rate.</param>
    /// <param name="initialAccumulator">What the sum of squares starts with.</param>
    /// <param name="l1">The L1 penalty.</param>
    /// <param name="l2">The L2 penalty.</param>
    /// <param name="shrinkage">An L2 penalty that acts on the gradient only.</param>
    /// <param name="beta">Added to the root of the sum of squares.</param>
    /// <exception cref="InvalidArgumentException">A setting is out of its range.</exception>
    public Ftrl(double learningRate = 0.001, double learningRatePower = -0.5, double initialAccumulator = 0.1, double l1 = 0, double l2 = 0, double shrinkage = 0, double beta = 0)
        : base(learningRate, 0, nameof(Ftrl))
    {
        this.learningRatePower = learningRatePower;
        this.initialAccumulator = OptimizerArguments.NotNegative(initialAccumulator, "initial accumulator", Name);
        this.l1 = OptimizerArguments.NotNegative(l1, "L1 penalty", Name);
        this.l2 = OptimizerArguments.NotNegative(l2, "L2 penalty", Name);
        this.shrinkage = OptimizerArguments.NotNegative(shrinkage, "shrinkage", Name);
        this.beta = OptimizerArguments.NotNegative(beta, "β", Name);
        if (!(learningRatePower <= 0)) throw new InvalidArgumentException($"Ftrl: the power of the learning rate is {learningRatePower}; it must not be positive.");
    }

    private protected override IReadOnlyList<string> SlotNames => ["accumulator", "linear"];

    private protected override Op<UpdateAttributes> Update => FtrlUpdate;

    private protected override UpdateRule Rule => UpdateRule.Ftrl;

    private protected override int SettingCount => 5;

    private protected override double StartOf(string slot) => slot == "accumulator" ? initialAccumulator : 0;

    private protected override void WriteSettings(Span<double> values, long step)
    {
        if (LearningRate == 0) throw new InvalidArgumentException("Ftrl: the learning rate is 0, by which the update would divide; give a small one.");
        values[0] = -learningRatePower;
        values[1] = l1;
        values[2] = l2;
        values[3] = shrinkage;
        values[4] = beta;
    }
}
