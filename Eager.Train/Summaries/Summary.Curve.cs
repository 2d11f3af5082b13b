using Eager.Train.Summaries.Protos;

namespace Eager.Train;

public sealed partial class Summary
{
    /// <summary>At how many thresholds a precision-recall curve is computed unless told otherwise.</summary>
    public const int DefaultThresholds = 201;

    // Below one count, so that 0 of 0 gives 0 and nothing else changes.
    private const double LeastCount = 1e-7;

    /// <summary>Precision and recall of a yes-or-no prediction, over thresholds spread evenly from 0 to 1.</summary>
    /// <param name="tag">The curve's name.</param>
    /// <param name="labels">True or not zero where the answer is yes; of any shape.</param>
    /// <param name="predictions">The predicted probabilities of yes, from 0 to 1, of the labels' shape. One that equals a threshold counts as above it.</param>
    /// <param name="thresholds">How many thresholds.</param>
    /// <exception cref="ShapeMismatchException">The shapes differ.</exception>
    /// <exception cref="InvalidArgumentException">A prediction is not from 0 to 1, there are fewer than 2 thresholds, or <paramref name="tag"/> is empty.</exception>
    public static Summary PrecisionRecallCurve(string tag, Tensor labels, Tensor predictions, int thresholds = DefaultThresholds)
    {
        if (thresholds < 2) throw new InvalidArgumentException($"PrecisionRecallCurve: '{tag}' is to have {thresholds} thresholds; it takes at least 2.");
        if (!labels.ConcreteShape.Equals(predictions.ConcreteShape))
            throw new ShapeMismatchException($"PrecisionRecallCurve: the labels of '{tag}' are {labels.ConcreteShape}, the predictions {predictions.ConcreteShape}; they must have one shape.");
        double[] answers = Doubles(nameof(PrecisionRecallCurve), tag, labels), guesses = Doubles(nameof(PrecisionRecallCurve), tag, predictions);

        var positives = new double[thresholds];
        var negatives = new double[thresholds];
        for (int i = 0; i < guesses.Length; i++)
        {
            if (!(guesses[i] is >= 0 and <= 1)) throw new InvalidArgumentException($"PrecisionRecallCurve: prediction {i} of '{tag}' is {guesses[i]}; predictions are probabilities from 0 to 1, such as Sigmoid gives.");
            (answers[i] != 0 ? positives : negatives)[(int)(guesses[i] * (thresholds - 1))]++;
        }
        // From counts of predictions at a threshold to counts at or above it.
        for (int i = thresholds - 2; i >= 0; i--)
        {
            positives[i] += positives[i + 1];
            negatives[i] += negatives[i + 1];
        }

        var rows = new float[6 * thresholds];
        for (int i = 0; i < thresholds; i++)
        {
            double truePositives = positives[i], falsePositives = negatives[i];
            double trueNegatives = negatives[0] - falsePositives, falseNegatives = positives[0] - truePositives;
            double precision = truePositives / Math.Max(LeastCount, truePositives + falsePositives);
            double recall = truePositives / Math.Max(LeastCount, truePositives + falseNegatives);
            ReadOnlySpan<double> column = [truePositives, falsePositives, trueNegatives, falseNegatives, precision, recall];
            for (int row = 0; row < column.Length; row++) rows[row * thresholds + i] = (float)column[row];
        }
        return new(Value(nameof(PrecisionRecallCurve), tag, "pr_curves", DataClass.Tensor, Numbers([6, thresholds], rows), new PrCurvePluginData { NumThresholds = thresholds }));
    }
}
