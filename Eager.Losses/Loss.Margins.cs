namespace Eager.Losses;

public static partial class Loss
{
    /// <summary>max(0, 1 − (2·labels − 1)·logits), elementwise.</summary>
    /// <param name="labels">0 or 1.</param>
    /// <param name="logits">Scores; positive for 1.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    public static Tensor Hinge(Tensor labels, Tensor logits, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null) =>
        Compute(nameof(Hinge), labels, logits, static (y, x) => Margin(y, x), new(weights, reduction, scope, collection));

    /// <summary>max(0, 1 − (2·labels − 1)·logits)², elementwise.</summary>
    /// <param name="labels">0 or 1.</param>
    /// <param name="logits">Scores; positive for 1.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    public static Tensor SquaredHinge(Tensor labels, Tensor logits, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null) =>
        Compute(nameof(SquaredHinge), labels, logits, static (y, x) => Margin(y, x).Square(), new(weights, reduction, scope, collection));

    /// <summary>max(0, ‖anchor − positive‖² − ‖anchor − negative‖² + margin) over the last axis: examples of one kind closer than those of others.</summary>
    /// <param name="anchor">Embeddings, [..., features].</param>
    /// <param name="positive">Embeddings of the same kind, of the anchor's shape.</param>
    /// <param name="negative">Embeddings of another kind, of the anchor's shape.</param>
    /// <param name="margin">By how much the others should be farther away.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    /// <remarks>Schroff, Kalenichenko &amp; Philbin, "FaceNet: a unified embedding for face recognition and clustering" (2015), equation 2.</remarks>
    public static Tensor Triplet(Tensor anchor, Tensor positive, Tensor negative, double margin = 1, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null)
    {
        RequireFit(nameof(Triplet), ("anchors", anchor), ("positives", positive));
        RequireFit(nameof(Triplet), ("anchors", anchor), ("negatives", negative));
        RequireFeatures(nameof(Triplet), anchor);
        return Finish(nameof(Triplet), () => ((anchor - positive).Square().Sum(-1) - (anchor - negative).Square().Sum(-1) + margin).Relu(), new(weights, reduction, scope, collection));
    }

    private static Tensor Margin(Tensor labels, Tensor logits) => (1 - (2 * labels - 1) * logits).Relu();
}
