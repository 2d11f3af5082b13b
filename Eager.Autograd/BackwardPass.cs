namespace Eager.Autograd;

/// <summary>Walks a recording from its end and applies each operation's gradient rules.</summary>
internal ref struct BackwardPass
{
    private readonly TapeRecorder recorder;
    private readonly bool keepsRecording;
    private readonly Tensor?[] gradients;  // by value number
    private readonly Tensor?[] sources;  // by value number
    private readonly bool[] leadsToSource;
    private readonly Func<Op, int, Tensor, Tensor>? fault = Fault;

    internal BackwardPass(TapeRecorder recorder, bool keepsRecording)
    {
        this.recorder = recorder;
        this.keepsRecording = keepsRecording;
        gradients = new Tensor?[recorder.ValueCount];
        sources = new Tensor?[recorder.ValueCount];
        leadsToSource = new bool[recorder.ValueCount];
    }

    /// <summary>Changes what a rule gave for an input; a test plants errors with it to see that the checks notice them.</summary>
    [field: ThreadStatic]
    internal static Func<Op, int, Tensor, Tensor>? Fault { get; set; }

    /// <summary>Adds to the gradient that flows into a value from outside.</summary>
    internal readonly void Seed(int number, Tensor gradient)
    {
        if (Accumulate(number, gradient) != gradient) gradient.Dispose();
    }

    /// <summary>Asks for the gradient of a value, which is kept.</summary>
    internal readonly void Ask(int number, Tensor source) => sources[number] = source;

    /// <summary>The gradient of a value that was asked for; null when nothing flowed there.</summary>
    internal readonly Tensor? Result(int number) => gradients[number];

    /// <summary>Runs the rules.</summary>
    internal readonly void Run()
    {
        using var names = NameScope.Open("gradients");
        using Autocast? precision = Autocast.Suspend();
        FindPaths();
        var hooked = new HashSet<int>();
        // By index: a persistent tape records its own backward pass behind the nodes that are walked here.
        for (int i = recorder.NodeCount - 1; i >= 0; i--)
        {
            TapeRecorder.Node node = recorder.Nodes[i];
            if (HasGradient(node))
            {
                // All that uses these values has run: their gradients are complete.
                foreach (int output in recorder.OutputsOf(node)) RunHooks(output, hooked);
                using (AnomalyDetection.Backward(node.Op, recorder.CallerOf(i))) Apply(node, NeededOf(node));
            }
            if (!keepsRecording) recorder.Release(node);
        }
        foreach (Recomputation recomputation in recorder.Recomputations) recomputation.Forget();
        foreach (int number in recorder.HookedNumbers) RunHooks(number, hooked);
        // What was seeded into values that lead to no source.
        for (int number = 0; number < gradients.Length; number++)
            if (sources[number] is null) gradients[number]?.Dispose();
    }

    // Which values depend on a source: only through them does a gradient have to flow.
    private readonly void FindPaths()
    {
        for (int number = 0; number < sources.Length; number++) leadsToSource[number] = sources[number] is not null;
        foreach (ref readonly TapeRecorder.Node node in recorder.Nodes)
        {
            if (NeededOf(node) == 0) continue;
            foreach (int output in recorder.OutputsOf(node))
                if (output >= 0 && output < leadsToSource.Length) leadsToSource[output] = true;
        }
    }

    // A bit per input that leads to a source.
    private readonly ulong NeededOf(in TapeRecorder.Node node)
    {
        ulong needed = 0;
        ReadOnlySpan<TapeRecorder.InputEdge> edges = recorder.InputsOf(node);
        for (int i = 0; i < edges.Length; i++)
            if (edges[i].Number >= 0 && leadsToSource[edges[i].Number]) needed |= 1UL << Math.Min(i, Op.LastBit);
        return needed;
    }

    private readonly bool HasGradient(in TapeRecorder.Node node)
    {
        foreach (int output in recorder.OutputsOf(node))
            if (output >= 0 && gradients[output] is not null) return true;
        return false;
    }

    private readonly void Apply(in TapeRecorder.Node node, ulong needed)
    {
        using var scope = Temporaries.Begin();
        var outputGradients = new Tensor?[node.OutputCount];
        var inputGradients = new Tensor?[node.InputCount];
        ReadOnlySpan<int> outputs = recorder.OutputsOf(node);
        for (int i = 0; i < outputGradients.Length; i++) outputGradients[i] = outputs[i] < 0 ? null : gradients[outputs[i]];

        if (needed != 0) Call(node, needed, outputGradients, inputGradients);

        for (int i = 0; i < inputGradients.Length; i++)
        {
            TapeRecorder.InputEdge edge = recorder.InputsOf(node)[i];
            if (edge.Number < 0 || !leadsToSource[edge.Number] || inputGradients[i] is not { } gradient) continue;
            if (fault is not null) gradient = fault(node.Op, i, gradient);
            if (node.Op.Broadcasts && edge.Shape is not null) gradient = gradient.SumTo(edge.Shape);
            if (sources[edge.Number] is Variable variable && gradient.ConcreteShape != variable.ConcreteShape)
                throw new GradientException($"The gradient of {node.Op.Name} goes to variable '{variable.Name ?? "unnamed"}' of shape {gradient.ConcreteShape}, but it was assigned a value of shape {variable.ConcreteShape} since; assign after the gradient.");
            // A rule may hand on what it was given, or one tensor for two inputs; each gradient here has a wrapper of its own.
            if (Array.IndexOf(outputGradients, gradient) >= 0 || Array.IndexOf(inputGradients, gradient, 0, i) >= 0) gradient = gradient.Alias();
            scope.Keep(Accumulate(edge.Number, gradient));
        }
        foreach (int output in recorder.OutputsOf(node))
        {
            if (output < 0 || sources[output] is not null) continue;
            gradients[output]?.Dispose();
            gradients[output] = null;
        }
    }

    private readonly void RunHooks(int number, HashSet<int> done)
    {
        if (number < 0 || number >= gradients.Length || gradients[number] is null || recorder.HooksOf(number) is not { } hooks || !done.Add(number)) return;
        foreach (Func<Tensor, Tensor?> hook in hooks)
        {
            Tensor before = gradients[number]!;
            if (hook(before) is not { } changed || changed == before) continue;
            if (changed.ConcreteShape != before.ConcreteShape || changed.DType != before.DType)
                throw new GradientException($"Hook: it gave {changed.DType.Name()} {changed.ConcreteShape} for a gradient of {before.DType.Name()} {before.ConcreteShape}; shape and dtype must stay.");
            gradients[number] = changed.Alias();
            before.Dispose();
        }
    }

    private readonly void Call(in TapeRecorder.Node node, ulong needed, Tensor?[] outputGradients, Tensor?[] inputGradients)
    {
        var inputs = new Tensor?[node.InputCount];
        var outputs = new Tensor?[node.OutputCount];
        foreach (ref TapeRecorder.SavedValue value in recorder.SavedOf(node))
        {
            if (value.Version is { } version && Volatile.Read(ref version.Count) != value.VersionCount)
                throw new GradientException($"The gradient of {node.Op.Name} needs the value that {version.Owner} had when it ran, but it was assigned since; assign after the gradient, or use Clone before.");
            Tensor tensor = value.Recomputed?.Take(value.Id) ?? value.Slice?.Alias() ?? Rehydrate(value);
            if (value.Slot >= TapeRecorder.OutputSlots) outputs[value.Slot - TapeRecorder.OutputSlots] = tensor;
            else inputs[value.Slot] = tensor;
        }
        var shapes = new Shape?[node.InputCount];
        ReadOnlySpan<TapeRecorder.InputEdge> edges = recorder.InputsOf(node);
        for (int i = 0; i < shapes.Length; i++) shapes[i] = edges[i].Shape;
        node.Op.Backward(outputGradients, new SavedNode(inputs, outputs, shapes, node.Attributes, needed), inputGradients);
    }

    internal static Tensor Rehydrate(in TapeRecorder.SavedValue value)
    {
        Interop.Native.eager_retain(value.Handle);
        return Tensor.Rehydrate(value.Handle, value.Id, value.Version);
    }

    // Returns the wrapper that now stands for the value's gradient.
    private readonly Tensor Accumulate(int number, Tensor gradient)
    {
        if (gradients[number] is not { } before) return gradients[number] = gradient;
        Tensor sum = before + gradient;
        before.Dispose();
        return gradients[number] = sum;
    }
}
