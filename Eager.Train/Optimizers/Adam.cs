namespace Eager.Train;

/// <summary>Steps scaled by running means of the gradient and of its square.</summary>
/// <remarks>
/// Kingma &amp; Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1:
/// m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², x ← x − lr·m̂ / (√v̂ + ε), with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ).
/// AMSGrad takes the largest v so far for v (Reddi, Kale &amp; Kumar, "On the convergence of Adam and beyond", 2018).
/// </remarks>
public class Adam : Optimizer
{
    internal static readonly Op<UpdateAttributes> AdamUpdate = UpdateAttributes.Declare("Adam");

    private readonly double beta1;
    private readonly double beta2;
    private readonly double epsilon;
    private readonly bool amsGrad;

    /// <summary>Makes an optimizer.</summary>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="beta1">How much of the mean gradient stays from step to step.</param>
    /// <param name="beta2">How much of the mean square stays from step to step.</param>
    /// <param name="epsilon">Keeps the division finite.</param>
    /// <param name="weightDecay">What multiple of a variable is added to its gradient (L2).</param>
    /// <param name="amsGrad">Whether the largest mean square so far scales the step.</param>
    /// <exception cref="InvalidArgumentException">A setting is out of its range.</exception>
    public Adam(double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0, bool amsGrad = false)
        : this(learningRate, beta1, beta2, epsilon, weightDecay, amsGrad, nameof(Adam))
    {
    }

    private protected Adam(double learningRate, double beta1, double beta2, double epsilon, double weightDecay, bool amsGrad, string name)
        : base(learningRate, weightDecay, name)
    {
        this.beta1 = OptimizerArguments.Share(beta1, "β₁", name);
        this.beta2 = OptimizerArguments.Share(beta2, "β₂", name);
        this.epsilon = OptimizerArguments.NotNegative(epsilon, "ε", name);
        this.amsGrad = amsGrad;
    }

    private protected override IReadOnlyList<string> SlotNames => amsGrad ? ["m", "v", "largest"] : ["m", "v"];

    private protected override Op<UpdateAttributes> Update => AdamUpdate;

    private protected override UpdateRule Rule => amsGrad ? UpdateRule.AmsGrad : UpdateRule.Adam;

    private protected override int SettingCount => 6;

    private protected override void WriteSettings(Span<double> values, long step)
    {
        values[0] = beta1;
        values[1] = beta2;
        values[2] = epsilon;
        values[3] = 1 - Math.Pow(beta1, step);
        values[4] = 1 - Math.Pow(beta2, step);
        values[5] = step;
    }
}

/// <summary>Adam with weight decay apart from the gradient: x ← x − lr·decay·x before Adam's step.</summary>
/// <remarks>Loshchilov &amp; Hutter, "Decoupled weight decay regularization" (2019).</remarks>
public sealed class AdamW : Adam
{
    /// <summary>Makes an optimizer.</summary>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="beta1">How much of the mean gradient stays from step to step.</param>
    /// <param name="beta2">How much of the mean square stays from step to step.</param>
    /// <param name="epsilon">Keeps the division finite.</param>
    /// <param name="weightDecay">The share of a variable, times the learning rate, that each step takes away.</param>
    /// <param name="amsGrad">Whether the largest mean square so far scales the step.</param>
    /// <exception cref="InvalidArgumentException">A setting is out of its range.</exception>
    public AdamW(double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0.01, bool amsGrad = false)
        : base(learningRate, beta1, beta2, epsilon, weightDecay, amsGrad, nameof(AdamW))
    {
    }

    private protected override bool DecaysApart => true;
}
