using System.Text;
using Eager.Autograd;
using Eager.Layers;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Checkpoints;

[TestFixture]
public class RestoreOptionsTests
{
    private TempFolder folder = null!;
    private string path = null!;

    [SetUp]
    public void Save()
    {
        folder = new TempFolder();
        path = folder.File("a.safetensors");
        new Checkpoint().Add(new Dictionary<string, Variable>
        {
            ["body/0/kernel"] = Filled(1, [2, 3]), ["body/0/bias"] = Filled(2, [3]), ["body/1/kernel"] = Filled(3, [3, 2]), ["head/kernel"] = Filled(4, [2, 5]),
        }).Save(path, 7);
    }

    [TearDown]
    public void Delete() => folder.Dispose();

    [Test]
    public void Variables_are_saved_by_their_names_and_come_back_under_others()
    {
        string list = folder.File("list.safetensors");
        new Checkpoint().Add([Filled(1, [2], "a"), Filled(2, [3], "b")]).Save(list, 0);
        Variable a = Filled(0, [2]), b = Filled(0, [3]);

        new Checkpoint().Add(new Dictionary<string, Variable> { ["a"] = a, ["b"] = b }).Restore(list);

        Assert.That(a.ToArray<float>(), Is.All.EqualTo(1));
        Assert.That(b.ToArray<float>(), Is.All.EqualTo(2));
        Assert.That(() => new Checkpoint().Add([Filled(1, [2])]), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("no name"));
    }

    [Test]
    public void All_variables_of_a_store_are_saved_those_made_later_included()
    {
        string all = folder.File("all.safetensors");
        using (VariableStore store = VariableStore.Open())
        {
            Checkpoint checkpoint = new Checkpoint().Add(store).Add(store, "again");
            Fill(3);
            checkpoint.Save(all, 2);
            using SafeTensorsFile file = SafeTensorsFile.Open(all);
            Assert.That(file.Entries.Select(static e => e.Name), Is.EquivalentTo((string[])["S/a", "head/kernel", "head/bias", "again/S/a", "again/head/kernel", "again/head/bias"]));
        }
        using VariableStore other = VariableStore.Open();
        Variable[] fresh = Fill(0);
        new Checkpoint().Add(other).Restore(all, new RestoreOptions { IgnoreUnexpected = true });
        Assert.That(Values(fresh), Has.All.EqualTo(3));

        static Variable[] Fill(double value)
        {
            using VariableScope scope = VariableScope.Open("S");
            Variable a = VariableScope.GetVariable("a", [2], (shape, dtype) => Tensor.Full(shape, value, dtype));
            using VariableStore outside = VariableStore.Current.Reopen();
            var head = VariableScope.Get("head", () => new Dense(2, kernelInitializer: Initializer.Constant(value), biasInitializer: Initializer.Constant(value)));
            head.Call(Tensor.Ones([1, 3]));
            return [a, head.Kernel!, head.Bias!];
        }
    }

    [Test]
    public void Only_what_the_patterns_select_is_restored()
    {
        Variable kernel = Filled(0, [2, 3]), bias = Filled(0, [3]), last = Filled(0, [3, 2]), head = Filled(9, [1]);
        Checkpoint program = Of(("body/0/kernel", kernel), ("body/0/bias", bias), ("body/1/kernel", last), ("head/kernel", head));

        Assert.That(program.Restore(path, new RestoreOptions { Only = ["body/*/kernel"] }), Is.EqualTo(7));

        Assert.That(Values(kernel, bias, last, head), Is.EqualTo(new float[] { 1, 0, 3, 9 }), "the head has another shape, but is not asked for");
    }

