using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training;

/// <summary>Metrics against their definitions, written out here in double precision over all examples at once.</summary>
public sealed class MetricTests
{
    private const int Examples = 60;
    private const int Classes = 4;

    // Sums of 60 numbers in another order: a few hundred roundings of 1e-16.
    private const double Tolerance = 1e-13;

    private static readonly Random Source = new(17);
    private static readonly int[] Labels = [.. Enumerable.Range(0, Examples).Select(_ => Source.Next(Classes))];
    private static readonly double[][] Scores = [.. Enumerable.Range(0, Examples).Select(i => Enumerable.Range(0, Classes).Select(j => Source.NextDouble() + (j == Labels[i] ? 0.3 : 0)).ToArray())];
    private static readonly int[] Predicted = [.. Scores.Select(row => Array.IndexOf(row, row.Max()))];
    private static readonly double[] Weights = [.. Enumerable.Range(0, Examples).Select(i => i % 7 == 0 ? 0 : Source.NextDouble() * 2)];
    private static readonly double[] Targets = [.. Enumerable.Range(0, Examples).Select(_ => 100 + Source.NextDouble())];
    private static readonly double[] Guesses = [.. Targets.Select(t => t + (0.2 * Source.NextDouble()))];
    private static readonly int[] Bits = [.. Labels.Select(l => l % 2)];

    // Multiples of 1/199, off Keras's thresholds by half a step, so that no two that differ fall between the same two and the sums are exact.
    private static readonly double[] Chances = [.. Enumerable.Range(0, Examples).Select(i => (Source.Next(60) + 0.5 + (Bits[i] * 25)) / 199)];

    /// <summary>A metric, how it takes examples from one to another, and its value over all by definition.</summary>
    public sealed record Case(string Name, Func<Metric> Make, Action<Metric, Range, bool> Update, Func<double[], double> Expected)
    {
        public override string ToString() => Name;
    }

