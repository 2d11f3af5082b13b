using Eager.Autograd;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training;

/// <summary>The cookbook's functions against their definitions.</summary>
public sealed class CookbookTests
{
    [Test]
    public void A_shape_is_static_where_known_and_at_hand_otherwise()
    {
        Assert.That(Cookbook.GetShape(Tensor.Zeros([2, 3])), Is.EqualTo(new Dim[] { 2, 3 }));
        IReadOnlyList<Dim>? seen = null;
        using TracedFunction traced = Function.Trace(x => { seen = Cookbook.GetShape(x); return x + 1; });
        traced.Call(Tensor.Zeros([4, 5]));
        Assert.That(seen!.Select(d => d.Value), Is.EqualTo(new long[] { 4, 5 }));
    }

    [Test]
    public void Gathering_in_a_batch_takes_each_elements_own_places()
    {
        Tensor x = Tensor.From([.. Enumerable.Range(0, 24).Select(i => (double)i)], [2, 4, 3]), indices = Tensor.From([[[3, 0], [1, 1]], [[2, 2], [0, 3]]]);
        Tensor y = Cookbook.BatchGather(x, indices);
        Assert.That(y.ConcreteShape, Is.EqualTo(Shape.FromSizes(2, 2, 2, 3)));
        for (int b = 0; b < 2; b++) Assert.That(y[b].ToArray<double>(), Is.EqualTo(x[b].Gather(indices[b].Cast(DType.Int64)).ToArray<double>()));
        Assert.That(Cookbook.BatchGather(Tensor.From([[1, 2], [3, 4]]), Tensor.From([[1], [0]])).ToArray<int>(), Is.EqualTo(new[] { 2, 3 }));
        GradientCheck.Require(v => Cookbook.BatchGather(v, indices).Square(), x, 2);
        Assert.That(() => Cookbook.BatchGather(x, Tensor.From([[4], [0]])), Throws.InstanceOf<EagerException>());
        Assert.That(() => Cookbook.BatchGather(x, Tensor.From(1, 2, 3)), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Cookbook.BatchGather(x, Tensor.From([[1f], [0f]])), Throws.TypeOf<DTypeMismatchException>());
    }

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(4)]
    public void A_beam_search_finds_what_a_search_by_hand_finds(int width)
    {
        // The state counts steps; logits depend on the step and the token before.
        const int classes = 4, length = 3, end = 0;
        var random = new System.Random(5);
        double[,,,] table = new double[2, length, classes, classes];
        foreach (int i in Enumerable.Range(0, table.Length)) table[i / (length * classes * classes), i / (classes * classes) % length, i / classes % classes, i % classes] = random.NextDouble() * 4;

        Tensor initial = Tensor.From([[0.0, 0], [1, 0]]);
        (Tensor State, Tensor Logits) Update(Tensor state, Tensor tokens)
        {
            double[] s = state.ToArray<double>();
            long[] t = tokens.ToArray<long>();
            double[] logits = [.. Enumerable.Range(0, t.Length).SelectMany(i => Enumerable.Range(0, classes).Select(c => table[(int)s[2 * i], (int)s[(2 * i) + 1], t[i], c]))];
            return (state + Tensor.From(0.0, 1), Tensor.From(logits, [2, width, classes]));
        }

        (Tensor tokens, Tensor sums) = Cookbook.RnnBeamSearch(Update, initial, length, width, beginToken: 1, endToken: end);
        Assert.That(tokens.ConcreteShape, Is.EqualTo(Shape.FromSizes(2, width, length)));
        for (int b = 0; b < 2; b++)
        {
            List<(int[] Tokens, double Sum, bool GoesOn)> beam = [([], 0, true)];
            for (int step = 0; step < length; step++)
            {
                beam = [.. beam.SelectMany(kept => Enumerable.Range(0, classes).Where(c => kept.GoesOn || c == end).Select(c =>
                {
                    double[] row = [.. Enumerable.Range(0, classes).Select(k => table[b, step, kept.Tokens.Length == 0 ? 1 : kept.Tokens[^1], k])];
                    double log = row[c] - Math.Log(row.Sum(Math.Exp));
                    return ((int[])[.. kept.Tokens, c], kept.Sum + (kept.GoesOn ? log : 0), kept.GoesOn && c != end);
                })).OrderByDescending(kept => kept.Item2).Take(width)];
            }
            Assert.That(sums[b].ToArray<double>(), Is.EqualTo(beam.Select(kept => kept.Sum)).Within(1e-12));
            for (int k = 0; k < width; k++) Assert.That(tokens[b, k].ToArray<long>(), Is.EqualTo(beam[k].Tokens.Select(t => (long)t)));
        }
        Assert.That(() => Cookbook.RnnBeamSearch(Update, initial, 0, width, 1, 0), Throws.TypeOf<InvalidArgumentException>());
        Assert.That(() => Cookbook.RnnBeamSearch(Update, Tensor.Ones([2]), 1, width, 1, 0), Throws.TypeOf<ShapeMismatchException>());
    }

    [Test]
    public void Merging_projects_adds_and_rectifies()
    {
        using VariableStore store = VariableStore.Open();
        Tensor a = Tensor.RandomNormal([4, 1, 2], generator: new Generator(1)), b = Tensor.RandomNormal([1, 3, 7], generator: new Generator(2));
        Tensor c = Cookbook.Merge([a, b], 5);
        Assert.That(c.ConcreteShape, Is.EqualTo(Shape.FromSizes(4, 3, 5)));
        IReadOnlyList<Variable> w = store.Variables();
        Assert.That(w.Select(static v => v.Name), Is.EqualTo((string[])["merge/proj_0/kernel", "merge/proj_0/bias", "merge/proj_1/kernel", "merge/proj_1/bias"]));
        Tensor sum = a.MatMul(w[0]) + w[1] + (b.MatMul(w[2]) + w[3]);
        Assert.That(c.ToArray<float>(), Is.EqualTo(sum.Relu().ToArray<float>()));
        VariableScope.Current.ReuseVariables();
        Assert.That(Cookbook.Merge([a, b], 5, "linear", name: "merge").ToArray<float>(), Is.EqualTo(sum.ToArray<float>()));
        Assert.That(() => Cookbook.Merge([], 5), Throws.TypeOf<InvalidArgumentException>());
        Assert.That(() => Cookbook.Merge([a, a], 5, name: "merge"), Throws.TypeOf<ShapeMismatchException>());
    }

    [Test]
    public void Batch_normalization_takes_the_batch_in_training_and_its_updates_are_run_apart()
    {
        using VariableStore store = VariableStore.Open();
        Tensor Normalize(Tensor v, bool training = false)
        {
            using VariableScope scope = VariableScope.Open("net", Reuse.Auto);
            return Cookbook.BatchNormalization(v, training, name: "norm");
        }
        double[] first = [1, 3, 5, 7], second = [-2, 2, 4, 0];
        Tensor x = Tensor.From([.. first.Zip(second).SelectMany(p => new[] { p.First, p.Second })], [2, 1, 2, 2]);
        using (UpdateCollection updates = UpdateCollection.Open())
        {
            double[] y = Normalize(x, training: true).ToArray<double>();
            // Means 4 and 1, variances 5 and 5.
            Assert.That(y, Is.EqualTo(first.Zip(second).SelectMany(p => new[] { (p.First - 4) / Math.Sqrt(5.001), (p.Second - 1) / Math.Sqrt(5.001) })).Within(1e-14));
            Variable mean = store.Variables("net/norm")[2], variance = store.Variables("net/norm")[3];
            Assert.That((mean.Name, mean.Trainable, variance.Name), Is.EqualTo(("net/norm/avg_mean", false, "net/norm/avg_variance")));
            Assert.That(mean.ToArray<double>(), Is.All.Zero, "updates are to be run");
            Assert.That(updates.Count, Is.EqualTo(2));
            updates.Run();
            Assert.That(updates.Count, Is.Zero);
            Assert.That(mean.ToArray<double>(), Is.EqualTo(new[] { 0.4, 0.1 }).Within(1e-15));
            Assert.That(variance.ToArray<double>(), Is.EqualTo(new[] { 1.4, 1.4 }).Within(1e-15));
            Assert.That(Normalize(x).ToArray<double>()[0], Is.EqualTo((1 - 0.4) / Math.Sqrt(1.401)).Within(1e-14));

            using UpdateCollection inner = UpdateCollection.Open();
            Normalize(x, training: true);
            Assert.That(updates.Dispose, Throws.TypeOf<InvalidArgumentException>());
        }
        Assert.That(store.Variables("net/norm")[2].ToArray<double>()[0], Is.EqualTo(0.4).Within(1e-15), "what was never run is given up");
        Assert.That(UpdateCollection.Current, Is.Null);
        Normalize(x, training: true);
        Assert.That(store.Variables("net/norm")[2].ToArray<double>()[0], Is.EqualTo(0.76).Within(1e-15), "at once where nobody collects: 0.9 · 0.4 + 0.1 · 4");
        GradientCheck.Require(v => Normalize(v, training: true).Square().Square(), x);
        Assert.That(() => Normalize(Tensor.Ones([3], DType.Float64)), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Normalize(Tensor.Ones([], DType.Float64)), Throws.TypeOf<ShapeMismatchException>());
    }

    [Test]
    public void A_leaky_rectifier_leaks_a_tenth_and_parallel_parts_are_joined_with_gradients()
    {
        Assert.That(Cookbook.LeakyRelu(Tensor.From(-2.0, 3)).ToArray<double>(), Is.EqualTo(new[] { -0.2, 3 }));
        Assert.That(() => Cookbook.LeakyRelu(Tensor.From(1.0), 2), Throws.TypeOf<InvalidArgumentException>());

        Tensor a = Tensor.From([[1.0, 2], [3, 4], [5, 6], [7, 8]]), b = Tensor.From(1.0, 10, 100, 1000);
        int calls = 0;
        Tensor Run(Tensor v) => Cookbook.MakeParallel(parts =>
        {
            calls++;
            Assert.That(parts["a"].ConcreteShape[0].Value, Is.EqualTo(2));
            return parts["a"].Sum(-1) * parts["b"];
        }, [Device.Cpu, Device.Cpu], new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["a"] = v, ["b"] = b });
        Assert.That(Run(a).ToArray<double>(), Is.EqualTo(new double[] { 3, 70, 1100, 15000 }));
        Assert.That(calls, Is.EqualTo(2));
        GradientCheck.Require(v => Run(v).Square() * 1e-6, a, 2);
        Assert.That(() => Cookbook.MakeParallel(p => p["a"], [], new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["a"] = a }), Throws.TypeOf<InvalidArgumentException>());
    }

    [Test]
    public void The_polynomial_fitted_in_parallel_takes_the_steps_of_one_fitted_whole()
    {
        Tensor[] weights = [.. new[] { 1, 2, 5 }.Select(parts =>
        {
            using VariableStore store = VariableStore.Open();
            using VariableScope scope = VariableScope.Open("polynomial");
            var random = new System.Random(1);
            var adam = new Adam(0.1);
            double last = 0;
            for (int step = 0; step < 1000; step++)
            {
                double[] xs = [.. Enumerable.Range(0, 100).Select(_ => (random.NextDouble() * 20) - 10)];
                var inputs = new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["x"] = Tensor.From(xs), ["y"] = Tensor.From([.. xs.Select(x => (5 * x * x) + 3)]) };
                using var tape = new GradientTape();
                // Within MakeParallel the model makes its variable once; from the second step on it is to be found outside, too.
                if (step == 1) scope.ReuseVariables();
                Tensor loss = Cookbook.MakeParallel(p => Polynomial(p["x"], p["y"]), [.. Enumerable.Repeat(Device.Cpu, parts)], inputs).Mean();
                IReadOnlyList<Variable> variables = store.Variables();
                Assert.That(variables.Select(v => v.Name), Is.EqualTo(new[] { "polynomial/w" }));
                adam.Apply(tape.Gradient(loss, variables), variables);
                last = loss.Item();
            }
            Assert.That(last, Is.LessThan(1));
            return store.Variables()[0].Clone();
        })];
        // 5x² + 3, the rest of the way to which Adam has not gone at this rate: the documents' intercept is 3.2 to 3.6.
        double[] whole = weights[0].ToArray<double>();
        Assert.That(whole[0], Is.EqualTo(5).Within(0.05));
        Assert.That(whole[1], Is.Zero.Within(0.05));
        Assert.That(whole[2], Is.InRange(2.5, 4.0));
        // Sums in another order: 1000 steps carry the last bits of a loss on, each step dividing by the gradients' own size.
        foreach (Tensor parallel in weights[1..]) Assert.That(parallel.ToArray<double>(), Is.EqualTo(whole).Within(1e-9));

        static Tensor Polynomial(Tensor x, Tensor y)
        {
            Variable w = VariableScope.GetVariable("w", [3, 1], static (shape, dtype) => Tensor.Full(shape, 0.5, dtype), DType.Float64);
            return (Tensor.Stack([x.Square(), x, Tensor.OnesLike(x)], 1).MatMul(w).Squeeze(1) - y).Square();
        }
    }

    [Test]
    public void What_cannot_run_in_parallel_is_refused_by_name()
    {
        static Tensor Run(Device[] devices, Tensor a, Tensor b) =>
            Cookbook.MakeParallel(p => p["a"] + p["b"], devices, new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["a"] = a, ["b"] = b });
        Tensor four = Tensor.Ones([4]);
        Assert.That(() => Run([Device.Cpu, Device.Cpu, Device.Cpu], four, four), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'a' is [4]"));
        Assert.That(() => Run([Device.Cpu, Device.Cpu], four, Tensor.Ones([6])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("'b' is [6]"));
        Assert.That(() => Run([Device.Cpu], four, Tensor.Ones([])), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Run([Device.Cpu, Device.Cuda(63)], four, four), Throws.TypeOf<DeviceException>().With.Message.Contains("cpu"));

        var made = new List<Tensor>();
        using var wrappers = new WrapperCount();
        Tensor sum = Cookbook.MakeParallel(p => { made.Add(p["a"] + 1); return made[^1]; }, [Device.Cpu, Device.Cpu], new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["a"] = four });
        Assert.That(sum.ToArray<float>(), Is.All.EqualTo(2));
        Assert.That(wrappers.Beside([sum, .. made]), Is.Zero);
        Assert.That(made[0].ToArray<float>(), Is.All.EqualTo(2), "what the function made stays");
    }
}
