using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Formats;

[TestFixture]
public class AtomicFileTests
{
    [Test]
    public void The_old_content_stands_until_the_new_one_is_whole()
    {
        using var folder = new TempFolder();
        string path = folder.File("state");
        AtomicFile.Write(path, file => file.Write([1, 2, 3]));

        AtomicFile.Write(path, file =>
        {
            file.Write([4, 5]);
            file.Flush();
            Assert.That(File.ReadAllBytes(path), Is.EqualTo(new byte[] { 1, 2, 3 }));
            file.Write([6]);
        });

        Assert.That(File.ReadAllBytes(path), Is.EqualTo(new byte[] { 4, 5, 6 }));
        Assert.That(Directory.GetFiles(folder.Path), Is.EqualTo(new[] { path }));
    }

    [Test]
    public void A_failure_after_any_byte_leaves_the_old_content_and_nothing_else()
    {
        using var folder = new TempFolder();
        string path = folder.File("state");
        AtomicFile.Write(path, file => file.Write([1, 2, 3]));

        for (int bytes = 0; bytes < 5; bytes++)
        {
            int count = bytes;
            Assert.That(() => AtomicFile.Write(path, file => { file.Write(new byte[count]); throw new IOException("the disk is full."); }),
                Throws.InstanceOf<FileWriteException>().With.Message.Contains(path).And.Message.Contains("the disk is full"));
            Assert.That(File.ReadAllBytes(path), Is.EqualTo(new byte[] { 1, 2, 3 }));
            Assert.That(Directory.GetFiles(folder.Path), Is.EqualTo(new[] { path }));
        }
    }

    [Test]
    public void What_a_killed_process_left_behind_is_overwritten()
    {
        using var folder = new TempFolder();
        string path = folder.File("state");
        File.WriteAllBytes(AtomicFile.PartialPath(path), new byte[100]);

        AtomicFile.Write(path, file => file.Write([7]));

        Assert.That(File.ReadAllBytes(path), Is.EqualTo(new byte[] { 7 }));
        Assert.That(Directory.GetFiles(folder.Path), Is.EqualTo(new[] { path }));
    }
}
