using System.Numerics;
using Eager.Autograd;
using Eager.Interop;
using Eager.Tests.OpTable;
using NUnit.Framework;
using OpList = Eager.Tests.OpTable.OpTable;

namespace Eager.Tests.Ops;

/// <summary>Complex numbers: the values against System.Numerics, the gradients against differences of real and imaginary parts.</summary>
public class ComplexTests
{
    // In all four quadrants, away from zeros, poles and branch cuts.
    private static readonly Complex[] First = [new(0.7, 0.4), new(-0.6, 0.8), new(-0.5, -0.9), new(1.2, -0.3)];
    private static readonly Complex[] Second = [new(0.9, -0.5), new(0.4, 0.6), new(-0.8, 0.7), new(-0.3, -1.1)];

    private static readonly Row[] Functions =
    [
        new(ArithmeticOps.Add, static x => x[0] + x[1], static z => z[0] + z[1], 2),
        new(ArithmeticOps.Subtract, static x => x[0] - x[1], static z => z[0] - z[1], 2),
        new(ArithmeticOps.Multiply, static x => x[0] * x[1], static z => z[0] * z[1], 2),
        new(ArithmeticOps.Divide, static x => x[0] / x[1], static z => z[0] / z[1], 2),
        new(ArithmeticOps.Pow, static x => x[0].Pow(x[1]), static z => Complex.Exp(z[1] * Complex.Log(z[0])), 2),
        new(ArithmeticOps.Negate, static x => -x[0], static z => -z[0]),
        new(ElementwiseOps.Square, static x => x[0].Square(), static z => z[0] * z[0]),
        new(ElementwiseOps.Reciprocal, static x => x[0].Reciprocal(), static z => 1 / z[0]),
        new(ElementwiseOps.Sqrt, static x => x[0].Sqrt(), static z => Complex.Sqrt(z[0])),
        new(ElementwiseOps.Rsqrt, static x => x[0].Rsqrt(), static z => 1 / Complex.Sqrt(z[0])),
        new(ElementwiseOps.Exp, static x => x[0].Exp(), static z => Complex.Exp(z[0])),
        new(ElementwiseOps.Log, static x => x[0].Log(), static z => Complex.Log(z[0])),
        new(ElementwiseOps.Log2, static x => x[0].Log2(), static z => Complex.Log(z[0]) / Math.Log(2)),
        new(ElementwiseOps.Log10, static x => x[0].Log10(), static z => Complex.Log(z[0]) / Math.Log(10)),
        new(ElementwiseOps.Sin, static x => x[0].Sin(), static z => Complex.Sin(z[0])),
        new(ElementwiseOps.Cos, static x => x[0].Cos(), static z => Complex.Cos(z[0])),
        new(ElementwiseOps.Tan, static x => x[0].Tan(), static z => Complex.Tan(z[0])),
        new(ElementwiseOps.Asin, static x => x[0].Asin(), static z => Complex.Asin(z[0])),
        new(ElementwiseOps.Acos, static x => x[0].Acos(), static z => Complex.Acos(z[0])),
        new(ElementwiseOps.Atan, static x => x[0].Atan(), static z => Complex.Atan(z[0])),
        new(ElementwiseOps.Sinh, static x => x[0].Sinh(), static z => Complex.Sinh(z[0])),
        new(ElementwiseOps.Cosh, static x => x[0].Cosh(), static z => Complex.Cosh(z[0])),
        new(ElementwiseOps.Tanh, static x => x[0].Tanh(), static z => Complex.Tanh(z[0])),
        new(ElementwiseOps.Asinh, static x => x[0].Asinh(), static z => Complex.Log(z[0] + Complex.Sqrt(z[0] * z[0] + 1))),
        new(ElementwiseOps.Acosh, static x => x[0].Acosh(), static z => Complex.Log(z[0] + Complex.Sqrt(z[0] + 1) * Complex.Sqrt(z[0] - 1))),
        new(ElementwiseOps.Atanh, static x => x[0].Atanh(), static z => (Complex.Log(1 + z[0]) - Complex.Log(1 - z[0])) / 2),
        new(ElementwiseOps.Sigmoid, static x => x[0].Sigmoid(), static z => 1 / (1 + Complex.Exp(-z[0]))),
        new(ElementwiseOps.Abs, static x => x[0].Abs(), static z => Complex.Abs(z[0])),
        new(ComplexOps.Sign, static x => x[0].Sign(), static z => z[0] / Complex.Abs(z[0])),
        new(ComplexOps.Conj, static x => x[0].Conj(), static z => Complex.Conjugate(z[0])),
        new(ComplexOps.Angle, static x => x[0].Angle(), static z => z[0].Phase),
        new(ComplexOps.Real, static x => x[0].Real(), static z => z[0].Real),
        new(ComplexOps.Imag, static x => x[0].Imag(), static z => z[0].Imaginary),
        new(ComplexOps.Complex, static x => Tensor.Complex(x[0].Imag(), x[1].Real()), static z => new(z[0].Imaginary, z[1].Real), 2),
        new(ComplexOps.ViewAsReal, static x => x[0].ViewAsReal()[TensorIndex.Ellipsis, 1], static z => z[0].Imaginary),
        new(ComplexOps.ViewAsComplex, static x => x[0].ViewAsReal().Flip(-1).ViewAsComplex(), static z => new(z[0].Imaginary, z[0].Real)),
    ];

