#:project ../../Eager.Train/Eager.Train.csproj
// A first look, top to bottom: dotnet run examples/scripts/tour.cs

// Tensors: operations run at once, shapes broadcast as in NumPy, dtypes never mix silently.
Tensor a = Tensor.From([[1f, 2f], [3f, 4f]]);
Tensor b = Tensor.From(10f, 20f);
Console.WriteLine($"a + b = {Show(a + b)}");
Console.WriteLine($"a · b = {Show(a.MatMul(b))}");
try
{
    _ = a + Tensor.From(1, 2);
}
catch (EagerException e)
{
    Console.WriteLine(e.Message);
}

// Gradients: a tape records what happens while it is open. d/dx x³ = 3x², and once more 6x.
Tensor x = Tensor.From(2f);
using (var outer = new GradientTape())
{
    outer.Watch(x);
    Tensor? slope;
    using (var inner = new GradientTape())
    {
        inner.Watch(x);
        slope = inner.Gradient(x * x * x, x);
    }
    Console.WriteLine($"slope {slope!.Item()}, curvature {outer.Gradient(slope, x)!.Item()}");
}

// Training: fit y = 3x + 2 by gradient descent.
Tensor inputs = Tensor.LinSpace(-1, 1, 50), targets = inputs * 3 + 2;
Variable w = new(Tensor.Zeros([]), name: "w"), c = new(Tensor.Zeros([]), name: "c");
var optimizer = new Sgd(learningRate: 0.3);
for (int step = 0; step < 200; step++) optimizer.Minimize(() => Loss.MeanSquaredError(targets, inputs * w + c), [w, c]);
Console.WriteLine($"y = {w.Item():F2}x + {c.Item():F2}");

// A traced function: captured on its first call, replayed natively from then on.
using TracedFunction line = Function.Trace(t => t * w + c, "line", [new([null], Name: "t")]);
line.Call(inputs);
Console.Write(line.Graph);

static string Show(Tensor t) => $"[{string.Join(", ", t.ToArray<float>())}] of shape {t.Shape}";
