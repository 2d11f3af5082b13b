using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Autograd;

[Parallelizable(ParallelScope.All)]
public class VariableTests
{
    [Test]
    public void A_variable_starts_with_a_copy()
    {
        Tensor start = Tensor.From(1f, 2f);
        var variable = new Variable(start, name: "w");

        variable.Assign(Tensor.From(3f, 4f));

        Assert.That(start.ToArray<float>(), Is.EqualTo((float[])[1, 2]));
        Assert.That(variable.ToArray<float>(), Is.EqualTo((float[])[3, 4]));
    }

    [Test]
    public void Assignments_set_add_and_subtract()
    {
        var variable = new Variable(Tensor.From(1.0, 2.0));

        variable.AssignAdd(Tensor.From(10.0, 20.0));
        Assert.That(variable.ToArray<double>(), Is.EqualTo((double[])[11, 22]));
        variable.AssignSub(Tensor.From(1.0, 2.0));
        Assert.That(variable.ToArray<double>(), Is.EqualTo((double[])[10, 20]));
        variable.Assign(Tensor.From(5.0, 6.0));
        Assert.That(variable.ToArray<double>(), Is.EqualTo((double[])[5, 6]));
    }

    [Test]
    public void A_view_shows_what_is_assigned_later_and_a_clone_does_not()
    {
        var variable = new Variable(Tensor.From([1f, 2f, 3f, 4f], [2, 2]));
        Tensor view = variable.Transpose(), clone = variable.Clone();

        variable.Assign(Tensor.From([5f, 6f, 7f, 8f], [2, 2]));

        Assert.That(view.ToArray<float>(), Is.EqualTo((float[])[5, 7, 6, 8]));
        Assert.That(clone.ToArray<float>(), Is.EqualTo((float[])[1, 2, 3, 4]));
    }

    [Test]
    public void A_part_is_assigned_through_the_indexer()
    {
        var v = new Variable(Tensor.Range(0, 12, dtype: DType.Float64).Reshape([3, 4]));
        Tensor view = v[0];
        double[,] expected = { { 0, 1, 2, 3 }, { 4, 5, 6, 7 }, { 8, 9, 10, 11 } };

        v[0, 1..3] = Tensor.From(-1.0, -2.0);
        (expected[0, 1], expected[0, 2]) = (-1, -2);
        Expect();
        v[.., ^1] = Tensor.From(50.0);
        for (int i = 0; i < 3; i++) expected[i, 3] = 50;
        Expect();
        v[TensorIndex.Ellipsis, TensorIndex.Slice(step: 2)] = Tensor.From([1.5, 2.5, 3.5], [3, 1]);
        for (int i = 0; i < 3; i++) expected[i, 0] = expected[i, 2] = 1.5 + i;
        Expect();
        v[1, TensorIndex.Slice(step: -1)] = Tensor.From(1.0, 2, 3, 4);
        for (int j = 0; j < 4; j++) expected[1, j] = 4 - j;
        Expect();
        v[v > 40] = Tensor.From(0.0);
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 4; j++)
                if (expected[i, j] > 40) expected[i, j] = 0;
        Expect();
        v[Tensor.From(2, 0), Tensor.From(0, 1)] = Tensor.From(7.0, 8.0);
        (expected[2, 0], expected[0, 1]) = (7, 8);
        Expect();
        v[TensorIndex.NewAxis, 2] = Tensor.Ones([1, 4], DType.Float64);
        for (int j = 0; j < 4; j++) expected[2, j] = 1;
        Expect();
        v[1..] = v[..^1];
        for (int i = 2; i > 0; i--)
            for (int j = 0; j < 4; j++) expected[i, j] = expected[i - 1, j];
        Expect();
        Assert.That(view.ToArray<double>(), Is.EqualTo(v[0].ToArray<double>()), "views see it");

        void Expect() => Assert.That(v.ToArray2D<double>(), Is.EqualTo(expected));
    }

    [Test]
    public void A_part_takes_what_stretches_to_it_in_its_dtype()
    {
        var v = new Variable(Tensor.Zeros([2, 3]), name: "w");

        foreach (TensorIndex[] entries in (TensorIndex[][])[[0], [Tensor.From(0)], [Tensor.From(true, false)]])
        {
            Assert.That(() => v[entries] = Tensor.Ones([2]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2]").And.Message.Contains("3]"));
            Assert.That(() => v[entries] = Tensor.Ones([1, 1, 3]), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => v[entries] = Tensor.Ones([3], DType.Float64), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("'w'").And.Message.Contains("Cast"));
        }
        Assert.That(() => v[2] = Tensor.Ones([3]), Throws.TypeOf<InvalidArgumentException>());
        Assert.That(v.ToArray<float>(), Has.All.Zero);
    }

    [Test]
    public void A_part_assigned_is_noticed_by_a_tape_that_kept_the_value_and_repeated_by_a_replay()
    {
        var v = new Variable(Tensor.From(1.0, 2, 3));
        using (var tape = new GradientTape())
        {
            Tensor square = v * v;
            v[0] = Tensor.From(5.0);
            Assert.That(() => tape.Gradient(square, v), Throws.TypeOf<GradientException>().With.Message.Contains("assigned since"));
        }

        using TracedFunction traced = Function.Trace(x =>
        {
            v[1..] = x;
            v[Tensor.From(0)] = x.Sum();
            return v.Sum();
        });
        Assert.That(traced.Call(Tensor.From(1.0, 2)).Item(), Is.EqualTo(6));
        Assert.That(traced.Call(Tensor.From(10.0, 20)).Item(), Is.EqualTo(60));
        Assert.That(v.ToArray<double>(), Is.EqualTo((double[])[30, 10, 20]));
        Assert.That(traced.Graph.Operations.Select(static o => o.Type), Has.Exactly(2).EqualTo("AssignPart"));
    }

    [TestCaseSource(nameof(Assignments))]
    public void A_value_of_another_shape_or_dtype_changes_nothing(string name, Action<Variable, Tensor> assign)
    {
        var variable = new Variable(Tensor.From(1f, 2f), name: "w");

        string shape = Assert.Throws<ShapeMismatchException>(() => assign(variable, Tensor.From(1f, 2f, 3f)))!.Message;
        string dtype = Assert.Throws<DTypeMismatchException>(() => assign(variable, Tensor.From(1.0, 2.0)))!.Message;

        Assert.That(shape, Does.Contain(name).And.Contain("[3]").And.Contain("[2]").And.Contain("'w'"));
        Assert.That(dtype, Does.Contain(name).And.Contain("float64").And.Contain("float32").And.Contain("'w'").And.Contain("Cast"));
        Assert.That(variable.ToArray<float>(), Is.EqualTo((float[])[1, 2]));
    }

    [TestCaseSource(nameof(Assignments))]
    public void No_tape_records_an_assignment(string name, Action<Variable, Tensor> assign)
    {
        var variable = new Variable(Tensor.From(1f, 2f));
        using var tape = new GradientTape();

        assign(variable, Tensor.From(3f, 4f));

        Assert.That(tape.OperationCount, Is.Zero, name);
    }

    private static IEnumerable<TestCaseData> Assignments()
    {
        yield return new("Assign", (Action<Variable, Tensor>)(static (v, x) => v.Assign(x)));
        yield return new("AssignAdd", (Action<Variable, Tensor>)(static (v, x) => v.AssignAdd(x)));
        yield return new("AssignSub", (Action<Variable, Tensor>)(static (v, x) => v.AssignSub(x)));
    }
}
