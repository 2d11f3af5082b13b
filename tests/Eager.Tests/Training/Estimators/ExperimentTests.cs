using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training.Estimators;

/// <summary>Experiments and the program that runs them by the names of their members.</summary>
public sealed class ExperimentTests
{
    [Test]
    public void Training_is_evaluated_in_between_and_the_best_weights_are_kept()
    {
        using var folder = new TempFolder();
        var seen = new List<(long Step, double Loss)>();
        using (Noting first = Make(folder.Path, seen))
        {
            IReadOnlyDictionary<string, double> figures = first.TrainAndEvaluate();
            Assert.That(figures["global_step"], Is.EqualTo(50));
        }
        Assert.That(seen.Select(s => s.Step), Is.EqualTo(new long[] { 20, 40, 50 }));
        (long bestStep, double best) = seen.MinBy(s => s.Loss);
        using (Noting again = Make(folder.Path, seen))
        {
            Assert.That(again.BestCheckpoint, Does.EndWith($"best-{bestStep}.safetensors"));
            Assert.That(again.Estimator.Evaluate(TestInput, checkpointPath: again.BestCheckpoint)["loss"], Is.EqualTo(best));
            again.TrainAndEvaluate();
            Assert.That(seen, Has.Count.EqualTo(4), "all steps were made already; only the evaluation is made");
        }

        // An experiment that goes on does not put a worse one in the place of the best.
        using var longer = new Noting(NewEstimator(folder.Path), seen, steps: 60, trainInput: () => Dataset.FromTensorSlices(-5 * Images, Labels).Batch(50).Repeat());
        longer.TrainAndEvaluate();
        Assert.That(seen[^1].Loss, Is.GreaterThan(best));
        Assert.That(longer.BestCheckpoint, Does.EndWith($"best-{bestStep}.safetensors"));
    }

    [Test]
    public void An_input_that_ends_is_begun_anew_until_enough_steps_were_made_or_once_without_a_limit()
    {
        var seen = new List<(long Step, double Loss)>();
        using var limited = new Noting(NewEstimator(null), seen, steps: 10, trainInput: () => Dataset.FromTensorSlices(Images, Labels).Batch(50), best: null);
        limited.TrainAndEvaluate();
        Assert.That(seen.Select(s => s.Step), Is.EqualTo(new long[] { 4, 8, 10 }));
        seen.Clear();
        using var once = new Noting(NewEstimator(null), seen, steps: null, trainInput: () => Dataset.FromTensorSlices(Images, Labels).Batch(50), best: null);
        once.TrainAndEvaluate();
        Assert.That(seen.Select(s => s.Step), Is.EqualTo(new long[] { 4 }));
    }

    [Test]
    public void The_runner_calls_the_member_that_is_named_with_the_folder_and_the_settings()
    {
        using var folder = new TempFolder();
        string directory = folder.File("run");
        var rates = new List<double>();
        int Run(StringWriter output, StringWriter error, params string[] args) => LearnRunner.Run((config, parameters) =>
        {
            rates.Add(parameters.Get<double>("learning_rate"));
            return new Noting(new Estimator<Tensor, Tensor>(SmallDigits.Linear, config, parameters), [], parameters.Get<long>("steps"), best: null);
        }, args, new HyperParameters { { "learning_rate", 0.01 }, { "steps", 5 } }, output: output, error: error);

        StringWriter output = new(), error = new();
        Assert.Multiple(() =>
        {
            Assert.That(Run(output, error, "--output_dir", directory, "--schedule", "train", "--hparams", "learning_rate=0.25,steps=7"), Is.Zero, error.ToString());
            Assert.That(File.Exists(Path.Combine(directory, "ckpt-7.safetensors")));
            Assert.That(rates, Is.EqualTo(new[] { 0.25 }));
            Assert.That(output.ToString(), Is.Empty);

            Assert.That(Run(output, error, "--output_dir", directory, "--schedule", "evaluate"), Is.Zero);
            Assert.That(output.ToString(), Does.Match(@"^loss = [0-9.]+, global_step = 7, accuracy = [0-9.]+\n$"));
            Assert.That(Run(output, error, "--output_dir", directory, "--schedule", "CountSteps"), Is.Zero);
            Assert.That(output.ToString(), Does.EndWith("steps = 0\n"));
            Assert.That(error.ToString(), Is.Empty);

            Assert.That(Run(output, error, "--output_dir", folder.File("other"), "--hparams", "steps=3"), Is.Zero, "train_and_evaluate by default");
            Assert.That(File.Exists(folder.File("other/ckpt-3.safetensors")));
        });
    }