    private static readonly Case[] All =
    [
        new("mean", () => new Mean(), (m, r, w) => ((Mean)m).Update(Tensor.From(Targets[r]), W(r, w)), w => WeightedMean(i => Targets[i], w)),
        new("mean squared error", () => new MeanSquaredError(), Regress, w => WeightedMean(i => Math.Pow(Targets[i] - Guesses[i], 2), w)),
        new("root mean squared error", () => new RootMeanSquaredError(), Regress, w => Math.Sqrt(WeightedMean(i => Math.Pow(Targets[i] - Guesses[i], 2), w))),
        new("mean absolute error", () => new MeanAbsoluteError(), Regress, w => WeightedMean(i => Math.Abs(Targets[i] - Guesses[i]), w)),
        new("R²", () => new RSquared(), (m, r, w) => ((RSquared)m).Update(Tensor.From(Targets[r]), Tensor.From(Guesses[r]), W(r, w)), w =>
        {
            double mean = WeightedMean(i => Targets[i], w);
            return 1 - (WeightedMean(i => Math.Pow(Targets[i] - Guesses[i], 2), w) / WeightedMean(i => Math.Pow(Targets[i] - mean, 2), w));
        }),
        new("accuracy", () => new Accuracy(), (m, r, w) => ((Accuracy)m).Update(Tensor.From(Labels[r]), Rows(r), W(r, w)), w => WeightedMean(i => Labels[i] == Predicted[i] ? 1 : 0, w)),
        new("categorical accuracy", () => new CategoricalAccuracy(), (m, r, w) => ((CategoricalAccuracy)m).Update(Tensor.OneHot(Tensor.From(Labels[r]).Cast(DType.Int64), Classes), Rows(r), W(r, w)),
            w => WeightedMean(i => Labels[i] == Predicted[i] ? 1 : 0, w)),
        new("binary accuracy", () => new BinaryAccuracy(0.3), (m, r, w) => ((BinaryAccuracy)m).Update(Tensor.From(Bits[r]), Tensor.From(Chances[r]), W(r, w)), w => WeightedMean(i => (Chances[i] > 0.3) == (Bits[i] == 1) ? 1 : 0, w)),
        new("top-2 accuracy", () => new TopKAccuracy(2), (m, r, w) => ((TopKAccuracy)m).Update(Tensor.From(Labels[r]), Rows(r), W(r, w)),
            w => WeightedMean(i => Scores[i].OrderDescending().Take(2).Contains(Scores[i][Labels[i]]) ? 1 : 0, w)),
        new("binary precision", () => new Precision(threshold: 0.25), Binary, w => Sum(i => Bits[i] == 1 && Chances[i] > 0.25, w) / Sum(i => Chances[i] > 0.25, w)),
        new("binary recall", () => new Recall(threshold: 0.25), Binary, w => Sum(i => Bits[i] == 1 && Chances[i] > 0.25, w) / Sum(i => Bits[i] == 1, w)),
        new("binary F1", () => new F1Score(threshold: 0.25), Binary, w => 2 / ((Sum(i => Chances[i] > 0.25, w) + Sum(i => Bits[i] == 1, w)) / Sum(i => Bits[i] == 1 && Chances[i] > 0.25, w))),
        .. from averaging in Enum.GetValues<Averaging>()
           from figure in (Case[])
           [
               new($"precision, {averaging}", () => new Precision(Classes, averaging), Classify, w => Average(averaging, (b, p, a) => b / p, w)),
               new($"recall, {averaging}", () => new Recall(Classes, averaging), Classify, w => Average(averaging, (b, p, a) => b / a, w)),
               new($"F1, {averaging}", () => new F1Score(Classes, averaging), Classify, w => Average(averaging, (b, p, a) => 2 / ((p / b) + (a / b)), w)),
           ]
           select figure,
        // The share of pairs of a one and a zero in which the one has the larger probability; ties count half (Mann and Whitney).
        new("ROC", () => new AreaUnderCurve(), Curved, w =>
        {
            double right = 0, pairs = 0;
            for (int i = 0; i < Examples; i++)
                for (int j = 0; j < Examples; j++)
                {
                    if (Bits[i] != 1 || Bits[j] != 0) continue;
                    pairs += w[i] * w[j];
                    right += w[i] * w[j] * (Chances[i] > Chances[j] ? 1 : Chances[i] < Chances[j] ? 0 : 0.5);
                }
            return right / pairs;
        }),
        // ∫ precision d(recall) by the midpoint rule, where between two thresholds both kinds come in proportion.
        new("precision and recall", () => new AreaUnderCurve(Curve.PrecisionRecall), Curved, w =>
        {
            double area = 0, found = 0, wrong = 0;
            foreach (double chance in Chances.Distinct().OrderDescending())
            {
                double a = Sum(i => Bits[i] == 1 && Chances[i] == chance, w), b = Sum(i => Bits[i] == 0 && Chances[i] == chance, w);
                const int parts = 20_000;
                for (int k = 0; k < parts; k++)
                {
                    double t = (k + 0.5) / parts, sum = found + wrong + (t * (a + b));
                    // Keras leaves the logarithm out where nothing was predicted before.
                    if (sum > 0) area += a / parts * (found + (t * a)) / sum;
                }
                found += a;
                wrong += b;
            }
            return area / found;
        }),
    ];

    [Test]
    public void A_metric_gathers_over_batches_what_its_definition_gives_over_all([ValueSource(nameof(All))] Case metric, [Values] bool weighted)
    {
        Metric whole = metric.Make(), parts = metric.Make();
        metric.Update(whole, .., weighted);
        double expected = metric.Expected(weighted ? Weights : [.. Enumerable.Repeat(1.0, Examples)]);
        // The midpoint rule with 20,000 parts is good to 1e-9 of each part's area.
        Assert.That(whole.Result, Is.EqualTo(expected).Within(metric.Name == "precision and recall" ? 1e-8 : Tolerance));
        foreach (Range batch in new[] { 0..1, 1..20, 20..20, 20..60 }) metric.Update(parts, batch, weighted);
        Assert.That(parts.Result, Is.EqualTo(whole.Result).Within(Tolerance));
        parts.Reset();
        Assert.That(parts.Result, Is.NaN.Or.Zero);
        metric.Update(parts, .., weighted);
        Assert.That(parts.Result, Is.EqualTo(whole.Result), "nothing is left after a reset");
    }

    [Test]
    public void A_metric_goes_on_from_a_checkpoint([ValueSource(nameof(All))] Case metric)
    {
        using var folder = new TempFolder();
        string path = folder.File("metric.safetensors");
        Metric straight = metric.Make(), resumed = metric.Make();
        metric.Update(straight, ..30, true);
        new Checkpoint().Add("metric", straight).Save(path, 0);
        metric.Update(resumed, ..7, false);
        new Checkpoint().Add("metric", resumed).Restore(path);
        metric.Update(straight, 30.., true);
        metric.Update(resumed, 30.., true);
        Assert.That(resumed.Result, Is.EqualTo(straight.Result));
    }

