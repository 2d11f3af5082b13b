using System.Reflection;
using Eager.Autograd;
using Eager.Layers;
using Eager.Losses;
using NUnit.Framework;

namespace Eager.Tests.Layers;

/// <summary>Layers with weights and their forms as functions are held side by side: names, arguments, what they give and what they refuse to share.</summary>
[NonParallelizable]
public class FunctionalFormTests
{
    /// <summary>Arguments of layers that their functions do not have, and why.</summary>
    private static readonly Dictionary<string, string> LeftOut = new()
    {
        ["inputShape"] = "the input is there",
        ["dtype"] = "that of the input; Embedding, whose input is whole numbers, has it",
        ["returnState"] = "a function gives one tensor; ApplyAll gives the states too",
    };

    /// <summary>Another value for each argument that makes another layer.</summary>
    private static readonly Dictionary<string, object> Others = new()
    {
        ["trainable"] = false, ["units"] = 4, ["filters"] = 4, ["kernelSize"] = (Extent)1, ["strides"] = (Extent)2, ["padding"] = Padding.Same, ["activation"] = ActivationFunction.Sigmoid, ["useBias"] = false,
        ["dilation"] = (Extent)2, ["groups"] = 2, ["dataFormat"] = DataFormat.ChannelsFirst, ["outputPadding"] = (Extent)1, ["depthMultiplier"] = 2, ["axis"] = 1, ["momentum"] = 0.5,
        ["epsilon"] = 0.5, ["center"] = false, ["scale"] = false, ["inputDim"] = 6, ["outputDim"] = 5, ["paddingIndex"] = 1, ["recurrentActivation"] = ActivationFunction.Tanh,
        ["unitForgetBias"] = false, ["returnSequences"] = true, ["goBackwards"] = true, ["resetAfter"] = false, ["merge"] = Merge.Sum, ["heads"] = 1, ["keyDim"] = 3, ["valueDim"] = 3, ["dropout"] = 0.5,
    };

    /// <summary>Arguments that say nothing of the layer, or how its weights begin and what they are held to.</summary>
    private static readonly string[] Free = ["x", "training", "name", "reuse", "generator", "initialStates", "value", "key", "mask", "causal", "forward", "backward", "dtype"];

    private VariableStore store = null!;
    private TensorScope tensors = null!;

    private static IEnumerable<Type> LayersWithWeights => LayerTable.All.Where(static row => row.Weights.Length > 0).Select(static row => row.Make().GetType()).Distinct();

    [SetUp]
    public void Open()
    {
        Generator.SetGlobalSeed(3);
        store = VariableStore.Open();
        tensors = new TensorScope();
    }

    [TearDown]
    public void Close()
    {
        tensors.Dispose();
        store.Dispose();
    }

    [TestCaseSource(nameof(LayersWithWeights))]
    public void A_layer_with_weights_has_a_function_of_its_name_and_arguments(Type layer)
    {
        ParameterInfo[] constructor = layer.GetConstructors().Single().GetParameters(), function = FormOf(layer).GetParameters();
        string[] owed = [.. constructor.Where(static p => p.Name is not "name" && !LeftOut.ContainsKey(p.Name!)).Select(Written)];

        Assert.That(function.Select(Written).Where(owed.Contains), Is.EqualTo(owed));
        Assert.That(function[0].ParameterType, Is.EqualTo(typeof(Tensor)));
        Assert.That(function[^3..].Select(static p => p.Name), Is.EqualTo((string[])["trainable", "name", "reuse"]));
        Assert.That(function.Any(static p => p.Name == "initialStates"), Is.EqualTo(layer.IsAssignableTo(typeof(Recurrent)) || layer == typeof(Bidirectional)));
    }

    [TestCaseSource(nameof(LayersWithWeights))]
    public void A_function_refuses_a_layer_that_was_made_with_other_settings(Type layer)
    {
        MethodInfo function = FormOf(layer);
        Dictionary<string, object?> given = function.GetParameters().ToDictionary(static p => p.Name!, p => ArgumentOf(layer, p));
        Call(function, given);
        using (VariableScope.Open("same", Reuse.Auto))
        {
            Call(function, given);
            Call(function, given);
        }

        VariableScope.Current.ReuseVariables();
        foreach (string argument in given.Keys.Where(static name => !Free.Contains(name) && !name.EndsWith("Initializer") && !name.EndsWith("Regularizer") && !name.EndsWith("Constraint")))
            Assert.That(() => Call(function, new(given) { [argument] = Others[argument] }), Throws.TypeOf<VariableReuseException>().With.Message.Contains($"{argument} = "), argument);
    }

