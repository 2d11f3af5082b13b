using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Tensors;

/// <summary>Operations whose results have a size that hangs on values.</summary>
public class SearchingTests
{
    private static void Check<T>(Tensor actual, Shape shape, params T[] values) where T : unmanaged
    {
        Assert.That(actual.Shape, Is.EqualTo(shape));
        Assert.That(actual.ToArray<T>(), Is.EqualTo(values));
    }

    [Test]
    public void Unique_sorts_and_tells_which_and_how_often()
    {
        (Tensor values, Tensor inverse, Tensor counts) = Tensor.From([[3, 1], [3, 2]]).Unique();
        Check(values, [3], 1, 2, 3);
        Check(inverse, [2, 2], 2L, 0, 2, 1);
        Check(counts, [3], 1L, 1, 2);
        Assert.That(Tensor.Zeros([0]).Unique().Values.Shape, Is.EqualTo(Shape.FromSizes(0)));
        Check(Tensor.From([true, true]).Unique().Values, [1], true);
    }

    [Test]
    public void Unique_along_an_axis_compares_whole_slices()
    {
        (Tensor values, Tensor inverse, Tensor counts) = Tensor.From([[1, 0, 1], [2, 9, 2]]).Unique(axis: -1);
        Check(values, [2, 2], 0, 1, 9, 2);
        Check(inverse, [3], 1L, 0, 1);
        Check(counts, [2], 1L, 2);
    }

    [Test]
    public void Runs_of_equal_elements_become_one()
    {
        (Tensor values, Tensor inverse, Tensor counts) = Tensor.From([1, 1, 2, 2, 2, 1]).UniqueConsecutive();
        Check(values, [3], 1, 2, 1);
        Check(inverse, [6], 0L, 0, 1, 1, 1, 2);
        Check(counts, [3], 2L, 3, 1);
        Check(Tensor.From([[1, 2], [1, 2], [3, 2]]).UniqueConsecutive(axis: 0).Values, [2, 2], 1, 2, 3, 2);
    }

