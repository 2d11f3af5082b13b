namespace Eager;

/// <summary>The wording of errors that several operations share.</summary>
internal static class Errors
{
    internal static DTypeMismatchException DTypesDiffer(Op op, ReadOnlySpan<Tensor> x) =>
        new($"{op.Name}: the inputs are of different dtypes ({List(x, static t => t.DType.Name())}); convert one with Cast.");

    internal static DTypeMismatchException DTypeRefused(Op op, DType dtype) =>
        new($"{op.Name}: {dtype.Name()} is not a dtype that it takes; {(op.Accepts == Accepts.Floating && dtype.IsComplex() ? "take Real, Imag or Abs" : $"convert with Cast to {(op.Accepts == Accepts.Integral ? "an integer dtype" : "a floating-point dtype")}")}.");

    internal static GradientException MissingGradient(Op op, int input) =>
        new($"{op.Name}: the gradient of input {input} is missing: {op.WhyGradientIsMissing(input)}. Stop recording while that input is computed if its gradient is not needed.");

    /// <summary>Refuses a dtype that is not floating point for a method of several operations, whose first might take it.</summary>
    internal static void RequireFloatingPoint(Tensor x, string op)
    {
        if (!x.DType.IsFloatingPoint()) throw new DTypeMismatchException($"{op}: {x.DType.Name()} is not a dtype that it takes; convert with Cast to a floating-point dtype.");
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
