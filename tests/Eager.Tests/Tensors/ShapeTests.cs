using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Tensors;

/// <summary>Shapes of which not all is known.</summary>
[Parallelizable(ParallelScope.All)]
public class ShapeTests
{
    private static readonly Shape[] Descriptions = [Shape.Scalar, [5], [null], [5, 10], [5, 15], [null, 10], [5, null], [null, null], [1, 2, 3], Shape.Unknown];

    [Test]
    public void Compatibility_is_that_of_the_documents()
    {
        Shape batch = [null, 10];

        Assert.That(batch.IsCompatibleWith([5, 10]), Is.True);
        Assert.That(batch.IsCompatibleWith([5, 15]), Is.False);
        Assert.That(batch.IsCompatibleWith([5, 10, 1]), Is.False);
        Assert.That(batch.MergeWith([5, null]), Is.EqualTo(Shape.Of(5, 10)));
    }

    [Test]
    public void Shapes_are_compatible_in_both_directions_and_just_when_they_merge()
    {
        foreach (Shape a in Descriptions)
        {
            foreach (Shape b in Descriptions)
            {
                Assert.That(a.IsCompatibleWith(b), Is.EqualTo(b.IsCompatibleWith(a)), $"{a} and {b}");
                if (a.IsCompatibleWith(b))
                {
                    Shape merged = a.MergeWith(b);
                    Assert.That(merged.ToString(), Is.EqualTo(b.MergeWith(a).ToString()));
                    Assert.That(merged.IsCompatibleWith(a) && merged.IsCompatibleWith(b), Is.True, $"{a} and {b}");
                }
                else
                {
                    Assert.That(() => a.MergeWith(b), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains(a.ToString()).And.Message.Contains(b.ToString()));
                }
            }
        }
    }

