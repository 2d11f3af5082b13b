using System.Globalization;

namespace Eager;

/// <summary>
/// A number that takes the dtype of the tensor it meets: <c>2 * x</c> is of x's dtype.
/// Integers, floating-point numbers and truth values convert to it by themselves.
/// </summary>
/// <remarks>16 bytes, passed by value as far as the native call.</remarks>
public readonly struct Scalar : IEquatable<Scalar>
{
    private readonly long bits;
    private readonly Kind kind;

    private Scalar(long bits, Kind kind) => (this.bits, this.kind) = (bits, kind);

    private enum Kind : long
    {
        None = 0,
        Integer = 1,
        Real = 2,
        Bool = 3,
    }

    /// <summary>True for a number with a fraction type (float, double), whatever its value.</summary>
    public bool IsReal => kind == Kind.Real;

    /// <summary>True for a truth value.</summary>
    public bool IsBool => kind == Kind.Bool;

    /// <summary>The number as a double.</summary>
    public double ToDouble() => kind == Kind.Real ? BitConverter.Int64BitsToDouble(bits) : bits;

    /// <summary>The number as an integer; a fraction is cut off.</summary>
    public long ToInt64() => kind == Kind.Real ? (long)BitConverter.Int64BitsToDouble(bits) : bits;

    /// <summary>An integer.</summary>
    public static implicit operator Scalar(int value) => new(value, Kind.Integer);

    /// <summary>An integer.</summary>
    public static implicit operator Scalar(long value) => new(value, Kind.Integer);

    /// <summary>A floating-point number.</summary>
    public static implicit operator Scalar(float value) => new(BitConverter.DoubleToInt64Bits(value), Kind.Real);

    /// <summary>A floating-point number.</summary>
    public static implicit operator Scalar(double value) => new(BitConverter.DoubleToInt64Bits(value), Kind.Real);

    /// <summary>A truth value.</summary>
    public static implicit operator Scalar(bool value) => new(value ? 1 : 0, Kind.Bool);

    /// <summary>True when both are of one kind and value.</summary>
    public static bool operator ==(Scalar a, Scalar b) => a.Equals(b);

    /// <summary>True when kind or value differ.</summary>
    public static bool operator !=(Scalar a, Scalar b) => !a.Equals(b);

    /// <inheritdoc/>
    public bool Equals(Scalar other) => bits == other.bits && kind == other.kind;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Scalar other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(bits, kind);

    /// <inheritdoc/>
    public override string ToString() => kind switch
    {
        Kind.Real => ToDouble().ToString(CultureInfo.InvariantCulture),
        Kind.Bool => bits != 0 ? "True" : "False",
        Kind.Integer => bits.ToString(CultureInfo.InvariantCulture),
        _ => "none",
    };
}
