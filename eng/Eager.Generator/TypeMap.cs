using System.Text.RegularExpressions;

namespace Eager.Generator;

/// <summary>How one schema type crosses the C interface: in C, in the raw C# call, and in the C# method around it.</summary>
/// <param name="C">The C parameter's type.</param>
/// <param name="Raw">The type of the P/Invoke's parameter.</param>
/// <param name="Public">The type of the wrapper's parameter.</param>
/// <param name="Kind">How the wrapper hands its parameter to the raw call.</param>
public sealed record Crossing(string C, string Raw, string Public, CrossingKind Kind);

/// <summary>How a wrapper passes an argument on.</summary>
public enum CrossingKind
{
    /// <summary>As it is, or by an implicit conversion.</summary>
    Value,

    /// <summary>A tensor: held for the time of the call.</summary>
    Tensor,

    /// <summary>A tensor or none.</summary>
    OptionalTensor,

    /// <summary>A list of tensors or nones.</summary>
    Tensors,

    /// <summary>A span of long or double, pinned.</summary>
    Span,

    /// <summary>A generator: kept alive over the call.</summary>
    Generator,

    /// <summary>Numbers in native memory that the call reads when it runs.</summary>
    HostScalars,
}

/// <summary>The table of crossings.</summary>
public static partial class TypeMap
{
    /// <summary>The crossing of a schema type.</summary>
    public static Crossing Of(string type)
    {
        string plain = type.StartsWith("bool[") ? "bool[N]" : FixedLength().Replace(type, "[]").Replace("SymInt", "int");
        return plain switch
        {
            "Tensor" => new("TensorHandle", "nint", "Tensor", CrossingKind.Tensor),
            "Tensor?" => new("TensorHandle", "nint", "Tensor?", CrossingKind.OptionalTensor),
            "Tensor[]" or "Tensor?[]" => new("EagerTensors", "NativeTensors", "ReadOnlySpan<Tensor>", CrossingKind.Tensors),
            "int[]" => new("EagerInts", "NativeInts", "ReadOnlySpan<long>", CrossingKind.Span),
            "int[]?" => new("EagerInts", "NativeInts", "ReadOnlySpan<long>", CrossingKind.Span),
            "int" => new("int64_t", "long", "long", CrossingKind.Value),
            "int?" or "bool?" => new("EagerMaybeInt", "MaybeInt", "MaybeInt", CrossingKind.Value),
            "float" => new("double", "double", "double", CrossingKind.Value),
            "float?" => new("EagerMaybeDouble", "MaybeDouble", "MaybeDouble", CrossingKind.Value),
            "bool" => new("uint8_t", "byte", "bool", CrossingKind.Value),
            "bool[N]" => new("uint64_t", "ulong", "ulong", CrossingKind.Value),
            "Scalar" or "Scalar?" => new("EagerScalar", "Scalar", "Scalar", CrossingKind.Value),
            "ScalarType" or "ScalarType?" or "Layout" or "Layout?" or "MemoryFormat" or "MemoryFormat?" or "Device" or "Device?"
                => new("int32_t", "int", "int", CrossingKind.Value),
            "Generator?" => new("GeneratorHandle", "nint", "Generator?", CrossingKind.Generator),
            "str" or "str?" => new("EagerText", "NativeText", "NativeText", CrossingKind.Value),
            "HostScalars" => new("double*", "double*", "HostScalars", CrossingKind.HostScalars),
            _ => throw new NotSupportedException($"schema type '{type}' has no crossing; add it to TypeMap.cs and adapt.h"),
        };
    }

    [GeneratedRegex(@"\[\d+\]")]
    private static partial Regex FixedLength();
}
