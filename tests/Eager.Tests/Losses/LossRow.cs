using Eager.Losses;

namespace Eager.Tests.Losses;

/// <summary>A loss as the table's checks see it: every row of labels and predictions has four numbers.</summary>
/// <param name="Name">The row's name.</param>
/// <param name="Loss">The loss of labels and predictions [n, 4].</param>
/// <param name="Losses">Its losses of one row of labels and predictions, in double precision: four, or one.</param>
/// <param name="Slope">The derivative of the sum of those losses by the predictions, in double precision.</param>
/// <param name="Data">What labels and predictions are.</param>
internal sealed record LossRow(string Name, LossRow.Form Loss, Func<double[], double[], double[]> Losses, Func<double[], double[], double[]> Slope, LossRow.Inputs Data)
{
    internal delegate Tensor Form(Tensor labels, Tensor predictions, Tensor? weights, Reduction reduction, LossCollection? collection);

    /// <summary>Labels and predictions that are usual, away from kinks, and at the ends of what a loss takes.</summary>
    internal sealed record Inputs(double[][] Labels, double[][] Predictions, double[][] FarLabels, double[][] FarPredictions);

    /// <summary>The shape of the losses of n rows without the first axis: [4], [1] or [].</summary>
    internal Shape LossShape { get; init; } = [4];

    /// <summary>Whether labels are numbers that gradients flow to, not classes.</summary>
    internal bool LabelsAreNumbers { get; init; } = true;

    /// <summary>How far float32 losses at the far ends may be off, beside rounding.</summary>
    internal double FarTolerance { get; init; }

    /// <summary>How an error shows predictions of two rows.</summary>
    internal string TwoRows { get; init; } = "[2, 4]";

    public override string ToString() => Name;
}
