using System.Reflection;

namespace Eager.Autograd;

/// <summary>Builds the graph of a function while it runs, and notes the host effects and changed variables that a replay must repeat.</summary>
internal class Tracer : Observer
{
    private protected static readonly Dictionary<string, object> NoAttributes = [];

    private readonly Dictionary<long, GraphTensor> known = [];
    private readonly HashSet<VersionCell> changed = [];
    private readonly Dictionary<VersionCell, int> captured = [];
    private readonly List<Action> pendingEffects = [];
    private Operation? lastEffect;
    private Device? place;

    internal Tracer(string name) : this(new Graph(name) { HoldsForSizesOfTrace = true })
    {
    }

    private protected Tracer(Graph graph) => Graph = graph;

    /// <summary>The tracer of this thread's innermost trace.</summary>
    internal static Tracer? Current
    {
        get
        {
            Observer? observer = ThreadContext.Current.Observer;
            while (observer is not null and not Tracer) observer = observer.Outer;
            return observer as Tracer;
        }
    }

    internal Graph Graph { get; }

    /// <summary>The prefix of the names to come: empty, or scopes that end in a slash.</summary>
    internal string Scope { get; set; } = "";

    /// <summary>Host code to run before each replay, in order.</summary>
    internal List<Action> HostEffects { get; } = [];

    /// <summary>What the program refers to without holding it.</summary>
    internal List<object> NeededByReplays { get; } = [];

    /// <summary>The counters of variables that each run changes.</summary>
    internal IReadOnlyCollection<VersionCell> Changed => changed;

    /// <summary>The counters of variables that the trace uses, and how often those had taken other memory when it first did.</summary>
    internal IReadOnlyDictionary<VersionCell, int> Captured => captured;

    /// <summary>Why a device cannot replay the trace as graphs of its own, as far as inputs and variables tell; null where they do not.</summary>
    internal string? WhyNotCaptured { get; private set; }

    internal override bool RecordsHostEffects => true;

    /// <summary>The operations that all that are added wait for, innermost scope last.</summary>
    internal List<Operation> ControlInputs { get; } = [];

    /// <summary>Opens a scope below the open one, or, when the name ends in a slash, goes back to the scope of that name.</summary>
    internal void EnterScope(string name)
    {
        if (name.EndsWith('/'))
        {
            Scope = name;
            return;
        }
        string full = Scope + name;
        int uses = Graph.ScopeUses[full] = Graph.ScopeUses.GetValueOrDefault(full) + 1;
        Scope = (uses == 1 ? full : $"{full}_{uses - 1}") + "/";
    }

    /// <summary>Makes an input of the traced function.</summary>
    internal GraphTensor AddPlaceholder(Tensor tensor, string name, Shape shape)
    {
        NotePlace(tensor);
        return Know(tensor, AddSource("Placeholder", name, tensor, shape));
    }

    /// <summary>The graph's tensor for a result of the function.</summary>
    internal virtual GraphTensor Find(Tensor tensor) => known.TryGetValue(tensor.Id, out GraphTensor? found) ? found : Capture(tensor);

    internal override bool Accounts(Tensor made, Tensor source) => known.ContainsKey(made.Id) && base.Accounts(made, source);

    internal override ulong Follow(Op op, ReadOnlySpan<Tensor> inputs) => ulong.MaxValue;

    internal override void Record(Op op, object attributes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ulong followed)
    {
        var from = new GraphTensor[inputs.Length];
        for (int i = 0; i < from.Length; i++) from[i] = Find(inputs[i]);
        bool hasEffect = op.Effect is Effect.Mutates or Effect.Random;
        Operation operation = Add(op, attributes, from, hasEffect && lastEffect is not null ? [lastEffect] : [], outputs.Length > 0 ? outputs[0].Device : default);
        if (hasEffect) lastEffect = operation;
        if (op.Effect == Effect.Mutates)
        {
            foreach (Tensor input in inputs)
                if (input is Variable { Version: { } version }) changed.Add(version);
        }
        Shape[] shapes = InferShapes(op, attributes, from, outputs);
        var made = new GraphTensor[outputs.Length];
        for (int i = 0; i < made.Length; i++)
        {
            made[i] = new(operation, i, outputs[i].DType, shapes[i]);
            Know(outputs[i], made[i]);
        }
        operation.Outputs = made;
    }

