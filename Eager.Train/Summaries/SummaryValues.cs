using System.Buffers.Binary;
using Eager.Train.Summaries.Protos;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Eager.Train;

/// <summary>Understands the values of event files: Eager's and TensorFlow 2's, which are tensors, and the fields of their own that TensorFlow 1 used.</summary>
internal static class SummaryValues
{
    /// <summary>Reads one value; of a kind or form that is not known, only its tag and plugin.</summary>
    /// <exception cref="InvalidProtocolBufferException">What a plugin keeps beside the value is damaged.</exception>
    internal static SummaryValue Read(SummaryProto.Types.Value value)
    {
        string plugin = value.Metadata?.PluginData?.PluginName ?? "";
        var read = new SummaryValue(value.Tag, plugin, ScalarOf(value));
        return value.ValueCase switch
        {
            SummaryProto.Types.Value.ValueOneofCase.Histo => read with { Histogram = BucketsOf(value.Histo) },
            SummaryProto.Types.Value.ValueOneofCase.Image => read with { Images = [value.Image.EncodedImageString.Memory] },
            SummaryProto.Types.Value.ValueOneofCase.Audio => read with { Audio = [value.Audio.EncodedAudioString.Memory] },
            SummaryProto.Types.Value.ValueOneofCase.Tensor => plugin switch
            {
                "histograms" => read with { Histogram = BucketsOf(value.Tensor) },
                // Width and height come before the images, a label after each clip.
                "images" => read with { Images = [.. value.Tensor.StringVal.Skip(2).Select(static s => s.Memory)] },
                "audio" => read with { Audio = [.. value.Tensor.StringVal.Where(static (_, i) => i % 2 == 0).Select(static s => s.Memory)] },
                "text" => read with { Texts = [.. value.Tensor.StringVal.Select(static s => s.ToStringUtf8())] },
                "pr_curves" => read with { PrecisionRecall = CurveOf(value.Tensor) },
                "hparams" => read with { Hyperparameters = HyperparametersOf(value.Metadata!.PluginData.Content) },
                _ => read,
            },
            _ => read,
        };
    }

    private static float? ScalarOf(SummaryProto.Types.Value value)
    {
        if (value.HasSimpleValue) return value.SimpleValue;
        if (value.Tensor is not { Dtype: DataType.DtFloat } tensor || tensor.TensorShape is { Dim.Count: > 0 }) return null;
        return Floats(tensor) is [float only] ? only : null;
    }

    private static HistogramBucket[]? BucketsOf(TensorProto tensor)
    {
        if (tensor is not { Dtype: DataType.DtDouble, TensorShape.Dim: [_, { Size: 3 }] }) return null;
        double[] rows = Doubles(tensor);
        if (rows.Length % 3 != 0) return null;
        var buckets = new HistogramBucket[rows.Length / 3];
        for (int i = 0; i < buckets.Length; i++) buckets[i] = new(rows[3 * i], rows[3 * i + 1], rows[3 * i + 2]);
        return buckets;
    }

    // The old form has upper limits only, the last of them out of all bounds.
    private static HistogramBucket[]? BucketsOf(HistogramProto histogram)
    {
        int count = histogram.Bucket.Count;
        if (histogram.BucketLimit.Count != count) return null;
        var buckets = new HistogramBucket[count];
        for (int i = 0; i < count; i++)
        {
            double left = i == 0 ? histogram.Min : histogram.BucketLimit[i - 1];
            double right = i == count - 1 ? histogram.Max : histogram.BucketLimit[i];
            buckets[i] = new(left, right, histogram.Bucket[i]);
        }
        return buckets;
    }

    private static PrecisionRecallPoint[]? CurveOf(TensorProto tensor)
    {
        if (tensor is not { Dtype: DataType.DtFloat, TensorShape.Dim: [{ Size: 6 }, _] }) return null;
        float[] rows = Floats(tensor);
        if (rows.Length % 6 != 0) return null;
        var points = new PrecisionRecallPoint[rows.Length / 6];
        for (int i = 0, n = points.Length; i < n; i++) points[i] = new(rows[i], rows[n + i], rows[2 * n + i], rows[3 * n + i], rows[4 * n + i], rows[5 * n + i]);
        return points;
    }

    private static Dictionary<string, object>? HyperparametersOf(ByteString content)
    {
        if (HParamsPluginData.Parser.ParseFrom(content).SessionStartInfo is not { } start) return null;
        var read = new Dictionary<string, object>();
        foreach ((string name, Value value) in start.Hparams)
        {
            object? setting = value.KindCase switch
            {
                Value.KindOneofCase.StringValue => value.StringValue,
                Value.KindOneofCase.BoolValue => value.BoolValue,
                Value.KindOneofCase.NumberValue => value.NumberValue,
                _ => null,
            };
            if (setting is not null) read[name] = setting;
        }
        return read;
    }

    private static double[] Doubles(TensorProto tensor)
    {
        if (tensor.DoubleVal.Count > 0) return [.. tensor.DoubleVal];
        ReadOnlySpan<byte> content = tensor.TensorContent.Span;
        var values = new double[content.Length / sizeof(double)];
        for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadDoubleLittleEndian(content[(i * sizeof(double))..]);
        return values;
    }

    private static float[] Floats(TensorProto tensor)
    {
        if (tensor.FloatVal.Count > 0) return [.. tensor.FloatVal];
        ReadOnlySpan<byte> content = tensor.TensorContent.Span;
        var values = new float[content.Length / sizeof(float)];
        for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadSingleLittleEndian(content[(i * sizeof(float))..]);
        return values;
    }
}
