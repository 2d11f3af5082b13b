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
}
