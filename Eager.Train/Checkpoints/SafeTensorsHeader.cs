using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Eager.Train;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its key.</param>
/// <param name="DType">Its dtype.</param>
/// <param name="Shape">Its sizes, outermost first.</param>
/// <param name="Begin">The offset of its first byte within the data buffer.</param>
/// <param name="End">The offset after its last byte within the data buffer.</param>
public sealed record SafeTensorsEntry(string Name, DType DType, Shape Shape, long Begin, long End)
{
    /// <summary>The size of its data in bytes.</summary>
    public long ByteLength => End - Begin;
}

/// <summary>The JSON header of a safetensors file: made for writing, and read with every rule of the format checked.</summary>
internal static class SafeTensorsHeader
{
    /// <summary>The longest header that the format allows.</summary>
    public const long MaxBytes = 100_000_000;

    /// <summary>The metadata key of Eager's checksum.</summary>
    public const string ChecksumKey = "eager.crc32c";

    /// <summary>What stands for the checksum while it is computed.</summary>
    public static ReadOnlySpan<byte> ChecksumPlaceholder => "00000000"u8;

    /// <summary>How the header begins in a file with a checksum, so that the checksum stands at a known offset.</summary>
    public static ReadOnlySpan<byte> ChecksumPrefix => "{\"__metadata__\":{\"eager.crc32c\":\""u8;

    private const string MetadataKey = "__metadata__";
    private const int Alignment = 8;

    private static readonly (DType DType, string Name)[] Names =
    [
        (DType.Bool, "BOOL"), (DType.UInt8, "U8"), (DType.Int8, "I8"), (DType.Int16, "I16"), (DType.Int32, "I32"), (DType.Int64, "I64"),
        (DType.Float16, "F16"), (DType.BFloat16, "BF16"), (DType.Float32, "F32"), (DType.Float64, "F64"), (DType.Complex64, "C64"),
    ];

    /// <summary>The format's name of a dtype, null if it has none (complex128).</summary>
    public static string? NameOf(DType dtype) => Array.Find(Names, n => n.DType == dtype).Name;

