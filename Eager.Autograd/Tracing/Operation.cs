namespace Eager.Autograd;

/// <summary>One operation of a graph.</summary>
public sealed class Operation
{
    internal Operation(Graph graph, int number, string name, string type, IReadOnlyList<GraphTensor> inputs, IReadOnlyList<Operation> controlInputs, IReadOnlyDictionary<string, object> attributes, Device device) =>
        (Graph, Number, Name, Type, Inputs, ControlInputs, Attributes, Device) = (graph, number, name, type, inputs, controlInputs, attributes, device);

    /// <summary>The graph that it belongs to.</summary>
    public Graph Graph { get; }

    /// <summary>Its name with its scopes, <c>dense/MatMul</c>, unique in the graph.</summary>
    public string Name { get; }

    /// <summary>What it computes: <c>MatMul</c>, or <c>Placeholder</c>, <c>Variable</c>, <c>Const</c>.</summary>
    public string Type { get; }

    /// <summary>What it reads.</summary>
    public IReadOnlyList<GraphTensor> Inputs { get; }

    /// <summary>Operations that must run before it though it reads nothing of theirs.</summary>
    public IReadOnlyList<Operation> ControlInputs { get; }

    /// <summary>Its settings by name.</summary>
    public IReadOnlyDictionary<string, object> Attributes { get; }

    /// <summary>Where it ran.</summary>
    public Device Device { get; }

    /// <summary>What it makes.</summary>
    public IReadOnlyList<GraphTensor> Outputs { get; internal set; } = [];

    /// <summary>Its place in the graph: what it depends on has lower ones.</summary>
    internal int Number { get; }

    /// <summary>What runs it; null for one of the other kinds below.</summary>
    internal Op? Op { get; set; }

    /// <summary>The settings with which it runs.</summary>
    internal object OpAttributes { get; set; } = None.Boxed;

    /// <summary>Host code that belongs right before it, such as the counting of an optimizer's step.</summary>
    internal IReadOnlyList<Action> HostEffects { get; set; } = [];

    /// <summary>The unknown sizes in its settings.</summary>
    internal IReadOnlyList<int> Sizes { get; set; } = [];

    /// <summary>The symbols in its settings, such as places to assign to.</summary>
    internal IReadOnlyList<GraphTensor> Symbols { get; set; } = [];

    /// <summary>The tensor, or the variable with a value of its own, that the graph found.</summary>
    internal Tensor? Captured { get; set; }

    /// <summary>The variable that the graph's sessions have values of.</summary>
    internal Variable? Variable { get; set; }

    /// <summary>What such a variable has at first.</summary>
    internal GraphTensor? InitialValue { get; set; }

    /// <summary>The gradients that it takes.</summary>
    internal GradientRequest? Gradients { get; set; }

    /// <summary>True when it changes a variable or calls code of the host.</summary>
    internal bool HasEffect => Op is { Effect: Effect.Mutates } || Op == CustomOps.Host;

    /// <summary>As in <c>dense/MatMul = MatMul(x:0, dense/kernel:0) -> float32 [?, 256]</c>.</summary>
    public override string ToString()
    {
        string made = Outputs.Count == 0 ? "" : $" -> {string.Join(", ", Outputs.Select(static t => $"{t.DType.Name()} {t.Shape}"))}";
        return $"{Name} = {Type}({string.Join(", ", Inputs.Select(static t => t.Name))}){made}";
    }
}

/// <summary>One result of an operation of a graph: a name, a dtype and a shape, without elements.</summary>
/// <param name="Operation">The operation that makes it.</param>
/// <param name="Index">Its number among that operation's outputs.</param>
/// <param name="DType">The element type.</param>
/// <param name="Shape">The sizes, unknown ones included.</param>
public sealed record GraphTensor(Operation Operation, int Index, DType DType, Shape Shape)
{
    /// <summary>The sizes, unknown ones included.</summary>
    public Shape Shape { get; internal set; } = Shape;

    /// <summary>What tells it apart; its shape may become better known.</summary>
    internal (Operation, int) Key => (Operation, Index);

    /// <summary>The operation's name and the number: <c>dense/MatMul:0</c>.</summary>
    public string Name => $"{Operation.Name}:{Index}";

    /// <summary>As in <c>Tensor("Add:0", shape=(2, ?), dtype=int32)</c>.</summary>
    public override string ToString() =>
        $"Tensor(\"{Name}\", shape=({string.Join(", ", Shape)}{(Shape.Rank == 1 ? "," : "")}), dtype={DType.Name()})";
}