    [Test]
    public void Each_function_gives_what_its_layer_gives()
    {
        Tensor rows = Tensor.RandomNormal([2, 6, 4]), images = Tensor.RandomNormal([2, 6, 6, 4]), volumes = Tensor.RandomNormal([1, 4, 4, 4, 2]), words = Tensor.Range(4).Reshape([2, 2]), state = Tensor.RandomNormal([2, 3]), other = Tensor.RandomNormal([2, 5, 3]);
        (Func<Tensor> Function, Func<Layer> Layer, Tensor[] Inputs, bool Training)[] all =
        [
            (() => Functional.Dense(rows, 3, "tanh"), () => new Dense(3, "tanh"), [rows], false),
            (() => Functional.Conv1D(rows, 3, 2, 2, Padding.Same), () => new Conv1D(3, 2, 2, Padding.Same), [rows], false),
            (() => Functional.Conv2D(images, 4, (3, 2), activation: "relu"), () => new Conv2D(4, (3, 2), activation: "relu"), [images], false),
            (() => Functional.Conv3D(volumes, 2, 3, useBias: false), () => new Conv3D(2, 3, useBias: false), [volumes], false),
            (() => Functional.Conv1DTranspose(rows, 3, 3, 2, outputPadding: 1), () => new Conv1DTranspose(3, 3, 2, outputPadding: 1), [rows], false),
            (() => Functional.Conv2DTranspose(images, 4, 3, 2, Padding.Same, "relu", groups: 2), () => new Conv2DTranspose(4, 3, 2, Padding.Same, "relu", groups: 2), [images], false),
            (() => Functional.Conv3DTranspose(volumes, 1, 2, useBias: false), () => new Conv3DTranspose(1, 2, useBias: false), [volumes], false),
            (() => Functional.DepthwiseConv1D(rows, 3, depthMultiplier: 2), () => new DepthwiseConv1D(3, depthMultiplier: 2), [rows], false),
            (() => Functional.DepthwiseConv2D(images, 3, 2, Padding.Same, activation: "elu"), () => new DepthwiseConv2D(3, 2, Padding.Same, activation: "elu"), [images], false),
            (() => Functional.SeparableConv1D(rows, 3, 3), () => new SeparableConv1D(3, 3), [rows], false),
            (() => Functional.SeparableConv2D(images, 3, 2, depthMultiplier: 2, useBias: false), () => new SeparableConv2D(3, 2, depthMultiplier: 2, useBias: false), [images], false),
            (() => Functional.BatchNorm(images, training: true, gammaInitializer: Initializer.Constant(2)), () => new BatchNorm(gammaInitializer: Initializer.Constant(2)), [images], true),
            (() => Functional.LayerNorm(rows, betaInitializer: Initializer.Ones()), () => new LayerNorm(betaInitializer: Initializer.Ones()), [rows], false),
            (() => Functional.GroupNorm(images, 2, epsilon: 0.1), () => new GroupNorm(2, epsilon: 0.1), [images], false),
            (() => Functional.Embedding(words, 5, 3, dtype: DType.Float64), () => new Embedding(5, 3, dtype: DType.Float64), [words], false),
            (() => Functional.SimpleRNN(rows, 3, "relu", returnSequences: true), () => new SimpleRNN(3, "relu", returnSequences: true), [rows], false),
            (() => Functional.GRU(rows, 3, resetAfter: false, goBackwards: true, initialStates: [state]), () => new GRU(3, resetAfter: false, goBackwards: true), [rows, state], false),
            (() => Functional.LSTM(rows, 3, unitForgetBias: false, initialStates: [state, state]), () => new LSTM(3, unitForgetBias: false), [rows, state, state], false),
            (() => Functional.Bidirectional(rows, static () => new GRU(3), Merge.Sum, initialStates: [state, state]), () => new Bidirectional(new GRU(3), Merge.Sum), [rows, state, state], false),
            (() => Functional.MultiHeadAttention(rows, 2, 3, valueDim: 2, value: other), () => new MultiHeadAttention(2, 3, valueDim: 2), [rows, other], false),
        ];
        foreach ((Func<Tensor> function, Func<Layer> make, Tensor[] inputs, bool training) in all)
        {
            Generator.SetGlobalSeed(9);
            Tensor got = function();
            Generator.SetGlobalSeed(9);
            // The same kernels on the same numbers.
            Assert.That(got.Cast(DType.Float64).ToArray<double>(), Is.EqualTo(make().Call(inputs, training).Cast(DType.Float64).ToArray<double>()), make().Kind);
        }
        Assert.That(all.Select(static row => row.Layer().GetType()), Is.EquivalentTo(LayersWithWeights));
    }

