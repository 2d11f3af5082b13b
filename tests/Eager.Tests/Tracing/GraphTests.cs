using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Tracing;

/// <summary>Graphs that are built by hand: what they look like, what they run, what they refuse.</summary>
public sealed class GraphTests
{
    [Test]
    public void A_symbol_prints_its_name_shape_and_dtype_and_runs_later()
    {
        var graph = new Graph("sum");
        using IDisposable building = graph.AsDefault();
        Tensor sum = Tensor.From(3) + Tensor.From(5);
        Assert.That(sum.ToString(), Is.EqualTo("Tensor(\"Add:0\", shape=(), dtype=int32)"));
        Assert.That(graph.Run(sum).Item<int>(), Is.EqualTo(8));
    }

    [Test]
    public void A_constant_is_in_the_default_graph_under_its_name()
    {
        var graph = new Graph();
        using (graph.AsDefault())
        {
            Assert.That(Graph.Default, Is.SameAs(graph));
            Tensor five = graph.Constant(Tensor.From(5)), named = graph.Constant(Tensor.From(6), "a");
            Assert.That(five.ToString(), Is.EqualTo("Tensor(\"Const:0\", shape=(), dtype=int32)"));
            Assert.That(graph.GetTensor(named).Operation.ToString(), Is.EqualTo("a = Const() -> int32 []"));
            Assert.That(graph.Run(five).Item<int>(), Is.EqualTo(5));
        }
        Assert.That(Graph.Default, Is.Null);
    }

    [Test]
    public void One_graph_serves_every_batch_size()
    {
        (Graph graph, Tensor x, Tensor y) = Build(x => x.Sum(axis: 1) * 2);
        Assert.That(y.ToString(), Is.EqualTo("Tensor(\"Multiply:0\", shape=(?,), dtype=float32)"));
        Assert.That(graph.Run(y, new() { [x] = Tensor.From([[1f, 2, 3]]) }).ToArray<float>(), Is.EqualTo(new[] { 12f }));
        Assert.That(graph.Run(y, new() { [x] = Tensor.From([[1f, 2, 3], [4, 5, 6], [7, 8, 9]]) }).ToArray<float>(), Is.EqualTo(new[] { 12f, 30, 48 }));
    }

    [Test]
    public void Sizes_go_on_as_sizes_of_the_run()
    {
        (Graph graph, Tensor x, Tensor y) = Build(x =>
        {
            Tensor both = Tensor.Concat([x, x]);                                         // [2n, 3]
            return both.Reshape([x.Shape[0], 2, 3]).Sum(1) + Tensor.Ones([x.Shape[0] * 3]).Sum();
        });
        Assert.That(y.Shape.ToString(), Is.EqualTo("[?, 3]"));
        // Rows of the doubled matrix are added in pairs; 3n is added to each.
        Assert.That(graph.Run(y, new() { [x] = Tensor.From([[1f, 2, 3], [4, 5, 6]]) }).ToArray<float>(), Is.EqualTo(new[] { 11f, 13, 15, 11, 13, 15 }));
        Assert.That(graph.Run(y, new() { [x] = Tensor.From([[1f, 2, 3]]) }).ToArray<float>(), Is.EqualTo(new[] { 5f, 7, 9 }));
    }

    [Test]
    public void An_unknown_size_is_no_number()
    {
        var graph = new Graph("sizes");
        using IDisposable building = graph.AsDefault();
        Tensor x = graph.Placeholder([null, 3]);
        Assert.That(() => x.Sum() / (double)x.ElementCount, Throws.TypeOf<TracingException>().With.Message.Contains("'sizes'"));
        Assert.That(() => (long)x.Shape[0], Throws.TypeOf<TracingException>());
        Assert.That((long)x.Shape[1], Is.EqualTo(3));
    }

