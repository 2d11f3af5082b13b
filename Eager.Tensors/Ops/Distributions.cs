using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>Numbers drawn from a gamma distribution, of density βᵅxᵅ⁻¹e^(−βx)/Γ(α).</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="concentration">α, finite and above 0.</param>
    /// <param name="rate">β, finite and above 0; the mean is α/β.</param>
    /// <param name="dtype">A floating-point dtype.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="device">Where they are made.</param>
    /// <param name="seed">An operation seed in place of a generator; see <see cref="Generator.ForSeed"/>.</param>
    public static Tensor RandomGamma(Shape shape, double concentration, double rate = 1, DType dtype = DType.Float32, Generator? generator = null, Device? device = null, long? seed = null)
    {
        RandomOps.RequireReal(nameof(RandomGamma), dtype);
        RandomOps.RequirePositive(nameof(RandomGamma), "concentration", concentration);
        RandomOps.RequirePositive(nameof(RandomGamma), "rate", rate);
        using var scope = Temporaries.Begin();
        return scope.Keep((RandomGamma(Full(shape, concentration, RandomOps.Precise(dtype), device), generator, seed) / rate).Cast(dtype));
    }

    /// <summary>Numbers drawn from gamma distributions of rate 1, one for each concentration.</summary>
    /// <param name="concentration">α, finite and above 0, of a floating-point dtype.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="seed">An operation seed in place of a generator; see <see cref="Generator.ForSeed"/>.</param>
    /// <remarks>
    /// The gradient is that of the number drawn, −(∂F/∂α)/(∂F/∂x) with the distribution function F (Figurnov, Mohamed &amp; Mnih 2018),
    /// which LibTorch approximates to about three digits.
    /// </remarks>
    /// <exception cref="InvalidArgumentException">A concentration is not finite and above 0.</exception>
    public static Tensor RandomGamma(Tensor concentration, Generator? generator = null, long? seed = null) =>
        Drawn(concentration, nameof(RandomGamma), x => DistributionOps.Gamma.Apply([x], RandomOps.Source(generator, seed, x.Device)));

    /// <summary>Numbers drawn from an exponential distribution, of density λe^(−λx).</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="rate">λ, finite and above 0; the mean is 1/λ.</param>
    /// <param name="dtype">A floating-point dtype.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="device">Where they are made.</param>
    /// <param name="seed">An operation seed in place of a generator; see <see cref="Generator.ForSeed"/>.</param>
    public static Tensor RandomExponential(Shape shape, double rate = 1, DType dtype = DType.Float32, Generator? generator = null, Device? device = null, long? seed = null)
    {
        RandomOps.RequireReal(nameof(RandomExponential), dtype);
        RandomOps.RequirePositive(nameof(RandomExponential), "rate", rate);
        RequireKnown(shape, nameof(RandomExponential));
        return DistributionOps.Exponential.Apply([], new(shape, rate, default, dtype, Place(device), RandomOps.Source(generator, seed, Place(device))));
    }

    /// <summary>How often something happened that happens at a rate: whole numbers drawn from Poisson distributions, in the rate's dtype.</summary>
    /// <param name="rate">The mean numbers, finite and 0 or more, of a floating-point dtype.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="seed">An operation seed in place of a generator; see <see cref="Generator.ForSeed"/>.</param>
    /// <exception cref="InvalidArgumentException">A rate is negative or not finite.</exception>
    public static Tensor RandomPoisson(Tensor rate, Generator? generator = null, long? seed = null) =>
        Drawn(rate, nameof(RandomPoisson), x => DistributionOps.Poisson.Apply([x], RandomOps.Source(generator, seed, x.Device)));

    /// <summary>How often something of a probability happened in so many trials: whole numbers drawn from binomial distributions, in the probability's dtype.</summary>
    /// <param name="count">The numbers of trials, finite and 0 or more; of the same floating-point dtype and shape.</param>
    /// <param name="probability">How probable a success is, from 0 to 1.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="seed">An operation seed in place of a generator; see <see cref="Generator.ForSeed"/>.</param>
    /// <exception cref="InvalidArgumentException">A count is negative or not finite, or a probability not from 0 to 1.</exception>
    public static Tensor RandomBinomial(Tensor count, Tensor probability, Generator? generator = null, long? seed = null)
    {
        if (count.DType != probability.DType) throw new DTypeMismatchException($"RandomBinomial: the count is {count.DType.Name()}, the probability {probability.DType.Name()}; convert one with Cast.");
        if (count.ConcreteShape != probability.ConcreteShape) throw new ShapeMismatchException($"RandomBinomial: the count is {count.ConcreteShape}, the probability {probability.ConcreteShape}; stretch one with BroadcastTo.");
        return Drawn(probability, nameof(RandomBinomial), p => DistributionOps.Binomial.Apply([count.Cast(p.DType), p], RandomOps.Source(generator, seed, p.Device)));
    }

    /// <summary>Probabilities that sum to 1 along the last axis, drawn from Dirichlet distributions.</summary>
    /// <param name="concentration">α, finite and above 0, of a floating-point dtype and rank 1 or more.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="seed">An operation seed in place of a generator; see <see cref="Generator.ForSeed"/>.</param>
    /// <remarks>The gradient is that of the numbers drawn, as of <see cref="RandomGamma(Tensor, Generator?, long?)"/>.</remarks>
    /// <exception cref="InvalidArgumentException">A concentration is not finite and above 0.</exception>
    public static Tensor RandomDirichlet(Tensor concentration, Generator? generator = null, long? seed = null)
    {
        if (concentration.Rank == 0) throw new ShapeMismatchException("RandomDirichlet: concentrations of shape [] have no last axis to sum to 1 along.");
        return Drawn(concentration, nameof(RandomDirichlet), x => DistributionOps.Dirichlet.Apply([x], RandomOps.Source(generator, seed, x.Device)));
    }

    /// <summary>Ones with probabilities of their own, else zeros, in the probabilities' dtype and shape.</summary>
    /// <param name="probability">How probable a one is; what is below 0 counts as 0, above 1 as 1.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="seed">An operation seed in place of a generator; see <see cref="Generator.ForSeed"/>.</param>
    public static Tensor Bernoulli(Tensor probability, Generator? generator = null, long? seed = null) =>
        Drawn(probability, nameof(Bernoulli), p => RandomUniform(p.Shape, dtype: p.DType, generator: generator, device: p.Device, seed: seed).Less(p).Cast(p.DType));

    /// <summary>Numbers from a normal distribution, of another tensor's shape, dtype and device.</summary>
    public static Tensor RandomNormalLike(Tensor x, double mean = 0, double stddev = 1, Generator? generator = null, long? seed = null) =>
        RandomNormal(x.Shape, mean, stddev, x.DType, generator, x.Device, seed);

    /// <summary>Numbers drawn evenly between two bounds, of another tensor's shape, dtype and device.</summary>
    public static Tensor RandomUniformLike(Tensor x, Scalar? min = null, Scalar? max = null, Generator? generator = null, long? seed = null) =>
        RandomUniform(x.Shape, min, max, x.DType, generator, x.Device, seed);

    /// <summary>A part of a given shape, cut out at a random place; every place is as probable.</summary>
    /// <param name="shape">The part's shape, of the tensor's rank and nowhere larger.</param>
    /// <param name="generator">What to draw from; the thread's own for the device when null.</param>
    /// <param name="seed">An operation seed in place of a generator; see <see cref="Generator.ForSeed"/>.</param>
    /// <exception cref="ShapeMismatchException">The part does not fit into the tensor.</exception>
    public Tensor RandomCrop(Shape shape, Generator? generator = null, long? seed = null)
    {
        Shape whole = ConcreteShape;
        bool fits = shape.Rank == whole.Rank;
        for (int i = 0; fits && i < whole.Rank; i++) fits = shape[i].Value >= 0 && shape[i].Value <= whole[i].Value;
        if (!fits) throw new ShapeMismatchException($"RandomCrop: a part of shape {shape} does not fit into {whole}; it needs {whole.Rank} sizes, none larger.");
        Generator source = RandomOps.Source(generator, seed, Device);
        using var scope = Temporaries.Begin();
        Tensor part = this;
        for (int axis = 0; axis < whole.Rank; axis++)
        {
            // The place is gathered, never read, so that a traced function draws anew in each run.
            Tensor start = RandomUniform([1], 0, whole[axis].Value - shape[axis].Value + 1, DType.Int64, source, Device);
            part = part.Gather(Range(0, shape[axis].Value, device: Device) + start, axis);
        }
        return scope.Keep(part);
    }

    // LibTorch draws float32 and float64.
    private static Tensor Drawn(Tensor parameter, string op, Func<Tensor, Tensor> draw)
    {
        RandomOps.RequireReal(op, parameter.DType);
        using var scope = Temporaries.Begin();
        return scope.Keep(draw(parameter.Cast(RandomOps.Precise(parameter.DType))).Cast(parameter.DType));
    }
}

