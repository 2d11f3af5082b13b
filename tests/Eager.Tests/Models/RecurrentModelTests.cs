using Eager.Autograd;
using Eager.Layers;
using Eager.Losses;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Models;

/// <summary>Recurrent layers on symbols: states go in, states come out.</summary>
public class RecurrentModelTests
{
    [SetUp]
    public void Seed() => Generator.SetGlobalSeed(17);

    private static IEnumerable<TestCaseData> Kinds =>
    [
        new TestCaseData((Func<bool, Recurrent>)(static sequences => new SimpleRNN(3, returnSequences: sequences, returnState: true, dtype: DType.Float64))) { TestName = "SimpleRNN" },
        new TestCaseData((Func<bool, Recurrent>)(static sequences => new GRU(3, returnSequences: sequences, returnState: true, dtype: DType.Float64))) { TestName = "GRU" },
        new TestCaseData((Func<bool, Recurrent>)(static sequences => new LSTM(3, returnSequences: sequences, returnState: true, dtype: DType.Float64))) { TestName = "LSTM" },
    ];

    [TestCaseSource(nameof(Kinds))]
    public void The_second_half_of_a_sequence_goes_on_from_the_states_of_the_first(Func<bool, Recurrent> make)
    {
        using var scope = new TensorScope();
        Recurrent layer = make(true);
        int count = layer.Cell.StateCount;
        var x = new Input([null, 4], DType.Float64);
        Input[] states = [.. Enumerable.Range(1, count).Select(static i => new Input([3], DType.Float64, $"state{i}"))];
        var fromZeros = new Model([x], layer.CallAll([x]));
        var fromStates = new Model([x, .. states], layer.CallAll(x, states));
        Tensor whole = Tensor.RandomNormal([2, 6, 4], dtype: DType.Float64);

        IReadOnlyList<Tensor> all = fromZeros.CallAll([whole]), first = fromZeros.CallAll([whole[.., ..4]]), second = fromStates.CallAll([whole[.., 4..], .. first.Skip(1)]);

        Assert.That(fromZeros.Outputs.Select(static y => y.Shape.ToString()), Is.EqualTo((string[])["[?, ?, 3]", .. Enumerable.Repeat("[?, 3]", count)]));
        Assert.That(fromStates.Parameters, Has.Count.EqualTo(fromZeros.Parameters.Count));
        // Products of another number of rows may add up in another order, in float64.
        Assert.That(Values(second[0]), Is.EqualTo(Values(all[0][.., 4..])).Within(1e-14));
        for (int i = 1; i <= count; i++) Assert.That(Values(second[i]), Is.EqualTo(Values(all[i])).Within(1e-14));
        Assert.That(Values(all[1]), Is.EqualTo(Values(all[0][.., -1])), "the first state is the last output");
    }

