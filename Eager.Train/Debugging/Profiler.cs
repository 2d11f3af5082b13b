using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Eager.Autograd;

namespace Eager.Train;

/// <summary>One run of an operation that a <see cref="Profiler"/> saw, or a region that was named in the program.</summary>
/// <param name="Name">The operation, such as <c>MatMul</c>, or the region.</param>
/// <param name="Start">When it began, from the profiler's start.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Inputs">The shapes of its inputs.</param>
/// <param name="Outputs">The shapes of its outputs.</param>
/// <param name="Bytes">The bytes of its outputs, those of views included, which take no memory of their own.</param>
/// <param name="MemoryInUse">The native bytes in use by tensors afterwards.</param>
/// <param name="Caller">The C# line that called it, where callers were asked for.</param>
/// <param name="IsRegion">Whether it is a region.</param>
public sealed record ProfiledEvent(string Name, TimeSpan Start, TimeSpan Duration, IReadOnlyList<Shape> Inputs, IReadOnlyList<Shape> Outputs, long Bytes, long MemoryInUse, string? Caller, bool IsRegion);

/// <summary>All runs of one operation together.</summary>
/// <param name="Name">The operation.</param>
/// <param name="Calls">How often it ran.</param>
/// <param name="Time">How long all runs took.</param>
/// <param name="Bytes">The bytes of all outputs.</param>
public sealed record ProfiledOperation(string Name, long Calls, TimeSpan Time, long Bytes);

/// <summary>Notes every operation of its thread while it is open: when, how long, on which shapes.</summary>
/// <remarks>
/// <para>A traced function runs as C# meanwhile, so that its operations are seen; it gives the same numbers. On CUDA a kernel goes on after its call: times are those of the calls.</para>
/// <para>What an operation takes includes what tapes opened before the profiler write down of it.</para>
/// </remarks>
/// <example><code>
/// using var profile = Profiler.Start();
/// using (profile.Region("step 1")) Train(batch);
/// Console.WriteLine(profile);                  // a table by operation
/// profile.SaveChromeTrace("step.json");        // for chrome://tracing or ui.perfetto.dev
/// </code></example>
public sealed class Profiler : IDisposable
{
    private readonly List<ProfiledEvent> events = [];
    private readonly Dictionary<string, ProfiledOperation> totals = new(StringComparer.Ordinal);
    private readonly long started = Stopwatch.GetTimestamp();
    private readonly bool callers;
    private readonly int maxEvents;
    private readonly int thread = Environment.CurrentManagedThreadId;
    private readonly Clock clock;
    private bool closed;

    private Profiler(bool callers, int maxEvents)
    {
        (this.callers, this.maxEvents) = (callers, maxEvents);
        clock = new Clock(this);
        clock.Attach();
    }

    /// <summary>What ran, in the order in which it ended.</summary>
    public IReadOnlyList<ProfiledEvent> Events => events;

    /// <summary>How many events there was no room for; they count in <see cref="Operations"/>.</summary>
    public long DroppedEvents { get; private set; }

    /// <summary>What ran, by operation, the longest first.</summary>
    public IReadOnlyList<ProfiledOperation> Operations => [.. totals.Values.OrderByDescending(static o => o.Time).ThenBy(static o => o.Name, StringComparer.Ordinal)];

    /// <summary>Begins to note this thread's operations.</summary>
    /// <param name="callers">Whether the C# line that called each operation is looked up, which is slow.</param>
    /// <param name="maxEvents">How many events are kept; of later ones only the totals.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="maxEvents"/> is negative.</exception>
    public static Profiler Start(bool callers = false, int maxEvents = 1_000_000) =>
        maxEvents >= 0 ? new(callers, maxEvents) : throw new InvalidArgumentException($"Profiler: {maxEvents} events cannot be kept; give 0 or more.");

    /// <summary>Shows a part of the program as one event, until the returned object is disposed.</summary>
    /// <param name="name">What it is called.</param>
    public IDisposable Region(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new OpenRegion(this, name);
    }

    /// <summary>Ends the noting; what was noted stays.</summary>
    /// <exception cref="InvalidArgumentException">It is called on another thread than the one that is looked at.</exception>
    public void Dispose()
    {
        if (closed) return;
        if (Environment.CurrentManagedThreadId != thread) throw new InvalidArgumentException("Profiler: it was started on another thread; end it there.");
        closed = true;
        clock.Detach();
    }

