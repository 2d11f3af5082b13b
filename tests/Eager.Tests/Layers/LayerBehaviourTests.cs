using Eager.Autograd;
using Eager.Layers;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Layers;

/// <summary>What layers do beside computing an output: statistics, states, masks, penalties, constraints, errors.</summary>
public class LayerBehaviourTests
{
    [Test]
    public void Batch_norm_follows_the_statistics_of_batches_in_training_alone()
    {
        using var scope = new TensorScope();
        var layer = new BatchNorm(momentum: 0.9, dtype: DType.Float64);
        Tensor x = Tensor.From(new[,] { { 1.0, 4 }, { 3, 8 } });

        layer.Call(x);
        Assert.That(layer.MovingMean!.ToArray<double>(), Is.EqualTo((double[])[0, 0]));
        layer.Call(x, training: true);
        // 0.9·0 + 0.1·mean and 0.9·1 + 0.1·variance, the variances being 1 and 4.
        Assert.That(layer.MovingMean.ToArray<double>(), Is.EqualTo((double[])[0.2, 0.6]).Within(1e-14));
        Assert.That(layer.MovingVariance!.ToArray<double>(), Is.EqualTo((double[])[1.0, 1.3]).Within(1e-14));
        layer.Trainable = false;
        layer.Call(x, training: true);
        Assert.That(layer.MovingMean.ToArray<double>(), Is.EqualTo((double[])[0.2, 0.6]).Within(1e-14));
        Assert.That(layer.TrainableVariables, Is.Empty);
    }

    [Test]
    public void Batch_norm_follows_statistics_in_replays_too()
    {
        using var scope = new TensorScope();
        BatchNorm eager = new(inputShape: [2]), traced = new(inputShape: [2]);
        using TracedFunction f = Function.Trace(x => traced.Call(x, training: true));
        using var generator = new Generator(3);

        for (int i = 0; i < 3; i++)
        {
            Tensor x = Tensor.RandomNormal([4, 2], generator: generator);
            Assert.That(f.Call(x).ToArray<float>(), Is.EqualTo(eager.Call(x, training: true).ToArray<float>()));
        }

        Assert.That(traced.MovingVariance!.ToArray<float>(), Is.EqualTo(eager.MovingVariance!.ToArray<float>()));
    }

    [Test]
    public void Penalties_of_weights_and_outputs_are_collected_with_their_formulas()
    {
        using var scope = new TensorScope();
        var inner = new Dense(2, kernelInitializer: Initializer.Constant(2), biasInitializer: Initializer.Constant(-3), kernelRegularizer: Regularizer.L2(0.1), biasRegularizer: Regularizer.L1(0.5), activityRegularizer: Regularizer.L1(1), dtype: DType.Float64);
        var model = new Sequential(new Sequential(inner), new Dense(1, kernelRegularizer: Regularizer.L1L2(1, 1), kernelInitializer: Initializer.Constant(-2), dtype: DType.Float64));
        Tensor x = Tensor.Ones([4, 3], DType.Float64);

        model.Call(x);

        // 0.1·6·2², 0.5·2·3, then 2·(2 + 4), and |3·2 − 3| of two outputs for each example.
        Assert.That(model.Losses.Select(static l => l.Item()), Is.EqualTo((double[])[2.4, 3, 12, 6]).Within(1e-14));
        model.Call(x);
        Assert.That(model.Losses, Has.Count.EqualTo(4), "the last call counts, not those before");
        inner.Trainable = false;
        Assert.That(model.Losses.Select(static l => l.Item()), Is.EqualTo((double[])[12, 6]).Within(1e-14));
    }

    [Test]
    public void A_layer_called_twice_within_a_model_gives_two_penalties()
    {
        var shared = new Dense(3, activityRegularizer: Regularizer.L2());
        var model = new Sequential(shared, shared);

        model.Call(Tensor.Ones([2, 3]));

        Assert.That(model.Losses, Has.Count.EqualTo(2));
    }

