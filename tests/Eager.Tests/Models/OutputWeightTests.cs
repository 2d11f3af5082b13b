using Eager.Autograd;
using Eager.Layers;
using Eager.Losses;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Models;

/// <summary>Weights of samples and classes for each output of a model, against the formulas in double precision.</summary>
[NonParallelizable]
public class OutputWeightTests
{
    private const int Count = 12, Classes = 3;

    private static readonly double[] OfKinds = [.. Enumerable.Range(0, Count).Select(static i => i % 4 * 0.5)], OfSizes = [.. Enumerable.Range(0, Count).Select(static i => 2 - i * 0.125)];
    private static readonly Dictionary<long, double> ClassWeight = new() { [1] = 3, [2] = 0.5 };

    private static IEnumerable<TestCaseData> Forms =>
    [
        new TestCaseData(OfKinds, OfKinds, (SampleWeights)Weights(OfKinds)!) { TestName = "one tensor for all outputs" },
        new TestCaseData(OfKinds, OfSizes, SampleWeights.Of(Weights(OfKinds), Weights(OfSizes))) { TestName = "a list" },
        new TestCaseData(null, OfSizes, SampleWeights.Of(null, Weights(OfSizes))) { TestName = "a list with a gap" },
        new TestCaseData(OfKinds, null, (SampleWeights)new Tensor?[] { Weights(OfKinds), null }) { TestName = "an array" },
        new TestCaseData(OfKinds, OfSizes, (SampleWeights)new Dictionary<string, Tensor> { ["size"] = Weights(OfSizes), ["kind"] = Weights(OfKinds) }) { TestName = "names" },
        new TestCaseData(OfKinds, null, (SampleWeights)new Dictionary<string, Tensor> { ["kind"] = Weights(OfKinds) }) { TestName = "some names" },
    ];

