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
public static partial class Functional
{
    /// <summary>A fully connected layer over the last axis: <see cref="Layers.Dense"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor Dense(Tensor x, int units, ActivationFunction? activation = null, bool useBias = true, Initializer? kernelInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? biasRegularizer = null, Constraint? kernelConstraint = null, Constraint? biasConstraint = null, string? name = null) =>
        Apply(x, () => new Dense(units, activation, useBias, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, kernelConstraint: kernelConstraint, biasConstraint: biasConstraint, dtype: x.DType), name, training: false, new { units, activation = activation?.Name, useBias });

    /// <summary>A vector for each integer: <see cref="Layers.Embedding"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor Embedding(Tensor x, int inputDim, int outputDim, Initializer? embeddingsInitializer = null, Regularizer? embeddingsRegularizer = null, Constraint? embeddingsConstraint = null, int? paddingIndex = null, DType dtype = DType.Float32, string? name = null) =>
        Apply(x, () => new Embedding(inputDim, outputDim, embeddingsInitializer, embeddingsRegularizer, embeddingsConstraint: embeddingsConstraint, paddingIndex: paddingIndex, dtype: dtype), name, training: false, new { inputDim, outputDim, paddingIndex });

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

    /// <summary>Any layer of several inputs or outputs, made at the first call of its name and found again at later ones.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="make">Makes the layer.</param>
    /// <param name="name">Its name below the scope that is open; when null, its kind and number.</param>
    /// <param name="training">Whether this is training.</param>
    /// <exception cref="VariableReuseException">It is there and the scope does not reuse, or not there and the scope only reuses, or it was made with other settings.</exception>
    /// <exception cref="InvalidArgumentException">The layer takes another number of inputs.</exception>
    /// <exception cref="ShapeMismatchException">The inputs do not fit the layer.</exception>
    /// <example><code>
    /// IReadOnlyList&lt;Tensor&gt; all = Functional.ApplyAll([x], () => new LSTM(32, returnState: true));   // the output, then both states
    /// </code></example>
    public static IReadOnlyList<Tensor> ApplyAll<T>(IReadOnlyList<Tensor> inputs, Func<T> make, string? name = null, bool training = false) where T : Layer => Find(inputs, make, name, settings: null).CallAll(inputs, training);

    private static Tensor Apply<T>(Tensor x, Func<T> make, string? name, bool training, object? settings) where T : Layer => Find([x], make, name, settings).Call(x, training);

    private static T Find<T>(IReadOnlyList<Tensor> inputs, Func<T> make, string? name, object? settings) where T : Layer
    {
        string own = name ?? VariableScope.Current.NextName(Layer.KindOf(typeof(T)));
        bool isNew = false;
        Shared shared = VariableScope.Get(own, () =>
        {
            isNew = true;
            T layer = make();
            layer.Christen(own.Replace('/', '_'));
            layer.BuildAll([.. inputs.Select(static x => x.Shape)]);
            return new Shared(layer, settings);
        });
        if (isNew) Register(shared.Layer, own);
        return shared.Layer is T found && Equals(shared.Settings, settings)
            ? found
            : throw new VariableReuseException($"'{own}' is there already, a {shared.Layer.GetType().Name}{Of(shared.Settings)}, and cannot serve as a {typeof(T).Name}{Of(settings)}; give the call a name of its own.");
    }

    private static string Of(object? settings) => settings is null ? "" : $" of {settings}";

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
