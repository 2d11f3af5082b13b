using System.Globalization;
using System.Text;
using Eager.Autograd;
using Eager.Train.Summaries.Protos;
using Google.Protobuf;

namespace Eager.Train;

/// <summary>Writes a traced graph in TensorFlow's GraphDef form, which TensorBoard's graphs dashboard shows.</summary>
public static class GraphExport
{
    // The dashboard only asks that there is a version; this is the one of TensorFlow 1.15.
    private const int Producer = 134;

    // Attributes above 1024 bytes, three of which frame a text, are dropped by the dashboard; a longer text is cut here instead.
    private const int LongestText = 1021;

    /// <summary>The serialized GraphDef of a graph: a node per operation, inputs and control inputs, devices, dtypes and output shapes.</summary>
    /// <param name="graph">The graph of a <see cref="TracedFunction"/>.</param>
    public static byte[] ToGraphDef(this Graph graph)
    {
        var def = new GraphDef { Versions = new VersionDef { Producer = Producer } };
        def.Node.AddRange(graph.Operations.Select(ToNode));
        return def.ToByteArray();
    }

    /// <summary>The serialized RunMetadata of one call of a traced function: how long each operation took and what it made, by the names of its graph's nodes.</summary>
    /// <param name="graph">The graph of the <see cref="TracedFunction"/>.</param>
    /// <param name="profile">What was profiled: one call of the function and nothing else.</param>
    /// <exception cref="InvalidArgumentException">The profile is not that of one call.</exception>
    /// <example><code>
    /// using (var profile = Profiler.Start())
    /// {
    ///     step.Call(images);
    ///     writer.AddRunMetadata("step 100", step.Graph.ToRunMetadata(profile), step: 100);
    /// }
    /// </code></example>
    public static byte[] ToRunMetadata(this Graph graph, Profiler profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        Operation[] ran = [.. graph.Operations.Where(static o => o.Type is not ("Placeholder" or "Variable" or "Const"))];
        ProfiledEvent[] events = [.. profile.Events.Where(static e => !e.IsRegion)];
        int same = 0;
        while (same < ran.Length && same < events.Length && ran[same].Type == events[same].Name) same++;
        if (same < ran.Length || same < events.Length)
        {
            string expected = same < ran.Length ? ran[same].Type : "its end", found = same < events.Length ? events[same].Name : "its end";
            throw new InvalidArgumentException($"ToRunMetadata: the profile is not that of one call of '{graph.Name}': at operation {same} the graph has {expected}, the profile {found}; start the profiler right before the call and end it right after.");
        }
        var stats = new StepStats();
        foreach (IGrouping<string, int> device in Enumerable.Range(0, ran.Length).GroupBy(i => DeviceName(ran[i])))
            stats.DevStats.Add(new DeviceStepStats { Device = device.Key, NodeStats = { device.Select(i => ToStats(ran[i], events[i])) } });
        return new RunMetadata { StepStats = stats }.ToByteArray();
    }

    // The dashboard takes a node that ended when it began for one that did not run.
    private static NodeExecStats ToStats(Operation operation, ProfiledEvent run) => new()
    {
        NodeName = operation.Name,
        AllStartMicros = (long)run.Start.TotalMicroseconds,
        AllEndRelMicros = Math.Max(1, (long)Math.Round(run.Duration.TotalMicroseconds)),
        Memory = { new AllocatorMemoryUsed { AllocatorName = operation.Device.Type == DeviceType.Cpu ? "cpu" : "cuda", TotalBytes = run.Bytes } },
    };

    private static string DeviceName(Operation operation) =>
        operation.Device.Type == DeviceType.Cpu ? "/device:CPU:0" : string.Create(CultureInfo.InvariantCulture, $"/device:GPU:{operation.Device.Index}");

    private static NodeDef ToNode(Operation operation)
    {
        var node = new NodeDef { Name = operation.Name, Op = operation.Type, Device = DeviceName(operation) };
        node.Input.AddRange(operation.Inputs.Select(static t => t.Index == 0 ? t.Operation.Name : t.Name));
        node.Input.AddRange(operation.ControlInputs.Select(static o => "^" + o.Name));
        foreach ((string name, object value) in operation.Attributes) node.Attr[name] = ToAttribute(value);
        if (operation.Outputs.Count == 0) return node;
        node.Attr["dtype"] = new AttrValue { Type = ToDataType(operation.Outputs[0].DType) };
        var shapes = new AttrValue.Types.ListValue();
        shapes.Shape.AddRange(operation.Outputs.Select(static t => ToShape(t.Shape)));
        node.Attr["_output_shapes"] = new AttrValue { List = shapes };
        return node;
    }

    private static AttrValue ToAttribute(object value) => value switch
    {
        bool flag => new AttrValue { B = flag },
        int or long => new AttrValue { I = Convert.ToInt64(value, CultureInfo.InvariantCulture) },
        float or double => new AttrValue { F = Convert.ToSingle(value, CultureInfo.InvariantCulture) },
        Scalar { IsReal: true } number => new AttrValue { F = (float)number.ToDouble() },
        Scalar number => new AttrValue { I = number.ToInt64() },
        DType dtype => new AttrValue { Type = ToDataType(dtype) },
        Shape shape => new AttrValue { Shape = ToShape(shape) },
        IEnumerable<int> numbers => new AttrValue { List = new AttrValue.Types.ListValue { I = { numbers.Select(static n => (long)n) } } },
        IEnumerable<long> numbers => new AttrValue { List = new AttrValue.Types.ListValue { I = { numbers } } },
        _ => new AttrValue { S = ByteString.CopyFromUtf8(Cut(value.ToString() ?? "")) },
    };

    /// <summary>The beginning of a text, as much as the dashboard shows.</summary>
    internal static string Cut(string text)
    {
        int length = 0, bytes = 0;
        foreach (Rune character in text.EnumerateRunes())
        {
            bytes += character.Utf8SequenceLength;
            if (bytes > LongestText) return text[..length];
            length += character.Utf16SequenceLength;
        }
        return text;
    }

    private static TensorShapeProto ToShape(Shape shape)
    {
        var proto = new TensorShapeProto();
        foreach (Dim size in shape) proto.Dim.Add(new TensorShapeProto.Types.Dim { Size = size.IsUnknown ? -1 : size.Value });
        return proto;
    }

    /// <summary>TensorFlow's number of a dtype.</summary>
    internal static DataType ToDataType(DType dtype) => dtype switch
    {
        DType.Float32 => DataType.DtFloat,
        DType.Float64 => DataType.DtDouble,
        DType.Float16 => DataType.DtHalf,
        DType.BFloat16 => DataType.DtBfloat16,
        DType.Int8 => DataType.DtInt8,
        DType.Int16 => DataType.DtInt16,
        DType.Int32 => DataType.DtInt32,
        DType.Int64 => DataType.DtInt64,
        DType.UInt8 => DataType.DtUint8,
        DType.Bool => DataType.DtBool,
        DType.Complex64 => DataType.DtComplex64,
        DType.Complex128 => DataType.DtComplex128,
        DType.QInt8 => DataType.DtQint8,
        DType.QUInt8 => DataType.DtQuint8,
        DType.QInt32 => DataType.DtQint32,
        _ => throw new InvalidArgumentException($"ToGraphDef: {(int)dtype} is no dtype that a graph can be written with."),
    };
}
