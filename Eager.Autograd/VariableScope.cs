namespace Eager.Autograd;

/// <summary>Whether a <see cref="VariableScope"/> makes what is asked for or finds what is there.</summary>
public enum Reuse
{
    /// <summary>As the scope around; making at the outermost.</summary>
    Inherit,

    /// <summary>Makes; what is there already is an error.</summary>
    No,

    /// <summary>Finds; what is not there is an error.</summary>
    Yes,

    /// <summary>Finds what is there, makes what is not.</summary>
    Auto,
}

/// <summary>
/// A part of the tree of shared variables: <see cref="GetVariable(string, Shape, Func{Shape, DType, Tensor}, DType, bool, Func{Tensor, Tensor}, Func{Tensor, Tensor})"/>
/// makes or finds a variable by its name below the scope that is open.
/// </summary>
/// <remarks>
/// Opening a scope of the same name again opens the same part of the tree. A scope also opens a <see cref="NameScope"/>,
/// which is numbered when it is opened again: variables keep <c>S/a</c>, operations become <c>S_1/Add</c>. Each thread has a
/// tree of its own, as long as no <see cref="VariableStore"/> is open.
/// </remarks>
/// <example><code>
/// Tensor Layer(Tensor x)
/// {
///     using var scope = VariableScope.Open("layer", Reuse.Auto);
///     return x.MatMul(VariableScope.GetVariable("w", [3, 2]));   // the same weights at each call
/// }
/// </code></example>
public sealed class VariableScope : IDisposable
{
    [ThreadStatic] private static VariableScope? current;

    private readonly VariableScope? outer;
    private readonly NameScope names;
    private readonly VariableStore store;
    private readonly Dictionary<string, int> defaultNames = [];
    private bool closed;

    private VariableScope(VariableScope? outer, VariableStore store, string name, Reuse reuse, NameScope names) =>
        (this.outer, this.store, Name, Reuse, this.names) = (outer, store, name, reuse, names);

    /// <summary>The scope that is open on this thread; the root when none is.</summary>
    public static VariableScope Current
    {
        get
        {
            VariableStore store = VariableStore.Current;
            return current is not null && current.store == store ? current : store.Root;
        }
    }

    /// <summary>The path from the root, such as <c>encoder/layer</c>; empty for the root.</summary>
    public string Name { get; }

    /// <summary>Whether it makes or finds; never <see cref="Reuse.Inherit"/>.</summary>
    public Reuse Reuse { get; private set; }

    /// <summary>Opens a scope below the one that is open.</summary>
    /// <param name="name">Its name; slashes lead further down.</param>
    /// <param name="reuse">Whether variables are made or found.</param>
    /// <exception cref="InvalidArgumentException">The name is empty, or <see cref="Reuse.No"/> was asked for inside a scope that reuses.</exception>
    public static VariableScope Open(string name, Reuse reuse = Reuse.Inherit)
    {
        if (string.IsNullOrEmpty(name) || name.StartsWith('/') || name.EndsWith('/')) throw new InvalidArgumentException($"VariableScope.Open: '{name}' is no name for a scope; it needs at least one character, and no slash at its ends.");
        VariableScope outer = Current;
        if (reuse == Reuse.No && outer.Reuse == Reuse.Yes)
            throw new InvalidArgumentException($"VariableScope.Open: '{name}' is not to reuse, but the scope '{outer.Name}' around it does; leave the reuse to be inherited, or open it outside.");
        return current = new VariableScope(outer, outer.store, outer.Below(name), reuse == Reuse.Inherit ? outer.Reuse : reuse, NameScope.Open(name));
    }

    /// <summary>Opens a scope with a name that is given, or one of its own that no earlier call got: <c>merge</c>, <c>merge_1</c>.</summary>
    /// <param name="name">Its name; null for the default.</param>
    /// <param name="defaultName">What it is called, numbered, when it has no name.</param>
    /// <param name="reuse">Whether variables are made or found.</param>
    public static VariableScope Open(string? name, string defaultName, Reuse reuse = Reuse.Inherit) => Open(name ?? Current.NextName(defaultName), reuse);

    /// <summary>Opens the scope that is open anew, to make and find its variables in another way; operations keep their names.</summary>
    internal static VariableScope OpenCurrent(Reuse reuse)
    {
        VariableScope scope = Current;
        return current = new VariableScope(scope, scope.store, scope.Name, reuse, default);
    }

    /// <summary>From now on until its end the scope that is open finds variables and makes none.</summary>
    public void ReuseVariables() => Reuse = Reuse.Yes;