    [Test]
    public void Penalties_reach_the_gradients()
    {
        using var scope = new TensorScope();
        var layer = new Dense(1, useBias: false, kernelInitializer: Initializer.Constant(3), kernelRegularizer: Regularizer.L2(0.5), activityRegularizer: Regularizer.L2(1), dtype: DType.Float64, inputShape: [1]);
        using var tape = new GradientTape();
        layer.Call(Tensor.From(new[,] { { 2.0 }, { 4 } }));
        Tensor loss = layer.Losses.Aggregate(static (a, b) => a + b);

        Tensor gradient = tape.Gradient(loss, layer.Kernel!)!;

        // d(0.5·w² + (4w² + 16w²)/2)/dw at 3
        Assert.That(gradient.Item(), Is.EqualTo(3 + 20 * 3).Within(1e-12));
    }

    [Test]
    public void An_optimizer_keeps_weights_to_their_constraints()
    {
        using var scope = new TensorScope();
        var layer = new Dense(2, kernelInitializer: Initializer.Constant(1), kernelConstraint: Constraint.UnitNorm(), biasConstraint: Constraint.NonNegative(), inputShape: [3], dtype: DType.Float64);
        var optimizer = new Sgd(0.1);

        optimizer.Minimize(() => layer.Call(Tensor.Ones([1, 3], DType.Float64)).Sum(), layer.TrainableVariables);

        Assert.That(layer.Kernel!.Square().Sum(0).ToArray<double>(), Is.All.EqualTo(1).Within(1e-6));  // Keras's 1e-7 in the divisor
        Assert.That(layer.Bias!.ToArray<double>(), Is.All.Zero);
    }

    [Test]
    public void Constraints_hold_in_replays_too()
    {
        using var scope = new TensorScope();
        var layer = new Dense(2, useBias: false, kernelConstraint: Constraint.MaxNorm(0.5), inputShape: [3]);
        var optimizer = new Sgd(1);
        using TracedFunction step = Function.Trace(x => optimizer.Minimize(() => layer.Call(x).Sum(), layer.TrainableVariables));

        for (int i = 0; i < 3; i++) step.Call(Tensor.Ones([1, 3]));

        Assert.That(layer.Kernel!.Square().Sum(0).Sqrt().ToArray<float>(), Is.All.EqualTo(0.5f).Within(1e-5f));
    }

    [Test]
    public void Constraints_follow_their_formulas()
    {
        using var scope = new TensorScope();
        Tensor w = Tensor.From(new[,] { { 3.0, 0.3 }, { 4, -0.4 } });   // norms 5 and 0.5 along axis 0

        // A divisor of norm + 1e-7, as in Keras.
        Assert.That(Constraint.MaxNorm(2).Apply(w).ToArray<double>(), Is.EqualTo((double[])[1.2, 0.3, 1.6, -0.4]).Within(1e-6));
        Assert.That(Constraint.UnitNorm().Apply(w).ToArray<double>(), Is.EqualTo((double[])[0.6, 0.6, 0.8, -0.8]).Within(1e-6));
        Assert.That(Constraint.MinMaxNorm(1, 3, 0.5).Apply(w).ToArray<double>(), Is.EqualTo((double[])[2.4, 0.45, 3.2, -0.6]).Within(1e-6));
        Assert.That(Constraint.UnitNorm(0, 1).Apply(w).Norm().Item(), Is.EqualTo(1).Within(1e-6));
        Assert.That(Constraint.NonNegative().Apply(w).ToArray<double>(), Is.EqualTo((double[])[3, 0.3, 4, 0]));
        Assert.That(Constraint.MaxNorm().Apply(Tensor.Zeros([2, 2])).ToArray<float>(), Is.All.Zero);
    }

