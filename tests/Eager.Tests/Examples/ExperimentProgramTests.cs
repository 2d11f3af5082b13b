using System.Globalization;
using System.Text.RegularExpressions;
using Eager.Tests.Formats;
using Eager.Tests.Repository;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Examples;

/// <summary>The program whose command line names a member of an experiment.</summary>
public sealed partial class ExperimentProgramTests
{
    [Test]
    public void An_experiment_trains_evaluates_and_goes_on_as_its_command_line_says()
    {
        using var folder = new TempFolder();
        SmallPictures.Write(folder.Path, "train", 600, seed: 1);
        SmallPictures.Write(folder.Path, "t10k", 200, seed: 2);
        string whole = folder.File("whole"), parts = folder.File("parts");

        string undisturbed = Run(0, "--output_dir", whole, "--hparams", $"data={folder.Path},model=cnn,steps=150,learning_rate=0.01");
        Run(0, "--output_dir", parts, "--schedule", "train", "--hparams", $"data={folder.Path},model=cnn,steps=70,learning_rate=0.01");
        string resumed = Run(0, "--output_dir", parts, "--hparams", $"data={folder.Path},model=cnn,steps=150,learning_rate=0.01");
        string evaluated = Run(0, "--output_dir", parts, "--schedule", "evaluate", "--hparams", $"data={folder.Path},model=cnn");
        Assert.Multiple(() =>
        {
            Assert.That(Figure(undisturbed, "accuracy"), Is.GreaterThan(0.8), "chance is 0.1");
            Assert.That(Figure(undisturbed, "global_step"), Is.EqualTo(150));
            foreach (string name in new[] { "loss", "accuracy" })
            {
                Assert.That(Figure(resumed, name), Is.EqualTo(Figure(undisturbed, name)), name);
                Assert.That(Figure(evaluated, name), Is.EqualTo(Figure(undisturbed, name)), name);
            }
            Assert.That(Directory.GetFiles(Path.Combine(whole, "export", "best")), Has.Some.Match("best-(100|150).safetensors"));
            SummaryValue[] logged = [.. Directory.GetFiles(whole, "*tfevents*").SelectMany(file => EventFileReader.Read(file)).SelectMany(static e => e.Values)];
            Assert.That(logged.Count(static v => v.Tag == "images" && v.Images!.Count == 3), Is.EqualTo(7), "at steps 20 to 140");
            Assert.That(Run(2, "--hparams", "speed=1"), Does.Contain("no 'speed'").And.Contain("learning_rate (a number)"));
        });
    }

    private static string Run(int exitCode, params string[] arguments)
    {
        (int code, string output) = ScriptProgram.Run(RepositoryRoot.Combine("examples", "scripts", "experiment.cs"), arguments);
        Assert.That(code, Is.EqualTo(exitCode), output);
        return output;
    }

    private static double Figure(string output, string name) =>
        double.Parse(FigureOf().Matches(output).Last(match => match.Groups["name"].Value == name).Groups["value"].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?<name>\w+) = (?<value>[0-9.E+-]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FigureOf();
}
