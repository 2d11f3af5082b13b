using System.Globalization;
using System.Text;

namespace Eager.Bench;

/// <summary>The tables of a run, in Markdown.</summary>
internal sealed class MarkdownReport(Results results, Options options)
{
    private readonly StringBuilder text = new();

    public string Text()
    {
        WriteHead();
        foreach (var threads in results.Measurements.Where(m => m.Row != "W9").Select(m => m.Threads).Distinct().Order())
        {
            WriteTraining(threads);
            WriteOperations(threads);
            WriteWorkloads(threads);
        }

        WriteEpochs();
        WriteFiles();
        WriteMemory();
        WriteStart();
        return text.ToString();
    }

    /// <summary>Speed against the tuned PyTorch, or the plain figure where PyTorch did not take part.</summary>
    public static string Ratio(Measurement measurement, Measurement? reference)
        => reference is null ? Number(measurement.Median) : $"{Digits(measurement.SpeedAgainst(reference))} ×";

    public static string Digits(double ratio) => ratio.ToString(ratio < 10 ? "F2" : "F1", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString(value < 10 ? "F2" : "F0", CultureInfo.InvariantCulture);

    private static string Percent(double share) => (100 * share).ToString("F0", CultureInfo.InvariantCulture) + " %";

    private void WriteHead()
    {
        var machine = results.Machine;
        text.AppendLine("# Benchmark results").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{machine.Processor}, {machine.Cores} cores, {machine.MemoryGigabytes:F0} GB; {machine.System}; {machine.DotNet}.");
        text.AppendLine(string.Join(", ", results.Versions.Select(v => $"{v.Key} {v.Value}")) + ".");
        foreach (var limit in results.Limits)
            text.AppendLine(CultureInfo.InvariantCulture, $"Its limits with {Threads(limit.Threads)}: {limit.GemmGflops:F0} GFLOP/s in float32 matrix products, {limit.CopyGigabytesPerSecond:F1} GB/s copying.");
        text.AppendLine(CultureInfo.InvariantCulture, $"Medians of {options.Rounds} turns of {options.Seconds} s that the contestants took one after the other; a ratio is the median of the rounds' ratios; ± is half the distance between the extremes of a contestant's own figures.");
        text.AppendLine("`bench/README.md` says who the contestants are, what they compute and which settings they get.").AppendLine();
    }

    private void WriteTraining(int threads)
    {
        var rows = results.Measurements.Where(m => m.Threads == threads && m.Unit == "steps/s").ToArray();
        if (rows.Length == 0)
            return;
        var names = rows.Select(m => m.Contestant).Distinct().Where(name => name != Roster.PyTorchTuned).ToArray();
        text.AppendLine(CultureInfo.InvariantCulture, $"## Training steps, {Threads(threads)}").AppendLine();
        text.AppendLine("Times as quick as PyTorch, tuned: more is better.").AppendLine();
        WriteHeader(["", .. names, "PyTorch, tuned", "its setting"]);
        foreach (var line in rows.GroupBy(m => m.Case))
            WriteTrainingLine(line.Key, [.. line], names);
        text.AppendLine();
    }

    private void WriteTrainingLine(string title, Measurement[] line, string[] names)
    {
        var reference = line.FirstOrDefault(m => m.Contestant == Roster.PyTorchTuned);
        if (!Results.LossesAgree(line))
        {
            var losses = line.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Contestant} {m.Loss:G6}"));
            WriteLine([title, "invalid, losses differ: " + string.Join("; ", losses)]);
            return;
        }

        var cells = names.Select(name => line.FirstOrDefault(m => m.Contestant == name) is { } m ? $"{Ratio(m, reference)} ± {Percent(m.Spread)}" : "–");
        var absolute = reference is null ? "–" : $"{Number(reference.Median)} steps/s ± {Percent(reference.Spread)}";
        WriteLine([title, .. cells, absolute, reference?.Setting ?? "–"]);
    }

