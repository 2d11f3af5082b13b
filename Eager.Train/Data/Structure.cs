namespace Eager.Train;

/// <summary>How elements are made of tensors, so that stages can put elements together without knowing their type.</summary>
/// <param name="Pack">Makes an element.</param>
/// <param name="Unpack">The tensors of an element.</param>
/// <param name="Count">How many tensors an element has; null where that differs.</param>
internal sealed record Structure<T>(Func<Tensor[], T> Pack, Func<T, Tensor[]> Unpack, int? Count)
{
    /// <summary>The elements with each of their tensors stacked along a new first axis.</summary>
    public T Stack(IReadOnlyList<T> elements)
    {
        Tensor[][] parts = [.. elements.Select(Unpack)];
        return Pack([.. parts[0].Select((_, i) => Tensor.Stack([.. parts.Select(p => p[i])]))]);
    }

    /// <summary>The elements with each of their tensors joined along the first axis.</summary>
    public T Concat(IReadOnlyList<T> elements)
    {
        Tensor[][] parts = [.. elements.Select(Unpack)];
        return Pack([.. parts[0].Select((_, i) => Tensor.Concat([.. parts.Select(p => p[i])], axis: 0))]);
    }

    /// <summary>The element with another tensor for each of its own.</summary>
    public T Change(T element, Func<Tensor, Tensor> change) => Pack(Array.ConvertAll(Unpack(element), part => change(part)));

    public void Dispose(T element)
    {
        foreach (Tensor part in Unpack(element)) part.Dispose();
    }
}

internal static class Structure
{
    private static readonly Dictionary<Type, object> Known = new()
    {
        [typeof(Tensor)] = new Structure<Tensor>(static parts => parts[0], static element => [element], Count: 1),
        [typeof((Tensor, Tensor))] = new Structure<(Tensor, Tensor)>(static parts => (parts[0], parts[1]), static element => [element.Item1, element.Item2], Count: 2),
        [typeof((Tensor, Tensor, Tensor))] = new Structure<(Tensor, Tensor, Tensor)>(static parts => (parts[0], parts[1], parts[2]), static element => [element.Item1, element.Item2, element.Item3], Count: 3),
        [typeof(Tensor[])] = new Structure<Tensor[]>(static parts => parts, static element => element, Count: null),
    };

    /// <summary>The structure of a type of elements.</summary>
    /// <exception cref="InvalidArgumentException">The elements are neither tensors nor tuples or arrays of them.</exception>
    public static Structure<T> Of<T>() => Find<T>()
        ?? throw new InvalidArgumentException($"Dataset: elements of type {typeof(T).Name} are not made of tensors; turn them into a Tensor, a tuple of two or three, or a Tensor[] with Map first.");

    /// <summary>The structure of a type of elements; null where they are not made of tensors.</summary>
    public static Structure<T>? Find<T>() => (Structure<T>?)Known.GetValueOrDefault(typeof(T));
}
