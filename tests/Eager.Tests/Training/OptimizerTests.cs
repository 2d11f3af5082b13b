using Eager.Autograd;
using Eager.Interop;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training;

/// <summary>Each optimizer's first steps against its published update, computed here in double precision, and what all optimizers share.</summary>
public sealed class OptimizerTests
{
    private const int Steps = 100;

    // A float32 update rounds by 6e-8 of the variable's size; over 100 steps these add up to at most 100 times that, doubled for the gradient.
    private const double Float32Tolerance = 1.2e-5;

    private static readonly double[] Start = [0.5, -1.25, 2, 0.001, -3];

    /// <summary>An optimizer, and its update of element i at step t from x and its slope g, with state of its own in s.</summary>
    public sealed record Published(string Name, Func<Optimizer> Make, Func<double[], int, double, double, double> Update)
    {
        public override string ToString() => Name;
    }

    // s[0], s[1], s[2] are the slots of one element, 0 to begin with.
    private static readonly Published[] All =
    [
        new("Sgd", () => new Sgd(0.02), (s, t, x, g) => x - (0.02 * g)),
        new("Sgd, decay", () => new Sgd(0.02, weightDecay: 0.1), (s, t, x, g) => x - (0.02 * (g + (0.1 * x)))),
        new("Sgd, momentum and decay", () => new Sgd(0.02, 0.9, weightDecay: 0.1), (s, t, x, g) => x - (0.02 * (s[0] = (0.9 * s[0]) + g + (0.1 * x)))),
        new("Sgd, Nesterov", () => new Sgd(0.02, 0.9, nesterov: true), (s, t, x, g) =>
        {
            s[0] = (0.9 * s[0]) + g;
            return x - (0.02 * (g + (0.9 * s[0])));
        }),
        new("Sgd, dampening", () => new Sgd(0.02, 0.9, dampening: 0.4), (s, t, x, g) => x - (0.02 * (s[0] = t == 1 ? g : (0.9 * s[0]) + (0.6 * g)))),
        new("Adam", () => new Adam(0.05), (s, t, x, g) => x - AdamMove(s, t, g)),
        new("Adam, decay", () => new Adam(0.05, weightDecay: 0.1), (s, t, x, g) => x - AdamMove(s, t, g + (0.1 * x))),
        new("AdamW", () => new AdamW(0.05, weightDecay: 0.1), (s, t, x, g) => (x * (1 - (0.05 * 0.1))) - AdamMove(s, t, g)),
        // A slow mean of squares and gradients that shrink make the largest one differ from the last.
        new("AMSGrad", () => new Adam(0.05, beta2: 0.9, amsGrad: true), (s, t, x, g) =>
        {
            s[0] = (0.9 * s[0]) + (0.1 * g);
            s[1] = (0.9 * s[1]) + (0.1 * g * g);
            s[2] = Math.Max(s[2], s[1]);
            return x - (0.05 * (s[0] / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(s[2] / (1 - Math.Pow(0.9, t))) + 1e-8));
        }),
        new("Adagrad", () => new Adagrad(0.1), (s, t, x, g) => x - (0.1 * g / (Math.Sqrt(s[0] += g * g) + 1e-10))),
        new("Adagrad, accumulator", () => new Adagrad(0.1, initialAccumulator: 0.1, epsilon: 1e-7), (s, t, x, g) =>
        {
            if (t == 1) s[0] = 0.1;
            return x - (0.1 * g / (Math.Sqrt(s[0] += g * g) + 1e-7));
        }),
        new("Adadelta", () => new Adadelta(), (s, t, x, g) =>
        {
            s[0] = (0.9 * s[0]) + (0.1 * g * g);
            double delta = g * Math.Sqrt(s[1] + 1e-6) / Math.Sqrt(s[0] + 1e-6);
            s[1] = (0.9 * s[1]) + (0.1 * delta * delta);
            return x - delta;
        }),
        new("RmsProp", () => new RmsProp(), (s, t, x, g) => x - (0.01 * g / (Math.Sqrt(s[0] = (0.99 * s[0]) + (0.01 * g * g)) + 1e-8))),
        new("RmsProp, momentum", () => new RmsProp(momentum: 0.5), (s, t, x, g) =>
        {
            s[0] = (0.99 * s[0]) + (0.01 * g * g);
            return x - (0.01 * (s[1] = (0.5 * s[1]) + (g / (Math.Sqrt(s[0]) + 1e-8))));
        }),
        new("RmsProp, centered", () => new RmsProp(centered: true), (s, t, x, g) =>
        {
            s[0] = (0.99 * s[0]) + (0.01 * g * g);
            s[1] = (0.99 * s[1]) + (0.01 * g);
            return x - (0.01 * g / (Math.Sqrt(s[0] - (s[1] * s[1])) + 1e-8));
        }),
        new("RmsProp, centered, momentum, decay", () => new RmsProp(centered: true, momentum: 0.5, weightDecay: 0.1), (s, t, x, g) =>
        {
            g += 0.1 * x;
            s[0] = (0.99 * s[0]) + (0.01 * g * g);
            s[1] = (0.99 * s[1]) + (0.01 * g);
            return x - (0.01 * (s[2] = (0.5 * s[2]) + (g / (Math.Sqrt(s[0] - (s[1] * s[1])) + 1e-8))));
        }),
        new("Ftrl", () => new Ftrl(0.1), (s, t, x, g) => FtrlStep(s, t, x, g, 0.5, 0, 0, 0, 0)),
        new("Ftrl, penalties", () => new Ftrl(0.1, learningRatePower: -0.7, l1: 0.3, l2: 0.2, shrinkage: 0.05, beta: 0.1), (s, t, x, g) => FtrlStep(s, t, x, g, 0.7, 0.3, 0.2, 0.05, 0.1)),
        new("Adamax", () => new Adamax(0.05), (s, t, x, g) =>
        {
            s[0] = (0.9 * s[0]) + (0.1 * g);
            s[1] = Math.Max(0.999 * s[1], Math.Abs(g) + 1e-8);
            return x - (0.05 / (1 - Math.Pow(0.9, t)) * s[0] / s[1]);
        }),
        new("Nadam", () => new Nadam(0.05, momentumDecay: 0.5), (s, t, x, g) =>
        {
            double now = 0.9 * (1 - (0.5 * Math.Pow(0.96, t * 0.5))), next = 0.9 * (1 - (0.5 * Math.Pow(0.96, (t + 1) * 0.5)));
            s[0] = (0.9 * s[0]) + (0.1 * g);
            s[1] = (0.999 * s[1]) + (0.001 * g * g);
            s[2] = (t == 1 ? 1 : s[2]) * now;
            double root = Math.Sqrt(s[1] / (1 - Math.Pow(0.999, t))) + 1e-8;
            return x - (0.05 * (1 - now) / (1 - s[2]) * g / root) - (0.05 * next / (1 - (s[2] * next)) * s[0] / root);
        }),
        new("Lion", () => new Lion(0.01, weightDecay: 0.1), (s, t, x, g) =>
        {
            double sign = Math.Sign((0.9 * s[0]) + (0.1 * g));
            s[0] = (0.99 * s[0]) + (0.01 * g);
            return x - (0.01 * (sign + (0.1 * x)));
        }),
    ];

