namespace Eager.Autograd;

/// <summary>Through which tensors of a graph gradients flow from targets to sources.</summary>
internal sealed class GraphPaths
{
    private readonly HashSet<(Operation, int)> reached = [];
    private readonly HashSet<(Operation, int)> leading = [];

    internal GraphPaths(Graph graph, GraphTensor[] targets, GraphTensor[] sources)
    {
        foreach (GraphTensor source in sources) reached.Add(source.Key);
        foreach (Operation operation in graph.Operations)
            if (Differentiated(operation).Any(t => reached.Contains(t.Key)))
                foreach (GraphTensor output in operation.Outputs)
                    if (output.DType.IsDifferentiable()) reached.Add(output.Key);
        foreach (GraphTensor target in targets) leading.Add(target.Key);
        for (int i = graph.Operations.Count - 1; i >= 0; i--)
        {
            Operation operation = graph.Operations[i];
            if (!operation.Outputs.Any(t => leading.Contains(t.Key))) continue;
            foreach (GraphTensor input in Differentiated(operation)) leading.Add(input.Key);
        }
    }

    /// <summary>Whether a target depends on a source.</summary>
    internal bool Reaches(GraphTensor target) => reached.Contains(target.Key);

    /// <summary>Whether a target depends on this source.</summary>
    internal bool LeadsToTarget(GraphTensor source) => leading.Contains(source.Key);

    private static IEnumerable<GraphTensor> Differentiated(Operation operation)
    {
        if (operation.Gradients is not null) return operation.Inputs;
        if (operation.Op is not { } op || op.Effect == Effect.Mutates) return [];
        return operation.Inputs.Where((_, i) => (op.DifferentiableInputs & (1UL << Math.Min(i, Op.LastBit))) != 0);
    }
}
