using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Autograd;

/// <summary>Gradients that the caller gives: custom functions, host functions, overrides, hooks.</summary>
[Parallelizable(ParallelScope.All)]
public class CustomGradientTests
{
    private static readonly Func<Tensor, Tensor> Softplus = Function.CustomGradient(static (Tensor x) => ((x.Exp() + 1).Log(), g => g * x.Sigmoid()));

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    [Test]
    public void A_custom_gradient_holds_instead_of_the_chain_rule()
    {
        Tensor gradient = Function.Grad(Softplus)(Tensor.From(1000.0)), doubled = Function.Grad(static x => Softplus(x * 2))(Tensor.From(0.3));

        Assert.That(gradient.Item(), Is.EqualTo(1), "the chain rule gives ∞/∞");
        Assert.That(doubled.Item(), Is.EqualTo(2 * Sigmoid(0.6)).Within(1e-15));
    }

    [Test]
    public void A_custom_gradient_is_differentiated_again()
    {
        double s = Sigmoid(0.3);

        Assert.That(Function.Grad(Function.Grad(Softplus))(Tensor.From(0.3)).Item(), Is.EqualTo(s * (1 - s)).Within(1e-15));
        Assert.That(Function.Jvp(Softplus, Tensor.From(0.3), Tensor.From(2.0)).Tangent.Item(), Is.EqualTo(2 * s).Within(1e-15));
    }

    [Test]
    public void A_custom_gradient_may_name_any_number_of_inputs()
    {
        // Not the true gradients, so that it shows whose hold.
        Func<Tensor[], Tensor> product = Function.CustomGradient(static (Tensor[] x) => (x[0] * x[1], g => [g * 10, g * 100]));

        Tensor[] gradients = Function.Grad((Tensor[] x) => product(x).Sum())([Tensor.From(1.0, 2), Tensor.From(3.0, 4)]);

        Assert.That(gradients[0].ToArray<double>(), Is.EqualTo((double[])[10, 10]));
        Assert.That(gradients[1].ToArray<double>(), Is.EqualTo((double[])[100, 100]));
    }

    [Test]
    public void A_custom_gradient_holds_inside_and_around_a_map()
    {
        Tensor x = Tensor.From(0.3, 1000, -2);
        double[] expected = [Sigmoid(0.3), 1, Sigmoid(-2)];

        Assert.That(Function.Vmap(Function.Grad(Softplus))(x).ToArray<double>(), Is.EqualTo(expected).Within(1e-15));
        Assert.That(Function.Grad(x => Function.Vmap(Softplus)(x).Sum())(x).ToArray<double>(), Is.EqualTo(expected).Within(1e-15));
    }

    [Test]
    public void A_custom_gradient_that_does_not_fit_is_refused()
    {
        Func<Tensor[], Tensor> tooFew = Function.CustomGradient(static (Tensor[] x) => (x[0] * x[1], g => [g]));
        Func<Tensor, Tensor> wrongShape = Function.CustomGradient(static (Tensor x) => (x * 2, g => g.Sum()));
        Tensor a = Tensor.From(1.0, 2);

        Assert.That(Assert.Throws<GradientException>(() => Function.Grad((Tensor[] x) => tooFew(x).Sum())([a, a]))!.Message, Does.Contain("1 gradients").And.Contain("2 inputs"));
        Assert.That(Assert.Throws<GradientException>(() => Function.Grad(x => wrongShape(x).Sum())(a))!.Message, Does.Contain("[]").And.Contain("[2]"));
        Assert.That(ThreadContext.Current.Observer, Is.Null);
    }

    [Test]
    public void A_function_that_returns_its_input_is_an_operation_all_the_same()
    {
        Func<Tensor, Tensor> straight = Function.CustomGradient(static (Tensor x) => (x, g => g * 3));

        Assert.That(Function.Grad(x => straight(x) * x)(Tensor.From(2.0)).Item(), Is.EqualTo(2 * 3 + 2));
    }

    [Test]
    public void A_host_function_reads_values_and_has_a_gradient_of_its_own()
    {
        Func<Tensor[], Tensor> cube = Function.Host(static x => Tensor.From(Array.ConvertAll(x[0].ToArray<double>(), static v => v * v * v)), static (x, _, g) => [g * x[0].Square() * 3]);
        Func<Tensor, Tensor> sum = x => cube([x]).Sum();
        Tensor x = Tensor.From(1.0, 2);

        Assert.That(cube([x]).ToArray<double>(), Is.EqualTo((double[])[1, 8]));
        Assert.That(Function.Grad(sum)(x).ToArray<double>(), Is.EqualTo((double[])[3, 12]));
        Assert.That(Function.Hvp(sum, x, Tensor.OnesLike(x)).ToArray<double>(), Is.EqualTo((double[])[6, 12]));
        Assert.That(Function.Vmap(row => cube([row]))(Tensor.From([1.0, 2, 3, 4], [2, 2])).ToArray<double>(), Is.EqualTo((double[])[1, 8, 27, 64]));
    }

