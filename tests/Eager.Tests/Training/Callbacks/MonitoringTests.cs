using Eager.Layers;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training.Callbacks;

/// <summary>The callbacks that watch a figure: early stopping, checkpoints of the best, rates, and the end at NaN.</summary>
public sealed class MonitoringTests
{
    private Dense model = null!;
    private Sgd optimizer = null!;
    private TrainingContext training = null!;

    [SetUp]
    public void Begin()
    {
        model = new Dense(1, inputShape: [2]);
        optimizer = new Sgd(0.5);
        training = new TrainingContext(model, optimizer, epochs: 100);
    }

    // The last figure is that of the epoch that ends the training; -1 where none does.
    [TestCase(0, 0.0, new[] { 3.0, 2, 1, 1 }, 3)]
    [TestCase(1, 0.0, new[] { 3.0, 2, 2.5, 1 }, 2)]
    [TestCase(2, 0.0, new[] { 3.0, 4, 2, 2, 2 }, 4)]
    [TestCase(2, 0.5, new[] { 3.0, 2.6, 2.4, 2.2, 2.1 }, 4)]
    [TestCase(2, 0.0, new[] { 3.0, double.NaN, double.NaN }, 2)]
    [TestCase(3, 0.0, new[] { 3.0, 3, 3, 2, 2, 2 }, -1)]
    public void Training_ends_when_patience_does(int patience, double minDelta, double[] losses, int stopped)
    {
        var callback = new EarlyStopping(minDelta: minDelta, patience: patience);
        int last = Run(callback, "val_loss", losses);

        Assert.That(callback.StoppedEpoch, Is.EqualTo(stopped < 0 ? null : (int?)stopped));
        Assert.That(last, Is.EqualTo(stopped < 0 ? losses.Length - 1 : stopped));
    }

    [TestCase("val_accuracy", MonitorMode.Auto, true)]
    [TestCase("auc", MonitorMode.Auto, true)]
    [TestCase("val_loss", MonitorMode.Auto, false)]
    [TestCase("mean_squared_error", MonitorMode.Auto, false)]
    [TestCase("val_loss", MonitorMode.Highest, true)]
    [TestCase("accuracy", MonitorMode.Lowest, false)]
    public void The_name_says_which_way_is_better_unless_the_mode_does(string monitor, MonitorMode mode, bool rising)
    {
        var callback = new EarlyStopping(monitor, patience: 1, mode: mode);

        Assert.That(Run(callback, monitor, [1, 2, 3]), Is.EqualTo(rising ? 2 : 1));
        Assert.That(callback.Best, Is.EqualTo(rising ? 3 : 1));
    }

    [Test]
    public void The_weights_of_the_best_epoch_are_there_in_the_end_whatever_the_loops_scopes_freed()
    {
        var callback = new EarlyStopping("loss", patience: 2, restoreBestWeights: true);
        double[] losses = [3, 1, 2, 2];
        callback.OnTrainBegin(training);
        for (int epoch = 0; epoch < losses.Length; epoch++)
        {
            using var scope = new TensorScope();
            Set(epoch);
            callback.OnEpochEnd(epoch, Logs("loss", losses[epoch]));
        }
        Assert.That(training.StopTraining, Is.True);
        Assert.That(Weights(), Is.All.EqualTo(3));

        callback.OnTrainEnd(Logs("loss", 2));

        Assert.That(Weights(), Is.All.EqualTo(1));
        Assert.That(callback.BestEpoch, Is.EqualTo(1));
        Set(9);
        callback.OnTrainEnd(Logs("loss", 2));
        Assert.That(Weights(), Is.All.EqualTo(9), "put back once, then forgotten");
    }

    [Test]
    public void A_baseline_and_a_first_epoch_that_counts_are_heeded()
    {
        var baseline = new EarlyStopping("loss", patience: 2, baseline: 1);
        var late = new EarlyStopping("loss", patience: 1, startFromEpoch: 3);

        Assert.That(Run(baseline, "loss", [3, 2, 1.5, 0.5]), Is.EqualTo(1));
        training = new TrainingContext(model, optimizer, epochs: 100);
        Assert.That(Run(late, "loss", [1, 2, 3, 4, 5]), Is.EqualTo(4));
    }

