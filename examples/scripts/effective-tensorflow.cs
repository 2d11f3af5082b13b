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
using (Broadcasting.Strict()) Refused(() => column + row);

Heading("Concatenation, tiled and broadcast");
Tensor a = Tensor.RandomUniform([5, 3, 5]), b = Tensor.RandomUniform([5, 1, 6]);
Tensor tiled = new Dense(10, ActivationFunction.Relu).Call(Tensor.Concat([a, b.Tile(1, 3, 1)], axis: 2));
Console.WriteLine($"tile, concat and dense give {tiled.Shape}, merge gives {Cookbook.Merge([a, b], 10).Shape}");

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
Tensor parts = Cookbook.MakeParallel(static x => x["a"] + x["b"], Device.Available, new Dictionary<string, Tensor> { ["a"] = left, ["b"] = right });
Console.WriteLine($"in parts equal to the whole: {Near(parts, left + right)}");

Heading("Shapes are checked");
Console.WriteLine($"{Tensor.Ones([2, 3]).MatMul(Tensor.Ones([3, 4])).Shape} and {Tensor.Ones([10, 2, 3]).MatMul(Tensor.Ones([10, 3, 4])).Shape}");

Refused(() => Tensor.Ones([2, 3]).AssertRank(1));
Refused(() => Tensor.From(1f, -1f).AssertPositive());
Console.WriteLine($"what holds comes back: {Tensor.From(1f, 2f).AssertRank(1).AssertPositive()}");

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
using TracedFunction halves = Function.Trace(t => { Console.WriteLine($"static shape {t.Shape}, in full [{string.Join(", ", Cookbook.GetShape(t))}]"); return t / 2; }, "halves", [new([null, 3])]);
halves.Call(Tensor.Ones([2, 3]));
Tensor table = Tensor.Range(0, 12).Reshape([2, 3, 2]);
Console.WriteLine($"batch gather\n{Cookbook.BatchGather(table, Tensor.From([[2L, 0L], [1L, 1L]]))}");
(Tensor ids, Tensor logProbabilities) = Cookbook.RnnBeamSearch(NextLetter, Tensor.Zeros([1, 1]), sequenceLength: 3, beamWidth: 2, beginToken: 0, endToken: 3);
Console.WriteLine($"beam search finds {ids[0, 0]} with probability {logProbabilities.Exp()[0, 0].Item():F3}, then {ids[0, 1]} with {logProbabilities.Exp()[0, 1].Item():F3}");
Console.WriteLine($"KL of N(1, 1) from N(0, 1) is {Loss.GaussianKullbackLeibler((Tensor.From([1f]), Tensor.From([0f]))).Item()}");
Console.WriteLine($"leaky relu {Cookbook.LeakyRelu(Tensor.From(-2f, 3f))}, entropy of evens {Loss.SoftmaxEntropy(Tensor.Zeros([4])).Item():F4} = log 4");
using UpdateCollection updates = UpdateCollection.Open();
Tensor normal = Cookbook.BatchNormalization(Tensor.RandomNormal([64, 4, 4, 3], mean: 5, stddev: 2), training: true);
updates.Run();
Console.WriteLine($"normalized to mean {Math.Abs(normal.Mean().Item()):F2} and deviation {normal.StandardDeviation().Item():F2}; the average went from 0 to {VariableStore.Current.Variables("batch_normalization")[2][0].Item():F1}");

static void Heading(string text) => Console.WriteLine($"\n== {text}");

static bool Near(Tensor x, Tensor y) => (x - y).Abs().Max().Item() < 1e-4 * y.Abs().Max().Item();

static void Refused(Func<Tensor> compute)
{
    try
    {
        _ = compute();
    }
    catch (EagerException error)
    {
        Console.WriteLine($"refused: {error.Message}");
    }
}

static Tensor L2(Tensor x) => x.Square().Sum() / 2;

static Tensor Prediction(Tensor data) => data.Square() + 1;

// A model of three letters and an end: after the beginning 1 and 2 are likely, then the end.
static (Tensor State, Tensor Logits) NextLetter(Tensor state, Tensor ids)
{
    Tensor table = Tensor.From([[0.1f, 0.5f, 0.3f, 0.1f], [0.1f, 0.1f, 0.2f, 0.6f], [0.05f, 0.05f, 0.1f, 0.8f], [0.25f, 0.25f, 0.25f, 0.25f]]).Log();
    return (state, table.Gather(ids));
}
