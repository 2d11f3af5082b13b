using System.Buffers.Binary;
using System.Text;
using NUnit.Framework;

namespace Eager.Tests.Formats;

/// <summary>A protocol-buffers message read field by field, apart from the library's own protos.</summary>
internal sealed class WireMessage
{
    private readonly ILookup<int, (ulong Number, byte[] Bytes)> fields;

    internal WireMessage(byte[] message) => fields = Read(message).ToLookup(static f => f.Field, static f => (f.Number, f.Bytes));

    internal bool Has(int field) => fields.Contains(field);

    internal ulong Number(int field) => fields[field].Single().Number;

    internal byte[] Bytes(int field) => fields[field].Single().Bytes;

    internal string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

    internal string[] Texts(int field) => [.. fields[field].Select(static f => Encoding.UTF8.GetString(f.Bytes))];

    internal WireMessage Message(int field) => new(Bytes(field));

    internal WireMessage[] Messages(int field) => [.. fields[field].Select(static f => new WireMessage(f.Bytes))];

    private static IEnumerable<(int Field, ulong Number, byte[] Bytes)> Read(byte[] message)
    {
        int at = 0;
        while (at < message.Length)
        {
            ulong tag = Varint(message, ref at);
            int field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    yield return (field, Varint(message, ref at), []);
                    break;
                case 1:
                    yield return (field, BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(at)), []);
                    at += 8;
                    break;
                case 2:
                    int length = (int)Varint(message, ref at);
                    yield return (field, 0, message[at..(at + length)]);
                    at += length;
                    break;
                case 5:
                    yield return (field, BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(at)), []);
                    at += 4;
                    break;
                default:
                    throw new AssertionException($"Wire type {tag & 7} of field {field}");
            }
        }
    }

    private static ulong Varint(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = bytes[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
    }
}
