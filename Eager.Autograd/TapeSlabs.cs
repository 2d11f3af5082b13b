namespace Eager.Autograd;

/// <summary>The memory that a recording is written into, lent from one tape of a thread to the next: what has grown once need not grow again.</summary>
internal sealed class TapeSlabs
{
    // A recording beyond this is an exception; its slabs would lie idle most of the time.
    private const int LargestKept = 1 << 14;

    [ThreadStatic] private static TapeSlabs? spare;

    internal readonly Slab<TapeRecorder.Node> Nodes = new();
    internal readonly Slab<TapeRecorder.InputEdge> Inputs = new();
    internal readonly Slab<int> Outputs = new();
    internal readonly Slab<TapeRecorder.SavedValue> Saved = new();
    internal readonly ValueNumbers Numbers = new();

    private int[] inputNumbers = new int[8];

    /// <summary>Room for the numbers of the inputs of the operation at hand, from when it is looked at until it is written down.</summary>
    internal Span<int> NumbersOf(int inputs)
    {
        if (inputs > inputNumbers.Length) Array.Resize(ref inputNumbers, inputs);
        return inputNumbers.AsSpan(0, inputs);
    }

    /// <summary>Empty slabs.</summary>
    internal static TapeSlabs Rent()
    {
        TapeSlabs slabs = spare ?? new();
        spare = null;
        slabs.Numbers.StartAt(ThreadContext.Current.UpcomingId);
        return slabs;
    }

    /// <summary>Gives the slabs to the thread's next recording; the caller has cleared them and uses them no more.</summary>
    internal void Return()
    {
        if (Nodes.Capacity <= LargestKept) spare = this;
    }

    internal void Clear()
    {
        Nodes.Clear();
        Inputs.Clear();
        Outputs.Clear();
        Saved.Clear();
        Numbers.Clear();
        Numbers.StartAt(ThreadContext.Current.UpcomingId);
    }
}

/// <summary>A list whose items are written where they stay.</summary>
internal sealed class Slab<T>
    where T : struct
{
    private const int FirstCapacity = 64;

    private T[] items = [];

    internal int Count { get; private set; }

    internal int Capacity => items.Length;

    internal Span<T> Items => items.AsSpan(0, Count);

    /// <summary>The next item, all zeros until it is written.</summary>
    internal ref T Add()
    {
        if (Count == items.Length) Array.Resize(ref items, Math.Max(FirstCapacity, 2 * Count));
        return ref items[Count++];
    }

    internal Span<T> Slice(int start, int count) => items.AsSpan(start, count);

    internal void Clear()
    {
        Array.Clear(items, 0, Count);
        Count = 0;
    }
}

/// <summary>The dense numbers that a recording gives to tensors, by their ids.</summary>
/// <remarks>
/// Ids are handed out in order, so those of the tensors that a recording makes are neighbours: they are looked up by their distance
/// from where it began. Others, of variables for instance, are looked up by hash.
/// </remarks>
internal sealed class ValueNumbers
{
    private const int Gap = 1024;

    private readonly Dictionary<long, int> far = [];
    private int[] near = [];  // the number and one; 0 for none
    private int nearEnd;      // nothing stands from here on
    private long firstNear;

    internal int Count { get; private set; }

    /// <summary>Starts a recording that has no numbers yet, and whose tensors will have ids from a first one on.</summary>
    internal void StartAt(long id) => firstNear = id;

    /// <summary>The number of an id, or −1.</summary>
    internal int Find(long id)
    {
        ulong place = (ulong)(id - firstNear);
        if (place < (ulong)near.Length) return near[place] - 1;
        return far.TryGetValue(id, out int number) ? number : -1;
    }

    /// <summary>The number of an id, the next one if it has none yet.</summary>
    internal int FindOrAdd(long id)
    {
        int known = Find(id);
        if (known >= 0) return known;
        long place = id - firstNear;
        // Threads share the count of ids: where others made many meanwhile, the array would be mostly gaps.
        // What the array, perhaps grown by an earlier recording, reaches has to be in it: Find looks nowhere else.
        if (place < 0 || (place >= near.Length && place >= 4L * Count + Gap))
        {
            far.Add(id, Count);
        }
        else
        {
            if (place >= near.Length) Grow((int)place + 1);
            near[place] = Count + 1;
            nearEnd = Math.Max(nearEnd, (int)place + 1);
        }
        return Count++;
    }

    internal void Clear()
    {
        if (Count == 0) return;
        far.Clear();
        Array.Clear(near, 0, nearEnd);
        Count = nearEnd = 0;
    }

    // Ids that were far before the array reached them stay where they are found: they move into it.
    private void Grow(int least)
    {
        int before = near.Length;
        Array.Resize(ref near, Math.Max(least, 2 * before));
        if (far.Count == 0) return;
        foreach ((long id, int number) in far)
        {
            long place = id - firstNear;
            if (place < before || place >= near.Length) continue;
            near[place] = number + 1;
            nearEnd = Math.Max(nearEnd, (int)place + 1);
            far.Remove(id);
        }
    }
}
