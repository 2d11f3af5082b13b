using System.Collections.Concurrent;

namespace Eager.Train;

/// <summary>How elements are made of tensors, so that stages can put elements together without knowing their type.</summary>
/// <remarks>What the type does not say of an element, how many tensors it has or what their names are, is its layout: a row of texts.</remarks>
internal abstract class Structure<T>
{
    /// <summary>Whether the type says it all, so that layouts are empty.</summary>
    public abstract bool IsFixed { get; }

    /// <summary>Adds an element's tensors and its layout.</summary>
    public abstract void Unpack(T element, List<Tensor> tensors, List<string> layout);

    /// <summary>Makes an element of the next tensors.</summary>
    /// <exception cref="InvalidDataException">The layout is none of this structure, or of other tensors.</exception>
    public abstract T Pack(PackedElement packed);

    /// <summary>An element's tensors and its layout.</summary>
    public (Tensor[] Tensors, string[] Layout) Unpack(T element)
    {
        var tensors = new List<Tensor>();
        var layout = new List<string>();
        Unpack(element, tensors, layout);
        return ([.. tensors], [.. layout]);
    }

    /// <summary>The element of all of the tensors.</summary>
    /// <exception cref="InvalidDataException">The layout is none of this structure, or of other tensors.</exception>
    public T Pack(Tensor[] tensors, string[] layout)
    {
        var packed = new PackedElement(tensors, layout);
        T element = Pack(packed);
        packed.RequireEnd();
        return element;
    }

    /// <summary>The elements with each of their tensors stacked along a new first axis.</summary>
    public T Stack(IReadOnlyList<T> elements) => Join(elements, static tensors => Tensor.Stack(tensors));

    /// <summary>The elements with each of their tensors joined along the first axis.</summary>
    public T Concat(IReadOnlyList<T> elements) => Join(elements, static tensors => Tensor.Concat(tensors, axis: 0));

    /// <summary>One element, each of whose tensors is made of those of the elements in its place.</summary>
    /// <exception cref="InvalidArgumentException">The elements have not the same tensors.</exception>
    public T Join(IReadOnlyList<T> elements, Func<Tensor[], Tensor> join)
    {
        (Tensor[] Tensors, string[] Layout)[] parts = [.. elements.Select(Unpack)];
        string[] layout = parts[0].Layout;
        int other = Array.FindIndex(parts, part => !part.Layout.AsSpan().SequenceEqual(layout));
        if (other >= 0) throw new InvalidArgumentException($"Dataset: elements {string.Join(", ", layout)} and {string.Join(", ", parts[other].Layout)} cannot be put together, for they have not the same tensors; make them alike with Map first.");
        return Pack([.. parts[0].Tensors.Select((_, i) => join([.. parts.Select(part => part.Tensors[i])]))], layout);
    }

    /// <summary>The element with another tensor for each of its own.</summary>
    public T Change(T element, Func<Tensor, Tensor> change)
    {
        (Tensor[] tensors, string[] layout) = Unpack(element);
        return Pack(Array.ConvertAll(tensors, tensor => change(tensor)), layout);
    }

    public void Dispose(T element)
    {
        foreach (Tensor tensor in Unpack(element).Tensors) tensor.Dispose();
    }
}

internal static class Structure
{
    private static readonly ConcurrentDictionary<Type, object?> Known = new()
    {
        [typeof(Tensor)] = new SingleStructure(),
        [typeof(Tensor[])] = new ArrayStructure(),
        [typeof(IReadOnlyDictionary<string, Tensor>)] = new NamedStructure<IReadOnlyDictionary<string, Tensor>>(),
        [typeof(Dictionary<string, Tensor>)] = new NamedStructure<Dictionary<string, Tensor>>(),
    };

    /// <summary>The structure of a type of elements.</summary>
    /// <exception cref="InvalidArgumentException">The elements are neither tensors nor tuples, arrays or dictionaries of them.</exception>
    public static Structure<T> Of<T>() => Find<T>()
        ?? throw new InvalidArgumentException($"Dataset: elements of type {typeof(T).Name} are not made of tensors; turn them into a Tensor, a tuple of two or three, a Tensor[] or a Dictionary<string, Tensor> with Map first.");

    /// <summary>The structure of a type of elements; null where they are not made of tensors.</summary>
    public static Structure<T>? Find<T>() => (Structure<T>?)Find(typeof(T));

