namespace Eager.Layers;

/// <summary>What a recurrent layer gave.</summary>
/// <param name="Output">The output of the last step, [batch, units], or of all, [batch, steps, units].</param>
/// <param name="States">The states after the last step, each [batch, units].</param>
public readonly record struct RecurrentResult(Tensor Output, IReadOnlyList<Tensor> States);

/// <summary>Runs a cell along sequences: [batch, steps, features] → [batch, units], or [batch, steps, units].</summary>
/// <remarks>
/// What the cell computes of the inputs alone is computed for all steps at once. As a layer of several inputs it takes the states to begin
/// with after the sequences, and with <see cref="ReturnState"/> it gives the last states after its output.
/// </remarks>
/// <example><code>
/// // An encoder's states are what a decoder begins with.
/// IReadOnlyList&lt;SymbolicTensor&gt; encoded = new LSTM(32, returnState: true).CallAll([source]);
/// SymbolicTensor decoded = new LSTM(32, returnSequences: true).Call(target, initialStates: [encoded[1], encoded[2]]);
/// </code></example>
public class Recurrent : Layer
{
    /// <summary>Makes a layer of a cell.</summary>
    /// <param name="cell">What is computed at each step.</param>
    /// <param name="returnSequences">Whether the outputs of all steps are given, not of the last one alone.</param>
    /// <param name="goBackwards">Whether the last step comes first; outputs are in the order in which they were computed.</param>
    /// <param name="activityRegularizer">A penalty on what the layer gives.</param>
    /// <param name="inputShape">The shape of one input without the batch, [steps, features]; builds the layer at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <param name="returnState">Whether the states after the last step are given too, after the output.</param>
    public Recurrent(RecurrentCell cell, bool returnSequences = false, bool goBackwards = false, Regularizer? activityRegularizer = null, Shape? inputShape = null, string? name = null, bool returnState = false) : base(name)
    {
        (Cell, ReturnSequences, GoBackwards, ReturnState) = (cell, returnSequences, goBackwards, returnState);
        ActivityRegularizer = activityRegularizer;
        BuildIfKnown(inputShape);
    }

    /// <summary>What is computed at each step.</summary>
    public RecurrentCell Cell { get; }

    /// <summary>Whether the outputs of all steps are given.</summary>
    public bool ReturnSequences { get; }

    /// <summary>Whether the last step comes first.</summary>
    public bool GoBackwards { get; }

    /// <summary>Whether the states after the last step are given too.</summary>
    public bool ReturnState { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> OutputNames => ReturnState ? ["output", .. Enumerable.Range(1, Cell.StateCount).Select(static i => $"state_{i}")] : base.OutputNames;

    /// <summary>Applies the layer to a symbol, from states that other layers give.</summary>
    /// <param name="x">[batch, steps, features].</param>
    /// <param name="initialStates">As many as the cell has, each [batch, units].</param>
    /// <exception cref="InvalidArgumentException">The cell has another number of states, or the layer gives its states too: use <see cref="CallAll(SymbolicTensor, IReadOnlyList{SymbolicTensor})"/>.</exception>
    /// <exception cref="ShapeMismatchException">The shapes do not fit the layer or each other.</exception>
    public SymbolicTensor Call(SymbolicTensor x, IReadOnlyList<SymbolicTensor> initialStates) => Call([x, .. initialStates]);

    /// <summary>Applies the layer to a symbol, from states that other layers give; with <see cref="ReturnState"/> it gives the output, then the last states.</summary>
    /// <param name="x">[batch, steps, features].</param>
    /// <param name="initialStates">As many as the cell has, each [batch, units].</param>
    /// <exception cref="InvalidArgumentException">The cell has another number of states.</exception>
    /// <exception cref="ShapeMismatchException">The shapes do not fit the layer or each other.</exception>
    public IReadOnlyList<SymbolicTensor> CallAll(SymbolicTensor x, IReadOnlyList<SymbolicTensor> initialStates) => CallAll([x, .. initialStates]);

    /// <summary>Runs along sequences from given states, and gives the last ones too.</summary>
    /// <param name="x">[batch, steps, features].</param>
    /// <param name="initialStates">As many as the cell has, each [batch, units]; zeros when null.</param>
    /// <param name="mask">Bools [batch, steps]; where false, a step changes nothing and the output before it stands. All true when null.</param>
    /// <param name="training">Whether this is training.</param>
    /// <exception cref="ShapeMismatchException">The input is no batch of sequences, or states or mask do not fit it.</exception>
    public RecurrentResult Run(Tensor x, IReadOnlyList<Tensor>? initialStates = null, Tensor? mask = null, bool training = false)
    {
        RequireSequences(x.ConcreteShape);
        using var name = Begin(x);
        using var scope = Temporaries.Begin();
        Dim batch = x.Shape[0];
        int steps = (int)x.ConcreteShape[1].Value;
        if (steps == 0) throw new ShapeMismatchException($"{Title}: the input {x.ConcreteShape} has no steps.");
        if (mask is not null && (mask.DType != DType.Bool || mask.ConcreteShape != x.ConcreteShape[..2])) throw new ShapeMismatchException($"{Title}: the mask is {mask.DType.Name()} {mask.ConcreteShape}; for an input of {x.ConcreteShape} it must be bool {x.ConcreteShape[..2]}.");
        Tensor[] states = initialStates is null ? Cell.ZeroStates(x) : Cell.RequireStates(initialStates, x, Title);
        Tensor projected = Cell.Project(x);   // [batch, steps, gates]
        var outputs = new Tensor[steps];
        Tensor output = Tensor.Zeros([batch, Cell.Units], x.DType, x.Device);
        for (int i = 0; i < steps; i++)
        {
            int step = GoBackwards ? steps - 1 - i : i;
            (Tensor y, Tensor[] next) = Cell.Step(projected.Select(1, step), states);
            if (mask is not null)
            {
                Tensor counts = mask.Narrow(1, step, 1);   // [batch, 1]
                Tensor[] before = states;
                (y, next) = (counts.Where(y, output), [.. next.Select((state, s) => counts.Where(state, before[s]))]);
            }
            (outputs[i], output, states) = (y, y, next);
        }
        Tensor result = ReturnSequences ? Tensor.Stack(outputs, 1) : output;
        return new(scope.Keep(result), [.. states.Select(state => scope.Keep(state))]);
    }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape) => ReturnState ? throw GivesStates() : OutputShape(inputShape);

