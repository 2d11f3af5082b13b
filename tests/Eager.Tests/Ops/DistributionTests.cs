using Eager.Autograd;
using MathNet.Numerics;
using MathNet.Numerics.Distributions;
using NUnit.Framework;

namespace Eager.Tests.Ops;

/// <summary>
/// Draws against Math.NET's distributions. Seeds are fixed, so a test passes always or never; another seed, or another LibTorch, would raise
/// a false alarm in one test of ten thousand.
/// </summary>
public class DistributionTests
{
    private const int Many = 20_000;

    // Kolmogorov's distribution: √n·D exceeds 2.23 with probability 2·e^(−2·2.23²) = 1e-4.
    private const double KolmogorovBound = 2.23;

    private const double FalseAlarm = 1e-4;

    private static readonly Dictionary<string, (Func<Generator, Tensor> Draw, Func<double, double> Cdf)> Continuous = new()
    {
        ["normal"] = (static g => Tensor.RandomNormal([Many], 1, 2, DType.Float64, g), static x => Normal.CDF(1, 2, x)),
        ["normal, float32"] = (static g => Tensor.RandomNormal([Many], generator: g), static x => Normal.CDF(0, 1, x)),
        ["truncated normal"] = (static g => Tensor.TruncatedNormal([Many], 1, 2, DType.Float64, g), static x => (Normal.CDF(0, 1, (x - 1) / 2) - Normal.CDF(0, 1, -2)) / (1 - 2 * Normal.CDF(0, 1, -2))),
        ["uniform"] = (static g => Tensor.RandomUniform([Many], -1, 3, DType.Float64, g), static x => (x + 1) / 4),
        ["exponential"] = (static g => Tensor.RandomExponential([Many], 2.5, DType.Float64, g), static x => 1 - Math.Exp(-2.5 * x)),
        ["gamma below one"] = (static g => Tensor.RandomGamma([Many], 0.4, 2, DType.Float64, g), static x => SpecialFunctions.GammaLowerRegularized(0.4, 2 * x)),
        ["gamma above one"] = (static g => Tensor.RandomGamma([Many], 3.5, dtype: DType.Float64, generator: g), static x => SpecialFunctions.GammaLowerRegularized(3.5, x)),
        ["gamma, float32"] = (static g => Tensor.RandomGamma([Many], 1.5, generator: g), static x => SpecialFunctions.GammaLowerRegularized(1.5, x)),
        // One of three shares of Dirichlet(α) has the Beta distribution of α₁ and the others' sum.
        ["dirichlet"] = (static g => Tensor.RandomDirichlet(Tensor.From(0.8, 1.5, 2).BroadcastTo([Many, 3]), g)[TensorIndex.Ellipsis, 0], static x => SpecialFunctions.BetaRegularized(0.8, 3.5, x)),
    };

    private static readonly Dictionary<string, (Func<Generator, Tensor> Draw, Func<int, double> Probability)> Discrete = new()
    {
        ["poisson, small rate"] = (static g => Tensor.RandomPoisson(Tensor.Full([Many], 2.5, DType.Float64), g), static k => Poisson.PMF(2.5, k)),
        ["poisson, large rate"] = (static g => Tensor.RandomPoisson(Tensor.Full([Many], 30.0), g), static k => Poisson.PMF(30, k)),
        ["binomial, few"] = (static g => Tensor.RandomBinomial(Tensor.Full([Many], 8.0), Tensor.Full([Many], 0.3), g), static k => Binomial.PMF(0.3, 8, k)),
        ["binomial, many"] = (static g => Tensor.RandomBinomial(Tensor.Full([Many], 100.0, DType.Float64), Tensor.Full([Many], 0.6, DType.Float64), g), static k => Binomial.PMF(0.6, 100, k)),
        ["bernoulli"] = (static g => Tensor.Bernoulli([Many], 0.3, generator: g), static k => k == 0 ? 0.7 : k == 1 ? 0.3 : 0),
        ["bernoulli of tensors"] = (static g => Tensor.Bernoulli(Tensor.Full([Many], 0.3), g), static k => k == 0 ? 0.7 : k == 1 ? 0.3 : 0),
        ["uniform integers"] = (static g => Tensor.RandomUniform([Many], 0, 7, DType.Int32, g), static k => k < 7 ? 1.0 / 7 : 0),
        ["categorical"] = (static g => Tensor.Categorical(Tensor.From(1, 2, 3, 4.0).Log() + 5, Many, g), static k => k < 4 ? (k + 1) / 10.0 : 0),
        ["places of a permutation"] = (static g => Tensor.Stack([.. Enumerable.Range(0, 2000).Select(_ => Tensor.RandomPermutation(6, g)[2])]), static k => k < 6 ? 1.0 / 6 : 0),
        ["places of a crop"] = (static g => Tensor.Stack([.. Enumerable.Range(0, 2000).Select(_ => Tensor.Range(9).RandomCrop([4], g)[0])]), static k => k < 6 ? 1.0 / 6 : 0),
        ["first of a shuffle"] = (static g => Tensor.Stack([.. Enumerable.Range(0, 2000).Select(_ => Tensor.Range(5).Shuffle(g)[0])]), static k => k < 5 ? 1.0 / 5 : 0),
    };

