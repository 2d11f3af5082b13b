using System.Globalization;
using System.Text;

namespace Eager.Train;

/// <summary>One checkpoint of a folder's list.</summary>
/// <param name="File">Its name within the folder.</param>
/// <param name="Saved">When it was saved, null if nobody knows.</param>
/// <param name="Kept">Whether it stays for good.</param>
internal readonly record struct ListedCheckpoint(string File, DateTimeOffset? Saved, bool Kept);

/// <summary>
/// The file that lists the checkpoints of a folder: the names of those kept for good, then of the others, the latest last,
/// after each a tab and the time at which it was saved. The first line, of another kind, says since when the interval between those kept for good counts;
/// lines after it name files that are about to be deleted, so that what a crash leaves of them goes later.
/// Names are relative, so that the folder may be moved.
/// </summary>
/// <param name="Since">When the last checkpoint kept for good was saved, or the first of all; null if nobody knows.</param>
/// <param name="Checkpoints">The checkpoints, the latest last.</param>
/// <param name="Going">The names of files that are no checkpoints any more, and may be gone already.</param>
internal sealed record CheckpointList(DateTimeOffset? Since, List<ListedCheckpoint> Checkpoints, IReadOnlyList<string> Going)
{
    /// <summary>What the names of checkpoints end with.</summary>
    public const string Extension = ".safetensors";

    private const long MaxBytes = 1 << 20;
    private const string SinceMark = "# since";
    private const string GoingMark = "# going";
    private const string KeptMark = "kept";

    /// <summary>Reads a list; null if there is no such file.</summary>
    /// <exception cref="CorruptFileException">The list is damaged.</exception>
    /// <exception cref="MissingFileException">The list is there but cannot be read.</exception>
    public static CheckpointList? Read(string path)
    {
        if (!File.Exists(path)) return null;
        using FileStream file = FileErrors.OpenRead(path);
        try
        {
            if (file.Length > MaxBytes) throw Damaged(path, $"it has {file.Length} bytes");
            using var reader = new StreamReader(file);
            return Parse(reader.ReadToEnd(), path);
        }
        catch (IOException e)
        {
            throw FileErrors.CannotRead(path, e);
        }
    }

    /// <summary>Reads the text of a list.</summary>
    internal static CheckpointList Parse(string text, string path)
    {
        if (!text.EndsWith('\n')) throw Damaged(path, "its last line is cut off");
        DateTimeOffset? since = null;
        var checkpoints = new List<ListedCheckpoint>();
        var going = new List<string>();
        foreach ((int number, string line) in text[..^1].Split('\n').Index())
        {
            string[] fields = line.Split('\t');
            if (number == 0 && fields.Length == 2 && fields[0] == SinceMark) since = ReadTime(fields[1], path);
            else if (checkpoints.Count == 0 && fields.Length == 2 && fields[0] == GoingMark) going.Add(ReadCheckpoint(fields[1..], path).File);
            else checkpoints.Add(ReadCheckpoint(fields, path));
        }
        if (going.Find(file => checkpoints.Exists(c => c.File == file)) is { } both) throw Damaged(path, $"'{Show(both)}' is both listed and to be deleted");
        return new CheckpointList(since, checkpoints, going);
    }

    private static ListedCheckpoint ReadCheckpoint(string[] fields, string path)
    {
        bool named = IsFileName(fields[0]) && fields[0].EndsWith(Extension, StringComparison.Ordinal);
        bool kept = fields.Length == 3 && fields[2] == KeptMark;
        if (!named || (fields.Length > 2 && !kept)) throw Damaged(path, $"the line '{Show(string.Join(' ', fields))}' names no checkpoint of this folder");
        return new ListedCheckpoint(fields[0], fields.Length > 1 ? ReadTime(fields[1], path) : null, kept);
    }

    private static DateTimeOffset ReadTime(string text, string path) =>
        DateTimeOffset.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time) ? time : throw Damaged(path, $"'{Show(text)}' is no time");

    /// <summary>Writes the list, in place of an old one only once it is whole.</summary>
    /// <exception cref="FileWriteException">The file cannot be written; the old one stands.</exception>
    public void Write(string path)
    {
        var text = new StringBuilder();
        if (Since is { } since) text.Append(CultureInfo.InvariantCulture, $"{SinceMark}\t{since:O}\n");
        foreach (string file in Going) text.Append(CultureInfo.InvariantCulture, $"{GoingMark}\t{file}\n");
        foreach (ListedCheckpoint checkpoint in Checkpoints)
        {
            text.Append(checkpoint.File);
            if (checkpoint.Saved is { } saved) text.Append(CultureInfo.InvariantCulture, $"\t{saved:O}{(checkpoint.Kept ? "\t" + KeptMark : "")}");
            text.Append('\n');
        }
        AtomicFile.Write(path, file => file.Write(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>Whether a text may be the name of a file in the folder.</summary>
    public static bool IsFileName(string? file) => !string.IsNullOrEmpty(file) && file is not ("." or "..") && !file.Any(c => c is '/' or '\\' or '*' or '?' || char.IsControl(c));

    private static string Show(string line) => line.Length > 100 ? line[..100] : line;

    private static CorruptFileException Damaged(string path, string why) =>
        new($"{path}: the list of checkpoints is damaged: {why}. Delete it, and the checkpoints are found by their names.");
}
