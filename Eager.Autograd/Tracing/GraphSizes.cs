using System.Collections.Concurrent;
using System.Reflection;

namespace Eager.Autograd;

/// <summary>The unknown sizes of a graph in one run, and operations' settings with those sizes.</summary>
internal sealed class GraphSizes
{
    private static readonly ConcurrentDictionary<Type, FieldInfo[]> Fields = new();

    private readonly Dictionary<int, (long Size, GraphTensor From)> known = [];

    /// <summary>True when a size is known already.</summary>
    internal bool Knows(int symbol) => known.ContainsKey(symbol);

    /// <summary>Takes the sizes of a tensor for those that its symbol leaves open.</summary>
    /// <param name="symbol">What the tensor is in the graph.</param>
    /// <param name="actual">The sizes that it has.</param>
    /// <param name="anew">Whether it may have changed them, as assigning to a variable of open shape does.</param>
    /// <exception cref="ShapeMismatchException">Another tensor has another size where the two are one.</exception>
    internal void Bind(GraphTensor symbol, Shape actual, bool anew = false)
    {
        if (!symbol.Shape.IsRankKnown) return;
        for (int axis = 0; axis < actual.Rank; axis++)
        {
            if (symbol.Shape[axis] is not { IsUnknown: true, Symbol: > 0 } size) continue;
            long now = actual[axis].Value;
            if (anew || !known.TryGetValue(size.Symbol, out (long Size, GraphTensor From) before)) known[size.Symbol] = (now, symbol);
            else if (before.Size != now)
                throw new ShapeMismatchException($"Run: axis {axis} of '{symbol.Name}' has size {now} and stands for the same size as one of '{before.From.Name}', which is {before.Size}; give both the same, or write the shapes of the placeholders apart where they may differ.");
        }
    }

    /// <summary>Whether a tensor has the sizes that its shape in the graph comes to in this run.</summary>
    internal bool Allow(Shape symbolic, Shape actual)
    {
        if (symbolic.Rank != actual.Rank) return false;
        for (int axis = 0; axis < actual.Rank; axis++)
        {
            Dim size = symbolic[axis];
            if ((size.IsUnknown ? SizeExpression.Evaluate(size.Symbol, Find) : size.Value) is long wanted && wanted != actual[axis].Value) return false;
        }
        return true;
    }

    /// <summary>Settings with the sizes of this run, and with values in the place of symbols.</summary>
    internal object Settle(object attributes, Func<GraphTensor, Tensor> valueOf) =>
        Rewrite(attributes, size => SizeExpression.Evaluate(size.Symbol, Find) is long now ? now : size, valueOf)!;

    /// <summary>Settings with sizes of another example.</summary>
    internal static object Exchange(object attributes, Func<Dim, Dim> exchange) => Rewrite(attributes, exchange, null)!;

    /// <summary>The unknown sizes in settings, and the symbols of tensors.</summary>
    internal static (List<Dim> Sizes, List<GraphTensor> Symbols) Find(object attributes)
    {
        var sizes = new List<Dim>();
        var symbols = new List<GraphTensor>();
        Rewrite(attributes, size =>
        {
            sizes.Add(size);
            return size;
        }, symbol =>
        {
            symbols.Add(symbol);
            return new SymbolTensor(symbol);
        });
        return (sizes, symbols);
    }

    private long? Find(int symbol) => known.TryGetValue(symbol, out (long Size, GraphTensor From) found) ? found.Size : null;

    // Settings are values of small types of the library: sizes, shapes, lists of them, and records of all these.
    private static object? Rewrite(object? part, Func<Dim, Dim> size, Func<GraphTensor, Tensor>? tensor)
    {
        switch (part)
        {
            case Dim { IsUnknown: true, Example: >= 0 } unknown:
                return size(unknown);
            case Shape { IsRankKnown: true, IsFullyKnown: false } shape:
                return Shape.Of([.. shape.Select(d => d is { IsUnknown: true, Example: >= 0 } ? size(d) : d)]);
            case Tensor symbolic when tensor is not null && SymbolTensor.SymbolOf(symbolic) is { } symbol:
                return tensor(symbol);
            case null or Dim or Shape or Tensor:
                return part;
            case Array { Rank: 1 } array when MayHoldSizes(array.GetType()):
                Array? changed = null;
                for (int i = 0; i < array.Length; i++)
                {
                    object? before = array.GetValue(i), after = Rewrite(before, size, tensor);
                    if (ReferenceEquals(before, after)) continue;
                    changed ??= (Array)array.Clone();
                    changed.SetValue(after, i);
                }
                return changed ?? part;
        }
        object? copy = null;
        foreach (FieldInfo field in FieldsOf(part.GetType()))
        {
            object? before = field.GetValue(part), after = Rewrite(before, size, tensor);
            if (ReferenceEquals(before, after)) continue;
            copy ??= ShallowCopy.Of(part);
            field.SetValue(copy, after);
        }
        return copy ?? part;
    }

    private static bool MayHoldSizes(Type type) =>
        type == typeof(Dim) || type == typeof(Shape) || typeof(Tensor).IsAssignableFrom(type) ||
        (type.IsArray ? MayHoldSizes(type.GetElementType()!) : FieldsOf(Nullable.GetUnderlyingType(type) ?? type).Length > 0);

    // The fields of a type that may have sizes or tensors in them.
    private static FieldInfo[] FieldsOf(Type type) => !type.IsValueType || type.IsPrimitive || type.IsEnum ? [] : Fields.GetOrAdd(type, static t =>
        [.. t.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Where(static field => MayHoldSizes(field.FieldType))]);
}

/// <summary>Copies values of types that are not known.</summary>
internal static class ShallowCopy
{
    private static readonly MethodInfo Clone = typeof(object).GetMethod(nameof(MemberwiseClone), BindingFlags.Instance | BindingFlags.NonPublic)!;

    /// <summary>Another object with the same fields.</summary>
    internal static object Of(object part) => Clone.Invoke(part, null)!;
}
