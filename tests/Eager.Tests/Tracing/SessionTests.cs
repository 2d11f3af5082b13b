using Eager.Autograd;
using Eager.Layers;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Tracing;

/// <summary>Sessions: values of a graph's variables, initializers, assignments, training.</summary>
public sealed class SessionTests
{
    [Test]
    public void Reading_an_uninitialized_variable_is_an_error_that_names_it()
    {
        var graph = new Graph("sums");
        Tensor sum;
        using (graph.AsDefault())
        {
            var a = new Variable(Tensor.From([[1, 2], [3, 4]]), name: "A");
            sum = a + Tensor.From([[3, 4], [5, 6]]);
            Assert.That(a.ToString(), Is.EqualTo("Tensor(\"A:0\", shape=(2, 2), dtype=int32)"));
        }
        using var session = new Session(graph);
        Assert.That(() => session.Run(sum), Throws.TypeOf<UninitializedVariableException>().With.Message.Contains("'A'").And.Message.Contains("InitializeAll"));
        Assert.That(() => graph.Run(sum), Throws.TypeOf<UninitializedVariableException>().With.Message.Contains("Session"));
        session.InitializeAll();
        Assert.That(session.Run(sum).ToArray<int>(), Is.EqualTo(new[] { 4, 6, 8, 10 }));
    }

    [Test]
    public void A_variable_of_a_graph_has_no_value_outside_of_sessions()
    {
        var graph = new Graph("g");
        Variable w;
        using (graph.AsDefault()) w = new Variable(Tensor.Ones([2]), name: "w");
        Assert.That(() => w.ToArray<float>(), Throws.TypeOf<TracingException>().With.Message.Contains("'g'"));
        Assert.That(() => w * 2, Throws.TypeOf<TracingException>());
        Assert.That(() => w.Assign(Tensor.Zeros([2])), Throws.TypeOf<TracingException>());
        Assert.That(w.Shape, Is.EqualTo(Shape.Of(2)));
    }

    [Test]
    public void Initializers_run_again_and_draw_again()
    {
        var graph = new Graph();
        Variable w, twice;
        using (graph.AsDefault())
        {
            Tensor start = Tensor.RandomNormal([5]);
            w = new Variable(start, name: "w");
            twice = new Variable(start * 2, name: "twice");
        }
        using var session = new Session(graph);
        session.InitializeAll();
        float[] first = session.Run(w).ToArray<float>();
        Assert.That(session.Run(twice).ToArray<float>(), Is.EqualTo(first.Select(static v => v * 2)), "one draw for both");
        Assert.That(session.Run(w).ToArray<float>(), Is.EqualTo(first));
        session.InitializeAll();
        Assert.That(session.Run(w).ToArray<float>(), Is.Not.EqualTo(first));
    }

