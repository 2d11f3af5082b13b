using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Autograd;

/// <summary>Functions of which a tape keeps little: their gradients are those of the function itself, to the bit.</summary>
[Parallelizable(ParallelScope.All)]
public class RecomputeTests
{
    private static readonly Tensor W = Tensor.RandomNormal([6, 6], stddev: 0.4, dtype: DType.Float64, generator: new(1));
    private static readonly Tensor X = Tensor.RandomNormal([4, 6], dtype: DType.Float64, generator: new(2));

    private static readonly RecomputePolicy[] Policies = [RecomputePolicy.KeepInputs, RecomputePolicy.KeepProducts, RecomputePolicy.Keep(static name => name is "Tanh" or "Exp")];

    // Keeps a tensor of the input's size for each of its operations.
    private static Tensor Block(Tensor x) => ((x.MatMul(W).Tanh() * x).Exp() + 1).Log().MatMul(W).Sigmoid();

    [TestCaseSource(nameof(Policies))]
    public void Gradients_are_those_of_the_function(RecomputePolicy policy)
    {
        Func<Tensor, Tensor> recomputed = Function.Recompute(Block, policy);

        Assert.That(Function.Grad(x => recomputed(x).Sum())(X).ToArray<double>(), Is.EqualTo(Function.Grad(x => Block(x).Sum())(X).ToArray<double>()));
        Assert.That(Function.Grad(x => recomputed(recomputed(x)).Sum())(X).ToArray<double>(), Is.EqualTo(Function.Grad(x => Block(Block(x)).Sum())(X).ToArray<double>()));
    }

    [Test]
    public void A_tape_keeps_the_inputs_alone()
    {
        long whole = Bytes(Block), products = Bytes(Function.Recompute(Block, RecomputePolicy.KeepProducts)), inputs = Bytes(Function.Recompute(Block));
        long input = X.ByteCount, weight = W.ByteCount;

        Assert.That(inputs, Is.EqualTo(input + weight + sizeof(double)), "the input, the captured weight and the captured 1");
        Assert.That(products, Is.EqualTo(inputs + 2 * input), "and two products");
        Assert.That(whole, Is.GreaterThan(products));

        static long Bytes(Func<Tensor, Tensor> function)
        {
            using var tape = new GradientTape();
            tape.Watch(X);
            _ = function(X);
            return tape.Residuals().Sum(static r => r.Bytes);
        }
    }

    [Test]
    public void A_policy_decides_what_runs_twice()
    {
        Assert.That(Repeated(RecomputePolicy.KeepInputs), Is.EqualTo(1));
        Assert.That(Repeated(RecomputePolicy.Keep(static name => name == "CustomGradient")), Is.Zero);
        Assert.That(Repeated(RecomputePolicy.KeepProducts), Is.EqualTo(1));

        static int Repeated(RecomputePolicy policy)
        {
            int runs = 0;
            Func<Tensor, Tensor> counted = Function.CustomGradient((Tensor x) =>
            {
                runs++;
                return (x * 2, g => g * 2);
            });
            _ = Function.Grad(Function.Recompute(x => counted(x).Exp().Sum(), policy))(X);
            return runs - 1;
        }
    }

    [Test]
    public void Only_what_gradients_need_runs_twice()
    {
        int runs = 0;
        Func<Tensor, Tensor> counted = Function.CustomGradient((Tensor x) =>
        {
            runs++;
            return (x + 1, g => g);
        });

        // The rule of + needs nothing, so neither does its input have to be made again.
        _ = Function.Grad(Function.Recompute(x => (x.Exp() + counted(x)).Sum()))(X);

        Assert.That(runs, Is.EqualTo(1));
    }

    [Test]
    public void The_function_itself_runs_once()
    {
        int runs = 0;
        var counter = new Variable(Tensor.From(0.0), trainable: false);
        Func<Tensor, Tensor> function = Function.Recompute(x =>
        {
            runs++;
            counter.AssignAdd(Tensor.From(1.0));
            return Block(x).Sum();
        });

        _ = Function.Grad(function)(X);

        Assert.That(runs, Is.EqualTo(1));
        Assert.That(counter.Item(), Is.EqualTo(1));
    }

    [Test]
    public void A_host_function_inside_is_not_called_again()
    {
        int calls = 0;
        Func<Tensor[], Tensor> host = Function.Host(x => { calls++; return x[0] * 3; }, static (x, y, g) => [g * 3]);

        Tensor gradient = Function.Grad(Function.Recompute(x => host([x.Exp()]).Square().Sum()))(X);

        Assert.That(calls, Is.EqualTo(1));
        Assert.That(gradient.ToArray<double>(), Is.EqualTo((X.Exp().Square() * 18).ToArray<double>()).Within(1e-10).Percent);
    }

