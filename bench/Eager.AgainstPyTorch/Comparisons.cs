namespace Eager.AgainstPyTorch;

/// <summary>The operations that both have, in both spellings.</summary>
internal static class Comparisons
{
    internal static readonly Comparison[] All =
    [
        .. ElementwiseComparisons.All,
        .. ReductionComparisons.All,
        .. ShapingComparisons.All,
        .. IndexingComparisons.All,
        .. LinearAlgebraComparisons.All,
        .. NetworkComparisons.All,
        .. ComplexComparisons.All,
    ];

    /// <summary>Declared operations that have no counterpart, each with the reason.</summary>
    internal static readonly Dictionary<string, string> NotInPyTorch = Reasons(
        ("a draw; the two number their generators' draws differently, and the distribution tests stand for it",
            ["Bernoulli", "Categorical", "DropoutMask", "RandomBinomial", "RandomDirichlet", "RandomExponential", "RandomGamma", "RandomNormal", "RandomPermutation", "RandomPoisson", "RandomUniform"]),
        ("the gradient of a draw", ["DirichletSlope", "GammaSlope"]),
        ("assigns to a variable", ["Assign", "AssignAdd", "AssignNewShape", "AssignPart", "AssignSub"]),
        ("an optimizer's update; its tests compare with PyTorch's or Keras's numbers", ["Adadelta", "Adagrad", "Adam", "Adamax", "Ftrl", "Lion", "Nadam", "RmsProp", "Sgd"]),
        ("calls a function of the user", ["CustomGradient", "HostFunction"]),
        ("gives its input", ["Identity", "To"]));

    private static Dictionary<string, string> Reasons(params (string Reason, string[] Operations)[] groups) =>
        groups.SelectMany(static g => g.Operations.Select(name => (name, g.Reason))).ToDictionary(StringComparer.Ordinal);
}
