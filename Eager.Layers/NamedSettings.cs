namespace Eager.Layers;

/// <summary>Settings that can be asked for by name.</summary>
/// <param name="kind">What errors call them.</param>
internal sealed class NamedSettings<T>(string kind)
{
    private readonly Dictionary<string, Func<T>> known = new(StringComparer.OrdinalIgnoreCase);

    internal Func<T> this[string name]
    {
        set => known[name] = value;
    }

    internal T Find(string name) =>
        known.TryGetValue(name, out Func<T>? make) ? make() : throw new InvalidArgumentException($"There is no {kind} '{name}'; known are {string.Join(", ", known.Keys)}.");
}
