using Eager.Train.Formats.Protos;
using Google.Protobuf;

namespace Eager.Train;

/// <summary>A TensorFlow example (<c>tf.train.Example</c>): named lists of floats, integers or byte strings, as TFRecord files hold them.</summary>
/// <example><code>
/// byte[] record = new TfExample().SetFloats("x", 1, 2).SetInt64s("label", 3).ToBytes();
/// float[] x = TfExample.Parse(record).Floats("x");
/// </code></example>
public sealed class TfExample
{
    private readonly Example example;

    /// <summary>Makes an empty example.</summary>
    public TfExample() : this(new Example { Features = new Features() }) { }

    private TfExample(Example example) => this.example = example;

    /// <summary>The names of its features.</summary>
    public IReadOnlyCollection<string> Names => [.. example.Features.Feature.Keys];

    /// <summary>Reads an example.</summary>
    /// <param name="record">The bytes of one.</param>
    /// <exception cref="CorruptFileException">The bytes are no example.</exception>
    public static TfExample Parse(byte[] record)
    {
        try
        {
            Example example = Example.Parser.ParseFrom(record);
            example.Features ??= new Features();
            return new TfExample(example);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new CorruptFileException($"TfExample.Parse: the record of {record.Length} bytes is no tf.train.Example: {e.Message}", e);
        }
    }

    /// <summary>The bytes, for <see cref="TfRecord.Write"/>.</summary>
    public byte[] ToBytes() => example.ToByteArray();

    /// <summary>Sets a feature of floats.</summary>
    /// <returns>This example.</returns>
    public TfExample SetFloats(string name, params ReadOnlySpan<float> values)
    {
        var list = new FloatList();
        list.Value.AddRange(values.ToArray());
        return Set(name, new Feature { FloatList = list });
    }

    /// <summary>Sets a feature of integers.</summary>
    /// <returns>This example.</returns>
    public TfExample SetInt64s(string name, params ReadOnlySpan<long> values)
    {
        var list = new Int64List();
        list.Value.AddRange(values.ToArray());
        return Set(name, new Feature { Int64List = list });
    }

    /// <summary>Sets a feature of byte strings.</summary>
    /// <returns>This example.</returns>
    public TfExample SetBytes(string name, params ReadOnlySpan<byte[]> values)
    {
        var list = new BytesList();
        foreach (byte[] value in values) list.Value.Add(ByteString.CopyFrom(value));
        return Set(name, new Feature { BytesList = list });
    }

    /// <summary>A feature of floats.</summary>
    /// <exception cref="InvalidArgumentException">There is no such feature, or it is of another kind.</exception>
    public float[] Floats(string name) => [.. Get(name, Feature.KindOneofCase.FloatList).FloatList.Value];

    /// <summary>A feature of integers.</summary>
    /// <exception cref="InvalidArgumentException">There is no such feature, or it is of another kind.</exception>
    public long[] Int64s(string name) => [.. Get(name, Feature.KindOneofCase.Int64List).Int64List.Value];

    /// <summary>A feature of byte strings.</summary>
    /// <exception cref="InvalidArgumentException">There is no such feature, or it is of another kind.</exception>
    public byte[][] Bytes(string name) => [.. Get(name, Feature.KindOneofCase.BytesList).BytesList.Value.Select(value => value.ToByteArray())];

    private TfExample Set(string name, Feature feature)
    {
        example.Features.Feature[name] = feature;
        return this;
    }

    private Feature Get(string name, Feature.KindOneofCase kind)
    {
        if (!example.Features.Feature.TryGetValue(name, out Feature? feature))
            throw new InvalidArgumentException($"TfExample: there is no feature '{name}'; there are {string.Join(", ", Names.Order(StringComparer.Ordinal).Select(n => $"'{n}'"))}.");
        if (feature.KindCase != kind) throw new InvalidArgumentException($"TfExample: the feature '{name}' is a {feature.KindCase}, not a {kind}.");
        return feature;
    }
}
