using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using NUnit.Framework;

namespace Eager.Tests.Formats;

/// <summary>A PNG file taken apart by the letter of its specification, apart from the library's encoder.</summary>
internal sealed class PngImage
{
    internal PngImage(byte[] file)
    {
        Assert.That(file[..8], Is.EqualTo(new byte[] { 137, 80, 78, 71, 13, 10, 26, 10 }), "signature");
        var types = new List<string>();
        byte[] header = [], compressed = [];
        for (int at = 8; at < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            byte[] typeAndData = file[(at + 4)..(at + 8 + length)];
            Assert.That(BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 8 + length)), Is.EqualTo(Crc(typeAndData)), "checksum of a chunk");
            types.Add(Encoding.ASCII.GetString(typeAndData, 0, 4));
            if (types[^1] == "IHDR") header = typeAndData[4..];
            if (types[^1] == "IDAT") compressed = [.. compressed, .. typeAndData[4..]];
            at += 12 + length;
        }
        Assert.That((types[0], types[^1]), Is.EqualTo(("IHDR", "IEND")));
        Width = BinaryPrimitives.ReadInt32BigEndian(header);
        Height = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4));
        Assert.That(header[8], Is.EqualTo(8), "bits of a channel");
        Channels = header[9] switch { 0 => 1, 2 => 3, 6 => 4, _ => throw new AssertionException($"colour type {header[9]}") };
        Assert.That(header[10..], Is.EqualTo(new byte[3]), "compression, filtering, interlacing");

        var inflated = new MemoryStream();
        new ZLibStream(new MemoryStream(compressed), CompressionMode.Decompress).CopyTo(inflated);
        byte[] rows = inflated.ToArray();
        int rowBytes = Width * Channels;
        Assert.That(rows, Has.Length.EqualTo(Height * (rowBytes + 1)));
        Pixels = new byte[Height * rowBytes];
        for (int y = 0; y < Height; y++)
        {
            Assert.That(rows[y * (rowBytes + 1)], Is.Zero, "filter of a row");
            rows.AsSpan(y * (rowBytes + 1) + 1, rowBytes).CopyTo(Pixels.AsSpan(y * rowBytes));
        }
    }

    internal int Width { get; }

    internal int Height { get; }

    internal int Channels { get; }

    internal byte[] Pixels { get; }

    // Bit by bit, as the specification's annex D defines it.
    private static uint Crc(byte[] data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}
