using System.Runtime.CompilerServices;

namespace Eager.Train;

/// <summary>What examples count in losses and metrics: one tensor for all outputs of a model, or one for each, in order or by the names of the outputs.</summary>
/// <remarks>A tensor has a weight for each example, [n], or one for each part of it that has a loss, such as each step of a sequence, [n, steps].</remarks>
/// <example><code>
/// training.Fit(x, y, sampleWeights: weights);                                                          // for all outputs
/// training.Fit(x, y, sampleWeights: [ofKinds, null]);                                                  // in order; null weighs all alike
/// training.Fit(x, y, sampleWeights: new Dictionary&lt;string, Tensor&gt; { ["kind"] = ofKinds });     // by name; outputs not listed weigh all alike
/// </code></example>
[CollectionBuilder(typeof(SampleWeights), nameof(Of))]
public sealed class SampleWeights
{
    private readonly Tensor? forAll;
    private readonly Tensor?[] inOrder;
    private readonly IReadOnlyDictionary<string, Tensor>? byName;

    private SampleWeights(Tensor? forAll, Tensor?[] inOrder, IReadOnlyDictionary<string, Tensor>? byName) => (this.forAll, this.inOrder, this.byName) = (forAll, inOrder, byName);

    /// <summary>The same weights for all outputs; none when null.</summary>
    public static implicit operator SampleWeights?(Tensor? forAll) => forAll is null ? null : new(forAll, [forAll], null);

    /// <summary>Weights for each output in turn, null for one that has none.</summary>
    public static implicit operator SampleWeights(Tensor?[] inOrder) => Of(inOrder);

    /// <summary>Weights by the names of outputs.</summary>
    public static implicit operator SampleWeights(Dictionary<string, Tensor> byName) => Of(byName);

    /// <summary>Weights for each output in turn, null for one that has none; what a collection expression makes.</summary>
    public static SampleWeights Of(params ReadOnlySpan<Tensor?> inOrder) => new(null, inOrder.ToArray(), null);

    /// <summary>Weights by the names of outputs.</summary>
    public static SampleWeights Of(IReadOnlyDictionary<string, Tensor> byName) => new(null, [.. byName.Values], byName);

    /// <summary>The tensors in it.</summary>
    public IEnumerator<Tensor?> GetEnumerator() => ((IEnumerable<Tensor?>)inOrder).GetEnumerator();

    /// <summary>The weights of each output.</summary>
    internal Tensor?[] Over(IReadOnlyList<string> outputs, string caller) =>
        forAll is not null ? [.. outputs.Select(_ => forAll)]
        : byName is not null ? OutputParts.ByName(byName, outputs, "sample weights", caller)
        : OutputParts.InOrder(inOrder, outputs, "sample weights", caller);
}

/// <summary>What the examples of each class count in losses and metrics; with several outputs, for each of those that have classes.</summary>
/// <remarks>Classes that are not listed count 1. A class's weight multiplies the sample weights of its examples.</remarks>
/// <example><code>
/// training.Fit(x, y, classWeights: new Dictionary&lt;long, double&gt; { [2] = 5 });                                           // of a model of one output
/// training.Fit(x, y, classWeights: new Dictionary&lt;string, Dictionary&lt;long, double&gt;&gt; { ["kind"] = new() { [2] = 5 } });   // of one of several
/// </code></example>
public sealed class ClassWeights
{
    private readonly IReadOnlyDictionary<long, double>? forOne;
    private readonly IReadOnlyDictionary<string, IReadOnlyDictionary<long, double>>? byName;

    private ClassWeights(IReadOnlyDictionary<long, double>? forOne, IReadOnlyDictionary<string, IReadOnlyDictionary<long, double>>? byName) => (this.forOne, this.byName) = (forOne, byName);

    /// <summary>Weights of classes, for a model of one output.</summary>
    public static implicit operator ClassWeights(Dictionary<long, double> weights) => Of(weights);

    /// <summary>Weights of classes by the names of outputs.</summary>
    public static implicit operator ClassWeights(Dictionary<string, Dictionary<long, double>> byName) => new(null, byName.ToDictionary(static entry => entry.Key, static IReadOnlyDictionary<long, double> (entry) => entry.Value));

    /// <summary>Weights of classes, for a model of one output.</summary>
    public static ClassWeights Of(IReadOnlyDictionary<long, double> weights) => new(weights, null);

    /// <summary>Weights of classes by the names of outputs.</summary>
    public static ClassWeights Of(IReadOnlyDictionary<string, IReadOnlyDictionary<long, double>> byName) => new(null, byName);

    /// <summary>The weights of each output.</summary>
    internal IReadOnlyDictionary<long, double>?[] Over(IReadOnlyList<string> outputs, string caller) =>
        byName is not null ? OutputParts.ByName(byName, outputs, "class weights", caller)
        : outputs.Count == 1 ? [forOne]
        : throw new InvalidArgumentException($"{caller}: class weights are given, but the model has {outputs.Count} outputs, {string.Join(", ", outputs)}; give them in a dictionary by these names.");
}

/// <summary>Sorts what is given for the outputs of a model.</summary>
internal static class OutputParts
{
    internal static T?[] InOrder<T>(IReadOnlyList<T?> given, IReadOnlyList<string> outputs, string what, string caller) where T : class =>
        given.Count == outputs.Count ? [.. given]
        : throw new InvalidArgumentException($"{caller}: {what} for {given.Count} outputs were given; the model has {outputs.Count}, {string.Join(", ", outputs)}; give null for one that has none.");

    internal static T?[] ByName<T>(IReadOnlyDictionary<string, T> given, IReadOnlyList<string> outputs, string what, string caller) where T : class =>
        given.Keys.FirstOrDefault(name => !outputs.Contains(name)) is { } unknown
        ? throw new InvalidArgumentException($"{caller}: {what} are given for '{unknown}', but no output is called so; there are {string.Join(", ", outputs)}.")
        : [.. outputs.Select(given.GetValueOrDefault)];
}
