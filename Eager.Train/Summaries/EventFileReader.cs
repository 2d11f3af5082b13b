using Eager.Train.Summaries.Protos;
using Google.Protobuf;

namespace Eager.Train;

/// <summary>Reads TensorBoard event files, Eager's own and others', checking every checksum.</summary>
public static class EventFileReader
{
    /// <summary>Reads the events of a file in their order, one at a time.</summary>
    /// <param name="path">The event file.</param>
    /// <param name="maxRecordBytes">The most bytes that one event may have.</param>
    /// <param name="requireWholeEnd">
    /// Whether a last event that is cut off is an error. Otherwise reading ends before it, for a file that is being written, or whose writer was killed, ends so.
    /// </param>
    /// <exception cref="MissingFileException">The file is not there or cannot be read; raised by the call.</exception>
    /// <exception cref="CorruptFileException">An event is damaged; raised when the enumeration gets there.</exception>
    public static IEnumerable<SummaryEvent> Read(string path, int maxRecordBytes = TfRecord.DefaultMaxRecordBytes, bool requireWholeEnd = false)
    {
        FileStream file = FileErrors.OpenRead(path);
        return ReadAndClose();

        IEnumerable<SummaryEvent> ReadAndClose()
        {
            using (file)
            {
                foreach (SummaryEvent e in Read(file, path, maxRecordBytes, requireWholeEnd)) yield return e;
            }
        }
    }

    internal static IEnumerable<SummaryEvent> Read(Stream stream, string name, int maxRecordBytes = TfRecord.DefaultMaxRecordBytes, bool requireWholeEnd = false)
    {
        foreach ((long offset, byte[] data) in TfRecord.Read(stream, name, maxRecordBytes, requireWholeEnd)) yield return Parse(data, name, offset);
    }

    private static SummaryEvent Parse(byte[] data, string name, long offset)
    {
        Event e;
        SummaryValue[] values;
        try
        {
            e = Event.Parser.ParseFrom(data);
            values = e.Summary is null ? [] : [.. e.Summary.Value.Select(SummaryValues.Read)];
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
            RunTag = e.TaggedRunMetadata?.Tag,
            RunMetadata = e.TaggedRunMetadata?.RunMetadata.Memory ?? default,
            Values = values,
        };
    }
}