    // The largest distance between the share of draws up to x and the distribution function at x.
    [TestCaseSource(nameof(ContinuousNames))]
    public void Draws_follow_the_distribution_function(string name)
    {
        double[] x = [.. Numbers(Continuous[name].Draw(new Generator(17))).Order()];
        Assert.That(Math.Sqrt(x.Length) * Distance(x, Continuous[name].Cdf), Is.LessThan(KolmogorovBound));
    }

    [Test]
    public void A_distribution_that_is_a_little_off_is_noticed()
    {
        double[] x = [.. Numbers(Tensor.RandomNormal([Many], 0, 1.05, DType.Float64, new Generator(17))).Order()];
        Assert.That(Math.Sqrt(x.Length) * Distance(x, static v => Normal.CDF(0.02, 1, v)), Is.GreaterThan(KolmogorovBound));
        Assert.That(Tail(Numbers(Tensor.Bernoulli([Many], 0.32, generator: new Generator(17))), Discrete["bernoulli"].Probability), Is.LessThan(FalseAlarm));
    }

    [TestCaseSource(nameof(DiscreteNames))]
    public void Counts_follow_the_probabilities(string name)
    {
        Assert.That(Tail(Numbers(Discrete[name].Draw(new Generator(23))), Discrete[name].Probability), Is.GreaterThan(FalseAlarm));
    }

    [Test]
    public void Shares_sum_to_one()
    {
        Tensor x = Tensor.RandomDirichlet(Tensor.From(0.5, 1, 2, 4).BroadcastTo([100, 4]), new Generator(1));
        // Three sums, each rounded.
        Assert.That(Numbers(x.Sum(-1)), Is.All.EqualTo(1).Within(4 * DType.Float64.Epsilon()));
    }

    // dx/dα = −(∂F/∂α)/(∂F/∂x) with Math.NET's F by central differences; LibTorch's approximation is right to some three digits.
    [Test]
    public void The_gradient_of_a_gamma_draw_is_that_of_its_quantile()
    {
        Tensor alpha = Tensor.From(0.3, 0.9, 1.5, 4, 12, 60);
        using var tape = new GradientTape();
        tape.Watch(alpha);
        Tensor x = Tensor.RandomGamma(alpha, new Generator(3));
        double[] slopes = Numbers(tape.Gradient(x, alpha)!), drawn = Numbers(x), shapes = Numbers(alpha);
        for (int i = 0; i < slopes.Length; i++)
        {
            double h = 1e-5, a = shapes[i], v = drawn[i];
            double byAlpha = (SpecialFunctions.GammaLowerRegularized(a + h, v) - SpecialFunctions.GammaLowerRegularized(a - h, v)) / (2 * h);
            double right = -byAlpha / Gamma.PDF(a, 1, v);
            Assert.That(slopes[i], Is.EqualTo(right).Within(3e-3 * right), $"α = {a}, x = {v}");
        }
    }

    // The mean share is αᵢ/Σα, whose derivatives the mean gradient over many draws approaches.
    [Test]
    public void The_gradient_of_shares_is_on_average_that_of_their_mean()
    {
        Tensor alpha = Tensor.From(0.8, 1.5, 2.0);
        using var tape = new GradientTape();
        tape.Watch(alpha);
        Tensor mean = Tensor.RandomDirichlet(alpha.BroadcastTo([Many, 3]), new Generator(4)).Mean(0)[0];
        double[] slopes = Numbers(tape.Gradient(mean, alpha)!);
        const double sum = 4.3;
        double[] right = [(sum - 0.8) / (sum * sum), -0.8 / (sum * sum), -0.8 / (sum * sum)];
        // A slope of one draw spreads by less than 0.3; five standard errors of the mean.
        Assert.That(slopes, Is.EqualTo(right).Within(5 * 0.3 / Math.Sqrt(Many)));
    }

    [Test]
    public void The_second_derivative_of_a_draw_is_refused_by_name()
    {
        Tensor alpha = Tensor.From(0.9);
        using var outer = new GradientTape();
        outer.Watch(alpha);
        using var inner = new GradientTape();
        inner.Watch(alpha);
        Tensor slope = inner.Gradient(Tensor.RandomGamma(alpha, new Generator(3)), alpha)!;
        Assert.That(() => outer.Gradient(slope, alpha), Throws.TypeOf<GradientException>().With.Message.Contains("GammaSlope").And.Message.Contains("first order"));
    }

    [Test]
    public void Draws_have_the_dtype_of_their_parameter([Values(DType.Float16, DType.BFloat16, DType.Float32, DType.Float64)] DType dtype)
    {
        Tensor p = Tensor.Full([3], 0.5, dtype);
        Tensor[] drawn = [Tensor.RandomGamma(p), Tensor.RandomPoisson(p), Tensor.RandomBinomial(p + 3.5, p), Tensor.RandomDirichlet(p), Tensor.Bernoulli(p), Tensor.RandomGamma([3], 1, dtype: dtype), Tensor.RandomNormalLike(p), Tensor.RandomUniformLike(p)];
        Assert.That(drawn.Select(static t => t.DType), Is.All.EqualTo(dtype));
        Assert.That(drawn.Select(static t => t.Shape), Is.All.EqualTo(p.Shape));
    }

