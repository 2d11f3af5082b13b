#:project ../../Eager.Train/Eager.Train.csproj
// Functions of one's own with gradients of one's own, checked by finite differences: dotnet run examples/scripts/custom-gradients.cs

// A function of plain C#, which no tape can see into, with the gradient that belongs to it.
Func<Tensor[], Tensor> relu = Function.Host(
    x => Tensor.From(Array.ConvertAll(x[0].ToArray<double>(), v => Math.Max(v, 0)), x[0].Shape),
    (x, y, g) => [g * (x[0] > 0).Cast(g.DType)],
    "relu");
Tensor point = Tensor.From(-1.5, -0.2, 0.3, 2.0);
Console.WriteLine($"relu on the host {relu([point])}");
Console.WriteLine($"its gradient is off by less than 1e-6: {GradientCheck.Run(x => relu([x]).Sum(), point).LargestDifference < 1e-6}");

// Without a gradient it cannot be differentiated, and says so.
Func<Tensor[], Tensor> opaque = Function.Host(x => x[0].Relu(), name: "opaque");
Refused(() => Function.Grad(x => opaque([x]).Sum())(point));

// A stable gradient for a function whose own one overflows: log(1 + eˣ).
Func<Tensor, Tensor> softplus = Function.CustomGradient(x => ((1 + x.Exp()).Log(), g => g * x.Sigmoid()));
Tensor steep = Tensor.From(0.0, 1000.0);
Console.WriteLine($"by its own steps {Function.Grad(x => (1 + x.Exp()).Log().Sum())(steep)}, by ours {Function.Grad(x => softplus(x).Sum())(steep)}");

// The gradient of an operation of the library, replaced within a scope.
Tensor number = Tensor.From(3.0);
using (GradientOverride.For("Square", run => [run.OutputGradients[0]! * 100]))
    Console.Write($"the square's slope at 3 within the scope {Function.Grad(x => x.Square())(number).Item()}, ");
Console.WriteLine($"outside {Function.Grad(x => x.Square())(number).Item()}");

// A wrong gradient is found, with the place.
Func<Tensor[], Tensor> wrong = Function.Host(x => x[0] * x[0], (x, y, g) => [g * x[0] * 2.1], "wrong");
Refused(() =>
{
    GradientCheck.Require(x => wrong([x]).Sum(), point);
    return point;
});

static void Refused(Func<Tensor> compute)
{
    try
    {
        _ = compute();
    }
    catch (EagerException e)
    {
        Console.WriteLine($"refused: {e.Message.Split('\n')[0]}");
    }
}
