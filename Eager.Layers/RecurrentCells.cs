using System.Diagnostics.CodeAnalysis;
using Eager.Autograd;

namespace Eager.Layers;

/// <summary>What a recurrent layer computes at each step, from the input's projection and the states before.</summary>
public abstract class RecurrentCell : Layer
{
    private readonly int gates;
    private readonly WeightRule kernelRule;
    private readonly WeightRule recurrentRule;
    private readonly WeightRule biasRule;

    private protected RecurrentCell(int units, int gates, bool useBias, in RecurrentRules rules, DType dtype)
    {
        Units = units >= 1 ? units : throw new InvalidArgumentException($"{GetType().Name}: {units} units were asked for; give at least 1.");
        this.gates = gates;
        UseBias = useBias;
        DType = dtype;
        Rules = rules;
        kernelRule = rules.Kernel.Or(Initializer.GlorotUniform());
        recurrentRule = rules.Recurrent.Or(Initializer.Orthogonal());
        biasRule = rules.Bias.Or(Initializer.Zeros());
    }

    /// <summary>The length of outputs and states.</summary>
    public int Units { get; }

    /// <summary>Whether a bias is added.</summary>
    public bool UseBias { get; }

    /// <summary>The weights of inputs, [features, gates · units]; null before the cell is built.</summary>
    public Variable? Kernel { get; private set; }

    /// <summary>The weights of the output before, [units, gates · units]; null before the cell is built.</summary>
    public Variable? RecurrentKernel { get; private set; }

    /// <summary>What is added, [gates · units]; null without a bias and before the cell is built.</summary>
    public Variable? Bias { get; private set; }

    /// <summary>How many states there are.</summary>
    public virtual int StateCount => 1;

    private protected RecurrentRules Rules { get; }

    private protected DType DType { get; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape) => inputShape.With(-1, Units);

    /// <inheritdoc/>
    protected override void CreateVariables(Shape inputShape)
    {
        Dim features = inputShape[^1];
        if (features.IsUnknown || features.Value < 1) throw new ShapeMismatchException($"{Title}: the input is {inputShape}; the number of features, the last axis, must be known.");
        Kernel = CreateVariable("kernel", [features, gates * Units], kernelRule, DType);
        RecurrentKernel = CreateVariable("recurrentKernel", [Units, gates * Units], recurrentRule, DType);
        if (UseBias) Bias = CreateVariable("bias", [gates * Units], BiasRule(biasRule), DType);
    }

    /// <summary>One step from states of zeros: [batch, features] → [batch, units].</summary>
    protected override Tensor Forward(Tensor x, bool training)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(Step(Project(x), ZeroStates(x)).Output);
    }

    /// <summary>One step: what <see cref="Project"/> made of an input and the states before give the output and the states after.</summary>
    private protected abstract (Tensor Output, Tensor[] States) Advance(Tensor projected, Tensor[] states);

    /// <summary>A cell with the same settings and no weights yet.</summary>
    internal abstract RecurrentCell Copy();

    internal (Tensor Output, Tensor[] States) Step(Tensor projected, Tensor[] states) => Advance(projected, states);

    /// <summary>x·kernel + bias, over any axes before the last.</summary>
    internal Tensor Project(Tensor x)
    {
        RequireFeatures(x.ConcreteShape);
        Tensor flat = x.Reshape([x.Shape[..^1].ElementCount, x.Shape[^1]]);
        Tensor projected = Bias is null ? flat.MatMul(Kernel) : Tensor.Affine(flat, Kernel, Bias);
        return projected.Reshape(x.Shape.With(-1, gates * Units));
    }

    /// <summary>Checks that inputs have as many features as the cell was built for.</summary>
    [MemberNotNull(nameof(Kernel))]
    internal void RequireFeatures(Shape inputShape)
    {
        if (inputShape[^1].Value != Kernel!.ConcreteShape[0].Value)
            throw new ShapeMismatchException($"{Title}: the input is {inputShape}; it was built for {Kernel.ConcreteShape[0]} features, the last axis.");
    }

    internal Tensor[] ZeroStates(Tensor x) => [.. Enumerable.Range(0, StateCount).Select(_ => Tensor.Zeros([x.Shape[0], Units], x.DType, x.Device))];

    internal Tensor[] RequireStates(IReadOnlyList<Tensor> given, Tensor x, string title)
    {
        Shape shape = Shape.FromSizes(x.ConcreteShape[0], Units);
        if (given.Count != StateCount || given.Any(state => state.ConcreteShape != shape)) throw NotStates(given.Select(static s => s.ConcreteShape), shape, title);
        return [.. given];
    }

    internal ShapeMismatchException NotStates(IEnumerable<Shape> given, Shape needed, string title) => new($"{title}: the initial states are {string.Join(", ", given)}; it needs {StateCount} of {needed}.");

    private protected virtual WeightRule BiasRule(in WeightRule rule) => rule;
}

/// <summary>What is said of the three weights of a cell.</summary>
internal readonly record struct RecurrentRules(WeightRule Kernel, WeightRule Recurrent, WeightRule Bias);

/// <summary>h' = f(x·W + h·U + b) (Elman 1990).</summary>
public sealed class SimpleRnnCell : RecurrentCell
{
    internal SimpleRnnCell(int units, ActivationFunction activation, bool useBias, in RecurrentRules rules, DType dtype) : base(units, 1, useBias, rules, dtype) => Activation = activation;

    /// <summary>f.</summary>
    public ActivationFunction Activation { get; }

