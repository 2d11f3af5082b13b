namespace Eager.Layers;

/// <summary>What all poolings have: a window that slides over each channel.</summary>
public abstract class Pooling : Layer
{
    private readonly int axes;
    private readonly long[] window;
    private readonly long[] strides;

    private protected Pooling(int axes, Extent? poolSize, Extent? strides, Padding padding, DataFormat dataFormat, Shape? inputShape, string? name)
        : base(name)
    {
        string kind = GetType().Name;
        padding.RequireAxes(axes, kind);
        this.axes = axes;
        PoolSize = poolSize ?? 2;
        window = PoolSize.Over(axes, kind, "window");
        Strides = strides ?? PoolSize;
        this.strides = Strides.Over(axes, kind, "stride");
        Padding = padding;
        DataFormat = dataFormat;
        BuildIfKnown(inputShape);
    }

    /// <summary>The extent of the window.</summary>
    public Extent PoolSize { get; }

    /// <summary>How far the window moves.</summary>
    public Extent Strides { get; }

    /// <summary>How the window meets the edges.</summary>
    public Padding Padding { get; }

    /// <summary>Where the channels are.</summary>
    public DataFormat DataFormat { get; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape) => WindowShapes.Slide(inputShape, DataFormat, window, strides, Padding, [.. window.Select(static _ => 1L)], Title);

    private protected PoolingOps.Movement Movement => new(Title, axes, PoolSize, Strides, Padding, DataFormat);
}

/// <summary>Takes the largest element of each window.</summary>
public abstract class MaxPooling : Pooling
{
    private protected MaxPooling(int axes, Extent? poolSize, Extent? strides, Padding padding, DataFormat dataFormat, Shape? inputShape, string? name)
        : base(axes, poolSize, strides, padding, dataFormat, inputShape, name) { }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training) => PoolingOps.Largest(x, Movement);
}

/// <summary>Takes the mean of each window; places of a frame do not count.</summary>
public abstract class AvgPooling : Pooling
{
    private protected AvgPooling(int axes, Extent? poolSize, Extent? strides, Padding padding, DataFormat dataFormat, Shape? inputShape, string? name)
        : base(axes, poolSize, strides, padding, dataFormat, inputShape, name) { }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training) => PoolingOps.Mean(x, Movement);
}

/// <summary>What poolings over all of an input have: one number for each channel.</summary>
public abstract class GlobalPooling : Layer
{
    private protected static readonly Func<Tensor, DataFormat, bool, Tensor>
        Largest = static (x, dataFormat, keepDims) => x.GlobalMaxPool(dataFormat, keepDims),
        Average = static (x, dataFormat, keepDims) => x.GlobalAvgPool(dataFormat, keepDims);

    private readonly int axes;
    private readonly Func<Tensor, DataFormat, bool, Tensor> pool;
    private readonly bool keepDims;

    private protected GlobalPooling(int axes, Func<Tensor, DataFormat, bool, Tensor> pool, DataFormat dataFormat, bool keepDims, Shape? inputShape, string? name) : base(name)
    {
        (this.axes, this.pool, this.keepDims) = (axes, pool, keepDims);
        DataFormat = dataFormat;
        BuildIfKnown(inputShape);
    }

    /// <summary>Where the channels are.</summary>
    public DataFormat DataFormat { get; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape)
    {
        Windows.RequireRank(inputShape, axes, DataFormat, Title);
        int[] inner = [.. Enumerable.Range(Windows.FirstAxis(DataFormat), axes)];
        return inputShape.Reduce(inner, keepDims);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        Windows.RequireRank(x.ConcreteShape, axes, DataFormat, Title);
        return pool(x, DataFormat, keepDims);
    }
}
