using Eager.Autograd;

namespace Eager.Layers;

public abstract partial class Layer
{
    /// <summary>Applies the layer to a symbol, as a step towards a <see cref="Model"/>; makes the weights if need be.</summary>
    /// <exception cref="ShapeMismatchException">The shape does not fit the layer.</exception>
    public SymbolicTensor Call(SymbolicTensor x) => Call([x]);

    /// <summary>Applies the layer to several symbols that become one.</summary>
    /// <exception cref="InvalidArgumentException">The layer takes another number of inputs, or has several outputs.</exception>
    /// <exception cref="ShapeMismatchException">The shapes do not fit the layer or each other.</exception>
    public SymbolicTensor Call(IReadOnlyList<SymbolicTensor> inputs) => CallAll(inputs) switch
    {
        [var one] => one,
        var several => throw new InvalidArgumentException($"{Title} has {several.Count} outputs; a layer with several outputs is called by CallAll."),
    };

    /// <summary>Applies the layer to any number of symbols.</summary>
    /// <exception cref="InvalidArgumentException">The layer takes another number of inputs.</exception>
    /// <exception cref="ShapeMismatchException">The shapes do not fit the layer or each other.</exception>
    public IReadOnlyList<SymbolicTensor> CallAll(IReadOnlyList<SymbolicTensor> inputs)
    {
        if (inputs.Count == 0) throw new InvalidArgumentException($"{Title}: the list of inputs is empty.");
        BuildAll([.. inputs.Select(static x => x.Shape)]);
        return new LayerCall(this, inputs, Describe([.. inputs.Select(static x => (x.Shape, x.DType))])).Outputs;
    }

    /// <summary>The shapes and dtypes of what it gives for inputs of some shapes and dtypes.</summary>
    internal IReadOnlyList<(Shape Shape, DType DType)> Describe(IReadOnlyList<(Shape Shape, DType DType)> inputs) => Structure.Of(GetType()).TellsShapes
        ? [.. ComputeOutputShapes([.. inputs.Select(static x => x.Shape)]).Select((shape, i) => (shape, OutputDType(i, inputs[0].DType)))]
        : Probe(inputs);

    /// <summary>The dtype of an output for a first input of a dtype.</summary>
    private protected virtual DType OutputDType(int output, DType inputDType) => inputDType;

    // The layer runs on zeros, with unknown sizes traced as such. Any size would do for those; 2 is the smallest that does not broadcast.
    private (Shape Shape, DType DType)[] Probe(IReadOnlyList<(Shape Shape, DType DType)> inputs)
    {
        using var unrecorded = Unrecorded.Begin();
        using var scope = Temporaries.Begin();
        var tracer = new Tracer(Name);
        var samples = new Tensor[inputs.Count];
        for (int i = 0; i < samples.Length; i++)
        {
            Shape sizes = [.. inputs[i].Shape.Select(static size => size.IsUnknown ? new Dim(2, size.Symbol) : size)];
            samples[i] = Tensor.Zeros(Shape.FromSizes([.. sizes.Select(static size => size.Value)]), inputs[i].DType);
            tracer.AddPlaceholder(samples[i], "x", sizes);
        }
        tracer.Attach();
        try
        {
            return [.. ForwardAll(samples, training: false).Select(y => (Unsized(tracer.Find(y).Shape), y.DType))];
        }
        catch (TracingException e)
        {
            throw new InvalidArgumentException($"{Title} reads values, so that a run on zeros cannot tell what shape it gives; override {ShapeMethod} in a layer of its own. ({e.Message})");
        }
        finally
        {
            tracer.Detach();
        }
    }

    // Without the sizes of the run.
    private static Shape Unsized(Shape shape) => [.. shape.Select(static size => size.IsUnknown ? new Dim(-1, size.Symbol) : size)];
}