    [Test]
    public void A_crop_is_a_part_and_gradients_flow_into_it()
    {
        Tensor x = Tensor.Range(0, 20, dtype: DType.Float64).Reshape([4, 5]);
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor part = x.RandomCrop([2, 3], new Generator(5));
        double[] values = Numbers(part);
        Assert.That(values, Is.EqualTo(new[] { 0.0, 1, 2, 5, 6, 7 }.Select(v => v + values[0])));
        Assert.That(Numbers(tape.Gradient(part, x)!).Select((g, i) => (g, i)).Where(static p => p.g != 0).Select(static p => (double)p.i), Is.EqualTo(values));
        Assert.That(x.RandomCrop([4, 5]).ToArray<double>(), Is.EqualTo(x.ToArray<double>()));
    }

    [Test]
    public void Only_the_numbers_drawn_are_left()
    {
        using var count = new WrapperCount();
        Tensor p = Tensor.From(0.5, 0.7);
        using Generator g = new(1);
        Tensor[] drawn = [Tensor.RandomGamma(p, g), Tensor.RandomGamma([2], 1, 2, generator: g), Tensor.RandomExponential([2], generator: g), Tensor.RandomPoisson(p, g), Tensor.RandomBinomial(p, p, g), Tensor.RandomDirichlet(p, g), Tensor.Bernoulli(p, g), p.RandomCrop([1], g), p.Shuffle(g)];
        Assert.That(count.Beside([p, .. drawn]), Is.Zero);
    }

    // LibTorch's samplers never end on the first of these.
    [Test]
    public void Parameters_that_have_no_distribution_are_refused()
    {
        foreach (double bad in (double[])[double.NaN, double.PositiveInfinity, -1])
        {
            Tensor x = Tensor.From(1, bad), p = Tensor.From(0.5, 0.5);
            Assert.That(() => Tensor.RandomGamma(x), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("RandomGamma").And.Message.Contains("concentration"));
            Assert.That(() => Tensor.RandomDirichlet(x), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("RandomDirichlet"));
            Assert.That(() => Tensor.RandomPoisson(x), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("RandomPoisson").And.Message.Contains("rate"));
            Assert.That(() => Tensor.RandomBinomial(x, p), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("RandomBinomial").And.Message.Contains("count"));
            Assert.That(() => Tensor.RandomBinomial(p, Tensor.From(0.5, bad)), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("probability"));
            Assert.That(() => Tensor.RandomGamma([2], bad), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("concentration"));
            Assert.That(() => Tensor.RandomGamma([2], 1, bad), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("rate"));
            Assert.That(() => Tensor.RandomExponential([2], bad), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("rate"));
        }
        Assert.That(() => Tensor.RandomGamma(Tensor.From(1)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("int32"));
        Assert.That(() => Tensor.RandomBinomial(Tensor.From(1f), Tensor.From(0.5)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float64"));
        Assert.That(() => Tensor.RandomBinomial(Tensor.From(1f), Tensor.From(0.5f, 1)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2]"));
        Assert.That(() => Tensor.RandomDirichlet(Tensor.From(1f).Sum()), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Tensor.Range(4).RandomCrop([5]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[5]").And.Message.Contains("[4]"));
        Assert.That(() => Tensor.Range(4).RandomCrop([1, 1]), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Tensor.Categorical(Tensor.From(0, double.NaN), 2), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("NaN"));
        Assert.That(() => Tensor.RandomNormal([2], generator: new Generator(1), seed: 2), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("both"));
    }

    private static IEnumerable<string> ContinuousNames() => Continuous.Keys;

    private static IEnumerable<string> DiscreteNames() => Discrete.Keys;

    private static double[] Numbers(Tensor x) => x.Cast(DType.Float64).ToArray<double>();

    private static double Distance(double[] sorted, Func<double, double> cdf) => sorted.Select((v, i) => Math.Max(cdf(v) - (double)i / sorted.Length, (i + 1.0) / sorted.Length - cdf(v))).Max();

    // The probability that a chi-square as large comes by chance; rare numbers share a cell, as the distribution asks for some five in each.
    private static double Tail(double[] draws, Func<int, double> probability)
    {
        int top = (int)draws.Max();
        double statistic = 0, restExpected = draws.Length, restCounted = draws.Length;
        int cells = 0;
        for (int k = 0; k <= top; k++)
        {
            double expected = draws.Length * probability(k), counted = draws.Count(v => v == k);
            if (counted > 0 && expected == 0) return 0;  // what cannot be was drawn
            if (expected < 5) continue;
            statistic += (counted - expected) * (counted - expected) / expected;
            cells++;
            restExpected -= expected;
            restCounted -= counted;
        }
        if (restExpected >= 5)
        {
            statistic += (restCounted - restExpected) * (restCounted - restExpected) / restExpected;
            cells++;
        }
        return 1 - ChiSquared.CDF(cells - 1, statistic);
    }
}
