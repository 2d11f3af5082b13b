namespace Eager.Train;

/// <summary>Gradient descent, with momentum where wanted.</summary>
/// <remarks>
/// x ← x − lr·g. With momentum μ: v ← μv + (1 − dampening)·g, x ← x − lr·v, or with Nesterov's look ahead x ← x − lr·(g + μv)
/// (Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, in PyTorch's form: the first step is not dampened).
/// </remarks>
public sealed class Sgd : Optimizer
{
    internal static readonly Op<UpdateAttributes> SgdUpdate = UpdateAttributes.Declare("Sgd");

    private readonly double momentum;
    private readonly bool nesterov;
    private readonly double dampening;

    /// <summary>Makes an optimizer.</summary>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="momentum">How much of the velocity stays from step to step.</param>
    /// <param name="nesterov">Whether the step looks ahead along the velocity.</param>
    /// <param name="weightDecay">What multiple of a variable is added to its gradient (L2).</param>
    /// <param name="dampening">What share of the gradient the velocity does not take in.</param>
    /// <exception cref="InvalidArgumentException">A setting is out of its range.</exception>
    public Sgd(double learningRate = 0.01, double momentum = 0, bool nesterov = false, double weightDecay = 0, double dampening = 0)
        : base(learningRate, weightDecay, nameof(Sgd))
    {
        this.momentum = OptimizerArguments.Share(momentum, "momentum", Name);
        this.dampening = OptimizerArguments.NotNegative(dampening, "dampening", Name);
        if (nesterov && (momentum == 0 || dampening != 0)) throw new InvalidArgumentException("Sgd: Nesterov's step needs a momentum above 0 and no dampening.");
        this.nesterov = nesterov;
    }

    private protected override IReadOnlyList<string> SlotNames => momentum == 0 ? [] : ["velocity"];

    private protected override Op<UpdateAttributes> Update => SgdUpdate;

    private protected override UpdateRule Rule => momentum == 0 ? UpdateRule.Sgd : UpdateRule.Momentum;

    private protected override int SettingCount => 3;

    private protected override void WriteSettings(Span<double> values, long step)
    {
        values[0] = momentum;
        values[1] = step == 1 ? 1 : 1 - dampening;
        values[2] = nesterov ? 1 : 0;
    }
}
