using Eager.Autograd;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training.Debugging;

public sealed class AssertionsTests
{
    private static readonly Tensor Mixed = Tensor.From([[1f, -2], [0, float.NaN]]);

    [Test]
    public void What_holds_gives_the_tensor_back_so_that_assertions_chain()
    {
        Tensor x = Tensor.From([[1f, 2], [3, 4]]), low = Tensor.From(0f, 1);
        Tensor back = x.AssertRank(2).AssertRankAtLeast(1).AssertShape([null, 2]).AssertDType(DType.Float32).AssertPositive().AssertNonNegative().AssertFinite().AssertNoNaN().AssertInRange(1, 4)
            .AssertEqual(x).AssertNoneEqual(low).AssertGreater(low).AssertGreaterOrEqual(x).AssertLess(x + 1).AssertLessOrEqual(x);
        Assert.That(back, Is.SameAs(x));
        Assert.That((-x).AssertNegative().AssertNonPositive().Rank, Is.EqualTo(2));
        Assert.That(Tensor.From(1L, 2).AssertPositive().AssertInRange(1, 2).ElementCount, Is.EqualTo(2));
        Assert.That(Tensor.Zeros([0]).AssertPositive().ElementCount, Is.Zero, "nothing is wrong with no element");
        Assert.That(Assertions.AssertProperIterable(new[] { 1, 2 }), Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public void What_does_not_hold_is_named_with_the_first_element_at_fault()
    {
        Tensor five = Tensor.From(5f);
        Assert.Multiple(() =>
        {
            Assert.That(() => Mixed.AssertPositive(), Throws.TypeOf<AssertionFailedException>().With.Message.EqualTo("AssertPositive: 'Mixed' float32 [2, 2] has 3 of 4 elements that are not positive; the first is -2 at [0, 1]."));
            Assert.That(() => Mixed.AssertNonNegative(), Throws.TypeOf<AssertionFailedException>().With.Message.Contains("2 of 4"));
            Assert.That(() => Mixed.AssertNegative(), Throws.TypeOf<AssertionFailedException>().With.Message.Contains("1 at [0, 0]"));
            Assert.That(() => Mixed.AssertNonPositive(), Throws.TypeOf<AssertionFailedException>().With.Message.Contains("2 of 4"));
            Assert.That(() => Mixed.AssertFinite(), Throws.TypeOf<AssertionFailedException>().With.Message.Contains("NaN at [1, 1]"));
            Assert.That(() => Mixed.AssertNoNaN(), Throws.TypeOf<AssertionFailedException>());
            Assert.That(() => (1 / Tensor.Zeros([2])).AssertFinite(), Throws.TypeOf<AssertionFailedException>().With.Message.Contains("'1 / Tensor.Zeros([2])'").And.Message.Contains("2 of 2"));
            Assert.That(() => Mixed.AssertInRange(-1, 1), Throws.TypeOf<AssertionFailedException>().With.Message.Contains("within [-1, 1]"));
            Assert.That(() => Mixed.AssertEqual(Mixed), Throws.TypeOf<AssertionFailedException>().With.Message.Contains("NaN against NaN at [1, 1]"));
            Assert.That(() => Mixed.AssertNoneEqual(Tensor.From(-2f)), Throws.TypeOf<AssertionFailedException>().With.Message.Contains("-2 against -2 at [0, 1]"));
            Assert.That(() => five.AssertLess(Tensor.From(6f, 5)), Throws.TypeOf<AssertionFailedException>().With.Message.Contains("'five' [] is not everywhere less than 'Tensor.From(6f, 5)' [2]: 1 of 2 elements are not; the first is 5 against 5 at [1]"));
            Assert.That(() => five.AssertLessOrEqual(Tensor.From(4f)), Throws.TypeOf<AssertionFailedException>().With.Message.EndsWith("the first is 5 against 4."));
            Assert.That(() => five.AssertGreater(five), Throws.TypeOf<AssertionFailedException>());
            Assert.That(() => five.AssertGreaterOrEqual(five + 1), Throws.TypeOf<AssertionFailedException>());
            Assert.That(() => Tensor.From(1L << 60).AssertNegative(), Throws.TypeOf<AssertionFailedException>().With.Message.Contains("1152921504606846976"));
            Assert.That(() => five.AssertRank(1), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'five' is [], of rank 0"));
            Assert.That(() => five.AssertRankAtLeast(1), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => Mixed.AssertShape([null, 10]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2, 2]"));
            Assert.That(() => Mixed.AssertDType(DType.Int64), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float32"));
            Assert.That(() => Mixed.AssertEqual(Tensor.Ones([3])), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => Assertions.AssertProperIterable(five), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("a Tensor"));
            Assert.That(() => Assertions.AssertProperIterable("text"), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => Assertions.AssertProperIterable(null), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'null' is null"));
        });
    }

    [Test]
    public void Ranks_and_dtypes_are_asked_for_by_kind()
    {
        Tensor x = Tensor.Ones([2, 3]), one = Tensor.From(1L), half = Tensor.Ones([2], DType.Float16);
        Tensor[] mixed = [x, half];
        Assert.Multiple(() =>
        {
            Assert.That(x.AssertRankIn([1, 2]), Is.SameAs(x));
            Assert.That(one.AssertScalar().AssertInteger(), Is.SameAs(one));
            Assert.That(Assertions.AssertSameFloatDType([x, x + 1]), Is.EqualTo(DType.Float32));
            Assert.That(Assertions.AssertSameFloatDType([half], DType.Float16), Is.EqualTo(DType.Float16));
            Assert.That(Assertions.AssertSameFloatDType([]), Is.EqualTo(DType.Float32));
            Assert.That(() => x.AssertRankIn([0, 1, 3]), Throws.TypeOf<ShapeMismatchException>().With.Message.EqualTo("AssertRankIn: 'x' is [2, 3], of rank 2; its rank must be one of 0, 1, 3."));
            Assert.That(() => x.AssertRankIn([]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'x'"));
            Assert.That(() => x.AssertScalar(), Throws.TypeOf<ShapeMismatchException>().With.Message.EqualTo("AssertScalar: 'x' is [2, 3], of rank 2; it must be a scalar."));
            Assert.That(() => x.AssertInteger(), Throws.TypeOf<DTypeMismatchException>().With.Message.EqualTo("AssertInteger: 'x' is float32; it must be of an integer dtype."));
            Assert.That(() => (one > 0).AssertInteger(), Throws.TypeOf<DTypeMismatchException>(), "bool is none");
            Assert.That(() => Assertions.AssertSameFloatDType(mixed), Throws.TypeOf<DTypeMismatchException>().With.Message.EqualTo("AssertSameFloatDType: number 1 of 'mixed' is float16; all must be float32."));
            Assert.That(() => Assertions.AssertSameFloatDType([one]), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("not int64"));
            Assert.That(() => Assertions.AssertSameFloatDType(mixed, DType.Float16), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("number 0"));
        });
    }

    [Test]
    public void Conditions_must_be_true_everywhere()
    {
        Tensor x = Tensor.From(1f, 2), condition = x > 1;
        Assert.That((x > 0).AssertTrue().ElementCount, Is.EqualTo(2));
        Assert.That(() => condition.AssertTrue(), Throws.TypeOf<AssertionFailedException>().With.Message.EqualTo("AssertTrue: 'condition' bool [2] has 1 of 2 elements that are not true; the first is false at [0]."));
        Assert.That(() => x.AssertTrue(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("'x' is float32"));
    }

    [Test]
    public void Near_is_measured_by_the_other_tensor()
    {
        Tensor a = Tensor.From(100.0, 1e6), b = Tensor.From(101.0, 1e6 + 1), half = Tensor.From(1f).Cast(DType.Float16);
        double infinity = double.PositiveInfinity;
        Assert.Multiple(() =>
        {
            Assert.That(a.AssertNear(b, relative: 0.01), Is.SameAs(a), "1 of 101 is below 1 %");
            Assert.That(a.AssertNear(b, absolute: 1, relative: 0), Is.SameAs(a));
            Assert.That(() => b.AssertNear(a, relative: 0.00999, absolute: 0), Throws.TypeOf<AssertionFailedException>(), "1 of 100 is above 0.999 %");
            Assert.That(() => a.AssertNear(b), Throws.TypeOf<AssertionFailedException>().With.Message.EqualTo(
                "AssertNear: 'a' [2] is not everywhere within 2.220446049250313E-15 + 2.220446049250313E-15·|b| of 'b' [2]: 2 of 2 elements are not; the first is 100 against 101 at [0]."));
            // ε of float16 is 2⁻¹⁰: neighbours of 1 differ by it, and ten of them are let pass twice.
            Assert.That((half + 19.0 / 1024).AssertNear(half).Rank, Is.Zero);
            Assert.That(() => (half + 21.0 / 1024).AssertNear(half), Throws.TypeOf<AssertionFailedException>());
            Assert.That(Tensor.From(infinity).AssertNear(Tensor.From(infinity)).Item(), Is.EqualTo(infinity));
            Assert.That(() => Tensor.From(double.NaN).AssertNear(Tensor.From(double.NaN), 1, 1), Throws.TypeOf<AssertionFailedException>());
            Assert.That(Tensor.From(3, 4).AssertNear(Tensor.From(4), absolute: 1).ElementCount, Is.EqualTo(2));
            Assert.That(() => Tensor.From(3, 4).AssertNear(Tensor.From(4)), Throws.TypeOf<AssertionFailedException>().With.Message.Contains("3 against 4 at [0]"), "integers are equal or not");
            Assert.That(() => a.AssertNear(half), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("'a' is float64, 'half' float16"));
            Assert.That(() => a.AssertNear(b, relative: -1), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("-1"));
            Assert.That(() => a.AssertNear(b, absolute: double.NaN), Throws.TypeOf<InvalidArgumentException>());
        });
    }

    [Test]
    public void A_traced_function_comes_after_what_is_asserted_to_be_near_or_true()
    {
        Tensor two = Tensor.From(2f);
        using TracedFunction traced = Function.Trace(v => v.AssertRankIn([1]).AssertNear(two, absolute: 0.5) * (v > 0).AssertTrue().Cast(DType.Float32));
        Assert.That(traced.Call(Tensor.From(1.5f, 2.5f)).ToArray<float>(), Is.EqualTo(new[] { 1.5f, 2.5f }));
        Assert.That(() => traced.Call(Tensor.From(2f, 3)), Throws.TypeOf<AssertionFailedException>().With.Message.Contains("'v.AssertRankIn([1])'").And.Message.Contains("3 against 2 at [1]"));
        Assert.That(traced.TraceCount, Is.EqualTo(1));
        Assert.That(() => traced.Call(two), Throws.TypeOf<ShapeMismatchException>());
    }

    [Test]
    public void An_assertion_is_unseen_by_tapes_and_leaves_no_tensor()
    {
        Tensor x = Tensor.From(1f, 2);
        using (var tape = new GradientTape())
        {
            tape.Watch(x);
            x.AssertPositive().AssertLess(Tensor.From(3f));
            Assert.That(tape.OperationCount, Is.Zero);
        }
        Tensor three = Tensor.From(3f);
        using (var wrappers = new WrapperCount())
        {
            x.AssertPositive().AssertFinite().AssertLess(three).AssertInRange(0, 2).AssertShape([2]).AssertNear(x);
            Assert.That(wrappers.Beside(), Is.Zero);
        }
        using TracedFunction shapes = Function.Trace(v => v.AssertShape([null]).AssertRank(1) * 2);
        Assert.That(shapes.Call(x).ToArray<float>(), Is.EqualTo(new[] { 2f, 4 }));
        Assert.That(() => shapes.Call(Tensor.Ones([2, 2])), Throws.TypeOf<ShapeMismatchException>());
    }

    [Test]
    public void Printing_gives_its_first_input_back_and_gradients_pass()
    {
        var output = new StringWriter();
        var print = new Print("values ", summarize: 2, output: output);
        Tensor x = Tensor.From(1.5, 2, 3);
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor y = print.Call(x.Square());
        Assert.That(y.ToArray<double>(), Is.EqualTo(new[] { 2.25, 4, 9 }));
        print.Call(y, Tensor.From(7), Tensor.From(true, false), Tensor.From(0.1f));
        Assert.That(output.ToString(), Is.EqualTo($"values [2.25 4...]{Environment.NewLine}values [7][true false][0.1]{Environment.NewLine}"));
        Assert.That(tape.Gradient(y.Sum(), x)!.ToArray<double>(), Is.EqualTo(new double[] { 3, 4, 6 }));
        GradientCheck.Require(v => print.Call(v * v * v), x, 2);
    }

    [Test]
    public void Printing_every_so_often_and_so_many_times()
    {
        var output = new StringWriter();
        var print = new Print(everyN: 3, firstN: 2, output: output);
        for (int i = 0; i < 12; i++) print.Call(Tensor.From(i));
        Assert.That(output.ToString(), Is.EqualTo($"[0]{Environment.NewLine}[3]{Environment.NewLine}"));
        Assert.That(print.Calls, Is.EqualTo(12));
        Assert.That(() => new Print(everyN: 0), Throws.TypeOf<InvalidArgumentException>());
        Assert.That(() => new Print(summarize: 0), Throws.TypeOf<InvalidArgumentException>());
    }

    [Test]
    public void In_a_traced_function_assertions_and_prints_run_with_every_replay()
    {
        var output = new StringWriter();
        var print = new Print("v ", output: output);
        using TracedFunction traced = Function.Trace(v => print.Call(v.AssertPositive()).AssertLess(Tensor.From(10f)) * 2);
        Assert.That(traced.Call(Tensor.From(1f, 2)).ToArray<float>(), Is.EqualTo(new[] { 2f, 4 }));
        Assert.That(traced.Call(Tensor.From(3f, 4)).ToArray<float>(), Is.EqualTo(new[] { 6f, 8 }));
        Assert.That(() => traced.Call(Tensor.From(-1f, 4)), Throws.TypeOf<AssertionFailedException>().With.Message.Contains("'v' float32 [2] has 1 of 2 elements that are not positive; the first is -1 at [0]"));
        Assert.That(() => traced.Call(Tensor.From(1f, 40)), Throws.TypeOf<AssertionFailedException>().With.Message.Contains("40 against 10 at [1]"));
        Assert.That(traced.Call(Tensor.From(5f, 6)).ToArray<float>(), Is.EqualTo(new[] { 10f, 12 }));
        Assert.That(traced.TraceCount, Is.EqualTo(1));
        Assert.That(output.ToString().Split(Environment.NewLine), Is.EqualTo(new[] { "v [1 2]", "v [3 4]", "v [1 40]", "v [5 6]", "" }), "what does not hold stops what comes after it");

        Tensor x = Tensor.From(1f, 2);
        using var tape = new GradientTape();
        tape.Watch(x);
        Assert.That(tape.Gradient(traced.Call(x).Sum(), x)!.ToArray<float>(), Is.EqualTo(new[] { 2f, 2 }));
    }

    [Test]
    [NonParallelizable]
    public void Standard_error_is_where_it_prints_by_default()
    {
        TextWriter before = Console.Error;
        var error = new StringWriter();
        Console.SetError(error);
        try
        {
            Assert.That(Tensor.From(5).Print("five ").Item(), Is.EqualTo(5));
        }
        finally
        {
            Console.SetError(before);
        }
        Assert.That(error.ToString(), Is.EqualTo($"five [5]{Environment.NewLine}"));
    }
}
