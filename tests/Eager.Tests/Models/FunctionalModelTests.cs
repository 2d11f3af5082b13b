using Eager.Autograd;
using Eager.Layers;
using Eager.Losses;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Models;

/// <summary>Models of layers applied to symbols, against the same layers called by hand.</summary>
public class FunctionalModelTests
{
    [SetUp]
    public void Seed() => Generator.SetGlobalSeed(11);

    [Test]
    public void A_model_does_what_its_layers_do_in_turn()
    {
        using var scope = new TensorScope();
        var first = new Dense(5, "relu");
        var second = new Dense(5);
        var x = new Input([3]);
        SymbolicTensor hidden = first.Call(x);
        var model = new Model(x, (second.Call(hidden) + hidden) * 2 - 1);
        Tensor data = Tensor.RandomNormal([4, 3]);

        Tensor y = model.Call(data);

        Tensor h = first.Call(data);
        Assert.That(y.ToArray<float>(), Is.EqualTo(((second.Call(h) + h) * 2 - 1).ToArray<float>()));
        Assert.That(model.ComputeOutputShape([null, 3]).ToString(), Is.EqualTo("[?, 5]"));
        Assert.That(model.Outputs[0].Shape.ToString(), Is.EqualTo("[?, 5]"));
    }

    [Test]
    public void Operators_on_symbols_are_those_on_tensors()
    {
        using var scope = new TensorScope();
        Func<SymbolicTensor, SymbolicTensor, SymbolicTensor>[] symbolic = [(a, b) => a + b, (a, b) => a - b, (a, b) => a * b, (a, b) => a / b, (a, b) => 1 - a, (a, b) => 3 * a, (a, b) => 1 + b, (a, b) => b / 4, (a, b) => -a, (a, b) => a - 2];
        Func<Tensor, Tensor, Tensor>[] eager = [(a, b) => a + b, (a, b) => a - b, (a, b) => a * b, (a, b) => a / b, (a, b) => 1 - a, (a, b) => 3 * a, (a, b) => 1 + b, (a, b) => b / 4, (a, b) => -a, (a, b) => a - 2];
        Tensor left = Tensor.RandomNormal([2, 3]), right = Tensor.RandomNormal([2, 1]);
        for (int i = 0; i < symbolic.Length; i++)
        {
            Input a = new([3]), b = new([1]);
            var model = new Model([a, b], [symbolic[i](a, b)]);
            Assert.That(model.Call([left, right]).ToArray<float>(), Is.EqualTo(eager[i](left, right).ToArray<float>()), $"operator {i}");
        }
    }

    [Test]
    public void A_shared_layer_has_one_set_of_weights_whose_gradients_add_up()
    {
        using var scope = new TensorScope();
        var shared = new Dense(2, useBias: false);
        Input a = new([3], name: "left"), b = new([3], name: "right");
        var model = new Model([a, b], [new Subtract().Call([shared.Call(a), shared.Call(b)])]);
        Tensor left = Tensor.RandomNormal([4, 3]), right = Tensor.RandomNormal([4, 3]), factors = Tensor.RandomNormal([4, 2]);

        using var tape = new GradientTape();
        Tensor gradient = tape.Gradient((model.Call([left, right]) * factors).Sum(), model.TrainableVariables)[0]!;

        Assert.That(model.Parameters.Select(static p => p.Path), Is.EqualTo((string[])["dense_1/kernel"]));
        // ∂Σ(L·W − R·W)∘F/∂W = (L − R)ᵀF; four products a sum, in float32.
        Assert.That(gradient.ToArray<float>(), Is.EqualTo((left - right).Transpose().MatMul(factors).ToArray<float>()).Within(1e-5f));
    }

    [Test]
    public void Several_outputs_come_in_order_and_by_name()
    {
        using var scope = new TensorScope();
        Input image = new([4, 4, 1], name: "image"), text = new([5], DType.Int64, "text");
        SymbolicTensor seen = new Flatten().Call(new Conv2D(2, 3).Call(image)), read = new LSTM(6).Call(new Embedding(10, 3).Call(text));
        SymbolicTensor both = new Concatenate().Call([seen, read]);
        var model = new Model([image, text], [new Dense(3, name: "kind").Call(both), new Dense(1, name: "size").Call(seen)]);

        IReadOnlyDictionary<string, Tensor> named = model.Call(new Dictionary<string, Tensor> { ["text"] = Tensor.Zeros([2, 5], DType.Int64), ["image"] = Tensor.Ones([2, 4, 4, 1]) });
        IReadOnlyList<Tensor> inOrder = model.CallAll([Tensor.Ones([2, 4, 4, 1]), Tensor.Zeros([2, 5], DType.Int64)]);

        Assert.That(model.OutputNames, Is.EqualTo((string[])["kind", "size"]));
        Assert.That(inOrder.Select(static y => y.ConcreteShape), Is.EqualTo((Shape[])[[2, 3], [2, 1]]));
        Assert.That(named["kind"].ToArray<float>(), Is.EqualTo(inOrder[0].ToArray<float>()));
        Assert.That(named["size"].ToArray<float>(), Is.EqualTo(inOrder[1].ToArray<float>()));
    }