    [Test]
    public void Attention_takes_a_mask_and_hides_what_comes_later()
    {
        Tensor x = Tensor.RandomNormal([1, 4, 3]);
        Tensor Attend(Tensor? mask, bool causal)
        {
            using var open = VariableScope.Open("a", Reuse.Auto);
            return Functional.MultiHeadAttention(x, 2, 2, mask: mask, causal: causal);
        }

        Tensor lower = Tensor.Ones([1, 4, 4]).Tril() > 0;

        Assert.That(Attend(null, causal: true).ToArray<float>(), Is.EqualTo(Attend(lower, causal: false).ToArray<float>()).And.Not.EqualTo(Attend(null, causal: false).ToArray<float>()));
    }

    [Test]
    public void A_layer_of_several_outputs_is_shared_through_its_scope()
    {
        Tensor x = Tensor.RandomNormal([2, 3, 4]);
        IReadOnlyList<Tensor> Encode()
        {
            using var open = VariableScope.Open("encoder", Reuse.Auto);
            return Functional.ApplyAll([x], static () => new LSTM(2, returnState: true));
        }

        IReadOnlyList<Tensor> first = Encode(), second = Encode();

        Assert.That(first.Select(static t => t.ConcreteShape), Is.All.EqualTo(Shape.Of(2, 2)).And.Exactly(3).Items);
        for (int i = 0; i < 3; i++) Assert.That(second[i].ToArray<float>(), Is.EqualTo(first[i].ToArray<float>()));
        Assert.That(store.Variables().Select(static v => v.Name), Is.EqualTo((string[])["encoder/lstm/cell/kernel", "encoder/lstm/cell/recurrentKernel", "encoder/lstm/cell/bias"]));
    }

    [Test]
    public void Penalties_join_the_losses_that_are_collected_those_of_weights_once()
    {
        Tensor x = Tensor.RandomNormal([4, 3]), labels = Tensor.RandomNormal([4, 2]);
        using var losses = LossCollection.Open();
        Tensor Shared() => Functional.Dense(x, 2, kernelRegularizer: Regularizer.L2(0.5), activityRegularizer: Regularizer.L1(0.25), biasConstraint: Constraint.NonNegative(), name: "shared", reuse: Reuse.Auto);

        Tensor y = Shared();
        Shared();
        Functional.Dense(x, 2, kernelRegularizer: Regularizer.L2(0.5), trainable: false, name: "frozen");
        Variable free = VariableScope.GetVariable("free", [2], static (shape, dtype) => Tensor.Ones(shape, dtype) * 3, regularizer: static v => v.Square().Sum());
        Tensor loss = Loss.MeanSquaredError(labels, y);

        Variable kernel = store.Variables()[0];
        double ofKernel = 0.5 * Squares(kernel), ofOutput = 0.25 * y.ToArray<float>().Sum(static v => Math.Abs((double)v)) / 4;
        // A few sums of float32 numbers near 1.
        Assert.That(losses.GetRegularizationLosses().Select(static l => l.Item()), Is.EqualTo((double[])[ofKernel, ofOutput, ofOutput, 18]).Within(1e-5));
        Assert.That(losses.Total().Item(), Is.EqualTo(loss.Item() + ofKernel + 2 * ofOutput + 18).Within(1e-4));
        Assert.That(losses.RegularizationTotal("free").Item(), Is.EqualTo(18));
        Assert.That(store.Variables().Select(static v => v.Trainable), Is.EqualTo((bool[])[true, true, false, false, true]));
        Assert.That(store.Variables()[1].Constraint, Is.Not.Null);
        Assert.That(free.Regularizer, Is.Not.Null);
    }

