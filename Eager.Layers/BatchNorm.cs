using Eager.Autograd;

namespace Eager.Layers;

/// <summary>
/// Gives each channel mean 0 and variance 1, then scales and shifts it (Ioffe &amp; Szegedy 2015). In training by the batch at hand, whose
/// mean and variance running ones follow; else by the running ones.
/// </summary>
/// <remarks>running = momentum·running + (1 − momentum)·batch, with the batch's variance Σ(x − μ)²/n, as in Keras.</remarks>
public sealed class BatchNorm : Layer
{
    private readonly DType dtype;
    private readonly WeightRule gammaRule;
    private readonly WeightRule betaRule;
    private readonly Initializer meanInitializer;
    private readonly Initializer varianceInitializer;

    /// <summary>Makes a layer.</summary>
    /// <param name="axis">The axis of the channels; the last unless given, 1 for channels first.</param>
    /// <param name="momentum">How much of the running mean and variance stays at each batch, in [0, 1].</param>
    /// <param name="epsilon">What is added to the variance.</param>
    /// <param name="center">Whether an offset β is learned.</param>
    /// <param name="scale">Whether a factor γ is learned.</param>
    /// <param name="betaInitializer">How β begins; zeros when null.</param>
    /// <param name="gammaInitializer">How γ begins; ones when null.</param>
    /// <param name="movingMeanInitializer">How the running mean begins; zeros when null.</param>
    /// <param name="movingVarianceInitializer">How the running variance begins; ones when null.</param>
    /// <param name="betaRegularizer">A penalty on β.</param>
    /// <param name="gammaRegularizer">A penalty on γ.</param>
    /// <param name="betaConstraint">What β is made to be after each update.</param>
    /// <param name="gammaConstraint">What γ is made to be after each update.</param>
    /// <param name="inputShape">The shape of one input without the batch; builds the layer at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <param name="dtype">The dtype of the weights, which inputs must have.</param>
    public BatchNorm(int axis = -1, double momentum = 0.99, double epsilon = 1e-3, bool center = true, bool scale = true, Initializer? betaInitializer = null, Initializer? gammaInitializer = null, Initializer? movingMeanInitializer = null, Initializer? movingVarianceInitializer = null, Regularizer? betaRegularizer = null, Regularizer? gammaRegularizer = null, Constraint? betaConstraint = null, Constraint? gammaConstraint = null, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32)
        : base(name)
    {
        if (!(momentum is >= 0 and <= 1)) throw new InvalidArgumentException($"BatchNorm: the momentum {momentum} is not in [0, 1].");
        NormalizationOps.RequireEpsilon(epsilon, nameof(BatchNorm));
        (Axis, Momentum, Epsilon, Center, Scale) = (axis, momentum, epsilon, center, scale);
        gammaRule = new WeightRule(gammaInitializer, gammaRegularizer, gammaConstraint).Or(Initializer.Ones());
        betaRule = new WeightRule(betaInitializer, betaRegularizer, betaConstraint).Or(Initializer.Zeros());
        meanInitializer = movingMeanInitializer ?? Initializer.Zeros();
        varianceInitializer = movingVarianceInitializer ?? Initializer.Ones();
        this.dtype = dtype;
        BuildIfKnown(inputShape);
    }

    /// <summary>The axis of the channels.</summary>
    public int Axis { get; }

    /// <summary>How much of the running mean and variance stays at each batch.</summary>
    public double Momentum { get; }

    /// <summary>What is added to the variance.</summary>
    public double Epsilon { get; }

    /// <summary>Whether an offset is learned.</summary>
    public bool Center { get; }

    /// <summary>Whether a factor is learned.</summary>
    public bool Scale { get; }

    /// <summary>The factor, [channels]; null without one and before the layer is built.</summary>
    public Variable? Gamma { get; private set; }

    /// <summary>The offset, [channels]; null without one and before the layer is built.</summary>
    public Variable? Beta { get; private set; }

    /// <summary>The running mean, [channels], which training follows but does not learn; null before the layer is built.</summary>
    public Variable? MovingMean { get; private set; }

    /// <summary>The running variance, [channels], which training follows but does not learn; null before the layer is built.</summary>
    public Variable? MovingVariance { get; private set; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape)
    {
        if (InputShape is not null) NormShapes.RequireSame(inputShape, InputShape, Axis, Title);
        return inputShape;
    }

    /// <inheritdoc/>
    protected override void CreateVariables(Shape inputShape)
    {
        Shape channels = [NormShapes.Require(inputShape, Axis, Title)];
        if (Scale) Gamma = CreateVariable("gamma", channels, gammaRule, dtype);
        if (Center) Beta = CreateVariable("beta", channels, betaRule, dtype);
        MovingMean = CreateVariable("movingMean", channels, meanInitializer, dtype, trainable: false);
        MovingVariance = CreateVariable("movingVariance", channels, varianceInitializer, dtype, trainable: false);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        NormShapes.RequireSame(x.ConcreteShape, InputShape!, Axis, Title);
        // A layer that is not trained keeps its statistics too, as in Keras.
        if (!training || !Trainable) return x.BatchNormInference(MovingMean!, MovingVariance!, Gamma, Beta, Axis, Epsilon);
        using var scope = Temporaries.Begin();
        (Tensor y, Tensor mean, Tensor variance) = x.BatchNorm(Gamma, Beta, Axis, Epsilon);
        Follow(MovingMean!, mean);
        Follow(MovingVariance!, variance);
        return scope.Keep(y);
    }

    private void Follow(Variable running, Tensor batch) => running.Assign(running * Momentum + batch * (1 - Momentum));
}