    [Test]
    public void Initializers_have_the_structure_of_their_names()
    {
        using var scope = new TensorScope();
        Tensor wide = Initializer.Orthogonal(2, new Generator(1)).Create([3, 5], DType.Float64), tall = Initializer.Orthogonal(generator: new Generator(1)).Create([2, 4, 3], DType.Float64);

        Assert.That((wide.MatMul(wide.Transpose()) - Tensor.Eye(3, dtype: DType.Float64) * 4).Abs().Max().Item(), Is.LessThan(1e-13));
        Tensor columns = tall.Reshape([8, 3]);
        Assert.That((columns.Transpose().MatMul(columns) - Tensor.Eye(3, dtype: DType.Float64)).Abs().Max().Item(), Is.LessThan(1e-13));
        float[] once = Initializer.Orthogonal(generator: new Generator(1)).Create([3, 5]).ToArray<float>();
        Assert.That(Initializer.Orthogonal(generator: new Generator(1)).Create([3, 5]).ToArray<float>(), Is.EqualTo(once));
        Assert.That(Initializer.Identity(3).Create([2, 3]).ToArray<float>(), Is.EqualTo((float[])[3, 0, 0, 0, 3, 0]));
        Assert.That(Initializer.VarianceScaling(2, Fan.Out, WeightDistribution.Uniform, new Generator(1)).Create([100, 50], DType.Float64).Abs().Max().Item(), Is.EqualTo(Math.Sqrt(3 * 2 / 50.0)).Within(1).Percent);
        Tensor normal = Initializer.VarianceScaling(2, Fan.Average, WeightDistribution.Normal, new Generator(1)).Create([100, 300], DType.Float64);
        // The relative standard error of a deviation of 30,000 draws is 0.4 %; four of them.
        Assert.That(normal.StandardDeviation().Item(), Is.EqualTo(Math.Sqrt(2 / 200.0)).Within(1.6).Percent);
        Assert.That(new LSTM(2, inputShape: [null, 3]).Cell.Bias!.ToArray<float>(), Is.EqualTo((float[])[0, 0, 1, 1, 0, 0, 0, 0]));
    }

    [Test]
    public void A_masked_step_changes_nothing()
    {
        using var scope = new TensorScope();
        var layer = new LSTM(3, returnSequences: true, dtype: DType.Float64);
        Tensor x = Tensor.RandomNormal([2, 4, 2], dtype: DType.Float64);
        Tensor mask = Tensor.From([true, true, false, false, true, false, true, true], [2, 4]);

        RecurrentResult masked = layer.Run(x, mask: mask);

        RecurrentResult first = layer.Run(x[..1, ..2]), second = layer.Run(Tensor.Concat([x[1..2, ..1], x[1..2, 2..]], 1));
        // The same steps in batches of another size.
        Assert.That(masked.Output[0, 3].ToArray<double>(), Is.EqualTo(first.Output[0, 1].ToArray<double>()).Within(1e-15));
        Assert.That(masked.States[1][0].ToArray<double>(), Is.EqualTo(first.States[1][0].ToArray<double>()).Within(1e-15));
        Assert.That(masked.Output[1, 3].ToArray<double>(), Is.EqualTo(second.Output[0, 2].ToArray<double>()).Within(1e-15));
        Assert.That(masked.Output[1, 1].ToArray<double>(), Is.EqualTo(masked.Output[1, 0].ToArray<double>()));
    }

