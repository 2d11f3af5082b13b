namespace Eager;

/// <summary>An operation's attributes when it has none.</summary>
internal readonly record struct None
{
    internal static readonly object Boxed = default(None);
}

/// <summary>What an operation does beside computing its outputs.</summary>
internal enum Effect
{
    /// <summary>Nothing: equal inputs give equal outputs.</summary>
    Pure,

    /// <summary>The output may share the first input's memory.</summary>
    View,

    /// <summary>It draws from a generator.</summary>
    Random,

    /// <summary>The output's shape depends on the inputs' values.</summary>
    DynamicShape,

    /// <summary>It changes its first input.</summary>
    Mutates,
}

/// <summary>Which dtypes an operation takes; checked before its kernel runs.</summary>
internal enum Accepts
{
    /// <summary>All inputs of one dtype.</summary>
    Same,

    /// <summary>All inputs of one floating-point or complex dtype.</summary>
    Differentiable,

    /// <summary>All inputs of one floating-point dtype, not complex.</summary>
    Floating,

    /// <summary>All inputs of one integer dtype or bool.</summary>
    Integral,

    /// <summary>Whatever the kernel takes.</summary>
    Any,
}

/// <summary>What a gradient rule needs of the forward pass; the tape keeps nothing else.</summary>
[Flags]
internal enum Keep
{
    Nothing = 0,
    A = 1,
    B = 2,
    C = 4,
    D = 8,
    E = 16,
    Output = 0x100,
    Output1 = 0x200,
    Output2 = 0x400,
    Shapes = 0x10000,
}

/// <summary>One operation: everything that is known of it, in one declaration.</summary>
internal abstract class Op(string name)
{
    /// <summary>The last bit of an input mask stands for that input and all after it.</summary>
    internal const int LastBit = 63;

    private ulong? differentiableInputs;

    /// <summary>The name that errors, graphs and the op table use.</summary>
    internal string Name { get; } = name;

    /// <summary>What it does beside computing.</summary>
    internal Effect Effect { get; init; }

    /// <summary>The dtypes that it takes.</summary>
    internal Accepts Accepts { get; init; }

    /// <summary>True when inputs are broadcast against each other; the backward pass sums gradients back to the input's shape.</summary>
    internal bool Broadcasts { get; init; }

    /// <summary>
    /// True when the gradient rules hold for complex numbers too: those of analytic functions conjugate the factor. Where it is false a tape
    /// refuses complex tensors.
    /// </summary>
    internal bool ComplexGradients { get; init; }

    /// <summary>True when an output element depends on the inputs' elements at its own place alone, after broadcasting if there is any.</summary>
    /// <remarks>Forward mode then takes the gradient rules for its own, since they are their own transposes, and a batch axis needs no rule.</remarks>
    internal bool Elementwise { get => field || Broadcasts; init; }

    /// <summary>In which inputs it is linear; forward mode then runs the operation itself on the tangents.</summary>
    internal Linearity Linear { get; init; }

    /// <summary>A bit per input that has a gradient rule.</summary>
    internal ulong DifferentiableInputs
    {
        get
        {
            if (differentiableInputs is ulong known) return known;
            ulong mask = 0;
            for (int i = 0; i <= LastBit; i++)
                if (WhyNoGradient(i) is null) mask |= 1UL << i;
            differentiableInputs = mask;
            return mask;
        }
    }

    /// <summary>Why an input has no gradient; null when it has a rule.</summary>
    internal abstract string? WhyNoGradient(int input);

    /// <summary>Why an input's gradient, which would not be zero, is not offered; null when it is offered or there is none.</summary>
    internal abstract string? WhyGradientIsMissing(int input);

    /// <summary>What must be kept for the gradients of the inputs in a mask.</summary>
    internal abstract Keep Keeps(ulong inputs);

    /// <summary>The static shapes of the outputs, or the error that the shapes deserve.</summary>
    internal abstract Shape[] InferShapes(ReadOnlySpan<Shape> inputs, object attributes);

    /// <summary>Computes the gradients of the inputs in a mask from those of the outputs.</summary>
    internal abstract void Backward(ReadOnlySpan<Tensor?> outputGradients, in SavedNode saved, Span<Tensor?> inputGradients);

