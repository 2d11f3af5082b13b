namespace Eager.Losses;

public static partial class Loss
{
    /// <summary>Softmax cross entropy of logits [..., classes] with class numbers [...], such as one for each step of a sequence.</summary>
    /// <param name="labels">Class numbers of an integer dtype, [...].</param>
    /// <param name="logits">Scores before the softmax, [..., classes].</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    /// <exception cref="InvalidArgumentException">A label is no class number; the message names it and its row.</exception>
    /// <example><code>Tensor loss = Loss.SparseSoftmaxCrossEntropy(Tensor.From(0L, 2), Tensor.From([[1f, 0, 0], [0, 0, 1f]]));</code></example>
    public static Tensor SparseSoftmaxCrossEntropy(Tensor labels, Tensor logits, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null) =>
        Finish(nameof(SparseSoftmaxCrossEntropy), () => Tensor.SparseSoftmaxCrossEntropy(labels, logits), new(weights, reduction, scope, collection));

    /// <summary>Softmax cross entropy of logits with probabilities over the last axis.</summary>
    /// <param name="labels">Probabilities of the logits' shape.</param>
    /// <param name="logits">Scores before the softmax, [..., classes].</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="labelSmoothing">The share ε of each label that is spread over all classes: (1 − ε)·labels + ε/classes.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    public static Tensor SoftmaxCrossEntropy(Tensor labels, Tensor logits, Tensor? weights = null, double labelSmoothing = 0, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null)
    {
        RequireSmoothing(labelSmoothing, nameof(SoftmaxCrossEntropy));
        RequireFeatures(nameof(SoftmaxCrossEntropy), logits);
        return Compute(nameof(SoftmaxCrossEntropy), labels, logits, (y, x) => Tensor.SoftmaxCrossEntropy(Smooth(y, labelSmoothing, 1.0 / x.ConcreteShape[^1].Value), x), new(weights, reduction, scope, collection));
    }

    /// <summary>−labels·log σ(logits) − (1 − labels)·log(1 − σ(logits)), elementwise.</summary>
    /// <param name="labels">Probabilities, 0 or 1 mostly.</param>
    /// <param name="logits">Scores before the sigmoid.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="labelSmoothing">The share ε of each label that goes to the middle: (1 − ε)·labels + ½ε.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    public static Tensor SigmoidCrossEntropy(Tensor labels, Tensor logits, Tensor? weights = null, double labelSmoothing = 0, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null)
    {
        RequireSmoothing(labelSmoothing, nameof(SigmoidCrossEntropy));
        return Compute(nameof(SigmoidCrossEntropy), labels, logits, (y, x) =>
        {
            // −log σ(x) is softplus(−x), and −log(1 − σ(x)) softplus(x): no difference of large numbers is taken.
            Tensor smooth = Smooth(y, labelSmoothing, 0.5);
            return smooth * (-x).Softplus() + (1 - smooth) * x.Softplus();
        }, new(weights, reduction, scope, collection));
    }

    /// <summary>−Σ labels·log probabilities over the last axis; rows are taken as they are, not scaled to a sum of 1.</summary>
    /// <param name="labels">Probabilities of the same shape.</param>
    /// <param name="probabilities">Probabilities that came out, [..., classes].</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="labelSmoothing">The share ε of each label that is spread over all classes: (1 − ε)·labels + ε/classes.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    /// <remarks>Probabilities are kept within [ε, 1 − ε], ε = 1e-7 as in Keras (larger for 16-bit dtypes); beyond, the loss is level and its gradient 0. From logits, take <see cref="SoftmaxCrossEntropy"/> instead.</remarks>
    public static Tensor CategoricalCrossEntropy(Tensor labels, Tensor probabilities, Tensor? weights = null, double labelSmoothing = 0, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null)
    {
        RequireSmoothing(labelSmoothing, nameof(CategoricalCrossEntropy));
        RequireFeatures(nameof(CategoricalCrossEntropy), probabilities);
        return Compute(nameof(CategoricalCrossEntropy), labels, probabilities, (y, p) => -(Smooth(y, labelSmoothing, 1.0 / p.ConcreteShape[^1].Value) * Clipped(p).Log()).Sum(-1), new(weights, reduction, scope, collection));
    }

