using Eager.Autograd;

namespace Eager.Train;

/// <summary>Changes variables along their gradients; one native call updates all of them.</summary>
/// <remarks>
/// A derived optimizer names its slots (tensors kept for each variable), gives its rule and writes the numbers that the rule reads.
/// Inside a traced function the step count, the learning rate and those numbers are computed anew before each replay.
/// </remarks>
public abstract class Optimizer : ICheckpointable
{
    private readonly Dictionary<Variable, Variable[]> slots = [];
    private readonly List<Variable> built = [];
    private readonly HashSet<string> slotNames = new(StringComparer.Ordinal);
    private readonly List<Optimizer> groups = [];
    private readonly Dictionary<Variable, int> groupOf = [];
    private HostScalars? settings;
    private double learningRate;

    private protected Optimizer(double learningRate, double weightDecay, string name)
    {
        Name = name;
        LearningRate = learningRate;
        WeightDecay = OptimizerArguments.NotNegative(weightDecay, "weight decay", name);
        groups.Add(this);
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

    /// <summary>What multiple of a variable joins its gradient (L2), or, where the optimizer's documentation says so, is taken away apart from it.</summary>
    public double WeightDecay { get; }

    /// <summary>Which variables decay; all when null.</summary>
    /// <example><code>var adam = new AdamW { Decays = v => v.Rank > 1 };   // no decay of biases and scales</code></example>
    public Func<Variable, bool>? Decays { get; set; }

    /// <summary>Limits the gradients before each step; null leaves them as they are.</summary>
    public GradientClipping? Clipping { get; set; }

    /// <summary>How many updates were made.</summary>
    public long Step { get; private set; }

    /// <summary>The names of the tensors kept for each variable.</summary>
    private protected abstract IReadOnlyList<string> SlotNames { get; }

    /// <summary>The native update, under the name that graphs show.</summary>
    private protected abstract Op<UpdateAttributes> Update { get; }

    /// <summary>The native rule (Native/updates.h).</summary>
    private protected abstract UpdateRule Rule { get; }

    /// <summary>How many numbers of its own the rule reads.</summary>
    private protected abstract int SettingCount { get; }

    /// <summary>Whether the weight decay is taken away apart from the gradient.</summary>
    private protected virtual bool DecaysApart => false;

    private int Row => UpdateAttributes.SharedSettings + SettingCount;

    /// <summary>Gives some variables settings of their own: those of another optimizer of the same kind, its learning rate and schedule included.</summary>
    /// <param name="settings">Where the settings come from; it makes no steps itself, and changing its <see cref="LearningRate"/> later counts.</param>
    /// <param name="variables">The variables of the group.</param>
    /// <exception cref="InvalidArgumentException">The other optimizer is of another kind or keeps other slots, or a variable has a group already.</exception>
    /// <example><code>
    /// var adam = new Adam(1e-3);
    /// adam.AddGroup(new Adam(1e-4, weightDecay: 0.01), encoderWeights);
    /// </code></example>
    public void AddGroup(Optimizer settings, IEnumerable<Variable> variables)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (ReferenceEquals(settings, this) || settings.Rule != Rule || settings.DecaysApart != DecaysApart)
            throw new InvalidArgumentException($"{Name}.AddGroup: the group's settings are those of {settings.Name} ({settings.Rule}), the optimizer is {Name} ({Rule}); give another optimizer of the same kind with the same slots.");
        Variable[] members = [.. variables];
        foreach (Variable variable in members)
            if (groupOf.ContainsKey(variable) || slots.ContainsKey(variable)) throw new InvalidArgumentException($"{Name}.AddGroup: '{variable.Name}' has a group or was updated already; form the groups, each variable in one, before the first step.");
        foreach (Variable variable in members) groupOf[variable] = groups.Count;
        groups.Add(settings);
        this.settings = null;
    }

    /// <summary>Makes the slots of variables that have none yet; a first step or a checkpoint does it by itself.</summary>
    public void Build(IEnumerable<Variable> variables)
    {
        foreach (Variable variable in variables)
        {
            if (slots.ContainsKey(variable)) continue;
            slots.Add(variable, [.. SlotNames.Select(slot => NewSlot(slot, variable))]);
            built.Add(variable);
        }
    }

