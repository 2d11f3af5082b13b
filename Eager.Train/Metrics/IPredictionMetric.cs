namespace Eager.Train;

/// <summary>A metric of labels and what a model gave for them; a model can be compiled with it.</summary>
public interface IPredictionMetric
{
    /// <summary>The name under which progress and summaries show it.</summary>
    string Name { get; }

    /// <summary>The figure over all that was seen since the last <see cref="Reset"/>.</summary>
    double Result { get; }

    /// <summary>Adds a batch.</summary>
    /// <param name="labels">What should come out.</param>
    /// <param name="predictions">What the model gave.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    void Update(Tensor labels, Tensor predictions, Tensor? weights = null);

    /// <summary>Forgets what was seen.</summary>
    void Reset();
}
