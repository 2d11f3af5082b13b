using Eager.Autograd;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training;

/// <summary>Schedules against their published formulas, and against PyTorch where it is the source.</summary>
public sealed class ScheduleTests
{
    // A few roundings of rates below 1.
    private const double Tolerance = 1e-15;

    /// <summary>A schedule and its formula for a step.</summary>
    public sealed record Formula(string Name, Schedule Schedule, Func<double, double> Expected)
    {
        public override string ToString() => Name;
    }

    private static readonly Formula[] All =
    [
        new("constant", Schedules.Constant(0.3), _ => 0.3),
        new("exponential", Schedules.Exponential(0.1, 20, 0.96), t => 0.1 * Math.Exp(Math.Log(0.96) * t / 20)),
        new("exponential, staircase", Schedules.Exponential(0.1, 20, 0.96, staircase: true), t => 0.1 * Math.Exp(Math.Log(0.96) * Math.Floor(t / 20))),
        new("inverse time", Schedules.InverseTime(0.1, 10, 0.5), t => 0.1 / (1 + (0.05 * t))),
        new("inverse time, staircase", Schedules.InverseTime(0.1, 10, 0.5, staircase: true), t => 0.1 / (1 + (0.5 * Math.Floor(t / 10)))),
        new("natural exponential", Schedules.NaturalExponential(0.1, 10, 0.5), t => 0.1 * Math.Pow(Math.E, -0.05 * t)),
        new("natural exponential, staircase", Schedules.NaturalExponential(0.1, 10, 0.5, staircase: true), t => 0.1 * Math.Pow(Math.E, -0.5 * Math.Floor(t / 10))),
        new("polynomial", Schedules.Polynomial(0.1, 30), t => t >= 30 ? 0.0001 : 0.1 - ((0.1 - 0.0001) * t / 30)),
        new("polynomial, square root", Schedules.Polynomial(0.1, 30, 0.01, power: 0.5), t => t >= 30 ? 0.01 : (0.09 * Math.Sqrt(1 - (t / 30))) + 0.01),
        new("polynomial, cycle", Schedules.Polynomial(0.1, 30, 0.01, cycle: true), t =>
        {
            double last = t <= 30 ? 30 : t <= 60 ? 60 : 90;
            return 0.1 - (0.09 * t / last);
        }),
        new("piecewise", Schedules.PiecewiseConstant([10, 40], [1, 0.5, 0.1]), t => t <= 10 ? 1 : t <= 40 ? 0.5 : 0.1),
        new("cosine", Schedules.Cosine(0.2, 50), t => t >= 50 ? 0 : 0.2 * Math.Pow(Math.Cos(Math.PI * t / 100), 2)),
        new("cosine, alpha", Schedules.Cosine(0.2, 50, 0.1), t => t >= 50 ? 0.02 : (0.18 * Math.Pow(Math.Cos(Math.PI * t / 100), 2)) + 0.02),
        // Waves of 10, 20 and 40 steps, each half as high.
        new("cosine restarts", Schedules.CosineRestarts(0.2, 10, heightFactor: 0.5), t =>
        {
            (double start, double length, double height) = t < 10 ? (0, 10, 1) : t < 30 ? (10, 20, 0.5) : (30.0, 40.0, 0.25);
            return 0.2 * height * Math.Pow(Math.Cos(Math.PI / 2 * (t - start) / length), 2);
        }),
        new("cosine restarts of one length", Schedules.CosineRestarts(0.2, 10, lengthFactor: 1), t => 0.2 * Math.Pow(Math.Cos(Math.PI / 2 * (t % 10) / 10), 2)),
        new("warm-up", Schedules.Exponential(0.1, 20, 0.96).AfterWarmup(8), t => t < 8 ? 0.1 * (t + 1) / 8 : 0.1 * Math.Pow(0.96, (t - 8) / 20)),
        new("one after another", Schedules.Constant(1).Then(5, Schedules.Polynomial(1, 10, 0)).Times(0.5), t => t < 5 ? 0.5 : Math.Max(0, 0.5 * (1 - ((t - 5) / 10)))),
    ];

    // torch.optim.lr_scheduler.OneCycleLR(max_lr=0.4, total_steps=10) of PyTorch 1.13, and with linear ways, pct_start 0.5 and divisors 10 and 100.
    private static readonly double[] CosineCycle = [0.016000000000000014, 0.20800000000000002, 0.4, 0.38019385280538953, 0.3246982615799052, 0.24450480877451572, 0.1554967912254843, 0.0753033384200948, 0.019807747194610516, 1.6e-06];
    private static readonly double[] LinearCycle = [0.04, 0.13, 0.22000000000000003, 0.31, 0.4, 0.32008000000000003, 0.24016, 0.16024000000000002, 0.08032, 0.00040000000000001146];

