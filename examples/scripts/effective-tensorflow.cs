#:project ../../Eager.Train/Eager.Train.csproj
// The programs of "Effective TensorFlow" that need no graph, done eagerly: dotnet run examples/scripts/effective-tensorflow.cs
using System.Diagnostics;

Generator.SetGlobalSeed(7);

Heading("Tensors are values");
Tensor product = Tensor.RandomNormal([10, 10]).MatMul(Tensor.RandomNormal([10, 10]));
Console.WriteLine($"a random product of shape {product.Shape}, {product.DType.Name()}");

Heading("A polynomial fitted to samples");
var w = new Variable(Initializer.GlorotUniform().Create([3, 1]), name: "w");
var adam = new Adam(learningRate: 0.1);
for (int step = 0; step < 1000; step++)
{
    Tensor x = Tensor.RandomUniform([100], -10.0, 10.0), y = 5 * x.Square() + 3;
    Tensor features = Tensor.Stack([x.Square(), x, Tensor.OnesLike(x)], axis: 1);   // [100, 3]
    adam.Minimize(() => L2(features.MatMul(w).Squeeze(1) - y) + 0.1 * L2(w), [w]);
}
Console.WriteLine($"w = {w.Squeeze(1)}");

Heading("Static and dynamic shapes");
Shape anyBatch = [null, 10, 32];
using TracedFunction collapse = Function.Trace(t => t.Reshape([t.Shape[0], t.Shape[1] * t.Shape[2]]), "collapse", [new(anyBatch)]);
Console.WriteLine($"[4, 10, 32] fits {anyBatch}: {anyBatch.IsCompatibleWith([4, 10, 32])}; collapsed {collapse.Call(Tensor.Zeros([4, 10, 32])).Shape}, in the graph {collapse.Graph.Outputs[0].Shape}");

Heading("Broadcasting, the good and the ugly");
Tensor column = Tensor.From([[1f], [2f]]), row = Tensor.From(1f, 2f);
Console.WriteLine($"[[1, 2], [3, 4]] + [[1], [2]] =\n{Tensor.From([[1f, 2f], [3f, 4f]]) + column}");
Console.WriteLine($"a sum that was meant to be 6: {(column + row).Sum().Item()}; over axis 0 it shows: {(column + row).Sum(axis: 0)}");

Heading("Concatenation, tiled and broadcast");
Tensor a = Tensor.RandomUniform([5, 3, 5]), b = Tensor.RandomUniform([5, 1, 6]);
Tensor tiled = new Dense(10, ActivationFunction.Relu).Call(Tensor.Concat([a, b.Tile(1, 3, 1)], axis: 2));
Console.WriteLine($"tile, concat and dense give {tiled.Shape}, merge gives {Merge([a, b], 10).Shape}");

Heading("Feeding data");
Tensor constant = Tensor.From(Enumerable.Range(0, 100).Select(i => (double)i).ToArray());
Console.WriteLine($"a constant of shape {constant.Shape}; a function of it: {Prediction(constant).Sum().Item()}");
int batches = 0;
foreach (Tensor batch in Dataset.FromTensorSlices(constant).Shuffle(seed: 1).Batch(32)) batches++;
Console.WriteLine($"a dataset gives {batches} batches of at most 32");

Heading("The sum of 500 rows, three ways");
Tensor rows = Tensor.RandomUniform([500, 10]), z1 = Tensor.Zeros([10]), z2 = Tensor.Zeros([10]);
var clock = Stopwatch.StartNew();
for (int i = 0; i < 500; i++) z1 += rows[i];
TimeSpan slicing = clock.Elapsed;
clock.Restart();
foreach (Tensor x in rows.Unstack()) z2 += x;
TimeSpan unstacking = clock.Elapsed;
clock.Restart();
Tensor z3 = rows.Sum(axis: 0);
Console.WriteLine($"equal within rounding: {Near(z1, z3) && Near(z2, z3)}; by slices {slicing.TotalMilliseconds:F1} ms, unstacked {unstacking.TotalMilliseconds:F1} ms, reduced {clock.Elapsed.TotalMilliseconds:F2} ms");