    /// <summary>Runs it as <c>Apply</c> does, with attributes of a type that the caller does not know.</summary>
    internal abstract Tensor[] Run(ReadOnlySpan<Tensor> x, object attributes);

    /// <summary>The outputs' tangents for tangents of some inputs, each null where it is zero; null when the declaration says nothing of forward mode.</summary>
    internal abstract Tensor?[]? PushForward(ReadOnlySpan<Tensor?> tangents, in SavedNode run);

    /// <summary>The outputs for all slices of a batch, with the batch as axis 0; null when the declaration says nothing of batches.</summary>
    internal abstract Tensor[]? RunBatched(in Batch batch, object attributes);

    public override string ToString() => Name;
}

/// <summary>What a tape kept of one run of an operation, unpacked for its gradient rules.</summary>
internal readonly ref struct SavedNode(ReadOnlySpan<Tensor?> inputs, ReadOnlySpan<Tensor?> outputs, ReadOnlySpan<Shape?> shapes, object attributes, ulong needed)
{
    internal readonly ReadOnlySpan<Tensor?> Inputs = inputs;
    internal readonly ReadOnlySpan<Tensor?> Outputs = outputs;
    internal readonly ReadOnlySpan<Shape?> Shapes = shapes;
    internal readonly object Attributes = attributes;
    internal readonly ulong Needed = needed;
}

/// <summary>What a gradient rule sees as <c>s</c>.</summary>
internal readonly ref struct Saved<TAttributes>(SavedNode node, TAttributes attributes)
{
    private readonly SavedNode node = node;

    internal Tensor A => node.Inputs[0]!;

    internal Tensor B => node.Inputs[1]!;

    internal Tensor C => node.Inputs[2]!;

    internal Tensor Output => node.Outputs[0]!;

    internal TAttributes Attributes { get; } = attributes;

    internal int InputCount => node.Inputs.Length;

    internal Tensor Input(int i) => node.Inputs[i]!;

    internal Tensor Outputs(int i) => node.Outputs[i]!;

    internal Shape Shape(int input) => node.Shapes[input]!;

    internal bool Needs(int input) => (node.Needed & (1UL << Math.Min(input, Op.LastBit))) != 0;
}

internal delegate Tensor Kernel<TAttributes>(ReadOnlySpan<Tensor> x, in TAttributes a);

internal delegate Tensor[] ManyKernel<TAttributes>(ReadOnlySpan<Tensor> x, in TAttributes a);

internal delegate Shape ShapeRule<TAttributes>(ReadOnlySpan<Shape> x, in TAttributes a);

internal delegate Shape[] ManyShapeRule<TAttributes>(ReadOnlySpan<Shape> x, in TAttributes a);

internal delegate Tensor? GradientRule<TAttributes>(Tensor g, in Saved<TAttributes> s);

internal delegate void JointRule<TAttributes>(ReadOnlySpan<Tensor?> g, in Saved<TAttributes> s, Span<Tensor?> dx);

/// <summary>The gradient of one input: a rule and what it keeps, or the reason why there is none or why it is missing.</summary>
internal sealed class Gradient<TAttributes>
{
    internal Gradient(Keep keeps, GradientRule<TAttributes> rule) => (Keeps, Rule) = (keeps, rule);

    private Gradient(string? whyNone, string? whyMissing) => (WhyNone, WhyMissing) = (whyNone, whyMissing);

    internal Keep Keeps { get; }

    internal GradientRule<TAttributes>? Rule { get; }

    internal string? WhyNone { get; }

    internal string? WhyMissing { get; }

    /// <summary>For an input through which no gradient can flow, such as an index.</summary>
    internal static Gradient<TAttributes> None(string why) => new(why, null);

    /// <summary>For an input whose gradient nobody has worked out: asking for it is an error, never a silent zero.</summary>
    internal static Gradient<TAttributes> Missing(string why) => new(null, why);
}