internal static class DistributionOps
{
    internal static readonly Op<RandomOps.Attributes> Exponential = RandomOps.Filling("RandomExponential", static (y, in a) => Aten.exponential_(y, a.First.ToDouble(), a.Generator));

    // x ~ Gamma(α, 1) ⇒ dα = −g·(∂F/∂α)/(∂F/∂x)
    internal static readonly Op<Generator> Gamma = new("RandomGamma", static (x, in generator) => Aten.standard_gamma(x[0], generator), static (x, in _) => x[0])
    {
        Accepts = Accepts.Floating,
        Effect = Effect.Random,
        Gradients = [new(Keep.A | Keep.Output, static (g, in s) => g * GammaSlope!.Apply([s.A, s.Output], default))],
    };

    internal static readonly Op<None> GammaSlope = new("GammaSlope", static (x, in _) => Aten._standard_gamma_grad(x[0], x[1]), OpForms.SameShape)
    {
        Accepts = Accepts.Floating,
        Gradients = [FirstOrderOnly, FirstOrderOnly],
    };

    // x ~ Dirichlet(α) ⇒ dα = slope·(g − Σg·x)
    internal static readonly Op<Generator> Dirichlet = new("RandomDirichlet", static (x, in generator) => Aten.sample_dirichlet(x[0], generator), static (x, in _) => x[0])
    {
        Accepts = Accepts.Floating,
        Effect = Effect.Random,
        Gradients =
        [
            new(Keep.A | Keep.Output, static (g, in s) =>
                DirichletSlope!.Apply([s.Output, s.A, s.A.Sum(-1, keepDims: true).BroadcastTo(s.A.Shape)], default) * (g - (g * s.Output).Sum(-1, keepDims: true))),
        ],
    };

    internal static readonly Op<None> DirichletSlope = new("DirichletSlope", static (x, in _) => Aten._dirichlet_grad(x[0], x[1], x[2]), OpForms.SameShape)
    {
        Accepts = Accepts.Floating,
        Gradients = [FirstOrderOnly, FirstOrderOnly, FirstOrderOnly],
    };

    internal static readonly Op<Generator> Poisson = new("RandomPoisson", static (x, in generator) => Aten.poisson(x[0], generator), static (x, in _) => x[0])
    {
        Accepts = Accepts.Floating,
        Effect = Effect.Random,
    };

    internal static readonly Op<Generator> Binomial = new("RandomBinomial", static (x, in generator) => Aten.binomial(x[0], x[1], generator), static (x, in _) => x[0])
    {
        Accepts = Accepts.Floating,
        Effect = Effect.Random,
    };

    private static Gradient<None> FirstOrderOnly => Gradient<None>.Missing("the derivative of a number drawn is known to the first order only");
}