    [Test]
    public void An_optimizer_follows_its_published_update([ValueSource(nameof(All))] Published optimizer, [Values(DType.Float32, DType.Float64)] DType dtype)
    {
        (double[] actual, long steps) = Train(optimizer.Make(), dtype, Steps);
        // In float64 both sides compute the same numbers up to the order of a few roundings.
        Assert.That(actual, Is.EqualTo(Reference(optimizer, Steps)).Within(dtype == DType.Float32 ? Float32Tolerance : 1e-13));
        Assert.That(steps, Is.EqualTo(Steps));
    }

    [Test]
    public void The_update_of_other_dtypes_and_layouts_is_the_same([ValueSource(nameof(All))] Published optimizer)
    {
        // bfloat16 keeps 8 bits: its steps round by 2⁻⁹ of numbers up to 3, and a handful of them stay within a few such roundings.
        Assert.That(Train(optimizer.Make(), DType.BFloat16, 5).Values, Is.EqualTo(Reference(optimizer, 5)).Within(0.06));
    }

    [Test]
    public void The_update_of_groups_that_a_GPU_runs_is_the_published_one([ValueSource(nameof(All))] Published optimizer, [Values(DType.Float32, DType.Float64)] DType dtype)
    {
        using var groups = new GroupsOnly();
        // In float64 both sides compute the same numbers up to the order of a few roundings.
        Assert.That(Train(optimizer.Make(), dtype, Steps).Values, Is.EqualTo(Reference(optimizer, Steps)).Within(dtype == DType.Float32 ? Float32Tolerance : 1e-13));
    }

    [Test]
    public void Groups_of_any_dtypes_shapes_and_settings_are_updated_as_single_variables_are([ValueSource(nameof(All))] Published optimizer)
    {
        // 30 steps of float32, which round by 6e-8 of numbers up to 3, twice.
        double[][] grouped;
        using (new GroupsOnly()) grouped = TrainMany(optimizer);
        double[][] single = TrainMany(optimizer);
        for (int i = 0; i < single.Length; i++) Assert.That(grouped[i], Is.EqualTo(single[i]).Within(30 * 3 * 1.2e-7), $"variable {i}");
    }

