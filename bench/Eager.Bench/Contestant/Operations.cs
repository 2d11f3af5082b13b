using Eager.Autograd;

namespace Eager.Bench;

/// <summary>W1: small operations, each in a loop of its own, so that nothing but the operation is timed.</summary>
internal sealed class Operations
{
    private const int OperationsOnATape = 50;

    // One long batch, with dozens of collections: a short one could fall between two and cost less than it owes.
    private const int CollectedFactor = 8;

    private static readonly Tensor B = Tensor.Range(0, 10, dtype: DType.Float32), N = Tensor.Ones([4, 4]);
    private static readonly Operands Plain = new(B.Clone(), N.Clone());
    private static readonly Operands Watched = new(new Variable(B), new Variable(N));

    private static readonly Dictionary<string, Action<int, Operands>> Disposed = new()
    {
        ["add"] = static (n, x) => { for (var i = 0; i < n; i++) (x.A + B).Dispose(); },
        ["mul"] = static (n, x) => { for (var i = 0; i < n; i++) (x.A * B).Dispose(); },
        ["relu"] = static (n, x) => { for (var i = 0; i < n; i++) x.A.Relu().Dispose(); },
        ["sum"] = static (n, x) => { for (var i = 0; i < n; i++) x.A.Sum().Dispose(); },
        ["mm"] = static (n, x) => { for (var i = 0; i < n; i++) x.M.MatMul(N).Dispose(); },
        ["reshape"] = static (n, x) => { for (var i = 0; i < n; i++) x.A.Reshape([2, 5]).Dispose(); },
        ["slice"] = static (n, x) => { for (var i = 0; i < n; i++) x.A.Narrow(0, 2, 5).Dispose(); },
        ["add_scalar"] = static (n, x) => { for (var i = 0; i < n; i++) (x.A + 2.5f).Dispose(); },
    };

    private static readonly Dictionary<string, Action<int, Operands>> Collected = new()
    {
        ["add"] = static (n, x) => { for (var i = 0; i < n; i++) _ = x.A + B; },
        ["mul"] = static (n, x) => { for (var i = 0; i < n; i++) _ = x.A * B; },
        ["relu"] = static (n, x) => { for (var i = 0; i < n; i++) x.A.Relu(); },
        ["sum"] = static (n, x) => { for (var i = 0; i < n; i++) x.A.Sum(); },
        ["mm"] = static (n, x) => { for (var i = 0; i < n; i++) x.M.MatMul(N); },
        ["reshape"] = static (n, x) => { for (var i = 0; i < n; i++) x.A.Reshape([2, 5]); },
        ["slice"] = static (n, x) => { for (var i = 0; i < n; i++) x.A.Narrow(0, 2, 5); },
        ["add_scalar"] = static (n, x) => { for (var i = 0; i < n; i++) _ = x.A + 2.5f; },
    };

    public double Nanoseconds(string op, string variant, double seconds) => variant switch
    {
        "disposed" => Quickest.Of(n => Disposed[op](n, Plain), seconds, batches: 10),
        "recorded" => Quickest.Of(n => OnTapes(n, Disposed[op]), seconds, batches: 10),
        "collected" => Quickest.Of(n => Collected[op](n, Plain), CollectedFactor * seconds, batches: 1),
        _ => throw new BenchmarkException($"unknown variant {variant}"),
    };

    /// <summary>A tape for each fifty operations, about what a training step records.</summary>
    private static void OnTapes(int count, Action<int, Operands> loop)
    {
        for (var i = 0; i < count; i += OperationsOnATape)
        {
            using var tape = new GradientTape();
            loop(Math.Min(OperationsOnATape, count - i), Watched);
        }
    }

    /// <summary>What changes between the variants: a vector of ten and a 4×4 matrix, the left operands.</summary>
    private sealed record Operands(Tensor A, Tensor M);
}
