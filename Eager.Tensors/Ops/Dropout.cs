using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>Zeroes each element with a probability and divides the others by what remains, so that the mean stays (Srivastava et al. 2014).</summary>
    /// <param name="rate">The probability of a zero, in [0, 1).</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="noiseShape">A shape that broadcasts to this one, over whose stretched axes the choice is the same; null sizes are this tensor's.</param>
    /// <exception cref="InvalidArgumentException">The rate is not in [0, 1).</exception>
    public Tensor Dropout(double rate, Generator? generator = null, Shape? noiseShape = null)
    {
        if (!(rate is >= 0 and < 1)) throw new InvalidArgumentException($"Dropout: the rate {rate} is not in [0, 1); it is the share of elements to drop.");
        if (rate == 0) return this;
        Shape noise = noiseShape is null ? Shape : DropoutOps.NoiseShape(Shape, noiseShape);
        using var scope = Temporaries.Begin();
        return scope.Keep(this * DropoutOps.Mask.Apply([], DropoutOps.Draw(noise, 1 - rate, generator, this)));
    }
}

internal static class DropoutOps
{
    internal readonly record struct Attributes(Shape Shape, double Kept, Generator Generator, DType DType, Device Device) : IDraws;

    // 1/p with probability p, else 0
    internal static readonly Op<Attributes> Mask = new("DropoutMask",
        static (x, in a) =>
        {
            Tensor mask = Aten.empty_memory_format(a.Shape.Sizes, (int)a.DType, -1, a.Device.Packed, default, -1);
            Aten.dropout_mask_(mask, a.Kept, a.Generator);
            return mask;
        },
        static (x, in a) => a.Shape)
    { Accepts = Accepts.Any, Effect = Effect.Random };

    internal static Attributes Draw(Shape shape, double kept, Generator? generator, Tensor x)
    {
        if (!x.DType.IsFloatingPoint()) throw new DTypeMismatchException($"Dropout: {x.DType.Name()} is not a floating-point dtype; convert with Cast.");
        Generator source = generator ?? Generator.DefaultFor(x.Device);
        if (source.Device != x.Device) throw new DeviceException($"Dropout: the generator is on {source.Device}, the tensor on {x.Device}; make a generator for that device.");
        return new(shape, kept, source, x.DType, x.Device);
    }

    internal static Shape NoiseShape(Shape shape, Shape noise)
    {
        if (noise.Rank != shape.Rank) throw new ShapeMismatchException($"Dropout: the noise shape {noise} and the input {shape} have different ranks.");
        Shape full = Shape.Of([.. noise.Zip(shape, static (n, x) => n.Value < 0 ? x : n)]);
        for (int i = 0; i < full.Rank; i++)
            if (full[i].Value != 1 && full[i].Value != shape[i].Value) throw new ShapeMismatchException($"Dropout: the noise shape {noise} does not stretch to the input {shape}; each size must be 1, null or the input's.");
        return full;
    }
}
