using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Tensors;

/// <summary>What <c>x[...]</c> picks of the numbers 0 to 23 in shape [2, 3, 4], where the element at [i, j, k] is 12i + 4j + k.</summary>
public class IndexingTests
{
    private static Tensor Numbers => Tensor.Range(0, 24, dtype: DType.Int32).Reshape([2, 3, 4]);

    private static void Check(Tensor actual, Shape shape, params int[] values)
    {
        Assert.That(actual.Shape, Is.EqualTo(shape));
        Assert.That(actual.ToArray<int>(), Is.EqualTo(values));
    }

    [Test]
    public void A_place_takes_its_axis_away()
    {
        Check(Numbers[1, 2, 3], [], 23);
        Check(Numbers[1, 0], [4], 12, 13, 14, 15);
    }

    [Test]
    public void Places_count_from_the_end_as_C_sharp_and_as_NumPy_write_it()
    {
        Check(Numbers[^1, ^3, ^4], [], 12);
        Check(Numbers[-1, -3, -4], [], 12);
    }

    [Test]
    public void A_range_keeps_its_axis()
    {
        Check(Numbers[0, 1..3, 2..], [2, 2], 6, 7, 10, 11);
        Check(Numbers[0, ..^2, ^1..], [1, 1], 3);
        Check(Numbers[.., 1, 2], [2], 6, 18);
        Check(Numbers[1..1].Reshape([-1]), [0]);
    }

    [Test]
    public void An_ellipsis_stands_for_the_axes_that_are_left()
    {
        Check(Numbers[TensorIndex.Ellipsis, 0], [2, 3], 0, 4, 8, 12, 16, 20);
        Check(Numbers[1, TensorIndex.Ellipsis, 0], [3], 12, 16, 20);
        Check(Numbers[1, 2, 3, TensorIndex.Ellipsis], [], 23);
    }

    [Test]
    public void A_new_axis_has_size_one_where_it_is_written()
    {
        Assert.That(Numbers[TensorIndex.NewAxis].Shape, Is.EqualTo(Shape.FromSizes(1, 2, 3, 4)));
        Assert.That(Numbers[.., TensorIndex.NewAxis, 0].Shape, Is.EqualTo(Shape.FromSizes(2, 1, 4)));
        Assert.That(Numbers[TensorIndex.Ellipsis, TensorIndex.NewAxis].Shape, Is.EqualTo(Shape.FromSizes(2, 3, 4, 1)));
    }

    // C# takes the null for the whole list of entries, so nothing would say that no axis was made.
    [Test]
    public void Null_in_place_of_a_new_axis_is_an_error_that_names_it()
    {
        Assert.That(() => Numbers[null], Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("write TensorIndex.NewAxis"));
    }

    // The expected places are Python's own: list(range(7))[start:stop:step].
    [TestCase(null, null, 2L, "0 2 4 6")]
    [TestCase(1L, 6L, 3L, "1 4")]
    [TestCase(null, null, -1L, "6 5 4 3 2 1 0")]
    [TestCase(5L, 1L, -2L, "5 3")]
    [TestCase(-2L, null, -3L, "5 2")]
    [TestCase(-3L, -1L, 1L, "4 5")]
    [TestCase(-100L, 100L, 5L, "0 5")]
    [TestCase(100L, -100L, -4L, "6 2")]
    [TestCase(3L, 3L, 1L, "")]
    [TestCase(2L, 5L, -1L, "")]
    [TestCase(5L, 2L, 1L, "")]
    public void A_slice_is_Pythons(long? start, long? stop, long step, string expected)
    {
        Tensor slice = Tensor.Range(7)[TensorIndex.Slice(start, stop, step)];
        Assert.That(string.Join(' ', slice.ToArray<long>()), Is.EqualTo(expected));
    }

    [Test]
    public void A_step_of_zero_is_refused()
    {
        Assert.That(() => TensorIndex.Slice(0, 3, 0), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("the step is 0"));
    }

    [Test]
    public void Views_share_the_memory_of_a_variable_and_steps_backwards_copy()
    {
        using var variable = new Variable(Tensor.From([1, 2, 3, 4]));
        Tensor range = variable[1..3], place = variable[^1], wide = variable[TensorIndex.NewAxis], back = variable[TensorIndex.Slice(null, null, -1)];

        variable.Assign(Tensor.From([5, 6, 7, 8]));

        Check(range, [2], 6, 7);
        Check(place, [], 8);
        Check(wide, [1, 4], 5, 6, 7, 8);
        Check(back, [4], 4, 3, 2, 1);
    }

    [Test]
    public void A_mask_picks_where_it_is_true()
    {
        Tensor x = Numbers;
        Check(x[x > 20], [3], 21, 22, 23);
        Check(x[.., Tensor.From([true, false, true]), 0], [2, 2], 0, 8, 12, 20);
        Check(x[Tensor.From([false, false])].Reshape([-1]), [0]);
    }

