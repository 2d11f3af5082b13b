using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Autograd;

/// <summary>Derivatives as functions of functions.</summary>
[Parallelizable(ParallelScope.All)]
public class FunctionDerivativeTests
{
    // Values of a few dozen float64 operations.
    private const double Close = 1e-12;

    [Test]
    public void Grad_is_a_function_that_can_be_differentiated_again()
    {
        Func<Tensor, Tensor> second = Function.Grad(Function.Grad(static x => x.Sin()));

        Assert.That(second(Tensor.From(0.7)).Item(), Is.EqualTo(-Math.Sin(0.7)).Within(Close));
    }

    [Test]
    public void Gradients_of_several_inputs_stand_in_their_order()
    {
        Tensor[] gradients = Function.Grad(static (Tensor[] x) => (x[0] * x[1].Square()).Sum())([Tensor.From(2.0, 3), Tensor.From(5.0, 7)]);

        Assert.That(gradients[0].ToArray<double>(), Is.EqualTo((double[])[25, 49]));
        Assert.That(gradients[1].ToArray<double>(), Is.EqualTo((double[])[20, 42]));
    }

    [Test]
    public void Value_and_gradient_come_from_one_run()
    {
        int runs = 0;
        (Tensor value, Tensor gradient) = Function.ValueAndGrad(x => { runs++; return (x * x).Sum(); })(Tensor.From(1.0, 2));

        Assert.That((value.Item(), runs), Is.EqualTo((5.0, 1)));
        Assert.That(gradient.ToArray<double>(), Is.EqualTo((double[])[2, 4]));
    }

    [Test]
    public void An_inner_derivative_holds_what_it_captures_constant_and_the_outer_one_does_not()
    {
        // f(x) = x·d/dy(x + y)|₁ = x, so f' = 1; confusing the two derivatives gives 2.
        Tensor x = Tensor.From(3.0);
        Func<Tensor, Tensor> reverse = Function.Grad(static x => x * Function.Grad(y => x + y)(Tensor.From(1.0)));
        (_, Tensor forward) = Function.Jvp(static x => x * Function.Jvp(y => x + y, Tensor.From(1.0), Tensor.From(1.0)).Tangent, x, Tensor.From(1.0));

        Assert.That((reverse(x).Item(), forward.Item()), Is.EqualTo((1.0, 1.0)));
    }

    [Test]
    public void The_same_tensor_inside_and_outside_counts_at_each_place()
    {
        Tensor x = Tensor.From(3.0);

        // d/dx of x·(d/dy x·y²)(x) = x·2x² ⇒ 6x²
        Assert.That(Function.Grad(static x => x * Function.Grad(y => x * y * y)(x))(x).Item(), Is.EqualTo(54).Within(Close));
    }

    [Test]
    public void A_pullback_may_be_called_again()
    {
        (Tensor value, Func<Tensor, Tensor> pullback) = Function.Vjp(static x => x.Exp(), Tensor.From(0.0, 1));

        Assert.That(value.ToArray<double>(), Is.EqualTo((double[])[1, Math.E]).Within(Close));
        Assert.That(pullback(Tensor.From(1.0, 0)).ToArray<double>(), Is.EqualTo((double[])[1, 0]));
        Assert.That(pullback(Tensor.From(0.0, 2)).ToArray<double>(), Is.EqualTo((double[])[0, 2 * Math.E]).Within(Close));
    }

    [Test]
    public void A_tangent_is_the_derivative_in_its_direction()
    {
        (Tensor value, Tensor tangent) = Function.Jvp(static x => x[0] * x[1].Sin(), Tensor.From(2.0, 0.5), Tensor.From(1.0, 3));

        Assert.That(value.Item(), Is.EqualTo(2 * Math.Sin(0.5)).Within(Close));
        Assert.That(tangent.Item(), Is.EqualTo(Math.Sin(0.5) + 3 * 2 * Math.Cos(0.5)).Within(Close));
    }

