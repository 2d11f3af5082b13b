namespace Eager.Losses;

/// <summary>How a loss per element becomes one number; w are the weights and l the losses, both broadcast to one shape.</summary>
public enum Reduction
{
    /// <summary>Not at all: w·l per element.</summary>
    None,

    /// <summary>Σw·l.</summary>
    Sum,

    /// <summary>Σw·l / Σw.</summary>
    Mean,

    /// <summary>Σw·l divided by the number of losses.</summary>
    SumOverBatchSize,

    /// <summary>Σw·l divided by the number of weights that are not 0; 0 when there is none.</summary>
    SumByNonzeroWeights,
}
