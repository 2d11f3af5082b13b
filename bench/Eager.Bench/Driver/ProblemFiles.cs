using System.Runtime.InteropServices;

namespace Eager.Bench;

/// <summary>
/// Writes the weights and data all contestants start from: one file of raw little-endian numbers an array,
/// float32, labels int64. PyTorch's layouts: a dense weight is [out, in], a kernel [out, in, height, width].
/// </summary>
internal static class ProblemFiles
{
    public static void Write(string folder)
    {
        var random = new Sequence(20);
        WriteLayers(folder, random, ("mlp.w1", "mlp.b1", 256, 784), ("mlp.w2", "mlp.b2", 256, 256), ("mlp.w3", "mlp.b3", 10, 256));
        WriteLayers(folder, random, ("cnn.k1", "cnn.c1", 32, 9), ("cnn.k2", "cnn.c2", 64, 288), ("cnn.w", "cnn.b", 10, 2304));
        WriteLabelled(folder, random, "mlp", 1024);
        WriteLabelled(folder, random, "cnn", 128);
        WritePolynomial(folder, random);
    }

    /// <summary>Weights and biases uniform within 1/√inputs, as PyTorch starts its layers.</summary>
    private static void WriteLayers(string folder, Sequence random, params (string Weight, string Bias, int Outputs, int Inputs)[] layers)
    {
        foreach (var (weight, bias, outputs, inputs) in layers)
        {
            var bound = 1 / Math.Sqrt(inputs);
            Write(folder, weight, random.Uniform(outputs * inputs, bound));
            Write(folder, bias, random.Uniform(outputs, bound));
        }
    }

    /// <summary>
    /// Images of 784 values within ±1, labelled by the largest of ten random projections: what can be learned
    /// gives gradients away from zero, so that rounding does not flip the sign of an Adam step.
    /// </summary>
    private static void WriteLabelled(string folder, Sequence random, string name, int count)
    {
        var images = random.Uniform(count * 784, 1);
        var projections = random.Uniform(10 * 784, 1);
        var labels = new long[count];
        for (var i = 0; i < count; i++)
        {
            var image = images.AsMemory(i * 784, 784);
            labels[i] = Enumerable.Range(0, 10).MaxBy(c => Dot(image.Span, projections.AsSpan(c * 784, 784)));
        }

        Write(folder, name + ".x", images);
        Write(folder, name + ".y", labels);
    }

    /// <summary>100 points of 5x² + 3 on ±10, and three weights.</summary>
    private static void WritePolynomial(string folder, Sequence random)
    {
        var x = random.Uniform(100, 10);
        Write(folder, "poly.x", x);
        Write(folder, "poly.y", x.Select(value => 5 * value * value + 3).ToArray());
        Write(folder, "poly.w", random.Uniform(3, 1));
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += (double)a[i] * b[i];
        return sum;
    }

    private static void Write<T>(string folder, string name, T[] values) where T : unmanaged
        => File.WriteAllBytes(Path.Combine(folder, name), MemoryMarshal.AsBytes<T>(values).ToArray());

    /// <summary>Knuth's 64-bit linear congruential generator (MMIX); the upper 24 bits fill a float exactly.</summary>
    private sealed class Sequence(ulong seed)
    {
        private ulong state = seed;

        public float[] Uniform(int count, double bound)
        {
            var values = new float[count];
            for (var i = 0; i < count; i++)
            {
                state = unchecked(state * 6364136223846793005 + 1442695040888963407);
                values[i] = (float)(bound * (2 * (state >> 40) / (double)(1 << 24) - 1));
            }

            return values;
        }
    }
}
