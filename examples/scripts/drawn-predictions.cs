#:project ../../Eager.Train/Eager.Train.csproj
// Predictions drawn with their pictures, in a summary for TensorBoard: dotnet run examples/scripts/drawn-predictions.cs -- [LOG-FOLDER]
using System.Buffers.Binary;

string folder = args.Length > 0 ? args[0] : Directory.CreateTempSubdirectory("eager-drawn-").FullName;
Generator.SetGlobalSeed(1);

// The ten digits in 5 × 3 pixels, and a linear model that learns them from noisy copies.
string[] font = ["111101101101111", "010110010010111", "111001111100111", "111001111001111", "101101111001001", "111100111001111", "111100111101111", "111001001001001", "111101111101111", "111101111001111"];
Tensor digits = Tensor.From([.. font.Select(digit => digit.Select(pixel => pixel == '1' ? 1f : 0f).ToArray())]);   // [10, 15]
var model = new Sequential([new Dense(10, inputShape: [15])]);
var adam = new Adam(learningRate: 0.05);
for (int step = 0; step < 200; step++)
{
    Tensor labels = Tensor.RandomUniform([32], 0, 10, DType.Int64);
    adam.Minimize(() => Loss.SparseSoftmaxCrossEntropy(labels, model.Call(Noisy(labels))), model.TrainableVariables);
}

Tensor classes = Tensor.From(4L, 7L, 2L), pictures = Noisy(classes), probabilities = model.Call(pictures).Softmax();
long[] predictions = probabilities.ArgMax(axis: 1).ToArray<long>();
Console.WriteLine($"the digits {string.Join(", ", classes.ToArray<long>())} are said to be {string.Join(", ", predictions)}");

// Enlarged, with a caption above and a bar for each of the likeliest classes below.
Tensor enlarged = pictures.Reshape([3, 5, 3, 1]).Clip(0, 1).Resize((80, 48), Interpolation.Nearest);
Tensor drawn = Drawing.LabelledImages(enlarged, [.. predictions.Select(p => $"{p}")], probabilities);
Console.WriteLine($"drawn: {drawn.Shape}, {drawn.DType.Name()}");

string path;
using (var writer = new FileWriter(folder))
{
    writer.Add(Summary.Image("predictions", drawn), step: 200);
    path = writer.Path;
}
SummaryValue value = EventFileReader.Read(path).SelectMany(e => e.Values).Single();
ReadOnlySpan<byte> header = value.Images![0].Span[16..24];   // width and height in a PNG file
Console.WriteLine($"{value.Tag}: {value.Images.Count} pictures of {BinaryPrimitives.ReadInt32BigEndian(header[4..])} × {BinaryPrimitives.ReadInt32BigEndian(header)} pixels");

Tensor Noisy(Tensor labels) => digits.Gather(labels) + Tensor.RandomNormal([labels.Shape[0], 15], stddev: 0.2);
