using System.Diagnostics;
using System.Text.Json.Nodes;
using Eager.Autograd;
using Eager.Train;

namespace Eager.Bench;

/// <summary>W11: a checkpoint saved and restored, and scalars written for TensorBoard while the MLP trains.</summary>
internal sealed class FileWork(ProblemReader problems)
{
    private const int Batch = 128;
    private const int ScalarsPerStep = 10;
    private const int VariableMegabytes = 16;
    private const int Megabyte = 1 << 20;

    /// <summary>Gigabytes a second that variables of some size are written and read with; both ways their checksum is computed, and what is written is on the disk.</summary>
    public static JsonObject Checkpoint(string folder, int megabytes)
    {
        using var scope = new TensorScope();
        var variables = Enumerable.Range(0, megabytes / VariableMegabytes).Select(i => new Variable(Tensor.RandomUniform([VariableMegabytes * Megabyte / sizeof(float)]), name: $"v{i}")).ToArray();
        var path = Path.Combine(folder, "eager.safetensors");
        var checkpoint = new Checkpoint().Add(variables);
        var gigabytes = variables.Length * (VariableMegabytes * Megabyte / 1e9);
        try
        {
            var save = Time(() => checkpoint.Save(path, step: 1));
            var restore = Time(() => checkpoint.Restore(path));
            return new JsonObject { ["save_gb_per_s"] = gigabytes / save, ["restore_gb_per_s"] = gigabytes / restore };
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>What files themselves allow: as many bytes written from memory and brought to the disk, and read into memory that is in use.</summary>
    public static JsonObject PlainFile(string folder, int megabytes)
    {
        var parts = Enumerable.Range(0, megabytes / VariableMegabytes).Select(i => new byte[VariableMegabytes * Megabyte]).ToArray();
        foreach (var part in parts)
            Random.Shared.NextBytes(part);
        var path = Path.Combine(folder, "plain");
        var gigabytes = parts.Length * (VariableMegabytes * Megabyte / 1e9);
        try
        {
            var save = Time(() =>
            {
                using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
                foreach (var part in parts)
                    file.Write(part);
                file.Flush(flushToDisk: true);
            });
            var restore = Time(() =>
            {
                using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None, bufferSize: 0);
                foreach (var part in parts)
                    file.ReadExactly(part);
            });
            return new JsonObject { ["save_gb_per_s"] = gigabytes / save, ["restore_gb_per_s"] = gigabytes / restore };
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Seconds that steps take without and with ten scalars written at each.</summary>
    public JsonObject Events(string folder, int scalars)
    {
        var training = Trainings.Mlp(problems, Batch, "scoped");
        var steps = scalars / ScalarsPerStep;
        var plain = Time(() => training.Run(steps));
        using var writer = new FileWriter(Path.Combine(folder, "events"));
        var writing = Time(() =>
        {
            for (var step = 0; step < steps; step++)
            {
                training.Run(1);
                for (var i = 0; i < ScalarsPerStep; i++)
                    writer.AddScalar($"scalar_{i}", step, step);
            }
        });
        return new JsonObject { ["plain_s"] = plain, ["writing_s"] = writing };
    }

    private static double Time(Action action)
    {
        var begin = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }
}
