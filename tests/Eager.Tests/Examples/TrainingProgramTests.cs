using System.Text.RegularExpressions;
using Eager.Tests.Formats;
using Eager.Tests.Repository;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Examples;

/// <summary>The single-file programs that train, on small pictures that these tests make.</summary>
public sealed partial class TrainingProgramTests
{
    private TempFolder folder = null!;

    [OneTimeSetUp]
    public void MakePictures()
    {
        folder = new TempFolder();
        SmallPictures.Write(folder.Path, "train", 600, seed: 1);
        SmallPictures.Write(folder.Path, "t10k", 200, seed: 2);
    }

    [OneTimeTearDown]
    public void DeletePictures() => folder.Dispose();

    [Test]
    public void A_linear_model_learns_digits_logs_and_goes_on_where_it_stopped()
    {
        string whole = Path.Combine(folder.Path, "whole"), parts = Path.Combine(folder.Path, "parts");
        string[] undisturbed = ScriptProgram.Lines("digits.cs", folder.Path, "linear", "60", whole);
        ScriptProgram.Lines("digits.cs", folder.Path, "linear", "40", parts);
        string[] resumed = ScriptProgram.Lines("digits.cs", folder.Path, "linear", "60", parts);

        SummaryValue[] values = [.. Directory.GetFiles(Path.Combine(whole, "train")).SelectMany(file => EventFileReader.Read(file)).SelectMany(static e => e.Values)];
        Assert.Multiple(() =>
        {
            Assert.That(undisturbed[0], Does.Contain("650 parameters in 2 variables"), "64 pixels and a bias for each of ten classes");
            Assert.That(resumed, Does.Contain("going on from step 40"));
            Assert.That(StepLine(resumed, 60), Is.EqualTo(StepLine(undisturbed, 60)), "to the printed digits");
            Assert.That(TestAccuracy(resumed), Is.EqualTo(TestAccuracy(undisturbed)).And.GreaterThan(0.9), "each class has a bar of its own; chance is 0.1");
            Assert.That(values.Select(static v => v.Tag).Distinct(), Is.EquivalentTo(new[] { "loss", "accuracy", "linear/W", "linear/b" }));
            Assert.That(values.Count(static v => v.Tag == "linear/W" && v.Histogram is not null), Is.EqualTo(3), "at steps 20, 40 and 60");
        });
    }

    [TestCase("mlp", "300", "5,090 parameters in 6 variables")]
    [TestCase("cnn", "120", "19,466 parameters in 6 variables")]
    public void Deeper_models_learn_digits(string model, string steps, string size)
    {
        string[] lines = ScriptProgram.Lines("digits.cs", folder.Path, model, steps, Path.Combine(folder.Path, model));
        Assert.That(lines[0], Does.Contain(size));
        Assert.That(TestAccuracy(lines), Is.GreaterThan(0.8), "chance is 0.1");
    }

    [Test]
    public void The_first_program_of_the_README_fits_evaluates_and_draws()
    {
        string file = RepositoryRoot.Combine("examples", "scripts", "fit.cs"), readme = File.ReadAllText(RepositoryRoot.Combine("README.md"));
        string program = string.Join('\n', File.ReadLines(file).SkipWhile(static l => l.StartsWith('#') || l.StartsWith("//", StringComparison.Ordinal))).Trim();
        using var here = new TempFolder();
        (int exitCode, string output) = ScriptProgram.RunIn(here.Path, file, "8", folder.Path);

        Assert.That(exitCode, Is.Zero, output);
        Assert.Multiple(() =>
        {
            Assert.That(readme, Does.Contain($"```csharp\n{program}\n```"));
            Assert.That(program.Split('\n'), Has.Length.LessThan(25));
            Assert.That(output, Does.Contain("flatten_1 (Flatten)").And.Contain("epoch 8/8: loss ").And.Contain("val_accuracy "));
            Assert.That(TestAccuracy(output.Split('\n', StringSplitOptions.RemoveEmptyEntries)), Is.GreaterThan(0.8), "chance is 0.1");
            Assert.That(File.ReadAllText(here.File("learning-curve.svg")), Does.StartWith("<svg").And.Contain(">val_loss<").And.Contain(">val_accuracy<"));
        });
    }

    [Test]
    public void Compiled_models_fit_digits()
    {
        string[] lines = ScriptProgram.Lines("digits-fitted.cs", folder.Path, "5");
        double[] losses = ScriptProgram.Numbers(lines.First(static l => l.StartsWith("perceptron: loss ")));
        Assert.Multiple(() =>
        {
            Assert.That(string.Join('\n', lines), Does.Match(@"1,?344[\s\S]*\b0\b[\s\S]*4,?160[\s\S]*\b0\b[\s\S]*650[\s\S]*Total params: 6,154"), "the table of the slides");
            Assert.That(losses, Has.Length.EqualTo(5), "an epoch each");
            Assert.That(losses[^1], Is.LessThan(losses[0] / 4));
            Assert.That(ScriptProgram.Numbers(lines.Single(static l => l.StartsWith("perceptron: loss") && l.Contains("accuracy")))[1], Is.GreaterThan(0.9));
            Assert.That(lines, Does.Contain("logistic: 650 parameters"));
            Assert.That(ScriptProgram.Numbers(lines.Single(static l => l.StartsWith("logistic: loss")))[1], Is.GreaterThan(0.9));
            string[] words = lines.Single(static l => l.StartsWith("the first picture is a ")).Split(' ', ',');
            Assert.That(words[5], Is.EqualTo(words[^1]), "it is what it is labelled");
        });
    }

