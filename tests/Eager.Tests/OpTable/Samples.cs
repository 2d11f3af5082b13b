namespace Eager.Tests.OpTable;

/// <summary>Sets of dtypes that rows and samples name.</summary>
internal static class Kinds
{
    /// <summary>float32 and float64.</summary>
    internal static readonly DType[] Wide = [DType.Float32, DType.Float64];

    /// <summary>Without float16, for which LibTorch's CPU kernels of many functions are missing.</summary>
    internal static readonly DType[] NoHalf = [DType.BFloat16, .. Wide];

    internal static readonly DType[] Floats = [DType.Float16, .. NoHalf];

    internal static readonly DType[] Signed = [DType.Int8, DType.Int16, DType.Int32, DType.Int64];

    internal static readonly DType[] Integers = [DType.UInt8, .. Signed];

    internal static readonly DType[] Bools = [DType.Bool];

    internal static readonly DType[] Numbers = [.. Integers, .. Floats];

    internal static readonly DType[] Real = [.. Bools, .. Numbers];
}

/// <summary>One set of arguments of an operation.</summary>
internal sealed record Sample(string Name, params NArray[] Inputs)
{
    /// <summary>The dtypes for which the values make sense.</summary>
    internal DType[] For { get; init; } = Kinds.Floats;

    /// <summary>False at kinks and special values, where differences say nothing.</summary>
    internal bool Smooth { get; init; } = true;

    /// <summary>How this sample calls the operation, when not as the row says.</summary>
    internal Func<Tensor[], DType, Tensor[]>? Call { get; init; }

    /// <summary>What this sample gives, when not as the row says.</summary>
    internal Func<NArray[], NArray[]>? Expect { get; init; }

    /// <summary>This sample with attributes of its own.</summary>
    internal Sample With(Func<Tensor[], Tensor> call, Func<NArray[], NArray> expect) =>
        this with { Call = (x, _) => [call(x)], Expect = x => [expect(x)] };

    public override string ToString() => $"{Name} ({string.Join(", ", Inputs.Select(static i => i.ToString()))})";
}

/// <summary>Arguments that many operations share.</summary>
internal static class Samples
{
    /// <summary>Distinct numbers evenly spaced within a range and shuffled; two seeds give no number twice.</summary>
    internal static NArray Spread(int seed, double low, double high, params int[] sizes)
    {
        int count = sizes.Aggregate(1, static (a, b) => a * b);
        int[] order = [.. Enumerable.Range(0, count)];
        new Random(seed).Shuffle(order);
        double offset = 0.2 + 0.6 * (seed * 0.618 % 1);
        return new([.. order.Select(k => low + (high - low) * (k + offset) / count)], sizes);
    }

    /// <summary>Integers within a range, both ends included, without 0.</summary>
    internal static NArray Whole(int seed, int low, int high, params int[] sizes)
    {
        var random = new Random(seed);
        return NArray.Build(sizes, _ => random.Next(low, high + 1) is var k && k == 0 ? high : k);
    }

    /// <summary>Truth values, as many true as false.</summary>
    internal static NArray Truths(int seed, params int[] sizes) => Spread(seed, -1, 1, sizes).Map(static v => v > 0 ? 1 : 0).As(DType.Bool);

    /// <summary>One floating-point tensor with numbers from a range: a matrix, a vector, a scalar, an empty one.</summary>
    internal static Sample[] Real(double low, double high) =>
    [
        new("matrix", Spread(1, low, high, 3, 4)),
        new("vector", Spread(2, low, high, 5)),
        new("scalar", Spread(3, low, high)),
        new("empty", NArray.Empty(0, 3)),
    ];

    /// <summary>Infinities, zeros and what is not a number.</summary>
    internal static Sample Special => new("special", NArray.Vector(double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0.0, -0.0)) { Smooth = false };

    /// <summary>One integer tensor.</summary>
    internal static Sample[] Integers =>
    [
        new("whole numbers", Whole(1, 1, 9, 3, 4)) { For = Kinds.Integers },
        new("signed whole numbers", NArray.Vector(-9, -2, -1, 0, 1, 7)) { For = Kinds.Signed },
        new("no whole numbers", NArray.Empty(2, 0)) { For = Kinds.Integers },
    ];

    /// <summary>One bool tensor.</summary>
    internal static Sample[] Bools => [new("truth values", Truths(1, 3, 4)) { For = Kinds.Bools }];

    /// <summary>Two floating-point tensors that broadcast in every way.</summary>
    internal static Sample[] RealPair(double lowA, double highA, double lowB, double highB) =>
    [
        new("equal shapes", Spread(1, lowA, highA, 3, 4), Spread(2, lowB, highB, 3, 4)),
        new("column and row", Spread(3, lowA, highA, 3, 1), Spread(4, lowB, highB, 4)),
        new("scalar on the left", Spread(5, lowA, highA), Spread(6, lowB, highB, 2, 3)),
        new("scalar on the right", Spread(7, lowA, highA, 2, 1, 3), Spread(8, lowB, highB)),
        new("two scalars", Spread(9, lowA, highA), Spread(10, lowB, highB)),
        new("empty", NArray.Empty(0, 3), Spread(11, lowB, highB, 3)),
    ];

    /// <summary>Every pair of special numbers.</summary>
    internal static Sample SpecialPair
    {
        get
        {
            double[] numbers = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0.0, -0.0, 1.5, -1.5];
            return new("special", new NArray(numbers, [numbers.Length, 1]), NArray.Vector(numbers)) { Smooth = false };
        }
    }

    /// <summary>Two integer tensors; the second has no zero.</summary>
    internal static Sample[] IntegerPair =>
    [
        new("whole numbers", Whole(1, 1, 9, 3, 4), Whole(2, 1, 4, 4)) { For = Kinds.Integers },
        new("signed whole numbers", Whole(3, -9, 9, 4, 1), Whole(4, -4, 4, 5)) { For = Kinds.Signed },
        new("no whole numbers", NArray.Empty(2, 0), Whole(5, 1, 4, 1, 1)) { For = Kinds.Integers },
    ];

    /// <summary>Every pair of truth values.</summary>
    internal static Sample[] BoolPair => [new("truth table", new NArray([0, 1], [2, 1], DType.Bool), new NArray([0, 1], [2], DType.Bool)) { For = Kinds.Bools }];
}
