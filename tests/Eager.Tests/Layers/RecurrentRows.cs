using Eager.Layers;
using Eager.Tests.OpTable;
using Weights = System.Collections.Generic.IReadOnlyDictionary<string, Eager.Tests.OpTable.NArray>;

namespace Eager.Tests.Layers;

/// <summary>Recurrent layers and attention, step by step in plain C#.</summary>
internal static class RecurrentRows
{
    private const DType F64 = DType.Float64;

    private static NArray Sequences => Samples.Spread(1, -1, 1, 2, 3, 2);

    internal static readonly LayerRow[] All =
    [
        new("SimpleRNN", static () => new SimpleRNN(3, dtype: F64), Sequences, ["cell/kernel [2, 3]", "cell/recurrentKernel [3, 3]", "cell/bias [3]"], static (x, w) => LastOf(Run(x, 3, At(w, "cell"), Elman))),
        new("SimpleRNN, sequences backwards", static () => new SimpleRNN(3, returnSequences: true, goBackwards: true, dtype: F64), Sequences, ["cell/kernel [2, 3]", "cell/recurrentKernel [3, 3]", "cell/bias [3]"], static (x, w) => Run(Reversed(x), 3, At(w, "cell"), Elman)),
        new("GRU", static () => new GRU(2, dtype: F64), Sequences, ["cell/kernel [2, 6]", "cell/recurrentKernel [2, 6]", "cell/bias [6]", "cell/recurrentBias [6]"], static (x, w) => LastOf(Run(x, 2, At(w, "cell"), GruAfter))),
        new("GRU with the reset before the product", static () => new GRU(2, resetAfter: false, returnSequences: true, dtype: F64), Sequences, ["cell/kernel [2, 6]", "cell/recurrentKernel [2, 6]", "cell/bias [6]"], static (x, w) => Run(x, 2, At(w, "cell"), GruBefore)),
        new("LSTM", static () => new LSTM(2, dtype: F64), Sequences, ["cell/kernel [2, 8]", "cell/recurrentKernel [2, 8]", "cell/bias [8]"], static (x, w) => LastOf(Run(x, 2, At(w, "cell"), Lstm))),
        new("LSTM of sequences without bias", static () => new LSTM(2, useBias: false, returnSequences: true, dtype: F64), Sequences, ["cell/kernel [2, 8]", "cell/recurrentKernel [2, 8]"], static (x, w) => Run(x, 2, At(w, "cell"), Lstm)),
        new("Bidirectional", static () => new Bidirectional(new LSTM(2, returnSequences: true, dtype: F64)), Sequences,
            ["forwardLayer/cell/kernel [2, 8]", "forwardLayer/cell/recurrentKernel [2, 8]", "forwardLayer/cell/bias [8]", "backwardLayer/cell/kernel [2, 8]", "backwardLayer/cell/recurrentKernel [2, 8]", "backwardLayer/cell/bias [8]"],
            static (x, w) => Joined(Run(x, 2, At(w, "forwardLayer/cell"), Lstm), Reversed(Run(Reversed(x), 2, At(w, "backwardLayer/cell"), Lstm)))),
        new("Bidirectional mean of last steps", static () => new Bidirectional(new SimpleRNN(2, useBias: false, dtype: F64), Merge.Average), Sequences,
            ["forwardLayer/cell/kernel [2, 2]", "forwardLayer/cell/recurrentKernel [2, 2]", "backwardLayer/cell/kernel [2, 2]", "backwardLayer/cell/recurrentKernel [2, 2]"],
            static (x, w) => LastOf(Run(x, 2, At(w, "forwardLayer/cell"), Elman)).Zip(LastOf(Run(Reversed(x), 2, At(w, "backwardLayer/cell"), Elman)), static (a, b) => (a + b) / 2)),
        new("MultiHeadAttention", static () => new MultiHeadAttention(2, 3, valueDim: 2, outputDim: 3, dtype: F64), Sequences,
            ["query/kernel [2, 6]", "query/bias [6]", "key/kernel [2, 6]", "key/bias [6]", "value/kernel [2, 4]", "value/bias [4]", "output/kernel [4, 3]", "output/bias [3]"], Attend),
    ];

    private delegate (double[] Output, double[][] States) Cell(double[] x, double[][] states, Func<string, NArray?> weights);

    private static Func<string, NArray?> At(Weights weights, string path) => name => weights.GetValueOrDefault($"{path}/{name}");

    private static NArray Run(NArray x, int units, Func<string, NArray?> weights, Cell cell)
    {
        var y = new double[x.Sizes[0], x.Sizes[1], units];
        for (int n = 0; n < x.Sizes[0]; n++)
        {
            double[][] states = [new double[units], new double[units]];
            for (int t = 0; t < x.Sizes[1]; t++)
            {
                (double[] output, states) = cell([.. Enumerable.Range(0, x.Sizes[2]).Select(k => x[[n, t, k]])], states, weights);
                for (int u = 0; u < units; u++) y[n, t, u] = output[u];
            }
        }
        return NArray.Build([x.Sizes[0], x.Sizes[1], units], i => y[i[0], i[1], i[2]]);
    }

