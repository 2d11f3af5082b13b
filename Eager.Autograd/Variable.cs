using System.Runtime.CompilerServices;
using Eager.Interop;

namespace Eager.Autograd;

/// <summary>
/// A tensor that can change: the weights of a model, a running mean, a step counter. Reading it is reading the tensor
/// itself, <see cref="Tensor.Clone"/> is a snapshot; only the <c>Assign…</c> methods change it.
/// </summary>
/// <remarks>A trainable variable is watched by every tape that uses it.</remarks>
/// <example>
/// <code>
/// var w = new Variable(Tensor.Zeros([3]), name: "w");
/// w.AssignAdd(Tensor.Ones([3]));
/// </code>
/// </example>
public sealed class Variable : Tensor
{
    private readonly Shape? partialShape;
    private List<Tensor>? former;  // memory of earlier shapes that was in use when it was given up

    /// <summary>Makes a variable that starts with a copy of a value.</summary>
    /// <param name="initialValue">The first value; it gives dtype and device, and the shape where <paramref name="shape"/> leaves it open.</param>
    /// <param name="trainable">Whether tapes watch it by themselves and optimizers change it.</param>
    /// <param name="name">A name for messages and graphs.</param>
    /// <param name="shape">What all its values fit: <c>[null, 10]</c> lets assignments change the number of rows. The shape of the first value when null.</param>
    /// <exception cref="ShapeMismatchException">The first value does not fit the shape.</exception>
    public Variable(Tensor initialValue, bool trainable = true, string? name = null, Shape? shape = null) : this(initialValue, trainable, name, shape, isFullName: false)
    {
    }

    /// <summary>Makes a variable whose name is not put below the name scope that is open.</summary>
    internal Variable(Tensor initialValue, bool trainable, string? name, Shape? shape, bool isFullName) : base(TakeCopy(RequireStart(initialValue, name, shape)))
    {
        Name = name;
        Trainable = trainable;
        Version = new VersionCell(this);
        if (shape is { IsFullyKnown: false }) partialShape = shape;
        if (GraphBuilder.Current is not { } builder) return;
        Symbol = builder.AddVariable(this, initialValue, shape, isFullName);
        Name = Symbol.Operation.Name;
        BecomeSymbol(Symbol.Shape);
    }

    /// <summary>Whether tapes watch it by themselves and optimizers change it.</summary>
    public bool Trainable { get; }

    /// <summary>Gives the value that the variable takes after each update by an optimizer; it stays as it is when null.</summary>
    public Func<Tensor, Tensor>? Constraint { get; set; }

    /// <summary>Gives a scalar that the loss grows by, for who collects it, such as a layer; none when null.</summary>
    public Func<Tensor, Tensor>? Regularizer { get; set; }

    /// <summary>What every value fits; sizes that assignments may change are unknown.</summary>
    public Shape StaticShape => partialShape ?? ConcreteShape;

    /// <summary>What it is in the graph that was built by hand when it was made, whose sessions have its values; null for a variable with a value of its own.</summary>
    internal GraphTensor? Symbol { get; }

    internal override bool IsSymbol => Symbol is not null;

    internal override bool IsWatchedByItself => Trainable && DType.IsFloatingPoint();

    /// <summary>A part of the variable, as of any tensor; assigning to it changes the part: <c>v[0, 1..3] = x</c>.</summary>
    /// <param name="entries">One entry per axis from the first on, see <see cref="TensorIndex"/>.</param>
    /// <remarks>What is assigned broadcasts to the part. Where a tensor of places names an element twice, it takes either value. Gradients do not flow through.</remarks>
    /// <exception cref="ShapeMismatchException">What is assigned does not stretch to the part; nothing is changed.</exception>
    /// <exception cref="DTypeMismatchException">It has another dtype; nothing is changed.</exception>
    [IndexerName("Part")]
    public new Tensor this[params ReadOnlySpan<TensorIndex> entries]
    {
        get => base[entries];
        set
        {
            RequireDType(value, nameof(Assign));
            var inputs = new List<Tensor> { this, value };
            foreach (TensorIndex entry in entries)
                if (entry.Tensor is { } places) inputs.Add(places);
            VariableOps.AssignPart.Apply([.. inputs], entries.ToArray());
            Changed();
        }
    }

