namespace Eager;

/// <summary>A size computed from unknown ones, such as the elements of a batch: what the symbols of <see cref="Dim"/> below zero stand for.</summary>
/// <remarks>An expression is kept once for the process: there are as many as functions and graphs write down, whatever number of times they run.</remarks>
internal readonly record struct SizeExpression(char Operation, SizeExpression.Term Left, SizeExpression.Term Right)
{
    private const int First = Dim.Computed - 1;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<SizeExpression, int> Symbols = [];
    private static readonly List<SizeExpression> Expressions = [];

    /// <summary>An operand: a symbol, or a number where that is 0.</summary>
    internal readonly record struct Term(long Number, int Symbol)
    {
        internal static Term Of(Dim size) => size.IsUnknown ? new(0, size.Symbol) : new(size.Example, 0);
    }

    /// <summary>The symbol of an operation on two sizes, one of them unknown.</summary>
    internal static int SymbolOf(char operation, Dim a, Dim b)
    {
        var expression = new SizeExpression(operation, Term.Of(a), Term.Of(b));
        lock (Gate)
        {
            if (Symbols.TryGetValue(expression, out int known)) return known;
            int symbol = First - Expressions.Count;
            Expressions.Add(expression);
            Symbols.Add(expression, symbol);
            return symbol;
        }
    }

    /// <summary>The size that a symbol stands for; null when that is not known.</summary>
    /// <param name="symbol">Of an unknown size or of an expression.</param>
    /// <param name="sizes">The unknown sizes, null for those that are not known.</param>
    internal static long? Evaluate(int symbol, Func<int, long?> sizes)
    {
        if (symbol == Dim.Computed) return null;
        if (symbol > 0) return sizes(symbol);
        (char operation, Term left, Term right) = Of(symbol);
        if (Value(left, sizes) is not long a || Value(right, sizes) is not long b) return null;
        return operation switch
        {
            '+' => a + b,
            '-' => a - b,
            '*' => a * b,
            _ => b == 0 ? null : Dim.RoundedDown(a, b),
        };
    }

    /// <summary>Adds the unknown sizes that a symbol depends on.</summary>
    internal static void AddUnknowns(int symbol, ISet<int> unknowns)
    {
        if (symbol > 0) unknowns.Add(symbol);
        if (symbol >= Dim.Computed) return;
        (_, Term left, Term right) = Of(symbol);
        AddUnknowns(left.Symbol, unknowns);
        AddUnknowns(right.Symbol, unknowns);
    }

    private static long? Value(Term term, Func<int, long?> sizes) => term.Symbol == 0 ? term.Number : Evaluate(term.Symbol, sizes);

    private static SizeExpression Of(int symbol)
    {
        lock (Gate) return Expressions[First - symbol];
    }
}
