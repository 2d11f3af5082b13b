using Eager.Autograd;
using Eager.Layers;
using Eager.Losses;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training.Estimators;

/// <summary>Estimators against loops written by hand, and against themselves when they are cut in two.</summary>
public sealed class EstimatorTests
{
    private static readonly HyperParameters Rate = new() { { "learning_rate", 0.1 } };

    [Test]
    public void The_linear_classifier_as_a_model_function_learns_as_a_loop_by_hand_and_is_logged()
    {
        using var folder = new TempFolder();
        (Tensor images, Tensor labels) = SmallDigits.Make(400, seed: 1);
        Dataset<(Tensor Features, Tensor Labels)> batches = Dataset.FromTensorSlices(images, labels).Shuffle(seed: 5).Batch(50);
        using (var estimator = new Estimator<Tensor, Tensor>(SmallDigits.Linear, new RunConfig { ModelDirectory = folder.Path, SaveSummarySteps = 10 }, Rate))
        {
            estimator.Train(() => batches.Repeat(), steps: 40);
            Assert.That(estimator.GlobalStep, Is.EqualTo(40));

            Variable w = new(Tensor.Zeros([64, 10])), b = new(Tensor.Zeros([10]));
            var sgd = new Sgd(0.1);
            foreach ((Tensor x, Tensor y) in batches.Repeat().Take(40))
                sgd.Minimize(() => Loss.SparseSoftmaxCrossEntropy(y, x.Reshape([-1, 64]).MatMul(w) + b), [w, b]);
            Assert.That(estimator.Variables["W"].ToArray<float>(), Is.EqualTo(w.ToArray<float>()));
            Assert.That(estimator.Variables["b"].ToArray<float>(), Is.EqualTo(b.ToArray<float>()));

            (Tensor testImages, Tensor testLabels) = SmallDigits.Make(200, seed: 2);
            IReadOnlyDictionary<string, double> figures = estimator.Evaluate(() => Dataset.FromTensorSlices(testImages, testLabels).Batch(64));
            Tensor logits = testImages.Reshape([-1, 64]).MatMul(w) + b;
            // The mean over batches of unequal size is that over all, up to the roundings of float32 losses.
            Assert.That(figures["loss"], Is.EqualTo(Loss.SparseSoftmaxCrossEntropy(testLabels, logits).Item()).Within(1e-6));
            Assert.That(figures["accuracy"], Is.EqualTo(logits.ArgMax(-1).Equal(testLabels).Cast(DType.Float64).Mean().Item()).And.GreaterThan(0.9));
            Assert.That(figures["global_step"], Is.EqualTo(40));
        }

        SummaryEvent[] logged = [.. Directory.GetFiles(folder.Path, "*tfevents*").SelectMany(path => EventFileReader.Read(path))];
        Assert.That(Steps(logged, "loss"), Is.EqualTo(new long[] { 10, 20, 30, 40 }));
        Assert.That(Steps(logged, "accuracy"), Is.EqualTo(new long[] { 10, 20, 30, 40 }));
        Assert.That(logged.Count(e => e.Session == SessionStatus.Start), Is.EqualTo(1));
        Assert.That(logged.SelectMany(e => e.Values).Single(v => v.Hyperparameters is not null).Hyperparameters!["learning_rate"], Is.EqualTo(0.1));
        SummaryEvent[] evaluated = [.. Directory.GetFiles(folder.File("eval"), "*tfevents*").SelectMany(path => EventFileReader.Read(path))];
        Assert.That(Steps(evaluated, "accuracy"), Is.EqualTo(new long[] { 40 }));
    }

