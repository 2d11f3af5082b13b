namespace Eager.Train;

/// <summary>Which values of a figure are better.</summary>
public enum MonitorMode
{
    /// <summary>Higher ones where the name speaks of accuracy, AUC, precision, recall, F1 or R²; else lower ones.</summary>
    Auto,

    /// <summary>Lower ones, as of a loss.</summary>
    Lowest,

    /// <summary>Higher ones, as of an accuracy.</summary>
    Highest,
}

/// <summary>A figure that is watched for its best value.</summary>
internal sealed class MonitoredFigure
{
    private static readonly string[] HigherIsBetter = ["acc", "auc", "precision", "recall", "f1", "r_squared"];

    private readonly string name;
    private readonly string owner;
    private readonly double minDelta;
    private readonly bool highest;

    /// <summary>Watches a figure.</summary>
    /// <param name="name">Its name among the logs.</param>
    /// <param name="mode">Which values are better.</param>
    /// <param name="minDelta">By how much a value must be better than the best to count.</param>
    /// <param name="start">The value that the first must be better than; null for none.</param>
    /// <param name="owner">The callback, for messages.</param>
    public MonitoredFigure(string name, MonitorMode mode, double minDelta, double? start, string owner)
    {
        if (string.IsNullOrEmpty(name)) throw new InvalidArgumentException($"{owner}: the name of the figure to monitor is empty; give one such as 'val_loss'.");
        if (!Enum.IsDefined(mode)) throw new InvalidArgumentException($"{owner}: {mode} is no mode; give Auto, Lowest or Highest.");
        if (!(minDelta >= 0) || !double.IsFinite(minDelta)) throw new InvalidArgumentException($"{owner}: the least improvement is {minDelta}; it must be finite and not negative.");
        if (start is double.NaN) throw new InvalidArgumentException($"{owner}: nothing is better than NaN; give a number to start from, or null.");
        highest = mode == MonitorMode.Highest || (mode == MonitorMode.Auto && Array.Exists(HigherIsBetter, word => name.Contains(word, StringComparison.Ordinal)));
        (this.name, this.minDelta, this.owner) = (name, minDelta, owner);
        Best = start ?? (highest ? double.NegativeInfinity : double.PositiveInfinity);
    }

    /// <summary>The best value so far; infinite before the first.</summary>
    public double Best { get; set; }

    /// <summary>Takes a value into account.</summary>
    /// <returns>Whether it is the best so far; one that is not a number never is.</returns>
    /// <exception cref="InvalidArgumentException">The logs have no such figure.</exception>
    public bool Improves(IReadOnlyDictionary<string, double> logs)
    {
        double value = Read(logs, name, owner);
        bool better = highest ? value > Best + minDelta : value < Best - minDelta;
        if (better) Best = value;
        return better;
    }

    /// <summary>A figure of the logs.</summary>
    /// <exception cref="InvalidArgumentException">The logs have no such figure.</exception>
    public static double Read(IReadOnlyDictionary<string, double> logs, string name, string owner)
    {
        if (logs.TryGetValue(name, out double value)) return value;
        string cure = name.StartsWith(Callback.ValidationPrefix, StringComparison.Ordinal) ? "give validation data or monitor another figure" : "monitor one of these";
        throw new InvalidArgumentException($"{owner}: there is no figure '{name}' to monitor, only {string.Join(", ", logs.Keys)}; {cure}.");
    }
}
