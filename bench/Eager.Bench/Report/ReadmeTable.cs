using System.Text;

namespace Eager.Bench;

/// <summary>The short table that README.md shows between its two markers.</summary>
internal static class ReadmeTable
{
    private const string Begin = "<!-- bench:begin -->";
    private const string End = "<!-- bench:end -->";

    public static void Update(string file, Results results)
    {
        var readme = File.Exists(file) ? File.ReadAllText(file) : "";
        var begin = readme.IndexOf(Begin, StringComparison.Ordinal);
        var end = readme.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
        {
            Console.WriteLine($"README.md has no {Begin} … {End}: its table was not updated.");
            return;
        }

        File.WriteAllText(file, string.Concat(readme.AsSpan(0, begin + Begin.Length), "\n", Table(results), readme.AsSpan(end)));
    }

    private static string Table(Results results)
    {
        var threads = results.Measurements.Where(m => m.Row != "W9").Select(m => m.Threads).Distinct().Order().ToArray();
        var text = new StringBuilder("| times as quick as PyTorch, tuned |");
        foreach (var count in threads)
            text.Append($" eager, {Threads(count)} | traced, {Threads(count)} |");
        text.Append("\n| --- |").Append(string.Concat(Enumerable.Repeat(" ---: |", 2 * threads.Length))).Append('\n');
        foreach (var line in SpeedTable.Of(results))
        {
            text.Append($"| {line.Title} |");
            foreach (var count in threads)
                text.Append($" {Cell(line, Roster.Eager, count)} | {Cell(line, Roster.EagerTraced, count)} |");
            text.Append('\n');
        }

        return text.ToString();
    }

    private static string Cell(SpeedLine line, string contestant, int threads)
        => line.Speed(contestant, threads) is { } speed ? MarkdownReport.Digits(speed) + " ×" : "–";

    private static string Threads(int count) => count == 1 ? "1 thread" : $"{count} threads";
}