Heading("Overloaded operators");
Tensor p = Tensor.From(7f, -7f), q = Tensor.From(2f, 2f), t = Tensor.From(true, false), f = Tensor.From(true, true);
Console.WriteLine($"{-p} {p + q} {p - q} {p * q} {p / q} {p.FloorDivide(q)} {p % q} {p.Pow(q)}");
Console.WriteLine($"{p > q} {p >= q} {p < q} {p <= q} {p.Abs()} {t & f} {t | f} {t ^ f} {~t}");

Heading("Order of execution");
Tensor one = Tensor.From(1), two = Tensor.From(2);
var variable = new Variable(one, name: "a");
Tensor c = variable + two;           // computed now, so the race of the document cannot happen
variable.Assign(Tensor.From(5));
Console.WriteLine($"1 + 2 = {(one + two).Item()}; then [assign, c] = [{variable.Item()}, {c.Item()}]");

Heading("Conditionals and loops are C#'s own");
Console.WriteLine($"cond {(Tensor.From(true).Item<bool>() ? one + two : one * two).Item()}, where {Tensor.From(true, false).Where(Tensor.From(3, 3), Tensor.From(2, 2))}");
(Tensor previous, Tensor current) = (Tensor.From(1), Tensor.From(1));
List<Tensor> series = [previous, current];
for (int i = 2; i < 5; i++)
{
    (previous, current) = (current, previous + current);
    series.Add(current);
}
Console.WriteLine($"Fibonacci {current.Item()}, all of them {Tensor.Stack([.. series])}");

Heading("Devices");
using (Device.Use(Device.Cpu))
{
    Tensor onDevice = Tensor.RandomUniform([1000, 100]) + Tensor.RandomUniform([1000, 100]);
    Console.WriteLine($"a sum on {onDevice.Device} of shape {onDevice.Shape}");
}
Tensor left = Tensor.RandomUniform([10, 3]), right = Tensor.RandomUniform([10, 3]);
Console.WriteLine($"in parts equal to the whole: {Near(MakeParallel(static x => x[0] + x[1], Device.Available, left, right), left + right)}");

Heading("Shapes are checked");
Console.WriteLine($"{Tensor.Ones([2, 3]).MatMul(Tensor.Ones([3, 4])).Shape} and {Tensor.Ones([10, 2, 3]).MatMul(Tensor.Ones([10, 3, 4])).Shape}");

Heading("The entropy of a softmax, brought to its maximum");
foreach ((string name, Func<Tensor, Tensor> entropy) in new (string, Func<Tensor, Tensor>)[]
{
    ("by cross entropy", logits => Tensor.SoftmaxCrossEntropy(labels: logits.Softmax(), logits)),
    ("by its formula", SoftmaxEntropy),
})
{
    Tensor start = Tensor.From(0.5, -0.3, 0.1, 0.9, -1.2);
    double error = GradientCheck.Run(entropy, start).LargestDifference;
    var logits = new Variable(start);
    var optimizer = new Adam(learningRate: 0.05);
    for (int step = 0; step < 500; step++) optimizer.Minimize(() => -entropy(logits).Sum(), [logits]);
    Console.WriteLine($"{name}: gradient error below 1e-6: {error < 1e-6}, softmax {logits.Softmax().Round2()}");
}