    /// <summary>Lets the slots of variables start anew, of the shapes that the variables have now; those that have no slots yet are passed over.</summary>
    /// <remarks>
    /// For variables that were assigned values of another shape. The step count stays, so that Adam and its kin no longer correct the bias of
    /// means that start at zero: some warm-up steps are in order. To keep what was learned of the old elements, give the slots values instead
    /// (<see cref="Slot"/>).
    /// </remarks>
    /// <example><code>
    /// w.Assign(Tensor.Concat([w, newRows]), allowNewShape: true);
    /// adam.Reset([w]);
    /// </code></example>
    public void Reset(IEnumerable<Variable> variables)
    {
        foreach (Variable variable in variables)
        {
            if (!slots.TryGetValue(variable, out Variable[]? kept)) continue;
            for (int i = 0; i < kept.Length; i++)
            {
                using Tensor start = Tensor.FullLike(variable, StartOf(SlotNames[i]));
                kept[i].Assign(start, allowNewShape: true);
            }
        }
    }

    /// <summary>A tensor that the optimizer keeps for a variable, such as Adam's <c>m</c>; assigning to it counts from the next step on.</summary>
    /// <param name="variable">A variable that was updated, or given to <see cref="Build"/>.</param>
    /// <param name="name">The name of the slot, as checkpoints have it before the variable's name.</param>
    /// <exception cref="InvalidArgumentException">The optimizer keeps nothing for the variable, or nothing of that name.</exception>
    /// <example><code>adam.Slot(w, "m").Assign(Tensor.Concat([adam.Slot(w, "m"), Tensor.ZerosLike(newRows)]), allowNewShape: true);</code></example>
    public Variable Slot(Variable variable, string name)
    {
        ArgumentNullException.ThrowIfNull(variable);
        if (!slots.TryGetValue(variable, out Variable[]? kept)) throw new InvalidArgumentException($"{Name}.Slot: nothing is kept for '{variable.Name}' yet; Build or a first step makes its slots.");
        for (int i = 0; i < kept.Length; i++)
            if (SlotNames[i] == name) return kept[i];
        throw new InvalidArgumentException($"{Name}.Slot: nothing is kept under '{name}', only under {(kept.Length == 0 ? "no name" : string.Join(", ", SlotNames))}.");
    }

    /// <summary>Makes one step.</summary>
    /// <param name="gradients">One for each variable; a variable whose gradient is null stays as it is.</param>
    /// <param name="variables">What to change.</param>
    /// <param name="globalStep">A variable that counts steps over all optimizers; 1 is added to it.</param>
    /// <exception cref="ShapeMismatchException">A gradient has another shape than its variable, or the variable another one than its slots; nothing is changed.</exception>
    /// <exception cref="DTypeMismatchException">A gradient has another dtype than its variable; nothing is changed.</exception>
    /// <exception cref="InvalidArgumentException">The lists differ in length, a variable stands twice, or all gradients are null.</exception>
    public void Apply(IReadOnlyList<Tensor?> gradients, IReadOnlyList<Variable> variables, Variable? globalStep = null)
    {
        (Tensor[] used, Variable[] changed) = RequireFit(gradients, variables);
        using var temporaries = Temporaries.Begin();
        using var names = NameScope.Open(Name);
        if (Clipping is not null) used = Clipping.Clip(used);
        Build(changed);
        HostScalars now = HostScalars.Computed(ref settings, 2 * groups.Count * Row, BeginStep, HoldStep);
        // The variables, their gradients, then each slot for all variables.
        var inputs = new Tensor[changed.Length * (2 + SlotNames.Count)];
        var rows = new long[changed.Length];
        for (int i = 0; i < changed.Length; i++)
        {
            inputs[i] = changed[i];
            inputs[changed.Length + i] = used[i];
            rows[i] = RowOf(changed[i]);
            for (int slot = 0; slot < SlotNames.Count; slot++) inputs[((2 + slot) * changed.Length) + i] = slots[changed[i]][slot];
        }
        Update.Apply(inputs, new(Rule, rows, Row, now));
        foreach (Tensor input in inputs)
            if (input is Variable variable) variable.Changed();
        foreach (Variable variable in changed) variable.Constrain();
        globalStep?.AssignAdd(Tensor.OnesLike(globalStep));
    }