    /// <summary>The header's bytes, padded with spaces to a multiple of 8.</summary>
    public static byte[] Build(IReadOnlyList<SafeTensorsEntry> entries, IReadOnlyDictionary<string, string> metadata, bool checksum)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata.Count > 0 || checksum)
            {
                json.WriteStartObject(MetadataKey);
                if (checksum) json.WriteString(ChecksumKey, ChecksumPlaceholder);
                foreach ((string key, string value) in metadata) json.WriteString(key, value);
                json.WriteEndObject();
            }
            foreach (SafeTensorsEntry entry in entries)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype"u8, NameOf(entry.DType));
                json.WriteStartArray("shape"u8);
                foreach (long size in entry.Shape.Sizes) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets"u8);
                json.WriteNumberValue(entry.Begin);
                json.WriteNumberValue(entry.End);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        int padded = (buffer.WrittenCount + Alignment - 1) / Alignment * Alignment;
        byte[] header = new byte[padded];
        header.AsSpan().Fill((byte)' ');
        buffer.WrittenSpan.CopyTo(header);
        return header;
    }

    /// <summary>Reads a header.</summary>
    /// <param name="json">The header's bytes.</param>
    /// <param name="dataBytes">The size of the data buffer, which the entries must fill without hole or overlap.</param>
    /// <param name="file">The file, for messages.</param>
    /// <returns>The entries in the order of their data, and the metadata.</returns>
    /// <exception cref="CorruptFileException">The header breaks a rule of the format.</exception>
    public static (List<SafeTensorsEntry> Entries, Dictionary<string, string> Metadata) Parse(ReadOnlySpan<byte> json, long dataBytes, string file)
    {
        if (json.IsEmpty || json[0] != (byte)'{') throw Corrupt(file, 0, "the header does not begin with '{'");
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 3 });
        try
        {
            return Parse(ref reader, dataBytes, file);
        }
        catch (JsonException e)
        {
            throw Corrupt(file, reader.BytesConsumed, $"the header is no valid JSON: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            // What the reader throws for a string that is no valid Unicode.
            throw Corrupt(file, reader.BytesConsumed, $"the header is no valid JSON: {e.Message}", e);
        }
    }

    private static (List<SafeTensorsEntry> Entries, Dictionary<string, string> Metadata) Parse(ref Utf8JsonReader reader, long dataBytes, string file)
    {
        var entries = new List<SafeTensorsEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (!names.Add(name)) throw Corrupt(file, reader.BytesConsumed, $"the key '{Show(name)}' stands twice in the header");
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw Corrupt(file, reader.BytesConsumed, $"the value of '{Show(name)}' is no object");
            if (name == MetadataKey) ReadMetadata(ref reader, metadata, file);
            else entries.Add(ReadEntry(ref reader, name, file));
        }
        if (reader.Read()) throw Corrupt(file, reader.BytesConsumed, "the header goes on after its object");

        entries.Sort((a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
        long end = 0;
        foreach (SafeTensorsEntry entry in entries)
        {
            if (entry.Begin != end) throw Corrupt(file, null, $"the data of '{Show(entry.Name)}' begins at {entry.Begin} of the data buffer, where {end} is next: the data has a {(entry.Begin > end ? "hole" : "overlap")}");
            end = entry.End;
        }
        if (end > dataBytes) throw Corrupt(file, null, $"the header promises {end} bytes of data, the file holds {dataBytes}: {end - dataBytes} bytes are missing");
        if (end < dataBytes) throw Corrupt(file, null, $"the header promises {end} bytes of data, the file holds {dataBytes}: {dataBytes - end} bytes are too many");
        return (entries, metadata);
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata, string file)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String) throw Corrupt(file, reader.BytesConsumed, $"the metadata '{Show(key)}' is no string");
            if (!metadata.TryAdd(key, reader.GetString()!)) throw Corrupt(file, reader.BytesConsumed, $"the metadata '{Show(key)}' stands twice in the header");
        }
    }

    private static SafeTensorsEntry ReadEntry(ref Utf8JsonReader reader, string name, string file)
    {
        string? dtypeName = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("dtype"u8) && dtypeName is null)
            {
                reader.Read();
                dtypeName = reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw Corrupt(file, reader.BytesConsumed, $"the dtype of '{Show(name)}' is no string");
            }
            else if (reader.ValueTextEquals("shape"u8) && shape is null) shape = ReadSizes(ref reader, name, file);
            else if (reader.ValueTextEquals("data_offsets"u8) && offsets is null) offsets = ReadSizes(ref reader, name, file);
            else throw Corrupt(file, reader.BytesConsumed, $"the entry '{Show(name)}' has the field '{Show(reader.GetString()!)}' twice or wrongly; it has dtype, shape and data_offsets, once each");
        }
        if (dtypeName is null || shape is null || offsets is not [long begin, long end]) throw Corrupt(file, reader.BytesConsumed, $"the entry '{Show(name)}' lacks one of dtype, shape and two data_offsets");

        int known = Array.FindIndex(Names, n => n.Name == dtypeName);
        if (known < 0) throw Corrupt(file, reader.BytesConsumed, $"the dtype '{Show(dtypeName)}' of '{Show(name)}' is none of {string.Join(", ", Names.Select(n => n.Name))}");
        DType dtype = Names[known].DType;
        if (end < begin || SizeInBytes(dtype, CollectionsMarshal.AsSpan(shape)) != end - begin)
        {
            throw Corrupt(file, reader.BytesConsumed, $"'{Show(name)}' is {dtypeName} [{Show(string.Join(", ", shape))}], which does not take the bytes {begin} to {end} of the data buffer");
        }
        return new SafeTensorsEntry(name, dtype, Shape.FromSizes(CollectionsMarshal.AsSpan(shape)), begin, end);
    }

    private static List<long> ReadSizes(ref Utf8JsonReader reader, string name, string file)
    {
        var sizes = new List<long>();
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray) throw Corrupt(file, reader.BytesConsumed, $"the shape or data_offsets of '{Show(name)}' is no array");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long size) || size < 0)
            {
                throw Corrupt(file, reader.BytesConsumed, $"the shape or data_offsets of '{Show(name)}' holds something other than integers from 0 to {long.MaxValue}");
            }
            sizes.Add(size);
        }
        return sizes;
    }

    /// <summary>The bytes that a tensor takes, null if that is more than a 64-bit number holds.</summary>
    public static long? SizeInBytes(DType dtype, ReadOnlySpan<long> shape)
    {
        Int128 bytes = dtype.ByteSize();
        bool empty = false;
        foreach (long size in shape)
        {
            empty |= size == 0;
            bytes = size == 0 || bytes > long.MaxValue ? bytes : bytes * size;
        }
        if (empty) return 0;
        return bytes <= long.MaxValue ? (long)bytes : null;
    }

    /// <summary>A text from a file as it may stand in a message.</summary>
    private static string Show(string text)
    {
        const int longest = 100;
        return text.Length <= longest ? text : string.Concat(text.AsSpan(0, longest), "…");
    }

    private static CorruptFileException Corrupt(string file, long? headerOffset, string what, Exception? inner = null) =>
        new(headerOffset is { } at ? $"{file}: {what} (near offset {sizeof(ulong) + at}): the file is damaged or no safetensors file." : $"{file}: {what}: the file is damaged or no safetensors file.", inner);
}