    [Test]
    public void The_READMEs_first_program_fits_plots_and_evaluates()
    {
        string plot = Path.Combine(Environment.CurrentDirectory, "learning-curve.svg");  // programs begin where their parent is
        try
        {
            string[] lines = ScriptProgram.Lines("fit.cs", "30", folder.Path);
            Assert.That(TestAccuracy(lines), Is.GreaterThan(0.8), "chance is 0.1");
            Assert.That(File.ReadAllText(plot), Does.Contain("<svg"));
        }
        finally
        {
            File.Delete(plot);
        }
    }

    [Test]
    public void A_model_in_plain_arrays_ends_with_the_same_weights()
    {
        string[] lines = ScriptProgram.Lines("in-plain-arrays.cs", "100");
        double[] losses = ScriptProgram.Numbers(lines[0]);
        Assert.That(losses[0], Is.EqualTo(losses[1]));
        Assert.That(lines, Does.Contain("the weights agree to 1e-9: True"));
    }

    [Test]
    public void A_generator_learns_to_draw_digits_from_a_discriminator_with_shared_weights()
    {
        string[] lines = ScriptProgram.Lines("gan.cs", "800");
        double before = ScriptProgram.Numbers(lines.Single(static l => l.StartsWith("before: ")))[0], after = ScriptProgram.Numbers(lines.Single(static l => l.StartsWith("after: ")))[0];
        Assert.That(lines, Does.Contain("the discriminator judges both kinds with the same 4 variables"));
        Assert.That(before, Is.GreaterThan(1.5), "fifteen pixels of about one half are √15/2 away from black and white");
        Assert.That(after, Is.LessThan(before / 3));
    }

    [Test]
    public void A_beam_finds_the_likeliest_word_that_the_next_letter_alone_misses()
    {
        string[] lines = ScriptProgram.Lines("sequences.cs");
        double[] loss = ScriptProgram.Numbers(lines[0]);
        (string Word, double Probability)[] found = [.. lines[1..].Select(static l => (l.Split(' ')[2], ScriptProgram.Numbers(l)[0]))];
        Assert.Multiple(() =>
        {
            Assert.That(loss[0], Is.EqualTo(loss[1]).Within(0.02), "all that can be known of the words is learned");
            Assert.That(found[0].Word, Is.AnyOf("tap", "tan"), "the likeliest letter after the first leads away from the likeliest word");
            Assert.That(found[1].Word, Is.EqualTo("to"));
            Assert.That(found[2..].Select(static f => f.Word), Is.EquivalentTo(new[] { "tap", "tan" }));
            foreach ((string word, double probability) in found) Assert.That(probability, Is.EqualTo(word == "to" ? 0.4 : 0.3).Within(0.03), word);
        });
    }

    [Test]
    public void An_encoder_and_a_decoder_learn_to_turn_words_around()
    {
        string[] lines = ScriptProgram.Lines("encoder-decoder.cs");
        double letters = ScriptProgram.Numbers(lines.Single(static l => l.StartsWith("letters right")))[0], words = ScriptProgram.Numbers(lines.Single(static l => l.StartsWith("words right")))[0];
        Assert.Multiple(() =>
        {
            Assert.That(lines, Has.Some.StartsWith("reader (LSTM)").And.Some.Contains("reader[0][2]"));
            // Guesses at random would be right once in five, and four times in a row once in 625.
            Assert.That(letters, Is.GreaterThan(0.9));
            Assert.That(words, Is.GreaterThan(0.75));
            Assert.That(lines.Where(static l => l.Contains(" -> ")), Has.Exactly(3).Items);
        });
    }

    [Test]
    public void Drawn_predictions_arrive_in_the_summary_in_their_size()
    {
        string[] lines = ScriptProgram.Lines("drawn-predictions.cs", Path.Combine(folder.Path, "drawn"));
        Match size = Regex.Match(lines.Single(static l => l.StartsWith("drawn: ")), @"\[3, (?<height>\d+), (?<width>\d+), 3\], uint8", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        Assert.That(lines, Does.Contain("the digits 4, 7, 2 are said to be 4, 7, 2"));
        Assert.That(int.Parse(size.Groups["height"].Value), Is.GreaterThan(80), "a caption and bars beside the 80 × 48 pixels of the digit");
        Assert.That(lines, Does.Contain($"predictions: 3 pictures of {size.Groups["height"].Value} × {size.Groups["width"].Value} pixels"));
    }

    [Test]
    public void Every_program_stands_in_the_table_and_every_number_too()
    {
        string table = File.ReadAllText(RepositoryRoot.Combine("examples", "README.md"));
        string[] scripts = [.. Directory.GetFiles(RepositoryRoot.Combine("examples", "scripts"), "*.cs").Select(file => Path.GetFileName(file))];
        int[] numbers = [.. ProgramNumbers().Matches(table).SelectMany(static row => row.Groups["numbers"].Value.Split(", ")).Select(int.Parse)];
        Assert.That(scripts.Where(script => !table.Contains($"](scripts/{script})")), Is.Empty);
        Assert.That(scripts, Is.Not.Empty);
        Assert.That(Enumerable.Range(1, 59).Except(numbers), Is.EquivalentTo(new[] { 6 }), "those that the table says are missing");
    }

    [GeneratedRegex(@"^\| (?<numbers>\d+(, \d+)*) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ProgramNumbers();

    private static string StepLine(string[] lines, int step) => lines.Single(line => line.StartsWith($"step {step}: "));

    private static double TestAccuracy(string[] lines) => ScriptProgram.Numbers(lines.Single(static l => l.StartsWith("test accuracy ")))[0];
}
