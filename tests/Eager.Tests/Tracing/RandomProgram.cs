using Eager.Autograd;

namespace Eager.Tests.Tracing;

/// <summary>A function of operations that are drawn by a seed: chains with branches, views, assignments, random numbers, gradients, several results.</summary>
internal sealed class RandomProgram(int seed, int columns, DType dtype) : IDisposable
{
    private static readonly float[] Special = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, 0f, 1e-40f, 1e30f];

    private readonly Generator generator = new(seed);

    /// <summary>What ran, for the message of a failure.</summary>
    internal List<string> Log { get; } = [];

    /// <summary>A variable that the program reads and assigns.</summary>
    internal Variable State { get; } = new(Tensor.Full([columns], 0.5f).Cast(dtype), trainable: false);

    /// <summary>A matrix, another that shares nothing with it, a row and a scalar.</summary>
    internal static Tensor[] Inputs(Random random, int rows, int columns, DType dtype, bool turned) =>
    [
        turned ? Values(random, dtype, columns, rows).Transpose() : Values(random, dtype, rows, columns), Values(random, dtype, rows, columns),
        Values(random, dtype, columns), Values(random, dtype),
    ];

    internal Tensor[] Run(IReadOnlyList<Tensor> inputs)
    {
        var random = new Random(seed);
        Log.Clear();
        var made = new List<Tensor>(inputs) { State };
        int steps = random.Next(5, 40);
        for (int i = 0; i < steps; i++) made.Add(Step(random, made));
        // Also an input and one result twice.
        Tensor last = made[^1];
        return [last, made[random.Next(inputs.Count, made.Count)] * 1, inputs[random.Next(inputs.Count)], made[random.Next(5, made.Count)], last];
    }

    public void Dispose() => generator.Dispose();

    private static Tensor Values(Random random, DType dtype, params Dim[] shape)
    {
        float[] values = new float[Shape.Of(shape).ElementCount.Value];
        for (int i = 0; i < values.Length; i++)
            values[i] = random.Next(20) == 0 ? Special[random.Next(Special.Length)] : (float)((random.NextDouble() * 4) - 2);
        return Tensor.From(values, Shape.Of(shape)).Cast(dtype);
    }

    private Tensor Step(Random random, List<Tensor> made)
    {
        Tensor a = Pick(random, made);
        int kind = random.Next(26);
        Log.Add($"{made.Count}:{kind}");
        return kind switch
        {
            0 => a + Partner(random, made, a),
            1 => a - Partner(random, made, a),
            2 => a * Partner(random, made, a),
            3 => a / Partner(random, made, a),
            4 => Partner(random, made, a) - a,
            5 => -a,
            6 => a.Abs(),
            7 => a.Relu(),
            8 => a.Sqrt(),
            9 => a.Square(),
            10 => a * 0.1 + 2,
            11 => 1 / a,
            12 => a.Rsqrt(),
            13 => a.Tanh(),
            14 => a.Reshape([a.Shape.ElementCount]).Reshape(a.Shape),
            15 => a.Rank == 2 ? a.Transpose().Transpose() : a.ExpandDims(0).Squeeze(0),
            16 => a.Rank == 2 ? a.Sum(0) : a * Tensor.OnesLike(a),
            17 => a.Rank == 0 ? a.BroadcastTo(made[0].Shape) : a - a.Mean(-1, keepDims: true),
            18 => a.Rank == 2 ? a.Transpose() : a.Exp(),
            19 => a.Rank == 2 ? a.Transpose().MatMul(a) : a.Sigmoid(),
            20 => a.Rank == 2 && a.Shape[0].Value > 1 ? a.Narrow(0, 1, a.Shape[0].Value - 1) : a + a,
            21 => a.Greater(0).Where(a, -a),
            22 => Assign(random, made),
            23 => Tensor.RandomUniform(a.Shape, dtype: dtype, generator: generator) * a,
            24 => Gradient(a, Partner(random, made, a)),
            _ => a.Maximum(0) - Tensor.Full([], 0.25f).Cast(dtype),
        };
    }

    private Variable Assign(Random random, List<Tensor> made)
    {
        Tensor[] fitting = [.. made.Where(t => t.Shape == State.Shape)];
        Tensor value = fitting[random.Next(fitting.Length)];
        if (random.Next(2) == 0) State.Assign(value * 1);
        else State.AssignAdd(value);
        return State;
    }

    private static Tensor Gradient(Tensor a, Tensor b)
    {
        using var tape = new GradientTape();
        tape.Watch(a);
        return tape.Gradient(((a * b).Relu() - a.Square() / 3).Abs(), a)!;
    }

    private static Tensor Pick(Random random, List<Tensor> made) => made[random.Next(2) == 0 ? made.Count - 1 : random.Next(made.Count)];

    // Of the same shape, a row of it, or one number.
    private static Tensor Partner(Random random, List<Tensor> made, Tensor a)
    {
        Tensor[] fitting = [.. made.Where(t => t.Rank == 0 || t.Shape == a.Shape || (a.Rank == 2 && t.Rank == 1 && t.Shape[0] == a.Shape[1]))];
        return fitting.Length == 0 ? a : fitting[random.Next(fitting.Length)];
    }
}
