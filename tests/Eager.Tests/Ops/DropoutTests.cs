using NUnit.Framework;

namespace Eager.Tests.Ops;

public class DropoutTests
{
    [Test]
    public void The_same_seed_drops_the_same_elements()
    {
        using var scope = new TensorScope();
        using Generator a = new(11), b = new(11);
        Tensor x = Tensor.Ones([50]);

        Assert.That(x.Dropout(0.5, a).ToArray<float>(), Is.EqualTo(x.Dropout(0.5, b).ToArray<float>()));
    }

    [Test]
    public void The_global_seed_starts_the_threads_own_generator_anew()
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.Ones([50]);
        Generator.SetGlobalSeed(4);
        float[] first = x.Dropout(0.5).ToArray<float>();
        Generator.SetGlobalSeed(4);

        Assert.That(x.Dropout(0.5).ToArray<float>(), Is.EqualTo(first));
    }

    [Test]
    public void Dropout_zeroes_the_share_asked_for_and_scales_the_rest()
    {
        using var scope = new TensorScope();
        using var generator = new Generator(3);
        float[] y = Tensor.Ones([100_000]).Dropout(0.2, generator).ToArray<float>();

        Assert.That(y.Distinct().Order(), Is.EqualTo((float[])[0, 1.25f]));
        // The standard error of the share is √(0.2·0.8/n) = 0.0013; five of them.
        Assert.That(y.Count(v => v == 0) / 100_000.0, Is.EqualTo(0.2).Within(0.0065));
    }

    [Test]
    public void Elements_are_dropped_independently_of_each_other()
    {
        using var scope = new TensorScope();
        using var generator = new Generator(5);
        const int count = 100_000;
        double[] y = Tensor.Ones([count + 64]).Dropout(0.5, generator).Cast(DType.Float64).ToArray<double>();

        // Products of independent ±1 have mean 0 with a standard error of 1/√n = 0.0032; five of them for each of 64 distances.
        for (int distance = 1; distance <= 64; distance++)
            Assert.That(Enumerable.Range(0, count).Average(i => (y[i] - 1) * (y[i + distance] - 1)), Is.EqualTo(0).Within(0.016), $"{distance} apart");
    }

    [Test]
    public void Each_call_draws_anew_and_any_size_is_filled([Values(0, 1, 15, 16, 17, 100)] int count)
    {
        using var scope = new TensorScope();
        using var generator = new Generator(5);
        Tensor x = Tensor.Ones([count]);
        float[][] draws = [.. Enumerable.Range(0, 40).Select(_ => x.Dropout(0.5, generator).ToArray<float>())];

        Assert.That(draws.SelectMany(static d => d), Has.All.EqualTo(0f).Or.EqualTo(2f));
        for (int i = 0; i < count; i++) Assert.That(draws.Select(d => d[i]).Distinct().Count(), Is.EqualTo(2), $"element {i} of 40 draws");
    }

    [Test]
    public void Other_dtypes_drop_too([Values(DType.Float64, DType.BFloat16)] DType dtype)
    {
        using var scope = new TensorScope();
        using var generator = new Generator(5);

        float[] y = Tensor.Ones([1000], dtype).Dropout(0.75, generator).Cast(DType.Float32).ToArray<float>();

        Assert.That(y.Distinct().Order(), Is.EqualTo((float[])[0, 4]));
    }

    [Test]
    public void Dropout_at_rate_zero_is_the_tensor_itself()
    {
        using Tensor x = Tensor.Ones([3]);

        Assert.That(x.Dropout(0), Is.SameAs(x));
    }

    [Test]
    public void A_noise_shape_drops_whole_channels()
    {
        using var scope = new TensorScope();
        using var generator = new Generator(3);
        Tensor y = Tensor.Ones([2, 5, 5, 40]).Dropout(0.5, generator, [null, 1, 1, null]);

        float[] sums = y.Sum([1, 2]).ToArray<float>();
        Assert.That(sums.Distinct().Order(), Is.EqualTo((float[])[0, 50]));
    }

    [Test]
    public void Bad_arguments_are_refused()
    {
        using Tensor x = Tensor.Ones([3]);

        Assert.That(() => x.Dropout(1), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("[0, 1)"));
        Assert.That(() => x.Dropout(double.NaN), Throws.TypeOf<InvalidArgumentException>());
        Assert.That(() => x.Dropout(0.5, noiseShape: [2]), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => x.Cast(DType.Int32).Dropout(0.5), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("int32"));
    }
}
