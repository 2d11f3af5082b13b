using Eager.Losses;

namespace Eager.Tests.Losses;

/// <summary>All losses with their definitions in double precision.</summary>
internal static class LossTable
{
    private const double Least = 1e-7;

    private static readonly LossRow.Inputs Numbers = new(
        [[1, 2, -0.5, 0.3], [-1, 0, 3, 0.7], [0.2, 0.1, -2, 1.1]], [[0.3, 2.4, 1.7, -0.9], [-2.2, 0.6, 2.9, 0.1], [1.5, -0.4, 0.3, 1.9]],
        [[0, 0, 1000, -1000], [1, -1, 0, 0]], [[1000, -1000, -1000, 1000], [1000, 1000, 0, -1000]]);

    private static readonly LossRow.Inputs Scores = new(
        [[1, 0, 0, 1], [0, 1, 1, 0], [1, 1, 0, 0]], [[0.3, 2.4, -1.7, -0.9], [-2.2, 0.6, 2.9, 0.1], [1.5, -0.4, 0.3, 1.9]],
        [[1, 0, 1, 0], [0, 0, 1, 1]], [[1000, -1000, -1000, 1000], [0, 1000, 1000, 50]]);

    private static readonly LossRow.Inputs ClassScores = new(
        [[0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]], [[0.3, 2.4, -1.7, -0.9], [-2.2, 0.6, 2.9, 0.1], [1.5, -0.4, 0.3, 1.9]],
        [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]], [[1000, -1000, 0, 0], [1000, -1000, 0, -1000], [1000, 1000, 1000, 1000]]);

    private static readonly LossRow.Inputs SoftScores = ClassScores with { Labels = [[0.1, 0.6, 0.1, 0.2], [0.25, 0.25, 0.2, 0.3], [0.7, 0.1, 0.1, 0.1]] };

    private static readonly LossRow.Inputs Chances = new(
        [[1, 0, 0, 1], [0, 1, 1, 0], [0.2, 0.6, 0.5, 0.9]], [[0.3, 0.2, 0.7, 0.9], [0.2, 0.6, 0.9, 0.1], [0.5, 0.4, 0.3, 0.8]],
        [[1, 0, 1, 0]], [[0, 0, 1, 1]]);

    private static readonly LossRow.Inputs ClassChances = new(
        [[0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]], [[0.3, 0.2, 0.4, 0.1], [0.2, 0.5, 0.1, 0.2], [0.5, 0.1, 0.1, 0.3]],
        [[1, 0, 0, 0], [0, 1, 0, 0]], [[0, 0, 1, 0], [0, 1, 0, 0]]);

    private static readonly LossRow.Inputs SoftChances = ClassChances with { Labels = SoftScores.Labels };

    private static readonly LossRow.Inputs Counts = new(
        [[1, 0, 3, 2], [5, 1, 0, 2], [2, 2, 1, 4]], [[0.3, 0.2, 2.7, 0.9], [4.2, 0.6, 0.9, 1.1], [0.5, 3.4, 1.3, 2.8]],
        [[3, 0, 1000, 0]], [[0, 0, 1000, 1000]]);

    internal static readonly LossRow[] Rows =
    [
        Each("mean squared error", (y, p, w, r, c) => Loss.MeanSquaredError(y, p, w, r, collection: c), (y, p) => (p - y) * (p - y), (y, p) => 2 * (p - y), Numbers),
        Each("absolute difference", (y, p, w, r, c) => Loss.AbsoluteDifference(y, p, w, r, collection: c), (y, p) => Math.Abs(p - y), (y, p) => Math.Sign(p - y), Numbers),
        Each("mean absolute error", (y, p, w, r, c) => Loss.MeanAbsoluteError(y, p, w, r, collection: c), (y, p) => Math.Abs(p - y), (y, p) => Math.Sign(p - y), Numbers),
        Each("Huber", (y, p, w, r, c) => Loss.Huber(y, p, w, reduction: r, collection: c), (y, p) => Huber(p - y, 1), (y, p) => Math.Clamp(p - y, -1, 1), Numbers),
        Each("Huber, δ 0.55", (y, p, w, r, c) => Loss.Huber(y, p, w, 0.55, r, collection: c), (y, p) => Huber(p - y, 0.55), (y, p) => Math.Clamp(p - y, -0.55, 0.55), Numbers),
        Each("log cosh", (y, p, w, r, c) => Loss.LogCosh(y, p, w, r, collection: c), (y, p) => Math.Abs(p - y) + Math.Log((1 + Math.Exp(-2 * Math.Abs(p - y))) / 2), (y, p) => Math.Tanh(p - y), Numbers),
        Whole("cosine distance", (y, p, w, r, c) => Loss.CosineDistance(y, p, w, reduction: r, collection: c), (y, p) => 1 - Dot(y, p), (y, p) => [.. y.Select(v => -v)], Numbers) with { LossShape = [1] },
        Each("hinge", (y, x, w, r, c) => Loss.Hinge(y, x, w, r, collection: c), (y, x) => Math.Max(0, 1 - ((2 * y - 1) * x)), (y, x) => 1 - ((2 * y - 1) * x) > 0 ? 1 - (2 * y) : 0, Scores),
        Each("squared hinge", (y, x, w, r, c) => Loss.SquaredHinge(y, x, w, r, collection: c), (y, x) => Math.Pow(Math.Max(0, 1 - ((2 * y - 1) * x)), 2),
            (y, x) => 2 * Math.Max(0, 1 - ((2 * y - 1) * x)) * (1 - (2 * y)), Scores),
        Whole("triplet", (y, a, w, r, c) => Loss.Triplet(a, y, y + 0.5, weights: w, reduction: r, collection: c), (y, a) => Math.Max(0, Triplet(y, a)), (y, a) => [.. y.Select(_ => Triplet(y, a) > 0 ? 1.0 : 0)], Numbers),
        Each("sigmoid cross entropy", (y, x, w, r, c) => Loss.SigmoidCrossEntropy(y, x, w, reduction: r, collection: c), Sigmoid, (y, x) => (1 / (1 + Math.Exp(-x))) - y, Scores),
        Each("sigmoid cross entropy, smoothed", (y, x, w, r, c) => Loss.SigmoidCrossEntropy(y, x, w, 0.2, r, collection: c), (y, x) => Sigmoid((0.8 * y) + 0.1, x), (y, x) => (1 / (1 + Math.Exp(-x))) - (0.8 * y) - 0.1, Scores),
        Whole("softmax cross entropy", (y, x, w, r, c) => Loss.SoftmaxCrossEntropy(y, x, w, reduction: r, collection: c), Softmax, SoftmaxSlope, SoftScores),
        Whole("softmax cross entropy, smoothed", (y, x, w, r, c) => Loss.SoftmaxCrossEntropy(y, x, w, 0.2, r, collection: c), (y, x) => Softmax(Smooth(y), x), (y, x) => SoftmaxSlope(Smooth(y), x), SoftScores),
        Whole("sparse softmax cross entropy", (y, x, w, r, c) => Loss.SparseSoftmaxCrossEntropy(y.ArgMax(-1), x, w, r, collection: c), Softmax, SoftmaxSlope, ClassScores) with { LabelsAreNumbers = false },
        Whole("categorical cross entropy", (y, p, w, r, c) => Loss.CategoricalCrossEntropy(y, p, w, reduction: r, collection: c), Categorical, CategoricalSlope, SoftChances),
        Whole("categorical cross entropy, smoothed", (y, p, w, r, c) => Loss.CategoricalCrossEntropy(y, p, w, 0.2, r, collection: c), (y, p) => Categorical(Smooth(y), p), (y, p) => CategoricalSlope(Smooth(y), p), SoftChances),
        Whole("sparse categorical cross entropy", (y, p, w, r, c) => Loss.SparseCategoricalCrossEntropy(y.ArgMax(-1), p, w, r, collection: c), Categorical, CategoricalSlope, ClassChances) with { LabelsAreNumbers = false },
        // One label in one step of time; no row has the label 2, which is the blank.
        Whole("CTC", (y, x, w, r, c) => Loss.Ctc(y.ArgMax(-1).ExpandDims(1), x.ExpandDims(1), blank: 2, weights: w, reduction: r, collection: c), Softmax, SoftmaxSlope, ClassScores) with { LabelsAreNumbers = false, TwoRows = "[2, 1, 4]" },
        // In float32 1 − 1e-7 is 1 − 1.19e-7, whose logarithm from 1 differs by log 1.19.
        Each("binary cross entropy", (y, p, w, r, c) => Loss.BinaryCrossEntropy(y, p, w, reduction: r, collection: c), Binary, BinarySlope, Chances) with { FarTolerance = 0.18 },
        Each("binary cross entropy, smoothed", (y, p, w, r, c) => Loss.BinaryCrossEntropy(y, p, w, 0.2, r, collection: c), (y, p) => Binary((0.8 * y) + 0.1, p), (y, p) => BinarySlope((0.8 * y) + 0.1, p), Chances) with { FarTolerance = 0.18 },
        Each("log loss", (y, p, w, r, c) => Loss.LogLoss(y, p, w, reduction: r, collection: c), (y, p) => -(y * Math.Log(p + Least)) - ((1 - y) * Math.Log(1 - p + Least)), (y, p) => (-y / (p + Least)) + ((1 - y) / (1 - p + Least)), Chances),
        Each("Poisson", (y, p, w, r, c) => Loss.Poisson(y, p, w, r, collection: c), (y, p) => p - (y * Math.Log(p + Least)), (y, p) => 1 - (y / (p + Least)), Counts),
        Whole("Kullback and Leibler", (y, p, w, r, c) => Loss.KullbackLeibler(y, p, w, r, collection: c), (y, p) => y.Zip(p, (a, b) => Meant(a) * Math.Log(Meant(a) / Meant(b))).Sum(),
            (y, p) => [.. y.Zip(p, (a, b) => b is >= Least and <= 1 ? -Meant(a) / b : 0)], SoftChances),
    ];

    private static LossRow Each(string name, LossRow.Form loss, Func<double, double, double> value, Func<double, double, double> slope, LossRow.Inputs data) =>
        new(name, loss, (y, p) => [.. y.Zip(p, value)], (y, p) => [.. y.Zip(p, slope)], data);

    private static LossRow Whole(string name, LossRow.Form loss, Func<double[], double[], double> value, Func<double[], double[], double[]> slope, LossRow.Inputs data) =>
        new(name, loss, (y, p) => [value(y, p)], slope, data) { LossShape = [] };

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double Huber(double e, double delta) => Math.Abs(e) <= delta ? e * e / 2 : delta * (Math.Abs(e) - (delta / 2));

    // Σ(a − y)² − Σ(a − y − ½)² + 1, multiplied out.
    private static double Triplet(double[] y, double[] a) => a.Zip(y, (u, v) => u - v - 0.25).Sum() + 1;

    private static double Sigmoid(double y, double x) => Math.Max(x, 0) - (x * y) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

    private static double[] Smooth(double[] y) => [.. y.Select(v => (0.8 * v) + (0.2 / y.Length))];

    private static double Softmax(double[] y, double[] x)
    {
        double largest = x.Max(), log = Math.Log(x.Sum(v => Math.Exp(v - largest))) + largest;
        return y.Zip(x, (a, b) => a * (log - b)).Sum();
    }

    private static double[] SoftmaxSlope(double[] y, double[] x)
    {
        double largest = x.Max(), sum = x.Sum(v => Math.Exp(v - largest)), all = y.Sum();
        return [.. y.Zip(x, (a, b) => (all * Math.Exp(b - largest) / sum) - a)];
    }

    private static double Meant(double p) => Math.Clamp(p, Least, 1);

    private static double Kept(double p) => Math.Clamp(p, Least, 1 - Least);

    private static bool IsInside(double p) => p is > Least and < 1 - Least;

    private static double Categorical(double[] y, double[] p) => -y.Zip(p, (a, b) => a * Math.Log(Kept(b))).Sum();

    private static double[] CategoricalSlope(double[] y, double[] p) => [.. y.Zip(p, (a, b) => IsInside(b) ? -a / b : 0)];

    private static double Binary(double y, double p) => -(y * Math.Log(Kept(p))) - ((1 - y) * Math.Log(1 - Kept(p)));

    private static double BinarySlope(double y, double p) => IsInside(p) ? (-y / p) + ((1 - y) / (1 - p)) : 0;
}
