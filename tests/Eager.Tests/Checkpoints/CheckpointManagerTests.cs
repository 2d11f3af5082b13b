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
    public void The_last_five_stay_and_the_last_is_restored()
    {
        using var folder = new TempFolder();
        var manager = new CheckpointManager(checkpoint, folder.Path);
        for (value = 1; value <= 8; value++) Assert.That(manager.Save(100 * value), Is.EqualTo(folder.File($"ckpt-{100 * value}.safetensors")));
        value = 0;

        Assert.That(Names(folder), Is.EquivalentTo(new[] { "checkpoint", "ckpt-400.safetensors", "ckpt-500.safetensors", "ckpt-600.safetensors", "ckpt-700.safetensors", "ckpt-800.safetensors" }));
        Assert.That(File.ReadAllLines(folder.File("checkpoint")), Has.Length.EqualTo(5).And.ItemAt(4).EqualTo("ckpt-800.safetensors"));
        Assert.That(new CheckpointManager(checkpoint, folder.Path).RestoreLatest(), Is.EqualTo(800));
        Assert.That(value, Is.EqualTo(8));
        Assert.That(manager.Restore(folder.File("ckpt-500.safetensors")), Is.EqualTo(500));
        Assert.That(value, Is.EqualTo(5));
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
            bytes[^1] ^= 0x10;
            if (damage == "missing") File.Delete(path);
            else File.WriteAllBytes(path, damage == "truncated" ? bytes[..^1] : bytes);
        }
    }

    [TestCase("ckpt-1.safetensors", TestName = "A_list_that_is_cut_off_is_named")]
    [TestCase("", TestName = "An_empty_list_is_named")]
    [TestCase("../secret.safetensors\n", TestName = "A_list_that_leads_out_of_the_folder_is_named")]
    [TestCase("ckpt-1.safetensors\n\n", TestName = "A_list_with_an_empty_line_is_named")]
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
            Assert.That(() => new CheckpointManager(checkpoint, folder.Path, name: "a/b"), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("a/b"));
            Assert.That(() => new CheckpointManager(checkpoint, folder.Path, listName: ".."), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("listName"));
            Assert.That(() => new CheckpointManager(checkpoint, folder.Path).Save(-1), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("-1"));
            Assert.That(() => new CheckpointManager(checkpoint, folder.File("file")).Save(1), Throws.InstanceOf<FileWriteException>());
        });
    }

    private static IEnumerable<string?> Names(TempFolder folder) => Directory.GetFiles(folder.Path).Select(Path.GetFileName);
}
