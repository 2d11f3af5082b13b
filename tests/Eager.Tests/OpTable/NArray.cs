namespace Eager.Tests.OpTable;

/// <summary>An array of doubles of any rank in plain C#: what references compute with, slow and easy to read.</summary>
/// <param name="values">The elements, the last axis running fastest.</param>
/// <param name="sizes">The sizes, outermost first.</param>
/// <param name="dtype">The dtype that the tensor made of it has whatever the dtype under test, for conditions and indices.</param>
internal sealed class NArray(double[] values, int[] sizes, DType? dtype = null)
{
    internal double[] Values { get; } = values;

    internal int[] Sizes { get; } = sizes;

    internal DType? DType { get; } = dtype;

    internal int Rank => Sizes.Length;

    internal double this[ReadOnlySpan<int> index] => Values[Flat(index)];

    internal static NArray Scalar(double value) => new([value], []);

    internal static NArray Vector(params double[] values) => new(values, [values.Length]);

    internal static NArray Matrix(int rows, params double[] values) => new(values, [rows, values.Length / rows]);

    internal static NArray Empty(params int[] sizes) => new([], sizes);

    /// <summary>Computes each element from its index.</summary>
    internal static NArray Build(int[] sizes, Func<int[], double> element) => new([.. Indices(sizes).Select(element)], sizes);

    /// <summary>All indices of a shape in C order.</summary>
    internal static IEnumerable<int[]> Indices(int[] sizes)
    {
        int count = sizes.Aggregate(1, static (a, b) => a * b);
        for (int flat = 0; flat < count; flat++)
        {
            var index = new int[sizes.Length];
            for (int axis = sizes.Length - 1, rest = flat; axis >= 0; axis--) (rest, index[axis]) = Math.DivRem(rest, sizes[axis]);
            yield return index;
        }
    }

    internal static int[] BroadcastSizes(params IEnumerable<NArray> arrays)
    {
        var all = arrays.ToList();
        int rank = all.Max(static a => a.Rank);
        var sizes = new int[rank];
        for (int i = 1; i <= rank; i++)
        {
            var present = all.Where(a => a.Rank >= i).Select(a => a.Sizes[^i]).ToList();
            sizes[^i] = present.Find(static s => s != 1) is var other && present.TrueForAll(static s => s == 1) ? 1 : other;
        }
        return sizes;
    }

    internal NArray As(DType wanted) => new(Values, Sizes, wanted);

    internal NArray Reshaped(params int[] wanted) => new(Values, wanted, DType);

    internal NArray Map(Func<double, double> f) => new([.. Values.Select(f)], Sizes);

    internal NArray Zip(NArray other, Func<double, double, double> f) =>
        Build(BroadcastSizes(this, other), i => f(Stretched(i), other.Stretched(i)));

    /// <summary>The element that broadcasting puts at an index of a larger shape.</summary>
    internal double Stretched(int[] index)
    {
        var own = new int[Rank];
        for (int i = 1; i <= Rank; i++) own[^i] = Sizes[^i] == 1 ? 0 : index[^i];
        return this[own];
    }

    /// <summary>Reduces over axes, all when none is given.</summary>
    internal NArray Reduce(int[] axes, bool keepDims, Func<double[], double> f)
    {
        bool[] reduced = [.. Enumerable.Range(0, Rank).Select(i => axes.Length == 0 || axes.Any(a => (a + Rank) % Rank == i))];
        int[] kept = [.. Sizes.Select((s, i) => reduced[i] ? 1 : s)];
        int[] gone = [.. Sizes.Select((s, i) => reduced[i] ? s : 1)];
        double[] results = [.. Indices(kept).Select(outer => f([.. Indices(gone).Select(inner => this[Sum(outer, inner)])]))];
        return new(results, keepDims ? kept : [.. Sizes.Where((_, i) => !reduced[i])]);
    }

    /// <summary>Maps each line along an axis to a line of the same length.</summary>
    internal NArray AlongAxis(int axis, Func<double[], double[]> f)
    {
        int at = (axis + Rank) % Rank;
        return Build(Sizes, index => f([.. Enumerable.Range(0, Sizes[at]).Select(k => this[Replaced(index, at, k)])])[index[at]]);
    }

    internal NArray Permuted(params int[] axes) =>
        Build([.. axes.Select(a => Sizes[a])], index =>
        {
            var source = new int[Rank];
            for (int i = 0; i < Rank; i++) source[axes[i]] = index[i];
            return this[source];
        });

    internal NArray Transposed() => Permuted([.. Enumerable.Range(0, Rank).Reverse()]);

    /// <summary>The product of matrices, or of two equal batches of them.</summary>
    internal NArray MatMul(NArray other) =>
        Build([.. Sizes[..^1], other.Sizes[^1]], index =>
            Enumerable.Range(0, Sizes[^1]).Sum(k => this[[.. index[..^1], k]] * other[[.. index[..^2], k, index[^1]]]));

    internal static int[] Replaced(int[] index, int axis, int value)
    {
        var copy = (int[])index.Clone();
        copy[axis] = value;
        return copy;
    }

    public override string ToString() => $"[{string.Join(", ", Sizes)}]";

    private int Flat(ReadOnlySpan<int> index)
    {
        int flat = 0;
        for (int i = 0; i < index.Length; i++) flat = flat * Sizes[i] + index[i];
        return flat;
    }

    private static int[] Sum(int[] a, int[] b) => [.. a.Zip(b, static (x, y) => x + y)];
}
