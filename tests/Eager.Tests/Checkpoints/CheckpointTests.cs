using Eager.Autograd;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Checkpoints;

[TestFixture]
public class CheckpointTests
{
    [Test]
    public void Every_kind_of_state_comes_back_and_draws_on_alike()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.safetensors");
        using var generator = new Generator(seed: 5);
        var saved = new State { Weight = Tensor.From([1f, 2, 3, 4, 5, 6], [2, 3]), Step = long.MinValue, Blob = [1, 2, 3] };
        new Checkpoint().Add("model", saved).Add(StateEntry.Generator("generator", generator)).Save(path, step: 42);
        byte[] stateThen = generator.GetState();

        var restored = new State { Weight = Tensor.Zeros([2, 3]), Blob = [9] };
        using var other = new Generator(seed: 6);
        long step = new Checkpoint().Add("model", restored).Add(StateEntry.Generator("generator", other)).Restore(path);

        Assert.Multiple(() =>
        {
            Assert.That(step, Is.EqualTo(42));
            Assert.That(restored.Weight.ToArray<float>(), Is.EqualTo(new float[] { 1, 2, 3, 4, 5, 6 }));
            Assert.That(restored.Step, Is.EqualTo(long.MinValue));
            Assert.That(restored.Blob, Is.EqualTo(new byte[] { 1, 2, 3 }));
            Assert.That(other.GetState(), Is.EqualTo(stateThen));
        });
    }

    [Test]
    public void A_variable_keeps_its_identity_and_takes_the_value()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.safetensors");
        var w = new Variable(Tensor.From(1f, 2f), name: "dense/weight");
        new Checkpoint().Add(StateEntry.Variable(w)).Save(path, 0);
        w.Assign(Tensor.From(8f, 9f));
        Tensor view = w.Reshape([2, 1]);

        new Checkpoint().Add(StateEntry.Variable(w)).Restore(path);

        Assert.Multiple(() =>
        {
            Assert.That(w.ToArray<float>(), Is.EqualTo(new float[] { 1, 2 }));
            Assert.That(view.ToArray<float>(), Is.EqualTo(new float[] { 1, 2 }), "views see the change");
            Assert.That(() => StateEntry.Variable(new Variable(Tensor.From(1f))), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("no name"));
        });
    }

    [Test]
    public void Every_dtype_and_layout_is_saved_in_C_order()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.safetensors");
        Tensor transposed = Tensor.From([1f, 2, 3, 4, 5, 6], [2, 3]).Transpose();
        Tensor complex = Tensor.From([new Complex64(1, -2)], [1]);
        Tensor flags = Tensor.From([true, false], [2]);
        Tensor scalar = Tensor.From(7L);
        Tensor none = Tensor.Zeros([0, 4]);
        new Checkpoint().Add(Read("t", transposed), Read("c", complex), Read("b", flags), Read("s", scalar), Read("n", none)).Save(path, 0);

        using SafeTensorsFile file = SafeTensorsFile.Open(path);

        Assert.Multiple(() =>
        {
            Assert.That(file.Find("t")!.Shape, Is.EqualTo(Shape.FromSizes(3, 2)));
            Assert.That(file.ReadBytes("t"), Is.EqualTo(new float[] { 1, 4, 2, 5, 3, 6 }.SelectMany(BitConverter.GetBytes)));
            Assert.That(file.ReadBytes("c"), Is.EqualTo(new float[] { 1, -2 }.SelectMany(BitConverter.GetBytes)));
            Assert.That(file.ReadBytes("b"), Is.EqualTo(new byte[] { 1, 0 }));
            Assert.That(file.ReadBytes("s"), Is.EqualTo(BitConverter.GetBytes(7L)));
            Assert.That(file.ReadBytes("n"), Is.Empty);
        });
    }

    [Test]
    public void All_mismatches_are_listed_at_once_and_nothing_changes()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.safetensors");
        new Checkpoint().Add(Read("same", Tensor.Ones([2])), Read("shape", Tensor.Ones([2, 3])), Read("dtype", Tensor.Ones([2])), Read("extra", Tensor.Ones([1]))).Save(path, 0);
        var touched = new List<string>();
        var program = new Checkpoint().Add(
            Watch("same", Tensor.Zeros([2]), touched), Watch("shape", Tensor.Zeros([3, 2]), touched),
            Watch("dtype", Tensor.Zeros([2], DType.Float64), touched), Watch("missing", Tensor.Zeros([1]), touched));

        CheckpointMismatchException? e = Assert.Throws<CheckpointMismatchException>(() => program.Restore(path));

        Assert.Multiple(() =>
        {
            Assert.That(e!.Message, Does.Contain("'shape': the file has float32 [2, 3], the program float32 [3, 2]"));
            Assert.That(e.Message, Does.Contain("'dtype': the file has float32 [2], the program float64 [2]"));
            Assert.That(e.Message, Does.Contain("'missing' is missing in the file"));
            Assert.That(e.Message, Does.Contain("'extra' (float32 [1]) is in the file, but not in the program"));
            Assert.That(e.Message, Does.Not.Contain("'same'"));
            Assert.That(touched, Is.Empty);
        });
    }

    [Test]
    public void A_content_that_does_not_fit_is_found_before_anything_changes()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.safetensors");
        new Checkpoint().Add(Read("w", Tensor.Ones([2])), StateEntry.Bytes("g", () => [1, 2, 3], _ => { })).Save(path, 0);
        var touched = new List<string>();
        using var generator = new Generator(seed: 1);
        byte[] before = generator.GetState();

        Assert.That(() => new Checkpoint().Add(Watch("w", Tensor.Zeros([2]), touched), StateEntry.Generator("g", generator)).Restore(path),
            Throws.InstanceOf<CheckpointMismatchException>().With.Message.Contains("'g': 3 bytes are no state"));
        Assert.That(touched, Is.Empty);
        Assert.That(generator.GetState(), Is.EqualTo(before));
    }

    [Test]
    public void A_flipped_bit_anywhere_is_found_before_anything_changes()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.safetensors");
        var touched = new List<string>();
        var checkpoint = new Checkpoint().Add(Watch("w", Tensor.Ones([2]), touched), StateEntry.Int64("step", () => 3, _ => touched.Add("step")));
        checkpoint.Save(path, 3);
        byte[] whole = File.ReadAllBytes(path);

        for (int at = 0; at < whole.Length; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= (byte)(1 << (at % 8));
            File.WriteAllBytes(path, damaged);
            Assert.That(() => checkpoint.Restore(path), Throws.InstanceOf<CorruptFileException>().With.Message.Contains(path), $"byte {at}");
        }
        Assert.That(touched, Is.Empty);
        File.WriteAllBytes(path, whole);
        Assert.That(checkpoint.Restore(path), Is.EqualTo(3));
    }

    [Test]
    public void Weights_that_are_no_checkpoint_are_refused()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.safetensors");
        SafeTensorsWriter.Write(path, [new SafeTensorsSource("w", DType.Float32, [1], new byte[4])]);

        Assert.That(() => new Checkpoint().Add(Read("w", Tensor.Ones([1]))).Restore(path), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("checksum"));
    }

    [Test]
    public void A_key_that_stands_twice_is_refused()
    {
        using var folder = new TempFolder();

        Assert.That(() => new Checkpoint().Add(Read("w", Tensor.Ones([1])), Read("w", Tensor.Ones([1]))).Save(folder.File("a"), 0),
            Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("'w'"));
        Assert.That(Directory.GetFiles(folder.Path), Is.Empty);
    }

    private static StateEntry Read(string key, Tensor tensor) => StateEntry.Tensor(key, () => tensor, _ => { });

    private static StateEntry Watch(string key, Tensor tensor, List<string> touched) => StateEntry.Tensor(key, () => tensor, _ => touched.Add(key));

    private sealed class State : ICheckpointable
    {
        public Tensor Weight { get; set; } = Tensor.Zeros([1]);

        public long Step { get; set; }

        public byte[] Blob { get; set; } = [];

        public IEnumerable<StateEntry> GetState() =>
        [
            StateEntry.Tensor("weight", () => Weight, value => Weight = value.Clone()),
            StateEntry.Int64("step", () => Step, value => Step = value),
            StateEntry.Bytes("blob", () => Blob, value => Blob = value),
        ];
    }
}
