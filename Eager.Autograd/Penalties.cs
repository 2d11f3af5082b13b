namespace Eager.Autograd;

/// <summary>Where penalties go by themselves that functions of layers and shared variables have: who collects losses says so here.</summary>
internal static class Penalties
{
    [ThreadStatic] private static IPenaltyCollector? collector;

    /// <summary>Who collects on this thread; nobody when null.</summary>
    internal static IPenaltyCollector? Collector
    {
        get => collector;
        set => collector = value;
    }
}

/// <summary>Takes penalties for the loss of one computation.</summary>
internal interface IPenaltyCollector
{
    /// <summary>Takes the penalty of a variable, once, if it has one and is trained.</summary>
    void AddPenalty(Variable variable);

    /// <summary>Takes a penalty on what was computed.</summary>
    void AddPenalty(Tensor penalty, string scope);
}
