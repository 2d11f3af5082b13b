using System.Globalization;

namespace Eager;

/// <summary>
/// One size of a shape: a number, or in a traced function a number that stands for any other.
/// It converts to and from <see cref="long"/> by itself.
/// </summary>
/// <remarks>
/// A symbol above zero names an unknown size ("the batch"): equal symbols are equal sizes. <see cref="Computed"/> marks
/// a size that was computed from unknown ones, of which no more is known.
/// </remarks>
public readonly struct Dim : IEquatable<Dim>
{
    /// <summary>The symbol of a size that depends on an unknown one.</summary>
    internal const int Computed = -1;

    private static int lastSymbol;

    internal Dim(long value, int symbol) => (Value, Symbol) = (value, symbol);

    /// <summary>The size in the run at hand; −1 where a shape was written with an unknown size.</summary>
    public long Value { get; }

    /// <summary>True when other runs may have another size here.</summary>
    public bool IsUnknown => Symbol != 0;

    /// <summary>Zero for a plain number.</summary>
    internal int Symbol { get; }

    /// <summary>A size that is not known, as the <c>null</c> of <c>[null, 784]</c>.</summary>
    public static Dim Unknown => new(-1, Interlocked.Increment(ref lastSymbol));

    /// <summary>A plain number.</summary>
    public static implicit operator Dim(long value) => new(value, 0);

    /// <summary>A plain number.</summary>
    public static implicit operator Dim(int value) => new(value, 0);

    /// <summary>A number, or unknown for <c>null</c>.</summary>
    public static implicit operator Dim(int? value) => value is int known ? new(known, 0) : Unknown;

    /// <summary>The size in the run at hand.</summary>
    public static implicit operator long(Dim dim) => dim.Value;

    /// <summary>Sum of sizes; an unknown size and zero is that size.</summary>
    public static Dim operator +(Dim a, Dim b) =>
        a is { Value: 0, Symbol: 0 } ? b : b is { Value: 0, Symbol: 0 } ? a : Combine(a.Value + b.Value, a, b);

    /// <summary>Difference of sizes; an unknown size less zero is that size.</summary>
    public static Dim operator -(Dim a, Dim b) => b is { Value: 0, Symbol: 0 } ? a : Combine(a.Value - b.Value, a, b);

    /// <summary>Product of sizes; one times an unknown size is that size.</summary>
    public static Dim operator *(Dim a, Dim b) =>
        a is { Value: 1, Symbol: 0 } ? b : b is { Value: 1, Symbol: 0 } ? a : Combine(a.Value * b.Value, a, b);

    /// <summary>Quotient of sizes, rounded down.</summary>
    public static Dim operator /(Dim a, Dim b) => b is { Value: 1, Symbol: 0 } ? a : Combine(RoundedDown(a.Value, b.Value), a, b);

    /// <summary>True when both are the same number or the same unknown.</summary>
    public static bool operator ==(Dim a, Dim b) => a.Equals(b);

    /// <summary>True when the sizes differ or are not known to be equal.</summary>
    public static bool operator !=(Dim a, Dim b) => !a.Equals(b);

    /// <inheritdoc/>
    public bool Equals(Dim other) => Value == other.Value && Symbol == other.Symbol && Symbol != Computed;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Dim other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Value, Symbol);

    /// <summary>The number, or <c>?</c> when it is unknown.</summary>
    public override string ToString() => IsUnknown ? "?" : Value.ToString(CultureInfo.InvariantCulture);

    private static long RoundedDown(long a, long b)
    {
        (long quotient, long remainder) = Math.DivRem(a, b);
        return remainder != 0 && remainder < 0 != b < 0 ? quotient - 1 : quotient;
    }

    private static Dim Combine(long value, Dim a, Dim b) => new(value, a.IsUnknown || b.IsUnknown ? Computed : 0);
}
