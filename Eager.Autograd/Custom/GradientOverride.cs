using System.Reflection;

namespace Eager.Autograd;

/// <summary>One run of an operation whose gradient is overridden, as the override sees it.</summary>
public sealed class OverriddenRun
{
    internal OverriddenRun(ReadOnlySpan<Tensor?> inputs, ReadOnlySpan<Tensor?> outputs, ReadOnlySpan<Tensor?> outputGradients) =>
        (Inputs, Outputs, OutputGradients) = (inputs.ToArray()!, outputs.ToArray()!, outputGradients.ToArray());

    /// <summary>What the operation was given.</summary>
    public IReadOnlyList<Tensor> Inputs { get; }

    /// <summary>What it gave.</summary>
    public IReadOnlyList<Tensor> Outputs { get; }

    /// <summary>The gradients of its outputs; null for one that was not used.</summary>
    public IReadOnlyList<Tensor?> OutputGradients { get; }
}

/// <summary>While it is open, an operation that this thread runs gets another gradient, also one that has none of its own.</summary>
/// <remarks>What counts is when the operation runs, not when the gradient is asked for. The innermost override of a name holds.</remarks>
/// <example>
/// <code>
/// using (GradientOverride.For("Round", run => [run.OutputGradients[0]]))   // straight through
///     y = x.Round();
/// </code>
/// </example>
public sealed class GradientOverride : IDisposable
{
    private static readonly Lazy<HashSet<string>> Names = new(static () =>
    [
        .. from assembly in (Assembly[])[typeof(Tensor).Assembly, typeof(GradientTape).Assembly]
           from type in assembly.GetTypes()
           where !type.ContainsGenericParameters
           from declaration in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
           where declaration.FieldType.IsAssignableTo(typeof(Op))
           select ((Op)declaration.GetValue(null)!).Name,
    ]);

    private static int openOnAllThreads;
    [ThreadStatic] private static GradientOverride? innermost;

    private readonly string operation;
    private readonly Func<OverriddenRun, IReadOnlyList<Tensor?>> gradient;
    private readonly GradientOverride? outer;
    private readonly Dictionary<Op, Op> replacements = [];
    private bool closed;

    private GradientOverride(string operation, Func<OverriddenRun, IReadOnlyList<Tensor?>> gradient)
    {
        (this.operation, this.gradient, outer) = (operation, gradient, innermost);
        innermost = this;
        Interlocked.Increment(ref openOnAllThreads);
    }

    /// <summary>Overrides the gradient of an operation on this thread until the result is disposed.</summary>
    /// <param name="operation">The name that errors and graphs use, such as <c>Relu</c>.</param>
    /// <param name="gradient">Gives a gradient for each input, of its shape; null where there is none.</param>
    /// <exception cref="InvalidArgumentException">No operation has that name.</exception>
    public static GradientOverride For(string operation, Func<OverriddenRun, IReadOnlyList<Tensor?>> gradient)
    {
        if (!Names.Value.Contains(operation))
            throw new InvalidArgumentException($"GradientOverride: no operation is called '{operation}'; names are those of graphs and errors, such as 'Relu', and methods composed of several operations have none.");
        return new(operation, gradient);
    }

    /// <summary>Ends it.</summary>
    /// <exception cref="InvalidArgumentException">Another one was opened inside it and is still open, or this is another thread.</exception>
    public void Dispose()
    {
        if (closed) return;
        if (innermost != this) throw new InvalidArgumentException($"GradientOverride: that of '{operation}' ends before one that was opened inside it, or on another thread; end them in reverse order.");
        closed = true;
        innermost = outer;
        Interlocked.Decrement(ref openOnAllThreads);
    }

    /// <summary>The operation whose rules hold in place of another's: itself unless it is overridden.</summary>
    internal static Op Of(Op op)
    {
        if (Volatile.Read(ref openOnAllThreads) == 0) return op;
        for (GradientOverride? scope = innermost; scope is not null; scope = scope.outer)
            if (scope.operation == op.Name) return scope.Replacement(op);
        return op;
    }

    private Op Replacement(Op op)
    {
        if (op is Overridden) return op;
        if (!replacements.TryGetValue(op, out Op? replacement)) replacements.Add(op, replacement = new Overridden(op, gradient) { Effect = op.Effect, Accepts = op.Accepts, Broadcasts = op.Broadcasts, ComplexGradients = op.ComplexGradients });
        return replacement;
    }

    private sealed class Overridden(Op op, Func<OverriddenRun, IReadOnlyList<Tensor?>> gradient) : Op(op.Name)
    {
        private const Keep AllInputs = (Keep)0xFF, AllOutputs = (Keep)0xFF00;  // as many as a tape keeps of one operation

        internal override string? WhyNoGradient(int input) => null;

        internal override string? WhyGradientIsMissing(int input) => null;

        internal override Keep Keeps(ulong inputs) => AllInputs | AllOutputs | Keep.Shapes;

        internal override Shape[] InferShapes(ReadOnlySpan<Shape> inputs, object attributes) => op.InferShapes(inputs, attributes);

        internal override Tensor[] Run(ReadOnlySpan<Tensor> x, object attributes) => op.Run(x, attributes);

        internal override Tensor?[]? PushForward(ReadOnlySpan<Tensor?> tangents, in SavedNode run) => null;

        internal override Tensor[]? RunBatched(in Batch batch, object attributes) => op.RunBatched(batch, attributes);

        internal override void Backward(ReadOnlySpan<Tensor?> outputGradients, in SavedNode saved, Span<Tensor?> inputGradients)
        {
            IReadOnlyList<Tensor?> given = gradient(new OverriddenRun(saved.Inputs, saved.Outputs, outputGradients));
            CustomOps.TakeGradients($"GradientOverride of {Name}", given, saved.Shapes, Broadcasts, inputGradients);
        }
    }
}
