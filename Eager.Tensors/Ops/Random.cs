using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>Numbers drawn from a normal distribution.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="mean">The distribution's mean.</param>
    /// <param name="stddev">Its standard deviation, 0 or more.</param>
    /// <param name="dtype">A floating-point dtype.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="device">Where they are made.</param>
    /// <param name="seed">An operation seed in place of a generator; see <see cref="Generator.ForSeed"/>.</param>
    /// <remarks>The same state of the generator gives the same numbers.</remarks>
    public static Tensor RandomNormal(Shape shape, double mean = 0, double stddev = 1, DType dtype = DType.Float32, Generator? generator = null, Device? device = null, long? seed = null)
    {
        RandomOps.RequireReal(nameof(RandomNormal), dtype);
        RandomOps.RequireSpread(nameof(RandomNormal), stddev);
        RequireKnown(shape, nameof(RandomNormal));
        return RandomOps.Normal.Apply([], new(shape, mean, stddev, dtype, Place(device), RandomOps.Source(generator, seed, Place(device))));
    }

    /// <summary>Numbers drawn evenly from <paramref name="min"/> up to, not including, <paramref name="max"/>.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="min">The least number, 0 by default.</param>
    /// <param name="max">The number that is not reached: 1 by default for floating-point dtypes, and for integers one must be given.</param>
    /// <param name="dtype">A floating-point or integer dtype.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="device">Where they are made.</param>
    /// <param name="seed">An operation seed in place of a generator; see <see cref="Generator.ForSeed"/>.</param>
    /// <remarks>The same state of the generator gives the same numbers.</remarks>
    /// <exception cref="InvalidArgumentException">The bounds leave no number, or an integer dtype lacks its maximum or does not reach it.</exception>
    public static Tensor RandomUniform(Shape shape, Scalar? min = null, Scalar? max = null, DType dtype = DType.Float32, Generator? generator = null, Device? device = null, long? seed = null)
    {
        Scalar from = min ?? 0;
        if (dtype.IsInteger() && max is null)
            throw new InvalidArgumentException($"RandomUniform: {dtype.Name()} needs its maximum; give max, the number that is not reached.");
        Scalar to = max ?? 1;
        if (!dtype.IsInteger()) RandomOps.RequireReal(nameof(RandomUniform), dtype);
        else RandomOps.RequireIntegers(nameof(RandomUniform), from, to, dtype);
        // A floating-point range of no width is that one number.
        if (dtype.IsInteger() ? from.ToInt64() >= to.ToInt64() : !(from.ToDouble() <= to.ToDouble())) throw new InvalidArgumentException($"RandomUniform: there is no number from {from} up to, not including, {to}.");
        RequireKnown(shape, nameof(RandomUniform));
        return RandomOps.Uniform.Apply([], new(shape, from, to, dtype, Place(device), RandomOps.Source(generator, seed, Place(device))));
    }

    /// <summary>Numbers drawn from a normal distribution whose tails beyond two standard deviations are cut off.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="mean">The mean of the whole distribution.</param>
    /// <param name="stddev">The standard deviation of the whole distribution, 0 or more; that of the numbers is 0.88 of it.</param>
    /// <param name="dtype">A floating-point dtype.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="device">Where they are made.</param>
    /// <param name="seed">An operation seed in place of a generator; see <see cref="Generator.ForSeed"/>.</param>
    /// <remarks>The inverse of the distribution function at even numbers: Φ(x) = (1 + erf(x/√2))/2.</remarks>
    public static Tensor TruncatedNormal(Shape shape, double mean = 0, double stddev = 1, DType dtype = DType.Float32, Generator? generator = null, Device? device = null, long? seed = null)
    {
        const double cut = 2, erfOfCut = 0.95449973610364158;  // erf(2/√2)
        RandomOps.RequireReal(nameof(TruncatedNormal), dtype);
        RandomOps.RequireSpread(nameof(TruncatedNormal), stddev);
        using var scope = Temporaries.Begin();
        DType precise = RandomOps.Precise(dtype);
        Tensor even = RandomUniform(shape, -erfOfCut, erfOfCut, precise, generator, device, seed);
        Tensor normal = (even.ErfInverse() * Math.Sqrt(2)).Clip(-cut, cut);  // rounding may step over the cut
        return scope.Keep((normal * stddev + mean).Cast(dtype));
    }

    /// <summary>Ones with a probability, else zeros.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="probability">How probable a one is, from 0 to 1.</param>
    /// <param name="dtype">Any dtype; <see cref="DType.Bool"/> gives truth values.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="device">Where they are made.</param>
    /// <param name="seed">An operation seed in place of a generator; see <see cref="Generator.ForSeed"/>.</param>
    public static Tensor Bernoulli(Shape shape, double probability, DType dtype = DType.Float32, Generator? generator = null, Device? device = null, long? seed = null)
    {
        if (!(probability is >= 0 and <= 1)) throw new InvalidArgumentException($"Bernoulli: the probability {probability} is not from 0 to 1.");
        Errors.RequireUnquantized(dtype, nameof(Bernoulli));
        RequireKnown(shape, nameof(Bernoulli));
        return RandomOps.Bernoulli.Apply([], new(shape, probability, default, dtype, Place(device), RandomOps.Source(generator, seed, Place(device))));
    }

    /// <summary>The integers from 0 up to, not including, <paramref name="count"/>, in random order, as int64.</summary>
    public static Tensor RandomPermutation(long count, Generator? generator = null, Device? device = null, long? seed = null)
    {
        if (count < 0) throw new InvalidArgumentException($"RandomPermutation: the count {count} is negative.");
        return RandomOps.Permutation.Apply([], new([count], default, default, DType.Int64, Place(device), RandomOps.Source(generator, seed, Place(device))));
    }

    /// <summary>The slices of axis 0 in random order.</summary>
    public Tensor Shuffle(Generator? generator = null, long? seed = null)
    {
        if (Rank == 0) throw new ShapeMismatchException("Shuffle: a tensor of shape [] has no axis 0 to shuffle along.");
        using var scope = Temporaries.Begin();
        return scope.Keep(Gather(RandomPermutation(ConcreteShape[0], generator, Device, seed)));
    }

    /// <summary>Class numbers drawn with the probabilities softmax(logits): logits <c>[..., classes]</c> give int64 <c>[..., count]</c>.</summary>
    /// <param name="logits">Logarithms of the probabilities, up to a constant; of rank 1 or 2.</param>
    /// <param name="count">How many are drawn from each row, with replacement.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="seed">An operation seed in place of a generator; see <see cref="Generator.ForSeed"/>.</param>
    /// <exception cref="InvalidArgumentException">The count is negative, or a row has no probabilities.</exception>
    public static Tensor Categorical(Tensor logits, int count, Generator? generator = null, long? seed = null)
    {
        if (logits.Rank is not (1 or 2) || logits.ConcreteShape[^1].Value == 0)
            throw new ShapeMismatchException($"Categorical: logits are {logits.ConcreteShape}; they need shape [classes] or [batch, classes] with at least one class.");
        if (count < 0) throw new InvalidArgumentException($"Categorical: the count {count} is negative.");
        using var scope = Temporaries.Begin();
        if (count == 0 || logits.IsEmpty) return scope.Keep(Zeros([.. logits.Shape[..^1], count], DType.Int64, logits.Device));
        Generator source = RandomOps.Source(generator, seed, logits.Device);
        try
        {
            return scope.Keep(RandomOps.Categorical.Apply([logits.Softmax()], new(count, source)));
        }
        catch (LibTorchException e) when (e.Message.Contains("probability"))
        {
            throw new InvalidArgumentException($"Categorical: a row of the logits, of shape {logits.ConcreteShape}, has NaN, ∞ or nothing but −∞, and so no probabilities.");
        }
    }
}