    [Test]
    public void Early_stopping_goes_on_from_a_checkpoint()
    {
        using var folder = new TempFolder();
        var before = new EarlyStopping("loss", patience: 3);
        Run(before, "loss", [2, 1, 1]);
        new Checkpoint().Add(before).Save(folder.File("a"), 0);
        var after = new EarlyStopping("loss", patience: 3);
        new Checkpoint().Add(after).Restore(folder.File("a"));

        Assert.That(after.Best, Is.EqualTo(1));
        Assert.That(Run(after, "loss", [1.5, 1.5, 1.5]), Is.EqualTo(1), "one epoch was waited before");
    }

    [Test]
    public void A_figure_that_is_not_there_is_named_with_those_that_are()
    {
        var callback = new EarlyStopping();
        callback.OnTrainBegin(training);

        Assert.That(() => callback.OnEpochEnd(0, new Dictionary<string, double> { ["loss"] = 1, ["accuracy"] = 1 }),
            Throws.InstanceOf<InvalidArgumentException>().With.Message.EqualTo("EarlyStopping: there is no figure 'val_loss' to monitor, only loss, accuracy; give validation data or monitor another figure."));
    }

    [Test]
    public void A_checkpoint_of_each_epoch_has_model_and_optimizer()
    {
        using var folder = new TempFolder();
        var callback = new ModelCheckpoint(folder.Path, maxToKeep: 2);
        Assert.That(callback.Latest, Is.Null);
        callback.OnTrainBegin(training);
        Assert.That(Directory.GetFiles(folder.Path), Is.Empty);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            Step();
            Set(epoch);
            callback.OnBatchEnd(epoch, Logs("loss", 1));
            callback.OnEpochEnd(epoch, Logs("loss", 1));
        }