    [Test]
    public void The_model_functions_of_perceptron_and_convolutions_learn([Values("mlp", "cnn", "cnn with dropout")] string model)
    {
        (Tensor images, Tensor labels) = SmallDigits.Make(300, seed: 3);
        EstimatorSpec Model(Tensor x, Tensor? y, EstimatorMode mode, HyperParameters parameters)
        {
            bool isTraining = mode == EstimatorMode.Train;
            IReadOnlyList<long> sizes = parameters.Get<IReadOnlyList<long>>("sizes");
            Tensor logits = model == "mlp" ? SmallDigits.MlpFunction(x.Reshape([-1, 64]), sizes) * 10 : SmallDigits.CnnFunction(x, sizes, dropout: model == "cnn" ? null : 0.5, isTraining: isTraining);
            return SmallDigits.Classifier(logits, y, mode, () => new Adam(0.01));
        }
        using var estimator = new Estimator<Tensor, Tensor>(Model, new RunConfig { Seed = 1 }, new HyperParameters { { "sizes", (long[])(model == "mlp" ? [50, 30, 10] : [8, 16]) } });
        Dataset<(Tensor Features, Tensor Labels)> batches = Dataset.FromTensorSlices(images, labels).Shuffle().Batch(50).Repeat();
        double first = estimator.Train(() => batches, steps: 1).Evaluate(() => batches.Take(6))["loss"];
        estimator.Train(() => batches, steps: 150);

        IReadOnlyDictionary<string, double> figures = estimator.Evaluate(() => batches, steps: 6);
        Assert.That(figures["loss"], Is.LessThan(0.5 * first));
        Assert.That(figures["accuracy"], Is.GreaterThan(0.8));
        string[] kernels = model == "mlp" ? ["dense/kernel", "dense_1/kernel", "dense_2/kernel"] : ["conv2d/kernel", "conv2d_1/kernel", "dense/kernel"];
        Assert.That(estimator.Variables.Keys.Where(name => name.EndsWith("kernel", StringComparison.Ordinal)), Is.EqualTo(kernels));

        // Dropout drops in training only.
        double[] Probabilities() => [.. estimator.Predict(() => [images[..20]], singleExamples: false).Single()["probabilities"].Cast(DType.Float64).ToArray<double>()];
        double[] once = Probabilities();
        Assert.That(Probabilities(), Is.EqualTo(once));
    }

    [Test]
    public void A_training_in_several_parts_and_processes_ends_with_the_same_bits([Values] bool endless)
    {
        using TempFolder whole = new(), parts = new();
        Train(whole.Path, 4, 27);
        Train(parts.Path, 4, 5, 11);
        Train(parts.Path, 4, 12);
        Train(parts.Path, 4, 27);

        using SafeTensorsFile a = SafeTensorsFile.Open(Path.Combine(whole.Path, "ckpt-27.safetensors")), b = SafeTensorsFile.Open(Path.Combine(parts.Path, "ckpt-27.safetensors"));
        Assert.That(a.Entries.Select(e => e.Name), Is.EqualTo(b.Entries.Select(e => e.Name)).And.Contains("model/conv2d/kernel").And.Contains("train/optimizer/m/conv2d/kernel_1").And.Contains("input/position").And.Contains("generator"));
        foreach (SafeTensorsEntry entry in a.Entries) Assert.That(a.ReadBytes(entry.Name), Is.EqualTo(b.ReadBytes(entry.Name)), entry.Name);

        void Train(string path, long seed, params int[] upTo)
        {
            // What the process drew before does not matter.
            Generator.Default.SetSeed(upTo[0]);
            (Tensor images, Tensor labels) = SmallDigits.Make(100, seed: 7);
            using var estimator = new Estimator<Tensor, Tensor>(Dropping, new RunConfig { ModelDirectory = path, Seed = seed, SaveCheckpointsSteps = 4 });
            foreach (int last in upTo)
            {
                while (estimator.GlobalStep < last)
                {
                    Dataset<(Tensor Features, Tensor Labels)> batches = Dataset.FromTensorSlices(images, labels).Shuffle().Batch(10);
                    estimator.Train(() => endless ? batches.Repeat() : batches, maxSteps: last);
                }
                if (last % 2 == 1) estimator.Evaluate(() => Dataset.FromTensorSlices(images, labels).Batch(50));
            }
        }
    }

