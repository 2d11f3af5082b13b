using System.Runtime.InteropServices;

namespace Eager.Autograd;

/// <summary>
/// One run of a recomputed function as one tape saw it: the list of its operations, from which the values that the tape did not keep are
/// made again when a backward pass asks for them.
/// </summary>
/// <remarks>
/// It stands right inside its tape in the chain of observers, so what it repeats is what the tape recorded, whatever maps or
/// tangents lie between the function and the tape. Values made again have the identities of the first ones, by which outer tapes and
/// forward mode know them.
/// </remarks>
internal sealed class Recomputation : Observer
{
    private readonly TapeRecorder tape;
    private readonly RecomputePolicy policy;
    private readonly Recomputation? outer;  // of the same tape, around this one
    private readonly BatchAxis[] axes;      // mapped over around the tape, innermost first
    private readonly Dictionary<long, int> numberOf = [];
    private readonly List<Value> values = [];
    private readonly List<int> sources = [];
    private List<Step> steps = [];
    private int asked;
    private bool closed;

    private Recomputation(TapeRecorder tape, RecomputePolicy policy)
    {
        (this.tape, this.policy, outer) = (tape, policy, tape.Recomputation);
        var around = new List<BatchAxis>();
        for (Observer? observer = tape.Next; observer is not null; observer = observer.Next)
            if (observer is BatchAxis axis) around.Add(axis);
        axes = [.. around];
    }

    /// <summary>An operation that ran; its inputs are listed in <see cref="sources"/>, its outputs are consecutive values.</summary>
    private readonly record struct Step(Op Op, object Attributes, int FirstSource, int SourceCount, int FirstOutput, int OutputCount, Tensor? GeneratorState);

    /// <summary>A value that the function read or made.</summary>
    private struct Value
    {
        internal long Id;
        internal bool IsMade;         // by a step
        internal Tensor? Held;        // kept from the first run
        internal int VersionCount;    // of what is held
        internal Recomputation? Maker; // one around this one, which makes it
        internal int Asked;           // how many times the tape will want it
        internal Tensor? Again;       // made again and still wanted

        internal readonly bool IsSource => Held is not null || Maker is not null;
    }

    internal override bool IsRecording => false;

    /// <summary>The memory that it keeps.</summary>
    internal IEnumerable<Tensor> Held => values.Where(static v => v.Held is not null).Select(static v => v.Held!);

    /// <summary>Runs a function so that the tapes which see it keep only what a policy says.</summary>
    internal static Tensor[] Run(Func<Tensor[], Tensor[]> function, Tensor[] x, RecomputePolicy policy)
    {
        var opened = new List<Recomputation>();
        for (Observer? observer = ThreadContext.Current.Observer; observer is not null; observer = observer.Next)
            if (observer is TapeRecorder tape) opened.Add(new(tape, policy));
        foreach (Recomputation recomputation in opened) recomputation.Open();
        try
        {
            return function(x);
        }
        finally
        {
            foreach (Recomputation recomputation in opened) recomputation.Close();
        }
    }

    /// <summary>Notes that the tape will want a value: the recomputation that will make it, or null when the tape has to keep it itself.</summary>
    internal Recomputation? Ask(Tensor tensor)
    {
        if (!numberOf.TryGetValue(tensor.Id, out int number) || !values[number].IsMade) return outer?.Ask(tensor);
        if (values[number].Held is not null) return null;
        if (values[number].Maker is not null) return outer!.Ask(tensor);
        At(number).Asked++;
        asked++;
        return this;
    }

    /// <summary>A value that the tape asked for.</summary>
    internal Tensor Take(long id)
    {
        int number = numberOf[id];
        if (values[number].Again is null) Repeat();
        return values[number].Again!.Alias();
    }

    /// <summary>Takes one <see cref="Ask"/> back.</summary>
    internal void Release(long id)
    {
        ref Value value = ref At(numberOf[id]);
        asked--;
        if (--value.Asked > 0) return;
        value.Again?.Dispose();
        value.Again = null;
        if (closed && asked == 0) Clear();
    }

