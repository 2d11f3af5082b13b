namespace Eager.Autograd;

/// <summary>Values of a graph's variables, and runs of the graph with them.</summary>
/// <remarks>
/// Every session has values of its own, so that several train apart on one graph; so are the step counts of optimizers. Disposing frees the values.
/// One session runs at a time on a graph, whichever thread it is asked on.
/// </remarks>
/// <example><code>
/// var graph = new Graph("regression");
/// Tensor x, y;
/// using (graph.AsDefault())
/// {
///     x = graph.Placeholder([null, 3], name: "x");
///     var w = new Variable(Tensor.RandomNormal([3, 1]), name: "w");
///     y = x.MatMul(w);
/// }
/// using var session = new Session(graph);
/// session.InitializeAll();
/// Tensor result = session.Run(y, new() { [x] = Tensor.Ones([5, 3]) });   // [5, 1]
/// </code></example>
public sealed class Session : GraphRunner, IDisposable
{
    [ThreadStatic] private static Session? current;

    private readonly Dictionary<Variable, Variable> values = [];
    private readonly Dictionary<Func<Action>, Action> hostStates = [];
    private bool disposed;

    /// <summary>Opens a session without values.</summary>
    public Session(Graph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Graph = graph;
    }

    /// <summary>The graph that it runs.</summary>
    public Graph Graph { get; }

    /// <summary>The session that <see cref="SymbolEvaluation.Eval"/> asks on this thread; null when none is open.</summary>
    public static Session? Current => current;

    internal override Graph RunGraph => disposed ? throw new DisposedException($"A session of graph '{Graph.Name}' was disposed, and its values with it.") : Graph;

    internal override Session RunSession => this;

    /// <summary>Gives every variable of the graph its initial value, computed anew, so that random ones are drawn again; step counts start again too.</summary>
    /// <param name="feeds">Values of placeholders that initial values depend on.</param>
    public void InitializeAll(Feeds? feeds = null)
    {
        Initialize(RunGraph.Variables, feeds);
        lock (Graph.Running)
        {
            foreach ((Func<Action> hold, Action atFirst) in Graph.HostStates) hostStates[hold] = atFirst;
        }
    }

    /// <summary>Gives some variables their initial values, computed anew.</summary>
    /// <param name="variables">Variables of the graph.</param>
    /// <param name="feeds">Values of placeholders that initial values depend on.</param>
    /// <exception cref="InvalidArgumentException">A variable is not of this graph.</exception>
    /// <exception cref="UninitializedVariableException">An initial value depends on a variable that has no value and is not listed.</exception>
    public void Initialize(IEnumerable<Variable> variables, Feeds? feeds = null)
    {
        ArgumentNullException.ThrowIfNull(variables);
        Dictionary<Variable, Variable?> made = variables.Distinct().ToDictionary(RequireOwn, static Variable? (_) => null);
        if (made.Count == 0) return;
        try
        {
            GraphRun.Initialize(this, made, feeds);
        }
        catch
        {
            foreach (Variable? value in made.Values) value?.Dispose();
            throw;
        }
        foreach ((Variable variable, Variable? value) in made)
        {
            values.GetValueOrDefault(variable)?.Dispose();
            values[variable] = value!;
        }
    }

    /// <summary>Whether a variable has a value in the session.</summary>
    public bool IsInitialized(Variable variable) => values.ContainsKey(RequireOwn(variable));

    /// <summary>The variables of the graph that have no value in the session yet.</summary>
    public IReadOnlyList<Variable> Uninitialized() => [.. RunGraph.Variables.Where(v => !values.ContainsKey(v))];

    /// <summary>The session's own variable for one of the graph: to read, to assign, to keep in a checkpoint.</summary>
    /// <param name="variable">A variable of the graph.</param>
    /// <exception cref="UninitializedVariableException">It has no value in the session yet.</exception>
    /// <example><code>session.Own(w).Assign(restored);</code></example>
    public Variable Own(Variable variable) => ValueOf(RequireOwn(variable))
        ?? throw new UninitializedVariableException($"Own: variable '{variable.Name}' of graph '{Graph.Name}' is not initialized in the session; call session.InitializeAll() first.");

    /// <summary>Until the result is disposed, <see cref="SymbolEvaluation.Eval"/> asks the session on this thread.</summary>
    public IDisposable AsDefault()
    {
        _ = RunGraph;
        return new Open(this);
    }

    /// <summary>Frees the values.</summary>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        foreach (Variable value in values.Values) value.Dispose();
        values.Clear();
    }

    internal Variable? ValueOf(Variable variable) => values.GetValueOrDefault(variable);

    /// <summary>Puts the session's step counts and the like in place.</summary>
    internal void TakeHostStates()
    {
        foreach ((Func<Action> hold, Action atFirst) in Graph.HostStates) hostStates.GetValueOrDefault(hold, atFirst)();
    }

    /// <summary>Keeps them as they are now.</summary>
    internal void StoreHostStates()
    {
        foreach ((Func<Action> hold, _) in Graph.HostStates) hostStates[hold] = hold();
    }

    private Variable RequireOwn(Variable variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        if (variable.Symbol is null) throw new InvalidArgumentException($"Variable '{variable.Name}' has a value of its own; sessions have values of the variables that are made inside 'using (graph.AsDefault())'.");
        RunGraph.RequireOwn(variable.Symbol);
        return variable;
    }

    private sealed class Open : IDisposable
    {
        private readonly Session session;
        private readonly Session? before;
        private bool closed;

        internal Open(Session session)
        {
            this.session = session;
            before = current;
            current = session;
        }

        public void Dispose()
        {
            if (closed) return;
            if (current != session) throw new InvalidArgumentException("Session.AsDefault: this is not the session that this thread opened last; close sessions in reverse order, on the thread that opened them.");
            closed = true;
            current = before;
        }
    }
}

/// <summary>Asks the open session for the values of a graph's tensors.</summary>
public static class SymbolEvaluation
{
    /// <summary>Computes a tensor of a graph in the session that is open on this thread (<see cref="Session.AsDefault"/>).</summary>
    /// <param name="tensor">A tensor of the session's graph.</param>
    /// <param name="feeds">Values that tensors take in this run.</param>
    /// <exception cref="InvalidArgumentException">No session is open, or it has another graph.</exception>
    /// <example><code>using (session.AsDefault()) Console.WriteLine(y.Eval(new() { [x] = batch }));</code></example>
    public static Tensor Eval(this Tensor tensor, Feeds? feeds = null) =>
        (Session.Current ?? throw new InvalidArgumentException("Eval: no session is open on this thread; call it inside 'using (session.AsDefault())', or call session.Run.")).Run(tensor, feeds);
}