    // Each is linear, so that it acts on real and imaginary parts alone; the table of real operations checks those.
    private static readonly Row[] LinearMaps =
    [
        new(ShapingOps.Reshape, static x => x[0].Reshape([-1])),
        new(ShapingOps.Permute, static x => x[0].Transpose()),
        new(ShapingOps.BroadcastTo, static x => x[0].BroadcastTo([3, 2, 2])),
        new(ShapingOps.Pad, static x => x[0].Pad([(1, 0), (0, 2)])),
        new(ShapingOps.Flip, static x => x[0].Flip(0)),
        new(ShapingOps.Roll, static x => x[0].Roll(1, 1)),
        new(ShapingOps.Cast, static x => x[0].Real().Cast(DType.Complex128) + x[0].Imag().Cast(DType.Complex128) * Tensor.From(Complex.ImaginaryOne)),
        new(ShapingOps.Clone, static x => x[0].Clone()),
        new(IdentityOps.Identity, static x => IdentityOps.Identity.Apply(x, default)),
        new(ShapingOps.Contiguous, static x => x[0].Transpose().Contiguous()),
        new(ShapingOps.To, static x => ShapingOps.To.Apply(x, new(x[0].Device, x[0].Device))),
        new(JoiningOps.Concat, static x => Tensor.Concat([x[0], x[0]], 1)),
        new(JoiningOps.Split, static x => x[0].Split(2)[1]),
        new(JoiningOps.Unstack, static x => x[0].Unstack(1)[0]),
        new(JoiningOps.Tile, static x => x[0].Tile(2, 1)),
        new(SlicingOps.Slice, static x => x[0].Narrow(1, 1, 1)),
        new(SlicingOps.SliceBackward, static x => SlicingOps.SliceBackward.Apply([x[0]], new([4, 2], new(0, 1, 3, 1)))),
        new(SlicingOps.Select, static x => x[0].Select(0, 1)),
        new(SlicingOps.SelectBackward, static x => SlicingOps.SelectBackward.Apply([x[0]], new([2, 3, 2], new(1, 2)))),
        new(DiagonalOps.Tril, static x => x[0].Tril()),
        new(DiagonalOps.Triu, static x => x[0].Triu()),
        new(DiagonalOps.Diagonal, static x => x[0].Diagonal()),
        new(DiagonalOps.OnDiagonal, static x => DiagonalOps.OnDiagonal.Apply(x, new([2, 2, 2], 0))),
        new(GatheringOps.Gather, static x => x[0].Gather(Tensor.From(1, 1, 0))),
        new(GatheringOps.TakeAlongAxis, static x => x[0].TakeAlongAxis(Tensor.From([[1L, 0], [0, 0]]), 1)),
        new(GatheringOps.ScatterAdd, static x => GatheringOps.ScatterAdd.Apply([Tensor.ZerosLike(x[0]), Tensor.From([[1L, 0], [0, 0]]), x[0]], 1)),
        new(GatheringOps.IndexAdd, static x => GatheringOps.IndexAdd.Apply([Tensor.ZerosLike(x[0]), Tensor.From(1L, 1), x[0]], 0)),
        new(GatheringOps.Index, static x => x[0][Tensor.From(1, 0, 1)]),
        new(GatheringOps.IndexBackward, static x => GatheringOps.IndexBackward.Apply([x[0], Tensor.From(1L, 1)], new([3, 2], [0]))),
        new(FourierOps.Transform, static x => x[0].Fft()),
        new(ComparisonOps.Where, static x => Tensor.From([[true, false], [false, true]]).Where(x[0], x[0].Flip(0))),
        new(ReductionOps.Sum, static x => x[0].Sum(0)),
        new(ReductionOps.Mean, static x => x[0].Mean()),
        new(CumulativeOps.CumSum, static x => x[0].CumSum(0)),
        new(LinearAlgebraOps.MatMul, static x => x[0].MatMul(Tensor.From([[1.0, 2], [-3, 4]]).Cast(x[0].DType))),
        new(LinearAlgebraOps.BatchMatMul, static x => LinearAlgebraOps.BatchMatMul.Apply([x[0].ExpandDims(0), Tensor.From([[1.0, 2], [-3, 4]]).Cast(x[0].DType).ExpandDims(0)], default)),
        new(LinearAlgebraOps.Affine, static x => Tensor.Affine(x[0], Tensor.From([[1.0, 2], [-3, 4]]).Cast(x[0].DType), Tensor.Zeros([2], x[0].DType))),
    ];

