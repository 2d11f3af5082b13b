using System.Reflection;
using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Tensors;

public class ValuesTests
{
    [Test]
    public void Nested_literals_of_rank_two_and_three()
    {
        Tensor matrix = Tensor.From([[1f, 2f], [3f, 4f]]), cube = Tensor.From([[[1, 2]], [[3, 4]], [[5, 6]]]);
        Assert.That(matrix.ToArray2D<float>(), Is.EqualTo(new float[,] { { 1, 2 }, { 3, 4 } }));
        Assert.That(cube.Shape, Is.EqualTo(Shape.FromSizes(3, 1, 2)));
        Assert.That(cube.ToArray<int>(), Is.EqualTo(new[] { 1, 2, 3, 4, 5, 6 }));
    }

    [Test]
    public void A_ragged_literal_names_the_row()
    {
        Assert.That(() => Tensor.From([[1f, 2f], [3f]]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("row 1 has 1 elements where row 0 has 2"));
        Assert.That(() => Tensor.From([[[1, 2]], [[3, 4], [5, 6]]]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("plane 1 has 2 rows"));
        Assert.That(() => Tensor.From([[[1, 2], [3]]]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("row 1 of plane 0 has 1 elements"));
    }

    [Test]
    public void A_tensor_is_no_truth_value()
    {
        string[] conversions = ["op_Implicit", "op_Explicit", "op_True"];
        var found = typeof(Tensor).GetMethods(BindingFlags.Public | BindingFlags.Static).Where(m => conversions.Contains(m.Name) && m.ReturnType == typeof(bool));
        Assert.That(found, Is.Empty);
    }

    [Test]
    public void A_span_is_the_tensors_own_memory()
    {
        using var variable = new Variable(Tensor.From([1f, 2f, 3f]));
        ReadOnlySpan<float> span = variable.AsSpan<float>();
        variable.Assign(Tensor.From([4f, 5f, 6f]));
        Assert.That(span.ToArray(), Is.EqualTo(new float[] { 4, 5, 6 }));
    }

    [Test]
    public void A_span_of_a_contiguous_view_begins_where_the_view_does()
    {
        using Tensor x = Tensor.Range(6), tail = x[4..];
        Assert.That(tail.AsSpan<long>().ToArray(), Is.EqualTo(new long[] { 4, 5 }));
        Assert.That(Tensor.Zeros([0, 3]).AsSpan<float>().Length, Is.Zero);
    }

    [Test]
    public void A_span_of_another_type_or_order_is_refused()
    {
        Tensor x = Tensor.From([[1f, 2f], [3f, 4f]]);
        Assert.That(() => x.Transpose().AsSpan<float>().Length, Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("call Contiguous first"));
        Assert.That(() => x.AsSpan<double>().Length, Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float32, not float64"));
        Assert.That(() => x.Sum().ToArray2D<float>(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("0 axes, not 2"));
    }
}
