namespace Eager;

/// <summary>The wording of errors that several operations share.</summary>
internal static class Errors
{
    internal static DTypeMismatchException DTypesDiffer(Op op, ReadOnlySpan<Tensor> x) =>
        new($"{op.Name}: the inputs are of different dtypes ({List(x, static t => t.DType.Name())}); convert one with {(x.ToArray().Any(static t => t.DType.IsQuantized()) ? "Dequantize" : "Cast")}.");

    internal static DTypeMismatchException DTypeRefused(Op op, DType dtype) => op.Accepts switch
    {
        Accepts.Floating when dtype.IsComplex() => new($"{op.Name}: {dtype.Name()} is not a dtype that it takes; take Real, Imag or Abs."),
        Accepts.Integral => DTypeRefused(op.Name, dtype, "an integer dtype"),
        _ => DTypeRefused(op.Name, dtype, "a floating-point dtype"),
    };

    /// <summary>Refuses a dtype that a cast to another cures, or, where it is quantized, <see cref="Tensor.Dequantize"/>.</summary>
    internal static DTypeMismatchException DTypeRefused(string op, DType dtype, string wanted) =>
        dtype.IsQuantized() ? Quantized(op, dtype) : new($"{op}: {dtype.Name()} is not a dtype that it takes; convert with Cast to {wanted}.");

    /// <summary>Refuses a quantized tensor, in which an operation would see integers without what they stand for.</summary>
    internal static DTypeMismatchException Quantized(string op, DType dtype) =>
        new($"{op}: {dtype.Name()} is not a dtype that it takes; give it what Dequantize makes of the tensor, or its Integers.");

    /// <summary>Refuses a quantized dtype for a tensor that is made without a scale.</summary>
    internal static DType RequireUnquantized(DType dtype, string op) =>
        dtype.IsQuantized() ? throw new DTypeMismatchException($"{op}: a tensor of {dtype.Name()} needs a scale and a zero point; make it in a floating-point dtype and call Quantize.") : dtype;

    /// <summary>Refuses a quantized tensor where its memory alone would be taken.</summary>
    internal static void RequireUnquantized(Tensor x, string how)
    {
        if (x.DType.IsQuantized()) throw new DTypeMismatchException($"{how}: the tensor is {x.DType.Name()}; take what Dequantize makes of it, or its Integers, and keep its Quantization beside them.");
    }

    internal static GradientException MissingGradient(Op op, int input) =>
        new($"{op.Name}: the gradient of input {input} is missing: {op.WhyGradientIsMissing(input)}. Stop recording while that input is computed if its gradient is not needed.");

    /// <summary>Refuses a dtype that is not floating point for a method of several operations, whose first might take it.</summary>
    internal static void RequireFloatingPoint(Tensor x, string op)
    {
        if (!x.DType.IsFloatingPoint()) throw DTypeRefused(op, x.DType, "a floating-point dtype");
    }

    /// <summary>The error with the operation's name in front, unless it stands there already.</summary>
    internal static EagerException Named(Op op, EagerException e) => e switch
    {
        _ when e.Message.StartsWith(op.Name) => e,
        ShapeMismatchException => new ShapeMismatchException($"{op.Name}: {e.Message}"),
        InvalidArgumentException => new InvalidArgumentException($"{op.Name}: {e.Message}"),
        _ => e,
    };

    internal static EagerException FromLibTorch(Op op, ReadOnlySpan<Tensor> x, EagerException e)
    {
        foreach (Tensor input in x)
            if (input.DType.IsQuantized()) return Quantized(op.Name, input.DType);
        for (int i = 1; i < x.Length; i++)
            if (x[i].Device != x[0].Device)
                return new DeviceException($"{op.Name}: the inputs are on different devices ({List(x, static t => t.Device.ToString())}); move one with To.");
        return new LibTorchException($"{op.Name}{(x.Length == 0 ? "" : $" of {List(x, static t => $"{t.DType.Name()} {t.ConcreteShape}")}")}: {e.Message}", e);
    }

    private static string List(ReadOnlySpan<Tensor> x, Func<Tensor, string> describe)
    {
        var parts = new string[x.Length];
        for (int i = 0; i < x.Length; i++) parts[i] = describe(x[i]);
        return string.Join(", ", parts);
    }
}
