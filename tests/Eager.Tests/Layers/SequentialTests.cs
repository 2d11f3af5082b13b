using Eager.Layers;
using NUnit.Framework;

namespace Eager.Tests.Layers;

public class SequentialTests
{
    /// <summary>The table of the slides "TensorFlow and Keras", in the form that Keras 2 prints.</summary>
    private const string SlidesTable = """
        _________________________________________________________________
        Layer (type)                 Output Shape              Param #
        =================================================================
        dense_1 (Dense)              (None, 64)                1344
        _________________________________________________________________
        dropout_1 (Dropout)          (None, 64)                0
        _________________________________________________________________
        dense_2 (Dense)              (None, 64)                4160
        _________________________________________________________________
        dropout_2 (Dropout)          (None, 64)                0
        _________________________________________________________________
        dense_3 (Dense)              (None, 10)                650
        =================================================================
        Total params: 6,154
        Trainable params: 6,154
        Non-trainable params: 0
        _________________________________________________________________

        """;

    [Test]
    public void The_summary_of_the_slides_model_is_the_slides_table()
    {
        Sequential model =
        [
            new Dense(64, "relu", inputShape: [20]),
            new Dropout(0.5),
            new Dense(64, "relu"),
            new Dropout(0.5),
            new Dense(10),
        ];
        var printed = new StringWriter();

        Assert.That(model.Summary(printed), Is.EqualTo(SlidesTable));
        Assert.That(printed.ToString(), Is.EqualTo(SlidesTable));
    }

    [Test]
    public void The_summary_counts_what_is_frozen_apart()
    {
        Sequential model = [new Conv2D(32, 3, 2, activation: "relu", inputShape: [28, 28, 1]), new Flatten(), new Dense(10)];
        model["conv2d_1"].Trainable = false;

        string table = model.Summary(TextWriter.Null);

        Assert.That(table, Does.Contain("conv2d_1 (Conv2D)            (None, 13, 13, 32)        320"));
        Assert.That(table, Does.Contain("Total params: 54,410\nTrainable params: 54,090\nNon-trainable params: 320\n"));
    }

    [TestCase(7_850, new int[0])]
    [TestCase(269_322, new[] { 256, 256 })]
    public void The_lecture_models_have_the_lectures_numbers_of_weights(int expected, int[] hidden)
    {
        var model = new Sequential(hidden.Select(units => new Dense(units, "relu"))) { new Dense(10) };
        model.Build([null, 784]);

        Assert.That(model.Parameters.Sum(p => p.Variable.ElementCount), Is.EqualTo(expected));
    }

    [Test]
    public void A_summary_needs_the_shape_of_inputs()
    {
        Sequential model = [new Dense(3)];

        Assert.That(() => model.Summary(TextWriter.Null), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("inputShape"));
        model.Call(Tensor.Ones([2, 4]));
        Assert.That(model.Summary(TextWriter.Null), Does.Contain("Total params: 15"));
    }

    [Test]
    public void Layers_run_in_order()
    {
        using var scope = new TensorScope();
        Sequential model = [new Dense(5, "relu"), new Sequential(new Dense(4, "tanh"), new Flatten()), new Dense(2)];
        Tensor x = Tensor.RandomNormal([3, 6]);

        Tensor y = model.Call(x);

        Assert.That(y.ToArray<float>(), Is.EqualTo(model[2].Call(model[1].Call(model[0].Call(x))).ToArray<float>()));
        Assert.That(model.Parameters.Select(p => p.Path), Is.EqualTo((string[])
            ["dense_1/kernel", "dense_1/bias", "sequential_1/dense_1/kernel", "sequential_1/dense_1/bias", "dense_2/kernel", "dense_2/bias"]));
    }

    [Test]
    public void Two_layers_of_one_name_are_refused()
    {
        Sequential model = [new Dense(3, name: "a")];

        Assert.That(() => model.Add(new Dense(3, name: "a")), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'a'"));
        Assert.That(model, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_layer_that_does_not_fit_is_refused_when_it_is_added()
    {
        Sequential model = [new Conv2D(4, 3, inputShape: [5, 5, 1])];

        Assert.That(() => model.Add(new Conv2D(4, 4, name: "second")), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'second'").And.Message.Contains("4×4"));
        Assert.That(model, Has.Count.EqualTo(1));
    }
}
