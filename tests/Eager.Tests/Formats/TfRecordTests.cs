using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Formats;

[TestFixture]
public class TfRecordTests
{
    [Test]
    public void The_checksum_is_CRC_32C()
    {
        byte[] digits = Encoding.ASCII.GetBytes("123456789");
        byte[] length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, 24);

        Assert.Multiple(() =>
        {
            // The check value of the CRC catalogue, RFC 3720's 32 zero bytes, and a masked value from TensorFlow's own files.
            Assert.That(Crc32C.Compute(digits), Is.EqualTo(0xE3069283));
            Assert.That(Crc32C.Compute(new byte[32]), Is.EqualTo(0x8A9136AA));
            Assert.That(Crc32C.Mask(Crc32C.Compute(length)), Is.EqualTo(0x224B7FA3));
        });
    }

    [Test]
    public void A_checksum_continues_across_parts_of_any_size()
    {
        byte[] data = [.. Enumerable.Range(0, 100).Select(i => (byte)(i * 7))];
        uint whole = Crc32C.Compute(data);

        for (int cut = 0; cut <= data.Length; cut++)
        {
            Assert.That(Crc32C.Append(Crc32C.Compute(data.AsSpan(0, cut)), data.AsSpan(cut)), Is.EqualTo(whole));
        }
    }

    [TestCase(16 << 10)]
    [TestCase((16 << 10) + 1)]
    [TestCase(100_003)]
    [TestCase(1 << 20)]
    public void A_checksum_of_a_long_span_is_that_of_its_bytes_one_by_one(int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        // The definition, a bit at a time.
        uint expected = ~0u;
        foreach (byte b in data)
        {
            expected ^= b;
            for (int bit = 0; bit < 8; bit++) expected = (expected >> 1) ^ ((expected & 1) * 0x82F63B78);
        }
        Assert.That(Crc32C.Compute(data), Is.EqualTo(~expected));
    }

    [Test]
    public void Checksums_of_parts_join_to_that_of_the_whole()
    {
        byte[] data = [.. Enumerable.Range(0, 40_000).Select(i => (byte)(i * 7 + (i >> 8)))];
        uint whole = Crc32C.Compute(data);

        foreach (int cut in (int[])[0, 1, 7, 8, 1000, 32_768, 39_999, 40_000])
            Assert.That(Crc32C.Join(Crc32C.Compute(data.AsSpan(0, cut)), Crc32C.Compute(data.AsSpan(cut)), data.Length - cut), Is.EqualTo(whole), $"cut at {cut}");
    }

    [Test]
    public void A_record_is_framed_byte_for_byte()
    {
        byte[] framed = Framed(Encoding.ASCII.GetBytes("123456789"));

        // Masked CRC of LE u64 9 and of the digits, worked out by the formula from E3069283: (c >> 15 | c << 17) + A282EAD8.
        uint mask = unchecked(((0xE3069283 >> 15) | (0xE3069283 << 17)) + 0xA282EAD8);
        Assert.Multiple(() =>
        {
            Assert.That(framed, Has.Length.EqualTo(8 + 4 + 9 + 4));
            Assert.That(Convert.ToHexString(framed, 0, 8), Is.EqualTo("0900000000000000"));
            Assert.That(Encoding.ASCII.GetString(framed, 12, 9), Is.EqualTo("123456789"));
            Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(framed.AsSpan(21)), Is.EqualTo(mask));
        });
    }

    [Test]
    public void Records_come_back_in_order()
    {
        byte[][] records = [[], [1], new byte[200_000], [.. Enumerable.Range(0, 255).Select(i => (byte)i)]];
        records[2][^1] = 9;

        Assert.That(Read(Framed(records)), Is.EqualTo(records));
    }

    [Test]
    public void A_file_is_read_by_its_path_and_closed_after_it()
    {
        using var folder = new TempFolder();
        string path = folder.File("data.tfrecord");
        File.WriteAllBytes(path, Framed([1, 2], [3]));

        Assert.That(TfRecord.Read(path), Is.EqualTo(new byte[][] { [1, 2], [3] }));
        Assert.That(() => TfRecord.Read(folder.File("other")), Throws.InstanceOf<MissingFileException>().With.Message.Contains("other"));
    }

    [Test]
    public void A_file_cut_within_a_record_names_its_offset_and_the_missing_bytes()
    {
        byte[] whole = Framed([1, 2, 3, 4, 5], [6, 7, 8]);
        const int second = 8 + 4 + 5 + 4;
        for (int length = 0; length < whole.Length; length++)
        {
            byte[] cut = whole[..length];
            if (length is 0 or second)
            {
                Assert.That(() => Read(cut), Throws.Nothing);
                continue;
            }
            int start = length < second ? 0 : second;
            int dataBytes = start == 0 ? 5 : 3;
            int at = length - start;
            int missing = (at < 12 ? 12 : at < 12 + dataBytes ? 12 + dataBytes : 16 + dataBytes) - at;
            Assert.That(() => Read(cut), Throws.InstanceOf<CorruptFileException>().With.Message.Contains($"offset {start}").And.Message.Contains($"{missing} bytes short"));
        }
    }

    [Test]
    public void Every_flipped_bit_is_found()
    {
        byte[] whole = Framed([1, 2, 3, 4, 5]);
        for (int bit = 0; bit < 8 * whole.Length; bit++)
        {
            byte[] damaged = [.. whole];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(() => Read(damaged), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("offset 0"), $"bit {bit}");
        }
    }

    [Test]
    public void A_length_with_a_right_checksum_takes_no_memory_that_the_file_does_not_back()
    {
        byte[] lying = Framed([1, 2, 3]);
        BinaryPrimitives.WriteUInt64LittleEndian(lying, 1 << 30);
        BinaryPrimitives.WriteUInt32LittleEndian(lying.AsSpan(8), Crc32C.Mask(Crc32C.Compute(lying.AsSpan(0, 8))));
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.That(() => Read(lying), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("short"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
    }

    [Test]
    public void A_record_above_the_limit_is_refused()
    {
        Assert.That(() => TfRecord.Read(new MemoryStream(Framed(new byte[101])), "f", maxRecordBytes: 100).Count(),
            Throws.InstanceOf<CorruptFileException>().With.Message.Contains("101 bytes").And.Message.Contains("maxRecordBytes"));
    }

    [Test]
    public void Mutants_are_read_or_refused_within_bounds()
    {
        Mutations.Check(Framed([1, 2, 3], [.. Enumerable.Range(0, 50).Select(i => (byte)i)], []), bytes => Read(bytes), maxAllocatedBytes: 1 << 20);
    }

    [Test]
    public void A_gzipped_file_is_known_by_its_bytes_and_refused_where_it_is_cut()
    {
        using var folder = new TempFolder();
        string path = folder.File("records");
        // A length whose bytes are those that gzip begins with must not pass for gzip.
        byte[][] records = [new byte[0x8B1F], [1, 2, 3], [.. Enumerable.Range(0, 500).Select(i => (byte)(i * i))]];
        byte[] plain = Framed(records);
        Assert.That(plain[..2], Is.EqualTo(new byte[] { 0x1F, 0x8B }));
        File.WriteAllBytes(path, plain);
        Assert.That(TfRecord.Read(path), Is.EqualTo(records));

        using var packed = new MemoryStream();
        using (var packer = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)) packer.Write(plain);
        byte[] whole = packed.ToArray();
        File.WriteAllBytes(path, whole);
        Assert.That(TfRecord.Read(path), Is.EqualTo(records));

        for (int length = 1; length < whole.Length; length++)
        {
            byte[] cut = whole[..length];
            Assert.That(() => ReadPacked(cut), Throws.TypeOf<CorruptFileException>().With.Message.Contains("some/file"), $"cut to {length} bytes");
        }
        Mutations.Check(whole, bytes => ReadPacked(bytes), maxAllocatedBytes: 4 << 20, rounds: 2_000);
    }

    private static List<byte[]> ReadPacked(byte[] bytes) => [.. TfRecord.ReadPacked(new MemoryStream(bytes), "some/file")];

    private static byte[] Framed(params byte[][] records)
    {
        var stream = new MemoryStream();
        foreach (byte[] record in records) TfRecord.Write(stream, record);
        return stream.ToArray();
    }

    private static byte[][] Read(byte[] bytes) => [.. TfRecord.Read(new MemoryStream(bytes), "some/file").Select(r => r.Data)];
}
