using System.Diagnostics;

namespace FashionMnistExample;

/// <summary>Trains, tests and reports; everything it needs to go on later is in the checkpoint.</summary>
internal sealed class Trainer
{
    private const int SummaryInterval = 50;
    private const int TestBatch = 1000;

    private readonly Settings settings;
    private readonly Device device;
    private readonly LabelledImages train;
    private readonly Shape picture;
    private readonly Dataset<(Tensor Features, Tensor Labels)> testBatches;
    private readonly DatasetIterator<(Tensor Features, Tensor Labels)> trainBatches;
    private readonly Sequential model;
    private readonly IReadOnlyList<Variable> variables;
    private readonly Adam optimizer;
    private readonly Mean loss = new("loss");
    private readonly Accuracy accuracy = new();
    private readonly CheckpointManager? checkpoints;
    private readonly TracedFunction step;
    private readonly Stopwatch trainingTime = new();
    private long trained;

    internal Trainer(Settings settings)
    {
        this.settings = settings;
        device = Device.Parse(settings.Device);
        (train, LabelledImages test) = FashionMnist.LoadData(settings.DataFolder);
        picture = Models.PictureShape(settings.Model, train.Images.Shape[1..]);
        if (settings.Model == "cnn") Runtime.SetThreads(Environment.ProcessorCount);

        Generator.SetGlobalSeed(settings.Seed);
        using (Device.Use(device)) model = Models.Create(settings.Model, picture, train.ClassNames.Count);
        variables = model.TrainableVariables;
        optimizer = new Adam(settings.LearningRate);
        optimizer.Build(variables);
        trainBatches = train.AsDataset(picture).Shuffle().Batch(settings.BatchSize).GetIterator(settings.Seed);
        testBatches = test.AsDataset(picture).Batch(TestBatch);
        step = Function.Trace(Step, "train_step", [new(picture.Insert(0, Dim.Unknown), Name: "images"), new([Dim.Unknown], DType.Int64, "labels")]);

        if (settings.CheckpointFolder is null) return;
        var state = new Checkpoint()
            .Add("model", model)
            .Add("optimizer", optimizer)
            .Add("data", trainBatches)
            .Add("loss", loss)
            .Add("accuracy", accuracy)
            .Add(StateEntry.Generator("generator", Generator.Default));
        checkpoints = new CheckpointManager(state, settings.CheckpointFolder);
    }

    /// <summary>Set by Ctrl-C: the training ends after the step at hand.</summary>
    internal static bool StopRequested { get; set; }

    internal void Run()
    {
        model.Summary();
        if (checkpoints?.RestoreLatest() is { } restored)
            Console.WriteLine($"Going on from step {restored}, in epoch {Math.Min(trainBatches.Epoch + 1, settings.Epochs)} of {settings.Epochs}.");

        using FileWriter? summaries = settings.LogFolder is { } folder ? new FileWriter(folder) : null;
        summaries?.AddSessionLog(SessionStatus.Start, optimizer.Step);
        if (summaries is not null && !settings.Traced) AddForwardGraph(summaries);
        while (trainBatches.Epoch < settings.Epochs && !StopRequested) TrainEpoch(summaries);
        summaries?.AddSessionLog(SessionStatus.Stop, optimizer.Step);

        if (StopRequested) Console.WriteLine($"Stopped at step {optimizer.Step}{(checkpoints?.Latest is { } saved ? $"; saved in {saved}" : "")}.");
        if (trained > 0) Console.WriteLine($"trained on {trained:N0} images, {trained / trainingTime.Elapsed.TotalSeconds:N0} a second");
        var confusion = new ConfusionMatrix(train.ClassNames.Count);
        Console.WriteLine($"test accuracy {Test(confusion):F4}");
        Console.Write(ConfusionTable.Of(confusion, train.ClassNames));
    }

    private void TrainEpoch(FileWriter? summaries)
    {
        long epoch = trainBatches.Epoch;
        long done = trainBatches.Position.Index * settings.BatchSize;
        using (var progress = new TrainingProgress($"epoch {epoch + 1}/{settings.Epochs}", train.Count, "images", done))
        {
            trainingTime.Start();
            foreach ((Tensor images, Tensor labels) in trainBatches)
            {
                using var scope = new TensorScope();
                long count = labels.ElementCount;
                Tensor[] results = TrainStep(images.To(device), labels.To(device));
                loss.Update(results[0].Item(), count);
                accuracy.Update(labels, results[1]);
                progress.Advance(count, loss, accuracy);
                if (summaries is not null && optimizer.Step % SummaryInterval == 0) AddScalars(summaries);
                images.Dispose();
                labels.Dispose();
                // The traced step has its graph, backward pass and update included, from its first call on.
                if (trained == 0 && settings.Traced) summaries?.AddGraph(step.Graph);
                trained += count;
                if (StopRequested) break;
            }
            trainingTime.Stop();
        }
        bool finished = trainBatches.Epoch > epoch;
        if (finished)
        {
            double tested = Test();
            Console.WriteLine($"epoch {epoch + 1}/{settings.Epochs}: loss {loss.Result:F6}, accuracy {accuracy.Result:F4}, test accuracy {tested:F4}");
            summaries?.AddScalar("test/accuracy", tested, optimizer.Step);
            loss.Reset();
            accuracy.Reset();
        }
        checkpoints?.Save(optimizer.Step);
    }

    private Tensor[] TrainStep(Tensor images, Tensor labels) => settings.Traced ? step.CallAll(images, labels) : [.. Step([images, labels])];

    private IReadOnlyList<Tensor> Step(IReadOnlyList<Tensor> batch)
    {
        using var tape = new GradientTape();
        Tensor logits = model.Call(batch[0], training: true);
        Tensor value = Loss.SparseSoftmaxCrossEntropy(batch[1], logits);
        optimizer.Apply(tape.Gradient(value, variables), variables);
        return [value, logits];
    }

    private double Test(ConfusionMatrix? confusion = null)
    {
        var tested = new Accuracy();
        foreach ((Tensor images, Tensor labels) in testBatches)
        {
            using var scope = new TensorScope();
            Tensor logits = model.Call(images.To(device));
            tested.Update(labels.To(device), logits);
            confusion?.Update(labels, logits);
        }
        return tested.Result;
    }

    private void AddScalars(FileWriter summaries)
    {
        summaries.AddScalar("train/loss", loss.Result, optimizer.Step);
        summaries.AddScalar("train/accuracy", accuracy.Result, optimizer.Step);
    }

    // The forward pass is traced for the sake of its graph alone.
    private void AddForwardGraph(FileWriter summaries)
    {
        using TracedFunction forward = Function.Trace(x => model.Call(x), settings.Model, [new(picture.Insert(0, Dim.Unknown), Name: "images")]);
        using var scope = new TensorScope();
        using (Device.Use(device)) forward.Call(Tensor.Zeros(picture.Insert(0, 1)));
        summaries.AddGraph(forward.Graph);
    }
}