    // Products, whose rules conjugate one factor for the other, and transforms from and to real numbers.
    private static readonly Row[] Others =
    [
        new(FourierOps.RealTransform, static x => x[0].Real().Rfft(3)),
        new(FourierOps.InverseRealTransform, static x => x[0].Irfft(3)),
        new(ReductionOps.Prod, static x => x[0].Prod(0), null, 1),
        new(LinearAlgebraOps.MatMul, static x => x[0].MatMul(x[1]), null, 2),
        new(LinearAlgebraOps.BatchMatMul, static x => LinearAlgebraOps.BatchMatMul.Apply([x[0].ExpandDims(0), x[1].ExpandDims(0)], default), null, 2),
        new(LinearAlgebraOps.Affine, static x => Tensor.Affine(x[0], x[1], x[0].Sum(0)), null, 2),
        new(ArithmeticOps.Multiply, static x => x[0] * x[1][0], null, 2),  // broadcast
    ];

    private static IEnumerable<Row> All => [.. Functions, .. LinearMaps, .. Others];

    [TestCaseSource(nameof(Functions))]
    public void Values_are_those_of_plain_complex_numbers(Row row)
    {
        foreach (DType dtype in (DType[])[DType.Complex64, DType.Complex128])
        {
            Complex[][] inputs = [.. new[] { First, Second }.Take(row.Inputs).Select(v => Numbers(Tensor.From(v).Cast(dtype)))];
            Complex[] actual = Numbers(row.Call([.. inputs.Select(v => Tensor.From(v).Cast(dtype))]));
            // Both sides go through a handful of real functions; relative to 1 where a part cancels.
            double epsilon = 16 * dtype.Epsilon();
            for (int i = 0; i < First.Length; i++)
            {
                Complex right = row.Expect!([.. inputs.Select(v => v[i])]);
                Assert.That(Complex.Abs(actual[i] - right), Is.LessThan(epsilon * Math.Max(1, Complex.Abs(right))), $"{dtype}, at {First[i]}: {actual[i]}, not {right}");
            }
        }
    }

    [TestCaseSource(nameof(LinearMaps))]
    public void A_linear_map_acts_on_the_parts_alone(Row row)
    {
        Tensor z = Inputs(row)[0];
        Complex[] whole = Numbers(row.Call([z]));
        Complex[] real = Numbers(row.Call([z.Real()])), imaginary = Numbers(row.Call([z.Imag()]));
        // Sums of two products, rounded in another order.
        for (int i = 0; i < whole.Length; i++)
            Assert.That(Complex.Abs(whole[i] - (real[i] + Complex.ImaginaryOne * imaginary[i])), Is.LessThan(1e-14));
    }

    [TestCaseSource(nameof(All))]
    public void Gradients_of_both_orders_agree_with_differences(Row row)
    {
        GradientCheck.Require(row.Call, Inputs(row));
        GradientCheck.Require(row.Call, Inputs(row), order: 2);
    }