    private void WriteOperations(int threads)
    {
        var rows = results.Measurements.Where(m => m.Threads == threads && m.Row == "W1").ToArray();
        if (rows.Length == 0)
            return;
        var names = rows.Select(m => m.Contestant).Distinct().ToArray();
        text.AppendLine(CultureInfo.InvariantCulture, $"## Small operations, {Threads(threads)}").AppendLine();
        text.AppendLine("Nanoseconds on ten float32 numbers, and times as quick as PyTorch (recorded against recorded).").AppendLine();
        WriteHeader(["", .. names]);
        foreach (var line in rows.GroupBy(m => m.Case))
            WriteLine([line.Key, .. names.Select(name => OperationCell(line.ToArray(), name))]);
        WriteLine(["median", .. names.Select(name => MedianCell(rows, name))]);
        text.AppendLine();
    }

    private static string OperationCell(Measurement[] line, string name)
    {
        if (line.FirstOrDefault(m => m.Contestant == name) is not { } own)
            return "–";
        var reference = ReferenceOf(line, name);
        var nanoseconds = own.Median.ToString("F0", CultureInfo.InvariantCulture);
        return reference is null || reference == own ? nanoseconds : $"{nanoseconds} ({Ratio(own, reference)})";
    }

    private static string MedianCell(Measurement[] rows, string name)
        => MedianSpeed(rows, name) is { } speed ? $"{Digits(speed)} ×" : "–";

    /// <summary>The median over the operations of the speed against PyTorch, null without PyTorch.</summary>
    public static double? MedianSpeed(IEnumerable<Measurement> operations, string name)
    {
        var speeds = operations.GroupBy(m => m.Case).Select(line => SpeedIn(line.ToArray(), name)).OfType<double>().ToArray();
        return speeds.Length == 0 ? null : Statistics.Median(speeds);
    }

    private static double? SpeedIn(Measurement[] line, string name)
        => line.FirstOrDefault(m => m.Contestant == name) is { } own && ReferenceOf(line, name) is { } reference ? own.SpeedAgainst(reference) : null;

    private static Measurement? ReferenceOf(Measurement[] line, string name)
    {
        var recorded = name is Roster.EagerRecorded or Roster.LibTorchRecorded or Roster.PyTorchRecorded;
        return line.FirstOrDefault(m => m.Contestant == (recorded ? Roster.PyTorchRecorded : Roster.PyTorchTuned));
    }

    private void WriteWorkloads(int threads)
    {
        foreach (var row in Workload.All.GroupBy(w => w.Row))
        {
            var measured = results.Measurements.Where(m => m.Threads == threads && m.Row == row.Key).ToArray();
            if (measured.Length == 0)
                continue;
            var names = measured.Select(m => m.Contestant).Distinct().ToArray();
            text.AppendLine(CultureInfo.InvariantCulture, $"## {WorkloadTitle(row.Key)}, {Threads(threads)}").AppendLine();
            text.AppendLine(WorkloadUnit(row.First().Kind, threads)).AppendLine();
            WriteHeader(["", .. names]);
            foreach (var workload in row)
            {
                var line = measured.Where(m => m.Case == workload.Title).ToArray();
                WriteLine([workload.Title, .. names.Select(name => WorkloadCell(workload, line, name, threads))]);
            }
            text.AppendLine();
        }
    }

    private static string WorkloadTitle(string row) => row switch
    {
        "W2" => "Ten million float32 numbers",
        "W3" => "Products and convolutions",
        "W10" => "What gradients cost",
        _ => "How cost grows",
    };

    private static string WorkloadUnit(Amount kind, int threads) => kind switch
    {
        Amount.Gigabytes => $"GB/s, the share of the machine's copying with {Threads(threads)}, and times as quick as PyTorch, tuned.",
        Amount.Gigaflops => $"GFLOP/s, the share of the machine's matrix products with {Threads(threads)}, and times as quick as PyTorch, tuned.",
        _ => "Microseconds, and times as quick as PyTorch, tuned.",
    };

    private string WorkloadCell(Workload workload, Measurement[] line, string name, int threads)
    {
        if (line.FirstOrDefault(m => m.Contestant == name) is not { } own)
            return "–";
        var limit = results.Limits.FirstOrDefault(l => l.Threads == threads);
        var (figure, most) = workload.Kind switch
        {
            Amount.Gigabytes => (workload.Amount / (own.Median * 1e-9), limit?.CopyGigabytesPerSecond),
            Amount.Gigaflops => (workload.Amount / (own.Median * 1e-9), limit?.GemmGflops),
            _ => (own.Median / 1000 / workload.Amount, null),
        };
        var share = most is { } best ? $", {Percent(figure / best)}" : "";
        var reference = line.FirstOrDefault(m => m.Contestant == Roster.PyTorchTuned);
        var speed = reference is null || reference == own ? "" : $" ({Ratio(own, reference)})";
        return Digits(figure) + share + speed;
    }

