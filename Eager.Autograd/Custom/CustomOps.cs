namespace Eager.Autograd;

/// <summary>Operations whose kernel and gradient are C# functions of the caller's.</summary>
internal static class CustomOps
{
    /// <summary>One run of a function with a gradient of its own.</summary>
    internal sealed class CustomCall(Func<Tensor[], (Tensor Value, Func<Tensor, Tensor[]> Gradient)> function)
    {
        internal Func<Tensor[], (Tensor Value, Func<Tensor, Tensor[]> Gradient)> Function { get; } = function;

        /// <summary>The gradient that the run gave with its value.</summary>
        internal Func<Tensor, Tensor[]>? Gradient { get; set; }
    }

    /// <summary>A function over values, and its gradient from inputs, output and the output's gradient.</summary>
    /// <param name="Name">How messages call it.</param>
    /// <param name="Function">Computes the value.</param>
    /// <param name="Gradient">Computes the inputs' gradients.</param>
    /// <param name="Result">What the value is; null when only a call tells.</param>
    /// <param name="GivesFirstInput">Whether the value is the first input.</param>
    internal sealed record HostCall(string Name, Func<Tensor[], Tensor> Function, Func<Tensor[], Tensor, Tensor, Tensor?[]>? Gradient, InputSpec? Result = null, bool GivesFirstInput = false)
    {
        /// <summary>What the value will be, without a call.</summary>
        internal (DType DType, Shape Shape) Describe(GraphTensor[] inputs)
        {
            if (GivesFirstInput) return (inputs[0].DType, inputs[0].Shape);
            if (Result is null) throw new TracingException($"Host: '{Name}' is not called while a graph is built; say what it gives, as in Host(…, result: new InputSpec([null, 3], DType.Float32)).");
            if (!Result.Shape.IsRankKnown) throw new TracingException($"Host: the result of '{Name}' has a shape of unknown rank; give the number of axes, as in [null, null].");
            return (Result.DType, [.. Result.Shape.Select(static (size, axis) => size.IsUnknown ? new Dim(GraphBuilder.Example(axis), Dim.Unknown.Symbol) : size)]);
        }
    }

    // y = f(x) ⇒ dx as the function said
    internal static readonly Op<CustomCall> Custom = new("CustomGradient", RunCustom, static (x, in _) => [])
    {
        Accepts = Accepts.Any,
        BatchRule = static (in b, in call) => Custom!.ApplyMany(AsTheyAre(b), Mapped(call, b))[0],
        JointKeeps = AllInputs | Keep.Shapes,
        Joint = static (g, in s, dx) =>
        {
            // A map that ran the function on whole batches has not run it on the slices that are seen here.
            Func<Tensor, Tensor[]> gradient = s.Attributes.Gradient ?? s.Attributes.Function(InputsOf(s)).Gradient;
            TakeGradients("CustomGradient", gradient(g[0]!), ShapesOf(s), broadcasts: false, dx);
        },
    };

    // y = f(x), computed by C# code from values ⇒ dx as another function says
    internal static readonly Op<HostCall> Host = new("HostFunction", RunHost, static (x, in _) => [])
    {
        Accepts = Accepts.Any,
        JointKeeps = AllInputs | Keep.Output | Keep.Shapes,
        Joint = static (g, in s, dx) =>
        {
            HostCall call = s.Attributes;
            if (call.Gradient is null) throw new GradientException($"Host: '{call.Name}' has no gradient; give one, or take StopGradient of its inputs.");
            TakeGradients($"Host '{call.Name}'", call.Gradient(InputsOf(s), s.Output, g[0]!), ShapesOf(s), broadcasts: false, dx);
        },
    };

    /// <summary>As many inputs as a tape keeps of one operation.</summary>
    private const int MostInputs = 8;

    private const Keep AllInputs = (Keep)((1 << MostInputs) - 1);

    /// <summary>Refuses more inputs than a tape keeps of one operation.</summary>
    internal static void RequireFew(string caller, Tensor[] x)
    {
        if (x.Length is 0 or > MostInputs) throw new InvalidArgumentException($"{caller}: there are {x.Length} inputs; give from 1 to {MostInputs}, and concatenate or stack some where there are more.");
    }

