using Eager.Layers;
using Eager.Losses;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Models;

/// <summary>A metric that refuses a batch does so before the step, and an endless dataset before the first batch.</summary>
[NonParallelizable]
public class RefusedBatchTests
{
    private static readonly Tensor X = Tensor.From([[1f, 2], [3, -1], [0.5f, 1]]), Y = Tensor.From([[1f], [0], [2]]);

    [SetUp]
    public void Seed() => Generator.SetGlobalSeed(5);

    [Test]
    public void A_metric_that_refuses_a_shape_leaves_weights_steps_and_figures([Values] bool traced)
    {
        // The loss broadcasts the labels; the second metric does not, when the first has seen the batch already.
        Sequential model = [new Dense(1, inputShape: [2])];
        var seen = new MeanMetricOfAnything();
        var checkedMean = new MeanAbsoluteError();
        CompiledModel training = model.Compile(new Adam(0.1), static (labels, predictions) => (labels - predictions).Square().Mean(), [seen, checkedMean], traced: traced);
        IReadOnlyDictionary<string, double> before = training.TrainOnBatch(X, Y);
        float[] weights = WeightsOf(model);

        Tensor narrow = Y.Reshape([3]);
        Assert.That(() => training.TrainOnBatch(X, narrow, resetFigures: false), Throws.TypeOf<ShapeMismatchException>().With.Message.StartsWith("The metric 'mean_absolute_error': MeanAbsoluteError: labels are [3]"));

        Assert.That(WeightsOf(model), Is.EqualTo(weights));
        Assert.That(training.Optimizer.Step, Is.EqualTo(1));
        Assert.That((seen.Result, checkedMean.Result), Is.EqualTo((before[seen.Name], before[checkedMean.Name])));
    }

    [Test]
    public void A_metric_that_refuses_a_value_in_a_replay_leaves_everything_too([Values] bool traced)
    {
        Sequential model = [new Dense(1, "sigmoid", inputShape: [2])];
        var seen = new MeanMetricOfAnything();
        CompiledModel training = model.Compile(new Adam(0.1), Loss.MeanSquaredError, [seen, new BinaryAccuracy()], traced: traced);
        Tensor zeroOrOne = Tensor.From([[1f], [0], [1]]);
        training.TrainOnBatch(X, zeroOrOne);
        IReadOnlyDictionary<string, double> before = training.TrainOnBatch(X, zeroOrOne);
        float[] weights = WeightsOf(model);

        for (int i = 0; i < 2; i++)
            Assert.That(() => training.TrainOnBatch(X, Y, resetFigures: false), Throws.TypeOf<InvalidArgumentException>().With.Message.StartsWith("The metric 'binary_accuracy': ").And.Message.Contains("label 2"));

        Assert.That(WeightsOf(model), Is.EqualTo(weights));
        Assert.That(training.Optimizer.Step, Is.EqualTo(2));
        Assert.That(seen.Result, Is.EqualTo(before[seen.Name]));
        training.TrainOnBatch(X, zeroOrOne);
        Assert.That(training.Optimizer.Step, Is.EqualTo(3), "and training goes on");
        Assert.That(WeightsOf(model), Is.Not.EqualTo(weights));
    }

    [Test]
    public void A_refusal_names_the_output_where_there_are_several()
    {
        Input input = new([2]);
        Model model = new([input], [new Dense(1, name: "size").Call(input), new Dense(3, name: "kind").Call(input)]);
        CompiledModel training = model.Compile(new Sgd(0.1), [Loss.MeanSquaredError, Loss.SparseSoftmaxCrossEntropy], metrics: [null, [new TopKAccuracy(2), new CategoricalAccuracy()]]);
        float[] weights = WeightsOf(model);

        Assert.That(() => training.TrainOnBatch([X], [Y, Tensor.From(0L, 2, 1)]), Throws.TypeOf<ShapeMismatchException>().With.Message.StartsWith("The metric 'categorical_accuracy' of output 'kind': "));
        Assert.That(() => training.TestOnBatch([X], [Y, Tensor.From(0L, 2, 1)]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'kind'"));
        Assert.That(WeightsOf(model), Is.EqualTo(weights));
        Assert.That(training.Optimizer.Step, Is.Zero);
    }

    [Test]
    public void What_has_no_end_is_refused_where_all_of_it_would_be_read()
    {
        Sequential model = [new Dense(1, inputShape: [2])];
        CompiledModel training = model.Compile("sgd", "mse");
        Dataset<(Tensor Features, Tensor Labels)> finite = Dataset.FromTensorSlices(X, Y).Batch(2), endless = finite.Repeat();
        Assert.Multiple(() =>
        {
            Assert.That(() => training.Evaluate(endless), Throws.TypeOf<InvalidArgumentException>().With.Message.EqualTo("Evaluate: the batches have no end, as Repeat without a count makes them; give steps, or take some of them with Take."));
            Assert.That(() => training.Predict(endless.Map(static batch => batch.Features)), Throws.TypeOf<InvalidArgumentException>().With.Message.StartsWith("Predict: the batches have no end"));
            Assert.That(() => training.PredictAll(endless.Map(static batch => new[] { batch.Features })), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => training.Fit(endless, verbose: false), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("stepsPerEpoch"));
            Assert.That(() => training.Fit(finite, validation: endless, verbose: false), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("validationSteps"));
            Assert.That(training.Optimizer.Step, Is.Zero, "before anything is trained");
            Assert.That(training.Evaluate(endless, steps: 2), Is.EquivalentTo(training.Evaluate(finite)));
            Assert.That(training.Predict(endless.Map(static batch => batch.Features), steps: 3).ConcreteShape, Is.EqualTo(Shape.FromSizes(5, 1)));
            Assert.That(training.Fit(finite, validation: endless, validationSteps: 1, verbose: false).Epochs, Has.Count.EqualTo(1));
            Assert.That(training.Fit(endless, stepsPerEpoch: 5, verbose: false).Epochs, Has.Count.EqualTo(1));
            Assert.That(training.Evaluate(endless.Take(2)), Is.EquivalentTo(training.Evaluate(finite)));
        });
    }

    private static float[] WeightsOf(Layer model) => [.. model.Parameters.SelectMany(static p => p.Variable.ToArray<float>())];

    /// <summary>A metric that refuses nothing: the mean of the predictions.</summary>
    private sealed class MeanMetricOfAnything : Metric, IPredictionMetric
    {
        private readonly Mean mean = new();

        public override string Name => "mean_prediction";

        public override double Result => mean.Result;

        public void Update(Tensor labels, Tensor predictions, Tensor? weights = null) => mean.Update(predictions);

        public override void Reset() => mean.Reset();

        public override IEnumerable<StateEntry> GetState() => mean.GetState();
    }
}
