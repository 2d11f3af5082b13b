using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Ops;

public class RandomDrawTests
{
    private const int Many = 20_000;

    private static readonly Dictionary<string, Func<Generator, Tensor>> Draws = new()
    {
        ["normal"] = static g => Tensor.RandomNormal([5], generator: g),
        ["uniform"] = static g => Tensor.RandomUniform([5], generator: g),
        ["integers"] = static g => Tensor.RandomUniform([5], 0, 1000, DType.Int32, g),
        ["truncated"] = static g => Tensor.TruncatedNormal([5], generator: g),
        ["bernoulli"] = static g => Tensor.Bernoulli([64], 0.5, generator: g),
        ["permutation"] = static g => Tensor.RandomPermutation(20, g),
        ["shuffle"] = static g => Tensor.Range(20).Shuffle(g),
        ["gamma"] = static g => Tensor.RandomGamma([5], 0.7, generator: g),
        ["exponential"] = static g => Tensor.RandomExponential([5], generator: g),
        ["poisson"] = static g => Tensor.RandomPoisson(Tensor.Full([20], 9.5), g),
        ["binomial"] = static g => Tensor.RandomBinomial(Tensor.Full([20], 30.0), Tensor.Full([20], 0.4), g),
        ["dirichlet"] = static g => Tensor.RandomDirichlet(Tensor.From(0.5f, 1, 2), g),
        ["bernoulli of tensors"] = static g => Tensor.Bernoulli(Tensor.Full([64], 0.5), g),
        ["crop"] = static g => Tensor.Range(1000).RandomCrop([3], g),
        ["categorical"] = static g => Tensor.Categorical(Tensor.Zeros([100]), 10, g),
    };

    [TestCaseSource(nameof(DrawNames))]
    public void The_same_seed_gives_the_same_numbers_and_drawing_on_gives_others(string draw)
    {
        using Generator first = new(7), second = new(7);
        double[] a = Numbers(Draws[draw](first)), b = Numbers(Draws[draw](second)), more = Numbers(Draws[draw](first));
        Assert.That(a, Is.EqualTo(b));
        Assert.That(more, Is.Not.EqualTo(a));
    }

    [TestCaseSource(nameof(DrawNames))]
    public void A_state_that_was_saved_gives_the_same_numbers_again(string draw)
    {
        using Generator first = new(7), other = new(8);
        Draws[draw](first);
        byte[] state = first.GetState();
        double[] next = Numbers(Draws[draw](first));
        other.Restore(state);
        Assert.That(Numbers(Draws[draw](other)), Is.EqualTo(next));
    }

    [Test]
    public void Without_a_generator_the_threads_own_is_drawn_from()
    {
        Generator.SetGlobalSeed(11);
        double[] first = Numbers(Tensor.RandomNormal([4]));
        Generator.SetGlobalSeed(11);
        Assert.That(Numbers(Tensor.RandomNormal([4])), Is.EqualTo(first));
    }

    // The mean of n draws has a standard error of σ/√n, their spread one of σ/√(2n); five of them. The seed is fixed.
    [Test]
    public void A_normal_distribution_has_its_mean_and_spread()
    {
        Tensor x = Tensor.RandomNormal([Many], mean: 3, stddev: 2, DType.Float64, new Generator(1));
        Assert.That(x.Mean().Item(), Is.EqualTo(3).Within(5 * 2 / Math.Sqrt(Many)));
        Assert.That(x.StandardDeviation().Item(), Is.EqualTo(2).Within(5 * 2 / Math.Sqrt(2 * Many)));
    }

    [Test]
    public void A_uniform_distribution_has_its_mean_and_bounds()
    {
        double[] x = Numbers(Tensor.RandomUniform([Many], -1, 3, generator: new Generator(3)));
        Assert.That(x, Is.All.GreaterThanOrEqualTo(-1).And.All.LessThan(3));
        Assert.That(x.Average(), Is.EqualTo(1).Within(5 * Math.Sqrt(16.0 / 12 / Many)));
    }

    // A standard normal distribution cut at ±2 has variance 1 − 4φ(2)/(2Φ(2) − 1) = 0.773741…
    [TestCase(DType.Float16)]
    [TestCase(DType.Float32)]
    [TestCase(DType.Float64)]
    public void A_truncated_normal_distribution_stays_within_two_standard_deviations(DType dtype)
    {
        Tensor x = Tensor.TruncatedNormal([Many], mean: 1, stddev: 0.5, dtype, new Generator(2));
        Assert.That(x.DType, Is.EqualTo(dtype));
        double[] values = Numbers(x);
        Assert.That(values, Is.All.InRange(0.0, 2.0));
        double mean = values.Average(), variance = values.Average(v => (v - mean) * (v - mean)) / 0.25;
        Assert.That(mean, Is.EqualTo(1).Within(5 * 0.44 / Math.Sqrt(Many)));
        Assert.That(variance, Is.EqualTo(0.7737413).Within(5 * 0.75 / Math.Sqrt(Many)));
    }