    [Test]
    public void A_traced_step_gives_the_same_bits([ValueSource(nameof(All))] Published optimizer)
    {
        double[] eager = Train(optimizer.Make(), DType.Float32, 10).Values, traced = Train(optimizer.Make(), DType.Float32, 10, traced: true).Values;
        Assert.That(traced, Is.EqualTo(eager));
    }

    [Test]
    public void A_training_that_is_resumed_gives_the_same_bits([ValueSource(nameof(All))] Published optimizer)
    {
        using var folder = new TempFolder();
        string path = folder.File("state.safetensors");
        double[] straight = Train(optimizer.Make(), DType.Float32, 12).Values;

        Optimizer first = optimizer.Make(), second = optimizer.Make();
        Variable x = StartAt(DType.Float32), y = new(Tensor.Zeros([Start.Length]), name: "x");
        for (int i = 0; i < 5; i++) first.Minimize(() => Bowl(x), [x]);
        new Checkpoint().Add("optimizer", first).Add(StateEntry.Variable(x)).Save(path, 5);
        second.Build([y]);
        new Checkpoint().Add("optimizer", second).Add(StateEntry.Variable(y)).Restore(path);
        for (int i = 5; i < 12; i++) second.Minimize(() => Bowl(y), [y]);

        Assert.That(y.Cast(DType.Float64).ToArray<double>(), Is.EqualTo(straight));
    }

    [Test]
    public void A_centered_rms_stays_finite_where_rounding_puts_the_square_below_the_mean()
    {
        var x = new Variable(Tensor.From(1f, 3, 0.7f), name: "x");
        var rms = new RmsProp(rho: 0.5, centered: true);
        for (int i = 0; i < 200; i++) rms.Apply([Tensor.From(0.1f, 0.3f, 0.7f)], [x]);
        Assert.That(x.IsFinite().ToArray<bool>(), Is.All.True);
    }

    // Rounding would keep it at a few times 1e-45 for ever, where every step takes several times as long.
    [Test]
    public void A_mean_that_no_gradient_feeds_ends_at_zero_and_other_numbers_stay_tiny()
    {
        var x = new Variable(Tensor.Ones([11]), name: "x");
        var adam = new Adam();
        Tensor none = Tensor.Zeros([11]);
        adam.Apply([Tensor.Ones([11])], [x]);
        for (int i = 0; i < 1000; i++) adam.Apply([none], [x]);
        Assert.That(adam.Slot(x, "m").ToArray<float>(), Is.All.Zero);
        Assert.That((Tensor.From(1e-30f) * 1e-10f).Item(), Is.GreaterThan(0));
    }

    [Test]
    public void Without_an_epsilon_the_smallest_gradients_still_move_a_variable()
    {
        var x = new Variable(Tensor.From(0f, 0), name: "x");
        new Adam(0.5, epsilon: 0).Apply([Tensor.From(1e-18f, -1e-18f)], [x]);
        // The square of 1e-18 times 1 − β₂, 1e-39, has 19 of its 24 bits left.
        Assert.That(x.ToArray<float>(), Is.EqualTo(new[] { -0.5f, 0.5f }).Within(1e-3));
    }