/// <summary>An operation with attributes of a type of its own; <see cref="Apply"/> is the only way from a public method to a kernel.</summary>
internal sealed partial class Op<TAttributes> : Op
{
    private readonly Kernel<TAttributes>? kernel;
    private readonly ManyKernel<TAttributes>? manyKernel;
    private readonly ShapeRule<TAttributes>? shape;
    private readonly ManyShapeRule<TAttributes>? manyShapes;

    /// <summary>An operation with one output.</summary>
    internal Op(string name, Kernel<TAttributes> kernel, ShapeRule<TAttributes> shape) : base(name) => (this.kernel, this.shape) = (kernel, shape);

    /// <summary>An operation with several outputs.</summary>
    internal Op(string name, ManyKernel<TAttributes> kernel, ManyShapeRule<TAttributes> shapes) : base(name) => (manyKernel, manyShapes) = (kernel, shapes);

    /// <summary>A rule per input, for operations with one output.</summary>
    internal Gradient<TAttributes>[] Gradients { get; init; } = [];

    /// <summary>One rule for all inputs at once, where that is quicker or there are several outputs; null gradients stand for outputs not used.</summary>
    internal JointRule<TAttributes>? Joint { get; init; }

    /// <summary>What the joint rule needs.</summary>
    internal Keep JointKeeps { get; init; }

    /// <summary>How many leading inputs the joint rule differentiates; the rest are indices and the like.</summary>
    internal int JointInputs { get; init; } = int.MaxValue;

    /// <summary>Runs the kernel and shows the run to whoever records.</summary>
    internal Tensor Apply(ReadOnlySpan<Tensor> x, in TAttributes a)
    {
        Observer? innermost = Begin(x);
        if (innermost?.FindTransform(this, x) is { } transform) return ApplyTransform(transform, x, Box(a))[0];
        Tensor y;
        try
        {
            Check(x);
            y = kernel!(x, a);
        }
        catch (DeviceMemoryException e)
        {
            y = RunAfterCollecting(kernel!, x, a, e);
        }
        catch (EagerException e) when (e is LibTorchException or DisposedException or InvalidArgumentException)
        {
            throw Explain(x, a!, e);
        }
        if (Effect == Effect.View) y.ShareVersion(x[0]);
        for (Observer? observer = innermost; observer is not null; observer = observer.Next)
            Show(observer, x, a, [y]);
        return y;
    }

    /// <summary>Runs the kernel of an operation with several outputs and shows the run to whoever records.</summary>
    internal Tensor[] ApplyMany(ReadOnlySpan<Tensor> x, in TAttributes a)
    {
        Observer? innermost = Begin(x);
        if (innermost?.FindTransform(this, x) is { } transform) return ApplyTransform(transform, x, Box(a));
        Tensor[] y;
        try
        {
            Check(x);
            y = manyKernel!(x, a);
        }
        catch (DeviceMemoryException e)
        {
            y = RunAfterCollecting(manyKernel!, x, a, e);
        }
        catch (EagerException e) when (e is LibTorchException or DisposedException or InvalidArgumentException)
        {
            throw Explain(x, a!, e);
        }
        if (Effect == Effect.View)
            foreach (Tensor output in y) output.ShareVersion(x[0]);
        for (Observer? observer = innermost; observer is not null; observer = observer.Next)
            Show(observer, x, a, y);
        return y;
    }

    internal override string? WhyNoGradient(int input)
    {
        if (Joint is not null) return input < JointInputs ? null : "it is an index or a setting";
        if (Gradients.Length == 0) return "its derivative is zero or not defined";
        return Gradients[Math.Min(input, Gradients.Length - 1)].WhyNone;
    }

    internal override string? WhyGradientIsMissing(int input) =>
        Joint is not null || Gradients.Length == 0 ? null : Gradients[Math.Min(input, Gradients.Length - 1)].WhyMissing;

    internal override Keep Keeps(ulong inputs)
    {
        if (Joint is not null) return JointKeeps;
        var keeps = Keep.Nothing;
        for (int i = 0; i < Gradients.Length; i++)
            if ((inputs & (1UL << i)) != 0) keeps |= Gradients[i].Keeps;
        return keeps;
    }

