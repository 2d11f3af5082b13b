using System.Text;

namespace Eager.Autograd;

/// <summary>A static graph of operations, as a trace recorded it: what ran, on what, with which shapes.</summary>
public sealed class Graph
{
    private readonly List<Operation> operations = [];
    private readonly Dictionary<string, Operation> byName = [];

    internal Graph(string name) => Name = name;

    /// <summary>The name of the traced function.</summary>
    public string Name { get; }

    /// <summary>All operations, in the order in which they ran.</summary>
    public IReadOnlyList<Operation> Operations => operations;

    /// <summary>The inputs of the traced function.</summary>
    public IReadOnlyList<GraphTensor> Inputs { get; internal set; } = [];

    /// <summary>The results of the traced function.</summary>
    public IReadOnlyList<GraphTensor> Outputs { get; internal set; } = [];

    /// <summary>The operation of a name.</summary>
    /// <exception cref="InvalidArgumentException">The graph has none of that name.</exception>
    public Operation GetOperation(string name) =>
        byName.GetValueOrDefault(name) ?? throw new InvalidArgumentException($"Graph '{Name}' has no operation '{name}'; it has {operations.Count}, the first named {string.Join(", ", operations.Take(5).Select(static o => o.Name))}.");

    /// <summary>The tensor of a name, such as <c>dense/MatMul:0</c>.</summary>
    /// <exception cref="InvalidArgumentException">The graph has none of that name.</exception>
    public GraphTensor GetTensor(string name)
    {
        int colon = name.LastIndexOf(':');
        if (colon < 0 || !int.TryParse(name[(colon + 1)..], out int index)) throw new InvalidArgumentException($"'{name}' names no tensor; write the operation's name and the number of its output, as in 'Add:0'.");
        Operation operation = GetOperation(name[..colon]);
        return index < operation.Outputs.Count ? operation.Outputs[index] : throw new InvalidArgumentException($"Operation '{operation.Name}' has {operation.Outputs.Count} outputs, none numbered {index}.");
    }

    /// <summary>One line an operation: name, type, inputs, outputs with dtype and shape.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"graph {Name} ({operations.Count} operations)\n");
        foreach (Operation operation in operations) text.Append("  ").Append(operation).Append('\n');
        return text.ToString();
    }

    /// <summary>The graph in Graphviz's language, for <c>dot -Tsvg</c>.</summary>
    public string ToDot()
    {
        var text = new StringBuilder($"digraph \"{Name}\" {{\n  node [shape=box, fontname=\"sans-serif\"];\n");
        foreach (Operation operation in operations)
        {
            text.Append($"  \"{operation.Name}\" [label=\"{operation.Name}\\n{operation.Type}\"];\n");
            foreach (GraphTensor input in operation.Inputs)
                text.Append($"  \"{input.Operation.Name}\" -> \"{operation.Name}\" [label=\"{input.Shape}\"];\n");
            foreach (Operation before in operation.ControlInputs)
                text.Append($"  \"{before.Name}\" -> \"{operation.Name}\" [style=dashed];\n");
        }
        return text.Append("}\n").ToString();
    }

    /// <summary>Adds an operation under a name that no other has.</summary>
    internal Operation Add(string wantedName, string type, IReadOnlyList<GraphTensor> inputs, IReadOnlyList<Operation> controlInputs, IReadOnlyDictionary<string, object> attributes, Device device)
    {
        string name = wantedName;
        for (int i = 1; byName.ContainsKey(name); i++) name = $"{wantedName}_{i}";
        var operation = new Operation(this, name, type, inputs, controlInputs, attributes, device);
        operations.Add(operation);
        byName.Add(name, operation);
        return operation;
    }
}

/// <summary>One operation of a graph.</summary>
public sealed class Operation
{
    internal Operation(Graph graph, string name, string type, IReadOnlyList<GraphTensor> inputs, IReadOnlyList<Operation> controlInputs, IReadOnlyDictionary<string, object> attributes, Device device) =>
        (Graph, Name, Type, Inputs, ControlInputs, Attributes, Device) = (graph, name, type, inputs, controlInputs, attributes, device);

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

    /// <summary>The operation's name and the number: <c>dense/MatMul:0</c>.</summary>
    public string Name => $"{Operation.Name}:{Index}";

    /// <summary>As in <c>Tensor("Add:0", shape=(2, ?), dtype=int32)</c>.</summary>
    public override string ToString() =>
        $"Tensor(\"{Name}\", shape=({string.Join(", ", Shape)}{(Shape.Rank == 1 ? "," : "")}), dtype={DType.Name()})";
}
