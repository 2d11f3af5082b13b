namespace Eager.Layers;

/// <summary>Layers in any arrangement without a cycle, with any number of inputs and outputs; a layer used several times has one set of weights.</summary>
/// <remarks>A model is a layer: other models may use it. Layers without a name are called by their kind and number: <c>dense_1</c>, <c>dense_2</c>.</remarks>
/// <example><code>
/// var image = new Input([28, 28, 1]);
/// var caption = new Input([12], DType.Int64);
/// SymbolicTensor seen = new Flatten().Call(new Conv2D(8, 3, activation: "relu").Call(image));
/// SymbolicTensor read = new LSTM(32).Call(new Embedding(5000, 16).Call(caption));
/// SymbolicTensor fits = new Dense(1, "sigmoid").Call(new Concatenate().Call([seen, read]));
/// var model = new Model([image, caption], [fits]);
/// </code></example>
public sealed class Model : Junction
{
    private readonly ModelGraph graph;

    /// <summary>Makes a model of one input and one output.</summary>
    /// <param name="input">The input, or any other symbol at which the model is to begin.</param>
    /// <param name="output">The output.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <exception cref="InvalidArgumentException">The output needs another input, or two layers have one name.</exception>
    public Model(SymbolicTensor input, SymbolicTensor output, string? name = null) : this([input], [output], name) { }

    /// <summary>Makes a model.</summary>
    /// <param name="inputs">The inputs, or any other symbols at which the model is to begin.</param>
    /// <param name="outputs">The outputs, in the order in which the model gives them.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <exception cref="InvalidArgumentException">There is no input or no output, an input stands twice, an output needs an input that is not listed, or two layers have one name.</exception>
    public Model(IReadOnlyList<SymbolicTensor> inputs, IReadOnlyList<SymbolicTensor> outputs, string? name = null) : base(name)
    {
        graph = new ModelGraph(inputs, outputs, Title);
        OutputNames = graph.NamesOfOutputs();
        BuildAll([.. inputs.Select(static x => x.Shape)]);
    }

    /// <summary>The symbols at which it begins.</summary>
    public IReadOnlyList<SymbolicTensor> Inputs => graph.Inputs;

    /// <summary>What it gives.</summary>
    public IReadOnlyList<SymbolicTensor> Outputs => graph.Outputs;

    /// <summary>What its inputs are called, in order.</summary>
    public IReadOnlyList<string> InputNames => graph.InputNames;

    /// <summary>What its outputs are called, in order: as the layers that make them, numbered where one layer makes several.</summary>
    public override IReadOnlyList<string> OutputNames { get; }

    /// <summary>Its layers, each once, from the inputs to the outputs.</summary>
    public IReadOnlyList<Layer> Layers => graph.Layers;

    /// <summary>The layer of a name.</summary>
    /// <exception cref="InvalidArgumentException">There is none of that name.</exception>
    public Layer this[string name] =>
        Layers.FirstOrDefault(layer => graph.NameOf(layer) == name) ?? throw new InvalidArgumentException($"{Title} has no layer '{name}'; it has {string.Join(", ", Layers.Select(graph.NameOf))}.");

    /// <inheritdoc/>
    public override IReadOnlyList<Shape> ComputeOutputShapes(IReadOnlyList<Shape> inputShapes)
    {
        RequireFit(inputShapes);
        var inputs = inputShapes.Select((shape, i) => (Shape: shape, Inputs[i].DType));
        return [.. graph.Walk([.. inputs], static (layer, x) => layer.Describe(x)).Select(static output => output.Shape)];
    }

    /// <summary>Calls the model with its inputs by name.</summary>
    /// <param name="inputs">A tensor for each of <see cref="InputNames"/>.</param>
    /// <param name="training">Whether this is training.</param>
    /// <returns>The outputs by name.</returns>
    /// <exception cref="InvalidArgumentException">A name is missing or not that of an input.</exception>
    public IReadOnlyDictionary<string, Tensor> Call(IReadOnlyDictionary<string, Tensor> inputs, bool training = false)
    {
        if (!inputs.Keys.ToHashSet().SetEquals(InputNames))
            throw new InvalidArgumentException($"{Title}: inputs {string.Join(", ", inputs.Keys)} were given; its inputs are {string.Join(", ", InputNames)}.");
        IReadOnlyList<Tensor> outputs = CallAll([.. InputNames.Select(name => inputs[name])], training);
        return OutputNames.Zip(outputs).ToDictionary(static pair => pair.First, static pair => pair.Second);
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<Tensor> ForwardAll(IReadOnlyList<Tensor> inputs, bool training)
    {
        RequireFit([.. inputs.Select(static x => x.ConcreteShape)]);
        for (int i = 0; i < inputs.Count; i++)
            if (inputs[i].DType != Inputs[i].DType) throw new DTypeMismatchException($"{Title}: input '{InputNames[i]}' is {inputs[i].DType.Name()}, the model was made for {Inputs[i].DType.Name()}; convert it with Cast.");
        using var scope = Temporaries.Begin();
        IReadOnlyList<Tensor> outputs = graph.Walk(inputs, (layer, x) => layer.CallAll(x, training));
        foreach (Tensor output in outputs) scope.Keep(output);
        return outputs;
    }

    private protected override DType OutputDType(int output, DType inputDType) => Outputs[output].DType;

    private protected override IEnumerable<(string Name, object Child)> Children() => Layers.Select(layer => (graph.NameOf(layer), (object)layer));

    private protected override IReadOnlyList<SummaryRow> SummaryRows() => graph.SummaryRows();

    private void RequireFit(IReadOnlyList<Shape> shapes)
    {
        if (shapes.Count != Inputs.Count) throw new InvalidArgumentException($"{Title} has {Inputs.Count} inputs, {string.Join(", ", InputNames)}; {shapes.Count} were given.");
        for (int i = 0; i < shapes.Count; i++)
            if (!Inputs[i].Shape.IsCompatibleWith(shapes[i])) throw new ShapeMismatchException($"{Title}: input '{InputNames[i]}' is {shapes[i]}; the model was made for {Inputs[i].Shape}.");
    }
}
