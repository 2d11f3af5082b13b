using System.Globalization;
using Eager.Interop;

namespace Eager;

/// <summary>The kind of processor that holds a tensor. The numbers are LibTorch's own.</summary>
public enum DeviceType
{
    /// <summary>The computer's own processor and memory.</summary>
    Cpu = 0,

    /// <summary>An NVIDIA GPU.</summary>
    Cuda = 1,
}

/// <summary>Where a tensor lives: the CPU or one of the GPUs.</summary>
/// <param name="Type">The kind of processor.</param>
/// <param name="Index">The number of the GPU; 0 for the CPU.</param>
public readonly partial record struct Device(DeviceType Type, int Index = 0)
{
    /// <summary>The CPU.</summary>
    public static Device Cpu => default;

    /// <summary>The devices of this machine that this LibTorch can use.</summary>
    public static IReadOnlyList<Device> Available => [Cpu, .. Enumerable.Range(0, CudaDevices.Count).Select(static i => new Device(DeviceType.Cuda, i))];

    /// <summary>The GPU with a number.</summary>
    public static Device Cuda(int index = 0) => new(DeviceType.Cuda, index);

    /// <summary>Reads <c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>, and requires that the device is there.</summary>
    /// <exception cref="InvalidArgumentException">The text names no kind of device.</exception>
    /// <exception cref="DeviceException">There is no such device here; the message lists those present.</exception>
    public static Device Parse(string text)
    {
        string[] parts = text.Split(':');
        DeviceType type = parts[0] switch
        {
            "cpu" => DeviceType.Cpu,
            "cuda" => DeviceType.Cuda,
            _ => throw new InvalidArgumentException($"'{text}' is no device; write cpu, cuda or cuda:1."),
        };
        int index = 0;
        if (parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index)))
            throw new InvalidArgumentException($"'{text}' is no device; write cpu, cuda or cuda:1.");
        var device = new Device(type, index);
        device.Require();
        return device;
    }

    /// <summary>Makes a device the one on which this thread makes tensors, until the returned object is disposed; scopes nest.</summary>
    /// <exception cref="DeviceException">There is no such device here; the message lists those present.</exception>
    /// <example><code>using (Device.Use(Device.Cuda())) x = Tensor.Zeros([3]);</code></example>
    public static IDisposable Use(Device device)
    {
        device.Require();
        ThreadContext context = ThreadContext.Current;
        var before = new RestoreDefault(context, context.DefaultDevice);
        context.DefaultDevice = device;
        return before;
    }

    /// <summary>As <see cref="Use(Device)"/>, with the device as text: <c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>.</summary>
    /// <exception cref="InvalidArgumentException">The text names no kind of device.</exception>
    /// <exception cref="DeviceException">There is no such device here; the message lists those present.</exception>
    public static IDisposable Use(string device) => Use(Parse(device));

    /// <summary>cpu, or cuda:0 and so on.</summary>
    public override string ToString() => Type == DeviceType.Cpu ? Index == 0 ? "cpu" : $"cpu:{Index}" : $"cuda:{Index}";

    /// <summary>Throws when this machine and this LibTorch do not have the device.</summary>
    internal void Require()
    {
        if (Type == DeviceType.Cpu && Index == 0) return;
        if (Type == DeviceType.Cuda && (uint)Index < (uint)CudaDevices.Count)
        {
            Reclaimer.WatchGpus();
            return;
        }
        string present = string.Join(", ", Available);
        throw new DeviceException(Type == DeviceType.Cuda && CudaDevices.WhatIsMissing is { } missing
            ? $"There is no device {this} here, only {present}: {missing}."
            : $"There is no device {this} here, only {present}.");
    }

    /// <summary>Throws, in the name of what needs a GPU, when there is none.</summary>
    internal static void RequireCuda(string what)
    {
        if (CudaDevices.WhatIsMissing is { } missing) throw new DeviceException($"{what} needs a GPU: {missing}.");
    }

    private sealed class RestoreDefault(ThreadContext context, Device before) : IDisposable
    {
        public void Dispose() => context.DefaultDevice = before;
    }

    // As LibTorch counts: the CPU has index −1.
    internal int Packed => ((int)Type << 8) | (byte)(Type == DeviceType.Cpu ? -1 : Index);
}