    [Test]
    public void Random_numbers_are_the_same_and_are_drawn_once()
    {
        Func<Tensor, Tensor> noisy = static x => ((x.Dropout(0.5) * x).Exp() + Tensor.RandomNormal(x.Shape, dtype: DType.Float64)).Sigmoid().Dropout(0.3).Square().Sum();
        (Tensor plain, double after) = Draw(noisy);
        (Tensor recomputed, double afterRecomputed) = Draw(Function.Recompute(noisy));

        Assert.That(recomputed.ToArray<double>(), Is.EqualTo(plain.ToArray<double>()));
        Assert.That(afterRecomputed, Is.EqualTo(after), "the generator stands where one run leaves it");

        static (Tensor Gradient, double After) Draw(Func<Tensor, Tensor> function)
        {
            Generator.Default.SetSeed(7);
            return (Function.Grad(function)(X), Tensor.RandomUniform([], dtype: DType.Float64).Item());
        }
    }

    [Test]
    public void A_replayed_step_draws_new_numbers_and_the_same_ones_in_its_gradient()
    {
        Func<Tensor, Tensor> masked = Function.Recompute(static x => (x.Exp().Dropout(0.5) * x).Exp().Log());
        using TracedFunction traced = Function.Trace(inputs =>
        {
            using var tape = new GradientTape();
            tape.Watch(inputs[0]);
            Tensor y = masked(inputs[0]);
            return [y, tape.Gradient(y, inputs[0])!];
        });
        Tensor ones = Tensor.Ones([64], DType.Float64);
        double[] first = traced.CallAll(ones)[0].ToArray<double>();

        for (int replay = 0; replay < 3; replay++)
        {
            Tensor[] results = traced.CallAll(ones);
            double[] y = results[0].ToArray<double>(), gradient = results[1].ToArray<double>();
            // y = m·x·eˣ with a mask m of 0 and 2, so y' = m·(1 + x)·eˣ = 2·y at 1; exp and log each round y twice.
            Assert.That(gradient, Is.EqualTo(y.Select(static v => 2 * v)).Within(1e-12));
            Assert.That(y, Is.Not.EqualTo(first));
        }
    }

    [Test]
    public void Captured_variables_and_tensors_get_their_gradients()
    {
        var w = new Variable(W);
        Tensor captured = Tensor.From(1.5);
        using var tape = new GradientTape();
        tape.Watch(captured);

        Tensor loss = Function.Recompute(x => (x.MatMul(w).Tanh() * captured).Exp().Sum())(X);
        Tensor?[] gradients = tape.Gradient(loss, [w, captured]);

        GradientReport report = GradientCheck.Run(static x => (X.MatMul(x[0]).Tanh() * x[1]).Exp().Sum(), [W, captured]);
        Assert.That(report.Passed, Is.True);
        using var plain = new GradientTape();
        plain.Watch(captured);
        Tensor?[] expected = plain.Gradient((X.MatMul(w).Tanh() * captured).Exp().Sum(), [w, captured]);
        for (int i = 0; i < 2; i++) Assert.That(gradients[i]!.ToArray<double>(), Is.EqualTo(expected[i]!.ToArray<double>()));
    }

    [Test]
    public void A_variable_assigned_since_is_an_error_where_its_value_is_needed_again()
    {
        var w = new Variable(Tensor.From(2.0), name: "w");
        Tensor x = Tensor.From(3.0);
        using var tape = new GradientTape();
        tape.Watch(x);

        Tensor y = Function.Recompute(x => (w * x).Exp().Exp())(x);
        w.Assign(Tensor.From(1.0));

        Assert.That(Assert.Throws<GradientException>(() => tape.Gradient(y, x))!.Message, Does.Contain("'w'").And.Contain("assigned since"));
    }

    [Test]
    public void A_moving_average_that_the_function_updates_is_no_obstacle()
    {
        var mean = new Variable(Tensor.From(1.0), trainable: false);
        Tensor x = Tensor.From(0.5);

        Tensor gradient = Function.Grad(Function.Recompute(x =>
        {
            mean.Assign(mean * 0.9 + x * 0.1);
            return (x.Exp() * x).Exp();
        }))(x);

        double e = Math.Exp(0.5);
        Assert.That(gradient.Item(), Is.EqualTo(Math.Exp(e * 0.5) * e * 1.5).Within(1e-12));
        Assert.That(mean.Item(), Is.EqualTo(0.95).Within(1e-15));
    }

    [Test]
    public void Derivatives_of_any_order_go_through()
    {
        Func<Tensor, Tensor> function = Function.Recompute(static x => (x.Exp() * x).Sin().Exp());

        Tensor x = Tensor.From(0.3);
        GradientCheck.Require(function, x, order: 2);
        GradientCheck.Require(function, x, order: 2, mode: GradientMode.Forward);
        Func<Tensor, Tensor> third = Function.Grad(Function.Grad(Function.Grad(function)));
        Func<Tensor, Tensor> plain = Function.Grad(Function.Grad(Function.Grad(static x => (x.Exp() * x).Sin().Exp())));
        Assert.That(third(x).Item(), Is.EqualTo(plain(x).Item()));
        GradientCheck.Require(static x => Function.Recompute(Block, RecomputePolicy.KeepProducts)(x), X, order: 2);
    }

