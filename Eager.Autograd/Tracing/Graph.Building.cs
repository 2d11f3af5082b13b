namespace Eager.Autograd;

/// <content>Graphs that are built by hand.</content>
public sealed partial class Graph
{
    private readonly List<Func<Action>> holds = [];
    private readonly List<Variable> variables = [];
    private readonly VariableStore store = VariableStore.New();

    /// <summary>The graph that this thread is building; null when it builds none, and operations run at once.</summary>
    public static Graph? Default => GraphBuilder.Current?.Graph;

    /// <summary>The variables that were made while the graph was built, in order; its sessions have values of them.</summary>
    public IReadOnlyList<Variable> Variables => variables;

    /// <summary>Those of them that are trained.</summary>
    public IReadOnlyList<Variable> TrainableVariables => [.. variables.Where(static v => v.Trainable)];

    /// <summary>What the graph knows tensors with elements by.</summary>
    internal Dictionary<long, GraphTensor> Known { get; } = [];

    /// <summary>For each unknown size a tensor that tells it.</summary>
    internal Dictionary<int, GraphTensor> SizeOrigins { get; } = [];

    /// <summary>What gives host state such as step counts back, and how it was when the graph was built.</summary>
    internal List<(Func<Action> Hold, Action AtFirst)> HostStates { get; } = [];

    /// <summary>One run at a time: sessions share the host code between the operations.</summary>
    internal Lock Running { get; } = new();

    /// <summary>Until the result is disposed, this thread's operations are added to the graph instead of being run. It may be opened again to go on.</summary>
    /// <returns>What closes it. Graphs that are opened inside one another are closed in reverse order, on their own thread.</returns>
    /// <remarks>
    /// Inside, tensors are symbols, which print as <c>Tensor("Add:0", shape=(2, ?), dtype=int32)</c> and have no values to read; tensors with values
    /// that are used become constants, variables that were made before are used with the values that they have when the graph runs. Variables that
    /// are made inside belong to the graph and have values in sessions. <see cref="VariableScope"/> has a tree of its own for each graph. Gradients
    /// (<see cref="GradientTape.Gradient(Tensor, Tensor, Tensor?, Unconnected)"/>) become one operation, which takes them when the graph runs.
    /// </remarks>
    /// <exception cref="InvalidArgumentException">It is the graph of a traced function, which is whole.</exception>
    public IDisposable AsDefault()
    {
        if (HoldsForSizesOfTrace) throw new InvalidArgumentException($"AsDefault: '{Name}' is the graph of a traced function and is whole; make a new Graph to build one by hand.");
        return new Building(this);
    }

    /// <summary>Adds a tensor that each run is fed with.</summary>
    /// <param name="shape">Its shape; <c>[null, 784]</c> leaves a size to the runs.</param>
    /// <param name="dtype">Its dtype.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="InvalidArgumentException">The graph is not being built, or the number of axes is left open.</exception>
    public Tensor Placeholder(Shape shape, DType dtype = DType.Float32, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (!shape.IsRankKnown) throw new InvalidArgumentException($"Placeholder: '{name}' has a shape of unknown rank; give the number of axes, as in [null, null].");
        return BuilderFor(nameof(Placeholder)).AddPlaceholder(shape, Errors.RequireUnquantized(dtype, nameof(Placeholder)), name ?? "Placeholder");
    }

    /// <summary>Adds a constant with a name of its own; tensors with values that operations use become constants by themselves.</summary>
    /// <param name="value">Its value.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="InvalidArgumentException">The graph is not being built.</exception>
    public Tensor Constant(Tensor value, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(value);
        GraphBuilder builder = BuilderFor(nameof(Constant));
        if (value.IsSymbol) throw new InvalidArgumentException($"Constant: {value} has no value yet; use it as it is.");
        return builder.AddConstant(value, name ?? "Const");
    }

    /// <summary>Adds an operation that stands for changes: running it runs every assignment, update and host function that building it added.</summary>
    /// <param name="build">Adds operations, such as <c>optimizer.Minimize</c>'s.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="InvalidArgumentException">The graph is not being built, or nothing that was added changes anything.</exception>
    /// <example><code>
    /// Operation train = graph.Group(() => sgd.Minimize(() => (y - labels).Square().Mean(), graph.TrainableVariables), "train");
    /// session.Run(train, new() { [x] = batch, [labels] = wanted });
    /// </code></example>
    public Operation Group(Action build, string name = "group")
    {
        ArgumentNullException.ThrowIfNull(build);
        GraphBuilder builder = BuilderFor(nameof(Group));
        int first = operations.Count;
        build();
        Operation[] members = [.. operations.Skip(first).Where(static o => o.HasEffect)];
        return members.Length > 0 ? builder.AddGroup(name, members)
            : throw new InvalidArgumentException($"Group: nothing that was added for '{name}' assigns a variable or calls the host; fetch the tensors themselves.");
    }

    /// <summary>What a tensor is in this graph: its operation, its name, its shape.</summary>
    /// <exception cref="InvalidArgumentException">It is none of this graph's.</exception>
    public GraphTensor GetTensor(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        GraphTensor? found = SymbolTensor.SymbolOf(tensor) ?? (tensor.IdOrZero != 0 ? Known.GetValueOrDefault(tensor.IdOrZero) : null);
        return found is null ? throw new InvalidArgumentException($"The {tensor.DType.Name()} tensor of shape {tensor.ConcreteShape}{(tensor.Name is null ? "" : $" ('{tensor.Name}')")} is none of graph '{Name}'; tensors become a graph's when one of its operations uses them while it is built.")
            : RequireOwn(found);
    }

    /// <summary>Refuses what another graph has.</summary>
    internal GraphTensor RequireOwn(GraphTensor tensor) => tensor.Operation.Graph == this ? tensor
        : throw new InvalidArgumentException($"'{tensor.Name}' belongs to graph '{tensor.Operation.Graph.Name}', not to '{Name}'; each graph runs its own tensors.");

    internal Shape StaticShape(Tensor tensor) => SymbolTensor.SymbolOf(tensor)?.Shape ?? tensor.ConcreteShape;

    /// <summary>Keeps a variable that was made while the graph was built.</summary>
    internal void Add(Variable variable) => variables.Add(variable);

    /// <summary>Keeps what gives host state back, so that each session has its own.</summary>
    internal void Keep(Func<Action> hold)
    {
        if (holds.Contains(hold)) return;
        holds.Add(hold);
        HostStates.Add((hold, hold()));
    }

    internal override Graph RunGraph => this;

    internal override Session? RunSession => null;

    private GraphBuilder BuilderFor(string what) => GraphBuilder.Current is { } builder && builder.Graph == this ? builder
        : throw new InvalidArgumentException($"{what}: graph '{Name}' is not being built; call it inside 'using (graph.AsDefault())'.");

    private sealed class Building : IDisposable
    {
        private readonly GraphBuilder builder;
        private readonly VariableStore before;
        private bool closed;

        internal Building(Graph graph)
        {
            builder = new(graph);
            builder.Attach();
            before = VariableStore.Exchange(graph.store);
        }

        public void Dispose()
        {
            if (closed) return;
            if (GraphBuilder.Current != builder) throw new InvalidArgumentException($"AsDefault: '{builder.Graph.Name}' is not the graph that this thread opened last; close graphs in reverse order, on the thread that opened them.");
            closed = true;
            builder.Detach();
            VariableStore.Exchange(before);
        }
    }
}
