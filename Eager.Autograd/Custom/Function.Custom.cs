namespace Eager.Autograd;

/// <content>Functions with gradients of their own.</content>
public static partial class Function
{
    /// <summary>A function of one tensor with a gradient of its own.</summary>
    /// <param name="function">Gives its value and, for that run, the function from the value's gradient to the input's.</param>
    /// <remarks>
    /// What it runs is one operation for tapes. For second derivatives the gradient has to be written in the input and the value;
    /// other intermediate values count as constants there. Tensors that it captures get no gradient: pass them as inputs.
    /// </remarks>
    /// <example>
    /// <code>
    /// // log(1 + eˣ), whose derivative by the chain rule is ∞/∞ for large x
    /// var softplus = Function.CustomGradient((Tensor x) => ((x.Exp() + 1).Log(), g => g * x.Sigmoid()));
    /// </code>
    /// </example>
    public static Func<Tensor, Tensor> CustomGradient(Func<Tensor, (Tensor Value, Func<Tensor, Tensor> Gradient)> function) => x =>
        CustomOps.Custom.ApplyMany([x], new(inputs =>
        {
            (Tensor value, Func<Tensor, Tensor> gradient) = function(inputs[0]);
            return (value, g => [gradient(g)]);
        }))[0];

    /// <summary>A function of several tensors with a gradient of its own.</summary>
    /// <param name="function">Gives its value and, for that run, the function from the value's gradient to the inputs'; see the other overload.</param>
    public static Func<Tensor[], Tensor> CustomGradient(Func<Tensor[], (Tensor Value, Func<Tensor, Tensor[]> Gradient)> function) => x =>
    {
        CustomOps.RequireFew(nameof(CustomGradient), x);
        return CustomOps.Custom.ApplyMany(x, new(function))[0];
    };

    /// <summary>C# code that reads values, as one operation: it may call any library and gives a tensor of any shape.</summary>
    /// <param name="function">Computes the value; tapes do not see inside.</param>
    /// <param name="gradient">From the inputs, the value and its gradient the inputs' gradients, each of its input's shape or null; without it, asking for one throws.</param>
    /// <param name="name">How messages call it.</param>
    /// <param name="result">What it gives. A graph that is built by hand must know, since it calls nothing; elsewhere it may be left out.</param>
    /// <remarks>In a traced function each replay calls it; what it gives must keep the shape and dtype that it had in the trace.</remarks>
    /// <example>
    /// <code>
    /// var gamma = Function.Host(x => Tensor.From(Array.ConvertAll(x[0].ToArray&lt;double&gt;(), Gamma)), (x, y, g) => [g * y * Digamma(x[0])]);
    /// </code>
    /// </example>
    public static Func<Tensor[], Tensor> Host(Func<Tensor[], Tensor> function, Func<Tensor[], Tensor, Tensor, Tensor?[]>? gradient = null, string name = "function", InputSpec? result = null) => x =>
    {
        CustomOps.RequireFew($"Host '{name}'", x);
        return CustomOps.Host.ApplyMany(x, new(name, function, gradient, result))[0];
    };

    /// <summary>C# code that looks at values, as one operation that gives its first input back; gradients flow through that.</summary>
    internal static Func<Tensor[], Tensor> Looking(Action<Tensor[]> look, string name) => x =>
    {
        CustomOps.RequireFew($"Host '{name}'", x);
        return CustomOps.Host.ApplyMany(x, new(name, seen => { look(seen); return seen[0]; }, static (x, _, g) => [g, .. Enumerable.Repeat<Tensor?>(null, x.Length - 1)], GivesFirstInput: true))[0];
    };
}
