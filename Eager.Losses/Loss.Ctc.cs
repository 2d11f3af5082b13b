namespace Eager.Losses;

public static partial class Loss
{
    // The logarithm of an impossible probability: finite, so that sums and gradients of it are numbers, and far below any that is possible.
    private const double Impossible = -1e30;

    /// <summary>Connectionist temporal classification: −log of the probability that logits over time spell the labels, over all ways to spread these over time with blanks between.</summary>
    /// <param name="labels">The sequences, class numbers of an integer dtype, [batch, longest]; what is beyond a sequence's length is not looked at.</param>
    /// <param name="logits">Scores before the softmax, [batch, time, classes].</param>
    /// <param name="labelLengths">How many labels each sequence has, from 0, of an integer dtype, [batch]; all when null.</param>
    /// <param name="logitLengths">How many steps of time count, from 0, of an integer dtype, [batch]; all when null.</param>
    /// <param name="blank">The class that stands for no label.</param>
    /// <param name="zeroInfinity">Whether a loss is 0 instead of infinite where there is not time enough for the labels: a step for each, and one between two that are equal. Its gradient is 0 either way.</param>
    /// <param name="weights">Weights, 1 when null.</param>
    /// <param name="reduction">How the losses, [batch], become one.</param>
    /// <param name="scope">A name for traces and collections; the loss's own when null.</param>
    /// <param name="collection">Where the loss is registered; when null, the collection that is open on this thread, if any.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit each other.</exception>
    /// <exception cref="DTypeMismatchException">Labels or lengths are not of an integer dtype, or logits not of a floating-point one.</exception>
    /// <exception cref="InvalidArgumentException">A label is no class or the blank, a length is out of its range, or the blank is no class.</exception>
    /// <exception cref="TracingException">Labels and lengths are read, which cannot be done inside a traced function.</exception>
    /// <remarks>Graves, Fernández, Gomez &amp; Schmidhuber, "Connectionist temporal classification" (2006), section 4.1, in logarithms; 16-bit logits are computed in float32.</remarks>
    /// <example><code>
    /// Tensor loss = Loss.Ctc(Tensor.From([[1L, 2]]), Tensor.Zeros([1, 4, 3]));   // two labels in four steps, three classes of which 0 is the blank
    /// </code></example>
    public static Tensor Ctc(
        Tensor labels, Tensor logits, Tensor? labelLengths = null, Tensor? logitLengths = null, long blank = 0, bool zeroInfinity = false,
        Tensor? weights = null, Reduction reduction = Reduction.SumByNonzeroWeights, string? scope = null, LossCollection? collection = null)
    {
        if (!logits.DType.IsFloatingPoint()) throw new DTypeMismatchException($"Ctc: the logits are {logits.DType.Name()}; give a floating-point dtype.");
        if (logits.Rank != 3 || labels.Rank != 2 || labels.ConcreteShape[0] != logits.ConcreteShape[0])
            throw new ShapeMismatchException($"Ctc: labels are {labels.ConcreteShape}, logits {logits.ConcreteShape}; they need shapes [batch, longest] and [batch, time, classes].");
        (long batch, long time, long classes) = (logits.ConcreteShape[0].Value, logits.ConcreteShape[1].Value, logits.ConcreteShape[2].Value);
        if (blank < 0 || blank >= classes) throw new InvalidArgumentException($"Ctc: the blank is {blank}, which is none of the {classes} classes.");
        long longest = labels.ConcreteShape[1].Value;
        long[] labelCounts = LengthsOf(labelLengths, batch, longest, "labels"), steps = LengthsOf(logitLengths, batch, time, "logits");
        var alignment = new CtcAlignment(HostIntegers(labels, "labels"), longest, labelCounts, steps, classes, blank);
        return Finish(nameof(Ctc), () => CtcLosses(alignment, logits, time, zeroInfinity), new(weights, reduction, scope, collection));
    }

    // αₜ(s) = pₜ(lₛ)·(αₜ₋₁(s) + αₜ₋₁(s − 1) + αₜ₋₁(s − 2)), the last only where labels l without a blank between may follow each other; p(labels) = α(last) + α(last − 1)
    private static Tensor CtcLosses(CtcAlignment alignment, Tensor logits, long time, bool zeroInfinity)
    {
        Tensor computed = logits.DType is DType.Float16 or DType.BFloat16 ? logits.Cast(DType.Float32) : logits;
        Tensor Constant(double[] values, int width) => Tensor.From(values, [alignment.Batch, width]).Cast(computed.DType).To(computed.Device);
        int states = alignment.States;
        Tensor classOf = Tensor.From(alignment.ClassOfState, [alignment.Batch, 1, states]).To(computed.Device).BroadcastTo([alignment.Batch, time, states]);
        Tensor emitted = computed.LogSoftmax(-1).TakeAlongAxis(classOf, 2);                          // [batch, time, states]
        Tensor skip = Constant(alignment.Skip, states), alpha = Constant(alignment.Start, states);   // [batch, states]
        Tensor one = Constant(CtcAlignment.Nothing(alignment.Batch), 1), two = Tensor.Concat([one, one], 1);
        Tensor counted = Tensor.From(alignment.Steps, [alignment.Batch, 1]).To(computed.Device);
        for (long t = 0; t < time; t++)
        {
            // The start says itself where the first step may be.
            Tensor from = t == 0 ? alpha : Tensor.Stack([alpha, Tensor.Concat([one, alpha], 1)[.., ..states], Tensor.Concat([two, alpha], 1)[.., ..states] + skip], 2).LogSumExp(2);
            alpha = (counted > t).Where(from + emitted.Narrow(1, t, 1).Squeeze(1), alpha);
        }
        Tensor ends = Tensor.From(alignment.Ends, [alignment.Batch, 2]).To(computed.Device);
        Tensor losses = -(alpha.TakeAlongAxis(ends, 1) + Constant(alignment.EndPenalties, 2)).LogSumExp(1);
        Tensor possible = losses < -Impossible / 2;
        losses = possible.Where(losses, Tensor.FullLike(losses, zeroInfinity ? 0 : double.PositiveInfinity));
        return computed == logits ? losses : losses.Cast(logits.DType);
    }