    /// <summary>Frees what was made again; the next who asks has it made once more.</summary>
    internal void Forget()
    {
        foreach (ref Value value in CollectionsMarshal.AsSpan(values))
        {
            value.Again?.Dispose();
            value.Again = null;
        }
    }

    // The state of the generator has to be known before the draw.
    internal override bool Transforms(Op op, ReadOnlySpan<Tensor> inputs) => op.Effect == Effect.Random;

    internal override Tensor[] Transform(Op op, object attributes, ReadOnlySpan<Tensor> inputs)
    {
        Tensor state;
        using (Tensor now = GeneratorOf(attributes).State()) state = now.AliasUnscoped();
        Tensor[] outputs = op.Run(inputs, attributes);
        Note(op, attributes, inputs, outputs, state);
        return outputs;
    }

    internal override ulong Follow(Op op, ReadOnlySpan<Tensor> inputs) => op.Effect == Effect.Mutates ? 0 : ulong.MaxValue;

    internal override void Record(Op op, object attributes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ulong followed) =>
        Note(op, attributes, inputs, outputs, null);

    private static Generator GeneratorOf(object attributes) => ((IDraws)attributes).Generator;

    private void Open()
    {
        AttachInside(tape);
        tape.Recomputation = this;
    }

    private void Close()
    {
        Detach();
        tape.Recomputation = outer;
        closed = true;
        if (asked == 0)
        {
            Clear();
            return;
        }
        tape.Add(this);
        bool[] needed = Needed(out bool[] read);
        var kept = new List<Step>();
        for (int i = 0; i < steps.Count; i++)
        {
            if (needed[i]) kept.Add(steps[i]);
            else steps[i].GeneratorState?.Dispose();
        }
        steps = kept;
        for (int number = 0; number < read.Length; number++)
            if (!read[number]) LetGo(ref At(number));
    }

    private void Note(Op op, object attributes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, Tensor? state)
    {
        int firstSource = sources.Count;
        foreach (Tensor input in inputs) sources.Add(NumberOf(input));
        bool keeps = policy.Keeps(op);
        int firstOutput = values.Count;
        foreach (Tensor output in outputs)
        {
            numberOf[output.Id] = values.Count;
            values.Add(keeps ? Source(output) with { IsMade = true } : new Value { Id = output.Id, IsMade = true });
        }
        steps.Add(new(op, attributes, firstSource, inputs.Length, firstOutput, outputs.Length, state));
    }

    private int NumberOf(Tensor tensor)
    {
        // A variable that was assigned since it was read is another value.
        if (numberOf.TryGetValue(tensor.Id, out int known) && (values[known].Held?.Version is not { } version || version.Count == values[known].VersionCount)) return known;
        numberOf[tensor.Id] = values.Count;
        values.Add(Source(tensor));
        return values.Count - 1;
    }

    // What no step has to make: a value of a recomputation around this one if there is one, else the tensor itself.
    private Value Source(Tensor tensor) => outer?.Ask(tensor) is { } maker
        ? new Value { Id = tensor.Id, Maker = maker }
        : new Value { Id = tensor.Id, Held = tensor.AliasUnscoped(), VersionCount = tensor.Version?.Count ?? 0 };

    // Which steps must run for what the tape asked for and does not have, and which values they and the tape read.
    private bool[] Needed(out bool[] read)
    {
        var needed = new bool[steps.Count];
        read = new bool[values.Count];
        for (int number = 0; number < read.Length; number++) read[number] = values[number].Asked > 0 && values[number].Again is null;
        for (int i = steps.Count - 1; i >= 0; i--)
        {
            Step step = steps[i];
            for (int output = 0; output < step.OutputCount; output++)
                needed[i] |= read[step.FirstOutput + output] && !values[step.FirstOutput + output].IsSource;
            if (!needed[i]) continue;
            for (int k = 0; k < step.SourceCount; k++) read[sources[step.FirstSource + k]] = true;
        }
        return needed;
    }

