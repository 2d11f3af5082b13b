using Eager.Layers;

namespace Eager.Train;

/// <summary>What a training loop tells its callbacks, and how they tell it to stop.</summary>
public sealed class TrainingContext
{
    /// <summary>Describes a training.</summary>
    /// <param name="model">What is trained.</param>
    /// <param name="optimizer">What changes its weights.</param>
    /// <param name="epochs">The number of the epoch, counted from 0, before which training ends.</param>
    /// <param name="stepsPerEpoch">How many batches an epoch has, null while unknown.</param>
    /// <exception cref="InvalidArgumentException">A number is negative.</exception>
    public TrainingContext(Layer model, Optimizer optimizer, int epochs, long? stepsPerEpoch = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        if (epochs < 0) throw new InvalidArgumentException($"TrainingContext: {epochs} epochs are no training; give 0 or more.");
        (Model, Optimizer, Epochs, StepsPerEpoch) = (model, optimizer, epochs, stepsPerEpoch);
    }

    /// <summary>What is trained.</summary>
    public Layer Model { get; }

    /// <summary>What changes the model's weights.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>The number of the epoch, counted from 0, before which training ends.</summary>
    public int Epochs { get; }

    /// <summary>How many batches an epoch has; null while unknown, which the loop may change after the first epoch.</summary>
    /// <exception cref="InvalidArgumentException">The number is negative.</exception>
    public long? StepsPerEpoch
    {
        get;
        set => field = value is >= 0 or null ? value : throw new InvalidArgumentException($"TrainingContext.StepsPerEpoch: {value} is no number of batches; give 0 or more, or null while it is unknown.");
    }

    /// <summary>Set by a callback to end training after the batch at hand; the epoch and training end as they else do.</summary>
    public bool StopTraining { get; set; }
}
