using System.Diagnostics;
using System.Text.Json.Nodes;
using Eager.Layers;
using Eager.Losses;
using Eager.Train;
using Spectre.Console;

namespace Eager.Bench;

/// <summary>W6: an epoch of Fashion-MNIST from its files, with the pictures decoded while the MLP trains on those before.</summary>
internal sealed class Epochs(ProblemReader problems)
{
    private const int BatchSize = 128;
    private const int Ahead = 4;
    private const float White = byte.MaxValue;

    // Drawn, but into nothing: what a terminal costs is not the library's.
    private static readonly IAnsiConsole Nowhere = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null) });

    /// <param name="variant">Who decodes: <c>reader</c>, one thread that reads ahead, or <c>decoders</c>, two workers.</param>
    /// <param name="images">How many pictures the epoch has.</param>
    public JsonObject Run(string variant, int images)
    {
        var model = Trainings.MlpModel(problems);
        var adam = new Adam(1e-3);
        var loss = new Mean("loss");

        var begin = Stopwatch.GetTimestamp();
        var train = FashionMnist.LoadData().Train;
        var opening = Stopwatch.GetElapsedTime(begin);

        begin = Stopwatch.GetTimestamp();
        var waiting = 0L;
        using (var progress = new TrainingProgress("epoch", images, "images", console: Nowhere))
        using (var batches = Batches(train, variant, images).GetEnumerator())
        {
            while (true)
            {
                var asked = Stopwatch.GetTimestamp();
                var more = batches.MoveNext();
                waiting += Stopwatch.GetTimestamp() - asked;
                if (!more)
                    break;
                using var scope = new TensorScope();
                var (x, y) = batches.Current;
                loss.Update(adam.Minimize(() => Loss.SparseSoftmaxCrossEntropy(y, model.Call(x, training: true)), model.TrainableVariables).Item(), (int)x.Shape[0]);
                progress.Advance(x.Shape[0], loss);
                x.Dispose();
                y.Dispose();
            }
        }

        var taken = Stopwatch.GetTimestamp() - begin;
        return new JsonObject
        {
            ["images_per_s"] = images * (double)Stopwatch.Frequency / taken,
            ["waiting"] = (double)waiting / taken,
            ["opening_s"] = opening.TotalSeconds,
            ["loss"] = loss.Result,
        };
    }

    private static IEnumerable<(Tensor X, Tensor Y)> Batches(LabelledImages train, string variant, int images) => variant switch
    {
        "reader" => train.AsDataset([784]).Take(images).Shuffle(seed: 1).Batch(BatchSize).Prefetch(Ahead),
        "decoders" => Dataset.FromTensorSlices(train.Images, train.Labels).Take(images).Shuffle(seed: 1).Batch(BatchSize).Map(Decode, parallelism: 2).Prefetch(Ahead),
        _ => throw new BenchmarkException($"unknown variant {variant}"),
    };

    private static (Tensor, Tensor) Decode((Tensor Features, Tensor Labels) batch)
    {
        using var scope = new TensorScope();
        return (scope.Keep(batch.Features.Reshape([batch.Features.Shape[0], 784]).Cast(DType.Float32) / White), batch.Labels);
    }
}
