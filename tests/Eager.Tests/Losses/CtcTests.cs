using Eager.Autograd;
using Eager.Losses;
using NUnit.Framework;

namespace Eager.Tests.Losses;

/// <summary>Connectionist temporal classification against the sum over every way to spell the labels, enumerated in double precision.</summary>
public sealed class CtcTests
{
    private const int Classes = 3;

    private static readonly object[] Spellings =
    [
        new TestCaseData(4, new long[] { 1, 2 }, 0L).SetName("two labels"),
        new TestCaseData(5, new long[] { 1, 1 }, 0L).SetName("a label twice, which needs a blank between"),
        new TestCaseData(3, new long[] { 2, 2 }, 0L).SetName("a label twice in no more time than it needs"),
        new TestCaseData(3, new long[] { 2, 1, 2 }, 0L).SetName("as many labels as steps"),
        new TestCaseData(4, Array.Empty<long>(), 0L).SetName("no label"),
        new TestCaseData(1, new long[] { 2 }, 0L).SetName("one step"),
        new TestCaseData(5, new long[] { 0, 1, 0 }, 2L).SetName("the last class as blank"),
        new TestCaseData(4, new long[] { 2, 0 }, 1L).SetName("a blank in the middle"),
    ];

    [TestCaseSource(nameof(Spellings))]
    public void The_loss_and_its_gradients_are_those_of_all_spellings(int time, long[] labels, long blank)
    {
        double[][] logits = Logits(time, seed: time + (int)blank);
        Tensor given = Tensor.From(labels, [1, labels.Length]), x = Tensor.From(logits).ExpandDims(0);
        double expected = Enumerated(logits, labels, blank);
        Assert.That(Loss.Ctc(given, x, blank: blank).Item(), Is.EqualTo(expected).Within(1e-13));
        // Some ten roundings of float32 in each of at most five steps.
        Assert.That(Loss.Ctc(given.Cast(DType.Int32), x.Cast(DType.Float32), blank: blank).Item(), Is.EqualTo(expected).Within(1e-5));
        GradientCheck.Require(v => Loss.Ctc(given, v, blank: blank), x, 1);
        GradientCheck.Require(v => Loss.Ctc(given, v, blank: blank), x, 2);

        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor slope = tape.Gradient(Loss.Ctc(given, x, blank: blank), x)!;
        const double step = 1e-5;
        for (int t = 0; t < time; t++)
        {
            for (int c = 0; c < Classes; c++)
            {
                double Moved(double by)
                {
                    double[][] moved = [.. logits.Select(row => (double[])row.Clone())];
                    moved[t][c] += by;
                    return Enumerated(moved, labels, blank);
                }
                // The error of a central difference is that of the third derivative times step²/6, and the rounding of the loss over the step.
                Assert.That(slope[0, t, c].Item(), Is.EqualTo((Moved(step) - Moved(-step)) / (2 * step)).Within(1e-9));
            }
        }
    }

    [Test]
    public void Sequences_of_different_lengths_stand_side_by_side()
    {
        double[][][] logits = [Logits(5, 1), Logits(5, 2), Logits(5, 3), Logits(5, 4)];
        long[] labelLengths = [2, 0, 3, 1], logitLengths = [5, 4, 3, 2];
        long[][] labels = [[1, 2, -7], [99, 0, 0], [1, 2, 1], [2, 2, 2]];
        Tensor x = Tensor.From([.. logits.SelectMany(l => l).SelectMany(r => r)], [4, 5, Classes]);
        Tensor y = Tensor.From([.. labels.SelectMany(l => l)], [4, 3]);
        double[] expected = [.. logits.Select((l, i) => Enumerated(l[..(int)logitLengths[i]], labels[i][..(int)labelLengths[i]], 0))];
        Assert.That(Loss.Ctc(y, x, Tensor.From(labelLengths), Tensor.From(logitLengths), reduction: Reduction.None).ToArray<double>(), Is.EqualTo(expected).Within(1e-13));

        double[] weights = [1, 0, 2, 0.5];
        Assert.That(Loss.Ctc(y, x, Tensor.From(labelLengths), Tensor.From(logitLengths), weights: Tensor.From(weights)).Item(), Is.EqualTo(expected.Zip(weights, (l, w) => l * w).Sum() / 3).Within(1e-13));
        using var tape = new GradientTape();
        tape.Watch(x);
        Tensor slope = tape.Gradient(Loss.Ctc(y, x, Tensor.From(labelLengths), Tensor.From(logitLengths)), x)!;
        Assert.That(slope[3, 2..].ToArray<double>(), Is.All.Zero, "steps beyond a sequence do not count");
        Assert.That(slope[3, ..2].ToArray<double>(), Has.None.Zero);
    }