    [Test]
    public void What_does_not_depend_on_an_input_has_zero_derivatives()
    {
        Tensor x = Tensor.From(1.0, 2), constant = Tensor.From(5.0);

        Assert.That(Function.Grad((Tensor _) => constant)(x).ToArray<double>(), Is.EqualTo(new double[2]));
        Assert.That(Function.Jvp(_ => constant, x, x).Tangent.Item(), Is.Zero);
        Assert.That(Function.Jacobian(_ => constant, x).ToArray<double>(), Is.EqualTo(new double[2]));
    }

    [Test]
    public void A_tape_around_sees_a_tangent()
    {
        Tensor x = Tensor.From(0.3);
        using var tape = new GradientTape();
        tape.Watch(x);

        Tensor tangent = Function.Jvp(static x => x.Exp() * x, x, Tensor.From(1.0)).Tangent;

        // (x + 1)eˣ, whose derivative is (x + 2)eˣ
        Assert.That(tape.Gradient(tangent, x)!.Item(), Is.EqualTo(2.3 * Math.Exp(0.3)).Within(Close));
    }

    [Test]
    public void Forward_mode_nests()
    {
        Tensor x = Tensor.From(0.3), one = Tensor.From(1.0);

        Tensor second = Function.Jvp(x => Function.Jvp(static x => x.Exp() * x, x, one).Tangent, x, one).Tangent;

        Assert.That(second.Item(), Is.EqualTo(2.3 * Math.Exp(0.3)).Within(Close));
    }

    [TestCase(JacobianMode.Auto)]
    [TestCase(JacobianMode.Forward)]
    [TestCase(JacobianMode.Reverse)]
    public void A_jacobian_is_the_same_by_rows_and_by_columns(JacobianMode mode)
    {
        Tensor x = Tensor.From([1.0, 2, 3, 4, 5, 6], [2, 3]), w = Tensor.From([1.0, -1, 2, 0.5, 3, 1], [3, 2]);

        Tensor j = Function.Jacobian(x => x.MatMul(w).Square(), x, mode);

        // y = (xw)² ⇒ ∂yᵢₖ/∂xₐⱼ = 2(xw)ᵢₖ·wⱼₖ where a = i
        Assert.That(j.Shape.ToString(), Is.EqualTo("[2, 2, 2, 3]"));
        double[,] product = x.MatMul(w).ToArray2D<double>(), weights = w.ToArray2D<double>();
        for (int i = 0; i < 2; i++)
            for (int k = 0; k < 2; k++)
                for (int a = 0; a < 2; a++)
                    for (int c = 0; c < 3; c++)
                        Assert.That(j[i, k, a, c].Item(), Is.EqualTo(a == i ? 2 * product[i, k] * weights[c, k] : 0).Within(Close));
    }

    [Test]
    public void A_jacobian_of_several_inputs_has_a_block_for_each()
    {
        Tensor[] blocks = Function.Jacobian(static (Tensor[] x) => x[0] * x[1].Sum(), [Tensor.From(1.0, 2), Tensor.From(3.0, 4, 5)]);

        Assert.That(blocks[0].ToArray2D<double>(), Is.EqualTo(new double[,] { { 12, 0 }, { 0, 12 } }));
        Assert.That(blocks[1].ToArray2D<double>(), Is.EqualTo(new double[,] { { 1, 1, 1 }, { 2, 2, 2 } }));
    }

    [Test]
    public void A_batch_jacobian_is_that_of_each_row()
    {
        Tensor x = Tensor.From([1.0, 2, 3, 4, 5, 6], [3, 2]);

        Tensor j = Function.BatchJacobian(static x => x.Square().CumSum(1), x);

        for (int i = 0; i < 3; i++)
            Assert.That(j[i].ToArray2D<double>(), Is.EqualTo(Function.Jacobian(static row => row.Square().CumSum(0), x[i]).ToArray2D<double>()));
    }

