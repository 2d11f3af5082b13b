namespace Eager.Autograd;

/// <content>First derivatives. Inputs are one tensor or an array; derivatives compose to any order.</content>
public static partial class Function
{
    /// <summary>The gradient of a scalar function of one tensor, as a function.</summary>
    /// <remarks>Where the function ignores its input the gradient is zero.</remarks>
    /// <exception cref="GradientException">When called: the input is not floating point, or the result no floating-point scalar.</exception>
    /// <example>
    /// <code>
    /// Func&lt;Tensor, Tensor&gt; cosine = Function.Grad(x => x.Sin());
    /// Func&lt;Tensor, Tensor&gt; negativeSine = Function.Grad(cosine);
    /// </code>
    /// </example>
    public static Func<Tensor, Tensor> Grad(Func<Tensor, Tensor> function) => x => Evaluate(nameof(Grad), All(function), [x]).Gradients[0];

    /// <summary>The gradients of a scalar function of several tensors, as a function.</summary>
    /// <inheritdoc cref="Grad(Func{Tensor, Tensor})"/>
    public static Func<Tensor[], Tensor[]> Grad(Func<Tensor[], Tensor> function) => x => Evaluate(nameof(Grad), All(function), x).Gradients;

    /// <summary>The value and gradient of a scalar function of one tensor, as a function.</summary>
    /// <inheritdoc cref="Grad(Func{Tensor, Tensor})"/>
    public static Func<Tensor, (Tensor Value, Tensor Gradient)> ValueAndGrad(Func<Tensor, Tensor> function) => x =>
    {
        (Tensor value, Tensor[] gradients) = Evaluate(nameof(ValueAndGrad), All(function), [x]);
        return (value, gradients[0]);
    };

    /// <summary>The value and gradients of a scalar function of several tensors, as a function.</summary>
    /// <inheritdoc cref="Grad(Func{Tensor, Tensor})"/>
    public static Func<Tensor[], (Tensor Value, Tensor[] Gradients)> ValueAndGrad(Func<Tensor[], Tensor> function) =>
        x => Evaluate(nameof(ValueAndGrad), All(function), x);

    /// <summary>A function's value at a point, and the function g ↦ Jᵀ·g, which may be called any number of times.</summary>
    /// <param name="function">Gives one tensor.</param>
    /// <param name="x">Where its derivative is taken.</param>
    /// <returns>The value, and what takes a tensor of the value's shape to one of the input's.</returns>
    public static (Tensor Value, Func<Tensor, Tensor> Pullback) Vjp(Func<Tensor, Tensor> function, Tensor x)
    {
        (Tensor[] values, Func<Tensor[], Tensor[]> pullback) = Vjp(All(function), [x]);
        return (values[0], g => pullback([g])[0]);
    }

    /// <summary>Several functions' values at a point, and the function g ↦ Jᵀ·g, which may be called any number of times.</summary>
    /// <param name="function">Takes and gives arrays.</param>
    /// <param name="x">Where its derivative is taken.</param>
    /// <returns>The values, and what takes tensors of the values' shapes to tensors of the inputs'.</returns>
    public static (Tensor[] Values, Func<Tensor[], Tensor[]> Pullback) Vjp(Func<Tensor[], Tensor[]> function, Tensor[] x)
    {
        RecordedCall call = RecordedCall.Of(nameof(Vjp), function, x);
        Tensor[] values = call.Outputs;
        RequireDifferentiable(nameof(Vjp), values);
        return (values, g =>
        {
            RequireLike(nameof(Vjp), "output gradient", g, "value", values);
            return call.Pull(g, keepsRecording: true);
        });
    }

