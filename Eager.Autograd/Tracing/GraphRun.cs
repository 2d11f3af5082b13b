namespace Eager.Autograd;

/// <summary>One run of a graph: the operations that its fetches depend on, each once, in the order of the graph.</summary>
/// <remarks>Values are freed as their last use passes. Where gradients are asked for, a tape follows what they lead to.</remarks>
internal sealed class GraphRun
{
    private readonly Graph graph;
    private readonly Session? session;
    private readonly IReadOnlyDictionary<Variable, Variable?> initialized;
    private readonly Dictionary<(Operation, int), Tensor> fed = [];
    private readonly GraphSizes sizes = new();
    private readonly Dictionary<(Operation, int), Tensor> values = [];
    private readonly Dictionary<(Operation, int), int> uses = [];
    private readonly HashSet<(Operation, int)> watched = [];
    private GradientTape? tape;

    private GraphRun(GraphRunner runner, IReadOnlyDictionary<Variable, Variable?> initialized)
    {
        (graph, session) = (runner.RunGraph, runner.RunSession);
        this.initialized = initialized;
    }

    /// <summary>Runs what tensors, operations and names depend on; gives a value for each tensor and null for each operation.</summary>
    internal static Tensor?[] Run(GraphRunner runner, IReadOnlyList<object> fetches, Feeds? feeds)
    {
        Graph graph = runner.RunGraph;
        object[] leaves = [.. fetches.Select(fetch => Resolve(graph, fetch))];
        return Run(runner, leaves, feeds, new Dictionary<Variable, Variable?>());
    }

    /// <summary>Runs the initial values of variables and puts variables with them into a dictionary.</summary>
    internal static void Initialize(Session session, Dictionary<Variable, Variable?> variables, Feeds? feeds) =>
        Run(session, [.. variables.Keys.Select(static v => (object)v.Symbol!)], feeds, variables);

    private static Tensor?[] Run(GraphRunner runner, object[] fetches, Feeds? feeds, Dictionary<Variable, Variable?> initialized)
    {
        if (ThreadContext.Current.Observer is { RecordsHostEffects: true, DefersHostEffects: false })
            throw new TracingException($"Run: graph '{runner.RunGraph.Name}' was to run inside a traced function, whose replays would not run it again; run it outside and pass the values.");
        lock (runner.RunGraph.Running)
        {
            using var unrecorded = Unrecorded.Begin();
            using var scope = Temporaries.Begin();
            Tensor?[] results = new GraphRun(runner, initialized).Run(fetches, feeds, initialized);
            foreach (Tensor? result in results)
                if (result is not null) scope.Keep(result);
            return results;
        }
    }

    private Tensor?[] Run(object[] fetches, Feeds? feeds, Dictionary<Variable, Variable?> initializing)
    {
        foreach ((object key, Tensor value) in feeds?.Entries ?? []) Feed(Resolve(graph, key) as GraphTensor ?? throw new InvalidArgumentException($"Feeds: '{((Operation)Resolve(graph, key)).Name}' is an operation; feed one of its tensors, such as '{((Operation)Resolve(graph, key)).Name}:0'."), value);
        Operation[] plan = Plan(fetches);
        foreach (Operation operation in plan) RequireReady(operation);
        int gradients = plan.Count(static o => o.Gradients is not null);
        tape = gradients > 0 ? new GradientTape(persistent: gradients > 1, watchVariables: false) : null;
        using GradientTape? closing = tape;
        session?.TakeHostStates();
        try
        {
            foreach (((Operation, int) key, Tensor value) in fed) Keep(key, value);
            foreach (Operation operation in plan) Step(operation, initializing);
        }
        finally
        {
            session?.StoreHostStates();
        }
        return [.. fetches.Select(fetch => fetch is GraphTensor tensor ? Result(values[tensor.Key]) : null)];
    }

    /// <summary>The graph's tensor or operation that a tensor, a name or an operation stands for.</summary>
    private static object Resolve(Graph graph, object fetch) => fetch switch
    {
        Tensor tensor => graph.GetTensor(tensor),
        GraphTensor tensor => graph.RequireOwn(tensor),
        string name => name.Contains(':') ? graph.GetTensor(name) : graph.GetOperation(name),
        Operation operation => operation.Graph == graph ? operation : throw new InvalidArgumentException($"Operation '{operation.Name}' belongs to graph '{operation.Graph.Name}', not to '{graph.Name}'; each graph runs its own operations."),
        _ => throw new InvalidArgumentException($"A {fetch.GetType().Name} is neither a tensor, an operation nor a name of graph '{graph.Name}'."),
    };

