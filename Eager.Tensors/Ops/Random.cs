using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>Numbers of a normal distribution.</summary>
    /// <param name="shape">The shape of the result.</param>
    /// <param name="mean">The mean of the distribution.</param>
    /// <param name="stddev">Its standard deviation, not negative.</param>
    /// <param name="dtype">A floating-point dtype.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="device">Where to make the result.</param>
    public static Tensor RandomNormal(Shape shape, double mean = 0, double stddev = 1, DType dtype = DType.Float32, Generator? generator = null, Device? device = null)
    {
        if (!(stddev >= 0)) throw new InvalidArgumentException($"RandomNormal: the standard deviation {stddev} is negative.");
        return RandomOps.Normal.Apply([], RandomOps.Draw(shape, mean, stddev, generator, dtype, Place(device), "RandomNormal"));
    }

    /// <summary>Numbers evenly distributed from <paramref name="min"/> up to, not including, <paramref name="max"/>.</summary>
    /// <param name="shape">The shape of the result.</param>
    /// <param name="min">The lowest number.</param>
    /// <param name="max">The bound above, not below <paramref name="min"/>.</param>
    /// <param name="dtype">A floating-point dtype.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="device">Where to make the result.</param>
    public static Tensor RandomUniform(Shape shape, double min = 0, double max = 1, DType dtype = DType.Float32, Generator? generator = null, Device? device = null)
    {
        if (!(max >= min)) throw new InvalidArgumentException($"RandomUniform: the bounds {min} and {max} are in the wrong order.");
        return RandomOps.Uniform.Apply([], RandomOps.Draw(shape, min, max, generator, dtype, Place(device), "RandomUniform"));
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