    [TestCaseSource(nameof(All))]
    public void A_rule_that_is_wrong_by_a_thousandth_or_lacks_a_conjugate_is_noticed(Row row)
    {
        Assert.That(Passes(static g => g * 1.001), Is.False);
        bool isReal = true;  // a gradient that is real is its own conjugate
        bool passes = Passes(g =>
        {
            isReal &= g.Imag().Equal(0).All().Item<bool>();
            return g.Conj();
        });
        Assert.That(passes, Is.EqualTo(isReal), "conjugate");

        bool Passes(Func<Tensor, Tensor> wrong)
        {
            bool planted = false;
            BackwardPass.Fault = (op, input, g) =>
            {
                if (op != row.Op) return g;
                planted = true;
                return wrong(g);
            };
            try
            {
                return GradientCheck.Run(row.Call, Inputs(row)).Passed;
            }
            finally
            {
                BackwardPass.Fault = null;
                Assert.That(planted, Is.True, "the row runs its operation");
            }
        }
    }

    [TestCaseSource(nameof(All))]
    public void Only_the_output_and_the_gradients_are_left(Row row)
    {
        Tensor[] x = Inputs(row);
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor y = row.Call(x);
        Tensor weights = Tensor.OnesLike(y);
        using var count = new WrapperCount();
        Tensor?[] gradients = tape.Gradient(y, x, weights);
        Assert.That(count.Beside(gradients), Is.Zero);
    }

    [Test]
    public void Every_operation_with_complex_gradients_is_checked_here()
    {
        // The gradient of one is what its caller decrees, and no difference quotient.
        Assert.That(OpList.Declared.Where(static op => op.ComplexGradients).Except(All.Select(static r => r.Op)), Is.EqualTo((Op[])[IdentityOps.ReverseGradient]));
    }

    // L = |z|² = x² + y² ⇒ ∂L/∂x + i·∂L/∂y = 2z; L = Re z² = x² − y² ⇒ 2x − 2iy.
    [Test]
    public void The_gradient_points_uphill_in_the_plane()
    {
        Assert.That(GradientOf(static z => z.Abs().Square()), Is.EqualTo(2 * new Complex(1, 2)).Using<Complex>(Close));
        Assert.That(GradientOf(static z => z.Square().Real()), Is.EqualTo(new Complex(2, -4)).Using<Complex>(Close));
        Assert.That(GradientOf(static z => (z * z.Conj()).Real()), Is.EqualTo(2 * new Complex(1, 2)).Using<Complex>(Close));

        static Complex GradientOf(Func<Tensor, Tensor> loss)
        {
            Tensor z = Tensor.From(new Complex(1, 2));
            using var tape = new GradientTape();
            tape.Watch(z);
            return tape.Gradient(loss(z), z)!.Item<Complex>();
        }
    }

    [Test]
    public void Complex_functions_of_real_numbers_have_real_gradients()
    {
        Tensor r = Tensor.From(0.5, 2), angle = Tensor.From(0.3, -1.2);
        GradientCheck.Require(static x => Tensor.Polar(x[0], x[1]).Exp(), [r, angle]);
        GradientCheck.Require(static x => Tensor.Polar(x[0], x[1]).Exp(), [r, angle], order: 2);
        GradientCheck.Require(static x => x.Cast(DType.Complex128).Pow(Tensor.From(new Complex(0.5, 1))).Angle(), r, order: 2);
        using var tape = new GradientTape();
        tape.Watch(r);
        Assert.That(tape.Gradient(r.Cast(DType.Complex64).Abs(), r)!.DType, Is.EqualTo(DType.Float64));
    }

    [Test]
    public void A_number_stretched_over_others_gets_the_sum_of_their_gradients()
    {
        Tensor z = Tensor.From(First), c = Tensor.From(new Complex(0.3, -0.7));
        GradientCheck.Require(static x => x[0] * x[1] / (x[1] + 2), [z, c], order: 2);
    }

    [Test]
    public void The_conjugate_and_the_real_part_of_a_real_tensor_are_the_tensor()
    {
        Tensor x = Tensor.From(1.0, -2);
        Assert.That(x.Conj(), Is.SameAs(x));
        Assert.That(x.Real(), Is.SameAs(x));
        Assert.That(x.Imag().ToArray<double>(), Is.All.Zero);
        Assert.That(x.Angle().ToArray<double>(), Is.EqualTo(new[] { 0, Math.PI }));
    }

    [Test]
    public void At_zero_the_gradients_of_modulus_angle_and_sign_are_zero()
    {
        foreach (Func<Tensor, Tensor> function in (Func<Tensor, Tensor>[])[static z => z.Abs(), static z => z.Angle(), static z => z.Sign().Real()])
        {
            Tensor z = Tensor.From(Complex.Zero);
            using var tape = new GradientTape();
            tape.Watch(z);
            Assert.That(tape.Gradient(function(z), z)!.Item<Complex>(), Is.EqualTo(Complex.Zero));
        }
    }

