namespace Eager.Train;

/// <summary>One event of an event file.</summary>
public sealed record SummaryEvent
{
    /// <summary>When it was logged.</summary>
    public required DateTime WallTime { get; init; }

    /// <summary>The training step.</summary>
    public required long Step { get; init; }

    /// <summary>The format's name in the first event of a file, otherwise null.</summary>
    public string? FileVersion { get; init; }

    /// <summary>A serialized GraphDef, empty if the event holds none.</summary>
    public ReadOnlyMemory<byte> GraphDef { get; init; }

    /// <summary>The name of the run that <see cref="RunMetadata"/> describes, null if the event holds none.</summary>
    public string? RunTag { get; init; }

    /// <summary>A serialized RunMetadata, empty if the event holds none.</summary>
    public ReadOnlyMemory<byte> RunMetadata { get; init; }

    /// <summary>Start or stop of training, null if the event says nothing of it.</summary>
    public SessionStatus? Session { get; init; }

    /// <summary>The values that were logged.</summary>
    public IReadOnlyList<SummaryValue> Values { get; init; } = [];
}

/// <summary>One value of an event; of the properties for the kinds at most one is set.</summary>
/// <param name="Tag">The name of its curve.</param>
/// <param name="Plugin">Which dashboard shows it, such as <c>scalars</c>; empty in files of the oldest form.</param>
/// <param name="Scalar">The number, null if it is no scalar.</param>
public sealed record SummaryValue(string Tag, string Plugin, float? Scalar)
{
    /// <summary>The ranges of a histogram.</summary>
    public IReadOnlyList<HistogramBucket>? Histogram { get; init; }

    /// <summary>The image files, commonly PNG.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>>? Images { get; init; }

    /// <summary>The sound files, commonly WAV.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>>? Audio { get; init; }

    /// <summary>The texts, a table's row by row.</summary>
    public IReadOnlyList<string>? Texts { get; init; }

    /// <summary>The points of a precision-recall curve, from threshold 0 to 1.</summary>
    public IReadOnlyList<PrecisionRecallPoint>? PrecisionRecall { get; init; }

    /// <summary>The settings with which a trial began: texts, bools and doubles.</summary>
    public IReadOnlyDictionary<string, object>? Hyperparameters { get; init; }
}

/// <summary>One threshold of a precision-recall curve.</summary>
/// <param name="TruePositives">How many are at or above the threshold, rightly.</param>
/// <param name="FalsePositives">How many are at or above it, wrongly.</param>
/// <param name="TrueNegatives">How many are below it, rightly.</param>
/// <param name="FalseNegatives">How many are below it, wrongly.</param>
/// <param name="Precision">The share of those at or above it that are there rightly.</param>
/// <param name="Recall">The share of those that belong there that are at or above it.</param>
public readonly record struct PrecisionRecallPoint(float TruePositives, float FalsePositives, float TrueNegatives, float FalseNegatives, float Precision, float Recall);
