using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Tensors;

public class ShapingTests
{
    private static Tensor Matrix => Tensor.From([[1, 2, 3], [4, 5, 6]]);

    private static void Check(Tensor actual, Shape shape, params int[] values)
    {
        Assert.That(actual.Shape, Is.EqualTo(shape));
        Assert.That(actual.ToArray<int>(), Is.EqualTo(values));
    }

    [Test]
    public void Split_cuts_into_equal_parts_or_given_sizes()
    {
        Tensor[] equal = Matrix.Split(3, axis: 1), given = Matrix.Split([2, 1], axis: -1);
        Check(equal[1], [2, 1], 2, 5);
        Check(given[0], [2, 2], 1, 2, 4, 5);
        Check(given[1], [2, 1], 3, 6);
    }

    [Test]
    public void A_split_that_does_not_come_out_even_is_refused()
    {
        Assert.That(() => Matrix.Split(2, 1), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("axis 1 of shape [2, 3] does not fall into 2 equal parts"));
        Assert.That(() => Matrix.Split([2, 2], 1), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("sizes [2, 2] do not make up axis 1"));
        Assert.That(() => Matrix.Split(0), Throws.TypeOf<ShapeMismatchException>());
    }

    [Test]
    public void Unstack_undoes_stack()
    {
        Tensor[] columns = Matrix.Unstack(axis: 1);
        Assert.That(columns, Has.Length.EqualTo(3));
        Check(columns[2], [2], 3, 6);
        Check(Tensor.Stack(columns, 1), [2, 3], 1, 2, 3, 4, 5, 6);
    }

    [Test]
    public void Tile_lays_copies_side_by_side_and_repeat_puts_each_slice_in_a_row()
    {
        Check(Matrix.Tile(1, 2), [2, 6], 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6);
        Check(Matrix.Repeat(2, axis: 1), [2, 6], 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6);
        Check(Matrix.Repeat(0, axis: 0), [0, 3]);
        Assert.That(() => Matrix.Tile(2), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("multiples [2] do not fit shape [2, 3]"));
    }

    [Test]
    public void Pad_puts_a_rim_around_each_axis()
    {
        Check(Matrix.Pad([(1, 0), (0, 2)], 9), [3, 5], 9, 9, 9, 9, 9, 1, 2, 3, 9, 9, 4, 5, 6, 9, 9);
        Assert.That(() => Matrix.Pad([(1, 1)]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("give one for each of its 2 axes"));
        Assert.That(() => Matrix.Pad([(0, -1), (0, 0)]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("(0, -1)"));
        Assert.That(() => Matrix.Pad([(0, 0), (0, 0)], 0.5), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("fractional number 0.5"));
    }

    [Test]
    public void Flip_reverses_and_roll_turns()
    {
        Check(Matrix.Flip(1), [2, 3], 3, 2, 1, 6, 5, 4);
        Check(Matrix.Flip(), [2, 3], 6, 5, 4, 3, 2, 1);
        Check(Matrix.Roll(1, axis: 1), [2, 3], 3, 1, 2, 6, 4, 5);
        Check(Matrix.Roll(-4, axis: 1), [2, 3], 2, 3, 1, 5, 6, 4);
        Assert.That(() => Matrix.Flip(0, -2), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("name an axis twice"));
    }

    [Test]
    public void Triangles_and_diagonals()
    {
        Check(Matrix.Tril(), [2, 3], 1, 0, 0, 4, 5, 0);
        Check(Matrix.Triu(1), [2, 3], 0, 2, 3, 0, 0, 6);
        Check(Matrix.Diagonal(1), [2], 2, 6);
        Check(Tensor.From([1, 2]).Diag(), [2, 2], 1, 0, 0, 2);
        Check(Tensor.From([1, 2]).Diag(-1), [3, 3], 0, 0, 0, 1, 0, 0, 0, 2, 0);
        Assert.That(() => Tensor.From([1, 2]).Tril(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("shape [2] is no matrix"));
    }

    [Test]
    public void Sorting_is_stable_and_tells_where_the_elements_stood()
    {
        Tensor x = Tensor.From([[3, 1, 2, 1]]);
        Check(x.Sort(), [1, 4], 1, 1, 2, 3);
        Assert.That(x.ArgSort().ToArray<long>(), Is.EqualTo(new long[] { 1, 3, 2, 0 }));
        Assert.That(x.ArgSort(descending: true).ToArray<long>(), Is.EqualTo(new long[] { 0, 2, 1, 3 }));
        Assert.That(Tensor.From([float.NaN, 1f, float.PositiveInfinity]).Sort().ToArray<float>(), Is.EqualTo(new[] { 1f, float.PositiveInfinity, float.NaN }));
    }

    [Test]
    public void Top_k_gives_the_largest_first_and_their_places()
    {
        (Tensor values, Tensor indices) = Matrix.TopK(2);
        Check(values, [2, 2], 3, 2, 6, 5);
        Assert.That(indices.ToArray<long>(), Is.EqualTo(new long[] { 2, 1, 2, 1 }));
        Check(Matrix.TopK(1, axis: 0, largest: false).Values, [1, 3], 1, 2, 3);
        Assert.That(() => Matrix.TopK(4), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("has 3 elements, not 4"));
    }

    [Test]
    public void The_gradient_of_a_cast_is_cast_back()
    {
        foreach (DType dtype in (DType[])[DType.Float16, DType.BFloat16, DType.Float32, DType.Float64, DType.Complex64])
        {
            Tensor x = Tensor.From(1.5, -2, 0.25);
            // Σ(x² of the cast)² has slopes 4x³ and curvatures 12x², which all of these dtypes hold exactly.
            Func<Tensor, Tensor> function = x => x.Square().Cast(dtype).Real().Square().Cast(DType.Float64).Sum();

            Assert.That(Function.Grad(function)(x).ToArray<double>(), Is.EqualTo((double[])[13.5, -32, 0.0625]), $"{dtype}");
            Assert.That(Function.Hvp(function, x, Tensor.OnesLike(x)).ToArray<double>(), Is.EqualTo((double[])[27, 48, 0.75]), $"{dtype}");
        }
    }

    [Test]
    public void Contiguous_copies_only_what_does_not_lie_in_order()
    {
        Tensor matrix = Matrix;
        Assert.That(matrix.Contiguous(), Is.SameAs(matrix));
        Assert.That(matrix.Transpose().Contiguous().AsSpan<int>().ToArray(), Is.EqualTo(new[] { 1, 4, 2, 5, 3, 6 }));
    }
}
