namespace Eager.Autograd;

/// <summary>How a Jacobian is computed.</summary>
public enum JacobianMode
{
    /// <summary>By rows when there are no more outputs than inputs, else by columns.</summary>
    Auto = 0,

    /// <summary>By rows, in reverse mode: the cost of one run and of one backward pass for each output element, all at once.</summary>
    Reverse = 1,

    /// <summary>By columns, in forward mode: the cost of one run for each input element, all at once.</summary>
    Forward = 2,
}

/// <content>Matrices of derivatives. Rows or columns are computed together by <c>Vmap</c>, not in a loop.</content>
public static partial class Function
{
    /// <summary>All first derivatives of a function at a point.</summary>
    /// <param name="function">Gives one tensor.</param>
    /// <param name="x">Where they are taken.</param>
    /// <param name="mode">How they are computed; the result is the same.</param>
    /// <returns>[output's shape, input's shape].</returns>
    /// <example><code>Tensor j = Function.Jacobian(x => x * x, Tensor.From(1f, 2f));   // [[2, 0], [0, 4]]</code></example>
    public static Tensor Jacobian(Func<Tensor, Tensor> function, Tensor x, JacobianMode mode = JacobianMode.Auto) =>
        Jacobian(All(function), [x], mode)[0][0];

    /// <summary>All first derivatives of a function of several tensors at a point: for each input [output's shape, input's shape].</summary>
    /// <inheritdoc cref="Jacobian(Func{Tensor, Tensor}, Tensor, JacobianMode)"/>
    public static Tensor[] Jacobian(Func<Tensor[], Tensor> function, Tensor[] x, JacobianMode mode = JacobianMode.Auto) =>
        Jacobian(All(function), x, mode)[0];

    /// <summary>All first derivatives of several functions of several tensors at a point: for each output and each input [output's shape, input's shape].</summary>
    /// <inheritdoc cref="Jacobian(Func{Tensor, Tensor}, Tensor, JacobianMode)"/>
    public static Tensor[][] Jacobian(Func<Tensor[], Tensor[]> function, Tensor[] x, JacobianMode mode = JacobianMode.Auto)
    {
        if (mode == JacobianMode.Forward) return ByColumns(function, x);
        RecordedCall call = RecordedCall.Of(nameof(Jacobian), function, x);
        try
        {
            RequireDifferentiable(nameof(Jacobian), call.Outputs);
            bool tall = call.Outputs.Sum(static y => y.ElementCount) > x.Sum(static t => t.ElementCount);
            return mode == JacobianMode.Auto && tall ? ByColumns(function, x) : ByRows(call, x);
        }
        finally
        {
            call.Close();
        }
    }

    /// <summary>The first derivatives of a function that treats the rows of a batch apart: each output row by its own input row.</summary>
    /// <param name="function">Takes [batch, ...] to [batch, ...]; a row of its output may depend on the same row of its input alone.</param>
    /// <param name="x">Where they are taken, [batch, ...].</param>
    /// <returns>[batch, a row's output shape, a row's input shape].</returns>
    public static Tensor BatchJacobian(Func<Tensor, Tensor> function, Tensor x)
    {
        RecordedCall call = RecordedCall.Of(nameof(BatchJacobian), All(function), [x]);
        try
        {
            Tensor y = call.Outputs[0];
            RequireDifferentiable(nameof(BatchJacobian), call.Outputs);
            if (x.Rank == 0 || y.Rank == 0 || x.ConcreteShape[0] != y.ConcreteShape[0])
                throw new ShapeMismatchException($"BatchJacobian: the input is {x.ConcreteShape}, the output {y.ConcreteShape}; both need the batch as axis 0.");
            using var scope = Temporaries.Begin();
            // Row i of the basis asks every row of the batch for the derivatives of its element i.
            Shape row = y.ConcreteShape[1..], inputRow = x.ConcreteShape[1..];
            long elements = row.ElementCount;
            Tensor basis = Tensor.Eye(elements, dtype: y.DType, device: y.Device).Reshape([elements, 1, .. row]).BroadcastTo([elements, .. y.ConcreteShape]);
            Tensor rows = Map(g => call.Pull(g, keepsRecording: true), [basis])[0];
            return scope.Keep(rows.SwapAxes(0, 1).Reshape([x.ConcreteShape[0], .. row, .. inputRow]));
        }
        finally
        {
            call.Close();
        }
    }