    [TestCaseSource(nameof(DrawNames))]
    public void A_replayed_trace_draws_on_where_eager_calls_would(string draw)
    {
        using Generator eager = new(9), replayed = new(9);
        using TracedFunction traced = Function.Trace(x => x + Draws[draw](replayed).Cast(DType.Float64));
        Tensor zero = Tensor.From(0.0);
        for (int call = 0; call < 3; call++)
            Assert.That(Numbers(traced.Call(zero)), Is.EqualTo(Numbers(Draws[draw](eager))), $"call {call}");
    }

    [Test]
    public void Uniform_integers_stay_below_their_maximum()
    {
        long[] integers = Tensor.RandomUniform([Many], -2, 2, DType.Int64, new Generator(4)).ToArray<long>();
        Assert.That(integers.Distinct().Order(), Is.EqualTo(new long[] { -2, -1, 0, 1 }));
    }

    [Test]
    public void Bernoulli_draws_ones_as_often_as_told()
    {
        Tensor x = Tensor.Bernoulli([Many], 0.3, generator: new Generator(5));
        Assert.That(x.Mean().Item(), Is.EqualTo(0.3).Within(5 * Math.Sqrt(0.21 / Many)));
        Assert.That(Tensor.Bernoulli([3], 1, DType.Bool).ToArray<bool>(), Is.All.True);
        Assert.That(Tensor.Bernoulli([3], 0, DType.Int32).ToArray<int>(), Is.All.Zero);
    }

    [Test]
    public void A_shuffle_keeps_the_slices_whole()
    {
        Tensor x = Tensor.Range(0, 40, dtype: DType.Int32).Reshape([20, 2]);
        int[,] shuffled = x.Shuffle(new Generator(6)).ToArray2D<int>();
        int[] first = [.. Enumerable.Range(0, 20).Select(i => shuffled[i, 0])];
        Assert.That(first.Order(), Is.EqualTo(Enumerable.Range(0, 20).Select(static i => 2 * i)));
        Assert.That(Enumerable.Range(0, 20).Select(i => shuffled[i, 1] - shuffled[i, 0]), Is.All.EqualTo(1));
    }

    [Test]
    public void Categorical_draws_with_the_probabilities_of_the_logits()
    {
        Tensor logits = Tensor.From([[0.0, Math.Log(3)], [1000, -1000]]);
        Tensor x = Tensor.Categorical(logits, Many, new Generator(8));
        Assert.That(x.Shape, Is.EqualTo(Shape.FromSizes(2, Many)));
        Assert.That(x[0].Cast(DType.Float64).Mean().Item(), Is.EqualTo(0.75).Within(5 * Math.Sqrt(0.1875 / Many)));
        Assert.That(x[1].Max().Item(), Is.Zero, "logits far apart leave one class");
        Assert.That(Tensor.Categorical(logits, 0).Shape, Is.EqualTo(Shape.FromSizes(2, 0)));
    }

    [Test]
    public void Arguments_out_of_range_are_named()
    {
        Assert.That(() => Tensor.RandomUniform([2], dtype: DType.Int32), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("int32 needs its maximum"));
        Assert.That(() => Tensor.RandomUniform([2], 1, 1, DType.Int32), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("no number from 1 up to, not including, 1"));
        Assert.That(() => Tensor.RandomUniform([2], 0, 300, DType.UInt8), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("uint8, which goes from 0 to 255"));
        Assert.That(() => Tensor.RandomUniform([2], 0, 2.5, DType.Int32), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("not both integers"));
        Assert.That(() => Tensor.RandomNormal([2], dtype: DType.Int32), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("int32 is not a dtype"));
        Assert.That(() => Tensor.RandomNormal([2], stddev: -1), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("standard deviation -1"));
        Assert.That(() => Tensor.Bernoulli([2], 1.5), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("probability 1.5"));
        Assert.That(() => Tensor.RandomNormal([null, 2]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("RandomNormal: shape [?, 2]"));
        Assert.That(() => Tensor.Categorical(Tensor.Zeros([2, 0]), 1), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("at least one class"));
    }

    private static IEnumerable<string> DrawNames() => Draws.Keys;

    private static double[] Numbers(Tensor x) => x.Cast(DType.Float64).ToArray<double>();
}
