namespace Eager.Tests.OpTable;

/// <summary>A window that slides over arrays of [batch, channels, ...], for references written as sums over its places.</summary>
/// <param name="Size">Its extent along each axis but the first two.</param>
/// <param name="Strides">How far it moves.</param>
/// <param name="Before">The frame before the array; what it sees outside does not count.</param>
/// <param name="Dilation">The distance of neighbours within it.</param>
/// <param name="Groups">Into how many groups the channels fall.</param>
internal sealed record Window(int[] Size, int[] Strides, int[] Before, int[] Dilation, int Groups = 1)
{
    /// <summary>The array's sizes after the window slid over it, framed as much at the end as before.</summary>
    internal int[] Slide(int[] sizes, int channels) =>
        [sizes[0], channels, .. Size.Select((extent, i) => (sizes[i + 2] + 2 * Before[i] - Dilation[i] * (extent - 1) - 1) / Strides[i] + 1)];

    /// <summary>The places of an array that the window sees at a place, without those of the frame.</summary>
    internal IEnumerable<int[]> Seen(int[] place, int[] sizes) =>
        from offset in NArray.Indices(Size)
        let at = At(place, offset, place[1])
        where Inside(at, sizes)
        select at;

    /// <summary>
    /// The products of a convolution from a large array to a small one, or of its transpose the other way: the index in each and that of
    /// the filters, [small channels, large channels / groups, window].
    /// </summary>
    internal IEnumerable<(int[] Small, int[] Large, int[] Filter)> Terms(int[] small, int[] large, int[] filters) =>
        from place in NArray.Indices(small)
        from inner in NArray.Indices(filters[1..])
        let at = At(place, inner[1..], place[1] / (filters[0] / Groups) * filters[1] + inner[0])
        where Inside(at, large)
        select (place, at, (int[])[place[1], .. inner]);

    private int[] At(int[] place, int[] offset, int channel) =>
        [place[0], channel, .. offset.Select((o, i) => place[i + 2] * Strides[i] - Before[i] + o * Dilation[i])];

    private static bool Inside(int[] index, int[] sizes) => index.Zip(sizes, static (i, n) => i >= 0 && i < n).All(static inside => inside);
}

/// <summary>An array that is added to place by place.</summary>
internal sealed class Sums(int[] sizes)
{
    private readonly double[] values = new double[sizes.Aggregate(1, static (a, b) => a * b)];

    internal void Add(int[] index, double value)
    {
        int flat = 0;
        for (int i = 0; i < index.Length; i++) flat = flat * sizes[i] + index[i];
        values[flat] += value;
    }

    internal NArray ToArray() => new(values, sizes);
}
