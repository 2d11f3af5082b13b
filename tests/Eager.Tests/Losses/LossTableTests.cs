using Eager.Autograd;
using Eager.Losses;
using NUnit.Framework;

namespace Eager.Tests.Losses;

/// <summary>What holds for every row of the table of losses.</summary>
public sealed class LossTableTests
{
    private const int Width = 4;

    [Test]
    public void Losses_are_those_of_the_definition([ValueSource(nameof(AllRows))] object row, [Values(DType.Float32, DType.Float64)] DType dtype)
    {
        var loss = (LossRow)row;
        Tensor actual = loss.Loss(Rows(loss.Data.Labels, dtype), Rows(loss.Data.Predictions, dtype), null, Reduction.None, null);
        Assert.That(actual.ConcreteShape, Is.EqualTo(Shape.Of([loss.Data.Labels.Length, .. loss.LossShape])));
        AssertNear(Values(actual), Expected(loss), dtype);
    }

    [Test]
    public void Weights_of_every_form_and_every_reduction([ValueSource(nameof(AllRows))] object row, [Values] Reduction reduction)
    {
        var loss = (LossRow)row;
        double[] losses = Expected(loss);
        int each = losses.Length / loss.Data.Labels.Length;
        double[] perExample = [2, 0, 0.5], perElement = [.. Enumerable.Range(0, losses.Length).Select(i => i % 3 == 1 ? 0 : 0.5 + i)], perPlace = [.. Enumerable.Range(0, each).Select(i => i == 1 ? 0 : 1.5 + i)];
        Shape shape = Shape.Of([3, .. loss.LossShape]);
        (Tensor? Weights, double[] Spread)[] forms =
        [
            (null, [.. losses.Select(_ => 1.0)]),
            (Tensor.From(1.5), [.. losses.Select(_ => 1.5)]),
            (Tensor.From(0.0), [.. losses.Select(_ => 0.0)]),
            (Tensor.From(perExample), [.. losses.Select((_, i) => perExample[i / each])]),
            (Tensor.From(perElement, shape).Cast(DType.Float32), perElement),
            .. loss.LossShape.Rank == 1 ? new (Tensor?, double[])[] { (Tensor.From(perPlace, [1, each]), [.. losses.Select((_, i) => perPlace[i % each])]) } : [],
        ];
        foreach ((Tensor? weights, double[] spread) in forms)
        {
            Tensor actual = loss.Loss(Rows(loss.Data.Labels), Rows(loss.Data.Predictions), weights, reduction, null);
            AssertNear(Values(actual), Reduced(losses, spread, reduction), DType.Float64);
            Assert.That(actual.Rank == 0, Is.EqualTo(reduction != Reduction.None));
        }
    }

    [Test]
    public void Gradients_of_first_and_second_order_are_those_of_finite_differences([ValueSource(nameof(AllRows))] object row)
    {
        var loss = (LossRow)row;
        Tensor labels = Rows(loss.Data.Labels), predictions = Rows(loss.Data.Predictions);
        foreach (int order in new[] { 1, 2 })
        {
            GradientCheck.Require(p => loss.Loss(labels, p, Tensor.From(2.0, 0, 0.5), Reduction.SumByNonzeroWeights, null), predictions, order);
            // At labels of exactly 0 and 1 those that clip their labels have a kink.
            if (loss.LabelsAreNumbers) GradientCheck.Require(y => loss.Loss(y, predictions, null, Reduction.Sum, null), loss.Name == "Kullback and Leibler" ? (labels * 0.9) + 0.01 : labels, order);
        }
    }

    [Test]
    public void Far_logits_and_certain_probabilities_give_finite_losses_and_right_gradients([ValueSource(nameof(AllRows))] object row, [Values(DType.Float32, DType.Float64)] DType dtype)
    {
        var loss = (LossRow)row;
        Tensor labels = Rows(loss.Data.FarLabels, dtype), predictions = Rows(loss.Data.FarPredictions, dtype);
        using var tape = new GradientTape();
        tape.Watch(predictions);
        Tensor losses = loss.Loss(labels, predictions, null, Reduction.None, null), sum = losses.Sum();
        double[] expected = [.. loss.Data.FarLabels.Zip(loss.Data.FarPredictions, loss.Losses).SelectMany(r => r)];
        double[] slopes = [.. loss.Data.FarLabels.Zip(loss.Data.FarPredictions, loss.Slope).SelectMany(r => r)];
        Assert.That(Values(losses), Is.All.Matches<double>(double.IsFinite));
        AssertNear(Values(losses), expected, dtype, dtype == DType.Float32 ? loss.FarTolerance : 0);
        AssertNear(Values(tape.Gradient(sum, predictions)!), slopes, dtype);
    }

