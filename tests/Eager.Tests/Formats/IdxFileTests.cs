using System.IO.Compression;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Formats;

[TestFixture]
public class IdxFileTests
{
    /// <summary>Two by three uint8: 1 to 6.</summary>
    private static readonly byte[] Small = [0, 0, 0x08, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];

    [Test]
    public void A_plain_file_gives_dtype_shape_and_data()
    {
        IdxFile idx = Read(Small);

        Assert.Multiple(() =>
        {
            Assert.That(idx.DType, Is.EqualTo(DType.UInt8));
            Assert.That(idx.Shape, Is.EqualTo(Shape.FromSizes(2, 3)));
            Assert.That(idx.Data, Is.EqualTo(new byte[] { 1, 2, 3, 4, 5, 6 }));
        });
    }

    [Test]
    public void The_elements_become_a_tensor()
    {
        using Tensor bytes = Read(Small).ToTensor();
        using Tensor floats = Read([0, 0, 0x0D, 1, 0, 0, 0, 2, 0x3F, 0x80, 0, 0, 0xC0, 0x20, 0, 0]).ToTensor();
        using Tensor none = Read([0, 0, 0x0B, 2, 0, 0, 0, 0, 0, 0, 0, 3]).ToTensor();
        Assert.That(bytes.ToArray2D<byte>(), Is.EqualTo(new byte[,] { { 1, 2, 3 }, { 4, 5, 6 } }));
        Assert.That(floats.ToArray<float>(), Is.EqualTo((float[])[1, -2.5f]), "the file is big-endian");
        Assert.That((none.DType, none.Shape), Is.EqualTo((DType.Int16, Shape.Of(0, 3))));
        Assert.That(Dataset.FromTensorSlices(bytes).Select(static row => row.Sum().Item()), Is.EqualTo((double[])[6, 15]));
    }