    [TestCaseSource(nameof(Kinds))]
    public void Both_directions_take_states_and_give_them(Func<bool, Recurrent> make)
    {
        using var scope = new TensorScope();
        var both = new Bidirectional(make(true));
        int count = both.ForwardLayer.Cell.StateCount;
        var x = new Input([5, 4], DType.Float64);
        Input[] given = [.. Enumerable.Range(0, 2 * count).Select(static _ => new Input([3], DType.Float64))];
        var model = new Model([x, .. given], both.CallAll(x, given));
        Tensor data = Tensor.RandomNormal([2, 5, 4], dtype: DType.Float64);
        Tensor[] states = [.. given.Select(static _ => Tensor.RandomNormal([2, 3], dtype: DType.Float64))];

        IReadOnlyList<Tensor> got = model.CallAll([data, .. states]);

        RecurrentResult ahead = both.ForwardLayer.Run(data, states[..count]), back = both.BackwardLayer.Run(data, states[count..]);
        // The same kernels on the same numbers.
        Assert.That(Values(got[0]), Is.EqualTo(Values(Tensor.Concat([ahead.Output, back.Output.Flip(1)], -1))));
        Tensor[] last = [.. ahead.States, .. back.States];
        for (int i = 0; i < 2 * count; i++) Assert.That(Values(got[1 + i]), Is.EqualTo(Values(last[i])));
        Assert.That(both.OutputNames, Is.EqualTo((string[])["output", .. Enumerable.Range(1, 2 * count).Select(static i => $"state_{i}")]));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void An_encoder_hands_its_states_to_a_decoder_and_both_are_trained(bool traced)
    {
        using var scope = new TensorScope();
        var encoder = new LSTM(3, returnState: true, name: "encoder");
        var decoder = new LSTM(3, returnSequences: true, name: "decoder");
        var head = new Dense(5, name: "head");
        Input source = new([4, 2], name: "source"), target = new([3, 2], name: "target");
        IReadOnlyList<SymbolicTensor> encoded = encoder.CallAll([source]);
        var model = new Model([source, target], [head.Call(decoder.Call(target, [encoded[1], encoded[2]]))]);
        Tensor from = Tensor.RandomNormal([6, 4, 2]), to = Tensor.RandomNormal([6, 3, 2]), labels = Tensor.RandomUniform([6, 3], 0, 5, DType.Int64);
        double Reference()
        {
            RecurrentResult read = encoder.Run(from);
            return Loss.SparseSoftmaxCrossEntropy(labels, head.Call(decoder.Run(to, read.States).Output)).Item();
        }

        double before = Reference();
        History history = model.Compile(new Sgd(0.5), Loss.SparseSoftmaxCrossEntropy, traced: traced).Fit([from, to], [labels], batchSize: 6, epochs: 3, shuffle: false, verbose: false);

        // The same operations on the same numbers.
        Assert.That(history["loss"][0], Is.EqualTo(before));
        Assert.That(history["loss"], Is.Ordered.Descending);
        Assert.That(Reference(), Is.LessThan(history["loss"][2]));
        Assert.That(model.Parameters.Select(static p => p.Path), Does.Contain("encoder/cell/kernel").And.Contain("decoder/cell/recurrentKernel").And.Exactly(8).Items);
        Assert.That(model.Summary(), Does.Contain("encoder[0][1]").And.Contain("encoder[0][2]").And.Contain("[(None, 3), (None, 3"), "as wide as Keras's columns");
    }

    [Test]
    public void States_that_do_not_fit_are_refused_when_the_model_is_made()
    {
        Input x = new([5, 4]), state = new([3]), wide = new([2]);
        var layer = new GRU(3, returnState: true, name: "reader");
        LSTM lstm = new(3, name: "memory");

        Refused<InvalidArgumentException>(() => layer.Call(x), "'reader'", "CallAll");
        Refused<InvalidArgumentException>(() => layer.CallAll(x, [state, state]), "'reader'", "3 inputs", "1 states");
        Refused<ShapeMismatchException>(() => layer.CallAll(x, [wide]), "'reader'", "[?, 2]", "[?, 3]");
        Refused<InvalidArgumentException>(() => lstm.Call(x, [state]), "'memory'", "2 inputs", "2 states");
        Refused<InvalidArgumentException>(() => new Bidirectional(new GRU(3)).Call(x, [state]), "2 inputs", "2 states");
        Refused<InvalidArgumentException>(() => new Bidirectional(new GRU(3, returnState: true)).Call(x), "CallAll");
        Refused<InvalidArgumentException>(() => new Bidirectional(new GRU(3, returnState: true), backward: new GRU(3, goBackwards: true)), "returnState");
        Refused<InvalidArgumentException>(() => new Sequential(new Dense(4, inputShape: [5, 4]), layer), "'reader'", "CallAll");
        Refused<InvalidArgumentException>(() => layer.Call(Tensor.Ones([1, 5, 4])), "'reader'", "CallAll");
        Refused<ShapeMismatchException>(() => layer.CallAll([Tensor.Ones([2, 5, 4]), Tensor.Ones([1, 3])]), "'reader'", "[1, 3]", "[2, 3]");
    }

    [Test]
    public void A_call_with_states_leaves_nothing_behind_but_its_outputs([Values] bool both)
    {
        Layer layer = both ? new Bidirectional(new LSTM(3, returnState: true)) : new LSTM(3, returnState: true);
        Tensor[] inputs = [Tensor.Ones([2, 5, 4]), .. Enumerable.Range(0, both ? 4 : 2).Select(static _ => Tensor.Ones([2, 3]))];
        layer.CallAll(inputs);
        using var count = new WrapperCount();

        IReadOnlyList<Tensor> outputs = layer.CallAll(inputs);

        Assert.That(count.Beside([.. inputs, .. outputs]), Is.Zero);
    }

    private static double[] Values(Tensor tensor) => tensor.ToArray<double>();

    private static void Refused<T>(Action action, params string[] parts) where T : EagerException
    {
        T error = Assert.Throws<T>(action)!;
        foreach (string part in parts) Assert.That(error.Message, Does.Contain(part));
    }
}
