using System.Text.RegularExpressions;
using Eager.Layers;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;
using Spectre.Console;

namespace Eager.Tests.Training.Callbacks;

/// <summary>The callbacks that write: CSV, TensorBoard and the progress bar.</summary>
public sealed class LoggingTests
{
    private static readonly Dictionary<string, double> NoLogs = [];

    [Test]
    public void Each_epoch_is_a_line_of_figures_that_read_back_bit_for_bit()
    {
        using var folder = new TempFolder();
        string path = folder.File("new/log.csv");
        var log = new CsvLog(path);
        log.OnTrainBegin(Training());
        log.OnEpochEnd(0, new Dictionary<string, double> { ["loss"] = 0.1 + 0.2, ["accuracy"] = 0.5 });
        Assert.That(File.ReadAllText(path), Is.EqualTo("epoch,learning_rate,loss,accuracy\n0,0.25,0.30000000000000004,0.5\n"), "whole after each epoch");
        log.OnEpochEnd(1, new Dictionary<string, double> { ["loss"] = double.NaN, ["accuracy"] = 1e-300, ["val_loss"] = 2 });
        log.OnEpochEnd(2, new Dictionary<string, double> { ["loss"] = 1 });

        Assert.That(File.ReadAllLines(path), Is.EqualTo(new[] { "epoch,learning_rate,loss,accuracy,val_loss", "0,0.25,0.30000000000000004,0.5,", "1,0.25,NaN,1E-300,2", "2,0.25,1,," }));
    }

    [Test]
    public void A_log_is_gone_on_with_or_replaced()
    {
        using var folder = new TempFolder();
        string path = folder.File("log.csv");
        Write(new CsvLog(path, ';'), 0, "loss");
        Write(new CsvLog(path, ';', append: true), 1, "accuracy");
        Assert.That(File.ReadAllLines(path), Is.EqualTo(new[] { "epoch;learning_rate;loss;accuracy", "0;0.25;1;", "1;0.25;;1" }));

        Write(new CsvLog(path), 7, "loss");
        Assert.That(File.ReadAllLines(path), Is.EqualTo(new[] { "epoch,learning_rate,loss", "7,0.25,1" }));

        static void Write(CsvLog log, int epoch, string name)
        {
            log.OnTrainBegin(Training());
            log.OnEpochEnd(epoch, new Dictionary<string, double> { [name] = 1 });
        }
    }

    [Test]
    public void What_is_no_log_is_not_gone_on_with()
    {
        using var folder = new TempFolder();
        string path = folder.File("log.csv");
        File.WriteAllText(path, "name,price\npear,3\n");
        var log = new CsvLog(folder.File("other.csv"));
        log.OnTrainBegin(Training());

        Assert.Multiple(() =>
        {
            Assert.That(() => new CsvLog(path, append: true).OnTrainBegin(Training()), Throws.InstanceOf<CorruptFileException>().With.Message.Contains(path));
            Assert.That(() => new CsvLog(path, '.'), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("'.'"));
            Assert.That(() => log.OnEpochEnd(0, new Dictionary<string, double> { ["a,b"] = 1 }), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("'a,b'"));
        });
        Assert.That(File.ReadAllText(path), Is.EqualTo("name,price\npear,3\n"));
        var blocked = new CsvLog(folder.File("log.csv/inside.csv"));
        blocked.OnTrainBegin(Training());
        Assert.That(() => blocked.OnEpochEnd(0, NoLogs), Throws.InstanceOf<FileWriteException>());
    }

    [Test]
    public void TensorBoard_gets_training_and_validation_as_two_runs_of_the_same_tags()
    {
        using var folder = new TempFolder();
        var board = new TensorBoardLog(folder.Path, everySteps: 2);
        board.OnTrainBegin(Training());
        for (int epoch = 0; epoch < 2; epoch++)
        {
            for (long step = 3 * epoch; step < 3 * (epoch + 1); step++) board.OnBatchEnd(step, new Dictionary<string, double> { ["loss"] = step });
            board.OnEpochEnd(epoch, new Dictionary<string, double> { ["loss"] = 10 + epoch, ["val_loss"] = 20 + epoch });
        }
        board.OnTrainEnd(NoLogs);

        Assert.That(Scalars(folder.File("train")), Is.EquivalentTo(new[]
        {
            ("batch_loss", 2L, 1.0), ("batch_loss", 4, 3), ("batch_loss", 6, 5),
            ("epoch_loss", 0, 10), ("epoch_loss", 1, 11), ("epoch_learning_rate", 0, 0.25), ("epoch_learning_rate", 1, 0.25),
        }));
        Assert.That(Scalars(folder.File("validation")), Is.EquivalentTo(new[] { ("epoch_loss", 0L, 20.0), ("epoch_loss", 1, 21) }));
        Assert.That(() => new TensorBoardLog(folder.Path, everySteps: 0), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("everySteps"));
    }

    [TestCase(4L, @"^epoch 1/3 +25 ?%  loss 0\.5000  acc 0\.2500  [\d,]+ steps/s  \d+:\d\d left *$")]
    [TestCase(null, @"^epoch 1/3 1 steps  loss 0\.5000  acc 0\.2500  [\d,]+ steps/s *$")]
    public void The_progress_bar_has_figures_rate_and_time_left_as_plain_lines_where_there_is_no_terminal(long? steps, string line)
    {
        var output = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Interactive = InteractionSupport.No, Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 200;
        var logs = new Dictionary<string, double> { ["loss"] = 0.5, ["acc"] = 0.25 };
        var bar = new ProgressBar(console, TimeSpan.Zero);
        bar.OnTrainBegin(Training(steps));
        bar.OnEpochBegin(0);
        bar.OnBatchBegin(0);
        bar.OnBatchEnd(0, logs);
        bar.OnEpochEnd(0, logs);
        bar.OnTrainEnd(logs);

        string[] lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(2));
        Assert.That(Regex.IsMatch(lines[0], line), Is.True, lines[0]);
        Assert.That(lines[1].TrimEnd(), Is.EqualTo("epoch 1/3: loss 0.5000  acc 0.2500"));
    }

    private static TrainingContext Training(long? steps = null) => new(new Dense(1, inputShape: [2]), new Sgd(0.25), epochs: 3, steps);

    private static (string Tag, long Step, double Value)[] Scalars(string run) =>
        [.. EventFileReader.Read(Directory.GetFiles(run).Single()).SelectMany(e => e.Values.Select(v => (v.Tag, e.Step, (double)v.Scalar!.Value)))];
}
