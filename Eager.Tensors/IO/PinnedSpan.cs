namespace Eager;

/// <summary>A tensor's own memory in C order, held in place until this is disposed. <see cref="Tensor.Pin{T}"/> makes one.</summary>
/// <remarks>Of a variable it shows later assignments.</remarks>
public sealed unsafe class PinnedSpan<T> : IDisposable where T : unmanaged
{
    private readonly T* first;
    private Tensor? tensor;

    internal PinnedSpan(Tensor plain)
    {
        nint entered = plain.Enter();
        tensor = plain;
        first = (T*)Interop.Native.eager_data(entered);
        Length = Interop.Native.eager_count(entered);
    }

    /// <summary>The number of elements.</summary>
    public long Length { get; }

    /// <summary>All elements.</summary>
    /// <exception cref="InvalidArgumentException">There are more than one span holds; <see cref="Slice"/> gives parts.</exception>
    /// <exception cref="DisposedException">The memory was let go.</exception>
    public ReadOnlySpan<T> Span => Length <= int.MaxValue
        ? Slice(0, (int)Length)
        : throw new InvalidArgumentException($"PinnedSpan: the tensor has {Length} elements, more than one span holds; read parts of it with Slice.");

    /// <summary>The address of the first element, for native code; null when there is none.</summary>
    /// <exception cref="DisposedException">The memory was let go.</exception>
    public T* Pointer
    {
        get
        {
            RequireHeld();
            return first;
        }
    }

    /// <summary>Some elements.</summary>
    /// <exception cref="InvalidArgumentException">The tensor does not have these elements.</exception>
    /// <exception cref="DisposedException">The memory was let go.</exception>
    public ReadOnlySpan<T> Slice(long start, int length)
    {
        RequireHeld();
        if (start < 0 || length < 0 || start > Length - length)
            throw new InvalidArgumentException($"PinnedSpan: {length} elements from {start} on are not among the tensor's {Length}.");
        return new(first + start, length);
    }

    /// <summary>Lets the memory go; spans of it must not be used any more. Doing so twice is harmless.</summary>
    public void Dispose() => Interlocked.Exchange(ref tensor, null)?.Leave();

    private void RequireHeld()
    {
        if (Volatile.Read(ref tensor) is null) throw new DisposedException("PinnedSpan: the memory was let go by Dispose; pin the tensor again.");
    }
}
