namespace Eager.Autograd;

/// <summary>
/// A function that runs as C# once for each signature of its inputs, and from then on replays its kernel calls natively.
/// </summary>
/// <remarks>
/// Inside a tape or another trace it runs as C# each time, so that what it does is recorded. One traced function serves
/// one thread at a time.
/// </remarks>
public sealed class TracedFunction : IDisposable
{
    private readonly Func<Tensor[], Tensor[]> function;
    private readonly int? inputCount;
    private readonly IReadOnlyList<InputSpec>? signature;
    private readonly List<ConcreteFunction> traces = [];
    private readonly string name;

    internal TracedFunction(Func<Tensor[], Tensor[]> function, int? inputCount, string name, IReadOnlyList<InputSpec>? signature)
    {
        if (signature is not null && inputCount is int count && signature.Count != count)
            throw new InvalidArgumentException($"Trace: '{name}' takes {count} inputs, its signature lists {signature.Count}.");
        (this.function, this.inputCount, this.name, this.signature) = (function, inputCount, name, signature);
    }

    /// <summary>How many times it was traced so far: once for each signature, and anew when a variable that it uses had taken another shape.</summary>
    public int TraceCount { get; private set; }

    /// <summary>The graph of the latest trace.</summary>
    /// <exception cref="TracingException">Nothing was traced yet.</exception>
    public Graph Graph => traces.Count > 0 ? traces[^1].Graph : throw new TracingException($"'{name}' has no graph before its first call.");

    /// <summary>A line for each trace: its inputs, how many kernel calls a replay makes, and how many of them a GPU does as CUDA graphs, or why it does not.</summary>
    public override string ToString() => traces.Count == 0 ? $"{name}: not traced yet" : string.Join(Environment.NewLine, traces.Select(trace => $"{name}{trace}"));

    /// <summary>How many kernel calls the latest trace recorded, and how many instructions its replays run for them.</summary>
    internal (long Recorded, long Replayed) Lengths => traces[^1].Lengths;

    /// <summary>Calls the function, which has one result.</summary>
    public Tensor Call(params ReadOnlySpan<Tensor> inputs)
    {
        Tensor[] results = CallAll(inputs);
        return results.Length == 1 ? results[0] : throw new InvalidArgumentException($"Call: '{name}' has {results.Length} results; use CallAll.");
    }

    /// <summary>Calls the function.</summary>
    /// <exception cref="ShapeMismatchException">An input does not fit the signature.</exception>
    /// <exception cref="DTypeMismatchException">An input does not fit the signature.</exception>
    public Tensor[] CallAll(params ReadOnlySpan<Tensor> inputs)
    {
        RequireFit(inputs);
        if (ThreadContext.Current.Observer is { AnyIsRecording: true }) return function(inputs.ToArray());
        RemoveOutdated();
        foreach (ConcreteFunction trace in traces)
            if (trace.Fits(inputs)) return trace.Replay(inputs);
        (ConcreteFunction concrete, Tensor[] results) = ConcreteFunction.Trace(name, function, inputs, signature);
        traces.Add(concrete);
        TraceCount++;
        return results;
    }

    /// <summary>Frees the recorded programs; the next call traces anew.</summary>
    public void Dispose()
    {
        foreach (ConcreteFunction trace in traces) trace.Dispose();
        traces.Clear();
    }

    private void RemoveOutdated()
    {
        for (int i = traces.Count - 1; i >= 0; i--)
        {
            if (!traces[i].IsOutdated) continue;
            traces[i].Dispose();
            traces.RemoveAt(i);
        }
    }

    private void RequireFit(ReadOnlySpan<Tensor> inputs)
    {
        if (inputCount is int count && inputs.Length != count) throw new InvalidArgumentException($"Call: '{name}' takes {count} inputs, {inputs.Length} were given.");
        if (signature is null) return;
        for (int i = 0; i < inputs.Length; i++)
        {
            string which = signature[i].Name is { } given ? $"'{given}'" : $"{i}";
            if (inputs[i].DType != signature[i].DType)
                throw new DTypeMismatchException($"Call: input {which} of '{name}' is {inputs[i].DType.Name()}, its signature says {signature[i].DType.Name()}; convert it with Cast.");
            if (!signature[i].Shape.IsCompatibleWith(inputs[i].ConcreteShape))
                throw new ShapeMismatchException($"Call: input {which} of '{name}' is {inputs[i].ConcreteShape}, its signature says {signature[i].Shape}.");
        }
    }
}

