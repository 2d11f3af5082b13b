using System.Buffers.Binary;
using System.Text;
using Eager.Autograd;
using Eager.Train;
using NUnit.Framework;
using static Eager.Tests.Formats.EventBytes;

namespace Eager.Tests.Formats;

[TestFixture]
public class SummaryTests
{
    private const int DtFloat = 1, DtDouble = 2, DtString = 7;
    private const int TensorClass = 2, BlobClass = 3;

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(30)]
    public void A_histogram_counts_what_lies_between_its_edges(int buckets)
    {
        var random = new System.Random(1);
        float[] values = [.. Enumerable.Range(0, 999).Select(_ => (float)Math.Tan(random.NextDouble() * 3 - 1.5))];
        using Tensor x = Tensor.From(values, [27, 37]);

        HistogramBucket[] counted = [.. ReadBack(Summary.Histogram("x", x, buckets)).Histogram!];

        Assert.That(counted, Has.Length.EqualTo(buckets));
        Assert.That((counted[0].Left, counted[^1].Right), Is.EqualTo(((double)values.Min(), (double)values.Max())));
        for (int i = 0; i < buckets; i++)
        {
            (double left, double right, double count) = counted[i];
            bool last = i == buckets - 1;
            Assert.That(count, Is.EqualTo(values.Count(v => v >= left && (last ? v <= right : v < right))), $"range {i}");
            // The edges are interpolated in double: a few roundings of the largest |value|.
            Assert.That(right - left, Is.EqualTo(((double)values.Max() - values.Min()) / buckets).Within(1e-13 * Math.Max(-values.Min(), values.Max())));
            if (!last) Assert.That(counted[i + 1].Left, Is.EqualTo(right));
        }
    }

    [Test]
    public void A_histogram_takes_numbers_of_any_size_and_dtype()
    {
        using Tensor wide = Tensor.From(-double.MaxValue, 0, double.MaxValue);
        using Tensor integers = Tensor.From(3L, 1, 2, 1);
        using Tensor flags = Tensor.From(true, false, true);
        using Tensor equal = Tensor.Full([4, 5], 2.5);
        using Tensor empty = Tensor.Zeros([0, 3]);

        Assert.Multiple(() =>
        {
            Assert.That(ReadBack(Summary.Histogram("x", wide, 2)).Histogram, Is.EqualTo(new HistogramBucket[] { new(-double.MaxValue, 0, 1), new(0, double.MaxValue, 2) }));
            Assert.That(ReadBack(Summary.Histogram("x", integers, 2)).Histogram, Is.EqualTo(new HistogramBucket[] { new(1, 2, 2), new(2, 3, 2) }));
            Assert.That(ReadBack(Summary.Histogram("x", flags, 2)).Histogram, Is.EqualTo(new HistogramBucket[] { new(0, 0.5, 1), new(0.5, 1, 2) }));
            Assert.That(ReadBack(Summary.Histogram("x", equal, 2)).Histogram, Is.EqualTo(new HistogramBucket[] { new(2.5, 2.5, 0), new(2.5, 2.5, 20) }));
            Assert.That(ReadBack(Summary.Histogram("x", empty, 2)).Histogram, Is.EqualTo(new HistogramBucket[2]));
        });
    }

    [Test]
    public void A_histogram_is_a_tensor_of_left_right_and_count()
    {
        using Tensor x = Tensor.From(1f, 2, 3, 4);
        WireMessage value = Wire(Summary.Histogram("weights", x));

        RequireKind(value, "weights", "histograms", TensorClass, DtDouble, 30, 3);
        Assert.That(value.Message(8).Bytes(4), Has.Length.EqualTo(30 * 3 * sizeof(double)));
        Assert.That(value.Message(9).Message(1).Has(2), Is.False, "no plugin data");
    }

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(4)]
    public void Bytes_become_images_as_they_are(int channels)
    {
        const int height = 3, width = 5;
        byte[] pixels = [.. Enumerable.Range(0, 4 * height * width * channels).Select(i => (byte)(i * 31))];
        using Tensor x = Tensor.From(pixels, [4, height, width, channels]);

        WireMessage value = Wire(Summary.Image("digits", x));
        PngImage[] images = [.. ReadBack(Summary.Image("digits", x)).Images!.Select(i => new PngImage(i.ToArray()))];

        RequireKind(value, "digits", "images", BlobClass, DtString, 2 + 3);
        Assert.That(value.Message(8).Texts(8)[..2], Is.EqualTo(new[] { "5", "3" }), "width and height");
        Assert.That(images, Has.Length.EqualTo(3), "three of the four by default");
        Assert.That(images.Select(i => (i.Width, i.Height, i.Channels)), Is.All.EqualTo((width, height, channels)));
        Assert.That(images.SelectMany(i => i.Pixels), Is.EqualTo(pixels[..(3 * height * width * channels)]));
        Assert.That(ReadBack(Summary.Image("digits", x, maxShown: 10)).Images, Has.Count.EqualTo(4));
    }

    [Test]
    public void Each_floating_point_image_is_stretched_on_its_own()
    {
        using Tensor x = Tensor.From(
            [0f, 1, 2, 4,            // not negative: times 255/4
            -1, 0, 1, 0.5f,          // centred: times 127/1 around 128
            -2, -4, 0, 2,            // times 127/4 around 128
            1e-7f, 0, 0, 1e-8f],     // too faint to stretch
            [4, 2, 2, 1]);

        byte[][] pixels = [.. ReadBack(Summary.Image("x", x, 4)).Images!.Select(i => new PngImage(i.ToArray()).Pixels)];

        Assert.That(pixels, Is.EqualTo(new byte[][] { [0, 63, 127, 255], [1, 128, 255, 191], [64, 1, 128, 191], [0, 0, 0, 0] }));
    }

    [Test]
    public void Other_floating_point_dtypes_give_the_same_image()
    {
        using Tensor x = Tensor.From([0f, 1, 2, 4], [1, 2, 2, 1]);
        foreach (DType dtype in (DType[])[DType.Float16, DType.BFloat16, DType.Float64])
        {
            using Tensor other = x.Cast(dtype);
            Assert.That(new PngImage(ReadBack(Summary.Image("x", other)).Images![0].ToArray()).Pixels, Is.EqualTo(new byte[] { 0, 63, 127, 255 }), dtype.Name());
        }
    }

    [Test]
    public void Pixels_that_are_not_finite_are_red()
    {
        using Tensor x = Tensor.From([0f, 0, 1, 0.5f, float.NaN, 0, float.PositiveInfinity, 0, 0], [1, 1, 3, 3]);

        Assert.That(new PngImage(ReadBack(Summary.Image("x", x)).Images![0].ToArray()).Pixels, Is.EqualTo(new byte[] { 0, 0, 255, 255, 0, 0, 255, 0, 0 }));
    }

    [Test]
    public void Sound_becomes_WAV_of_16_bits()
    {
        using Tensor mono = Tensor.From([0f, 0.5f, -0.5f, 1, -1, 3, -3, 0.25f], [2, 4]);
        using Tensor stereo = mono.Reshape([1, 4, 2]);

        WireMessage value = Wire(Summary.Audio("noise", mono, 8000));
        byte[][] clips = [.. ReadBack(Summary.Audio("noise", mono, 8000)).Audio!.Select(static a => a.ToArray())];
        byte[] both = ReadBack(Summary.Audio("noise", stereo, 44100)).Audio!.Single().ToArray();

        RequireKind(value, "noise", "audio", BlobClass, DtString, 2, 2);
        Assert.That(value.Message(9).Message(1).Message(2).Number(2), Is.EqualTo(11), "encoding WAV");
        Assert.Multiple(() =>
        {
            Assert.That(clips, Has.Length.EqualTo(2));
            Assert.That(Samples(clips[0], 8000, 1), Is.EqualTo(new short[] { 0, 16384, -16384, 32767 }));
            Assert.That(Samples(clips[1], 8000, 1), Is.EqualTo(new short[] { -32768, 32767, -32768, 8192 }));
            Assert.That(Samples(both, 44100, 2), Is.EqualTo(new short[] { 0, 16384, -16384, 32767, -32768, 32767, -32768, 8192 }));
        });
    }

    [Test]
    public void Text_comes_alone_in_lists_and_in_tables()
    {
        RequireKind(Wire(Summary.Text("note", "**größe**")), "note", "text", TensorClass, DtString);
        RequireKind(Wire(Summary.Text("note", ["a", "b", "c"])), "note", "text", TensorClass, DtString, 3);
        RequireKind(Wire(Summary.Text("note", new[,] { { "a", "b", "c" }, { "d", "e", "f" } })), "note", "text", TensorClass, DtString, 2, 3);
        Assert.That(ReadBack(Summary.Text("note", "**größe**")).Texts, Is.EqualTo(new[] { "**größe**" }));
        Assert.That(ReadBack(Summary.Text("note", new[,] { { "a", "b" }, { "c", "d" } })).Texts, Is.EqualTo(new[] { "a", "b", "c", "d" }));
    }

    [Test]
    public void A_precision_recall_curve_counts_at_every_threshold()
    {
        const int thresholds = 17;
        var random = new System.Random(2);
        // Sixteenths and thirty-seconds are exact, so that each lies at or between thresholds without rounding.
        float[] guesses = [.. Enumerable.Range(0, 200).Select(_ => random.Next(33) / 32f)];
        bool[] answers = [.. guesses.Select(g => random.NextDouble() < g)];
        using Tensor labels = Tensor.From(answers, [20, 10]), predictions = Tensor.From(guesses, [20, 10]);

        Summary summary = Summary.PrecisionRecallCurve("curve", labels, predictions, thresholds);
        PrecisionRecallPoint[] points = [.. ReadBack(summary).PrecisionRecall!];

        RequireKind(Wire(summary), "curve", "pr_curves", TensorClass, DtFloat, 6, thresholds);
        Assert.That(Wire(summary).Message(9).Message(1).Message(2).Number(2), Is.EqualTo(thresholds));
        for (int i = 0; i < thresholds; i++)
        {
            int Count(bool answer, bool above) => Enumerable.Range(0, 200).Count(k => answers[k] == answer && guesses[k] >= i / 16f == above);
            float tp = Count(true, true), fp = Count(false, true), tn = Count(false, false), fn = Count(true, false);
            Assert.That(points[i], Is.EqualTo(new PrecisionRecallPoint(tp, fp, tn, fn, tp + fp == 0 ? 0 : tp / (tp + fp), tp / (tp + fn))), $"threshold {i}");
        }
    }

    [Test]
    public void Trials_are_in_the_form_of_the_hparams_dashboard()
    {
        WireMessage experiment = Wire(Summary.Experiment([Hyperparameter.Number("rate", 0.001, 0.1), Hyperparameter.Text("optimizer", "adam", "sgd"), Hyperparameter.Flag("bias")], ["test/accuracy"]));
        Summary start = Summary.TrialStart(new Dictionary<string, object> { ["rate"] = 0.01f, ["optimizer"] = "adam", ["bias"] = true, ["units"] = 64 }, "group", DateTime.UnixEpoch.AddSeconds(5));
        WireMessage end = Wire(Summary.TrialEnd(TrialStatus.Failure, DateTime.UnixEpoch.AddSeconds(9)));

        RequireKind(experiment, "_hparams_/experiment", "hparams", TensorClass, DtFloat, 0);
        WireMessage[] infos = experiment.Message(9).Message(1).Message(2).Message(2).Messages(4);
        Assert.That(infos.Select(i => (i.Text(1), i.Number(4))), Is.EqualTo(new[] { ("rate", 3UL), ("optimizer", 1UL), ("bias", 2UL) }));
        Assert.That(BitConverter.UInt64BitsToDouble(infos[0].Message(6).Number(2)), Is.EqualTo(0.1));
        Assert.That(infos[1].Message(5).Messages(1).Select(v => v.Text(3)), Is.EqualTo(new[] { "adam", "sgd" }));
        Assert.That(experiment.Message(9).Message(1).Message(2).Message(2).Message(5).Message(1).Text(2), Is.EqualTo("test/accuracy"));

        RequireKind(Wire(start), "_hparams_/session_start_info", "hparams", TensorClass, DtFloat, 0);
        WireMessage info = Wire(start).Message(9).Message(1).Message(2).Message(3);
        Assert.That((info.Text(4), BitConverter.UInt64BitsToDouble(info.Number(5))), Is.EqualTo(("group", 5.0)));
        Assert.That(ReadBack(start).Hyperparameters, Is.EquivalentTo(new Dictionary<string, object> { ["rate"] = (double)0.01f, ["optimizer"] = "adam", ["bias"] = true, ["units"] = 64.0 }));

        RequireKind(end, "_hparams_/session_end_info", "hparams", TensorClass, DtFloat, 0);
        Assert.That(end.Message(9).Message(1).Message(2).Message(4).Number(1), Is.EqualTo(2));
        Assert.That(BitConverter.UInt64BitsToDouble(end.Message(9).Message(1).Message(2).Message(4).Number(2)), Is.EqualTo(9));
    }

    [Test]
    public void Merged_summaries_are_one_event()
    {
        var summaries = new SummaryCollection();
        double loss = 3;
        summaries.Add(() => Summary.Scalar("loss", loss));
        summaries.Add(() => Summary.Merge(Summary.Text("note", "x"), Summary.Scalar("rate", 0.5)));

        byte[] file = Written(w =>
        {
            w.Add(summaries.MergeAll(), 1);
            loss = 2;
            w.Add(summaries.MergeAll(), 2);
        });
        SummaryEvent[] events = [.. Read(file).Skip(1)];

        Assert.That(events.Select(e => e.Step), Is.EqualTo(new[] { 1L, 2 }));
        Assert.That(events[1].Values.Select(v => v.Tag), Is.EqualTo(new[] { "loss", "note", "rate" }));
        Assert.That(events.Select(e => e.Values[0].Scalar), Is.EqualTo(new[] { 3f, 2f }));
        Assert.That(() => Summary.Merge(Summary.Scalar("a", 1), Summary.Text("a", "")), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("'a'"));
    }

    [Test]
    public void What_cannot_be_shown_is_refused_with_its_tag()
    {
        using Tensor bad = Tensor.From([1f, float.NaN, float.PositiveInfinity, float.NaN], [2, 2]);
        using Tensor good = Tensor.Zeros([2, 2]);
        using Tensor complex = good.Cast(DType.Complex64);
        using Tensor integers = Tensor.Zeros([2, 2, 2, 1], DType.Int32);
        Assert.Multiple(() =>
        {
            Assert.That(() => Summary.Scalar("", 1), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("tag"));
            Assert.That(() => Summary.Histogram("w", bad), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("'w' holds 2 NaN and 1 infinite of its 4"));
            Assert.That(() => Summary.Histogram("w", good, 0), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("0 buckets"));
            Assert.That(() => Summary.Histogram("w", complex), Throws.InstanceOf<DTypeMismatchException>().With.Message.Contains("complex64"));
            Assert.That(() => Summary.Image("i", good), Throws.InstanceOf<ShapeMismatchException>().With.Message.Contains("'i' is [2, 2]"));
            Assert.That(() => Summary.Image("i", Tensor.Zeros([1, 2, 2, 2])), Throws.InstanceOf<ShapeMismatchException>().With.Message.Contains("channels"));
            Assert.That(() => Summary.Image("i", Tensor.Zeros([1, 0, 2, 3])), Throws.InstanceOf<ShapeMismatchException>().With.Message.Contains("pixel"));
            Assert.That(() => Summary.Image("i", integers), Throws.InstanceOf<DTypeMismatchException>().With.Message.Contains("int32"));
            Assert.That(() => Summary.Image("i", integers, 0), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("0 images"));
            Assert.That(() => Summary.Audio("s", bad, 8000), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("'s' holds 2 NaN"));
            Assert.That(() => Summary.Audio("s", good, 0), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("sample rate"));
            Assert.That(() => Summary.Audio("s", integers, 8000), Throws.InstanceOf<ShapeMismatchException>().With.Message.Contains("[batch, time]"));
            Assert.That(() => Summary.Audio("s", good.Cast(DType.Int16), 8000), Throws.InstanceOf<DTypeMismatchException>().With.Message.Contains("int16"));
            Assert.That(() => Summary.PrecisionRecallCurve("p", good, bad), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("prediction 1 of 'p'"));
            Assert.That(() => Summary.PrecisionRecallCurve("p", good, Tensor.Zeros([4])), Throws.InstanceOf<ShapeMismatchException>().With.Message.Contains("[2, 2]"));
            Assert.That(() => Summary.PrecisionRecallCurve("p", good, good, 1), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("1 thresholds"));
            Assert.That(() => Summary.TrialStart(new Dictionary<string, object> { ["x"] = new object() }), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("'x'"));
            Assert.That(() => Summary.Experiment([Hyperparameter.Flag("f"), Hyperparameter.Flag("f")], []), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("'f'"));
            Assert.That(() => Hyperparameter.Number("n", 2, 1), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("'n'"));
        });
    }

    [Test]
    public void Tensors_are_left_as_they_were_and_nothing_is_left_behind()
    {
        using Tensor images = Tensor.Zeros([5, 2, 2, 3]), clips = Tensor.Zeros([5, 9]), numbers = Tensor.Ones([7]);
        using var count = new WrapperCount();

        Summary.Merge(Summary.Histogram("a", numbers), Summary.Image("b", images), Summary.Audio("c", clips, 100), Summary.PrecisionRecallCurve("d", numbers, numbers));

        Assert.That(count.Beside(), Is.Zero);
    }

    [Test]
    public void A_summary_inside_a_trace_is_refused_like_any_reading_of_values()
    {
        using TracedFunction traced = Function.Trace(x =>
        {
            Summary.Histogram("x", x);
            return x;
        });

        Assert.That(() => traced.Call(Tensor.Ones([3])), Throws.InstanceOf<TracingException>());
    }

    [Test]
    public void Histograms_and_images_of_TensorFlow_1_are_read()
    {
        byte[] Doubles(params double[] values) => [(byte)(8 * values.Length), .. values.SelectMany(BitConverter.GetBytes)];
        // HistogramProto { min 1, max 4, bucket_limit [2, 1e300], bucket [3, 5] } and Image { encoded: [9, 8] }, each in Value { tag "t" } of Summary of Event.
        byte[] histo = [0x09, .. BitConverter.GetBytes(1.0), 0x11, .. BitConverter.GetBytes(4.0), 0x32, .. Doubles(2, 1e300), 0x3A, .. Doubles(3, 5)];
        byte[] InEvent(byte field, byte[] message)
        {
            byte[] value = [0x0A, 1, (byte)'t', field, (byte)message.Length, .. message];
            return [0x2A, (byte)(value.Length + 2), 0x0A, (byte)value.Length, .. value];
        }

        SummaryEvent[] events = Read(Framed(InEvent(0x2A, histo), InEvent(0x22, [0x22, 2, 9, 8])));

        Assert.That(events[0].Values[0].Histogram, Is.EqualTo(new HistogramBucket[] { new(1, 2, 3), new(2, 4, 5) }));
        Assert.That(events[1].Values[0].Images![0].ToArray(), Is.EqualTo(new byte[] { 9, 8 }));
    }

    [Test]
    public void Mutants_of_every_kind_under_right_checksums_are_read_or_refused_within_bounds()
    {
        using Tensor images = Tensor.Zeros([1, 2, 2, 3]), clips = Tensor.Zeros([1, 4]), numbers = Tensor.From(0f, 0.5f, 1);
        Summary everything = Summary.Merge(Summary.Scalar("a", 1), Summary.Histogram("b", numbers, 2), Summary.Image("c", images), Summary.Audio("d", clips, 100), Summary.Text("e", ["x"]),
            Summary.PrecisionRecallCurve("f", numbers, numbers, 3), Summary.TrialStart(new Dictionary<string, object> { ["rate"] = 1, ["name"] = "x" }));
        byte[] record = Unframe(Written(w => w.Add(everything, 1)))[1];

        // Four fifths of the bytes are numbers, pixels and sound, which may be anything.
        Mutations.Check(record, bytes => Read(Framed(bytes)), maxAllocatedBytes: 1 << 20, refusedShare: 0.05);
    }

    private static WireMessage Wire(Summary summary) => new WireMessage(Unframe(Written(w => w.Add(summary, 1)))[1]).Message(5).Message(1);

    private static SummaryValue ReadBack(Summary summary) => Read(Written(w => w.Add(summary, 1)))[1].Values.Single();

    private static void RequireKind(WireMessage value, string tag, string plugin, int dataClass, int dtype, params long[] shape)
    {
        Assert.That(value.Text(1), Is.EqualTo(tag));
        Assert.That(value.Message(9).Message(1).Text(1), Is.EqualTo(plugin));
        Assert.That(value.Message(9).Number(4), Is.EqualTo(dataClass), "data class");
        Assert.That(value.Message(8).Number(1), Is.EqualTo(dtype), "dtype");
        // A size of 0 is the default, which proto3 leaves out.
        Assert.That(value.Message(8).Message(2).Messages(2).Select(d => d.Has(1) ? (long)d.Number(1) : 0), Is.EqualTo(shape), "shape");
    }

    private static short[] Samples(byte[] wav, int rate, short channels)
    {
        Assert.That(Encoding.ASCII.GetString(wav, 0, 4) + Encoding.ASCII.GetString(wav, 8, 8) + Encoding.ASCII.GetString(wav, 36, 4), Is.EqualTo("RIFFWAVEfmt data"));
        Assert.That(BitConverter.ToInt32(wav, 4), Is.EqualTo(wav.Length - 8), "bytes after this field");
        Assert.That((BitConverter.ToInt32(wav, 16), BitConverter.ToInt16(wav, 20)), Is.EqualTo((16, (short)1)), "PCM");
        Assert.That((BitConverter.ToInt16(wav, 22), BitConverter.ToInt32(wav, 24)), Is.EqualTo((channels, rate)));
        Assert.That((BitConverter.ToInt32(wav, 28), BitConverter.ToInt16(wav, 32), BitConverter.ToInt16(wav, 34)), Is.EqualTo((rate * channels * 2, (short)(channels * 2), (short)16)));
        Assert.That(BitConverter.ToInt32(wav, 40), Is.EqualTo(wav.Length - 44));
        short[] samples = new short[(wav.Length - 44) / 2];
        for (int i = 0; i < samples.Length; i++) samples[i] = BinaryPrimitives.ReadInt16LittleEndian(wav.AsSpan(44 + 2 * i));
        return samples;
    }
}
