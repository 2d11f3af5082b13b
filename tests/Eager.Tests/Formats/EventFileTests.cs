using Eager.Autograd;
using Eager.Train;
using NUnit.Framework;
using static Eager.Tests.Formats.EventBytes;

namespace Eager.Tests.Formats;

[TestFixture]
public class EventFileTests
{
    [Test]
    public void A_writer_that_is_given_a_graph_shows_it_first()
    {
        using var folder = new TempFolder();
        using TracedFunction traced = Function.Trace(static x => x.Square());
        traced.Call(Tensor.Ones([2]));
        string path;
        using (var writer = new FileWriter(folder.Path, traced.Graph, suffix: ".graph")) path = writer.Path;
        Assert.That(path, Does.EndWith(".graph"));
        Assert.That(EventFileReader.Read(path).ElementAt(1).GraphDef.ToArray(), Is.EqualTo(traced.Graph.ToGraphDef()));
        Assert.That(() => new FileWriter(folder.File("none"), (Graph)null!), Throws.ArgumentNullException);
        Assert.That(Directory.Exists(folder.File("none")), Is.False);
    }

    [Test]
    public void What_was_written_is_read()
    {
        using var folder = new TempFolder();
        string path;
        using (var writer = new FileWriter(folder.Path, graph: new byte[] { 10, 0 }, suffix: ".v2"))
        {
            path = writer.Path;
            writer.AddSessionLog(SessionStatus.Start, 7);
            writer.AddScalar("loss", 0.25, 7);
            writer.AddScalar("loss", double.NaN, long.MinValue);
            writer.AddScalar("metrics/größe", double.PositiveInfinity, long.MaxValue);
            writer.AddSessionLog(SessionStatus.Stop, 8);
        }

        SummaryEvent[] events = [.. EventFileReader.Read(path)];

        Assert.Multiple(() =>
        {
            Assert.That(Path.GetFileName(path), Does.Match(@"^events\.out\.tfevents\.\d{10}\..+\.\d+\.\d+\.v2$"));
            Assert.That(events, Has.Length.EqualTo(7));
            Assert.That(events[0].FileVersion, Is.EqualTo("brain.Event:2"));
            Assert.That(events[1].GraphDef.ToArray(), Is.EqualTo(new byte[] { 10, 0 }));
            Assert.That(events[2].Session, Is.EqualTo(SessionStatus.Start));
            Assert.That(events[2].Step, Is.EqualTo(7));
            Assert.That(events[3].Values, Is.EqualTo(new[] { new SummaryValue("loss", "scalars", 0.25f) }));
            Assert.That(events[4].Step, Is.EqualTo(long.MinValue));
            Assert.That(events[4].Values[0].Scalar, Is.NaN);
            Assert.That(events[5].Step, Is.EqualTo(long.MaxValue));
            Assert.That(events[5].Values, Is.EqualTo(new[] { new SummaryValue("metrics/größe", "scalars", float.PositiveInfinity) }));
            Assert.That(events[6].Session, Is.EqualTo(SessionStatus.Stop));
            Assert.That(events[0].WallTime, Is.EqualTo(DateTime.UtcNow).Within(TimeSpan.FromHours(1)));
        });
    }

    [Test]
    public void The_bytes_are_TensorBoards()
    {
        byte[] file = Written(w => w.AddScalar("a/loss", 1.5, 300));
        List<byte[]> records = Unframe(file);
        WireMessage version = new(records[0]);
        WireMessage scalar = new(records[1]);
        WireMessage value = scalar.Message(5).Message(1);

        Assert.Multiple(() =>
        {
            Assert.That(records, Has.Count.EqualTo(2));
            Assert.That(version.Text(3), Is.EqualTo("brain.Event:2"));
            Assert.That(BitConverter.Int64BitsToDouble((long)scalar.Number(1)), Is.GreaterThan(1.5e9), "seconds since 1970");
            Assert.That(scalar.Number(2), Is.EqualTo(300));
            Assert.That(value.Text(1), Is.EqualTo("a/loss"));
            Assert.That(value.Message(9).Message(1).Text(1), Is.EqualTo("scalars"));
            Assert.That(value.Message(9).Number(4), Is.EqualTo(1), "data class scalar");
            Assert.That(value.Message(8).Number(1), Is.EqualTo(1), "DT_FLOAT");
            Assert.That(value.Message(8).Bytes(2), Is.Empty, "rank 0");
            Assert.That(value.Message(8).Bytes(4), Is.EqualTo(BitConverter.GetBytes(1.5f)));
        });
    }

