namespace Eager.Layers;

/// <summary>A function that a layer applies to its result: one of the known ones, by property or by name, or any other.</summary>
/// <example><code>
/// var hidden = new Dense(64, "relu");
/// var squared = new Dense(64, new ActivationFunction(x => x.Square(), "square"));
/// </code></example>
public sealed class ActivationFunction
{
    private static readonly Dictionary<string, ActivationFunction> Known = new(StringComparer.OrdinalIgnoreCase);

    private readonly Func<Tensor, Tensor> function;

    /// <summary>Makes one of a function.</summary>
    public ActivationFunction(Func<Tensor, Tensor> function, string name = "custom") => (this.function, Name) = (function, name);

    /// <summary>x itself.</summary>
    public static ActivationFunction Linear { get; } = Register("linear", static x => x);

    /// <summary>max(x, 0).</summary>
    public static ActivationFunction Relu { get; } = Register("relu", static x => x.Relu());

    /// <summary>1/(1 + e⁻ˣ).</summary>
    public static ActivationFunction Sigmoid { get; } = Register("sigmoid", static x => x.Sigmoid());

    /// <summary>The hyperbolic tangent.</summary>
    public static ActivationFunction Tanh { get; } = Register("tanh", static x => x.Tanh());

    /// <summary>eˣ/Σeˣ over the last axis.</summary>
    public static ActivationFunction Softmax { get; } = Register("softmax", static x => x.Softmax());

    /// <summary>log(1 + eˣ).</summary>
    public static ActivationFunction Softplus { get; } = Register("softplus", static x => x.Softplus());

    /// <summary>x where it is positive, else eˣ − 1.</summary>
    public static ActivationFunction Elu { get; } = Register("elu", static x => x.Elu());

    /// <summary>x·Φ(x).</summary>
    public static ActivationFunction Gelu { get; } = Register("gelu", static x => x.Gelu());

    /// <summary>x·σ(x).</summary>
    public static ActivationFunction Silu { get; } = Register("silu", static x => x.Silu());

    /// <summary>x where it is positive, else x/100.</summary>
    public static ActivationFunction LeakyRelu { get; } = Register("leaky_relu", static x => x.LeakyRelu());

    /// <summary>min(max(x, 0), 6).</summary>
    public static ActivationFunction Relu6 { get; } = Register("relu6", static x => x.Relu6());

    /// <summary>λx where it is positive, else λα(eˣ − 1).</summary>
    public static ActivationFunction Selu { get; } = Register("selu", static x => x.Selu());

    /// <summary>x where it is positive, else eˣ − 1 with a slope of 1 at 0.</summary>
    public static ActivationFunction Celu { get; } = Register("celu", static x => x.Celu());

    /// <summary>x/(1 + |x|).</summary>
    public static ActivationFunction Softsign { get; } = Register("softsign", static x => x.Softsign());

    /// <summary>x·tanh(log(1 + eˣ)).</summary>
    public static ActivationFunction Mish { get; } = Register("mish", static x => x.Mish());

    /// <summary>min(max(x/5 + 1/2, 0), 1).</summary>
    public static ActivationFunction HardSigmoid { get; } = Register("hard_sigmoid", static x => x.HardSigmoid());

    /// <summary>min(max(x, −1), 1).</summary>
    public static ActivationFunction HardTanh { get; } = Register("hard_tanh", static x => x.HardTanh());

    /// <summary>x·min(max(x + 3, 0), 6)/6.</summary>
    public static ActivationFunction HardSwish { get; } = Register("hard_swish", static x => x.HardSwish());

    /// <summary>log σ(x).</summary>
    public static ActivationFunction LogSigmoid { get; } = Register("log_sigmoid", static x => x.LogSigmoid());

    /// <summary>log(eˣ/Σeˣ) over the last axis.</summary>
    public static ActivationFunction LogSoftmax { get; } = Register("log_softmax", static x => x.LogSoftmax());

    /// <summary>eˣ.</summary>
    public static ActivationFunction Exponential { get; } = Register("exponential", static x => x.Exp());

    /// <summary>The name, as in <c>relu</c>.</summary>
    public string Name { get; }

    /// <summary>The function of a name.</summary>
    /// <exception cref="InvalidArgumentException">There is none of that name; the message lists the known ones.</exception>
    public static ActivationFunction Find(string name) =>
        Known.GetValueOrDefault(name) ?? throw new InvalidArgumentException($"There is no activation function '{name}'; known are {string.Join(", ", Known.Keys)}. For another one, make new ActivationFunction(x => …).");

    /// <summary>The function of a name.</summary>
    public static implicit operator ActivationFunction(string name) => Find(name);

    /// <summary>A function of one's own.</summary>
    public static implicit operator ActivationFunction(Func<Tensor, Tensor> function) => new(function);

    /// <summary>Applies the function.</summary>
    public Tensor Apply(Tensor x) => function(x);

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static ActivationFunction Register(string name, Func<Tensor, Tensor> function) => Known[name] = new(function, name);
}