    [Test]
    public void A_loss_leaves_no_tensor_but_itself_and_joins_its_collection([ValueSource(nameof(AllRows))] object row)
    {
        var loss = (LossRow)row;
        Tensor labels = Rows(loss.Data.Labels), predictions = Rows(loss.Data.Predictions);
        var named = new LossCollection();
        using LossCollection open = LossCollection.Open();
        Tensor first = loss.Loss(labels, predictions, null, Reduction.Mean, null), second = loss.Loss(labels, predictions, null, Reduction.Sum, named);
        Assert.That(open.GetLosses(), Is.EqualTo(new[] { first }));
        Assert.That(named.GetLosses(), Is.EqualTo(new[] { second }));
        // Rows whose form prepares the labels make tensors of their own.
        if (!loss.LabelsAreNumbers || loss.Name == "triplet") return;
        using var wrappers = new WrapperCount();
        Tensor third = loss.Loss(labels, predictions, null, Reduction.SumByNonzeroWeights, named);
        Assert.That(wrappers.Beside(third), Is.Zero);
    }

    [Test]
    public void What_does_not_fit_is_refused_by_name([ValueSource(nameof(AllRows))] object row)
    {
        var loss = (LossRow)row;
        Tensor labels = Rows(loss.Data.Labels), predictions = Rows(loss.Data.Predictions);
        Assert.Multiple(() =>
        {
            Assert.That(() => loss.Loss(labels, predictions[..2], null, Reduction.Sum, null), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains(loss.TwoRows));
            Assert.That(() => loss.Loss(labels, predictions, Tensor.Ones([7]), Reduction.Sum, null), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("weights"));
            if (loss.LabelsAreNumbers) Assert.That(() => loss.Loss(labels.Cast(DType.Float32), predictions, null, Reduction.Sum, null), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float32"));
        });
    }

    [Test]
    public void Every_loss_has_a_row()
    {
        string[] losses = [.. typeof(Loss).GetMethods().Where(m => m.GetParameters().Any(p => p.ParameterType == typeof(LossCollection))).Select(m => m.Name)];
        foreach (string name in losses)
            Assert.That(LossTable.Rows.Select(r => string.Concat(r.Name.Split(',')[0].Replace(" and ", " ", StringComparison.Ordinal).Split(' '))), Has.Some.EqualTo(name).IgnoreCase, name);
    }

    private static IEnumerable<object> AllRows() => LossTable.Rows;

    private static Tensor Rows(double[][] values, DType dtype = DType.Float64) => Tensor.From(values).Cast(dtype);

    private static double[] Values(Tensor tensor) => tensor.Cast(DType.Float64).ToArray<double>();

    private static double[] Expected(LossRow loss) => [.. loss.Data.Labels.Zip(loss.Data.Predictions, loss.Losses).SelectMany(r => r)];

    private static double[] Reduced(double[] losses, double[] weights, Reduction reduction)
    {
        double sum = losses.Zip(weights, (l, w) => l * w).Sum(), all = weights.Sum();
        int nonzero = weights.Count(w => w != 0);
        return reduction switch
        {
            Reduction.None => [.. losses.Zip(weights, (l, w) => l * w)],
            Reduction.Sum => [sum],
            Reduction.Mean => [all == 0 ? 0 : sum / all],
            Reduction.SumOverBatchSize => [sum / losses.Length],
            _ => [nonzero == 0 ? 0 : sum / nonzero],
        };
    }

    private static void AssertNear(double[] actual, double[] expected, DType dtype, double more = 0)
    {
        Assert.That(actual, Has.Length.EqualTo(expected.Length));
        // A few roundings of the inputs and of the sums over at most twelve numbers, relative to the numbers, or to the terms of about 1 that they are differences of.
        double rounding = dtype == DType.Float32 ? 1e-6 : 1e-14;
        for (int i = 0; i < actual.Length; i++) Assert.That(actual[i], Is.EqualTo(expected[i]).Within((rounding * Math.Max(4, Math.Abs(expected[i]))) + more), $"place {i}");
    }
}
