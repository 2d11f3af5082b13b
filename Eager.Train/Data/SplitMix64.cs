namespace Eager.Train;

/// <summary>
/// A small generator of random numbers for the order of datasets: the same on every machine, and quick to start anew for each epoch.
/// Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
/// </summary>
internal struct SplitMix64(ulong seed)
{
    private ulong state = seed;

    /// <summary>The next 64 random bits.</summary>
    public ulong Next()
    {
        state += 0x9E3779B97F4A7C15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 up to, not including, a bound, each equally likely: Lemire, "Fast Random Integer Generation in an Interval", 2019.</summary>
    public ulong Below(ulong bound)
    {
        ulong high = Math.BigMul(Next(), bound, out ulong low);
        if (low < bound)
        {
            ulong threshold = unchecked(0 - bound) % bound;
            while (low < threshold) high = Math.BigMul(Next(), bound, out low);
        }
        return high;
    }

    /// <summary>The numbers from 0 up to, not including, a count in random order (Fisher and Yates).</summary>
    public long[] Permutation(long count)
    {
        var order = new long[count];
        for (long i = 0; i < count; i++)
        {
            long j = (long)Below((ulong)i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }
}
