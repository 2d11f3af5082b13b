namespace Eager.Layers;

/// <summary>What a recurrent layer gave.</summary>
/// <param name="Output">The output of the last step, [batch, units], or of all, [batch, steps, units].</param>
/// <param name="States">The states after the last step, each [batch, units].</param>
public readonly record struct RecurrentResult(Tensor Output, IReadOnlyList<Tensor> States);

/// <summary>Runs a cell along sequences: [batch, steps, features] → [batch, units], or [batch, steps, units].</summary>
/// <remarks>What the cell computes of the inputs alone is computed for all steps at once.</remarks>
public class Recurrent : Layer
{
    /// <summary>Makes a layer of a cell.</summary>
    /// <param name="cell">What is computed at each step.</param>
    /// <param name="returnSequences">Whether the outputs of all steps are given, not of the last one alone.</param>
    /// <param name="goBackwards">Whether the last step comes first; outputs are in the order in which they were computed.</param>
    /// <param name="activityRegularizer">A penalty on what the layer gives.</param>
    /// <param name="inputShape">The shape of one input without the batch, [steps, features]; builds the layer at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    public Recurrent(RecurrentCell cell, bool returnSequences = false, bool goBackwards = false, Regularizer? activityRegularizer = null, Shape? inputShape = null, string? name = null) : base(name)
    {
        (Cell, ReturnSequences, GoBackwards) = (cell, returnSequences, goBackwards);
        ActivityRegularizer = activityRegularizer;
        BuildIfKnown(inputShape);
    }

    /// <summary>What is computed at each step.</summary>
    public RecurrentCell Cell { get; }

    /// <summary>Whether the outputs of all steps are given.</summary>
    public bool ReturnSequences { get; }

    /// <summary>Whether the last step comes first.</summary>
    public bool GoBackwards { get; }

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
    public override Shape ComputeOutputShape(Shape inputShape)
    {
        RequireSequences(inputShape);
        if (Cell.Kernel is not null) Cell.RequireFeatures(inputShape);
        return ReturnSequences ? [inputShape[0], inputShape[1], Cell.Units] : [inputShape[0], Cell.Units];
    }

    /// <inheritdoc/>
    protected override void CreateVariables(Shape inputShape)
    {
        RequireSequences(inputShape);
        Cell.Build([inputShape[0], inputShape[2]]);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(Run(x, training: training).Output);
    }

    /// <summary>A layer with the same settings and weights of its own that runs the other way.</summary>
    internal Recurrent Reversed() => new(Cell.Copy(), ReturnSequences, !GoBackwards);

    private void RequireSequences(Shape shape)
    {
        if (shape.Rank != 3) throw new ShapeMismatchException($"{Title}: the input is {shape}; it needs shape [batch, steps, features].");
    }
}
