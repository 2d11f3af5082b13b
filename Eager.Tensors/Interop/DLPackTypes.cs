using System.Runtime.InteropServices;

namespace Eager.Interop;

/// <summary>The structs of dlpack.h, version 1.0; those of 0.x are the same but for the versioned one, which they lack.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DLTensor
{
    public void* Data;
    public int DeviceType;
    public int DeviceIndex;
    public int Rank;
    public DLDataType DType;
    public long* Sizes;
    public long* Strides;  // in elements; null for C order
    public ulong ByteOffset;
}

/// <summary>An element type: its kind, and the bits of one number.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct DLDataType(byte Code, byte Bits, ushort Lanes)
{
    internal const byte Int = 0, UInt = 1, Float = 2, BFloat = 4, Complex = 5, Bool = 6;
}

/// <summary>A tensor that is handed over: who takes it calls the deleter once.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DLManagedTensor
{
    public DLTensor Tensor;
    public void* Context;
    public delegate* unmanaged<DLManagedTensor*, void> Deleter;
}

/// <summary>The same since version 1.0.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DLManagedTensorVersioned
{
    internal const uint KnownMajor = 1;

    public uint Major;
    public uint Minor;
    public void* Context;
    public delegate* unmanaged<DLManagedTensorVersioned*, void> Deleter;
    public ulong Flags;
    public DLTensor Tensor;
}
