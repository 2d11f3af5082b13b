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
