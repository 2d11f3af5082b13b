namespace Eager.Autograd;

/// <summary>A function that ran once with its operations recorded, ready for gradients at that point.</summary>
internal sealed class RecordedCall
{
    private readonly TapeRecorder recorder = new() { WatchesVariables = false };
    private readonly Tensor[] inputs;
    private readonly int[] numbers;

    private RecordedCall(string caller, Func<Tensor[], Tensor[]> function, IReadOnlyList<Tensor> at)
    {
        inputs = Inputs(caller, at);
        numbers = Array.ConvertAll(inputs, recorder.Watch);
        recorder.Attach();
        try
        {
            Outputs = function([.. inputs]);
        }
        finally
        {
            recorder.Detach();
        }
    }

    internal Tensor[] Outputs { get; }

    /// <summary>Runs a function at some inputs.</summary>
    internal static RecordedCall Of(string caller, Func<Tensor[], Tensor[]> function, IReadOnlyList<Tensor> at) => new(caller, function, at);

    /// <summary>The inputs as values of their own, so that one tensor given twice, or also captured, is told apart; observers around see where they come from.</summary>
    /// <exception cref="GradientException">An input has no gradients.</exception>
    internal static Tensor[] Inputs(string caller, IReadOnlyList<Tensor> at)
    {
        if (at.Count == 0) throw new InvalidArgumentException($"{caller}: the list of inputs is empty.");
        for (int i = 0; i < at.Count; i++)
            if (!at[i].DType.IsFloatingPoint())
                throw new GradientException($"{caller}: input {i} is {at[i].DType.Name()}, which has no derivatives; convert it with Cast to a floating-point dtype, or let the function capture it.");
        return [.. at.Select(static x => IdentityOps.Identity.Apply([x], default))];
    }

    /// <summary>Jᵀ·g: the inputs' gradients, zeros where the outputs do not depend on one.</summary>
    /// <param name="outputGradients">One for each output.</param>
    /// <param name="keepsRecording">Whether more gradients will be asked for.</param>
    internal Tensor[] Pull(IReadOnlyList<Tensor> outputGradients, bool keepsRecording)
    {
        var pass = new BackwardPass(recorder, keepsRecording);
        for (int i = 0; i < numbers.Length; i++) pass.Ask(numbers[i], inputs[i]);
        for (int i = 0; i < Outputs.Length; i++)
            if (recorder.NumberOf(Outputs[i]) is >= 0 and int number) pass.Seed(number, outputGradients[i].Alias());
        pass.Run();
        var gradients = new Tensor[inputs.Length];
        for (int i = 0; i < gradients.Length; i++) gradients[i] = pass.Result(numbers[i]) ?? Tensor.ZerosLike(inputs[i]);
        return gradients;
    }

    /// <summary>Frees what was kept, and the inputs' wrappers that no output is.</summary>
    internal void Close()
    {
        recorder.Clear();
        foreach (Tensor input in inputs)
            if (Array.IndexOf(Outputs, input) < 0) input.Dispose();
    }
}
