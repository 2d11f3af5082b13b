using Eager.Train.Summaries.Protos;

namespace Eager.Train;

/// <summary>How many numbers lie in a range.</summary>
/// <param name="Left">The range's start, which belongs to it.</param>
/// <param name="Right">The range's end, which belongs to the last range only.</param>
/// <param name="Count">How many numbers.</param>
public readonly record struct HistogramBucket(double Left, double Right, double Count);

public sealed partial class Summary
{
    /// <summary>How many ranges a histogram has unless told otherwise; as many as TensorBoard draws.</summary>
    public const int DefaultBuckets = 30;

    /// <summary>The distribution of a tensor's elements, over ranges of equal width from the smallest to the largest.</summary>
    /// <param name="tag">The histogram's name.</param>
    /// <param name="values">A tensor of any shape and any real, integer or bool dtype. One without elements gives empty ranges; if all elements are equal, they are in the last range.</param>
    /// <param name="buckets">The number of ranges.</param>
    /// <exception cref="InvalidArgumentException">An element is NaN or infinite, <paramref name="buckets"/> is not positive or <paramref name="tag"/> is empty.</exception>
    /// <exception cref="DTypeMismatchException">The tensor is complex.</exception>
    public static Summary Histogram(string tag, Tensor values, int buckets = DefaultBuckets)
    {
        if (buckets <= 0) throw new InvalidArgumentException($"Histogram: '{tag}' is to have {buckets} buckets; it takes at least 1.");
        double[] numbers = Doubles(nameof(Histogram), tag, values);
        RequireFinite(nameof(Histogram), tag, numbers);
        double[] rows = [.. Count(numbers, buckets).SelectMany(static b => new[] { b.Left, b.Right, b.Count })];
        return new(Value(nameof(Histogram), tag, "histograms", DataClass.Tensor, Numbers([buckets, 3], rows)));
    }

    internal static HistogramBucket[] Count(ReadOnlySpan<double> numbers, int buckets)
    {
        var counted = new HistogramBucket[buckets];
        if (numbers.IsEmpty) return counted;
        double min = double.PositiveInfinity, max = double.NegativeInfinity;
        foreach (double number in numbers) (min, max) = (Math.Min(min, number), Math.Max(max, number));
        // Halves, because the whole width of ±10³⁰⁸ is infinite.
        double halfWidth = max / 2 - min / 2;
        if (halfWidth == 0)
        {
            Array.Fill(counted, new(max, max, 0));
            counted[^1] = new(max, max, numbers.Length);
            return counted;
        }

        var edges = new double[buckets + 1];
        for (int i = 0; i <= buckets; i++) edges[i] = double.Lerp(min, max, (double)i / buckets);
        var counts = new long[buckets];
        foreach (double number in numbers)
        {
            int bucket = Math.Min((int)((number / 2 - min / 2) / halfWidth * buckets), buckets - 1);
            // What rounding put beside an edge goes to the side on which the stored edges say that it is.
            while (bucket > 0 && number < edges[bucket]) bucket--;
            while (bucket < buckets - 1 && number >= edges[bucket + 1]) bucket++;
            counts[bucket]++;
        }
        for (int i = 0; i < buckets; i++) counted[i] = new(edges[i], edges[i + 1], counts[i]);
        return counted;
    }

    private static void RequireFinite(string kind, string tag, ReadOnlySpan<double> numbers)
    {
        int nan = 0, infinite = 0;
        foreach (double number in numbers)
        {
            if (double.IsNaN(number)) nan++;
            else if (double.IsInfinity(number)) infinite++;
        }
        if (nan + infinite > 0)
            throw new InvalidArgumentException($"{kind}: '{tag}' holds {nan} NaN and {infinite} infinite of its {numbers.Length} elements, which have no place in it; find where they come from, or replace them with Where.");
    }
}
