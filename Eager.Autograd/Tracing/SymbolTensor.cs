namespace Eager.Autograd;

/// <summary>Stands, while a graph is built by hand, for a tensor that runs of the graph will make: a description without elements.</summary>
internal sealed class SymbolTensor : Tensor
{
    internal SymbolTensor(GraphTensor symbol) : base(symbol.DType, symbol.Operation.Device, symbol.Shape)
    {
        Symbol = symbol;
        Name = symbol.Operation.Name;
    }

    /// <summary>What it is in its graph.</summary>
    internal GraphTensor Symbol { get; }

    internal override bool IsSymbol => true;

    /// <summary>What a tensor is in the graph that was built when it was made; null for one with elements.</summary>
    internal static GraphTensor? SymbolOf(Tensor tensor) => tensor switch
    {
        SymbolTensor symbolic => symbolic.Symbol,
        Variable variable => variable.Symbol,
        _ => null,
    };

    /// <summary>Why there are no elements.</summary>
    internal static TracingException WhyUnusable(GraphTensor symbol) =>
        new($"{symbol} belongs to graph '{symbol.Operation.Graph.Name}' and has values in runs of the graph only; fetch it with {(symbol.Operation.Variable is null ? "graph.Run or session.Run" : "session.Run")}.");

    /// <summary>As in <c>Tensor("Add:0", shape=(2, ?), dtype=int32)</c>.</summary>
    public override string ToString() => Symbol.ToString();

    internal override Tensor Alias(bool sameIdentity = true) => new SymbolTensor(Symbol);

    internal override Tensor AliasUnscoped(long id = 0) => new SymbolTensor(Symbol);

    private protected override EagerException WhyUnusable() => WhyUnusable(Symbol);
}