    [Test]
    public void Some_variables_may_be_initialized()
    {
        var graph = new Graph();
        Variable a, b;
        using (graph.AsDefault())
        {
            a = new Variable(Tensor.From(3f), name: "a");
            b = new Variable(a * 2, name: "b");
        }
        using var session = new Session(graph);
        Assert.That(() => session.Initialize([b]), Throws.TypeOf<UninitializedVariableException>().With.Message.Contains("'a'"));
        session.Initialize([a]);
        Assert.That(session.IsInitialized(a) && !session.IsInitialized(b));
        Assert.That(session.Uninitialized(), Is.EqualTo(new[] { b }));
        session.Own(a).Assign(Tensor.From(5f));
        session.Initialize([b]);
        Assert.That(session.Run(b).Item(), Is.EqualTo(10));
        session.InitializeAll();
        Assert.That(session.Run(b).Item(), Is.EqualTo(6));
        Assert.That(() => session.Initialize([new Variable(Tensor.From(1f), name: "elsewhere")]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'elsewhere'"));
    }

    [Test]
    public void Two_sessions_have_values_of_their_own()
    {
        var graph = new Graph();
        Variable counter;
        Operation count;
        using (graph.AsDefault())
        {
            counter = new Variable(Tensor.From(0), trainable: false, name: "counter");
            count = graph.Group(() => counter.AssignAdd(Tensor.From(1)), "count");
        }
        using var first = new Session(graph);
        using var second = new Session(graph);
        first.InitializeAll();
        second.InitializeAll();
        for (int i = 0; i < 3; i++) first.Run(count);
        second.Run(count);
        Assert.That((first.Run(counter).Item<int>(), second.Run(counter).Item<int>()), Is.EqualTo((3, 1)));
        first.Dispose();
        Assert.That(() => first.Run(counter), Throws.TypeOf<DisposedException>());
        Assert.That(second.Run(counter).Item<int>(), Is.EqualTo(1));
    }

    [Test]
    public void Eval_asks_the_open_session()
    {
        var graph = new Graph();
        Tensor x, y;
        using (graph.AsDefault())
        {
            x = graph.Placeholder([2, 2], name: "x");
            y = x * 2;
        }
        Assert.That(() => y.Eval(), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("AsDefault"));
        using var session = new Session(graph);
        using (session.AsDefault())
        {
            Assert.That(y.Eval(new() { [x] = Tensor.Ones([2, 2]) }).ToArray<float>(), Is.EqualTo(new[] { 2f, 2, 2, 2 }));
            Assert.That(Session.Current, Is.SameAs(session));
        }
        Assert.That(Session.Current, Is.Null);
    }

    [Test]
    public void A_control_dependency_settles_a_race()
    {
        var graph = new Graph();
        Variable a;
        Tensor c;
        Operation assign;
        using (graph.AsDefault())
        {
            a = new Variable(Tensor.From(1), name: "a");
            var b = new Variable(Tensor.From(2), name: "b");
            c = a + b;
            using (ControlDependencies.On(c)) assign = graph.Group(() => a.Assign(Tensor.From(5)), "assign");
        }
        using var session = new Session(graph);
        session.InitializeAll();
        (_, Tensor sum, Tensor now) = session.Run((assign, c, (Tensor)a));
        Assert.That((now.Item<int>(), sum.Item<int>()), Is.EqualTo((5, 3)));
    }

    [Test]
    public void What_waits_for_an_operation_runs_it_first()
    {
        var graph = new Graph();
        Variable a;
        Tensor after, before;
        using (graph.AsDefault())
        {
            a = new Variable(Tensor.From(1), name: "a");
            before = a * 1;
            Operation set = graph.Group(() => a.Assign(Tensor.From(7)), "set");
            using (ControlDependencies.On(set)) after = a * 1;
        }
        using var session = new Session(graph);
        session.InitializeAll();
        Assert.That(session.Run(before).Item<int>(), Is.EqualTo(1), "no fetch depends on the assignment");
        Assert.That(session.Run(after).Item<int>(), Is.EqualTo(7));
    }

    [Test]
    public void What_is_fetched_does_not_change_with_the_variable()
    {
        var graph = new Graph();
        Variable w;
        Tensor view;
        Operation set;
        using (graph.AsDefault())
        {
            w = new Variable(Tensor.Zeros([2, 2]), name: "w");
            view = w.Reshape([4]);
            set = graph.Group(() => w.Assign(Tensor.Ones([2, 2])));
        }
        using var session = new Session(graph);
        session.InitializeAll();
        Tensor before = session.Run(view), variable = session.Run(w);
        session.Run(set);
        Assert.That((before.Sum().Item(), variable.Sum().Item(), session.Run(view).Sum().Item()), Is.EqualTo((0.0, 0.0, 4.0)));
    }

    [Test]
    public void Assignments_are_checked_when_they_are_built_and_when_they_run()
    {
        var graph = new Graph();
        Variable w, open;
        Operation set, grow;
        Tensor rows;
        using (graph.AsDefault())
        {
            w = new Variable(Tensor.Zeros([2, 3]), name: "w");
            open = new Variable(Tensor.Zeros([0, 3]), name: "open", shape: [null, 3]);
            rows = graph.Placeholder([null, 3], name: "rows");
            set = graph.Group(() => w.Assign(rows));
            grow = graph.Group(() => open.Assign(Tensor.Concat([open, rows])));
            Assert.That(() => w.Assign(Tensor.Zeros([4])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'w'"));
            Assert.That(() => w.AssignAdd(Tensor.Zeros([2, 3], DType.Float64)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("'w'"));
        }
        using var session = new Session(graph);
        session.InitializeAll();
        Assert.That(() => session.Run(set, new() { [rows] = Tensor.Ones([1, 3]) }), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'w'"), "it does not stretch");
        session.Run(set, new() { [rows] = Tensor.Ones([2, 3]) });
        Assert.That(session.Run(w).Sum().Item(), Is.EqualTo(6));
        for (int i = 1; i < 3; i++) session.Run(grow, new() { [rows] = Tensor.Ones([i, 3]) });
        Assert.That(session.Run(open).Shape, Is.EqualTo(Shape.Of(3, 3)));
    }

    [Test]
    public void Parts_are_assigned_at_places_of_the_run()
    {
        var graph = new Graph();
        Variable w;
        Tensor places, row;
        Operation set, setRow;
        using (graph.AsDefault())
        {
            w = new Variable(Tensor.Zeros([3, 2]), name: "w");
            (places, row) = (graph.Placeholder([null], DType.Int64, "places"), graph.Placeholder([2], name: "row"));
            set = graph.Group(() => w[places] = row);
            setRow = graph.Group(() => w[1] = row * 2);
        }
        using var session = new Session(graph);
        session.InitializeAll();
        session.Run(set, new() { [places] = Tensor.From(0L, 2), [row] = Tensor.From(1f, 2) });
        session.Run(setRow, new() { [row] = Tensor.From(3f, 4) });
        Assert.That(session.Run(w).ToArray<float>(), Is.EqualTo(new[] { 1f, 2, 6, 8, 1, 2 }));
    }

    [Test]
    public void Constraints_hold_after_each_step_and_the_global_step_counts()
    {
        var graph = new Graph();
        Variable w, steps;
        Operation train;
        using (graph.AsDefault())
        {
            w = new Variable(Tensor.From(1f, 0.25f), name: "w") { Constraint = static v => v.Clip(0.125, 0.5) };
            steps = new Variable(Tensor.From(0L), trainable: false, name: "global_step");
            train = graph.Group(() => new Sgd(0.25).Minimize(() => (w * w).Sum() / 2, [w], steps), "train");
        }
        using var session = new Session(graph);
        session.InitializeAll();
        // w − w/4, held within [0.125, 0.5]: powers of two and sums of few, which are exact
        session.Run(train);
        Assert.That(session.Run(w).ToArray<float>(), Is.EqualTo(new[] { 0.5f, 0.1875f }));
        session.Run(train);
        Assert.That(session.Run(w).ToArray<float>(), Is.EqualTo(new[] { 0.375f, 0.140625f }));
        Assert.That(session.Run(steps).Item<long>(), Is.EqualTo(2));
        session.InitializeAll();
        Assert.That(session.Run(steps).Item<long>(), Is.Zero);
    }

    [Test]
    public void Names_are_those_of_scopes()
    {
        var graph = new Graph();
        using IDisposable building = graph.AsDefault();
        Assert.That(new Variable(Tensor.From(1)).Name, Is.EqualTo("Variable"));
        using (NameScope.Open("scope")) Assert.That(new Variable(Tensor.From(1), name: "a").Name, Is.EqualTo("scope/a"));
        Variable a;
        using (VariableScope.Open("S"))
        {
            a = VariableScope.GetVariable("a", [2]);
            Assert.That(graph.GetTensor(a).Name, Is.EqualTo("S/a:0"));
            Assert.That(() => VariableScope.GetVariable("a", [2]), Throws.TypeOf<VariableReuseException>());
        }
        using (VariableScope.Open("S", Reuse.Yes))
        {
            Assert.That(VariableScope.GetVariable("a"), Is.SameAs(a));
            Assert.That(graph.GetTensor(a + 1).Name, Is.EqualTo("S_1/Add:0"));
        }
    }

    [Test]
    public void Each_graph_has_a_tree_of_shared_variables()
    {
        Graph first = new("first"), second = new("second");
        Variable a, b;
        using (first.AsDefault()) a = VariableScope.GetVariable("shared", [2]);
        using (second.AsDefault()) b = VariableScope.GetVariable("shared", [3]);
        using (first.AsDefault())
        using (VariableScope.Open("x", Reuse.Auto)) Assert.That(VariableScope.GetVariable("own", [1]).Name, Is.EqualTo("x/own"));
        Assert.That((a.Shape, b.Shape), Is.EqualTo((Shape.Of(2), Shape.Of(3))));
        Assert.That(first.Variables.Select(static v => v.Name), Is.EqualTo(new[] { "shared", "x/own" }));
    }

    [Test]
    public void Gradient_descent_and_adam_train_as_they_do_eagerly([Values("sgd", "momentum", "adam")] string kind)
    {
        Optimizer Make() => kind switch { "sgd" => new Sgd(0.1), "momentum" => new Sgd(0.05, momentum: 0.9), _ => new Adam(0.1) };
        Tensor[] batches = [.. Enumerable.Range(0, 10).Select(static i => Tensor.RandomNormal([4 + (i % 3), 3], seed: i))];
        Tensor start = Tensor.RandomNormal([3, 1], seed: 99);
        Tensor Wanted(Tensor x) => x.Sum(axis: 1, keepDims: true) * 2 + 1;

        Optimizer eager = Make();
        Variable w = new(start, name: "w"), b = new(Tensor.Zeros([1]), name: "b");
        var expected = new List<float>();
        foreach (Tensor x in batches) expected.Add(eager.Minimize(() => (x.MatMul(w) + b - Wanted(x)).Square().Mean(), [w, b]).Item<float>());

        var graph = new Graph("regression");
        Tensor input, loss = null!;
        Operation train;
        Optimizer optimizer = Make();
        Variable gw, gb;
        using (graph.AsDefault())
        {
            input = graph.Placeholder([null, 3], name: "x");
            (gw, gb) = (new Variable(start, name: "w"), new Variable(Tensor.Zeros([1]), name: "b"));
            train = graph.Group(() => loss = optimizer.Minimize(() => (input.MatMul(gw) + gb - Wanted(input)).Square().Mean(), graph.TrainableVariables), "train");
        }
        Assert.That(optimizer.Step, Is.Zero, "building makes no step");
        using Session session = new(graph), other = new(graph);
        foreach (Session each in new[] { session, other, session })
        {
            each.InitializeAll();
            var losses = new List<float>();
            foreach (Tensor x in batches) losses.Add(each.Run((loss, train), new() { [input] = x }).loss.Item<float>());
            Assert.That(losses, Is.EqualTo(expected), "the same operations in the same order give the same bits");
            Assert.That(each.Run(gw).ToArray<float>(), Is.EqualTo(w.ToArray<float>()));
        }
        Assert.That(optimizer.Step, Is.EqualTo(batches.Length));
        Assert.That(expected[^1], Is.LessThan(expected[0]));
    }

    [Test]
    public void Sessions_that_take_turns_keep_their_step_counts()
    {
        Tensor batch = Tensor.RandomNormal([4, 2], seed: 3);
        var graph = new Graph();
        Tensor x;
        Variable w;
        Operation train;
        using (graph.AsDefault())
        {
            x = graph.Placeholder([null, 2]);
            w = new Variable(Tensor.Ones([2]), name: "w");
            var adam = new Adam(0.1);
            train = graph.Group(() => adam.Minimize(() => (x * w).Square().Sum(), [w]));
        }
        float[] Alone()
        {
            using var session = new Session(graph);
            session.InitializeAll();
            for (int i = 0; i < 4; i++) session.Run(train, new() { [x] = batch });
            return session.Run(w).ToArray<float>();
        }
        float[] alone = Alone();
        using Session a = new(graph), b = new(graph);
        a.InitializeAll();
        b.InitializeAll();
        for (int i = 0; i < 4; i++)
        {
            a.Run(train, new() { [x] = batch });
            b.Run(train, new() { [x] = batch });
        }
        Assert.That(a.Run(w).ToArray<float>(), Is.EqualTo(alone));
        Assert.That(b.Run(w).ToArray<float>(), Is.EqualTo(alone));
    }

    [Test]
    public void Layers_that_are_made_in_a_graph_have_their_weights_in_sessions()
    {
        var graph = new Graph();
        Tensor x, y;
        var dense = new Dense(4, activation: "relu");
        using (graph.AsDefault())
        {
            x = graph.Placeholder([null, 3], name: "x");
            y = new Dense(2).Call(dense.Call(x));
        }
        Assert.That(y.Shape.ToString(), Is.EqualTo("[?, 2]"));
        Assert.That(graph.Variables, Has.Count.EqualTo(4));
        using var session = new Session(graph);
        session.InitializeAll();
        float[] first = session.Run(dense.Kernel!).ToArray<float>();
        Assert.That(first, Has.Some.Not.Zero);
        Assert.That(session.Run(y, new() { [x] = Tensor.Ones([5, 3]) }).Shape, Is.EqualTo(Shape.Of(5, 2)));
        session.InitializeAll();
        Assert.That(session.Run(dense.Kernel!).ToArray<float>(), Is.Not.EqualTo(first));
    }
}
