using Eager.Autograd;
using Eager.Layers;
using Eager.Losses;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Models;

/// <summary>Compile, fit, evaluate and predict, against loops written by hand.</summary>
[NonParallelizable]
public class CompiledModelTests
{
    private const int Count = 96;
    private const int Features = 4;
    private const int Classes = 3;

    [SetUp]
    public void Seed() => Generator.SetGlobalSeed(7);

    [TestCase(false)]
    [TestCase(true)]
    public void Fit_does_what_a_loop_by_hand_does(bool traced)
    {
        (Tensor x, Tensor y) = Data();
        (Sequential model, Sequential same) = Twins();
        CompiledModel training = model.Compile(new Sgd(0.1), Loss.SparseSoftmaxCrossEntropy, [new Accuracy()], traced);

        History history = training.Fit(x, y, batchSize: 40, epochs: 3, shuffle: false, verbose: false);

        var losses = new List<double>();
        var sgd = new Sgd(0.1);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            double sum = 0;
            for (int from = 0; from < Count; from += 40)
            {
                int size = Math.Min(40, Count - from);
                Tensor loss = sgd.Minimize(() => Loss.SparseSoftmaxCrossEntropy(y.Narrow(0, from, size), same.Call(x.Narrow(0, from, size), training: true)), same.TrainableVariables);
                sum += size * loss.Item();
            }
            losses.Add(sum / Count);
        }

