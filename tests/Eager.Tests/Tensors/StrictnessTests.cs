using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Tensors;

/// <summary>That dtypes never change in silence.</summary>
public class StrictnessTests
{
    private static readonly Dictionary<string, Func<Tensor, Tensor, Tensor>> Operators = new()
    {
        ["Add"] = static (a, b) => a + b, ["Subtract"] = static (a, b) => a - b, ["Multiply"] = static (a, b) => a * b, ["Divide"] = static (a, b) => a / b,
        ["FloorMod"] = static (a, b) => a % b, ["Pow"] = static (a, b) => a.Pow(b), ["FloorDivide"] = static (a, b) => a.FloorDivide(b), ["MatMul"] = static (a, b) => a.MatMul(b),
        ["Less"] = static (a, b) => a < b, ["GreaterEqual"] = static (a, b) => a >= b, ["Equal"] = static (a, b) => a.Equal(b), ["Maximum"] = static (a, b) => a.Maximum(b),
    };

    [TestCaseSource(nameof(OperatorNames))]
    public void Two_dtypes_never_combine(string name)
    {
        foreach (DType first in DTypes.All)
        {
            foreach (DType second in DTypes.All)
            {
                if (first == second) continue;
                Tensor a = Ones(first), b = Ones(second);
                string message = Assert.Throws<DTypeMismatchException>(() => Operators[name](a, b), $"{first} and {second}")!.Message;
                if (first.IsQuantized() || second.IsQuantized()) Assert.That(message, Does.Contain((first.IsQuantized() ? first : second).Name()).And.Contain("Dequantize"));
                else Assert.That(message, Does.Contain(first.Name()).And.Contain(second.Name()).And.Contain("Cast"));
            }
        }

        static Tensor Ones(DType dtype) => dtype.IsQuantized() ? Tensor.Ones([2]).Quantize(0.5, 0, dtype) : Tensor.Ones([2], dtype);
    }

    [Test]
    public void A_number_takes_the_dtype_of_the_tensor()
    {
        foreach (DType dtype in DTypes.All.Where(static d => d != DType.Bool && !d.IsQuantized()))
        {
            Tensor x = Tensor.Ones([2], dtype);
            Assert.That(new[] { 2 * x, x + 1, x - 1L, x / 1, x.Pow(2) }.Select(static t => t.DType), Is.All.EqualTo(dtype));
            if (dtype.IsDifferentiable()) Assert.That((0.5 * x).DType, Is.EqualTo(dtype));
            else Assert.That(() => 0.5 * x, Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("0.5").And.Message.Contains(dtype.Name()).And.Message.Contains("Cast"));
        }
        Assert.That(() => Tensor.From(true) + 1, Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("bool"));
    }

    [Test]
    public void Casts_reach_every_dtype_from_every_other()
    {
        foreach (DType from in Castable)
        {
            Tensor x = Tensor.From(false, true, true).Cast(from);
            foreach (DType to in Castable)
            {
                if (from.IsComplex() && !to.IsComplex() && to != DType.Bool)
                {
                    Assert.That(() => x.Cast(to), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains(from.Name()).And.Message.Contains(to.Name()).And.Message.Contains("Real"));
                    continue;
                }
                Assert.That(x.Cast(to).DType, Is.EqualTo(to));
                Assert.That(x.Cast(to).Real().Cast(DType.Float64).ToArray<double>(), Is.EqualTo(new double[] { 0, 1, 1 }), $"{from} to {to}: bools are 0 and 1");
            }
        }
        Assert.That(Tensor.From(-2, 0, 0.5).Cast(DType.Bool).ToArray<bool>(), Is.EqualTo(new[] { true, false, true }));
        Assert.That(Tensor.From(-1.7, 1.7).Cast(DType.Int32).ToArray<int>(), Is.EqualTo(new[] { -1, 1 }), "fractions are cut off");
        Assert.That(Tensor.From(257, -1).Cast(DType.UInt8).ToArray<byte>(), Is.EqualTo(new byte[] { 1, 255 }), "the low bits stay");
        Assert.That(Tensor.From(1f).Cast(DType.Float32).DType, Is.EqualTo(DType.Float32));
        Tensor same = Tensor.From(1f);
        Assert.That(same.Cast(DType.Float32), Is.SameAs(same));
    }

    [Test]
    public void The_tape_keeps_no_tensor_for_a_cast()
    {
        Tensor x = Tensor.From(1.0, 2);
        using var tape = new GradientTape();
        tape.Watch(x);
        Assert.That(ShapingOps.Cast.Keeps(1), Is.EqualTo(Keep.Nothing));
        Assert.That(ShapingOps.To.Keeps(1), Is.EqualTo(Keep.Nothing));
        Assert.That(tape.Gradient(x.Cast(DType.Float32), x)!.DType, Is.EqualTo(DType.Float64));
    }

    private static IEnumerable<DType> Castable => DTypes.All.Where(static d => !d.IsQuantized());

    private static IEnumerable<string> OperatorNames() => Operators.Keys;
}
