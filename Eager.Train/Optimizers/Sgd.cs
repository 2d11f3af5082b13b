using Eager.Interop;

namespace Eager.Train;

/// <summary>Gradient descent, with momentum where wanted.</summary>
/// <remarks>
/// x ← x − lr·g. With momentum μ: v ← μv + g, x ← x − lr·v, or with Nesterov's x ← x − lr·(g + μv)
/// (Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, in PyTorch's form).
/// </remarks>
public sealed class Sgd : Optimizer
{
    internal static readonly Op<UpdateAttributes> SgdUpdate = new("Sgd",
        static (x, in a) =>
        {
            int n = a.Count;
            Aten.sgd_(x[..n], x[n..(2 * n)], x[(2 * n)..], a.Settings);
            return x[0];
        },
        static (x, in _) => x[0])
    { Accepts = Accepts.Any, Effect = Effect.Mutates };

    private readonly double momentum;
    private readonly bool nesterov;
    private readonly double weightDecay;

    /// <summary>Makes an optimizer.</summary>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="momentum">How much of the velocity stays from step to step.</param>
    /// <param name="nesterov">Whether the step looks ahead along the velocity.</param>
    /// <param name="weightDecay">What multiple of a variable is added to its gradient (L2).</param>
    /// <exception cref="InvalidArgumentException">A setting is out of its range.</exception>
    public Sgd(double learningRate = 0.01, double momentum = 0, bool nesterov = false, double weightDecay = 0) : base(learningRate, nameof(Sgd))
    {
        if (momentum is not (>= 0 and < 1)) throw new InvalidArgumentException($"Sgd: the momentum is {momentum}; it must be within [0, 1).");
        if (nesterov && momentum == 0) throw new InvalidArgumentException("Sgd: Nesterov's step needs a momentum above 0.");
        if (!(weightDecay >= 0)) throw new InvalidArgumentException($"Sgd: the weight decay is {weightDecay}; it must not be negative.");
        (this.momentum, this.nesterov, this.weightDecay) = (momentum, nesterov, weightDecay);
    }

    private protected override IReadOnlyList<string> SlotNames => momentum == 0 ? [] : ["velocity"];

    private protected override Op<UpdateAttributes> Update => SgdUpdate;

    private protected override int SettingCount => 4;

    private protected override void WriteSettings(Span<double> values, long step)
    {
        values[0] = LearningRate;
        values[1] = momentum;
        values[2] = nesterov ? 1 : 0;
        values[3] = weightDecay;
    }
}
