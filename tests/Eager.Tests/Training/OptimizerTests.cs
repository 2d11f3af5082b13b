using Eager.Autograd;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training;

/// <summary>Each optimizer's first steps against its published update, computed here in double precision.</summary>
public sealed class OptimizerTests
{
    private const int Steps = 100;

    // A float32 update rounds by 6e-8 of the variable's size; over 100 steps these add up to at most 100 times that, doubled for the gradient.
    private const double Float32Tolerance = 1.2e-5;

    private static readonly double[] Start = [0.5, -1.25, 2, 0.001, -3];

    [TestCase(DType.Float32)]
    [TestCase(DType.Float64)]
    public void Adam_follows_its_published_update(DType dtype)
    {
        double[] m = new double[Start.Length], v = new double[Start.Length];
        Check(new Adam(0.05), dtype, (i, t, x, g) =>
        {
            m[i] = (0.9 * m[i]) + (0.1 * g);
            v[i] = (0.999 * v[i]) + (0.001 * g * g);
            return x - (0.05 * (m[i] / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.999, t))) + 1e-8));
        });
    }

    [TestCase(DType.Float32)]
    [TestCase(DType.Float64)]
    public void AdamW_decays_apart_from_the_gradient(DType dtype)
    {
        double[] m = new double[Start.Length], v = new double[Start.Length];
        Check(new AdamW(0.05, weightDecay: 0.1), dtype, (i, t, x, g) =>
        {
            x -= 0.05 * 0.1 * x;
            m[i] = (0.9 * m[i]) + (0.1 * g);
            v[i] = (0.999 * v[i]) + (0.001 * g * g);
            return x - (0.05 * (m[i] / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.999, t))) + 1e-8));
        });
    }

    [TestCase(DType.Float32, 0, false, 0)]
    [TestCase(DType.Float32, 0, false, 0.1)]
    [TestCase(DType.Float32, 0.9, false, 0.1)]
    [TestCase(DType.Float32, 0.9, true, 0)]
    [TestCase(DType.Float64, 0.9, true, 0.1)]
    [TestCase(DType.Float64, 0, false, 0.1)]
    public void Sgd_follows_its_published_update(DType dtype, double momentum, bool nesterov, double decay)
    {
        double[] velocity = new double[Start.Length];
        Check(new Sgd(0.02, momentum, nesterov, decay), dtype, (i, t, x, g) =>
        {
            g += decay * x;
            velocity[i] = (momentum * velocity[i]) + g;
            return x - (0.02 * (nesterov ? g + (momentum * velocity[i]) : velocity[i]));
        });
    }

    [Test]
    public void A_schedule_sets_the_rate_of_each_step_also_in_a_replay()
    {
        static double Rate(long step) => 1.0 / (step + 1);
        foreach (bool traced in new[] { false, true })
        {
            var x = new Variable(Tensor.From(0f), name: "x");
            var sgd = new Sgd { Schedule = Rate };
            Tensor Step(Tensor g)
            {
                sgd.Apply([g], [x]);
                return g;
            }

            using TracedFunction replayed = Function.Trace(Step);
            Tensor one = Tensor.From(-1f);
            for (int i = 0; i < 4; i++) _ = traced ? replayed.Call(one) : Step(one);
            Assert.That(x.Item(), Is.EqualTo(1 + (1 / 2.0) + (1 / 3.0) + (1 / 4.0)).Within(1e-6));
            Assert.That(sgd.Step, Is.EqualTo(4));
        }
    }

    [Test]
    public void Minimize_lowers_the_loss_and_counts_the_step()
    {
        var x = new Variable(Tensor.From(3f), name: "x");
        var adam = new Adam(0.1);
        double first = adam.Minimize(() => x * x, [x]).Item(), second = adam.Minimize(() => x * x, [x]).Item();
        Assert.That(second, Is.LessThan(first));
        Assert.That(adam.Step, Is.EqualTo(2));
    }

    [Test]
    public void A_variable_without_a_gradient_stays_as_it_is()
    {
        Variable x = new(Tensor.From(1f), name: "x"), y = new(Tensor.From(1f), name: "y");
        new Sgd(1).Apply([null, Tensor.From(1f)], [x, y]);
        Assert.That(x.Item(), Is.EqualTo(1));
        Assert.That(y.Item(), Is.EqualTo(0));
    }

    [Test]
    public void A_gradient_that_does_not_fit_is_refused_before_anything_changes()
    {
        Variable x = new(Tensor.From(1f), name: "x"), y = new(Tensor.Ones([2]), name: "y");
        var sgd = new Sgd(1);
        Assert.Multiple(() =>
        {
            Assert.That(() => sgd.Apply([Tensor.From(1f), Tensor.Ones([3])], [x, y]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'y' is [3]"));
            Assert.That(() => sgd.Apply([Tensor.From(1.0), Tensor.Ones([2])], [x, y]), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("'x' is float64"));
            Assert.That(() => sgd.Apply([Tensor.From(1f)], [x, y]), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => sgd.Apply([null, null], [x, y]), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => sgd.Apply([Tensor.From(1f), Tensor.From(1f)], [x, x]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("twice"));
            Assert.That(x.Item(), Is.EqualTo(1));
            Assert.That(sgd.Step, Is.EqualTo(0));
        });
    }

    // f(x) = Σ(xᵢ² + sin xᵢ), whose slope is 2x + cos x.
    private static void Check(Optimizer optimizer, DType dtype, Func<int, int, double, double, double> update)
    {
        var x = new Variable(Tensor.From(Start).Cast(dtype), name: "x");
        double[] expected = [.. Start];
        for (int t = 1; t <= Steps; t++)
        {
            optimizer.Minimize(() => (x.Square() + x.Sin()).Sum(), [x]);
            for (int i = 0; i < expected.Length; i++) expected[i] = update(i, t, expected[i], (2 * expected[i]) + Math.Cos(expected[i]));
        }
        // In float64 both sides compute the same numbers up to the order of a few roundings.
        double tolerance = dtype == DType.Float32 ? Float32Tolerance : 1e-13;
        Assert.That(x.Cast(DType.Float64).ToArray<double>(), Is.EqualTo(expected).Within(tolerance));
        Assert.That(optimizer.Step, Is.EqualTo(Steps));
    }
}