    [Test]
    public void A_host_function_without_a_gradient_is_refused_by_name()
    {
        Func<Tensor[], Tensor> opaque = Function.Host(static x => Tensor.From(x[0].ToArray<double>()[0]), name: "first");
        Tensor x = Tensor.From(1.0, 2);

        Assert.That(opaque([x]).Item(), Is.EqualTo(1));
        Assert.That(Assert.Throws<GradientException>(() => Function.Grad(x => opaque([x]))(x))!.Message, Does.Contain("'first'").And.Contain("StopGradient"));
        Assert.Throws<InvalidArgumentException>(() => opaque([x, x, x, x, x, x, x, x, x]));
    }

    [Test]
    public void A_replay_calls_the_host_functions_of_its_trace()
    {
        int calls = 0;
        Func<Tensor[], Tensor> scale = Function.Host(x =>
        {
            calls++;
            return Tensor.From(Array.ConvertAll(x[0].ToArray<double>(), v => v * calls)).Exp().Log();  // kernels of its own, which are not recorded
        });
        using TracedFunction traced = Function.Trace(x => scale([x + 1]) * 10);

        double[] runs = [.. Enumerable.Range(0, 3).Select(i => traced.Call(Tensor.From((double)i, 0))[0].Item())];

        Assert.That(calls, Is.EqualTo(3));
        Assert.That(runs, Is.EqualTo((double[])[10, 40, 90]).Within(1e-13).Percent, "(i + 1)·calls·10");
        Assert.That(traced.TraceCount, Is.EqualTo(1));
    }

    [Test]
    public void A_traced_gradient_goes_through_host_functions()
    {
        // The documents' relu, with another host function for its gradient.
        Func<Tensor[], Tensor> slope = Function.Host(static x => Tensor.From(Array.ConvertAll(x[0].ToArray<double>(), static v => v > 0 ? 1.0 : 0)));
        Func<Tensor[], Tensor> relu = Function.Host(static x => Tensor.From(Array.ConvertAll(x[0].ToArray<double>(), static v => Math.Max(v, 0))), (x, _, g) => [g * slope([x[0]])]);
        using TracedFunction traced = Function.Trace(x => Function.Grad(x => (relu([x]) * x).Sum())(x));

        foreach (double[] at in (double[][])[[1, -2, 3], [-1, 5, -0.5], [4, 4, -4]])
            Assert.That(traced.Call(Tensor.From(at)).ToArray<double>(), Is.EqualTo(at.Select(static v => v > 0 ? 2 * v : 0)));
        Assert.That(traced.TraceCount, Is.EqualTo(1));
        Assert.That(traced.Graph.Operations.Select(static o => o.Type), Has.Exactly(2).EqualTo("HostFunction"));
    }

    [Test]
    public void What_a_host_function_throws_in_a_replay_arrives_and_the_next_replay_runs()
    {
        bool fails = false;
        Func<Tensor[], Tensor> host = Function.Host(x => fails ? throw new InvalidOperationException("on purpose") : x[0].Clone(), name: "fragile");
        using TracedFunction traced = Function.Trace(x => host([x]) + 1);
        Tensor one = Tensor.From(1.0);
        _ = traced.Call(one);

        fails = true;
        Assert.That(() => traced.Call(one), Throws.TypeOf<InvalidOperationException>().With.Message.EqualTo("on purpose"));
        Assert.That(() => Function.Trace(x => host([x])).Call(one), Throws.TypeOf<InvalidOperationException>().With.Message.EqualTo("on purpose"));
        fails = false;
        Assert.That(traced.Call(one).Item(), Is.EqualTo(2));
    }

    [Test]
    public void A_host_function_keeps_shape_and_dtype_over_replays()
    {
        int size = 2;
        Func<Tensor[], Tensor> host = Function.Host(x => Tensor.Ones([size]), name: "growing");
        using TracedFunction traced = Function.Trace(x => host([x]));
        _ = traced.Call(Tensor.From(1f));
        size = 3;

        Assert.That(() => traced.Call(Tensor.From(1f)), Throws.TypeOf<TracingException>().With.Message.Contains("'growing'").And.Message.Contains("[3]").And.Message.Contains("[2]"));
    }

