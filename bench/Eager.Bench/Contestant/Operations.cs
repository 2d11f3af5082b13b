using System.Diagnostics;

namespace Eager.Bench;

/// <summary>W1: small operations, each in a loop of its own, so that nothing but the operation is timed.</summary>
internal sealed class Operations
{
    private static readonly Tensor A = Tensor.Range(0, 10, dtype: DType.Float32), B = A.Clone();
    private static readonly Tensor M = Tensor.Ones([4, 4]), N = Tensor.Ones([4, 4]);

    private static readonly Dictionary<string, Action<int>> Disposed = new()
    {
        ["add"] = static n => { for (var i = 0; i < n; i++) (A + B).Dispose(); },
        ["mul"] = static n => { for (var i = 0; i < n; i++) (A * B).Dispose(); },
        ["relu"] = static n => { for (var i = 0; i < n; i++) A.Relu().Dispose(); },
        ["sum"] = static n => { for (var i = 0; i < n; i++) A.Sum().Dispose(); },
        ["mm"] = static n => { for (var i = 0; i < n; i++) M.MatMul(N).Dispose(); },
        ["reshape"] = static n => { for (var i = 0; i < n; i++) A.Reshape([2, 5]).Dispose(); },
        ["slice"] = static n => { for (var i = 0; i < n; i++) A.Narrow(0, 2, 5).Dispose(); },
        ["add_scalar"] = static n => { for (var i = 0; i < n; i++) (A + 2.5f).Dispose(); },
    };

    private static readonly Dictionary<string, Action<int>> Collected = new()
    {
        ["add"] = static n => { for (var i = 0; i < n; i++) _ = A + B; },
        ["mul"] = static n => { for (var i = 0; i < n; i++) _ = A * B; },
        ["relu"] = static n => { for (var i = 0; i < n; i++) A.Relu(); },
        ["sum"] = static n => { for (var i = 0; i < n; i++) A.Sum(); },
        ["mm"] = static n => { for (var i = 0; i < n; i++) M.MatMul(N); },
        ["reshape"] = static n => { for (var i = 0; i < n; i++) A.Reshape([2, 5]); },
        ["slice"] = static n => { for (var i = 0; i < n; i++) A.Narrow(0, 2, 5); },
        ["add_scalar"] = static n => { for (var i = 0; i < n; i++) _ = A + 2.5f; },
    };

    public double Nanoseconds(string op, string variant, double seconds) => variant switch
    {
        "disposed" => Quickest(Disposed[op], seconds, batches: 10),
        // One long batch: a short one could fall between two collections and cost less than it owes.
        "collected" => Quickest(Collected[op], seconds, batches: 1),
        _ => throw new BenchmarkException($"unknown variant {variant}"),
    };

    private static double Quickest(Action<int> loop, double seconds, int batches)
    {
        Time(loop, 1_000);
        var count = Math.Max(1, (int)(seconds / batches / Time(loop, 2_000)));
        return Enumerable.Range(0, batches).Min(_ => Time(loop, count)) * 1e9;
    }

    private static double Time(Action<int> loop, int count)
    {
        var start = Stopwatch.GetTimestamp();
        loop(count);
        return Stopwatch.GetElapsedTime(start).TotalSeconds / count;
    }
}
