#:project ../../Eager.Train/Eager.Train.csproj
// The ways in which data reaches a computation: dotnet run examples/scripts/feeding-data.cs
string folder = Directory.CreateTempSubdirectory("eager-feeding-").FullName;
double[] numbers = [.. Enumerable.Range(0, 100).Select(i => (double)i)];

// A constant, a parameter, a host function, a dataset: Σ (i² + 1) is the same.
Tensor constant = Tensor.From(numbers);
Console.WriteLine($"a constant: {Prediction(constant).Sum().Item()}");
using TracedFunction fed = Function.Trace(x => Prediction(x), "prediction", [new([null], DType.Float64, "x")]);
Console.WriteLine($"a placeholder: {fed.Call(constant).Sum().Item()}");
Func<Tensor[], Tensor> made = Function.Host(count => Tensor.From(numbers[..count[0].Item<int>()]), name: "numbers");
Console.WriteLine($"a host function: {Prediction(made([Tensor.From(100)])).Sum().Item()}");
double total = 0;
foreach (Tensor batch in Dataset.FromTensorSlices(constant).Batch(30)) total += Prediction(batch).Sum().Item();
Console.WriteLine($"a dataset: {total}");

// The same through a file of records.
string records = Path.Combine(folder, "numbers.tfrecord");
using (FileStream file = File.Create(records))
    foreach (double number in numbers) TfRecord.Write(file, new TfExample().SetFloats("x", (float)number).SetInt64s("even", number % 2 == 0 ? 1 : 0).ToBytes());
Dataset<Tensor> parsed = Dataset.FromTfRecords([records]).Map(record => Tensor.From((double)TfExample.Parse(record).Floats("x")[0]));
total = 0;
foreach (Tensor batch in parsed.Batch(30)) total += Prediction(batch).Sum().Item();
Console.WriteLine($"a record file of {Dataset.FromTfRecords([records]).Count()} records: {total}");

// The whole pipeline: cached, repeated, shuffled, mapped by two threads, in batches, prefetched.
int batches = 0, rows = 0;
double mean = 0;
foreach (Tensor batch in parsed.Cache().Repeat(3).ShuffleWithin(bufferSize: 50, seed: 1).Map(x => x / 100, parallelism: 2).Batch(32).Prefetch(2))
{
    batches++;
    rows += (int)batch.Shape[0].Value;
    mean += batch.Sum().Item() / 300;
}
Console.WriteLine($"a pipeline: {batches} batches of {rows} rows, mean {mean:F4}");
Directory.Delete(folder, recursive: true);

static Tensor Prediction(Tensor data) => data.Square() + 1;
