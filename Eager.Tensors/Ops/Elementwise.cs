using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The absolute value; for complex numbers the modulus.</summary>
    public Tensor Abs() => ElementwiseOps.Abs.Apply([this], default);

    /// <summary>−1, 0 or 1 by the sign; of a complex number z/|z|, and 0 at 0.</summary>
    public Tensor Sign() => (DType.IsComplex() ? ComplexOps.Sign : ElementwiseOps.Sign).Apply([this], default);

    /// <summary>eˣ.</summary>
    public Tensor Exp() => ElementwiseOps.Exp.Apply([this], default);

    /// <summary>eˣ − 1, exact near 0.</summary>
    public Tensor Expm1() => ElementwiseOps.Expm1.Apply([this], default);

    /// <summary>The natural logarithm.</summary>
    public Tensor Log() => ElementwiseOps.Log.Apply([this], default);

    /// <summary>log(1 + x), exact near 0.</summary>
    public Tensor Log1p() => ElementwiseOps.Log1p.Apply([this], default);

    /// <summary>The logarithm to base 2.</summary>
    public Tensor Log2() => ElementwiseOps.Log2.Apply([this], default);

    /// <summary>The logarithm to base 10.</summary>
    public Tensor Log10() => ElementwiseOps.Log10.Apply([this], default);

    /// <summary>2ˣ.</summary>
    public Tensor Exp2() => ElementwiseOps.Exp2.Apply([this], default);

    /// <summary>The square root.</summary>
    public Tensor Sqrt() => ElementwiseOps.Sqrt.Apply([this], default);

    /// <summary>1/√x.</summary>
    public Tensor Rsqrt() => ElementwiseOps.Rsqrt.Apply([this], default);

    /// <summary>x².</summary>
    public Tensor Square() => ElementwiseOps.Square.Apply([this], default);

    /// <summary>1/x.</summary>
    public Tensor Reciprocal() => ElementwiseOps.Reciprocal.Apply([this], default);

    /// <summary>The sine of an angle in radians.</summary>
    public Tensor Sin() => ElementwiseOps.Sin.Apply([this], default);

    /// <summary>The cosine of an angle in radians.</summary>
    public Tensor Cos() => ElementwiseOps.Cos.Apply([this], default);

    /// <summary>The tangent of an angle in radians.</summary>
    public Tensor Tan() => ElementwiseOps.Tan.Apply([this], default);

    /// <summary>The arc sine in radians.</summary>
    public Tensor Asin() => ElementwiseOps.Asin.Apply([this], default);

    /// <summary>The arc cosine in radians.</summary>
    public Tensor Acos() => ElementwiseOps.Acos.Apply([this], default);

    /// <summary>The arc tangent in radians.</summary>
    public Tensor Atan() => ElementwiseOps.Atan.Apply([this], default);

    /// <summary>The hyperbolic sine.</summary>
    public Tensor Sinh() => ElementwiseOps.Sinh.Apply([this], default);

    /// <summary>The hyperbolic cosine.</summary>
    public Tensor Cosh() => ElementwiseOps.Cosh.Apply([this], default);

    /// <summary>The hyperbolic tangent.</summary>
    public Tensor Tanh() => ElementwiseOps.Tanh.Apply([this], default);

    /// <summary>The inverse of the hyperbolic sine.</summary>
    public Tensor Asinh() => ElementwiseOps.Asinh.Apply([this], default);

    /// <summary>The inverse of the hyperbolic cosine, for elements from 1 on.</summary>
    public Tensor Acosh() => ElementwiseOps.Acosh.Apply([this], default);

    /// <summary>The inverse of the hyperbolic tangent, for elements from −1 to 1.</summary>
    public Tensor Atanh() => ElementwiseOps.Atanh.Apply([this], default);

    /// <summary>An angle in degrees, converted to radians.</summary>
    public Tensor DegreesToRadians() => this * (Math.PI / 180);

    /// <summary>An angle in radians, converted to degrees.</summary>
    public Tensor RadiansToDegrees() => this * (180 / Math.PI);

    /// <summary>1/(1 + e⁻ˣ).</summary>
    public Tensor Sigmoid() => ElementwiseOps.Sigmoid.Apply([this], default);

    /// <summary>The error function, 2/√π ∫₀ˣ e^(−t²) dt.</summary>
    public Tensor Erf() => ElementwiseOps.Erf.Apply([this], default);

    /// <summary>1 − erf(x), exact for large x.</summary>
    public Tensor Erfc() => ElementwiseOps.Erfc.Apply([this], default);

    /// <summary>The inverse of the error function: the x of which the element is erf(x). Infinite at ±1, NaN beyond.</summary>
    public Tensor ErfInverse() => ElementwiseOps.ErfInverse.Apply([this], default);

    /// <summary>The largest integer not above.</summary>
    public Tensor Floor() => ElementwiseOps.Floor.Apply([this], default);

    /// <summary>The smallest integer not below.</summary>
    public Tensor Ceiling() => ElementwiseOps.Ceiling.Apply([this], default);

    /// <summary>The nearest integer; halves go to the even one.</summary>
    public Tensor Round() => ElementwiseOps.Round.Apply([this], default);

    /// <summary>The integer part.</summary>
    public Tensor Truncate() => ElementwiseOps.Truncate.Apply([this], default);

    /// <summary>Each element, or the nearer of two bounds where it is outside them.</summary>
    /// <param name="min">The lower bound.</param>
    /// <param name="max">The upper bound; where it is below the lower one, it wins.</param>
    /// <exception cref="DTypeMismatchException">A bound with a fraction meets an integer tensor, or any bound a bool one.</exception>
    public Tensor Clip(Scalar min, Scalar max)
    {
        ScalarOperands.RequireFit(min, DType, "Clip");
        ScalarOperands.RequireFit(max, DType, "Clip");
        return ElementwiseOps.Clip.Apply([this], new(min, max));
    }

    /// <summary>True where the element is not a number.</summary>
    public Tensor IsNaN() => ElementwiseOps.IsNaN.Apply([this], default);

    /// <summary>True where the element is infinite.</summary>
    public Tensor IsInfinity() => ElementwiseOps.IsInfinity.Apply([this], default);

    /// <summary>True where the element is neither infinite nor not a number.</summary>
    public Tensor IsFinite() => ElementwiseOps.IsFinite.Apply([this], default);
}

