using Eager.Autograd;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training;

/// <summary>L-BFGS against PyTorch's, and where minima are known.</summary>
public sealed class LbfgsTests
{
    // torch.optim.LBFGS([x, y], max_iter=4, history_size=3, line_search_fn='strong_wolfe') of PyTorch 1.13 on the loss below in float64:
    // x[0], x[1] and y after each of eight steps.
    private static readonly double[][] PyTorch =
    [
        [-1.0288549805812734, 1.0649283617556515, 0.6983198540873118],
        [-0.9233241195123327, 0.8099230444673189, 0.6188565633857844],
        [-0.4803257762716163, 0.2017450102049628, 0.3879587133865895],
        [-0.05069725000606282, -0.035177340420381856, 0.170388929236193],
        [0.21972344018179152, 0.04941301829519655, -0.003076560887923546],
        [0.43069758310543926, 0.18745776138766904, -0.1455911895383746],
        [0.5417740948959632, 0.2910983542131815, -0.20096214281930422],
        [0.859572142294455, 0.7384103379525977, 0.3134236950987963],
    ];

    [Test]
    public void Steps_are_those_of_PyTorch()
    {
        (Variable x, Variable y) = Start();
        var lbfgs = new Lbfgs(maxIterations: 4, historySize: 3);
        foreach (double[] expected in PyTorch)
        {
            lbfgs.Minimize(() => Valley(x, y), [x, y]);
            // Sums in another order differ by 1e-16; the valley's curvature of about a thousand in up to 27 steps takes that to 1e-9 at most.
            Assert.That((double[])[.. x.ToArray<double>(), y.Item()], Is.EqualTo(expected).Within(1e-9));
        }
        Assert.That(lbfgs.Iterations, Is.EqualTo(27));
    }

    // A step ends when the loss gains less than 1e-9, or in float32 no more than its rounding of some 1e-7; along the valley's floor, whose curvature
    // is 0.4, such losses are within √(2·1e-9/0.4) = 7e-5 and 7e-4 of the minimum, and x[1] = x[0]² twice as far.
    [TestCase(DType.Float64, 1.5e-4)]
    [TestCase(DType.Float32, 1.5e-3)]
    public void The_minimum_of_Rosenbrocks_valley_is_found(DType dtype, double tolerance)
    {
        var x = new Variable(Tensor.From(-1.2, 1).Cast(dtype), name: "x");
        var lbfgs = new Lbfgs(maxIterations: 200);
        double before = lbfgs.Minimize(() => Rosenbrock(x), [x]).Item();
        Assert.That(before, Is.EqualTo(24.2).Within(1e-5));
        Assert.That(x.Cast(DType.Float64).ToArray<double>(), Is.EqualTo(new[] { 1.0, 1 }).Within(tolerance));
    }

    [Test]
    public void A_quadratic_of_a_few_variables_takes_a_few_directions()
    {
        var x = new Variable(Tensor.From(3.0, -2, 5), name: "x");
        Tensor scale = Tensor.From(1.0, 10, 0.1), middle = Tensor.From(1.0, 2, 3);
        var lbfgs = new Lbfgs(maxIterations: 100);
        lbfgs.Minimize(() => (scale * (x - middle).Square()).Sum(), [x]);
        Assert.That(x.ToArray<double>(), Is.EqualTo(new[] { 1.0, 2, 3 }).Within(1e-6));
        Assert.That(lbfgs.Iterations, Is.LessThan(20));
    }

    [Test]
    public void At_a_minimum_nothing_moves_and_no_direction_is_followed()
    {
        Variable x = new(Tensor.From(0.0), name: "x"), step = new(Tensor.From(0L), trainable: false);
        var lbfgs = new Lbfgs();
        lbfgs.Minimize(() => x.Square(), [x], step);
        Assert.That(x.Item(), Is.Zero);
        Assert.That(lbfgs.Iterations, Is.Zero);
        Assert.That(step.Item<long>(), Is.EqualTo(1));
    }

