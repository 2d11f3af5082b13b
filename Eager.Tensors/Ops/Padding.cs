namespace Eager;

/// <summary>How a window that slides over an input meets its edges.</summary>
/// <example><code>
/// Tensor a = images.Conv2D(filters, padding: Padding.Same);
/// Tensor b = images.Conv2D(filters, padding: Padding.Of(1));              // one place all around
/// Tensor c = images.Conv2D(filters, padding: Padding.Of((0, 2), (1, 1))); // below, left and right
/// </code></example>
public readonly record struct Padding
{
    private readonly Kind kind;
    private readonly int axes;  // how many were given a frame, 1 standing for all
    private readonly (Frame First, Frame Second, Frame Third) frame;

    private Padding(Kind kind, ReadOnlySpan<(int Before, int After)> frame = default)
    {
        this.kind = kind;
        axes = frame.Length;
        if (axes > 0) this.frame.First = new(frame[0].Before, frame[0].After);
        if (axes > 1) this.frame.Second = new(frame[1].Before, frame[1].After);
        if (axes > 2) this.frame.Third = new(frame[2].Before, frame[2].After);
    }

    private enum Kind : byte
    {
        Valid,
        Same,
        Causal,
        Given,
    }

    private readonly record struct Frame(int Before, int After);

    /// <summary>The window stays inside: an input of size n gives ⌊(n − window)/stride⌋ + 1 places.</summary>
    public static Padding Valid => default;

    /// <summary>The input is framed, evenly and at the end first, so that size n gives ⌈n/stride⌉ places.</summary>
    public static Padding Same => new(Kind.Same);

    /// <summary>The whole frame is before the input, so that no place sees what comes after it (van den Oord et al. 2016).</summary>
    public static Padding Causal => new(Kind.Causal);

    /// <summary>A frame of places before and after the input, along each axis that the window slides over.</summary>
    /// <param name="frame">One pair for all axes, or one for each.</param>
    /// <exception cref="InvalidArgumentException">A number is negative, or there are not one to three pairs.</exception>
    public static Padding Of(params ReadOnlySpan<(int Before, int After)> frame)
    {
        if (frame.Length is < 1 or > 3) throw new InvalidArgumentException($"Padding.Of: {frame.Length} pairs were given; a window slides over one to three axes.");
        foreach ((int before, int after) in frame)
            if (before < 0 || after < 0) throw new InvalidArgumentException($"Padding.Of: a frame of {before} places before and {after} after is no frame; both must be 0 or more.");
        return new(Kind.Given, frame);
    }

    /// <summary>A frame of as many places on all sides.</summary>
    /// <exception cref="InvalidArgumentException">The number is negative.</exception>
    public static Padding Of(int places) => Of((places, places));

    /// <inheritdoc/>
    public override string ToString() => kind != Kind.Given ? kind.ToString()
        : string.Join(", ", ((Frame[])[frame.First, frame.Second, frame.Third])[..axes].Select(static f => $"({f.Before}, {f.After})"));

    internal bool IsCausal => kind == Kind.Causal;

    internal void RequireAxes(int count, string op)
    {
        if (kind == Kind.Given && axes != 1 && axes != count)
            throw new InvalidArgumentException($"{op}: the padding {this} is for {axes} axes; the window slides along {count}. Give one pair for all, or one for each.");
    }

    /// <summary>The places before and after an input along one axis.</summary>
    internal (long Before, long After) Around(int axis, long size, long covered, long stride)
    {
        if (kind == Kind.Valid) return (0, 0);
        if (kind == Kind.Causal) return (covered - 1, 0);
        if (kind == Kind.Given)
        {
            Frame given = axes == 1 || axis == 0 ? frame.First : axis == 1 ? frame.Second : frame.Third;
            return (given.Before, given.After);
        }
        long places = (size + stride - 1) / stride;
        long total = Math.Max(0, (places - 1) * stride + covered - size);
        return (total / 2, total - total / 2);
    }

    /// <summary>The size along one axis after a window slid over it; unknown for an unknown one.</summary>
    internal Dim Places(int axis, Dim size, long window, long stride, long dilation)
    {
        if (kind == Kind.Same) return (size + (stride - 1)) / stride;
        (long before, long after) = Around(axis, 0, (window - 1) * dilation + 1, stride);
        return Windows.Places(size + (before + after), window, stride, 0, dilation);
    }
}