    [TestCase(DType.Float32)]
    [TestCase(DType.Float64)]
    public void Logits_of_a_thousand_give_finite_losses_and_right_gradients(DType dtype)
    {
        // Sure of 1, sure of the blank, sure of 2, against what is asked for.
        Tensor x = Tensor.From([[[-1000.0, 1000, 0], [1000, -1000, -1000], [0, -1000, 1000]]]).Cast(dtype);
        foreach ((long[] labels, double loss, double[] slope) in new (long[], double, double[])[]
        {
            ([1, 2], 0, [0, 0, 0, 0, 0, 0, 0, 0, 0]),
            // The cheapest way to spell 1 1 is 1, blank, 1 for 2000; no other is near.
            ([1, 1], 2000, [0, 0, 0, 0, 0, 0, 0, -1, 1]),
            // 2 2 costs 1000 at the first step.
            ([2, 2], 1000, [0, 1, -1, 0, 0, 0, 0, 0, 0]),
        })
        {
            using var tape = new GradientTape();
            tape.Watch(x);
            Tensor value = Loss.Ctc(Tensor.From(labels, [1, 2]), x);
            Assert.That(value.Item(), Is.EqualTo(loss));
            Assert.That(tape.Gradient(value, x)!.Cast(DType.Float64).ToArray<double>(), Is.EqualTo(slope));
        }
    }

    [TestCase(2, new long[] { 1, 1 }, TestName = "no time for the blank between")]
    [TestCase(1, new long[] { 1, 2 }, TestName = "more labels than steps")]
    [TestCase(0, new long[] { 1, 2 }, TestName = "no time at all")]
    public void What_cannot_be_spelled_has_an_infinite_loss_or_none_and_no_gradient(int steps, long[] labels)
    {
        Tensor x = Tensor.From([.. Logits(4, 9).Concat(Logits(4, 10)).SelectMany(r => r)], [2, 4, Classes]), y = Tensor.From([.. labels, .. labels], [2, 2]), times = Tensor.From(steps, 4L);
        foreach (bool zero in new[] { false, true })
        {
            using var tape = new GradientTape();
            tape.Watch(x);
            Tensor losses = Loss.Ctc(y, x, logitLengths: times, zeroInfinity: zero, reduction: Reduction.None);
            Assert.That(losses.ToArray<double>()[0], Is.EqualTo(zero ? 0 : double.PositiveInfinity));
            Assert.That(losses.ToArray<double>()[1], Is.EqualTo(Enumerated(Logits(4, 10), labels, 0)).Within(1e-13));
            Tensor slope = tape.Gradient(losses.Sum(), x)!;
            Assert.That(slope[0].ToArray<double>(), Is.All.Zero);
            Assert.That(slope[1].ToArray<double>(), Has.None.Zero.And.All.Matches<double>(double.IsFinite));
        }
        Assert.That(Loss.Ctc(Tensor.Zeros([1, 0], DType.Int64), x[..1], logitLengths: Tensor.From(new long[] { 0 })).Item(), Is.Zero, "nothing is spelled in no time");
    }

    [Test]
    public void Sixteen_bit_logits_are_computed_in_more_and_no_tensor_is_left()
    {
        double[][] logits = Logits(4, 3);
        Tensor x = Tensor.From(logits).ExpandDims(0).Cast(DType.BFloat16), y = Tensor.From([[1L, 2]]);
        Tensor loss = Loss.Ctc(y, x);
        Assert.That(loss.DType, Is.EqualTo(DType.BFloat16));
        double[][] rounded = [.. x.Cast(DType.Float64).ToArray<double>().Chunk(Classes)];
        double expected = Enumerated(rounded, [1, 2], 0);
        // One rounding of the result to eight bits.
        Assert.That(loss.Item(), Is.EqualTo(expected).Within(expected / 256));

        Tensor lengths = Tensor.From(new long[] { 2 }), wide = x.Cast(DType.Float32);
        using var wrappers = new WrapperCount();
        Tensor only = Loss.Ctc(y, wide, lengths);
        Assert.That(wrappers.Beside(only), Is.Zero);
    }