    /// <summary>Makes or finds a variable of the scope that is open.</summary>
    /// <param name="name">Its name below the scope.</param>
    /// <param name="shape">Its shape; may be left out where it is there already. Sizes that are unknown, as in <c>[null, 10]</c>, may change with each assignment.</param>
    /// <param name="initializer">Gives the first value of a shape and dtype; when null, Glorot's uniform distribution, zeros for integers. Where sizes are unknown it chooses the first ones.</param>
    /// <param name="dtype">Its dtype.</param>
    /// <param name="trainable">Whether tapes watch it and optimizers change it.</param>
    /// <param name="regularizer">Gives the penalty on a variable that is made here, which joins the losses that are collected wherever it is asked for.</param>
    /// <param name="constraint">Gives the value that a variable that is made here takes after each update.</param>
    /// <exception cref="VariableReuseException">It is there and the scope does not reuse, or it is not there and the scope only reuses.</exception>
    /// <exception cref="ShapeMismatchException">It is there with another shape, or it is to be made and no shape is given, or one with unknown sizes and no initializer, or its first value does not fit.</exception>
    /// <exception cref="DTypeMismatchException">It is there with another dtype.</exception>
    public static Variable GetVariable(string name, Shape? shape = null, Func<Shape, DType, Tensor>? initializer = null, DType dtype = DType.Float32, bool trainable = true, Func<Tensor, Tensor>? regularizer = null, Func<Tensor, Tensor>? constraint = null)
    {
        string full = Current.Below(name);
        Variable variable = Get(name, () =>
        {
            if (shape is null) throw new ShapeMismatchException($"GetVariable: variable '{full}' is to be made, which needs a shape.");
            if (!shape.IsFullyKnown && initializer is null) throw new ShapeMismatchException($"GetVariable: variable '{full}' is to be made with shape {shape}; give an initializer, which says how large it is at first.");
            using var unrecorded = Unrecorded.BeginMaking();
            using Tensor first = (initializer ?? Default)(shape, dtype);
            return new Variable(first, trainable, full, shape, isFullName: true) { Regularizer = regularizer, Constraint = constraint };
        });
        if (shape is not null && !shape.IsCompatibleWith(variable.ConcreteShape)) throw new ShapeMismatchException($"GetVariable: variable '{full}' is {variable.ConcreteShape}, not {shape}.");
        if (variable.DType != dtype) throw new DTypeMismatchException($"GetVariable: variable '{full}' is {variable.DType.Name()}, not {dtype.Name()}.");
        Penalties.Collector?.AddPenalty(variable);
        return variable;
    }

    /// <summary>Makes a variable of the scope that is open with a first value that is there, or finds it.</summary>
    /// <param name="name">Its name below the scope.</param>
    /// <param name="initialValue">The first value where it is made; its shape and dtype are the variable's.</param>
    /// <param name="trainable">Whether tapes watch it and optimizers change it.</param>
    /// <param name="regularizer">Gives the penalty on a variable that is made here, which joins the losses that are collected wherever it is asked for.</param>
    /// <param name="constraint">Gives the value that a variable that is made here takes after each update.</param>
    /// <exception cref="VariableReuseException">It is there and the scope does not reuse, or it is not there and the scope only reuses.</exception>
    /// <exception cref="ShapeMismatchException">It is there with another shape.</exception>
    /// <exception cref="DTypeMismatchException">It is there with another dtype.</exception>
    /// <example><code>Variable a = VariableScope.GetVariable("A", Tensor.From([[0, 1], [2, 3]]));</code></example>
    public static Variable GetVariable(string name, Tensor initialValue, bool trainable = true, Func<Tensor, Tensor>? regularizer = null, Func<Tensor, Tensor>? constraint = null)
    {
        ArgumentNullException.ThrowIfNull(initialValue);
        return GetVariable(name, initialValue.ConcreteShape, (_, _) => initialValue.Clone(), initialValue.DType, trainable, regularizer, constraint);
    }

    /// <summary>Makes or finds anything that has variables, such as a layer.</summary>
    /// <param name="name">Its name below the scope that is open.</param>
    /// <param name="make">Makes it.</param>
    /// <exception cref="VariableReuseException">It is there and the scope does not reuse, or it is not there and the scope only reuses, or it is something else.</exception>
    public static T Get<T>(string name, Func<T> make) where T : class
    {
        VariableScope scope = Current;
        string full = scope.Below(name);
        if (scope.store.TryGet(full, out object? there))
        {
            if (scope.Reuse == Reuse.No) throw new VariableReuseException($"'{full}' is there already; to use it again, open its scope with Reuse.Yes or Reuse.Auto, or call ReuseVariables.");
            return there as T ?? throw new VariableReuseException($"'{full}' is there already and is a {there.GetType().Name}, not a {typeof(T).Name}.");
        }
        if (scope.Reuse == Reuse.Yes) throw new VariableReuseException($"'{full}' is not there, and its scope only reuses; make it first, or open the scope with Reuse.Auto.");
        T made = make();
        scope.store.Add(full, made);
        return made;
    }

    /// <summary>The next default name in this opening of the scope: <c>dense</c>, <c>dense_1</c>, and the same again when it is opened again.</summary>
    public string NextName(string kind)
    {
        int uses = defaultNames[kind] = defaultNames.GetValueOrDefault(kind) + 1;
        return uses == 1 ? kind : $"{kind}_{uses - 1}";
    }

