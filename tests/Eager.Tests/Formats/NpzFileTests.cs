using System.IO.Compression;
using System.Text;
using NUnit.Framework;

namespace Eager.Tests.Formats;

[TestFixture]
public class NpzFileTests
{
    /// <summary>What <c>numpy.savez_compressed(file, a=numpy.arange(3, dtype='i4'), b=numpy.array(2.5))</c> of NumPy 1.24 writes.</summary>
    private const string WrittenByNumPy = "504b03041400000008000000210002ecbda94c0000008c00000005001400612e6e7079010010008c000000000000004c000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9369a2aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402f91ac63a9a3a0ab50a14002e062060046226200600504b03041400000008000000210035b43a93470000008800000005001400622e6e707901001000880000000000000047000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a1aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402f91a9a3a0ab50a14012e063060710000504b010214031400000008000000210002ecbda94c0000008c000000050000000000000000000000800100000000612e6e7079504b010214031400000008000000210035b43a934700000088000000050000000000000000000000800183000000622e6e7079504b0506000000000200020066000000010100000000";

    [Test]
    public void A_file_of_NumPy_is_read()
    {
        using NpzFile file = NpzFile.Open(new MemoryStream(Convert.FromHexString(WrittenByNumPy)), "some/file");

        Assert.Multiple(() =>
        {
            Assert.That(file.Names, Is.EqualTo(new[] { "a", "b" }));
            Assert.That(file.Read("a").ToArray<int>(), Is.EqualTo(new[] { 0, 1, 2 }));
            Assert.That(file.Read("b").Item<double>(), Is.EqualTo(2.5));
            Assert.That(file.Read("b").Shape, Is.EqualTo(Shape.Scalar));
        });
    }

    [Test]
    public void Tensors_come_back_under_their_names_in_order([Values] bool compressed)
    {
        using var folder = new TempFolder();
        string path = folder.File("weights.npz");
        NpzFile.Write(path, new Dictionary<string, Tensor> { ["layer/w"] = Tensor.Ones([200, 300]), ["é"] = Tensor.From(1L, 2L), ["none"] = Tensor.Zeros([0, 2], DType.Bool) }, compressed);

        Dictionary<string, Tensor> read = NpzFile.ReadAll(path);

        Assert.That(read.Keys, Is.EqualTo(new[] { "layer/w", "é", "none" }));
        Assert.That(read["layer/w"].Sum().Item(), Is.EqualTo(60_000));
        Assert.That(read["é"].ToArray<long>(), Is.EqualTo(new[] { 1L, 2L }));
        Assert.That(read["none"].Shape, Is.EqualTo(Shape.FromSizes(0, 2)));
        Assert.That(new FileInfo(path).Length, compressed ? Is.LessThan(10_000) : Is.GreaterThan(240_000));
    }

    [Test]
    public void Equal_tensors_give_equal_files()
    {
        byte[] first = Written(compressed: true), second = Written(compressed: true);

        Assert.That(second, Is.EqualTo(first));
    }

    [Test]
    public void Stored_arrays_lie_in_the_file_as_they_are()
    {
        byte[] file = Written(compressed: false);

        byte[] header = NpyHeader.Build(DType.Float32, [4, 4]);
        Assert.That(Encoding.Latin1.GetString(file), Does.Contain(Encoding.Latin1.GetString(header)));
    }

    [Test]
    public void Other_files_in_the_zip_are_passed_over()
    {
        byte[] file = Zip(("readme.txt", "hello"u8.ToArray(), false), ("a.npy", [.. NpyHeader.Build(DType.UInt8, [2]), 1, 2], true));

        using NpzFile read = Open(file);

        Assert.That(read.Names, Is.EqualTo(new[] { "a" }));
        Assert.That(read.Read("a").ToArray<byte>(), Is.EqualTo(new byte[] { 1, 2 }));
    }

    [Test]
    public void An_unknown_name_and_a_name_that_stands_twice_are_refused()
    {
        byte[] array = [.. NpyHeader.Build(DType.UInt8, []), 1];
        using NpzFile file = Open(Zip(("a.npy", array, false)));

        Assert.Multiple(() =>
        {
            Assert.That(() => file.Read("b"), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("'b'").And.Message.Contains("it holds a"));
            Assert.That(() => Open(Zip(("a.npy", array, false), ("a.npy", array, false))), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("'a' stands twice"));
        });
    }