    [Test]
    public void A_model_is_a_layer_of_other_models()
    {
        using var scope = new TensorScope();
        var inner = new Input([3]);
        var encoder = new Model(inner, new Dense(2, "tanh").Call(inner), name: "encoder");
        Input a = new([3]), b = new([3]);
        var twins = new Model([a, b], [new Dot(normalize: true).Call([encoder.Call(a), encoder.Call(b)])]);
        Sequential stack = [new Dense(3, inputShape: [6]), encoder, new Dense(1)];
        Tensor x = Tensor.RandomNormal([4, 3]), y = Tensor.RandomNormal([4, 3]);

        float[] cosines = twins.Call([x, y]).ToArray<float>();

        Assert.That(twins.Parameters.Select(static p => p.Path), Is.EqualTo((string[])["encoder/dense_1/kernel", "encoder/dense_1/bias"]));
        Assert.That(stack.Parameters.Select(static p => p.Path), Does.Contain("encoder/dense_1/kernel").And.Exactly(6).Items);
        // A vector's cosine with itself is 1, to the rounding of a square root and three products.
        Assert.That(twins.Call([x, x]).ToArray<float>(), Is.All.EqualTo(1f).Within(1e-6f));
        Assert.That(cosines, Has.None.EqualTo(1f).Within(1e-6f));
        Assert.That(stack.Call(Tensor.Ones([2, 6])).ConcreteShape, Is.EqualTo(Shape.Of(2, 1)));
    }

    [Test]
    public void A_model_may_begin_in_the_midst_of_another()
    {
        using var scope = new TensorScope();
        var x = new Input([3]);
        SymbolicTensor features = new Dense(4, "relu").Call(x), y = new Dense(2).Call(features);
        Model whole = new(x, y), head = new(features, y), body = new(x, features);
        Tensor data = Tensor.RandomNormal([5, 3]);

        Assert.That(head.Call(body.Call(data)).ToArray<float>(), Is.EqualTo(whole.Call(data).ToArray<float>()));
        Assert.That(head.Parameters, Has.Count.EqualTo(2));
    }

    [Test]
    public void Layers_of_ones_own_tell_their_shapes_by_a_run_on_zeros()
    {
        var x = new Input([null, 3]);
        SymbolicTensor rows = new Halves().Call(x);
        IReadOnlyList<SymbolicTensor> two = Lambda.OfAll(static t => [t[0].Sum(1), t[0].ArgMax(-1)]).CallAll([rows]);

        Assert.That(rows.Shape.ToString(), Is.EqualTo("[?, ?, 2]"));
        Assert.That(two[0].Shape.ToString(), Is.EqualTo("[?, 2]"));
        Assert.That(two[1].DType, Is.EqualTo(DType.Int64));
        Assert.That(() => new Lambda(static t => t * t.Sum().Item()).Call(x), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("reads values"));
    }

    [Test]
    public void Attention_in_a_model_is_causal_or_masked_as_it_is_outside()
    {
        using var scope = new TensorScope();
        Input query = new([null, 4], name: "query"), memory = new([null, 3], name: "memory"), mask = new([null, null], DType.Bool, "mask");
        MultiHeadAttention self = new(2, 3, causal: true), cross = new(2, 3);
        SymbolicTensor read = cross.Call([self.Call(query), memory, memory, mask]);
        var model = new Model([query, memory, mask], [read]);
        Tensor q = Tensor.RandomNormal([2, 5, 4]), m = Tensor.RandomNormal([2, 6, 3]), seen = Tensor.RandomUniform([2, 5, 6]) > 0.3;

        Tensor y = model.Call([q, m, seen]), lower = Tensor.Ones([5, 5]).Tril() > 0;

        Assert.That(read.Shape.ToString(), Is.EqualTo("[?, ?, 4]"));
        // The same operations on the same numbers; a step that sees all comes to the same as a mask of ones.
        Assert.That(y.ToArray<float>(), Is.EqualTo(cross.Attend(self.Attend(q, q), m, mask: seen).ToArray<float>()));
        Assert.That(self.Call(q).ToArray<float>(), Is.EqualTo(self.Attend(q, q, mask: lower).ToArray<float>()).And.EqualTo(self.Attend(q, q, causal: true).ToArray<float>()));
        Assert.That(self.Call(q)[.., ..2].ToArray<float>(), Is.EqualTo(self.Call(q[.., ..2]).ToArray<float>()).Within(1e-6f), "later steps do not count; a shorter softmax adds up in another order");
        Refused<InvalidArgumentException>(() => cross.Call([query, memory, memory, mask, mask]), "5 inputs", "a mask");
    }

