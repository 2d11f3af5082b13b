namespace Eager.Layers;

/// <summary>How the outputs of both directions become one.</summary>
public enum Merge
{
    /// <summary>One after the other, along the last axis.</summary>
    Concat = 0,

    /// <summary>Their sum.</summary>
    Sum = 1,

    /// <summary>Their product.</summary>
    Multiply = 2,

    /// <summary>Their mean.</summary>
    Average = 3,
}

/// <summary>Runs along sequences in both directions (Schuster &amp; Paliwal 1997).</summary>
/// <remarks>Where its layers give their states, it gives those of the first after its output, then those of the other; states to begin with are taken in the same order.</remarks>
/// <example><code>var layer = new Bidirectional(new LSTM(32, returnSequences: true));</code></example>
public sealed class Bidirectional : Layer
{
    /// <summary>Makes a layer.</summary>
    /// <param name="forward">What runs along the sequences.</param>
    /// <param name="merge">How both outputs become one.</param>
    /// <param name="backward">What runs the other way; when null, a layer with the settings of the first and weights of its own.</param>
    /// <param name="inputShape">The shape of one input without the batch, [steps, features]; builds the layer at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <exception cref="InvalidArgumentException">Both run the same way, or one gives sequences or states and the other does not, or their units do not fit.</exception>
    public Bidirectional(Recurrent forward, Merge merge = Merge.Concat, Recurrent? backward = null, Shape? inputShape = null, string? name = null) : base(name)
    {
        (ForwardLayer, BackwardLayer, Merge) = (forward, backward ?? forward.Reversed(), merge);
        if (BackwardLayer.GoBackwards == forward.GoBackwards) throw new InvalidArgumentException("Bidirectional: both layers run the same way; one of them needs goBackwards.");
        if (BackwardLayer.ReturnSequences != forward.ReturnSequences) throw new InvalidArgumentException("Bidirectional: one layer gives sequences, the other does not; give both the same returnSequences.");
        if (BackwardLayer.ReturnState != forward.ReturnState) throw new InvalidArgumentException("Bidirectional: one layer gives its states, the other does not; give both the same returnState.");
        if (merge != Merge.Concat && BackwardLayer.Cell.Units != forward.Cell.Units) throw new InvalidArgumentException($"Bidirectional: {forward.Cell.Units} and {BackwardLayer.Cell.Units} units can only be merged by Concat.");
        BuildIfKnown(inputShape);
    }

    /// <summary>What runs along the sequences.</summary>
    public Recurrent ForwardLayer { get; }

    /// <summary>What runs the other way.</summary>
    public Recurrent BackwardLayer { get; }

    /// <summary>How both outputs become one.</summary>
    public Merge Merge { get; }

    /// <summary>Whether the states after the last steps are given too.</summary>
    public bool ReturnState => ForwardLayer.ReturnState;

    /// <inheritdoc/>
    public override IReadOnlyList<string> OutputNames => ReturnState ? ["output", .. Enumerable.Range(1, StateCount).Select(static i => $"state_{i}")] : base.OutputNames;

    /// <summary>Applies the layer to a symbol, from states that other layers give.</summary>
    /// <param name="x">[batch, steps, features].</param>
    /// <param name="initialStates">Those of the layer that runs along, then those of the other.</param>
    /// <exception cref="InvalidArgumentException">There is another number of states, or the layer gives its states too: use <see cref="CallAll(SymbolicTensor, IReadOnlyList{SymbolicTensor})"/>.</exception>
    /// <exception cref="ShapeMismatchException">The shapes do not fit the layer or each other.</exception>
    public SymbolicTensor Call(SymbolicTensor x, IReadOnlyList<SymbolicTensor> initialStates) => Call([x, .. initialStates]);

    /// <summary>Applies the layer to a symbol, from states that other layers give; with <see cref="ReturnState"/> it gives the output, then the last states.</summary>
    /// <param name="x">[batch, steps, features].</param>
    /// <param name="initialStates">Those of the layer that runs along, then those of the other.</param>
    /// <exception cref="InvalidArgumentException">There is another number of states.</exception>
    /// <exception cref="ShapeMismatchException">The shapes do not fit the layer or each other.</exception>
    public IReadOnlyList<SymbolicTensor> CallAll(SymbolicTensor x, IReadOnlyList<SymbolicTensor> initialStates) => CallAll([x, .. initialStates]);

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape) => ReturnState ? throw GivesStates() : ComputeOutputShapes([inputShape])[0];

    /// <inheritdoc/>
    public override IReadOnlyList<Shape> ComputeOutputShapes(IReadOnlyList<Shape> inputShapes)
    {
        RequireCount(inputShapes.Count);
        IReadOnlyList<Shape> ahead = ForwardLayer.ComputeOutputShapes(Ahead(inputShapes)), back = BackwardLayer.ComputeOutputShapes(Back(inputShapes));
        Shape output = Merge == Merge.Concat ? ahead[0].With(-1, ForwardLayer.Cell.Units + BackwardLayer.Cell.Units) : ahead[0];
        return [output, .. ahead.Skip(1), .. back.Skip(1)];
    }

    /// <inheritdoc/>
    protected override void CreateVariables(IReadOnlyList<Shape> inputShapes)
    {
        RequireCount(inputShapes.Count);
        ForwardLayer.BuildAll(Ahead(inputShapes));
        BackwardLayer.BuildAll(Back(inputShapes));
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training) => ReturnState ? throw GivesStates() : ForwardAll([x], training)[0];

    /// <summary>Runs along the first input in both directions, from the states that follow it, or from zeros where none do.</summary>
    protected override IReadOnlyList<Tensor> ForwardAll(IReadOnlyList<Tensor> inputs, bool training)
    {
        RequireCount(inputs.Count);
        using var scope = Temporaries.Begin();
        IReadOnlyList<Tensor> ahead = ForwardLayer.CallAll(Ahead(inputs), training), back = BackwardLayer.CallAll(Back(inputs), training);
        Tensor first = InOrder(ForwardLayer, ahead[0]), second = InOrder(BackwardLayer, back[0]);
        Tensor output = Merge switch
        {
            Merge.Concat => Tensor.Concat([first, second], -1),
            Merge.Sum => first + second,
            Merge.Multiply => first * second,
            _ => (first + second) * 0.5,
        };
        return [scope.Keep(output), .. ahead.Skip(1).Concat(back.Skip(1)).Select(state => scope.Keep(state))];
    }

    private int StateCount => ForwardLayer.Cell.StateCount + BackwardLayer.Cell.StateCount;

    // Outputs of a layer that runs backwards come in the order in which they were computed.
    private static Tensor InOrder(Recurrent layer, Tensor y) => layer is { GoBackwards: true, ReturnSequences: true } ? y.Flip(1) : y;

    // The sequences and the first states are for the layer that runs along, the sequences and the last states for the other.
    private T[] Ahead<T>(IReadOnlyList<T> inputs) => [.. inputs.Take(1 + ForwardLayer.Cell.StateCount)];

    private T[] Back<T>(IReadOnlyList<T> inputs) => [inputs[0], .. inputs.Skip(1 + ForwardLayer.Cell.StateCount)];

    private InvalidArgumentException GivesStates() => new($"{Title} gives {StateCount} states after its output; call it by CallAll, or make its layers without returnState.");

    private void RequireCount(int inputs)
    {
        if (inputs != 1 && inputs != 1 + StateCount) throw new InvalidArgumentException($"{Title}: {inputs} inputs were given; it takes sequences, and perhaps {StateCount} states to begin with.");
    }
}
