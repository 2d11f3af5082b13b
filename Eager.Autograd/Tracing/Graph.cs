using System.Text;

namespace Eager.Autograd;

/// <summary>A static graph of operations: as a trace recorded what ran, on what, with which shapes, or as it is built by hand.</summary>
/// <remarks>
/// A graph that is built by hand (<see cref="AsDefault"/>) has placeholders in the place of what it is to compute with. Nothing is computed before
/// <see cref="GraphRunner.Run(Tensor, Feeds?)"/> asks the graph, or a <see cref="Session"/> that owns values of the graph's variables, for a result.
/// </remarks>
/// <example><code>
/// var graph = new Graph("regression");
/// Tensor x, y;
/// using (graph.AsDefault())
/// {
///     x = graph.Placeholder([null, 3], name: "x");
///     y = x.Sum(axis: 1);                                        // Tensor("Sum:0", shape=(?,), dtype=float32)
/// }
/// Tensor result = graph.Run(y, new() { [x] = Tensor.Ones([2, 3]) });   // [3, 3]
/// </code></example>
public sealed partial class Graph : GraphRunner
{
    private readonly List<Operation> operations = [];
    private readonly Dictionary<string, Operation> byName = [];

    /// <summary>Makes an empty graph, to be built inside <see cref="AsDefault"/>.</summary>
    /// <param name="name">What messages call it.</param>
    public Graph(string name = "graph") => Name = name;

    /// <summary>The name that it was given, or that of the traced function.</summary>
    public string Name { get; }

    /// <summary>All operations, in the order in which they ran or were added.</summary>
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

    /// <summary>How often each name scope was opened.</summary>
    internal Dictionary<string, int> ScopeUses { get; } = [];

    /// <summary>True for the graph of a trace, in which sizes were numbers: it computes with those of the trace alone.</summary>
    internal bool HoldsForSizesOfTrace { get; init; }

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
        var operation = new Operation(this, operations.Count, name, type, inputs, controlInputs, attributes, device);
        operations.Add(operation);
        byName.Add(name, operation);
        return operation;
    }
}
