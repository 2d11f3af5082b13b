using Eager.Interop;

namespace Eager;

/// <summary>
/// A queue of work on a GPU: what one stream is given runs in that order, what several are given may run at once.
/// Every device has a default stream, which is used where nothing else is said; the CPU has no other, and its work is done when a call returns.
/// </summary>
/// <remarks>
/// LibTorch keeps a pool of 32 streams for each GPU and hands them out in turn. A tensor that was made on one stream is used on another only
/// after <see cref="WaitFor(DeviceStream)"/>, and its memory is safe from being used again too early only after <see cref="Uses"/>.
/// </remarks>
/// <example>
/// <code>
/// var copies = new DeviceStream(Device.Cuda());
/// using (copies.Use()) next = batch.Pin().To(Device.Cuda(), nonBlocking: true);
/// // … work on the default stream …
/// DeviceStream.DefaultOf(Device.Cuda()).WaitFor(copies);
/// </code>
/// </example>
public sealed unsafe class DeviceStream
{
    private readonly long id;

    /// <summary>Takes a stream from the device's pool.</summary>
    /// <param name="device">The device.</param>
    /// <param name="isUrgent">True for a stream whose work goes before that of others.</param>
    /// <exception cref="DeviceException">There is no such device here; the message says what is missing.</exception>
    public DeviceStream(Device device, bool isUrgent = false)
        : this(device, isNew: true, isUrgent)
    {
    }

    private DeviceStream(Device device, long id) => (Device, this.id) = (device, id);

    private DeviceStream(Device device, bool isNew, bool isUrgent)
    {
        device.Require();
        Device = device;
        if (IsImmediate) return;
        long found;
        Native.Check(Native.eager_stream_get(device.Index, isNew ? 1 : 0, isUrgent ? 1 : 0, &found), nameof(DeviceStream));
        id = found;
    }

    /// <summary>The device whose work it orders.</summary>
    public Device Device { get; }

    /// <summary>True when all that it was given is done.</summary>
    public bool IsIdle
    {
        get
        {
            if (IsImmediate) return true;
            int idle = Native.eager_stream_is_idle(Device.Index, id);
            Native.CheckCount(idle, nameof(IsIdle));
            return idle != 0;
        }
    }

    private bool IsImmediate => Device.Type == DeviceType.Cpu;

    /// <summary>The stream that a device uses where nothing else is said.</summary>
    /// <exception cref="DeviceException">There is no such device here; the message says what is missing.</exception>
    public static DeviceStream DefaultOf(Device device) => new(device, isNew: false, isUrgent: false);

    /// <summary>The stream that this thread's work for a device is given to now.</summary>
    internal static DeviceStream CurrentOf(Device device)
    {
        device.Require();
        if (device.Type == DeviceType.Cpu) return new(device, 0);
        long found;
        Native.Check(Native.eager_stream_current(device.Index, &found), nameof(DeviceStream));
        return new(device, found);
    }

    /// <summary>Gives it this thread's work for its device, until the returned object is disposed; uses nest.</summary>
    public IDisposable Use()
    {
        long before = 0;
        if (!IsImmediate) Native.Check(Native.eager_stream_exchange(Device.Index, id, &before), nameof(Use));
        return new Restore(this, before);
    }

    /// <summary>Waits until all that it was given is done.</summary>
    public void Synchronize()
    {
        if (!IsImmediate) Native.Check(Native.eager_stream_synchronize(Device.Index, id), nameof(Synchronize));
    }

    /// <summary>Lets what it is given from now on wait for what another was given until now; this call itself does not wait.</summary>
    /// <exception cref="DeviceException">One of the streams is the CPU's and the other a GPU's; the message names both devices.</exception>
    public void WaitFor(DeviceStream other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Device.Type != Device.Type) throw new DeviceException($"WaitFor: a stream of {Device} cannot wait for one of {other.Device}; call Synchronize on the latter.");
        if (!IsImmediate) Native.Check(Native.eager_stream_wait(Device.Index, id, other.Device.Index, other.id), nameof(WaitFor));
    }

    /// <summary>Says that its work reads a tensor made on another stream: the memory is not used again before that work is done, even if the tensor is disposed.</summary>
    /// <exception cref="DeviceException">The tensor is on another device; the message names both.</exception>
    public void Uses(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.Device != Device) throw new DeviceException($"Uses: the stream is of {Device}, the tensor on {tensor.Device}; move it with To.");
        if (IsImmediate) return;
        Tensor holder = tensor.Holder ?? tensor;
        int status = Native.eager_stream_uses(Device.Index, id, holder.Enter());
        holder.Leave();
        Native.Check(status, nameof(Uses));
    }

    /// <summary>Marks the place behind what it was given until now, for <see cref="WaitFor(Mark)"/> of another stream, which need not wait for what comes later.</summary>
    internal Mark MarkPlace()
    {
        nint made = 0;
        if (!IsImmediate) Native.Check(Native.eager_event_record(Device.Index, id, &made), nameof(MarkPlace));
        return new(Device, made);
    }

    /// <summary>Lets what it is given from now on wait for what stands before a mark of a stream of the same device; this call itself does not wait.</summary>
    internal void WaitFor(Mark mark)
    {
        if (!IsImmediate) Native.Check(Native.eager_event_wait(Device.Index, id, mark.Handle), nameof(WaitFor));
        GC.KeepAlive(mark);
    }

    /// <summary>A place in a stream's work.</summary>
    internal sealed class Mark(Device device, nint handle) : IDisposable
    {
        private nint handle = handle;

        // A loop that is left early leaves marks that nobody waits for.
        ~Mark() => Free();

        internal nint Handle => handle;

        public void Dispose()
        {
            Free();
            GC.SuppressFinalize(this);
        }

        private void Free()
        {
            nint freed = Interlocked.Exchange(ref handle, 0);
            if (freed != 0) Native.eager_event_free(device.Index, freed);
        }
    }

    private sealed class Restore(DeviceStream used, long before) : IDisposable
    {
        private readonly int thread = Environment.CurrentManagedThreadId;
        private bool ended;

        public void Dispose()
        {
            if (ended) return;
            if (Environment.CurrentManagedThreadId != thread) throw new InvalidArgumentException("A stream is used by the thread that asked for it; end its use there, and keep none across an await.");
            ended = true;
            long mine;
            if (!used.IsImmediate) Native.Check(Native.eager_stream_exchange(used.Device.Index, before, &mine), nameof(Use));
        }
    }
}
