using NUnit.Framework;

namespace Eager.Tests.Tensors;

/// <summary>What tensors are made from, and what is refused.</summary>
public class CreationTests
{
    [Test]
    public void The_dtype_follows_the_elements()
    {
        Assert.That(Tensor.From([[1.0, 2], [3, 4]]).DType, Is.EqualTo(DType.Float64), "a double literal makes float64");
        Assert.That(Tensor.From([[1f, 2f]]).DType, Is.EqualTo(DType.Float32));
        Assert.That(Tensor.From(1, 2).DType, Is.EqualTo(DType.Int32));
        DType[] made =
        [
            Tensor.From<byte>(1).DType, Tensor.From<sbyte>(1).DType, Tensor.From<short>(1).DType, Tensor.From(1).DType, Tensor.From(1L).DType, Tensor.From((Half)1).DType,
            Tensor.From(1f).DType, Tensor.From(1.0).DType, Tensor.From(new Complex64(1, 2)).DType, Tensor.From(new System.Numerics.Complex(1, 2)).DType, Tensor.From(true).DType, Tensor.From((BFloat16)1f).DType,
        ];
        Assert.That(made, Is.EqualTo(DTypes.All.Where(static d => !d.IsQuantized())));
        Assert.That(() => Tensor.From(1m), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Decimal").And.Message.Contains("float"));
    }

    [Test]
    public void Arrays_of_any_rank_and_nesting_keep_their_shape()
    {
        Assert.That(Tensor.From(new[,,] { { { 1, 2 } }, { { 3, 4 } } }).Shape, Is.EqualTo(Shape.FromSizes(2, 1, 2)));
        Assert.That(Tensor.FromArray<int>(new int[1, 2, 1, 1, 3]).Shape, Is.EqualTo(Shape.FromSizes(1, 2, 1, 1, 3)));
        int[][][][] deep = [[[[1, 2]], [[3, 4]]]];
        Assert.That(Tensor.FromArray<int>(deep).Shape, Is.EqualTo(Shape.FromSizes(1, 2, 1, 2)));
        Assert.That(Tensor.FromArray<int>(deep).ToArray<int>(), Is.EqualTo(new[] { 1, 2, 3, 4 }));
        float[][,] mixed = [new float[,] { { 1, 2, 3 } }, new float[,] { { 4, 5, 6 } }];
        Assert.That(Tensor.FromArray<float>(mixed).Shape, Is.EqualTo(Shape.FromSizes(2, 1, 3)));
        Assert.That(Tensor.FromArray<float>(mixed).ToArray<float>(), Is.EqualTo(new float[] { 1, 2, 3, 4, 5, 6 }));
        Assert.That(Tensor.FromArray<int>(Array.Empty<int[][]>()).Shape, Is.EqualTo(Shape.FromSizes(0, 0, 0)));
        Assert.That(Tensor.From((ReadOnlySpan<int>)[1, 2, 3, 4], [2, 2]).ToArray2D<int>(), Is.EqualTo(new[,] { { 1, 2 }, { 3, 4 } }));
    }

    [Test]
    public void Ragged_or_missing_rows_are_named()
    {
        int[][][][] ragged = [[[[1, 2]]], [[[3]]]];
        Assert.That(() => Tensor.FromArray<int>(ragged), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[1][0][0]").And.Message.Contains("[1] where").And.Message.Contains("[2]"));
        float[][,] mixed = [new float[1, 3], new float[2, 3]];
        Assert.That(() => Tensor.FromArray<float>(mixed), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2, 3]").And.Message.Contains("[1, 3]"));
        Assert.That(() => Tensor.FromArray<int>(new int[][] { [1], null! }), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[1] is null"));
        Assert.That(() => Tensor.From(new int[][] { [1], null! }), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("row 1 is null"));
        Assert.That(() => Tensor.FromArray<float>(new double[2]), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Double").And.Message.Contains("Single"));
    }

    [Test]
    public void One_number_fills_a_shape_and_a_wrong_count_is_an_error()
    {
        Assert.That(Tensor.From([7f], [2, 2]).ToArray<float>(), Is.EqualTo((float[])[7, 7, 7, 7]));
        Assert.That(() => Tensor.From([1f, 2, 3], [2, 2]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("3 elements").And.Message.Contains("[2, 2]"));
        Assert.That(Tensor.From(Array.Empty<float>(), [0, 3]).Shape, Is.EqualTo(Shape.FromSizes(0, 3)));
        Assert.That(() => Tensor.Zeros([2, -1]), Throws.InstanceOf<EagerException>());
    }

    [Test]
    public void Likes_take_shape_and_device_and_a_dtype_if_asked()
    {
        Tensor x = Tensor.Zeros([2, 3], DType.Float16);
        Assert.That(Tensor.OnesLike(x).DType, Is.EqualTo(DType.Float16));
        foreach (DType dtype in DTypes.All.Where(static d => !d.IsQuantized()))
        {
            Tensor[] likes = [Tensor.ZerosLike(x, dtype), Tensor.OnesLike(x, dtype), Tensor.FullLike(x, 1, dtype)];
            Assert.That(likes.Select(static t => t.DType), Is.All.EqualTo(dtype));
            Assert.That(likes.Select(static t => t.Shape), Is.All.EqualTo(x.Shape));
            Assert.That(likes.Select(static t => t.Cast(DType.Bool).All().Item<bool>()), Is.EqualTo(new[] { false, true, true }));
        }
    }

    [TestCase(DType.UInt8, 256)]
    [TestCase(DType.UInt8, -1)]
    [TestCase(DType.Int8, 128)]
    [TestCase(DType.Int16, -32769)]
    [TestCase(DType.Int32, 2147483648)]
    public void A_number_that_does_not_fit_its_dtype_is_refused(DType dtype, long value)
    {
        Tensor x = Tensor.Ones([2], dtype);
        foreach (Action call in (Action[])[() => Tensor.Full([2], value, dtype), () => Tensor.FullLike(x, value), () => _ = x + value, () => _ = x < value, () => x.Clip(0, value), () => Tensor.Range(0, value + Math.Sign(value), Math.Sign(value), dtype)])
            Assert.That(() => call(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains($"{value}").And.Message.Contains(dtype.Name()));
    }

    [Test]
    public void Fractions_never_become_integers_in_silence()
    {
        Assert.That(() => Tensor.Full([2], 1.5, DType.Int32), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("1.5").And.Message.Contains("int32"));
        Assert.That(() => Tensor.FullLike(Tensor.From(1), 0.5), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("FullLike"));
        Assert.That(() => Tensor.Range(0.5, 3, dtype: DType.Int64), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("0.5"));
        Assert.That(() => Tensor.Full([2], 2, DType.Bool), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("bool"));
        Assert.That(Tensor.Full([2], true, DType.Bool).ToArray<bool>(), Is.All.True);
    }

    [Test]
    public void Ranges_have_three_forms()
    {
        Assert.That(Tensor.Range(4).ToArray<long>(), Is.EqualTo(new long[] { 0, 1, 2, 3 }));
        Assert.That(Tensor.Range(2, 5).ToArray<long>(), Is.EqualTo(new long[] { 2, 3, 4 }));
        Assert.That(Tensor.Range(5, 0, -2).ToArray<long>(), Is.EqualTo(new long[] { 5, 3, 1 }));
        Assert.That(Tensor.Range(0, 1, 0.25).ToArray<float>(), Is.EqualTo(new[] { 0, 0.25f, 0.5f, 0.75f }));
        Assert.That(Tensor.Range(0, 256, dtype: DType.UInt8).ToArray<byte>(), Has.Length.EqualTo(256));
        Assert.That(() => Tensor.Range(0, 5, -1), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("from 0 to 5"));
        Assert.That(() => Tensor.Range(0, 5, 0), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("step is 0"));
        Assert.That(() => Tensor.Range(0, double.PositiveInfinity), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("not finite"));
        Assert.That(() => Tensor.Range(0, 5, dtype: DType.Bool), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("bool"));
    }

    [Test]
    public void Bad_arguments_are_named()
    {
        Assert.That(() => Tensor.LogSpace(0, 1, -1), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("LogSpace").And.Message.Contains("-1"));
        Assert.That(() => Tensor.LogSpace(0, 1, 3, -2), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("base -2"));
        Assert.That(() => Tensor.LogSpace(0, 1, 3, dtype: DType.Int32), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("int32"));
        Assert.That(() => Tensor.TrilIndices(-1, 2), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("TrilIndices").And.Message.Contains("-1 rows"));
        Assert.That(() => Tensor.TriuIndices(1, -2), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("-2 columns"));
    }
}
