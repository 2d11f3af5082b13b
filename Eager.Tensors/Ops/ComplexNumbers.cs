using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>Complex numbers from their parts: float32 makes complex64, float64 complex128; shapes broadcast.</summary>
    /// <exception cref="DTypeMismatchException">The parts are neither both float32 nor both float64.</exception>
    public static Tensor Complex(Tensor real, Tensor imaginary)
    {
        if (real.DType == imaginary.DType && real.DType is not (DType.Float32 or DType.Float64))
            throw new DTypeMismatchException($"Complex: the parts are {real.DType.Name()}; convert them with Cast to float32 or float64.");
        return ComplexOps.Complex.Apply([real, imaginary], default);
    }

    /// <summary>Complex numbers from absolute value and angle in radians: r·(cos θ + i·sin θ). Shapes broadcast.</summary>
    /// <exception cref="DTypeMismatchException">The inputs are neither both float32 nor both float64.</exception>
    public static Tensor Polar(Tensor absolute, Tensor angle)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(Complex(absolute * angle.Cos(), absolute * angle.Sin()));
    }

    /// <summary>The real part; of a real tensor the tensor itself. A view.</summary>
    public Tensor Real() => DType.IsComplex() ? ComplexOps.Real.Apply([this], default) : this;

    /// <summary>The imaginary part, a view; of a real tensor zeros.</summary>
    public Tensor Imag() => DType.IsComplex() ? ComplexOps.Imag.Apply([this], default) : ZerosLike(this);

    /// <summary>The complex conjugate; of a real tensor the tensor itself.</summary>
    public Tensor Conj() => DType.IsComplex() ? ComplexOps.Conj.Apply([this], default) : this;

    /// <summary>The angle of a complex number in radians, from −π to π; of a real one 0, or π where it is negative. The gradient at 0 is 0.</summary>
    public Tensor Angle() => (DType.IsComplex() ? ComplexOps.Angle : ComplexOps.RealAngle).Apply([this], default);

    /// <summary>Complex numbers as pairs of real and imaginary part along a new last axis of size 2. A view.</summary>
    /// <exception cref="DTypeMismatchException">The tensor is not complex.</exception>
    public Tensor ViewAsReal() => DType.IsComplex()
        ? ComplexOps.ViewAsReal.Apply([this], default)
        : throw new DTypeMismatchException($"ViewAsReal: the tensor is {DType.Name()}, not complex.");

    /// <summary>Pairs of real and imaginary part along the last axis, of size 2, as complex numbers. A view where the layout allows.</summary>
    /// <exception cref="DTypeMismatchException">The tensor is neither float32 nor float64.</exception>
    /// <exception cref="ShapeMismatchException">The last axis is not of size 2.</exception>
    public Tensor ViewAsComplex()
    {
        if (DType is not (DType.Float32 or DType.Float64)) throw new DTypeMismatchException($"ViewAsComplex: the tensor is {DType.Name()}; convert it with Cast to float32 or float64.");
        return ComplexOps.ViewAsComplex.Apply([this], default);
    }
}

/// <summary>
/// Operations on complex numbers. The gradient of a real L with respect to z = x + iy is ∂L/∂x + i·∂L/∂y, as in PyTorch, so that
/// z − η·gradient descends; for an analytic function w = f(z) that makes dz = g·conj(f′(z)).
/// </summary>
internal static class ComplexOps
{
    // z = a + ib ⇒ da = Re g, db = Im g
    internal static readonly Op<None> Complex = new("Complex", static (x, in _) => Aten.complex(x[0], x[1]), OpForms.BroadcastShape)
    {
        Accepts = Accepts.Floating,
        ComplexGradients = true,
        Broadcasts = true,
        Gradients =
        [
            new(Keep.Nothing, static (g, in s) => g.Real()),
            new(Keep.Nothing, static (g, in s) => g.Imag()),
        ],
    };

