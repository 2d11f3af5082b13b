namespace Eager.Autograd;

/// <summary>What <see cref="GradientTape.Gradient(Tensor, Tensor, Tensor?, Unconnected)"/> gives for a source that the target does not depend on.</summary>
public enum Unconnected
{
    /// <summary>Null.</summary>
    Null = 0,

    /// <summary>Zeros of the source's shape.</summary>
    Zeros = 1,
}

/// <summary>
/// Records the operations of its thread while it is open, and computes gradients of what they made.
/// </summary>
/// <remarks>
/// <para>Trainable variables are watched by themselves, other tensors after <see cref="Watch"/>. Tapes nest: gradients computed
/// inside an outer tape are recorded by it, which gives derivatives of any order.</para>
/// <para>The gradient with respect to a complex tensor x + iy is ∂L/∂x + i·∂L/∂y, as in PyTorch: subtracting it descends.</para>
/// <para>A tape is spent by the first <c>Gradient</c>, which frees what it kept, unless it is persistent. It belongs to
/// the thread that made it.</para>
/// </remarks>
/// <example>
/// <code>
/// Tensor x = Tensor.From(3f);
/// using var tape = new GradientTape();
/// tape.Watch(x);
/// Tensor y = x * x;
/// Tensor? dx = tape.Gradient(y, x);   // 6
/// </code>
/// </example>
public sealed class GradientTape : IDisposable
{
    private readonly TapeRecorder recorder;
    private readonly GraphBuilder? builder;
    private readonly int ownerThread = Environment.CurrentManagedThreadId;
    private bool spent;
    private bool disposed;

    /// <summary>Opens a tape on this thread.</summary>
    /// <param name="persistent">Whether gradients may be asked for more than once; such a tape keeps its memory until it is disposed.</param>
    /// <param name="watchVariables">Whether trainable variables are watched by themselves.</param>
    public GradientTape(bool persistent = false, bool watchVariables = true)
    {
        Persistent = persistent;
        recorder = new TapeRecorder { WatchesVariables = watchVariables };
        // Symbols have no values to keep: the graph takes the gradients when it runs.
        builder = GraphBuilder.Current;
        if (builder is null) recorder.Attach();
    }

    /// <summary>Whether gradients may be asked for more than once.</summary>
    public bool Persistent { get; }

    /// <summary>The number of operations recorded so far.</summary>
    public int OperationCount => recorder.NodeCount;

    /// <summary>True when a gradient of the tensor can be asked for.</summary>
    internal bool HasRecorded(Tensor tensor) => recorder.NumberOf(tensor) >= 0;

    /// <summary>Follows a tensor, so that gradients with respect to it can be asked for.</summary>
    /// <exception cref="GradientException">Its dtype has no gradients (integers, bool), or the tape cannot be used here.</exception>
    public void Watch(params ReadOnlySpan<Tensor> tensors)
    {
        RequireUsable(nameof(Watch));
        if (builder is not null) return;
        foreach (Tensor tensor in tensors)
            if (!tensor.DType.IsDifferentiable())
                throw new GradientException($"Watch: a tensor of {tensor.DType.Name()} has no gradient; {(tensor.DType.IsQuantized() ? "watch what it was quantized from and use FakeQuantize, or watch what Dequantize makes of it" : "convert it with Cast to a floating-point dtype first")}.");
        foreach (Tensor tensor in tensors) recorder.Watch(tensor);
    }

    /// <summary>Does something to the gradient of a tensor when a backward pass has it complete: looks at it, or puts another in its place.</summary>
    /// <param name="tensor">A tensor that this tape follows.</param>
    /// <param name="hook">Takes the gradient; gives another of its shape and dtype, or null to leave it. What it is given is freed after the pass.</param>
    /// <exception cref="GradientException">The tape does not follow the tensor.</exception>
    /// <example><code>tape.Hook(hidden, g => g.Clip(-1, 1));</code></example>
    public void Hook(Tensor tensor, Func<Tensor, Tensor?> hook)
    {
        RequireUsable(nameof(Hook));
        RequireNoGraph(nameof(Hook));
        int number = recorder.NumberOf(tensor);
        if (number < 0 && tensor.IsWatchedByItself && recorder.WatchesVariables) number = recorder.Watch(tensor);
        if (number < 0) throw new GradientException($"Hook: this tape does not follow the tensor of shape {tensor.ConcreteShape}; Watch it, or compute it from a watched tensor while the tape is open.");
        recorder.AddHook(number, hook);
    }