    [Test]
    public void What_does_not_fit_is_refused_by_name()
    {
        Tensor x = Tensor.Zeros([2, 4, Classes]), y = Tensor.From([[1L, 2], [2, 1]]), lengths = Tensor.From(2L, 2);
        Assert.Multiple(() =>
        {
            Assert.That(() => Loss.Ctc(y, x, blank: 3), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("blank is 3"));
            Assert.That(() => Loss.Ctc(y + 1, x), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("label 1 of sequence 0 is 3"));
            Assert.That(() => Loss.Ctc(y - 1, x), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("is the blank"));
            Assert.That(() => Loss.Ctc(y.Cast(DType.Float32), x), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("float32"));
            Assert.That(() => Loss.Ctc(y, x.Cast(DType.Int64)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("int64"));
            Assert.That(() => Loss.Ctc(y, x[0]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[4, 3]"));
            Assert.That(() => Loss.Ctc(y[..1], x), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => Loss.Ctc(y, x, Tensor.From(new long[] { 2 })), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("lengths of the labels"));
            Assert.That(() => Loss.Ctc(y, x, lengths + 1), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("length 3"));
            Assert.That(() => Loss.Ctc(y, x, lengths, lengths - 3), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("logits has length -1"));
            Assert.That(() => Loss.Ctc(y, x, lengths.Cast(DType.Float64)), Throws.TypeOf<DTypeMismatchException>());
        });
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_replay_reads_the_labels_and_lengths_that_it_is_given(bool anyBatch)
    {
        using var scope = new TensorScope();
        IReadOnlyList<Tensor> Step(IReadOnlyList<Tensor> given)
        {
            using var tape = new GradientTape();
            tape.Watch(given[1]);
            Tensor loss = Loss.Ctc(given[0], given[1], given[2], given[3], zeroInfinity: true);
            return [loss, tape.Gradient(loss, given[1])!];
        }
        InputSpec[]? signature = anyBatch ? [new([null, 2], DType.Int64), new([null, 4, Classes], DType.Float64), new([null], DType.Int64), new([null], DType.Int64)] : null;
        using TracedFunction traced = Function.Trace((Func<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>>)Step, "step", signature);
        Tensor[][] batches =
        [
            [Tensor.From([[1L, 2], [2, 1]]), Batch(1, 2), Tensor.From(2L, 2), Tensor.From(4L, 4)],
            [Tensor.From([[2L, 2], [1, -5]]), Batch(3, 4), Tensor.From(2L, 1), Tensor.From(4L, 2)],
            [Tensor.From([[9L, 9], [1, 1]]), Batch(5, 6), Tensor.From(0L, 2), Tensor.From(3L, 2)],
        ];
        foreach (Tensor[] batch in batches)
        {
            IReadOnlyList<Tensor> replayed = traced.CallAll(batch);
            IReadOnlyList<Tensor> computed = Step(batch);
            // A replay does exactly what ran.
            for (int i = 0; i < 2; i++) Assert.That(replayed[i].ToArray<double>(), Is.EqualTo(computed[i].ToArray<double>()));
        }

        Assert.That(traced.TraceCount, Is.EqualTo(1));
        Assert.That(() => traced.CallAll([batches[0][0] + 1, .. batches[0][1..]]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("label 1 of sequence 0 is 3"));
        Assert.That(() => traced.CallAll([.. batches[0][..3], batches[0][3] + 1]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("logits has length 5"));
        Assert.That(traced.CallAll(batches[1])[0].Item(), Is.EqualTo(Step(batches[1])[0].Item()), "a refused call leaves the function as it was");

        static Tensor Batch(int first, int second) => Tensor.From([.. Logits(4, first).Concat(Logits(4, second)).SelectMany(static row => row)], [2, 4, Classes]);
    }

    private static double[][] Logits(int time, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, time).Select(_ => Enumerable.Range(0, Classes).Select(_ => (random.NextDouble() * 4) - 2).ToArray())];
    }

    // −log Σ Π p over all sequences of classes that become the labels when repetitions are merged and blanks left out.
    private static double Enumerated(double[][] logits, long[] labels, long blank)
    {
        double sum = 0;
        int paths = (int)Math.Pow(Classes, logits.Length);
        for (int path = 0; path < paths; path++)
        {
            var spelled = new List<long>();
            double probability = 1;
            long before = -1;
            for (int t = 0, rest = path; t < logits.Length; t++, rest /= Classes)
            {
                long c = rest % Classes;
                if (c != before && c != blank) spelled.Add(c);
                before = c;
                probability *= Math.Exp(logits[t][c]) / logits[t].Sum(Math.Exp);
            }
            if (spelled.SequenceEqual(labels)) sum += probability;
        }
        return -Math.Log(sum);
    }
}