    [Test]
    public void A_merge_error_names_the_axis_or_the_ranks()
    {
        Shape a = [null, 10];

        Assert.That(() => a.MergeWith([5, 15]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("sizes 10 and 15 of axis 1"));
        Assert.That(() => a.MergeWith([10]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("ranks 2 and 1"));
    }

    [Test]
    public void An_unknown_rank_fits_and_tells_nothing()
    {
        Shape unknown = Shape.Unknown;

        Assert.That(unknown.IsRankKnown, Is.False);
        Assert.That(unknown.IsFullyKnown, Is.False);
        Assert.That(unknown.ElementCount.IsUnknown, Is.True);
        Assert.That(unknown, Is.Not.EqualTo(Shape.Scalar));
        Assert.That(unknown == Shape.Unknown, Is.True);
        Assert.That(unknown.ToString(), Is.EqualTo("[...]"));
        Assert.That(unknown.MergeWith([2, null]).ToString(), Is.EqualTo("[2, ?]"));
        Assert.That(Shape.Broadcast(unknown, [2, 3]), Is.SameAs(unknown));
        Assert.That(Shape.Broadcast([2, 3], unknown), Is.SameAs(unknown));
    }

    [Test]
    public void What_takes_a_rank_refuses_an_unknown_one()
    {
        Shape unknown = Shape.Unknown;
        Action[] uses =
        [
            () => _ = unknown.Rank, () => _ = unknown.Count, () => _ = unknown[0], () => _ = unknown[^1], () => _ = unknown[1..], () => unknown.ToList(),
            () => unknown.With(0, 1), () => unknown.Insert(0, 1), () => unknown.Reduce([0]), () => unknown.NormalizeAxis(0),
            () => Tensor.Zeros(unknown), () => Tensor.Ones([2]).Reshape(unknown), () => Tensor.Ones([2]).BroadcastTo(unknown), () => Tensor.RandomNormal(unknown),
        ];

        foreach (Action use in uses) Assert.That(use, Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("rank").And.Message.Contains("IsRankKnown"));
    }

    [Test]
    public void An_open_size_is_no_size_to_make_a_tensor_of()
    {
        foreach (Action make in (Action[])[() => Tensor.Zeros([null, 2]), () => Tensor.Full([null, 2], 3), () => Tensor.RandomNormal([null, 2]), () => Tensor.From([1f, 2f], [null, 2])])
            Assert.That(make, Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[?, 2]"));
    }

    [Test]
    public void Two_open_sizes_broadcast_to_the_one_that_is_not_1_in_the_run_at_hand()
    {
        Dim one = new(1, Dim.Unknown.Symbol), four = new(4, Dim.Unknown.Symbol);

        foreach (Shape both in (Shape[])[Shape.Broadcast([one], [four]), Shape.Broadcast([four], [one])])
            Assert.That((both[0].IsUnknown, both[0].Value), Is.EqualTo((true, 4)));
        Assert.That(Shape.Broadcast([four], [four])[0], Is.EqualTo(four), "one unknown with itself");
        Assert.That(Shape.Broadcast([one], [4])[0], Is.EqualTo((Dim)4));
    }

    [Test]
    public void SetShape_checks_the_shape()
    {
        Tensor x = Tensor.Zeros([32, 128]);

        x.SetShape([32, 128]);
        x.SetShape([null, 128]);
        x.SetShape(Shape.Unknown);
        Assert.That(() => x.SetShape([32, 64]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[32, 128]").And.Message.Contains("[32, 64]"));
        Assert.That(() => x.SetShape([128]), Throws.TypeOf<ShapeMismatchException>());
    }

    [Test]
    public void SetShape_refines_what_a_graph_knows()
    {
        string before = "", after = "";
        using TracedFunction traced = Function.Trace(
            x =>
            {
                before = x.Shape.ToString();
                x.SetShape([32, null]);
                after = x.Shape.ToString();
                return x * 2;
            },
            inputSignature: [new([null, 128], Name: "a")]);

        traced.Call(Tensor.Zeros([32, 128]));

        Assert.That((before, after), Is.EqualTo(("[?, 128]", "[32, 128]")));
        Assert.That(traced.Graph.GetTensor("a:0").Shape, Is.EqualTo(Shape.Of(32, 128)));
        Assert.That(traced.Graph.Outputs[0].Shape, Is.EqualTo(Shape.Of(32, 128)));
        Assert.That(() => traced.Call(Tensor.Zeros([16, 128])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[16, 128]"));
    }

    [Test]
    public void SetShape_reaches_the_graph_from_inside_a_map()
    {
        using TracedFunction traced = Function.Trace(
            Function.Vmap(static (Tensor row) =>
            {
                row.SetShape([8]);
                return row * 2;
            }),
            inputSignature: [new([null, null], Name: "a")]);

        traced.Call(Tensor.Zeros([4, 8]));

        Assert.That(traced.Graph.GetTensor("a:0").Shape.ToString(), Is.EqualTo("[?, 8]"));
    }

    [Test]
    public void A_signature_may_leave_the_rank_open()
    {
        using TracedFunction traced = Function.Trace(static x => x.Sum(), inputSignature: [new(Shape.Unknown)]);

        Assert.That(traced.Call(Tensor.Ones([3])).Item(), Is.EqualTo(3));
        Assert.That(traced.Call(Tensor.Ones([2, 4])).Item(), Is.EqualTo(8));
        Assert.That(traced.TraceCount, Is.EqualTo(2));
        Assert.That(traced.Graph.Inputs[0].Shape.ToString(), Is.EqualTo("[?, ?]"));
    }

    [Test]
    public void Open_sizes_compute_as_in_the_documents()
    {
        string shape = "";
        using TracedFunction traced = Function.Trace(
            b =>
            {
                Tensor merged = b.Reshape([b.Shape[0], b.Shape[1] * b.Shape[2]]);
                shape = merged.Shape.ToString();
                return merged;
            },
            inputSignature: [new([null, 10, 32])]);

        Assert.That(traced.Call(Tensor.Zeros([5, 10, 32])).Shape, Is.EqualTo(Shape.Of(5, 320)));
        Assert.That(shape, Is.EqualTo("[?, 320]"));
    }

    [Test]
    public void MergeAxes_makes_groups_one_axis()
    {
        Tensor x = Tensor.Range(24).Reshape([2, 3, 4]);

        Assert.That(x.MergeAxes([0, [1, 2]]).Shape, Is.EqualTo(Shape.Of(2, 12)));
        Assert.That(x.MergeAxes([[0, 1], -1]).Shape, Is.EqualTo(Shape.Of(6, 4)));
        Assert.That(x.MergeAxes([[0, 1, 2]]).ToArray<long>(), Is.EqualTo(Enumerable.Range(0, 24)));
        Assert.That(x.MergeAxes([0, [], [1, 2]]).Shape, Is.EqualTo(Shape.Of(2, 1, 12)));
        Assert.That(Tensor.Zeros([0, 3]).MergeAxes([[0, 1]]).Shape, Is.EqualTo(Shape.Of(0)));
        Assert.That(Tensor.From(1f).MergeAxes([]).Shape, Is.EqualTo(Shape.Scalar));
    }

    [Test]
    public void MergeAxes_keeps_an_open_batch()
    {
        using TracedFunction traced = Function.Trace(static x => x.MergeAxes([0, [1, 2]]), inputSignature: [new([null, 10, 32])]);

        traced.Call(Tensor.Zeros([5, 10, 32]));

        Assert.That(traced.Graph.Outputs[0].Shape.ToString(), Is.EqualTo("[?, 320]"));
    }

    [Test]
    public void MergeAxes_wants_all_axes_once_and_in_order()
    {
        Tensor x = Tensor.Zeros([2, 3, 4]);

        foreach (AxisGroup[] groups in (AxisGroup[][])[[0, 1], [0, [2, 1]], [[0, 1], [1, 2]], []])
            Assert.That(() => x.MergeAxes(groups), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2, 3, 4]").And.Message.Contains("in order"));
        Assert.That(() => x.MergeAxes([0, 1, 3]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("axis 3"));
    }
}
