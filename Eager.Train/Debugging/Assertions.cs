using System.Collections;
using System.Runtime.CompilerServices;
using Eager.Autograd;

namespace Eager.Train;

/// <summary>An assertion on a tensor's values does not hold; the message names the tensor, how many elements are at fault, and the first of them.</summary>
public sealed class AssertionFailedException(string message) : EagerException(message);

/// <summary>Says what must hold of a tensor, and throws where it does not; each gives the tensor back, so that they chain.</summary>
/// <remarks>
/// <para>Messages call a tensor by the C# expression that it was asked of. Those on shapes and dtypes cost next to nothing; a traced function makes them once for each trace.
/// Those on values read them, on CUDA with a wait; inside a traced function they are host functions (<see cref="Function.Host"/>), which what uses the result comes after.</para>
/// <para>NaN is neither positive nor negative, less nor greater, equal nor in any range.</para>
/// </remarks>
/// <example><code>
/// Tensor rate = logits.AssertShape([null, 10]).Softmax().AssertFinite();   // AssertionFailedException: … 'logits.AssertShape([null, 10]).Softmax()' …
/// </code></example>
public static class Assertions
{
    /// <summary>The tensor has a rank.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="rank">The rank that it must have.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="ShapeMismatchException">It has another.</exception>
    public static Tensor AssertRank(this Tensor x, int rank, [CallerArgumentExpression(nameof(x))] string? expression = null) =>
        x.Rank == rank ? x : throw new ShapeMismatchException($"AssertRank: '{expression}' is {x.Shape}, of rank {x.Rank}; its rank must be {rank}.");

    /// <summary>The tensor has a rank or a higher one.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="rank">The least rank.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="ShapeMismatchException">It has a lower one.</exception>
    public static Tensor AssertRankAtLeast(this Tensor x, int rank, [CallerArgumentExpression(nameof(x))] string? expression = null) =>
        x.Rank >= rank ? x : throw new ShapeMismatchException($"AssertRankAtLeast: '{expression}' is {x.Shape}, of rank {x.Rank}; its rank must be at least {rank}.");

    /// <summary>The tensor has one of several ranks.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="ranks">The ranks that it may have.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="ShapeMismatchException">It has another.</exception>
    /// <exception cref="InvalidArgumentException">There are no ranks.</exception>
    public static Tensor AssertRankIn(this Tensor x, IReadOnlyList<int> ranks, [CallerArgumentExpression(nameof(x))] string? expression = null)
    {
        if (ranks.Count == 0) throw new InvalidArgumentException($"AssertRankIn: no rank is given that '{expression}' could have; give one at least.");
        return ranks.Contains(x.Rank) ? x : throw new ShapeMismatchException($"AssertRankIn: '{expression}' is {x.Shape}, of rank {x.Rank}; its rank must be one of {string.Join(", ", ranks)}.");
    }

    /// <summary>The tensor has no axes.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="ShapeMismatchException">It has some.</exception>
    public static Tensor AssertScalar(this Tensor x, [CallerArgumentExpression(nameof(x))] string? expression = null) =>
        x.Rank == 0 ? x : throw new ShapeMismatchException($"AssertScalar: '{expression}' is {x.Shape}, of rank {x.Rank}; it must be a scalar.");

    /// <summary>The tensor's shape fits another, whose unknown sizes fit any.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="shape">The shape, such as <c>[null, 10]</c>.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="ShapeMismatchException">It does not.</exception>
    public static Tensor AssertShape(this Tensor x, Shape shape, [CallerArgumentExpression(nameof(x))] string? expression = null) =>
        shape.IsCompatibleWith(x.ConcreteShape) ? x : throw new ShapeMismatchException($"AssertShape: '{expression}' is {x.ConcreteShape}; its shape must be {shape}.");

    /// <summary>The tensor has a dtype.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="dtype">The dtype.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="DTypeMismatchException">It has another.</exception>
    public static Tensor AssertDType(this Tensor x, DType dtype, [CallerArgumentExpression(nameof(x))] string? expression = null) =>
        x.DType == dtype ? x : throw new DTypeMismatchException($"AssertDType: '{expression}' is {x.DType.Name()}; it must be {dtype.Name()}.");

    /// <summary>The tensor is of an integer dtype, signed or unsigned; bool is none.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="DTypeMismatchException">It is of another.</exception>
    public static Tensor AssertInteger(this Tensor x, [CallerArgumentExpression(nameof(x))] string? expression = null) =>
        x.DType.IsInteger() ? x : throw new DTypeMismatchException($"AssertInteger: '{expression}' is {x.DType.Name()}; it must be of an integer dtype.");