internal static class RandomOps
{
    /// <summary>What is drawn: two numbers that describe the distribution, and from where.</summary>
    internal readonly record struct Attributes(Shape Shape, Scalar First, Scalar Second, DType DType, Device Device, Generator Generator) : IDraws
    {
        internal Tensor Empty() => Aten.empty_memory_format(Shape.Sizes, (int)DType, -1, Device.Packed, default, -1);
    }

    internal readonly record struct CategoricalAttributes(long Count, Generator Generator) : IDraws;

    internal static readonly Op<Attributes> Normal = Filling("RandomNormal", static (y, in a) => Aten.normal_(y, a.First.ToDouble(), a.Second.ToDouble(), a.Generator));

    internal static readonly Op<Attributes> Uniform = Filling("RandomUniform", static (y, in a) =>
    {
        if (a.DType.IsInteger()) Aten.random__from(y, a.First.ToInt64(), a.Second.ToInt64(), a.Generator);
        else Aten.uniform_(y, a.First.ToDouble(), a.Second.ToDouble(), a.Generator);
    });

    internal static readonly Op<Attributes> Bernoulli = Filling("Bernoulli", static (y, in a) => Aten.bernoulli__float(y, a.First.ToDouble(), a.Generator));

    internal static readonly Op<Attributes> Permutation = new("RandomPermutation",
        static (x, in a) => Aten.randperm_generator(a.Shape[0], a.Generator, (int)a.DType, -1, a.Device.Packed, default),
        static (x, in a) => a.Shape)
    { Accepts = Accepts.Any, Effect = Effect.Random };