    /// <summary>The memory that the tape keeps for gradients, by operation, the largest first; memory kept by several counts for the first.</summary>
    public IReadOnlyList<TapeResidual> Residuals() => recorder.Residuals();

    /// <summary>Stops recording until the returned object is disposed.</summary>
    public IDisposable StopRecording()
    {
        RequireUsable(nameof(StopRecording));
        RequireNoGraph(nameof(StopRecording));
        recorder.Paused++;
        return new Resume(recorder);
    }

    /// <summary>Forgets everything recorded and starts anew.</summary>
    public void Reset()
    {
        RequireOwnThread(nameof(Reset));
        RequireOpen(nameof(Reset));
        recorder.Clear();
        if (spent) recorder.Attach();
        spent = false;
    }

    /// <summary>The gradient of a target with respect to one source.</summary>
    /// <param name="target">What was computed. Where it is no scalar, the gradient is that of the sum of its elements.</param>
    /// <param name="source">A watched tensor, a trainable variable or something computed from one.</param>
    /// <param name="outputGradient">What to multiply the target's elements with before they are summed; ones when null.</param>
    /// <param name="unconnected">What to give when the target does not depend on the source.</param>
    /// <returns>A tensor of the source's shape.</returns>
    /// <exception cref="GradientException">The tape is spent, belongs to another thread, or did not record the target.</exception>
    public Tensor? Gradient(Tensor target, Tensor source, Tensor? outputGradient = null, Unconnected unconnected = Unconnected.Null) =>
        Gradient([target], [source], outputGradient is null ? null : [outputGradient], unconnected)[0];

    /// <summary>The gradients of a target with respect to several sources, in their order.</summary>
    public Tensor?[] Gradient(Tensor target, IReadOnlyList<Tensor> sources, Tensor? outputGradient = null, Unconnected unconnected = Unconnected.Null) =>
        Gradient([target], sources, outputGradient is null ? null : [outputGradient], unconnected);

    /// <summary>The gradients of a target with respect to named sources.</summary>
    public Dictionary<string, Tensor?> Gradient(Tensor target, IReadOnlyDictionary<string, Tensor> sources, Unconnected unconnected = Unconnected.Null)
    {
        string[] names = [.. sources.Keys];
        Tensor?[] gradients = Gradient(target, [.. names.Select(n => sources[n])], unconnected: unconnected);
        return names.Zip(gradients).ToDictionary(static p => p.First, static p => p.Second);
    }

    /// <summary>The gradients of the sum of several targets with respect to several sources.</summary>
    public Tensor?[] Gradient(IReadOnlyList<Tensor> targets, IReadOnlyList<Tensor> sources, IReadOnlyList<Tensor>? outputGradients = null, Unconnected unconnected = Unconnected.Null)
    {
        RequireUsable(nameof(Gradient));
        if (outputGradients is not null && outputGradients.Count != targets.Count)
            throw new InvalidArgumentException($"Gradient: {outputGradients.Count} output gradients were given for {targets.Count} targets.");
        if (builder is not null) return BuildGradients(builder, targets, sources, outputGradients, unconnected);
        for (int i = 0; i < targets.Count; i++) RequireTarget(targets[i], i, outputGradients?[i]);

        if (!Persistent)
        {
            spent = true;
            recorder.Detach();
        }
        try
        {
            return Run(targets, sources, outputGradients, unconnected);
        }
        finally
        {
            if (!Persistent) recorder.Clear();
        }
    }