    /// <summary>−log of the probability at the label.</summary>
    /// <param name="labels">Class numbers of an integer dtype, [...].</param>
    /// <param name="probabilities">Probabilities that came out, [..., classes].</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    /// <exception cref="InvalidArgumentException">A label is no class number.</exception>
    /// <remarks>Probabilities are kept within [ε, 1 − ε], ε = 1e-7 as in Keras (larger for 16-bit dtypes); beyond, the loss is level and its gradient 0. From logits, take <see cref="SparseSoftmaxCrossEntropy"/> instead.</remarks>
    public static Tensor SparseCategoricalCrossEntropy(Tensor labels, Tensor probabilities, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null)
    {
        if (!labels.DType.IsInteger()) throw new DTypeMismatchException($"SparseCategoricalCrossEntropy: the labels are {labels.DType.Name()}; give class numbers of an integer dtype.");
        if (!probabilities.DType.IsFloatingPoint()) throw new DTypeMismatchException($"SparseCategoricalCrossEntropy: the probabilities are {probabilities.DType.Name()}; give a floating-point dtype.");
        RequireFeatures(nameof(SparseCategoricalCrossEntropy), probabilities);
        if (labels.ConcreteShape != probabilities.ConcreteShape[..^1])
            throw new ShapeMismatchException($"SparseCategoricalCrossEntropy: labels are {labels.ConcreteShape}, probabilities {probabilities.ConcreteShape}; the labels need the probabilities' shape without its last axis.");
        return Finish(nameof(SparseCategoricalCrossEntropy), () => -Clipped(probabilities).TakeAlongAxis(labels.Cast(DType.Int64).ExpandDims(-1), -1).Squeeze(-1).Log(), new(weights, reduction, scope, collection));
    }

    /// <summary>−labels·log probabilities − (1 − labels)·log(1 − probabilities), elementwise.</summary>
    /// <param name="labels">Probabilities, 0 or 1 mostly.</param>
    /// <param name="probabilities">Probabilities that came out.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="labelSmoothing">The share ε of each label that goes to the middle: (1 − ε)·labels + ½ε.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    /// <remarks>Probabilities are kept within [ε, 1 − ε], ε = 1e-7 as in Keras (larger for 16-bit dtypes); beyond, the loss is level and its gradient 0. From logits, take <see cref="SigmoidCrossEntropy"/> instead.</remarks>
    public static Tensor BinaryCrossEntropy(Tensor labels, Tensor probabilities, Tensor? weights = null, double labelSmoothing = 0, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null)
    {
        RequireSmoothing(labelSmoothing, nameof(BinaryCrossEntropy));
        return Compute(nameof(BinaryCrossEntropy), labels, probabilities, (y, p) =>
        {
            Tensor smooth = Smooth(y, labelSmoothing, 0.5), clipped = Clipped(p);
            return -(smooth * clipped.Log() + (1 - smooth) * (1 - clipped).Log());
        }, new(weights, reduction, scope, collection));
    }

    /// <summary>−labels·log(predictions + ε) − (1 − labels)·log(1 − predictions + ε), elementwise, as <c>tf.losses.log_loss</c> has it.</summary>
    /// <param name="labels">Probabilities, 0 or 1 mostly.</param>
    /// <param name="predictions">Probabilities that came out.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="epsilon">Keeps the logarithms finite.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    public static Tensor LogLoss(Tensor labels, Tensor predictions, Tensor? weights = null, double epsilon = 1e-7, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null)
    {
        if (!(epsilon > 0) || !double.IsFinite(epsilon)) throw new InvalidArgumentException($"LogLoss: ε is {epsilon}; it must be positive and finite.");
        return Compute(nameof(LogLoss), labels, predictions, (y, p) => -(y * (p + epsilon).Log() + (1 - y) * (1 - p + epsilon).Log()), new(weights, reduction, scope, collection));
    }

    private static Tensor Clipped(Tensor probabilities)
    {
        double least = LeastProbability(probabilities.DType);
        return probabilities.Clip(least, 1 - least);
    }

    private static void RequireFeatures(string name, Tensor tensor)
    {
        if (tensor.Rank == 0 || tensor.ConcreteShape[^1] == 0) throw new ShapeMismatchException($"{name}: the shape is {tensor.ConcreteShape}; it needs a last axis of at least 1.");
    }
}