    /// <summary>Changes the value; views of the variable change with it.</summary>
    /// <param name="value">The new value, of the variable's dtype.</param>
    /// <param name="allowNewShape">Whether a value of another shape is taken too, although <see cref="StaticShape"/> leaves no size open.</param>
    /// <returns>The variable, which has the new value.</returns>
    /// <remarks>
    /// A value of another shape brings memory of its own. Views that were taken before keep the last value of the old shape. A tape that
    /// used the variable before refuses gradients of it, a traced function that reads it is traced anew at its next call, and an optimizer
    /// that has changed it asks for <c>Reset</c>, since its slots have the old shape. Other threads should not use the variable meanwhile:
    /// what they compute may mix the two shapes and fail.
    /// </remarks>
    /// <exception cref="ShapeMismatchException">The value's shape is not allowed; nothing is changed.</exception>
    /// <exception cref="DTypeMismatchException">The value has another dtype; nothing is changed.</exception>
    /// <exception cref="TracingException">The value has another shape and a traced function is being recorded, whose replays keep theirs; nothing is changed.</exception>
    /// <example><code>
    /// var queue = new Variable(Tensor.Zeros([0, 10]), trainable: false, shape: [null, 10]);
    /// queue.Assign(Tensor.Concat([queue, row]));                // [1, 10]
    /// w.Assign(Tensor.Zeros([5, 3]), allowNewShape: true);
    /// </code></example>
    public Variable Assign(Tensor value, bool allowNewShape = false)
    {
        if (value.ConcreteShape == ConcreteShape || !(allowNewShape || partialShape is not null) || (IsSymbol && !allowNewShape))
        {
            RequireFit(value, nameof(Assign));
            VariableOps.Assign.Apply([this, value], default);
        }
        else
        {
            RequireAllowed(value);
            VariableOps.AssignNewShape.Apply([this, value], default);
        }
        Changed();
        return this;
    }

    /// <summary>Adds to the value.</summary>
    /// <returns>The variable, which has the new value.</returns>
    /// <exception cref="ShapeMismatchException">The value has another shape; nothing is changed.</exception>
    public Variable AssignAdd(Tensor value)
    {
        RequireFit(value, nameof(AssignAdd));
        VariableOps.AssignAdd.Apply([this, value], default);
        Changed();
        return this;
    }

    /// <summary>Subtracts from the value.</summary>
    /// <returns>The variable, which has the new value.</returns>
    /// <exception cref="ShapeMismatchException">The value has another shape; nothing is changed.</exception>
    public Variable AssignSub(Tensor value)
    {
        RequireFit(value, nameof(AssignSub));
        VariableOps.AssignSub.Apply([this, value], default);
        Changed();
        return this;
    }

    /// <summary>As in <c>Tensor("w:0", shape=(3, 1), dtype=float32)</c> in a graph that is built by hand, else as every tensor.</summary>
    public override string ToString() => Symbol?.ToString() ?? base.ToString();

    internal override Tensor Alias(bool sameIdentity = true) => Symbol is null ? base.Alias(sameIdentity) : new SymbolTensor(Symbol);

    internal override Tensor AliasUnscoped(long id = 0) => Symbol is null ? base.AliasUnscoped(id) : new SymbolTensor(Symbol);

    private protected override EagerException WhyUnusable() => Symbol is null ? base.WhyUnusable() : SymbolTensor.WhyUnusable(Symbol);

    /// <summary>Takes the value that the constraint gives, if there is one.</summary>
    internal void Constrain()
    {
        if (Constraint is null) return;
        using var scope = Temporaries.Begin();
        Tensor value = Constraint(this);
        RequireFit(value, nameof(Constraint));
        Assign(value);
    }

    /// <summary>Takes a copy of a value of another shape.</summary>
    internal void Move(Tensor value)
    {
        Tensor before = ExchangeMemory(Outside(static v => v.Clone(), value.Device == Device ? value : value.To(Device)), out bool inUse);
        Interlocked.Increment(ref Version!.Moves);
        if (!inUse)
        {
            before.Dispose();
            foreach (Tensor tensor in former ?? []) tensor.Dispose();
            former = null;
        }
        else
        {
            (former ??= []).Add(before);
        }
    }

    /// <summary>Notes that a kernel changed the elements, so that a tape that kept the old ones can tell.</summary>
    internal void Changed() => Interlocked.Increment(ref Version!.Count);

    private static Tensor RequireStart(Tensor value, string? name, Shape? shape) =>
        shape is null || shape.IsCompatibleWith(value.ConcreteShape) ? value
            : throw new ShapeMismatchException($"Variable: the initial value of '{name}' is {value.ConcreteShape}, which does not fit {shape}.");

