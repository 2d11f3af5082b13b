using System.Globalization;
using System.Text;
using Eager.Interop;

namespace Eager;

/// <summary>Says what holds a device's memory.</summary>
internal static unsafe class HeldMemory
{
    /// <summary>One line for each dtype and shape, the largest first.</summary>
    internal static string Table(Device device, int rows)
    {
        var groups = new Dictionary<(DType, Shape), (int Count, long Bytes)>();
        var seen = new HashSet<nint>();
        long total = 0;
        foreach (Tensor tensor in Ledger.Alive())
        {
            if (Measure(tensor, device) is not ({ } storage, long bytes) || !seen.Add(storage)) continue;
            (DType, Shape) key = (tensor.DType, tensor.ConcreteShape);
            (int count, long sum) = groups.GetValueOrDefault(key);
            groups[key] = (count + 1, sum + bytes);
            total += bytes;
        }
        var text = new StringBuilder($"{"bytes",16}  {"tensors",8}  of\n");
        var ordered = groups.OrderByDescending(static g => g.Value.Bytes).ToList();
        foreach (((DType dtype, Shape shape), (int count, long bytes)) in ordered.Take(rows))
            text.Append(CultureInfo.InvariantCulture, $"{bytes,16:N0}  {count,8:N0}  {dtype.Name()} {shape}\n");
        var others = ordered.Skip(rows).Select(static g => g.Value).ToList();
        if (others.Count > 0) text.Append(CultureInfo.InvariantCulture, $"{others.Sum(static o => o.Bytes),16:N0}  {others.Sum(static o => o.Count),8:N0}  {others.Count} other dtypes and shapes\n");
        return text.Append(CultureInfo.InvariantCulture, $"{Math.Max(0, device.Memory.Allocated - total),16:N0}  {"",8}  kept by tapes, traced functions and LibTorch").ToString();
    }

    // Where the memory begins and how long it is; null for a tensor that was disposed meanwhile, has none, or is elsewhere.
    private static (nint Storage, long Bytes)? Measure(Tensor tensor, Device device)
    {
        try
        {
            if (tensor.Device != device) return null;
            long bytes = 0;
            nint storage = Native.eager_storage(tensor.Enter(), &bytes);
            tensor.Leave();
            return storage == 0 ? null : (storage, bytes);
        }
        catch (DisposedException)
        {
            return null;
        }
    }
}