    /// <summary>Writes the events in the Trace Event Format of Chrome, with the memory in use as a curve.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileWriteException">The file cannot be written.</exception>
    public void SaveChromeTrace(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        AtomicFile.Write(path, file =>
        {
            using var json = new Utf8JsonWriter(file);
            json.WriteStartObject();
            json.WriteString("displayTimeUnit", "ms");
            json.WriteStartArray("traceEvents");
            foreach (ProfiledEvent one in events) WriteEvent(json, one);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    /// <summary>A table by operation: calls, time, its share, and bytes.</summary>
    public override string ToString()
    {
        IReadOnlyList<ProfiledOperation> operations = Operations;
        double all = operations.Sum(static o => o.Time.TotalMilliseconds);
        int width = Math.Max("operation".Length, operations.Select(static o => o.Name.Length).DefaultIfEmpty().Max());
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{"operation".PadRight(width)}  {"calls",9}  {"ms",12}  {"share",6}  {"mean µs",12}  {"bytes",16}");
        foreach (ProfiledOperation o in operations)
            text.AppendLine(CultureInfo.InvariantCulture, $"{o.Name.PadRight(width)}  {o.Calls,9}  {o.Time.TotalMilliseconds,12:F3}  {(all > 0 ? o.Time.TotalMilliseconds / all : 0),6:P0}  {o.Time.TotalMicroseconds / o.Calls,12:F2}  {o.Bytes,16:N0}");
        return text.ToString();
    }

    private void WriteEvent(Utf8JsonWriter json, ProfiledEvent one)
    {
        json.WriteStartObject();
        json.WriteString("name", one.Name);
        json.WriteString("cat", one.IsRegion ? "region" : "operation");
        json.WriteString("ph", "X");
        json.WriteNumber("ts", one.Start.TotalMicroseconds);
        json.WriteNumber("dur", one.Duration.TotalMicroseconds);
        json.WriteNumber("pid", Environment.ProcessId);
        json.WriteNumber("tid", thread);
        json.WriteStartObject("args");
        if (!one.IsRegion)
        {
            json.WriteString("inputs", string.Join(", ", one.Inputs));
            json.WriteString("outputs", string.Join(", ", one.Outputs));
            json.WriteNumber("bytes", one.Bytes);
        }
        if (one.Caller is not null) json.WriteString("caller", one.Caller);
        json.WriteEndObject();
        json.WriteEndObject();

        json.WriteStartObject();
        json.WriteString("name", "memory in use");
        json.WriteString("ph", "C");
        json.WriteNumber("ts", (one.Start + one.Duration).TotalMicroseconds);
        json.WriteNumber("pid", Environment.ProcessId);
        json.WriteStartObject("args");
        json.WriteNumber("bytes", one.MemoryInUse);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void Note(string name, long start, long end, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, bool isRegion)
    {
        TimeSpan duration = Stopwatch.GetElapsedTime(start, end);
        long bytes = 0;
        foreach (Tensor output in outputs) bytes += output.ByteCount;
        if (!isRegion)
        {
            ProfiledOperation known = totals.GetValueOrDefault(name) ?? new(name, 0, TimeSpan.Zero, 0);
            totals[name] = known with { Calls = known.Calls + 1, Time = known.Time + duration, Bytes = known.Bytes + bytes };
        }
        if (events.Count >= maxEvents)
        {
            DroppedEvents++;
            return;
        }
        events.Add(new(name, Stopwatch.GetElapsedTime(started, start), duration, Shapes(inputs), Shapes(outputs), bytes, Runtime.MemoryInUse, callers && !isRegion ? AnomalyDetection.Caller() : null, isRegion));
    }

    private static Shape[] Shapes(ReadOnlySpan<Tensor> tensors)
    {
        var shapes = new Shape[tensors.Length];
        for (int i = 0; i < shapes.Length; i++) shapes[i] = tensors[i].ConcreteShape;
        return shapes;
    }

    /// <summary>Stands in each operation's place to take the time before and after it.</summary>
    private sealed class Clock(Profiler owner) : Observer
    {
        internal override bool Transforms(Op op, ReadOnlySpan<Tensor> inputs) => !owner.closed;

        internal override Tensor[] Transform(Op op, object attributes, ReadOnlySpan<Tensor> inputs)
        {
            long start = Stopwatch.GetTimestamp();
            Tensor[] outputs = op.Run(inputs, attributes);
            owner.Note(op.Name, start, Stopwatch.GetTimestamp(), inputs, outputs, isRegion: false);
            return outputs;
        }

        internal override ulong Follow(Op op, ReadOnlySpan<Tensor> inputs) => 0;

        internal override void Record(Op op, object attributes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ulong followed)
        {
        }
    }

    private sealed class OpenRegion(Profiler owner, string name) : IDisposable
    {
        private readonly long start = Stopwatch.GetTimestamp();
        private bool ended;

        public void Dispose()
        {
            if (ended) return;
            ended = true;
            owner.Note(name, start, Stopwatch.GetTimestamp(), [], [], isRegion: true);
        }
    }
}
