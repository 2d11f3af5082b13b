using System.Buffers.Binary;
using System.IO.Compression;

namespace Eager.Train;

/// <summary>A picture in memory: rows of pixels of one (grey), three (red, green, blue) or four (and opacity) bytes each.</summary>
internal sealed record Picture(int Height, int Width, int Channels, byte[] Pixels);

/// <summary>Reads PNG pictures of up to 8 bits, not interlaced: W3C, "Portable Network Graphics (PNG) specification", second edition.</summary>
internal static class PngFile
{
    private const int HeaderBytes = 13;
    private const int LargestSide = 1 << 16;

    private enum Color
    {
        Grey = 0,
        Rgb = 2,
        Palette = 3,
        GreyAlpha = 4,
        Rgba = 6,
    }

    internal static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'];

    internal static Picture Decode(ReadOnlySpan<byte> file, string name)
    {
        ReadOnlySpan<byte> header = default, palette = default;
        using var compressed = new MemoryStream();
        for (int at = Signature.Length; ; )
        {
            if (file.Length - at < 12) throw Damaged(name, at, "it is cut off");
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file[at..]);
            if (length > file.Length - at - 12) throw Damaged(name, at, $"a chunk of {length} bytes goes beyond the end");
            ReadOnlySpan<byte> type = file.Slice(at + 4, 4), data = file.Slice(at + 8, (int)length);
            if (BinaryPrimitives.ReadUInt32BigEndian(file[(at + 8 + (int)length)..]) != Crc32.Append(0, file.Slice(at + 4, 4 + (int)length))) throw Damaged(name, at, "a checksum is wrong");
            if (type.SequenceEqual("IHDR"u8)) header = data;
            else if (type.SequenceEqual("PLTE"u8)) palette = data;
            else if (type.SequenceEqual("IDAT"u8)) compressed.Write(data);
            else if (type.SequenceEqual("IEND"u8)) break;
            at += 12 + (int)length;
        }
        if (header.Length != HeaderBytes) throw Damaged(name, Signature.Length, "it has no header");
        compressed.Position = 0;
        return Unpack(header, palette, compressed, name);
    }

    private static Picture Unpack(ReadOnlySpan<byte> header, ReadOnlySpan<byte> palette, Stream compressed, string name)
    {
        uint width = BinaryPrimitives.ReadUInt32BigEndian(header), height = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        (int depth, var color) = (header[8], (Color)header[9]);
        int samples = color switch
        {
            Color.Grey or Color.Palette => 1,
            Color.GreyAlpha => 2,
            Color.Rgb => 3,
            Color.Rgba => 4,
            _ => throw Damaged(name, Signature.Length, $"{color} is no kind of colour"),
        };
        if (width is 0 or > LargestSide || height is 0 or > LargestSide) throw Damaged(name, Signature.Length, $"{width} × {height} pixels are no size that is read");
        if (depth is not (1 or 2 or 4 or 8) || (depth < 8 && samples > 1) || header[12] != 0)
            throw new CorruptFileException($"{name}: has {depth} bits a sample{(header[12] != 0 ? " and is interlaced" : "")}; 1, 2, 4 and 8 bits, not interlaced, are read. Save it anew so.");
        int channels = color switch { Color.Grey => 1, Color.GreyAlpha or Color.Rgba => 4, _ => 3 };
        int rowBytes = (int)(((long)width * samples * depth + 7) / 8), step = Math.Max(1, samples * depth / 8);

        // Memory grows with the rows that are really there.
        using var pixels = new MemoryStream();
        byte[] row = new byte[rowBytes], above = new byte[rowBytes], line = new byte[width * channels];
        try
        {
            using var unpacked = new ZLibStream(compressed, CompressionMode.Decompress);
            for (uint y = 0; y < height; y++)
            {
                int filter = unpacked.ReadByte();
                unpacked.ReadExactly(row);
                Unfilter(filter, row, above, step, name);
                Spread(row, line, depth, color, palette, name);
                pixels.Write(line);
                (row, above) = (above, row);
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new CorruptFileException($"{name}: its pixels cannot be unpacked: {e.Message}", e);
        }
        return new Picture((int)height, (int)width, channels, pixels.ToArray());
    }

    // Specification, section 9: each byte is stored as its difference from a guess by its neighbours.
    private static void Unfilter(int filter, byte[] row, byte[] above, int step, string name)
    {
        for (int i = 0; i < row.Length; i++)
        {
            int left = i < step ? 0 : row[i - step], up = above[i], corner = i < step ? 0 : above[i - step];
            row[i] += (byte)(filter switch
            {
                0 => 0,
                1 => left,
                2 => up,
                3 => (left + up) / 2,
                4 => Paeth(left, up, corner),
                _ => throw Damaged(name, 0, $"there is no filter {filter}"),
            });
        }
    }

    private static int Paeth(int left, int up, int corner)
    {
        int guess = left + up - corner, toLeft = Math.Abs(guess - left), toUp = Math.Abs(guess - up), toCorner = Math.Abs(guess - corner);
        return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    }

    private static void Spread(byte[] row, byte[] line, int depth, Color color, ReadOnlySpan<byte> palette, string name)
    {
        if (color is Color.Rgb or Color.Rgba || (color == Color.Grey && depth == 8))
        {
            row.CopyTo(line, 0);
            return;
        }
        int pixels = line.Length / (color == Color.Grey ? 1 : color == Color.Palette ? 3 : 4), most = (1 << depth) - 1;
        for (int x = 0; x < pixels; x++)
        {
            if (color == Color.GreyAlpha)
            {
                line.AsSpan(4 * x, 3).Fill(row[2 * x]);
                line[(4 * x) + 3] = row[(2 * x) + 1];
                continue;
            }
            int value = (row[x * depth / 8] >> (8 - depth - (x * depth % 8))) & most;
            if (color == Color.Grey)
            {
                line[x] = (byte)(value * 255 / most);
                continue;
            }
            if ((3 * value) + 3 > palette.Length) throw Damaged(name, 0, $"colour {value} is not in its palette");
            palette.Slice(3 * value, 3).CopyTo(line.AsSpan(3 * x));
        }
    }

    private static CorruptFileException Damaged(string name, int offset, string why) => new($"{name}: is no PNG that can be read: {why} (near offset {offset}).");
}