    [Test]
    public void A_gzipped_file_is_known_by_its_bytes_whatever_its_name()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("images"), Gzip(Small));
        File.WriteAllBytes(folder.File("plain.gz"), Small);

        Assert.Multiple(() =>
        {
            Assert.That(IdxFile.Read(folder.File("images")).Data, Is.EqualTo(new byte[] { 1, 2, 3, 4, 5, 6 }));
            Assert.That(IdxFile.Read(folder.File("plain.gz")).Data, Is.EqualTo(new byte[] { 1, 2, 3, 4, 5, 6 }));
        });
    }

    [Test]
    public void A_gzipped_file_larger_than_one_chunk_is_read_whole()
    {
        byte[] data = new byte[3_000_000];
        new System.Random(5).NextBytes(data);
        byte[] file = [0, 0, 0x08, 1, .. BigEndian(data.Length), .. data];

        Assert.That(Read(Gzip(file)).Data, Is.EqualTo(data));
    }

    [TestCase(0x09, DType.Int8, "FE", "FE")]
    [TestCase(0x0B, DType.Int16, "0102", "0201")]
    [TestCase(0x0C, DType.Int32, "01020304", "04030201")]
    [TestCase(0x0D, DType.Float32, "3F800000", "0000803F")]
    [TestCase(0x0E, DType.Float64, "3FF0000000000000", "000000000000F03F")]
    public void Wide_elements_become_little_endian(int type, DType dtype, string bigEndian, string littleEndian)
    {
        IdxFile idx = Read([0, 0, (byte)type, 1, 0, 0, 0, 1, .. Convert.FromHexString(bigEndian)]);

        Assert.Multiple(() =>
        {
            Assert.That(idx.DType, Is.EqualTo(dtype));
            Assert.That(Convert.ToHexString(idx.Data), Is.EqualTo(littleEndian));
        });
    }

    [Test]
    public void A_file_of_rank_zero_holds_one_element_and_an_empty_axis_none()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Read([0, 0, 0x08, 0, 7]).Data, Is.EqualTo(new byte[] { 7 }));
            Assert.That(Read([0, 0, 0x0E, 2, 0, 0, 0, 0, 0, 0, 0, 5]).Data, Is.Empty);
        });
    }

    [Test]
    public void A_file_cut_anywhere_names_the_missing_bytes([Values] bool gzipped)
    {
        for (int length = 0; length < Small.Length; length++)
        {
            byte[] cut = gzipped ? Gzip(Small[..length]) : Small[..length];
            CorruptFileException? e = Assert.Throws<CorruptFileException>(() => Read(cut));
            int missing = (length < 4 ? 4 : length < 12 ? 12 : 18) - length;
            Assert.That(e!.Message, Does.Contain("some/file").And.Contain($"{missing} bytes").And.Contain($"offset {length}"));
        }
    }

    [Test]
    public void A_gzip_stream_cut_anywhere_is_refused()
    {
        byte[] whole = Gzip(Small);
        for (int length = 0; length < whole.Length; length++)
        {
            byte[] cut = whole[..length];
            Assert.That(() => Read(cut), Throws.InstanceOf<CorruptFileException>(), $"cut to {length} bytes");
        }
    }

    [Test]
    public void A_flipped_bit_of_a_gzip_stream_does_not_pass_its_checksum()
    {
        byte[] data = [.. Enumerable.Range(0, 200).Select(i => (byte)(i * 7))], whole = Gzip([0, 0, 0x08, 1, 0, 0, 0, 200, .. data]);
        const int header = 10;
        int refused = 0;
        for (int bit = 8 * header; bit < 8 * whole.Length; bit++)
        {
            byte[] flipped = [.. whole];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                // The bits that fill up the last byte of the compressed data say nothing.
                Assert.That(Read(flipped).Data, Is.EqualTo(data), $"bit {bit}");
            }
            catch (CorruptFileException e)
            {
                Assert.That(e.Message, Does.Contain("some/file"));
                refused++;
            }
        }
        Assert.That(refused, Is.GreaterThan(8 * (whole.Length - header) - 8));
    }

    [Test]
    public void Trailing_bytes_are_refused([Values] bool gzipped)
    {
        byte[] longer = [.. Small, 0];

        Assert.That(() => Read(gzipped ? Gzip(longer) : longer), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("goes on after offset 18"));
    }

    [TestCase("00000A01", TestName = "An_unknown_type_names_the_bytes_found_and_those_expected")]
    [TestCase("504B0304", TestName = "Another_kind_of_file_names_the_bytes_found_and_those_expected")]
    public void Wrong_magic(string magic)
    {
        Assert.That(() => Read([.. Convert.FromHexString(magic), 1, 2, 3, 4]),
            Throws.InstanceOf<CorruptFileException>().With.Message.Contains(magic).And.Message.Contains("08 (uint8)"));
    }

    [Test]
    public void A_header_that_promises_too_much_is_refused_before_memory_is_taken([Values] bool gzipped)
    {
        byte[] overflowing = [0, 0, 0x0E, 3, .. Enumerable.Repeat((byte)0xFF, 12)];
        byte[] large = [0, 0, 0x08, 1, 0x7F, 0, 0, 0, 1, 2, 3];
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.That(() => Read(gzipped ? Gzip(overflowing) : overflowing), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("maxBytes"));
        Assert.That(() => Read(gzipped ? Gzip(large) : large), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("missing"));

        // The chunk that a gzip stream is read by is 1 MiB; the headers promise 2 GiB and more.
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(4 << 20));
    }

    [Test]
    public void A_decompression_bomb_is_left_after_the_promised_bytes()
    {
        byte[] bomb = Gzip([.. Small, .. new byte[50_000_000]]);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.That(() => Read(bomb), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("goes on"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
    }

    [Test]
    public void An_absent_file_is_named()
    {
        Assert.That(() => IdxFile.Read("/nowhere/train"), Throws.InstanceOf<MissingFileException>().With.Message.Contains("/nowhere/train"));
    }

    [Test]
    public void Mutants_are_read_or_refused_within_bounds([Values] bool gzipped)
    {
        byte[] file = [0, 0, 0x0C, 2, 0, 0, 0, 5, 0, 0, 0, 7, .. Enumerable.Range(0, 140).Select(i => (byte)i)];

        Mutations.Check(gzipped ? Gzip(file) : file, bytes => Read(bytes), maxAllocatedBytes: 3 << 20);
    }

    private static IdxFile Read(byte[] bytes) => IdxFile.Read(new MemoryStream(bytes), "some/file");

    private static byte[] BigEndian(int value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    private static byte[] Gzip(byte[] plain)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(plain);
        return packed.ToArray();
    }
}