    [Test]
    public void Counts_of_integers_reach_up_to_the_largest()
    {
        Tensor x = Tensor.From([1, 3, 1, 0]);
        Check(x.BinCount(), [4], 1L, 2, 0, 1);
        Check(x.BinCount(minimumLength: 6), [6], 1L, 2, 0, 1, 0, 0);
        Check(x.BinCount(Tensor.From([0.5f, 1f, 2f, 4f])), [4], 4f, 2.5f, 0, 1);
        Check(Tensor.From(Array.Empty<int>()).BinCount(minimumLength: 2), [2], 0L, 0);
        Assert.That(() => Tensor.From([1, -2]).BinCount(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("BinCount: element -2 is negative"));
        Assert.That(() => Tensor.From([1f]).BinCount(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float32"));
        Assert.That(() => x.BinCount(Tensor.Ones([3])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("weights are [3]"));
    }

    // numpy.histogram([0, 0.5, 1, 1.5, 2, 7], bins=2, range=(0, 2)) and its default range.
    [Test]
    public void A_histogram_counts_its_last_edge_and_nothing_outside()
    {
        Tensor x = Tensor.From([0, 0.5, 1, 1.5, 2, 7, double.NaN]);
        (Tensor counts, Tensor edges) = x.Histogram(2, (0, 2));
        Check(counts, [2], 2L, 3);
        Check(edges, [3], 0.0, 1, 2);
        (counts, edges) = Tensor.From([1, 2, 2, 5]).Histogram(4);
        Check(counts, [4], 1L, 2, 0, 1);
        Check(edges, [5], 1.0, 2, 3, 4, 5);
        Check(Tensor.From([3f, 3f]).Histogram(1).Edges, [2], 2.5f, 3.5f);
        Check(Tensor.Zeros([0]).Histogram(2).Counts, [2], 0L, 0);
        Assert.That(() => x.Histogram(2), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("give one, so that what is not finite can be left out"));
        Assert.That(() => x.Histogram(0), Throws.TypeOf<InvalidArgumentException>());
        Assert.That(() => x.Histogram(1, (2, 1)), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("from 2 to 1"));
    }

    [Test]
    public void Gradients_flow_to_the_weights_of_counts_and_histograms()
    {
        Tensor x = Tensor.From([0.1, 0.9, 0.4]), weights = Tensor.From([1.0, 2, 3]);
        GradientCheck.Require(w => x.Histogram(2, (0, 1), w).Counts.Square(), weights);
        GradientCheck.Require(static w => Tensor.From([2, 0, 2]).BinCount(w).Square(), weights);
    }

    [Test]
    public void Slices_are_repeated_each_its_own_number_of_times()
    {
        Tensor x = Tensor.From([[1f, 2f], [3f, 4f], [5f, 6f]]);
        Check(x.Repeat(Tensor.From([2, 0, 1]), 0), [3, 2], 1f, 2, 1, 2, 5, 6);
        Check(x.Repeat(Tensor.From([0L, 0]), 1), [3, 0], Array.Empty<float>());
        GradientCheck.Require(static t => t.Repeat(Tensor.From([2, 0, 1]), 0).Square(), x);
        Assert.That(() => x.Repeat(Tensor.From([1, 1]), 0), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("needs a vector of 3"));
        Assert.That(() => x.Repeat(Tensor.From([1, -1]), 1), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("-1 times"));
    }

    [Test]
    public void A_grid_varies_along_one_axis_each()
    {
        Tensor x = Tensor.From([1, 2, 3]), y = Tensor.From([4, 5]);
        Tensor[] grid = Tensor.Meshgrid([x, y]), plane = Tensor.Meshgrid([x, y], cartesian: true);
        Check(grid[0], [3, 2], 1, 1, 2, 2, 3, 3);
        Check(grid[1], [3, 2], 4, 5, 4, 5, 4, 5);
        Check(plane[0], [2, 3], 1, 2, 3, 1, 2, 3);
        Check(plane[1], [2, 3], 4, 4, 4, 5, 5, 5);
        Assert.That(() => Tensor.Meshgrid([x.ExpandDims(0)]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("axis 0 are [1, 3]"));
    }

    [Test]
    public void Sizes_that_hang_on_values_are_refused_inside_a_trace()
    {
        foreach (Func<Tensor, Tensor> f in new Func<Tensor, Tensor>[] { static x => x.Unique().Values, static x => x.Unique(0).Values, static x => x.UniqueConsecutive().Values, static x => x.UniqueConsecutive(0).Values, static x => x.BinCount(), static x => x.Histogram(2).Counts, static x => x.Repeat(x, 0) })
        {
            using TracedFunction traced = Function.Trace(f);
            Assert.That(() => traced.Call(Tensor.From([1, 2])), Throws.TypeOf<TracingException>());
        }
    }

    [Test]
    public void Nothing_is_left_but_the_results()
    {
        Tensor x = Tensor.From([1, 2, 2]);
        using var count = new WrapperCount();
        (Tensor counts, Tensor edges) = x.Histogram(3);
        Tensor bins = x.BinCount(), repeated = x.Repeat(x, 0);
        Tensor[] grid = Tensor.Meshgrid([x, x]);
        Assert.That(count.Beside([x, counts, edges, bins, repeated, .. grid]), Is.Zero);
    }

    [Test]
    public void A_second_derivative_of_a_product_with_two_zeros_in_one_place_is_refused()
    {
        Tensor x = Tensor.From([1.0]), places = Tensor.From([0, 0]), sent = Tensor.From([0.0, 0.0]);
        Assert.That(() => GradientCheck.Run(s => x.ScatterReduce(places, s, 0, ScatterReduction.Product), sent, order: 2), Throws.TypeOf<GradientException>().With.Message.Contains("more than one zero"));
        GradientCheck.Require(s => x.ScatterReduce(places, s, 0, ScatterReduction.Product), sent);
    }

    [Test]
    public void Equal_largest_elements_share_the_gradient_of_a_scatter()
    {
        using var tape = new GradientTape();
        Tensor x = Tensor.From([2.0, 1]), sent = Tensor.From([2.0, 2, 1]);
        tape.Watch(x, sent);
        Tensor y = x.ScatterReduce(Tensor.From([0, 0, 1]), sent, 0, ScatterReduction.Maximum);
        Tensor?[] gradients = tape.Gradient(y, [x, sent], Tensor.From([3.0, 1]));
        Assert.That(gradients[0]!.ToArray<double>(), Is.EqualTo(new[] { 1, 0.5 }));
        Assert.That(gradients[1]!.ToArray<double>(), Is.EqualTo(new[] { 1, 1, 0.5 }));
    }
}