    [Test]
    public void Parts_and_pairs_are_views()
    {
        Tensor z = Tensor.From(First);
        Assert.That(z.ViewAsReal().ToArray<double>(), Is.EqualTo(First.SelectMany(static c => new[] { c.Real, c.Imaginary })));
        Assert.That(Numbers(z.ViewAsReal().ViewAsComplex()), Is.EqualTo(First));
        Assert.That(Numbers(Tensor.Complex(z.Real(), z.Imag())), Is.EqualTo(First));
        Assert.That(Tensor.Zeros([0, 2]).ViewAsComplex().Shape, Is.EqualTo(Shape.FromSizes(0)));
    }

    [Test]
    public void What_has_no_meaning_is_refused_in_words()
    {
        Tensor z = Tensor.From(First);
        Assert.That(() => z.Cast(DType.Float32), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("complex128 to float32").And.Message.Contains("Real"));
        Assert.That(() => z.Cast(DType.Int64), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("int64"));
        Assert.That(z.Cast(DType.Bool).ToArray<bool>(), Is.All.True);
        Assert.That(() => z * Tensor.From(1.0), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("complex128").And.Message.Contains("float64"));
        Assert.That(() => Tensor.Complex(Tensor.From(1f), Tensor.From(1.0)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float32").And.Message.Contains("float64"));
        Assert.That(() => Tensor.Complex(Tensor.From((Half)1), Tensor.From((Half)1)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float16"));
        Assert.That(() => Tensor.From(1.0).ViewAsReal(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("not complex"));
        Assert.That(() => Tensor.From(1.0, 2, 3).ViewAsComplex(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[3]"));
        Assert.That(() => Tensor.From(1).ViewAsComplex(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("int32"));
        Assert.That(() => z.Item(), Throws.TypeOf<ShapeMismatchException>().Or.TypeOf<DTypeMismatchException>());
    }

    [Test]
    public void A_complex_target_needs_an_output_gradient()
    {
        Tensor z = Tensor.From(First);
        using var tape = new GradientTape(persistent: true);
        tape.Watch(z);
        Tensor y = z * z;
        Assert.That(() => tape.Gradient(y, z), Throws.TypeOf<GradientException>().With.Message.Contains("complex128").And.Message.Contains("output gradient"));
        Assert.That(Numbers(tape.Gradient(y, z, Tensor.OnesLike(y))!), Is.EqualTo(First.Select(static c => Complex.Conjugate(2 * c))));
    }

    [Test]
    public void A_rule_of_real_numbers_refuses_complex_ones()
    {
        Op<None> real = OpForms.Binary("RealProduct", Aten.mul_Tensor, new(Keep.B, static (g, in s) => g * s.B), new(Keep.A, static (g, in s) => g * s.A));
        Tensor z = Tensor.From(First);
        using var tape = new GradientTape();
        tape.Watch(z);
        Assert.That(() => real.Apply([z, z], default), Throws.TypeOf<GradientException>().With.Message.Contains("RealProduct").And.Message.Contains("StopRecording"));
        using (tape.StopRecording()) Assert.That(real.Apply([z, z], default).DType, Is.EqualTo(DType.Complex128));
    }

    private static Tensor[] Inputs(Row row) =>
        [.. new[] { First, Second }.Take(row.Inputs).Select(v => row.Expect is null ? Tensor.From(v, [2, 2]) : Tensor.From(v))];

    // A few units of float64.
    private static bool Close(Complex a, Complex b) => Complex.Abs(a - b) < 4e-15;

    private static Complex[] Numbers(Tensor z) => z.Cast(DType.Complex128).ToArray<Complex>();

    /// <summary>An operation, how it is called, what it gives where that is computed number by number, and how many inputs it takes.</summary>
    public sealed class Row
    {
        internal Row(Op op, Func<Tensor[], Tensor> call, Func<Complex[], Complex>? expect = null, int inputs = 1) =>
            (Op, Call, Expect, Inputs) = (op, call, expect, inputs);

        internal Op Op { get; }

        internal Func<Tensor[], Tensor> Call { get; }

        internal Func<Complex[], Complex>? Expect { get; }

        internal int Inputs { get; }

        public override string ToString() => $"{Op.Name}, {Inputs}{(Expect is null ? " matrices" : " numbers")}";
    }
}
