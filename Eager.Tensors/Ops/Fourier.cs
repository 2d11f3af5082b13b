using Eager.Interop;

namespace Eager;

/// <summary>Which direction of a discrete Fourier transform is divided by the number of points, as in NumPy.</summary>
public enum FourierNorm
{
    /// <summary>The inverse transform, by n.</summary>
    Backward = 0,

    /// <summary>Both, by √n, which keeps lengths.</summary>
    Ortho = 1,

    /// <summary>The forward transform, by n.</summary>
    Forward = 2,
}

public partial class Tensor
{
    /// <summary>The discrete Fourier transform along an axis: y[k] = Σⱼ x[j]·e^(−2πijk/n).</summary>
    /// <param name="n">How many elements of the axis are transformed: more are zeros, fewer are cut off; the axis's size when null.</param>
    /// <param name="axis">The axis, the last by default.</param>
    /// <param name="norm">Which direction is divided by n.</param>
    /// <returns>A complex tensor; a real one is transformed as a complex one.</returns>
    /// <exception cref="DTypeMismatchException">The dtype is none of float32, float64, complex64, complex128.</exception>
    /// <exception cref="InvalidArgumentException">There is no element to transform.</exception>
    public Tensor Fft(long? n = null, int axis = -1, FourierNorm norm = FourierNorm.Backward) => Fftn(n is { } size ? [size] : null, [axis], norm);

    /// <summary>The inverse of <see cref="Fft"/> along an axis: x[j] = 1/n·Σₖ y[k]·e^(2πijk/n).</summary>
    /// <inheritdoc cref="Fft"/>
    public Tensor Ifft(long? n = null, int axis = -1, FourierNorm norm = FourierNorm.Backward) => Ifftn(n is { } size ? [size] : null, [axis], norm);

    /// <summary>The first n/2 + 1 elements of the Fourier transform of real numbers; the others are conjugates of them.</summary>
    /// <param name="n">How many elements of the axis are transformed; the axis's size when null.</param>
    /// <param name="axis">The axis, the last by default.</param>
    /// <param name="norm">Which direction is divided by n.</param>
    /// <exception cref="DTypeMismatchException">The dtype is neither float32 nor float64.</exception>
    /// <exception cref="InvalidArgumentException">There is no element to transform.</exception>
    public Tensor Rfft(long? n = null, int axis = -1, FourierNorm norm = FourierNorm.Backward) => Rfftn(n is { } size ? [size] : null, [axis], norm);

    /// <summary>The inverse of <see cref="Rfft"/>: real numbers from the first half of their transform.</summary>
    /// <param name="n">How many real numbers result; 2(m − 1) of an axis of size m when null, so give it where it is odd.</param>
    /// <param name="axis">The axis, the last by default.</param>
    /// <param name="norm">Which direction is divided by n.</param>
    /// <exception cref="DTypeMismatchException">The tensor is not complex.</exception>
    /// <exception cref="InvalidArgumentException">There is no element to transform.</exception>
    public Tensor Irfft(long? n = null, int axis = -1, FourierNorm norm = FourierNorm.Backward) => Irfftn(n is { } size ? [size] : null, [axis], norm);

    /// <summary>The Fourier transform along two axes, the last two by default.</summary>
    /// <inheritdoc cref="Fftn"/>
    public Tensor Fft2(long[]? sizes = null, int[]? axes = null, FourierNorm norm = FourierNorm.Backward) => Fftn(sizes, axes ?? [-2, -1], norm);

    /// <summary>The inverse of <see cref="Fft2"/>.</summary>
    /// <inheritdoc cref="Fftn"/>
    public Tensor Ifft2(long[]? sizes = null, int[]? axes = null, FourierNorm norm = FourierNorm.Backward) => Ifftn(sizes, axes ?? [-2, -1], norm);

    /// <summary>The Fourier transform along several axes.</summary>
    /// <param name="sizes">How many elements of each axis are transformed: more are zeros, fewer are cut off; all when null.</param>
    /// <param name="axes">The axes; when null the last ones, as many as there are sizes, or all.</param>
    /// <param name="norm">Which direction is divided by the number of points.</param>
    /// <returns>A complex tensor.</returns>
    /// <exception cref="DTypeMismatchException">The dtype is none of float32, float64, complex64, complex128.</exception>
    /// <exception cref="ShapeMismatchException">The axes do not fit the tensor or the sizes.</exception>
    /// <exception cref="InvalidArgumentException">There is no element to transform.</exception>
    public Tensor Fftn(long[]? sizes = null, int[]? axes = null, FourierNorm norm = FourierNorm.Backward) => ComplexTransform("Fft", sizes, axes, norm, isForward: true);

