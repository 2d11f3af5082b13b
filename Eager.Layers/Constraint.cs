namespace Eager.Layers;

/// <summary>A property that a weight has after each update by an optimizer.</summary>
/// <remarks>Norms are √Σw² over some axes; the first one by default, along which a kernel's inputs lie. For convolutions give all axes but the last.</remarks>
/// <example><code>var layer = new Dense(64, kernelConstraint: Constraint.MaxNorm(2));</code></example>
public sealed class Constraint
{
    private static readonly NamedSettings<Constraint> Known = new("constraint") { ["max_norm"] = static () => MaxNorm(), ["min_max_norm"] = static () => MinMaxNorm(), ["non_negative"] = NonNegative, ["non_neg"] = NonNegative, ["unit_norm"] = static () => UnitNorm() };

    private const double Small = 1e-7;  // as in Keras, so that a norm of 0 divides nothing by 0

    private readonly Func<Tensor, Tensor> function;

    /// <summary>Makes one of a function that gives the value to take instead of another, of its shape.</summary>
    public Constraint(Func<Tensor, Tensor> function, string name = "custom") => (this.function, Name) = (function, name);

    /// <summary>The name, as in <c>max_norm</c>.</summary>
    public string Name { get; }

    /// <summary>The one of a name of Keras's, with its default settings.</summary>
    /// <exception cref="InvalidArgumentException">There is none of that name; the message lists the known ones.</exception>
    public static implicit operator Constraint(string name) => Known.Find(name);

    /// <summary>Norms of at most a number.</summary>
    public static Constraint MaxNorm(double max = 2, params int[] axes) => MinMax(0, max, 1, axes, "max_norm");

    /// <summary>Norms between two numbers; norms outside move towards them by a share of the way.</summary>
    public static Constraint MinMaxNorm(double min = 0, double max = 1, double rate = 1, params int[] axes) => MinMax(min, max, rate, axes, "min_max_norm");

    /// <summary>Norms of 1.</summary>
    public static Constraint UnitNorm(params int[] axes) => new(w => w / (Norm(w, axes) + Small), "unit_norm");

    /// <summary>No negative elements: those become 0.</summary>
    public static Constraint NonNegative() => new(static w => w.Maximum(0), "non_negative");

    /// <summary>The value to take instead of another.</summary>
    /// <exception cref="ShapeMismatchException">The function gave another shape.</exception>
    public Tensor Apply(Tensor value)
    {
        using var scope = Temporaries.Begin();
        Tensor kept = function(value);
        if (kept.ConcreteShape != value.ConcreteShape) throw new ShapeMismatchException($"The constraint {Name} gave {kept.ConcreteShape} for {value.ConcreteShape}; the shapes must be equal.");
        return scope.Keep(kept);
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static Constraint MinMax(double min, double max, double rate, int[] axes, string name)
    {
        if (!(min >= 0 && max >= min && rate is >= 0 and <= 1)) throw new InvalidArgumentException($"Constraint {name}: norms from {min} to {max} at a rate of {rate} are not offered; give 0 ≤ min ≤ max and a rate within [0, 1].");
        return new(w =>
        {
            Tensor norm = Norm(w, axes), wanted = norm.Clip(min, max);
            if (rate != 1) wanted = wanted * rate + norm * (1 - rate);
            return w * (wanted / (norm + Small));
        }, name);
    }

    private static Tensor Norm(Tensor w, int[] axes) => w.Square().Sum(axes.Length == 0 ? [0] : axes, keepDims: true).Sqrt();
}

/// <summary>What is said of one weight: how it begins, what its size costs and what it must be.</summary>
internal readonly record struct WeightRule(Initializer? Initializer, Regularizer? Regularizer = null, Constraint? Constraint = null)
{
    /// <summary>The rule with an initializer where none was given.</summary>
    internal WeightRule Or(Initializer standard) => Initializer is null ? this with { Initializer = standard } : this;
}
