namespace Eager.Train;

/// <summary>
/// Copies elements to a device before they are used: from pinned memory, on a stream of their own, so that copies run beside the device's other work.
/// One thread sends, one receives; they may be the same. The CPU has done everything when a call returns, and needs none of it.
/// </summary>
/// <param name="device">Where the elements go.</param>
/// <param name="change">Makes an element of another with a function of each of its tensors.</param>
internal sealed class Uploads<T>(Device device, Func<T, Func<Tensor, Tensor>, T> change)
{
    private readonly DeviceStream copies = new(device);

    /// <summary>Begins to copy an element.</summary>
    internal Sent Send(T element)
    {
        var tensors = new List<Tensor>();
        using IDisposable own = copies.Use();
        T sent = change(element, part =>
        {
            Tensor moved = part.Send(device);
            tensors.Add(moved);
            return moved;
        });
        return new(sent, tensors, copies.MarkPlace());
    }

    /// <summary>The element, on whose copies what this thread gives the device from now on waits.</summary>
    internal T Receive(Sent sent)
    {
        using DeviceStream.Mark copied = sent.Copied;
        DeviceStream current = DeviceStream.CurrentOf(device);
        current.WaitFor(copied);
        // The memory belongs to the stream of the copies, which would else fill it again while it is read here.
        foreach (Tensor tensor in sent.Tensors) current.Uses(tensor);
        return sent.Element;
    }

    /// <summary>An element whose copies are under way.</summary>
    internal sealed record Sent(T Element, IReadOnlyList<Tensor> Tensors, DeviceStream.Mark Copied);
}

internal static class Upload
{
    /// <summary>The tensor on a device. From the CPU to a GPU the copy is under way when the call returns; what the stream is given from now on waits for it.</summary>
    internal static Tensor Send(this Tensor part, Device device)
    {
        if (device.Type == DeviceType.Cpu || part.Device.Type != DeviceType.Cpu || part.IsPinned) return part.To(device, nonBlocking: device.Type != DeviceType.Cpu);
        using Tensor pinned = part.Pin();
        return pinned.To(device, nonBlocking: true);
    }
}
