using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Autograd;

/// <summary>Maps over a batch axis; the op table holds each operation against a loop.</summary>
[Parallelizable(ParallelScope.All)]
public class VmapTests
{
    private static Tensor Matrix => Tensor.From([1.0, 2, 3, 4, 5, 6], [2, 3]);

    [Test]
    public void A_function_sees_one_slice()
    {
        Shape? seen = null;
        Tensor y = Function.Vmap(x => { seen = x.Shape; return x.Sum(); })(Matrix);

        Assert.That(seen!.ToString(), Is.EqualTo("[3]"));
        Assert.That(y.ToArray<double>(), Is.EqualTo((double[])[6, 15]));
    }

    [Test]
    public void Batch_axes_may_stand_anywhere()
    {
        Tensor y = Function.Vmap(static x => x * 2, inAxis: 1, outAxis: -1)(Matrix);
        Tensor z = Function.Vmap(static x => x * 2, inAxis: -1)(Matrix);

        Assert.That(y.ToArray2D<double>(), Is.EqualTo((Matrix * 2).ToArray2D<double>()));
        Assert.That(z.ToArray2D<double>(), Is.EqualTo((Matrix * 2).Transpose().ToArray2D<double>()));
    }

    [Test]
    public void An_input_without_a_batch_axis_serves_every_slice()
    {
        Tensor w = Tensor.From(1.0, 0, -1);

        Assert.That(Function.Vmap(static (x, w) => x.MatMul(w), 0, null)(Matrix, w).ToArray<double>(), Is.EqualTo((double[])[-2, -2]));
    }

    [Test]
    public void A_result_that_does_not_depend_on_the_batch_is_the_same_for_every_slice()
    {
        Tensor y = Function.Vmap(static _ => Tensor.From(7.0))(Matrix);

        Assert.That(y.ToArray<double>(), Is.EqualTo((double[])[7, 7]));
    }

    [Test]
    public void Maps_nest()
    {
        Tensor a = Tensor.From(1.0, 2, 3), b = Tensor.From(10.0, 20);

        Tensor outer = Function.Vmap((x, b) => Function.Vmap(static (x, y) => x * y + x, null, 0)(x, b), 0, null)(a, b);

        Assert.That(outer.ToArray2D<double>(), Is.EqualTo(new double[,] { { 11, 21 }, { 22, 42 }, { 33, 63 } }));
    }

    [Test]
    public void Gradients_inside_a_map_are_those_of_each_sample()
    {
        Tensor w = Tensor.From([0.1, 0.2, 0.3, -0.1, 0.4, 0.5], [3, 2]), labels = Tensor.From([1.0, 0, 0, 1], [2, 2]);
        Func<Tensor, Tensor, Func<Tensor, Tensor>> loss = static (x, label) => w => (x.MatMul(w).Softmax() - label).Square().Sum();

        Tensor all = Function.Vmap((x, label) => Function.Grad(loss(x, label))(w))(Matrix, labels);

        for (int i = 0; i < 2; i++)
            Assert.That(all[i].ToArray<double>(), Is.EqualTo(Function.Grad(loss(Matrix[i], labels[i]))(w).ToArray<double>()).Within(1e-14));
    }

    [Test]
    public void A_tape_inside_a_map_may_dispose_what_it_saved()
    {
        Tensor gradients = Function.Vmap(static x =>
        {
            using var tape = new GradientTape();
            tape.Watch(x);
            using Tensor square = x * x;
            return tape.Gradient((square * x).Sum(), x)!;
        })(Matrix);

        Assert.That(gradients.ToArray<double>(), Is.EqualTo(Matrix.ToArray<double>().Select(static v => 3 * v * v)));
    }

    [Test]
    public void A_gradient_flows_through_a_map()
    {
        Tensor x = Matrix;
        using var tape = new GradientTape();
        tape.Watch(x);

        Tensor y = Function.Vmap(static row => row.Softmax().Log().Sum())(x);

        Tensor expected = Function.Grad(static x => x.LogSoftmax(1).Sum())(x);
        Assert.That(tape.Gradient(y, x)!.ToArray<double>(), Is.EqualTo(expected.ToArray<double>()).Within(1e-14));
    }

    [Test]
    public void Forward_mode_goes_inside_and_around()
    {
        Tensor x = Matrix, t = Tensor.OnesLike(x);

        Tensor inside = Function.Vmap(static (x, t) => Function.Jvp(static x => x.Exp() * x, x, t).Tangent)(x, t);
        Tensor around = Function.Jvp(Function.Vmap(static x => x.Exp() * x), x, t).Tangent;

        double[] expected = [.. x.ToArray<double>().Select(static v => (1 + v) * Math.Exp(v))];
        Assert.That(inside.ToArray<double>(), Is.EqualTo(expected).Within(1e-11));
        Assert.That(around.ToArray<double>(), Is.EqualTo(expected).Within(1e-11));
    }

