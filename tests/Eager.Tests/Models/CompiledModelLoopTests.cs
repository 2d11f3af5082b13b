using Eager.Autograd;
using Eager.Layers;
using Eager.Losses;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Models;

/// <summary>What a compiled model does beyond one input, one output and a loss: several of them, penalties, constraints, callbacks, partial epochs.</summary>
[NonParallelizable]
public class CompiledModelLoopTests
{
    private const int Count = 24;

    private static readonly Dictionary<string, LossFunction> Losses = new() { ["kind"] = Loss.SparseSoftmaxCrossEntropy, ["size"] = Loss.MeanSquaredError };

    [SetUp]
    public void Seed() => Generator.SetGlobalSeed(7);

    [TestCase(false)]
    [TestCase(true)]
    public void Losses_of_several_outputs_are_weighed_summed_and_reported_by_name(bool traced)
    {
        (Tensor[] x, Tensor[] y) = Data();
        (Model model, Model same) = (Forked(), Forked());
        CompiledModel training = model.Compile(new Sgd(0.1), Losses, new Dictionary<string, double> { ["size"] = 0.25 }, new Dictionary<string, IEnumerable<IPredictionMetric>> { ["kind"] = [new Accuracy()], ["size"] = [new MeanAbsoluteError("mae")] }, traced);

        History history = training.Fit(x, y, batchSize: Count, epochs: 3, shuffle: false, verbose: false);

        var sgd = new Sgd(0.1);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            double kind = 0, size = 0;
            Tensor total = sgd.Minimize(() =>
            {
                IReadOnlyList<Tensor> outputs = same.CallAll(x, training: true);
                Tensor first = Loss.SparseSoftmaxCrossEntropy(y[0], outputs[0]), second = Loss.MeanSquaredError(y[1], outputs[1]);
                (kind, size) = (first.Item(), second.Item());
                return first + second * 0.25;
            }, same.TrainableVariables);
            // The same operations on the same numbers.
            Assert.That(history["loss"][epoch], Is.EqualTo(total.Item()));
            Assert.That(history["kind_loss"][epoch], Is.EqualTo(kind));
            Assert.That(history["size_loss"][epoch], Is.EqualTo(size));
        }
        Assert.That(WeightsOf(model), Is.EqualTo(WeightsOf(same)));
        Assert.That(history.Keys, Is.EqualTo((string[])["loss", "kind_loss", "kind_accuracy", "size_loss", "size_mae"]));
    }

    [Test]
    public void Outputs_are_evaluated_and_predicted_in_order_and_validated()
    {
        (Tensor[] x, Tensor[] y) = Data();
        Model model = Forked();
        CompiledModel training = model.Compile("sgd", new Dictionary<string, string> { ["kind"] = "sparse_softmax_cross_entropy", ["size"] = "mse" }, metrics: new Dictionary<string, IEnumerable<string>> { ["kind"] = ["accuracy"] });

        IReadOnlyDictionary<string, double> figures = training.Evaluate(x, y, batchSize: 7);
        IReadOnlyList<Tensor> predicted = training.PredictAll(x, batchSize: 7), whole = model.CallAll(x);

        // Means over batches in double precision of losses in float32.
        Assert.That(figures["size_loss"], Is.EqualTo(Loss.MeanSquaredError(y[1], whole[1]).Item()).Within(1e-5));
        Assert.That(figures["loss"], Is.EqualTo(figures["kind_loss"] + figures["size_loss"]).Within(1e-6));
        // A product of another number of rows may add up in another order.
        for (int i = 0; i < 2; i++) Assert.That(predicted[i].ToArray<float>(), Is.EqualTo(whole[i].ToArray<float>()).Within(1e-6f));
        History history = training.Fit(x, y, epochs: 2, validationSplit: 0.25, verbose: false);
        Assert.That(history["val_kind_accuracy"], Has.Count.EqualTo(2));
        Assert.That(() => training.Predict(x[0]), Throws.InstanceOf<EagerException>());
    }

    [Test]
    public void A_dataset_gives_inputs_then_labels()
    {
        (Tensor[] x, Tensor[] y) = Data();
        (Model model, Model same) = (Forked(), Forked());
        Dataset<Tensor[]> batches = Dataset.FromTensorSlices(x[0], x[1]).Zip(Dataset.FromTensorSlices(y[0], y[1])).Map(static e => (Tensor[])[e.First.Features, e.First.Labels, e.Second.Features, e.Second.Labels]).Batch(8);

        model.Compile(new Sgd(0.1), Losses).Fit(batches, epochs: 2, verbose: false);
        same.Compile(new Sgd(0.1), Losses).Fit(x, y, batchSize: 8, epochs: 2, shuffle: false, verbose: false);

        Assert.That(WeightsOf(model), Is.EqualTo(WeightsOf(same)));
        Assert.That(() => same.Compile(new Sgd(0.1), Losses).Fit(batches.Map(static e => e[..2]), verbose: false), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("2 tensors"));
    }

    [Test]
    public void Inputs_and_outputs_go_by_their_names_in_any_order()
    {
        (Tensor[] x, Tensor[] y) = Data();
        (Model model, Model same) = (Forked(), Forked());
        CompiledModel training = model.Compile(new Sgd(0.1), Losses), other = same.Compile(new Sgd(0.1), Losses);
        Dictionary<string, Tensor> inputs = new() { ["b"] = x[1], ["a"] = x[0] }, labels = new() { ["size"] = y[1], ["kind"] = y[0] };

        History byName = training.Fit(inputs, labels, batchSize: 8, epochs: 2, validationData: (inputs, labels), shuffle: false, verbose: false);
        History inOrder = other.Fit(x, y, batchSize: 8, epochs: 2, validationData: (x, y), shuffle: false, verbose: false);

        Assert.That(WeightsOf(model), Is.EqualTo(WeightsOf(same)));
        Assert.That(byName["val_loss"], Is.EqualTo(inOrder["val_loss"]));
        Assert.That(training.Evaluate(inputs, labels), Is.EqualTo(other.Evaluate(x, y)));
        Assert.That(training.Predict(inputs)["size"].ToArray<float>(), Is.EqualTo(other.PredictAll(x)[1].ToArray<float>()));
        Refused(() => training.Fit(new Dictionary<string, Tensor> { ["a"] = x[0] }, labels, verbose: false), "Fit: inputs a were given", "a, b");
        Refused(() => training.Evaluate(inputs, new Dictionary<string, Tensor>(labels) { ["sort"] = y[0] }), "Evaluate: labels", "sort", "kind, size");
        Refused(() => Penalized().Compile("sgd", "mse").Predict(inputs), "functional model");
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Penalties_join_the_loss_and_are_reported(bool traced)
    {
        (Tensor[] x, Tensor[] y) = Data();
        (Sequential model, Sequential same) = (Penalized(), Penalized());

        History history = model.Compile(new Sgd(0.1), Loss.SparseSoftmaxCrossEntropy, traced: traced).Fit(x[0], y[0], batchSize: Count, epochs: 2, shuffle: false, verbose: false);

        var sgd = new Sgd(0.1);
        for (int epoch = 0; epoch < 2; epoch++)
        {
            double penalty = 0;
            Tensor total = sgd.Minimize(() =>
            {
                Tensor hidden = same[0].Call(x[0], training: true), logits = same[1].Call(hidden, training: true);
                Variable kernel = same.Parameters[0].Variable;
                Tensor both = kernel.Square().Sum() * 0.1 + hidden.Abs().Sum() * 0.2 / Count;
                penalty = both.Item();
                return Loss.SparseSoftmaxCrossEntropy(y[0], logits) + both;
            }, same.TrainableVariables);
            // Sums of three parts in float32, in another order.
            Assert.That(history["loss"][epoch], Is.EqualTo(total.Item()).Within(1e-6));
            Assert.That(history["regularization"][epoch], Is.EqualTo(penalty).Within(1e-6));
        }
        Assert.That(WeightsOf(model), Is.EqualTo(WeightsOf(same)).Within(1e-6f));
    }

    [Test]
    public void Constraints_hold_after_each_step()
    {
        (Tensor[] x, Tensor[] y) = Data();
        var layer = new Dense(3, kernelConstraint: Constraint.MaxNorm(0.3), inputShape: [4]);
        var seen = new List<float>();
        var watcher = new LambdaCallback { BatchEnd = (_, _) => seen.Add(layer.Kernel!.Square().Sum([0]).Max().Item<float>()) };

        new Sequential(layer).Compile(new Sgd(1), Loss.SparseSoftmaxCrossEntropy).Fit(x[0], y[0], batchSize: 8, callbacks: [watcher], verbose: false);

        Assert.That(seen, Has.Count.EqualTo(3));
        // A norm of at most 0.3, to the rounding of float32.
        Assert.That(seen, Is.All.LessThan(0.3f * 0.3f * 1.00001f));
    }

    [Test]
    public void Early_stopping_ends_a_fit_and_gives_back_the_best_weights()
    {
        (Tensor[] x, Tensor[] y) = Data();
        Sequential model = [new Dense(3, inputShape: [4])];
        float[]? best = null;
        double lowest = double.PositiveInfinity;
        var watcher = new LambdaCallback
        {
            EpochEnd = (_, logs) =>
            {
                if (logs["val_loss"] >= lowest) return;
                (lowest, best) = (logs["val_loss"], WeightsOf(model));
            },
        };
        var stopping = new EarlyStopping(patience: 2, restoreBestWeights: true);

        // Labels of the validation that contradict those of the training: it gets worse from some epoch on.
        History history = model.Compile(new Sgd(2), Loss.SparseSoftmaxCrossEntropy).Fit(x[0], y[0], epochs: 100, validationData: (x[0], (y[0] + 1) % 3), callbacks: [watcher, stopping], verbose: false);

        Assert.That(history.Epochs, Has.Count.LessThan(100));
        Assert.That(stopping.StoppedEpoch, Is.EqualTo(history.Epochs[^1]));
        Assert.That(stopping.BestEpoch, Is.EqualTo(history.Epochs[^1] - 2));
        Assert.That(WeightsOf(model), Is.EqualTo(best));
    }

    [Test]
    public void Epochs_of_some_steps_go_on_where_the_one_before_ended()
    {
        (Tensor[] x, Tensor[] y) = Data();
        (Model model, Model same) = (Forked(), Forked());

        // 3 batches of 8: epochs of 2 steps see batches 1 2 | 3 1 | 2 3, as two whole epochs do.
        History history = model.Compile(new Sgd(0.1), Losses).Fit(x, y, batchSize: 8, epochs: 3, shuffle: false, stepsPerEpoch: 2, verbose: false);
        same.Compile(new Sgd(0.1), Losses).Fit(x, y, batchSize: 8, epochs: 2, shuffle: false, verbose: false);

        Assert.That(WeightsOf(model), Is.EqualTo(WeightsOf(same)));
        Assert.That(history.Epochs, Has.Count.EqualTo(3));
    }

    [Test]
    public void Validation_comes_as_often_and_looks_as_far_as_it_is_told()
    {
        (Tensor[] x, Tensor[] y) = Data();
        Sequential model = [new Dense(3, inputShape: [4])];
        CompiledModel training = model.Compile(new Sgd(0), Loss.SparseSoftmaxCrossEntropy);

        History history = training.Fit(x[0], y[0], epochs: 5, batchSize: 8, validationData: (x[0], y[0]), validationSteps: 2, validationFrequency: 2, verbose: false);

        Assert.That(history["val_loss"].Select(static v => double.IsNaN(v)), Is.EqualTo((bool[])[true, false, true, false, true]));
        Assert.That(history["val_loss"][1], Is.EqualTo(training.Evaluate(x[0].Narrow(0, 0, 16), y[0].Narrow(0, 0, 16), batchSize: 8)["loss"]));
        Assert.That(history.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(5));
    }

    [Test]
    public void Single_batches_train_and_test_as_a_fit_of_one_batch_does()
    {
        (Tensor[] x, Tensor[] y) = Data();
        (Model model, Model same) = (Forked(), Forked());
        CompiledModel one = model.Compile(new Sgd(0.1), Losses), other = same.Compile(new Sgd(0.1), Losses);
        Tensor weights = Tensor.LinSpace(0, 2, Count);

        IReadOnlyDictionary<string, double> before = one.TestOnBatch(x, y, weights), trained = one.TrainOnBatch(x, y, weights), after = one.TestOnBatch(x, y, weights);
        History history = other.Fit(x, y, batchSize: Count, sampleWeights: weights, shuffle: false, verbose: false);

        Assert.That(trained["loss"], Is.EqualTo(before["loss"]).And.EqualTo(history["loss"][0]));
        Assert.That(after["loss"], Is.LessThan(before["loss"]));
        Assert.That(WeightsOf(model), Is.EqualTo(WeightsOf(same)));
        double gathered = one.TestOnBatch([x[0].Narrow(0, 0, 8), x[1].Narrow(0, 0, 8)], [y[0].Narrow(0, 0, 8), y[1].Narrow(0, 0, 8)], resetFigures: false)["size_loss"];
        Assert.That(gathered, Is.Not.EqualTo(after["size_loss"]));
        Sequential single = [new Dense(3, inputShape: [4])];
        Assert.That(single.Compile("sgd", "sparse_softmax_cross_entropy", ["accuracy"]).TrainOnBatch(x[0], y[0], classWeights: new Dictionary<long, double> { [0] = 0, [1] = 0, [2] = 0 })["loss"], Is.Zero);
    }

    [Test]
    public void Weights_are_saved_and_loaded_by_their_paths()
    {
        using var folder = new TempFolder();
        string path = Path.Combine(folder.Path, "weights.safetensors");
        var x = new Input([4]);
        Model saved = Forked(), loaded = Forked(), smaller = new(x, new Dense(2, name: "kind").Call(x));
        foreach (Parameter parameter in loaded.Parameters) parameter.Variable.Assign(Tensor.ZerosLike(parameter.Variable));

        saved.SaveWeights(path);
        loaded.LoadWeights(path);

        Assert.That(WeightsOf(loaded), Is.EqualTo(WeightsOf(saved)));
        float[] before = WeightsOf(smaller);
        Assert.That(() => smaller.LoadWeights(path), Throws.TypeOf<CheckpointMismatchException>().With.Message.Contains("kind/kernel"));
        Assert.That(WeightsOf(smaller), Is.EqualTo(before));
    }

    [Test]
    public void What_does_not_fit_several_outputs_is_refused()
    {
        (Tensor[] x, Tensor[] y) = Data();
        Model model = Forked();
        float[] before = WeightsOf(model);
        CompiledModel training = model.Compile(new Sgd(0.1), Losses);

        Refused(() => model.Compile(new Sgd(0.1), new Dictionary<string, LossFunction> { ["kind"] = Loss.SparseSoftmaxCrossEntropy }), "'size'");
        Refused(() => model.Compile(new Sgd(0.1), new Dictionary<string, LossFunction>(Losses) { ["other"] = Loss.MeanSquaredError }), "'other'", "kind, size");
        Refused(() => model.Compile(new Sgd(0.1), Losses, new Dictionary<string, double> { ["size"] = double.NaN }), "'size'");
        Refused(() => model.Compile(new Sgd(0.1), Loss.MeanSquaredError, [new Accuracy()]), "kind, size");
        Refused(() => training.Fit(x, [y[0]], verbose: false), "1 outputs", "kind, size");
        Refused(() => training.Fit(x, y, classWeights: new Dictionary<long, double>(), verbose: false), "2 outputs");
        Refused(() => training.Fit(x, y, stepsPerEpoch: 0, verbose: false), "stepsPerEpoch");
        Refused(() => training.Fit(x, y, validationFrequency: 0, verbose: false), "validationFrequency");
        Assert.That(() => training.Fit([x[0], x[1].Narrow(0, 0, 3)], y, verbose: false), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => training.PredictAll([x[0], x[1].Narrow(0, 0, 3)]), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(WeightsOf(model), Is.EqualTo(before));
    }

    [Test]
    public void A_step_and_a_prediction_leave_nothing_behind()
    {
        (Tensor[] x, Tensor[] y) = Data();
        CompiledModel training = Forked().Compile(new Sgd(0.1), Losses);
        training.TrainOnBatch(x, y);
        using var count = new WrapperCount();

        training.TrainOnBatch(x, y);
        training.TestOnBatch(x, y);
        IReadOnlyList<Tensor> predictions = training.PredictAll(x, batchSize: 5);

        // The slices of two inputs that the dataset of the prediction holds.
        Assert.That(count.Beside(predictions), Is.LessThanOrEqualTo(2));
    }

    private static (Tensor[] X, Tensor[] Y) Data()
    {
        var random = new Random(3);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1))];
        float[] first = Numbers(Count * 4);
        long[] kinds = [.. Enumerable.Range(0, Count).Select(i => first[i * 4] > 0.3 ? 0L : first[i * 4 + 1] > 0 ? 1 : 2)];
        return ([Tensor.From(first, [Count, 4]), Tensor.From(Numbers(Count * 2), [Count, 2])], [Tensor.From(kinds), Tensor.From(Numbers(Count), [Count, 1])]);
    }

    private static Model Forked()
    {
        Generator.SetGlobalSeed(5);
        Input a = new([4], name: "a"), b = new([2], name: "b");
        SymbolicTensor both = new Dense(6, "tanh").Call(new Concatenate().Call([a, b]));
        return new Model([a, b], [new Dense(3, name: "kind").Call(both), new Dense(1, name: "size").Call(both)]);
    }

    private static Sequential Penalized()
    {
        Generator.SetGlobalSeed(5);
        return [new Dense(5, "tanh", kernelRegularizer: Regularizer.L2(0.1), activityRegularizer: Regularizer.L1(0.2), inputShape: [4]), new Dense(3)];
    }

    private static float[] WeightsOf(Layer model) => [.. model.Parameters.SelectMany(static p => p.Variable.ToArray<float>())];

    private static void Refused(Func<object> action, params string[] words)
    {
        InvalidArgumentException? error = Assert.Throws<InvalidArgumentException>(() => action());
        foreach (string word in words) Assert.That(error!.Message, Does.Contain(word));
    }
}