    [Test]
    public void A_derivative_may_be_taken_inside()
    {
        Func<Tensor, Tensor> slope = Function.Grad(static x => (x.Exp() * x).Sin().Sum());

        double[] recomputed = Function.Grad(Function.Recompute(x => (slope(x) * x).Exp().Sum()))(X).ToArray<double>();

        Assert.That(recomputed, Is.EqualTo(Function.Grad(x => (slope(x) * x).Exp().Sum())(X).ToArray<double>()));
    }

    [Test]
    public void Calls_nest()
    {
        Func<Tensor, Tensor> inner = Function.Recompute(static x => (x.Exp() * x).Sin().Exp());
        foreach (RecomputePolicy policy in Policies)
        {
            Func<Tensor, Tensor> outer = Function.Recompute(x => (inner(inner(x).Tanh()) * x).Exp().Sum(), policy);
            Assert.That(Function.Grad(outer)(X).ToArray<double>(), Is.EqualTo(Function.Grad(static x => (Plain(Plain(x).Tanh()) * x).Exp().Sum())(X).ToArray<double>()));
        }

        using var tape = new GradientTape();
        tape.Watch(X);
        _ = Function.Recompute(x => inner(inner(x)))(X);
        Assert.That(tape.Residuals().Sum(static r => r.Bytes), Is.EqualTo(X.ByteCount), "the input of the outer one alone");

        static Tensor Plain(Tensor x) => (x.Exp() * x).Sin().Exp();
    }

    [Test]
    public void Maps_go_around_and_inside()
    {
        Func<Tensor, Tensor> row = static x => (x.Exp() * x).Sin().Square().Sum();
        Func<Tensor, Tensor> recomputed = Function.Recompute(row);
        double[] expected = Function.Vmap(Function.Grad(row))(X).ToArray<double>();

        Assert.That(Function.Vmap(Function.Grad(recomputed))(X).ToArray<double>(), Is.EqualTo(expected));
        Assert.That(Function.Grad(x => Function.Vmap(recomputed)(x).Sum())(X).ToArray<double>(), Is.EqualTo(expected));
        Assert.That(Function.Grad(Function.Recompute(x => Function.Vmap(row)(x).Sum()))(X).ToArray<double>(), Is.EqualTo(expected));
        Assert.That(Function.Jacobian(Function.Recompute(Block), X).ToArray<double>(), Is.EqualTo(Function.Jacobian(Block, X).ToArray<double>()).Within(1e-12));
    }

    [Test]
    public void Dropout_inside_a_map_is_the_same_in_each_slice_gradient()
    {
        Func<Tensor, Tensor> gradients = Function.Vmap(Function.Grad(Function.Recompute(static x => (x.Exp().Dropout(0.5) * x).Exp().Log().Sum())), randomness: VmapRandomness.Different);
        Tensor ones = Tensor.Ones([8, 16], DType.Float64);

        double[] slopes = gradients(ones).ToArray<double>();

        // m·(1 + x)·eˣ with a mask m of 0 and 2; another mask in the way back would mix them.
        Assert.That(slopes, Has.All.EqualTo(0).Or.EqualTo(4 * Math.E).Within(1e-12));
        Assert.That(slopes, Has.Some.EqualTo(0));
        Assert.That(slopes, Has.Some.GreaterThan(1));
    }

    [Test]
    public void A_persistent_tape_recomputes_for_each_question()
    {
        using var tape = new GradientTape(persistent: true);
        tape.Watch(X);
        Tensor y = Function.Recompute(Block)(X).Sum();
        long before = tape.Residuals().Sum(static r => r.Bytes);

        Tensor first, second;
        using (tape.StopRecording()) (first, second) = (tape.Gradient(y, X)!, tape.Gradient(y, X)!);

        Assert.That(first.ToArray<double>(), Is.EqualTo(second.ToArray<double>()));
        Assert.That(tape.Residuals().Sum(static r => r.Bytes), Is.EqualTo(before));
    }

    [Test]
    public void What_was_recomputed_is_freed()
    {
        foreach (RecomputePolicy policy in Policies)
        {
            using var tape = new GradientTape();
            tape.Watch(X);
            Tensor y = Function.Recompute(Block, policy)(X).Sum();
            using var count = new WrapperCount();

            Tensor gradient = tape.Gradient(y, X)!;

            Assert.That(count.Beside(gradient), Is.Zero);
        }
    }

    [Test]
    public void Without_a_tape_it_is_the_function()
    {
        Assert.That(Function.Recompute(Block)(X).ToArray<double>(), Is.EqualTo(Block(X).ToArray<double>()));
        Assert.That(Function.Recompute(static (Tensor[] x) => [x[0] + x[1], x[0] * x[1]])([X, X])[1].ToArray<double>(), Is.EqualTo((X * X).ToArray<double>()));
    }

    [Test]
    public void A_function_that_throws_leaves_the_tape_as_it_was()
    {
        using var tape = new GradientTape();
        tape.Watch(X);

        Assert.Throws<ShapeMismatchException>(() => Function.Recompute(static x => x.Exp().MatMul(x))(X));

        Assert.That(tape.Gradient(X.Exp(), X)!.ToArray<double>(), Is.EqualTo(X.Exp().ToArray<double>()));
    }
}
