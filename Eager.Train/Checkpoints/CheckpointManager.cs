using System.Globalization;
using System.Text;

namespace Eager.Train;

/// <summary>
/// Keeps the last checkpoints of a training run in a folder: <c>ckpt-100.safetensors</c>, <c>ckpt-200.safetensors</c>, …,
/// and a file <c>checkpoint</c> that lists their names, one a line, the latest last. One manager writes into a folder at a time.
/// </summary>
/// <remarks>
/// A crash of the process or the machine at any instant leaves the checkpoints written before it whole and listed.
/// Making a manager reads and writes nothing.
/// </remarks>
/// <example><code>
/// var manager = new CheckpointManager(checkpoint, "runs/first");
/// long step = manager.RestoreLatest() ?? 0;
/// manager.Save(step + 100);
/// </code></example>
public sealed class CheckpointManager
{
    private const string Extension = ".safetensors";
    private const long MaxListBytes = 1 << 20;

    private readonly Checkpoint checkpoint;
    private readonly int maxToKeep;
    private readonly string name;
    private readonly string listPath;

    /// <summary>Makes a manager.</summary>
    /// <param name="checkpoint">The state to save and restore.</param>
    /// <param name="folder">The folder, made when the first checkpoint is saved.</param>
    /// <param name="maxToKeep">How many checkpoints stay; older ones are deleted after a new one is whole.</param>
    /// <param name="name">What the files' names begin with.</param>
    /// <param name="listName">The name of the file that lists the checkpoints.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="maxToKeep"/> is not positive, or a name is empty or holds a path separator.</exception>
    public CheckpointManager(Checkpoint checkpoint, string folder, int maxToKeep = 5, string name = "ckpt", string listName = "checkpoint")
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (maxToKeep < 1) throw new InvalidArgumentException($"CheckpointManager: maxToKeep is {maxToKeep}; it must be at least 1.");
        if (!IsFileName(name)) throw new InvalidArgumentException($"CheckpointManager: the name '{name}' must be a plain file name.");
        if (!IsFileName(listName)) throw new InvalidArgumentException($"CheckpointManager: the listName '{listName}' must be a plain file name.");
        this.checkpoint = checkpoint;
        this.maxToKeep = maxToKeep;
        this.name = name;
        Folder = folder;
        listPath = Path.Combine(folder, listName);
    }

    /// <summary>The folder of the checkpoints.</summary>
    public string Folder { get; }

    /// <summary>The paths of the checkpoints, in the order in which they were saved.</summary>
    /// <exception cref="CorruptFileException">The list is damaged.</exception>
    public IReadOnlyList<string> Checkpoints => [.. ReadList().Select(InFolder)];

    /// <summary>The path of the checkpoint that was saved last, null if there is none.</summary>
    /// <exception cref="CorruptFileException">The list is damaged.</exception>
    public string? Latest => ReadList() is [.., var last] ? InFolder(last) : null;

    /// <summary>Saves the state, lists the file as the latest and deletes checkpoints beyond the number to keep.</summary>
    /// <param name="step">The training step, from 0; part of the file's name.</param>
    /// <returns>The path of the new checkpoint.</returns>
    /// <exception cref="FileWriteException">The checkpoint cannot be written; those before it stand.</exception>
    public string Save(long step)
    {
        if (step < 0) throw new InvalidArgumentException($"CheckpointManager.Save: the step is {step}; it must not be negative.");
        List<string> files = ReadList();
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

        files.Remove(file);
        files.Add(file);
        WriteList(files);
        int surplus = files.Count - maxToKeep;
        if (surplus > 0)
        {
            // Listed until they are gone: what a crash leaves is deleted with the next save.
            foreach (string old in files[..surplus]) DeleteOld(InFolder(old));
            WriteList(files[surplus..]);
        }
        return path;
    }

    /// <summary>Restores the checkpoint that was saved last.</summary>
    /// <returns>Its training step, null if the folder holds no checkpoint.</returns>
    /// <exception cref="MissingFileException">The checkpoint is listed but not there; the message offers the one before it.</exception>
    /// <exception cref="CorruptFileException">The checkpoint is damaged; the message offers the one before it.</exception>
    /// <exception cref="CheckpointMismatchException">The checkpoint does not fit the program; nothing was restored.</exception>
    public long? RestoreLatest()
    {
        List<string> files = ReadList();
        if (files.Count == 0) return null;
        string path = InFolder(files[^1]);
        try
        {
            return checkpoint.Restore(path);
        }
        catch (CorruptFileException e)
        {
            throw new CorruptFileException($"{e.Message} {Offer(files)}", e);
        }
        catch (MissingFileException e)
        {
            throw new MissingFileException($"{e.Message} {Offer(files)}", e);
        }
    }

    /// <summary>Restores a certain checkpoint, such as one of <see cref="Checkpoints"/>.</summary>
    /// <returns>Its training step.</returns>
    /// <exception cref="MissingFileException">The file is not there or cannot be read.</exception>
    /// <exception cref="CorruptFileException">The file is damaged.</exception>
    /// <exception cref="CheckpointMismatchException">The checkpoint does not fit the program; nothing was restored.</exception>
    public long Restore(string path) => checkpoint.Restore(path);

    /// <summary>Names the newest whole checkpoint before the last.</summary>
    private string Offer(List<string> files)
    {
        foreach (string file in Enumerable.Reverse(files).Skip(1))
        {
            string path = InFolder(file);
            try
            {
                using SafeTensorsFile candidate = SafeTensorsFile.Open(path);
                candidate.VerifyChecksum();
                return $"The checkpoint before it is whole: Restore(\"{path}\") goes on from there.";
            }
            catch (EagerException)
            {
                // Damaged too: look further back.
            }
        }
        return "No checkpoint before it is whole; start anew in another folder.";
    }

    private List<string> ReadList()
    {
        if (!File.Exists(listPath)) return FindInFolder();
        using FileStream file = FileErrors.OpenRead(listPath);
        try
        {
            if (file.Length > MaxListBytes) throw DamagedList($"it has {file.Length} bytes");
            using var reader = new StreamReader(file);
            string text = reader.ReadToEnd();
            if (!text.EndsWith('\n')) throw DamagedList("its last line is cut off");
            List<string> files = [.. text[..^1].Split('\n')];
            return files.Find(f => !IsFileName(f) || !f.EndsWith(Extension, StringComparison.Ordinal)) is { } bad
                ? throw DamagedList($"the line '{(bad.Length > 100 ? bad[..100] : bad)}' names no checkpoint of this folder")
                : files;
        }
        catch (IOException e)
        {
            throw FileErrors.CannotRead(listPath, e);
        }
    }

    /// <summary>The checkpoints by their steps, for a folder whose list was lost, or not yet written when the first save was cut off.</summary>
    private List<string> FindInFolder()
    {
        if (!Directory.Exists(Folder)) return [];
        var found = new List<(long Step, string File)>();
        foreach (string path in Directory.EnumerateFiles(Folder, $"{name}-*{Extension}"))
        {
            string file = Path.GetFileName(path);
            if (long.TryParse(file.AsSpan()[(name.Length + 1)..^Extension.Length], NumberStyles.None, CultureInfo.InvariantCulture, out long step)) found.Add((step, file));
        }
        return [.. found.Order().Select(f => f.File)];
    }

    private void WriteList(List<string> files) => AtomicFile.Write(listPath, file => file.Write(Encoding.UTF8.GetBytes(string.Concat(files.Select(f => f + "\n")))));

    /// <summary>Deletes what a save that was cut off left behind.</summary>
    private void DeletePartial()
    {
        foreach (string path in Directory.EnumerateFiles(Folder, AtomicFile.PartialPath($"{name}-*{Extension}"))) File.Delete(path);
    }

    private static void DeleteOld(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (FileErrors.IsSystemError(e))
        {
            // The new checkpoint is safe and the old one no longer listed; a file too many is no reason to stop training.
        }
    }

    private string InFolder(string file) => Path.Combine(Folder, file);

    private CorruptFileException DamagedList(string why) =>
        new($"{listPath}: the list of checkpoints is damaged: {why}. Delete it, and the checkpoints are found by their names.");

    private static bool IsFileName(string? file) => !string.IsNullOrEmpty(file) && file is not ("." or "..") && !file.AsSpan().ContainsAny('/', '\\', '\0');
}
