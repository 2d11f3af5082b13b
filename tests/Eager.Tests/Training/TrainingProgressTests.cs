using Eager.Train;
using NUnit.Framework;
using Spectre.Console;

namespace Eager.Tests.Training;

public sealed class TrainingProgressTests
{
    [Test]
    public void Where_the_output_is_no_terminal_a_line_says_how_far_it_is()
    {
        var output = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Interactive = InteractionSupport.No, Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 200;
        var loss = new Mean("loss");
        loss.Update(0.25);
        using (var progress = new TrainingProgress("epoch 1/2", total: 200, "images", done: 50, console, interval: TimeSpan.Zero))
        {
            progress.Advance(50, loss);
            progress.Advance(100, loss);
        }
        string[] lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(2));
        Assert.That(lines[0], Does.Match(@"^epoch 1/2 +50 ?%  loss 0\.2500  [\d,]+ images/s  \d+:\d\d left *$"));
        Assert.That(lines[1], Does.Match(@"^epoch 1/2 +100 ?%  loss 0\.2500  [\d,]+ images/s  0:00 left *$"));
    }

    [Test]
    public void On_a_terminal_a_bar_grows_in_its_place_and_goes_when_it_is_done()
    {
        var output = new Terminal();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Interactive = InteractionSupport.Yes, Ansi = AnsiSupport.Yes, Out = output });
        using (var progress = new TrainingProgress("epoch 1/2", total: 200, "images", done: 0, console, interval: TimeSpan.Zero))
        {
            progress.Advance(50, new Dictionary<string, double> { ["loss"] = 0.25 });
            progress.Advance(100, new Dictionary<string, double> { ["loss"] = 0.00012345 });
        }
        string[] drawn = output.Text.ToString()!.Split('\r', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(output.Text.ToString(), Does.Not.Contain("\n"));
        Assert.That(drawn, Has.Length.EqualTo(3));
        Assert.That(drawn[0], Does.Match(@"^epoch 1/2 ━{6}─{18} +25 ?%  loss 0\.2500  [\d,]+ images/s  \d+:\d\d left *$"));
        Assert.That(drawn[1], Does.Match(@"^epoch 1/2 ━{18}─{6} +75 ?%  loss 1\.2345e-04  [\d,]+ images/s  \d+:\d\d left *$"));
        Assert.That(drawn[2].Trim(), Is.Empty, "the line is cleared");
        Assert.That(drawn[2], Has.Length.GreaterThanOrEqualTo(drawn[1].TrimEnd().Length));
        Assert.That(drawn.Take(2), Has.All.Length.LessThan(output.Width), "a line that is broken cannot be drawn over");
    }

    [Test]
    public void A_narrow_terminal_gets_what_fits_on_a_line()
    {
        var output = new Terminal { Width = 20 };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Interactive = InteractionSupport.Yes, Ansi = AnsiSupport.Yes, Out = output });
        using (var progress = new TrainingProgress("epoch 1/2", total: 200, "images", done: 0, console, interval: TimeSpan.Zero)) progress.Advance(50);
        Assert.That(output.Text.ToString()!.Split('\r', StringSplitOptions.RemoveEmptyEntries), Has.All.Length.LessThan(20));
    }

    [TestCase(0, "0:00")]
    [TestCase(59.9, "0:59")]
    [TestCase(61, "1:01")]
    [TestCase(5400, "1:30:00")]
    [TestCase(100_000, "27:46:40")]
    [TestCase(1e300, "over 1000 hours")]
    [TestCase(double.PositiveInfinity, "over 1000 hours")]
    public void Times_have_hours_where_there_are_any(double seconds, string text) => Assert.That(TrainingProgress.DescribeTime(seconds), Is.EqualTo(text));

    private sealed class Terminal : IAnsiConsoleOutput
    {
        public StringWriter Text { get; } = new();

        public TextWriter Writer => Text;

        public bool IsTerminal => true;

        public int Width { get; init; } = 100;

        public int Height => 25;

        public void SetEncoding(System.Text.Encoding encoding) { }
    }
}
