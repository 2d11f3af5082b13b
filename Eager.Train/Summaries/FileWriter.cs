using System.Globalization;
using Eager.Autograd;
using Eager.Train.Summaries.Protos;
using Google.Protobuf;

namespace Eager.Train;

/// <summary>What a session-log event says.</summary>
public enum SessionStatus
{
    /// <summary>Training starts or goes on at a step; TensorBoard then drops what an interrupted run logged at this step and after.</summary>
    Start = 1,

    /// <summary>Training ended.</summary>
    Stop = 2,
}

/// <summary>
/// Writes summaries into a TensorBoard event file of its own in a log folder; the folder is one run.
/// Calls put events into a bounded queue and return; a background thread writes them. All members may be called from any thread.
/// </summary>
/// <remarks>
/// If the background thread fails (a full disk), the next call throws a <see cref="FileWriteException"/>, or <see cref="Dispose"/> does if no call came.
/// What is still queued when the process exits in an orderly way is written then.
/// </remarks>
/// <example><code>
/// using var writer = new FileWriter("runs/first");
/// writer.AddScalar("loss", 0.25f, step: 100);
/// </code></example>
public sealed class FileWriter : IDisposable
{
    private static int fileCount;

    private readonly Lock disposing = new();
    private readonly object gate = new();
    private readonly Stream stream;
    private readonly Thread thread;
    private readonly int maxQueue;
    private readonly TimeSpan flushInterval;

    // Guarded by gate.
    private List<Event> queue = [];
    private long flushesAsked;
    private long flushesDone;
    private bool closing;
    private bool disposed;
    private Exception? failure;
    private bool failureShown;

    /// <summary>Makes the folder where needed and an event file of a new name in it.</summary>
    /// <param name="logDirectory">The folder of the run.</param>
    /// <param name="graph">A serialized GraphDef to show in the graphs dashboard; empty for none.</param>
    /// <param name="maxQueue">How many events may wait; at this number a call waits for the background thread.</param>
    /// <param name="flushSeconds">After how many seconds, at the latest, events are handed to the operating system.</param>
    /// <param name="suffix">Appended to the file's name.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="maxQueue"/> or <paramref name="flushSeconds"/> is not positive, or <paramref name="suffix"/> holds a path separator.</exception>
    /// <exception cref="FileWriteException">The folder or the file cannot be made.</exception>
    public FileWriter(string logDirectory, ReadOnlyMemory<byte> graph = default, int maxQueue = 1000, double flushSeconds = 120, string suffix = "")
        : this(() => Create(logDirectory, suffix), maxQueue, flushSeconds)
    {
        if (!graph.IsEmpty) AddGraph(graph);
    }

    /// <summary>Makes the folder where needed and an event file of a new name in it, which shows a graph.</summary>
    /// <param name="logDirectory">The folder of the run.</param>
    /// <param name="graph">The graph of a traced function, such as <see cref="TracedFunction.Graph"/>, for the graphs dashboard.</param>
    /// <param name="maxQueue">How many events may wait; at this number a call waits for the background thread.</param>
    /// <param name="flushSeconds">After how many seconds, at the latest, events are handed to the operating system.</param>
    /// <param name="suffix">Appended to the file's name.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="maxQueue"/> or <paramref name="flushSeconds"/> is not positive, or <paramref name="suffix"/> holds a path separator.</exception>
    /// <exception cref="FileWriteException">The folder or the file cannot be made.</exception>
    public FileWriter(string logDirectory, Graph graph, int maxQueue = 1000, double flushSeconds = 120, string suffix = "")
        : this(logDirectory, (graph ?? throw new ArgumentNullException(nameof(graph))).ToGraphDef(), maxQueue, flushSeconds, suffix) { }

