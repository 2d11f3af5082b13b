using NUnit.Framework;

namespace Eager.Tests.Ops;

/// <summary>The rule of a global seed and an operation's seed.</summary>
public class SeedTests
{
    [TearDown]
    public void TakeTheGlobalSeedBack() => Generator.SetGlobalSeed(null);

    [Test]
    public void Without_seeds_numbers_are_fresh()
    {
        Generator.SetGlobalSeed(null);
        double[] once = Numbers(Generator.ForSeed());
        Assert.That(Numbers(Generator.ForSeed()), Is.Not.EqualTo(once));
        double[] first = Tensor.RandomNormal([4], dtype: DType.Float64).ToArray<double>();
        Generator.SetGlobalSeed(null);
        Assert.That(Tensor.RandomNormal([4], dtype: DType.Float64).ToArray<double>(), Is.Not.EqualTo(first));
    }

    [Test]
    public void Of_a_global_seed_alone_operations_derive_seeds_of_their_own()
    {
        double[][] first = Twice(5), again = Twice(5), other = Twice(6);
        Assert.That(again, Is.EqualTo(first));
        Assert.That(first[0], Is.Not.EqualTo(first[1]));
        Assert.That(other[0], Is.Not.EqualTo(first[0]));

        static double[][] Twice(long seed)
        {
            Generator.SetGlobalSeed(seed);
            return [Numbers(Generator.ForSeed()), Numbers(Generator.ForSeed())];
        }
    }

    [Test]
    public void An_operation_seed_alone_gives_the_same_numbers_in_every_call()
    {
        Generator.SetGlobalSeed(null);
        double[] first = Drawn(3);
        Generator.SetGlobalSeed(null);
        Assert.That(Drawn(3), Is.EqualTo(first));
        Assert.That(Drawn(4), Is.Not.EqualTo(first));
        // And on every run: SplitMix64's finalizer over both, worked out in Python.
        Assert.That(Generator.ForSeed(3).Seed, Is.EqualTo(-2648665911793611640));
    }

    [Test]
    public void Both_seeds_are_combined()
    {
        Generator.SetGlobalSeed(null);
        double[] alone = Drawn(3);
        Generator.SetGlobalSeed(5);
        double[] both = Drawn(3);
        Assert.That(both, Is.Not.EqualTo(alone));
        Assert.That(Drawn(3), Is.EqualTo(both), "the order of calls does not matter");
        Assert.That(Drawn(4), Is.Not.EqualTo(both));
        Generator.SetGlobalSeed(6);
        Assert.That(Drawn(3), Is.Not.EqualTo(both));
        Generator.SetGlobalSeed(5);
        Assert.That(Drawn(3), Is.EqualTo(both));
    }

    [Test]
    public void A_global_seed_of_minus_one_is_one_too()
    {
        Generator.SetGlobalSeed(-1);
        double[] first = Numbers(Generator.ForSeed()), drawn = OfNewThread();
        Generator.SetGlobalSeed(-1);
        Assert.That(Numbers(Generator.ForSeed()), Is.EqualTo(first));
        Assert.That(OfNewThread(), Is.EqualTo(drawn));

        static double[] OfNewThread()
        {
            double[] numbers = [];
            var thread = new Thread(() => numbers = Tensor.RandomNormal([3], dtype: DType.Float64).ToArray<double>());
            thread.Start();
            thread.Join();
            return numbers;
        }
    }

    [Test]
    public void Every_draw_takes_a_seed()
    {
        Tensor p = Tensor.From(0.5, 0.25), x = Tensor.Range(100);
        Func<long, Tensor>[] draws =
        [
            static s => Tensor.RandomNormal([8], seed: s), static s => Tensor.RandomUniform([8], seed: s), static s => Tensor.TruncatedNormal([8], seed: s),
            static s => Tensor.Bernoulli([64], 0.5, seed: s), static s => Tensor.RandomPermutation(30, seed: s), s => x.Shuffle(seed: s), s => x.RandomCrop([2], seed: s),
            static s => Tensor.Categorical(Tensor.Zeros([90]), 8, seed: s), s => Tensor.RandomGamma(p, seed: s), static s => Tensor.RandomExponential([8], seed: s),
            s => Tensor.RandomPoisson(p * 400, seed: s), s => Tensor.RandomBinomial(p * 4000, p, seed: s), s => Tensor.RandomDirichlet(p, seed: s),
        ];
        foreach (Func<long, Tensor> draw in draws)
        {
            double[] first = draw(1).Cast(DType.Float64).ToArray<double>();
            Assert.That(draw(1).Cast(DType.Float64).ToArray<double>(), Is.EqualTo(first));
            Assert.That(draw(2).Cast(DType.Float64).ToArray<double>(), Is.Not.EqualTo(first));
        }
    }

    private static double[] Drawn(long seed) => Tensor.RandomNormal([4], dtype: DType.Float64, seed: seed).ToArray<double>();

    private static double[] Numbers(Generator generator) => Tensor.RandomNormal([4], dtype: DType.Float64, generator: generator).ToArray<double>();
}