    [Test]
    public void A_sequence_goes_on_from_the_states_of_its_first_part()
    {
        using var scope = new TensorScope();
        foreach (Recurrent layer in (Recurrent[])[new LSTM(3, dtype: DType.Float64), new GRU(3, dtype: DType.Float64), new SimpleRNN(3, dtype: DType.Float64)])
        {
            Tensor x = Tensor.RandomNormal([2, 6, 2], dtype: DType.Float64);

            Tensor whole = layer.Call(x), parts = layer.Run(x[.., 4..], layer.Run(x[.., ..4]).States).Output;

            Assert.That(parts.ToArray<double>(), Is.EqualTo(whole.ToArray<double>()).Within(1e-15));
            Assert.That(() => layer.Run(x, [Tensor.Zeros([2, 4])]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2, 4]"));
        }
    }

    [Test]
    public void Hidden_places_have_no_influence_on_attention()
    {
        using var scope = new TensorScope();
        var layer = new MultiHeadAttention(2, 3, dtype: DType.Float64);
        Tensor query = Tensor.RandomNormal([2, 3, 4], dtype: DType.Float64), memory = Tensor.RandomNormal([2, 5, 6], dtype: DType.Float64);
        Tensor seen = Tensor.From([true, true, true, false, false], [1, 1, 5]);

        Tensor masked = layer.Attend(query, memory, mask: seen);
        Tensor causal = layer.Attend(query, memory, causal: true);

        Assert.That(masked.Shape, Is.EqualTo(query.Shape));
        Assert.That(masked.ToArray<double>(), Is.EqualTo(layer.Attend(query, memory[.., ..3]).ToArray<double>()).Within(1e-14));
        Assert.That(causal[.., 1].ToArray<double>(), Is.EqualTo(layer.Attend(query, memory[.., ..2])[.., 1].ToArray<double>()).Within(1e-14));
    }

    [Test]
    public void Noise_is_added_in_training_and_repeats_with_its_seed()
    {
        using var scope = new TensorScope();
        GaussianNoise a = new(0.5, new Generator(4)), b = new(0.5, new Generator(4));
        Tensor x = Tensor.Zeros([100, 100], DType.Float64);

        double[] noise = a.Call(x, training: true).ToArray<double>();

        Assert.That(noise, Is.EqualTo(b.Call(x, training: true).ToArray<double>()));
        // The relative standard error of a deviation of 10,000 draws is 0.7 %; four of them.
        Assert.That(Math.Sqrt(noise.Average(static v => v * v)), Is.EqualTo(0.5).Within(2.8).Percent);
    }

    [Test]
    public void The_padding_row_of_an_embedding_is_not_learned()
    {
        using var scope = new TensorScope();
        var layer = new Embedding(4, 2, paddingIndex: 0, inputShape: [3]);
        using var tape = new GradientTape();

        Tensor gradient = tape.Gradient(layer.Call(Tensor.From([0, 2, 2], [1, 3])).Sum(), layer.Embeddings!)!;

        Assert.That(gradient.ToArray<float>(), Is.EqualTo((float[])[0, 0, 0, 0, 2, 2, 0, 0]));
    }

    [Test]
    public void Layers_get_the_names_that_Keras_gives()
    {
        Sequential model = [new Conv1DTranspose(2, 2), new MaxPool1D(), new SimpleRNN(2), new RepeatVector(2), new LSTM(2, returnSequences: true), new GRU(3), new BatchNorm(), new LayerNorm()];

        Assert.That(model.Select(static l => l.Name), Is.EqualTo((string[])["conv1d_transpose_1", "max_pool1d_1", "simple_rnn_1", "repeat_vector_1", "lstm_1", "gru_1", "batch_norm_1", "layer_norm_1"]));
    }

    [Test]
    public void Bad_settings_are_refused_by_name()
    {
        Refuses<InvalidArgumentException>(() => new Conv1D(0, 3), "Conv1D", "0 filters");
        Refuses<InvalidArgumentException>(() => new Conv3D(3, 3, groups: 2), "Conv3D", "2 groups");
        Refuses<InvalidArgumentException>(() => new Conv2D(3, (1, 2, 3)), "kernel", "3 axes");
        Refuses<InvalidArgumentException>(() => new Conv2DTranspose(3, 3, padding: Padding.Causal), "Conv2DTranspose", "causal");
        Refuses<InvalidArgumentException>(() => new DepthwiseConv2D(3, depthMultiplier: 0), "multiplier of 0");
        Refuses<InvalidArgumentException>(() => new SeparableConv2D(3, 3, depthMultiplier: 0), "multiplier of 0");
        Refuses<InvalidArgumentException>(() => new MaxPool3D(0), "MaxPool3D", "0×0×0");
        Refuses<ShapeMismatchException>(() => new GlobalAvgPool2D().Call(Tensor.Ones([2, 3])), "GlobalAvgPool2D", "[2, 3]");
        Refuses<InvalidArgumentException>(() => new BatchNorm(momentum: 2), "momentum 2");
        Refuses<ShapeMismatchException>(() => new BatchNorm(axis: 0).Call(Tensor.Ones([2, 3])), "axis 0", "batch");
        Refuses<ShapeMismatchException>(() => new GroupNorm(3).Call(Tensor.Ones([2, 4])), "4 channels", "3 groups");
        Refuses<ShapeMismatchException>(() => new LayerNorm(inputShape: [4]).Call(Tensor.Ones([2, 3])), "LayerNorm", "[2, 3]", "[?, 4]");
        Refuses<InvalidArgumentException>(() => new Embedding(0, 3), "0 vectors");
        Refuses<InvalidArgumentException>(() => new Embedding(4, 3).Call(Tensor.From([5], [1, 1])), "index 5");
        Refuses<InvalidArgumentException>(() => new LSTM(0), "0 units");
        Refuses<ShapeMismatchException>(() => new LSTM(3).Call(Tensor.Ones([2, 3])), "LSTM", "[?, 3]", "steps");
        Refuses<ShapeMismatchException>(() => new GRU(3, inputShape: [4, 2]).Call(Tensor.Ones([2, 4, 3])), "[2, 4, 3]", "2 features");
        Refuses<ShapeMismatchException>(() => new GRU(3).Run(Tensor.Ones([2, 4, 3]), mask: Tensor.Ones([2, 4])), "mask", "float32");
        Refuses<InvalidArgumentException>(() => new Bidirectional(new LSTM(3), backward: new LSTM(3)), "same way");
        Refuses<InvalidArgumentException>(() => new Bidirectional(new LSTM(3), Merge.Sum, new LSTM(2, goBackwards: true)), "3 and 2 units");
        Refuses<InvalidArgumentException>(() => new MultiHeadAttention(0, 3), "0 heads");
        Refuses<ShapeMismatchException>(() => new MultiHeadAttention(2, 3).Attend(Tensor.Ones([2, 3, 4]), Tensor.Ones([3, 3, 4])), "[3, 3, 4]", "batches");
        Refuses<InvalidArgumentException>(() => new Reshape([-1, -1]), "more than one");
        Refuses<ShapeMismatchException>(() => new Reshape([5]).Call(Tensor.Ones([2, 6])), "6 elements", "[5]");
        Refuses<InvalidArgumentException>(() => new Permute([0, 1]), "[0, 1]");
        Refuses<ShapeMismatchException>(() => new Permute([2, 1]).Call(Tensor.Ones([2, 6])), "[2, 6]");
        Refuses<InvalidArgumentException>(() => new RepeatVector(0), "0 times");
        Refuses<ShapeMismatchException>(() => new RepeatVector(2).Call(Tensor.Ones([2, 3, 4])), "[2, 3, 4]");
        Refuses<InvalidArgumentException>(() => new ZeroPadding1D((-1, 0)), "-1");
        Refuses<ShapeMismatchException>(() => new Cropping1D((2, 2)).Call(Tensor.Ones([1, 4, 2])), "leaves nothing", "[1, 4, 2]");
        Refuses<InvalidArgumentException>(() => new UpSampling2D(0), "0×0");
        Refuses<InvalidArgumentException>(() => new GaussianNoise(-1), "-1");
        Refuses<InvalidArgumentException>(() => Regularizer.L2(-1), "l2", "-1");
        Refuses<InvalidArgumentException>(() => Constraint.MinMaxNorm(2, 1), "min_max_norm");
        Refuses<ShapeMismatchException>(() => new Regularizer(static w => w).Apply(Tensor.Ones([2])), "[2]", "scalar");
        Refuses<ShapeMismatchException>(() => new Constraint(static w => w.Sum()).Apply(Tensor.Ones([2])), "[2]");
        Refuses<ShapeMismatchException>(() => Initializer.Orthogonal().Create([3]), "[3]");
        Refuses<ShapeMismatchException>(() => Initializer.Identity().Create([3, 3, 3]), "[3, 3, 3]");
        Refuses<InvalidArgumentException>(() => Initializer.VarianceScaling(0), "scale 0");
    }

    private static void Refuses<T>(Func<object> action, params string[] words) where T : EagerException
    {
        T error = Assert.Throws<T>(() => action())!;
        foreach (string word in words) Assert.That(error.Message, Does.Contain(word));
    }
}
