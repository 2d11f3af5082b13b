#:project ../../Eager.Train/Eager.Train.csproj
// Fashion-MNIST in few lines: dotnet run examples/scripts/fit.cs -- [EPOCHS] [FOLDER]
int epochs = args.Length > 0 ? int.Parse(args[0]) : 5;
(LabelledImages train, LabelledImages test) = args.Length > 1 ? Mnist.LoadData(args[1]) : FashionMnist.LoadData();

Sequential model = [new Flatten(inputShape: train.Images.Shape[1..]), new Dense(256, "relu"), new Dropout(0.2), new Dense(10)];
CompiledModel training = model.Compile(new Adam(1e-3), Loss.SparseSoftmaxCrossEntropy, [new Accuracy()]);
model.Summary(Console.Out);

History history = training.Fit(Pixels(train), train.Labels, batchSize: 128, epochs: epochs, validationSplit: 0.1);
history.Plot("learning-curve.svg");
Console.WriteLine($"test accuracy {training.Evaluate(Pixels(test), test.Labels)["accuracy"]:F4}");

static Tensor Pixels(LabelledImages images) => images.Images.Cast(DType.Float32) / 255;
