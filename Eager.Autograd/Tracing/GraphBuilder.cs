namespace Eager.Autograd;

/// <summary>Adds this thread's operations to a graph that is built by hand, in place of running them.</summary>
/// <remarks>
/// Kernels run on examples, only to tell the dtypes and sizes of what they make: symbols have zeros for elements there, and unknown sizes
/// a number that <see cref="Example"/> gives. What changes a variable, draws or calls the host leaves nothing behind.
/// </remarks>
internal sealed class GraphBuilder(Graph graph) : Tracer(graph)
{
    // The least batch that does not broadcast, since each operation computes with it; room for windows and strides elsewhere.
    private const int ExampleBatch = 2, ExampleLength = 16;

    /// <summary>The builder of the graph that this thread is building; null when it builds none.</summary>
    internal static new GraphBuilder? Current => Tracer.Current as GraphBuilder;

    internal override Observer? Next => null;

    internal override bool DefersHostEffects => true;

    internal override Observer? Builder => this;

    /// <summary>The size that stands for an unknown one.</summary>
    internal static int Example(int axis) => axis == 0 ? ExampleBatch : ExampleLength;

    internal override GraphTensor Find(Tensor tensor)
    {
        if (SymbolTensor.SymbolOf(tensor) is not { } symbol) return Graph.Known.TryGetValue(tensor.Id, out GraphTensor? found) ? found : Graph.Known[tensor.Id] = Capture(tensor);
        return symbol.Operation.Graph == Graph ? symbol
            : throw new InvalidArgumentException($"{symbol} belongs to graph '{symbol.Operation.Graph.Name}' and cannot be used in graph '{Graph.Name}', which is being built; fetch it there and feed it here.");
    }

    internal override ulong Follow(Op op, ReadOnlySpan<Tensor> inputs) => 0;

    internal override bool Transforms(Op op, ReadOnlySpan<Tensor> inputs) => true;

    internal override Tensor[] Transform(Op op, object attributes, ReadOnlySpan<Tensor> inputs)
    {
        var from = new GraphTensor[inputs.Length];
        for (int i = 0; i < from.Length; i++) from[i] = Find(inputs[i]);
        (List<int> sizes, List<GraphTensor> symbols) = UnknownsIn(op, attributes);
        (DType DType, Shape Shape)[] made = op.Effect == Effect.Mutates ? [(inputs[0].DType, Graph.StaticShape(inputs[0]))] : Describe(op, attributes, inputs, from);
        Operation operation = Add(op, attributes, from, [], inputs.Length > 0 ? inputs[0].Device : DeviceOf(attributes));
        (operation.Sizes, operation.Symbols) = (sizes, symbols);
        operation.Outputs = [.. made.Select((m, i) => Output(operation, i, m.DType, m.Shape))];
        return op.Effect == Effect.Mutates ? [inputs[0]] : [.. operation.Outputs.Select(static t => new SymbolTensor(t))];
    }

    /// <summary>Makes a placeholder.</summary>
    internal Tensor AddPlaceholder(Shape shape, DType dtype, string name)
    {
        Shape sized = [.. shape.Select(static (size, axis) => size.IsUnknown ? new Dim(Example(axis), size.Symbol) : size)];
        return AddSource("Placeholder", name, dtype, sized, ThreadContext.Current.DefaultDevice);
    }

    /// <summary>Makes a constant with a name of its own.</summary>
    internal Tensor AddConstant(Tensor value, string name)
    {
        var symbol = (SymbolTensor)AddSource("Const", name, value.DType, value.ConcreteShape, value.Device);
        symbol.Symbol.Operation.Captured = value.AliasUnscoped();
        return symbol;
    }

    /// <summary>Makes what stands for a variable that the graph's sessions have values of.</summary>
    internal GraphTensor AddVariable(Variable variable, Tensor initialValue, Shape? shape, bool isFullName)
    {
        GraphTensor initial = Find(initialValue);
        string name = (isFullName ? "" : Scope) + (variable.Name ?? "Variable");
        Operation operation = Graph.Add(name, "Variable", [], [], NoAttributes, initialValue.Device);
        (operation.Variable, operation.InitialValue) = (variable, initial);
        Shape known = shape is null ? initial.Shape : ConcreteFunction.Known(shape, initial.Shape);
        operation.Outputs = [Output(operation, 0, initialValue.DType, known)];
        Graph.Add(variable);
        return operation.Outputs[0];
    }

