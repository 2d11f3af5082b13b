using System.Text;
using Eager.Autograd;

namespace Eager.Layers;

/// <summary>One weight of a model: where it is in the structure, and the variable itself.</summary>
/// <param name="Path">Names of properties, layers and places in lists from the model down: <c>hidden/0/kernel</c>.</param>
/// <param name="Variable">The weight.</param>
/// <param name="Trainable">Whether it, its layer and all around it are trainable.</param>
public readonly record struct Parameter(string Path, Variable Variable, bool Trainable);

/// <summary>
/// A part of a model: it has weights and other layers as properties, and turns a tensor into another.
/// </summary>
/// <remarks>
/// Weights and inner layers are found by structure: any property or field, any list or dictionary of them, in order of declaration.
/// </remarks>
/// <example><code>
/// sealed class Mlp : Layer
/// {
///     public Dense Hidden { get; } = new(256, "relu");
///     public Dense Output { get; } = new(10);
///
///     protected override Tensor Forward(Tensor x, bool training) => Output.Call(Hidden.Call(x, training), training);
/// }
/// </code></example>
public abstract partial class Layer
{
    // The calls of this thread that no other call is around, and how deep the one at hand is.
    [ThreadStatic] private static long outermostCalls;
    [ThreadStatic] private static int depth;

    // Whether weights that this thread makes now are none that tapes watch and optimizers change.
    [ThreadStatic] private static bool makesFrozen;

    private readonly HashSet<Variable> named = [];
    private readonly List<Tensor> activityLosses = [];
    private long activityCall;
    private string? name;

    /// <summary>Sets what all layers have.</summary>
    /// <param name="name">A name; when null, the model that the layer is part of gives one.</param>
    protected Layer(string? name = null)
    {
        if (name is not null && (name.Length == 0 || name.Contains('/'))) throw new InvalidArgumentException($"'{name}' is no name for a layer; it needs at least one character and no slash.");
        this.name = name;
        IsNameGiven = name is not null;
    }

    /// <summary>The name: as given, or as the model around it calls it, or that of its kind.</summary>
    public string Name => name ?? Kind;

    /// <summary>Whether the weights in it are changed in training.</summary>
    public bool Trainable { get; set; } = true;

    /// <summary>Whether its weights are made, or it has none of its own.</summary>
    public bool IsBuilt => InputShapes is not null || !Structure.Of(GetType()).CreatesVariables;

    /// <summary>The shape that it was built for, the batch unknown; null before. Of several inputs that of the first.</summary>
    public Shape? InputShape => InputShapes?[0];

    /// <summary>The shapes of the inputs that it was built for, the batch unknown; null before.</summary>
    public IReadOnlyList<Shape>? InputShapes { get; private set; }

    /// <summary>What its outputs are called, in order; losses and metrics of one of several outputs go by these names.</summary>
    public virtual IReadOnlyList<string> OutputNames => ["output"];

    /// <summary>The weights in it and in all layers within, each once.</summary>
    /// <exception cref="InvalidArgumentException">A layer in it has not made its weights yet.</exception>
    public IReadOnlyList<Parameter> Parameters
    {
        get
        {
            var found = new List<Parameter>();
            Collect("", Trainable, found, []);
            return found;
        }
    }

    /// <summary>The variables that training changes.</summary>
    /// <exception cref="InvalidArgumentException">A layer in it has not made its weights yet.</exception>
    public IReadOnlyList<Variable> TrainableVariables => [.. Parameters.Where(static p => p.Trainable).Select(static p => p.Variable)];

    /// <summary>A penalty on what the layer gives, divided by the size of the batch; none when null.</summary>
    public Regularizer? ActivityRegularizer { get; set; }

    /// <summary>
    /// The penalties of the trainable weights in it and in all layers within, as they are now, then those on what layers gave in the
    /// last call. Take them while the tape is open, and add them to the loss.
    /// </summary>
    /// <exception cref="InvalidArgumentException">A layer in it has not made its weights yet.</exception>
    public IReadOnlyList<Tensor> Losses =>
    [
        .. Parameters.Where(static p => p.Trainable && p.Variable.Regularizer is not null).Select(static p => p.Variable.Regularizer!(p.Variable)),
        .. Within([]).SelectMany(static layer => layer.activityLosses),
    ];

