namespace Eager.Layers;

/// <summary>A tensor to come: what an <see cref="Input"/> will be, or what layers will make of it. Layers applied to it describe a <see cref="Model"/>.</summary>
/// <example><code>
/// var x = new Input([784]);
/// SymbolicTensor hidden = new Dense(64, "relu").Call(x);
/// SymbolicTensor y = new Dense(10).Call(hidden + new Dense(64).Call(hidden));
/// var model = new Model(x, y);
/// </code></example>
public class SymbolicTensor
{
    internal SymbolicTensor(LayerCall? origin, int index, Shape shape, DType dtype) => (Origin, Index, Shape, DType) = (origin, index, shape, dtype);

    /// <summary>Its shape, the batch unknown.</summary>
    public Shape Shape { get; }

    /// <summary>Its dtype.</summary>
    public DType DType { get; }

    /// <summary>The call that makes it; null for an input.</summary>
    internal LayerCall? Origin { get; }

    /// <summary>Its number among the outputs of that call.</summary>
    internal int Index { get; }

    /// <summary>The sum, broadcast.</summary>
    public static SymbolicTensor operator +(SymbolicTensor a, SymbolicTensor b) => new Add().Call([a, b]);

    /// <summary>The difference, broadcast.</summary>
    public static SymbolicTensor operator -(SymbolicTensor a, SymbolicTensor b) => new Subtract().Call([a, b]);

    /// <summary>The product of elements, broadcast.</summary>
    public static SymbolicTensor operator *(SymbolicTensor a, SymbolicTensor b) => new Multiply().Call([a, b]);

    /// <summary>The quotient of elements, broadcast.</summary>
    public static SymbolicTensor operator /(SymbolicTensor a, SymbolicTensor b) => new Lambda(static (x, y) => x / y).Call([a, b]);

    /// <summary>The sum with a number.</summary>
    public static SymbolicTensor operator +(SymbolicTensor a, Scalar b) => new Lambda(x => x + b).Call(a);

    /// <summary>The sum with a number.</summary>
    public static SymbolicTensor operator +(Scalar a, SymbolicTensor b) => b + a;

    /// <summary>The difference to a number.</summary>
    public static SymbolicTensor operator -(SymbolicTensor a, Scalar b) => new Lambda(x => x - b).Call(a);

    /// <summary>The difference from a number.</summary>
    public static SymbolicTensor operator -(Scalar a, SymbolicTensor b) => new Lambda(x => a - x).Call(b);

    /// <summary>The product with a number.</summary>
    public static SymbolicTensor operator *(SymbolicTensor a, Scalar b) => new Lambda(x => x * b).Call(a);

    /// <summary>The product with a number.</summary>
    public static SymbolicTensor operator *(Scalar a, SymbolicTensor b) => b * a;

    /// <summary>The quotient by a number.</summary>
    public static SymbolicTensor operator /(SymbolicTensor a, Scalar b) => new Lambda(x => x / b).Call(a);

    /// <summary>The negative.</summary>
    public static SymbolicTensor operator -(SymbolicTensor a) => new Lambda(static x => -x).Call(a);

    /// <summary>As in <c>float32 [?, 64] of dense</c>.</summary>
    public override string ToString() => $"{DType.Name()} {Shape}{(Origin is null ? "" : $" of {Origin.Layer.Name}")}";
}

/// <summary>An input of a <see cref="Model"/>.</summary>
public sealed class Input : SymbolicTensor
{
    /// <summary>Makes an input.</summary>
    /// <param name="shape">The shape of one example, without the batch; sizes may be left open.</param>
    /// <param name="dtype">Its dtype.</param>
    /// <param name="name">A name; when null, the model gives one.</param>
    public Input(Shape shape, DType dtype = DType.Float32, string? name = null) : base(null, 0, shape.Insert(0, Dim.Unknown), dtype) => Name = name;

    /// <summary>The name that it was given.</summary>
    public string? Name { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{DType.Name()} {Shape}, input{(Name is null ? "" : $" '{Name}'")}";
}

/// <summary>One use of a layer: what it was applied to and what it gives.</summary>
internal sealed class LayerCall
{
    internal LayerCall(Layer layer, IReadOnlyList<SymbolicTensor> inputs, IReadOnlyList<(Shape Shape, DType DType)> outputs)
    {
        (Layer, Inputs) = (layer, [.. inputs]);
        Outputs = [.. outputs.Select((output, i) => new SymbolicTensor(this, i, output.Shape, output.DType))];
    }

    internal Layer Layer { get; }

    internal SymbolicTensor[] Inputs { get; }

    internal SymbolicTensor[] Outputs { get; }
}
