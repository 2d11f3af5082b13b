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
        if (DTypes.Of<T>() != DType) throw new DTypeMismatchException($"ToArray: the tensor is {DType.Name()}, not {DTypes.Of<T>().Name()}; convert it with Cast first, or ask for its own type.");
        var values = new T[ElementCount];
        fixed (T* data = values)
        {
            int status = Native.eager_to_host(Enter(), data, values.Length * (long)sizeof(T));
            Leave();
            Native.Check(status, nameof(ToArray));
        }
        return values;
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
    internal static Tensor Outside(Func<Tensor, Tensor> function, Tensor x)
    {
        ThreadContext context = ThreadContext.Current;
        Observer? observer = context.Observer;
        context.Observer = null;
        try
        {
            return function(x);
        }
        finally
        {
            context.Observer = observer;
        }
    }

    internal void ReadingValue(string how) => ThreadContext.Current.Observer?.ReadValue(this, how);

    private void RequireOneElement(string how)
    {
        ReadingValue(how);
        if (ElementCount != 1) throw new ShapeMismatchException($"{how}: a tensor of shape {ConcreteShape} has {ElementCount} elements, not one; use ToArray or index it first.");
    }
}