    [Test]
    public void A_random_operation_needs_a_choice()
    {
        Func<Tensor, Tensor> noisy = static x => x + Tensor.RandomNormal([3], dtype: DType.Float64, generator: new Generator(5));
        Tensor zeros = Tensor.Zeros([4, 3], DType.Float64);

        string refused = Assert.Throws<InvalidArgumentException>(() => Function.Vmap(noisy)(zeros))!.Message;
        double[,] same = Function.Vmap(noisy, randomness: VmapRandomness.Same)(zeros).ToArray2D<double>();
        double[,] different = Function.Vmap(noisy, randomness: VmapRandomness.Different)(zeros).ToArray2D<double>();

        Assert.That(refused, Does.Contain("RandomNormal").And.Contain("VmapRandomness.Different"));
        Assert.That(Enumerable.Range(0, 4).Select(i => same[i, 0]).Distinct().Count(), Is.EqualTo(1));
        var generator = new Generator(5);
        for (int i = 0; i < 4; i++)
            Assert.That(Enumerable.Range(0, 3).Select(j => different[i, j]), Is.EqualTo(Tensor.RandomNormal([3], dtype: DType.Float64, generator: generator).ToArray<double>()), "as a loop draws");
    }

    [Test]
    public void An_empty_batch_gives_empty_results()
    {
        Tensor x = Tensor.Zeros([0, 3, 3], DType.Float64);

        Assert.That(Function.Vmap(static x => x.MatMul(x).Sum(1))(x).Shape.ToString(), Is.EqualTo("[0, 3]"));
        Assert.That(Function.Vmap(static x => x[Tensor.From(0L, 2)].Sort())(x).Shape.ToString(), Is.EqualTo("[0, 2, 3]"));
    }

    [Test]
    public void A_map_is_traced_and_replayed()
    {
        TracedFunction traced = Function.Trace(Function.Vmap(static x => x.Softmax()));
        _ = traced.Call(Matrix);

        Tensor x = Matrix * 0.5;
        Assert.That(traced.Call(x).ToArray<double>(), Is.EqualTo(x.Softmax(1).ToArray<double>()).Within(1e-15));
    }

    [Test]
    public void What_has_no_meaning_for_all_slices_at_once_is_refused()
    {
        var total = new Variable(Tensor.From(0.0));
        Tensor? escaped = null;
        Func<Tensor, Tensor> escape = x => escaped = x * 2;
        Func<Tensor, Tensor> read = static x => x.Item() > 0 ? x : -x;
        Func<Tensor, Tensor> assign = x => { total.AssignAdd(x.Sum()); return x; };
        Func<Tensor, Tensor> pick = static x => x[x > 2];
        Tensor scalars = Tensor.From(1.0, 2);
        _ = Function.Vmap(escape)(Matrix);

        Assert.That(Message(() => Function.Vmap(read)(scalars)), Does.Contain("Vmap").And.Contain("Where"));
        Assert.That(Message(() => Function.Vmap(assign)(Matrix)), Does.Contain("AssignAdd"));
        Assert.That(total.Item(), Is.Zero);
        Assert.That(Message(() => Function.Vmap(pick)(Matrix)), Does.Contain("size depends on each slice's values"));
        Assert.That(Message(() => (escaped! + 1).ToString()), Does.Contain("slice"));
        Assert.That(ThreadContext.Current.Observer, Is.Null);

        static string Message(Action action) => Assert.Catch<EagerException>(action)!.Message;
    }

    [Test]
    public void An_error_inside_speaks_of_one_slice()
    {
        Func<Tensor, Tensor> clash = static x => x + Tensor.From(1.0, 2);

        Assert.That(Assert.Throws<ShapeMismatchException>(() => Function.Vmap(clash)(Matrix))!.Message, Does.Contain("[3]").And.Contain("[2]").And.Not.Contain("[2, 3]"));
    }

    [Test]
    public void Axes_that_do_not_fit_are_refused()
    {
        Func<Tensor, Tensor, Tensor> add = static (a, b) => a + b;

        Assert.That(Assert.Throws<ShapeMismatchException>(() => Function.Vmap(static x => x, inAxis: 2)(Matrix))!.Message, Does.Contain("axis 2").And.Contain("[2, 3]"));
        Assert.That(Assert.Throws<ShapeMismatchException>(() => Function.Vmap(static x => x, outAxis: 2)(Matrix))!.Message, Does.Contain("axis 2"));
        Assert.That(Assert.Throws<ShapeMismatchException>(() => Function.Vmap(add)(Matrix, Matrix.Transpose()))!.Message, Does.Contain("2 slices").And.Contain("3"));
        Assert.Throws<InvalidArgumentException>(() => Function.Vmap(add, null, null)(Matrix, Matrix));
        Assert.Throws<InvalidArgumentException>(() => Function.Vmap(static x => x, inAxes: [0, 0])([Matrix]));
    }

    [Test]
    public void Only_the_result_is_left_of_a_map()
    {
        Tensor x = Matrix;
        using var count = new WrapperCount();

        Tensor y = Function.Vmap(static x => x.Exp())(x);

        Assert.That(count.Beside(x, y), Is.Zero);
    }
}