    [Test]
    public void A_hessian_holds_all_second_derivatives()
    {
        // f = x²y + y³ ⇒ [[2y, 2x], [2x, 6y]]
        Tensor h = Function.Hessian(static x => x[0].Square() * x[1] + x[1].Pow(3), Tensor.From(2.0, 3));
        Tensor[][] blocks = Function.Hessian(static (Tensor[] x) => x[0].Square() * x[1] + x[1].Pow(3), [Tensor.From(2.0), Tensor.From(3.0)]);

        Assert.That(h.ToArray<double>(), Is.EqualTo((double[])[6, 4, 4, 18]).Within(Close));
        Assert.That(blocks.SelectMany(static row => row).Select(static b => b.Item()), Is.EqualTo((double[])[6, 4, 4, 18]).Within(Close));
    }

    [Test]
    public void A_product_with_the_hessian_needs_no_hessian()
    {
        Tensor x = Tensor.From(2.0, 3), v = Tensor.From(1.0, -1);

        Assert.That(Function.Hvp(static x => x[0].Square() * x[1] + x[1].Pow(3), x, v).ToArray<double>(), Is.EqualTo((double[])[2, -14]).Within(Close));
    }

    [Test]
    public void Derivatives_are_taken_inside_a_trace()
    {
        TracedFunction traced = Function.Trace(Function.Grad(static x => x.Pow(3).Sum()));
        _ = traced.Call(Tensor.From(1.0, 2));

        Assert.That(traced.Call(Tensor.From(2.0, 3)).ToArray<double>(), Is.EqualTo((double[])[12, 27]));
        Assert.That(traced.TraceCount, Is.EqualTo(1));
    }

    [Test]
    public void Bad_arguments_are_refused_in_words()
    {
        Tensor x = Tensor.From(1.0, 2), whole = Tensor.From(1, 2);

        Assert.That(Assert.Throws<GradientException>(() => Function.Grad(static x => x * x)(x))!.Message, Does.Contain("[2]").And.Contain("Jacobian"));
        Assert.That(Assert.Throws<GradientException>(() => Function.Grad(static x => x.Sum())(whole))!.Message, Does.Contain("input 0 is int32"));
        Assert.That(Assert.Throws<GradientException>(() => Function.Vjp(static x => x.Greater(0), x))!.Message, Does.Contain("bool"));
        Assert.That(Assert.Throws<ShapeMismatchException>(() => Function.Jvp(static x => x, x, Tensor.From(1.0)))!.Message, Does.Contain("tangent 0 is []").And.Contain("[2]"));
        Assert.That(Assert.Throws<DTypeMismatchException>(() => Function.Vjp(static x => x, x).Pullback(Tensor.From(1f, 1f)))!.Message, Does.Contain("float32").And.Contain("float64"));
        Assert.That(Assert.Throws<ShapeMismatchException>(() => Function.BatchJacobian(static x => x.Sum(), x))!.Message, Does.Contain("batch as axis 0"));
        Assert.Throws<InvalidArgumentException>(() => Function.Grad(static (Tensor[] x) => x[0])([]));
        Assert.That(ThreadContext.Current.Observer, Is.Null, "a failure leaves no observer behind");
    }

    [Test]
    public void Only_results_are_left_of_a_derivative()
    {
        Tensor x = Tensor.From(1.0, 2), t = Tensor.From(3.0, 4);
        Tensor? made = null;
        Func<Tensor, Tensor> function = x => made = x.Exp();
        using var count = new WrapperCount();

        (Tensor value, Tensor tangent) = Function.Jvp(function, x, t);
        Assert.That(count.Beside(x, t, value, tangent, made), Is.Zero);

        Tensor jacobian = Function.Jacobian(function, x, JacobianMode.Reverse);
        Assert.That(count.Beside(x, t, value, tangent, jacobian, made), Is.Zero);
    }
}