    [Test]
    public void Ftrl_puts_weights_of_little_use_to_zero_and_refuses_a_rate_of_zero()
    {
        var x = new Variable(Tensor.From(0f, 0), name: "x");
        var ftrl = new Ftrl(0.1, initialAccumulator: 0, l1: 1);
        for (int i = 0; i < 5; i++) ftrl.Apply([Tensor.From(0.1f, 0)], [x]);
        Assert.That(x.ToArray<float>(), Is.All.Zero);
        ftrl.LearningRate = 0;
        Assert.That(() => ftrl.Apply([Tensor.From(1f, 1)], [x]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("rate is 0"));
        Assert.That(ftrl.Step, Is.EqualTo(5));
    }

    [Test]
    public void Groups_have_settings_of_their_own_and_one_step_updates_all()
    {
        foreach (bool traced in new[] { false, true })
        {
            Variable a = new(Tensor.From(1f), name: "a"), b = new(Tensor.From(1f), name: "b"), c = new(Tensor.From(1f), name: "c");
            var sgd = new Sgd(0.5) { Decays = v => v != c };
            var group = new Sgd(0.25, weightDecay: 2);
            sgd.AddGroup(group, [b, c]);
            Tensor Step(Tensor g)
            {
                sgd.Apply([g, g, g], [a, b, c]);
                return g;
            }

            using TracedFunction replayed = Function.Trace(Step);
            Tensor one = Tensor.From(1f);
            for (int i = 0; i < 2; i++) _ = traced ? replayed.Call(one) : Step(one);
            Assert.That(a.Item(), Is.EqualTo(0));
            Assert.That(b.Item(), Is.EqualTo(1 - (0.25 * 3) - (0.25 * (1 + (2 * 0.25)))));
            Assert.That(c.Item(), Is.EqualTo(0.5), "the optimizer's exclusion holds for its groups");
            group.LearningRate = 0;
            _ = traced ? replayed.Call(one) : Step(one);
            Assert.That(a.Item(), Is.EqualTo(-0.5));
            Assert.That(c.Item(), Is.EqualTo(0.5));
            Assert.That(sgd.Step, Is.EqualTo(3));
        }
    }

    [Test]
    public void A_group_of_another_kind_or_too_late_is_refused()
    {
        Variable x = new(Tensor.From(1f), name: "x"), y = new(Tensor.From(1f), name: "y");
        var sgd = new Sgd(1);
        sgd.AddGroup(new Sgd(2), [y]);
        sgd.Apply([Tensor.From(1f)], [x]);
        Assert.Multiple(() =>
        {
            Assert.That(() => sgd.AddGroup(new Adam(), [y]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("Adam"));
            Assert.That(() => sgd.AddGroup(new Sgd(1, 0.9), [y]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("Momentum"));
            Assert.That(() => new Adam().AddGroup(new AdamW(), [y]), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => sgd.AddGroup(sgd, [y]), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => sgd.AddGroup(new Sgd(1), [x]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'x'"));
            Assert.That(() => sgd.AddGroup(new Sgd(1), [y]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'y'"));
        });
    }

    [Test]
    public void Gradients_are_clipped_by_value_by_norm_and_by_the_norm_of_all()
    {
        Tensor a = Tensor.From(3.0, -4), b = Tensor.From(12.0, 0);
        static double[][] Values(Tensor[] tensors) => [.. tensors.Select(t => t.ToArray<double>())];
        // float64 factors of these small integers are exact or one rounding away.
        Assert.That(Values(GradientClipping.ByValue(3.5).Clip([a, b])), Is.EqualTo(new double[][] { [3, -3.5], [3.5, 0] }));
        Assert.That(Values(GradientClipping.ByNorm(6).Clip([a, b])), Is.EqualTo(new double[][] { [3, -4], [6, 0] }).Within(1e-15));
        Assert.That(Values(GradientClipping.ByGlobalNorm(6.5).Clip([a, b])), Is.EqualTo(new double[][] { [1.5, -2], [6, 0] }).Within(1e-15));
        Assert.That(Values(GradientClipping.ByGlobalNorm(13).Clip([a, b])), Is.EqualTo(new double[][] { [3, -4], [12, 0] }).Within(1e-15));
        Assert.That(GradientClipping.GlobalNorm([a, b]).Item(), Is.EqualTo(13));
        Assert.That(Values(GradientClipping.ByNorm(1).Clip([Tensor.From(0.0, 0)])), Is.EqualTo(new double[][] { [0, 0] }), "no division by a norm of 0");
        Assert.That(() => GradientClipping.ByNorm(0), Throws.TypeOf<InvalidArgumentException>());
    }

    [Test]
    public void An_optimizer_clips_before_its_step_and_leaves_no_temporaries()
    {
        var x = new Variable(Tensor.From(0.0, 0), name: "x");
        var sgd = new Sgd(1) { Clipping = GradientClipping.ByNorm(1) };
        Tensor g = Tensor.From(3.0, -4);
        using (var wrappers = new WrapperCount())
        {
            sgd.Apply([g], [x]);
            Assert.That(wrappers.Beside(g, x), Is.Zero);
        }
        Assert.That(x.ToArray<double>(), Is.EqualTo(new[] { -0.6, 0.8 }).Within(1e-15));
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
        Variable x = new(Tensor.From(3f), name: "x"), globalStep = new(Tensor.From(0L), trainable: false);
        var adam = new Adam(0.1);
        double first = adam.Minimize(() => x * x, [x], globalStep).Item(), second = adam.Minimize(() => x * x, [x], globalStep).Item();
        Assert.That(second, Is.LessThan(first));
        Assert.That(adam.Step, Is.EqualTo(2));
        Assert.That(globalStep.Item<long>(), Is.EqualTo(2));
    }

    [Test]
    public void Gradients_can_be_computed_and_applied_apart()
    {
        Variable x = new(Tensor.From(3.0), name: "x"), unused = new(Tensor.From(1.0), name: "unused");
        (Tensor loss, Tensor?[] gradients) = Optimizer.ComputeGradients(() => x * x, [x, unused]);
        Assert.That(loss.Item(), Is.EqualTo(9));
        Assert.That(gradients[0]!.Item(), Is.EqualTo(6));
        Assert.That(gradients[1], Is.Null);
        new Sgd(0.5).Apply([gradients[0]! / 2.0, null], [x, unused]);
        Assert.That(x.Item(), Is.EqualTo(1.5));
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

    [Test]
    public void Settings_out_of_range_are_refused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => new Sgd(-1), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new Sgd(0.1, momentum: 1), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new Sgd(0.1, nesterov: true), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new Sgd(0.1, 0.9, nesterov: true, dampening: 0.1), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new Adam(beta1: 1), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("β₁"));
            Assert.That(() => new AdamW(weightDecay: double.NaN), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new Adagrad(initialAccumulator: -1), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new Ftrl(learningRatePower: 0.5), Throws.TypeOf<InvalidArgumentException>());
        });
    }

    private static double AdamMove(double[] s, int t, double g)
    {
        s[0] = (0.9 * s[0]) + (0.1 * g);
        s[1] = (0.999 * s[1]) + (0.001 * g * g);
        return 0.05 * (s[0] / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(s[1] / (1 - Math.Pow(0.999, t))) + 1e-8);
    }

    private static double FtrlStep(double[] s, int t, double x, double g, double power, double l1, double l2, double shrinkage, double beta)
    {
        if (t == 1) s[0] = 0.1;
        double sum = s[0] + (g * g), scale = Math.Pow(sum, power);
        s[1] += g + (2 * shrinkage * x) - ((scale - Math.Pow(s[0], power)) / 0.1 * x);
        s[0] = sum;
        return (Math.Clamp(s[1], -l1, l1) - s[1]) / (((scale + beta) / 0.1) + (2 * l2));
    }

    // f(x) = Σ(xᵢ² + sin xᵢ), whose slope is 2x + cos x.
    private static Tensor Bowl(Variable x) => (x.Square() + x.Sin()).Sum();

    private static Variable StartAt(DType dtype) => new(Tensor.From(Start).Cast(dtype), name: "x");

    private static double[] Reference(Published optimizer, int steps)
    {
        double[] x = [.. Start];
        for (int i = 0; i < x.Length; i++)
        {
            double[] slots = new double[3];
            for (int t = 1; t <= steps; t++) x[i] = optimizer.Update(slots, t, x[i], (2 * x[i]) + Math.Cos(x[i]));
        }
        return x;
    }

    // Variables of two dtypes, several shapes (one without elements) and two groups of settings, each with gradients of its own.
    private static double[][] TrainMany(Published optimizer)
    {
        Variable[] variables =
        [
            new(Tensor.From(Start).Cast(DType.Float32), name: "a"), new(Tensor.From(Start).Reshape([5, 1]), name: "b"), new(Tensor.From(0.25f), name: "c"),
            new(Tensor.Zeros([0, 3]), name: "d"), new(Tensor.From(Start).Cast(DType.Float32).Reshape([1, 5]), name: "e"),
        ];
        Optimizer all = optimizer.Make(), apart = optimizer.Make();
        apart.LearningRate *= 0.5;
        all.AddGroup(apart, [variables[4]]);
        for (int i = 0; i < 30; i++) all.Minimize(() => variables.Aggregate(Tensor.From(0.0), static (sum, x) => sum + Bowl(x).Cast(DType.Float64)), variables);
        return [.. variables.Select(static x => x.Cast(DType.Float64).Flatten().ToArray<double>())];
    }

    private sealed class GroupsOnly : IDisposable
    {
        internal GroupsOnly() => Native.eager_update_groups_only(1);

        public void Dispose() => Native.eager_update_groups_only(0);
    }

    private static (double[] Values, long Steps) Train(Optimizer optimizer, DType dtype, int steps, bool traced = false)
    {
        Variable x = StartAt(dtype);
        Tensor unused = Tensor.From(0f);
        using TracedFunction step = Function.Trace(_ => optimizer.Minimize(() => Bowl(x), [x]));
        for (int t = 1; t <= steps; t++) _ = traced ? step.Call(unused) : optimizer.Minimize(() => Bowl(x), [x]);
        return (x.Cast(DType.Float64).ToArray<double>(), optimizer.Step);
    }
}