    internal override Shape[] InferShapes(ReadOnlySpan<Shape> inputs, object attributes) =>
        shape is not null ? [shape(inputs, (TAttributes)attributes)] : manyShapes!(inputs, (TAttributes)attributes);

    internal override void Backward(ReadOnlySpan<Tensor?> outputGradients, in SavedNode saved, Span<Tensor?> inputGradients)
    {
        var s = new Saved<TAttributes>(saved, (TAttributes)saved.Attributes);
        if (Joint is not null)
        {
            Joint(outputGradients, s, inputGradients);
            return;
        }
        for (int i = 0; i < inputGradients.Length; i++)
            if ((saved.Needed & (1UL << i)) != 0)
                inputGradients[i] = (Gradients[i].Rule ?? throw Errors.MissingGradient(this, i))(outputGradients[0]!, s);
    }

    internal override Tensor[] Run(ReadOnlySpan<Tensor> x, object attributes) =>
        kernel is not null ? [Apply(x, (TAttributes)attributes)] : ApplyMany(x, (TAttributes)attributes);

    /// <summary>Who sees this run, if anyone does; operands that strict broadcasting does not take are refused first.</summary>
    private Observer? Begin(ReadOnlySpan<Tensor> x)
    {
        ThreadContext context = ThreadContext.Current;
        // Where more scopes are open than users opened, a method of the library is at work.
        if (context.StrictScopes > 0 && Broadcasts && context.OpenScopes == context.UserScopes) Broadcasting.RequireOneRank(this, x);
        return context.Observer;
    }

    // The transform answers in place of the kernel, and only those outside it see what it does; those inside it see this operation.
    private Tensor[] ApplyTransform(Observer transform, ReadOnlySpan<Tensor> x, object a)
    {
        ThreadContext context = ThreadContext.Current;
        Observer inner = context.Observer!;
        Tensor[] y;
        context.Observer = transform.Next;
        try
        {
            if (!transform.CastsInputs) Check(x);
            y = transform.Transform(this, a, x);
        }
        catch (EagerException e) when (e is LibTorchException or ShapeMismatchException)
        {
            throw BetterShapeError(x, a) ?? e;
        }
        finally
        {
            context.Observer = inner;
        }
        for (Observer observer = inner; observer != transform; observer = observer.Next!)
            Show(observer, x, (TAttributes)a, y);
        return y;
    }

    private static object Box(in TAttributes a) => typeof(TAttributes) == typeof(None) ? None.Boxed : a!;

    private void Show(Observer observer, ReadOnlySpan<Tensor> x, in TAttributes a, ReadOnlySpan<Tensor> y)
    {
        ulong followed = observer.Follow(this, x);
        if (followed != 0) observer.Record(this, Box(a), x, y, followed);
    }

    private void Check(ReadOnlySpan<Tensor> x)
    {
        if (Accepts == Accepts.Any || x.Length == 0) return;
        DType first = x[0].DType;
        for (int i = 1; i < x.Length; i++)
            if (x[i].DType != first) throw Errors.DTypesDiffer(this, x);
        if (Accepts == Accepts.Same) return;
        bool fits = Accepts switch
        {
            Accepts.Differentiable => first.IsDifferentiable(),
            Accepts.Floating => first.IsFloatingPoint(),
            _ => first.IsInteger() || first == DType.Bool,
        };
        if (!fits) throw Errors.DTypeRefused(this, first);
    }

    // The shape rule runs only after the kernel refused: it words the error, and good calls do not pay for it.
    private EagerException Explain(ReadOnlySpan<Tensor> x, object a, EagerException error)
    {
        if (error is DisposedException) return new DisposedException($"{Name}: {error.Message}");
        if (error is InvalidArgumentException) return Errors.Named(this, error);
        return BetterShapeError(x, a) ?? Errors.FromLibTorch(this, x, error);
    }

    private EagerException? BetterShapeError(ReadOnlySpan<Tensor> x, object a)
    {
        var shapes = new Shape[x.Length];
        for (int i = 0; i < x.Length; i++) shapes[i] = x[i].ConcreteShape;
        try
        {
            InferShapes(shapes, a);
            return null;
        }
        catch (EagerException better)
        {
            return Errors.Named(this, better);
        }
    }
}