    /// <summary>Hands a caller's gradients on, if there is one for each input and each fits.</summary>
    internal static void TakeGradients(string whose, IReadOnlyList<Tensor?> given, ReadOnlySpan<Shape?> shapes, bool broadcasts, Span<Tensor?> dx)
    {
        if (given.Count != dx.Length) throw new GradientException($"{whose}: {given.Count} gradients were given for {dx.Length} inputs; give one for each, or null.");
        for (int i = 0; i < dx.Length; i++)
        {
            if (given[i] is { } gradient && shapes[i] is { } shape && !broadcasts && gradient.ConcreteShape != shape)
                throw new GradientException($"{whose}: the gradient of input {i} is {gradient.ConcreteShape}, the input {shape}; the shapes must be equal.");
            dx[i] = given[i];
        }
    }

    private static Tensor[] RunCustom(ReadOnlySpan<Tensor> x, in CustomCall call)
    {
        // What the gradient captures has to outlive the scopes around this call: none of them is told of it.
        var inputs = new Tensor[x.Length];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = x[i].AliasUnscoped();
        ThreadContext context = ThreadContext.Current;
        (int scopes, int userScopes) = (context.OpenScopes, context.UserScopes);
        using Curtain curtain = Curtain.Draw();
        Tensor value;
        (context.OpenScopes, context.UserScopes) = (0, 0);
        try
        {
            (value, call.Gradient) = call.Function(inputs);
        }
        finally
        {
            (context.OpenScopes, context.UserScopes) = (scopes, userScopes);
        }
        return [AsOutput(value, inputs)];
    }

    private static Tensor[] RunHost(ReadOnlySpan<Tensor> x, in HostCall call)
    {
        if (ThreadContext.Current.Observer is { RecordsHostEffects: true } observer)
        {
            var recorded = new HostFunction(call.Name, call.Function);
            observer.KeepForReplays(recorded);
            return [recorded.Call(x)];
        }
        Tensor[] inputs = x.ToArray();
        using var unrecorded = Unrecorded.Begin();
        Tensor value = call.Function(inputs);
        return [AsOutput(value, inputs)];
    }

    // A wrapper for the caller; a value that recorders know already, such as an input, needs an identity of its own.
    private static Tensor AsOutput(Tensor value, Tensor[] inputs) =>
        Array.IndexOf(inputs, value) >= 0 || value.IdOrZero != 0 ? IdentityOps.Identity.Apply([value], default) : value.Alias();

    // Maps the function, and maps it anew with its gradient: what that captured belongs to a map that is over.
    private static CustomCall Mapped(CustomCall call, in Batch b)
    {
        var axes = new int?[b.InputCount];
        for (int i = 0; i < axes.Length; i++) axes[i] = b.Has(i) ? 0 : null;
        return new(x =>
        {
            Tensor value = Function.Vmap(slices => [call.Function(slices).Value], axes)(x)[0];
            return (value, g =>
            {
                Tensor[] all = Function.Vmap(slices => call.Function(slices[..^1]).Gradient(slices[^1]), [.. axes, 0])([.. x, g]);
                // An input that serves every slice gets what flows from all of them.
                return [.. all.Select((gradient, i) => axes[i] is null ? gradient.Sum(0) : gradient)];
            });
        });
    }

    private static Tensor[] AsTheyAre(in Batch b)
    {
        var x = new Tensor[b.InputCount];
        for (int i = 0; i < x.Length; i++) x[i] = b[i];
        return x;
    }

    private static Tensor[] InputsOf<TAttributes>(in Saved<TAttributes> s)
    {
        var x = new Tensor[s.InputCount];
        for (int i = 0; i < x.Length; i++) x[i] = s.Input(i);
        return x;
    }

    private static Shape?[] ShapesOf<TAttributes>(in Saved<TAttributes> s)
    {
        var shapes = new Shape?[s.InputCount];
        for (int i = 0; i < shapes.Length; i++) shapes[i] = s.Shape(i);
        return shapes;
    }
}