/// <summary>One trace: the graph to look at, the program to replay, and the host effects between.</summary>
internal sealed class ConcreteFunction : IDisposable
{
    private readonly (DType DType, Shape Shape, Device Device)[] inputs;
    private readonly DType? precision = Autocast.Current?.DType;
    private readonly NativeProgram program;
    private readonly Action[] hostEffects;
    private readonly VersionCell[] changed;
    private readonly (VersionCell Variable, int Moves)[] captured;
    private readonly object[] needed;

    private ConcreteFunction((DType, Shape, Device)[] inputs, NativeProgram program, Tracer tracer)
    {
        this.inputs = inputs;
        this.program = program;
        hostEffects = [.. tracer.HostEffects];
        changed = [.. tracer.Changed];
        captured = [.. tracer.Captured.Select(static pair => (pair.Key, pair.Value))];
        needed = [.. tracer.NeededByReplays];
        Graph = tracer.Graph;
    }

    internal Graph Graph { get; }

    /// <summary>How many kernel calls were recorded, and how many instructions a replay runs for them.</summary>
    internal (long Recorded, long Replayed) Lengths => (program.Length, program.QuickLength);

    /// <summary>True when a variable that the program uses has taken other memory since, of another shape.</summary>
    internal bool IsOutdated
    {
        get
        {
            foreach ((VersionCell variable, int moves) in captured)
                if (Volatile.Read(ref variable.Moves) != moves) return true;
            return false;
        }
    }

    /// <summary>Runs the function once, with this thread's operations traced and its kernel calls logged.</summary>
    internal static (ConcreteFunction Concrete, Tensor[] Results) Trace(string name, Func<Tensor[], Tensor[]> function, ReadOnlySpan<Tensor> inputs, IReadOnlyList<InputSpec>? signature)
    {
        var tracer = new Tracer(name);
        var key = new (DType, Shape, Device)[inputs.Length];
        var placeholders = new Tensor[inputs.Length];
        var symbols = new GraphTensor[inputs.Length];
        for (int i = 0; i < key.Length; i++)
        {
            key[i] = (inputs[i].DType, inputs[i].ConcreteShape, inputs[i].Device);
            Errors.RequireUnquantized(inputs[i], "Trace");
            placeholders[i] = inputs[i].ShallowCopy();  // one tensor given twice is two inputs, of which the next call may give different ones
            symbols[i] = tracer.AddPlaceholder(placeholders[i], signature?[i].Name ?? inputs[i].Name ?? "Placeholder", Known(signature?[i].Shape, inputs[i].ConcreteShape));
        }
        tracer.Attach();
        try
        {
            (NativeProgram program, Tensor[] results) = NativeProgram.Record(placeholders, () => function(placeholders));
            if (tracer.WhyNotCaptured is { } reason) program.RefuseCapture(reason);
            tracer.Graph.Inputs = symbols;
            tracer.Graph.Outputs = Array.ConvertAll(results, tracer.Find);
            return (new(key, program, tracer), results);
        }
        finally
        {
            tracer.Detach();
        }
    }

    internal bool Fits(ReadOnlySpan<Tensor> given)
    {
        if (given.Length != inputs.Length || precision != Autocast.Current?.DType) return false;
        for (int i = 0; i < inputs.Length; i++)
            if (given[i].DType != inputs[i].DType || given[i].ConcreteShape != inputs[i].Shape || given[i].Device != inputs[i].Device) return false;
        return true;
    }

    internal Tensor[] Replay(ReadOnlySpan<Tensor> given)
    {
        foreach (Action effect in hostEffects) effect();
        foreach (VersionCell version in changed) Interlocked.Increment(ref version.Count);
        Tensor[] results = program.Run(given);
        GC.KeepAlive(needed);
        return results;
    }

    public void Dispose() => program.Dispose();

    /// <summary>As in <c>(float32 [16, 784]): 43 kernel calls, 41 of them as 2 graphs</c>.</summary>
    public override string ToString()
    {
        (long graphs, long calls, string reason) = program.Capture;
        string how = graphs > 0 ? $", {calls} of them as {graphs} graph{(graphs == 1 ? "" : "s")}" : reason.Length > 0 ? $", replayed one by one: {reason}" : "";
        return $"({string.Join(", ", inputs.Select(static input => $"{input.DType.Name()} {input.Shape}"))}): {program.Length} kernel calls{how}";
    }

    /// <summary>The sizes of this run, with those unknown that a signature or a variable leaves open.</summary>
    internal static Shape Known(Shape? wanted, Shape actual)
    {
        if (wanted is null) return actual;
        var dims = new Dim[actual.Rank];
        for (int i = 0; i < dims.Length; i++)
        {
            Dim size = wanted.IsRankKnown ? wanted[i] : Dim.Unknown;
            dims[i] = size.IsUnknown ? new Dim(actual[i].Value, size.Symbol) : actual[i];
        }
        return Shape.Of(dims);
    }
}
