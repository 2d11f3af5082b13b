namespace Eager;

/// <summary>In which of its inputs an operation is linear; inputs without a gradient rule do not count.</summary>
internal enum Linearity
{
    /// <summary>In none that is known.</summary>
    None,

    /// <summary>In all of them together: f(x + u, y + v) = f(x, y) + f(u, v).</summary>
    Jointly,

    /// <summary>In each of them while the others stay: f(x + u, y) = f(x, y) + f(u, y).</summary>
    Separately,
}

/// <summary>The output's tangent for tangents of some inputs, null where one is zero.</summary>
internal delegate Tensor? ForwardRule<TAttributes>(ReadOnlySpan<Tensor?> t, in Saved<TAttributes> s);

/// <content>Forward mode: what a declaration says of tangents.</content>
internal sealed partial class Op<TAttributes>
{
    /// <summary>
    /// The forward rule, for an operation with one output whose rule neither <see cref="Op.Linear"/> nor <see cref="Op.Elementwise"/>
    /// gives; without one, forward mode transposes the gradient rules.
    /// </summary>
    internal ForwardRule<TAttributes>? Forward { get; init; }

    internal override Tensor?[]? PushForward(ReadOnlySpan<Tensor?> tangents, in SavedNode run)
    {
        var s = new Saved<TAttributes>(run, (TAttributes)run.Attributes);
        if (Forward is not null) return [Forward(tangents, s)];
        if (Linear == Linearity.Jointly) return PushJointly(tangents, run);
        if (Linear == Linearity.Separately) return PushSeparately(tangents, run);
        return Elementwise && Gradients.Length > 0 && run.Outputs is [{ } y] && !MeetsComplex(run) ? [PushElementwise(tangents, s, y)] : null;
    }

    // With complex numbers a rule is the conjugate transpose, which differs from the rule itself.
    private static bool MeetsComplex(in SavedNode run)
    {
        foreach (Tensor? x in run.Inputs)
            if (x!.DType.IsComplex()) return true;
        return run.Outputs[0]!.DType.IsComplex();
    }

    // dy = f(dx₁, dx₂, …)
    private Tensor[] PushJointly(ReadOnlySpan<Tensor?> tangents, in SavedNode run)
    {
        var x = new Tensor[tangents.Length];
        for (int i = 0; i < x.Length; i++)
            x[i] = WhyNoGradient(i) is not null ? run.Inputs[i]! : tangents[i] ?? Tensor.ZerosLike(run.Inputs[i]!);
        return Run(x, run.Attributes);
    }

    // dy = f(dx₁, x₂, …) + f(x₁, dx₂, …) + …
    private Tensor?[] PushSeparately(ReadOnlySpan<Tensor?> tangents, in SavedNode run)
    {
        Tensor? sum = null;
        for (int i = 0; i < tangents.Length; i++)
        {
            if (tangents[i] is not { } tangent) continue;
            Tensor[] x = run.Inputs.ToArray()!;
            x[i] = tangent;
            Tensor part = Run(x, run.Attributes)[0];
            sum = sum is null ? part : sum + part;
        }
        return [sum];
    }

    // The derivative is diagonal, and so its own transpose.
    private Tensor? PushElementwise(ReadOnlySpan<Tensor?> tangents, in Saved<TAttributes> s, Tensor y)
    {
        Tensor? sum = null;
        for (int i = 0; i < tangents.Length; i++)
        {
            if (tangents[i] is not { } tangent) continue;
            Tensor spread = tangent.ConcreteShape == y.ConcreteShape ? tangent : tangent.BroadcastTo(y.ConcreteShape);
            if (Gradients[Math.Min(i, Gradients.Length - 1)].Rule!(spread, s) is not { } part) continue;
            sum = sum is null ? part : sum + part;
        }
        return sum;
    }
}
