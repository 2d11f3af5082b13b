using System.Buffers.Binary;
using System.Text;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Formats;

[TestFixture]
public class SafeTensorsTests
{
    private static readonly Dictionary<string, string> Metadata = new(StringComparer.Ordinal) { ["made by"] = "a \"test\"" };

    [Test]
    public void A_file_is_laid_out_byte_for_byte()
    {
        byte[] file = Written(Metadata,
            new SafeTensorsSource("flags", DType.Bool, [3], new byte[] { 1, 0, 1 }),
            new SafeTensorsSource("w/é", DType.Float32, [1, 2], new byte[] { 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0 }));

        const string json = """{"__metadata__":{"made by":"a \"test\""},"w/é":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"flags":{"dtype":"BOOL","shape":[3],"data_offsets":[8,11]}}""";
        byte[] header = Encoding.UTF8.GetBytes(json);
        int padded = (header.Length + 7) / 8 * 8;
        byte[] expected = [(byte)padded, 0, 0, 0, 0, 0, 0, 0, .. header, .. Enumerable.Repeat((byte)' ', padded - header.Length), 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 1, 0, 1];
        Assert.That(file, Is.EqualTo(expected));
    }

    [Test]
    public void A_file_assembled_by_hand_is_read()
    {
        byte[] file = Assemble("""{"b":{"shape":[2],"data_offsets":[8,12],"dtype":"I16"},"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"none":{"dtype":"C64","shape":[0,5],"data_offsets":[8,8]}}   """,
            [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 1, 0, 0xFF, 0xFF]);

        using SafeTensorsFile read = Open(file);

        Assert.Multiple(() =>
        {
            Assert.That(read.Entries.Select(e => e.Name), Is.EqualTo(new[] { "a", "none", "b" }));
            Assert.That(read.Find("a")!.DType, Is.EqualTo(DType.Float64));
            Assert.That(read.Find("a")!.Shape, Is.EqualTo(Shape.Scalar));
            Assert.That(BitConverter.ToDouble(read.ReadBytes("a")), Is.EqualTo(1.0));
            Assert.That(read.ReadBytes("b"), Is.EqualTo(new byte[] { 1, 0, 0xFF, 0xFF }));
            Assert.That(read.ReadBytes("none"), Is.Empty);
            Assert.That(read.Metadata, Is.Empty);
            Assert.That(read.Find("c"), Is.Null);
        });
    }

    [Test]
    public void Every_dtype_of_the_format_comes_back()
    {
        DType[] dtypes = [.. DTypes.All.Where(static d => d != DType.Complex128 && !d.IsQuantized())];
        byte[] file = Written(Metadata, [.. dtypes.Select((d, i) => new SafeTensorsSource(d.Name(), d, [2, 1], Bytes(d, i)))]);

        using SafeTensorsFile read = Open(file);

        Assert.Multiple(() =>
        {
            Assert.That(read.Metadata, Is.EqualTo(Metadata));
            foreach ((int i, DType dtype) in dtypes.Index())
            {
                SafeTensorsEntry entry = read.Find(dtype.Name())!;
                Assert.That(entry.DType, Is.EqualTo(dtype));
                Assert.That(entry.Shape, Is.EqualTo(Shape.FromSizes(2, 1)));
                Assert.That(entry.Begin % dtype.ByteSize(), Is.Zero, "aligned");
                Assert.That(read.ReadBytes(dtype.Name()), Is.EqualTo(Bytes(dtype, i)));
            }
        });

        static byte[] Bytes(DType dtype, int seed) => dtype == DType.Bool ? [1, 0] : [.. Enumerable.Range(seed, 2 * dtype.ByteSize()).Select(b => (byte)(b * 17))];
    }

