using Eager.Autograd;

namespace Eager.Layers;

/// <content>Normalizations.</content>
public static partial class Functional
{
    /// <summary>Each channel with mean 0 and variance 1, scaled and shifted: <see cref="Layers.BatchNorm"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor BatchNorm(Tensor x, bool training = false, int axis = -1, double momentum = 0.99, double epsilon = 1e-3, bool center = true, bool scale = true, Initializer? betaInitializer = null, Initializer? gammaInitializer = null, Initializer? movingMeanInitializer = null, Initializer? movingVarianceInitializer = null, Regularizer? betaRegularizer = null, Regularizer? gammaRegularizer = null, Constraint? betaConstraint = null, Constraint? gammaConstraint = null, bool trainable = true, string? name = null, Reuse reuse = Reuse.Inherit) =>
        Apply(x, () => new BatchNorm(axis, momentum, epsilon, center, scale, betaInitializer, gammaInitializer, movingMeanInitializer, movingVarianceInitializer, betaRegularizer, gammaRegularizer, betaConstraint, gammaConstraint, dtype: x.DType), new(name, reuse, trainable, null), training, new { trainable, axis, momentum, epsilon, center, scale });

    /// <summary>Each example with mean 0 and variance 1 over its last axes, scaled and shifted: <see cref="Layers.LayerNorm"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor LayerNorm(Tensor x, int axis = -1, double epsilon = 1e-3, bool center = true, bool scale = true, Initializer? betaInitializer = null, Initializer? gammaInitializer = null, Regularizer? betaRegularizer = null, Regularizer? gammaRegularizer = null, Constraint? betaConstraint = null, Constraint? gammaConstraint = null, bool trainable = true, string? name = null, Reuse reuse = Reuse.Inherit) =>
        Apply(x, () => new LayerNorm(axis, epsilon, center, scale, betaInitializer, gammaInitializer, betaRegularizer, gammaRegularizer, betaConstraint, gammaConstraint, dtype: x.DType), new(name, reuse, trainable, null), training: false, new { trainable, axis, epsilon, center, scale });

    /// <summary>Each group of channels of each example with mean 0 and variance 1, scaled and shifted: <see cref="Layers.GroupNorm"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor GroupNorm(Tensor x, int groups = 32, double epsilon = 1e-3, bool center = true, bool scale = true, DataFormat dataFormat = DataFormat.ChannelsLast, Initializer? betaInitializer = null, Initializer? gammaInitializer = null, Regularizer? betaRegularizer = null, Regularizer? gammaRegularizer = null, Constraint? betaConstraint = null, Constraint? gammaConstraint = null, bool trainable = true, string? name = null, Reuse reuse = Reuse.Inherit) =>
        Apply(x, () => new GroupNorm(groups, epsilon, center, scale, dataFormat, betaInitializer, gammaInitializer, betaRegularizer, gammaRegularizer, betaConstraint, gammaConstraint, dtype: x.DType), new(name, reuse, trainable, null), training: false, new { trainable, groups, epsilon, center, scale, dataFormat });
}
