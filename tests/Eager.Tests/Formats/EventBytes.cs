using System.Buffers.Binary;
using Eager.Train;

namespace Eager.Tests.Formats;

/// <summary>Event files in memory.</summary>
internal static class EventBytes
{
    internal static byte[] Written(Action<FileWriter> write, int maxQueue = 10)
    {
        var stream = new MemoryStream();
        using (var writer = new FileWriter(() => ("memory", stream), maxQueue, flushSeconds: 100)) write(writer);
        return stream.ToArray();
    }

    internal static SummaryEvent[] Read(byte[] bytes, bool requireWholeEnd = true) => [.. EventFileReader.Read(new MemoryStream(bytes), "some/file", requireWholeEnd: requireWholeEnd)];

    internal static byte[] Framed(params byte[][] records)
    {
        var stream = new MemoryStream();
        foreach (byte[] record in records) TfRecord.Write(stream, record);
        return stream.ToArray();
    }

    /// <summary>Takes records out of their frames by position alone.</summary>
    internal static List<byte[]> Unframe(byte[] file)
    {
        var records = new List<byte[]>();
        for (int at = 0; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            records.Add(file[(at + 12)..(at + 12 + length)]);
            at += length + 16;
        }
        return records;
    }
}
