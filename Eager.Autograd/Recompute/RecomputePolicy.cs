namespace Eager.Autograd;

/// <summary>Says what <c>Function.Recompute</c> keeps of a run; everything else that gradients need is computed again.</summary>
public sealed class RecomputePolicy
{
    private readonly Func<Op, bool> keeps;

    private RecomputePolicy(Func<Op, bool> keeps) => this.keeps = keeps;

    /// <summary>Keeps the inputs alone, and what the function captures: the least memory.</summary>
    public static RecomputePolicy KeepInputs { get; } = new(static _ => false);

    /// <summary>Keeps the results of matrix products and convolutions too, so that only cheap operations run twice.</summary>
    public static RecomputePolicy KeepProducts { get; } = new(HeavyOps.All.Contains);

    /// <summary>Keeps the results of chosen operations too.</summary>
    /// <param name="operations">Is asked with the name that errors and graphs use, such as <c>MatMul</c>.</param>
    public static RecomputePolicy Keep(Func<string, bool> operations) => new(op => operations(op.Name));

    // C# code may do anything; it is not called a second time behind its author's back.
    internal bool Keeps(Op op) => op == CustomOps.Host || keeps(op);
}
