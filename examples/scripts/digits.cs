#:project ../../Eager.Train/Eager.Train.csproj
// Digits classified with a tape, step by step, with summaries and checkpoints from which the next run goes on:
//   dotnet run examples/scripts/digits.cs -- FOLDER [linear|mlp|cnn] [STEPS] [STATE]
// FOLDER holds MNIST's four files, or others of their kind; STATE keeps summaries and checkpoints.
if (args.Length is 0 or > 4)
{
    Console.Error.WriteLine("usage: digits.cs FOLDER [linear|mlp|cnn] [STEPS] [STATE]");
    return 2;
}
string name = args.Length > 1 ? args[1] : "linear";
int steps = args.Length > 2 ? int.Parse(args[2]) : 1000;
string state = args.Length > 3 ? args[3] : Directory.CreateTempSubdirectory("eager-digits-").FullName;

Generator.SetGlobalSeed(1);
(LabelledImages train, LabelledImages test) = Mnist.LoadData(args[0]);
Shape picture = name == "cnn" ? [.. train.Images.Shape[1..], 1] : [train.Images.Shape[1] * train.Images.Shape[2]];
Func<Tensor, bool, Tensor> model = name switch { "linear" => LinearFn, "mlp" => (x, _) => MlpFn(x), "cnn" => (x, training) => CnnFn(x, training), _ => throw new ArgumentException($"there is no model '{name}'") };

// A model is a function that makes or finds its variables in a store; one call makes them.
using VariableStore store = VariableStore.Open();
using VariableScope scope = VariableScope.Open(name, Reuse.Auto);
model(Tensor.Zeros([1, .. picture]), false);
Dictionary<string, Variable> byName = store.Entries().SelectMany(Named).ToDictionary();
Variable[] variables = [.. byName.Values];
Console.WriteLine($"{name}: {variables.Sum(v => v.ElementCount):N0} parameters in {variables.Length} variables, {byName.Keys.First()} the first");

Optimizer optimizer = name == "linear" ? new Sgd(learningRate: 0.1) : new Adam(learningRate: 0.003);
DatasetIterator<(Tensor Features, Tensor Labels)> batches = train.AsDataset(picture).Shuffle().Batch(32).GetIterator(seed: 1);
var saved = new CheckpointManager(new Checkpoint()
    .Add(byName).Add("optimizer", optimizer).Add("data", batches).Add(StateEntry.Generator("generator", Generator.Default)), Path.Combine(state, "checkpoints"));
if (saved.RestoreLatest() is { } restored) Console.WriteLine($"going on from step {restored}");

using (var writer = new FileWriter(Path.Combine(state, "train")))
{
    Mean loss = new("loss");
    Accuracy accuracy = new();
    var summaries = new SummaryCollection();
    summaries.Add(() => Summary.Scalar("loss", loss.Result));
    summaries.Add(() => Summary.Scalar("accuracy", accuracy.Result));
    foreach ((string tag, Variable variable) in byName) summaries.Add(() => Summary.Histogram(tag, variable));

    while (optimizer.Step < steps)
        foreach ((Tensor x, Tensor y) in batches)
        {
            using var temporaries = new TensorScope();
            using var tape = new GradientTape();
            Tensor logits = model(x, true), value = Loss.SparseSoftmaxCrossEntropy(y, logits);
            optimizer.Apply(tape.Gradient(value, variables), variables);
            loss.Update(value.Item());
            accuracy.Update(y, logits);
            if (optimizer.Step % 20 == 0)
            {
                writer.Add(summaries.MergeAll(), optimizer.Step);
                Console.WriteLine($"step {optimizer.Step}: loss {loss.Result:F4}, accuracy {accuracy.Result:F3}");
                loss.Reset();
                accuracy.Reset();
            }
            if (optimizer.Step == steps) break;
        }
}
saved.Save(optimizer.Step);

Accuracy tested = new();
foreach ((Tensor x, Tensor y) in test.AsDataset(picture).Batch(500)) tested.Update(y, model(x, false));
Console.WriteLine($"test accuracy {tested.Result:F4}; summaries and checkpoint {Path.GetFileName(saved.Latest)} are in {state}");
return 0;

// logits = xW + b
static Tensor LinearFn(Tensor x, bool training) =>
    x.MatMul(VariableScope.GetVariable("W", [x.Shape[1], 10])) + VariableScope.Get("b", () => new Variable(Tensor.Zeros([10]), name: "b"));

static Tensor MlpFn(Tensor x)
{
    int[] units = [50, 30];
    for (int i = 0; i < units.Length; i++) x = Layer($"hidden_{i}", layer => new Dense(units[i], "sigmoid", name: layer), x);
    return Layer("logits", layer => new Dense(10, name: layer), x);
}

static Tensor CnnFn(Tensor x, bool training)
{
    int[] channels = [32, 64];
    for (int i = 0; i < channels.Length; i++) x = Layer($"convolution_{i}", layer => new Conv2D(channels[i], 3, strides: 2, activation: "relu", name: layer), x);
    return Layer("logits", layer => new Dense(10, name: layer), training ? x.Flatten(1).Dropout(rate: 0.5) : x.Flatten(1));
}

static IEnumerable<KeyValuePair<string, Variable>> Named(KeyValuePair<string, object> entry) =>
    entry.Value is Layer layer ? layer.Parameters.Select(p => KeyValuePair.Create($"{entry.Key}/{p.Path}", p.Variable)) : [new(entry.Key, (Variable)entry.Value)];

static Tensor Layer(string name, Func<string, Layer> make, Tensor x) => VariableScope.Get(name, () => make(name)).Call(x);