    private void Feed(GraphTensor tensor, Tensor value)
    {
        if (value.IsSymbol) throw new InvalidArgumentException($"Run: '{tensor.Name}' is fed with {value}, which has no value; run that first and feed the result.");
        if (!tensor.Shape.IsCompatibleWith(value.ConcreteShape))
            throw new ShapeMismatchException($"Run: '{tensor.Name}' of graph '{graph.Name}' is fed with a value of shape {value.ConcreteShape}; its shape is {tensor.Shape}.");
        for (int axis = 0; graph.HoldsForSizesOfTrace && axis < value.Rank; axis++)
        {
            if (tensor.Shape[axis].Example == value.ConcreteShape[axis].Example) continue;
            throw new ShapeMismatchException($"Run: '{tensor.Name}' is fed with a value of shape {value.ConcreteShape}; the graph of a traced function holds for the sizes of its trace, [{string.Join(", ", tensor.Shape.Examples.ToArray())}]. Call the function, which traces other sizes, or build a graph by hand.");
        }
        sizes.Bind(tensor, value.ConcreteShape);
        // An identity of its own: one value may be fed for several tensors.
        fed[tensor.Key] = value.DType == tensor.DType ? value.Alias(sameIdentity: false) : value.Cast(tensor.DType);
    }

    // Everything that the fetches depend on and that is not fed. A stack of its own: graphs are deeper than threads' stacks.
    private Operation[] Plan(object[] fetches)
    {
        var needed = new HashSet<Operation>();
        var open = new Stack<Operation>();
        foreach (object fetch in fetches)
        {
            if (fetch is GraphTensor tensor) Need(tensor, kept: true);
            else Add((Operation)fetch);
        }
        while (open.TryPop(out Operation? operation))
        {
            foreach (GraphTensor input in operation.Inputs) Need(input);
            foreach (Operation before in operation.ControlInputs) Add(before);
            foreach (int size in operation.Sizes)
                if (!sizes.Knows(size)) Need(graph.SizeOrigins[size]);
            if (operation.Variable is { } variable && initialized.ContainsKey(variable)) Need(operation.InitialValue!);
            foreach (GraphTensor symbol in operation.Symbols) Need(symbol);
            foreach (GraphTensor source in operation.Gradients?.Sources ?? []) watched.Add(source.Key);
        }
        return [.. needed.OrderBy(static o => o.Number)];

        void Need(GraphTensor tensor, bool kept = false)
        {
            uses[tensor.Key] = uses.GetValueOrDefault(tensor.Key) + (kept ? 1 << 24 : 1);  // what is fetched is never used up
            if (!fed.ContainsKey(tensor.Key)) Add(tensor.Operation);
        }

        void Add(Operation operation)
        {
            if (needed.Add(operation)) open.Push(operation);
        }
    }

    // Nothing runs before all that it needs is there.
    private void RequireReady(Operation operation)
    {
        if (operation.Type == "Placeholder" && !fed.ContainsKey((operation, 0)))
        {
            GraphTensor tensor = operation.Outputs[0];
            throw new InvalidArgumentException($"Run: placeholder '{tensor.Name}' ({tensor.DType.Name()} {tensor.Shape}) of graph '{graph.Name}' is not fed, and a fetch depends on it; give it a value in the feeds.");
        }
        if (operation.Variable is not { } variable || initialized.ContainsKey(variable)) return;
        if (session is null) throw new UninitializedVariableException($"Run: variable '{variable.Name}' belongs to graph '{graph.Name}' and has values in sessions only; run a Session of the graph.");
        if (session.ValueOf(variable) is null) throw new UninitializedVariableException($"Run: variable '{variable.Name}' of graph '{graph.Name}' is not initialized in the session; call session.InitializeAll() first.");
    }

