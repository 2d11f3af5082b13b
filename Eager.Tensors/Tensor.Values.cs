using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The elements in C order; <typeparamref name="T"/> must be the dtype's own C# type.</summary>
    /// <exception cref="DTypeMismatchException">The dtype has elements of another type.</exception>
    /// <exception cref="TracingException">A traced function is being recorded, where values do not exist yet.</exception>
    public unsafe T[] ToArray<T>() where T : unmanaged
    {
        ReadingValue(nameof(ToArray));
        RequireElements<T>(nameof(ToArray));
        var values = new T[ElementCount];
        fixed (T* data = values)
        {
            int status = Native.eager_to_host(Enter(), data, values.Length * (long)sizeof(T));
            Leave();
            Native.Check(status, nameof(ToArray));
        }
        return values;
    }

    /// <summary>The elements of a matrix as a C# array; <typeparamref name="T"/> must be the dtype's own C# type.</summary>
    /// <exception cref="ShapeMismatchException">The tensor's rank is not 2.</exception>
    public T[,] ToArray2D<T>() where T : unmanaged => (T[,])ToArrayOfRank<T>(2, nameof(ToArray2D));

    /// <summary>The elements of a tensor of rank 3 as a C# array; <typeparamref name="T"/> must be the dtype's own C# type.</summary>
    /// <exception cref="ShapeMismatchException">The tensor's rank is not 3.</exception>
    public T[,,] ToArray3D<T>() where T : unmanaged => (T[,,])ToArrayOfRank<T>(3, nameof(ToArray3D));

    /// <summary>The elements of a tensor of rank 4 as a C# array; <typeparamref name="T"/> must be the dtype's own C# type.</summary>
    /// <exception cref="ShapeMismatchException">The tensor's rank is not 4.</exception>
    public T[,,,] ToArray4D<T>() where T : unmanaged => (T[,,,])ToArrayOfRank<T>(4, nameof(ToArray4D));

    /// <summary>The elements as a C# array of the tensor's own rank, 1 to 32: <c>T[]</c>, <c>T[,]</c>, <c>T[,,]</c> and so on. <see cref="FromArray{T}(Array)"/> is the way back.</summary>
    /// <exception cref="ShapeMismatchException">The tensor is a scalar, or has more axes than a C# array may have.</exception>
    public Array ToShapedArray<T>() where T : unmanaged => ToArrayOfRank<T>(Rank, nameof(ToShapedArray));

    /// <summary>The tensor's own memory in C order, without a copy; <typeparamref name="T"/> must be the dtype's own C# type.</summary>
    /// <remarks>
    /// Valid as long as the tensor is neither disposed nor unreachable: the span alone does not keep it alive, so hold it in
    /// a <c>using</c> or end with <see cref="GC.KeepAlive"/>. Of a variable it shows later assignments.
    /// </remarks>
    /// <exception cref="DTypeMismatchException">The dtype has elements of another type.</exception>
    /// <exception cref="DeviceException">The elements are not in the processor's memory.</exception>
    /// <exception cref="InvalidArgumentException">The elements do not lie in C order.</exception>
    public unsafe ReadOnlySpan<T> AsSpan<T>() where T : unmanaged
    {
        ReadingValue(nameof(AsSpan));
        RequireElements<T>(nameof(AsSpan));
        RequirePlain(nameof(AsSpan));
        nint entered = Enter();
        long count = Native.eager_count(entered);
        void* data = Native.eager_data(entered);
        Leave();
        return count <= int.MaxValue ? new(data, (int)count) : throw new InvalidArgumentException($"AsSpan: the tensor has {count} elements, more than one span holds; read parts of it through Pin.");
    }

    /// <summary>
    /// The tensor's own memory in C order, without a copy, held until the result is disposed: neither <see cref="Dispose"/> nor the
    /// collector frees it meanwhile. <typeparamref name="T"/> must be the dtype's own C# type.
    /// </summary>
    /// <exception cref="DTypeMismatchException">The dtype has elements of another type.</exception>
    /// <exception cref="DeviceException">The elements are not in the processor's memory.</exception>
    /// <exception cref="InvalidArgumentException">The elements do not lie in C order.</exception>
    /// <example><code>using PinnedSpan&lt;float&gt; pixels = image.Pin&lt;float&gt;();</code></example>
    public PinnedSpan<T> Pin<T>() where T : unmanaged
    {
        ReadingValue(nameof(Pin));
        RequireElements<T>(nameof(Pin));
        RequirePlain(nameof(Pin));
        return new(this);
    }

    /// <summary>The only element, converted to a double.</summary>
    /// <exception cref="ShapeMismatchException">The tensor has not exactly one element.</exception>
    public double Item()
    {
        RequireOneElement(nameof(Item));
        Errors.RequireUnquantized(this, nameof(Item));
        if (DType.IsComplex()) throw new DTypeMismatchException($"Item: the tensor is {DType.Name()}; use Item<T> with its own type.");
        using var scope = Temporaries.Begin();
        return Outside(static x => x.Cast(DType.Float64), this).ToArray<double>()[0];
    }

    /// <summary>The only element; <typeparamref name="T"/> must be the dtype's own C# type.</summary>
    /// <exception cref="ShapeMismatchException">The tensor has not exactly one element.</exception>
    public T Item<T>() where T : unmanaged
    {
        RequireOneElement(nameof(Item));
        return ToArray<T>()[0];
    }

    /// <summary>Runs a function that no recorder of this thread sees.</summary>
    internal static TResult Outside<TResult>(Func<Tensor, TResult> function, Tensor x)
    {
        using var unrecorded = Unrecorded.Begin();
        return function(x);
    }

    internal void ReadingValue(string how) => ThreadContext.Current.Observer?.ReadValue(this, how);

    private void RequireElements<T>(string how) where T : unmanaged
    {
        Errors.RequireUnquantized(this, how);
        if (DTypes.Of<T>() != DType) throw new DTypeMismatchException($"{how}: the tensor is {DType.Name()}, not {DTypes.Of<T>().Name()}; convert it with Cast first, or ask for its own type.");
    }

    private void RequirePlain(string how)
    {
        if (Device.Type != DeviceType.Cpu) throw new DeviceException($"{how}: the tensor is on {Device}; move it with To, or copy it with ToArray.");
        bool plain = Native.eager_is_plain(Enter()) != 0;
        Leave();
        if (!plain) throw new InvalidArgumentException($"{how}: the elements of this view of shape {ConcreteShape} do not lie in C order; call Contiguous first, or copy it with ToArray.");
    }

    private Array ToArrayOfRank<T>(int rank, string how) where T : unmanaged
    {
        const int mostAxes = 32;  // of a .NET array
        if (Rank != rank) throw new ShapeMismatchException($"{how}: a tensor of shape {ConcreteShape} has {Rank} axes, not {rank}; use ToArray or Reshape.");
        if (rank is 0 or > mostAxes) throw new ShapeMismatchException($"{how}: a tensor of shape {ConcreteShape} has {rank} axes, a C# array 1 to {mostAxes}; use Item, ToArray or Reshape.");
        T[] flat = ToArray<T>();
        var values = Array.CreateInstance(typeof(T), [.. ConcreteShape.Sizes]);
        ref T first = ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(values));
        flat.CopyTo(MemoryMarshal.CreateSpan(ref first, flat.Length));
        return values;
    }

    private void RequireOneElement(string how)
    {
        ReadingValue(how);
        if (ElementCount != 1) throw new ShapeMismatchException($"{how}: a tensor of shape {ConcreteShape} has {ElementCount} elements, not one; use ToArray or index it first.");
    }
}
