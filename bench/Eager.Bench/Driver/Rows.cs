using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Eager.Bench;

/// <summary>One line of a table: a request that all its contestants answer in turns.</summary>
internal sealed record Case(string Row, string Title, JsonObject Request, string Reply, string Unit)
{
    public static IEnumerable<Case> Training(IReadOnlySet<string> rows, double seconds)
    {
        foreach (var batch in (int[])[16, 32, 128, 1024])
        {
            if (rows.Contains("W4"))
                yield return Steps("W4", $"MLP, batch {batch}", seconds, batch);
        }

        if (rows.Contains("W5"))
            yield return Steps("W5", "CNN, batch 128", seconds, batch: 128);
        if (rows.Contains("W7"))
            yield return Steps("W7", "polynomial fit", seconds, batch: 100);
    }

    public static IEnumerable<Case> Operations(IReadOnlySet<string> rows, double seconds)
    {
        string[] operations = rows.Contains("W1") ? ["add", "mul", "relu", "sum", "mm", "reshape", "slice", "add_scalar"] : [];
        foreach (var op in operations)
        {
            var request = new JsonObject { ["run"] = "W1", ["op"] = op, ["seconds"] = seconds / 8 };
            yield return new Case("W1", op.Replace('_', ' '), request, "ns", "ns");
        }
    }

    /// <summary>Rows whose cases are one thing to compute, timed alone: <see cref="Workload"/>.</summary>
    public static IEnumerable<Case> Workloads(IReadOnlySet<string> rows, double seconds) => Workload.All.Where(w => rows.Contains(w.Row)).Select(w =>
        new Case(w.Row, w.Title, new JsonObject { ["run"] = "workload", ["name"] = w.Name, ["seconds"] = seconds }, "ns", "ns"));

    public JsonObject RequestFor(Candidate candidate)
    {
        var request = Request.DeepClone().AsObject();
        request["variant"] = candidate.Variant;
        return request;
    }

    private static Case Steps(string row, string title, double seconds, int batch)
    {
        var request = new JsonObject { ["run"] = row, ["batch"] = batch, ["seconds"] = seconds };
        return new Case(row, title, request, "steps_per_s", "steps/s");
    }
}

/// <summary>Lets contestants take turns and keeps what they report.</summary>
internal sealed class Turns(Peers peers, int rounds, int threads)
{
    // Code that is compiled while it runs reaches its speed after some tenths of a second.
    private const int WarmUpRounds = 1;

    public IEnumerable<Measurement> Take(Case row, IReadOnlyList<Contestant> contestants)
    {
        var seats = contestants.SelectMany(contestant => contestant.Candidates.Select(candidate => new Seat(contestant.Name, candidate))).ToArray();
        for (var round = 0; round < WarmUpRounds + rounds; round++)
        {
            foreach (var seat in seats)
            {
                var reply = Ask(row, seat.Candidate);
                if (round >= WarmUpRounds)
                    seat.Take(reply, row.Reply);
            }
        }

        return seats.Select(seat => new Measurement(row.Row, row.Title, threads, seat.Name, row.Unit, seat.Rounds, seat.Loss, seat.Candidate.Note))
            .GroupBy(measurement => measurement.Contestant)
            .Select(settings => row.Unit == "steps/s" ? settings.MaxBy(m => m.Median)! : settings.MinBy(m => m.Median)!);
    }

    private JsonObject Ask(Case row, Candidate candidate) => peers.Ask(candidate.Launch, row.RequestFor(candidate));

    private sealed record Seat(string Name, Candidate Candidate)
    {
        public List<double> Rounds { get; } = [];
        public double? Loss { get; private set; }

        public void Take(JsonObject reply, string field)
        {
            Rounds.Add((double)reply[field]!);
            Loss = (double?)reply["loss"];
        }
    }
}

/// <summary>W8: many steps that dispose of nothing, in turns of a thousand.</summary>
internal static class MemoryRow
{
    private const int Batch = 32;
    private const int Turn = 1_000;

    public static IReadOnlyList<MemoryCourse> Run(IReadOnlyList<Contestant> contestants, int steps)
    {
        using var peers = new Peers();
        var replies = contestants.Select(_ => new List<JsonObject>()).ToArray();
        // A process of its own for each: its memory is to be this run's alone.
        var launches = contestants.Select(c => c.Candidates[0].Launch with { Key = "memory of " + c.Name }).ToArray();
        var starts = launches.Select(launch => (double)peers.Ask(launch, new JsonObject { ["run"] = "hello" })["rss_mb"]!).ToArray();
        for (var done = 0; done < steps; done += Turn)
        {
            for (var i = 0; i < launches.Length; i++)
            {
                var variant = contestants[i].Candidates[0].Variant;
                var request = new JsonObject { ["run"] = "W8", ["batch"] = Batch, ["variant"] = variant, ["steps"] = Turn };
                replies[i].Add(peers.Ask(launches[i], request));
            }
        }

        return [.. contestants.Select((contestant, i) => Course(contestant.Name, starts[i], replies[i]))];
    }

    private static MemoryCourse Course(string name, double start, List<JsonObject> replies)
    {
        var rates = replies.Select(reply => (double)reply["steps_per_s"]!);
        var resident = replies.Select(reply => (double)reply["rss_mb"]!).ToArray();
        // The first turn also compiles, loads and fills caches.
        var slowest = replies.Skip(1).DefaultIfEmpty(replies[0]).Max(reply => (double)reply["slowest_ms"]!);
        var peak = (double)replies[0]["peak_rss_mb"]!;
        return new MemoryCourse(
            name, Batch, Statistics.Median(rates), start, resident, peak, slowest, (string?)replies[^1]["collections"]);
    }
}

/// <summary>W9: from the start of a process to the first line it prints.</summary>
internal static class StartRow
{
    public static IEnumerable<Measurement> Run(IReadOnlyList<Contestant> contestants, int rounds)
    {
        var seconds = contestants.Select(_ => new List<double>()).ToArray();
        for (var round = -1; round < rounds; round++)
        {
            for (var i = 0; i < contestants.Count; i++)
            {
                var taken = TimeToFirstLine(contestants[i].Candidates[0].Launch);
                if (round >= 0)
                    seconds[i].Add(taken);
            }
        }

        return contestants.Select((contestant, i)
            => new Measurement("W9", "process start to first result", 1, contestant.Name, "s", seconds[i], null, ""));
    }

    private static double TimeToFirstLine(Launch launch)
    {
        var start = Stopwatch.GetTimestamp();
        using var process = Process.Start(launch.ToStartInfo()) ?? throw new BenchmarkException($"{launch.Program} did not start.");
        if (process.StandardOutput.ReadLine() is null)
            throw new BenchmarkException($"{launch.Key} ended without a result.");
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.WaitForExit();
        return seconds;
    }
}
