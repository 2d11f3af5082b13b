using Eager.Interop;

namespace Eager.Train;

/// <summary>The native updates, in the order of <c>eager::Rule</c> (Native/updates.h).</summary>
internal enum UpdateRule
{
    Sgd,
    Momentum,
    Adam,
    AmsGrad,
    Adagrad,
    Adadelta,
    RmsProp,
    RmsPropMomentum,
    RmsPropCentered,
    RmsPropCenteredMomentum,
    Ftrl,
    Adamax,
    Nadam,
    Lion,
}

/// <summary>The attributes of a native update.</summary>
/// <param name="Rule">Which update.</param>
/// <param name="Rows">For each variable, its row of settings.</param>
/// <param name="Row">How many settings a row has.</param>
/// <param name="Settings">The numbers that the update reads when it runs.</param>
internal readonly record struct UpdateAttributes(UpdateRule Rule, long[] Rows, int Row, HostScalars Settings)
{
    /// <summary>A row starts with the learning rate, the weight decay that joins the gradient, and the one that does not.</summary>
    internal const int SharedSettings = 3;

    /// <summary>Declares the update of an optimizer: its inputs are the variables, their gradients, then each slot for all variables.</summary>
    internal static Op<UpdateAttributes> Declare(string name) => new(name,
        static (x, in a) =>
        {
            int n = a.Rows.Length;
            Aten.update_((long)a.Rule, x[..n], x[n..(2 * n)], x[(2 * n)..], a.Rows, a.Row, a.Settings);
            return x[0];
        },
        static (x, in _) => x[0])
    { Accepts = Accepts.Any, Effect = Effect.Mutates };
}

/// <summary>Checks the settings of optimizers.</summary>
internal static class OptimizerArguments
{
    internal static double Share(double value, string what, string optimizer) =>
        value is >= 0 and < 1 ? value : throw new InvalidArgumentException($"{optimizer}: the {what} is {value}; it must be within [0, 1).");

    internal static double NotNegative(double value, string what, string optimizer) =>
        value >= 0 && double.IsFinite(value) ? value : throw new InvalidArgumentException($"{optimizer}: the {what} is {value}; it must be finite and not negative.");
}