    /// <summary>Ends the recording and frees what the tape kept.</summary>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        recorder.Close(Environment.CurrentManagedThreadId == ownerThread);
    }

    private Tensor?[] Run(IReadOnlyList<Tensor> targets, IReadOnlyList<Tensor> sources, IReadOnlyList<Tensor>? outputGradients, Unconnected unconnected)
    {
        var pass = new BackwardPass(recorder, keepsRecording: Persistent);
        int[] numbers = [.. sources.Select(recorder.NumberOf)];
        for (int i = 0; i < numbers.Length; i++)
            if (numbers[i] >= 0) pass.Ask(numbers[i], sources[i]);
        for (int i = 0; i < targets.Count; i++)
            pass.Seed(recorder.NumberOf(targets[i]), outputGradients is null ? Tensor.OnesLike(targets[i]) : outputGradients[i].Alias());
        pass.Run();

        var results = new Tensor?[sources.Count];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = numbers[i] < 0 ? null : pass.Result(numbers[i]);
            if (results[i] is not null && Array.IndexOf(numbers, numbers[i], 0, i) >= 0) results[i] = results[i]!.Alias();
            if (results[i] is null && unconnected == Unconnected.Zeros) results[i] = Tensor.ZerosLike(sources[i]);
        }
        return results;
    }

    private Tensor?[] BuildGradients(GraphBuilder graph, IReadOnlyList<Tensor> targets, IReadOnlyList<Tensor> sources, IReadOnlyList<Tensor>? outputGradients, Unconnected unconnected)
    {
        if (GraphBuilder.Current != graph) throw new GradientException($"Gradient: this tape was opened while graph '{graph.Graph.Name}' was built; ask it for gradients inside the same 'using (graph.AsDefault())'.");
        for (int i = 0; i < targets.Count; i++) RequireFitting(targets[i], i, outputGradients?[i]);
        spent = !Persistent;
        return graph.AddGradients(targets, sources, outputGradients, unconnected);
    }

    private void RequireTarget(Tensor target, int index, Tensor? outputGradient)
    {
        if (recorder.NumberOf(target) < 0)
            throw new GradientException($"Gradient: target {index}, of shape {target.ConcreteShape}, was not recorded by this tape; compute it while the tape is open, from a watched tensor or a trainable variable.");
        RequireFitting(target, index, outputGradient);
    }

    private static void RequireFitting(Tensor target, int index, Tensor? outputGradient)
    {
        if (outputGradient is null && target.DType.IsComplex())
            throw new GradientException($"Gradient: target {index} is {target.DType.Name()}, and only a real number has a gradient; take Real, Imag or Abs of it, or give an output gradient.");
        if (outputGradient is null) return;
        if (outputGradient.ConcreteShape != target.ConcreteShape)
            throw new ShapeMismatchException($"Gradient: output gradient {index} is {outputGradient.ConcreteShape}, the target {target.ConcreteShape}; the shapes must be equal.");
        if (outputGradient.DType != target.DType)
            throw new DTypeMismatchException($"Gradient: output gradient {index} is {outputGradient.DType.Name()}, the target {target.DType.Name()}; convert one with Cast.");
    }

    private void RequireNoGraph(string what)
    {
        if (builder is not null) throw new GradientException($"{what}: the tape belongs to graph '{builder.Graph.Name}', which takes gradients when it runs; use StopGradient, ReverseGradient or Function.CustomGradient, which are operations of the graph.");
    }

    private void RequireUsable(string what)
    {
        RequireOwnThread(what);
        RequireOpen(what);
        if (spent) throw new GradientException($"{what}: this tape was spent by an earlier Gradient; make it with persistent: true to ask more than once.");
    }

    private void RequireOpen(string what)
    {
        if (disposed) throw new DisposedException($"{what}: this tape was disposed; call it inside the tape's using.");
    }

    private void RequireOwnThread(string what)
    {
        if (Environment.CurrentManagedThreadId != ownerThread)
            throw new GradientException($"{what}: this tape belongs to the thread that made it (number {ownerThread}); use one tape on each thread, and none across an await.");
    }

    private sealed class Resume(TapeRecorder recorder) : IDisposable
    {
        private TapeRecorder? recorder = recorder;

        public void Dispose()
        {
            if (recorder is not null) recorder.Paused--;
            recorder = null;
        }
    }
}
