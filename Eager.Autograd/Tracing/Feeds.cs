namespace Eager.Autograd;

/// <summary>Values that a run of a graph takes for some of its tensors: <c>new() { [x] = batch, ["keep:0"] = Tensor.From(0.5f) }</c>.</summary>
/// <remarks>
/// Any tensor may be fed, placeholders must be where a fetch depends on them. A value is converted to the tensor's dtype and has to fit its shape.
/// What stands before a fed tensor does not run for its sake.
/// </remarks>
public sealed class Feeds
{
    private readonly List<(object Key, Tensor Value)> entries = [];

    /// <summary>The value of a tensor of the graph.</summary>
    public Tensor this[Tensor tensor]
    {
        get => Get(tensor);
        set => Set(tensor, value);
    }

    /// <summary>The value of a tensor of the graph.</summary>
    public Tensor this[GraphTensor tensor]
    {
        get => Get(tensor);
        set => Set(tensor, value);
    }

    /// <summary>The value of a tensor of a name, such as <c>dense/MatMul:0</c>.</summary>
    public Tensor this[string name]
    {
        get => Get(name);
        set => Set(name, value);
    }

    internal IReadOnlyList<(object Key, Tensor Value)> Entries => entries;

    private Tensor Get(object key) => entries.Find(e => e.Key.Equals(key)).Value ?? throw new InvalidArgumentException($"Feeds: nothing is fed for {key}.");

    private void Set(object key, Tensor value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        entries.RemoveAll(e => e.Key.Equals(key));
        entries.Add((key, value));
    }
}