    /// <summary>Computes a loss and its gradients; <see cref="Apply"/> makes the step of them.</summary>
    /// <param name="loss">Computes the loss; it runs once, recorded by a tape.</param>
    /// <param name="variables">What to differentiate with respect to.</param>
    /// <returns>The loss, and a gradient for each variable, null where the loss does not depend on it.</returns>
    /// <exception cref="GradientException">The loss depends on no variable.</exception>
    public static (Tensor Loss, Tensor?[] Gradients) ComputeGradients(Func<Tensor> loss, IReadOnlyList<Variable> variables)
    {
        using var tape = new GradientTape();
        Tensor value = loss();
        return (value, tape.Gradient(value, variables));
    }

    /// <summary>Computes a loss, its gradients, and makes one step.</summary>
    /// <param name="loss">Computes the loss; it runs once, recorded by a tape.</param>
    /// <param name="variables">What to change.</param>
    /// <param name="globalStep">A variable that counts steps over all optimizers; 1 is added to it.</param>
    /// <returns>The loss before the step.</returns>
    public Tensor Minimize(Func<Tensor> loss, IReadOnlyList<Variable> variables, Variable? globalStep = null)
    {
        (Tensor value, Tensor?[] gradients) = ComputeGradients(loss, variables);
        Apply(gradients, variables, globalStep);
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

    /// <summary>What gives back the number of steps as it is now: a replay counts a step as it begins, and something before the update may stop it.</summary>
    internal Action HoldStep()
    {
        long step = Step;
        return () => Step = step;
    }

    /// <summary>Writes the numbers that the rule reads beside the learning rate and the weight decay.</summary>
    /// <param name="values">Where to.</param>
    /// <param name="step">The number of this step, from 1.</param>
    private protected abstract void WriteSettings(Span<double> values, long step);

    /// <summary>What all elements of a slot start with.</summary>
    private protected virtual double StartOf(string slot) => 0;

    private Variable NewSlot(string slot, Variable variable)
    {
        // Layers of one name may be trained together; a checkpoint tells their slots apart by the order in which they came.
        string plain = $"{slot}/{variable.Name}", name = plain;
        for (int i = 1; !slotNames.Add(name); i++) name = $"{plain}_{i}";
        using Tensor start = Tensor.FullLike(variable, StartOf(slot));
        return new Variable(start, trainable: false, name, variable.StaticShape);
    }

    // Each group has two rows of settings: with its weight decay, and without.
    private long RowOf(Variable variable)
    {
        int group = groupOf.GetValueOrDefault(variable);
        return (2 * group) + ((groups[group].Decays ?? Decays)?.Invoke(variable) == false ? 1 : 0);
    }

    private void BeginStep(HostScalars target)
    {
        long step = Step + 1;
        for (int row = 0; row < target.Count / Row; row++)
        {
            Optimizer group = groups[row / 2];
            if (group.Schedule is { } schedule) group.LearningRate = schedule(Step);
            Span<double> values = target.Values.Slice(row * Row, Row);
            double decay = row % 2 == 0 ? group.WeightDecay : 0;
            values[0] = group.LearningRate;
            values[1] = DecaysApart ? 0 : decay;
            values[2] = DecaysApart ? decay : 0;
            group.WriteSettings(values[UpdateAttributes.SharedSettings..], step);
        }
        Step = step;
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
            foreach (Variable slot in slots.GetValueOrDefault(variable, []))
                if (slot.ConcreteShape != variable.ConcreteShape) throw SlotOfOtherShape(variable, slot);
            used.Add(gradient);
            changed.Add(variable);
        }
        if (changed.Count == 0) throw new InvalidArgumentException($"{Name}.Apply: none of the {variables.Count} variables has a gradient; is the loss computed from them while the tape is open?");
        if (changed.Distinct().Count() != changed.Count) throw new InvalidArgumentException($"{Name}.Apply: a variable is listed twice; list each once.");
        return ([.. used], [.. changed]);
    }

    private ShapeMismatchException SlotOfOtherShape(Variable variable, Variable slot) =>
        new($"{Name}.Apply: slot '{slot.Name}' is {slot.ConcreteShape}, the variable '{variable.Name}' {variable.ConcreteShape}, which it was assigned since; call Reset with it, which lets its slots start anew, or give the slot a value of that shape.");
}
