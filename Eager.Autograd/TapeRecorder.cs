using System.Runtime.InteropServices;
using Eager.Interop;

namespace Eager.Autograd;

/// <summary>
/// What a tape writes down: for each operation its inputs and outputs by number and the values that its gradient rules need.
/// </summary>
/// <remarks>
/// Slabs of structs; tensors are held by native counts of the tape's own, so that user code may dispose its wrappers.
/// A value that the tape follows has a dense number; numbers grow along the recording.
/// </remarks>
internal sealed class TapeRecorder : Observer
{
    private TapeSlabs slabs = TapeSlabs.Rent();
    private Dictionary<int, List<Func<Tensor, Tensor?>>>? hooks;
    private Dictionary<int, string>? callers;
    private List<Recomputation>? recomputations;
    private bool closed;

    /// <summary>Lists how many values, inputs, outputs and saved tensors a node uses, in the order of the slabs.</summary>
    internal readonly record struct Node(Op Op, object Attributes, int FirstInput, int InputCount, int FirstOutput, int OutputCount, int FirstSaved, int SavedCount);

    /// <summary>An input: its number, or −1 when no gradient goes there, and its shape where the backward pass needs it.</summary>
    internal readonly record struct InputEdge(int Number, Shape? Shape);

    /// <summary>A kept tensor: slot i is input i, slot 64 + i is output i.</summary>
    internal struct SavedValue
    {
        internal nint Handle;
        internal Tensor? Slice;  // in place of the handle, for a tensor without memory of its own
        internal Recomputation? Recomputed;  // in place of both, for what is made again when it is needed
        internal long Id;
        internal VersionCell? Version;
        internal int VersionCount;
        internal int Slot;
    }

    internal const int OutputSlots = 64;

    // Of a recorder that is closed and writes nothing down.
    private static readonly TapeSlabs Closed = new();

    /// <summary>Whether trainable variables are followed from their first use.</summary>
    internal bool WatchesVariables { get; init; } = true;

    /// <summary>The innermost recomputed function that is running; what it makes is not kept.</summary>
    internal Recomputation? Recomputation { get; set; }

    /// <summary>Those whose values gradients need.</summary>
    internal ReadOnlySpan<Recomputation> Recomputations => CollectionsMarshal.AsSpan(recomputations);

    internal void Add(Recomputation recomputation) => (recomputations ??= []).Add(recomputation);

    internal void Remove(Recomputation recomputation) => recomputations?.Remove(recomputation);

    /// <summary>While above 0 nothing is written down.</summary>
    internal int Paused { get; set; }

    internal override bool IsRecording => Paused == 0 && !Volatile.Read(ref closed);

    internal int NodeCount => slabs.Nodes.Count;

    internal int ValueCount => slabs.Numbers.Count;

    ~TapeRecorder()
    {
        foreach (ref readonly SavedValue value in slabs.Saved.Items)
            if (value.Handle != 0) Reclaimer.Enqueue(value.Handle);
    }

    internal ReadOnlySpan<Node> Nodes => slabs.Nodes.Items;

    internal ReadOnlySpan<InputEdge> InputsOf(in Node node) => slabs.Inputs.Slice(node.FirstInput, node.InputCount);

    internal ReadOnlySpan<int> OutputsOf(in Node node) => slabs.Outputs.Slice(node.FirstOutput, node.OutputCount);

    internal Span<SavedValue> SavedOf(in Node node) => slabs.Saved.Slice(node.FirstSaved, node.SavedCount);

    /// <summary>The number of a tensor that the tape follows, or −1.</summary>
    internal int NumberOf(Tensor tensor) =>
        tensor.IdOrZero is not 0 and long id ? slabs.Numbers.Find(id) : -1;

    /// <summary>What is to be done to the gradient of a value once it is complete; null when nothing is.</summary>
    internal List<Func<Tensor, Tensor?>>? HooksOf(int number) => hooks?.GetValueOrDefault(number);

    /// <summary>The values whose gradients something is to be done to.</summary>
    internal IReadOnlyCollection<int> HookedNumbers => hooks is null ? [] : hooks.Keys;

