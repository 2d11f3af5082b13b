using System.Numerics;
using System.Text;
using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Formats;

/// <summary>The expected bytes are what NumPy 1.24 writes.</summary>
[TestFixture]
public class NpyFileTests
{
    [Test]
    public void A_file_is_laid_out_byte_for_byte_as_by_NumPy()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Written(Tensor.From([[1.5f, -2f], [0f, 3f]])),
                Is.EqualTo(Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", 0x76, [0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x40, 0x40])));
            Assert.That(Written(Tensor.From(new Complex64(1, 2))), Is.EqualTo(Npy("{'descr': '<c8', 'fortran_order': False, 'shape': (), }", 0x76, [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])));
            Assert.That(Written(Tensor.From<bool>([true], [1])), Is.EqualTo(Npy("{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }", 0x76, [1])));
            Assert.That(Written(Tensor.Zeros([0, 3], DType.Float16)), Is.EqualTo(Npy("{'descr': '<f2', 'fortran_order': False, 'shape': (0, 3), }", 0x76, [])));
        });
    }

    [Test]
    public void Every_dtype_comes_back_read_and_mapped()
    {
        using var folder = new TempFolder();
        Tensor[] tensors =
        [
            Tensor.From(true, false, true), Tensor.From<byte>(0, 200, 255), Tensor.From<sbyte>(-128, 0, 127), Tensor.From<short>(-300, 0, 300),
            Tensor.From(int.MinValue, 0, 7), Tensor.From(long.MinValue, 0, 7), Tensor.From((Half)1.5, Half.NaN, Half.Epsilon), Tensor.From(1.5f, float.NaN, float.Epsilon),
            Tensor.From(1.5, double.NegativeInfinity, double.Epsilon), Tensor.From(new Complex64(1, -2)), Tensor.From(new Complex(1, -2)), Tensor.From(2.5), Tensor.Zeros([0, 3]),
        ];
        Assert.That(tensors.Select(t => t.DType).Distinct().Count(), Is.EqualTo(DTypes.All.Count(static d => !d.IsQuantized()) - 1), "all but bfloat16");
        foreach (Tensor tensor in tensors)
        {
            string path = folder.File(tensor.DType.Name());
            NpyFile.Write(path, tensor);
            AssertEqual(NpyFile.Read(path), tensor);
            AssertEqual(NpyFile.Map(path), tensor);
        }
    }

    [Test]
    public void Views_are_written_in_C_order()
    {
        Tensor matrix = Tensor.From([[1, 2, 3], [4, 5, 6]]);

        AssertEqual(Read(Written(matrix.Transpose())), Tensor.From([[1, 4], [2, 5], [3, 6]]));
        AssertEqual(Read(Written(matrix[.., 1])), Tensor.From(2, 5));
    }

    [TestCase("<i2", "010002000300040005000600")]
    [TestCase(">i2", "000100020003000400050006")]
    public void Fortran_order_and_both_byte_orders_are_read_and_mapped(string descr, string cOrder)
    {
        byte[] c = Convert.FromHexString(cOrder);
        byte[] fortran = [.. c[..2], .. c[6..8], .. c[2..4], .. c[8..10], .. c[4..6], .. c[10..]];
        using var folder = new TempFolder();
        foreach (byte major in (byte[])[1, 2, 3])
        {
            byte[][] files = [Assemble($"{{'descr': '{descr}', 'fortran_order': False, 'shape': (2, 3), }}", c, major), Assemble($"{{'descr': '{descr}', 'fortran_order': True, 'shape': (2, 3), }}", fortran, major)];
            foreach (byte[] file in files)
            {
                File.WriteAllBytes(folder.File("a.npy"), file);
                AssertEqual(Read(file), Tensor.From<short>([1, 2, 3, 4, 5, 6], [2, 3]));
                AssertEqual(NpyFile.Map(folder.File("a.npy")), Tensor.From<short>([1, 2, 3, 4, 5, 6], [2, 3]));
            }
        }
    }

    [Test]
    public void Big_endian_complex_numbers_are_turned_part_by_part()
    {
        byte[] file = Assemble("{'descr': '>c8', 'fortran_order': False, 'shape': (1,), }", [0x3F, 0x80, 0, 0, 0x40, 0, 0, 0]);

        AssertEqual(Read(file), Tensor.From(new Complex64(1, 2)).Reshape([1]));
    }

    [TestCase("""{"shape":(2L,),"fortran_order":False,"descr":"<i4"}""", TestName = "Other_quotes_and_order_and_Python_2_integers")]
    [TestCase("{ 'descr' : '<i4' , 'shape' : ( 2 , ) , 'fortran_order' : True }\n", TestName = "Spaces_everywhere")]
    public void A_dictionary_may_be_written_in_another_way(string dictionary)
    {
        AssertEqual(Read(Assemble(dictionary, [1, 0, 0, 0, 2, 0, 0, 0])), Tensor.From(1, 2));
    }

    [Test]
    public void A_mapped_array_outlives_its_file_and_never_changes_it()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.npy");
        NpyFile.Write(path, Tensor.From(1f, 2f, 3f));
        byte[] before = File.ReadAllBytes(path);
        Tensor view = Mapped(path);
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            _ = Tensor.Zeros([1]) + 1;
        }

        var variable = new Variable(view);
        variable.AssignAdd(Tensor.Ones([2]));
        File.Delete(path);

        Assert.That(view.ToArray<float>(), Is.EqualTo(new[] { 2f, 3f }));
        Assert.That(variable.ToArray<float>(), Is.EqualTo(new[] { 3f, 4f }));
        File.WriteAllBytes(path, before);
        Assert.That((NpyFile.Map(path) * 2).ToArray<float>(), Is.EqualTo(new[] { 2f, 4f, 6f }));
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(before));

        // The whole array's wrapper is unreachable once this returns.
        static Tensor Mapped(string path) => NpyFile.Map(path)[1..];
    }

    [Test]
    public void Mapping_takes_no_memory_of_tensors()
    {
        using var folder = new TempFolder();
        string path = folder.File("large.npy");
        using (FileStream file = File.Create(path))
        {
            file.Write(NpyHeader.Build(DType.Float32, [1 << 28]));
            file.SetLength(file.Length + (1L << 30));  // a hole: the disk holds nothing of it
        }
        long before = Runtime.MemoryInUse;

        using Tensor mapped = NpyFile.Map(path);

        Assert.That(mapped.Shape, Is.EqualTo(Shape.FromSizes(1 << 28)));
        Assert.That(mapped[^3..].ToArray<float>(), Is.EqualTo(new float[3]));
        Assert.That(Runtime.MemoryInUse - before, Is.LessThan(256 << 20), "tests beside this one take some");
    }

    [Test]
    public void Reading_leaves_one_wrapper()
    {
        byte[] file = Assemble("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }", new byte[12]);

        using var wrappers = new WrapperCount();

        Tensor read = Read(file);

        Assert.That(wrappers.Beside(read), Is.Zero);
        Assert.That(read.IsDisposed, Is.False);
    }

    [Test]
    public void In_a_trace_an_array_is_a_constant()
    {
        byte[] file = Written(Tensor.From(1f, 2f));
        using TracedFunction f = Function.Trace(x => x + Read(file));

        Assert.That(f.Call(Tensor.From(1f, 1f)).ToArray<float>(), Is.EqualTo(new[] { 2f, 3f }));
        Assert.That(f.Call(Tensor.From(5f, 6f)).ToArray<float>(), Is.EqualTo(new[] { 6f, 8f }));
    }

    [TestCase("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "Python objects")]
    [TestCase("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", "structured")]
    [TestCase("{'descr': '<u4', 'fortran_order': False, 'shape': (1,), }", "'<u4'")]
    [TestCase("{'descr': '<U3', 'fortran_order': False, 'shape': (1,), }", "'<U3'")]
    [TestCase("{'descr': 'f4', 'fortran_order': False, 'shape': (1,), }", "'f4'")]
    [TestCase("{'descr': '=f4', 'fortran_order': False, 'shape': (1,), }", "'=f4'")]
    [TestCase("{'descr': '', 'fortran_order': False, 'shape': (1,), }", "''")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "4 bytes are missing")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }", "goes on after")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,), }", "more bytes than a file")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 0), }", "more bytes than a file")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "no integer")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "no integer")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,), }", "no tuple")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (1), }", "no tuple")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': 1, }", "'(' is missing")]
    [TestCase("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }", "neither True nor False")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, }", "missing")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,), }", "twice")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1, }", "'more'")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x", "followed by")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)", "'}' is missing")]
    [TestCase("{'descr': '<f4", "no end")]
    [TestCase("", "'{' is missing")]
    public void A_header_that_breaks_a_rule_is_refused(string dictionary, string reason)
    {
        Assert.That(() => Read(Assemble(dictionary, new byte[4])), Throws.InstanceOf<CorruptFileException>().With.Message.Contains(reason).And.Message.Contains("some/file"));
    }

    [Test]
    public void More_axes_than_NumPy_has_are_refused()
    {
        string shape = string.Join(", ", Enumerable.Repeat(1, 65));

        Assert.That(() => Read(Assemble($"{{'descr': '|u1', 'fortran_order': False, 'shape': ({shape}), }}", [0])), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("65 axes"));
    }

    [Test]
    public void What_is_no_npy_file_or_of_an_unknown_version_is_refused()
    {
        byte[] good = Written(Tensor.From(1f));
        byte[] magic = [.. good], version = [.. good], header = Assemble("", [], major: 2);
        magic[0] = (byte)'P';
        version[6] = 4;
        BitConverter.TryWriteBytes(header.AsSpan(8), uint.MaxValue);

        Assert.Multiple(() =>
        {
            Assert.That(() => Read(magic), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("504E554D5059"));
            Assert.That(() => Read(version), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("4.0"));
            Assert.That(() => Read(header), Throws.InstanceOf<CorruptFileException>().With.Message.Contains("10000").And.Message.Contains("offset 8"));
        });
    }

    [Test]
    public void A_file_cut_anywhere_is_refused()
    {
        byte[] whole = Written(Tensor.From(1f, 2f));
        for (int length = 0; length < whole.Length; length++)
        {
            byte[] cut = whole[..length];
            Assert.That(() => Read(cut), Throws.InstanceOf<CorruptFileException>().With.Message.Contains($"offset {length}"), $"cut to {length} bytes");
        }
    }

    [Test]
    public void A_bool_that_is_neither_0_nor_1_is_refused_with_its_offset()
    {
        byte[] file = Written(Tensor.From(true, false, true));
        file[^2] = 2;
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("a.npy"), file);

        Assert.That(() => Read(file), Throws.InstanceOf<CorruptFileException>().With.Message.Contains($"offset {file.Length - 2}"));
        Assert.That(() => NpyFile.Map(folder.File("a.npy")), Throws.InstanceOf<CorruptFileException>().With.Message.Contains($"offset {file.Length - 2}"));
    }

    [Test]
    public void A_lying_header_takes_no_memory()
    {
        byte[] file = Assemble("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }", new byte[4]);
        long before = GC.GetAllocatedBytesForCurrentThread(), native = Runtime.PeakMemory;

        Assert.That(() => Read(file), Throws.InstanceOf<CorruptFileException>());
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
        Assert.That(Runtime.PeakMemory - native, Is.LessThan(1 << 30), "the header asks for 4 TB");
    }

    [Test]
    public void What_cannot_be_written_is_refused_and_the_old_file_stands()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.npy");
        NpyFile.Write(path, Tensor.From(1f));

        Assert.That(() => NpyFile.Write(path, Tensor.Zeros([2], DType.BFloat16)), Throws.InstanceOf<DTypeMismatchException>().With.Message.Contains("bfloat16").And.Message.Contains("Cast"));

        AssertEqual(NpyFile.Read(path), Tensor.From(1f).Reshape([1])[0]);
        Assert.That(Directory.GetFiles(folder.Path), Is.EqualTo(new[] { path }));
    }

    [Test]
    public void An_absent_file_and_an_absent_folder_are_named()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => NpyFile.Read("/nowhere/a.npy"), Throws.InstanceOf<MissingFileException>().With.Message.Contains("/nowhere/a.npy"));
            Assert.That(() => NpyFile.Map("/nowhere/a.npy"), Throws.InstanceOf<MissingFileException>().With.Message.Contains("/nowhere/a.npy"));
            Assert.That(() => NpyFile.Write("/nowhere/a.npy", Tensor.From(1f)), Throws.InstanceOf<FileWriteException>().With.Message.Contains("/nowhere/a.npy"));
        });
    }

    [Test]
    public void Mutants_are_read_or_refused_within_bounds([Values("<f4", ">i2")] string descr)
    {
        byte[] file = Assemble($"{{'descr': '{descr}', 'fortran_order': {descr[0] == '>'}, 'shape': (4, 5), }}", new byte[descr == "<f4" ? 80 : 40], major: (byte)(descr == "<f4" ? 1 : 2));

        // Half of the mutations fall into the elements, where any byte is a number.
        Mutations.Check(file, bytes => Read(bytes).Dispose(), maxAllocatedBytes: 1 << 20, refusedShare: 0.4);
    }

    /// <summary>A file as NumPy pads it.</summary>
    private static byte[] Npy(string dictionary, byte length, byte[] data) =>
        [0x93, .. "NUMPY"u8, 1, 0, length, 0, .. Encoding.ASCII.GetBytes(dictionary.PadRight(length - 1) + "\n"), .. data];

    private static byte[] Assemble(string dictionary, byte[] data, byte major = 1)
    {
        byte[] length = major == 1 ? BitConverter.GetBytes((ushort)dictionary.Length) : BitConverter.GetBytes((uint)dictionary.Length);
        return [0x93, .. "NUMPY"u8, major, 0, .. length, .. Encoding.ASCII.GetBytes(dictionary), .. data];
    }

    private static byte[] Written(Tensor tensor)
    {
        var stream = new MemoryStream();
        NpyFile.Write(stream, tensor);
        return stream.ToArray();
    }

    private static Tensor Read(byte[] bytes) => NpyFile.Read(new MemoryStream(bytes), "some/file");

    private static void AssertEqual(Tensor actual, Tensor expected)
    {
        Assert.That(actual.DType, Is.EqualTo(expected.DType));
        Assert.That(actual.Shape, Is.EqualTo(expected.Shape));
        Assert.That(Bytes(actual), Is.EqualTo(Bytes(expected)));
    }

    private static byte[] Bytes(Tensor tensor)
    {
        using Tensor plain = TensorMemory.Plain(tensor, "test");
        using var pin = new TensorPin(plain);
        var bytes = new List<byte>();
        foreach (Span<byte> part in pin) bytes.AddRange(part);
        return [.. bytes];
    }
}
