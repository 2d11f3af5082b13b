using Eager.Autograd;
using Eager.Layers;
using Eager.Tests.OpTable;
using NUnit.Framework;

namespace Eager.Tests.Tensors;

/// <summary>That a thread can ask for operands of one rank.</summary>
[Parallelizable(ParallelScope.All)]
public class BroadcastingTests
{
    private static readonly OpRow[] Rows = [.. OpTable.OpTable.Rows.Where(static r => r.Samples.Any(static s => s.Inputs.Length > 1))];

    [Test]
    public void The_ugly_sum_is_caught()
    {
        Tensor column = Tensor.From([1f, 2f]).Reshape([2, 1]), vector = Tensor.From([1f, 2f]);

        Assert.That((column + vector).Shape, Is.EqualTo(Shape.Of(2, 2)));
        using (Broadcasting.Strict())
        {
            Assert.That(() => column + vector, Throws.TypeOf<ShapeMismatchException>().With.Message
                .StartsWith("Add").And.Message.Contains("[2, 1]").And.Message.Contains("[2]").And.Message.Contains("ExpandDims"));
        }
        Assert.That((column + vector).Shape, Is.EqualTo(Shape.Of(2, 2)));
    }

    [Test]
    public void Numbers_scalars_and_sizes_of_1_still_stretch()
    {
        Tensor x = Tensor.Ones([2, 3]);
        using IDisposable strict = Broadcasting.Strict();

        Assert.That((x + 1).Shape, Is.EqualTo(x.Shape));
        Assert.That((x + Tensor.From(1f)).Shape, Is.EqualTo(x.Shape));
        Assert.That((x * Tensor.Ones([1, 3])).Shape, Is.EqualTo(x.Shape));
        Assert.That((x + Tensor.Ones([3]).BroadcastTo([2, 3])).Shape, Is.EqualTo(x.Shape));
    }

    private static readonly Dictionary<string, (Func<Tensor, Tensor, Tensor> Call, int[] A, int[] B)> Batches = new()
    {
        ["MatMul"] = (static (a, b) => a.MatMul(b), [2, 2], [2, 2]),
        ["Solve"] = (static (a, b) => a.Solve(b), [2, 2], [2, 2]),
        ["SolveTriangular"] = (static (a, b) => a.SolveTriangular(b, upper: true), [2, 2], [2, 2]),
        ["CholeskySolve"] = (static (a, b) => a.CholeskySolve(b), [2, 2], [2, 2]),
        ["LeastSquares"] = (static (a, b) => a.LeastSquares(b).Solution, [2, 2], [2, 2]),
        ["CDist"] = (static (a, b) => a.CDist(b), [2, 3], [4, 3]),
        ["VectorDot"] = (static (a, b) => a.VectorDot(b), [3], [3]),
        ["Outer"] = (static (a, b) => a.Outer(b), [3], [2]),
        ["Cross"] = (static (a, b) => a.Cross(b), [3], [3]),
        ["Einsum"] = (static (a, b) => Tensor.Einsum("...ij,...jk->...ik", a, b), [2, 2], [2, 2]),
        ["Kron"] = (static (a, b) => a.Kron(b), [], []),
    };

    private static IEnumerable<string> BatchNames => Batches.Keys;

    [TestCaseSource(nameof(BatchNames))]
    public void Batches_of_two_ranks_are_refused_and_one_for_all_is_not(string name)
    {
        (Func<Tensor, Tensor, Tensor> call, int[] a, int[] b) = Batches[name];
        Tensor Of(int[] own, params int[] batch)
        {
            Shape shape = Shape.FromSizes([.. batch.Concat(own).Select(static size => (long)size)]);
            return own is [2, 2] ? Tensor.Eye(2).BroadcastTo(shape) : Tensor.Ones(shape);
        }

        Shape padded = call(Of(a, 4, 5), Of(b, 5)).Shape;
        using IDisposable strict = Broadcasting.Strict();
        foreach (Action ugly in (Action[])[() => call(Of(a, 4, 5), Of(b, 5)), () => call(Of(a, 5), Of(b, 4, 5))])
            Assert.That(() => ugly(), Throws.TypeOf<ShapeMismatchException>().With.Message.StartsWith(name).And.Message.Contains("[4, 5").And.Message.Contains("give [5").And.Message.Contains("Strict").And.Message.Contains("ExpandDims"));
        if (name != "Kron") Assert.That(call(Of(a, 4, 5), Of(b, 1, 5)).Shape, Is.EqualTo(padded), "sizes of 1 still stretch");
        Assert.That(() => call(Of(a, 4, 5), Of(b)), Throws.Nothing, "one for all");
        Assert.That(() => call(Of(a), Of(b, 4, 5)), Throws.Nothing, "one for all");
    }

