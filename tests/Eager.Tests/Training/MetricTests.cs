using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training;

public sealed class MetricTests
{
    private static readonly Tensor Scores = Tensor.From([[0.1f, 0.9f, 0], [0.8f, 0.1f, 0.1f], [0, 0.2f, 0.7f], [0.3f, 0.4f, 0.2f]]);

    [Test]
    public void Accuracy_is_the_share_of_rows_that_are_right_over_all_batches()
    {
        var accuracy = new Accuracy();
        accuracy.Update(Tensor.From(1L, 0, 2, 0), Scores);
        Assert.That(accuracy.Result, Is.EqualTo(0.75));
        accuracy.Update(Tensor.From(1, 1, 1, 1), Scores);
        Assert.That(accuracy.Result, Is.EqualTo(5 / 8.0));
        accuracy.Reset();
        Assert.That(accuracy.Result, Is.NaN);
    }

    [Test]
    public void A_confusion_matrix_counts_labels_against_predictions()
    {
        var matrix = new ConfusionMatrix(3);
        matrix.Update(Tensor.From(1L, 0, 2, 0), Scores);
        Assert.That(new[] { matrix[0, 0], matrix[0, 1], matrix[1, 1], matrix[2, 2], matrix[1, 0] }, Is.EqualTo(new long[] { 1, 1, 1, 1, 0 }));
        Assert.That(() => matrix.Update(Tensor.From(3L, 0, 0, 0), Scores), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("label 3"));
    }

    [Test]
    public void A_mean_weights_its_numbers()
    {
        var mean = new Mean();
        mean.Update(1, weight: 3);
        mean.Update(5);
        Assert.That(mean.Result, Is.EqualTo(2));
    }

    [Test]
    public void Scores_that_do_not_fit_the_labels_are_refused()
    {
        Assert.That(() => new Accuracy().Update(Tensor.From(1L, 0), Scores), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2]"));
        Assert.That(() => new Accuracy().Update(Tensor.From(1f, 0, 0, 0), Scores), Throws.TypeOf<DTypeMismatchException>());
    }
}