    private static nint TakeCopy(Tensor value)
    {
        Errors.RequireUnquantized(value, nameof(Variable));
        // In a graph that is built by hand the sessions have the values: the least that has the dtype stands for them until the description is taken.
        using Tensor copy = GraphBuilder.Current is null ? Outside(static v => v.Clone(), value) : Outside(static v => Zeros([], v.DType, v.Device), value);
        return copy.TakeHandle();
    }

    private void RequireFit(Tensor value, string op)
    {
        RequireDType(value, op);
        if (IsSymbol ? StaticShape.IsCompatibleWith(value.ConcreteShape) : value.ConcreteShape == ConcreteShape) return;
        string cure = op == nameof(Assign) ? ", unless allowNewShape says otherwise" : "";
        throw new ShapeMismatchException($"{op}: the value is {value.ConcreteShape}, variable '{Name}' is {ConcreteShape}; the shapes must be equal{cure}.");
    }

    private void RequireAllowed(Tensor value)
    {
        RequireDType(value, nameof(Assign));
        if (!StaticShape.IsCompatibleWith(value.ConcreteShape) && partialShape is not null)
            throw new ShapeMismatchException($"Assign: the value is {value.ConcreteShape}, variable '{Name}' was made for {partialShape} and has no value of another shape; make it with the sizes unknown that are to change.");
        if (ThreadContext.Current.Observer is { RecordsHostEffects: true, DefersHostEffects: false })
            throw new TracingException($"Assign: the value is {value.ConcreteShape}, variable '{Name}' is {ConcreteShape}; inside a traced function, whose replays compute with the shapes of its trace, a variable keeps its shape. Return the value and assign it outside.");
    }

    private void RequireDType(Tensor value, string op)
    {
        if (value.DType != DType) throw new DTypeMismatchException($"{op}: the value is {value.DType.Name()}, variable '{Name}' is {DType.Name()}; convert the value with {(value.DType.IsQuantized() ? "Dequantize" : "Cast")}.");
    }
}

internal static class VariableOps
{
    internal static readonly Op<None> Assign = InPlace("Assign", static (variable, value) => Aten.copy_(variable, value, false));

    // No kernel does this: the variable gets a copy of the value for its memory.
    internal static readonly Op<None> AssignNewShape = new("AssignNewShape", static (x, in _) => { ((Variable)x[0]).Move(x[1]); return x[0]; }, static (x, in _) => x[1]) { Effect = Effect.Mutates };

    internal static readonly Op<None> AssignAdd = InPlace("AssignAdd", static (variable, value) => Aten.add__Tensor(variable, value, 1));

    internal static readonly Op<None> AssignSub = InPlace("AssignSub", static (variable, value) => Aten.sub__Tensor(variable, value, 1));

    // The entries hold the tensors of places among them; as inputs those are there for who draws a graph.
    internal static readonly Op<TensorIndex[]> AssignPart = new("AssignPart", static (x, in entries) => { SetPart(x[0], entries, x[1]); return x[0]; }, static (x, in _) => x[0])
    {
        Accepts = Accepts.Any,
        Effect = Effect.Mutates,
    };

    private static void SetPart(Tensor variable, TensorIndex[] entries, Tensor value)
    {
        using var scope = Temporaries.Begin();
        using Curtain curtain = Curtain.Draw();
        if (value.Version is not null) value = value.Clone();  // a view of the variable itself would change while it is read
        if (Array.TrueForAll(entries, static e => e.IsView))
        {
            Tensor part = variable.Alias()[entries];
            RequireStretch(value, part);
            Aten.copy_(part, value, false);
            return;
        }
        // The same entries, applied to the numbers of the elements, say which elements are meant.
        Tensor places = Tensor.Range(0, variable.ElementCount, device: variable.Device).Reshape(variable.ConcreteShape)[entries];
        RequireStretch(value, places);
        Aten.put_(variable, places, value.BroadcastTo(places.ConcreteShape), false);
    }

    private static void RequireStretch(Tensor value, Tensor part)
    {
        Shape from = value.ConcreteShape, to = part.ConcreteShape;
        if (from.Rank > to.Rank || Shape.Broadcast(from, to) != to) throw new ShapeMismatchException($"Assign: the value {from} does not stretch to the part, which is {to}.");
    }

    private static Op<None> InPlace(string name, Action<Tensor, Tensor> kernel) =>
        new(name, (x, in _) => { kernel(x[0], x[1]); return x[0]; }, OpForms.SameShape) { Effect = Effect.Mutates };
}