    internal void AddHook(int number, Func<Tensor, Tensor?> hook)
    {
        hooks ??= [];
        if (!hooks.TryGetValue(number, out List<Func<Tensor, Tensor?>>? list)) hooks.Add(number, list = []);
        list.Add(hook);
    }

    /// <summary>The C# line that ran an operation, known while anomalies are looked for.</summary>
    internal string? CallerOf(int node) => callers?.GetValueOrDefault(node);

    /// <summary>Follows a tensor from here on.</summary>
    internal int Watch(Tensor tensor) => slabs.Numbers.FindOrAdd(tensor.Id);

    internal override bool Accounts(Tensor made, Tensor source)
    {
        bool follows = IsRecording && (NumberOf(source) >= 0 || (WatchesVariables && source.IsWatchedByItself));
        return (!follows || NumberOf(made) >= 0) && base.Accounts(made, source);
    }

    internal override ulong Follow(Op op, ReadOnlySpan<Tensor> x)
    {
        if (Paused > 0 || op.Effect == Effect.Mutates) return 0;
        op = GradientOverride.Of(op);
        if (Volatile.Read(ref closed))
        {
            Detach();
            return 0;
        }
        ulong followed = 0;
        Span<int> numbers = slabs.NumbersOf(x.Length);
        for (int i = 0; i < x.Length; i++)
        {
            int number = NumberOf(x[i]);
            if (number < 0 && WatchesVariables && x[i].IsWatchedByItself) number = Watch(x[i]);
            numbers[i] = number;
            if (number >= 0) followed |= 1UL << Math.Min(i, Op.LastBit);
        }
        return followed & op.DifferentiableInputs;
    }

    internal override void Record(Op op, object attributes, ReadOnlySpan<Tensor> x, ReadOnlySpan<Tensor> y, ulong followed)
    {
        op = GradientOverride.Of(op);
        bool differentiable = false;
        foreach (Tensor output in y) differentiable |= output.DType.IsDifferentiable();
        if (!differentiable) return;
        if (!op.ComplexGradients) RequireReal(op, x, y);

        Keep keeps = op.Keeps(followed);
        int firstInput = slabs.Inputs.Count, firstOutput = slabs.Outputs.Count, firstSaved = slabs.Saved.Count;
        Span<int> numbers = slabs.NumbersOf(x.Length);  // as Follow has just found them
        for (int i = 0; i < x.Length; i++)
        {
            bool needed = (followed & (1UL << Math.Min(i, Op.LastBit))) != 0;
            Shape? shape = (keeps & Keep.Shapes) != 0 || (needed && op.Broadcasts && !x[i].HasSizesOf(y[0])) ? x[i].Shape : null;
            slabs.Inputs.Add() = new(needed ? numbers[i] : -1, shape);
            if (i < 8 && ((int)keeps & (1 << i)) != 0) Save(x[i], i);
        }
        for (int i = 0; i < y.Length; i++)
        {
            bool isNew = !IsAmong(x, y[i]);
            // A view of a variable that the rule returned as it is keeps its number; a new tensor gets one.
            slabs.Outputs.Add() = y[i].DType.IsDifferentiable() ? slabs.Numbers.FindOrAdd(isNew ? y[i].IdOfNew : y[i].Id) : -1;
            if (((int)keeps & ((int)Keep.Output << i)) != 0 && i < 8) Save(y[i], OutputSlots + i, isNew);
        }
        if (AnomalyDetection.IsOpen) (callers ??= [])[slabs.Nodes.Count] = AnomalyDetection.Caller();
        slabs.Nodes.Add() = new(op, attributes, firstInput, x.Length, firstOutput, y.Length, firstSaved, slabs.Saved.Count - firstSaved);
    }

