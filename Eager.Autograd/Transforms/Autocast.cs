namespace Eager.Autograd;

/// <summary>
/// Mixed precision: while it is open, products (matrices, convolutions) are computed in a low dtype, and what needs the range or the digits
/// (sums, softmax, losses, normalizations, exponentials) in float32. Which does which is PyTorch's choice; but decompositions, solutions and
/// Fourier transforms take no low tensors here either and say so.
/// </summary>
/// <remarks>
/// Tensors of float32 are cast where an operation wants another dtype; where a float32 and a low tensor meet in any other operation, the result is float32.
/// Other dtypes, float64 among them, pass untouched. Casts are recorded by tapes, so gradients come back in the dtype of the variables, whichever of tape and
/// scope was opened first; a backward pass runs in the dtypes of the forward pass. The cast of a variable is made once, until the variable changes.
/// </remarks>
/// <example><code>
/// using var tape = new GradientTape();
/// Tensor loss;
/// using (Autocast.Begin(DType.BFloat16)) loss = Loss.SparseSoftmaxCrossEntropy(labels, model.Call(x, training: true));
/// Tensor?[] gradients = tape.Gradient(loss, model.TrainableVariables);   // float32, as the weights
/// </code></example>
public sealed class Autocast : IDisposable
{
    [ThreadStatic] private static Autocast? current;

    private readonly Autocast? outer;
    private readonly PrecisionTransform transform;
    private bool closed;

    private Autocast(DType dtype)
    {
        (DType, outer) = (dtype, current);
        transform = new(this);
        transform.Attach();
        current = this;
    }

    /// <summary>The scope that is open on this thread; null when none is.</summary>
    public static Autocast? Current => current;

    /// <summary>The dtype of products; float32 where the scope turns one around it off.</summary>
    public DType DType { get; }

    /// <summary>Opens a scope on this thread.</summary>
    /// <param name="dtype">The dtype of products: bfloat16; float16 where there is a CUDA device; or float32, which turns a scope around it off.</param>
    /// <exception cref="InvalidArgumentException">Products in that dtype are not offered.</exception>
    /// <exception cref="DeviceException">The dtype is float16, and there is no CUDA device.</exception>
    public static Autocast Begin(DType dtype)
    {
        if (dtype is not (DType.BFloat16 or DType.Float16 or DType.Float32)) throw new InvalidArgumentException($"Autocast: products in {dtype.Name()} are not offered; give bfloat16, float16, or float32 to turn a scope off.");
        if (dtype == DType.Float16 && !Device.Available.Any(static device => device.Type == DeviceType.Cuda))
            throw new DeviceException($"Autocast: there are no products of float16 on the CPU, and the devices here are {string.Join(", ", Device.Available)}; give bfloat16, which has the range of float32 and needs no GradientScaler.");
        return new(dtype);
    }

    /// <summary>Goes back to the scope around.</summary>
    /// <exception cref="InvalidArgumentException">A scope inside it is still open, or it was opened on another thread.</exception>
    public void Dispose()
    {
        if (closed) return;
        if (current != this) throw new InvalidArgumentException("Autocast: this is not the innermost scope of this thread; close those inside it first, on the thread that opened it.");
        closed = true;
        current = outer;
        transform.Detach();
        transform.Forget();
    }

    /// <summary>What computes in float32 and compares dtypes before any operation runs takes tensors by this.</summary>
    internal static Tensor Widened(Tensor tensor) => current is { DType: not DType.Float32 } scope && tensor.DType == scope.DType ? tensor.Cast(DType.Float32) : tensor;

    /// <summary>For a backward pass, whose operations have the dtypes of the forward pass.</summary>
    internal static Autocast? Suspend() => current is null ? null : new(DType.Float32);
}
