using Eager.Layers;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training.Callbacks;

public sealed class CallbackTests
{
    private static readonly Dictionary<string, double> NoLogs = [];

    [Test]
    public void Everybody_is_told_everything_in_order()
    {
        var told = new List<string>();
        var list = new CallbackList([Noting("a", told), Noting("b", told)]);
        var logs = new Dictionary<string, double> { ["loss"] = 0.5 };

        list.OnTrainBegin(Training(epochs: 3));
        list.OnEpochBegin(0);
        list.OnBatchBegin(7);
        list.OnBatchEnd(7, logs);
        list.OnEvaluationBegin();
        list.OnEvaluationEnd(logs);
        list.OnEpochEnd(0, logs);
        list.OnTrainEnd(logs);

        string[] each = ["train 3", "epoch 0", "batch 7", "batch 7 ended 0.5", "evaluation", "evaluation ended 0.5", "epoch 0 ended 0.5", "train ended 0.5"];
        Assert.That(told, Is.EqualTo(each.SelectMany(what => new[] { $"a {what}", $"b {what}" })));
    }

    [Test]
    public void A_callback_that_fails_at_the_end_does_not_keep_the_others_from_closing()
    {
        bool closed = false;
        var list = new CallbackList([new LambdaCallback { TrainEnd = _ => throw new InvalidArgumentException("broken") }, new LambdaCallback { TrainEnd = _ => closed = true }]);

        Assert.That(() => list.OnTrainEnd(NoLogs), Throws.InstanceOf<InvalidArgumentException>().With.Message.EqualTo("broken"));
        Assert.That(closed, Is.True);
    }

    [Test]
    public void A_callback_can_stop_the_training_that_it_was_told_of()
    {
        TrainingContext training = Training();
        var stop = new StopAt(0.9);
        stop.OnTrainBegin(training);

        stop.OnEpochEnd(0, new Dictionary<string, double> { ["val_accuracy"] = 0.8 });
        Assert.That(training.StopTraining, Is.False);
        stop.OnEpochEnd(1, new Dictionary<string, double> { ["val_accuracy"] = 0.95 });
        Assert.That(training.StopTraining, Is.True);
    }

    [Test]
    public void What_does_not_fit_is_refused()
    {
        TrainingContext training = Training();
        Assert.Multiple(() =>
        {
            Assert.That(() => new CallbackList([new LambdaCallback(), null!]), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("callback 1 of 2"));
            Assert.That(() => Training(epochs: -1), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("-1 epochs"));
            Assert.That(() => training.StepsPerEpoch = -2, Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("-2"));
            Assert.That(() => Training(stepsPerEpoch: -3), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("-3"));
            Assert.That(() => new StopAt(0.5).OnEpochEnd(0, new Dictionary<string, double> { ["val_accuracy"] = 1 }),
                Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("StopAt: no training has begun"));
        });
        new CallbackList(null).OnTrainBegin(training);
    }

    private static TrainingContext Training(int epochs = 1, long? stepsPerEpoch = null) => new(new Dense(1, inputShape: [2]), new Sgd(), epochs, stepsPerEpoch);

    private static LambdaCallback Noting(string name, List<string> told) => new()
    {
        TrainBegin = training => told.Add($"{name} train {training.Epochs}"),
        TrainEnd = logs => told.Add($"{name} train ended {logs["loss"]}"),
        EpochBegin = epoch => told.Add($"{name} epoch {epoch}"),
        EpochEnd = (epoch, logs) => told.Add($"{name} epoch {epoch} ended {logs["loss"]}"),
        BatchBegin = step => told.Add($"{name} batch {step}"),
        BatchEnd = (step, logs) => told.Add($"{name} batch {step} ended {logs["loss"]}"),
        EvaluationBegin = () => told.Add($"{name} evaluation"),
        EvaluationEnd = logs => told.Add($"{name} evaluation ended {logs["loss"]}"),
    };

    private sealed class StopAt(double target) : Callback
    {
        public override void OnEpochEnd(int epoch, IReadOnlyDictionary<string, double> logs) => Training.StopTraining |= logs["val_accuracy"] >= target;
    }
}
