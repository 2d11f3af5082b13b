using Eager.Autograd;

namespace Eager.Losses;

/// <summary>The losses: each compares labels with what a model gave, and reduces to one number.</summary>
/// <remarks>
/// <para>Labels come first, as in <c>tf.losses</c>. Weights are a scalar, one per example, or of any shape that broadcasts to the losses.
/// Labels and predictions have one floating-point dtype, which the loss has too, and one shape unless said otherwise; gradients flow to both.</para>
/// <para>Losses from logits stay finite, with the right gradient, at any finite logit. Losses from probabilities stay finite at 0 and 1.</para>
/// <para>Every loss takes a scope, which prefixes the names of its operations in traces and by which a collection finds it, and a
/// <see cref="LossCollection"/> to join; by default the one that is open on this thread, if any.</para>
/// </remarks>
/// <exception cref="ShapeMismatchException">Shapes do not fit each other, or the weights do not broadcast to the losses.</exception>
/// <exception cref="DTypeMismatchException">The dtypes differ, or have no gradients.</exception>
public static partial class Loss
{
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
                _ when losses.IsEmpty => losses.Sum(),
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
            Reduction.SumOverBatchSize => losses.IsEmpty ? weighted.Sum() : weighted.Mean(),
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

    // The way of all losses: check, compute losses per element, weight and reduce them, and show the result to a collection.
    private static Tensor Compute(string name, Tensor labels, Tensor predictions, Func<Tensor, Tensor, Tensor> losses, in Ending ending)
    {
        using var scope = Temporaries.Begin();
        Tensor y = Autocast.Widened(labels), p = Autocast.Widened(predictions);
        RequireFit(name, ("labels", y), ("predictions", p));
        return scope.Keep(Finish(name, () => losses(y, p), ending));
    }

    private static Tensor Finish(string name, Func<Tensor> losses, in Ending ending)
    {
        using var scope = Temporaries.Begin();
        using var names = NameScope.Open(ending.Scope ?? name);
        Tensor loss = scope.Keep(Reduce(losses(), ending.Weights, ending.Reduction, name));
        (ending.Collection ?? LossCollection.Current)?.Add(loss, ending.Scope ?? name);
        return loss;
    }

    private static void RequireFit(string name, (string Name, Tensor Tensor) a, (string Name, Tensor Tensor) b)
    {
        if (a.Tensor.DType != b.Tensor.DType || !a.Tensor.DType.IsFloatingPoint())
            throw new DTypeMismatchException($"{name}: {a.Name} are {a.Tensor.DType.Name()}, {b.Name} {b.Tensor.DType.Name()}; both must be of one floating-point dtype; convert with Cast.");
        if (a.Tensor.ConcreteShape != b.Tensor.ConcreteShape)
            throw new ShapeMismatchException($"{name}: {a.Name} are {a.Tensor.ConcreteShape}, {b.Name} {b.Tensor.ConcreteShape}; the shapes must be equal, so that none is stretched by mistake.");
    }

    private static void RequireSmoothing(double smoothing, string name)
    {
        if (smoothing is not (>= 0 and <= 1)) throw new InvalidArgumentException($"{name}: the label smoothing is {smoothing}; it must be within [0, 1].");
    }

    // (1 − ε)·labels + ε·share
    private static Tensor Smooth(Tensor labels, double smoothing, double share) => smoothing == 0 ? labels : labels * (1 - smoothing) + smoothing * share;

    // Keras's 1e-7, and where a dtype cannot tell 1 − 1e-7 from 1 its own rounding.
    private static double LeastProbability(DType dtype) => dtype switch
    {
        DType.Float16 => 1e-3,
        DType.BFloat16 => 1e-2,
        _ => 1e-7,
    };

    /// <summary>What happens to the losses in the end.</summary>
    private readonly record struct Ending(Tensor? Weights, Reduction Reduction, string? Scope, LossCollection? Collection);
}
