namespace Eager.Layers;

/// <summary>A penalty on a weight or on what a layer gives, which <see cref="Layer.Losses"/> collects.</summary>
/// <example><code>
/// var layer = new Dense(64, kernelRegularizer: Regularizer.L2(1e-4));
/// Tensor total = loss + layer.Losses.Aggregate((a, b) => a + b);
/// </code></example>
public sealed class Regularizer
{
    private static readonly NamedSettings<Regularizer> Known = new("regularizer") { ["l1"] = static () => L1(), ["l2"] = static () => L2(), ["l1_l2"] = static () => L1L2() };

    private readonly Func<Tensor, Tensor> function;

    /// <summary>Makes one of a function that gives a scalar.</summary>
    public Regularizer(Func<Tensor, Tensor> function, string name = "custom") => (this.function, Name) = (function, name);

    /// <summary>The name, as in <c>l2</c>.</summary>
    public string Name { get; }

    /// <summary>The one of a name of Keras's, with its default factor.</summary>
    /// <exception cref="InvalidArgumentException">There is none of that name; the message lists the known ones.</exception>
    public static implicit operator Regularizer(string name) => Known.Find(name);

    /// <summary>factor·Σ|w|.</summary>
    public static Regularizer L1(double factor = 0.01) => new(w => w.Abs().Sum() * factor, Checked("l1", factor));

    /// <summary>factor·Σw², as in Keras without a half.</summary>
    public static Regularizer L2(double factor = 0.01) => new(w => w.Square().Sum() * factor, Checked("l2", factor));

    /// <summary>l1·Σ|w| + l2·Σw².</summary>
    public static Regularizer L1L2(double l1 = 0.01, double l2 = 0.01) => new(w => w.Abs().Sum() * l1 + w.Square().Sum() * l2, Checked(Checked("l1_l2", l1), l2));

    /// <summary>The penalty on a value.</summary>
    /// <exception cref="ShapeMismatchException">The function gave no scalar.</exception>
    public Tensor Apply(Tensor value)
    {
        using var scope = Temporaries.Begin();
        Tensor penalty = function(value);
        if (penalty.Rank != 0) throw new ShapeMismatchException($"The regularizer {Name} gave {penalty.ConcreteShape} for {value.ConcreteShape}; it must give a scalar.");
        return scope.Keep(penalty);
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static string Checked(string name, double factor) =>
        factor >= 0 && double.IsFinite(factor) ? name : throw new InvalidArgumentException($"Regularizer {name}: the factor {factor} is no finite number of 0 or more.");
}
