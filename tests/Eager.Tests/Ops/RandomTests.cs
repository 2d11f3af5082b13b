using NUnit.Framework;

namespace Eager.Tests.Ops;

public class RandomTests
{
    [Test]
    public void The_same_seed_gives_the_same_numbers()
    {
        using var scope = new TensorScope();
        using Generator a = new(11), b = new(11);

        Assert.That(Tensor.RandomNormal([50], generator: a).ToArray<float>(), Is.EqualTo(Tensor.RandomNormal([50], generator: b).ToArray<float>()));
        Assert.That(Tensor.RandomUniform([50], generator: a).ToArray<float>(), Is.EqualTo(Tensor.RandomUniform([50], generator: b).ToArray<float>()));
        Assert.That(Tensor.Ones([50]).Dropout(0.5, a).ToArray<float>(), Is.EqualTo(Tensor.Ones([50]).Dropout(0.5, b).ToArray<float>()));
    }

    [Test]
    public void The_global_seed_starts_the_threads_own_generator_anew()
    {
        using var scope = new TensorScope();
        Generator.SetGlobalSeed(4);
        float[] first = Tensor.RandomUniform([9]).ToArray<float>();
        Generator.SetGlobalSeed(4);

        Assert.That(Tensor.RandomUniform([9]).ToArray<float>(), Is.EqualTo(first));
    }

    [Test]
    public void Normal_and_uniform_numbers_have_the_moments_asked_for()
    {
        using var scope = new TensorScope();
        using var generator = new Generator(3);
        const int count = 100_000;
        Tensor normal = Tensor.RandomNormal([count], 5, 2, DType.Float64, generator), uniform = Tensor.RandomUniform([count], -1, 3, DType.Float64, generator);

        // The mean of n draws has a standard error of σ/√n = 0.0063 and 0.0037; five of them. The seed is fixed.
        Assert.That(normal.Mean().Item(), Is.EqualTo(5).Within(0.032));
        Assert.That((normal - 5).Square().Mean().Item(), Is.EqualTo(4).Within(0.09));
        Assert.That(uniform.Mean().Item(), Is.EqualTo(1).Within(0.019));
        Assert.That(uniform.Min().Item(), Is.GreaterThanOrEqualTo(-1));
        Assert.That(uniform.Max().Item(), Is.LessThan(3));
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
        Assert.That(() => Tensor.RandomNormal([2], dtype: DType.Int32), Throws.TypeOf<DTypeMismatchException>());
        Assert.That(() => Tensor.RandomNormal([2], 0, -1), Throws.TypeOf<InvalidArgumentException>());
        Assert.That(() => Tensor.RandomUniform([2], 2, 1), Throws.TypeOf<InvalidArgumentException>());
        Assert.That(() => Tensor.RandomUniform([null, 2]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("unknown"));
    }
}
