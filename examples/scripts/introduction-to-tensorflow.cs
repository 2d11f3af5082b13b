#:project ../../Eager.Train/Eager.Train.csproj
// The programs of "Introduction to TensorFlow" that need no graph, done eagerly: dotnet run examples/scripts/introduction-to-tensorflow.cs

// Constants have a dtype and a shape, and mix only on purpose.
Tensor five = Tensor.From(5);
Console.WriteLine($"constant {five.Item()}, {five.DType.Name()} of shape {five.Shape}; 3 + 5 = {(Tensor.From(3) + 5).Item()}");
Refused(() => Tensor.From(2) * Tensor.From(2.5f));
Refused(() => Tensor.From(2) * 2.5);
Console.WriteLine($"with a cast {(Tensor.From(2).Cast(DType.Float32) * Tensor.From(2.5f)).Item()}");

// Printing is an operation, which gives its input back.
var print = new Print("printed: ", output: Console.Out);
Console.WriteLine($"after printing {print.Call(five).Item()}; printed {print.Calls} time");

// x = 1 + 3, s = 2x² + 5, y = x + √s, by methods and by operators.
Tensor x = Tensor.From(1f) + 3;
Tensor byMethods = x + (Tensor.From(2f) * x.Pow(2) + 5).Sqrt(), byOperators = x + (2 * x * x + 5).Sqrt();
Console.WriteLine($"y = {byMethods.Item():F5} = {byOperators.Item():F5}");

// Variables hold what changes.
var total = new Variable(Tensor.From(5), name: "total");
total.AssignAdd(Tensor.From(10));
Console.WriteLine($"5 + 10 = {total.Item()}");

// What was fed is an argument.
Console.WriteLine($"p + 1 = {AddOne(Tensor.From(2)).Item()}");

// Partial shapes say what fits.
Shape images = [null, 10];
Console.WriteLine($"[5, 10] fits {images}: {images.IsCompatibleWith([5, 10])}; [5, 15]: {images.IsCompatibleWith([5, 15])}");
Console.WriteLine($"1 + [1, 2, 3] = {1 + Tensor.From(1, 2, 3)}");

// The cross entropy of a linear model, its minus and its step put right, by hand and by the library.
Generator.SetGlobalSeed(3);
Tensor inputs = Tensor.RandomNormal([50, 4]), classes = inputs.ArgMax(axis: 1), labels = Tensor.OneHot(classes, 4);
Variable w = new(Tensor.Zeros([4, 4]), name: "w"), b = new(Tensor.Zeros([4]), name: "b");
Tensor logits = inputs.MatMul(w) + b;
Tensor naive = -(labels * logits.Softmax().Log()).Sum(axis: 1).Mean(), fused = Tensor.SoftmaxCrossEntropy(labels, logits).Mean();
Console.WriteLine($"cross entropy of four equal guesses: by hand {naive.Item():F4}, fused {fused.Item():F4} = log 4");
for (int step = 0; step < 300; step++)
{
    using var tape = new GradientTape();
    Tensor loss = Tensor.SoftmaxCrossEntropy(labels, inputs.MatMul(w) + b).Mean();
    Tensor?[] gradients = tape.Gradient(loss, [w, b]);
    w.AssignSub(0.1 * gradients[0]!);
    b.AssignSub(0.1 * gradients[1]!);
}
Tensor right = (inputs.MatMul(w) + b).ArgMax(axis: 1).Equal(classes);
Console.WriteLine($"accuracy above 0.9 after 300 steps: {right.Cast(DType.Float32).Mean().Item() > 0.9}");

// Dropout scales what it keeps by 1/(1 − rate), so that the mean stays.
Tensor dropped = Tensor.Ones([10_000]).Dropout(rate: 0.75);
Console.WriteLine($"dropout leaves 0 and {dropped.Max().Item()}, mean {dropped.Mean().Item():F1}");

// The operations of the slides, on an image of 4×4 with one channel.
Tensor image = Tensor.Range(0, 16, dtype: DType.Float32).Reshape([1, 4, 4, 1]);
Console.WriteLine($"convolution {image.Conv2D(Tensor.Ones([3, 3, 1, 2]), padding: Padding.Same).Shape}, pooled {image.MaxPool2D(2).Shape} with {image.MaxPool2D(2).Flatten()}");
Console.WriteLine($"mean over axis 0 of [100, 10] has shape {Tensor.Zeros([100, 10]).Mean(axis: 0).Shape}");

static Tensor AddOne(Tensor p) => p + 1;

static void Refused(Func<Tensor> compute)
{
    try
    {
        _ = compute();
    }
    catch (EagerException e)
    {
        Console.WriteLine($"refused: {e.Message}");
    }
}
