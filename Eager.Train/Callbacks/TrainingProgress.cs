using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Eager.Train;

/// <summary>
/// Shows how far a pass over data is: share, figures, rate and time left. A bar that is drawn in place on a terminal,
/// and a line now and then where the output goes to a file. <see cref="ProgressBar"/> shows one for each epoch.
/// </summary>
/// <example><code>
/// using var progress = new TrainingProgress("epoch 1/5", total: 60_000, unit: "images");
/// progress.Advance(128, loss, accuracy);
/// </code></example>
public sealed class TrainingProgress : IDisposable
{
    private const int BarWidth = 24;
    private static readonly TimeSpan Redraw = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(2);

    private readonly string title;
    private readonly long total;
    private readonly string unit;
    private readonly long start;
    private readonly IAnsiConsole console;
    private readonly bool interactive;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly TimeSpan interval;
    private TimeSpan nextDraw;
    private long done;
    private int drawnLength;

    /// <summary>Begins to show progress.</summary>
    /// <param name="title">What goes on.</param>
    /// <param name="total">How much there is to do; 0 where nobody knows, and what is done is shown instead of the share.</param>
    /// <param name="unit">What is counted, such as images.</param>
    /// <param name="done">How much was done before.</param>
    /// <param name="console">Where to show it; the process's console when null.</param>
    public TrainingProgress(string title, long total, string unit = "steps", long done = 0, IAnsiConsole? console = null)
        : this(title, total, unit, done, console ?? AnsiConsole.Console, interval: null)
    {
    }

    internal TrainingProgress(string title, long total, string unit, long done, IAnsiConsole console, TimeSpan? interval)
    {
        (this.title, this.total, this.unit, this.done, start) = (title, total, unit, done, done);
        this.console = console;
        interactive = console.Profile.Capabilities.Interactive && console.Profile.Out.IsTerminal;
        this.interval = interval ?? (interactive ? Redraw : PlainInterval);
        nextDraw = interactive ? TimeSpan.Zero : this.interval;
    }

    /// <summary>Notes that more is done.</summary>
    /// <param name="amount">How much.</param>
    /// <param name="metrics">Figures to show.</param>
    public void Advance(long amount, params ReadOnlySpan<Metric> metrics)
    {
        if (!IsTimeToDraw(amount)) return;
        var parts = new string[metrics.Length];
        for (int i = 0; i < parts.Length; i++) parts[i] = Describe(metrics[i].Name, metrics[i].Result);
        Draw(string.Join("  ", parts));
    }

    /// <summary>Notes that more is done.</summary>
    /// <param name="amount">How much.</param>
    /// <param name="figures">Figures to show, by their names.</param>
    public void Advance(long amount, IReadOnlyDictionary<string, double> figures)
    {
        if (IsTimeToDraw(amount)) Draw(Describe(figures));
    }

    /// <summary>Figures as one text.</summary>
    internal static string Describe(IReadOnlyDictionary<string, double> figures) => string.Join("  ", figures.Select(static f => Describe(f.Key, f.Value)));

    /// <summary>Takes the bar off the terminal.</summary>
    public void Dispose()
    {
        if (drawnLength > 0) console.Write(new ControlCode($"\r{new string(' ', drawnLength)}\r"));
        drawnLength = 0;
    }

    /// <summary>A time as hours, minutes and seconds.</summary>
    internal static string DescribeTime(double seconds)
    {
        const int hour = 3600, most = 1000 * hour;
        if (!(seconds < most)) return "over 1000 hours";
        var time = TimeSpan.FromSeconds(seconds);
        return seconds < hour ? $"{time:m\\:ss}" : $"{(int)time.TotalHours}:{time:mm\\:ss}";
    }

    // A small loss would round to nothing.
    private static string Describe(string name, double value) => $"{name} {value.ToString(Math.Abs(value) is > 0 and < 0.001 ? "0.0000e-00" : "F4", CultureInfo.InvariantCulture)}";

    private bool IsTimeToDraw(long amount)
    {
        done += amount;
        return clock.Elapsed >= nextDraw;
    }

    private void Draw(string figures)
    {
        double rate = (done - start) / clock.Elapsed.TotalSeconds;
        double share = total > 0 ? Math.Min(1, (double)done / total) : 0;
        string left = rate > 0 && total > 0 ? $"  {DescribeTime(Math.Max(0, total - done) / rate)} left" : "";
        string far = total > 0 ? string.Create(CultureInfo.InvariantCulture, $"{share,4:P0}") : string.Create(CultureInfo.InvariantCulture, $"{done:N0} {unit}");
        string tail = string.Create(CultureInfo.InvariantCulture, $"{far}  {figures}  {rate:N0} {unit}/s{left}");
        nextDraw = clock.Elapsed + interval;
        if (!interactive)
        {
            console.WriteLine($"{title} {tail}");
            return;
        }
        int filled = (int)(share * BarWidth);
        string line = $"{title} {new string('━', filled)}{new string('─', BarWidth - filled)} {tail}";
        int room = console.Profile.Width - 1;
        if (line.Length > room) line = line[..room];
        console.Write(new ControlCode($"\r{line.PadRight(drawnLength)}"));
        drawnLength = line.Length;
    }
}
