namespace Eager.Losses;

public static partial class Loss
{
    /// <summary>predictions − labels·log(predictions + ε), elementwise: the negative log likelihood of counts, up to a number that depends on the labels only.</summary>
    /// <param name="labels">Counts.</param>
    /// <param name="predictions">Rates that came out, not negative.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    /// <remarks>ε is 1e-7, as in Keras (larger for 16-bit dtypes).</remarks>
    public static Tensor Poisson(Tensor labels, Tensor predictions, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null) =>
        Compute(nameof(Poisson), labels, predictions, static (y, p) => p - y * (p + LeastProbability(p.DType)).Log(), new(weights, reduction, scope, collection));

    /// <summary>Σ labels·log(labels/predictions) over the last axis.</summary>
    /// <param name="labels">Probabilities of the same shape.</param>
    /// <param name="predictions">Probabilities that came out, [..., classes].</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    /// <remarks>Both are kept within [ε, 1], ε = 1e-7 as in Keras (larger for 16-bit dtypes); beyond, the loss is level and its gradient 0.</remarks>
    public static Tensor KullbackLeibler(Tensor labels, Tensor predictions, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null)
    {
        RequireFeatures(nameof(KullbackLeibler), predictions);
        return Compute(nameof(KullbackLeibler), labels, predictions, static (y, p) =>
        {
            double least = LeastProbability(p.DType);
            Tensor meant = y.Clip(least, 1);
            return (meant * (meant.Log() - p.Clip(least, 1).Log())).Sum(-1);
        }, new(weights, reduction, scope, collection));
    }

    /// <summary>The entropy of a softmax, −Σ p·log p along an axis, which goes.</summary>
    /// <param name="logits">Scores before the softmax.</param>
    /// <param name="axis">The axis of the classes.</param>
    /// <example><code>Tensor entropy = Loss.SoftmaxEntropy(Tensor.Zeros([3, 4]));   // log 4, three times</code></example>
    public static Tensor SoftmaxEntropy(Tensor logits, int axis = -1)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(-(logits.Softmax(axis) * logits.LogSoftmax(axis)).Sum(axis));
    }

    /// <summary>The divergence KL(q, p) of Gaussians with independent components, summed over the last axis.</summary>
    /// <param name="q">The mean and the logarithm of the variance.</param>
    /// <param name="p">The mean and the logarithm of the variance of the other; 0 and 0 when null, the unit Gaussian.</param>
    /// <returns>½Σ(log σₚ² − log σ_q² + σ_q²/σₚ² + (μ_q − μₚ)²/σₚ² − 1), without the last axis.</returns>
    /// <remarks>Kingma &amp; Welling, "Auto-encoding variational Bayes" (2014), appendix B, for any p.</remarks>
    public static Tensor GaussianKullbackLeibler((Tensor Mean, Tensor LogVariance) q, (Tensor Mean, Tensor LogVariance)? p = null)
    {
        using var scope = Temporaries.Begin();
        Tensor mean = p is null ? q.Mean : q.Mean - p.Value.Mean, log = p is null ? q.LogVariance : q.LogVariance - p.Value.LogVariance;
        Tensor distance = p is null ? mean.Square() : mean.Square() * (-p.Value.LogVariance).Exp();
        return scope.Keep((0.5 * (log.Exp() - log + distance - 1)).Sum(-1));
    }
}