    [Test]
    public void A_metric_leaves_no_tensors([ValueSource(nameof(All))] Case metric)
    {
        Metric gathered = metric.Make();
        Tensor labels = Tensor.From(Targets), scores = Tensor.From(Scores), bits = Tensor.From(Bits), chances = Tensor.From(Chances), numbers = Tensor.From(Labels);
        using var wrappers = new WrapperCount();
        switch (gathered)
        {
            case Mean m: m.Update(labels); break;
            case RegressionMetric m: m.Update(labels, labels); break;
            case RSquared m: m.Update(labels, labels); break;
            case CategoricalAccuracy m: m.Update(scores, scores); break;
            case Accuracy m: m.Update(numbers, scores); break;
            case TopKAccuracy m: m.Update(numbers, scores); break;
            case BinaryAccuracy m: m.Update(bits, chances); break;
            case AreaUnderCurve m: m.Update(bits, chances); break;
            case ClassificationMetric m when m.PerClass.Length == 1: m.Update(bits, chances); break;
            case ClassificationMetric m: m.Update(numbers, scores); break;
            default: Assert.Fail($"{gathered} is not in this test"); break;
        }
        Assert.That(wrappers.Beside(), Is.Zero);
    }

    [Test]
    public void A_confusion_matrix_counts_labels_against_predictions()
    {
        using var folder = new TempFolder();
        ConfusionMatrix counted = new(Classes), weighted = new(Classes), restored = new(Classes);
        counted.Update(Tensor.From(Labels), Tensor.From(Scores));
        weighted.Update(Tensor.From(Labels), Tensor.From(Scores), Tensor.From(Weights));
        new Checkpoint().Add("matrix", weighted).Save(folder.File("matrix.safetensors"), 0);
        new Checkpoint().Add("matrix", restored).Restore(folder.File("matrix.safetensors"));
        for (int label = 0; label < Classes; label++)
        {
            for (int prediction = 0; prediction < Classes; prediction++)
            {
                Assert.That(counted[label, prediction], Is.EqualTo(Enumerable.Range(0, Examples).Count(i => Labels[i] == label && Predicted[i] == prediction)));
                Assert.That(weighted[label, prediction], Is.EqualTo(Sum(i => Labels[i] == label && Predicted[i] == prediction, Weights)).Within(Tolerance));
                Assert.That(restored[label, prediction], Is.EqualTo(weighted[label, prediction]));
            }
        }
        counted.Reset();
        Assert.That(counted[0, 0], Is.Zero);
        Assert.That(() => counted[0, Classes], Throws.TypeOf<InvalidArgumentException>());
    }

    [Test]
    public void A_mean_weights_its_numbers_and_a_weight_of_zero_leaves_out()
    {
        var mean = new Mean();
        mean.Update(1, weight: 3);
        mean.Update(5);
        mean.Update(double.NaN, weight: 0);
        Assert.That(mean.Result, Is.EqualTo(2));
        mean.Update(Tensor.From([[1.0, 2], [3, 4]]), Tensor.From(1.0, 0));
        Assert.That(mean.Result, Is.EqualTo((8 + 3) / 6.0), "one weight per example stands for its row");
    }

    [Test]
    public void Areas_of_a_perfect_and_of_a_reversed_order()
    {
        var auc = new AreaUnderCurve();
        auc.Update(Tensor.From(0, 0, 1, 1), Tensor.From(0.0, 0.2, 0.8, 1));
        Assert.That(auc.Result, Is.EqualTo(1));
        auc.Reset();
        auc.Update(Tensor.From(1, 1, 0, 0), Tensor.From(0.0, 0.2, 0.8, 1));
        Assert.That(auc.Result, Is.Zero);
        var precise = new AreaUnderCurve(Curve.PrecisionRecall);
        precise.Update(Tensor.From(0, 0, 1, 1), Tensor.From(0.0, 0.2, 0.8, 1));
        Assert.That(precise.Result, Is.EqualTo(1));
    }

