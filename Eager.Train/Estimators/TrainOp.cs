using Eager.Autograd;

namespace Eager.Train;

/// <summary>A training step whose loss is computed: what a <see cref="TrainOp"/> goes on from.</summary>
/// <param name="Tape">What recorded the loss; its gradients can be asked for once.</param>
/// <param name="Loss">The loss.</param>
/// <param name="Variables">All trainable variables of the model.</param>
public sealed record TrainStep(GradientTape Tape, Tensor Loss, IReadOnlyList<Variable> Variables);

/// <summary>How a model function makes its loss smaller.</summary>
/// <example><code>
/// trainOp: TrainOp.Minimize(() => new Adam(parameters.Get&lt;double&gt;("learning_rate")))
/// </code></example>
public sealed class TrainOp
{
    private readonly Action<TrainStep> run;

    /// <summary>Any code that changes the variables.</summary>
    /// <param name="run">
    /// Makes the step. An optimizer that it uses comes from <see cref="VariableScope.Get{T}(string, Func{T})"/>, so that it is made once and checkpoints keep it.
    /// </param>
    /// <example><code>
    /// new TrainOp(step =>
    /// {
    ///     Optimizer sgd = VariableScope.Get("sgd", () => new Sgd(0.1));
    ///     sgd.Apply(step.Tape.Gradient(step.Loss, step.Variables), step.Variables);
    /// })
    /// </code></example>
    public TrainOp(Action<TrainStep> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        this.run = run;
    }

    /// <summary>One step of an optimizer along the loss's gradients by all trainable variables.</summary>
    /// <param name="optimizer">Makes the optimizer; called once.</param>
    /// <param name="name">The optimizer's key in checkpoints.</param>
    public static TrainOp Minimize(Func<Optimizer> optimizer, string name = "optimizer")
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        return new(step => VariableScope.Get(name, optimizer).Apply(step.Tape.Gradient(step.Loss, step.Variables), step.Variables));
    }

    internal void Run(TrainStep step) => run(step);
}