    /// <summary>A function's value at a point, and J·t, its derivative in a direction, by forward mode: in one run and without keeping anything for a way back.</summary>
    /// <param name="function">Gives one tensor.</param>
    /// <param name="x">Where its derivative is taken.</param>
    /// <param name="tangent">The direction, of the input's shape and dtype.</param>
    public static (Tensor Value, Tensor Tangent) Jvp(Func<Tensor, Tensor> function, Tensor x, Tensor tangent)
    {
        (Tensor[] values, Tensor[] tangents) = Jvp(All(function), [x], [tangent]);
        return (values[0], tangents[0]);
    }

    /// <summary>Several functions' values at a point, and J·t, their derivatives in a direction, by forward mode.</summary>
    /// <param name="function">Takes and gives arrays.</param>
    /// <param name="x">Where its derivative is taken.</param>
    /// <param name="tangents">The direction: for each input a tensor of its shape and dtype.</param>
    /// <returns>The values, and for each a tensor of its shape.</returns>
    public static (Tensor[] Values, Tensor[] Tangents) Jvp(Func<Tensor[], Tensor[]> function, Tensor[] x, Tensor[] tangents)
    {
        RequireLike(nameof(Jvp), "tangent", tangents, "input", x);
        Tensor[] inputs = RecordedCall.Inputs(nameof(Jvp), x), values;
        using var mode = new ForwardMode();
        for (int i = 0; i < inputs.Length; i++) mode.SetTangent(inputs[i], tangents[i]);
        mode.Attach();
        try
        {
            values = function([.. inputs]);
        }
        finally
        {
            mode.Detach();
        }
        RequireDifferentiable(nameof(Jvp), values);
        Tensor[] made = Array.ConvertAll(values, y => mode.TangentOf(y)?.Alias() ?? Tensor.ZerosLike(y));
        DisposeAllBut(inputs, values);
        return (values, made);
    }

    private static (Tensor Value, Tensor[] Gradients) Evaluate(string caller, Func<Tensor[], Tensor[]> function, Tensor[] x)
    {
        RecordedCall call = RecordedCall.Of(caller, function, x);
        Tensor value = call.Outputs[0];
        RequireDifferentiable(caller, call.Outputs);
        if (value.ConcreteShape.ElementCount.Value != 1)
            throw new GradientException($"{caller}: the function gave shape {value.ConcreteShape}; a gradient is that of one number, so end with Sum or Mean, or use Jacobian.");
        using Tensor one = Tensor.OnesLike(value);
        Tensor[] gradients = call.Pull([one], keepsRecording: false);
        call.Close();
        return (value, gradients);
    }

    private static Func<Tensor[], Tensor[]> All(Func<Tensor, Tensor> function) => x => [function(x[0])];

    private static Func<Tensor[], Tensor[]> All(Func<Tensor[], Tensor> function) => x => [function(x)];

    private static void RequireDifferentiable(string caller, Tensor[] values)
    {
        foreach (Tensor value in values)
            if (!value.DType.IsFloatingPoint()) throw new GradientException($"{caller}: the function gave {value.DType.Name()}; only floating-point results have derivatives.");
    }

    private static void RequireLike(string caller, string what, Tensor[] given, string counterpart, Tensor[] wanted)
    {
        if (given.Length != wanted.Length)
            throw new InvalidArgumentException($"{caller}: {given.Length} {what}s were given for {wanted.Length} {counterpart}s.");
        for (int i = 0; i < given.Length; i++)
        {
            if (given[i].ConcreteShape != wanted[i].ConcreteShape)
                throw new ShapeMismatchException($"{caller}: {what} {i} is {given[i].ConcreteShape}, the {counterpart} {wanted[i].ConcreteShape}; the shapes must be equal.");
            if (given[i].DType != wanted[i].DType)
                throw new DTypeMismatchException($"{caller}: {what} {i} is {given[i].DType.Name()}, the {counterpart} {wanted[i].DType.Name()}; convert one with Cast.");
        }
    }

    private static void DisposeAllBut(Tensor[] tensors, Tensor[] kept)
    {
        foreach (Tensor tensor in tensors)
            if (Array.IndexOf(kept, tensor) < 0) tensor.Dispose();
    }
}
