using System.Collections;

namespace Eager.Layers;

/// <summary>Layers one after the other: the output of each is the input of the next.</summary>
/// <remarks>Layers without a name are called by their kind and number, as Keras does: <c>dense_1</c>, <c>dropout_1</c>, <c>dense_2</c>.</remarks>
/// <example><code>
/// Sequential model =
/// [
///     new Dense(64, "relu", inputShape: [20]),
///     new Dropout(0.5),
///     new Dense(10),
/// ];
/// model.Summary();
/// </code></example>
public sealed class Sequential : Layer, IReadOnlyList<Layer>
{
    private readonly List<Layer> layers = [];
    private readonly Dictionary<string, Layer> byName = [];
    private Shape? outputShape;  // of the layers so far, once the shape of inputs is known

    /// <summary>Makes a model without layers.</summary>
    public Sequential() { }

    /// <summary>Makes a model of layers.</summary>
    public Sequential(params IEnumerable<Layer> layers)
    {
        foreach (Layer layer in layers) Add(layer);
    }

    /// <inheritdoc/>
    public int Count => layers.Count;

    /// <inheritdoc/>
    public Layer this[int index] => layers[index];

    /// <summary>The layer of a name.</summary>
    /// <exception cref="InvalidArgumentException">There is none of that name.</exception>
    public Layer this[string name] =>
        byName.GetValueOrDefault(name) ?? throw new InvalidArgumentException($"{Title} has no layer '{name}'; it has {string.Join(", ", byName.Keys)}.");

    /// <summary>Adds a layer at the end; it is built at once when the shape of its inputs is known.</summary>
    /// <exception cref="InvalidArgumentException">Another layer of the model has its name.</exception>
    /// <exception cref="ShapeMismatchException">It does not take what the layers before it give.</exception>
    public void Add(Layer layer)
    {
        string name = layer.HasName ? layer.Name : FreeName(layer.Kind);
        if (byName.TryGetValue(name, out Layer? other) && other != layer)
            throw new InvalidArgumentException($"{Title} has a layer '{name}' already; give the new one another name.");

        Shape? inputShape = layers.Count == 0 ? layer.InputShape : outputShape;
        layer.Christen(name);
        if (inputShape is not null)
        {
            layer.Build(inputShape);
            outputShape = layer.ComputeOutputShape(inputShape);
        }
        byName[name] = layer;
        layers.Add(layer);
        if (layers.Count == 1 && inputShape is not null) Build(inputShape);
    }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape)
    {
        Shape shape = inputShape;
        foreach (Layer layer in layers) shape = layer.ComputeOutputShape(shape);
        return shape;
    }

    /// <inheritdoc/>
    public IEnumerator<Layer> GetEnumerator() => layers.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    protected override void CreateVariables(Shape inputShape)
    {
        Shape shape = inputShape;
        foreach (Layer layer in layers)
        {
            layer.Build(shape);
            shape = layer.ComputeOutputShape(shape);
        }
        outputShape = shape;
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, bool training)
    {
        using var scope = Temporaries.Begin();
        Tensor y = x;
        foreach (Layer layer in layers)
            y = layer.Call(y, training);
        return scope.Keep(y);
    }

    private protected override IEnumerable<(string Name, object Child)> Children() => layers.Distinct().Select(static layer => (layer.Name, (object)layer));

    private protected override IReadOnlyList<SummaryRow> SummaryRows()
    {
        var rows = new List<SummaryRow>();
        Shape shape = InputShape!;
        foreach (Layer layer in layers)
        {
            shape = layer.ComputeOutputShape(shape);
            rows.Add(new(layer.Name, layer.GetType().Name, [shape], layer, rows is [.., var before] ? [new(before.Name, 0, 0)] : []));
        }
        return rows;
    }

    private string FreeName(string kind)
    {
        int number = 1;
        while (byName.ContainsKey($"{kind}_{number}")) number++;
        return $"{kind}_{number}";
    }
}
