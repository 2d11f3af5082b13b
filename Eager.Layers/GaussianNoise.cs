namespace Eager.Layers;

/// <summary>In training, adds numbers of a normal distribution of mean 0; else gives its input as it is.</summary>
public sealed class GaussianNoise : Layer
{
    private readonly Generator? generator;

    /// <summary>Makes a layer.</summary>
    /// <param name="stddev">The distribution's standard deviation.</param>
    /// <param name="generator">What to draw from; the thread's own when null.</param>
    /// <param name="inputShape">The shape of one input without the batch.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    public GaussianNoise(double stddev, Generator? generator = null, Shape? inputShape = null, string? name = null) : base(name)
    {
        StandardDeviation = stddev >= 0 ? stddev : throw new InvalidArgumentException($"GaussianNoise: the standard deviation {stddev} is not 0 or more.");
        this.generator = generator;
        BuildIfKnown(inputShape);
    }

    /// <summary>The standard deviation of the noise.</summary>
    public double StandardDeviation { get; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape) => inputShape;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        if (!training) return x;
        using var scope = Temporaries.Begin();
        return scope.Keep(x + Tensor.RandomNormal(x.Shape, 0, StandardDeviation, x.DType, generator, x.Device));
    }
}
