namespace Eager.Autograd;

/// <summary>Computes tensors of a graph: the graph itself, or a <see cref="Session"/>, which has values of the graph's variables too.</summary>
/// <remarks>
/// Only what the fetches depend on runs, each operation once, in the order in which the graph got them. Tensors and operations that are to run
/// before others (<see cref="ControlDependencies"/>) count as what those depend on. A run is seen by no tape and no other graph that is being built.
/// </remarks>
public abstract class GraphRunner
{
    private protected GraphRunner()
    {
    }

    internal abstract Graph RunGraph { get; }

    internal abstract Session? RunSession { get; }

    /// <summary>Computes a tensor.</summary>
    /// <param name="fetch">A tensor of the graph. A variable gives the value that it has at the end of the run.</param>
    /// <param name="feeds">Values that tensors take in this run.</param>
    /// <exception cref="InvalidArgumentException">A placeholder that the fetch depends on is not fed, or something is not of this graph.</exception>
    /// <exception cref="ShapeMismatchException">A value does not fit what it is fed for.</exception>
    /// <exception cref="UninitializedVariableException">A variable has no value in the session yet.</exception>
    /// <example><code>Tensor result = session.Run(y, new() { [x] = batch });</code></example>
    public Tensor Run(Tensor fetch, Feeds? feeds = null)
    {
        ArgumentNullException.ThrowIfNull(fetch);
        return GraphRun.Run(this, [fetch], feeds)[0]!;
    }

    /// <summary>The value that a variable has at the end of a run of nothing else.</summary>
    /// <inheritdoc cref="Run(Tensor, Feeds?)"/>
    public Tensor Run(Variable fetch, Feeds? feeds = null) => Run((Tensor)fetch, feeds);

    /// <inheritdoc cref="Run(Tensor, Feeds?)"/>
    public Tensor Run(GraphTensor fetch, Feeds? feeds = null)
    {
        ArgumentNullException.ThrowIfNull(fetch);
        return GraphRun.Run(this, [fetch], feeds)[0]!;
    }

    /// <summary>Computes the tensor of a name, such as <c>dense/MatMul:0</c>.</summary>
    /// <inheritdoc cref="Run(Tensor, Feeds?)"/>
    public Tensor Run(string fetch, Feeds? feeds = null)
    {
        ArgumentNullException.ThrowIfNull(fetch);
        return GraphRun.Run(this, [RunGraph.GetTensor(fetch)], feeds)[0]!;
    }

    /// <summary>Runs an operation for what it does; it gives nothing.</summary>
    /// <param name="fetch">An operation of the graph.</param>
    /// <param name="feeds">Values that tensors take in this run.</param>
    /// <inheritdoc cref="Run(Tensor, Feeds?)"/>
    public void Run(Operation fetch, Feeds? feeds = null)
    {
        ArgumentNullException.ThrowIfNull(fetch);
        GraphRun.Run(this, [fetch], feeds);
    }

    /// <summary>Computes all tensors of a structure in one run.</summary>
    /// <param name="fetches">Arrays, lists, dictionaries, tuples and records, nested at will, of tensors and operations; in those of <c>object</c> names stand for either.</param>
    /// <param name="feeds">Values that tensors take in this run.</param>
    /// <returns>A structure of the same type with values in place of the tensors, and null in place of the operations.</returns>
    /// <inheritdoc cref="Run(Tensor, Feeds?)"/>
    /// <example><code>
    /// (Tensor loss, _) = session.Run((meanLoss, train), new() { [x] = batch });
    /// Dictionary&lt;string, Tensor&gt; values = session.Run(new Dictionary&lt;string, Tensor&gt; { ["a"] = a, ["b"] = b });
    /// </code></example>
    public T Run<T>(T fetches, Feeds? feeds = null) where T : notnull
    {
        var listed = new List<object>();
        FetchStructure.Map(fetches, typeof(T), leaf =>
        {
            listed.Add(leaf);
            return null;
        }, fill: false);
        Tensor?[] values = GraphRun.Run(this, listed, feeds);
        int next = 0;
        return (T)FetchStructure.Map(fetches, typeof(T), _ => values[next++], fill: true)!;
    }
}
