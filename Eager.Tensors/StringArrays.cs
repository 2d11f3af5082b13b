using System.Text;

namespace Eager;

/// <summary>Operations on arrays of strings, which live on the host: summaries and records take them.</summary>
public static class StringArrays
{
    /// <summary>All strings in one, the last axis running fastest.</summary>
    /// <param name="strings">An array of strings of any rank.</param>
    /// <param name="separator">What stands between them.</param>
    /// <exception cref="DTypeMismatchException">The array's elements are no strings.</exception>
    public static string ReduceJoin(Array strings, string separator = "") => string.Join(separator, Elements<string>(strings));

    /// <summary>All byte strings in one.</summary>
    /// <param name="strings">The byte strings, such as those that records hold.</param>
    /// <param name="separator">What stands between them, in UTF-8.</param>
    /// <exception cref="InvalidArgumentException">One of them is null.</exception>
    public static byte[] ReduceJoin(byte[][] strings, string separator = "") => Join(Elements<byte[]>(strings), separator);

    /// <summary>The strings along some axes joined, one axis after another in the order given.</summary>
    /// <param name="strings">An array of any rank, of strings or of byte strings (<c>byte[]</c>).</param>
    /// <param name="axes">The axes, negative ones counted from the end; each at most once.</param>
    /// <param name="keepDims">Whether they stay, with size 1.</param>
    /// <param name="separator">What stands between the strings; between byte strings, in UTF-8.</param>
    /// <returns>An array of such strings with the axes that are left; when none is, an array of one string.</returns>
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
    public static Array ReduceJoin(Array strings, int[] axes, bool keepDims = false, string separator = "") =>
        strings.GetType().GetElementType() == typeof(byte[])
            ? Reduced(Elements<byte[]>(strings), strings, axes, keepDims, parts => Join(parts, separator))
            : Reduced(Elements<string>(strings), strings, axes, keepDims, parts => string.Join(separator, parts));

    private static Array Reduced<T>(T[] values, Array strings, int[] axes, bool keepDims, Func<IEnumerable<T>, T> join)
    {
        int[] sizes = [.. Enumerable.Range(0, strings.Rank).Select(strings.GetLength)];
        int[] over = ShapingOps.RequireDistinct(Shape.Of([.. sizes.Select(static s => (Dim)s)]), axes, nameof(ReduceJoin));
        foreach (int axis in over) (values, sizes[axis]) = (Joined(values, sizes, axis, join), 1);

        int[] left = keepDims ? sizes : [.. sizes.Where((_, axis) => !over.Contains(axis))];
        if (left.Length == 0) left = [1];
        Array result = Array.CreateInstance(typeof(T), left);
        var index = new int[left.Length];
        foreach (T value in values)
        {
            result.SetValue(value, index);
            for (int axis = left.Length - 1; axis >= 0 && ++index[axis] == left[axis]; axis--) index[axis] = 0;
        }
        return result;
    }

    private static T[] Joined<T>(T[] values, int[] sizes, int axis, Func<IEnumerable<T>, T> join)
    {
        int inner = 1, outer = 1;
        for (int i = axis + 1; i < sizes.Length; i++) inner *= sizes[i];
        for (int i = 0; i < axis; i++) outer *= sizes[i];
        var joined = new T[outer * inner];
        for (int i = 0; i < joined.Length; i++)
        {
            (int o, int n) = Math.DivRem(i, inner);
            joined[i] = join(Enumerable.Range(0, sizes[axis]).Select(k => values[(o * sizes[axis] + k) * inner + n]));
        }
        return joined;
    }

    private static byte[] Join(IEnumerable<byte[]> parts, string separator)
    {
        byte[] between = Encoding.UTF8.GetBytes(separator);
        return [.. parts.SelectMany((part, i) => i == 0 ? part : [.. between, .. part])];
    }

    private static T[] Elements<T>(Array strings) where T : class
    {
        if (strings.GetType().GetElementType() != typeof(T)) throw new DTypeMismatchException($"ReduceJoin: the array's elements are {strings.GetType().GetElementType()?.Name}, not String or Byte[].");
        T[] elements = [.. strings.OfType<T>()];
        return elements.Length == strings.Length ? elements
            : throw new InvalidArgumentException($"ReduceJoin: string {strings.Cast<T?>().TakeWhile(static s => s is not null).Count()} of the array is null; give an empty one.");
    }
}