    /// <summary>All second derivatives of a scalar function at a point, forward over reverse.</summary>
    /// <returns>[input's shape, input's shape].</returns>
    public static Tensor Hessian(Func<Tensor, Tensor> function, Tensor x) => Jacobian(Grad(function), x, JacobianMode.Forward);

    /// <summary>All second derivatives of a scalar function of several tensors at a point: for each pair of inputs [the first's shape, the second's shape].</summary>
    public static Tensor[][] Hessian(Func<Tensor[], Tensor> function, Tensor[] x) => Jacobian(Grad(function), x, JacobianMode.Forward);

    /// <summary>H·v: a scalar function's second derivatives times a vector, at the cost of a few gradients, forward over reverse.</summary>
    /// <param name="function">Gives one number.</param>
    /// <param name="x">Where the derivatives are taken.</param>
    /// <param name="vector">Of the input's shape and dtype, as is the result.</param>
    public static Tensor Hvp(Func<Tensor, Tensor> function, Tensor x, Tensor vector) => Hvp(x => function(x[0]), [x], [vector])[0];

    /// <summary>H·v for a function of several tensors, with a vector for each.</summary>
    /// <inheritdoc cref="Hvp(Func{Tensor, Tensor}, Tensor, Tensor)"/>
    public static Tensor[] Hvp(Func<Tensor[], Tensor> function, Tensor[] x, Tensor[] vectors)
    {
        (Tensor[] gradients, Tensor[] products) = Jvp(Grad(function), x, vectors);
        DisposeAllBut(gradients, products);
        return products;
    }

    private static Tensor[][] ByRows(RecordedCall call, Tensor[] x)
    {
        Tensor[] y = call.Outputs;
        using var scope = Temporaries.Begin();
        var jacobians = new Tensor[y.Length][];
        for (int o = 0; o < y.Length; o++)
        {
            int output = o;
            Tensor[] rows = Map(g => call.Pull([.. y.Select((value, i) => i == output ? g[0] : Tensor.ZerosLike(value))], keepsRecording: true), [Basis(y[o])]);
            jacobians[o] = [.. rows.Select((r, i) => scope.Keep(r.Reshape([.. y[output].ConcreteShape, .. x[i].ConcreteShape])))];
        }
        return jacobians;
    }

    private static Tensor[][] ByColumns(Func<Tensor[], Tensor[]> function, Tensor[] x)
    {
        Tensor[][]? jacobians = null;
        using var scope = Temporaries.Begin();
        for (int i = 0; i < x.Length; i++)
        {
            int input = i;
            Tensor[] columns = Map(t => Jvp(function, x, [.. x.Select((value, k) => k == input ? t[0] : Tensor.ZerosLike(value))]).Tangents, [Basis(x[i])]);
            jacobians ??= [.. columns.Select(_ => new Tensor[x.Length])];
            for (int o = 0; o < columns.Length; o++)
            {
                Shape output = columns[o].ConcreteShape[1..];
                Tensor last = columns[o].Reshape([x[i].ElementCount, output.ElementCount]).Transpose();
                jacobians[o][i] = scope.Keep(last.Reshape([.. output, .. x[i].ConcreteShape]));
            }
        }
        return jacobians!;
    }

    // The directions along which one element changes: [elements, the tensor's shape].
    private static Tensor Basis(Tensor x) => Tensor.Eye(x.ElementCount, dtype: x.DType, device: x.Device).Reshape([x.ElementCount, .. x.ConcreteShape]);

    // What a function draws for one direction it draws for all: they belong to one run.
    private static Tensor[] Map(Func<Tensor[], Tensor[]> function, Tensor[] x) => MapAll(nameof(Jacobian), function, x, inAxes: null, outAxes: null, VmapRandomness.Same);
}
