namespace Eager;

/// <summary>Operations on arrays of strings, which live on the host: summaries and records take them.</summary>
public static class StringArrays
{
    /// <summary>All strings in one, the last axis running fastest.</summary>
    /// <param name="strings">An array of strings of any rank.</param>
    /// <param name="separator">What stands between them.</param>
    /// <exception cref="DTypeMismatchException">The array's elements are no strings.</exception>
    public static string ReduceJoin(Array strings, string separator = "") => string.Join(separator, Elements(strings));

    /// <summary>The strings along some axes joined, one axis after another in the order given.</summary>
    /// <param name="strings">An array of strings of any rank.</param>
    /// <param name="axes">The axes, negative ones counted from the end; each at most once.</param>
    /// <param name="keepDims">Whether they stay, with size 1.</param>
    /// <param name="separator">What stands between the strings.</param>
    /// <returns>An array of strings of the axes that are left; when none is, an array of one string.</returns>
    /// <exception cref="DTypeMismatchException">The array's elements are no strings.</exception>
    /// <exception cref="ShapeMismatchException">There is no such axis, or one is named twice.</exception>
    /// <example>
    /// <code>
    /// string[,] a = { { "a", "b" }, { "c", "d" } };
    /// StringArrays.ReduceJoin(a, [0]);      // ["ac", "bd"]
    /// StringArrays.ReduceJoin(a, [0, 1]);   // ["acbd"]
    /// StringArrays.ReduceJoin(a, [1, 0]);   // ["abcd"]
    /// </code>
    /// </example>
    public static Array ReduceJoin(Array strings, int[] axes, bool keepDims = false, string separator = "")
    {
        string[] values = Elements(strings);
        int[] sizes = [.. Enumerable.Range(0, strings.Rank).Select(strings.GetLength)];
        int[] over = ShapingOps.RequireDistinct(Shape.Of([.. sizes.Select(static s => (Dim)s)]), axes, nameof(ReduceJoin));
        foreach (int axis in over) (values, sizes[axis]) = (Joined(values, sizes, axis, separator), 1);

        int[] left = keepDims ? sizes : [.. sizes.Where((_, axis) => !over.Contains(axis))];
        if (left.Length == 0) left = [1];
        Array result = Array.CreateInstance(typeof(string), left);
        var index = new int[left.Length];
        foreach (string value in values)
        {
            result.SetValue(value, index);
            for (int axis = left.Length - 1; axis >= 0 && ++index[axis] == left[axis]; axis--) index[axis] = 0;
        }
        return result;
    }

    private static string[] Joined(string[] values, int[] sizes, int axis, string separator)
    {
        int inner = 1, outer = 1;
        for (int i = axis + 1; i < sizes.Length; i++) inner *= sizes[i];
        for (int i = 0; i < axis; i++) outer *= sizes[i];
        var joined = new string[outer * inner];
        for (int i = 0; i < joined.Length; i++)
        {
            (int o, int n) = Math.DivRem(i, inner);
            joined[i] = string.Join(separator, Enumerable.Range(0, sizes[axis]).Select(k => values[(o * sizes[axis] + k) * inner + n]));
        }
        return joined;
    }

    private static string[] Elements(Array strings) => strings.GetType().GetElementType() == typeof(string)
        ? [.. strings.Cast<string>()]
        : throw new DTypeMismatchException($"ReduceJoin: the array's elements are {strings.GetType().GetElementType()?.Name}, not String.");
}