internal static class ElementwiseOps
{
    private static readonly double TwoOverRootPi = 2 / Math.Sqrt(Math.PI);

    // y = |x| ⇒ dx = g·sign x
    internal static readonly Op<None> Abs = new("Abs", static (x, in _) => Aten.abs(x[0]), OpForms.SameShape)
    {
        Accepts = Accepts.Any,
        Elementwise = true,
        ComplexGradients = true,
        Gradients = [new(Keep.A, static (g, in s) => g.Cast(s.A.DType) * s.A.Sign())],
    };

    internal static readonly Op<None> Sign = OpForms.UnaryWithoutGradient("Sign", Aten.sign);

    // y = eˣ ⇒ dx = g·y
    internal static readonly Op<None> Exp = OpForms.Analytic("Exp", Aten.exp, Keep.Output, static (g, in s) => g * s.Output.Conj());

    // y = eˣ − 1 ⇒ dx = g·(y + 1)
    internal static readonly Op<None> Expm1 = OpForms.Unary("Expm1", Aten.expm1, Keep.Output, static (g, in s) => g * (s.Output + 1));

    // y = log x ⇒ dx = g/x
    internal static readonly Op<None> Log = OpForms.Analytic("Log", Aten.log, Keep.A, static (g, in s) => g / s.A.Conj());

    // y = log(1 + x) ⇒ dx = g/(1 + x)
    internal static readonly Op<None> Log1p = OpForms.Unary("Log1p", Aten.log1p, Keep.A, static (g, in s) => g / (s.A + 1));

    // y = log₂ x ⇒ dx = g/(x·log 2)
    internal static readonly Op<None> Log2 = OpForms.Analytic("Log2", Aten.log2, Keep.A, static (g, in s) => g / (s.A.Conj() * Math.Log(2)));

    // y = log₁₀ x ⇒ dx = g/(x·log 10)
    internal static readonly Op<None> Log10 = OpForms.Analytic("Log10", Aten.log10, Keep.A, static (g, in s) => g / (s.A.Conj() * Math.Log(10)));

    // y = 2ˣ ⇒ dx = g·y·log 2
    internal static readonly Op<None> Exp2 = OpForms.Unary("Exp2", Aten.exp2, Keep.Output, static (g, in s) => g * s.Output * Math.Log(2));

    // y = √x ⇒ dx = g/2y
    internal static readonly Op<None> Sqrt = OpForms.Analytic("Sqrt", Aten.sqrt, Keep.Output, static (g, in s) => g / (s.Output.Conj() * 2));

    // y = x^(−1/2) ⇒ dx = −g·y³/2
    internal static readonly Op<None> Rsqrt = OpForms.Analytic("Rsqrt", Aten.rsqrt, Keep.Output, static (g, in s) => g * (s.Output * s.Output.Square()).Conj() * -0.5);

    // y = x² ⇒ dx = 2g·x
    internal static readonly Op<None> Square = new("Square", static (x, in _) => Aten.square(x[0]), OpForms.SameShape)
    {
        Accepts = Accepts.Any,
        Elementwise = true,
        ComplexGradients = true,
        Gradients = [new(Keep.A, static (g, in s) => g * s.A.Conj() * 2)],
    };

    // y = 1/x ⇒ dx = −g·y²
    internal static readonly Op<None> Reciprocal = OpForms.Analytic("Reciprocal", Aten.reciprocal, Keep.Output, static (g, in s) => -(g * s.Output.Square().Conj()));

    // y = sin x ⇒ dx = g·cos x
    internal static readonly Op<None> Sin = OpForms.Analytic("Sin", Aten.sin, Keep.A, static (g, in s) => g * s.A.Cos().Conj());

    // y = cos x ⇒ dx = −g·sin x
    internal static readonly Op<None> Cos = OpForms.Analytic("Cos", Aten.cos, Keep.A, static (g, in s) => -(g * s.A.Sin().Conj()));

