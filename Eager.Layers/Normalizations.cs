using Eager.Autograd;

namespace Eager.Layers;

/// <summary>What all normalizations of single examples have: a factor and an offset.</summary>
public abstract class Normalization : Layer
{
    private readonly DType dtype;
    private readonly WeightRule gammaRule;
    private readonly WeightRule betaRule;

    private protected Normalization(double epsilon, bool center, bool scale, in WeightRule beta, in WeightRule gamma, string? name, DType dtype) : base(name)
    {
        NormalizationOps.RequireEpsilon(epsilon, GetType().Name);
        (Epsilon, Center, Scale) = (epsilon, center, scale);
        gammaRule = gamma.Or(Initializer.Ones());
        betaRule = beta.Or(Initializer.Zeros());
        this.dtype = dtype;
    }

    /// <summary>What is added to the variance.</summary>
    public double Epsilon { get; }

    /// <summary>Whether an offset is learned.</summary>
    public bool Center { get; }

    /// <summary>Whether a factor is learned.</summary>
    public bool Scale { get; }

    /// <summary>The factor; null without one and before the layer is built.</summary>
    public Variable? Gamma { get; private set; }

    /// <summary>The offset; null without one and before the layer is built.</summary>
    public Variable? Beta { get; private set; }

    /// <summary>The axis whose size its weights depend on.</summary>
    private protected abstract int WeightAxis { get; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape)
    {
        if (InputShape is not null) NormShapes.RequireSame(inputShape, InputShape, WeightAxis, Title);
        return inputShape;
    }

    /// <inheritdoc/>
    protected override void CreateVariables(Shape inputShape)
    {
        Shape shape = WeightShape(inputShape);
        if (Scale) Gamma = CreateVariable("gamma", shape, gammaRule, dtype);
        if (Center) Beta = CreateVariable("beta", shape, betaRule, dtype);
    }

    private protected abstract Shape WeightShape(Shape inputShape);
}

/// <summary>Gives each example mean 0 and variance 1 over its last axes, then scales and shifts (Ba et al. 2016).</summary>
public sealed class LayerNorm : Normalization
{
    /// <summary>Makes a layer.</summary>
    /// <param name="axis">The first of the axes that are normalized; it and all after it are.</param>
    /// <param name="epsilon">What is added to the variance.</param>
    /// <param name="center">Whether an offset β is learned.</param>
    /// <param name="scale">Whether a factor γ is learned.</param>
    /// <param name="betaInitializer">How β begins; zeros when null.</param>
    /// <param name="gammaInitializer">How γ begins; ones when null.</param>
    /// <param name="betaRegularizer">A penalty on β.</param>
    /// <param name="gammaRegularizer">A penalty on γ.</param>
    /// <param name="betaConstraint">What β is made to be after each update.</param>
    /// <param name="gammaConstraint">What γ is made to be after each update.</param>
    /// <param name="inputShape">The shape of one input without the batch; builds the layer at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <param name="dtype">The dtype of the weights, which inputs must have.</param>
    public LayerNorm(int axis = -1, double epsilon = 1e-3, bool center = true, bool scale = true, Initializer? betaInitializer = null, Initializer? gammaInitializer = null, Regularizer? betaRegularizer = null, Regularizer? gammaRegularizer = null, Constraint? betaConstraint = null, Constraint? gammaConstraint = null, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32)
        : base(epsilon, center, scale, new(betaInitializer, betaRegularizer, betaConstraint), new(gammaInitializer, gammaRegularizer, gammaConstraint), name, dtype)
    {
        Axis = axis;
        BuildIfKnown(inputShape);
    }

    /// <summary>The first of the axes that are normalized.</summary>
    public int Axis { get; }

    private protected override int WeightAxis => Axis;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        NormShapes.RequireSame(x.ConcreteShape, InputShape!, Axis, Title);
        return x.LayerNorm(Gamma, Beta, Axis, Epsilon);
    }

    private protected override Shape WeightShape(Shape inputShape)
    {
        NormShapes.Require(inputShape, Axis, Title);
        Shape shape = inputShape[inputShape.NormalizeAxis(Axis)..];
        return shape.IsFullyKnown ? shape : throw new ShapeMismatchException($"{Title}: the input is {inputShape}; the sizes from axis {Axis} on must be known.");
    }
}

