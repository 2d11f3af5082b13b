#:project ../../Eager.Train/Eager.Train.csproj
// One batch on several devices, part by part, with one set of weights: dotnet run examples/scripts/in-parallel.cs
Generator.SetGlobalSeed(1);

// The devices at hand; where there is one, both parts run on it.
IReadOnlyList<Device> devices = Device.Available.Count > 1 ? Device.Available : [Device.Cpu, Device.Cpu];

// The polynomial of the document, its loss computed in parts and its gradient taken through them.
var w = new Variable(Initializer.GlorotUniform().Create([3, 1]), name: "w");
var adam = new Adam(learningRate: 0.1);
for (int step = 0; step < 1000; step++)
{
    Tensor x = Tensor.RandomUniform([100], -10.0, 10.0), y = 5 * x.Square() + 3;
    adam.Minimize(() => Cookbook.MakeParallel(Loss, devices, Inputs(x, y)).Mean(), [w]);
}
Console.WriteLine($"w = {w.Squeeze(1)}");

Tensor some = Tensor.RandomUniform([10], -1.0, 1.0), other = Tensor.RandomUniform([10], -1.0, 1.0);
Tensor whole = Loss(Inputs(some, other)), parts = Cookbook.MakeParallel(Loss, devices, Inputs(some, other));
Console.WriteLine($"{devices.Count} parts give {parts.Shape}, equal to the whole: {parts.AllClose(whole)}");
Tensor? sliced = Gradient(() => Cookbook.MakeParallel(Loss, devices, Inputs(some, other))), direct = Gradient(() => Loss(Inputs(some, other)));
Console.WriteLine($"so are their gradients: {sliced!.AllClose(direct!)}");

Tensor? Gradient(Func<Tensor> loss)
{
    using var tape = new GradientTape();
    return tape.Gradient(loss().Sum(), w);
}

Tensor Loss(IReadOnlyDictionary<string, Tensor> inputs)
{
    Tensor features = Tensor.Stack([inputs["x"].Square(), inputs["x"], Tensor.OnesLike(inputs["x"])], axis: 1);   // [part, 3]
    return (features.MatMul(w).Squeeze(1) - inputs["y"]).Square();                                                // [part]
}

static Dictionary<string, Tensor> Inputs(Tensor x, Tensor y) => new() { ["x"] = x, ["y"] = y };
