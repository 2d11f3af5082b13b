using System.Globalization;
using System.Text.RegularExpressions;

namespace Eager;

/// <summary>What happens when a device has no memory left: a collection, another try, and an error that says what is held.</summary>
internal static partial class MemoryShortage
{
    /// <summary>The error that LibTorch's words stand for: <c>Tried to allocate 96 bytes</c>, or <c>CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has …</c></summary>
    internal static DeviceMemoryException Of(string message)
    {
        Match size = Size().Match(message), gpu = Gpu().Match(message);
        Device device = gpu.Success ? Device.Cuda(int.Parse(gpu.Groups["index"].ValueSpan, CultureInfo.InvariantCulture)) : Device.Cpu;
        return new($"{device} has no memory left for {(size.Success ? size.Groups["size"].Value : "the result")}.", device);
    }

    /// <summary>Frees what is dead on all threads, and what is kept for later tensors.</summary>
    internal static void Collect(Device device)
    {
        Reclaimer.CollectAll();
        device.ReleaseCache();
    }

    /// <summary>The error for the caller.</summary>
    internal static DeviceMemoryException Describe(Op op, DeviceMemoryException e) =>
        new($"{op.Name}: {e.Message} Use smaller batches, dispose what is not needed or recompute it (Function.Recompute). In use are\n{e.Device.MemoryTable()}", e.Device);

    [GeneratedRegex(@"Tried to allocate (?<size>[\d.]+ \w+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Size();

    [GeneratedRegex(@"GPU (?<index>\d+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Gpu();
}
