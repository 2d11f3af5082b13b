#:project ../../Eager.Train/Eager.Train.csproj
// Digits the short way, with Compile and Fit: dotnet run examples/scripts/digits-fitted.cs -- FOLDER [EPOCHS]
// FOLDER holds MNIST's four files, or others of their kind.
if (args.Length is 0 or > 2)
{
    Console.Error.WriteLine("usage: digits-fitted.cs FOLDER [EPOCHS]");
    return 2;
}
int epochs = args.Length > 1 ? int.Parse(args[1]) : 5;
Generator.SetGlobalSeed(1);

// The table of the slides.
new Sequential([new Dense(64, "relu", inputShape: [20]), new Dropout(0.5), new Dense(64, "relu"), new Dropout(0.5), new Dense(10)]).Summary(Console.Out);

(LabelledImages train, LabelledImages test) = Mnist.LoadData(args[0]);
Tensor x = Pixels(train), y = train.Labels, testX = Pixels(test), testY = test.Labels;
int pixels = (int)x.Shape[1].Value;

// Two hidden layers and Adam.
var perceptron = new Sequential([new Dense(256, "relu", inputShape: [pixels]), new Dense(256, "relu"), new Dense(10)]);
CompiledModel compiled = perceptron.Compile("adam", "sparse_softmax_cross_entropy", ["accuracy"]);
History history = compiled.Fit(x, y, epochs: epochs, validationSplit: 0.1, verbose: false);
Console.WriteLine($"perceptron: loss {string.Join(" ", history["loss"].Select(l => l.ToString("F3")))}");
Report("perceptron", compiled.Evaluate(testX, testY));
Tensor probabilities = compiled.Predict(testX[..1]).Softmax();
Console.WriteLine($"the first picture is a {probabilities.ArgMax(axis: 1)[0].Item()}, labelled {testY[0].Item()}");

// A logistic model, its labels one-hot.
var logistic = new Sequential([new Dense(10, inputShape: [pixels])]);
CompiledModel second = logistic.Compile(new Sgd(0.5), (labels, logits) => Loss.SoftmaxCrossEntropy(labels, logits), [new CategoricalAccuracy()]);
second.Fit(x, Tensor.OneHot(y, 10), batchSize: 128, epochs: epochs, verbose: false);
Console.WriteLine($"logistic: {logistic.Parameters.Sum(p => p.Variable.ElementCount):N0} parameters");
Report("logistic", second.Evaluate(testX, Tensor.OneHot(testY, 10)));
return 0;

static Tensor Pixels(LabelledImages images) => images.Images.Flatten(1).Cast(DType.Float32) / 255;

static void Report(string name, IReadOnlyDictionary<string, double> figures) => Console.WriteLine($"{name}: {string.Join(", ", figures.Select(f => $"{f.Key} {f.Value:F4}"))}");