    [Test]
    public void A_symbol_has_no_value_inside_the_graph_or_outside()
    {
        (_, Tensor x, Tensor y) = Build(x => x + 1, "g");
        foreach (Tensor symbol in new[] { x, y })
        {
            Assert.That(() => symbol.ToArray<float>(), Throws.TypeOf<TracingException>().With.Message.Contains("'g'").And.Message.Contains("Run"));
            Assert.That(() => symbol * 2, Throws.TypeOf<TracingException>().With.Message.Contains("'g'"));
            symbol.Dispose();
            Assert.That(symbol.IsDisposed, Is.False);
        }
        (Graph graph, Tensor z, _) = Build(x => x);
        using (graph.AsDefault()) Assert.That(() => z.Sum().Item(), Throws.TypeOf<TracingException>());
    }

    [Test]
    public void A_placeholder_that_is_not_fed_or_not_fitted_is_named()
    {
        (Graph graph, Tensor x, Tensor y) = Build(x => x + 1, "g");
        Assert.That(() => graph.Run(y), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'x:0'").And.Message.Contains("float32 [?, 3]"));
        Assert.That(() => graph.Run(y, new() { [x] = Tensor.Ones([2, 4]) }), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'x:0'").And.Message.Contains("[2, 4]"));
        Assert.That(() => graph.Run(y, new() { ["z:0"] = Tensor.Ones([2, 4]) }), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'z'"));
        Assert.That(() => graph.Run("Add_7:0"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("Add_7"));
        Assert.That(() => graph.Run(y, new() { [x] = y }), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("no value"));
    }

    [Test]
    public void Placeholders_of_one_shape_share_its_unknown_size()
    {
        var graph = new Graph();
        Tensor a, b, sum;
        using (graph.AsDefault())
        {
            Shape rows = [null];
            (a, b) = (graph.Placeholder(rows, name: "a"), graph.Placeholder(rows, name: "b"));
            sum = a + b;
        }
        Assert.That(() => graph.Run(sum, new() { [a] = Tensor.Ones([3]), [b] = Tensor.Ones([4]) }), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'a:0'").And.Message.Contains("'b:0'"));
    }

    [Test]
    public void What_is_fed_is_converted_to_the_dtype()
    {
        (Graph graph, Tensor x, Tensor y) = Build(x => x * 2);
        Tensor result = graph.Run(y, new() { [x] = Tensor.From([[1, 2, 3]]) });
        Assert.That(result.DType, Is.EqualTo(DType.Float32));
        Assert.That(result.ToArray<float>(), Is.EqualTo(new[] { 2f, 4, 6 }));
    }

    [Test]
    public void Any_tensor_may_be_fed_by_tensor_or_name_which_cuts_what_stands_before_it()
    {
        var graph = new Graph();
        Tensor five, doubled;
        int calls = 0;
        using (graph.AsDefault())
        {
            five = Counted(graph.Constant(Tensor.From(5)), () => calls++);
            doubled = five * 2;
        }
        Assert.That(graph.Run(doubled).Item<int>(), Is.EqualTo(10));
        Assert.That(calls, Is.EqualTo(1));
        Assert.That(graph.Run(doubled, new() { [five] = Tensor.From(6) }).Item<int>(), Is.EqualTo(12));
        Assert.That(graph.Run(doubled, new() { [graph.GetTensor(five).Name] = Tensor.From(7) }).Item<int>(), Is.EqualTo(14));
        Assert.That(graph.Run(five, new() { [five] = Tensor.From(8) }).Item<int>(), Is.EqualTo(8));
        Assert.That(calls, Is.EqualTo(1));
    }

    [Test]
    public void Only_what_a_fetch_depends_on_runs_and_each_operation_once()
    {
        var graph = new Graph();
        Tensor shared, sum, other;
        var ran = new List<string>();
        using (graph.AsDefault())
        {
            shared = Counted(graph.Constant(Tensor.From(2f)), () => ran.Add("shared"));
            sum = shared * 3 + shared.Square();
            other = Counted(shared + 1, () => ran.Add("other"));
        }
        Assert.That(ran, Is.Empty);
        Assert.That(graph.Run(sum).Item(), Is.EqualTo(10));
        Assert.That(ran, Is.EqualTo(new[] { "shared" }));
        Assert.That(graph.Run((sum, other)).Item2.Item(), Is.EqualTo(3));
        Assert.That(ran, Is.EqualTo(new[] { "shared", "shared", "other" }));
    }

    private sealed record Named(Tensor A, string Label, (Tensor B, Operation Step) Inner);

    [Test]
    public void Fetch_structures_come_back_filled()
    {
        var graph = new Graph();
        Tensor a, b;
        using (graph.AsDefault())
        {
            a = graph.Constant(Tensor.From(5), "a");
            b = graph.Constant(Tensor.From(8), "b") * 1;
        }
        Operation op = graph.GetTensor(b).Operation;
        Assert.That(graph.Run(new[] { a, b }).Select(static t => t.Item<int>()), Is.EqualTo(new[] { 5, 8 }));
        Dictionary<string, List<Tensor>> listed = graph.Run(new Dictionary<string, List<Tensor>> { ["a"] = [a], ["b"] = [b, a] });
        Assert.That(listed["b"].Select(static t => t.Item<int>()), Is.EqualTo(new[] { 8, 5 }));
        Named named = graph.Run(new Named(a, "kept", (b, op)));
        Assert.That((named.A.Item<int>(), named.Label, named.Inner.B.Item<int>(), named.Inner.Step), Is.EqualTo((5, "kept", 8, (Operation?)null)));
        object[] mixed = graph.Run(new object[] { "a:0", graph.GetTensor(b), op, "a" });
        Assert.That(mixed.Select(static m => (m as Tensor)?.Item<int>()), Is.EqualTo(new int?[] { 5, 8, null, null }));
        Assert.That(() => graph.Run(new HashSet<Tensor> { a }), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("HashSet"));
        Assert.That(() => graph.Run(new[] { graph.GetTensor(a) }), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("GraphTensor"));
        Assert.That(a.IsSymbol && named.A != a, "the structure that was given keeps its symbols");
    }

    [Test]
    public void Graphs_live_side_by_side_and_go_on_when_they_are_opened_again()
    {
        var first = new Graph("first");
        var second = new Graph("second");
        Tensor a, b, c;
        using (first.AsDefault())
        {
            a = first.Placeholder([], name: "a");
            using (second.AsDefault()) b = second.Placeholder([], name: "a") + 1;
            c = a + 2;
        }
        using (first.AsDefault()) c *= 10;
        Assert.That(first.Operations.Count(static o => o.Type == "Placeholder"), Is.EqualTo(1));
        Assert.That(first.Run(c, new() { [a] = Tensor.From(1f) }).Item(), Is.EqualTo(30));
        Assert.That(second.Run(b, new() { ["a:0"] = Tensor.From(1f) }).Item(), Is.EqualTo(2));
        Assert.That(() => first.Run(b), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'second'"));
        Assert.That(() => first.Run(c, new() { [b] = Tensor.From(1f) }), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'second'"));
        using (first.AsDefault()) Assert.That(() => b + a, Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'second'"));
    }

    [Test]
    public void Name_scopes_are_numbered_and_gone_back_to()
    {
        var graph = new Graph();
        using IDisposable building = graph.AsDefault();
        Tensor x = graph.Placeholder([]);
        string Name(Tensor t) => graph.GetTensor(t).Name;
        using (NameScope.Open("prefix"))
        {
            Assert.That(Name(x + x), Is.EqualTo("prefix/Add:0"));
            using (NameScope.Open("inner")) Assert.That(Name(x + x), Is.EqualTo("prefix/inner/Add:0"));
        }
        using (NameScope.Open("prefix")) Assert.That(Name(x + x), Is.EqualTo("prefix_1/Add:0"));
        using (NameScope.Open("prefix/")) Assert.That(Name(x * x), Is.EqualTo("prefix/Multiply:0"));
        Assert.That(Name(x + x), Is.EqualTo("Add:0"));
    }

    [Test]
    public void Building_draws_nothing_and_each_run_draws_anew()
    {
        using var generator = new Generator(7);
        using var same = new Generator(7);
        var graph = new Graph();
        Tensor drawn;
        using (graph.AsDefault()) drawn = Tensor.RandomNormal([4], generator: generator);
        Assert.That(drawn.ToString(), Is.EqualTo("Tensor(\"RandomNormal:0\", shape=(4,), dtype=float32)"));
        for (int i = 0; i < 2; i++)
            Assert.That(graph.Run(drawn).ToArray<float>(), Is.EqualTo(Tensor.RandomNormal([4], generator: same).ToArray<float>()));
    }

    [Test]
    public void A_variable_from_outside_has_its_current_value()
    {
        var w = new Variable(Tensor.From(2f), name: "w");
        (Graph graph, Tensor x, Tensor y) = Build(x => x.Sum() * w);
        Tensor ones = Tensor.Ones([1, 3]);
        Assert.That(graph.Run(y, new() { [x] = ones }).Item(), Is.EqualTo(6));
        w.Assign(Tensor.From(5f));
        Assert.That(graph.Run(y, new() { [x] = ones }).Item(), Is.EqualTo(15));
    }

    [Test]
    public void Gradients_are_those_of_the_sizes_of_the_run()
    {
        var graph = new Graph();
        Tensor x, b;
        Tensor?[] gradients;
        using (graph.AsDefault())
        {
            (x, b) = (graph.Placeholder([null, 3], name: "x"), graph.Placeholder([3], name: "b"));
            using var tape = new GradientTape();
            tape.Watch(x, b);
            Tensor unused = graph.Placeholder([]);
            gradients = tape.Gradient((x + b).Square().Mean(), [x, b, unused]);
            Assert.That(gradients[2], Is.Null);
        }
        foreach (int rows in new[] { 1, 2, 5 })
        {
            Tensor value = Tensor.Range(0, rows * 3, dtype: DType.Float32).Reshape([rows, 3]);
            Tensor[] got = graph.Run(new[] { gradients[0]!, gradients[1]! }, new() { [x] = value, [b] = Tensor.Ones([3]) });
            // L = Σ(x + b)²/3n ⇒ dx = 2(x + b)/3n, and b gets the sum of its rows
            float[] dx = [.. Enumerable.Range(0, rows * 3).Select(i => 2f * (i + 1) / (3 * rows))];
            Assert.That(got[0].ToArray<float>(), Is.EqualTo(dx).Within(1e-6f), "float32 rounds to 6e-8 relative; the sums have few terms");
            Assert.That(got[1].ToArray<float>(), Is.EqualTo(Enumerable.Range(0, 3).Select(j => Enumerable.Range(0, rows).Sum(i => dx[(i * 3) + j]))).Within(1e-5f));
        }
    }

    [Test]
    public void Gradients_of_gradients_run_too()
    {
        var graph = new Graph();
        Tensor x, second;
        using (graph.AsDefault())
        {
            x = graph.Placeholder([], name: "x");
            using var outer = new GradientTape();
            outer.Watch(x);
            using var inner = new GradientTape();
            inner.Watch(x);
            Tensor first = inner.Gradient(x * x * x, x)!;
            second = outer.Gradient(first, x)!;
        }
        Assert.That(graph.Run(second, new() { [x] = Tensor.From(4f) }).Item(), Is.EqualTo(24).Within(1e-5), "6x; one float32 rounding");
        using (graph.AsDefault())
        {
            using var tape = new GradientTape();
            Assert.That(() => tape.StopRecording(), Throws.TypeOf<GradientException>().With.Message.Contains("StopGradient"));
            Assert.That(() => tape.Gradient(graph.Constant(Tensor.From(1f)), x), Throws.TypeOf<GradientException>().With.Message.Contains("depends on none"));
        }
    }

    [Test]
    public void Host_functions_run_when_the_graph_runs()
    {
        var graph = new Graph();
        var writer = new StringWriter();
        Tensor five, printed, sines;
        using (graph.AsDefault())
        {
            five = graph.Constant(Tensor.From(5));
            printed = new Train.Print("value ", output: writer).Call(five);
            Func<Tensor[], Tensor> host = Function.Host(static x => Tensor.From(Array.ConvertAll(x[0].ToArray<double>(), Math.Sin)), result: new([null], DType.Float64));
            sines = host([Tensor.From(0.0, 1.0)]);
            Assert.That(() => Function.Host(static x => x[0])([five]), Throws.TypeOf<TracingException>().With.Message.Contains("result"));
        }
        Assert.That(writer.ToString(), Is.Empty);
        Assert.That(graph.Run(printed).Item<int>(), Is.EqualTo(5));
        Assert.That(graph.Run(printed, new() { [printed] = Tensor.From(6) }).Item<int>(), Is.EqualTo(6));
        Assert.That(writer.ToString(), Is.EqualTo($"value [5]{Environment.NewLine}"));
        Assert.That(graph.Run(sines).ToArray<double>(), Is.EqualTo(new[] { 0, Math.Sin(1) }));
    }

    [Test]
    public void A_run_leaves_nothing_behind_but_its_results()
    {
        (Graph graph, Tensor x, Tensor y) = Build(x => (x * 2 + 1).Exp().Sum());
        Tensor value = Tensor.Ones([2, 3]);
        var feeds = new Feeds { [x] = value };
        graph.Run(y, feeds).Dispose();
        using var count = new WrapperCount();
        Tensor result = graph.Run(y, feeds);
        Assert.That(count.Beside(result), Is.Zero);
        Assert.That(value.IsDisposed, Is.False);
    }

    [Test]
    public void The_graph_of_a_traced_function_runs_fetches_with_the_sizes_of_its_trace()
    {
        var counter = new Variable(Tensor.From(0f), trainable: false, name: "counter");
        using TracedFunction traced = Function.Trace(x =>
        {
            counter.AssignAdd(Tensor.Ones([]));
            return (x * 3 + 1).Sum();
        }, "f", [new([null], Name: "x")]);
        Tensor x = Tensor.From(1f, 2);
        float called = traced.Call(x).Item<float>();
        Graph graph = traced.Graph;
        Assert.That(counter.Item(), Is.EqualTo(1));
        Assert.That(graph.Run(graph.Outputs[0], new() { ["x:0"] = x }).Item<float>(), Is.EqualTo(called));
        Assert.That(graph.Run("Multiply:0", new() { ["x:0"] = x }).ToArray<float>(), Is.EqualTo(new[] { 3f, 6 }));
        Assert.That(counter.Item(), Is.EqualTo(1), "no fetch depended on the assignment");
        graph.Run(graph.GetOperation("AssignAdd"));
        Assert.That(counter.Item(), Is.EqualTo(2));
        Assert.That(() => graph.Run("Multiply:0", new() { ["x:0"] = Tensor.Ones([3]) }), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("trace"));
        Assert.That(() => graph.AsDefault(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("traced"));
    }

    [Test]
    public void A_thousand_operations_in_a_row_do_not_exhaust_the_stack()
    {
        (Graph graph, Tensor x, Tensor y) = Build(x =>
        {
            for (int i = 0; i < 5000; i++) x += 1;
            return x;
        });
        Assert.That(graph.Run(y, new() { [x] = Tensor.Zeros([1, 3]) }).ToArray<float>(), Is.EqualTo(new[] { 5000f, 5000, 5000 }));
    }

    private static (Graph Graph, Tensor X, Tensor Y) Build(Func<Tensor, Tensor> function, string name = "graph")
    {
        var graph = new Graph(name);
        using (graph.AsDefault())
        {
            Tensor x = graph.Placeholder([null, 3], DType.Float32, "x");
            return (graph, x, function(x));
        }
    }

    private static Tensor Counted(Tensor x, Action count) => Function.Looking(_ => count(), "count")([x]);
}