    [TestCaseSource(nameof(All))]
    public void A_schedule_follows_its_formula(Formula formula)
    {
        for (long t = 0; t < 70; t++) Assert.That(formula.Schedule(t), Is.EqualTo(formula.Expected(t)).Within(Tolerance), $"step {t}");
    }

    [Test]
    public void One_cycle_gives_the_rates_of_PyTorch()
    {
        Schedule cosine = Schedules.OneCycle(0.4, 10), linear = Schedules.OneCycle(0.4, 10, warmupShare: 0.5, divisor: 10, endDivisor: 100, linear: true);
        Assert.That(Enumerable.Range(0, 10).Select(t => cosine(t)), Is.EqualTo(CosineCycle).Within(Tolerance));
        Assert.That(Enumerable.Range(0, 10).Select(t => linear(t)), Is.EqualTo(LinearCycle).Within(Tolerance));
        Assert.That(cosine(1000), Is.EqualTo(CosineCycle[9]).Within(Tolerance));
        foreach (double share in new[] { 0.0, 1 })
        {
            Schedule edge = Schedules.OneCycle(0.4, 10, share);
            Assert.That(Enumerable.Range(0, 12).Select(t => edge(t)), Is.All.InRange(0, 0.4));
        }
    }

    [Test]
    public void A_schedule_under_tracing_gives_the_bits_of_eager_steps([ValueSource(nameof(All))] Formula formula)
    {
        Assert.That(Descend(formula.Schedule, traced: true), Is.EqualTo(Descend(formula.Schedule, traced: false)));
    }

    [Test]
    public void A_plateau_lowers_the_rate_after_its_patience_and_rests_after_it()
    {
        var sgd = new Sgd(1);
        var plateau = new ReduceOnPlateau(sgd, factor: 0.5, patience: 2, minDelta: 0.1, cooldown: 2, minRate: 0.2);
        double[] figures = [5, 4, 3.95, 3.95, 3.95, 3.95, 3.95, 3, 3, double.NaN, 3, 3, 3, 3, 3, 3];
        bool[] lowered = [.. figures.Select(plateau.Update)];
        // 3.95 is no improvement on 4 by 0.1. After lowering, the first figure does not count and the second ends the rest, as in Keras; NaN is no improvement; 0.2 stays.
        Assert.That(lowered.Index().Where(l => l.Item).Select(l => l.Index), Is.EqualTo(new[] { 3, 6, 9 }));
        Assert.That(sgd.LearningRate, Is.EqualTo(0.2));
    }

    [Test]
    public void A_plateau_for_figures_that_rise_and_its_checkpoint()
    {
        using var folder = new TempFolder();
        string path = folder.File("plateau.safetensors");
        Sgd first = new(1), second = new(1);
        var before = new ReduceOnPlateau(first, patience: 3, higherIsBetter: true);
        foreach (double accuracy in new[] { 0.5, 0.6, 0.6, 0.5 }) Assert.That(before.Update(accuracy), Is.False);
        new Checkpoint().Add("plateau", before).Save(path, 0);
        var after = new ReduceOnPlateau(second, patience: 3, higherIsBetter: true);
        new Checkpoint().Add("plateau", after).Restore(path);
        Assert.That(after.Update(0.6), Is.True);
        Assert.That(second.LearningRate, Is.EqualTo(0.1));
    }

    [Test]
    public void Arguments_out_of_range_are_refused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Schedules.Constant(double.NaN), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => Schedules.Exponential(0.1, 0, 0.9), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("0 steps"));
            Assert.That(() => Schedules.PiecewiseConstant([1, 2], [1, 2]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("3 rates"));
            Assert.That(() => Schedules.PiecewiseConstant([2, 2], [1, 2, 3]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("ascend"));
            Assert.That(() => Schedules.CosineRestarts(0.1, 10, lengthFactor: 0.5), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => Schedules.OneCycle(0.1, 1), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => Schedules.Constant(1).AfterWarmup(-1), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new ReduceOnPlateau(new Sgd(), factor: 1), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new ReduceOnPlateau(new Sgd { Schedule = Schedules.Constant(1) }), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("schedule"));
        });
    }

    private static float Descend(Schedule schedule, bool traced)
    {
        var x = new Variable(Tensor.From(0.3f), name: "x");
        var sgd = new Sgd { Schedule = schedule };
        using TracedFunction step = Function.Trace(_ => sgd.Minimize(() => x.Square(), [x]));
        Tensor unused = Tensor.From(0f);
        for (int t = 0; t < 25; t++) _ = traced ? step.Call(unused) : sgd.Minimize(() => x.Square(), [x]);
        return x.Item<float>();
    }
}