Heading("Numerical stability");
Tensor x1 = Tensor.From(1f), tiny = Tensor.From((float)1e-50), huge = Tensor.From((float)1e39);
Console.WriteLine($"1e-50 is {tiny.Item()} and gives {(x1 * tiny / tiny).Item()}; 1e39 is {huge.Item()} and gives {(x1 * huge / huge).Item()}");
Console.WriteLine($"after 0 comes {Tensor.From(0f).NextAfter(x1).Item<float>()}, the largest is {float.MaxValue}");
Tensor extreme = Tensor.From(1000f, 0f), labels = Tensor.From(0.5f, 0.5f);
Console.WriteLine($"softmax naive {extreme.Exp() / extreme.Exp().Sum()}, stable {extreme.Softmax()}");
Console.WriteLine($"cross entropy naive {(-(labels * extreme.Softmax().Log()).Sum()).Item()}, stable {Tensor.SoftmaxCrossEntropy(labels, extreme).Item()}");
using (var tape = new GradientTape())
{
    tape.Watch(extreme);
    Console.WriteLine($"its gradient {tape.Gradient(Tensor.SoftmaxCrossEntropy(labels, extreme), extreme)}");
}

Heading("The cookbook");
Tensor table = Tensor.Range(0, 12).Reshape([2, 3, 2]);
Console.WriteLine($"batch gather\n{BatchGather(table, Tensor.From([[2L, 0L], [1L, 1L]]))}");
(Tensor ids, Tensor logProbabilities) = BeamSearch(NextLetter, Tensor.Zeros([1, 1]), length: 3, width: 2, begin: 0, end: 3);
Console.WriteLine($"beam search finds {ids[0, 0]} with probability {logProbabilities.Exp()[0, 0].Item():F3}, then {ids[0, 1]} with {logProbabilities.Exp()[0, 1].Item():F3}");
Console.WriteLine($"KL of N(1, 1) from N(0, 1) is {GaussianKl(Tensor.From([1f]), Tensor.From([0f]), Tensor.From([0f]), Tensor.From([0f])).Item()}");
Console.WriteLine($"leaky relu {LeakyRelu(Tensor.From(-2f, 3f))}, entropy of evens {SoftmaxEntropy(Tensor.Zeros([4])).Item():F4} = log 4");
Tensor normal = new BatchNormalizer(3).Call(Tensor.RandomNormal([64, 4, 4, 3], mean: 5, stddev: 2), training: true);
Console.WriteLine($"normalized to mean {Math.Abs(normal.Mean().Item()):F2} and deviation {normal.StandardDeviation().Item():F2}");

static void Heading(string text) => Console.WriteLine($"\n== {text}");

static bool Near(Tensor x, Tensor y) => (x - y).Abs().Max().Item() < 1e-4 * y.Abs().Max().Item();

static Tensor L2(Tensor x) => x.Square().Sum() / 2;

static Tensor Prediction(Tensor data) => data.Square() + 1;

// f(m·concat(x, y)) = f(mx·x + my·y): the parts broadcast, and nothing is tiled.
static Tensor Merge(Tensor[] tensors, int units)
{
    Tensor sum = new Dense(units).Call(tensors[0]);
    foreach (Tensor tensor in tensors[1..]) sum += new Dense(units, useBias: false).Call(tensor);
    return sum.Relu();
}

static Tensor MakeParallel(Func<Tensor[], Tensor> model, IReadOnlyList<Device> devices, params Tensor[] inputs)
{
    Tensor[][] parts = [.. inputs.Select(x => x.Split(devices.Count))];
    return Tensor.Concat([.. devices.Select((device, i) => model([.. parts.Select(x => x[i].To(device))]).To(inputs[0].Device))]);
}

static Tensor SoftmaxEntropy(Tensor logits) => -(logits.Softmax() * logits.LogSoftmax()).Sum(axis: -1);

// output[i] = tensor[i].Gather(indices[i]), for tensor [batch, n, ...] and indices [batch, ...].
static Tensor BatchGather(Tensor tensor, Tensor indices)
{
    Shape shape = tensor.Shape;
    Tensor flat = tensor.Reshape([shape[0] * shape[1], .. shape[2..]]);
    Tensor offset = (Tensor.Range(shape[0].Value) * shape[1].Value).Reshape([shape[0], .. Enumerable.Repeat((Dim)1L, indices.Rank - 1)]);
    return flat.Gather(indices + offset);
}