    /// <summary>Tensors are of one floating-point dtype.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="dtype">The dtype; that of the first tensor when null.</param>
    /// <param name="expression">What messages call the tensors.</param>
    /// <returns>The dtype; float32 where neither a tensor nor a dtype is given.</returns>
    /// <exception cref="DTypeMismatchException">One is of another, or the dtype is not floating point.</exception>
    public static DType AssertSameFloatDType(IReadOnlyList<Tensor> tensors, DType? dtype = null, [CallerArgumentExpression(nameof(tensors))] string? expression = null)
    {
        DType common = dtype ?? (tensors.Count > 0 ? tensors[0].DType : DType.Float32);
        if (!common.IsFloatingPoint()) throw new DTypeMismatchException($"AssertSameFloatDType: '{expression}' must be of a floating-point dtype, not {common.Name()}.");
        for (int i = 0; i < tensors.Count; i++)
            if (tensors[i].DType != common) throw new DTypeMismatchException($"AssertSameFloatDType: number {i} of '{expression}' is {tensors[i].DType.Name()}; all must be {common.Name()}.");
        return common;
    }

    /// <summary>Every element of a condition is true, as TensorFlow's <c>tf.Assert</c> asks.</summary>
    /// <param name="condition">The condition, of dtype bool.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="AssertionFailedException">One is not.</exception>
    /// <exception cref="DTypeMismatchException">It is not of dtype bool.</exception>
    /// <example><code>(low &lt;= high).All().AssertTrue();</code></example>
    public static Tensor AssertTrue(this Tensor condition, [CallerArgumentExpression(nameof(condition))] string? expression = null) =>
        condition.DType == DType.Bool ? Require(condition, static holds => holds, nameof(AssertTrue), "true", expression)
            : throw new DTypeMismatchException($"AssertTrue: '{expression}' is {condition.DType.Name()}; a condition is bool, as comparisons give it.");

    /// <summary>Every element is above 0.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="AssertionFailedException">One is not.</exception>
    public static Tensor AssertPositive(this Tensor x, [CallerArgumentExpression(nameof(x))] string? expression = null) =>
        Require(x, static v => v > 0, nameof(AssertPositive), "positive", expression);

    /// <summary>Every element is below 0.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="AssertionFailedException">One is not.</exception>
    public static Tensor AssertNegative(this Tensor x, [CallerArgumentExpression(nameof(x))] string? expression = null) =>
        Require(x, static v => v < 0, nameof(AssertNegative), "negative", expression);

    /// <summary>Every element is 0 or above.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="AssertionFailedException">One is not.</exception>
    public static Tensor AssertNonNegative(this Tensor x, [CallerArgumentExpression(nameof(x))] string? expression = null) =>
        Require(x, static v => v >= 0, nameof(AssertNonNegative), "0 or above", expression);

    /// <summary>Every element is 0 or below.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="AssertionFailedException">One is not.</exception>
    public static Tensor AssertNonPositive(this Tensor x, [CallerArgumentExpression(nameof(x))] string? expression = null) =>
        Require(x, static v => v <= 0, nameof(AssertNonPositive), "0 or below", expression);

    /// <summary>Every element is neither NaN nor infinite.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="AssertionFailedException">One is not.</exception>
    public static Tensor AssertFinite(this Tensor x, [CallerArgumentExpression(nameof(x))] string? expression = null) =>
        Require(x, static v => v.IsFinite(), nameof(AssertFinite), "finite", expression);

    /// <summary>No element is NaN; infinities pass.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="AssertionFailedException">One is.</exception>
    public static Tensor AssertNoNaN(this Tensor x, [CallerArgumentExpression(nameof(x))] string? expression = null) =>
        Require(x, static v => v.IsNaN().LogicalNot(), nameof(AssertNoNaN), "a number", expression);

    /// <summary>Every element is within a range, its ends included.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="least">The least value.</param>
    /// <param name="most">The largest value.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="AssertionFailedException">One is not.</exception>
    public static Tensor AssertInRange(this Tensor x, Scalar least, Scalar most, [CallerArgumentExpression(nameof(x))] string? expression = null) =>
        Require(x, v => (v >= least).LogicalAnd(v <= most), nameof(AssertInRange), $"within [{least}, {most}]", expression);

