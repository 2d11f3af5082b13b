using Eager.Autograd;

namespace Eager.Layers;

/// <summary>
/// Layers as functions: each call makes its layer, or finds it again, through the <see cref="VariableScope"/> or <see cref="Template"/> that is open.
/// </summary>
/// <remarks>
/// A call without a name is called by its kind and its number in this opening of the scope: <c>dense</c>, <c>dense_1</c>. So a function whose scope is opened
/// again with <see cref="Reuse.Yes"/> or <see cref="Reuse.Auto"/> finds in the same order what it made. Weights are in the scope's <see cref="VariableStore"/>
/// under names such as <c>encoder/dense_1/kernel</c>.
/// </remarks>
/// <example><code>
/// var classify = new Template("classify", x => Functional.Dense(Functional.Dense(x, 64, "relu"), 10));
/// Tensor a = classify.Call(first), b = classify.Call(second);   // with the same weights
/// </code></example>
public static class Functional
{
    /// <summary>A fully connected layer over the last axis: <see cref="Layers.Dense"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor Dense(Tensor x, int units, ActivationFunction? activation = null, bool useBias = true, Initializer? kernelInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? biasRegularizer = null, string? name = null) =>
        Apply(x, () => new Dense(units, activation, useBias, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, dtype: x.DType), name, training: false, (units, useBias));

    /// <summary>Filters over sequences: <see cref="Layers.Conv1D"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor Conv1D(Tensor x, int filters, Extent kernelSize, Extent? strides = null, Padding padding = default, ActivationFunction? activation = null, bool useBias = true, Extent? dilation = null, int groups = 1, DataFormat dataFormat = DataFormat.ChannelsLast, Initializer? kernelInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? biasRegularizer = null, string? name = null) =>
        Apply(x, () => new Conv1D(filters, kernelSize, strides, padding, activation, useBias, dilation, groups, dataFormat, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, dtype: x.DType), name, training: false, (filters, kernelSize, strides, padding, useBias, dilation, groups, dataFormat));

    /// <summary>Filters over images: <see cref="Layers.Conv2D"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor Conv2D(Tensor x, int filters, Extent kernelSize, Extent? strides = null, Padding padding = default, ActivationFunction? activation = null, bool useBias = true, Extent? dilation = null, int groups = 1, DataFormat dataFormat = DataFormat.ChannelsLast, Initializer? kernelInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? biasRegularizer = null, string? name = null) =>
        Apply(x, () => new Conv2D(filters, kernelSize, strides, padding, activation, useBias, dilation, groups, dataFormat, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, dtype: x.DType), name, training: false, (filters, kernelSize, strides, padding, useBias, dilation, groups, dataFormat));

    /// <summary>Filters over volumes: <see cref="Layers.Conv3D"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor Conv3D(Tensor x, int filters, Extent kernelSize, Extent? strides = null, Padding padding = default, ActivationFunction? activation = null, bool useBias = true, Extent? dilation = null, int groups = 1, DataFormat dataFormat = DataFormat.ChannelsLast, Initializer? kernelInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? biasRegularizer = null, string? name = null) =>
        Apply(x, () => new Conv3D(filters, kernelSize, strides, padding, activation, useBias, dilation, groups, dataFormat, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, dtype: x.DType), name, training: false, (filters, kernelSize, strides, padding, useBias, dilation, groups, dataFormat));

    /// <summary>Each channel with mean 0 and variance 1, scaled and shifted: <see cref="Layers.BatchNorm"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor BatchNorm(Tensor x, bool training = false, int axis = -1, double momentum = 0.99, double epsilon = 1e-3, bool center = true, bool scale = true, string? name = null) =>
        Apply(x, () => new BatchNorm(axis, momentum, epsilon, center, scale, dtype: x.DType), name, training, (axis, momentum, epsilon, center, scale));

    /// <summary>Each example with mean 0 and variance 1, scaled and shifted: <see cref="Layers.LayerNorm"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor LayerNorm(Tensor x, int axis = -1, double epsilon = 1e-3, bool center = true, bool scale = true, string? name = null) =>
        Apply(x, () => new LayerNorm(axis, epsilon, center, scale, dtype: x.DType), name, training: false, (axis, epsilon, center, scale));

    /// <summary>A vector for each integer: <see cref="Layers.Embedding"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor Embedding(Tensor x, int inputDim, int outputDim, Initializer? embeddingsInitializer = null, string? name = null) =>
        Apply(x, () => new Embedding(inputDim, outputDim, embeddingsInitializer), name, training: false, (inputDim, outputDim));

    /// <summary>In training, zeroes a random share: <see cref="Layers.Dropout"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor Dropout(Tensor x, double rate, bool training, Shape? noiseShape = null, Generator? generator = null) => new Dropout(rate, noiseShape, generator).Call(x, training);

    /// <summary>Any layer, made at the first call of its name and found again at later ones.</summary>
    /// <param name="x">The input.</param>
    /// <param name="make">Makes the layer.</param>
    /// <param name="name">Its name below the scope that is open; when null, its kind and number.</param>
    /// <param name="training">Whether this is training.</param>
    /// <exception cref="VariableReuseException">It is there and the scope does not reuse, or not there and the scope only reuses, or it was made with other settings.</exception>
    /// <exception cref="ShapeMismatchException">The input does not fit the layer.</exception>
    /// <example><code>Tensor y = Functional.Apply(x, () => new LSTM(32));</code></example>
    public static Tensor Apply<T>(Tensor x, Func<T> make, string? name = null, bool training = false) where T : Layer => Apply(x, make, name, training, settings: null);

    private static Tensor Apply<T>(Tensor x, Func<T> make, string? name, bool training, object? settings) where T : Layer
    {
        string own = name ?? VariableScope.Current.NextName(Layer.KindOf(typeof(T)));
        bool isNew = false;
        Shared shared = VariableScope.Get(own, () =>
        {
            isNew = true;
            T layer = make();
            layer.Christen(own.Replace('/', '_'));
            layer.Build(x.Shape);
            return new Shared(layer, settings);
        });
        if (isNew) Register(shared.Layer, own);
        else if (shared.Layer is not T || !Equals(shared.Settings, settings))
            throw new VariableReuseException($"'{own}' is there already, a {shared.Layer.GetType().Name}{(shared.Settings is null ? "" : $" of {shared.Settings}")}, and cannot serve as a {typeof(T).Name}{(settings is null ? "" : $" of {settings}")}; give the call a name of its own.");
        return shared.Layer.Call(x, training);
    }

    // The store lists variables by themselves, under the names that they had if they were asked for one by one.
    private static void Register(Layer layer, string own)
    {
        foreach (Parameter parameter in layer.Parameters)
        {
            string below = $"{own}/{parameter.Path}";
            VariableScope.Get(below, () => parameter.Variable);
            parameter.Variable.Name = VariableScope.Current.Name.Length == 0 ? below : $"{VariableScope.Current.Name}/{below}";
        }
    }

    private sealed record Shared(Layer Layer, object? Settings);
}
