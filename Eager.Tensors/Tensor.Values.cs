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
    public T[,] ToArray2D<T>() where T : unmanaged
    {
        if (Rank != 2) throw new ShapeMismatchException($"ToArray2D: a tensor of shape {ConcreteShape} has {Rank} axes, not 2; use ToArray or Reshape.");
        var values = new T[ConcreteShape[0].Value, ConcreteShape[1].Value];
        T[] flat = ToArray<T>();
        if (flat.Length > 0) flat.CopyTo(MemoryMarshal.CreateSpan(ref values[0, 0], flat.Length));
        return values;
    }

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
        if (Device.Type != DeviceType.Cpu) throw new DeviceException($"AsSpan: the tensor is on {Device}; move it with To, or copy it with ToArray.");
        nint entered = Enter();
        bool contiguous = Native.eager_is_contiguous(entered) != 0;
        var span = new ReadOnlySpan<T>(Native.eager_data(entered), checked((int)Native.eager_count(entered)));
        Leave();
        return contiguous ? span : throw new InvalidArgumentException($"AsSpan: the elements of this view of shape {ConcreteShape} do not lie in C order; call Contiguous first, or copy it with ToArray.");
    }

    /// <summary>The only element, converted to a double.</summary>
    /// <exception cref="ShapeMismatchException">The tensor has not exactly one element.</exception>
    public double Item()
    {
        RequireOneElement(nameof(Item));
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
        if (DTypes.Of<T>() != DType) throw new DTypeMismatchException($"{how}: the tensor is {DType.Name()}, not {DTypes.Of<T>().Name()}; convert it with Cast first, or ask for its own type.");
    }

    private void RequireOneElement(string how)
    {
        ReadingValue(how);
        if (ElementCount != 1) throw new ShapeMismatchException($"{how}: a tensor of shape {ConcreteShape} has {ElementCount} elements, not one; use ToArray or index it first.");
    }
}
