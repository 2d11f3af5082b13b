using System.Globalization;

namespace Eager.Train;

/// <summary>
/// Keeps the last checkpoints of a training run in a folder, and one every so many hours for good: <c>ckpt-100.safetensors</c>, <c>ckpt-200.safetensors</c>, …,
/// and a file <c>checkpoint</c> that lists their names, one a line, the latest last. One manager writes into a folder at a time.
/// </summary>
/// <remarks>
/// A crash of the process or the machine at any instant leaves the checkpoints written before it whole and listed.
/// Making a manager reads and writes nothing. The names in the list are relative, so the folder may be moved.
/// </remarks>
/// <example><code>
/// var manager = new CheckpointManager(checkpoint, "runs/first");
/// long step = manager.RestoreLatest() ?? 0;
/// manager.Save(step + 100);
/// </code></example>
public sealed class CheckpointManager
{
    private const string Extension = CheckpointList.Extension;

    private readonly Checkpoint checkpoint;
    private readonly int maxToKeep;
    private readonly TimeSpan keepEvery;
    private readonly string name;
    private readonly string listPath;
    private readonly TimeProvider clock;

    /// <summary>Makes a manager.</summary>
    /// <param name="checkpoint">The state to save and restore.</param>
    /// <param name="folder">The folder, made when the first checkpoint is saved.</param>
    /// <param name="maxToKeep">How many checkpoints stay; older ones are deleted after a new one is whole.</param>
    /// <param name="keepEveryHours">Of those that would be deleted, one stays for good each time that so many hours passed since the first, or since the last that stays.</param>
    /// <param name="name">What the files' names begin with; a dash and the step follow.</param>
    /// <param name="listName">The name of the file that lists the checkpoints.</param>
    /// <param name="clock">What tells the time; the system's clock when null.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="maxToKeep"/> or <paramref name="keepEveryHours"/> is not positive, or a name is empty or holds a path separator.</exception>
    /// <exception cref="FileWriteException"><paramref name="folder"/> is a file.</exception>
    public CheckpointManager(Checkpoint checkpoint, string folder, int maxToKeep = 5, double keepEveryHours = 10_000, string name = "ckpt", string listName = "checkpoint", TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(folder);
        if (maxToKeep < 1) throw new InvalidArgumentException($"CheckpointManager: maxToKeep is {maxToKeep}; it must be at least 1.");
        if (!(keepEveryHours > 0)) throw new InvalidArgumentException($"CheckpointManager: keepEveryHours is {keepEveryHours}; it must be above 0.");
        if (!CheckpointList.IsFileName(name)) throw new InvalidArgumentException($"CheckpointManager: the name '{name}' must be a plain file name.");
        if (!CheckpointList.IsFileName(listName)) throw new InvalidArgumentException($"CheckpointManager: the listName '{listName}' must be a plain file name.");
        if (File.Exists(folder)) throw new FileWriteException($"CheckpointManager: '{folder}' is a file; name a folder, which may be one that is not there yet.");
        this.checkpoint = checkpoint;
        this.maxToKeep = maxToKeep;
        keepEvery = keepEveryHours < TimeSpan.MaxValue.TotalHours ? TimeSpan.FromHours(keepEveryHours) : TimeSpan.MaxValue;
        this.name = name;
        this.clock = clock ?? TimeProvider.System;
        Folder = folder;
        listPath = Path.Combine(folder, listName);
    }

    /// <summary>The folder of the checkpoints.</summary>
    public string Folder { get; }

    /// <summary>The paths of the checkpoints, in the order in which they were saved, those kept for good first.</summary>
    /// <exception cref="CorruptFileException">The list is damaged.</exception>
    public IReadOnlyList<string> Checkpoints => [.. ReadList().Checkpoints.Select(c => InFolder(c.File))];

    /// <summary>The path of the checkpoint that was saved last, null if there is none.</summary>
    /// <exception cref="CorruptFileException">The list is damaged.</exception>
    public string? Latest => ReadList().Checkpoints is [.., var last] ? InFolder(last.File) : null;

    /// <summary>Saves the state, lists the file as the latest and deletes checkpoints beyond the number to keep.</summary>
    /// <param name="step">The training step, from 0; part of the file's name.</param>
    /// <returns>The path of the new checkpoint.</returns>
    /// <exception cref="FileWriteException">The checkpoint cannot be written; those before it stand.</exception>
    public string Save(long step)
    {
        if (step < 0) throw new InvalidArgumentException($"CheckpointManager.Save: the step is {step}; it must not be negative.");
        CheckpointList list = ReadList();
        string file = string.Create(CultureInfo.InvariantCulture, $"{name}-{step}{Extension}");
        string path = InFolder(file);
        try
        {
            Directory.CreateDirectory(Folder);
            DeletePartial();
        }
        catch (Exception e) when (FileErrors.IsSystemError(e))
        {
            throw FileErrors.CannotWrite(path, e);
        }
        checkpoint.Save(path, step);

        DateTimeOffset now = clock.GetUtcNow();
        List<ListedCheckpoint> listed = [.. list.Checkpoints.Where(c => c.File != file), new(file, now, Kept: false)];
        list = Thin(list.Since ?? now, listed, list.Going.Where(g => g != file));
        // What goes is no longer listed as a checkpoint when it is deleted, and named until it is.
        list.Write(listPath);
        if (list.Going.Count == 0) return path;
        (list with { Going = [.. list.Going.Where(old => !Delete(InFolder(old)))] }).Write(listPath);
        return path;
    }

