using Eager.Autograd;
using Eager.Losses;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Autograd;

/// <summary>Shared variables, with the names and the errors of the design documents.</summary>
[Parallelizable(ParallelScope.All)]
public class VariableScopeTests
{
    [Test]
    public void A_variable_is_made_of_a_value_with_a_regularizer_and_a_constraint()
    {
        using VariableStore store = VariableStore.Open();
        using LossCollection losses = LossCollection.Open();
        Tensor start = Tensor.From([[0f, 1f], [2f, -3f]]);
        Variable a, b;
        using (VariableScope.Open("S"))
        {
            a = VariableScope.GetVariable("A", start, regularizer: static w => w.Abs().Sum(), constraint: static w => w.Relu());
            b = VariableScope.GetVariable("B", Tensor.From(5), trainable: false);
            VariableScope.GetVariable("c", [2], static (shape, dtype) => Tensor.Full(shape, 3, dtype), regularizer: static w => w.Square().Sum());
        }
        using (VariableScope.Open("S", Reuse.Yes))
        {
            Assert.That(VariableScope.GetVariable("A", start), Is.SameAs(a));
            Assert.That(() => VariableScope.GetVariable("A", Tensor.Ones([2])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'S/A'"));
            Assert.That(() => VariableScope.GetVariable("B", Tensor.From(5f)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("'S/B'"));
        }
        Assert.That((a.Name, b.Name, b.DType, b.Trainable), Is.EqualTo(("S/A", "S/B", DType.Int32, false)));
        Assert.That(losses.GetRegularizationLosses().Select(static loss => loss.Item()), Is.EqualTo((double[])[6, 18]));

        new Sgd(1).Apply([Tensor.Ones([2, 2])], [a]);
        Assert.That(a.ToArray2D<float>(), Is.EqualTo(new float[,] { { 0, 0 }, { 1, 0 } }));
        Assert.That(start.ToArray<float>(), Is.EqualTo((float[])[0, 1, 2, -3]), "the value was copied");
    }

    [Test]
    public void A_scope_that_is_opened_again_is_the_same_scope()
    {
        using var store = VariableStore.Open();
        string? a, b;
        using (VariableScope.Open("S")) a = VariableScope.GetVariable("a", []).Name;
        using (VariableScope.Open("S")) b = VariableScope.GetVariable("b", []).Name;

        Assert.That((a, b), Is.EqualTo(("S/a", "S/b")));
        Assert.That(store.Variables("S"), Has.Count.EqualTo(2));
    }

    [Test]
    public void A_variable_is_made_once_and_found_where_the_scope_reuses()
    {
        using var store = VariableStore.Open();
        Variable made, found, either;
        using (VariableScope.Open("S"))
        {
            made = VariableScope.GetVariable("a", [2]);
            Assert.That(Assert.Throws<VariableReuseException>(static () => VariableScope.GetVariable("a", [2]))!.Message, Does.Contain("'S/a'").And.Contain("Reuse.Auto"));
        }
        using (VariableScope.Open("S", Reuse.Yes))
        {
            found = VariableScope.GetVariable("a");
            Assert.That(Assert.Throws<VariableReuseException>(static () => VariableScope.GetVariable("c", []))!.Message, Does.Contain("'S/c'").And.Contain("not there"));
        }
        using (VariableScope.Open("S", Reuse.Auto))
        {
            either = VariableScope.GetVariable("a");
            Assert.That(VariableScope.GetVariable("d", [1]).Name, Is.EqualTo("S/d"));
        }

        Assert.That(found, Is.SameAs(made));
        Assert.That(either, Is.SameAs(made));
    }

    [Test]
    public void Reuse_is_inherited_and_cannot_be_ended_inside()
    {
        using var store = VariableStore.Open();
        using (VariableScope.Open("S/T")) VariableScope.GetVariable("a", []);
        using (VariableScope.Open("S", Reuse.Yes))
        {
            Assert.That(Assert.Throws<InvalidArgumentException>(static () => VariableScope.Open("T", Reuse.No))!.Message, Does.Contain("'T'").And.Contain("'S'"));
            using (VariableScope.Open("T")) Assert.That(VariableScope.GetVariable("a").Name, Is.EqualTo("S/T/a"));
        }
        using (VariableScope later = VariableScope.Open("S"))
        {
            later.ReuseVariables();
            using (VariableScope.Open("T")) Assert.DoesNotThrow(static () => VariableScope.GetVariable("a"));
        }
    }

    [Test]
    public void Operations_of_a_reopened_scope_are_numbered_and_variables_are_not()
    {
        using var store = VariableStore.Open();
        using TracedFunction traced = Function.Trace(x =>
        {
            Tensor y;
            using (NameScope.Open("other")) y = x + 1;
            using (VariableScope.Open("S", Reuse.Auto)) y = y.Exp() * VariableScope.GetVariable("a", []);
            using (VariableScope.Open("S", Reuse.Yes)) y += VariableScope.GetVariable("a");
            return y;
        });
        traced.Call(Tensor.From(1f));

        string[] names = [.. traced.Graph.Operations.Select(static operation => operation.Name)];
        Assert.That(names, Has.Member("other/Add").And.Member("S/Exp").And.Member("S/Multiply").And.Member("S_1/Add"));
        Assert.That(store.Variables().Single().Name, Is.EqualTo("S/a"));
    }

    [Test]
    public void A_clash_of_shape_or_dtype_names_both()
    {
        using var store = VariableStore.Open();
        using VariableScope scope = VariableScope.Open("S", Reuse.Auto);
        VariableScope.GetVariable("a", [2, 3]);

        Assert.That(Assert.Throws<ShapeMismatchException>(static () => VariableScope.GetVariable("a", [3, 2]))!.Message, Does.Contain("[2, 3]").And.Contain("[3, 2]"));
        Assert.That(Assert.Throws<DTypeMismatchException>(static () => VariableScope.GetVariable("a", dtype: DType.Float64))!.Message, Does.Contain("float32").And.Contain("float64"));
        Assert.That(Assert.Throws<ShapeMismatchException>(static () => VariableScope.GetVariable("new"))!.Message, Does.Contain("'S/new'").And.Contain("shape"));
    }

    [Test]
    public void Default_names_are_numbered_and_begin_again_with_the_scope()
    {
        using var store = VariableStore.Open();
        string[] Open()
        {
            using VariableScope scope = VariableScope.Open("model", Reuse.Auto);
            return [.. Enumerable.Range(0, 2).Select(static _ =>
            {
                using VariableScope merge = VariableScope.Open(null, "merge");
                return merge.Name;
            })];
        }

        Assert.That(Open(), Is.EqualTo((string[])["model/merge", "model/merge_1"]));
        Assert.That(Open(), Is.EqualTo((string[])["model/merge", "model/merge_1"]));
    }

    [Test]
    public void A_template_makes_its_variables_once()
    {
        using var store = VariableStore.Open();
        var scale = new Template("scale", static x => x * VariableScope.GetVariable("w", [], static (shape, dtype) => Tensor.Full(shape, 3, dtype)));
        var other = new Template("scale", static x => x * VariableScope.GetVariable("w", []));

        Assert.That(scale.Call(Tensor.From(2f)).Item(), Is.EqualTo(6));
        Assert.That(scale.Call(Tensor.From(5f)).Item(), Is.EqualTo(15));
        other.Call(Tensor.From(1f));
        Assert.That(store.Variables().Select(static v => v.Name), Is.EqualTo((string[])["scale/w", "scale_1/w"]));
    }

    [Test]
    public void Initial_values_follow_Glorot_unless_they_are_given()
    {
        using var store = VariableStore.Open();
        float[] values = VariableScope.GetVariable("w", [300, 100]).ToArray<float>();
        double limit = Math.Sqrt(6.0 / 400);

        Assert.That(values.Max(), Is.LessThanOrEqualTo(limit).And.GreaterThan(0.99 * limit));
        Assert.That(values.Min(), Is.GreaterThanOrEqualTo(-limit).And.LessThan(-0.99 * limit));
        Assert.That(VariableScope.GetVariable("ones", [2], static (shape, dtype) => Tensor.Ones(shape, dtype), trainable: false).Trainable, Is.False);
    }

    [Test]
    public void Stores_are_apart_and_can_be_entered_again()
    {
        using VariableStore first = VariableStore.Open();
        Variable w = VariableScope.GetVariable("w", []);
        using (VariableStore.Open()) Assert.That(VariableScope.GetVariable("w", []), Is.Not.SameAs(w));
        using (first.Reopen())
        {
            VariableScope.Current.ReuseVariables();
            Assert.That(VariableScope.GetVariable("w"), Is.SameAs(w));
        }
        Assert.Throws<VariableReuseException>(static () => VariableScope.GetVariable("w", []));
    }

    [Test]
    public void Scopes_are_closed_from_the_inside()
    {
        using var store = VariableStore.Open();
        VariableScope outer = VariableScope.Open("outer"), inner = VariableScope.Open("inner");

        Assert.That(Assert.Throws<InvalidArgumentException>(outer.Dispose)!.Message, Does.Contain("'outer'"));
        inner.Dispose();
        outer.Dispose();
        Assert.That(VariableScope.Current.Name, Is.Empty);
        Assert.Throws<InvalidArgumentException>(static () => VariableScope.Open("a/"));
    }
}