    [Test]
    public void A_loss_that_is_not_a_number_further_along_is_too_far()
    {
        // log x has no value left of 0, where the first tries land.
        var x = new Variable(Tensor.From(5.0), name: "x");
        var lbfgs = new Lbfgs(learningRate: 20, maxIterations: 50);
        lbfgs.Minimize(() => x - x.Log(), [x]);
        Assert.That(x.Item(), Is.EqualTo(1).Within(1e-5));
    }

    [Test]
    public void A_loss_that_is_not_a_number_to_begin_with_changes_nothing()
    {
        var x = new Variable(Tensor.From(-1.0), name: "x");
        Assert.That(() => new Lbfgs().Minimize(() => x.Log(), [x]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("not"));
        Assert.That(x.Item(), Is.EqualTo(-1));
    }

    [Test]
    public void An_error_in_the_loss_leaves_the_variables_at_the_last_good_place()
    {
        var x = new Variable(Tensor.From(2.0), name: "x");
        int calls = 0;
        Assert.That(() => new Lbfgs().Minimize(() => ++calls == 2 ? throw new InvalidOperationException("stop") : x.Square(), [x]), Throws.TypeOf<InvalidOperationException>());
        Assert.That(x.Item(), Is.EqualTo(2));
    }

    [Test]
    public void A_training_that_is_resumed_gives_the_same_bits()
    {
        using var folder = new TempFolder();
        string path = folder.File("lbfgs.safetensors");
        (Variable x, Variable y) = Start();
        var straight = new Lbfgs(maxIterations: 3, historySize: 4);
        for (int i = 0; i < 3; i++)
        {
            if (i == 2) new Checkpoint().Add("lbfgs", straight).Add(StateEntry.Variable(x), StateEntry.Variable(y)).Save(path, i);
            straight.Minimize(() => Valley(x, y), [x, y]);
        }

        (Variable u, Variable v) = Start();
        var resumed = new Lbfgs(maxIterations: 3, historySize: 4);
        resumed.Build([u, v]);
        new Checkpoint().Add("lbfgs", resumed).Add(StateEntry.Variable(u), StateEntry.Variable(v)).Restore(path);
        resumed.Minimize(() => Valley(u, v), [u, v]);

        Assert.That((double[])[.. u.ToArray<double>(), v.Item()], Is.EqualTo((double[])[.. x.ToArray<double>(), y.Item()]));
        Assert.That(resumed.Iterations, Is.EqualTo(straight.Iterations));
    }

    [Test]
    public void A_step_leaves_no_tensors_but_the_loss()
    {
        (Variable x, Variable y) = Start();
        var lbfgs = new Lbfgs(maxIterations: 6, historySize: 2);
        using var wrappers = new WrapperCount();
        // A loss that makes one tensor only, so that what is left is the optimizer's.
        Tensor loss = lbfgs.Minimize(() => x.Norm(), [x, y]);
        Assert.That(wrappers.Beside(loss), Is.Zero);
    }

    [Test]
    public void Bad_arguments_are_refused()
    {
        (Variable x, Variable y) = Start();
        var lbfgs = new Lbfgs();
        lbfgs.Build([x]);
        Assert.Multiple(() =>
        {
            Assert.That(() => new Lbfgs(0), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new Lbfgs(historySize: 0), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => lbfgs.Build([y]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("not the 1 of before"));
            Assert.That(() => new Lbfgs().Build([]), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new Lbfgs().Build([x, new Variable(Tensor.From(1f), name: "z")]), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("'z' is float32"));
        });
    }

    private static (Variable X, Variable Y) Start() => (new(Tensor.From(-1.2, 1), name: "x"), new(Tensor.From([0.7], [1]), name: "y"));

    private static Tensor Rosenbrock(Variable x) => (100 * (x[1] - x[0].Square()).Square()) + (1 - x[0]).Square();

    private static Tensor Valley(Variable x, Variable y) => Rosenbrock(x) + (y[0] - x[1]).Square().Square() + y[0].Cosh();
}
