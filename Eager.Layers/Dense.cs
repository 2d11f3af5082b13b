using System.Diagnostics.CodeAnalysis;
using Eager.Autograd;

namespace Eager.Layers;

/// <summary>A fully connected layer over the last axis: y = f(x·kernel + bias). [..., inputs] → [..., units].</summary>
/// <example><code>
/// var layer = new Dense(64, "relu", inputShape: [20]);
/// Tensor y = layer.Call(Tensor.Zeros([5, 20]));   // [5, 64]
/// </code></example>
public sealed class Dense : Layer
{
    private readonly DType dtype;
    private readonly WeightRule kernelRule;
    private readonly WeightRule biasRule;

    /// <summary>Makes a layer.</summary>
    /// <param name="units">The number of outputs.</param>
    /// <param name="activation">What to apply to them; nothing when null.</param>
    /// <param name="useBias">Whether a bias is added.</param>
    /// <param name="kernelInitializer">How the kernel's first values are made; Glorot uniform when null.</param>
    /// <param name="biasInitializer">How the bias's first values are made; zeros when null.</param>
    /// <param name="kernelRegularizer">A penalty on the kernel.</param>
    /// <param name="biasRegularizer">A penalty on the bias.</param>
    /// <param name="activityRegularizer">A penalty on what the layer gives.</param>
    /// <param name="kernelConstraint">What the kernel is made to be after each update.</param>
    /// <param name="biasConstraint">What the bias is made to be after each update.</param>
    /// <param name="inputShape">The shape of one input without the batch; builds the layer at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <param name="dtype">The dtype of the weights, which inputs must have.</param>
    public Dense(int units, ActivationFunction? activation = null, bool useBias = true, Initializer? kernelInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? biasConstraint = null, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32)
        : base(name)
    {
        if (units < 1) throw new InvalidArgumentException($"Dense: {units} units were asked for; give at least 1.");
        Units = units;
        Activation = activation ?? ActivationFunction.Linear;
        UseBias = useBias;
        kernelRule = new(kernelInitializer ?? Initializer.GlorotUniform(), kernelRegularizer, kernelConstraint);
        biasRule = new(biasInitializer ?? Initializer.Zeros(), biasRegularizer, biasConstraint);
        ActivityRegularizer = activityRegularizer;
        this.dtype = dtype;
        BuildIfKnown(inputShape);
    }

    /// <summary>The number of outputs.</summary>
    public int Units { get; }

    /// <summary>What is applied to the outputs.</summary>
    public ActivationFunction Activation { get; }

    /// <summary>Whether a bias is added.</summary>
    public bool UseBias { get; }

    /// <summary>The weights, [inputs, units]; null before the layer is built.</summary>
    public Variable? Kernel { get; private set; }

    /// <summary>What is added, [units]; null without a bias and before the layer is built.</summary>
    public Variable? Bias { get; private set; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape)
    {
        if (Kernel is not null) RequireFit(inputShape);
        return inputShape.With(-1, Units);
    }

    /// <inheritdoc/>
    protected override void CreateVariables(Shape inputShape)
    {
        if (inputShape.Rank < 2 || inputShape[-1].IsUnknown)
            throw new ShapeMismatchException($"{Title}: the input is {inputShape}; it needs a batch and a last axis of known size, as in [batch, inputs].");
        Kernel = CreateVariable("kernel", [inputShape[-1], Units], kernelRule, dtype);
        if (UseBias) Bias = CreateVariable("bias", [Units], biasRule, dtype);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        RequireFit(x.ConcreteShape);
        using var scope = Temporaries.Begin();
        Tensor y = Bias is null ? x.MatMul(Kernel)
            : x.Rank == 2 ? Tensor.Affine(x, Kernel, Bias)
            : x.MatMul(Kernel) + Bias;
        return scope.Keep(Activation.Apply(y));
    }

    [MemberNotNull(nameof(Kernel))]
    private void RequireFit(Shape inputShape)
    {
        if (inputShape.Rank < 2 || inputShape[-1].Value != Kernel!.ConcreteShape[0].Value)
            throw new ShapeMismatchException($"{Title}: the input is {inputShape}, the layer was built for {InputShape}; the last axis must have size {Kernel!.ConcreteShape[0]}. Flatten images first.");
    }
}