    private void Repeat()
    {
        bool[] needed = Needed(out _);
        int[] lastReader = new int[values.Count];
        for (int i = 0; i < steps.Count; i++)
            for (int k = 0; k < steps[i].SourceCount && needed[i]; k++) lastReader[sources[steps[i].FirstSource + k]] = i;

        using var scope = Temporaries.Begin();
        using var unseen = new BehindMaps(axes);
        var now = new Tensor?[values.Count];
        var drawn = new Dictionary<Generator, Tensor>();
        try
        {
            for (int i = 0; i < steps.Count; i++)
            {
                if (!needed[i]) continue;
                Step step = steps[i];
                ReadOnlySpan<int> read = CollectionsMarshal.AsSpan(sources).Slice(step.FirstSource, step.SourceCount);
                var x = new Tensor[read.Length];
                for (int k = 0; k < x.Length; k++) x[k] = now[read[k]] ??= FromSource(step.Op, read[k]);
                if (step.GeneratorState is { } state)
                {
                    Generator generator = GeneratorOf(step.Attributes);
                    if (!drawn.ContainsKey(generator)) drawn.Add(generator, generator.State());
                    generator.SetState(state);
                }
                Tensor[] y = step.Op.Run(x, step.Attributes);
                for (int output = 0; output < y.Length; output++) Remember(step.FirstOutput + output, now[step.FirstOutput + output] = y[output]);
                foreach (int number in read)
                    if (lastReader[number] == i) now[number]?.Dispose();
            }
        }
        finally
        {
            foreach ((Generator generator, Tensor state) in drawn) generator.SetState(state);
        }
    }

    private Tensor FromSource(Op reader, int number)
    {
        Value value = values[number];
        if (value.Maker is not null) return value.Maker.Take(value.Id);
        Tensor held = value.Held!;
        if (held.Version is { } version && Volatile.Read(ref version.Count) != value.VersionCount)
            throw new GradientException($"Recompute: to run {reader.Name} again takes the value that {version.Owner} had then, but it was assigned since; assign after the gradient, or read a Clone.");
        return held.Alias();
    }

    private void Remember(int number, Tensor made)
    {
        ref Value value = ref At(number);
        if (value.Asked > 0) value.Again ??= made.AliasUnscoped(value.Id);
    }

    private void LetGo(ref Value value)
    {
        value.Held?.Dispose();
        value.Held = null;
        value.Maker?.Release(value.Id);
        value.Maker = null;
    }

    private void Clear()
    {
        Forget();
        foreach (ref Value value in CollectionsMarshal.AsSpan(values)) LetGo(ref value);
        foreach (Step step in steps) step.GeneratorState?.Dispose();
        numberOf.Clear();
        values.Clear();
        sources.Clear();
        steps.Clear();
        tape.Remove(this);
    }

    private ref Value At(int number) => ref CollectionsMarshal.AsSpan(values)[number];

    /// <summary>While it is open, operations are seen by no tape and no trace, but run for all slices of the maps around the tape.</summary>
    private readonly ref struct BehindMaps
    {
        private readonly ThreadContext context = ThreadContext.Current;
        private readonly Observer? before;

        internal BehindMaps(BatchAxis[] axes)
        {
            before = context.Observer;
            Observer? chain = null;
            foreach (BatchAxis axis in axes.Reverse()) chain = new MapAlone(axis) { Outer = chain };
            context.Observer = chain;
        }

        public void Dispose() => context.Observer = before;
    }

    // A map without what stands around it in its own chain.
    private sealed class MapAlone(BatchAxis axis) : Observer
    {
        internal override bool IsRecording => false;

        internal override bool Transforms(Op op, ReadOnlySpan<Tensor> inputs) => axis.Transforms(op, inputs);

        internal override Tensor[] Transform(Op op, object attributes, ReadOnlySpan<Tensor> inputs) => axis.Transform(op, attributes, inputs);

        internal override ulong Follow(Op op, ReadOnlySpan<Tensor> inputs) => 0;

        internal override void Record(Op op, object attributes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ulong followed)
        {
        }
    }
}