    [Test]
    public void An_empty_file_holds_nothing()
    {
        byte[] file = Written([]);
        using SafeTensorsFile read = Open(file);

        Assert.That(file, Is.EqualTo(new byte[] { 8, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}', 32, 32, 32, 32, 32, 32 }));
        Assert.That(read.Entries, Is.Empty);
    }

    [Test]
    public void Parts_of_a_tensor_are_written_and_read()
    {
        byte[] file = Written([], new SafeTensorsSource("x", DType.UInt8, [5], sink => { sink([1, 2]); sink([]); sink([3, 4, 5]); }));
        using SafeTensorsFile read = Open(file);
        byte[] part = new byte[2];

        read.Read(read.Entries[0], part, offset: 2);

        Assert.That(part, Is.EqualTo(new byte[] { 3, 4 }));
        Assert.That(() => read.Read(read.Entries[0], part, offset: 4), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("'x'"));
        Assert.That(() => read.ReadBytes("y"), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("'y'"));
    }

    [TestCase("""[]""", "begin with '{'")]
    [TestCase(""" {}""", "begin with '{'")]
    [TestCase("""{"a" """, "JSON")]
    [TestCase("""{} x""", "JSON")]
    [TestCase("""{}{}""", "JSON")]
    [TestCase("""{"a":1}""", "no object")]
    [TestCase("""{"a":{"dtype":"U8","shape":[4]}}""", "lacks")]
    [TestCase("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[4]}}""", "lacks")]
    [TestCase("""{"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", "twice")]
    [TestCase("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"more":1}}""", "'more'")]
    [TestCase("""{"a":{"dtype":"U9","shape":[4],"data_offsets":[0,4]}}""", "'U9'")]
    [TestCase("""{"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}}""", "integers")]
    [TestCase("""{"a":{"dtype":"U8","shape":[4.0],"data_offsets":[0,4]}}""", "integers")]
    [TestCase("""{"a":{"dtype":"U8","shape":[[4]],"data_offsets":[0,4]}}""", "JSON")]
    [TestCase("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,4]}}""", "does not take")]
    [TestCase("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}""", "does not take")]
    [TestCase("""{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", "does not take")]
    [TestCase("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}""", "hole")]
    [TestCase("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "overlap")]
    [TestCase("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "'a' stands twice")]
    [TestCase("""{"a":{"dtype":"U8","shape":[5],"data_offsets":[0,5]}}""", "1 bytes are missing")]
    [TestCase("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}""", "1 bytes are too many")]
    [TestCase("""{"__metadata__":{"a":1},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", "no string")]
    [TestCase("""{"__metadata__":{"a":"","a":""},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", "twice")]
    [TestCase("""{"\ud800":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", "JSON")]
    public void A_header_that_breaks_a_rule_is_refused(string json, string reason)
    {
        Assert.That(() => Open(Assemble(json, [1, 2, 3, 4])), Throws.InstanceOf<CorruptFileException>().With.Message.Contains(reason).And.Message.Contains("some/file"));
    }

    [TestCase(100_000_001UL, "100000000")]
    [TestCase(ulong.MaxValue, "100000000")]
    [TestCase(99_000_000UL, "after the file")]
    public void A_header_length_beyond_the_limit_or_the_file_takes_no_memory(ulong length, string reason)
    {
        byte[] file = Written([]);
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.That(() => Open(file), Throws.InstanceOf<CorruptFileException>().With.Message.Contains(reason));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
    }

    [Test]
    public void A_file_cut_anywhere_is_refused_when_opened()
    {
        byte[] whole = Sample();
        for (int length = 0; length < whole.Length; length++)
        {
            byte[] cut = whole[..length];
            Assert.That(() => Open(cut), Throws.InstanceOf<CorruptFileException>(), $"cut to {length} bytes");
        }
    }

    [Test]
    public void A_BOOL_that_is_neither_0_nor_1_is_refused_with_its_offset()
    {
        byte[] file = Written([], new SafeTensorsSource("flags", DType.Bool, [3], new byte[] { 1, 0, 2 }));
        using SafeTensorsFile read = Open(file);

        Assert.That(() => read.ReadBytes("flags"), Throws.InstanceOf<CorruptFileException>().With.Message.Contains($"offset {file.Length - 1}"));
    }

    [Test]
    public void Every_flipped_bit_is_found_by_the_structure_or_the_checksum()
    {
        byte[] whole = Sample(checksum: true);
        using (SafeTensorsFile good = Open(whole)) Assert.That(good.VerifyChecksum, Throws.Nothing);

        for (int bit = 0; bit < 8 * whole.Length; bit++)
        {
            byte[] damaged = [.. whole];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(() => { using SafeTensorsFile read = Open(damaged); read.VerifyChecksum(); }, Throws.InstanceOf<CorruptFileException>().With.Message.Contains("some/file"), $"bit {bit}");
        }
    }

    [Test]
    public void A_file_without_a_checksum_does_not_pass_as_a_checkpoint()
    {
        using SafeTensorsFile read = Open(Sample());

        Assert.That(read.VerifyChecksum, Throws.InstanceOf<CorruptFileException>().With.Message.Contains("no checksum"));
    }

    [Test]
    public void What_cannot_be_written_is_refused_and_the_old_file_stands()
    {
        using var folder = new TempFolder();
        string path = folder.File("weights.safetensors");
        SafeTensorsWriter.Write(path, [new SafeTensorsSource("x", DType.UInt8, [1], new byte[] { 9 })]);

        Assert.Multiple(() =>
        {
            Refuses<InvalidArgumentException>("'x'", new SafeTensorsSource("x", DType.UInt8, [1], new byte[1]), new SafeTensorsSource("x", DType.UInt8, [1], new byte[1]));
            Refuses<InvalidArgumentException>("__metadata__", new SafeTensorsSource("__metadata__", DType.UInt8, [1], new byte[1]));
            Refuses<InvalidArgumentException>("[2, -1]", new SafeTensorsSource("x", DType.UInt8, [2, -1], new byte[2]));
            Refuses<InvalidArgumentException>("3 of the 4 bytes", new SafeTensorsSource("x", DType.Float32, [1], new byte[3]));
            Refuses<InvalidArgumentException>("more than the 4 bytes", new SafeTensorsSource("x", DType.Float32, [1], new byte[5]));
            Refuses<InvalidArgumentException>("more bytes than a file", new SafeTensorsSource("x", DType.Float32, [long.MaxValue], new byte[5]));
            Refuses<DTypeMismatchException>("quint8, which safetensors files do not hold; write the real numbers that Dequantize gives", new SafeTensorsSource("x", DType.QUInt8, [1], new byte[1]));
            Refuses<DTypeMismatchException>("complex128", new SafeTensorsSource("x", DType.Complex128, [1], new byte[16]));
        });

        using SafeTensorsFile read = SafeTensorsFile.Open(path);
        Assert.That(read.ReadBytes("x"), Is.EqualTo(new byte[] { 9 }));
        Assert.That(Directory.GetFiles(folder.Path), Is.EqualTo(new[] { path }));

        void Refuses<T>(string reason, params SafeTensorsSource[] sources) where T : EagerException =>
            Assert.That(() => SafeTensorsWriter.Write(path, sources), Throws.InstanceOf<T>().With.Message.Contains(reason));
    }

    [Test]
    public void An_absent_file_and_an_absent_folder_are_named()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => SafeTensorsFile.Open("/nowhere/a.safetensors"), Throws.InstanceOf<MissingFileException>().With.Message.Contains("/nowhere/a.safetensors"));
            Assert.That(() => SafeTensorsWriter.Write("/nowhere/a.safetensors", []), Throws.InstanceOf<FileWriteException>().With.Message.Contains("/nowhere/a.safetensors"));
        });
    }

    [Test]
    public void Mutants_are_read_or_refused_within_bounds()
    {
        Mutations.Check(Sample(), bytes =>
        {
            using SafeTensorsFile read = Open(bytes);
            foreach (SafeTensorsEntry entry in read.Entries) read.ReadBytes(entry.Name);
        }, maxAllocatedBytes: 1 << 20);
    }

    private static byte[] Sample(bool checksum = false) => Written(Metadata, checksum,
        new SafeTensorsSource("w", DType.Float32, [2, 3], new byte[24]),
        new SafeTensorsSource("step", DType.Int64, [], new byte[] { 1, 0, 0, 0, 0, 0, 0, 0 }),
        new SafeTensorsSource("mask", DType.Bool, [3], new byte[] { 1, 0, 1 }));

    private static byte[] Written(Dictionary<string, string> metadata, params SafeTensorsSource[] sources) => Written(metadata, checksum: false, sources);

    private static byte[] Written(Dictionary<string, string> metadata, bool checksum, params SafeTensorsSource[] sources)
    {
        var stream = new MemoryStream();
        SafeTensorsWriter.Write(stream, sources, metadata, checksum);
        return stream.ToArray();
    }

    private static byte[] Assemble(string json, byte[] data)
    {
        byte[] header = Encoding.UTF8.GetBytes(json);
        return [.. BitConverter.GetBytes((ulong)header.Length), .. header, .. data];
    }

    private static SafeTensorsFile Open(byte[] bytes) => SafeTensorsFile.Open(new MemoryStream(bytes), "some/file");
}
