using System.Globalization;
using Eager.Autograd;
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
    private const int MostListed = 1000;

    private static readonly RestoreOptions Everything = new();

    private readonly List<Func<IEnumerable<StateEntry>>> parts = [];
    private readonly bool allowEmpty;

    /// <summary>Makes a checkpoint of nothing yet; neither this nor adding parts reads or writes a file.</summary>
    /// <param name="allowEmpty">Whether it may be saved without any part, which else is an error.</param>
    public Checkpoint(bool allowEmpty = false) => this.allowEmpty = allowEmpty;

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

    /// <summary>Adds all variables of a variable store and the weights of its layers, those included that are made there before the checkpoint is used.</summary>
    /// <param name="store">The store, such as <see cref="VariableStore.Current"/>.</param>
    /// <param name="prefix">What the names stand under: <c>prefix/name</c>; they stand as they are when null.</param>
    /// <returns>This checkpoint.</returns>
    /// <example><code>var all = new Checkpoint().Add(VariableStore.Current);   // TensorFlow's Saver() of all variables</code></example>
    public Checkpoint Add(VariableStore store, string? prefix = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        parts.Add(() => WeightsOf(store).Select(weight => StateEntry.Variable(weight.Variable, prefix is null ? weight.Name : $"{prefix}/{weight.Name}")));
        return this;
    }

    /// <summary>Adds variables under their own names.</summary>
    /// <returns>This checkpoint.</returns>
    /// <exception cref="InvalidArgumentException">A variable has no name.</exception>
    public Checkpoint Add(IEnumerable<Variable> variables) => Add([.. variables.Select(variable => StateEntry.Variable(variable))]);

    /// <summary>Adds variables under given names.</summary>
    /// <returns>This checkpoint.</returns>
    public Checkpoint Add(IReadOnlyDictionary<string, Variable> variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        return Add([.. variables.Select(pair => StateEntry.Variable(pair.Value, pair.Key))]);
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
    /// <exception cref="InvalidArgumentException">A key stands twice, or there is nothing to save and that was not allowed.</exception>
    /// <exception cref="FileWriteException">The file cannot be written; an old one stands.</exception>
    public void Save(string path, long step)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [StepKey] = step.ToString(CultureInfo.InvariantCulture) };
        List<SafeTensorsSource> sources = [.. Collect().Values.Select(entry => entry.ToSource())];
        if (sources.Count == 0 && !allowEmpty) throw new InvalidArgumentException($"Checkpoint.Save: there is nothing to save in {path}; add parts, or make the checkpoint with allowEmpty.");
        AtomicFile.Write(path, file => SafeTensorsWriter.Write(file, sources, metadata, checksum: true));
    }

    /// <summary>Puts the state of a file in place, all of it or nothing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What need not fit; everything must when null.</param>
    /// <returns>The training step that was saved with it.</returns>
    /// <remarks>
    /// The whole file is checked first; then the values are read into the variables' own memory. State other than variables, and variables whose
    /// shape changes, are held in memory beside those of the program until everything is known to fit.
    /// </remarks>
    /// <exception cref="MissingFileException">The file is not there or cannot be read. Should the disk fail only after the file was found whole, the message says that a part is restored.</exception>
    /// <exception cref="CorruptFileException">The file is damaged: its structure or its checksum is wrong.</exception>
    /// <exception cref="CheckpointMismatchException">Keys are missing or too many, or a dtype, a shape or a content does not fit.</exception>
    /// <exception cref="InvalidArgumentException">A pattern of the options is none.</exception>
    public long Restore(string path, RestoreOptions? options = null)
    {
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        return RestoreFrom(file, options ?? Everything);
    }

    /// <summary>The variables of a store and the weights of its layers, by their full names.</summary>
    internal static IEnumerable<(string Name, Variable Variable)> WeightsOf(VariableStore store)
    {
        foreach ((string name, object made) in store.Entries())
        {
            if (made is Variable variable) yield return (name, variable);
            if (made is not Layer layer) continue;
            foreach (Parameter parameter in layer.Parameters) yield return ($"{name}/{parameter.Path}", parameter.Variable);
        }
    }

    /// <summary>Puts the state of an open file in place, all of it or nothing.</summary>
    internal long RestoreFrom(SafeTensorsFile file, RestoreOptions options)
    {
        long step = RequireWhole(file);
        var problems = new List<string>();
        List<(StateEntry Entry, SafeTensorsEntry Found)> fitting = Match(file, options, problems);
        ThrowIfAny(problems, file.Path);

        var prepared = new List<PreparedState>(fitting.Count);
        try
        {
            foreach ((StateEntry entry, SafeTensorsEntry found) in fitting)
            {
                prepared.Add(entry.Prepare(file, found));
                if (prepared[^1].Mismatch is { } reason) problems.Add($"'{entry.Key}': {reason}");
            }
            ThrowIfAny(problems, file.Path);
            Commit(prepared);
        }
        finally
        {
            foreach (PreparedState state in prepared) state.Value?.Dispose();
        }
        return step;
    }

    private static void Commit(List<PreparedState> prepared)
    {
        try
        {
            foreach (PreparedState state in prepared) state.Commit();
        }
        catch (MissingFileException e)
        {
            throw new MissingFileException($"{e.Message} It was found whole before, so a part of the state is restored already: restore again, from another checkpoint if need be.", e);
        }
    }

    /// <summary>Checks that a file is a whole checkpoint, without a look at what a program has.</summary>
    /// <returns>The training step that was saved with it.</returns>
    /// <exception cref="CorruptFileException">The file is damaged or no checkpoint.</exception>
    internal static long RequireWhole(SafeTensorsFile file)
    {
        file.VerifyChecksum();
        return long.TryParse(file.Metadata.GetValueOrDefault(StepKey), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long step) ? step
            : throw new CorruptFileException($"{file.Path}: has no '{StepKey}' in its metadata: it was not written as an Eager checkpoint.");
    }

    /// <summary>Pairs the parts of the program with those of the file, and lists all that does not fit.</summary>
    private List<(StateEntry Entry, SafeTensorsEntry Found)> Match(SafeTensorsFile file, RestoreOptions options, List<string> problems)
    {
        var selection = new KeySelection(options);
        var fitting = new List<(StateEntry, SafeTensorsEntry)>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (StateEntry entry in Collect().Values)
        {
            string key = selection.InFile(entry.Key);
            known.Add(key);
            if (!selection.Selects(entry.Key)) continue;
            string shown = key == entry.Key ? $"'{key}'" : $"'{entry.Key}' ('{key}' in the file)";
            if (file.Find(key) is not { } found)
            {
                if (!options.AllowMissing) problems.Add($"{shown} is missing in the file");
            }
            else if (entry.Mismatch(found, options.Reshape) is { } reason) problems.Add($"{shown}: {reason}");
            else fitting.Add((entry, found));
        }
        foreach (SafeTensorsEntry found in file.Entries)
        {
            if (!options.IgnoreUnexpected && !known.Contains(found.Name)) problems.Add($"'{found.Name}' ({found.DType.Name()} {found.Shape}) is in the file, but not in the program");
        }
        problems.AddRange(selection.Useless.Select(pattern => $"the pattern '{pattern}' fits nothing in the program"));
        return fitting;
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
