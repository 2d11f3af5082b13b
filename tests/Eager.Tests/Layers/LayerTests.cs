using Eager.Autograd;
using Eager.Layers;
using NUnit.Framework;

namespace Eager.Tests.Layers;

public class LayerTests
{
    [Test]
    public void Dense_multiplies_adds_and_applies_its_function()
    {
        using var scope = new TensorScope();
        var layer = new Dense(2, "relu", kernelInitializer: new Initializer((_, _) => Tensor.From(new[,] { { 1f, -1 }, { 2, 0 }, { 0, -3 } })), biasInitializer: Initializer.Constant(0.5));

        float[] y = layer.Call(Tensor.From(new[,] { { 1f, 2, 3 } })).ToArray<float>();

        Assert.That(y, Is.EqualTo((float[])[5.5f, 0]));
    }

    [Test]
    public void Dense_acts_on_the_last_axis_of_any_rank([Values] bool useBias)
    {
        using var scope = new TensorScope();
        var layer = new Dense(4, useBias: useBias, biasInitializer: Initializer.Ones(), dtype: DType.Float64);
        using var generator = new Generator(2);
        Tensor x = Tensor.RandomNormal([2, 5, 3], dtype: DType.Float64, generator: generator);

        Tensor y = layer.Call(x);

        Assert.That(y.Shape, Is.EqualTo(Shape.Of(2, 5, 4)));
        // Three products a sum, in another order.
        Assert.That(y.ToArray<double>(), Is.EqualTo(layer.Call(x.Reshape([10, 3])).ToArray<double>()).Within(1e-15));
    }

    [Test]
    public void Weights_are_made_at_the_first_call_or_at_once_from_the_input_shape()
    {
        var early = new Dense(3, inputShape: [7]);
        var late = new Dense(3);

        Assert.That(early.Kernel!.Shape, Is.EqualTo(Shape.Of(7, 3)));
        Assert.That(late.Kernel, Is.Null);
        late.Call(Tensor.Zeros([1, 7]));
        Assert.That(late.Kernel!.Shape, Is.EqualTo(Shape.Of(7, 3)));
    }

    [Test]
    public void A_convolution_layer_is_the_convolution_with_its_weights()
    {
        using var scope = new TensorScope();
        var layer = new Conv2D(6, (3, 2), 2, Padding.Same, "tanh", groups: 2, biasInitializer: Initializer.Ones());
        Tensor x = Tensor.RandomNormal([2, 8, 7, 4]);

        Tensor y = layer.Call(x);

        Assert.That(y.ToArray<float>(), Is.EqualTo(x.Conv2D(layer.Kernel!, 2, Padding.Same, groups: 2, bias: layer.Bias).Tanh().ToArray<float>()));
        Assert.That(layer.ComputeOutputShape(x.Shape), Is.EqualTo(y.Shape));
    }

    [Test]
    public void Layers_tell_the_shapes_that_they_give([Values("Valid", "Same")] string frame, [Values] DataFormat format)
    {
        Padding padding = frame == "Same" ? Padding.Same : Padding.Valid;
        using var scope = new TensorScope();
        Tensor x = Tensor.Ones(format == DataFormat.ChannelsLast ? [2, 9, 8, 3] : [2, 3, 9, 8]);
        Layer[] layers = [new Conv2D(5, 3, 2, padding, dataFormat: format), new MaxPool2D(2, 1, padding, format), new AvgPool2D(3, padding: padding, dataFormat: format), new Flatten(), new Dropout(0.5), new Activation("relu"), new Dense(4)];

        foreach (Layer layer in layers)
            Assert.That(layer.ComputeOutputShape(x.Shape), Is.EqualTo(layer.Call(x).Shape), layer.Name);
    }

    [Test]
    public void Dropout_acts_in_training_only()
    {
        using var scope = new TensorScope();
        var layer = new Dropout(0.5, generator: new Generator(1));
        Tensor x = Tensor.Ones([100]);

        Assert.That(layer.Call(x), Is.SameAs(x));
        Assert.That(layer.Call(x, training: true).ToArray<float>(), Does.Contain(0f).And.Contain(2f));
    }

    [Test]
    public void Parameters_are_found_by_structure_in_order_of_declaration()
    {
        var model = new Nested();
        model.Build([null, 3]);

        Assert.That(model.Parameters.Select(p => p.Path), Is.EqualTo((string[])
            ["inField/kernel", "scale", "hidden/0/kernel", "hidden/0/bias", "hidden/1/kernel", "hidden/1/bias", "heads/left/kernel", "heads/right/kernel", "stack/dense_1/kernel", "stack/out/kernel"]));
        Assert.That(model.Parameters.Select(p => p.Variable.Name), Is.EqualTo(model.Parameters.Select(p => p.Path)));
    }

    [Test]
    public void What_is_not_trainable_is_left_out_of_training_with_all_in_it()
    {
        var model = new Nested();
        model.Build([null, 3]);
        model.Stack.Trainable = false;
        model.Hidden[0].Trainable = false;

        Assert.That(model.TrainableVariables.Select(v => v.Name), Is.EqualTo((string[])
            ["inField/kernel", "scale", "hidden/1/kernel", "hidden/1/bias", "heads/left/kernel", "heads/right/kernel"]));
    }

