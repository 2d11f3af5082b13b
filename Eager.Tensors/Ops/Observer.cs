namespace Eager;

/// <summary>
/// Sees every operation of its thread after the kernel ran: a tape, a tracer, a profiler. One that is a transform may answer in
/// the kernel's place: forward mode, a batch axis.
/// </summary>
internal abstract class Observer
{
    /// <summary>The observer around this one, which sees the same operations.</summary>
    internal Observer? Outer { get; set; }

    /// <summary>The next that sees an operation after this one; null where this one hides what runs from all around it.</summary>
    internal virtual Observer? Next => Outer;

    /// <summary>False while it lets operations pass unseen.</summary>
    internal virtual bool IsRecording => true;

    /// <summary>True when this observer or one around it sees operations.</summary>
    internal bool AnyIsRecording => IsRecording || (Outer?.AnyIsRecording ?? false);

    /// <summary>A bit per input that this observer follows; 0 when the operation is nothing to it.</summary>
    internal abstract ulong Follow(Op op, ReadOnlySpan<Tensor> inputs);

    /// <summary>Notes an operation for which <see cref="Follow"/> gave a mask that is not 0.</summary>
    internal abstract void Record(Op op, object attributes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ulong followed);

    /// <summary>True when this observer answers an operation in the kernel's place, by <see cref="Transform"/>.</summary>
    internal virtual bool Transforms(Op op, ReadOnlySpan<Tensor> inputs) => false;

    /// <summary>Answers an operation for which <see cref="Transforms"/> was true; what it runs itself is seen by the observers around it.</summary>
    internal virtual Tensor[] Transform(Op op, object attributes, ReadOnlySpan<Tensor> inputs) => op.Run(inputs, attributes);

    /// <summary>True when it takes inputs of different dtypes and makes them one.</summary>
    internal virtual bool CastsInputs => false;

    /// <summary>This observer or the nearest around it that answers an operation in the kernel's place.</summary>
    internal Observer? FindTransform(Op op, ReadOnlySpan<Tensor> inputs)
    {
        Observer? observer = this;
        while (observer is not null && !observer.Transforms(op, inputs)) observer = observer.Next;
        return observer;
    }

    /// <summary>The shape with unknown sizes by which a tracer knows a tensor; null for one that it does not know.</summary>
    internal virtual Shape? SymbolicShape(Tensor tensor) => Outer?.SymbolicShape(tensor);

    /// <summary>Adds to the shape by which a tracer knows a tensor.</summary>
    internal virtual void RefineShape(Tensor tensor, Shape shape) => Outer?.RefineShape(tensor, shape);

    /// <summary>Called before a tensor's elements are read; a tracer refuses.</summary>
    internal virtual void ReadValue(Tensor tensor, string how) => Outer?.ReadValue(tensor, how);

    /// <summary>Called before an unknown size is taken for a number; who builds a graph refuses.</summary>
    internal virtual void ReadSize(Dim size) => Outer?.ReadSize(size);

    /// <summary>True inside a trace, whose replays run host effects again.</summary>
    internal virtual bool RecordsHostEffects => Outer?.RecordsHostEffects ?? false;

    /// <summary>Called when host code with an effect ran that a replay must run again.</summary>
    internal virtual void HostEffect(Action effect) => Outer?.HostEffect(effect);

    /// <summary>True where host code with an effect must not run now, since nothing does before the graph that is built is run.</summary>
    internal virtual bool DefersHostEffects => Outer?.DefersHostEffects ?? false;

    /// <summary>Called with what gives host state such as a step count back as it is now, for those who keep states of their own.</summary>
    internal virtual void HostState(Func<Action> hold) => Outer?.HostState(hold);

    /// <summary>The observer that builds a graph by hand; null when none is around.</summary>
    internal virtual Observer? Builder => Outer?.Builder;