    /// <summary>Restores the checkpoint that was saved last.</summary>
    /// <param name="options">What need not fit; everything must when null.</param>
    /// <param name="fallBack">Whether the newest whole checkpoint is restored when the last is damaged or missing, instead of an error that names it.</param>
    /// <returns>Its training step, null if the folder holds no checkpoint.</returns>
    /// <exception cref="MissingFileException">The checkpoint is listed but not there; the message offers the one before it.</exception>
    /// <exception cref="CorruptFileException">The checkpoint is damaged; the message offers the one before it.</exception>
    /// <exception cref="CheckpointMismatchException">The checkpoint does not fit the program; nothing was restored.</exception>
    public long? RestoreLatest(RestoreOptions? options = null, bool fallBack = false)
    {
        List<ListedCheckpoint> listed = ReadList().Checkpoints;
        if (listed.Count == 0) return null;
        try
        {
            return checkpoint.Restore(InFolder(listed[^1].File), options);
        }
        catch (EagerException e) when (e is CorruptFileException or MissingFileException)
        {
            string? whole = NewestWhole(listed[..^1]);
            if (fallBack && whole is not null) return checkpoint.Restore(whole, options);
            string offer = whole is null ? "No checkpoint before it is whole; start anew in another folder." : $"The checkpoint before it is whole: Restore(\"{whole}\") goes on from there.";
            throw e is CorruptFileException ? new CorruptFileException($"{e.Message} {offer}", e) : new MissingFileException($"{e.Message} {offer}", e);
        }
    }

    /// <summary>Restores a certain checkpoint, such as one of <see cref="Checkpoints"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What need not fit; everything must when null.</param>
    /// <returns>Its training step.</returns>
    /// <exception cref="MissingFileException">The file is not there or cannot be read.</exception>
    /// <exception cref="CorruptFileException">The file is damaged.</exception>
    /// <exception cref="CheckpointMismatchException">The checkpoint does not fit the program; nothing was restored.</exception>
    public long Restore(string path, RestoreOptions? options = null) => checkpoint.Restore(path, options);

    private string? NewestWhole(List<ListedCheckpoint> listed)
    {
        foreach (ListedCheckpoint one in Enumerable.Reverse(listed))
        {
            string path = InFolder(one.File);
            try
            {
                using SafeTensorsFile candidate = SafeTensorsFile.Open(path);
                Checkpoint.RequireWhole(candidate);
                return path;
            }
            catch (EagerException)
            {
                // Damaged too: look further back.
            }
        }
        return null;
    }

    /// <summary>Of the oldest checkpoints beyond the number to keep, those stay for good whose time has come, and the others go.</summary>
    private CheckpointList Thin(DateTimeOffset since, List<ListedCheckpoint> listed, IEnumerable<string> going)
    {
        List<ListedCheckpoint> passing = [.. listed.Where(c => !c.Kept)], kept = [.. listed.Where(c => c.Kept)];
        List<string> gone = [.. going];
        int surplus = Math.Max(0, passing.Count - maxToKeep);
        foreach (ListedCheckpoint old in passing[..surplus])
        {
            if (old.Saved is { } saved && saved - since >= keepEvery)
            {
                since = saved;
                kept.Add(old with { Kept = true });
            }
            else gone.Add(old.File);
        }
        return new CheckpointList(since, [.. kept, .. passing[surplus..]], gone);
    }

    private CheckpointList ReadList() => CheckpointList.Read(listPath) ?? FindInFolder();

    /// <summary>The checkpoints by their steps, for a folder whose list was lost, or not yet written when the first save was cut off.</summary>
    private CheckpointList FindInFolder()
    {
        if (!Directory.Exists(Folder)) return new CheckpointList(null, [], []);
        var found = new List<(long Step, string File)>();
        foreach (string path in Directory.EnumerateFiles(Folder, $"{name}-*{Extension}"))
        {
            string file = Path.GetFileName(path);
            if (long.TryParse(file.AsSpan()[(name.Length + 1)..^Extension.Length], NumberStyles.None, CultureInfo.InvariantCulture, out long step)) found.Add((step, file));
        }
        return new CheckpointList(null, [.. found.Order().Select(f => new ListedCheckpoint(f.File, Saved: null, Kept: false))], []);
    }

    /// <summary>Deletes what a save that was cut off left behind.</summary>
    private void DeletePartial()
    {
        foreach (string path in Directory.EnumerateFiles(Folder, AtomicFile.PartialPath($"{name}-*{Extension}"))) File.Delete(path);
    }

    private static bool Delete(string path)
    {
        try
        {
            File.Delete(path);
            return true;
        }
        catch (Exception e) when (FileErrors.IsSystemError(e))
        {
            // The new checkpoint is safe and the old one no longer listed; a file too many is no reason to stop training. The next save tries again.
            return false;
        }
    }

    private string InFolder(string file) => Path.Combine(Folder, file);
}
