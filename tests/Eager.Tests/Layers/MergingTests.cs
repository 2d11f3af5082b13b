using Eager.Autograd;
using Eager.Layers;
using Eager.Tests.OpTable;
using NUnit.Framework;

namespace Eager.Tests.Layers;

/// <summary>Layers that make one tensor of several, against plain C#.</summary>
public class MergingTests
{
    private static readonly (Merging Layer, Func<double[], double> Of)[] ElementByElement =
    [
        (new Add(), static v => v.Sum()),
        (new Multiply(), static v => v.Aggregate(static (a, b) => a * b)),
        (new Average(), static v => v.Average()),
        (new Maximum(), static v => v.Max()),
        (new Minimum(), static v => v.Min()),
    ];

    private static NArray Rows(int seed) => Samples.Spread(seed, -1, 1, 2, 3);

    [Test]
    public void They_merge_element_by_element_and_broadcast()
    {
        using var scope = new TensorScope();
        NArray a = Rows(1), b = Rows(2), c = Samples.Spread(3, -1, 1, 2, 1);
        Tensor[] inputs = [Make(a), Make(b), Make(c)];
        foreach ((Merging layer, Func<double[], double> of) in ElementByElement)
        {
            double[] expected = [.. from i in Enumerable.Range(0, 2) from j in Enumerable.Range(0, 3) select of([a[[i, j]], b[[i, j]], c[[i, 0]]])];

            Tensor y = layer.Call(inputs);

            Assert.That(y.ConcreteShape, Is.EqualTo(Shape.Of(2, 3)), layer.Kind);
            // Three numbers below 1, in float64 on both sides.
            Assert.That(TensorData.Read(y), Is.EqualTo(expected).Within(1e-15), layer.Kind);
        }
        Assert.That(TensorData.Read(new Subtract().Call([inputs[0], inputs[1]])), Is.EqualTo(a.Values.Zip(b.Values, static (x, y) => x - y)));
    }

    [Test]
    public void Concatenate_puts_inputs_end_to_end_along_its_axis()
    {
        using var scope = new TensorScope();
        Tensor a = Tensor.From(new[,] { { 1, 2 }, { 3, 4 } }), b = Tensor.From(new[,] { { 5 }, { 6 } });

        Assert.That(new Concatenate().Call([a, b]).ToArray<int>(), Is.EqualTo((int[])[1, 2, 5, 3, 4, 6]));
        Assert.That(new Concatenate(1).ComputeOutputShapes([[null, 2, 3], [null, 5, 3]])[0].ToString(), Is.EqualTo("[?, 7, 3]"));
    }

    [TestCase(new[] { 2, 3 }, new[] { 2, 3 }, -1, -1)]
    [TestCase(new[] { 2, 4, 3 }, new[] { 2, 5, 3 }, 2, 2)]
    [TestCase(new[] { 2, 3, 4 }, new[] { 2, 5, 3 }, 1, 2)]
    [TestCase(new[] { 2, 4, 3, 2 }, new[] { 2, 3 }, 2, 1)]
    public void Dot_sums_products_example_by_example(int[] first, int[] second, int axis, int secondAxis)
    {
        using var scope = new TensorScope();
        NArray a = Samples.Spread(4, -1, 1, first), b = Samples.Spread(5, -1, 1, second);
        int i = axis < 0 ? axis + first.Length : axis, j = secondAxis < 0 ? secondAxis + second.Length : secondAxis;
        int[] restA = [.. first.Where((_, at) => at > 0 && at != i)], restB = [.. second.Where((_, at) => at > 0 && at != j)];
        int[] sizes = [first[0], .. restA, .. restB];
        var expected = NArray.Build(sizes, index => Enumerable.Range(0, first[i]).Sum(n =>
            a[Place(index[0], index[1..(1 + restA.Length)], i, n)] * b[Place(index[0], index[(1 + restA.Length)..], j, n)]));

        foreach (bool normalize in (bool[])[false, true])
        {
            Tensor y = new Dot(axis, secondAxis, normalize).Call([Make(a), Make(b)]);
            Tensor known = normalize ? new Dot(axis, secondAxis).Call([Unit(Make(a), axis), Unit(Make(b), secondAxis)]) : Make(expected);

            Assert.That(TensorData.SizesOf(y.ConcreteShape), Is.EqualTo(sizes.Length == 1 ? [.. sizes, 1] : sizes));
            // Three products of numbers below 1, in float64 on both sides.
            Assert.That(TensorData.Read(y), Is.EqualTo(TensorData.Read(known)).Within(1e-14));
        }

        static int[] Place(int batch, int[] rest, int at, int n) => [batch, .. rest[..(at - 1)], n, .. rest[(at - 1)..]];
        static Tensor Unit(Tensor x, int along) => x / x.Square().Sum([along], keepDims: true).Sqrt();
    }

    [Test]
    public void Gradients_of_all_inputs_agree_with_differences()
    {
        Layer[] layers = [.. ElementByElement.Select(static e => e.Layer), new Subtract(), new Concatenate(), new Dot(normalize: true)];
        foreach (Layer layer in layers)
            GradientCheck.Require(x => layer.Call([x[0], x[1]]) * 1, [Make(Rows(6)), Make(Rows(7))]);
    }

    [Test]
    public void A_call_leaves_nothing_behind_but_its_output()
    {
        Tensor a = Make(Rows(8)), b = Make(Rows(9));
        Layer[] layers = [.. ElementByElement.Select(static e => e.Layer), new Subtract(), new Concatenate(), new Dot(normalize: true), new Lambda(static (x, y) => x * 2 + y)];
        foreach (Layer layer in layers)
        {
            using var count = new WrapperCount();
            Tensor y = layer.Call([a, b]);
            Assert.That(count.Beside(a, b, y), Is.Zero, layer.Kind);
        }
    }

    [Test]
    public void What_does_not_fit_is_refused()
    {
        Tensor a = Tensor.Ones([2, 3]), b = Tensor.Ones([2, 4]);

        Assert.That(() => new Add(name: "both").Call([a, b]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("Add 'both'").And.Message.Contains("[2, 3], [2, 4]"));
        Assert.That(() => new Add().Call(a), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("two or more"));
        Assert.That(() => new Subtract().Call([a, a, a]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("it takes two"));
        Assert.That(() => new Concatenate(1).Call([a, Tensor.Ones([3, 3])]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2, 3], [3, 3]"));
        Assert.That(() => new Concatenate(0).Call([a, a]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("batch"));
        Assert.That(() => new Dot().Call([a, b]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2, 3] and [2, 4]"));
        Assert.That(() => new Dense(3).Call([a, b]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("takes one input"));
        Assert.That(() => new Lambda(static (x, y) => x + y).Call(a), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("2 tensors"));
    }

    private static Tensor Make(NArray values) => TensorData.Make(values, DType.Float64);
}