    private static object? Find(Type type) => Known.GetOrAdd(type, static type =>
    {
        Type? tuple = !type.IsGenericType ? null
            : type.GetGenericTypeDefinition() == typeof(ValueTuple<,>) ? typeof(PairStructure<,>)
            : type.GetGenericTypeDefinition() == typeof(ValueTuple<,,>) ? typeof(TripleStructure<,,>)
            : null;
        if (tuple is null) return null;
        object?[] parts = Array.ConvertAll(type.GenericTypeArguments, Find);
        return parts.Contains(null) ? null : Activator.CreateInstance(tuple.MakeGenericType(type.GenericTypeArguments), parts);
    });
}

/// <summary>The tensors and the layout of an element, taken one by one.</summary>
internal sealed class PackedElement(Tensor[] tensors, string[] layout)
{
    private int tensor;
    private int text;

    public Tensor NextTensor() => tensor < tensors.Length ? tensors[tensor++] : throw new InvalidDataException();

    public string NextText() => text < layout.Length ? layout[text++] : throw new InvalidDataException();

    public void RequireEnd()
    {
        if (tensor < tensors.Length || text < layout.Length) throw new InvalidDataException();
    }
}

/// <summary>One tensor.</summary>
internal sealed class SingleStructure : Structure<Tensor>
{
    public override bool IsFixed => true;

    public override void Unpack(Tensor element, List<Tensor> tensors, List<string> layout) => tensors.Add(element);

    public override Tensor Pack(PackedElement packed) => packed.NextTensor();
}

/// <summary>Two elements.</summary>
internal sealed class PairStructure<T1, T2>(Structure<T1> first, Structure<T2> second) : Structure<(T1, T2)>
{
    public override bool IsFixed => first.IsFixed && second.IsFixed;

    public override void Unpack((T1, T2) element, List<Tensor> tensors, List<string> layout)
    {
        first.Unpack(element.Item1, tensors, layout);
        second.Unpack(element.Item2, tensors, layout);
    }

    public override (T1, T2) Pack(PackedElement packed) => (first.Pack(packed), second.Pack(packed));
}

/// <summary>Three elements.</summary>
internal sealed class TripleStructure<T1, T2, T3>(Structure<T1> first, Structure<T2> second, Structure<T3> third) : Structure<(T1, T2, T3)>
{
    public override bool IsFixed => first.IsFixed && second.IsFixed && third.IsFixed;

    public override void Unpack((T1, T2, T3) element, List<Tensor> tensors, List<string> layout)
    {
        first.Unpack(element.Item1, tensors, layout);
        second.Unpack(element.Item2, tensors, layout);
        third.Unpack(element.Item3, tensors, layout);
    }

    public override (T1, T2, T3) Pack(PackedElement packed) => (first.Pack(packed), second.Pack(packed), third.Pack(packed));
}

/// <summary>Tensors in a row; the layout has a text for each.</summary>
internal sealed class ArrayStructure : Structure<Tensor[]>
{
    private const string Open = "[", Each = "tensor", Close = "]";

    public override bool IsFixed => false;

    public override void Unpack(Tensor[] element, List<Tensor> tensors, List<string> layout)
    {
        tensors.AddRange(element);
        layout.AddRange([Open, .. Enumerable.Repeat(Each, element.Length), Close]);
    }

    public override Tensor[] Pack(PackedElement packed)
    {
        var element = new List<Tensor>();
        if (packed.NextText() != Open) throw new InvalidDataException();
        for (string text = packed.NextText(); text != Close; text = packed.NextText())
            element.Add(text == Each ? packed.NextTensor() : throw new InvalidDataException());
        return [.. element];
    }
}

/// <summary>Tensors by their names, which make the layout in their order as texts.</summary>
internal sealed class NamedStructure<T> : Structure<T> where T : class, IReadOnlyDictionary<string, Tensor>
{
    private const string Open = "{", Close = "}";

    // Marks names, so that none is taken for the end.
    private const char Mark = '\'';

    public override bool IsFixed => false;

    public override void Unpack(T element, List<Tensor> tensors, List<string> layout)
    {
        layout.Add(Open);
        foreach ((string name, Tensor tensor) in element.OrderBy(static part => part.Key, StringComparer.Ordinal))
        {
            tensors.Add(tensor);
            layout.Add($"{Mark}{name}{Mark}");
        }
        layout.Add(Close);
    }

    public override T Pack(PackedElement packed)
    {
        var element = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        if (packed.NextText() != Open) throw new InvalidDataException();
        for (string text = packed.NextText(); text != Close; text = packed.NextText())
            if (text is not [Mark, .. var name, Mark] || !element.TryAdd(name, packed.NextTensor())) throw new InvalidDataException();
        return (T)(IReadOnlyDictionary<string, Tensor>)element;
    }
}