        Assert.That(Directory.GetFiles(folder.Path).Select(Path.GetFileName), Is.EquivalentTo(new[] { "checkpoint", "ckpt-2.safetensors", "ckpt-3.safetensors" }));
        Set(77);
        var state = new Checkpoint().Add("model", model).Add("optimizer", optimizer);
        Assert.That(state.Restore(callback.Latest!), Is.EqualTo(3));
        Assert.That(Weights(), Is.All.EqualTo(2));
    }

    [Test]
    public void Only_the_best_is_saved_where_only_the_best_is_asked_for()
    {
        using var folder = new TempFolder();
        var manager = new CheckpointManager(new Checkpoint().Add("model", model), folder.Path);
        var callback = new ModelCheckpoint(manager, "val_accuracy", bestOnly: true, threshold: 0.2);
        callback.OnTrainBegin(training);
        double[] accuracies = [0.1, 0.5, 0.4, double.NaN, 0.6, 0.6];
        for (int epoch = 0; epoch < accuracies.Length; epoch++)
        {
            Step();
            callback.OnEpochEnd(epoch, Logs("val_accuracy", accuracies[epoch]));
        }
        Assert.That(manager.Checkpoints.Select(Path.GetFileName), Is.EqualTo(new[] { "ckpt-2.safetensors", "ckpt-5.safetensors" }));

        using var other = new TempFolder();
        new Checkpoint().Add(callback).Save(other.File("state"), 0);
        var resumed = new ModelCheckpoint(manager, "val_accuracy", bestOnly: true);
        new Checkpoint().Add(resumed).Restore(other.File("state"));
        resumed.OnTrainBegin(training);
        resumed.OnEpochEnd(6, Logs("val_accuracy", 0.55));
        Assert.That(manager.Checkpoints, Has.Count.EqualTo(2), "the best was better before the program ended");
    }

    [Test]
    public void A_checkpoint_every_few_steps_is_saved_within_epochs()
    {
        using var folder = new TempFolder();
        var callback = new ModelCheckpoint(folder.Path, everySteps: 3);
        callback.OnTrainBegin(training);
        for (long step = 0; step < 7; step++)
        {
            Step();
            callback.OnBatchEnd(step, Logs("loss", 1));
        }
        callback.OnEpochEnd(0, Logs("loss", 1));

        Assert.That(Directory.GetFiles(folder.Path, "ckpt-*").Select(Path.GetFileName), Is.EquivalentTo(new[] { "ckpt-3.safetensors", "ckpt-6.safetensors" }));
    }

    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public void Training_ends_at_a_loss_that_is_none(double loss)
    {
        var callback = new TerminateOnNaN();
        callback.OnTrainBegin(training);
        callback.OnBatchEnd(4, Logs("loss", 1e300));
        Assert.That(training.StopTraining, Is.False);
        callback.OnBatchEnd(5, Logs("loss", loss));
        Assert.That(training.StopTraining, Is.True);
        Assert.That(callback.Step, Is.EqualTo(5));
    }

    [Test]
    public void A_schedule_of_epochs_sets_the_rate()
    {
        var callback = new LearningRateSchedule((epoch, rate) => epoch == 0 ? rate : rate / 2);
        callback.OnTrainBegin(training);
        var rates = new List<double>();
        for (int epoch = 0; epoch < 3; epoch++)
        {
            callback.OnEpochBegin(epoch);
            rates.Add(optimizer.LearningRate);
        }
        Assert.That(rates, Is.EqualTo(new[] { 0.5, 0.25, 0.125 }));
        optimizer.Schedule = Schedules.Constant(1);
        Assert.That(() => callback.OnTrainBegin(training), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("schedule"));
    }

    [Test]
    public void The_rate_is_lowered_on_a_plateau()
    {
        var callback = new ReduceOnPlateau(optimizer, factor: 0.5, patience: 2) { Monitor = "loss" };
        Run(callback, "loss", [3, 2, 2, 2]);
        Assert.That(optimizer.LearningRate, Is.EqualTo(0.25));
        Assert.That(() => callback.OnEpochEnd(4, Logs("val_loss", 1)), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("ReduceOnPlateau: there is no figure 'loss'"));
    }

    [Test]
    public void Bad_arguments_are_refused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => new EarlyStopping(patience: -1), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("patience"));
            Assert.That(() => new EarlyStopping(minDelta: double.NaN), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("NaN"));
            Assert.That(() => new EarlyStopping(monitor: ""), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("name"));
            Assert.That(() => new EarlyStopping(mode: (MonitorMode)7), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("mode"));
            Assert.That(() => new EarlyStopping(baseline: double.NaN), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("NaN"));
            Assert.That(() => new ModelCheckpoint("folder", everySteps: 0), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("everySteps"));
            Assert.That(() => new ModelCheckpoint("folder", maxToKeep: 0), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("maxToKeep"));
        });
    }

    /// <summary>Tells of epochs until one stops the training.</summary>
    /// <returns>The last epoch.</returns>
    private int Run(Callback callback, string name, double[] values)
    {
        callback.OnTrainBegin(training);
        int epoch = 0;
        while (true)
        {
            callback.OnEpochBegin(epoch);
            callback.OnEpochEnd(epoch, Logs(name, values[epoch]));
            if (training.StopTraining || epoch == values.Length - 1) break;
            epoch++;
        }
        callback.OnTrainEnd(Logs(name, values[epoch]));
        return epoch;
    }

    private void Set(double value)
    {
        foreach (Parameter p in model.Parameters) p.Variable.Assign(Tensor.FullLike(p.Variable, value));
    }

    private IEnumerable<float> Weights() => model.Parameters.SelectMany(p => p.Variable.ToArray<float>());

    private void Step() => optimizer.Apply([.. model.TrainableVariables.Select(v => Tensor.OnesLike(v))], model.TrainableVariables);

    private static Dictionary<string, double> Logs(string name, double value) => new() { [name] = value };
}
