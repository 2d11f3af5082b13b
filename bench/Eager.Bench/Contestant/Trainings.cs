using System.Runtime.InteropServices;
using Eager.Autograd;
using Eager.Layers;
using Eager.Losses;

namespace Eager.Bench;

/// <summary>The workloads as a user of the library writes them, starting from the weights that all contestants share.</summary>
internal static class Trainings
{
    /// <summary>W4 and W8: 784-256-256-10, relu, softmax cross entropy.</summary>
    public static Training Mlp(ProblemReader problems, int batch, string variant)
    {
        var model = MlpModel(problems);
        return new Training(
            model.TrainableVariables, problems.Images("mlp.x", batch), problems.Labels("mlp.y", batch), 1e-3, variant,
            (x, y, dropout) => Loss.SparseSoftmaxCrossEntropy(y, model.Call(x, training: dropout)));
    }

    /// <summary>The model of W4, W6, W8 and W11.</summary>
    public static Sequential MlpModel(ProblemReader problems)
    {
        Sequential model = [new Dense(256, "relu", inputShape: [784]), new Dense(256, "relu"), new Dense(10)];
        Start(model.TrainableVariables, problems.MlpWeights());
        return model;
    }

    /// <summary>W5: two convolutions of stride 2 with relu, dropout, a dense layer; images are channels-last, as by default.</summary>
    public static Training Cnn(ProblemReader problems, int batch, string variant)
    {
        Sequential model =
        [
            new Conv2D(32, 3, strides: 2, activation: "relu", inputShape: [28, 28, 1]),
            new Conv2D(64, 3, strides: 2, activation: "relu"),
            new Flatten(),
            new Dropout(0.5),
            new Dense(10),
        ];
        Start(model.TrainableVariables, problems.CnnWeights());
        return new Training(
            model.TrainableVariables, problems.Images("cnn.x", batch).Reshape([batch, 28, 28, 1]), problems.Labels("cnn.y", batch), 1e-3, variant,
            (x, y, dropout) => Loss.SparseSoftmaxCrossEntropy(y, model.Call(x, training: dropout)));
    }

    /// <summary>W7: the polynomial of the second degree through a hundred points, its weights kept small.</summary>
    public static Training Polynomial(ProblemReader problems, string variant)
    {
        var w = new Variable(problems.Read("poly.w", [3, 1]), name: "w");
        return new Training([w], problems.Read("poly.x", [100]), problems.Read("poly.y", [100]), 0.1, variant, (x, y, _) =>
        {
            var powers = Tensor.Stack([x.Square(), x, Tensor.OnesLike(x)], axis: 1);
            var fit = powers.MatMul(w).Squeeze(1);
            return (fit - y).Square().Sum() / 2 + 0.1 * (w.Square().Sum() / 2);
        });
    }

    private static void Start(IReadOnlyList<Variable> variables, Tensor[] weights)
    {
        foreach (var (variable, weight) in variables.Zip(weights))
            variable.Assign(weight);
    }
}

/// <summary>Reads what <see cref="ProblemFiles"/> wrote and puts it into Eager's layouts.</summary>
internal sealed class ProblemReader(string folder)
{
    public Tensor Read(string name, Shape shape) => Tensor.From(Values<float>(name), shape);

    public Tensor[] MlpWeights() =>
    [
        Dense("mlp.w1", 256, 784), Read("mlp.b1", [256]), Dense("mlp.w2", 256, 256), Read("mlp.b2", [256]),
        Dense("mlp.w3", 10, 256), Read("mlp.b3", [10]),
    ];

    public Tensor[] CnnWeights() =>
    [
        Filters("cnn.k1", 32, 1), Read("cnn.c1", [32]), Filters("cnn.k2", 64, 32), Read("cnn.c2", [64]),
        DenseAfterImages("cnn.w", 10, 64, 36), Read("cnn.b", [10]),
    ];

    public Tensor Images(string name, int count) => Tensor.From(Values<float>(name).AsSpan(0, count * 784), [count, 784]);

    public Tensor Labels(string name, int count) => Tensor.From(Values<long>(name).AsSpan(0, count), [count]);

    /// <summary>[out, in] becomes [in, out].</summary>
    private Tensor Dense(string name, int outputs, int inputs) => Read(name, [outputs, inputs]).Transpose();

    /// <summary>[out, in, height, width] becomes [height, width, in, out].</summary>
    private Tensor Filters(string name, int outputs, int inputs) => Read(name, [outputs, inputs, 3, 3]).Transpose(2, 3, 1, 0);

    /// <summary>[out, channels, places] becomes [places and channels, out], as channels-last images are flattened.</summary>
    private Tensor DenseAfterImages(string name, int outputs, int channels, int places)
        => Read(name, [outputs, channels, places]).Transpose(2, 1, 0).Reshape([channels * places, outputs]);

    private T[] Values<T>(string name) where T : unmanaged
        => MemoryMarshal.Cast<byte, T>(File.ReadAllBytes(Path.Combine(folder, name))).ToArray();
}