    private static long[] LengthsOf(Tensor? lengths, long batch, long most, string of)
    {
        if (lengths is null)
        {
            long[] all = new long[batch];
            Array.Fill(all, most);
            return all;
        }
        if (lengths.Rank != 1 || lengths.ConcreteShape[0] != batch) throw new ShapeMismatchException($"Ctc: the lengths of the {of} are {lengths.ConcreteShape}; they need shape [{batch}], one for each sequence.");
        long[] values = HostIntegers(lengths, $"lengths of the {of}");
        for (int i = 0; i < values.Length; i++)
            if (values[i] < 0 || values[i] > most) throw new InvalidArgumentException($"Ctc: sequence {i} of the {of} has length {values[i]}, which is not within [0, {most}].");
        return values;
    }

    private static long[] HostIntegers(Tensor tensor, string what)
    {
        if (!tensor.DType.IsInteger()) throw new DTypeMismatchException($"Ctc: the {what} are {tensor.DType.Name()}; give an integer dtype.");
        tensor.ReadingValue(nameof(Ctc));
        using var unrecorded = Unrecorded.Begin();
        using var scope = Temporaries.Begin();
        return tensor.Cast(DType.Int64).ToArray<long>();
    }

    /// <summary>The states through which labels are spelled: a blank, the first label, a blank, the second label, …, a blank.</summary>
    private sealed class CtcAlignment
    {
        internal CtcAlignment(long[] labels, long longest, long[] labelCounts, long[] steps, long classes, long blank)
        {
            (Batch, States, Steps) = (labelCounts.Length, (int)((2 * longest) + 1), steps);
            ClassOfState = new long[Batch * States];
            (Skip, Start) = (new double[Batch * States], new double[Batch * States]);
            (Ends, EndPenalties) = (new long[Batch * 2], new double[Batch * 2]);
            for (int i = 0; i < Batch; i++)
            {
                for (int s = 0; s < States; s++)
                {
                    bool isLabel = s % 2 == 1 && s / 2 < labelCounts[i];
                    long label = isLabel ? labels[(i * longest) + (s / 2)] : blank;
                    if (isLabel && (label < 0 || label >= classes || label == blank))
                        throw new InvalidArgumentException($"Ctc: label {s / 2} of sequence {i} is {label}, which {(label == blank ? "is the blank" : $"is none of the {classes} classes")}.");
                    int place = (i * States) + s;
                    ClassOfState[place] = label;
                    Skip[place] = isLabel && s > 1 && label != ClassOfState[place - 2] ? 0 : Impossible;
                    Start[place] = s == 0 || (s == 1 && isLabel) ? 0 : Impossible;
                }
                // A sequence ends in its last label or the blank after it; one without time ends where it starts, which only an empty one may.
                (Ends[2 * i], Ends[(2 * i) + 1]) = (2 * labelCounts[i], Math.Max(0, (2 * labelCounts[i]) - 1));
                EndPenalties[(2 * i) + 1] = labelCounts[i] == 0 ? Impossible : 0;
                if (steps[i] == 0 && labelCounts[i] > 0) EndPenalties[2 * i] = EndPenalties[(2 * i) + 1] = Impossible;
            }
        }

        internal int Batch { get; }

        internal int States { get; }

        /// <summary>How many steps of time each sequence has.</summary>
        internal long[] Steps { get; }

        /// <summary>Which class a state emits.</summary>
        internal long[] ClassOfState { get; }

        /// <summary>0 where a state may follow the one two before it, else the logarithm of the impossible.</summary>
        internal double[] Skip { get; }

        /// <summary>0 where a sequence may start.</summary>
        internal double[] Start { get; }

        /// <summary>The two states in which a sequence may end.</summary>
        internal long[] Ends { get; }

        /// <summary>0 where it may, indeed.</summary>
        internal double[] EndPenalties { get; }

        /// <summary>What stands to the left of the first state.</summary>
        internal static double[] Nothing(int batch)
        {
            var nothing = new double[batch];
            Array.Fill(nothing, Impossible);
            return nothing;
        }
    }
}