    /// <summary>Makes an operation that takes gradients when the graph runs, with the sizes of then.</summary>
    internal Tensor?[] AddGradients(IReadOnlyList<Tensor> targets, IReadOnlyList<Tensor> sources, IReadOnlyList<Tensor>? outputGradients, Unconnected unconnected)
    {
        GraphTensor[] to = [.. targets.Select(Find)], from = [.. sources.Select(Find)], given = outputGradients is null ? [] : [.. outputGradients.Select(Find)];
        foreach (GraphTensor source in from)
            if (!source.DType.IsDifferentiable()) throw new GradientException($"Gradient: '{source.Name}' is {source.DType.Name()}, which has no gradients; convert it with Cast to a floating-point dtype first.");
        var paths = new GraphPaths(Graph, to, from);
        if (Array.Find(to, t => !paths.Reaches(t)) is { } apart)
            throw new GradientException($"Gradient: target '{apart.Name}' depends on none of the sources {string.Join(", ", from.Select(static t => t.Name))}.");
        int[] connected = [.. Enumerable.Range(0, from.Length).Where(i => paths.LeadsToTarget(from[i]))];
        GraphTensor[] asked = [.. connected.Select(i => from[i])];
        Operation operation = Graph.Add($"{Scope}gradients", "Gradients", [.. to, .. given, .. asked], ControlInputs.ToArray(), NoAttributes, targets[0].Device);
        operation.Gradients = new(to, given, asked);
        operation.Outputs = [.. asked.Select((t, i) => Output(operation, i, t.DType, t.Shape))];
        var results = new Tensor?[from.Length];
        for (int i = 0; i < connected.Length; i++) results[connected[i]] = new SymbolTensor(operation.Outputs[i]);
        for (int i = 0; i < results.Length; i++)
            if (unconnected == Unconnected.Zeros) results[i] ??= Tensor.ZerosLike(sources[i]);
        return results;
    }

    /// <summary>Adds an operation that does nothing but wait for others.</summary>
    internal Operation AddGroup(string name, IEnumerable<Operation> members) => Graph.Add(Scope + name, "NoOp", [], [.. members], NoAttributes, default);

    internal override Shape? SymbolicShape(Tensor tensor) => null;

    internal override void RefineShape(Tensor tensor, Shape shape)
    {
        if (SymbolTensor.SymbolOf(tensor) is { } symbol) symbol.Shape = Sized(symbol, symbol.Shape.MergeWith(shape));
    }

    internal override bool Accounts(Tensor made, Tensor source) => true;

    internal override void UseUnseen(Tensor tensor)
    {
    }

    internal override void HostState(Func<Action> hold) => Graph.Keep(hold);

    // Tensors with elements are what they are; symbols have none.
    internal override void ReadValue(Tensor tensor, string how)
    {
        if (SymbolTensor.SymbolOf(tensor) is { } symbol) throw new TracingException($"{how}: {SymbolTensor.WhyUnusable(symbol).Message}");
    }

    internal override void ReadSize(Dim size) =>
        throw new TracingException($"A size that graph '{Graph.Name}' leaves open was taken for a number, which would hold for one run only; hand the size on as a Dim, as in Reshape([x.Shape[0], -1]), compute with what has no need of it, such as Mean, or give the placeholder its size.");

    private Tensor AddSource(string type, string name, DType dtype, Shape shape, Device device)
    {
        Operation operation = Graph.Add(Scope + name, type, [], [], NoAttributes, device);
        operation.Outputs = [Output(operation, 0, dtype, shape)];
        return new SymbolTensor(operation.Outputs[0]);
    }

    // Sizes that are new here are known, in each run, from the tensor that has them first.
    private GraphTensor Output(Operation operation, int index, DType dtype, Shape shape)
    {
        var made = new GraphTensor(operation, index, dtype, shape);
        made.Shape = Sized(made, shape);
        return made;
    }

