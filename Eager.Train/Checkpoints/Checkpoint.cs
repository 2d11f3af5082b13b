using System.Globalization;
using Eager.Layers;

namespace Eager.Train;

/// <summary>A checkpoint and the program disagree on what the state consists of; the message lists every disagreement.</summary>
public sealed class CheckpointMismatchException(string message) : EagerException(message);

/// <summary>
/// The state that is saved together: variables, optimizer slots, steps, generators, the place in a dataset.
/// In a file it is plain safetensors, which Python reads; nothing is read or written before <see cref="Save"/> or <see cref="Restore"/>.
/// </summary>
/// <example><code>
/// var checkpoint = new Checkpoint().Add("optimizer", optimizer).Add("data", batches);
/// checkpoint.Save("weights.safetensors", step: 100);
/// long step = checkpoint.Restore("weights.safetensors");
/// </code></example>
public sealed class Checkpoint
{
    private const string StepKey = "eager.step";
    private const int MostListed = 50;

    private readonly List<Func<IEnumerable<StateEntry>>> parts = [];

    /// <summary>Adds an object's state, its keys as they are.</summary>
    /// <returns>This checkpoint.</returns>
    public Checkpoint Add(ICheckpointable part)
    {
        ArgumentNullException.ThrowIfNull(part);
        parts.Add(part.GetState);
        return this;
    }

    /// <summary>Adds an object's state under <c>prefix/key</c>.</summary>
    /// <returns>This checkpoint.</returns>
    public Checkpoint Add(string prefix, ICheckpointable part)
    {
        ArgumentNullException.ThrowIfNull(part);
        parts.Add(() => part.GetState().Select(entry => entry.Under(prefix)));
        return this;
    }

    /// <summary>Adds a model's weights under <c>prefix/path</c>, trainable or not.</summary>
    /// <returns>This checkpoint.</returns>
    public Checkpoint Add(string prefix, Layer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        parts.Add(() => model.Parameters.Select(p => StateEntry.Variable(p.Variable, $"{prefix}/{p.Path}")));
        return this;
    }

    /// <summary>Adds single entries.</summary>
    /// <returns>This checkpoint.</returns>
    public Checkpoint Add(params StateEntry[] entries)
    {
        parts.Add(() => entries);
        return this;
    }

    /// <summary>Writes the state as it is now; a file that is there is replaced only once the new one is whole and on the disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="step">The training step, kept beside the state.</param>
    /// <exception cref="InvalidArgumentException">A key stands twice.</exception>
    /// <exception cref="FileWriteException">The file cannot be written; an old one stands.</exception>
    public void Save(string path, long step)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [StepKey] = step.ToString(CultureInfo.InvariantCulture) };
        List<SafeTensorsSource> sources = [.. Collect().Values.Select(entry => entry.ToSource())];
        AtomicFile.Write(path, file => SafeTensorsWriter.Write(file, sources, metadata, checksum: true));
    }

    /// <summary>Puts the state of a file in place, all of it or nothing.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The training step that was saved with it.</returns>
    /// <remarks>All tensors of the file are held in memory beside those of the program until everything is known to fit.</remarks>
    /// <exception cref="MissingFileException">The file is not there or cannot be read.</exception>
    /// <exception cref="CorruptFileException">The file is damaged: its structure or its checksum is wrong.</exception>
    /// <exception cref="CheckpointMismatchException">Keys are missing or too many, or a dtype, a shape or a content does not fit.</exception>
    public long Restore(string path)
    {
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        file.VerifyChecksum();
        if (!long.TryParse(file.Metadata.GetValueOrDefault(StepKey), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long step))
        {
            throw new CorruptFileException($"{path}: has no '{StepKey}' in its metadata: it was not written as an Eager checkpoint.");
        }

        Dictionary<string, StateEntry> entries = Collect();
        var problems = new List<string>();
        foreach (StateEntry entry in entries.Values)
        {
            if (file.Find(entry.Key) is not { } found) problems.Add($"'{entry.Key}' is missing in the file");
            else if (entry.Mismatch(found) is { } reason) problems.Add($"'{entry.Key}': {reason}");
        }
        foreach (SafeTensorsEntry found in file.Entries)
        {
            if (!entries.ContainsKey(found.Name)) problems.Add($"'{found.Name}' ({found.DType.Name()} {found.Shape}) is in the file, but not in the program");
        }
        ThrowIfAny(problems, path);

        var prepared = new List<PreparedState>(entries.Count);
        try
        {
            foreach (StateEntry entry in entries.Values)
            {
                prepared.Add(entry.Prepare(file, file.Find(entry.Key)!));
                if (prepared[^1].Mismatch is { } reason) problems.Add($"'{entry.Key}': {reason}");
            }
            ThrowIfAny(problems, path);
            foreach (PreparedState state in prepared) state.Commit();
        }
        finally
        {
            foreach (PreparedState state in prepared) state.Value?.Dispose();
        }
        return step;
    }

    private Dictionary<string, StateEntry> Collect()
    {
        var entries = new Dictionary<string, StateEntry>(StringComparer.Ordinal);
        foreach (StateEntry entry in parts.SelectMany(part => part()))
        {
            if (!entries.TryAdd(entry.Key, entry)) throw new InvalidArgumentException($"Checkpoint: the key '{entry.Key}' stands twice; add one of its owners under a prefix of its own.");
        }
        return entries;
    }

    private static void ThrowIfAny(List<string> problems, string path)
    {
        if (problems.Count == 0) return;
        string rest = problems.Count > MostListed ? $"; and {problems.Count - MostListed} more" : "";
        throw new CheckpointMismatchException($"{path}: does not fit this program, and nothing was restored: {string.Join("; ", problems.Take(MostListed))}{rest}.");
    }
}
