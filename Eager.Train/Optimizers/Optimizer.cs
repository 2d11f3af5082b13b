using Eager.Autograd;

namespace Eager.Train;

/// <summary>A learning rate for each step: <c>step => 0.1 * Math.Pow(0.96, step / 1000.0)</c>.</summary>
/// <param name="step">How many updates were made before this one.</param>
public delegate double Schedule(long step);

/// <summary>Changes variables along their gradients; one native call updates all of them.</summary>
/// <remarks>
/// A derived optimizer names its slots (tensors kept for each variable), gives its operation and writes its settings.
/// Inside a traced function the step count, the learning rate and the settings are computed anew before each replay.
/// </remarks>
public abstract class Optimizer : ICheckpointable
{
    private readonly Dictionary<Variable, Variable[]> slots = [];
    private readonly List<Variable> built = [];
    private HostScalars? settings;
    private double learningRate;

    private protected Optimizer(double learningRate, string name)
    {
        LearningRate = learningRate;
        Name = name;
    }

    /// <summary>The name under which traces show the update, such as <c>Adam</c>.</summary>
    public string Name { get; }

    /// <summary>How far a step goes; may be changed at any time.</summary>
    /// <exception cref="InvalidArgumentException">The rate is negative or not finite.</exception>
    public double LearningRate
    {
        get => learningRate;
        set => learningRate = value >= 0 && double.IsFinite(value) ? value : throw new InvalidArgumentException($"LearningRate: {value} is no learning rate; it must be finite and not negative.");
    }

    /// <summary>Sets the learning rate before each step; null leaves it as it is.</summary>
    public Schedule? Schedule { get; set; }

    /// <summary>How many updates were made.</summary>
    public long Step { get; private set; }

    /// <summary>The names of the tensors kept for each variable.</summary>
    private protected abstract IReadOnlyList<string> SlotNames { get; }

    /// <summary>The native update.</summary>
    private protected abstract Op<UpdateAttributes> Update { get; }

    /// <summary>How many numbers the native update reads.</summary>
    private protected abstract int SettingCount { get; }

    /// <summary>Makes the slots of variables that have none yet; a first step or a checkpoint does it by itself.</summary>
    public void Build(IEnumerable<Variable> variables)
    {
        foreach (Variable variable in variables)
        {
            if (slots.ContainsKey(variable)) continue;
            slots.Add(variable, [.. SlotNames.Select(slot => new Variable(Tensor.ZerosLike(variable), trainable: false, name: $"{slot}/{variable.Name}"))]);
            built.Add(variable);
        }
    }

    /// <summary>Makes one step.</summary>
    /// <param name="gradients">One for each variable; a variable whose gradient is null stays as it is.</param>
    /// <param name="variables">What to change.</param>
    /// <exception cref="ShapeMismatchException">A gradient has another shape than its variable; nothing is changed.</exception>
    /// <exception cref="DTypeMismatchException">A gradient has another dtype than its variable; nothing is changed.</exception>
    /// <exception cref="InvalidArgumentException">The lists differ in length, a variable stands twice, or all gradients are null.</exception>
    public void Apply(IReadOnlyList<Tensor?> gradients, IReadOnlyList<Variable> variables)
    {
        (Tensor[] used, Variable[] changed) = RequireFit(gradients, variables);
        Build(changed);
        using var names = NameScope.Open(Name);
        HostScalars now = HostScalars.Computed(ref settings, SettingCount, BeginStep);
        // The variables, their gradients, then each slot for all variables.
        var inputs = new Tensor[changed.Length * (2 + SlotNames.Count)];
        for (int i = 0; i < changed.Length; i++)
        {
            inputs[i] = changed[i];
            inputs[changed.Length + i] = used[i];
            for (int slot = 0; slot < SlotNames.Count; slot++) inputs[((2 + slot) * changed.Length) + i] = slots[changed[i]][slot];
        }
        Update.Apply(inputs, new(changed.Length, now));
        foreach (Tensor input in inputs)
            if (input is Variable variable) variable.Changed();
    }

    /// <summary>Computes a loss, its gradients, and makes one step.</summary>
    /// <param name="loss">Computes the loss; it runs once, recorded by a tape.</param>
    /// <param name="variables">What to change.</param>
    /// <returns>The loss before the step.</returns>
    public Tensor Minimize(Func<Tensor> loss, IReadOnlyList<Variable> variables)
    {
        using var tape = new GradientTape();
        Tensor value = loss();
        Tensor?[] gradients = tape.Gradient(value, variables);
        Apply(gradients, variables);
        foreach (Tensor? gradient in gradients) gradient?.Dispose();
        return value;
    }

    /// <summary>The step count and the slots of the variables seen so far, or given to <see cref="Build"/>.</summary>
    public IEnumerable<StateEntry> GetState()
    {
        yield return StateEntry.Int64("step", () => Step, step => Step = step);
        foreach (Variable variable in built)
            foreach (Variable slot in slots[variable])
                yield return StateEntry.Variable(slot);
    }

    /// <summary>Writes the numbers that the native update reads.</summary>
    /// <param name="values">Where to.</param>
    /// <param name="step">The number of this step, from 1.</param>
    private protected abstract void WriteSettings(Span<double> values, long step);

    private void BeginStep(HostScalars target)
    {
        if (Schedule is not null) LearningRate = Schedule(Step);
        Step++;
        WriteSettings(target.Values, Step);
    }

    private (Tensor[] Gradients, Variable[] Variables) RequireFit(IReadOnlyList<Tensor?> gradients, IReadOnlyList<Variable> variables)
    {
        if (gradients.Count != variables.Count) throw new InvalidArgumentException($"{Name}.Apply: {gradients.Count} gradients were given for {variables.Count} variables.");
        var used = new List<Tensor>(variables.Count);
        var changed = new List<Variable>(variables.Count);
        for (int i = 0; i < variables.Count; i++)
        {
            if (gradients[i] is not { } gradient) continue;
            Variable variable = variables[i];
            if (gradient.ConcreteShape != variable.ConcreteShape)
                throw new ShapeMismatchException($"{Name}.Apply: the gradient of '{variable.Name}' is {gradient.ConcreteShape}, the variable {variable.ConcreteShape}.");
            if (gradient.DType != variable.DType)
                throw new DTypeMismatchException($"{Name}.Apply: the gradient of '{variable.Name}' is {gradient.DType.Name()}, the variable {variable.DType.Name()}; convert it with Cast.");
            used.Add(gradient);
            changed.Add(variable);
        }
        if (changed.Count == 0) throw new InvalidArgumentException($"{Name}.Apply: none of the {variables.Count} variables has a gradient; is the loss computed from them while the tape is open?");
        if (changed.Distinct().Count() != changed.Count) throw new InvalidArgumentException($"{Name}.Apply: a variable is listed twice; list each once.");
        return ([.. used], [.. changed]);
    }
}

/// <summary>The attributes of a native update: how many variables, and the numbers that it reads when it runs.</summary>
internal readonly record struct UpdateAttributes(int Count, HostScalars Settings);
