using Eager.Autograd;

namespace Eager.Layers;

/// <summary>Looks up a vector for each integer: [batch, ...] → [batch, ..., outputDim].</summary>
public sealed class Embedding : Layer
{
    private readonly DType dtype;
    private readonly WeightRule rule;

    /// <summary>Makes a layer.</summary>
    /// <param name="inputDim">How many different integers there are; they count from 0.</param>
    /// <param name="outputDim">The length of the vectors.</param>
    /// <param name="embeddingsInitializer">How the vectors begin; evenly distributed within ±0.05 when null.</param>
    /// <param name="embeddingsRegularizer">A penalty on the vectors.</param>
    /// <param name="activityRegularizer">A penalty on what the layer gives.</param>
    /// <param name="embeddingsConstraint">What the vectors are made to be after each update.</param>
    /// <param name="paddingIndex">An integer whose vector is not learned; none when null.</param>
    /// <param name="inputShape">The shape of one input without the batch; builds the layer at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <param name="dtype">The dtype of the vectors.</param>
    public Embedding(int inputDim, int outputDim, Initializer? embeddingsInitializer = null, Regularizer? embeddingsRegularizer = null, Regularizer? activityRegularizer = null, Constraint? embeddingsConstraint = null, int? paddingIndex = null, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32)
        : base(name)
    {
        if (inputDim < 1 || outputDim < 1) throw new InvalidArgumentException($"Embedding: {inputDim} vectors of length {outputDim} were asked for; both must be at least 1.");
        if (paddingIndex is { } row && (row < 0 || row >= inputDim)) throw new InvalidArgumentException($"Embedding: the padding index {row} is not one of the {inputDim} integers from 0.");
        (InputDim, OutputDim, PaddingIndex) = (inputDim, outputDim, paddingIndex);
        rule = new WeightRule(embeddingsInitializer, embeddingsRegularizer, embeddingsConstraint).Or(Initializer.RandomUniform());
        ActivityRegularizer = activityRegularizer;
        this.dtype = dtype;
        BuildIfKnown(inputShape);
    }

    /// <summary>How many different integers there are.</summary>
    public int InputDim { get; }

    /// <summary>The length of the vectors.</summary>
    public int OutputDim { get; }

    /// <summary>An integer whose vector is not learned.</summary>
    public int? PaddingIndex { get; }

    /// <summary>The vectors, [inputDim, outputDim]; null before the layer is built.</summary>
    public Variable? Embeddings { get; private set; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape) => inputShape.Insert(inputShape.Rank, OutputDim);

    /// <inheritdoc/>
    protected override void CreateVariables(Shape inputShape) => Embeddings = CreateVariable("embeddings", [InputDim, OutputDim], rule, dtype);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training) => Tensor.Embedding(Embeddings!, x, PaddingIndex);

    private protected override DType OutputDType(int output, DType inputDType) => dtype;
}