    [TestCaseSource(nameof(Rows))]
    public void Elementwise_operations_are_refused_and_methods_do_inside_as_they_like(OpRow row)
    {
        using IDisposable strict = Broadcasting.Strict();
        foreach (Sample sample in row.Samples)
        {
            if (!row.DTypes.Any(sample.For.Contains)) continue;
            DType dtype = row.DTypes.First(sample.For.Contains);
            Tensor[] x = [.. sample.Inputs.Select(a => TensorData.Make(a, dtype))];
            bool oneRank = x.Select(static t => t.Rank).Where(static rank => rank > 0).Distinct().Count() <= 1;
            if (oneRank) Assert.DoesNotThrow(() => row.Run(sample, x, dtype), sample.ToString());
            else if (row.Op is { Broadcasts: true }) Assert.That(() => row.Run(sample, x, dtype), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("Strict"), sample.ToString());
        }
    }

    [Test]
    public void Gradients_layers_and_maps_run_under_it()
    {
        using IDisposable strict = Broadcasting.Strict();
        var layers = new Sequential(new Dense(4, activation: "relu"), new LayerNorm(), new BatchNorm(), new Dropout(0.2), new Dense(2));
        Tensor x = Tensor.RandomNormal([3, 5], generator: new(1));
        using (var tape = new GradientTape())
        {
            Tensor loss = layers.Call(x, training: true).Square().Mean();
            Assert.That(tape.Gradient(loss, layers.TrainableVariables), Has.All.Not.Null);
        }

        Assert.That(Function.Vmap(static (Tensor row) => (row * 2 + row.Sum()).Exp())(x).Shape, Is.EqualTo(x.Shape));
        Assert.That(Function.Jacobian(static row => row * row.Sum(), x[0]).Shape, Is.EqualTo(Shape.Of(5, 5)));
    }

    [Test]
    public void A_mapped_function_is_looked_at_by_its_slices()
    {
        using IDisposable strict = Broadcasting.Strict();

        Assert.That(() => Function.Vmap(static (Tensor matrix) => matrix + matrix.Sum(0))(Tensor.Ones([4, 3, 3])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[3, 3]"));
    }

    [Test]
    public void It_holds_inside_the_scopes_and_functions_of_the_user()
    {
        Tensor column = Tensor.Ones([2, 1]), vector = Tensor.Ones([2]);
        using IDisposable strict = Broadcasting.Strict();
        using var scope = new TensorScope();

        Assert.That(() => column + vector, Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Function.Grad(x => (x + vector).Sum())(column), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Function.CustomGradient((Tensor x) => (x + vector, g => g.Sum(-1)))(column), Throws.TypeOf<ShapeMismatchException>());
    }

    [Test]
    public void Scopes_nest_and_belong_to_their_thread()
    {
        Tensor column = Tensor.Ones([2, 1]), vector = Tensor.Ones([2]);
        using (IDisposable outer = Broadcasting.Strict())
        {
            using (Broadcasting.Strict()) Assert.That(() => column + vector, Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => column + vector, Throws.TypeOf<ShapeMismatchException>());
            Exception? elsewhere = null;
            var thread = new Thread(() =>
            {
                Assert.That((column + vector).Shape, Is.EqualTo(Shape.Of(2, 2)));
                elsewhere = Assert.Throws<InvalidArgumentException>(outer.Dispose);
            });
            thread.Start();
            thread.Join();
            Assert.That(elsewhere!.Message, Does.Contain("another thread"));
        }
        Assert.That((column + vector).Shape, Is.EqualTo(Shape.Of(2, 2)));
    }
}
