using Eager.Autograd;

namespace Eager.Layers;

/// <content>Recurrent layers and attention.</content>
public static partial class Functional
{
    /// <summary>Elman's recurrent network along sequences: <see cref="Layers.SimpleRNN"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor SimpleRNN(Tensor x, int units, ActivationFunction? activation = null, bool useBias = true, Initializer? kernelInitializer = null, Initializer? recurrentInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? recurrentRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? recurrentConstraint = null, Constraint? biasConstraint = null, bool returnSequences = false, bool goBackwards = false, IReadOnlyList<Tensor>? initialStates = null, bool trainable = true, string? name = null, Reuse reuse = Reuse.Inherit) =>
        Apply(x, initialStates, () => new SimpleRNN(units, activation, useBias, kernelInitializer, recurrentInitializer, biasInitializer, kernelRegularizer, recurrentRegularizer, biasRegularizer, kernelConstraint: kernelConstraint, recurrentConstraint: recurrentConstraint, biasConstraint: biasConstraint, returnSequences: returnSequences, goBackwards: goBackwards, dtype: x.DType), new(name, reuse, trainable, activityRegularizer), new { trainable, units, activation = activation?.Name, useBias, returnSequences, goBackwards });

    /// <summary>Gated recurrent units along sequences: <see cref="Layers.GRU"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor GRU(Tensor x, int units, ActivationFunction? activation = null, ActivationFunction? recurrentActivation = null, bool useBias = true, Initializer? kernelInitializer = null, Initializer? recurrentInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? recurrentRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? recurrentConstraint = null, Constraint? biasConstraint = null, bool returnSequences = false, bool goBackwards = false, bool resetAfter = true, IReadOnlyList<Tensor>? initialStates = null, bool trainable = true, string? name = null, Reuse reuse = Reuse.Inherit) =>
        Apply(x, initialStates, () => new GRU(units, activation, recurrentActivation, useBias, kernelInitializer, recurrentInitializer, biasInitializer, kernelRegularizer, recurrentRegularizer, biasRegularizer, kernelConstraint: kernelConstraint, recurrentConstraint: recurrentConstraint, biasConstraint: biasConstraint, returnSequences: returnSequences, goBackwards: goBackwards, resetAfter: resetAfter, dtype: x.DType), new(name, reuse, trainable, activityRegularizer), new { trainable, units, activation = activation?.Name, recurrentActivation = recurrentActivation?.Name, useBias, returnSequences, goBackwards, resetAfter });

    /// <summary>A long short-term memory along sequences: <see cref="Layers.LSTM"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor LSTM(Tensor x, int units, ActivationFunction? activation = null, ActivationFunction? recurrentActivation = null, bool useBias = true, Initializer? kernelInitializer = null, Initializer? recurrentInitializer = null, Initializer? biasInitializer = null, bool unitForgetBias = true, Regularizer? kernelRegularizer = null, Regularizer? recurrentRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? recurrentConstraint = null, Constraint? biasConstraint = null, bool returnSequences = false, bool goBackwards = false, IReadOnlyList<Tensor>? initialStates = null, bool trainable = true, string? name = null, Reuse reuse = Reuse.Inherit) =>
        Apply(x, initialStates, () => new LSTM(units, activation, recurrentActivation, useBias, kernelInitializer, recurrentInitializer, biasInitializer, unitForgetBias, kernelRegularizer, recurrentRegularizer, biasRegularizer, kernelConstraint: kernelConstraint, recurrentConstraint: recurrentConstraint, biasConstraint: biasConstraint, returnSequences: returnSequences, goBackwards: goBackwards, dtype: x.DType), new(name, reuse, trainable, activityRegularizer), new { trainable, units, activation = activation?.Name, recurrentActivation = recurrentActivation?.Name, useBias, unitForgetBias, returnSequences, goBackwards });

    /// <summary>A recurrent layer along sequences in both directions: <see cref="Layers.Bidirectional"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    /// <example><code>Tensor y = Functional.Bidirectional(x, static () => new LSTM(32));</code></example>
    public static Tensor Bidirectional(Tensor x, Func<Recurrent> forward, Merge merge = Merge.Concat, Func<Recurrent>? backward = null, IReadOnlyList<Tensor>? initialStates = null, bool trainable = true, string? name = null, Reuse reuse = Reuse.Inherit) =>
        Apply(x, initialStates, () => new Bidirectional(forward(), merge, backward?.Invoke()), new(name, reuse, trainable, null), new { trainable, merge });

    /// <summary>Attention of several heads, from each step to those of a value, or to all of the same sequence: <see cref="Layers.MultiHeadAttention.Attend"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor MultiHeadAttention(Tensor x, int heads, int keyDim, int? valueDim = null, double dropout = 0, bool useBias = true, int? outputDim = null, Initializer? kernelInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? biasConstraint = null, Generator? generator = null, Tensor? value = null, Tensor? key = null, Tensor? mask = null, bool causal = false, bool training = false, bool trainable = true, string? name = null, Reuse reuse = Reuse.Inherit)
    {
        var place = new Place(name, reuse, trainable, activityRegularizer);
        MultiHeadAttention layer = Find([x, value ?? x, key ?? value ?? x], () => new MultiHeadAttention(heads, keyDim, valueDim, dropout, useBias, outputDim, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, kernelConstraint: kernelConstraint, biasConstraint: biasConstraint, generator: generator, dtype: x.DType), place, new { trainable, heads, keyDim, valueDim, dropout, useBias, outputDim });
        return Penalized(layer, layer.Attend(x, value ?? x, key, mask, causal, training), place);
    }

    private static Tensor Apply<T>(Tensor x, IReadOnlyList<Tensor>? initialStates, Func<T> make, in Place place, object settings) where T : Layer
    {
        Tensor[] inputs = [x, .. initialStates ?? []];
        T layer = Find(inputs, make, place, settings);
        return Penalized(layer, layer.Call(inputs), place);
    }
}
