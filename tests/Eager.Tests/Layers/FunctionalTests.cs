using Eager.Autograd;
using Eager.Layers;
using NUnit.Framework;

namespace Eager.Tests.Layers;

/// <summary>Layers as functions, through variable scopes and templates: programs 18, 29, 30 and 34 of the design documents.</summary>
[NonParallelizable]
public class FunctionalTests
{
    private VariableStore store = null!;

    [SetUp]
    public void Open()
    {
        Generator.SetGlobalSeed(3);
        store = VariableStore.Open();
    }

    [TearDown]
    public void Close() => store.Dispose();

    [Test]
    public void A_call_makes_a_layer_and_the_scope_opened_again_finds_it()
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.RandomNormal([4, 6]);
        Tensor Mlp()
        {
            using var open = VariableScope.Open("mlp", Reuse.Auto);
            return Functional.Dense(Functional.Dense(x, 5, "relu"), 3);
        }

        float[] first = Mlp().ToArray<float>(), second = Mlp().ToArray<float>();

        Assert.That(second, Is.EqualTo(first));
        Assert.That(store.Variables().Select(static v => v.Name), Is.EqualTo((string[])["mlp/dense/kernel", "mlp/dense/bias", "mlp/dense_1/kernel", "mlp/dense_1/bias"]));
        Variable w = store.Variables()[0], b = store.Variables()[1];
        Assert.That(first, Is.EqualTo(Tensor.Affine(Tensor.Affine(x, w, b).Relu(), store.Variables()[2], store.Variables()[3]).ToArray<float>()));
    }

    [Test]
    public void Names_that_are_not_given_are_those_of_the_kinds_and_dropout_has_no_weights()
    {
        using var scope = new TensorScope();
        Tensor rows = Tensor.RandomNormal([2, 6, 4]);
        Functional.Dense(rows, 3);
        Functional.Conv1DTranspose(rows, 3, 2);
        Functional.LSTM(rows, 3);
        Functional.Apply(rows, static () => new GRU(3));

        Assert.That(store.Entries().Select(static e => e.Key).Where(static k => !k.Contains('/')), Is.EqualTo((string[])["dense", "conv1d_transpose", "lstm", "gru"]));
        Assert.That(Functional.Dropout(rows, 0.5, training: false), Is.SameAs(rows));
        Assert.That(Functional.Dropout(Tensor.Ones([100]), 0.5, training: true).ToArray<float>(), Does.Contain(0f).And.Contain(2f));
    }

    /// <summary>Program 34: reuse, auto reuse and a template share a convolution.</summary>
    [Test]
    public void Scopes_and_templates_share_a_convolution()
    {
        using var scope = new TensorScope();
        Tensor a = Tensor.RandomNormal([1, 5, 5, 3]), b = Tensor.RandomNormal([1, 5, 5, 3]);
        Tensor Convolve(Tensor x) => Functional.Conv2D(x, 4, 3, name: "conv1");
        using (VariableScope.Open("reuse")) Convolve(a);
        using (VariableScope.Open("reuse", Reuse.Yes)) Convolve(b);
        foreach (Tensor x in (Tensor[])[a, b])
            using (VariableScope.Open("auto", Reuse.Auto)) Convolve(x);
        var template = new Template("template", Convolve);
        float[] first = template.Call(a).ToArray<float>();
        template.Call(b);

        Assert.That(template.Call(a).ToArray<float>(), Is.EqualTo(first));
        Assert.That(store.Variables().Select(static v => v.Name), Is.EqualTo((string[])
            ["reuse/conv1/kernel", "reuse/conv1/bias", "auto/conv1/kernel", "auto/conv1/bias", "template/conv1/kernel", "template/conv1/bias"]));
        using (VariableScope.Open("reuse")) Assert.That(() => Convolve(a), Throws.TypeOf<VariableReuseException>().With.Message.Contains("reuse/conv1"));
    }

    /// <summary>Program 29: foo/v is shared where its scope reuses, and an error without.</summary>
    [Test]
    public void What_is_there_is_shared_with_reuse_and_refused_without()
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.Ones([2, 3]);
        using (VariableScope.Open("foo")) Functional.Dense(x, 2, name: "v");

        using (VariableScope.Open("foo")) Assert.That(() => Functional.Dense(x, 2, name: "v"), Throws.TypeOf<VariableReuseException>().With.Message.Contains("'foo/v'"));
        using (VariableScope.Open("foo", Reuse.Yes))
        {
            Functional.Dense(x, 2, name: "v");
            Assert.That(() => Functional.Dense(x, 2, name: "w"), Throws.TypeOf<VariableReuseException>().With.Message.Contains("'foo/w'"));
            Assert.That(() => Functional.Dense(x, 4, name: "v"), Throws.TypeOf<VariableReuseException>().With.Message.Contains("units = 2").And.Message.Contains("units = 4"));
            Assert.That(() => Functional.LayerNorm(x, name: "v"), Throws.TypeOf<VariableReuseException>().With.Message.Contains("Dense"));
            Assert.That(() => Functional.Dense(Tensor.Ones([2, 4]), 2, name: "v"), Throws.TypeOf<ShapeMismatchException>());
        }
        Assert.That(store.Variables(), Has.Count.EqualTo(2));
    }

    /// <summary>Program 30: nn_layer, whose operations stand in the graph under the scope's and the layer's names.</summary>
    [Test]
    public void Operations_stand_under_the_names_of_scope_and_layer()
    {
        using var scope = new TensorScope();
        using TracedFunction network = Function.Trace(static x =>
        {
            using var open = VariableScope.Open("layer1", Reuse.Auto);
            return Functional.Dense(x, 5, "relu");
        });
        network.Call(Tensor.Ones([2, 3]));

        Assert.That(network.Graph.Operations.Select(static o => o.Name), Does.Contain("layer1/dense/Affine").And.Contain("layer1/dense/Relu").And.Contain("layer1/dense/kernel"));
    }

    /// <summary>Program 18: mlp_fn, cnn_fn, and cnn_fn with dropout; the gradients reach all weights.</summary>
    [Test]
    public void The_model_functions_of_the_introduction_have_their_shapes_and_weights([Values(0, 0.4)] double dropout)
    {
        using var scope = new TensorScope();
        Tensor Mlp(Tensor x) => Functional.Dense(Functional.Dense(x.Reshape([-1, 784]), 256, "relu"), 10);
        Tensor Cnn(Tensor x)
        {
            Tensor y = Functional.Conv2D(x.Reshape([-1, 28, 28, 1]), 32, 5, padding: Padding.Same, activation: "relu").MaxPool2D(2);
            y = Functional.Conv2D(y, 64, 5, padding: Padding.Same, activation: "relu").MaxPool2D(2);
            y = Functional.Dropout(Functional.Dense(y.Flatten(1), 64, "relu"), dropout, training: true);
            return Functional.Dense(y, 10);
        }
        Tensor images = Tensor.RandomUniform([3, 784]);
        using var tape = new GradientTape();
        Tensor scores;
        using (VariableScope.Open("mlp")) scores = Mlp(images);
        using (VariableScope.Open("cnn")) scores += Cnn(images);

        Tensor?[] gradients = tape.Gradient(scores.Square().Sum(), store.Variables());

        Assert.That(scores.ConcreteShape, Is.EqualTo(Shape.Of(3, 10)));
        Assert.That(gradients, Has.None.Null);
        Assert.That(store.Variables("mlp").Sum(static v => v.ElementCount), Is.EqualTo(784 * 256 + 256 + 256 * 10 + 10));
        Assert.That(store.Variables("cnn").Sum(static v => v.ElementCount), Is.EqualTo(25 * 32 + 32 + 25 * 32 * 64 + 64 + 3136 * 64 + 64 + 64 * 10 + 10));
    }

    [Test]
    public void A_call_leaves_nothing_behind_but_its_output()
    {
        Tensor x = Tensor.Ones([2, 3]);
        using var open = VariableScope.Open("s", Reuse.Auto);
        Functional.Dense(x, 3, name: "a");
        using var count = new WrapperCount();

        Tensor y = Functional.Dense(x, 3, name: "a");

        Assert.That(count.Beside(x, y), Is.Zero);
    }
}
