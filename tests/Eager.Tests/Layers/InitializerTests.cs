using Eager.Autograd;
using Eager.Layers;
using NUnit.Framework;

namespace Eager.Tests.Layers;

public class InitializerTests
{
    [Test]
    public void Constants_are_constant()
    {
        Assert.That(Initializer.Zeros().Create([3]).ToArray<float>(), Is.EqualTo((float[])[0, 0, 0]));
        Assert.That(Initializer.Ones().Create([2], DType.Float64).ToArray<double>(), Is.EqualTo((double[])[1, 1]));
        Assert.That(Initializer.Constant(2.5).Create([2]).ToArray<float>(), Is.EqualTo((float[])[2.5f, 2.5f]));
    }

    [Test]
    public void Constants_may_be_values_of_the_weights_shape_or_in_a_row()
    {
        float[] row = [1, 2, 3, 4, 5, 6];
        Initializer given;
        using (new TensorScope())
        {
            Tensor source = Tensor.From(row, [2, 3]);
            given = Initializer.Constant(source);
        }
        Assert.That(given.Create([2, 3]).ToArray<float>(), Is.EqualTo(row), "it outlives the scope and the tensor that it was made in");
        Assert.That(given.Create([2, 3], DType.Int32).ToArray<int>(), Is.EqualTo((int[])[1, 2, 3, 4, 5, 6]));
        Assert.That(Initializer.Constant([[1f, 2, 3], [4, 5, 6]]).Create([2, 3]).ToArray<float>(), Is.EqualTo(row));
        Assert.That(Initializer.Constant([1, 2, 3, 4, 5, 6]).Create([3, 2]).ToArray2D<float>(), Is.EqualTo(new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } }));
        Assert.That(Initializer.Constant<double>(new double[,,] { { { 1, 2 } }, { { 3, 4 } } }).Create([2, 1, 2], DType.Float64).ToArray<double>(), Is.EqualTo((double[])[1, 2, 3, 4]));
        Assert.That(Initializer.Constant(Tensor.From(7)).Create([2]).ToArray<float>(), Is.EqualTo((float[])[7, 7]));
        Assert.That(Initializer.Constant(Tensor.From(7)).Create([]).Item(), Is.EqualTo(7));
        Assert.That(given.Name, Is.EqualTo("constant"));
        Assert.That(new Dense(3, kernelInitializer: given, inputShape: [2]).Kernel!.ToArray<float>(), Is.EqualTo(row));
    }

    [Test]
    public void What_is_changed_in_a_weight_or_a_source_changes_no_other_weight()
    {
        var source = new Variable(Tensor.Ones([2]));
        Initializer given = Initializer.Constant(source);
        source.Assign(Tensor.Zeros([2]));
        Variable first = new(given.Create([2])), second = new(given.Create([2]));
        first.AssignAdd(Tensor.Ones([2]));
        Assert.That(second.ToArray<float>(), Is.EqualTo((float[])[1, 1]));
        Assert.That(given.Create([2]).ToArray<float>(), Is.EqualTo((float[])[1, 1]));
    }

    [Test]
    public void Constants_of_another_shape_are_refused_with_both_shapes()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Initializer.Constant([[1f, 2], [3, 4]]).Create([4]), Throws.TypeOf<ShapeMismatchException>().With.Message.EqualTo(
                "Initializer.Constant: the values are [2, 2], the weight is [4]; give a scalar, values of the weight's shape, or its 4 elements in a row."));
            Assert.That(() => Initializer.Constant([1f, 2]).Create([2, 2]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2]").And.Message.Contains("[2, 2]"), "the last value is not repeated");
            Assert.That(() => Initializer.Constant([[1f, 2], [3]]), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => Initializer.Constant<float>(new double[2]), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Double"));
        });
    }

    [Test]
    public void A_constant_leaves_no_tensor_but_the_weight()
    {
        Initializer given = Initializer.Constant([1f, 2]);
        using var wrappers = new WrapperCount();
        Tensor weight = given.Create([1, 2], DType.Float64);
        Assert.That(wrappers.Beside(weight), Is.Zero);
    }

    [Test]
    public void Uniform_ones_fill_the_range_of_their_formula()
    {
        using var scope = new TensorScope();
        // For a window of 3×5 over 20 inputs and 30 outputs: 300 inputs and 450 outputs of each unit.
        AssertRange(Initializer.GlorotUniform(new Generator(1)), Math.Sqrt(6.0 / (300 + 450)));
        AssertRange(Initializer.HeUniform(new Generator(1)), Math.Sqrt(6.0 / 300));
        AssertRange(Initializer.LeCunUniform(new Generator(1)), Math.Sqrt(3.0 / 300));
        AssertRange(Initializer.RandomUniform(generator: new Generator(1)), 0.05);
    }

    [Test]
    public void Normal_ones_have_the_deviation_of_their_formula()
    {
        using var scope = new TensorScope();
        AssertDeviation(Initializer.RandomNormal(generator: new Generator(1)), 0.05, double.PositiveInfinity);
        // Cutting off at two deviations leaves 0.8796 of the deviation; the scaled ones make up for it before.
        AssertDeviation(Initializer.TruncatedNormal(generator: new Generator(1)), 0.05 * 0.8796, 0.1);
        AssertDeviation(Initializer.GlorotNormal(new Generator(1)), Math.Sqrt(2.0 / (300 + 450)), 2 * Math.Sqrt(2.0 / (300 + 450)) / 0.8796);
        AssertDeviation(Initializer.HeNormal(new Generator(1)), Math.Sqrt(2.0 / 300), 2 * Math.Sqrt(2.0 / 300) / 0.8796);
        AssertDeviation(Initializer.LeCunNormal(new Generator(1)), Math.Sqrt(1.0 / 300), 2 * Math.Sqrt(1.0 / 300) / 0.8796);
    }

    [Test]
    public void Those_of_TensorFlow_have_its_defaults()
    {
        using var scope = new TensorScope();
        AssertDeviation(Initializer.Normal(generator: new Generator(1)), 1, double.PositiveInfinity);
        AssertDeviation(Initializer.Normal(truncated: true, generator: new Generator(1)), 0.8796, 2);
        AssertRange(Initializer.Uniform(generator: new Generator(1)), 1);
        Assert.That(Initializer.Uniform(generator: new Generator(1)).Create([1000]).Min().Item(), Is.GreaterThanOrEqualTo(0));
    }

    [Test]
    public void The_same_generator_state_gives_the_same_weights()
    {
        using var scope = new TensorScope();
        Generator a = new(9), b = new(9);

        Assert.That(Initializer.GlorotUniform(a).Create([4, 5]).ToArray<float>(), Is.EqualTo(Initializer.GlorotUniform(b).Create([4, 5]).ToArray<float>()));
    }

    private static void AssertRange(Initializer initializer, double limit)
    {
        Tensor w = initializer.Create([3, 5, 20, 30], DType.Float64).Abs();

        // 9,000 draws: the largest is within 0.2 % of the limit, but for one time in 60 million.
        Assert.That(w.Max().Item(), Is.LessThan(limit).And.GreaterThan(0.998 * limit), initializer.Name);
    }

    private static void AssertDeviation(Initializer initializer, double deviation, double cut)
    {
        Tensor w = initializer.Create([3, 5, 20, 30], DType.Float64);

        // The relative standard error of a deviation of 9,000 draws is 1/√18,000 = 0.75 %; four of them.
        Assert.That(Math.Sqrt(w.Square().Mean().Item()), Is.EqualTo(deviation).Within(3).Percent, initializer.Name);
        Assert.That(w.Abs().Max().Item(), Is.LessThanOrEqualTo(cut), initializer.Name);
    }
}