    private static (double[], double[][]) Elman(double[] x, double[][] states, Func<string, NArray?> w)
    {
        double[] h = [.. Sum(Product(x, w("kernel")!, w("bias")), Product(states[0], w("recurrentKernel")!, null)).Select(Math.Tanh)];
        return (h, [h, h]);
    }

    private static (double[], double[][]) GruAfter(double[] x, double[][] states, Func<string, NArray?> w)
    {
        double[] a = Product(x, w("kernel")!, w("bias")), b = Product(states[0], w("recurrentKernel")!, w("recurrentBias"));
        int n = states[0].Length;
        double[] h = [.. Enumerable.Range(0, n).Select(u =>
        {
            double z = LayerTable.Sigmoid(a[u] + b[u]), r = LayerTable.Sigmoid(a[n + u] + b[n + u]);
            return z * states[0][u] + (1 - z) * Math.Tanh(a[2 * n + u] + r * b[2 * n + u]);
        })];
        return (h, [h, h]);
    }

    private static (double[], double[][]) GruBefore(double[] x, double[][] states, Func<string, NArray?> w)
    {
        double[] a = Product(x, w("kernel")!, w("bias")), b = Product(states[0], w("recurrentKernel")!, null);
        int n = states[0].Length;
        double[] reset = [.. Enumerable.Range(0, n).Select(u => LayerTable.Sigmoid(a[n + u] + b[n + u]) * states[0][u])];
        double[] c = Product(reset, w("recurrentKernel")!, null);
        double[] h = [.. Enumerable.Range(0, n).Select(u =>
        {
            double z = LayerTable.Sigmoid(a[u] + b[u]);
            return z * states[0][u] + (1 - z) * Math.Tanh(a[2 * n + u] + c[2 * n + u]);
        })];
        return (h, [h, h]);
    }

    private static (double[], double[][]) Lstm(double[] x, double[][] states, Func<string, NArray?> w)
    {
        double[] gates = Sum(Product(x, w("kernel")!, w("bias")), Product(states[0], w("recurrentKernel")!, null));
        int n = states[0].Length;
        double[] c = [.. Enumerable.Range(0, n).Select(u => LayerTable.Sigmoid(gates[n + u]) * states[1][u] + LayerTable.Sigmoid(gates[u]) * Math.Tanh(gates[2 * n + u]))];
        double[] h = [.. Enumerable.Range(0, n).Select(u => LayerTable.Sigmoid(gates[3 * n + u]) * Math.Tanh(c[u]))];
        return (h, [h, c]);
    }

    // 2 heads with keys of 3 and values of 2
    private static NArray Attend(NArray x, Weights w)
    {
        NArray q = LayerTable.Affine(x, w["query/kernel"], w["query/bias"]), k = LayerTable.Affine(x, w["key/kernel"], w["key/bias"]), v = LayerTable.Affine(x, w["value/kernel"], w["value/bias"]);
        int steps = x.Sizes[1];
        NArray mixed = NArray.Build([x.Sizes[0], steps, 4], i =>
        {
            int head = i[2] / 2;
            double[] weights = [.. Enumerable.Range(0, steps).Select(s => Math.Exp(Enumerable.Range(0, 3).Sum(d => q[[i[0], i[1], head * 3 + d]] * k[[i[0], s, head * 3 + d]]) / Math.Sqrt(3)))];
            return Enumerable.Range(0, steps).Sum(s => weights[s] * v[[i[0], s, i[2]]]) / weights.Sum();
        });
        return LayerTable.Affine(mixed, w["output/kernel"], w["output/bias"]);
    }

    private static double[] Product(double[] x, NArray w, NArray? b) => [.. Enumerable.Range(0, w.Sizes[1]).Select(j => (b is null ? 0 : b[[j]]) + x.Select((v, k) => v * w[[k, j]]).Sum())];

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, static (x, y) => x + y)];

    private static NArray Reversed(NArray x) => NArray.Build(x.Sizes, i => x[[i[0], x.Sizes[1] - 1 - i[1], i[2]]]);

    private static NArray LastOf(NArray x) => NArray.Build([x.Sizes[0], x.Sizes[2]], i => x[[i[0], x.Sizes[1] - 1, i[1]]]);

    private static NArray Joined(NArray a, NArray b) => NArray.Build([a.Sizes[0], a.Sizes[1], a.Sizes[2] + b.Sizes[2]], i => i[2] < a.Sizes[2] ? a[i] : b[[i[0], i[1], i[2] - a.Sizes[2]]]);
}
