using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Data;

/// <summary>Datasets over files: TFRecord with examples, CSV, text and pictures, sound and damaged.</summary>
[TestFixture]
public class DatasetFileTests
{
    [Test]
    public void Examples_in_records_come_back()
    {
        using var folder = new TempFolder();
        string[] paths = [folder.File("a.tfrecord"), folder.File("b.tfrecord")];
        foreach ((string path, int first) in new[] { (paths[0], 0), (paths[1], 2) })
        {
            using FileStream file = File.Create(path);
            for (int i = first; i < first + 2; i++)
                TfRecord.Write(file, new TfExample().SetFloats("x", i, -i).SetInt64s("label", i).SetBytes("name", Encoding.UTF8.GetBytes($"n{i}"), []).ToBytes());
        }
        TfExample[] all = [.. Dataset.FromTfRecords(paths).Map(record => TfExample.Parse(record), parallelism: 2)];
        Assert.That(all.Select(e => e.Floats("x")), Is.EqualTo(Enumerable.Range(0, 4).Select(i => new float[] { i, -i })));
        Assert.That(all.Select(e => e.Int64s("label").Single()), Is.EqualTo(new long[] { 0, 1, 2, 3 }));
        Assert.That(Encoding.UTF8.GetString(all[3].Bytes("name")[0]), Is.EqualTo("n3"));
        Assert.That(all[0].Bytes("name")[1], Is.Empty);
        Assert.That(all[0].Names, Is.EquivalentTo(new[] { "x", "label", "name" }));
        Assert.That(() => all[0].Floats("y"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'label', 'name', 'x'"));
        Assert.That(() => all[0].Floats("label"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("Int64List"));
    }

    [Test]
    public void An_example_has_the_bytes_of_the_format()
    {
        // features (1) { feature (1) { key "a", value { float_list (2) { packed 1.0f } } } }, by the protocol-buffer wire format.
        Assert.That(Convert.ToHexString(new TfExample().SetFloats("a", 1).ToBytes()), Is.EqualTo("0A0F0A0D0A0161120812060A040000803F"));
        Assert.That(TfExample.Parse([]).Names, Is.Empty);
    }

    [Test]
    public void Damaged_examples_and_records_are_refused()
    {
        byte[] example = new TfExample().SetFloats("x", 1, 2, 3).SetInt64s("label", 4, -5).SetBytes("name", "abc"u8.ToArray()).ToBytes();
        // Bytes of numbers and names may change without the format being hurt.
        Mutations.Check(example, bytes => TfExample.Parse(bytes), maxAllocatedBytes: 1 << 20, refusedShare: 0.2);
        using var folder = new TempFolder();
        string path = folder.File("records");
        using var whole = new MemoryStream();
        for (int i = 0; i < 3; i++) TfRecord.Write(whole, example);
        Mutations.Check(whole.ToArray(), bytes =>
        {
            File.WriteAllBytes(path, bytes);
            foreach (byte[] _ in Dataset.FromTfRecords(path)) { }
        }, maxAllocatedBytes: 1 << 20, rounds: 1_000);  // through the disk; ten thousand in memory are TfRecordTests'
    }

    [Test]
    public void Comma_separated_values_with_quotes_line_ends_and_blank_lines()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.csv");
        File.WriteAllText(path, "\uFEFFname,\"x, y\"\r\n\"a \"\"b\"\"\",1\r\n\r\n\"two\nlines\",\r\nlast,3");
        Assert.That(Dataset.FromCsvFields(path), Is.EqualTo(new[] { new[] { "a \"b\"", "1" }, ["two\nlines", ""], ["last", "3"] }));
        Assert.That(Dataset.FromCsvFields(path, hasHeader: false).First(), Is.EqualTo(new[] { "name", "x, y" }));
        File.WriteAllText(path, "1;-2.5e3\n 4 ;\n");
        Assert.That(Dataset.FromCsv(path, hasHeader: false, separator: ';', missing: 7).Select(t => t.ToArray<float>()), Is.EqualTo(new[] { new[] { 1, -2500f }, [4, 7] }));
        Assert.That(Dataset.FromCsv(path, hasHeader: false, separator: ';', missing: 7).Batch(2).Single().ConcreteShape, Is.EqualTo(Shape.FromSizes(2, 2)));
    }

    [Test]
    public void Damaged_values_name_the_file_and_the_place()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.csv");
        string[] Refused(string text)
        {
            File.WriteAllText(path, text);
            return [Assert.Throws<CorruptFileException>(() => _ = Dataset.FromCsv(path).ToList())!.Message];
        }

        Assert.That(Refused("a,b\n1,2\n3\n").Single(), Does.Contain(path).And.Contain("1 fields"));
        Assert.That(Refused("a,b\n1,x\n").Single(), Does.Contain("'x'").And.Contain("row 1"));
        Assert.That(Refused("a,b\n1,\n").Single(), Does.Contain("missing"));
        Assert.That(Refused("a,b\n1,\"2\n").Single(), Does.Contain("not closed"));
        Assert.That(() => Dataset.FromCsv(folder.File("none")).ToList(), Throws.TypeOf<MissingFileException>());
        Mutations.Check(Encoding.UTF8.GetBytes("a,b,c\n1,2,3\n4,\"5\",6\n7.5,-8,9e1\n"), bytes =>
        {
            foreach ((int index, string[] row) in CsvFile.Rows(new StreamReader(new MemoryStream(bytes)), path, ',').Skip(1).Index()) CsvFile.ToTensor(row, index, path, missing: null);
        }, maxAllocatedBytes: 1 << 20, refusedShare: 0.3);
    }

    [Test]
    public void Lines_and_files_in_order()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("b.txt"), "three\n");
        File.WriteAllText(folder.File("a.txt"), "one\ntwo");
        Dataset<string> files = Dataset.FromFiles(folder.Path, "*.txt");
        Assert.That(files.Select(f => Path.GetFileName(f)), Is.EqualTo(new[] { "a.txt", "b.txt" }));
        Assert.That(files.Interleave(f => Dataset.FromTextLines(f), cycleLength: 2), Is.EqualTo(new[] { "one", "three", "two" }));
        Assert.That(() => Dataset.FromFiles(folder.Path, "*.png"), Throws.TypeOf<MissingFileException>().With.Message.Contains("*.png"));
        Assert.That(() => Dataset.FromFiles(folder.File("none")), Throws.TypeOf<MissingFileException>());
    }

    [TestCase(0, 8, 1)]
    [TestCase(0, 1, 1)]
    [TestCase(0, 4, 1)]
    [TestCase(2, 8, 3)]
    [TestCase(3, 2, 1)]
    [TestCase(4, 8, 2)]
    [TestCase(6, 8, 4)]
    public void Pictures_of_every_kind_and_filter_are_read(int color, int depth, int samples)
    {
        const int width = 11, height = 10;
        var random = new System.Random(3);
        int[,] values = new int[height, width * samples];
        for (int y = 0; y < height; y++)
            for (int i = 0; i < width * samples; i++) values[y, i] = random.Next(1 << depth);
        byte[] palette = [.. Enumerable.Range(0, 12).Select(i => (byte)(i * 20))];

        Picture picture = ImageFolder.Decode(Png(color, depth, samples, values, palette), "picture");

        Assert.That((picture.Height, picture.Width), Is.EqualTo((height, width)));
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int[] s = [.. Enumerable.Range(0, samples).Select(k => values[y, (x * samples) + k])];
                int[] expected = color switch
                {
                    0 => [s[0] * 255 / ((1 << depth) - 1)],
                    3 => [palette[3 * s[0]], palette[(3 * s[0]) + 1], palette[(3 * s[0]) + 2]],
                    4 => [s[0], s[0], s[0], s[1]],
                    _ => s,
                };
                Assert.That(picture.Pixels.Skip(((y * width) + x) * picture.Channels).Take(picture.Channels).Select(b => (int)b), Is.EqualTo(expected), $"[{y}, {x}]");
            }
        }
    }

    [Test]
    public void A_damaged_picture_is_refused()
    {
        int[,] values = { { 1, 2, 3, 4, 5, 6 }, { 7, 8, 9, 10, 11, 12 } };
        Mutations.Check(Png(2, 8, 3, values, []), bytes => ImageFolder.Decode(bytes, "picture"), maxAllocatedBytes: 4 << 20);
        Mutations.Check([.. "P5\n# two rows\n3 2\n255\n"u8, 1, 2, 3, 4, 5, 6], bytes => ImageFolder.Decode(bytes, "picture"), maxAllocatedBytes: 1 << 20, refusedShare: 0.3);
        Assert.That(() => ImageFolder.Decode(Png(2, 16, 3, values, []), "deep"), Throws.TypeOf<CorruptFileException>().With.Message.Contains("16 bits"));
        Assert.That(() => ImageFolder.Decode("GIF89a"u8.ToArray(), "x.gif"), Throws.TypeOf<CorruptFileException>().With.Message.Contains("x.gif"));
    }

    [Test]
    public void A_folder_of_pictures_gives_pairs_and_class_names()
    {
        using var folder = new TempFolder();
        foreach (string name in new[] { "dog", "cat" }) Directory.CreateDirectory(folder.File(name));
        File.WriteAllBytes(folder.File("cat/a.png"), Png(2, 8, 3, new[,] { { 255, 0, 0, 0, 255, 0 } }, []));
        File.WriteAllBytes(folder.File("dog/b.pgm"), [.. "P5 2 1 255\n"u8, 10, 200]);
        File.WriteAllText(folder.File("dog/notes.txt"), "no picture");

        (Dataset<(Tensor Image, Tensor Label)> grey, IReadOnlyList<string> names) = ImageFolder.Load(folder.Path, channels: 1);
        (Tensor images, Tensor labels) = grey.Batch(2).Single();
        Assert.That(names, Is.EqualTo(new[] { "cat", "dog" }));
        Assert.That(images.ConcreteShape, Is.EqualTo(Shape.FromSizes(2, 1, 2, 1)));
        // 0.299·255 and 0.587·255, rounded.
        Assert.That(images.ToArray<byte>(), Is.EqualTo(new byte[] { 76, 150, 10, 200 }));
        Assert.That(labels.ToArray<long>(), Is.EqualTo(new long[] { 0, 1 }));
        Assert.That(ImageFolder.Load(folder.Path).Images.Skip(1).First().Image.ToArray<byte>(), Is.EqualTo(new byte[] { 10, 10, 10, 200, 200, 200 }));

        File.WriteAllText(folder.File("dog/c.png"), "no picture");
        DatasetException? e = Assert.Throws<DatasetException>(() => _ = ImageFolder.Load(folder.Path).Images.ToList());
        Assert.That(e!.Index, Is.EqualTo(2));
        Assert.That(e.Message, Does.Contain("c.png"));
        Assert.That(() => ImageFolder.Load(folder.File("cat")), Throws.TypeOf<MissingFileException>());
        Assert.That(() => ImageFolder.Load(folder.Path, 2), Throws.TypeOf<InvalidArgumentException>());
    }

    // An encoder by the specification: each row with another of the five filters.
    private static byte[] Png(int color, int depth, int samples, int[,] values, byte[] palette)
    {
        int height = values.GetLength(0), width = values.GetLength(1) / samples, rowBytes = ((width * samples * depth) + 7) / 8, step = Math.Max(1, samples * depth / 8);
        var rows = new byte[height][];
        for (int y = 0; y < height; y++)
        {
            rows[y] = new byte[rowBytes];
            for (int i = 0; i < width * samples; i++)
                for (int bit = 0; bit < depth; bit++)
                    if (((values[y, i] >> (depth - 1 - bit)) & 1) != 0) rows[y][((i * depth) + bit) / 8] |= (byte)(128 >> (((i * depth) + bit) % 8));
        }
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (int y = 0; y < height; y++)
            {
                int filter = y % 5;
                zlib.WriteByte((byte)filter);
                for (int i = 0; i < rowBytes; i++)
                {
                    int a = i < step ? 0 : rows[y][i - step], b = y == 0 ? 0 : rows[y - 1][i], c = i < step || y == 0 ? 0 : rows[y - 1][i - step], p = a + b - c;
                    int nearest = new[] { a, b, c }.OrderBy(v => Math.Abs(p - v)).First();
                    zlib.WriteByte((byte)(rows[y][i] - (filter switch { 0 => 0, 1 => a, 2 => b, 3 => (a + b) / 2, _ => nearest })));
                }
            }
        }
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = ((byte)depth, (byte)color);
        return [0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n', .. Chunk("IHDR", header), .. palette.Length > 0 ? Chunk("PLTE", palette) : [], .. Chunk("IDAT", packed.ToArray()), .. Chunk("IEND", [])];
    }

    private static byte[] Chunk(string type, byte[] data)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        uint crc = uint.MaxValue;
        foreach (byte b in body)
        {
            crc ^= b;
            for (int k = 0; k < 8; k++) crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
        }
        var chunk = new byte[body.Length + 8];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        body.CopyTo(chunk, 4);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), ~crc);
        return chunk;
    }
}