    private void WriteEpochs()
    {
        if (results.Epochs.Count == 0)
            return;
        text.AppendLine("## An epoch of Fashion-MNIST from its files").AppendLine();
        text.AppendLine("The MLP in batches of 128; opening the files is not part of the epoch.").AppendLine();
        if (!Results.LossesAgree(results.Epochs))
        {
            text.AppendLine("Invalid, losses differ: " + string.Join("; ", results.Epochs.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Contestant} {e.Loss:G4}")))).AppendLine();
            return;
        }

        WriteHeader(["", "images/s", "of the time waiting for data", "opening, s", "mean loss", "setting"]);
        foreach (var e in results.Epochs)
            WriteLine([e.Contestant, Number(e.ImagesPerSecond), Percent(e.Waiting), Number(e.OpeningSeconds), e.Loss.ToString("F3", CultureInfo.InvariantCulture), e.Setting]);
        text.AppendLine();
    }

    private void WriteFiles()
    {
        if (results.Files.Count == 0)
            return;
        text.AppendLine("## Checkpoints and events").AppendLine();
        text.AppendLine("A gigabyte in memory. The plain file is the measure: as many bytes written in one piece and brought to the disk, and, from the system's memory, read by one thread into memory that is in use. Saving waits for the disk, whose pace differs between turns by more than the contestants do; PyTorch as it comes does not wait. Restoring is bounded by copying: from the system's memory too, each byte twice, for its checksum and into place, on all threads.").AppendLine();
        WriteHeader(["", "saved, GB/s", "restored, GB/s", "training that writes ten scalars a step takes longer by"]);
        foreach (var f in results.Files)
            WriteLine([f.Contestant, Digits(f.SaveGigabytesPerSecond), Digits(f.RestoreGigabytesPerSecond), f.Slowdown is { } share ? Percent(share) : "–"]);
        text.AppendLine();
    }

    private void WriteMemory()
    {
        if (results.Memory.Count == 0)
            return;
        var reference = results.Memory.FirstOrDefault(m => m.Contestant == Roster.PyTorchTuned);
        text.AppendLine(CultureInfo.InvariantCulture, $"## Memory over {results.Memory[0].ResidentMegabytes.Count},000 MLP steps of batch {results.Memory[0].Batch}").AppendLine();
        text.AppendLine("Resident megabytes; the ratio is of the peaks within the first thousand steps, less is better.").AppendLine();
        WriteHeader(["", "steps/s", "at start", "peak of the first 1,000", "against PyTorch", "after all", "slowest step, ms", "collections"]);
        foreach (var m in results.Memory)
        {
            var ratio = reference is null ? "–" : Digits(m.PeakMegabytes / reference.PeakMegabytes) + " ×";
            WriteLine([m.Contestant, Number(m.StepsPerSecond), Number(m.StartMegabytes), Number(m.PeakMegabytes), ratio,
                Number(m.ResidentMegabytes[^1]), Number(m.SlowestMilliseconds), m.Collections ?? "–"]);
        }

        text.AppendLine();
    }

    private void WriteStart()
    {
        var rows = results.Measurements.Where(m => m.Row == "W9").ToArray();
        if (rows.Length == 0)
            return;
        var reference = rows.FirstOrDefault(m => m.Contestant == Roster.PyTorch);
        text.AppendLine("## From the start of the process to its first result").AppendLine();
        WriteHeader(["", "seconds", "of PyTorch's time"]);
        foreach (var m in rows)
            WriteLine([m.Contestant, $"{Number(m.Median)} ± {Percent(m.Spread)}", reference is null ? "–" : Digits(m.Median / reference.Median) + " ×"]);
        text.AppendLine();
    }

    private void WriteHeader(string[] cells)
    {
        WriteLine(cells);
        WriteLine([.. cells.Select((_, i) => i == 0 ? "---" : "---:")]);
    }

    private void WriteLine(string[] cells) => text.AppendLine("| " + string.Join(" | ", cells) + " |");

    private static string Threads(int count) => count == 1 ? "one thread" : $"{count} threads";
}
