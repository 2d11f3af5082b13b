using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Autograd;

/// <summary>What a tape says of its memory, and the search for what makes NaN.</summary>
[Parallelizable(ParallelScope.All)]
public class AnomalyDetectionTests
{
    [Test]
    public void The_first_operation_that_makes_infinity_is_named_with_inputs_and_line()
    {
        Tensor x = Tensor.From(1.0, 0, 2);
        using var anomalies = AnomalyDetection.Open();

        string message = Assert.Throws<AnomalyException>(() => (x * 2).Log().Exp())!.Message;

        Assert.That(message, Does.StartWith("Log made NaN or infinity in 1 of 3 elements from float64 [3]").And.Contain("AnomalyDetectionTests"));
        Assert.That(message, Does.Match(@"AnomalyDetectionTests\.cs:\d+"));
    }

    [Test]
    public void A_fault_in_a_backward_pass_is_traced_to_the_forward_line()
    {
        Tensor x = Tensor.From(0.0);
        using var anomalies = AnomalyDetection.Open();
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor y = x.Sqrt();

        string message = Assert.Throws<AnomalyException>(() => tape.Gradient(y, x))!.Message;

        Assert.That(message, Does.StartWith("Divide made NaN or infinity").And.Contain("in the gradient of Sqrt, which was called at AnomalyDetectionTests.cs:"));
    }

    [Test]
    public void What_came_in_with_the_data_is_said_to()
    {
        Tensor x = Tensor.From(1.0, double.NaN);
        using var anomalies = AnomalyDetection.Open();

        Assert.That(Assert.Throws<AnomalyException>(() => _ = x * 2)!.Message, Does.Contain("with 1 such elements already"));
    }

    [Test]
    public void After_its_end_nothing_is_looked_at()
    {
        Tensor x = Tensor.From(0.0);
        using (AnomalyDetection.Open()) _ = x + 1;

        Assert.That(x.Log().Item(), Is.EqualTo(double.NegativeInfinity));
        Assert.That(ThreadContext.Current.Observer, Is.Null);
        Assert.That(AnomalyDetection.IsOpen, Is.False);
    }

    [Test]
    public void A_tape_reports_what_it_keeps_by_operation()
    {
        Tensor x = Tensor.Ones([100, 10]), w = Tensor.Ones([10, 20]);
        using var tape = new GradientTape();
        tape.Watch(w);

        _ = (x.MatMul(w).Exp() + 1).Sum();

        // The product keeps x, the exponential its result, the sums nothing.
        Assert.That(tape.Residuals(), Is.EqualTo((TapeResidual[])[new("Exp", 1, 100 * 20 * 4), new("MatMul", 1, 100 * 10 * 4)]));
    }
}
