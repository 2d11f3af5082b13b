using Eager.Autograd;
using Eager.Layers;
using Eager.Train;
using NUnit.Framework;
using Spectre.Console;

namespace Eager.Tests.Models;

/// <summary>Predictions and evaluations over datasets are those over the tensors that the batches came from.</summary>
[NonParallelizable]
public class PredictionTests
{
    private const int Count = 10;

    [SetUp]
    public void Seed() => Generator.SetGlobalSeed(8);

    [Test]
    public void A_dataset_is_predicted_batch_by_batch_and_joined()
    {
        using var scope = new TensorScope();
        Sequential model = [new Dense(3, "tanh", inputShape: [4])];
        Tensor x = Tensor.RandomNormal([Count, 4]), y = Tensor.RandomNormal([Count, 3]);
        CompiledModel training = model.Compile("sgd", "mse", ["mae"]);
        Dataset<(Tensor Features, Tensor Labels)> batches = Dataset.FromTensorSlices(x, y).Batch(4);
        var sizes = new List<long>();
        Dataset<Tensor> examples = batches.Map(batch =>
        {
            sizes.Add(batch.Features.ConcreteShape[0].Value);
            return batch.Features;
        });

        Tensor all = training.Predict(examples), two = training.Predict(examples, steps: 2);

        Assert.That(sizes, Is.EqualTo((long[])[4, 4, 2, 4, 4]));
        // The same batches of the same numbers.
        Assert.That(all.ToArray<float>(), Is.EqualTo(training.Predict(x, batchSize: 4).ToArray<float>()));
        Assert.That(two.ToArray<float>(), Is.EqualTo(all[..8].ToArray<float>()));
        Assert.That(training.Evaluate(batches), Is.EqualTo(training.Evaluate(x, y, batchSize: 4)));
        Assert.That(training.Evaluate(batches.Repeat(), steps: 2), Is.EqualTo(training.Evaluate(x[..8], y[..8], batchSize: 4)));
    }

    [Test]
    public void Several_inputs_and_outputs_are_predicted_from_a_dataset()
    {
        using var scope = new TensorScope();
        Input a = new([4]), b = new([2]);
        SymbolicTensor both = new Concatenate().Call([a, b]);
        var model = new Model([a, b], [new Dense(3, name: "first").Call(both), new Dense(1, name: "second").Call(both)]);
        Tensor[] x = [Tensor.RandomNormal([Count, 4]), Tensor.RandomNormal([Count, 2])], y = [Tensor.RandomNormal([Count, 3]), Tensor.RandomNormal([Count, 1])];
        CompiledModel training = model.Compile("sgd", ["mse", "mae"]);
        Dataset<Tensor[]> inputs = Dataset.FromTensorSlices(x[0], x[1]).Map(static e => (Tensor[])[e.Features, e.Labels]).Batch(4);
        Dataset<Tensor[]> labelled = Dataset.FromTensorSlices(x[0], x[1]).Zip(Dataset.FromTensorSlices(y[0], y[1])).Map(static e => (Tensor[])[e.First.Features, e.First.Labels, e.Second.Features, e.Second.Labels]).Batch(4);

        IReadOnlyList<Tensor> got = training.PredictAll(inputs), expected = training.PredictAll(x, batchSize: 4);

        for (int i = 0; i < 2; i++) Assert.That(got[i].ToArray<float>(), Is.EqualTo(expected[i].ToArray<float>()));
        Assert.That(training.Evaluate(labelled), Is.EqualTo(training.Evaluate(x, y, batchSize: 4)));
        Assert.That(() => training.Predict(inputs.Map(static e => e[0])), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("2 inputs"));
        Assert.That(() => training.Evaluate(inputs), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("2 tensors"));
    }

    [Test]
    public void What_cannot_be_predicted_or_evaluated_is_refused()
    {
        Sequential model = [new Dense(3, inputShape: [4])];
        CompiledModel training = model.Compile("sgd", "mse");
        Dataset<(Tensor Features, Tensor Labels)> batches = Dataset.FromTensorSlices(Tensor.Ones([2, 4]), Tensor.Ones([2, 3])).Batch(2);
        Dataset<Tensor> none = Dataset.FromTensorSlices(Tensor.Ones([2, 4])).Filter(static _ => false).Batch(2);

        Assert.That(() => training.Predict(none), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("no batch"));
        Assert.That(() => training.Predict(none, steps: 0), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("steps"));
        Assert.That(() => training.Evaluate(batches.Take(0)), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("no batch"));
        Assert.That(() => training.Evaluate(batches, steps: 0), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("steps"));
        Assert.That(() => training.Predict(batches.Map(static b => b.Features[.., ..3])), Throws.TypeOf<ShapeMismatchException>());
    }

    [Test]
    public void A_model_that_changes_nothing_gives_its_input_back_alive([Values(2, 8)] int batchSize)
    {
        Tensor x = Tensor.RandomNormal([4, 3]);

        Tensor y = new Sequential(new Dropout(0.5)).Compile("sgd", "mse").Predict(x, batchSize);

        Assert.That(y.ToArray<float>(), Is.EqualTo(x.ToArray<float>()));
    }

    [Test]
    public void Progress_is_shown_where_it_is_asked_for()
    {
        var output = new Terminal();
        IAnsiConsole before = AnsiConsole.Console;
        Tensor x = Tensor.RandomNormal([4, 3]);
        CompiledModel training = new Sequential(new Dense(2)).Compile("sgd", "mse");
        AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Interactive = InteractionSupport.Yes, Ansi = AnsiSupport.Yes, Out = output });
        try
        {
            training.Predict(x, batchSize: 2);
            Assert.That(output.Text.ToString(), Is.Empty);
            training.Predict(x, batchSize: 2, verbose: true);
        }
        finally
        {
            AnsiConsole.Console = before;
        }
        Assert.That(output.Text.ToString(), Does.Match("^\rpredicting ━+─+ +50 ?%"));
    }

    private sealed class Terminal : IAnsiConsoleOutput
    {
        public StringWriter Text { get; } = new();

        public TextWriter Writer => Text;

        public bool IsTerminal => true;

        public int Width => 100;

        public int Height => 20;

        public void SetEncoding(System.Text.Encoding encoding) { }
    }
}