    [Test]
    public void Values_of_the_older_forms_are_read()
    {
        // Summary { value { tag: "x", simple_value: 2 } } and { value { tag: "y", tensor { dtype: FLOAT, float_val: [3] } } }.
        byte[] simple = [0x2A, 10, 0x0A, 8, 0x0A, 1, (byte)'x', 0x15, 0, 0, 0, 0x40];
        byte[] field = [0x2A, 15, 0x0A, 13, 0x0A, 1, (byte)'y', 0x42, 8, 0x08, 1, 0x2A, 4, 0, 0, 0x40, 0x40];

        SummaryEvent[] events = Read(Framed(simple, field));

        Assert.Multiple(() =>
        {
            Assert.That(events[0].Values, Is.EqualTo(new[] { new SummaryValue("x", "", 2f) }));
            Assert.That(events[1].Values, Is.EqualTo(new[] { new SummaryValue("y", "", 3f) }));
        });
    }

    [Test]
    public void Two_writers_in_one_folder_have_files_of_their_own()
    {
        using var folder = new TempFolder();
        using var a = new FileWriter(folder.File("run"));
        using var b = new FileWriter(folder.File("run"));

        Assert.That(a.Path, Is.Not.EqualTo(b.Path));
        Assert.That(Directory.GetFiles(folder.File("run")), Is.EquivalentTo(new[] { a.Path, b.Path }));
    }

    [Test]
    public void After_a_flush_a_reader_sees_what_was_added()
    {
        using var folder = new TempFolder();
        using var writer = new FileWriter(folder.Path);
        for (int step = 0; step < 100; step++)
        {
            writer.AddScalar("x", step, step);
            writer.Flush();
            Assert.That(EventFileReader.Read(writer.Path).Count(), Is.EqualTo(step + 2));
        }
    }

    [Test]
    public void A_queue_of_one_loses_nothing_from_several_threads()
    {
        byte[] file = Written(w => Parallel.For(0, 400, i => w.AddScalar("x", i, i)), maxQueue: 1);

        Assert.That(Read(file).Skip(1).Select(e => e.Step), Is.EquivalentTo(Enumerable.Range(0, 400).Select(i => (long)i)));
    }

    [Test]
    public void A_failed_write_surfaces_at_the_next_call_and_not_again_when_disposing()
    {
        var writer = new FileWriter(() => ("run/events", new FailingStream()), maxQueue: 10, flushSeconds: 1);

        Assert.That(writer.Flush, Throws.InstanceOf<FileWriteException>().With.Message.Contains("run/events").And.Message.Contains("no space left"));
        Assert.That(() => writer.AddScalar("x", 1, 1), Throws.InstanceOf<FileWriteException>());
        Assert.That(writer.Dispose, Throws.Nothing);
    }

    [Test]
    public void A_failed_write_that_no_call_has_shown_surfaces_when_disposing()
    {
        var writer = new FileWriter(() => ("run/events", new FailingStream()), maxQueue: 10, flushSeconds: 1000);

        Assert.That(writer.Dispose, Throws.InstanceOf<FileWriteException>().With.Message.Contains("no space left"));
        Assert.That(writer.Dispose, Throws.Nothing);
    }

    [Test]
    public void A_caller_who_waits_for_room_is_told_when_writing_fails()
    {
        using var writer = new FileWriter(() => ("run/events", new FailingStream()), maxQueue: 1, flushSeconds: 1000);

        Assert.That(() => { for (int i = 0; i < 100; i++) writer.AddScalar("x", i, i); }, Throws.InstanceOf<FileWriteException>());
    }

    [Test]
    public void A_disposed_writer_says_so()
    {
        using var folder = new TempFolder();
        var writer = new FileWriter(folder.Path);
        writer.Dispose();
        writer.Dispose();

        Assert.That(() => writer.AddScalar("x", 1, 1), Throws.InstanceOf<DisposedException>().With.Message.Contains(writer.Path));
        Assert.That(writer.Flush, Throws.InstanceOf<DisposedException>());
    }