    [TestCase(new[] { "--schedule", "fly" }, 2, "evaluate, train, train_and_evaluate")]
    [TestCase(new[] { "--hparams", "speed=3" }, 2, "no 'speed'")]
    [TestCase(new[] { "--hparams", "steps=many" }, 2, "'many'")]
    [TestCase(new[] { "--sched", "train" }, 2, "--sched")]
    [TestCase(new[] { "--schedule", "evaluate" }, 1, "nothing was trained")]
    public void A_wrong_command_line_is_one_sentence_and_an_exit_code(string[] args, int code, string message)
    {
        var error = new StringWriter();
        Assert.That(LearnRunner.Run((config, parameters) => new Experiment<Tensor, Tensor>(new(SmallDigits.Linear, config, parameters), TestInput, TestInput, 1), args,
            new HyperParameters { { "learning_rate", 0.01 }, { "steps", 5 } }, error: error, output: TextWriter.Null), Is.EqualTo(code));
        Assert.That(error.ToString(), Does.Contain(message));
        Assert.That(error.ToString().TrimEnd().Split('\n'), Has.Length.EqualTo(1));
    }

    [Test]
    public void Help_lists_the_settings()
    {
        var output = new StringWriter();
        Assert.That(LearnRunner.Run((_, _) => throw new InvalidOperationException("no experiment is made for help"), ["--help"], new HyperParameters { { "learning_rate", 0.01 } }, output: output), Is.Zero);
        Assert.That(output.ToString(), Does.Contain("--schedule").And.Contain("learning_rate=0.01"));
    }

    [Test]
    public void An_experiment_that_cannot_run_is_refused()
    {
        using Estimator<Tensor, Tensor> estimator = NewEstimator(null);
        Assert.That(() => new Experiment<Tensor, Tensor>(estimator, TestInput, TestInput, trainSteps: 0), Throws.TypeOf<InvalidArgumentException>());
        Assert.That(() => new Experiment<Tensor, Tensor>(estimator, TestInput, TestInput, bestFigure: "loss"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("ModelDirectory"));
    }

    private static readonly (Tensor Images, Tensor Labels) Digits = SmallDigits.Make(200, seed: 6);

    private static Tensor Images => Digits.Images;

    private static Tensor Labels => Digits.Labels;

    private static Dataset<(Tensor Features, Tensor Labels)> TestInput() => Dataset.FromTensorSlices(Images, Labels).Batch(80);

    private static Estimator<Tensor, Tensor> NewEstimator(string? folder) =>
        new(SmallDigits.Linear, new RunConfig { ModelDirectory = folder }, new HyperParameters { { "learning_rate", 0.1 } });

    private static Noting Make(string folder, List<(long, double)> seen) => new(NewEstimator(folder), seen, steps: 50);

    private sealed class Noting(Estimator<Tensor, Tensor> estimator, List<(long Step, double Loss)> seen, long? steps, Func<IEnumerable<(Tensor, Tensor)>>? trainInput = null, string? best = "loss")
        : Experiment<Tensor, Tensor>(estimator, trainInput ?? (() => Dataset.FromTensorSlices(Images, Labels).Batch(50).Repeat()), TestInput, steps, evalEverySteps: 20, bestFigure: best), IDisposable
    {
        public IReadOnlyDictionary<string, double> CountSteps() => new Dictionary<string, double>(StringComparer.Ordinal) { ["steps"] = seen.Count };

        public override IReadOnlyDictionary<string, double> Evaluate()
        {
            IReadOnlyDictionary<string, double> figures = base.Evaluate();
            seen.Add(((long)figures["global_step"], figures["loss"]));
            return figures;
        }

        void IDisposable.Dispose() => Estimator.Dispose();
    }
}
