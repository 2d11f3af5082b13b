using System.Collections;
using System.Runtime.CompilerServices;

namespace Eager;

/// <summary>The sizes of a tensor, outermost first: <c>Shape s = [2, 3]</c>. A scalar's shape is <c>[]</c>.</summary>
/// <remarks>Immutable. A size may be unknown (<c>[null, 784]</c>), or all of them and their number (<see cref="Unknown"/>), where a shape describes what is to come.</remarks>
[CollectionBuilder(typeof(Shape), nameof(Of))]
public sealed class Shape : IReadOnlyList<Dim>, IEquatable<Shape>
{
    private readonly long[] sizes;
    private readonly int[]? symbols;  // null when all sizes are plain numbers

    private Shape(long[] sizes, int[]? symbols) => (this.sizes, this.symbols) = (sizes, symbols);

    /// <summary>The shape of a scalar.</summary>
    public static Shape Scalar { get; } = new([], null);

    /// <summary>A shape of which not even the number of axes is known; every other one is compatible with it.</summary>
    public static Shape Unknown { get; } = new([], null);

    /// <summary>False for <see cref="Unknown"/>, which has no axes to count, pick or list: doing so throws <see cref="InvalidArgumentException"/>.</summary>
    public bool IsRankKnown => !ReferenceEquals(this, Unknown);

    /// <summary>The number of axes.</summary>
    public int Rank => IsRankKnown ? sizes.Length : throw RankUnknown();

    /// <inheritdoc/>
    public int Count => Rank;

    /// <summary>The number of elements; unknown when a size is.</summary>
    public Dim ElementCount
    {
        get
        {
            if (!IsRankKnown) return Dim.Unknown;
            Dim product = 1L;
            for (int i = 0; i < Rank; i++) product *= this[i];
            return product;
        }
    }

    /// <summary>True when no size is unknown.</summary>
    public bool IsFullyKnown => symbols is null && IsRankKnown;

    /// <summary>The sizes in the run at hand.</summary>
    internal ReadOnlySpan<long> Sizes
    {
        get
        {
            if (symbols is not null) ReadUnknown();
            return IsRankKnown ? sizes : throw RankUnknown();
        }
    }

    /// <summary>The sizes in the run at hand, or in a graph that is built by hand those that serve as examples.</summary>
    internal ReadOnlySpan<long> Examples => sizes;

    /// <summary>The size of an axis; a negative axis counts from the end.</summary>
    public Dim this[int axis]
    {
        get
        {
            int i = NormalizeAxis(axis);
            return new(sizes[i], symbols?[i] ?? 0);
        }
    }

    /// <summary>The size of an axis counted from the end.</summary>
    public Dim this[Index axis] => this[axis.IsFromEnd ? -axis.Value : axis.Value];

    /// <summary>The sizes of a range of axes.</summary>
    public Shape this[Range axes]
    {
        get
        {
            (int start, int length) = axes.GetOffsetAndLength(Rank);
            ReadOnlySpan<int> unknown = symbols.AsSpan(symbols is null ? 0 : start, symbols is null ? 0 : length);
            return new(sizes.AsSpan(start, length).ToArray(), unknown.ContainsAnyExcept(0) ? unknown.ToArray() : null);
        }
    }

    /// <summary>Makes a shape of sizes.</summary>
    /// <exception cref="InvalidArgumentException">A size is negative.</exception>
    public static Shape Of(params ReadOnlySpan<Dim> dims)
    {
        if (dims.Length == 0) return Scalar;
        var sizes = new long[dims.Length];
        int[]? symbols = null;
        for (int i = 0; i < dims.Length; i++)
        {
            sizes[i] = dims[i].Example;
            if (dims[i].IsUnknown) (symbols ??= new int[dims.Length])[i] = dims[i].Symbol;
        }
        return new(sizes, symbols);
    }

    /// <summary>Makes a shape of numbers.</summary>
    public static Shape FromSizes(params ReadOnlySpan<long> sizes) => sizes.Length == 0 ? Scalar : new(sizes.ToArray(), null);

    /// <summary>An axis counted from the start, from one that may be negative.</summary>
    /// <exception cref="ShapeMismatchException">There is no such axis.</exception>
    public int NormalizeAxis(int axis)
    {
        int normal = axis < 0 ? axis + Rank : axis;
        return (uint)normal < (uint)Rank ? normal : throw new ShapeMismatchException($"axis {axis} is not one of the {Rank} axes of shape {this}.");
    }

    /// <summary>As <see cref="NormalizeAxis(int)"/>, with an operation's name before the error.</summary>
    internal int NormalizeAxis(int axis, string op)
    {
        if (axis < -Rank || axis >= Rank) throw new ShapeMismatchException($"{op}: axis {axis} is not one of the {Rank} axes of shape {this}.");
        return axis < 0 ? axis + Rank : axis;
    }

    /// <summary>The shape without some axes, or with size 1 in their place; none listed means all.</summary>
    public Shape Reduce(ReadOnlySpan<int> axes, bool keepDims = false)
    {
        Span<bool> reduced = stackalloc bool[Rank];
        foreach (int axis in axes)
        {
            int i = NormalizeAxis(axis);
            if (reduced[i]) throw new ShapeMismatchException($"axes [{string.Join(", ", axes.ToArray())}] of shape {this} name an axis twice.");
            reduced[i] = true;
        }
        if (axes.Length == 0) reduced.Fill(true);
        var dims = new List<Dim>(Rank);
        for (int i = 0; i < Rank; i++)
        {
            if (!reduced[i]) dims.Add(this[i]);
            else if (keepDims) dims.Add(1L);
        }
        return Of([.. dims]);
    }