    [TestCaseSource(nameof(Forms))]
    public void Sample_weights_count_in_the_loss_of_their_output(double[]? ofKinds, double[]? ofSizes, SampleWeights given)
    {
        (Tensor[] x, Tensor[] y) = Data();
        Model model = Forked();
        (double kind, double size) = Expected(model, x, y, ofKinds, ofSizes, null);
        CompiledModel training = model.Compile(new Sgd(0.1), [Loss.SparseSoftmaxCrossEntropy, Loss.MeanSquaredError], lossWeights: [1, 0.25]);

        foreach (IReadOnlyDictionary<string, double> figures in (IReadOnlyDictionary<string, double>[])[training.Evaluate(x, y, Count, given), training.TestOnBatch(x, y, given)])
        {
            // Means over twelve losses in float32.
            Assert.That(figures["kind_loss"], Is.EqualTo(kind).Within(1e-5));
            Assert.That(figures["size_loss"], Is.EqualTo(size).Within(1e-5));
            Assert.That(figures["loss"], Is.EqualTo(kind + 0.25 * size).Within(1e-5));
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_step_with_weights_goes_down_the_weighted_loss(bool traced)
    {
        (Tensor[] x, Tensor[] y) = Data();
        Model model = Forked();
        CompiledModel training = model.Compile(new Sgd(0.1), [Loss.SparseSoftmaxCrossEntropy, Loss.MeanSquaredError], [1, 0.25], traced: traced);
        Variable[] weights = [.. model.TrainableVariables];
        double[][] gradients = [.. weights.Select(variable => Differences(variable, () =>
        {
            (double kind, double size) = Expected(model, x, y, OfKinds, null, ClassWeight);
            return kind + 0.25 * size;
        }))];
        double[][] before = [.. weights.Select(Values)];

        training.TrainOnBatch(x, y, [Weights(OfKinds), null], new Dictionary<string, Dictionary<long, double>> { ["kind"] = ClassWeight });

        for (int v = 0; v < weights.Length; v++)
        {
            double[] step = [.. Values(weights[v]).Zip(before[v], static (a, b) => a - b)];
            // The differences are wrong by h² and by the rounding of the float32 model over h, both near 1e-4.
            Assert.That(step, Is.EqualTo(gradients[v].Select(static g => -0.1 * g)).AsCollection.Within(2e-4), weights[v].Name);
        }
    }

    [Test]
    public void Class_weights_multiply_the_sample_weights_of_their_output_alone()
    {
        (Tensor[] x, Tensor[] y) = Data();
        Model model = Forked();
        (double kind, double size) = Expected(model, x, y, OfKinds, OfSizes, ClassWeight);
        SampleWeights given = [Weights(OfKinds), Weights(OfSizes)];
        CompiledModel Training() => Forked().Compile("sgd", ["sparse_softmax_cross_entropy", "mse"]);
        ClassWeights ofClasses = new Dictionary<string, Dictionary<long, double>> { ["kind"] = ClassWeight };
        Dataset<Tensor[]> batches = Dataset.FromTensorSlices(x[0], x[1]).Zip(Dataset.FromTensorSlices(y[0], y[1])).Zip(Dataset.FromTensorSlices(Weights(OfKinds), Weights(OfSizes)))
            .Map(static e => (Tensor[])[e.First.First.Features, e.First.First.Labels, e.First.Second.Features, e.First.Second.Labels, e.Second.Features, e.Second.Labels]).Batch(Count);

        History fromTensors = Training().Fit(x, y, Count, sampleWeights: given, classWeights: ofClasses, shuffle: false, verbose: false);
        History fromDataset = Training().Fit(batches, isWeighted: true, classWeights: ofClasses, verbose: false);
        IReadOnlyDictionary<string, double> evaluated = Training().Evaluate(batches, isWeighted: true);

        foreach (History history in (History[])[fromTensors, fromDataset])
        {
            // Means over twelve losses in float32.
            Assert.That(history["kind_loss"][0], Is.EqualTo(kind).Within(1e-5));
            Assert.That(history["size_loss"][0], Is.EqualTo(size).Within(1e-5));
        }
        Assert.That(evaluated["kind_loss"], Is.EqualTo(Expected(model, x, y, OfKinds, OfSizes, null).Kind).Within(1e-5));
    }

    [Test]
    public void Validation_has_weights_of_its_own()
    {
        (Tensor[] x, Tensor[] y) = Data();
        Model model = Forked();
        CompiledModel training = model.Compile(new Sgd(0), [Loss.SparseSoftmaxCrossEntropy, Loss.MeanSquaredError]);
        (double kind, double size) = Expected(model, x, y, null, OfSizes, null);
        (double half, _) = Expected(model, [x[0][6..], x[1][6..]], [y[0][6..], y[1][6..]], OfKinds[6..], null, null);

        History given = training.Fit(x, y, validationData: (x, y), validationWeights: [null, Weights(OfSizes)], verbose: false);
        History split = training.Fit(x, y, sampleWeights: [Weights(OfKinds), null], validationSplit: 0.5, shuffle: false, verbose: false);

        // Means over some losses in float32.
        Assert.That(given["val_loss"][0], Is.EqualTo(kind + size).Within(1e-5));
        Assert.That(split["val_kind_loss"][0], Is.EqualTo(half).Within(1e-5));
    }

    [Test]
    public void A_weight_for_each_step_of_a_sequence_hides_what_was_filled_up()
    {
        using var scope = new TensorScope();
        Generator.SetGlobalSeed(4);
        Sequential model = [new Dense(Classes, inputShape: [5, 2])];
        Tensor x = Tensor.RandomNormal([4, 5, 2]), labels = Tensor.RandomUniform([4, 5], 0, Classes, DType.Int64);
        Tensor seen = Tensor.Range(5).ExpandDims(0).Less(Tensor.From([2L, 5, 1, 3]).ExpandDims(1)).Cast(DType.Float32);   // [4, 5]
        double[] losses = CrossEntropies(Values(model.Call(x)), labels.ToArray<long>()), weights = Values(seen);

        IReadOnlyDictionary<string, double> figures = model.Compile("sgd", "sparse_softmax_cross_entropy", ["accuracy"]).Evaluate(x, labels, sampleWeights: seen);

        long[] best = model.Call(x).ArgMax(-1).ToArray<long>(), actual = labels.ToArray<long>();
        // Means over twenty losses in float32.
        Assert.That(figures["loss"], Is.EqualTo(losses.Zip(weights, static (l, w) => l * w).Sum() / losses.Length).Within(1e-5));
        Assert.That(figures["accuracy"], Is.EqualTo(best.Select((b, i) => b == actual[i] ? weights[i] : 0).Sum() / weights.Sum()).Within(1e-9));
    }

    [Test]
    public void A_dataset_may_have_a_weight_after_each_label()
    {
        (Tensor[] x, Tensor[] y) = Data();
        Sequential One()
        {
            Generator.SetGlobalSeed(6);
            return [new Dense(Classes, inputShape: [4])];
        }

        Tensor weights = Weights(OfKinds);
        Dataset<(Tensor Features, Tensor Labels, Tensor Weights)> batches = Dataset.FromTensorSlices(x[0], y[0]).Zip(Dataset.FromTensorSlices(weights)).Map(static e => (e.First.Features, e.First.Labels, e.Second)).Batch(4);
        (Sequential fed, Sequential same) = (One(), One());
        CompiledModel fromDataset = fed.Compile("sgd", "sparse_softmax_cross_entropy"), fromTensors = same.Compile("sgd", "sparse_softmax_cross_entropy");

        History first = fromDataset.Fit(batches, epochs: 2, validation: batches, classWeights: ClassWeight, verbose: false);
        History second = fromTensors.Fit(x[0], y[0], 4, epochs: 2, validationData: (x[0], y[0]), sampleWeights: weights, classWeights: ClassWeight, shuffle: false, verbose: false, validationWeights: weights);

        Assert.That(first["loss"], Is.EqualTo(second["loss"]));
        Assert.That(first["val_loss"], Is.EqualTo(second["val_loss"]));
        Assert.That(fromDataset.Evaluate(batches)["loss"], Is.EqualTo(fromTensors.Evaluate(x[0], y[0], 4, weights)["loss"]));
    }

    [Test]
    public void What_does_not_fit_is_refused_by_the_name_of_its_output_before_anything_is_trained()
    {
        (Tensor[] x, Tensor[] y) = Data();
        Model model = Forked();
        double[] before = [.. model.TrainableVariables.SelectMany(Values)];
        CompiledModel training = model.Compile(new Sgd(0.1), [Loss.SparseSoftmaxCrossEntropy, Loss.MeanSquaredError]);
        Tensor weights = Weights(OfKinds);

        Refused<InvalidArgumentException>(() => training.Fit(x, y, sampleWeights: [weights], verbose: false), "1 outputs", "kind, size");
        Refused<InvalidArgumentException>(() => training.Fit(x, y, sampleWeights: new Dictionary<string, Tensor> { ["weight"] = weights }, verbose: false), "'weight'", "kind, size");
        Refused<ShapeMismatchException>(() => training.Fit(x, y, sampleWeights: [null, weights[..3]], verbose: false), "[3]", "'size'");
        Refused<InvalidArgumentException>(() => training.Fit(x, y, classWeights: ClassWeight, verbose: false), "2 outputs", "kind, size");
        Refused<InvalidArgumentException>(() => training.Fit(x, y, classWeights: new Dictionary<string, Dictionary<long, double>> { ["sort"] = [] }, verbose: false), "'sort'", "kind, size");
        Refused<ShapeMismatchException>(() => training.Fit(x, [y[0], y[1].Reshape([Count, 1, 1])], classWeights: new Dictionary<string, Dictionary<long, double>> { ["size"] = ClassWeight }, verbose: false), "'size'", "[12, 1, 1]");
        Refused<ShapeMismatchException>(() => training.Fit(x, [y[0], y[1].Reshape([Count])], verbose: false), "'size'", "[12]");
        Refused<DTypeMismatchException>(() => training.Fit(x, [y[0], y[1].Cast(DType.Float64)], verbose: false), "'size'", "float64");
        Refused<InvalidArgumentException>(() => training.Fit(x, y, validationSplit: 0.5, validationWeights: weights, verbose: false), "validationWeights");
        Refused<InvalidArgumentException>(() => training.Fit(Dataset.FromTensorSlices(x[0], y[0]).Batch(4), verbose: false), "2 outputs", "Dataset<Tensor[]>");
        Refused<InvalidArgumentException>(() => training.Evaluate(Dataset.FromTensorSlices(x[0], y[0]).Batch(4)), "2 outputs");
        Refused<InvalidArgumentException>(() => training.TrainOnBatch(x, y, [weights, weights, weights]), "TrainOnBatch", "3 outputs");
        Refused<InvalidArgumentException>(() => training.TestOnBatch(x, y, [weights]), "TestOnBatch");
        Refused<InvalidArgumentException>(() => model.Compile(new Sgd(0.1), [Loss.MeanSquaredError]), "losses for 1 outputs", "kind, size");
        Refused<InvalidArgumentException>(() => model.Compile("sgd", ["mse", "mse"], lossWeights: [1]), "loss weights for 1 outputs");
        Refused<InvalidArgumentException>(() => model.Compile("sgd", ["mse", "mse"], metrics: [null]), "metrics for 1 outputs");
        Refused<InvalidArgumentException>(() => model.Compile("sgd", ["mse", "mse"], lossWeights: [1, double.NaN]), "'size'");
        Assert.That(model.TrainableVariables.SelectMany(Values), Is.EqualTo(before));
        Assert.That(model.Compile("sgd", ["sparse_softmax_cross_entropy", "mse"], metrics: [["accuracy"], null]).Evaluate(x, y).Keys, Is.EqualTo((string[])["loss", "kind_loss", "kind_accuracy", "size_loss"]));
    }

    // Σ w·l / n for each output, from what the model gives.
    private static (double Kind, double Size) Expected(Model model, Tensor[] x, Tensor[] y, double[]? ofKinds, double[]? ofSizes, IReadOnlyDictionary<long, double>? classes)
    {
        using var scope = new TensorScope();
        IReadOnlyList<Tensor> given = model.CallAll(x);
        long[] labels = y[0].ToArray<long>();
        double[] kinds = CrossEntropies(Values(given[0]), labels), sizes = [.. Values(given[1]).Zip(Values(y[1]), static (a, b) => (a - b) * (a - b))];
        return (kinds.Select((l, i) => l * (ofKinds?[i] ?? 1) * (classes?.GetValueOrDefault(labels[i], 1) ?? 1)).Average(), sizes.Select((l, i) => l * (ofSizes?[i] ?? 1)).Average());
    }

    private static double[] CrossEntropies(double[] logits, long[] labels) =>
        [.. labels.Select((label, i) => Math.Log(Enumerable.Range(0, Classes).Sum(c => Math.Exp(logits[i * Classes + c]))) - logits[i * Classes + label])];

    private static double[] Differences(Variable variable, Func<double> loss)
    {
        const double h = 1e-2;
        double[] start = Values(variable), slopes = new double[start.Length];
        for (int i = 0; i < start.Length; i++)
        {
            double At(double offset)
            {
                double[] moved = [.. start];
                moved[i] += offset;
                variable.Assign(Tensor.From([.. moved.Select(static v => (float)v)]).Reshape(variable.ConcreteShape));
                return loss();
            }

            slopes[i] = (At(h) - At(-h)) / (2 * h);
        }
        variable.Assign(Tensor.From([.. start.Select(static v => (float)v)]).Reshape(variable.ConcreteShape));
        return slopes;
    }

    private static double[] Values(Tensor tensor) => [.. tensor.ToArray<float>().Select(static v => (double)v)];

    private static Tensor Weights(double[] values) => Tensor.From([.. values.Select(static v => (float)v)]);

    private static (Tensor[] X, Tensor[] Y) Data()
    {
        Generator.SetGlobalSeed(2);
        return ([Tensor.RandomNormal([Count, 4]), Tensor.RandomNormal([Count, 2])], [Tensor.RandomUniform([Count], 0, Classes, DType.Int64), Tensor.RandomNormal([Count, 1])]);
    }

    private static Model Forked()
    {
        Generator.SetGlobalSeed(5);
        Input a = new([4], name: "a"), b = new([2], name: "b");
        SymbolicTensor both = new Dense(3, "tanh").Call(new Concatenate().Call([a, b]));
        return new Model([a, b], [new Dense(Classes, name: "kind").Call(both), new Dense(1, name: "size").Call(both)]);
    }

    private static void Refused<T>(Action action, params string[] parts) where T : EagerException
    {
        T error = Assert.Throws<T>(action)!;
        foreach (string part in parts) Assert.That(error.Message, Does.Contain(part));
    }
}