    /// <summary>What is kept, by operation.</summary>
    internal unsafe List<TapeResidual> Residuals()
    {
        var byName = new Dictionary<string, TapeResidual>();
        var seen = new HashSet<nint>();
        foreach (ref readonly Node node in Nodes)
        {
            foreach (ref SavedValue value in SavedOf(node))
            {
                if (value.Recomputed is not null) continue;
                using Tensor tensor = value.Slice is not null ? value.Slice.AliasUnscoped() : BackwardPass.Rehydrate(value);
                Count(node.Op.Name, tensor.Whole);
            }
        }
        foreach (Recomputation recomputation in Recomputations)
            foreach (Tensor held in recomputation.Held) Count("Recompute", held.Whole);
        return [.. byName.Values.OrderByDescending(static r => r.Bytes).ThenBy(static r => r.Operation, StringComparer.Ordinal)];

        void Count(string operation, Tensor tensor)
        {
            nint start = (nint)Native.eager_data(tensor.Enter());
            tensor.Leave();
            if (!seen.Add(start)) return;
            TapeResidual known = byName.GetValueOrDefault(operation) ?? new(operation, 0, 0);
            byName[operation] = known with { Tensors = known.Tensors + 1, Bytes = known.Bytes + tensor.ByteCount };
        }
    }

    /// <summary>Lets go of a node's values; later reads of them fail.</summary>
    internal void Release(in Node node)
    {
        Span<SavedValue> values = SavedOf(node);
        LetGo(values);
        values.Clear();
    }

    /// <summary>Forgets everything.</summary>
    internal void Clear()
    {
        LetGo(slabs.Saved.Items);
        hooks = null;
        callers = null;
        slabs.Clear();
    }

    /// <summary>Ends the recording for good; the owner's next operation, or this call on its thread, takes the recorder out of the chain.</summary>
    internal void Close(bool onOwnThread)
    {
        Volatile.Write(ref closed, true);
        if (onOwnThread) Detach();
        Clear();
        GC.SuppressFinalize(this);
        if (!onOwnThread || slabs == Closed) return;
        slabs.Return();
        slabs = Closed;
    }

    // Rules of real numbers lack conjugates: they would be silently wrong.
    private static void RequireReal(Op op, ReadOnlySpan<Tensor> x, ReadOnlySpan<Tensor> y)
    {
        bool isComplex = false;
        foreach (Tensor tensor in x) isComplex |= tensor.DType.IsComplex();
        foreach (Tensor tensor in y) isComplex |= tensor.DType.IsComplex();
        if (isComplex) throw new GradientException($"{op.Name}: a tape follows its input, and its gradient is that of real numbers only, not of complex ones; run it within StopRecording if no gradient has to flow through it.");
    }

    private static unsafe void LetGo(ReadOnlySpan<SavedValue> values)
    {
        const int AtOnce = 64;
        nint* handles = stackalloc nint[AtOnce];
        int count = 0;
        // The last first: where they were made in a row, the allocator finds each free piece next to those before.
        for (int i = values.Length - 1; i >= 0; i--)
        {
            ref readonly SavedValue value = ref values[i];
            value.Slice?.Dispose();
            value.Recomputed?.Release(value.Id);
            if (value.Handle == 0) continue;
            handles[count++] = value.Handle;
            if (count < AtOnce) continue;
            Native.eager_free_many(handles, count);
            count = 0;
        }
        if (count > 0) Native.eager_free_many(handles, count);
    }

    private static bool IsAmong(ReadOnlySpan<Tensor> tensors, Tensor tensor)
    {
        foreach (Tensor one in tensors)
            if (one == tensor) return true;
        return false;
    }

    private void Save(Tensor tensor, int slot, bool isNew = false)
    {
        if (Recomputation?.Ask(tensor) is { } recomputed)
        {
            Add(tensor, slot).Recomputed = recomputed;
        }
        else if (tensor.AllSlices is not null)
        {
            Tensor slice = tensor.AliasUnscoped();
            Add(tensor, slot).Slice = slice;
        }
        else
        {
            nint handle = isNew ? tensor.RetainNew() : tensor.Retain();
            Add(tensor, slot).Handle = handle;
        }
    }

    private ref SavedValue Add(Tensor tensor, int slot)
    {
        ref SavedValue saved = ref slabs.Saved.Add();
        (saved.Id, saved.Slot) = (tensor.Id, slot);
        if (tensor.Version is { } version) (saved.Version, saved.VersionCount) = (version, version.Count);
        return ref saved;
    }
}
