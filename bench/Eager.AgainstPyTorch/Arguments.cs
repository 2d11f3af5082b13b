namespace Eager.AgainstPyTorch;

/// <summary>An argument in float64, to be rounded to the dtype under test unless it has one of its own.</summary>
internal sealed record Argument(double[] Values, long[] Sizes, DType? DType = null)
{
    internal Tensor Make(DType underTest) => Tensor.From(Values, Shape.FromSizes(Sizes)).Cast(DType ?? underTest);

    internal static Argument Real(System.Random random, double low, double high, params long[] sizes) => Fill(sizes, () => low + (high - low) * random.NextDouble());

    /// <summary>Whole numbers of the dtype under test.</summary>
    internal static Argument Integers(System.Random random, int low, int end, params long[] sizes) => Fill(sizes, () => random.Next(low, end));

    /// <summary>Places from 0 up to a size, int64, which may occur more than once.</summary>
    internal static Argument Places(System.Random random, long end, params long[] sizes) => Integers(random, 0, (int)end, sizes) with { DType = Eager.DType.Int64 };

    /// <summary>Places from 0 up to a size, int64, each once along the last axis.</summary>
    internal static Argument DistinctPlaces(System.Random random, int end, params long[] sizes)
    {
        var rows = new double[sizes.Aggregate(1L, static (a, b) => a * b) / sizes[^1]][];
        for (int i = 0; i < rows.Length; i++)
        {
            double[] order = [.. Enumerable.Range(0, end).Select(static k => (double)k)];
            random.Shuffle(order);
            rows[i] = order[..(int)sizes[^1]];
        }
        return new([.. rows.SelectMany(static row => row)], sizes, Eager.DType.Int64);
    }

    internal static Argument Truths(System.Random random, params long[] sizes) => Integers(random, 0, 2, sizes) with { DType = Eager.DType.Bool };

    /// <summary>Square matrices with 2, 3, 4... on the diagonal and noise below ½ elsewhere: eigenvalues and singular values are apart, condition numbers small.</summary>
    internal static Argument Matrices(System.Random random, params long[] sizes)
    {
        Argument noise = Real(random, -0.3, 0.3, sizes);
        long columns = sizes[^1], rows = sizes[^2];
        for (long i = 0; i < noise.Values.Length; i++)
            if (i / columns % rows == i % columns) noise.Values[i] += 2 + i % columns;
        return noise;
    }

    /// <summary>Up to three axes of up to eight elements.</summary>
    internal static long[] AnySizes(System.Random random) => [.. Enumerable.Range(0, random.Next(4)).Select(_ => (long)random.Next(1, 9))];

    /// <summary>Some axes of two to seven elements.</summary>
    internal static long[] AnySizes(System.Random random, int rank) => [.. Enumerable.Range(0, rank).Select(_ => (long)random.Next(2, 8))];

    /// <summary>Two arguments whose shapes broadcast.</summary>
    internal static Argument[] PairOf(System.Random random, Func<System.Random, long[], Argument> make)
    {
        long[] whole = AnySizes(random, 3);
        return [make(random, Part()), make(random, Part())];

        long[] Part() => random.Next(6) switch
        {
            0 => [],
            1 => whole[2..],
            2 => whole[1..],
            3 => [whole[0], 1, whole[2]],
            4 => [1, whole[1], 1],
            _ => whole,
        };
    }

    internal static Argument[] Pair(System.Random random, double low, double high) => PairOf(random, (r, sizes) => Real(r, low, high, sizes));

    /// <summary>Two arguments of one shape.</summary>
    internal static Argument[] Twins(System.Random random, double low, double high, int rank)
    {
        long[] sizes = AnySizes(random, rank);
        return [Real(random, low, high, sizes), Real(random, low, high, sizes)];
    }

    private static Argument Fill(long[] sizes, Func<double> next)
    {
        var values = new double[sizes.Aggregate(1L, static (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++) values[i] = next();
        return new(values, sizes);
    }
}