    /// <summary>What to override in order to say what shapes it gives.</summary>
    private string ShapeMethod => this is Junction ? nameof(ComputeOutputShapes) : nameof(ComputeOutputShape);

    /// <summary>What errors call it, as in <c>Dense 'hidden'</c>.</summary>
    protected string Title => $"{GetType().Name} '{Name}'";

    /// <summary>Whether it has a name, given or from a model around it.</summary>
    internal bool HasName => name is not null;

    /// <summary>Whether it was made with a name.</summary>
    internal bool IsNameGiven { get; }

    /// <summary>The name of its kind, as in <c>max_pool2d</c>.</summary>
    internal string Kind => KindOf(GetType());

    /// <summary>Turns a tensor into another; the first call makes the weights.</summary>
    /// <param name="x">The input, with the batch as its first axis.</param>
    /// <param name="training">Whether this is training: dropout drops, statistics are updated.</param>
    /// <exception cref="ShapeMismatchException">The input does not fit what the layer was built for.</exception>
    public Tensor Call(Tensor x, bool training = false)
    {
        if (InputShapes is null) BuildFor(x);
        using NameScope scope = NameScope.Open(Name);
        if (depth++ == 0) outermostCalls++;
        try
        {
            Tensor y = Forward(x, training);
            if (ActivityRegularizer is not null) AddActivityLoss(y);
            return y;
        }
        finally
        {
            depth--;
        }
    }

    /// <summary>Makes one tensor of several; the first call makes the weights.</summary>
    /// <param name="inputs">The inputs, each with the batch as its first axis.</param>
    /// <param name="training">Whether this is training.</param>
    /// <exception cref="InvalidArgumentException">The layer takes another number of inputs, or has several outputs.</exception>
    public Tensor Call(IReadOnlyList<Tensor> inputs, bool training = false) => Only(CallAll(inputs, training));

    /// <summary>Turns any number of tensors into any number of others; the first call makes the weights.</summary>
    /// <param name="inputs">The inputs, each with the batch as its first axis.</param>
    /// <param name="training">Whether this is training.</param>
    /// <exception cref="InvalidArgumentException">The layer takes another number of inputs.</exception>
    /// <exception cref="ShapeMismatchException">An input does not fit what the layer was built for.</exception>
    public IReadOnlyList<Tensor> CallAll(IReadOnlyList<Tensor> inputs, bool training = false)
    {
        if (InputShapes is null) BuildAll([.. inputs.Select(static x => x.Shape)]);
        using NameScope scope = NameScope.Open(Name);
        if (depth++ == 0) outermostCalls++;
        try
        {
            IReadOnlyList<Tensor> outputs = ForwardAll(inputs, training);
            if (ActivityRegularizer is not null)
                foreach (Tensor y in outputs) AddActivityLoss(y);
            return outputs;
        }
        finally
        {
            depth--;
        }
    }

    /// <summary>Makes the weights for inputs of a shape, unless they are made.</summary>
    /// <param name="inputShape">The shape of an input; the size of the batch does not count.</param>
    public void Build(Shape inputShape) => BuildAll([inputShape]);

    /// <summary>Makes the weights for several inputs of some shapes, unless they are made.</summary>
    /// <param name="inputShapes">The shape of each input; the size of the batch does not count.</param>
    /// <exception cref="InvalidArgumentException">The layer takes another number of inputs.</exception>
    public void BuildAll(IReadOnlyList<Shape> inputShapes)
    {
        if (InputShapes is not null) return;
        NameChildren();
        using var unrecorded = Unrecorded.BeginMaking();  // a replay does not make the weights again
        Dim batch = Dim.Unknown;
        Shape[] anyBatch = [.. inputShapes.Select(shape => shape.Rank == 0 ? shape : shape.With(0, batch))];
        CreateVariables(anyBatch);
        InputShapes = anyBatch;
    }