    [Test]
    public void A_changed_byte_is_found_by_the_checksum([Values] bool compressed)
    {
        byte[] file = Written(compressed);
        int at = compressed ? 60 : file.AsSpan().IndexOf("\x93NUMPY"u8[1..]) + 135;  // within the first array's elements
        file[at] ^= 1;

        Assert.That(() => ReadEverything(file), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("some/file").And.Message.Contains("w.npy"));
    }

    [Test]
    public void A_bomb_is_refused_before_memory_is_taken()
    {
        // The sizes of the entry, in the central directory and before the data, say 2 GB.
        byte[] file = Zip(("a.npy", [.. NpyHeader.Build(DType.UInt8, [2_000_000_000]), 1, 2, 3], true));
        byte[] size = BitConverter.GetBytes(131);
        foreach (int at in Enumerable.Range(0, file.Length - 4).Where(i => file.AsSpan(i, 4).SequenceEqual(size))) BitConverter.TryWriteBytes(file.AsSpan(at), 2_000_000_128);
        long before = GC.GetAllocatedBytesForCurrentThread(), native = Runtime.PeakMemory;

        Assert.That(() => ReadEverything(file), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("more than deflate can"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
        Assert.That(Runtime.PeakMemory - native, Is.LessThan(1 << 30));
    }

    [Test]
    public void What_cannot_be_written_is_refused_and_the_old_file_stands()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.npz");
        NpzFile.Write(path, [new("a", Tensor.From(7f))]);

        Assert.Multiple(() =>
        {
            Assert.That(() => NpzFile.Write(path, [new("a", Tensor.From(1f)), new("a", Tensor.From(1f))]), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("'a'"));
            Assert.That(() => NpzFile.Write(path, [new("", Tensor.From(1f))]), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("''"));
            Assert.That(() => NpzFile.Write(path, [new("a", Tensor.Zeros([1], DType.BFloat16))]), Throws.InstanceOf<DTypeMismatchException>().With.Message.Contains("Cast"));
            Assert.That(() => NpzFile.Write("/nowhere/a.npz", []), Throws.InstanceOf<FileWriteException>());
            Assert.That(() => NpzFile.Open("/nowhere/a.npz"), Throws.InstanceOf<MissingFileException>());
        });

        Assert.That(NpzFile.ReadAll(path)["a"].Item(), Is.EqualTo(7));
        Assert.That(Directory.GetFiles(folder.Path), Is.EqualTo(new[] { path }));
    }

    [Test]
    public void A_file_cut_anywhere_is_refused([Values] bool compressed)
    {
        byte[] whole = Written(compressed);
        for (int length = 0; length < whole.Length; length++)
        {
            byte[] cut = whole[..length];
            Assert.That(() => ReadEverything(cut), Throws.InstanceOf<CorruptFileException>(), $"cut to {length} bytes");
        }
    }

    [Test]
    public void Mutants_are_read_or_refused_within_bounds([Values] bool compressed)
    {
        // The zip reader's own buffers; a lying header asks for gigabytes.
        Mutations.Check(Written(compressed), ReadEverything, maxAllocatedBytes: 4 << 20, refusedShare: 0.4);
    }

    [TestCase("", 0u)]
    [TestCase("123456789", 0xCBF43926u, TestName = "The_check_value_of_the_CRC_catalogue")]
    public void The_checksum_is_that_of_zip_files(string text, uint expected)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);

        Assert.That(Crc32.Append(0, bytes), Is.EqualTo(expected));
        Assert.That(Crc32.Append(Crc32.Append(0, bytes.AsSpan(0, bytes.Length / 2)), bytes.AsSpan(bytes.Length / 2)), Is.EqualTo(expected));
    }

    private static void ReadEverything(byte[] bytes)
    {
        using NpzFile file = Open(bytes);
        foreach (string name in file.Names) file.Read(name).Dispose();
    }

    private static NpzFile Open(byte[] bytes) => NpzFile.Open(new MemoryStream(bytes), "some/file");

    private static byte[] Written(bool compressed)
    {
        var stream = new MemoryStream();
        NpzFile.Write(stream, [new("w", Tensor.Range(0, 16, dtype: DType.Float32).Reshape([4, 4])), new("n", Tensor.From(1, 2, 3))], compressed);
        return stream.ToArray();
    }

    private static byte[] Zip(params (string Name, byte[] Content, bool Compressed)[] entries)
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] content, bool compressed) in entries)
            {
                using Stream entry = zip.CreateEntry(name, compressed ? CompressionLevel.Optimal : CompressionLevel.NoCompression).Open();
                entry.Write(content);
            }
        }
        return stream.ToArray();
    }
}
