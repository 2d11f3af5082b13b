using System.Reflection;
using Eager.Autograd;
using Eager.Bench;
using Eager.Tests.Training;
using Eager.Train;

namespace Eager.Gpu;

/// <summary>What runs otherwise on a GPU than on the CPU, against what the CPU or single calls give.</summary>
internal static class FeaturesOnDevice
{
    private const int Batches = 64;
    private const int BatchSize = 1 << 16;
    private const int Steps = 40;

    // Sums of float32 in another order; both trainings start alike and go on for some tens of steps.
    private const double Tolerance = 1e-3;

    internal static int Check(ProblemReader problems, Device device)
    {
        var outcome = new Outcome();
        CheckOptimizers(outcome);
        outcome.Try("captured replays", () => CheckCaptured(problems, device));
        foreach (bool threaded in new[] { false, true }) outcome.Try($"batches sent ahead{(threaded ? " by a thread" : "")}", () => CheckAhead(device, threaded));
        return outcome.Report($"updates, captures and copies on {device}");
    }

    /// <summary>The optimizers' own tests with variables on the device: against their published updates in float64.</summary>
    private static void CheckOptimizers(Outcome outcome)
    {
        var tests = new OptimizerTests();
        MethodInfo check = typeof(OptimizerTests).GetMethod(nameof(OptimizerTests.An_optimizer_follows_its_published_update))!;
        var all = (OptimizerTests.Published[])typeof(OptimizerTests).GetField("All", BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null)!;
        foreach (OptimizerTests.Published optimizer in all)
            foreach (DType dtype in new[] { DType.Float32, DType.Float64 })
                outcome.Try($"{optimizer} of {dtype.Name()}", () => check.Invoke(tests, [optimizer, dtype]));
    }

    private static void CheckCaptured(ProblemReader problems, Device device)
    {
        Training called = Trainings.Cnn(problems, 128, "traced"), captured = Trainings.Cnn(problems, 128, "captured");
        Require(Math.Abs(captured.CheckLoss - called.CheckLoss) <= Tolerance * Math.Abs(called.CheckLoss), $"the losses are {captured.CheckLoss} captured and {called.CheckLoss} call by call");
        captured.Run(Steps);
        Console.WriteLine($"captured: {captured.Replay}");
        Require(device.Type == DeviceType.Cpu || captured.Replay.Contains("graph", StringComparison.Ordinal), "nothing was captured");
    }

    /// <summary>Each batch is of one number, which the device must see in all places, whatever it was busy with when the copy began.</summary>
    private static void CheckAhead(Device device, bool threaded)
    {
        IEnumerable<Tensor> Source()
        {
            for (int i = 0; i < Batches; i++)
                using (Device.Use(Device.Cpu)) yield return Tensor.Full([BatchSize], (float)i);
        }

        IEnumerable<Tensor> sent = threaded ? Dataset.FromEnumerable(Source).Prefetch(2, device) : Sequences.Ahead(Source(), new Uploads<Tensor>(device, static (x, send) => send(x)));
        Tensor busy = Tensor.Ones([1024, 1024]) / 1024;
        var wrong = new List<Tensor>();
        foreach (Tensor batch in sent)
        {
            busy = busy.MatMul(busy) / busy.Max();
            wrong.Add(batch.NotEqual(Tensor.Full([], (float)wrong.Count)).Cast(DType.Int64).Sum());
            batch.Dispose();
        }
        Require(wrong.Count == Batches, $"{wrong.Count} batches came");
        for (int i = 0; i < Batches; i++) Require(wrong[i].Item() == 0, $"batch {i} has {wrong[i].Item()} wrong numbers");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidOperationException(otherwise);
    }
}
