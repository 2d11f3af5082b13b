namespace Eager.Train;

/// <summary>A key of a checkpoint in which each <c>*</c> stands for any text, slashes and none at all included.</summary>
internal sealed class KeyPattern
{
    private const char Star = '*';

    private readonly string[] literals;

    /// <summary>Reads a pattern such as <c>encoder/*/kernel</c>.</summary>
    /// <exception cref="InvalidArgumentException">The pattern is empty.</exception>
    public KeyPattern(string pattern)
    {
        if (string.IsNullOrEmpty(pattern)) throw new InvalidArgumentException("RestoreOptions: a pattern is empty; '*' stands for every key.");
        literals = pattern.Split(Star);
    }

    /// <summary>How many stars it has.</summary>
    public int Stars => literals.Length - 1;

    /// <summary>What the stars stand for in a key, each as short as it may be; null if the key is not of this pattern.</summary>
    public string[]? Match(string key)
    {
        if (Stars == 0) return key == literals[0] ? [] : null;
        string first = literals[0], last = literals[^1];
        int end = key.Length - last.Length;
        if (end < first.Length || !key.StartsWith(first, StringComparison.Ordinal) || !key.EndsWith(last, StringComparison.Ordinal)) return null;
        var found = new string[Stars];
        int at = first.Length;
        for (int star = 0; star < Stars - 1; star++)
        {
            int next = key.IndexOf(literals[star + 1], at, end - at, StringComparison.Ordinal);
            if (next < 0) return null;
            found[star] = key[at..next];
            at = next + literals[star + 1].Length;
        }
        found[^1] = key[at..end];
        return found;
    }

    /// <summary>The key that has given texts in place of the stars.</summary>
    public string Fill(string[] texts) => string.Concat(literals.Select((literal, i) => i < Stars ? literal + texts[i] : literal));
}
