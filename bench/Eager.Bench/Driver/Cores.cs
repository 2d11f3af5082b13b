using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Eager.Bench;

/// <summary>
/// The cores of a virtual machine need not be equally quick: a neighbour may sit on the other half of one. With one
/// thread all contestants therefore run on the same core.
/// </summary>
internal static partial class Cores
{
    private const int Turns = 5;
    private const int Additions = 5_000_000;

    /// <summary>The core on which a loop of additions is quickest at the moment.</summary>
    public static int Quickest()
    {
        var best = Enumerable.Repeat(TimeSpan.MaxValue, Math.Min(Environment.ProcessorCount, 64)).ToArray();
        // A thread of its own, since it stays where it was put.
        var thread = new Thread(() =>
        {
            for (var turn = 0; turn < Turns; turn++)
            {
                for (var core = 0; core < best.Length; core++)
                    best[core] = Min(best[core], TimeOn(core));
            }
        });
        thread.Start();
        thread.Join();
        return Array.IndexOf(best, best.Min());
    }

    private static TimeSpan TimeOn(int core)
    {
        // A core that this process may not use leaves the thread where it is.
        if (SetAffinity(0, sizeof(ulong), 1UL << core) != 0)
            return TimeSpan.MaxValue;
        var start = Stopwatch.GetTimestamp();
        var sum = 0.0;
        for (var i = 0; i < Additions; i++)
            sum += i * 0.5;
        GC.KeepAlive(sum);
        return Stopwatch.GetElapsedTime(start);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nint size, in ulong mask);
}
