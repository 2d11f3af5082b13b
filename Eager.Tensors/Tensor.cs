using System.Diagnostics;
using Eager.Interop;

namespace Eager;

/// <summary>
/// An array of any rank with one element type, on one device. Operations on it run at once and make new tensors.
/// </summary>
/// <remarks>
/// <para>Immutable but for <c>Variable</c>, whose <c>Assign…</c> methods change it in place; views of a variable see the change.</para>
/// <para><c>==</c> compares references, as for every C# object; <see cref="Equal(Tensor)"/> compares elements and gives a tensor.
/// <c>x += y</c> makes a new tensor and lets the name <c>x</c> stand for it.</para>
/// <para>Memory is freed by <see cref="Dispose"/>, by a <see cref="TensorScope"/>, or when the collector finds the tensor
/// unreachable. A tensor may be read from many threads; disposing it while another thread uses it is safe.</para>
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public partial class Tensor : IDisposable
{
    private const int DisposedFlag = int.MinValue;
    private const uint ManyElements = uint.MaxValue;

    private readonly Ledger.Entry? entry;  // none for a slice, which holds no handle
    private nint handle;
    private int uses;  // calls in flight, and DisposedFlag
    private readonly byte dtype;
    private readonly byte deviceType;
    private readonly sbyte deviceIndex;
    private byte rank;
    private uint elements;  // ManyElements where there are more; 0 for a slice
    private long id;        // 0 until a recorder asks
    private Shape? shape;

    /// <summary>Takes over a handle and its count.</summary>
    private protected Tensor(nint handle)
    {
        this.handle = handle;
        long packed = Native.eager_describe(handle);
        (dtype, deviceType, deviceIndex) = ((byte)packed, (byte)(packed >> 8), Math.Max((sbyte)(packed >> 16), (sbyte)0));
        (rank, elements) = ((byte)(packed >> 24), (uint)(packed >> 32));
        entry = ThreadContext.Current.Ledger.Add(this, handle);
    }

    /// <summary>A tensor without memory of its own: another holds it, and knows the elements as something else. Kernels cannot take it.</summary>
    private protected Tensor(Tensor inner, DType dtype, Shape shape, long id)
    {
        uses = DisposedFlag;  // whoever asks for the handle is refused
        (this.dtype, deviceType, deviceIndex) = ((byte)dtype, (byte)inner.Device.Type, (sbyte)inner.Device.Index);
        (this.shape, rank, this.id) = (shape, (byte)shape.Rank, id);
        Version = inner.Version;
    }

    /// <summary>A symbol of a graph that is built by hand: a tensor without elements. Kernels cannot take it.</summary>
    private protected Tensor(DType dtype, Device device, Shape shape)
    {
        uses = DisposedFlag;  // whoever asks for the handle is refused
        (this.dtype, deviceType, deviceIndex) = ((byte)dtype, (byte)device.Type, (sbyte)device.Index);
        (this.shape, rank) = (shape, (byte)shape.Rank);
    }

    /// <summary>The element type.</summary>
    public DType DType => (DType)dtype;

    /// <summary>Where the elements are.</summary>
    public Device Device => new((DeviceType)deviceType, deviceIndex);

    /// <summary>The number of axes.</summary>
    public int Rank => rank;

    /// <summary>The sizes, outermost first. In a traced function the unknown ones stay unknown.</summary>
    public Shape Shape => ThreadContext.Current.Observer?.SymbolicShape(this) ?? ConcreteShape;

    /// <summary>Says which sizes the tensor has: a check, and in a traced function knowledge that the graph keeps.</summary>
    /// <param name="shape">What it must fit; sizes that are not known, such as those of <c>[null, 128]</c>, say nothing.</param>
    /// <remarks>A size that the trace left open is from then on the number given here; every trace checks it anew.</remarks>
    /// <exception cref="ShapeMismatchException">The tensor has another shape.</exception>
    /// <example><code>x.SetShape([32, 128]);   // of a placeholder [null, 128]</code></example>
    public void SetShape(Shape shape)
    {
        if (!shape.IsCompatibleWith(ConcreteShape)) throw new ShapeMismatchException($"SetShape: the tensor is {ConcreteShape}, which does not fit {shape}.");
        ThreadContext.Current.Observer?.RefineShape(this, shape);
    }

    /// <summary>The number of elements.</summary>
    public long ElementCount
    {
        get
        {
            if (Holder is not null || IsSymbol) return ConcreteShape.ElementCount;
            long count = Native.eager_count(Enter());
            Leave();
            return count;
        }
    }

    /// <summary>The number of bytes that the elements take.</summary>
    public long ByteCount => ElementCount * DType.ByteSize();

    /// <summary>True after <see cref="Dispose"/>.</summary>
    public bool IsDisposed => Volatile.Read(ref uses) < 0 && !IsSymbol && Holder is not { IsDisposed: false };

    /// <summary>A name for messages, summaries and graphs; null unless given.</summary>
    public string? Name { get; internal set; }

    /// <summary>The shape with the sizes of the run at hand.</summary>
    internal Shape ConcreteShape => shape ??= ReadShape();

    /// <summary>Set while a scope that is about to end keeps this tensor.</summary>
    internal bool KeptByScope { get; set; }

    /// <summary>True for a variable that tapes watch by themselves.</summary>
    internal virtual bool IsWatchedByItself => false;

    /// <summary>True for one without elements, of a graph that is built by hand.</summary>
    internal virtual bool IsSymbol => false;

    /// <summary>True when it is known to have no elements.</summary>
    internal bool IsEmpty => IsSymbol ? ConcreteShape.ElementCount.Is(0) : ElementCount == 0;

    /// <summary>The tensor that holds the memory of one without memory of its own; null for all others.</summary>
    internal virtual Tensor? Holder => null;

    /// <summary>The tensor of which this one is a slice; null for one that is none.</summary>
    internal virtual Tensor? AllSlices => null;

    /// <summary>The tensor with memory of its own behind this one, whose leading axes are then the batches that are mapped over.</summary>
    internal Tensor Whole => AllSlices?.Whole ?? this;

    /// <summary>The counter of changes of the storage that this tensor shares with a variable; null when nothing can change it.</summary>
    internal VersionCell? Version { get; private protected set; }

    /// <summary>What tapes and tracers know this tensor by; wrappers of one value made for a backward pass share it.</summary>
    internal long Id
    {
        get
        {
            if (id == 0) Interlocked.CompareExchange(ref id, ThreadContext.Current.NextId(), 0);  // two threads may ask at once
            return id;
        }
    }

    /// <summary>As <see cref="Id"/>, for a tensor that no other thread has seen yet.</summary>
    internal long IdOfNew => id != 0 ? id : id = ThreadContext.Current.NextId();

    /// <summary>The id if one was given, else 0: such a tensor is known to no recorder.</summary>
    internal long IdOrZero => id;

    /// <summary>True when an operand of an operation that broadcasts has the sizes of its result.</summary>
    internal bool HasSizesOf(Tensor result)
    {
        if (Rank != result.Rank) return false;
        // Each size is the result's or 1, so that equal products are equal sizes, unless a size is 0.
        bool tell = elements is > 0 and < ManyElements && result.elements is > 0 and < ManyElements;
        return tell ? elements == result.elements : ConcreteShape == result.ConcreteShape;
    }

    /// <summary>Frees the memory now, unless another tensor shares it or a call in flight still reads it. Doing so twice is harmless.</summary>
    public void Dispose()
    {
        int before = Interlocked.Or(ref uses, DisposedFlag);
        if (before < 0)
        {
            Holder?.Dispose();
            return;
        }
        ThreadContext.Current.Undisposed--;
        if (before > 0) return;  // a call is in flight on another thread and frees the handle when it ends
        FreeHandle();
    }

    /// <summary>Wraps the handle that a kernel returned; null means that the kernel failed.</summary>
    internal static Tensor Own(nint handle, string kernel)
    {
        if (handle == 0) throw Native.Error(kernel);
        var tensor = new Tensor(handle);
        tensor.Register();
        return tensor;
    }

    /// <summary>Wraps a handle for the library's own keeping: no scope frees it.</summary>
    internal static Tensor OwnUnscoped(nint handle) => handle != 0 ? new(handle) : throw Native.Error("");

    /// <summary>Wraps several handles; an absent tensor is null.</summary>
    internal static Tensor[] OwnAll(ReadOnlySpan<nint> handles)
    {
        var tensors = new Tensor[handles.Length];
        for (int i = 0; i < handles.Length; i++)
            if (handles[i] != 0) tensors[i] = Own(handles[i], "");
        return tensors;
    }

    /// <summary>Another wrapper of the same value; recorders know it by the same id, or as a value of its own.</summary>
    internal virtual Tensor Alias(bool sameIdentity = true) => Rehydrate(Retain(), sameIdentity ? Id : 0, Version);

    /// <summary>Another value over the same memory, which native code tells apart from this one.</summary>
    internal Tensor ShallowCopy()
    {
        nint copied = Native.eager_shallow_copy(Enter());
        Leave();
        return copied != 0 ? Rehydrate(copied, 0, Version) : throw Native.Error("ShallowCopy");
    }

    /// <summary>Another wrapper of the same value for the library's own keeping: no scope frees it.</summary>
    /// <param name="id">What recorders know it by; this one's id when 0.</param>
    internal virtual Tensor AliasUnscoped(long id = 0) => new Tensor(Retain()) { id = id != 0 ? id : Id, Version = Version };

    /// <summary>A wrapper of a value that a recorder kept; takes over the count.</summary>
    internal static Tensor Rehydrate(nint handle, long id, VersionCell? version)
    {
        Tensor tensor = Own(handle, "");
        tensor.id = id;
        tensor.Version = version;
        return tensor;
    }

    /// <summary>The handle, with a count of its own that the caller has to give back.</summary>
    internal nint Retain()
    {
        nint retained = Enter();
        Native.eager_retain(retained);
        Leave();
        return retained;
    }

    /// <summary>As <see cref="Retain"/>, for a tensor that no other thread has seen yet and so cannot dispose meanwhile.</summary>
    internal nint RetainNew()
    {
        Native.eager_retain(handle);
        return handle;
    }

    /// <summary>Gives the handle away and leaves this wrapper disposed.</summary>
    internal nint TakeHandle()
    {
        nint taken = Retain();
        Dispose();
        return taken;
    }

    /// <summary>Marks this tensor as one that shares a variable's storage, if it does.</summary>
    internal void ShareVersion(Tensor source)
    {
        if (source.Version is null) return;
        nint mine = Enter(), theirs = source.Enter();
        if (Native.eager_same_storage(mine, theirs) != 0) Version = source.Version;
        source.Leave();
        Leave();
    }

    /// <summary>The handle, held for a call: every <c>Enter</c> is followed by a <see cref="Leave"/>.</summary>
    internal nint Enter()
    {
        if (Interlocked.Increment(ref uses) < 0)
        {
            Leave();
            throw WhyUnusable();
        }
        return handle;
    }

    /// <summary>Ends a call's hold; the last one out frees a tensor that was disposed meanwhile.</summary>
    internal void Leave()
    {
        if (Interlocked.Decrement(ref uses) == DisposedFlag) FreeHandle();
    }

    internal static unsafe void EnterAll(ReadOnlySpan<Tensor> tensors, nint* handles)
    {
        int entered = 0;
        try
        {
            for (; entered < tensors.Length; entered++) handles[entered] = tensors[entered] is { } t ? t.Enter() : 0;
        }
        finally
        {
            if (entered < tensors.Length) LeaveAll(tensors[..entered]);
        }
    }

    internal static void LeaveAll(ReadOnlySpan<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors) tensor?.Leave();
    }

    /// <summary>Puts a tensor without memory of its own into the open scope.</summary>
    private protected void JoinScope()
    {
        ThreadContext context = ThreadContext.Current;
        if (context.OpenScopes > 0) context.Scoped.Add(this);
    }

    /// <summary>Counts this wrapper and puts it into the open scope.</summary>
    private protected unsafe void Register()
    {
        ThreadContext context = ThreadContext.Current;
        if (context.OpenScopes > 0) context.Scoped.Add(this);
        if (++context.Undisposed >= Reclaimer.Interval || Native.Memory->Live > Reclaimer.Trigger) Reclaimer.Tend(context);
    }

    /// <summary>Why a call cannot have the handle.</summary>
    private protected virtual EagerException WhyUnusable()
    {
        if (AllSlices is not null)
            return new InvalidArgumentException($"This {DType.Name()} tensor of shape {shape} is one slice of a batch that Vmap maps over; its values cannot be read, nor can it be used after or outside that Vmap. Return it from the function, or choose with Where instead of an if.");
        string what = shape is not null ? $"{((DType)dtype).Name()} tensor of shape {shape}" : $"{((DType)dtype).Name()} tensor of rank {rank}";
        return new DisposedException($"This {what}{(Name is null ? "" : $" ('{Name}')")} was disposed and cannot be used any more; keep it with TensorScope.Keep, or dispose it later.");
    }

    /// <summary>Leaves a tensor that was just made a symbol, without elements.</summary>
    private protected void BecomeSymbol(Shape symbolic)
    {
        (shape, rank, elements) = (symbolic, (byte)symbolic.Rank, 0);
        Interlocked.Or(ref uses, DisposedFlag);
        FreeHandle();
    }

    private void FreeHandle()
    {
        nint freed = Interlocked.Exchange(ref handle, 0);
        if (freed == 0) return;
        entry!.Remove();
        GC.KeepAlive(this);  // or a sweep could find the handle without its tensor
        Native.eager_free(freed);
    }

    private unsafe Shape ReadShape()
    {
        int count = Rank;
        Shape read = Shape.FromSizes(new ReadOnlySpan<long>(Native.eager_sizes(Enter()), count));
        Leave();
        return read;
    }

    /// <summary>Takes the memory and the shape of a value, which it leaves disposed, in place of its own.</summary>
    /// <param name="value">Of this tensor's dtype and device.</param>
    /// <param name="inUse">Whether a call in flight or a pin may still read the former memory.</param>
    /// <returns>A wrapper of the former memory.</returns>
    private protected Tensor ExchangeMemory(Tensor value, out bool inUse)
    {
        Enter();
        // Never unknown from here on: another thread that asks for the shape must not read the sizes of one handle by the rank of another.
        _ = ConcreteShape;
        Shape newShape = value.ConcreteShape;
        uint newElements = value.elements;
        nint taken = value.TakeHandle();
        nint former = Interlocked.Exchange(ref handle, taken);
        entry!.Handle = taken;
        (shape, rank, elements) = (newShape, (byte)newShape.Rank, newElements);
        Leave();
        // Whoever enters from here on gets the new handle.
        inUse = Volatile.Read(ref uses) is not (0 or DisposedFlag);
        return OwnUnscoped(former);
    }
}

/// <summary>Counts the changes of one variable's storage; views of it share the cell.</summary>
internal sealed class VersionCell(Tensor owner)
{
    private readonly WeakReference<Tensor> owner = new(owner);

    /// <summary>How messages call the variable.</summary>
    internal string Owner => owner.TryGetTarget(out Tensor? tensor) ? $"variable '{tensor.Name ?? "unnamed"}' of shape {tensor.ConcreteShape}" : "a variable";

    /// <summary>The number of changes so far.</summary>
    internal int Count;

    /// <summary>How many of them put other memory, of another shape, in the place of the variable's own.</summary>
    internal int Moves;
}
