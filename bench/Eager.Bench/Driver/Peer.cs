using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Eager.Bench;

/// <summary>How a contestant's process is started; launches of one key share a process.</summary>
/// <param name="Core">The only core that it may use; null for all.</param>
internal sealed record Launch(
    string Key, string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, int? Core = null)
{
    public ProcessStartInfo ToStartInfo()
    {
        var (program, arguments) = Core is { } core
            ? ("taskset", ["-c", core.ToString(CultureInfo.InvariantCulture), Program, .. Arguments])
            : (Program, Arguments);
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        return start;
    }
}

/// <summary>A contestant's process, which answers one request at a time and sleeps in between.</summary>
internal sealed class Peer : IDisposable
{
    private readonly Process process;
    private readonly string name;

    public Peer(Launch launch)
    {
        name = launch.Key;
        process = Process.Start(launch.ToStartInfo()) ?? throw new BenchmarkException($"{launch.Program} did not start.");
    }

    public JsonObject Ask(JsonObject request)
    {
        process.StandardInput.WriteLine(request.ToJsonString());
        process.StandardInput.Flush();
        var line = process.StandardOutput.ReadLine() ?? throw new BenchmarkException($"{name} ended on the request {request.ToJsonString()}.");
        var reply = JsonNode.Parse(line)!.AsObject();
        return reply["error"] is { } error
            ? throw new BenchmarkException($"{name} on {request.ToJsonString()}: {error}")
            : reply;
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(5)))
            process.Kill();
        process.Dispose();
    }
}

/// <summary>The processes started so far.</summary>
internal sealed class Peers : IDisposable
{
    // Workers of OpenMP and OpenBLAS spin for a while after their last task; the next contestant waits for that to end.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(30);
    private readonly Dictionary<string, Peer> running = [];

    public JsonObject Ask(Launch launch, JsonObject request)
    {
        if (!running.TryGetValue(launch.Key, out var peer))
            running[launch.Key] = peer = new Peer(launch);
        Thread.Sleep(Settling);
        return peer.Ask(request);
    }

    public void Dispose()
    {
        foreach (var peer in running.Values)
            peer.Dispose();
        running.Clear();
    }
}

/// <summary>A contestant failed, or a tool is missing.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
