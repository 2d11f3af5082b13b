using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace FashionMnistExample;

/// <summary>What the command line asks for.</summary>
internal sealed record Settings(
    string Model,
    int Epochs,
    int BatchSize,
    double LearningRate,
    long Seed,
    string Device,
    string DataFolder,
    string? LogFolder,
    string? CheckpointFolder,
    bool Traced)
{
    /// <summary>Reads the arguments; null when help was printed or they are wrong, which one sentence on standard error says.</summary>
    internal static Settings? Parse(string[] args, out int exitCode)
    {
        var model = new Option<string>("--model") { Description = "logistic, mlp (784-256-256-10) or cnn (two convolutions, dropout, dense)", DefaultValueFactory = static _ => "mlp" };
        Require<string>(model, static name => Models.Names.Contains(name), "must be logistic, mlp or cnn");
        var epochs = Positive("--epochs", "How often to go through the training pictures", 5);
        var batchSize = Positive("--batch-size", "Pictures in a step", 128);
        var learningRate = new Option<double>("--learning-rate") { Description = "Adam's learning rate", DefaultValueFactory = static _ => 1e-3 };
        Require<double>(learningRate, static rate => rate is > 0 and < double.PositiveInfinity, "must be above 0");
        var seed = new Option<long>("--seed") { Description = "Same seed, same numbers", DefaultValueFactory = static _ => 1 };
        var device = new Option<string>("--device") { Description = "cpu, cuda or cuda:1", DefaultValueFactory = static _ => "cpu" };
        var data = new Option<string>("--data-dir") { Description = "A folder with MNIST's four IDX files, gzipped or not", DefaultValueFactory = static _ => FashionMnist.DefaultFolder };
        var log = new Option<string?>("--log-dir") { Description = "Write summaries for TensorBoard into this folder" };
        var checkpoints = new Option<string?>("--checkpoint-dir") { Description = "Save after each epoch into this folder, and go on from what it holds" };
        var traced = new Option<bool>("--traced") { Description = "Capture the training step once and replay it natively" };
        var command = new RootCommand("Trains a classifier on Fashion-MNIST, or on any pictures in MNIST's file format.")
        {
            model, epochs, batchSize, learningRate, seed, device, data, log, checkpoints, traced,
        };

        ParseResult parsed = command.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            Console.Error.WriteLine($"{parsed.Errors[0].Message} See --help.");
            exitCode = 2;
            return null;
        }
        if (parsed.Action is not null)
        {
            exitCode = parsed.Invoke();
            return null;
        }
        exitCode = 0;
        return new Settings(
            parsed.GetValue(model)!,
            parsed.GetValue(epochs),
            parsed.GetValue(batchSize),
            parsed.GetValue(learningRate),
            parsed.GetValue(seed),
            parsed.GetValue(device)!,
            parsed.GetValue(data)!,
            parsed.GetValue(log),
            parsed.GetValue(checkpoints),
            parsed.GetValue(traced));
    }

    private static Option<int> Positive(string name, string description, int byDefault)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => byDefault };
        Require<int>(option, static number => number >= 1, "must be at least 1");
        return option;
    }

    // A text that is no such value is an error of the parser's own.
    private static void Require<T>(Option<T> option, Predicate<T> isFit, string rule) where T : IParsable<T> =>
        option.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
                if (T.TryParse(token.Value, CultureInfo.InvariantCulture, out T? value) && !isFit(value)) result.AddError($"{option.Name} {rule}, not '{token.Value}'.");
        });
}