    private void Step(Operation operation, Dictionary<Variable, Variable?> initializing)
    {
        if (operation.Type == "Placeholder") return;
        foreach (Action effect in operation.HostEffects) effect();
        Tensor[] made = operation switch
        {
            { Captured: { } captured } => [captured],
            { Variable: { } variable } => [Value(variable, operation, initializing)],
            { Gradients: { } request } => TakeGradients(request),
            { Op: { } op } => Execute(op, operation),
            _ => [],
        };
        for (int i = 0; i < made.Length; i++)
        {
            GraphTensor symbol = operation.Outputs[i];
            if (operation.Op is { Effect: Effect.Mutates })
            {
                sizes.Bind(operation.Inputs[0], made[i].ConcreteShape, anew: true);
                Keep(symbol.Key, made[i]);
                continue;
            }
            if (made[i].DType != symbol.DType || !sizes.Allow(symbol.Shape, made[i].ConcreteShape))
                throw new ShapeMismatchException($"Run: '{symbol.Name}' of graph '{graph.Name}' is {made[i].DType.Name()} {made[i].ConcreteShape} in this run; the graph was built for {symbol.DType.Name()} {symbol.Shape}.");
            if (fed.ContainsKey(symbol.Key)) continue;
            sizes.Bind(symbol, made[i].ConcreteShape);
            Keep(symbol.Key, made[i]);
        }
        foreach (GraphTensor input in operation.Inputs) Release(input.Key);
    }

    private void Keep((Operation, int) key, Tensor value)
    {
        values[key] = value;
        if (watched.Contains(key)) tape!.Watch(value);
    }

    private void Release((Operation Operation, int) key)
    {
        if (--uses[key] > 0 || key.Operation is not { Op: { Effect: not Effect.Mutates } }) return;
        if (values.Remove(key, out Tensor? value)) value.Dispose();
    }

    private Variable Value(Variable variable, Operation operation, Dictionary<Variable, Variable?> initializing)
    {
        if (!initializing.ContainsKey(variable)) return session!.ValueOf(variable)!;
        Tensor first = values[operation.InitialValue!.Key];
        Shape? shape = variable.StaticShape.IsFullyKnown ? null : [.. variable.StaticShape.Select(static size => size.IsUnknown ? Dim.Unknown : size)];
        var made = new Variable(first, variable.Trainable, variable.Name, shape, isFullName: true);
        initializing[variable] = made;
        return made;
    }

    private Tensor[] TakeGradients(GradientRequest request)
    {
        Tensor[] targets = Values(request.Targets), sources = Values(request.Sources);
        Tensor[]? given = request.OutputGradients.Length == 0 ? null : Values(request.OutputGradients);
        return tape!.Gradient(targets, sources, given, Unconnected.Zeros)!;
    }

    private Tensor[] Execute(Op op, Operation operation)
    {
        Tensor[] inputs = Values(operation.Inputs);
        object attributes = operation.Sizes.Count == 0 && operation.Symbols.Count == 0 ? operation.OpAttributes : sizes.Settle(operation.OpAttributes, symbol => values[symbol.Key]);
        if (op.Effect != Effect.Mutates) return op.Run(inputs, attributes);
        if (inputs[0] is not Variable changed) throw new InvalidArgumentException($"Run: '{operation.Name}' assigns to '{operation.Inputs[0].Name}', which is fed; feed a tensor that is computed from the variable.");
        // The methods check what the kernels would stretch.
        if (op == VariableOps.Assign || op == VariableOps.AssignNewShape) return [changed.Assign(inputs[1], allowNewShape: op == VariableOps.AssignNewShape)];
        if (op == VariableOps.AssignAdd) return [changed.AssignAdd(inputs[1])];
        if (op == VariableOps.AssignSub) return [changed.AssignSub(inputs[1])];
        Tensor[] made = op.Run(inputs, attributes);
        foreach (Tensor input in inputs)
            if (input is Variable variable) variable.Changed();
        return made;
    }

    private Tensor[] Values(IReadOnlyList<GraphTensor> tensors) => [.. tensors.Select(t => values[t.Key])];

    // Later runs change variables, and what was a view of one must not change with it.
    private static Tensor Result(Tensor value) => value.Version is null ? value.Alias(sameIdentity: false) : value.Clone();
}
