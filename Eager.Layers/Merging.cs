namespace Eager.Layers;

/// <summary>What layers have that make one tensor of several, element by element; shapes broadcast.</summary>
public abstract class Merging : Junction
{
    private protected Merging(string? name) : base(name) { }

    /// <summary>How many inputs there may be at the most.</summary>
    private protected virtual int MostInputs => int.MaxValue;

    /// <inheritdoc/>
    public override IReadOnlyList<Shape> ComputeOutputShapes(IReadOnlyList<Shape> inputShapes)
    {
        if (inputShapes.Count < 2 || inputShapes.Count > MostInputs)
            throw new InvalidArgumentException($"{Title}: {inputShapes.Count} tensors were given; it takes {(MostInputs == 2 ? "two" : "two or more")}.");
        try
        {
            return [inputShapes.Aggregate(Shape.Broadcast)];
        }
        catch (ShapeMismatchException e)
        {
            throw new ShapeMismatchException($"{Title}: the inputs are {string.Join(", ", inputShapes)}; {e.Message}");
        }
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<Tensor> ForwardAll(IReadOnlyList<Tensor> inputs, bool training)
    {
        _ = ComputeOutputShapes([.. inputs.Select(static x => x.ConcreteShape)]);
        using var scope = Temporaries.Begin();
        return [scope.Keep(Merge(inputs))];
    }

    private protected abstract Tensor Merge(IReadOnlyList<Tensor> inputs);
}

/// <summary>The sum of its inputs.</summary>
/// <param name="name">A name; when null, the model around it gives one.</param>
/// <example><code>SymbolicTensor y = new Add().Call([x, shortcut]);</code></example>
public sealed class Add(string? name = null) : Merging(name)
{
    private protected override Tensor Merge(IReadOnlyList<Tensor> inputs) => inputs.Aggregate(static (a, b) => a + b);
}

/// <summary>The first of two inputs less the second.</summary>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class Subtract(string? name = null) : Merging(name)
{
    private protected override int MostInputs => 2;

    private protected override Tensor Merge(IReadOnlyList<Tensor> inputs) => inputs[0] - inputs[1];
}

/// <summary>The product of its inputs, element by element.</summary>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class Multiply(string? name = null) : Merging(name)
{
    private protected override Tensor Merge(IReadOnlyList<Tensor> inputs) => inputs.Aggregate(static (a, b) => a * b);
}

/// <summary>The mean of its inputs, element by element.</summary>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class Average(string? name = null) : Merging(name)
{
    private protected override Tensor Merge(IReadOnlyList<Tensor> inputs) => inputs.Aggregate(static (a, b) => a + b) / inputs.Count;
}

/// <summary>The largest of its inputs, element by element.</summary>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class Maximum(string? name = null) : Merging(name)
{
    private protected override Tensor Merge(IReadOnlyList<Tensor> inputs) => inputs.Aggregate(static (a, b) => a.Maximum(b));
}

/// <summary>The smallest of its inputs, element by element.</summary>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class Minimum(string? name = null) : Merging(name)
{
    private protected override Tensor Merge(IReadOnlyList<Tensor> inputs) => inputs.Aggregate(static (a, b) => a.Minimum(b));
}

/// <summary>Its inputs end to end along an axis.</summary>
/// <param name="axis">The axis, another than the batch.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
public sealed class Concatenate(int axis = -1, string? name = null) : Junction(name)
{
    /// <summary>The axis along which the inputs lie.</summary>
    public int Axis { get; } = axis;

