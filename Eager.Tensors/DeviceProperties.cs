namespace Eager;

/// <summary>What a device is.</summary>
/// <param name="Name">The maker's name for it.</param>
/// <param name="ComputeCapability">The generation of a GPU, such as 9.0; null for the CPU.</param>
/// <param name="TotalMemory">Its memory in bytes; of the CPU, what this process may use.</param>
/// <param name="Multiprocessors">A GPU's streaming multiprocessors, or the CPU's threads.</param>
public sealed record DeviceProperties(string Name, Version? ComputeCapability, long TotalMemory, int Multiprocessors);

/// <summary>The memory of a device in bytes, at one moment.</summary>
/// <param name="Allocated">What tensors hold.</param>
/// <param name="Reserved">That, and what is kept for the next tensors.</param>
/// <param name="PeakAllocated">The most that tensors held at once since the start or <see cref="Device.ResetPeakMemory"/>.</param>
/// <param name="PeakReserved">The most that was reserved since then.</param>
/// <param name="Free">What the device could still give to any process.</param>
public readonly record struct DeviceMemory(long Allocated, long Reserved, long PeakAllocated, long PeakReserved, long Free);
