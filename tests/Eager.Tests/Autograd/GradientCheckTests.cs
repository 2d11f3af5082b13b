using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Autograd;

[Parallelizable(ParallelScope.All)]
public class GradientCheckTests
{
    [TestCase(1)]
    [TestCase(2)]
    public void Right_gradients_pass(int order)
    {
        Tensor a = Tensor.From([0.5, -1.5, 2, 0.7], [2, 2]), b = Tensor.From(0.3, 1.2);

        GradientReport report = GradientCheck.Run(static x => (x[0] * x[1]).Sin().MatMul(x[1]), [a, b], order);

        Assert.That(report.Passed, Is.True, report.ToString());
        // The error of central differences in float64 is some 1e-10 (see GradientCheck) for numbers like these.
        Assert.That(report.LargestDifference, Is.LessThan(1e-8));
        Assert.That(report.Order, Is.EqualTo(order));
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Forward_mode_is_checked_as_reverse_mode_is(int order)
    {
        Tensor[] at = [Tensor.From(0.3, -1.2), Tensor.From(0.7)];

        GradientReport right = GradientCheck.Run(static x => x[0].Sin() * x[1].Exp(), at, order, mode: GradientMode.Forward);
        GradientReport wrong;
        using (GradientOverride.For("Sin", static run => [run.OutputGradients[0]! * run.Inputs[0].Cos() * 1.001]))
            wrong = GradientCheck.Run(static x => x[0].Sin() * x[1].Exp(), at, order, mode: GradientMode.Forward);

        Assert.That(right.Passed, Is.True, right.ToString());
        Assert.That(right.ToString(), Does.Contain("in forward mode"));
        Assert.That(wrong.Passed, Is.False, wrong.ToString());
    }

    [Test]
    public void Every_element_of_the_Jacobian_is_compared()
    {
        GradientReport report = GradientCheck.Run(static x => x[0].MatMul(x[1]), [Tensor.Ones([2, 3]), Tensor.Ones([3, 4])]);

        Assert.That(report.Compared, Is.EqualTo(2 * 4 * (6 + 12)));
    }

    [Test]
    public void A_wrong_rule_is_reported_with_its_worst_element()
    {
        Tensor a = Tensor.From(1.0, 4.0, 1.0), b = Tensor.From(2.0, 3.0, 5.0);
        BackwardPass.Fault = static (op, input, g) => op == ArithmeticOps.Multiply && input == 1 ? g * Tensor.From(1.0, 1.5, 1.0) : g;
        try
        {
            GradientReport report = GradientCheck.Run(static x => x[0] * x[1], [a, b]);

            Assert.That(report.Passed, Is.False);
            Assert.That(report.LargestDifference, Is.EqualTo(2).Within(1e-6));
            Assert.That((report.Input, report.Output), Is.EqualTo((1, 1)));
            Assert.That(report.Index, Is.EqualTo((long[])[1]));
            Assert.That(report.Analytic, Is.EqualTo(6));
            Assert.That(report.Numeric, Is.EqualTo(4).Within(1e-6));
            string message = Assert.Throws<GradientException>(() => GradientCheck.Require(static x => x[0] * x[1], [a, b]))!.Message;
            Assert.That(message, Does.Contain("do not agree").And.Contain("input 1 at [1]").And.Contain("analytic 6"));
        }
        finally
        {
            BackwardPass.Fault = null;
        }
        GradientCheck.Require(static x => x[0] * x[1], [a, b]);
    }

    [Test]
    public void A_derivative_that_is_missing_counts_as_zero()
    {
        Tensor x = Tensor.From(0.5);

        Assert.That(GradientCheck.Run(static x => x.Floor() + x, x).Passed, Is.True);
        Assert.That(GradientCheck.Run(static x => Tensor.Ones([2], DType.Float64), x).LargestDifference, Is.Zero);
        // A tape cannot see through a value that C# read, but differences can.
        Assert.That(GradientCheck.Run(static x => Tensor.From(x.Item()), x).LargestDifference, Is.EqualTo(1).Within(1e-6));
    }

    [Test]
    public void Float32_inputs_are_checked_in_float64()
    {
        Assert.That(GradientCheck.Run(static x => x.Exp(), Tensor.From(1f, 2f)).LargestDifference, Is.LessThan(1e-8));
    }

    [Test]
    public void An_open_tape_records_nothing_of_a_check()
    {
        Tensor x = Tensor.From(2.0);
        using var tape = new GradientTape();
        tape.Watch(x);

        GradientCheck.Require(static x => x * x, x);

        Assert.That(tape.OperationCount, Is.Zero);
        Assert.That(tape.Gradient(x * x, x)!.Item(), Is.EqualTo(4));
    }

    [Test]
    public void What_cannot_be_checked_is_refused()
    {
        int calls = 0;
        Tensor x = Tensor.From(2.0);

        Assert.That(Assert.Throws<InvalidArgumentException>(() => GradientCheck.Run(static x => x, x, order: 3))!.Message, Does.Contain("order 3"));
        Assert.That(Assert.Throws<InvalidArgumentException>(() => GradientCheck.Run(static x => x[0], [x, Tensor.From(1)]))!.Message, Does.Contain("input 1").And.Contain("int32"));
        Assert.That(Assert.Throws<InvalidArgumentException>(() => GradientCheck.Run(static x => x.Cast(DType.Int32), x))!.Message, Does.Contain("int32"));
        Assert.That(Assert.Throws<InvalidArgumentException>(() => GradientCheck.Run(x => x * ++calls, x))!.Message, Does.Contain("deterministic"));
    }
}
