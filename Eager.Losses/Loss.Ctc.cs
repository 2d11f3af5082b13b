using Eager.Autograd;

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
    /// <remarks>Labels and lengths are read, inside a traced function by a host function (<see cref="Function.Host"/>) at each replay. Graves, Fernández, Gomez &amp; Schmidhuber, "Connectionist temporal classification" (2006), section 4.1, in logarithms; 16-bit logits are computed in float32.</remarks>
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
        RequireIntegers(labels, "labels");
        RequireLengths(labelLengths, batch, "labels");
        RequireLengths(logitLengths, batch, "logits");
        (bool hasLabelLengths, bool hasLogitLengths) = (labelLengths is not null, logitLengths is not null);
        Func<Tensor[], Tensor> align = Function.Host(given => new CtcAlignment(given[0], hasLabelLengths ? given[1] : null, hasLogitLengths ? given[^1] : null, time, classes, blank).ToTensor(), name: nameof(Ctc));
        using var temporaries = Temporaries.Begin();
        Tensor alignment = align([labels, .. hasLabelLengths ? [labelLengths!] : (Tensor[])[], .. hasLogitLengths ? [logitLengths!] : (Tensor[])[]]);
        return temporaries.Keep(Finish(nameof(Ctc), () => CtcLosses(alignment, logits, time, zeroInfinity), new(weights, reduction, scope, collection)));
    }

    // αₜ(s) = pₜ(lₛ)·(αₜ₋₁(s) + αₜ₋₁(s − 1) + αₜ₋₁(s − 2)), the last only where labels l without a blank between may follow each other; p(labels) = α(last) + α(last − 1)
    private static Tensor CtcLosses(Tensor alignment, Tensor logits, long time, bool zeroInfinity)
    {
        Tensor computed = logits.DType is DType.Float16 or DType.BFloat16 ? logits.Cast(DType.Float32) : logits;
        (Dim batch, int states) = (logits.Shape[0], CtcAlignment.StatesOf(alignment));
        Tensor[] parts = alignment.To(computed.Device).Split([states, states, states, 2, 2, 1], 1);
        // The logarithm of 1 where something may be, of next to nothing where it may not.
        Tensor Allowed(Tensor may) => (may.Cast(computed.DType) - 1) * -Impossible;
        Tensor classOf = parts[0].ExpandDims(1).BroadcastTo([batch, time, states]);
        Tensor emitted = computed.LogSoftmax(-1).TakeAlongAxis(classOf, 2);        // [batch, time, states]
        Tensor skip = Allowed(parts[1]), alpha = Allowed(parts[2]);                // [batch, states]
        Tensor two = Tensor.Full([batch, 2], Impossible, computed.DType, computed.Device), one = two[.., ..1], counted = parts[5];
        for (long t = 0; t < time; t++)
        {
            // The start says itself where the first step may be.
            Tensor from = t == 0 ? alpha : Tensor.Stack([alpha, Tensor.Concat([one, alpha], 1)[.., ..states], Tensor.Concat([two, alpha], 1)[.., ..states] + skip], 2).LogSumExp(2);
            alpha = (counted > t).Where(from + emitted.Narrow(1, t, 1).Squeeze(1), alpha);
        }
        Tensor losses = -(alpha.TakeAlongAxis(parts[3], 1) + Allowed(parts[4])).LogSumExp(1);
        Tensor possible = losses < -Impossible / 2;
        losses = possible.Where(losses, Tensor.FullLike(losses, zeroInfinity ? 0 : double.PositiveInfinity));
        return computed == logits ? losses : losses.Cast(logits.DType);
    }

    private static void RequireIntegers(Tensor tensor, string what)
    {
        if (!tensor.DType.IsInteger()) throw new DTypeMismatchException($"Ctc: the {what} are {tensor.DType.Name()}; give an integer dtype.");
    }

    private static void RequireLengths(Tensor? lengths, long batch, string of)
    {
        if (lengths is null) return;
        RequireIntegers(lengths, $"lengths of the {of}");
        if (lengths.Rank != 1 || lengths.ConcreteShape[0] != batch) throw new ShapeMismatchException($"Ctc: the lengths of the {of} are {lengths.ConcreteShape}; they need shape [{batch}], one for each sequence.");
    }

    /// <summary>The states through which labels are spelled: a blank, the first label, a blank, the second label, …, a blank.</summary>
    private sealed class CtcAlignment
    {
        private const int Ends = 2;

        private readonly long batch;
        private readonly long states;
        private readonly long[] rows;   // for each sequence the class of each state, then what may be, as 0 and 1

        internal CtcAlignment(Tensor labels, Tensor? labelLengths, Tensor? logitLengths, long time, long classes, long blank)
        {
            (batch, long longest) = (labels.ConcreteShape[0].Value, labels.ConcreteShape[1].Value);
            states = 2 * longest + 1;
            long[] values = Read(labels), counts = LengthsOf(labelLengths, longest, "labels"), steps = LengthsOf(logitLengths, time, "logits");
            rows = new long[batch * Width(states)];
            for (int i = 0; i < batch; i++)
            {
                Span<long> row = rows.AsSpan((int)(i * Width(states)), (int)Width(states));
                Span<long> classOf = row[..(int)states], skip = row.Slice((int)states, (int)states), start = row.Slice(2 * (int)states, (int)states), ends = row.Slice(3 * (int)states, Ends), endHere = row.Slice(3 * (int)states + Ends, Ends);
                for (int s = 0; s < states; s++)
                {
                    bool isLabel = s % 2 == 1 && s / 2 < counts[i];
                    long label = isLabel ? values[(i * longest) + (s / 2)] : blank;
                    if (isLabel && (label < 0 || label >= classes || label == blank))
                        throw new InvalidArgumentException($"Ctc: label {s / 2} of sequence {i} is {label}, which {(label == blank ? "is the blank" : $"is none of the {classes} classes")}.");
                    classOf[s] = label;
                    // A state may follow the one two before it where no blank is needed between them.
                    skip[s] = isLabel && s > 1 && label != classOf[s - 2] ? 1 : 0;
                    start[s] = s == 0 || (s == 1 && isLabel) ? 1 : 0;
                }
                // A sequence ends in its last label or the blank after it; one without time ends where it starts, which only an empty one may.
                (ends[0], ends[1]) = (2 * counts[i], Math.Max(0, (2 * counts[i]) - 1));
                bool hasTime = steps[i] > 0 || counts[i] == 0;
                (endHere[0], endHere[1]) = (hasTime ? 1 : 0, hasTime && counts[i] > 0 ? 1 : 0);
                row[^1] = steps[i];
            }

            long[] LengthsOf(Tensor? lengths, long most, string of)
            {
                if (lengths is null) return [.. Enumerable.Repeat(most, (int)batch)];
                long[] given = Read(lengths);
                for (int i = 0; i < given.Length; i++)
                    if (given[i] < 0 || given[i] > most) throw new InvalidArgumentException($"Ctc: sequence {i} of the {of} has length {given[i]}, which is not within [0, {most}].");
                return given;
            }
        }

        /// <summary>[batch, …]: the class of each state; whether it may follow the one two before it; whether a sequence may start in it; the two states in which it ends; whether it may; its steps of time.</summary>
        internal Tensor ToTensor() => Tensor.From(rows, [batch, Width(states)]);

        /// <summary>How many states there are in what <see cref="ToTensor"/> gave.</summary>
        internal static int StatesOf(Tensor alignment) => (int)(alignment.ConcreteShape[1].Value - Width(0)) / 3;

        private static long Width(long states) => (3 * states) + (2 * Ends) + 1;

        private static long[] Read(Tensor tensor)
        {
            using var scope = Temporaries.Begin();
            return tensor.Cast(DType.Int64).ToArray<long>();
        }
    }
}