    [Test]
    public void Accuracies_take_a_label_for_each_step_of_a_sequence()
    {
        Tensor labels = Tensor.From([[0, 1, 2], [2, 2, 0]]), scores = Tensor.OneHot(Tensor.From([[0, 1, 1], [2, 0, 0]]), 3), oneHot = Tensor.OneHot(labels, 3);
        var (sparse, soft, top) = (new Accuracy(), new CategoricalAccuracy(), new TopKAccuracy(1));

        sparse.Update(labels, scores);
        soft.Update(oneHot, scores);
        top.Update(labels, scores, Tensor.From(1.0, 3));

        Assert.That(sparse.Result, Is.EqualTo(4 / 6.0).Within(1e-15));
        Assert.That(soft.Result, Is.EqualTo(4 / 6.0).Within(1e-15));
        Assert.That(top.Result, Is.EqualTo((2 + 3 * 2) / 12.0).Within(1e-15), "two of three steps each, the second sequence counting thrice");
    }

    [Test]
    public void What_does_not_fit_is_refused_and_changes_nothing()
    {
        Tensor scores = Tensor.From(Scores), numbers = Tensor.From(Labels);
        var accuracy = new Accuracy();
        var auc = new AreaUnderCurve();
        Assert.Multiple(() =>
        {
            Assert.That(() => accuracy.Update(Tensor.From(1L, 0), scores), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2]"));
            Assert.That(() => accuracy.Update(numbers.Cast(DType.Float32), scores), Throws.TypeOf<DTypeMismatchException>());
            Assert.That(() => accuracy.Update(numbers + 1, scores), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains($"label {Classes}"));
            Assert.That(() => accuracy.Update(numbers, scores, Tensor.Ones([3])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("weights"));
            Assert.That(accuracy.Result, Is.NaN);
            Assert.That(() => new ConfusionMatrix(3).Update(numbers, scores), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => new MeanSquaredError().Update(Tensor.Ones([3]), Tensor.Ones([3, 1])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[3, 1]"));
            Assert.That(() => new Precision().Update(Tensor.From(0, 2), Tensor.From(0.1, 0.2)), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("label 2"));
            Assert.That(() => auc.Update(Tensor.From(0, 1), Tensor.From(0.1, 1.5)), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("1.5"));
            Assert.That(() => auc.Update(Tensor.From(0, 1), Tensor.From(0.1, double.NaN)), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(auc.Result, Is.NaN);
            Assert.That(() => new TopKAccuracy(0), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new Recall(classes: 0), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new AreaUnderCurve(thresholds: 1), Throws.TypeOf<InvalidArgumentException>());
        });
    }

    private static Tensor? W(Range range, bool weighted) => weighted ? Tensor.From(Weights[range]) : null;

    private static Tensor Rows(Range range) => Tensor.From([.. Scores[range].SelectMany(row => row)], [Scores[range].Length, Classes]);

    private static void Regress(Metric metric, Range r, bool weighted) => ((RegressionMetric)metric).Update(Tensor.From(Targets[r]), Tensor.From(Guesses[r]), W(r, weighted));

    private static void Binary(Metric metric, Range r, bool weighted) => ((ClassificationMetric)metric).Update(Tensor.From(Bits[r]), Tensor.From(Chances[r]), W(r, weighted));

    private static void Classify(Metric metric, Range r, bool weighted) =>
        ((ClassificationMetric)metric).Update(Tensor.From(Labels[r]), Rows(r), W(r, weighted));

    private static void Curved(Metric metric, Range r, bool weighted) => ((AreaUnderCurve)metric).Update(Tensor.From(Bits[r]), Tensor.From(Chances[r]), W(r, weighted));

    private static double WeightedMean(Func<int, double> figure, double[] weights) => Enumerable.Range(0, Examples).Sum(i => weights[i] * figure(i)) / weights.Sum();

    private static double Sum(Func<int, bool> which, double[] weights) => Enumerable.Range(0, Examples).Where(which).Sum(i => weights[i]);

    private static double Average(Averaging averaging, Func<double, double, double, double> figure, double[] w)
    {
        double[] both = [.. Enumerable.Range(0, Classes).Select(c => Sum(i => Labels[i] == c && Predicted[i] == c, w))];
        double[] predicted = [.. Enumerable.Range(0, Classes).Select(c => Sum(i => Predicted[i] == c, w))], actual = [.. Enumerable.Range(0, Classes).Select(c => Sum(i => Labels[i] == c, w))];
        double[] figures = [.. Enumerable.Range(0, Classes).Select(c => figure(both[c], predicted[c], actual[c]))];
        return averaging switch
        {
            Averaging.Micro => figure(both.Sum(), predicted.Sum(), actual.Sum()),
            Averaging.Macro => figures.Average(),
            _ => figures.Zip(actual, (f, a) => f * a).Sum() / actual.Sum(),
        };
    }
}