    private Shape Sized(GraphTensor tensor, Shape shape)
    {
        foreach (Dim size in shape)
            if (size.Symbol > 0) Graph.SizeOrigins.TryAdd(size.Symbol, tensor);
        return shape;
    }

    private (List<int> Sizes, List<GraphTensor> Symbols) UnknownsIn(Op op, object attributes)
    {
        (List<Dim> sizes, List<GraphTensor> symbols) = GraphSizes.Find(attributes);
        var unknowns = new HashSet<int>();
        foreach (Dim size in sizes)
        {
            if (size.Symbol == Dim.Computed) throw new TracingException($"{op.Name}: a size in its settings depends on unknown ones in a way that graph '{Graph.Name}' cannot compute again; give it as -1 where one may be left open, or give the placeholders their sizes.");
            SizeExpression.AddUnknowns(size.Symbol, unknowns);
        }
        foreach (int unknown in unknowns)
            if (!Graph.SizeOrigins.ContainsKey(unknown)) throw new InvalidArgumentException($"{op.Name}: a size in its settings is unknown and that of no tensor of graph '{Graph.Name}'; take it from the shape of one of the graph's tensors.");
        return ([.. unknowns], symbols);
    }

    private (DType, Shape)[] Describe(Op op, object attributes, ReadOnlySpan<Tensor> inputs, GraphTensor[] from)
    {
        if (attributes is CustomOps.HostCall call) return [call.Describe(from)];
        using var scope = Temporaries.Begin();
        Tensor[]? made = TryExamples(op, attributes, inputs);
        bool settled = made is not null && op.Effect != Effect.DynamicShape && Array.TrueForAll(from, static t => t.Shape.IsFullyKnown) && GraphSizes.Find(attributes).Sizes.Count == 0;
        if (settled) return [.. made!.Select(static y => (y.DType, y.ConcreteShape))];
        if (made is null)
        {
            // Examples of unknown sizes clash where sizes of a run may broadcast; scalars do not. Other operations that refuse zeros give their inputs' dtype.
            DType dtype = op.Elementwise && TryExamples(op, attributes, inputs, asScalars: true) is [{ } scalar] ? scalar.DType
                : from.Length == 0 ? DType.Float32 : (Array.Find(from, static t => t.DType.IsFloatingPoint()) ?? from[0]).DType;
            return [.. ShapeExamples.Infer(op, attributes, from).Select(shape => (dtype, shape))];
        }
        Shape[] shapes = ShapeExamples.Infer(op, attributes, from, made);
        return [.. made.Select((y, i) => (y.DType, shapes[i]))];
    }

    private static Tensor[]? TryExamples(Op op, object attributes, ReadOnlySpan<Tensor> inputs, bool asScalars = false)
    {
        var examples = new Tensor[inputs.Length];
        for (int i = 0; i < examples.Length; i++)
        {
            Shape shape = asScalars ? Shape.Scalar : Shape.FromSizes(inputs[i].ConcreteShape.Examples);
            examples[i] = asScalars || inputs[i].IsSymbol ? Tensor.Zeros(shape, inputs[i].DType, inputs[i].Device) : inputs[i];
        }
        using Tensor? state = (attributes as IDraws)?.Generator.State();
        try
        {
            return op.Run(examples, attributes);
        }
        catch (EagerException e) when (e is LibTorchException or ShapeMismatchException or InvalidArgumentException)
        {
            return null;
        }
        finally
        {
            if (state is not null) ((IDraws)attributes).Generator.SetState(state);
        }
    }

    private static Device DeviceOf(object attributes) =>
        attributes.GetType().GetProperty(nameof(Device), System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic)?.GetValue(attributes) is Device device ? device : default;
}

/// <summary>What gradients an operation of a graph takes: those of targets with respect to sources.</summary>
/// <param name="Targets">What is differentiated.</param>
/// <param name="OutputGradients">What the targets' elements are multiplied with; none for ones.</param>
/// <param name="Sources">With respect to what.</param>
internal sealed record GradientRequest(GraphTensor[] Targets, GraphTensor[] OutputGradients, GraphTensor[] Sources);