    [Test]
    public void Penalties_of_a_step_have_their_gradients_and_are_collected_anew_in_the_next()
    {
        Tensor x = Tensor.RandomNormal([4, 3]);
        for (int step = 0; step < 2; step++)
        {
            using var losses = LossCollection.Open();
            using var tape = new GradientTape();
            Functional.Conv1D(x.ExpandDims(0), 2, 1, kernelRegularizer: Regularizer.L2(0.5), name: "c", reuse: Reuse.Auto);

            Tensor gradient = tape.Gradient(losses.Total(), store.Variables())[0]!;

            // ∂½Σw²/∂w = w
            Assert.That(gradient.ToArray<float>(), Is.EqualTo(store.Variables()[0].ToArray<float>()));
        }
        Functional.Conv1D(x.ExpandDims(0), 2, 1, kernelRegularizer: Regularizer.L2(0.5), name: "d");  // nobody collects
    }

    [Test]
    public void A_call_may_open_its_scope_in_its_own_way()
    {
        Tensor x = Tensor.Ones([2, 3]);

        Assert.That(() => Functional.Dense(x, 2, name: "a", reuse: Reuse.Yes), Throws.TypeOf<VariableReuseException>().With.Message.Contains("'a' is not there"));
        Functional.Dense(x, 2, name: "a");
        Assert.That(() => Functional.Dense(x, 2, name: "a"), Throws.TypeOf<VariableReuseException>());
        Functional.Dense(x, 2, name: "a", reuse: Reuse.Yes);
        Functional.LSTM(x.ExpandDims(0), 2, name: "b", reuse: Reuse.Auto);
        Functional.MultiHeadAttention(x.ExpandDims(0), 1, 2, name: "c", reuse: Reuse.Auto, trainable: false);

        Assert.That(store.Variables(), Has.Count.EqualTo(2 + 3 + 8));
        Assert.That(store.Variables("c"), Has.None.Matches<Variable>(static v => v is { Trainable: true }));
    }

    private static double Squares(Tensor tensor) => tensor.ToArray<float>().Sum(static v => (double)v * v);

    private static MethodInfo FormOf(Type layer) => typeof(Functional).GetMethod(layer.Name) ?? throw new AssertionException($"Functional.{layer.Name} is not there.");

    // A function makes the layers that its layer is given.
    private static string Written(ParameterInfo p) => $"{(p.ParameterType == typeof(Func<Recurrent>) ? typeof(Recurrent) : p.ParameterType)} {p.Name} = {p.RawDefaultValue}";

    private static object? ArgumentOf(Type layer, ParameterInfo parameter) => parameter.Name switch
    {
        "x" when layer == typeof(Embedding) => Tensor.Range(4).Reshape([2, 2]),
        "x" when layer.Name.Contains("1D") || layer.Name is "Dense" or "LayerNorm" or "GroupNorm" || layer.IsAssignableTo(typeof(Recurrent)) || layer.Name is "Bidirectional" or "MultiHeadAttention" => Tensor.Ones([2, 4, 4]),
        "x" when layer.Name.Contains("3D") => Tensor.Ones([1, 4, 4, 4, 4]),
        "x" => Tensor.Ones([1, 4, 4, 4]),
        "forward" => (Func<Recurrent>)(static () => new GRU(2)),
        "units" or "kernelSize" or "heads" or "keyDim" => parameter.ParameterType == typeof(int) ? (object)2 : (Extent)2,
        "groups" when layer == typeof(GroupNorm) => 4,
        "filters" => 2,
        "inputDim" => 5,
        "outputDim" when layer == typeof(Embedding) => 3,
        "name" => "named",
        _ => parameter.HasDefaultValue && parameter.DefaultValue is not null ? parameter.DefaultValue : parameter.ParameterType is { IsValueType: true } type && Nullable.GetUnderlyingType(type) is null ? Activator.CreateInstance(type) : null,
    };

    private static void Call(MethodInfo function, Dictionary<string, object?> arguments)
    {
        try
        {
            function.Invoke(null, [.. function.GetParameters().Select(p => arguments[p.Name!])]);
        }
        catch (TargetInvocationException e) when (e.InnerException is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException);
        }
    }
}
