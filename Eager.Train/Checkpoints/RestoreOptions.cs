namespace Eager.Train;

/// <summary>How a checkpoint that does not fit the program in every part is restored all the same; by default it is refused.</summary>
/// <remarks>In patterns <c>*</c> stands for any text, slashes included. A pattern that fits no key of the program is an error, so that a slip of the pen is seen.</remarks>
/// <example><code>
/// // A new head on a trained body, which had another name.
/// checkpoint.Restore("body.safetensors", new RestoreOptions { Only = ["model/body/*"], Names = [("model/body/*", "model/encoder/*")], IgnoreUnexpected = true });
/// </code></example>
public sealed record RestoreOptions
{
    /// <summary>Patterns of the keys to restore; the program's other parts stay as they are. Null for all.</summary>
    public IReadOnlyList<string>? Only { get; init; }

    /// <summary>Under which key of the file a part of the program stands: pairs of patterns with equally many stars, the first that fits counts; other keys are the same.</summary>
    public IReadOnlyList<(string Program, string File)> Names { get; init; } = [];

    /// <summary>Whether parts that the file does not have stay as they are.</summary>
    public bool AllowMissing { get; init; }

    /// <summary>Whether parts of the file that the program does not have are passed over.</summary>
    public bool IgnoreUnexpected { get; init; }

    /// <summary>Whether a tensor of another shape is taken if it has as many elements, in C order.</summary>
    public bool Reshape { get; init; }
}

/// <summary>The patterns of some <see cref="RestoreOptions"/>, read, and whether each was of use.</summary>
internal sealed class KeySelection
{
    private readonly (string Text, KeyPattern Pattern)[]? only;
    private readonly (string Text, KeyPattern Program, KeyPattern File)[] names;
    private readonly HashSet<string> used = new(StringComparer.Ordinal);

    /// <summary>Reads the patterns.</summary>
    /// <exception cref="InvalidArgumentException">A pattern is empty, or two that belong together have unequal numbers of stars.</exception>
    public KeySelection(RestoreOptions options)
    {
        only = options.Only?.Select(text => (text, new KeyPattern(text))).ToArray();
        names = [.. options.Names.Select(pair => (pair.Program, new KeyPattern(pair.Program), new KeyPattern(pair.File)))];
        foreach ((string text, KeyPattern program, KeyPattern file) in names)
        {
            if (program.Stars != file.Stars) throw new InvalidArgumentException($"RestoreOptions.Names: '{text}' has {program.Stars} stars, what it stands for in the file {file.Stars}; give equally many.");
        }
    }

    /// <summary>Whether a part of the program is to be restored.</summary>
    public bool Selects(string key)
    {
        if (only is null) return true;
        bool selected = false;
        foreach ((string text, KeyPattern pattern) in only)
        {
            if (pattern.Match(key) is null) continue;
            used.Add(text);
            selected = true;
        }
        return selected;
    }

    /// <summary>The key in the file of a part of the program.</summary>
    public string InFile(string key)
    {
        foreach ((string text, KeyPattern program, KeyPattern file) in names)
        {
            if (program.Match(key) is not { } texts) continue;
            used.Add(text);
            return file.Fill(texts);
        }
        return key;
    }

    /// <summary>The patterns that fitted no key so far.</summary>
    public IEnumerable<string> Useless => (only ?? []).Select(o => o.Text).Concat(names.Select(n => n.Text)).Where(text => !used.Contains(text)).Distinct();
}