// Scores are sums of log probabilities [batch, width]; a finished sequence goes on with its end alone, and keeps its score.
static (Tensor Ids, Tensor LogProbabilities) BeamSearch(Func<Tensor, Tensor, (Tensor State, Tensor Logits)> update, Tensor initialState, int length, int width, long begin, long end)
{
    int batch = (int)initialState.Shape[0].Value;
    Tensor state = initialState.ExpandDims(1).Tile(1, width, 1);                    // [batch, width, state]
    Tensor scores = Tensor.From([0f, .. Enumerable.Repeat(float.NegativeInfinity, width - 1)], [1, width]);
    Tensor ids = Tensor.Full([batch, width], begin, DType.Int64), chosen = Tensor.Zeros([batch, width, 0], DType.Int64), unfinished = Tensor.Ones([batch, width], DType.Bool);
    for (int i = 0; i < length; i++)
    {
        (state, Tensor logits) = update(state, ids);
        int classes = (int)logits.Shape[^1].Value;
        Tensor endAlone = Tensor.OneHot(Tensor.From(end), classes).Log();
        Tensor candidates = scores.ExpandDims(2) + unfinished.ExpandDims(2).Where(logits.LogSoftmax(), endAlone);   // [batch, width, classes]
        (scores, Tensor indices) = candidates.Reshape([batch, width * classes]).TopK(width);
        ids = indices % classes;
        Tensor beams = indices.FloorDivide(classes);
        state = BatchGather(state, beams);
        chosen = Tensor.Concat([BatchGather(chosen, beams), ids.ExpandDims(2)], axis: 2);
        unfinished = BatchGather(unfinished, beams) & ids.NotEqual(end);
    }
    return (chosen, scores);
}

// A model of three letters and an end: after the beginning 1 and 2 are likely, then the end.
static (Tensor State, Tensor Logits) NextLetter(Tensor state, Tensor ids)
{
    Tensor table = Tensor.From([[0.1f, 0.5f, 0.3f, 0.1f], [0.1f, 0.1f, 0.2f, 0.6f], [0.05f, 0.05f, 0.1f, 0.8f], [0.25f, 0.25f, 0.25f, 0.25f]]).Log();
    return (state, table.Gather(ids));
}

// KL(N(μ₁, σ₁²) ‖ N(μ₂, σ₂²)), the variances given as their logarithms.
static Tensor GaussianKl(Tensor mean1, Tensor logVariance1, Tensor mean2, Tensor logVariance2) =>
    (0.5 * (logVariance2 - logVariance1 + (logVariance1 - logVariance2).Exp() + (mean1 - mean2).Square() / logVariance2.Exp() - 1)).Sum(axis: -1);

static Tensor LeakyRelu(Tensor x, double alpha = 0.1) => x.Maximum(alpha * x);

internal static class Rounding
{
    public static Tensor Round2(this Tensor x) => (x * 100).Round() / 100;
}

// Batch normalization of channels-last images with running statistics.
internal sealed class BatchNormalizer(int channels, double epsilon = 0.001, double momentum = 0.9)
{
    private readonly Variable beta = new(Tensor.Zeros([channels])), gamma = new(Tensor.Ones([channels]));
    private readonly Variable averageMean = new(Tensor.Zeros([channels]), trainable: false), averageVariance = new(Tensor.Ones([channels]), trainable: false);

    public Tensor Call(Tensor x, bool training)
    {
        (Tensor mean, Tensor variance) = training ? x.Moments([0, 1, 2]) : (averageMean, averageVariance);
        if (training)
        {
            averageMean.Assign(averageMean * momentum + mean * (1 - momentum));
            averageVariance.Assign(averageVariance * momentum + variance * (1 - momentum));
        }
        return (x - mean) * (variance + epsilon).Rsqrt() * gamma + beta;
    }
}
