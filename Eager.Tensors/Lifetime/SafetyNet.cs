namespace Eager;

/// <summary>What the collector finalizes when nobody disposed a tensor: it hands the native handle to the reclaimer.</summary>
/// <remarks>
/// Apart from its tensor, because the collector notes every object with a finalizer when it is made and again when the
/// finalizer is called off: the net of a disposed tensor serves the next tensor instead. Only until a collection, though:
/// under a young tensor, a net that has grown old would be found dead only by a collection of what is old.
/// </remarks>
internal sealed class SafetyNet
{
    private const int MostSpare = 64;

    private readonly int made = GC.CollectionCount(0);
    private nint handle;
    private SafetyNet? next;

    ~SafetyNet()
    {
        if (handle != 0) Reclaimer.Enqueue(handle);
    }

    private bool IsYoung => made == GC.CollectionCount(0);

    /// <summary>A net that holds a handle.</summary>
    internal static SafetyNet Under(nint handle)
    {
        SafetyNet net = ThreadContext.Current.SpareNets.Take() ?? new SafetyNet();
        net.handle = handle;
        return net;
    }

    /// <summary>Lets go of the handle, which somebody else frees.</summary>
    internal void Release()
    {
        handle = 0;
        if (!IsYoung || !ThreadContext.Current.SpareNets.TryAdd(this)) GC.SuppressFinalize(this);
    }

    /// <summary>Nets of one thread that hold nothing.</summary>
    internal struct Spares
    {
        private SafetyNet? first;
        private int count;

        internal SafetyNet? Take()
        {
            SafetyNet? net = first;
            if (net is null) return null;
            if (!net.IsYoung)
            {
                this = default;
                return null;
            }
            first = net.next;
            net.next = null;
            count--;
            return net;
        }

        internal bool TryAdd(SafetyNet net)
        {
            if (count == MostSpare) return false;
            net.next = first;
            first = net;
            count++;
            return true;
        }
    }
}
