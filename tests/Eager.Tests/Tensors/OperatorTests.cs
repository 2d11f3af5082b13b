using System.Reflection;
using NUnit.Framework;

namespace Eager.Tests.Tensors;

/// <summary>What C#'s operators mean for tensors; the table of operations has their values for every dtype.</summary>
public class OperatorTests
{
    [Test]
    public void Integer_division_and_remainder_round_down()
    {
        Tensor a = Tensor.From(7, -7, 7, -7), b = Tensor.From(2, 2, -2, -2);
        Assert.That((a / b).ToArray<int>(), Is.EqualTo(new[] { 3, -4, -4, 3 }));
        Assert.That((a % b).ToArray<int>(), Is.EqualTo(new[] { 1, 1, -1, -1 }));
        Assert.That(a.Fmod(b).ToArray<int>(), Is.EqualTo(new[] { 1, -1, 1, -1 }), "Fmod rounds towards zero, as C#'s own %");
        Assert.That((Tensor.From(-7.5) % 2).Item(), Is.EqualTo(0.5));
    }

    [Test]
    public void Bit_operators_are_logical_on_bools()
    {
        Tensor a = Tensor.From(false, false, true, true), b = Tensor.From(false, true, false, true);
        Assert.That((a & b).ToArray<bool>(), Is.EqualTo(new[] { false, false, false, true }));
        Assert.That((a | b).ToArray<bool>(), Is.EqualTo(new[] { false, true, true, true }));
        Assert.That((a ^ b).ToArray<bool>(), Is.EqualTo(new[] { false, true, true, false }));
        Assert.That((~a).ToArray<bool>(), Is.EqualTo(new[] { true, true, false, false }));
        Assert.That((Tensor.From(6) & Tensor.From(3)).Item(), Is.EqualTo(2));
        Assert.That((~Tensor.From(6)).Item(), Is.EqualTo(-7));
        Assert.That((Tensor.From(3) << 2).Item(), Is.EqualTo(12));
        Assert.That((Tensor.From(-5) >> 1).Item(), Is.EqualTo(-3));
        Assert.That(() => Tensor.From(1f) & Tensor.From(1f), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float32"));
    }

    [Test]
    public void Methods_stand_for_the_operators_that_csharp_lacks()
    {
        Assert.That(Tensor.From(2.0).Pow(10).Item(), Is.EqualTo(1024));
        Assert.That(Tensor.From(-7.5).FloorDivide(2).Item(), Is.EqualTo(-4));
        Assert.That(Tensor.From([[1.0, 2], [3, 4]]).MatMul(Tensor.From(1.0, 1)).ToArray<double>(), Is.EqualTo(new double[] { 3, 7 }));
    }

    [Test]
    public void Comparisons_give_bool_tensors_and_equality_is_identity()
    {
        Tensor a = Tensor.From(1, 2), b = Tensor.From(1, 3);
        Assert.That((a < b).ToArray<bool>(), Is.EqualTo(new[] { false, true }));
        Assert.That((a >= b).ToArray<bool>(), Is.EqualTo(new[] { true, false }));
        Assert.That(a.Equal(b).ToArray<bool>(), Is.EqualTo(new[] { true, false }));
        Assert.That(a.NotEqual(b).ToArray<bool>(), Is.EqualTo(new[] { false, true }));
        Assert.That(a == Tensor.From(1, 2), Is.False, "other tensors, though of equal elements");
        Tensor alias = a;
        Assert.That(a == alias, Is.True);
        Assert.That(typeof(Tensor).GetMethods(BindingFlags.Public | BindingFlags.Static).Select(static m => m.Name), Has.None.EqualTo("op_Equality"));
    }

    [Test]
    public void Compound_assignment_rebinds_and_leaves_the_old_tensor_alone()
    {
        Tensor x = Tensor.From(1.0, 2), before = x;
        x += 1;
        x *= Tensor.From(10.0);
        Assert.That(before.ToArray<double>(), Is.EqualTo(new double[] { 1, 2 }));
        Assert.That(x.ToArray<double>(), Is.EqualTo(new double[] { 20, 30 }));
        Assert.That(typeof(Tensor).GetMethods().Select(static m => m.Name), Has.None.EndsWith("Assignment"), "no operator changes a tensor in place");
    }

    [Test]
    public void Unary_operators_negate_or_leave_alone()
    {
        Tensor x = Tensor.From(1.0, -2);
        Assert.That((-x).ToArray<double>(), Is.EqualTo(new double[] { -1, 2 }));
        Assert.That(+x, Is.SameAs(x));
    }
}
