using System.Runtime.InteropServices;
using Eager.Interop;

namespace Eager;

public readonly partial record struct Device
{
    /// <summary>What the device is.</summary>
    /// <exception cref="DeviceException">There is no such device here; the message says what is missing.</exception>
    public DeviceProperties Properties
    {
        get
        {
            Require();
            return Type == DeviceType.Cuda ? CudaDevices.PropertiesOf(Index) : new(ProcessorName(), null, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, Environment.ProcessorCount);
        }
    }

    /// <summary>How much of its memory is used, now and at most.</summary>
    /// <exception cref="DeviceException">There is no such device here; the message says what is missing.</exception>
    public unsafe DeviceMemory Memory
    {
        get
        {
            Require();
            if (Type == DeviceType.Cpu)
            {
                long live = Runtime.MemoryInUse;
                GCMemoryInfo machine = GC.GetGCMemoryInfo();
                return new(live, live + Runtime.CachedMemory, Runtime.PeakMemory, Volatile.Read(ref Native.Memory->PeakHeld), Math.Max(0, machine.TotalAvailableMemoryBytes - machine.MemoryLoadBytes));
            }
            CudaMemory found;
            Native.Check(Native.eager_cuda_memory(Index, &found), nameof(Memory));
            return new(found.Allocated, found.Reserved, found.PeakAllocated, found.PeakReserved, found.Free);
        }
    }

    /// <summary>Lets the peaks in <see cref="Memory"/> start from what is used now.</summary>
    /// <exception cref="DeviceException">There is no such device here; the message says what is missing.</exception>
    public void ResetPeakMemory()
    {
        Require();
        if (Type == DeviceType.Cpu) Native.eager_reset_peaks();
        else Native.Check(Native.eager_cuda_reset_peaks(Index), nameof(ResetPeakMemory));
    }

    /// <summary>Frees the tensors that nothing refers to, and gives the memory that is kept for the next ones back: the CPU's, or that of all GPUs.</summary>
    /// <exception cref="DeviceException">There is no such device here; the message says what is missing.</exception>
    public void ReleaseMemory()
    {
        Require();
        Reclaimer.CollectAll();
        ReleaseCache();
    }

    /// <summary>Waits until all that the device was given is done. The CPU has always done it when a call returns.</summary>
    /// <exception cref="DeviceException">There is no such device here; the message says what is missing.</exception>
    public void Synchronize()
    {
        Require();
        if (Type == DeviceType.Cuda) Native.Check(Native.eager_cuda_synchronize(Index), nameof(Synchronize));
    }

    /// <summary>The tensors that hold the device's memory, by dtype and shape, the largest first, as lines of text.</summary>
    /// <param name="rows">How many lines at most; the rest is summed up.</param>
    /// <remarks>What tapes and traced functions keep without a tensor of the program's is the last line.</remarks>
    /// <exception cref="DeviceException">There is no such device here; the message says what is missing.</exception>
    public string MemoryTable(int rows = 10)
    {
        Require();
        return HeldMemory.Table(this, rows);
    }

    internal void ReleaseCache()
    {
        if (Type == DeviceType.Cpu) Native.eager_empty_cache();
        else Native.Check(Native.eager_cuda_empty_cache(), nameof(ReleaseMemory));
    }

    private static string ProcessorName()
    {
        const string key = "model name";
        try
        {
            foreach (string line in File.ReadLines("/proc/cpuinfo"))
                if (line.StartsWith(key, StringComparison.Ordinal)) return line[(line.IndexOf(':') + 1)..].Trim();
        }
        catch (IOException)
        {
            // A system that does not tell.
        }
        return RuntimeInformation.ProcessArchitecture.ToString();
    }
}