    /// <summary>Writes to a stream that <paramref name="open"/> gives.</summary>
    internal FileWriter(Func<(string Path, Stream Stream)> open, int maxQueue, double flushSeconds)
    {
        if (maxQueue <= 0) throw new InvalidArgumentException($"FileWriter: maxQueue is {maxQueue}; it must be at least 1.");
        if (!(flushSeconds > 0)) throw new InvalidArgumentException(string.Create(CultureInfo.InvariantCulture, $"FileWriter: flushSeconds is {flushSeconds}; it must be above 0."));
        this.maxQueue = maxQueue;
        flushInterval = TimeSpan.FromSeconds(Math.Min(flushSeconds, int.MaxValue / 1000));
        (Path, stream) = open();
        queue.Add(new Event { WallTime = Now(), FileVersion = "brain.Event:2", SourceMetadata = new SourceMetadata { Writer = "eager" } });
        thread = new Thread(WriteQueued) { IsBackground = true, Name = "Eager.FileWriter" };
        thread.Start();
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <summary>The event file.</summary>
    public string Path { get; }

    /// <summary>Logs a number, shown over the steps as one curve per tag; stored as float32.</summary>
    /// <param name="tag">The curve's name; <c>/</c> groups curves.</param>
    /// <param name="value">The number; NaN and infinities are shown as such.</param>
    /// <param name="step">The training step, any integer.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="tag"/> is empty.</exception>
    /// <exception cref="FileWriteException">Writing failed since the last call.</exception>
    /// <exception cref="DisposedException">The writer was disposed.</exception>
    public void AddScalar(string tag, double value, long step) => Add(Summary.Scalar(tag, value), step);

    /// <summary>Logs values of any kind.</summary>
    /// <param name="summary">The values.</param>
    /// <param name="step">The training step, any integer.</param>
    /// <exception cref="FileWriteException">Writing failed since the last call.</exception>
    /// <exception cref="DisposedException">The writer was disposed.</exception>
    public void Add(Summary summary, long step)
    {
        ArgumentNullException.ThrowIfNull(summary);
        Add(new Event { WallTime = Now(), Step = step, Summary = new SummaryProto { Value = { summary.Values } } });
    }

    /// <summary>Logs a graph for the graphs dashboard.</summary>
    /// <param name="graphDef">A serialized GraphDef; its bytes are copied.</param>
    /// <exception cref="FileWriteException">Writing failed since the last call.</exception>
    /// <exception cref="DisposedException">The writer was disposed.</exception>
    public void AddGraph(ReadOnlyMemory<byte> graphDef) => Add(new Event { WallTime = Now(), GraphDef = ByteString.CopyFrom(graphDef.Span) });

    /// <summary>Logs a traced function's graph for the graphs dashboard.</summary>
    /// <param name="graph">The graph, such as <see cref="TracedFunction.Graph"/>.</param>
    /// <exception cref="FileWriteException">Writing failed since the last call.</exception>
    /// <exception cref="DisposedException">The writer was disposed.</exception>
    public void AddGraph(Graph graph) => AddGraph(graph.ToGraphDef());

    /// <summary>Logs how long the operations of a step took and what they made, for the graphs dashboard.</summary>
    /// <param name="tag">The name under which the dashboard lists it; one can be logged once only.</param>
    /// <param name="runMetadata">A serialized RunMetadata, whose nodes have the names of the graph's, such as <see cref="GraphExport.ToRunMetadata"/> makes; its bytes are copied.</param>
    /// <param name="step">The training step, any integer.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="tag"/> is empty.</exception>
    /// <exception cref="FileWriteException">Writing failed since the last call.</exception>
    /// <exception cref="DisposedException">The writer was disposed.</exception>
    public void AddRunMetadata(string tag, ReadOnlyMemory<byte> runMetadata, long step)
    {
        if (string.IsNullOrEmpty(tag)) throw new InvalidArgumentException("AddRunMetadata: the tag is empty; give the run a name.");
        Add(new Event { WallTime = Now(), Step = step, TaggedRunMetadata = new TaggedRunMetadata { Tag = tag, RunMetadata = ByteString.CopyFrom(runMetadata.Span) } });
    }

    /// <summary>Logs that training starts or goes on at a step, or that it ended.</summary>
    /// <param name="status">Start or stop.</param>
    /// <param name="step">The step from which training goes on; on <see cref="SessionStatus.Start"/> TensorBoard drops what was logged at it and after.</param>
    /// <exception cref="FileWriteException">Writing failed since the last call.</exception>
    /// <exception cref="DisposedException">The writer was disposed.</exception>
    public void AddSessionLog(SessionStatus status, long step)
    {
        if (status is not (SessionStatus.Start or SessionStatus.Stop)) throw new InvalidArgumentException($"AddSessionLog: {(int)status} is no session status; use Start or Stop.");
        Add(new Event { WallTime = Now(), Step = step, SessionLog = new SessionLog { Status = (SessionLog.Types.SessionStatus)status } });
    }

    /// <summary>Returns when all that was added before is in the hands of the operating system, where readers see it.</summary>
    /// <exception cref="FileWriteException">Writing failed.</exception>
    /// <exception cref="DisposedException">The writer was disposed.</exception>
    public void Flush()
    {
        lock (gate)
        {
            ThrowIfUnusable();
            long mine = ++flushesAsked;
            Monitor.PulseAll(gate);
            while (flushesDone < mine && failure is null) Monitor.Wait(gate);
            if (flushesDone < mine) ThrowIfUnusable();
        }
    }

    /// <summary>Writes what is queued and closes the file; later calls do nothing.</summary>
    /// <exception cref="FileWriteException">Writing failed and no call has shown it yet.</exception>
    public void Dispose()
    {
        lock (disposing)
        {
            if (disposed) return;
            lock (gate)
            {
                closing = true;
                Monitor.PulseAll(gate);
            }
            thread.Join();
            AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
            lock (gate)
            {
                disposed = true;
                if (failure is not null && !failureShown) ThrowFailure();
            }
        }
    }

    private void Add(Event e)
    {
        lock (gate)
        {
            ThrowIfUnusable();
            while (queue.Count >= maxQueue)
            {
                Monitor.PulseAll(gate);
                Monitor.Wait(gate);
                ThrowIfUnusable();
            }
            queue.Add(e);
            // Waking the thread for every event would cost more than the event; it looks by itself when the flush interval ends.
            if (queue.Count > maxQueue / 2) Monitor.PulseAll(gate);
        }
    }

    private void ThrowIfUnusable()
    {
        if (failure is not null) ThrowFailure();
        if (closing) throw new DisposedException($"{Path}: the FileWriter was disposed; make a new one to log more.");
    }

    private void ThrowFailure()
    {
        failureShown = true;
        throw FileErrors.CannotWrite(Path, failure!);
    }

    private void WriteQueued()
    {
        try
        {
            using (stream)
            {
                while (WriteOnce()) { }
            }
        }
        catch (Exception e)
        {
            // An exception that leaves a thread ends the process; this one waits for the next call.
            lock (gate)
            {
                failure = e;
                Monitor.PulseAll(gate);
            }
        }
    }

    /// <summary>Waits for work, writes it and flushes; false when the writer closes.</summary>
    private bool WriteOnce()
    {
        List<Event> events;
        long flushes;
        bool last;
        lock (gate)
        {
            if (queue.Count <= maxQueue / 2 && flushesAsked == flushesDone && !closing) Monitor.Wait(gate, flushInterval);
            (events, queue) = (queue, []);
            flushes = flushesAsked;
            last = closing;
            Monitor.PulseAll(gate);
        }
        foreach (Event e in events) TfRecord.Write(stream, e.ToByteArray());
        if (events.Count > 0 || flushes > flushesDone) stream.Flush();
        lock (gate)
        {
            flushesDone = flushes;
            Monitor.PulseAll(gate);
        }
        return !last;
    }

    private void OnProcessExit(object? sender, EventArgs e)
    {
        try
        {
            Dispose();
        }
        catch (EagerException)
        {
            // The process is leaving: there is nobody left to tell, and throwing would turn its exit into a crash.
        }
    }

    private static double Now() => (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;

    private static (string Path, Stream Stream) Create(string logDirectory, string suffix)
    {
        ArgumentNullException.ThrowIfNull(logDirectory);
        if (suffix.AsSpan().ContainsAny('/', '\\', '\0')) throw new InvalidArgumentException($"FileWriter: the suffix '{suffix}' holds a path separator; it is appended to the file's name.");
        string path = logDirectory;
        try
        {
            Directory.CreateDirectory(logDirectory);
            while (true)
            {
                long seconds = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
                int number = Interlocked.Increment(ref fileCount) - 1;
                path = System.IO.Path.Combine(logDirectory, string.Create(CultureInfo.InvariantCulture,
                    $"events.out.tfevents.{seconds:D10}.{Environment.MachineName.Replace('/', '_')}.{Environment.ProcessId}.{number}{suffix}"));
                if (File.Exists(path)) continue;
                return (path, new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 64 * 1024));
            }
        }
        catch (Exception e) when (FileErrors.IsSystemError(e))
        {
            throw FileErrors.CannotWrite(path, e);
        }
    }
}
