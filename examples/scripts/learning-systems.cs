#:project ../../Eager.Train/Eager.Train.csproj
// The small programs of the lecture on learning systems, done eagerly: dotnet run examples/scripts/learning-systems.cs

// 2 + 3: computed at once; traced, it is a symbol with a name.
Console.WriteLine($"2 + 3 = {(Tensor.From(2) + Tensor.From(3)).Item()}");
using TracedFunction add = Function.Trace((x, y) => x + y, "add");
Console.WriteLine($"traced {add.Call(Tensor.From(2), Tensor.From(3)).Item()}, by {add.Graph.Outputs[0].Name}");

// A constant and a variable.
Tensor a = Tensor.From([[1, 2], [3, 4]]);
var b = new Variable(Tensor.From([[3, 4], [5, 6]]), name: "B");
Console.WriteLine($"A + B =\n{a + b}");

// What was a placeholder B of shape [3]: a traced function's input refuses another shape by name.
using TracedFunction shifted = Function.Trace(x => x + 5, "shifted", [new([3], DType.Int32, "B")]);
Console.WriteLine($"[1, 2, 3] + 5 = {shifted.Call(Tensor.From(1, 2, 3))}");
try
{
    shifted.Call(Tensor.From(1, 2));
}
catch (EagerException e)
{
    Console.WriteLine($"refused: {e.Message}");
}

// One layer by hand: relu(xW + b).
Generator.SetGlobalSeed(1);
Variable w = new(Tensor.RandomUniform([784, 100], -1.0, 1.0), name: "W"), bias = new(Tensor.Zeros([100]), name: "b");
Tensor h = (Tensor.RandomUniform([100, 784]).MatMul(w) + bias).Relu();
Console.WriteLine($"relu(xW + b): [100, 784] -> {h.Shape}, nothing below {h.Min().Item()}");
Console.WriteLine($"a logistic model of 784 inputs and 10 classes has {new Sequential([new Dense(10, inputShape: [784])]).Parameters.Sum(p => p.Variable.ElementCount)} parameters");
Console.WriteLine($"60,000 images in batches of 100 make {Dataset.FromTensorSlices(Tensor.Zeros([60_000, 1])).Batch(100).Count} iterations an epoch");
