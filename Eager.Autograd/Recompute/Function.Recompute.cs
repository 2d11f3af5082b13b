namespace Eager.Autograd;

/// <content>Memory traded for computing.</content>
public static partial class Function
{
    /// <summary>The same function, of which tapes keep the inputs alone: what gradients need besides is computed again when they are asked for.</summary>
    /// <param name="function">What to run, such as one block of a deep model. Variables and tensors that it captures get their gradients.</param>
    /// <param name="policy">What else is kept; by default nothing.</param>
    /// <remarks>
    /// <para>A backward pass repeats the operations that ran, not the C# code around them: an <c>if</c> goes the way that it went, random
    /// numbers are the same, and what was assigned to variables is not assigned again. Repeating costs at most one more run of the
    /// function for each backward pass.</para>
    /// <para>Derivatives of any order, maps and forward mode go through it. Calls nest: the inner one's values are recomputed
    /// from what the outer one recomputed. Memory is saved once the tensors made inside are disposed or collected.</para>
    /// </remarks>
    /// <exception cref="GradientException">In the backward pass: a variable that the function read was assigned since.</exception>
    /// <example>
    /// <code>
    /// var block = Function.Recompute(x => Tensor.Tanh(x.MatMul(w)).MatMul(v));
    /// </code>
    /// </example>
    public static Func<Tensor, Tensor> Recompute(Func<Tensor, Tensor> function, RecomputePolicy? policy = null) =>
        x => Recomputation.Run(All(function), [x], policy ?? RecomputePolicy.KeepInputs)[0];

    /// <summary>The same function of several tensors, of which tapes keep the inputs alone.</summary>
    /// <inheritdoc cref="Recompute(Func{Tensor, Tensor}, RecomputePolicy?)"/>
    public static Func<Tensor[], Tensor[]> Recompute(Func<Tensor[], Tensor[]> function, RecomputePolicy? policy = null) =>
        x => Recomputation.Run(function, x, policy ?? RecomputePolicy.KeepInputs);
}