    [Test]
    public void A_mask_of_several_axes_makes_them_one()
    {
        Tensor mask = Tensor.From([[true, false, false], [false, false, true]]);
        Check(Numbers[mask], [2, 4], 0, 1, 2, 3, 20, 21, 22, 23);
        Check(Numbers[mask, 1], [2], 1, 21);
    }

    [Test]
    public void A_tensor_of_places_puts_its_own_shape_where_the_axis_was()
    {
        Check(Numbers[0, Tensor.From([[2, 0], [0, -1]]), 3], [2, 2], 11, 3, 3, 11);
        Check(Numbers[.., 0, Tensor.From([3L, 1L])], [2, 2], 3, 1, 15, 13);
        Check(Numbers[Tensor.From((byte)1), 0, 0], [], 12);
    }

    // NumPy's rule for axes indexed by tensors: together they stay in place, apart they come out first.
    [Test]
    public void Several_tensors_of_places_go_through_their_elements_together()
    {
        Tensor i = Tensor.From([0, 1]), j = Tensor.From([[2], [0]]);
        Check(Numbers[i, i, i], [2], 0, 17);
        Check(Numbers[.., j, i], [2, 2, 2], 8, 9, 0, 1, 20, 21, 12, 13);
        Check(Numbers[i, .., i], [2, 3], 0, 4, 8, 13, 17, 21);
        Check(Numbers[i, Tensor.From([true, false, true]), 0], [2], 0, 20);
    }

    [TestCase(2)]
    [TestCase(-3)]
    public void A_place_off_the_axis_is_named_with_the_axis(int place)
    {
        Assert.That(() => Numbers[.., 0..1, 0][place], Throws.TypeOf<InvalidArgumentException>()
            .With.Message.EqualTo($"Index: place {(place < 0 ? "^3" : "2")} is outside axis 0 of shape [2, 1], which has 2 places."));
    }

    [Test]
    public void The_axis_in_an_error_is_the_one_of_the_indexed_tensor()
    {
        Assert.That(() => Numbers[0, TensorIndex.NewAxis, 3], Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("place 3 is outside axis 1 of shape [2, 3, 4]"));
        Assert.That(() => Numbers[0, 1, ^0], Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("place ^0 is outside axis 2"));
        Assert.That(() => Numbers[0, 2..4], Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("range 2..4 does not lie within axis 1 of shape [2, 3, 4]"));
    }

    [Test]
    public void Too_many_entries_and_two_ellipses_are_refused()
    {
        Assert.That(() => Numbers[0, 0, 0, 0], Throws.TypeOf<ShapeMismatchException>().With.Message.EqualTo("Index: x[0, 0, 0, 0] speaks of 4 axes, but shape [2, 3, 4] has 3."));
        Assert.That(() => Numbers[TensorIndex.Ellipsis, 0, TensorIndex.Ellipsis], Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("two ellipses"));
    }

    [Test]
    public void A_tensor_that_is_no_index_is_refused()
    {
        Assert.That(() => Numbers[Tensor.From([1f])], Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float32 is no index"));
        Assert.That(() => Numbers[Tensor.From([true, false, true])], Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("mask of shape [3] does not fit shape [2, 3, 4] from axis 0 on"));
        Assert.That(() => Numbers[Tensor.From(true)], Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("masks no axis"));
        Assert.That(() => Numbers[Tensor.From([0, 2])], Throws.TypeOf<InvalidArgumentException>().With.Message.EqualTo("Index: index 2 (number 1 of shape [2]) is outside axis 0 of shape [2, 3, 4], which has 2 places."));
    }

    [Test]
    public void A_traced_index_follows_the_values_of_each_call()
    {
        using TracedFunction traced = Function.Trace(static (x, i) => x[i, TensorIndex.Slice(null, null, -1)] * x[.., ^1].Sum());
        Tensor x = Tensor.From([[1f, 2f], [3f, 4f]]);
        traced.Call(x, Tensor.From([0]));

        Tensor y = traced.Call(x, Tensor.From([1]));

        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 24, 18 }));
    }

    // How many elements a mask picks is a value, and a replay would go on with that of the first call.
    [Test]
    public void A_mask_is_refused_inside_a_trace()
    {
        using TracedFunction traced = Function.Trace(static x => x[x > 0][1..]);
        Assert.That(() => traced.Call(Tensor.From([1f, 2f])), Throws.TypeOf<TracingException>().With.Message.Contains("compute with Where"));
    }

    [Test]
    public void Indexing_leaves_no_tensor_behind_but_its_result()
    {
        Tensor x = Numbers, i = Tensor.From([0, 1]);
        using var scope = new TensorScope();
        int before = ThreadContext.Current.Scoped.Count;

        _ = x[i, TensorIndex.Slice(null, null, -2), 1..2];
        _ = x[x > 3];

        Assert.That(ThreadContext.Current.Scoped.Skip(before).Count(static t => !t.IsDisposed), Is.EqualTo(3), "two results and x > 3");
    }
}
