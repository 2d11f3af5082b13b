using Eager.Autograd;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Tracing;

/// <summary>The programs of introductions to graphs and sessions, with their values and errors.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class GraphProgramTests
{
    private readonly Graph graph = new();

    [Test]
    public void Two_constants_are_a_symbol_before_they_are_five()
    {
        using IDisposable building = graph.AsDefault();
        Tensor sum = graph.Constant(Tensor.From(2)) + graph.Constant(Tensor.From(3));
        Assert.That(sum.ToString(), Is.EqualTo("Tensor(\"Add:0\", shape=(), dtype=int32)"));
        Assert.That(graph.GetTensor(sum).Operation.ToString(), Is.EqualTo("Add = Add(Const:0, Const_1:0) -> int32 []"));
        Assert.That(graph.Run(sum).Item<int>(), Is.EqualTo(5));
    }

    [Test]
    public void Placeholders_of_two_dtypes_are_not_added_before_one_is_cast()
    {
        Tensor i, f, sum;
        using (graph.AsDefault())
        {
            (i, f) = (graph.Placeholder([], DType.Int32, "i"), graph.Placeholder([], DType.Float32, "f"));
            Assert.That(() => i + f, Throws.TypeOf<DTypeMismatchException>());
            sum = i.Cast(DType.Float32) + f;
        }
        Assert.That(graph.Run(sum, new() { [i] = Tensor.From(2), [f] = Tensor.From(0.5f) }).Item<float>(), Is.EqualTo(2.5f));
    }

    [Test]
    public void A_tensor_and_its_operation_are_fetched_together()
    {
        Tensor x;
        using (graph.AsDefault()) x = graph.Constant(Tensor.From(5)) + graph.Constant(Tensor.From(8));
        (Tensor value, Operation? nothing) = graph.Run((x, graph.GetTensor(x).Operation));
        Assert.That((value.Item<int>(), nothing), Is.EqualTo((13, (Operation?)null)));
    }

    [Test]
    public void A_formula_of_functions_and_one_of_operators_agree()
    {
        Tensor byFunctions, byOperators;
        using (graph.AsDefault())
        {
            Tensor one = graph.Constant(Tensor.From(1f)), x = one + 3;
            byFunctions = x + (x.Square() * 2 + 5).Sqrt();
            byOperators = x + (2 * x * x + 5).Pow(0.5);
        }
        // 4 + √37
        Assert.That(graph.Run(new[] { byFunctions, byOperators }).Select(static t => t.Item()), Is.All.EqualTo(4 + Math.Sqrt(37)).Within(2e-6), "float32 at 10");
    }

    [Test]
    public void A_vector_placeholder_is_named_with_dtype_and_shape_until_it_is_fed()
    {
        Tensor b, sum;
        using (graph.AsDefault())
        {
            b = graph.Placeholder([3], DType.Int32, "B");
            sum = graph.Constant(Tensor.From(5, 5, 5)) + b;
        }
        Assert.That(() => graph.Run(sum), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'B:0' (int32 [3])"));
        Assert.That(graph.Run(sum, new() { [b] = Tensor.From(1, 2, 3) }).ToArray<int>(), Is.EqualTo(new[] { 6, 7, 8 }));
    }

    [Test]
    public void A_layer_of_a_hundred_units_goes_from_784_numbers()
    {
        Tensor x, h;
        using (graph.AsDefault())
        {
            x = graph.Placeholder([100, 784], name: "x");
            var w = new Variable(Tensor.RandomUniform([784, 100], -1, 1), name: "W");
            var b = new Variable(Tensor.Zeros([100]), name: "b");
            h = (x.MatMul(w) + b).Relu();
        }
        Assert.That(h.ToString(), Is.EqualTo("Tensor(\"Relu:0\", shape=(100, 100), dtype=float32)"));
        using var session = new Session(graph);
        session.InitializeAll();
        Assert.That(session.Run(h, new() { [x] = Tensor.RandomUniform([100, 784]) }).Shape, Is.EqualTo(Shape.Of(100, 100)));
    }

    [Test]
    public void A_random_product_prints_as_a_symbol()
    {
        using (graph.AsDefault())
            Assert.That(Tensor.RandomNormal([10, 10]).MatMul(Tensor.RandomNormal([10, 10])).ToString(), Is.EqualTo("Tensor(\"MatMul:0\", shape=(10, 10), dtype=float32)"));
    }

    [Test]
    public void A_counter_counts()
    {
        Variable state;
        Operation update;
        using (graph.AsDefault())
        {
            state = new Variable(Tensor.From(0), trainable: false, name: "counter");
            update = graph.Group(() => state.Assign(state + 1), "update");
        }
        using var session = new Session(graph);
        session.InitializeAll();
        var seen = new List<int> { session.Run(state).Item<int>() };
        for (int i = 0; i < 3; i++)
        {
            session.Run(update);
            seen.Add(session.Run(state).Item<int>());
        }
        Assert.That(seen, Is.EqualTo(new[] { 0, 1, 2, 3 }));
    }

    [Test]
    public void Shared_variables_are_found_again_under_their_scopes()
    {
        using IDisposable building = graph.AsDefault();
        Variable v;
        using (VariableScope.Open("foo"))
        using (VariableScope.Open("bar")) v = VariableScope.GetVariable("v", [1]);
        Assert.That(graph.GetTensor(v).Name, Is.EqualTo("foo/bar/v:0"));
        using (VariableScope.Open("foo", Reuse.Yes))
        {
            Assert.That(VariableScope.GetVariable("bar/v", [1]), Is.SameAs(v));
            Assert.That(() => VariableScope.GetVariable("missing", [1]), Throws.TypeOf<VariableReuseException>());
        }
    }

    [Test]
    public void A_batch_of_another_size_is_refused_where_the_size_is_fixed()
    {
        Tensor x, y;
        using (graph.AsDefault())
        {
            x = graph.Placeholder([100, 1], name: "X");
            y = x * 2;
        }
        Assert.That(() => graph.Run(y, new() { [x] = Tensor.Zeros([1000, 1]) }), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'X:0'").And.Message.Contains("[1000, 1]"));
    }

    [Test]
    public void A_parabola_is_fitted_as_it_is_eagerly()
    {
        Tensor[] batches = [.. Enumerable.Range(0, 200).Select(static i => Tensor.RandomUniform([100], -10, 10, seed: i))];
        Tensor start = Tensor.RandomNormal([3, 1], seed: 5);
        static Tensor Loss(Tensor x, Tensor w)
        {
            Tensor f = Tensor.Stack([x.Square(), x, Tensor.OnesLike(x)], axis: 1), y = x.Square() * 5 + 3;
            return (f.MatMul(w).Squeeze(1) - y).Square().Sum() / 2 + w.Square().Sum() * 0.05;
        }

        var w = new Variable(start, name: "w");
        var eager = new Adam(0.1);
        foreach (Tensor batch in batches) eager.Minimize(() => Loss(batch, w), [w]);

        Tensor x;
        Variable gw;
        Operation train;
        using (graph.AsDefault())
        {
            x = graph.Placeholder([null], name: "x");
            gw = new Variable(start, name: "w");
            train = graph.Group(() => new Adam(0.1).Minimize(() => Loss(x, gw), [gw]), "train");
        }
        using var session = new Session(graph);
        session.InitializeAll();
        foreach (Tensor batch in batches) session.Run(train, new() { [x] = batch });
        Assert.That(session.Run(gw).ToArray<float>(), Is.EqualTo(w.ToArray<float>()), "the same operations give the same bits");
        Assert.That(w.ToArray<float>()[0], Is.EqualTo(5).Within(0.2), "the leading coefficient comes first; the others have not settled");
    }
}
