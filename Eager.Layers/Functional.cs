using Eager.Autograd;

namespace Eager.Layers;

/// <summary>
/// Layers as functions: each call makes its layer, or finds it again, through the <see cref="VariableScope"/> or <see cref="Template"/> that is open.
/// </summary>
/// <remarks>
/// A call without a name is called by its kind and its number in this opening of the scope: <c>dense</c>, <c>dense_1</c>. So a function whose scope is opened
/// again with <see cref="Reuse.Yes"/> or <see cref="Reuse.Auto"/> finds in the same order what it made. Weights are in the scope's <see cref="VariableStore"/>
/// under names such as <c>encoder/dense_1/kernel</c>; one call opens the scope in its own way with <c>reuse</c>. Weights of a call that is not
/// <c>trainable</c> are none that tapes watch. The penalties of weights, each once, and of what calls gave join the losses that are being collected
/// (<c>LossCollection.Open</c>). What has no weights is a method of tensors: <c>x.Flatten(1)</c>, <c>images.MaxPool2D(2)</c>.
/// </remarks>
/// <example><code>
/// var classify = new Template("classify", x => Functional.Dense(Functional.Dense(x, 64, "relu"), 10));
/// Tensor a = classify.Call(first), b = classify.Call(second);   // with the same weights
/// </code></example>
public static partial class Functional
{
    /// <summary>A fully connected layer over the last axis: <see cref="Layers.Dense"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor Dense(Tensor x, int units, ActivationFunction? activation = null, bool useBias = true, Initializer? kernelInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? biasConstraint = null, bool trainable = true, string? name = null, Reuse reuse = Reuse.Inherit) =>
        Apply(x, () => new Dense(units, activation, useBias, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, kernelConstraint: kernelConstraint, biasConstraint: biasConstraint, dtype: x.DType), new(name, reuse, trainable, activityRegularizer), training: false, new { trainable, units, activation = activation?.Name, useBias });

    /// <summary>A vector for each integer: <see cref="Layers.Embedding"/>.</summary>
    /// <inheritdoc cref="Apply{T}(Tensor, Func{T}, string, bool)"/>
    public static Tensor Embedding(Tensor x, int inputDim, int outputDim, Initializer? embeddingsInitializer = null, Regularizer? embeddingsRegularizer = null, Regularizer? activityRegularizer = null, Constraint? embeddingsConstraint = null, int? paddingIndex = null, DType dtype = DType.Float32, bool trainable = true, string? name = null, Reuse reuse = Reuse.Inherit) =>
        Apply(x, () => new Embedding(inputDim, outputDim, embeddingsInitializer, embeddingsRegularizer, embeddingsConstraint: embeddingsConstraint, paddingIndex: paddingIndex, dtype: dtype), new(name, reuse, trainable, activityRegularizer), training: false, new { trainable, inputDim, outputDim, paddingIndex });

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
    public static Tensor Apply<T>(Tensor x, Func<T> make, string? name = null, bool training = false) where T : Layer => Apply(x, make, new(name), training, settings: null);

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
    public static IReadOnlyList<Tensor> ApplyAll<T>(IReadOnlyList<Tensor> inputs, Func<T> make, string? name = null, bool training = false) where T : Layer => Find(inputs, make, new(name), settings: null).CallAll(inputs, training);

    private static Tensor Apply<T>(Tensor x, Func<T> make, in Place place, bool training, object? settings) where T : Layer
    {
        T layer = Find([x], make, place, settings);
        return Penalized(layer, layer.Call(x, training), place);
    }

    private static T Find<T>(IReadOnlyList<Tensor> inputs, Func<T> make, Place place, object? settings) where T : Layer
    {
        string own = place.Name ?? VariableScope.Current.NextName(Layer.KindOf(typeof(T)));
        using VariableScope? reopened = place.Reuse == Reuse.Inherit ? null : VariableScope.OpenCurrent(place.Reuse);
        bool isNew = false;
        Shared shared = VariableScope.Get(own, () =>
        {
            isNew = true;
            T layer = Layer.Made(() =>
            {
                T made = make();
                made.Christen(own.Replace('/', '_'));
                made.BuildAll([.. inputs.Select(static x => x.Shape)]);
                return made;
            }, place.Trainable);
            return new Shared(layer, settings);
        });
        if (isNew) Register(shared.Layer, own);
        return shared.Layer is T found && Equals(shared.Settings, settings)
            ? found
            : throw new VariableReuseException($"'{own}' is there already, a {shared.Layer.GetType().Name}{Of(shared.Settings)}, and cannot serve as a {typeof(T).Name}{Of(settings)}; give the call a name of its own.");
    }

    // Who collects losses gets the penalties of the weights, and that on what the layer gave.
    private static Tensor Penalized(Layer layer, Tensor y, in Place place)
    {
        if (Penalties.Collector is not { } collector) return y;
        foreach (Parameter parameter in layer.Parameters) collector.AddPenalty(parameter.Variable);
        if (place.ActivityRegularizer is { } regularizer) collector.AddPenalty(Layer.Penalty(regularizer, y), layer.Name);
        return y;
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

    /// <summary>Where a call finds or makes its layer, and how.</summary>
    private readonly record struct Place(string? Name, Reuse Reuse = Reuse.Inherit, bool Trainable = true, Regularizer? ActivityRegularizer = null);
}
