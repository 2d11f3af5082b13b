using System.Runtime.InteropServices;

namespace Eager;

/// <summary>Arrays of arrays as one flat array and a shape.</summary>
internal static class NestedArray
{
    /// <summary>The elements in C order; each level may itself be of any rank.</summary>
    /// <exception cref="ShapeMismatchException">An array is null or not of the same shape as the others of its level; the message gives its place.</exception>
    internal static (T[] Values, Shape Shape) Flatten<T>(Array values) where T : unmanaged
    {
        var levels = new List<int[]?>();
        for (Type type = values.GetType(); type.IsArray; type = type.GetElementType()!) levels.Add(null);
        var flat = new List<T>();
        Walk(values, "", 0, levels, flat);
        var sizes = new List<Dim>();
        Type level = values.GetType();
        foreach (int[]? dims in levels)
        {
            // Below an empty array there is nothing to see.
            foreach (int size in dims ?? new int[level.GetArrayRank()]) sizes.Add((long)size);
            level = level.GetElementType()!;
        }
        return ([.. flat], Shape.Of([.. sizes]));
    }

    /// <summary>The elements of a rectangular array in C order, without a copy.</summary>
    internal static ReadOnlySpan<T> Elements<T>(Array values) where T : unmanaged =>
        MemoryMarshal.CreateReadOnlySpan(ref System.Runtime.CompilerServices.Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(values)), values.Length);

    private static void Walk<T>(Array values, string place, int depth, List<int[]?> levels, List<T> flat) where T : unmanaged
    {
        int[] dims = Sizes(values);
        levels[depth] ??= dims;
        if (!dims.AsSpan().SequenceEqual(levels[depth]))
            throw new ShapeMismatchException($"FromArray: the array at {place} is of shape [{string.Join(", ", dims)}] where the first of its level is [{string.Join(", ", levels[depth]!)}]; all need the same shape.");
        if (depth == levels.Count - 1)
        {
            flat.AddRange(Elements<T>(values));
            return;
        }
        long number = 0;
        foreach (object? inner in values)
        {
            string there = place + Place(number++, dims);
            Walk(inner as Array ?? throw new ShapeMismatchException($"FromArray: the array at {there} is null."), there, depth + 1, levels, flat);
        }
    }

    private static int[] Sizes(Array values) => [.. Enumerable.Range(0, values.Rank).Select(values.GetLength)];

    private static string Place(long number, int[] dims)
    {
        var index = new long[dims.Length];
        for (int axis = dims.Length - 1; axis >= 0; axis--) (number, index[axis]) = Math.DivRem(number, dims[axis]);
        return $"[{string.Join(", ", index)}]";
    }
}
