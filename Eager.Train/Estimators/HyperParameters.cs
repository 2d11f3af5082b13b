using System.Collections;
using System.Globalization;

namespace Eager.Train;

/// <summary>The settings of an experiment, by name, each of a type that its first value fixes; a command line's texts can be read into them.</summary>
/// <remarks>Types are bool, 64-bit integer, double, text, and lists of the last three.</remarks>
/// <example><code>
/// var parameters = new HyperParameters { { "learning_rate", 0.01 }, { "units", [50, 30, 10] }, { "dropout", false } };
/// parameters.Parse("learning_rate=0.1,units=[20,10]");
/// double rate = parameters.Get&lt;double&gt;("learning_rate");
/// </code></example>
public sealed class HyperParameters : IEnumerable<KeyValuePair<string, object>>
{
    private readonly Dictionary<string, object> values = new(StringComparer.Ordinal);

    /// <summary>The names, in order.</summary>
    public IReadOnlyCollection<string> Names => values.Keys;

    /// <summary>Adds a setting that is true or false.</summary>
    /// <exception cref="InvalidArgumentException">The name is there already, or is none.</exception>
    public void Add(string name, bool value) => AddNew(name, value);

    /// <summary>Adds an integer.</summary>
    /// <exception cref="InvalidArgumentException">The name is there already, or is none.</exception>
    public void Add(string name, long value) => AddNew(name, value);

    /// <summary>Adds a number.</summary>
    /// <exception cref="InvalidArgumentException">The name is there already, or is none.</exception>
    public void Add(string name, double value) => AddNew(name, value);

    /// <summary>Adds a text; one with a comma or a bracket cannot be given on a command line.</summary>
    /// <exception cref="InvalidArgumentException">The name is there already, or is none.</exception>
    public void Add(string name, string value) => AddNew(name, value);

    /// <summary>Adds a list of integers.</summary>
    /// <exception cref="InvalidArgumentException">The name is there already, or is none.</exception>
    public void Add(string name, IReadOnlyList<long> value) => AddNew(name, value.ToArray());

    /// <summary>Adds a list of numbers.</summary>
    /// <exception cref="InvalidArgumentException">The name is there already, or is none.</exception>
    public void Add(string name, IReadOnlyList<double> value) => AddNew(name, value.ToArray());

    /// <summary>Adds a list of texts.</summary>
    /// <exception cref="InvalidArgumentException">The name is there already, or is none.</exception>
    public void Add(string name, IReadOnlyList<string> value) => AddNew(name, value.ToArray());

    /// <summary>A setting.</summary>
    /// <param name="name">Its name.</param>
    /// <typeparam name="T">Its type: bool, int, long, double, string, or an array or read-only list of long, double or string. An integer is a double, too.</typeparam>
    /// <exception cref="InvalidArgumentException">There is no such setting, or it is of another type; the message lists what there is.</exception>
    public T Get<T>(string name)
    {
        object value = Find(name);
        // A copy, so that who gets a list cannot change the setting.
        if (value is Array list && list.Clone() is T copy) return copy;
        if (value is T same and not Array) return same;
        if (value is long integer)
        {
            if (typeof(T) == typeof(double)) return (T)(object)(double)integer;
            if (typeof(T) == typeof(int))
            {
                if (integer is < int.MinValue or > int.MaxValue) throw new InvalidArgumentException($"HyperParameters: '{name}' is {integer}, which no int holds; get it as a long.");
                return (T)(object)(int)integer;
            }
        }
        throw new InvalidArgumentException($"HyperParameters: '{name}' is {Kind(value)}, not {typeof(T).Name}. There are {Describe()}.");
    }

