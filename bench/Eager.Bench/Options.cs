using System.Globalization;

namespace Eager.Bench;

/// <summary>What to measure and how long, from the command line.</summary>
internal sealed record Options(
    IReadOnlySet<string> Rows, IReadOnlyList<int> Threads, int Rounds, double Seconds, int MemorySteps, bool Quick, bool Record, string? Output)
{
    public static readonly IReadOnlyList<string> AllRows = ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9", "W10", "W11", "W12"];

    /// <summary>True when the results replace the recorded ones: the run covers everything, or was asked to.</summary>
    public bool Records => Output is null && !Quick && (Record || (Rows.Count == AllRows.Count && Threads.Count == 2));

    private const string Usage = """
        ./eager bench [--rows W1,W2,…] [--threads 1|2|1,2] [--rounds N] [--quick] [--record] [--out FOLDER]
          --rows     the workloads to measure, all of W1 to W12 by default (bench/README.md describes them)
          --threads  thread counts, each measured with all contestants alike; 1,2 by default, 1 with --quick
          --rounds   turns each contestant takes, 7 by default, 3 with --quick
          --quick    all rows in about two minutes; prints the tables, records nothing
          --record   the run replaces the recorded results although it leaves rows out; its table says which it has
          --out      where the table, the numbers and the plot go; a complete run writes bench/results by default
        """;

    /// <summary>The options, or null after the mistake and the usage were printed.</summary>
    public static Options? Parse(string[] arguments)
    {
        try
        {
            return ParseOrThrow(arguments);
        }
        catch (FormatException mistake)
        {
            Console.Error.WriteLine(mistake.Message);
            Console.Error.WriteLine(Usage);
            return null;
        }
    }

    private static Options ParseOrThrow(string[] arguments)
    {
        var values = new Dictionary<string, string>();
        var (quick, record) = (false, false);
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--quick")
                quick = true;
            else if (arguments[i] == "--record")
                record = true;
            else if (arguments[i] is "--rows" or "--threads" or "--rounds" or "--out" && i + 1 < arguments.Length)
                values[arguments[i]] = arguments[++i];
            else
                throw new FormatException($"'{arguments[i]}' is not an option, or lacks its value.");
        }

        var rows = values.TryGetValue("--rows", out var list) ? ParseRows(list) : AllRows.ToHashSet();
        var threads = values.TryGetValue("--threads", out var counts) ? counts.Split(',').Select(Count).ToArray() : quick ? [1] : [1, 2];
        var rounds = values.TryGetValue("--rounds", out var number) ? Count(number) : quick ? 3 : 7;
        return new Options(rows, threads, rounds, quick ? 0.05 : 0.15, quick ? 1_000 : 20_000, quick, record, values.GetValueOrDefault("--out"));
    }

    private static HashSet<string> ParseRows(string list)
    {
        var rows = list.Split(',', StringSplitOptions.TrimEntries).Select(row => row.ToUpperInvariant()).ToHashSet();
        if (rows.FirstOrDefault(row => !AllRows.Contains(row)) is { } unknown)
            throw new FormatException($"'{unknown}' is not a row; the rows are {string.Join(", ", AllRows)}.");
        return rows;
    }

    private static int Count(string text)
        => int.TryParse(text, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= 1024
            ? count
            : throw new FormatException($"'{text}' is not a count from 1 to 1024.");
}