    /// <summary>Called with what must live as long as the replays of what is recorded.</summary>
    internal virtual void KeepForReplays(object needed) => Outer?.KeepForReplays(needed);

    /// <summary>False when it must see how a tensor was made of another and did not.</summary>
    internal virtual bool Accounts(Tensor made, Tensor source) => Outer?.Accounts(made, source) ?? true;

    /// <summary>Called with the inputs of operations behind a curtain that share a variable's memory.</summary>
    internal virtual void UseUnseen(Tensor tensor) => Outer?.UseUnseen(tensor);

    /// <summary>True when those that attach later go around it, so that they see what it makes of operations.</summary>
    internal virtual bool StaysInnermost => false;

    /// <summary>Starts to see this thread's operations.</summary>
    internal void Attach()
    {
        ThreadContext context = ThreadContext.Current;
        if (StaysInnermost || context.Observer is not { StaysInnermost: true } inner)
        {
            Outer = context.Observer;
            context.Observer = this;
            return;
        }
        while (inner.Outer is { StaysInnermost: true } next) inner = next;
        Outer = inner.Outer;
        inner.Outer = this;
    }

    /// <summary>Starts to see what another observer of this thread sees, right before it.</summary>
    internal void AttachInside(Observer other)
    {
        ThreadContext context = ThreadContext.Current;
        Outer = other;
        if (context.Observer == other)
        {
            context.Observer = this;
            return;
        }
        Observer inner = context.Observer!;
        while (inner.Outer != other) inner = inner.Outer!;
        inner.Outer = this;
    }

    /// <summary>Stops seeing this thread's operations; observers inside it go on.</summary>
    internal void Detach()
    {
        ThreadContext context = ThreadContext.Current;
        if (context.Observer == this)
        {
            context.Observer = Outer;
            return;
        }
        for (Observer? inner = context.Observer; inner is not null; inner = inner.Outer)
        {
            if (inner.Outer != this) continue;
            inner.Outer = Outer;
            return;
        }
    }
}

/// <summary>While it is attached, those around it see no operation; what they say of values and host effects still holds.</summary>
/// <remarks>For C# code that stands for one operation, which they see instead of its parts.</remarks>
internal sealed class Curtain : Observer, IDisposable
{
    private Curtain() { }

    internal override Observer? Next => null;

    internal override bool IsRecording => false;

    internal override bool Accounts(Tensor made, Tensor source) => true;

    internal static Curtain Draw()
    {
        var curtain = new Curtain();
        curtain.Attach();
        return curtain;
    }

    internal override ulong Follow(Op op, ReadOnlySpan<Tensor> inputs)
    {
        foreach (Tensor input in inputs)
            if (input.Version is not null) Outer?.UseUnseen(input);
        return 0;
    }

    internal override void Record(Op op, object attributes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ulong followed)
    {
    }

    public void Dispose() => Detach();
}

/// <summary>While it is open, nobody sees what this thread does: no tape, no trace, no program being recorded.</summary>
/// <remarks>For what a recording must not repeat, such as the making of variables.</remarks>
internal readonly struct Unrecorded : IDisposable
{
    private readonly ThreadContext context;
    private readonly Observer? observer;
    private readonly nint program;

    private Unrecorded(ThreadContext context, Observer? seeing)
    {
        this.context = context;
        observer = context.Observer;
        context.Observer = seeing;
        // Programs are recorded inside traces only; without an observer the native library need not be asked, or even loaded.
        program = observer is null ? 0 : Interop.Native.eager_record_suspend();
    }

    internal static Unrecorded Begin() => new(ThreadContext.Current, null);

    /// <summary>For the making of variables: a graph that is built by hand sees it, since its sessions make the variables.</summary>
    internal static Unrecorded BeginMaking() => new(ThreadContext.Current, ThreadContext.Current.Observer?.Builder);

    public void Dispose()
    {
        context.Observer = observer;
        if (program != 0) Interop.Native.eager_record_resume(program);
    }
}