    [Test]
    public void Weights_are_found_in_the_folder_by_an_estimator_that_never_trained()
    {
        using var folder = new TempFolder();
        (Tensor images, Tensor labels) = SmallDigits.Make(60, seed: 4);
        Func<Dataset<(Tensor Features, Tensor Labels)>> input = () => Dataset.FromTensorSlices(images, labels).Batch(20);
        var config = new RunConfig { ModelDirectory = folder.Path, SaveCheckpointsSteps = 2, Seed = 3 };
        using var trained = new Estimator<Tensor, Tensor>(Dropping, config);
        trained.Train(() => input().Repeat(), steps: 5);
        double[] expected = ProbabilitiesOf(trained, images);
        double lossAt4 = trained.Evaluate(input, checkpointPath: folder.File("ckpt-4.safetensors"))["loss"], lossAt5 = trained.Evaluate(input)["loss"];
        Assert.That(lossAt4, Is.Not.EqualTo(lossAt5));
        Assert.That(trained.Evaluate(input, checkpointPath: folder.File("ckpt-4.safetensors"))["global_step"], Is.EqualTo(4));
        Assert.That(ProbabilitiesOf(trained, images), Is.EqualTo(expected), "the weights at hand are put back");

        using var fresh = new Estimator<Tensor, Tensor>(Dropping, config with { Seed = 99 });
        Assert.That(fresh.GlobalStep, Is.EqualTo(5));
        Assert.That(fresh.LatestCheckpoint, Does.EndWith("ckpt-5.safetensors"));
        Assert.That(ProbabilitiesOf(fresh, images), Is.EqualTo(expected));
        Assert.That(fresh.Evaluate(input)["loss"], Is.EqualTo(lossAt5));
        Assert.That(ProbabilitiesOf(fresh, images, folder.File("ckpt-4.safetensors")), Is.Not.EqualTo(expected));

        // Going on after an evaluation takes the optimizer along.
        fresh.Train(() => input().Repeat(), maxSteps: 8);
        trained.Train(() => input().Repeat(), maxSteps: 8);
        Assert.That(ProbabilitiesOf(fresh, images), Is.EqualTo(ProbabilitiesOf(trained, images)));
    }

    [Test]
    public void Features_and_labels_may_be_dictionaries_and_plain_sequences_and_updates_any_code()
    {
        EstimatorSpec Model(IReadOnlyDictionary<string, Tensor> x, IReadOnlyDictionary<string, Tensor>? y, EstimatorMode mode, HyperParameters parameters)
        {
            Tensor sum = (x["a"] * VariableScope.GetVariable("w", [], (s, d) => Tensor.Zeros(s, d))) + x["b"];
            return new EstimatorSpec(mode, new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["sum"] = sum }, y is null ? null : Loss.MeanSquaredError(y["sum"], sum), new TrainOp(step =>
            {
                Sgd sgd = VariableScope.Get("own", () => new Sgd(0.25));
                sgd.Apply(step.Tape.Gradient(step.Loss, step.Variables), step.Variables);
            }), new Dictionary<string, MetricOp>(StringComparer.Ordinal) { ["mean_a"] = MetricOp.Mean(x["a"]) });
        }
        Dictionary<string, Tensor> features = new(StringComparer.Ordinal) { ["a"] = Tensor.From(1f, 2), ["b"] = Tensor.From(10f, 20) }, labels = new(StringComparer.Ordinal) { ["sum"] = Tensor.From(12f, 24) };
        IEnumerable<(IReadOnlyDictionary<string, Tensor>, IReadOnlyDictionary<string, Tensor>)> Input() => [(features, labels), (features, labels)];
        using var estimator = new Estimator<IReadOnlyDictionary<string, Tensor>, IReadOnlyDictionary<string, Tensor>>(Model);
        estimator.Train(Input);
        Assert.That(estimator.GlobalStep, Is.EqualTo(2));
        // loss ½Σ(a·w − 2a)², slope ½·2·5·(w − 2) = 5(w − 2): w goes 0, 2.5, 1.875.
        Assert.That(estimator.Variables["w"].Item(), Is.EqualTo(1.875));
        IReadOnlyDictionary<string, double> figures = estimator.Evaluate(Input);
        Assert.That(figures["mean_a"], Is.EqualTo(1.5));
        Assert.That(figures["loss"], Is.EqualTo(0.5 * 5 * 0.125 * 0.125));

