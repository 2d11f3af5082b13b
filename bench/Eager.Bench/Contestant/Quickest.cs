using System.Diagnostics;

namespace Eager.Bench;

/// <summary>The quickest of several batches of one thing.</summary>
internal static class Quickest
{
    // The runtime compiles a hot method anew after a tenth of a second, twice; what comes before is not the library's speed.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.6);

    /// <summary>What is waited for at the end of a batch, since a GPU works on after a call has returned.</summary>
    public static Device Device { get; set; }

    /// <summary>Nanoseconds that one run takes.</summary>
    /// <param name="loop">Runs as often as it is told.</param>
    /// <param name="seconds">For all batches together.</param>
    /// <param name="batches">How many.</param>
    /// <param name="first">Runs at a time before it is known how long one takes.</param>
    public static double Of(Action<int> loop, double seconds, int batches, int first = 1_000)
    {
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < WarmUp;) Time(loop, first);
        var count = Math.Max(1, (int)(seconds / batches / Time(loop, first)));
        return Enumerable.Range(0, batches).Min(_ => Time(loop, count)) * 1e9;
    }

    private static double Time(Action<int> loop, int count)
    {
        var start = Stopwatch.GetTimestamp();
        loop(count);
        Device.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / count;
    }
}