/// <summary>Gives each group of channels of each example mean 0 and variance 1, then scales and shifts each channel (Wu &amp; He 2018).</summary>
public sealed class GroupNorm : Normalization
{
    /// <summary>Makes a layer.</summary>
    /// <param name="groups">Into how many groups the channels fall; −1 makes each channel one.</param>
    /// <param name="epsilon">What is added to the variance.</param>
    /// <param name="center">Whether an offset β is learned.</param>
    /// <param name="scale">Whether a factor γ is learned.</param>
    /// <param name="dataFormat">Where the channels are.</param>
    /// <param name="betaInitializer">How β begins; zeros when null.</param>
    /// <param name="gammaInitializer">How γ begins; ones when null.</param>
    /// <param name="betaRegularizer">A penalty on β.</param>
    /// <param name="gammaRegularizer">A penalty on γ.</param>
    /// <param name="betaConstraint">What β is made to be after each update.</param>
    /// <param name="gammaConstraint">What γ is made to be after each update.</param>
    /// <param name="inputShape">The shape of one input without the batch; builds the layer at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <param name="dtype">The dtype of the weights, which inputs must have.</param>
    public GroupNorm(int groups = 32, double epsilon = 1e-3, bool center = true, bool scale = true, DataFormat dataFormat = DataFormat.ChannelsLast, Initializer? betaInitializer = null, Initializer? gammaInitializer = null, Regularizer? betaRegularizer = null, Regularizer? gammaRegularizer = null, Constraint? betaConstraint = null, Constraint? gammaConstraint = null, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32)
        : base(epsilon, center, scale, new(betaInitializer, betaRegularizer, betaConstraint), new(gammaInitializer, gammaRegularizer, gammaConstraint), name, dtype)
    {
        if (groups is < 1 and not -1) throw new InvalidArgumentException($"GroupNorm: {groups} groups were asked for; give at least 1, or -1 for one of each channel.");
        (Groups, DataFormat) = (groups, dataFormat);
        BuildIfKnown(inputShape);
    }

    /// <summary>Into how many groups the channels fall; −1 when each channel is one.</summary>
    public int Groups { get; }

    /// <summary>Where the channels are.</summary>
    public DataFormat DataFormat { get; }

    private protected override int WeightAxis => Windows.ChannelAxis(DataFormat);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        NormShapes.RequireSame(x.ConcreteShape, InputShape!, Windows.ChannelAxis(DataFormat), Title);
        return Groups == -1 ? x.InstanceNorm(Gamma, Beta, Epsilon, DataFormat) : x.GroupNorm(Groups, Gamma, Beta, Epsilon, DataFormat);
    }

    private protected override Shape WeightShape(Shape inputShape)
    {
        Dim channels = NormShapes.Require(inputShape, Windows.ChannelAxis(DataFormat), Title);
        return Groups == -1 || channels.Value % Groups == 0 ? [channels] : throw new ShapeMismatchException($"{Title}: the {channels} channels of {inputShape} do not fall into {Groups} groups.");
    }
}

/// <summary>What normalizations ask of the shape of inputs.</summary>
internal static class NormShapes
{
    /// <summary>The size of an axis, which must be known and not the batch.</summary>
    internal static Dim Require(Shape inputShape, int axis, string title)
    {
        int at = inputShape.NormalizeAxis(axis, title);
        return at > 0 && !inputShape[at].IsUnknown ? inputShape[at] : throw new ShapeMismatchException($"{title}: the input is {inputShape}; axis {axis} must be of known size, and another than the batch.");
    }

    internal static void RequireSame(Shape shape, Shape built, int axis, string title)
    {
        bool fits = shape.Rank == built.Rank && shape[axis].Value == built[axis].Value;
        if (!fits) throw new ShapeMismatchException($"{title}: the input is {shape}, the layer was built for {built}; the rank and the size of axis {axis} must be the same.");
    }
}