    /// <summary>The inverse of <see cref="Fftn"/>.</summary>
    /// <inheritdoc cref="Fftn"/>
    public Tensor Ifftn(long[]? sizes = null, int[]? axes = null, FourierNorm norm = FourierNorm.Backward) => ComplexTransform("Ifft", sizes, axes, norm, isForward: false);

    /// <summary>The Fourier transform of real numbers along several axes, of the last of which the first n/2 + 1 elements result.</summary>
    /// <param name="sizes">How many elements of each axis are transformed; all when null.</param>
    /// <param name="axes">The axes; when null the last ones, as many as there are sizes, or all.</param>
    /// <param name="norm">Which direction is divided by the number of points.</param>
    /// <exception cref="DTypeMismatchException">The dtype is neither float32 nor float64.</exception>
    /// <exception cref="ShapeMismatchException">The axes do not fit the tensor or the sizes.</exception>
    /// <exception cref="InvalidArgumentException">There is no element to transform.</exception>
    public Tensor Rfftn(long[]? sizes = null, int[]? axes = null, FourierNorm norm = FourierNorm.Backward)
    {
        if (DType is not (DType.Float32 or DType.Float64)) throw new DTypeMismatchException($"Rfft: the tensor is {DType.Name()}; it takes float32 and float64, and Fft complex numbers.");
        int[] over = FourierOps.Axes("Rfft", ConcreteShape, sizes, axes);
        using var scope = Temporaries.Begin();
        return scope.Keep(FourierOps.RealTransform.Apply([FourierOps.Resized("Rfft", this, over, sizes)], new(over, FourierOps.Normalization(norm, isForward: true))));
    }

    /// <summary>The inverse of <see cref="Rfftn"/>: real numbers from the first half of their transform.</summary>
    /// <param name="sizes">How many real numbers result along each axis; when null all, and of the last axis, of size m, 2(m − 1).</param>
    /// <param name="axes">The axes; when null the last ones, as many as there are sizes, or all.</param>
    /// <param name="norm">Which direction is divided by the number of points.</param>
    /// <exception cref="DTypeMismatchException">The tensor is not complex.</exception>
    /// <exception cref="ShapeMismatchException">The axes do not fit the tensor or the sizes.</exception>
    /// <exception cref="InvalidArgumentException">There is no element to transform.</exception>
    public Tensor Irfftn(long[]? sizes = null, int[]? axes = null, FourierNorm norm = FourierNorm.Backward)
    {
        if (!DType.IsComplex()) throw new DTypeMismatchException($"Irfft: the tensor is {DType.Name()}; it takes complex64 and complex128.");
        int[] over = FourierOps.Axes("Irfft", ConcreteShape, sizes, axes);
        Dim last = sizes is null ? (Shape[over[^1]] - 1) * 2 : sizes[^1];
        if (last.Value < 1) throw new InvalidArgumentException($"Irfft: {last.Value} numbers along axis {over[^1]} of shape {ConcreteShape}; there must be one at least, give its size.");
        long[] taken = sizes is null ? [.. over.Select(axis => ConcreteShape[axis].Value)] : [.. sizes[..^1], sizes[^1] / 2 + 1];
        using var scope = Temporaries.Begin();
        return scope.Keep(FourierOps.InverseRealTransform.Apply([FourierOps.Resized("Irfft", this, over, sizes is null ? null : taken)], new(over, FourierOps.Normalization(norm, isForward: false), last)));
    }

    /// <summary>With the zero frequency moved from the front to the middle of some axes; with none given, of all.</summary>
    public Tensor FftShift(params int[] axes) => Rotated(nameof(FftShift), axes, static size => size / 2);

    /// <summary>With the zero frequency moved from the middle back to the front: the inverse of <see cref="FftShift"/>.</summary>
    public Tensor IfftShift(params int[] axes) => Rotated(nameof(IfftShift), axes, static size => -(size / 2));

