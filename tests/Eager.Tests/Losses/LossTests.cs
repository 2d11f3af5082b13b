using Eager.Autograd;
using Eager.Losses;
using NUnit.Framework;

namespace Eager.Tests.Losses;

/// <summary>Values against sums written out here in double precision.</summary>
public sealed class LossTests
{
    private static readonly double[][] Logits = [[1, 2, 0.5], [-1, 0, 3], [0.2, 0.1, 0]];
    private static readonly long[] Labels = [1, 2, 0];

    [TestCase(Reduction.Sum)]
    [TestCase(Reduction.Mean)]
    [TestCase(Reduction.SumOverBatchSize)]
    [TestCase(Reduction.SumByNonzeroWeights)]
    public void Weighted_losses_are_reduced_as_defined(Reduction reduction)
    {
        double[] weights = [2, 0, 0.5], losses = [.. Enumerable.Range(0, 3).Select(i => CrossEntropy(Logits[i], (int)Labels[i]))];
        double weighted = losses.Zip(weights, (l, w) => l * w).Sum();
        double expected = reduction switch
        {
            Reduction.Sum => weighted,
            Reduction.Mean => weighted / 2.5,
            Reduction.SumOverBatchSize => weighted / 3,
            _ => weighted / 2,
        };
        double actual = Loss.SparseSoftmaxCrossEntropy(Tensor.From(Labels), Tensor.From(Logits), Tensor.From(weights), reduction).Item();
        Assert.That(actual, Is.EqualTo(expected).Within(1e-14));
    }

    [Test]
    public void Without_a_reduction_each_loss_stays()
    {
        double[] losses = Loss.SparseSoftmaxCrossEntropy(Tensor.From(Labels), Tensor.From(Logits), reduction: Reduction.None).ToArray<double>();
        Assert.That(losses, Is.EqualTo(Enumerable.Range(0, 3).Select(i => CrossEntropy(Logits[i], (int)Labels[i]))).Within(1e-14));
    }

    [Test]
    public void All_weights_of_zero_give_zero_and_no_gradient()
    {
        Tensor logits = Tensor.From(Logits);
        foreach (Reduction reduction in new[] { Reduction.Mean, Reduction.SumByNonzeroWeights })
        {
            using var tape = new GradientTape();
            tape.Watch(logits);
            Tensor loss = Loss.SparseSoftmaxCrossEntropy(Tensor.From(Labels), logits, Tensor.From(0.0), reduction);
            Assert.That(loss.Item(), Is.Zero);
            Assert.That(tape.Gradient(loss, logits)!.ToArray<double>(), Is.All.Zero);
        }
    }

    [Test]
    public void Sparse_and_soft_labels_agree_and_so_do_their_gradients()
    {
        foreach (DType dtype in new[] { DType.Float32, DType.Float64 })
        {
            Tensor logits = Tensor.From(Logits).Cast(dtype), labels = Tensor.From(Labels);
            using var tape = new GradientTape(persistent: true);
            tape.Watch(logits);
            Tensor sparse = Loss.SparseSoftmaxCrossEntropy(labels, logits), soft = Loss.SoftmaxCrossEntropy(Tensor.OneHot(labels, 3, dtype), logits);
            double tolerance = dtype == DType.Float32 ? 1e-6 : 1e-15;  // a few roundings of numbers near 1
            Assert.That(sparse.Item(), Is.EqualTo(soft.Item()).Within(tolerance));
            double[] a = tape.Gradient(sparse, logits)!.Cast(DType.Float64).ToArray<double>(), b = tape.Gradient(soft, logits)!.Cast(DType.Float64).ToArray<double>();
            Assert.That(a, Is.EqualTo(b).Within(tolerance));
        }
    }

    [Test]
    public void Labels_of_soft_cross_entropy_have_the_gradient_minus_log_softmax()
    {
        Tensor logits = Tensor.From(Logits), labels = Tensor.OneHot(Tensor.From(Labels), 3, DType.Float64);
        using var tape = new GradientTape();
        tape.Watch(labels);
        Tensor loss = Loss.SoftmaxCrossEntropy(labels, logits, reduction: Reduction.Sum);
        double[] expected = [.. Logits.SelectMany(row => Enumerable.Range(0, 3).Select(j => CrossEntropy(row, j)))];
        Assert.That(tape.Gradient(loss, labels)!.ToArray<double>(), Is.EqualTo(expected).Within(1e-14));
    }