    [Test]
    public void Names_lead_to_other_keys_of_the_file_and_the_first_that_fits_counts()
    {
        Variable kernel = Filled(0, [2, 3]), bias = Filled(0, [3]), last = Filled(0, [3, 2]), head = Filled(0, [2, 5]);
        Checkpoint program = Of(("model/first_kernel", kernel), ("model/first_bias", bias), ("model/last", last), ("model/head/kernel", head));

        program.Restore(path, new RestoreOptions { Names = [("model/last", "body/1/kernel"), ("model/first_*", "body/0/*"), ("model/*", "*")] });

        Assert.That(Values(kernel, bias, last, head), Is.EqualTo(new float[] { 1, 2, 3, 4 }));
    }

    [TestCase("a*c", "a/b/c", "/b/")]
    [TestCase("a*c", "ac", "")]
    [TestCase("a*a", "a", null)]
    [TestCase("*/x/*", "1/x/2/x/3", "1|2/x/3")]
    [TestCase("a*b*c", "acbc", "c|")]
    [TestCase("a*bc*c", "abc", null)]
    [TestCase("*", "", "")]
    [TestCase("abc", "abcd", null)]
    public void A_star_stands_for_any_text(string pattern, string key, string? texts) =>
        Assert.That(new KeyPattern(pattern).Match(key) is { } found ? string.Join('|', found) : null, Is.EqualTo(texts));

    [Test]
    public void What_is_missing_stays_only_when_that_is_allowed()
    {
        Variable kernel = Filled(0, [2, 3]), fresh = Filled(9, [4]);
        Checkpoint program = Of(("body/0/kernel", kernel), ("fresh", fresh));

        Assert.That(() => program.Restore(path, new RestoreOptions { IgnoreUnexpected = true }), Throws.InstanceOf<CheckpointMismatchException>().With.Message.Contains("'fresh' is missing"));
        Assert.That(() => program.Restore(path, new RestoreOptions { AllowMissing = true }), Throws.InstanceOf<CheckpointMismatchException>().With.Message.Contains("'head/kernel' (float32 [2, 5])"));
        Assert.That(Values(kernel, fresh), Is.EqualTo(new float[] { 0, 9 }));
        program.Restore(path, new RestoreOptions { AllowMissing = true, IgnoreUnexpected = true });
        Assert.That(Values(kernel, fresh), Is.EqualTo(new float[] { 1, 9 }));
    }

    [Test]
    public void Another_shape_is_taken_on_request_if_it_has_as_many_elements()
    {
        string saved = folder.File("rows.safetensors");
        new Checkpoint().Add(StateEntry.Variable(new Variable(Tensor.From([1f, 2, 3, 4, 5, 6], [2, 3])), "w")).Save(saved, 0);
        Variable turned = Filled(0, [3, 2]), other = Filled(0, [3, 3]);
        var doubles = new Variable(Tensor.Zeros([3], DType.Float64));
        var reshape = new RestoreOptions { Reshape = true };

        Assert.That(() => Of(("w", turned)).Restore(saved), Throws.InstanceOf<CheckpointMismatchException>());
        Of(("w", turned)).Restore(saved, reshape);
        Assert.That(turned.ConcreteShape, Is.EqualTo(Shape.FromSizes(3, 2)));
        Assert.That(turned.ToArray<float>(), Is.EqualTo(new float[] { 1, 2, 3, 4, 5, 6 }));
        Assert.That(() => Of(("w", other)).Restore(saved, reshape), Throws.InstanceOf<CheckpointMismatchException>().With.Message.Contains("[3, 3]"));
        Assert.That(() => Of(("w", doubles)).Restore(saved, reshape), Throws.InstanceOf<CheckpointMismatchException>().With.Message.Contains("float64"), "as many bytes are not as many elements");
    }