    /// <inheritdoc/>
    public override IReadOnlyList<Shape> ComputeOutputShapes(IReadOnlyList<Shape> inputShapes)
    {
        RequireCount(inputShapes.Count);
        Shape output = OutputShape(inputShapes[0]), state = [inputShapes[0][0], Cell.Units];
        if (!inputShapes.Skip(1).All(state.IsCompatibleWith)) throw Cell.NotStates(inputShapes.Skip(1), state, Title);
        return ReturnState ? [output, .. Enumerable.Repeat(state, Cell.StateCount)] : [output];
    }

    /// <inheritdoc/>
    protected override void CreateVariables(IReadOnlyList<Shape> inputShapes)
    {
        RequireCount(inputShapes.Count);
        CreateVariables(inputShapes[0]);
    }

    /// <inheritdoc/>
    protected override void CreateVariables(Shape inputShape)
    {
        RequireSequences(inputShape);
        Cell.Build([inputShape[0], inputShape[2]]);
    }

    /// <summary>Runs along the first input, from the states that follow it, or from zeros where none do.</summary>
    protected override IReadOnlyList<Tensor> ForwardAll(IReadOnlyList<Tensor> inputs, bool training)
    {
        RequireCount(inputs.Count);
        using var scope = Temporaries.Begin();
        RecurrentResult result = Run(inputs[0], inputs.Count == 1 ? null : [.. inputs.Skip(1)], training: training);
        return ReturnState ? [scope.Keep(result.Output), .. result.States.Select(state => scope.Keep(state))] : [scope.Keep(result.Output)];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training) => ReturnState ? throw GivesStates() : ForwardAll([x], training)[0];

    /// <summary>A layer with the same settings and weights of its own that runs the other way.</summary>
    internal Recurrent Reversed() => new(Cell.Copy(), ReturnSequences, !GoBackwards, returnState: ReturnState);

    private Shape OutputShape(Shape inputShape)
    {
        RequireSequences(inputShape);
        if (Cell.Kernel is not null) Cell.RequireFeatures(inputShape);
        return ReturnSequences ? [inputShape[0], inputShape[1], Cell.Units] : [inputShape[0], Cell.Units];
    }

    private InvalidArgumentException GivesStates() => new($"{Title} gives its {Cell.StateCount} states after its output; call it by CallAll, or make it without returnState.");

    private void RequireCount(int inputs)
    {
        if (inputs != 1 && inputs != 1 + Cell.StateCount) throw new InvalidArgumentException($"{Title}: {inputs} inputs were given; it takes sequences, and perhaps {Cell.StateCount} states to begin with.");
    }

    private void RequireSequences(Shape shape)
    {
        if (shape.Rank != 3) throw new ShapeMismatchException($"{Title}: the input is {shape}; it needs shape [batch, steps, features].");
    }
}
