namespace Eager.Generator;

/// <summary>What a kernel does beside computing its results, as far as its schema tells: the passes over recorded programs rely on it (Native/program.h).</summary>
public static class Effects
{
    // What their schemas do not say: batch norm moves its running statistics, and C# code may do anything.
    private static readonly HashSet<string> Others = ["native_batch_norm", "call_host"];

    // conj_physical hands a real input back; reshape and slice are our own.
    private static readonly HashSet<string> Views = ["conj_physical", "reshape", "slice"];

    // Of our own kernels, those that take every value.
    private static readonly HashSet<string> Total = ["sum_all", "mean_all", "sparse_cross_entropy_backward"];

    /// <summary>The name of the effect in C++.</summary>
    public static string Of(Schema schema)
    {
        if (schema.Text.Contains('!') || schema.Name.EndsWith('_') || schema.Parameters.Any(p => p.Type == "Generator?") || Others.Contains(schema.Name)) return "other";
        if (schema.Text.Contains("(a") || Views.Contains(schema.Name)) return "view";
        if (schema.Namespace != "aten") return Total.Contains(schema.Name) ? "pure" : "refusing";
        // Places out of range and matrices without an inverse are found out when the kernel runs.
        bool looksAtValues = schema.Name.Contains("linalg") || schema.Parameters.Any(p => p.Name is "index" or "indices");
        return looksAtValues ? "refusing" : "pure";
    }
}