    [Test]
    public void Label_smoothing_spreads_its_share_over_the_classes()
    {
        Tensor labels = Tensor.OneHot(Tensor.From(Labels), 3, DType.Float64);
        double smoothed = Loss.SoftmaxCrossEntropy(labels, Tensor.From(Logits), labelSmoothing: 0.3).Item();
        double expected = Enumerable.Range(0, 3).Average(i => (0.7 * CrossEntropy(Logits[i], (int)Labels[i])) + (0.1 * Enumerable.Range(0, 3).Sum(j => CrossEntropy(Logits[i], j))));
        Assert.That(smoothed, Is.EqualTo(expected).Within(1e-14));
    }

    [TestCase(DType.Float32)]
    [TestCase(DType.Float64)]
    public void Logits_of_a_thousand_give_finite_losses_and_right_gradients(DType dtype)
    {
        Tensor logits = Tensor.From([[1000.0, -1000], [-1000, 1000]]).Cast(dtype), labels = Tensor.From(1L, 1);
        using var tape = new GradientTape();
        tape.Watch(logits);
        Tensor loss = Loss.SparseSoftmaxCrossEntropy(labels, logits, reduction: Reduction.Sum);
        Assert.That(loss.Item(), Is.EqualTo(2000));
        Assert.That(tape.Gradient(loss, logits)!.Cast(DType.Float64).ToArray<double>(), Is.EqualTo(new double[] { 1, -1, 0, 0 }));
    }

    [Test]
    public void Squared_and_absolute_differences_are_averaged_and_take_weights_per_example()
    {
        Tensor labels = Tensor.From([[1.0, 2], [3, 4]]), predictions = Tensor.From([[2.0, 0], [3, 7]]);
        Assert.That(Loss.MeanSquaredError(labels, predictions).Item(), Is.EqualTo((1 + 4 + 9) / 4.0));
        Assert.That(Loss.AbsoluteDifference(labels, predictions).Item(), Is.EqualTo((1 + 2 + 3) / 4.0));
        Assert.That(Loss.MeanSquaredError(labels, predictions, Tensor.From(1.0, 0)).Item(), Is.EqualTo((1 + 4) / 2.0));
    }

    [Test]
    public void A_collection_totals_losses_and_regularization_by_scope()
    {
        Tensor y = Tensor.From(1.0, 2), p = Tensor.From(2.0, 4);
        using LossCollection outer = LossCollection.Open();
        using (LossCollection inner = LossCollection.Open())
        {
            Loss.MeanSquaredError(y, p, scope: "decoder/error");
            Loss.AbsoluteDifference(y, p, scope: "encoder/error");
            inner.AddRegularization(Tensor.From(10.0), "encoder");
            inner.AddRegularization(Tensor.From(0.5, 0.5), "decoder");
            Assert.That(inner.RegularizationTotal().Item(), Is.EqualTo(11));
            Assert.That(inner.RegularizationTotal("encoder").Item(), Is.EqualTo(10));
            Assert.That(inner.Total().Item(), Is.EqualTo(2.5 + 1.5 + 11));
            Assert.That(inner.Total(addRegularization: false).Item(), Is.EqualTo(4));
            Assert.That(inner.Total(scope: "decoder").Item(), Is.EqualTo(3.5));
            Assert.That(inner.GetLosses("encoder").Single().Item(), Is.EqualTo(1.5));
            Assert.That(outer.Dispose, Throws.TypeOf<InvalidArgumentException>());
        }
        Assert.That(LossCollection.Current, Is.SameAs(outer));
        Assert.That(outer.GetLosses(), Is.Empty);
        Assert.That(outer.Total().Item(), Is.Zero);
    }

    [Test]
    public void A_total_has_the_gradient_of_the_sum()
    {
        Tensor x = Tensor.From(1.0, 2);
        using var tape = new GradientTape();
        tape.Watch(x);
        using LossCollection losses = LossCollection.Open();
        Loss.MeanSquaredError(Tensor.From(0.0, 0), x);
        losses.AddRegularization(3 * x.Sum());
        Assert.That(tape.Gradient(losses.Total(), x)!.ToArray<double>(), Is.EqualTo(new double[] { 4, 5 }));
    }

    [Test]
    public void The_entropy_of_a_softmax_and_its_gradient()
    {
        Tensor logits = Tensor.From(Logits);
        double[] expected = [.. Logits.Select(row => Enumerable.Range(0, 3).Sum(j => Math.Exp(-CrossEntropy(row, j)) * CrossEntropy(row, j)))];
        Assert.That(Loss.SoftmaxEntropy(logits).ToArray<double>(), Is.EqualTo(expected).Within(1e-14));
        Assert.That(Loss.SoftmaxEntropy(logits.Transpose(), 0).ToArray<double>(), Is.EqualTo(expected).Within(1e-14));
        Assert.That(Loss.SoftmaxEntropy(Tensor.From(1000f, -1000, 1000)).Item(), Is.EqualTo(Math.Log(2)).Within(1e-6));
        GradientCheck.Require(x => Loss.SoftmaxEntropy(x), logits, 1);
        GradientCheck.Require(x => Loss.SoftmaxEntropy(x), logits, 2);
    }