    /// <summary>The shape with one axis of a size put in; the axis counts in the result.</summary>
    public Shape Insert(int axis, Dim size)
    {
        int at = axis < 0 ? axis + Rank + 1 : axis;
        if ((uint)at > (uint)Rank) throw new ShapeMismatchException($"axis {axis} is no place for a new axis in shape {this}.");
        return Of([.. this.Take(at), size, .. this.Skip(at)]);
    }

    /// <summary>The shape with another size of one axis.</summary>
    public Shape With(int axis, Dim size)
    {
        Dim[] dims = [.. this];
        dims[NormalizeAxis(axis)] = size;
        return Of(dims);
    }

    /// <summary>True when a tensor of the other shape fits where this one is asked for: <c>[5, 10]</c> fits <c>[null, 10]</c>.</summary>
    /// <remarks>Unknown sizes fit every size, and an unknown rank every shape.</remarks>
    public bool IsCompatibleWith(Shape other)
    {
        if (!IsRankKnown || !other.IsRankKnown) return true;
        if (Rank != other.Rank) return false;
        for (int i = 0; i < Rank; i++)
            if (!this[i].IsUnknown && !other[i].IsUnknown && sizes[i] != other.sizes[i]) return false;
        return true;
    }

    /// <summary>What two descriptions of one shape say together: <c>[null, 10]</c> and <c>[5, null]</c> are <c>[5, 10]</c>.</summary>
    /// <exception cref="ShapeMismatchException">They contradict each other.</exception>
    public Shape MergeWith(Shape other)
    {
        if (!IsRankKnown) return other;
        if (!other.IsRankKnown) return this;
        if (Rank != other.Rank) throw new ShapeMismatchException($"MergeWith: {this} and {other} do not describe one shape: ranks {Rank} and {other.Rank} differ.");
        var dims = new Dim[Rank];
        for (int i = 0; i < dims.Length; i++)
        {
            if (!this[i].IsUnknown && !other[i].IsUnknown && sizes[i] != other.sizes[i])
                throw new ShapeMismatchException($"MergeWith: {this} and {other} do not describe one shape: sizes {this[i]} and {other[i]} of axis {i} differ.");
            dims[i] = this[i].IsUnknown && !other[i].IsUnknown ? other[i] : this[i];
        }
        return Of(dims);
    }

    /// <summary>The common shape of two under NumPy's broadcasting: sizes are equal, or one of them is 1 or absent.</summary>
    /// <exception cref="ShapeMismatchException">Two sizes clash.</exception>
    public static Shape Broadcast(Shape a, Shape b)
    {
        if (ReferenceEquals(a, b)) return a;
        if (!a.IsRankKnown || !b.IsRankKnown) return Unknown;
        int rank = Math.Max(a.Rank, b.Rank);
        var dims = new Dim[rank];
        for (int i = 1; i <= rank; i++)
        {
            Dim left = i <= a.Rank ? a[^i] : 1L, right = i <= b.Rank ? b[^i] : 1L;
            dims[^i] = left == right ? left
                : left.Is(1) ? right
                : right.Is(1) ? left
                : left.IsUnknown && right.IsUnknown ? new(left.Example == 1 ? right.Example : left.Example, Dim.Computed)
                : left.IsUnknown ? right
                : right.IsUnknown ? left
                : throw new ShapeMismatchException($"shapes {a} and {b} do not broadcast: sizes {left} and {right} clash.");
        }
        return Of(dims);
    }

    /// <inheritdoc/>
    public bool Equals(Shape? other) => other is not null && (ReferenceEquals(this, other) ||
        (IsRankKnown && other.IsRankKnown && sizes.AsSpan().SequenceEqual(other.sizes) && (symbols ?? []).AsSpan().SequenceEqual(other.symbols ?? [])));

    /// <summary>True when the sizes are equal.</summary>
    public static bool operator ==(Shape? a, Shape? b) => a is null ? b is null : a.Equals(b);

    /// <summary>True when a size differs.</summary>
    public static bool operator !=(Shape? a, Shape? b) => !(a == b);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Shape);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (long size in sizes) hash.Add(size);
        return hash.ToHashCode();
    }

    /// <summary>As in <c>[2, 3]</c>; an unknown size is <c>?</c>, an unknown rank <c>[...]</c>.</summary>
    public override string ToString() => !IsRankKnown ? "[...]" : $"[{string.Join(", ", this)}]";

    /// <inheritdoc/>
    public IEnumerator<Dim> GetEnumerator()
    {
        for (int i = 0; i < Rank; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void ReadUnknown()
    {
        for (int i = 0; i < sizes.Length; i++)
            if (symbols![i] != 0) ThreadContext.Current.Observer?.ReadSize(new(sizes[i], symbols[i]));
    }

    private static InvalidArgumentException RankUnknown() => new("The rank of this shape is not known, so there are no axes to count or pick; ask IsRankKnown first, or take MergeWith of a shape that is known.");
}
