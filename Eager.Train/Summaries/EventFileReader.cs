using System.Buffers.Binary;
using Eager.Train.Summaries.Protos;
using Google.Protobuf;

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

    /// <summary>Start or stop of training, null if the event says nothing of it.</summary>
    public SessionStatus? Session { get; init; }

    /// <summary>The values that were logged.</summary>
    public IReadOnlyList<SummaryValue> Values { get; init; } = [];
}

/// <summary>One value of an event.</summary>
/// <param name="Tag">The name of its curve.</param>
/// <param name="Plugin">Which dashboard shows it, such as <c>scalars</c>; empty in files of the oldest form.</param>
/// <param name="Scalar">The number, null if it is no scalar.</param>
public sealed record SummaryValue(string Tag, string Plugin, float? Scalar);

/// <summary>Reads TensorBoard event files, Eager's own and others', checking every checksum.</summary>
public static class EventFileReader
{
    /// <summary>Reads the events of a file in their order.</summary>
    /// <param name="path">The event file.</param>
    /// <param name="maxRecordBytes">The most bytes that one event may have.</param>
    /// <exception cref="MissingFileException">The file is not there or cannot be read; raised by the call.</exception>
    /// <exception cref="CorruptFileException">An event is damaged or cut off; raised when the enumeration gets there.</exception>
    public static IEnumerable<SummaryEvent> Read(string path, int maxRecordBytes = TfRecord.DefaultMaxRecordBytes)
    {
        FileStream file = FileErrors.OpenRead(path);
        return ReadAndClose();

        IEnumerable<SummaryEvent> ReadAndClose()
        {
            using (file)
            {
                foreach (SummaryEvent e in Read(file, path, maxRecordBytes)) yield return e;
            }
        }
    }

    internal static IEnumerable<SummaryEvent> Read(Stream stream, string name, int maxRecordBytes = TfRecord.DefaultMaxRecordBytes)
    {
        foreach ((long offset, byte[] data) in TfRecord.Read(stream, name, maxRecordBytes)) yield return Parse(data, name, offset);
    }

    private static SummaryEvent Parse(byte[] data, string name, long offset)
    {
        Event e;
        try
        {
            e = Event.Parser.ParseFrom(data);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new CorruptFileException($"{name}: the record at offset {offset} is no event: {error.Message}", error);
        }
        double limit = (DateTime.MaxValue - DateTime.UnixEpoch).TotalSeconds - 1;
        if (!(Math.Abs(e.WallTime) < limit) || e.WallTime < (DateTime.MinValue - DateTime.UnixEpoch).TotalSeconds + 1)
        {
            throw new CorruptFileException($"{name}: the event at offset {offset} has no valid wall time ({e.WallTime} s since 1970).");
        }
        return new SummaryEvent
        {
            WallTime = DateTime.UnixEpoch.AddSeconds(e.WallTime),
            Step = e.Step,
            FileVersion = e.HasFileVersion ? e.FileVersion : null,
            GraphDef = e.HasGraphDef ? e.GraphDef.Memory : default,
            Session = (int?)e.SessionLog?.Status is 1 or 2 ? (SessionStatus)e.SessionLog.Status : null,
            Values = e.Summary is null ? [] : [.. e.Summary.Value.Select(v => new SummaryValue(v.Tag, v.Metadata?.PluginData?.PluginName ?? "", ScalarOf(v)))],
        };
    }

    private static float? ScalarOf(Summary.Types.Value value)
    {
        if (value.HasSimpleValue) return value.SimpleValue;
        if (value.Tensor is not { Dtype: DataType.DtFloat } tensor || tensor.TensorShape is { Dim.Count: > 0 }) return null;
        if (tensor.TensorContent.Length == sizeof(float)) return BinaryPrimitives.ReadSingleLittleEndian(tensor.TensorContent.Span);
        return tensor.FloatVal.Count == 1 ? tensor.FloatVal[0] : null;
    }
}
