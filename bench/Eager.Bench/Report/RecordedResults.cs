using System.Text.Json;

namespace Eager.Bench;

/// <summary>The files of a run: the tables, the raw numbers and the plot.</summary>
internal sealed class RecordedResults(string folder)
{
    private static readonly JsonSerializerOptions Layout = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public void Write(Results results, string table)
    {
        Directory.CreateDirectory(folder);
        var plot = Plot.Draw(results);  // none where no training was measured
        File.WriteAllText(Path.Combine(folder, "benchmark.md"), table.TrimEnd() + (plot is null ? "\n" : "\n\n![The training rows as a plot](benchmark.svg)\n"));
        File.WriteAllText(Path.Combine(folder, "benchmark.json"), JsonSerializer.Serialize(results, Layout) + "\n");
        if (plot is not null)
            File.WriteAllText(Path.Combine(folder, "benchmark.svg"), plot);
        Console.WriteLine($"Written to {folder}");
    }
}