    /// <summary>Makes a layer, and whatever weights it makes meanwhile, that is perhaps never to be trained.</summary>
    internal static T Made<T>(Func<T> make, bool trainable) where T : Layer
    {
        bool before = makesFrozen;
        makesFrozen = before || !trainable;
        try
        {
            T layer = make();
            layer.Trainable = trainable;
            return layer;
        }
        finally
        {
            makesFrozen = before;
        }
    }

    /// <summary>The shape that inputs of a shape lead to.</summary>
    public virtual Shape ComputeOutputShape(Shape inputShape) =>
        throw DoesNotTell();

    /// <summary>The shapes that several inputs of some shapes lead to.</summary>
    /// <exception cref="InvalidArgumentException">The layer takes another number of inputs.</exception>
    public virtual IReadOnlyList<Shape> ComputeOutputShapes(IReadOnlyList<Shape> inputShapes) => [ComputeOutputShape(Only(inputShapes))];

    /// <summary>What the layer computes.</summary>
    protected abstract Tensor Forward(Tensor x, bool training);

    /// <summary>What the layer computes of several inputs; a layer of one input has no need to override it.</summary>
    protected virtual IReadOnlyList<Tensor> ForwardAll(IReadOnlyList<Tensor> inputs, bool training) => [Forward(Only(inputs), training)];

    /// <summary>Makes the layer's own weights, with <see cref="CreateVariable(string, Shape, Initializer, DType, bool, Regularizer?, Constraint?)"/>; inner layers make theirs themselves.</summary>
    /// <param name="inputShape">The shape of inputs, the batch unknown.</param>
    protected virtual void CreateVariables(Shape inputShape) { }

    /// <summary>As <see cref="CreateVariables(Shape)"/>, for a layer of several inputs.</summary>
    /// <param name="inputShapes">The shapes of inputs, the batch unknown.</param>
    protected virtual void CreateVariables(IReadOnlyList<Shape> inputShapes) => CreateVariables(Only(inputShapes));

    /// <summary>Makes one weight of this layer.</summary>
    /// <param name="variableName">Its name, as in <c>kernel</c>; its path begins with the layer's.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="initializer">How its first values are made.</param>
    /// <param name="dtype">Its dtype.</param>
    /// <param name="trainable">Whether training changes it.</param>
    /// <param name="regularizer">A penalty on it, which <see cref="Losses"/> collects; none when null.</param>
    /// <param name="constraint">What it is made to be after each update; nothing when null.</param>
    protected Variable CreateVariable(string variableName, Shape shape, Initializer initializer, DType dtype = DType.Float32, bool trainable = true, Regularizer? regularizer = null, Constraint? constraint = null)
    {
        using Tensor first = initializer.Create(shape, dtype);
        if (first.ConcreteShape != shape) throw new ShapeMismatchException($"{Title}: the initializer {initializer} made {first.ConcreteShape} for '{variableName}' of shape {shape}.");
        var variable = new Variable(first, trainable && !makesFrozen, $"{Name}/{variableName}", shape: null, isFullName: true)
        {
            Regularizer = regularizer is null ? null : regularizer.Apply,
            Constraint = constraint is null ? null : constraint.Apply,
        };
        named.Add(variable);
        return variable;
    }

    /// <summary>Makes one weight by its rule.</summary>
    private protected Variable CreateVariable(string variableName, Shape shape, in WeightRule rule, DType dtype) =>
        CreateVariable(variableName, shape, rule.Initializer!, dtype, regularizer: rule.Regularizer, constraint: rule.Constraint);

    /// <summary>For the ways to call a layer beside <see cref="Call(Tensor, bool)"/>: makes the weights if need be, and opens the layer's name.</summary>
    private protected NameScope Begin(Tensor x)
    {
        if (InputShapes is null) BuildFor(x);
        return NameScope.Open(Name);
    }

    // The weights are made where the first input is.
    private void BuildFor(Tensor x)
    {
        using IDisposable here = Device.Use(x.Device);
        Build(x.Shape);
    }

