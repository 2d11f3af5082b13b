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
            x.AssertPositive().AssertFinite().AssertLess(three).AssertInRange(0, 2).AssertShape([2]);
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
