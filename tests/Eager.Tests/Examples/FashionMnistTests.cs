using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Examples;

/// <summary>The main job on small pictures that these tests make: numbers that repeat, resumption, files, and bad input.</summary>
public sealed class FashionMnistTests
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

    [TestCase("logistic")]
    [TestCase("mlp")]
    [TestCase("cnn")]
    public void Two_runs_with_one_seed_print_the_same_and_a_traced_one_too(string model)
    {
        ExampleProgram.Result first = Train(model), second = Train(model), traced = Train(model, "--traced"), other = Train(model, "--seed", "2");
        Assert.Multiple(() =>
        {
            Assert.That(first.ExitCode, Is.Zero, first.Errors);
            Assert.That(Results(first), Has.Length.EqualTo(3), "an epoch's line each, and the end's");
            Assert.That(Results(second), Is.EqualTo(Results(first)));
            Assert.That(Results(traced), Is.EqualTo(Results(first)));
            Assert.That(Results(other), Is.Not.EqualTo(Results(first)));
            Assert.That(TestAccuracy(first), Is.GreaterThan(0.5), "ten classes, each with a bar of its own: chance is 0.1");
        });
    }

    [Test]
    public void The_models_summary_and_the_confusion_matrix_are_printed()
    {
        ExampleProgram.Result result = Train("mlp");
        Assert.That(result.Output, Does.Contain("dense_3 (Dense)").And.Contain("Total params: 85,002"));
        Assert.That(result.Lines.Count(l => l.Contains(" | ")), Is.EqualTo(11), "a heading and ten classes");
    }

    [Test]
    public void A_run_resumed_after_an_epoch_ends_where_the_undisturbed_one_ends()
    {
        string checkpoints = Path.Combine(folder.Path, "resumed");
        Train("cnn", "--epochs", "1", "--checkpoint-dir", checkpoints);
        ExampleProgram.Result resumed = Train("cnn", "--epochs", "3", "--checkpoint-dir", checkpoints), whole = Train("cnn", "--epochs", "3");
        Assert.That(resumed.Output, Does.Contain("Going on from step 19, in epoch 2 of 3."));
        Assert.That(Results(resumed), Is.EqualTo(Results(whole)[1..]));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Ctrl_C_saves_and_the_resumed_run_ends_where_the_undisturbed_one_ends(bool traced)
    {
        string checkpoints = Path.Combine(folder.Path, $"interrupted-{traced}");
        string[] more = traced ? ["--traced"] : [];
        string[] arguments = Arguments("cnn", ["--epochs", "40", .. more]);
        using (ExampleProgram program = ExampleProgram.Start("FashionMnist", [.. arguments, "--checkpoint-dir", checkpoints]))
        {
            ExampleProgram.Result stopped = program.InterruptAt("epoch 3/40:");
            Assert.That(stopped.ExitCode, Is.Zero, stopped.Errors);
            Assert.That(stopped.Output, Does.Contain("Stopped at step").And.Contain("saved in").And.Contain("\ntest accuracy "));
        }
        ExampleProgram.Result resumed = ExampleProgram.Run("FashionMnist", [.. arguments, "--checkpoint-dir", checkpoints]), whole = ExampleProgram.Run("FashionMnist", arguments);
        Assert.That(resumed.Output, Does.Contain("Going on from step"));
        // The resumed epoch's line counts the pictures of both parts.
        string[] last = Results(resumed);
        Assert.That(last, Has.Length.GreaterThan(1));
        Assert.That(last, Is.EqualTo(Results(whole)[^last.Length..]));
    }

    [Test]
    public void A_log_folder_gets_scalars_and_the_graph()
    {
        string log = Path.Combine(folder.Path, "log");
        Train("mlp", "--epochs", "6", "--log-dir", log);
        SummaryEvent[] events = [.. EventFileReader.Read(Directory.GetFiles(log).Single())];
        Assert.Multiple(() =>
        {
            Assert.That(events.Count(e => e.GraphDef.Length > 0), Is.EqualTo(1));
            Assert.That(events.SelectMany(e => e.Values).Count(v => v.Tag == "test/accuracy"), Is.EqualTo(6));
            Assert.That(events.SelectMany(e => e.Values).Select(v => v.Tag), Does.Contain("train/loss"));
        });
    }

    [Test]
    public void A_traced_run_logs_the_graph_of_the_whole_step()
    {
        string log = Path.Combine(folder.Path, "traced-log");
        Train("mlp", "--traced", "--log-dir", log);
        byte[] graph = EventFileReader.Read(Directory.GetFiles(log).Single()).Single(e => e.GraphDef.Length > 0).GraphDef.ToArray();
        WireMessage[] nodes = new WireMessage(graph).Messages(1);
        string[] names = [.. nodes.Select(n => n.Text(1))];
        Assert.Multiple(() =>
        {
            Assert.That(names, Does.Contain("sequential/dense_1/Affine"), "forward");
            Assert.That(names, Has.Some.StartsWith("gradients/"), "backward");
            Assert.That(nodes.Count(n => n.Text(2) == "Adam"), Is.EqualTo(1), "update");
            Assert.That(names, Does.Contain("images").And.Contain("labels").And.Contain("dense_1/kernel"));
        });
    }

    [TestCase("--data-dir", "/missing/folder", "holds none of train-images-idx3-ubyte")]
    [TestCase("--device", "cuda", "no device cuda:0 here")]
    [TestCase("--device", "tpu", "'tpu' is no device")]
    [TestCase("--model", "rnn", "--model must be logistic, mlp or cnn, not 'rnn'")]
    [TestCase("--epochs", "0", "--epochs must be at least 1")]
    [TestCase("--epochs", "many", "many")]
    [TestCase("--learning-rate", "-1", "--learning-rate must be above 0")]
    [TestCase("--colour", "red", "--colour")]
    public void Bad_arguments_get_one_sentence_and_an_exit_code(string option, string value, string named)
    {
        ExampleProgram.Result result = ExampleProgram.Run("FashionMnist", option, value);
        RequireOneSentence(result, named);
    }

    [TestCase("train-images-idx3-ubyte", 100)]
    [TestCase("train-labels-idx1-ubyte", 3)]
    public void A_truncated_file_is_named(string file, int kept)
    {
        using var damaged = new TempFolder();
        foreach (string path in Directory.GetFiles(folder.Path)) File.Copy(path, Path.Combine(damaged.Path, Path.GetFileName(path)));
        string target = Path.Combine(damaged.Path, file);
        File.WriteAllBytes(target, File.ReadAllBytes(target)[..kept]);
        RequireOneSentence(ExampleProgram.Run("FashionMnist", "--data-dir", damaged.Path), $"ends at offset {kept}", file);
    }

    [Test]
    public void Wrong_magic_and_wrong_labels_are_named()
    {
        using var damaged = new TempFolder();
        foreach (string path in Directory.GetFiles(folder.Path)) File.Copy(path, Path.Combine(damaged.Path, Path.GetFileName(path)));
        string labels = Path.Combine(damaged.Path, "t10k-labels-idx1-ubyte");
        byte[] bytes = File.ReadAllBytes(labels);
        bytes[20] = 77;
        File.WriteAllBytes(labels, bytes);
        RequireOneSentence(ExampleProgram.Run("FashionMnist", "--data-dir", damaged.Path), "77", "t10k-labels-idx1-ubyte");
        bytes[3] = 9;
        bytes[2] = 99;
        File.WriteAllBytes(labels, bytes);
        RequireOneSentence(ExampleProgram.Run("FashionMnist", "--data-dir", damaged.Path), "t10k-labels-idx1-ubyte");
    }

    private static void RequireOneSentence(ExampleProgram.Result result, params string[] named)
    {
        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.Not.Zero);
            Assert.That(result.Errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1), result.Errors);
            foreach (string text in named) Assert.That(result.Errors, Does.Contain(text));
            Assert.That(result.Errors, Does.Not.Contain("   at "));
        });
    }

    private string[] Arguments(string model, params string[] more)
    {
        string[] epochs = more.Contains("--epochs") ? [] : ["--epochs", "2"];
        return ["--model", model, "--data-dir", folder.Path, "--batch-size", "32", "--learning-rate", "0.005", .. epochs, .. more];
    }

    private ExampleProgram.Result Train(string model, params string[] more) => ExampleProgram.Run("FashionMnist", Arguments(model, more));

    private static string[] Results(ExampleProgram.Result result) =>
        [.. result.Lines.Where(l => (l.StartsWith("epoch ") && l.Contains(": loss ")) || l.StartsWith("test accuracy"))];

    private static double TestAccuracy(ExampleProgram.Result result) =>
        double.Parse(result.Lines.Single(l => l.StartsWith("test accuracy")).Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
}
