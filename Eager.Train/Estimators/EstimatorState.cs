using Eager.Autograd;
using Eager.Layers;

namespace Eager.Train;

/// <summary>All that an estimator keeps from step to step: what its model function made, the step, the random numbers, the place in the data.</summary>
internal sealed class EstimatorState
{
    private const string ModelPrefix = "model";
    private const string StepKey = "global_step";

    private readonly VariableStore store;
    private readonly RunConfig config;
    private readonly CheckpointManager? manager;
    private byte[]? draws;
    private bool isMade;

    internal EstimatorState(RunConfig config)
    {
        this.config = config;
        using (VariableStore made = VariableStore.Open()) store = made;
        if (config.ModelDirectory is null) return;
        manager = new CheckpointManager(FullCheckpoint(), config.ModelDirectory, config.KeepCheckpointMax, config.KeepCheckpointEveryHours, clock: config.Clock);
        if (manager.Latest is not null) manager.RestoreLatest(new RestoreOptions { Only = [StepKey], IgnoreUnexpected = true });
    }

    /// <summary>How many training steps were made.</summary>
    internal long GlobalStep { get; set; }

    /// <summary>The place in the training data.</summary>
    internal InputPlace Place { get; } = new();

    /// <summary>The checkpoint that was saved last.</summary>
    internal string? Latest => manager?.Latest;

    /// <summary>Whether the model function has made what it makes at its first run.</summary>
    internal bool HasModel => store.Entries().Count > 0;

    /// <summary>Whether all state is that of the latest checkpoint or of a training since.</summary>
    internal bool IsReadyToTrain { get; set; }

    /// <summary>Whether the weights are those of the latest checkpoint or of a training since.</summary>
    internal bool IsReadyToUse { get; set; }

    /// <summary>The variables that training changes, in the order in which they were made.</summary>
    internal IReadOnlyList<Variable> TrainableVariables =>
        [.. store.Entries().SelectMany(static entry => entry.Value switch
        {
            Variable variable => variable.Trainable ? [variable] : [],
            Layer layer => layer.TrainableVariables,
            _ => [],
        }).Distinct()];

    /// <summary>Every variable by its name.</summary>
    internal Dictionary<string, Variable> Variables => Checkpoint.WeightsOf(store).ToDictionary(static named => named.Name, static named => named.Variable, StringComparer.Ordinal);

    /// <summary>Opens the variables to a run of the model function: the first makes them, so that a name that stands twice is an error; later ones find them.</summary>
    internal VariableStore OpenVariables() => store.Reopen(isMade ? Reuse.Auto : Reuse.No);

    /// <summary>Says that the model function ran to its end.</summary>
    internal void ModelWasMade() => isMade = true;

    /// <summary>Lets this thread draw from the estimator's random numbers, until the returned object is disposed.</summary>
    /// <param name="goesOn">Whether they go on from there the next time; else the next time gives the same.</param>
    internal IDisposable BeginDraws(bool goesOn) => new Draws(this, goesOn);

    /// <summary>Saves everything.</summary>
    internal void Save() => manager?.Save(GlobalStep);

    /// <summary>Takes everything from the latest checkpoint; what is in it has been made.</summary>
    internal void RestoreAll()
    {
        manager!.RestoreLatest();
        IsReadyToTrain = IsReadyToUse = true;
    }

    /// <summary>Takes the weights from a checkpoint.</summary>
    /// <returns>The step at which it was saved.</returns>
    internal long RestoreModel(string path) => FullCheckpoint().Restore(path, new RestoreOptions { Only = [$"{ModelPrefix}/*"], IgnoreUnexpected = true });

    /// <summary>The weights alone.</summary>
    internal Checkpoint ModelCheckpoint() => new Checkpoint().Add(store, ModelPrefix);

    private Checkpoint FullCheckpoint() => ModelCheckpoint()
        .Add("train", new Part(() => store.Entries().Where(static entry => entry.Value is ICheckpointable)
            .SelectMany(static entry => ((ICheckpointable)entry.Value).GetState().Select(part => part.Under(entry.Key)))))
        .Add("input", Place)
        .Add(StateEntry.Int64(StepKey, () => GlobalStep, step => GlobalStep = step), StateEntry.Generator("generator", Generator.DefaultFor(config.Device)));

    /// <summary>A part of a checkpoint that is listed anew each time.</summary>
    private sealed class Part(Func<IEnumerable<StateEntry>> entries) : ICheckpointable
    {
        public IEnumerable<StateEntry> GetState() => entries();
    }

    /// <summary>The thread's generator holds the estimator's state while this is open, and gets its own back.</summary>
    private sealed class Draws : IDisposable
    {
        private readonly EstimatorState owner;
        private readonly bool goesOn;
        private readonly Generator generator;
        private readonly byte[] before;

        internal Draws(EstimatorState owner, bool goesOn)
        {
            (this.owner, this.goesOn) = (owner, goesOn);
            generator = Generator.DefaultFor(owner.config.Device);
            if (owner.draws is null)
            {
                // Without a seed of its own the estimator follows from the thread's.
                long seed = owner.config.Seed ?? Dataset.DrawSeed();
                before = generator.GetState();
                long own = generator.Seed;
                generator.SetSeed(seed);
                owner.draws = generator.GetState();
                generator.SetSeed(own);
            }
            else before = generator.GetState();
            generator.Restore(owner.draws);
        }

        public void Dispose()
        {
            if (goesOn) owner.draws = generator.GetState();
            generator.Restore(before);
        }
    }
}
