using System.Collections;
using System.Globalization;
using System.Text;

namespace Eager.Train;

/// <summary>What a training reported, epoch by epoch: <c>loss</c>, each metric, and with validation data the same with <c>val_</c> before the name; not-a-number for an epoch without that figure.</summary>
/// <example><code>
/// History history = model.Fit(x, y, epochs: 5, validationSplit: 0.1);
/// double best = history["val_accuracy"].Max();
/// </code></example>
public sealed class History : IReadOnlyDictionary<string, IReadOnlyList<double>>
{
    private readonly Dictionary<string, List<double>> figures = [];
    private readonly List<int> epochs = [];

    /// <summary>The epochs that ended, counted from 0.</summary>
    public IReadOnlyList<int> Epochs => epochs;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => figures.Keys;

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<double>> Values => figures.Values;

    /// <inheritdoc/>
    public int Count => figures.Count;

    /// <summary>A figure of every epoch.</summary>
    /// <exception cref="InvalidArgumentException">No figure has that name.</exception>
    public IReadOnlyList<double> this[string key] =>
        figures.GetValueOrDefault(key) ?? throw new InvalidArgumentException($"History: there is no '{key}'; there are {string.Join(", ", figures.Keys)}.");

    /// <inheritdoc/>
    public bool ContainsKey(string key) => figures.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, out IReadOnlyList<double> value)
    {
        bool found = figures.TryGetValue(key, out List<double>? list);
        value = list ?? [];
        return found;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, IReadOnlyList<double>>> GetEnumerator() =>
        figures.Select(static f => KeyValuePair.Create(f.Key, (IReadOnlyList<double>)f.Value)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>A line for each epoch.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        for (int i = 0; i < epochs.Count; i++)
            text.AppendLine(CultureInfo.InvariantCulture, $"epoch {epochs[i] + 1}: {string.Join(", ", figures.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Key} {f.Value[i]:F4}")))}");
        return text.ToString();
    }

    /// <summary>Draws the learning curves: for each figure its values over the epochs, those of validation in the same plot.</summary>
    /// <param name="path">A <c>.svg</c> or <c>.png</c> file; one that is there is replaced.</param>
    /// <exception cref="InvalidArgumentException">The ending is another, or no epoch ended.</exception>
    /// <exception cref="FileWriteException">The file cannot be written.</exception>
    public void Plot(string path)
    {
        if (figures.Count == 0) throw new InvalidArgumentException("History.Plot: there is nothing to draw before the first epoch ended.");
        double[] places = [.. epochs.Select(static epoch => epoch + 1.0)];
        var plots = new List<LinePlot>();
        foreach (string name in figures.Keys.Select(static key => key.StartsWith(Callback.ValidationPrefix, StringComparison.Ordinal) ? key[Callback.ValidationPrefix.Length..] : key).Distinct(StringComparer.Ordinal))
        {
            var plot = new LinePlot { Title = name, XLabel = "epoch" };
            foreach (string key in new[] { name, Callback.ValidationPrefix + name })
                if (figures.TryGetValue(key, out List<double>? values)) plot.Add(key, values, places[^values.Count..]);
            plots.Add(plot);
        }
        new FigureColumn(plots).Save(path);
    }

    internal void Add(int epoch, IReadOnlyDictionary<string, double> logs)
    {
        epochs.Add(epoch);
        foreach (string name in logs.Keys)
            figures.TryAdd(name, [.. Enumerable.Repeat(double.NaN, epochs.Count - 1)]);
        foreach ((string name, List<double> list) in figures) list.Add(logs.GetValueOrDefault(name, double.NaN));
    }
}
