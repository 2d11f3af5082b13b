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
/// <example><code>var layer = new Bidirectional(new LSTM(32, returnSequences: true));</code></example>
public sealed class Bidirectional : Layer
{
    /// <summary>Makes a layer.</summary>
    /// <param name="forward">What runs along the sequences.</param>
    /// <param name="merge">How both outputs become one.</param>
    /// <param name="backward">What runs the other way; when null, a layer with the settings of the first and weights of its own.</param>
    /// <param name="inputShape">The shape of one input without the batch, [steps, features]; builds the layer at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <exception cref="InvalidArgumentException">Both run the same way, or one gives sequences and the other does not, or their units do not fit.</exception>
    public Bidirectional(Recurrent forward, Merge merge = Merge.Concat, Recurrent? backward = null, Shape? inputShape = null, string? name = null) : base(name)
    {
        (ForwardLayer, BackwardLayer, Merge) = (forward, backward ?? forward.Reversed(), merge);
        if (BackwardLayer.GoBackwards == forward.GoBackwards) throw new InvalidArgumentException("Bidirectional: both layers run the same way; one of them needs goBackwards.");
        if (BackwardLayer.ReturnSequences != forward.ReturnSequences) throw new InvalidArgumentException("Bidirectional: one layer gives sequences, the other does not; give both the same returnSequences.");
        if (merge != Merge.Concat && BackwardLayer.Cell.Units != forward.Cell.Units) throw new InvalidArgumentException($"Bidirectional: {forward.Cell.Units} and {BackwardLayer.Cell.Units} units can only be merged by Concat.");
        BuildIfKnown(inputShape);
    }

    /// <summary>What runs along the sequences.</summary>
    public Recurrent ForwardLayer { get; }

    /// <summary>What runs the other way.</summary>
    public Recurrent BackwardLayer { get; }

    /// <summary>How both outputs become one.</summary>
    public Merge Merge { get; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape)
    {
        Shape shape = ForwardLayer.ComputeOutputShape(inputShape);
        return Merge == Merge.Concat ? shape.With(-1, ForwardLayer.Cell.Units + BackwardLayer.Cell.Units) : shape;
    }

    /// <inheritdoc/>
    protected override void CreateVariables(Shape inputShape)
    {
        ForwardLayer.Build(inputShape);
        BackwardLayer.Build(inputShape);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        using var scope = Temporaries.Begin();
        Tensor ahead = InOrder(ForwardLayer, x, training), back = InOrder(BackwardLayer, x, training);
        return scope.Keep(Merge switch
        {
            Merge.Concat => Tensor.Concat([ahead, back], -1),
            Merge.Sum => ahead + back,
            Merge.Multiply => ahead * back,
            _ => (ahead + back) * 0.5,
        });
    }

    // Outputs of a layer that runs backwards come in the order in which they were computed.
    private static Tensor InOrder(Recurrent layer, Tensor x, bool training)
    {
        Tensor y = layer.Call(x, training);
        return layer is { GoBackwards: true, ReturnSequences: true } ? y.Flip(1) : y;
    }
}
