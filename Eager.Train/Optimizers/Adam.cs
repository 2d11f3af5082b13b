using Eager.Interop;

namespace Eager.Train;

/// <summary>Adam: steps scaled by running means of the gradient and of its square.</summary>
/// <remarks>
/// Kingma &amp; Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1:
/// m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², x ← x − lr·(m/(1 − β₁ᵗ))/(√(v/(1 − β₂ᵗ)) + ε).
/// </remarks>
/// <example><code>
/// var adam = new Adam(learningRate: 1e-3);
/// Tensor loss = adam.Minimize(() => Loss.MeanSquaredError(y, model.Call(x)), model.TrainableVariables);
/// </code></example>
public class Adam : Optimizer
{
    internal static readonly Op<UpdateAttributes> AdamUpdate = new("Adam",
        static (x, in a) =>
        {
            int n = a.Count;
            Aten.adam_(x[..n], x[n..(2 * n)], x[(2 * n)..(3 * n)], x[(3 * n)..], a.Settings);
            return x[0];
        },
        static (x, in _) => x[0])
    { Accepts = Accepts.Any, Effect = Effect.Mutates };

    private readonly double beta1;
    private readonly double beta2;
    private readonly double epsilon;

    /// <summary>Makes an optimizer.</summary>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="beta1">How much of the mean gradient stays from step to step.</param>
    /// <param name="beta2">How much of the mean square stays from step to step.</param>
    /// <param name="epsilon">Keeps the division finite.</param>
    /// <exception cref="InvalidArgumentException">A setting is out of its range.</exception>
    public Adam(double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8)
        : this(learningRate, beta1, beta2, epsilon, decay: 0, nameof(Adam))
    {
    }

    private protected Adam(double learningRate, double beta1, double beta2, double epsilon, double decay, string name) : base(learningRate, name)
    {
        if (beta1 is not (>= 0 and < 1) || beta2 is not (>= 0 and < 1)) throw new InvalidArgumentException($"{name}: β₁ is {beta1} and β₂ is {beta2}; both must be within [0, 1).");
        if (!(epsilon >= 0)) throw new InvalidArgumentException($"{name}: ε is {epsilon}; it must not be negative.");
        if (!(decay >= 0)) throw new InvalidArgumentException($"{name}: the weight decay is {decay}; it must not be negative.");
        (this.beta1, this.beta2, this.epsilon, WeightDecay) = (beta1, beta2, epsilon, decay);
    }

    /// <summary>The share of a variable, times the learning rate, that each step takes away; 0 but for <see cref="AdamW"/>.</summary>
    public double WeightDecay { get; }

    private protected override IReadOnlyList<string> SlotNames => ["m", "v"];

    private protected override Op<UpdateAttributes> Update => AdamUpdate;

    private protected override int SettingCount => 7;

    private protected override void WriteSettings(Span<double> values, long step)
    {
        values[0] = LearningRate;
        values[1] = beta1;
        values[2] = beta2;
        values[3] = epsilon;
        values[4] = 1 - Math.Pow(beta1, step);
        values[5] = 1 - Math.Pow(beta2, step);
        values[6] = WeightDecay;
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
    /// <exception cref="InvalidArgumentException">A setting is out of its range.</exception>
    public AdamW(double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0.01)
        : base(learningRate, beta1, beta2, epsilon, weightDecay, nameof(AdamW))
    {
    }
}