        // The same operations on the same numbers: only the mean's order of summation may differ, in double precision.
        Assert.That(history["loss"], Is.EqualTo(losses).Within(1e-12));
        Assert.That(WeightsOf(model), Is.EqualTo(WeightsOf(same)));
        Assert.That(history.Epochs, Is.EqualTo((int[])[0, 1, 2]));
        Assert.That(training.Optimizer.Step, Is.EqualTo(9));
    }

    [Test]
    public void A_model_learns_and_says_how_well()
    {
        (Tensor x, Tensor y) = Data();
        Sequential model = [new Dense(16, "relu"), new Dense(Classes)];
        CompiledModel training = model.Compile("adam", "sparse_softmax_cross_entropy", ["accuracy"]);
        double before = training.Evaluate(x, y)["loss"];

        History history = training.Fit(x, y, batchSize: 16, epochs: 60, verbose: false);
        IReadOnlyDictionary<string, double> after = training.Evaluate(x, y, batchSize: 7);

        Assert.That(after["loss"], Is.LessThan(before / 2));
        Assert.That(history["accuracy"][^1], Is.GreaterThan(0.9));
        // By hand over all at once, in float32: some units in the last place of a mean of logarithms.
        Assert.That(after["loss"], Is.EqualTo(Loss.SparseSoftmaxCrossEntropy(y, model.Call(x)).Item()).Within(1e-5));
        Assert.That(training.Predict(x, batchSize: 7).ToArray<float>(), Is.EqualTo(model.Call(x).ToArray<float>()).Within(1e-5f));
    }

    [Test]
    public void The_last_examples_are_kept_for_validation()
    {
        (Tensor x, Tensor y) = Data();
        (Sequential model, Sequential same) = Twins();

        History split = model.Compile(new Sgd(0.1), Loss.SparseSoftmaxCrossEntropy).Fit(x, y, validationSplit: 0.25, shuffle: false, verbose: false);
        History given = same.Compile(new Sgd(0.1), Loss.SparseSoftmaxCrossEntropy).Fit(x.Narrow(0, 0, 72), y.Narrow(0, 0, 72), validationData: (x.Narrow(0, 72, 24), y.Narrow(0, 72, 24)), shuffle: false, verbose: false);

        Assert.That(split["val_loss"], Is.EqualTo(given["val_loss"]));
        Assert.That(split["loss"], Is.EqualTo(given["loss"]));
    }

    [Test]
    public void A_weight_of_zero_leaves_examples_and_classes_out()
    {
        (Tensor x, Tensor y) = Data();
        long[] labels = y.ToArray<long>();
        (Sequential model, Sequential same) = Twins();
        float[] firstClassOut = [.. labels.Select(static label => label == 0 ? 0f : 1f)];

        model.Compile(new Sgd(0.1), Loss.SparseSoftmaxCrossEntropy).Fit(x, y, batchSize: Count, epochs: 3, sampleWeights: Tensor.From(firstClassOut), shuffle: false, verbose: false);
        same.Compile(new Sgd(0.1), Loss.SparseSoftmaxCrossEntropy).Fit(x, y, batchSize: Count, epochs: 3, classWeights: new Dictionary<long, double> { [0] = 0 }, shuffle: false, verbose: false);

        Assert.That(WeightsOf(model), Is.EqualTo(WeightsOf(same)));
        (Sequential unweighted, _) = Twins();
        unweighted.Compile(new Sgd(0.1), Loss.SparseSoftmaxCrossEntropy).Fit(x, y, batchSize: Count, epochs: 3, shuffle: false, verbose: false);
        Assert.That(WeightsOf(unweighted), Is.Not.EqualTo(WeightsOf(model)));
    }

    [Test]
    public void Weights_stay_with_their_examples_when_these_are_shuffled()
    {
        // Only one example counts: whatever the order, the steps are those of this example alone.
        (Tensor x, Tensor y) = Data();
        (Sequential model, Sequential same) = Twins();
        float[] only = new float[Count];
        only[17] = Count;

        model.Compile(new Sgd(0.1), Loss.SparseSoftmaxCrossEntropy).Fit(x, y, batchSize: Count, epochs: 4, sampleWeights: Tensor.From(only), verbose: false);
        same.Compile(new Sgd(0.1), Loss.SparseSoftmaxCrossEntropy).Fit(x.Narrow(0, 17, 1), y.Narrow(0, 17, 1), epochs: 4, verbose: false);

        // Sums of 96 terms, all but one zero, in another order of the kernels.
        Assert.That(WeightsOf(model), Is.EqualTo(WeightsOf(same)).Within(1e-5f));
    }

    [Test]
    public void Accuracy_by_name_is_binary_categorical_or_sparse_by_the_shapes()
    {
        Tensor scores = Tensor.From([[0.9f, 0.1f, 0], [0.2f, 0.3f, 0.5f], [0.6f, 0.4f, 0], [0, 0.7f, 0.3f]]), chances = Tensor.From([[0.9f], [0.4f], [0.6f], [0.1f]]);
        (Tensor X, Tensor Labels, string Loss, double Expected)[] cases =
        [
            (scores, Tensor.From([0L, 2, 1, 0]), "sparse_categorical_crossentropy", 0.5),
            (scores, Tensor.From([[1f, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0]]), "categorical_crossentropy", 0.75),
            (chances, Tensor.From([[1f], [1], [0], [0]]), "binary_crossentropy", 0.5),
        ];
        foreach ((Tensor x, Tensor labels, string loss, double expected) in cases)
        {
            CompiledModel training = new Sequential(new Activation("linear")).Compile("sgd", loss, ["accuracy"]);
            Tensor weights = Tensor.From([1f, 0, 0, 0]);
            Assert.That(training.Evaluate(x, labels)["accuracy"], Is.EqualTo(expected), loss);
            Assert.That(training.Evaluate(x, labels, sampleWeights: weights)["accuracy"], Is.EqualTo(1), loss);
        }
        CompiledModel counted = new Sequential(new Activation("linear")).Compile("sgd", "log_loss", ["precision", "recall", "f1_score", "auc"]);
        IReadOnlyDictionary<string, double> figures = counted.Evaluate(chances, cases[2].Labels);
        // One of the two that were taken for 1 is 1, and one of the two that are; of the four pairs of a 1 and a 0 three are in order.
        Assert.That(figures["precision"], Is.EqualTo(0.5));
        Assert.That(figures["recall"], Is.EqualTo(0.5));
        Assert.That(figures["f1_score"], Is.EqualTo(0.5));
        Assert.That(figures["auc"], Is.EqualTo(0.75).Within(0.01), "to the width of 200 thresholds");
    }

    [Test]
    public void What_does_not_fit_is_refused_before_anything_is_trained()
    {
        (Tensor x, Tensor y) = Data();
        (Sequential model, _) = Twins();
        float[] before = WeightsOf(model);
        CompiledModel training = model.Compile("sgd", "sparse_softmax_cross_entropy");

        Assert.That(Assert.Throws<ShapeMismatchException>(() => training.Fit(x, y.Narrow(0, 0, 5), verbose: false))!.Message, Does.Contain("Fit").And.Contain("[96, 4]").And.Contain("[5]"));
        Assert.That(Assert.Throws<InvalidArgumentException>(() => training.Fit(x, y, batchSize: 0, verbose: false))!.Message, Does.Contain("batchSize"));
        Assert.That(Assert.Throws<InvalidArgumentException>(() => training.Fit(x, y, epochs: 0, verbose: false))!.Message, Does.Contain("epochs"));
        Assert.That(Assert.Throws<InvalidArgumentException>(() => training.Fit(x, y, validationSplit: 1, verbose: false))!.Message, Does.Contain("validation split"));
        Assert.That(Assert.Throws<ShapeMismatchException>(() => training.Fit(x, y, sampleWeights: Tensor.Ones([2]), verbose: false))!.Message, Does.Contain("weights [2]"));
        Assert.That(Assert.Throws<InvalidArgumentException>(() => model.Compile("magic", "mse"))!.Message, Does.Contain("magic").And.Contain("adam"));
        Assert.That(Assert.Throws<InvalidArgumentException>(() => model.Compile("sgd", "magic"))!.Message, Does.Contain("mse"));
        Assert.That(Assert.Throws<InvalidArgumentException>(() => model.Compile("sgd", "mse", ["mse", "mse"]))!.Message, Does.Contain("'mse'"));
        Assert.That(WeightsOf(model), Is.EqualTo(before));
    }

    [Test]
    public void Callbacks_are_told_and_may_end_the_training()
    {
        (Tensor x, Tensor y) = Data();
        (Sequential model, _) = Twins();
        var recorder = new Recorder(stopAtStep: 4);

        History history = model.Compile("sgd", "sparse_softmax_cross_entropy").Fit(x, y, batchSize: 32, epochs: 9, validationSplit: 0, callbacks: [recorder], verbose: false);

        Assert.That(recorder.Told, Is.EqualTo((string[])["train", "epoch 0", "step 0", "step 1", "step 2", "end 0", "epoch 1", "step 3", "step 4", "end 1", "trained"]));
        Assert.That(history.Epochs, Has.Count.EqualTo(2));
    }

    [Test]
    public void A_step_leaves_nothing_behind()
    {
        (Tensor x, Tensor y) = Data();
        (Sequential model, _) = Twins();
        CompiledModel training = model.Compile("adam", "sparse_softmax_cross_entropy", ["accuracy"]);
        training.Fit(x, y, verbose: false);
        using var scope = new TensorScope();
        using var count = new WrapperCount();

        training.Fit(x, y, verbose: false);
        training.Evaluate(x, y);
        Tensor predictions = training.Predict(x);

        // The slices of x and y that the datasets of the two calls hold, and the predictions.
        Assert.That(count.Beside(predictions), Is.LessThanOrEqualTo(4));
    }

    private static (Tensor X, Tensor Y) Data()
    {
        var random = new Random(3);
        float[] x = [.. Enumerable.Range(0, Count * Features).Select(_ => (float)(random.NextDouble() * 2 - 1))];
        // The class is the largest of the first three features: a linear problem.
        long[] y = [.. Enumerable.Range(0, Count).Select(i => (long)Array.IndexOf(x[(i * Features)..(i * Features + Classes)], x[(i * Features)..(i * Features + Classes)].Max()))];
        return (Tensor.From(x, [Count, Features]), Tensor.From(y));
    }

    private static (Sequential, Sequential) Twins()
    {
        Sequential[] twins = [.. Enumerable.Range(0, 2).Select(static _ =>
        {
            Generator.SetGlobalSeed(5);
            return new Sequential(new Dense(8, "relu", inputShape: [Features]), new Dense(Classes));
        })];
        return (twins[0], twins[1]);
    }

    private static float[] WeightsOf(Layer model) => [.. model.Parameters.SelectMany(static p => p.Variable.ToArray<float>())];

    private sealed class Recorder(int stopAtStep) : Callback
    {
        internal List<string> Told { get; } = [];

        public override void OnTrainBegin(TrainingContext training)
        {
            base.OnTrainBegin(training);
            Told.Add("train");
        }

        public override void OnEpochBegin(int epoch) => Told.Add($"epoch {epoch}");

        public override void OnBatchEnd(long step, IReadOnlyDictionary<string, double> logs)
        {
            Told.Add($"step {step}");
            if (step == stopAtStep) Training.StopTraining = true;
        }

        public override void OnEpochEnd(int epoch, IReadOnlyDictionary<string, double> logs) => Told.Add($"end {epoch}");

        public override void OnTrainEnd(IReadOnlyDictionary<string, double> logs) => Told.Add("trained");
    }
}
