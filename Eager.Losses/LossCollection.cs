using Eager.Autograd;

namespace Eager.Losses;

/// <summary>Losses of a model, gathered while it is computed, so that their total can be minimized (TensorFlow's <c>GraphKeys.LOSSES</c> and <c>REGULARIZATION_LOSSES</c>).</summary>
/// <remarks>
/// A collection belongs to one computation, such as a training step: it holds the losses that it is given, not how to compute them. While it is open,
/// the penalties of variables that <see cref="VariableScope.GetVariable(string, Shape?, Func{Shape, DType, Tensor}?, DType, bool, Func{Tensor, Tensor}?, Func{Tensor, Tensor}?)"/>
/// gives, and those of layers that are called as functions, join by themselves, that of a variable once.
/// </remarks>
/// <example><code>
/// using var losses = LossCollection.Open();
/// Loss.MeanSquaredError(y, model.Call(x));                       // registers itself
/// losses.AddRegularization(0.01 * w.Square().Sum(), "dense");
/// Tensor total = losses.Total();
/// </code></example>
public sealed class LossCollection : IDisposable, IPenaltyCollector
{
    [ThreadStatic] private static LossCollection? current;

    private readonly List<(string Scope, Tensor Loss)> losses = [];
    private readonly List<(string Scope, Tensor Loss)> regularization = [];
    private readonly HashSet<Variable> penalized = [];
    private LossCollection? outer;
    private bool open;

    /// <summary>Makes a collection that only receives what is handed to it by name.</summary>
    public LossCollection() { }

    /// <summary>The collection that losses of this thread join by themselves; null when none is open.</summary>
    public static LossCollection? Current => current;

    /// <summary>Makes a collection that the losses of this thread join until it is disposed; an inner one takes the place of an outer one.</summary>
    public static LossCollection Open()
    {
        var collection = new LossCollection { outer = current, open = true };
        Penalties.Collector = current = collection;
        return collection;
    }

    /// <summary>Adds a loss.</summary>
    /// <param name="loss">The loss; of any shape, the total takes the sum of its elements.</param>
    /// <param name="scope">What to find it by.</param>
    public void Add(Tensor loss, string scope = "")
    {
        ArgumentNullException.ThrowIfNull(loss);
        losses.Add((scope, loss));
    }

    /// <summary>Adds a loss that is of the weights alone.</summary>
    /// <param name="loss">The loss; of any shape, the total takes the sum of its elements.</param>
    /// <param name="scope">What to find it by.</param>
    public void AddRegularization(Tensor loss, string scope = "")
    {
        ArgumentNullException.ThrowIfNull(loss);
        regularization.Add((scope, loss));
    }

    /// <summary>The losses, in the order in which they came.</summary>
    /// <param name="scope">Takes those only whose scope starts so.</param>
    public IReadOnlyList<Tensor> GetLosses(string? scope = null) => Within(losses, scope);

    /// <summary>The regularization losses, in the order in which they came.</summary>
    /// <param name="scope">Takes those only whose scope starts so.</param>
    public IReadOnlyList<Tensor> GetRegularizationLosses(string? scope = null) => Within(regularization, scope);

    /// <summary>The sum of the regularization losses; a float32 0 when there is none.</summary>
    /// <param name="scope">Takes those only whose scope starts so.</param>
    /// <exception cref="DTypeMismatchException">The losses have different dtypes.</exception>
    public Tensor RegularizationTotal(string? scope = null) => Sum(GetRegularizationLosses(scope));

    /// <summary>The sum of the losses, and of the regularization losses unless they are left out; a float32 0 when there is none.</summary>
    /// <param name="addRegularization">Whether regularization losses count.</param>
    /// <param name="scope">Takes those only whose scope starts so.</param>
    /// <exception cref="DTypeMismatchException">The losses have different dtypes.</exception>
    public Tensor Total(bool addRegularization = true, string? scope = null) =>
        Sum([.. GetLosses(scope), .. addRegularization ? GetRegularizationLosses(scope) : []]);

    /// <summary>Ends the collecting; what was collected stays.</summary>
    /// <exception cref="InvalidArgumentException">A collection opened later is still open, or this one was opened on another thread.</exception>
    public void Dispose()
    {
        if (!open) return;
        if (current != this) throw new InvalidArgumentException("LossCollection: collections end in reverse order, on the thread that opened them; end the inner one first.");
        open = false;
        Penalties.Collector = current = outer;
    }

    void IPenaltyCollector.AddPenalty(Variable variable)
    {
        if (!variable.Trainable || variable.Regularizer is null || !penalized.Add(variable)) return;
        Tensor penalty = variable.Regularizer(variable);
        Temporaries.Release(penalty);  // it must outlive the scopes of what is computed
        AddRegularization(penalty, variable.Name ?? "");
    }

    void IPenaltyCollector.AddPenalty(Tensor penalty, string scope) => AddRegularization(penalty, scope);

    private static Tensor[] Within(List<(string Scope, Tensor Loss)> all, string? scope) =>
        [.. all.Where(entry => scope is null || entry.Scope.StartsWith(scope, StringComparison.Ordinal)).Select(entry => entry.Loss)];

    private static Tensor Sum(IReadOnlyList<Tensor> parts)
    {
        if (parts.Count == 0) return Tensor.Zeros([]);
        using var scope = Temporaries.Begin();
        Tensor total = parts[0].Sum();
        for (int i = 1; i < parts.Count; i++) total = total + parts[i].Sum();
        return scope.Keep(total);
    }
}