    [Test]
    public void Host_functions_outlive_collections_between_replays()
    {
        using TracedFunction traced = Function.Trace(static x => Function.Host(static x => Tensor.From(x[0].Item() * 2))([x]));
        for (int i = 0; i < 4; i++)
        {
            Assert.That(traced.Call(Tensor.From((double)i)).Item(), Is.EqualTo(2 * i));
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    [Test]
    public void An_override_holds_for_what_runs_within_it()
    {
        Tensor x = Tensor.From(1.4);
        using var tape = new GradientTape(persistent: true);
        tape.Watch(x);
        Tensor through, above;
        using (GradientOverride.For("Round", static run => [run.OutputGradients[0]]))
        {
            through = x.Round() * x;
            using (GradientOverride.For("Round", static run => [run.OutputGradients[0]! * 10])) above = x.Round() * x;
        }
        Tensor plain = x.Round() * x;

        Assert.That(tape.Gradient(through, x)!.Item(), Is.EqualTo(1.4 + 1));
        Assert.That(tape.Gradient(above, x)!.Item(), Is.EqualTo(14 + 1));
        Assert.That(tape.Gradient(plain, x)!.Item(), Is.EqualTo(1));
    }

    [Test]
    public void An_override_sees_inputs_and_outputs_and_is_summed_over_broadcast_axes()
    {
        Tensor a = Tensor.From(2.0), b = Tensor.From(3.0, 4);
        using var scope = GradientOverride.For("Multiply", static run => [run.OutputGradients[0]! * run.Outputs[0], run.OutputGradients[0]! * run.Inputs[0]]);
        using var tape = new GradientTape();
        tape.Watch(a, b);

        Tensor?[] gradients = tape.Gradient(a * b, [a, b]);

        Assert.That(gradients[0]!.Item(), Is.EqualTo(6 + 8));
        Assert.That(gradients[1]!.ToArray<double>(), Is.EqualTo((double[])[2, 2]));
    }

    [Test]
    public void An_override_holds_in_forward_mode()
    {
        using var scope = GradientOverride.For("Round", static run => [run.OutputGradients[0]! * 5]);

        Assert.That(Function.Jvp(static x => x.Round(), Tensor.From(1.4), Tensor.From(2.0)).Tangent.Item(), Is.EqualTo(10));
    }

    [Test]
    public void An_override_of_no_operation_or_out_of_order_is_refused()
    {
        Assert.That(Assert.Throws<InvalidArgumentException>(() => GradientOverride.For("Rellu", static _ => []))!.Message, Does.Contain("'Rellu'"));
        using GradientOverride first = GradientOverride.For("Relu", static _ => []);
        using (GradientOverride.For("Exp", static _ => [])) Assert.Throws<InvalidArgumentException>(() => first.Dispose());
    }

    [Test]
    public void A_hook_sees_and_changes_the_complete_gradient()
    {
        Tensor x = Tensor.From(3.0);
        double seen = 0;
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor y = x * 2, z = y * y + y;
        tape.Hook(y, g => { seen = g.Item(); return g * 100; });
        tape.Hook(y, static _ => null);

        Tensor?[] gradients = tape.Gradient(z, [y, x]);

        Assert.That(seen, Is.EqualTo(13), "2y + 1, the sum over both uses");
        Assert.That(gradients.Select(static g => g!.Item()), Is.EqualTo((double[])[1300, 2600]));
    }

    [Test]
    public void A_hook_on_a_variable_changes_what_the_caller_gets()
    {
        var w = new Variable(Tensor.From(2.0, -7));
        using var tape = new GradientTape();
        tape.Hook(w, static g => g.Clip(-5, 5));

        Assert.That(tape.Gradient((w * w).Sum(), w)!.ToArray<double>(), Is.EqualTo((double[])[4, -5]));
    }

    [Test]
    public void A_hook_that_changes_the_shape_or_hangs_on_nothing_is_refused()
    {
        Tensor x = Tensor.From(3.0, 4);
        using var tape = new GradientTape();
        tape.Watch(x);
        tape.Hook(x, static g => g.Sum());

        Assert.That(Assert.Throws<GradientException>(() => tape.Hook(Tensor.From(1.0), static g => g))!.Message, Does.Contain("does not follow"));
        Assert.That(Assert.Throws<GradientException>(() => tape.Gradient(x * x, x))!.Message, Does.Contain("Hook").And.Contain("[2]"));
    }

    [Test]
    public void Accumulated_gradients_are_those_of_the_whole()
    {
        Tensor whole = Tensor.From([1.0, 2, 3, 4], [4]), w = Tensor.From(0.5);
        Func<Tensor, Tensor, Tensor> loss = static (x, w) => (x * w).Square().Mean();
        using var accumulator = new GradientAccumulator();
        for (int part = 0; part < 2; part++)
        {
            using var scope = new TensorScope();
            Tensor x = whole.Narrow(0, part * 2, 2);
            accumulator.Add([Function.Grad(w => loss(x, w))(w), null]);
        }

        Assert.That(accumulator.Count, Is.EqualTo(2));
        Assert.That(accumulator.Mean()[0]!.Item(), Is.EqualTo(Function.Grad(w => loss(whole, w))(w).Item()).Within(1e-14));
        Assert.That(accumulator.Sum()[1], Is.Null);
        Assert.Throws<InvalidArgumentException>(() => accumulator.Add([null]));
        Assert.Throws<ShapeMismatchException>(() => accumulator.Add([Tensor.From(1.0, 2), null]));
        accumulator.Reset();
        Assert.Throws<InvalidArgumentException>(() => accumulator.Mean());
    }
}
