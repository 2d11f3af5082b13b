namespace Eager.Autograd;

/// <summary>
/// Forward mode: pushes tangents along as operations run. With each value that depends on an input it knows the value's
/// derivative in the direction that was given for the inputs.
/// </summary>
internal sealed class ForwardMode : Observer, IDisposable
{
    private readonly Dictionary<long, Tensor> tangents = [];

    /// <summary>Gives a tensor a tangent.</summary>
    internal void SetTangent(Tensor tensor, Tensor tangent) => tangents[tensor.Id] = tangent.AliasUnscoped();

    /// <summary>The tangent of a tensor; null where it is zero.</summary>
    internal Tensor? TangentOf(Tensor tensor) => tensor.IdOrZero != 0 ? tangents.GetValueOrDefault(tensor.IdOrZero) : null;

    internal override bool Transforms(Op op, ReadOnlySpan<Tensor> inputs)
    {
        if (op.Effect == Effect.Mutates) return false;
        foreach (Tensor input in inputs)
            if (TangentOf(input) is not null) return true;
        return false;
    }

    internal override Tensor[] Transform(Op op, object attributes, ReadOnlySpan<Tensor> inputs)
    {
        Tensor[] outputs = op.Run(inputs, attributes);
        op = GradientOverride.Of(op);
        var given = new Tensor?[inputs.Length];
        ulong followed = 0;
        for (int i = 0; i < given.Length; i++)
        {
            if (op.WhyNoGradient(i) is not null || TangentOf(inputs[i]) is not { } tangent) continue;
            given[i] = tangent;
            followed |= 1UL << Math.Min(i, Op.LastBit);
        }
        if (followed == 0 || !Array.Exists(outputs, static y => y.DType.IsDifferentiable())) return outputs;

        using var scope = Temporaries.Begin();
        var shapes = new Shape[inputs.Length];
        for (int i = 0; i < shapes.Length; i++) shapes[i] = inputs[i].Shape;
        var run = new SavedNode(inputs!, outputs, shapes, attributes, followed);
        Tensor?[] made = op.PushForward(given, run) ?? TransposeRules(op, given, run);
        for (int i = 0; i < outputs.Length; i++)
            if (made[i] is { } tangent && outputs[i].DType.IsDifferentiable()) SetTangent(outputs[i], tangent);
        return outputs;
    }

    internal override bool Accounts(Tensor made, Tensor source) => (TangentOf(source) is null || TangentOf(made) is not null) && base.Accounts(made, source);

    internal override ulong Follow(Op op, ReadOnlySpan<Tensor> inputs) => 0;

    internal override void Record(Op op, object attributes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ulong followed)
    {
    }

    /// <summary>Forgets all tangents.</summary>
    public void Dispose()
    {
        foreach (Tensor tangent in tangents.Values) tangent.Dispose();
        tangents.Clear();
    }

    // The gradient rules compute Jᵀu, which is linear in u; so the derivative of ⟨Jᵀu, t⟩ by u is J·t, at any u.
    private static Tensor?[] TransposeRules(Op op, Tensor?[] given, in SavedNode run)
    {
        var u = new Tensor?[run.Outputs.Length];
        var recorder = new TapeRecorder { WatchesVariables = false };
        for (int i = 0; i < u.Length; i++)
        {
            if (!run.Outputs[i]!.DType.IsDifferentiable()) continue;
            u[i] = Tensor.ZerosLike(run.Outputs[i]!);
            recorder.Watch(u[i]!);
        }
        var gradients = new Tensor?[given.Length];
        recorder.Attach();
        try
        {
            op.Backward(u, run, gradients);
            for (int i = 0; i < gradients.Length; i++)
                if (op.Broadcasts && given[i] is not null) gradients[i] = gradients[i]?.SumTo(run.Shapes[i]!);
        }
        finally
        {
            recorder.Detach();
        }

        var pass = new BackwardPass(recorder, keepsRecording: false);
        foreach (Tensor? weight in u)
            if (weight is not null) pass.Ask(recorder.NumberOf(weight), weight);
        for (int i = 0; i < given.Length; i++)
            if (given[i] is { } tangent && gradients[i] is { } gradient && recorder.NumberOf(gradient) is >= 0 and int number) pass.Seed(number, tangent.Alias());
        pass.Run();
        var made = new Tensor?[u.Length];
        for (int i = 0; i < made.Length; i++) made[i] = u[i] is { } weight ? pass.Result(recorder.NumberOf(weight)) : null;
        recorder.Close(onOwnThread: true);
        return made;
    }
}
