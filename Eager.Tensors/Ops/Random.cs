using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>Numbers of a normal distribution.</summary>
    /// <param name="shape">The shape of the result.</param>
    /// <param name="mean">The mean of the distribution.</param>
    /// <param name="standardDeviation">Its standard deviation, not negative.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="dtype">A floating-point dtype.</param>
    /// <param name="device">Where to make the result.</param>
    public static Tensor RandomNormal(Shape shape, double mean = 0, double standardDeviation = 1, Generator? generator = null, DType dtype = DType.Float32, Device? device = null)
    {
        if (!(standardDeviation >= 0)) throw new InvalidArgumentException($"RandomNormal: the standard deviation {standardDeviation} is negative.");
        return RandomOps.Normal.Apply([], RandomOps.Draw(shape, mean, standardDeviation, generator, dtype, Place(device), "RandomNormal"));
    }

    /// <summary>Numbers evenly distributed from <paramref name="low"/> up to, not including, <paramref name="high"/>.</summary>
    /// <param name="shape">The shape of the result.</param>
    /// <param name="low">The lowest number.</param>
    /// <param name="high">The bound above, not below <paramref name="low"/>.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="dtype">A floating-point dtype.</param>
    /// <param name="device">Where to make the result.</param>
    public static Tensor RandomUniform(Shape shape, double low = 0, double high = 1, Generator? generator = null, DType dtype = DType.Float32, Device? device = null)
    {
        if (!(high >= low)) throw new InvalidArgumentException($"RandomUniform: the bounds {low} and {high} are in the wrong order.");
        return RandomOps.Uniform.Apply([], RandomOps.Draw(shape, low, high, generator, dtype, Place(device), "RandomUniform"));
    }

    /// <summary>Zeroes each element with a probability and divides the others by what remains, so that the mean stays (Srivastava et al. 2014).</summary>
    /// <param name="rate">The probability of a zero, in [0, 1).</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="noiseShape">A shape that broadcasts to this one, over whose stretched axes the choice is the same; null sizes are this tensor's.</param>
    /// <exception cref="InvalidArgumentException">The rate is not in [0, 1).</exception>
    public Tensor Dropout(double rate, Generator? generator = null, Shape? noiseShape = null)
    {
        if (!(rate is >= 0 and < 1)) throw new InvalidArgumentException($"Dropout: the rate {rate} is not in [0, 1); it is the share of elements to drop.");
        if (rate == 0) return this;
        Shape noise = noiseShape is null ? Shape : RandomOps.NoiseShape(Shape, noiseShape);
        using var scope = Temporaries.Begin();
        return scope.Keep(this * RandomOps.DropoutMask.Apply([], RandomOps.Draw(noise, 1 - rate, 0, generator, DType, Device, "Dropout")));
    }
}

internal static class RandomOps
{
    /// <summary>What to make, two numbers that describe the distribution, and what to draw from.</summary>
    internal readonly record struct Attributes(Shape Shape, double First, double Second, Generator Generator, DType DType, Device Device)
    {
        internal Tensor Empty() => Aten.empty_memory_format(Shape.Sizes, (int)DType, -1, Device.Packed, default, -1);
    }

    internal static readonly Op<Attributes> Normal = Drawn("RandomNormal", static (y, in a) => Aten.normal_(y, a.First, a.Second, a.Generator));

    internal static readonly Op<Attributes> Uniform = Drawn("RandomUniform", static (y, in a) => Aten.uniform_(y, a.First, a.Second, a.Generator));

    // 1/p with probability p, else 0
    internal static readonly Op<Attributes> DropoutMask = new("DropoutMask",
        static (x, in a) =>
        {
            using Tensor kept = a.Empty();
            Aten.bernoulli__float(kept, a.First, a.Generator);
            return Aten.mul_Tensor(kept, ScalarOperands.For(1 / a.First, kept, "Dropout"));
        },
        static (x, in a) => a.Shape)
    { Accepts = Accepts.Any, Effect = Effect.Random };

    private delegate void Fill(Tensor y, in Attributes a);

    internal static Attributes Draw(Shape shape, double first, double second, Generator? generator, DType dtype, Device device, string op)
    {
        if (!dtype.IsFloatingPoint()) throw new DTypeMismatchException($"{op}: {dtype.Name()} is not a floating-point dtype; convert with Cast.");
        foreach (Dim size in shape)
            if (size.Value < 0) throw new ShapeMismatchException($"{op}: shape {shape} has a size that is unknown or negative.");
        Generator source = generator ?? Generator.DefaultFor(device);
        if (source.Device != device) throw new DeviceException($"{op}: the generator is on {source.Device}, the tensor on {device}; make a generator for that device.");
        return new(shape, first, second, source, dtype, device);
    }

    internal static Shape NoiseShape(Shape shape, Shape noise)
    {
        if (noise.Rank != shape.Rank) throw new ShapeMismatchException($"Dropout: the noise shape {noise} and the input {shape} have different ranks.");
        Shape full = Shape.Of([.. noise.Zip(shape, static (n, x) => n.Value < 0 ? x : n)]);
        for (int i = 0; i < full.Rank; i++)
            if (full[i].Value != 1 && full[i].Value != shape[i].Value) throw new ShapeMismatchException($"Dropout: the noise shape {noise} does not stretch to the input {shape}; each size must be 1, null or the input's.");
        return full;
    }

    private static Op<Attributes> Drawn(string name, Fill fill) => new(name,
        (x, in a) =>
        {
            Tensor y = a.Empty();
            fill(y, a);
            return y;
        },
        static (x, in a) => a.Shape)
    { Accepts = Accepts.Any, Effect = Effect.Random };
}
