using System.Buffers.Binary;
using System.Text;
using Eager.Train.Summaries.Protos;
using Google.Protobuf;

namespace Eager.Train;

/// <summary>Values to log at one step, each under a tag: made by the methods of this class, joined by <see cref="Merge"/>, logged by <see cref="FileWriter.Add(Summary, long)"/>.</summary>
/// <remarks>A summary holds what it shows in its final form; the tensors that it was made of may change or go.</remarks>
/// <example><code>
/// writer.Add(Summary.Merge(
///     Summary.Scalar("loss", loss.Item()),
///     Summary.Histogram("weights", layer.Kernel)), step);
/// </code></example>
public sealed partial class Summary
{
    /// <summary>How many images or clips of a batch are shown unless told otherwise.</summary>
    public const int DefaultMaxShown = 3;

    private Summary(params SummaryProto.Types.Value[] values) => Values = values;

    /// <summary>The tags, in order.</summary>
    public IEnumerable<string> Tags => Values.Select(static v => v.Tag);

    internal IReadOnlyList<SummaryProto.Types.Value> Values { get; }

    /// <summary>The values of several summaries as one, so that they are logged together.</summary>
    /// <exception cref="InvalidArgumentException">Two values have the same tag; only one of them would be shown.</exception>
    public static Summary Merge(params ReadOnlySpan<Summary> summaries)
    {
        var values = new List<SummaryProto.Types.Value>();
        foreach (Summary summary in summaries) values.AddRange(summary.Values);
        var tags = new HashSet<string>();
        foreach (SummaryProto.Types.Value value in values)
            if (!tags.Add(value.Tag)) throw new InvalidArgumentException($"Merge: the tag '{value.Tag}' occurs twice; give each value a tag of its own.");
        return new([.. values]);
    }

    /// <summary>A number, shown over the steps as one curve per tag; stored as float32.</summary>
    /// <param name="tag">The curve's name; <c>/</c> groups curves.</param>
    /// <param name="value">The number; NaN and infinities are shown as such.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="tag"/> is empty.</exception>
    public static Summary Scalar(string tag, double value)
    {
        byte[] content = new byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(content, (float)value);
        return new(Value(nameof(Scalar), tag, "scalars", DataClass.Scalar,
            new TensorProto { Dtype = DataType.DtFloat, TensorShape = new TensorShapeProto(), TensorContent = UnsafeByteOperations.UnsafeWrap(content) }));
    }

    /// <summary>A text in Markdown.</summary>
    /// <param name="tag">The name of the text.</param>
    /// <param name="markdown">The text.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="tag"/> is empty.</exception>
    public static Summary Text(string tag, string markdown) => new(Value(nameof(Text), tag, "text", DataClass.Tensor, Strings([], [Encoding.UTF8.GetBytes(markdown)])));

    /// <summary>Several texts in Markdown, shown as a list.</summary>
    /// <inheritdoc cref="Text(string, string)"/>
    public static Summary Text(string tag, IReadOnlyList<string> markdown) =>
        new(Value(nameof(Text), tag, "text", DataClass.Tensor, Strings([markdown.Count], markdown.Select(Encoding.UTF8.GetBytes))));

    /// <summary>A table of texts in Markdown.</summary>
    /// <inheritdoc cref="Text(string, string)"/>
    public static Summary Text(string tag, string[,] markdown) =>
        new(Value(nameof(Text), tag, "text", DataClass.Tensor, Strings([markdown.GetLength(0), markdown.GetLength(1)], markdown.Cast<string>().Select(Encoding.UTF8.GetBytes))));

    private static SummaryProto.Types.Value Value(string kind, string tag, string plugin, DataClass dataClass, TensorProto tensor, IMessage? pluginData = null)
    {
        if (string.IsNullOrEmpty(tag)) throw new InvalidArgumentException($"{kind}: the tag is empty; give the value a name.");
        return new SummaryProto.Types.Value
        {
            Tag = tag,
            Tensor = tensor,
            Metadata = new SummaryMetadata
            {
                PluginData = new SummaryMetadata.Types.PluginData { PluginName = plugin, Content = pluginData?.ToByteString() ?? ByteString.Empty },
                DataClass = dataClass,
            },
        };
    }

    private static TensorProto Strings(ReadOnlySpan<long> shape, IEnumerable<byte[]> values) =>
        new() { Dtype = DataType.DtString, TensorShape = ProtoShape(shape), StringVal = { values.Select(static v => UnsafeByteOperations.UnsafeWrap(v)) } };

    private static TensorProto Numbers(ReadOnlySpan<long> shape, ReadOnlySpan<double> values)
    {
        byte[] content = new byte[values.Length * sizeof(double)];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteDoubleLittleEndian(content.AsSpan(i * sizeof(double)), values[i]);
        return new() { Dtype = DataType.DtDouble, TensorShape = ProtoShape(shape), TensorContent = UnsafeByteOperations.UnsafeWrap(content) };
    }

    private static TensorProto Numbers(ReadOnlySpan<long> shape, ReadOnlySpan<float> values)
    {
        byte[] content = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(content.AsSpan(i * sizeof(float)), values[i]);
        return new() { Dtype = DataType.DtFloat, TensorShape = ProtoShape(shape), TensorContent = UnsafeByteOperations.UnsafeWrap(content) };
    }

    private static TensorShapeProto ProtoShape(ReadOnlySpan<long> sizes)
    {
        var shape = new TensorShapeProto();
        foreach (long size in sizes) shape.Dim.Add(new TensorShapeProto.Types.Dim { Size = size });
        return shape;
    }

    /// <summary>A tensor's elements as doubles, in C order; no tape sees it.</summary>
    private static double[] Doubles(string kind, string tag, Tensor x)
    {
        if (x.DType.IsComplex()) throw new DTypeMismatchException($"{kind}: '{tag}' is {x.DType.Name()}; take its Real, Imag or Abs.");
        x.ReadingValue(kind);
        using var scope = Temporaries.Begin();
        return Tensor.Outside(static t => t.Cast(DType.Float64), x).ToArray<double>();
    }
}