    // y = tan x ⇒ dx = g·(1 + y²)
    internal static readonly Op<None> Tan = OpForms.Analytic("Tan", Aten.tan, Keep.Output, static (g, in s) => g * (s.Output.Square() + 1).Conj());

    // y = asin x ⇒ dx = g/√(1 − x²)
    internal static readonly Op<None> Asin = OpForms.Analytic("Asin", Aten.asin, Keep.A, static (g, in s) => g * (1 - s.A.Square()).Rsqrt().Conj());

    // y = acos x ⇒ dx = −g/√(1 − x²)
    internal static readonly Op<None> Acos = OpForms.Analytic("Acos", Aten.acos, Keep.A, static (g, in s) => -(g * (1 - s.A.Square()).Rsqrt().Conj()));

    // y = atan x ⇒ dx = g/(1 + x²)
    internal static readonly Op<None> Atan = OpForms.Analytic("Atan", Aten.atan, Keep.A, static (g, in s) => g / (s.A.Square() + 1).Conj());

    // y = sinh x ⇒ dx = g·cosh x
    internal static readonly Op<None> Sinh = OpForms.Analytic("Sinh", Aten.sinh, Keep.A, static (g, in s) => g * s.A.Cosh().Conj());

    // y = cosh x ⇒ dx = g·sinh x
    internal static readonly Op<None> Cosh = OpForms.Analytic("Cosh", Aten.cosh, Keep.A, static (g, in s) => g * s.A.Sinh().Conj());

    // y = tanh x ⇒ dx = g·(1 − y²)
    internal static readonly Op<None> Tanh = OpForms.Analytic("Tanh", Aten.tanh, Keep.Output, static (g, in s) => g * (1 - s.Output.Square()).Conj());

    // y = asinh x ⇒ dx = g/√(x² + 1)
    internal static readonly Op<None> Asinh = OpForms.Analytic("Asinh", Aten.asinh, Keep.A, static (g, in s) => g * (s.A.Square() + 1).Rsqrt().Conj());

    // y = acosh x ⇒ dx = g/(√(x − 1)·√(x + 1))
    internal static readonly Op<None> Acosh = OpForms.Analytic("Acosh", Aten.acosh, Keep.A, static (g, in s) => g * ((s.A - 1).Rsqrt() * (s.A + 1).Rsqrt()).Conj());

    // y = atanh x ⇒ dx = g/(1 − x²)
    internal static readonly Op<None> Atanh = OpForms.Analytic("Atanh", Aten.atanh, Keep.A, static (g, in s) => g / (1 - s.A.Square()).Conj());

    // y = σ(x) ⇒ dx = g·y·(1 − y)
    internal static readonly Op<None> Sigmoid = OpForms.Analytic("Sigmoid", Aten.sigmoid, Keep.Output, static (g, in s) => g * (s.Output * (1 - s.Output)).Conj());

    // y = erf x ⇒ dx = g·2/√π·e^(−x²)
    internal static readonly Op<None> Erf = OpForms.Unary("Erf", Aten.erf, Keep.A, static (g, in s) => g * (-s.A.Square()).Exp() * TwoOverRootPi);

    // y = 1 − erf x ⇒ dx = −g·2/√π·e^(−x²)
    internal static readonly Op<None> Erfc = OpForms.Unary("Erfc", Aten.erfc, Keep.A, static (g, in s) => g * (-s.A.Square()).Exp() * -TwoOverRootPi);

    // y = erf⁻¹ x ⇒ dx = g·√π/2·e^(y²)
    internal static readonly Op<None> ErfInverse = OpForms.Unary("ErfInverse", Aten.erfinv, Keep.Output, static (g, in s) => g * s.Output.Square().Exp() / TwoOverRootPi);

    internal static readonly Op<None> Floor = OpForms.UnaryWithoutGradient("Floor", Aten.floor);

    internal static readonly Op<None> Ceiling = OpForms.UnaryWithoutGradient("Ceiling", Aten.ceil);

    internal static readonly Op<None> Round = OpForms.UnaryWithoutGradient("Round", Aten.round);

    internal static readonly Op<None> Truncate = OpForms.UnaryWithoutGradient("Truncate", Aten.trunc);

    // y = min(max(x, low), high) ⇒ dx = g where low ≤ x ≤ high, else 0
    internal static readonly Op<ClipAttributes> Clip = new("Clip", static (x, in a) => Aten.clamp(x[0], a.Min, a.Max), static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Elementwise = true,
        Gradients = [new(Keep.A, static (g, in s) => g * (s.A.GreaterEqual(s.Attributes.Min) & s.A.LessEqual(s.Attributes.Max)).Cast(g.DType))],
    };

    internal static readonly Op<None> IsNaN = OpForms.UnaryWithoutGradient("IsNaN", Aten.isnan);

    internal static readonly Op<None> IsInfinity = OpForms.UnaryWithoutGradient("IsInfinity", Aten.isinf);

    internal static readonly Op<None> IsFinite = OpForms.UnaryWithoutGradient("IsFinite", Aten.isfinite);

    internal readonly record struct ClipAttributes(Scalar Min, Scalar Max);
}
