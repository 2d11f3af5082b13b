using System.Globalization;
using System.Text.Json.Nodes;

namespace Eager.Bench;

/// <summary>Eager as a contestant: answers the driver's requests, as the peers in Python and C++ do.</summary>
internal sealed class EagerServer
{
    private readonly Operations operations = new();
    private readonly Workloads workloads = new();
    private readonly Dictionary<(string Row, int Batch, string Variant), Training> trainings = [];
    private readonly ProblemReader problems;
    private readonly string data;

    /// <param name="threads">For matrix products.</param>
    /// <param name="kernels">For LibTorch's own kernels.</param>
    public EagerServer(string data, int threads, int kernels)
    {
        this.data = data;
        problems = new ProblemReader(data);
        Runtime.SetThreads(kernels, blas: threads);
    }

    public void Serve()
    {
        while (Console.ReadLine() is { } line)
            Console.WriteLine(Answer(line).ToJsonString());
    }

    private JsonObject Answer(string line)
    {
        try
        {
            var request = JsonNode.Parse(line)!.AsObject();
            return (string?)request["run"] switch
            {
                "hello" => AddMemory(new JsonObject { ["version"] = typeof(Tensor).Assembly.GetName().Version!.ToString(3) }),
                "W1" => new JsonObject { ["ns"] = operations.Nanoseconds((string)request["op"]!, (string)request["variant"]!, (double)request["seconds"]!) },
                "workload" => new JsonObject { ["ns"] = workloads.Nanoseconds((string)request["name"]!, (double)request["seconds"]!) },
                "amounts" => Amounts(),
                "W6" => new Epochs(problems).Run((string)request["variant"]!, (int)request["images"]!),
                "W8" => RunLong(request),
                "W11 checkpoint" when (string)request["variant"]! == "file" => FileWork.PlainFile(data, (int)request["megabytes"]!),
                "W11 checkpoint" => FileWork.Checkpoint(data, (int)request["megabytes"]!),
                "W11 events" when (string)request["variant"]! == "file" => [],
                "W11 events" => new FileWork(problems).Events(data, (int)request["scalars"]!),
                _ => RunTimed(request),
            };
        }
        catch (Exception error) when (error is EagerException or BenchmarkException or NullReferenceException or KeyNotFoundException)
        {
            return new JsonObject { ["error"] = $"{error.GetType().Name}: {error.Message}" };
        }
    }

    private JsonObject RunTimed(JsonObject request)
    {
        var training = TrainingOf(request);
        var rate = training.StepsPerSecond((double)request["seconds"]!);
        return AddMemory(new JsonObject { ["steps_per_s"] = rate, ["loss"] = training.CheckLoss, ["replay"] = training.Replay });
    }

    private JsonObject RunLong(JsonObject request)
    {
        var training = TrainingOf(request);
        var (rate, slowest) = training.Run((int)request["steps"]!);
        var collections = string.Join('/', Enumerable.Range(0, 3).Select(GC.CollectionCount));
        return AddMemory(new JsonObject { ["steps_per_s"] = rate, ["slowest_ms"] = slowest, ["collections"] = collections, ["loss"] = training.CheckLoss });
    }

    /// <summary>What each workload of W2 and W3 moves in gigabytes, or computes in GFLOP.</summary>
    private static JsonObject Amounts() => new(Workload.All.Where(static w => w.Kind != Amount.Items).Select(static w => KeyValuePair.Create(w.Name, (JsonNode?)w.Amount)));

    /// <summary>Each workload is made once and kept.</summary>
    private Training TrainingOf(JsonObject request)
    {
        var (row, batch, variant) = ((string)request["run"]!, (int)request["batch"]!, (string)request["variant"]!);
        if (!trainings.TryGetValue((row, batch, variant), out var training))
            trainings[(row, batch, variant)] = training = Make(row, batch, variant);
        return training;
    }

    private Training Make(string row, int batch, string variant) => row switch
    {
        "W4" or "W8" => Trainings.Mlp(problems, batch, variant),
        "W5" => Trainings.Cnn(problems, batch, variant),
        "W7" => Trainings.Polynomial(problems, variant),
        _ => throw new BenchmarkException($"unknown row {row}"),
    };

    private static JsonObject AddMemory(JsonObject reply)
    {
        reply["rss_mb"] = Megabytes("VmRSS:");
        reply["peak_rss_mb"] = Megabytes("VmHWM:");
        return reply;
    }

    private static double Megabytes(string field)
    {
        var line = File.ReadLines("/proc/self/status").First(text => text.StartsWith(field, StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