    // y = Re z ⇒ dz = g
    internal static readonly Op<None> Real = new("Real", static (x, in _) => Aten.real(x[0]), OpForms.SameShape)
    {
        Accepts = Accepts.Any,
        ComplexGradients = true,
        Effect = Effect.View,
        Gradients = [new(Keep.Nothing, static (g, in s) => Tensor.Complex(g, Tensor.ZerosLike(g)))],
    };

    // y = Im z ⇒ dz = i·g
    internal static readonly Op<None> Imag = new("Imag", static (x, in _) => Aten.imag(x[0]), OpForms.SameShape)
    {
        Accepts = Accepts.Any,
        ComplexGradients = true,
        Effect = Effect.View,
        Gradients = [new(Keep.Nothing, static (g, in s) => Tensor.Complex(Tensor.ZerosLike(g), g))],
    };

    // w = conj z ⇒ dz = conj g
    internal static readonly Op<None> Conj = new("Conj", static (x, in _) => Aten.conj_physical(x[0]), OpForms.SameShape)
    {
        Accepts = Accepts.Any,
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => g.Conj())],
    };

    // θ = arg z ⇒ dz = g·iz/|z|², 0 where z = 0
    internal static readonly Op<None> Angle = new("Angle", static (x, in _) => Aten.angle(x[0]), OpForms.SameShape)
    {
        Accepts = Accepts.Any,
        ComplexGradients = true,
        Gradients =
        [
            new(Keep.A, static (g, in s) =>
            {
                Tensor real = s.A.Real(), imaginary = s.A.Imag(), scaled = g / OneForZero(real.Square() + imaginary.Square());
                return Tensor.Complex(-(imaginary * scaled), real * scaled);
            }),
        ],
    };

    internal static readonly Op<None> RealAngle = OpForms.UnaryWithoutGradient("RealAngle", Aten.angle, Accepts.Floating);

    // w = z/|z| ⇒ dz = (g − Re(g·conj w)·w)/|z|, 0 where z = 0
    internal static readonly Op<None> Sign = new("ComplexSign", static (x, in _) => Aten.sgn(x[0]), OpForms.SameShape)
    {
        Accepts = Accepts.Any,
        ComplexGradients = true,
        Gradients =
        [
            new(Keep.A | Keep.Output, static (g, in s) =>
            {
                DType dtype = g.DType;
                Tensor across = g - (g * s.Output.Conj()).Real().Cast(dtype) * s.Output;
                Tensor size = s.A.Abs();
                return size.Equal(0).Where(Tensor.ZerosLike(g), across / OneForZero(size).Cast(dtype));
            }),
        ],
    };

    // z = x as pairs ⇒ dx = g as complex numbers
    internal static readonly Op<None> ViewAsReal = new("ViewAsReal", static (x, in _) => Aten.view_as_real(x[0]), static (x, in _) => [.. x[0], 2L])
    {
        Accepts = Accepts.Any,
        ComplexGradients = true,
        Effect = Effect.View,
        Gradients = [new(Keep.Nothing, static (g, in s) => g.ViewAsComplex())],
    };

    // z = pairs as complex numbers ⇒ dx = g as pairs
    internal static readonly Op<None> ViewAsComplex = new("ViewAsComplex", ViewAsComplexKernel, PairsShape)
    {
        Accepts = Accepts.Floating,
        ComplexGradients = true,
        Effect = Effect.View,
        Gradients = [new(Keep.Nothing, static (g, in s) => g.ViewAsReal())],
    };

    private static Tensor OneForZero(Tensor y) => y.Equal(0).Where(Tensor.OnesLike(y), y);

    // LibTorch takes pairs that lie side by side in memory.
    private static Tensor ViewAsComplexKernel(ReadOnlySpan<Tensor> x, in None a)
    {
        using Tensor paired = Aten.contiguous(x[0], 0);
        return Aten.view_as_complex(paired);
    }

    private static Shape PairsShape(ReadOnlySpan<Shape> x, in None a) => x[0].Rank > 0 && x[0][^1].Value == 2 ? x[0][..^1]
        : throw new ShapeMismatchException($"ViewAsComplex: shape {x[0]} does not end in an axis of size 2 for the real and imaginary parts.");
}