    [Test]
    public void What_cannot_be_a_model_is_refused_when_it_is_made()
    {
        Input a = new([3], name: "a"), b = new([4], name: "b");
        SymbolicTensor y = new Dense(2, name: "joint").Call(new Concatenate().Call([a, b]));
        var built = new Dense(2, inputShape: [3], name: "built");

        Refused<InvalidArgumentException>(() => new Model(a, y), "input 'b'", "not among them", "'concatenate'");
        Refused<InvalidArgumentException>(() => new Model(a, b), "input 'b'");
        Refused<InvalidArgumentException>(() => new Model([a, a, b], [y]), "twice");
        Refused<InvalidArgumentException>(() => new Model([], [y]), "at least one");
        Refused<InvalidArgumentException>(() => new Model(a, new Dense(2, name: "x").Call(new Dense(2, name: "x").Call(a))), "'x'");
        Refused<ShapeMismatchException>(() => built.Call(b), "Dense 'built'", "[?, 4]", "size 3");
        Refused<ShapeMismatchException>(() => new Add().Call([a, b]), "[?, 3], [?, 4]");
        Refused<ShapeMismatchException>(() => new Conv2D(3, 3).Call(a), "[?, 3]");
        Refused<ShapeMismatchException>(() => new MaxPool1D(5).Call(new Input([3, 2])), "does not fit");
        foreach (Layer layer in (Layer[])[new Conv1D(2, 1, inputShape: [5, 3]), new LSTM(2, inputShape: [5, 3]), new BatchNorm(inputShape: [5, 3]), new LayerNorm(inputShape: [5, 3]), new GroupNorm(1, inputShape: [5, 3])])
            Refused<ShapeMismatchException>(() => layer.Call(new Input([5, 4])), "[?, 5, 4]");
    }

    [Test]
    public void Inputs_that_do_not_fit_are_refused_by_name()
    {
        Input a = new([3], name: "a"), b = new([3], name: "b");
        var model = new Model([a, b], [a + b]);

        Refused<ShapeMismatchException>(() => model.Call([Tensor.Ones([2, 3]), Tensor.Ones([2, 4])]), "'b'", "[2, 4]", "[?, 3]");
        Refused<DTypeMismatchException>(() => model.Call([Tensor.Ones([2, 3]), Tensor.Ones([2, 3], DType.Int64)]), "'b'", "int64", "float32");
        Refused<InvalidArgumentException>(() => model.Call(Tensor.Ones([2, 3])), "2 inputs, a, b");
        Refused<InvalidArgumentException>(() => model.Call(new Dictionary<string, Tensor> { ["a"] = Tensor.Ones([2, 3]) }), "a, b");
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_model_with_a_shortcut_trains_as_its_layers_do_by_hand(bool traced)
    {
        (Model model, Func<Tensor, Tensor> byHand, Layer[] layers) = Residual();
        Tensor x = Tensor.RandomNormal([6, 3]), y = Tensor.From([0L, 1, 2, 0, 1, 2]);
        model.Compile(new Sgd(0.1), Loss.SparseSoftmaxCrossEntropy, traced: traced).Fit(x, y, batchSize: 6, epochs: 5, shuffle: false, verbose: false);
        float[] trained = [.. model.Parameters.SelectMany(static p => p.Variable.ToArray<float>())];

        Generator.SetGlobalSeed(11);
        (_, byHand, layers) = Residual();
        var sgd = new Sgd(0.1);
        for (int i = 0; i < 5; i++) sgd.Minimize(() => Loss.SparseSoftmaxCrossEntropy(y, byHand(x)), [.. layers.SelectMany(static l => l.TrainableVariables)]);

        Assert.That(trained, Is.EqualTo(layers.SelectMany(static l => l.Parameters).SelectMany(static p => p.Variable.ToArray<float>())));
    }

    [Test]
    public void A_call_leaves_nothing_behind_but_its_outputs()
    {
        (Model model, _, _) = Residual();
        Tensor x = Tensor.Ones([2, 3]);
        using var count = new WrapperCount();

        Tensor y = model.Call(x, training: true);

        Assert.That(count.Beside(x, y), Is.Zero);
    }

    [Test]
    public void A_chain_of_many_layers_needs_no_deep_stack()
    {
        var x = new Input([1]);
        SymbolicTensor y = x;
        var activation = new Activation("linear");
        for (int i = 0; i < 20_000; i++) y = activation.Call(y);

        Assert.That(new Model(x, y).Call(Tensor.Ones([1, 1])).Item(), Is.EqualTo(1));
    }

    private static (Model Model, Func<Tensor, Tensor> ByHand, Layer[] Layers) Residual()
    {
        Dense first = new(3, "relu"), second = new(3);
        var x = new Input([3]);
        SymbolicTensor hidden = first.Call(x);
        return (new Model(x, second.Call(new Add().Call([x, hidden]))), t => second.Call(t + first.Call(t)), [first, second]);
    }

    private static void Refused<T>(Func<object> action, params string[] words) where T : EagerException
    {
        T? error = Assert.Throws<T>(() => action());
        foreach (string word in words) Assert.That(error!.Message, Does.Contain(word));
    }

    private sealed class Halves : Layer
    {
        public Dense Half { get; } = new(2);

        protected override Tensor Forward(Tensor x, bool training) => Half.Call(x) * 0.5;
    }
}