    internal override RecurrentCell Copy() => new SimpleRnnCell(Units, Activation, UseBias, Rules, DType);

    private protected override (Tensor Output, Tensor[] States) Advance(Tensor projected, Tensor[] states)
    {
        Tensor h = Activation.Apply(projected + states[0].MatMul(RecurrentKernel!));
        return (h, [h]);
    }
}

/// <summary>
/// z = σ(x·W₁ + h·U₁ + b₁), r = σ(x·W₂ + h·U₂ + b₂), c = f(x·W₃ + (r∘h)·U₃ + b₃), h' = z∘h + (1 − z)∘c (Cho et al. 2014);
/// or, with the reset after the product, c = f(x·W₃ + b₃ + r∘(h·U₃ + a₃)).
/// </summary>
public sealed class GruCell : RecurrentCell
{
    internal GruCell(int units, ActivationFunction activation, ActivationFunction recurrentActivation, bool useBias, bool resetAfter, in RecurrentRules rules, DType dtype) : base(units, 3, useBias, rules, dtype) =>
        (Activation, RecurrentActivation, ResetAfter) = (activation, recurrentActivation, resetAfter);

    /// <summary>f.</summary>
    public ActivationFunction Activation { get; }

    /// <summary>σ.</summary>
    public ActivationFunction RecurrentActivation { get; }

    /// <summary>Whether the reset gate acts after the product with the recurrent kernel.</summary>
    public bool ResetAfter { get; }

    /// <summary>a, what is added to h·U when the reset is after it, [3 · units]; null otherwise and before the cell is built.</summary>
    public Variable? RecurrentBias { get; private set; }

    internal override RecurrentCell Copy() => new GruCell(Units, Activation, RecurrentActivation, UseBias, ResetAfter, Rules, DType);

    /// <inheritdoc/>
    protected override void CreateVariables(Shape inputShape)
    {
        base.CreateVariables(inputShape);
        if (UseBias && ResetAfter) RecurrentBias = CreateVariable("recurrentBias", [3 * Units], Rules.Bias.Or(Initializer.Zeros()), DType);
    }

    private protected override (Tensor Output, Tensor[] States) Advance(Tensor projected, Tensor[] states)
    {
        Tensor h = states[0];
        Tensor[] x = projected.Split(3, -1);
        Tensor update, candidate;
        if (ResetAfter)
        {
            Tensor[] past = (RecurrentBias is null ? h.MatMul(RecurrentKernel!) : Tensor.Affine(h, RecurrentKernel!, RecurrentBias)).Split(3, -1);
            update = RecurrentActivation.Apply(x[0] + past[0]);
            Tensor reset = RecurrentActivation.Apply(x[1] + past[1]);
            candidate = Activation.Apply(x[2] + reset * past[2]);
        }
        else
        {
            Tensor[] past = h.MatMul(RecurrentKernel!.Narrow(1, 0, 2 * Units)).Split(2, -1);
            update = RecurrentActivation.Apply(x[0] + past[0]);
            Tensor reset = RecurrentActivation.Apply(x[1] + past[1]);
            candidate = Activation.Apply(x[2] + (reset * h).MatMul(RecurrentKernel!.Narrow(1, 2 * Units, Units)));
        }
        Tensor next = update * h + (1 - update) * candidate;
        return (next, [next]);
    }
}

/// <summary>i, f, o = σ(x·W + h·U + b), g = f(x·W₃ + h·U₃ + b₃), c' = f∘c + i∘g, h' = o∘f(c') (Hochreiter &amp; Schmidhuber 1997, Gers et al. 2000); gates in the order i, f, g, o.</summary>
public sealed class LstmCell : RecurrentCell
{
    private readonly bool unitForgetBias;

    internal LstmCell(int units, ActivationFunction activation, ActivationFunction recurrentActivation, bool useBias, bool unitForgetBias, in RecurrentRules rules, DType dtype) : base(units, 4, useBias, rules, dtype) =>
        (Activation, RecurrentActivation, this.unitForgetBias) = (activation, recurrentActivation, unitForgetBias);

    /// <summary>f.</summary>
    public ActivationFunction Activation { get; }

    /// <summary>σ.</summary>
    public ActivationFunction RecurrentActivation { get; }

    /// <inheritdoc/>
    public override int StateCount => 2;

    internal override RecurrentCell Copy() => new LstmCell(Units, Activation, RecurrentActivation, UseBias, unitForgetBias, Rules, DType);

    private protected override (Tensor Output, Tensor[] States) Advance(Tensor projected, Tensor[] states)
    {
        Tensor[] gates = (projected + states[0].MatMul(RecurrentKernel!)).Split(4, -1);
        Tensor carry = RecurrentActivation.Apply(gates[1]) * states[1] + RecurrentActivation.Apply(gates[0]) * Activation.Apply(gates[2]);
        Tensor h = RecurrentActivation.Apply(gates[3]) * Activation.Apply(carry);
        return (h, [h, carry]);
    }

    // A forget gate that is open at first lets gradients through (Jozefowicz et al. 2015).
    private protected override WeightRule BiasRule(in WeightRule rule)
    {
        if (!unitForgetBias) return rule;
        Initializer given = rule.Initializer!;
        return rule with
        {
            Initializer = new((shape, dtype) =>
            {
                using var scope = Temporaries.Begin();
                Tensor bias = given.Create(shape, dtype);
                return scope.Keep(Tensor.Concat([bias.Narrow(0, 0, Units), Tensor.Ones([Units], dtype), bias.Narrow(0, 2 * Units, 2 * Units)]));
            }, given.Name),
        };
    }
}
