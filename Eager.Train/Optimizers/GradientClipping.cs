namespace Eager.Train;

/// <summary>A limit on gradients, for <see cref="Optimizer.Clipping"/> or by hand.</summary>
/// <example><code>var sgd = new Sgd(0.1) { Clipping = GradientClipping.ByGlobalNorm(1) };</code></example>
public abstract class GradientClipping
{
    private protected GradientClipping(double limit, string name) =>
        Limit = limit > 0 && double.IsFinite(limit) ? limit : throw new InvalidArgumentException($"GradientClipping.{name}: the limit is {limit}; it must be finite and positive.");

    /// <summary>The limit.</summary>
    public double Limit { get; }

    /// <summary>Each element to within [−limit, limit].</summary>
    /// <param name="limit">The largest size of an element.</param>
    /// <exception cref="InvalidArgumentException">The limit is not positive and finite.</exception>
    public static GradientClipping ByValue(double limit) => new Value(limit);

    /// <summary>Each gradient by itself to a Euclidean norm of at most the limit: g·min(1, limit/‖g‖).</summary>
    /// <param name="limit">The largest norm.</param>
    /// <exception cref="InvalidArgumentException">The limit is not positive and finite.</exception>
    public static GradientClipping ByNorm(double limit) => new EachNorm(limit);

    /// <summary>All gradients by one factor, so that the norm over all of them is at most the limit (Pascanu, Mikolov &amp; Bengio, 2013).</summary>
    /// <param name="limit">The largest norm.</param>
    /// <exception cref="InvalidArgumentException">The limit is not positive and finite.</exception>
    public static GradientClipping ByGlobalNorm(double limit) => new AllNorm(limit);

    /// <summary>The Euclidean norm over all elements of all tensors.</summary>
    /// <param name="gradients">At least one tensor; the norm has the first one's dtype.</param>
    /// <exception cref="InvalidArgumentException">There is no tensor.</exception>
    public static Tensor GlobalNorm(IReadOnlyList<Tensor> gradients)
    {
        if (gradients.Count == 0) throw new InvalidArgumentException("GradientClipping.GlobalNorm: there is no tensor to take the norm of; give at least one.");
        using var scope = Temporaries.Begin();
        // The norm of the norms: squares of large elements, summed up, would overflow sooner.
        return scope.Keep(Tensor.Stack([.. gradients.Select(g => g.Norm().Cast(gradients[0].DType))]).Norm());
    }

    /// <summary>The gradients within the limit.</summary>
    /// <param name="gradients">The gradients of one step.</param>
    /// <returns>A new tensor for each.</returns>
    public abstract Tensor[] Clip(IReadOnlyList<Tensor> gradients);

    // limit/max(‖g‖, limit) is 1 up to the limit, and needs no branch on a value, so it can be traced.
    private Tensor Factor(Tensor norm) => Limit / norm.Maximum(Limit);

    private sealed class Value(double limit) : GradientClipping(limit, nameof(ByValue))
    {
        public override Tensor[] Clip(IReadOnlyList<Tensor> gradients) => [.. gradients.Select(g => g.Clip(-Limit, Limit))];
    }

    private sealed class EachNorm(double limit) : GradientClipping(limit, nameof(ByNorm))
    {
        public override Tensor[] Clip(IReadOnlyList<Tensor> gradients) => [.. gradients.Select(One)];

        private Tensor One(Tensor gradient)
        {
            using var scope = Temporaries.Begin();
            return scope.Keep(gradient * Factor(gradient.Norm()));
        }
    }

    private sealed class AllNorm(double limit) : GradientClipping(limit, nameof(ByGlobalNorm))
    {
        public override Tensor[] Clip(IReadOnlyList<Tensor> gradients)
        {
            if (gradients.Count == 0) return [];
            using Tensor norm = GlobalNorm(gradients);
            using Tensor factor = Factor(norm);
            return [.. gradients.Select(g => One(g, factor))];
        }

        private static Tensor One(Tensor gradient, Tensor factor)
        {
            using var scope = Temporaries.Begin();
            return scope.Keep(gradient * factor.Cast(gradient.DType));
        }
    }
}
