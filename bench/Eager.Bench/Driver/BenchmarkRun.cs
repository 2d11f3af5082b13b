using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Eager.Bench;

/// <summary>A whole run: finds the contestants, lets them take turns, writes the report.</summary>
internal sealed class BenchmarkRun(Options options)
{
    private readonly Dictionary<string, string> versions = [];
    private readonly List<Limits> limits = [];
    private readonly List<Measurement> measurements = [];
    private IReadOnlyList<MemoryCourse> memory = [];
    private IReadOnlyList<EpochCourse> epochs = [];
    private IReadOnlyList<FileCourse> files = [];

    /// <returns>The exit code: 0 when all losses agreed.</returns>
    public int Execute()
    {
        var data = Directory.CreateTempSubdirectory("eager-bench-");
        try
        {
            var tools = Tools.Find();
            ProblemFiles.Write(data.FullName);
            Measure(tools, data.FullName);
            return Report(tools);
        }
        catch (BenchmarkException failure)
        {
            Console.Error.WriteLine(failure.Message);
            return 1;
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private void Measure(Tools tools, string data)
    {
        var rosters = options.Threads.ToDictionary(threads => threads, threads => new Roster(tools, data, threads));
        var trainings = Case.Training(options.Rows, options.Seconds).ToArray();
        var operations = Case.Operations(options.Rows, options.Seconds).ToArray();
        var workloads = Case.Workloads(options.Rows, options.Seconds).ToArray();
        var (first, last) = (rosters[options.Threads[0]], rosters[options.Threads.Max()]);
        var progress = new Progress(PlannedSeconds(trainings, operations, workloads, first, rosters.Values, last));
        foreach (var (threads, roster) in rosters)
        {
            using var peers = new Peers();
            AskVersions(peers, roster);
            AskLimits(peers, roster, threads);
            var turns = new Turns(peers, options.Rounds, threads);
            // Operations on ten numbers use one thread whatever is set.
            foreach (var row in roster == first ? operations : [])
                measurements.AddRange(progress.Show($"{row.Row} {row.Title}, {Threads(threads)}", SecondsOf(row, roster.ForOperations()), () => turns.Take(row, roster.ForOperations()).ToArray()));
            foreach (var row in trainings)
                measurements.AddRange(progress.Show($"{row.Row} {row.Title}, {Threads(threads)}", SecondsOf(row, roster.ForTraining()), () => turns.Take(row, roster.ForTraining()).ToArray()));
            foreach (var row in workloads)
                measurements.AddRange(progress.Show($"{row.Row} {row.Title}, {Threads(threads)}", SecondsOf(row, roster.ForWorkload(row.Title)), () => turns.Take(row, roster.ForWorkload(row.Title)).ToArray()));
        }

        if (options.Rows.Contains("W6"))
            epochs = progress.Show("W6 epoch from files", EpochSeconds(last), () => EpochRow.Run(last.ForEpochs(), FewRounds, options.Quick));
        if (options.Rows.Contains("W11"))
            files = progress.Show("W11 checkpoint and events", FileSeconds(last), () => FileRow.Run(last.ForFiles(), FewRounds, options.Quick));
        if (options.Rows.Contains("W8"))
            memory = progress.Show($"W8 memory over {options.MemorySteps} steps", MemorySeconds(first), () => MemoryRow.Run(first.ForMemory(), options.MemorySteps));
        if (options.Rows.Contains("W9"))
            measurements.AddRange(progress.Show("W9 process start", StartSeconds(first), () => StartRow.Run(first.ForStart(), StartRounds).ToArray()));
    }

    private void AskVersions(Peers peers, Roster roster)
    {
        foreach (var (name, launch) in roster.OneOfEach())
            versions[name] = (string)peers.Ask(launch, new JsonObject { ["run"] = "hello" })["version"]!;
    }

    private void AskLimits(Peers peers, Roster roster, int threads)
    {
        if (roster.ForLimits() is not { } launch)
            return;
        var reply = peers.Ask(launch, new JsonObject { ["run"] = "limits", ["seconds"] = options.Seconds });
        limits.Add(new Limits(threads, (double)reply["gemm_gflops"]!, (double)reply["copy_gb_per_s"]!));
    }

    private int Report(Tools tools)
    {
        var results = new Results(Machine.This(), versions, limits, measurements, memory, epochs, files);
        var table = new MarkdownReport(results, options).Text();
        Console.WriteLine();
        Console.WriteLine(table);
        if ((options.Output ?? (options.Records ? Path.Combine(tools.Root, "bench", "results") : null)) is { } folder)
            new RecordedResults(folder).Write(results, table);
        if (options.Records)
            ReadmeTable.Update(Path.Combine(tools.Root, "README.md"), results);
        return measurements.GroupBy(m => (m.Row, m.Case)).All(Results.LossesAgree) && Results.LossesAgree(epochs) ? 0 : 1;
    }

    // The plan behind "time left"; a turn lasts about half as long again as the time asked of it. With more threads some have more to choose from.
    private double PlannedSeconds(Case[] trainings, Case[] operations, Case[] workloads, Roster first, IEnumerable<Roster> rosters, Roster last)
        => operations.Sum(row => SecondsOf(row, first.ForOperations()))
            + rosters.Sum(roster => trainings.Sum(row => SecondsOf(row, roster.ForTraining())) + workloads.Sum(row => SecondsOf(row, roster.ForWorkload(row.Title))))
            + (options.Rows.Contains("W8") ? MemorySeconds(first) : 0) + (options.Rows.Contains("W9") ? StartSeconds(first) : 0)
            + (options.Rows.Contains("W6") ? EpochSeconds(last) : 0) + (options.Rows.Contains("W11") ? FileSeconds(last) : 0);

    private double SecondsOf(Case row, IReadOnlyList<Contestant> contestants)
        => contestants.Sum(c => c.Candidates.Count) * (1 + options.Rounds) * ((double)row.Request["seconds"]! * 1.5 + 0.03);

    private double MemorySeconds(Roster roster) => options.MemorySteps * roster.ForMemory().Count / 1_000.0;

    private double StartSeconds(Roster roster) => (StartRounds + 1) * roster.ForStart().Count * 0.6;

    // An epoch takes seconds, and so does a gigabyte; a tenth of it with --quick.
    private double EpochSeconds(Roster roster) => roster.ForEpochs().Sum(c => c.Candidates.Count) * (1 + FewRounds) * (options.Quick ? 0.5 : 5);

    private double FileSeconds(Roster roster) => roster.ForFiles().Count * (1 + FewRounds) * (options.Quick ? 0.5 : 5);

    private int FewRounds => Math.Min(options.Rounds, 3);

    private int StartRounds => Math.Min(options.Rounds, 5);

    private static string Threads(int count) => count == 1 ? "1 thread" : $"{count} threads";

    /// <summary>Says what runs and about how long the rest takes, correcting the plan by what was taken so far.</summary>
    private sealed class Progress(double planned)
    {
        private readonly long start = Stopwatch.GetTimestamp();
        private double done;

        public T Show<T>(string what, double seconds, Func<T> run)
        {
            var pace = done > 0 ? Stopwatch.GetElapsedTime(start).TotalSeconds / done : 1;
            Console.WriteLine($"{100 * done / planned,3:F0} %  {what}; about {TimeSpan.FromSeconds((planned - done) * pace):m\\:ss} left");
            var result = run();
            done += seconds;
            return result;
        }
    }
}
