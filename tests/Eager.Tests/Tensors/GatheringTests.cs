using NUnit.Framework;

namespace Eager.Tests.Tensors;

public class GatheringTests
{
    private static Tensor Matrix => Tensor.From([[1f, 2f, 3f], [4f, 5f, 6f]]);

    [Test]
    public void Gather_puts_the_indices_shape_where_the_axis_was()
    {
        Tensor y = Matrix.Gather(Tensor.From([[2, 0], [1, 1]]), axis: 1);
        Assert.That(y.Shape, Is.EqualTo(Shape.FromSizes(2, 2, 2)));
        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 3, 1, 2, 2, 6, 4, 5, 5 }));
        Assert.That(Matrix.Gather(Tensor.From(1L)).ToArray<float>(), Is.EqualTo(new float[] { 4, 5, 6 }));
    }

    [Test]
    public void Take_along_axis_picks_one_element_for_each_index()
    {
        Tensor y = Matrix.TakeAlongAxis(Tensor.From([[2, 2], [0, 1]]), axis: -1);
        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 3, 3, 4, 5 }));
    }

    [Test]
    public void Scatter_add_and_index_add_give_places_named_twice_both_numbers()
    {
        Tensor zeros = Tensor.Zeros([2, 3]);
        Assert.That(zeros.ScatterAdd(Tensor.From([[0, 0, 2]]), Tensor.From([[1f, 2f, 3f]]), 1).ToArray<float>(), Is.EqualTo(new float[] { 3, 0, 3, 0, 0, 0 }));
        Assert.That(zeros.IndexAdd(Tensor.From([1, 1]), Matrix).ToArray<float>(), Is.EqualTo(new float[] { 0, 0, 0, 5, 7, 9 }));
        Assert.That(zeros.ToArray<float>(), Is.All.Zero, "the tensor itself does not change");
    }

    [Test]
    public void A_boolean_mask_makes_its_axes_one()
    {
        Assert.That(Matrix.BooleanMask(Tensor.From([false, true, true]), axis: 1).ToArray<float>(), Is.EqualTo(new float[] { 2, 3, 5, 6 }));
        Assert.That(Matrix.BooleanMask(Matrix > 4).ToArray<float>(), Is.EqualTo(new float[] { 5, 6 }));
    }

    [Test]
    public void Non_zero_lists_places_in_C_order()
    {
        Tensor places = Tensor.From([[0, 7], [-1, 0]]).NonZero();
        Assert.That(places.DType, Is.EqualTo(DType.Int64));
        Assert.That(places.ToArray2D<long>(), Is.EqualTo(new long[,] { { 0, 1 }, { 1, 0 } }));
        Assert.That(Tensor.Zeros([2, 3]).NonZero().Shape, Is.EqualTo(Shape.FromSizes(0, 2)));
    }

    [Test]
    public void A_place_off_the_axis_is_named_with_where_it_stands()
    {
        Assert.That(() => Matrix.Gather(Tensor.From([0, 3]), 1), Throws.TypeOf<InvalidArgumentException>()
            .With.Message.EqualTo("Gather: index 3 (number 1 of shape [2]) is outside axis 1 of shape [2, 3], which has 3 places."));
        Assert.That(() => Matrix.Gather(Tensor.From(-1)), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("index -1"));
        Assert.That(() => Matrix.TakeAlongAxis(Tensor.From([[5]]), 0), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("TakeAlongAxis: index 5"));
        Assert.That(() => Matrix.ScatterAdd(Tensor.From([[2]]), Tensor.From([[1f]]), 0), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("ScatterAdd: index 2"));
        Assert.That(() => Matrix.IndexAdd(Tensor.From([2, 0]), Matrix), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("IndexAdd: index 2"));
    }

    [Test]
    public void Arguments_that_do_not_fit_are_named()
    {
        Assert.That(() => Matrix.Gather(Matrix), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("the indices are float32"));
        Assert.That(() => Matrix.Gather(Tensor.From(0), 2), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("Gather: axis 2 is not one of the 2 axes"));
        Assert.That(() => Matrix.IndexAdd(Tensor.From([0]), Matrix), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("do not fit axis 0 of [2, 3]"));
        Assert.That(() => Matrix.IndexAdd(Tensor.From([0, 1]), Tensor.Ones([2, 3], DType.Float64)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("the source float64"));
        Assert.That(() => Matrix.TakeAlongAxis(Tensor.From([0]), 0), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("indices of shape [1] do not fit [2, 3]"));
        Assert.That(() => Matrix.BooleanMask(Tensor.From([1, 0])), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("the mask is int32, not bool"));
    }
}
