namespace Eager.Train;

/// <summary>The curves that <see cref="AreaUnderCurve"/> measures.</summary>
public enum Curve
{
    /// <summary>The share of ones found against the share of zeros taken for ones (receiver operating characteristic).</summary>
    Roc,

    /// <summary>Precision against recall.</summary>
    PrecisionRecall,
}

/// <summary>The area under a curve over all thresholds of a probability (AUC); 1 for a perfect order of zeros and ones.</summary>
/// <remarks>
/// As Keras does, probabilities are counted between evenly spaced thresholds, so memory stays the same however much is seen. Between two thresholds
/// the first curve is a straight line, the second Davis &amp; Goadrich's interpolation ("The relationship between precision-recall and ROC curves", 2006).
/// </remarks>
public sealed class AreaUnderCurve : Metric, IPredictionMetric
{
    private readonly Curve curve;
    private readonly double[] thresholds;
    private readonly double[] ones;
    private readonly double[] zeros;

    /// <summary>Makes a metric.</summary>
    /// <param name="curve">Which curve.</param>
    /// <param name="thresholds">How many thresholds, at least 2; the first is below 0, the last above 1.</param>
    /// <param name="name">The name under which progress and summaries show it.</param>
    /// <exception cref="InvalidArgumentException">There are fewer than 2 thresholds.</exception>
    public AreaUnderCurve(Curve curve = Curve.Roc, int thresholds = 200, string name = "auc")
    {
        if (thresholds < 2) throw new InvalidArgumentException($"AreaUnderCurve: {thresholds} thresholds make no curve; give at least 2.");
        this.curve = curve;
        Name = name;
        this.thresholds = [.. Enumerable.Range(1, thresholds - 2).Select(i => (double)i / (thresholds - 1))];
        (ones, zeros) = (new double[thresholds - 1], new double[thresholds - 1]);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override double Result
    {
        get
        {
            double allOnes = ones.Sum(), allZeros = zeros.Sum(), area = 0, found = 0, wrong = 0;
            if (allOnes + allZeros == 0) return double.NaN;
            for (int i = ones.Length - 1; i >= 0; i--)
            {
                area += curve == Curve.Roc ? zeros[i] * (found + (ones[i] / 2)) : PrecisionArea(found, wrong, ones[i], zeros[i]);
                found += ones[i];
                wrong += zeros[i];
            }
            double whole = curve == Curve.Roc ? allOnes * allZeros : allOnes;
            return whole == 0 ? 0 : area / whole;
        }
    }

    /// <summary>Adds a batch.</summary>
    /// <param name="labels">0 or 1, of any dtype.</param>
    /// <param name="probabilities">From 0 to 1, of the labels' shape.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    /// <exception cref="InvalidArgumentException">A label is neither 0 nor 1, or a probability is not in [0, 1].</exception>
    public void Update(Tensor labels, Tensor probabilities, Tensor? weights = null)
    {
        MetricInputs.RequireSameShape(labels, probabilities, nameof(AreaUnderCurve));
        bool[] actual = MetricInputs.ZeroOrOne(labels, nameof(AreaUnderCurve));
        double[] p = MetricInputs.Values(probabilities), spread = MetricInputs.Weights(weights, labels.ConcreteShape, nameof(AreaUnderCurve));
        foreach (double probability in p)
            if (probability is not (>= 0 and <= 1)) throw new InvalidArgumentException($"AreaUnderCurve: {probability} is no probability; it must be within [0, 1]; put logits through Sigmoid.");
        for (int i = 0; i < p.Length; i++) (actual[i] ? ones : zeros)[Above(p[i])] += spread[i];
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        Array.Clear(ones);
        Array.Clear(zeros);
    }

    /// <inheritdoc/>
    public override IEnumerable<StateEntry> GetState() =>
    [
        StateEntry.Doubles("ones", () => ones, values => values.CopyTo(ones, 0), Shape.FromSizes(ones.Length)),
        StateEntry.Doubles("zeros", () => zeros, values => values.CopyTo(zeros, 0), Shape.FromSizes(zeros.Length)),
    ];

    // ∫ precision d(found) from (found, wrong) to (found + a, wrong + b), where found grows in proportion to what is predicted:
    // with p = found + wrong and slope s = a/(a + b), s·(a + (found − s·p)·log((p + a + b)/p)).
    private static double PrecisionArea(double found, double wrong, double a, double b)
    {
        if (a + b == 0) return 0;
        double predicted = found + wrong, slope = a / (a + b);
        double ratio = predicted > 0 ? Math.Log((predicted + a + b) / predicted) : 0;
        return slope * (a + ((found - (slope * predicted)) * ratio));
    }

    // How many inner thresholds are below a probability.
    private int Above(double probability)
    {
        int place = Array.BinarySearch(thresholds, probability);
        return place >= 0 ? place : ~place;
    }
}