    /// <summary>Reads new values: <c>name=value,name=[value,value]</c>. All are taken, or none.</summary>
    /// <param name="assignments">The text; an empty one changes nothing.</param>
    /// <returns>These settings.</returns>
    /// <exception cref="InvalidArgumentException">A name is unknown or stands twice, or a value is not of its setting's type; the message lists what there is.</exception>
    public HyperParameters Parse(string assignments)
    {
        ArgumentNullException.ThrowIfNull(assignments);
        var read = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (string assignment in Divide(assignments))
        {
            int equals = assignment.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) throw new InvalidArgumentException($"HyperParameters.Parse: '{assignment}' assigns nothing; write name=value, several of them with commas between.");
            (string name, string text) = (assignment[..equals].Trim(), assignment[(equals + 1)..].Trim());
            if (!read.TryAdd(name, Read(name, text, Find(name)))) throw new InvalidArgumentException($"HyperParameters.Parse: '{name}' is assigned twice; give it once.");
        }
        foreach ((string name, object value) in read) values[name] = value;
        return this;
    }

    /// <summary>Each setting with its value, in order.</summary>
    public IEnumerator<KeyValuePair<string, object>> GetEnumerator() => values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The settings in the form that <see cref="Parse"/> reads.</summary>
    public override string ToString() => string.Join(",", values.Select(static v => $"{v.Key}={Format(v.Value)}"));

    internal static string Format(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        Array list => $"[{string.Join(",", list.Cast<object>().Select(Format))}]",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private void AddNew(string name, object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (string.IsNullOrWhiteSpace(name) || name.AsSpan().IndexOfAny("=,[] ") >= 0) throw new InvalidArgumentException($"HyperParameters.Add: '{name}' is no name; give letters, digits and underscores.");
        if (!values.TryAdd(name, value)) throw new InvalidArgumentException($"HyperParameters.Add: '{name}' is there already; change it with Parse.");
    }

    private object Find(string name) =>
        values.TryGetValue(name, out object? value) ? value : throw new InvalidArgumentException($"HyperParameters: there is no '{name}'. There are {Describe()}.");

    private string Describe() => values.Count == 0 ? "none" : string.Join(", ", values.Select(static v => $"{v.Key} ({Kind(v.Value)})"));

    private static string Kind(object value) => value switch
    {
        bool => "true or false",
        long => "an integer",
        double => "a number",
        string => "a text",
        long[] => "a list of integers",
        double[] => "a list of numbers",
        _ => "a list of texts",
    };

    private object Read(string name, string text, object like)
    {
        if (like is Array)
        {
            if (text.Length < 2 || text[0] != '[' || text[^1] != ']') throw Misfit(name, text, like);
            string inside = text[1..^1].Trim();
            string[] items = inside.Length == 0 ? [] : inside.Split(',', StringSplitOptions.TrimEntries);
            return like switch
            {
                long[] => Array.ConvertAll(items, item => TryInteger(item, out long integer) ? integer : throw Misfit(name, text, like)),
                double[] => Array.ConvertAll(items, item => TryNumber(item, out double number) ? number : throw Misfit(name, text, like)),
                _ => items,
            };
        }
        return like switch
        {
            bool when text is "true" or "True" or "1" => true,
            bool when text is "false" or "False" or "0" => false,
            long when TryInteger(text, out long integer) => integer,
            double when TryNumber(text, out double number) => number,
            string when text.AsSpan().IndexOfAny("[]") < 0 => text,
            _ => throw Misfit(name, text, like),
        };
    }

    private InvalidArgumentException Misfit(string name, string text, object like) => new($"HyperParameters.Parse: '{name}' is {Kind(like)}, which '{text}' is not. There are {Describe()}.");

    private static bool TryInteger(string text, out long value) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static bool TryNumber(string text, out double value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    // At the commas outside of brackets.
    private static List<string> Divide(string assignments)
    {
        var parts = new List<string>();
        if (string.IsNullOrWhiteSpace(assignments)) return parts;
        int depth = 0, start = 0;
        for (int i = 0; i < assignments.Length; i++)
        {
            if (assignments[i] == '[') depth++;
            else if (assignments[i] == ']') depth--;
            else if (assignments[i] == ',' && depth == 0)
            {
                parts.Add(assignments[start..i]);
                start = i + 1;
            }
        }
        parts.Add(assignments[start..]);
        return parts;
    }
}
