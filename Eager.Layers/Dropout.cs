namespace Eager.Layers;

/// <summary>In training, zeroes a random share of its input and scales the rest up; else gives its input as it is.</summary>
public sealed class Dropout : Layer
{
    private readonly Generator? generator;
    private readonly Shape? noiseShape;

    /// <summary>Makes a layer.</summary>
    /// <param name="rate">The share to drop, in [0, 1).</param>
    /// <param name="noiseShape">A shape that broadcasts to the input, over whose stretched axes the choice is the same; null sizes are the input's.</param>
    /// <param name="generator">What to draw from; the thread's own when null.</param>
    /// <param name="inputShape">The shape of one input without the batch.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    public Dropout(double rate, Shape? noiseShape = null, Generator? generator = null, Shape? inputShape = null, string? name = null) : base(name)
    {
        if (!(rate is >= 0 and < 1)) throw new InvalidArgumentException($"Dropout: the rate {rate} is not in [0, 1); it is the share of elements to drop.");
        Rate = rate;
        this.noiseShape = noiseShape;
        this.generator = generator;
        BuildIfKnown(inputShape);
    }

    /// <summary>The share to drop.</summary>
    public double Rate { get; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape) => inputShape;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training) => training ? x.Dropout(Rate, generator, noiseShape) : x;
}
