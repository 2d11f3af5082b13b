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
    public void Large_variables_of_every_layout_come_back_in_place()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.safetensors");
        // Of more than one range that a thread reads, and of a length that no range divides.
        Tensor large = Tensor.Range(0, 3_000_001, dtype: DType.Float32);
        Tensor turned = Tensor.Range(0, 2_000_000).Reshape([1000, 2000]).Transpose();
        Tensor flags = large > 1_234_567;
        new Checkpoint().Add(Read("large", large), Read("turned", turned), Read("flags", flags)).Save(path, 5);
        var variables = new Dictionary<string, Variable>
        {
            ["large"] = new(Tensor.ZerosLike(large)),
            ["turned"] = new(Tensor.ZerosLike(turned)),
            ["flags"] = new(Tensor.ZerosLike(flags)),
        };
        var outOfOrder = new Variable(turned);
        Tensor view = variables["large"][^1];
        using var tape = new GradientTape();
        Tensor square = variables["large"] * variables["large"];

        new Checkpoint().Add(variables).Restore(path);

        Assert.That(variables["large"].Equal(large).All().Item<bool>());
        Assert.That(variables["turned"].Equal(turned).All().Item<bool>());
        Assert.That(variables["flags"].Equal(flags).All().Item<bool>());
        Assert.That(view.Item(), Is.EqualTo(3_000_000), "views see the change");
        Assert.That(() => tape.Gradient(square, variables["large"]), Throws.TypeOf<GradientException>().With.Message.Contains("assigned since"));
        outOfOrder.Assign(Tensor.ZerosLike(turned));
        new Checkpoint().Add(StateEntry.Variable(outOfOrder, "turned")).Restore(path, new RestoreOptions { IgnoreUnexpected = true });
        Assert.That(outOfOrder.Equal(turned).All().Item<bool>(), "the elements of a copy of a transposed tensor do not lie in C order");
    }

    [Test]
    public void A_large_file_that_is_damaged_anywhere_changes_no_variable()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.safetensors");
        Variable[] variables = [new(Tensor.Ones([1_100_000]), name: "a"), new(Tensor.Ones([1_100_000]), name: "b")];
        Checkpoint checkpoint = new Checkpoint().Add(variables);
        checkpoint.Save(path, 1);
        foreach (Variable variable in variables) variable.Assign(Tensor.ZerosLike(variable));
        long length = new FileInfo(path).Length;

        foreach (long at in (long[])[length - 1, length - (1 << 18), length / 2, 5 << 20, 1 << 20])
        {
            Flip(at);
            Assert.That(() => checkpoint.Restore(path), Throws.InstanceOf<CorruptFileException>().With.Message.Contains(path).And.Message.Contains("checksum"), $"byte {at}");
            Flip(at);
        }
        using (FileStream file = File.OpenWrite(path)) file.SetLength(length - 1);
        Assert.That(() => checkpoint.Restore(path), Throws.InstanceOf<CorruptFileException>().With.Message.Contains(path));
        Assert.That(variables.Sum(static v => v.Sum().Item()), Is.Zero);

        void Flip(long at)
        {
            using FileStream file = File.Open(path, FileMode.Open);
            file.Position = at;
            int value = file.ReadByte();
            file.Position = at;
            file.WriteByte((byte)(value ^ 0x10));
        }
    }

    [Test]
    public void A_disk_that_fails_after_the_check_is_named_with_what_it_means()
    {
        var stream = new FailingStream();
        var w = new Variable(Tensor.Ones([100]), name: "w");
        Checkpoint checkpoint = new Checkpoint().Add([w]);
        using (var folder = new TempFolder())
        {
            checkpoint.Save(folder.File("a"), 1);
            stream.Write(File.ReadAllBytes(folder.File("a")));
        }
        stream.Position = 0;
        // The length, the header, the data for the checksum; then the data of w.
        stream.FailsAt = 4;
        using SafeTensorsFile opened = SafeTensorsFile.Open(stream, "some/file");

        Assert.That(() => checkpoint.RestoreFrom(opened, new RestoreOptions()), Throws.TypeOf<MissingFileException>().With.Message.Contains("some/file").And.Message.Contains("a part of the state is restored"));
        Assert.That(stream.Reads, Is.EqualTo(4));
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

    private sealed class FailingStream : MemoryStream
    {
        public int FailsAt { get; set; }

        public int Reads { get; private set; }

        public override int Read(Span<byte> buffer) => ++Reads == FailsAt ? throw new IOException("The disk failed.") : base.Read(buffer);
    }

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
