namespace Eager;

/// <summary>How strict this thread is with operands of different ranks.</summary>
public static class Broadcasting
{
    /// <summary>
    /// Until the result is disposed, the operands of an elementwise operation on this thread must have one rank: <c>[2, 1] + [2]</c>, which
    /// silently gives <c>[2, 2]</c>, is an error. So must the leading axes of operands whose last axes are matrices or vectors.
    /// </summary>
    /// <remarks>
    /// C# numbers and tensors of shape <c>[]</c> go with every rank, as one matrix goes with every batch of others, and sizes of 1 still
    /// stretch. What methods of the library do inside, such as a layer that adds its bias, is not looked at.
    /// </remarks>
    /// <example>
    /// <code>
    /// using (Broadcasting.Strict())
    ///     loss = (labels - predictions).Square().Mean();   // ShapeMismatchException where labels are [n] and predictions [n, 1]
    /// </code>
    /// </example>
    public static IDisposable Strict() => new StrictScope();

    /// <summary>Refuses operands of different ranks.</summary>
    internal static void RequireOneRank(Op op, ReadOnlySpan<Tensor> x)
    {
        int rank = 0;
        foreach (Tensor operand in x) rank = Math.Max(rank, operand.Rank);
        foreach (Tensor operand in x)
        {
            if (operand.Rank == 0 || operand.Rank == rank) continue;
            string shapes = string.Join(", ", x.ToArray().Select(static t => t.ConcreteShape));
            throw new ShapeMismatchException($"{op.Name}: the operands' shapes {shapes} have different ranks, which Broadcasting.Strict refuses; give {operand.ConcreteShape} its missing axes with ExpandDims or Reshape, or stretch it with BroadcastTo.");
        }
    }

    /// <summary>Refuses batches of different ranks in front of the axes that an operation works on.</summary>
    internal static void RequireOneBatchRank(string op, Tensor a, Tensor b, int ownAxes) => RequireOneBatchRank(op, a, ownAxes, b, ownAxes);

    /// <inheritdoc cref="RequireOneBatchRank(string, Tensor, Tensor, int)"/>
    internal static void RequireOneBatchRank(string op, Tensor a, int ownAxes, Tensor b, int otherAxes)
    {
        ThreadContext context = ThreadContext.Current;
        if (context.StrictScopes == 0 || context.OpenScopes != context.UserScopes) return;
        int left = a.Rank - ownAxes, right = b.Rank - otherAxes;
        if (left <= 0 || right <= 0 || left == right) return;
        Shape shorter = (left < right ? a : b).ConcreteShape;
        throw new ShapeMismatchException($"{op}: the leading axes of the operands' shapes {a.ConcreteShape}, {b.ConcreteShape} have different ranks, which Broadcasting.Strict refuses; give {shorter} its missing axes with ExpandDims or Reshape, or stretch it with BroadcastTo.");
    }

    private sealed class StrictScope : IDisposable
    {
        private readonly ThreadContext context = ThreadContext.Current;
        private bool closed;

        internal StrictScope() => context.StrictScopes++;

        public void Dispose()
        {
            if (closed) return;
            if (ThreadContext.Current != context) throw new InvalidArgumentException("Broadcasting.Strict: it ends on another thread than it began; open one on each thread, and keep none across an await.");
            closed = true;
            context.StrictScopes--;
        }
    }
}