    /// <summary>Every element equals that of another tensor, after broadcasting.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="other">The other.</param>
    /// <param name="expression">What messages call the tensor.</param>
    /// <param name="otherExpression">What messages call the other.</param>
    /// <exception cref="AssertionFailedException">One does not.</exception>
    public static Tensor AssertEqual(this Tensor x, Tensor other, [CallerArgumentExpression(nameof(x))] string? expression = null, [CallerArgumentExpression(nameof(other))] string? otherExpression = null) =>
        Compare(x, other, static (a, b) => a.Equal(b), nameof(AssertEqual), "equal to", expression, otherExpression);

    /// <summary>No element equals that of another tensor, after broadcasting.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="other">The other.</param>
    /// <param name="expression">What messages call the tensor.</param>
    /// <param name="otherExpression">What messages call the other.</param>
    /// <exception cref="AssertionFailedException">One does.</exception>
    public static Tensor AssertNoneEqual(this Tensor x, Tensor other, [CallerArgumentExpression(nameof(x))] string? expression = null, [CallerArgumentExpression(nameof(other))] string? otherExpression = null) =>
        Compare(x, other, static (a, b) => a.NotEqual(b), nameof(AssertNoneEqual), "other than", expression, otherExpression);

    /// <summary>Every element is near that of another tensor, |a − b| ≤ absolute + relative·|b|, or both are the same infinity, after broadcasting.</summary>
    /// <param name="x">The tensor, a.</param>
    /// <param name="other">The other, b, of the same dtype.</param>
    /// <param name="relative">How far they may differ as a part of the other's absolute value; ten times the dtype's <see cref="DTypes.Epsilon"/> when null, 0 for integers.</param>
    /// <param name="absolute">How far they may differ in any case; as much when null.</param>
    /// <param name="expression">What messages call the tensor.</param>
    /// <param name="otherExpression">What messages call the other.</param>
    /// <exception cref="AssertionFailedException">One is not.</exception>
    /// <exception cref="DTypeMismatchException">The dtypes differ.</exception>
    /// <exception cref="InvalidArgumentException">A tolerance is negative or NaN.</exception>
    public static Tensor AssertNear(this Tensor x, Tensor other, double? relative = null, double? absolute = null, [CallerArgumentExpression(nameof(x))] string? expression = null, [CallerArgumentExpression(nameof(other))] string? otherExpression = null)
    {
        if (x.DType != other.DType) throw new DTypeMismatchException($"AssertNear: '{expression}' is {x.DType.Name()}, '{otherExpression}' {other.DType.Name()}; convert one with Cast.");
        double usual = x.DType.IsDifferentiable() ? 10 * x.DType.Epsilon() : 0, part = relative ?? usual, always = absolute ?? usual;
        string property = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"within {always} + {part}·|b| of");
        if (!(part >= 0 && always >= 0)) throw new InvalidArgumentException($"AssertNear: '{expression}' cannot be {property} '{otherExpression}'; both tolerances must be 0 or more.");
        return Compare(x, other, (a, b) => a.IsClose(b, part, always), nameof(AssertNear), property, expression, otherExpression);
    }

    /// <summary>Every element is less than that of another tensor, after broadcasting.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="other">The other.</param>
    /// <param name="expression">What messages call the tensor.</param>
    /// <param name="otherExpression">What messages call the other.</param>
    /// <exception cref="AssertionFailedException">One is not.</exception>
    public static Tensor AssertLess(this Tensor x, Tensor other, [CallerArgumentExpression(nameof(x))] string? expression = null, [CallerArgumentExpression(nameof(other))] string? otherExpression = null) =>
        Compare(x, other, static (a, b) => a < b, nameof(AssertLess), "less than", expression, otherExpression);

    /// <summary>Every element is at most that of another tensor, after broadcasting.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="other">The other.</param>
    /// <param name="expression">What messages call the tensor.</param>
    /// <param name="otherExpression">What messages call the other.</param>
    /// <exception cref="AssertionFailedException">One is not.</exception>
    public static Tensor AssertLessOrEqual(this Tensor x, Tensor other, [CallerArgumentExpression(nameof(x))] string? expression = null, [CallerArgumentExpression(nameof(other))] string? otherExpression = null) =>
        Compare(x, other, static (a, b) => a <= b, nameof(AssertLessOrEqual), "at most", expression, otherExpression);

    /// <summary>Every element is greater than that of another tensor, after broadcasting.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="other">The other.</param>
    /// <param name="expression">What messages call the tensor.</param>
    /// <param name="otherExpression">What messages call the other.</param>
    /// <exception cref="AssertionFailedException">One is not.</exception>
    public static Tensor AssertGreater(this Tensor x, Tensor other, [CallerArgumentExpression(nameof(x))] string? expression = null, [CallerArgumentExpression(nameof(other))] string? otherExpression = null) =>
        Compare(x, other, static (a, b) => a > b, nameof(AssertGreater), "greater than", expression, otherExpression);

    /// <summary>Every element is at least that of another tensor, after broadcasting.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="other">The other.</param>
    /// <param name="expression">What messages call the tensor.</param>
    /// <param name="otherExpression">What messages call the other.</param>
    /// <exception cref="AssertionFailedException">One is not.</exception>
    public static Tensor AssertGreaterOrEqual(this Tensor x, Tensor other, [CallerArgumentExpression(nameof(x))] string? expression = null, [CallerArgumentExpression(nameof(other))] string? otherExpression = null) =>
        Compare(x, other, static (a, b) => a >= b, nameof(AssertGreaterOrEqual), "at least", expression, otherExpression);

    /// <summary>An object is a sequence of values, and not one that is mistaken for it: no tensor, no text, no dictionary.</summary>
    /// <param name="values">The object.</param>
    /// <param name="expression">What messages call it.</param>
    /// <exception cref="InvalidArgumentException">It is not.</exception>
    public static IEnumerable AssertProperIterable(object? values, [CallerArgumentExpression(nameof(values))] string? expression = null) =>
        values is IEnumerable sequence and not (string or IDictionary) ? sequence
            : throw new InvalidArgumentException($"AssertProperIterable: '{expression}' is {(values is null ? "null" : $"a {values.GetType().Name}")}, which is no sequence of values; put it into a list.");

    private static Tensor Require(Tensor x, Func<Tensor, Tensor> holds, string assertion, string property, string? expression) => Run(assertion, tensors =>
    {
        Tensor value = tensors[0];
        if (FirstFault(holds(value)) is not { } fault) return;
        throw new AssertionFailedException($"{assertion}: '{expression}' {value.DType.Name()} {value.ConcreteShape} has {fault.Count} of {fault.Of} elements that are not {property}; the first is {ValueAt(value, fault)}{Place(fault)}.");
    }, x);

    private static Tensor Compare(Tensor x, Tensor other, Func<Tensor, Tensor, Tensor> holds, string assertion, string property, string? expression, string? otherExpression) => Run(assertion, tensors =>
    {
        (Tensor a, Tensor b) = (tensors[0], tensors[1]);
        if (FirstFault(holds(a, b)) is not { } fault) return;
        throw new AssertionFailedException($"{assertion}: '{expression}' {a.ConcreteShape} is not everywhere {property} '{otherExpression}' {b.ConcreteShape}: {fault.Count} of {fault.Of} elements are not; the first is {ValueAt(a, fault)} against {ValueAt(b, fault)}{Place(fault)}.");
    }, x, other);

    private static Tensor Run(string assertion, Action<Tensor[]> check, params Tensor[] tensors)
    {
        if (ThreadContext.Current.Observer is { RecordsHostEffects: true })
            return Function.Looking(x => Checked(check, x), assertion)(tensors);
        foreach (Tensor tensor in tensors) tensor.ReadingValue(assertion);
        Checked(check, tensors);
        return tensors[0];
    }

    private static void Checked(Action<Tensor[]> check, Tensor[] tensors)
    {
        using var unrecorded = Unrecorded.Begin();
        using var scope = Temporaries.Begin();
        check(tensors);
    }

    // The first element of a mask that is false.
    private static (long Count, long Of, long[] Index, Shape Shape)? FirstFault(Tensor holds)
    {
        Tensor faults = holds.LogicalNot().Cast(DType.Int64);
        long count = faults.Sum().Item<long>();
        if (count == 0) return null;
        long place = faults.Reshape([-1]).ArgMax(0).Item<long>();
        Shape shape = faults.ConcreteShape;
        long[] index = new long[shape.Rank];
        for (int axis = index.Length - 1; axis >= 0; axis--) (place, index[axis]) = Math.DivRem(place, shape[axis].Value);
        return (count, shape.ElementCount, index, shape);
    }

    private static string ValueAt(Tensor x, (long Count, long Of, long[] Index, Shape Shape) fault)
    {
        Tensor at = x.BroadcastTo(fault.Shape);
        foreach (long place in fault.Index) at = at.Narrow(0, place, 1).Squeeze(0);
        if (at.DType == DType.Bool) return at.Item<bool>() ? "true" : "false";
        return at.DType.IsInteger() ? $"{at.Cast(DType.Int64).Item<long>()}" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{at.Item()}");
    }

    private static string Place((long Count, long Of, long[] Index, Shape Shape) fault) => fault.Index.Length == 0 ? "" : $" at [{string.Join(", ", fault.Index)}]";
}