    /// <summary>The frequencies that the elements of <see cref="Fft"/> stand for, in cycles per unit: 0, 1, …, −2, −1 over n·spacing.</summary>
    /// <param name="n">The number of points.</param>
    /// <param name="spacing">The distance between them.</param>
    /// <param name="dtype">A floating-point dtype.</param>
    /// <param name="device">Where they are made.</param>
    public static Tensor FftFrequencies(long n, double spacing = 1, DType dtype = DType.Float32, Device? device = null)
    {
        FourierOps.RequirePoints(nameof(FftFrequencies), n, spacing, dtype);
        using var scope = Temporaries.Begin();
        return scope.Keep(Concat([Range(0, (n + 1) / 2, dtype: dtype, device: device), Range(-(n / 2), 0, dtype: dtype, device: device)]) / (n * spacing));
    }

    /// <summary>The frequencies that the elements of <see cref="Rfft"/> stand for, in cycles per unit: 0, 1, …, n/2 over n·spacing.</summary>
    /// <inheritdoc cref="FftFrequencies"/>
    public static Tensor RfftFrequencies(long n, double spacing = 1, DType dtype = DType.Float32, Device? device = null)
    {
        FourierOps.RequirePoints(nameof(RfftFrequencies), n, spacing, dtype);
        using var scope = Temporaries.Begin();
        return scope.Keep(Range(0, n / 2 + 1, dtype: dtype, device: device) / (n * spacing));
    }

    private Tensor ComplexTransform(string op, long[]? sizes, int[]? axes, FourierNorm norm, bool isForward)
    {
        if (DType is not (DType.Float32 or DType.Float64 or DType.Complex64 or DType.Complex128))
            throw Errors.DTypeRefused(op, DType, "float32, float64, complex64 or complex128");
        int[] over = FourierOps.Axes(op, ConcreteShape, sizes, axes);
        using var scope = Temporaries.Begin();
        Tensor x = FourierOps.Resized(op, this, over, sizes);
        Tensor z = x.DType.IsComplex() ? x : x.Cast(x.DType == DType.Float32 ? DType.Complex64 : DType.Complex128);
        return scope.Keep(FourierOps.Transform.Apply([z], new(over, FourierOps.Normalization(norm, isForward), isForward)));
    }

    private Tensor Rotated(string op, int[] axes, Func<long, long> shift)
    {
        int[] over = axes.Length == 0 ? [.. Enumerable.Range(0, Rank)] : ShapingOps.RequireDistinct(ConcreteShape, axes, op);
        using var scope = Temporaries.Begin();
        Tensor y = this;
        foreach (int axis in over) y = y.Roll(shift(y.Shape[axis]), axis);
        return scope.Keep(y);
    }
}

internal static class FourierOps
{
    /// <summary>The normalization is LibTorch's: 0 none, 1 over √n, 2 over n.</summary>
    internal readonly record struct TransformAttributes(int[] Axes, long Normalization, bool IsForward);

    internal readonly record struct RealTransformAttributes(int[] Axes, long Normalization);

    internal readonly record struct InverseRealTransformAttributes(int[] Axes, long Normalization, Dim Size);

