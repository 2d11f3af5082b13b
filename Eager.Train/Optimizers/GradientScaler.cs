using Eager.Autograd;

namespace Eager.Train;

/// <summary>
/// Keeps small gradients of float16 from becoming 0: the loss is multiplied by a scale, the gradients divided by it, a step whose gradients
/// are not finite is left out, and the scale follows (Micikevicius et al. 2018). Rules and defaults are those of PyTorch's GradScaler.
/// </summary>
/// <example><code>
/// var scaler = new GradientScaler();
/// using var tape = new GradientTape();
/// Tensor loss;
/// using (Autocast.Begin(DType.Float16)) loss = Loss.MeanSquaredError(labels, model.Call(x, training: true));
/// bool stepped = scaler.Apply(optimizer, tape.Gradient(scaler.ScaleLoss(loss), model.TrainableVariables), model.TrainableVariables);
/// </code></example>
public sealed class GradientScaler : ICheckpointable
{
    private readonly double growthFactor;
    private readonly double backoffFactor;
    private readonly int growthInterval;
    private long goodSteps;

    /// <summary>Makes a scaler.</summary>
    /// <param name="initialScale">The first scale.</param>
    /// <param name="growthFactor">What the scale is multiplied by after enough good steps.</param>
    /// <param name="backoffFactor">What the scale is multiplied by after a step that was left out.</param>
    /// <param name="growthInterval">How many good steps in a row are enough.</param>
    /// <exception cref="InvalidArgumentException">A number is out of its range.</exception>
    public GradientScaler(double initialScale = 65536, double growthFactor = 2, double backoffFactor = 0.5, int growthInterval = 2000)
    {
        if (!(initialScale > 0) || !double.IsFinite(initialScale)) throw new InvalidArgumentException($"GradientScaler: the scale {initialScale} is no finite number above 0.");
        if (!(growthFactor > 1) || !double.IsFinite(growthFactor)) throw new InvalidArgumentException($"GradientScaler: the growth factor is {growthFactor}; it must be finite and above 1.");
        if (!(backoffFactor is > 0 and < 1)) throw new InvalidArgumentException($"GradientScaler: the backoff factor is {backoffFactor}; it must be between 0 and 1.");
        if (growthInterval < 1) throw new InvalidArgumentException($"GradientScaler: the growth interval is {growthInterval}; it must be at least 1.");
        (Scale, this.growthFactor, this.backoffFactor, this.growthInterval) = (initialScale, growthFactor, backoffFactor, growthInterval);
    }

    /// <summary>What losses are multiplied by.</summary>
    public double Scale { get; private set; }

    /// <summary>How many steps were left out.</summary>
    public long SkippedSteps { get; private set; }

    /// <summary>The loss times the scale; take the gradients of this.</summary>
    public Tensor ScaleLoss(Tensor loss) => loss * Scale;

    /// <summary>The gradients of a scaled loss divided by the scale, for instance in order to clip them.</summary>
    /// <param name="gradients">Gradients; null stays null.</param>
    /// <param name="areFinite">Whether all elements are finite.</param>
    public Tensor?[] Unscale(IReadOnlyList<Tensor?> gradients, out bool areFinite)
    {
        using var scope = Temporaries.Begin();
        Tensor?[] unscaled = [.. gradients.Select(g => g is null ? null : scope.Keep(g * (1 / Scale)))];
        Tensor[] finite = [.. unscaled.OfType<Tensor>().Select(static g => g.IsFinite().All())];
        areFinite = finite.Length == 0 || Tensor.Stack(finite).All().Item<bool>();
        return unscaled;
    }

    /// <summary>Makes a step of the gradients of a scaled loss, unless one is not finite, and adapts the scale.</summary>
    /// <param name="optimizer">What makes the step.</param>
    /// <param name="gradients">The gradients of a loss from <see cref="ScaleLoss"/>.</param>
    /// <param name="variables">What to change.</param>
    /// <returns>Whether a step was made.</returns>
    /// <exception cref="TracingException">It is called within a traced function, where what is left out cannot depend on values.</exception>
    public bool Apply(Optimizer optimizer, IReadOnlyList<Tensor?> gradients, IReadOnlyList<Variable> variables)
    {
        Tensor?[] unscaled = Unscale(gradients, out bool areFinite);
        if (areFinite) optimizer.Apply(unscaled, variables);
        foreach (Tensor? gradient in unscaled) gradient?.Dispose();
        Update(areFinite);
        return areFinite;
    }

    /// <summary>Adapts the scale after a step that was made by other means than <see cref="Apply"/>.</summary>
    /// <param name="stepped">Whether the step was made; false when gradients were not finite and it was left out.</param>
    public void Update(bool stepped)
    {
        if (!stepped)
        {
            Scale *= backoffFactor;
            SkippedSteps++;
            goodSteps = 0;
        }
        else if (++goodSteps == growthInterval)
        {
            Scale *= growthFactor;
            goodSteps = 0;
        }
    }

    /// <summary>The scale, how many good steps were made since it changed, and how many steps were left out.</summary>
    public IEnumerable<StateEntry> GetState() =>
    [
        StateEntry.Double("scale", () => Scale, value => Scale = value, static value => value > 0 && double.IsFinite(value) ? null : $"the scale {value} is no finite number above 0"),
        StateEntry.Int64("good_steps", () => goodSteps, value => goodSteps = value),
        StateEntry.Int64("skipped_steps", () => SkippedSteps, value => SkippedSteps = value),
    ];
}