    [Test]
    public void Everything_that_does_not_fit_is_in_one_message()
    {
        Variable kernel = Filled(0, [2, 3], dtype: DType.Float64), bias = Filled(0, [4]), absent = Filled(0, [1]);
        Checkpoint program = Of(("x/0/kernel", kernel), ("x/0/bias", bias), ("absent", absent));

        string message = Assert.Throws<CheckpointMismatchException>(() => program.Restore(path, new RestoreOptions { Names = [("x/*", "body/*"), ("y/*", "z/*")] }))!.Message;

        Assert.Multiple(() =>
        {
            Assert.That(message, Does.StartWith($"{path}: does not fit this program, and nothing was restored: "));
            Assert.That(message, Does.Contain("'x/0/kernel' ('body/0/kernel' in the file): the file has float32 [2, 3], the program float64 [2, 3]"));
            Assert.That(message, Does.Contain("'x/0/bias' ('body/0/bias' in the file): the file has float32 [3], the program float32 [4]"));
            Assert.That(message, Does.Contain("'absent' is missing in the file"));
            Assert.That(message, Does.Contain("'body/1/kernel' (float32 [3, 2]) is in the file, but not in the program"));
            Assert.That(message, Does.Contain("'head/kernel' (float32 [2, 5]) is in the file, but not in the program"));
            Assert.That(message, Does.Contain("the pattern 'y/*' fits nothing in the program"));
        });
    }

    [Test]
    public void Patterns_that_are_none_are_refused()
    {
        Checkpoint program = Of(("w", Filled(0, [1])));
        Assert.Multiple(() =>
        {
            Assert.That(() => program.Restore(path, new RestoreOptions { Names = [("a/*", "b")] }), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("'a/*' has 1 stars"));
            Assert.That(() => program.Restore(path, new RestoreOptions { Only = [""] }), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("empty"));
        });
    }

    [Test]
    public void Nothing_is_saved_only_when_that_is_allowed()
    {
        string empty = folder.File("empty.safetensors");

        Assert.That(() => new Checkpoint().Save(empty, 1), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("allowEmpty"));
        Assert.That(File.Exists(empty), Is.False);
        new Checkpoint(allowEmpty: true).Save(empty, 1);
        Assert.That(new Checkpoint(allowEmpty: true).Restore(empty), Is.EqualTo(1));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Ten_thousand_damaged_files_are_refused_and_change_nothing_that_does_not_fit(bool repairChecksum)
    {
        var w = new Variable(Tensor.From(1f, 2f, 3f), name: "w");
        long step = 3;
        byte[] blob = [1, 2, 3, 4];
        Checkpoint program = new Checkpoint().Add([w]).Add(StateEntry.Int64("step", () => step, value => step = value), StateEntry.Bytes("blob", () => blob, value => blob = value));
        program.Save(path, 3);

        // With the checksum made right again the mutants get through to what lies behind it.
        Mutations.Check(File.ReadAllBytes(path), bytes =>
        {
            using SafeTensorsFile file = SafeTensorsFile.Open(new MemoryStream(repairChecksum ? Repaired(bytes) : bytes), path);
            program.RestoreFrom(file, new RestoreOptions());
        }, maxAllocatedBytes: 4 << 20, refusedShare: repairChecksum ? 0.5 : 0.95);

        Assert.That(w.ConcreteShape, Is.EqualTo(Shape.FromSizes(3)));
    }

    private static byte[] Repaired(byte[] bytes)
    {
        int at = sizeof(ulong) + SafeTensorsHeader.ChecksumPrefix.Length, digits = SafeTensorsHeader.ChecksumPlaceholder.Length;
        if (bytes.Length < at + digits) return bytes;
        byte[] repaired = [.. bytes];
        SafeTensorsHeader.ChecksumPlaceholder.CopyTo(repaired.AsSpan(at));
        string checksum = SafeTensorsWriter.Format(Crc32C.Compute(repaired));
        Encoding.ASCII.GetBytes(checksum).CopyTo(repaired.AsSpan(at));
        return repaired;
    }

    private static Checkpoint Of(params (string Key, Variable Variable)[] parts) => new Checkpoint().Add(parts.ToDictionary(p => p.Key, p => p.Variable));

    private static Variable Filled(double value, Shape shape, string? name = null, DType dtype = DType.Float32) => new(Tensor.Full(shape, value, dtype), name: name);

    private static float[] Values(params Variable[] variables) => [.. variables.Select(v => v.ToArray<float>().Distinct().Single())];
}
