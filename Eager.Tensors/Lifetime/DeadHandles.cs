namespace Eager;

/// <summary>
/// An unbounded queue of handles that finalizers found dead: one thread adds, any thread takes.
/// </summary>
/// <remarks>All finalizers run on one thread, so adding takes no lock and no atomic operation.</remarks>
internal sealed class DeadHandles
{
    private const int ChunkSize = 1024;

    private readonly Lock taking = new();
    private Chunk tail;  // of the adding thread
    private Chunk head;  // guarded by the lock
    private int taken;   // of the head chunk

    internal DeadHandles() => tail = head = new Chunk();

    /// <summary>True when there may be something to take.</summary>
    internal bool Any
    {
        get
        {
            Chunk first = Volatile.Read(ref head);
            return Volatile.Read(ref first.Count) != Volatile.Read(ref taken) || Volatile.Read(ref first.Next) is not null;
        }
    }

    /// <summary>Adds a handle; for the finalizer thread only.</summary>
    internal void Add(nint handle)
    {
        if (tail.Count == ChunkSize)
        {
            var next = new Chunk();
            Volatile.Write(ref tail.Next, next);
            tail = next;
        }
        tail.Handles[tail.Count] = handle;
        Volatile.Write(ref tail.Count, tail.Count + 1);
    }

    /// <summary>Takes as many handles as there are and fit; 0 also when another thread is taking.</summary>
    internal int Take(Span<nint> handles)
    {
        if (!taking.TryEnter()) return 0;
        try
        {
            if (taken == ChunkSize && head.Next is { } next)
            {
                Volatile.Write(ref taken, 0);
                Volatile.Write(ref head, next);
            }
            int count = Math.Min(handles.Length, Volatile.Read(ref head.Count) - taken);
            head.Handles.AsSpan(taken, count).CopyTo(handles);
            Volatile.Write(ref taken, taken + count);
            return count;
        }
        finally
        {
            taking.Exit();
        }
    }

    private sealed class Chunk
    {
        internal readonly nint[] Handles = new nint[ChunkSize];
        internal int Count;
        internal Chunk? Next;
    }
}
