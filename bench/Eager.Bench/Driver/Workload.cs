namespace Eager.Bench;

/// <summary>What a workload's amount counts.</summary>
internal enum Amount
{
    /// <summary>Gigabytes read and written: a share of the machine's copying.</summary>
    Gigabytes,

    /// <summary>Billions of multiplications and additions: a share of the machine's matrix products.</summary>
    Gigaflops,

    /// <summary>Times that something small is repeated: a cost each.</summary>
    Items,
}

/// <summary>One thing to compute that the contestants know by name (bench/README.md says what each does).</summary>
internal sealed record Workload(string Row, string Name, string Title, Amount Kind, double Amount, bool NumPyHasIt = false)
{
    private const double Million = 1e-3;  // of gigabytes or gigaflops

    public static readonly IReadOnlyList<Workload> All =
    [
        // Ten million float32 numbers are 40 MB; each operation reads and writes its arguments once.
        new("W2", "multiply_add", "x·y + z", Bench.Amount.Gigabytes, 240 * Million, NumPyHasIt: true),
        new("W2", "relu", "relu", Bench.Amount.Gigabytes, 80 * Million, NumPyHasIt: true),
        new("W2", "exp", "exp", Bench.Amount.Gigabytes, 80 * Million, NumPyHasIt: true),
        new("W2", "sum", "sum", Bench.Amount.Gigabytes, 40 * Million, NumPyHasIt: true),
        new("W2", "layer_norm", "layer norm, rows of 1,000", Bench.Amount.Gigabytes, 80 * Million),
        new("W3", "matmul_256", "matmul 256", Bench.Amount.Gigaflops, Product(256, 256, 256), NumPyHasIt: true),
        new("W3", "matmul_1024", "matmul 1024", Bench.Amount.Gigaflops, Product(1024, 1024, 1024), NumPyHasIt: true),
        new("W3", "matmul_2048", "matmul 2048", Bench.Amount.Gigaflops, Product(2048, 2048, 2048), NumPyHasIt: true),
        new("W3", "matmul_batched", "64 × matmul 64", Bench.Amount.Gigaflops, 64 * Product(64, 64, 64), NumPyHasIt: true),
        new("W3", "conv", "conv 64×32×28×28, 64 filters 3×3", Bench.Amount.Gigaflops, Convolution),
        new("W3", "conv_backward", "the same, forward and backward", Bench.Amount.Gigaflops, 3 * Convolution),
        new("W10", "forward", "MLP b32, loss", Bench.Amount.Items, 1),
        new("W10", "forward_recorded", "loss, recorded", Bench.Amount.Items, 1),
        new("W10", "gradient", "loss and gradients", Bench.Amount.Items, 1),
        new("W10", "second_order", "loss, gradients and their squares' gradients", Bench.Amount.Items, 1),
        .. Chain(10), .. Chain(100), .. Chain(1_000), .. Chain(10_000),
        .. Batch(1), .. Batch(8), .. Batch(64), .. Batch(512), .. Batch(4096), .. Batch(8192),
        .. Layers(1), .. Layers(10), .. Layers(100),
    ];

    // 64 pictures, 26×26 places, 64 filters of 3×3×32.
    private static double Convolution => Product(64 * 26 * 26, 3 * 3 * 32, 64);

    private static double Product(double m, double k, double n) => 2 * m * k * n / 1e9;

    private static IEnumerable<Workload> Chain(int length) => [new("W12", $"chain_{length}", $"chain of {length:N0} operations and its gradient, an operation", Bench.Amount.Items, length)];

    private static IEnumerable<Workload> Batch(int size) => [new("W12", $"batch_{size}", $"MLP loss and gradients, batch {size:N0}, a sample", Bench.Amount.Items, size)];

    private static IEnumerable<Workload> Layers(int count) => [new("W12", $"layers_{count}", $"{count} layers of 64, loss and gradients, a layer", Bench.Amount.Items, count)];
}
