using System.Globalization;

namespace Eager;

/// <summary>
/// One size of a shape: a number, or in a traced function a number that stands for any other.
/// It converts to and from <see cref="long"/> by itself.
/// </summary>
/// <remarks>
/// A symbol above zero names an unknown size ("the batch"), one below zero what was computed from such: equal symbols are equal sizes.
/// <see cref="Computed"/> marks a size that depends on unknown ones in a way that is not known.
/// </remarks>
public readonly struct Dim : IEquatable<Dim>
{
    /// <summary>The symbol of a size that depends on an unknown one.</summary>
    internal const int Computed = -1;

    private static int lastSymbol;

    private readonly long value;

    internal Dim(long value, int symbol) => (this.value, Symbol) = (value, symbol);

    /// <summary>The size in the run at hand; −1 where a shape was written with an unknown size.</summary>
    /// <exception cref="TracingException">A graph is being built by hand, and runs of it may have another size here.</exception>
    public long Value
    {
        get
        {
            if (Symbol != 0) ThreadContext.Current.Observer?.ReadSize(this);
            return value;
        }
    }

    /// <summary>The size in the run at hand, or in a graph that is built by hand one that serves as an example.</summary>
    internal long Example => value;

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
        a.Is(0) ? b : b.Is(0) ? a : Combine('+', a.value + b.value, a, b);

    /// <summary>Difference of sizes; an unknown size less zero is that size.</summary>
    public static Dim operator -(Dim a, Dim b) => b.Is(0) ? a : Combine('-', a.value - b.value, a, b);

    /// <summary>Product of sizes; one times an unknown size is that size.</summary>
    public static Dim operator *(Dim a, Dim b) =>
        a.Is(1) ? b : b.Is(1) ? a : Combine('*', a.value * b.value, a, b);

    /// <summary>Quotient of sizes, rounded down.</summary>
    public static Dim operator /(Dim a, Dim b) => b.Is(1) ? a : Combine('/', RoundedDown(a.value, b.value), a, b);

    /// <summary>True when both are the same number or the same unknown.</summary>
    public static bool operator ==(Dim a, Dim b) => a.Equals(b);

    /// <summary>True when the sizes differ or are not known to be equal.</summary>
    public static bool operator !=(Dim a, Dim b) => !a.Equals(b);

    /// <inheritdoc/>
    public bool Equals(Dim other) => value == other.value && Symbol == other.Symbol && Symbol != Computed;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Dim other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(value, Symbol);

    /// <summary>The number, or <c>?</c> when it is unknown.</summary>
    public override string ToString() => IsUnknown ? "?" : value.ToString(CultureInfo.InvariantCulture);

    /// <summary>True for this plain number.</summary>
    internal bool Is(long number) => Symbol == 0 && value == number;

    internal static long RoundedDown(long a, long b)
    {
        (long quotient, long remainder) = Math.DivRem(a, b);
        return remainder != 0 && remainder < 0 != b < 0 ? quotient - 1 : quotient;
    }

    private static Dim Combine(char operation, long value, Dim a, Dim b) =>
        !a.IsUnknown && !b.IsUnknown ? new(value, 0)
        : a.Symbol == Computed || b.Symbol == Computed ? new(value, Computed)
        : new(value, SizeExpression.SymbolOf(operation, a, b));
}
