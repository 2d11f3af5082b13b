#:project ../../Eager.Train/Eager.Train.csproj
// Digits classified the Experiment way: the model is a function, and the command line says what to do with it.
//   dotnet run examples/scripts/experiment.cs -- --output_dir runs/digits --hparams data=FOLDER,model=cnn,steps=2000
//   dotnet run examples/scripts/experiment.cs -- --output_dir runs/digits --hparams data=FOLDER --schedule evaluate
// FOLDER holds MNIST's four files, or others of their kind. A run that was cut off goes on where its last checkpoint was saved.
var parameters = new HyperParameters
{
    { "data", "" }, { "model", "mlp" }, { "steps", 1000 }, { "batch_size", 32 }, { "learning_rate", 0.003 }, { "hidden_units", [50, 30] }, { "channels", [32, 64] }, { "dropout", 0.5 },
};
return LearnRunner.Run(MakeExperiment, args, parameters, new RunConfig { Seed = 1, SaveCheckpointsSteps = 100, SaveSummarySteps = 20 });

static Experiment MakeExperiment(RunConfig config, HyperParameters parameters)
{
    (LabelledImages train, LabelledImages test) = Mnist.LoadData(parameters.Get<string>("data"));
    Shape picture = [.. train.Images.Shape[1..], 1];
    int size = parameters.Get<int>("batch_size");
    var estimator = new Estimator<Tensor, Tensor>(Digits, config, parameters);
    return new Experiment<Tensor, Tensor>(
        estimator,
        () => train.AsDataset(picture).Shuffle().Batch(size).Repeat(),
        () => test.AsDataset(picture).Batch(1000),
        trainSteps: parameters.Get<long>("steps"), evalEverySteps: 100, bestFigure: config.ModelDirectory is null ? null : "accuracy", hooks: [new StepLog(everySteps: 100)]);
}

static EstimatorSpec Digits(Tensor images, Tensor? labels, EstimatorMode mode, HyperParameters parameters)
{
    bool training = mode == EstimatorMode.Train;
    Tensor logits = parameters.Get<string>("model") == "cnn"
        ? Convolutional(images, parameters.Get<long[]>("channels"), parameters.Get<double>("dropout"), training)
        : Perceptron(images, parameters.Get<long[]>("hidden_units"));
    var predictions = new Dictionary<string, Tensor> { ["class"] = logits.ArgMax(axis: 1), ["probabilities"] = logits.Softmax() };
    if (labels is null) return new EstimatorSpec(mode, predictions);
    return new EstimatorSpec(mode, predictions,
        loss: Loss.SparseSoftmaxCrossEntropy(labels, logits),
        trainOp: TrainOp.Minimize(() => new Adam(parameters.Get<double>("learning_rate"))),
        evalMetricOps: new Dictionary<string, MetricOp> { ["accuracy"] = MetricOp.Of(() => new Accuracy(), labels, logits) },
        summaries: () => Summary.Image("images", Drawing.LabelledImages(images, [.. predictions["class"][..3].ToArray<long>().Select(c => $"{c}?")], predictions["probabilities"])));
}

// Layers are made at the first step and found by their names at each later one.
static Tensor Perceptron(Tensor x, long[] hiddenUnits)
{
    Tensor hidden = x.Flatten(1);
    foreach ((int i, long units) in hiddenUnits.Index()) hidden = VariableScope.Get($"hidden_{i}", () => new Dense((int)units, "relu")).Call(hidden);
    return VariableScope.Get("logits", () => new Dense(10)).Call(hidden);
}

static Tensor Convolutional(Tensor x, long[] channels, double dropout, bool training)
{
    Tensor hidden = x;
    foreach ((int i, long c) in channels.Index()) hidden = VariableScope.Get($"convolution_{i}", () => new Conv2D((int)c, 3, strides: 2, activation: "relu")).Call(hidden);
    hidden = hidden.Flatten(1);
    if (training) hidden = hidden.Dropout(dropout);
    return VariableScope.Get("logits", () => new Dense(10)).Call(hidden);
}