        int given = 0;
        IEnumerable<(IReadOnlyDictionary<string, Tensor>, IReadOnlyDictionary<string, Tensor>)> Endless()
        {
            for (; ; given++) yield return (features, labels);
        }
        Assert.That(estimator.Evaluate(Endless, steps: 3)["loss"], Is.EqualTo(figures["loss"]));
        Assert.That(given, Is.EqualTo(2), "no batch is asked for that is not looked at");

        IReadOnlyDictionary<string, Tensor>[] single = [.. estimator.Predict(() => [features])];
        Assert.That(single.Select(p => p["sum"].Item()), Is.EqualTo(new[] { 11.875, 23.75 }));
        Assert.That(single[0]["sum"].Rank, Is.Zero);
        Assert.That(estimator.Predict(() => [features], singleExamples: false).Single()["sum"].ToArray<float>(), Is.EqualTo(new[] { 11.875f, 23.75f }));
    }

    [Test]
    public void Hooks_are_told_of_each_step_in_order_and_may_stop_it()
    {
        var told = new List<string>();
        using var folder = new TempFolder();
        using var estimator = new Estimator<Tensor, Tensor>(SmallDigits.Linear, new RunConfig { ModelDirectory = folder.Path }, Rate);
        (Tensor images, Tensor labels) = SmallDigits.Make(40, seed: 4);
        var written = new StringWriter();
        estimator.Train(() => Dataset.FromTensorSlices(images, labels).Batch(10).Repeat(), hooks: [new Teller(told, stopAt: 3), new StepLog(2, written)]);
        Assert.That(told, Is.EqualTo(new[] { "begin 0", "before 0", "after 1 True", "before 1", "after 2 True", "before 2", "after 3 True", "end 3" }));
        Assert.That(written.ToString(), Does.Match(@"^step 2: loss [0-9.]+(, [0-9.]+ steps a second)?\n$"));
        Assert.That(File.Exists(folder.File("ckpt-3.safetensors")), "what stops a training does not lose it");

        told.Clear();
        estimator.Evaluate(() => Dataset.FromTensorSlices(images, labels).Batch(10), hooks: [new Teller(told, stopAt: int.MaxValue)]);
        Assert.That(told, Has.Count.EqualTo(10));
    }

    [Test]
    public void Checkpoints_are_saved_by_steps_or_by_the_clock_and_at_the_end()
    {
        using TempFolder byStep = new(), byTime = new();
        var clock = new Clock();
        (Tensor images, Tensor labels) = SmallDigits.Make(20, seed: 4);
        Func<Dataset<(Tensor Features, Tensor Labels)>> input = () => Dataset.FromTensorSlices(images, labels).Batch(10).Repeat();
        using (var estimator = new Estimator<Tensor, Tensor>(SmallDigits.Linear, new RunConfig { ModelDirectory = byStep.Path, SaveCheckpointsSteps = 3, KeepCheckpointMax = 2 }, Rate)) estimator.Train(input, steps: 10);
        Assert.That(Names(byStep), Is.EquivalentTo(new[] { "ckpt-9.safetensors", "ckpt-10.safetensors" }));
        var slow = new LambdaHook(() => clock.Now += TimeSpan.FromSeconds(25));
        using (var estimator = new Estimator<Tensor, Tensor>(SmallDigits.Linear, new RunConfig { ModelDirectory = byTime.Path, SaveCheckpointsSeconds = 60, Clock = clock }, Rate)) estimator.Train(input, steps: 8, hooks: [slow]);
        Assert.That(Names(byTime), Is.EquivalentTo(new[] { "ckpt-3.safetensors", "ckpt-6.safetensors", "ckpt-8.safetensors" }));

        static string[] Names(TempFolder folder) => [.. Directory.GetFiles(folder.Path, "*.safetensors").Select(path => Path.GetFileName(path))];
    }

    [Test]
    public void An_estimator_draws_numbers_of_its_own()
    {
        (Tensor images, Tensor labels) = SmallDigits.Make(20, seed: 4);
        Generator.Default.SetSeed(11);
        double[] undisturbed = Tensor.RandomNormal([3]).Cast(DType.Float64).ToArray<double>();
        Generator.Default.SetSeed(11);
        using var estimator = new Estimator<Tensor, Tensor>(Dropping, new RunConfig { Seed = 3 });
        estimator.Train(() => Dataset.FromTensorSlices(images, labels).Shuffle().Batch(10));
        Assert.That(Tensor.RandomNormal([3]).Cast(DType.Float64).ToArray<double>(), Is.EqualTo(undisturbed));
    }

    [Test]
    public void What_goes_wrong_is_said_before_anything_changes()
    {
        (Tensor images, Tensor labels) = SmallDigits.Make(20, seed: 4);
        IEnumerable<(Tensor, Tensor)> Input() => [(images, labels)];
        static Estimator<Tensor, Tensor> Of(Func<Tensor, Tensor?, EstimatorMode, EstimatorSpec> model) => new((x, y, mode, _) => model(x, y, mode));
        static Tensor Through(Tensor x) => (x * VariableScope.GetVariable("w", [])).Mean();
        var stray = new Variable(Tensor.Ones([]), name: "outside");

        Assert.Multiple(() =>
        {
            Throws(() => Of((x, _, mode) => new(mode, loss: Through(x))).Train(Input), "no train operation");
            Throws(() => Of((x, _, mode) => new(mode, trainOp: TrainOp.Minimize(() => new Sgd(0.1)))).Train(Input), "no loss");
            Throws(() => Of((x, _, _) => new(EstimatorMode.Eval, loss: Through(x))).Train(Input), "Eval");
            Throws(() => Of((x, _, mode) => new(mode, loss: Through(x) * stray, trainOp: TrainOp.Minimize(() => new Sgd(0.1)))).Train(Input), "'outside'");
            Throws(() => Trainable(Through).Train(Input, steps: 1, maxSteps: 2), "maxSteps");
            Throws(() => Trainable(Through).Train(Input, steps: 0), "0 steps");
            Throws(() => Trainable(Through).Train(() => []), "no batch");
            Throws(() => Trainable(Through).Evaluate(Input), "nothing was trained");
            Throws(() => Trainable(Through).Predict(() => [images]).ToList(), "nothing was trained");
            Throws(() => Trainable(Through).Train(Input).Evaluate(() => []), "no batch");
            Throws(() => Trainable(Through).Train(Input).Evaluate(() => Dataset.FromTensorSlices(images, labels).Batch(1).Repeat()), "give steps");
            Throws(() => Trainable(Through).Train(Input).Predict(() => [images]).ToList(), "no predictions");
            Assert.That(() => Of((x, _, mode) => new(mode, loss: Through(x) * Tensor.Ones([2]), trainOp: TrainOp.Minimize(() => new Sgd(0.1)))).Train(Input), NUnit.Framework.Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2]"));
            Assert.That(() => Trainable(x => Through(x) + Through(x)).Train(Input), NUnit.Framework.Throws.TypeOf<VariableReuseException>());
            Throws(() => new RunConfig { SaveCheckpointsSteps = 0 }, "SaveCheckpointsSteps");
            Throws(() => new RunConfig { SaveCheckpointsSeconds = 0 }, "SaveCheckpointsSeconds");
        });

        using Estimator<Tensor, Tensor> named = Of((x, _, mode) => new(mode, loss: Through(x), trainOp: TrainOp.Minimize(() => new Sgd(0.1)), evalMetricOps: new Dictionary<string, MetricOp>(StringComparer.Ordinal) { ["loss"] = MetricOp.Mean(x) }));
        named.Train(Input);
        Throws(() => named.Evaluate(Input), "'loss'");

        using Estimator<Tensor, Tensor> breaking = Trainable(x => Through(x) * (x.Max() > 5).Where(Tensor.From(float.NaN), Tensor.From(1f)));
        breaking.Train(Input);
        float before = breaking.Variables["w"].Item<float>();
        Assert.That(() => breaking.Train(() => [(images * 100, labels)]), NUnit.Framework.Throws.TypeOf<AnomalyException>().With.Message.Contains("step 2"));
        Assert.That(breaking.Variables["w"].Item<float>(), Is.EqualTo(before));
        Assert.That(breaking.GlobalStep, Is.EqualTo(1));

        static Estimator<Tensor, Tensor> Trainable(Func<Tensor, Tensor> loss) => Of((x, _, mode) => new(mode, loss: loss(x), trainOp: TrainOp.Minimize(() => new Sgd(0.1))));
        static void Throws(Func<object> what, string message) => Assert.That(() => what(), NUnit.Framework.Throws.TypeOf<InvalidArgumentException>().With.Message.Contains(message));
    }

    [Test]
    public void A_training_that_failed_goes_on_with_the_next_batch()
    {
        using var folder = new TempFolder();
        EstimatorSpec Model(Tensor x, Tensor? y, EstimatorMode mode, HyperParameters parameters)
        {
            Tensor w = VariableScope.GetVariable("w", [], static (shape, dtype) => Tensor.Ones(shape, dtype));
            return new EstimatorSpec(mode, loss: (x * w).Mean() * (x.Max() > 50).Where(Tensor.From(float.NaN), Tensor.From(1f)), trainOp: TrainOp.Minimize(() => new Sgd(0)));
        }
        Tensor data = Tensor.From(1f, 2, 100, 4, 5);
        Dataset<(Tensor Features, Tensor Labels)> batches = Dataset.FromTensorSlices(data, data).Batch(1);
        var losses = new List<double>();
        using (var estimator = new Estimator<Tensor, Tensor>(Model, new RunConfig { ModelDirectory = folder.Path, SaveCheckpointsSteps = 1 }))
        {
            Assert.That(() => estimator.Train(() => batches, hooks: [new Losses(losses)]), NUnit.Framework.Throws.TypeOf<AnomalyException>());
            estimator.Train(() => batches, steps: 1, hooks: [new Losses(losses)]);
        }
        Assert.That(losses, Is.EqualTo(new double[] { 1, 2, 4 }));
        // What another process finds in the folder goes on from there.
        using var again = new Estimator<Tensor, Tensor>(Model, new RunConfig { ModelDirectory = folder.Path });
        again.Train(() => batches, hooks: [new Losses(losses)]);
        Assert.That(losses, Is.EqualTo(new double[] { 1, 2, 4, 5 }));
        // Data of another make begins at its beginning.
        again.Train(() => Dataset.FromTensorSlices(data[3..], data[3..]).Batch(1), steps: 1, hooks: [new Losses(losses)]);
        Assert.That(losses[^1], Is.EqualTo(4));
    }

    private static EstimatorSpec Dropping(Tensor x, Tensor? y, EstimatorMode mode, HyperParameters parameters) =>
        SmallDigits.Classifier(SmallDigits.CnnFunction(x, [4, 6], dropout: 0.5, isTraining: mode == EstimatorMode.Train), y, mode, () => new Adam(0.01));

    private static double[] ProbabilitiesOf(Estimator<Tensor, Tensor> estimator, Tensor images, string? checkpoint = null) =>
        estimator.Predict(() => [images], checkpoint, singleExamples: false).Single()["probabilities"].Cast(DType.Float64).ToArray<double>();

    private static IEnumerable<long> Steps(IEnumerable<SummaryEvent> events, string tag) => events.Where(e => e.Values.Any(v => v.Tag == tag)).Select(e => e.Step);

    private sealed class Teller(List<string> told, int stopAt) : EstimatorHook
    {
        public override void OnBegin(EstimatorRun run) => told.Add($"begin {run.GlobalStep}");

        public override void BeforeStep(EstimatorRun run) => told.Add($"before {run.GlobalStep}");

        public override void AfterStep(EstimatorRun run)
        {
            told.Add($"after {run.GlobalStep} {run.Spec!.Loss!.Item() == run.Loss}");
            if (run.Steps == stopAt) run.RequestStop();
        }

        public override void OnEnd(EstimatorRun run) => told.Add($"end {run.GlobalStep}");
    }

    private sealed class Losses(List<double> losses) : EstimatorHook
    {
        public override void AfterStep(EstimatorRun run) => losses.Add(run.Loss);
    }

    private sealed class LambdaHook(Action afterStep) : EstimatorHook
    {
        public override void AfterStep(EstimatorRun run) => afterStep();
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => Now.UtcTicks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }
}
