namespace Eager.Train;

/// <summary>Steps scaled by the running root mean square of the gradient.</summary>
/// <remarks>
/// Tieleman &amp; Hinton, "Lecture 6.5 — RMSProp" (2012), with PyTorch's defaults: a ← ρa + (1 − ρ)g², u = g / (√a + ε), x ← x − lr·u.
/// Centered, the square of the mean gradient is taken from a (Graves, "Generating sequences with recurrent neural networks", 2013, equation 40);
/// with momentum μ: v ← μv + u, x ← x − lr·v.
/// </remarks>
public sealed class RmsProp : Optimizer
{
    internal static readonly Op<UpdateAttributes> RmsPropUpdate = UpdateAttributes.Declare("RmsProp");

    private readonly double rho;
    private readonly double epsilon;
    private readonly double momentum;
    private readonly bool centered;

    /// <summary>Makes an optimizer.</summary>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="rho">How much of the means stays from step to step.</param>
    /// <param name="epsilon">Keeps the division finite.</param>
    /// <param name="momentum">How much of the velocity stays from step to step.</param>
    /// <param name="centered">Whether the step is scaled by the variance instead of the mean square.</param>
    /// <param name="weightDecay">What multiple of a variable is added to its gradient (L2).</param>
    /// <exception cref="InvalidArgumentException">A setting is out of its range.</exception>
    public RmsProp(double learningRate = 0.01, double rho = 0.99, double epsilon = 1e-8, double momentum = 0, bool centered = false, double weightDecay = 0)
        : base(learningRate, weightDecay, nameof(RmsProp))
    {
        this.rho = OptimizerArguments.Share(rho, "ρ", Name);
        this.epsilon = OptimizerArguments.NotNegative(epsilon, "ε", Name);
        this.momentum = OptimizerArguments.Share(momentum, "momentum", Name);
        this.centered = centered;
    }

    private protected override IReadOnlyList<string> SlotNames => ["square", .. centered ? ["mean"] : Array.Empty<string>(), .. momentum != 0 ? ["velocity"] : Array.Empty<string>()];

    private protected override Op<UpdateAttributes> Update => RmsPropUpdate;

    private protected override UpdateRule Rule => (centered, momentum != 0) switch
    {
        (false, false) => UpdateRule.RmsProp,
        (false, true) => UpdateRule.RmsPropMomentum,
        (true, false) => UpdateRule.RmsPropCentered,
        (true, true) => UpdateRule.RmsPropCenteredMomentum,
    };

    private protected override int SettingCount => 3;

    private protected override void WriteSettings(Span<double> values, long step)
    {
        values[0] = rho;
        values[1] = epsilon;
        values[2] = momentum;
    }
}
