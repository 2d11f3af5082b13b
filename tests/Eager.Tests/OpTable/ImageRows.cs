namespace Eager.Tests.OpTable;

/// <summary>Images of another size, as the weighted sum that each element is.</summary>
internal static class ImageRows
{
    private static readonly ImageOps.Attributes
        Linear = new([3, 2], Interpolation.Bilinear, false),
        Corners = new([4, 3], Interpolation.Bilinear, true),
        Nearest = new([4, 2], Interpolation.Nearest, false),
        Cubic = new([3, 5], Interpolation.Bicubic, false);

    internal static readonly OpRow[] All =
    [
        new(ImageOps.Resize, static x => ImageOps.Resize.Apply(x, Linear), static x => Resized(x[0], Linear))
        {
            DTypes = Kinds.NoHalf,
            Scale = 4,
            Samples =
            [
                new("linear", Samples.Spread(1, -1, 1, 3, 1, 2, 3)),
                Forward("linear with aligned corners", Corners, Samples.Spread(2, -1, 1, 1, 2, 2, 3)),
                Forward("nearest", Nearest, Samples.Spread(3, -1, 1, 1, 2, 3, 4)),
                Forward("cubic", Cubic, Samples.Spread(4, -1, 1, 1, 1, 4, 3)),
            ],
        },
        new(ImageOps.ResizeBackward, static x => ImageOps.ResizeBackward.Apply(x, new(Linear, [x[0].Shape[0], 1, 2, 3])), static x => PutBack(x[0], Linear, 1, 2, 3))
        {
            DTypes = Kinds.NoHalf,
            Ulps = 16,  // the cubic one adds up to 15 terms in the dtype itself
            Scale = 4,
            Samples =
            [
                new("linear", Samples.Spread(1, -1, 1, 3, 1, 3, 2)),
                Backward("linear with aligned corners", Corners, [2, 2, 3], Samples.Spread(2, -1, 1, 1, 2, 4, 3)),
                Backward("nearest", Nearest, [2, 3, 4], Samples.Spread(3, -1, 1, 1, 2, 4, 2)),
                Backward("cubic", Cubic, [1, 4, 3], Samples.Spread(4, -1, 1, 1, 1, 3, 5)),
            ],
        },
    ];

    private static Sample Forward(string name, ImageOps.Attributes a, NArray x) => new Sample(name, x).With(t => ImageOps.Resize.Apply(t, a), t => Resized(t[0], a));

    private static Sample Backward(string name, ImageOps.Attributes a, int[] plane, NArray g) =>
        new Sample(name, g).With(t => ImageOps.ResizeBackward.Apply(t, new(a, [t[0].Shape[0], plane[0], plane[1], plane[2]])), t => PutBack(t[0], a, plane));

    private static NArray Resized(NArray x, ImageOps.Attributes a) => NArray.Build([x.Sizes[0], x.Sizes[1], (int)a.Size[0], (int)a.Size[1]],
        y => Terms(y, x.Sizes, a).Sum(t => t.Weight * x[t.Place]));

    private static NArray PutBack(NArray g, ImageOps.Attributes a, params int[] plane)
    {
        int[] sizes = [g.Sizes[0], .. plane];
        var sums = new Sums(sizes);
        foreach (int[] y in NArray.Indices(g.Sizes))
            foreach ((int[] place, double weight) in Terms(y, sizes, a)) sums.Add(place, weight * g[y]);
        return sums.ToArray();
    }

    private static IEnumerable<(int[] Place, double Weight)> Terms(int[] y, int[] sizes, ImageOps.Attributes a) =>
        from row in Weights(y[2], sizes[2], (int)a.Size[0], a)
        from column in Weights(y[3], sizes[3], (int)a.Size[1], a)
        select ((int[])[y[0], y[1], row.Place, column.Place], row.Weight * column.Weight);

    // The elements along one axis that make up place i of `made`, with their weights; beyond an edge the edge stands.
    private static IEnumerable<(int Place, double Weight)> Weights(int i, int size, int made, ImageOps.Attributes a)
    {
        if (a.Interpolation == Interpolation.Nearest) return [(i * size / made, 1)];
        double at = a.AlignCorners ? i * (size - 1.0) / (made - 1) : (i + 0.5) * size / made - 0.5;
        if (a.Interpolation == Interpolation.Bilinear) at = Math.Max(0, at);
        int first = (int)Math.Floor(at);
        double t = at - first;
        (int Offset, double Weight)[] weights = a.Interpolation == Interpolation.Bilinear
            ? [(0, 1 - t), (1, t)]
            : [(-1, Far(1 + t)), (0, Near(t)), (1, Near(1 - t)), (2, Far(2 - t))];
        return weights.Select(w => (Math.Clamp(first + w.Offset, 0, size - 1), w.Weight));
    }

    // Keys 1981, equation 4, a = −3/4: within one place, and between one and two.
    private static double Near(double d) => (1.25 * d - 2.25) * d * d + 1;

    private static double Far(double d) => -0.75 * (((d - 5) * d + 8) * d - 4);
}
