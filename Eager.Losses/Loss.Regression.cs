namespace Eager.Losses;

public static partial class Loss
{
    /// <summary>(labels − predictions)², elementwise.</summary>
    /// <param name="labels">What should come out.</param>
    /// <param name="predictions">What came out.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    public static Tensor MeanSquaredError(Tensor labels, Tensor predictions, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null) =>
        Compute(nameof(MeanSquaredError), labels, predictions, static (y, p) => (p - y).Square(), new(weights, reduction, scope, collection));

    /// <summary>|labels − predictions|, elementwise.</summary>
    /// <param name="labels">What should come out.</param>
    /// <param name="predictions">What came out.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    public static Tensor AbsoluteDifference(Tensor labels, Tensor predictions, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null) =>
        Compute(nameof(AbsoluteDifference), labels, predictions, static (y, p) => (p - y).Abs(), new(weights, reduction, scope, collection));

    /// <summary>|labels − predictions|, elementwise: <see cref="AbsoluteDifference"/> by its other name.</summary>
    /// <param name="labels">What should come out.</param>
    /// <param name="predictions">What came out.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    public static Tensor MeanAbsoluteError(Tensor labels, Tensor predictions, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null) =>
        Compute(nameof(MeanAbsoluteError), labels, predictions, static (y, p) => (p - y).Abs(), new(weights, reduction, scope, collection));

    /// <summary>½e² for an error e = predictions − labels of at most δ, and δ·(|e| − ½δ) beyond, elementwise.</summary>
    /// <param name="labels">What should come out.</param>
    /// <param name="predictions">What came out.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="delta">The error up to which the loss is quadratic.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    /// <exception cref="InvalidArgumentException">δ is not positive.</exception>
    /// <remarks>Huber, "Robust estimation of a location parameter" (1964).</remarks>
    public static Tensor Huber(Tensor labels, Tensor predictions, Tensor? weights = null, double delta = 1, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null)
    {
        if (!(delta > 0) || !double.IsFinite(delta)) throw new InvalidArgumentException($"Huber: δ is {delta}; it must be positive and finite.");
        return Compute(nameof(Huber), labels, predictions, (y, p) =>
        {
            Tensor error = (p - y).Abs(), near = error.Minimum(delta);
            return 0.5 * near.Square() + delta * (error - near);
        }, new(weights, reduction, scope, collection));
    }

    /// <summary>log cosh(predictions − labels), elementwise: like ½e² for small errors, like |e| − log 2 for large ones.</summary>
    /// <param name="labels">What should come out.</param>
    /// <param name="predictions">What came out.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    public static Tensor LogCosh(Tensor labels, Tensor predictions, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null) =>
        Compute(nameof(LogCosh), labels, predictions, static (y, p) =>
        {
            // log cosh e = e + log(1 + e⁻²ᵉ) − log 2, in which nothing overflows.
            Tensor error = p - y;
            return error + (-2 * error).Softplus() - Math.Log(2);
        }, new(weights, reduction, scope, collection));

    /// <summary>1 − Σ labels·predictions along an axis, which stays with size 1; both are taken to have unit length along it.</summary>
    /// <param name="labels">What should come out.</param>
    /// <param name="predictions">What came out.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="axis">The axis along which the vectors lie.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    public static Tensor CosineDistance(Tensor labels, Tensor predictions, Tensor? weights = null, int axis = -1, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null) =>
        Compute(nameof(CosineDistance), labels, predictions, (y, p) => 1 - (y * p).Sum(axis, keepDims: true), new(weights, reduction, scope, collection));
}
