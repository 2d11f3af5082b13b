using Eager.Bench;
using Eager.Layers;
using Eager.Losses;
using Eager.Train;

namespace Eager.Gpu;

/// <summary>Trainings whose outcome says whether the device computes right and gives its memory back.</summary>
internal static class TrainingOnDevice
{
    private const int MostSteps = 600;

    // A thousand pictures labelled by random projections have to be learned by heart: chance gives a tenth.
    private const double Enough = 0.99;

    /// <summary>Trains until nearly all pictures are known.</summary>
    internal static int ToAccuracy(ProblemReader problems)
    {
        Sequential cnn =
        [
            new Conv2D(32, 3, strides: 2, activation: "relu", inputShape: [28, 28, 1]), new Conv2D(64, 3, strides: 2, activation: "relu"), new Flatten(), new Dense(10),
        ];
        bool learned = Learns("MLP", Trainings.MlpModel(problems), problems.Images("mlp.x", 1024), problems.Labels("mlp.y", 1024));
        return Learns("CNN", cnn, problems.Images("cnn.x", 128).Reshape([128, 28, 28, 1]), problems.Labels("cnn.y", 128)) && learned ? 0 : 1;
    }

    /// <summary>Steps with nothing disposed, and captured ones: the memory after the last tenth is that after the first.</summary>
    internal static int Flat(ProblemReader problems, Device device, int steps) => Flat(problems, device, steps, "collected") + Flat(problems, device, steps, "captured");

    private static int Flat(ProblemReader problems, Device device, int steps, string variant)
    {
        device.ReleaseMemory();
        device.ResetPeakMemory();
        Training training = Trainings.Mlp(problems, 32, variant);
        training.Run(steps / 10);
        long early = Peak(device);
        device.ResetPeakMemory();
        training.Run(steps - steps / 10);
        long late = Peak(device);
        bool flat = late <= early + early / 10;
        Console.WriteLine($"memory on {device} over {steps:N0} {variant} steps: peak {early:N0} bytes in the first tenth, {late:N0} later: {(flat ? "flat" : "GROWN")}");
        return flat ? 0 : 1;
    }

    private static bool Learns(string name, Sequential model, Tensor x, Tensor labels)
    {
        var adam = new Adam(1e-3);
        double accuracy = 0;
        int step = 0;
        for (; step < MostSteps && accuracy < Enough; step++)
        {
            using var scope = new TensorScope();
            adam.Minimize(() => Loss.SparseSoftmaxCrossEntropy(labels, model.Call(x)), model.TrainableVariables);
            if (step % 20 == 19) accuracy = model.Call(x).ArgMax(-1).Equal(labels).Cast(DType.Float64).Mean().Item();
        }
        Console.WriteLine($"{name} on {x.Device}: accuracy {accuracy:P1} after {step} steps{(accuracy < Enough ? ": TOO LOW" : "")}");
        return accuracy >= Enough;
    }

    private static long Peak(Device device) => device.Memory.PeakAllocated;
}
