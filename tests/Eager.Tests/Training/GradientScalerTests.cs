using Eager.Autograd;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training;

public class GradientScalerTests
{
    [Test]
    public void The_scale_follows_the_rule_of_the_paper()
    {
        var random = new Random(4);
        var scaler = new GradientScaler(initialScale: 8, growthFactor: 3, backoffFactor: 0.25, growthInterval: 4);
        (double scale, int good, int skipped) = (8, 0, 0);
        for (int i = 0; i < 200; i++)
        {
            bool finite = random.NextDouble() < 0.8;
            var w = new Variable(Tensor.Ones([3]));
            var sgd = new Sgd(1);
            Tensor gradient = Tensor.From([1f, finite ? 2f : random.NextDouble() < 0.5 ? float.NaN : float.PositiveInfinity, 4f]) * scale;

            bool stepped = scaler.Apply(sgd, [gradient, null], [w, new Variable(Tensor.Ones([1]))]);

            Assert.That(stepped, Is.EqualTo(finite));
            // Multiplied and divided by one number, in float32.
            Assert.That(w.ToArray<float>(), Is.EqualTo(finite ? (float[])[0, -1, -3] : [1, 1, 1]).Within(1e-5f));
            Assert.That(sgd.Step, Is.EqualTo(finite ? 1 : 0));
            if (!finite) (scale, good, skipped) = (scale * 0.25, 0, skipped + 1);
            else if (++good == 4) (scale, good) = (scale * 3, 0);
            Assert.That((scaler.Scale, scaler.SkippedSteps), Is.EqualTo((scale, skipped)));
            Assert.That(scaler.ScaleLoss(Tensor.From(2f)).Item(), Is.EqualTo((double)(float)(2 * scale)));
        }
        Assert.That(skipped, Is.GreaterThan(10));
    }

    [Test]
    public void Its_defaults_are_those_of_PyTorch()
    {
        var scaler = new GradientScaler();
        Assert.That(scaler.Scale, Is.EqualTo(65536));
        for (int i = 0; i < 1999; i++) scaler.Update(stepped: true);
        Assert.That(scaler.Scale, Is.EqualTo(65536));
        scaler.Update(stepped: true);
        Assert.That(scaler.Scale, Is.EqualTo(131072));
        scaler.Update(stepped: false);
        Assert.That(scaler.Scale, Is.EqualTo(65536));
    }

    [Test]
    public void A_checkpoint_keeps_its_state()
    {
        using var folder = new TempFolder();
        string path = Path.Combine(folder.Path, "scaler.safetensors");
        GradientScaler saved = new(growthInterval: 3), restored = new(growthInterval: 3);
        saved.Update(stepped: false);
        saved.Update(stepped: true);
        saved.Update(stepped: true);

        new Checkpoint().Add("scaler", saved).Save(path, step: 3);
        new Checkpoint().Add("scaler", restored).Restore(path);
        restored.Update(stepped: true);

        // The third good step in a row: it grows.
        Assert.That((restored.Scale, restored.SkippedSteps), Is.EqualTo((65536d, 1L)));
    }

    [Test]
    public void Gradients_can_be_unscaled_apart_and_clipped()
    {
        var scaler = new GradientScaler(initialScale: 4);
        using var count = new WrapperCount();
        Tensor gradient = Tensor.From([8f, 4f]);

        Tensor?[] unscaled = scaler.Unscale([gradient, null], out bool areFinite);

        Assert.That(areFinite, Is.True);
        Assert.That(unscaled[0]!.ToArray<float>(), Is.EqualTo((float[])[2, 1]));
        Assert.That(unscaled[1], Is.Null);
        Assert.That(count.Beside(gradient, unscaled[0]), Is.Zero);
    }

    [TestCase(0, 2, 0.5, 1, "scale")]
    [TestCase(double.PositiveInfinity, 2, 0.5, 1, "scale")]
    [TestCase(1, 1, 0.5, 1, "growth factor")]
    [TestCase(1, 2, 1, 1, "backoff")]
    [TestCase(1, 2, 0.5, 0, "interval")]
    public void Numbers_out_of_range_are_refused(double scale, double growth, double backoff, int interval, string word) =>
        Assert.That(() => new GradientScaler(scale, growth, backoff, interval), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains(word));
}