    /// <summary>Goes back to the scope around.</summary>
    /// <exception cref="InvalidArgumentException">A scope inside it is still open, or it was opened on another thread.</exception>
    public void Dispose()
    {
        if (closed) return;
        if (outer is null) throw new InvalidArgumentException("VariableScope: the root cannot be closed.");
        if (current != this) throw new InvalidArgumentException($"VariableScope: '{Name}' is not the innermost scope of this thread; close those inside it first, on the thread that opened it.");
        closed = true;
        names.Dispose();
        current = outer.outer is null ? null : outer;
    }

    internal static VariableScope RootOf(VariableStore store, Reuse reuse) => new(null, store, "", reuse, default);

    private string Below(string name) => Name.Length == 0 ? name : $"{Name}/{name}";

    // Glorot and Bengio 2010: within ±√(6/(inputs + outputs)).
    private static Tensor Default(Shape shape, DType dtype)
    {
        if (!dtype.IsFloatingPoint()) return Tensor.Zeros(shape, dtype);
        double receptive = 1;
        for (int i = 0; i < shape.Rank - 2; i++) receptive *= shape[i].Value;
        double inputs = shape.Rank < 2 ? shape.ElementCount : shape[^2].Value * receptive, outputs = shape.Rank == 0 ? 1 : shape[^1].Value * receptive;
        double limit = Math.Sqrt(6 / Math.Max(1, inputs + outputs));
        return Tensor.RandomUniform(shape, -limit, limit, dtype);
    }
}

/// <summary>A tree of shared variables. While one is open, <see cref="VariableScope"/> works on it instead of the thread's own.</summary>
/// <example><code>
/// using var store = VariableStore.Open();   // variables of this block are apart from all others
/// Variable w = VariableScope.GetVariable("w", [2]);
/// IReadOnlyList&lt;Variable&gt; all = store.Variables();
/// </code></example>
public sealed class VariableStore : IDisposable
{
    [ThreadStatic] private static VariableStore? current;

    private readonly VariableStore? outer;
    private readonly Dictionary<string, object> entries = [];

    private VariableStore(VariableStore? outer)
    {
        this.outer = outer;
        Root = VariableScope.RootOf(this, Reuse.No);
    }

    /// <summary>The store that is open on this thread.</summary>
    public static VariableStore Current => current ??= new(null);

    internal VariableScope Root { get; }

    /// <summary>Opens an empty store.</summary>
    public static VariableStore Open() => current = new(Current);

    /// <summary>Opens this store again, for instance to go on with its variables.</summary>
    /// <param name="reuse">Whether variables outside of all scopes are made or found; scopes inherit it.</param>
    public VariableStore Reopen(Reuse reuse = Reuse.No) => current = new(Current, this, reuse);

    private VariableStore(VariableStore outer, VariableStore shared, Reuse reuse) =>
        (this.outer, entries, Root) = (outer, shared.entries, VariableScope.RootOf(this, reuse == Reuse.Inherit ? Reuse.No : reuse));

    /// <summary>The variables that <c>GetVariable</c> made here, in order.</summary>
    /// <param name="scope">Only those below a scope of this name.</param>
    public IReadOnlyList<Variable> Variables(string scope = "") => [.. Entries(scope).Select(static e => e.Value).OfType<Variable>()];

    /// <summary>Everything that was made here, by its full name, in order.</summary>
    /// <param name="scope">Only what is below a scope of this name.</param>
    public IReadOnlyList<KeyValuePair<string, object>> Entries(string scope = "") =>
        [.. entries.Where(e => scope.Length == 0 || e.Key.StartsWith(scope + "/", StringComparison.Ordinal))];

    /// <summary>An empty store that is not open.</summary>
    internal static VariableStore New() => new(null);

    /// <summary>Puts a store in the place of the open one, which it returns.</summary>
    internal static VariableStore Exchange(VariableStore store)
    {
        VariableStore before = Current;
        current = store;
        return before;
    }

    /// <summary>Goes back to the store around.</summary>
    public void Dispose()
    {
        if (current == this) current = outer;
    }

    internal bool TryGet(string name, out object entry) => entries.TryGetValue(name, out entry!);

    internal void Add(string name, object entry) => entries.Add(name, entry);
}

/// <summary>A function whose variables are made at its first call and used again at each later one.</summary>
/// <example><code>
/// var convolve = new Template("convolve", x => x.MatMul(VariableScope.GetVariable("w", [3, 3])));
/// Tensor a = convolve.Call(first), b = convolve.Call(second);   // with the same w
/// </code></example>
/// <param name="name">The name of its scope; a second template of the name gets a number.</param>
/// <param name="function">What it computes.</param>
public sealed class Template(string name, Func<Tensor, Tensor> function)
{
    private string? scopeName;

    /// <summary>Computes; the first call makes the variables.</summary>
    public Tensor Call(Tensor x)
    {
        bool first = scopeName is null;
        scopeName ??= VariableScope.Current.NextName(name);
        using VariableScope scope = VariableScope.Open(scopeName, first ? Reuse.Inherit : Reuse.Yes);
        return function(x);
    }
}
