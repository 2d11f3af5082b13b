using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>The sum of each element and all before it on an axis. Bools and small integers are summed as int64.</summary>
    public Tensor CumSum(int axis) => CumulativeOps.CumSum.Apply([this], ConcreteShape.NormalizeAxis(axis, nameof(CumSum)));

    /// <summary>The product of each element and all before it on an axis. Bools and small integers are multiplied as int64.</summary>
    public Tensor CumProd(int axis) => CumulativeOps.CumProd.Apply([this], ConcreteShape.NormalizeAxis(axis, nameof(CumProd)));

    /// <summary>The largest of each element and all before it on an axis, and where it stands, int64: of equal ones the last. NaN wins.</summary>
    public (Tensor Values, Tensor Indices) CumMax(int axis)
    {
        Tensor[] found = CumulativeOps.CumMax.ApplyMany([this], ConcreteShape.NormalizeAxis(axis, nameof(CumMax)));
        return (found[0], found[1]);
    }

    /// <summary>The smallest of each element and all before it on an axis, and where it stands, int64: of equal ones the last. NaN wins.</summary>
    public (Tensor Values, Tensor Indices) CumMin(int axis)
    {
        Tensor[] found = CumulativeOps.CumMin.ApplyMany([this], ConcreteShape.NormalizeAxis(axis, nameof(CumMin)));
        return (found[0], found[1]);
    }

    /// <summary>log Σeˣ over each element and all before it on an axis, without overflow.</summary>
    public Tensor LogCumSumExp(int axis) => CumulativeOps.LogCumSumExp.Apply([this], ConcreteShape.NormalizeAxis(axis, nameof(LogCumSumExp)));

    /// <summary>What each element of an axis is more than the one before it; of bools, whether they differ.</summary>
    /// <param name="order">How many times the differences are taken; each time the axis loses a place.</param>
    /// <param name="axis">The axis.</param>
    public Tensor Diff(int order = 1, int axis = -1)
    {
        if (order < 0) throw new InvalidArgumentException($"Diff: the order {order} is negative; 0 gives the tensor itself.");
        int at = ConcreteShape.NormalizeAxis(axis, nameof(Diff));
        using var scope = Temporaries.Begin();
        Tensor x = this;
        for (; order > 0 && x.ConcreteShape[at].Value > 0; order--)
        {
            Dim rest = x.Shape[at] - 1;
            Tensor after = x.Narrow(at, 1, rest), before = x.Narrow(at, 0, rest);
            x = DType == DType.Bool ? after ^ before : after - before;
        }
        return scope.Keep(x);
    }
}

internal static class CumulativeOps
{
    // yᵢ = Σⱼ≤ᵢ xⱼ ⇒ dxⱼ = Σᵢ≥ⱼ gᵢ
    internal static readonly Op<int> CumSum = new("CumSum", static (x, in axis) => Aten.cumsum(x[0], axis, -1), SameShape)
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in axis, in _) => axis + 1,
        ComplexGradients = true,
        Gradients = [new(Keep.Nothing, static (g, in s) => g.Flip(s.Attributes).CumSum(s.Attributes).Flip(s.Attributes))],
    };

    // yᵢ = Πⱼ≤ᵢ xⱼ ⇒ dxⱼ = yⱼ₋₁·sⱼ with sⱼ = Σᵢ≥ⱼ gᵢ·Πⱼ<ₖ≤ᵢ xₖ = gⱼ + xⱼ₊₁·sⱼ₊₁: nothing is divided, so zeros do no harm
    internal static readonly Op<int> CumProd = new("CumProd", static (x, in axis) => Aten.cumprod(x[0], axis, -1), SameShape)
    {
        Accepts = Accepts.Any,
        Gradients =
        [
            new(Keep.A | Keep.Output, static (g, in s) =>
            {
                int axis = s.Attributes;
                if (g.ElementCount == 0) return g;
                return Later(s.Output, axis, 1) * Accumulate(g, Sooner(s.A, axis, 1), axis);
            }),
        ],
    };

    // yᵢ, p = the largest xⱼ with j ≤ i and where it stands ⇒ dx = g added there
    internal static readonly Op<int> CumMax = Extremum("CumMax", Aten.cummax);

    // yᵢ, p = the smallest xⱼ with j ≤ i and where it stands ⇒ dx = g added there
    internal static readonly Op<int> CumMin = Extremum("CumMin", Aten.cummin);

    // yᵢ = log Σⱼ≤ᵢ eˣʲ ⇒ dxⱼ = e^(xⱼ − yⱼ)·sⱼ with sⱼ = Σᵢ≥ⱼ gᵢ·e^(yⱼ − yᵢ) = gⱼ + e^(yⱼ − yⱼ₊₁)·sⱼ₊₁: no exponent is positive
    internal static readonly Op<int> LogCumSumExp = new("LogCumSumExp", static (x, in axis) => Aten.logcumsumexp(x[0], axis), SameShape)
    {
        Accepts = Accepts.Differentiable,
        Gradients =
        [
            new(Keep.A | Keep.Output, static (g, in s) =>
            {
                int axis = s.Attributes;
                if (g.ElementCount == 0) return g;
                // −∞ stands where nothing but −∞ was added: those x have no influence.
                Tensor nothing = s.Output.Equal(double.NegativeInfinity);
                Tensor y = s.Output.MaskedFill(nothing, 0);
                Dim rest = y.Shape[axis] - 1;
                Tensor decay = (y.Narrow(axis, 0, rest) - y.Narrow(axis, 1, rest)).Exp().MaskedFill(nothing.Narrow(axis, 0, rest), 0);
                return (s.A - y).Exp() * Accumulate(g, Framed(decay, axis, 0, 1, 0), axis);
            }),
        ],
    };

    private static Op<int> Extremum(string name, Func<Tensor, long, Tensor[]> kernel) =>
        new(name, (x, in axis) => kernel(x[0], axis), static (x, in _) => [x[0], x[0]])
        {
            Accepts = Accepts.Any,
            JointKeeps = Keep.Output1 | Keep.Shapes,
            Joint = static (g, in s, dx) => dx[0] = SortingOps.PutBack(g[0], s.Outputs(1), s.Shape(0), s.Attributes),
        };

    // sᵢ = gᵢ + aᵢ·sᵢ₊₁, from the last place on; the reach doubles with each step (Hillis and Steele, "Data parallel algorithms", 1986).
    private static Tensor Accumulate(Tensor g, Tensor a, int axis)
    {
        for (long reach = 1, size = g.ConcreteShape[axis]; reach < size; reach *= 2)
        {
            g += a * Sooner(g, axis, reach);
            a *= Sooner(a, axis, reach);
        }
        return g;
    }

    // The elements so many places sooner, zeros after the last.
    private static Tensor Sooner(Tensor x, int axis, long places) =>
        Framed(x.Narrow(axis, places, x.Shape[axis] - places), axis, 0, (int)places, 0);

    // The elements one place later, a number before the first.
    private static Tensor Later(Tensor x, int axis, Scalar first) =>
        Framed(x.Narrow(axis, 0, x.Shape[axis] - 1), axis, 1, 0, first);

    private static Tensor Framed(Tensor x, int axis, int before, int after, Scalar value)
    {
        var widths = new (int Before, int After)[x.Rank];
        widths[axis] = (before, after);
        return x.Pad(widths, value);
    }

    private static Shape SameShape(ReadOnlySpan<Shape> x, in int axis) => x[0];
}
