#:project ../../Eager.Train/Eager.Train.csproj
// "TensorFlow for NumPy users", done eagerly: dotnet run examples/scripts/numpy-users.cs

// Arrays. Nothing is deferred: each line computes, and printing shows the values.
Tensor a = Tensor.Zeros([2, 2]), b = Tensor.Ones([2, 2]);
Console.WriteLine($"row sums {b.Sum(axis: 1)}");
Console.WriteLine($"shape {a.Shape}, reshaped {a.Reshape([1, 4])}");
Console.WriteLine($"b * 5 + 1 =\n{b * 5 + 1}");
Tensor m = Tensor.From([[1f, 2f], [3f, 4f]]);
Console.WriteLine($"m[0, 0] = {m[0, 0].Item()}, m[:, 0] = {m[.., 0]}, m[0, :] = {m[0]}");
Console.WriteLine($"m · m =\n{m.MatMul(m)}");
Console.WriteLine($"5 × 6 = {(Tensor.From(5f) * 6).Item()}");

// Variables: tensors that change, by Assign alone.
Variable w1 = new(Tensor.Ones([2, 2]), name: "weights"), w2 = new(Tensor.Zeros([2, 2]), name: "zeros"), w3 = new(Tensor.RandomNormal([2, 2]), name: "random");
Console.WriteLine($"variables {w1.Name}, {w2.Name}, {w3.Name} of shapes {w1.Shape}, {w2.Shape}, {w3.Shape}; {w1.Name} sums to {w1.Sum().Item()}");
var counter = new Variable(Tensor.From(0), trainable: false, name: "counter");
Console.Write($"counter {counter.Item()}");
for (int i = 0; i < 2; i++)
{
    counter.AssignAdd(Tensor.From(1));
    Console.Write($" {counter.Item()}");
}
Console.WriteLine();

// Two results of one expression need no session: they are two variables of the program.
Tensor sum = Tensor.From(2f) + 5, product = Tensor.From(3f) * sum;
Console.WriteLine($"product and sum [{product.Item()}, {sum.Item()}]");

// From C# arrays and back.
Tensor fromArray = Tensor.From(new float[3, 3]);
Console.WriteLine($"an array of 3×3 zeros became a tensor of shape {fromArray.Shape} whose largest element is {fromArray.Max().Item()}");

// What was a placeholder is a parameter.
static Tensor Twice(Tensor x) => x * 2;
Console.WriteLine($"7 × 2 = {Twice(Tensor.From([7f]))}");

// Linear regression of a sine: 500 minibatches of 100, Adam at 0.1.
Generator.SetGlobalSeed(1);
Tensor x = Tensor.Range(0, 100, 0.1).ExpandDims(1), y = x + 20 * (x / 10).Sin();   // [1000, 1]
Variable slope = new(Tensor.RandomNormal([1, 1]), name: "slope"), bias = new(Tensor.Zeros([1]), name: "bias");
var optimizer = new Adam(learningRate: 0.1);
for (int step = 0; step < 500; step++)
{
    Tensor batch = Tensor.RandomUniform([100], 0, 1000, DType.Int64);
    Tensor inputs = x.Gather(batch), targets = y.Gather(batch);                     // [100, 1]
    optimizer.Minimize(() => ((targets - inputs.MatMul(slope) - bias).Square() / 1000).Sum(), [slope, bias]);
}
Console.WriteLine($"the sine's line: slope {slope.Item():F3}, bias {bias.Item():F2}");

// A whole array where a minibatch was meant is refused once the shape is fixed, not broadcast.
using TracedFunction predict = Function.Trace(t => t.MatMul(slope) + bias, "predict", [new([100, 1], Name: "inputs")]);
try
{
    predict.Call(x);
}
catch (EagerException e)
{
    Console.WriteLine($"refused: {e.Message}");
}
