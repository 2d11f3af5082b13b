using Eager.Autograd;

namespace Eager.Losses;

/// <summary>The losses: each compares labels with what a model gave, and reduces to one number.</summary>
/// <remarks>
/// Labels come first, as in <c>tf.losses</c>. Weights are a scalar, one per example, or of any shape that broadcasts to the losses.
/// Losses from logits stay finite, with the right gradient, at any finite logit.
/// </remarks>
public static class Loss
{
    /// <summary>Softmax cross entropy of logits [n, classes] with class numbers [n].</summary>
    /// <param name="labels">Class numbers of an integer dtype, [n].</param>
    /// <param name="logits">Scores before the softmax, [n, classes].</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the n losses become one.</param>
    /// <exception cref="InvalidArgumentException">A label is no class number; the message names it and its row.</exception>
    /// <example><code>Tensor loss = Loss.SparseSoftmaxCrossEntropy(Tensor.From(0L, 2), Tensor.From([[1f, 0, 0], [0, 0, 1f]]));</code></example>
    public static Tensor SparseSoftmaxCrossEntropy(Tensor labels, Tensor logits, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights)
    {
        using var scope = Temporaries.Begin();
        using var names = NameScope.Open(nameof(SparseSoftmaxCrossEntropy));
        return scope.Keep(Reduce(Tensor.SparseSoftmaxCrossEntropy(labels, logits), weights, reduction, nameof(SparseSoftmaxCrossEntropy)));
    }

    /// <summary>Softmax cross entropy of logits with probabilities over the last axis.</summary>
    /// <param name="labels">Probabilities of the logits' shape and dtype; gradients flow to them too.</param>
    /// <param name="logits">Scores before the softmax.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="labelSmoothing">The share ε of each label that is spread over all classes: (1 − ε)·labels + ε/classes.</param>
    /// <param name="reduction">How the losses become one.</param>
    public static Tensor SoftmaxCrossEntropy(Tensor labels, Tensor logits, Tensor? weights = null, double labelSmoothing = 0, Reduction reduction = Reduction.SumByNonzeroWeights)
    {
        if (labelSmoothing is not (>= 0 and <= 1)) throw new InvalidArgumentException($"SoftmaxCrossEntropy: the label smoothing is {labelSmoothing}; it must be within [0, 1].");
        using var scope = Temporaries.Begin();
        using var names = NameScope.Open(nameof(SoftmaxCrossEntropy));
        Tensor smooth = labelSmoothing == 0 ? labels : labels * (1 - labelSmoothing) + labelSmoothing / logits.ConcreteShape[^1].Value;
        return scope.Keep(Reduce(Tensor.SoftmaxCrossEntropy(smooth, logits), weights, reduction, nameof(SoftmaxCrossEntropy)));
    }

    /// <summary>(labels − predictions)², elementwise, reduced.</summary>
    /// <param name="labels">What should come out.</param>
    /// <param name="predictions">What came out; of the labels' shape.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the losses become one.</param>
    public static Tensor MeanSquaredError(Tensor labels, Tensor predictions, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights)
    {
        RequireSameShape(labels, predictions, nameof(MeanSquaredError));
        using var scope = Temporaries.Begin();
        using var names = NameScope.Open(nameof(MeanSquaredError));
        return scope.Keep(Reduce((predictions - labels).Square(), weights, reduction, nameof(MeanSquaredError)));
    }

    /// <summary>|labels − predictions|, elementwise, reduced.</summary>
    /// <param name="labels">What should come out.</param>
    /// <param name="predictions">What came out; of the labels' shape.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the losses become one.</param>
    public static Tensor AbsoluteDifference(Tensor labels, Tensor predictions, Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights)
    {
        RequireSameShape(labels, predictions, nameof(AbsoluteDifference));
        using var scope = Temporaries.Begin();
        using var names = NameScope.Open(nameof(AbsoluteDifference));
        return scope.Keep(Reduce((predictions - labels).Abs(), weights, reduction, nameof(AbsoluteDifference)));
    }

    /// <summary>Weights losses and reduces them.</summary>
    /// <param name="losses">A loss per element.</param>
    /// <param name="weights">Weights that broadcast to the losses' shape, 1 when null.</param>
    /// <param name="reduction">How the losses become one.</param>
    /// <param name="name">What errors call the loss.</param>
    /// <exception cref="ShapeMismatchException">The weights do not broadcast to the losses.</exception>
    public static Tensor Reduce(Tensor losses, Tensor? weights, Reduction reduction, string name = "loss")
    {
        using var scope = Temporaries.Begin();
        if (weights is null)
        {
            return scope.Keep(reduction switch
            {
                Reduction.None => losses,
                Reduction.Sum => losses.Sum(),
                _ when losses.ElementCount == 0 => losses.Sum(),
                _ => losses.Mean(),
            });
        }
        Tensor w = Spread(weights, losses, name);
        Tensor weighted = losses * w;
        return scope.Keep(reduction switch
        {
            Reduction.None => weighted,
            Reduction.Sum => weighted.Sum(),
            Reduction.Mean => Ratio(weighted.Sum(), w.Sum()),
            Reduction.SumOverBatchSize => weighted.Sum() / (double)Math.Max(1, losses.ElementCount),
            _ => Ratio(weighted.Sum(), w.NotEqual(0).Cast(losses.DType).Sum()),
        });
    }

    private static Tensor Spread(Tensor weights, Tensor losses, string name)
    {
        Tensor w = weights.Cast(losses.DType);
        // One weight per example goes with the losses' first axis.
        if (w.Rank == 1 && losses.Rank > 1 && w.ConcreteShape[0] == losses.ConcreteShape[0])
            w = w.Reshape(Shape.Of([w.ConcreteShape[0], .. Enumerable.Repeat((Dim)1L, losses.Rank - 1)]));
        try
        {
            return w.BroadcastTo(losses.Shape);
        }
        catch (ShapeMismatchException)
        {
            throw new ShapeMismatchException($"{name}: the weights are {weights.ConcreteShape}, the losses {losses.ConcreteShape}; give a scalar, one weight per example, or a shape that broadcasts.");
        }
    }

    // a/b, and 0 where b is 0, without a gradient of NaN.
    private static Tensor Ratio(Tensor a, Tensor b)
    {
        Tensor none = b.Equal(0);
        return none.Where(Tensor.ZerosLike(a), a / none.Where(Tensor.OnesLike(b), b));
    }

    private static void RequireSameShape(Tensor labels, Tensor predictions, string name)
    {
        if (labels.ConcreteShape != predictions.ConcreteShape)
            throw new ShapeMismatchException($"{name}: labels are {labels.ConcreteShape}, predictions {predictions.ConcreteShape}; the shapes must be equal, so that none is stretched by mistake.");
    }
}
