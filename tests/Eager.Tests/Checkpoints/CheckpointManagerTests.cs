using System.Text;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Checkpoints;

[TestFixture]
public class CheckpointManagerTests
{
    private long value;
    private Checkpoint checkpoint = null!;

    [SetUp]
    public void MakeCheckpoint()
    {
        value = 0;
        checkpoint = new Checkpoint().Add(StateEntry.Int64("value", () => value, restored => value = restored));
    }

    [Test]
    public void Making_a_manager_touches_nothing()
    {
        using var folder = new TempFolder();
        var manager = new CheckpointManager(checkpoint, folder.File("run"));

        Assert.Multiple(() =>
        {
            Assert.That(Directory.Exists(folder.File("run")), Is.False);
            Assert.That(manager.Latest, Is.Null);
            Assert.That(manager.Checkpoints, Is.Empty);
            Assert.That(manager.RestoreLatest(), Is.Null);
        });
    }

    [Test]
    public void A_file_in_place_of_the_folder_is_refused_before_anything_is_trained()
    {
        string file = Path.GetTempFileName();
        try
        {
            Assert.That(() => new CheckpointManager(new Checkpoint(), file), Throws.InstanceOf<FileWriteException>().With.Message.Contains($"'{file}' is a file"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Test]
    public void The_last_five_stay_and_the_last_is_restored()
    {
        using var folder = new TempFolder();
        var manager = new CheckpointManager(checkpoint, folder.Path);
        for (value = 1; value <= 8; value++) Assert.That(manager.Save(100 * value), Is.EqualTo(folder.File($"ckpt-{100 * value}.safetensors")));
        value = 0;

        Assert.That(Names(folder), Is.EquivalentTo(new[] { "checkpoint", "ckpt-400.safetensors", "ckpt-500.safetensors", "ckpt-600.safetensors", "ckpt-700.safetensors", "ckpt-800.safetensors" }));
        Assert.That(File.ReadAllLines(folder.File("checkpoint")), Has.Length.EqualTo(6).And.ItemAt(5).StartsWith("ckpt-800.safetensors\t"));
        Assert.That(new CheckpointManager(checkpoint, folder.Path).RestoreLatest(), Is.EqualTo(800));
        Assert.That(value, Is.EqualTo(8));
        Assert.That(manager.Restore(folder.File("ckpt-500.safetensors")), Is.EqualTo(500));
        Assert.That(value, Is.EqualTo(5));
    }

    [Test]
    public void One_every_so_many_hours_stays_for_good_over_restarts_too()
    {
        using var folder = new TempFolder();
        var clock = new SetClock();
        for (value = 0; value < 12; value++)
        {
            // Steps half an hour apart, and a program that ends after each.
            new CheckpointManager(checkpoint, folder.Path, maxToKeep: 2, keepEveryHours: 2, clock: clock).Save(value);
            clock.Now += TimeSpan.FromHours(0.5);
        }

        // The first was saved at 0 h: two hours later is step 4, two hours after that step 8; 10 and 11 are the last two.
        Assert.That(Names(folder), Is.EquivalentTo(new[] { "checkpoint", "ckpt-4.safetensors", "ckpt-8.safetensors", "ckpt-10.safetensors", "ckpt-11.safetensors" }));
        var manager = new CheckpointManager(checkpoint, folder.Path, maxToKeep: 2, keepEveryHours: 2, clock: clock);
        Assert.That(manager.Checkpoints.Select(Path.GetFileName), Is.EqualTo(new[] { "ckpt-4.safetensors", "ckpt-8.safetensors", "ckpt-10.safetensors", "ckpt-11.safetensors" }));
        Assert.That(manager.Latest, Is.EqualTo(folder.File("ckpt-11.safetensors")));
    }

    [Test]
    public void Where_ten_thousand_hours_pass_one_stays_by_default()
    {
        using var folder = new TempFolder();
        var clock = new SetClock();
        var manager = new CheckpointManager(checkpoint, folder.Path, clock: clock);
        manager.Save(0);
        clock.Now += TimeSpan.FromHours(10_000);
        manager.Save(1);
        for (long step = 2; step < 8; step++) manager.Save(step);

        Assert.That(manager.Checkpoints.Select(Path.GetFileName), Is.EqualTo(new[] { 1, 3, 4, 5, 6, 7 }.Select(step => $"ckpt-{step}.safetensors")));
    }

    [Test]
    public void A_folder_can_be_moved_and_the_list_named()
    {
        using var folder = new TempFolder();
        value = 3;
        new CheckpointManager(checkpoint, folder.File("here"), name: "model", listName: "latest").Save(30);
        Directory.Move(folder.File("here"), folder.File("there"));
        value = 0;

        var moved = new CheckpointManager(checkpoint, folder.File("there"), name: "model", listName: "latest");
        Assert.That(moved.Latest, Is.EqualTo(Path.Combine(folder.File("there"), "model-30.safetensors")));
        Assert.That(File.Exists(Path.Combine(folder.File("there"), "latest")), Is.True);
        Assert.That(moved.RestoreLatest(), Is.EqualTo(30));
        Assert.That(value, Is.EqualTo(3));
    }

    [Test]
    public void Told_so_it_falls_back_to_the_newest_whole_checkpoint_and_goes_on_from_there()
    {
        using var folder = new TempFolder();
        var manager = new CheckpointManager(checkpoint, folder.Path);
        for (value = 1; value <= 4; value++) manager.Save(value);
        File.WriteAllText(folder.File("ckpt-4.safetensors"), "no checkpoint at all");
        File.Delete(folder.File("ckpt-3.safetensors"));

        Assert.That(manager.RestoreLatest(fallBack: true), Is.EqualTo(2));
        Assert.That(value, Is.EqualTo(2));
        value = 33;
        manager.Save(3);
        value = 0;
        Assert.That(manager.RestoreLatest(), Is.EqualTo(3));
        Assert.That(value, Is.EqualTo(33));
    }

    [Test]
    public void A_checkpoint_that_does_not_fit_is_not_passed_over_by_falling_back()
    {
        using var folder = new TempFolder();
        new CheckpointManager(checkpoint, folder.Path).Save(1);
        var other = new CheckpointManager(new Checkpoint().Add(StateEntry.Int64("another", () => 0, _ => { })), folder.Path);

        Assert.That(() => other.RestoreLatest(fallBack: true), Throws.InstanceOf<CheckpointMismatchException>());
        Assert.That(other.RestoreLatest(new RestoreOptions { AllowMissing = true, IgnoreUnexpected = true }), Is.EqualTo(1));
    }

    [Test]
    public void Damaged_lists_are_read_or_refused_whatever_they_hold()
    {
        const string valid = "# since\t2026-01-02T03:04:05.0000000+00:00\n# going\tckpt-0.safetensors\nckpt-1.safetensors\t2026-01-02T03:04:05.0000000+00:00\tkept\nckpt-22.safetensors\t2026-01-02T03:04:05.0000000+00:00\n";

        Mutations.Check(Encoding.UTF8.GetBytes(valid), bytes => CheckpointList.Parse(Encoding.UTF8.GetString(bytes), "list"), maxAllocatedBytes: 1 << 20);
    }

    [Test]
    public void A_step_saved_again_is_the_latest_and_stands_once()
    {
        using var folder = new TempFolder();
        var manager = new CheckpointManager(checkpoint, folder.Path, maxToKeep: 2);
        manager.Save(1);
        manager.Save(2);
        value = 7;
        manager.Save(1);
        value = 0;

        Assert.That(manager.Checkpoints.Select(Path.GetFileName), Is.EqualTo(new[] { "ckpt-2.safetensors", "ckpt-1.safetensors" }));
        Assert.That(manager.RestoreLatest(), Is.EqualTo(1));
        Assert.That(value, Is.EqualTo(7));
    }

    [Test]
    public void What_a_killed_save_leaves_does_no_harm_and_goes_with_the_next()
    {
        using var folder = new TempFolder();
        var manager = new CheckpointManager(checkpoint, folder.Path);
        value = 1;
        manager.Save(1);
        byte[] whole = File.ReadAllBytes(folder.File("ckpt-1.safetensors"));

        // Killed while the data was written, at every length; then after the rename but before the list was.
        for (int length = 0; length <= whole.Length; length += 7)
        {
            File.WriteAllBytes(folder.File("ckpt-2.safetensors.partial"), whole[..length]);
            Assert.That(manager.RestoreLatest(), Is.EqualTo(1));
        }
        File.Move(folder.File("ckpt-2.safetensors.partial"), folder.File("ckpt-2.safetensors"));
        File.WriteAllBytes(folder.File("ckpt-3.safetensors.partial"), [1]);
        File.WriteAllBytes(folder.File("checkpoint.partial"), [1]);
        Assert.That(manager.RestoreLatest(), Is.EqualTo(1));

        value = 2;
        manager.Save(2);
        Assert.That(manager.RestoreLatest(), Is.EqualTo(2));
        Assert.That(Names(folder), Is.EquivalentTo(new[] { "checkpoint", "ckpt-1.safetensors", "ckpt-2.safetensors" }));
    }

    [Test]
    public void Old_checkpoints_that_a_killed_save_did_not_delete_go_with_the_next()
    {
        using var folder = new TempFolder();
        var manager = new CheckpointManager(checkpoint, folder.Path, maxToKeep: 2);
        for (long step = 1; step <= 3; step++) manager.Save(step);
        File.Copy(folder.File("ckpt-3.safetensors"), folder.File("ckpt-1.safetensors"));
        File.WriteAllText(folder.File("checkpoint"), "ckpt-0.safetensors\nckpt-1.safetensors\nckpt-2.safetensors\nckpt-3.safetensors\n");

        Assert.That(manager.RestoreLatest(), Is.EqualTo(3));
        manager.Save(4);
        Assert.That(Names(folder), Is.EquivalentTo(new[] { "checkpoint", "ckpt-3.safetensors", "ckpt-4.safetensors" }));
        Assert.That(manager.Checkpoints.Select(Path.GetFileName), Is.EqualTo(new[] { "ckpt-3.safetensors", "ckpt-4.safetensors" }));
    }

    [Test]
    public void A_save_killed_while_it_deletes_leaves_only_whole_checkpoints_listed([Values] bool deleted)
    {
        using var folder = new TempFolder();
        var manager = new CheckpointManager(checkpoint, folder.Path, maxToKeep: 2);
        manager.Save(1);
        byte[] first = File.ReadAllBytes(folder.File("ckpt-1.safetensors"));
        manager.Save(2);
        manager.Save(3);
        string[] list = File.ReadAllLines(folder.File("checkpoint"));
        // What stands between the first list of the third save and its second.
        File.WriteAllLines(folder.File("checkpoint"), [list[0], "# going\tckpt-1.safetensors", .. list[1..]]);
        if (!deleted) File.WriteAllBytes(folder.File("ckpt-1.safetensors"), first);

        Assert.That(manager.Checkpoints.Select(Path.GetFileName), Is.EqualTo(new[] { "ckpt-2.safetensors", "ckpt-3.safetensors" }));
        Assert.That(manager.Checkpoints, Has.All.Exist);
        Assert.That(manager.RestoreLatest(), Is.EqualTo(3));
        manager.Save(4);
        Assert.That(Names(folder), Is.EquivalentTo(new[] { "checkpoint", "ckpt-3.safetensors", "ckpt-4.safetensors" }));
        Assert.That(File.ReadAllText(folder.File("checkpoint")), Does.Not.Contain("going"));
    }

    [Test]
    public void A_file_that_is_going_and_saved_again_stays()
    {
        using var folder = new TempFolder();
        var manager = new CheckpointManager(checkpoint, folder.Path);
        manager.Save(1);
        File.WriteAllText(folder.File("checkpoint"), "# going\tckpt-1.safetensors\n# going\tckpt-0.safetensors\n");

        Assert.That(manager.Latest, Is.Null);
        manager.Save(1);
        Assert.That(manager.RestoreLatest(), Is.EqualTo(1));
    }

    [Test]
    public void A_first_save_killed_before_its_list_is_found()
    {
        using var folder = new TempFolder();
        var manager = new CheckpointManager(checkpoint, folder.Path);
        manager.Save(9);
        manager.Save(10);
        File.Delete(folder.File("checkpoint"));
        File.WriteAllBytes(folder.File("ckpt-best.safetensors"), [1]);

        Assert.That(manager.RestoreLatest(), Is.EqualTo(10), "by number, not by letters");
    }

    [Test]
    public void A_save_that_fails_leaves_files_and_list_as_they_were()
    {
        using var folder = new TempFolder();
        var manager = new CheckpointManager(checkpoint, folder.Path);
        value = 1;
        manager.Save(1);
        var failing = new CheckpointManager(new Checkpoint().Add(StateEntry.Int64("value", () => throw new InvalidArgumentException("no value"), _ => { })), folder.Path, maxToKeep: 1);

        Assert.That(() => failing.Save(2), Throws.InstanceOf<InvalidArgumentException>());
        Assert.That(Names(folder), Is.EquivalentTo(new[] { "checkpoint", "ckpt-1.safetensors" }));
        Assert.That(manager.RestoreLatest(), Is.EqualTo(1));
    }

    [TestCase("flipped")]
    [TestCase("truncated")]
    [TestCase("missing")]
    [TestCase("empty")]
    [TestCase("of another kind")]
    [TestCase("lying about its header")]
    public void A_damaged_checkpoint_is_named_and_the_newest_whole_one_before_it_offered(string damage)
    {
        using var folder = new TempFolder();
        var manager = new CheckpointManager(checkpoint, folder.Path);
        for (value = 1; value <= 3; value++) manager.Save(value);
        Damage(folder.File("ckpt-3.safetensors"));
        Damage(folder.File("ckpt-2.safetensors"));
        value = 99;

        EagerException? e = Assert.Catch<EagerException>(() => manager.RestoreLatest());

        Assert.That(e, Is.InstanceOf(damage == "missing" ? typeof(MissingFileException) : typeof(CorruptFileException)));
        Assert.That(e!.Message, Does.Contain(folder.File("ckpt-3.safetensors")).And.Contain(folder.File("ckpt-1.safetensors")));
        Assert.That(value, Is.EqualTo(99));
        Damage(folder.File("ckpt-1.safetensors"));
        Assert.That(() => manager.RestoreLatest(), Throws.InstanceOf<EagerException>().With.Message.Contains("No checkpoint before it is whole"));

        void Damage(string path)
        {
            byte[] bytes = File.ReadAllBytes(path);
            if (damage == "missing") File.Delete(path);
            else
            {
                File.WriteAllBytes(path, damage switch
                {
                    "flipped" => [.. bytes[..^1], (byte)(bytes[^1] ^ 0x10)],
                    "truncated" => bytes[..^1],
                    "of another kind" => [0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n', .. bytes],
                    // Almost all that the format allows: 100 MB of header.
                    "lying about its header" => [.. BitConverter.GetBytes(99_999_999L), .. bytes[sizeof(long)..]],
                    _ => [],
                });
            }
        }
    }

    [TestCase("ckpt-1.safetensors", TestName = "A_list_that_is_cut_off_is_named")]
    [TestCase("", TestName = "An_empty_list_is_named")]
    [TestCase("../secret.safetensors\n", TestName = "A_list_that_leads_out_of_the_folder_is_named")]
    [TestCase("ckpt-1.safetensors\n\n", TestName = "A_list_with_an_empty_line_is_named")]
    [TestCase("# going\t../secret.safetensors\n", TestName = "A_list_that_would_delete_outside_of_the_folder_is_named")]
    [TestCase("# going\tckpt-1.safetensors\nckpt-1.safetensors\n", TestName = "A_list_that_would_delete_what_it_lists_is_named")]
    [TestCase("ckpt-1.safetensors\tyesterday\n", TestName = "A_list_with_a_time_that_is_none_is_named")]
    public void Damaged_list(string text)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("checkpoint"), text);

        Assert.That(() => new CheckpointManager(checkpoint, folder.Path).Latest, Throws.InstanceOf<CorruptFileException>().With.Message.Contains(folder.File("checkpoint")));
    }

    [Test]
    public void Bad_arguments_are_refused()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("file"), []);

        Assert.Multiple(() =>
        {
            Assert.That(() => new CheckpointManager(checkpoint, folder.Path, maxToKeep: 0), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("maxToKeep"));
            Assert.That(() => new CheckpointManager(checkpoint, folder.Path, keepEveryHours: double.NaN), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("keepEveryHours"));
            Assert.That(() => new CheckpointManager(checkpoint, folder.Path, name: "a\nb"), Throws.InstanceOf<InvalidArgumentException>());
            Assert.That(() => new CheckpointManager(checkpoint, folder.Path, name: "a/b"), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("a/b"));
            Assert.That(() => new CheckpointManager(checkpoint, folder.Path, listName: ".."), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("listName"));
            Assert.That(() => new CheckpointManager(checkpoint, folder.Path).Save(-1), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("-1"));
            Assert.That(() => new CheckpointManager(checkpoint, folder.File("file")).Save(1), Throws.InstanceOf<FileWriteException>());
        });
    }

    private static IEnumerable<string?> Names(TempFolder folder) => Directory.GetFiles(folder.Path).Select(Path.GetFileName);

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
