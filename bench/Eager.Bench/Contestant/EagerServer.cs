using System.Globalization;
using System.Text.Json.Nodes;
using Eager.Interop;

namespace Eager.Bench;

/// <summary>Eager as a contestant: answers the driver's requests, as the peers in Python and C++ do.</summary>
internal sealed class EagerServer
{
    private readonly Operations operations = new();

    public EagerServer(string data, int threads)
    {
        _ = data;
        Native.Check(Native.eager_set_threads(1, threads), "set_threads");
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
                var unknown => throw new BenchmarkException($"unknown row {unknown}"),
            };
        }
        catch (Exception error) when (error is EagerException or BenchmarkException or NullReferenceException or KeyNotFoundException)
        {
            return new JsonObject { ["error"] = $"{error.GetType().Name}: {error.Message}" };
        }
    }

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