    internal static readonly Op<CategoricalAttributes> Categorical = new("Categorical",
        static (x, in a) => Aten.multinomial(x[0], a.Count, true, a.Generator),
        static (x, in a) => x[0].With(-1, a.Count))
    { Accepts = Accepts.Differentiable, Effect = Effect.Random };

    /// <summary>The generator to draw from for a device.</summary>
    internal static Generator Source(Generator? generator, long? seed, Device device)
    {
        if (generator is not null && seed is not null) throw new InvalidArgumentException($"A generator and the seed {seed} were both given; one of them says what is drawn.");
        Generator source = generator ?? (seed is null ? Generator.DefaultFor(device) : Generator.ForSeed(seed, device));
        return source.Device == device ? source : throw new DeviceException($"The generator is on {source.Device}, the tensor on {device}; make a generator for that device.");
    }

    internal static void RequireReal(string op, DType dtype)
    {
        if (!dtype.IsFloatingPoint()) throw new DTypeMismatchException($"{op}: {dtype.Name()} is not a dtype that it draws; use a floating-point dtype{(dtype.IsInteger() ? ", or RandomUniform" : "")}.");
    }

    /// <summary>The dtype in which numbers of a dtype are drawn before they are rounded to it.</summary>
    internal static DType Precise(DType dtype) => dtype == DType.Float64 ? DType.Float64 : DType.Float32;

    internal static void RequirePositive(string op, string what, double value)
    {
        if (!(value > 0 && double.IsFinite(value))) throw new InvalidArgumentException($"{op}: the {what} {value} is not a finite number above 0.");
    }

    internal static void RequireSpread(string op, double stddev)
    {
        if (!(stddev >= 0)) throw new InvalidArgumentException($"{op}: the standard deviation {stddev} is not 0 or more.");
    }

    internal static void RequireIntegers(string op, Scalar from, Scalar to, DType dtype)
    {
        if (from.IsReal || to.IsReal) throw new DTypeMismatchException($"{op}: the bounds {from} and {to} are not both integers, as {dtype.Name()} needs.");
        (long lowest, long highest) = dtype switch
        {
            DType.UInt8 => (byte.MinValue, byte.MaxValue),
            DType.Int8 => (sbyte.MinValue, sbyte.MaxValue),
            DType.Int16 => (short.MinValue, short.MaxValue),
            DType.Int32 => (int.MinValue, int.MaxValue),
            _ => (long.MinValue, long.MaxValue),
        };
        if (from.ToInt64() < lowest || to.ToInt64() - 1 > highest)
            throw new InvalidArgumentException($"{op}: the numbers from {from} to {to} are not all of {dtype.Name()}, which goes from {lowest} to {highest}.");
    }

    internal delegate void Filler(Tensor y, in Attributes a);

    internal static Op<Attributes> Filling(string name, Filler fill) =>
        new(name, (x, in a) =>
        {
            Tensor y = a.Empty();
            fill(y, a);
            return y;
        }, (x, in a) => Tensor.RequireKnown(a.Shape, name))
        { Accepts = Accepts.Any, Effect = Effect.Random };
}
