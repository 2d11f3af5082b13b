using System.Globalization;
using Eager.Autograd;
using Eager.Layers;
using Eager.Losses;

namespace Eager.Bench;

/// <summary>W2, W3, W10 and W12 as a user of the library writes them; each is made at its first request.</summary>
internal sealed class Workloads
{
    private const int Large = 10_000_000;
    private const int Batches = 4;

    private readonly Dictionary<string, Func<Tensor>> made = [];

    public double Nanoseconds(string name, double seconds)
    {
        if (!made.TryGetValue(name, out var run)) made[name] = run = Make(name);
        return Quickest.Of(count =>
        {
            for (var i = 0; i < count; i++)
            {
                using var scope = new TensorScope();
                run();
            }
        }, seconds, Batches, first: 1);
    }

    private static Func<Tensor> Make(string name)
    {
        var parts = name.Split('_');
        var size = int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        return (parts[0], name) switch
        {
            ("matmul", "matmul_batched") => Product([64, 64, 64]),
            ("matmul", _) => Product([size, size]),
            ("conv", _) => Convolve(backward: name == "conv_backward"),
            ("chain", _) => Chain(size),
            ("batch", _) => Gradient(Mlp(784, [256, 256, 10]), size, second: false),
            ("layers", _) => Gradient(Mlp(64, [.. Enumerable.Repeat(64, size)]), 32, second: false),
            (_, "gradient") => Gradient(Mlp(784, [256, 256, 10]), 32, second: false),
            (_, "second_order") => Gradient(Mlp(784, [256, 256, 10]), 32, second: true),
            (_, "forward" or "forward_recorded") => Forward(Mlp(784, [256, 256, 10]), 32, recorded: name == "forward_recorded"),
            _ => OnLarge(name),
        };
    }

    private static Func<Tensor> OnLarge(string name)
    {
        Tensor x = Uniform([Large]), y = Uniform([Large]), z = Uniform([Large]), rows = x.Reshape([Large / 1000, 1000]);
        Tensor scale = Tensor.Ones([1000]), offset = Tensor.Zeros([1000]);
        return name switch
        {
            "multiply_add" => () => x * y + z,
            "relu" => x.Relu,
            "exp" => x.Exp,
            "sum" => x.Sum,
            "layer_norm" => () => rows.LayerNorm(scale, offset),
            _ => throw new BenchmarkException($"unknown workload {name}"),
        };
    }

    private static Func<Tensor> Product(Shape shape)
    {
        Tensor a = Uniform(shape), b = Uniform(shape);
        return () => a.MatMul(b);
    }

    // Channels last, the layout that the library's images have.
    private static Func<Tensor> Convolve(bool backward)
    {
        Tensor images = Uniform([64, 28, 28, 32]), filters = Uniform([3, 3, 32, 64]), ones = Tensor.Ones([64, 26, 26, 64]);
        if (!backward) return () => images.Conv2D(filters);
        return () =>
        {
            using var tape = new GradientTape();
            tape.Watch(images);
            tape.Watch(filters);
            return tape.Gradient(images.Conv2D(filters), [images, filters], ones)[0]!;
        };
    }

    private static Func<Tensor> Chain(int length)
    {
        var x = Uniform([10]);
        return () =>
        {
            using var tape = new GradientTape();
            tape.Watch(x);
            var y = x;
            for (var i = 0; i < length; i++) y = y * 1.0001f;
            return tape.Gradient(y.Sum(), [x])[0]!;
        };
    }

    private static Func<Tensor> Forward(Sequential model, int batch, bool recorded)
    {
        var (x, labels) = Data(model, batch);
        return () =>
        {
            using var tape = recorded ? new GradientTape() : null;
            return Loss.SparseSoftmaxCrossEntropy(labels, model.Call(x));
        };
    }

    private static Func<Tensor> Gradient(Sequential model, int batch, bool second)
    {
        var (x, labels) = Data(model, batch);
        var variables = model.TrainableVariables;
        return () =>
        {
            using var outer = second ? new GradientTape() : null;
            Tensor?[] gradients;
            using (var tape = new GradientTape())
                gradients = tape.Gradient(Loss.SparseSoftmaxCrossEntropy(labels, model.Call(x)), variables);
            if (outer is null) return gradients[0]!;
            var squares = gradients.Select(static g => g!.Square().Sum()).Aggregate(static (a, b) => a + b);
            return outer.Gradient(squares, variables)[0]!;
        };
    }

    private static Sequential Mlp(int inputs, int[] widths)
    {
        var model = new Sequential();
        for (var i = 0; i < widths.Length; i++)
            model.Add(new Dense(widths[i], i < widths.Length - 1 ? "relu" : (ActivationFunction?)null, inputShape: i == 0 ? [inputs] : null));
        return model;
    }

    private static (Tensor X, Tensor Labels) Data(Sequential model, int batch)
    {
        var x = Uniform([batch, model.TrainableVariables[0].Shape[0]]);
        return (x, Tensor.Range(0, batch, dtype: DType.Int64) % 10);
    }

    private static Tensor Uniform(Shape shape) => Tensor.RandomUniform(shape);
}
