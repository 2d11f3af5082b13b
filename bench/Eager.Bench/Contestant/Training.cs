using System.Diagnostics;
using Eager.Autograd;
using Eager.Train;

namespace Eager.Bench;

/// <summary>A training of which steps are timed: forward pass, loss, backward pass and Adam.</summary>
internal sealed class Training
{
    private const int CheckSteps = 20;
    private const int WarmUpSteps = 3;
    private const int RewindEvery = 200;

    private readonly Func<Tensor, Tensor, bool, Tensor> computeLoss;
    private readonly IReadOnlyList<Variable> variables;
    private readonly Tensor[] start;
    private readonly Adam adam;
    private readonly Action<bool> step;
    private Func<string> describe = () => "";
    private double lastLoss;

    /// <param name="computeLoss">Of a batch of inputs and labels, with dropout or without.</param>
    public Training(
        IReadOnlyList<Variable> variables, Tensor x, Tensor y, double rate, string variant, Func<Tensor, Tensor, bool, Tensor> computeLoss)
    {
        this.variables = variables;
        this.computeLoss = computeLoss;
        start = [.. variables.Select(variable => variable.Clone())];
        adam = new Adam(rate);
        step = StepIn(variant, x, y);
        for (var i = 0; i < CheckSteps; i++)
            step(false);
        CheckLoss = lastLoss;
    }

    /// <summary>The loss that the last of the first twenty steps saw, dropout switched off.</summary>
    public double CheckLoss { get; }

    /// <summary>How steps are replayed, where they are.</summary>
    public string Replay => describe();

    /// <summary>
    /// Steps a second, the weights put back now and then outside the clock, so that every turn trains the same stretch of
    /// the same problem.
    /// </summary>
    public double StepsPerSecond(double seconds)
    {
        var chunk = (int)Math.Clamp(Math.Ceiling(seconds / 4 / (Time(WarmUpSteps) / WarmUpSteps)), 1, RewindEvery);
        var (steps, elapsed) = (0, 0.0);
        while (elapsed < seconds)
        {
            Rewind();
            elapsed += Time(chunk);
            steps += chunk;
        }

        return steps / elapsed;
    }

    /// <summary>The speed and the slowest step of a run that is never rewound.</summary>
    public (double StepsPerSecond, double SlowestMilliseconds) Run(int steps)
    {
        var slowest = 0L;
        var begin = Stopwatch.GetTimestamp();
        var before = begin;
        for (var i = 0; i < steps; i++)
        {
            step(true);
            var now = Stopwatch.GetTimestamp();
            slowest = Math.Max(slowest, now - before);
            before = now;
        }

        return (steps / Stopwatch.GetElapsedTime(begin, before).TotalSeconds, TimeSpan.FromTicks(slowest * TimeSpan.TicksPerSecond / Stopwatch.Frequency).TotalMilliseconds);
    }

    private Action<bool> StepIn(string variant, Tensor x, Tensor y)
    {
        switch (variant)
        {
            case "scoped":
                return dropout =>
                {
                    using var scope = new TensorScope();
                    Note(Train(x, y, dropout), dropout);
                };
            case "collected":
                return dropout => Note(Train(x, y, dropout), dropout);
            case "traced" or "captured":
                var plain = Function.Trace((x, y) => Train(x, y, dropout: false));
                var dropping = Function.Trace((x, y) => Train(x, y, dropout: true));
                describe = dropping.ToString;
                return dropout =>
                {
                    Runtime.CaptureOnDevice = variant == "captured";
                    using var loss = (dropout ? dropping : plain).Call(x, y);
                    Note(loss, dropout);
                };
            default:
                throw new BenchmarkException($"unknown variant {variant}");
        }
    }

    private Tensor Train(Tensor x, Tensor y, bool dropout) => adam.Minimize(() => computeLoss(x, y, dropout), variables);

    private void Note(Tensor loss, bool dropout)
    {
        if (!dropout)
            lastLoss = loss.Item();
    }

    private double Time(int steps)
    {
        var begin = Stopwatch.GetTimestamp();
        for (var i = 0; i < steps; i++)
            step(true);
        Quickest.Device.Synchronize();
        return Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private void Rewind()
    {
        foreach (var (variable, value) in variables.Zip(start))
            variable.Assign(value);
    }
}