    internal override Shape? SymbolicShape(Tensor tensor) =>
        tensor.IdOrZero != 0 && known.TryGetValue(tensor.IdOrZero, out GraphTensor? found) ? found.Shape : null;

    internal override void RefineShape(Tensor tensor, Shape shape)
    {
        GraphTensor symbol = Find(tensor);
        symbol.Shape = symbol.Shape.MergeWith(shape);
        base.RefineShape(tensor, shape);
    }

    internal override void UseUnseen(Tensor tensor)
    {
        NoteUse(tensor);
        base.UseUnseen(tensor);
    }

    internal override void ReadValue(Tensor tensor, string how) =>
        throw new TracingException($"{how}: a value was read while '{Graph.Name}' is being traced, where it would be frozen for all later calls; return the tensor from the function and read it outside, or compute with Where instead of an if.");

    internal override void HostEffect(Action effect)
    {
        HostEffects.Add(effect);
        pendingEffects.Add(effect);
    }

    internal override void KeepForReplays(object needed) => NeededByReplays.Add(needed);

    // The shape rules see unknown sizes; where one cannot follow them, the sizes of this run stand.
    private static Shape[] InferShapes(Op op, object attributes, GraphTensor[] inputs, ReadOnlySpan<Tensor> outputs)
    {
        var concrete = new Shape[outputs.Length];
        for (int i = 0; i < concrete.Length; i++) concrete[i] = outputs[i].ConcreteShape;
        if (op.Effect == Effect.DynamicShape || Array.TrueForAll(inputs, static t => t.Shape.IsFullyKnown)) return concrete;
        Shape[] inferred = op.InferShapes(Array.ConvertAll(inputs, static t => t.Shape), attributes);
        for (int i = 0; i < concrete.Length; i++)
            if (i >= inferred.Length || !inferred[i].IsCompatibleWith(concrete[i])) return concrete;
        return inferred;
    }

    /// <summary>Adds an operation below the open scope, with the host effects that are to run before it.</summary>
    private protected Operation Add(Op op, object attributes, GraphTensor[] inputs, IEnumerable<Operation> controlInputs, Device device)
    {
        Operation operation = Graph.Add(Scope + op.Name, op.Name, inputs, [.. controlInputs, .. ControlInputs], Describe(attributes), device);
        (operation.Op, operation.OpAttributes, operation.HostEffects) = (op, attributes, [.. pendingEffects]);
        pendingEffects.Clear();
        return operation;
    }

    private static IReadOnlyDictionary<string, object> Describe(object attributes)
    {
        Type type = attributes.GetType();
        if (type == typeof(None)) return NoAttributes;
        if (type.Namespace != typeof(Op).Namespace || attributes is DType or Scalar or Shape or Device) return new Dictionary<string, object> { ["value"] = attributes };
        var described = new Dictionary<string, object>();
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public))
            if (property.GetValue(attributes) is { } value) described[property.Name] = value;
        return described;
    }

    private protected GraphTensor Capture(Tensor tensor)
    {
        string type = tensor is Variable ? "Variable" : "Const";
        NoteUse(tensor);
        return Know(tensor, AddSource(type, tensor.Name ?? type, tensor, tensor is Variable variable ? ConcreteFunction.Known(variable.StaticShape, tensor.ConcreteShape) : tensor.ConcreteShape));
    }

    private void NoteUse(Tensor tensor)
    {
        if (tensor.Version is not { } version) return;
        captured.TryAdd(version, Volatile.Read(ref version.Moves));
        // A number of the CPU would be frozen in a graph, which is right for constants alone.
        NotePlace(tensor);
    }

    private void NotePlace(Tensor tensor)
    {
        place ??= tensor.Device;
        if (tensor.Device != place) WhyNotCaptured ??= $"its inputs and variables are on {place} and on {tensor.Device}";
    }

    private GraphTensor AddSource(string type, string name, Tensor tensor, Shape shape)
    {
        Operation operation = Graph.Add(name, type, [], [], NoAttributes, tensor.Device);
        if (type != "Placeholder") operation.Captured = tensor is Variable ? tensor : tensor.AliasUnscoped();
        var made = new GraphTensor(operation, 0, tensor.DType, shape);
        operation.Outputs = [made];
        return made;
    }

    private protected GraphTensor Know(Tensor tensor, GraphTensor symbol)
    {
        known[tensor.Id] = symbol;
        return symbol;
    }
}
