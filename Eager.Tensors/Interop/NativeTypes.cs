using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace Eager.Interop;

/// <summary>A list of int64 as the C interface takes it (Native/abi.h).</summary>
internal readonly unsafe struct NativeInts(long* data, long length)
{
    public readonly long* Data = data;
    public readonly long Length = length;

    /// <summary>For <c>int[]?</c>: an empty C# span stands for none, as no operator here means anything else by an empty list.</summary>
    public static NativeInts OrNone(long* data, long length) => new(data, length == 0 ? -1 : length);
}

/// <summary>A list of tensor handles.</summary>
internal readonly unsafe struct NativeTensors(nint* data, long length)
{
    public readonly nint* Data = data;
    public readonly long Length = length;
}

/// <summary>UTF-8 text; length −1 is none.</summary>
internal readonly unsafe struct NativeText(byte* data, long length)
{
    public readonly byte* Data = data;
    public readonly long Length = length;

    public static NativeText None => new(null, -1);

    /// <summary>A UTF-8 literal (<c>"L"u8</c>), whose bytes lie in the program's image, so nothing is to be pinned.</summary>
    public static NativeText Literal(ReadOnlySpan<byte> literal) => new((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(literal)), literal.Length);
}

/// <summary>An optional integer or bool.</summary>
internal readonly struct MaybeInt(long value)
{
    public readonly long Value = value;
    public readonly long Present = 1;

    public static implicit operator MaybeInt(long value) => new(value);

    public static implicit operator MaybeInt(bool value) => new(value ? 1 : 0);
}

/// <summary>An optional double.</summary>
internal readonly struct MaybeDouble(double value)
{
    public readonly double Value = value;
    public readonly long Present = 1;

    public static implicit operator MaybeDouble(double value) => new(value);
}