    [Test]
    public void Bad_arguments_are_refused()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("file"), []);
        using var writer = new FileWriter(folder.File("run"));

        Assert.Multiple(() =>
        {
            Assert.That(() => new FileWriter(folder.Path, maxQueue: 0), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("maxQueue"));
            Assert.That(() => new FileWriter(folder.Path, flushSeconds: double.NaN), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("flushSeconds"));
            Assert.That(() => new FileWriter(folder.Path, suffix: "/x"), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("suffix"));
            Assert.That(() => new FileWriter(folder.File("file")), Throws.InstanceOf<FileWriteException>().With.Message.Contains("file"));
            Assert.That(() => writer.AddScalar("", 1, 1), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("tag"));
            Assert.That(() => EventFileReader.Read(folder.File("none")), Throws.InstanceOf<MissingFileException>().With.Message.Contains("none"));
        });
    }

    [Test]
    public void A_record_that_is_no_event_names_its_offset()
    {
        byte[] file = Framed([0x10, 1], [0x0F, 0xFF]);

        Assert.That(() => Read(file), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("offset 18"));
    }

    [TestCase(double.NaN)]
    [TestCase(1e300)]
    public void A_wall_time_that_is_none_is_refused(double seconds)
    {
        byte[] file = Framed([0x09, .. BitConverter.GetBytes(seconds)]);

        Assert.That(() => Read(file), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("wall time"));
    }

    [Test]
    public void A_file_that_ends_within_an_event_is_read_up_to_there()
    {
        byte[] file = Written(w => { for (int step = 0; step < 3; step++) w.AddScalar("x", step, step); });
        int[] ends = [0, .. Unframe(file).Select(r => r.Length + 16)];
        for (int i = 1; i < ends.Length; i++) ends[i] += ends[i - 1];

        for (int length = 0; length <= file.Length; length++)
        {
            byte[] cut = file[..length];
            Assert.That(Read(cut, requireWholeEnd: false), Has.Length.EqualTo(ends.Count(e => e <= length) - 1), $"{length} bytes");
            if (!ends.Contains(length)) Assert.That(() => Read(cut), Throws.InstanceOf<CorruptFileException>().With.Message.Contains($"offset {ends.Last(e => e <= length)}"));
        }
    }

    [Test]
    public void Damage_before_the_end_is_found_however_the_end_is_taken()
    {
        byte[] file = Written(w => w.AddScalar("x", 1, 1));
        file[20] ^= 1;

        Assert.That(() => Read(file, requireWholeEnd: false), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("offset 0"));
    }

    [Test]
    public void Run_metadata_comes_back()
    {
        byte[] file = Written(w => w.AddRunMetadata("step 3", new byte[] { 10, 0 }, 3));
        WireMessage tagged = new WireMessage(Unframe(file)[1]).Message(8);
        SummaryEvent read = Read(file)[1];

        Assert.Multiple(() =>
        {
            Assert.That(tagged.Text(1), Is.EqualTo("step 3"));
            Assert.That(tagged.Bytes(2), Is.EqualTo(new byte[] { 10, 0 }));
            Assert.That((read.RunTag, read.Step), Is.EqualTo(("step 3", 3L)));
            Assert.That(read.RunMetadata.ToArray(), Is.EqualTo(new byte[] { 10, 0 }));
            Assert.That(() => Written(w => w.AddRunMetadata("", new byte[2], 3)), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("tag"));
        });
    }

    [Test]
    public void Mutants_of_a_file_are_read_or_refused_within_bounds()
    {
        byte[] file = Written(w => { w.AddScalar("loss", 1, 1); w.AddGraph(new byte[40]); });

        Mutations.Check(file, bytes => Read(bytes), maxAllocatedBytes: 1 << 20);
    }

    [Test]
    public void Mutants_of_an_event_under_right_checksums_are_read_or_refused_within_bounds()
    {
        byte[] file = Written(w => w.AddScalar("loss", 1, 1));
        byte[] record = Unframe(file)[1];

        Mutations.Check(record, bytes => Read(Framed(bytes)), maxAllocatedBytes: 1 << 20, refusedShare: 0.05);
    }

    /// <summary>A disk without room.</summary>
    private sealed class FailingStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("no space left on device.");
    }
}