    [Test]
    public void The_divergence_of_two_Gaussians_and_from_the_unit_one()
    {
        double[] m1 = [0.5, -1], s1 = [0.3, -0.7], m2 = [0.1, 2], s2 = [-0.2, 0.4];
        // ∫ q log(q/p) by the midpoint rule over ±12 standard deviations of q; its error falls faster than any power of the step.
        double Divergence(double mq, double lq, double mp, double lp)
        {
            double sum = 0, deviation = Math.Exp(lq / 2), step = 24 * deviation / 4000;
            for (int i = 0; i < 4000; i++)
            {
                double x = mq - (12 * deviation) + ((i + 0.5) * step);
                double logQ = -0.5 * (((x - mq) * (x - mq) / Math.Exp(lq)) + lq + Math.Log(2 * Math.PI)), logP = -0.5 * (((x - mp) * (x - mp) / Math.Exp(lp)) + lp + Math.Log(2 * Math.PI));
                sum += Math.Exp(logQ) * (logQ - logP) * step;
            }
            return sum;
        }

        (Tensor, Tensor) q = (Tensor.From(m1), Tensor.From(s1)), p = (Tensor.From(m2), Tensor.From(s2));
        Assert.That(Loss.GaussianKullbackLeibler(q, p).Item(), Is.EqualTo(Divergence(m1[0], s1[0], m2[0], s2[0]) + Divergence(m1[1], s1[1], m2[1], s2[1])).Within(1e-10));
        Assert.That(Loss.GaussianKullbackLeibler(q).Item(), Is.EqualTo(Divergence(m1[0], s1[0], 0, 0) + Divergence(m1[1], s1[1], 0, 0)).Within(1e-10));
        Assert.That(Loss.GaussianKullbackLeibler(q, q).Item(), Is.Zero);
        GradientCheck.Require(x => Loss.GaussianKullbackLeibler((x[0], x[1]), (x[2], x[3])), Tensor.From([m1, s1, m2, s2]), 2);
    }

    [Test]
    public void Bad_input_names_the_clash()
    {
        Tensor logits = Tensor.From(Logits);
        Assert.Multiple(() =>
        {
            Assert.That(() => Loss.SparseSoftmaxCrossEntropy(Tensor.From(1L, 3, 0), logits), Throws.InstanceOf<EagerException>().With.Message.Contains("label 3"));
            Assert.That(() => Loss.SparseSoftmaxCrossEntropy(Tensor.From(1L, 2), logits), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2]"));
            Assert.That(() => Loss.SparseSoftmaxCrossEntropy(Tensor.From(1f, 2, 0), logits), Throws.TypeOf<DTypeMismatchException>());
            Assert.That(() => Loss.MeanSquaredError(Tensor.Ones([3]), Tensor.Ones([3, 1])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[3, 1]"));
            Assert.That(() => Loss.SparseCategoricalCrossEntropy(Tensor.From(1L, 3, 0), logits), Throws.InstanceOf<EagerException>());
            Assert.That(() => Loss.SparseCategoricalCrossEntropy(Tensor.From(1f, 2, 0), logits), Throws.TypeOf<DTypeMismatchException>());
            Assert.That(() => Loss.SparseCategoricalCrossEntropy(Tensor.From(1L, 2), logits), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2]"));
            Assert.That(() => Loss.Huber(logits, logits, delta: 0), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => Loss.LogLoss(logits, logits, epsilon: -1), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => Loss.SigmoidCrossEntropy(logits, logits, labelSmoothing: 2), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("smoothing"));
            Assert.That(() => Loss.Triplet(logits, logits, logits[..2]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("negatives"));
            Assert.That(() => Loss.SoftmaxCrossEntropy(Tensor.From(1.0), Tensor.From(1.0)), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => Loss.MeanSquaredError(Tensor.Ones([3]), Tensor.Ones([3]), Tensor.Ones([4])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("weights"));
        });
    }

    private static double CrossEntropy(double[] logits, int label)
    {
        double largest = logits.Max();
        return Math.Log(logits.Sum(x => Math.Exp(x - largest))) + largest - logits[label];
    }
}