    /// <summary>Builds at once when the shape of one input, without the batch, is known.</summary>
    private protected void BuildIfKnown(Shape? inputShape)
    {
        if (inputShape is not null) Build(inputShape.Insert(0, Dim.Unknown));
    }

    /// <summary>Gives a name to a layer that has none.</summary>
    internal void Christen(string given) => name ??= given;

    /// <summary>The layers and variables right below this one, with their names.</summary>
    private protected virtual IEnumerable<(string Name, object Child)> Children() => Structure.Of(GetType()).Children(this);

    private protected InvalidArgumentException DoesNotTell() => new($"{Title} does not say what shape it gives; override {ShapeMethod} in {GetType().Name}.");

    private Tensor Only(IReadOnlyList<Tensor> tensors) =>
        tensors.Count == 1 ? tensors[0] : throw new InvalidArgumentException($"{Title}: there are {tensors.Count} tensors where there must be one; a layer with several outputs is called by CallAll.");

    private Shape Only(IReadOnlyList<Shape> shapes) =>
        shapes.Count == 1 ? shapes[0] : throw new InvalidArgumentException($"{Title} takes one input; {shapes.Count} were given, of shapes {string.Join(", ", shapes)}.");

    private void AddActivityLoss(Tensor y)
    {
        if (activityCall != outermostCalls) activityLosses.Clear();
        activityCall = outermostCalls;
        activityLosses.Add(Penalty(ActivityRegularizer!, y));
    }

    /// <summary>The penalty on what a layer gave, divided by the size of the batch.</summary>
    internal static Tensor Penalty(Regularizer regularizer, Tensor y)
    {
        double batch = y.Rank == 0 ? 1 : Math.Max(1, y.ConcreteShape[0].Value);
        Tensor loss;
        using (var scope = Temporaries.Begin()) loss = scope.Keep(regularizer.Apply(y) / batch);
        Temporaries.Release(loss);  // it must outlive the scopes of the models around
        return loss;
    }

    // This layer and all within, each once.
    private IEnumerable<Layer> Within(HashSet<object> seen) => !seen.Add(this) ? [] :
        Children().Select(static c => c.Child).OfType<Layer>().SelectMany(child => child.Within(seen)).Prepend(this);

    private void NameChildren()
    {
        foreach ((string childName, object child) in Children())
            if (child is Layer layer) layer.Christen(childName.Replace('/', '_'));
    }

    private void Collect(string path, bool trainable, List<Parameter> found, HashSet<object> seen)
    {
        if (!IsBuilt) throw new InvalidArgumentException($"{Title} makes its weights at its first call and has none yet; call the model once, use Build, or give the layer its inputShape.");
        foreach ((string childName, object child) in Children())
        {
            if (!seen.Add(child)) continue;
            string childPath = path.Length == 0 ? childName : $"{path}/{childName}";
            if (child is Layer layer)
            {
                layer.Christen(childName.Replace('/', '_'));
                layer.Collect(childPath, trainable && layer.Trainable, found, seen);
                continue;
            }
            var variable = (Variable)child;
            NameByPath(variable, childPath);
            found.Add(new(childPath, variable, trainable && variable.Trainable));
        }
    }

    // Messages and optimizer slots call a variable by its path in the largest model that was asked for its parameters.
    private void NameByPath(Variable variable, string path)
    {
        bool ours = variable.Name is null || named.Contains(variable);
        if (!ours || (variable.Name is { } known && path.Count('/') < known.Count('/'))) return;
        variable.Name = path;
        named.Add(variable);
    }

    /// <summary>The name of a kind of layers.</summary>
    internal static string KindOf(Type type)
    {
        string typeName = type.Name;
        var text = new StringBuilder();
        for (int i = 0; i < typeName.Length; i++)
        {
            bool begins = i > 0 && char.IsUpper(typeName[i]) && (char.IsLower(typeName[i - 1]) || (i + 1 < typeName.Length && char.IsLower(typeName[i + 1])));
            if (begins) text.Append('_');
            text.Append(char.ToLowerInvariant(typeName[i]));
        }
        return text.ToString();
    }
}