    // y = F·x ⇒ dx = Fᴴ·g: the transform in the other direction, with the same factor
    internal static readonly Op<TransformAttributes> Transform = new("FourierTransform",
        static (x, in a) => x[0].ElementCount == 0 ? Aten.clone(x[0], -1) : Aten._fft_c2c(x[0], ShapingOps.Longs(a.Axes), a.Normalization, a.IsForward),
        static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => Transform!.Apply([g], s.Attributes with { IsForward = !s.Attributes.IsForward }))],
    };

    // y = the first half of F·x ⇒ dx = Re Fᴴ·g, with zeros for the other half of g
    internal static readonly Op<RealTransformAttributes> RealTransform = new("RealFourierTransform", RealTransformKernel,
        static (x, in a) => x[0].With(a.Axes[^1], x[0][a.Axes[^1]] / 2 + 1))
    {
        Accepts = Accepts.Floating,
        ComplexGradients = true,
        Gradients =
        [
            new(Keep.Shapes, static (g, in s) =>
            {
                int last = s.Attributes.Axes[^1];
                Tensor whole = Padded(g, last, 0, s.Shape(0)[last] - g.Shape[last]);
                return Transform.Apply([whole], new(s.Attributes.Axes, s.Attributes.Normalization, false)).Real();
            }),
        ],
    };

    // y = Re F⁻¹·(x and the conjugates of all but the first and, of an even size, the last) ⇒ dx = the first half of F·g, doubled where x stands for two
    internal static readonly Op<InverseRealTransformAttributes> InverseRealTransform = new("InverseRealFourierTransform", InverseRealTransformKernel,
        static (x, in a) => x[0].With(a.Axes[^1], a.Size))
    {
        Accepts = Accepts.Any,
        ComplexGradients = true,
        Gradients =
        [
            new(Keep.Nothing, static (g, in s) =>
            {
                int last = s.Attributes.Axes[^1];
                Tensor half = RealTransform.Apply([g], new(s.Attributes.Axes, s.Attributes.Normalization));
                Dim pairs = g.Shape[last] - half.Shape[last];
                return pairs.Value == 0 ? half : half + Padded(half.Narrow(last, 1, pairs), last, 1, half.Shape[last] - pairs - 1);
            }),
        ],
    };

    internal static long Normalization(FourierNorm norm, bool isForward) => norm switch
    {
        FourierNorm.Ortho => 1,
        FourierNorm.Forward => isForward ? 2 : 0,
        _ => isForward ? 0 : 2,
    };

    /// <summary>The axes that are transformed, counted from the front.</summary>
    internal static int[] Axes(string op, Shape shape, long[]? sizes, int[]? axes)
    {
        int[] over = axes ?? [.. Enumerable.Range(-(sizes?.Length ?? shape.Rank), sizes?.Length ?? shape.Rank)];
        if (over.Length == 0) throw new ShapeMismatchException($"{op}: a tensor of shape {shape} is transformed along no axis; give one at least.");
        if (sizes is not null && sizes.Length != over.Length)
            throw new ShapeMismatchException($"{op}: {sizes.Length} sizes were given for {over.Length} axes.");
        return ShapingOps.RequireDistinct(shape, over, op);
    }

    /// <summary>Cut off or filled up with zeros to some sizes along some axes.</summary>
    internal static Tensor Resized(string op, Tensor x, int[] axes, long[]? sizes)
    {
        for (int i = 0; i < axes.Length; i++)
        {
            Dim before = x.Shape[axes[i]], after = sizes is null ? before : sizes[i];
            if (after.Value < 1) throw new InvalidArgumentException($"{op}: {after.Value} elements along axis {axes[i]} of shape {x.ConcreteShape} have no transform; there must be one at least.");
            if (after.Value < before.Value) x = x.Narrow(axes[i], 0, after);
            if (after.Value > before.Value) x = Padded(x, axes[i], 0, after - before);
        }
        return x;
    }

    internal static void RequirePoints(string op, long n, double spacing, DType dtype)
    {
        RandomOps.RequireReal(op, dtype);
        if (n < 1 || !(Math.Abs(spacing) > 0)) throw new InvalidArgumentException($"{op}: {n} points at distance {spacing} have no frequencies; there must be one at least, at a distance that is not 0.");
    }

    private static Tensor Padded(Tensor x, int axis, long before, long after)
    {
        var widths = new (int Before, int After)[x.Rank];
        widths[axis] = (checked((int)before), checked((int)after));
        return x.Pad(widths);
    }

    private static Tensor RealTransformKernel(ReadOnlySpan<Tensor> x, in RealTransformAttributes a)
    {
        if (x[0].ElementCount > 0) return Aten._fft_r2c(x[0], ShapingOps.Longs(a.Axes), a.Normalization, true);
        Shape shape = x[0].ConcreteShape;
        return Aten.full(shape.With(a.Axes[^1], shape[a.Axes[^1]] / 2 + 1).Sizes, 0, (int)(x[0].DType == DType.Float32 ? DType.Complex64 : DType.Complex128), -1, x[0].Device.Packed, default);
    }

    private static Tensor InverseRealTransformKernel(ReadOnlySpan<Tensor> x, in InverseRealTransformAttributes a)
    {
        if (x[0].ElementCount > 0) return Aten._fft_c2r(x[0], ShapingOps.Longs(a.Axes), a.Normalization, a.Size);
        return Aten.full(x[0].ConcreteShape.With(a.Axes[^1], a.Size).Sizes, 0, (int)(x[0].DType == DType.Complex64 ? DType.Float32 : DType.Float64), -1, x[0].Device.Packed, default);
    }
}
