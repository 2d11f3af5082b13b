namespace Eager.Layers;

/// <summary>What layers have that add to or take away from the edges, or repeat what is between them.</summary>
public abstract class Resizing : Layer
{
    private protected Resizing(int axes, DataFormat dataFormat, string? name) : base(name) => (Axes, DataFormat) = (axes, dataFormat);

    /// <summary>Where the channels are.</summary>
    public DataFormat DataFormat { get; }

    private protected int Axes { get; }

    private protected static (int Before, int After)[] Widths(string kind, int axes, (int Before, int After)[] given)
    {
        if (given.Length != 1 && given.Length != axes) throw new InvalidArgumentException($"{kind}: {given.Length} pairs were given; give one for all {axes} axes, or one for each.");
        foreach ((int before, int after) in given)
            if (before < 0 || after < 0) throw new InvalidArgumentException($"{kind}: {before} places before and {after} after are no widths; both must be 0 or more.");
        return given.Length == axes ? given : [.. Enumerable.Repeat(given[0], axes)];
    }
}

/// <summary>What all zero paddings have.</summary>
public abstract class ZeroPadding : Resizing
{
    private readonly (int Before, int After)[] widths;

    private protected ZeroPadding(int axes, (int Before, int After)[] padding, DataFormat dataFormat, Shape? inputShape, string? name) : base(axes, dataFormat, name)
    {
        widths = Widths(GetType().Name, axes, padding);
        BuildIfKnown(inputShape);
    }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape) => WindowShapes.Resize(inputShape, DataFormat, Axes, Title, (i, size) => size + (widths[i].Before + widths[i].After));

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        Windows.RequireRank(x.ConcreteShape, Axes, DataFormat, Title);
        return x.Pad(DataFormat == DataFormat.ChannelsLast ? [(0, 0), .. widths, (0, 0)] : [(0, 0), (0, 0), .. widths]);
    }
}

/// <summary>What all croppings have.</summary>
public abstract class Cropping : Resizing
{
    private readonly (int Before, int After)[] widths;

    private protected Cropping(int axes, (int Before, int After)[] cropping, DataFormat dataFormat, Shape? inputShape, string? name) : base(axes, dataFormat, name)
    {
        widths = Widths(GetType().Name, axes, cropping);
        BuildIfKnown(inputShape);
    }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape) => WindowShapes.Resize(inputShape, DataFormat, Axes, Title, (i, size) =>
        size.IsUnknown || size.Value > widths[i].Before + widths[i].After ? size - (widths[i].Before + widths[i].After)
        : throw new ShapeMismatchException($"{Title}: taking {widths[i].Before} and {widths[i].After} places away leaves nothing of {inputShape}."));

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        Shape shape = ComputeOutputShape(x.Shape);
        using var scope = Temporaries.Begin();
        Tensor y = x;
        for (int i = 0; i < Axes; i++)
        {
            int axis = Windows.FirstAxis(DataFormat) + i;
            if (widths[i] != (0, 0)) y = y.Narrow(axis, widths[i].Before, shape[axis]);
        }
        return scope.Keep(y);
    }
}

/// <summary>What all upsamplings have: they repeat each place.</summary>
public abstract class UpSampling : Resizing
{
    private readonly long[] times;

    private protected UpSampling(int axes, Extent? size, Interpolation interpolation, DataFormat dataFormat, Shape? inputShape, string? name) : base(axes, dataFormat, name)
    {
        times = (size ?? 2).Over(axes, GetType().Name, "size");
        Interpolation = interpolation;
        BuildIfKnown(inputShape);
    }

    /// <summary>How new places are computed.</summary>
    private protected Interpolation Interpolation { get; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape) => WindowShapes.Resize(inputShape, DataFormat, Axes, Title, (i, size) => size * times[i]);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        Shape shape = ComputeOutputShape(x.Shape);
        using var scope = Temporaries.Begin();
        if (Axes == 2) return scope.Keep(x.Resize(((int)Along(shape, 0), (int)Along(shape, 1)), Interpolation, dataFormat: DataFormat));
        Tensor y = x;
        for (int i = 0; i < Axes; i++) y = y.Repeat((int)times[i], Windows.FirstAxis(DataFormat) + i);
        return scope.Keep(y);
    }

    private long Along(Shape shape, int i) => shape[Windows.FirstAxis(DataFormat) + i];
}
