#:project ../../Eager.Train/Eager.Train.csproj
// Two networks against each other: one makes digits of 5 × 3 pixels, the other tells them from drawn ones: dotnet run examples/scripts/gan.cs -- [STEPS]
int steps = args.Length > 0 ? int.Parse(args[0]) : 1500;
Generator.SetGlobalSeed(4);

// The digits 0 to 3, row by row.
string[] drawings = ["111101101101111", "010110010010111", "111001111100111", "111001111001111"];
Tensor digits = Tensor.From([.. drawings.Select(drawing => drawing.Select(pixel => pixel == '1' ? 1f : 0f).ToArray())]);   // [4, 15]

var generator = new Sequential([new Dense(32, "relu", inputShape: [4]), new Dense(15, "sigmoid")]);
var discriminator = new Sequential([new Dense(32, ActivationFunction.LeakyRelu, inputShape: [15]), new Dense(1)]);
Adam generatorAdam = new(learningRate: 0.002, beta1: 0.5), discriminatorAdam = new(learningRate: 0.002, beta1: 0.5);
Console.WriteLine($"the discriminator judges both kinds with the same {discriminator.TrainableVariables.Count} variables");
Console.WriteLine($"before: {Distance():F2} from the nearest digit");

for (int step = 0; step < steps; step++)
{
    Tensor real = digits.Gather(Tensor.RandomUniform([32], 0, 4, DType.Int64)) + Tensor.RandomNormal([32, 15], stddev: 0.05);
    Tensor made = generator.Call(Noise());
    discriminatorAdam.Minimize(() => Judged(real, 1) + Judged(made, 0), discriminator.TrainableVariables);
    generatorAdam.Minimize(() => Judged(generator.Call(Noise()), 1), generator.TrainableVariables);
}

Console.WriteLine($"after: {Distance():F2} from the nearest digit");
Console.WriteLine($"{generator.Call(Noise()).CDist(digits).ArgMin(axis: 1).Unique().Values.ElementCount} of the 4 digits are made");
Console.WriteLine(string.Join('\n', generator.Call(Noise())[..3].Unstack().Select(Draw)));

// Cross entropy of what the discriminator says of pictures and what it should say.
Tensor Judged(Tensor pictures, double label)
{
    Tensor said = discriminator.Call(pictures);   // [batch, 1]
    return Loss.SigmoidCrossEntropy(Tensor.FullLike(said, label), said);
}

double Distance() => generator.Call(Noise()).CDist(digits).Min(axis: 1).Mean().Item();   // of 32 pictures

static Tensor Noise() => Tensor.RandomNormal([32, 4]);

static string Draw(Tensor picture) => string.Join('\n', picture.Reshape([5, 3]).Unstack().Select(row => string.Concat(row.ToArray<float>().Select(v => v > 0.5f ? "##" : "  ")))) + "\n";
