namespace Eager.Layers;

/// <summary>Takes the largest element of each window: [batch, height, width, channels] → [batch, height', width', channels].</summary>
public sealed class MaxPool2D : Layer
{
    /// <summary>Makes a layer.</summary>
    /// <param name="poolSize">The extent of the window; 2×2 when null.</param>
    /// <param name="strides">How far the window moves; as far as it is wide when null.</param>
    /// <param name="padding">How the window meets the edges.</param>
    /// <param name="dataFormat">Where the channels are.</param>
    /// <param name="inputShape">The shape of one image without the batch.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    public MaxPool2D(Extent? poolSize = null, Extent? strides = null, Padding padding = default, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
        : base(name)
    {
        PoolSize = poolSize ?? 2;
        _ = PoolSize.Over(2, "MaxPool2D", "window");
        Strides = strides ?? PoolSize;
        _ = Strides.Over(2, "MaxPool2D", "stride");
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
    public override Shape ComputeOutputShape(Shape inputShape) => ImageShapes.Slide(inputShape, DataFormat, PoolSize.Over(2, Title, "window"), Strides.Over(2, Title, "stride"), Padding, [1, 1], Title);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        ImageShapes.Require(x.ConcreteShape, 2, DataFormat, Title);
        return x.MaxPool2D(PoolSize, Strides, Padding, DataFormat);
    }
}

/// <summary>Takes the mean of each window: [batch, height, width, channels] → [batch, height', width', channels].</summary>
public sealed class AvgPool2D : Layer
{
    /// <summary>Makes a layer.</summary>
    /// <param name="poolSize">The extent of the window; 2×2 when null.</param>
    /// <param name="strides">How far the window moves; as far as it is wide when null.</param>
    /// <param name="padding">How the window meets the edges.</param>
    /// <param name="dataFormat">Where the channels are.</param>
    /// <param name="inputShape">The shape of one image without the batch.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    public AvgPool2D(Extent? poolSize = null, Extent? strides = null, Padding padding = default, DataFormat dataFormat = DataFormat.ChannelsLast, Shape? inputShape = null, string? name = null)
        : base(name)
    {
        PoolSize = poolSize ?? 2;
        _ = PoolSize.Over(2, "AvgPool2D", "window");
        Strides = strides ?? PoolSize;
        _ = Strides.Over(2, "AvgPool2D", "stride");
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
    public override Shape ComputeOutputShape(Shape inputShape) => ImageShapes.Slide(inputShape, DataFormat, PoolSize.Over(2, Title, "window"), Strides.Over(2, Title, "stride"), Padding, [1, 1], Title);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        ImageShapes.Require(x.ConcreteShape, 2, DataFormat, Title);
        return x.AvgPool2D(PoolSize, Strides, Padding, DataFormat);
    }
}
