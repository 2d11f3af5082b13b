#:project ../../Eager.Train/Eager.Train.csproj
// The entropy of a softmax, brought to its maximum by Adam: dotnet run examples/scripts/softmax-entropy.cs

// The document takes the cross entropy of a distribution with itself, whose gradient with respect to the labels was missing there.
// Here that gradient is right too; stopping it shows what the document saw.
foreach ((string name, Func<Tensor, Tensor> entropy) in new (string, Func<Tensor, Tensor>)[]
{
    ("labels held fast", logits => Tensor.SoftmaxCrossEntropy(labels: logits.Softmax().StopGradient(), logits)),
    ("by cross entropy", logits => Tensor.SoftmaxCrossEntropy(labels: logits.Softmax(), logits)),
    ("by its formula", logits => Loss.SoftmaxEntropy(logits)),
})
{
    Tensor start = Tensor.From(0.5, -0.3, 0.1, 0.9, -1.2);
    double error = GradientCheck.Run(entropy, start).LargestDifference;
    var logits = new Variable(start);
    var adam = new Adam(learningRate: 0.05);
    for (int step = 0; step < 500; step++) adam.Minimize(() => -entropy(logits).Sum(), [logits]);
    Console.WriteLine($"{name}: gradient error {error:F4}, softmax {(logits.Softmax() * 100).Round() / 100}, entropy {entropy(logits).Item():F4} of {Math.Log(5):F4}");
}