    [Test]
    public void A_layer_used_twice_has_its_weights_once()
    {
        var shared = new Dense(3, useBias: false);
        Sequential model = [shared, new Activation("relu"), shared];
        model.Build([null, 3]);

        Assert.That(model.Parameters, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_model_without_weights_yet_says_how_to_make_them()
    {
        Sequential model = [new Dense(3)];

        Assert.That(() => model.Parameters, Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("inputShape"));
    }

    [Test]
    public void Bad_inputs_name_layer_shapes_and_cure()
    {
        var dense = new Dense(3, inputShape: [7], name: "hidden");
        var conv = new Conv2D(3, 3, inputShape: [9, 9, 2], name: "first");

        AssertRefused<ShapeMismatchException>(() => dense.Call(Tensor.Ones([2, 6])), "Dense 'hidden'", "[2, 6]", "[?, 7]", "size 7");
        AssertRefused<ShapeMismatchException>(() => dense.Call(Tensor.Ones([7])), "Dense 'hidden'", "[7]");
        AssertRefused<DTypeMismatchException>(() => dense.Call(Tensor.Ones([2, 7], DType.Float64)), "float64");
        AssertRefused<ShapeMismatchException>(() => conv.Call(Tensor.Ones([2, 9, 9, 3])), "Conv2D 'first'", "[2, 9, 9, 3]", "[?, 9, 9, 2]");
        AssertRefused<ShapeMismatchException>(() => conv.Call(Tensor.Ones([9, 9, 2])), "Conv2D 'first'", "[9, 9, 2]");
        AssertRefused<ShapeMismatchException>(() => new Conv2D(3, 3).Call(Tensor.Ones([9, 9])), "[batch, height, width, channels]");
        AssertRefused<ShapeMismatchException>(() => new Conv2D(4, 3, groups: 2).Call(Tensor.Ones([1, 9, 9, 3])), "3 channels", "2 groups");
        AssertRefused<ShapeMismatchException>(() => new MaxPool2D(name: "pool").Call(Tensor.Ones([9, 9])), "MaxPool2D 'pool'", "[9, 9]");
        AssertRefused<ShapeMismatchException>(() => new Flatten(name: "flat").Call(Tensor.From(1f)), "Flatten 'flat'");
        AssertRefused<InvalidArgumentException>(() => new Dense(0), "0 units");
        AssertRefused<InvalidArgumentException>(() => new Dense(3, "rellu"), "'rellu'", "relu, sigmoid");
        AssertRefused<InvalidArgumentException>(() => new Dropout(1), "[0, 1)");
        AssertRefused<InvalidArgumentException>(() => new Conv2D(3, 0), "0×0");
        AssertRefused<InvalidArgumentException>(() => new Dense(3, name: "a/b"), "a/b");
    }

    [Test]
    public void Weights_made_during_a_trace_are_made_once()
    {
        using var scope = new TensorScope();
        var layer = new Dense(3);
        using TracedFunction f = Function.Trace(x => layer.Call(x));
        Tensor x = Tensor.Ones([2, 4]);

        float[] first = f.Call(x).ToArray<float>();

        Assert.That(f.Call(x).ToArray<float>(), Is.EqualTo(first));
        Assert.That(f.Graph.Operations.Select(o => o.Type), Has.None.EqualTo("RandomUniform"));
        layer.Kernel!.Assign(Tensor.ZerosLike(layer.Kernel));
        Assert.That(f.Call(x).ToArray<float>(), Is.All.Zero);
    }

    [Test]
    public void A_call_leaves_no_tensor_behind_but_its_output()
    {
        Sequential model = [new Conv2D(4, 3, activation: "relu", inputShape: [9, 9, 2]), new MaxPool2D(), new Dropout(0.5), new Flatten(), new Dense(3, "softmax")];
        using Tensor x = Tensor.Ones([2, 9, 9, 2]);
        using var scope = Temporaries.Begin();
        int before = ThreadContext.Current.Scoped.Count;

        model.Call(x, training: true);

        Assert.That(ThreadContext.Current.Scoped, Has.Count.EqualTo(before + 1));
    }

    private static void AssertRefused<T>(Func<object> action, params string[] words) where T : EagerException
    {
        T? error = Assert.Throws<T>(() => action());
        foreach (string word in words) Assert.That(error!.Message, Does.Contain(word));
    }

    private sealed class Nested : Layer
    {
        private readonly Dense inField = new(2, useBias: false);

        public Variable Scale { get; } = new(Tensor.From(1f));

        public List<Dense> Hidden { get; } = [new(4), new(4)];

        public Dictionary<string, Dense> Heads { get; } = new() { ["left"] = new(2, useBias: false), ["right"] = new(2, useBias: false) };

        public Sequential Stack { get; } = [new Dense(3, useBias: false), new Dense(2, useBias: false, name: "out")];

        /// <summary>Computed: found once, under its first name.</summary>
        public Dense Last => Hidden[^1];

        protected override void CreateVariables(Shape inputShape)
        {
            Hidden[0].Build(inputShape);
            Hidden[1].Build([null, 4]);
            foreach (Dense head in Heads.Values) head.Build([null, 4]);
            Stack.Build([null, 4]);
            inField.Build([null, 4]);
        }

        protected override Tensor Forward(Tensor x, bool training) => inField.Call(Hidden[1].Call(Hidden[0].Call(x)));
    }
}