    /// <inheritdoc/>
    public override IReadOnlyList<Shape> ComputeOutputShapes(IReadOnlyList<Shape> inputShapes)
    {
        if (inputShapes.Count == 0) throw new InvalidArgumentException($"{Title}: the list of inputs is empty.");
        Shape first = inputShapes[0];
        int at = first.NormalizeAxis(Axis, Title);
        if (at == 0) throw new InvalidArgumentException($"{Title}: axis {Axis} of {first} is the batch; batches are put together by Tensor.Concat.");
        foreach (Shape shape in inputShapes)
            if (shape.Rank != first.Rank || !shape.With(at, first[at]).IsCompatibleWith(first))
                throw new ShapeMismatchException($"{Title}: the inputs are {string.Join(", ", inputShapes)}; but for axis {Axis} their shapes must be equal.");
        return [first.With(at, inputShapes.Select(shape => shape[at]).Aggregate(static (a, b) => a + b))];
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<Tensor> ForwardAll(IReadOnlyList<Tensor> inputs, bool training)
    {
        _ = ComputeOutputShapes([.. inputs.Select(static x => x.ConcreteShape)]);
        return [Tensor.Concat([.. inputs], Axis)];
    }
}

/// <summary>Products of two inputs, example by example, summed along an axis of each: [batch, n] and [batch, n] → [batch, 1]; [batch, i, n] and [batch, j, n] → [batch, i, j].</summary>
/// <remarks>The axes that are not summed follow each other, first those of the first input, as in Keras.</remarks>
public sealed class Dot : Junction
{
    private const double Small = 1e-12;  // the least square of a length, as in Keras

    /// <summary>Makes a layer.</summary>
    /// <param name="axis">The axis of both inputs that is summed, another than the batch.</param>
    /// <param name="secondAxis">The axis of the second input, where it is another one.</param>
    /// <param name="normalize">Whether inputs get length 1 along their axis first, so that the products are cosines.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    public Dot(int axis = -1, int? secondAxis = null, bool normalize = false, string? name = null) : base(name) => (Axis, SecondAxis, Normalize) = (axis, secondAxis ?? axis, normalize);

    /// <summary>The axis of the first input that is summed.</summary>
    public int Axis { get; }

    /// <summary>The axis of the second input that is summed.</summary>
    public int SecondAxis { get; }

    /// <summary>Whether inputs get length 1 along their axis first.</summary>
    public bool Normalize { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Shape> ComputeOutputShapes(IReadOnlyList<Shape> inputShapes)
    {
        if (inputShapes.Count != 2) throw new InvalidArgumentException($"{Title}: {inputShapes.Count} tensors were given; it takes two.");
        (Shape a, Shape b) = (inputShapes[0], inputShapes[1]);
        int i = a.NormalizeAxis(Axis, Title), j = b.NormalizeAxis(SecondAxis, Title);
        bool fits = i > 0 && j > 0 && Shape.Of(a[0], a[i]).IsCompatibleWith(Shape.Of(b[0], b[j]));
        if (!fits) throw new ShapeMismatchException($"{Title}: the inputs are {a} and {b}; their batches, and the sizes of axis {Axis} and axis {SecondAxis}, must be equal, and no axis summed may be the batch.");
        Dim[] rest = [.. a.Where((_, axis) => axis > 0 && axis != i), .. b.Where((_, axis) => axis > 0 && axis != j)];
        return [[a[0], .. rest.Length == 0 ? [1] : rest]];
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<Tensor> ForwardAll(IReadOnlyList<Tensor> inputs, bool training)
    {
        Shape shape = ComputeOutputShapes([.. inputs.Select(static x => x.Shape)])[0];
        using var scope = Temporaries.Begin();
        Tensor a = Rows(inputs[0], Axis), b = Rows(inputs[1], SecondAxis);   // [batch, …, n]
        return [scope.Keep(a.MatMul(b.SwapAxes(1, 2)).Reshape(shape))];
    }

    // [batch, all other axes as one, the axis that is summed]
    private Tensor Rows(Tensor x, int axis)
    {
        int at = x.ConcreteShape.NormalizeAxis(axis);
        int[] order = [.. Enumerable.Range(0, x.Rank).Where(i => i != at), at];
        Tensor rows = x.Transpose(order).Reshape([x.Shape[0], -1, x.Shape[at]]);
        return Normalize ? rows / rows.Square().Sum([2], keepDims: true).Maximum(Small).Sqrt() : rows;
    }
}
